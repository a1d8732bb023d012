//! Attacks the webhook, and tells what others notice of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "it shares modules with the tests, which fail by panicking"
)]

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use hyper::Method;
use serde_json::{Value, json};
use tokio::{
    process::{Child, Command},
    runtime,
    sync::oneshot,
    task::JoinSet,
    time,
};

#[allow(dead_code, unreachable_pub, reason = "what the tests need and an attack does not")]
#[path = "tests/webhook/attacks.rs"]
mod attacks;
#[allow(dead_code, unreachable_pub, reason = "what the tests need and an attack does not")]
#[path = "tests/webhook/certificates.rs"]
mod certificates;
#[allow(dead_code, unreachable_pub, reason = "what the tests need and an attack does not")]
#[path = "tests/webhook/client.rs"]
mod client;
#[allow(dead_code, unreachable_pub, reason = "what the tests need and an attack does not")]
#[path = "tests/webhook/stand_in.rs"]
mod stand_in;

use certificates::{Authority, folder};
use client::{Client, Error, request};
use stand_in::StandIn;

/// Attacks the webhook in each of several ways, sends it ordinary reviews and probes meanwhile, and prints how long these
/// took and how much memory it had.
///
/// Each attack starts the webhook anew, with an API server stand-in in this process.
#[derive(Parser)]
#[command(name = "attack", after_help = EXAMPLES)]
struct Arguments {
    /// For how long each attack goes on, in seconds.
    #[arg(long, default_value_t = 10, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,

    /// Only the attacks whose name has this in it.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,

