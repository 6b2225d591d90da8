//! One alert while it is being read: what was sent, within bounds.

use heapless::Vec;

use super::fingerprint::fingerprint;
use super::json::Text;
use crate::limits::{ALERT_BYTES, ALERT_PAIRS};
use crate::text::ELLIPSIS;
use crate::text::buffer::Bytes;
use crate::text::mask;
use crate::time::Wall;
use crate::time::rfc3339::Stamp;

/// Labels matter more, and Prometheus writes annotations first: these may take half of the room.
const ANNOTATION_PAIRS: usize = ALERT_PAIRS / 2;
const ANNOTATION_BYTES: usize = ALERT_BYTES / 2;

const _: () = assert!(ALERT_BYTES <= u16::MAX as usize, "a Pair has 16 bits for each place");

/// Where a pair comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PairKind {
    /// `labels`: what identifies the alert.
    #[default]
    Label,
    /// `annotations`: what it says.
    Annotation,
}

/// What a webhook says of one alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertStatus {
    /// It burns.
    Firing,
    /// It is over.
    Resolved,
}

/// A name and, right behind it in the text, a value.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    kind: PairKind,
    at: u16,
    name: u16,
    value: u16,
}

impl Pair {
    fn of(self, text: &[u8]) -> (&[u8], &[u8]) {
        let pair = text.get(usize::from(self.at)..).unwrap_or_default();
        let (name, rest) = pair.split_at_checked(self.name.into()).unwrap_or_default();
        (name, rest.get(..usize::from(self.value)).unwrap_or_default())
    }
}

/// `status`, where all-zero is that nothing was said. An `Option<AlertStatus>` is not zero if it is
/// `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Said {
    #[default]
    Nothing,
    Firing,
    Resolved,
}

/// Of which kind something found no room. All-zero: of none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lost {
    label: bool,
    annotation: bool,
}

impl Lost {
    const NONE: Self = Self { label: false, annotation: false };
}

/// One alert: at most [`ALERT_PAIRS`] labels and annotations in [`ALERT_BYTES`] of text, about 9
/// KB. All-zero when new.
///
/// MAC addresses in its text are masked; its fingerprint is that of the labels as they were sent,
/// so that two alerts that differ in nothing but a MAC address are two.
#[derive(Debug)]
pub struct Alert {
    text: Bytes<ALERT_BYTES>,
    pairs: Vec<Pair, ALERT_PAIRS>,
    /// Of those, annotations, and the bytes that annotations took (replaced ones included).
    annotations: u16,
    annotation_bytes: u16,
    /// Where the pair begins whose name has come and whose value has not.
    name_at: u16,
    /// Its name had no room.
    name_lost: bool,
    /// What had no room, or only some of it had.
    lost: Lost,
    /// A MAC address was masked in a label.
    held_mac: bool,
    said: Said,
    starts: Stamp,
    ends: Stamp,
    fingerprint: u64,
}

impl Alert {
    /// Nothing yet.
    pub(super) const fn new() -> Self {
        Self {
            text: Bytes::new(),
            pairs: Vec::new(),
            annotations: 0,
            annotation_bytes: 0,
            name_at: 0,
            name_lost: false,
            lost: Lost::NONE,
            held_mac: false,
            said: Said::Nothing,
            starts: Stamp::Unset,
            ends: Stamp::Unset,
            fingerprint: 0,
        }
    }

    /// The value of a label, never empty; `None` if there is none (an empty one counts as absent,
    /// as in Prometheus).
    pub fn label(&self, name: &str) -> Option<&str> {
        self.value(PairKind::Label, name)
    }

