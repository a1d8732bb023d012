mod cover;

use std::collections::{BTreeMap, BTreeSet};

use gmsa_types::{
    CredentialSpecName, InvalidValue, check_dns_label, check_dns_subdomain, finding::ObjectRef,
};

use crate::{
    RbacObject,
    audit::WorkloadUse,
    build::{UseBinding, UseRole},
};
use cover::Cover;

/// The fewest roles and bindings that let the pods of these workloads in, and no others: every service account may
/// `use` what its workloads name, and nothing else.
///
/// `credential_specs` are those that exist, where that is known. A workload that names another, or a name that no
/// object can have, is [left out](MinimalGrants::left_out).
///
/// The roles are [`UseRole`]s with their conventional names, and a role is bound in a namespace once, under its own
/// name. Whoever would rather have a role for each credential spec, which is easier to read and often no larger,
/// takes [`ProposedGrant`](crate::ProposedGrant)s or the builders.
///
/// To find the fewest is a hard problem (that of a set basis), but accounts that share no credential spec have
/// nothing to do with each other, and what is left of it is small in all but odd clusters. Where it is not, the
/// result is the best of three simple ones; [`is_proven_smallest`](MinimalGrants::is_proven_smallest) tells.
///
/// ```
/// use gmsa_rbac::{audit::WorkloadUse, minimize};
/// use gmsa_types::finding::ObjectRef;
///
/// let workload = |name: &str| WorkloadUse::new(ObjectRef::named("Deployment", name), "shop", name);
/// let grants = minimize(&[workload("web").using("frontend"), workload("batch").using("frontend")], None);
/// assert_eq!(grants.roles()[0].name().as_str(), "use-gmsa-frontend");
/// assert_eq!(grants.bindings()[0].role_binding().subjects.map(|accounts| accounts.len()), Some(2));
/// assert_eq!(grants.objects().len(), 2);
/// assert!(grants.is_proven_smallest());
/// ```
pub fn minimize<'w>(
    workloads: impl IntoIterator<Item = &'w WorkloadUse>,
    credential_specs: Option<&BTreeSet<String>>,
) -> MinimalGrants {
    let mut grants =
        MinimalGrants { roles: Vec::new(), bindings: Vec::new(), left_out: Vec::new(), proven: true };
    let mut needs: Needs<'w> = BTreeMap::new();
    for workload in workloads {
        for used in workload.uses() {
            match permitted(workload, used.name(), credential_specs) {
                Ok(()) => {
                    let account = (workload.namespace(), workload.service_account());
                    needs.entry(account).or_default().insert(used.name());
                }
                Err(reason) => grants.left_out.push(LeftOut {
                    object: workload.object().clone(),
                    credential_spec: used.name().to_owned(),
                    reason,
                }),
            }
        }
    }
    for component in components(&needs) {
        let cover = Cover::of(&component);
        grants.proven &= cover.is_proven();
        grants.add(&component, &cover);
    }
    grants
}

/// What each account, by namespace and name, needs to `use`.
type Needs<'w> = BTreeMap<(&'w str, &'w str), BTreeSet<&'w str>>;

/// The roles and bindings that [`minimize`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct MinimalGrants {
    roles: Vec<UseRole>,
    bindings: Vec<UseBinding>,
    left_out: Vec<LeftOut>,
    proven: bool,
}

impl MinimalGrants {
    /// The roles.
    pub fn roles(&self) -> &[UseRole] {
        &self.roles
    }

    /// The bindings, each of one of the roles.
    pub fn bindings(&self) -> &[UseBinding] {
        &self.bindings
    }

    /// The roles, then the bindings, as objects to apply.
    pub fn objects(&self) -> Vec<RbacObject> {
        let roles = self.roles.iter().map(|role| role.cluster_role().into());
        roles.chain(self.bindings.iter().map(|binding| binding.role_binding().into())).collect()
    }

    /// What no role can permit, in the order of the workloads.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Whether there are no fewer roles and bindings that would do.
    pub fn is_proven_smallest(&self) -> bool {
        self.proven
    }

