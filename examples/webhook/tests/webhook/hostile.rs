//! Clients that mean no good, or are broken. None of them takes the webhook from the others.

use std::time::{Duration, Instant};

use hyper::Method;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    attacks,
    client::request,
    scene::{MUTATE, Scene, VALIDATE, eventually, recording},
    stand_in::{Kind, Trouble},
};

async fn still_answers(scene: &Scene) {
    assert_eq!(scene.validate("/validate?timeout=30s").await["allowed"], true);
}

/// Every connection but the one that asks.
async fn none_is_left(scene: &Scene) {
    eventually(async || scene.metric("gmsa_webhook_connections").await == "1").await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let scene = Scene::ready(&[]).await;
    let head =
        "POST /validate?timeout=500ms HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    for rest in [
        "content-length: 100\r\n\r\n{",
        "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
        "content-length: 9\r\n\r\n",
    ] {
        let mut stream = scene.client.stream().await.unwrap();
        let start = Instant::now();
        stream.write_all(format!("{head}{rest}").as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 408");
        // Less than without a timeout.
        assert!(start.elapsed() < Duration::from_secs(8));
        still_answers(&scene).await;
        // The connection is of no use any more.
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
    }
    none_is_left(&scene).await;
}

#[tokio::test]
async fn who_says_nothing_is_shown_the_door() {
    let scene = Scene::ready(&["--metrics-port", "0"]).await;
    let silent = TcpStream::connect(("127.0.0.1", scene.address.port())).await.unwrap();
    let nothing_in_tls = scene.client.stream().await.unwrap();
    let mut half_a_head = scene.client.stream().await.unwrap();
    half_a_head.write_all(b"POST /validate HTTP/1.1\r\nhost: local").await.unwrap();
    let no_http2 = scene.client.stream_for(b"h2").await.unwrap();
    let mut half_of_http2 = scene.client.stream_for(b"h2").await.unwrap();
    half_of_http2.write_all(b"PRI * HTTP/2.0\r\n\r\n").await.unwrap();
    let start = Instant::now();
    let ended = async |mut stream: Box<dyn AsyncRead + Unpin>| {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        start.elapsed().as_secs()
    };
    let ended = futures_util::future::join_all([
        ended(Box::new(silent)),
        ended(Box::new(nothing_in_tls)),
        ended(Box::new(half_a_head)),
        ended(Box::new(no_http2)),
        ended(Box::new(half_of_http2)),
    ])
    .await;
    assert!(ended.iter().all(|seconds| (4..60).contains(seconds)), "{ended:?}");
    still_answers(&scene).await;
    eventually(async || scene.plain("GET", "/metrics").await.contains("gmsa_webhook_connections 1\n")).await;
    let timed_out = "gmsa_webhook_failed_handshakes_total{reason=\"timeout\"} 1\n";
    assert!(scene.plain("GET", "/metrics").await.contains(timed_out));
}

#[tokio::test]
async fn too_large_a_body_is_not_read() {
    let scene = Scene::ready(&["--max-body", "100000"]).await;
    let chunked = "POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                   transfer-encoding: chunked\r\n\r\n";
    let mut stream = scene.client.stream().await.unwrap();
    stream.write_all(chunked.as_bytes()).await.unwrap();
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    // The webhook may hang up before all of it is written.
    for _ in 0..8 {
        let _ = stream.write_all(chunk.as_bytes()).await;
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    let announced = "POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                     content-length: 99999999999\r\n\r\n";
    let mut stream = scene.client.stream().await.unwrap();
    stream.write_all(announced.as_bytes()).await.unwrap();
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    drop(stream);
    still_answers(&scene).await;
    none_is_left(&scene).await;
}

#[tokio::test]
async fn garbage_is_turned_away() {
    let scene = Scene::ready(&[]).await;
    // Before TLS.
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 1000], &[0x16, 3, 1, 0xff, 0xff], &[0xff; 70_000]] {
        let mut stream = TcpStream::connect(("127.0.0.1", scene.address.port())).await.unwrap();
        let _ = stream.write_all(garbage).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"));
    }
    // Within.
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(10_000));
    for garbage in [&b"\0\0\0\0\r\n\r\n"[..], b"GET\r\n\r\n", &[0xff; 1000], long.as_bytes(), many.as_bytes()]
    {
        let mut stream = scene.client.stream().await.unwrap();
        let _ = stream.write_all(garbage).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"),
            "{:?}",
            String::from_utf8_lossy(&answer)
        );
    }
    still_answers(&scene).await;
    none_is_left(&scene).await;
}

