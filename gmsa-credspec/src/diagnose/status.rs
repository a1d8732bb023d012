use super::observation::{ObservationKind, StatusOf};

/// A Win32 status that has to do with logging on to a domain.
struct Win32 {
    code: u32,
    name: &'static str,
    /// The NTSTATUS numbers that Windows turns into it.
    nt: &'static [u32],
}

/// Source: Microsoft, "System Error Codes"; MS-ERREF 2.3.1 for NTSTATUS. The pairs are those of
/// `RtlNtStatusToDosError`, of general knowledge.
const WIN32: &[Win32] = &[
    Win32 { code: 0, name: "NERR_Success", nt: &[] },
    Win32 { code: 5, name: "ERROR_ACCESS_DENIED", nt: &[0xC000_0022] },
    Win32 { code: 53, name: "ERROR_BAD_NETPATH", nt: &[0xC000_00BE] },
    Win32 { code: 64, name: "ERROR_NETNAME_DELETED", nt: &[] },
    Win32 { code: 67, name: "ERROR_BAD_NET_NAME", nt: &[0xC000_00CC] },
    Win32 { code: 1311, name: "ERROR_NO_LOGON_SERVERS", nt: &[0xC000_005E] },
    Win32 { code: 1326, name: "ERROR_LOGON_FAILURE", nt: &[0xC000_006D, 0xC000_006A, 0xC000_0064] },
    Win32 { code: 1355, name: "ERROR_NO_SUCH_DOMAIN", nt: &[0xC000_00DF] },
    Win32 { code: 1396, name: "ERROR_WRONG_TARGET_NAME", nt: &[] },
    Win32 { code: 1398, name: "ERROR_TIME_SKEW", nt: &[0xC000_0133] },
    Win32 { code: 1722, name: "RPC_S_SERVER_UNAVAILABLE", nt: &[0xC002_0017] },
    Win32 { code: 1726, name: "RPC_S_CALL_FAILED", nt: &[0xC002_001B] },
    Win32 { code: 1786, name: "ERROR_NO_TRUST_LSA_SECRET", nt: &[0xC000_018A] },
    Win32 { code: 1787, name: "ERROR_NO_TRUST_SAM_ACCOUNT", nt: &[0xC000_018B] },
    Win32 { code: 1788, name: "ERROR_TRUSTED_DOMAIN_FAILURE", nt: &[0xC000_018C] },
    Win32 { code: 1789, name: "ERROR_TRUSTED_RELATIONSHIP_FAILURE", nt: &[0xC000_018D] },
    Win32 { code: 1792, name: "ERROR_NETLOGON_NOT_STARTED", nt: &[0xC000_0192] },
];

/// Names of the NTSTATUS numbers that a container's start fails with.
///
/// Source: MS-ERREF 2.3.1; microsoft/Windows-Containers issues 221, 541 and 544.
const NT_NAMES: &[(u32, &str)] = &[
    (0xC000_0022, "STATUS_ACCESS_DENIED"),
    (0xC000_005E, "STATUS_NO_LOGON_SERVERS"),
    (0xC000_006D, "STATUS_LOGON_FAILURE"),
    (0xC000_00A7, "STATUS_BAD_VALIDATION_CLASS"),
    (0xC002_0017, "RPC_NT_SERVER_UNAVAILABLE"),
    (0xC002_001B, "RPC_NT_CALL_FAILED"),
];

pub(super) fn win32_name(code: u32) -> Option<&'static str> {
    WIN32.iter().find(|entry| entry.code == code).map(|entry| entry.name)
}

/// The number of a name such as `RPC_S_SERVER_UNAVAILABLE`, where it stands as a word of its own.
pub(super) fn named_in(line: &str) -> Option<u32> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.contains('_'))
        .find_map(|word| WIN32.iter().find(|entry| entry.name == word))
        .map(|entry| entry.code)
}

/// A status as an observation. A number that is an NTSTATUS becomes the Win32 status that it stands for, if known.
pub(super) fn status(of: StatusOf, number: u32) -> ObservationKind {
    let code = match Form::of(number) {
        Form::Nt(nt) => win32_of(nt).unwrap_or(number),
        Form::Win32(code) => code,
        Form::Other => number,
    };
    ObservationKind::Status { of, code, name: win32_name(code) }
}

/// The error that a container's start failed with, if the number is one.
pub(super) fn compute_error(number: u32) -> Option<ObservationKind> {
    match Form::of(number) {
        Form::Nt(ntstatus) => {
            let name = NT_NAMES.iter().find(|(nt, _)| *nt == ntstatus).map(|(_, name)| *name);
            Some(ObservationKind::ComputeError { code: number, ntstatus, name })
        }
        Form::Win32(0) | Form::Other => None,
        Form::Win32(code) => {
            Some(ObservationKind::Status { of: StatusOf::Compute, code, name: win32_name(code) })
        }
    }
}

