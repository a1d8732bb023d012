//! Everything that a cluster needs for gMSA admission, as YAML to apply, or compared with what is installed.

mod certificate;
mod compare;
mod installed;
mod namespaces;
mod told;

use std::{
    collections::BTreeMap,
    num::NonZeroU16,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, ValueEnum};
use gmsa_admission::{
    Policy,
    api_server::{check_object, prune},
    index::Index,
    install::{
        self, Access, Certificates, Image, Install, InstallName, IpNetwork, Object, Probes, WebhookServer,
    },
    template::Enforcement,
};
use gmsa_examples::{
    cluster,
    manifest::{self, Manifest},
    program::{NOTE, bad_input, one_line, print_exactly},
};
use gmsa_types::crd::Definition;
use serde_json::{Value, json};

use certificate::Files;

/// Prints the objects of an installation, in the order to apply them in: the definition of credential specs, the webhook
/// with its certificate (or the policies in its place), and its registration last.
///
/// It asks no cluster and changes none.
#[derive(Parser)]
#[command(name = "deploy", after_help = EXAMPLES)]
struct Arguments {
    /// The image of the webhook, by tag or, better, by digest. Upstream's serves too, from v0.13 on, with --health-probe.
    #[arg(long, required_unless_present = "policies")]
    image: Option<Image>,

    /// The namespace of the webhook. One that every cluster has is left as it is.
    #[arg(long, default_value = InstallName::NAMESPACE)]
    namespace: String,

    /// Leaves the namespace as it is: others live in it too.
    #[arg(long)]
    existing_namespace: bool,

    /// The name of the Service, the Deployment and the others. Policies are called gmsa, whatever it is.
    #[arg(long, default_value = InstallName::NAME)]
    name: String,

    #[command(flatten)]
    means: Means,

    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    namespaces: namespaces::Choice,

    /// Has the API server refuse credential specs that cannot give an identity.
    #[arg(long)]
    strict_crd: bool,

    /// Prints only the objects of one stage. With --index, a binding before its index has every pod of the cluster
    /// refused; so there the last stage is printed only when it is asked for.
    #[arg(long, value_enum)]
    stage: Option<Stage>,

    /// How many pods there are.
    #[arg(long, default_value = "2")]
    replicas: NonZeroU16,

    /// Lets the pods run on the nodes of the control plane too.
    #[arg(long)]
    tolerate_control_plane: bool,

    /// Gives pods that use gMSA a hostname of their own, if they have none.
    #[arg(long)]
    random_hostname: bool,

    /// Has Deployments, Jobs and other workloads checked too when they are applied: whoever applies one whose pods would be
    /// denied is warned, or denied. Upstream's image cannot.
    #[arg(long, value_name = "ENFORCEMENT", value_enum, conflicts_with = "policies")]
    templates: Option<Templates>,

    /// Asks for /health in place of /livez and /readyz: for upstream's image, which has no other. Nobody then sees that a
    /// pod's certificate has expired.
    #[arg(long)]
    health_probe: bool,

    /// How the webhook finds out who may use what. To watch, its role permits it to list and watch all roles and bindings.
    /// Upstream's image can only ask.
    #[arg(long, value_enum, default_value_t = Permissions::Ask)]
    access: Permissions,

    /// An address range that the API server calls from, such as 10.0.0.0/28; may be given more than once. Without it
    /// the webhook's port is open to every pod.
    #[arg(long, value_name = "CIDR")]
    called_from: Vec<IpNetwork>,

    /// How to print the result: YAML documents, or for --diff text, or one JSON List.
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,

    /// Compares with what is installed: the output of `kubectl get -o yaml` (a file, or `-`), or a folder. Prints what
    /// applying would add and change, and what it would leave; secrets are not shown.
    #[arg(long, value_name = "FILE")]
    diff: Option<PathBuf>,
}

/// What checks the pods.
#[derive(Args)]
struct Means {
    /// The webhook, for Kubernetes 1.30 and later. The default.
    #[arg(long, group = "means")]
    webhook: bool,

    /// Admission policies in place of the webhook, for Kubernetes 1.36 and later.
    #[arg(long, group = "means", requires = "credential_specs")]
    policies: bool,

    /// The webhook, and a policy that checks permissions once more, for Kubernetes 1.35 and later.
    #[arg(long, group = "means")]
    both: bool,

    /// Has the policies read the credential specs from an index, where they are too many to be part of the policies.
    #[arg(long, requires = "policies")]
    index: bool,

