use std::fmt;

use k8s_openapi::{
    api::{
        admissionregistration::v1::{
            MutatingWebhookConfiguration, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
            ValidatingWebhookConfiguration,
        },
        apps::v1::Deployment,
        core::v1::{Namespace, ResourceQuota, Secret, Service, ServiceAccount},
        networking::v1::NetworkPolicy,
        policy::v1::PodDisruptionBudget,
        rbac::v1::{ClusterRole, ClusterRoleBinding},
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::index::GmsaIndex;

/// One object of an installation. It is serialized as the object that it is, with `apiVersion` and `kind`.
///
/// `Debug` shows what the object is called and nothing else: the Secret holds a private key. Mind that the `Debug` of
/// the Secret within, once taken out, shows all of it.
///
/// ```
/// use gmsa_admission::install::{Certificates, Install, InstallName, Object, WebhookServer};
///
/// let server = WebhookServer::new("example.com/gmsa:v1".parse()?, Certificates::CertManager);
/// let objects = Install::webhook(InstallName::new("gmsa-system", "gmsa")?, server).objects();
/// assert_eq!(format!("{:?}", objects[0]), "Object(Namespace gmsa-system)");
/// assert_eq!(serde_json::to_value(&objects[0])?["kind"], "Namespace");
/// assert!(objects.iter().any(|object| matches!(object, Object::Deployment(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Object {
    /// The namespace.
    Namespace(Box<Namespace>),
    /// What permits critical pods in the namespace.
    ResourceQuota(Box<ResourceQuota>),
    /// A definition of resources.
    CustomResourceDefinition(Box<CustomResourceDefinition>),
    /// The account that the webhook runs under.
    ServiceAccount(Box<ServiceAccount>),
    /// What the webhook may do.
    ClusterRole(Box<ClusterRole>),
    /// Who may do it.
    ClusterRoleBinding(Box<ClusterRoleBinding>),
    /// The certificate and its key.
    Secret(Box<Secret>),
    /// The webhook itself.
    Deployment(Box<Deployment>),
    /// How many of its pods may be taken away at once.
    PodDisruptionBudget(Box<PodDisruptionBudget>),
    /// What the API server calls.
    Service(Box<Service>),
    /// Who reaches the pods.
    NetworkPolicy(Box<NetworkPolicy>),
    /// The registration that expands names.
    MutatingWebhookConfiguration(Box<MutatingWebhookConfiguration>),
    /// The registration that enforces.
    ValidatingWebhookConfiguration(Box<ValidatingWebhookConfiguration>),
    /// The credential specs as admission policies read them.
    GmsaIndex(Box<GmsaIndex>),
    /// The checks as the API server makes them itself.
    ValidatingAdmissionPolicy(Box<ValidatingAdmissionPolicy>),
    /// What puts them into effect.
    ValidatingAdmissionPolicyBinding(Box<ValidatingAdmissionPolicyBinding>),
    /// An object of a kind that k8s-openapi does not have in each of its versions, as JSON: those of cert-manager,
    /// and mutating policies.
    Other(Value),
}

/// The three steps of an installation. An object of a later one may need those of an earlier one to be there, which for
/// a definition is to be served, and takes a moment.
///
/// ```
/// use gmsa_admission::install::Stage;
///
/// assert!(Stage::Prepare < Stage::Run && Stage::Run < Stage::Enforce);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is before, during and after")]
pub enum Stage {
    /// The namespace, and the definitions of resources.
    Prepare,
    /// What lies in them.
    Run,
    /// What has pods checked from then on.
    Enforce,
}

/// Calls the macro with all variants that hold a typed object.
macro_rules! each_typed {
    ($then:ident) => {
        $then! {
            Namespace, ResourceQuota, CustomResourceDefinition, ServiceAccount, ClusterRole, ClusterRoleBinding,
            Secret, Deployment, PodDisruptionBudget, Service, NetworkPolicy, MutatingWebhookConfiguration,
            ValidatingWebhookConfiguration, GmsaIndex, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding
        }
    };
}

macro_rules! conversions {
    ($($kind:ident),*) => {
        $(impl From<$kind> for Object {
            fn from(object: $kind) -> Self {
                Self::$kind(Box::new(object))
            }
        })*
    };
}

each_typed!(conversions);

impl Object {
    /// When it is to be applied.
    pub fn stage(&self) -> Stage {
        match self.kind() {
            "Namespace" | "ResourceQuota" | "CustomResourceDefinition" => Stage::Prepare,
            "MutatingWebhookConfiguration"
            | "ValidatingWebhookConfiguration"
            | "MutatingAdmissionPolicyBinding"
            | "ValidatingAdmissionPolicyBinding" => Stage::Enforce,
            _ => Stage::Run,
        }
    }

    /// The version of the API that it belongs to: `apps/v1`.
    pub fn api_version(&self) -> &str {
        self.identity().api_version
    }

    /// The kind: `Deployment`.
    pub fn kind(&self) -> &str {
        self.identity().kind
    }

    /// The namespace, if it belongs to one.
    pub fn namespace(&self) -> Option<&str> {
        self.identity().namespace
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.identity().name
    }

    fn identity(&self) -> Identity<'_> {
        macro_rules! typed {
            ($($kind:ident),*) => {
                match self {
                    $(Self::$kind(object) => Identity::of(&**object, &object.metadata),)*
                    Self::Other(object) => {
                        let text = |at| object.pointer(at).and_then(Value::as_str);
                        Identity {
                            api_version: text("/apiVersion").unwrap_or_default(),
                            kind: text("/kind").unwrap_or_default(),
                            namespace: text("/metadata/namespace"),
                            name: text("/metadata/name").unwrap_or_default(),
                        }
                    }
                }
            };
        }
        each_typed!(typed)
    }
}

/// What tells objects apart.
struct Identity<'o> {
    api_version: &'o str,
    kind: &'o str,
    namespace: Option<&'o str>,
    name: &'o str,
}

impl<'o> Identity<'o> {
    fn of<T: k8s_openapi::Resource>(
        _: &T,
        metadata: &'o k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
    ) -> Self {
        Self {
            api_version: T::API_VERSION,
            kind: T::KIND,
            namespace: metadata.namespace.as_deref(),
            name: metadata.name.as_deref().unwrap_or_default(),
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        macro_rules! typed {
            ($($kind:ident),*) => {
                match self {
                    $(Self::$kind(object) => object.serialize(serializer),)*
                    Self::Other(object) => object.serialize(serializer),
                }
            };
        }
        each_typed!(typed)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Identity { kind, namespace, name, .. } = self.identity();
        match namespace {
            Some(namespace) => write!(f, "Object({kind} {namespace}/{name})"),
            None => write!(f, "Object({kind} {name})"),
        }
    }
}
