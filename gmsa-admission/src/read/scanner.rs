//! A JSON reader for reviews, which are mostly skipped: no positions, no messages, memory for escapes alone.
//!
//! It takes less than JSON allows. What it takes, `serde_json` reads to the same values; what it refuses, for a
//! fault or because it is rare, `serde_json` reads again, and that word is final. Tests hold the two together.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};

/// What was read, and how many keys of the whole text start with a prefix.
pub(super) struct Scanned<T> {
    pub(super) value: T,
    pub(super) keys: usize,
}

/// Reads the text, counting the keys that start with `prefix`, skipped ones included. `None` says nothing about
/// the text.
pub(super) fn scan<'a, T: Deserialize<'a>>(text: &'a [u8], prefix: &str) -> Option<Scanned<T>> {
    let mut scanner = Scanner {
        rest: text,
        prefix: prefix.as_bytes(),
        keys: 0,
        depth: 0,
        escapes: Escapes::None,
        is_ascii: true,
    };
    let value = T::deserialize(&mut scanner).ok()?;
    let is_all = scanner.next().is_err();
    // To look at all of it again is rarely needed, and faster than to look at each string.
    let is_text = scanner.is_ascii || str::from_utf8(text).is_ok();
    (is_all && is_text).then_some(Scanned { value, keys: scanner.keys })
}

/// The text was refused. Why, the reader that reads it again will say.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Result<T, E = Refused> = std::result::Result<T, E>;

struct Scanner<'a, 'p> {
    rest: &'a [u8],
    prefix: &'p [u8],
    keys: usize,
    depth: u32,
    /// Those of the string that was passed last.
    escapes: Escapes,
    /// Whether all strings are, the ones that were skipped included.
    is_ascii: bool,
}

/// The top bit of each byte.
const NOT_ASCII: u128 = (u128::MAX / 255) << 7;

/// Fewer levels than serde_json's 128, so that what is deeper is refused there.
const DEEPEST: u32 = 64;

