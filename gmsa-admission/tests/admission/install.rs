//! What is installed holds together: every reference leads to an object, every object is one that the API server takes,
//! and nothing tells a secret. The objects as a whole lie under `tests/golden`, but for policies, which are recorded by
//! themselves.

use std::{collections::BTreeSet, num::NonZeroU16};

use crate::golden::assert_golden;
use gmsa_admission::{
    Policy, Request, Snapshot,
    api_server::{check_object, check_pod, default_pod},
    configuration::{Namespaces, TimeoutSeconds},
    index::Index,
    install::{
        Certificates, Image, Install, InstallName, InvalidIpNetwork, IpNetwork, LogLevel, Object, Probes,
        ServingCertificate, Stage, WebhookServer,
    },
    mutate, validate,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const CA: &[u8] = include_bytes!("../certificates/ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("../certificates/tls.pem");
const KEY: &[u8] = include_bytes!("../certificates/tls-key.pem");
const IMAGE: &str = "registry.example.com/gmsa/webhook:v0.1.0";

fn usual_name() -> InstallName {
    InstallName::new(InstallName::NAMESPACE, InstallName::NAME).unwrap()
}

fn given() -> Certificates {
    Certificates::Given(ServingCertificate::from_pem(CA, CERTIFICATE, KEY).unwrap())
}

fn server(certificates: Certificates) -> WebhookServer {
    WebhookServer::new(IMAGE.parse().unwrap(), certificates)
}

fn with_given() -> Install {
    Install::webhook(usual_name(), server(given())).definition(gmsa_types::crd::definition())
}

fn with_cert_manager() -> Install {
    Install::webhook(usual_name(), server(Certificates::CertManager))
}

/// Every choice other than the default.
fn with_all_options() -> Install {
    let number = |number| NonZeroU16::new(number).unwrap();
    let server = server(given())
        .replicas(number(3))
        .rate(number(5), number(10))
        .log_level(LogLevel::Error)
        .policy(&Policy::default().with_random_hostname(true))
        .probes(Probes::LiveAndReady)
        .tolerate_control_plane()
        .called_from(["10.0.0.0/28", "fd00::/64"].map(|network| network.parse().unwrap()));
    Install::webhook(InstallName::new("kube-system", "gmsa").unwrap(), server)
        .in_namespaces(Namespaces::except_upstream_opt_outs())
        .timeout(TimeoutSeconds::try_from(10).unwrap())
}

fn with_policy() -> Install {
    Install::webhook_and_policy(usual_name(), server(Certificates::CertManager))
}

fn specs() -> Index {
    let mut cluster = Snapshot::default();
    for name in ["webapp1", "webapp2"] {
        let object = json!({"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec",
            "metadata": {"name": name}, "credspec": {"CmsPlugins": ["ActiveDirectory"],
                "ActiveDirectoryConfig": {"HostAccountConfig": {"PluginInput": "hunter2"}}}});
        cluster.insert(&object).unwrap();
    }
    Index::of(&cluster)
}

fn policies() -> Install {
    let install = Install::policies(usual_name(), &specs()).unwrap();
    install.definition(gmsa_types::crd::Definition::strict().build())
}

fn policies_with_index() -> Install {
    let install = Install::policies_with_index(usual_name(), &specs()).unwrap();
    install.definition(gmsa_types::crd::definition())
}

/// Those with a webhook.
fn all() -> [Install; 4] {
    [with_given(), with_cert_manager(), with_all_options(), with_policy()]
}

fn all_with_policies() -> Vec<Install> {
    all().into_iter().chain([policies(), policies_with_index()]).collect()
}

fn values(install: &Install) -> Vec<Value> {
    install.objects().iter().map(|object| serde_json::to_value(object).unwrap()).collect()
}

fn one<'o>(objects: &'o [Value], kind: &str) -> &'o Value {
    let mut found = objects.iter().filter(|object| object["kind"] == kind);
    let object = found.next().unwrap_or_else(|| panic!("no {kind}"));
    assert!(found.next().is_none(), "two {kind}");
    object
}

#[test]
fn the_objects_are_as_recorded() {
    for (name, install) in [
        ("install-given.json", with_given()),
        ("install-cert-manager.json", with_cert_manager()),
        ("install-options.json", with_all_options()),
    ] {
        assert_golden(name, &install.objects());
        assert_eq!(install.objects(), install.objects());
    }
}

