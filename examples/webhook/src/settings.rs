use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, ValueEnum, error::ErrorKind};
use gmsa_admission::{Policy, template::Enforcement};
use rustls::pki_types::ServerName;

use crate::{deadline::Deadline, go, log};

/// The gMSA admission webhook: gives Windows pods the credential specs that they name, and only to service accounts
/// that may use them.
///
/// Each setting is a flag or an environment variable; the flag wins. The names are those of kubernetes-sigs/windows-gmsa,
/// so that this program can take the place of its image. The API server is found as any program in a pod finds it, or
/// through a kubeconfig.
#[derive(Debug, Clone, Parser)]
#[command(name = "webhook", version, disable_version_flag = true, after_help = EXIT_CODES)]
pub struct Settings {
    /// The certificate with its chain, in PEM.
    #[arg(long, env = "TLS_CRT", value_name = "FILE")]
    tls_crt: PathBuf,

    /// The certificate's private key, in PEM.
    #[arg(long, env = "TLS_KEY", value_name = "FILE")]
    tls_key: PathBuf,

    /// The port of the webhook's HTTPS; 0 takes any that is free and logs which.
    #[arg(long, env = "HTTPS_PORT", value_name = "PORT", default_value_t = 443)]
    https_port: u16,

    /// Serve /metrics and the probes on this port, over plain HTTP, and /metrics no longer over HTTPS. Needed for
    /// probes where --client-ca is set: a kubelet has no client certificate.
    #[arg(long, env = "METRICS_PORT", value_name = "PORT")]
    metrics_port: Option<u16>,

    /// Lookups at the API server per second, in the long run.
    #[arg(long, env = "QPS", value_name = "NUMBER", default_value_t = 50.0, value_parser = rate)]
    qps: f64,

    /// Lookups at the API server that may start at once.
    #[arg(long, env = "BURST", value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    burst: u32,

    /// What to log: panic, fatal, error, warn, info, debug or trace.
    #[arg(long, env = "LOG_LEVEL", value_name = "LEVEL", default_value = "info", value_parser = log::level)]
    log_level: log::Level,

    /// How to log.
    #[arg(long, env = "LOG_FORMAT", value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,

