//! Admission policies: the checks of the webhook as CEL, which the API server evaluates itself.
//!
//! | | needs | checks |
//! |---|---|---|
//! | [`AuthorizingPolicy`] | the webhook beside it | every name is permitted, and has contents |
//! | [`CompletePolicies`] | the contents of credential specs, from the [index](crate::index) or carried, and no webhook | that, and the contents; expands names |
//!
//! [`WebhookConfiguration::with_policy`](crate::configuration::WebhookConfiguration::with_policy) makes the first
//! together with the webhook's configurations.
//!
//! Like the webhook, they look at pods with gMSA fields only, on CREATE of `pods` and UPDATE of
//! `pods/ephemeralcontainers`, and say what the webhook says, in its words and without its advice.
//!
//! # Where they differ from the webhook
//!
//! | what | the webhook | the policies | why |
//! |---|---|---|---|
//! | more than [`MOST_NAMES`] different names in a pod | checks them | deny, 422 | an access check costs 350 000 of a budget of 10 000 000 |
//! | contents of the same value in another spelling | allowed | denied, 422 | CEL on an API server reads no JSON |
//! | a name that is not in the index | 404 | 422 | a policy cannot answer 404 |
//! | several faults in one pod | told in the order of places | told in the order of checks | a validation is about all places |
//! | a name and an account that nobody may use, and no resource | 403 from validating | 422 | what is not in the index is told first |
//! | gMSA fields at a place that is not known | denied | not seen | CEL cannot walk an object |
//! | a spec that has no contents that a pod can hold | 404, 417 or 500 | 422, "does not exist in the index" | it is left out of the index |
//!
//! # Order of installation
//!
//! **A policy whose parameter is missing refuses every pod, with gMSA fields or without**: the API server looks for
//! the parameter before it looks at match conditions. That includes the moments after a binding is made, and after an API
//! server starts, in which it has yet to read the index. Create the definition and the index first, bind the policies
//! after that, and delete in the opposite order. Two have no parameter, and so no such hazard: [`AuthorizingPolicy`],
//! and [`CompletePolicies`] that [carry](CompletePolicies::carrying) the contents themselves.
//!
//! Source: Kubernetes, "Validating Admission Policy" and "Mutating Admission Policy";
//! `apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go`.

mod authorizing;
mod complete;
#[cfg(feature = "cel")]
#[cfg_attr(docsrs, doc(cfg(feature = "cel")))]
pub mod evaluation;
k8s_openapi::k8s_if_ge_1_36! {
    mod expansion;
}
mod settings;

pub use authorizing::AuthorizingPolicy;
pub use complete::{CompletePolicies, PolicyTooLarge};

/// How many different credential specs one pod may name, where policies check it.
///
/// Source: Kubernetes `apiserver/pkg/cel/library/cost.go`, `CallCost`, and `apiserver/pkg/apis/cel/config.go`,
/// `PerCallLimit` and `RuntimeCELCostBudget`: an API server stops a policy that costs more.
pub const MOST_NAMES: usize = crate::cel::validation::MOST_NAMES;