    fn add(&mut self, needs: &Needs<'_>, cover: &Cover<'_>) {
        let made: Vec<Option<UseRole>> = cover
            .roles()
            .iter()
            .map(|specs| {
                UseRole::of(specs.iter().filter_map(|spec| CredentialSpecName::try_from(*spec).ok()))
            })
            .collect();
        for (namespace, bound) in cover.bound() {
            for index in bound {
                let (Some(specs), Some(Some(role))) = (cover.roles().get(*index), made.get(*index)) else {
                    continue;
                };
                let Ok(mut binding) = UseBinding::new(role, *namespace) else { continue };
                let larger = |needed: &BTreeSet<&str>| {
                    bound.iter().filter_map(|other| cover.roles().get(*other)).any(|other| {
                        other.len() > specs.len() && specs.is_subset(other) && other.is_subset(needed)
                    })
                };
                let here = needs.range((*namespace, "")..).take_while(|((own, _), _)| own == namespace);
                let holding = here.filter(|(_, needed)| specs.is_subset(needed) && !larger(needed));
                binding.extend(holding.map(|((_, account), _)| *account));
                self.bindings.push(binding);
            }
        }
        self.roles.extend(made.into_iter().flatten());
    }
}

/// A credential spec that a workload names and that no role can permit it.
///
/// Shown as a sentence that names it:
///
/// ```
/// use gmsa_rbac::{audit::WorkloadUse, minimize};
/// use gmsa_types::finding::ObjectRef;
///
/// let web = WorkloadUse::new(ObjectRef::named("Deployment", "web"), "shop", "web").using("WebApp1");
/// let grants = minimize(&[web], None);
/// let left_out = &grants.left_out()[0];
/// assert_eq!(left_out.credential_spec(), "WebApp1");
/// assert!(left_out.invalid().is_some());
/// assert!(left_out.to_string().contains("may not be permitted to `use` `WebApp1`: "));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    object: ObjectRef,
    credential_spec: String,
    reason: LeftOutReason,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum LeftOutReason {
    NoSuchCredentialSpec,
    Invalid(InvalidValue),
}

impl LeftOut {
    /// The workload.
    pub fn object(&self) -> &ObjectRef {
        &self.object
    }

    /// The name that it has.
    pub fn credential_spec(&self) -> &str {
        &self.credential_spec
    }

    /// The name that no object can have, where it is that.
    pub fn invalid(&self) -> Option<&InvalidValue> {
        match &self.reason {
            LeftOutReason::Invalid(error) => Some(error),
            LeftOutReason::NoSuchCredentialSpec => None,
        }
    }
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let spec = crate::quote::shown(&self.credential_spec);
        write!(f, "{} may not be permitted to `use` {spec}: ", self.object)?;
        match &self.reason {
            LeftOutReason::NoSuchCredentialSpec => f.write_str("there is no such credential spec"),
            LeftOutReason::Invalid(error) => error.fmt(f),
        }
    }
}

fn permitted(
    workload: &WorkloadUse,
    spec: &str,
    credential_specs: Option<&BTreeSet<String>>,
) -> Result<(), LeftOutReason> {
    check_dns_label("namespace", workload.namespace()).map_err(LeftOutReason::Invalid)?;
    check_dns_subdomain("service account name", workload.service_account())
        .map_err(LeftOutReason::Invalid)?;
    CredentialSpecName::try_from(spec).map_err(LeftOutReason::Invalid)?;
    match credential_specs {
        Some(specs) if !specs.contains(spec) => Err(LeftOutReason::NoSuchCredentialSpec),
        _ => Ok(()),
    }
}

/// The needs, apart by whether they share a credential spec, directly or through others.
fn components<'w>(needs: &Needs<'w>) -> Vec<Needs<'w>> {
    let mut accounts_of: BTreeMap<&str, Vec<(&'w str, &'w str)>> = BTreeMap::new();
    for (account, specs) in needs {
        for spec in specs {
            accounts_of.entry(spec).or_default().push(*account);
        }
    }
    let mut components = Vec::new();
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut seen_specs: BTreeSet<&str> = BTreeSet::new();
    for start in needs.keys() {
        let mut component: Needs<'w> = BTreeMap::new();
        let mut pending = vec![*start];
        while let Some(account) = pending.pop() {
            let Some(specs) = needs.get(&account).filter(|_| seen.insert(account)) else { continue };
            component.insert(account, specs.clone());
            for spec in specs.iter().filter(|spec| seen_specs.insert(spec)) {
                pending.extend(accounts_of.get(spec).into_iter().flatten());
            }
        }
        if !component.is_empty() {
            components.push(component);
        }
    }
    components
}
