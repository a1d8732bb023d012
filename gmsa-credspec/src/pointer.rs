use std::{borrow::Cow, fmt};

use gmsa_types::{
    ActiveDirectoryConfig, CredentialSpec, DomainJoinConfig, GroupManagedServiceAccount, HostAccountConfig,
};

/// The place of a value in a document, as a JSON pointer (RFC 6901).
///
/// [`as_str`](Self::as_str) is the pointer itself, as data. `Display` and `Debug` write `*` for every key that
/// the format does not know: such a key may be a secret in the wrong place, and belongs in no log.
///
/// ```
/// use gmsa_credspec::CanonicalContents;
///
/// let error = CanonicalContents::from_json(r#"{"DomainJoinConfig":{"hunter2":[1,1e999]}}"#).unwrap_err();
/// assert_eq!(error.pointer().as_str(), "/DomainJoinConfig/hunter2/1");
/// assert_eq!(error.pointer().to_string(), "/DomainJoinConfig/*/1");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JsonPointer {
    exact: String,
    masked: String,
}

/// One step from a container to a value in it.
#[derive(Clone)]
pub(crate) enum Segment<'t> {
    Key(Cow<'t, str>),
    Index(usize),
}

impl JsonPointer {
    /// The pointer with every key as the document has it. Keep it out of logs and messages.
    pub fn as_str(&self) -> &str {
        &self.exact
    }

    pub(crate) fn new<'s, 't: 's>(path: impl IntoIterator<Item = &'s Segment<'t>>) -> Self {
        let mut pointer = Self { exact: String::new(), masked: String::new() };
        for segment in path {
            match segment {
                Segment::Key(key) => {
                    pointer.exact.push('/');
                    pointer.exact.push_str(&key.replace('~', "~0").replace('/', "~1"));
                    pointer.masked.push('/');
                    // A known key has no character that a pointer escapes.
                    pointer.masked.push_str(if is_known(key) { key } else { "*" });
                }
                Segment::Index(index) => {
                    let step = format!("/{index}");
                    pointer.exact.push_str(&step);
                    pointer.masked.push_str(&step);
                }
            }
        }
        pointer
    }
}

/// Keys that the format does not know are written as `*`.
impl fmt::Display for JsonPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked)
    }
}

/// Keys that the format does not know are written as `*`.
impl fmt::Debug for JsonPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonPointer").field(&self.masked).finish()
    }
}

/// The keys on the way to a credential spec in the manifest of a resource, or in a list of them.
const RESOURCE_KEYS: &[&str] =
    &["apiVersion", "kind", "metadata", "name", "namespace", "items", "spec", "credspec"];

fn is_known(key: &str) -> bool {
    [
        RESOURCE_KEYS,
        CredentialSpec::KEYS,
        DomainJoinConfig::KEYS,
        ActiveDirectoryConfig::KEYS,
        GroupManagedServiceAccount::KEYS,
        HostAccountConfig::KEYS,
    ]
    .iter()
    .any(|keys| keys.contains(&key))
}
