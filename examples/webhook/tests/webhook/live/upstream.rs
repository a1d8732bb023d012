//! Upstream's integration tests, scenario by scenario, with the sentences that it expects.
//!
//! Source: kubernetes-sigs/windows-gmsa v0.13, `admission-webhook/integration_tests/integration_test.go`. Its test with a
//! new certificate is in `rotation`.

use serde_json::{Value, json};

use super::{
    tenant::{container, deployment, document, inline, pod},
    world::{World, contents, live},
};

const POD: &str = "/spec";
const FIRST: &str = "/spec/containers/0";

/// Creates a Deployment, and takes the pod that comes of it.
async fn deployed(tenant: &super::tenant::Tenant, pod: &Value) -> Value {
    tenant.create_here(&deployment(pod)).await.unwrap();
    tenant.pod_of(pod["metadata"]["name"].as_str().unwrap()).await
}

fn in_container(name: &str, spec: &str) -> Value {
    let mut pod = pod(name, None);
    pod["spec"]["containers"][0] = container("app", Some(spec));
    pod
}

#[test]
fn what_is_named_is_expanded() {
    live(&[], async |world| {
        happy_path_with_pod_level_cred_spec(world).await;
        happy_path_with_container_level_cred_spec(world).await;
        happy_path_with_several_containers(world).await;
        happy_path_with_pre_set_matching_contents(world).await;
        happy_path_with_host_agent_config_in_cred_spec(world).await;
    });
}

async fn happy_path_with_pod_level_cred_spec(world: &World) {
    let tenant = world.tenant().await;
    let (spec, expected) = tenant.permitted().await;
    let pod = deployed(&tenant, &pod("pod-level", Some(&spec))).await;
    assert_eq!(contents(&pod, POD), Some(expected));
}

async fn happy_path_with_container_level_cred_spec(world: &World) {
    let tenant = world.tenant().await;
    let (spec, expected) = tenant.permitted().await;
    let pod = deployed(&tenant, &in_container("container-level", &spec)).await;
    assert_eq!(contents(&pod, FIRST), Some(expected));
    assert_eq!(contents(&pod, POD), None);
}

async fn happy_path_with_several_containers(world: &World) {
    let tenant = world.tenant().await;
    let specs = [tenant.spec(0).await, tenant.spec(1).await, tenant.spec(2).await];
    tenant.grant(&specs.each_ref().map(String::as_str)).await;
    let mut several = pod("several-containers", Some(&specs[1]));
    several["spec"]["containers"] =
        json!([container("a", Some(&specs[0])), container("b", None), container("c", Some(&specs[2]))]);
    let pod = deployed(&tenant, &several).await;
    assert_eq!(contents(&pod, FIRST), Some(document(0).1));
    assert_eq!(contents(&pod, POD), Some(document(1).1));
    assert_eq!(contents(&pod, "/spec/containers/1"), None);
    assert_eq!(contents(&pod, "/spec/containers/2"), Some(document(2).1));
}

async fn happy_path_with_pre_set_matching_contents(world: &World) {
    let tenant = world.tenant().await;
    let (spec, expected) = tenant.permitted().await;
    // The same document in another writing, which nobody overwrites.
    let written = format!("{:#}", document(0).0);
    assert_ne!(written, expected);
    let mut matching = pod("matching", None);
    matching["spec"]["securityContext"] = inline(Some(&spec), &written);
    let pod = deployed(&tenant, &matching).await;
    assert_eq!(contents(&pod, POD), Some(written));
}

async fn happy_path_with_host_agent_config_in_cred_spec(world: &World) {
    let tenant = world.tenant().await;
    let mut with_plugin = document(2).0;
    with_plugin["ActiveDirectoryConfig"]["HostAccountConfig"] = json!({
        "PluginGUID": "{GDMA0342-266A-4D1P-831J-20990E82944F}", "PluginInput": "contoso.com:gmsaccg:<password>",
        "PortableCcgVersion": "1",
    });
    let spec = tenant.spec_with("plugin", "v1", &with_plugin).await;
    tenant.grant(&[&spec]).await;
    let pod = deployed(&tenant, &pod("plugin", Some(&spec))).await;
    let found = contents(&pod, POD).unwrap();
    assert!(
        found.contains(
            r#""HostAccountConfig":{"PluginGUID":"{GDMA0342-266A-4D1P-831J-20990E82944F}","PluginInput":"contoso.com:gmsaccg:\u003cpassword\u003e","PortableCcgVersion":"1"}"#
        ),
        "{found}"
    );
}

#[test]
fn what_is_not_in_order_is_refused() {
    live(&[], async |world| {
        service_account_does_not_have_permissions_to_use_cred_spec(world).await;
        cred_spec_does_not_exist(world).await;
        cannot_pre_set_gmsa_contents_without_name(world).await;
        cannot_pre_set_unmatching_gmsa_settings(world).await;
    });
}

async fn service_account_does_not_have_permissions_to_use_cred_spec(world: &World) {
    let tenant = world.tenant().await;
    let spec = tenant.spec(0).await;
    let says = format!("service account \"app\" is not authorized to `use` GMSA cred spec \"{spec}\"");
    tenant.refuse_deployment(&in_container("unauthorized", &spec), &says).await;
}

