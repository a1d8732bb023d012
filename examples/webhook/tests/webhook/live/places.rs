//! The four places of a pod at which gMSA fields can stand.

use serde_json::{Value, json};

use super::{
    api::{Patch, Reply},
    tenant::{Tenant, container, document, inline, pod},
    world::{contents, live},
};

/// A pod with a security context at one of the places that a pod can be created with.
fn with(place: &str, context: Value) -> Value {
    let mut pod = pod("pod", None);
    match place {
        "/spec" => pod["spec"]["securityContext"] = context,
        "/spec/containers/0" => pod["spec"]["containers"][0]["securityContext"] = context,
        "/spec/initContainers/0" => {
            pod["spec"]["initContainers"] = json!([container("init", None)]);
            pod["spec"]["initContainers"][0]["securityContext"] = context;
        }
        _ => panic!("{place}"),
    }
    pod
}

const PLACES: [(&str, &str); 3] =
    [("/spec", "pod"), ("/spec/containers/0", "container"), ("/spec/initContainers/0", "init container")];

#[test]
fn every_place_of_a_new_pod_is_expanded_and_checked() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let (spec, expected) = tenant.permitted().await;
        let forbidden = tenant.spec(1).await;
        for (place, kind) in PLACES {
            let named = |spec: &str| with(place, super::tenant::gmsa(spec));
            let reply = tenant.try_create(&named(&spec)).await;
            assert!(reply.is_success(), "{place}: {}", reply.body);
            assert_eq!(contents(&reply.body, place), Some(expected.clone()), "{place}");
            tenant.refuse(&named("no-such-spec"), 404, "cred spec no-such-spec does not exist").await;
            tenant.refuse(&named(&forbidden), 403, "is not authorized to `use`").await;
            let says = "does not match the contents of GMSA resource";
            let unmatching = with(place, inline(Some(&spec), &document(2).1));
            tenant.refuse(&unmatching, 422, &format!("the GMSA cred spec contents for {kind}")).await;
            tenant.refuse(&unmatching, 422, says).await;
            tenant.refuse(&with(place, inline(None, &expected)), 422, "does not define the name").await;
            tenant.refuse(&with(place, inline(Some(&spec), "{\"a\":1,\"a\":1}")), 422, says).await;
        }
    });
}

/// The contents of an ephemeral container: a patch may put a new one before the others.
fn ephemeral(pod: &Value, name: &str) -> Option<String> {
    let containers = pod["spec"]["ephemeralContainers"].as_array()?;
    contents(containers.iter().find(|container| container["name"] == name)?, "")
}

/// Adds an ephemeral container, as `kubectl debug` does.
async fn debug(tenant: &Tenant, name: &str, context: Value) -> Reply {
    let mut container = container(name, None);
    container["securityContext"] = context;
    let patch = json!({"spec": {"ephemeralContainers": [container]}});
    tenant.patch("pods/pod/ephemeralcontainers", Patch::Strategic, patch).await
}

#[test]
fn ephemeral_containers_are_expanded_and_checked() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let (spec, expected) = tenant.permitted().await;
        let forbidden = tenant.spec(1).await;
        tenant.admit(&pod("pod", Some(&spec))).await;
        let reply = debug(&tenant, "good", super::tenant::gmsa(&spec)).await;
        assert!(reply.is_success(), "{}", reply.body);
        assert_eq!(ephemeral(&reply.body, "good"), Some(expected.clone()));
        for (context, code, says) in [
            (super::tenant::gmsa("no-such-spec"), 404, "cred spec no-such-spec does not exist"),
            (super::tenant::gmsa(&forbidden), 403, "is not authorized to `use`"),
            (inline(Some(&spec), &document(2).1), 422, "contents for ephemeral container \"bad\""),
            (inline(None, &expected), 422, "ephemeral container \"bad\" has a GMSA cred spec set"),
        ] {
            let reply = debug(&tenant, "bad", context).await;
            assert!(reply.code == code && reply.message().contains(says), "{code} {says}: {}", reply.body);
        }
        // One more, beside the first, which stays as it is even if the credential spec changes meanwhile.
        let changed = json!({"credspec": document(2).0});
        let path = format!("/apis/windows.k8s.io/v1/gmsacredentialspecs/{spec}");
        tenant.api.patch(&path, Patch::Merge, &changed).await.unwrap().ok().unwrap();
        let reply = debug(&tenant, "plain", json!({})).await;
        assert!(reply.is_success(), "{}", reply.body);
        assert_eq!(ephemeral(&reply.body, "good"), Some(expected));
    });
}

#[test]
fn the_cause_names_the_field() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let mut several = pod("pod", Some("no-such-spec"));
        several["spec"]["initContainers"] = json!([container("init", Some("no-such-init"))]);
        let reply = tenant.refuse(&several, 404, "cred spec no-such-spec does not exist").await;
        let causes = reply.body["details"]["causes"].as_array().unwrap();
        let fields: Vec<_> = causes.iter().filter_map(|cause| cause["field"].as_str()).collect();
        for field in [
            "spec.securityContext.windowsOptions.gmsaCredentialSpecName",
            "spec.initContainers[0].securityContext.windowsOptions.gmsaCredentialSpecName",
        ] {
            assert!(fields.contains(&field), "{fields:?}");
        }
    });
}

#[test]
fn a_change_of_a_credential_spec_is_in_the_next_pods() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let (spec, expected) = tenant.permitted().await;
        let pod = pod("pod", Some(&spec));
        assert_eq!(contents(&tenant.try_create(&pod).await.body, "/spec"), Some(expected));
        let path = format!("/apis/windows.k8s.io/v1/gmsacredentialspecs/{spec}");
        let changed = json!({"credspec": document(3).0});
        tenant.api.patch(&path, Patch::Merge, &changed).await.unwrap().ok().unwrap();
        super::world::eventually(async || {
            contents(&tenant.try_create(&pod).await.body, "/spec") == Some(document(3).1)
        })
        .await;
        tenant.api.delete(&path).await.unwrap().ok().unwrap();
        super::world::eventually(async || tenant.try_create(&pod).await.code == 404).await;
        // Without the document, it is a credential spec without contents.
        let empty = tenant.spec_with("empty", "v1", &Value::Null).await;
        let says = format!("cred spec {empty} does not have a credspec key");
        tenant.refuse(&super::tenant::pod("pod", Some(&empty)), 417, &says).await;
    });
}
