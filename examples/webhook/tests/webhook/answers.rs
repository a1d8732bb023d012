//! What is answered when all is well.

use hyper::Method;
use serde_json::{Value, json};

use crate::{
    certificates::{Authority, folder},
    client::{Connection, request, review_of},
    recorded::{Judge, reviews},
    scene::{MUTATE, Scene, VALIDATE, cluster, eventually, recording, recordings},
    stand_in::{Kind, StandIn},
};

async fn replay(connection: &mut Connection) {
    let mut judge = Judge::default();
    for (name, case) in reviews(&recordings()) {
        let path = format!("{}?timeout=30s", case["endpoint"].as_str().unwrap());
        let answer = connection.send(review_of(&path, &case["request"])).await.unwrap();
        assert_eq!(answer.code, 200, "{name}");
        assert_eq!(answer.headers["content-type"], "application/json");
        judge.judge(&name, &case, &answer.json());
    }
    judge.close();
}

#[tokio::test]
async fn every_recording_is_answered_over_http1_and_http2_with_and_without_a_cache() {
    let scene = Scene::ready(&["--qps", "10000"]).await;
    replay(&mut scene.client.http1().await.unwrap()).await;
    replay(&mut scene.client.http2().await.unwrap()).await;
    // Only names that nobody knows were asked for; the others are in the cache.
    let unknown = scene.api.count(Kind::Get);
    let scene = Scene::ready(&["--qps", "10000", "--no-cache"]).await;
    replay(&mut scene.client.http1().await.unwrap()).await;
    assert_eq!(scene.api.count(Kind::List) + scene.api.count(Kind::Watch), 0);
    assert!(scene.api.count(Kind::Get) > unknown + 10);
    let asked = scene.api.count(Kind::Access);
    let scene = Scene::ready(&["--qps", "10000", "--access", "watch"]).await;
    crate::access::connected(&scene).await;
    replay(&mut scene.client.http2().await.unwrap()).await;
    // Nobody is asked about what roles allow.
    assert!(scene.api.count(Kind::Access) < asked);
}

#[tokio::test]
async fn every_recording_is_answered_with_an_api_server_behind_tls() {
    let (authority, cluster_authority) = (Authority::new("authority"), Authority::new("cluster"));
    let folder = folder();
    authority.issue("webhook").publish(&folder);
    let pair = cluster_authority.issue("api server");
    let api = StandIn::start_tls(&cluster(), &pair).await;
    let uri = format!("https://localhost:{}", api.address().port()).parse().unwrap();
    let mut config = kube::Config::new(uri);
    config.root_cert = Some(vec![cluster_authority.der().to_vec()]);
    let scene = Scene::behind(config.clone(), api, authority, folder.clone(), &["--qps", "10000"]).await;
    eventually(async || scene.client.get("/readyz").await.code == 200).await;
    replay(&mut scene.client.http1().await.unwrap()).await;
    // An API server that anybody could be is not believed.
    config.root_cert = Some(vec![Authority::new("stranger").der().to_vec()]);
    let Scene { api, authority, .. } = scene;
    let scene = Scene::behind(config, api, authority, folder, &[]).await;
    assert_eq!(scene.validate("/validate?timeout=2s").await["status"]["code"], 503);
}

