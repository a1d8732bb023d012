//! The fewest grants: exactly what is needed, nothing for the audit to find, and no fewer would do.

use std::collections::{BTreeMap, BTreeSet};

use crate::world::question;
use gmsa_rbac::{
    MinimalGrants, Rbac,
    audit::{Audit, WorkloadUse},
    minimize,
};
use gmsa_types::finding::ObjectRef;
use proptest::{collection::vec, prelude::*, sample::select};

fn workload(path: &str, specs: &[&str]) -> WorkloadUse {
    let (namespace, account) = path.split_once('/').unwrap();
    let object = ObjectRef::named("Deployment", account).in_namespace(namespace);
    specs.iter().fold(WorkloadUse::new(object, namespace, account), |workload, spec| workload.using(*spec))
}

fn rbac(grants: &MinimalGrants) -> Rbac {
    let mut rbac = Rbac::default();
    grants.objects().into_iter().for_each(|object| rbac.insert(object));
    rbac
}

fn names(grants: &MinimalGrants) -> Vec<String> {
    let path = |object: &gmsa_rbac::RbacObject| {
        let metadata = object.metadata();
        let namespace = metadata.namespace.as_deref().map(|namespace| format!("{namespace}/"));
        format!("{}{}", namespace.unwrap_or_default(), metadata.name.as_deref().unwrap())
    };
    grants.objects().iter().map(path).collect()
}

const SPECS: &[&str] = &["s", "t", "u"];
const ACCOUNTS: &[&str] = &["a/x", "a/y", "a/z", "b/x", "b/y"];

/// What each account of each namespace needs, as bit masks.
type Masks = BTreeMap<String, BTreeSet<u8>>;

/// The least number of roles and bindings, by trying every family of roles.
fn fewest(wanted: &Masks) -> u32 {
    let makes_up = |family: u8, bound: u8, set: u8| {
        let inside = (1..8_u8).filter(|role| (family & bound) >> (role - 1) & 1 == 1 && role & !set == 0);
        inside.fold(0, |union, role| union | role) == set
    };
    (0..128_u8)
        .filter_map(|family| {
            wanted.values().try_fold(family.count_ones(), |cost, sets| {
                let bound = (0..128_u8)
                    .filter(|bound| bound & !family == 0)
                    .filter(|bound| sets.iter().all(|set| makes_up(family, *bound, *set)))
                    .map(u8::count_ones)
                    .min()?;
                Some(cost + bound)
            })
        })
        .min()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2 * ProptestConfig::default().cases))]

    #[test]
    fn the_grants_are_exact_clean_and_the_fewest(
        uses in vec((select(ACCOUNTS), vec(select(SPECS), 1..4)), 0..7),
    ) {
        let workloads: Vec<_> = uses.iter().map(|(account, specs)| workload(account, specs)).collect();
        let grants = minimize(&workloads, None);
        prop_assert!(grants.is_proven_smallest() && grants.left_out().is_empty());
        let rbac = rbac(&grants);
        let needed: BTreeSet<(&str, &str)> =
            uses.iter().flat_map(|(account, specs)| specs.iter().map(|spec| (*account, *spec))).collect();
        for account in ACCOUNTS.iter().chain(&["a/default", "c/x"]) {
            for spec in SPECS.iter().chain(&["v"]) {
                let allowed = rbac.explain(&question(account, spec)).is_allowed();
                prop_assert_eq!(allowed, needed.contains(&(*account, *spec)), "{} {}", account, spec);
            }
        }
        let used: BTreeSet<&str> = needed.iter().map(|(_, spec)| *spec).collect();
        let accounts = needed.iter().map(|(account, _)| account.split_once('/').unwrap());
        let audit = Audit::of(&rbac).credential_specs(used).service_accounts(accounts);
        let audit = workloads.iter().cloned().fold(audit, Audit::workload);
        prop_assert_eq!(audit.findings(), []);

        let mut sets: BTreeMap<&str, u8> = BTreeMap::new();
        for (account, spec) in &needed {
            let bit = SPECS.iter().position(|known| known == spec).unwrap();
            *sets.entry(account).or_default() |= 1 << bit;
        }
        let mut wanted = Masks::new();
        for (account, set) in sets {
            wanted.entry(account.split_once('/').unwrap().0.to_owned()).or_default().insert(set);
        }
        prop_assert_eq!(grants.objects().len(), fewest(&wanted) as usize, "{:?}", names(&grants));
    }

    /// Too many sets to search through: still exact and clean.
    #[test]
    fn large_clusters_are_exact_too(uses in vec((0..30_u8, vec(0..12_u8, 1..5)), 30..80)) {
        let workloads: Vec<_> = uses
            .iter()
            .map(|(account, specs)| {
                let specs: Vec<String> = specs.iter().map(|spec| format!("s{spec}")).collect();
                let specs: Vec<&str> = specs.iter().map(String::as_str).collect();
                workload(&format!("n{}/x{account}", account % 3), &specs)
            })
            .collect();
        let grants = minimize(&workloads, None);
        let rbac = rbac(&grants);
        let needed: BTreeSet<(u8, u8)> =
            uses.iter().flat_map(|(account, specs)| specs.iter().map(|spec| (*account, *spec))).collect();
        for account in 0..30 {
            for spec in 0..12 {
                let (path, name) = (format!("n{}/x{account}", account % 3), format!("s{spec}"));
                let allowed = rbac.answer(&question(&path, &name)).is_allowed();
                prop_assert_eq!(allowed, needed.contains(&(account, spec)));
            }
        }
        // No more than the plainest scheme, a role for each credential spec, would take.
        let specs: BTreeSet<u8> = needed.iter().map(|(_, spec)| *spec).collect();
        let bound: BTreeSet<(u8, u8)> = needed.iter().map(|(account, spec)| (account % 3, *spec)).collect();
        prop_assert!(grants.objects().len() <= specs.len() + bound.len());
    }
}

