//! What is wrong with the permissions of a cluster, or of a folder of manifests.
//!
//! An [`Audit`] looks at roles and bindings, and, where the caller brings them, at the names of the credential
//! specs, the service accounts, and the workloads. It returns [`Finding`]s in the order in which to show them. The
//! [`RULES`] are listed in `RULES.md` beside this crate's README.
//!
//! What was not brought is not known, and no rule that needs it has anything to say: a folder without a single
//! service account says nothing of which there are.
//!
//! ```
//! use gmsa_rbac::{Rbac, audit::{Audit, WorkloadUse}, build::{UseBinding, UseRole}};
//! use gmsa_types::{CredentialSpecName, finding::ObjectRef};
//!
//! let role = UseRole::new(CredentialSpecName::try_from("webapp1")?);
//! let mut rbac = Rbac::default();
//! rbac.insert(role.cluster_role());
//! rbac.insert(UseBinding::new(&role, "shop")?.service_account("web")?.role_binding());
//!
//! let workload = |account| {
//!     WorkloadUse::new(ObjectRef::named("Deployment", account).in_namespace("shop"), "shop", account).using("webapp1")
//! };
//! let audit = Audit::of(&rbac).credential_specs(["webapp1"]).workload(workload("web"));
//! assert_eq!(audit.findings(), []);
//! let findings = audit.workload(workload("batch")).findings();
//! assert_eq!(
//!     findings[0].to_string(),
//!     "error[GR301]: service account `shop/batch` may not `use` credential spec `webapp1`: ClusterRole \
//!      `use-gmsa-webapp1` would allow it, but RoleBinding `shop/use-gmsa-webapp1` binds it to others only",
//! );
//! # Ok::<(), gmsa_types::InvalidValue>(())
//! ```

mod bindings;
mod roles;
mod rules;
mod scene;
mod wide;
mod workload;
mod workloads;

use std::collections::{BTreeMap, BTreeSet};

use gmsa_types::finding::Finding;

use crate::Rbac;
use scene::Scene;

pub use rules::{AuditRule, RULES};
pub use workload::{SpecUse, WorkloadUse};

/// An audit: the permissions, and what else is known of the cluster. The [module](self) has an example.
#[derive(Debug, Clone)]
pub struct Audit<'r> {
    rbac: &'r Rbac,
    credential_specs: Option<BTreeSet<String>>,
    service_accounts: Option<BTreeMap<String, BTreeSet<String>>>,
    workloads: Vec<WorkloadUse>,
}

impl<'r> Audit<'r> {
    /// An audit of roles and bindings alone.
    pub fn of(rbac: &'r Rbac) -> Self {
        Self { rbac, credential_specs: None, service_accounts: None, workloads: Vec::new() }
    }

    /// Says which credential specs there are: these, and those of earlier calls.
    #[must_use]
    pub fn credential_specs(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.credential_specs.get_or_insert_default().extend(names.into_iter().map(Into::into));
        self
    }

    /// Says which service accounts there are, each as namespace and name: these, and those of earlier calls.
    /// `default`, which every namespace has, need not be among them.
    #[must_use]
    pub fn service_accounts(
        mut self,
        accounts: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let known = self.service_accounts.get_or_insert_default();
        for (namespace, name) in accounts {
            known.entry(namespace.into()).or_default().insert(name.into());
        }
        self
    }

    /// Adds a workload.
    #[must_use]
    pub fn workload(mut self, workload: WorkloadUse) -> Self {
        self.workloads.push(workload);
        self
    }

    /// What every rule has to say, in the order in which to show it ([`Finding::order`]).
    pub fn findings(&self) -> Vec<Finding> {
        let scene = Scene::new(
            self.rbac,
            self.credential_specs.as_ref(),
            self.service_accounts.as_ref(),
            &self.workloads,
        );
        let mut findings = Vec::new();
        for rule in &RULES {
            rule.check(&scene, &mut findings);
        }
        findings.sort_by(Finding::order);
        findings
    }
}
