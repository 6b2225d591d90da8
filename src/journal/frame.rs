//! The bytes of a journal: how records are framed, and a scanner that finds them again.
//!
//! A file is a header and frames, one behind the other, without padding. Every number is
//! little-endian on every machine.
//!
//! ```text
//!             0       4     5         8            12       16
//!   header    | magic | ver | 0  0  0 | generation | CRC    |
//!             | AGLN  | 1   |         |            | of 0-12|
//!
//!             0     4        6      7               7 + length
//!   frame     | CRC | length | kind | payload …     |
//! ```
//!
//! - *version* is 1. Later ones keep these sixteen bytes as they are, so that an older program
//!   knows a newer journal as such and leaves it alone.
//! - *generation* is another number in every file that a journal compacts itself into.
//! - *length* is that of the payload, at most [`RECORD_BYTES`]; *kind* is what the owner of the
//!   records makes of it, and never 0.
//! - A frame's *CRC* is taken over the CRC before it (the previous frame's; the header's for the
//!   first), then over length, kind and payload. So a frame counts only behind exactly the frames
//!   that it was written behind: a sector that comes back from an older generation, from before a
//!   cut, or at another place does not fit.
//!
//! The CRC is CRC-32C (`CRC-32/ISCSI` in the catalogue of `reveng`): it finds every error of up to
//! five bits in frames of up to 655 bytes and of up to three in longer ones, and every burst within
//! 32 bits (Koopman, "32-Bit Cyclic Redundancy Codes for Internet Applications", DSN 2002). It
//! begins with ones, and kind 0 is refused besides: zeros, which ext4, F2FS and UBIFS leave at the
//! end of a file that grew just before the power went, are no record.
//!
//! A record costs its payload and seven bytes.

use crc::{CRC_32_ISCSI, Crc, Table};
use heapless::Vec;

use crate::limits::{JOURNAL_BATCH_BYTES, RECORD_BYTES};

/// The first bytes of a journal.
pub const MAGIC: [u8; 4] = *b"AGLN";
/// The version of the format that is written.
pub const VERSION: u8 = 1;
/// Bytes of a file's header.
pub const HEADER_BYTES: usize = FIRST as usize;
/// Where the first frame is.
pub(super) const FIRST: u32 = 16;
/// Bytes before a frame's payload.
pub const OVERHEAD_BYTES: usize = 7;
/// Bytes of the longest frame.
pub const FRAME_BYTES: usize = OVERHEAD_BYTES + RECORD_BYTES;

/// Bytes on their way to a file.
pub(super) type WriteBuffer = Vec<u8, JOURNAL_BATCH_BYTES>;

/// One record, as it was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// What it is; never 0.
    pub kind: u8,
    /// At most [`RECORD_BYTES`].
    pub payload: &'a [u8],
}

/// Where the next frame belongs: what it must follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// Bytes before it.
    pub at: u32,
    /// The CRC before it.
    pub crc: u32,
}

/// Bytes that a record takes in a file; `None` if it is none (kind 0, or too long).
pub(super) fn size(kind: u8, payload: &[u8]) -> Option<u32> {
    if kind == 0 || payload.len() > RECORD_BYTES {
        return None;
    }
    u32::try_from(payload.len().saturating_add(OVERHEAD_BYTES)).ok()
}

fn sum(before: &[u8], bytes: &[u8]) -> u32 {
    // The table of a faster CRC is 1 KiB; without one the router's 32 KiB replay in a few
    // milliseconds.
    const CRC: Crc<u32, Table<0>> = Crc::<u32, Table<0>>::new(&CRC_32_ISCSI);
    let mut digest = CRC.digest();
    digest.update(before);
    digest.update(bytes);
    digest.finalize()
}

/// A file's header.
pub(super) fn header(generation: u32) -> ([u8; HEADER_BYTES], Tail) {
    let [m0, m1, m2, m3] = MAGIC;
    let [g0, g1, g2, g3] = generation.to_le_bytes();
    let fields = [m0, m1, m2, m3, VERSION, 0, 0, 0, g0, g1, g2, g3];
    let crc = sum(&[], &fields);
    let mut bytes = [0; HEADER_BYTES];
    for (to, from) in bytes.iter_mut().zip(fields.into_iter().chain(crc.to_le_bytes())) {
        *to = from;
    }
    (bytes, Tail { at: FIRST, crc })
}

