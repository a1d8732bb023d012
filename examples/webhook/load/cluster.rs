//! What a gMSA pod costs in a real cluster: without a webhook, with others, with this one, and with policies.

use std::{
    fs,
    path::Path,
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    Process,
    api::Api,
    client::Error,
    installation::{self, Installation, LABEL, Program, sum},
};

/// A webhook that is registered for the namespaces with the label `gmsa-load=NAME`.
#[derive(Debug, Clone)]
pub struct Registered {
    name: String,
    process: Option<u32>,
}

/// The label of the namespaces of the others.
const OTHERS: &str = "gmsa-load";
const ACCOUNT: &str = "load";
const CLIENTS: usize = 8;
/// Each setup has its turn so many times: what else the machine does is shared by all.
const ROUNDS: usize = 5;

impl FromStr for Registered {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, process) = text.split_once('=').map_or((text, None), |(name, id)| (name, Some(id)));
        let process = process.map(|id| id.parse().map_err(|_| format!("`{id}` is not a process id")));
        Ok(Self { name: name.to_owned(), process: process.transpose()? })
    }
}

/// One way to have gMSA pods checked, and what was measured of it.
struct Setup {
    name: String,
    namespace: String,
    /// The names of what is called, as the API server's metrics have them.
    mutating: Vec<String>,
    validating: Vec<String>,
    process: Option<Process>,
    figures: Figures,
}

#[derive(Default)]
struct Figures {
    gmsa: Vec<Duration>,
    plain: Vec<Duration>,
    calls: [Sum; 3],
    webhook_cpu: f64,
    server_cpu: f64,
    together: [Sum; 2],
    resident_kib: u64,
}

/// Seconds, and how many times.
#[derive(Default, Clone, Copy)]
struct Sum {
    seconds: f64,
    count: f64,
}

impl Sum {
    fn millis(self) -> Option<f64> {
        (self.count > 0.0).then_some(1000.0 * self.seconds / self.count)
    }

    fn rate(self) -> Option<f64> {
        (self.seconds > 0.0).then_some(self.count / self.seconds)
    }
}

/// Measures, prints, and removes what it made.
pub async fn run(
    kubeconfig: &Path,
    program: &Path,
    registered: &[Registered],
    pods: usize,
) -> Result<(), Error> {
    let api = Api::connect(kubeconfig).await?;
    let name = format!("gmsa-load-{}", std::process::id());
    let installation = Installation::install(api.clone(), &name).await?;
    let mut run = Run { api, installation, policies: Vec::new(), setups: Vec::new() };
    let result = run.measure(program, registered, pods).await;
    let removed = run.remove().await;
    result.and(removed)?;
    run.print();
    Ok(())
}

struct Run {
    api: Api,
    installation: Installation,
    policies: Vec<Value>,
    setups: Vec<Setup>,
}

