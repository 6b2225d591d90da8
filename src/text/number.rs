//! Decimal numbers as fixed-point ones, in millionths: no floating point is needed, which most
//! routers do in software.

use crate::time::times;

/// A number in millionths. What is too large for it (9.2 billion) is the largest, which compares as
/// it should.
pub type Micro = i64;

/// Reads `-12.5`, `1e3`, `.5`: what Go's `ParseFloat` takes, but for hexadecimal, underscores,
/// infinity and NaN. Digits beyond the millionth are cut off. `None` if it is no number, or larger
/// than any of Go's: what has overflowed is no measurement.
pub fn decimal(text: &[u8]) -> Option<Micro> {
    let (negative, text) = sign(text);
    let (mut mantissa, mut exponent, mut digits, mut fraction) = (0u64, 6i32, false, false);
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        match byte {
            b'0'..=b'9' => {
                digits = true;
                let digit = u64::from(byte.wrapping_sub(b'0'));
                if let Some(more) = mantissa.checked_mul(10).and_then(|tens| tens.checked_add(digit)) {
                    mantissa = more;
                    exponent = exponent.saturating_sub(i32::from(fraction));
                } else {
                    // Not one more digit fits, so what follows only counts for its place.
                    exponent = exponent.saturating_add(i32::from(!fraction));
                }
            }
            b'.' if !fraction => fraction = true,
            b'e' | b'E' if digits => {
                exponent = exponent.saturating_add(power(after)?);
                break;
            }
            _ => return None,
        }
        rest = after;
    }
    // In millionths; 1.8e308 is the largest.
    let magnitude = mantissa.checked_ilog10().map_or(0, |log| exponent.saturating_add_unsigned(log));
    (digits && magnitude < 309 + 6).then(|| signed(scaled(mantissa, exponent), negative))
}

/// Whether this is what C and Go write for no number, or none that is finite: `nan`, `-nan`,
/// `+Inf`.
pub fn is_none(text: &[u8]) -> bool {
    let (_, text) = sign(text);
    [&b"nan"[..], b"inf", b"infinity"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Reads an integer with an optional sign, of at most 64 bits. `None` if it is none.
pub fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = sign(text);
    let mut value = 0i64;
    for &byte in digits {
        let digit = i64::from(byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))?);
        let tens = value.checked_mul(10)?;
        value = if negative { tens.checked_sub(digit)? } else { tens.checked_add(digit)? };
    }
    (!digits.is_empty()).then_some(value)
}

/// Reads a number of digits alone, without a sign. All texts go this way: the standard library
/// has a reader for each type.
#[inline(never)]
pub fn natural(digits: &str) -> Option<u32> {
    let mut value = 0u32;
    for byte in digits.bytes() {
        let digit = u32::from(byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))?);
        value = value.checked_mul(10)?.checked_add(digit)?;
    }
    (!digits.is_empty()).then_some(value)
}

/// A whole number in millionths.
pub fn whole(value: i64) -> Micro {
    times(value, 1_000_000)
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    }
}

/// What stands behind an `e`.
fn power(text: &[u8]) -> Option<i32> {
    let (negative, digits) = sign(text);
    let mut value = 0i32;
    for &byte in digits {
        let digit = i32::from(byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))?);
        value = value.saturating_mul(10).saturating_add(digit).min(10_000);
    }
    (!digits.is_empty()).then_some(if negative { value.wrapping_neg() } else { value })
}

/// `mantissa` times ten to the `exponent`. At most 20 steps.
fn scaled(mut mantissa: u64, exponent: i32) -> u64 {
    for _ in 0..exponent.unsigned_abs().min(20) {
        mantissa = if exponent < 0 { mantissa / 10 } else { mantissa.saturating_mul(10) };
    }
    mantissa
}

fn signed(value: u64, negative: bool) -> Micro {
    let value = i64::try_from(value).unwrap_or(i64::MAX);
    if negative { value.saturating_neg() } else { value }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp, clippy::cast_precision_loss)]
    use super::*;
    use proptest::prelude::*;
    use std::format;

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("1", Some(1_000_000)),
            ("+1", Some(1_000_000)),
            ("-12.5", Some(-12_500_000)),
            (".5", Some(500_000)),
            ("5.", Some(5_000_000)),
            ("1e3", Some(1_000_000_000)),
            ("1E+3", Some(1_000_000_000)),
            ("1.234567e+78", Some(i64::MAX)),
            ("-1.234567e+78", Some(-i64::MAX)),
            ("1e308", Some(i64::MAX)),
            ("1e309", None),
            ("-0.1e310", None),
            ("1e999", None),
            ("0e999", Some(0)),
            ("1e-6", Some(1)),
            ("1e-7", Some(0)),
            ("1e-99999999999", Some(0)),
            ("0e99999999999", Some(0)),
            ("0.000001999", Some(1)),
            ("9223372036854.775807", Some(i64::MAX)),
            ("18446744073709551615", Some(i64::MAX)),
            ("0.1844674407370955161500000000000000001", Some(184_467)),
            ("12345678901234567890123e-18", Some(12_345_678_901)),
            ("", None),
            ("-", None),
            (".", None),
            ("e3", None),
            ("1e", None),
            ("1e+", None),
            ("1.2.3", None),
            ("--1", None),
            ("1_000", None),
            ("0x1p3", None),
            ("NaN", None),
            ("+Inf", None),
        ] {
            assert_eq!(decimal(text.as_bytes()), expected, "{text}");
        }
        for (text, expected) in [
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("007", Some(7)),
            ("", None),
            ("-", None),
            ("1.0", None),
        ] {
            assert_eq!(integer(text.as_bytes()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn as_floats_are(value in -9.0e12f64..9.0e12, precise in any::<bool>()) {
            let text = if precise { format!("{value}") } else { format!("{value:e}") };
            let found = decimal(text.as_bytes()).unwrap();
            prop_assert!((found as f64 / 1e6 - value).abs() <= 1e-6 + value.abs() * 1e-15, "{text}: {found}");
        }

        #[test]
        fn no_bytes_panic(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            decimal(&text);
            integer(&text);
        }
    }
}