#[test]
fn every_reference_leads_to_an_object() {
    for install in all() {
        let (objects, name) = (values(&install), install.name());
        let deployment = one(&objects, "Deployment");
        let (pod, labels) = (
            &deployment["spec"]["template"]["spec"],
            deployment["spec"]["template"]["metadata"]["labels"].as_object().unwrap(),
        );

        let service = one(&objects, "Service");
        for selector in [
            &deployment["spec"]["selector"]["matchLabels"],
            &service["spec"]["selector"],
            &one(&objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
            &one(&objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
            &pod["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
        ] {
            let selector = selector.as_object().unwrap();
            assert!(!selector.is_empty());
            assert!(selector.iter().all(|(key, value)| labels.get(key) == Some(value)));
        }

        let account = one(&objects, "ServiceAccount");
        let binding = one(&objects, "ClusterRoleBinding");
        assert_eq!(pod["serviceAccountName"], account["metadata"]["name"]);
        assert_eq!(
            binding["subjects"],
            json!([{"kind": "ServiceAccount", "name": account["metadata"]["name"],
                    "namespace": account["metadata"]["namespace"]}])
        );
        assert_eq!(binding["roleRef"]["name"], one(&objects, "ClusterRole")["metadata"]["name"]);

        let container = &pod["containers"][0];
        let port = &container["ports"][0];
        assert_eq!(service["spec"]["ports"][0]["targetPort"], port["containerPort"]);
        for probe in ["readinessProbe", "livenessProbe"] {
            assert_eq!(container[probe]["httpGet"]["port"], port["name"]);
        }
        let ingress = &one(&objects, "NetworkPolicy")["spec"]["ingress"];
        assert_eq!(ingress[0]["ports"], json!([{"port": port["containerPort"], "protocol": "TCP"}]));
        let variable = |called: &str| {
            let variables = container["env"].as_array().unwrap();
            variables.iter().find(|variable| variable["name"] == called).unwrap()["value"].as_str().unwrap()
        };
        assert_eq!(variable("HTTPS_PORT"), port["containerPort"].to_string());

        let (mount, volume) = (&container["volumeMounts"][0], &pod["volumes"][0]);
        assert_eq!(mount["name"], volume["name"]);
        assert_eq!((&mount["mountPath"], &mount["readOnly"]), (&json!("/tls"), &json!(true)));
        let files: Vec<String> = volume["secret"]["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| format!("/tls/{}", item["path"].as_str().unwrap()))
            .collect();
        assert_eq!(files, [variable("TLS_CRT"), variable("TLS_KEY")]);

        for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
            let configuration = one(&objects, kind);
            let called = &configuration["webhooks"][0]["clientConfig"]["service"];
            assert_eq!(called["name"], service["metadata"]["name"]);
            assert_eq!(called["namespace"], service["metadata"]["namespace"]);
            assert_eq!(called["port"], service["spec"]["ports"][0]["port"]);
        }
        let host = format!("{}.{}.svc", name.name(), name.namespace());
        assert_eq!(name.dns_name(), host);
    }
}

#[test]
fn the_pods_read_the_certificate_that_the_api_server_trusts() {
    let objects = values(&with_given());
    let (secret, pod) = (one(&objects, "Secret"), &one(&objects, "Deployment")["spec"]["template"]["spec"]);
    assert_eq!(pod["volumes"][0]["secret"]["secretName"], secret["metadata"]["name"]);
    assert_eq!(secret["type"], "kubernetes.io/tls");
    for item in pod["volumes"][0]["secret"]["items"].as_array().unwrap() {
        assert!(secret["data"].get(item["key"].as_str().unwrap()).is_some());
    }
    for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
        let configuration = one(&objects, kind);
        assert_eq!(configuration["webhooks"][0]["clientConfig"]["caBundle"], secret["data"]["ca.crt"]);
    }

    let objects = values(&with_cert_manager());
    let called = |kind: &str, name: &Value| {
        let found =
            objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == *name);
        found.unwrap_or_else(|| panic!("no {kind} {name}"))
    };
    let mounted =
        &one(&objects, "Deployment")["spec"]["template"]["spec"]["volumes"][0]["secret"]["secretName"];
    let leaf = called("Certificate", &json!("gmsa-admission-tls"));
    assert_eq!(&leaf["spec"]["secretName"], mounted);
    assert_eq!(leaf["spec"]["dnsNames"][0], "gmsa-admission.gmsa-system.svc");
    let issuer = called("Issuer", &leaf["spec"]["issuerRef"]["name"]);
    let authority = objects
        .iter()
        .find(|object| {
            object["spec"]["isCA"] == true
                && object["spec"]["secretName"] == issuer["spec"]["ca"]["secretName"]
        })
        .unwrap();
    let root = called("Issuer", &authority["spec"]["issuerRef"]["name"]);
    assert_eq!(root["spec"], json!({"selfSigned": {}}));
    for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
        let configuration = one(&objects, kind);
        assert_eq!(
            configuration["metadata"]["annotations"]["cert-manager.io/inject-ca-from"],
            "gmsa-system/gmsa-admission-tls"
        );
        assert!(configuration["webhooks"][0]["clientConfig"].get("caBundle").is_none());
    }
}

