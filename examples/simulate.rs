//! Plays gMSA admission for a folder of manifests: which identity each container gets, or why not.

use std::{collections::BTreeSet, fmt::Write as _, path::PathBuf, process::ExitCode};

use clap::{Parser, ValueEnum};
use gmsa_admission::{
    Place, Policy, Snapshot,
    api_server::{FieldError, check_object, prune},
    simulate::{Refusal, RefusedField, Simulation, simulate},
    workload::WorkloadKind,
};
use gmsa_examples::{
    cluster, finding,
    manifest::{self, Manifest, ManifestError},
    policies::{Outcome, Policies},
    program::{self, BAD, FAINT, GOOD, NOTE, bad_input, print, print_exactly, styled},
};
use gmsa_types::{CredentialSpecName, finding::Finding};
use serde_json::{Value, json};

/// Plays gMSA admission for Kubernetes manifests, with no cluster at hand.
///
/// Reads credential specs, RBAC objects and workloads, and takes each workload's pod through the API server's own
/// checks, the mutating webhook and the validating webhook. Prints which credential spec each container gets and
/// through which role and binding, or why the pod is denied and how to mend that. Says too what admission lets pass and
/// what will not work: the rules GC707, GC709 and GC710 of `gmsa_admission::lint`.
#[derive(Parser)]
#[command(name = "simulate", after_help = EXAMPLES)]
struct Arguments {
    /// Files or folders of manifests in YAML or JSON; `-` is the standard input.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// How to print.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,

    /// Give pods with gMSA and no hostname one of their own, as the webhook does with RANDOM_HOSTNAME.
    #[arg(long)]
    random_hostname: bool,

    /// Evaluate the admission policies too, and compare them with the webhook.
    #[arg(long, conflicts_with = "random_hostname")]
    policies: bool,
}

const EXAMPLES: &str = "\
Examples:
  simulate examples/manifests/webapp1
  simulate --output json deploy/ extra.yaml
  simulate --policies deploy/
  kustomize build . | simulate -
  simulate --output yaml deploy/ | kubectl apply --dry-run=server -f -

Exit codes:
  0  every workload is admitted
  1  something is denied, or policies and webhook disagree
  2  the input cannot be used; nothing is printed on the standard output";

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    /// A story to read.
    Text,
    /// The same as data.
    Json,
    /// The pods as they would be stored, contents included.
    Yaml,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let policy = Policy::default().with_random_hostname(arguments.random_hostname);
    let manifests = match manifest::read(&arguments.paths) {
        Ok(manifests) => manifests,
        Err(errors) => return bad_input(errors),
    };
    let report = match Report::of(&manifests, &policy, arguments.policies) {
        Ok(report) => report,
        Err(errors) => return bad_input(errors),
    };
    let code = if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(1) };
    match arguments.output {
        Output::Text => print(&report.text(), code),
        Output::Json => print_exactly(&format!("{:#}\n", report.json()), code),
        Output::Yaml => match report.yaml() {
            Ok(yaml) => {
                for (workload, refusal) in report.denied() {
                    anstream::eprintln!(
                        "{BAD}denied{BAD:#}: {}: {}",
                        title(&workload.simulation),
                        refusal.message()
                    );
                }
                for (workload, disagreement) in report.disagreements() {
                    anstream::eprintln!(
                        "{BAD}disagreement{BAD:#}: {}: {disagreement}",
                        title(&workload.simulation)
                    );
                }
                print_exactly(&yaml, code)
            }
            Err(error) => bad_input([error]),
        },
    }
}

/// What became of all manifests.
struct Report<'m> {
    objects: Vec<Object<'m>>,
    workloads: Vec<Workload<'m>>,
    policies: Option<Policies>,
}

/// An object that is no workload and that something is to be said about.
struct Object<'m> {
    manifest: &'m Manifest,
    errors: Vec<FieldError>,
    pruned: Vec<String>,
}

struct Workload<'m> {
    manifest: &'m Manifest,
    simulation: Simulation,
    notes: Vec<String>,
    findings: Vec<Finding>,
    judged: Option<Judged>,
}

/// What the policies make of it.
struct Judged {
    outcome: Outcome,
    disagreement: Option<&'static str>,
}

