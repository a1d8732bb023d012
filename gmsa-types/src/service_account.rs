use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Fault, InvalidValue, check_dns_label, check_dns_subdomain, dns, invalid::Flaw};

/// A service account: its namespace and its name, both checked.
///
/// Written `namespace/name`, or as the user name that the API server gives it. serde has it as an object of
/// `namespace` and `name`, and checks both on reading.
///
/// Source: Kubernetes `apiserver/pkg/authentication/serviceaccount/util.go`.
///
/// ```
/// use gmsa_types::ServiceAccountRef;
///
/// let account: ServiceAccountRef = "team-a/default".parse()?;
/// assert_eq!(account.user_name(), "system:serviceaccount:team-a:default");
/// assert_eq!(account, "system:serviceaccount:team-a:default".parse()?);
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts<String>", into = "Parts<String>")]
pub struct ServiceAccountRef {
    /// `namespace/name`; neither part can have a slash.
    text: String,
}

const NAMESPACE: &str = "namespace";
const NAME: &str = "service account name";
const USER_PREFIX: &str = "system:serviceaccount:";

impl ServiceAccountRef {
    /// A reference from its parts.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the namespace is no DNS-1123 label or the name no DNS-1123 subdomain. The error names
    /// the part, and its place is one within that part.
    ///
    /// ```
    /// use gmsa_types::ServiceAccountRef;
    ///
    /// let account = ServiceAccountRef::new("team-a", "default")?;
    /// assert_eq!((account.namespace(), account.name()), ("team-a", "default"));
    /// let error = ServiceAccountRef::new("team.a", "default").unwrap_err();
    /// assert_eq!(error.to_string(), "namespace must not contain `.` (character 5)");
    /// # Ok::<(), gmsa_types::InvalidValue>(())
    /// ```
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Result<Self, InvalidValue> {
        let (namespace, name) = (namespace.into(), name.into());
        check_dns_label(NAMESPACE, &namespace)?;
        check_dns_subdomain(NAME, &name)?;
        Ok(Self::checked(&namespace, &name))
    }

    fn checked(namespace: &str, name: &str) -> Self {
        Self { text: format!("{namespace}/{name}") }
    }

    fn parts(&self) -> Parts<&str> {
        let (namespace, name) = self.text.split_once('/').unwrap_or_default();
        Parts { namespace, name }
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        self.parts().namespace
    }

    /// The name within the namespace.
    pub fn name(&self) -> &str {
        self.parts().name
    }

    /// The user name under which the API server knows it: `system:serviceaccount:NAMESPACE:NAME`.
    pub fn user_name(&self) -> String {
        format!("{USER_PREFIX}{}:{}", self.namespace(), self.name())
    }
}

#[derive(Serialize, Deserialize)]
struct Parts<T> {
    namespace: T,
    name: T,
}

impl TryFrom<Parts<String>> for ServiceAccountRef {
    type Error = InvalidValue;

    fn try_from(parts: Parts<String>) -> Result<Self, Self::Error> {
        Self::new(parts.namespace, parts.name)
    }
}

impl From<ServiceAccountRef> for Parts<String> {
    fn from(account: ServiceAccountRef) -> Self {
        let Parts { namespace, name } = account.parts();
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// `namespace/name`, never the user name.
impl AsRef<str> for ServiceAccountRef {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// Reads `namespace/name`, or `system:serviceaccount:namespace:name`.
///
/// # Errors
/// [`InvalidValue`], whose place is one in the whole text.
impl FromStr for ServiceAccountRef {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (prefix, parts) = match text.strip_prefix(USER_PREFIX) {
            Some(rest) => (USER_PREFIX.len(), rest.split_once(':')),
            None => (0, text.split_once('/')),
        };
        let Some((namespace, name)) = parts else {
            let rule = Fault::Rule("it is written NAMESPACE/NAME");
            return Err(Flaw::new(rule).of("service account", text));
        };
        dns::label(namespace).map_err(|flaw| flaw.after(prefix).of(NAMESPACE, text))?;
        dns::subdomain(name).map_err(|flaw| flaw.after(text.len() - name.len()).of(NAME, text))?;
        Ok(Self::checked(namespace, name))
    }
}

impl TryFrom<&str> for ServiceAccountRef {
    type Error = InvalidValue;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<String> for ServiceAccountRef {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// `namespace/name`, never the user name.
impl fmt::Display for ServiceAccountRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
