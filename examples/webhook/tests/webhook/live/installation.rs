//! An installation as `deploy` renders it, with the webhook outside of the cluster.
//!
//! The objects, the certificate and the registration are those that `deploy` prints; in place of the Deployment the
//! program runs here, with the Deployment's arguments and environment and a token of its service account. The Service
//! has the same name, so that the API server checks the same certificate, and leads to this machine.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

use super::api::{Api, collection};
use crate::{
    certificates::{Pair, folder},
    client::{Client, Error},
};

/// The address of this machine, for the API server.
pub const HOST: &str = "GMSA_TEST_WEBHOOK_HOST";
/// The label of the namespaces whose pods are checked; its value is the installation's name.
pub const LABEL: &str = "gmsa-live";
const IMAGE: &str = "registry.example.com/gmsa/webhook:live";

#[derive(Clone)]
pub struct Installation {
    pub api: Api,
    /// The name of everything that it has, and of its namespace.
    pub name: String,
    /// What `deploy` printed.
    pub objects: Vec<Value>,
    /// Where certificate and kubeconfig are.
    pub folder: PathBuf,
}

/// What `deploy` prints for these arguments.
pub async fn deploy(arguments: &[&str]) -> Result<Vec<Value>, Error> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let run = ["run", "--quiet", "--manifest-path", manifest, "--bin", "deploy", "--"];
    let mut command = Command::new(cargo);
    // What cargo tells a test would have build scripts run again, here and in the next build.
    for (name, _) in env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"]
            .iter()
            .any(|of_test| name.to_string_lossy().starts_with(of_test))
        {
            command.env_remove(name);
        }
    }
    let output = command.args(run).args(arguments).output().await?;
    if !output.status.success() {
        return Err(format!("deploy: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut list: Value = serde_json::from_slice(&output.stdout)?;
    match list["items"].take() {
        Value::Array(objects) => Ok(objects),
        _ => Err("deploy: no list".into()),
    }
}

impl Installation {
    /// Installs what `deploy` renders under a name. Nothing is registered yet.
    pub async fn install(api: Api, name: &str) -> Result<Self, Error> {
        let objects = Self::render(name).await?;
        let installation = Self { api, name: name.to_owned(), objects, folder: folder() };
        installation.apply().await?;
        installation.pair()?.publish(&installation.folder);
        Ok(installation)
    }

    /// Anew, with another certificate of another authority.
    pub async fn render(name: &str) -> Result<Vec<Value>, Error> {
        let label = format!("{LABEL}={name}");
        let arguments = ["--image", IMAGE, "--self-signed", "--name", name, "--namespace", name];
        let others = ["--only-namespaces", &label, "--output", "json"];
        deploy(&[&arguments[..], &others].concat()).await
    }

    /// All but what would run the webhook in the cluster, and what has it called.
    async fn apply(&self) -> Result<(), Error> {
        for object in &self.objects {
            match object["kind"].as_str().unwrap_or_default() {
                "CustomResourceDefinition" => self.define(object).await?,
                "Namespace" | "ServiceAccount" | "ClusterRole" | "ClusterRoleBinding" | "Secret" => {
                    self.api.apply(object).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Applies the definition of credential specs, and waits until the API server serves them.
    async fn define(&self, definition: &Value) -> Result<(), Error> {
        self.api.apply(definition).await?;
        for _ in 0..300 {
            if self.api.get("/apis/windows.k8s.io/v1/gmsacredentialspecs?limit=1").await?.is_success() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err("the API server does not serve credential specs".into())
    }

    pub fn object(&self, kind: &str) -> Result<&Value, Error> {
        find(&self.objects, kind)
    }

    /// The certificate and key of the Secret.
    pub fn pair(&self) -> Result<Pair, Error> {
        pair(&self.objects)
    }

    /// The authority that the registration names, in PEM.
    pub fn authority(&self) -> Result<String, Error> {
        authority(&self.objects)
    }

    /// A kubeconfig with a token of the webhook's service account.
    pub async fn kubeconfig(&self) -> Result<PathBuf, Error> {
        let path = format!("/api/v1/namespaces/{0}/serviceaccounts/{0}/token", self.name);
        let asked = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600},
        });
        let token = self.api.post(&path, &asked).await?.ok()?["status"]["token"].take();
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "live",
            "clusters": [{"name": "live", "cluster": self.api.cluster}],
            "users": [{"name": "webhook", "user": {"token": token}}],
            "contexts": [{"name": "live", "context": {"cluster": "live", "user": "webhook"}}],
        });
        let file = self.folder.join("kubeconfig");
        fs::write(&file, config.to_string())?;
        Ok(file)
    }

    /// Has the API server call this port of this machine: both registrations, or one of them.
    pub async fn register(&self, port: u16, kinds: &[&str]) -> Result<(), Error> {
        self.register_with(port, kinds, &self.authority()?).await
    }

    /// The same, with other authorities.
    pub async fn register_with(&self, port: u16, kinds: &[&str], authority: &str) -> Result<(), Error> {
        self.lead_to(port).await?;
        for kind in kinds {
            let mut configuration = self.object(kind)?.clone();
            for webhook in configuration["webhooks"].as_array_mut().ok_or("no webhooks")? {
                webhook["clientConfig"]["service"]["port"] = port.into();
                webhook["clientConfig"]["caBundle"] = base64(authority.as_bytes()).into();
            }
            self.api.apply(&configuration).await?;
        }
        Ok(())
    }

    async fn lead_to(&self, port: u16) -> Result<(), Error> {
        let host = env::var(HOST).unwrap_or_else(|_| "127.0.0.1".to_owned());
        let mut service = self.object("Service")?.clone();
        service["spec"] = json!({
            "type": "ExternalName", "externalName": host,
            "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
        });
        self.api.apply(&service).await.map(drop)
    }

    /// Takes everything away that has the installation's name, but the definition of credential specs.
    pub async fn remove(&self) -> Result<(), Error> {
        // What has pods refused comes first.
        for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
            self.api.delete(&format!("{}/{}", collection(self.object(kind)?)?, self.name)).await?;
        }
        for kind in ["ClusterRoleBinding", "ClusterRole", "Namespace"] {
            self.api.delete(&format!("{}/{}", collection(self.object(kind)?)?, self.name)).await?;
        }
        let label = format!("labelSelector={LABEL}%3D{}", self.name);
        for collection in
            ["apis/windows.k8s.io/v1/gmsacredentialspecs", "apis/rbac.authorization.k8s.io/v1/clusterroles"]
        {
            self.api.delete(&format!("/{collection}?{label}")).await?;
        }
        // What the remedies of denials made has no label; a set of namespaces cannot be deleted at once.
        for (collection, selector) in
            [("/apis/rbac.authorization.k8s.io/v1/clusterroles", ""), ("/api/v1/namespaces", label.as_str())]
        {
            let list = self.api.get(&format!("{collection}?{selector}")).await?.ok()?;
            for item in list["items"].as_array().into_iter().flatten() {
                let name = item["metadata"]["name"].as_str().unwrap_or_default();
                if name.contains(&format!("{}-", self.name)) {
                    self.api.delete(&format!("{collection}/{name}")).await?;
                }
            }
        }
        Ok(())
    }
}

fn find<'a>(objects: &'a [Value], kind: &str) -> Result<&'a Value, Error> {
    let found = objects.iter().find(|object| object["kind"] == kind);
    found.ok_or_else(|| format!("deploy prints no {kind}").into())
}

