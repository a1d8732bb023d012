use std::time::Duration;

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};

use crate::{endpoint::Endpoint, failure::Cause};

/// What is counted. Every label has few values, whatever anybody sends.
pub(crate) struct Metrics {
    registry: Registry,
    decisions: Family<Labels<3>, Counter>,
    seconds: Family<Labels<1>, Histogram, fn() -> Histogram>,
    lookups: Family<Labels<2>, Counter>,
    refused: Family<Labels<1>, Counter>,
    reloads: Family<Labels<1>, Counter>,
    watch_failures: Family<Labels<1>, Counter>,
    disconnected: Family<Labels<1>, Gauge>,
    panics: Counter,
    cached: Gauge,
    synced: Gauge,
    connections: Gauge,
    expires: Gauge,
    dropped: Counter,
    handshakes: Family<Labels<1>, Counter>,
}

/// Label names with their values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Labels<const N: usize>([(&'static str, Value); N]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Value {
    Word(&'static str),
    Code(u16),
}

impl<const N: usize> EncodeLabelSet for Labels<N> {
    fn encode(&self, encoder: &mut prometheus_client::encoding::LabelSetEncoder<'_>) -> std::fmt::Result {
        self.0.encode(encoder)
    }
}

impl EncodeLabelValue for Value {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) => EncodeLabelValue::encode(word, encoder),
            Self::Code(code) => EncodeLabelValue::encode(code, encoder),
        }
    }
}

/// From what a cached answer takes to the longest that an API server waits.
const BUCKETS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// The codes of denials.
const DENIED: [u16; 7] = [400, 403, 404, 417, 422, 500, 503];
/// The codes of HTTP requests that get no review.
const REFUSED: [u16; 7] = [400, 404, 405, 408, 413, 415, 500];
/// What lookups bring, beside the causes of their failure.
const LOOKUPS: [(&str, &[&str]); 2] = [
    ("credential_spec", &["cached", "stale", "found", "not_found", "empty"]),
    ("access", &["cached", "watched", "allow", "deny"]),
];

fn of_endpoint(endpoint: Endpoint) -> (&'static str, Value) {
    ("endpoint", Value::Word(endpoint.as_str()))
}

fn decision(endpoint: Endpoint, result: &'static str, code: u16) -> Labels<3> {
    Labels([of_endpoint(endpoint), ("result", Value::Word(result)), ("code", Value::Code(code))])
}

fn lookup(kind: &'static str, result: &'static str) -> Labels<2> {
    Labels([("kind", Value::Word(kind)), ("result", Value::Word(result))])
}

