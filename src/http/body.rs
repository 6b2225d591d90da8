//! Body framing (RFC 9112, sections 6 and 7): bytes off the wire in, runs of payload out, nothing
//! copied.

use super::Status;
use super::head::Framing;
use crate::limits::{CHUNK_EXTENSION_BYTES, CHUNK_LINE_BYTES};
use crate::text::hex;

/// Why a body is refused. The connection closes after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// A chunk's size is malformed or does not fit 64 bits.
    ChunkSize,
    /// What follows a chunk's size or data, or a trailer, is malformed: a bare CR or LF, a control
    /// character.
    ChunkFraming,
    /// A chunk-size line or the trailers are longer than [`CHUNK_LINE_BYTES`], or all chunk
    /// extensions together longer than [`CHUNK_EXTENSION_BYTES`].
    ChunkLine,
    /// More payload than the cap.
    TooLarge,
}

impl BodyError {
    /// The status to answer with, and what was wrong, in a few words for whoever wrote the sender.
    pub fn answer(self) -> (Status, &'static str) {
        match self {
            Self::ChunkSize => (Status::BadRequest, "malformed chunk size"),
            Self::ChunkFraming => (Status::BadRequest, "malformed chunk"),
            Self::ChunkLine => (Status::BadRequest, "chunk extensions or trailers too long"),
            Self::TooLarge => (Status::ContentTooLarge, "body too large"),
        }
    }
}

/// What a call to [`BodyDecoder::decode`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// So many bytes of the input belong to this body and are dealt with.
    pub consumed: usize,
    /// Payload, a part of those; may be empty.
    pub payload: &'a [u8],
    /// Whether the body has ended: what is left of the input belongs to the next request.
    pub done: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// Nothing.
    #[default]
    Done,
    /// Payload up to the end, all of a known length.
    Length,
    /// The first digit of a chunk's size.
    Size,
    /// More of its digits.
    Digits,
    /// White space between the size and an extension, which a recipient must take (RFC 9112,
    /// section 7.1.1).
    Space,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// A trailer, or the empty line at the end.
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
    /// Nothing: it was refused.
    Refused,
}

/// Takes the framing off one body. All-zero when new, which is the body that is not there.
#[derive(Clone, Copy, Debug, Default)]
pub struct BodyDecoder {
    at: At,
    /// Bytes of the present chunk-size line, or of all trailers.
    line: u16,
    /// Bytes of chunk extensions so far.
    extensions: u16,
    /// Bytes of payload left in the body or the chunk.
    left: u64,
    /// Bytes of payload that may still come in chunks.
    room: u64,
}

impl BodyDecoder {
    /// No body.
    pub const fn new() -> Self {
        Self { at: At::Done, line: 0, extensions: 0, left: 0, room: 0 }
    }

    /// The body of a request, of at most `cap` bytes of payload.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] if the head says already that it is longer.
    pub const fn of(framing: Framing, cap: u64) -> Result<Self, BodyError> {
        let (at, left) = match framing {
            Framing::None | Framing::Length(0) => (At::Done, 0),
            Framing::Length(length) if length > cap => return Err(BodyError::TooLarge),
            Framing::Length(length) => (At::Length, length),
            Framing::Chunked => (At::Size, 0),
        };
        Ok(Self { at, line: 0, extensions: 0, left, room: cap })
    }

    /// Whether the body has ended. A connection that ends before has cut it off.
    pub fn is_done(&self) -> bool {
        self.at == At::Done
    }

