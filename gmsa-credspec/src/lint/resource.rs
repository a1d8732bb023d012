//! GC7: the resource of Kubernetes. Rules about pods and permissions are not here: they need more than one object.

use gmsa_types::{
    CredentialSpecName, GROUP, KIND, V1, V1ALPHA1,
    finding::{Edit, Fix, Severity},
};
use serde_json::Value;

use super::{
    document::check_text,
    keys::{GC201, GC202, all_keys},
    place::{Field, trim},
    report::Report,
    rule::section,
};
use crate::JsonType;

section! { "resource";
    /// Source: Kubernetes, `IsDNS1123Subdomain`; Kubernetes' own sample was called `gmsa-WebApp1`.
    GC701 Error fix: "name of the resource that Kubernetes refuses", "names are lower-case letters, digits, `-` and `.`", "Kubernetes, apimachinery/pkg/util/validation";
    /// A warning for `v1alpha1`, which is served and deprecated.
    /// Source: upstream's CRD.
    GC702 Error: "`apiVersion` or `kind` that the cluster does not know", "the resource is `GMSACredentialSpec` in `windows.k8s.io/v1`", "kubernetes-sigs/windows-gmsa, gmsa-crd.yml";
    /// Source: upstream's CRD, `scope: Cluster`.
    GC703 Warning: "namespace in a resource of the whole cluster", "the namespace separates nothing: who may use the resource is up to RBAC", "kubernetes-sigs/windows-gmsa, gmsa-crd.yml";
    /// Source: upstream's CRD.
    GC704 Error fix: "document not under `credspec`", "the document is an object at the top level, under `credspec`", "kubernetes-sigs/windows-gmsa, gmsa-crd.yml";
    /// Source: YAML 1.1, which Kubernetes reads.
    GC705 Error fix: "YAML took a text for something else", "Kubernetes wants strings, and reads `NO`, `0123` and braces as other types", "YAML 1.1; kubernetes-sigs/windows-gmsa, gmsa-crd.yml";
}

/// Checks what is around the documents, and returns them.
pub(super) fn check<'s>(root: &Field<'s>, in_list: bool, report: &mut Report<'_>) -> Vec<Field<'s>> {
    type_of(root, in_list, report);
    name(root, report);
    if let Some(namespace) = root.get("metadata").and_then(|metadata| metadata.get("namespace")) {
        report.add(
            GC703
                .at(&namespace, "namespace in a resource of the whole cluster")
                .with_help("remove it, and bind the permission to use the resource in this namespace"),
        );
    }
    if let Some(member) = root
        .members()
        .iter()
        .find(|member| member.key() != "credspec" && member.key().eq_ignore_ascii_case("credspec"))
        && root.node().get("credspec").is_none()
    {
        let field = root.child(member);
        report.add(
            GC201
                .at(&field, "`credspec` in another case")
                .in_source(member.key_position())
                .with_help("write `credspec`")
                .with_fix(Fix::new("rename it to `credspec`", [Edit::rename_key(field.exact(), "credspec")])),
        );
    }
    other_keys(root, report);
    contents(root, report)
}

/// The keys of the resource that upstream's CRD does not have, unless the document is in them: GC704.
fn other_keys(root: &Field<'_>, report: &mut Report<'_>) {
    const KNOWN: [&str; 4] = ["apiVersion", "kind", "metadata", "credspec"];
    let has_document = root.get("credspec").is_some();
    for member in root.members() {
        let key = member.key();
        let field = root.child(member);
        if KNOWN.iter().any(|known| known.eq_ignore_ascii_case(key)) {
            continue;
        }
        if key.eq_ignore_ascii_case("HostAccountConfig") {
            report.add(super::host_account::misplaced(&field));
            continue;
        }
        let is_document = if key == "spec" {
            field.get("credspec").is_some() || is_spec(&field)
        } else {
            all_keys().any(|known| known.eq_ignore_ascii_case(key))
        };
        if has_document || !is_document {
            report.add(
                GC202
                    .at(&field, "key that the resource does not know; the API server drops it")
                    .in_source(member.key_position())
                    .with_help("take it out, or move it into the object that it belongs to"),
            );
        }
    }
}

