//! The faults that deny a pod. Each has upstream's sentence, then what to do about it, and the field it is in.

use std::fmt;

use gmsa_credspec::{Comparison, DifferenceKind};
use gmsa_rbac::{AccessQuestion, ProposedGrant};
use gmsa_types::CredentialSpecName;

use crate::{
    Cause, CauseReason, CredSpecAnswer, Denial, GmsaFields, Place, Pod, StatusReason,
    place::{CONTENTS_FIELD, NAME_FIELD, within},
    request::Change,
    shown, unknown_place,
};

/// One fault at one place.
pub(crate) struct Fault {
    status: StatusReason,
    cause: Cause,
    sentence: Sentence,
    /// Whether a lookup failed.
    is_unknown: bool,
}

/// What is wrong with the field of a fault, in short.
#[derive(Clone, Copy)]
enum Sentence {
    /// The message up to there; the rest is why.
    Start(u32),
    /// The field itself, of which the message is made.
    UnknownPlace,
}

/// Collects faults in the order of places. The first one decides the code and the message, as it does upstream.
#[derive(Default)]
pub(crate) struct Faults {
    denial: Option<Denial>,
}

impl Faults {
    pub(crate) fn push(&mut self, fault: Fault) {
        let Fault { status, cause, .. } = fault;
        let denial = self.denial.get_or_insert_with(|| Denial::new(status, cause.to_string()));
        if denial.causes().len() < Denial::MOST_CAUSES {
            denial.push_cause(cause);
        }
    }

    /// Whether another fault would change nothing.
    pub(crate) fn is_full(&self) -> bool {
        self.denial.as_ref().is_some_and(|denial| denial.causes().len() >= Denial::MOST_CAUSES)
    }

    pub(crate) fn into_denial(self, subject: Subject<'_>) -> Option<Denial> {
        Some(self.denial?.about(subject.kind, subject.name()))
    }
}

impl Fault {
    fn new(
        status: StatusReason,
        reason: CauseReason,
        field: String,
        sentence: String,
        fix: impl Into<String>,
    ) -> Self {
        let start = Sentence::Start(u32::try_from(sentence.len()).unwrap_or(u32::MAX));
        let cause = Cause::new(field, reason, sentence, fix);
        Self { status, cause, sentence: start, is_unknown: false }
    }

    /// Adds to the sentence why that is so.
    fn because(self, why: &str) -> Self {
        Self { cause: self.cause.with_more(why), ..self }
    }

    fn with_commands(self, commands: impl Into<Vec<String>>) -> Self {
        Self { cause: self.cause.with_commands(commands.into()), ..self }
    }

    fn unknown(self) -> Self {
        Self { is_unknown: true, ..self }
    }

    pub(crate) fn cause(&self) -> &Cause {
        &self.cause
    }

    /// What is wrong with the field, without why.
    pub(crate) fn sentence(&self) -> &str {
        let message = self.cause.message();
        match self.sentence {
            Sentence::Start(end) => {
                usize::try_from(end).ok().and_then(|end| message.get(..end)).unwrap_or(message)
            }
            Sentence::UnknownPlace => "gMSA fields stand at a place that this webhook does not know",
        }
    }

    /// The same with a failed lookup told as what it is, whichever it was: 503.
    pub(crate) fn or_unavailable(self) -> Self {
        let status = if self.is_unknown { StatusReason::ServiceUnavailable } else { self.status };
        Self { status, ..self }
    }

    pub(crate) fn unknown_place(pointer: &str) -> Self {
        let pointer = shown::line(pointer);
        let fault = Self::new(
            StatusReason::Invalid,
            CauseReason::FieldValueForbidden,
            unknown_place::field_path(&pointer),
            format!("gMSA fields stand at `{pointer}`, a place that this webhook does not know"),
            "remove them, or update the webhook to a version that knows this Kubernetes release",
        );
        Self { sentence: Sentence::UnknownPlace, ..fault }
    }

    /// For a request that was not read by this crate, and lacks what the reader makes sure of.
    pub(crate) fn incomplete() -> Self {
        Self::new(
            StatusReason::BadRequest,
            CauseReason::FieldValueRequired,
            "request".to_owned(),
            "the admission request lacks the pod that it is about".to_owned(),
            "send the AdmissionReview as the API server makes it",
        )
    }

