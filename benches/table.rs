//! Shows what the last runs measured, as Markdown: `cargo run -p gmsa-benches --bin table [README]`. In a file that is
//! named, it replaces what is below [`MARK`].

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write as _},
    process::{Command, ExitCode},
};

use gmsa_benches::{Case, Record, Table, said, tables, target};
use serde_json::Value;

const MARK: &str = "<!-- measured -->\n";

fn main() -> io::Result<ExitCode> {
    let measured = Measured::read();
    let commits = measured.commits();
    if commits.len() > 1 {
        let commits: Vec<&str> = commits.iter().map(|commit| commit.unwrap_or("an unknown one")).collect();
        eprintln!(
            "allocations and instructions are of different commits ({}): run both benchmarks again, whole",
            commits.join(", ")
        );
        return Ok(ExitCode::FAILURE);
    }
    let mut lines = vec![origin(commits.into_iter().flatten().next()), String::new()];
    lines.extend(measured.aims());
    for table in tables() {
        lines.extend([String::new(), format!("## {}", table.title), String::new()]);
        lines.extend(match table.unit {
            None => measured.rows(&table),
            Some(unit) => measured.growth(&table, unit),
        });
    }
    let page = lines.join("\n");
    let Some(path) = std::env::args().nth(1) else {
        return match writeln!(io::stdout(), "{page}") {
            // Whoever reads has read enough.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(ExitCode::SUCCESS),
        };
    };
    Ok(match put_into(&path, &page) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {path}: {error}");
            ExitCode::FAILURE
        }
    })
}

/// Puts the tables below the mark.
fn put_into(path: &str, page: &str) -> io::Result<()> {
    let readme = fs::read_to_string(path)?;
    let (above, _) = readme.split_once(MARK).ok_or_else(|| {
        io::Error::other(format!("it has no line `{}`, below which the tables go", MARK.trim()))
    })?;
    fs::write(path, format!("{above}{MARK}\n{page}\n"))
}

/// With what, where and of what it was measured, as far as it can be told.
fn origin(commit: Option<&str>) -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned()));
    let known: Vec<String> =
        [said(Command::new("rustc").arg("--version")), model].into_iter().flatten().collect();
    let commit = commit.map(|commit| format!("Instructions and allocations are of commit {commit}.\n"));
    let commit = commit.unwrap_or_default();
    format!("Measured with: {}.\n{commit}The times are those which Criterion has.", known.join("; "))
}

/// What was measured of each case, by its name.
struct Measured {
    instructions: Record,
    allocations: Record,
}

/// Something that was measured, how it is shown, and what of a case it is.
type Measure = (&'static str, fn(Option<f64>) -> String, fn(&Measured, &str) -> Option<f64>);

const MEASURES: [Measure; 3] = [
    ("time", time, Measured::time),
    ("instructions", count, Measured::instructions),
    ("allocations", count, Measured::allocations),
];

/// What a number is to be.
#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
    Under(f64),
}

impl Bound {
    fn is_met(self, number: f64) -> bool {
        match self {
            Self::AtLeast(bound) => number >= bound,
            Self::AtMost(bound) => number <= bound,
            Self::Under(bound) => number < bound,
        }
    }

    /// Whether all meet it that were measured, and if not, which does not.
    fn met(self, [time, instructions, allocations]: [Option<f64>; 3]) -> String {
        let all = [(time, "time"), (instructions, "instructions"), (allocations, "allocations")];
        let measured: Vec<_> = all.into_iter().filter_map(|(number, by)| Some((number?, by))).collect();
        match measured.iter().find(|(number, _)| !self.is_met(*number)) {
            Some((_, by)) => format!("no, by {by}"),
            None if measured.is_empty() => UNKNOWN.to_owned(),
            None => "yes".to_owned(),
        }
    }
}

