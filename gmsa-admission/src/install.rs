//! Everything that a cluster needs for gMSA admission, as objects to apply.
//!
//! | object | made to |
//! |---|---|
//! | Namespace, ResourceQuota | hold the webhook, with the Pod Security level `restricted`, and permit its priority |
//! | CustomResourceDefinition | hold credential specs; it is given, and nothing here ever takes it away |
//! | ServiceAccount, ClusterRole, ClusterRoleBinding | let the webhook read credential specs and ask about access |
//! | Secret, or Issuers and Certificates | give it a certificate |
//! | Deployment, PodDisruptionBudget | run it, twice, without rights that it has no use for |
//! | Service, NetworkPolicy | reach it |
//! | MutatingWebhookConfiguration, ValidatingWebhookConfiguration | call it, for pods that use gMSA alone |
//!
//! They come in an order in which each finds what it needs, the configurations last: until those are there, nothing
//! calls the webhook. From then on a pod that uses gMSA waits for the webhook to be ready, and any other never notices.
//!
//! Pure, as all of this crate: the certificate is an input, and the same input makes the same objects. No object lies
//! outside the one namespace, unless it lies in none.
//!
//! ```
//! use gmsa_admission::install::{Certificates, Install, InstallName, WebhookServer};
//!
//! let name = InstallName::new(InstallName::NAMESPACE, InstallName::NAME)?;
//! let server = WebhookServer::new("registry.example.com/gmsa:v0.1.0".parse()?, Certificates::CertManager);
//! let install = Install::webhook(name, server).definition(gmsa_types::crd::definition());
//! for object in install.objects() {
//!     println!("---\n{}", serde_json::to_string_pretty(&object)?);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cert_manager;
mod certificate;
mod deployment;
mod image;
mod labels;
mod name;
mod namespace;
mod network;
mod object;
mod server;

use std::collections::BTreeMap;

use gmsa_rbac::build::WebhookAccess;
use k8s_openapi::{
    ByteString,
    api::core::v1::{Secret, ServiceAccount},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use crate::configuration::{
    CertificateRef, Namespaces, ServiceEndpoint, TimeoutSeconds, Trust, WebhookConfiguration,
};

pub use certificate::{Certificates, InvalidCertificate, ServingCertificate};
pub use image::{Image, InvalidImage};
pub use name::InstallName;
pub use network::{InvalidIpNetwork, IpNetwork};
pub use object::Object;
pub use server::{LogLevel, Probes, WebhookServer};

/// An installation to be made.
///
/// ```
/// use gmsa_admission::install::{Certificates, Install, InstallName, WebhookServer};
///
/// let server = WebhookServer::new("example.com/gmsa:v1".parse()?, Certificates::CertManager);
/// let install = Install::webhook(InstallName::new("identity", "gmsa")?, server);
/// let kinds: Vec<String> = install.objects().iter().map(|object| object.kind().to_owned()).collect();
/// assert_eq!(kinds.first().map(String::as_str), Some("Namespace"));
/// assert_eq!(kinds.last().map(String::as_str), Some("ValidatingWebhookConfiguration"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Install {
    name: InstallName,
    definition: Option<Box<CustomResourceDefinition>>,
    server: WebhookServer,
    namespaces: Namespaces,
    timeout: TimeoutSeconds,
}

impl Install {
    /// The webhook, under this name.
    ///
    /// In a namespace that every cluster has, such as `kube-system`, neither the namespace nor a quota is among the
    /// objects: their labels and limits would bind others.
    pub fn webhook(name: InstallName, server: WebhookServer) -> Self {
        Self { name, definition: None, server, namespaces: Namespaces::All, timeout: TimeoutSeconds::DEFAULT }
    }

    /// Also installs the definition of credential specs: `gmsa_types::crd::definition()`, say.
    ///
    /// To delete it is to delete every credential spec. It is annotated so that Helm would not, should the objects
    /// end up in a chart.
    ///
    /// Source: Helm, "Chart Development Tips and Tricks", section "Tell Helm Not To Uninstall a Resource".
    pub fn definition(self, definition: CustomResourceDefinition) -> Self {
        Self { definition: Some(Box::new(definition)), ..self }
    }

