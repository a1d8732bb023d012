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
//! | admission policies and their bindings | check [beside it](Install::webhook_and_policy) or [in its place](Install::policies) |
//!
//! They come in an order in which each finds what it needs, the configurations last: until those are there, nothing
//! calls the webhook. From then on a pod that uses gMSA waits for the webhook to be ready, and any other never notices.
//! Policies that read an index need more care, see [`Install::policies_with_index`].
//!
//! Pure, as all of this crate: the certificate is an input, and the same input makes the same objects. No object lies
//! outside the one namespace, unless it lies in none.
//!
//! ```
//! use gmsa_admission::install::{Certificates, Install, InstallName, WebhookServer};
//!
//! let name = InstallName::new(InstallName::NAMESPACE, InstallName::NAME)?;
//! let server = WebhookServer::new("registry.example.com/gmsa:v0.1.0".parse()?, Certificates::CertManager);
//! let objects = Install::webhook(name, server).definition(gmsa_types::crd::definition()).objects();
//! for object in &objects {
//!     println!("---\n{}", serde_json::to_string_pretty(object)?);
//! }
//! assert_eq!(objects.first().map(|object| object.kind()), Some("Namespace"));
//! assert_eq!(objects.last().map(|object| object.kind()), Some("ValidatingWebhookConfiguration"));
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
mod policies;
mod server;

use std::{collections::BTreeMap, fmt};