/// The order, as far as one object needs another to be there, or must not be there before it.
#[test]
fn whatever_is_needed_comes_first_and_the_calls_come_last() {
    for install in all() {
        let kinds: Vec<String> = install.objects().iter().map(|object| object.kind().to_owned()).collect();
        let at = |kind: &str| kinds.iter().position(|found| found == kind);
        let order = [
            "Namespace",
            "ResourceQuota",
            "CustomResourceDefinition",
            "ServiceAccount",
            "ClusterRole",
            "ClusterRoleBinding",
            "Secret",
            "Issuer",
            "Deployment",
            "PodDisruptionBudget",
            "Service",
            "NetworkPolicy",
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
        ];
        let places: Vec<usize> = order.iter().filter_map(|kind| at(kind)).collect();
        assert!(places.is_sorted(), "{kinds:?}");
    }
    for install in all_with_policies() {
        let objects = install.objects();
        assert!(objects.iter().map(Object::stage).is_sorted(), "{objects:?}");
        for object in &objects {
            let calls = ["WebhookConfiguration", "Binding"].iter().any(|end| object.kind().ends_with(end));
            let calls = calls && object.kind() != "ClusterRoleBinding";
            assert_eq!(object.stage() == Stage::Enforce, calls, "{object:?}");
        }
    }
}

#[test]
fn policies_find_their_index_and_are_bound_after_it() {
    let objects = values(&policies_with_index());
    let at = |kind: &str| objects.iter().position(|object| object["kind"] == kind).unwrap();
    let index = &objects[at("GMSAIndex")];
    for kind in ["MutatingAdmissionPolicy", "ValidatingAdmissionPolicy"] {
        let (policy, binding) = (&objects[at(kind)], &objects[at(&format!("{kind}Binding"))]);
        assert_eq!(binding["spec"]["policyName"], policy["metadata"]["name"]);
        assert_eq!(binding["spec"]["paramRef"]["name"], index["metadata"]["name"]);
        assert_eq!(policy["spec"]["paramKind"]["kind"], index["kind"]);
        assert!(at("GMSAIndex") < at(&format!("{kind}Binding")));
    }
    let definition =
        objects.iter().position(|object| object["spec"]["names"]["kind"] == "GMSAIndex").unwrap();
    assert!(definition < at("GMSAIndex"));
    assert_eq!(objects[definition]["metadata"]["annotations"]["helm.sh/resource-policy"], "keep");
    assert_eq!(index["data"].as_object().unwrap().len(), 2);
    assert!(objects.iter().all(|object| object["metadata"].get("namespace").is_none()));

    // What carries the contents needs none.
    let carrying = values(&policies());
    assert!(carrying.iter().all(|object| object["kind"] != "GMSAIndex"));
    for object in
        carrying.iter().filter(|object| object["kind"].as_str().unwrap().contains("AdmissionPolicy"))
    {
        assert!(object["spec"].get("paramKind").is_none() && object["spec"].get("paramRef").is_none());
    }
    assert_eq!(carrying.iter().filter(|object| object.to_string().contains("hunter2")).count(), 2);

    let objects = values(&with_policy());
    let policy = one(&objects, "ValidatingAdmissionPolicy");
    assert!(policy["spec"].get("paramKind").is_none(), "without a parameter it can be applied with all else");
    let binding = one(&objects, "ValidatingAdmissionPolicyBinding");
    assert_eq!(binding["spec"]["policyName"], policy["metadata"]["name"]);
}

