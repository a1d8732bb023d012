//! A restart of the API server.

use std::{
    env,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::process::Command;

use super::{
    api::Patch,
    tenant::{document, pod},
    world::{contents, eventually, kubeconfig, live},
};

/// A command that ends the API server and starts it again, for the shell of the system.
const RESTART: &str = "GMSA_TEST_RESTART";

/// Once the API server is back, nobody gets what is there no more. A denial is no harm: until the API server itself knows
/// who may do what, there is nothing better to say.
#[test]
fn what_the_cache_knew_before_is_not_given_after() {
    let Some(restart) = env::var_os(RESTART).filter(|command| !command.is_empty()) else {
        match kubeconfig() {
            Some(_) => println!("skipped: {RESTART} is not set"),
            None => live(&[], async |_| {}),
        }
        return;
    };
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let (changed, removed) = (tenant.spec(0).await, tenant.spec(1).await);
        tenant.grant(&[&changed, &removed]).await;
        let pod_of = |spec: &str| pod("pod", Some(spec));
        for spec in [&changed, &removed] {
            eventually(async || tenant.try_create(&pod_of(spec)).await.is_success()).await;
        }
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let status = Command::new(shell).arg(flag).arg(restart).status().await.unwrap();
        assert!(status.success(), "{RESTART}");
        let path = |spec: &str| format!("/apis/windows.k8s.io/v1/gmsacredentialspecs/{spec}");
        let patch = json!({"credspec": document(2).0});
        until_ok(async || world.api.patch(&path(&changed), Patch::Merge, &patch).await).await;
        until_ok(async || world.api.delete(&path(&removed)).await).await;

        // A watch that is connected tells of a change within milliseconds; give it a second.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (start, mut correct) = (Instant::now(), 0);
        let (mut stale, mut answers) = (Vec::new(), Vec::<(u128, u16, u16)>::new());
        // Correct for five seconds in a row; a stale cache was so for more than twenty after the start.
        while start.elapsed() < Duration::from_secs(90) && correct < 50 {
            let at = start.elapsed();
            let first = world
                .api
                .post(&tenant.path("pods?dryRun=All"), &here(&tenant.namespace, pod_of(&changed)))
                .await;
            let second = world
                .api
                .post(&tenant.path("pods?dryRun=All"), &here(&tenant.namespace, pod_of(&removed)))
                .await;
            if let (Ok(first), Ok(second)) = (first, second) {
                answers.push((at.as_millis(), first.code, second.code));
                if first.is_success() && contents(&first.body, "/spec") != Some(document(2).1) {
                    stale.push(format!("{at:?}: old contents"));
                }
                if second.is_success() {
                    stale.push(format!("{at:?}: contents of a credential spec that is deleted"));
                }
                correct = if first.is_success() && second.code == 404 { correct + 1 } else { 0 };
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let ends = (stale.first(), stale.last());
        assert!(stale.is_empty(), "{} stale of {} answers: {ends:?}", stale.len(), 2 * answers.len());
        assert!(correct == 50, "{answers:?}");
    });
}

fn here(namespace: &str, mut pod: Value) -> Value {
    pod["metadata"]["namespace"] = namespace.into();
    pod
}

/// Repeats a request until the API server does it.
async fn until_ok(request: impl AsyncFn() -> Result<super::api::Reply, crate::client::Error>) {
    eventually(async || request().await.is_ok_and(|reply| reply.is_success())).await;
}
