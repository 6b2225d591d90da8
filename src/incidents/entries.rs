//! The log: every record of incidents, maintenance and banners that is kept, one behind the other,
//! as the journal has them. What is derived from it can be derived anew, so a reload, an undo or a
//! restart needs nothing else.

use crate::limits::{FLASH_NODE_BYTES, LOG_BYTES, RECORD_BYTES, RECORD_OVERHEAD_BYTES};
use crate::text::buffer::Bytes;

/// Length (u16, little-endian) and kind before each payload.
const HEAD: usize = 3;

/// Records, in the order in which they happened.
pub struct Log {
    bytes: Bytes<LOG_BYTES>,
    /// Bytes that they take in a journal.
    weight: usize,
    /// What stands before this place is in the journal.
    written: usize,
}

/// Whether records went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Any.
    pub any: bool,
    /// One that the journal has not been told: what it says there must be written anew.
    pub unwritten: bool,
}

/// A record in the log.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    /// Where it stands.
    pub at: usize,
    /// Its kind, as in the journal.
    pub kind: u8,
    /// Its bytes.
    pub payload: &'a [u8],
}

#[cfg(test)]
std::thread_local! {
    /// How many records were looked at: what a test holds to a budget.
    pub(crate) static LOOKED_AT: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

impl Log {
    /// Empty; all-zero.
    pub const fn new() -> Self {
        Self { bytes: Bytes::new(), weight: 0, written: 0 }
    }

    /// Bytes that all of it takes in a journal.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// What a record takes here.
    pub fn size_of(payload: usize) -> usize {
        payload.saturating_add(HEAD)
    }

    /// What one record of this many bytes takes there.
    pub fn weight_of(payload: usize) -> usize {
        payload.saturating_add(RECORD_OVERHEAD_BYTES)
    }

    /// Adds a record. False if there is no room, or it is too long for a journal; then nothing has
    /// changed.
    pub fn push(&mut self, kind: u8, payload: &[u8]) -> bool {
        let Some(length) = u16::try_from(payload.len()).ok().filter(|_| payload.len() <= RECORD_BYTES) else {
            return false;
        };
        if self.bytes.room() < payload.len().saturating_add(HEAD) {
            return false;
        }
        let [low, high] = length.to_le_bytes();
        let pushed = self.bytes.push(&[low, high, kind]) && self.bytes.push(payload);
        self.weight = self.weight.saturating_add(Self::weight_of(payload.len()));
        pushed
    }

    /// All records, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Raw<'_>> {
        self.from(0)
    }

    /// Those from a place on.
    pub fn from(&self, start: usize) -> impl Iterator<Item = Raw<'_>> {
        let mut at = start;
        core::iter::from_fn(move || {
            let raw = self.get(at)?;
            at = at.saturating_add(HEAD).saturating_add(raw.payload.len());
            Some(raw)
        })
    }

    /// The record that stands at a place where one begins.
    pub fn get(&self, at: usize) -> Option<Raw<'_>> {
        #[cfg(test)]
        LOOKED_AT.set(LOOKED_AT.get() + 1);
        let (&[low, high, kind], rest) = self.bytes.as_slice().get(at..)?.split_first_chunk::<HEAD>()?;
        let payload = rest.get(..usize::from(u16::from_le_bytes([low, high])))?;
        Some(Raw { at, kind, payload })
    }

    /// The bytes of that record, to be changed in place. Its length stays.
    pub fn get_mut(&mut self, at: usize) -> Option<&mut [u8]> {
        let length = self.get(at)?.payload.len();
        self.bytes.as_mut_slice().get_mut(at.checked_add(HEAD)?..)?.get_mut(..length)
    }

    /// Keeps the records that are wanted. Records may be changed in place on the way.
    pub fn retain(&mut self, wanted: &mut dyn FnMut(u8, &mut [u8]) -> bool) -> Dropped {
        let (mut from, mut to, mut written) = (0usize, 0usize, 0usize);
        let was_written = self.written;
        let mut weight = 0usize;
        let mut went = Dropped::default();
        while let Some((kind, length)) = self.get(from).map(|raw| (raw.kind, raw.payload.len())) {
            let end = from.saturating_add(HEAD).saturating_add(length);
            let kept = self.get_mut(from).is_some_and(|payload| wanted(kind, payload));
            if !kept {
                went.any = true;
                went.unwritten |= from >= was_written;
            }
            if kept {
                self.bytes.as_mut_slice().copy_within(from..end, to);
                to = to.saturating_add(HEAD).saturating_add(length);
                weight = weight.saturating_add(Self::weight_of(length));
            }
            if end <= was_written {
                written = to;
            }
            from = end;
        }
        self.bytes.truncate(to);
        self.weight = weight;
        self.written = written;
        went
    }

    /// The first record that is not in the journal yet.
    pub fn unwritten(&self) -> Option<Raw<'_>> {
        self.get(self.written)
    }

    /// Bytes that the flash takes for what is not in the journal yet, each record synced.
    pub fn unwritten_bytes(&self) -> usize {
        let node = usize::try_from(FLASH_NODE_BYTES).unwrap_or(0);
        let each = self.from(self.written).map(|raw| Self::weight_of(raw.payload.len()).saturating_add(node));
        each.fold(0, usize::saturating_add)
    }

    /// Where the first record stands that is not in the journal yet.
    pub fn written(&self) -> usize {
        self.written
    }

    /// Whether the record at a place is in the journal.
    pub fn is_written(&self, at: usize) -> bool {
        at < self.written
    }

    /// It is there now.
    pub fn wrote_one(&mut self) {
        if let Some(raw) = self.get(self.written) {
            self.written = self.written.saturating_add(HEAD).saturating_add(raw.payload.len());
        }
    }

    /// All of it is.
    pub fn note_all(&mut self) {
        self.written = self.bytes.len();
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.bytes.clear();
        (self.weight, self.written) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::boxed::Box;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn what_is_kept_stays_in_order_and_is_noted_once(
            records in proptest::collection::vec((1u8..9, proptest::collection::vec(any::<u8>(), 0..40)), 1..60),
            written in 0usize..60, keep in any::<u64>(),
        ) {
            let mut log = Box::new(Log::new());
            for (kind, payload) in &records {
                prop_assert!(log.push(*kind, payload));
            }
            let written = written.min(records.len());
            (0..written).for_each(|_| log.wrote_one());
            let mut nth = 0;
            log.retain(&mut |_, _| {
                nth += 1;
                keep >> (nth - 1) & 1 == 1
            });
            let kept = |from: usize| -> Vec<_> {
                (from..records.len()).filter(|nth| keep >> nth & 1 == 1).map(|nth| records[nth].clone()).collect()
            };
            let told: Vec<_> = log.iter().map(|raw| (raw.kind, raw.payload.to_vec())).collect();
            prop_assert_eq!(&told, &kept(0));
            prop_assert_eq!(log.weight(), told.iter().map(|(_, payload)| payload.len() + RECORD_OVERHEAD_BYTES).sum::<usize>());
            let mut rest = Vec::new();
            while let Some(raw) = log.unwritten() {
                rest.push((raw.kind, raw.payload.to_vec()));
                log.wrote_one();
            }
            prop_assert_eq!(rest, kept(written));
        }
    }

    #[test]
    fn a_full_log_takes_no_part_of_a_record() {
        let mut log = Box::new(Log::new());
        let record = [7; RECORD_BYTES];
        while log.push(4, &record) {}
        assert!(log.iter().all(|raw| raw.payload == record));
        let weight = log.weight();
        assert!(!log.push(4, &record) && !log.push(4, &[0; RECORD_BYTES + 1]));
        assert_eq!(log.weight(), weight);
        log.clear();
        assert!(log.unwritten().is_none() && log.push(4, b"x"));
    }
}