pub fn pair(objects: &[Value]) -> Result<Pair, Error> {
    let secret = find(objects, "Secret")?;
    let text = |key: &str| -> Result<String, Error> {
        if let Some(text) = secret["stringData"][key].as_str() {
            return Ok(text.to_owned());
        }
        from_base64(secret["data"][key].as_str().ok_or("the Secret has no certificate")?)
    };
    Ok(Pair { certificate: text("tls.crt")?, key: text("tls.key")? })
}

pub fn authority(objects: &[Value]) -> Result<String, Error> {
    let configuration = find(objects, "ValidatingWebhookConfiguration")?;
    from_base64(configuration["webhooks"][0]["clientConfig"]["caBundle"].as_str().unwrap_or_default())
}

/// Kubernetes' own type for bytes, which is base64 in JSON.
fn base64(bytes: &[u8]) -> String {
    let value = serde_json::to_value(k8s_openapi::ByteString(bytes.to_vec())).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn from_base64(text: &str) -> Result<String, Error> {
    let bytes: k8s_openapi::ByteString = serde_json::from_value(text.into())?;
    Ok(String::from_utf8(bytes.0)?)
}

/// The webhook, run as the Deployment would have it run.
pub struct Program {
    pub child: Child,
    pub address: SocketAddr,
    /// Asks it without the API server.
    pub client: Client,
    log: JoinHandle<Vec<String>>,
}

impl Program {
    /// Starts it, with these settings above those of the Deployment, and waits until it is ready.
    pub async fn start(
        program: &Path,
        installation: &Installation,
        environment: &[(&str, &str)],
    ) -> Result<Self, Error> {
        let container = &installation.object("Deployment")?["spec"]["template"]["spec"]["containers"][0];
        let list = |field: &str| container[field].as_array().cloned().unwrap_or_default();
        let mut command = Command::new(program);
        command.env_clear().kill_on_drop(true).stdout(Stdio::piped());
        command.args(list("args").iter().filter_map(Value::as_str));
        for variable in list("env") {
            if let (Some(name), Some(value)) = (variable["name"].as_str(), variable["value"].as_str()) {
                command.env(name, value);
            }
        }
        // Without it no socket can be opened on Windows.
        command.envs(env::var_os("SystemRoot").map(|folder| ("SystemRoot", folder)));
        let folder = &installation.folder;
        command.envs([("TLS_CRT", folder.join("crt")), ("TLS_KEY", folder.join("key"))]);
        command.envs([("HTTPS_PORT", "0"), ("LOG_FORMAT", "json")]);
        command.envs(environment.iter().copied());
        command.env("KUBECONFIG", installation.kubeconfig().await?);
        let mut child =
            command.spawn().map_err(|error| format!("{}: {error}; build it first", program.display()))?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let first: Value = serde_json::from_str(&lines.next_line().await?.ok_or("the webhook ended")?)?;
        let address: SocketAddr = first["https"].as_str().ok_or("no address")?.parse()?;
        // A program whose log nobody reads has to wait with the next line.
        let log = tokio::spawn(async move {
            let mut log = Vec::new();
            while let Ok(Some(line)) = lines.next_line().await {
                log.push(line);
            }
            log
        });
        let name = format!("{0}.{0}.svc", installation.name);
        let client = Client::new(address, &installation.authority()?, None).called(&name)?;
        let program = Self { child, address, client, log };
        for _ in 0..300 {
            if let Ok(mut connection) = program.client.http1().await
                && connection.get("/readyz").await?.code == 200
            {
                return Ok(program);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("the webhook does not become ready".into())
    }

    /// The sum of what a metric counts, with labels that contain this text.
    pub async fn count(&self, metric: &str, labels: &str) -> Result<f64, Error> {
        let text = self.client.http1().await?.get("/metrics").await?.text();
        Ok(sum(&text, metric, labels))
    }

    /// Waits for its end, which somebody has asked for; its exit code and log.
    pub async fn end(mut self) -> Result<(Option<i32>, Vec<String>), Error> {
        let code = self.child.wait().await?.code();
        Ok((code, self.log.await?))
    }
}

/// The sum of the series of a metric whose labels contain a text.
pub fn sum(text: &str, metric: &str, labels: &str) -> f64 {
    let series = text.lines().filter_map(|line| line.strip_prefix(metric));
    let wanted = series.filter(|rest| rest.starts_with(['{', ' ']) && rest.contains(labels));
    wanted.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}
