//! The checks of the gMSA fields at one place, which all decisions are made of.

use gmsa_credspec::Comparison;
use gmsa_rbac::AccessQuestion;
use gmsa_types::{CredentialSpecName, check_dns_subdomain};

use crate::{
    AccessAnswer, CredSpecAnswer, Facts, GmsaFields, Pod,
    fault::{At, Fault, LONGEST_CONTENTS},
};

/// The account that the pod runs as. `None` if it has none, or one that cannot be, so that there is nobody to ask
/// about.
pub(crate) fn service_account<'r>(pod: &'r Pod<'_>) -> Option<&'r str> {
    let account = pod.service_account();
    check_dns_subdomain("service account name", account).is_ok().then_some(account)
}

/// Whether the account may use what is named there; nothing to ask if either cannot be.
pub(crate) fn question<'r>(
    namespace: &'r str,
    account: Option<&'r str>,
    fields: &'r GmsaFields<'_>,
) -> Option<AccessQuestion<'r>> {
    let name = fields.name().filter(|name| CredentialSpecName::try_from(*name).is_ok())?;
    Some(AccessQuestion::new(namespace, account?, name))
}

impl At<'_> {
    /// The contents of the credential spec, such that they can be put into a pod.
    pub(crate) fn expand<'f>(
        &self,
        name: &CredentialSpecName<'_>,
        facts: &'f Facts<'f>,
    ) -> Result<&'f str, Fault> {
        match facts.credential_spec(name) {
            Some(CredSpecAnswer::Found(contents)) => match contents.as_str() {
                text if text.len() > LONGEST_CONTENTS => Err(self.too_long(name, text.len())),
                text => Ok(text),
            },
            answer => Err(self.no_contents(name, answer)),
        }
    }

    /// Whether the account may `use` the credential spec. Only a clear yes is one.
    pub(crate) fn permit(
        &self,
        name: &CredentialSpecName<'_>,
        question: Option<&AccessQuestion<'_>>,
        facts: &Facts<'_>,
    ) -> Result<(), Fault> {
        let Some(question) = question else { return Err(self.no_service_account(name)) };
        match facts.access(question) {
            Some(AccessAnswer::Allow) => Ok(()),
            Some(AccessAnswer::Deny { reason }) => Err(self.not_authorized(question, name, reason)),
            Some(AccessAnswer::DenyRequester { user, reason }) => {
                Err(self.requester_not_authorized(user, name, reason))
            }
            Some(AccessAnswer::Unavailable(reason)) => Err(self.access_unknown(question, name, reason)),
            None => Err(self.access_unknown(question, name, "it was not asked")),
        }
    }

    /// Whether the contents are those of the credential spec.
    pub(crate) fn compare(
        &self,
        name: &CredentialSpecName<'_>,
        contents: &str,
        facts: &Facts<'_>,
    ) -> Result<(), Fault> {
        let comparison: Comparison = match facts.credential_spec(name) {
            Some(CredSpecAnswer::Found(resource)) => resource.compare(contents),
            answer => return Err(self.no_contents(name, answer)),
        };
        self.mismatch(name, &comparison).map_or(Ok(()), Err)
    }
}
