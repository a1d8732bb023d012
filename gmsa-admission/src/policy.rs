use serde::{Deserialize, Serialize};

use crate::template::Enforcement;

/// What the operator chooses. The default is upstream's default; no choice here makes admission more
/// permissive.
///
/// ```
/// use gmsa_admission::Policy;
///
/// let policy = Policy::default().with_random_hostname(true);
/// assert!(policy.random_hostname());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Policy {
    random_hostname: bool,
    templates: Enforcement,
}

impl Policy {
    /// Whether a pod that names a credential spec and sets no hostname gets a hostname of its own: 15
    /// characters, derived from the request's uid. Several containers with one gMSA and one hostname disturb
    /// each other's logons (microsoft/Windows-Containers issue 405).
    #[must_use]
    pub fn with_random_hostname(mut self, random_hostname: bool) -> Self {
        self.random_hostname = random_hostname;
        self
    }

    /// See [`with_random_hostname`](Self::with_random_hostname).
    pub fn random_hostname(&self) -> bool {
        self.random_hostname
    }

    /// What becomes of a workload whose pods would be denied: [`check_template`](crate::check_template()) warns unless it
    /// is told to deny. The pods themselves are always denied.
    ///
    /// ```
    /// use gmsa_admission::{Policy, template::Enforcement};
    ///
    /// assert_eq!(Policy::default().templates(), Enforcement::Warn);
    /// assert_eq!(Policy::default().with_templates(Enforcement::Deny).templates(), Enforcement::Deny);
    /// ```
    #[must_use]
    pub fn with_templates(mut self, templates: Enforcement) -> Self {
        self.templates = templates;
        self
    }

    /// See [`with_templates`](Self::with_templates).
    pub fn templates(&self) -> Enforcement {
        self.templates
    }
}
