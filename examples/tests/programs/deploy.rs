//! Runs `deploy` as a user does; see `runner` for the output that is checked in.

use std::{fs, path::PathBuf, process::Output};

use crate::runner::{check_golden, run, text};
use gmsa_examples::manifest;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd,
};
use serde_json::{Value, json};

const IMAGE: [&str; 2] = ["--image", "registry.example.com/gmsa/webhook:v0.1.0"];
const CERTIFICATES: &str = "gmsa-admission/tests/certificates";

fn deploy(arguments: &[&str], input: &str) -> Output {
    run("deploy", &[&IMAGE, arguments].concat(), input)
}

fn given() -> [String; 6] {
    let file = |name: &str| format!("{CERTIFICATES}/{name}.pem");
    let flag = |name: &str| name.to_owned();
    [flag("--ca"), file("ca"), flag("--cert"), file("tls"), flag("--key"), file("tls-key")]
}

fn with_given(arguments: &[&str], input: &str) -> Output {
    let given = given();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    deploy(&[&given[..], arguments].concat(), input)
}

/// The policies, for the credential specs of a folder that has other things too.
fn policies(arguments: &[&str]) -> Output {
    let all = ["--policies", "--credential-specs", "examples/manifests/several-specs"];
    run("deploy", &[&all[..], arguments].concat(), "")
}

/// The same, with an index for them to read.
fn policies_with_index(arguments: &[&str]) -> Output {
    policies(&[&["--index"], arguments].concat())
}

fn objects(output: &Output) -> Vec<Value> {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let manifests = manifest::parse("-", &output.stdout).unwrap();
    manifests.into_iter().map(|manifest| manifest.object).collect()
}

fn one<'o>(objects: &'o mut [Value], kind: &str) -> &'o mut Value {
    objects.iter_mut().find(|object| object["kind"] == kind).unwrap()
}

fn list(objects: &[Value]) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string()
}

#[test]
fn the_manifests_are_as_recorded() {
    for (name, output) in [
        ("deploy-given.yaml", with_given(&[], "")),
        ("deploy-cert-manager.yaml", deploy(&[], "")),
        ("deploy-both-strict.yaml", deploy(&["--both", "--strict-crd"], "")),
        ("deploy-policies.yaml", policies(&[])),
        ("deploy-policies-index.yaml", policies_with_index(&["--stage", "all"])),
        (
            "deploy-options.yaml",
            deploy(
                &[
                    "--cert-manager",
                    "--namespace",
                    "kube-system",
                    "--name",
                    "gmsa",
                    "--replicas",
                    "3",
                    "--tolerate-control-plane",
                    "--random-hostname",
                    "--access",
                    "watch",
                    "--health-probe",
                    "--templates",
                    "warn",
                    "--called-from",
                    "10.0.0.0/28",
                    "--called-from",
                    "fd00::/64",
                ],
                "",
            ),
        ),
    ] {
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
        assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
        check_golden(name, &text(&output.stdout));
    }
    let existing = objects(&deploy(&["--existing-namespace"], ""));
    assert_eq!(existing, objects(&deploy(&[], ""))[2..]);
    let named = deploy(&["--cert-manager"], "");
    assert_eq!(named.stdout, deploy(&[], "").stdout);
}

