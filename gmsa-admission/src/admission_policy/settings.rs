//! What the policies have in common: names, labels, namespaces, and where contents come from.

use std::{collections::BTreeMap, fmt};

use gmsa_rbac::build::conventional_labels;
use k8s_openapi::{
    Resource,
    api::admissionregistration::v1::{
        MatchResources, NamedRuleWithOperations, ParamKind, ParamRef, ValidatingAdmissionPolicy,
        ValidatingAdmissionPolicyBinding, ValidatingAdmissionPolicyBindingSpec,
        ValidatingAdmissionPolicySpec, Validation, Variable,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use crate::{
    cel::{places, validation},
    configuration::{Namespaces, match_conditions, resource_rules},
    index::GmsaIndex,
};

/// What is chosen for a policy and its binding, whatever it checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) namespaces: Namespaces,
    pub(super) labels: BTreeMap<String, String>,
}

impl Settings {
    pub(super) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), namespaces: Namespaces::All, labels: conventional_labels() }
    }

    pub(super) fn metadata(&self) -> ObjectMeta {
        ObjectMeta {
            name: Some(self.name.clone()),
            labels: (!self.labels.is_empty()).then(|| self.labels.clone()),
            ..ObjectMeta::default()
        }
    }

    /// The validating policy; with contents to compare with, if any.
    pub(super) fn validating(&self, specs: Option<&Specs>) -> ValidatingAdmissionPolicy {
        let program = validation::program(specs.map(Specs::expression));
        let validations = program.checks.into_iter().map(|check| Validation {
            expression: check.expression,
            message: Some(check.message),
            message_expression: check.message_expression,
            reason: Some(check.reason.as_str().to_owned()),
        });
        ValidatingAdmissionPolicy {
            metadata: self.metadata(),
            spec: Some(ValidatingAdmissionPolicySpec {
                failure_policy: Some("Fail".to_owned()),
                match_conditions: Some(match_conditions()),
                match_constraints: Some(match_constraints()),
                param_kind: specs.and_then(Specs::param_kind),
                validations: Some(validations.collect()),
                variables: Some(variables(specs, program.variables)),
                ..ValidatingAdmissionPolicySpec::default()
            }),
            ..ValidatingAdmissionPolicy::default()
        }
    }

    /// Puts the validating policy into effect.
    pub(super) fn validating_binding(&self) -> ValidatingAdmissionPolicyBinding {
        #[allow(
            clippy::useless_conversion,
            reason = "these are optional in Kubernetes 1.35 and before, required from 1.36 on"
        )]
        ValidatingAdmissionPolicyBinding {
            metadata: self.metadata(),
            spec: ValidatingAdmissionPolicyBindingSpec {
                match_resources: Some(self.match_resources()),
                policy_name: self.name.clone().into(),
                validation_actions: vec!["Deny".to_owned()].into(),
                ..ValidatingAdmissionPolicyBindingSpec::default()
            }
            .into(),
        }
    }

    /// Narrows the policy to the namespaces; what it is about stays as the policy says.
    pub(super) fn match_resources(&self) -> MatchResources {
        MatchResources {
            match_policy: Some("Equivalent".to_owned()),
            namespace_selector: Some(self.namespaces.selector()),
            ..MatchResources::default()
        }
    }
}

/// The contents of the credential specs, and where policies have them from.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Specs {
    /// The parameter: the index of this name.
    Index(String),
    /// The policies themselves: a map as CEL.
    Carried(String),
}

/// Shows no contents.
impl fmt::Debug for Specs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(name) => write!(f, "Index({name})"),
            Self::Carried(map) => write!(f, "Carried({} bytes)", map.len()),
        }
    }
}

impl Specs {
    /// The map of them, in expressions.
    pub(super) fn expression(&self) -> &'static str {
        match self {
            Self::Index(_) => "params.data",
            Self::Carried(_) => "variables.index",
        }
    }

    pub(super) fn param_kind(&self) -> Option<ParamKind> {
        matches!(self, Self::Index(_)).then(|| ParamKind {
            api_version: Some(GmsaIndex::API_VERSION.to_owned()),
            kind: Some(GmsaIndex::KIND.to_owned()),
        })
    }

    pub(super) fn param_ref(&self) -> Option<ParamRef> {
        let Self::Index(name) = self else { return None };
        Some(ParamRef {
            name: Some(name.clone()),
            parameter_not_found_action: Some("Deny".to_owned()),
            ..ParamRef::default()
        })
    }
}

pub(super) fn variables(
    specs: Option<&Specs>,
    variables: impl IntoIterator<Item = places::Variable>,
) -> Vec<Variable> {
    let variable = |(name, expression): places::Variable| Variable { name: name.to_owned(), expression };
    let index = match specs {
        Some(Specs::Carried(map)) => Some(("index", map.clone())),
        Some(Specs::Index(_)) | None => None,
    };
    index.into_iter().chain(variables).map(variable).collect()
}

pub(super) fn match_constraints() -> MatchResources {
    let rules = resource_rules().map(|rule| NamedRuleWithOperations {
        api_groups: rule.api_groups,
        api_versions: rule.api_versions,
        operations: rule.operations,
        resources: rule.resources,
        scope: rule.scope,
        resource_names: None,
    });
    MatchResources {
        match_policy: Some("Equivalent".to_owned()),
        resource_rules: Some(rules.into()),
        ..MatchResources::default()
    }
}
