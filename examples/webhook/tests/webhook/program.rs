//! The program itself, run as a container runs it.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

use crate::{
    certificates::{Authority, folder},
    client::{Client, review_of},
    scene::{MUTATE, VALIDATE, cluster, recording, recordings},
    stand_in::{Kind, StandIn, Trouble},
};

struct Program {
    child: Child,
    log: JoinHandle<Vec<Value>>,
    client: Client,
    api: Arc<StandIn>,
    /// Where its certificate is.
    folder: PathBuf,
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gmsa-webhook"));
    command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    #[cfg(windows)]
    windows::prepare(&mut command);
    command
}

fn kubeconfig(folder: &Path, api: &StandIn) -> PathBuf {
    let file = folder.join("kubeconfig");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "stand-in",
        "clusters": [{"name": "stand-in", "cluster": {"server": format!("http://{}", api.address())}}],
        "users": [{"name": "webhook", "user": {}}],
        "contexts": [{"name": "stand-in", "context": {"cluster": "stand-in", "user": "webhook"}}],
    });
    fs::write(&file, config.to_string()).unwrap();
    file
}

impl Program {
    /// Starts it as upstream's Deployment does: settings in the environment, one flag.
    async fn start(environment: &[(&str, &str)]) -> Self {
        let (api, authority, folder) =
            (StandIn::start(&cluster()).await, Authority::new("authority"), folder());
        authority.issue("webhook").publish(&folder);
        let mut child = program()
            .arg("--cert-reload=true")
            .env("TLS_CRT", folder.join("crt"))
            .env("TLS_KEY", folder.join("key"))
            .envs([("HTTPS_PORT", "0"), ("QPS", "100000"), ("BURST", "1000"), ("LOG_FORMAT", "json")])
            .envs(environment.iter().copied())
            .env("KUBECONFIG", kubeconfig(&folder, &api))
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&log.next_line().await.unwrap().unwrap()).unwrap();
        assert_eq!(first["message"], "listening", "{first}");
        let address: SocketAddr = first["https"].as_str().unwrap().parse().unwrap();
        // A program whose log nobody reads has to wait with the next line.
        let log = tokio::spawn(async move {
            let mut lines = Vec::new();
            while let Some(line) = log.next_line().await.unwrap() {
                lines.push(serde_json::from_str(&line).unwrap());
            }
            lines
        });
        Self { child, log, client: Client::new(address, &authority.pem(), None), api, folder }
    }

    /// Asks it to end, with a signal where there are signals.
    async fn signal(&self, signal: &str) {
        let id = self.child.id().unwrap();
        #[cfg(unix)]
        assert!(Command::new("kill").args([signal, &id.to_string()]).status().await.unwrap().success());
        #[cfg(windows)]
        windows::interrupt(id, signal).await;
    }

    /// How it ended, and what it logged after the first line.
    async fn end(mut self) -> (Option<i32>, Vec<Value>) {
        let lines = self.log.await.unwrap();
        (self.child.wait().await.unwrap().code(), lines)
    }
}

/// What is different about processes on Windows.
#[cfg(windows)]
mod windows {
    use std::env;

    use tokio::process::Command;

    /// In `winbase.h`.
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    /// Names a program that sends Ctrl+C to the console of the process whose id it is given; `.ci/wine` sets it. What
    /// Windows can send to one process and its children is Ctrl+Break, and Wine 8 has none.
    const INTERRUPT: &str = "WEBHOOK_TEST_INTERRUPT";

    /// Makes it a process that can be interrupted, with what no program on Windows can do without.
    pub(super) fn prepare(command: &mut Command) {
        // Without it no socket can be opened.
        command.envs(env::var_os("SystemRoot").map(|folder| ("SystemRoot", folder)));
        // Ctrl+Break goes to a group, Ctrl+C to a console: either is the program's own.
        command.creation_flags(match env::var_os(INTERRUPT) {
            None => CREATE_NEW_PROCESS_GROUP,
            Some(_) => CREATE_NO_WINDOW,
        });
    }