#[test]
fn namespaces_are_left_out_of_everything_that_checks_pods_and_never_in_silence() {
    let selector = |object: &Value| -> Option<Value> {
        let selector = match object["kind"].as_str().unwrap() {
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
                "/webhooks/0/namespaceSelector"
            }
            "MutatingAdmissionPolicyBinding" | "ValidatingAdmissionPolicyBinding" => {
                "/spec/matchResources/namespaceSelector"
            }
            _ => return None,
        };
        Some(object.pointer(selector).cloned().unwrap_or_default())
    };
    let requirement =
        |key: &str, operator: &str, value: &str| json!({"key": key, "operator": operator, "values": [value]});
    for (arguments, requirements) in [
        (
            &["--except-upstream-opt-outs"][..],
            json!([
                requirement("gmsa-webhook", "NotIn", "disabled"),
                requirement("windows.k8s.io/disabled", "NotIn", "true"),
            ]),
        ),
        (
            &["--except-namespaces", "team=trusted", "--except-namespaces", "contoso.com/gmsa=off"],
            json!([requirement("team", "NotIn", "trusted"), requirement("contoso.com/gmsa", "NotIn", "off")]),
        ),
        (&["--only-namespaces", "gmsa=enabled"], json!([requirement("gmsa", "In", "enabled")])),
    ] {
        for output in [deploy(&[arguments, &["--both"]].concat(), ""), policies(arguments)] {
            let told = text(&output.stderr);
            assert!(told.starts_with("note: not every namespace is checked: "), "{told}");
            let selectors: Vec<Value> = objects(&output).iter().filter_map(selector).collect();
            assert!(selectors.len() >= 2, "{selectors:?}");
            for selector in selectors {
                assert_eq!(selector, json!({"matchExpressions": requirements}), "{arguments:?}");
            }
        }
    }
    for wrong in ["team", "=x", "team=a b"] {
        let output = deploy(&["--except-namespaces", wrong], "");
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(output.stdout.is_empty());
    }
    let both = deploy(&["--except-namespaces", "a=b", "--only-namespaces", "a=b"], "");
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn yaml_and_json_hold_the_same_objects() {
    let yaml = objects(&with_given(&[], ""));
    let json: Value = serde_json::from_slice(&with_given(&["--output", "json"], "").stdout).unwrap();
    assert_eq!(json["items"], Value::from(yaml.clone()));
    // A sign that the terminal would take for a command is a part of the contents like any other.
    let spec = r#"{"kind": "GMSACredentialSpec", "apiVersion": "windows.k8s.io/v1", "metadata": {"name": "odd"},
        "credspec": {"ActiveDirectoryConfig": {"HostAccountConfig": {"PluginInput": "a\u007f\u009b1m\u2028"}}}}"#;
    let arguments = ["--policies", "--credential-specs", "-", "--index", "--stage", "run"];
    let yaml = objects(&run("deploy", &arguments, spec));
    let json = run("deploy", &[&arguments[..], &["--output", "json"]].concat(), spec);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(json["items"] == Value::from(yaml.clone()));
    assert!(yaml[0]["data"]["odd"].as_str().unwrap().contains("a\u{7f}\u{9b}1m\\u2028"));
    // Whatever it is called, it stays text.
    for name in ["no", "on", "y", "null", "e1"] {
        let objects = objects(&deploy(&["--name", name, "--namespace", name], ""));
        assert!(objects.iter().all(|object| object["metadata"]["name"].is_string()));
        assert_eq!(objects[0]["metadata"]["name"], name);
    }
}

#[test]
fn stages_are_the_whole_taken_apart() {
    type Of = fn(&[&str]) -> Output;
    let of: [Of; 4] = [
        |arguments| deploy(arguments, ""),
        |arguments| with_given(&[&["--both"], arguments].concat(), ""),
        policies,
        policies_with_index,
    ];
    for of in of {
        let whole = objects(&of(&["--stage", "all"]));
        let stages = ["prepare", "run", "enforce"].map(|stage| objects(&of(&["--stage", stage])));
        assert!(stages.iter().all(|stage| !stage.is_empty()));
        assert_eq!(stages.concat(), whole);
        let [prepare, run, enforce] = stages;
        assert!(prepare.iter().any(|object| object["kind"] == "CustomResourceDefinition"));
        assert!(!run.iter().any(|object| object["kind"] == "CustomResourceDefinition"));
        assert!(enforce.iter().all(|object| {
            let kind = object["kind"].as_str().unwrap();
            kind.ends_with("WebhookConfiguration") || kind.ends_with("PolicyBinding")
        }));
    }
}

