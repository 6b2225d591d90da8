//! The archive that `export` writes and `import` takes: all state as text that survives mail and
//! copy-and-paste.
//!
//! ```text
//! aiglon archive 1
//! (base64 of the bytes, 57 of them a line but for the last: RFC 4648, 4, with padding)
//! sha256:(64 hexadecimal digits: of the bytes)
//! ```
//!
//! The bytes are those of a journal that was just written anew, so they carry that format's version
//! and checksums, too. Line ends may be CR LF, and blank lines are nothing; what stands behind the
//! last line is not looked at.

use aiglon::limits::PAGE_BYTES;
use base64ct::{Base64, Encoding};
use hmac_sha256::Hash;
use subtle::ConstantTimeEq;

/// The first line.
const FIRST: &[u8] = b"aiglon archive 1";
/// Bytes that one line holds.
const LINE: usize = 57;
/// Characters of a longest line: base64, or the checksum.
const CHARS: usize = 76;
/// Bytes of a largest archive: what a page has room for, in lines that may end in CR LF, and the
/// first and last one.
pub const TEXT_BYTES: usize = PAGE_BYTES / LINE * (CHARS + 2) + 256;
/// Bytes of a longest line with its end.
pub const LINE_BYTES: usize = CHARS + 1;
const CHECKSUM: &[u8] = b"sha256:";

/// Gives the archive of some bytes to `out`, in lines.
pub struct ArchiveWriter<'a> {
    rest: &'a [u8],
    line: Next,
    hash: Hash,
}

#[derive(Clone, Copy)]
enum Next {
    First,
    Bytes,
    Nothing,
}

impl<'a> ArchiveWriter<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, line: Next::First, hash: Hash::new() }
    }

    /// The next line, with its end; an empty one when there is none.
    pub fn line<'b>(&mut self, buffer: &'b mut [u8; LINE_BYTES]) -> &'b [u8] {
        let length = match self.line {
            Next::First => {
                self.line = Next::Bytes;
                buffer[..FIRST.len()].copy_from_slice(FIRST);
                FIRST.len()
            }
            Next::Bytes if !self.rest.is_empty() => {
                let (now, rest) = self.rest.split_at(self.rest.len().min(LINE));
                self.rest = rest;
                self.hash.update(now);
                // 57 bytes are 76 characters.
                Base64::encode(now, buffer).map_or(0, str::len)
            }
            Next::Bytes => {
                self.line = Next::Nothing;
                let (word, digits) = buffer.split_at_mut(CHECKSUM.len());
                word.copy_from_slice(CHECKSUM);
                for (byte, pair) in self.hash.finalize().iter().zip(digits.chunks_exact_mut(2)) {
                    let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 15)];
                    pair.copy_from_slice(&[digit(byte >> 4), digit(*byte)]);
                }
                CHECKSUM.len() + 64
            }
            Next::Nothing => return &[],
        };
        buffer[length] = b'\n';
        &buffer[..=length]
    }
}

/// Why a text is no archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveError {
    /// It does not begin as one.
    First,
    /// A line is neither base64 nor the checksum.
    Line,
    /// The checksum is not that of the bytes.
    Checksum,
    /// There is no room for so many bytes.
    TooLarge,
    /// It ends before its checksum.
    Cut,
}

impl ArchiveError {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::First => "this is no archive: its first line is not 'aiglon archive 1'\n",
            Self::Line => "the archive is damaged: one of its lines is neither base64 nor its checksum\n",
            Self::Checksum => "the archive is damaged: its checksum is not that of what it holds\n",
            Self::TooLarge => "the archive is larger than any that aiglon writes\n",
            Self::Cut => "the archive is cut off: it ends before its checksum\n",
        }
    }
}

/// Takes an archive in, in pieces of any size.
pub struct ArchiveReader {
    line: [u8; CHARS],
    filled: usize,
    begun: bool,
    done: bool,
    hash: Hash,
}

impl ArchiveReader {
    pub fn new() -> Self {
        Self { line: [0; CHARS], filled: 0, begun: false, done: false, hash: Hash::new() }
    }

    /// Takes a piece in; the bytes that it holds go to `out`, which says whether there was room.
    /// True when the archive is whole.
    pub fn feed(&mut self, piece: &[u8], out: &mut dyn FnMut(&[u8]) -> bool) -> Result<bool, ArchiveError> {
        for &byte in piece {
            if self.done {
                break;
            }
            match (byte, self.line.get_mut(self.filled)) {
                (b'\n', _) => self.end_line(out)?,
                (b'\r', _) => {}
                (_, Some(place)) => {
                    *place = byte;
                    self.filled += 1;
                }
                (_, None) => return Err(if self.begun { ArchiveError::Line } else { ArchiveError::First }),
            }
        }
        Ok(self.done)
    }