    pub(super) async fn interrupt(id: u32, instead_of: &str) {
        if let Some(program) = env::var_os(INTERRUPT) {
            println!("Ctrl+C instead of {instead_of}: Wine 8 has no Ctrl+Break");
            assert!(Command::new(program).arg(id.to_string()).status().await.unwrap().success());
        } else {
            println!("Ctrl+Break instead of {instead_of}: Windows has no such signal");
            send_ctrlc::Interruptible::interrupt(&mut Process(id)).unwrap();
        }
    }

    struct Process(u32);

    impl send_ctrlc::Interruptible for Process {
        fn pid(&mut self) -> std::io::Result<Option<u32>> {
            Ok(Some(self.0))
        }
    }
}

#[tokio::test]
async fn a_termination_under_load_loses_nothing_that_was_accepted() {
    // Long enough for a slow machine to notice the end.
    let program = Program::start(&[("GRACE_PERIOD", "4")]).await;
    // So that requests are in flight at any time.
    program.api.trouble(Kind::Access, Trouble::Slow(Duration::from_millis(100)));
    let (ended, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..16)
        .map(|number| {
            let (client, ended, answered) =
                (program.client.clone(), Arc::clone(&ended), Arc::clone(&answered));
            tokio::spawn(async move {
                let review = recording(VALIDATE);
                loop {
                    // Nobody is lost who was not yet let in; whoever was gets an answer.
                    let connection =
                        if number % 4 == 3 { client.http2().await } else { client.http1().await };
                    let Ok(mut connection) = connection else {
                        assert!(ended.load(Ordering::Relaxed), "refused before the end");
                        return;
                    };
                    // Half of them keep the connection as long as they may.
                    loop {
                        let answer = connection.send(review_of("/validate?timeout=30s", &review)).await;
                        let answer = answer.unwrap();
                        assert_eq!(answer.json()["response"]["allowed"], true);
                        answered.fetch_add(1, Ordering::Relaxed);
                        let is_last = answer.headers.get("connection").is_some_and(|value| value == "close");
                        if is_last || number % 2 == 1 {
                            break;
                        }
                    }
                }
            })
        })
        .collect();
    while answered.load(Ordering::Relaxed) < 100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(program.client.get("/readyz").await.code, 200);
    ended.store(true, Ordering::Relaxed);
    program.signal("-TERM").await;
    // Not ready any more, and still there for those who have not heard of it.
    crate::scene::eventually(async || program.client.get("/readyz").await.code == 503).await;
    let answer = program.client.post("/mutate", &recording(MUTATE)).await;
    assert_eq!((answer.code, &answer.headers["connection"]), (200, &"close".parse().unwrap()));
    let before = answered.load(Ordering::Relaxed);
    for task in load {
        task.await.unwrap();
    }
    assert!(answered.load(Ordering::Relaxed) > before);
    let client = program.client.clone();
    let (code, log) = program.end().await;
    assert_eq!(code, Some(0), "{log:?}");
    assert!(client.http1().await.is_err());
}

#[tokio::test]
async fn an_interrupt_ends_it_as_well() {
    let program = Program::start(&[("GRACE_PERIOD", "0")]).await;
    let _idle = program.client.http1().await.unwrap();
    assert_eq!(program.client.get("/livez").await.code, 200);
    program.signal("-INT").await;
    assert_eq!(program.end().await.0, Some(0));
}

