use std::collections::BTreeMap;

use gmsa_rbac::build::conventional_labels;
use k8s_openapi::{
    Resource,
    api::admissionregistration::v1::{
        MatchResources, NamedRuleWithOperations, ParamKind, ValidatingAdmissionPolicy,
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

/// What all policies have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Common {
    pub(super) name: String,
    pub(super) namespaces: Namespaces,
    pub(super) labels: BTreeMap<String, String>,
}

impl Common {
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

    /// The validating policy of a program; with the index as parameter if its checks need one.
    pub(super) fn validating(&self, with_index: bool) -> ValidatingAdmissionPolicy {
        let program = validation::program(with_index);
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
                param_kind: with_index.then(|| param_kind()),
                validations: Some(validations.collect()),
                variables: Some(variables(program.variables)),
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

pub(super) fn variables(variables: impl IntoIterator<Item = places::Variable>) -> Vec<Variable> {
    let variable = |(name, expression): places::Variable| Variable { name: name.to_owned(), expression };
    variables.into_iter().map(variable).collect()
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

pub(super) fn param_kind() -> ParamKind {
    ParamKind { api_version: Some(GmsaIndex::API_VERSION.to_owned()), kind: Some(GmsaIndex::KIND.to_owned()) }
}
