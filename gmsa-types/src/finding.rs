//! What a check has to say: one shape for credential specs, pods and permissions alike.
//!
//! A check of any kind returns [`Finding`]s. A finding has the id of its rule, a [`Severity`], the place in the
//! text ([`SourcePosition`]) and in the document ([`Pointer`]), the object that it is about ([`ObjectRef`]), what
//! is wrong, why that matters, what to do, and, where a program can do it, a [`Fix`].
//!
//! # What may be shown
//!
//! Whoever makes a finding keeps the contents of credential specs out of its texts. `Display`, `Debug` and what is
//! serialized then show nothing of a document, with one exception: the serialized edits of a [`Fix`] are data, and
//! hold values of the document. [`Finding::without_fix`] takes them away.
//!
//! ```
//! use gmsa_types::finding::{Edit, Finding, Fix, Pointer, RuleId, Severity};
//! use serde_json::json;
//!
//! const ACCOUNT_SID: RuleId = RuleId::new("GC302");
//!
//! let pointer = "/DomainJoinConfig/Sid";
//! let finding = Finding::error(ACCOUNT_SID, "this is the SID of an account")
//!     .at(Pointer::new(pointer))
//!     .because("the container asks for a domain that does not exist")
//!     .with_help("drop the last number")
//!     .with_fix(Fix::new("drop the RID", [Edit::replace(pointer, json!("S-1-5-21-1-2-3"))]));
//! assert_eq!(finding.to_string(), "error[GC302] /DomainJoinConfig/Sid: this is the SID of an account");
//! assert_eq!(finding.severity(), Severity::Error);
//!
//! let document = json!({"DomainJoinConfig": {"Sid": "S-1-5-21-1-2-3-1104"}});
//! let fixed = finding.fix().map(|fix| fix.apply(&document)).transpose()?;
//! assert_eq!(fixed, Some(json!({"DomainJoinConfig": {"Sid": "S-1-5-21-1-2-3"}})));
//! # Ok::<(), gmsa_types::finding::FixError>(())
//! ```

mod fix;
mod place;

use std::{cmp::Ordering, fmt};

use serde::{Serialize, Serializer};

pub use fix::{Edit, Fix, FixError, FixErrorKind};
pub use place::{ObjectRef, Pointer, SourcePosition};

/// The id of a rule, such as `GC302`: two letters for the kind of the check and a number that is never used again.
///
/// ```
/// use gmsa_types::finding::RuleId;
///
/// const UNKNOWN_KEY: RuleId = RuleId::new("GC202");
/// assert_eq!(UNKNOWN_KEY.as_str(), "GC202");
/// assert_eq!(serde_json::to_value(UNKNOWN_KEY)?, "GC202");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(&'static str);

impl RuleId {
    /// The id of a rule.
    pub const fn new(id: &'static str) -> Self {
        Self(id)
    }

    /// The id as text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for RuleId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// How bad a finding is. The worse is the greater: `Info < Warning < Error`.
///
/// ```
/// use gmsa_types::finding::{Finding, RuleId, Severity};
///
/// let rule = RuleId::new("GC202");
/// let findings = [Finding::info(rule, "unknown key"), Finding::warning(rule, "unknown key")];
/// let worst = findings.iter().map(Finding::severity).max();
/// assert_eq!(worst, Some(Severity::Warning));
/// assert!(worst < Some(Severity::Error));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::exhaustive_enums,
    reason = "programs decide what each of the three means for their exit code"
)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Probably not what was meant, or a risk.
    Warning,
    /// It does not work, or it is not safe.
    Error,
}

/// In lower case: `error`.
impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// What one rule has to say about one place. See the [module](self) for an example.
///
/// It is built from a rule and a message with [`error`](Self::error), [`warning`](Self::warning) or
/// [`info`](Self::info), and the methods that take and return it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    id: RuleId,
    severity: Severity,
    pointer: Pointer,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<SourcePosition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<ObjectRef>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Fix>,
}