#[test]
fn namespaces_are_chosen_for_all_at_once() {
    for install in [with_policy(), policies(), policies_with_index()] {
        let objects = values(&install.in_namespaces(Namespaces::except_upstream_opt_outs()));
        for object in objects {
            let selector = match object["kind"].as_str().unwrap() {
                "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
                    &object["webhooks"][0]["namespaceSelector"]
                }
                "MutatingAdmissionPolicyBinding" | "ValidatingAdmissionPolicyBinding" => {
                    &object["spec"]["matchResources"]["namespaceSelector"]
                }
                _ => continue,
            };
            assert_eq!(selector["matchExpressions"].as_array().map(Vec::len), Some(2), "{}", object["kind"]);
        }
    }
}

#[test]
fn nothing_lies_in_another_namespace_or_shares_a_name() {
    const OF_THE_CLUSTER: [&str; 11] = [
        "GMSAIndex",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "Namespace",
        "CustomResourceDefinition",
        "ClusterRole",
        "ClusterRoleBinding",
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ];
    for install in all_with_policies() {
        let mut seen = BTreeSet::new();
        for object in install.objects() {
            let namespace = (!OF_THE_CLUSTER.contains(&object.kind())).then(|| {
                if install.name().namespace() == "kube-system" { "kube-system" } else { "gmsa-system" }
            });
            assert_eq!(object.namespace(), namespace, "{object:?}");
            assert!(seen.insert((object.kind().to_owned(), object.name().to_owned())), "{object:?}");
            let value = serde_json::to_value(&object).unwrap();
            assert_eq!(value["apiVersion"], object.api_version());
            assert_eq!(value["metadata"]["name"], object.name());
        }
    }
}

#[test]
fn a_namespace_of_every_cluster_is_left_as_it_is() {
    for namespace in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        let name = InstallName::new(namespace, "gmsa").unwrap();
        let objects = Install::webhook(name, server(Certificates::CertManager)).objects();
        assert!(!objects.iter().any(|object| ["Namespace", "ResourceQuota"].contains(&object.kind())));
    }
    let install = with_given().in_existing_namespace();
    assert_eq!(install.objects(), with_given().objects().split_off(2));
    let objects = values(&with_given());
    let labels = &one(&objects, "Namespace")["metadata"]["labels"];
    assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted");
    let selected = &one(&objects, "ResourceQuota")["spec"]["scopeSelector"]["matchExpressions"][0];
    let pod = &one(&objects, "Deployment")["spec"]["template"]["spec"];
    assert_eq!(selected["values"], json!([pod["priorityClassName"]]));
}

/// Source: Kubernetes, "Pod Security Standards", level `restricted`, for pods of Linux.
#[test]
fn the_pods_are_those_of_a_restricted_namespace() {
    for install in all() {
        let objects = values(&install);
        let pod = &one(&objects, "Deployment")["spec"]["template"]["spec"];
        for shared in
            ["hostNetwork", "hostPID", "hostIPC", "hostUsers", "initContainers", "ephemeralContainers"]
        {
            assert!(pod.get(shared).is_none(), "{shared}");
        }
        let of_pod = &pod["securityContext"];
        assert_eq!(of_pod["runAsNonRoot"], true);
        for id in ["runAsUser", "runAsGroup", "fsGroup"] {
            assert!(of_pod[id].as_i64().unwrap() > 0);
        }
        assert_eq!(of_pod["seccompProfile"], json!({"type": "RuntimeDefault"}));
        for loose in ["sysctls", "seLinuxOptions", "windowsOptions", "appArmorProfile", "supplementalGroups"]
        {
            assert!(of_pod.get(loose).is_none(), "{loose}");
        }
        for container in pod["containers"].as_array().unwrap() {
            assert_eq!(
                container["securityContext"],
                json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
                       "readOnlyRootFilesystem": true})
            );
            assert!(container["ports"].as_array().unwrap().iter().all(|port| port.get("hostPort").is_none()));
            let port = container["ports"][0]["containerPort"].as_i64().unwrap();
            assert!(port >= 1024, "a process without capabilities listens there");
        }
        for volume in pod["volumes"].as_array().unwrap() {
            let kinds: Vec<&String> =
                volume.as_object().unwrap().keys().filter(|key| *key != "name").collect();
            assert_eq!(kinds, ["secret"]);
            assert_eq!(volume["secret"]["defaultMode"], 0o440);
        }
    }
}

