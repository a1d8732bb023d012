use std::collections::BTreeMap;

use gmsa_rbac::Rbac;
use gmsa_types::{CredentialSpecName, GmsaCredentialSpec};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    AccessAnswer, CredSpecAnswer, Facts, Needs,
    api_server::{FieldErrorKind, check_object},
};

/// A cluster at one moment, as far as gMSA is concerned: its credential specs and RBAC objects, in memory. It
/// answers any [`Needs`], in place of an API server, in tests, CI checks and command-line tools.
///
/// ```
/// use gmsa_admission::Snapshot;
///
/// let mut cluster = Snapshot::default();
/// cluster.insert(&serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [
///     {"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec", "metadata": {"name": "webapp1"},
///      "credspec": {"CmsPlugins": ["ActiveDirectory"]}},
/// ]}))?;
/// assert_eq!(cluster.credential_specs().count(), 1);
/// # Ok::<(), gmsa_admission::SnapshotError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    credential_specs: BTreeMap<CredentialSpecName<'static>, CredSpecAnswer<'static>>,
    rbac: Rbac,
}

impl Snapshot {
    /// Adds one Kubernetes object, or each item of a list, in place of an object of the same name. Kinds that
    /// have nothing to do with gMSA permissions are passed over.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] if the object cannot be what its kind says. The items of a list before that one are
    /// kept.
    pub fn insert(&mut self, object: &Value) -> Result<(), SnapshotError> {
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
        let version = object.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        match (kind.strip_suffix("List"), object.get("items")) {
            (Some(_), None | Some(Value::Null)) => Ok(()),
            (Some(item_kind), Some(Value::Array(items))) => {
                for (index, item) in items.iter().enumerate() {
                    self.insert_item(version, item_kind, item).map_err(|error| error.within(index))?;
                }
                Ok(())
            }
            (Some(_), Some(_)) => Err(SnapshotError::new("the items of a list must be an array".to_owned())),
            (None, _) => self.insert_as(version, kind, object),
        }
    }

    /// Adds a credential spec, in place of one of the same name.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] if the resource has no valid name.
    pub fn insert_credential_spec(&mut self, resource: &GmsaCredentialSpec) -> Result<(), SnapshotError> {
        let name = resource.metadata.name.clone().unwrap_or_default();
        let name =
            CredentialSpecName::try_from(name).map_err(|error| SnapshotError::new(error.to_string()))?;
        self.credential_specs.insert(name, CredSpecAnswer::from_resource(resource));
        Ok(())
    }

    /// The credential specs by name, in order.
    pub fn credential_specs(
        &self,
    ) -> impl Iterator<Item = (&CredentialSpecName<'static>, &CredSpecAnswer<'static>)> {
        self.credential_specs.iter()
    }

    /// The permissions.
    pub fn rbac(&self) -> &Rbac {
        &self.rbac
    }

    /// The permissions, to add to them.
    pub fn rbac_mut(&mut self) -> &mut Rbac {
        &mut self.rbac
    }

    /// Answers every need: what an API server with these objects would say.
    ///
    /// ```
    /// use gmsa_admission::{AccessAnswer, Policy, Request, Snapshot, validate};
    ///
    /// let body = br#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
    ///     "uid": "705ab4f5", "operation": "CREATE", "namespace": "team-a", "kind": {"version": "v1", "kind": "Pod"},
    ///     "object": {"metadata": {"name": "web"}, "spec": {"serviceAccountName": "default", "containers": [],
    ///         "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "webapp1",
    ///             "gmsaCredentialSpec": "{\"CmsPlugins\":[\"ActiveDirectory\"]}"}}}}}}"#;
    /// let request = Request::from_slice(body)?;
    /// let plan = validate(&request, &Policy::default());
    /// let (cluster, needs) = (Snapshot::default(), plan.needs());
    /// let facts = cluster.facts(&needs);
    /// assert!(plan.missing(&facts).is_empty());
    /// assert!(matches!(facts.access(&needs.access()[0]), Some(AccessAnswer::Deny { .. })));
    /// # Ok::<(), gmsa_admission::ReviewError>(())
    /// ```
    pub fn facts<'s>(&'s self, needs: &Needs<'s>) -> Facts<'s> {
        let mut facts = Facts::default();
        for name in needs.credential_specs() {
            let answer = self.credential_specs.get(name.as_str());
            let answer = answer.map_or(CredSpecAnswer::NotFound, CredSpecAnswer::borrowed);
            facts.insert_credential_spec(name.clone(), answer);
        }
        for question in needs.access() {
            facts.insert_access(question.clone(), AccessAnswer::from(&self.rbac.answer(question)));
        }
        facts
    }

