//! Variables of a policy that list what brings an identity into a pod.

use super::{quoted, sets_gmsa_field};
use crate::ContainerList;

/// A variable of a policy: its name and its expression.
pub(crate) type Variable = (&'static str, String);

/// What a variable lists: the pod's spec, or the containers of one list.
#[derive(Clone, Copy)]
pub(crate) enum Owners {
    Pod,
    Containers(ContainerList),
}

impl Owners {
    /// In the order in which places are visited.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [Self::Pod].into_iter().chain(ContainerList::ALL.map(Self::Containers))
    }

    /// The name of the variable that lists those that are to be checked.
    fn variable(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Containers(list) => list.field(),
        }
    }

    /// All of them, checked or not: with the pod in a list too, one text serves for every place.
    pub(crate) fn list(self) -> String {
        match self {
            Self::Pod => "[object.spec]".to_owned(),
            Self::Containers(list) => list_of("object", list),
        }
    }

    /// Whether `c` of the list is brought in by the request.
    pub(crate) fn is_introduced(self) -> &'static str {
        match self {
            Self::Containers(ContainerList::EphemeralContainers) => "!(c.name in variables.known)",
            _ => "!variables.ephemeral",
        }
    }

    /// `c` of the list as messages call it: `container "iis"`.
    pub(super) fn called(self) -> String {
        match self {
            Self::Pod => r#"'pod "' + object.metadata.?name.orValue('') + '"'"#.to_owned(),
            Self::Containers(list) => format!(r#"'{} "' + c.name + '"'"#, list.kind()),
        }
    }
}

fn list_of(object: &str, list: ContainerList) -> String {
    format!("{object}.spec.?{}.orValue([])", list.field())
}

/// The ephemeral containers of `object`.
pub(crate) fn ephemeral_containers_of(object: &str) -> String {
    list_of(object, ContainerList::EphemeralContainers)
}

/// `ephemeral`: whether this is an update of `pods/ephemeralcontainers`; `known`: the names of the ephemeral
/// containers that are there already.
///
/// `request.subResource` is absent, not empty, where the request is for the resource itself.
pub(crate) fn request_variables() -> [Variable; 2] {
    let sub_resource = quoted("ephemeralcontainers");
    [
        ("ephemeral", format!("request.?subResource.orValue('') == {sub_resource}")),
        (
            "known",
            format!("variables.ephemeral ? {}.map(c, c.name) : []", ephemeral_containers_of("oldObject")),
        ),
    ]
}

/// One variable a place kind, with what the request brings in and has a gMSA field.
pub(crate) fn introduced_variables() -> impl Iterator<Item = Variable> {
    Owners::all().map(|owners| {
        let is_introduced = format!("{} && {}", owners.is_introduced(), sets_gmsa_field("c"));
        (owners.variable(), format!("{}.filter(c, {is_introduced})", owners.list()))
    })
}

/// `inherited`: the pod's spec, if it has a gMSA field and a new ephemeral container, which has none, runs with that.
pub(crate) fn inherited_variable() -> Variable {
    let new = format!("!(c.name in variables.known) && !({})", sets_gmsa_field("c"));
    let takes_over = format!("variables.ephemeral && {}.exists(c, {new})", ephemeral_containers_of("object"));
    let of_pod = format!("{}.filter(c, {})", Owners::Pod.list(), sets_gmsa_field("c"));
    ("inherited", format!("{takes_over} ? {of_pod} : []"))
}

/// The list that `item`, an expression in `c`, makes of everything that is introduced and meets `condition`.
pub(crate) fn of_introduced(condition: &str, item: impl Fn(Owners) -> String) -> String {
    let lists = Owners::all().map(|owners| {
        let filter = match condition {
            "" => String::new(),
            condition => format!(".filter(c, {condition})"),
        };
        format!("variables.{}{filter}.map(c, {})", owners.variable(), item(owners))
    });
    lists.collect::<Vec<_>>().join(" +\n")
}

/// The sentences about everything that is introduced and meets `condition`: what comes before the place, the
/// place, and what follows, each a CEL string.
pub(crate) fn sentences(condition: &str, before: &str, after: &str) -> String {
    of_introduced(condition, |owners| {
        let before = if before.is_empty() { String::new() } else { format!("{} + ", quoted(before)) };
        format!("{before}{} + {after}", owners.called())
    })
}