fn type_of(root: &Field<'_>, in_list: bool, report: &mut Report<'_>) {
    let help = format!("write `apiVersion: {GROUP}/{V1}` and `kind: {KIND}`");
    match root.get("apiVersion") {
        None if in_list => {}
        None => report.add(GC702.at(root, "`apiVersion` is missing").with_help(&*help)),
        Some(field) => match field.text() {
            Some(version) if version == format!("{GROUP}/{V1}") => {}
            Some(version) if version == format!("{GROUP}/{V1ALPHA1}") => report.add(
                GC702
                    .graded(Severity::Warning)
                    .at(&field, "`v1alpha1` is deprecated")
                    .with_help(format!("write `{GROUP}/{V1}`; the two differ in their names alone")),
            ),
            Some(_) => report.add(GC702.at(&field, "`apiVersion` is of another resource").with_help(&*help)),
            None => check_text(&field, report),
        },
    }
    match root.get("kind") {
        None if in_list => {}
        None => report.add(GC702.at(root, "`kind` is missing").with_help(&*help)),
        Some(field) if field.node().as_str() != Some(KIND) => {
            report.add(GC702.at(&field, "`kind` is of another resource").with_help(help));
        }
        Some(_) => {}
    }
}

fn name(root: &Field<'_>, report: &mut Report<'_>) {
    let metadata = root.get("metadata");
    let help = "write a name of lower-case letters, digits and `-`, such as `gmsa-webapp1`";
    let Some(field) = metadata.as_ref().and_then(|metadata| metadata.get("name")) else {
        if metadata.as_ref().and_then(|metadata| metadata.get("generateName")).is_none() {
            report
                .add(GC701.at(metadata.as_ref().unwrap_or(root), "the resource has no name").with_help(help));
        }
        return;
    };
    check_text(&field, report);
    let Some(text) = field.text() else {
        if let Some(written) = field.node().written() {
            let finding = GC705
                .at(&field, format!("YAML reads this as {}, not as a string", field.json_type()))
                .with_help("put it in quotes");
            let written = trim(written);
            report.add(if CredentialSpecName::try_from(written).is_ok() {
                finding.with_fix(Fix::new("put it in quotes", [Edit::replace(field.exact(), written)]))
            } else {
                finding
            });
        } else if field.is_blank() || field.json_type() != JsonType::String {
            report.add(GC701.at(&field, "the resource has no name").with_help(help));
        }
        return;
    };
    if let Err(invalid) = CredentialSpecName::try_from(text) {
        let finding = GC701.at(&field, invalid.to_string()).with_help(help);
        let lower = text.to_ascii_lowercase().replace('_', "-");
        report.add(if CredentialSpecName::try_from(&*lower).is_ok() {
            finding.with_fix(Fix::new("write the name in lower case", [Edit::replace(field.exact(), lower)]))
        } else {
            finding
        });
    }
}

fn contents<'s>(root: &Field<'s>, report: &mut Report<'_>) -> Vec<Field<'s>> {
    let help = "put the document under `credspec`, at the top level";
    if let Some(field) = root.get("credspec") {
        if let Some(text) = field.node().as_str() {
            let finding = GC704.at(&field, "the document is a text, not an object").with_help(help);
            let object = crate::read(text).ok().and_then(|spec| serde_json::to_value(spec).ok());
            report.add(match object.filter(Value::is_object) {
                Some(object) => finding.with_fix(Fix::new(
                    "write the document as an object",
                    [Edit::replace(field.exact(), object)],
                )),
                None => finding,
            });
            return Vec::new();
        }
        return vec![field];
    }
    let spec = root.get("spec");
    if let Some(field) = spec.as_ref().and_then(|spec| spec.get("credspec")) {
        let alone = spec.as_ref().filter(|spec| spec.members().len() == 1);
        let edits = std::iter::once(Edit::move_value(field.exact(), format!("{}/credspec", root.exact())))
            .chain(alone.map(|spec| Edit::remove(spec.exact())));
        report.add(
            GC704
                .at(&field, "`credspec` under `spec`")
                .with_help(help)
                .with_fix(Fix::new("move `credspec` to the top level", edits)),
        );
        return vec![field];
    }
    let place = if spec.as_ref().is_some_and(is_spec) { spec } else { Some(root.clone()).filter(is_spec) };
    report.add(GC704.at(place.as_ref().unwrap_or(root), "there is no `credspec`").with_help(help));
    // A document at the top level would have all the keys of the resource as unknown ones.
    place.filter(|place| place.exact() != root.exact()).into_iter().collect()
}

fn is_spec(field: &Field<'_>) -> bool {
    field.members().iter().any(|member| all_keys().any(|key| key.eq_ignore_ascii_case(member.key())))
}
