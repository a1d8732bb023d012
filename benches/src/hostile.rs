//! Reviews that are made to be expensive: both endpoints, from bytes to bytes, beside the floor for the same bytes.

use std::hint::black_box;

use gmsa_admission::{Facts, Policy, Request, mutate, samples, validate};
use serde::de::IgnoredAny;

use crate::{Case, Operation, Table};

/// As large as an API server's largest object with its old one.
const SIZE: usize = 8 << 20;

pub(crate) fn tables() -> Vec<Table> {
    let cases = samples::hostile_reviews(0).into_iter().enumerate().flat_map(|(index, (what, _))| {
        let subject = format!("hostile/{}", index + 1);
        let floor = format!("{subject}/floor-ignored-any");
        [
            Case::new(subject, what, move || answer(index)).over(floor.as_str()).heavy_if(true),
            Case::new(floor, "the floor: `serde_json` skips the bytes", move || skip(index)).heavy_if(true),
        ]
    });
    vec![Table {
        title: "Both endpoints: reviews of 8 MiB made to be expensive",
        unit: None,
        cases: cases.collect(),
    }]
}

fn body(index: usize) -> Vec<u8> {
    samples::hostile_reviews(SIZE).swap_remove(index).1
}

fn answer(index: usize) -> Operation {
    let (body, policy, facts) = (body(index), Policy::default(), Facts::default());
    Box::new(move || match Request::from_slice(black_box(&body)) {
        Ok(request) => {
            black_box(mutate(&request, &policy).respond(&facts).to_vec());
            black_box(validate(&request, &policy).respond(&facts).to_vec());
        }
        Err(error) => drop(black_box(error.into_response().map(|response| response.to_vec()))),
    })
}

fn skip(index: usize) -> Operation {
    let body = body(index);
    Box::new(move || {
        black_box(serde_json::from_slice::<IgnoredAny>(black_box(&body)).expect("JSON"));
    })
}
