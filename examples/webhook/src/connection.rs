use std::{
    future::Future,
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::{http1, http2},
    service::{HttpService, service_fn},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{self, Instant},
};

use crate::lifecycle::Stage;

/// What a connection carries its answers in.
pub(crate) type Answer = Response<http_body_util::Full<Bytes>>;

/// Until the head of the first request.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// From one request to the next. Longer than an API server keeps an unused connection (90 s), so that it does not
/// send a request into one that is just being closed.
const NEXT_REQUEST: Duration = Duration::from_secs(120);
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
const WINDOW_BYTES: u32 = 256 << 10;

/// The protocol that both sides have agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// Serves one connection to its end.
pub(crate) async fn serve<S, H, F>(stream: S, protocol: Protocol, stage: Stage, handle: H)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let activity = Arc::new(Activity::new());
    let service = {
        let activity = Arc::clone(&activity);
        service_fn(move |request| {
            let busy = Busy::of(&activity);
            let answer = handle(request);
            async move {
                let answer = answer.await;
                drop(busy);
                Ok::<_, io::Error>(answer)
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
            drive(connection, http1_goodbye, &activity, stage).await;
        }
        Protocol::Http2 => {
            let connection = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .keep_alive_interval(Duration::from_secs(30))
                .keep_alive_timeout(Duration::from_secs(10))
                .max_concurrent_streams(STREAMS)
                .max_header_list_size(HEAD_LIST_BYTES)
                .initial_stream_window_size(WINDOW_BYTES)
                .initial_connection_window_size(WINDOW_BYTES * 4)
                .max_send_buf_size(BUFFER_BYTES)
                .serve_connection(TokioIo::new(stream), service);
            drive(connection, http2_goodbye, &activity, stage).await;
        }
    }
}

type Goodbye<C> = fn(Pin<&mut C>);

fn http1_goodbye<I, S>(connection: Pin<&mut http1::Connection<I, S>>)
where
    S: HttpService<Incoming, ResBody = http_body_util::Full<Bytes>>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
{
    connection.graceful_shutdown();
}

fn http2_goodbye<I, S>(connection: Pin<&mut http2::Connection<I, S, TokioExecutor>>)
where
    S: HttpService<Incoming, ResBody = http_body_util::Full<Bytes>>,
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
    loop {
        tokio::select! {
            // Whatever went wrong on it, the client knows.
            _ = connection.as_mut() => return,
            () = time::sleep_until(activity.patience_ends()) => {
                if activity.is_exhausted() {
                    break;
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
                return;
            }
        }
    }
    goodbye(connection.as_mut());
    let _ = time::timeout(LAST_WORDS, connection).await;
}

/// What goes on in a connection.
struct Activity(Mutex<State>);

struct State {
    busy: usize,
    begun: bool,
    idle_since: Instant,
}

impl Activity {
    fn new() -> Self {
        Self(Mutex::new(State { busy: 0, begun: false, idle_since: Instant::now() }))
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn has_begun(&self) -> bool {
        self.with(|state| state.begun)
    }

    /// When to look whether it has been idle for too long.
    fn patience_ends(&self) -> Instant {
        self.with(|state| {
            let patience = if state.begun { NEXT_REQUEST } else { FIRST_REQUEST };
            if state.busy > 0 { Instant::now() + patience } else { state.idle_since + patience }
        })
    }

    fn is_exhausted(&self) -> bool {
        self.is_exhausted_after(if self.has_begun() { NEXT_REQUEST } else { FIRST_REQUEST })
    }

    fn is_exhausted_after(&self, patience: Duration) -> bool {
        self.with(|state| state.busy == 0 && state.idle_since.elapsed() >= patience)
    }
}

/// A request that is being answered.
struct Busy(Arc<Activity>);

impl Busy {
    fn of(activity: &Arc<Activity>) -> Self {
        activity.with(|state| {
            state.busy += 1;
            state.begun = true;
        });
        Self(Arc::clone(activity))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.with(|state| {
            state.busy = state.busy.saturating_sub(1);
            state.idle_since = Instant::now();
        });
    }
}