    /// Give pods with gMSA and no hostname one of their own.
    #[arg(
        long, env = "RANDOM_HOSTNAME", value_name = "BOOL", value_parser = go::boolean, action = ArgAction::Set,
        default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true"
    )]
    random_hostname: bool,

    /// Load the certificate again when the content of its files changes.
    #[arg(
        long, env = "CERT_RELOAD", value_name = "BOOL", value_parser = go::boolean, action = ArgAction::Set,
        default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true"
    )]
    cert_reload: bool,

    /// How often to look whether it changed, in seconds.
    #[arg(long, env = "CERT_RELOAD_INTERVAL", value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    cert_reload_interval: Duration,

    /// The name that the API server calls the webhook by, such as gmsa-webhook.gmsa-system.svc. A new certificate must be for
    /// it; without it, for the names of the one in use.
    #[arg(long, env = "SERVICE_NAME", value_name = "NAME", value_parser = server_name)]
    service_name: Option<String>,

    /// Not ready any more when the certificate has this little time left, in seconds.
    #[arg(long, env = "CERT_EXPIRY_MARGIN", value_name = "SECONDS", default_value = "0", value_parser = seconds_or_none)]
    cert_expiry_margin: Duration,

    /// Answer only to clients with a certificate of this CA: the API server, if it is told to show one.
    #[arg(long, env = "CLIENT_CA", value_name = "FILE")]
    client_ca: Option<PathBuf>,

    /// Keep no watch on the credential specs: get each when it is needed.
    #[arg(
        long, env = "NO_CACHE", value_name = "BOOL", value_parser = go::boolean, action = ArgAction::Set,
        default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true"
    )]
    no_cache: bool,

    /// Believe for this long that a service account may still use a credential spec. Risk: an account that loses the
    /// permission keeps it for as many seconds more, 300 at most. Off by default: the API server is asked each time.
    #[arg(long, env = "ACCESS_CACHE", value_name = "SECONDS", value_parser = seconds_of_trust)]
    access_cache: Option<Duration>,

    /// How to find out who may use what. To watch, the webhook needs to be allowed to list and watch roles, clusterroles,
    /// rolebindings and clusterrolebindings of rbac.authorization.k8s.io. Risk: an account that loses the permission keeps
    /// it until the watch tells, which takes milliseconds, and 25 s at most where the connection is cut in silence; and
    /// an authorizer that denies what RBAC allows is not heard.
    #[arg(long, env = "ACCESS", value_name = "HOW", value_enum, default_value_t = AccessMode::Ask)]
    access: AccessMode,

    /// Let a pod use a credential spec only if whoever creates it may `use` it too, not only its service account. The
    /// controllers of Kubernetes that create pods for others are not asked about: who may use a Deployment for this is
    /// decided by who may create one.
    #[arg(
        long, env = "CHECK_REQUESTING_USER", value_name = "BOOL", value_parser = go::boolean, action = ArgAction::Set,
        default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true"
    )]
    check_requesting_user: bool,

    /// A user that is not asked about either, such as the account of a controller of one's own; may be given again, or
    /// several with commas. Only with --check-requesting-user.
    #[arg(long, env = "EXEMPT_USER", value_name = "NAME", value_delimiter = ',', value_parser = user)]
    exempt_user: Vec<String>,

    /// What /template says of a workload whose pods would be denied.
    #[arg(long, env = "TEMPLATES", value_name = "ENFORCEMENT", value_enum, default_value_t = Templates::Warn)]
    templates: Templates,

    /// When asked to end, go on accepting connections for this long, in seconds: until the Service has noticed.
    #[arg(long, env = "GRACE_PERIOD", value_name = "SECONDS", default_value = "5", value_parser = seconds_or_none)]
    grace_period: Duration,

    /// The most connections at once. One more takes the place of one that is idle or slow, or has to wait.
    #[arg(long, env = "MAX_CONNECTIONS", value_name = "NUMBER", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,

    /// The largest review, in bytes. An API server takes objects of 3 MiB, and an update carries two.
    #[arg(long, env = "MAX_BODY", value_name = "BYTES", default_value_t = 8 << 20, value_parser = clap::value_parser!(u32).range(1024..=1 << 30))]
    max_body: u32,

    /// Print the version.
    #[arg(long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// How permissions are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum AccessMode {
    /// Ask the API server each time.
    Ask,
    /// Watch roles and bindings, and ask about what they do not allow.
    Watch,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  ended when asked to, everything answered: by SIGTERM or SIGINT, on Windows by Ctrl+C, Ctrl+Break, a closed
     console or a container that is stopped
  1  could not start, or had to give up
  2  a setting is wrong";

/// What becomes of a workload whose pods would be denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Templates {
    /// Whoever applies it is warned.
    Warn,
    /// It is denied.
    Deny,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum LogFormat {
    /// `key=value`, for people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Why there are no settings to work with.
#[derive(Debug)]
#[non_exhaustive]
pub enum NoSettings {
    /// Somebody asked for the help or the version: this is it.
    Asked(clap::Error),
    /// A setting is wrong: one line that says which.
    Wrong(String),
}

impl fmt::Display for NoSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked(text) => text.fmt(f),
            Self::Wrong(line) => f.write_str(line),
        }
    }
}

