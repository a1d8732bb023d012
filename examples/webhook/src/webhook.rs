use std::{
    future::Future,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hyper::{Request, body::Incoming};
use kube::{Api, Client, Config};
use socket2::{Domain, Socket, Type};
use tokio::{net::TcpListener, task::JoinHandle, time};

use crate::{
    AccessMode, Settings,
    activity::Exchange,
    body::Bodies,
    cache::Cache,
    certificate::{self, CertificateError, Files},
    connection::Answer,
    connections::Connections,
    handshake::Handshakes,
    health::Health,
    lifecycle::{self, Guide},
    lookups::Lookups,
    memory::Memory,
    metrics::Metrics,
    permissions::Permissions,
    permitted::Permitted,
    rate::Rate,
    reload::Current,
    review::Reviewer,
    routes::{Door, Routes},
    server::Server,
    worker::Worker,
};

/// Longer than the longest deadline of a review.
const LONGEST_END: Duration = Duration::from_secs(35);
/// Connections that the system holds until they are accepted; as many as tokio asks for.
const WAITING: i32 = 1024;
/// A connection to the API server that brings nothing for this long may be dead. Longer than a watch is silent.
const LONGEST_IDLE: Duration = Duration::from_secs(60);
/// Probes and scrapes are few.
const PLAIN_CONNECTIONS: u32 = 64;

/// Where connections come in.
#[derive(Debug)]
pub struct Listeners {
    https: TcpListener,
    plain: Option<TcpListener>,
}

impl Listeners {
    /// Opens the ports of the settings, on every address that there is.
    ///
    /// # Errors
    ///
    /// If one cannot be opened.
    pub async fn open(settings: &Settings) -> io::Result<Self> {
        let plain = settings.metrics_port().map(listen).transpose()?;
        Ok(Self { https: listen(settings.https_port())?, plain })
    }

    /// The address of the webhook.
    ///
    /// # Errors
    ///
    /// If the system does not tell.
    pub fn https(&self) -> io::Result<SocketAddr> {
        self.https.local_addr()
    }

    /// The address of metrics and probes in plain HTTP.
    pub fn plain(&self) -> Option<SocketAddr> {
        self.plain.as_ref().and_then(|listener| listener.local_addr().ok())
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    // IPv4 too, except where a system has no IPv6 at all.
    open((Ipv6Addr::UNSPECIFIED, port).into())
        .or_else(|_| open((Ipv4Addr::UNSPECIFIED, port).into()))
        .map_err(|error| io::Error::new(error.kind(), format!("port {port} cannot be opened: {error}")))
}

/// What tokio's `bind` does, and IPv4 through an IPv6 socket, which Windows must be asked for.
fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // A port can be opened again at once after a restart; on Windows it can anyway, and this would share it.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(WAITING)?;
    TcpListener::from_std(socket.into())
}

/// Makes the client of the API server, with the same cryptography as the webhook's own.
///
/// # Errors
///
/// If the configuration has something that cannot be used, such as a broken certificate.
pub fn connect(mut config: Config) -> Result<Client, kube::Error> {
    let _ = certificate::provider();
    // A review cannot wait for what it does by itself; lookups retry within the review's time.
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(5));
    config.read_timeout = Some(LONGEST_IDLE);
    config.reset_reader_on_write = true;
    Client::try_from(config)
}

/// The running webhook.
pub struct Webhook {
    guide: Guide,
    grace_period: Duration,
    servers: Vec<JoinHandle<()>>,
    background: Vec<JoinHandle<()>>,
    connections: Arc<Connections>,
}

