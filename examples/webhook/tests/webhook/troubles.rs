//! What is answered when the API server is not well: never an allowance, never too late.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{
    certificates::{Authority, folder},
    scene::{MUTATE, Scene, VALIDATE, cluster, eventually, recording},
    stand_in::{Kind, StandIn, Trouble, status},
};

const WATCH_FAILURES: &str = "gmsa_webhook_watch_failures_total{resource=\"gmsacredentialspecs\"}";

fn could_not_be_checked(response: &Value, code: u16) {
    assert_eq!(response["allowed"], false, "{response}");
    assert_eq!(response["status"]["code"], code, "{response}");
    assert!(!response.to_string().contains("retryAfter"), "{response}");
}

#[tokio::test]
async fn without_an_api_server_nothing_is_allowed_and_it_recovers_by_itself() {
    let scene = Scene::ready(&[]).await;
    scene.api.go_away().await;
    let start = Instant::now();
    could_not_be_checked(&scene.validate("/validate?timeout=20s").await, 503);
    assert!(start.elapsed() < Duration::from_secs(20));
    // What the cache has still is a fact.
    assert_eq!(scene.client.post("/mutate", &recording(MUTATE)).await.json()["response"]["allowed"], true);
    let mut unknown = recording(MUTATE);
    let name = "/request/object/spec/securityContext/windowsOptions/gmsaCredentialSpecName";
    *unknown.pointer_mut(name).unwrap() = "unheard-of".into();
    could_not_be_checked(&scene.client.post("/mutate?timeout=1s", &unknown).await.json()["response"], 500);
    scene.api.come_back().await;
    assert_eq!(scene.validate("/validate?timeout=30s").await["allowed"], true);
    // The watch comes back too.
    scene.api.put("unheard-of", serde_json::json!({"CmsPlugins": ["ActiveDirectory"]}));
    let got = scene.api.count(Kind::Get);
    eventually(async || {
        let asked = scene.api.count(Kind::Get);
        let response = scene.client.post("/mutate", &unknown).await.json();
        response["response"]["allowed"] == true && scene.api.count(Kind::Get) == asked
    })
    .await;
    assert!(scene.api.count(Kind::Get) > got);
}

#[tokio::test]
async fn a_webhook_that_starts_before_the_api_server_waits_for_it() {
    let api = StandIn::start(&cluster()).await;
    api.go_away().await;
    let (authority, folder) = (Authority::new("authority"), folder());
    authority.issue("webhook").publish(&folder);
    let scene = Scene::of(api, authority, folder, &[]).await;
    let ready = scene.client.get("/readyz").await;
    assert_eq!((ready.code, ready.text().lines().next()), (503, Some("the cache is not filled yet")));
    assert_eq!(scene.client.get("/livez").await.code, 200);
    could_not_be_checked(
        &scene.client.post("/mutate?timeout=1s", &recording(MUTATE)).await.json()["response"],
        500,
    );
    scene.api.come_back().await;
    // Answers do not wait for the cache.
    assert_eq!(scene.validate("/validate").await["allowed"], true);
    eventually(async || scene.client.get("/readyz").await.code == 200).await;
}

