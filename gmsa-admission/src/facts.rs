//! What has to be looked up for a decision, and what was found.

use std::{borrow::Cow, collections::BTreeMap};

use gmsa_credspec::CanonicalContents;
use gmsa_rbac::{AccessQuestion, Answer};
use gmsa_types::{AsWritten, CredentialSpecName, GmsaCredentialSpec};
use k8s_openapi::api::authorization::v1::SubjectAccessReviewStatus;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Denial;

/// What must be looked up before a request can be decided: distinct and sorted, so that each lookup is made
/// once, and all of them at once.
///
/// Every credential spec name in it is valid, and so safe as part of a request path: names that are not are
/// denied without asking.
///
/// [`mutate`](crate::mutate()) and [`validate`](crate::validate()) have examples.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Needs<'r> {
    credential_specs: Vec<CredentialSpecName<'r>>,
    access: Vec<AccessQuestion<'r>>,
}

impl<'r> Needs<'r> {
    pub(crate) fn new(
        mut credential_specs: Vec<CredentialSpecName<'r>>,
        mut access: Vec<AccessQuestion<'r>>,
    ) -> Self {
        credential_specs.sort_unstable();
        credential_specs.dedup();
        access.sort_unstable();
        access.dedup();
        Self { credential_specs, access }
    }

    /// The credential specs whose contents are needed.
    pub fn credential_specs(&self) -> &[CredentialSpecName<'r>] {
        &self.credential_specs
    }

    /// The questions whether a service account may `use` a credential spec.
    pub fn access(&self) -> &[AccessQuestion<'r>] {
        &self.access
    }

    /// Whether nothing has to be looked up.
    pub fn is_empty(&self) -> bool {
        self.credential_specs.is_empty() && self.access.is_empty()
    }

    /// What of it the facts do not answer.
    pub(crate) fn without(mut self, facts: &Facts<'_>) -> Self {
        self.credential_specs.retain(|name| facts.credential_spec(name).is_none());
        self.access.retain(|question| facts.access(question).is_none());
        self
    }
}

/// Collects what the next places of a pod need, in their order.
pub(crate) struct Next<'r, 'a, 'f> {
    facts: &'a Facts<'f>,
    needs: (Vec<CredentialSpecName<'r>>, Vec<AccessQuestion<'r>>),
    places: usize,
    faults: usize,
}

impl<'r, 'a, 'f> Next<'r, 'a, 'f> {
    /// For that many places, where so many faults are known already.
    pub(crate) fn new(facts: &'a Facts<'f>, places: usize, faults: usize) -> Self {
        Self { facts, needs: Default::default(), places, faults }
    }

    /// Whether places that come later still matter, and there is room for what they need.
    pub(crate) fn goes_on(&self) -> bool {
        self.places > 0 && self.faults < Denial::MOST_CAUSES
    }

    /// A place whose fault no fact can mend.
    pub(crate) fn fault(&mut self) {
        self.faults += 1;
    }

    /// A place that needs this.
    pub(crate) fn place(
        &mut self,
        name: Option<CredentialSpecName<'r>>,
        question: Option<AccessQuestion<'r>>,
    ) {
        let contents = name.as_ref().map(|name| self.facts.credential_spec(name));
        let access = question.as_ref().map(|question| self.facts.access(question));
        // Whether contents that are there fit takes longer to see, and may be left out: it is one lookup more.
        let denies = matches!(contents, Some(Some(answer)) if !matches!(answer, CredSpecAnswer::Found(_)))
            || matches!(access, Some(Some(answer)) if *answer != AccessAnswer::Allow);
        let (lacks_contents, lacks_access) = (contents == Some(None), access == Some(None));
        match lacks_contents || lacks_access {
            true => self.places -= 1,
            false => self.faults += usize::from(denies),
        }
        self.needs.0.extend(name.filter(|_| lacks_contents));
        self.needs.1.extend(question.filter(|_| lacks_access));
    }

    pub(crate) fn into_needs(self) -> Needs<'r> {
        Needs::new(self.needs.0, self.needs.1)
    }
}