impl Webhook {
    /// Starts it. From now on connections are accepted; nothing waits for the API server.
    ///
    /// # Errors
    ///
    /// If the certificate cannot be used.
    pub fn start(
        settings: &Settings,
        client: Client,
        listeners: Listeners,
    ) -> Result<Self, CertificateError> {
        let metrics = Metrics::new();
        let metrics = Arc::new(if settings.cache() { metrics.with_cache() } else { metrics });
        let (guide, stage) = lifecycle::begin();
        let mut background = Vec::new();

        let (certificate, loaded) = Current::load(Files::of(settings), Arc::clone(&metrics))?;
        let certificate = Arc::new(certificate);
        background.push(tokio::spawn(Arc::clone(&certificate).watch_end(settings.cert_expiry_margin())));
        if let Some(interval) = settings.cert_reload() {
            background.push(tokio::spawn(Arc::clone(&certificate).follow(loaded, interval)));
        }

        let cache = settings.cache().then(|| Arc::new(Cache::new(Arc::clone(&metrics))));
        if let Some(cache) = cache.clone() {
            let api = Api::all(client.clone());
            background.push(tokio::spawn(async move { cache.follow(api).await }));
        }

        let permissions =
            (settings.access() == AccessMode::Watch).then(|| Arc::new(Permissions::new(&metrics)));
        if let Some(permissions) = permissions.clone() {
            let client = client.clone();
            background.push(tokio::spawn(async move { permissions.follow(client).await }));
        }

        let rate = Rate::new(settings.qps(), settings.burst());
        let lookups = Lookups {
            client,
            cache: cache.clone(),
            permissions,
            permitted: settings.access_cache().map(Permitted::new),
            rate,
            metrics: Arc::clone(&metrics),
        };
        let expiry_margin = settings.cert_expiry_margin();
        let connections = Connections::new(settings.max_connections(), Arc::clone(&metrics));
        let largest = usize::try_from(settings.max_body()).unwrap_or(usize::MAX);
        let memory = Arc::new(Memory::new(largest, Arc::clone(&connections)));
        let routes = Arc::new(Routes {
            reviewer: Arc::new(Reviewer {
                lookups,
                policy: settings.policy(),
                exempt_users: settings.exempt_users().map(<[String]>::to_vec),
                memory: Arc::clone(&memory),
                worker: Worker::start(),
                metrics: Arc::clone(&metrics),
            }),
            bodies: Bodies { largest, memory },
            health: Health {
                cache,
                certificate: Arc::clone(&certificate),
                expiry_margin,
                stage: stage.clone(),
            },
            metrics: Arc::clone(&metrics),
            metrics_apart: listeners.plain.is_some(),
        });

        let handshakes = Arc::new(Handshakes::new(Arc::clone(&metrics)));
        let https = Server {
            tls: Some(certificate),
            connections: Arc::clone(&connections),
            handshakes: Arc::clone(&handshakes),
            metrics: Arc::clone(&metrics),
            stage: stage.clone(),
        };
        let mut servers =
            vec![tokio::spawn(https.run(listeners.https, through(Door::Https, Arc::clone(&routes))))];
        if let Some(listener) = listeners.plain {
            let connections = Connections::new(PLAIN_CONNECTIONS, Arc::clone(&metrics));
            let plain = Server { tls: None, connections, handshakes, metrics, stage };
            servers.push(tokio::spawn(plain.run(listener, through(Door::Plain, routes))));
        }
        let grace_period = settings.grace_period();
        Ok(Self { guide, grace_period, servers, background, connections })
    }

    /// Ends it in order: not ready any more, some time later no longer accepting, then finishing what has begun.
    /// `false` if something did not finish.
    pub async fn end(self) -> bool {
        self.guide.leave();
        time::sleep(self.grace_period).await;
        self.guide.close();
        for server in self.servers {
            let _ = server.await;
        }
        let in_time = time::timeout(LONGEST_END, self.connections.all_ended()).await.is_ok();
        for task in self.background {
            task.abort();
        }
        in_time
    }
}

type Answering = std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>;

fn through(
    door: Door,
    routes: Arc<Routes>,
) -> impl Fn(Request<Incoming>, Exchange) -> Answering + Clone + Send + Sync {
    move |request, exchange| {
        let routes = Arc::clone(&routes);
        Box::pin(async move { routes.answer(door, request, exchange).await })
    }
}