/// What `kubectl apply` would do to a cluster without the definition of the index: leave the index out and go on.
#[test]
fn policies_that_read_an_index_are_not_bound_unless_that_is_asked_for() {
    let whole = objects(&policies(&[]));
    assert!(
        whole.iter().any(|object| object["kind"] == "ValidatingAdmissionPolicyBinding"),
        "it needs no index"
    );
    let output = policies_with_index(&[]);
    let unbound = objects(&output);
    assert!(!unbound.iter().any(|object| object["kind"].as_str().unwrap().ends_with("Binding")));
    assert!(unbound.iter().any(|object| object["kind"] == "GMSAIndex"));
    assert!(text(&output.stderr).starts_with("note: nothing is enforced yet."), "{}", text(&output.stderr));
    let enforce = objects(&policies_with_index(&["--stage", "enforce"]));
    assert_eq!(enforce.len(), 2);

    let output = run(
        "deploy",
        &["--policies", "--stage", "run", "--credential-specs", "-"],
        "{kind: List, apiVersion: v1, items: []}",
    );
    assert!(text(&output.stderr).contains("there is no credential spec"), "{}", text(&output.stderr));
    let empty = "{kind: GMSACredentialSpec, apiVersion: windows.k8s.io/v1, metadata: {name: e}}";
    let output = run("deploy", &["--policies", "--stage", "run", "--credential-specs", "-"], empty);
    assert!(
        text(&output.stderr).starts_with("left out: credential spec `e`: it does not have a credspec key"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_credential_spec_that_is_there_twice_is_refused() {
    let spec = |credspec: &str| {
        format!(
            "{{kind: GMSACredentialSpec, apiVersion: windows.k8s.io/v1, metadata: {{name: a}}, credspec: {credspec}}}"
        )
    };
    let both =
        format!("{}\n---\n{}", spec("{CmsPlugins: [ActiveDirectory]}"), spec("{CmsPlugins: [hunter2]}"));
    let output = run("deploy", &["--policies", "--credential-specs", "-"], &both);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()));
    let told = text(&output.stderr);
    assert!(told.contains("-:3: credential spec `a` stands at -:1 as well; leave one of them out"), "{told}");
    assert!(!told.contains("hunter2"));
}

/// Contents are those that pods would get from the webhook, which reads what the API server has stored.
#[test]
fn policies_carry_what_the_api_server_would_store() {
    let arguments = ["--policies", "--credential-specs", "-"];
    let spec = "{kind: GMSACredentialSpec, apiVersion: windows.k8s.io/v1, metadata: {name: a}, credspec: \
        {CmsPlugins: [ActiveDirectory], cmsPlugins: [hunter2]}}";
    let output = run("deploy", &arguments, spec);
    assert_eq!(
        text(&output.stderr),
        "left out: -:1: `/credspec/cmsPlugins`, which the definition of credential specs does not know\n"
    );
    let policy = one(&mut objects(&output), "ValidatingAdmissionPolicy").clone();
    assert_eq!(
        policy["spec"]["variables"][0]["expression"],
        r#"{'a': '{"CmsPlugins":["ActiveDirectory"]}'}"#
    );

    let refused = "{kind: GMSACredentialSpec, apiVersion: windows.k8s.io/v1, metadata: {name: A}, credspec: \
        {DomainJoinConfig: {NetBiosName: NO}, ActiveDirectoryConfig: {HostAccountConfig: {PluginInput: [hunter2]}}}}";
    let output = run("deploy", &arguments, refused);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let told = text(&output.stderr);
    assert!(told.starts_with("error: -:1: metadata.name: Invalid value: \"A\": "), "{told}");
    assert!(
        told.contains("NetBiosName: Invalid value: \"boolean\"")
            && told.contains("; write the value in quotes\n"),
        "{told}"
    );
    assert!(told.contains("PluginInput: Invalid value: ") && !told.contains("hunter2"), "{told}");
}

#[test]
fn a_comparison_shows_no_contents_and_says_what_a_definition_drops() {
    let mut installed = objects(&policies_with_index(&["--stage", "all"]));
    let index = one(&mut installed, "GMSAIndex");
    let name = index["data"].as_object().unwrap().keys().next().unwrap().clone();
    index["data"][&name] = json!("hunter2");
    index["data"]["old"] = json!("hunter2");
    let definition = one(&mut installed, "CustomResourceDefinition");
    assert_eq!(definition["metadata"]["name"], "gmsacredentialspecs.windows.k8s.io");
    let document =
        &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["credspec"];
    let accounts = document["properties"]["ActiveDirectoryConfig"]["properties"].as_object_mut().unwrap();
    accounts.remove("HostAccountConfig").unwrap();
    let output = run(
        "deploy",
        &["--policies", "--index", "--credential-specs", "examples/manifests/several-specs", "--diff", "-"],
        list(&installed),
    );
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let story = text(&output.stdout);
    assert!(!story.contains("hunter2") && !story.contains("CmsPlugins"), "{story}");
    assert!(story.contains(&format!("~ /data/{name}: (not shown) -> (not shown)")), "{story}");
    assert!(
        story.contains(
            "  ! installed: v1 .credspec.ActiveDirectoryConfig.HostAccountConfig: drops this field"
        ),
        "{story}"
    );

    let mut carrying = objects(&policies(&[]));
    one(&mut carrying, "ValidatingAdmissionPolicy")["spec"]["variables"][0]["expression"] =
        json!("'hunter2'");
    let arguments = ["--policies", "--credential-specs", "examples/manifests/several-specs", "--diff", "-"];
    let story = text(&run("deploy", &arguments, list(&carrying)).stdout);
    assert!(story.contains("/expression: (not shown) -> (not shown)"), "{story}");
}

#[test]
fn what_is_self_signed_serves_and_is_another_each_time() {
    let output = deploy(&["--self-signed"], "");
    let made = objects(&output);
    let note = text(&output.stderr);
    assert!(note.starts_with("note: the certificate expires on 2"), "{note}");
    assert!(note.contains("its private key is in the output"), "{note}");
    let secret = made.iter().find(|object| object["kind"] == "Secret").unwrap();
    // Checked as those of others are, by being given.
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("deploy-self-signed");
    fs::create_dir_all(&folder).unwrap();
    let file = |key: &str| {
        let bytes: k8s_openapi::ByteString = serde_json::from_value(secret["data"][key].clone()).unwrap();
        let path = folder.join(key);
        fs::write(&path, bytes.0).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (ca, certificate, key) = (file("ca.crt"), file("tls.crt"), file("tls.key"));
    let again = objects(&deploy(&["--ca", &ca, "--cert", &certificate, "--key", &key], ""));
    assert_eq!(again, made);
    let bundle = |objects: &[Value]| {
        let configuration = objects.iter().find(|object| object["kind"] == "ValidatingWebhookConfiguration");
        configuration.unwrap()["webhooks"][0]["clientConfig"]["caBundle"].clone()
    };
    assert_eq!(bundle(&made), secret["data"]["ca.crt"]);
    assert_ne!(bundle(&made), bundle(&objects(&deploy(&["--self-signed"], ""))));
    // For another Service it is another certificate.
    let other = deploy(&["--ca", &ca, "--cert", &certificate, "--key", &key, "--name", "other"], "");
    assert_eq!(other.status.code(), Some(2));
    assert!(text(&other.stderr).contains("asks for `other.gmsa-system.svc`"), "{}", text(&other.stderr));
}

/// What can be wrong with a certificate: what is changed of a good one, and what is said.
#[test]
fn a_certificate_that_the_api_server_would_refuse_is_refused_here() {
    const HOST: &str = "gmsa-admission.gmsa-system.svc";
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("deploy-certificates");
    fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let params = |names: &[&str], change: &dyn Fn(&mut CertificateParams)| {
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        change(&mut params);
        params
    };
    let authority = |change: &dyn Fn(&mut CertificateParams)| {
        let params = params(&[], &|params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            change(params);
        });
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        (pem, Issuer::new(params, key))
    };
    let key = KeyPair::generate().unwrap();
    let (ca, issuer) = authority(&|_| {});
    let leaf = |names: &[&str], issuer: &Issuer<'_, KeyPair>, change: &dyn Fn(&mut CertificateParams)| {
        params(names, change).signed_by(&key, issuer).unwrap().pem()
    };
    let good = leaf(&[HOST], &issuer, &|_| {});
    let (other_ca, _) =
        authority(&|params| params.distinguished_name.push(rcgen::DnType::OrganizationName, "x"));
    let (old_ca, old_issuer) = authority(&|params| params.not_after = date_time_ymd(2021, 2, 3));
    let other_key = KeyPair::generate().unwrap().serialize_pem();
    let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(3 * 24 * 60 * 60);

    let take = |name: &str, ca: &str, certificate: &str, key: &str| {
        let ca = write(&format!("{name}-ca.pem"), ca);
        let certificate = write(&format!("{name}-tls.pem"), certificate);
        let key = write(&format!("{name}-key.pem"), key);
        deploy(&["--ca", &ca, "--cert", &certificate, "--key", &key], "")
    };
    let own = key.serialize_pem();
    assert_eq!(take("good", &ca, &good, &own).status.code(), Some(0));
    // While one authority takes over from another, both are given.
    let both = take("both", &format!("{old_ca}{other_ca}{ca}"), &good, &own);
    assert_eq!(both.status.code(), Some(0), "{}", text(&both.stderr));

    // A certificate that is its own authority, as `openssl req -x509` makes it.
    let alone = |host: &str| {
        let own = |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params(&[host], &own).self_signed(&key).unwrap().pem()
    };
    let itself = alone(HOST);
    assert_eq!(take("alone", &itself, &itself, &own).status.code(), Some(0));
    let elsewhere = alone("elsewhere");
    let elsewhere = take("elsewhere", &elsewhere, &elsewhere, &own);
    assert!(
        text(&elsewhere.stderr).contains("certificate is for elsewhere, "),
        "{}",
        text(&elsewhere.stderr)
    );

    let last = take("last", &ca, &leaf(&[HOST], &issuer, &|params| params.not_after = soon.into()), &own);
    assert_eq!(last.status.code(), Some(0));
    assert!(text(&last.stderr).contains("; renew it soon"), "{}", text(&last.stderr));

    let expired = |params: &mut CertificateParams| params.not_after = date_time_ymd(2021, 2, 3);
    let early = |params: &mut CertificateParams| params.not_before = date_time_ymd(4000, 2, 3);
    let client = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    let of_an_authority =
        |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for (name, ca, certificate, key, says) in [
        (
            "name",
            &ca,
            &leaf(&["gmsa-webhook.gmsa-webhook.svc"], &issuer, &|_| {}),
            &own,
            "tls.pem: certificate is for gmsa-webhook.gmsa-webhook.svc, and the API server asks for \
             `gmsa-admission.gmsa-system.svc`; ",
        ),
        (
            "short",
            &ca,
            &leaf(&["gmsa-admission"], &issuer, &|_| {}),
            &own,
            "tls.pem: certificate is for gmsa-admission, ",
        ),
        ("common", &ca, &leaf(&[], &issuer, &|_| {}), &own, "tls.pem: certificate is for no DNS name, "),
        (
            "expired",
            &ca,
            &leaf(&[HOST], &issuer, &expired),
            &own,
            "tls.pem: certificate expired on 2021-02-03; renew it",
        ),
        (
            "early",
            &ca,
            &leaf(&[HOST], &issuer, &early),
            &own,
            "tls.pem: certificate is not valid before 4000-02-03; ",
        ),
        (
            "client",
            &ca,
            &leaf(&[HOST], &issuer, &client),
            &own,
            "tls.pem: certificate is not one for servers; ",
        ),
        (
            "ca",
            &ca,
            &leaf(&[HOST], &issuer, &of_an_authority),
            &own,
            "tls.pem: certificate is that of an authority; ",
        ),
        (
            "other",
            &other_ca,
            &good,
            &own,
            "tls.pem: certificate is not signed by the certificate authority, ",
        ),
        (
            "old",
            &old_ca,
            &leaf(&[HOST], &old_issuer, &|_| {}),
            &own,
            "ca.pem: certificate authority expired on 2021-02-03; renew it",
        ),
        ("key", &ca, &good, &other_key, "key.pem: private key does not belong to the certificate; "),
        ("swapped", &own, &good, &own, "ca.pem: certificate authority holds a private key, "),
        ("der", &ca, &"0\u{82}".to_owned(), &own, "tls.pem: certificate is not PEM text; "),
        (
            "encrypted",
            &ca,
            &good,
            &own.replace("BEGIN PRIVATE", "BEGIN ENCRYPTED PRIVATE")
                .replace("END PRIVATE", "END ENCRYPTED PRIVATE"),
            "key.pem: private key is encrypted, ",
        ),
    ] {
        let output = take(name, ca, certificate, key);
        let story = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(output.stdout.is_empty());
        assert!(story.starts_with("error: ") && story.contains(&format!("{name}-{says}")), "{name}: {story}");
        assert_eq!(story.lines().count(), 1);
    }
}