/// Frames a record behind `tail`. `None`, and nothing done, if it is no record or `batch` or a
/// file's 32 bits have no room for it.
pub(super) fn encode(batch: &mut WriteBuffer, tail: Tail, kind: u8, payload: &[u8]) -> Option<Tail> {
    let at = tail.at.checked_add(size(kind, payload)?)?;
    let start = batch.len();
    let [l0, l1] = u16::try_from(payload.len()).ok()?.to_le_bytes();
    let whole = batch.extend_from_slice(&[0, 0, 0, 0, l0, l1, kind]).is_ok()
        && batch.extend_from_slice(payload).is_ok();
    if !whole {
        batch.truncate(start);
        return None;
    }
    let (place, covered) = batch.get_mut(start..)?.split_first_chunk_mut::<4>()?;
    let crc = sum(&tail.crc.to_le_bytes(), covered);
    *place = crc.to_le_bytes();
    Some(Tail { at, crc })
}

/// What [`FrameScanner::next`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned<'a> {
    /// A record; there may be more in the chunk.
    Record(Record<'a>),
    /// The chunk is used up.
    More,
    /// Nothing from here on counts.
    End(ScanEnd),
}

/// Why nothing further counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanEnd {
    /// It does not begin like a journal, or its header is damaged.
    Foreign,
    /// A journal, whole as far as can be seen, of a later version than [`VERSION`].
    Newer,
    /// A frame that is no frame, or fails its CRC.
    Damaged,
}

/// Finds the records in a file's bytes, which come in chunks of any size. Takes bytes once each,
/// and holds one frame.
#[derive(Debug)]
pub struct FrameScanner {
    /// The generation, once there is a header.
    generation: Option<u32>,
    tail: Tail,
    end: Option<ScanEnd>,
    /// Bytes of `frame` that are there.
    held: usize,
    frame: [u8; FRAME_BYTES],
}

impl Default for FrameScanner {
    fn default() -> Self {
        Self::new()
    }
}

impl FrameScanner {
    /// At the start of a file.
    pub const fn new() -> Self {
        Self { generation: None, tail: Tail { at: 0, crc: 0 }, end: None, held: 0, frame: [0; FRAME_BYTES] }
    }

    /// Bytes from the start of the file that are good: the header and all records told so far.
    pub const fn good(&self) -> u32 {
        self.tail.at
    }

    /// The file's generation, when the header has been seen and is good.
    pub const fn generation(&self) -> Option<u32> {
        self.generation
    }

    pub(super) const fn tail(&self) -> Tail {
        self.tail
    }

    /// Takes from `chunk` up to the end of the next record. After [`Scanned::End`] it takes
    /// nothing, ever.
    pub fn next(&mut self, chunk: &mut &[u8]) -> Scanned<'_> {
        loop {
            if let Some(end) = self.end {
                return Scanned::End(end);
            }
            let want = self.want();
            if self.held < want {
                if chunk.is_empty() {
                    return Scanned::More;
                }
                self.take(chunk, want);
                continue;
            }
            self.held = 0;
            if self.generation.is_none() {
                if let Err(end) = self.open() {
                    self.end = Some(end);
                }
                continue;
            }
            let Some((tail, length)) = self.checked() else {
                self.end = Some(ScanEnd::Damaged);
                continue;
            };
            self.tail = tail;
            let (head, payload) = self.frame.split_at(OVERHEAD_BYTES);
            let kind = head.last().copied().unwrap_or(0);
            return Scanned::Record(Record { kind, payload: payload.get(..length).unwrap_or(&[]) });
        }
    }

    /// Bytes to hold before there is something to say.
    fn want(&self) -> usize {
        if self.generation.is_none() {
            HEADER_BYTES
        } else if self.held < OVERHEAD_BYTES {
            OVERHEAD_BYTES
        } else {
            // A length that cannot be is seen by `checked`, and nothing more is read for it.
            self.length().map_or(0, |length| length.saturating_add(OVERHEAD_BYTES))
        }
    }

    /// The length in the head that is held, if head and length can be.
    fn length(&self) -> Option<usize> {
        let [_, _, _, _, l0, l1, kind] = *self.frame.first_chunk::<OVERHEAD_BYTES>()?;
        let length = usize::from(u16::from_le_bytes([l0, l1]));
        (kind != 0 && length <= RECORD_BYTES).then_some(length)
    }

    fn take(&mut self, chunk: &mut &[u8], want: usize) {
        let count = chunk.len().min(want.saturating_sub(self.held));
        let (taken, rest) = chunk.split_at(count);
        for (to, &from) in self.frame.iter_mut().skip(self.held).zip(taken) {
            *to = from;
        }
        self.held = self.held.saturating_add(count);
        *chunk = rest;
    }

    fn open(&mut self) -> Result<(), ScanEnd> {
        let bytes = self.frame.first_chunk::<HEADER_BYTES>().ok_or(ScanEnd::Foreign)?;
        let [m0, m1, m2, m3, version, _, _, _, g0, g1, g2, g3, c0, c1, c2, c3] = *bytes;
        let crc = u32::from_le_bytes([c0, c1, c2, c3]);
        let covered = bytes.first_chunk::<12>().ok_or(ScanEnd::Foreign)?;
        if [m0, m1, m2, m3] != MAGIC || version == 0 || sum(&[], covered) != crc {
            return Err(ScanEnd::Foreign);
        }
        if version > VERSION {
            return Err(ScanEnd::Newer);
        }
        self.generation = Some(u32::from_le_bytes([g0, g1, g2, g3]));
        self.tail = Tail { at: FIRST, crc };
        Ok(())
    }

    /// The tail behind the frame that is held, and its payload's length, if its CRC is right.
    fn checked(&self) -> Option<(Tail, usize)> {
        let length = self.length()?;
        let size = length.checked_add(OVERHEAD_BYTES)?;
        let at = self.tail.at.checked_add(u32::try_from(size).ok()?)?;
        let (crc, covered) = self.frame.get(..size)?.split_first_chunk::<4>()?;
        let crc = u32::from_le_bytes(*crc);
        (sum(&self.tail.crc.to_le_bytes(), covered) == crc).then_some((Tail { at, crc }, length))
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]
mod tests {
    use std::vec;
    use std::vec::Vec as Heap;

