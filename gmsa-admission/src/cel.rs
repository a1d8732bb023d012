//! The CEL text of conditions and policies: the one place that writes it. Container lists come from
//! [`ContainerList::ALL`], so that an API server looks where the reader of this crate looks.

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
    let lists = ContainerList::ALL.map(|list| {
        let list = format!("object.spec.{}", list.field());
        format!("(has({list}) && {list} != null && {list}.exists(c, {}))", sets_gmsa_field("c"))
    });
    let pod = format!("({})", sets_gmsa_field("object.spec"));
    [pod].into_iter().chain(lists).collect::<Vec<_>>().join(" ||\n")
}

/// Whether what `owner` stands for, a pod's spec or a container, sets a gMSA field. `windowsOptions` alone is no
/// reason: infrastructure with `hostProcess` or `runAsUserName` must not depend on gMSA admission.
fn sets_gmsa_field(owner: &str) -> String {
    let context = format!("{owner}.securityContext");
    let options = format!("{context}.windowsOptions");
    format!(
        "has({context}) && has({options}) && (has({options}.{NAME_FIELD}) || has({options}.{CONTENTS_FIELD}))"
    )
}
