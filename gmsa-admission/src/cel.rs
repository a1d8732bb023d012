//! The CEL text of conditions and policies: the one place that writes it. Container lists come from
//! [`ContainerList::ALL`], so that an API server looks where the reader of this crate looks.

pub(crate) mod places;
pub(crate) mod validation;

use crate::{
    ContainerList,
    place::{CONTENTS_FIELD, NAME_FIELD},
};

/// Whether `object` has a gMSA field at any place.
///
/// With `has` and `exists` alone, which every API server with match conditions knows. A pod that has yet to be
/// validated may lack `containers`, and shows `null` for them; the condition must not fail on it, or the user
/// would read about gMSA in place of the API server's own complaint.
pub(crate) fn uses_gmsa() -> String {
    uses_gmsa_in("object.spec")
}

/// The same of an object with a pod template, wherever its kind has that.
pub(crate) fn template_uses_gmsa() -> String {
    let [spec, job] = ["object.spec", "object.spec.jobTemplate.spec"].map(|owner| {
        let template = format!("{owner}.template");
        format!(
            "has({template}) && has({template}.spec) && (\n{})",
            uses_gmsa_in(&format!("{template}.spec"))
        )
    });
    format!("({spec}) ||\n(has(object.spec.jobTemplate) && has(object.spec.jobTemplate.spec) && {job})")
}

/// Whether nothing but a person, or a program of theirs, made the object.
pub(crate) fn has_no_controller() -> String {
    let owners = "object.metadata.ownerReferences";
    format!("!has({owners}) || !{owners}.exists(o, has(o.controller) && o.controller)")
}

fn uses_gmsa_in(spec: &str) -> String {
    let lists = ContainerList::ALL.map(|list| {
        let (has, field) = (has_list(spec, list), list.field());
        format!("({has} && {spec}.{field}.exists(c, {}))", sets_gmsa_field("c"))
    });
    let pod = format!("({})", sets_gmsa_field(spec));
    [pod].into_iter().chain(lists).collect::<Vec<_>>().join(" ||\n")
}

/// Whether a pod that has yet to be validated has the list.
pub(crate) fn has_list(spec: &str, list: ContainerList) -> String {
    let list = format!("{spec}.{}", list.field());
    format!("has({list}) && {list} != null")
}

/// Whether what `owner` stands for, a pod's spec or a container, sets a gMSA field. `windowsOptions` alone is no
/// reason: infrastructure with `hostProcess` or `runAsUserName` must not depend on gMSA admission.
pub(crate) fn sets_gmsa_field(owner: &str) -> String {
    let (name, contents) = (has(owner, NAME_FIELD), has(owner, CONTENTS_FIELD));
    format!("{} && ({name} || {contents})", has_options(owner))
}

/// Whether there are `windowsOptions`; to be asked before anything about them.
pub(crate) fn has_options(owner: &str) -> String {
    format!("has({owner}.securityContext) && has({owner}.securityContext.windowsOptions)")
}

/// Whether the `windowsOptions`, which must be there, have a field.
pub(crate) fn has(owner: &str, field: &str) -> String {
    format!("has({})", of(owner, field))
}

/// A field of the `windowsOptions`, which must have it.
pub(crate) fn of(owner: &str, field: &str) -> String {
    format!("{owner}.securityContext.windowsOptions.{field}")
}

/// A text as a CEL string, for texts without quotes and backslashes.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{text}'")
}

/// Contents by name as a CEL map. JSON has no bare control characters, so two characters need an escape.
pub(crate) fn map<'c>(entries: impl Iterator<Item = (&'c str, &'c str)>) -> String {
    let escaped = |text: &str| quoted(&text.replace('\\', r"\\").replace('\'', r"\'"));
    let entries = entries.map(|(name, contents)| format!("{}: {}", escaped(name), escaped(contents)));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(",\n"))
}
