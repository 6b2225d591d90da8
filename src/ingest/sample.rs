//! One sample: what a sender measured at one time, as far as somebody asked for it.

use core::hash::Hasher;

use heapless::Vec;

use crate::config::rule::RuleInterest;
use crate::limits::{SAMPLE_BYTES, SAMPLE_FIELDS, SAMPLE_TAGS};
use crate::text::Span;
use crate::text::buffer::Bytes;
use crate::text::mask;
use crate::text::number::Micro;

/// Who asks for samples. What nobody asks for is dropped as it is read.
pub trait Interest {
    /// Those who ask for anything, one bit each; 0 for nobody.
    fn anything(&self) -> u32;
    /// Those who ask for this measurement, one bit each; 0 for nobody.
    fn measurement(&self, name: &str) -> u32;
    /// Whether one of them asks for this tag.
    fn tag(&self, who: u32, name: &str) -> bool;
    /// Whether one of them asks for this field.
    fn field(&self, who: u32, name: &str) -> bool;
}

impl Interest for RuleInterest<'_> {
    fn anything(&self) -> u32 {
        self.anything()
    }
    fn measurement(&self, name: &str) -> u32 {
        self.measurement(name)
    }
    fn tag(&self, who: u32, name: &str) -> bool {
        self.tag(who, name)
    }
    fn field(&self, who: u32, name: &str) -> bool {
        self.field(who, name)
    }
}

/// The key of hashes that tell series and clients apart. It lives in memory and changes daily, so
/// that no hash says who it was. Zero until the shell has given one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashKey(pub [u64; 2]);

impl HashKey {
    /// A keyed hash (SipHash-2-4) of the parts, in their order.
    #[allow(deprecated, reason = "the core library has no other keyed hash")]
    pub fn hash(self, parts: [&[u8]; 2]) -> u64 {
        let mut hasher = core::hash::SipHasher::new_with_keys(self.0[0], self.0[1]);
        for part in parts {
            hasher.write(part);
            // No byte of UTF-8.
            hasher.write_u8(0xff);
        }
        hasher.finish()
    }
}

/// One sample. All-zero when new. About 800 bytes.
#[derive(Debug)]
pub struct Sample {
    text: Bytes<SAMPLE_BYTES>,
    tags: Vec<(Span, Span, u64), SAMPLE_TAGS, u8>,
    fields: Vec<(Span, Option<Micro>), SAMPLE_FIELDS, u8>,
    who: u32,
    series: u64,
    time: Option<i64>,
    cut: bool,
}

impl Default for Sample {
    fn default() -> Self {
        Self::new()
    }
}

impl Sample {
    /// An empty one.
    pub const fn new() -> Self {
        Self {
            text: Bytes::new(),
            tags: Vec::new(),
            fields: Vec::new(),
            who: 0,
            series: 0,
            time: None,
            cut: false,
        }
    }

    /// Those who asked for it, one bit each.
    pub fn who(&self) -> u32 {
        self.who
    }
    /// A keyed hash of its measurement and all its tags, in whatever order they came.
    pub fn series(&self) -> u64 {
        self.series
    }
    /// When it was measured by the sender's clock, in seconds since 1970, if it says.
    pub fn time(&self) -> Option<i64> {
        self.time
    }
    /// Whether something that was asked for found no room.
    pub fn was_cut(&self) -> bool {
        self.cut
    }
    /// The value of a tag that was asked for, with MAC addresses masked.
    pub fn tag(&self, name: &str) -> Option<&str> {
        let (_, value, _) = self.tags.iter().find(|(tag, ..)| self.of(*tag) == name)?;
        Some(self.of(*value))
    }
    /// A keyed hash of the value of a tag that was asked for, as it was sent.
    pub fn tag_hash(&self, name: &str) -> Option<u64> {
        self.tags.iter().find(|(tag, ..)| self.of(*tag) == name).map(|&(.., hash)| hash)
    }
    /// A field that was asked for: its number, or `None` within for a text.
    pub fn field(&self, name: &str) -> Option<Option<Micro>> {
        self.fields.iter().find(|(field, _)| self.of(*field) == name).map(|&(_, value)| value)
    }