#[tokio::test]
async fn deep_nesting_is_no_trouble() {
    let scene = Scene::ready(&[]).await;
    let deep =
        |opening: &str, closing: &str| format!("{}{}", opening.repeat(100_000), closing.repeat(100_000));
    let within = |field: &str, value: &str| {
        format!(
            r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"deep","operation":"CREATE",
            "namespace":"team-a","kind":{{"version":"v1","kind":"Pod"}},"object":{{"spec":{{"containers":[],"{field}":{value}}}}}}}}}"#
        )
    };
    let hidden =
        format!("{}{{\"gmsaCredentialSpecName\":\"x\"}}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (body, code, allowed) in [
        (deep("[", "]"), 400, None),
        (deep(r#"{"a":"#, "}"), 400, None),
        ("[".repeat(1_000_000), 400, None),
        // Nothing of it is looked at.
        (within("x", &deep("[", "]")), 200, Some(true)),
        (within("x", &hidden), 200, Some(false)),
        (within("securityContext", &deep("[", "]")), 200, Some(false)),
    ] {
        let review = request(Method::POST, "/validate?timeout=30s", Some("application/json"), &body);
        let answer = scene.client.send(review).await.unwrap();
        assert_eq!(answer.code, code, "{}", answer.text());
        if let Some(allowed) = allowed {
            assert_eq!(answer.json()["response"]["allowed"], allowed, "{}", answer.text());
        }
    }
    still_answers(&scene).await;
}

#[tokio::test]
async fn who_has_said_everything_may_still_listen() {
    let scene = Scene::ready(&[]).await;
    scene.api.trouble(Kind::Access, Trouble::Slow(Duration::from_millis(100)));
    let body = recording(VALIDATE).to_string();
    let request = format!(
        "POST /validate?timeout=30s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = scene.client.stream().await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // Half a request, and then nothing.
    let mut stream = scene.client.stream().await.unwrap();
    stream.write_all(&request.as_bytes()[..request.len() / 2]).await.unwrap();
    stream.shutdown().await.unwrap();
    let _ = stream.read_to_string(&mut answer).await;
    drop(stream);
    none_is_left(&scene).await;
}

#[tokio::test]
async fn who_goes_away_in_the_middle_leaves_nothing_behind() {
    let scene = Scene::ready(&["--qps", "100000", "--burst", "1000"]).await;
    scene.api.trouble(Kind::Access, Trouble::Slow(Duration::from_secs(600)));
    for number in 0..50 {
        let body = recording(VALIDATE).to_string();
        let request = format!(
            "POST /validate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = scene.client.stream().await.unwrap();
        let sent = if number % 2 == 0 { request.len() } else { request.len() / 2 };
        stream.write_all(&request.as_bytes()[..sent]).await.unwrap();
        stream.flush().await.unwrap();
        // Without a goodbye.
        let (stream, _) = stream.into_inner();
        stream.set_zero_linger().unwrap();
    }
    none_is_left(&scene).await;
    scene.api.no_trouble();
    still_answers(&scene).await;
}

#[tokio::test]
async fn who_is_idle_makes_room_and_who_sends_reviews_stays() {
    let scene = Scene::ready(&["--max-connections", "4"]).await;
    let review = || crate::client::review_of("/mutate", &recording(MUTATE));
    let mut server = scene.client.http1().await.unwrap();
    assert_eq!(server.send(review()).await.unwrap().code, 200);
    let mut idle = Vec::new();
    for _ in 0..40 {
        idle.push(attacks::idle(&scene.client).await.unwrap());
    }
    // Nor does it help to say nothing at all.
    for _ in 0..40 {
        idle.push(scene.client.stream().await.unwrap());
    }
    assert_eq!(scene.client.get("/readyz").await.code, 200);
    assert_eq!(scene.client.post("/mutate", &recording(MUTATE)).await.code, 200);
    assert_eq!(server.send(review()).await.unwrap().code, 200);
    let dropped: usize = scene.metric("gmsa_webhook_dropped_connections_total").await.parse().unwrap();
    assert!(dropped >= 77, "{dropped}");
    assert!(scene.metric("gmsa_webhook_connections").await.parse::<usize>().unwrap() <= 4);
}

#[tokio::test]
async fn who_waits_for_an_answer_keeps_its_place_and_others_wait() {
    let scene = Scene::ready(&["--max-connections", "2"]).await;
    scene.api.trouble(Kind::Access, Trouble::Slow(Duration::from_secs(3)));
    let ask = || {
        let client = scene.client.clone();
        tokio::spawn(async move {
            let answer = client.post("/validate?timeout=30s", &recording(VALIDATE)).await.json();
            assert_eq!(answer["response"]["allowed"], true);
        })
    };
    let first = [ask(), ask()];
    eventually(async || scene.api.count(Kind::Access) == 2).await;
    let third = ask();
    for task in first {
        assert!(!third.is_finished());
        task.await.unwrap();
    }
    third.await.unwrap();
    assert_eq!(scene.api.count(Kind::Access), 3);
}

#[tokio::test]
async fn answers_that_nobody_reads_take_no_memory_from_others() {
    let scene = Scene::ready(&[]).await;
    scene.api.put(attacks::LARGE, attacks::large_contents());
    let body = attacks::growing();
    eventually(async || {
        let review = request(Method::POST, "/mutate?timeout=30s", Some("application/json"), &body);
        scene.client.send(review).await.unwrap().body.len() > 7 << 20
    })
    .await;
    let mut unread = Vec::new();
    for _ in 0..12 {
        unread.push(attacks::unread(&scene.client, "/mutate?timeout=30s", &body).await.unwrap());
    }
    for _ in 0..10 {
        still_answers(&scene).await;
        assert_eq!(scene.client.get("/livez").await.code, 200);
    }
    // Their connections are cut while they still hold them; those that got an error for lack of room are idle.
    eventually(async || scene.metric("gmsa_webhook_dropped_connections_total").await != "0").await;
    drop(unread);
    none_is_left(&scene).await;
    let review = request(Method::POST, "/mutate?timeout=30s", Some("application/json"), &body);
    assert_eq!(scene.client.send(review).await.unwrap().json()["response"]["allowed"], true);
}

#[tokio::test]
async fn a_denial_that_is_full_asks_the_api_server_no_more() {
    let scene = Scene::ready(&[]).await;
    let body = attacks::unknown_names();
    for (path, code, gets, access) in [("/mutate", 404, 32, 0), ("/validate", 403, 32, 32)] {
        let review = request(Method::POST, path, Some("application/json"), &body);
        let status = scene.client.send(review).await.unwrap().json()["response"]["status"].clone();
        assert_eq!(
            (&status["code"], status["details"]["causes"].as_array().unwrap().len()),
            (&code.into(), 32)
        );
        assert_eq!((scene.api.count(Kind::Get), scene.api.count(Kind::Access)), (gets, access), "{path}");
    }
}

#[tokio::test]
async fn large_reviews_are_answered_beside_small_ones() {
    let scene = Scene::ready(&[]).await;
    for body in [attacks::long_path(2_000), attacks::many_objects(200_000)] {
        let large = request(Method::POST, "/validate?timeout=30s", Some("application/json"), &body);
        let client = scene.client.clone();
        let answer = tokio::spawn(async move { client.send(large).await.unwrap().json() });
        still_answers(&scene).await;
        assert_eq!(answer.await.unwrap()["response"]["allowed"], false);
    }
}
