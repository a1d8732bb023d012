//! From the first connection to the last.

use tokio::sync::watch;

/// Where the program is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Serving,
    /// Still accepting, but not ready any more; every answer asks the client to connect anew, elsewhere.
    Leaving,
    /// Not accepting any more; what has begun is finished.
    Closing,
}

/// The one who says where the program is.
pub(crate) struct Guide(watch::Sender<Step>);

/// Those who are told.
#[derive(Clone)]
pub(crate) struct Stage(watch::Receiver<Step>);

pub(crate) fn begin() -> (Guide, Stage) {
    let (sender, receiver) = watch::channel(Step::Serving);
    (Guide(sender), Stage(receiver))
}

impl Guide {
    pub(crate) fn leave(&self) {
        self.0.send_replace(Step::Leaving);
    }

    pub(crate) fn close(&self) {
        self.0.send_replace(Step::Closing);
    }
}

impl Stage {
    /// Whether the end has been announced.
    pub(crate) fn is_ending(&self) -> bool {
        *self.0.borrow() > Step::Serving
    }

    /// Waits until no more connections are to be accepted.
    pub(crate) async fn closing(&mut self) {
        // Without a guide nobody serves any more.
        let _ = self.0.wait_for(|step| *step == Step::Closing).await;
    }
}
