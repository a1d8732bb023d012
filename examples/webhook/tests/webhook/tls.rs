//! Certificates: which are shown, which are asked for, and what becomes of those that expire or change.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::io::AsyncWriteExt;

use crate::{
    certificates::{AT_ONCE, Authority, Pair, folder, withdraw},
    client::{Client, review_of},
    scene::{MUTATE, Scene, cluster, eventually, recording},
    stand_in::StandIn,
};

/// The common name of the certificate that a new connection is shown.
async fn shown(client: &Client, pair: &Pair) -> bool {
    let stream = client.stream().await.unwrap();
    let leaf = &stream.get_ref().1.peer_certificates().unwrap()[0];
    leaf == &pair.der()
}

#[tokio::test]
async fn a_certificate_that_is_rotated_fifty_times_under_load_fails_no_request() {
    let scene = Scene::ready(&["--cert-reload", "--cert-reload-interval", "0.005", "--qps", "100000"]).await;
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..4)
        .map(|number| {
            let (client, stop, answered) = (scene.client.clone(), Arc::clone(&stop), Arc::clone(&answered));
            tokio::spawn(async move {
                let review = recording(MUTATE);
                let mut kept = client.http1().await.unwrap();
                while !stop.load(Ordering::Relaxed) {
                    // Half of them connect anew for each request.
                    let answer = match number % 2 {
                        0 => kept.send(review_of("/mutate?timeout=30s", &review)).await,
                        _ => client.send(review_of("/mutate?timeout=30s", &review)).await,
                    };
                    assert_eq!(answer.unwrap().json()["response"]["allowed"], true);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for number in 0..50 {
        let pair = scene.authority.issue(&format!("webhook {number}"));
        pair.publish(&scene.folder);
        let before = answered.load(Ordering::Relaxed);
        eventually(async || shown(&scene.client, &pair).await).await;
        eventually(async || answered.load(Ordering::Relaxed) > before).await;
    }
    stop.store(true, Ordering::Relaxed);
    for task in load {
        task.await.unwrap();
    }
    assert_eq!(scene.metric("gmsa_webhook_certificate_reloads_total{result=\"loaded\"}").await, "50");
    // Nor was a certificate ever read together with the key of another, unless they lay there together.
    if AT_ONCE {
        assert_eq!(scene.metric("gmsa_webhook_certificate_reloads_total{result=\"failed\"}").await, "0");
    }
}

#[tokio::test]
async fn a_broken_certificate_is_said_once_and_the_last_good_one_stays() {
    let scene = Scene::ready(&["--cert-reload=true", "--cert-reload-interval", "0.005"]).await;
    let failed = async || scene.metric("gmsa_webhook_certificate_reloads_total{result=\"failed\"}").await;
    let good = scene.authority.issue("good");
    good.publish(&scene.folder);
    eventually(async || shown(&scene.client, &good).await).await;
    let other = scene.authority.issue("other");
    for (number, (certificate, key)) in [
        (good.certificate.as_str(), other.key.as_str()),
        ("no certificate", good.key.as_str()),
        (good.certificate.as_str(), ""),
    ]
    .into_iter()
    .enumerate()
    {
        Pair { certificate: certificate.to_owned(), key: key.to_owned() }.publish(&scene.folder);
        eventually(async || failed().await == (number + 1).to_string()).await;
        assert!(shown(&scene.client, &good).await);
    }
    withdraw(&scene.folder);
    eventually(async || failed().await == "4").await;
    assert!(shown(&scene.client, &good).await);
    other.publish(&scene.folder);
    eventually(async || shown(&scene.client, &other).await).await;
    assert_eq!(failed().await, "4");
}

#[tokio::test]
async fn a_new_certificate_that_the_api_server_would_refuse_is_not_loaded() {
    use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};

    const SERVICE: &str = "gmsa-webhook.gmsa-system.svc";
    // Where the Service is not named, the names of the certificate in use are those to have.
    for flags in [&[][..], &["--service-name", SERVICE]] {
        let (authority, folder) = (Arc::new(Authority::new("authority")), folder());
        let names = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).try_into().unwrap()).collect();
            move |parameters: &mut rcgen::CertificateParams| {
                parameters.subject_alt_names = names.iter().cloned().map(rcgen::SanType::DnsName).collect();
            }
        };
        let with = |change: &dyn Fn(&mut rcgen::CertificateParams)| {
            authority.issue_with("next", SERVICE, |parameters| {
                names(&[SERVICE, "localhost"])(parameters);
                change(parameters);
            })
        };
        let good = with(&|_| {});
        good.publish(&folder);
        let flags = [flags, &["--cert-reload", "--cert-reload-interval", "0.005", "--no-cache"]].concat();
        let api = StandIn::start(&cluster()).await;
        let scene = Scene::of(api, Arc::clone(&authority), folder, &flags).await;
        let failed = async || {
            let failed = scene.metric("gmsa_webhook_certificate_reloads_total{result=\"failed\"}").await;
            failed.parse().unwrap_or(0)
        };
        for refused in [
            with(&|parameters| parameters.not_after = rcgen::date_time_ymd(2001, 1, 1)),
            with(&|parameters| parameters.not_before = rcgen::date_time_ymd(2039, 1, 1)),
            with(&|parameters| parameters.extended_key_usages = vec![ClientAuth]),
            with(&names(&["localhost"])),
            with(&names(&["gmsa-webhook.other.svc", "localhost"])),
            with(&names(&[])),
        ] {
            let before: usize = failed().await;
            refused.publish(&scene.folder);
            eventually(async || failed().await > before).await;
            assert!(shown(&scene.client, &good).await);
        }
        let next = with(&|parameters| parameters.extended_key_usages = vec![ClientAuth, ServerAuth]);
        next.publish(&scene.folder);
        eventually(async || shown(&scene.client, &next).await).await;
        let wildcard = with(&names(&["*.gmsa-system.svc", "localhost"]));
        wildcard.publish(&scene.folder);
        eventually(async || shown(&scene.client, &wildcard).await).await;
    }
}

