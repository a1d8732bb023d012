use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A value as the document has it: of the type that the format asks for, or something else, kept as it stood.
///
/// A credential spec that says `PortableCcgVersion: 1` is wrong, and must still be read, shown to a linter, and
/// written back unchanged.
///
/// ```
/// use gmsa_types::AsWritten;
///
/// let right: AsWritten<String> = serde_json::from_str(r#""1""#)?;
/// let wrong: AsWritten<String> = serde_json::from_str("1")?;
/// assert_eq!(right.expected().map(String::as_str), Some("1"));
/// assert_eq!(wrong.expected(), None);
/// assert_eq!(serde_json::to_string(&wrong)?, "1");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a value has the expected type or it has not")]
pub enum AsWritten<T> {
    /// A value of the expected type.
    Expected(T),
    /// Any other JSON value.
    Other(Value),
}

impl<T> AsWritten<T> {
    /// The value, if it has the expected type.
    pub fn expected(&self) -> Option<&T> {
        match self {
            Self::Expected(value) => Some(value),
            Self::Other(_) => None,
        }
    }

    /// The value to change, if it has the expected type.
    pub fn expected_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Expected(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

impl<T> From<T> for AsWritten<T> {
    fn from(value: T) -> Self {
        Self::Expected(value)
    }
}

impl From<&str> for AsWritten<String> {
    fn from(text: &str) -> Self {
        Self::Expected(text.to_owned())
    }
}

/// Names the case but not the value: contents of credential specs stay out of logs.
impl<T> fmt::Debug for AsWritten<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(_) => f.write_str("Expected(..)"),
            Self::Other(_) => f.write_str("Other(..)"),
        }
    }
}
