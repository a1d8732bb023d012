use std::fmt;

use gmsa_types::{CredentialSpec, KIND};

use super::node::{Member, Node};
use crate::{JsonPointer, pointer::Segment};

/// What a document is, by its own account: it is not judged here.
///
/// ```
/// use gmsa_credspec::source::{Form, ReadOptions, read_source};
///
/// let text = br#"{"kind": "Secret", "metadata": {"name": "gmsa"}} {"colour": "red"}"#;
/// let source = read_source(text, &ReadOptions::new());
/// let forms: Vec<&Form> = source.documents().iter().map(|document| document.form()).collect();
/// let [Form::Other(head), Form::Unknown] = forms.as_slice() else { panic!("neither is a credential spec") };
/// assert_eq!((head.kind(), head.name()), (Some("Secret"), Some("gmsa")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// A credential spec on its own: an object with one of the keys that a credential spec has at its top.
    Spec,
    /// The resource `GMSACredentialSpec`, of whatever API version.
    Resource(ResourceHead),
    /// A list of resources, such as `kubectl get -o yaml` writes.
    List(ResourceHead),
    /// A Kubernetes object of another kind.
    Other(ResourceHead),
    /// Anything else, or nothing that could be read.
    Unknown,
}

/// The type and name of a Kubernetes object, as far as they are there and are texts. [`Form`] and [`FoundSpec`] carry
/// it, and have examples.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceHead {
    api_version: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    namespace: Option<String>,
}

impl ResourceHead {
    /// `apiVersion`.
    pub fn api_version(&self) -> Option<&str> {
        self.api_version.as_deref()
    }

    /// `kind`.
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// `metadata.name`.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// `metadata.namespace`, which no cluster-scoped object should have.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    fn of(node: &Node) -> Self {
        let text = |pointer| node.at(pointer).and_then(Node::as_str).map(str::to_owned);
        Self {
            api_version: text("/apiVersion"),
            kind: text("/kind"),
            name: text("/metadata/name"),
            namespace: text("/metadata/namespace"),
        }
    }

    fn is_credential_spec(&self) -> bool {
        self.kind().is_some_and(|kind| kind.eq_ignore_ascii_case(KIND))
    }
}

impl Form {
    pub(super) fn of(root: &Node) -> Self {
        let head = ResourceHead::of(root);
        if is_resource(root, &head) {
            return Self::Resource(head);
        }
        match head.kind() {
            Some(kind) if kind.ends_with("List") && root.get("items").is_some() => Self::List(head),
            Some(_) => Self::Other(head),
            None if is_spec(root) => Self::Spec,
            None => Self::Unknown,
        }
    }
}

/// A credential spec where a document has it, right or wrong; see
/// [`Source::credential_specs`](super::Source::credential_specs).
///
/// ```
/// use gmsa_credspec::source::{ReadOptions, read_source};
///
/// let text = br#"{"kind": "GMSACredentialSpec", "metadata": {"name": "webapp1"}, "credspec": {"CmsPlugins": []}}"#;
/// let source = read_source(text, &ReadOptions::new());
/// let found = source.credential_specs().next().ok_or("none")?;
/// assert_eq!((found.document(), found.pointer().as_str()), (0, "/credspec"));
/// assert_eq!(found.resource().and_then(|resource| resource.name()), Some("webapp1"));
/// assert!(found.node().get("CmsPlugins").is_some());
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone)]
pub struct FoundSpec<'s> {
    document: usize,
    pointer: JsonPointer,
    node: &'s Node,
    resource: Option<ResourceHead>,
}

impl<'s> FoundSpec<'s> {
    /// The index of the document in the source, counted from 0.
    pub fn document(&self) -> usize {
        self.document
    }

    /// Where it is in the document: the whole of it, or `/credspec`, or, wrongly, `/spec/credspec`.
    pub fn pointer(&self) -> &JsonPointer {
        &self.pointer
    }

    /// What is there: an object, if all is well; a string, if somebody put JSON in quotes.
    pub fn node(&self) -> &'s Node {
        self.node
    }

    /// The resource that it is in, unless it stands on its own.
    pub fn resource(&self) -> Option<&ResourceHead> {
        self.resource.as_ref()
    }
}

/// Shows the place, and no value.
impl fmt::Debug for FoundSpec<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FoundSpec")
            .field("document", &self.document)
            .field("pointer", &self.pointer)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

/// All credential specs in one document.
pub(super) fn find<'s>(document: usize, form: &Form, root: &'s Node) -> Vec<FoundSpec<'s>> {
    match form {
        Form::Spec => {
            vec![FoundSpec { document, pointer: JsonPointer::new([]), node: root, resource: None }]
        }
        Form::Resource(head) => in_resource(document, Vec::new(), head, root),
        Form::List(_) => {
            let items = root.get("items").map(Node::items).unwrap_or_default().iter().enumerate();
            items
                .map(|(index, item)| (index, item, ResourceHead::of(item)))
                .filter(|(_, item, head)| is_resource(item, head))
                .flat_map(|(index, item, head)| {
                    let path = vec![Segment::Key("items".into()), Segment::Index(index)];
                    in_resource(document, path, &head, item)
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The right place is `credspec` at the top. People also put it under `spec`, as other resources have it, and some
/// leave the key out.
fn in_resource<'s>(
    document: usize,
    path: Vec<Segment<'s>>,
    head: &ResourceHead,
    root: &'s Node,
) -> Vec<FoundSpec<'s>> {
    let found = |steps: &[&'s Member], node: &'s Node| {
        let steps = steps.iter().map(|member| Segment::Key(member.key().into()));
        let path: Vec<_> = path.iter().cloned().chain(steps).collect();
        FoundSpec { document, pointer: JsonPointer::new(&path), node, resource: Some(head.clone()) }
    };
    let mut specs = Vec::new();
    if is_spec(root) {
        specs.push(found(&[], root));
    }
    for member in root.members() {
        if is_credspec_key(member) {
            specs.push(found(&[member], member.node()));
        } else if member.key() == "spec" {
            if is_spec(member.node()) {
                specs.push(found(&[member], member.node()));
            }
            let inner = member.node().members().iter().filter(|inner| is_credspec_key(inner));
            specs.extend(inner.map(|inner| found(&[member, inner], inner.node())));
        }
    }
    specs
}

fn is_resource(root: &Node, head: &ResourceHead) -> bool {
    head.is_credential_spec() || head.kind.is_none() && root.members().iter().any(is_credspec_key)
}

fn is_credspec_key(member: &Member) -> bool {
    member.key().eq_ignore_ascii_case("credspec")
}

fn is_spec(node: &Node) -> bool {
    node.members()
        .iter()
        .any(|member| CredentialSpec::KEYS.iter().any(|key| key.eq_ignore_ascii_case(member.key())))
}
