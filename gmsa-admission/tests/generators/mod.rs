//! Pods, reviews and facts for the laws: gMSA fields at all places, in every state of health.

#![allow(unreachable_pub, dead_code, reason = "each test beside it takes what it needs")]

use gmsa_admission::{AccessAnswer, CredSpecAnswer, Facts};
use gmsa_credspec::CanonicalContents;
use gmsa_rbac::AccessQuestion;
use gmsa_types::CredentialSpecName;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

pub const NAMESPACE: &str = "team-a";
pub const SERVICE_ACCOUNT: &str = "web";
pub const NAMES: [&str; 3] = ["webapp0", "webapp1", "dotted.name"];
pub const UNANSWERED: &str = "i-sure-dont-exist";
pub const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];
/// Stands in contents only, so that nothing else may show it.
pub const SECRET: &str = "s3cr3t";

/// The contents of the credential spec of that name.
pub fn document(name: &str) -> String {
    json!({
        "CmsPlugins": ["ActiveDirectory"],
        "DomainJoinConfig": {"MachineAccountName": name, "Sid": "S-1-5-21-1-2-3", "NetBiosName": "<É&日本\u{2028}>"},
        "ActiveDirectoryConfig": {"HostAccountConfig": {"PluginInput": SECRET}},
    })
    .to_string()
}

pub fn canonical(name: &str) -> String {
    CanonicalContents::from_json(&document(name)).unwrap().as_str().to_owned()
}

/// Another text of the same value.
fn respelt(name: &str) -> String {
    let value: Value = serde_json::from_str(&document(name)).unwrap();
    let members: Vec<_> = value.as_object().unwrap().iter().rev().collect();
    let body: Vec<_> = members.iter().map(|(key, value)| format!("\n \"{key}\" : {value:#}")).collect();
    format!("{{{}}}\t", body.join(","))
}

/// A text that readers take for different values, depending on which of two equal keys they heed.
fn duplicated(name: &str) -> String {
    let document = canonical(name);
    format!("{{\"CmsPlugins\":[\"evil\"],{}", &document[1..])
}

pub fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(&NAMES[..]).prop_map(str::to_owned),
        1 => Just(UNANSWERED.to_owned()),
        1 => select(&["", "WebApp0", "../webapp0", "webapp0\n", "名前"][..]).prop_map(str::to_owned),
    ]
}

fn contents() -> impl Strategy<Value = String> {
    let of = |make: fn(&str) -> String| select(&NAMES[..]).prop_map(make);
    prop_oneof![
        4 => of(canonical),
        2 => of(respelt),
        1 => of(duplicated),
        1 => of(|name| format!("{} {{}}", canonical(name))),
        1 => of(|name| format!("\u{feff}{}", canonical(name))),
        1 => of(|name| canonical(name).to_ascii_lowercase()),
        1 => select(&["", "null", "[]", "{}", "{", "\"s3cr3t\""][..]).prop_map(str::to_owned),
    ]
}

/// `windowsOptions` that the API server could show.
fn windows_options() -> impl Strategy<Value = Value> {
    (
        option::of(name()),
        option::weighted(0.4, contents()),
        option::of(any::<bool>()),
        option::of("[a-z ]{0,8}"),
    )
        .prop_map(|(name, contents, host_process, user)| {
            let mut options = Map::new();
            options.extend(user.map(|user| ("runAsUserName".to_owned(), json!(user))));
            options.extend(name.map(|name| ("gmsaCredentialSpecName".to_owned(), json!(name))));
            options.extend(contents.map(|contents| ("gmsaCredentialSpec".to_owned(), json!(contents))));
            options.extend(host_process.map(|host| ("hostProcess".to_owned(), json!(host))));
            Value::Object(options)
        })
}

/// `windowsOptions` as a careful author writes them: a name, and perhaps its contents.
fn proper_options() -> impl Strategy<Value = Value> {
    (select(&NAMES[..]), 0..3).prop_map(|(name, how)| match how {
        0 => json!({"gmsaCredentialSpecName": name}),
        1 => json!({"gmsaCredentialSpecName": name, "gmsaCredentialSpec": canonical(name)}),
        _ => {
            json!({"gmsaCredentialSpecName": name, "gmsaCredentialSpec": respelt(name), "hostProcess": false})
        }
    })
}

fn security_context(options: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => options.prop_map(|options| json!({"runAsNonRoot": true, "windowsOptions": options})),
        1 => Just(json!({"windowsOptions": null})),
        1 => Just(json!({"capabilities": {"drop": ["ALL"]}})),
        1 => Just(Value::Null),
    ]
}

/// Things beside the fields that matter, some of which quote them.
fn noise() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("\"gmsaCredentialSpec\": \"quoted\"")),
        Just(json!("gmsaCredentialSpecName")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-zé/~\"]{0,6}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn containers(options: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Vec<Value>> {
    let container = (option::of(security_context(options)), noise());
    vec(container, 0..4).prop_map(|containers| {
        let named = containers.into_iter().enumerate().map(|(index, (context, noise))| {
            let mut container = json!({"env": noise, "image": "iis", "name": format!("c{index}")});
            if let Some(context) = context {
                container["securityContext"] = context;
            }
            container
        });
        named.collect()
    })
}

