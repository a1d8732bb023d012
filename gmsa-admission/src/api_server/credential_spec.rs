use gmsa_types::{
    ActiveDirectoryConfig, CredentialSpec, DomainJoinConfig, GroupManagedServiceAccount, HostAccountConfig,
};
use serde_json::Value;

use super::{
    error::FieldError,
    field::Field,
    name::{NameForm, Scope, check_metadata},
};

/// The versions under which the resource is served.
pub(super) const API_VERSIONS: &[&str] = &["windows.k8s.io/v1", "windows.k8s.io/v1alpha1"];

/// The checks that the API server makes on a `GMSACredentialSpec` that is created: its name, and the types of the
/// fields that the resource's schema knows.
///
/// Nothing in the document is required, and unknown keys are no error but pruned; see
/// [`pruned_fields`](super::pruned_fields). A known key with the value `null` is dropped, so that it is no error
/// either, but a `null` in a list is one. What is wrong with the *values* is for a linter to say.
///
/// Source: kubernetes-sigs/windows-gmsa, `deploy/gmsa-crd.yml`; `apiextensions-apiserver`
/// `pkg/registry/customresource/validator.go` and `pkg/apiserver/schema/defaulting/prunenulls.go`.
///
/// ```
/// use gmsa_admission::api_server::check_credential_spec;
/// use serde_json::json;
///
/// let errors = check_credential_spec(&json!({
///     "apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec",
///     "metadata": {"name": "webapp1"},
///     "credspec": {"DomainJoinConfig": {"NetBiosName": false}},
/// }));
/// assert_eq!(errors[0].path(), "credspec.DomainJoinConfig.NetBiosName");
/// assert_eq!(errors[0].fix(), Some("write the value in quotes"));
/// ```
pub fn check_credential_spec(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let root = Field::root(object);
    if root.object(&mut errors) {
        check_metadata(&root, Scope::Cluster, NameForm::Subdomain, &mut errors);
        DOCUMENT.check(&root.child("credspec"), &mut errors);
    }
    errors
}

/// What the resource's schema says of a value.
pub(super) enum Schema {
    Text,
    List(&'static Self),
    Object {
        /// The keys, as the document model has them.
        keys: &'static [&'static str],
        /// The schemas of those keys that hold no text.
        schemas: &'static [(&'static str, Self)],
    },
}

pub(super) static DOCUMENT: Schema = Schema::Object {
    keys: CredentialSpec::KEYS,
    schemas: &[
        ("CmsPlugins", Schema::List(&Schema::Text)),
        ("DomainJoinConfig", Schema::Object { keys: DomainJoinConfig::KEYS, schemas: &[] }),
        ("ActiveDirectoryConfig", ACTIVE_DIRECTORY_CONFIG),
    ],
};

const ACTIVE_DIRECTORY_CONFIG: Schema = Schema::Object {
    keys: ActiveDirectoryConfig::KEYS,
    schemas: &[
        (
            "GroupManagedServiceAccounts",
            Schema::List(&Schema::Object { keys: GroupManagedServiceAccount::KEYS, schemas: &[] }),
        ),
        ("HostAccountConfig", Schema::Object { keys: HostAccountConfig::KEYS, schemas: &[] }),
    ],
};

impl Schema {
    /// The schema of a key of an object; `None` if the schema does not know the key.
    pub(super) fn of_key(&self, key: &str) -> Option<&Self> {
        let Self::Object { keys, schemas } = self else { return None };
        if !keys.contains(&key) {
            return None;
        }
        let schema = schemas.iter().find(|(name, _)| *name == key).map(|(_, schema)| schema);
        Some(schema.unwrap_or(&Self::Text))
    }

    fn check(&self, field: &Field<'_>, errors: &mut Vec<FieldError>) {
        match self {
            Self::Text => {
                let before = errors.len();
                field.text(errors);
                Self::advise_quotes(errors, before);
            }
            Self::List(Self::Text) => {
                let before = errors.len();
                field.texts(errors);
                Self::advise_quotes(errors, before);
            }
            Self::List(schema) => {
                for item in field.items(errors) {
                    if item.is_set() {
                        schema.check(&item, errors);
                    } else {
                        errors.push(FieldError::wrong_type(&item, "object", "null"));
                    }
                }
            }
            Self::Object { keys, .. } => {
                if field.object(errors) {
                    for key in *keys {
                        if let Some(schema) = self.of_key(key) {
                            schema.check(&field.child(key), errors);
                        }
                    }
                }
            }
        }
    }

    // Text that YAML took for something else is the usual reason: `NetBiosName: NO`.
    fn advise_quotes(errors: &mut Vec<FieldError>, before: usize) {
        let retyped = [r#""boolean""#, r#""integer""#, r#""number""#];
        for error in errors.split_off(before) {
            let scalar = retyped.iter().any(|name| error.detail().ends_with(name));
            errors.push(error.with_fix(scalar.then_some("write the value in quotes")));
        }
    }
}