#[test]
fn the_webhook_does_not_wait_for_itself() {
    for install in all() {
        let objects = values(&install);
        let template = &one(&objects, "Deployment")["spec"]["template"];
        let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": template["spec"],
            "metadata": {"name": "p", "namespace": "n", "labels": template["metadata"]["labels"]}});
        default_pod(&mut pod);
        assert_eq!(check_pod(&pod), []);
        let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "u", "operation": "CREATE", "namespace": "n", "kind": {"version": "v1", "kind": "Pod"},
            "resource": {"version": "v1", "resource": "pods"}, "object": pod}});
        let review = review.to_string();
        let request = Request::from_slice(review.as_bytes()).unwrap();
        let policy = Policy::default().with_random_hostname(true);
        assert!(mutate(&request, &policy).needs().is_empty());
        assert!(validate(&request, &policy).needs().is_empty());
        assert!(mutate(&request, &policy).respond(&Default::default()).patch().is_none());
        // And never will: with this the API server refuses `windowsOptions`.
        assert_eq!(pod["spec"]["os"]["name"], "linux");
    }
}

#[test]
fn the_api_server_s_checks_find_nothing() {
    for install in all_with_policies() {
        for object in values(&install) {
            assert_eq!(check_object(&object), [], "{}", object["kind"]);
        }
        for object in install.objects() {
            let value = serde_json::to_value(&object).unwrap();
            macro_rules! is_read_back {
                ($($kind:ident),*) => {
                    match object {
                        $(Object::$kind(object) => assert_eq!(*object, serde_json::from_value(value).unwrap()),)*
                        _ => assert!(
                            value["apiVersion"] == "cert-manager.io/v1"
                                || value["kind"].as_str().unwrap().starts_with("MutatingAdmissionPolicy")
                        ),
                    }
                };
            }
            is_read_back!(
                Namespace,
                ResourceQuota,
                CustomResourceDefinition,
                ServiceAccount,
                ClusterRole,
                ClusterRoleBinding,
                Secret,
                Deployment,
                PodDisruptionBudget,
                Service,
                NetworkPolicy,
                MutatingWebhookConfiguration,
                ValidatingWebhookConfiguration,
                GmsaIndex,
                ValidatingAdmissionPolicy,
                ValidatingAdmissionPolicyBinding
            );
        }
    }
}

#[test]
fn the_key_is_in_the_secret_and_nowhere_else() {
    let install = with_given();
    let key = String::from_utf8(KEY.to_vec()).unwrap();
    let line = key.lines().nth(1).unwrap();
    let bytes = format!("{:?}", KEY.iter().take(8).collect::<Vec<_>>());
    let bytes = bytes.trim_matches(['[', ']']);
    for debug in [
        format!("{install:?}"),
        format!("{:?}", install.objects()),
        format!("{:?} {:?}", policies(), policies().objects()),
        format!("{:?} {:?}", policies_with_index(), policies_with_index().objects()),
        format!("{:#?}", given()),
        format!("{:?}", server(given())),
    ] {
        assert!(!debug.contains(line) && !debug.contains(bytes), "{debug}");
        assert!(!debug.contains("hunter2"), "contents of the index: {debug}");
    }
    for object in values(&install) {
        let text = object.to_string();
        let encoded = one(std::slice::from_ref(&object), object["kind"].as_str().unwrap())["data"]["tls.key"]
            .is_string();
        assert_eq!(encoded, object["kind"] == "Secret");
        assert!(!text.contains(line), "it is base64 of PEM, even there");
    }
    // What ServiceAccounts are given is used by the pods that ask for it alone.
    let objects = values(&install);
    assert_eq!(one(&objects, "ServiceAccount")["automountServiceAccountToken"], false);
    let pod = &one(&objects, "Deployment")["spec"]["template"]["spec"];
    assert_eq!(pod["automountServiceAccountToken"], true);
}

#[test]
fn another_certificate_makes_other_pods() {
    let annotation = |certificate: &[u8]| {
        let serving = ServingCertificate::from_pem(CA, certificate, KEY).unwrap();
        let install = Install::webhook(usual_name(), server(Certificates::Given(serving)));
        one(&values(&install), "Deployment")["spec"]["template"]["metadata"]["annotations"].clone()
    };
    assert_eq!(annotation(CERTIFICATE), annotation(CERTIFICATE));
    assert_ne!(annotation(CERTIFICATE), annotation(CA));
}

