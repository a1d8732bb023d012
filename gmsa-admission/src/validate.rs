//! Enforcement: lets a pod through only if its service account may use each identity, and its contents are those
//! of the named credential specs.
//!
//! This is what the validating endpoint does, the second of the two that a pod passes, and the one that protects: it
//! sees the pod as it will be stored, and trusts neither the user who wrote it nor whoever changed it on the way.
//! Contents are compared by value, not by text ([`gmsa_credspec::compare`]).
//!
//! Source: kubernetes-sigs/windows-gmsa, `admission-webhook/webhook.go`, `validateCreateRequest` and
//! `validateUpdateRequest`; `CONFORMANCE.md` beside this crate's README for where it differs.

use gmsa_rbac::AccessQuestion;
use gmsa_types::{CredentialSpecName, check_dns_label};
use serde::{Deserialize, Serialize};

use crate::{
    Denial, Facts, GmsaFields, Needs, Pod, Policy, Request, Response, audit, check,
    facts::Next,
    fault::{At, Fault, Faults},
    request::{Change, Scope, changes, inherited_by_new, new_ephemeral},
    warning,
};

/// What the validating endpoint answers. [`validate()`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a request is allowed or denied; whoever matches should see both"
)]
pub enum Decision {
    /// The pod goes on as it is.
    Allow,
    /// The pod is refused.
    Deny(Denial),
}

/// A request at the validating endpoint: what it needs, and with the facts, what is decided.
///
/// [`validate()`] makes it, and has an example.
#[derive(Debug)]
#[must_use = "a plan decides nothing until it is asked"]
pub struct Validation<'r> {
    request: &'r Request<'r>,
    /// The places that bring in an identity.
    places: Vec<&'r GmsaFields<'r>>,
    /// The pod's own, if a new container takes it over.
    inherited: Option<&'r GmsaFields<'r>>,
    /// Why the request is denied whatever the facts say, up to as many as a denial lists.
    objections: Vec<Objection<'r>>,
}

/// What denies a request whatever the facts say. It is put into words when it is told, not before.
#[derive(Debug)]
enum Objection<'r> {
    Incomplete,
    NoNamespace,
    Changed(Change<'r>),
    UnknownPlace(&'r str),
}

/// Starts the decision about a request at the validating endpoint.
///
/// On CREATE every place with gMSA fields is checked; on UPDATE of `pods/ephemeralcontainers` the containers that
/// are new, while everything else must be as it was; on UPDATE of a pod nothing may change. Any other request
/// is allowed.
///
/// A pod that runs already is not asked for its permission again, so that revoking one does not break it. A new ephemeral
/// container is a new process, though, and whoever may add it runs it with an identity: that identity must be permitted, be
/// it named by the container or inherited from the pod. Inherited contents are not compared again: they were when the pod
/// was created, and the credential spec may have changed since.
///
/// ```
/// use gmsa_admission::{AccessAnswer, CredSpecAnswer, Facts, Policy, Request, validate::{Decision, validate}};
/// use gmsa_credspec::CanonicalContents;
///
/// let body = br#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
///     "uid": "705ab4f5", "operation": "CREATE", "namespace": "team-a", "kind": {"version": "v1", "kind": "Pod"},
///     "object": {"metadata": {"name": "web"}, "spec": {"serviceAccountName": "default", "containers": [],
///         "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "webapp1",
///             "gmsaCredentialSpec": "{\"CmsPlugins\":[\"ActiveDirectory\"]}"}}}}}}"#;
/// let request = Request::from_slice(body)?;
/// let plan = validate(&request, &Policy::default());
///
/// // A need without a fact denies.
/// let mut facts = Facts::default();
/// assert!(matches!(plan.decide(&facts), Decision::Deny(_)));
///
/// let needs = plan.needs();
/// for question in needs.access() {
///     facts.insert_access(question.clone(), AccessAnswer::Allow);
/// }
/// for name in needs.credential_specs() {
///     // Another spelling of what the pod carries.
///     let contents = CanonicalContents::from_json(r#"{ "CmsPlugins": ["ActiveDirectory"] }"#)?;
///     facts.insert_credential_spec(name.clone(), CredSpecAnswer::Found(contents));
/// }
/// assert_eq!(plan.decide(&facts), Decision::Allow);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn validate<'r>(request: &'r Request<'r>, _policy: &Policy) -> Validation<'r> {
    let (mut objections, mut places, mut inherited) = (Vec::new(), Vec::new(), None);
    let changed = |added: &[&GmsaFields<'_>], pod: &'r Pod<'r>, old: &'r Pod<'r>| {
        changes(pod, old, added).into_iter().map(Objection::Changed)
    };
    match (request.scope(), request.pod(), request.old_pod()) {
        (Scope::Create, Some(pod), _) => places.extend(pod.gmsa()),
        (Scope::EphemeralContainers, Some(pod), Some(old)) => {
            places = new_ephemeral(pod, old);
            objections.extend(changed(&places, pod, old));
            inherited = inherited_by_new(pod, old);
        }
        (Scope::Update, Some(pod), Some(old)) => objections.extend(changed(&[], pod, old)),
        (Scope::Unrelated, _, _) => {}
        // The reader lets no such request through; should one get here, nothing can be said for it.
        _ => objections.push(Objection::Incomplete),
    }
    if request.scope() != Scope::Unrelated {
        let unknown = request.pod().map_or(&[][..], |pod| pod.unknown_places());
        objections.extend(unknown.iter().map(|pointer| Objection::UnknownPlace(pointer)));
    }
    // Nobody can be asked about an account or a namespace that cannot be.
    if (!places.is_empty() || inherited.is_some())
        && check_dns_label("namespace", request.namespace()).is_err()
    {
        objections.push(Objection::NoNamespace);
    }
    objections.truncate(Denial::MOST_CAUSES);
    Validation { request, places, inherited, objections }
}

