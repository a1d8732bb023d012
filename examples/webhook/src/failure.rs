//! Why a lookup failed, in words for whoever's pod is denied and for logs.
//!
//! The errors of kube are not shown as they are: an answer that cannot be read may be a credential spec, and the
//! error quotes it.

use kube::{Error, core::Status, runtime::watcher};

/// The longest message of an API server that is repeated.
const LONGEST: usize = 256;

/// Why a request to the API server brought no answer.
pub(crate) fn of(error: &Error) -> String {
    match error {
        Error::Api(status) => of_status(status),
        Error::SerdeError(_) | Error::FromUtf8(_) => "the API server's answer cannot be read".to_owned(),
        Error::Auth(_) => "the webhook's credentials cannot be used".to_owned(),
        Error::HyperError(_) | Error::Service(_) | Error::ReadEvents(_) => {
            "the API server cannot be reached".to_owned()
        }
        _ => "the API server cannot be asked".to_owned(),
    }
}

/// Why a watch broke.
pub(crate) fn of_watch(error: &watcher::Error) -> String {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => of(error),
        watcher::Error::WatchError(status) => of_status(status),
        watcher::Error::NoResourceVersion => "the API server gave no resource version".to_owned(),
    }
}

/// Whether asking once more, soon, may help.
pub(crate) fn may_pass(error: &Error) -> bool {
    match error {
        Error::Api(status) => status.code == 429 || status.code >= 500,
        Error::HyperError(_) | Error::Service(_) => true,
        _ => false,
    }
}

fn of_status(status: &Status) -> String {
    // Of what is no status of Kubernetes, kube makes one that has the whole body as its message and a sentence for a
    // reason.
    let is_kubernetes =
        !status.reason.is_empty() && status.reason.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_one_line = status.message.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    match is_kubernetes && is_one_line && status.message.len() <= LONGEST {
        true => format!("the API server answers {}: {}", status.code, status.message),
        false => format!("the API server answers {}", status.code),
    }
}