#[tokio::test]
async fn what_is_no_review_gets_an_http_error() {
    let scene = Scene::ready(&["--max-body", "65536"]).await;
    let review = recording(VALIDATE).to_string();
    let json = Some("application/json");
    let large = format!("{review}{}", " ".repeat(65536));
    for (method, path, content_type, body, code) in [
        (Method::GET, "/mutate", json, "", 405),
        (Method::PUT, "/validate?timeout=30s", json, review.as_str(), 405),
        (Method::POST, "/readyz", json, "", 405),
        (Method::POST, "/validate", None, review.as_str(), 415),
        (Method::POST, "/validate", Some("text/plain"), review.as_str(), 415),
        (Method::POST, "/validate", Some("application/jsonp"), review.as_str(), 415),
        (Method::POST, "/validate", json, large.as_str(), 413),
        (Method::POST, "/validate", json, "", 400),
        (Method::POST, "/validate", json, "{", 400),
        (Method::POST, "/mutate", json, "[]", 400),
        (
            Method::POST,
            "/mutate",
            json,
            r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{}}"#,
            400,
        ),
        (Method::POST, "/validate/", json, review.as_str(), 404),
        (Method::GET, "/", None, "", 404),
        (Method::POST, "/validate", json, review.as_str(), 200),
        (
            Method::POST,
            "/validate?timeout=30s&x",
            Some("Application/JSON ; charset=utf-8"),
            review.as_str(),
            200,
        ),
        (Method::GET, "/health", None, "", 204),
        (Method::HEAD, "/livez", None, "", 200),
        (Method::GET, "/info", None, "", 200),
    ] {
        let what = format!("{method} {path} {content_type:?} {} bytes", body.len());
        let answer = scene.client.send(request(method, path, content_type, body)).await.unwrap();
        assert_eq!(answer.code, code, "{what}: {}", answer.text());
    }
    let info = scene.client.get("/info").await;
    assert_eq!(info.headers["content-type"], "application/json");
    assert_eq!(info.json(), json!({"version": env!("CARGO_PKG_VERSION")}));
    assert_eq!(scene.metric("gmsa_webhook_refused_requests_total{code=\"415\"}").await, "3");
}

#[tokio::test]
async fn once_the_uid_can_be_read_the_answer_is_a_review() {
    let scene = Scene::ready(&[]).await;
    let with = |pointer: &str, value: Value| {
        let mut review = recording(VALIDATE);
        *review.pointer_mut(pointer).unwrap() = value;
        review
    };
    for (review, code) in [
        (with("/apiVersion", "admission.k8s.io/v9".into()), 400),
        (with("/kind", "Review".into()), 400),
        (with("/request/operation", "LOOK".into()), 400),
        (with("/request/kind/kind", "Deployment".into()), 400),
        (with("/request/object", Value::Null), 400),
        (with("/request/object/spec", 7.into()), 400),
        (with("/request/namespace", "..".into()), 400),
    ] {
        let answer = scene.client.post("/validate?timeout=30s", &review).await;
        let response = &answer.json()["response"];
        assert_eq!((answer.code, &response["allowed"]), (200, &json!(false)), "{response}");
        assert_eq!(response["uid"], review["request"]["uid"]);
        assert_eq!(response["status"]["code"], code, "{response}");
    }
}

#[tokio::test]
async fn the_cache_follows_the_cluster() {
    let scene = Scene::ready(&[]).await;
    let patched = async || {
        let answer = scene.client.post("/mutate", &recording(MUTATE)).await.json();
        answer["response"]["patch"].as_str().map(str::to_owned)
    };
    let before = patched().await.unwrap();
    assert_eq!(scene.api.count(Kind::Get), 0);
    scene.api.put(
        "webapp0",
        json!({"CmsPlugins": ["ActiveDirectory"], "DomainJoinConfig": {"NetBiosName": "NEW"}}),
    );
    eventually(async || patched().await.unwrap() != before).await;
    assert_eq!(scene.api.count(Kind::Get), 0);
    // A deletion too; whether it is true is asked, since the name may have come into being just now.
    scene.api.delete("webapp0");
    eventually(async || patched().await.is_none()).await;
    assert!(scene.api.count(Kind::Get) > 0);
    let cached: usize = scene.metric("gmsa_webhook_cached_credential_specs").await.parse().unwrap();
    // A name that the watch has not told of yet is got.
    scene.api.trouble(Kind::Watch, crate::stand_in::Trouble::Slow(std::time::Duration::from_secs(60)));
    scene.api.put("webapp0", json!({"CmsPlugins": ["ActiveDirectory"]}));
    assert!(patched().await.is_some());
    eventually(async || scene.metric("gmsa_webhook_cached_credential_specs").await.parse() == Ok(cached + 1))
        .await;
}