    /// Items of a typed list, such as `RoleBindingList`, may leave out what the list says for them.
    fn insert_item(&mut self, version: &str, kind: &str, item: &Value) -> Result<(), SnapshotError> {
        let Value::Object(fields) = item else {
            return Err(SnapshotError::new("an item of a list must be an object".to_owned()));
        };
        if fields.contains_key("kind") || kind.is_empty() {
            return self.insert(item);
        }
        let mut item = fields.clone();
        item.insert("kind".to_owned(), Value::from(kind));
        item.insert("apiVersion".to_owned(), Value::from(version));
        self.insert(&Value::Object(item))
    }

    fn insert_as(&mut self, version: &str, kind: &str, object: &Value) -> Result<(), SnapshotError> {
        // Other groups have kinds of their own that are named `Role`, say.
        let group = version.split_once('/').map_or("", |(group, _)| group);
        match (group, kind) {
            (_, "") => return Err(SnapshotError::new("the object has no kind".to_owned())),
            ("", _) if version.is_empty() => {
                return Err(SnapshotError::new("the object has no apiVersion".to_owned()));
            }
            (gmsa_types::GROUP, gmsa_types::KIND) => self.insert_credential_spec(&read(kind, object)?)?,
            (RBAC_GROUP, "ClusterRole") => self.rbac.insert_cluster_role(read(kind, object)?),
            (RBAC_GROUP, "Role") => self.rbac.insert_role(read(kind, object)?),
            (RBAC_GROUP, "ClusterRoleBinding") => self.rbac.insert_cluster_role_binding(read(kind, object)?),
            (RBAC_GROUP, "RoleBinding") => self.rbac.insert_role_binding(read(kind, object)?),
            _ => {}
        }
        Ok(())
    }
}

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// The object as its type. What the deserializer says may repeat a value, so the API server's checks tell what is
/// wrong.
fn read<T: DeserializeOwned>(kind: &str, object: &Value) -> Result<T, SnapshotError> {
    T::deserialize(object).map_err(|_| {
        let errors = check_object(object);
        let wrong_type = errors.iter().find(|error| error.kind() == FieldErrorKind::TypeInvalid);
        SnapshotError::new(match wrong_type.or_else(|| errors.first()) {
            Some(error) => error.to_string(),
            None => format!("the object cannot be read as a {kind}: a value has the wrong type"),
        })
    })
}

/// An object that a [`Snapshot`] cannot take.
///
/// ```
/// use gmsa_admission::Snapshot;
///
/// let error = Snapshot::default().insert(&serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [
///     {"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec", "metadata": {"name": "WebApp1"}},
/// ]})).unwrap_err();
/// assert_eq!(error.pointer(), "/items/0");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", at(.pointer))]
pub struct SnapshotError {
    pointer: String,
    message: String,
}

fn at(pointer: &str) -> String {
    match pointer {
        "" => String::new(),
        pointer => format!("`{pointer}`: "),
    }
}

impl SnapshotError {
    fn new(message: String) -> Self {
        Self { pointer: String::new(), message }
    }

    fn within(self, index: usize) -> Self {
        Self { pointer: format!("/items/{index}{}", self.pointer), ..self }
    }

    /// The JSON pointer (RFC 6901) of the object, from the root of what was inserted.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is wrong with it.
    pub fn message(&self) -> &str {
        &self.message
    }
}
