use serde::Serialize;

use super::{ccg, hcs, observation::Outcome};

/// An event log of Windows that has to do with a container's identity.
///
/// Sources: Microsoft, "Troubleshoot gMSAs for Windows containers"; microsoft/Azure-Key-Vault-Plugin-gMSA,
/// `CCGAKVPluginEvents.man`; rancher/Rancher-Plugin-gMSA.
///
/// ```
/// use gmsa_credspec::diagnose::EventLog;
///
/// assert_eq!(EventLog::Ccg.name(), "Microsoft-Windows-Containers-CCG/Admin");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EventLog {
    /// `Microsoft-Windows-Containers-CCG/Admin`: Container Credential Guard, where the node is not joined to the
    /// domain and a plug-in provides an account.
    Ccg,
    /// `Microsoft-AKSGMSAPlugin/Admin`: the Azure Key Vault plug-in.
    KeyVaultPlugin,
    /// Entries of Rancher's plug-in in the Application log.
    RancherPlugin,
    /// `Microsoft-Windows-Hyper-V-Compute-Admin`: the Host Compute Service.
    HyperVCompute,
}

impl EventLog {
    /// The name of the log, for people: with Rancher's plug-in, `Application` is not all of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ccg => "Microsoft-Windows-Containers-CCG/Admin",
            Self::KeyVaultPlugin => "Microsoft-AKSGMSAPlugin/Admin",
            Self::RancherPlugin => "Application (Rancher's plug-in)",
            Self::HyperVCompute => "Microsoft-Windows-Hyper-V-Compute-Admin",
        }
    }

    /// The log that a line names, given in lower case.
    pub(super) fn named_in(line: &str) -> Option<Self> {
        if line.contains("containers-ccg") {
            Some(Self::Ccg)
        } else if line.contains("aksgmsaplugin") {
            Some(Self::KeyVaultPlugin)
        } else if line.contains("hyper-v-compute") {
            Some(Self::HyperVCompute)
        } else if line.contains("rancher") && (line.contains("gmsa") || line.contains("ccg")) {
            Some(Self::RancherPlugin)
        } else {
            None
        }
    }
}

/// An event whose meaning is known.
///
/// ```
/// use gmsa_credspec::diagnose::{EventLog, Expected, ObservationKind, diagnose};
///
/// let text = "Log Name: Microsoft-Windows-Containers-CCG/Admin\nEvent ID: 3\n";
/// let diagnosis = diagnose(text, &Expected::default());
/// let event = diagnosis.observations().iter().find_map(|observation| match observation.kind() {
///     ObservationKind::Event(event) => Some(event),
///     _ => None,
/// });
/// assert_eq!(event.map(|event| (event.log(), event.id())), Some((EventLog::Ccg, 3)));
/// ```
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct KnownEvent {
    pub(super) log: EventLog,
    pub(super) id: u32,
    /// In lower case; a line that has all of them is that event, whatever number the log gives it.
    #[serde(skip)]
    pub(super) words: &'static [&'static str],
    pub(super) meaning: &'static str,
    pub(super) outcome: Outcome,
}

impl KnownEvent {
    /// The log.
    pub fn log(&self) -> EventLog {
        self.log
    }

    /// The number of the event.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What it means.
    pub fn meaning(&self) -> &'static str {
        self.meaning
    }
}

pub(super) fn known(log: EventLog, id: u32) -> Option<&'static KnownEvent> {
    all().find(|event| event.log == log && event.id == id)
}

/// The event that a line in lower case has the words of.
pub(super) fn worded(line: &str) -> Option<&'static KnownEvent> {
    all().find(|event| !event.words.is_empty() && event.words.iter().all(|word| line.contains(word)))
}

fn all() -> impl Iterator<Item = &'static KnownEvent> {
    ccg::EVENTS.iter().chain(hcs::EVENTS)
}

/// The number of an event, in the forms in which Event Viewer, `wevtutil` and `Get-WinEvent` print it. The line
/// is in lower case.
pub(super) fn id_in(line: &str) -> Option<u32> {
    labelled_id(line).or_else(|| id_in_table(line))
}

/// `Event ID: 6`, `Id : 6`, `<EventID Qualifiers='0'>6</EventID>`, `event 6`. Not `Event[6]`, which counts them.
fn labelled_id(line: &str) -> Option<u32> {
    let mut words = line
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '[')
        .filter(|word| !word.is_empty())
        .enumerate()
        .peekable();
    let mut previous = "";
    while let Some((index, word)) = words.next() {
        let is_label = match word {
            "eventid" | "event" => true,
            "id" => index == 0 || previous == "event",
            _ => false,
        };
        previous = word;
        if !is_label {
            continue;
        }
        if words.next_if(|(_, word)| *word == "qualifiers").is_some() {
            words.next();
        }
        if let Some(id) = words.peek().and_then(|(_, word)| word.parse().ok()) {
            return Some(id);
        }
    }
    None
}

/// A row of `Get-WinEvent`: `5/4/2022 5:36:26 PM      6 Error      ...`. The level is a word of the language of
/// Windows.
fn id_in_table(line: &str) -> Option<u32> {
    let mut words = line.split_whitespace().skip_while(|word| !is_time(word)).skip(1).peekable();
    words.next_if(|word| matches!(*word, "am" | "pm" | "a.m." | "p.m."));
    let id = words.next()?.parse().ok()?;
    words.next()?.starts_with(|c: char| c.is_alphabetic()).then_some(id)
}

fn is_time(word: &str) -> bool {
    word.split(':').count() == 3 && word.split(':').all(|part| matches!(part.parse::<u8>(), Ok(0..=59)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_events_are_found_in_every_form() {
        for line in [
            "event id: 6",
            "  event id:      6",
            "id           : 6",
            "<eventid>6</eventid>",
            "<eventid qualifiers='0'>6</eventid>",
            "3/1/2023 10:00:00 am              6 error            the plug-in",
            "01.03.2023 10:00:00               6 fehler           das plug-in",
        ] {
            assert_eq!(id_in(line), Some(6), "{line}");
        }
        for line in ["event[6]:", "recordid : 6", "processid : 6", "10:00:00 6", ""] {
            assert_eq!(id_in(line), None, "{line}");
        }
    }
}
