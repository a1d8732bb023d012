//! Early advice: what the pods of a Deployment, a Job or another workload will be told, told to whoever applies it.
//!
//! A pod that is denied shows up as an event of a ReplicaSet, long after `kubectl apply` said "created". This check
//! looks at the pod template instead, when the workload is created or its template is changed. **It is advice, not
//! enforcement**: whoever can create pods needs no workload, and what is true of a template today may be otherwise
//! when its pods come. [`mutate`](crate::mutate()) and [`validate`](crate::validate()) must still see every pod.
//!
//! The form is that of the other endpoints: a request, a plan, what it needs, facts, a decision.
//!
//! ```
//! use gmsa_admission::{Facts, Policy, Snapshot, TemplateRequest, check_template};
//!
//! let body = br#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
//!     "uid": "705ab4f5", "operation": "CREATE", "namespace": "team-a",
//!     "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
//!     "object": {"metadata": {"name": "web"}, "spec": {"template": {"spec": {"containers": [
//!         {"name": "iis", "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "webapp1"}}}]}}}}}}"#;
//! let request = TemplateRequest::from_slice(body)?;
//! let plan = check_template(&request, &Policy::default());
//! let needs = plan.needs();
//! let response = plan.respond(&Snapshot::default().facts(&needs));
//! assert!(response.allowed());
//! assert_eq!(
//!     response.warnings()[0],
//!     "spec.template.spec.containers[0]: cred spec webapp1 does not exist"
//! );
//! # Ok::<(), gmsa_admission::ReviewError>(())
//! ```
//!
//! # What is checked
//!
//! Each place of the template with gMSA fields, by the same visitor as in a pod:
//!
//! - a name without contents, the usual case since contents are filled in when the pod comes: that the credential spec
//!   exists and can be put into a pod, which is what [`mutate`](crate::mutate()) will ask, and that the template's
//!   service account (`default` if it names none) may `use` it, which is what [`validate`](crate::validate()) will
//!   ask;
//! - contents: that they have a name, the permission for it, and are those of the resource, as in
//!   [`validate`](crate::validate());
//! - gMSA fields at places that this version does not know.
//!
//! Whether pods of one template share a fixed hostname or have one that Windows cuts, rule GC709, is a warning beside
//! that and never denies. [`Policy::random_hostname`] has no bearing: templates are not changed.
//!
//! # What is not
//!
//! An update that leaves the template as it was asks nothing and says nothing: scaling, labels, and what controllers
//! write. (Where scaling makes several pods share a hostname that one pod had alone, it says so.) An update of anything
//! in the template, an image too, makes new pods, and so all of it is checked. Subresources (`scale`, `status`) and
//! other operations are allowed with a warning that the check is registered too widely.
//!
//! ReplicaSets of a Deployment and Jobs of a CronJob are checked like those made by hand, but come from controllers, whose
//! warnings end in a log and whose denials in an event. Which kinds are checked is for the webhook's rules to say;
//! [`WorkloadKind::templated`](crate::workload::WorkloadKind::templated) has what such rules are made of.
//!
//! Kubernetes holds the gMSA fields of a template to the same rules as a pod's (`pkg/apis/core/validation/validation.go`,
//! `ValidatePodTemplateSpec`), and forbids ephemeral containers there.

mod advice;
mod request;

use gmsa_rbac::AccessQuestion;
use gmsa_types::{CredentialSpecName, check_dns_label};
use serde::{Deserialize, Serialize};

use crate::{
    CredSpecAnswer, Denial, Facts, GmsaFields, Needs, Policy, Response, audit, check,
    computer_name::{self, ComputerName},
    facts::Next,
    fault::{At, Fault, Faults, LARGEST_PATCH, Subject},
    warning,
};

pub(crate) use request::Template;
pub use request::TemplateRequest;

/// What becomes of a workload whose pods would be denied.
///
/// [`Policy::with_templates`] has an example.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Enforcement {
    /// It is allowed, with warnings, which `kubectl` shows. Nothing that fails here keeps a workload from being stored.
    #[default]
    Warn,
    /// It is denied. A lookup that fails denies too, with 503, so that the sender tries again.
    Deny,
}

