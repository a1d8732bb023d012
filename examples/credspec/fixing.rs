//! `credspec fix`: mends what needs no human to decide.

use std::path::PathBuf;

use clap::Args;
use gmsa_credspec::lint::{Fixed, fix};
use gmsa_examples::program::{GOOD, print, print_exactly, styled};
use gmsa_types::finding::RuleId;
use serde_json::{Value, json};

use crate::{
    Output,
    input::{self, Input, is_standard_input},
    linting::{Count, Judged, finding_as_json},
    output::{Done, code, write_file, wrong},
};

/// Mends what needs no human to decide, and prints the mended text.
///
/// What was done, and what is left to do, goes to the standard error. With --write, files are changed in place, each
/// of them as a whole or not at all, and the report goes to the standard output.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// A file, or with --write any number of files and folders; the standard input if there are none, or for `-`.
    paths: Vec<PathBuf>,

    #[command(flatten)]
    judged: Judged,

    /// Changes the files.
    #[arg(long)]
    write: bool,

    /// How to print; json has no mended text in it.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

const EXAMPLES: &str = "\
Examples:
  credspec fix webapp1.json > mended.json
  credspec fix --write --target kubernetes manifests/
  credspec fix --output json webapp1.json

Exit codes:
  0  nothing is left to do
  1  errors or warnings are left
  2  the input cannot be used, or a text cannot be mended; nothing is printed on the standard output";

pub(crate) fn run(arguments: Arguments) -> Done {
    let options = arguments.judged.options()?;
    if arguments.write
        && input::or_standard_input(&arguments.paths).iter().any(|path| is_standard_input(path))
    {
        return wrong("--write changes files: name some");
    }
    let inputs = input::read_all(&arguments.paths)?;
    if inputs.len() > 1 && !arguments.write && arguments.output == Output::Text {
        return wrong("more than one file; give one, or --write to change them in place");
    }
    let (mut mended, mut errors) = (Vec::new(), Vec::new());
    for input in &inputs {
        match fix(&input.source, &options(&input.name)) {
            Ok(fixed) => mended.push(Mended::new(input, fixed)),
            Err(failure) => errors.push(format!("{}: {failure}", input.name)),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if arguments.write {
        for mended in mended.iter().filter(|mended| !mended.applied.is_empty()) {
            write_file(mended.input.name.as_ref(), &mended.text, true)?;
        }
    }
    let is_clean = mended.iter().all(|mended| Count::of(mended.remaining.iter()).is_clean());
    let report: String = mended.iter().map(Mended::story).collect();
    Ok(match (arguments.output, mended.as_slice()) {
        (Output::Json, _) => {
            let values: Vec<_> = mended.iter().map(Mended::as_json).collect();
            print_exactly(&format!("{:#}\n", Value::from(values)), code(is_clean))
        }
        (Output::Text, [mended]) if !arguments.write => {
            anstream::eprint!("{report}");
            print_exactly(&mended.text, code(is_clean))
        }
        (Output::Text, _) => print(&report, code(is_clean)),
    })
}

struct Mended<'i> {
    input: &'i Input,
    text: String,
    applied: Vec<(RuleId, String)>,
    remaining: Vec<gmsa_types::finding::Finding>,
}

impl<'i> Mended<'i> {
    fn new(input: &'i Input, fixed: Fixed) -> Self {
        Self {
            input,
            text: fixed.text().to_owned(),
            applied: fixed.applied().to_vec(),
            remaining: fixed.remaining().to_vec(),
        }
    }

    fn story(&self) -> String {
        let name = &self.input.name;
        let mut text = String::new();
        for (id, title) in &self.applied {
            text += &format!("{name}: {}[{id}]: {title}\n", styled(GOOD, "fixed"));
        }
        for finding in &self.remaining {
            text += &format!("{name}: {finding}\n");
        }
        if text.is_empty() {
            text = format!("{name}: nothing to fix\n");
        }
        text
    }

    fn as_json(&self) -> Value {
        let applied: Vec<_> =
            self.applied.iter().map(|(id, title)| json!({"id": id.to_string(), "title": title})).collect();
        let remaining: Vec<_> = self.remaining.iter().map(finding_as_json).collect();
        json!({"file": self.input.name, "applied": applied, "remaining": remaining})
    }
}
