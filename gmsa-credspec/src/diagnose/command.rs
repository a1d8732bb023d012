use super::observation::StatusOf;

/// A command whose output says what the lines after it are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Nltest(StatusOf),
    Nslookup,
    TestAccount,
    Other,
}

impl Command {
    /// The command of a line in lower case, wherever the prompt ends.
    pub(super) fn of(line: &str) -> Option<Self> {
        const NLTEST: &[(&str, StatusOf)] = &[
            ("/parentdomain", StatusOf::ParentDomain),
            ("/query", StatusOf::SecureChannel),
            ("/sc_", StatusOf::SecureChannel),
            ("/dsgetdc", StatusOf::DcDiscovery),
        ];
        if let Some((_, arguments)) = line.split_once("nltest") {
            let of = NLTEST.iter().find(|(option, _)| arguments.contains(option)).map(|(_, of)| *of);
            return of.map(Self::Nltest);
        }
        if line.contains("nslookup") || line.contains("resolve-dnsname") {
            return Some(Self::Nslookup);
        }
        if line.contains("test-adserviceaccount") {
            return Some(Self::TestAccount);
        }
        let starts = ["klist get", "whoami", "docker run", "get-winevent", "wevtutil", "net use"];
        starts.iter().any(|start| line.contains(start)).then_some(Self::Other)
    }
}
