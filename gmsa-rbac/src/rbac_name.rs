use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What is wrong with `name` as the name of a role, a cluster role or one of their bindings, in the API
/// server's words; nothing if it is fine. An empty name is a matter of its own: it counts as none at all.
///
/// These names are segments of a request path, not DNS names: `system:node` and `Use_GMSA` are valid.
///
/// Source: Kubernetes `apimachinery/pkg/api/validation/path/name.go`, `IsValidPathSegmentName`.
///
/// ```
/// use gmsa_rbac::check_rbac_name;
///
/// assert!(check_rbac_name("Use_GMSA:webapp1").is_empty());
/// assert_eq!(check_rbac_name("gmsa/webapp1"), ["may not contain '/'"]);
/// assert_eq!(check_rbac_name(".."), ["may not be '..'"]);
/// ```
pub fn check_rbac_name(name: &str) -> Vec<&'static str> {
    match name {
        "." => vec!["may not be '.'"],
        ".." => vec!["may not be '..'"],
        _ => {
            let parts = [("/", "may not contain '/'"), ("%", "may not contain '%'")];
            parts.iter().filter(|(part, _)| name.contains(part)).map(|(_, fault)| *fault).collect()
        }
    }
}

/// The name of a role, a cluster role or one of their bindings, checked as the API server does.
///
/// Source: see [`check_rbac_name`].
///
/// ```
/// use gmsa_rbac::RbacName;
///
/// let name = RbacName::try_from("allow-default-svc-account-read-on-gmsa-WebApp1")?;
/// assert_eq!(name.as_str(), "allow-default-svc-account-read-on-gmsa-WebApp1");
/// let error = RbacName::try_from("50%/day").unwrap_err();
/// assert_eq!(error.to_string(), "name of a role or binding may not contain '/', may not contain '%'");
/// # Ok::<(), gmsa_rbac::InvalidRbacName>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct RbacName(String);

impl RbacName {
    /// A name of this crate's own making, whose parts are names already.
    pub(crate) fn made(name: String) -> Self {
        Self(name)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// # Errors
///
/// [`InvalidRbacName`] if the text is empty or [`check_rbac_name`] has something to say of it. `TryFrom<&str>`,
/// `FromStr` and deserializing do the same.
impl TryFrom<String> for RbacName {
    type Error = InvalidRbacName;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let faults = if name.is_empty() { vec!["must not be empty"] } else { check_rbac_name(&name) };
        if faults.is_empty() { Ok(Self(name)) } else { Err(InvalidRbacName { faults }) }
    }
}

impl TryFrom<&str> for RbacName {
    type Error = InvalidRbacName;

    fn try_from(name: &str) -> Result<Self, Self::Error> {
        Self::try_from(name.to_owned())
    }
}

impl FromStr for RbacName {
    type Err = InvalidRbacName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::try_from(name)
    }
}

impl AsRef<str> for RbacName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<RbacName> for String {
    fn from(name: RbacName) -> Self {
        name.0
    }
}

impl fmt::Display for RbacName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no [`RbacName`].
///
/// ```
/// let error = gmsa_rbac::RbacName::try_from("50%/day").unwrap_err();
/// assert_eq!(error.faults(), ["may not contain '/'", "may not contain '%'"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("name of a role or binding {}", .faults.join(", "))]
pub struct InvalidRbacName {
    faults: Vec<&'static str>,
}

impl InvalidRbacName {
    /// All that is wrong with it, in the API server's words.
    pub fn faults(&self) -> &[&'static str] {
        &self.faults
    }
}
