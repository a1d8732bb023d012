//! Permissions that are known without a question, and when the API server is asked all the same.

use serde_json::{Value, json};

use crate::{
    scene::{Scene, VALIDATE, eventually, recording},
    stand_in::{Kind, Trouble, status},
};

const WATCHED: &str = "gmsa_webhook_lookups_total{kind=\"access\",result=\"watched\"}";

/// Waits until nobody is asked any more.
pub async fn connected(scene: &Scene) {
    eventually(async || {
        let asked = scene.api.count(Kind::Access);
        scene.validate("/validate").await["allowed"] == true && scene.api.count(Kind::Access) == asked
    })
    .await;
}

async fn watching() -> Scene {
    let scene = Scene::ready(&["--access", "watch", "--qps", "10000"]).await;
    connected(&scene).await;
    scene
}

fn forbidden() -> Trouble {
    Trouble::Answer(403, status(403, "Forbidden", "no"))
}

fn is_binding(object: &Value) -> bool {
    object["kind"].as_str().is_some_and(|kind| kind.ends_with("Binding"))
}

#[tokio::test]
async fn what_roles_allow_takes_no_call_and_what_they_do_not_is_asked() {
    let scene = watching().await;
    let (asked, watched) = (scene.api.count(Kind::Access), scene.metric(WATCHED).await);
    for _ in 0..3 {
        assert_eq!(scene.validate("/validate").await["allowed"], true);
    }
    assert_eq!(scene.api.count(Kind::Access), asked);
    assert_eq!(scene.metric(WATCHED).await.parse(), Ok(watched.parse::<u32>().unwrap() + 3));
    // A permission that is taken away is one as soon as the watch tells.
    let bindings: Vec<Value> =
        recorded_rbac().into_iter().filter(|object| object["kind"] == "RoleBinding").collect();
    scene.api.delete_rbac(is_binding);
    eventually(async || scene.validate("/validate").await["status"]["code"] == 403).await;
    assert!(scene.api.count(Kind::Access) > asked);
    // And one that is given, by a binding that was there before its role too.
    bindings.into_iter().for_each(|binding| scene.api.put_rbac(binding));
    connected(&scene).await;
    scene.api.delete_rbac(|object| object["kind"] == "ClusterRole");
    eventually(async || scene.validate("/validate").await["status"]["code"] == 403).await;
    for role in recorded_rbac().into_iter().filter(|object| object["kind"] == "ClusterRole") {
        scene.api.put_rbac(role);
    }
    connected(&scene).await;
}

fn recorded_rbac() -> Vec<Value> {
    let cluster = crate::scene::cluster();
    let items = cluster["items"].as_array().unwrap().iter();
    items.filter(|item| item["apiVersion"] == "rbac.authorization.k8s.io/v1").cloned().collect()
}

#[tokio::test]
async fn a_watch_that_is_not_connected_allows_nothing() {
    let scene = watching().await;
    // The watch of one kind breaks, and misses that everything is taken away.
    scene.api.trouble(Kind::RbacWatch, forbidden());
    scene.api.trouble(Kind::RbacList, forbidden());
    scene.api.go_away().await;
    scene.api.come_back().await;
    scene.api.forbid_everything();
    let response = scene.validate("/validate?timeout=30s").await;
    assert_eq!(response["status"]["code"], 403, "{response}");
    // It is ready: the API server answers.
    eventually(async || scene.client.get("/readyz").await.code == 200).await;
    let since = "gmsa_webhook_watch_disconnected_timestamp_seconds{resource=\"rolebindings\"}";
    eventually(async || scene.metric(since).await != "0").await;
    scene.api.trouble(Kind::Access, Trouble::Disconnect);
    assert_eq!(scene.validate("/validate?timeout=30s").await["status"]["code"], 503);
}

#[tokio::test]
async fn the_word_of_the_api_server_is_final_where_roles_allow_nothing() {
    let scene = watching().await;
    let mut review = recording(VALIDATE);
    review["request"]["object"]["spec"]["serviceAccountName"] = "stranger".into();
    let ask = async || scene.client.post("/validate", &review).await.json()["response"].clone();
    assert_eq!(ask().await["status"]["code"], 403);
    // Another authorizer says yes.
    let yes = json!({
        "kind": "LocalSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {},
        "spec": {}, "status": {"allowed": true},
    });
    scene.api.trouble(Kind::Access, Trouble::Answer(201, yes.to_string()));
    assert_eq!(ask().await["allowed"], true);
}

#[tokio::test]
async fn without_permission_to_watch_roles_everything_is_asked() {
    let scene = Scene::with(&["--access", "watch"]).await;
    scene.api.trouble(Kind::RbacList, forbidden());
    scene.api.trouble(Kind::RbacWatch, forbidden());
    scene.api.reset_watches();
    let since = "gmsa_webhook_watch_disconnected_timestamp_seconds{resource=\"clusterroles\"}";
    eventually(async || scene.metric(since).await != "0").await;
    let asked = scene.api.count(Kind::Access);
    assert_eq!(scene.validate("/validate").await["allowed"], true);
    assert_eq!(scene.api.count(Kind::Access), asked + 1);
}

#[tokio::test]
async fn whoever_creates_the_pod_is_known_by_name_and_by_group() {
    let scene = Scene::ready(&["--access", "watch", "--check-requesting-user", "--qps", "10000"]).await;
    let mut review = recording(VALIDATE);
    let namespace = review["request"]["namespace"].as_str().unwrap().to_owned();
    scene.api.put_rbac(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "webapp0-of-people", "namespace": namespace},
        "rules": [{"apiGroups": ["windows.k8s.io"], "resources": ["gmsacredentialspecs"], "verbs": ["use"]}],
    }));
    scene.api.put_rbac(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "people", "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "webapp0-of-people"},
        "subjects": [
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "devs"},
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ann"},
        ],
    }));
    let mut sent_by = async |user: Value| {
        review["request"]["userInfo"] = user;
        let before = scene.api.count(Kind::Access);
        let response = scene.client.post("/validate", &review).await.json()["response"].clone();
        (response["status"]["code"].as_u64().unwrap_or(200), scene.api.count(Kind::Access) - before)
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), async {
        while sent_by(json!({"username": "bob", "groups": ["ops", "devs"]})).await != (200, 0) {}
    })
    .await
    .unwrap();
    assert_eq!(sent_by(json!({"username": "ann"})).await, (200, 0));
    assert_eq!(sent_by(json!({"username": "devs", "groups": ["ann"]})).await, (403, 1));
}
