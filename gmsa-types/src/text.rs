use crate::{Fault, invalid::Flaw};

pub(crate) fn check_not_empty(text: &str) -> Result<(), Flaw> {
    if text.is_empty() { Err(Flaw::new(Fault::Empty)) } else { Ok(()) }
}

/// Checks the length in characters, which is what the sources of the limits count.
pub(crate) fn check_length(text: &str, limit: usize) -> Result<(), Flaw> {
    match text.chars().count() {
        length if length > limit => Err(Flaw::new(Fault::TooLong { limit, length })),
        _ => Ok(()),
    }
}

/// The traits that every validated text of this crate has: made from `&str` and `String` by the type's
/// `normal` form, shown as text, carried by serde as a string that is checked on reading.
macro_rules! validated_text {
    ($name:ident) => {
        impl $name {
            /// The text, in the form that the type keeps.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// As from `&str`.
        impl TryFrom<String> for $name {
            type Error = $crate::InvalidValue;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::try_from(text.as_str())
            }
        }

        /// Checks the text by the rule that the type states.
        ///
        /// # Errors
        /// [`InvalidValue`](crate::InvalidValue) with the kind of the first fault and, if it has one, its place.
        impl TryFrom<&str> for $name {
            type Error = $crate::InvalidValue;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                match Self::normal(text) {
                    Ok(normal) => Ok(Self(normal.into_owned())),
                    Err(flaw) => Err(flaw.of(Self::WHAT, text)),
                }
            }
        }

        /// As `TryFrom<&str>`.
        impl std::str::FromStr for $name {
            type Err = $crate::InvalidValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::try_from(text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        /// Reads a string, and refuses one that breaks the rule of the type.
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::try_from(text).map_err(serde::de::Error::custom)
            }
        }
    };
}

/// Equality, order and hash that ignore ASCII case, as Active Directory compares names.
macro_rules! ignores_ascii_case {
    ($name:ident) => {
        impl $name {
            fn folded(&self) -> impl Iterator<Item = u8> + '_ {
                self.0.bytes().map(|byte| byte.to_ascii_lowercase())
            }
        }

        /// Ignores ASCII case.
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $name {}

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        /// The order of the bytes in lower case.
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.folded().cmp(other.folded())
            }
        }

        /// Ignores ASCII case, as equality does.
        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.folded().for_each(|byte| state.write_u8(byte));
                state.write_u8(0xff);
            }
        }
    };
}

pub(crate) use {ignores_ascii_case, validated_text};
