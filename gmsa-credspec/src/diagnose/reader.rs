use gmsa_types::DnsName;

use super::{
    admission, ccg,
    command::Command,
    event::{self, EventLog},
    hcs, netlogon, network,
    observation::{Observation, ObservationKind, Sentence, StatusOf},
    secure_channel::SecureChannel,
    share::{By, ShareAccess, Tried},
    status::{compute_error, named_in, numbers, status, status_pair},
};

/// The most observations that one text yields. [`Diagnosis::is_truncated`](super::Diagnosis::is_truncated) tells
/// whether there were more.
pub const OBSERVATION_LIMIT: usize = 1024;

/// How much of a line is kept for a sentence that goes on in the next one: a console wraps at its width.
const WRAP: usize = 400;

/// What was recognised in a text.
pub(super) struct Reading {
    pub(super) observations: Vec<Observation>,
    pub(super) truncated: bool,
}

pub(super) fn read(text: &str) -> Reading {
    let mut reader = Reader::default();
    for (index, line) in text.split('\n').enumerate() {
        reader.number = index.saturating_add(1);
        reader
            .line(line.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}'), line);
    }
    reader.finish()
}

/// Every sentence that is recognised.
pub(super) fn sentences() -> impl Iterator<Item = &'static Sentence> {
    [admission::SENTENCES, hcs::SENTENCES, ccg::SENTENCES, network::SENTENCES, netlogon::SENTENCES]
        .into_iter()
        .flatten()
}

#[derive(Default)]
struct Reader {
    number: usize,
    observations: Vec<Observation>,
    truncated: bool,
    /// What the last command that was seen asks for.
    command: Option<Command>,
    channel: SecureChannel,
    share: ShareAccess,
    log: Option<EventLog>,
    /// The number of an event whose log is not named yet, with its line.
    pending_event: Option<(usize, u32)>,
    /// The end of the line before, in lower case.
    previous: String,
}

impl Reader {
    fn line(&mut self, line: &str, untrimmed: &str) {
        // Quotation marks as word processors set them, on pages that outputs are copied from.
        let lower = line.to_ascii_lowercase().replace('\u{2019}', "'");
        if let Some(command) = Command::of(&lower) {
            self.channel.end_output();
            self.command = Some(command);
        }
        self.sentences(&lower, untrimmed);
        self.event(&lower);
        self.parent_domain(line);
        self.channel_output(line, &lower);
        if !self.statuses(line, &lower) {
            self.other_numbers(line, &lower);
        }
        self.answers(&lower);
        self.build(&lower);
        self.previous = tail(&lower).to_owned();
    }

    fn finish(mut self) -> Reading {
        if let Some(line) = std::mem::take(&mut self.channel).repaired_at() {
            self.number = line;
            self.found(ObservationKind::ChannelRepaired);
        }
        // A pending event is observed at its own line, after later ones.
        self.observations.sort_by_key(Observation::line);
        Reading { observations: self.observations, truncated: self.truncated }
    }

    fn found(&mut self, kind: ObservationKind) {
        self.found_at(self.number, kind);
    }

    fn found_at(&mut self, line: usize, kind: ObservationKind) {
        if self.observations.len() >= OBSERVATION_LIMIT {
            self.truncated = true;
            return;
        }
        let observation = Observation::new(line, kind);
        let mut on_line = self.observations.iter().rev().take_while(|earlier| earlier.line() == line);
        if !on_line.any(|earlier| *earlier == observation) {
            self.observations.push(observation);
        }
    }

    fn sentences(&mut self, lower: &str, untrimmed: &str) {
        let has = |line: &str, sentence: &Sentence| sentence.words.iter().all(|word| line.contains(word));
        for sentence in sentences().filter(|sentence| has(lower, sentence)) {
            self.found(ObservationKind::Sentence(sentence));
        }
        let event = event::worded(lower);
        if let Some(event) = event {
            self.found(ObservationKind::Event(event));
        }
        if !untrimmed.starts_with([' ', '\t']) || self.previous.is_empty() || lower.is_empty() {
            return;
        }
        // An indented line may be the rest of a sentence that began on the line before.
        let joined = format!("{} {}", self.previous, head(lower));
        for sentence in sentences().filter(|sentence| has(&joined, sentence)) {
            if !has(lower, sentence) && !has(&self.previous, sentence) {
                self.found(ObservationKind::Sentence(sentence));
            }
        }
        if let Some(wrapped) = event::worded(&joined)
            && event.is_none()
            && event::worded(&self.previous).is_none()
        {
            self.found(ObservationKind::Event(wrapped));
        }
    }