impl Run {
    async fn measure(&mut self, program: &Path, registered: &[Registered], pods: usize) -> Result<(), Error> {
        let name = self.installation.name.clone();
        let spec = json!({
            "apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec",
            "metadata": {"name": name, "labels": {LABEL: name}}, "credspec": document(),
        });
        self.api.create(&spec).await?;
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": format!("{name}-use"), "labels": {LABEL: name}},
            "rules": [{
                "apiGroups": ["windows.k8s.io"], "resources": ["gmsacredentialspecs"], "verbs": ["use"],
                "resourceNames": [name],
            }],
        });
        self.api.create(&role).await?;

        self.set_up("no webhook", json!({}), None).await?;
        for registered in registered {
            let process = registered.process.map(Process);
            self.set_up(&registered.name, json!({OTHERS: registered.name}), process).await?;
        }
        let settings = [("QPS", "1000000"), ("BURST", "1000")];
        let webhook = Program::start(program, &self.installation, &settings).await?;
        let kinds = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];
        self.installation.register(webhook.address.port(), &kinds).await?;
        self.set_up("gmsa-webhook", json!({LABEL: name}), webhook.child.id().map(Process)).await?;
        self.enforce_policies(&spec).await?;
        self.set_up("policies", json!({OTHERS: name}), None).await?;

        for setup in &mut self.setups {
            setup.settle(&self.api, &name).await?;
        }
        for _ in 0..ROUNDS {
            for setup in &mut self.setups {
                setup.measure(&self.api, &name, pods.div_ceil(ROUNDS)).await?;
            }
        }
        Ok(())
    }

    /// Makes a namespace with these labels, and finds out what is called for its pods.
    async fn set_up(&mut self, name: &str, labels: Value, process: Option<Process>) -> Result<(), Error> {
        let installation = &self.installation.name;
        let namespace = format!("{installation}-{}", self.setups.len());
        let group = "rbac.authorization.k8s.io";
        for object in [
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}),
            json!({
                "apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": {"name": ACCOUNT, "namespace": namespace},
            }),
            json!({
                "apiVersion": format!("{group}/v1"), "kind": "RoleBinding",
                "metadata": {"name": "use", "namespace": namespace},
                "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}],
                "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": format!("{installation}-use")},
            }),
        ] {
            self.api.create(&object).await?;
        }
        let [mut mutating, mut validating] = [Vec::new(), Vec::new()];
        for (kind, names) in [("mutating", &mut mutating), ("validating", &mut validating)] {
            let path = format!("/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations");
            let list = self.api.get(&path).await?.ok()?;
            let configurations = list["items"].as_array().into_iter().flatten();
            let webhooks = configurations.flat_map(|item| item["webhooks"].as_array().into_iter().flatten());
            names.extend(
                webhooks.filter(|webhook| selects(webhook, &labels)).map(|webhook| text(&webhook["name"])),
            );
        }
        if self.policies.iter().any(|policy| selects(&policy["spec"]["matchResources"], &labels)) {
            mutating.push(installation.clone());
            validating.push(installation.clone());
        }
        let figures = Figures::default();
        self.setups.push(Setup { name: name.to_owned(), namespace, mutating, validating, process, figures });
        Ok(())
    }

    /// Applies what `deploy --policies` renders, under a name that nothing else has.
    async fn enforce_policies(&mut self, spec: &Value) -> Result<(), Error> {
        let name = &self.installation.name;
        let file = self.installation.folder.join("credential-specs.json");
        fs::write(&file, spec.to_string())?;
        let (file, label) = (file.display().to_string(), format!("{OTHERS}={name}"));
        let arguments =
            ["--policies", "--credential-specs", &file, "--only-namespaces", &label, "--output", "json"];
        for mut object in installation::deploy(&arguments).await? {
            if object["kind"] == "CustomResourceDefinition" {
                continue;
            }
            object["metadata"]["name"] = name.as_str().into();
            if object["spec"]["policyName"].is_string() {
                object["spec"]["policyName"] = name.as_str().into();
            }
            self.api.apply(&object).await?;
            self.policies.push(object);
        }
        Ok(())
    }

    async fn remove(&self) -> Result<(), Error> {
        for object in self.policies.iter().rev() {
            let path = crate::api::collection(object)?;
            self.api.delete(&format!("{path}/{}", self.installation.name)).await?;
        }
        for setup in &self.setups {
            self.api.delete(&format!("/api/v1/namespaces/{}", setup.namespace)).await?;
        }
        self.installation.remove().await
    }

    fn print(&self) {
        println!(
            "| | POST of a gMSA pod | mutate call | validate call | access review | plain pod | gMSA pods/s | plain pods/s \
             | CPU webhook | CPU API server | resident |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|");
        let Some(first) = self.setups.first().map(|setup| setup.figures.columns()) else { return };
        for setup in &self.setups {
            let cells = setup.figures.columns().into_iter().zip(first).zip(COLUMNS);
            let cells = cells.map(|((value, first), (precision, has_ratio))| match (value, first) {
                (None, _) => String::new(),
                (Some(value), Some(first)) if has_ratio && setup.name != self.setups[0].name => {
                    format!("{value:.precision$} ({:.2})", value / first)
                }
                (Some(value), _) => format!("{value:.precision$}"),
            });
            println!("| {} | {} |", setup.name, cells.collect::<Vec<_>>().join(" | "));
        }
        println!(
            "\nMilliseconds a pod, MiB; in parentheses as a multiple of no webhook. POST and plain pod: one client, median; \
             calls: mean, by the API server's metrics (for policies: their CEL, where it counts that); pods/s: {CLIENTS} clients."
        );
        let Some(ours) = self.setups.iter().find(|setup| setup.name == "gmsa-webhook") else { return };
        println!("\nThe webhook's figures as a multiple of those of another:");
        for other in self.setups.iter().filter(|setup| setup.name != ours.name) {
            let pairs = ours.figures.columns().into_iter().zip(other.figures.columns()).zip(NAMES);
            let ratios =
                pairs.filter_map(|((ours, other), name)| Some(format!("{name} {:.2}", ours? / other?)));
            println!("- {}: {}", other.name, ratios.collect::<Vec<_>>().join(", "));
        }
    }
}