impl<'r> Validation<'r> {
    /// What has to be looked up: whether the pod's service account may `use` each credential spec that is named,
    /// and where contents are set, what they should be. Nothing, if the request is denied in any case.
    pub fn needs(&self) -> Needs<'r> {
        if !self.objections.is_empty() {
            return Needs::default();
        }
        let (mut names, mut questions) = (Vec::new(), Vec::new());
        questions.extend(self.inherited.and_then(|fields| self.question(fields)));
        for fields in &self.places {
            let Some(Ok(name)) = fields.name().map(CredentialSpecName::try_from) else { continue };
            if let Some(question) = self.question(fields) {
                questions.push(question);
            }
            if fields.contents().is_some() && self.service_account().is_some() {
                names.push(name);
            }
        }
        Needs::new(names, questions)
    }

    /// What of the [needs](Self::needs) the facts do not answer yet.
    pub fn missing(&self, facts: &Facts<'_>) -> Needs<'r> {
        self.needs().without(facts)
    }

    /// What to look up next: what the facts do not answer yet of the first places, that many of them at most. Nothing when
    /// the decision is certain, also where a denial lists [as many causes as it can](Denial::MOST_CAUSES) and the places
    /// after that are of no account.
    ///
    /// For callers whom thousands of lookups for one pod would cost too much; the others take [`needs`](Self::needs).
    pub fn next(&self, facts: &Facts<'_>, places: usize) -> Needs<'r> {
        let mut next = Next::new(facts, places, self.objections.len());
        let (inherited, decided) = match self.objections.is_empty() {
            true => (self.inherited, &self.places[..]),
            false => (None, &[][..]),
        };
        match inherited.map(|fields| self.question(fields)) {
            Some(Some(question)) => next.place(None, Some(question)),
            Some(None) => next.fault(),
            None => {}
        }
        for fields in decided {
            if !next.goes_on() {
                break;
            }
            match (fields.name().map(CredentialSpecName::try_from), self.question(fields)) {
                (Some(Ok(name)), Some(question)) => {
                    next.place(fields.contents().is_some().then_some(name), Some(question));
                }
                _ => next.fault(),
            }
        }
        next.into_needs()
    }

    /// Decides. The same request and the same facts give the same decision; a need that the facts do not answer
    /// denies.
    pub fn decide(&self, facts: &Facts<'_>) -> Decision {
        let mut faults = Faults::default();
        for objection in &self.objections {
            faults.push(self.objection(objection));
        }
        let (inherited, places) = match self.objections.is_empty() {
            true => (self.inherited, &self.places[..]),
            false => (None, &[][..]),
        };
        if let Some(Err(fault)) = inherited.map(|fields| self.permit(fields, facts)) {
            faults.push(fault);
        }
        for fields in places {
            if let Err(fault) = self.check(fields, facts) {
                faults.push(fault);
            }
            if faults.is_full() {
                break;
            }
        }
        faults.into_denial(self.request.subject()).map_or(Decision::Allow, Decision::Deny)
    }

    /// Decides, and makes the response to send: with the request's uid, warnings and audit annotations.
    pub fn respond<'f>(&self, facts: &Facts<'_>) -> Response<'f>
    where
        'r: 'f,
    {
        let request: &'f Request<'f> = self.request;
        Response::new(request.uid(), request.version(), self.decide(facts).into())
            .with_warnings(warning::of(request))
            .with_audit_annotations(audit::credential_specs(request.pod()))
    }

    fn objection(&self, objection: &Objection<'_>) -> Fault {
        match objection {
            Objection::Incomplete => Fault::incomplete(),
            Objection::NoNamespace => Fault::no_namespace(),
            Objection::Changed(change) => Fault::changed(self.request.subject(), change),
            Objection::UnknownPlace(pointer) => Fault::unknown_place(pointer),
        }
    }

    /// The account that the pod runs as: on an update the one that it has had from the start.
    fn service_account(&self) -> Option<&'r str> {
        check::service_account(self.request.old_pod().or_else(|| self.request.pod())?)
    }

    fn question(&self, fields: &'r GmsaFields<'r>) -> Option<AccessQuestion<'r>> {
        check::question(self.request.namespace(), self.service_account(), fields)
    }

    fn permit(
        &self,
        fields: &'r GmsaFields<'r>,
        facts: &Facts<'_>,
    ) -> Result<(At<'r>, CredentialSpecName<'r>), Fault> {
        let at = At { subject: self.request.subject(), fields };
        let Some(name) = fields.name() else { return Err(at.no_name()) };
        let name = at.check_name(name)?;
        at.permit(&name, self.question(fields).as_ref(), facts)?;
        Ok((at, name))
    }

    /// In upstream's order: permission first, so that nobody learns about contents that they may not use.
    fn check(&self, fields: &'r GmsaFields<'r>, facts: &Facts<'_>) -> Result<(), Fault> {
        let (at, name) = self.permit(fields, facts)?;
        let Some(contents) = fields.contents() else { return Err(at.not_expanded(&name)) };
        at.compare(&name, contents, facts)
    }
}