/// The objects as a cluster gives them back: with defaults, status and traces of who wrote them.
fn as_installed(mut objects: Vec<Value>) -> Vec<Value> {
    for object in &mut objects {
        let applied = object.to_string();
        let metadata = object["metadata"].as_object_mut().unwrap();
        metadata.insert("uid".to_owned(), json!("6f4d7a5e"));
        metadata.insert("resourceVersion".to_owned(), json!("123"));
        metadata.insert("generation".to_owned(), json!(1));
        metadata.insert("creationTimestamp".to_owned(), json!("2026-01-01T00:00:00Z"));
        metadata.insert("managedFields".to_owned(), json!([{"manager": "kubectl"}]));
        let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
        annotations["kubectl.kubernetes.io/last-applied-configuration"] = applied.into();
    }
    one(&mut objects, "Namespace")["metadata"]["labels"]["kubernetes.io/metadata.name"] =
        json!("gmsa-system");
    one(&mut objects, "Namespace")["spec"] = json!({"finalizers": ["kubernetes"]});
    one(&mut objects, "Namespace")["status"] = json!({"phase": "Active"});
    let deployment = one(&mut objects, "Deployment");
    deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!("1");
    deployment["status"] = json!({"readyReplicas": 2});
    deployment["spec"]["progressDeadlineSeconds"] = json!(600);
    deployment["spec"]["revisionHistoryLimit"] = json!(10);
    let pod = &mut deployment["spec"]["template"]["spec"];
    pod["dnsPolicy"] = json!("ClusterFirst");
    pod["restartPolicy"] = json!("Always");
    pod["schedulerName"] = json!("default-scheduler");
    pod["serviceAccount"] = pod["serviceAccountName"].clone();
    let container = &mut pod["containers"][0];
    container["imagePullPolicy"] = json!("IfNotPresent");
    container["terminationMessagePath"] = json!("/dev/termination-log");
    container["terminationMessagePolicy"] = json!("File");
    container["livenessProbe"]["successThreshold"] = json!(1);
    container["readinessProbe"]["successThreshold"] = json!(1);
    let service = &mut one(&mut objects, "Service")["spec"];
    service["clusterIP"] = json!("10.0.0.7");
    service["clusterIPs"] = json!(["10.0.0.7"]);
    service["ipFamilies"] = json!(["IPv4"]);
    service["ipFamilyPolicy"] = json!("SingleStack");
    service["internalTrafficPolicy"] = json!("Cluster");
    service["sessionAffinity"] = json!("None");
    service["type"] = json!("ClusterIP");
    for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
        one(&mut objects, kind)["webhooks"][0]["objectSelector"] = json!({});
    }
    one(&mut objects, "CustomResourceDefinition")["status"] = json!({"storedVersions": ["v1"]});
    objects.reverse();
    objects
}

