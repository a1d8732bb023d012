//! What whoever reaches the webhook can do to it.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use crate::client::{Client, Error};

/// The name of a credential spec as large as one that still is expanded, and its contents.
pub const LARGE: &str = "large";

pub fn large_contents() -> Value {
    json!({"CmsPlugins": ["ActiveDirectory"], "DomainJoinConfig": {"Comment": "x".repeat(60 << 10)}})
}

/// A review of a pod with a container for each of these names.
pub fn naming(names: impl IntoIterator<Item = String>) -> String {
    let container = |(number, name)| {
        json!({"name": format!("c{number}"), "image": "windows",
            "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": name}}})
    };
    let containers: Vec<_> = names.into_iter().enumerate().map(container).collect();
    review(&json!({"serviceAccountName": "default", "containers": containers}).to_string())
}

/// A pod with 2,000 names that nobody has heard of.
pub fn unknown_names() -> String {
    naming((0..2_000).map(|number| format!("unknown-{number}")))
}

/// A pod that grows from 20 kB to an answer of 8 MB.
pub fn growing() -> String {
    naming((0..100).map(|_| LARGE.to_owned()))
}

/// A key of megabytes above very many objects, each with a gMSA field at a place where none belongs.
pub fn long_path(objects: usize) -> String {
    let object = r#"{"gmsaCredentialSpecName":""},"#;
    let objects = object.repeat(objects);
    let key = "k".repeat(objects.len());
    review(&format!(r#"{{"containers":[],"{key}":[{objects}0]}}"#))
}

/// A pod of the wrong type, with very many objects in it.
pub fn many_objects(objects: usize) -> String {
    review(&format!(r#"[{}0]"#, r#"{"":0},"#.repeat(objects)))
}

/// A review about a pod with this `spec`.
fn review(spec: &str) -> String {
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"attack","operation":"CREATE",
        "namespace":"team-a","kind":{{"group":"","version":"v1","kind":"Pod"}},
        "object":{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"attack"}},"spec":{spec}}}}}}}"#
    )
}

/// Sends a review, and never reads the answer.
pub async fn unread(client: &Client, path: &str, body: &str) -> Result<TlsStream<TcpStream>, Error> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = client.stream().await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.flush().await?;
    Ok(stream)
}

/// Asks once whether the webhook is there, and keeps the connection.
pub async fn idle(client: &Client) -> Result<TlsStream<TcpStream>, Error> {
    let mut stream = client.stream().await?;
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await?;
    match &answer {
        b"HTTP/1.1 200" => Ok(stream),
        _ => Err("not alive".into()),
    }
}
