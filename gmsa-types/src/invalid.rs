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
    place: Option<Place>,
}

/// The kind of an [`InvalidValue`].
///
/// ```
/// use gmsa_types::{CredentialSpecName, Fault, Guid};
///
/// let error = CredentialSpecName::try_from("a".repeat(300)).unwrap_err();
/// assert_eq!(error.fault(), &Fault::TooLong { limit: 253, length: 300 });
/// let error = Guid::try_from("00000000-0000-0000-0000-000000000000").unwrap_err();
/// assert_eq!(error.fault(), &Fault::Rule("it is the nil GUID"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The text is empty, or the part of it that the error names is.
    Empty,
    /// The text is longer than the limit.
    TooLong {
        /// The greatest length allowed, in characters.
        limit: usize,
        /// The length found, in characters.
        length: usize,
    },
    /// A character that has no place there.
    Character(char),
    /// The text breaks a rule that is put in words, such as "hyphens divide it as 8-4-4-4-12".
    Rule(&'static str),
}

/// A character of the text: the byte that it starts at, and how many characters stand before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    byte: usize,
    character: usize,
}

impl InvalidValue {
    /// The kind of value that was expected, in words: `credential spec name`.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// What is wrong.
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// Where it is wrong, if the fault has a place: the byte offset of a character of the text. The message
    /// counts characters instead, from 1.
    pub fn at(&self) -> Option<usize> {
        self.place.map(|place| place.byte)
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what;
        match &self.fault {
            Fault::Empty => write!(f, "{what} must not be empty")?,
            Fault::TooLong { limit, length } => {
                write!(f, "{what} must have at most {limit} characters, not {length}")?;
            }
            // What would break or disguise a log line (control characters, bidirectional marks, ...) is written
            // as an escape; these three need none.
            Fault::Character(c @ ('"' | '\'' | '\\')) => write!(f, "{what} must not contain `{c}`")?,
            Fault::Character(c) => write!(f, "{what} must not contain `{}`", c.escape_debug())?,
            Fault::Rule(rule) => write!(f, "{what} is not valid: {rule}")?,
        }
        match self.place {
            Some(place) => write!(f, " (character {})", place.character.saturating_add(1)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for InvalidValue {}

/// A fault as a check finds it: not yet told of what kind of value, nor in which text the place is.
#[derive(Debug)]
pub(crate) struct Flaw {
    fault: Fault,
    at: Option<usize>,
}

impl Flaw {
    pub(crate) const fn new(fault: Fault) -> Self {
        Self { fault, at: None }
    }

    pub(crate) const fn at(fault: Fault, byte: usize) -> Self {
        Self { fault, at: Some(byte) }
    }

    /// The same flaw, for a check that saw only what follows the first `bytes` of the text.
    pub(crate) fn after(self, bytes: usize) -> Self {
        Self { at: self.at.map(|at| at.saturating_add(bytes)), ..self }
    }

    /// The error about `text` as a whole. A place behind the last character, where something is missing, becomes
    /// that of the last character.
    pub(crate) fn of(self, what: &'static str, text: &str) -> InvalidValue {
        let place = self.at.and_then(|at| {
            let upto = text.char_indices().take_while(|&(byte, _)| byte <= at);
            upto.enumerate().last().map(|(character, (byte, _))| Place { byte, character })
        });
        InvalidValue { what, fault: self.fault, place }
    }
}