    pub(crate) fn no_namespace() -> Self {
        Self::new(
            StatusReason::BadRequest,
            CauseReason::FieldValueRequired,
            "metadata.namespace".to_owned(),
            "the admission request has no valid namespace".to_owned(),
            "send the review as the API server made it".to_owned(),
        )
    }

    pub(crate) fn changed(subject: Subject<'_>, change: &Change<'_>) -> Self {
        let what = match (change.name, change.contents) {
            (true, true) => "name and contents",
            (true, false) => "name",
            _ => "contents",
        };
        let owner = Owner { subject, place: change.place, container: change.container };
        let field = if change.name { NAME_FIELD } else { CONTENTS_FIELD };
        Self::new(
            StatusReason::Forbidden,
            CauseReason::FieldValueForbidden,
            within(subject.template, format_args!("{}.{field}", change.place.field_path())),
            format!("cannot update an existing pod's GMSA settings (GMSA {what} modified on {owner})"),
            "delete the pod and create it anew with the settings it shall have".to_owned(),
        )
    }
}

/// The longest contents that the API server takes.
pub(crate) const LONGEST_CONTENTS: usize = 64 * 1024;
/// The most that is put into one pod. An API server takes objects of 3 MiB, and stores less.
pub(crate) const LARGEST_PATCH: usize = 8 * 1024 * 1024;

/// Whom the messages are about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'r> {
    /// `Pod`, or the kind of the workload.
    pub(crate) kind: &'static str,
    pub(crate) namespace: &'r str,
    pub(crate) pod: Option<&'r Pod<'r>>,
    /// The path of the template in the object of the request, with which paths start; empty for a pod itself.
    pub(crate) template: &'static str,
}

impl Subject<'_> {
    /// The name of the object; of one that is still to get its name, what that will start with, and `*`.
    fn name(&self) -> String {
        match self.pod.map_or(("", ""), |pod| (pod.name(), pod.generate_name())) {
            ("", "") => String::new(),
            ("", start) => format!("{}*", shown::name(start)),
            (name, _) => shown::name(name).into_owned(),
        }
    }
}

/// The faults of the gMSA fields at one place.
#[derive(Clone, Copy)]
pub(crate) struct At<'r> {
    pub(crate) subject: Subject<'r>,
    pub(crate) fields: &'r GmsaFields<'r>,
}

/// A name that was checked: something to ask for, or a fault.
pub(crate) type CheckedName<'r> = Result<CredentialSpecName<'r>, Fault>;

