//! Making foreign text harmless where it is shown: on a page ([`shown`]) and in a log or a terminal
//! ([`Escaped`]). Escaping for HTML is the renderer's; it comes after this.
//!
//! On a page, characters that only steer are dropped: bidi controls (Trojan Source, CVE-2021-42574;
//! UAX #9), byte order marks, tag characters. People write them into right-to-left names in good
//! faith, and a page that isolates every name does not need them. Line breaks and tabs become
//! spaces. Any other control, and what is no character at all, becomes U+FFFD: something stood
//! there, and what stood on both sides of it must not join into a new word.

use ufmt::{Formatter, uDisplay, uWrite};

/// What is shown in place of a character that cannot be.
pub const REPLACEMENT: char = '\u{fffd}';

/// Whether a character shows nothing and only steers how others are shown.
pub const fn steers(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'                      // Arabic letter mark
        | '\u{200e}' | '\u{200f}'      // left-to-right and right-to-left mark
        | '\u{202a}'..='\u{202e}'      // embeddings and overrides
        | '\u{2060}'..='\u{206f}'      // word joiner, invisible operators, isolates, deprecated shaping
        | '\u{feff}'                   // byte order mark
        | '\u{fff9}'..='\u{fffb}'      // interlinear annotation
        | '\u{e0000}'..='\u{e007f}'    // tags
    )
}

/// Whether nothing is seen where this stands: what steers, controls, and what is ignored where it
/// is not supported.
pub(crate) fn is_unseen(c: char) -> bool {
    !c.is_whitespace() && (hides(c) || steers(c) || is_no_text(c))
}

/// Whether anything of a text can be seen: not only white space and what shows nothing by itself
/// (controls, and what is ignored where it is not supported: `Default_Ignorable_Code_Point` of
/// Unicode's `DerivedCoreProperties.txt`).
pub fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !(c.is_whitespace() || is_unseen(c)))
}

fn hides(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether a code point is none that text may hold: C0 and C1 controls, DEL, noncharacters.
const fn is_no_text(c: char) -> bool {
    let code = c as u32;
    c.is_ascii_control() || matches!(code, 0x80..=0x9f | 0xfdd0..=0xfdef) || code & 0xfffe == 0xfffe
}

/// The text as a page may show it, character by character; never longer than 3 times the bytes.
pub fn shown(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|&c| !steers(c)).map(|c| match c {
        '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        c if is_no_text(c) => REPLACEMENT,
        c => c,
    })
}

/// The text as a log or a terminal may show it, on one line: whatever could move the cursor, start
/// an escape sequence or turn the direction is written out (`\n`, `\u{1b}`), and so is the
/// backslash.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl uDisplay for Escaped<'_> {
    fn fmt<W: uWrite + ?Sized>(&self, f: &mut Formatter<'_, W>) -> Result<(), W::Error> {
        for c in self.0.chars() {
            match c {
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '\\' => f.write_str("\\\\")?,
                '\u{2028}' | '\u{2029}' => escape(c, f)?,
                c if steers(c) || is_no_text(c) => escape(c, f)?,
                c => f.write_str(c.encode_utf8(&mut [0; 4]))?,
            }
        }
        Ok(())
    }
}

/// `\u{1b}`: as Rust writes it.
fn escape<W: uWrite + ?Sized>(c: char, f: &mut Formatter<'_, W>) -> Result<(), W::Error> {
    f.write_str("\\u{")?;
    let code = u32::from(c);
    for shift in [20u32, 16, 12, 8, 4, 0] {
        // The last digit is always written, leading zeros are not.
        if shift == 0 || code.wrapping_shr(shift) != 0 {
            let digit = char::from_digit(code.wrapping_shr(shift) & 15, 16).unwrap_or('0');
            f.write_str(digit.encode_utf8(&mut [0; 4]))?;
        }
    }
    f.write_str("}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::string::String;

    fn escaped(text: &str) -> String {
        let mut out = heapless::String::<4096>::new();
        ufmt::uwrite!(out, "{}", Escaped(text)).unwrap();
        out.as_str().into()
    }

    #[test]
    fn a_page_shows_only_text() {
        let check = |input: &str, expected: &str| {
            assert_eq!(shown(input).collect::<String>(), expected, "{input:?}");
        };
        check("Héron, côté nord", "Héron, côté nord");
        check("a\tb\r\nc\u{85}d\u{2028}e\u{2029}f", "a b  c d e f");
        check("\u{1b}[31mred\u{7}\u{7f}\u{9b}x\0", "\u{fffd}[31mred\u{fffd}\u{fffd}\u{fffd}x\u{fffd}");
        check("user\u{202e}nimda\u{202c}\u{2066}x\u{2069}\u{200f}\u{200e}\u{61c}", "usernimdax");
        check(
            "\u{feff}a\u{fffe}\u{ffff}\u{1fffe}\u{10ffff}\u{fdd0}",
            "a\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
        );
        // Joiners shape Persian and emoji, and stay.
        check("می\u{200c}خواهم \u{1f468}\u{200d}\u{1f33e}", "می\u{200c}خواهم \u{1f468}\u{200d}\u{1f33e}");
    }

    #[test]
    fn a_log_line_stays_one_line_and_moves_nothing() {
        let check = |input: &str, expected: &str| assert_eq!(escaped(input), expected);
        check("plain é 字", "plain é 字");
        check("a\nb\r\t\\", "a\\nb\\r\\t\\\\");
        check("\u{1b}[2J\u{9b}0m\u{7f}\0", "\\u{1b}[2J\\u{9b}0m\\u{7f}\\u{0}");
        check(
            "\u{202e}\u{2066}\u{feff}\u{2028}\u{10ffff}",
            "\\u{202e}\\u{2066}\\u{feff}\\u{2028}\\u{10ffff}",
        );
    }

    proptest! {
        #[test]
        fn nothing_that_steers_survives(text in any::<String>()) {
            let page: String = shown(&text).collect();
            let log = escaped(text.get(..text.floor_char_boundary(300)).unwrap());
            for c in page.chars().chain(log.chars()) {
                let breaks = c == '\u{2028}' || c == '\u{2029}';
                prop_assert!(!c.is_control() && !steers(c) && !breaks);
            }
            prop_assert!(page.len() <= text.len().saturating_mul(3));
        }
    }
}
