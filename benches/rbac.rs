//! Permissions: the index is built in time that grows with the number of bindings, and a question takes as long in a
//! cluster of 100,000 bindings as in one of 100.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gmsa_rbac::{
    AccessQuestion, Rbac, RbacObject,
    audit::Audit,
    build::{UseBinding, UseRole},
};
use gmsa_types::CredentialSpecName;

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
/// A credential spec for ten bindings, and ten service accounts in a namespace.
const SHARE: usize = 10;

/// The objects of a cluster with so many bindings, each of a role for one credential spec to one service account.
fn objects(bindings: usize) -> Vec<RbacObject> {
    let role =
        |index: usize| UseRole::new(CredentialSpecName::try_from(format!("webapp{index}")).expect("a name"));
    let roles: Vec<UseRole> = (0..bindings / SHARE).map(role).collect();
    let bound = (0..bindings).map(|index| {
        let role = &roles[index % roles.len()];
        let name = format!("use-gmsa-{index}").as_str().try_into().expect("a name");
        let binding = UseBinding::new(role, format!("team-{}", index / SHARE)).expect("a namespace");
        let binding = binding.service_account(format!("account-{}", index % SHARE)).expect("a name");
        binding.named(name).role_binding().into()
    });
    roles.iter().map(|role| role.cluster_role().into()).chain(bound).collect()
}

fn index(objects: Vec<RbacObject>) -> Rbac {
    let mut rbac = Rbac::default();
    objects.into_iter().for_each(|object| rbac.insert(object));
    rbac
}

fn build(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rbac/build");
    group.sample_size(10);
    for size in SIZES {
        let objects = objects(size);
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bench| {
            bench.iter_batched(|| objects.clone(), index, BatchSize::LargeInput);
        });
    }
}

/// Questions from all over the cluster, a half of them allowed.
fn questions(bindings: usize) -> Vec<AccessQuestion<'static>> {
    (0..64)
        .map(|step| {
            let index = step * bindings / 64;
            let spec = (index + step % 2) % (bindings / SHARE);
            let (namespace, account) =
                (format!("team-{}", index / SHARE), format!("account-{}", index % SHARE));
            AccessQuestion::new(namespace, account, format!("webapp{spec}"))
        })
        .collect()
}

fn question(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rbac/question");
    for size in SIZES {
        let (rbac, questions) = (index(objects(size)), questions(size));
        let allowed = questions.iter().filter(|question| rbac.answer(question).is_allowed()).count();
        assert_eq!(allowed, questions.len() / 2);
        let mut next = questions.iter().cycle();
        group.bench_function(BenchmarkId::from_parameter(size), |bench| {
            bench.iter(|| rbac.answer(black_box(next.next().expect("endless"))));
        });
    }
}

/// Shapes in which one list is as long as the cluster: each question must still be a few lookups. The time beside them
/// is that of a cluster in which the list has one entry.
fn long_lists(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rbac/long-list");
    let asked = AccessQuestion::new("team-0", "account-0", "webapp0");
    let other = AccessQuestion::new("team-0", "account-0", "none-of-them");
    for length in [1, 10_000, 100_000] {
        for (shape, objects) in [
            ("subjects-of-a-binding", one_binding(length)),
            ("bindings-of-a-group", one_group(length)),
            ("names-of-a-role", one_role(length)),
        ] {
            let rbac = index(objects);
            for (answer, question, expected) in [("allowed", &asked, true), ("denied", &other, false)] {
                assert_eq!(rbac.answer(question).is_allowed(), expected);
                group.bench_function(BenchmarkId::new(format!("{shape}/{answer}"), length), |bench| {
                    bench.iter(|| rbac.answer(black_box(question)));
                });
            }
        }
    }
}

fn spec_name(index: usize) -> CredentialSpecName<'static> {
    CredentialSpecName::try_from(format!("webapp{index}")).expect("a name")
}

/// A binding to so many accounts.
fn one_binding(accounts: usize) -> Vec<RbacObject> {
    let role = UseRole::new(spec_name(0));
    let binding = UseBinding::new(&role, "team-0").expect("a namespace");
    let subjects = (0..accounts).rev().map(|index| format!("account-{index}"));
    let binding =
        subjects.fold(binding, |binding, account| binding.service_account(account).expect("a name"));
    vec![role.cluster_role().into(), binding.role_binding().into()]
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

/// What goes through everything: explaining a denial, and the audit.
fn everything(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rbac/everything");
    group.sample_size(10);
    for size in [100, 1_000, 10_000] {
        let rbac = index(objects(size));
        let question = AccessQuestion::new("team-0", "account-0", "webapp1");
        assert!(!rbac.answer(&question).is_allowed());
        group.bench_function(BenchmarkId::new("explain", size), |bench| {
            bench.iter(|| rbac.explain(black_box(&question)));
        });
        let specs: Vec<String> = (0..size / SHARE).map(|index| format!("webapp{index}")).collect();
        group.bench_function(BenchmarkId::new("audit", size), |bench| {
            bench.iter(|| {
                let findings = Audit::of(black_box(&rbac)).credential_specs(&specs).findings();
                assert!(findings.is_empty());
            });
        });
    }
}

criterion_group!(benches, build, question, long_lists, everything);
criterion_main!(benches);
