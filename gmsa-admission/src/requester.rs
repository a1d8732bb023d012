use std::borrow::Cow;

use gmsa_rbac::AccessQuestion;
use k8s_openapi::api::{authentication::v1::UserInfo, authorization::v1::LocalSubjectAccessReview};
use serde::Deserialize;

use crate::AccessAnswer;

/// Who sent the request: for webhooks that let a pod use a credential spec only if its sender may `use` it too.
///
/// A pod's service account decides who the pod is, and whoever may create pods in a namespace may choose any of its
/// service accounts. Asking about the sender as well closes that, for pods that people create themselves. Pods of
/// Deployments, Jobs and the like are created by [controllers](Self::is_controller), who have no such permission
/// and should not be asked about; for these the question is who may create the Deployment.
///
/// Source: Kubernetes KEP-689, "Security", on authorizing the user.
///
/// ```
/// use gmsa_admission::{AccessAnswer, Requester};
/// use gmsa_rbac::AccessQuestion;
///
/// let body = br#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1",
///     "userInfo": {"username": "ann", "groups": ["system:authenticated"]}}}"#;
/// let requester = Requester::from_slice(body).ok_or("nobody sent it")?;
/// assert!(!requester.is_controller());
///
/// // For each question of `Needs::access`, both are asked.
/// let question = AccessQuestion::new("team-a", "default", "webapp1");
/// let review = requester.to_review(&question);
/// assert_eq!(review.spec.user.as_deref(), Some("ann"));
/// let (account, sender) = (AccessAnswer::Allow, AccessAnswer::Deny { reason: "".into() });
/// assert!(matches!(requester.both(account, sender), AccessAnswer::DenyRequester { user, .. } if user == "ann"));
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Requester(UserInfo);

/// The controllers that create pods, by the account that each has of its own.
///
/// Source: Kubernetes `cmd/kube-controller-manager/app/controllermanager.go`, `--use-service-account-credentials`, and
/// `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go`.
const CONTROLLERS: [&str; 5] = [
    "replicaset-controller",
    "replication-controller",
    "statefulset-controller",
    "daemon-set-controller",
    "job-controller",
];
const CONTROLLER_NAMESPACE: &str = "system:serviceaccount:kube-system:";
/// The same, where they share one account.
const CONTROLLER_MANAGER: &str = "system:kube-controller-manager";

impl Requester {
    /// Reads the sender from the body of an admission webhook call. `None` if it names none; then nobody can be asked
    /// about, and the answer to give is [`AccessAnswer::Unavailable`].
    pub fn from_slice(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Review {
            request: Request,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Request {
            user_info: UserInfo,
        }
        let review: Review = serde_json::from_slice(body).ok()?;
        Self::new(review.request.user_info)
    }

    /// The sender as `userInfo` of the request names it. `None` without a name.
    pub fn new(user: UserInfo) -> Option<Self> {
        user.username.as_ref().is_some_and(|name| !name.is_empty()).then_some(Self(user))
    }

    /// The name of the user.
    pub fn name(&self) -> &str {
        self.0.username.as_deref().unwrap_or_default()
    }

    /// Whether it is one of Kubernetes' own controllers that create pods for others: those of ReplicaSets,
    /// ReplicationControllers, StatefulSets, DaemonSets and Jobs.
    pub fn is_controller(&self) -> bool {
        let account = self.name().strip_prefix(CONTROLLER_NAMESPACE);
        self.name() == CONTROLLER_MANAGER || account.is_some_and(|account| CONTROLLERS.contains(&account))
    }

    /// The question about the sender that goes with one about a service account: the same namespace and credential spec,
    /// with all that the API server knows of the user.
    pub fn to_review(&self, question: &AccessQuestion<'_>) -> LocalSubjectAccessReview {
        let mut review = question.to_review();
        let UserInfo { extra, groups, uid, username } = self.0.clone();
        (review.spec.user, review.spec.uid) = (username, uid);
        (review.spec.groups, review.spec.extra) = (groups, extra);
        review
    }

    /// What the two answers come to: a yes only if both say yes.
    pub fn both<'f>(&self, account: AccessAnswer<'f>, requester: AccessAnswer<'f>) -> AccessAnswer<'f> {
        match (account, requester) {
            (AccessAnswer::Allow, AccessAnswer::Deny { reason }) => {
                AccessAnswer::DenyRequester { user: Cow::Owned(self.name().to_owned()), reason }
            }
            (AccessAnswer::Allow, AccessAnswer::Unavailable(reason)) => {
                AccessAnswer::Unavailable(format!("the requesting user was not checked: {reason}").into())
            }
            (AccessAnswer::Allow, answer) => answer,
            (account, _) => account,
        }
    }
}