#[test]
fn the_definition_is_kept() {
    let objects = values(&with_given());
    let definition = one(&objects, "CustomResourceDefinition");
    let annotations = &definition["metadata"]["annotations"];
    assert_eq!(annotations["helm.sh/resource-policy"], "keep");
    let mut without = definition.clone();
    without["metadata"]["annotations"].as_object_mut().unwrap().remove("helm.sh/resource-policy");
    assert_eq!(without, serde_json::to_value(gmsa_types::crd::definition()).unwrap());
}

#[test]
fn pem_is_taken_as_people_have_it_and_refused_with_what_to_do() {
    let block = |label: &str| format!("-----BEGIN {label}-----\nMAMCAQE=\n-----END {label}-----\n");
    let (certificate, key) = (block("CERTIFICATE"), block("PRIVATE KEY"));
    let take = |ca: &str, certificate: &str, key: &str| {
        ServingCertificate::from_pem(ca.as_bytes(), certificate.as_bytes(), key.as_bytes())
    };
    let two = format!("{certificate}{certificate}");
    let explained = format!("\u{feff}subject=CN = x\r\n\r\n{}trailing", two.replace('\n', "\r\n"));
    let taken = take(&explained, &explained, &format!("{}{key}", block("EC PARAMETERS"))).unwrap();
    assert_eq!(taken.certificate(), two);
    assert_eq!(taken.ca().as_bytes(), two.as_bytes());
    for label in ["RSA PRIVATE KEY", "EC PRIVATE KEY"] {
        assert!(take(&certificate, &certificate, &block(label)).is_ok());
    }

    let no_pem = "is not PEM text; if it is DER or PKCS #12, convert it with `openssl`";
    let damaged = "has a PEM block that is cut off or damaged; get it again";
    let shown = "holds a private key, which would be shown to others; give certificates alone";
    let other = "holds something other than certificates; leave in the `CERTIFICATE` blocks alone";
    let encrypted = "is encrypted, and the webhook has no passphrase; decrypt it with `openssl pkey`";
    let old = key.replace("-----\nMA", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMA");
    for (ca, chain, private, says) in [
        ("", certificate.as_str(), key.as_str(), format!("certificate authority {no_pem}")),
        (&certificate, "MAMCAQE=", &key, format!("certificate {no_pem}")),
        (&certificate, &certificate, "", format!("private key {no_pem}")),
        (&key, &certificate, &key, format!("certificate authority {shown}")),
        (&certificate, &format!("{certificate}{key}"), &key, format!("certificate {shown}")),
        (&certificate, &block("CERTIFICATE REQUEST"), &key, format!("certificate {other}")),
        (&certificate, &certificate.replace("MAMC", "MAMC!"), &key, format!("certificate {damaged}")),
        (&certificate, certificate.trim_end_matches("--\n"), &key, format!("certificate {damaged}")),
        (&certificate, &certificate.replace("MAMCAQE=", "MAQCAQE="), &key, format!("certificate {damaged}")),
        (
            &certificate,
            &certificate,
            &certificate,
            "private key is not in the text; give the file with the `PRIVATE KEY` block".to_owned(),
        ),
        (
            &certificate,
            &certificate,
            &format!("{key}{key}"),
            "private key is not alone; give the one that belongs to the certificate".to_owned(),
        ),
        (&certificate, &certificate, &block("ENCRYPTED PRIVATE KEY"), format!("private key {encrypted}")),
        (
            &certificate,
            &certificate,
            &old.replace("PRIVATE", "RSA PRIVATE"),
            format!("private key {encrypted}"),
        ),
    ] {
        let error = take(ca, chain, private).unwrap_err();
        assert_eq!(error.to_string(), says);
        assert!(error.to_string().starts_with(error.what()));
        assert!(!error.to_string().contains("MA"));
    }
    assert!(
        ServingCertificate::from_pem(CA, b"\x30\x82\xff\xff", KEY).unwrap_err().to_string().contains(no_pem)
    );
}

#[test]
fn an_image_has_a_tag_or_a_digest() {
    let digest = format!("sha256:{}", "0a".repeat(32));
    for good in [
        "webhook:v1".to_owned(),
        "registry.k8s.io/gmsa-webhook/k8s-gmsa-webhook:v0.13.0".to_owned(),
        "localhost/a:1".to_owned(),
        "localhost:5000/a/b__c/d--e.f:latest".to_owned(),
        "[fd00::1]:5000/a:1".to_owned(),
        "Registry.Example.com/a:V_1.-".to_owned(),
        format!("a@{digest}"),
        format!("example.com:443/a:v1@{digest}"),
        format!("a@sha512:{}", "0".repeat(128)),
    ] {
        assert_eq!(Image::try_from(good.as_str()).unwrap().as_str(), good);
    }
    let why = |text: &str| Image::try_from(text).unwrap_err().to_string();
    assert_eq!(why(""), "image must not be empty");
    for spaced in [" a:1", "a:1\n", "a :1", "a:1\t", "a\u{a0}:1", "a:\u{0}"] {
        assert_eq!(why(spaced), "image must not contain spaces or line breaks", "{spaced:?}");
    }
    for untagged in ["webhook", "example.com:5000/webhook", "a/b"] {
        assert!(why(untagged).contains("neither a tag nor a digest"), "{untagged}");
    }
    for repository in [
        "Webhook:1",
        "a//b:1",
        "/a:1",
        "a/:1",
        "a..b:1",
        "a___b:1",
        "-a:1",
        "https://a/b:1",
        ":1",
        "a/B:1",
        &format!("@{digest}"),
    ] {
        assert!(
            why(repository).contains("a repository that is none") || why(repository).contains("registry"),
            "{repository}: {}",
            why(repository)
        );
    }
    for tag in ["a:", "a:.v1", "a:v$1", &format!("a:{}", "1".repeat(129))] {
        assert!(why(tag).contains("a tag that is none"), "{tag}");
    }
    for bad in [
        "a@",
        "a@sha256:00",
        "a:1@md5:00",
        &format!("a@{}", digest.to_uppercase()),
        &format!("a@{digest}@{digest}"),
    ] {
        assert!(why(bad).contains("a digest that is none"), "{bad}");
    }
}

#[test]
fn a_network_is_written_as_the_api_server_wants_it() {
    for good in ["10.0.0.0/8", "0.0.0.0/0", "10.1.2.3/32", "::/0", "fd00::/64", "fd00::1/128"] {
        assert_eq!(IpNetwork::try_from(good).unwrap().to_string(), good);
    }
    let fault = |text: &str| -> InvalidIpNetwork { IpNetwork::try_from(text).unwrap_err() };
    for bad in ["", "10.0.0.0", "10.0.0/8", "010.0.0.0/8", "a/8", "/8", "fd00::/64/1"] {
        fault(bad);
    }
    for bad in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/08", "fd00::/129", "10.0.0.0/-1"] {
        assert!(fault(bad).to_string().contains("prefix that is no number"), "{bad}");
    }
    for bad in ["10.0.0.1/31", "10.0.0.0/6", "fd00::1/127", "1.0.0.0/0"] {
        assert!(fault(bad).to_string().contains("bits beyond"), "{bad}");
    }
}

