//! What `aiglon console` and the daemon say to one another over the unix socket, version 1.
//!
//! A connection carries one request and its answer. So a session at a prompt holds nothing while
//! nobody types, a reload or a restart of the daemon does not end it, and who may do what is looked
//! up for each command.
//!
//! ```text
//! request   "aiglon" version(1)  op(1)  flags(1)  columns(1)
//!           user length(1)  line length(2)  text length(2)  user  line  text
//! answer    "aiglon" version(1)  frame…
//! frame     kind(1)  length(2)  bytes
//! ```
//!
//! Numbers are big-endian, text is UTF-8. The lengths come first, so a request is taken whole or
//! not at all. The first seven bytes are the same in every version: who sees another version than
//! their own says so and goes. The answer ends with a frame [`FrameKind::End`] of one byte, a
//! [`Code`]; what ends without it was cut off. Behind a request [`ConsoleOp::Import`] the archive
//! follows, as text, until its last line.

use aiglon::limits::{CONFIG_NAME_BYTES, CONSOLE_LINE_BYTES, CONSOLE_TEXT_BYTES};

/// The command whose answer a person sees first.
pub const GREETING: &str = "whoami --all";

/// What both sides say first.
pub const HELLO: &[u8; 7] = b"aiglon\x01";
/// Bytes of a request before its texts.
pub const HEAD: usize = HELLO.len() + 8;
/// Bytes of a longest request.
pub const REQUEST_BYTES: usize = HEAD + CONFIG_NAME_BYTES + CONSOLE_LINE_BYTES + CONSOLE_TEXT_BYTES;
/// Bytes of a frame before its payload.
pub const FRAME_HEAD: usize = 3;

/// JSON is wanted.
pub const JSON: u8 = 1;
/// The command's question has been answered with yes.
pub const CONFIRMED: u8 = 2;
/// There is a text, be it empty.
pub const TEXT: u8 = 4;
/// There is none yet, but it can be had: [`Code::WantsText`] is understood.
pub const CAN_TEXT: u8 = 8;

/// Somebody sits there who can be asked.
pub const PERSON: u8 = 16;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleOp {
    /// To carry the line out.
    Command = 1,
    /// What may stand at the end of the line.
    Complete = 2,
    /// To carry the line out, which is `import`; the archive follows.
    Import = 3,
    /// To take the rights of a section away. The line has its name, the hash of the token that it
    /// gets, and hashes that nobody may have any more.
    Revoke = 4,
    /// To read the configuration again, and to say whether it is in force.
    Reload = 5,
    /// To say whether it is in force.
    Ready = 6,
    /// To take a heartbeat. The line has its name, and behind it `fail` if something is wrong.
    Beat = 7,
}

/// What a frame of an answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// A piece of what was asked for.
    Out = 1,
    /// Words on why it was not done, or a question.
    Words = 2,
    /// Words about it, though it was done.
    Note = 3,
    /// The end: a [`Code`].
    End = 4,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Done = 0,
    Refused = 1,
    Usage = 2,
    /// Ask again with [`CONFIRMED`], if the answer to the question in the words is yes.
    Confirm = 3,
    /// Ask again with [`TEXT`].
    WantsText = 4,
    /// Ask again with [`ConsoleOp::Import`].
    WantsArchive = 5,
    /// The caller leaves.
    Quit = 6,
    /// All places are taken: the same may be asked again in a moment.
    Busy = 7,
    /// They may not come in, whatever they ask.
    Denied = 8,
    /// It is in force, but for the listeners in the words.
    Missing = 9,
    /// It is done, but words that were taken away are still on the flash.
    Left = 10,
}

const OPS: [ConsoleOp; 7] = [
    ConsoleOp::Command,
    ConsoleOp::Complete,
    ConsoleOp::Import,
    ConsoleOp::Revoke,
    ConsoleOp::Reload,
    ConsoleOp::Ready,
    ConsoleOp::Beat,
];
const KINDS: [FrameKind; 4] = [FrameKind::Out, FrameKind::Words, FrameKind::Note, FrameKind::End];
const CODES: [Code; 11] = [
    Code::Done,
    Code::Refused,
    Code::Usage,
    Code::Confirm,
    Code::WantsText,
    Code::WantsArchive,
    Code::Quit,
    Code::Busy,
    Code::Denied,
    Code::Missing,
    Code::Left,
];

