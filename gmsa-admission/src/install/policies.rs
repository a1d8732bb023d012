use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{InstallName, Object, kept, labels};
use crate::{
    admission_policy::{CompletePolicies, PolicyTooLarge},
    configuration::Namespaces,
    index::{self, GmsaIndex, Index, IndexTooLarge},
};

/// The policies that need no webhook, and the index that they read, if they do not carry it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Policies {
    policies: CompletePolicies,
    index: Option<GmsaIndex>,
}

impl Policies {
    pub(super) fn carrying(index: &Index) -> Result<Self, PolicyTooLarge> {
        Ok(Self { policies: CompletePolicies::new().carrying(index)?, index: None })
    }

    pub(super) fn reading(index: &Index) -> Result<Self, IndexTooLarge> {
        Ok(Self { policies: CompletePolicies::new().reading(index), index: Some(index.object()?) })
    }

    /// The definition of the index, the index, the policies, and at last the bindings: where there should be an index
    /// and is none, those have every pod refused.
    pub(super) fn objects(&self, name: &InstallName, namespaces: &Namespaces) -> Vec<Object> {
        let labels = labels::of_policies(name);
        let labelled = |metadata: ObjectMeta| ObjectMeta { labels: Some(labels.clone()), ..metadata };
        let policies = labels
            .iter()
            .fold(self.policies.clone().in_namespaces(namespaces.clone()), |policies, (key, value)| {
                policies.label(key, value)
            });

        let mut objects: Vec<Object> = Vec::new();
        if let Some(mut index) = self.index.clone() {
            let mut definition = kept(index::definition());
            definition.metadata = labelled(definition.metadata);
            index.metadata = labelled(index.metadata);
            objects.extend([definition.into(), index.into()]);
        }
        k8s_openapi::k8s_if_ge_1_36! {
            objects.push(other(&policies.mutating()));
        }
        objects.push(policies.validating().into());
        k8s_openapi::k8s_if_ge_1_36! {
            objects.push(other(&policies.mutating_binding()));
        }
        objects.push(policies.validating_binding().into());
        objects
    }
}

k8s_openapi::k8s_if_ge_1_36! {
    /// An object whose type is not there for every version of Kubernetes.
    fn other(object: &impl serde::Serialize) -> Object {
        // Its maps have texts for keys, and so it is always written.
        Object::Other(serde_json::to_value(object).unwrap_or_default())
    }
}
