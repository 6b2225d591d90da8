//! Text: spans into a buffer, globs, hexadecimal digits, masking of addresses, doubts about what is
//! to be published, the nearest of known names, JSON that goes out, and making foreign text
//! harmless.

pub mod buffer;
pub mod clean;
pub mod doubt;
pub mod glob;
pub mod hex;
pub mod json;
pub mod mask;
pub mod near;
pub mod number;

/// A place in a text buffer, or a length there. 16 bits reach 64 KiB: the text of a configuration
/// has 48 KiB. A build with a larger text makes this 32 bits, and each [`Span`] 8 bytes.
pub type TextPos = u16;

/// A stretch of a text buffer. The buffer's owner turns it back into a `&str`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: TextPos,
    len: TextPos,
}

impl Span {
    /// The empty stretch, which also stands for "absent".
    pub const EMPTY: Self = Self { start: 0, len: 0 };

    /// The stretch from byte `start` to byte `end`, or `None` if it is backwards or no [`TextPos`]
    /// reaches so far.
    pub fn new(start: usize, end: usize) -> Option<Self> {
        let len = end.checked_sub(start)?;
        Some(Self { start: TextPos::try_from(start).ok()?, len: TextPos::try_from(len).ok()? })
    }
    /// Whether there is nothing in it.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
    /// How many bytes are in it.
    pub fn len(self) -> usize {
        wide(self.len)
    }
    /// What it names in `text`; the empty string if it does not fit there.
    pub fn of(self, text: &str) -> &str {
        let start = wide(self.start);
        text.get(start..start.saturating_add(wide(self.len))).unwrap_or("")
    }
}

/// Whatever [`TextPos`] is. No machine that aiglon runs on has a narrower `usize`.
#[allow(clippy::unnecessary_fallible_conversions, reason = "a `u32` may fail")]
fn wide(pos: TextPos) -> usize {
    usize::try_from(pos).unwrap_or(usize::MAX)
}

/// What stands at the end of a text that was cut.
pub const ELLIPSIS: &str = "…";

/// The longest beginning of `text` of at most `bytes` bytes that does not end within a character.
pub fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or("")
}

/// What stands before the first `sign` in `text`, and what after it. `str::split_once` does the
/// same; its search of long texts takes a kilobyte of program.
pub fn split_once<'a>(text: &'a str, sign: &str) -> Option<(&'a str, &'a str)> {
    let at = find(text, sign)?;
    Some((text.get(..at)?, text.get(at.saturating_add(sign.len())..)?))
}

/// Where `sign`, which is not empty, stands first in a short text.
pub fn find(text: &str, sign: &str) -> Option<usize> {
    text.as_bytes().windows(sign.len().max(1)).position(|here| here == sign.as_bytes())
}

/// Whether `sign` is in a short text. `str::contains` has the search of long texts in it, too.
pub fn has(text: &str, sign: char) -> bool {
    text.chars().any(|c| c == sign)
}

/// Whether it is a letter or a digit, of any script. Beyond ASCII, what is neither a sign of
/// Latin-1, of Arabic or of CJK nor a symbol is taken for one: Unicode's own tables take two
/// kilobytes.
pub fn is_letter(c: char) -> bool {
    match c {
        '\0'..='\x7f' => c.is_ascii_alphanumeric(),
        '\u{80}'..='\u{bf}'
        | '×'
        | '÷'
        | '\u{600}'..='\u{61f}'
        | '\u{66a}'..='\u{66d}'
        | '\u{6d4}'
        | '\u{2000}'..='\u{2bff}'
        | '\u{3000}'..='\u{303f}'
        | '\u{ff00}'..='\u{ff0f}' => false,
        _ => c < '\u{1f000}',
    }
}

/// A sentence with places in it: calls `put` with its parts in order, `%0` to `%9` replaced by
/// those of `args`.
pub fn fill(sentence: &str, args: &[&str], put: &mut dyn FnMut(&str)) {
    for (at, part) in sentence.split('%').enumerate() {
        let (place, rest) = if at == 0 { ("", part) } else { part.split_at_checked(1).unwrap_or(("", part)) };
        if let Some(place) = number::natural(place) {
            put(args.get(place as usize).copied().unwrap_or(""));
        }
        put(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    #[test]
    fn texts_are_split_as_the_standard_library_splits_them() {
        for text in ["", "..", "a", "1..2", "..2", "1..", "1...2", "é..é", "http://a://b", "://", "x:/y"] {
            for sign in ["..", "://", "é"] {
                assert_eq!(split_once(text, sign), text.split_once(sign), "{text} {sign}");
                assert_eq!(find(text, sign), text.find(sign), "{text} {sign}");
                assert_eq!(has(text, 'é'), text.contains('é'), "{text}");
            }
        }
    }

    #[test]
    fn letters_and_digits_of_what_people_write_here_are_known() {
        for c in "azAZ09éÀœßñŠžżΩдשאيٱ٠٩中あ한".chars() {
            assert!(is_letter(c) && c.is_alphanumeric(), "{c}");
        }
        for c in " _.-,;:!?'\"()[]<>«»“”‘’‹›…–—·•،؛؟٪۔→€✓、。「（×÷🙂".chars()
        {
            assert!(!is_letter(c) && !c.is_alphanumeric(), "{c}");
        }
    }

    #[test]
    fn sentences_are_filled() {
        for (sentence, expected) in
            [("", ""), ("no place", "no place"), ("%0 and %1, %0", "a and b%1, a"), ("%5.%", ".")]
        {
            let mut all = String::new();
            fill(sentence, &["a", "b%1"], &mut |part| all.push_str(part));
            assert_eq!(all, expected);
        }
    }
}