/// What was looked up: plain values, which can come from a watch cache, from API calls, or from a file.
///
/// A need without a fact is denied, never allowed.
///
/// The serde form has the answers for credential specs by name, and those to access questions as a list, each beside
/// the members of its question. It carries contents.
///
/// ```
/// use gmsa_admission::{AccessAnswer, CredSpecAnswer, Facts};
/// use gmsa_credspec::CanonicalContents;
/// use gmsa_rbac::AccessQuestion;
/// use gmsa_types::CredentialSpecName;
///
/// let mut facts = Facts::default();
/// let contents = CanonicalContents::from_json(r#"{"CmsPlugins":["ActiveDirectory"]}"#)?;
/// facts.insert_credential_spec(CredentialSpecName::try_from("webapp1")?, CredSpecAnswer::Found(contents));
/// let question = AccessQuestion::new("team-a", "default", "webapp1");
/// facts.insert_access(question.clone(), AccessAnswer::Allow);
/// assert_eq!(facts.access(&question), Some(&AccessAnswer::Allow));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Facts<'f> {
    credential_specs: BTreeMap<CredentialSpecName<'f>, CredSpecAnswer<'f>>,
    #[serde(serialize_with = "write_access", deserialize_with = "read_access")]
    access: BTreeMap<AccessQuestion<'f>, AccessAnswer<'f>>,
}

/// The answer to "what are the contents of this credential spec".
///
/// [`from_resource`](Self::from_resource) has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "whoever answers should have to consider each case")]
pub enum CredSpecAnswer<'f> {
    /// These.
    Found(CanonicalContents<'f>),
    /// There is no resource of that name.
    NotFound,
    /// The resource has no `credspec`.
    Empty,
    /// It could not be found out, for this reason.
    Unavailable(Cow<'f, str>),
}

/// The answer to "may this service account `use` this credential spec".
///
/// It is made from what either authorizer says: an API server's review, or [`Rbac::answer`](gmsa_rbac::Rbac::answer).
///
/// ```
/// use gmsa_admission::AccessAnswer;
/// use k8s_openapi::api::authorization::v1::SubjectAccessReviewStatus;
///
/// let mut status = SubjectAccessReviewStatus { allowed: true, ..Default::default() };
/// assert_eq!(AccessAnswer::from(&status), AccessAnswer::Allow);
/// status.denied = Some(true);
/// assert!(matches!(AccessAnswer::from(&status), AccessAnswer::Deny { .. }));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "whoever answers should have to consider each case")]
pub enum AccessAnswer<'f> {
    /// Yes.
    Allow,
    /// No.
    Deny {
        /// The authorizer's reason, often empty.
        reason: Cow<'f, str>,
    },
    /// The service account may, but whoever sent the request may not, where that is asked too: see
    /// [`Requester`](crate::Requester).
    DenyRequester {
        /// The name of the user.
        user: Cow<'f, str>,
        /// The authorizer's reason, often empty.
        reason: Cow<'f, str>,
    },
    /// It could not be found out, for this reason. Not the same as no: the pod may be tried again.
    Unavailable(Cow<'f, str>),
}

impl<'f> Facts<'f> {
    /// Adds the answer for one credential spec, in place of an earlier one.
    pub fn insert_credential_spec(&mut self, name: CredentialSpecName<'f>, answer: CredSpecAnswer<'f>) {
        self.credential_specs.insert(name, answer);
    }

    /// Adds the answer to one access question, in place of an earlier one.
    pub fn insert_access(&mut self, question: AccessQuestion<'f>, answer: AccessAnswer<'f>) {
        self.access.insert(question, answer);
    }

    /// Forgets the answer for one credential spec.
    pub fn remove_credential_spec(&mut self, name: &CredentialSpecName<'f>) -> Option<CredSpecAnswer<'f>> {
        self.credential_specs.remove(name)
    }

    /// Forgets the answer to one access question.
    pub fn remove_access(&mut self, question: &AccessQuestion<'f>) -> Option<AccessAnswer<'f>> {
        self.access.remove(question)
    }

    /// The answer for one credential spec.
    pub fn credential_spec(&self, name: &CredentialSpecName<'_>) -> Option<&CredSpecAnswer<'f>> {
        self.credential_specs.get(name.as_str())
    }

    /// The answer to one access question.
    pub fn access<'q>(&'q self, question: &AccessQuestion<'q>) -> Option<&'q AccessAnswer<'f>> {
        let access: &BTreeMap<AccessQuestion<'q>, AccessAnswer<'f>> = &self.access;
        access.get(question)
    }
}

impl CredSpecAnswer<'_> {
    /// The same answer, borrowed from this one.
    pub fn borrowed(&self) -> CredSpecAnswer<'_> {
        match self {
            Self::Found(contents) => CredSpecAnswer::Found(contents.borrowed()),
            Self::NotFound => CredSpecAnswer::NotFound,
            Self::Empty => CredSpecAnswer::Empty,
            Self::Unavailable(reason) => CredSpecAnswer::Unavailable(Cow::Borrowed(reason)),
        }
    }

    /// The answer that a resource gives.
    ///
    /// A `credspec` that is no object, which no API server stores, counts as unavailable.
    ///
    /// ```
    /// use gmsa_admission::CredSpecAnswer;
    /// use gmsa_types::GmsaCredentialSpec;
    ///
    /// let resource: GmsaCredentialSpec = serde_json::from_str(
    ///     r#"{"apiVersion": "windows.k8s.io/v1", "kind": "GMSACredentialSpec", "metadata": {"name": "webapp1"},
    ///         "credspec": {"CmsPlugins": ["ActiveDirectory"]}}"#,
    /// )?;
    /// let CredSpecAnswer::Found(contents) = CredSpecAnswer::from_resource(&resource) else { panic!("it is there") };
    /// assert_eq!(contents.as_str(), r#"{"CmsPlugins":["ActiveDirectory"]}"#);
    /// assert_eq!(CredSpecAnswer::from_resource(&GmsaCredentialSpec::default()), CredSpecAnswer::Empty);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn from_resource(resource: &GmsaCredentialSpec) -> CredSpecAnswer<'static> {
        match &resource.credspec {
            None => CredSpecAnswer::Empty,
            Some(AsWritten::Expected(spec)) => match CanonicalContents::from_spec(spec) {
                Ok(contents) => CredSpecAnswer::Found(contents),
                Err(error) => CredSpecAnswer::Unavailable(Cow::Owned(error.to_string())),
            },
            Some(AsWritten::Other(other)) if other.as_str() == Some("") => CredSpecAnswer::Empty,
            Some(AsWritten::Other(_)) => {
                CredSpecAnswer::Unavailable(Cow::Borrowed("its credspec is not an object"))
            }
        }
    }
}

