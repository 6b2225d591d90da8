//! What is kept of an alert's text.

use heapless::Vec;

use crate::limits::KEPT_BYTES;
use crate::text::ELLIPSIS;
use crate::text::mask::shorten;
use crate::time::Wall;

/// A name and its text, of a label or an annotation, that was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptPair<'a> {
    /// Whether it is an annotation.
    pub annotation: bool,
    /// The name.
    pub name: &'a str,
    /// The value, perhaps cut.
    pub value: &'a str,
}

/// The labels and annotations that are kept of an alert, packed: flag, two lengths, name, value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept(Vec<u8, KEPT_BYTES, u16>);

impl Kept {
    /// Nothing.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a pair. A value that finds no room is cut ([`shorten`]) and ends with an ellipsis.
    /// False if it was cut, or if nothing of it found room.
    pub fn push(&mut self, annotation: bool, name: &str, value: &str) -> bool {
        let room = KEPT_BYTES.saturating_sub(self.0.len()).saturating_sub(3);
        let Some(room) = room.checked_sub(name.len()) else { return false };
        let room = room.min(usize::from(u8::MAX));
        let whole = value.len() <= room;
        let (kept, mark) = match room.checked_sub(ELLIPSIS.len()) {
            _ if whole => (value, ""),
            Some(room) => (shorten(value, room), ELLIPSIS),
            None => return false,
        };
        let Ok(name_len) = u8::try_from(name.len()) else { return false };
        let value_len = u8::try_from(kept.len().saturating_add(mark.len())).unwrap_or(u8::MAX);
        if kept.is_empty() && !whole {
            return false;
        }
        self.0.extend_from_slice(&[u8::from(annotation), name_len, value_len]).is_ok()
            && [name, kept, mark].iter().all(|part| self.0.extend_from_slice(part.as_bytes()).is_ok())
            && whole
    }

    /// As it lies in memory, and in the journal.
    pub fn packed(&self) -> &[u8] {
        &self.0
    }

    /// Back from [`packed`](Self::packed); `None` if that is not what it is.
    pub fn unpack(packed: &[u8]) -> Option<Self> {
        let kept = Self(Vec::from_slice(packed).ok()?);
        let whole = kept.pairs().fold(0usize, |sum, pair| {
            sum.saturating_add(3).saturating_add(pair.name.len()).saturating_add(pair.value.len())
        });
        (whole == packed.len()).then_some(kept)
    }

    /// The pairs that are wanted.
    #[must_use]
    pub fn filter(&self, wanted: impl Fn(&KeptPair<'_>) -> bool) -> Self {
        let mut kept = Self::new();
        for pair in self.pairs().filter(wanted) {
            kept.push(pair.annotation, pair.name, pair.value);
        }
        kept
    }

    /// The value of a label, or of an annotation, that was kept.
    pub fn get(&self, annotation: bool, name: &str) -> Option<&str> {
        let found = self.pairs().find(|pair| pair.annotation == annotation && pair.name == name);
        found.map(|pair| pair.value)
    }

    /// The pairs, in the order in which they were added.
    pub fn pairs(&self) -> impl Iterator<Item = KeptPair<'_>> {
        let mut rest = self.0.as_slice();
        core::iter::from_fn(move || {
            let (&[annotation, name_len, value_len], tail) = rest.split_first_chunk::<3>()?;
            let (name, tail) = tail.split_at_checked(usize::from(name_len))?;
            let (value, tail) = tail.split_at_checked(usize::from(value_len))?;
            rest = tail;
            Some(KeptPair {
                annotation: annotation != 0,
                name: core::str::from_utf8(name).ok()?,
                value: core::str::from_utf8(value).ok()?,
            })
        })
    }
}

/// An alert that is held, as a client of Alertmanager's API may see it.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// Its name, and what a matcher or `publish` names.
    pub kept: &'a Kept,
    /// The fingerprint of its full label set.
    pub fingerprint: u64,
    /// When it began.
    pub starts_at: Option<Wall>,
    /// Until when it fires unless repeated.
    pub ends_at: Option<Wall>,
    /// When it was last heard of.
    pub updated_at: Option<Wall>,
    /// Whether it is known to fire; else nobody can tell.
    pub active: bool,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::string::ToString;
    use std::vec::Vec;

    #[test]
    fn pairs_come_back_in_order_and_what_finds_no_room_is_cut_at_a_character() {
        let mut kept = Kept::new();
        assert!(kept.push(false, "alertname", "AntennaDown"));
        assert!(kept.push(true, "summary", "Héron"));
        let long = "é".repeat(KEPT_BYTES);
        assert!(!kept.push(true, "description", &long));
        assert!(!kept.push(true, "more", "x"));
        let pairs: Vec<_> = kept.pairs().map(|pair| (pair.annotation, pair.name, pair.value)).collect();
        assert_eq!(pairs[0], (false, "alertname", "AntennaDown"));
        assert_eq!(pairs[1], (true, "summary", "Héron"));
        assert!(pairs[2].2.len() > 100 && long.starts_with(pairs[2].2.trim_end_matches('…')));
        assert!(pairs[2].2.ends_with("é…"));
        assert_eq!(pairs.len(), 3);
        assert_eq!(Kept::unpack(kept.packed()), Some(kept.clone()));
    }

    #[test]
    fn a_text_that_finds_no_room_ends_with_a_word_and_an_ellipsis() {
        let first = "The antenna on the roof has lost its power supply, and volunteers with a ladder are asked to call.";
        let second =
            "Il faudra attendre demain soir, car l'électricien passe d'abord et n'a pas le temps avant.";
        let mut kept = Kept::new();
        assert!(kept.push(true, "summary", first));
        assert!(kept.push(true, "detail", second));
        assert!(!kept.push(true, "more", first));
        let last = kept.pairs().last().unwrap().value.to_string();
        let words = last.strip_suffix('…').unwrap();
        assert!(first.strip_prefix(words).unwrap().starts_with(' '), "{last}");
        for text in [
            &*first.repeat(3),
            &*second.repeat(3),
            &*"ع ربية ".repeat(60),
            &*"الهوائي".repeat(60),
            &*"w".repeat(300),
        ] {
            let mut kept = Kept::new();
            assert!(!kept.push(true, "summary", text));
            let shown = kept.pairs().next().unwrap().value.to_string();
            let words = shown.strip_suffix('…').unwrap();
            assert!(text.starts_with(words) && words.len() > 200, "{shown}");
            assert!(!text.contains(' ') || text[words.len()..].starts_with(' '), "{shown}");
        }
    }

    #[test]
    fn no_half_of_an_address_is_left_at_a_cut() {
        for room in 1..24 {
            for space in ["", " "] {
                let mut kept = Kept::new();
                let text = "z".repeat(KEPT_BYTES - room) + space + "10.20.30.40 is down";
                assert!(!kept.push(true, "summary", &text));
                let shown = kept.pairs().next().unwrap().value.to_string();
                assert!(shown.ends_with("z…"), "{shown}");
            }
        }
    }
}
