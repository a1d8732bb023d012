//! From the bytes of a review to the bytes of the answer, beside what else one could do with those bytes.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gmsa_admission::{Policy, Request, Snapshot, mutate, validate};
use gmsa_benches::{CLUSTER, EXPANDED, NO_GMSA, POD_LEVEL, containers, recording, review};
use k8s_openapi::api::core::v1::Pod;
use kube_core::admission::AdmissionReview;
use serde::de::IgnoredAny;

fn cluster() -> Snapshot {
    let mut cluster = Snapshot::default();
    cluster.insert(&recording(CLUSTER)).expect("a cluster");
    cluster
}

fn admission(criterion: &mut Criterion) {
    let (none, pod, expanded) = (review(NO_GMSA), review(POD_LEVEL), review(EXPANDED));
    let (cluster, policy) = (cluster(), Policy::default());

    let request = Request::from_slice(&pod).expect("a review");
    let needs = mutate(&request, &policy).needs();
    let facts = cluster.facts(&needs);
    criterion.bench_function("mutate/pod-level/bytes-to-bytes", |bench| {
        bench.iter(|| {
            let request = Request::from_slice(black_box(&pod)).expect("a review");
            let response = mutate(&request, &policy).respond(&facts);
            assert!(response.patch().is_some());
            response.to_vec()
        });
    });

    let request = Request::from_slice(&expanded).expect("a review");
    let needs = validate(&request, &policy).needs();
    let facts = cluster.facts(&needs);
    criterion.bench_function("validate/preset-equal/bytes-to-bytes", |bench| {
        bench.iter(|| {
            let request = Request::from_slice(black_box(&expanded)).expect("a review");
            let response = validate(&request, &policy).respond(&facts);
            assert!(response.allowed());
            response.to_vec()
        });
    });

    criterion.bench_function("review/no-gmsa-pod", |bench| {
        bench.iter(|| {
            let request = Request::from_slice(black_box(&none)).expect("a review");
            assert!(mutate(&request, &policy).needs().is_empty());
        });
    });

    criterion.bench_function("review/no-gmsa-pod/floor-ignored-any", |bench| {
        bench.iter(|| serde_json::from_slice::<IgnoredAny>(black_box(&none)).expect("JSON"));
    });

    criterion.bench_function("review/no-gmsa-pod/kube-core-typed", |bench| {
        bench.iter(|| serde_json::from_slice::<AdmissionReview<Pod>>(black_box(&none)).expect("a review"));
    });
}

/// Bytes a second must be the same for every size: no step may grow with the square.
fn slope(criterion: &mut Criterion) {
    let policy = Policy::default();
    let mut group = criterion.benchmark_group("review/no-gmsa-containers");
    group.sample_size(10);
    for count in [1, 10, 100, 1000] {
        let body = containers(count);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |bench| {
            bench.iter(|| {
                let request = Request::from_slice(black_box(&body)).expect("a review");
                assert!(mutate(&request, &policy).needs().is_empty());
            });
        });
        group.bench_function(BenchmarkId::new("floor-ignored-any", count), |bench| {
            bench.iter(|| serde_json::from_slice::<IgnoredAny>(black_box(&body)).expect("JSON"));
        });
    }
}

criterion_group!(benches, admission, slope);
criterion_main!(benches);
