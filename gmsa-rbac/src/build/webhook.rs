use gmsa_types::ServiceAccountRef;
use k8s_openapi::{
    api::{
        core::v1::ServiceAccount,
        rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Subject},
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use super::{RBAC_GROUP, conventional_labels, metadata, role_ref, rule, spec_rule};

/// What the admission webhook itself may do, and the service account that does it.
///
/// It reads credential specs (`get`; `list` and `watch` to keep a cache) and asks access questions (`create`
/// `localsubjectaccessreviews`, in the namespace of each pod). It does not `use` a credential spec: it asks whether
/// others may, and a webhook that could would lend its permission to whoever takes it over. For the same reason it
/// writes nothing and reads no Secrets.
///
/// `system:auth-delegator`, which is often bound for this, has the cluster-wide reviews and not the local ones.
///
/// Source: kubernetes-sigs/windows-gmsa, `charts/gmsa/templates/clusterrole.yaml`, which grants `use` as well;
/// Kubernetes `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`.
///
/// ```
/// use gmsa_rbac::build::WebhookAccess;
///
/// let access = WebhookAccess::new("gmsa-system/gmsa-webhook".parse()?);
/// assert_eq!(access.service_account().metadata.namespace.as_deref(), Some("gmsa-system"));
/// assert_eq!(access.cluster_role().metadata.name.as_deref(), Some("gmsa-webhook"));
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAccess {
    account: ServiceAccountRef,
    watches_permissions: bool,
}

impl WebhookAccess {
    /// For a webhook that runs under this account.
    pub fn new(account: ServiceAccountRef) -> Self {
        Self { account, watches_permissions: false }
    }

    /// Lets it `list` and `watch` roles and bindings too, so that it knows most permissions without a question. They
    /// tell who may do what in the whole cluster.
    ///
    /// ```
    /// use gmsa_rbac::build::WebhookAccess;
    ///
    /// let role = WebhookAccess::new("gmsa-system/gmsa-webhook".parse()?).watching_permissions().cluster_role();
    /// assert!(serde_json::to_string(&role).unwrap().contains("rolebindings"));
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn watching_permissions(self) -> Self {
        Self { watches_permissions: true, ..self }
    }

    /// The service account.
    pub fn service_account(&self) -> ServiceAccount {
        let metadata = metadata(self.account.name(), &conventional_labels());
        ServiceAccount {
            metadata: ObjectMeta { namespace: Some(self.account.namespace().to_owned()), ..metadata },
            ..ServiceAccount::default()
        }
    }

    /// The role.
    pub fn cluster_role(&self) -> ClusterRole {
        let mut rules = vec![
            spec_rule(&["get", "list", "watch"], None),
            rule("authorization.k8s.io", "localsubjectaccessreviews", &["create"]),
        ];
        if self.watches_permissions {
            let kinds = ["clusterroles", "clusterrolebindings", "roles", "rolebindings"];
            rules.push(PolicyRule {
                resources: Some(kinds.map(str::to_owned).into()),
                ..rule(RBAC_GROUP, "", &["list", "watch"])
            });
        }
        ClusterRole {
            metadata: metadata(self.account.name(), &conventional_labels()),
            rules: Some(rules),
            ..ClusterRole::default()
        }
    }

    /// The binding of the role to the account. It is for the whole cluster, since credential specs belong to no
    /// namespace, and pods come in all of them.
    pub fn cluster_role_binding(&self) -> ClusterRoleBinding {
        ClusterRoleBinding {
            metadata: metadata(self.account.name(), &conventional_labels()),
            role_ref: role_ref("ClusterRole", self.account.name()),
            subjects: Some(vec![Subject {
                kind: "ServiceAccount".to_owned(),
                name: self.account.name().to_owned(),
                namespace: Some(self.account.namespace().to_owned()),
                api_group: None,
            }]),
        }
    }
}