fn of_resource(resource: &'static str) -> Labels<1> {
    Labels([("resource", Value::Word(resource))])
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("gmsa_webhook");
        registry.register(
            "build",
            "The version of the webhook",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        let decisions = Family::default();
        registry.register("decisions", "Reviews that were answered", decisions.clone());
        let seconds = Family::<Labels<1>, Histogram, _>::new_with_constructor(histogram as fn() -> Histogram);
        registry.register("decision_seconds", "From the head of a review to its answer", seconds.clone());
        let lookups = Family::default();
        registry.register("lookups", "Answers to what reviews needed to know", lookups.clone());
        let refused = Family::default();
        registry.register("refused_requests", "HTTP requests that got no review", refused.clone());
        let reloads = Family::default();
        registry.register("certificate_reloads", "Changes of the certificate's files", reloads.clone());
        let watch_failures = Family::default();
        registry.register(
            "watch_failures",
            "Connections of a watch, or lists before it, that failed",
            watch_failures.clone(),
        );
        let disconnected = Family::default();
        registry.register(
            "watch_disconnected_timestamp_seconds",
            "Since when a watch is disconnected; 0 if it is not",
            disconnected.clone(),
        );
        let panics = Counter::default();
        registry.register(
            "panics",
            "Requests that were answered with 500 for a fault of this program",
            panics.clone(),
        );
        let connections = Gauge::default();
        registry.register("connections", "Connections that are open", connections.clone());
        let expires = Gauge::default();
        registry.register(
            "certificate_expiry_timestamp_seconds",
            "When the certificate in use expires",
            expires.clone(),
        );
        let handshakes = Family::default();
        registry.register("failed_handshakes", "TLS handshakes that failed", handshakes.clone());
        let dropped = Counter::default();
        registry.register("dropped_connections", "Connections that had to make room", dropped.clone());
        let metrics = Self {
            registry,
            decisions,
            seconds,
            lookups,
            refused,
            reloads,
            watch_failures,
            disconnected,
            panics,
            cached: Gauge::default(),
            synced: Gauge::default(),
            connections,
            expires,
            dropped,
            handshakes,
        };
        metrics.begin();
        metrics
    }

    /// Shows what there is to know of a cache.
    pub(crate) fn with_cache(mut self) -> Self {
        self.registry.register(
            "cached_credential_specs",
            "Credential specs in the cache",
            self.cached.clone(),
        );
        self.registry.register("cache_synced", "Whether the cache has been filled", self.synced.clone());
        self
    }

    /// Has every series there from the start: one that comes with its first event hides that event from `rate`.
    fn begin(&self) {
        for endpoint in [Endpoint::Mutate, Endpoint::Validate, Endpoint::Template] {
            let allowed = [("allow", 200), ("patch", 200)].into_iter();
            let allowed = allowed.filter(|(result, _)| *result == "allow" || endpoint == Endpoint::Mutate);
            for (result, code) in allowed.chain(DENIED.map(|code| ("deny", code))) {
                drop(self.decisions.get_or_create(&decision(endpoint, result, code)));
            }
            drop(self.seconds.get_or_create(&Labels([of_endpoint(endpoint)])));
        }
        for (kind, results) in LOOKUPS {
            for result in results.iter().copied().chain(Cause::ALL.map(Cause::as_str)) {
                drop(self.lookups.get_or_create(&lookup(kind, result)));
            }
        }
        for code in REFUSED {
            drop(self.refused.get_or_create(&Labels([("code", Value::Code(code))])));
        }
        for result in ["loaded", "failed"] {
            drop(self.reloads.get_or_create(&Labels([("result", Value::Word(result))])));
        }
    }

    /// All of it as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(4096);
        match text::encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }

    pub(crate) fn decided(&self, endpoint: Endpoint, result: &'static str, code: u16, took: Duration) {
        self.decisions.get_or_create(&decision(endpoint, result, code)).inc();
        self.seconds.get_or_create(&Labels([of_endpoint(endpoint)])).observe(took.as_secs_f64());
    }

    pub(crate) fn looked_up(&self, kind: &'static str, result: &'static str) {
        self.lookups.get_or_create(&lookup(kind, result)).inc();
    }

    pub(crate) fn refused(&self, code: u16) {
        self.refused.get_or_create(&Labels([("code", Value::Code(code))])).inc();
    }

    pub(crate) fn reloaded(&self, result: &'static str) {
        self.reloads.get_or_create(&Labels([("result", Value::Word(result))])).inc();
    }

    /// A watch of these resources begins.
    pub(crate) fn watched(&self, resource: &'static str) {
        drop(self.watch_failures.get_or_create(&of_resource(resource)));
        self.watch_connected(resource);
    }

    pub(crate) fn watch_failed(&self, resource: &'static str) {
        self.watch_failures.get_or_create(&of_resource(resource)).inc();
    }

    pub(crate) fn watch_connected(&self, resource: &'static str) {
        self.watch_disconnected(resource, 0);
    }

    pub(crate) fn watch_disconnected(&self, resource: &'static str, since: i64) {
        self.disconnected.get_or_create(&of_resource(resource)).set(since);
    }

    pub(crate) fn panicked(&self) {
        self.panics.inc();
    }

    pub(crate) fn cached(&self, number: usize) {
        self.cached.set(i64::try_from(number).unwrap_or(i64::MAX));
        self.synced.set(1);
    }

    pub(crate) fn certificate_expires(&self, at: i64) {
        self.expires.set(at);
    }

    pub(crate) fn handshake_failed(&self, reason: &'static str) {
        self.handshakes.get_or_create(&Labels([("reason", Value::Word(reason))])).inc();
    }

    pub(crate) fn dropped(&self) {
        self.dropped.inc();
    }

    pub(crate) fn connections(&self) -> &Gauge {
        &self.connections
    }
}