fn pod_with(options: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Value> {
    let lists = LISTS.map(|_| option::of(containers(options.clone())));
    (option::of(security_context(options)), lists, noise(), option::of("[a-z]{1,5}"), any::<bool>()).prop_map(
        |(context, lists, noise, hostname, named)| {
            let mut spec = json!({"serviceAccountName": SERVICE_ACCOUNT, "volumes": noise});
            for (list, containers) in LISTS.into_iter().zip(lists) {
                if let Some(containers) = containers {
                    spec[list] = Value::from(containers);
                }
            }
            if let Some(context) = context {
                spec["securityContext"] = context;
            }
            if let Some(hostname) = hostname {
                spec["hostname"] = Value::from(hostname);
            }
            let metadata = match named {
                true => json!({"name": "web-0", "annotations": {"gmsaCredentialSpec": "label"}}),
                false => json!({"generateName": "web-"}),
            };
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        },
    )
}

/// A pod with gMSA fields anywhere, healthy or not.
pub fn pod() -> impl Strategy<Value = Value> {
    pod_with(windows_options().boxed())
}

/// A pod whose gMSA fields are all in order.
pub fn proper_pod() -> impl Strategy<Value = Value> {
    pod_with(proper_options().boxed())
}

/// A pod with contents at every place that has a name, most of them right: near enough to being allowed that a
/// wrong one matters.
pub fn expanded_pod() -> impl Strategy<Value = Value> {
    let right =
        proper_options().prop_filter("expanded", |options| options.get("gmsaCredentialSpec").is_some());
    let other = |make: fn(&str) -> String| {
        select(&NAMES[..])
            .prop_map(move |name| json!({"gmsaCredentialSpecName": name, "gmsaCredentialSpec": make(name)}))
    };
    let options = prop_oneof![
        20 => right,
        1 => windows_options(),
        1 => other(duplicated),
        1 => other(|name| canonical(if name == NAMES[0] { NAMES[1] } else { NAMES[0] })),
        1 => contents().prop_map(|contents| json!({"gmsaCredentialSpec": contents})),
    ];
    pod_with(options.boxed())
}

/// A pod in which one thing is of a wrong type or of an odd shape.
pub fn misshapen_pod() -> impl Strategy<Value = Value> {
    let pointers = [
        "",
        "/metadata",
        "/metadata/name",
        "/spec",
        "/spec/securityContext",
        "/spec/serviceAccountName",
        "/spec/os",
        "/spec/containers",
        "/spec/containers/0",
        "/spec/containers/0/name",
        "/spec/initContainers/0/securityContext",
        "/spec/ephemeralContainers/0/securityContext/windowsOptions",
        "/spec/securityContext/windowsOptions/gmsaCredentialSpec",
        "/spec/containers/0/securityContext/windowsOptions/gmsaCredentialSpecName",
        "/spec/containers/0/securityContext/windowsOptions/hostProcess",
    ];
    (pod(), vec((select(pointers.to_vec()), noise()), 1..3)).prop_map(|(mut pod, changes)| {
        for (pointer, value) in changes {
            if let Some(place) = pod.pointer_mut(pointer) {
                *place = value;
            }
        }
        pod
    })
}

pub fn review(operation: &str, sub_resource: &str, object: &Value, old_object: &Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "subResource": sub_resource,
            "namespace": NAMESPACE,
            "operation": operation,
            "object": object,
            "oldObject": old_object,
        },
    })
}

/// Answers to everything that the generated pods can ask, each yes, no, or unknown.
pub fn facts() -> impl Strategy<Value = Facts<'static>> {
    let answers = NAMES
        .map(|name| (option::weighted(0.9, cred_spec_answer(name)), option::weighted(0.9, access_answer())));
    answers.prop_map(|answers| {
        let mut facts = Facts::default();
        for (name, (contents, access)) in NAMES.into_iter().zip(answers) {
            if let Some(contents) = contents {
                facts.insert_credential_spec(CredentialSpecName::try_from(name).unwrap(), contents);
            }
            if let Some(access) = access {
                facts.insert_access(AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, name), access);
            }
        }
        facts
    })
}

/// Every credential spec is there, and everybody may use it.
pub fn permissive_facts() -> Facts<'static> {
    let mut facts = Facts::default();
    for name in NAMES {
        facts.insert_credential_spec(CredentialSpecName::try_from(name).unwrap(), found(name));
        facts.insert_access(AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, name), AccessAnswer::Allow);
    }
    facts
}

fn found(name: &str) -> CredSpecAnswer<'static> {
    CredSpecAnswer::Found(CanonicalContents::from_json(&document(name)).unwrap().into_owned())
}

fn cred_spec_answer(name: &'static str) -> impl Strategy<Value = CredSpecAnswer<'static>> {
    prop_oneof![
        6 => Just(found(name)),
        1 => Just(CredSpecAnswer::NotFound),
        1 => Just(CredSpecAnswer::Empty),
        1 => Just(CredSpecAnswer::Unavailable("etcd is away".into())),
    ]
}

fn access_answer() -> impl Strategy<Value = AccessAnswer<'static>> {
    prop_oneof![
        6 => Just(AccessAnswer::Allow),
        1 => Just(AccessAnswer::Deny { reason: "".into() }),
        1 => Just(AccessAnswer::Deny { reason: "no \"such\" role".into() }),
        1 => Just(AccessAnswer::DenyRequester { user: "ann".into(), reason: "".into() }),
        1 => Just(AccessAnswer::Unavailable("timed out".into())),
    ]
}