impl Finding {
    /// A finding about the whole document, with nothing but its message. The message starts in lower case, has no
    /// final period, and repeats no value of a credential spec.
    pub fn new(id: RuleId, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            id,
            severity,
            pointer: Pointer::default(),
            position: None,
            object: None,
            message: message.into(),
            why: None,
            help: None,
            fix: None,
        }
    }

    /// A finding of [`Severity::Error`]; see [`new`](Self::new).
    pub fn error(id: RuleId, message: impl Into<String>) -> Self {
        Self::new(id, Severity::Error, message)
    }

    /// A finding of [`Severity::Warning`]; see [`new`](Self::new).
    pub fn warning(id: RuleId, message: impl Into<String>) -> Self {
        Self::new(id, Severity::Warning, message)
    }

    /// A finding of [`Severity::Info`]; see [`new`](Self::new).
    pub fn info(id: RuleId, message: impl Into<String>) -> Self {
        Self::new(id, Severity::Info, message)
    }

    /// Says which value it is about.
    #[must_use]
    pub fn at(self, pointer: impl Into<Pointer>) -> Self {
        Self { pointer: pointer.into(), ..self }
    }

    /// Says where in the text that is.
    #[must_use]
    pub fn in_source(self, position: SourcePosition) -> Self {
        Self { position: Some(position), ..self }
    }

    /// Says which object, or file, it is about.
    #[must_use]
    pub fn about(self, object: ObjectRef) -> Self {
        Self { object: Some(object), ..self }
    }

    /// Says in one sentence why it matters.
    #[must_use]
    pub fn because(self, why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..self }
    }

    /// Says what to do.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Brings the change that removes it.
    #[must_use]
    pub fn with_fix(self, fix: Fix) -> Self {
        Self { fix: Some(fix), ..self }
    }

    /// The finding without its fix: what is left can be serialized into a log.
    #[must_use]
    pub fn without_fix(self) -> Self {
        Self { fix: None, ..self }
    }

    /// The rule.
    pub fn id(&self) -> RuleId {
        self.id
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The value that it is about.
    pub fn pointer(&self) -> &Pointer {
        &self.pointer
    }

    /// Where that is in the text that was checked, if there was a text.
    pub fn position(&self) -> Option<SourcePosition> {
        self.position
    }

    /// The object or file that it is about, if that is known.
    pub fn object(&self) -> Option<&ObjectRef> {
        self.object.as_ref()
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Why it matters, in one sentence.
    pub fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// What to do.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The change that removes it, if a program can make that change.
    pub fn fix(&self) -> Option<&Fix> {
        self.fix.as_ref()
    }

    /// The order in which to show findings: by file, position, object and pointer, then by rule and message.
    /// What has no position comes before what has one.
    ///
    /// ```
    /// use gmsa_types::finding::{Finding, RuleId};
    ///
    /// let rule = RuleId::new("GC202");
    /// let mut findings = ["/b/10", "/b/9", ""].map(|at| Finding::info(rule, "unknown key").at(at));
    /// findings.sort_by(Finding::order);
    /// assert_eq!(findings.map(|finding| finding.pointer().to_string()), ["", "/b/9", "/b/10"]);
    /// ```
    pub fn order(&self, other: &Self) -> Ordering {
        let file =
            |finding: &Self| finding.object.as_ref().and_then(|object| object.file().map(str::to_owned));
        file(self)
            .cmp(&file(other))
            .then_with(|| self.position.cmp(&other.position))
            .then_with(|| self.object.cmp(&other.object))
            .then_with(|| self.pointer.cmp(&other.pointer))
            .then_with(|| self.id.cmp(&other.id))
            .then_with(|| self.severity.cmp(&other.severity))
            .then_with(|| self.message.cmp(&other.message))
    }
}

/// One line: `error[GC302] /DomainJoinConfig/Sid: message`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.severity, self.id)?;
        if !self.pointer.is_root() {
            write!(f, " {}", self.pointer)?;
        }
        f.write_str(": ")?;
        one_line(f, &self.message)
    }
}

/// Writes what would break or disguise a line (control characters, bidirectional marks) as an escape.
pub(crate) fn one_line(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.chars().try_for_each(|character| match character {
        '"' | '\'' | '\\' => write!(f, "{character}"),
        _ => write!(f, "{}", character.escape_debug()),
    })
}
