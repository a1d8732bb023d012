use gmsa_types::finding::ObjectRef;

/// The credential specs that the pods of a workload name, and the service account that they run under.
///
/// Whoever reads workloads makes these; this crate reads none.
///
/// ```
/// use gmsa_rbac::audit::WorkloadUse;
/// use gmsa_types::finding::ObjectRef;
///
/// let object = ObjectRef::named("Deployment", "web").in_namespace("shop");
/// let place = "/spec/template/spec/securityContext/windowsOptions/gmsaCredentialSpecName";
/// let web = WorkloadUse::new(object, "shop", "").using_at("webapp1", place);
/// assert_eq!(web.service_account(), "default");
/// assert_eq!((web.uses()[0].name(), web.uses()[0].pointer()), ("webapp1", place));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadUse {
    object: ObjectRef,
    namespace: String,
    service_account: String,
    uses: Vec<SpecUse>,
}

/// One place of a workload that names a credential spec.
///
/// [`WorkloadUse`] has an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecUse {
    name: String,
    pointer: String,
}

impl WorkloadUse {
    /// A workload that names no credential spec yet. An empty service account is `default`, as for the API server.
    pub fn new(object: ObjectRef, namespace: impl Into<String>, service_account: impl Into<String>) -> Self {
        let service_account = Some(service_account.into()).filter(|name: &String| !name.is_empty());
        Self {
            object,
            namespace: namespace.into(),
            service_account: service_account.unwrap_or_else(|| "default".to_owned()),
            uses: Vec::new(),
        }
    }

    /// Adds a credential spec that it names.
    #[must_use]
    pub fn using(self, credential_spec: impl Into<String>) -> Self {
        self.using_at(credential_spec, "")
    }

    /// Adds a credential spec, with the JSON pointer (RFC 6901) of the place that names it: findings point there.
    #[must_use]
    pub fn using_at(mut self, credential_spec: impl Into<String>, pointer: impl Into<String>) -> Self {
        self.uses.push(SpecUse { name: credential_spec.into(), pointer: pointer.into() });
        self
    }

    /// The workload.
    pub fn object(&self) -> &ObjectRef {
        &self.object
    }

    /// The namespace of the workload, its pods and their service account.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The service account.
    pub fn service_account(&self) -> &str {
        &self.service_account
    }

    /// The places that name a credential spec.
    pub fn uses(&self) -> &[SpecUse] {
        &self.uses
    }
}

impl SpecUse {
    /// The name as it is written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The JSON pointer (RFC 6901) of the place in the workload; empty if it is not known.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }
}
