//! Any bytes, as they are and so changed that the quick reader gives up and `serde_json` has to read them: both see the same.

use gmsa_admission::{Request, ReviewError, TemplateRequest};

pub fn run(body: &[u8]) {
    let Some(other) = for_the_other_reader(body) else { return };
    agree(Request::from_slice(body), Request::from_slice(&other));
    agree(TemplateRequest::from_slice(body), TemplateRequest::from_slice(&other));
}

/// The same review with one key more, which nobody knows, and whose letter is written as an escape. A body that is no JSON
/// stays so.
fn for_the_other_reader(body: &[u8]) -> Option<Vec<u8>> {
    let end = body.iter().rposition(|&byte| byte == b'}')?;
    let (before, behind) = body.split_at(end);
    let is_empty = before.trim_ascii_end().ends_with(b"{");
    let key: &[u8] = if is_empty { br#""\u0078":0"# } else { br#","\u0078":0"# };
    Some([before, key, behind].concat())
}

fn agree<T: PartialEq + std::fmt::Debug>(quick: Result<T, ReviewError>, other: Result<T, ReviewError>) {
    match (quick, other) {
        (Ok(quick), Ok(other)) if quick == other => {}
        // The other one cannot search what is too deep or no text, and then says that there may be something.
        (Ok(quick), Ok(other)) => {
            let other = format!("{other:?}").replace(r#"unknown_places: ["/spec"]"#, "unknown_places: []");
            assert_eq!(format!("{quick:?}"), other, "the readers differ");
        }
        // Line and column are different ones where the fault is behind the key.
        (Err(quick), Err(other)) => assert_eq!(quick.uid(), other.uid(), "the readers know other reviews"),
        (quick, other) => panic!("one reader refuses what the other takes: {quick:?} and {other:?}"),
    }
}
