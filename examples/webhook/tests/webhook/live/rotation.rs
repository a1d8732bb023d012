//! Certificates change and webhooks end while pods come in, and no pod is refused for it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use serde_json::Value;

use super::{
    api::Api,
    installation::{self, Installation},
    tenant::{Tenant, pod},
    world::{MUTATING, VALIDATING, World, eventually, live},
};

/// Pods with gMSA, one after the other in each of some tasks.
struct Load {
    ended: Arc<AtomicBool>,
    admitted: Arc<AtomicUsize>,
    tasks: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Load {
    async fn start(tenant: &Tenant) -> Self {
        let (spec, _) = tenant.permitted().await;
        let mut pod = pod("pod", Some(&spec));
        pod["metadata"]["namespace"] = tenant.namespace.as_str().into();
        let (ended, admitted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let path = tenant.path("pods?dryRun=All");
        let task = || {
            let (api, path, pod) = (tenant.api.clone(), path.clone(), pod.clone());
            tokio::spawn(keep_on(api, path, pod, Arc::clone(&ended), Arc::clone(&admitted)))
        };
        let tasks = (0..4).map(|_| task()).collect();
        let load = Self { ended, admitted, tasks };
        load.more(20).await;
        load
    }

    /// Waits until so many more pods have been admitted, or a task has given up.
    async fn more(&self, number: usize) {
        let wanted = self.admitted.load(Ordering::Relaxed) + number;
        eventually(async || {
            self.admitted.load(Ordering::Relaxed) >= wanted
                || self.tasks.iter().any(|task| task.is_finished())
        })
        .await;
    }

    /// Nobody was refused.
    async fn end(self) {
        self.ended.store(true, Ordering::Relaxed);
        for task in self.tasks {
            let refused = task.await.unwrap();
            assert!(refused.is_empty(), "{refused:?}");
        }
        println!("{} pods admitted, none refused", self.admitted.load(Ordering::Relaxed));
    }
}

async fn keep_on(
    api: Api,
    path: String,
    pod: Value,
    ended: Arc<AtomicBool>,
    admitted: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut refused = Vec::new();
    while !ended.load(Ordering::Relaxed) && refused.len() < 10 {
        let reply = api.post(&path, &pod).await.unwrap();
        match reply.is_success() {
            true => _ = admitted.fetch_add(1, Ordering::Relaxed),
            false => refused.push(format!("{}: {}", reply.code, reply.message())),
        }
    }
    refused
}

/// What `deploy` renders holds lookups to a rate; this is not about that.
const UNLIMITED: (&str, &str) = ("QPS", "100000");

async fn register(world: &World, port: u16, authority: &str) {
    world.installation.register_with(port, &[VALIDATING, MUTATING], authority).await.unwrap();
}

/// As TestPossibleToUpdatePodWithNewCert of upstream wants it, and with another authority too.
#[test]
fn a_new_certificate_of_a_new_authority_refuses_nobody() {
    live(&[UNLIMITED, ("CERT_RELOAD_INTERVAL", "0.5")], async |world| {
        let tenant = world.tenant().await;
        let load = Load::start(&tenant).await;
        let next = Installation::render(&world.installation.name).await.unwrap();
        let old = world.installation.authority().unwrap();
        let new = installation::authority(&next).unwrap();
        assert_ne!(old, new);
        let port = world.webhook.address.port();
        // Both are believed until the webhook has changed.
        register(world, port, &format!("{old}{new}")).await;
        load.more(50).await;
        installation::pair(&next).unwrap().publish(&world.installation.folder);
        let name = format!("{0}.{0}.svc", world.installation.name);
        let client = crate::client::Client::new(world.webhook.address, &new, None).called(&name).unwrap();
        eventually(async || client.http1().await.is_ok()).await;
        load.more(50).await;
        register(world, port, &new).await;
        load.more(200).await;
        load.end().await;
    });
}

/// As in a rollout: another webhook is there, this one is told to end, and a moment later the Service leads away from it.
#[cfg(unix)]
#[test]
fn an_end_under_load_refuses_nobody() {
    live(&[UNLIMITED], async |world| {
        let tenant = world.tenant().await;
        let next = super::world::start(&world.installation, &[UNLIMITED]).await;
        let load = Load::start(&tenant).await;
        let id = world.webhook.child.id().unwrap().to_string();
        let status = tokio::process::Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
        assert!(status.success());
        load.more(20).await;
        let authority = world.installation.authority().unwrap();
        register(world, next.address.port(), &authority).await;
        let ended = std::mem::replace(&mut world.webhook, next).end().await.unwrap();
        load.more(100).await;
        load.end().await;
        assert_eq!(ended.0, Some(0), "{:?}", ended.1);
    });
}
