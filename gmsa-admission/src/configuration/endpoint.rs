//! Where an API server finds the webhook, checked before it is written down.

use std::fmt;

use gmsa_types::{check_dns_label, check_dns_subdomain};
use k8s_openapi::api::admissionregistration::v1::{ServiceReference, WebhookClientConfig};

use super::ConfigurationError;

/// Where the API server finds the webhook.
///
/// Source: Kubernetes `k8s.io/api/admissionregistration/v1/types.go`, `WebhookClientConfig`.
///
/// ```
/// use gmsa_admission::configuration::{Endpoint, EndpointUrl, ServiceEndpoint};
///
/// assert!(matches!(ServiceEndpoint::new("gmsa-system", "gmsa-webhook")?.into(), Endpoint::Service(_)));
/// assert!(matches!(EndpointUrl::try_from("https://gmsa.contoso.com")?.into(), Endpoint::Url(_)));
/// # Ok::<(), gmsa_admission::configuration::ConfigurationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a client config has a service or a URL, and nothing else")]
pub enum Endpoint {
    /// A Service of the cluster, the usual case.
    Service(ServiceEndpoint),
    /// A URL, for a webhook outside the cluster or on the control plane's own hosts.
    Url(EndpointUrl),
}

impl Endpoint {
    /// The client config that calls the endpoint at this path, with no CA bundle yet.
    pub(super) fn client_config(&self, path: &WebhookPath) -> WebhookClientConfig {
        match self {
            Self::Service(service) => WebhookClientConfig {
                service: Some(ServiceReference {
                    namespace: service.namespace.clone(),
                    name: service.name.clone(),
                    path: Some(path.0.clone()),
                    port: Some(i32::from(service.port)),
                }),
                ..WebhookClientConfig::default()
            },
            Self::Url(url) => WebhookClientConfig {
                url: Some(format!("{}{path}", url.0)),
                ..WebhookClientConfig::default()
            },
        }
    }
}

impl From<ServiceEndpoint> for Endpoint {
    fn from(service: ServiceEndpoint) -> Self {
        Self::Service(service)
    }
}

impl From<EndpointUrl> for Endpoint {
    fn from(url: EndpointUrl) -> Self {
        Self::Url(url)
    }
}

/// A Service in front of the webhook: its namespace, its name and its port, all checked.
///
/// The server's certificate must be for `NAME.NAMESPACE.svc`, see [`host`](Self::host).
///
/// Source: Kubernetes `apiserver/pkg/util/webhook/validation.go`, `ValidateWebhookService`; the names are those that a
/// Service and a namespace can have.
///
/// ```
/// use gmsa_admission::configuration::ServiceEndpoint;
///
/// let service = ServiceEndpoint::new("gmsa-system", "gmsa-webhook")?;
/// assert_eq!(service.port(), 443);
/// assert_eq!(service.host(), "gmsa-webhook.gmsa-system.svc");
/// assert!(ServiceEndpoint::new("gmsa-system", "").is_err());
/// # Ok::<(), gmsa_admission::configuration::ConfigurationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEndpoint {
    namespace: String,
    name: String,
    port: u16,
}

impl ServiceEndpoint {
    /// The Service of this name, at port 443.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] if the namespace or the name is no DNS-1123 label.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Result<Self, ConfigurationError> {
        let (namespace, name) = (namespace.into(), name.into());
        check_dns_label("namespace", &namespace)?;
        check_dns_label("service name", &name)?;
        Ok(Self { namespace, name, port: 443 })
    }

    /// One whose names have been checked already.
    pub(crate) fn checked(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned(), port: 443 }
    }

    /// Another port of the Service (not of its pods).
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] if it is 0.
    pub fn at_port(self, port: u16) -> Result<Self, ConfigurationError> {
        match port {
            0 => Err(ConfigurationError::range("service port", 1, u16::MAX.into(), 0)),
            port => Ok(Self { port, ..self }),
        }
    }

    /// The namespace of the Service.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name of the Service.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port of the Service.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The name that the API server expects in the server's certificate: `NAME.NAMESPACE.svc`.
    pub fn host(&self) -> String {
        format!("{}.{}.svc", self.name, self.namespace)
    }
}

