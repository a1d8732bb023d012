use gmsa_types::CredentialSpec;
use serde_json::{Value, json};

use crate::{CanonicalContents, ReadError, read};

/// The part of a runtime's `config.json` that carries a credential spec: `{"windows":{"credentialSpec":"..."}}`.
///
/// The text of the OCI specification says that the value is an object. Runtimes (hcsshim, containerd, moby) take a
/// string, and pass it to Windows unread.
///
/// Sources: opencontainers/runtime-spec, `config-windows.md`; microsoft/hcsshim, `internal/hcsoci/create.go`.
///
/// # Errors
/// [`ReadError`] for a document that no text could have been.
///
/// ```
/// use gmsa_credspec::convert::{from_oci, to_oci};
/// use serde_json::json;
///
/// let spec = gmsa_credspec::read(r#"{"CmsPlugins": ["ActiveDirectory"]}"#)?;
/// let part = to_oci(&spec)?;
/// assert_eq!(part, json!({"windows": {"credentialSpec": r#"{"CmsPlugins":["ActiveDirectory"]}"#}}));
/// assert!(from_oci(&part)? == spec);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_oci(spec: &CredentialSpec) -> Result<Value, ReadError> {
    let contents = CanonicalContents::from_spec(spec)?;
    Ok(json!({ "windows": { "credentialSpec": contents.as_str() } }))
}

/// The credential spec in a runtime's `config.json`, or in the part of it that [`to_oci`] makes.
///
/// # Errors
/// [`OciError`], if there is none, or it is one that runtimes ignore or that cannot be read strictly.
///
/// ```
/// use gmsa_credspec::convert::from_oci;
/// use serde_json::json;
///
/// let error = from_oci(&json!({"windows": {"credentialSpec": {"CmsPlugins": []}}})).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`/windows/credentialSpec` is an object, and runtimes ignore it: write the document as a string",
/// );
/// ```
pub fn from_oci(config: &Value) -> Result<CredentialSpec, OciError> {
    match config.pointer("/windows/credentialSpec") {
        None | Some(Value::Null) => Err(OciError::Missing),
        Some(Value::String(text)) => read(text).map_err(OciError::Unreadable),
        Some(Value::Object(_)) => Err(OciError::Object),
        Some(_) => Err(OciError::NotText),
    }
}

/// Why a runtime's configuration gives no credential spec.
///
/// ```
/// use gmsa_credspec::convert::{OciError, from_oci};
/// use serde_json::json;
///
/// assert_eq!(from_oci(&json!({"windows": {}})), Err(OciError::Missing));
/// let error = from_oci(&json!({"windows": {"credentialSpec": "{}{}"}})).unwrap_err();
/// assert!(error.to_string().ends_with("data after the document at line 1, column 3"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OciError {
    /// There is none.
    #[error("`/windows/credentialSpec` is missing")]
    Missing,
    /// It is an object, as the text of the specification has it.
    #[error("`/windows/credentialSpec` is an object, and runtimes ignore it: write the document as a string")]
    Object,
    /// It is of yet another type.
    #[error("`/windows/credentialSpec` is not a string, and runtimes ignore it")]
    NotText,
    /// The text is not a document.
    #[error("`/windows/credentialSpec` is not a document: {0}")]
    Unreadable(ReadError),
}