/// How many digits of each column, and whether it is compared with no webhook.
const COLUMNS: [(usize, bool); 10] = [
    (2, true),
    (2, false),
    (2, false),
    (2, false),
    (2, true),
    (0, true),
    (0, true),
    (2, false),
    (2, true),
    (1, false),
];
const NAMES: [&str; 10] = [
    "POST",
    "mutate",
    "validate",
    "access review",
    "plain pod",
    "gMSA pods/s",
    "plain pods/s",
    "CPU webhook",
    "CPU API server",
    "resident",
];

impl Figures {
    fn columns(&self) -> [Option<f64>; 10] {
        let pods = self.gmsa.len() as f64;
        let cpu = |seconds: f64| (seconds > 0.0).then_some(1000.0 * seconds / pods);
        let [mutate, validate, access] = self.calls.map(Sum::millis);
        let [gmsa, plain] = self.together.map(Sum::rate);
        let resident = (self.resident_kib > 0).then_some(self.resident_kib as f64 / 1024.0);
        let (whole, whole_plain) = (median(&self.gmsa), median(&self.plain));
        let (webhook, server) = (cpu(self.webhook_cpu), cpu(self.server_cpu));
        [whole, mutate, validate, access, whole_plain, gmsa, plain, webhook, server, resident]
    }
}

fn median(durations: &[Duration]) -> Option<f64> {
    let mut durations = durations.to_vec();
    durations.sort_unstable();
    durations.get(durations.len() / 2).map(|duration| 1000.0 * duration.as_secs_f64())
}

impl Setup {
    fn pods(&self) -> String {
        format!("/api/v1/namespaces/{}/pods", self.namespace)
    }

