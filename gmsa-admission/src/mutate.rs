//! Expansion: puts the contents of each named credential spec beside its name.
//!
//! This is what the mutating endpoint does, the first of the two that a pod passes. Windows is handed the contents,
//! not the name, so a pod that was not expanded has no identity. Nothing is permitted here: that is for
//! [`validate`](mod@crate::validate), which sees the pod after every webhook has changed it.
//!
//! Source: kubernetes-sigs/windows-gmsa, `admission-webhook/webhook.go`, `mutateCreateRequest`.

use gmsa_types::CredentialSpecName;
use serde::{Deserialize, Serialize};

use crate::{
    Denial, Facts, GmsaFields, Needs, Patch, Policy, Request, Response, audit,
    facts::Next,
    fault::{At, Fault, Faults, LARGEST_PATCH},
    hostname,
    request::{Scope, new_ephemeral},
    warning,
};

/// What the mutating endpoint answers. [`mutate()`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a request is allowed or denied; whoever matches should see both"
)]
pub enum Decision<'f> {
    /// The pod goes on, patched. This is the only place where a patch exists: a denial cannot carry one.
    Allow(Patch<'f>),
    /// The pod is refused.
    Deny(Denial),
}

/// A request at the mutating endpoint: what it needs, and with the facts, what is decided.
///
/// Permission is not checked here: what the API server shows a mutating webhook is not yet the pod that it
/// stores. [`validate`](crate::validate()) checks the pod as it is stored, contents included.
///
/// [`mutate()`] makes it, and has an example.
#[derive(Debug)]
#[must_use = "a plan decides nothing until it is asked"]
pub struct Mutation<'r> {
    request: &'r Request<'r>,
    random_hostname: bool,
}

/// Starts the decision about a request at the mutating endpoint.
///
/// On CREATE every place that has a name and no contents is to be expanded; on UPDATE of
/// `pods/ephemeralcontainers` the containers that are new. Contents that are set already are left to
/// [`validate`](crate::validate()). Any other request is allowed as it is.
///
/// ```
/// use gmsa_admission::{CredSpecAnswer, Facts, Policy, Request, mutate::{Decision, mutate}};
/// use gmsa_credspec::CanonicalContents;
///
/// let body = br#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
///     "uid": "705ab4f5", "operation": "CREATE", "namespace": "team-a", "kind": {"version": "v1", "kind": "Pod"},
///     "object": {"metadata": {"name": "web"}, "spec": {"serviceAccountName": "default", "containers": [],
///         "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "webapp1"}}}}}}"#;
/// let request = Request::from_slice(body)?;
/// let plan = mutate(&request, &Policy::default());
///
/// let mut facts = Facts::default();
/// for name in plan.needs().credential_specs() {
///     // Here `name` would be looked up.
///     let contents = CanonicalContents::from_json(r#"{"CmsPlugins":["ActiveDirectory"]}"#)?;
///     facts.insert_credential_spec(name.clone(), CredSpecAnswer::Found(contents));
/// }
/// assert!(plan.missing(&facts).is_empty());
/// let Decision::Allow(patch) = plan.decide(&facts) else { panic!("the credential spec is there") };
/// assert_eq!(patch.operations()[0].path(), "/spec/securityContext/windowsOptions/gmsaCredentialSpec");
/// assert_eq!(patch.operations()[0].value(), r#"{"CmsPlugins":["ActiveDirectory"]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mutate<'r>(request: &'r Request<'r>, policy: &Policy) -> Mutation<'r> {
    Mutation { request, random_hostname: policy.random_hostname() }
}

