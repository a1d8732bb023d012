//! Credential specs: writing and comparing contents beside a plain parse of the same text, and the lint.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use gmsa_benches::document;
use gmsa_credspec::{
    CanonicalContents, compare,
    lint::{LintOptions, lint},
    source::{ReadOptions, read_source},
};
use serde_json::Value;

fn contents(criterion: &mut Criterion) {
    let document = document();
    let canonical = CanonicalContents::from_json(&document).expect("a credential spec");
    let canonical = canonical.as_str().to_owned();
    let respelt = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&document).expect("JSON"));
    let respelt = respelt.expect("JSON");

    criterion.bench_function("canonical/write", |bench| {
        bench.iter(|| CanonicalContents::from_json(black_box(&document)).expect("a credential spec"));
    });
    criterion.bench_function("compare/spelt-otherwise", |bench| {
        bench.iter(|| assert!(compare(black_box(&canonical), black_box(&respelt)).is_equal()));
    });
    let resource = CanonicalContents::from_json(&canonical).expect("a credential spec");
    criterion.bench_function("compare/equal-bytes", |bench| {
        bench.iter(|| assert!(resource.compare(black_box(&canonical)).is_equal()));
    });
    criterion.bench_function("canonical/floor-serde-json-value", |bench| {
        bench.iter(|| serde_json::from_str::<Value>(black_box(&document)).expect("JSON"));
    });
}

fn judging(criterion: &mut Criterion) {
    let document = document();
    let source = read_source(document.as_bytes(), &ReadOptions::new());
    let options = LintOptions::default();
    criterion.bench_function("source/read", |bench| {
        bench.iter(|| read_source(black_box(document.as_bytes()), &ReadOptions::new()));
    });
    criterion.bench_function("lint/kubernetes", |bench| bench.iter(|| lint(black_box(&source), &options)));
}

criterion_group!(benches, contents, judging);
criterion_main!(benches);