impl<'m> Report<'m> {
    fn of(
        manifests: &'m [Manifest],
        policy: &Policy,
        with_policies: bool,
    ) -> Result<Self, Vec<ManifestError>> {
        let mut cluster = Snapshot::default();
        let mut objects = Vec::new();
        let mut bad = Vec::new();
        for manifest in manifests.iter().filter(|manifest| !is_workload(&manifest.object)) {
            let mut stored = manifest.clone();
            let pruned = prune(&mut stored.object);
            let errors = check_object(&manifest.object);
            if errors.is_empty() {
                bad.extend(cluster::apply(&mut cluster, &stored).err());
            }
            if !errors.is_empty() || !pruned.is_empty() {
                objects.push(Object { manifest, errors, pruned });
            }
        }
        cluster::settle(&mut cluster);
        let policies = match with_policies.then(|| Policies::of(&cluster)).transpose() {
            Ok(policies) => policies,
            Err(error) => {
                bad.push(ManifestError {
                    file: "the credential specs".to_owned(),
                    place: None,
                    message: error.to_string(),
                    remedy: "leave out --policies",
                });
                return Err(bad);
            }
        };
        let present = Present::of(manifests);
        let mut workloads = Vec::new();
        for manifest in manifests {
            match simulate(&cluster, &manifest.object, policy) {
                Ok(Some(simulation)) => {
                    let mut notes = present.notes(&simulation);
                    notes.extend(objects.iter().filter_map(|object| object.explains(&simulation)));
                    let judged = policies.as_ref().map(|policies| {
                        let outcome = policies.play(&manifest.object, &simulation);
                        Judged { disagreement: policies.disagreement(&simulation, &outcome), outcome }
                    });
                    let findings = finding::beside_admission(&manifest.object, &cluster);
                    workloads.push(Workload { manifest, simulation, notes, findings, judged });
                }
                Ok(None) => {}
                Err(error) => bad.push(ManifestError {
                    file: manifest.file.clone(),
                    place: Some((manifest.line, 1)),
                    message: error.to_string(),
                    remedy: "correct the workload that starts there",
                }),
            }
        }
        if bad.is_empty() { Ok(Self { objects, workloads, policies }) } else { Err(bad) }
    }

    fn denied(&self) -> impl Iterator<Item = (&Workload<'m>, &Refusal)> {
        self.workloads.iter().filter_map(|workload| Some((workload, workload.simulation.refusal()?)))
    }

    fn disagreements(&self) -> impl Iterator<Item = (&Workload<'m>, &'static str)> {
        self.workloads.iter().filter_map(|workload| Some((workload, workload.judged.as_ref()?.disagreement?)))
    }

    fn left_out(&self) -> &[String] {
        self.policies.as_ref().map_or(&[], Policies::left_out)
    }

    fn refused(&self) -> usize {
        self.objects.iter().filter(|object| !object.errors.is_empty()).count()
    }

    fn is_clean(&self) -> bool {
        self.denied().next().is_none() && self.refused() == 0 && self.disagreements().next().is_none()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        for object in &self.objects {
            let _ = object.tell(&mut text);
        }
        for left_out in self.left_out() {
            let _ = writeln!(text, "{}: {left_out}\n", styled(NOTE, "note"));
        }
        for workload in &self.workloads {
            let _ = workload.tell(&mut text);
        }
        let denied = self.denied().count();
        let admitted = self.workloads.len() - denied;
        let _ = write!(
            text,
            "{} {}: {admitted} admitted",
            self.workloads.len(),
            plural(self.workloads.len(), "workload")
        );
        if denied > 0 {
            let _ = write!(text, ", {}", styled(BAD, format_args!("{denied} denied")));
        }
        if self.refused() > 0 {
            let many = self.refused();
            let refused = format!("{many} other {} refused by the API server", plural(many, "object"));
            let _ = write!(text, ", {}", styled(BAD, refused));
        }
        if self.policies.is_some() {
            let _ = match self.disagreements().count() {
                0 => write!(text, "; policies and webhook agree"),
                many => {
                    let disagree = format!("policies and webhook disagree about {many}");
                    write!(text, "; {}", styled(BAD, disagree))
                }
            };
        }
        if self.workloads.is_empty() {
            let _ = write!(text, "; {}: no workload is among the manifests", styled(NOTE, "note"));
        }
        text + "\n"
    }

