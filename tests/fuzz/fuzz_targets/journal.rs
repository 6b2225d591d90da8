//! Arbitrary bytes as a journal: any chunking gives the same records, opening ends, and what comes
//! after is kept. The first byte says how the rest is made: as it is, behind a good header, or as
//! operations on a good journal whose bytes are then damaged.
#![no_main]

#[path = "../../kit/memory.rs"]
mod memory;

use aiglon::journal::frame::{FrameScanner, HEADER_BYTES, OVERHEAD_BYTES, Scanned};
use aiglon::journal::{Durability, Journal};
use aiglon::limits::{JOURNAL_BYTES_MIN, RECORD_BYTES};
use libfuzzer_sys::fuzz_target;
use memory::Memory;

type Plain = (u8, Vec<u8>);

fn scan(bytes: &[u8], size: usize) -> (Vec<Plain>, u32) {
    let mut scanner = FrameScanner::new();
    let mut records = Vec::new();
    'file: for mut chunk in bytes.chunks(size) {
        loop {
            match scanner.next(&mut chunk) {
                Scanned::Record(record) => records.push((record.kind, record.payload.to_vec())),
                Scanned::More => break,
                Scanned::End(_) => break 'file,
            }
        }
    }
    (records, scanner.good())
}

fn open(disk: &mut Memory) -> (Journal, Vec<Plain>, bool) {
    let (mut journal, mut records) = (Journal::new(), Vec::new());
    let opened = journal
        .open(disk, JOURNAL_BYTES_MIN, &mut |record| records.push((record.kind, record.payload.to_vec())));
    (journal, records, opened.is_ok())
}

/// A journal with records cut out of `data`.
fn write(data: &[u8]) -> (Vec<u8>, Vec<Plain>) {
    let mut disk = Memory::default();
    let (mut journal, mut records, _) = open(&mut disk);
    let mut rest = data;
    while let [kind, length, more @ ..] = rest {
        let length = (usize::from(*length) * 5).min(more.len()).min(RECORD_BYTES);
        let payload = &more[..length];
        rest = &more[length..];
        if journal.append(&mut disk, *kind, payload, Durability::Now).is_ok() {
            records.push((*kind, payload.to_vec()));
        }
    }
    (disk.journal.unwrap(), records)
}

fuzz_target!(|data: &[u8]| {
    let [how, size, rest @ ..] = data else { return };
    let (bytes, truth) = match how % 3 {
        0 => (rest.to_vec(), None),
        1 => ([write(&[]).0, rest.to_vec()].concat(), None),
        _ => {
            // The last four bytes damage one place.
            let Some((made, &[a, b, c, with])) = rest.split_last_chunk::<4>() else { return };
            let (mut bytes, records) = write(made);
            let at = u32::from_le_bytes([a, b, c, 0]) as usize % bytes.len();
            bytes[at] ^= with;
            (bytes, Some(records))
        }
    };
    let (records, good) = scan(&bytes, bytes.len().max(1));
    assert_eq!((&records, good), (&scan(&bytes, usize::from(*size).max(1)).0, good));
    let told: usize = records.iter().map(|(_, payload)| payload.len() + OVERHEAD_BYTES).sum();
    assert!(records.iter().all(|(kind, payload)| *kind != 0 && payload.len() <= RECORD_BYTES));
    assert!(good as usize <= bytes.len() && (good == 0 || good as usize == HEADER_BYTES + told));
    if let Some(truth) = truth {
        assert!(truth.starts_with(&records));
    }

    let mut disk = Memory::of(&bytes);
    let (mut journal, found, opened) = open(&mut disk);
    assert_eq!(found, records);
    if !opened {
        assert_eq!(disk.journal, Some(bytes));
    } else if journal.append(&mut disk, 1, b"next", Durability::Now).is_ok() {
        let mut expected = records;
        expected.push((1, b"next".to_vec()));
        assert_eq!(open(&mut disk).1, expected);
    }
});
