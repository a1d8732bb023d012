use std::net::IpAddr;

/// Follows accesses to a share by address and by name: `dir \\10.0.0.5\data`, then `dir \\files\data`.
#[derive(Debug, Default)]
pub(super) struct ShareAccess {
    tried: Option<By>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Address,
    Name,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tried {
    pub(super) by: By,
    pub(super) worked: bool,
}

const COMMANDS: &[&str] =
    &["dir ", "ls ", "net use", "test-path", "get-childitem", "new-smbmapping", "pushd ", "copy "];
const WORKED: &[&str] = &["directory of", "completed successfully", "lastwritetime", "file(s)", "copied"];
const FAILED: &[&str] = &[
    "network path was not found",
    "network name cannot be found",
    "cannot find path",
    "cannot find the path",
    "does not exist",
    "access is denied",
    "access to the path",
    "system error",
    "user name or password is incorrect",
    "logon failure",
];

impl ShareAccess {
    /// Reads a line, given in lower case, that may be an access or the answer to the one before.
    pub(super) fn read(&mut self, line: &str) -> Option<Tried> {
        if let Some(by) =
            COMMANDS.iter().any(|command| line.contains(command)).then(|| host_of(line)).flatten()
        {
            self.tried = Some(by);
            return None;
        }
        let by = self.tried?;
        let worked = match line.trim() {
            "true" => true,
            "false" => false,
            answer if FAILED.iter().any(|words| answer.contains(words)) => false,
            answer if WORKED.iter().any(|words| answer.contains(words)) => true,
            _ => return None,
        };
        self.tried = None;
        Some(Tried { by, worked })
    }
}

/// How the first UNC path of a line calls its host.
fn host_of(line: &str) -> Option<By> {
    let (_, path) = line.split_once(r"\\")?;
    let host = path.split(['\\', ' ', '"', '\'']).next().filter(|host| !host.is_empty())?;
    Some(if host.parse::<IpAddr>().is_ok() { By::Address } else { By::Name })
}
