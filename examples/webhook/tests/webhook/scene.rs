//! A webhook with an API server behind it and a client before it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use gmsa_webhook::{Listeners, Settings, Webhook, connect};
use serde_json::Value;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    certificates::{Authority, folder},
    client::Client,
    recorded,
    stand_in::StandIn,
};

pub struct Scene {
    pub api: Arc<StandIn>,
    pub authority: Arc<Authority>,
    pub folder: PathBuf,
    pub client: Client,
    pub address: SocketAddr,
    plain: Option<SocketAddr>,
    _webhook: Webhook,
}

/// The recorded cluster, with the recordings.
pub fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../gmsa-admission/tests/vectors/admission")
}

pub fn cluster() -> Value {
    recorded::read(&recordings().join("cluster.json"))
}

/// A recorded review.
pub fn recording(name: &str) -> Value {
    recorded::read(&recordings().join(format!("{name}.json")))["request"].clone()
}

/// A review that is expanded, and one that is allowed, each after asking the API server.
pub const MUTATE: &str = "pod-level.mutate";
pub const VALIDATE: &str = "pod-level.validate";

impl Scene {
    /// Sets it up with these flags besides those that every webhook needs.
    pub async fn with(flags: &[&str]) -> Self {
        let authority = Authority::new("authority");
        let folder = folder();
        authority.issue("webhook").publish(&folder);
        Self::of(StandIn::start(&cluster()).await, authority, folder, flags).await
    }

    pub async fn of(
        api: Arc<StandIn>,
        authority: impl Into<Arc<Authority>>,
        folder: PathBuf,
        flags: &[&str],
    ) -> Self {
        let uri = format!("http://{}", api.address()).parse().unwrap();
        Self::behind(kube::Config::new(uri), api, authority, folder, flags).await
    }

    /// The same, with a configuration of the Kubernetes client.
    pub async fn behind(
        config: kube::Config,
        api: Arc<StandIn>,
        authority: impl Into<Arc<Authority>>,
        folder: PathBuf,
        flags: &[&str],
    ) -> Self {
        let authority = authority.into();
        let (certificate, key) = (folder.join("crt"), folder.join("key"));
        let mut arguments = vec!["webhook", "--tls-crt", certificate.to_str().unwrap()];
        arguments.extend(["--tls-key", key.to_str().unwrap(), "--https-port", "0", "--grace-period", "0"]);
        arguments.extend(flags);
        let settings = Settings::read(arguments).unwrap();
        let listeners = Listeners::open(&settings).await.unwrap();
        let (address, plain) = (listeners.https().unwrap(), listeners.plain());
        let webhook = Webhook::start(&settings, connect(config).unwrap(), listeners).unwrap();
        let client = Client::new(address, &authority.pem(), None);
        Self { api, authority, folder, client, address, plain, _webhook: webhook }
    }

    /// The same, as soon as it is ready.
    pub async fn ready(flags: &[&str]) -> Self {
        let scene = Self::with(flags).await;
        eventually(async || scene.client.get("/readyz").await.code == 200).await;
        scene
    }

    pub async fn validate(&self, path: &str) -> Value {
        self.client.post(path, &recording(VALIDATE)).await.json()["response"].clone()
    }

    /// What the plain port answers.
    pub async fn plain(&self, method: &str, path: &str) -> String {
        let address = SocketAddr::from(([127, 0, 0, 1], self.plain.unwrap().port()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// The value of a metric.
    pub async fn metric(&self, line: &str) -> String {
        let text = self.client.get("/metrics").await.text();
        let found = text.lines().find_map(|found| found.strip_prefix(line)).map(str::trim);
        found.unwrap_or("absent").to_owned()
    }
}

/// Waits until something holds.
pub async fn eventually(holds: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.expect("it holds within half a minute");
}