impl FrameKind {
    pub fn from_byte(byte: u8) -> Option<Self> {
        KINDS.into_iter().find(|&kind| kind as u8 == byte)
    }
}

impl Code {
    pub fn from_byte(byte: u8) -> Option<Self> {
        CODES.into_iter().find(|&code| code as u8 == byte)
    }
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsoleRequest<'a> {
    pub op: ConsoleOp,
    pub flags: u8,
    /// Characters that a line of their terminal has room for; 0: nobody minds. 255: as many, or
    /// more.
    pub columns: u8,
    /// Whom the caller claims to be; empty: nobody in particular.
    pub user: &'a str,
    pub line: &'a str,
    pub text: &'a str,
}

/// Why some bytes are no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireError {
    /// Not even the beginning of one.
    Garbage,
    /// Of another version.
    Version,
    /// Something in it is longer than may be.
    TooLong,
    /// Something in it is not UTF-8.
    NotText,
}

/// Splits the lengths off: of the user, the line and the text.
fn lengths(head: &[u8; HEAD]) -> [usize; 3] {
    let [.., user, line_high, line_low, text_high, text_low] = *head;
    let wide = |high, low| usize::from(u16::from_be_bytes([high, low]));
    [usize::from(user), wide(line_high, line_low), wide(text_high, text_low)]
}

/// How long the request is that begins so; `None` while that cannot be told.
///
/// # Errors
/// It is none, and as soon as that can be told.
pub fn expect(bytes: &[u8]) -> Result<Option<usize>, WireError> {
    let (magic, _) = HELLO.split_at(HELLO.len() - 1);
    if bytes.iter().zip(magic).any(|(byte, expected)| byte != expected) {
        return Err(WireError::Garbage);
    }
    if bytes.get(magic.len()).is_some_and(|version| Some(version) != HELLO.last()) {
        return Err(WireError::Version);
    }
    let Some(head) = bytes.first_chunk() else { return Ok(None) };
    let lengths = lengths(head);
    let limits = [CONFIG_NAME_BYTES, CONSOLE_LINE_BYTES, CONSOLE_TEXT_BYTES];
    if lengths.iter().zip(limits).any(|(&length, limit)| length > limit) {
        return Err(WireError::TooLong);
    }
    Ok(Some(HEAD + lengths.iter().sum::<usize>()))
}

impl<'a> ConsoleRequest<'a> {
    /// Reads the request of which [`expect`] said that it is whole.
    pub fn read(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (head, rest) = bytes.split_first_chunk().ok_or(WireError::Garbage)?;
        let [_, _, _, _, _, _, _, op, flags, columns, ..]: [u8; HEAD] = *head;
        let op = OPS.into_iter().find(|&known| known as u8 == op).ok_or(WireError::Garbage)?;
        let mut rest = rest;
        let [user, line, text] = lengths(head).map(|length| {
            let (part, more) = rest.split_at_checked(length).ok_or(WireError::Garbage)?;
            rest = more;
            core::str::from_utf8(part).map_err(|_| WireError::NotText)
        });
        Ok(Self { op, flags, columns, user: user?, line: line?, text: text? })
    }

    /// Whether the answer is to be JSON.
    pub fn wants_json(&self) -> bool {
        self.flags & JSON != 0 || aiglon::command::wants_json(self.line)
    }

    /// The bytes of it.
    ///
    /// # Errors
    /// What is too long, for people.
    pub fn write(&self) -> Result<Vec<u8>, &'static str> {
        let (user, line, text) = (self.user, self.line, self.text);
        if user.len() > CONFIG_NAME_BYTES {
            return Err("no user has so long a name");
        }
        if line.len() > CONSOLE_LINE_BYTES {
            return Err("too long: a command line has 4096 bytes at most");
        }
        if text.len() > CONSOLE_TEXT_BYTES {
            return Err("too long: what is said at once has 900 bytes at most");
        }
        let mut bytes = HELLO.to_vec();
        bytes.extend([self.op as u8, self.flags, self.columns]);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked above, and limits.rs holds that it fits"
        )]
        bytes.push(user.len() as u8);
        for part in [line, text] {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "checked above, and limits.rs holds that it fits"
            )]
            bytes.extend((part.len() as u16).to_be_bytes());
        }
        for part in [user, line, text] {
            bytes.extend(part.as_bytes());
        }
        Ok(bytes)
    }
}