    use super::*;
    use proptest::prelude::*;

    type Plain = (u8, Heap<u8>);

    /// A file of these records, and where each ends.
    fn file(generation: u32, records: &[Plain]) -> (Heap<u8>, Heap<usize>) {
        let (head, mut tail) = header(generation);
        let mut bytes = head.to_vec();
        let mut ends = vec![bytes.len()];
        for (kind, payload) in records {
            let mut batch = WriteBuffer::new();
            tail = encode(&mut batch, tail, *kind, payload).unwrap();
            bytes.extend_from_slice(&batch);
            assert_eq!(tail.at as usize, bytes.len());
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn scan(bytes: &[u8], size: usize) -> (Heap<Plain>, usize, Option<ScanEnd>) {
        let mut scanner = FrameScanner::new();
        let mut records = Heap::new();
        for mut chunk in bytes.chunks(size) {
            loop {
                match scanner.next(&mut chunk) {
                    Scanned::Record(record) => records.push((record.kind, record.payload.to_vec())),
                    Scanned::More => break,
                    Scanned::End(end) => {
                        assert_eq!(
                            scanner.next(&mut &[1u8; 99][..]),
                            Scanned::End(end),
                            "it stays at its end"
                        );
                        return (records, scanner.good() as usize, Some(end));
                    }
                }
            }
        }
        (records, scanner.good() as usize, None)
    }

    fn some() -> Heap<Plain> {
        vec![
            (1, b"one".to_vec()),
            (255, vec![]),
            (7, vec![0; 40]),
            (2, vec![0xff; RECORD_BYTES]),
            (3, vec![9]),
        ]
    }

    #[test]
    fn the_layout_is_as_drawn() {
        let (bytes, _) = file(0x0403_0201, &[(7, b"hi".to_vec())]);
        assert_eq!(&bytes[..12], b"AGLN\x01\0\0\0\x01\x02\x03\x04");
        assert_eq!(&bytes[20..], b"\x02\0\x07hi");
        assert_eq!(bytes.len(), HEADER_BYTES + OVERHEAD_BYTES + 2);
        // The catalogue's check value.
        assert_eq!(sum(b"1234", b"56789"), 0xe306_9283);
    }

    #[test]
    fn records_come_back_whatever_the_chunks() {
        let (bytes, _) = file(5, &some());
        for size in 1..=bytes.len() {
            assert_eq!(scan(&bytes, size), (some(), bytes.len(), None), "chunks of {size}");
        }
    }

    #[test]
    fn a_file_cut_anywhere_gives_the_records_before_the_cut() {
        let (bytes, ends) = file(5, &some());
        for cut in 0..bytes.len() {
            let whole = ends.iter().filter(|&&end| end <= cut).count();
            let good = ends[..whole].last().copied().unwrap_or(0);
            let records = some()[..whole.saturating_sub(1)].to_vec();
            assert_eq!(scan(&bytes[..cut], 64), (records.clone(), good, None), "cut at {cut}");
            for filler in [0, 0xff] {
                let mut filled = bytes[..cut].to_vec();
                filled.resize(bytes.len() + 4096, filler);
                let (found, at, end) = scan(&filled, 64);
                // The filler may be what was there.
                assert!(some().starts_with(&found) && at <= ends[found.len()], "cut at {cut}");
                assert!(found.len() >= records.len() && at >= good && end.is_some(), "cut at {cut}");
            }
        }
    }

    #[test]
    fn one_wrong_bit_ends_the_records_there() {
        let (bytes, ends) = file(5, &some());
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut wrong = bytes.clone();
                wrong[at] ^= 1 << bit;
                let before = ends.iter().filter(|&&end| end <= at).count().saturating_sub(1);
                let (found, good, end) = scan(&wrong, 256);
                assert_eq!(found, some()[..before], "bit {bit} of byte {at}");
                assert_eq!(good, if at < HEADER_BYTES { 0 } else { ends[before] });
                // A length that grew may ask for more than there is.
                assert!(end.is_some() || good < bytes.len());
            }
        }
    }