/// The URL that the paths of the two webhooks are put behind: `https://HOST[:PORT][/PATH]`.
///
/// Checked as the API server checks it (`https`, a host, no user, no query, no fragment), and more strictly where a
/// slip would only show at the first pod: the port is a number, the path has no empty part.
///
/// Source: Kubernetes `apiserver/pkg/util/webhook/validation.go`, `ValidateWebhookURL`.
///
/// ```
/// use gmsa_admission::configuration::EndpointUrl;
///
/// let url = EndpointUrl::try_from("https://gmsa.contoso.com:8443/webhook/")?;
/// assert_eq!(url.as_str(), "https://gmsa.contoso.com:8443/webhook");
/// assert!(EndpointUrl::try_from("https://user@gmsa.contoso.com").is_err());
/// # Ok::<(), gmsa_admission::configuration::ConfigurationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointUrl(String);

impl EndpointUrl {
    /// The URL, with no slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// # Errors
///
/// [`ConfigurationError`] if the text is no such URL; the [type](EndpointUrl) says what is looked at.
impl TryFrom<&str> for EndpointUrl {
    type Error = ConfigurationError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        let broken = |rule| Err(ConfigurationError::rule("webhook URL", rule));
        let Some(rest) = text.strip_prefix("https://") else { return broken("it starts with https://") };
        if text.contains('#') {
            return broken("it has no fragment");
        }
        if text.contains('?') {
            return broken("it has no query");
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return broken("it has no user information");
        }
        let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, port)) => match address.parse::<std::net::Ipv6Addr>() {
                Ok(_) => (address, port),
                Err(_) => return broken("an address in brackets is one of IPv6"),
            },
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        // An IPv6 address has no letters that a DNS name lacks, so one check serves both.
        if host.is_empty() || !host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c)) {
            return broken("it names a host");
        }
        let number = port.strip_prefix(':').unwrap_or("1");
        // `parse` would take a sign.
        if (!port.is_empty() && !port.starts_with(':'))
            || !number.bytes().all(|byte| byte.is_ascii_digit())
            || number.parse::<u16>().map_or(true, |number| number == 0)
        {
            return broken("its port is a number from 1 to 65535");
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        let is_plain = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c))
        };
        match path {
            "" => Ok(Self(format!("https://{authority}"))),
            path if path.split('/').all(is_plain) => Ok(Self(format!("https://{authority}/{path}"))),
            _ => broken("the parts of its path have letters, digits, `-`, `.`, `_` and `~` only"),
        }
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The path of one webhook, such as `/mutate`: DNS-1123 subdomains behind slashes.
///
/// The API server adds a query to it; a server must match on the path alone.
///
/// Source: Kubernetes `apiserver/pkg/util/webhook/validation.go`, `ValidateWebhookService`.
///
/// ```
/// use gmsa_admission::configuration::WebhookPath;
///
/// assert_eq!(WebhookPath::try_from("/gmsa/mutate")?.as_str(), "/gmsa/mutate");
/// assert!(WebhookPath::try_from("mutate").is_err());
/// assert!(WebhookPath::try_from("/mutate/").is_err());
/// # Ok::<(), gmsa_admission::configuration::ConfigurationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookPath(String);

impl WebhookPath {
    /// `/mutate`, which upstream's image serves too.
    pub fn mutate() -> Self {
        Self("/mutate".to_owned())
    }

    /// `/validate`, which upstream's image serves too.
    pub fn validate() -> Self {
        Self("/validate".to_owned())
    }

    /// `/template`, which upstream's image does not serve.
    pub fn template() -> Self {
        Self("/template".to_owned())
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// # Errors
///
/// [`ConfigurationError`] if the text does not begin with a slash, ends in one, or has a part that is no DNS-1123
/// subdomain.
impl TryFrom<&str> for WebhookPath {
    type Error = ConfigurationError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        let Some(parts) = text.strip_prefix('/') else {
            return Err(ConfigurationError::rule("webhook path", "it starts with a slash"));
        };
        for part in parts.split('/') {
            check_dns_subdomain("part of the webhook path", part)?;
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for WebhookPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
