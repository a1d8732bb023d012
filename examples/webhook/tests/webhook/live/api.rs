//! A client of a real API server that hides nothing: codes, headers and bodies as they come, and no retries.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use http_body_util::BodyExt;
use hyper::{Request, header::HeaderMap};
use kube::{
    Client, Config,
    client::Body,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};

use crate::client::Error;

#[derive(Clone)]
pub struct Api {
    client: Client,
    /// The cluster's entry of the kubeconfig: address and authority.
    pub cluster: Value,
}

pub struct Reply {
    pub code: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub took: Duration,
}

impl Reply {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// What a Status says.
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    /// The body, if the request had success.
    pub fn ok(self) -> Result<Value, Error> {
        match self.is_success() {
            true => Ok(self.body),
            false => Err(format!("{}: {}", self.code, self.body).into()),
        }
    }
}

/// The content type of a patch.
#[derive(Debug, Clone, Copy)]
pub enum Patch {
    Json,
    Merge,
    Strategic,
}

impl Patch {
    fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json-patch+json",
            Self::Merge => "application/merge-patch+json",
            Self::Strategic => "application/strategic-merge-patch+json",
        }
    }
}

impl Api {
    /// The API server of a kubeconfig's current context.
    pub async fn connect(kubeconfig: &Path) -> Result<Self, Error> {
        let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
        let current = kubeconfig.current_context.clone().unwrap_or_default();
        let context = kubeconfig.contexts.iter().find(|context| context.name == current);
        let context = context.and_then(|context| context.context.as_ref()).ok_or("no current context")?;
        let cluster = kubeconfig.clusters.iter().find(|cluster| cluster.name == context.cluster);
        let cluster = serde_json::to_value(cluster.ok_or("no such cluster")?)?["cluster"].take();
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        // A denial with code 503 is an answer here.
        config.default_retry = false;
        Ok(Self { client: Client::try_from(config)?, cluster })
    }

    async fn request(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: Option<&Value>,
    ) -> Result<(u16, HeaderMap, Vec<u8>, Duration), Error> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder().method(method).uri(path).header("content-type", content_type);
        let request = request.body(Body::from(body.into_bytes()))?;
        let start = Instant::now();
        let (head, body) = self.client.send(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok((head.status.as_u16(), head.headers, body.to_vec(), start.elapsed()))
    }

    async fn json(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: Option<&Value>,
    ) -> Result<Reply, Error> {
        let (code, headers, body, took) = self.request(method, path, content_type, body).await?;
        // What is no JSON is a text about a fault.
        let body = serde_json::from_slice(&body)
            .unwrap_or_else(|_| json!({"message": String::from_utf8_lossy(&body)}));
        Ok(Reply { code, headers, body, took })
    }

    pub async fn get(&self, path: &str) -> Result<Reply, Error> {
        self.json("GET", path, "application/json", None).await
    }

    /// What is not JSON, such as metrics.
    pub async fn text(&self, path: &str) -> Result<String, Error> {
        Ok(String::from_utf8(self.request("GET", path, "application/json", None).await?.2)?)
    }

    pub async fn post(&self, path: &str, object: &Value) -> Result<Reply, Error> {
        self.json("POST", path, "application/json", Some(object)).await
    }

    pub async fn patch(&self, path: &str, kind: Patch, patch: &Value) -> Result<Reply, Error> {
        self.json("PATCH", path, kind.content_type(), Some(patch)).await
    }

    pub async fn delete(&self, path: &str) -> Result<Reply, Error> {
        let options = json!({"propagationPolicy": "Background", "gracePeriodSeconds": 0});
        self.json("DELETE", path, "application/json", Some(&options)).await
    }

    /// Applies an object server-side, whoever else has fields of it.
    pub async fn apply(&self, object: &Value) -> Result<Value, Error> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let path = format!("{}/{name}?fieldManager=gmsa-live&force=true", collection(object)?);
        self.json("PATCH", &path, "application/apply-patch+yaml", Some(object)).await?.ok()
    }

    pub async fn create(&self, object: &Value) -> Result<Value, Error> {
        self.post(&collection(object)?, object).await?.ok()
    }
}

/// Where objects of this one's kind are.
pub fn collection(object: &Value) -> Result<String, Error> {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let root = if version.contains('/') { "apis" } else { "api" };
    let kind = object["kind"].as_str().unwrap_or_default().to_lowercase();
    let plural = match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{kind}s"),
    };
    Ok(match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("/{root}/{version}/namespaces/{namespace}/{plural}"),
        None => format!("/{root}/{version}/{plural}"),
    })
}
