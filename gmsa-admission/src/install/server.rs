use std::num::NonZeroU16;

use super::{Certificates, Image, IpNetwork};
use crate::{Policy, template::Enforcement};

/// The port that the pods listen on. Not 443: below 1024 a process needs a capability, or luck with its node.
pub(super) const PORT: i32 = 8443;

/// Without it the webhook could be evicted for the sake of pods that cannot start without it.
///
/// Source: Kubernetes, "Guaranteed Scheduling For Critical Add-On Pods".
pub(super) const PRIORITY_CLASS: &str = "system-cluster-critical";

/// The webhook's server: which image runs, with which certificate, and how.
///
/// The image is upstream's, v0.13 or later, or one that is told the same things in the same way:
///
/// | | value |
/// |---|---|
/// | argument | `--cert-reload=true` |
/// | `TLS_CRT`, `TLS_KEY` | `/tls/crt`, `/tls/key` |
/// | `SERVICE_NAME` | the [name](super::InstallName::dns_name) that a new certificate must be for; upstream's image takes any |
/// | `HTTPS_PORT` | `8443` |
/// | `QPS`, `BURST` | questions to the API server, a second and at once |
/// | `LOG_LEVEL` | `info` |
/// | `RANDOM_HOSTNAME` | `false` |
/// | `ACCESS` | `watch`, or absent; see [`access`](WebhookServer::access) |
/// | `TEMPLATES` | `warn` or `deny`, where [templates are checked](Self::check_templates) |
///
/// It answers `GET /health` over HTTPS, and writes no file. What upstream's image lacks, it lacks here too: it looks at no ephemeral
/// container, for example.
///
/// Its pods have the priority class `system-cluster-critical`, so that none is evicted for the sake of pods that cannot
/// start without it. Some API servers take that class outside of `kube-system` only where a quota permits it, which is
/// why one comes with the namespace.
///
/// Source: kubernetes-sigs/windows-gmsa, `admission-webhook/main.go` and `charts/gmsa/templates/deployment.yaml`.
///
/// ```
/// use gmsa_admission::{Policy, install::{Certificates, Install, InstallName, LogLevel, WebhookServer}};
///
/// let server = WebhookServer::new("example.com/gmsa:v1".parse()?, Certificates::CertManager)
///     .log_level(LogLevel::Warn)
///     .policy(&Policy::default().with_random_hostname(true));
/// let objects = Install::webhook(InstallName::new("gmsa-system", "gmsa")?, server).objects();
/// let deployment = objects.iter().find(|object| object.kind() == "Deployment").ok_or("nothing to run")?;
/// let text = serde_json::to_string(deployment)?;
/// assert!(text.contains(r#"{"name":"LOG_LEVEL","value":"warn"}"#));
/// assert!(text.contains(r#"{"name":"RANDOM_HOSTNAME","value":"true"}"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct WebhookServer {
    pub(super) image: Image,
    pub(super) certificates: Certificates,
    pub(super) replicas: NonZeroU16,
    pub(super) queries_per_second: NonZeroU16,
    pub(super) burst: NonZeroU16,
    pub(super) log_level: LogLevel,
    pub(super) random_hostname: bool,
    pub(super) templates: Option<Enforcement>,
    pub(super) probes: Probes,
    pub(super) access: Access,
    pub(super) on_control_plane: bool,
    pub(super) sources: Vec<IpNetwork>,
}

impl WebhookServer {
    /// Two pods of this image, with this certificate. Each asks the API server 30 questions a second, and 60 at once.
    pub fn new(image: Image, certificates: Certificates) -> Self {
        let number = |above_one: u16| NonZeroU16::MIN.saturating_add(above_one);
        Self {
            image,
            certificates,
            replicas: number(1),
            queries_per_second: number(29),
            burst: number(59),
            log_level: LogLevel::Info,
            random_hostname: false,
            templates: None,
            probes: Probes::Health,
            access: Access::Ask,
            on_control_plane: false,
            sources: Vec::new(),
        }
    }

    /// How many pods there are. With one, no gMSA pod starts while it is moved to another node.
    pub fn replicas(self, replicas: NonZeroU16) -> Self {
        Self { replicas, ..self }
    }

    /// How many questions each pod may ask the API server in a second, and how many at once. A pod to be admitted takes
    /// two for each credential spec, and a node that goes away brings many pods at a time.
    pub fn rate(self, queries_per_second: NonZeroU16, burst: NonZeroU16) -> Self {
        Self { queries_per_second, burst, ..self }
    }

    /// How much it logs.
    pub fn log_level(self, log_level: LogLevel) -> Self {
        Self { log_level, ..self }
    }

    /// What the server decides by.
    pub fn policy(self, policy: &Policy) -> Self {
        Self { random_hostname: policy.random_hostname(), ..self }
    }

    /// Has the server check [templates](mod@crate::template) too, and the API server ask it. Upstream's image cannot.
    pub fn check_templates(self, enforcement: Enforcement) -> Self {
        Self { templates: Some(enforcement), ..self }
    }

    /// What the kubelet asks the server.
    pub fn probes(self, probes: Probes) -> Self {
        Self { probes, ..self }
    }

    /// How it finds out who may use what.
    pub fn access(self, access: Access) -> Self {
        Self { access, ..self }
    }

    /// Lets the pods run on the nodes of the control plane as well: the only ones with Linux, in some clusters with
    /// Windows.
    pub fn tolerate_control_plane(self) -> Self {
        Self { on_control_plane: true, ..self }
    }

    /// Only these addresses reach the pods, in place of all. They are those that the API server calls from, as the pods'
    /// network sees them: its hosts, or what connects it to the nodes. No selector of pods can name them.
    ///
    /// Worth it: whoever reaches the webhook can have it read out any credential spec, since the API server does not say
    /// who it is. Probes come from the pod's own node, which may always reach it. What the pods call is not limited:
    /// the addresses and the port of an API server differ from cluster to cluster.
    ///
    /// Source: Kubernetes, "Network Policies", section "The two sorts of pod isolation".
    pub fn called_from(self, sources: impl IntoIterator<Item = IpNetwork>) -> Self {
        Self { sources: sources.into_iter().collect(), ..self }
    }
}

/// How much the server logs. [`WebhookServer`] has an example.
///
/// Upstream's `debug` and `trace` are not here: they write whole pods and credential specs into the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LogLevel {
    /// What failed.
    Error,
    /// And what is odd.
    Warn,
    /// And what is refused.
    #[default]
    Info,
}

impl LogLevel {
    /// As `LOG_LEVEL` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
        }
    }
}

/// What the kubelet asks the server, over HTTPS; see [`WebhookServer::probes`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Probes {
    /// `/health` for both questions: all that upstream's image has.
    #[default]
    Health,
    /// `/livez`, and `/readyz` for a server that also says when it is not ready to answer.
    LiveAndReady,
}

/// How the server finds out who may use what; see [`WebhookServer::access`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Access {
    /// It asks the API server about each pod: all that upstream's image can.
    #[default]
    Ask,
    /// It watches roles and bindings, which its role then permits, and asks only about what these do not allow.
    Watch,
}

impl Probes {
    pub(super) const fn live(self) -> &'static str {
        match self {
            Self::Health => "/health",
            Self::LiveAndReady => "/livez",
        }
    }

    pub(super) const fn ready(self) -> &'static str {
        match self {
            Self::Health => "/health",
            Self::LiveAndReady => "/readyz",
        }
    }
}