#[test]
fn names_are_those_of_services_and_namespaces() {
    for (namespace, name) in
        [("", "a"), ("a", ""), ("A", "a"), ("a.b", "a"), ("a", "1a"), ("a", "a.b"), ("a", "A"), ("a", "a-")]
    {
        assert!(InstallName::new(namespace, name).is_err(), "{namespace}/{name}");
    }
    let error = InstallName::new("a", "1a").unwrap_err();
    assert_eq!(
        error.to_string(),
        "name of the installation is not valid: it starts with a letter (character 1)"
    );
    assert!(InstallName::new("1a", "a".repeat(63)).is_ok());
    assert!(InstallName::new("a", "a".repeat(64)).is_err());
}

proptest! {
    #[test]
    fn any_name_makes_names_and_labels_that_kubernetes_takes(
        namespace in "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
        name in "[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
    ) {
        let install_name = InstallName::new(namespace, name).unwrap();
        prop_assert!(install_name.dns_names().iter().all(|name| name.len() <= 253));
        for certificates in [Certificates::CertManager, given()] {
            for object in Install::webhook(install_name.clone(), server(certificates)).objects() {
                gmsa_types::check_dns_subdomain("name", object.name()).unwrap();
                let value = serde_json::to_value(&object).unwrap();
                for (key, value) in value["metadata"]["labels"].as_object().unwrap() {
                    let (_, key) = key.split_once('/').unwrap();
                    for text in [key, value.as_str().unwrap()] {
                        prop_assert!((1..=63).contains(&text.len()));
                        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
                    }
                }
            }
        }
    }
}
