//! The question as the review that an API server takes, and back.

use std::collections::BTreeMap;

use gmsa_types::{GROUP, PLURAL, V1, VERB_USE};
use k8s_openapi::{
    api::authorization::v1::{LocalSubjectAccessReview, ResourceAttributes, SubjectAccessReviewSpec},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use crate::AccessQuestion;

impl AccessQuestion<'_> {
    /// The question as the API server takes it: a review to create in the question's namespace.
    ///
    /// It names the user and exactly [the two groups](Self::groups), verb `use`, group `windows.k8s.io`, version
    /// `v1`, resource `gmsacredentialspecs`, and the namespace both in the metadata and in the attributes, without
    /// which the API server refuses it. The answer is yes if `status.allowed` is true and `status.denied` is not.
    /// A review of a question without a namespace cannot be created.
    ///
    /// Source: Kubernetes `pkg/registry/authorization/localsubjectaccessreview/rest.go`.
    ///
    /// ```
    /// use gmsa_rbac::AccessQuestion;
    ///
    /// let question = AccessQuestion::new("team-a", "default", "webapp0");
    /// let review = question.to_review();
    /// assert_eq!(review.metadata.namespace.as_deref(), Some("team-a"));
    /// assert_eq!(AccessQuestion::try_from(&review)?, question);
    /// # Ok::<(), gmsa_rbac::NotAnAccessQuestion>(())
    /// ```
    pub fn to_review(&self) -> LocalSubjectAccessReview {
        LocalSubjectAccessReview {
            metadata: ObjectMeta { namespace: Some(self.namespace().to_owned()), ..ObjectMeta::default() },
            spec: SubjectAccessReviewSpec {
                user: Some(self.user_name()),
                groups: Some(self.groups().into()),
                resource_attributes: Some(ResourceAttributes {
                    namespace: Some(self.namespace().to_owned()),
                    verb: Some(VERB_USE.to_owned()),
                    group: Some(GROUP.to_owned()),
                    version: Some(V1.to_owned()),
                    resource: Some(PLURAL.to_owned()),
                    name: Some(self.credential_spec().to_owned()),
                    ..ResourceAttributes::default()
                }),
                ..SubjectAccessReviewSpec::default()
            },
            status: None,
        }
    }
}

/// Reads back what [`AccessQuestion::to_review`] writes; the groups may stand in either order. The status and
/// all metadata but the namespace are ignored.
///
/// # Errors
///
/// [`NotAnAccessQuestion`] with the first field that makes it a different question.
impl TryFrom<&LocalSubjectAccessReview> for AccessQuestion<'static> {
    type Error = NotAnAccessQuestion;

    fn try_from(review: &LocalSubjectAccessReview) -> Result<Self, Self::Error> {
        let spec = &review.spec;
        let attributes = spec.resource_attributes.as_ref().ok_or_else(|| {
            NotAnAccessQuestion::new("spec.resourceAttributes", "is needed to name the credential spec")
        })?;
        check(spec.non_resource_attributes.is_none(), "spec.nonResourceAttributes", || {
            "must be absent".to_owned()
        })?;
        let fixed = [
            ("spec.resourceAttributes.verb", &attributes.verb, VERB_USE),
            ("spec.resourceAttributes.group", &attributes.group, GROUP),
            ("spec.resourceAttributes.version", &attributes.version, V1),
            ("spec.resourceAttributes.resource", &attributes.resource, PLURAL),
            ("spec.resourceAttributes.subresource", &attributes.subresource, ""),
            ("spec.uid", &spec.uid, ""),
        ];
        for (field, found, wanted) in fixed {
            check(text(found) == wanted, field, || match wanted {
                "" => "must be absent".to_owned(),
                _ => format!("must be `{wanted}`"),
            })?;
        }
        let absent = || "must be absent".to_owned();
        check(attributes.field_selector.is_none(), "spec.resourceAttributes.fieldSelector", absent)?;
        check(attributes.label_selector.is_none(), "spec.resourceAttributes.labelSelector", absent)?;
        check(spec.extra.as_ref().is_none_or(BTreeMap::is_empty), "spec.extra", absent)?;

        let namespace = text(&attributes.namespace);
        check(text(&review.metadata.namespace) == namespace, "metadata.namespace", || {
            "must be that of spec.resourceAttributes".to_owned()
        })?;
        let service_account = text(&spec.user)
            .strip_prefix("system:serviceaccount:")
            .and_then(|user| user.strip_prefix(namespace))
            .and_then(|user| user.strip_prefix(':'))
            .ok_or_else(|| {
                let expected = "must be that of a service account of the namespace in question";
                NotAnAccessQuestion::new("spec.user", expected)
            })?;
        let question =
            Self::new(namespace.to_owned(), service_account.to_owned(), text(&attributes.name).to_owned());
        let mut groups = spec.groups.clone().unwrap_or_default();
        groups.sort();
        check(groups == question.groups(), "spec.groups", || {
            "must be the two groups of the service account and no others".to_owned()
        })?;
        Ok(question)
    }
}

/// Why a review is not an [`AccessQuestion`]: the field that makes it a different question.
///
/// ```
/// use gmsa_rbac::AccessQuestion;
///
/// let mut review = AccessQuestion::new("team-a", "default", "webapp0").to_review();
/// review.spec.resource_attributes.as_mut().unwrap().verb = Some("get".into());
/// let error = AccessQuestion::try_from(&review).unwrap_err();
/// assert_eq!(error.field(), "spec.resourceAttributes.verb");
/// assert_eq!(error.to_string(), "spec.resourceAttributes.verb must be `use`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {expected}")]
pub struct NotAnAccessQuestion {
    field: &'static str,
    expected: String,
}

impl NotAnAccessQuestion {
    fn new(field: &'static str, expected: &str) -> Self {
        Self { field, expected: expected.to_owned() }
    }

    /// The path of the field in the review, such as `spec.resourceAttributes.verb`.
    pub fn field(&self) -> &'static str {
        self.field
    }
}

fn text(field: &Option<String>) -> &str {
    field.as_deref().unwrap_or_default()
}

fn check(
    holds: bool,
    field: &'static str,
    expected: impl FnOnce() -> String,
) -> Result<(), NotAnAccessQuestion> {
    if holds { Ok(()) } else { Err(NotAnAccessQuestion { field, expected: expected() }) }
}