#[test]
fn what_is_installed_as_it_should_be_is_left_alone() {
    let installed = list(&as_installed(objects(&with_given(&[], ""))));
    let output = with_given(&["--diff", "-"], &installed);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).ends_with("0 to add, 0 to change, 13 as they should be, 0 left over\n"));
    assert!(!text(&output.stdout).lines().any(|line| line.starts_with(' ')), "{}", text(&output.stdout));
    let output = with_given(&["--diff", "-", "--output", "json"], &installed);
    assert_eq!(output.status.code(), Some(0));
    // And what cert-manager has put into it is its own.
    let mut managed = as_installed(objects(&deploy(&[], "")));
    for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
        one(&mut managed, kind)["webhooks"][0]["clientConfig"]["caBundle"] = json!("MAA=");
    }
    let output = deploy(&["--diff", "-"], &list(&managed));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn a_comparison_tells_what_is_added_changed_taken_away_and_left() {
    let mut installed = as_installed(objects(&with_given(&[], "")));
    installed.retain(|object| object["kind"] != "PodDisruptionBudget" && object["kind"] != "NetworkPolicy");
    let deployment = one(&mut installed, "Deployment");
    deployment["spec"]["replicas"] = json!(1);
    deployment["metadata"]["annotations"]["team"] = json!("identity");
    let pod = &mut deployment["spec"]["template"]["spec"];
    pod.as_object_mut().unwrap().remove("priorityClassName");
    let container = &mut pod["containers"][0];
    container["image"] = json!("upstream:v0.13");
    container["env"].as_array_mut().unwrap().retain(|variable| variable["name"] != "RANDOM_HOSTNAME");
    container["env"].as_array_mut().unwrap().push(json!({"name": "HTTP_PROXY", "value": "\u{1b}[2J"}));
    container["securityContext"]["privileged"] = json!(true);
    let hook = &mut one(&mut installed, "ValidatingWebhookConfiguration")["webhooks"][0];
    hook["failurePolicy"] = json!("Ignore");
    hook["namespaceSelector"] =
        json!({"matchExpressions": [{"key": "gmsa-webhook", "operator": "NotIn", "values": ["disabled"]}]});
    hook["rules"].as_array_mut().unwrap().pop();
    // Kept items of a merged list, and taken away of one that is replaced.
    let binding = one(&mut installed, "ClusterRoleBinding");
    binding["subjects"]
        .as_array_mut()
        .unwrap()
        .push(json!({"kind": "ServiceAccount", "name": "other", "namespace": "x"}));
    one(&mut installed, "Deployment")["spec"]["template"]["spec"]["containers"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "proxy", "env": [{"name": "A", "value": "p"}]}));
    // It was applied by an earlier version, and the field is wanted no longer.
    let service = one(&mut installed, "Service");
    service["spec"]["externalName"] = json!("old");
    let mut applied = service.clone();
    applied["metadata"]["annotations"] = json!({});
    service["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
        applied.to_string().into();
    let labels = service["metadata"]["labels"].clone();
    let made = |kind: &str, owned: bool| {
        let mut object = json!({"apiVersion": "v1", "kind": kind,
            "metadata": {"name": "old", "namespace": "gmsa-system", "labels": labels}});
        if owned {
            object["metadata"]["ownerReferences"] = json!([{"kind": "Deployment", "name": "gmsa-admission"}]);
        }
        object
    };
    installed.extend([made("ConfigMap", false), made("ReplicaSet", true), made("Endpoints", false)]);
    let output = with_given(&["--diff", "-"], &list(&installed));
    assert_eq!(output.status.code(), Some(1));
    check_golden("deploy-diff.txt", &text(&output.stdout));
    let output = with_given(&["--diff", "-", "--output", "json"], &list(&installed));
    assert_eq!(output.status.code(), Some(1));
    check_golden("deploy-diff.json", &text(&output.stdout));
}

