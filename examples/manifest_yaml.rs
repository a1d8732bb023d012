use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;
use serde_saphyr::{
    DefaultMessageFormatter, DoubleQuoted, DuplicateKeyPolicy, Error, MergeKeyPolicy, MessageFormatter,
    NonFiniteFloatPolicy, Options, Spanned, budget::BudgetBreach,
};

use crate::manifest::{Document, ManifestError};

/// The documents of a YAML file that hold something.
///
/// After a fault in what a document means, such as a duplicate key, the next document is still read; after one of
/// syntax nothing more is.
pub(crate) fn documents(file: &str, text: &str) -> Result<Vec<Document>, Vec<ManifestError>> {
    // The reader takes some 20 KiB of stack for a level of nesting in a debug build, and the main thread may have
    // as little as 1 MiB.
    const STACK: usize = 16 * 1024 * 1024;
    let read = || read_documents(file, text);
    let thread = std::thread::Builder::new().stack_size(STACK);
    let result = std::thread::scope(|scope| thread.spawn_scoped(scope, read).map(|thread| thread.join()));
    result.ok().and_then(Result::ok).unwrap_or_else(|| {
        let message = "the YAML reader could not be run".to_owned();
        let remedy = "free some memory, and report it if that does not help";
        Err(vec![ManifestError { file: file.to_owned(), place: None, message, remedy }])
    })
}

fn read_documents(file: &str, text: &str) -> Result<Vec<Document>, Vec<ManifestError>> {
    let mut documents = Vec::new();
    let mut errors = Vec::new();
    let mut bytes = text.as_bytes();
    for document in serde_saphyr::read_with_options::<_, Spanned<Value>>(&mut bytes, options()) {
        match document {
            Ok(Spanned { value, referenced, .. }) => {
                documents.push(Document { line: referenced.line(), column: referenced.column(), value });
            }
            Err(error) => errors.push(fault(file, text, &error)),
        }
    }
    if errors.is_empty() { Ok(documents) } else { Err(errors) }
}

pub(crate) fn write(object: &Value) -> Result<String, String> {
    // Folding would break a credential spec over many lines; text with line breaks still gets a block.
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(&Quoted(object), options).map_err(|error| error.to_string())
}

/// A value with those keys in quotes that `kubectl` takes for something else, such as a label `on`. The writer
/// quotes values of that kind, but keys only as YAML 1.2 needs it.
struct Quoted<'v>(&'v Value);

impl Serialize for Quoted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => serializer.collect_seq(items.iter().map(Quoted)),
            Value::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in fields {
                    if is_plain_key(key) {
                        map.serialize_entry(key, &Quoted(value))?;
                    } else {
                        map.serialize_entry(&DoubleQuoted(key), &Quoted(value))?;
                    }
                }
                map.end()
            }
            scalar => scalar.serialize(serializer),
        }
    }
}

fn is_plain_key(key: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && !WORDS.iter().any(|word| key.eq_ignore_ascii_case(word))
}

/// As deep as `serde_json` goes.
const MAX_DEPTH: usize = 128;

/// Scalars as `kubectl` reads them, which is YAML 1.1 as Go's yaml.v2 has it: `NO`, `on` and `y` are booleans,
/// `0123` is octal, `1_000` a number, `<<` merges.
///
/// Source: kubernetes-sigs/yaml, `goyaml.v2/resolve.go`.
///
/// What is not the same:
/// - a duplicate key is an error, where `kubectl` takes the last without a word;
/// - keys keep their spelling, where `kubectl` makes `"true"` of a key `on`, and `"83"` of `0123`;
/// - `yEs` and the like, in mixed case, are booleans, where `kubectl` takes them for text;
/// - numbers beyond a double, such as `1e400`, are errors, where `kubectl` takes them for text;
/// - `1_000.5` and `1__0` are text, where `kubectl` takes out the underscores;
/// - a document starts where YAML says so, where `kubectl` cuts at every line that starts with `---` and drops
///   what else is on that line.
fn options() -> Options {
    serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Merge,
        legacy_octal_numbers: true,
        strict_booleans: false,
        non_finite_float_policy: NonFiniteFloatPolicy::Reject,
        // Snippets in errors would repeat the file, credential specs included.
        with_snippet: false,
        budget: serde_saphyr::budget! { max_depth: MAX_DEPTH, max_documents: 16_384 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
    }
}

fn fault(file: &str, text: &str, error: &Error) -> ManifestError {
    let error = innermost(error);
    let place = error.location().filter(|place| place.line() > 0).map(|place| (place.line(), place.column()));
    let line = place.and_then(|(line, _)| text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?));
    let (message, remedy) = explain(error, line.unwrap_or_default());
    // A fault without a place is one of the file as a whole.
    ManifestError { file: file.to_owned(), place: place.or(Some((1, 1))), message, remedy }
}

fn innermost(error: &Error) -> &Error {
    match error.without_snippet() {
        Error::AliasError { error, .. } => innermost(error),
        error => error,
    }
}

fn explain(error: &Error, line: &str) -> (String, &'static str) {
    const TOO_MUCH: &str =
        "no Kubernetes object needs as much: write out what aliases repeat, or split the file";
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    // In one line, whatever it says.
    let said = || DefaultMessageFormatter.format_message(error).replace(char::is_control, " ");
    match error {
        Error::DuplicateMappingKey { key, .. } => {
            let message = match key {
                Some(key) => format!("duplicate key `{}`", key.escape_debug()),
                None => "duplicate key".to_owned(),
            };
            (message, "remove one of the two")
        }
        Error::NonFiniteFloat { .. } => {
            ("a number that JSON cannot hold".to_owned(), "write it in quotes if it is text")
        }
        Error::UnknownAnchor { .. } => (
            "an alias to nothing".to_owned(),
            "define it with `&` before, in the same document, or quote text that starts with `*`",
        ),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            ("an alias to what it stands in".to_owned(), "write it out")
        }
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => (
            "nested too deeply".to_owned(),
            "no Kubernetes object is nested as deep: check what made the file",
        ),
        Error::Budget { .. } => ("more than a manifest may hold".to_owned(), TOO_MUCH),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => ("aliases that repeat too much".to_owned(), TOO_MUCH),
        _ if line.contains("{{") => (said(), "fill in the template first, with `helm template` for a chart"),
        _ if indent.contains('\t') => (said(), "indent with spaces: YAML takes no tabs there"),
        Error::Eof { .. } => (said(), "the file is cut off: get it again, or close what is open"),
        // What serde found may be quoted in these.
        Error::SerdeInvalidType { .. } | Error::SerdeInvalidValue { .. } | Error::InvalidScalar { .. } => {
            ("a value that is not of the type of its tag".to_owned(), "remove the tag, or correct the value")
        }
        _ => (
            said(),
            "correct the YAML there; text with `: ` or ` #` in it, or a special character in front, goes in quotes",
        ),
    }
}
