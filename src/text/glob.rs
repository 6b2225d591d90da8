//! Globs: `*` stands for any run of characters, the empty one too, and `?` for exactly one. Nothing
//! else is special and there is no escape: label values with a literal `*` are matched with `=`.

use core::str::Chars;

/// Whether the whole of `text` fits `pattern`. Byte-exact and case-sensitive, as Prometheus
/// compares labels.
///
/// Only the last `*` seen is ever widened, since an earlier one cannot do better by taking more:
/// the work is at most `pattern` times `text` steps, without recursion.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut pattern = pattern.chars();
    let mut text = text.chars();
    let mut star: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let mut pattern_after = pattern.clone();
        let mut text_after = text.clone();
        match (pattern_after.next(), text_after.next()) {
            (Some('*'), _) => {
                star = Some((pattern_after.clone(), text.clone()));
                pattern = pattern_after;
            }
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
                pattern = pattern_after;
                text = text_after;
            }
            // The text is at its end: giving the star more of it leaves even less.
            (Some(_), None) => return false,
            (_, Some(_)) => {
                let Some((after_star, taken)) = &mut star else { return false };
                if taken.next().is_none() {
                    return false;
                }
                pattern = after_star.clone();
                text = taken.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::string::String;

    use super::matches;

    #[test]
    fn table() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("**", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("??", "é", false),
            ("10.0.0.1*", "10.0.0.1:9100", true),
            ("10.0.0.1*", "10.0.0.2:9100", false),
            ("*:9100", "heron:9100", true),
            ("*:9100", "heron:91000", false),
            ("*:9100", "a:9100:9100", true),
            ("her*north", "heron-north", true),
            ("her*north", "heron-south", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b?c", "abbbc", true),
            ("Heron", "heron", false),
            ("a.c", "abc", false),
            ("[ab]", "a", false),
            ("هرون*", "هرون شمال", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern:?} on {text:?}");
        }
    }

    #[test]
    fn many_stars_stay_cheap() {
        let pattern = "*a".repeat(200);
        let text = "a".repeat(4000) + "b";
        assert!(!matches(&pattern, &text));
        assert!(matches(&(pattern + "*"), &text));
    }

    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), Some((_, tail))) => naive(rest, text) || naive(pattern, tail),
            (Some(('*', rest)), None) => naive(rest, text),
            (Some(('?', rest)), Some((_, tail))) => naive(rest, tail),
            (Some((wanted, rest)), Some((found, tail))) => wanted == found && naive(rest, tail),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_naive_one(pattern in "[abé?*]{0,8}", text in "[abé]{0,10}") {
            let wide = |s: &String| s.chars().collect::<std::vec::Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), naive(&wide(&pattern), &wide(&text)));
        }
    }
}