    /// There is no more.
    pub fn finish(&mut self, out: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), ArchiveError> {
        if !self.done {
            // The last line may have lost its end, and no more than that.
            self.end_line(out).map_err(|bad| if self.begun { ArchiveError::Cut } else { bad })?;
        }
        match (self.done, self.begun) {
            (true, _) => Ok(()),
            (false, true) => Err(ArchiveError::Cut),
            (false, false) => Err(ArchiveError::First),
        }
    }

    fn end_line(&mut self, out: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), ArchiveError> {
        let line = &self.line[..std::mem::take(&mut self.filled)];
        if !self.begun {
            self.begun = line == FIRST;
            return if self.begun { Ok(()) } else { Err(ArchiveError::First) };
        }
        if let Some(told) = line.strip_prefix(CHECKSUM) {
            self.done = true;
            let mut buffer = [0; LINE_BYTES];
            let mut own = ArchiveWriter { rest: &[], line: Next::Bytes, hash: self.hash };
            let own = own.line(&mut buffer);
            let same = own.get(CHECKSUM.len()..own.len() - 1).is_some_and(|own| bool::from(own.ct_eq(told)));
            return if same { Ok(()) } else { Err(ArchiveError::Checksum) };
        }
        let mut buffer = [0; LINE];
        let bytes = Base64::decode(line, &mut buffer).map_err(|_| ArchiveError::Line)?;
        self.hash.update(bytes);
        if out(bytes) { Ok(()) } else { Err(ArchiveError::TooLarge) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn write(bytes: &[u8]) -> String {
        let (mut writer, mut text) = (ArchiveWriter::new(bytes), Vec::new());
        loop {
            let mut buffer = [0; 77];
            let line = writer.line(&mut buffer);
            if line.is_empty() {
                return String::from_utf8(text).unwrap();
            }
            text.extend(line);
        }
    }

    fn read(text: &[u8], piece: usize, room: usize) -> Result<Vec<u8>, ArchiveError> {
        let (mut reader, mut bytes) = (ArchiveReader::new(), Vec::new());
        let mut out = |more: &[u8]| {
            bytes.extend(more);
            bytes.len() <= room
        };
        for piece in text.chunks(piece.max(1)) {
            if reader.feed(piece, &mut out)? {
                break;
            }
        }
        reader.finish(&mut out)?;
        Ok(bytes)
    }

    #[test]
    fn what_it_looks_like() {
        assert_eq!(
            write(b"hello"),
            "aiglon archive 1\naGVsbG8=\n\
             sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n"
        );
        let long = write(&[0; 58]);
        assert!(long.lines().all(|line| line.len() <= 76) && long.lines().count() == 4, "{long}");
    }

    #[test]
    fn what_is_damaged() {
        let good = write(b"some state that people wrote");
        let all = good.len();
        assert_eq!(read(good.trim_end().as_bytes(), 7, 99), Ok(b"some state that people wrote".to_vec()));
        assert_eq!(
            read(good.replace('\n', "\r\n\r\n").replacen("\r\n\r\n", "\n", 1).as_bytes(), 7, 99).map(|_| ()),
            Ok(())
        );
        for (text, expected) in [
            (String::new(), ArchiveError::First),
            ("aiglon archive 2\n".to_owned(), ArchiveError::First),
            (format!("\n{good}"), ArchiveError::First),
            ("x".repeat(100), ArchiveError::First),
            (good[..17].to_owned(), ArchiveError::Cut),
            (good[..good.find("sha256").unwrap()].to_owned(), ArchiveError::Cut),
            (good.replacen("c29t", "d29t", 1), ArchiveError::Checksum),
            (good[..all - 2].to_owned(), ArchiveError::Cut),
            (good.replacen("c29t", "c2*t", 1), ArchiveError::Line),
            (good.replacen("c29t", "c29t c29t", 1), ArchiveError::Line),
            (good.replacen("c29t", &"c29t".repeat(20), 1), ArchiveError::Line),
        ] {
            assert_eq!(read(text.as_bytes(), 7, 99), Err(expected), "{text}");
        }
        assert_eq!(read(good.as_bytes(), 7, 5), Err(ArchiveError::TooLarge));
    }

    proptest! {
        #[test]
        fn there_and_back(bytes in proptest::collection::vec(any::<u8>(), 0..400), piece in 1usize..200) {
            prop_assert_eq!(read(write(&bytes).as_bytes(), piece, 400), Ok(bytes));
        }

        #[test]
        fn no_prefix_is_taken(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 2usize..400) {
            let text = write(&bytes);
            let keep = text.len().saturating_sub(cut);
            prop_assert!(read(&text.as_bytes()[..keep], 50, 400).is_err());
        }
    }
}
