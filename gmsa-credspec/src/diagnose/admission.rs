//! Admission: what the API server and the webhooks say before a pod exists.
//!
//! Sources: kubernetes-sigs/windows-gmsa `admission-webhook`, whose sentences the ones of this project start with;
//! Kubernetes `apimachinery/pkg/util/validation`, `apiserver/pkg/admission/plugin/webhook`.

use super::{
    cause::{KnownCause, Remedy, Source},
    observation::Sentence,
    rule::{Pattern, Rule},
};

const WEBHOOK: Source = Source::read("kubernetes-sigs/windows-gmsa, admission-webhook/webhook.go");
const THIS: Source = Source::tested("gmsa-admission, the denials of this project");

pub(super) const SENTENCES: &[Sentence] = &[
    Sentence::fails(
        "webhook-unauthorized",
        &["is not authorized to", "use", "gmsa cred spec"],
        "the service account may not use the credential spec",
    ),
    Sentence::fails(
        "webhook-not-found",
        &["cred spec ", " does not exist"],
        "there is no credential spec of that name",
    ),
    Sentence::fails(
        "webhook-no-credspec",
        &["cred spec ", "does not have a credspec key"],
        "the resource has no contents",
    ),
    Sentence::fails(
        "webhook-mismatch",
        &["does not match the contents of gmsa resource"],
        "the pod's contents are not the resource's",
    ),
    Sentence::fails(
        "webhook-no-name",
        &["has a gmsa cred spec set, but does not define the name"],
        "the pod has contents without a name",
    ),
    Sentence::fails(
        "webhook-update",
        &["cannot update an existing pod's gmsa settings"],
        "the update changes the identity of a pod that exists",
    ),
    Sentence::fails(
        "webhook-lookup",
        &["unable to retrieve the contents of cred spec"],
        "the webhook could not look up the credential spec",
    ),
    Sentence::fails(
        "webhook-access-check",
        &["unable to check whether service account"],
        "the webhook could not ask whether the service account may use the credential spec",
    ),
    Sentence::fails(
        "webhook-not-expanded",
        &["names gmsa cred spec", "was not expanded"],
        "the name was not expanded",
    ),
    Sentence::fails("webhook-empty-name", &["has an empty gmsa cred spec name"], "the name is empty"),
    Sentence::fails(
        "webhook-unknown-place",
        &["gmsa fields stand at", "a place that this webhook does not know"],
        "gMSA fields stand where no webhook looks",
    ),
    Sentence::fails(
        "webhook-no-account",
        &["the pod has no service account"],
        "the pod has no service account",
    ),
    Sentence::fails(
        "webhook-not-a-pod",
        &["expected a pod object, got"],
        "the webhook was asked about something else",
    ),
    Sentence::fails(
        "webhook-certificate",
        &["failed calling webhook", "x509"],
        "the webhook's certificate is refused",
    ),
    Sentence::fails("webhook-call", &["failed calling webhook"], "the API server could not ask the webhook"),
    Sentence::fails(
        "kind-unknown",
        &["no matches for kind", "gmsacredentialspec"],
        "the API server does not know credential specs",
    ),
    Sentence::fails(
        "kind-unknown",
        &["the server doesn't have a resource type", "gmsacredentialspec"],
        "the API server does not know credential specs",
    ),
    Sentence::fails("name-invalid-gmsa", &["rfc 1123", "gmsa"], "the name of a credential spec is not valid"),
    Sentence::fails("name-invalid", &["rfc 1123"], "a name is not valid"),
];

