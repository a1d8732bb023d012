//! The custom resource: the versions it is read from, what it keeps, and that kube can use it.

use gmsa_types::{AsWritten, GROUP, GmsaCredentialSpec, KIND, PLURAL, V1, V1ALPHA1};
use serde_json::{Value, json};

fn manifest(api_version: &str, credspec: Value) -> Value {
    json!({
        "apiVersion": api_version,
        "kind": "GMSACredentialSpec",
        "metadata": {"name": "webapp1"},
        "credspec": credspec
    })
}

fn read(manifest: Value) -> GmsaCredentialSpec {
    serde_json::from_value(manifest).unwrap()
}

#[track_caller]
fn refuses(manifest: Value, message: &str) {
    let error = serde_json::from_value::<GmsaCredentialSpec>(manifest).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test]
fn both_versions_are_read_and_v1_is_written() {
    for version in [V1, V1ALPHA1] {
        let written = manifest(&format!("{GROUP}/{version}"), json!({"CmsPlugins": ["ActiveDirectory"]}));
        let resource = read(written);
        assert_eq!(resource.metadata.name.as_deref(), Some("webapp1"));
        assert_eq!(
            serde_json::to_value(&resource).unwrap(),
            manifest("windows.k8s.io/v1", json!({"CmsPlugins": ["ActiveDirectory"]}))
        );
    }
}

#[test]
fn the_resource_of_the_documentation_is_read_under_any_name() {
    let resource = read(json!({
        "apiVersion": "windows.k8s.io/v1",
        "kind": "GMSACredentialSpec",
        "metadata": {"name": "gmsa-WebApp1"},
        "credspec": {"DomainJoinConfig": {"DnsName": "contoso.com"}}
    }));
    assert_eq!(resource.metadata.name.as_deref(), Some("gmsa-WebApp1"));
}

#[test]
fn an_item_of_a_list_may_leave_its_type_out() {
    let resource = read(json!({"metadata": {"name": "webapp1"}, "credspec": {}}));
    assert!(resource.credspec.is_some());
    assert_eq!(read(json!({})), GmsaCredentialSpec::default());
}

#[test]
fn another_type_is_refused_by_name() {
    let versions = "is not `windows.k8s.io/v1` or `windows.k8s.io/v1alpha1`";
    refuses(manifest("auth.k8s.io/v1", json!({})), &format!("apiVersion `auth.k8s.io/v1` {versions}"));
    refuses(
        manifest("windows.k8s.io/v1beta1", json!({})),
        &format!("apiVersion `windows.k8s.io/v1beta1` {versions}"),
    );
    refuses(manifest("", json!({})), &format!("apiVersion `` {versions}"));
    refuses(json!({"kind": "Pod"}), "kind `Pod` is not `GMSACredentialSpec`");
    refuses(json!({"kind": "gmsacredentialspec"}), "kind `gmsacredentialspec` is not `GMSACredentialSpec`");
}

/// serde would take an array of the fields for the object.
#[test]
fn a_resource_is_an_object() {
    let array = json!(["windows.k8s.io/v1", "GMSACredentialSpec", {"name": "webapp1"}, {}]);
    refuses(array, "invalid type: sequence, expected an object");
    refuses(json!("sEcReT"), "invalid type: string, expected an object");
    refuses(Value::Null, "invalid type: null, expected an object");
}

#[test]
fn an_absent_document_and_a_null_are_the_same() {
    let absent = read(json!({"metadata": {"name": "webapp1"}}));
    assert_eq!(absent.credspec, None);
    assert_eq!(read(manifest("windows.k8s.io/v1", Value::Null)), absent);
    assert_eq!(serde_json::to_value(&absent).unwrap().get("credspec"), None);
}

#[test]
fn a_document_of_the_wrong_type_is_kept() {
    for other in [json!(""), json!([]), json!("{\"CmsPlugins\":[]}"), json!(false)] {
        let resource = read(manifest("windows.k8s.io/v1", other.clone()));
        assert_eq!(resource.credspec, Some(AsWritten::Other(other.clone())));
        assert_eq!(serde_json::to_value(&resource).unwrap(), manifest("windows.k8s.io/v1", other));
    }
}

#[test]
fn debug_shows_the_name_and_no_contents() {
    let mut written = manifest("windows.k8s.io/v1", json!({"CmsPlugins": ["sEcReT"]}));
    written["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": "{\"credspec\":{\"CmsPlugins\":[\"sEcReT\"]}}"});
    let shown = format!("{:?}", read(written));
    assert!(shown.contains("webapp1") && !shown.contains("sEcReT"), "{shown}");
}

#[test]
fn kube_finds_it_at_the_path_of_the_resource() {
    fn is_a_kube_resource<K: kube_core::Resource<DynamicType = ()>>() -> [String; 5] {
        let group_version_kind = [K::group(&()), K::version(&()), K::kind(&()), K::plural(&())];
        let [group, version, kind, plural] = group_version_kind.map(String::from);
        [group, version, kind, plural, K::url_path(&(), None)]
    }
    let path = "/apis/windows.k8s.io/v1/gmsacredentialspecs".to_owned();
    let expected = [GROUP.into(), V1.into(), KIND.into(), PLURAL.into(), path];
    assert_eq!(is_a_kube_resource::<GmsaCredentialSpec>(), expected);
}
