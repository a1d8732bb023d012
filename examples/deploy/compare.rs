//! What applying the objects would do to those that are installed.

use gmsa_examples::{manifest::Manifest, program::one_line};
use gmsa_types::crd::compare;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde::Serialize;
use serde_json::Value;

use crate::installed::{is_merged_list, is_of_the_cluster, item_key, last_applied, merges_lists};

/// The outcome, object by object in the order in which they are applied.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Comparison {
    pub(crate) objects: Vec<Compared>,
    /// What an earlier installation of that name has left, and applying does not take away.
    pub(crate) left_over: Vec<Identity>,
}

impl Comparison {
    /// Whether what is installed is what would be.
    pub(crate) fn is_same(&self) -> bool {
        self.left_over.is_empty() && self.objects.iter().all(|object| object.state == State::Same)
    }
}

#[derive(Serialize)]
pub(crate) struct Compared {
    #[serde(flatten)]
    pub(crate) identity: Identity,
    pub(crate) state: State,
    pub(crate) differences: Vec<Difference>,
    /// What the installed definition of credential specs does otherwise, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) meaning: Vec<String>,
}

#[derive(Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    api_version: String,
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
}

impl Identity {
    fn of(object: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            api_version: text(&object["apiVersion"]).unwrap_or_default(),
            kind: text(&object["kind"]).unwrap_or_default(),
            namespace: text(&object["metadata"]["namespace"]),
            name: text(&object["metadata"]["name"]).unwrap_or_default(),
        }
    }

    /// Whether the two name one object. A group may be served in several versions.
    fn is(&self, other: &Self) -> bool {
        fn group(version: &str) -> &str {
            version.rsplit_once('/').map_or("", |(group, _)| group)
        }
        (&self.kind, &self.namespace, &self.name) == (&other.kind, &other.namespace, &other.name)
            && group(&self.api_version) == group(&other.api_version)
    }
}

#[derive(Clone, Copy, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    Same,
    Changed,
    Added,
}

#[derive(Serialize)]
pub(crate) struct Difference {
    /// A JSON pointer, with `[KEY=VALUE]` for an item of a list that has a name.
    pub(crate) path: String,
    pub(crate) effect: Effect,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) installed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wanted: Option<String>,
}

#[derive(Clone, Copy, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Effect {
    Add,
    Change,
    /// It was applied before, and is wanted no longer.
    Remove,
    /// Somebody else has set it, and it stays.
    Keep,
}

pub(crate) fn with_installed(wanted: &[Value], installed: &[Manifest]) -> Comparison {
    let identities: Vec<Identity> = wanted.iter().map(Identity::of).collect();
    let objects = wanted
        .iter()
        .map(|wanted| {
            let identity = Identity::of(wanted);
            let mut found = installed.iter().map(|manifest| &manifest.object);
            let Some(found) = found.find(|object| Identity::of(object).is(&identity)) else {
                return Compared {
                    identity,
                    state: State::Added,
                    differences: Vec::new(),
                    meaning: Vec::new(),
                };
            };
            let differences = differences(wanted, found);
            // Labels and annotations of others are nobody's concern.
            let counts = |difference: &Difference| {
                difference.effect != Effect::Keep || !difference.path.starts_with("/metadata/")
            };
            let state = if differences.iter().any(counts) { State::Changed } else { State::Same };
            let meaning = meaning(wanted, found);
            Compared { identity, state, differences, meaning }
        })
        .collect();
    let is_left_over = |object: &&Value| {
        let label = |object: &Value, key: &str| object["metadata"]["labels"][key].as_str().map(str::to_owned);
        // Those that all of an installation have, whatever checks the pods in it: policies are no webhook's.
        let keys = ["app.kubernetes.io/part-of", "app.kubernetes.io/instance"];
        let ours = wanted.iter().find(|object| label(object, keys[1]).is_some());
        let identity = Identity::of(object);
        ours.is_some_and(|ours| keys.iter().all(|key| label(object, key) == label(ours, key)))
            && !identities.iter().any(|wanted| wanted.is(&identity))
            // Made by a controller from one of the objects, whose labels they take over.
            && object["metadata"].get("ownerReferences").is_none()
            && identity.kind != "Endpoints"
            // cert-manager writes into the Secret that is there.
            && !(identity.kind == "Secret" && wanted.iter().any(|object| object["spec"]["secretName"] == *identity.name))
    };
    let left_over = installed.iter().map(|manifest| &manifest.object).filter(is_left_over).map(Identity::of);
    Comparison { objects, left_over: left_over.collect() }
}