    /// The value of an annotation, never empty.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.value(PairKind::Annotation, name)
    }

    /// The value of a label or, if there is none of this name, of an annotation.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.label(name).or_else(|| self.annotation(name))
    }

    /// All labels and annotations, each name at most once of each kind, in no particular order.
    pub fn pairs(&self) -> impl Iterator<Item = (PairKind, &str, &str)> {
        self.pairs_of(|_, _| true)
    }

    /// Those whose kind and name are wanted.
    pub fn pairs_of(
        &self,
        mut wanted: impl FnMut(PairKind, &str) -> bool,
    ) -> impl Iterator<Item = (PairKind, &str, &str)> {
        self.pairs.iter().filter_map(move |pair| {
            let (name, value) = pair.of(self.text.as_slice());
            let name = as_str(name);
            wanted(pair.kind, name).then(|| (pair.kind, name, as_str(value)))
        })
    }

    /// `startsAt`, if set.
    pub const fn starts_at(&self) -> Option<Wall> {
        self.starts.wall()
    }

    /// `endsAt`, if set: for Prometheus "firing until" or "ended at", for a webhook "ended at".
    pub const fn ends_at(&self) -> Option<Wall> {
        self.ends.wall()
    }

    /// A webhook's `status`, if it says so.
    pub const fn status(&self) -> Option<AlertStatus> {
        match self.said {
            Said::Nothing => None,
            Said::Firing => Some(AlertStatus::Firing),
            Said::Resolved => Some(AlertStatus::Resolved),
        }
    }

    /// Prometheus's fingerprint of all labels, as they were sent. Of an alert that did not fit,
    /// that of the labels that did: not its identity.
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Whether an annotation is missing for want of room, or the end of one: a matcher that looks
    /// for it may find nothing.
    pub const fn was_cut(&self) -> bool {
        self.lost.annotation
    }

    /// Whether nothing of it is missing.
    pub fn is_whole(&self) -> bool {
        self.lost == Lost::NONE
    }

    /// Whether a MAC address was masked in its labels. Its fingerprint is then one of which the
    /// address could be guessed, and must not be written to where it can be found.
    pub const fn held_mac(&self) -> bool {
        self.held_mac
    }

    fn value(&self, kind: PairKind, name: &str) -> Option<&str> {
        self.find(kind, name.as_bytes()).map(|(_, pair)| as_str(pair.of(self.text.as_slice()).1))
    }

    fn find(&self, kind: PairKind, name: &[u8]) -> Option<(usize, Pair)> {
        let found = |pair: &Pair| {
            pair.kind == kind
                && usize::from(pair.name) == name.len()
                && pair.of(self.text.as_slice()).0 == name
        };
        self.pairs.iter().position(found).and_then(|index| Some((index, *self.pairs.get(index)?)))
    }

    // ---- what the reader does with it -----------------------------------------------------------

    pub(super) fn clear(&mut self) {
        self.text.truncate(0);
        self.pairs.clear();
        self.annotations = 0;
        self.annotation_bytes = 0;
        self.lost = Lost::NONE;
        self.held_mac = false;
        self.said = Said::Nothing;
        self.starts = Stamp::Unset;
        self.ends = Stamp::Unset;
    }

    pub(super) fn set_starts(&mut self, stamp: Stamp) {
        self.starts = stamp;
    }
    pub(super) fn set_ends(&mut self, stamp: Stamp) {
        self.ends = stamp;
    }
    /// Whether it is a word that a webhook may say.
    pub(super) fn set_status(&mut self, word: &str) -> bool {
        self.said = match word {
            "firing" => Said::Firing,
            "resolved" => Said::Resolved,
            _ => return false,
        };
        true
    }

    pub(super) fn has_label(&self) -> bool {
        self.lost.label || self.pairs.iter().any(|pair| pair.kind == PairKind::Label)
    }

    /// The name of a pair, whose value must come next.
    pub(super) fn name(&mut self, name: Text) {
        self.name_at = short(self.text.len());
        self.name_lost = name.cut || !self.text.push(name.text.as_bytes());
    }

    /// The value of the pair whose name came before. The last of several pairs of a name and kind
    /// counts.
    pub(super) fn put(&mut self, kind: PairKind, value: Text) {
        let kept = !self.name_lost && self.try_put(kind, value);
        if !kept {
            self.text.truncate(self.name_at.into());
            match kind {
                PairKind::Annotation => self.lost.annotation = true,
                PairKind::Label => self.lost.label = true,
            }
        }
    }

    fn try_put(&mut self, kind: PairKind, value: Text) -> bool {
        let at = usize::from(self.name_at);
        let name = self.text.len().saturating_sub(at);
        let earlier =
            self.find(kind, self.text.as_slice().get(at..).unwrap_or_default()).map(|(index, _)| index);
        if value.text.is_empty() {
            if let Some(index) = earlier {
                self.pairs.remove(index);
                self.annotations = self.annotations.saturating_sub(u16::from(kind == PairKind::Annotation));
            }
            self.text.truncate(at);
            return true;
        }
        let text = value.text;
        let bytes = usize::from(self.annotation_bytes).saturating_add(name).saturating_add(text.len());
        if kind == PairKind::Annotation
            && (bytes > ANNOTATION_BYTES
                || earlier.is_none() && usize::from(self.annotations) >= ANNOTATION_PAIRS)
        {
            return false;
        }
        if !self.text.push(text.as_bytes()) || value.cut && !self.shorten(at.saturating_add(name)) {
            return false;
        }
        let length = self.text.len().saturating_sub(at).saturating_sub(name);
        let pair = Pair { kind, at: self.name_at, name: short(name), value: short(length) };
        if let Some(index) = earlier {
            if let Some(place) = self.pairs.get_mut(index) {
                *place = pair;
            }
        } else if self.pairs.push(pair).is_err() {
            return false;
        } else {
            self.annotations = self.annotations.saturating_add(u16::from(kind == PairKind::Annotation));
        }
        match kind {
            PairKind::Annotation => {
                self.annotation_bytes = short(bytes);
                self.lost.annotation |= value.cut;
            }
            PairKind::Label => self.lost.label |= value.cut,
        }
        true
    }

    /// What came cut, from here on, ends with an ellipsis. Whether anything is left of it.
    fn shorten(&mut self, start: usize) -> bool {
        let text = self.text.as_mut_slice().get_mut(start..).unwrap_or_default();
        let seen = mask::squeeze(text);
        let text = as_str(text.get(..seen).unwrap_or_default());
        let kept = mask::shorten(text, seen.saturating_sub(ELLIPSIS.len())).len();
        self.text.truncate(start.saturating_add(kept));
        kept > 0 && self.text.push(ELLIPSIS.as_bytes())
    }

    /// All of it has come that is going to count, and something in it was wrong.
    pub(super) fn spoil(&mut self) {
        self.complete();
        self.lost.label = true;
    }

    /// All of it has come. From here on it shows no MAC address. Whether it is whole.
    pub(super) fn complete(&mut self) -> bool {
        let labels = self.pairs.iter().filter(|pair| pair.kind == PairKind::Label);
        self.fingerprint = fingerprint(&mut labels.map(|pair| pair.of(self.text.as_slice())));
        for pair in &mut self.pairs {
            if let Some(pair_text) = self.text.as_mut_slice().get_mut(usize::from(pair.at)..)
                && let Some((name, rest)) = pair_text.split_at_mut_checked(pair.name.into())
                && let Some(value) = rest.get_mut(..usize::from(pair.value))
            {
                let seen = mask::squeeze(value);
                pair.value = short(seen);
                let value = value.get_mut(..seen).unwrap_or_default();
                let any = mask::mask_mac(name) | mask::mask_mac(value);
                self.held_mac |= any && pair.kind == PairKind::Label;
            }
        }
        !self.lost.label
    }
}

/// A length within the text, which [`ALERT_BYTES`] bounds below 64 KiB.
fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// The text is made of whole strings, and masking leaves characters whole.
fn as_str(text: &[u8]) -> &str {
    core::str::from_utf8(text).unwrap_or_default()
}
