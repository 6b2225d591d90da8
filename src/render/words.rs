//! The words of the catalogues in `www/lang`.

use crate::model::{Lang, Phrase};

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// A word in a language. It holds nothing that needs escaping (the build sees to that).
pub fn word(lang: Lang, word: Word) -> &'static str {
    at(lang, word as usize)
}

fn at(lang: Lang, place: usize) -> &'static str {
    let ends = ENDS.get(lang.index());
    let end = |place: usize| ends.and_then(|ends| ends.get(place)).copied().map(usize::from);
    let start = place.checked_sub(1).and_then(end).unwrap_or(0);
    TEXTS.get(lang.index()).and_then(|text| text.get(start..end(place)?)).unwrap_or("")
}

/// The form of a counted word that `count` things take.
pub(super) fn counted(lang: Lang, which: Word, count: usize) -> &'static str {
    let forms = word(lang, which);
    // A sentence may say its number apart, and has one form.
    forms.split('|').nth(lang.form(count)).unwrap_or(forms)
}

/// A phrase that people choose, in a language.
pub fn phrase(lang: Lang, phrase: Phrase) -> &'static str {
    let place = PHRASES.split(' ').position(|name| name == phrase.name());
    place.map_or("", |place| at(lang, FIRST_PHRASE.saturating_add(place)))
}

/// A digit as a language writes it; any other character as it is.
pub(super) fn digit(lang: Lang, c: char) -> char {
    let value = c.to_digit(10).unwrap_or(0);
    let own = char::from_u32(u32::from(lang.zero()).saturating_add(value)).unwrap_or(c);
    if c.is_ascii_digit() { own } else { c }
}

/// What stands before and after the place `{…}` of a sentence with one place; all before, if it has
/// none.
pub(super) fn around(sentence: &'static str) -> (&'static str, &'static str) {
    let Some((before, rest)) = sentence.split_once('{') else { return (sentence, "") };
    (before, rest.split_once('}').map_or("", |(_, after)| after))
}

/// The name of a month, 1 to 12.
pub(super) fn month(lang: Lang, month: u8) -> &'static str {
    const MONTHS: [Word; 12] = [
        Word::Month01,
        Word::Month02,
        Word::Month03,
        Word::Month04,
        Word::Month05,
        Word::Month06,
        Word::Month07,
        Word::Month08,
        Word::Month09,
        Word::Month10,
        Word::Month11,
        Word::Month12,
    ];
    MONTHS.get(usize::from(month.wrapping_sub(1))).map_or("", |&name| word(lang, name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_phrase_is_in_every_catalogue_and_no_other() {
        for name in PHRASES.split(' ') {
            assert!(Phrase::named(name).is_some(), "phrase.{name} has no name in the model");
        }
        assert_eq!(PHRASES.split(' ').count(), Phrase::NAMES.len());
        for lang in Lang::ALL {
            for one in Phrase::all() {
                assert!(phrase(lang, one).ends_with('.'), "{} in {}", one.name(), lang.tag());
            }
        }
        assert_eq!(phrase(Lang::En, Phrase::named("power-cut").unwrap()), "There is no electricity there.");
        assert_eq!(
            phrase(Lang::Fr, Phrase::named("POWER-CUT").unwrap()),
            "Il n’y a pas d’électricité là-bas."
        );
    }
}
