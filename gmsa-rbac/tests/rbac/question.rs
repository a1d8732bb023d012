//! The question as a value and as a review.

use crate::world::question;
use gmsa_rbac::{AccessQuestion, NotAnAccessQuestion};
use k8s_openapi::api::authorization::v1::{
    FieldSelectorAttributes, LabelSelectorAttributes, LocalSubjectAccessReview, NonResourceAttributes,
};
use proptest::prelude::*;
use serde_json::{json, to_value};

#[test]
fn a_review_names_the_user_two_groups_and_the_namespace_twice() {
    assert_eq!(
        to_value(question("team-a/one", "webapp0").to_review()).unwrap(),
        json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "LocalSubjectAccessReview",
            "metadata": {"namespace": "team-a"},
            "spec": {
                "user": "system:serviceaccount:team-a:one",
                "groups": ["system:serviceaccounts", "system:serviceaccounts:team-a"],
                "resourceAttributes": {
                    "namespace": "team-a",
                    "verb": "use",
                    "group": "windows.k8s.io",
                    "version": "v1",
                    "resource": "gmsacredentialspecs",
                    "name": "webapp0",
                },
            },
        }),
    );
}

#[test]
fn a_question_travels_as_three_strings() {
    let question = question("team-a/one", "webapp0");
    let text = r#"{"namespace":"team-a","serviceAccount":"one","credentialSpec":"webapp0"}"#;
    assert_eq!(serde_json::to_string(&question).unwrap(), text);
    assert_eq!(serde_json::from_str::<AccessQuestion<'_>>(text).unwrap(), question);
    assert_eq!(question.borrowed(), question.clone().into_owned());
}

proptest! {
    #[test]
    fn a_review_of_any_question_reads_back(namespace: String, account: String, spec: String) {
        let question = AccessQuestion::new(namespace, account, spec);
        prop_assert_eq!(AccessQuestion::try_from(&question.to_review()), Ok(question));
    }
}

fn refused(change: impl FnOnce(&mut LocalSubjectAccessReview)) -> NotAnAccessQuestion {
    let mut review = question("team-a/one", "webapp0").to_review();
    change(&mut review);
    AccessQuestion::try_from(&review).unwrap_err()
}

macro_rules! attribute {
    ($field:ident = $value:expr) => {
        refused(|review| review.spec.resource_attributes.as_mut().unwrap().$field = $value)
    };
}

#[test]
fn another_question_is_told_by_its_field() {
    let text = |text: &str| Some(text.to_owned());
    for (error, field) in [
        (attribute!(verb = text("get")), "spec.resourceAttributes.verb"),
        (attribute!(verb = None), "spec.resourceAttributes.verb"),
        (attribute!(group = text("apps")), "spec.resourceAttributes.group"),
        (attribute!(version = text("v1alpha1")), "spec.resourceAttributes.version"),
        (attribute!(resource = text("pods")), "spec.resourceAttributes.resource"),
        (attribute!(subresource = text("status")), "spec.resourceAttributes.subresource"),
        (
            attribute!(field_selector = Some(FieldSelectorAttributes::default())),
            "spec.resourceAttributes.fieldSelector",
        ),
        (
            attribute!(label_selector = Some(LabelSelectorAttributes::default())),
            "spec.resourceAttributes.labelSelector",
        ),
        (attribute!(namespace = text("team-b")), "metadata.namespace"),
        (refused(|review| review.metadata.namespace = None), "metadata.namespace"),
        (refused(|review| review.spec.resource_attributes = None), "spec.resourceAttributes"),
        (
            refused(|review| review.spec.non_resource_attributes = Some(NonResourceAttributes::default())),
            "spec.nonResourceAttributes",
        ),
        (refused(|review| review.spec.user = text("alice")), "spec.user"),
        (refused(|review| review.spec.user = text("system:serviceaccount:team-b:one")), "spec.user"),
        (refused(|review| review.spec.uid = text("1")), "spec.uid"),
        (refused(|review| review.spec.extra = Some([("a".to_owned(), vec![])].into())), "spec.extra"),
        (refused(|review| review.spec.groups = None), "spec.groups"),
        (
            refused(|review| {
                review.spec.groups.as_mut().unwrap().push("system:authenticated".to_owned());
            }),
            "spec.groups",
        ),
    ] {
        assert_eq!(error.field(), field);
    }
    assert_eq!(attribute!(verb = None).to_string(), "spec.resourceAttributes.verb must be `use`");
    assert_eq!(
        attribute!(subresource = text("x")).to_string(),
        "spec.resourceAttributes.subresource must be absent"
    );
}

#[test]
fn the_order_of_the_groups_does_not_matter() {
    let question = question("team-a/one", "webapp0");
    let mut review = question.to_review();
    review.spec.groups.as_mut().unwrap().reverse();
    assert_eq!(AccessQuestion::try_from(&review), Ok(question));
}