impl<'a> Scanner<'a, '_> {
    /// The byte at which a value, a key or a punctuation mark starts, and what is behind it.
    #[inline]
    fn next(&mut self) -> Result<(u8, &'a [u8])> {
        match self.rest {
            [byte, behind @ ..] if *byte > b' ' => Ok((*byte, behind)),
            _ => self.next_behind_space(),
        }
    }

    fn next_behind_space(&mut self) -> Result<(u8, &'a [u8])> {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.split_first().map(|(&byte, behind)| (byte, behind)).ok_or(Refused)
    }

    #[inline]
    fn expect(&mut self, expected: u8) -> Result<()> {
        let (byte, rest) = self.next()?;
        if byte != expected {
            return Err(Refused);
        }
        self.rest = rest;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<()> {
        self.rest = self.rest.strip_prefix(word.as_bytes()).ok_or(Refused)?;
        Ok(())
    }

    /// Passes the string whose opening quote is before `text`, and gives it as it is written, without its quotes.
    #[inline]
    fn string(&mut self, text: &'a [u8]) -> Result<&'a [u8]> {
        self.escapes = Escapes::None;
        let (mut rest, mut bits) = (text, 0_u128);
        loop {
            while let Some((bytes, behind)) = rest.split_first_chunk() {
                let bytes = u128::from_le_bytes(*bytes);
                bits |= bytes;
                let others = not_plain(bytes);
                if others != 0 {
                    rest = rest.get(others.trailing_zeros() as usize / 8..).unwrap_or_default();
                    break;
                }
                rest = behind;
            }
            rest = match rest {
                [b'"', behind @ ..] => {
                    self.rest = behind;
                    self.is_ascii &= bits & NOT_ASCII == 0;
                    return text.get(..text.len() - rest.len()).ok_or(Refused);
                }
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', behind @ ..] => {
                    self.escapes = self.escapes.max(Escapes::Simple);
                    behind
                }
                [b'\\', b'u', a, b, c, d, behind @ ..]
                    if [a, b, c, d].iter().all(|d| d.is_ascii_hexdigit()) =>
                {
                    self.escapes = Escapes::Unicode;
                    behind
                }
                [b'\\' | ..b' ', ..] | [] => return Err(Refused),
                // Only near the end of the text.
                [byte, behind @ ..] => {
                    bits |= u128::from(*byte);
                    behind
                }
            };
        }
    }

    /// Passes a key and the colon behind it.
    #[inline]
    fn key(&mut self) -> Result<&'a [u8]> {
        let (b'"', text) = self.next()? else { return Err(Refused) };
        let key = self.string(text)?;
        // A letter written as an escape could spell any key; none of the simple escapes is a letter.
        if self.escapes == Escapes::Unicode {
            return Err(Refused);
        }
        if key.starts_with(self.prefix) {
            self.keys += 1;
        }
        self.expect(b':')?;
        Ok(key)
    }

    /// Passes a value, whatever it is.
    fn skip(&mut self) -> Result<()> {
        let mut levels = Levels::default();
        loop {
            match self.next()? {
                (b'"', text) => {
                    self.string(text)?;
                }
                (open @ (b'{' | b'['), inside) => {
                    let is_object = open == b'{';
                    self.rest = inside;
                    match self.next()? {
                        (byte, behind) if byte == closing(is_object) => self.rest = behind,
                        _ => {
                            levels.enter(is_object);
                            if is_object {
                                self.key()?;
                            }
                            continue;
                        }
                    }
                }
                _ => self.scalar()?,
            }
            loop {
                let Some(is_object) = levels.innermost() else { return Ok(()) };
                let (byte, behind) = self.next()?;
                self.rest = behind;
                if byte == b',' {
                    if is_object {
                        self.key()?;
                    }
                    break;
                }
                if byte != closing(is_object) {
                    return Err(Refused);
                }
                levels.leave();
            }
        }
    }

    fn scalar(&mut self) -> Result<()> {
        match self.rest {
            [b't', ..] => self.word("true"),
            [b'f', ..] => self.word("false"),
            [b'n', ..] => self.word("null"),
            _ => self.number().map(drop),
        }
    }

    /// Passes a number and gives its text. RFC 8259, section 6.
    fn number(&mut self) -> Result<&'a [u8]> {
        let number = self.rest;
        if let [b'-', rest @ ..] = self.rest {
            self.rest = rest;
        }
        match self.rest {
            // A digit behind it is no mark that can follow a value.
            [b'0', rest @ ..] => self.rest = rest,
            _ => self.digits()?,
        }
        if let [b'.', rest @ ..] = self.rest {
            self.rest = rest;
            self.digits()?;
        }
        if let [b'e' | b'E', b'+' | b'-', rest @ ..] | [b'e' | b'E', rest @ ..] = self.rest {
            self.rest = rest;
            self.digits()?;
        }
        number.get(..number.len() - self.rest.len()).ok_or(Refused)
    }

    fn digits(&mut self) -> Result<()> {
        let [b'0'..=b'9', rest @ ..] = self.rest else { return Err(Refused) };
        self.rest = rest;
        while let [b'0'..=b'9', rest @ ..] = self.rest {
            self.rest = rest;
        }
        Ok(())
    }

    /// Reads what is in an object or a list, from behind its opening bracket to behind the other.
    fn nested<T>(
        &mut self,
        inside: &'a [u8],
        is_object: bool,
        read: impl FnOnce(Elements<'_, 'a, '_>) -> Result<T>,
    ) -> Result<T> {
        if self.depth >= DEEPEST {
            return Err(Refused);
        }
        self.depth += 1;
        self.rest = inside;
        let value = read(Elements { scanner: self, is_first: true, closing: closing(is_object) })?;
        self.depth -= 1;
        self.expect(closing(is_object))?;
        Ok(value)
    }
}

fn closing(is_object: bool) -> u8 {
    if is_object { b'}' } else { b']' }
}

/// The objects and lists around a value that is skipped: one bit each, the innermost lowest, set for an object.
#[derive(Default)]
struct Levels {
    depth: usize,
    inner: u128,
    /// What no longer fits, for nesting of which only an attacker thinks.
    outer: Vec<u128>,
}

impl Levels {
    const FIT: usize = u128::BITS as usize;

    fn enter(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(Self::FIT) {
            self.outer.push(self.inner);
        }
        self.inner = self.inner << 1 | u128::from(is_object);
        self.depth += 1;
    }

    fn leave(&mut self) {
        self.inner >>= 1;
        self.depth -= 1;
        if self.depth > 0 && self.depth.is_multiple_of(Self::FIT) {
            self.inner = self.outer.pop().unwrap_or_default();
        }
    }

