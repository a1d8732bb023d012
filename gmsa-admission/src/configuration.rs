//! The webhook configurations that make an API server call a gMSA webhook: for pods with gMSA fields, and for no
//! other.
//!
//! [`WebhookConfiguration`] makes both. Its match conditions look at the gMSA fields of the pod and of every kind of
//! container, so that neither the webhook's own pods nor the cluster's infrastructure ever depend on the webhook.
//! That is why no namespace has to be exempt, not even the webhook's own: an outage stops new pods that use gMSA,
//! and nothing else.
//!
//! ```
//! use gmsa_admission::configuration::{CaBundle, ServiceEndpoint, Trust, WebhookConfiguration};
//!
//! # let pem = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
//! let endpoint = ServiceEndpoint::new("gmsa-system", "gmsa-webhook")?;
//! let webhook = WebhookConfiguration::new(endpoint, Trust::CaBundle(CaBundle::from_pem(pem)?));
//! let validating = webhook.validating();
//! assert_eq!(validating.webhooks.unwrap()[0].failure_policy.as_deref(), Some("Fail"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What protects a cluster is the validating webhook, and these configurations themselves: whoever may change them,
//! or the labels of an exempt namespace, is past every check.

mod endpoint;
mod error;
mod namespaces;
mod rules;
mod trust;
mod webhook;

pub use endpoint::{Endpoint, EndpointUrl, ServiceEndpoint, WebhookPath};
pub use error::{ConfigurationError, ConfigurationFault};
pub use namespaces::{NamespaceLabel, Namespaces};
pub(crate) use rules::{match_conditions, resource_rules};
pub use trust::{CaBundle, CertificateRef, Trust};
pub use webhook::{FailurePolicy, TimeoutSeconds, WebhookAndPolicy, WebhookConfiguration};
