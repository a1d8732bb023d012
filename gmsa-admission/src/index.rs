//! The index of credential specs: one object with the contents of each under its name, for
//! [policies](crate::admission_policy) to read.
//!
//! A policy can read one parameter object. It cannot read the credential specs themselves: bound to all of them, it
//! would run once for each, and a name that is none of theirs would go unchecked.
//!
//! ```
//! use gmsa_admission::{Snapshot, index::Index};
//!
//! let mut cluster = Snapshot::default();
//! cluster.insert(&serde_json::json!({
//!     "apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec",
//!     "metadata": {"name": "webapp1"}, "credspec": {"CmsPlugins": ["ActiveDirectory"]},
//! }))?;
//! let index = Index::of(&cluster);
//! assert_eq!(index.left_out().count(), 0);
//! assert_eq!(index.object()?.data["webapp1"], r#"{"CmsPlugins":["ActiveDirectory"]}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The index is as sensitive as the credential specs: who may read it sees every `PluginInput`, and **who may write
//! it decides which identity a name stands for**. Grant it to nobody but what keeps it. It is of a kind of its own
//! and no ConfigMap, because an API server keeps using stale parameters of built-in kinds after a policy was deleted
//! and made anew (kubernetes/kubernetes issue 130887).
//!
//! Apply it with `kubectl apply --server-side`: the other way keeps a copy in an annotation, which has room for
//! 256 KiB.

mod definition;
mod object;

use std::{borrow::Cow, collections::BTreeMap};

use gmsa_credspec::CanonicalContents;
use gmsa_rbac::build::conventional_labels;
use gmsa_types::{CredentialSpecName, InvalidValue, check_dns_subdomain};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::{CredSpecAnswer, Snapshot, fault::LONGEST_CONTENTS};

pub use definition::definition;
pub use object::GmsaIndex;

/// The API group of the index.
///
/// `internal` is the top-level domain that is reserved for private use, so the group can never be that of somebody
/// else's published API; and it is outside of `k8s.io`, where new kinds need Kubernetes' approval.
///
/// Source: ICANN Board resolution 2024.07.29.06; Kubernetes, `api-approved.kubernetes.io`.
pub const GROUP: &str = "gmsa.internal";
/// The kind of the index.
pub const KIND: &str = "GMSAIndex";
/// The plural under which the API server serves it.
pub const PLURAL: &str = "gmsaindexes";
/// The version of the kind.
pub const VERSION: &str = "v1";

/// Collects the contents of credential specs, and makes the object of them. The [module](self) has an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    name: String,
    contents: BTreeMap<CredentialSpecName<'static>, CanonicalContents<'static>>,
    left_out: BTreeMap<CredentialSpecName<'static>, LeftOut>,
}

/// Why a credential spec is not in the index. Pods that name it are denied.
///
/// ```
/// use gmsa_admission::{CredSpecAnswer, index::Index};
/// use gmsa_types::CredentialSpecName;
///
/// let mut index = Index::default();
/// index.insert(&CredentialSpecName::try_from("webapp1")?, &CredSpecAnswer::Empty);
/// let (name, why) = index.left_out().next().ok_or("it has no contents")?;
/// assert_eq!(format!("{name}: {why}"), "webapp1: it does not have a credspec key");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeftOut {
    /// The resource has no `credspec`.
    #[error("it does not have a credspec key")]
    Empty,
    /// Its contents are longer than a pod takes.
    #[error("it has {length} bytes, and a pod holds {limit} at most", limit = Index::LONGEST_CONTENTS)]
    TooLong {
        /// The length of the contents in bytes.
        length: usize,
    },
    /// What the resource has is no credential spec, for this reason.
    #[error("{0}")]
    Unusable(Cow<'static, str>),
}

impl Index {
    /// What the object is called unless it is [named](Self::named).
    pub const DEFAULT_NAME: &str = "gmsa";

    /// The longest contents, in bytes: what the API server takes in a pod.
    ///
    /// Source: Kubernetes `pkg/apis/core/validation/validation.go`, `maxGMSACredentialSpecLength`.
    pub const LONGEST_CONTENTS: usize = LONGEST_CONTENTS;