#[test]
fn where_nothing_is_installed_everything_is_added() {
    for nothing in ["", "\n", "---\n", &list(&[])] {
        let output = deploy(&["--diff", "-"], nothing);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert!(text(&output.stdout).ends_with("16 to add, 0 to change, 0 as they should be, 0 left over\n"));
    }
}

#[test]
fn a_comparison_shows_no_secret() {
    let mut installed = as_installed(objects(&with_given(&[], "")));
    let secret = one(&mut installed, "Secret");
    let key = secret["data"]["tls.key"].as_str().unwrap().to_owned();
    secret["data"]["tls.key"] = json!("aHVudGVyMg==");
    secret["data"]["password"] = json!("aHVudGVyMg==");
    secret["stringData"] = json!({"more": "aHVudGVyMg=="});
    secret["metadata"]["annotations"]["note"] = json!("aHVudGVyMg==");
    for output in ["text", "json"] {
        let output = with_given(&["--diff", "-", "--output", output], &list(&installed));
        assert_eq!(output.status.code(), Some(1));
        let story = text(&output.stdout) + &text(&output.stderr);
        assert!(story.contains("/data/tls.key") && story.contains("/data/password"), "{story}");
        assert!(
            !story.contains("aHVudGVyMg") && !story.contains(&key) && !story.contains("hunter2"),
            "{story}"
        );
    }
}