pub(super) const CAUSES: &[KnownCause] = &[
    KnownCause {
        id: "GD501",
        title: "the custom resource definition is not installed",
        explanation: "The API server has no resource GMSACredentialSpec. On AKS, gMSA must be switched on for the \
                      cluster.",
        source: Source::read("kubernetes-sigs/windows-gmsa issue 79; MicrosoftDocs/azure-docs issue 94224"),
        steps: &[
            Remedy::run("kubectl get crd gmsacredentialspecs.windows.k8s.io", "see whether it is there"),
            Remedy::act("install the definition, then the webhook"),
            Remedy::run(
                "az aks update --enable-windows-gmsa --resource-group GROUP --name CLUSTER",
                "on AKS",
            ),
        ],
        rules: &[Rule::likely(&[Pattern::Sentence("kind-unknown")])],
        explains: &["GD503"],
    },
    KnownCause {
        id: "GD502",
        title: "the name of a credential spec is not valid",
        explanation: "Names have lower-case letters, digits, `-` and `.` alone: `gmsa-WebApp1`, as documentation \
                      prints it, is refused.",
        source: Source::tested("Kubernetes, apimachinery/pkg/util/validation, IsDNS1123Subdomain"),
        steps: &[Remedy::act(
            "write it in lower case, with `-` for `_`, in the resource, in the pod and in the role's resourceNames",
        )],
        rules: &[
            Rule::likely(&[Pattern::Sentence("name-invalid-gmsa")]),
            Rule::possible(&[Pattern::Sentence("name-invalid")]),
        ],
        explains: &[],
    },
    KnownCause {
        id: "GD511",
        title: "the service account may not use the credential spec",
        explanation: "The service account of the pod needs the verb `use` on the credential spec, in the pod's \
                      namespace.",
        source: WEBHOOK,
        steps: &[
            Remedy::run(
                "kubectl auth can-i use gmsacredentialspecs.windows.k8s.io/NAME --namespace NAMESPACE \
                 --as system:serviceaccount:NAMESPACE:ACCOUNT",
                "ask the API server",
            ),
            Remedy::act(
                "bind the service account to a ClusterRole with the verb `use` on `gmsacredentialspecs` of \
                 `windows.k8s.io` and the name under resourceNames",
            ),
        ],
        rules: &[Rule::likely(&[Pattern::Sentence("webhook-unauthorized")])],
        explains: &[],
    },
    KnownCause {
        id: "GD503",
        title: "there is no credential spec of that name",
        explanation: "The pod names a GMSACredentialSpec that does not exist. It is not in a namespace; its name \
                      alone counts.",
        source: WEBHOOK,
        steps: &[
            Remedy::run("kubectl get gmsacredentialspecs", "list those that exist"),
            Remedy::act("create it, or correct the name in the pod"),
        ],
        rules: &[Rule::likely(&[Pattern::Sentence("webhook-not-found")])],
        explains: &[],
    },
    KnownCause {
        id: "GD504",
        title: "the resource has no credential spec in it",
        explanation: "The document belongs under `credspec` at the top level of the resource, not under `spec`.",
        source: WEBHOOK,
        steps: &[Remedy::run("kubectl get gmsacredentialspec NAME -o yaml", "see where the document stands")],
        rules: &[Rule::likely(&[Pattern::Sentence("webhook-no-credspec")])],
        explains: &[],
    },
    KnownCause {
        id: "GD505",
        title: "the pod brings contents that are not the resource's",
        explanation: "The contents in the pod were written by hand, or copied before the resource was changed.",
        source: WEBHOOK,
        steps: &[Remedy::act(
            "leave `gmsaCredentialSpec` out of the pod's template: the webhook fills it in from the name",
        )],
        rules: &[Rule::likely(&[Pattern::Sentence("webhook-mismatch")])],
        explains: &[],
    },
    KnownCause {
        id: "GD506",
        title: "the pod brings contents without a name",
        explanation: "Contents are accepted only beside the name of the resource that they are from.",
        source: WEBHOOK,
        steps: &[Remedy::act("set `gmsaCredentialSpecName`, and leave `gmsaCredentialSpec` out")],
        rules: &[Rule::likely(&[Pattern::Sentence("webhook-no-name")])],
        explains: &[],
    },
    KnownCause {
        id: "GD507",
        title: "the identity of a pod that exists cannot be changed",
        explanation: "The name and the contents are set when a pod is created.",
        source: WEBHOOK,
        steps: &[Remedy::act("delete the pod and create it anew; for a Deployment, change the template")],
        rules: &[Rule::likely(&[Pattern::Sentence("webhook-update")])],
        explains: &[],
    },
    KnownCause {
        id: "GD508",
        title: "the webhook could not ask the API server",
        explanation: "Looking up the credential spec, or whether it may be used, failed: the webhook lacks a \
                      permission, or the API server did not answer.",
        source: WEBHOOK,
        steps: &[
            Remedy::act("try again, and read the webhook's log if it fails again"),
            Remedy::run(
                "kubectl auth can-i get gmsacredentialspecs.windows.k8s.io --as WEBHOOK-ACCOUNT",
                "see whether the webhook may read credential specs; it also needs to create \
                 localsubjectaccessreviews",
            ),
        ],
        rules: &[
            Rule::likely(&[Pattern::Sentence("webhook-lookup")]),
            Rule::likely(&[Pattern::Sentence("webhook-access-check")]),
        ],
        explains: &[],
    },
    KnownCause {
        id: "GD512",
        title: "the mutating webhook did not handle the pod",
        explanation: "The pod names a credential spec whose contents were not filled in: the mutating webhook is \
                      not installed, does not match the pod, or was skipped.",
        source: THIS,
        steps: &[Remedy::run(
            "kubectl get mutatingwebhookconfigurations",
            "see whether it is there, and whether its rules and selectors match the pod",
        )],
        rules: &[Rule::likely(&[Pattern::Sentence("webhook-not-expanded")])],
        explains: &[],
    },
    KnownCause {
        id: "GD513",
        title: "the pod's gMSA fields are not valid",
        explanation: "The name is empty, the pod has no service account, or the fields stand where the webhook \
                      does not look.",
        source: THIS,
        steps: &[Remedy::act("correct the field that the message names")],
        rules: &[
            Rule::likely(&[Pattern::Sentence("webhook-empty-name")]),
            Rule::likely(&[Pattern::Sentence("webhook-no-account")]),
            Rule::likely(&[Pattern::Sentence("webhook-unknown-place")]),
        ],
        explains: &[],
    },
    KnownCause {
        id: "GD514",
        title: "the webhook is registered for more than pods",
        explanation: "It was asked about an object that is no pod.",
        source: WEBHOOK,
        steps: &[Remedy::act("register it for `pods` and `pods/ephemeralcontainers` alone")],
        rules: &[Rule::likely(&[Pattern::Sentence("webhook-not-a-pod")])],
        explains: &[],
    },
    KnownCause {
        id: "GD521",
        title: "the API server does not trust the webhook's certificate",
        explanation: "The certificate has expired, was made for another name, or is not of the authority in the \
                      configuration's caBundle.",
        source: Source::read("Kubernetes, apiserver/pkg/admission/plugin/webhook"),
        steps: &[
            Remedy::act("renew the certificate, for the name SERVICE.NAMESPACE.svc"),
            Remedy::act("put the certificate of its authority into caBundle of both webhook configurations"),
        ],
        rules: &[Rule::likely(&[Pattern::Sentence("webhook-certificate")])],
        explains: &["GD522"],
    },
    KnownCause {
        id: "GD522",
        title: "the API server does not reach the webhook",
        explanation: "No pod of the webhook is ready, or a network policy or firewall is in between.",
        source: Source::read("Kubernetes, apiserver/pkg/admission/plugin/webhook"),
        steps: &[
            Remedy::run(
                "kubectl get endpoints --all-namespaces",
                "see whether the webhook's service has any",
            ),
            Remedy::act(
                "let the webhook run twice or more, and see that it is not itself subject to its rules",
            ),
        ],
        rules: &[Rule::likely(&[Pattern::Sentence("webhook-call")])],
        explains: &[],
    },
];
