//! Text: spans into a buffer, globs, hexadecimal digits, masking of addresses, the nearest of known
//! names, and making foreign text harmless.

pub mod buffer;
pub mod clean;
pub mod glob;
pub mod hex;
pub mod mask;
pub mod near;
pub mod number;

/// A stretch of a text buffer of at most 64 KiB. The buffer's owner turns it back into a `&str`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: u16,
    len: u16,
}

impl Span {
    /// The empty stretch, which also stands for "absent".
    pub const EMPTY: Self = Self { start: 0, len: 0 };

    /// The stretch from byte `start` to byte `end`, or `None` if it is backwards or leaves 64 KiB.
    pub fn new(start: usize, end: usize) -> Option<Self> {
        let len = end.checked_sub(start)?;
        Some(Self { start: u16::try_from(start).ok()?, len: u16::try_from(len).ok()? })
    }
    /// Whether there is nothing in it.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
    /// How many bytes are in it.
    pub fn len(self) -> usize {
        self.len.into()
    }
    /// What it names in `text`; the empty string if it does not fit there.
    pub fn of(self, text: &str) -> &str {
        let start = usize::from(self.start);
        let end = start.saturating_add(usize::from(self.len));
        text.get(start..end).unwrap_or("")
    }
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

/// A sentence with places in it: calls `put` with its parts in order, `%0` to `%9` replaced by those of `args`.
pub fn fill(sentence: &str, args: &[&str], put: &mut dyn FnMut(&str)) {
    for (at, part) in sentence.split('%').enumerate() {
        let (place, rest) = if at == 0 { ("", part) } else { part.split_at_checked(1).unwrap_or(("", part)) };
        if let Ok(place) = place.parse::<usize>() {
            put(args.get(place).copied().unwrap_or(""));
        }
        put(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

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
