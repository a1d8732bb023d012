//! What users do with kubectl, to pods with gMSA and to those without.

use std::fs;

use serde_json::{Value, json};

use super::{
    api::Patch,
    kubectl::Kubectl,
    tenant::{ACCOUNT, document, inline, pod},
    world::{contents, live},
};

#[test]
fn applying_creates_and_leaves_as_it_is() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let Some(kubectl) = Kubectl::of(&tenant.namespace).await else { return };
        let (spec, expected) = tenant.permitted().await;
        let path = |name: &str| tenant.path(&format!("pods/{name}"));
        for (name, flags) in [("client", &[][..]), ("server", &["--server-side"][..])] {
            let mut manifest = pod(name, Some(&spec));
            let apply = [&["apply", "-f", "-"], flags].concat();
            // A trial is answered as the real thing, and leaves nothing.
            let trial =
                kubectl.run(&[&apply[..], &["--dry-run=server", "-o", "json"]].concat(), &manifest).await;
            trial.ok();
            let answered: Value = serde_json::from_str(&trial.output).unwrap();
            assert_eq!(contents(&answered, "/spec"), Some(expected.clone()), "{name}");
            assert_eq!(tenant.api.get(&path(name)).await.unwrap().code, 404);
            kubectl.run(&apply, &manifest).await.ok();
            let stored = tenant.api.get(&path(name)).await.unwrap().body;
            assert_eq!(contents(&stored, "/spec"), Some(expected.clone()), "{name}");
            // The manifest has no contents; the pod keeps them.
            kubectl.run(&apply, &manifest).await.ok();
            manifest["metadata"]["labels"]["tier"] = "web".into();
            manifest["spec"]["containers"][0]["image"] = "nginx".into();
            kubectl.run(&apply, &manifest).await.ok();
            let stored = tenant.api.get(&path(name)).await.unwrap().body;
            assert_eq!(contents(&stored, "/spec"), Some(expected.clone()), "{name}");
            assert_eq!(stored["metadata"]["labels"]["tier"], "web");
            // Another name is another identity.
            manifest["spec"]["securityContext"] = super::tenant::gmsa("another");
            kubectl.run(&apply, &manifest).await.refused("pod updates may not change fields");
            let refused = kubectl.run(&apply, &pod(&format!("{name}-bad"), Some("no-such-spec"))).await;
            refused.refused("cred spec no-such-spec does not exist");
        }
    });
}

#[test]
fn what_does_not_concern_gmsa_is_not_in_the_way() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let Some(kubectl) = Kubectl::of(&tenant.namespace).await else { return };
        let (spec, expected) = tenant.permitted().await;
        kubectl.run(&["create", "-f", "-"], &pod("pod", Some(&spec))).await.ok();
        let none = Value::Null;
        for arguments in [
            &["label", "pod", "pod", "tier=web"][..],
            &["annotate", "pod", "pod", "about=gmsaCredentialSpec"],
            &["set", "image", "pod/pod", "app=nginx"],
            &["describe", "pod", "pod"],
            &["run", "plain", "--image=nginx"],
            &["run", "account", "--image=nginx", "--overrides", r#"{"spec": {"serviceAccountName": "app"}}"#],
        ] {
            // The account `default` may take a moment to be there.
            super::world::eventually(async || {
                let said = kubectl.run(arguments, &none).await;
                said.success || !said.error.contains("serviceaccount \"default\" not found")
            })
            .await;
        }
        let stored = tenant.api.get(&tenant.path("pods/pod")).await.unwrap().body;
        assert_eq!(stored["metadata"]["labels"]["tier"], "web");
        assert_eq!(contents(&stored, "/spec"), Some(expected));
        for name in ["pod", "plain", "account"] {
            kubectl.run(&["delete", "pod", name, "--wait=false"], &none).await.ok();
        }
        assert_eq!(stored["spec"]["serviceAccountName"], ACCOUNT);
    });
}

#[test]
fn debugging_adds_a_container_with_the_identity_that_it_names() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let Some(kubectl) = Kubectl::of(&tenant.namespace).await else { return };
        let (spec, expected) = tenant.permitted().await;
        tenant.admit(&pod("pod", Some(&spec))).await;
        let debug = async |name: &str, context: Value| {
            let custom = world.installation.folder.join(name);
            fs::write(&custom, json!({"securityContext": context}).to_string()).unwrap();
            let custom = format!("--custom={}", custom.display());
            let image = "--image=registry.k8s.io/pause:3.10";
            kubectl
                .run(
                    &["debug", "pod", image, "--container", name, "--profile=general", &custom],
                    &Value::Null,
                )
                .await
        };
        debug("named", super::tenant::gmsa(&spec)).await.ok();
        debug("plain", json!({})).await.ok();
        let stored = tenant.api.get(&tenant.path("pods/pod")).await.unwrap().body;
        assert_eq!(contents(&stored, "/spec/ephemeralContainers/0"), Some(expected), "{stored}");
        assert_eq!(contents(&stored, "/spec/ephemeralContainers/1"), None);
        debug("bad", super::tenant::gmsa("no-such-spec"))
            .await
            .refused("cred spec no-such-spec does not exist");
        debug("bad", inline(None, &document(1).1)).await.refused("does not define the name");
        // A copy is a new pod.
        let copy =
            ["debug", "pod", "--copy-to=copy", "--image=nginx", "--container=shell", "--profile=general"];
        kubectl.run(&copy, &Value::Null).await.ok();
    });
}

#[test]
fn resizing_and_evicting_are_not_in_the_way() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let (spec, expected) = tenant.permitted().await;
        let mut sized = pod("pod", Some(&spec));
        sized["spec"]["containers"][0]["resources"] =
            json!({"requests": {"cpu": "10m"}, "limits": {"cpu": "20m"}});
        tenant.admit(&sized).await;
        let before = world.reviews().await;
        let resources = json!({"requests": {"cpu": "11m"}, "limits": {"cpu": "21m"}});
        let patch = json!({"spec": {"containers": [{"name": "app", "resources": resources}]}});
        let reply = tenant.patch("pods/pod/resize", Patch::Strategic, patch.clone()).await;
        assert!(reply.is_success(), "{}", reply.body);
        assert_eq!(contents(&reply.body, "/spec"), Some(expected.clone()));
        if let Some(kubectl) = Kubectl::of(&tenant.namespace).await {
            let patch = patch.to_string().replace("21m", "22m");
            let arguments = ["patch", "pod", "pod", "--subresource=resize", "--patch", &patch];
            kubectl.run(&arguments, &Value::Null).await.ok();
        }
        // What brings in an identity by the way leaves no trace.
        let mut smuggled = patch;
        smuggled["spec"]["containers"][0]["securityContext"] = inline(None, &document(1).1);
        let reply = tenant.patch("pods/pod/resize", Patch::Strategic, smuggled).await;
        assert_eq!(contents(&reply.body, "/spec/containers/0"), None);
        let status = json!({"status": {"reason": "Tested"}});
        assert!(tenant.patch("pods/pod/status", Patch::Merge, status).await.is_success());
        let eviction = json!({
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": "pod", "namespace": tenant.namespace},
        });
        let reply = tenant.api.post(&tenant.path("pods/pod/eviction"), &eviction).await.unwrap();
        assert!(reply.is_success(), "{}", reply.body);
        assert_eq!(world.reviews().await, before, "none of it was asked about");
    });
}
