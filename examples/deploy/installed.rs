//! What a cluster makes of an object that was applied: fields of its own, defaults, and the memory of what was applied.

use serde_json::Value;

/// The annotation in which `kubectl apply` keeps what it was given, to know later what is no longer in it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What was applied last, if `kubectl apply` did it.
pub(crate) fn last_applied(object: &Value) -> Option<Value> {
    serde_json::from_str(object["metadata"]["annotations"][LAST_APPLIED].as_str()?).ok()
}

/// Whether a field is the cluster's own: it is there whatever is applied, and says nothing about it.
///
/// `path` is a JSON pointer without the items of lists, so that one line serves all containers.
pub(crate) fn is_of_the_cluster(path: &str, field: &str, value: &Value) -> bool {
    match path {
        // All that a namespace specifies is who still has to agree to its end.
        "" => {
            field == "status"
                || (field == "spec" && *value == serde_json::json!({"finalizers": ["kubernetes"]}))
        }
        "/metadata" => matches!(
            field,
            "uid"
                | "resourceVersion"
                | "generation"
                | "creationTimestamp"
                | "managedFields"
                | "selfLink"
                | "finalizers"
        ),
        "/metadata/annotations" => field == LAST_APPLIED || field == "deployment.kubernetes.io/revision",
        "/metadata/labels" => field == "kubernetes.io/metadata.name",
        // Addresses that a Service is given, and what follows from them.
        "/spec" if matches!(field, "clusterIP" | "clusterIPs" | "ipFamilies" | "ipFamilyPolicy") => true,
        _ => is_default(field, value),
    }
}

/// Whether a value is the one that an API server sets where none is given. A field is looked up by its name alone: among
/// the kinds of an installation none has two meanings with defaults that differ, but for those told apart here.
///
/// Source: Kubernetes `pkg/apis/{core,apps,rbac,admissionregistration}/v1/defaults.go`.
fn is_default(field: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => match field {
            // Of items of a CustomResourceDefinition's versions, and of a Secret's.
            "deprecated" | "optional" | "immutable" | "preserveUnknownFields" => !value,
            _ => false,
        },
        Value::Number(number) => {
            let default = match field {
                "progressDeadlineSeconds" => 600,
                "revisionHistoryLimit" => 10,
                "successThreshold" => 1,
                "initialDelaySeconds" | "minReadySeconds" | "priority" => 0,
                _ => return false,
            };
            number.as_i64() == Some(default)
        }
        Value::String(text) => {
            let default = match field {
                "terminationMessagePath" => "/dev/termination-log",
                "terminationMessagePolicy" => "File",
                "imagePullPolicy" => return matches!(text.as_str(), "IfNotPresent" | "Always"),
                "dnsPolicy" => "ClusterFirst",
                "restartPolicy" => "Always",
                "schedulerName" => "default-scheduler",
                "protocol" => "TCP",
                "internalTrafficPolicy" => "Cluster",
                "sessionAffinity" => "None",
                "type" => "ClusterIP",
                "matchPolicy" => "Equivalent",
                "scope" => "*",
                "nodeAffinityPolicy" => "Honor",
                "nodeTaintsPolicy" => "Ignore",
                _ => return false,
            };
            text == default
        }
        // No selector of a webhook selects everything, and so does an empty one.
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
    }
}

/// Whether `kubectl apply` knows the kinds of a version well enough to merge their lists. In those of others, custom
/// resources and their definitions among them, each list is replaced as a whole.
///
/// Source: Kubernetes, "Declarative Management of Kubernetes Objects Using Configuration Files", section "How apply
/// calculates differences and merges changes"; `kubectl/pkg/scheme/install.go`.
pub(crate) fn merges_lists(api_version: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let is_built_in = !group.contains('.') || group.ends_with(".k8s.io");
    is_built_in && group != "apiextensions.k8s.io"
}

/// Whether the list at a path is merged: items that are not wanted stay in it.
///
/// Source: the fields with a `patchMergeKey` in `k8s.io/api`, as far as an installation has them.
pub(crate) fn is_merged_list(path: &str) -> bool {
    const MERGED: [&str; 12] = [
        "containers",
        "initContainers",
        "env",
        "ports",
        "volumeMounts",
        "volumes",
        "imagePullSecrets",
        "topologySpreadConstraints",
        "webhooks",
        "matchConditions",
        "variables",
        "secrets",
    ];
    // The ports of a NetworkPolicy are those of one rule.
    let is_of_rule = path.starts_with("/spec/ingress/");
    !is_of_rule && path.rsplit('/').next().is_some_and(|field| MERGED.contains(&field))
}

/// The field that the items of the lists have names in; none if they have not.
pub(crate) fn item_key(lists: &[&Vec<Value>]) -> Option<&'static str> {
    const KEYS: [&str; 6] = ["name", "mountPath", "containerPort", "port", "topologyKey", "key"];
    let is_scalar = |value: &Value| value.is_string() || value.is_number();
    KEYS.into_iter().find(|key| {
        lists.iter().all(|items| {
            let values: Vec<&Value> = items.iter().filter_map(|item| item.get(key)).collect();
            let is_new = |index: usize| !values[..index].contains(&values[index]);
            values.len() == items.len()
                && values.iter().enumerate().all(|(index, value)| is_scalar(value) && is_new(index))
        })
    })
}
