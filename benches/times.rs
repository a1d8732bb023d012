//! How long each case takes: `cargo bench -p gmsa-benches --bench times [-- REGEX]`. Criterion keeps its results in
//! `target/criterion`.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use gmsa_benches::{Case, tables};

fn light(criterion: &mut Criterion) {
    take(criterion, false);
}

fn heavy(criterion: &mut Criterion) {
    take(criterion, true);
}

fn take(criterion: &mut Criterion, heavy: bool) {
    let tables = tables();
    let cases: Vec<&Case> = tables.iter().flat_map(|table| &table.cases).collect();
    for case in beside_floors(&cases).into_iter().filter(|case| case.is_heavy() == heavy) {
        // Criterion comes here several times, and only if the case was asked for.
        let mut prepared = None;
        criterion.bench_function(case.name(), |bench| {
            let operation = prepared.get_or_insert_with(|| case.prepare());
            bench.iter(operation);
        });
    }
}

/// Each floor right after the first case that is held against it, since what else the machine does changes within
/// minutes.
fn beside_floors<'c>(cases: &[&'c Case]) -> Vec<&'c Case> {
    let mut ordered: Vec<&Case> = Vec::new();
    for case in cases {
        let floor = cases.iter().find(|floor| case.floor() == Some(floor.name()));
        for next in [Some(case), floor].into_iter().flatten() {
            if ordered.iter().all(|earlier| earlier.name() != next.name()) {
                ordered.push(next);
            }
        }
    }
    assert_eq!(ordered.len(), cases.len(), "none is left out");
    ordered
}

/// There are many cases, and what counts is how they compare.
fn short() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2))
}

criterion_group! { name = all_light; config = short(); targets = light }
criterion_group! { name = all_heavy; config = short().sample_size(10); targets = heavy }
criterion_main!(all_light, all_heavy);
