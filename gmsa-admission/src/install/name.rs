use gmsa_types::{InvalidValue, ServiceAccountRef, check_dns_1035_label};

/// Where the webhook lives: its namespace, and the name that all its objects share.
///
/// [`NAMESPACE`](Self::NAMESPACE) and [`NAME`](Self::NAME) are the usual ones. Upstream's deploy script has
/// `gmsa-webhook` for both, and its chart is mostly put into `kube-system`: under other names the two can run side by
/// side while one takes over from the other. What upstream installed cannot be turned into this in place, since the
/// selector of a Deployment never changes.
///
/// ```
/// use gmsa_admission::install::InstallName;
///
/// let name = InstallName::new(InstallName::NAMESPACE, InstallName::NAME)?;
/// assert_eq!(name.dns_name(), "gmsa-admission.gmsa-system.svc");
/// assert!(InstallName::new("gmsa-system", "2nd").is_err());
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstallName {
    account: ServiceAccountRef,
}

impl InstallName {
    /// The usual namespace.
    pub const NAMESPACE: &str = "gmsa-system";
    /// The usual name.
    pub const NAME: &str = "gmsa-admission";

    /// A name from its parts.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the namespace is no DNS-1123 label, or the name no DNS-1035 label, as that of a Service
    /// must be.
    ///
    /// Source: Kubernetes `apimachinery/pkg/api/validation/generic.go`, `ValidateServiceName`.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Result<Self, InvalidValue> {
        let name = name.into();
        check_dns_1035_label("name of the installation", &name)?;
        Ok(Self { account: ServiceAccountRef::new(namespace, name)? })
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        self.account.namespace()
    }

    /// The name of the Service, the Deployment, the service account and the others.
    pub fn name(&self) -> &str {
        self.account.name()
    }

    /// The account that the webhook runs under.
    pub fn service_account(&self) -> &ServiceAccountRef {
        &self.account
    }

    /// The name that the API server asks for when it calls the webhook, and that the certificate must be for:
    /// `NAME.NAMESPACE.svc`.
    ///
    /// Source: Kubernetes `apiserver/pkg/util/webhook/client.go`, `HookClient`.
    pub fn dns_name(&self) -> String {
        format!("{}.{}.svc", self.name(), self.namespace())
    }

    /// All names that a certificate is made out to: [`dns_name`](Self::dns_name) first, then the others under which the
    /// Service can be reached within the cluster.
    pub fn dns_names(&self) -> [String; 3] {
        let name = self.dns_name();
        let whole = format!("{name}.cluster.local");
        [name, format!("{}.{}", self.name(), self.namespace()), whole]
    }

    /// The Secret with the certificate and its key, `NAME-tls`.
    pub fn secret(&self) -> String {
        self.suffixed("tls")
    }

    pub(super) fn suffixed(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.name())
    }

    /// The namespaces that every cluster has: not made here, and not labelled either.
    ///
    /// Source: Kubernetes, "Namespaces", section "Initial namespaces".
    pub(super) fn is_in_initial_namespace(&self) -> bool {
        matches!(self.namespace(), "default" | "kube-system" | "kube-public" | "kube-node-lease")
    }
}
