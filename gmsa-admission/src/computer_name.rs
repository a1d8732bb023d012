//! GC709: what the hostname of a pod means to Windows, where it is the name of a computer.

use gmsa_types::finding::{Finding, RuleId};
use serde::Deserialize;

use crate::workload::WorkloadKind;

pub(crate) const HOSTNAME: RuleId = RuleId::new("GC709");

/// The longest computer name (NetBIOS) that Windows has.
const LONGEST: usize = 15;

/// The hostname of the pods of a workload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ComputerName<'v> {
    pub(crate) hostname: &'v str,
    pub(crate) kind: WorkloadKind,
    /// The controller makes one for each pod, from the name of the workload.
    pub(crate) of_controller: bool,
    /// The controller runs several pods at a time.
    pub(crate) several: bool,
}

impl ComputerName<'_> {
    /// What is doubtful about it for pods with gMSA fields. `accounts` are those of their credential specs, as far
    /// as they are known.
    pub(crate) fn finding<'a>(self, accounts: impl IntoIterator<Item = &'a str>) -> Option<Finding> {
        let Self { hostname, kind, of_controller, several } = self;
        if hostname.is_empty() {
            return None;
        }
        let field = format!("{}/spec/hostname", kind.template_pointer());
        if hostname.len() > LONGEST {
            let finding = Finding::warning(HOSTNAME, "hostname of more than 15 characters")
                .because("Windows cuts computer names there");
            return Some(match of_controller {
                true => finding.at("/metadata/name").with_help("shorten the name, of which it is made"),
                false => finding.at(field).with_help("shorten it"),
            });
        }
        if of_controller {
            return None;
        }
        if several {
            return Some(
                Finding::warning(HOSTNAME, "replicas with one gMSA share a fixed hostname")
                    .at(field)
                    .because("containers with one account and one hostname disturb each other's logons")
                    .with_help("leave hostname out, so that each pod has a name of its own"),
            );
        }
        let is_account =
            |account: &str| hostname.eq_ignore_ascii_case(account.strip_suffix('$').unwrap_or(account));
        accounts.into_iter().any(is_account).then(|| {
            Finding::info(HOSTNAME, "hostname that is the account's name")
                .at(field)
                .because("only Windows before Server 2019 asks for it, and a second pod would share it")
                .with_help("leave hostname out, so that each pod has a name of its own")
        })
    }
}

/// The account that a credential spec is for.
pub(crate) fn account(contents: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Document {
        domain_join_config: Domain,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Domain {
        machine_account_name: String,
    }
    let document: Document = serde_json::from_str(contents).ok()?;
    Some(document.domain_join_config.machine_account_name)
}
