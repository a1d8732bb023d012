use super::error::{Fault, Forgiven, ForgivenKind, SourceErrorKind};
use super::lines::Lines;
use super::node::{Node, NodeValue, Style};
use super::template::{is_place_holder, is_template};
use super::tree::{Builder, Key, Place};
use crate::json::{Read, Reader};
use crate::{Expected, ReadErrorKind};

/// Reads JSON documents out of a text, one after another, and forgives comments, trailing commas and odd white
/// space.
pub(super) struct JsonReader<'t, 'l> {
    text: &'t str,
    tokens: Reader<'t>,
    lines: &'l Lines<'t>,
    pub(super) forgiven: Vec<Forgiven>,
}

type Result<T> = std::result::Result<T, Fault>;

impl<'t, 'l> JsonReader<'t, 'l> {
    /// A reader of the text from `start` up to `end`.
    pub(super) fn new(text: &'t str, start: usize, end: usize, lines: &'l Lines<'t>) -> Self {
        let text = text.get(..end).unwrap_or(text);
        Self { text, tokens: Reader::tokens(text, start), lines, forgiven: Vec::new() }
    }

    pub(super) fn offset(&self) -> usize {
        self.tokens.at
    }

    /// Reads on elsewhere.
    pub(super) fn go_to(&mut self, offset: usize) {
        self.tokens.at = offset;
    }