use gmsa_rbac::build::WebhookAccess;
use k8s_openapi::{
    ByteString,
    api::core::v1::{Secret, ServiceAccount},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use crate::{
    admission_policy::PolicyTooLarge,
    configuration::{
        CertificateRef, Namespaces, ServiceEndpoint, TimeoutSeconds, Trust, WebhookConfiguration,
    },
    index::{Index, IndexTooLarge},
};

pub use certificate::{Certificates, InvalidCertificate, ServingCertificate};
pub use image::{Image, InvalidImage};
pub use name::InstallName;
pub use network::{InvalidIpNetwork, IpNetwork};
pub use object::{Object, Stage};
pub use server::{Access, LogLevel, Probes, WebhookServer};

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
#[derive(Clone, PartialEq)]
#[must_use]
pub struct Install {
    name: InstallName,
    definition: Option<Box<CustomResourceDefinition>>,
    means: Means,
    makes_namespace: bool,
    namespaces: Namespaces,
    timeout: TimeoutSeconds,
}

/// What checks the pods.
#[derive(Debug, Clone, PartialEq)]
enum Means {
    Webhook(Box<WebhookServer>),
    WebhookAndPolicy(Box<WebhookServer>),
    Policies(Box<policies::Policies>),
}

impl Install {
    /// The least minor version of Kubernetes 1 that takes an installation with the webhook: its pods wait before they end
    /// by a hook that came with 1.30. Policies take more, see [`AuthorizingPolicy`] and [`CompletePolicies`]; for what
    /// happens on API servers that are older still, see [`WebhookConfiguration::LEAST_MINOR`].
    ///
    /// Source: Kubernetes, "Feature Gates", `PodLifecycleSleepAction`.
    ///
    /// [`AuthorizingPolicy`]: crate::admission_policy::AuthorizingPolicy::LEAST_MINOR
    /// [`CompletePolicies`]: crate::admission_policy::CompletePolicies::LEAST_MINOR
    pub const LEAST_MINOR: u8 = 30;

    /// The webhook, under this name. It takes Kubernetes 1.30.
    ///
    /// The namespace is made with it, unless it is one that every cluster has, such as `kube-system`; see also
    /// [`in_existing_namespace`](Self::in_existing_namespace).
    pub fn webhook(name: InstallName, server: WebhookServer) -> Self {
        Self::by(name, Means::Webhook(Box::new(server)))
    }

    /// The webhook, and beside it the [policy](crate::admission_policy::AuthorizingPolicy) that checks permissions once
    /// more in the API server itself. It takes Kubernetes 1.35.
    pub fn webhook_and_policy(name: InstallName, server: WebhookServer) -> Self {
        Self::by(name, Means::WebhookAndPolicy(Box::new(server)))
    }

    /// [Policies](crate::admission_policy::CompletePolicies) in place of the webhook, which carry the contents of the
    /// credential specs; some ninety of usual size. Whoever may read policies may read those. It takes Kubernetes 1.36,
    /// also as the version that k8s-openapi is built for: without mutating policies names are checked and not expanded.
    /// Nothing lies in a namespace.
    ///
    /// # Errors
    ///
    /// [`PolicyTooLarge`] if the credential specs do not fit into a policy; see
    /// [`policies_with_index`](Self::policies_with_index).
    ///
    /// ```
    /// use gmsa_admission::{Snapshot, index::Index, install::{Install, InstallName, Object}};
    ///
    /// let specs = Index::of(&Snapshot::default());
    /// let objects = Install::policies(InstallName::new("gmsa-system", "gmsa")?, &specs)?.objects();
    /// assert!(objects.iter().any(|object| matches!(object, Object::ValidatingAdmissionPolicy(_))));
    /// assert!(objects.iter().all(|object| object.namespace().is_none()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn policies(name: InstallName, specs: &Index) -> Result<Self, PolicyTooLarge> {
        let policies = policies::Policies::carrying(specs)?;
        Ok(Self::by(name, Means::Policies(Box::new(policies))))
    }

    /// As [`policies`](Self::policies), for more credential specs than a policy can carry: the policies read them from the
    /// index.
    ///
    /// **Apply the [stages](Object::stage) one by one, and wait for each.** A binding whose index is not there has the API
    /// server refuse every pod of the cluster, with gMSA fields or without. `kubectl apply` with all in one file does just
    /// that to a cluster which has no definition of the index yet: it cannot apply the index, and goes on. And delete
    /// in the opposite order.
    ///
    /// # Errors
    ///
    /// [`IndexTooLarge`] if the credential specs do not fit into one object.
    ///
    /// ```
    /// use gmsa_admission::{Snapshot, index::Index, install::{Install, InstallName, Stage}};
    ///
    /// let index = Index::of(&Snapshot::default());
    /// let install = Install::policies_with_index(InstallName::new("gmsa-system", "gmsa")?, &index)?;
    /// let objects = install.objects();
    /// for stage in [Stage::Prepare, Stage::Run, Stage::Enforce] {
    ///     for object in objects.iter().filter(|object| object.stage() == stage) {
    ///         println!("apply {} {}", object.kind(), object.name());
    ///     }
    ///     println!("wait");
    /// }
    /// assert!(objects.is_sorted_by_key(|object| object.stage()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn policies_with_index(name: InstallName, index: &Index) -> Result<Self, IndexTooLarge> {
        let policies = policies::Policies::reading(index)?;
        Ok(Self::by(name, Means::Policies(Box::new(policies))))
    }

    fn by(name: InstallName, means: Means) -> Self {
        Self {
            makes_namespace: !name.is_in_initial_namespace(),
            name,
            definition: None,
            means,
            namespaces: Namespaces::All,
            timeout: TimeoutSeconds::DEFAULT,
        }
    }

    /// Leaves the namespace out, and the quota in it: where others live there too, the Pod Security level and the limit
    /// would bind them.
    pub fn in_existing_namespace(self) -> Self {
        Self { makes_namespace: false, ..self }
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

    /// The objects, in the order to apply them in.
    #[must_use]
    pub fn objects(&self) -> Vec<Object> {
        let definition = self.definition.as_deref().map(|definition| kept(definition.clone()).into());
        match &self.means {
            Means::Webhook(server) => self.webhook_objects(server, definition, false),
            Means::WebhookAndPolicy(server) => self.webhook_objects(server, definition, true),
            Means::Policies(policies) => {
                definition.into_iter().chain(policies.objects(&self.name, &self.namespaces)).collect()
            }
        }
    }

    fn webhook_objects(
        &self,
        server: &WebhookServer,
        definition: Option<Object>,
        with_policy: bool,
    ) -> Vec<Object> {
        let mut objects = Vec::new();
        if self.makes_namespace {
            objects.push(namespace::namespace(&self.name).into());
            objects.push(namespace::critical_pods(&self.name).into());
        }
        objects.extend(definition);
        objects.extend(self.access(server.access));
        match &server.certificates {
            Certificates::CertManager => {
                objects.extend(cert_manager::objects(&self.name).map(Object::Other));
            }
            Certificates::Given(serving) => objects.push(secret(&self.name, serving).into()),
        }
        objects.extend([
            deployment::deployment(&self.name, server).into(),
            deployment::disruption_budget(&self.name).into(),
            network::service(&self.name).into(),
            network::network_policy(&self.name, &server.sources).into(),
        ]);
        let both = self.configuration(server).with_policy();
        if with_policy {
            objects.extend([both.policy.into(), both.binding.into()]);
        }
        objects.extend([both.mutating.into(), both.validating.into()]);
        objects
    }

    fn configuration(&self, server: &WebhookServer) -> WebhookConfiguration {
        let trust = match &server.certificates {
            Certificates::CertManager => {
                Trust::CertManager(CertificateRef::checked(self.name.namespace(), &self.name.secret()))
            }
            Certificates::Given(serving) => Trust::CaBundle(serving.ca().clone()),
        };
        let endpoint = ServiceEndpoint::checked(self.name.namespace(), self.name.name());
        let mut configuration = WebhookConfiguration::new(endpoint, trust)
            .checked_name(self.name.name())
            .in_namespaces(self.namespaces.clone())
            .timeout(self.timeout);
        if let Some(enforcement) = server.templates {
            configuration = configuration.templates(enforcement);
        }
        labels::all(&self.name)
            .into_iter()
            .fold(configuration, |configuration, (key, value)| configuration.label(key, value))
    }

    fn access(&self, access: Access) -> [Object; 3] {
        let watches = access == Access::Watch;
        let access = WebhookAccess::new(self.name.service_account().clone());
        let access = if watches { access.watching_permissions() } else { access };
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

/// Leaves the definition out, which fills pages.
impl fmt::Debug for Install {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, means, .. } = self;
        f.debug_struct("Install").field("name", name).field("means", means).finish_non_exhaustive()
    }
}

/// With the annotation by which Helm leaves a definition alone: its objects go when it goes.
fn kept(mut definition: CustomResourceDefinition) -> CustomResourceDefinition {
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
