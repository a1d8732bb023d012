//! PEM text, as far as its form goes: blocks, base64, and one DER sequence in each.

use std::str;

use k8s_openapi::ByteString;
use serde::Deserialize;
use serde_json::Value;

/// A block, written anew with plain line ends.
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) text: String,
    /// As old encrypted keys have; what is in the block is not looked at then.
    pub(crate) has_headers: bool,
}

/// Why a text has no blocks to give. In words, these differ with what the text is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PemFault {
    NotText,
    /// A begin without its end, or the other way round.
    Unpaired,
    NotBase64,
    NotDer,
}

impl Block {
    pub(crate) fn is_certificate(&self) -> bool {
        self.label == "CERTIFICATE" && !self.has_headers
    }

    pub(crate) fn is_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }
}

/// The blocks of a text. What stands around them explains them, at best, and is left out.
///
/// Source: RFC 7468 sections 2 and 3; RFC 1421 section 4.6 for headers.
pub(crate) fn blocks(text: &[u8]) -> Result<Vec<Block>, PemFault> {
    let text = str::from_utf8(text).map_err(|_| PemFault::NotText)?;
    let mut blocks = Vec::new();
    let mut open: Option<(Block, String)> = None;
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        let boundary = |kind| line.strip_prefix(kind)?.strip_suffix("-----");
        match (boundary("-----BEGIN "), boundary("-----END "), &mut open) {
            (Some(label), _, None) => {
                let (label, text) = (label.to_owned(), format!("{line}\n"));
                open = Some((Block { label, text, has_headers: false }, String::new()));
            }
            (None, Some(label), Some((block, encoded))) if label == block.label => {
                if !block.has_headers {
                    check_der(encoded)?;
                }
                block.text.push_str(line);
                block.text.push('\n');
                blocks.extend(open.take().map(|(block, _)| block));
            }
            (None, None, Some((block, encoded))) => {
                block.has_headers |= line.contains(':');
                encoded.push_str(line);
                if !line.is_empty() || block.has_headers {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
            (None, None, None) => {}
            _ => return Err(PemFault::Unpaired),
        }
    }
    if open.is_some() { Err(PemFault::Unpaired) } else { Ok(blocks) }
}

/// The base64 text is that of one DER sequence, which fills it: every certificate and every key is one.
///
/// Source: RFC 5280 section 4.1; RFC 5958 section 2; X.690 section 8.1.3.
fn check_der(encoded: &str) -> Result<(), PemFault> {
    let bytes = ByteString::deserialize(Value::from(encoded)).map_err(|_| PemFault::NotBase64)?.0;
    let rest = bytes.strip_prefix(&[0x30]).and_then(|rest| rest.split_first());
    let (length, rest) = match rest {
        Some((&short @ 0..=0x7f, rest)) => (usize::from(short), rest),
        // X.690 section 8.1.3.5: the low bits count the bytes of the length.
        Some((&long @ 0x81..=0x84, rest)) => {
            let (number, rest) = rest.split_at_checked(usize::from(long & 0x7f)).unwrap_or_default();
            (number.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => (usize::MAX, &[][..]),
    };
    if rest.len() == length { Ok(()) } else { Err(PemFault::NotDer) }
}
