//! Holds CONFORMANCE.md against the recordings and the tests that it names.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::recorded::DIFFERENCES;

/// A row of one of the two tables.
struct Row {
    /// Of the second table.
    number: Option<u8>,
    text: String,
    evidence: Vec<String>,
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rows() -> Vec<Row> {
    let page = fs::read_to_string(folder().join("CONFORMANCE.md")).unwrap();
    let is_row = |line: &&str| line.starts_with("| ") && !line.contains("| shown by |");
    let row = |line: &str| {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        Row {
            number: cells[0].parse().ok(),
            text: cells[..cells.len() - 1].join(" | "),
            evidence: quoted(cells.last().unwrap()),
        }
    };
    page.lines().filter(is_row).map(row).collect()
}

fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn recordings() -> BTreeSet<String> {
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let files = fs::read_dir(folder().join("tests/vectors/admission")).unwrap();
    files
        .map(|entry| stem(entry.unwrap().path()))
        .filter(|name| name.contains(".mutate") || name.contains(".validate"))
        .collect()
}

/// Whether `file::function`, or `crate/file::function`, is a test.
fn is_test(evidence: &str) -> bool {
    let Some((file, function)) = evidence.split_once("::") else { return false };
    let path = match file.rsplit_once('/') {
        None => folder().join(format!("tests/admission/{file}.rs")),
        Some((package, file)) => {
            let tests = package.strip_prefix("gmsa-").unwrap_or("programs");
            folder().join(format!("../{package}/tests/{tests}/{file}.rs"))
        }
    };
    let Ok(text) = fs::read_to_string(path) else { return false };
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let Some(at) = lines.iter().position(|line| line.starts_with(&format!("fn {function}("))) else {
        return false;
    };
    lines[..at]
        .iter()
        .rev()
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
        .any(|line| *line == "#[test]")
}

#[test]
fn each_row_has_evidence_and_the_evidence_exists() {
    let (rows, recordings) = (rows(), recordings());
    assert!(rows.len() > 30, "only {} rows were found", rows.len());
    for row in rows {
        assert!(!row.evidence.is_empty(), "nothing shows: {}", row.text);
        for evidence in &row.evidence {
            assert!(
                recordings.contains(evidence) || is_test(evidence),
                "`{evidence}` is neither a recording nor a test; it is to show: {}",
                row.text
            );
        }
    }
}

#[test]
fn each_recording_is_in_a_row() {
    let shown: BTreeSet<String> = rows().into_iter().flat_map(|row| row.evidence).collect();
    let missing: Vec<_> = recordings().into_iter().filter(|recording| !shown.contains(recording)).collect();
    assert!(missing.is_empty(), "in no row: {missing:?}");
}

#[test]
fn the_recordings_that_are_answered_otherwise_are_those_of_the_second_table() {
    let rows = rows();
    for difference in DIFFERENCES {
        let row = rows.iter().find(|row| row.number == Some(difference.row)).unwrap();
        assert!(
            row.evidence.iter().any(|evidence| evidence == difference.case),
            "{} is not in row {}",
            difference.case,
            difference.row
        );
        let same = rows.iter().filter(|row| row.number.is_none());
        let claimed = same.flat_map(|row| &row.evidence).any(|evidence| evidence == difference.case);
        assert!(!claimed, "{} is said to be answered as upstream answers it", difference.case);
    }
}

#[test]
fn the_rows_of_the_second_table_are_numbered_upwards() {
    let numbers: Vec<u8> = rows().iter().filter_map(|row| row.number).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
}