    fn innermost(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.inner & 1 == 1)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Escapes {
    None,
    /// A backslash and the character itself, or one for a control character.
    Simple,
    /// Four digits, for any character.
    Unicode,
}

fn as_text(text: &[u8]) -> Result<&str> {
    str::from_utf8(text).map_err(|_| Refused)
}

/// The text that is meant by one with escapes.
fn unescaped(raw: &[u8]) -> Result<String> {
    let raw = as_text(raw)?;
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, escape)) = rest.split_once('\\') {
        text.push_str(before);
        let mut chars = escape.chars();
        text.push(match chars.next() {
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let digits = escape.get(1..5).ok_or(Refused)?;
                chars = escape.get(5..).ok_or(Refused)?.chars();
                let code = u32::from_str_radix(digits, 16).map_err(|_| Refused)?;
                // One half of a pair alone is no character; pairs are rare enough to refuse.
                char::from_u32(code).ok_or(Refused)?
            }
            Some(itself) => itself,
            None => return Err(Refused),
        });
        rest = chars.as_str();
    }
    text.push_str(rest);
    Ok(text)
}

/// The top bit of each byte that is a quote, a backslash or a control character; above the first such byte, also
/// of others.
///
/// Source: Anderson, "Bit Twiddling Hacks", "Determine if a word has a byte less than n".
#[inline]
fn not_plain(bytes: u128) -> u128 {
    let one = |word: u64| {
        const ONES: u64 = u64::MAX / 255;
        const TOPS: u64 = ONES << 7;
        let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
        // With this bit turned, a quote comes before all printable characters, behind the control characters.
        let first = ONES * u64::from(b'"' ^ b' ');
        (below(word ^ first, b' ' + 1) | below(word ^ (ONES * u64::from(b'\\')), 1)) & TOPS
    };
    u128::from(one((bytes >> 64) as u64)) << 64 | u128::from(one(bytes as u64))
}

impl<'de> Deserializer<'de> for &mut Scanner<'de, '_> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.next()? {
            (b'"', text) => {
                let text = self.string(text)?;
                match self.escapes {
                    Escapes::None => visitor.visit_borrowed_str(as_text(text)?),
                    Escapes::Simple | Escapes::Unicode => visitor.visit_string(unescaped(text)?),
                }
            }
            (b'{', inside) => self.nested(inside, true, |elements| visitor.visit_map(elements)),
            (b'[', inside) => self.nested(inside, false, |elements| visitor.visit_seq(elements)),
            (b't', _) => self.word("true").and_then(|()| visitor.visit_bool(true)),
            (b'f', _) => self.word("false").and_then(|()| visitor.visit_bool(false)),
            (b'n', _) => self.word("null").and_then(|()| visitor.visit_unit()),
            _ => {
                let number = as_text(self.number()?)?;
                // `-0` is no integer to serde_json.
                match (number, number.parse(), number.parse()) {
                    ("-0", _, _) => Err(Refused),
                    (_, Ok(number), _) => visitor.visit_u64(number),
                    (_, _, Ok(number)) => visitor.visit_i64(number),
                    _ => Err(Refused),
                }
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.next()? {
            (b'n', _) => self.word("null").and_then(|()| visitor.visit_none()),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map struct enum identifier
    }
}

/// The elements of an object or a list.
struct Elements<'s, 'a, 'p> {
    scanner: &'s mut Scanner<'a, 'p>,
    is_first: bool,
    closing: u8,
}

impl Elements<'_, '_, '_> {
    /// Whether there is another; the comma before it is passed.
    #[inline]
    fn another(&mut self) -> Result<bool> {
        let (byte, behind) = self.scanner.next()?;
        if byte == self.closing {
            return Ok(false);
        }
        if !self.is_first {
            if byte != b',' {
                return Err(Refused);
            }
            self.scanner.rest = behind;
        }
        self.is_first = false;
        Ok(true)
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de, '_> {
    type Error = Refused;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if !self.another()? {
            return Ok(None);
        }
        let key = self.scanner.key()?;
        seed.deserialize(Key(key)).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        seed.deserialize(&mut *self.scanner)
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de, '_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        match self.another()? {
            true => seed.deserialize(&mut *self.scanner).map(Some),
            false => Ok(None),
        }
    }
}

/// A key as it is written. With a simple escape in it, it is none that anybody looks for, escaped or not.
struct Key<'a>(&'a [u8]);

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Refused;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_bytes(self.0)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
