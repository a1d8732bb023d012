//! Which namespaces are checked, as a choice and as the selector for it.

use std::{borrow::Cow, collections::BTreeMap};

use gmsa_types::check_dns_subdomain;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

use super::ConfigurationError;

/// The namespaces in which pods are checked.
///
/// Only [`All`](Self::All) leaves no way around: **whoever may create pods in a namespace that is left out can give
/// them any identity of the cluster, by writing a credential spec's contents into the pod, and whoever may label
/// namespaces can leave one out.** No exemption is needed for the webhook's sake, since pods without gMSA fields
/// never reach it.
///
/// Labels of the pods themselves cannot be chosen here at all: users write them.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use gmsa_admission::configuration::Namespaces;
///
/// let exempt = BTreeMap::from([("gmsa-webhook".to_owned(), "disabled".to_owned())]);
/// assert!(Namespaces::All.include(&exempt));
/// assert!(!Namespaces::except_upstream_opt_outs().include(&exempt));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Namespaces {
    /// Every namespace. The default, and the only choice that protects.
    #[default]
    All,
    /// Only namespaces with this label: for trying gMSA out, while contents can still be smuggled in everywhere
    /// else.
    OptedIn(NamespaceLabel),
    /// Every namespace without any of these labels: for the time of a migration.
    Except(Vec<NamespaceLabel>),
}

impl Namespaces {
    /// Leaves out what upstream leaves out: `gmsa-webhook=disabled`, as its deploy script has it, and
    /// `windows.k8s.io/disabled=true`, as its chart has it.
    ///
    /// For replacing upstream step by step. [`include`](Self::include) tells which namespaces rely on it; when none
    /// does any more, change to [`All`](Self::All). The chart also leaves out the namespace that it is installed
    /// in, by name; that is not taken over.
    ///
    /// Source: kubernetes-sigs/windows-gmsa, `admission-webhook/deploy/gmsa-webhook.yml.tpl` and
    /// `charts/gmsa/templates`.
    pub fn except_upstream_opt_outs() -> Self {
        let label = |key, value| NamespaceLabel { key: Cow::Borrowed(key), value: Cow::Borrowed(value) };
        Self::Except(vec![label("gmsa-webhook", "disabled"), label("windows.k8s.io/disabled", "true")])
    }

    /// Whether a namespace with these labels is checked.
    pub fn include(&self, labels: &BTreeMap<String, String>) -> bool {
        let has =
            |label: &NamespaceLabel| labels.get(label.key()).is_some_and(|value| value == label.value());
        match self {
            Self::All => true,
            Self::OptedIn(label) => has(label),
            Self::Except(exempt) => !exempt.iter().any(has),
        }
    }

    /// The selector, written out even where it selects everything: an exemption should be plain to see, and so
    /// should be that there is none.
    pub fn selector(&self) -> LabelSelector {
        let requirement = |label: &NamespaceLabel, operator: &str| LabelSelectorRequirement {
            key: label.key().to_owned(),
            operator: operator.to_owned(),
            values: Some(vec![label.value().to_owned()]),
        };
        let requirements = match self {
            Self::All => Vec::new(),
            Self::OptedIn(label) => vec![requirement(label, "In")],
            Self::Except(exempt) => exempt.iter().map(|label| requirement(label, "NotIn")).collect(),
        };
        LabelSelector {
            match_expressions: (!requirements.is_empty()).then_some(requirements),
            ..LabelSelector::default()
        }
    }
}

/// A label of a namespace: key and value, both checked.
///
/// Source: Kubernetes `apimachinery/pkg/util/validation/validation.go`, `IsQualifiedName` and `IsValidLabelValue`.
///
/// ```
/// use gmsa_admission::configuration::NamespaceLabel;
///
/// let label = NamespaceLabel::new("contoso.com/gmsa", "enabled")?;
/// assert_eq!((label.key(), label.value()), ("contoso.com/gmsa", "enabled"));
/// assert!(NamespaceLabel::new("contoso.com/", "enabled").is_err());
/// # Ok::<(), gmsa_admission::configuration::ConfigurationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceLabel {
    key: Cow<'static, str>,
    value: Cow<'static, str>,
}

impl NamespaceLabel {
    /// The label of this key and value.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] if Kubernetes does not take the one or the other.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Result<Self, ConfigurationError> {
        let (key, value) = (key.into(), value.into());
        let name = match key.split_once('/') {
            Some((prefix, name)) => {
                check_dns_subdomain("prefix of the label's key", prefix)?;
                name
            }
            None => &key,
        };
        let rule = "it has 1 to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at each end";
        if name.is_empty() || !is_label_text(name) {
            return Err(ConfigurationError::rule("label's key", rule));
        }
        if !is_label_text(&value) {
            return Err(ConfigurationError::rule("label's value", rule));
        }
        Ok(Self { key: key.into(), value: value.into() })
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value, which may be empty.
    pub fn value(&self) -> &str {
        &self.value
    }
}

fn is_label_text(text: &str) -> bool {
    let at_end = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && at_end(text.chars().next())
        && at_end(text.chars().last())
}
