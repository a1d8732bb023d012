use std::borrow::Cow;

use crate::{Fault, invalid::Flaw, text::validated_text};

/// A GUID, kept as .NET's "D" form in lower case: `244818ae-87ac-4fcd-92ec-e79e5252348a`.
///
/// The forms D, N (no hyphens), B (braces) and P (parentheses) are read in either case. The nil GUID is refused:
/// no directory object has it.
///
/// Source: .NET, `Guid.ToString(String)`; RFC 9562 section 4.
///
/// ```
/// use gmsa_types::Guid;
///
/// let guid: Guid = "{CCC2A336-D7F3-4818-A213-272B7924213E}".parse()?;
/// assert_eq!(guid.as_str(), "ccc2a336-d7f3-4818-a213-272b7924213e");
/// assert_eq!(guid.braced(), "{CCC2A336-D7F3-4818-A213-272B7924213E}");
/// # Ok::<(), gmsa_types::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(String);

impl Guid {
    const WHAT: &'static str = "GUID";

    /// The "B" form in upper case, as COM registers classes and `PluginGUID` is written.
    pub fn braced(&self) -> String {
        format!("{{{}}}", self.0.to_ascii_uppercase())
    }

    fn normal(text: &str) -> Result<Cow<'_, str>, Flaw> {
        let (inner, start) = match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(inner) => (inner, 1),
            None => match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
                Some(inner) => (inner, 1),
                None => (text, 0),
            },
        };
        if inner.is_empty() {
            return Err(Flaw::new(Fault::Empty));
        }
        // Braces and parentheses go with hyphens; the bare form may leave all of them out.
        let hyphens = start == 1 || inner.contains('-');
        let mut digits = 0;
        let mut normal = String::with_capacity(36);
        for (at, c) in inner.char_indices() {
            if c == '-' && hyphens {
                if !matches!(at, 8 | 13 | 18 | 23) {
                    let rule = "hyphens divide it as 8-4-4-4-12";
                    return Err(Flaw::at(Fault::Rule(rule), start + at));
                }
                continue;
            }
            if !c.is_ascii_hexdigit() {
                return Err(Flaw::at(Fault::Character(c), start + at));
            }
            if matches!(digits, 8 | 12 | 16 | 20) {
                normal.push('-');
            }
            digits += 1;
            normal.push(c.to_ascii_lowercase());
        }
        let length = if hyphens { 36 } else { 32 };
        if digits != 32 || inner.len() != length {
            return Err(Flaw::new(Fault::Rule("it has 32 hexadecimal digits as 8-4-4-4-12")));
        }
        if normal.bytes().all(|byte| matches!(byte, b'0' | b'-')) {
            return Err(Flaw::new(Fault::Rule("it is the nil GUID")));
        }
        Ok(Cow::Owned(normal))
    }
}

validated_text!(Guid);