#[tokio::test]
async fn contents_that_another_replica_expanded_first_are_no_mismatch() {
    let scene = Scene::ready(&[]).await;
    assert_eq!(scene.validate("/validate").await["allowed"], true);
    // The cache misses a change: what the pod has is newer than what is known here.
    let mut review = recording(VALIDATE);
    let contents = r#"{"CmsPlugins":["ActiveDirectory"]}"#;
    let place = "/request/object/spec/securityContext/windowsOptions/gmsaCredentialSpec";
    *review.pointer_mut(place).unwrap() = contents.into();
    let validate = async || scene.client.post("/validate", &review).await.json()["response"].clone();
    assert_eq!(validate().await["status"]["code"], 422);
    scene.api.hide_changes();
    scene.api.put("webapp0", serde_json::from_str(contents).unwrap());
    assert_eq!(validate().await["allowed"], true);
}

#[tokio::test]
async fn permissions_are_asked_each_time_unless_somebody_chose_otherwise() {
    let scene = Scene::ready(&[]).await;
    for _ in 0..3 {
        assert_eq!(scene.validate("/validate").await["allowed"], true);
    }
    assert_eq!(scene.api.count(Kind::Access), 3);
    scene.api.forbid_everything();
    assert_eq!(scene.validate("/validate").await["status"]["code"], 403);

    let scene = Scene::ready(&["--access-cache", "60"]).await;
    for _ in 0..3 {
        assert_eq!(scene.validate("/validate").await["allowed"], true);
    }
    assert_eq!(scene.api.count(Kind::Access), 1);
    scene.api.forbid_everything();
    assert_eq!(scene.validate("/validate").await["allowed"], true);
    assert_eq!(scene.metric("gmsa_webhook_lookups_total{kind=\"access\",result=\"cached\"}").await, "3");
}

#[tokio::test]
async fn a_hostname_is_given_where_it_is_asked_for() {
    let scene = Scene::ready(&["--random-hostname"]).await;
    let answer = scene.client.post("/mutate", &recording(MUTATE)).await.json();
    let paths = |answer: &Value| {
        let patch = serde_json::from_value(answer["response"]["patch"].clone());
        let k8s_openapi::ByteString(patch) = patch.unwrap();
        let patch: Value = serde_json::from_slice(&patch).unwrap();
        patch
            .as_array()
            .unwrap()
            .iter()
            .map(|add| add["path"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let contents = "/spec/securityContext/windowsOptions/gmsaCredentialSpec";
    assert_eq!(paths(&answer), [contents, "/spec/hostname"]);
    let scene = Scene::ready(&["--random-hostname=false"]).await;
    let answer = scene.client.post("/mutate", &recording(MUTATE)).await.json();
    assert_eq!(paths(&answer), [contents]);
}

#[tokio::test]
async fn two_hundred_reviews_at_once_are_all_answered() {
    let scene = Scene::ready(&["--qps", "10000", "--burst", "200"]).await;
    let reviews = (0..200).map(|number| {
        let client = scene.client.clone();
        tokio::spawn(async move {
            let (path, name) =
                [("/mutate?timeout=30s", MUTATE), ("/validate?timeout=30s", VALIDATE)][number % 2];
            let mut review = recording(name);
            review["request"]["uid"] = format!("uid-{number}").into();
            let answer = client.post(path, &review).await.json();
            assert_eq!(answer["response"]["uid"], format!("uid-{number}"));
            assert_eq!(answer["response"]["allowed"], true);
        })
    });
    for review in reviews.collect::<Vec<_>>() {
        review.await.unwrap();
    }
    assert_eq!(
        scene.metric("gmsa_webhook_decisions_total{endpoint=\"mutate\",result=\"patch\",code=\"200\"}").await,
        "100"
    );
    assert_eq!(
        scene
            .metric("gmsa_webhook_decisions_total{endpoint=\"validate\",result=\"allow\",code=\"200\"}")
            .await,
        "100"
    );
    assert_eq!(scene.metric("gmsa_webhook_decision_seconds_count{endpoint=\"validate\"}").await, "100");
    assert_eq!(scene.metric("gmsa_webhook_certificate_expiry_timestamp_seconds").await, "2208988800");
    eventually(async || scene.metric("gmsa_webhook_connections").await == "1").await;
}

#[tokio::test]
async fn the_sender_is_asked_about_too_where_that_is_chosen() {
    let scene = Scene::ready(&["--check-requesting-user", "--exempt-user", "operator,robot"]).await;
    let sent_by = async |user: Value| {
        let mut review = recording(VALIDATE);
        review["request"]["userInfo"] = user;
        let response = scene.client.post("/validate", &review).await.json()["response"].clone();
        let message = response["status"]["message"].as_str().unwrap_or_default().to_owned();
        (response["status"]["code"].as_u64().unwrap_or(200), message)
    };
    scene.api.permit_user("ann", "webapp0");
    assert_eq!(sent_by(json!({"username": "ann", "groups": ["devs"]})).await.0, 200);
    assert_eq!(scene.api.count(Kind::Access), 2);
    let (code, message) = sent_by(json!({"username": "bob", "groups": ["devs"]})).await;
    assert_eq!(code, 403);
    assert!(
        message.starts_with("user \"bob\" is not authorized to `use` GMSA cred spec \"webapp0\""),
        "{message}"
    );
    assert_eq!(scene.api.count(Kind::Access), 4);
    for exempt in ["robot", "operator", "system:serviceaccount:kube-system:replicaset-controller"] {
        assert_eq!(sent_by(json!({"username": exempt})).await.0, 200, "{exempt}");
    }
    assert_eq!(scene.api.count(Kind::Access), 7);
    // Nobody to ask about is not somebody who may.
    for nobody in [Value::Null, json!({}), json!({"username": ""})] {
        assert_eq!(sent_by(nobody).await.0, 503);
    }
    assert_eq!(scene.api.count(Kind::Access), 7);
    scene.api.forbid_everything();
    assert_eq!(sent_by(json!({"username": "ann"})).await.0, 403);
}

/// A review of a Deployment whose pods would name that credential spec.
fn deployment(credential_spec: &str) -> Value {
    let pod = recording(MUTATE)["request"].clone();
    let mut spec = pod["object"]["spec"].clone();
    spec["securityContext"]["windowsOptions"]["gmsaCredentialSpecName"] = credential_spec.into();
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "deployment", "operation": "CREATE", "namespace": pod["namespace"],
        "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "userInfo": {"username": "ann"},
        "object": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"template": {"spec": spec}}}}})
}

