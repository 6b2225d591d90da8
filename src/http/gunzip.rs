//! Takes gzip (RFC 1952) off a body, piece by piece, in a fixed window. Lengths and checksums are
//! checked, and what comes out is counted: a bomb costs the window and is refused.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::gzip::crc;
use crate::limits::{GUNZIP_BYTES, GUNZIP_WINDOW_BYTES, PIECE_BYTES};

/// Why a body is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GzipError {
    /// It is not gzip, or damaged.
    Broken,
    /// More comes out than [`GUNZIP_BYTES`].
    TooLarge,
}

/// What one call did.
#[derive(Debug)]
pub struct Inflated<'a> {
    /// How many bytes of the input it used up.
    pub consumed: usize,
    /// What came out.
    pub output: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// The first ten bytes.
    Head,
    /// The length of extra fields, and those.
    ExtraLength,
    Extra,
    Name,
    Comment,
    HeadSum,
    Data,
    Trailer,
}

/// What came out last, which what follows refers to (RFC 1951, 2).
pub type GunzipWindow = [u8; GUNZIP_WINDOW_BYTES];

/// Takes gzip off one body after another. About 11 KiB, and its window, apart, so that nothing of
/// that is touched before it is used.
pub struct Gunzip<'w> {
    at: At,
    /// Bytes seen of what `at` says.
    seen: u16,
    flags: u8,
    extra: u16,
    trailer: [u8; 8],
    sum: u32,
    /// Of the present member.
    length: u32,
    total: u64,
    inflate: DecompressorOxide,
    window: &'w mut GunzipWindow,
    to: usize,
    /// What has come out and was not handed out yet, as a part of the window.
    pending: (usize, usize),
}

impl<'w> Gunzip<'w> {
    /// With a window of any content.
    pub fn new(window: &'w mut GunzipWindow) -> Self {
        Self {
            at: At::Head,
            seen: 0,
            flags: 0,
            extra: 0,
            trailer: [0; 8],
            sum: 0,
            length: 0,
            total: 0,
            inflate: DecompressorOxide::new(),
            window,
            to: 0,
            pending: (0, 0),
        }
    }

    /// Begins a body.
    pub fn start(&mut self) {
        self.total = 0;
        self.pending = (0, 0);
        self.member();
    }

    fn member(&mut self) {
        (self.at, self.seen, self.sum, self.length, self.to) = (At::Head, 0, u32::MAX, 0, 0);
        self.inflate.init();
    }

    /// Whether a body may end here: between two members, and not before the first.
    pub fn is_whole(&self) -> bool {
        self.at == At::Head && self.seen == 0 && self.total > 0 && self.pending.0 == self.pending.1
    }

