//! Whoever is refused because a lookup failed is told what has to be put right.

use serde_json::{Value, json};

use crate::{
    certificates::{Authority, folder},
    scene::{MUTATE, Scene, VALIDATE, cluster, eventually, recording},
    stand_in::{Kind, StandIn, Trouble, status},
};

fn message(response: &Value) -> &str {
    assert_eq!(response["allowed"], false, "{response}");
    response["status"]["message"].as_str().unwrap()
}

#[tokio::test]
async fn each_cause_is_told_in_the_denial_and_counted() {
    let scene = Scene::ready(&["--no-cache"]).await;
    for (code, body, cause, says) in [
        (
            401,
            status(401, "Unauthorized", "Unauthorized"),
            "unauthenticated",
            "the webhook is not authenticated (401)",
        ),
        (
            403,
            status(403, "Forbidden", "no"),
            "forbidden",
            "the webhook lacks permission to `get` gmsacredentialspecs (403)",
        ),
        // What an API server says about a group that it does not have, and about a resource.
        (
            404,
            "404 page not found".to_owned(),
            "undefined",
            "the definition gmsacredentialspecs.windows.k8s.io is not installed",
        ),
        (
            404,
            status(404, "NotFound", "the server could not find the requested resource"),
            "undefined",
            "the definition gmsacredentialspecs.windows.k8s.io is not installed",
        ),
        (429, status(429, "TooManyRequests", "later"), "overloaded", "the API server answers 429: later"),
        (503, status(503, "ServiceUnavailable", "no etcd"), "fault", "the API server answers 503: no etcd"),
    ] {
        scene.api.trouble(Kind::Get, Trouble::Answer(code, body));
        let series = format!("gmsa_webhook_lookups_total{{kind=\"credential_spec\",result=\"{cause}\"}}");
        let before: u32 = scene.metric(&series).await.parse().unwrap();
        let response = scene.client.post("/mutate?timeout=30s", &recording(MUTATE)).await.json();
        assert!(message(&response["response"]).contains(says), "{response}");
        assert_eq!(scene.metric(&series).await.parse(), Ok(before + 1), "{cause}");
    }
    scene.api.no_trouble();
    for (code, says) in [
        (401, "the webhook is not authenticated (401)"),
        (403, "the webhook lacks permission to `create` localsubjectaccessreviews (403)"),
    ] {
        scene.api.trouble(Kind::Access, Trouble::Answer(code, status(code, "No", "no")));
        let response = scene.validate("/validate?timeout=30s").await;
        assert!(message(&response).contains(says), "{response}");
    }
}

#[tokio::test]
async fn an_api_server_that_nobody_vouches_for_is_not_told_as_one_that_is_away() {
    let (authority, folder) = (Authority::new("authority"), folder());
    authority.issue("webhook").publish(&folder);
    let api = StandIn::start_tls(&cluster(), &Authority::new("cluster").issue("api server")).await;
    let uri = format!("https://localhost:{}", api.address().port()).parse().unwrap();
    let mut config = kube::Config::new(uri);
    config.root_cert = Some(vec![Authority::new("stranger").der().to_vec()]);
    let scene = Scene::behind(config, api, authority, folder, &[]).await;
    let response = scene.validate("/validate?timeout=2s").await;
    let says = "the API server's certificate is not trusted: its issuer is unknown";
    assert!(message(&response).contains(says), "{response}");
    eventually(async || scene.client.get("/readyz").await.text().contains(says)).await;
}

#[tokio::test]
async fn a_rate_below_what_a_pod_needs_is_told_as_that() {
    let scene = Scene::ready(&["--qps", "0.001", "--burst", "2"]).await;
    let mut review = recording(VALIDATE);
    let spec = &mut review["request"]["object"]["spec"];
    let context = spec["securityContext"].clone();
    let containers = (0..7).map(|number| {
        let mut context = context.clone();
        context["windowsOptions"]["gmsaCredentialSpecName"] = format!("webapp{number}").into();
        json!({"name": format!("c{number}"), "securityContext": context})
    });
    spec["containers"] = containers.collect();
    let response = scene.client.post("/validate?timeout=5s", &review).await.json();
    let message = message(&response["response"]);
    assert!(message.contains("too many lookups for --qps 0.001 --burst 2"), "{message}");
}

#[tokio::test]
async fn every_series_is_there_from_the_start_and_none_that_says_nothing() {
    let scene = Scene::ready(&[]).await;
    let text = scene.client.get("/metrics").await.text();
    for series in [
        concat!("gmsa_webhook_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        "gmsa_webhook_decisions_total{endpoint=\"validate\",result=\"deny\",code=\"403\"} 0",
        "gmsa_webhook_decision_seconds_count{endpoint=\"mutate\"} 0",
        "gmsa_webhook_lookups_total{kind=\"access\",result=\"forbidden\"} 0",
        "gmsa_webhook_refused_requests_total{code=\"413\"} 0",
        "gmsa_webhook_certificate_reloads_total{result=\"failed\"} 0",
        "gmsa_webhook_watch_failures_total{resource=\"gmsacredentialspecs\"} 0",
        "gmsa_webhook_cache_synced 1",
    ] {
        assert!(text.lines().any(|line| line == series), "{series}: {text}");
    }
    let scene = Scene::ready(&["--no-cache"]).await;
    let text = scene.client.get("/metrics").await.text();
    assert!(!text.contains("cache") || !text.contains("gmsa_webhook_cache_synced"), "{text}");
}
