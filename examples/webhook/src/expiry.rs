//! From when to when a certificate is valid: what this program must know of it, and rustls does not tell.

use std::time::Duration;

use jiff::{Timestamp, civil, tz::TimeZone};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// When a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
}

/// How much of its time a certificate has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remaining {
    Plenty,
    /// Less than a fifth of it, and less than 30 days. cert-manager renews when a third is left.
    Little,
    WithinMargin,
    None,
}

impl Validity {
    pub(crate) fn remaining(self, now: Timestamp, margin: Duration) -> Remaining {
        const LITTLE: Duration = Duration::from_secs(30 * 86_400);
        let between = |from: Timestamp, to: Timestamp| {
            Duration::from_secs(u64::try_from(to.as_second() - from.as_second()).unwrap_or(0))
        };
        let left = between(now, self.not_after);
        match left {
            Duration::ZERO => Remaining::None,
            left if left <= margin => Remaining::WithinMargin,
            left if left < LITTLE.min(between(self.not_before, self.not_after) / 5) => Remaining::Little,
            _ => Remaining::Plenty,
        }
    }
}

/// The `validity` of a certificate in DER. `None` if it is not built as a certificate is.
///
/// Source: RFC 5280, section 4.1.
pub(crate) fn validity(certificate: &[u8]) -> Option<Validity> {
    let (tag, certificate, _) = element(certificate)?;
    let (inner_tag, signed, _) = element(certificate)?;
    if (tag, inner_tag) != (SEQUENCE, SEQUENCE) {
        return None;
    }
    let (tag, _, after) = element(signed)?;
    let after_version = if tag == VERSION { after } else { signed };
    let (_serial, _, rest) = element(after_version)?;
    let (_algorithm, _, rest) = element(rest)?;
    let (_issuer, _, rest) = element(rest)?;
    let (tag, validity, _) = element(rest)?;
    if tag != SEQUENCE {
        return None;
    }
    let (before_tag, not_before, rest) = element(validity)?;
    let (after_tag, not_after, _) = element(rest)?;
    let time = |tag, time| timestamp(tag, std::str::from_utf8(time).ok()?);
    Some(Validity { not_before: time(before_tag, not_before)?, not_after: time(after_tag, not_after)? })
}

/// The first element of some DER: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |length, &byte| (length << 8) | usize::from(byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ` up to 2049, `YYYYMMDDHHMMSSZ` from then on.
fn timestamp(tag: u8, time: &str) -> Option<Timestamp> {
    let digits = time.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year = number(year)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = digits.split_at_checked(4)?;
            (number(year)?, rest)
        }
        _ => return None,
    };
    let mut parts = [0; 5];
    let mut rest = rest;
    for part in &mut parts {
        let (two, after) = rest.split_at_checked(2)?;
        *part = i8::try_from(number(two)?).ok()?;
        rest = after;
    }
    let [month, day, hour, minute, second] = parts;
    let time = civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    rest.is_empty().then_some(())?;
    TimeZone::UTC.to_timestamp(time).ok()
}

fn number(digits: &str) -> Option<i16> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_time_are_read() {
        let seconds = |tag, time| timestamp(tag, time).map(Timestamp::as_second);
        assert_eq!(seconds(UTC_TIME, "700101000000Z"), Some(0));
        assert_eq!(seconds(UTC_TIME, "491231235959Z"), Some(2_524_607_999));
        assert_eq!(seconds(GENERALIZED_TIME, "20500101000000Z"), Some(2_524_608_000));
        for (tag, time) in [
            (UTC_TIME, "20500101000000Z"),
            (UTC_TIME, "700101000000"),
            (UTC_TIME, "701301000000Z"),
            (UTC_TIME, "70010100000+Z"),
            (GENERALIZED_TIME, "99991231235959.5Z"),
            (0x02, "700101000000Z"),
        ] {
            assert_eq!(seconds(tag, time), None, "{time}");
        }
    }

    #[test]
    fn an_end_is_near_by_the_length_of_the_life() {
        let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let remaining = |days, now, margin: u64| {
            let validity = Validity { not_before: day(0), not_after: day(days) };
            validity.remaining(day(now), Duration::from_secs(margin * 86_400))
        };
        for (days, now, margin, expected) in [
            (365, 0, 0, Remaining::Plenty),
            (365, 335, 0, Remaining::Plenty),
            (365, 336, 0, Remaining::Little),
            (90, 60, 0, Remaining::Plenty),
            (90, 73, 0, Remaining::Little),
            (90, 73, 17, Remaining::WithinMargin),
            (90, 90, 17, Remaining::None),
            (90, 500, 0, Remaining::None),
        ] {
            assert_eq!(remaining(days, now, margin), expected, "{days} {now} {margin}");
        }
    }

    #[test]
    fn a_certificate_tells_until_when_it_is_valid() {
        let mut parameters = rcgen::CertificateParams::new(vec!["webhook".to_owned()]).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        for (year, seconds) in [(2031, 1_924_992_000), (2096, 3_976_214_400)] {
            parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
            let certificate = parameters.self_signed(&key).unwrap();
            assert_eq!(validity(certificate.der()).unwrap().not_after.as_second(), seconds);
            for end in 0..100 {
                assert_eq!(validity(&certificate.der()[..end]), None);
            }
        }
    }
}
