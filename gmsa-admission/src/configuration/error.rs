use std::fmt;

use gmsa_types::InvalidValue;

/// A value that no webhook configuration can have, or that could not work in one.
///
/// The message says what is wrong and does not repeat the value, which may be key material put in the wrong place.
///
/// ```
/// use gmsa_admission::configuration::{ConfigurationFault, EndpointUrl};
///
/// let error = EndpointUrl::try_from("http://10.0.0.1").unwrap_err();
/// assert_eq!(error.to_string(), "webhook URL is not valid: it starts with https://");
/// assert!(matches!(error.fault(), ConfigurationFault::Rule(_)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationError {
    what: &'static str,
    fault: ConfigurationFault,
}

/// The kind of a [`ConfigurationError`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigurationFault {
    /// A name, or a part of one, that Kubernetes does not take.
    Name(InvalidValue),
    /// A number outside its range.
    Range {
        /// The least that is allowed.
        least: u32,
        /// The most that is allowed.
        most: u32,
        /// What was given.
        given: u32,
    },
    /// A rule that is put in words, such as "it starts with https://".
    Rule(&'static str),
}

impl ConfigurationError {
    pub(super) fn rule(what: &'static str, rule: &'static str) -> Self {
        Self { what, fault: ConfigurationFault::Rule(rule) }
    }

    pub(super) fn range(what: &'static str, least: u32, most: u32, given: u32) -> Self {
        Self { what, fault: ConfigurationFault::Range { least, most, given } }
    }

    /// The value that is wrong, in words: `webhook URL`.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// What is wrong with it.
    pub fn fault(&self) -> &ConfigurationFault {
        &self.fault
    }
}

impl From<InvalidValue> for ConfigurationError {
    fn from(error: InvalidValue) -> Self {
        Self { what: error.what(), fault: ConfigurationFault::Name(error) }
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            ConfigurationFault::Name(error) => error.fmt(f),
            ConfigurationFault::Range { least, most, given } => {
                write!(f, "{} must be from {least} to {most}, not {given}", self.what)
            }
            ConfigurationFault::Rule(rule) => write!(f, "{} is not valid: {rule}", self.what),
        }
    }
}

impl std::error::Error for ConfigurationError {}