    /// Passes over white space and comments, and says what comes next.
    pub(super) fn next_token(&mut self) -> Result<Option<u8>> {
        loop {
            let start = self.tokens.at;
            match self.tokens.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.tokens.step(),
                Some(b'#') => self.line_comment(),
                Some(b'/') if self.rest().starts_with("//") => self.line_comment(),
                Some(b'/') if self.rest().starts_with("/*") => {
                    let Some(length) = self.rest().get(2..).and_then(|inside| inside.find("*/")) else {
                        return Err(Fault::new(SourceErrorKind::UnclosedComment, start));
                    };
                    self.skip(length.saturating_add(4), ForgivenKind::Comment);
                }
                Some(0x80..) => match self.rest().chars().next() {
                    Some(odd) if odd.is_whitespace() || odd == '\u{feff}' || odd == '\u{200b}' => {
                        self.skip(odd.len_utf8(), ForgivenKind::WhiteSpace);
                    }
                    _ => return Ok(self.tokens.peek()),
                },
                next => return Ok(next),
            }
        }
    }

    fn line_comment(&mut self) {
        let length = self.rest().find(['\n', '\r']).unwrap_or_else(|| self.rest().len());
        self.skip(length, ForgivenKind::Comment);
    }

    fn skip(&mut self, length: usize, kind: ForgivenKind) {
        let start = self.tokens.at;
        self.tokens.at = start.saturating_add(length);
        self.forgiven.push(Forgiven::new(kind, self.lines.position(start, self.tokens.at)));
    }

    /// Reads the document that starts here, white space before it passed over already.
    pub(super) fn document(&mut self, mut builder: Builder<'_, 't>) -> Result<Node> {
        loop {
            // A value is next.
            let at = self.tokens.at;
            let fault = |kind| Fault::new(kind, at);
            match self.tokens.peek() {
                Some(b'{' | b'<' | b'$' | b'%') if is_place_holder(self.rest()) => {
                    return Err(fault(SourceErrorKind::UnresolvedTemplate));
                }
                Some(b'{') => {
                    builder.open_object(at, Style::Json).map_err(fault)?;
                    self.tokens.step();
                    if self.next_token()? != Some(b'}') {
                        self.key(&mut builder, Expected::KeyOrBrace)?;
                        continue;
                    }
                }
                Some(b'[') => {
                    builder.open_array(at, Style::Json).map_err(fault)?;
                    self.tokens.step();
                    if self.next_token()? != Some(b']') {
                        continue;
                    }
                }
                _ => {
                    let value = self.scalar(&builder)?;
                    let node = builder.scalar(value, (at, self.tokens.at), Style::Json).map_err(fault)?;
                    builder.add(node);
                }
            }
            if !self.after_value(&mut builder)? {
                return builder.finish().ok_or_else(|| fault(SourceErrorKind::Json(ReadErrorKind::Empty)));
            }
        }
    }

    /// Reads separators and closing brackets up to the next value. Says whether there is one.
    fn after_value(&mut self, builder: &mut Builder<'_, 't>) -> Result<bool> {
        loop {
            let (closing, expected) = match builder.place() {
                Place::Root => return Ok(false),
                Place::Item => (b']', Expected::CommaOrBracket),
                Place::Key | Place::Member => (b'}', Expected::CommaOrBrace),
            };
            let value_end = self.tokens.at;
            match self.next_token()? {
                Some(b',') => {
                    let comma = self.tokens.at;
                    self.tokens.step();
                    if self.next_token()? == Some(closing) {
                        let position = self.lines.position(comma, comma.saturating_add(1));
                        self.forgiven.push(Forgiven::new(ForgivenKind::TrailingComma, position));
                    } else {
                        if closing == b'}' {
                            self.key(builder, Expected::Key)?;
                        }
                        return Ok(true);
                    }
                }
                Some(byte) if byte == closing => {}
                Some(next) => {
                    // A string that goes on right behind its closing quote was meant to hold that quote.
                    let before = value_end.checked_sub(1);
                    let quoted = before.and_then(|at| self.text.as_bytes().get(at)) == Some(&b'"');
                    let goes_on = next.is_ascii_alphanumeric() || matches!(next, b'_' | b'$' | b'\\' | b'=');
                    if let Some(quote) = before.filter(|_| quoted && goes_on && self.tokens.at == value_end) {
                        return Err(Fault::new(SourceErrorKind::QuoteInString, quote));
                    }
                    return Err(self.expected(expected));
                }
                None => return Err(self.truncated(builder, "")),
            }
            self.tokens.step();
            if let Some(node) = builder.close(Some(self.tokens.at)) {
                builder.add(node);
            }
        }
    }

    /// Reads a key and its colon, up to the value.
    fn key(&mut self, builder: &mut Builder<'_, 't>, expected: Expected) -> Result<()> {
        let start = self.tokens.at;
        match self.tokens.peek() {
            Some(b'"') => {}
            Some(b'\'') => return Err(Fault::new(SourceErrorKind::SingleQuotes, start)),
            None => return Err(self.truncated(builder, "")),
            Some(_) if is_template(self.rest()) => {
                return Err(Fault::new(SourceErrorKind::UnresolvedTemplate, start));
            }
            Some(_) if self.typographic_quote() => {
                return Err(Fault::new(SourceErrorKind::TypographicQuote, start));
            }
            Some(_) => return Err(self.expected(expected)),
        }
        let text = self.string(builder)?;
        builder.key(Key { text, start, end: self.tokens.at, written: None });
        match self.next_token()? {
            Some(b':') => self.tokens.step(),
            Some(_) => return Err(self.expected(Expected::Colon)),
            None => return Err(self.truncated(builder, "")),
        }
        match self.next_token()? {
            Some(_) => Ok(()),
            None => Err(self.truncated(builder, "")),
        }
    }

    fn scalar(&mut self, builder: &Builder<'_, 't>) -> Result<NodeValue> {
        let start = self.tokens.at;
        match self.tokens.peek() {
            Some(b'"') => self.string(builder).map(NodeValue::String),
            Some(b'-' | b'0'..=b'9') => {
                let number = self.tokens.number();
                let literal = self.strict(number, builder)?.literal();
                Ok(NodeValue::Number(literal.into()))
            }
            Some(b'\'') => Err(Fault::new(SourceErrorKind::SingleQuotes, start)),
            Some(_) if self.typographic_quote() => Err(Fault::new(SourceErrorKind::TypographicQuote, start)),
            None => Err(self.truncated(builder, "")),
            Some(_) => {
                let rest = self.rest();
                let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                self.tokens.at = start.saturating_add(word.len());
                match word {
                    "null" => Ok(NodeValue::Null),
                    "true" => Ok(NodeValue::Bool(true)),
                    "false" => Ok(NodeValue::Bool(false)),
                    "" => Err(self.expected(Expected::Value)),
                    _ => Err(Fault::new(SourceErrorKind::UnquotedText, start)),
                }
            }
        }
    }

    fn string(&mut self, builder: &Builder<'_, 't>) -> Result<String> {
        let start = self.tokens.at;
        let string = self.tokens.string();
        let at_line_end = matches!(self.tokens.peek(), Some(b'\n' | b'\r'));
        match string {
            Err(fault) if fault.kind == ReadErrorKind::ControlCharacter && at_line_end => {
                Err(Fault::new(SourceErrorKind::UnclosedString, start))
            }
            Err(fault) if fault.kind == ReadErrorKind::UnexpectedEnd => Err(self.truncated(builder, "\"")),
            other => self.strict(other, builder).map(Into::into),
        }
    }

    /// Puts a fault of the strict reader in the words of this one.
    fn strict<T>(&self, read: Read<'t, T>, builder: &Builder<'_, 't>) -> Result<T> {
        read.map_err(|fault| match fault.kind {
            ReadErrorKind::UnexpectedEnd => self.truncated(builder, ""),
            kind => Fault::new(SourceErrorKind::Json(kind), fault.offset),
        })
    }

    fn truncated(&self, builder: &Builder<'_, 't>, first: &str) -> Fault {
        let missing = first.to_owned() + &builder.missing();
        Fault::new(SourceErrorKind::Truncated { missing }, self.text.trim_end().len())
    }

    fn expected(&self, expected: Expected) -> Fault {
        Fault::new(SourceErrorKind::Json(ReadErrorKind::Syntax { expected }), self.tokens.at)
    }

    fn typographic_quote(&self) -> bool {
        self.rest()
            .starts_with(['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{ab}', '\u{bb}'])
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.tokens.at..).unwrap_or_default()
    }
}
