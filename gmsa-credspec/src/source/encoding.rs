use std::fmt;

use super::error::SourceErrorKind;

/// How a text is stored in bytes.
///
/// `Out-File -Encoding ascii`, which `New-CredentialSpec` uses, gives UTF-8 of which all is ASCII. The redirection
/// `>` of Windows PowerShell 5.1 gives UTF-16 with a byte order mark, and its `-Encoding utf8` one in UTF-8.
///
/// ```
/// use gmsa_credspec::source::{Encoding, ReadOptions, read_source};
///
/// let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
/// let source = read_source(&utf16, &ReadOptions::new());
/// assert_eq!((source.encoding(), source.text()), (Encoding::Utf16Le, "{}"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8, without a byte order mark.
    Utf8,
    /// UTF-8 after a byte order mark.
    Utf8Bom,
    /// UTF-16, little-endian, with or without a byte order mark.
    Utf16Le,
    /// UTF-16, big-endian, with or without a byte order mark.
    Utf16Be,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf8Bom => "UTF-8 with a byte order mark",
            Self::Utf16Le => "UTF-16, little-endian",
            Self::Utf16Be => "UTF-16, big-endian",
        })
    }
}

/// What ends the lines of a text.
///
/// ```
/// use gmsa_credspec::source::{LineEnding, ReadOptions, read_source};
///
/// let ending = |text: &[u8]| read_source(text, &ReadOptions::new()).line_ending();
/// assert_eq!(ending(b"{\r\n}\r\n"), LineEnding::Crlf);
/// assert_eq!(ending(b"{\r\n}\n"), LineEnding::Mixed);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "lines end alike or they do not")]
pub enum LineEnding {
    /// The text is one line.
    None,
    /// Line feeds.
    Lf,
    /// Carriage return and line feed, as Windows writes.
    Crlf,
    /// Not the same everywhere, or carriage returns alone.
    Mixed,
}

impl LineEnding {
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let feeds = bytes.iter().filter(|byte| **byte == b'\n').count();
        let returns = bytes.iter().filter(|byte| **byte == b'\r').count();
        let pairs = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
        match (feeds, returns) {
            (0, 0) => Self::None,
            (_, 0) => Self::Lf,
            _ if pairs == feeds && pairs == returns => Self::Crlf,
            _ => Self::Mixed,
        }
    }
}

/// Bytes that are no text: which encoding they seemed to be in, and what could be read before the fault.
pub(super) struct NotText {
    pub(super) encoding: Encoding,
    pub(super) kind: SourceErrorKind,
    pub(super) readable: String,
}

/// The text that bytes stand for, without its byte order mark.
pub(super) fn decode(bytes: &[u8]) -> Result<(Encoding, String), NotText> {
    let (encoding, text) = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => (Encoding::Utf8Bom, utf8(rest)),
        [0xff, 0xfe, rest @ ..] => (Encoding::Utf16Le, utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => (Encoding::Utf16Be, utf16(rest, u16::from_be_bytes)),
        // A document starts with two ASCII characters; UTF-8 has no zero byte between them.
        [1..=0x7f, 0, 1..=0x7f, 0, ..] | [1..=0x7f, 0] => {
            (Encoding::Utf16Le, utf16(bytes, u16::from_le_bytes))
        }
        [0, 1..=0x7f, 0, 1..=0x7f, ..] | [0, 1..=0x7f] => {
            (Encoding::Utf16Be, utf16(bytes, u16::from_be_bytes))
        }
        _ => (Encoding::Utf8, utf8(bytes)),
    };
    let text = text.and_then(|text| match text.split_once('\0') {
        Some((readable, _)) => Err((SourceErrorKind::NulCharacter, readable.to_owned())),
        None => Ok(text),
    });
    match text {
        Ok(text) => Ok((encoding, text)),
        Err((kind, readable)) => Err(NotText { encoding, kind, readable }),
    }
}

type Decoded = Result<String, (SourceErrorKind, String)>;

fn utf8(bytes: &[u8]) -> Decoded {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let readable = bytes.get(..error.valid_up_to()).unwrap_or_default();
            Err((SourceErrorKind::NotUtf8, String::from_utf8_lossy(readable).into_owned()))
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Decoded {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    for character in char::decode_utf16(pairs.iter().copied().map(unit)) {
        match character {
            Ok(character) => text.push(character),
            Err(_) => return Err((SourceErrorKind::NotUtf16, text)),
        }
    }
    if odd.is_empty() { Ok(text) } else { Err((SourceErrorKind::NotUtf16, text)) }
}