#[test]
fn from_a_given_certificate_to_cert_manager_the_secret_is_no_leftover() {
    let installed = as_installed(objects(&with_given(&[], "")));
    let output = deploy(&["--diff", "-"], &list(&installed));
    let story = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(story.ends_with(" 0 left over\n"), "{story}");
    assert!(story.contains("+ /metadata/annotations/cert-manager.io~1inject-ca-from: "), "{story}");
    // The other way round the issuers stay behind.
    let mut managed = as_installed(objects(&deploy(&[], "")));
    managed.push(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}));
    let story = text(&with_given(&["--diff", "-"], &list(&managed)).stdout);
    assert!(story.ends_with(" 4 left over\n"), "{story}");
}

/// Policies that stay bound go on with the contents that they have.
#[test]
fn what_checked_pods_before_is_left_over() {
    let with_policies = objects(&policies_with_index(&["--stage", "all"]));
    let story = text(&with_given(&["--diff", "-"], &list(&with_policies)).stdout);
    for left in [
        "CustomResourceDefinition gmsaindexes.gmsa.internal",
        "GMSAIndex gmsa",
        "MutatingAdmissionPolicy gmsa",
        "ValidatingAdmissionPolicy gmsa",
        "MutatingAdmissionPolicyBinding gmsa",
        "ValidatingAdmissionPolicyBinding gmsa",
    ] {
        assert!(story.contains(&format!("left {left}: nothing wants it any more\n")), "{story}");
    }
    assert!(story.ends_with(" 6 left over\n"), "{story}");

    let mut with_webhook = as_installed(objects(&with_given(&[], "")));
    // What `access grant` made for pods is no part of the installation.
    with_webhook.push(json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "use-gmsa", "labels": {"app.kubernetes.io/part-of": "gmsa"}}}));
    let arguments = ["--policies", "--credential-specs", "examples/manifests/several-specs", "--diff", "-"];
    let story = text(&run("deploy", &arguments, list(&with_webhook)).stdout);
    assert!(
        story.contains("left ValidatingWebhookConfiguration gmsa-admission: nothing wants it"),
        "{story}"
    );
    assert!(story.ends_with(" 12 left over\n"), "{story}");
}

