//! Hexadecimal digits.

/// The value of a hexadecimal digit, as `HEXDIG` of RFC 5234 has them, in either case.
pub const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a' - 10)),
        b'A'..=b'F' => Some(digit.wrapping_sub(b'A' - 10)),
        _ => None,
    }
}

/// The digit of a value below 16, in lower case.
pub fn digit(value: u32) -> char {
    char::from_digit(value, 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_values() {
        for byte in 0..=255u8 {
            assert_eq!(value(byte).map(u32::from), char::from(byte).to_digit(16), "{byte}");
        }
        for number in 0..16 {
            assert_eq!(digit(number).to_digit(16), Some(number));
        }
    }
}
