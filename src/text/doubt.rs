//! Whether words that people are about to publish seem to tell who lives where, or how to reach
//! them: a street, a telephone number, an address. It is a doubt and no more: whoever wrote the
//! words decides.

use super::buffer::Bytes;
use super::{is_letter, mask};
use crate::limits::WORDS_BYTES;

/// What stands before or behind the name of a street, as a word of its own.
const STREETS: &str = "rue ruelle avenue boulevard chaussée impasse allée allee quai place square chemin venelle \
    straat street road lane calle avenida paseo rua travessa sokak sokağı cadde caddesi شارع زنقة زقاق خیابان کوچه";
/// What the name of a street ends in.
const ENDINGS: &str = "straat laan steenweg plein dreef kaai straße strasse gasse platz";
/// Words behind that of a street among which its number is looked for.
const NEAR: usize = 4;
/// Bytes of a word that may stand between that of a street and its name: `de`, `la`, `van`.
const SHORT: usize = 3;

/// What a text seems to hold, as a noun with its article; empty: nothing of that kind.
pub fn looks_like(text: &str) -> &'static str {
    let mut masked = Bytes::<WORDS_BYTES>::new();
    if masked.push(text.as_bytes()) {
        mask::mask_ip(masked.as_mut_slice());
        if masked.as_slice() != text.as_bytes() {
            return "an IP address";
        }
    }
    if text.split(char::is_whitespace).any(is_mail) {
        "an e-mail address"
    } else if has_telephone(text) {
        "a telephone number"
    } else if has_street(text) {
        "a street"
    } else {
        ""
    }
}

/// Whether a text holds a MAC address, which is masked before anybody keeps it.
pub fn has_mac(text: &str) -> bool {
    let mut masked = Bytes::<WORDS_BYTES>::new();
    masked.push(text.as_bytes());
    let seen = mask::squeeze(masked.as_mut_slice());
    masked.truncate(seen);
    mask::mask_mac(masked.as_mut_slice())
}

