//! Pods without gMSA, whatever becomes of the webhook.

use tokio::net::TcpListener;

use super::{
    tenant::{Tenant, deployment, pod},
    world::{MUTATING, VALIDATING, World, eventually, live},
};

/// Plain pods, directly and by a controller, come into being; those with gMSA do not.
async fn only_plain_pods(tenant: &Tenant, name: &str, spec: &str) {
    tenant.admit(&pod(name, None)).await;
    let app = format!("{name}-deployed");
    tenant.create_here(&deployment(&pod(&app, None))).await.unwrap();
    tenant.pod_of(&app).await;
    let reply = tenant.refuse(&pod("gmsa", Some(spec)), 500, "failed calling webhook").await;
    assert!(reply.message().contains("mutate.gmsa.internal"), "{}", reply.body);
}

#[test]
fn no_call_is_made_for_them() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let (spec, _) = tenant.permitted().await;
        let before = world.reviews().await;
        for number in 0..20 {
            tenant.admit(&pod(&format!("plain-{number}"), None)).await;
        }
        let mut windows = pod("windows", None);
        windows["spec"]["securityContext"] =
            serde_json::json!({"windowsOptions": {"runAsUserName": "ContainerUser"}});
        tenant.admit(&windows).await;
        tenant.create_here(&deployment(&pod("deployed", None))).await.unwrap();
        tenant.pod_of("deployed").await;
        assert_eq!(world.reviews().await, before);
        // It would have been noticed.
        tenant.admit(&pod("gmsa", Some(&spec))).await;
        assert!(world.reviews().await >= before + 2.0);
    });
}

#[test]
fn a_webhook_that_is_down_keeps_back_gmsa_pods_alone() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let (spec, _) = tenant.permitted().await;
        tenant.admit(&pod("before", Some(&spec))).await;
        world.webhook.child.start_kill().unwrap();
        world.webhook.child.wait().await.unwrap();
        only_plain_pods(&tenant, "down", &spec).await;
        // A controller tries again by itself once the webhook is back.
        tenant.create_here(&deployment(&pod("gmsa-deployed", Some(&spec)))).await.unwrap();
        eventually(async || tenant.refusal("gmsa-deployed").await.contains("failed calling webhook")).await;
        world.webhook = super::world::start(&world.installation, &[]).await;
        register(world, world.webhook.address.port()).await;
        tenant.pod_of("gmsa-deployed").await;
    });
}

#[test]
fn a_webhook_that_hangs_keeps_back_gmsa_pods_alone() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let (spec, _) = tenant.permitted().await;
        // Connections are accepted, and nothing is ever said.
        let silent = TcpListener::bind("0.0.0.0:0").await.unwrap();
        register(world, silent.local_addr().unwrap().port()).await;
        let before = world.reviews().await;
        eventually(async || {
            tenant.try_create(&pod("probe", Some(&spec))).await.message().contains("failed calling webhook")
        })
        .await;
        only_plain_pods(&tenant, "hung", &spec).await;
        drop(silent);
        register(world, world.webhook.address.port()).await;
        eventually(async || tenant.try_create(&pod("probe", Some(&spec))).await.is_success()).await;
        assert!(world.reviews().await > before);
    });
}

async fn register(world: &World, port: u16) {
    world.installation.register(port, &[VALIDATING, MUTATING]).await.unwrap();
}
