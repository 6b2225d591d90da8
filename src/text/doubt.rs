//! Whether words that people are about to publish seem to tell who lives where, or how to reach
//! them: a street, a telephone number, an address. It is a doubt and no more: whoever wrote the
//! words decides.

use super::buffer::Bytes;
use super::{is_letter, mask};
use crate::limits::WORDS_BYTES;

/// What stands before or behind the name of a street, as a word of its own; behind a hyphen what
/// such a name ends in.
const STREETS: &str = "rue ruelle avenue boulevard chaussée impasse allée allee quai place square chemin venelle \
    straat street road lane calle avenida paseo rua travessa sokak sokağı cadde caddesi شارع زنقة زقاق خیابان کوچه \
    -straat -laan -steenweg -plein -dreef -kaai -straße -strasse -gasse -platz";
/// Words behind that of a street among which its number is looked for.
const NEAR: u8 = 4;
/// Bytes of a word that may stand between that of a street and its name: `de`, `la`, `van`.
const SHORT: usize = 3;

/// What a text seems to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubt {
    /// A MAC address, which is masked before anybody keeps it.
    pub mac: bool,
    /// Something else that tells too much, as a noun with its article; empty: nothing.
    pub noun: &'static str,
}

impl Doubt {
    /// Looks at a text that is no longer than [`WORDS_BYTES`]; in a longer one nothing is found.
    #[inline(never)]
    pub fn of(text: &str) -> Self {
        let mut masked = Bytes::<WORDS_BYTES>::new();
        masked.push(text.as_bytes());
        let seen = mask::squeeze(masked.as_mut_slice());
        masked.truncate(seen);
        let mac = mask::mask_mac(masked.as_mut_slice());
        let noun = if mask::mask_ip(masked.as_mut_slice()) {
            "an IP address"
        } else {
            look(core::str::from_utf8(masked.as_slice()).unwrap_or(""))
        };
        Self { mac, noun }
    }
}

/// Looks for what is known by its form.
fn look(text: &str) -> &'static str {
    let (mut telephone, mut mail, mut street) = (Telephone::default(), 0u8, Street::default());
    let mut start = 0;
    for (at, c) in text.char_indices().chain([(text.len(), '\n')]) {
        let letter = is_letter(c);
        // How far `a@b.c` has come.
        mail = match (mail, c) {
            (1, '@') => 2,
            (2 | 3, _) if letter => 3,
            (3, '.') => 4,
            (4, _) if c.is_ascii_alphabetic() => return "an e-mail address",
            _ => letter.into(),
        };
        if telephone.ends_with(c) {
            return "a telephone number";
        }
        if letter {
            continue;
        }
        let word = text.get(start..at).unwrap_or("");
        start = at.saturating_add(c.len_utf8());
        if street.ends_with(word, !matches!(c, ' ' | '\n' | '-' | '\'' | '’')) {
            return "a street";
        }
    }
    ""
}

/// A number that may be a telephone number: as many digits as it has, behind a plus or a zero. A
/// date may begin with a zero, too: its third number has four digits.
#[derive(Default)]
struct Telephone {
    first: char,
    digits: u8,
    group: u8,
    /// How many digits each group has, a decimal digit for each.
    groups: u32,
}

impl Telephone {
    /// Takes the next character in. Whether one ends before it.
    fn ends_with(&mut self, c: char) -> bool {
        let digit = match c {
            '0'..='9' => c,
            '\u{660}' | '\u{6f0}' => '0',
            '\u{661}'..='\u{669}' | '\u{6f1}'..='\u{6f9}' => '1',
            _ => '\0',
        };
        if digit != '\0' {
            self.first = if self.first == '\0' { digit } else { self.first };
            self.digits = self.digits.saturating_add(1);
            self.group = self.group.saturating_add(1);
            return false;
        }
        if self.group > 0 {
            self.groups = self.groups.wrapping_mul(10).wrapping_add(self.group.into());
            self.group = 0;
        }
        if matches!(c, ' ' | '.' | '-' | '/' | '(' | ')' | '\u{a0}' | '\u{202f}') {
            return false;
        }
        let is_date = matches!(self.groups, 224 | 2242 | 2241);
        let is_one = match self.first {
            '+' => self.digits >= 8,
            '0' => self.digits >= 9 && !is_date,
            _ => false,
        };
        *self = Self { first: if c == '+' { c } else { '\0' }, ..Self::default() };
        is_one
    }
}

/// Whether a word for a street stands beside a name or a number.
#[derive(Default)]
struct Street {
    /// Words to come in which a number would be its number.
    near: u8,
    /// Whether the next name is its name, since only short words came between.
    open: bool,
    /// Whether the word before is a number, and whether it is a name.
    before: (bool, bool),
}

impl Street {
    /// Takes a word in, and whether a sign stands behind it. Whether that makes a street.
    fn ends_with(&mut self, word: &str, sign: bool) -> bool {
        let Some(first) = word.chars().next() else {
            self.open &= !sign;
            self.before = (false, false);
            return false;
        };
        let number = first.is_ascii_digit();
        let name = matches!(first, 'A'..='Z' | 'À'..='Þ' | 'Ğ' | 'İ' | 'Ş' | 'Œ');
        let before = core::mem::replace(&mut self.before, (number, name && !sign));
        let is_one = self.near > 0 && (number || name && self.open);
        self.near = self.near.saturating_sub(1);
        self.open &= word.len() <= SHORT && !sign;
        let kind = STREETS.split(' ').find_map(|known| {
            let ending = known.strip_prefix('-');
            let (at, known) =
                (word.len().checked_sub(ending.unwrap_or(known).len())?, ending.unwrap_or(known));
            let fits = word.get(at..)?.eq_ignore_ascii_case(known) && (at > 0) == ending.is_some();
            fits.then_some(at > 0)
        });
        let Some(ends) = kind else { return is_one };
        if !sign {
            (self.near, self.open) = (NEAR, !ends);
        }
        // `Hoogstraat`, `12 rue`, `High Street`; and scripts that have no capital letters.
        is_one || before.0 || name && (ends || before.1) || first > '\u{5ff}'
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_tells_who_lives_where_is_doubted() {
        for (text, expected) in [
            ("The box at 10.0.0.17 is off.", "an IP address"),
            ("ping 2001:db8::17", "an IP address"),
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
            assert_eq!(Doubt::of(text), Doubt { mac: false, noun: expected }, "{text}");
        }
    }

    #[test]
    fn a_mac_address_is_nothing_else() {
        for text in ["The box 00:11:22:33:44:55 is off.", "001122334455", "0011.2233.4455\u{200b}"] {
            assert_eq!(Doubt::of(text), Doubt { mac: true, noun: "" }, "{text}");
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
            assert_eq!(Doubt::of(text), Doubt::default(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "\\PC{0,200}|([0-9+./() -]|rue |straat |@|[A-Z]){0,40}") {
            Doubt::of(&text);
        }
    }
}
