//! Where gMSA fields stand in a pod, as JSON pointer and as field path.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A list of containers in a pod. This enum is the one list of container kinds: whatever walks a pod (the
/// reader, the template check, the field checks, generated CEL) goes over [`ContainerList::ALL`].
///
/// Source: Kubernetes `pkg/api/v1/pod/util.go`, `VisitContainers`.
///
/// ```
/// use gmsa_admission::ContainerList;
///
/// let fields: Vec<_> = ContainerList::ALL.iter().map(|list| list.field()).collect();
/// assert_eq!(fields, ["containers", "initContainers", "ephemeralContainers"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ContainerList {
    /// `spec.containers`.
    Containers,
    /// `spec.initContainers`, sidecars included.
    InitContainers,
    /// `spec.ephemeralContainers`, which `kubectl debug` adds.
    EphemeralContainers,
}

impl ContainerList {
    /// Every list that a pod has, in the order in which places are visited.
    pub const ALL: [Self; 3] = [Self::Containers, Self::InitContainers, Self::EphemeralContainers];

    /// The name of the list in the pod's `spec`.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Containers => "containers",
            Self::InitContainers => "initContainers",
            Self::EphemeralContainers => "ephemeralContainers",
        }
    }

    /// What one of its containers is called in messages: `container`, `init container`, `ephemeral container`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Containers => "container",
            Self::InitContainers => "init container",
            Self::EphemeralContainers => "ephemeral container",
        }
    }
}

/// A place in a pod that can carry `windowsOptions`, and so gMSA fields: the pod itself, or one container.
///
/// ```
/// use gmsa_admission::{ContainerList, Place};
///
/// let place = Place::Container { list: ContainerList::InitContainers, index: 2 };
/// assert_eq!(place.pointer().to_string(), "/spec/initContainers/2/securityContext/windowsOptions");
/// assert_eq!(place.field_path().to_string(), "spec.initContainers[2].securityContext.windowsOptions");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "a security context belongs to the pod or to a container")]
pub enum Place {
    /// `spec.securityContext`, from which containers inherit.
    Pod,
    /// `securityContext` of one container.
    Container {
        /// The list that the container stands in.
        list: ContainerList,
        /// Its index in that list, from 0.
        index: usize,
    },
}

impl Place {
    /// What stands there, in messages: `pod`, `container`, `init container`, `ephemeral container`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Container { list, .. } => list.kind(),
        }
    }

    /// The place whose `windowsOptions` a JSON pointer names, the inverse of [`pointer`](Self::pointer).
    ///
    /// ```
    /// use gmsa_admission::Place;
    ///
    /// assert_eq!(Place::from_pointer("/spec/securityContext/windowsOptions"), Some(Place::Pod));
    /// assert_eq!(Place::from_pointer("/spec/sidecars/0/securityContext/windowsOptions"), None);
    /// ```
    pub fn from_pointer(pointer: &str) -> Option<Self> {
        let place = pointer.strip_prefix("/spec/")?.strip_suffix("securityContext/windowsOptions")?;
        if place.is_empty() {
            return Some(Self::Pod);
        }
        let (field, index) = place.strip_suffix('/')?.split_once('/')?;
        let list = ContainerList::ALL.into_iter().find(|list| list.field() == field)?;
        let number = index.parse().ok()?;
        // RFC 6901 allows no leading zero or sign, and so no second spelling of one place.
        let place = Self::Container { list, index: number };
        (number.to_string() == index).then_some(place)
    }

    /// The JSON pointer (RFC 6901) of its `windowsOptions`, from the root of the pod.
    pub fn pointer(self) -> impl fmt::Display {
        WindowsOptions { place: self, style: Style::Pointer }
    }

    /// The path of its `windowsOptions` as the API server writes field paths.
    pub fn field_path(self) -> impl fmt::Display {
        WindowsOptions { place: self, style: Style::FieldPath }
    }
}

struct WindowsOptions {
    place: Place,
    style: Style,
}

enum Style {
    Pointer,
    FieldPath,
}

impl fmt::Display for WindowsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.style, self.place) {
            (Style::Pointer, Place::Pod) => f.write_str("/spec/securityContext/windowsOptions"),
            (Style::Pointer, Place::Container { list, index }) => {
                write!(f, "/spec/{}/{index}/securityContext/windowsOptions", list.field())
            }
            (Style::FieldPath, Place::Pod) => f.write_str("spec.securityContext.windowsOptions"),
            (Style::FieldPath, Place::Container { list, index }) => {
                write!(f, "spec.{}[{index}].securityContext.windowsOptions", list.field())
            }
        }
    }
}

/// The field that names a credential spec.
pub(crate) const NAME_FIELD: &str = "gmsaCredentialSpecName";
/// The field that holds a credential spec's contents.
pub(crate) const CONTENTS_FIELD: &str = "gmsaCredentialSpec";

/// The path of a pod's field, as one into the object that has the pod's template at `template`.
pub(crate) fn within(template: &str, path: impl fmt::Display) -> String {
    match template {
        "" => path.to_string(),
        template => format!("{template}.{path}"),
    }
}