#[tokio::test]
async fn a_role_without_list_and_watch_is_enough_for_answers_but_not_for_readiness() {
    let api = StandIn::start(&cluster()).await;
    api.trouble(Kind::List, Trouble::Answer(403, status(403, "Forbidden", "cannot list resource")));
    let (authority, folder) = (Authority::new("authority"), folder());
    authority.issue("webhook").publish(&folder);
    let scene = Scene::of(api, authority, folder, &[]).await;
    eventually(async || scene.metric(WATCH_FAILURES).await != "0").await;
    assert_eq!(scene.client.post("/mutate", &recording(MUTATE)).await.json()["response"]["allowed"], true);
    assert_eq!(scene.validate("/validate").await["allowed"], true);
    assert_eq!(scene.api.count(Kind::Get), 2);
    assert_eq!(scene.client.get("/readyz").await.code, 503);
    assert_eq!(scene.client.get("/health").await.code, 204);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_not_waited_for() {
    let scene = Scene::ready(&[]).await;
    scene.api.trouble(Kind::Access, Trouble::Slow(Duration::from_secs(600)));
    // What is kept back of it is tested where it is computed. A busy machine takes its time, but not as long as there
    // would be without a timeout.
    for (path, at_least) in [("/validate?timeout=1500ms", 1_300), ("/validate?x=y&timeout=2.5s", 2_200)] {
        let start = Instant::now();
        could_not_be_checked(&scene.validate(path).await, 503);
        let took = start.elapsed().as_millis();
        assert!((at_least..9_000).contains(&took), "{path} took {took} ms");
    }
    scene.api.no_trouble();
    assert_eq!(scene.validate("/validate?timeout=30s").await["allowed"], true);
}

#[tokio::test]
async fn a_short_trouble_is_got_over_and_a_long_one_denies() {
    let scene = Scene::ready(&[]).await;
    let overload = Trouble::Answer(429, status(429, "TooManyRequests", "please try again later"));
    let fault = Trouble::Answer(500, status(500, "InternalError", "etcdserver: request timed out"));
    for trouble in [&overload, &fault, &Trouble::Disconnect] {
        scene.api.trouble_once(Kind::Access, trouble.clone());
        assert_eq!(scene.validate("/validate?timeout=30s").await["allowed"], true, "{trouble:?}");
        scene.api.trouble(Kind::Access, trouble.clone());
        could_not_be_checked(&scene.validate("/validate?timeout=30s").await, 503);
        scene.api.no_trouble();
    }
    let asked = scene.api.count(Kind::Access);
    scene.api.trouble(Kind::Access, overload);
    could_not_be_checked(&scene.validate("/validate?timeout=30s").await, 503);
    assert_eq!(scene.api.count(Kind::Access), asked + 3);
}

#[tokio::test]
async fn an_answer_that_says_something_else_allows_nothing() {
    let scene = Scene::ready(&["--no-cache"]).await;
    let review = |status: &str| {
        format!(
            r#"{{"kind":"LocalSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","metadata":{{}},"spec":{{}}{status}}}"#
        )
    };
    for (code, body, answer) in [
        (200, String::new(), 503),
        (200, "allowed".to_owned(), 503),
        (200, "null".to_owned(), 503),
        (200, "{".to_owned(), 503),
        (201, review(""), 503),
        (201, review(r#","status":null"#), 503),
        (201, review(r#","status":{}"#), 503),
        (201, review(r#","status":{"allowed":"true"}"#), 503),
        (201, review(r#","status":{"allowed":true,"denied":true}"#), 403),
        (201, review(r#","status":{"allowed":false,"evaluationError":"x"}"#), 403),
        (403, status(403, "Forbidden", "the webhook may not ask"), 503),
        (404, "404 page not found".to_owned(), 503),
        (302, String::new(), 503),
        (500, "<html>".to_owned(), 503),
        (500, "{}".to_owned(), 503),
    ] {
        scene.api.trouble(Kind::Access, Trouble::Answer(code, body.clone()));
        let response = scene.validate("/validate?timeout=30s").await;
        assert_eq!(response["allowed"], false, "{code} {body}");
        // serde takes an absent truth value for a no, which is no harm.
        let expected = if body.contains(r#""status":{}"#) { &[403, 503][..] } else { &[answer] };
        let denied = response["status"]["code"].as_u64().unwrap();
        assert!(expected.contains(&denied), "{code} {body}: {response}");
    }
    scene.api.no_trouble();
    let secret = "S-1-5-21-secret";
    let other = r#"{"apiVersion":"windows.k8s.io/v1","kind":"GMSACredentialSpec","metadata":{"name":"other"},"credspec":{}}"#;
    for (code, body) in [
        (200, other.to_owned()),
        (200, format!(r#"{{"kind":"{secret}"}}"#)),
        (200, format!(r#"{{"apiVersion":"{secret}","kind":"GMSACredentialSpec"}}"#)),
        (200, secret.to_owned()),
        (500, secret.to_owned()),
        (410, status(410, "Expired", "gone")),
    ] {
        scene.api.trouble(Kind::Get, Trouble::Answer(code, body.clone()));
        for (path, name) in [("/mutate?timeout=30s", MUTATE), ("/validate?timeout=30s", VALIDATE)] {
            let response = scene.client.post(path, &recording(name)).await.json()["response"].clone();
            could_not_be_checked(&response, 500);
            assert!(!response.to_string().contains(secret), "{response}");
        }
    }
}

#[tokio::test]
async fn a_watch_that_is_reset_lists_again() {
    let scene = Scene::ready(&[]).await;
    let lists = scene.api.count(Kind::List);
    eventually(async || scene.api.count(Kind::Watch) > 0).await;
    scene.api.hide_changes();
    scene.api.delete("webapp0");
    scene.api.reset_watches();
    eventually(async || scene.api.count(Kind::List) > lists).await;
    eventually(async || {
        let response = scene.client.post("/mutate", &recording(MUTATE)).await.json();
        response["response"]["status"]["code"] == 404
    })
    .await;
    assert_ne!(scene.metric(WATCH_FAILURES).await, "0");
    assert_eq!(scene.client.get("/readyz").await.code, 200);
}

#[tokio::test]
async fn who_asks_for_too_much_is_told_to_try_again() {
    let scene = Scene::ready(&["--qps", "0.001", "--burst", "2"]).await;
    for _ in 0..2 {
        assert_eq!(scene.validate("/validate?timeout=30s").await["allowed"], true);
    }
    let start = Instant::now();
    let response = scene.validate("/validate?timeout=30s").await;
    could_not_be_checked(&response, 503);
    assert!(
        response["status"]["message"]
            .as_str()
            .unwrap()
            .contains("too many lookups for --qps 0.001 --burst 2")
    );
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn the_questions_of_one_review_are_asked_at_once_and_each_only_once() {
    let scene = Scene::ready(&["--no-cache"]).await;
    scene.api.trouble(Kind::Access, Trouble::Slow(Duration::from_secs(2)));
    scene.api.trouble(Kind::Get, Trouble::Slow(Duration::from_secs(2)));
    let mut review = recording(VALIDATE);
    let spec = &mut review["request"]["object"]["spec"];
    let context = spec["securityContext"].clone();
    let containers: Vec<_> = (0..30)
        .map(|number| {
            let mut context = context.clone();
            context["windowsOptions"]["gmsaCredentialSpecName"] = format!("webapp{}", number % 10).into();
            serde_json::json!({"name": format!("c{number}"), "securityContext": context})
        })
        .collect();
    spec["containers"] = containers.into();
    let start = Instant::now();
    let response = scene.client.post("/validate?timeout=30s", &review).await.json();
    assert_eq!(response["response"]["allowed"], false);
    // One after the other they would take 20 s.
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    assert_eq!((scene.api.count(Kind::Access), scene.api.count(Kind::Get)), (10, 10));
}
