use std::{
    future::Future,
    io,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use futures_util::FutureExt;
use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::{http1, http2},
    service::{HttpService, service_fn},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time,
};

use crate::{
    activity::{Activity, Due, Exchange},
    lifecycle::Stage,
};

/// What a request is answered with.
pub(crate) type Answer = Response<Bytes>;

/// For requests that are on their way when the program ends.
const LAST_REQUEST: Duration = Duration::from_millis(250);
/// The same, for clients that have just connected.
const LAST_FIRST_REQUEST: Duration = Duration::from_secs(2);
/// For the goodbye.
const LAST_WORDS: Duration = Duration::from_secs(5);

const HEAD_BYTES: usize = 16 << 10;
const BUFFER_BYTES: usize = 64 << 10;
const HEAD_LIST_BYTES: u32 = 16 << 10;
const STREAMS: u32 = 128;
/// What a client may send of one body before it is read, and of all bodies of a connection.
const WINDOW_BYTES: u32 = 64 << 10;

/// The protocol that both sides have agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// Serves one connection to its end.
pub(crate) async fn serve<S, H, F>(
    stream: S,
    protocol: Protocol,
    activity: &Arc<Activity>,
    stage: Stage,
    handle: H,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Request<Incoming>, Exchange) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let service = {
        let activity = Arc::clone(activity);
        service_fn(move |request| {
            let exchange = Exchange::begin(&activity);
            let answer = handle(request, exchange.clone());
            async move {
                let answer = answer.await;
                exchange.answered();
                Ok::<_, io::Error>(answer.map(|bytes| written(bytes, exchange)))
            }
        })
    };
    match protocol {
        Protocol::Http1 => {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                // The time limits are below, the same for both protocols.
                .header_read_timeout(None)
                .max_header_size(HEAD_BYTES)
                .max_buf_size(BUFFER_BYTES)
                // A client that has nothing more to say may still listen.
                .half_close(true)
                .serve_connection(TokioIo::new(stream), service);
            drive(connection, http1_goodbye, activity, stage).await;
        }
        Protocol::Http2 => {
            let connection = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .keep_alive_interval(Duration::from_secs(30))
                .keep_alive_timeout(Duration::from_secs(10))
                .max_concurrent_streams(STREAMS)
                .max_header_list_size(HEAD_LIST_BYTES)
                .initial_stream_window_size(WINDOW_BYTES)
                .initial_connection_window_size(WINDOW_BYTES * 2)
                .max_send_buf_size(BUFFER_BYTES)
                .serve_connection(TokioIo::new(stream), service);
            drive(connection, http2_goodbye, activity, stage).await;
        }
    }
}

/// The body of an answer, for which the exchange ends when it is written.
fn written(bytes: Bytes, exchange: Exchange) -> Full<Bytes> {
    struct Written(Bytes, #[expect(dead_code, reason = "its end is what it is for")] Exchange);

    impl AsRef<[u8]> for Written {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    Full::new(Bytes::from_owner(Written(bytes, exchange)))
}

type Goodbye<C> = fn(Pin<&mut C>);

fn http1_goodbye<I, S>(connection: Pin<&mut http1::Connection<I, S>>)
where
    S: HttpService<Incoming, ResBody = Full<Bytes>>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
{
    connection.graceful_shutdown();
}

fn http2_goodbye<I, S>(connection: Pin<&mut http2::Connection<I, S, TokioExecutor>>)
where
    S: HttpService<Incoming, ResBody = Full<Bytes>>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Send + 'static,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
{
    connection.graceful_shutdown();
}

/// Runs a connection until it ends, is silent for too long, or the program ends.
async fn drive<C>(connection: C, goodbye: Goodbye<C>, activity: &Activity, mut stage: Stage)
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        // Whatever went wrong on it, the client knows.
        _ = connection.as_mut() => {}
        due = activity.due() => {
            if due != Due::Unread {
                goodbye(connection.as_mut());
            }
            match due {
                Due::Idle => drop(time::timeout(LAST_WORDS, connection).await),
                // So much of the goodbye as can be written at once.
                Due::Dropped => drop(connection.now_or_never()),
                Due::Unread => {}
            }
        }
        () = stage.closing() => {
            // Who has just connected gets a first answer, and what is on its way is waited for: answers ask the
            // client to close by now.
            let last = if activity.has_begun() { LAST_REQUEST } else { LAST_FIRST_REQUEST };
            if time::timeout(last, connection.as_mut()).await.is_ok() {
                return;
            }
            goodbye(connection.as_mut());
            // Every answer has a deadline of its own; only one that nobody reads takes longer.
            while time::timeout(LAST_WORDS, connection.as_mut()).await.is_err() {
                if activity.is_exhausted_after(LAST_WORDS) {
                    break;
                }
            }
        }
    }
}