/// A volume can hang, and with it whoever reads the certificate; the end must not wait for that.
///
/// Windows has no file in a folder that keeps its reader waiting.
#[cfg(unix)]
#[tokio::test]
async fn a_certificate_that_cannot_be_read_to_its_end_does_not_keep_it_alive() {
    let program = Program::start(&[("GRACE_PERIOD", "0"), ("CERT_RELOAD_INTERVAL", "1")]).await;
    let certificate = program.folder.join("crt");
    fs::remove_file(&certificate).unwrap();
    assert!(Command::new("mkfifo").arg(&certificate).status().await.unwrap().success());
    // Opens as soon as the program reads from the other end, which then waits for what never comes.
    let open = move || fs::OpenOptions::new().write(true).open(certificate).unwrap();
    let _held = tokio::task::spawn_blocking(open).await.unwrap();
    assert_eq!(program.client.get("/livez").await.code, 200);
    program.signal("-TERM").await;
    let ended = tokio::time::timeout(Duration::from_secs(60), program.end()).await;
    assert_eq!(ended.expect("it does not end").0, Some(0));
}

#[tokio::test]
async fn each_decision_leaves_one_line_of_names_and_numbers() {
    let program =
        Program::start(&[("GRACE_PERIOD", "0"), ("LOG_LEVEL", "TRACE"), ("RANDOM_HOSTNAME", "1")]).await;
    let mut expected = Vec::new();
    for (name, case) in crate::recorded::reviews(&recordings()) {
        let path = format!("{}?timeout=30s", case["endpoint"].as_str().unwrap());
        let response = program.client.post(&path, &case["request"]).await.json()["response"].clone();
        expected.push((name, case["request"]["request"].clone(), response));
    }
    assert_eq!(program.client.post("/validate", &json!({"secret": "S-1-5-21"})).await.code, 400);
    program.signal("-TERM").await;
    let (_, log) = program.end().await;
    let text = serde_json::to_string(&log).unwrap();
    for secret in [
        "S-1-5-21",
        "244818ae",
        "DnsTreeName",
        "NetBiosName",
        "CmsPlugins",
        "gmsaccg",
        "PluginInput",
        "ain't",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
    let reviews: Vec<_> = log.iter().filter(|line| line["message"] == "review").collect();
    assert_eq!(reviews.len(), expected.len());
    for (line, (name, request, response)) in reviews.iter().zip(&expected) {
        assert_eq!(line["uid"], request["uid"], "{name}");
        assert_eq!(line["namespace"], request["namespace"], "{name}");
        assert_eq!(line["decision"] == "deny", response["allowed"] == false, "{name}");
        assert_eq!(line["decision"] == "patch", response["patch"].is_string(), "{name}");
        assert_eq!(line["code"], response["status"]["code"].as_u64().unwrap_or(200), "{name}");
        let names = response["auditAnnotations"]["credential-specs"].as_str().unwrap_or_default();
        assert_eq!(line["credential_specs"], names, "{name}");
        assert!(line["owner"].is_string() && line["micros"].as_u64().unwrap() > 0, "{line}");
    }
}

#[tokio::test]
async fn where_the_sender_is_asked_about_each_line_names_them() {
    let program = Program::start(&[
        ("GRACE_PERIOD", "0"),
        ("CHECK_REQUESTING_USER", "true"),
        ("EXEMPT_USER", r"CONTOSO\operator"),
    ])
    .await;
    let controller = "system:serviceaccount:kube-system:replicaset-controller";
    let senders = [
        ("ann@contoso.com", "ann@contoso.com", false),
        (r"CONTOSO\operator", r"CONTOSO\operator", true),
        (controller, controller, true),
        ("a\n\u{202e}b", r"a\n\u{202e}b", false),
    ];
    for (user, _, _) in senders {
        let mut review = recording(VALIDATE);
        review["request"]["userInfo"] = json!({"username": user});
        program.client.post("/validate?timeout=30s", &review).await;
    }
    program.signal("-TERM").await;
    let (_, log) = program.end().await;
    let reviews: Vec<_> = log.iter().filter(|line| line["message"] == "review").collect();
    assert_eq!(reviews.len(), senders.len());
    for (line, (_, shown, exempt)) in reviews.into_iter().zip(senders) {
        assert_eq!((&line["user"], line["exempt"] == true), (&shown.into(), exempt), "{line}");
    }
}

#[tokio::test]
async fn the_end_of_a_certificate_is_told_in_time_and_why_another_is_not_taken() {
    let now = rcgen::date_time_ymd(1970, 1, 1) + std::time::UNIX_EPOCH.elapsed().unwrap();
    let program = Program::start(&[("GRACE_PERIOD", "0"), ("CERT_RELOAD_INTERVAL", "0.005")]).await;
    let failed = async || {
        let text = program.client.get("/metrics").await.text();
        let line = "gmsa_webhook_certificate_reloads_total{result=\"failed\"} ";
        text.lines().find_map(|found| found.strip_prefix(line)).map_or(0, |number| number.parse().unwrap())
    };
    let authority = Authority::new("another");
    let mut mixed = authority.issue("webhook");
    mixed.key = authority.issue("webhook").key;
    for refused in [authority.issue_until("webhook", 2001), mixed] {
        let before: usize = failed().await;
        refused.publish(&program.folder);
        crate::scene::eventually(async || failed().await > before).await;
    }
    let until =
        |end| authority.issue_with("webhook", "localhost", |parameters| parameters.not_after = now + end);
    // A day is little of so long a life.
    until(Duration::from_secs(86_400)).publish(&program.folder);
    tokio::time::sleep(Duration::from_secs(3)).await;
    until(Duration::from_secs(6)).publish(&program.folder);
    tokio::time::sleep(Duration::from_secs(8)).await;
    program.signal("-TERM").await;
    let (_, log) = program.end().await;
    let said = |message: &str| {
        let lines = log.iter().filter(|line| line["message"].as_str().unwrap().starts_with(message));
        lines.cloned().collect::<Vec<_>>()
    };
    let refused = said("the new certificate cannot be used");
    assert!(
        refused[0]["error"].as_str().unwrap().ends_with("the certificate expired at 2001-01-01T00:00:00Z")
    );
    assert!(
        refused[1]["error"].as_str().unwrap().ends_with("the private key does not belong to the certificate")
    );
    assert_eq!(said("the certificate has changed and is loaded").len(), 2, "{log:?}");
    assert_eq!(said("the certificate expires soon").len(), 2, "{log:?}");
    let expired = said("the certificate has expired");
    assert_eq!((expired.len(), &expired[0]["level"]), (1, &"ERROR".into()), "{log:?}");
    assert!(expired[0]["expires"].as_str().unwrap().ends_with('Z'), "{log:?}");
}

async fn refused(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let tls = [("TLS_CRT", "no/such/file"), ("TLS_KEY", "no/such/file"), ("KUBECONFIG", "no/such/file")];
    program().args(arguments).envs(tls).envs(environment.iter().copied()).output().await.unwrap()
}

#[tokio::test]
async fn wrong_settings_end_it_with_one_line() {
    for (arguments, environment, says) in [
        (&["--https-port", "https"][..], &[][..], "--https-port"),
        (&[], &[("HTTPS_PORT", "70000")], "--https-port"),
        (&[], &[("HTTPS_PORT", "")], "--https-port"),
        (&[], &[("QPS", "many")], "--qps"),
        (&["--qps", "0"], &[], "--qps"),
        (&["--qps=NaN"], &[], "--qps"),
        (&["--qps", "1e-30"], &[], "--qps"),
        (&[], &[("CLIENT_CA", "")], "--client-ca"),
        (&[], &[("LOG_LEVEL", "")], "--log-level"),
        (&[], &[("BURST", "0")], "--burst"),
        (&[], &[("BURST", "1.5")], "--burst"),
        (&[], &[("LOG_LEVEL", "loud")], "--log-level"),
        (&[], &[("RANDOM_HOSTNAME", "maybe")], "--random-hostname"),
        (&["--cert-reload=perhaps"], &[], "--cert-reload"),
        (&["--access-cache", "0"], &[], "--access-cache"),
        (&["--access-cache", "301"], &[], "--access-cache"),
        (&["--access", "guess"], &[], "--access"),
        (&["--exempt-user", "robot"], &[], "--check-requesting-user"),
        (&[], &[("EXEMPT_USER", "robot")], "--check-requesting-user"),
        (&["--check-requesting-user=false"], &[("EXEMPT_USER", "robot")], "--check-requesting-user"),
        (&["--check-requesting-user", "--exempt-user", "robot,"], &[], "--exempt-user"),
        (&["--check-requesting-user"], &[("EXEMPT_USER", "")], "--exempt-user"),
        (&["--qps", "0.001", "--burst", "1"], &[], "--burst"),
        (&["--qps", "0.001", "--burst", "2", "--check-requesting-user"], &[], "--burst"),
        (&["--access-cache", "-1"], &[], "write a number of seconds above 0"),
        (&["--qps", "-1"], &[], "write a number from 0.001"),
        (&["--max-connections", "-1"], &[], "-1 is not in 1.."),
        (&["--https-port", "-1"], &[], "-1 is not in 0..=65535"),
        (&["--service-name", "a b"], &[], "write a DNS name"),
        (&["--cert-reload-interval", "0"], &[], "--cert-reload-interval"),
        (&["--max-body", "1"], &[], "--max-body"),
        (&["--no-such-flag"], &[], "--no-such-flag"),
        (&["surplus"], &[], "surplus"),
    ] {
        let output = refused(arguments, environment).await;
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {environment:?}: {error}");
        assert!(
            error.starts_with("error: ") && error.contains(says),
            "{arguments:?} {environment:?}: {error}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(output.stdout.is_empty());
    }
    let output = program().output().await.unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{error}");
    assert!(error.contains("--tls-crt") && error.contains("--tls-key"), "{error}");
}

#[tokio::test]
async fn what_is_missing_at_the_start_is_said_in_one_line() {
    let api = StandIn::start(&cluster()).await;
    let (folder, authority) = (folder(), Authority::new("authority"));
    authority.issue("webhook").publish(&folder);
    let kubeconfig = kubeconfig(&folder, &api);
    let kubeconfig = kubeconfig.to_str().unwrap();
    let (certificate, key) = (folder.join("crt"), folder.join("key"));
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    for (environment, code, says) in [
        ([("KUBECONFIG", "no/such/file"), ("TLS_CRT", certificate), ("TLS_KEY", key)], 1, ""),
        ([("KUBECONFIG", key), ("TLS_CRT", certificate), ("TLS_KEY", key)], 1, "kubeconfig"),
        ([("KUBECONFIG", kubeconfig), ("TLS_CRT", "no/such/file"), ("TLS_KEY", key)], 2, "no/such/file: "),
        ([("KUBECONFIG", kubeconfig), ("TLS_CRT", key), ("TLS_KEY", key)], 2, "no certificate in it"),
        (
            [("KUBECONFIG", kubeconfig), ("TLS_CRT", certificate), ("TLS_KEY", certificate)],
            2,
            "no private key in it",
        ),
    ] {
        let output = refused(&["--https-port", "0"], &environment).await;
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{environment:?}: {error}");
        assert!(error.starts_with("error: ") && error.contains(says), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(!error.contains("PRIVATE"), "{error}");
    }
}

#[tokio::test]
async fn help_and_version_need_no_settings() {
    let output = program().arg("--version").output().await.unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("webhook {}\n", env!("CARGO_PKG_VERSION")));
    let output = program().arg("--help").output().await.unwrap();
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    for name in
        ["TLS_CRT", "TLS_KEY", "HTTPS_PORT", "QPS", "BURST", "LOG_LEVEL", "RANDOM_HOSTNAME", "--cert-reload"]
    {
        assert!(help.contains(name), "{name}");
    }
}