fn meaning(wanted: &Value, installed: &Value) -> Vec<String> {
    if wanted["kind"] != "CustomResourceDefinition" {
        return Vec::new();
    }
    let read = |object: &Value| serde_json::from_value::<CustomResourceDefinition>(object.clone());
    match (read(installed), read(wanted)) {
        (Ok(installed), Ok(wanted)) => compare(&installed, &wanted).iter().map(one_line).collect(),
        _ => Vec::new(),
    }
}

fn differences(wanted: &Value, installed: &Value) -> Vec<Difference> {
    let annotations = &wanted["metadata"]["annotations"];
    let mut walk = Walk {
        // What these hold belongs on no screen, and in no log of a pipeline.
        is_secret: !matches!(
            wanted["kind"].as_str(),
            Some(kind) if kind != "Secret"
                && !kind.ends_with("AdmissionPolicy")
                && !kind.to_ascii_lowercase().starts_with("gmsa")
        ),
        is_injected: annotations.get("cert-manager.io/inject-ca-from").is_some(),
        merges_lists: merges_lists(wanted["apiVersion"].as_str().unwrap_or_default()),
        found: Vec::new(),
    };
    let applied = last_applied(installed);
    walk.values(
        Place::default(),
        wanted,
        installed,
        Before { applied: applied.as_ref(), is_replaced: false },
    );
    walk.found
}

/// Where a value stands: in full for people, and without the items of lists to look a field up.
#[derive(Clone, Default)]
struct Place {
    full: String,
    plain: String,
}

impl Place {
    fn field(&self, field: &str) -> Self {
        let token = field.replace('~', "~0").replace('/', "~1");
        Self { full: format!("{}/{}", self.full, one_line(&token)), plain: format!("{}/{token}", self.plain) }
    }

    fn item(&self, item: impl std::fmt::Display) -> Self {
        Self { full: format!("{}[{}]", self.full, one_line(item)), plain: self.plain.clone() }
    }
}

/// What is known of a value from before.
#[derive(Clone, Copy)]
struct Before<'v> {
    /// As it was applied last.
    applied: Option<&'v Value>,
    /// It stands in a list that is replaced as a whole, so that nothing stays of what is not wanted.
    is_replaced: bool,
}

impl<'v> Before<'v> {
    fn of(self, part: impl FnOnce(&'v Value) -> Option<&'v Value>) -> Self {
        Self { applied: self.applied.and_then(part), ..self }
    }

    /// What becomes of what is not wanted: `kubectl apply` takes away what it has put there.
    fn gone(self) -> Effect {
        if self.is_replaced || self.applied.is_some() { Effect::Remove } else { Effect::Keep }
    }
}

struct Walk {
    is_secret: bool,
    is_injected: bool,
    merges_lists: bool,
    found: Vec<Difference>,
}

impl Walk {
    fn values(&mut self, place: Place, wanted: &Value, installed: &Value, before: Before<'_>) {
        match (wanted, installed) {
            (Value::Object(ours), Value::Object(theirs)) => {
                for (field, value) in ours {
                    let inner = place.field(field);
                    match theirs.get(field) {
                        Some(found) => self.values(inner, value, found, before.of(|all| all.get(field))),
                        // The API server leaves out what is empty.
                        None if is_empty(value) => {}
                        None if is_map(field) => self.values(inner, value, &empty(), before.of(|_| None)),
                        None => self.note(inner, Effect::Add, None, Some(value)),
                    }
                }
                for (field, value) in theirs.iter().filter(|(field, _)| !ours.contains_key(*field)) {
                    let before = before.of(|all| all.get(field));
                    let is_injected = self.is_injected && field == "caBundle";
                    if is_map(field) && value.is_object() {
                        self.values(place.field(field), &empty(), value, before);
                    } else if !is_injected
                        && !is_of_the_cluster(&place.plain, field, value)
                        && !is_same_account(field, value, ours)
                    {
                        self.note(place.field(field), before.gone(), Some(value), None);
                    }
                }
            }
            (Value::Array(ours), Value::Array(theirs)) => self.lists(place, ours, theirs, before),
            _ if wanted == installed => {}
            _ => self.note(place, Effect::Change, Some(installed), Some(wanted)),
        }
    }

