use std::fmt;

use gmsa_types::finding::SourcePosition;

use crate::{Expected, ReadErrorKind};

/// Why a document could not be read, and where.
///
/// The message never repeats the text: what is in a credential spec belongs in no log.
///
/// ```
/// use gmsa_credspec::source::{ReadOptions, read_source};
///
/// let source = read_source(b"{\n  \"CmsPlugins\": [\"ActiveDirectory\"],\n", &ReadOptions::new());
/// let fault = source.documents()[0].fault().ok_or("it is not complete")?;
/// assert_eq!(fault.to_string(), "the text ends within the document: `}` is missing at line 2, column 37");
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at {position}")]
pub struct SourceError {
    kind: SourceErrorKind,
    position: SourcePosition,
}

impl SourceError {
    /// What is wrong.
    pub fn kind(&self) -> &SourceErrorKind {
        &self.kind
    }

    /// Where it is wrong, in [`Source::text`](super::Source::text). For bytes that are no text, and for sources that
    /// are too large, the offset is that of what could be decoded before the place.
    pub fn position(&self) -> SourcePosition {
        self.position
    }

    /// What to do about it, where that is plain.
    pub fn help(&self) -> Option<&'static str> {
        self.kind.help()
    }

    pub(super) fn new(kind: SourceErrorKind, position: SourcePosition) -> Self {
        Self { kind, position }
    }
}

/// A fault as a reader finds it: not yet in terms of lines.
pub(super) struct Fault {
    pub(super) kind: SourceErrorKind,
    pub(super) offset: usize,
}

impl Fault {
    pub(super) fn new(kind: SourceErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }
}

/// Names each kind of fault, its message, and what to do about it.
macro_rules! kinds {
    ($($(#[$meta:meta])* $name:ident $({ $($(#[$field_meta:meta])* $field:ident: $ty:ty),* })? = $message:literal, $help:expr;)*) => {
        /// The kind of a [`SourceError`].
        ///
        /// ```
        /// use gmsa_credspec::source::{ReadOptions, SourceErrorKind, read_source};
        ///
        /// let source = read_source(b"{'CmsPlugins': []}", &ReadOptions::new());
        /// let fault = source.documents()[0].fault().ok_or("it is not JSON")?;
        /// assert_eq!(fault.kind(), &SourceErrorKind::SingleQuotes);
        /// assert!(fault.help().is_some());
        /// # Ok::<(), &str>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum SourceErrorKind {
            /// The JSON grammar is broken in one of the ways that the strict reader knows.
            Json(ReadErrorKind),
            $($(#[$meta])* $name $({ $($(#[$field_meta])* $field: $ty),* })?,)*
        }

        impl fmt::Display for SourceErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Json(kind) => kind.fmt(f),
                    $(Self::$name $({ $($field),* })? => write!(f, $message),)*
                }
            }
        }

        impl SourceErrorKind {
            fn help(&self) -> Option<&'static str> {
                match self {
                    Self::Json(kind) => json_help(*kind),
                    $(Self::$name { .. } => $help,)*
                }
            }
        }
    };
}

fn json_help(kind: ReadErrorKind) -> Option<&'static str> {
    match kind {
        ReadErrorKind::Syntax { expected: Expected::CommaOrBrace | Expected::CommaOrBracket } => {
            Some("a comma may be missing before it")
        }
        ReadErrorKind::Syntax { expected: Expected::Escape } => {
            Some("a backslash in a string is written twice")
        }
        ReadErrorKind::LeadingZero => Some("put it in quotes, if it is a text"),
        ReadErrorKind::TrailingData => Some("look for a closing bracket too many"),
        _ => None,
    }
}