    /// The webhook: by default the one that was built beside this program.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  cargo build --release -p gmsa-webhook-example --bins --examples
  target/release/examples/attack";

/// A review or a probe that takes longer counts as lost.
const LONGEST: Duration = Duration::from_secs(10);

type Attack = fn(Client) -> JoinSet<()>;

const ATTACKS: [(&str, Attack); 7] = [
    ("none", |_| JoinSet::new()),
    ("large body, long key", |client| again(client, 1, "/validate", &attacks::long_path(133_000))),
    ("large body, many objects", |client| again(client, 2, "/validate", &attacks::many_objects(1_150_000))),
    ("60 unread answers", |client| hold(60, &client, unread)),
    ("1,024 idle connections", |client| hold(1_024, &client, idle)),
    ("2,000 unknown names, mutate", |client| again(client, 4, "/mutate", &attacks::unknown_names())),
    ("2,000 unknown names, validate", |client| again(client, 4, "/validate", &attacks::unknown_names())),
];

/// So many clients who send the same review without end.
fn again(client: Client, clients: usize, path: &'static str, body: &str) -> JoinSet<()> {
    let body: Arc<str> = body.into();
    let attacker = |_| {
        let (client, body) = (client.clone(), Arc::clone(&body));
        async move {
            loop {
                let _ = client.send(request(Method::POST, path, Some("application/json"), &body)).await;
                time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    (0..clients).map(attacker).collect()
}

/// So many connections, each opened anew a second after it is cut.
fn hold<F>(connections: usize, client: &Client, open: fn(Client) -> F) -> JoinSet<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let attacker = |_| {
        let client = client.clone();
        async move {
            loop {
                open(client.clone()).await;
                time::sleep(Duration::from_secs(1)).await;
            }
        }
    };
    (0..connections).map(attacker).collect()
}

async fn unread(client: Client) {
    let body = attacks::growing();
    if let Ok(stream) = attacks::unread(&client, "/mutate", &body).await {
        until_cut(&stream).await;
    }
}

async fn idle(client: Client) {
    if let Ok(stream) = attacks::idle(&client).await {
        until_cut(&stream).await;
    }
}

/// Waits without reading. Looks at times whether anybody is still there.
async fn until_cut(stream: &tokio_rustls::client::TlsStream<tokio::net::TcpStream>) {
    let mut byte = [0];
    loop {
        time::sleep(Duration::from_secs(1)).await;
        match stream.get_ref().0.peek(&mut byte).await {
            Ok(1..) if stream.get_ref().0.take_error().is_ok_and(|error| error.is_none()) => {}
            _ => return,
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Error::from).and_then(|runtime| runtime.block_on(run(&arguments))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Error> {
    println!("| attack | reviews | lost | p50 | p99 | probes | lost | longest | resident at most |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for (name, attack) in ATTACKS.into_iter().filter(|(name, _)| name.contains(&arguments.only)) {
        let (client, child) = start(arguments.program.as_deref()).await?;
        let attackers = attack_on_own_thread(attack, client.clone());
        // Until it is in full swing.
        time::sleep(Duration::from_secs(1)).await;
        let end = Instant::now() + Duration::from_secs(arguments.seconds);
        let (reviews, probes) = tokio::join!(reviews(&client, end), probes(&client, end));
        let (p50, p99) = (reviews.percentile(50), reviews.percentile(99));
        let (sent, lost, longest) = (probes.took.len(), probes.lost, probes.percentile(100));
        let memory =
            child.id().and_then(resident).map_or_else(|| "?".to_owned(), |mib| format!("{mib:.1} MiB"));
        let (number, lost_reviews) = (reviews.took.len(), reviews.lost);
        println!(
            "| {name} | {number} | {lost_reviews} | {p50} | {p99} | {sent} | {lost} | {longest} | {memory} |"
        );
        drop(attackers);
    }
    Ok(())
}

/// An attacker does not wait for the victims.
fn attack_on_own_thread(attack: Attack, client: Client) -> oneshot::Sender<()> {
    let (sender, end) = oneshot::channel();
    thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let _attackers = attack(client);
            let _ = end.await;
        });
    });
    sender
}

#[derive(Default)]
struct Seen {
    took: Vec<Duration>,
    lost: usize,
}

impl Seen {
    fn percentile(&self, percent: usize) -> String {
        let mut took = self.took.clone();
        took.sort_unstable();
        let last = took.len().saturating_sub(1);
        took.get((took.len() * percent / 100).min(last))
            .map_or_else(|| "-".to_owned(), |took| format!("{:.1} ms", took.as_secs_f64() * 1000.0))
    }

    fn add(&mut self, start: Instant, answered: bool) {
        self.took.push(start.elapsed());
        self.lost += usize::from(!answered);
    }
}

/// Reviews as an API server sends them: over a connection that is kept for as long as it lasts.
async fn reviews(client: &Client, end: Instant) -> Seen {
    let reviews = Mutex::new(Seen::default());
    let one = async || {
        let mut connection = None;
        let mut reviews_sent = REVIEWS.iter().cycle();
        while Instant::now() < end {
            let Some((path, name)) = reviews_sent.next() else { return };
            let review = read(&format!("{name}.json")).unwrap()["request"].take();
            let start = Instant::now();
            let answer = time::timeout(LONGEST, async {
                if connection.is_none() {
                    connection = Some(client.http2().await?);
                }
                match &mut connection {
                    Some(connection) => connection.send(client::review_of(path, &review)).await,
                    None => Err("no connection".into()),
                }
            });
            let answered = matches!(answer.await, Ok(Ok(answer)) if answer.code == 200
                && !answer.text().contains("too many lookups") && answer.json()["response"]["allowed"] == true);
            reviews.lock().unwrap().add(start, answered);
            if !answered {
                connection = None;
            }
            time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::join!(one(), one());
    reviews.into_inner().unwrap()
}

/// Probes as a kubelet sends them: each over a connection of its own.
async fn probes(client: &Client, end: Instant) -> Seen {
    let mut probes = Seen::default();
    while Instant::now() < end {
        let start = Instant::now();
        let answer = client.send(request(Method::GET, "/readyz", None, ""));
        let answer = time::timeout(LONGEST, answer).await;
        probes.add(start, matches!(answer, Ok(Ok(answer)) if answer.code == 200));
        time::sleep(Duration::from_millis(200)).await;
    }
    probes
}

const REVIEWS: [(&str, &str); 2] =
    [("/mutate?timeout=10s", "pod-level.mutate"), ("/validate?timeout=10s", "pod-level.validate")];

/// The most memory that a process ever had, in MiB, where the system tells.
fn resident(id: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    most.trim().trim_end_matches(" kB").parse::<f64>().ok().map(|kib| kib / 1024.0)
}

fn read(name: &str) -> Result<Value, Error> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../gmsa-admission/tests/vectors/admission");
    Ok(serde_json::from_slice(&fs::read(folder.join(name))?)?)
}

/// Starts the webhook with the settings of an installation.
async fn start(program: Option<&Path>) -> Result<(Client, Child), Error> {
    let api = stand_in(read("cluster.json")?).await?;
    let (authority, folder) = (Authority::new("attack"), folder());
    authority.issue("webhook").publish(&folder);
    let kubeconfig = folder.join("kubeconfig");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "stand-in",
        "clusters": [{"name": "stand-in", "cluster": {"server": format!("http://{api}")}}],
        "users": [{"name": "webhook", "user": {}}],
        "contexts": [{"name": "stand-in", "context": {"cluster": "stand-in", "user": "webhook"}}],
    });
    fs::write(&kubeconfig, config.to_string())?;
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let beside =
        env::current_exe()?.with_file_name("..").join(format!("gmsa-webhook{}", env::consts::EXE_SUFFIX));
    let program = program.unwrap_or(&beside);
    let child = Command::new(program)
        .env("KUBECONFIG", kubeconfig)
        .envs([("TLS_CRT", folder.join("crt")), ("TLS_KEY", folder.join("key"))])
        .env("HTTPS_PORT", address.port().to_string())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{}: {error}; build it first, see --help", program.display()))?;
    let client = Client::new(address, &authority.pem(), None);
    while client.http1().await.is_err() || client.get("/readyz").await.code != 200 {
        time::sleep(Duration::from_millis(10)).await;
    }
    Ok((client, child))
}

/// The API server, on a thread of its own.
async fn stand_in(cluster: Value) -> Result<SocketAddr, Error> {
    let (sender, address) = oneshot::channel();
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async move {
            let api = StandIn::start(&cluster).await;
            api.put(attacks::LARGE, attacks::large_contents());
            let _ = sender.send(api.address());
            std::future::pending::<()>().await;
        });
    });
    Ok(address.await?)
}
