//! How a comparison is told.

use std::process::ExitCode;

use gmsa_examples::program::{BAD, FAINT, GOOD, NOTE, one_line, print, styled};

use crate::{
    Output,
    compare::{Compared, Comparison, Difference, Effect, Identity, State},
};

/// Prints it; the exit code is 1 if anything differs.
pub(crate) fn tell(comparison: &Comparison, output: Output) -> ExitCode {
    let text = match output {
        Output::Json => format!("{:#}\n", serde_json::json!(comparison)),
        Output::Text => in_words(comparison),
    };
    print(&text, if comparison.is_same() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn in_words(comparison: &Comparison) -> String {
    let mut text: String = comparison.objects.iter().map(object).collect();
    for identity in &comparison.left_over {
        text += &format!("{} {}: nothing wants it any more\n", styled(NOTE, "left"), called(identity));
    }
    let count = |state| comparison.objects.iter().filter(|object| object.state == state).count();
    text + &format!(
        "{} to add, {} to change, {} as they should be, {} left over\n",
        count(State::Added),
        count(State::Changed),
        count(State::Same),
        comparison.left_over.len()
    )
}

fn object(Compared { identity, state, differences, meaning }: &Compared) -> String {
    let state = match state {
        State::Same => styled(FAINT, "same"),
        State::Changed => styled(NOTE, "change"),
        State::Added => styled(GOOD, "add"),
    };
    let mut text = format!("{state} {}\n", called(identity));
    text.extend(differences.iter().map(difference));
    text.extend(meaning.iter().map(|meaning| format!("  {} installed: {meaning}\n", styled(NOTE, "!"))));
    text
}

fn difference(Difference { path, effect, installed, wanted }: &Difference) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_default();
    let (installed, wanted) = (shown(installed), shown(wanted));
    match effect {
        Effect::Add => format!("  {} {path}: {wanted}\n", styled(GOOD, "+")),
        Effect::Change => format!("  {} {path}: {installed} -> {wanted}\n", styled(NOTE, "~")),
        Effect::Remove => format!("  {} {path}: {installed}\n", styled(BAD, "-")),
        Effect::Keep => format!("  {} {path}: {installed}, which stays\n", styled(FAINT, "=")),
    }
}

fn called(Identity { kind, namespace, name, .. }: &Identity) -> String {
    one_line(match namespace {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    })
}