    /// The cluster's credential specs, for --policies: files or folders of manifests. Run this again when one changes.
    #[arg(long, value_name = "PATH", num_args = 1.., requires = "policies")]
    credential_specs: Vec<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Templates {
    /// It is applied, with warnings. While the webhook is away there are none.
    Warn,
    /// It is denied, also while the webhook is away.
    Deny,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Stage {
    /// The namespace and the definitions.
    Prepare,
    /// What lies in them.
    Run,
    /// What has pods checked from then on.
    Enforce,
    /// All of them.
    All,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Permissions {
    /// It asks the API server about each pod.
    Ask,
    /// It watches roles and bindings, and asks about what they do not allow.
    Watch,
}

/// Where the certificate comes from.
#[derive(Args)]
struct Source {
    /// cert-manager makes and renews the certificate; it must be installed. The default.
    #[arg(long, group = "source")]
    cert_manager: bool,

    /// Makes a certificate authority and a certificate here, for one year. The output then holds the private key. Each
    /// run makes others: while the webhook changes to them, pods that use gMSA are refused for some seconds.
    #[arg(long, group = "source")]
    self_signed: bool,

    /// The certificate authority that signed the certificate, in PEM.
    #[arg(long, value_name = "FILE", group = "source", requires = "cert")]
    ca: Option<PathBuf>,

    /// The certificate, in PEM, with those between it and the authority behind it.
    #[arg(long, value_name = "FILE", requires = "ca", requires = "key")]
    cert: Option<PathBuf>,

    /// The private key of the certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  deploy --image example.com/gmsa@sha256:... --cert-manager | kubectl apply -f -
  deploy --image example.com/gmsa:v1 --self-signed | kubectl apply -f -
  deploy --image example.com/gmsa:v1 --ca ca.pem --cert tls.pem --key key.pem > gmsa.yaml
  kubectl get -f gmsa.yaml --ignore-not-found -o yaml > installed.yaml
  deploy --image example.com/gmsa:v2 --diff installed.yaml
  deploy --policies --credential-specs specs/ | kubectl apply -f -

With --index, each step when the one before is done (what kubectl notes down otherwise has room for 256 KiB):
  deploy --policies --index --credential-specs specs/ --stage prepare | kubectl apply -f -
  deploy --policies --index --credential-specs specs/ --stage run | kubectl apply --server-side -f -
  deploy --policies --index --credential-specs specs/ --stage enforce | kubectl apply -f -

Exit codes:
  0  the objects are printed; with --diff, they are installed as they are
  1  with --diff, something would be added or changed, or differs and would stay
  2  the input cannot be used; nothing is printed on the standard output";

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Output {
    Text,
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    run(&arguments).unwrap_or_else(bad_input)
}

fn run(arguments: &Arguments) -> Result<ExitCode, Vec<String>> {
    let name = InstallName::new(arguments.namespace.as_str(), arguments.name.as_str())
        .map_err(|error| vec![error.to_string()])?;
    // Before anything is told about a new certificate.
    let installed = arguments.diff.as_deref().map(read_installed).transpose()?;
    let objects = install(arguments, name)?.objects();
    let Some(installed) = installed else { return print_stage(&objects, arguments) };
    let objects: Vec<Value> = objects.iter().map(|object| json!(object)).collect();
    Ok(told::tell(&compare::with_installed(&objects, &installed), arguments.output))
}

/// What `kubectl get` printed: nothing at all where it found nothing.
fn read_installed(path: &Path) -> Result<Vec<Manifest>, Vec<String>> {
    match manifest::read(&[path]) {
        Ok(manifests) => Ok(manifests),
        Err(errors) if errors.iter().all(|error| error.message == manifest::NO_OBJECT) && !path.is_dir() => {
            Ok(Vec::new())
        }
        Err(errors) => Err(errors.iter().map(ToString::to_string).collect()),
    }
}

fn install(arguments: &Arguments, name: InstallName) -> Result<Install, Vec<String>> {
    let mut install = match &arguments.image {
        Some(image) if !arguments.means.policies => {
            let certificates = certificates(&arguments.source, &name)?;
            let server = server(arguments, image.clone(), certificates);
            match arguments.means.both {
                true => Install::webhook_and_policy(name, server),
                false => Install::webhook(name, server),
            }
        }
        _ => {
            let specs = index(&arguments.means.credential_specs)?;
            if arguments.means.index {
                Install::policies_with_index(name, &specs).map_err(|error| vec![error.to_string()])?
            } else {
                Install::policies(name, &specs).map_err(|error| vec![format!("{error}; give --index")])?
            }
        }
    };
    if arguments.existing_namespace {
        install = install.in_existing_namespace();
    }
    let definition = if arguments.strict_crd { Definition::strict() } else { Definition::upstream() };
    Ok(install.definition(definition.build()).in_namespaces(arguments.namespaces.namespaces()))
}

fn server(arguments: &Arguments, image: Image, certificates: Certificates) -> WebhookServer {
    let mut server = WebhookServer::new(image, certificates)
        .replicas(arguments.replicas)
        .policy(&Policy::default().with_random_hostname(arguments.random_hostname))
        .called_from(arguments.called_from.iter().copied());
    if arguments.tolerate_control_plane {
        server = server.tolerate_control_plane();
    }
    if arguments.access == Permissions::Watch {
        server = server.access(Access::Watch);
    }
    if let Some(templates) = arguments.templates {
        server = server.check_templates(match templates {
            Templates::Warn => Enforcement::Warn,
            Templates::Deny => Enforcement::Deny,
        });
    }
    if !arguments.health_probe {
        server = server.probes(Probes::LiveAndReady);
    }
    server
}

fn index(paths: &[PathBuf]) -> Result<Index, Vec<String>> {
    let manifests =
        manifest::read(paths).map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let manifests = as_stored(manifests)?;
    let index = Index::of(&cluster::of(&manifests).map_err(|error| vec![error.to_string()])?);
    for (name, why) in index.left_out() {
        anstream::eprintln!("{NOTE}left out{NOTE:#}: credential spec `{name}`: {why}");
    }
    if index.names().next().is_none() {
        anstream::eprintln!("{NOTE}note{NOTE:#}: there is no credential spec, so no pod can use gMSA");
    }
    Ok(index)
}

/// The credential specs as the API server has them: what it refuses has no contents, and what the definition does not
/// know is in none.
fn as_stored(manifests: Vec<Manifest>) -> Result<Vec<Manifest>, Vec<String>> {
    let (mut stored, mut errors) = (Vec::new(), Vec::new());
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    for mut manifest in manifests.into_iter().filter(|manifest| manifest.object["kind"] == gmsa_types::KIND) {
        let place = format!("{}:{}", manifest.file, manifest.line);
        errors.extend(check_object(&manifest.object).iter().map(|error| {
            let fix = error.fix().map_or(String::new(), |fix| format!("; {fix}"));
            format!("{place}: {error}{fix}")
        }));
        let name = manifest.object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        if let Some(other) = places.insert(name.clone(), place.clone()) {
            // In a cluster the last one counts, and files have no order that anybody has chosen.
            let name = one_line(&name);
            errors.push(format!(
                "{place}: credential spec `{name}` stands at {other} as well; leave one of them out"
            ));
        }
        for pointer in prune(&mut manifest.object) {
            anstream::eprintln!(
                "{NOTE}left out{NOTE:#}: {place}: `{}`, which the definition of credential specs does not know",
                one_line(pointer)
            );
        }
        stored.push(manifest);
    }
    if errors.is_empty() { Ok(stored) } else { Err(errors) }
}

fn certificates(source: &Source, name: &InstallName) -> Result<Certificates, Vec<String>> {
    let Source { self_signed, ca, cert, key, .. } = source;
    let checked = match (self_signed, ca, cert, key) {
        (false, Some(ca), Some(certificate), Some(key)) => {
            let files = Files { ca: ca.clone(), certificate: certificate.clone(), key: key.clone() };
            certificate::from_files(&files, name)?
        }
        (true, ..) => {
            let checked = certificate::self_signed(name).map_err(|error| vec![error])?;
            anstream::eprintln!(
                "{NOTE}note{NOTE:#}: the certificate expires on {}, and its private key is in the output: keep that like \
                 a password. Run this again before then, and apply it",
                checked.expires
            );
            checked
        }
        _ => return Ok(Certificates::CertManager),
    };
    if checked.expires.is_soon() {
        anstream::eprintln!(
            "{NOTE}note{NOTE:#}: the certificate expires on {}; renew it soon",
            checked.expires
        );
    }
    Ok(Certificates::Given(checked.serving))
}

fn print_stage(objects: &[Object], arguments: &Arguments) -> Result<ExitCode, Vec<String>> {
    let is_wanted = |object: &&Object| match arguments.stage {
        Some(Stage::Prepare) => object.stage() == install::Stage::Prepare,
        Some(Stage::Run) => object.stage() == install::Stage::Run,
        Some(Stage::Enforce) => object.stage() == install::Stage::Enforce,
        Some(Stage::All) => true,
        None => !arguments.means.index || object.stage() < install::Stage::Enforce,
    };
    if arguments.means.index && arguments.stage.is_none() {
        anstream::eprintln!(
            "{NOTE}note{NOTE:#}: nothing is enforced yet. Once the index is there (`kubectl get gmsaindexes`), apply \
             what `--stage enforce` prints; before, it would have every pod refused"
        );
    }
    let objects: Vec<Value> = objects.iter().filter(is_wanted).map(|object| json!(object)).collect();
    if arguments.output == Output::Json {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        return Ok(print_exactly(&format!("{list:#}\n"), ExitCode::SUCCESS));
    }
    let documents = objects.iter().map(manifest::to_yaml).collect::<Result<Vec<_>, _>>();
    documents
        .map(|documents| print_exactly(&documents.join("---\n"), ExitCode::SUCCESS))
        .map_err(|error| vec![error])
}
