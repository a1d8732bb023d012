//! Pods with gMSA fields: in order, out of order, and out of shape.

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use crate::{
    ContainerList,
    place::{CONTENTS_FIELD, NAME_FIELD},
    samples::{
        self, INVALID_NAMES, NAMES, SECRET, SERVICE_ACCOUNT, UNANSWERED, ambiguous_contents, respelt_contents,
    },
};

/// A name in the field for one: of a credential spec, of none, or no name at all.
pub fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(&NAMES[..]).prop_map(str::to_owned),
        1 => Just(UNANSWERED.to_owned()),
        1 => select(&INVALID_NAMES[..]).prop_map(str::to_owned),
    ]
}

/// Contents in the field for them: of a credential spec, in its form or another, or what only looks like it.
pub fn contents() -> impl Strategy<Value = String> {
    let of = |make: fn(&str) -> String| select(&NAMES[..]).prop_map(make);
    prop_oneof![
        4 => of(samples::contents),
        2 => of(respelt_contents),
        1 => of(ambiguous_contents),
        1 => of(|name| format!("{} {{}}", samples::contents(name))),
        1 => of(|name| format!("\u{feff}{}", samples::contents(name))),
        1 => of(|name| samples::contents(name).to_ascii_lowercase()),
        1 => select(&["", "null", "[]", "{}", "{", "\"s3cr3t\""][..]).prop_map(str::to_owned),
    ]
}

/// A pod with gMSA fields anywhere, healthy or not.
pub fn pod() -> impl Strategy<Value = Value> {
    pod_with(windows_options().boxed())
}

/// A pod whose gMSA fields are all in order, some of them expanded.
pub fn proper_pod() -> impl Strategy<Value = Value> {
    pod_with(proper_options().boxed())
}

/// A pod with contents at every place that has a name, most of them right: near enough to being allowed that a
/// wrong one matters.
pub fn expanded_pod() -> impl Strategy<Value = Value> {
    let right = proper_options().prop_filter("not expanded", |options| options.get(CONTENTS_FIELD).is_some());
    let other = |make: fn(&str) -> String| {
        select(&NAMES[..]).prop_map(move |name| json!({NAME_FIELD: name, CONTENTS_FIELD: make(name)}))
    };
    let of_another =
        |name: &str| samples::contents(NAMES.into_iter().find(|other| *other != name).unwrap_or(name));
    let options = prop_oneof![
        20 => right,
        1 => windows_options(),
        1 => other(ambiguous_contents),
        1 => other(of_another),
        1 => contents().prop_map(|contents| json!({CONTENTS_FIELD: contents})),
    ];
    pod_with(options.boxed())
}

/// A pod in which one or two things are of a wrong type or of an odd shape.
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
        "/spec/containers/0/env",
        "/spec/containers/0/env/0",
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
            options.extend(name.map(|name| (NAME_FIELD.to_owned(), json!(name))));
            options.extend(contents.map(|contents| (CONTENTS_FIELD.to_owned(), json!(contents))));
            options.extend(host_process.map(|host| ("hostProcess".to_owned(), json!(host))));
            Value::Object(options)
        })
}

/// `windowsOptions` as a careful author writes them: a name, and perhaps its contents.
fn proper_options() -> impl Strategy<Value = Value> {
    (select(&NAMES[..]), 0..3).prop_map(|(name, how)| match how {
        0 => json!({NAME_FIELD: name}),
        1 => json!({NAME_FIELD: name, CONTENTS_FIELD: samples::contents(name)}),
        _ => json!({NAME_FIELD: name, CONTENTS_FIELD: respelt_contents(name), "hostProcess": false}),
    })
}

fn security_context(options: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let contexts = prop_oneof![
        3 => options.prop_map(|options| json!({"runAsNonRoot": true, "windowsOptions": options})),
        1 => Just(json!({"windowsOptions": null})),
        1 => Just(json!({"capabilities": {"drop": ["ALL"]}})),
        1 => Just(Value::Null),
    ];
    contexts.boxed()
}

/// Things beside the fields that matter, some of which quote them.
fn noise() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("\"gmsaCredentialSpec\": \"quoted\"")),
        Just(json!("gmsaCredentialSpecName")),
    ];
    let nested = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-zé/~\"]{0,6}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    nested.boxed()
}

/// An environment, each variable of which has [`SECRET`] in it, alone or among what looks like the fields that matter.
fn env() -> BoxedStrategy<Value> {
    let value = prop_oneof![
        2 => Just(SECRET.to_owned()),
        1 => "\\PC{0,6}".prop_map(|text| format!("{text}{SECRET}")),
        1 => Just(format!("{{\"gmsaCredentialSpec\": \"{SECRET}\"}}")),
    ];
    let variables = vec(value, 1..3).prop_map(|values| {
        let variable = |(index, value)| json!({"name": format!("PASSWORD_{index}"), "value": value});
        Value::from_iter(values.into_iter().enumerate().map(variable))
    });
    variables.boxed()
}

fn containers(options: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let container = (option::of(security_context(options)), env(), noise());
    let lists = vec(container, 0..4).prop_map(|containers| {
        let named = containers.into_iter().enumerate().map(|(index, (context, env, noise))| {
            let mut container = Map::new();
            container.extend(context.map(|context| ("securityContext".to_owned(), context)));
            container.insert("env".to_owned(), env);
            container.insert("image".to_owned(), json!("iis"));
            container.insert("name".to_owned(), json!(format!("c{index}")));
            container.insert("volumeMounts".to_owned(), noise);
            Value::Object(container)
        });
        Value::from_iter(named)
    });
    lists.boxed()
}

/// Boxed, as all of its parts are: laid out in one piece, a pod's tree of values does not fit the stack of a test's thread.
fn pod_with(options: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let lists = ContainerList::ALL.map(|_| option::of(containers(options.clone())));
    let parts =
        (option::of(security_context(options)), lists, noise(), option::of("[a-z]{1,5}"), any::<bool>());
    let pods = parts.prop_map(|(context, lists, noise, hostname, named)| {
        let mut spec = Map::new();
        spec.insert("serviceAccountName".to_owned(), json!(SERVICE_ACCOUNT));
        spec.insert("volumes".to_owned(), noise);
        for (list, containers) in ContainerList::ALL.into_iter().zip(lists) {
            spec.extend(containers.map(|containers| (list.field().to_owned(), containers)));
        }
        spec.extend(context.map(|context| ("securityContext".to_owned(), context)));
        spec.extend(hostname.map(|hostname| ("hostname".to_owned(), json!(hostname))));
        let metadata = match named {
            true => json!({"name": "web-0", "annotations": {"gmsaCredentialSpec": "label"}}),
            false => json!({"generateName": "web-"}),
        };
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    });
    pods.boxed()
}
