//! Denied pods of some do not hold up the pods of others.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{
    tenant::{Tenant, deployment, pod},
    world::{eventually, live},
};

/// How long a plain Deployment takes until its pod is there.
async fn plain(tenant: &Tenant, name: &str) -> Duration {
    let start = Instant::now();
    tenant.create_here(&deployment(&pod(name, None))).await.unwrap();
    while tenant.pods(name).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(start.elapsed() < Duration::from_secs(300), "{name} gets no pod");
    }
    start.elapsed()
}

/// How long one takes that comes just after many other Deployments. A controller manager makes 20 requests a second, so
/// it waits for those of the others.
async fn beside(tenant: &Tenant, others: &[Value]) -> Duration {
    for other in others {
        tenant.create_here(&deployment(other)).await.unwrap();
    }
    let name = others[0]["metadata"]["name"].as_str().unwrap();
    plain(tenant, &format!("beside-{name}")).await
}

/// Controllers share a few workers. One that is told by a denial to try again after a while waits for that while, ten
/// times, and holds its worker.
#[test]
fn failing_lookups_do_not_stall_the_controllers() {
    const OTHERS: usize = 30;
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let (spec, _) = tenant.permitted().await;
        let admitted: Vec<_> = (0..OTHERS).map(|number| pod(&format!("admitted-{number}"), None)).collect();
        let admitted = beside(&tenant, &admitted).await;
        // The webhook may not ask any more, so that it has to deny what it cannot check.
        let name = &world.installation.name;
        let path = format!("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{name}");
        world.api.delete(&path).await.unwrap().ok().unwrap();
        let probe = pod("probe", Some(&spec));
        eventually(async || [500, 503].contains(&tenant.try_create(&probe).await.code)).await;
        let reply = tenant.try_create(&probe).await;
        assert!(reply.headers.get("retry-after").is_none(), "{:?}", reply.headers);
        assert!(reply.body["details"]["retryAfterSeconds"].is_null(), "{}", reply.body);

        let name = |number: usize| format!("denied-{number}");
        let denied: Vec<_> = (0..OTHERS).map(|number| pod(&name(number), Some(&spec))).collect();
        // The controller manager may save up requests for a second and a half.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let denied = beside(&tenant, &denied).await;
        println!(
            "a plain Deployment's pod: {admitted:?} beside {OTHERS} like it, {denied:?} beside {OTHERS} that are denied"
        );
        // With a hint, it was ten times as long.
        assert!(denied < 4 * admitted, "{denied:?} beside those that are denied, {admitted:?} beside others");
        // They were denied, all of them, and heal by themselves.
        for number in 0..OTHERS {
            eventually(async || !tenant.refusal(&name(number)).await.is_empty()).await;
        }
        world.api.apply(world.installation.object("ClusterRoleBinding").unwrap()).await.unwrap();
        for number in 0..OTHERS {
            eventually(async || !tenant.pods(&name(number)).await.is_empty()).await;
        }
    });
}
