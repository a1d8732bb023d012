//! Enforcement: lets a pod through only if its service account may use each identity, and its contents are those
//! of the named credential specs.

use gmsa_credspec::Comparison;
use gmsa_rbac::AccessQuestion;
use gmsa_types::{CredentialSpecName, check_dns_label, check_dns_subdomain};
use serde::{Deserialize, Serialize};

use crate::{
    AccessAnswer, CredSpecAnswer, Denial, Facts, GmsaFields, Needs, Pod, Policy, Request, Response, audit,
    fault::{At, Fault, Faults},
    request::{Scope, changes, new_ephemeral},
    warning,
};

/// What the validating endpoint answers.
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
#[derive(Debug)]
#[must_use = "a plan decides nothing until it is asked"]
pub struct Validation<'r> {
    request: &'r Request<'r>,
    /// The places that bring in an identity.
    places: Vec<&'r GmsaFields<'r>>,
    /// Why the request is denied whatever the facts say.
    denial: Option<Denial>,
}

/// Starts the decision about a request at the validating endpoint.
///
/// On CREATE every place with gMSA fields is checked; on UPDATE of `pods/ephemeralcontainers` the containers that
/// are new, while everything else must be as it was; on UPDATE of a pod nothing may change. Any other request
/// is allowed. A pod that runs already is not asked for its permission again, so that revoking one does not
/// break it.
pub fn validate<'r>(request: &'r Request<'r>, _policy: &Policy) -> Validation<'r> {
    let mut faults = Faults::default();
    let mut places = Vec::new();
    match (request.scope(), request.pod(), request.old_pod()) {
        (Scope::Create, Some(pod), _) => places.extend(pod.gmsa()),
        (Scope::EphemeralContainers, Some(pod), Some(old)) => {
            places = new_ephemeral(pod, old);
            must_be_unchanged(request, pod, old, &places, &mut faults);
        }
        (Scope::Update, Some(pod), Some(old)) => must_be_unchanged(request, pod, old, &[], &mut faults),
        (Scope::Unrelated, _, _) => {}
        // The reader lets no such request through; should one get here, nothing can be said for it.
        _ => faults.push(Fault::incomplete()),
    }
    if request.scope() != Scope::Unrelated {
        for pointer in request.pod().map_or(&[][..], |pod| pod.unknown_places()) {
            faults.push(Fault::unknown_place(pointer));
        }
    }
    // Nobody can be asked about an account or a namespace that cannot be.
    if !places.is_empty() && check_dns_label("namespace", request.namespace()).is_err() {
        faults.push(Fault::no_namespace());
    }
    Validation { request, places, denial: faults.into_denial() }
}

fn must_be_unchanged<'r>(
    request: &'r Request<'r>,
    pod: &'r Pod<'r>,
    old: &'r Pod<'r>,
    added: &[&GmsaFields<'_>],
    faults: &mut Faults,
) {
    for change in changes(pod, old, added) {
        faults.push(Fault::changed(request, &change));
    }
}

impl<'r> Validation<'r> {
    /// What has to be looked up: whether the pod's service account may `use` each credential spec that is named,
    /// and where contents are set, what they should be. Nothing, if the request is denied in any case.
    pub fn needs(&self) -> Needs<'r> {
        if self.denial.is_some() {
            return Needs::default();
        }
        let (mut names, mut questions) = (Vec::new(), Vec::new());
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

    /// Decides. The same request and the same facts give the same decision; a need that the facts do not answer
    /// denies.
    pub fn decide(&self, facts: &Facts<'_>) -> Decision {
        if let Some(denial) = &self.denial {
            return Decision::Deny(denial.clone());
        }
        let mut faults = Faults::default();
        for fields in &self.places {
            if let Err(fault) = self.check(fields, facts) {
                faults.push(fault);
            }
            if faults.is_full() {
                break;
            }
        }
        faults.into_denial().map_or(Decision::Allow, Decision::Deny)
    }

    /// Decides, and makes the response to send: with the request's uid, warnings and audit annotations.
    pub fn respond<'f>(&self, facts: &Facts<'_>) -> Response<'f>
    where
        'r: 'f,
    {
        let request: &'f Request<'f> = self.request;
        Response::new(request, self.decide(facts).into())
            .with_warnings(warning::of(request))
            .with_audit_annotations(audit::credential_specs(request))
    }

    /// The account that the pod runs as: on an update the one that it has had from the start. `None` if it has
    /// none, or one that cannot be, so that there is nobody to ask about.
    fn service_account(&self) -> Option<&'r str> {
        let pod = self.request.old_pod().or_else(|| self.request.pod())?;
        let account = pod.service_account();
        check_dns_subdomain("service account name", account).is_ok().then_some(account)
    }

    fn question(&self, fields: &'r GmsaFields<'r>) -> Option<AccessQuestion<'r>> {
        let name = fields.name().filter(|name| CredentialSpecName::try_from(*name).is_ok())?;
        Some(AccessQuestion::new(self.request.namespace(), self.service_account()?, name))
    }

    /// In upstream's order: permission first, so that nobody learns about contents that they may not use.
    fn check(&self, fields: &'r GmsaFields<'r>, facts: &Facts<'_>) -> Result<(), Fault> {
        let at = At { request: self.request, fields };
        let Some(name) = fields.name() else { return Err(at.no_name()) };
        let name = at.check_name(name)?;
        let Some(question) = self.question(fields) else { return Err(at.no_service_account(&name)) };
        match facts.access(&question) {
            Some(AccessAnswer::Allow) => {}
            Some(AccessAnswer::Deny { reason }) => return Err(at.not_authorized(&question, &name, reason)),
            Some(AccessAnswer::DenyRequester { user, reason }) => {
                return Err(at.requester_not_authorized(user, &name, reason));
            }
            Some(AccessAnswer::Unavailable(reason)) => {
                return Err(at.access_unknown(&question, &name, reason));
            }
            None => return Err(at.access_unknown(&question, &name, "it was not asked")),
        }
        let Some(contents) = fields.contents() else { return Err(at.not_expanded(&name)) };
        let comparison: Comparison = match facts.credential_spec(&name) {
            Some(CredSpecAnswer::Found(resource)) => resource.compare(contents),
            answer => return Err(at.no_contents(&name, answer)),
        };
        at.mismatch(&name, &comparison).map_or(Ok(()), Err)
    }
}
