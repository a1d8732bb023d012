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

/// The field by which the items of a list are told apart, as `kubectl apply` does; none if they are not.
///
/// Source: the `patchMergeKey` of the fields in `k8s.io/api`.
pub(crate) fn merge_key(items: &[&Vec<Value>]) -> Option<&'static str> {
    const KEYS: [&str; 6] = ["name", "mountPath", "containerPort", "port", "topologyKey", "key"];
    KEYS.into_iter().find(|key| {
        items.iter().all(|items| {
            let values: Vec<&Value> = items.iter().filter_map(|item| item.get(key)).collect();
            let is_scalar = |value: &Value| value.is_string() || value.is_number();
            values.len() == items.len()
                && values
                    .iter()
                    .enumerate()
                    .all(|(index, value)| is_scalar(value) && !values[..index].contains(value))
        })
    })
}