    fn lists(&mut self, place: Place, ours: &Vec<Value>, theirs: &Vec<Value>, before: Before<'_>) {
        let is_merged = self.merges_lists && is_merged_list(&place.plain);
        let before = Before { is_replaced: before.is_replaced || !is_merged, ..before };
        let Some(key) = item_key(&[ours, theirs]) else {
            // Without names, items are what they are by their place; of another number the list is another.
            if ours.len() != theirs.len() {
                let whole = |items: &[Value]| Value::from(items.to_vec());
                return self.note(place, Effect::Change, Some(&whole(theirs)), Some(&whole(ours)));
            }
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                self.values(place.item(index), ours, theirs, before.of(|all| all.get(index)));
            }
            return;
        };
        fn named<'v>(items: &'v [Value], key: &str, value: &Value) -> Option<&'v Value> {
            items.iter().find(|item| &item[key] == value)
        }
        let called =
            |value: &Value| format!("{key}={}", value.as_str().map_or(value.to_string(), str::to_owned));
        let before_of = |value: &Value| before.of(|all| named(all.as_array()?, key, value));
        for item in ours {
            let inner = place.item(called(&item[key]));
            match named(theirs, key, &item[key]) {
                Some(found) => self.values(inner, item, found, before_of(&item[key])),
                None => self.note(inner, Effect::Add, None, Some(item)),
            }
        }
        for item in theirs.iter().filter(|item| named(ours, key, &item[key]).is_none()) {
            self.note(place.item(called(&item[key])), before_of(&item[key]).gone(), Some(item), None);
        }
    }

    fn note(&mut self, place: Place, effect: Effect, installed: Option<&Value>, wanted: Option<&Value>) {
        // What others have put into containers is theirs: in an environment it may be a password.
        let is_theirs = wanted.is_none()
            && installed.is_some_and(|value| value.is_object() || value.is_array())
            && place.plain.contains("ontainers");
        let shown = |value: &Value| {
            let is_label = place.plain.starts_with("/metadata/labels");
            match (self.is_secret && !is_label) || is_theirs {
                true => "(not shown)".to_owned(),
                false => short(value),
            }
        };
        let difference = Difference {
            path: place.full.clone(),
            effect,
            installed: installed.map(shown),
            wanted: wanted.map(shown),
        };
        self.found.push(difference);
    }
}

/// The old name of a field, which the API server keeps beside the new one.
fn is_same_account(field: &str, value: &Value, ours: &serde_json::Map<String, Value>) -> bool {
    field == "serviceAccount" && ours.get("serviceAccountName") == Some(value)
}

/// Whether the fields of a field are entries, each of which is somebody's own.
fn is_map(field: &str) -> bool {
    matches!(field, "labels" | "annotations")
}

fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// A value in few words. What is long is counted: nobody reads a certificate.
fn short(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = one_line(value);
    match text.chars().count() {
        0..=LONGEST => text,
        count => format!("({count} characters)"),
    }
}