impl<'r> At<'r> {
    fn owner(&self) -> Owner<'r> {
        Owner { subject: self.subject, place: self.fields.place, container: self.fields.container() }
    }

    fn field(&self, field: &str) -> String {
        within(self.subject.template, format_args!("{}.{field}", self.fields.place.field_path()))
    }

    fn name_field(&self) -> String {
        self.field(NAME_FIELD)
    }

    fn contents_field(&self) -> String {
        self.field(CONTENTS_FIELD)
    }

    pub(crate) fn check_name(&self, name: &'r str) -> CheckedName<'r> {
        CredentialSpecName::try_from(name).map_err(|error| match name.is_empty() {
            true => Fault::new(
                StatusReason::Invalid,
                CauseReason::FieldValueRequired,
                self.name_field(),
                format!("{} has an empty GMSA cred spec name", self.owner()),
                "name a GMSACredentialSpec resource, or remove the field".to_owned(),
            ),
            // The API server refuses the name for the resource too, so there can be none.
            false => Fault::new(
                StatusReason::NotFound,
                CauseReason::FieldValueInvalid,
                self.name_field(),
                does_not_exist(name),
                match CredentialSpecName::nearest(name) {
                    Some(nearest) => format!("{error}: write `{nearest}`"),
                    None => format!("{error}: no resource can have that name"),
                },
            ),
        })
    }

    pub(crate) fn no_name(&self) -> Fault {
        Fault::new(
            StatusReason::Invalid,
            CauseReason::FieldValueRequired,
            self.name_field(),
            format!(
                "{} has a GMSA cred spec set, but does not define the name of the corresponding resource",
                self.owner()
            ),
            format!("set {NAME_FIELD} and leave {CONTENTS_FIELD} out: it is filled in from the resource"),
        )
    }

    pub(crate) fn not_expanded(&self, name: &CredentialSpecName<'_>) -> Fault {
        Fault::new(
            StatusReason::Invalid,
            CauseReason::FieldValueRequired,
            self.contents_field(),
            format!("{} names GMSA cred spec \"{name}\", but it was not expanded", self.owner()),
            format!(
                "without contents the {} would run with no identity: check that the mutating webhook of gMSA is \
                 installed, is called for {}, and runs again (reinvocationPolicy: IfNeeded) after whatever sets \
                 the name",
                self.fields.place.kind(),
                match self.fields.place {
                    Place::Container { list: crate::ContainerList::EphemeralContainers, .. } => {
                        "UPDATE of pods/ephemeralcontainers"
                    }
                    _ => "CREATE of pods and for every container kind",
                }
            ),
        )
    }

    /// The fault of a lookup that brought no contents. `None` is a need that nobody answered.
    pub(crate) fn no_contents(
        &self,
        name: &CredentialSpecName<'_>,
        answer: Option<&CredSpecAnswer<'_>>,
    ) -> Fault {
        let unavailable = |reason: &str| {
            Fault::new(
                StatusReason::InternalError,
                CauseReason::InternalError,
                self.name_field(),
                format!("unable to retrieve the contents of cred spec {name}"),
                "this says nothing about the pod: try again; if it goes on, mend what the reason says, for which the \
                 webhook's log has more",
            )
            .because(&format!(": {}", shown::line(reason)))
            .unknown()
        };
        match answer {
            Some(CredSpecAnswer::NotFound) => Fault::new(
                StatusReason::NotFound,
                CauseReason::FieldValueNotFound,
                self.name_field(),
                does_not_exist(name.as_str()),
                "create it, or correct the name; `kubectl get gmsacredentialspecs` lists those that exist"
                    .to_owned(),
            ),
            Some(CredSpecAnswer::Empty) => Fault::new(
                StatusReason::ExpectationFailed,
                CauseReason::FieldValueInvalid,
                self.name_field(),
                format!("cred spec {name} does not have a credspec key"),
                "put the credential spec document under `credspec`, at the top level of the resource"
                    .to_owned(),
            ),
            Some(CredSpecAnswer::Unavailable(reason)) => unavailable(reason),
            Some(CredSpecAnswer::Found(_)) | None => unavailable("it was not looked up"),
        }
    }

    /// The fault of contents that no pod can hold.
    ///
    /// Source: Kubernetes `pkg/apis/core/validation/validation.go`, `maxGMSACredentialSpecLength`.
    pub(crate) fn too_long(&self, name: &CredentialSpecName<'_>, length: usize) -> Fault {
        Fault::new(
            StatusReason::Invalid,
            CauseReason::FieldValueInvalid,
            self.name_field(),
            format!("cred spec {name} has {length} bytes, and a pod holds {LONGEST_CONTENTS} at most"),
            "shorten the resource's credspec",
        )
    }

    pub(crate) fn too_many(&self) -> Fault {
        Fault::new(
            StatusReason::Invalid,
            CauseReason::FieldValueInvalid,
            self.name_field(),
            format!("the contents of all cred specs of the pod have more than {LARGEST_PATCH} bytes"),
            "name the credential spec once, at pod level, from where containers inherit it",
        )
    }

    pub(crate) fn no_service_account(&self, name: &CredentialSpecName<'_>) -> Fault {
        Fault::new(
            StatusReason::Forbidden,
            CauseReason::FieldValueForbidden,
            self.name_field(),
            not_authorized(self.subject.pod.map_or("", Pod::service_account), name),
            format!(
                "there is no such service account: set {} (mirror pods cannot use gMSA)",
                within(self.subject.template, "spec.serviceAccountName")
            ),
        )
    }

    pub(crate) fn not_authorized(
        &self,
        question: &AccessQuestion<'_>,
        name: &CredentialSpecName<'_>,
        reason: &str,
    ) -> Fault {
        let fault = Fault::new(
            StatusReason::Forbidden,
            CauseReason::FieldValueForbidden,
            self.name_field(),
            not_authorized(question.service_account(), name),
            "to allow it, in a POSIX shell or PowerShell",
        )
        .because(&because(reason));
        match ProposedGrant::new(question) {
            Ok(grant) => fault.with_commands(grant.commands()),
            // Nobody can be granted anything under such a name.
            Err(error) => Fault { cause: fault.cause.with_fix(error.to_string()), ..fault },
        }
    }

    pub(crate) fn requester_not_authorized(
        &self,
        user: &str,
        name: &CredentialSpecName<'_>,
        reason: &str,
    ) -> Fault {
        let user = shown::free(user);
        let sentence = format!("user {user} is not authorized to `use` GMSA cred spec \"{name}\"");
        Fault::new(
            StatusReason::Forbidden,
            CauseReason::FieldValueForbidden,
            self.name_field(),
            sentence,
            format!(
                "this webhook asks for the permission of whoever creates the pod as well: bind user {user} to a role that \
                 permits `use` of it in namespace {}, or have somebody create the pod who has that",
                shown::quoted(self.subject.namespace)
            ),
        )
        .because(&because(reason))
    }

    pub(crate) fn access_unknown(
        &self,
        question: &AccessQuestion<'_>,
        name: &CredentialSpecName<'_>,
        reason: &str,
    ) -> Fault {
        Fault::new(
            StatusReason::ServiceUnavailable,
            CauseReason::InternalError,
            self.name_field(),
            format!(
                "unable to check whether service account {} may `use` GMSA cred spec \"{name}\"",
                shown::quoted(question.service_account()),
            ),
            "this is not a refusal: try again; if it goes on, mend what the reason says, for which the webhook's log has more"
                .to_owned(),
        )
        .because(&format!(": {}", shown::line(reason)))
        .unknown()
    }

    /// The fault of contents that are not those of the resource; `None` if they are.
    pub(crate) fn mismatch(&self, name: &CredentialSpecName<'_>, comparison: &Comparison) -> Option<Fault> {
        let why = match comparison {
            Comparison::Equal => return None,
            Comparison::Different(_) => String::new(),
            Comparison::Unreadable { error, .. } => format!(": {error}"),
        };
        let fix = format!(
            "remove {CONTENTS_FIELD} so that it is filled in from the resource, or make it equal to the resource's \
             credspec; if the resource changed while the pod was created, create the pod again"
        );
        let fault = Fault::new(
            StatusReason::Invalid,
            CauseReason::FieldValueInvalid,
            self.contents_field(),
            format!(
                "the GMSA cred spec contents for {} does not match the contents of GMSA resource \"{name}\"",
                self.owner()
            ),
            match first_difference(comparison) {
                Some(difference) => format!("{difference}: {fix}"),
                None => fix,
            },
        );
        Some(fault.because(&why))
    }
}

