//! The mutating policy, which is there only in the Kubernetes versions that have the kind.

use k8s_openapi::api::admissionregistration::v1::{
    JSONPatch, MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, MutatingAdmissionPolicyBindingSpec,
    MutatingAdmissionPolicySpec, Mutation,
};

use super::{
    CompletePolicies,
    settings::{match_constraints, variables},
};
use crate::{
    Place,
    cel::{
        has, has_list, has_options, of,
        places::{Owners, request_variables},
    },
    configuration::match_conditions,
    place::{CONTENTS_FIELD, NAME_FIELD},
};

/// Where the Kubernetes version that is built for has mutating policies (1.36).
impl CompletePolicies {
    /// The policy that expands names, as [`mutate`](crate::mutate()) does.
    #[must_use]
    pub fn mutating(&self) -> MutatingAdmissionPolicy {
        MutatingAdmissionPolicy {
            metadata: self.settings.metadata(),
            spec: Some(MutatingAdmissionPolicySpec {
                failure_policy: Some("Fail".to_owned()),
                match_conditions: Some(match_conditions()),
                match_constraints: Some(match_constraints()),
                mutations: Some(vec![Mutation {
                    patch_type: "JSONPatch".to_owned(),
                    json_patch: Some(JSONPatch { expression: Some(expansion(self.specs.expression())) }),
                    apply_configuration: None,
                }]),
                param_kind: self.specs.param_kind(),
                reinvocation_policy: Some("IfNeeded".to_owned()),
                variables: Some(variables(Some(&self.specs), request_variables())),
            }),
        }
    }

    /// Puts [`mutating`](Self::mutating) into effect.
    #[must_use]
    pub fn mutating_binding(&self) -> MutatingAdmissionPolicyBinding {
        MutatingAdmissionPolicyBinding {
            metadata: self.settings.metadata(),
            spec: Some(MutatingAdmissionPolicyBindingSpec {
                match_resources: Some(self.settings.match_resources()),
                param_ref: self.specs.param_ref(),
                policy_name: Some(self.settings.name.clone()),
            }),
        }
    }
}

/// An `add` for each place that has a name and no contents. What is below the path is there wherever there is a
/// name, so the patch applies.
fn expansion(specs: &str) -> String {
    let name = of("c", NAME_FIELD);
    let (has_name, has_contents) = (has("c", NAME_FIELD), has("c", CONTENTS_FIELD));
    let unexpanded = format!("{} && {has_name} && !{has_contents} && {name} in {specs}", has_options("c"));
    let lists = Owners::all().map(|owners| {
        format!(
            "{}.transformList(i, c, {} && {unexpanded},\n  \
             JSONPatch{{op: 'add', path: {}, value: {specs}[{name}]}})",
            list(owners),
            owners.is_introduced(),
            path(owners)
        )
    });
    lists.collect::<Vec<_>>().join(" +\n")
}

/// What is expanded, validated or not.
fn list(owners: Owners) -> String {
    match owners {
        Owners::Pod => owners.list(),
        Owners::Containers(list) => format!("({} ? object.spec.{} : [])", has_list("object.spec", list), list.field()),
    }
}

/// The JSON pointer of the contents of `c`, whose index is `i`, as CEL: for a container the pointer of the first one,
/// opened where its index stands.
fn path(owners: Owners) -> String {
    let place = match owners {
        Owners::Pod => Place::Pod,
        Owners::Containers(list) => Place::Container { list, index: 0 },
    };
    let pointer = place.pointer().to_string().replace("/0/", "/' + string(i) + '/");
    format!("'{pointer}/{CONTENTS_FIELD}'")
}
