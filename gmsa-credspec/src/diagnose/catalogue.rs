use super::{
    admission,
    cause::{KnownCause, Remedy, Source},
    ccg, hcs, netlogon, network, win32,
};

/// Every cause that [`diagnose`](super::diagnose) knows, each with an id of its own, which does not change.
/// They come in the order of an identity's way to the container: admission, the start of the container, the
/// account's password, the network, the logon.
///
/// | ids | topic |
/// |---|---|
/// | `GD000` | a failure that no entry explains |
/// | `GD1..` | Netlogon in the container |
/// | `GD2..` | the account, by Win32 status |
/// | `GD3..` | the start of the container: Docker, Host Compute Service |
/// | `GD4..` | the account's password: Container Credential Guard, its plug-ins, the host's permission |
/// | `GD5..` | admission: API server and webhook |
/// | `GD6..` | the network: DNS, shares |
///
/// ```
/// use gmsa_credspec::diagnose::known_causes;
///
/// let cause = known_causes().find(|cause| cause.id() == "GD101").expect("it is in the table");
/// assert_eq!(cause.title(), "the container got no credential spec");
/// ```
pub fn known_causes() -> impl Iterator<Item = &'static KnownCause> {
    [
        admission::CAUSES,
        hcs::CAUSES,
        ccg::CAUSES,
        network::CAUSES,
        netlogon::CAUSES,
        win32::CAUSES,
        std::slice::from_ref(&FALLBACK),
    ]
    .into_iter()
    .flatten()
}

/// What a failure points to when nothing else explains it. It has no rules.
pub(super) static FALLBACK: KnownCause = KnownCause {
    id: "GD000",
    title: "a failure that is not in this catalogue",
    explanation: "The text shows a failure that this catalogue has no explanation for.",
    source: Source::known("Windows system error codes"),
    steps: &[
        Remedy::run("net helpmsg NUMBER", "read what the number of a Win32 status means"),
        Remedy::act("follow the guided order of checks, and look into the event logs of the node"),
    ],
    rules: &[],
    explains: &[],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_entries_complete() {
        let mut ids: Vec<&str> = known_causes().map(|cause| cause.id).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count);
        for cause in known_causes() {
            assert!(cause.id.starts_with("GD") && cause.id.len() == 5, "{}", cause.id);
            assert!(!cause.title.ends_with('.') && !cause.source.text.is_empty(), "{}", cause.id);
            assert!(!cause.steps.is_empty(), "{} says what to do", cause.id);
            assert!(cause.id == FALLBACK.id || !cause.rules.is_empty(), "{} can be found", cause.id);
        }
    }
}