impl From<&SubjectAccessReviewStatus> for AccessAnswer<'static> {
    /// Allowed means allowed and not denied; `evaluationError` beside a no does not make it a maybe.
    ///
    /// Source: Kubernetes `k8s.io/api/authorization/v1/types.go`, `SubjectAccessReviewStatus`.
    fn from(status: &SubjectAccessReviewStatus) -> Self {
        match status.allowed && status.denied != Some(true) {
            true => Self::Allow,
            false => Self::Deny { reason: Cow::Owned(status.reason.clone().unwrap_or_default()) },
        }
    }
}

impl From<&Answer> for AccessAnswer<'static> {
    fn from(answer: &Answer) -> Self {
        match answer.is_allowed() {
            true => Self::Allow,
            false => Self::Deny { reason: Cow::Owned(answer.reason()) },
        }
    }
}

#[derive(Serialize, Deserialize)]
struct AccessEntry<Q, A> {
    #[serde(flatten)]
    question: Q,
    answer: A,
}

fn write_access<S: Serializer>(
    access: &BTreeMap<AccessQuestion<'_>, AccessAnswer<'_>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(access.iter().map(|(question, answer)| AccessEntry { question, answer }))
}

fn read_access<'de, 'f, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<AccessQuestion<'f>, AccessAnswer<'f>>, D::Error> {
    let entries = Vec::<AccessEntry<AccessQuestion<'f>, AccessAnswer<'f>>>::deserialize(deserializer)?;
    Ok(entries.into_iter().map(|entry| (entry.question, entry.answer)).collect())
}