/// The head of a frame.
pub fn frame_head(kind: FrameKind, length: usize) -> [u8; FRAME_HEAD] {
    let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    [kind as u8, high, low]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const REQUEST: ConsoleRequest<'_> = ConsoleRequest {
        op: ConsoleOp::Command,
        flags: JSON | TEXT,
        columns: 40,
        user: "heron1",
        line: "update 12 monitoring -",
        text: "On répare.\nالعمل جارٍ",
    };

    #[test]
    fn there_and_back() {
        for request in [
            REQUEST,
            ConsoleRequest { op: ConsoleOp::Complete, flags: 0, columns: 0, user: "", line: "", text: "" },
            ConsoleRequest {
                op: ConsoleOp::Import,
                user: &"u".repeat(64),
                line: &"l".repeat(4096),
                text: &"t".repeat(4096),
                ..REQUEST
            },
        ] {
            let bytes = request.write().unwrap();
            assert_eq!(expect(&bytes), Ok(Some(bytes.len())));
            assert_eq!(ConsoleRequest::read(&bytes), Ok(request));
            assert!(bytes.len() <= REQUEST_BYTES);
            // At every place that it may be cut off.
            for cut in 0..HEAD {
                assert_eq!(expect(&bytes[..cut]), Ok(None), "{cut}");
            }
        }
    }

    #[test]
    fn what_is_too_long_is_not_written() {
        for request in [
            ConsoleRequest { user: &"u".repeat(65), ..REQUEST },
            ConsoleRequest { line: &"l".repeat(4097), ..REQUEST },
            ConsoleRequest { text: &"t".repeat(4097), ..REQUEST },
        ] {
            assert!(request.write().is_err());
        }
    }

    #[test]
    fn what_is_none() {
        let good = REQUEST.write().unwrap();
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            bytes
        };
        for (bytes, expected) in [
            (b"GET / HTTP/1.1\r\n".to_vec(), Err(WireError::Garbage)),
            (b"x".to_vec(), Err(WireError::Garbage)),
            (b"aiglon\x02".to_vec(), Err(WireError::Version)),
            (with(10, 65), Err(WireError::TooLong)),
            (with(11, 0x11), Err(WireError::TooLong)),
            (with(13, 0x11), Err(WireError::TooLong)),
        ] {
            assert_eq!(expect(&bytes), expected, "{bytes:x?}");
        }
        assert_eq!(ConsoleRequest::read(&with(7, 9)), Err(WireError::Garbage));
        assert_eq!(ConsoleRequest::read(&with(HEAD, 0xff)), Err(WireError::NotText));
    }

    #[test]
    fn bytes_are_told_apart() {
        for (place, kind) in KINDS.into_iter().enumerate() {
            assert_eq!((FrameKind::from_byte(kind as u8), kind as usize), (Some(kind), place + 1));
        }
        for (place, code) in CODES.into_iter().enumerate() {
            assert_eq!((Code::from_byte(code as u8), code as usize), (Some(code), place));
        }
        let beyond = u8::try_from(CODES.len()).unwrap();
        assert_eq!((FrameKind::from_byte(0), Code::from_byte(beyond)), (None, None));
    }

    proptest! {
        #[test]
        fn whatever_comes(bytes in proptest::collection::vec(any::<u8>(), 0..64), keep in 0usize..=HEAD) {
            let mut whole = REQUEST.write().unwrap();
            whole.truncate(keep);
            whole.extend(bytes);
            if let Ok(Some(length)) = expect(&whole) {
                prop_assert!((HEAD..=REQUEST_BYTES).contains(&length));
                if let Some(request) = whole.get(..length) {
                    _ = ConsoleRequest::read(request);
                }
            }
        }
    }
}
