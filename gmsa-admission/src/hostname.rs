//! A hostname of its own for each pod, without a random number.

/// A hostname that nothing else has: 15 characters, the longest that Windows takes as a computer name, made
/// from the request's uid so that no random number is needed. The API server gives each request a uid of its own.
///
/// It starts with a letter: a computer name of digits alone is refused by Windows.
pub(crate) fn from_uid(uid: &str) -> String {
    const LETTERS: u128 = 26;
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut rest = fnv1a(uid.as_bytes());
    (0..15)
        .map(|index| {
            let size = if index == 0 { LETTERS } else { ALPHABET.len() as u128 };
            let digit = rest % size;
            rest /= size;
            // `digit` is below the alphabet's length, so there is always a character.
            usize::try_from(digit)
                .ok()
                .and_then(|digit| ALPHABET.get(digit))
                .map_or('a', |&byte| char::from(byte))
        })
        .collect()
}

/// FNV-1a with 128 bits: not secret, only spread evenly.
///
/// Source: RFC 9923, "The FNV Non-Cryptographic Hash Algorithm".
fn fnv1a(bytes: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(OFFSET, |hash, &byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv1a_agrees_with_the_published_values() {
        assert_eq!(fnv1a(b""), 0x6c62272e07bb014262b821756295c58d);
        assert_eq!(fnv1a(b"a"), 0xd228cb696f1a8caf78912b704e4a8964);
        assert_eq!(fnv1a(b"foobar"), 0x343e1662793c64bf6f0d3597ba446f18);
    }
}
