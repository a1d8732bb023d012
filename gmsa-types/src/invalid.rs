use std::fmt;

/// Why a text is not a value of one of the validated types of this crate.
///
/// The message says what is wrong and where, and never repeats the text: a value may come out of a
/// credential spec, whose contents belong in no log. Callers that know the text to be harmless (the name of a
/// resource, say) put it in front.
///
/// ```
/// use gmsa_types::{CredentialSpecName, Fault};
///
/// let error = CredentialSpecName::try_from("gmsa-WebApp1").unwrap_err();
/// assert_eq!(error.fault(), &Fault::Character('W'));
/// assert_eq!(error.at(), Some(5));
/// assert_eq!(error.to_string(), "credential spec name must not contain `W` (character 6)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidValue {
    what: &'static str,
    fault: Fault,
    at: Option<usize>,
}

/// The kind of an [`InvalidValue`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The text is empty, or the part of it that the error points to is.
    Empty,
    /// The text is longer than the limit.
    TooLong {
        /// The greatest length allowed, in bytes.
        limit: usize,
        /// The length found, in bytes.
        length: usize,
    },
    /// A character that has no place there.
    Character(char),
    /// The text breaks a rule that is put in words, such as "a GUID has 32 hexadecimal digits".
    Rule(&'static str),
}

impl InvalidValue {
    pub(crate) const fn new(what: &'static str, fault: Fault) -> Self {
        Self { what, fault, at: None }
    }

    pub(crate) const fn at_byte(what: &'static str, fault: Fault, at: usize) -> Self {
        Self { what, fault, at: Some(at) }
    }

    /// The kind of value that was expected, in words: `credential spec name`.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// What is wrong.
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// Where it is wrong: a byte offset into the text, if the fault has a place.
    pub fn at(&self) -> Option<usize> {
        self.at
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what;
        match &self.fault {
            Fault::Empty => write!(f, "{what} must not be empty")?,
            Fault::TooLong { limit, length } => {
                write!(f, "{what} must have at most {limit} bytes, not {length}")?;
            }
            // Control characters would break a log line, so they are written as escapes.
            Fault::Character(c) if c.is_control() => {
                write!(f, "{what} must not contain `{}`", c.escape_default())?;
            }
            Fault::Character(c) => write!(f, "{what} must not contain `{c}`")?,
            Fault::Rule(rule) => write!(f, "not a {what}: {rule}")?,
        }
        match self.at {
            Some(at) => write!(f, " (character {})", at.saturating_add(1)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for InvalidValue {}