#[tokio::test]
async fn a_workload_whose_pods_would_be_denied_is_warned_of_or_denied() {
    for (flags, allowed) in
        [(&[][..], true), (&["--templates", "warn"], true), (&["--templates=deny"], false)]
    {
        // Whoever applies a template is not who creates its pods.
        let scene = Scene::ready(&[flags, &["--check-requesting-user"]].concat()).await;
        let check = async |name: &str| {
            scene.client.post("/template?timeout=30s", &deployment(name)).await.json()["response"].clone()
        };
        let response = check("webapp0").await;
        assert_eq!((&response["allowed"], &response["warnings"]), (&true.into(), &Value::Null), "{response}");
        let response = check("unheard-of").await;
        assert_eq!(response["allowed"], allowed, "{response}");
        let said = if allowed { &response["warnings"][0] } else { &response["status"]["message"] };
        assert!(said.as_str().unwrap().contains("unheard-of does not exist"), "{response}");
        let result = if allowed { "allow" } else { "deny" };
        let code = if allowed { 200 } else { 404 };
        let counted = format!(
            "gmsa_webhook_decisions_total{{endpoint=\"template\",result=\"{result}\",code=\"{code}\"}}"
        );
        assert_ne!(scene.metric(&counted).await, "absent");
        // A pod is no template, and the other way round.
        let response = scene.client.post("/template", &recording(MUTATE)).await.json()["response"].clone();
        assert_eq!((&response["allowed"], &response["status"]["code"]), (&false.into(), &400.into()));
        let response = scene.client.post("/mutate", &deployment("webapp0")).await.json()["response"].clone();
        assert_eq!((&response["allowed"], &response["status"]["code"]), (&false.into(), &400.into()));
    }
}
