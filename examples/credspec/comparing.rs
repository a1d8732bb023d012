//! `credspec compare` and `credspec diff`: two credential specs, as the webhook and as people see them.

use std::path::PathBuf;

use clap::Args;
use gmsa_credspec::{
    Comparison,
    diff::{diff as differences, render},
};
use gmsa_examples::program::{BAD, GOOD, print, styled};
use serde_json::json;

use crate::{
    Output,
    input::{Input, is_standard_input},
    output::{Done, code, wrong},
};

/// Tells whether two credential specs say the same, by the rule of the admission webhook.
///
/// The order of keys, white space and the spelling of numbers and strings make no difference; the order of items and
/// the case of keys and values do. Values are not shown.
#[derive(Args)]
#[command(after_help = COMPARE_EXAMPLES)]
pub(crate) struct Compare {
    #[command(flatten)]
    two: Two,
}

#[derive(Args)]
struct Two {
    /// One credential spec; `-` is the standard input.
    left: PathBuf,

    /// The other one.
    right: PathBuf,

    /// How to print the answer.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

const COMPARE_EXAMPLES: &str = "\
Examples:
  credspec compare webapp1.yaml contents-of-the-pod.json
  kubectl get gmsacredentialspec gmsa-webapp1 -o json | credspec compare - webapp1.json

Exit codes:
  0  they say the same
  1  they differ
  2  one of them cannot be used; nothing is printed on the standard output";

/// Says how two credential specs differ in what they mean, for people.
#[derive(Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub(crate) struct Diff {
    #[command(flatten)]
    two: Two,
}

const DIFF_EXAMPLES: &str = "\
Examples:
  credspec diff webapp1.json webapp1-new.yaml
  kubectl get gmsacredentialspec gmsa-webapp1 -o yaml | credspec diff - webapp1.json --output json

Exit codes:
  0  there is no difference
  1  they differ, be it in the spelling of a value
  2  one of them cannot be used; nothing is printed on the standard output";

impl Two {
    fn read(&self) -> Result<(Input, Input), Vec<String>> {
        if is_standard_input(&self.left) && is_standard_input(&self.right) {
            return wrong("only one of the two can be the standard input");
        }
        match (Input::read(&self.left), Input::read(&self.right)) {
            (Ok(left), Ok(right)) => Ok((left, right)),
            (left, right) => Err(both_wrong(left, right)),
        }
    }
}

fn both_wrong<T>(left: Result<T, Vec<String>>, right: Result<T, Vec<String>>) -> Vec<String> {
    [left.err(), right.err()].into_iter().flatten().flatten().collect()
}

pub(crate) fn compare(arguments: Compare) -> Done {
    let two = arguments.two;
    let (left, right) = two.read()?;
    let (left, right) = match (left.contents(), right.contents()) {
        (Ok(left), Ok(right)) => (left, right),
        (left, right) => return Err(both_wrong(left, right)),
    };
    let found = match gmsa_credspec::compare(&left, &right) {
        Comparison::Equal => Vec::new(),
        Comparison::Different(differences) => differences,
        // Both were read strictly before.
        Comparison::Unreadable { side, error } => return wrong(format!("the {side} side: {error}")),
    };
    let text = match two.output {
        Output::Text if found.is_empty() => format!("{}\n", styled(GOOD, "equal")),
        Output::Text => {
            let lines: String = found.iter().map(|difference| format!("  {difference}\n")).collect();
            format!("{}\n{lines}", styled(BAD, "different"))
        }
        Output::Json => {
            let differences: Vec<_> = found
                .iter()
                .map(|difference| {
                    json!({"pointer": difference.pointer().to_string(), "message": difference.to_string()})
                })
                .collect();
            format!("{:#}\n", json!({"equal": found.is_empty(), "differences": differences}))
        }
    };
    Ok(print(&text, code(found.is_empty())))
}

pub(crate) fn diff(arguments: Diff) -> Done {
    let two = arguments.two;
    let (left, right) = two.read()?;
    let (left, right) = match (left.spec(), right.spec()) {
        (Ok(left), Ok(right)) => (left, right),
        (left, right) => return Err(both_wrong(left, right)),
    };
    let found = differences(&left, &right);
    let text = match two.output {
        Output::Text if found.is_empty() => format!("{}\n", styled(GOOD, "no difference")),
        Output::Text => render(&found),
        Output::Json => {
            let differences: Vec<_> = found.iter().map(|difference| difference.to_string()).collect();
            format!("{:#}\n", json!({"equal": found.is_empty(), "differences": differences}))
        }
    };
    Ok(print(&text, code(found.is_empty())))
}
