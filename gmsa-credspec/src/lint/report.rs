use std::collections::BTreeSet;

use gmsa_types::{
    KIND,
    finding::{Finding, ObjectRef},
};

use super::{options::LintOptions, place::Field, target::Target};
use crate::source::{Document, Member, Node, NodeValue};

/// Collects the findings, and knows what they are about.
pub(super) struct Report<'o> {
    pub(super) options: &'o LintOptions,
    object: Option<ObjectRef>,
    /// Whether the value tree of the document stands for all of its text, so that edits lose nothing.
    can_fix: bool,
    findings: Vec<Finding>,
}

impl<'o> Report<'o> {
    pub(super) fn new(options: &'o LintOptions) -> Self {
        let object = options.file_name.as_deref().map(ObjectRef::file_at);
        Self { options, object, can_fix: true, findings: Vec::new() }
    }

    pub(super) fn enter(&mut self, document: &Document) {
        self.object = self.options.file_name.as_deref().map(ObjectRef::file_at);
        self.can_fix = is_rewritable(document);
    }

    pub(super) fn enter_resource(&mut self, root: &Field<'_>) {
        let name = root.get("metadata").and_then(|metadata| metadata.get("name"));
        let object = match name.and_then(|name| name.text()) {
            Some(name) => ObjectRef::named(KIND, name),
            None => ObjectRef::unnamed(KIND),
        };
        self.object = Some(match self.options.file_name.as_deref() {
            Some(file) => object.in_file(file),
            None => object,
        });
    }

    pub(super) fn target(&self) -> Target {
        self.options.target
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if self.options.allowed.contains(&finding.id()) {
            return;
        }
        let finding = if self.can_fix { finding } else { finding.without_fix() };
        self.findings.push(match &self.object {
            Some(object) => finding.about(object.clone()),
            None => finding,
        });
    }

    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.findings.sort_by(Finding::order);
        self.findings.dedup_by(|a, b| Finding::order(a, b).is_eq());
        self.findings
    }
}

/// A credential spec and the parts of it that rules look at.
pub(super) struct Spec<'s> {
    pub(super) root: Field<'s>,
    /// Whether it is in a resource of Kubernetes, whatever the target.
    pub(super) is_resource: bool,
    pub(super) domain: Option<Field<'s>>,
    pub(super) directory: Option<Field<'s>>,
}

impl<'s> Spec<'s> {
    pub(super) fn new(root: Field<'s>, is_resource: bool) -> Self {
        let domain = root.get("DomainJoinConfig");
        let directory = root.get("ActiveDirectoryConfig");
        Self { root, is_resource, domain, directory }
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self.root.node().value(), NodeValue::Object(_))
    }

    /// A field of `DomainJoinConfig`.
    pub(super) fn join(&self, key: &str) -> Option<Field<'s>> {
        self.domain.as_ref()?.get(key)
    }

    pub(super) fn join_text(&self, key: &str) -> Option<&'s str> {
        self.join(key)?.text()
    }

    pub(super) fn is_for_kubernetes(&self, report: &Report<'_>) -> bool {
        self.is_resource || report.target() == Target::Kubernetes
    }
}

/// A key that is there twice, or a number that is not written back as it was: a value tree has not all of the text.
fn is_rewritable(document: &Document) -> bool {
    let mut open: Vec<&Node> = document.root().into_iter().collect();
    while let Some(node) = open.pop() {
        let is_whole = match node.value() {
            NodeValue::Object(members) => {
                let mut keys = BTreeSet::new();
                members.iter().all(|member| keys.insert(member.key()))
            }
            NodeValue::Number(literal) => {
                *node.to_value().to_string() == **literal || node.written().is_some()
            }
            _ => true,
        };
        if !is_whole {
            return false;
        }
        open.extend(node.items().iter().chain(node.members().iter().map(Member::node)));
    }
    true
}
