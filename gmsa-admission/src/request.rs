//! The request as this crate keeps it: the gMSA fields of the pod, and who it is for.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{ContainerList, Place, ReviewError, ReviewVersion, fault::Subject, read, shown};

/// One admission request, as far as gMSA is concerned: who it is about, and the gMSA fields of the pod.
///
/// # Making one
///
/// [`Request::from_slice`] reads the body that the API server posts and borrows from it. With feature `kube`,
/// `TryFrom<&AdmissionRequest<Pod>>` and `<DynamicObject>` do the same from kube-core's types.
///
/// It is a serde value of its own, so that a bug report can hold the request, the facts and the decision in
/// one JSON file. That form carries the pod's credential spec contents; `Debug` never does. Reading it back fails if the
/// uid or an object that the operation has is missing.
///
/// ```
/// use gmsa_admission::{Operation, Request};
///
/// let body = br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{
///     "uid":"705ab4f5","operation":"CREATE","namespace":"team-a","kind":{"group":"","version":"v1","kind":"Pod"},
///     "object":{"metadata":{"name":"web"},"spec":{
///         "securityContext":{"windowsOptions":{"gmsaCredentialSpecName":"webapp1"}},"containers":[]}}}}"#;
/// let request = Request::from_slice(body)?;
/// assert_eq!(request.uid(), "705ab4f5");
/// assert_eq!(request.operation(), Operation::Create);
/// assert_eq!(request.pod().unwrap().gmsa()[0].name(), Some("webapp1"));
/// # Ok::<(), gmsa_admission::ReviewError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Replayed<'_>")]
pub struct Request<'a> {
    pub(crate) uid: Cow<'a, str>,
    pub(crate) version: ReviewVersion,
    pub(crate) operation: Operation,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub(crate) sub_resource: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub(crate) namespace: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pod: Option<Pod<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) old_pod: Option<Pod<'a>>,
}

/// A request as it stands in a file, where it may be anything.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replayed<'a> {
    uid: Cow<'a, str>,
    version: ReviewVersion,
    operation: Operation,
    #[serde(default)]
    sub_resource: Cow<'a, str>,
    #[serde(default)]
    namespace: Cow<'a, str>,
    pod: Option<Pod<'a>>,
    old_pod: Option<Pod<'a>>,
}

impl<'a> TryFrom<Replayed<'a>> for Request<'a> {
    type Error = ReviewError;

    fn try_from(replayed: Replayed<'a>) -> Result<Self, ReviewError> {
        let Replayed { uid, version, operation, sub_resource, namespace, pod, old_pod } = replayed;
        let header = read::Header { uid, version, operation, sub_resource, namespace };
        header.into_request(pod.map(Pod::replayed), old_pod.map(Pod::replayed))
    }
}

/// What the request does to the object. [`Request`] has an example.
///
/// Source: Kubernetes `k8s.io/api/admission/v1/types.go`, `Operation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(clippy::exhaustive_enums, reason = "the API server knows these four; another is refused on reading")]
pub enum Operation {
    /// A pod is created.
    Create,
    /// A pod, or one of its subresources, is updated.
    Update,
    /// A pod is deleted.
    Delete,
    /// Somebody connects to a pod (`exec`, `attach`, `portforward`, `proxy`).
    Connect,
}

/// How a request concerns gMSA: which pods it can give an identity to. Every decision starts here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// A new pod: every place in it.
    Create,
    /// `pods/ephemeralcontainers`: the containers that are new.
    EphemeralContainers,
    /// A pod's own update: nothing may change.
    Update,
    /// Anything else cannot bring in gMSA fields; the API server drops them.
    Unrelated,
}

impl<'a> Request<'a> {
    /// Reads the body of an admission webhook call: one `AdmissionReview` in JSON. What has nothing to do with
    /// gMSA is skipped, not stored.
    ///
    /// # Errors
    ///
    /// [`ReviewError`] if the body is not a review of a pod that can be read without doubt. Where the uid was
    /// readable, the error carries the answer: see [`ReviewError::into_response`].
    pub fn from_slice(body: &'a [u8]) -> Result<Self, ReviewError> {
        read::review(body)
    }

    /// The identifier that the answer must repeat.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The version of the review, in which the answer is written.
    pub fn version(&self) -> ReviewVersion {
        self.version
    }