    /// Waits until gMSA pods are admitted, and expanded if anything is called for them.
    async fn settle(&mut self, api: &Api, spec: &str) -> Result<(), Error> {
        let mut last = Value::Null;
        for _ in 0..300 {
            let reply = api.post(&format!("{}?dryRun=All", self.pods()), &pod(Some(spec))).await?;
            let is_expanded =
                reply.body["spec"]["securityContext"]["windowsOptions"]["gmsaCredentialSpec"].is_string();
            // One that does nothing expands nothing; it takes a moment until it is called, too.
            if reply.is_success() && (is_expanded || self.mutating.is_empty() || !last.is_null()) {
                self.create(api, Some(spec), 20).await?;
                self.create(api, None, 20).await?;
                return self.clear(api).await;
            }
            if reply.is_success() {
                last = reply.body;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Err(format!("{}: no gMSA pod is admitted", self.name).into())
    }

    async fn clear(&self, api: &Api) -> Result<(), Error> {
        api.delete(&self.pods()).await?.ok().map(drop)
    }

    /// Creates so many pods, one after the other.
    async fn create(&self, api: &Api, spec: Option<&str>, number: usize) -> Result<Vec<Duration>, Error> {
        create(api, &self.pods(), &pod(spec), number).await
    }

    /// Creates pods from several clients at once.
    async fn create_together(&self, api: &Api, spec: Option<&str>, number: usize) -> Result<Sum, Error> {
        let (path, pod, each) = (Arc::new(self.pods()), Arc::new(pod(spec)), number.div_ceil(CLIENTS));
        let start = Instant::now();
        let tasks = [(); CLIENTS].map(|()| {
            let (api, path, pod) = (api.clone(), Arc::clone(&path), Arc::clone(&pod));
            tokio::spawn(async move { create(&api, &path, &pod, each).await })
        });
        for task in tasks {
            task.await??;
        }
        Ok(Sum { seconds: start.elapsed().as_secs_f64(), count: (each * CLIENTS) as f64 })
    }

    async fn measure(&mut self, api: &Api, spec: &str, number: usize) -> Result<(), Error> {
        let before = self.counters(api).await?;
        let gmsa = self.create(api, Some(spec), number).await?;
        let after = self.counters(api).await?;
        let plain = self.create(api, None, number).await?;
        self.clear(api).await?;
        let together = [
            self.create_together(api, Some(spec), number).await?,
            self.create_together(api, None, number).await?,
        ];
        self.clear(api).await?;

        self.figures.gmsa.extend(gmsa);
        self.figures.plain.extend(plain);
        for (total, (before, after)) in
            self.figures.calls.iter_mut().zip(before.calls.into_iter().zip(after.calls))
        {
            total.seconds += after.seconds - before.seconds;
            total.count += after.count - before.count;
        }
        for (total, sum) in self.figures.together.iter_mut().zip(together) {
            total.seconds += sum.seconds;
            total.count += sum.count;
        }
        self.figures.server_cpu += after.server_cpu - before.server_cpu;
        self.figures.webhook_cpu += after.webhook_cpu - before.webhook_cpu;
        self.figures.resident_kib = after.resident_kib;
        Ok(())
    }

    /// What the API server has counted, and what the webhook's process has used.
    async fn counters(&self, api: &Api) -> Result<Counters, Error> {
        let usage = match &self.process {
            Some(process) if cfg!(target_os = "linux") => Some(process.usage()?),
            _ => None,
        };
        let text = api.text("/metrics").await?;
        let read = |metric: &str, labels: &str| Sum {
            seconds: sum(&text, &format!("{metric}_sum"), labels),
            count: sum(&text, &format!("{metric}_count"), labels),
        };
        // A webhook's metrics have its name; a policy's have the policy's.
        let called = |names: &[String], kind: &str, policy: &str| {
            let mut total = Sum::default();
            for name in names {
                for (metric, labels) in [
                    (
                        "apiserver_admission_webhook_admission_duration_seconds",
                        format!("name=\"{name}\",operation=\"CREATE\",rejected=\"false\",type=\"{kind}\""),
                    ),
                    (policy, format!("policy=\"{name}\"")),
                ] {
                    let one = read(metric, &labels);
                    total.seconds += one.seconds;
                    total.count += one.count;
                }
            }
            total
        };
        let mutating = "apiserver_mutating_admission_policy_check_duration_seconds";
        let validating = "apiserver_validating_admission_policy_check_duration_seconds";
        // The API server does not tell who asks; policies ask without a request.
        let access = match self.process {
            Some(_) => read("apiserver_request_duration_seconds", "resource=\"localsubjectaccessreviews\""),
            None => Sum::default(),
        };
        let calls = [
            called(&self.mutating, "admit", mutating),
            called(&self.validating, "validating", validating),
            access,
        ];
        Ok(Counters {
            calls,
            server_cpu: sum(&text, "process_cpu_seconds_total", ""),
            webhook_cpu: usage.as_ref().map_or(0.0, |usage| usage.cpu_seconds),
            resident_kib: usage.map_or(0, |usage| usage.resident_kib),
        })
    }
}

struct Counters {
    calls: [Sum; 3],
    server_cpu: f64,
    webhook_cpu: f64,
    resident_kib: u64,
}

async fn create(api: &Api, path: &str, pod: &Value, number: usize) -> Result<Vec<Duration>, Error> {
    let mut took = Vec::with_capacity(number);
    for _ in 0..number {
        let reply = api.post(path, pod).await?;
        took.push(reply.took);
        reply.ok()?;
    }
    Ok(took)
}

/// Whether a webhook or a binding is for the namespaces with these labels and no others.
fn selects(resources: &Value, labels: &Value) -> bool {
    let selector = &resources["namespaceSelector"];
    let exact = selector["matchLabels"].as_object().into_iter().flatten();
    let exact: Vec<_> = exact.map(|(key, value)| labels[key] == *value).collect();
    let expressions = selector["matchExpressions"].as_array().into_iter().flatten();
    let expressions = expressions.map(|expression| {
        let values = expression["values"].as_array().into_iter().flatten();
        let label = &labels[expression["key"].as_str().unwrap_or_default()];
        expression["operator"] == "In" && values.into_iter().any(|value| value == label)
    });
    let requirements: Vec<_> = exact.into_iter().chain(expressions).collect();
    !requirements.is_empty() && requirements.into_iter().all(|holds| holds)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pod(spec: Option<&str>) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "load-"},
        "spec": {
            "serviceAccountName": ACCOUNT, "automountServiceAccountToken": false,
            // So that no node runs it.
            "nodeSelector": {"kubernetes.io/os": "windows"},
            "containers": [{"name": "app", "image": "registry.k8s.io/pause:3.10"}],
        },
    });
    if let Some(spec) = spec {
        pod["spec"]["securityContext"] = json!({"windowsOptions": {"gmsaCredentialSpecName": spec}});
    }
    pod
}

fn document() -> Value {
    json!({
        "ActiveDirectoryConfig": {"GroupManagedServiceAccounts": [
            {"Name": "WebApp01", "Scope": "CONTOSO"}, {"Name": "WebApp01", "Scope": "contoso.com"},
        ]},
        "CmsPlugins": ["ActiveDirectory"],
        "DomainJoinConfig": {
            "DnsName": "contoso.com", "DnsTreeName": "contoso.com",
            "Guid": "244818ae-87ca-4fcd-92ec-e79e5252348a", "MachineAccountName": "WebApp01",
            "NetBiosName": "CONTOSO", "Sid": "S-1-5-21-2126729477-2524075714-3094792973",
        },
    })
}