    /// The largest object, in bytes of its JSON: 1 MiB.
    ///
    /// etcd takes requests of 1.5 MiB unless it is told otherwise (`--max-request-bytes`). The rest is left for the
    /// managed fields, which repeat each name, and for annotations.
    pub const LARGEST: usize = 1024 * 1024;

    /// The most credential specs; the [definition](definition()) says so too, as `maxProperties`.
    pub const MOST: usize = 4096;

    /// The index of all credential specs of a cluster.
    pub fn of(cluster: &Snapshot) -> Self {
        let mut index = Self::default();
        for (name, answer) in cluster.credential_specs() {
            index.insert(name, answer);
        }
        index
    }

    /// Calls the object something else.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if it is no DNS-1123 subdomain.
    pub fn named(self, name: impl Into<String>) -> Result<Self, InvalidValue> {
        let name = name.into();
        check_dns_subdomain("name of the index", &name)?;
        Ok(Self { name, ..self })
    }

    /// What the object is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a credential spec, in place of one of the same name. One that has no contents which a pod can hold is
    /// [left out](Self::left_out); one that was not found is forgotten.
    pub fn insert(&mut self, name: &CredentialSpecName<'_>, answer: &CredSpecAnswer<'_>) {
        self.contents.remove(name.as_str());
        self.left_out.remove(name.as_str());
        let owned = name.clone().into_owned();
        let left_out = match answer {
            CredSpecAnswer::Found(contents) => match contents.as_str().len() {
                length if length > LONGEST_CONTENTS => LeftOut::TooLong { length },
                _ => {
                    self.contents.insert(owned, contents.clone().into_owned());
                    return;
                }
            },
            CredSpecAnswer::NotFound => return,
            CredSpecAnswer::Empty => LeftOut::Empty,
            CredSpecAnswer::Unavailable(reason) => LeftOut::Unusable(Cow::Owned(reason.to_string())),
        };
        self.left_out.insert(owned, left_out);
    }

    /// The credential specs that are in it.
    pub fn names(&self) -> impl Iterator<Item = &CredentialSpecName<'static>> {
        self.contents.keys()
    }

    /// The credential specs that are not in it, and why: to be told to somebody.
    pub fn left_out(&self) -> impl Iterator<Item = (&CredentialSpecName<'static>, &LeftOut)> {
        self.left_out.iter()
    }

    pub(crate) fn contents(&self) -> impl Iterator<Item = (&str, &str)> {
        self.contents.iter().map(|(name, contents)| (name.as_str(), contents.as_str()))
    }

    /// The object: contents exactly as [`mutate`](crate::mutate()) writes them.
    ///
    /// # Errors
    ///
    /// [`IndexTooLarge`] if no API server would store it.
    pub fn object(&self) -> Result<GmsaIndex, IndexTooLarge> {
        let data =
            self.contents.iter().map(|(name, contents)| (name.to_string(), contents.as_str().to_owned()));
        let metadata = ObjectMeta {
            name: Some(self.name.clone()),
            labels: Some(conventional_labels()),
            ..ObjectMeta::default()
        };
        let object = GmsaIndex { metadata, data: data.collect() };
        // A map with texts for keys is always written.
        let bytes = serde_json::to_vec(&object).map_or(usize::MAX, |json| json.len());
        match self.contents.len() {
            specs if bytes > Self::LARGEST || specs > Self::MOST => Err(IndexTooLarge { bytes, specs }),
            _ => Ok(object),
        }
    }
}

/// Empty, with the default name.
impl Default for Index {
    fn default() -> Self {
        Self { name: Self::DEFAULT_NAME.to_owned(), contents: BTreeMap::new(), left_out: BTreeMap::new() }
    }
}

/// The credential specs of a cluster do not fit into one object: more than [`Index::LARGEST`] bytes, or more than
/// [`Index::MOST`] of them. The webhook has no such limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the index of {specs} cred specs has {bytes} bytes; {} cred specs and {} bytes are what an API server stores in one \
     object: use the webhook, or shorten the cred specs",
    Index::MOST,
    Index::LARGEST
)]
pub struct IndexTooLarge {
    bytes: usize,
    specs: usize,
}

impl IndexTooLarge {
    /// The size of the object's JSON, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of credential specs in it.
    pub fn specs(&self) -> usize {
        self.specs
    }
}