    /// What the request does.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The subresource that the request is about, such as `ephemeralcontainers`; empty for the pod itself.
    pub fn sub_resource(&self) -> &str {
        &self.sub_resource
    }

    /// The namespace, which is also that of the service account.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The pod as it shall be. `None` for requests that cannot bring in gMSA fields.
    pub fn pod(&self) -> Option<&Pod<'a>> {
        self.pod.as_ref()
    }

    /// The pod as it is, on updates.
    pub fn old_pod(&self) -> Option<&Pod<'a>> {
        self.old_pod.as_ref()
    }

    pub(crate) fn scope(&self) -> Scope {
        scope(self.operation, &self.sub_resource)
    }

    pub(crate) fn subject(&'a self) -> Subject<'a> {
        Subject { kind: "Pod", namespace: self.namespace(), pod: self.pod(), template: "" }
    }
}

pub(crate) fn scope(operation: Operation, sub_resource: &str) -> Scope {
    match (operation, sub_resource) {
        // Kubernetes creates no subresource of that name; if it ever did, all of it would be new.
        (Operation::Create, "" | EPHEMERAL_CONTAINERS) => Scope::Create,
        (Operation::Update, EPHEMERAL_CONTAINERS) => Scope::EphemeralContainers,
        (Operation::Update, "") => Scope::Update,
        _ => Scope::Unrelated,
    }
}

const EPHEMERAL_CONTAINERS: &str = "ephemeralcontainers";

/// A pod, as far as gMSA is concerned. [`Request`] has an example.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) name: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) generate_name: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) service_account: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) hostname: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) os: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host_process: Option<bool>,
    // Sorted by place.
    pub(crate) gmsa: Vec<GmsaFields<'a>>,
    // Those without gMSA fields too: a container that was there before is not new.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) ephemeral_containers: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unknown_places: Vec<String>,
}

impl<'a> Pod<'a> {
    /// `metadata.name`, empty if the API server is still to make one from `generateName`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `metadata.generateName`, empty if there is none.
    pub fn generate_name(&self) -> &str {
        &self.generate_name
    }

    /// `spec.serviceAccountName`. Empty only for mirror pods and where the ServiceAccount plugin is off.
    pub fn service_account(&self) -> &str {
        &self.service_account
    }

    /// `spec.hostname`, empty if there is none.
    pub fn hostname(&self) -> &str {
        &self.hostname
    }

    /// `spec.os.name`, empty if there is none.
    pub fn os(&self) -> &str {
        &self.os
    }

    /// Every place that has a gMSA field: the pod first, then containers, init containers, ephemeral ones.
    pub fn gmsa(&self) -> &[GmsaFields<'a>] {
        &self.gmsa
    }

    /// JSON pointers (RFC 6901) of gMSA fields at places that this version does not know, such as a list of containers
    /// that a later Kubernetes adds. Such a pod is denied: nobody could say what runs with that identity.
    pub fn unknown_places(&self) -> &[String] {
        &self.unknown_places
    }

    /// A pod that was not read by this crate, with what the reader makes sure of.
    pub(crate) fn replayed(mut self) -> Self {
        self.gmsa.retain(|fields| fields.name.is_some() || fields.contents.is_some());
        self.gmsa.sort_by_key(|fields| fields.place);
        self
    }

    /// Whether the container at that place runs on the host itself, where Windows ignores gMSA fields.
    pub(crate) fn is_host_process(&self, fields: &GmsaFields<'_>) -> bool {
        fields.host_process.or(self.host_process).unwrap_or(false)
    }
}

/// The gMSA fields of one place in a pod; at least one of them is set.
///
/// Its serde form holds the contents; its `Debug` form does not.
///
/// ```
/// use gmsa_admission::{Place, Request};
///
/// let body = br#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
///     "uid": "705ab4f5", "operation": "CREATE", "namespace": "team-a", "kind": {"version": "v1", "kind": "Pod"},
///     "object": {"metadata": {"name": "web"}, "spec": {"serviceAccountName": "default", "containers": [],
///         "securityContext": {"windowsOptions": {"gmsaCredentialSpec": "{}"}}}}}}"#;
/// let request = Request::from_slice(body)?;
/// let fields = &request.pod().ok_or("it creates one")?.gmsa()[0];
/// assert_eq!((fields.place(), fields.name(), fields.contents()), (Place::Pod, None, Some("{}")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GmsaFields<'a> {
    pub(crate) place: Place,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub(crate) container: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) contents: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) host_process: Option<bool>,
}

