use std::cmp::Ordering;

/// A number as the document writes it, within the range of a 64-bit floating-point number.
#[derive(Clone, Copy)]
pub(crate) struct Number<'t>(&'t str);

/// What Kubernetes makes of a number: an integer if the literal is one and fits, else floating point.
///
/// Source: sigs.k8s.io/json, `convertNumber` with `preserveInts`.
pub(crate) enum Decoded {
    Integer(i64),
    Float(f64),
}

impl<'t> Number<'t> {
    /// A literal that follows the JSON grammar, unless its value overflows.
    pub(crate) fn in_range(literal: &'t str) -> Option<Self> {
        // Fewer than 309 digits and no exponent are below f64::MAX.
        let small = literal.len() < 309 && !literal.contains(['e', 'E']);
        (small || literal.parse::<f64>().is_ok_and(f64::is_finite)).then_some(Self(literal))
    }

    pub(crate) fn decode(self) -> Decoded {
        match self.0.parse() {
            Ok(integer) => Decoded::Integer(integer),
            Err(_) => Decoded::Float(self.as_f64()),
        }
    }

    pub(crate) fn as_f64(self) -> f64 {
        // Every JSON number is one that f64 parses.
        self.0.parse().unwrap_or_default()
    }

    pub(crate) fn literal(self) -> &'t str {
        self.0
    }

    /// Whether two numbers have the same exact decimal value: `1`, `1.0` and `10e-1` have.
    pub(crate) fn same_value(self, other: Self) -> bool {
        self.0 == other.0
            || match (Decimal::new(self.0), Decimal::new(other.0)) {
                (Some(a), Some(b)) => a.same_value(&b),
                // An exponent beyond i64 is no honest number; only the same literal equals it.
                _ => false,
            }
    }
}

/// Writes a number as Go's `json.Marshal` writes what Kubernetes decoded. Minus zero becomes `0`: as `-0` it
/// would be read as the integer 0 the next time, and every passage through the API server is such a time.
pub(crate) fn write_canonical(number: Number<'_>, out: &mut String) {
    match number.decode() {
        Decoded::Integer(0) => out.push('0'),
        // An integer literal that fits has one spelling, since the grammar allows neither `+` nor leading zeros.
        Decoded::Integer(_) => out.push_str(number.literal()),
        Decoded::Float(float) => write_float(float, out),
    }
}

/// Source: Go, `encoding/json/encode.go`, `floatEncoder.encode`: the fewest digits that read back as the same
/// number, with an exponent below 1e-6 and from 1e21 on.
fn write_float(value: f64, out: &mut String) {
    let magnitude = value.abs();
    if magnitude == 0.0 {
        out.push('0');
        return;
    }
    let (digits, exponent) = shortest_digits(magnitude);
    if value.is_sign_negative() {
        out.push('-');
    }
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
    if !(1e-6..1e21).contains(&magnitude) {
        let sign = if exponent < 0 { '-' } else { '+' };
        let point = if rest.is_empty() { "" } else { "." };
        out.push_str(&format!("{first}{point}{rest}e{sign}{}", exponent.unsigned_abs()));
    } else if exponent < 0 {
        out.push_str(&format!("0.{}{digits}", zeros(exponent.saturating_neg().saturating_sub(1))));
    } else {
        let whole = usize::try_from(exponent).unwrap_or_default().saturating_add(1);
        match digits.split_at_checked(whole) {
            Some((whole, "")) => out.push_str(whole),
            Some((whole, fraction)) => out.push_str(&format!("{whole}.{fraction}")),
            None => {
                out.push_str(&digits);
                out.push_str(&"0".repeat(whole.saturating_sub(digits.len())));
            }
        }
    }
}

/// The digits without a point, and the exponent of the first one.
///
/// Where two shortest candidates are equally near, Rust takes the greater and Go the even one
/// (`strconv/ftoaryu.go`, `ryuDigits`): 1125899906842624.25 is `…4.3` here and `…4.2` there.
fn shortest_digits(magnitude: f64) -> (String, i32) {
    let (digits, exponent) = digits_and_exponent(&format!("{magnitude:e}"));
    let lower_neighbour = match digits.as_bytes() {
        [front @ .., last] if last % 2 == 1 => {
            String::from_utf8_lossy(front).into_owned() + even_below(*last)
        }
        _ => return (digits, exponent),
    };
    // More digits than any halfway case has, so that the comparison is with the exact value.
    let (exact, _) = digits_and_exponent(&format!("{magnitude:.60e}"));
    // Below a power of two the next number is only half as far away, and the neighbour may belong to it.
    let is_same = || format!("0.{lower_neighbour}e{}", exponent.saturating_add(1)).parse() == Ok(magnitude);
    let tie = exact.trim_end_matches('0').strip_suffix('5') == Some(&lower_neighbour) && is_same();
    (if tie { lower_neighbour } else { digits }, exponent)
}

fn even_below(odd_digit: u8) -> &'static str {
    match odd_digit {
        b'9' => "8",
        b'7' => "6",
        b'5' => "4",
        b'3' => "2",
        _ => "0",
    }
}

fn digits_and_exponent(scientific: &str) -> (String, i32) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or_default())
}

/// A number as `0.DIGITS * 10^exponent`, without zeros at either end of the digits.
struct Decimal<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
    /// How many digits of `whole` and `fraction` are leading zeros.
    leading: usize,
    /// How many digits count, after the leading zeros.
    significant: usize,
    exponent: i64,
}

impl<'t> Decimal<'t> {
    /// `None` if the exponent does not fit.
    fn new(literal: &'t str) -> Option<Self> {
        let (negative, magnitude) = match literal.strip_prefix('-') {
            Some(magnitude) => (true, magnitude),
            None => (false, literal),
        };
        let (mantissa, exponent) = magnitude.split_once(['e', 'E']).unwrap_or((magnitude, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = whole.bytes().chain(fraction.bytes());
        let length = whole.len().saturating_add(fraction.len());
        let leading = digits.clone().take_while(|digit| *digit == b'0').count();
        if leading == length {
            return Some(Self {
                negative: false,
                whole: "",
                fraction: "",
                leading: 0,
                significant: 0,
                exponent: 0,
            });
        }
        let trailing = digits.rev().take_while(|digit| *digit == b'0').count();
        let point = i64::try_from(whole.len()).ok()?.checked_sub(i64::try_from(leading).ok()?)?;
        Some(Self {
            negative,
            whole,
            fraction,
            leading,
            significant: length.saturating_sub(leading).saturating_sub(trailing),
            exponent: exponent.parse::<i64>().ok()?.checked_add(point)?,
        })
    }

    fn digits(&self) -> impl Iterator<Item = u8> + use<'t> {
        self.whole.bytes().chain(self.fraction.bytes()).skip(self.leading).take(self.significant)
    }

    fn same_value(&self, other: &Self) -> bool {
        self.negative == other.negative
            && self.exponent == other.exponent
            && self.significant == other.significant
            && self.digits().cmp(other.digits()) == Ordering::Equal
    }
}