kinds! {
    /// The source is larger than [`ReadOptions::max_bytes`](super::ReadOptions::max_bytes).
    TooLarge {
        /// The limit, in bytes.
        limit: usize
    } = "more than {limit} bytes", None;
    /// There are more documents than [`ReadOptions::max_documents`](super::ReadOptions::max_documents).
    TooManyDocuments {
        /// The limit, in documents.
        limit: usize
    } = "more than {limit} documents", None;
    /// There are more values than [`ReadOptions::max_nodes`](super::ReadOptions::max_nodes).
    TooManyNodes {
        /// The limit, in values.
        limit: usize
    } = "more than {limit} values", None;
    /// Objects and arrays are nested more deeply than [`ReadOptions::max_depth`](super::ReadOptions::max_depth).
    TooDeep {
        /// The limit, in levels.
        limit: u8
    } = "nesting deeper than {limit} levels", None;
    /// Aliases of YAML repeat more text than [`ReadOptions::max_bytes`](super::ReadOptions::max_bytes).
    TooMuchRepetition = "aliases that repeat too much text", None;
    /// The bytes are not UTF-8.
    NotUtf8 = "bytes that are not UTF-8",
        Some("save the file as UTF-8 or ASCII; an old Windows code page is the usual cause");
    /// The bytes are not UTF-16, though they start as if they were.
    NotUtf16 = "bytes that are not UTF-16", Some("save the file as UTF-8 or ASCII");
    /// The text has a NUL character, so that it is binary data or in an encoding that is not known here.
    NulCharacter = "NUL character", Some("save the file as UTF-8 or ASCII");
    /// A template was not rendered: `{{`, or a place holder where a value has to be.
    UnresolvedTemplate = "unresolved template", Some("render the template first, or fill in the value");
    /// The text is neither a JSON object nor a YAML mapping.
    PlainText = "plain text, neither JSON nor YAML", None;
    /// The document is not JSON, and the feature `yaml` of this crate is off.
    YamlNotEnabled = "not JSON; this program does not read YAML", None;
    /// The text ends within a JSON document.
    Truncated {
        /// What closes all that is open, such as `]}}`.
        missing: String
    } = "the text ends within the document: `{missing}` is missing", None;
    /// A string of JSON does not end on its line.
    UnclosedString = "string that does not end on its line",
        Some("close it with `\"`; a line break within a string is written `\\n`");
    /// A comment of JSON does not end.
    UnclosedComment = "comment that does not end", Some("close it with `*/`");
    /// A double quote ends a string of JSON in the middle of its text.
    QuoteInString = "double quote within a string", Some("write it as `\\\"`");
    /// A text stands where a value of JSON has to be, without quotes.
    UnquotedText = "text without quotes in place of a value", Some("put it in double quotes");
    /// A text of JSON is in single quotes.
    SingleQuotes = "single quote in place of a double quote", Some("JSON knows `\"` alone");
    /// The quotes are those of a word processor.
    TypographicQuote = "typographic quote in place of a double quote",
        Some("type the quotes anew: a word processor or a web page replaced them");
    /// A list item of YAML is indented less than the key that it belongs to.
    ItemIndentedLess {
        /// The column of the key, counted from 1.
        key_column: usize
    } = "list item indented less than its key (column {key_column})",
        Some("indent `-` at least as far as the key above it");
    /// A tab where YAML wants spaces.
    Tab = "tab in the indentation", Some("YAML is indented with spaces alone");
    /// A line of YAML that fits no level of indentation.
    Indentation = "indentation that fits nothing above", Some("compare it with the lines above");
    /// Quotes of YAML that are not closed, or followed by more text.
    YamlQuotes = "quotes that do not end, or with text behind them", None;
    /// A `{` or `[` of YAML that is not closed, or not by its own bracket.
    YamlBrackets = "brackets that do not match", Some("a text that starts with `{` or `[` needs quotes");
    /// A colon and a space in a text of YAML.
    ColonInText = "`: ` within a text", Some("put the text in quotes");
    /// A text of YAML starts with a character that has a meaning there.
    ReservedCharacter = "character that cannot start a text", Some("put the text in quotes");
    /// Any other fault of YAML.
    YamlSyntax = "not YAML", None;
    /// An alias of YAML without its anchor before it, or within it.
    UnknownAlias = "alias without an anchor before it", None;
    /// A merge key of YAML (`<<`) that readers understand differently, or not at all.
    MergeKey = "merge key `<<` that readers understand differently",
        Some("put `<<` first and once, with an alias of a mapping; or write the values out");
    /// A key of YAML that JSON cannot have: a mapping, a sequence or nothing.
    KeyNotText = "key that is not a text", None;
    /// A tag of YAML that does not fit its value, or that JSON has nothing for.
    Tag = "tag that does not fit the value", Some("leave the tag out");
    /// A number that JSON cannot have: infinite, or not a number.
    NumberNotJson = "number that JSON does not have", Some("put it in quotes, if it is a text");
}

/// Something that a strict reader would refuse, and this one read over.
///
/// ```
/// use gmsa_credspec::source::{ForgivenKind, ReadOptions, read_source};
///
/// let source = read_source(br#"{"CmsPlugins": ["ActiveDirectory",]}"#, &ReadOptions::new());
/// let forgiven = source.documents()[0].forgiven()[0];
/// assert_eq!(forgiven.kind(), ForgivenKind::TrailingComma);
/// assert_eq!(forgiven.to_string(), "comma before a closing bracket at line 1, column 34");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Forgiven {
    kind: ForgivenKind,
    position: SourcePosition,
}

impl Forgiven {
    /// What it is.
    pub fn kind(self) -> ForgivenKind {
        self.kind
    }

    /// Where it is.
    pub fn position(self) -> SourcePosition {
        self.position
    }

    pub(super) fn new(kind: ForgivenKind, position: SourcePosition) -> Self {
        Self { kind, position }
    }
}

/// `comment at line 3, column 12`.
impl fmt::Display for Forgiven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.kind, self.position)
    }
}

/// The kind of a [`Forgiven`], which has an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForgivenKind {
    /// A byte order mark, which Go's JSON readers, Kubernetes among them, refuse.
    ByteOrderMark,
    /// The text is UTF-16, which hardly any reader of JSON knows.
    Utf16,
    /// A comment in JSON.
    Comment,
    /// A comma in JSON after which nothing follows.
    TrailingComma,
    /// White space that JSON does not know, such as a no-break space.
    WhiteSpace,
}

impl fmt::Display for ForgivenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByteOrderMark => "byte order mark",
            Self::Utf16 => "UTF-16",
            Self::Comment => "comment",
            Self::TrailingComma => "comma before a closing bracket",
            Self::WhiteSpace => "white space that JSON does not know",
        })
    }
}