/// What the template check says.
///
/// ```
/// use gmsa_admission::{Facts, Policy, TemplateRequest, check_template, template::{Decision, Enforcement}};
///
/// let body = br#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
///     "uid": "705ab4f5", "operation": "CREATE", "namespace": "team-a",
///     "kind": {"group": "batch", "version": "v1", "kind": "Job"},
///     "object": {"metadata": {"name": "report"}, "spec": {"template": {"spec": {"containers": [],
///         "securityContext": {"windowsOptions": {"gmsaCredentialSpecName": "WebApp1"}}}}}}}}"#;
/// let request = TemplateRequest::from_slice(body)?;
/// let strict = Policy::default().with_templates(Enforcement::Deny);
/// assert!(matches!(check_template(&request, &Policy::default()).decide(&Facts::default()), Decision::Warn(_)));
/// assert!(matches!(check_template(&request, &strict).decide(&Facts::default()), Decision::Deny(_)));
/// # Ok::<(), gmsa_admission::ReviewError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "whoever matches should see that a warning is no denial")]
pub enum Decision {
    /// Nothing is known that would deny the pods.
    Allow,
    /// The workload goes on, and this is what is wrong with its pods.
    Warn(Denial),
    /// The workload is refused.
    Deny(Denial),
}

/// A request at the template check: what it needs, and with the facts, what is decided. [`check_template`] makes it; the
/// [module](self) has an example.
#[derive(Debug)]
#[must_use = "a plan decides nothing until it is asked"]
pub struct TemplateReview<'r> {
    request: &'r TemplateRequest<'r>,
    /// The places to check: those of a new template.
    places: &'r [GmsaFields<'r>],
    enforcement: Enforcement,
}

/// Starts the check of a workload's pod template. See the [module](self) for what is checked and when.
///
/// This is advice, never the enforcement: pods are still to be validated. Under [`Enforcement::Warn`], the default
/// of [`Policy`], the answer is always to allow, also where a lookup failed.
pub fn check_template<'r>(request: &'r TemplateRequest<'r>, policy: &Policy) -> TemplateReview<'r> {
    let new = request.template.as_ref().filter(|template| template.is_new);
    TemplateReview {
        request,
        places: new.map_or(&[], |template| template.pod.gmsa()),
        enforcement: policy.templates(),
    }
}

