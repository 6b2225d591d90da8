//! Lines for a narrow terminal, which would break them within words.

use super::width::width;

/// How a line goes on in the next row.
const INDENT: &[u8] = b"\n  ";

/// Breaks lines that are longer than the terminal is wide between words, where there are any. 0
/// columns: nobody knows how wide it is. What is not UTF-8 stays as it is.
pub fn wrap(bytes: &[u8], columns: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if columns <= INDENT.len() || text.is_empty() {
        out.extend_from_slice(bytes);
        return out;
    }
    for line in text.split_inclusive('\n') {
        let mut used = 0;
        for (at, word) in line.split(' ').enumerate() {
            let wide = word.chars().map(width).sum::<usize>();
            if at > 0 && used + 1 + wide > columns {
                out.extend_from_slice(INDENT);
                used = INDENT.len() - 1;
            } else if at > 0 {
                out.push(b' ');
                used += 1;
            }
            out.extend_from_slice(word.as_bytes());
            // What is wider than the terminal is broken by that.
            used += wide;
            used = if used > columns { used % columns } else { used };
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_end_between_words() {
        for (text, expected) in [
            ("", ""),
            ("one two three\n", "one two\n  three\n"),
            ("one two th\n", "one two th\n"),
            ("one two thr\nab", "one two\n  thr\nab"),
            ("one two th ree", "one two th\n  ree"),
            ("  page       abcdef\n", "  page    \n    abcdef\n"),
            ("ab abcdefghijklmn op\n", "ab\n  abcdefghijklmn op\n"),
            ("日本 日本 日本\n", "日本 日本\n  日本\n"),
            ("a  \n\nb", "a  \n\nb"),
        ] {
            assert_eq!(wrapped(text, 10), expected, "{text}");
            assert_eq!(wrapped(text, 0), text);
        }
        assert_eq!(wrap(b"\xff a", 3), b"\xff a");
    }

    fn wrapped(text: &str, columns: usize) -> String {
        String::from_utf8(wrap(text.as_bytes(), columns)).unwrap()
    }

    proptest! {
        #[test]
        fn nothing_but_spaces_is_lost(text in "[a-c 日\n]{0,60}|\\PC{0,40}", columns in 0usize..40) {
            let bare = |text: &str| text.replace([' ', '\n'], "");
            prop_assert_eq!(bare(&wrapped(&text, columns)), bare(&text));
        }
    }
}