impl Settings {
    /// Reads the settings from the program's arguments, the first of which is its name, and from the environment.
    ///
    /// # Errors
    ///
    /// [`NoSettings`], to be shown to whoever started the program.
    pub fn read<A>(arguments: impl IntoIterator<Item = A>) -> Result<Self, NoSettings>
    where
        A: Into<std::ffi::OsString> + Clone,
    {
        // So that a negative number is a wrong value, and no flag that nobody knows.
        let command = Self::command().mut_args(|argument| {
            let takes_values = argument.get_action().takes_values();
            argument.allow_negative_numbers(takes_values)
        });
        let read =
            command.try_get_matches_from(arguments).and_then(|matches| Self::from_arg_matches(&matches));
        let settings = read.map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => NoSettings::Asked(error),
            _ => NoSettings::Wrong(one_line(&error.to_string())),
        })?;
        settings.check().map_err(|wrong| NoSettings::Wrong(format!("error: {wrong}")))?;
        Ok(settings)
    }

    /// What is wrong with settings that are right one by one.
    fn check(&self) -> Result<(), String> {
        if !self.exempt_user.is_empty() && !self.check_requesting_user {
            return Err("--exempt-user is for --check-requesting-user only, which is not set".to_owned());
        }
        // Contents, and a permission of the account, perhaps of the user as well.
        let least = if self.check_requesting_user { 3 } else { 2 };
        if f64::from(self.burst) + (self.qps * Deadline::USUAL.as_secs_f64()).floor() < f64::from(least) {
            return Err(format!(
                "--qps {} --burst {} is too few for any pod: one credential spec takes up to {least} lookups; raise --burst",
                self.qps, self.burst
            ));
        }
        Ok(())
    }

    /// The certificate's file.
    pub(crate) fn tls_crt(&self) -> &Path {
        &self.tls_crt
    }

    /// The key's file.
    pub(crate) fn tls_key(&self) -> &Path {
        &self.tls_key
    }

    /// The file of the CA that clients must have a certificate of.
    pub(crate) fn client_ca(&self) -> Option<&Path> {
        self.client_ca.as_deref()
    }

    /// The port for HTTPS.
    pub fn https_port(&self) -> u16 {
        self.https_port
    }

    /// The port for metrics and probes in plain HTTP.
    pub fn metrics_port(&self) -> Option<u16> {
        self.metrics_port
    }

    pub(crate) fn qps(&self) -> f64 {
        self.qps
    }

    pub(crate) fn burst(&self) -> u32 {
        self.burst
    }

    pub(crate) fn log_level(&self) -> log::Level {
        self.log_level
    }

    pub(crate) fn log_format(&self) -> LogFormat {
        self.log_format
    }

    pub(crate) fn policy(&self) -> Policy {
        let templates = match self.templates {
            Templates::Warn => Enforcement::Warn,
            Templates::Deny => Enforcement::Deny,
        };
        Policy::default().with_random_hostname(self.random_hostname).with_templates(templates)
    }

    /// How often to look at the certificate's files, if at all.
    pub(crate) fn cert_reload(&self) -> Option<Duration> {
        self.cert_reload.then_some(self.cert_reload_interval)
    }

    pub(crate) fn service_name(&self) -> Option<&str> {
        self.service_name.as_deref()
    }

    pub(crate) fn cert_expiry_margin(&self) -> Duration {
        self.cert_expiry_margin
    }

    pub(crate) fn cache(&self) -> bool {
        !self.no_cache
    }

    pub(crate) fn access_cache(&self) -> Option<Duration> {
        self.access_cache
    }

    /// Whom not to ask about, where whoever creates a pod is asked about.
    pub(crate) fn exempt_users(&self) -> Option<&[String]> {
        self.check_requesting_user.then_some(&self.exempt_user)
    }

    pub(crate) fn grace_period(&self) -> Duration {
        self.grace_period
    }

    pub(crate) fn max_connections(&self) -> u32 {
        self.max_connections
    }
    pub(crate) fn access(&self) -> AccessMode {
        self.access
    }

    pub(crate) fn max_body(&self) -> u32 {
        self.max_body
    }
}

/// What clap says before it shows the usage, without line breaks.
fn one_line(message: &str) -> String {
    let said: Vec<_> = message.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    said.join(" ")
}

fn server_name(text: &str) -> Result<String, &'static str> {
    match ServerName::try_from(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("write a DNS name"),
    }
}

fn rate(text: &str) -> Result<f64, &'static str> {
    match text.parse() {
        Ok(rate) if (0.001..=1e6).contains(&rate) => Ok(rate),
        _ => Err("write a number from 0.001 to 1000000"),
    }
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    match seconds_or_none(text) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("write a number of seconds above 0"),
    }
}

/// As long as an API server itself believes the permissions that a webhook of its own gave.
///
/// Source: Kubernetes `apiserver/pkg/server/options`, `--authorization-webhook-cache-authorized-ttl`.
fn seconds_of_trust(text: &str) -> Result<Duration, &'static str> {
    match seconds(text) {
        Ok(duration) if duration <= Duration::from_secs(300) => Ok(duration),
        _ => Err("write a number of seconds above 0, up to 300"),
    }
}

fn user(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("write the name of a user") } else { Ok(text.to_owned()) }
}

fn seconds_or_none(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    // Whoever means longer means something else.
    seconds.filter(|seconds| seconds.as_secs() < 366 * 86_400).ok_or("write a number of seconds")
}