impl<'r> TemplateReview<'r> {
    /// What has to be looked up: each credential spec that is named, and whether the template's service account may
    /// `use` it. Nothing, if the request has a fault that no fact could mend.
    pub fn needs(&self) -> Needs<'r> {
        if !self.own_faults().is_empty() {
            return Needs::default();
        }
        let names = self.places.iter().filter_map(|fields| CredentialSpecName::try_from(fields.name()?).ok());
        let questions = self.places.iter().filter_map(|fields| self.question(fields));
        Needs::new(names.collect(), questions.collect())
    }

    /// What of the [needs](Self::needs) the facts do not answer yet.
    pub fn missing(&self, facts: &Facts<'_>) -> Needs<'r> {
        self.needs().without(facts)
    }

    /// What to look up next: what the facts do not answer yet of the first places, that many of them at most. Nothing when
    /// the decision is certain, as in [`Validation::next`](crate::Validation::next).
    pub fn next(&self, facts: &Facts<'_>, places: usize) -> Needs<'r> {
        let mut next = Next::new(facts, places, 0);
        let places = if self.own_faults().is_empty() { self.places } else { &[] };
        for fields in places {
            if !next.goes_on() {
                break;
            }
            match fields.name().map(CredentialSpecName::try_from) {
                Some(Ok(name)) => next.place(Some(name), self.question(fields)),
                _ => next.fault(),
            }
        }
        next.into_needs()
    }

    /// Decides. The same request and the same facts give the same decision; a need that the facts do not answer
    /// counts as one that could not be looked up.
    ///
    /// Code and message are those of the first fault, as its pod would be told; but a failed lookup is always 503.
    pub fn decide(&self, facts: &Facts<'_>) -> Decision {
        self.decision(self.faults(facts))
    }

    /// Decides, and makes the response to send: with the request's uid, warnings and audit annotations.
    pub fn respond<'f>(&self, facts: &Facts<'_>) -> Response<'f>
    where
        'r: 'f,
    {
        let request: &'f TemplateRequest<'f> = self.request;
        let faults = self.faults(facts);
        let mut warnings = match self.enforcement {
            Enforcement::Warn => advice::of(&faults, request.namespace()),
            Enforcement::Deny => Vec::new(),
        };
        match &request.template {
            Some(template) if template.is_new => {
                warnings.extend(warning::of_pod(&template.pod, template.kind.template_path()));
            }
            Some(_) => {}
            None => warnings.push(warning::no_template(&request.header)),
        }
        warnings.extend(self.hostname(facts).as_ref().map(advice::of_finding));
        Response::new(request.uid(), request.version(), self.decision(faults).into())
            .with_warnings(advice::bounded(warnings))
            .with_audit_annotations(audit::credential_specs(request.pod()))
    }

    fn decision(&self, faults: Vec<Fault>) -> Decision {
        let mut all = Faults::default();
        faults.into_iter().for_each(|fault| all.push(fault));
        match (all.into_denial(self.subject()), self.enforcement) {
            (None, _) => Decision::Allow,
            (Some(denial), Enforcement::Warn) => Decision::Warn(denial),
            (Some(denial), Enforcement::Deny) => Decision::Deny(denial),
        }
    }

    /// The faults of the request itself, whatever the facts say.
    fn own_faults(&self) -> Vec<Fault> {
        let unknown = self.request.template.iter().flat_map(|template| &template.unknown_places);
        let mut faults: Vec<_> = unknown.map(|pointer| Fault::unknown_place(pointer)).collect();
        // Nobody can be asked about a namespace that cannot be.
        if !self.places.is_empty() && check_dns_label("namespace", self.request.namespace()).is_err() {
            faults.push(Fault::no_namespace());
        }
        faults
    }

    fn faults(&self, facts: &Facts<'_>) -> Vec<Fault> {
        let mut faults = self.own_faults();
        if !faults.is_empty() {
            return faults;
        }
        let mut length = 0_usize;
        for fields in self.places {
            let was_within = length <= LARGEST_PATCH;
            self.check(fields, facts, &mut length, &mut faults);
            if was_within && length > LARGEST_PATCH {
                faults.push(self.at(fields).too_many());
            }
            if faults.len() >= Denial::MOST_CAUSES {
                break;
            }
        }
        faults.into_iter().map(Fault::or_unavailable).collect()
    }

    /// What mutate would say of one place, and validate after it. `length` grows by what mutate would fill in.
    fn check(
        &self,
        fields: &'r GmsaFields<'r>,
        facts: &Facts<'_>,
        length: &mut usize,
        faults: &mut Vec<Fault>,
    ) {
        let at = self.at(fields);
        let Some(name) = fields.name() else { return faults.push(at.no_name()) };
        let name = match at.check_name(name) {
            Ok(name) => name,
            Err(fault) => return faults.push(fault),
        };
        let question = self.question(fields);
        let permission = at.permit(&name, question.as_ref(), facts);
        match fields.contents() {
            None => {
                match at.expand(&name, facts) {
                    Ok(contents) => *length = length.saturating_add(contents.len()),
                    Err(fault) => faults.push(fault),
                }
                faults.extend(permission.err());
            }
            // Nobody learns about contents that they may not use.
            Some(contents) => {
                faults.extend(permission.and_then(|()| at.compare(&name, contents, facts)).err());
            }
        }
    }

    fn at(&self, fields: &'r GmsaFields<'r>) -> At<'r> {
        At { subject: self.subject(), fields }
    }

    fn subject(&self) -> Subject<'r> {
        let template = self.request.template.as_ref();
        Subject {
            kind: template.map_or("", |template| template.kind.as_str()),
            namespace: self.request.namespace(),
            pod: self.request.pod(),
            template: template.map_or("", |template| template.kind.template_path()),
        }
    }

    fn question(&self, fields: &'r GmsaFields<'r>) -> Option<AccessQuestion<'r>> {
        check::question(self.request.namespace(), check::service_account(self.request.pod()?), fields)
    }

    /// Rule GC709. Of a template that is as it was, only what is new about its hostname: more pods share it.
    fn hostname(&self, facts: &Facts<'_>) -> Option<gmsa_types::finding::Finding> {
        let template = self.request.template.as_ref()?;
        if template.pod.gmsa().is_empty() {
            return None;
        }
        let name = |template: &'r Template<'r>| ComputerName {
            hostname: template.pod.hostname(),
            kind: template.kind,
            of_controller: template.names_hosts,
            several: template.makes_several,
        };
        if !template.is_new {
            let old = self.request.old_template.as_ref().and_then(|old| name(old).finding([]));
            return name(template).finding([]).filter(|finding| Some(finding) != old.as_ref());
        }
        let accounts: Vec<_> = self
            .needs()
            .credential_specs()
            .iter()
            .filter_map(|name| match facts.credential_spec(name) {
                Some(CredSpecAnswer::Found(contents)) => computer_name::account(contents.as_str()),
                _ => None,
            })
            .collect();
        name(template).finding(accounts.iter().map(String::as_str))
    }
}