    fn event(&mut self, lower: &str) {
        let named = EventLog::named_in(lower);
        if let Some(log) = named {
            self.log = Some(log);
            if let Some((line, id)) = self.pending_event.take() {
                self.event_at(line, log, id);
            }
        } else if ["providername", "log name", "logname", "source:", "provider name"]
            .iter()
            .any(|label| lower.starts_with(label))
        {
            self.log = None;
        }
        // The words are exact, and the numbers of older descriptions are not.
        if event::worded(lower).is_some() {
            return;
        }
        let Some(id) = event::id_in(lower) else { return };
        match self.log {
            Some(log) => self.event_at(self.number, log, id),
            None => self.pending_event = Some((self.number, id)),
        }
    }

    fn event_at(&mut self, line: usize, log: EventLog, id: u32) {
        if let Some(event) = event::known(log, id) {
            self.found_at(line, ObservationKind::Event(event));
        }
    }

    /// `contoso.com. (1)`, perhaps after the time and stream that a log puts before it.
    fn parent_domain(&mut self, line: &str) {
        let mut words = line.rsplit(char::is_whitespace).filter(|word| !word.is_empty());
        let (Some(count), Some(name)) = (words.next(), words.next()) else { return };
        let is_count = count
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'))
            .is_some_and(|digits| digits.parse::<u32>().is_ok());
        if !is_count || !words.all(is_log_prefix) {
            return;
        }
        let bare = name.strip_suffix('.').unwrap_or(name);
        let asked = self.command == Some(Command::Nltest(StatusOf::ParentDomain));
        // One label alone, without the dot, is a word of any sentence.
        if !asked && !name.contains('.') {
            return;
        }
        // A version, or an address.
        if bare.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit())) {
            return;
        }
        if let Ok(domain) = DnsName::try_from(bare) {
            self.found(ObservationKind::ParentDomain { domain });
        }
    }

    fn channel_output(&mut self, line: &str, lower: &str) {
        if let Some(bits) = channel_flags(lower) {
            if self.command != Some(Command::Nltest(StatusOf::DcDiscovery)) {
                self.channel.end_output();
                self.channel.mark();
                self.found(ObservationKind::ChannelFlags { bits });
            }
        } else if lower.contains("i_netlogoncontrol") {
            self.channel.end_output();
        }
        if let Some(at) = lower.find("trusted dc name") {
            let rest =
                line.get(at..).and_then(|line| line.get("trusted dc name".len()..)).unwrap_or_default();
            self.channel.mark();
            let name = rest.trim();
            if name.is_empty() {
                self.found(ObservationKind::DomainController { name: None });
            } else if let Some(Ok(name)) = name.strip_prefix(r"\\").map(DnsName::try_from) {
                self.found(ObservationKind::DomainController { name: Some(name) });
            }
        }
        if lower.starts_with(r"dc: \\") {
            self.found(status(StatusOf::DcDiscovery, 0));
        }
        if lower.contains("the command completed successfully") {
            self.found(ObservationKind::Completed);
            self.channel.end_output();
        }
    }

    /// `= 1722 0x6ba`, in whatever language the words around it are. Returns whether there was one.
    fn statuses(&mut self, line: &str, lower: &str) -> bool {
        let mut any = false;
        let mut label_start = 0;
        for (at, _) in lower.match_indices('=') {
            let rest = lower.get(at..).and_then(|rest| rest.get(1..)).unwrap_or_default();
            let Some(code) = status_pair(rest) else { continue };
            let label = lower.get(label_start..at).unwrap_or_default();
            label_start = at;
            any = true;
            self.status(self.status_of(label), code);
        }
        if !any
            && (lower.contains("failed") || lower.contains("status"))
            && let Some(code) = named_in(line).filter(|code| *code != 0)
        {
            any = true;
            self.status(self.status_of(lower), code);
        }
        any
    }

    fn status(&mut self, of: StatusOf, code: u32) {
        if of == StatusOf::SecureChannel {
            self.channel.status(self.number, code);
        }
        self.found(status(of, code));
    }

    fn status_of(&self, label: &str) -> StatusOf {
        const LABELS: &[(&str, StatusOf)] = &[
            ("parent domain", StatusOf::ParentDomain),
            ("netlogoncontrol", StatusOf::SecureChannel),
            ("trusted dc", StatusOf::SecureChannel),
            ("trust verification", StatusOf::SecureChannel),
            ("connection status", StatusOf::SecureChannel),
            ("dc name failed", StatusOf::DcDiscovery),
            ("dsgetdc", StatusOf::DcDiscovery),
        ];
        if let Some((_, of)) = LABELS.iter().find(|(words, _)| label.contains(words)) {
            return *of;
        }
        match self.command {
            Some(Command::Nltest(of)) => of,
            _ if self.channel.is_marked() => StatusOf::SecureChannel,
            _ => StatusOf::Unknown,
        }
    }

    /// Numbers without `Status =`: of containers that did not start, of `klist`, of `net use`.
    fn other_numbers(&mut self, line: &str, lower: &str) {
        const COMPUTE: &[&str] =
            &["winapi error", "createcomputesystem", "hcsshim", "hcs::", "windows system call"];
        let is_compute =
            COMPUTE.iter().any(|words| lower.contains(words)) || self.log == Some(EventLog::HyperVCompute);
        if is_compute {
            // Decimal numbers are in ports, sizes and dates too: only marked or very large ones are errors.
            for number in numbers(line).filter(|n| n.is_hex || n.is_marked || n.value >= 0xC000_0000) {
                if let Some(kind) = compute_error(number.value) {
                    self.found(kind);
                }
            }
        } else if lower.contains("klist failed") || lower.contains("lsacallauthenticationpackage") {
            for number in numbers(line).filter(|n| n.is_hex && n.value != 0) {
                self.found(status(StatusOf::Kerberos, number.value));
            }
        } else if lower.contains("system error")
            && lower.contains("has occurred")
            && let Some(number) = numbers(line).next()
        {
            self.found(status(StatusOf::Unknown, number.value));
        }
    }

    /// Answers that mean something only after their question.
    fn answers(&mut self, lower: &str) {
        match self.command {
            Some(Command::TestAccount) => {
                if lower == "false" || (lower.contains("test-adserviceaccount") && lower.contains("false")) {
                    self.found(ObservationKind::Sentence(&ccg::TEST_ACCOUNT_FALSE));
                } else if lower == "true" {
                    self.found(ObservationKind::Sentence(&ccg::TEST_ACCOUNT_TRUE));
                }
            }
            Some(Command::Nslookup) if lower.starts_with("name:") => {
                self.found(ObservationKind::Sentence(&network::NAME_FOUND));
            }
            _ => {}
        }
        let sentence = match self.share.read(lower) {
            Some(Tried { by: By::Address, worked: true }) => &network::SHARE_BY_ADDRESS_WORKS,
            Some(Tried { by: By::Address, worked: false }) => &network::SHARE_BY_ADDRESS_FAILS,
            Some(Tried { by: By::Name, worked: true }) => &network::SHARE_BY_NAME_WORKS,
            Some(Tried { by: By::Name, worked: false }) => &network::SHARE_BY_NAME_FAILS,
            None => return,
        };
        self.found(ObservationKind::Sentence(sentence));
    }

    /// `10.0.17763.1217`, as `kubectl get nodes -o wide` prints it, and `17763.1217`.
    fn build(&mut self, lower: &str) {
        if !lower.contains("17763.") {
            return;
        }
        for word in lower.split(|c: char| !c.is_ascii_digit() && c != '.') {
            let mut parts = word.trim_start_matches("10.0.").split('.');
            let (Some(Ok(build)), Some(Ok(revision))) =
                (parts.next().map(str::parse), parts.next().map(str::parse))
            else {
                continue;
            };
            if build == 17763 {
                self.found(ObservationKind::WindowsBuild { build, revision });
            }
        }
    }
}

