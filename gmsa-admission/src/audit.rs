//! What is recorded of a decision in the audit event of the API server.

use std::collections::BTreeMap;

use gmsa_types::CredentialSpecName;

use crate::Pod;

/// Audit annotations by key. The API server stores them as `WEBHOOK NAME/KEY` in the audit event.
pub(crate) type Annotations = BTreeMap<&'static str, String>;

/// The key of the decision: `allow` or `deny`.
pub(crate) const DECISION: &str = "decision";
/// The key of the credential specs that the pod names, separated by commas.
const CREDENTIAL_SPECS: &str = "credential-specs";
/// The API server sets no limit; an audit event should stay readable.
const MOST_BYTES: usize = 2048;

/// The names in the pod. Only valid ones: before validation a name may be any text.
pub(crate) fn credential_specs(pod: Option<&Pod<'_>>) -> Annotations {
    let fields = pod.map_or(&[][..], |pod| pod.gmsa());
    let mut names: Vec<_> =
        fields.iter().filter_map(|fields| CredentialSpecName::try_from(fields.name()?).ok()).collect();
    names.sort_unstable();
    names.dedup();
    let mut list = String::new();
    for name in &names {
        if list.len() + name.as_str().len() > MOST_BYTES {
            list.push_str(",...");
            break;
        }
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(name.as_str());
    }
    match list.is_empty() {
        true => Annotations::new(),
        false => Annotations::from([(CREDENTIAL_SPECS, list)]),
    }
}