impl GmsaFields<'_> {
    /// Where they stand.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The name of the container; empty at pod level.
    pub fn container(&self) -> &str {
        &self.container
    }

    /// `gmsaCredentialSpecName`, as it is written: it may be empty or no valid name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// `gmsaCredentialSpec`, as it is written: it may be anything.
    pub fn contents(&self) -> Option<&str> {
        self.contents.as_deref()
    }
}

impl fmt::Debug for GmsaFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GmsaFields")
            .field("place", &self.place)
            .field("container", &shown::name(&self.container))
            .field("name", &self.name.as_deref().map(shown::name))
            .field("contents", &self.contents.as_ref().map(|text| format!("{} bytes", text.len())))
            .finish_non_exhaustive()
    }
}

/// A difference between the gMSA fields of a pod before and after an update.
#[derive(Debug)]
pub(crate) struct Change<'r> {
    pub(crate) place: Place,
    pub(crate) container: &'r str,
    pub(crate) name: bool,
    pub(crate) contents: bool,
}

/// The places of `pod` that `old` does not have: ephemeral containers of a new name.
pub(crate) fn new_ephemeral<'r>(pod: &'r Pod<'_>, old: &Pod<'_>) -> Vec<&'r GmsaFields<'r>> {
    let is_ephemeral =
        |place| matches!(place, Place::Container { list: ContainerList::EphemeralContainers, .. });
    let known = sorted(&old.ephemeral_containers);
    pod.gmsa
        .iter()
        .filter(|fields| is_ephemeral(fields.place) && known.binary_search(&fields.container()).is_err())
        .collect()
}

fn sorted<'n>(names: &'n [Cow<'_, str>]) -> Vec<&'n str> {
    let mut names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    names.sort_unstable();
    names
}

/// The gMSA fields of the pod itself, if an ephemeral container of a new name has none of its own, and so runs with these.
///
/// Source: Kubernetes `pkg/securitycontext/util.go`, `DetermineEffectiveSecurityContext`: a container that sets one of the
/// fields overrides that one alone, and is looked at for itself.
pub(crate) fn inherited_by_new<'r>(pod: &'r Pod<'_>, old: &Pod<'_>) -> Option<&'r GmsaFields<'r>> {
    let of_pod = pod.gmsa.iter().find(|fields| fields.place == Place::Pod)?;
    let known = sorted(&old.ephemeral_containers);
    let new = pod.ephemeral_containers.iter().filter(|name| known.binary_search(&name.as_ref()).is_err());
    (new.count() > new_ephemeral(pod, old).len()).then_some(of_pod)
}

/// What differs between the gMSA fields of the two pods, removals included, in the order of places. The places
/// in `added` are new and so cannot have changed.
///
/// Containers are told apart by list and name, not by index.
pub(crate) fn changes<'r>(pod: &'r Pod<'_>, old: &'r Pod<'_>, added: &[&GmsaFields<'_>]) -> Vec<Change<'r>> {
    type Fields<'r> = &'r GmsaFields<'r>;
    let key = |fields: Fields<'r>| match fields.place {
        Place::Pod => (None, ""),
        Place::Container { list, .. } => (Some(list), fields.container.as_ref()),
    };
    let mut pairs: BTreeMap<_, (Vec<Fields<'r>>, Vec<Fields<'r>>)> = BTreeMap::new();
    for fields in &pod.gmsa {
        // Like the pod's, the added places are sorted.
        if added.binary_search_by_key(&fields.place, |new| new.place).is_err() {
            pairs.entry(key(fields)).or_default().0.push(fields);
        }
    }
    for fields in &old.gmsa {
        pairs.entry(key(fields)).or_default().1.push(fields);
    }
    let mut changes = Vec::new();
    for (new, old) in pairs.values() {
        // Names are unique in a list; should they not be, the copies are compared one by one.
        for index in 0..new.len().max(old.len()) {
            let (new, old) = (new.get(index), old.get(index));
            let Some(there) = new.or(old) else { continue };
            let name = new.and_then(|fields| fields.name()) != old.and_then(|fields| fields.name());
            let contents =
                new.and_then(|fields| fields.contents()) != old.and_then(|fields| fields.contents());
            if name || contents {
                changes.push(Change { place: there.place, container: there.container(), name, contents });
            }
        }
    }
    changes.sort_by_key(|change| change.place);
    changes
}
