//! Any bytes, as they are and so changed that the quick reader gives up and `serde_json` has to read them: both see the
//! same.

use std::fmt::Debug;

use gmsa_admission::{Request, ReviewError, TemplateRequest};
use serde_json::Value;

pub fn run(body: &[u8]) {
    let Some(other) = for_the_other_reader(body) else { return };
    // What is too deep or no text cannot be searched by the other reader, which then says that there may be something.
    let is_searchable = is_value(body);
    assert_eq!(is_value(&other), is_searchable);
    let (quick, slow) = (Request::from_slice(body), Request::from_slice(&other));
    agree(quick, slow, is_searchable, |request| {
        let places = request.pod().map_or(&[][..], |pod| pod.unknown_places());
        // As JSON it has the contents, which `Debug` has not.
        let mut all = serde_json::to_value(request).unwrap();
        all["pod"]["unknownPlaces"].take();
        (places.to_vec(), all.to_string())
    });
    let (quick, slow) = (TemplateRequest::from_slice(body), TemplateRequest::from_slice(&other));
    agree(quick, slow, is_searchable, |request| {
        let places = request.unknown_places().to_vec();
        let all = format!("{request:?}").replace(&format!("unknown_places: {places:?}"), "");
        (places, all)
    });
}

/// The same review with one key more, which nobody knows, and whose letter is written as an escape. A body that is no
/// JSON stays so.
fn for_the_other_reader(body: &[u8]) -> Option<Vec<u8>> {
    let end = body.iter().rposition(|&byte| byte == b'}')?;
    let (before, behind) = body.split_at(end);
    let is_empty = before.trim_ascii_end().ends_with(b"{");
    let key: &[u8] = if is_empty { br#""\u0078":0"# } else { br#","\u0078":0"# };
    Some([before, key, behind].concat())
}

fn is_value(text: &[u8]) -> bool {
    serde_json::from_slice::<Value>(text).is_ok()
}

fn agree<T: PartialEq + Debug>(
    quick: Result<T, ReviewError>,
    slow: Result<T, ReviewError>,
    is_searchable: bool,
    parts: impl Fn(&T) -> (Vec<String>, String),
) {
    match (quick, slow) {
        (Ok(quick), Ok(slow)) if quick == slow => {}
        (Ok(quick), Ok(slow)) => {
            assert!(!is_searchable, "the readers differ: {quick:?} and {slow:?}");
            let ((found, quick), (feared, slow)) = (parts(&quick), parts(&slow));
            assert!(found.is_empty() && feared == ["/spec"], "{found:?} and {feared:?}");
            assert_eq!(quick, slow, "the readers differ");
        }
        // Line and column are different ones where the fault is behind the key.
        (Err(quick), Err(slow)) => assert_eq!(quick.uid(), slow.uid(), "the readers know other reviews"),
        (quick, slow) => panic!("one reader refuses what the other takes: {quick:?} and {slow:?}"),
    }
}
