//! A line as words: `"…"` with `\"`, `\\` and `\n` in it, `'…'` as it stands, and the quotes that
//! phones type.
//!
//! There is no shell. A quote opens only where a word begins and closes only where one ends, so `we
//! don't know` needs no quotes, and neither does `'l'antenne est tombée'` need escapes.

use heapless::{String, Vec};

use super::Mistake;
use crate::limits::{LINE_BYTES, LINE_WORDS};
use crate::text::has;

/// What opens a quoted word, and what closes it.
const QUOTES: [(char, &str); 7] = [
    ('"', "\""),
    ('\'', "'"),
    ('\u{201c}', "\u{201d}\u{201c}"),
    ('\u{201d}', "\u{201d}"),
    ('\u{201e}', "\u{201c}\u{201d}"),
    ('\u{ab}', "\u{bb}"),
    ('\u{2018}', "\u{2019}"),
];

/// One word as it stands on the line, without its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawWord<'a> {
    /// What is between the quotes, or the bare word.
    pub(super) raw: &'a str,
    /// What opened it.
    pub(super) quote: Option<char>,
}

/// The words of a line, one after the other.
pub(super) struct RawWords<'a>(pub(super) &'a str);

impl<'a> Iterator for RawWords<'a> {
    type Item = Result<RawWord<'a>, Mistake<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.0.trim_start();
        let first = line.chars().next()?;
        let quote = QUOTES.iter().find(|(open, _)| *open == first);
        let inner = if quote.is_some() { line.get(first.len_utf8()..).unwrap_or("") } else { line };
        let ends = |after: &str| after.chars().next().is_none_or(char::is_whitespace);
        let mut escaped = false;
        let mut end = quote.is_none().then_some((inner.len(), ""));
        for (at, c) in inner.char_indices() {
            let after = inner.get(at.saturating_add(c.len_utf8())..).unwrap_or("");
            match quote {
                None if c.is_whitespace() => {
                    end = Some((at, after));
                    break;
                }
                Some((_, close)) if !escaped && has(close, c) && ends(after) => {
                    end = Some((at, after));
                    break;
                }
                _ => escaped = !escaped && c == '\\' && first == '"',
            }
        }
        let Some((len, rest)) = end else {
            self.0 = "";
            return Some(Err(Mistake::Unclosed(line)));
        };
        self.0 = rest;
        let raw = inner.get(..len).unwrap_or("");
        // French sets its quotes off with spaces.
        let raw = if first == '\u{ab}' { raw.trim() } else { raw };
        Some(Ok(RawWord { raw, quote: quote.map(|&(open, _)| open) }))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Word {
    start: u16,
    end: u16,
    quoted: bool,
}

/// The words of a line without its options and their quotes, in order. On the stack.
#[derive(Debug, Default)]
pub struct LineWords {
    /// The words, a space after each.
    text: String<LINE_BYTES>,
    list: Vec<Word, LINE_WORDS>,
}

impl LineWords {
    /// None.
    pub const fn new() -> Self {
        Self { text: String::new(), list: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.list.clear();
    }

    /// Adds a word; `None` if there is no room. Words beyond [`LINE_WORDS`] count as a part of the
    /// last.
    pub(super) fn push(&mut self, word: RawWord<'_>) -> Option<()> {
        let start = u16::try_from(self.text.len()).ok()?;
        let mut escaped = false;
        for c in word.raw.chars() {
            if escaped {
                escaped = false;
                match c {
                    'n' => self.text.push('\n').ok()?,
                    '"' | '\\' => self.text.push(c).ok()?,
                    _ => {
                        self.text.push('\\').ok()?;
                        self.text.push(c).ok()?;
                    }
                }
            } else if c == '\\' && word.quote == Some('"') {
                escaped = true;
            } else {
                self.text.push(c).ok()?;
            }
        }
        let end = u16::try_from(self.text.len()).ok()?;
        if self.list.push(Word { start, end, quoted: word.quote.is_some() }).is_err()
            && let Some(last) = self.list.last_mut()
        {
            last.end = end;
        }
        self.text.push(' ').ok()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// A word; empty if there is none.
    pub(super) fn get(&self, at: usize) -> &str {
        self.span(at, at)
    }

    /// A word that stands without quotes; empty if there is none.
    pub(super) fn bare(&self, at: usize) -> &str {
        if self.is_quoted(at) { "" } else { self.get(at) }
    }

    pub(super) fn is_quoted(&self, at: usize) -> bool {
        self.list.get(at).is_some_and(|word| word.quoted)
    }

    /// The words from the one to the other, which is in it, with one space between them.
    pub(super) fn span(&self, first: usize, last: usize) -> &str {
        let (Some(first), Some(last)) = (self.list.get(first), self.list.get(last)) else { return "" };
        self.text.get(usize::from(first.start)..usize::from(last.end)).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::boxed::Box;
    use std::string::{String as Text, ToString};
    use std::vec::Vec as List;

    /// The words of a line; what is quoted in angle brackets.
    fn words(line: &str) -> List<Text> {
        let mut words = Box::new(LineWords::new());
        for word in RawWords(line) {
            match word {
                Ok(word) => words.push(word).unwrap(),
                Err(Mistake::Unclosed(rest)) => return [std::format!("unclosed {rest}")].into(),
                Err(_) => unreachable!(),
            }
        }
        let show = |at| {
            if words.is_quoted(at) { std::format!("<{}>", words.get(at)) } else { words.get(at).to_string() }
        };
        (0..words.len()).map(show).collect()
    }

    #[test]
    fn quotes() {
        for (line, expected) in [
            ("", &[][..]),
            ("  \t ", &[]),
            (" a  b ", &["a", "b"]),
            (r#"update 12 "two  words""#, &["update", "12", "<two  words>"]),
            (r#""" ''"#, &["<>", "<>"]),
            (r#""a \"b\" \\ c\nd \x""#, &["<a \"b\" \\ c\nd \\x>"]),
            (r#""a "b" c""#, &["<a \"b>", "c\""]),
            (r#""a"b""#, &["<a\"b>"]),
            (r"'a \n b'", &[r"<a \n b>"]),
            ("we don't know", &["we", "don't", "know"]),
            ("'l'antenne est tombée' x", &["<l'antenne est tombée>", "x"]),
            (
                "“a b” „c d“ „c d” ”e f” « g h » «i» ‘j’s k’",
                &["<a b>", "<c d>", "<c d>", "<e f>", "<g h>", "<i>", "<j’s k>"],
            ),
            ("«\u{a0}été\u{202f}»", &["<été>"]),
            ("a \"b c", &["unclosed \"b c"]),
            ("a 'tis", &["unclosed 'tis"]),
            (r#""a\""#, &[r#"unclosed "a\""#]),
            ("\"", &["unclosed \""]),
            ("a\"b c\"", &["a\"b", "c\""]),
            ("a\u{3000}b", &["a", "b"]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    #[test]
    fn many_words_are_one_and_a_long_line_is_too_long() {
        let line = "x ".repeat(LINE_WORDS + 9);
        let all = words(&line);
        assert_eq!((all.len(), all.last().unwrap().len()), (LINE_WORDS, 2 * 10 - 1));
        let mut words = LineWords::new();
        let long = "x".repeat(LINE_BYTES);
        assert_eq!(words.push(RawWord { raw: &long, quote: None }), None);
    }

    proptest! {
        #[test]
        fn quoting_is_taken_back(text in "\\PC{0,40}|[\"'\\\\ n\u{201c}\u{201d}«»]{0,12}") {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            prop_assert_eq!(words(&std::format!("a \"{escaped}\" b")), ["a".to_string(), std::format!("<{text}>"), "b".to_string()]);
        }

        #[test]
        fn no_line_is_too_much(line in "\\PC{0,80}|[\"'\\\\ na\u{201c}\u{201d}«»\u{a0}]{0,40}") {
            let count = words(&line).len();
            prop_assert!(count <= line.len());
        }
    }
}
