use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use hyper::{
    Request, StatusCode, Version,
    body::Incoming,
    header::{CONNECTION, HeaderValue},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    activity::{self, Activity, Exchange},
    connection::{self, Answer, Protocol},
    connections::Connections,
    handshake::{Handshakes, Reason},
    lifecycle::Stage,
    metrics::Metrics,
    reload::Current,
    routes::plain,
};

/// For the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Before accepting again after a failure, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);
/// For connections that the system has accepted before the program stopped to.
const STRAGGLERS: Duration = Duration::from_millis(50);

/// Accepts connections on one port, and answers what comes in through them.
pub(crate) struct Server {
    /// Without, in plain text.
    pub(crate) tls: Option<Arc<Current>>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) handshakes: Arc<Handshakes>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) stage: Stage,
}

impl Server {
    /// Accepts until the end is near.
    pub(crate) async fn run<H, F>(self, listener: TcpListener, handle: H)
    where
        H: Fn(Request<Incoming>, Exchange) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let mut stage = self.stage.clone();
        loop {
            let stream = tokio::select! {
                stream = accept(&listener) => stream,
                () = stage.closing() => break,
            };
            self.admit(stream, &handle).await;
        }
        while let Ok(stream) = time::timeout(STRAGGLERS, accept(&listener)).await {
            self.admit(stream, &handle).await;
        }
    }

    /// Serves a connection as soon as there is a place for it.
    async fn admit<H, F>(&self, stream: TcpStream, handle: &H)
    where
        H: Fn(Request<Incoming>, Exchange) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let Some(place) = self.connections.place().await else { return };
        let connection = self.serve(stream, Arc::clone(&place.activity), handle.clone());
        tokio::spawn(async move {
            connection.await;
            drop(place);
        });
    }

    fn serve<H, F>(
        &self,
        stream: TcpStream,
        activity: Arc<Activity>,
        handle: H,
    ) -> impl Future<Output = ()> + Send + use<H, F>
    where
        H: Fn(Request<Incoming>, Exchange) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let (tls, stage) = (self.tls.as_ref().map(|tls| tls.tls()), self.stage.clone());
        let (ending, metrics) = (stage.clone(), Arc::clone(&self.metrics));
        let handle = move |request: Request<Incoming>, exchange| {
            let is_http1 = request.version() < Version::HTTP_2;
            let answer = AssertUnwindSafe(handle(request, exchange)).catch_unwind();
            let (ending, metrics) = (ending.clone(), Arc::clone(&metrics));
            async move {
                let mut answer = answer.await.unwrap_or_else(|_| {
                    metrics.panicked();
                    tracing::error!("a request was given up for a fault of the webhook itself");
                    plain(StatusCode::INTERNAL_SERVER_ERROR, "a fault of the webhook itself\n")
                });
                if is_http1 && ending.is_ending() {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                answer
            }
        };
        let handshakes = Arc::clone(&self.handshakes);
        async move {
            // Answers are small and somebody waits for them.
            let _ = stream.set_nodelay(true);
            let Some(tls) = tls else {
                return connection::serve(stream, Protocol::Http1, &activity, stage, handle).await;
            };
            let accepted = TlsAcceptor::from(tls.config).accept(stream);
            let in_time = time::timeout(HANDSHAKE, accepted);
            let stream = match activity::unless_dropped(&activity, in_time).await {
                Some(Ok(Ok(stream))) => stream,
                Some(Ok(Err(error))) => return handshakes.failed(Reason::of(Some(&error))),
                Some(Err(_)) => return handshakes.failed(Reason::of(None)),
                None => return,
            };
            let protocol = match stream.get_ref().1.alpn_protocol() {
                Some(b"h2") => Protocol::Http2,
                _ => Protocol::Http1,
            };
            connection::serve(stream, protocol, &activity, stage, handle).await;
        }
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(error = error.to_string(), "a connection could not be accepted");
                time::sleep(PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::lifecycle;

    fn server(connections: u32, metrics: &Arc<Metrics>, stage: Stage) -> Server {
        let connections = Connections::new(connections, Arc::clone(metrics));
        let handshakes = Arc::new(Handshakes::new(Arc::clone(metrics)));
        Server { tls: None, connections, handshakes, metrics: Arc::clone(metrics), stage }
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_with_500_and_nothing_more() {
        let (guide, stage) = lifecycle::begin();
        let metrics = Arc::new(Metrics::new());
        let server = server(1, &metrics, stage);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(server.run(listener, |request: Request<Incoming>, _| async move {
            assert_eq!(request.uri().path(), "/", "a path that is not expected");
            plain(StatusCode::OK, "")
        }));
        let mut stream = TcpStream::connect(address).await.unwrap();
        for (path, answered) in [("/x", b"HTTP/1.1 500"), ("/", b"HTTP/1.1 200")] {
            let mut answer = [0; 12];
            stream.write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, answered);
            let mut rest = [0; 512];
            let _ = stream.read(&mut rest).await.unwrap();
        }
        assert!(metrics.text().contains("gmsa_webhook_panics_total 1\n"));
        guide.close();
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn who_was_let_in_by_the_system_before_the_end_is_answered() {
        let (guide, stage) = lifecycle::begin();
        let server = server(8, &Arc::new(Metrics::new()), stage);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        for _ in 0..4 {
            waiting.push(TcpStream::connect(address).await.unwrap());
        }
        guide.close();
        server.run(listener, |_, _| async { plain(StatusCode::OK, "") }).await;
        for mut stream in waiting {
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
        }
        assert!(TcpStream::connect(address).await.is_err());
    }
}
