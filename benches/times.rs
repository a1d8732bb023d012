//! How long each case takes: `cargo bench -p gmsa-benches --bench times [-- REGEX]`. Criterion keeps its results in
//! `target/criterion`.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use gmsa_benches::tables;

fn light(criterion: &mut Criterion) {
    take(criterion, false);
}

fn heavy(criterion: &mut Criterion) {
    take(criterion, true);
}

fn take(criterion: &mut Criterion, heavy: bool) {
    let cases = tables().into_iter().flat_map(|table| table.cases);
    for case in cases.filter(|case| case.is_heavy() == heavy) {
        // Criterion comes here several times, and only if the case was asked for.
        let mut prepared = None;
        criterion.bench_function(case.name(), |bench| {
            let operation = prepared.get_or_insert_with(|| case.prepare());
            bench.iter(operation);
        });
    }
}

/// There are many cases, and what counts is how they compare.
fn short() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2))
}

criterion_group! { name = all_light; config = short(); targets = light }
criterion_group! { name = all_heavy; config = short().sample_size(10); targets = heavy }
criterion_main!(all_light, all_heavy);