    fn json(&self) -> Value {
        let place = |manifest: &Manifest| json!({"file": manifest.file, "line": manifest.line});
        let objects: Vec<_> = self
            .objects
            .iter()
            .map(|object| {
                let errors: Vec<_> = object
                    .errors
                    .iter()
                    .map(|error| json!({"field": error.path(), "message": error.to_string(), "fix": error.fix()}))
                    .collect();
                let (kind, name) = (&object.manifest.object["kind"], &object.manifest.object["metadata"]["name"]);
                json!({"source": place(object.manifest), "kind": kind, "name": name, "refused": errors,
                       "prunedFields": object.pruned})
            })
            .collect();
        let workloads: Vec<_> = self
            .workloads
            .iter()
            .map(|workload| {
                let mut report = serde_json::to_value(&workload.simulation).unwrap_or_default();
                report["admitted"] = json!(workload.simulation.refusal().is_none());
                report["source"] = place(workload.manifest);
                report["notes"] = json!(workload.notes);
                report["findings"] = json!(workload.findings);
                if let Some(judged) = &workload.judged {
                    report["policies"] = judged.json();
                }
                report
            })
            .collect();
        let denied = self.denied().count();
        let mut report = json!({
            "workloads": workloads,
            "objects": objects,
            "summary": {"admitted": self.workloads.len() - denied, "denied": denied, "refusedObjects": self.refused()},
        });
        if self.policies.is_some() {
            report["notInIndex"] = json!(self.left_out());
            report["summary"]["disagreements"] = json!(self.disagreements().count());
        }
        report
    }

    fn yaml(&self) -> Result<String, String> {
        let admitted = self.workloads.iter().filter(|workload| workload.simulation.refusal().is_none());
        let pods: Result<Vec<_>, _> =
            admitted.map(|workload| manifest::to_yaml(workload.simulation.pod())).collect();
        Ok(pods?.join("---\n"))
    }
}

impl Object<'_> {
    /// A credential spec that is refused above is missing further down.
    fn explains(&self, simulation: &Simulation) -> Option<String> {
        let name = self.manifest.object.pointer("/metadata/name")?.as_str()?;
        let is_spec = self.manifest.object.get("kind")? == gmsa_types::KIND && !self.errors.is_empty();
        let nearest = CredentialSpecName::nearest(name);
        let meant = nearest.as_ref().map_or(name, CredentialSpecName::as_str);
        let missing = |fault: &RefusedField| fault.message() == format!("cred spec {meant} does not exist");
        (is_spec && simulation.refusal()?.faults().iter().any(missing))
            .then(|| format!("the manifest of {name} is refused, see above"))
    }

    fn tell(&self, text: &mut String) -> std::fmt::Result {
        let object = &self.manifest.object;
        let of = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or("?").to_owned();
        let title = format!("{} {}", of("/kind"), of("/metadata/name"));
        let (style, verdict) = match self.errors.is_empty() {
            true => (NOTE, "accepted, but not whole"),
            false => (BAD, "refused by the API server"),
        };
        writeln!(text, "{title}: {}  {}", styled(style, verdict), source(self.manifest))?;
        for error in &self.errors {
            writeln!(text, "  {error}")?;
            text.extend(error.fix().map(|fix| program::fix(fix, [""; 0])));
        }
        for pointer in &self.pruned {
            writeln!(
                text,
                "  {}: the API server drops `{pointer}`, which the CRD does not know",
                styled(NOTE, "note")
            )?;
        }
        writeln!(text)
    }
}

impl Workload<'_> {
    fn tell(&self, text: &mut String) -> std::fmt::Result {
        let simulation = &self.simulation;
        let verdict = match simulation.refusal() {
            None => styled(GOOD, "admitted"),
            Some(refusal) => {
                styled(BAD, format_args!("denied by {} ({})", refusal.step().as_str(), refusal.code()))
            }
        };
        writeln!(text, "{}: {verdict}  {}", title(simulation), source(self.manifest))?;
        match simulation.refusal() {
            None if simulation.identities().is_empty() => writeln!(text, "  no container uses gMSA")?,
            None => self.tell_identities(text)?,
            Some(refusal) => tell_refusal(text, refusal)?,
        }
        if let Some(judged) = &self.judged {
            judged.tell(text)?;
        }
        text.extend(self.findings.iter().map(finding::in_words));
        for note in simulation.warnings().iter().chain(&self.notes) {
            writeln!(text, "  {}: {note}", styled(NOTE, "note"))?;
        }
        for pointer in simulation.pruned_fields() {
            writeln!(
                text,
                "  {}: the API server drops `{pointer}`, which is no field of its",
                styled(NOTE, "note")
            )?;
        }
        writeln!(text)
    }

    fn tell_identities(&self, text: &mut String) -> std::fmt::Result {
        for identity in self.simulation.identities() {
            let from = if identity.inherited() { ", from the pod" } else { "" };
            let whom = match identity.place() {
                Place::Pod => "the pod's sandbox".to_owned(),
                place => format!("{} {}", place.kind(), identity.container()),
            };
            writeln!(text, "  {whom} runs as {}{from}", styled(GOOD, identity.credential_spec()))?;
            if let Some(grant) = identity.grant() {
                writeln!(
                    text,
                    "    permitted to {} by {} of {}",
                    grant.subject(),
                    grant.binding(),
                    grant.role()
                )?;
            }
        }
        Ok(())
    }
}

