//! What is known of the credential specs while the watch is connected, and while it is not.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    scene::{MUTATE, Scene, eventually, recording},
    stand_in::{Kind, Trouble, status},
};

const DISCONNECTED: &str =
    "gmsa_webhook_watch_disconnected_timestamp_seconds{resource=\"gmsacredentialspecs\"}";

fn forbidden() -> Trouble {
    Trouble::Answer(403, status(403, "Forbidden", "RBAC is not warm yet"))
}

async fn mutate(scene: &Scene) -> Value {
    scene.client.post("/mutate?timeout=30s", &recording(MUTATE)).await.json()["response"].clone()
}

/// As an API server is killed and started anew: it refuses to list and to watch for some time, since it has not read
/// the roles yet.
async fn restart(scene: &Scene) {
    eventually(async || scene.api.count(Kind::Watch) > 0).await;
    scene.api.go_away().await;
    scene.api.trouble(Kind::List, forbidden());
    scene.api.trouble(Kind::Watch, forbidden());
    scene.api.come_back().await;
    eventually(async || scene.client.get("/readyz").await.text().contains("lacks permission")).await;
    assert_ne!(scene.metric(DISCONNECTED).await, "0");
}

#[tokio::test]
async fn a_cache_is_for_an_api_server_that_is_out_of_reach_and_for_no_other() {
    let scene = Scene::ready(&[]).await;
    let before = mutate(&scene).await["patch"].clone();
    assert_eq!(scene.api.count(Kind::Get), 0);
    restart(&scene).await;
    // What has changed since is known, though the watch told nothing.
    scene.api.hide_changes();
    scene.api.put("webapp0", json!({"CmsPlugins": ["ActiveDirectory"]}));
    let changed = mutate(&scene).await["patch"].clone();
    assert!(changed.is_string() && changed != before, "{changed}");
    scene.api.delete("webapp0");
    assert_eq!(mutate(&scene).await["status"]["code"], 404);
    assert!(scene.api.count(Kind::Get) >= 2);
    // Whoever refuses to answer is there.
    for (code, reason) in [(401, "Unauthorized"), (403, "Forbidden"), (429, "TooManyRequests")] {
        scene.api.trouble(Kind::Get, Trouble::Answer(code, status(code, reason, "no")));
        assert_eq!(mutate(&scene).await["allowed"], false, "{code}");
    }
    // Now nobody is.
    for trouble in [Trouble::Disconnect, Trouble::Answer(503, status(503, "ServiceUnavailable", "no"))] {
        scene.api.trouble(Kind::Get, trouble);
        assert_eq!(mutate(&scene).await["patch"], before);
    }
    assert_eq!(
        scene.metric("gmsa_webhook_lookups_total{kind=\"credential_spec\",result=\"stale\"}").await,
        "2"
    );
}

#[tokio::test]
async fn a_restart_of_the_api_server_is_got_over_within_seconds() {
    let scene = Scene::ready(&[]).await;
    restart(&scene).await;
    // It can be asked, so reviews may come; but whoever looks is told.
    let ready = scene.client.get("/readyz").await;
    let text = ready.text();
    assert_eq!(ready.code, 200, "{text}");
    let told = text.strip_prefix("ok\nwatch disconnected since 2").unwrap_or_else(|| panic!("{text}"));
    assert!(told.contains("Z: the webhook lacks permission to `list` gmsacredentialspecs (403)"), "{text}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    // What it refused is over. It lists, then knows nothing of the version that it gave, and lists again at once.
    let lists = scene.api.count(Kind::List);
    let gone = Trouble::Answer(410, status(410, "Expired", "too old resource version"));
    scene.api.no_trouble();
    scene.api.trouble_once(Kind::Watch, gone);
    eventually(async || scene.metric(DISCONNECTED).await == "0").await;
    assert_eq!(scene.api.count(Kind::List), lists + 2);
    assert_eq!(scene.client.get("/readyz").await.text(), "ok\n");
    let got = scene.api.count(Kind::Get);
    scene.api.put("webapp0", json!({"CmsPlugins": ["ActiveDirectory"]}));
    eventually(async || mutate(&scene).await["patch"].as_str().is_some_and(|patch| patch.len() < 400)).await;
    assert_eq!(scene.api.count(Kind::Get), got);
}

#[tokio::test]
async fn a_replica_that_reaches_no_api_server_is_not_ready() {
    let scene = Scene::ready(&[]).await;
    scene.api.go_away().await;
    eventually(async || scene.client.get("/readyz").await.text().contains("cannot be reached")).await;
    assert_eq!(scene.client.get("/readyz").await.code, 503);
    let text = scene.client.get("/readyz").await.text();
    assert!(text.starts_with("watch disconnected since 2"), "{text}");
    assert!(text.ends_with("Z: the API server cannot be reached\n"), "{text}");
    scene.api.come_back().await;
    eventually(async || scene.client.get("/readyz").await.code == 200).await;
}

#[tokio::test]
async fn a_role_without_list_does_not_have_the_api_server_asked_all_the_time() {
    let scene = Scene::ready(&[]).await;
    restart(&scene).await;
    let lists = scene.api.count(Kind::List);
    tokio::time::sleep(Duration::from_secs(8)).await;
    // After 0.5 s, 1 s, 2 s, 4 s.
    assert!(scene.api.count(Kind::List) <= lists + 4);
}