async fn cred_spec_does_not_exist(world: &World) {
    let tenant = world.tenant().await;
    tenant.grant(&[]).await;
    let says = "cred spec i-sure-dont-exist does not exist";
    tenant.refuse_deployment(&in_container("unknown", "i-sure-dont-exist"), says).await;
}

async fn cannot_pre_set_gmsa_contents_without_name(world: &World) {
    let tenant = world.tenant().await;
    let (_, contents) = tenant.permitted().await;
    let says = "has a GMSA cred spec set, but does not define the name of the corresponding resource";
    let mut at_pod = pod("pod-level", None);
    at_pod["spec"]["securityContext"] = inline(None, &contents);
    tenant.refuse_deployment(&at_pod, says).await;
    let mut at_container = pod("container-level", None);
    at_container["spec"]["containers"][0]["securityContext"] = inline(None, &contents);
    tenant.refuse_deployment(&at_container, &format!("container \"app\" {says}")).await;
}

async fn cannot_pre_set_unmatching_gmsa_settings(world: &World) {
    let tenant = world.tenant().await;
    let (spec, _) = tenant.permitted().await;
    let mut unmatching = pod("unmatching", None);
    unmatching["spec"]["securityContext"] = inline(Some(&spec), &document(1).1);
    let says = format!("does not match the contents of GMSA resource \"{spec}\"");
    tenant.refuse_deployment(&unmatching, &says).await;
}

#[test]
fn updates_change_everything_but_the_identity() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let (spec, expected) = tenant.permitted().await;
        let (at_pod, at_container) = (pod("pod-level", Some(&spec)), in_container("container-level", &spec));
        for (pod, place) in [(at_pod, POD), (at_container, FIRST)] {
            let name = pod["metadata"]["name"].as_str().unwrap();
            assert_eq!(contents(&tenant.admit(&pod).await, place), Some(expected.clone()));
            let path = format!("pods/{name}");
            // TestCannotUpdateExistingPodLevelGMSASettings, TestCannotUpdateExistingContainerLevelGMSASettings
            for (field, value) in
                [("gmsaCredentialSpec", document(1).1), ("gmsaCredentialSpecName", "another".to_owned())]
            {
                let path_of_field = format!("{place}/securityContext/windowsOptions/{field}");
                let patch = json!([{"op": "replace", "path": path_of_field, "value": value}]);
                let reply = tenant.patch(&path, super::api::Patch::Json, patch).await;
                assert!([403, 422].contains(&reply.code), "{}", reply.body);
            }
            // TestPossibleToUpdatePodWithExistingGMSASettings
            let patch = json!({"spec": {"containers": [{"name": "app", "image": "nginx"}]}});
            let reply = tenant.patch(&path, super::api::Patch::Strategic, patch).await;
            assert!(reply.is_success(), "{}", reply.body);
            assert_eq!(contents(&reply.body, place), Some(expected.clone()));
        }
    });
}

#[test]
fn both_versions_of_the_definition_hold_the_same() {
    live(&[], async |world| {
        // TestDeployV1Alpha1CredSpecGetAllVersions, TestDeployV1CredSpecGetAllVersions
        for (number, version) in ["v1alpha1", "v1"].into_iter().enumerate() {
            let tenant = world.tenant().await;
            let spec = tenant.spec_with("spec", version, &document(number).0).await;
            for asked in ["v1alpha1", "v1"] {
                let path = format!("/apis/windows.k8s.io/{asked}/gmsacredentialspecs/{spec}");
                assert_eq!(tenant.api.get(&path).await.unwrap().body["credspec"], document(number).0);
            }
            tenant.grant(&[&spec]).await;
            assert_eq!(
                contents(&tenant.admit(&pod("pod", Some(&spec))).await, POD),
                Some(document(number).1)
            );
        }
    });
}

#[test]
fn hostnames_are_random_where_they_are_wanted() {
    live(&[("RANDOM_HOSTNAME", "true")], async |world| {
        let tenant = world.tenant().await;
        let (spec, _) = tenant.permitted().await;
        let random = deployed(&tenant, &pod("random", Some(&spec))).await;
        let hostname = random["spec"]["hostname"].as_str().unwrap();
        assert_eq!(hostname.len(), 15, "{hostname}");
        let again = deployed(&tenant, &pod("again", Some(&spec))).await;
        assert_ne!(again["spec"]["hostname"], hostname);
        let mut chosen = pod("chosen", Some(&spec));
        chosen["spec"]["hostname"] = "my-own".into();
        assert_eq!(deployed(&tenant, &chosen).await["spec"]["hostname"], "my-own");
        assert!(deployed(&tenant, &pod("plain", None)).await["spec"]["hostname"].is_null());
    });
}

#[test]
fn hostnames_are_left_alone_where_nobody_asked() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let spec = tenant.permitted().await.0;
        assert!(deployed(&tenant, &pod("pod", Some(&spec))).await["spec"]["hostname"].is_null());
    });
}