    /// All tags that are kept.
    #[cfg(test)]
    pub(super) fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tags.iter().map(|&(name, value, _)| (self.of(name), self.of(value)))
    }
    /// All fields that are kept.
    #[cfg(test)]
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, Option<Micro>)> {
        self.fields.iter().map(|&(name, value)| (self.of(name), value))
    }

    fn of(&self, span: Span) -> &str {
        span.of(core::str::from_utf8(self.text.as_slice()).unwrap_or(""))
    }

    // ---- as it is read --------------------------------------------------------------------------

    /// Begins anew, with a measurement that these ask for.
    pub(super) fn begin(&mut self, who: u32, series: u64) {
        self.text.clear();
        self.tags.clear();
        self.fields.clear();
        (self.who, self.series, self.time, self.cut) = (who, series, None, false);
    }

    /// Something that belongs to it found no room.
    pub(super) fn lose(&mut self) {
        self.cut = true;
    }

    /// Another sample of the same series.
    pub(super) fn restart(&mut self) {
        self.fields.clear();
        self.time = None;
    }

    /// Only these ask for it, as it turns out.
    pub(super) fn narrow(&mut self, who: u32) {
        self.who &= who;
    }

    /// A tag counts for what tells series apart.
    pub(super) fn add_to_series(&mut self, hash: u64) {
        // In whatever order tags come, the sum is the same.
        self.series = self.series.wrapping_add(hash);
    }

    /// Keeps a tag, its value masked; `hash` is that of the value as it was sent.
    pub(super) fn keep_tag(&mut self, name: &str, value: &[u8], whole: bool, hash: u64) {
        let name = self.keep(name.as_bytes(), true);
        let value = self.keep(value, whole);
        match (name, value) {
            (Some(name), Some(value)) if self.tags.push((name, value, hash)).is_ok() => {}
            _ => self.cut = true,
        }
    }

    /// Keeps a field.
    pub(super) fn keep_field(&mut self, name: &str, value: Option<Micro>) {
        match self.keep(name.as_bytes(), true) {
            Some(name) if self.fields.push((name, value)).is_ok() => {}
            _ => self.cut = true,
        }
    }

    /// Gives each field the number that is meant: it was kept with the place of that in `values`. A
    /// field without a number is dropped: collectd writes null for what is not finite (5.12,
    /// `src/utils/format_json`).
    pub(super) fn resolve(&mut self, values: &[Option<Micro>]) {
        for (_, value) in &mut self.fields {
            let place = value.and_then(|place| usize::try_from(place).ok());
            *value = place.and_then(|place| values.get(place).copied().flatten());
        }
        self.fields.retain(|(_, value)| value.is_some());
    }

    /// When it was measured.
    pub(super) fn set_time(&mut self, secs: i64) {
        self.time = Some(secs);
    }

    /// Copies valid UTF-8, masked.
    fn keep(&mut self, text: &[u8], whole: bool) -> Option<Span> {
        core::str::from_utf8(text).ok()?;
        let start = self.text.len();
        if !self.text.push(text) {
            return None;
        }
        let kept = self.text.as_mut_slice().get_mut(start..).unwrap_or_default();
        let seen = mask::squeeze(kept);
        self.text.truncate(start.saturating_add(seen));
        let kept = self.text.as_mut_slice().get_mut(start..).unwrap_or_default();
        mask::mask_mac(kept);
        if !whole {
            let kept = core::str::from_utf8(kept).unwrap_or_default();
            let length = mask::shorten(kept, kept.len()).len();
            self.text.truncate(start.saturating_add(length));
        }
        Span::new(start, self.text.len())
    }
}