/// The first difference, told about the pod's contents. Keys outside the format are masked by their pointer.
fn first_difference(comparison: &Comparison) -> Option<String> {
    let Comparison::Different(differences) = comparison else { return None };
    let difference = differences.first()?;
    let what = match difference.kind() {
        DifferenceKind::OnlyLeft => "is missing",
        DifferenceKind::OnlyRight => "is not in the resource",
        DifferenceKind::Type { .. } => "has another type",
        DifferenceKind::Length { .. } => "has another length",
        _ => "has another value",
    };
    Some(format!("`{}` {what}", difference.pointer()))
}

fn does_not_exist(name: &str) -> String {
    format!("cred spec {} does not exist", shown::name(name))
}

fn because(reason: &str) -> String {
    match reason.is_empty() {
        true => String::new(),
        false => format!(", reason: {:?}", shown::line(reason)),
    }
}

fn not_authorized(service_account: &str, name: &CredentialSpecName<'_>) -> String {
    let service_account = shown::quoted(service_account);
    format!("service account {service_account} is not authorized to `use` GMSA cred spec \"{name}\"")
}

/// `pod "web"` or `container "iis"`, as upstream writes it; a pod that is still to get its name is called by its
/// `generateName` and namespace.
struct Owner<'r> {
    subject: Subject<'r>,
    place: Place,
    container: &'r str,
}

impl fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.place.kind())?;
        if matches!(self.place, Place::Container { .. }) {
            return f.write_str(&shown::quoted(self.container));
        }
        let pod = self.subject.pod;
        match pod.map_or("", |pod| pod.name()) {
            "" => {
                let name = shown::name(pod.map_or("", |pod| pod.generate_name()));
                write!(f, "\"{name}*\" in namespace {}", shown::quoted(self.subject.namespace))
            }
            name => f.write_str(&shown::quoted(name)),
        }
    }
}
