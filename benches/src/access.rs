//! Permissions: a question takes as long in a cluster of 100,000 bindings as in one of 100, and the index is built in
//! time that grows with the number of bindings.

use std::hint::black_box;

use gmsa_rbac::{
    AccessQuestion, Rbac, RbacObject,
    audit::Audit,
    build::{UseBinding, UseRole},
};
use gmsa_types::CredentialSpecName;
use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule, RoleBinding, Subject};

use crate::{Case, Operation, Table};

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
/// A credential spec for ten bindings, and ten service accounts in a namespace.
const SHARE: usize = 10;

pub(crate) fn tables() -> Vec<Table> {
    let sized = |name: &str, size: usize, what, prepare: fn(usize) -> Operation| {
        let case = Case::new(format!("access/{size}-{name}"), what, move || prepare(size));
        case.sized(size)
    };
    let questions = SIZES.map(|size| {
        let build = format!("access/{size}-bindings/copy-objects");
        [
            sized("bindings/question", size, "a question", ask),
            sized("bindings/scan", size, "the same, by going through all bindings and roles", scan),
            sized("bindings/build", size, "building the index", build_index).over(build).heavy_if(size > 100),
            sized("bindings/copy-objects", size, "of which copying the objects", copy_objects)
                .heavy_if(size > 100),
        ]
    });
    let lists = [1, 10_000, 100_000].map(|length| {
        [
            sized("subjects-of-a-binding/allowed", length, "subjects of a binding, allowed", |length| {
                ask_of(one_binding(length), true)
            }),
            sized("subjects-of-a-binding/denied", length, "subjects of a binding, denied", |length| {
                ask_of(one_binding(length), false)
            }),
            sized("bindings-of-a-group/allowed", length, "bindings of a group, allowed", |length| {
                ask_of(one_group(length), true)
            }),
            sized("bindings-of-a-group/denied", length, "bindings of a group, denied", |length| {
                ask_of(one_group(length), false)
            }),
            sized("names-of-a-role/allowed", length, "names of a role, allowed", |length| {
                ask_of(one_role(length), true)
            }),
            sized("names-of-a-role/denied", length, "names of a role, denied", |length| {
                ask_of(one_role(length), false)
            }),
        ]
    });
    let everything = [100, 1_000, 10_000].map(|size| {
        [
            sized("bindings/explain", size, "explaining a denial", explain).heavy_if(size > 100),
            sized("bindings/audit", size, "the audit of all permissions", audit).heavy_if(size > 100),
        ]
    });
    let table = |title, unit, cases: Vec<Case>| Table { title, unit: Some(unit), cases };
    vec![
        table("Access: a question, and the index", "bindings", questions.into_iter().flatten().collect()),
        table("Access: a question about one long list", "entries", lists.into_iter().flatten().collect()),
        table("Access: what goes through everything", "bindings", everything.into_iter().flatten().collect()),
    ]
}

/// The roles and bindings of a cluster with so many bindings, each of a role for one credential spec to one service
/// account.
fn roles_and_bindings(bindings: usize) -> (Vec<ClusterRole>, Vec<RoleBinding>) {
    let roles: Vec<UseRole> = (0..bindings / SHARE).map(|index| UseRole::new(spec_name(index))).collect();
    let bound = (0..bindings).map(|index| {
        let role = &roles[index % roles.len()];
        let name = format!("use-gmsa-{index}").as_str().try_into().expect("a name");
        let binding = UseBinding::new(role, format!("team-{}", index / SHARE)).expect("a namespace");
        let binding = binding.service_account(format!("account-{}", index % SHARE)).expect("a name");
        binding.named(name).role_binding()
    });
    (roles.iter().map(UseRole::cluster_role).collect(), bound.collect())
}

fn objects(bindings: usize) -> Vec<RbacObject> {
    let (roles, bindings) = roles_and_bindings(bindings);
    roles.into_iter().map(RbacObject::from).chain(bindings.into_iter().map(RbacObject::from)).collect()
}

fn index(objects: Vec<RbacObject>) -> Rbac {
    let mut rbac = Rbac::default();
    objects.into_iter().for_each(|object| rbac.insert(object));
    rbac
}

/// Questions from all over the cluster, every other one allowed.
fn questions(bindings: usize) -> Vec<AccessQuestion<'static>> {
    let question = |step| {
        let index = step * bindings / 64;
        let spec = (index + step % 2) % (bindings / SHARE);
        let (namespace, account) = (format!("team-{}", index / SHARE), format!("account-{}", index % SHARE));
        AccessQuestion::new(namespace, account, format!("webapp{spec}"))
    };
    (0..64).map(question).collect()
}

fn ask(bindings: usize) -> Operation {
    let rbac = index(objects(bindings));
    one_after_the_other(questions(bindings), move |question| rbac.answer(question).is_allowed())
}

fn scan(bindings: usize) -> Operation {
    let (roles, bound) = roles_and_bindings(bindings);
    one_after_the_other(questions(bindings), move |question| is_allowed(&roles, &bound, question))
}