/// `Flags: b0 HAS_IP  HAS_TIMESERV`. The flags of `/dsgetdc` are words alone, and `HAS_` is in no other output.
fn channel_flags(lower: &str) -> Option<u32> {
    let (label, rest) = lower.rsplit_once(':')?;
    let mut words = rest.split_whitespace();
    let bits = u32::from_str_radix(words.next()?, 16).ok()?;
    let rest_is_flags = words.clone().all(|word| word.starts_with("has_"));
    let is_labelled = label.trim_end().ends_with("flags") || words.next().is_some();
    (rest_is_flags && is_labelled).then_some(bits)
}

/// What stands before a line in a log: a time, a stream, the name of a pod in brackets.
fn is_log_prefix(word: &str) -> bool {
    word.starts_with('[')
        || matches!(word, "stdout" | "stderr" | "F" | "|" | ">")
        || (word.starts_with(|c: char| c.is_ascii_digit()) && word.contains([':', '-', '/']))
}

fn head(line: &str) -> &str {
    line.char_indices().nth(WRAP).map_or(line, |(at, _)| line.get(..at).unwrap_or(line))
}

fn tail(line: &str) -> &str {
    line.char_indices().nth_back(WRAP).map_or(line, |(at, _)| line.get(at..).unwrap_or(line))
}

#[cfg(test)]
pub(super) fn all_sentences() -> impl Iterator<Item = &'static Sentence> {
    let answers = [
        &ccg::TEST_ACCOUNT_FALSE,
        &ccg::TEST_ACCOUNT_TRUE,
        &network::NAME_FOUND,
        &network::SHARE_BY_ADDRESS_WORKS,
        &network::SHARE_BY_ADDRESS_FAILS,
        &network::SHARE_BY_NAME_WORKS,
        &network::SHARE_BY_NAME_FAILS,
    ];
    sentences().chain(answers)
}