    /// Takes framing from the front of `input` up to and with one run of payload, the end of the
    /// body, or the end of the input. Call it again with the rest until it is done or the input is
    /// empty; a call with input left and the body not done always consumes. After an error come
    /// only errors.
    pub fn decode<'a>(&mut self, input: &'a [u8]) -> Result<Piece<'a>, BodyError> {
        let mut consumed = 0usize;
        for &byte in input {
            if matches!(self.at, At::Done | At::Length | At::Data) {
                break;
            }
            self.at = self.after(byte).inspect_err(|_| self.at = At::Refused)?;
            consumed = consumed.saturating_add(1);
        }
        let rest = input.get(consumed..).unwrap_or_default();
        let payload = if matches!(self.at, At::Length | At::Data) { self.payload(rest) } else { &[] };
        consumed = consumed.saturating_add(payload.len());
        Ok(Piece { consumed, payload, done: self.is_done() })
    }

    /// The payload that `rest` begins with.
    fn payload<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let run = usize::try_from(self.left).map_or(rest, |left| rest.get(..left).unwrap_or(rest));
        self.left = self.left.saturating_sub(run.len() as u64);
        if self.left == 0 {
            self.at = if self.at == At::Length { At::Done } else { At::DataCr };
        }
        run
    }

    /// What comes after a byte of framing.
    fn after(&mut self, byte: u8) -> Result<At, BodyError> {
        if usize::from(self.line) >= CHUNK_LINE_BYTES || usize::from(self.extensions) > CHUNK_EXTENSION_BYTES
        {
            return Err(BodyError::ChunkLine);
        }
        let next = match (self.at, byte) {
            (At::Digits | At::Extension, b'\r') => At::SizeLf,
            (At::Digits | At::Space, b' ' | b'\t') => At::Space,
            (At::Digits | At::Space, b';') => At::Extension,
            (At::Size | At::Digits, _) => {
                // Four more bits must fit at the top.
                let digit = hex::value(byte).filter(|_| self.left >> 60 == 0).ok_or(BodyError::ChunkSize)?;
                self.left = self.left.wrapping_shl(4) | u64::from(digit);
                At::Digits
            }
            (At::SizeLf, b'\n') => return self.chunk(),
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => {
                self.line = 0;
                return Ok(At::Size);
            }
            (At::TrailerStart, b'\r') => At::EndLf,
            (At::Trailer, b'\r') => At::TrailerLf,
            (At::TrailerLf, b'\n') => At::TrailerStart,
            (At::EndLf, b'\n') => return Ok(At::Done),
            // Trailers are discarded (RFC 9112, section 7.1.2), but a folded one is not a trailer.
            (At::TrailerStart, b'!'..=b'~') => At::Trailer,
            (at @ (At::Extension | At::Trailer), b'\t' | b' '..=b'~' | 0x80..) => at,
            _ => return Err(BodyError::ChunkFraming),
        };
        self.line = self.line.saturating_add(1);
        self.extensions = self.extensions.saturating_add(u16::from(next == At::Extension));
        Ok(next)
    }

    /// A chunk-size line is complete.
    fn chunk(&mut self) -> Result<At, BodyError> {
        self.room = self.room.checked_sub(self.left).ok_or(BodyError::TooLarge)?;
        self.line = 0;
        Ok(if self.left == 0 { At::TrailerStart } else { At::Data })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    use super::*;
    use proptest::prelude::*;
    use std::format;
    use std::string::String;
    use std::vec;
    use std::vec::Vec;

    const CAP: u64 = 1 << 20;

    /// What came out, how much went in, and how it ended: done, cut off, or refused.
    type Outcome = (Vec<u8>, usize, Result<bool, BodyError>);

    /// Decodes `input`, of which `pieces` say how much arrives at a time, for ever anew.
    fn decode(framing: Framing, cap: u64, input: &[u8], pieces: &[usize]) -> Outcome {
        let mut payload = Vec::new();
        let mut consumed = 0;
        let mut arrived = 0;
        let mut body = match BodyDecoder::of(framing, cap) {
            Ok(body) => body,
            Err(error) => return (payload, 0, Err(error)),
        };
        for piece in pieces.iter().cycle() {
            arrived = input.len().min(arrived + piece);
            while consumed < arrived && !body.is_done() {
                match body.decode(&input[consumed..arrived]) {
                    Ok(step) => {
                        assert!(step.consumed > 0, "it consumes");
                        assert!(step.payload.len() <= step.consumed);
                        assert_eq!(step.done, body.is_done());
                        payload.extend_from_slice(step.payload);
                        consumed += step.consumed;
                    }
                    Err(error) => {
                        assert!(body.decode(b"0\r\n\r\n").is_err() && !body.is_done(), "it stays refused");
                        return (payload, 0, Err(error));
                    }
                }
            }
            if body.is_done() || arrived == input.len() {
                break;
            }
        }
        (payload, consumed, Ok(body.is_done()))
    }

    fn check(input: &str, expected: Result<(&str, &str), BodyError>) {
        let (payload, consumed, end) = decode(Framing::Chunked, CAP, input.as_bytes(), &[usize::MAX / 4]);
        match expected {
            Ok((text, rest)) => {
                assert_eq!(end, Ok(true), "{input:?}");
                assert_eq!((&payload[..], &input[consumed..]), (text.as_bytes(), rest), "{input:?}");
            }
            Err(error) => assert_eq!(end, Err(error), "{input:?}"),
        }
        for size in 1..4 {
            let split = decode(Framing::Chunked, CAP, input.as_bytes(), &[size]);
            assert_eq!(split, (payload.clone(), consumed, end), "{input:?} by {size}");
        }
    }

    #[test]
    fn chunks() {
        for (input, payload, rest) in [
            ("0\r\n\r\n", "", ""),
            ("5\r\nhello\r\n0\r\n\r\n", "hello", ""),
            ("5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n", "hello", "GET / HTTP/1.1\r\n"),
            ("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n\n", "hello", "\n"),
            ("0000005\r\nhello\r\n000\r\n\r\n", "hello", ""),
            ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""),
            ("a\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n", ""),
            ("1;a=b;c=\"d;e\"\r\nx\r\n0;last\r\n\r\n", "x", ""),
            ("1 \t;a\r\nx\r\n0\r\n\r\n", "x", ""),
            ("1;\u{e9}\t\r\nx\r\n0\r\n\r\n", "x", ""),
            ("0\r\nX-Checksum: 1\r\nY: 2\r\n\r\nz", "", "z"),
        ] {
            check(input, Ok((payload, rest)));
        }
    }

    #[test]
    fn refused_chunks() {
        use BodyError::{ChunkFraming, ChunkSize, TooLarge};
        for (input, expected) in [
            ("\r\n", ChunkSize),
            (" 5\r\n", ChunkSize),
            ("+5\r\n", ChunkSize),
            ("-5\r\n", ChunkSize),
            ("0x5\r\n", ChunkSize),
            ("5_0\r\n", ChunkSize),
            ("g\r\n", ChunkSize),
            (";a\r\n", ChunkSize),
            ("\u{665}\r\n", ChunkSize),
            ("10000000000000000\r\n", ChunkSize),
            ("ffffffffffffffff0\r\n", ChunkSize),
            ("ffffffffffffffff\r\n", TooLarge),
            ("100001\r\n", TooLarge),
            ("5\nhello\r\n", ChunkSize),
            ("5\r\r\n", ChunkFraming),
            ("5\rhello", ChunkFraming),
            ("5 \r\nhello", ChunkFraming),
            ("5 5\r\nhello", ChunkFraming),
            ("5;a\nhello", ChunkFraming),
            ("5;a\0\r\nhello", ChunkFraming),
            ("5;a\x0b\r\nhello", ChunkFraming),
            ("5;a\rb\r\nhello", ChunkFraming),
            ("5\r\nhello\n0\r\n\r\n", ChunkFraming),
            ("5\r\nhello\r0\r\n\r\n", ChunkFraming),
            ("5\r\nhelloo\r\n0\r\n\r\n", ChunkFraming),
            ("5\r\nhello0\r\n\r\n", ChunkFraming),
            ("5\r\nhello\r\n\r\n", ChunkSize),
            ("0\r\n\n", ChunkFraming),
            ("0\r\n\r\r", ChunkFraming),
            ("0\r\nX: y\n\r\n", ChunkFraming),
            ("0\r\nX: y\rZ", ChunkFraming),
            ("0\r\nX: y\r\n z\r\n\r\n", ChunkFraming),
            ("0\r\nX: \0\r\n\r\n", ChunkFraming),
            ("0\n\r\n", ChunkSize),
        ] {
            check(input, Err(expected));
        }
    }

    #[test]
    fn lines_and_extensions_are_bounded() {
        let line = |len: usize| format!("1;{}\r\nx\r\n0\r\n\r\n", "e".repeat(len - 4));
        check(&line(CHUNK_LINE_BYTES), Ok(("x", "")));
        check(&line(CHUNK_LINE_BYTES + 1), Err(BodyError::ChunkLine));
        check(&format!("{}\r\n", "0".repeat(CHUNK_LINE_BYTES - 1)), Err(BodyError::ChunkLine));
        let trailers = |len: usize| format!("0\r\nX: {}\r\n\r\n", "y".repeat(len));
        check(&trailers(CHUNK_LINE_BYTES - 7), Ok(("", "")));
        check(&trailers(CHUNK_LINE_BYTES - 6), Err(BodyError::ChunkLine));
        check(&format!("0\r\n{}", "X: y\r\n".repeat(CHUNK_LINE_BYTES)), Err(BodyError::ChunkLine));
        // Small chunks with long extensions: Go's CVE-2023-39326.
        let chunk = format!("1;{}\r\nx\r\n", "e".repeat(200));
        let few: String = chunk.repeat(CHUNK_EXTENSION_BYTES / 201) + "0\r\n\r\n";
        check(&few, Ok((&"x".repeat(CHUNK_EXTENSION_BYTES / 201), "")));
        check(&chunk.repeat(CHUNK_EXTENSION_BYTES / 201 + 1), Err(BodyError::ChunkLine));
    }

    #[test]
    fn payload_is_capped() {
        let all = |framing, cap| decode(framing, cap, b"4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n", &[3]).2;
        assert_eq!(all(Framing::Chunked, 7), Ok(true));
        assert_eq!(all(Framing::Chunked, 6), Err(BodyError::TooLarge));
        assert_eq!(all(Framing::Chunked, 0), Err(BodyError::TooLarge));
        assert_eq!(all(Framing::Length(7), 7), Ok(true));
        assert_eq!(all(Framing::Length(7), 6), Err(BodyError::TooLarge));
        assert_eq!(all(Framing::Length(u64::MAX), CAP), Err(BodyError::TooLarge));
        assert_eq!(all(Framing::None, 0), Ok(true));
    }

    #[test]
    fn lengths() {
        for (framing, input, payload, done) in [
            (Framing::None, "GET", "", true),
            (Framing::Length(0), "GET", "", true),
            (Framing::Length(3), "abcGET", "abc", true),
            (Framing::Length(3), "abc", "abc", true),
            (Framing::Length(3), "ab", "ab", false),
            (Framing::Length(3), "", "", false),
        ] {
            for size in 1..7 {
                let expected = (payload.as_bytes().to_vec(), payload.len(), Ok(done));
                assert_eq!(decode(framing, CAP, input.as_bytes(), &[size]), expected, "{framing:?} {input}");
            }
        }
        assert!(BodyDecoder::new().is_done());
    }

    proptest! {
        #[test]
        fn what_is_chunked_comes_back(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..8),
            rest in proptest::collection::vec(any::<u8>(), 0..9),
            pieces in proptest::collection::vec(1usize..30, 1..9),
        ) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                let len = u32::try_from(chunk.len()).unwrap();
                wire.extend_from_slice(crate::http::response::chunk_line(len).as_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
            }
            wire.extend_from_slice(crate::http::response::LAST_CHUNK);
            let len = wire.len();
            wire.extend_from_slice(&rest);
            prop_assert_eq!(decode(Framing::Chunked, CAP, &wire, &pieces), (chunks.concat(), len, Ok(true)));
        }

        #[test]
        fn any_split_gives_the_same_answer(
            noise in proptest::collection::vec(prop_oneof![
                Just("0\r\n"), Just("\r\n"), Just("5"), Just("1;x"), Just("a"), Just("\n"), Just("\r"),
                Just(" "), Just("5\r\nhello\r\n"), Just("ffffffffffffffff"), Just("\0"), Just("X: y\r\n"),
            ], 0..12),
            pieces in proptest::collection::vec(1usize..9, 1..9),
        ) {
            let input = noise.concat();
            let whole = decode(Framing::Chunked, CAP, input.as_bytes(), &[input.len().max(1)]);
            prop_assert_eq!(decode(Framing::Chunked, CAP, input.as_bytes(), &pieces), whole);
        }

        #[test]
        fn no_bytes_panic(input in proptest::collection::vec(any::<u8>(), 0..300), cap in any::<u64>()) {
            let (payload, consumed, end) = decode(Framing::Chunked, cap, &input, &[7]);
            prop_assert!(end.is_err() || payload.len() < consumed.max(1));
        }
    }
}
