/// Follows the outputs of `nltest` through a text, to tell a secure channel that was down and came up from one
/// whose output has good and bad numbers side by side.
#[derive(Debug, Default)]
pub(super) struct SecureChannel {
    /// Of the output that is being read.
    current: Output,
    was_down: bool,
    /// The line of the success of the last output, if it had no failure.
    up_at: Option<usize>,
}

#[derive(Debug, Default)]
struct Output {
    failed: bool,
    succeeded_at: Option<usize>,
    is_channel: bool,
}

impl SecureChannel {
    /// Another output starts.
    pub(super) fn end_output(&mut self) {
        let output = std::mem::take(&mut self.current);
        if output.failed {
            self.was_down = true;
            self.up_at = None;
        } else if output.succeeded_at.is_some() {
            self.up_at = output.succeeded_at;
        }
    }

    /// The output being read shows a mark that only outputs about a secure channel have.
    pub(super) fn mark(&mut self) {
        self.current.is_channel = true;
    }

    pub(super) fn is_marked(&self) -> bool {
        self.current.is_channel
    }

    pub(super) fn status(&mut self, line: usize, code: u32) {
        if code == 0 {
            self.current.succeeded_at = Some(line);
        } else {
            self.current.failed = true;
        }
    }

    /// The line where the channel was seen up after it had been down.
    pub(super) fn repaired_at(mut self) -> Option<usize> {
        self.end_output();
        self.up_at.filter(|_| self.was_down)
    }
}
