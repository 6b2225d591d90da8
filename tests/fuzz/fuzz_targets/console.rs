//! What may come to the console's socket and to its client: requests and archives, in any pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shell::console::archive::{ArchiveError, ArchiveReader, ArchiveWriter, LINE_BYTES};
use shell::console::wire::{self, ConsoleRequest, HEAD};

/// The program's own files: it is no library.
#[allow(dead_code)]
#[path = "../../../src/shell"]
mod shell {
    pub mod console {
        pub mod archive;
        pub mod wire;
    }
}

const ROOM: usize = 4_096;

fn read(text: &[u8], size: usize) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::new();
    let mut out = |piece: &[u8]| {
        let fits = bytes.len() + piece.len() <= ROOM;
        if fits {
            bytes.extend_from_slice(piece);
        }
        fits
    };
    let mut reader = ArchiveReader::new();
    for piece in text.chunks(size) {
        if reader.feed(piece, &mut out)? {
            break;
        }
    }
    reader.finish(&mut out)?;
    Ok(bytes)
}

fuzz_target!(|data: &[u8]| {
    let Some((&size, bytes)) = data.split_first() else { return };
    let size = usize::from(size).max(1);
    // A request.
    if let Ok(Some(length)) = wire::expect(bytes) {
        // No piece of it says another length.
        assert_eq!(wire::expect(&bytes[..HEAD.min(bytes.len())]), Ok(Some(length)));
        if let Some(whole) = bytes.get(..length)
            && let Ok(request) = ConsoleRequest::read(whole)
        {
            assert_eq!(request.write().expect("what was read can be written"), whole);
            _ = request.wants_json();
        }
    }
    // An archive, as it comes, and one that is right.
    let whole = read(bytes, bytes.len().max(1));
    for size in [1, size] {
        assert_eq!(read(bytes, size), whole);
    }
    let (mut writer, mut line, mut text) = (ArchiveWriter::new(bytes), [0; LINE_BYTES], Vec::new());
    loop {
        let next = writer.line(&mut line);
        if next.is_empty() {
            break;
        }
        text.extend_from_slice(next);
    }
    if bytes.len() <= ROOM {
        assert_eq!(read(&text, size).as_deref(), Ok(bytes));
    }
    // One byte of it is wrong: it is refused, or the byte did not count.
    let at = size * 7 % text.len();
    text[at] ^= 1 << (size % 8);
    if let Ok(found) = read(&text, size) {
        assert_eq!(found, bytes);
    }
});
