//! Pods whose sender must be permitted too.

use crate::generators::{NAMESPACE, SERVICE_ACCOUNT, permissive_facts, review};
use gmsa_admission::{AccessAnswer, Policy, Request, Requester, StatusReason, validate};
use gmsa_rbac::AccessQuestion;
use serde_json::{Value, json};

fn sent_by(user: &Value) -> Vec<u8> {
    let options = json!({"gmsaCredentialSpecName": "webapp0", "gmsaCredentialSpec": crate::generators::canonical("webapp0")});
    let pod = json!({"metadata": {"name": "web"}, "spec": {
        "serviceAccountName": SERVICE_ACCOUNT, "securityContext": {"windowsOptions": options}, "containers": []}});
    let mut review = review("CREATE", "", &pod, &Value::Null);
    review["request"]["userInfo"] = user.clone();
    serde_json::to_vec(&review).unwrap()
}

fn requester(name: &str) -> Requester {
    Requester::from_slice(&sent_by(&json!({"username": name}))).unwrap()
}

#[test]
fn the_sender_is_asked_about_with_everything_that_is_known_of_it() {
    let body = sent_by(&json!({
        "username": "ann", "uid": "7", "groups": ["devs", "system:authenticated"], "extra": {"scopes": ["a", "b"]},
    }));
    let question = AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, "webapp0");
    let review = Requester::from_slice(&body).unwrap().to_review(&question);
    assert_eq!(review.metadata.namespace.as_deref(), Some(NAMESPACE));
    assert_eq!(review.spec.user.as_deref(), Some("ann"));
    assert_eq!(review.spec.uid.as_deref(), Some("7"));
    assert_eq!(review.spec.groups.unwrap(), ["devs", "system:authenticated"]);
    assert_eq!(review.spec.extra.unwrap()["scopes"], ["a", "b"]);
    assert_eq!(review.spec.resource_attributes, question.to_review().spec.resource_attributes);
}

#[test]
fn a_review_without_a_sender_has_none() {
    for user in [json!(null), json!({}), json!({"username": ""}), json!({"username": 7}), json!("ann")] {
        assert_eq!(Requester::from_slice(&sent_by(&user)), None, "{user}");
    }
    assert_eq!(Requester::from_slice(b"{"), None);
}

#[test]
fn controllers_are_known_by_their_exact_names() {
    for name in [
        "system:serviceaccount:kube-system:replicaset-controller",
        "system:serviceaccount:kube-system:replication-controller",
        "system:serviceaccount:kube-system:statefulset-controller",
        "system:serviceaccount:kube-system:daemon-set-controller",
        "system:serviceaccount:kube-system:job-controller",
        "system:kube-controller-manager",
    ] {
        assert!(requester(name).is_controller(), "{name}");
    }
    for name in [
        "ann",
        "replicaset-controller",
        "system:serviceaccount:team-a:replicaset-controller",
        "system:serviceaccount:kube-system:replicaset-controller2",
        "system:serviceaccount:kube-system:deployment-controller",
        "system:serviceaccount:kube-system:",
        "system:kube-scheduler",
    ] {
        assert!(!requester(name).is_controller(), "{name}");
    }
}

#[test]
fn it_takes_both_to_allow() {
    let ann = requester("ann");
    let deny = |reason: &'static str| AccessAnswer::Deny { reason: reason.into() };
    let away = || AccessAnswer::Unavailable("away".into());
    assert_eq!(ann.both(AccessAnswer::Allow, AccessAnswer::Allow), AccessAnswer::Allow);
    for account in [deny("x"), away()] {
        for sender in [AccessAnswer::Allow, deny("y"), away()] {
            assert_eq!(ann.both(account.clone(), sender), account);
        }
    }
    for sender in [deny("y"), away()] {
        assert_ne!(ann.both(AccessAnswer::Allow, sender), AccessAnswer::Allow);
    }
}

#[test]
fn a_sender_that_may_not_use_it_is_told_so() {
    let body = sent_by(&json!({"username": "ann"}));
    let request = Request::from_slice(&body).unwrap();
    let question = AccessQuestion::new(NAMESPACE, SERVICE_ACCOUNT, "webapp0");
    let plan = validate(&request, &Policy::default());
    let denial = |answer| {
        let mut facts = permissive_facts();
        facts.insert_access(question.clone(), requester("ann").both(AccessAnswer::Allow, answer));
        plan.respond(&facts).denial().unwrap().clone()
    };
    let refused = denial(AccessAnswer::Deny { reason: "no \"such\" role".into() });
    assert_eq!(refused.status(), StatusReason::Forbidden);
    assert!(
        refused.message().starts_with(
            "user \"ann\" is not authorized to `use` GMSA cred spec \"webapp0\", reason: \"no \\\"such\\\" role\"; "
        ),
        "{}",
        refused.message()
    );
    // Authenticators choose names freely: they are shown as they are, but for what would forge or turn a line.
    for (name, shown) in [
        ("ann@contoso.com", r#""ann@contoso.com""#),
        (r"CONTOSO\ann", r#""CONTOSO\\ann""#),
        ("o'neil", r#""o'neil""#),
        ("https://issuer.example#1234", r#""https://issuer.example#1234""#),
        ("a\nb\u{202e}\u{1b}[1m", r#""a\nb\u{202e}\u{1b}[1m""#),
    ] {
        let mut facts = permissive_facts();
        let refused = AccessAnswer::Deny { reason: "".into() };
        facts.insert_access(question.clone(), requester(name).both(AccessAnswer::Allow, refused));
        let message = plan.respond(&facts).denial().unwrap().message().to_owned();
        assert!(message.starts_with(&format!("user {shown} is not authorized")), "{message}");
    }
    let unknown = denial(AccessAnswer::Unavailable("timed out".into()));
    assert_eq!(unknown.status(), StatusReason::ServiceUnavailable);
    assert!(
        unknown.message().contains("the requesting user was not checked: timed out"),
        "{}",
        unknown.message()
    );
}
