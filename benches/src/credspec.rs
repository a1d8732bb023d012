//! Credential specs: writing and comparing contents beside a plain parse of the same text, and the lint.

use std::hint::black_box;

use gmsa_credspec::{
    CanonicalContents, compare,
    lint::{LintOptions, Target, lint},
    source::{ReadOptions, read_source},
};
use serde_json::Value;

use crate::{Case, Operation, Table};

const FLOOR: &str = "canonical/floor-serde-json-value";

pub(crate) fn tables() -> Vec<Table> {
    let over = |case: Case| case.over(FLOOR);
    let cases = [
        Case::new("canonical/write", "read strictly, write canonically", write),
        Case::new("canonical/write/serde-json-value", "`serde_json::Value`, and its text", write_value),
        Case::new("compare/spelt-otherwise", "two texts of one value, read strictly", compare_respelt),
        Case::new("compare/spelt-otherwise/serde-json-values", "two `serde_json::Value`s and `==`", || {
            compare_values(&respelt())
        }),
        Case::new("compare/equal-bytes", "equal texts, of which one is known", compare_equal),
        Case::new("compare/equal-bytes/serde-json-values", "two `serde_json::Value`s and `==`", || {
            compare_values(&canonical())
        }),
        Case::new("source/read", "with positions, for people", read),
        Case::new("source/read-manifest", "the resource as YAML", read_manifest),
        Case::new("lint/kubernetes", "the rules, on a manifest without flaws", || judge(MANIFEST, &[])),
        Case::new("lint/kubernetes/flawed", "the rules, on a manifest with four flaws", || {
            judge(&flawed_manifest(), &FLAWS)
        }),
    ];
    let mut cases: Vec<Case> = cases.map(over).into();
    cases.push(Case::new(FLOOR, "the floor: `serde_json::Value` of one text", parse));
    vec![Table { title: "Credential specs", unit: None, cases }]
}

/// The resource of a credential spec with a plug-in, as people keep it in a file.
const MANIFEST: &str = include_str!("webapp1.yaml");

/// The credential spec of that resource, of 1 KB, as people write it: keys in no order, with spaces.
const DOCUMENT: &str = include_str!("webapp1.json");
const _: () = assert!(DOCUMENT.len() >= 950 && DOCUMENT.len() <= 1_100, "it is called one of 1 KB");

/// The rules that [`flawed_manifest`] breaks: the account's name, the resource's name, its version, its namespace.
const FLAWS: [&str; 4] = ["GC501", "GC701", "GC702", "GC703"];

/// The manifest with mistakes of the sort that people make.
fn flawed_manifest() -> String {
    let mistakes = [
        ("windows.k8s.io/v1", "windows.k8s.io/v1alpha1"),
        ("name: gmsa-webapp1", "name: gmsa_webapp1\n  namespace: team-a"),
        ("MachineAccountName: WebApp1", "MachineAccountName: WebApp1$"),
    ];
    mistakes.iter().fold(MANIFEST.to_owned(), |manifest, (right, wrong)| {
        assert!(manifest.contains(right));
        manifest.replacen(right, wrong, 1)
    })
}

fn canonical() -> String {
    CanonicalContents::from_json(DOCUMENT).expect("a credential spec").into_string()
}

/// The same value as the canonical text, with spaces.
fn respelt() -> String {
    serde_json::to_string_pretty(&value(DOCUMENT)).expect("JSON")
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn parse() -> Operation {
    Box::new(move || assert!(black_box(value(black_box(DOCUMENT))).is_object()))
}

fn write() -> Operation {
    let canonical = canonical();
    assert_eq!(value(DOCUMENT), value(&canonical));
    Box::new(move || {
        let contents = CanonicalContents::from_json(black_box(DOCUMENT)).expect("a credential spec");
        assert_eq!(black_box(&contents).as_str().len(), canonical.len());
    })
}

fn write_value() -> Operation {
    let length = value(&canonical()).to_string().len();
    Box::new(move || assert_eq!(black_box(value(black_box(DOCUMENT)).to_string()).len(), length))
}

fn compare_respelt() -> Operation {
    let (canonical, respelt) = (canonical(), respelt());
    assert_ne!(canonical, respelt);
    assert!(!compare(&canonical, &respelt.replacen("CONTOSO", "FABRIKAM", 1)).is_equal());
    Box::new(move || assert!(compare(black_box(&canonical), black_box(&respelt)).is_equal()))
}

fn compare_equal() -> Operation {
    let (known, text) = (canonical(), canonical());
    let known = CanonicalContents::from_json(&known).expect("a credential spec").into_owned();
    assert!(!known.compare(&text.replacen("CONTOSO", "FABRIKAM", 1)).is_equal());
    Box::new(move || assert!(known.compare(black_box(&text)).is_equal()))
}

fn compare_values(other: &str) -> Operation {
    let (canonical, other) = (canonical(), other.to_owned());
    Box::new(move || assert_eq!(value(black_box(&canonical)), value(black_box(&other))))
}

fn read() -> Operation {
    let read = |document: &str| read_source(document.as_bytes(), &ReadOptions::new());
    assert!(read(DOCUMENT).documents().iter().all(|document| document.fault().is_none()));
    Box::new(move || assert_eq!(black_box(read(black_box(DOCUMENT))).documents().len(), 1))
}

fn read_manifest() -> Operation {
    let read = || read_source(black_box(MANIFEST).as_bytes(), &ReadOptions::new());
    assert!(read().documents().iter().all(|document| document.fault().is_none()));
    Box::new(move || assert_eq!(black_box(read()).documents().len(), 1))
}

/// Finds exactly the flaws of these rules.
fn judge(manifest: &str, flaws: &'static [&str]) -> Operation {
    let source = read_source(manifest.as_bytes(), &ReadOptions::new());
    let options = LintOptions::default().with_target(Target::Kubernetes);
    // It tells of every document that no directory was asked.
    let options = options.allow("GC306").expect("a rule");
    let mut rules: Vec<String> = lint(&source, &options).iter().map(|found| found.id().to_string()).collect();
    rules.sort_unstable();
    assert_eq!(rules, flaws);
    Box::new(move || assert_eq!(black_box(lint(black_box(&source), &options)).len(), flaws.len()))
}