/// What is aimed at, the bound, the case, and that by which it is divided.
const AIMS: [(&str, Bound, &str, &str); 4] = [
    (
        "kube-core's typed path to ours: at least 4",
        Bound::AtLeast(4.0),
        "mutate/pod-level/kube-core-typed",
        "mutate/pod-level/bytes-to-bytes",
    ),
    (
        "no gMSA fields, to the floor: at most 1.3",
        Bound::AtMost(1.3),
        "review/no-gmsa-pod",
        "review/no-gmsa-pod/floor-ignored-any",
    ),
    (
        "writing a credential spec, to a parse: under 2",
        Bound::Under(2.0),
        "canonical/write",
        "canonical/floor-serde-json-value",
    ),
    (
        "comparing two, to a parse of one: under 2",
        Bound::Under(2.0),
        "compare/spelt-otherwise",
        "canonical/floor-serde-json-value",
    ),
];

impl Measured {
    fn read() -> Self {
        Self { instructions: Record::of("instructions"), allocations: Record::of("allocations") }
    }

    /// The median, in nanoseconds.
    fn time(&self, name: &str) -> Option<f64> {
        let folder = target().join("criterion").join(name.replace('/', "_"));
        let estimates: Value =
            serde_json::from_slice(&fs::read(folder.join("new/estimates.json")).ok()?).ok()?;
        estimates.pointer("/median/point_estimate")?.as_f64()
    }

    fn instructions(&self, name: &str) -> Option<f64> {
        self.instructions.get(name).map(|numbers| numbers[0] as f64)
    }

    fn allocations(&self, name: &str) -> Option<f64> {
        self.allocations.get(name).map(|numbers| numbers[0] as f64)
    }

    fn allocated_bytes(&self, name: &str) -> Option<f64> {
        self.allocations.get(name).map(|numbers| numbers[1] as f64)
    }

    /// The commits of what is shown.
    fn commits(&self) -> BTreeSet<Option<&str>> {
        let tables = tables();
        let names = || tables.iter().flat_map(|table| &table.cases).map(Case::name);
        &self.instructions.commits(names()) | &self.allocations.commits(names())
    }

    fn aims(&self) -> Vec<String> {
        let mut lines = head(["aim", "by time", "by instructions", "by allocations", "met"]);
        let by = |of: fn(&Self, &str) -> Option<f64>| move |name: &str| of(self, name);
        let (times, instructions) = (by(Self::time), by(Self::instructions));
        let expansion = |of: &dyn Fn(&str) -> Option<f64>| {
            let reading = of("mutate/pod-level/bytes-to-bytes")? - of("mutate/pod-level/write-answer")?;
            Some(reading / of("mutate/pod-level/floor-ignored-any")?)
        };
        let none = String::new;
        let ratios = |aim: &str, bound: Bound, by_time, by_instructions| {
            let met = bound.met([by_time, by_instructions, None]);
            row(aim, [ratio(by_time), ratio(by_instructions), none(), met])
        };
        let aim = "mutate, less writing the answer, to the floor: at most 1.8";
        lines.push(ratios(aim, Bound::AtMost(1.8), expansion(&times), expansion(&instructions)));
        for (aim, bound, case, to) in AIMS {
            let part = |of: &dyn Fn(&str) -> Option<f64>| divided(of(case), of(to));
            lines.push(ratios(aim, bound, part(&times), part(&instructions)));
        }
        let question = self.time("access/100000-bindings/question");
        let met = Bound::Under(1e3).met([question, None, None]);
        lines.push(row("a question at 100,000 bindings: under 1 µs", [time(question), none(), none(), met]));
        for (aim, bound, case) in [
            ("mutate: at most 12 allocations", 12.0, "mutate/pod-level/bytes-to-bytes"),
            ("no gMSA fields: at most 3 allocations", 3.0, "review/no-gmsa-pod"),
        ] {
            let allocations = self.allocations(case);
            let met = Bound::AtMost(bound).met([None, None, allocations]);
            lines.push(row(aim, [none(), none(), count(allocations), met]));
        }
        lines
    }

