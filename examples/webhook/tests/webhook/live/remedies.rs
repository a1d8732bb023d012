//! The commands in denials do what they are for, as they are printed, and twice.
//!
//! They are for a POSIX shell.

use super::{
    kubectl::Kubectl,
    tenant::{ACCOUNT, Tenant, container, pod},
    world::{eventually, live},
};

/// The commands of a denial, after the words that introduce them and say for which shell they are.
fn commands(message: &str) -> Vec<&str> {
    let (_, remedy) = message.split_once("; to allow it").expect("a denial with a remedy");
    let (_, commands) = remedy.split_once(": ").expect("a remedy with commands");
    commands.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// Has a pod refused, and does what the refusal says, so many times.
async fn heal(tenant: &Tenant, kubectl: &Kubectl, spec: &str, times: usize) {
    let pod = pod("pod", Some(spec));
    let reply = tenant.refuse(&pod, 403, "is not authorized to `use`").await;
    let cause = reply.body["details"]["causes"][0]["message"].as_str().unwrap().to_owned();
    for time in 1..=times {
        for command in commands(&cause) {
            let said = kubectl.shell(command).await;
            assert!(said.success, "time {time}: {command}\n{}{}", said.output, said.error);
        }
    }
    eventually(async || tenant.try_create(&pod).await.is_success()).await;
}

#[test]
fn a_remedy_run_as_printed_has_the_pod_admitted() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let Some(kubectl) = Kubectl::of(&tenant.namespace).await else { return };
        let spec = tenant.spec(0).await;
        heal(&tenant, &kubectl, &spec, 1).await;
    });
}

/// Whoever is not sure whether it worked runs it again.
#[test]
fn a_remedy_runs_twice_without_an_error() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let Some(kubectl) = Kubectl::of(&tenant.namespace).await else { return };
        let spec = tenant.spec(0).await;
        heal(&tenant, &kubectl, &spec, 2).await;
    });
}

#[test]
fn a_remedy_works_for_the_second_account_of_a_credential_spec() {
    live(&[], async |world| {
        let (tenant, other) = (world.tenant().await, world.tenant().await);
        let Some(kubectl) = Kubectl::of(&tenant.namespace).await else { return };
        let spec = tenant.spec(0).await;
        heal(&tenant, &kubectl, &spec, 1).await;
        heal(&other, &kubectl, &spec, 1).await;
    });
}

#[test]
fn the_remedies_of_several_causes_do_together() {
    live(&[], async |world| {
        let tenant = world.tenant().await;
        let Some(kubectl) = Kubectl::of(&tenant.namespace).await else { return };
        let specs = [tenant.spec(0).await, tenant.spec(1).await];
        let mut several = pod("pod", Some(&specs[0]));
        several["spec"]["containers"][0] = container("app", Some(&specs[1]));
        let reply = tenant.refuse(&several, 403, ACCOUNT).await;
        let causes = reply.body["details"]["causes"].as_array().unwrap();
        assert_eq!(causes.len(), 2, "{causes:?}");
        for cause in causes {
            for command in commands(cause["message"].as_str().unwrap()) {
                kubectl.shell(command).await.ok();
            }
        }
        eventually(async || tenant.try_create(&several).await.is_success()).await;
    });
}
