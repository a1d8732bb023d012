use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize, de};

use crate::{InvalidValue, check_dns_subdomain};

/// The name of a `GMSACredentialSpec` resource, as a pod writes it in `gmsaCredentialSpecName`.
///
/// A DNS-1123 subdomain: lower-case letters, digits, `-` and `.`, at most 253 characters. The API server accepts
/// nothing else in either place, although the Kubernetes documentation prints `gmsa-WebApp1`. Since it has no
/// `/`, `%` or `..` part, it is safe as the last segment of a request path.
///
/// It borrows where it can, so that a name can be checked in place; [`into_owned`](Self::into_owned) keeps it.
///
/// Source: Kubernetes `pkg/apis/core/validation/validation.go`, `validateWindowsSecurityContextOptions`, and
/// `apiextensions-apiserver/pkg/registry/customresource/validator.go`.
///
/// ```
/// use gmsa_types::CredentialSpecName;
///
/// let name = CredentialSpecName::try_from("gmsa-webapp1")?;
/// assert_eq!(name.as_str(), "gmsa-webapp1");
/// assert_eq!(CredentialSpecName::nearest("gmsa_WebApp1"), Some(name));
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CredentialSpecName<'a>(Cow<'a, str>);

impl<'a> CredentialSpecName<'a> {
    const WHAT: &'static str = "credential spec name";

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same name, owning its text.
    pub fn into_owned(self) -> CredentialSpecName<'static> {
        CredentialSpecName(Cow::Owned(self.0.into_owned()))
    }

    /// The same name, borrowed from this one.
    pub fn borrowed(&self) -> CredentialSpecName<'_> {
        CredentialSpecName(Cow::Borrowed(&self.0))
    }

    /// The valid name that somebody who wrote `text` most likely meant: lower case, `_` and spaces as `-`.
    /// `None` if that is no valid name either, or if `text` is valid as it stands.
    ///
    /// ```
    /// use gmsa_types::CredentialSpecName;
    ///
    /// assert_eq!(CredentialSpecName::nearest("gmsa-WebApp1").unwrap().as_str(), "gmsa-webapp1");
    /// assert!(CredentialSpecName::nearest("webapp1").is_none());
    /// assert!(CredentialSpecName::nearest("../secrets").is_none());
    /// ```
    pub fn nearest(text: &str) -> Option<CredentialSpecName<'static>> {
        if CredentialSpecName::try_from(text).is_ok() {
            return None;
        }
        let meant = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        CredentialSpecName::try_from(meant).ok()
    }
}

/// Checks the text and keeps it, borrowed or owned.
///
/// # Errors
/// [`InvalidValue`] with the kind of the first fault and, if it has one, its place.
impl<'a> TryFrom<Cow<'a, str>> for CredentialSpecName<'a> {
    type Error = InvalidValue;

    fn try_from(text: Cow<'a, str>) -> Result<Self, Self::Error> {
        check_dns_subdomain(Self::WHAT, &text)?;
        Ok(Self(text))
    }
}

/// As from [`Cow`], borrowing the text.
impl<'a> TryFrom<&'a str> for CredentialSpecName<'a> {
    type Error = InvalidValue;

    fn try_from(text: &'a str) -> Result<Self, Self::Error> {
        Self::try_from(Cow::Borrowed(text))
    }
}

/// As from [`Cow`], keeping the text.
impl TryFrom<String> for CredentialSpecName<'_> {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::try_from(Cow::<str>::Owned(text))
    }
}

/// As from [`Cow`], with a copy of the text; `TryFrom<&str>` makes none.
impl FromStr for CredentialSpecName<'static> {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<CredentialSpecName<'_>> for String {
    fn from(name: CredentialSpecName<'_>) -> Self {
        name.0.into_owned()
    }
}

impl AsRef<str> for CredentialSpecName<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

// Sound: Eq, Ord and Hash of the name are those of its text.
impl std::borrow::Borrow<str> for CredentialSpecName<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CredentialSpecName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a string, which it owns, and refuses one that breaks the rule of the type.
impl<'de> Deserialize<'de> for CredentialSpecName<'_> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::try_from(text).map_err(de::Error::custom)
    }
}
