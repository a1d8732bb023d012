use gmsa_types::Guid;

use super::HIDDEN;
use super::accounts::text;
use crate::json::{Node, Value};

/// What the format has at a place of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Top,
    CmsPlugins,
    DomainJoin,
    Directory,
    Accounts,
    Account,
    Host,
    /// An account, a domain or a SID, in which case makes no difference.
    Name,
    Guid,
    /// A text in which case makes a difference.
    Text,
    /// The input of a plug-in, at any depth.
    Secret,
    /// Not of the format, at any depth.
    Unknown,
}

impl Place {
    pub(super) fn within(self, key: &str) -> Self {
        match (self, key) {
            (Self::Top, "CmsPlugins") => Self::CmsPlugins,
            (Self::Top, "DomainJoinConfig") => Self::DomainJoin,
            (Self::Top, "ActiveDirectoryConfig") => Self::Directory,
            (Self::DomainJoin, "Guid") | (Self::Host, "PluginGUID") => Self::Guid,
            (Self::DomainJoin, "Sid" | "MachineAccountName" | "DnsTreeName" | "DnsName" | "NetBiosName")
            | (Self::Account, "Name" | "Scope") => Self::Name,
            (Self::Directory, "GroupManagedServiceAccounts") => Self::Accounts,
            (Self::Directory, "HostAccountConfig") => Self::Host,
            (Self::Host, "PortableCcgVersion") => Self::Text,
            (Self::Host, "PluginInput") | (Self::Secret, _) => Self::Secret,
            _ => Self::Unknown,
        }
    }

    pub(super) fn item(self) -> Self {
        match self {
            Self::CmsPlugins => Self::Text,
            Self::Accounts => Self::Account,
            Self::Secret => Self::Secret,
            _ => Self::Unknown,
        }
    }

    /// Whether two different texts are the same value here.
    pub(super) fn is_same(self, left: &str, right: &str) -> bool {
        match self {
            Self::Name => left.eq_ignore_ascii_case(right),
            Self::Guid => match (left.parse::<Guid>(), right.parse::<Guid>()) {
                (Ok(left), Ok(right)) => left == right,
                _ => false,
            },
            _ => false,
        }
    }

    /// What may be shown of a value here.
    pub(super) fn shown(self, node: &Node<'_>) -> String {
        match (self, &node.value) {
            (Self::Secret | Self::Unknown, _) => HIDDEN.to_owned(),
            (Self::Name | Self::Guid | Self::Text, Value::String(text)) => visible(text).to_owned(),
            (Self::Account, Value::Object(members)) => {
                let part = |key| text(members, key).map_or("(nothing)", visible);
                format!("{} in {}", part("Name"), part("Scope"))
            }
            (_, value) => format!("({})", value.json_type()),
        }
    }
}

/// A text, if it looks like a name, a SID or a GUID. The characters that it may have neither separate a key from a
/// value, as texts that hold secrets do, nor do anything to a terminal.
fn visible(text: &str) -> &str {
    let is_plain = |c: char| c.is_alphanumeric() || " -._$@\\&'(){}".contains(c);
    let fits = !text.is_empty() && text.chars().count() <= 255 && text.chars().all(is_plain);
    match text {
        "" => "(empty)",
        _ if fits => text,
        _ => HIDDEN,
    }
}
