use std::{sync::Arc, time::Duration};

use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body, Bytes},
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use tokio::time::{self, Instant};

use crate::{
    activity::Exchange,
    body::{Bodies, NoBody},
    connection::Answer,
    deadline::Deadline,
    endpoint::Endpoint,
    health::Health,
    memory::{Counted, Share},
    metrics::Metrics,
    review::{NoAnswer, Review, Reviewer},
};

/// What the paths lead to.
pub(crate) struct Routes {
    pub(crate) reviewer: Arc<Reviewer>,
    pub(crate) bodies: Bodies,
    pub(crate) health: Health,
    pub(crate) metrics: Arc<Metrics>,
    /// Whether the metrics have a port of their own.
    pub(crate) metrics_apart: bool,
}

/// The port through which a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Https,
    Plain,
}

const JSON: &str = "application/json";
/// The type of what the metrics crate writes.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Routes {
    /// Answers one request. By its path alone: the API server adds a query.
    pub(crate) async fn answer<B>(&self, door: Door, request: Request<B>, exchange: Exchange) -> Answer
    where
        B: Body<Data = Bytes>,
    {
        let path = request.uri().path();
        let answer = match (door, Endpoint::at(path)) {
            (Door::Https, Some(endpoint)) => self.review(endpoint, request, &exchange).await,
            (Door::Https, None) => self.counted(self.look(door, path, request.method())).await,
            (Door::Plain, _) => self.look(door, path, request.method()),
        };
        if answer.status().is_client_error() || answer.status() == StatusCode::INTERNAL_SERVER_ERROR {
            self.metrics.refused(answer.status().as_u16());
            tracing::debug!(code = answer.status().as_u16(), "refused");
        }
        answer
    }

    /// The metrics are read by whoever likes, as slowly as they like; on their own port by few at a time. A probe waits for
    /// nothing.
    async fn counted(&self, answer: Answer) -> Answer {
        const LONGEST: Duration = Duration::from_secs(1);
        const SHORT: usize = 1024;
        if answer.body().len() <= SHORT {
            return answer;
        }
        let (head, bytes) = answer.into_parts();
        let mut share = Share::default();
        let fit = self.bodies.memory.fit(&mut share, bytes.len());
        match time::timeout(LONGEST, fit).await {
            Ok(()) => Response::from_parts(head, Bytes::from_owner(Counted { bytes: bytes.into(), share })),
            Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "too much is waiting to be read\n"),
        }
    }

    async fn review<B>(&self, endpoint: Endpoint, request: Request<B>, exchange: &Exchange) -> Answer
    where
        B: Body<Data = Bytes>,
    {
        let (start, deadline) = (Instant::now(), Deadline::of_query(request.uri().query()));
        if request.method() != Method::POST {
            return not_allowed("POST");
        }
        if !is_json(request.headers()) {
            return plain(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send an AdmissionReview as application/json\n",
            );
        }
        let body = match self.bodies.read(request.into_body(), deadline.instant()).await {
            Ok(body) => body,
            Err(NoBody::TooLarge) => {
                return plain(StatusCode::PAYLOAD_TOO_LARGE, "the review is too large\n");
            }
            Err(NoBody::TooSlow) => {
                return plain(StatusCode::REQUEST_TIMEOUT, "the review did not arrive in time\n");
            }
            Err(NoBody::Broken) => return plain(StatusCode::BAD_REQUEST, "the review did not arrive\n"),
        };
        exchange.arrived();
        match self.reviewer.answer(Review { endpoint, body, start, deadline }).await {
            Ok(answer) => {
                exchange.reviewed();
                with_type(StatusCode::OK, JSON, Bytes::from_owner(answer))
            }
            Err(NoAnswer::Unreadable(error)) => plain(StatusCode::BAD_REQUEST, &format!("{error}\n")),
            Err(NoAnswer::NoRoom) => {
                plain(StatusCode::SERVICE_UNAVAILABLE, "too many answers are waiting to be read\n")
            }
        }
    }

    /// What can be looked at.
    fn look(&self, door: Door, path: &str, method: &Method) -> Answer {
        let answer: fn(&Self) -> Answer = match path {
            "/health" => |_| plain(StatusCode::NO_CONTENT, ""),
            "/livez" => |_| plain(StatusCode::OK, "ok\n"),
            "/readyz" => Self::ready,
            "/info" if door == Door::Https => |_| {
                with_type(StatusCode::OK, JSON, format!(r#"{{"version":"{}"}}"#, env!("CARGO_PKG_VERSION")))
            },
            "/metrics" if door == Door::Plain || !self.metrics_apart => {
                |routes| with_type(StatusCode::OK, OPEN_METRICS, routes.metrics.text())
            }
            _ => return plain(StatusCode::NOT_FOUND, "there is nothing here\n"),
        };
        match *method {
            Method::GET | Method::HEAD => answer(self),
            _ => not_allowed("GET, HEAD"),
        }
    }

    fn ready(&self) -> Answer {
        let obstacles = self.health.obstacles();
        match obstacles.is_empty() {
            true => match self.health.remark() {
                Some(remark) => plain(StatusCode::OK, &format!("ok\n{remark}\n")),
                None => plain(StatusCode::OK, "ok\n"),
            },
            false => plain(StatusCode::SERVICE_UNAVAILABLE, &format!("{}\n", obstacles.join("\n"))),
        }
    }
}

/// A type with parameters, such as `charset=utf-8`, is the same type.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(JSON)
}

fn not_allowed(allowed: &'static str) -> Answer {
    let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "the method is not allowed here\n");
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

/// An answer in plain text.
pub(crate) fn plain(status: StatusCode, text: &str) -> Answer {
    with_type(status, "text/plain; charset=utf-8", text.to_owned())
}

fn with_type(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
