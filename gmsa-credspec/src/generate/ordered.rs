use gmsa_types::CredentialSpec;
use serde::Serialize;

use crate::CanonicalContents;
use crate::generate::WriteError;
use crate::json::{DEPTH_LIMIT, Member, Node, read_object};

/// Hands the document to `write`, as values in the order of the format: known keys as `New-CredentialSpec` writes
/// them, then the others.
pub(super) fn with_document<T>(
    spec: &CredentialSpec,
    write: impl FnOnce(&Node<'_>) -> Result<T, WriteError>,
) -> Result<T, WriteError> {
    // invariant: from here on the nesting is limited, so that nothing below can overflow the stack.
    CanonicalContents::from_spec(spec)?;
    let mut bytes = Vec::new();
    // A failure leaves a text that is cut off, and the strict reader says where and why.
    let _ = spec.serialize(&mut serde_json::Serializer::new(&mut bytes));
    let text = String::from_utf8_lossy(&bytes);
    write(&read_object(&text, DEPTH_LIMIT)?)
}

/// The members of an object in the order of the text. The strict reader sorts them by key.
pub(super) fn in_order<'n, 't>(members: &'n [Member<'t>]) -> Vec<&'n Member<'t>> {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by_key(|member| member.offset);
    members
}
