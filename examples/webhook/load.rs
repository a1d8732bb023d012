//! Measures the webhook: how many reviews, how fast, for how much processor and memory; or what it costs a cluster.

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
    process::ExitCode,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use serde_json::{Value, json};
use tokio::{
    process::{Child, Command},
    runtime,
    sync::oneshot,
};

#[allow(dead_code, unreachable_pub, reason = "what the tests need and a measurement does not")]
#[path = "tests/webhook/live/api.rs"]
mod api;
#[allow(dead_code, unreachable_pub, reason = "what the tests need and a measurement does not")]
#[path = "tests/webhook/certificates.rs"]
mod certificates;
#[allow(dead_code, unreachable_pub, reason = "what the tests need and a measurement does not")]
#[path = "tests/webhook/client.rs"]
mod client;
#[allow(unreachable_pub, reason = "a module of one program")]
#[path = "load/cluster.rs"]
mod cluster;
#[allow(dead_code, unreachable_pub, reason = "what the tests need and a measurement does not")]
#[path = "tests/webhook/live/installation.rs"]
mod installation;
#[allow(dead_code, unreachable_pub, reason = "what the tests need and a measurement does not")]
#[path = "tests/webhook/stand_in.rs"]
mod stand_in;

use certificates::{Authority, folder};
use client::{Client, Error, review_of};
use stand_in::StandIn;

/// Measures the webhook with recorded reviews: reviews per second, latency, processor time and resident memory.
///
/// By itself it starts the webhook that was built beside it, with an API server stand-in in this process that answers
/// every access review. With --address it measures one that runs already, such as another implementation.
#[derive(Parser)]
#[command(name = "load", after_help = EXAMPLES)]
struct Arguments {
    /// How many reviews to send.
    #[arg(long, default_value_t = 100_000, value_name = "NUMBER")]
    reviews: usize,

    /// Over how many connections, one review at a time on each.
    #[arg(long, default_value_t = 16, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,

    /// A webhook that runs already.
    #[arg(long, value_name = "ADDRESS", requires = "ca")]
    address: Option<SocketAddr>,

    /// The CA of its certificate, which must be for `localhost`.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Its process, for processor time and memory, which are known on Linux only.
    #[arg(long, value_name = "ID")]
    pid: Option<u32>,

    /// Measures in the cluster of this kubeconfig instead, where pods are created for it: without a webhook, with the
    /// one that was built beside this program, and with policies. Namespaces that it makes are all that is touched.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["address", "reviews", "connections"])]
    kubeconfig: Option<PathBuf>,

    /// Measures a webhook beside them that is registered for the namespaces with the label `gmsa-load=NAME` alone;
    /// ID is its process. May be given more than once.
    #[arg(long, value_name = "NAME[=ID]", requires = "kubeconfig")]
    registered: Vec<cluster::Registered>,

    /// How many gMSA pods to create in each of these ways, by one client and by eight; and as many plain ones.
    #[arg(long, default_value_t = 500, value_name = "NUMBER", requires = "kubeconfig")]
    pods: usize,
}

const EXAMPLES: &str = "\
Examples:
  cargo build --release --bins --examples -p gmsa-webhook-example
  target/release/examples/load
  target/release/examples/load --address 127.0.0.1:8443 --ca ca.pem --pid 4711
  target/release/examples/load --kubeconfig kind.yaml --registered upstream=4711";