    /// A row for each case.
    fn rows(&self, table: &Table) -> Vec<String> {
        let mut lines =
            head(["", "time", "to the floor", "instructions", "to the floor", "allocations", "bytes"]);
        for case in &table.cases {
            let name = case.name();
            let to_floor = |of: fn(&Self, &str) -> Option<f64>| match case.floor() {
                Some(floor) => ratio(divided(of(self, name), of(self, floor))),
                None => "1".to_owned(),
            };
            let cells = [
                time(self.time(name)),
                to_floor(Self::time),
                count(self.instructions(name)),
                to_floor(Self::instructions),
                count(self.allocations(name)),
                count(self.allocated_bytes(name)),
            ];
            lines.push(row(&format!("`{name}`: {}", case.what()), cells));
        }
        lines
    }

    /// For each measure, a row for each kind of case, a column for each size, and what one more costs.
    fn growth(&self, table: &Table, unit: &str) -> Vec<String> {
        let mut sizes: Vec<usize> = table.cases.iter().filter_map(Case::size).collect();
        sizes.dedup();
        let mut kinds: Vec<&str> = Vec::new();
        for what in table.cases.iter().map(Case::what) {
            if !kinds.contains(&what) {
                kinds.push(what);
            }
        }
        let columns = sizes.iter().map(|size| count(Some(*size as f64)));
        let more = ["one more, at first", "at last"].map(str::to_owned);
        let columns: Vec<String> = columns.chain(more).collect();
        let mut lines = Vec::new();
        for (measure, show, of) in MEASURES {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            let title = format!("{measure}, by {unit}");
            lines.extend(head([title].into_iter().chain(columns.iter().cloned())));
            for what in &kinds {
                let of_size = |size: &usize| {
                    let wanted = |case: &&Case| case.what() == *what && case.size() == Some(*size);
                    of(self, table.cases.iter().find(wanted)?.name())
                };
                let values: Vec<Option<f64>> = sizes.iter().map(of_size).collect();
                let slope = |from: usize| {
                    Some((values[from + 1]? - values[from]?) / (sizes[from + 1] - sizes[from]) as f64)
                };
                let slopes = [slope(0), slope(values.len() - 2)];
                lines.push(row(what, values.iter().copied().chain(slopes).map(show)));
            }
        }
        lines
    }
}

fn divided(value: Option<f64>, by: Option<f64>) -> Option<f64> {
    Some(value? / by?)
}

fn head(names: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    let names: Vec<String> = names.into_iter().map(Into::into).collect();
    vec![format!("| {} |", names.join(" | ")), format!("|{}", "---|".repeat(names.len()))]
}

fn row(first: &str, cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().collect();
    format!("| {first} | {} |", cells.join(" | "))
}

/// What was not measured.
const UNKNOWN: &str = "?";

fn time(nanoseconds: Option<f64>) -> String {
    let Some(time) = nanoseconds else { return UNKNOWN.to_owned() };
    let (value, unit) = match time.abs() {
        0.0..1e3 => (time, "ns"),
        1e3..1e6 => (time / 1e3, "µs"),
        1e6..1e9 => (time / 1e6, "ms"),
        _ => (time / 1e9, "s"),
    };
    format!("{} {unit}", number(value))
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| UNKNOWN.to_owned(), |ratio| format!("{ratio:.2}"))
}

fn count(count: Option<f64>) -> String {
    match count {
        Some(count) if count.fract() == 0.0 && count < 10.0 => format!("{count}"),
        Some(count) => number(count),
        None => UNKNOWN.to_owned(),
    }
}

/// With commas between thousands, and below ten with a digit after the point.
fn number(number: f64) -> String {
    if number.abs() < 0.05 {
        return "0".to_owned();
    }
    if number.abs() < 10.0 {
        return format!("{number:.1}");
    }
    let digits = format!("{:.0}", number.abs());
    let mut shown = String::from(if number < 0.0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}