fn is_mail(word: &str) -> bool {
    let Some((before, after)) = super::split_once(word, "@") else { return false };
    let domain = super::split_once(after, ".").is_some_and(|(host, top)| {
        host.starts_with(is_letter) && top.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    domain && before.ends_with(is_letter)
}

/// Whether there are as many digits as a telephone number has, behind a plus or a zero. A date may
/// begin with a zero, too: its third number has four digits.
fn has_telephone(text: &str) -> bool {
    let (mut digits, mut group, mut groups, mut first) = (0u8, 0u8, 0u32, '\0');
    for c in text.chars().chain(['\n']) {
        let digit = match c {
            '0'..='9' => c,
            '\u{660}' | '\u{6f0}' => '0',
            '\u{661}'..='\u{669}' | '\u{6f1}'..='\u{6f9}' => '1',
            _ => '\0',
        };
        if digit != '\0' {
            first = if first == '\0' { digit } else { first };
            (digits, group) = (digits.saturating_add(1), group.saturating_add(1));
            continue;
        }
        // How many digits each group has, a decimal digit for each.
        if group > 0 {
            groups = groups.wrapping_mul(10).wrapping_add(group.into());
            group = 0;
        }
        if matches!(c, ' ' | '.' | '-' | '/' | '(' | ')' | '\u{a0}' | '\u{202f}') {
            continue;
        }
        let is_date = matches!(groups, 224 | 2242 | 2241);
        if first == '+' && digits >= 8 || first == '0' && digits >= 9 && !is_date {
            return true;
        }
        (digits, groups, first) = (0, 0, if c == '+' { c } else { '\0' });
    }
    false
}

/// Whether a word for a street stands beside a name or a number.
fn has_street(text: &str) -> bool {
    let mut before = "";
    let mut words = text.split(char::is_whitespace).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        let bare = word.trim_matches(|c| !is_letter(c));
        let begins = |known: &str| {
            let at = bare.len().checked_sub(known.len())?;
            let (head, tail) = bare.split_at_checked(at)?;
            tail.eq_ignore_ascii_case(known).then_some(head)
        };
        let mut near = words.clone().take(NEAR);
        let numbered = is_number(before)
            || bare.len() == word.trim_start_matches(|c| !is_letter(c)).len() && near.any(is_number);
        let is_street = |known: &str| {
            let is_word = begins(known).is_some_and(|head| !head.ends_with(is_letter));
            let foreign = !known.starts_with(|c: char| c.is_ascii());
            is_word && (foreign || numbered || is_named(before, word, words.clone()))
        };
        let ends = |known: &str| begins(known).is_some_and(|head| head.ends_with(is_letter));
        if STREETS.split(' ').any(is_street) || (numbered || is_name(bare)) && ENDINGS.split(' ').any(ends) {
            return true;
        }
        before = word;
    }
    false
}

/// Whether a name stands before or behind the word of a street, with no more than short words in
/// between.
fn is_named<'a>(before: &str, street: &str, behind: impl Iterator<Item = &'a str>) -> bool {
    if !street.ends_with(is_letter) {
        return false;
    }
    // `High Street`, but not `The street`.
    if is_name(street) && is_name(before) && before.ends_with(is_letter) {
        return true;
    }
    let mut behind = behind.skip_while(|word| word.len() <= SHORT && !is_name(word) && !is_number(word));
    behind.next().is_some_and(is_name)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a word begins with a capital letter, perhaps behind an article: `l'Église`.
fn is_name(word: &str) -> bool {
    let capital = |c: char| matches!(c, 'A'..='Z' | 'À'..='Þ' | 'Ğ' | 'İ' | 'Ş' | 'Œ');
    let behind = word.split(['\'', '’']).next_back().unwrap_or("");
    word.starts_with(capital) || behind.starts_with(capital)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_tells_who_lives_where_is_doubted() {
        for (text, expected) in [
            ("The box at 10.0.0.17 is off.", "an IP address"),
            ("ping fe80::1ff:fe23:4567:890a", "an IP address"),
            ("Write to heron@example.org.", "an e-mail address"),
            ("Appelez le 0470/12.34.56 svp", "a telephone number"),
            ("Call +32 470 12 34 56!", "a telephone number"),
            ("Tél : 02 345 67 89", "a telephone number"),
            ("اتصل ٠٤٧٠١٢٣٤٥٦", "a telephone number"),
            ("Panne au 12 rue haute", "a street"),
            ("Rue de la Loi, plus de courant", "a street"),
            ("Coupure avenue de l'Église", "a street"),
            ("L'antenne, boulevard Anspach", "a street"),
            ("chaussée de wavre 205", "a street"),
            ("Geen stroom in de Hoogstraat", "a street"),
            ("In de kerkstraat 5", "a street"),
            ("Nobody at High Street", "a street"),
            ("Der Mast in der Lindenstraße", "a street"),
            ("انقطاع في شارع الحمراء", "a street"),
        ] {
            assert_eq!(looks_like(text), expected, "{text}");
        }
    }

    #[test]
    fn ordinary_words_are_not_doubted() {
        for text in [
            "",
            "Somebody is on the way with a battery; back at 18:30.",
            "The work goes on until 2026-12-01 08:00, or 01/12/2026 08:00.",
            "Le technicien est sur place. Nous attendons.",
            "Le disque est plein à 98 %.",
            "We look at it in the street.",
            "Onderweg naar de antenne, 20 minuten.",
            "Version 0.33.1 since 03:00, 120 000 packets lost",
            "en chemin vers Ixelles",
            "@ 18h, on y est @heron",
            "Il n'y a pas de courant depuis 09h15.",
            "plus tard, 2 à 3 heures",
            "0 of 12 parts are back",
        ] {
            assert_eq!(looks_like(text), "", "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "\\PC{0,200}|([0-9+./() -]|rue |straat |@|[A-Z]){0,40}") {
            looks_like(&text);
        }
    }
}