#[test]
fn a_role_is_shared_by_accounts_and_namespaces() {
    let workloads = [
        workload("a/x", &["web", "db"]),
        workload("a/y", &["web", "db"]),
        workload("b/x", &["db", "web"]),
        workload("b/z", &["mail"]),
    ];
    let grants = minimize(&workloads, None);
    assert_eq!(
        names(&grants),
        ["use-gmsa-db:web", "use-gmsa-mail", "a/use-gmsa-db:web", "b/use-gmsa-db:web", "b/use-gmsa-mail"]
    );
    assert_eq!((grants.roles().len(), grants.bindings().len()), (2, 3));
}

#[test]
fn a_set_that_others_make_up_needs_no_role() {
    let grants =
        minimize(&[workload("a/x", &["s"]), workload("a/y", &["t"]), workload("a/z", &["s", "t"])], None);
    assert_eq!(names(&grants), ["use-gmsa-s", "use-gmsa-t", "a/use-gmsa-s", "a/use-gmsa-t"]);
}

#[test]
fn what_nobody_can_be_given_is_left_out() {
    let known = BTreeSet::from(["s".to_owned()]);
    let workloads = [workload("a/x", &["s", "t", "S"]), workload("a.b/x", &["s"]), workload("a/X", &["s"])];
    let grants = minimize(&workloads, Some(&known));
    assert_eq!(names(&grants), ["use-gmsa-s", "a/use-gmsa-s"]);
    let left_out: Vec<_> = grants.left_out().iter().map(ToString::to_string).collect();
    assert_eq!(
        left_out,
        [
            "Deployment a/x may not be permitted to `use` `t`: there is no such credential spec",
            "Deployment a/x may not be permitted to `use` `S`: credential spec name must not contain `S` (character 1)",
            "Deployment a.b/x may not be permitted to `use` `s`: namespace must not contain `.` (character 2)",
            "Deployment a/X may not be permitted to `use` `s`: service account name must not contain `X` (character 1)",
        ]
    );
    assert_eq!(grants.left_out()[0].invalid(), None);
    assert!(grants.left_out()[1].invalid().is_some());
    assert!(minimize(&[], None).objects().is_empty());
}