impl Judged {
    fn tell(&self, text: &mut String) -> std::fmt::Result {
        match &self.outcome {
            Outcome::Admitted(_) => writeln!(text, "  policies: {}", styled(GOOD, "admitted"))?,
            Outcome::Denied(denial) => {
                let denied = format!("denied ({})", denial.code());
                writeln!(text, "  policies: {}: {}", styled(BAD, denied), denial.message())?;
            }
            Outcome::Refused => {
                writeln!(text, "  policies: the API server refuses it before they are asked")?
            }
        }
        match self.disagreement {
            Some(disagreement) => writeln!(text, "  {}: {disagreement}", styled(BAD, "disagreement")),
            None => Ok(()),
        }
    }

    fn json(&self) -> Value {
        let denial = match &self.outcome {
            Outcome::Denied(denial) => json!({"code": denial.code(), "message": denial.message()}),
            Outcome::Admitted(_) | Outcome::Refused => Value::Null,
        };
        json!({
            "admitted": matches!(self.outcome, Outcome::Admitted(_)),
            "denial": denial,
            "disagreement": self.disagreement,
        })
    }
}

fn tell_refusal(text: &mut String, refusal: &Refusal) -> std::fmt::Result {
    for fault in refusal.faults() {
        writeln!(text, "  {}", fault.message())?;
        if !fault.message().starts_with(fault.field()) {
            writeln!(text, "    at {}", styled(FAINT, fault.field()))?;
        }
        text.extend(fault.fix().map(|fix| program::fix(fix, fault.commands())));
    }
    if refusal.faults().is_empty() {
        writeln!(text, "  {}", refusal.message())?;
    }
    // The first near miss often comes down to the commands that stand above.
    let told: Vec<_> = refusal.faults().iter().map(|fault| fault.commands().join("\n")).collect();
    let several = refusal.near_misses().windows(2).any(|two| match two {
        [one, other] => one.credential_spec() != other.credential_spec(),
        _ => false,
    });
    for hint in refusal.near_misses() {
        let whose = if several { format!(" for {}", hint.credential_spec()) } else { String::new() };
        writeln!(text, "  {}{whose}: {}", styled(NOTE, "near miss"), hint.message())?;
        let fix = hint.fix().filter(|fix| !told.iter().any(|told| told == fix));
        text.extend(fix.map(program::fix_or_commands));
    }
    Ok(())
}

fn title(simulation: &Simulation) -> String {
    format!("{} {}/{}", simulation.kind().as_str(), simulation.namespace(), simulation.name())
}

fn source(manifest: &Manifest) -> String {
    styled(FAINT, format_args!("{}:{}", manifest.file, manifest.line))
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

fn is_workload(object: &Value) -> bool {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    WorkloadKind::ALL.iter().any(|workload| workload.as_str() == kind)
}

/// The accounts and namespaces among the manifests. These need not be all that the cluster has, so what is missing is
/// noted and denies nothing.
struct Present<'m>(BTreeSet<(&'m str, &'m str, &'m str)>);

impl<'m> Present<'m> {
    fn of(manifests: &'m [Manifest]) -> Self {
        let text = |manifest: &'m Manifest, pointer| manifest.object.pointer(pointer).and_then(Value::as_str);
        let key = |manifest| match text(manifest, "/kind")? {
            kind @ "ServiceAccount" => {
                let namespace = text(manifest, "/metadata/namespace").unwrap_or("default");
                Some((kind, namespace, text(manifest, "/metadata/name")?))
            }
            kind @ "Namespace" => Some((kind, "", text(manifest, "/metadata/name")?)),
            _ => None,
        };
        Self(manifests.iter().filter_map(key).collect())
    }

    fn notes(&self, simulation: &Simulation) -> Vec<String> {
        let (namespace, account) = (simulation.namespace(), simulation.service_account());
        let mut notes = Vec::new();
        if account != "default" && !self.0.contains(&("ServiceAccount", namespace, account)) {
            notes.push(format!(
                "service account {namespace}/{account} is not among the manifests; a cluster without it refuses the pod"
            ));
        }
        if namespace != "default" && !self.0.contains(&("Namespace", "", namespace)) {
            notes.push(format!("namespace {namespace} is not among the manifests"));
        }
        notes
    }
}
