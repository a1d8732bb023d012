use std::borrow::Cow;

use crate::generate::facts::{DomainFacts, Fact, FactFault, FactsError};
use crate::json::{DEPTH_LIMIT, Member, Value, read_object};
use crate::{ReadError, ReadErrorKind};

/// The JSON of `Get-ADDomain | ConvertTo-Json`.
pub(super) fn read_json(text: &str) -> Result<DomainFacts, FactsError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (text, in_array) = match only_item(text) {
        Some(item) => (Cow::Owned(item), true),
        None => (Cow::Borrowed(text), false),
    };
    let document = read_object(&text, DEPTH_LIMIT).map_err(|error| read_error(error, in_array))?;
    let Value::Object(members) = &document.value else {
        return Err(FactsError::NotOneDomain);
    };
    DomainFacts::collect(|fact| {
        let values = members.iter().filter(|member| is_key_of(fact, &member.key));
        only(values.map(|member| value_text(fact, member)))
    })
}

/// The list that `Get-ADDomain` prints.
pub(super) fn read_list(text: &str) -> Result<DomainFacts, FactsError> {
    let entries = entries(text.strip_prefix('\u{feff}').unwrap_or(text));
    DomainFacts::collect(|fact| {
        let values = entries.iter().filter(|entry| is_key_of(fact, entry.key));
        only(values.map(|entry| match (fact, entry.wrapped) {
            (Fact::NetBiosName, true) => Err(FactFault::Wrapped),
            _ => Ok(Cow::Owned(entry.value.clone())),
        }))
    })
}

fn is_key_of(fact: Fact, key: &str) -> bool {
    fact.keys().iter().any(|known| known.eq_ignore_ascii_case(key))
}

/// The one value that is there, be it several times.
fn only<'t>(
    mut values: impl Iterator<Item = Result<Cow<'t, str>, FactFault>>,
) -> Result<Cow<'t, str>, FactFault> {
    let first = values.next().unwrap_or(Err(FactFault::Missing))?;
    for other in values {
        if other? != first {
            return Err(FactFault::Ambiguous);
        }
    }
    Ok(first)
}

/// The text between the brackets of an array, at the place where it stood, so that errors keep their lines and
/// columns.
fn only_item(text: &str) -> Option<String> {
    let inner = text.trim_start().strip_prefix('[')?.trim_end().strip_suffix(']')?;
    let before = text.get(..text.find('[')?)?;
    Some(format!("{before} {inner}"))
}

fn read_error(error: ReadError, in_array: bool) -> FactsError {
    match error.kind() {
        ReadErrorKind::Empty | ReadErrorKind::TrailingData if in_array => FactsError::NotOneDomain,
        _ => FactsError::Read(error),
    }
}

fn value_text<'m>(fact: Fact, member: &'m Member<'_>) -> Result<Cow<'m, str>, FactFault> {
    match &member.node.value {
        Value::String(text) => Ok(Cow::Borrowed(text.trim())),
        // PowerShell writes a SecurityIdentifier as {BinaryLength, AccountDomainSid, Value}.
        Value::Object(members) if fact == Fact::DomainSid => {
            let values = members.iter().filter(|member| member.key.eq_ignore_ascii_case("Value"));
            only(values.map(|member| match &member.node.value {
                Value::String(text) => Ok(Cow::Borrowed(text.trim())),
                other => Err(FactFault::WrongType(other.json_type())),
            }))
        }
        other => Err(FactFault::WrongType(other.json_type())),
    }
}

struct Entry<'t> {
    key: &'t str,
    value: String,
    wrapped: bool,
}

fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        if let Some((key, value)) = key_and_value(line) {
            entries.push(Entry { key, value: value.to_owned(), wrapped: false });
            is_open = true;
        } else if line.starts_with([' ', '\t'])
            && !line.trim().is_empty()
            && is_open
            && let Some(entry) = entries.last_mut()
        {
            entry.value.push_str(line.trim());
            entry.wrapped = true;
        } else {
            is_open = false;
        }
    }
    entries
}

/// `Key : value`, where the key is one word.
fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim();
    let is_word = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric());
    let is_divided = value.is_empty() || value.starts_with([' ', '\t', '\r']);
    (is_word && is_divided).then(|| (key, value.trim()))
}
