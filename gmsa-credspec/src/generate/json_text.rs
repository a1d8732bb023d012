use gmsa_types::CredentialSpec;

use crate::generate::ordered::{in_order, with_document};
use crate::generate::write_error::key;
use crate::generate::{WriteError, WriteErrorKind};
use crate::json::{Node, Value};
use crate::pointer::Segment;

/// Writes a credential spec as JSON for people: two spaces a level, keys in the order of `New-CredentialSpec`, line
/// feeds, one at the end. Non-ASCII characters stand for themselves, in UTF-8.
///
/// # Errors
/// [`WriteError`] for a document that no text could have been:
/// [`NoDocument`](crate::generate::WriteErrorKind::NoDocument).
///
/// ```
/// use gmsa_credspec::generate::write_pretty;
///
/// let spec = gmsa_credspec::read(r#"{"CmsPlugins":["ActiveDirectory"]}"#)?;
/// assert_eq!(write_pretty(&spec)?, "{\n  \"CmsPlugins\": [\n    \"ActiveDirectory\"\n  ]\n}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_pretty(spec: &CredentialSpec) -> Result<String, WriteError> {
    with_document(spec, |document| PRETTY.document(document))
}

/// Writes a credential spec as `New-CredentialSpec` does in Windows PowerShell 5.1, byte for byte: children stand
/// four columns to the right of the place where their parent's value starts, two spaces follow a colon, lines end
/// with CR LF, and `'`, `&`, `<` and `>` are escapes.
///
/// The text is ASCII. Where the cmdlet loses a character, this writes its escape: `Out-File -Encoding ascii` puts
/// `?` in place of everything beyond ASCII. Numbers, of which a right document has none, are kept as they are.
///
/// Sources: Windows PowerShell, `ConvertTo-Json`, and its layout in PowerShell 6.0; .NET,
/// `HttpUtility.JavaScriptStringEncode`.
///
/// # Errors
/// [`WriteError`] for a document that no text could have been
/// ([`NoDocument`](crate::generate::WriteErrorKind::NoDocument)), or one with keys so long that the layout becomes too
/// wide ([`TooWide`](crate::generate::WriteErrorKind::TooWide)).
///
/// ```
/// use gmsa_credspec::generate::write_windows_powershell;
///
/// let spec = gmsa_credspec::read(r#"{"DomainJoinConfig":{"NetBiosName":"R&D"}}"#)?;
/// assert_eq!(
///     write_windows_powershell(&spec)?,
///     "{\r\n    \"DomainJoinConfig\":  {\r\n                             \"NetBiosName\":  \"R\\u0026D\"\r\n\
///      \x20                        }\r\n}\r\n",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_windows_powershell(spec: &CredentialSpec) -> Result<String, WriteError> {
    with_document(spec, |document| WINDOWS_POWERSHELL.document(document))
}

/// Beyond this, indentation alone would make a text that grows with the square of the document. The format needs
/// fewer than 100 columns.
const WIDEST_INDENT: usize = 512;

struct Layout {
    indent: usize,
    after_colon: &'static str,
    line_end: &'static str,
    /// Whether children are indented from the column of their parent's value, not from that of its line.
    from_value: bool,
    /// Whether an empty object or array has an empty line inside.
    opens_empty: bool,
    /// Characters to escape beside those that JSON demands.
    escapes: fn(char) -> bool,
}

const PRETTY: Layout = Layout {
    indent: 2,
    after_colon: " ",
    line_end: "\n",
    from_value: false,
    opens_empty: false,
    escapes: |_| false,
};

const WINDOWS_POWERSHELL: Layout = Layout {
    indent: 4,
    after_colon: "  ",
    line_end: "\r\n",
    from_value: true,
    opens_empty: true,
    escapes: |character| matches!(character, '\'' | '&' | '<' | '>') || !character.is_ascii(),
};

impl Layout {
    fn document(&self, document: &Node<'_>) -> Result<String, WriteError> {
        let mut out = String::new();
        self.value(document, 0, &mut Vec::new(), &mut out)?;
        out.push_str(self.line_end);
        Ok(out)
    }

    /// Writes a value whose children are indented from `column`.
    fn value<'n>(
        &self,
        node: &'n Node<'_>,
        column: usize,
        path: &mut Vec<Segment<'n>>,
        out: &mut String,
    ) -> Result<(), WriteError> {
        let inner = column.saturating_add(self.indent);
        if inner > WIDEST_INDENT {
            return Err(WriteError::new(WriteErrorKind::TooWide, path));
        }
        match &node.value {
            Value::Null => out.push_str("null"),
            Value::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Number(number) => out.push_str(number.literal()),
            Value::String(text) => out.push_str(&self.string(text)),
            Value::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.start_line(index, inner, out);
                    path.push(Segment::Index(index));
                    self.value(item, inner, path, out)?;
                    path.pop();
                }
                self.end_lines(items.is_empty(), column, out);
                out.push(']');
            }
            Value::Object(members) => {
                out.push('{');
                for (index, member) in in_order(members).into_iter().enumerate() {
                    self.start_line(index, inner, out);
                    let name = format!("{}:{}", self.string(&member.key), self.after_colon);
                    out.push_str(&name);
                    // Only a layout that indents from the value counts columns, and its text is ASCII.
                    let column = if self.from_value { inner.saturating_add(name.len()) } else { inner };
                    path.push(key(&member.key));
                    self.value(&member.node, column, path, out)?;
                    path.pop();
                }
                self.end_lines(members.is_empty(), column, out);
                out.push('}');
            }
        }
        Ok(())
    }

    fn start_line(&self, index: usize, column: usize, out: &mut String) {
        if index > 0 {
            out.push(',');
        }
        out.push_str(self.line_end);
        out.push_str(&" ".repeat(column));
    }

    fn end_lines(&self, is_empty: bool, column: usize, out: &mut String) {
        if is_empty && !self.opens_empty {
            return;
        }
        if is_empty {
            out.push_str(self.line_end);
        }
        out.push_str(self.line_end);
        out.push_str(&" ".repeat(column));
    }

    fn string(&self, text: &str) -> String {
        let mut out = String::from("\"");
        for character in text.chars() {
            match character {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\0'..='\u{1f}' => push_escape(character, &mut out),
                _ if (self.escapes)(character) => push_escape(character, &mut out),
                _ => out.push(character),
            }
        }
        out.push('"');
        out
    }
}

fn push_escape(character: char, out: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        out.push_str(&format!("\\u{unit:04x}"));
    }
}
