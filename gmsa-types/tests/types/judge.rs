//! What an API server would say of an object: the schema by a JSON Schema validator, the rules by kube-cel.

use gmsa_types::crd::Definition;
use jsonschema::Validator;
use kube_cel::CompiledSchema;
use serde_json::Value;

pub(crate) struct Judge {
    types: Validator,
    rules: CompiledSchema,
}

/// The place in the schema, and what the API server would show.
pub(crate) type Complaint = (String, String);

impl Judge {
    /// The two versions differ in nothing, so that one judge speaks for both.
    pub(crate) fn of(definition: &Definition) -> Self {
        let crd = serde_json::to_value(definition.build()).unwrap();
        let [v1, v1alpha1] = [0, 1].map(|at| &crd["spec"]["versions"][at]);
        assert_eq!([&v1["name"], &v1alpha1["name"]], ["v1", "v1alpha1"]);
        assert_eq!(v1["schema"], v1alpha1["schema"]);
        Self::new(&v1["schema"]["openAPIV3Schema"])
    }

    fn new(schema: &Value) -> Self {
        let types = jsonschema::validator_for(schema).unwrap();
        let rules = kube_cel::compile_schema(schema);
        assert!(!rules.has_errors(), "{:?}", rules.compilation_errors());
        Self { types, rules }
    }

    /// Like the API server, the rules are asked only if the schema says nothing that could make them fail.
    ///
    /// Source: `apiextensions-apiserver` `pkg/registry/customresource/strategy.go`, `hasBlockingErr`.
    pub(crate) fn complaints(&self, object: &Value) -> Vec<Complaint> {
        const BLOCKING: [&str; 5] = ["type", "required", "enum", "maxLength", "maxItems"];

        let mut is_blocked = false;
        let mut complaints = Vec::new();
        for error in self.types.iter_errors(object) {
            let keyword = error.schema_path().to_string();
            is_blocked |= BLOCKING.iter().any(|blocking| keyword.ends_with(&format!("/{blocking}")));
            complaints.push((error.instance_path().to_string(), keyword));
        }
        let rules = kube_cel::Validator::new();
        if !is_blocked && let Err(errors) = rules.validate_compiled(&self.rules, object, None) {
            complaints.extend(errors.iter().map(|error| (error.field_path.clone(), error.message.clone())));
        }
        complaints
    }

    pub(crate) fn accepts(&self, object: &Value) -> bool {
        self.complaints(object).is_empty()
    }
}

pub(crate) fn documented() -> Value {
    serde_json::from_str(include_str!("../documents/documented.json")).unwrap()
}