    /// Uses up some of `input`; call it again with the rest until nothing is left and nothing comes
    /// out. At most [`PIECE_BYTES`] come out at once.
    ///
    /// # Errors
    /// The body is to be given up.
    pub fn decode(&mut self, input: &[u8]) -> Result<Inflated<'_>, GzipError> {
        if self.pending.0 < self.pending.1 {
            return Ok(Inflated { consumed: 0, output: self.hand_out() });
        }
        if self.at == At::Data {
            return self.data(input);
        }
        let mut consumed = 0usize;
        for &byte in input {
            if self.at == At::Data {
                break;
            }
            self.frame(byte)?;
            consumed = consumed.saturating_add(1);
        }
        Ok(Inflated { consumed, output: &[] })
    }

    fn data(&mut self, input: &[u8]) -> Result<Inflated<'_>, GzipError> {
        let from = self.to;
        let (status, consumed, written) =
            decompress(&mut self.inflate, input, self.window, from, TINFL_FLAG_HAS_MORE_INPUT);
        match status {
            TINFLStatus::Done => (self.at, self.seen) = (At::Trailer, 0),
            TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput => {}
            _ => return Err(GzipError::Broken),
        }
        self.to = from.saturating_add(written) & (GUNZIP_WINDOW_BYTES.saturating_sub(1));
        self.total = self.total.saturating_add(written as u64);
        if self.total > GUNZIP_BYTES {
            return Err(GzipError::TooLarge);
        }
        let output = self.window.get(from..from.saturating_add(written)).unwrap_or_default();
        self.length = self.length.wrapping_add(u32::try_from(written).unwrap_or(0));
        self.sum = output.iter().fold(self.sum, |sum, &byte| crc(sum, byte));
        self.pending = (from, from.saturating_add(output.len()));
        Ok(Inflated { consumed, output: self.hand_out() })
    }

    fn hand_out(&mut self) -> &[u8] {
        let (from, to) = self.pending;
        let end = to.min(from.saturating_add(PIECE_BYTES));
        self.pending.0 = end;
        self.window.get(from..end).unwrap_or_default()
    }

    /// A byte before or behind the data.
    fn frame(&mut self, byte: u8) -> Result<(), GzipError> {
        let at = usize::from(self.seen);
        self.seen = self.seen.saturating_add(1);
        match self.at {
            At::Head => {
                // The magic number, and the only method that there is (RFC 1952, 2.3.1).
                let wrong = matches!(at, 0 if byte != 0x1f)
                    || matches!(at, 1 if byte != 0x8b)
                    || matches!(at, 2 if byte != 8)
                    || matches!(at, 3 if byte & 0xe0 != 0);
                if wrong {
                    return Err(GzipError::Broken);
                }
                if at == 3 {
                    self.flags = byte;
                }
                if at == 9 {
                    self.after(At::Head);
                }
            }
            At::ExtraLength if at == 0 => self.extra = byte.into(),
            At::ExtraLength => {
                self.extra |= u16::from(byte).wrapping_shl(8);
                self.after(if self.extra == 0 { At::Extra } else { At::ExtraLength });
            }
            At::Extra if self.seen >= self.extra => self.after(At::Extra),
            At::Name | At::Comment if byte == 0 => self.after(self.at),
            At::HeadSum if at == 1 => self.after(At::HeadSum),
            At::Trailer => {
                if let Some(place) = self.trailer.get_mut(at) {
                    *place = byte;
                }
                if at == 7 {
                    let expected = u64::from(self.length).wrapping_shl(32) | u64::from(!self.sum);
                    let right = u64::from_le_bytes(self.trailer) == expected;
                    if !right {
                        return Err(GzipError::Broken);
                    }
                    self.member();
                }
            }
            // A name of any length.
            _ => self.seen = self.seen.min(u16::MAX.wrapping_shr(1)),
        }
        Ok(())
    }

    /// What follows a part of the head, as its flags say.
    fn after(&mut self, at: At) {
        let has = |bit: u8| self.flags & bit != 0;
        self.at = match at {
            At::Head if has(4) => At::ExtraLength,
            At::ExtraLength => At::Extra,
            At::Head | At::Extra if has(8) => At::Name,
            At::Head | At::Extra | At::Name if has(16) => At::Comment,
            At::Head | At::Extra | At::Name | At::Comment if has(2) => At::HeadSum,
            _ => At::Data,
        };
        self.seen = 0;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    use super::*;
    use proptest::prelude::*;
    use std::boxed::Box;
    use std::vec::Vec;

    fn unzip(bytes: &[u8], piece: usize) -> Result<Vec<u8>, Option<GzipError>> {
        let mut window: Box<GunzipWindow> = std::vec![0; GUNZIP_WINDOW_BYTES].try_into().unwrap();
        let mut gunzip = Gunzip::new(&mut window);
        gunzip.start();
        let mut out = Vec::new();
        for mut rest in bytes.chunks(piece) {
            loop {
                let step = gunzip.decode(rest).map_err(Some)?;
                out.extend_from_slice(step.output);
                let (consumed, idle) = (step.consumed, step.output.is_empty());
                rest = &rest[consumed..];
                if rest.is_empty() && idle {
                    break;
                }
                assert!(consumed > 0 || !idle, "it gets on");
            }
        }
        if gunzip.is_whole() { Ok(out) } else { Err(None) }
    }

    /// A member whose data is stored, as RFC 1951, 3.2.4 says; with every optional part of the
    /// head.
    fn stored(data: &[u8], flags: u8) -> Vec<u8> {
        let mut out = std::vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255];
        if flags & 4 != 0 {
            out.extend([3, 0, 1, 2, 3]);
        }
        if flags & 8 != 0 {
            out.extend(b"name\0");
        }
        if flags & 16 != 0 {
            out.extend(b"comment\0");
        }
        if flags & 2 != 0 {
            out.extend([9, 9]);
        }
        let length = u16::try_from(data.len()).unwrap();
        out.push(1);
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(data);
        out.extend((!data.iter().fold(u32::MAX, |sum, &byte| crc(sum, byte))).to_le_bytes());
        out.extend(u32::from(length).to_le_bytes());
        out
    }

    #[test]
    fn what_gzip_writes_reads_back() {
        // printf 'hello hello hello hello\\n' | gzip -9n
        let whole = [
            0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x27, 0xb9,
            0, 0, 0x88, 0x59, 0x0b, 24, 0, 0, 0,
        ];
        let text = b"hello hello hello hello\n";
        for piece in [1, 2, 7, 100] {
            assert_eq!(unzip(&whole, piece), Ok(text.to_vec()), "by {piece}");
        }
        assert_eq!(!b"123456789".iter().fold(u32::MAX, |sum, &byte| crc(sum, byte)), 0xcbf4_3926);
    }

    #[test]
    fn heads_members_and_damage() {
        for flags in (0..32).filter(|flags| flags & 1 == 0) {
            assert_eq!(unzip(&stored(b"some data", flags), 3), Ok(b"some data".to_vec()), "{flags}");
        }
        let two = [stored(b"one", 0), stored(b" two", 8)].concat();
        assert_eq!(unzip(&two, 5), Ok(b"one two".to_vec()));
        let good = stored(b"some data", 0);
        for at in 0..good.len() {
            assert_eq!(unzip(&good[..at], 4), Err(None), "cut at {at}");
        }
        for at in [0, 1, 2, 3, 10, 11, 13, 16, good.len() - 8, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 0xe6;
            assert!(unzip(&bad, 4).is_err(), "damaged at {at}");
        }
        assert_eq!(unzip(b"plain text", 4), Err(Some(GzipError::Broken)));
        assert_eq!(unzip(b"", 4), Err(None));
    }

    #[test]
    fn a_bomb_is_refused_when_it_goes_off() {
        let mut bomb = std::vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        let zeros = std::vec![0; 65_535];
        for _ in 0..=GUNZIP_BYTES / 65_535 {
            bomb.extend([0, 255, 255, 0, 0]);
            bomb.extend(&zeros);
        }
        assert_eq!(unzip(&bomb, 8192), Err(Some(GzipError::TooLarge)));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), piece in 1usize..40) {
            let mut whole = std::vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
            whole.extend(bytes);
            _ = unzip(&whole, piece);
        }
    }
}