#[tokio::test]
async fn failed_handshakes_are_counted_by_reason() {
    let clients = Authority::new("clients");
    let file = folder().join("ca.pem");
    fs::write(&file, clients.pem()).unwrap();
    let scene =
        Scene::with(&["--client-ca", file.to_str().unwrap(), "--metrics-port", "0", "--no-cache"]).await;
    let own = clients.issue("api server");
    for pair in [
        None,
        Some(&Authority::new("strangers").issue("api server")),
        Some(&clients.issue_until("api server", 2001)),
    ] {
        let client = Client::new(scene.address, &scene.authority.pem(), pair);
        assert!(client.send(review_of("/mutate", &recording(MUTATE))).await.is_err());
    }
    let distrustful = Client::new(scene.address, &Authority::new("other").pem(), Some(&own));
    assert!(distrustful.stream().await.is_err());
    let connect = async || {
        let address = ("127.0.0.1", scene.address.port());
        tokio::net::TcpStream::connect(address).await.unwrap()
    };
    connect().await.write_all(b"GET /readyz HTTP/1.1\r\n\r\n").await.unwrap();
    drop(connect().await);
    for reason in [
        "no_client_certificate",
        "unknown_authority",
        "client_certificate_expired",
        "webhook_not_trusted",
        "no_tls",
        "closed",
    ] {
        let line = format!("gmsa_webhook_failed_handshakes_total{{reason=\"{reason}\"}} 1\n");
        eventually(async || scene.plain("GET", "/metrics").await.contains(&line)).await;
    }
}

#[tokio::test]
async fn without_reload_the_first_certificate_stays() {
    let scene = Scene::ready(&["--cert-reload-interval", "0.005", "--cert-reload=false"]).await;
    let next = scene.authority.issue("next");
    next.publish(&scene.folder);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(!shown(&scene.client, &next).await);
}

#[tokio::test]
async fn an_expired_certificate_and_one_that_soon_will_be_are_not_ready() {
    let of_year = async |year, flags: &[&str]| {
        let (authority, folder) = (Authority::new("authority"), folder());
        authority.issue_until("webhook", year).publish(&folder);
        Scene::of(StandIn::start(&cluster()).await, authority, folder, flags).await
    };
    // The client would not talk to a webhook whose certificate has expired; a kubelet does, over the other port.
    let scene = of_year(2001, &["--no-cache", "--metrics-port", "0"]).await;
    assert!(
        scene.plain("GET", "/readyz").await.ends_with("the certificate expired at 2001-01-01T00:00:00Z\n")
    );
    assert!(scene.plain("GET", "/livez").await.starts_with("HTTP/1.1 200"));
    // Half a century hence is within a year of now for nobody.
    let scene = of_year(2040, &["--no-cache", "--cert-expiry-margin", "31000000"]).await;
    assert_eq!(scene.client.get("/readyz").await.code, 200);
    let year = 1970 + std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() / 31_556_952 + 1;
    let scene = of_year(year.try_into().unwrap(), &["--no-cache", "--cert-expiry-margin", "31622000"]).await;
    let ready = scene.client.get("/readyz").await;
    let expires = format!("the certificate expires at {year}-01-01T00:00:00Z\n");
    assert_eq!((ready.code, ready.text()), (503, expires));
}

#[tokio::test]
async fn only_clients_of_the_client_ca_are_answered() {
    let clients = Authority::new("clients");
    let file = folder().join("ca.pem");
    fs::write(&file, clients.pem()).unwrap();
    let scene =
        Scene::with(&["--client-ca", file.to_str().unwrap(), "--metrics-port", "0", "--no-cache"]).await;
    let address = scene.address;
    let send = async |pair: Option<&Pair>| {
        let client = Client::new(address, &scene.authority.pem(), pair);
        client.send(review_of("/mutate", &recording(MUTATE))).await
    };
    assert!(send(None).await.is_err());
    assert!(send(Some(&Authority::new("strangers").issue("api server"))).await.is_err());
    assert_eq!(send(Some(&clients.issue("api server"))).await.unwrap().code, 200);
    // Probes have no certificate; they have their own port, which answers nothing else.
    assert!(scene.plain("GET", "/readyz").await.starts_with("HTTP/1.1 200"));
    assert!(scene.plain("GET", "/metrics").await.contains("gmsa_webhook_decisions_total"));
    assert!(scene.plain("POST", "/mutate").await.starts_with("HTTP/1.1 404"));
    assert!(scene.plain("GET", "/info").await.starts_with("HTTP/1.1 404"));
    let own = Client::new(address, &scene.authority.pem(), Some(&clients.issue("api server")));
    assert_eq!(own.get("/metrics").await.code, 404);
}