    /// The namespaces whose pods are checked. Read at [`Namespaces`] what a choice other than all of them opens.
    pub fn in_namespaces(self, namespaces: Namespaces) -> Self {
        Self { namespaces, ..self }
    }

    /// How long the API server waits for one answer of the webhook.
    pub fn timeout(self, timeout: TimeoutSeconds) -> Self {
        Self { timeout, ..self }
    }

    /// What it is called.
    pub fn name(&self) -> &InstallName {
        &self.name
    }

    /// The registration of the webhook, from which the two configurations are made.
    pub fn configuration(&self) -> WebhookConfiguration {
        let trust = match &self.server.certificates {
            Certificates::CertManager => {
                Trust::CertManager(CertificateRef::checked(self.name.namespace(), &self.name.secret()))
            }
            Certificates::Given(serving) => Trust::CaBundle(serving.ca().clone()),
        };
        let endpoint = ServiceEndpoint::checked(self.name.namespace(), self.name.name());
        labels::all(&self.name).into_iter().fold(
            WebhookConfiguration::new(endpoint, trust)
                .checked_name(self.name.name())
                .in_namespaces(self.namespaces.clone())
                .timeout(self.timeout),
            |configuration, (key, value)| configuration.label(key, value),
        )
    }

    /// The objects, in the order to apply them in.
    #[must_use]
    pub fn objects(&self) -> Vec<Object> {
        let mut objects = Vec::new();
        if !self.name.is_in_initial_namespace() {
            objects.push(namespace::namespace(&self.name).into());
            objects.push(namespace::critical_pods(&self.name).into());
        }
        objects.extend(self.definition.as_ref().map(|definition| kept(definition).into()));
        objects.extend(self.access());
        match &self.server.certificates {
            Certificates::CertManager => {
                objects.extend(cert_manager::objects(&self.name).map(Object::Other));
            }
            Certificates::Given(serving) => objects.push(secret(&self.name, serving).into()),
        }
        let configuration = self.configuration();
        objects.extend([
            deployment::deployment(&self.name, &self.server).into(),
            deployment::disruption_budget(&self.name).into(),
            network::service(&self.name).into(),
            network::network_policy(&self.name, &self.server.sources).into(),
            configuration.mutating().into(),
            configuration.validating().into(),
        ]);
        objects
    }

    fn access(&self) -> [Object; 3] {
        let access = WebhookAccess::new(self.name.service_account().clone());
        let labelled =
            |metadata: ObjectMeta| ObjectMeta { labels: Some(labels::all(&self.name)), ..metadata };
        let account = access.service_account();
        let (mut role, mut binding) = (access.cluster_role(), access.cluster_role_binding());
        role.metadata = labelled(role.metadata);
        binding.metadata = labelled(binding.metadata);
        let account = ServiceAccount {
            metadata: labelled(account.metadata),
            // The webhook's pods ask for it; another that is given the account by mistake does not get it.
            automount_service_account_token: Some(false),
            ..account
        };
        [account.into(), role.into(), binding.into()]
    }
}

fn kept(definition: &CustomResourceDefinition) -> CustomResourceDefinition {
    let mut definition = definition.clone();
    let annotations = definition.metadata.annotations.get_or_insert_default();
    annotations.insert("helm.sh/resource-policy".to_owned(), "keep".to_owned());
    definition
}

fn secret(name: &InstallName, serving: &ServingCertificate) -> Secret {
    let bytes = |text: &[u8]| ByteString(text.to_vec());
    Secret {
        metadata: ObjectMeta { name: Some(name.secret()), ..labels::metadata(name) },
        type_: Some("kubernetes.io/tls".to_owned()),
        data: Some(BTreeMap::from([
            ("ca.crt".to_owned(), bytes(serving.ca().as_bytes())),
            ("tls.crt".to_owned(), bytes(serving.certificate().as_bytes())),
            ("tls.key".to_owned(), bytes(serving.key().as_bytes())),
        ])),
        ..Secret::default()
    }
}
