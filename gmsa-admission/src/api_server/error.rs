use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

use super::field::{Field, Path};
use crate::shown;

/// A field that the API server refuses: where, what is wrong, and what to do about it.
///
/// It reads as the API server's own errors do, without the fix:
///
/// ```
/// use gmsa_admission::api_server::{FieldErrorKind, check_pod};
/// use serde_json::json;
///
/// let pod = json!({"metadata": {"name": "web"}, "spec": {
///     "containers": [{"name": "web"}],
///     "ephemeralContainers": [{"name": "debug"}],
/// }});
/// let error = &check_pod(&pod)[0];
/// assert_eq!(error.to_string(), "spec.ephemeralContainers: Forbidden: cannot be set on create");
/// assert_eq!(error.kind(), FieldErrorKind::Forbidden);
/// assert_eq!(error.pointer(), "/spec/ephemeralContainers");
/// ```
///
/// Source: Kubernetes `apimachinery/pkg/util/validation/field/errors.go`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    path: Path,
    kind: FieldErrorKind,
    shown: Shown,
    detail: Cow<'static, str>,
    fix: Option<String>,
}

/// The kind of a [`FieldError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum FieldErrorKind {
    /// A value that must be there is not.
    Required,
    /// A value breaks a rule.
    Invalid,
    /// A value of the wrong JSON type. The API server refuses the whole object for it.
    TypeInvalid,
    /// A value that is none of a fixed list.
    NotSupported,
    /// A value that may stand only once does so twice.
    Duplicate,
    /// A field that must not be set here.
    Forbidden,
}

impl FieldErrorKind {
    /// The words of the API server: `Invalid value`, which a wrong type has as well.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "Required value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Duplicate => "Duplicate value",
            Self::Forbidden => "Forbidden",
        }
    }
}

impl fmt::Display for FieldErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What of the value stands in the message.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    Nothing,
    /// In quotes.
    Text(String),
    /// A literal that comes from this crate.
    Literal(&'static str),
    /// The length in bytes of a value that must not be repeated.
    Length(usize),
}

impl FieldError {
    pub(super) fn required(field: &Field<'_>, detail: &'static str) -> Self {
        Self::new(field.path(), FieldErrorKind::Required, Shown::Nothing, detail)
    }

    pub(super) fn forbidden(field: &Field<'_>, detail: &'static str) -> Self {
        Self::new(field.path(), FieldErrorKind::Forbidden, Shown::Nothing, detail)
    }

    /// For a value that is a name, or was meant to be one.
    pub(super) fn invalid_name(field: &Field<'_>, name: &str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(field.path(), FieldErrorKind::Invalid, Shown::name(name), detail)
    }

    /// For a value that must not be repeated.
    pub(super) fn invalid_private(field: &Field<'_>, value: &str, detail: &'static str) -> Self {
        Self::new(field.path(), FieldErrorKind::Invalid, Shown::Length(value.len()), detail)
    }

    /// For a value that this crate knows.
    pub(super) fn invalid_literal(
        field: &Field<'_>,
        literal: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(field.path(), FieldErrorKind::Invalid, Shown::Literal(literal), detail)
    }

    pub(super) fn duplicate(field: &Field<'_>, name: &str) -> Self {
        Self::new(field.path(), FieldErrorKind::Duplicate, Shown::name(name), "")
    }

    /// For a value that is none of `supported`.
    pub(super) fn unsupported(field: &Field<'_>, value: &str, supported: &[&str]) -> Self {
        let quoted: Vec<_> = supported.iter().map(|value| format!("{value:?}")).collect();
        let detail = format!("supported values: {}", quoted.join(", "));
        Self::new(field.path(), FieldErrorKind::NotSupported, Shown::name(value), detail)
    }

    /// For a value of the JSON type `found` where `expected` belongs. The wording is that of the checks against
    /// a schema, which says neither key nor value of what it found.
    pub(super) fn wrong_type(field: &Field<'_>, expected: &'static str, found: &'static str) -> Self {
        let detail = format!("{} in body must be of type {expected}: {found:?}", field.path());
        let shown = Shown::Text(found.to_owned());
        Self::new(field.path(), FieldErrorKind::TypeInvalid, shown, detail)
    }

    fn new(path: &Path, kind: FieldErrorKind, shown: Shown, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { path: path.clone(), kind, shown, detail: detail.into(), fix: None }
    }

    pub(super) fn with_fix(self, fix: Option<impl Into<String>>) -> Self {
        Self { fix: fix.map(Into::into), ..self }
    }

    /// The path of the field as the API server writes it: `spec.containers[0].name`.
    pub fn path(&self) -> String {
        self.path.to_string()
    }

    /// The path of the field as a JSON pointer (RFC 6901): `/spec/containers/0/name`. It may point to a field
    /// that is not there.
    pub fn pointer(&self) -> String {
        self.path.pointer()
    }

    /// What kind of fault it is.
    pub fn kind(&self) -> FieldErrorKind {
        self.kind
    }

    /// What is wrong, in the API server's words. Empty where the kind says it all.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What to write instead, if that is clear.
    pub fn fix(&self) -> Option<&str> {
        self.fix.as_deref()
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.kind)?;
        match &self.shown {
            Shown::Nothing => {}
            Shown::Text(text) => write!(f, ": {text:?}")?,
            Shown::Literal(literal) => write!(f, ": {literal}")?,
            Shown::Length(length) => write!(f, ": <{length} bytes>")?,
        }
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

impl std::error::Error for FieldError {}

impl Shown {
    /// See [`shown`].
    fn name(text: &str) -> Self {
        if shown::is_name(text) { Self::Text(text.to_owned()) } else { Self::Length(text.len()) }
    }
}
