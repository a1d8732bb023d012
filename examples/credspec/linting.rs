//! `credspec lint`: what is wrong with credential specs, and where.

use std::{path::PathBuf, process::ExitCode};

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use gmsa_credspec::{
    generate::DomainFacts,
    lint::{LintOptions, Rule, Target, lint, rules},
};
use gmsa_examples::program::{BAD, FAINT, GOOD, NOTE, print, styled};
use gmsa_types::finding::{Finding, Severity};
use serde_json::{Value, json};

use crate::{
    Output,
    input::{self, Input},
    new::parse_facts,
    output::{Done, code, wrong},
    snippet::Snippets,
};

/// Says what is wrong with credential specs: place, reason and remedy.
///
/// It reads documents on their own and in manifests, in JSON and YAML, of any encoding. Values of `PluginInput` are
/// never shown.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Files or folders; the standard input if there are none, or for `-`.
    paths: Vec<PathBuf>,

    #[command(flatten)]
    judged: Judged,

    /// How to print the findings.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,

    /// Prints all rules instead.
    #[arg(long, conflicts_with_all = ["paths", "explain"])]
    rules: bool,

    /// Explains one rule instead, such as GC302.
    #[arg(long, value_name = "RULE", conflicts_with = "paths")]
    explain: Option<String>,
}

/// What findings depend on.
#[derive(Args)]
pub(crate) struct Judged {
    /// Where the credential spec is to be used.
    #[arg(long, default_value = "any", value_parser = targets())]
    target: Target,

    /// Leaves out the findings of a rule, such as GC403; can be repeated.
    #[arg(long, value_name = "RULE")]
    allow: Vec<String>,

    /// What `Get-ADDomain` says about the domain, to compare with.
    #[arg(long, value_name = "FILE", value_parser = crate::new::parse_facts_file)]
    facts: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  credspec lint webapp1.json
  credspec lint --target kubernetes manifests/
  kubectl get gmsacredentialspecs -o yaml | credspec lint --output json
  credspec lint --allow GC403 --facts domain.json webapp1.json
  credspec lint --explain GC302

Exit codes:
  0  no errors and no warnings
  1  errors or warnings
  2  the input cannot be used; nothing is printed on the standard output";

fn targets() -> impl TypedValueParser<Value = Target> {
    PossibleValuesParser::new(Target::ALL.iter().map(|target| target.as_str()))
        .try_map(|target| target.parse())
}

impl Judged {
    /// The options for one file; facts are read once for all.
    pub(crate) fn options(&self) -> Result<impl Fn(&str) -> LintOptions, Vec<String>> {
        let facts: Option<DomainFacts> = self.facts.as_deref().map(parse_facts).transpose()?;
        let allowed = |options: LintOptions| {
            self.allow.iter().try_fold(options, |options, id| {
                options
                    .allow(id)
                    .map_err(|error| vec![format!("--allow: {error}; `credspec lint --rules` lists all")])
            })
        };
        allowed(LintOptions::default())?;
        Ok(move |name: &str| {
            let options = LintOptions::default().with_target(self.target).with_file_name(name);
            let options = match &facts {
                Some(facts) => options.with_facts(facts.clone()),
                None => options,
            };
            allowed(options).unwrap_or_default()
        })
    }
}

pub(crate) fn run(arguments: Arguments) -> Done {
    if arguments.rules {
        return Ok(rule_table(arguments.output));
    }
    if let Some(id) = &arguments.explain {
        return explain(id, arguments.output);
    }
    let options = arguments.judged.options()?;
    let inputs = input::read_all(&arguments.paths)?;
    let found: Vec<_> = inputs
        .iter()
        .map(|input| {
            let mut findings = lint(&input.source, &options(&input.name));
            findings.sort_by(Finding::order);
            (input, findings)
        })
        .collect();
    let count = Count::of(found.iter().flat_map(|(_, findings)| findings));
    let text = match arguments.output {
        Output::Text => story(&found, &count),
        Output::Json => format!("{:#}\n", report(&found, &count)),
    };
    Ok(print(&text, code(count.is_clean())))
}

/// How many findings there are of each severity.
pub(crate) struct Count {
    errors: usize,
    warnings: usize,
    infos: usize,
}

impl Count {
    pub(crate) fn of<'f>(findings: impl Iterator<Item = &'f Finding>) -> Self {
        let mut count = Self { errors: 0, warnings: 0, infos: 0 };
        for finding in findings {
            match finding.severity() {
                Severity::Error => count.errors += 1,
                Severity::Warning => count.warnings += 1,
                Severity::Info => count.infos += 1,
            }
        }
        count
    }