/// What one would write without an index: each binding that applies, and then its role.
fn is_allowed(roles: &[ClusterRole], bindings: &[RoleBinding], question: &AccessQuestion<'_>) -> bool {
    let asks = |subject: &Subject| {
        subject.kind == "ServiceAccount"
            && subject.name == question.service_account()
            && subject.namespace.as_deref() == Some(question.namespace())
    };
    let permits = |rule: &PolicyRule| {
        let has = |list: &Option<Vec<String>>, wanted| list.iter().flatten().any(|entry| entry == wanted);
        has(&rule.api_groups, gmsa_types::GROUP)
            && has(&rule.resources, gmsa_types::PLURAL)
            && has(&rule.resource_names, question.credential_spec())
            && rule.verbs.iter().any(|verb| verb == gmsa_types::VERB_USE)
    };
    let applied = bindings.iter().filter(|binding| {
        binding.metadata.namespace.as_deref() == Some(question.namespace())
            && binding.subjects.iter().flatten().any(asks)
    });
    applied.into_iter().any(|binding| {
        let named =
            |role: &&ClusterRole| role.metadata.name.as_deref() == Some(binding.role_ref.name.as_str());
        roles.iter().find(named).is_some_and(|role| role.rules.iter().flatten().any(permits))
    })
}

fn one_after_the_other(
    questions: Vec<AccessQuestion<'static>>,
    is_allowed: impl Fn(&AccessQuestion<'_>) -> bool + 'static,
) -> Operation {
    let expected = |index: usize| index.is_multiple_of(2);
    let mut next = (0..questions.len()).cycle();
    Box::new(move || {
        let index = next.next().expect("endless");
        assert_eq!(is_allowed(black_box(&questions[index])), expected(index));
    })
}

fn build_index(bindings: usize) -> Operation {
    let objects = objects(bindings);
    let questions = questions(bindings);
    Box::new(move || assert!(index(black_box(&objects).clone()).answer(&questions[0]).is_allowed()))
}

fn copy_objects(bindings: usize) -> Operation {
    let objects = objects(bindings);
    Box::new(move || assert_eq!(black_box(black_box(&objects).clone()).len(), objects.len()))
}

/// Asks where one list is as long as the cluster: each question must still be a few lookups.
fn ask_of(objects: Vec<RbacObject>, allowed: bool) -> Operation {
    let rbac = index(objects);
    let spec = if allowed { "webapp0" } else { "none-of-them" };
    let question = AccessQuestion::new("team-0", "account-0", spec);
    Box::new(move || assert_eq!(rbac.answer(black_box(&question)).is_allowed(), allowed))
}

fn spec_name(index: usize) -> CredentialSpecName<'static> {
    CredentialSpecName::try_from(format!("webapp{index}")).expect("a name")
}

/// A binding to so many accounts.
fn one_binding(accounts: usize) -> Vec<RbacObject> {
    let role = UseRole::new(spec_name(0));
    let binding = UseBinding::new(&role, "team-0").expect("a namespace");
    let mut binding = binding.role_binding();
    let account = |index| Subject {
        kind: "ServiceAccount".to_owned(),
        name: format!("account-{index}"),
        namespace: Some("team-0".to_owned()),
        api_group: None,
    };
    binding.subjects = Some((0..accounts).rev().map(account).collect());
    vec![role.cluster_role().into(), binding.into()]
}

/// So many bindings to the accounts of one namespace, each to a role of its own.
fn one_group(bindings: usize) -> Vec<RbacObject> {
    let objects = (0..bindings).flat_map(|index| {
        let role = UseRole::new(spec_name(index));
        let binding = UseBinding::new(&role, "team-0").expect("a namespace");
        let binding = binding.every_service_account();
        [role.cluster_role().into(), binding.role_binding().into()]
    });
    objects.collect()
}

/// A role that names so many credential specs.
fn one_role(names: usize) -> Vec<RbacObject> {
    let role = (1..names).rev().fold(UseRole::new(spec_name(0)), |role, index| role.and(spec_name(index)));
    let binding = UseBinding::new(&role, "team-0").expect("a namespace");
    let binding = binding.service_account("account-0").expect("a name");
    vec![role.cluster_role().into(), binding.role_binding().into()]
}

/// The near misses of a question that is denied.
fn explain(bindings: usize) -> Operation {
    let rbac = index(objects(bindings));
    let question = AccessQuestion::new("team-0", "account-0", "webapp1");
    assert!(!rbac.answer(&question).is_allowed());
    Box::new(move || assert!(!black_box(rbac.explain(black_box(&question))).is_allowed()))
}

fn audit(bindings: usize) -> Operation {
    let rbac = index(objects(bindings));
    let specs: Vec<String> = (0..bindings / SHARE).map(|index| format!("webapp{index}")).collect();
    Box::new(move || {
        let findings = Audit::of(black_box(&rbac)).credential_specs(&specs).findings();
        assert!(findings.is_empty());
    })
}
