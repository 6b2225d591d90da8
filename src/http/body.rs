//! Body framing (RFC 9112, sections 6 and 7): bytes off the wire in, runs of payload out, nothing copied.

use super::Status;
use super::head::Framing;
use super::target::hex;
use crate::limits::{CHUNK_EXTENSION_BYTES, CHUNK_LINE_BYTES};

/// Why a body is refused. The connection closes after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// A chunk's size is malformed or does not fit 64 bits.
    ChunkSize,
    /// What follows a chunk's size or data, or a trailer, is malformed: a bare CR or LF, a control character.
    ChunkFraming,
    /// A chunk-size line or the trailers are longer than [`CHUNK_LINE_BYTES`], or all chunk extensions
    /// together longer than [`CHUNK_EXTENSION_BYTES`].
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

/// What a call to [`Body::decode`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'a> {
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
    /// White space between the size and an extension, which a recipient must take (RFC 9112, section 7.1.1).
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
}

/// Takes the framing off one body. All-zero when new, which is the body that is not there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Body {
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

impl Body {
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

    /// Takes framing from the front of `input` up to and with one run of payload, the end of the body, or the
    /// end of the input. Call it again with the rest until it is done or the input is empty; a call with input
    /// left and the body not done always consumes. An error stays.
    pub fn decode<'a>(&mut self, input: &'a [u8]) -> Result<Step<'a>, BodyError> {
        let mut consumed = 0usize;
        for &byte in input {
            if matches!(self.at, At::Done | At::Length | At::Data) {
                break;
            }
            self.at = self.after(byte)?;
            consumed = consumed.saturating_add(1);
        }
        let rest = input.get(consumed..).unwrap_or_default();
        let payload = if matches!(self.at, At::Length | At::Data) { self.payload(rest) } else { &[] };
        consumed = consumed.saturating_add(payload.len());
        Ok(Step { consumed, payload, done: self.is_done() })
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

    /// What comes after a byte of framing. Changes nothing if it fails, so an error repeats itself.
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
                let digit = hex(byte).filter(|_| self.left >> 60 == 0).ok_or(BodyError::ChunkSize)?;
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