    /// Whether there is nothing worse than information.
    pub(crate) fn is_clean(&self) -> bool {
        self.errors + self.warnings == 0
    }
}

fn story(found: &[(&Input, Vec<Finding>)], count: &Count) -> String {
    let mut text = String::new();
    for (input, findings) in found {
        let snippets = Snippets::new(&input.name, &input.source);
        for finding in findings {
            text += &snippets.render(finding);
            text += "\n\n";
        }
    }
    let mut counts = Vec::new();
    for (number, what, style) in
        [(count.errors, "error", BAD), (count.warnings, "warning", NOTE), (count.infos, "info", FAINT)]
    {
        if number > 0 {
            let plural = if number == 1 || what == "info" { "" } else { "s" };
            counts.push(styled(style, format!("{number} {what}{plural}")));
        }
    }
    let counts =
        if counts.is_empty() { styled(GOOD, "nothing to complain about") } else { counts.join(", ") };
    let files = found.len();
    text + &format!("{files} file{}: {counts}\n", if files == 1 { "" } else { "s" })
}

fn report(found: &[(&Input, Vec<Finding>)], count: &Count) -> Value {
    let findings: Vec<_> = found.iter().flat_map(|(_, findings)| findings).map(finding_as_json).collect();
    json!({
        "findings": findings,
        "files": found.len(),
        "errors": count.errors,
        "warnings": count.warnings,
        "infos": count.infos,
    })
}

/// Without the edits of its fix, which hold values of the document.
pub(crate) fn finding_as_json(finding: &Finding) -> Value {
    let mut value = serde_json::to_value(finding.clone().without_fix()).unwrap_or_default();
    value["fix"] = json!(finding.fix().map(|fix| fix.title()));
    value
}

fn rule_table(output: Output) -> ExitCode {
    let text = match output {
        Output::Json => {
            format!("{:#}\n", Value::from(rules().iter().map(rule_as_json).collect::<Vec<_>>()))
        }
        Output::Text => rules()
            .iter()
            .map(|rule| {
                let fixable = if rule.fixable() { "fix" } else { "" };
                format!("{:<6} {:<8} {fixable:<4} {}\n", rule.id(), rule.severity().to_string(), rule.title())
            })
            .collect(),
    };
    print(&text, ExitCode::SUCCESS)
}

fn explain(id: &str, output: Output) -> Done {
    let Some(rule) = rules().iter().find(|rule| rule.id().to_string().eq_ignore_ascii_case(id)) else {
        return wrong(format!("--explain: no rule `{id}`; `credspec lint --rules` lists all"));
    };
    let text = match output {
        Output::Json => format!("{:#}\n", rule_as_json(rule)),
        Output::Text => format!(
            "{}[{}]: {}\n\n{}\n\n{}\n\nsource: {}\n",
            rule.severity(),
            rule.id(),
            rule.title(),
            rule.why(),
            if rule.fixable() { "`credspec fix` can mend it." } else { "It needs a human to mend it." },
            rule.source(),
        ),
    };
    Ok(print(&text, ExitCode::SUCCESS))
}

fn rule_as_json(rule: &Rule) -> Value {
    json!({
        "id": rule.id().to_string(),
        "severity": rule.severity().to_string(),
        "title": rule.title(),
        "why": rule.why(),
        "fixable": rule.fixable(),
        "source": rule.source(),
    })
}
