//! A byte for the consumer and a file: findings are in order and in the text, and fixing them comes to an end, is done once
//! it is done, and makes nothing worse.

use gmsa_credspec::{
    lint::{LintOptions, Target, fix, lint},
    source::{ReadOptions, Source, read_source},
};
use gmsa_types::finding::{Finding, Severity};

pub fn run(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let target = Target::ALL[usize::from(*first) % Target::ALL.len()];
    let options = LintOptions::default().with_target(target);
    let source = read(bytes);
    let findings = lint(&source, &options);
    check(&source, &findings);
    let Ok(fixed) = fix(&source, &options) else { return };
    let again = read(fixed.text().as_bytes());
    check(&again, fixed.remaining());
    let found = lint(&again, &options);
    assert!(fixed.applied().is_empty() || found == fixed.remaining(), "what is left is what is found");
    assert!(worst(&found) <= worst(&findings), "a fix made it worse");
    let twice = fix(&again, &options).expect("what was written can be written again");
    assert_eq!(twice.text(), fixed.text(), "fixing twice changes something");
}

fn read(bytes: &[u8]) -> Source {
    read_source(bytes, &ReadOptions::new())
}

fn check(source: &Source, findings: &[Finding]) {
    assert!(findings.is_sorted_by(|a, b| a.order(b).is_lt()));
    for finding in findings {
        match finding.position() {
            Some(position) => assert!(source.text().get(position.offset..position.end()).is_some()),
            // Bytes that are no text have no place in it.
            None => assert!(source.text().is_empty(), "{finding}"),
        }
        assert_eq!(finding.to_string().lines().count(), 1, "{finding}");
    }
}

fn worst(findings: &[Finding]) -> Option<Severity> {
    findings.iter().map(Finding::severity).max()
}