#[test]
fn what_cannot_be_used_is_refused_in_words() {
    let long = "a".repeat(64);
    for (arguments, input, says) in [
        (&["--namespace", "Gmsa"][..], "", "error: namespace must not contain `G` (character 1)"),
        (&["--name", "1a"], "", "error: name of the installation is not valid: it starts with a letter"),
        (&["--name", &long], "", "error: name of the installation must have at most 63 characters"),
        (&["--ca", "a.pem"], "", "error: the following required arguments were not provided"),
        (&["--cert", "a.pem"], "", "error: the following required arguments were not provided"),
        (&["--self-signed", "--cert-manager"], "", "error: the argument '--self-signed' cannot be used with"),
        (
            &["--self-signed", "--ca", "a", "--cert", "b", "--key", "c"],
            "",
            "error: the argument '--self-signed' cannot be used with",
        ),
        (
            &["--ca", "no/a", "--cert", "no/b", "--key", "no/c"],
            "",
            // The system's words follow.
            "error: no/a: ",
        ),
        (&["--replicas", "0"], "", "error: invalid value '0' for '--replicas"),
        (&["--called-from", "10.0.0.1"], "", "error: invalid value '10.0.0.1' for '--called-from <CIDR>'"),
        (&["--diff", "no/such"], "", "error: no/such: "),
        (&["--diff", "-"], "kind: [", "error: -:1:"),
        (&["--self-signed", "--diff", "-"], "\tkind: x", "error: -:1:"),
    ] {
        let output = deploy(arguments, input);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert!(text(&output.stderr).starts_with(says), "{}", text(&output.stderr));
    }
    for (arguments, says) in [
        (&["--policies"][..], "--credential-specs <PATH>"),
        (&["--credential-specs", "x", "--image", "a:1"], "--policies"),
        (&["--policies", "--both", "--credential-specs", "x"], "cannot be used with"),
        (&["--both"], "--image <IMAGE>"),
        (&["--policies", "--credential-specs", "no/such"], "error: no/such: "),
    ] {
        let output = run("deploy", arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && text(&output.stderr).contains(says), "{}", text(&output.stderr));
    }
    let output = run("deploy", &["--image", "webhook"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("image has neither a tag nor a digest"));
}