    #[test]
    fn zeros_are_no_records() {
        assert_eq!(scan(&[0; 4096], 100), (vec![], 0, Some(ScanEnd::Foreign)));
        let (mut bytes, ends) = file(0, &[]);
        bytes.resize(9000, 0);
        assert_eq!(scan(&bytes, 100), (vec![], ends[0], Some(ScanEnd::Damaged)));
    }

    #[test]
    fn frames_of_another_place_or_time_do_not_count() {
        let (bytes, ends) = file(5, &some());
        let swapped = |generation: u32, frame: core::ops::Range<usize>| {
            let mut file = header(generation).0.to_vec();
            file.extend_from_slice(&bytes[frame]);
            scan(&file, 512).0.len()
        };
        assert_eq!(swapped(5, ends[0]..ends[1]), 1, "where it was");
        assert_eq!(swapped(6, ends[0]..ends[1]), 0, "of an older generation");
        assert_eq!(swapped(5, ends[1]..ends[2]), 0, "of another place");
        // The same frame behind another past of the same length.
        let mut past = some();
        past[0].1[0] ^= 1;
        let (mut other, _) = file(5, &past);
        other.splice(ends[1].., bytes[ends[1]..].iter().copied());
        assert_eq!(scan(&other, 512).0, past[..1]);
    }

    #[test]
    fn a_newer_version_is_known_as_such() {
        let mut bytes = header(5).0;
        bytes[4] = 2;
        assert_eq!(scan(&bytes, 16).2, Some(ScanEnd::Foreign), "without its CRC");
        let crc = sum(&[], &bytes[..12]);
        bytes[12..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(scan(&bytes, 16).2, Some(ScanEnd::Newer));
    }

    #[test]
    fn what_is_no_record_is_not_framed() {
        let mut batch = WriteBuffer::new();
        let tail = header(1).1;
        assert_eq!(encode(&mut batch, tail, 0, b"x"), None);
        assert_eq!(encode(&mut batch, tail, 1, &[1; RECORD_BYTES + 1]), None);
        assert_eq!(encode(&mut batch, Tail { at: u32::MAX - 3, crc: 0 }, 1, b"x"), None);
        assert!(batch.is_empty());
        batch.resize(JOURNAL_BATCH_BYTES - 8, 7).unwrap();
        assert_eq!(encode(&mut batch, tail, 1, b"xy"), None);
        assert_eq!(batch.len(), JOURNAL_BATCH_BYTES - 8);
        assert!(encode(&mut batch, tail, 1, b"x").is_some());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_the_same_in_any_chunks(
            bytes in proptest::collection::vec(any::<u8>(), 0..3000),
            size in 1usize..300,
        ) {
            let whole = scan(&bytes, bytes.len().max(1));
            prop_assert_eq!(&whole, &scan(&bytes, size));
            prop_assert!(whole.0.is_empty());
        }

        #[test]
        fn rubbish_behind_a_journal_adds_nothing(
            rubbish in proptest::collection::vec(any::<u8>(), 1..3000), size in 1usize..300,
        ) {
            let (mut bytes, _) = file(9, &some());
            let good = bytes.len();
            bytes.extend(rubbish);
            let (records, at, _) = scan(&bytes, size);
            prop_assert_eq!((records, at), (some(), good));
        }
    }
}