impl<'r> Mutation<'r> {
    /// What has to be looked up: the contents of each credential spec that is named without contents.
    pub fn needs(&self) -> Needs<'r> {
        let names = |fields: &'r GmsaFields<'r>| CredentialSpecName::try_from(fields.name()?).ok();
        Needs::new(self.unexpanded().filter_map(names).collect(), Vec::new())
    }

    /// What of the [needs](Self::needs) the facts do not answer yet.
    pub fn missing(&self, facts: &Facts<'_>) -> Needs<'r> {
        self.needs().without(facts)
    }

    /// What to look up next: what the facts do not answer yet of the first places, that many of them at most. Nothing when
    /// the decision is certain, as in [`Validation::next`](crate::Validation::next).
    pub fn next(&self, facts: &Facts<'_>, places: usize) -> Needs<'r> {
        let unknown = self.looked_at().map_or(0, |pod| pod.unknown_places().len());
        let mut next = Next::new(facts, places, unknown);
        for fields in self.unexpanded() {
            if !next.goes_on() {
                break;
            }
            match fields.name().map(CredentialSpecName::try_from) {
                Some(Ok(name)) => next.place(Some(name), None),
                _ => next.fault(),
            }
        }
        next.into_needs()
    }

    /// Decides. The same request and the same facts give the same decision; a need that the facts do not answer
    /// denies.
    pub fn decide<'f>(&self, facts: &'f Facts<'f>) -> Decision<'f> {
        let mut faults = Faults::default();
        for pointer in self.looked_at().map_or(&[][..], |pod| pod.unknown_places()) {
            faults.push(Fault::unknown_place(pointer));
        }
        let mut patch = Patch::with_capacity(self.unexpanded().count());
        let mut length = 0_usize;
        for fields in self.unexpanded() {
            match self.contents(fields, facts) {
                Ok(contents) => {
                    length = length.saturating_add(contents.len());
                    if length > LARGEST_PATCH {
                        faults.push(At { subject: self.request.subject(), fields }.too_many());
                        break;
                    }
                    patch.add_contents(fields.place, contents);
                }
                Err(fault) => faults.push(fault),
            }
            if faults.is_full() {
                break;
            }
        }
        if let Some(denial) = faults.into_denial(self.request.subject()) {
            return Decision::Deny(denial);
        }
        if self.wants_hostname() {
            patch.add_hostname(hostname::from_uid(self.request.uid()));
        }
        Decision::Allow(patch)
    }

    /// Decides, and makes the response to send: with the request's uid, warnings and audit annotations.
    pub fn respond<'f>(&self, facts: &'f Facts<'f>) -> Response<'f>
    where
        'r: 'f,
    {
        let request: &'f Request<'f> = self.request;
        Response::new(request.uid(), request.version(), self.decide(facts).into())
            .with_warnings(warning::of(request))
            .with_audit_annotations(audit::credential_specs(request.pod()))
    }

    fn contents<'f>(&self, fields: &'r GmsaFields<'r>, facts: &'f Facts<'f>) -> Result<&'f str, Fault> {
        let at = At { subject: self.request.subject(), fields };
        let name = at.check_name(fields.name().unwrap_or_default())?;
        at.expand(&name, facts)
    }

    fn looked_at(&self) -> Option<&'r crate::Pod<'r>> {
        match self.request.scope() {
            Scope::Create | Scope::EphemeralContainers => self.request.pod(),
            Scope::Update | Scope::Unrelated => None,
        }
    }

    /// The places with a name and no contents.
    fn unexpanded(&self) -> impl Iterator<Item = &'r GmsaFields<'r>> {
        let (all, new) = match (self.request.scope(), self.request.pod(), self.request.old_pod()) {
            (Scope::Create, Some(pod), _) => (pod.gmsa(), Vec::new()),
            (Scope::EphemeralContainers, Some(pod), Some(old)) => (&[][..], new_ephemeral(pod, old)),
            _ => (&[][..], Vec::new()),
        };
        all.iter().chain(new).filter(|fields| fields.name().is_some() && fields.contents().is_none())
    }

    fn wants_hostname(&self) -> bool {
        let uses_gmsa = |pod: &crate::Pod<'_>| pod.gmsa().iter().any(|fields| fields.name().is_some());
        self.random_hostname
            && self.request.scope() == Scope::Create
            && self.request.pod().is_some_and(|pod| pod.hostname().is_empty() && uses_gmsa(pod))
    }
}