/// What is sent: a pod that is expanded, the same pod checked, and one that is refused.
const REVIEWS: [(&str, &str); 4] = [
    ("/mutate?timeout=10s", "pod-level.mutate"),
    ("/validate?timeout=10s", "pod-level.validate"),
    ("/mutate?timeout=10s", "unauthorized.mutate"),
    ("/validate?timeout=10s", "unauthorized.validate"),
];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::from)
        .and_then(|runtime| runtime.block_on(run(arguments)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Error> {
    if let Some(kubeconfig) = &arguments.kubeconfig {
        return cluster::run(kubeconfig, &program()?, &arguments.registered, arguments.pods).await;
    }
    let (target, _child) = match (arguments.address, &arguments.ca) {
        (Some(address), Some(ca)) => {
            let client = Client::new(address, &fs::read_to_string(ca)?, None);
            (Target { client, process: arguments.pid.map(Process) }, None)
        }
        _ => {
            let (target, child) = start().await?;
            (target, Some(child))
        }
    };
    // The first reviews fill caches of all sorts.
    target.send(1_000, arguments.connections).await?;
    let before = target.usage()?;
    let start = Instant::now();
    let tenth = arguments.reviews.div_ceil(10);
    let mut latencies = Vec::with_capacity(arguments.reviews);
    let mut memory = Vec::new();
    while latencies.len() < arguments.reviews {
        latencies.extend(target.send(tenth, arguments.connections).await?);
        memory.extend(target.usage()?.map(|usage| usage.resident_kib));
    }
    let took = start.elapsed();
    latencies.sort_unstable();
    let number = latencies.len();
    let percentile = |percent: usize| latencies.get(number * percent / 100).copied().unwrap_or_default();
    println!("{number} reviews over {} connections in {:.1} s", arguments.connections, took.as_secs_f64());
    println!("{:.0} reviews/s", number as f64 / took.as_secs_f64());
    println!("p50 {:.2} ms, p99 {:.2} ms", millis(percentile(50)), millis(percentile(99)));
    match (before, target.usage()?) {
        (Some(before), Some(after)) => {
            let seconds = after.cpu_seconds - before.cpu_seconds;
            println!("{:.2} CPU seconds per 10000 reviews", seconds * 10_000.0 / number as f64);
            let memory: Vec<_> = memory.iter().map(|kib| format!("{:.1}", *kib as f64 / 1024.0)).collect();
            println!("resident, after each tenth: {} MiB", memory.join(" "));
        }
        _ if target.process.is_some() => println!("CPU seconds, resident: not known here, only on Linux"),
        _ => {}
    }
    Ok(())
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// What is measured.
struct Target {
    client: Client,
    process: Option<Process>,
}

impl Target {
    /// Sends so many reviews, and tells how long each took.
    async fn send(&self, number: usize, connections: u16) -> Result<Vec<Duration>, Error> {
        let mut reviews = Vec::new();
        for (path, name) in REVIEWS {
            reviews.push((path, read(&format!("{name}.json"))?["request"].take()));
        }
        let reviews = Arc::new(reviews);
        let each = number.div_ceil(usize::from(connections));
        let tasks: Vec<_> = (0..connections)
            .map(|_| {
                let (client, reviews) = (self.client.clone(), Arc::clone(&reviews));
                tokio::spawn(async move {
                    let mut connection = client.http1().await?;
                    let mut latencies = Vec::with_capacity(each);
                    for (path, review) in reviews.iter().cycle().take(each) {
                        let request = review_of(path, review);
                        let start = Instant::now();
                        let answer = connection.send(request).await?;
                        latencies.push(start.elapsed());
                        if answer.code != 200 || answer.text().contains("try again") {
                            return Err(format!("{path}: {} {}", answer.code, answer.text()).into());
                        }
                    }
                    Ok::<_, Error>(latencies)
                })
            })
            .collect();
        let mut latencies = Vec::with_capacity(number);
        for task in tasks {
            latencies.extend(task.await??);
        }
        Ok(latencies)
    }

    /// What its process has used, if there is one and the system tells.
    fn usage(&self) -> Result<Option<Usage>, Error> {
        match &self.process {
            Some(process) if cfg!(target_os = "linux") => process.usage().map(Some),
            _ => Ok(None),
        }
    }
}

/// A process, as Linux tells about it.
struct Process(u32);

struct Usage {
    cpu_seconds: f64,
    resident_kib: u64,
}

impl Process {
    fn usage(&self) -> Result<Usage, Error> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        // The name, in parentheses, may hold anything. After it, time in user mode and in the kernel are the 12th and
        // 13th, in hundredths of seconds on every Linux that people run.
        let (_, fields) = stat.rsplit_once(')').ok_or("no process")?;
        let ticks: Vec<f64> =
            fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse().ok()).collect();
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no memory")?;
        let resident_kib = resident.trim().trim_end_matches(" kB").parse()?;
        Ok(Usage { cpu_seconds: ticks.iter().sum::<f64>() / 100.0, resident_kib })
    }
}

fn read(name: &str) -> Result<Value, Error> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../gmsa-admission/tests/vectors/admission");
    Ok(serde_json::from_slice(&fs::read(folder.join(name))?)?)
}

/// The webhook that was built beside this program: examples have a folder of their own.
fn program() -> Result<PathBuf, Error> {
    let this = env::current_exe()?;
    let folder = this.parent().and_then(Path::parent).ok_or("this program is in no folder")?;
    Ok(folder.join(format!("gmsa-webhook{}", env::consts::EXE_SUFFIX)))
}

/// Starts the webhook that was built beside this program.
async fn start() -> Result<(Target, Child), Error> {
    let api = stand_in(read("cluster.json")?).await?;
    let (authority, folder) = (Authority::new("load"), folder());
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
    let program = program()?;
    let child = Command::new(&program)
        .env("KUBECONFIG", kubeconfig)
        .envs([("TLS_CRT", folder.join("crt")), ("TLS_KEY", folder.join("key"))])
        .envs([("HTTPS_PORT", address.port().to_string().as_str()), ("QPS", "1000000"), ("BURST", "1000")])
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{}: {error}; build it first, see --help", program.display()))?;
    let client = Client::new(address, &authority.pem(), None);
    while client.http1().await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    while client.get("/readyz").await.code != 200 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let process = child.id().map(Process);
    Ok((Target { client, process }, child))
}

/// The API server, on a thread of its own.
async fn stand_in(cluster: Value) -> Result<SocketAddr, Error> {
    let (sender, address) = oneshot::channel();
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async move {
            let api = StandIn::start(&cluster).await;
            let _ = sender.send(api.address());
            std::future::pending::<()>().await;
        });
    });
    Ok(address.await?)
}
