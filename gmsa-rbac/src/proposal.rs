use gmsa_types::{
    CredentialSpecName, GROUP, InvalidValue, PLURAL, VERB_USE, check_dns_label, check_dns_subdomain,
};
use k8s_openapi::{
    api::rbac::v1::{ClusterRole, RoleBinding, Subject},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use crate::{
    AccessQuestion, Rbac,
    build::{account_binding_name, first_free, role_ref, spec_rule, use_role_name},
    quote,
    subject::RBAC_GROUP,
};

/// The smallest grant that would make the answer to a question yes: a `ClusterRole` that allows `use` of this one
/// credential spec, and a `RoleBinding` of it to this one service account.
///
/// The names follow from the question alone: `use-gmsa-SPEC` and `use-gmsa-SPEC:ACCOUNT`, so that proposing twice
/// proposes the same, accounts share the role, and no two grants share a binding. Names over 253 bytes are cut and
/// end in a hash of what was cut. Where there are roles and bindings already, which may have these names,
/// [`Rbac::grant_for`](crate::Rbac::grant_for) finds others.
///
/// ```
/// use gmsa_rbac::{AccessQuestion, ProposedGrant};
///
/// let grant = ProposedGrant::new(&AccessQuestion::new("team-a", "default", "webapp0"))?;
/// let [role, binding] = grant.commands();
/// assert!(role.starts_with(r#"echo '{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","#));
/// assert!(role.ends_with(r#""resourceNames":["webapp0"],"verbs":["use"]}]}' | kubectl apply -f -"#));
/// assert_eq!(
///     binding,
///     "kubectl create rolebinding use-gmsa-webapp0:default --clusterrole=use-gmsa-webapp0 \
///      --serviceaccount=team-a:default --namespace=team-a --dry-run=client -o yaml | kubectl apply -f -",
/// );
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedGrant {
    question: AccessQuestion<'static>,
    role_name: String,
    binding_name: String,
}

impl ProposedGrant {
    /// The grant for a question.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the question is about a namespace, service account or credential spec of a name that the
    /// API server accepts for none. This is also what makes the commands and the manifest safe to paste.
    pub fn new(question: &AccessQuestion<'_>) -> Result<Self, InvalidValue> {
        check_dns_label("namespace", question.namespace())?;
        check_dns_subdomain("service account name", question.service_account())?;
        CredentialSpecName::try_from(question.credential_spec())?;
        let (spec, account) = (question.credential_spec(), question.service_account());
        Ok(Self {
            role_name: use_role_name([spec]),
            binding_name: account_binding_name(spec, account),
            question: question.clone().into_owned(),
        })
    }

    /// The same under names that are free among these roles and bindings, or that of a role which grants just this.
    /// To take over a name would give its holders what is granted, or take from them what they had.
    pub(crate) fn among(self, rbac: &Rbac) -> Self {
        let rules = self.cluster_role().rules.unwrap_or_default();
        let role_name = first_free(&self.role_name, |name| match rbac.cluster_roles.get(name) {
            Some(role) => role.aggregation.is_none() && role.rules == rules,
            None => rbac.references("", "ClusterRole", name).next().is_none(),
        });
        let bindings = rbac.namespaces.get(self.question.namespace()).map(|found| &found.bindings);
        let is_free = |name: &str| bindings.is_none_or(|bindings| bindings.get(name).is_none());
        let binding_name = first_free(&self.binding_name, is_free);
        Self { role_name, binding_name, ..self }
    }

    /// The name of the `ClusterRole`.
    pub fn role_name(&self) -> &str {
        &self.role_name
    }

    /// The name of the `RoleBinding`.
    pub fn binding_name(&self) -> &str {
        &self.binding_name
    }

    /// The two `kubectl` commands that make the grant, each on one line, for a POSIX shell or PowerShell. They may be run
    /// again: what is there as it should be stays so.
    pub fn commands(&self) -> [String; 2] {
        let role = &self.role_name;
        [
            role_command("ClusterRole", "", role, self.question.credential_spec()),
            self.binding_command("clusterrole", role),
        ]
    }

    /// The command that binds an existing role, of kind `clusterrole` or `role`, to the account.
    pub(crate) fn binding_command(&self, kind: &str, role: &str) -> String {
        let (namespace, account) = (self.question.namespace(), self.question.service_account());
        format!(
            "kubectl create rolebinding {} {} --serviceaccount={namespace}:{account} --namespace={namespace} \
             --dry-run=client -o yaml | kubectl apply -f -",
            self.binding_name,
            quote::shell(&format!("--{kind}={role}")),
        )
    }

    /// The grant as YAML: two documents for `kubectl apply -f -`.
    ///
    /// ```
    /// use gmsa_rbac::{AccessQuestion, ProposedGrant};
    ///
    /// let grant = ProposedGrant::new(&AccessQuestion::new("team-a", "default", "webapp0"))?;
    /// assert!(grant.manifest().contains(r#"resourceNames: ["webapp0"]"#));
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    pub fn manifest(&self) -> String {
        let Self { question, role_name, binding_name } = self;
        let (namespace, account) = (question.namespace(), question.service_account());
        let spec = question.credential_spec();
        // All names are DNS names, which need no escapes between quotes. Without quotes YAML would take some of
        // them (`true`, `1e3`, `null`) for something other than text.
        format!(
            r#"apiVersion: {RBAC_GROUP}/v1
kind: ClusterRole
metadata:
  name: "{role_name}"
rules:
- apiGroups: ["{GROUP}"]
  resources: ["{PLURAL}"]
  resourceNames: ["{spec}"]
  verbs: ["{VERB_USE}"]
---
apiVersion: {RBAC_GROUP}/v1
kind: RoleBinding
metadata:
  name: "{binding_name}"
  namespace: "{namespace}"
roleRef:
  apiGroup: {RBAC_GROUP}
  kind: ClusterRole
  name: "{role_name}"
subjects:
- kind: ServiceAccount
  name: "{account}"
  namespace: "{namespace}"
"#
        )
    }

    /// The `ClusterRole` as an object.
    ///
    /// Neither object has labels: they are what the [commands](Self::commands) make.
    pub fn cluster_role(&self) -> ClusterRole {
        let names = vec![self.question.credential_spec().to_owned()];
        ClusterRole {
            metadata: ObjectMeta { name: Some(self.role_name.clone()), ..ObjectMeta::default() },
            rules: Some(vec![spec_rule(&[VERB_USE], Some(names))]),
            ..ClusterRole::default()
        }
    }

    /// The `RoleBinding` as an object.
    pub fn role_binding(&self) -> RoleBinding {
        self.binding_of("ClusterRole", &self.role_name)
    }

    /// A binding of an existing role to the account.
    pub(crate) fn binding_of(&self, kind: &str, role: &str) -> RoleBinding {
        let namespace = Some(self.question.namespace().to_owned());
        RoleBinding {
            metadata: ObjectMeta {
                name: Some(self.binding_name.clone()),
                namespace: namespace.clone(),
                ..ObjectMeta::default()
            },
            role_ref: role_ref(kind, role),
            subjects: Some(vec![Subject {
                kind: "ServiceAccount".to_owned(),
                name: self.question.service_account().to_owned(),
                namespace,
                api_group: None,
            }]),
        }
    }
}

/// The command that creates a role for one credential spec; the namespace is empty for a `ClusterRole`.
///
/// `kubectl create clusterrole --verb=use` refuses any resource but pod security policies, so the object is written
/// out. `echo` and single quotes are the same to a POSIX shell and to PowerShell, of a text without backslashes.
///
/// Source: kubectl `pkg/cmd/create/create_role.go`, `specialVerbs`.
pub(crate) fn role_command(kind: &str, namespace: &str, name: &str, spec: &str) -> String {
    let namespace = match namespace {
        "" => String::new(),
        _ => format!(r#","namespace":{}"#, quote::json(namespace)),
    };
    let (name, spec) = (quote::json(name), quote::json(spec));
    let rule = format!(
        r#"{{"apiGroups":["{GROUP}"],"resources":["{PLURAL}"],"resourceNames":[{spec}],"verbs":["{VERB_USE}"]}}"#
    );
    let object = format!(
        r#"{{"apiVersion":"{RBAC_GROUP}/v1","kind":"{kind}","metadata":{{"name":{name}{namespace}}},"rules":[{rule}]}}"#
    );
    format!("echo {} | kubectl apply -f -", quote::shell(&object))
}