fn win32_of(ntstatus: u32) -> Option<u32> {
    WIN32.iter().find(|entry| entry.nt.contains(&ntstatus)).map(|entry| entry.code)
}

/// How a status number is to be read.
///
/// Source: MS-ERREF 2.1: a HRESULT with the N bit (`0x10000000`) wraps an NTSTATUS, one of facility 7
/// (`0x8007....`) a Win32 status; MS-ERREF 2.3: an NTSTATUS error starts with `0xC`.
#[derive(Debug, PartialEq, Eq)]
enum Form {
    Win32(u32),
    Nt(u32),
    Other,
}

impl Form {
    fn of(number: u32) -> Self {
        match number {
            0..=0xFFFF => Self::Win32(number),
            0x8007_0000..=0x8007_FFFF => Self::Win32(number & 0xFFFF),
            0xC000_0000..=0xCFFF_FFFF => Self::Nt(number),
            0xD000_0000..=0xDFFF_FFFF => Self::Nt(number - 0x1000_0000),
            _ => Self::Other,
        }
    }
}

/// No status is longer: two numbers of 32 bits, and some space.
const PAIR: usize = 64;

/// The decimal and the hexadecimal number after `=`. Where they contradict each other, the one that is no success.
pub(super) fn status_pair(rest: &str) -> Option<u32> {
    // A line may be all equals signs, and the search for the end of a number must not go on to its end each time.
    let near = rest.char_indices().nth(PAIR).map_or(rest, |(at, _)| rest.get(..at).unwrap_or(rest));
    let mut words = near.split_whitespace();
    let decimal: i64 = words.next()?.parse().ok()?;
    let hex = words.next()?.strip_prefix("0x")?.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
    let hex = u32::from_str_radix(hex, 16).ok()?;
    let decimal =
        u32::try_from(decimal).ok().or_else(|| i32::try_from(decimal).ok().map(i32::cast_unsigned))?;
    Some(if decimal == 0 { hex } else { decimal })
}

/// A number in a line, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) value: u32,
    pub(super) is_hex: bool,
    /// Directly after `#`, as in `winapi error #3489792023`.
    pub(super) is_marked: bool,
}

/// The numbers that stand as words of their own: `1722`, `0x6ba`, `-1073741730`. Those that do not fit 32 bits
/// are left out, and so are the digits inside identifiers.
pub(super) fn numbers(line: &str) -> impl Iterator<Item = Written> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut before = ' ';
    line.split_inclusive(move |c: char| !is_word(c)).filter_map(move |piece| {
        let word = piece.trim_end_matches(|c: char| !is_word(c));
        let sign = before;
        before = piece.chars().next_back().unwrap_or(' ');
        let is_marked = sign == '#';
        if let Some(digits) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
            let value = u32::from_str_radix(digits, 16).ok()?;
            return Some(Written { value, is_hex: true, is_marked });
        }
        if !word.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let absolute = word.parse().ok()?;
        let value = if sign == '-' { negative(absolute)? } else { absolute };
        Some(Written { value, is_hex: false, is_marked })
    })
}

/// The 32 bits of the negative number with this absolute value.
fn negative(absolute: u32) -> Option<u32> {
    i32::try_from(-i64::from(absolute)).ok().map(i32::cast_unsigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_error_in_its_three_spellings() {
        let values = |line: &str| numbers(line).map(|written| written.value).collect::<Vec<_>>();
        assert_eq!(values("winapi error #3489792023."), [0xD002_0017]);
        assert_eq!(values("(0xD0020017)"), [0xD002_0017]);
        assert_eq!(values("error: -805175273"), [0xD002_0017]);
        assert_eq!(Form::of(0xD002_0017), Form::Nt(0xC002_0017));
        assert_eq!(Form::of(3_489_661_095), Form::Nt(0xC000_00A7));
        assert_eq!(Form::of(0x8007_052E), Form::Win32(1326));
        assert_eq!(Form::of(0x8037_0106), Form::Other);
    }

    #[test]
    fn digits_inside_words_are_no_numbers() {
        assert_eq!(numbers("a7d2856c1304 99999999999 0xzz x0x5").count(), 0);
        assert_eq!(numbers("-2147483649").count(), 0);
        assert_eq!(numbers("-2147483648").next().map(|n| n.value), Some(0x8000_0000));
    }
}
