//! Request heads: where one ends ([`HeadScanner`]) and what it asks ([`Request`]).
//!
//! `httparse` knows the grammar, and accepts much that a strict server must not: bare LF, any
//! number of empty lines, conflicting framing. It also reparses from the start, so it is called
//! once, on a whole head. The policy is here.

use super::Status;
use super::target;
use crate::limits::{HEAD_BYTES, HEADERS, TARGET_BYTES};

/// Why a head is refused. The connection closes after the answer: where the next request begins is
/// unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// CR without LF, or LF without CR (RFC 9112, section 2.2: a recipient *may* take a bare LF).
    LineEnd,
    /// A NUL or another control character (RFC 9110, section 5.5).
    Control,
    /// More than one empty line before the request line (RFC 9112, section 2.2 asks for one to be
    /// ignored).
    EmptyLines,
    /// A line that begins with white space (obs-fold; RFC 9112, section 5.2).
    Fold,
    /// The request line is malformed (RFC 9112, section 3).
    RequestLine,
    /// Neither HTTP/1.1 nor HTTP/1.0.
    Version,
    /// The target is malformed, or in a form that we do not serve (RFC 9112, section 3.2).
    Target,
    /// The target is longer than [`TARGET_BYTES`].
    TargetLength,
    /// A malformed header line, white space before the colon among it (RFC 9112, section 5.1).
    HeaderLine,
    /// The head is longer than [`HEAD_BYTES`].
    HeadLength,
    /// More than [`HEADERS`] header lines.
    HeaderCount,
    /// `Host` is missing, repeated or malformed (RFC 9112, section 3.2).
    Host,
    /// `Content-Length` is malformed, repeated or too great (RFC 9112, section 6.3: lists of equal
    /// values *may* be taken).
    ContentLength,
    /// `Transfer-Encoding` is malformed, has `chunked` twice or not last (RFC 9112, section 6.3),
    /// or came in HTTP/1.0 (section 6.1).
    TransferEncoding,
    /// A transfer coding other than `chunked` (RFC 9112, section 6.1).
    TransferCoding,
    /// Both `Content-Length` and `Transfer-Encoding`: an attempt at smuggling (RFC 9112, section
    /// 6.1).
    TwoLengths,
    /// `Expect` with something other than `100-continue` (RFC 9110, section 10.1.1).
    Expect,
    /// `CONNECT`: this is no proxy.
    Connect,
    /// `Authorization` twice: it is not said which counts.
    Authorization,
}

impl HeadError {
    /// The status to answer with, and what was wrong, in a few words for whoever wrote the sender.
    pub fn answer(self) -> (Status, &'static str) {
        let words = match self {
            Self::LineEnd => {
                "a line does not end in CR LF; is it credentials that base64 wrapped? use base64 -w0"
            }
            Self::Control => "control character",
            Self::EmptyLines => "empty lines before the request",
            Self::Fold => "folded header line",
            Self::RequestLine => "malformed request line",
            Self::Version => return (Status::VersionNotSupported, "only HTTP/1.1 and HTTP/1.0"),
            Self::Target => "malformed request target",
            Self::TargetLength => return (Status::UriTooLong, "request target too long"),
            Self::HeaderLine => "malformed header line",
            Self::HeadLength => return (Status::HeadTooLarge, "request head too long"),
            Self::HeaderCount => return (Status::HeadTooLarge, "too many header lines"),
            Self::Host => "Host missing, repeated or malformed",
            Self::ContentLength => "Content-Length malformed or repeated",
            Self::TransferEncoding => "malformed Transfer-Encoding",
            Self::TransferCoding => return (Status::NotImplemented, "transfer coding other than chunked"),
            Self::TwoLengths => "both Content-Length and Transfer-Encoding",
            Self::Expect => return (Status::ExpectationFailed, "Expect other than 100-continue"),
            Self::Connect => return (Status::NotImplemented, "this is no proxy"),
            Self::Authorization => "Authorization repeated",
        };
        (Status::BadRequest, words)
    }
}

/// What a [`HeadScanner`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The end of the head has not come yet.
    Partial,
    /// The head is the first so many bytes of the buffer.
    Complete(usize),
}

/// What the scanner expects next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// The request, or the one empty line before it.
    #[default]
    Start,
    /// The LF of that empty line.
    StartLf,
    /// The request, surely.
    Request,
    Method,
    Target,
    Version,
    /// The LF of a line.
    LineLf,
    /// A header line, or the empty line at the end.
    LineStart,
    Line,
    /// The LF at the end.
    EndLf,
    Complete,
}

/// Finds the end of a request head, and refuses what `httparse` would let pass. It looks at each
/// byte once, and any split of the bytes gives the same answer. All-zero when new.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeadScanner {
    at: At,
    lines: u8,
    seen: u16,
    target: u16,
}

impl HeadScanner {
    /// At the start of a head.
    pub const fn new() -> Self {
        Self { at: At::Start, lines: 0, seen: 0, target: 0 }
    }

    /// Whether nothing of a request has come: a connection that ends or falls silent here is merely
    /// idle.
    pub fn is_idle(&self) -> bool {
        matches!(self.at, At::Start | At::StartLf | At::Request)
    }

    /// Looks at what was appended since the last call; `buf` is all that was read of this request
    /// so far, and may hold more than its head. At most [`HEAD_BYTES`] are looked at. An error
    /// stays.
    pub fn scan(&mut self, buf: &[u8]) -> Result<Progress, HeadError> {
        let seen = usize::from(self.seen);
        let mut rest = buf.get(seen..buf.len().min(HEAD_BYTES)).unwrap_or_default();
        while let Some((&byte, after)) = rest.split_first().filter(|_| self.at != At::Complete) {
            if self.at == At::Line {
                // Most bytes of a head are of this kind, and change nothing: they are counted.
                let run = rest.iter().take_while(|&&byte| byte >= b' ' && byte != 0x7f).count();
                if run > 0 {
                    self.seen = self.seen.saturating_add(u16::try_from(run).unwrap_or(u16::MAX));
                    rest = rest.get(run..).unwrap_or_default();
                    continue;
                }
            }
            self.at = self.after(byte)?;
            self.seen = self.seen.saturating_add(1);
            rest = after;
        }
        match usize::from(self.seen) {
            len if self.at == At::Complete => Ok(Progress::Complete(len)),
            HEAD_BYTES.. => Err(HeadError::HeadLength),
            _ => Ok(Progress::Partial),
        }
    }

    /// What is expected after `byte`. Changes nothing if it fails, so an error repeats itself.
    fn after(&mut self, byte: u8) -> Result<At, HeadError> {
        Ok(match (self.at, byte) {
            (At::StartLf, b'\n') => At::Request,
            (At::LineLf, b'\n') => At::LineStart,
            (At::EndLf, b'\n') => At::Complete,
            (At::StartLf | At::LineLf | At::EndLf, _) | (_, b'\n') => return Err(HeadError::LineEnd),
            (At::Start, b'\r') => At::StartLf,
            (At::Request, b'\r') => return Err(HeadError::EmptyLines),
            (At::LineStart, b'\r') => At::EndLf,
            (_, b'\r') => At::LineLf,
            (At::LineStart, b' ' | b'\t') => return Err(HeadError::Fold),
            (_, 0..=0x08 | 0x0b..=0x1f | 0x7f) => return Err(HeadError::Control),
            (At::Start | At::Request | At::Method, b' ') => At::Target,
            (At::Start | At::Request | At::Method, _) => At::Method,
            (At::Target, b' ') => At::Version,
            (At::Target, _) => {
                if usize::from(self.target) >= TARGET_BYTES {
                    return Err(HeadError::TargetLength);
                }
                self.target = self.target.saturating_add(1);
                At::Target
            }
            (At::LineStart, _) => {
                if usize::from(self.lines) >= HEADERS {
                    return Err(HeadError::HeaderCount);
                }
                self.lines = self.lines.saturating_add(1);
                At::Line
            }
            (at @ (At::Version | At::Line | At::Complete), _) => at,
        })
    }
}

/// A request method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
    /// `POST`.
    Post,
    /// Another that RFC 9110 or RFC 5789 defines: 405 where the path exists.
    Other,
    /// One that we do not know: 501.
    Unknown,
}

/// A protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0: its answers are not chunked.
    Http10,
    /// HTTP/1.1.
    Http11,
}

/// How a body is delimited (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    #[default]
    None,
    /// It has so many bytes.
    Length(u64),
    /// In chunks.
    Chunked,
}

/// `Content-Encoding` (RFC 9110, section 8.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    #[default]
    Identity,
    /// `gzip`, or `x-gzip`, its alias.
    Gzip,
    /// Another, or several: 415.
    Other,
}

/// What a request head says. Borrows the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// What is to be done.
    pub method: Method,
    /// To what: percent-encoded, beginning with a slash, not normalised.
    pub path: &'a str,
    /// What follows the question mark; often empty.
    pub query: &'a str,
    /// In which version.
    pub version: Version,
    /// The name of the site, without port and dot at its end, in any letter case: from the target
    /// if it is absolute (RFC 9112, section 3.2.2), else from `Host`; empty if HTTP/1.0 says none.
    pub host: &'a str,
    /// How the body is delimited.
    pub body: Framing,
    /// Whether the client waits for `100 Continue` before it sends the body. It may be answered at
    /// once with a final status instead.
    pub expect_continue: bool,
    /// Whether the client can send another request on this connection.
    pub keep_alive: bool,
    /// Whether a proxy has forwarded it: the peer's address is then not the visitor's.
    pub forwarded: bool,
    /// The coding of the body.
    pub content_encoding: Coding,
    /// `Content-Type`, as it came; empty if absent.
    pub content_type: &'a [u8],
    /// `Authorization`, as it came; empty if absent.
    pub authorization: &'a [u8],
    /// The first line of each [`ListField`] field; empty if absent.
    firsts: [&'a [u8]; ListField::COUNT],
    /// All of the head if one of them has several lines, else nothing.
    lines: &'a [u8],
}

/// A field that is a list, and may come in several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListField {
    /// `Accept`.
    Accept,
    /// `Accept-Encoding`.
    AcceptEncoding,
    /// `Accept-Language`.
    AcceptLanguage,
    /// `If-None-Match`.
    IfNoneMatch,
}

impl ListField {
    const COUNT: usize = 4;

    const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::AcceptEncoding => "accept-encoding",
            Self::AcceptLanguage => "accept-language",
            Self::IfNoneMatch => "if-none-match",
        }
    }
}

/// The lines of a field: together they are one list, in their order (RFC 9110, section 5.3).
#[derive(Clone, Copy, Debug, Default)]
pub struct List<'a> {
    first: &'a [u8],
    /// The head that has the others as well; empty if there are none.
    head: &'a [u8],
    name: &'static str,
}

impl<'a> List<'a> {
    /// A list in one line.
    pub const fn of(value: &'a [u8]) -> Self {
        Self { first: value, head: b"", name: "" }
    }

    /// What stands in each line.
    pub(super) fn lines(self) -> impl Iterator<Item = &'a [u8]> {
        let only = self.head.is_empty().then_some(self.first);
        let all = self.head.split(|&byte| byte == b'\n').filter_map(move |line| {
            let (name, value) = line.split_at_checked(line.iter().position(|&byte| byte == b':')?)?;
            name.eq_ignore_ascii_case(self.name.as_bytes()).then(|| value.get(1..).unwrap_or_default())
        });
        only.into_iter().chain(all).map(<[u8]>::trim_ascii)
    }

    /// What stands between the commas, without white space around it.
    pub(super) fn elements(self) -> impl Iterator<Item = &'a [u8]> {
        self.lines().flat_map(list)
    }
}

impl<'a> Request<'a> {
    /// Reads a head that a [`HeadScanner`] has called complete; of others it finds fewer faults.
    pub fn parse(head: &'a [u8]) -> Result<Self, HeadError> {
        let mut slots = [httparse::EMPTY_HEADER; HEADERS];
        let mut parsed = httparse::Request::new(&mut slots);
        match parsed.parse(head) {
            Ok(httparse::Status::Complete(len)) if len == head.len() => {}
            Ok(_) => return Err(HeadError::RequestLine),
            Err(error) => return Err(explain(error, head)),
        }
        let method = method(parsed.method.unwrap_or(""))?;
        let target = target::split(parsed.path.unwrap_or("")).ok_or(HeadError::Target)?;
        let version = if parsed.version == Some(1) { Version::Http11 } else { Version::Http10 };
        let mut fields = Fields::default();
        for header in &*parsed.headers {
            fields.take(header.name, header.value)?;
        }
        let host = match fields.host {
            Some(host) => host,
            None if version == Version::Http10 => "",
            None => return Err(HeadError::Host),
        };
        let body = fields.framing(version)?;
        Ok(Self {
            method,
            path: target.path,
            query: target.query,
            version,
            host: target.authority.unwrap_or(host),
            body,
            // A server ignores it in HTTP/1.0 (RFC 9110, section 10.1.1), and where no body comes
            // it has no use.
            expect_continue: fields.expect_continue && version == Version::Http11 && body != Framing::None,
            // RFC 9112, section 9.3.
            keep_alive: !fields.close && (version == Version::Http11 || fields.keep_alive),
            forwarded: fields.forwarded,
            content_encoding: fields.content_encoding.unwrap_or_default(),
            content_type: fields.content_type,
            authorization: fields.authorization,
            firsts: fields.firsts,
            lines: if fields.several { head } else { b"" },
        })
    }

    /// What the lines of a field say; one empty line if it is absent.
    pub fn list(&self, field: ListField) -> List<'a> {
        let first = self.firsts.get(field as usize).copied().unwrap_or_default();
        List { first, head: self.lines, name: field.name() }
    }
}

/// What a fault that `httparse` found means here.
fn explain(error: httparse::Error, head: &[u8]) -> HeadError {
    match error {
        httparse::Error::TooManyHeaders => HeadError::HeaderCount,
        httparse::Error::HeaderName | httparse::Error::HeaderValue => HeadError::HeaderLine,
        // `HTTP-version = HTTP-name "/" DIGIT "." DIGIT`, case-sensitive (RFC 9112, section 2.3).
        httparse::Error::Version => {
            let line = head.trim_ascii_start().split(|&byte| byte == b'\r').next().unwrap_or_default();
            match line.split(|&byte| byte == b' ').nth(2) {
                Some([b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9']) => HeadError::Version,
                _ => HeadError::RequestLine,
            }
        }
        _ => HeadError::RequestLine,
    }
}

/// Methods are case-sensitive (RFC 9110, section 9.1).
fn method(name: &str) -> Result<Method, HeadError> {
    const METHODS: [(&str, Method); 8] = [
        ("GET", Method::Get),
        ("HEAD", Method::Head),
        ("POST", Method::Post),
        ("PUT", Method::Other),
        ("DELETE", Method::Other),
        ("OPTIONS", Method::Other),
        ("TRACE", Method::Other),
        ("PATCH", Method::Other),
    ];
    if name == "CONNECT" {
        return Err(HeadError::Connect);
    }
    Ok(METHODS.iter().find(|(known, _)| *known == name).map_or(Method::Unknown, |&(_, method)| method))
}

/// The header fields that matter.
#[derive(Clone, Copy)]
enum Field {
    Listed(ListField),
    Authorization,
    Connection,
    ContentEncoding,
    ContentLength,
    ContentType,
    Expect,
    Forwarded,
    Host,
    TransferEncoding,
}

const FIELDS: [(&str, Field); 15] = [
    (ListField::Accept.name(), Field::Listed(ListField::Accept)),
    (ListField::AcceptEncoding.name(), Field::Listed(ListField::AcceptEncoding)),
    (ListField::AcceptLanguage.name(), Field::Listed(ListField::AcceptLanguage)),
    ("authorization", Field::Authorization),
    ("connection", Field::Connection),
    ("content-encoding", Field::ContentEncoding),
    ("content-length", Field::ContentLength),
    ("content-type", Field::ContentType),
    ("expect", Field::Expect),
    ("forwarded", Field::Forwarded),
    ("host", Field::Host),
    (ListField::IfNoneMatch.name(), Field::Listed(ListField::IfNoneMatch)),
    ("transfer-encoding", Field::TransferEncoding),
    ("via", Field::Forwarded),
    ("x-real-ip", Field::Forwarded),
];

/// `X-Forwarded-For`, `-Host`, `-Proto`, `-Port`, `-Server`, …: what stands before the last word.
const X_FORWARDED: &str = "x-forwarded-";

/// What the header lines said so far.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact about the lines, none excludes another")]
struct Fields<'a> {
    host: Option<&'a str>,
    length: Option<u64>,
    transfer_encoding: bool,
    /// `chunked` was named.
    chunked: bool,
    /// Another transfer coding was named.
    other_coding: bool,
    expect_continue: bool,
    close: bool,
    keep_alive: bool,
    forwarded: bool,
    content_encoding: Option<Coding>,
    content_type: &'a [u8],
    authorization: &'a [u8],
    firsts: [&'a [u8]; ListField::COUNT],
    /// One of these came again.
    several: bool,
}

impl<'a> Fields<'a> {
    /// Takes one header line. `httparse` has trimmed the value.
    fn take(&mut self, name: &str, value: &'a [u8]) -> Result<(), HeadError> {
        let Some(&(_, field)) = FIELDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
            let start = name.get(..X_FORWARDED.len()).unwrap_or("");
            self.forwarded |= start.eq_ignore_ascii_case(X_FORWARDED);
            return Ok(());
        };
        match field {
            Field::Host => {
                if self.host.is_some() {
                    return Err(HeadError::Host);
                }
                self.host = Some(target::host(value).ok_or(HeadError::Host)?);
            }
            Field::ContentLength => {
                if self.length.is_some() {
                    return Err(HeadError::ContentLength);
                }
                self.length = Some(decimal(value).ok_or(HeadError::ContentLength)?);
            }
            Field::TransferEncoding => self.transfer_codings(value)?,
            Field::Connection => {
                for option in list(value) {
                    self.close |= option.eq_ignore_ascii_case(b"close");
                    self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            Field::Expect => {
                if !list(value).all(|expected| expected.eq_ignore_ascii_case(b"100-continue")) {
                    return Err(HeadError::Expect);
                }
                self.expect_continue = true;
            }
            Field::Forwarded => self.forwarded = true,
            Field::ContentEncoding => {
                let coding = if value.is_empty() || value.eq_ignore_ascii_case(b"identity") {
                    Coding::Identity
                } else if value.eq_ignore_ascii_case(b"gzip") || value.eq_ignore_ascii_case(b"x-gzip") {
                    Coding::Gzip
                } else {
                    Coding::Other
                };
                // Several lines are several codings, one over the other (RFC 9110, section 5.3).
                self.content_encoding = Some(self.content_encoding.map_or(coding, |_| Coding::Other));
            }
            Field::Authorization => {
                if !self.authorization.is_empty() {
                    return Err(HeadError::Authorization);
                }
                self.authorization = value;
            }
            Field::ContentType => {
                if self.content_type.is_empty() {
                    self.content_type = value;
                }
            }
            Field::Listed(field) => match self.firsts.get_mut(field as usize) {
                Some(first) if first.is_empty() => *first = value,
                _ => self.several = true,
            },
        }
        Ok(())
    }

    /// Takes one `Transfer-Encoding` line; several lines are one list.
    fn transfer_codings(&mut self, value: &[u8]) -> Result<(), HeadError> {
        self.transfer_encoding = true;
        for coding in list(value) {
            if self.chunked || coding.is_empty() {
                return Err(HeadError::TransferEncoding);
            }
            // With a parameter it is not `chunked` (RFC 9112, section 7.1).
            if coding.eq_ignore_ascii_case(b"chunked") {
                self.chunked = true;
            } else {
                self.other_coding = true;
            }
        }
        Ok(())
    }

    /// How the body is delimited, by RFC 9112, section 6.3, and never by its leniences.
    fn framing(&self, version: Version) -> Result<Framing, HeadError> {
        match (self.transfer_encoding, self.length) {
            (false, None) => Ok(Framing::None),
            (false, Some(length)) => Ok(Framing::Length(length)),
            (true, Some(_)) => Err(HeadError::TwoLengths),
            (true, None) if version == Version::Http10 => Err(HeadError::TransferEncoding),
            (true, None) if self.other_coding => Err(HeadError::TransferCoding),
            (true, None) => Ok(Framing::Chunked),
        }
    }
}

/// The elements of a comma-separated list, without white space around them.
pub(super) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

/// `1*DIGIT`, or `None` for anything else, or beyond 64 bits. Not u64's parser, which takes a plus
/// sign.
fn decimal(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0u64, |sum, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte.wrapping_sub(b'0')))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
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

    /// What a whole buffer says.
    fn read(buf: &[u8]) -> Result<Option<Request<'_>>, HeadError> {
        match HeadScanner::new().scan(buf)? {
            Progress::Partial => Ok(None),
            Progress::Complete(len) => Request::parse(&buf[..len]).map(Some),
        }
    }

    fn refused(head: &str, expected: HeadError) {
        assert_eq!(read(head.as_bytes()), Err(expected), "{head:?}");
    }

    fn accepted(head: &str) -> Request<'_> {
        read(head.as_bytes()).unwrap_or_else(|error| panic!("{error:?} {head:?}")).expect(head)
    }

    /// With a line before the end of a good head.
    fn with(lines: &str) -> String {
        format!("POST /api/v2/alerts HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n")
    }

    #[test]
    fn line_ends_and_controls() {
        for (head, expected) in [
            ("GET / HTTP/1.1\nHost: a\n\n", HeadError::LineEnd),
            ("GET / HTTP/1.1\r\nHost: a\n\r\n", HeadError::LineEnd),
            ("GET / HTTP/1.1\r\nHost: a\r\n\n", HeadError::LineEnd),
            ("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", HeadError::LineEnd),
            ("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", HeadError::LineEnd),
            ("GET / HTTP/1.1\r\nHost: a\r\n\rX", HeadError::LineEnd),
            ("GET / HTTP/1.1\rHost: a\r\n\r\n", HeadError::LineEnd),
            ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::LineEnd),
            ("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::LineEnd),
            ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::EmptyLines),
            ("\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::LineEnd),
            ("GET / HTTP/1.1\r\nHost: a\0\r\n\r\n", HeadError::Control),
            ("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::Control),
            ("GET / HTTP/1.1\r\nX: \x0b\r\nHost: a\r\n\r\n", HeadError::Control),
            ("GET / HTTP/1.1\r\nX: \x1b[0m\r\nHost: a\r\n\r\n", HeadError::Control),
            ("GET / HTTP/1.1\r\nX: \x7f\r\nHost: a\r\n\r\n", HeadError::Control),
            // A TLS client.
            ("\x16\x03\x01\x02\0\x01\0", HeadError::Control),
            ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", HeadError::Fold),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", HeadError::Fold),
            ("GET / HTTP/1.1\r\nHost: a\r\n\t\r\n\r\n", HeadError::Fold),
        ] {
            refused(head, expected);
        }
        let request = accepted("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!((request.method, request.host), (Method::Get, "a"));
        // HTAB and obs-text are allowed in values (RFC 9110, section 5.5).
        accepted(&with("X:\tcaf\u{e9}\t"));
    }

    #[test]
    fn request_lines() {
        for (line, expected) in [
            ("GET / HTTP/2.0", HeadError::Version),
            ("GET / HTTP/1.2", HeadError::Version),
            ("GET / HTTP/0.9", HeadError::Version),
            ("GET / HTTP/3.0", HeadError::Version),
            ("PRI * HTTP/2.0", HeadError::Version),
            ("GET / http/1.1", HeadError::RequestLine),
            ("GET / HTTP/1.10", HeadError::RequestLine),
            ("GET / HTTP/11", HeadError::RequestLine),
            ("GET / HTTPS/1.1", HeadError::RequestLine),
            ("GET /", HeadError::RequestLine),
            ("GET", HeadError::RequestLine),
            ("GET  / HTTP/1.1", HeadError::RequestLine),
            ("GET /  HTTP/1.1", HeadError::RequestLine),
            ("GET / HTTP/1.1 ", HeadError::RequestLine),
            ("GET\t/ HTTP/1.1", HeadError::RequestLine),
            ("GET /\tHTTP/1.1", HeadError::RequestLine),
            (" GET / HTTP/1.1", HeadError::RequestLine),
            ("GET / x HTTP/1.1", HeadError::RequestLine),
            ("G(T / HTTP/1.1", HeadError::RequestLine),
            ("GET / HTTP/1.1 HTTP/2.0", HeadError::RequestLine),
            ("CONNECT a:443 HTTP/1.1", HeadError::Connect),
            ("OPTIONS * HTTP/1.1", HeadError::Target),
            ("GET * HTTP/1.1", HeadError::Target),
            ("GET a HTTP/1.1", HeadError::Target),
            ("GET a:80 HTTP/1.1", HeadError::Target),
            ("GET ftp://a/ HTTP/1.1", HeadError::Target),
            ("GET http://u@a/ HTTP/1.1", HeadError::Target),
            ("GET /\" HTTP/1.1", HeadError::Target),
            ("GET /#x HTTP/1.1", HeadError::Target),
            ("GET /\u{e9} HTTP/1.1", HeadError::Target),
        ] {
            refused(&format!("{line}\r\nHost: a\r\n\r\n"), expected);
        }
        // HTTP/2 with prior knowledge (RFC 9113, section 3.4).
        refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HeadError::Version);
        // Raw bytes that are not UTF-8 either.
        assert_eq!(read(b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n"), Err(HeadError::RequestLine));
        for (line, method, path, query, host) in [
            ("GET / HTTP/1.1", Method::Get, "/", "", "a"),
            ("HEAD /x HTTP/1.1", Method::Head, "/x", "", "a"),
            ("POST /write?db=t&u=%20 HTTP/1.1", Method::Post, "/write", "db=t&u=%20", "a"),
            ("OPTIONS / HTTP/1.1", Method::Other, "/", "", "a"),
            ("DELETE / HTTP/1.1", Method::Other, "/", "", "a"),
            ("BREW / HTTP/1.1", Method::Unknown, "/", "", "a"),
            ("get / HTTP/1.1", Method::Unknown, "/", "", "a"),
            ("GET /../../etc/passwd HTTP/1.1", Method::Get, "/../../etc/passwd", "", "a"),
            ("GET http://B.example:80/x?y HTTP/1.1", Method::Get, "/x", "y", "B.example"),
            ("GET https://[::1] HTTP/1.1", Method::Get, "/", "", "[::1]"),
        ] {
            let head = format!("{line}\r\nHost: a\r\n\r\n");
            let request = accepted(&head);
            let found = (request.method, request.path, request.query, request.host);
            assert_eq!(found, (method, path, query, host));
        }
    }

    #[test]
    fn header_lines() {
        for line in ["X : a", "X\t: a", ": a", "X", "X Y: a", "(X): a", "X\u{e9}: a", "\"X\": a"] {
            refused(&with(line), HeadError::HeaderLine);
        }
        accepted(&with("X:"));
        accepted(&with("X:a:b"));
        accepted(&with("Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings"));
    }

    #[test]
    fn hosts() {
        for (head, expected) in [
            ("GET / HTTP/1.1\r\n\r\n", Err(HeadError::Host)),
            ("GET http://b/ HTTP/1.1\r\n\r\n", Err(HeadError::Host)),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Err(HeadError::Host)),
            ("GET / HTTP/1.1\r\nhost: a\r\nHOST: b\r\n\r\n", Err(HeadError::Host)),
            ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", Err(HeadError::Host)),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", Err(HeadError::Host)),
            ("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", Err(HeadError::Host)),
            ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Err(HeadError::Host)),
            ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", Err(HeadError::Host)),
            ("GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", Err(HeadError::Host)),
            ("GET / HTTP/1.1\r\nHost:\r\n\r\n", Ok("")),
            ("GET / HTTP/1.0\r\n\r\n", Ok("")),
            ("GET / HTTP/1.0\r\nHost: a:80\r\n\r\n", Ok("a")),
            ("GET / HTTP/1.1\r\nhOsT:  Status.Example.\t\r\n\r\n", Ok("Status.Example")),
        ] {
            assert_eq!(read(head.as_bytes()).map(|request| request.unwrap().host), expected, "{head:?}");
        }
    }

    /// Requests that two parsers could frame differently. The sources are the CVEs and studies of
    /// the last years: CL.TE, TE.CL, TE.TE, obfuscated names and values.
    #[test]
    fn smuggling() {
        use HeadError::{ContentLength, Control, Fold, HeaderLine, LineEnd};
        use HeadError::{TransferCoding, TransferEncoding, TwoLengths};
        for (lines, expected) in [
            ("Content-Length: 6\r\nTransfer-Encoding: chunked", TwoLengths),
            ("Transfer-Encoding: chunked\r\nContent-Length: 6", TwoLengths),
            ("Transfer-Encoding: identity\r\nContent-Length: 6", TwoLengths),
            ("Transfer-Encoding:\r\nContent-Length: 6", TransferEncoding),
            ("transfer-encoding: xchunked\r\ncontent-length: 0", TwoLengths),
            ("Content-Length: 6\r\nContent-Length: 6", ContentLength),
            ("Content-Length: 6\r\nContent-Length: 7", ContentLength),
            ("content-length: 6\r\nCONTENT-LENGTH: 6", ContentLength),
            ("Content-Length: 6, 6", ContentLength),
            ("Content-Length: 6,7", ContentLength),
            ("Content-Length:", ContentLength),
            ("Content-Length: +6", ContentLength),
            ("Content-Length: -6", ContentLength),
            ("Content-Length: 0x6", ContentLength),
            ("Content-Length: 6 6", ContentLength),
            ("Content-Length: 6\t6", ContentLength),
            ("Content-Length: 6.0", ContentLength),
            ("Content-Length: 1_0", ContentLength),
            ("Content-Length: 6;", ContentLength),
            ("Content-Length: \"6\"", ContentLength),
            ("Content-Length: \u{664}", ContentLength),
            ("Content-Length: 18446744073709551616", ContentLength),
            ("Content-Length: 99999999999999999999999", ContentLength),
            ("Content-Length : 6", HeaderLine),
            ("Content-Length\t: 6", HeaderLine),
            (" Content-Length: 6", Fold),
            ("Content-Length:\r\n 6", Fold),
            ("Content-Length: 6\nX: y", LineEnd),
            ("Transfer-Encoding : chunked", HeaderLine),
            ("Transfer-Encoding\t: chunked", HeaderLine),
            (" Transfer-Encoding: chunked", Fold),
            ("X: y\r\n\tTransfer-Encoding: chunked", Fold),
            ("Transfer-Encoding:\r\n chunked", Fold),
            ("X: y\nTransfer-Encoding: chunked", LineEnd),
            ("X: y\rTransfer-Encoding: chunked", LineEnd),
            ("Transfer-Encoding: \x0bchunked", Control),
            ("Transfer-Encoding: chunked\x0b", Control),
            ("Transfer-Encoding: \x0cchunked", Control),
            ("Transfer-Encoding: chunked\0", Control),
            ("Transfer-Encoding\0: chunked", Control),
            ("Transfer-Encoding: xchunked", TransferCoding),
            ("Transfer-Encoding: chunkedx", TransferCoding),
            ("Transfer-Encoding: \"chunked\"", TransferCoding),
            ("Transfer-Encoding: 'chunked'", TransferCoding),
            ("Transfer-Encoding: chunked;q=1", TransferCoding),
            ("Transfer-Encoding: chunked identity", TransferCoding),
            ("Transfer-Encoding: identity", TransferCoding),
            ("Transfer-Encoding: gzip", TransferCoding),
            ("Transfer-Encoding: gzip, chunked", TransferCoding),
            ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", TransferCoding),
            ("Transfer-Encoding: chunked, identity", TransferEncoding),
            ("Transfer-Encoding: chunked, gzip", TransferEncoding),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", TransferEncoding),
            ("Transfer-Encoding: chunked, chunked", TransferEncoding),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", TransferEncoding),
            ("Transfer-Encoding: chunked\r\ntransfer-encoding: cow", TransferEncoding),
            ("Transfer-Encoding: chunked,", TransferEncoding),
            ("Transfer-Encoding: ,chunked", TransferEncoding),
            ("Transfer-Encoding: ,", TransferEncoding),
            ("Transfer-Encoding:", TransferEncoding),
        ] {
            refused(&with(lines), expected);
            // It closes the connection with a status of a client's or our own shortcoming.
            assert!(matches!(expected.answer().0, Status::BadRequest | Status::NotImplemented));
        }
        refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", TransferEncoding);
        // Names that only look like it say nothing about framing.
        for line in ["Transfer_Encoding: chunked", "X-Transfer-Encoding: chunked", "Content_Length: 6"] {
            assert_eq!(accepted(&with(line)).body, Framing::None);
        }
    }

    #[test]
    fn framing() {
        for (lines, expected) in [
            ("X: y", Framing::None),
            ("Content-Length: 0", Framing::Length(0)),
            ("Content-Length: 0012", Framing::Length(12)),
            ("CONTENT-LENGTH:\t12 ", Framing::Length(12)),
            ("Content-Length: 18446744073709551615", Framing::Length(u64::MAX)),
            ("Transfer-Encoding: chunked", Framing::Chunked),
            ("TRANSFER-ENCODING:\tChunked\t", Framing::Chunked),
        ] {
            assert_eq!(accepted(&with(lines)).body, expected, "{lines:?}");
        }
    }

    #[test]
    fn connections() {
        for (version, lines, expected) in [
            ("1.1", "", true),
            ("1.1", "Connection: close\r\n", false),
            ("1.1", "Connection: Keep-Alive\r\n", true),
            ("1.1", "connection: TE, Close\r\n", false),
            ("1.1", "Connection: te\r\nConnection: close\r\n", false),
            ("1.1", "Connection: keep-alive, close\r\n", false),
            ("1.1", "Connection: closed\r\n", true),
            ("1.0", "", false),
            ("1.0", "Connection: keep-alive\r\n", true),
            ("1.0", "Connection: Foo,\tKeep-Alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false),
        ] {
            let head = format!("GET / HTTP/{version}\r\nHost: a\r\n{lines}\r\n");
            assert_eq!(accepted(&head).keep_alive, expected, "{head:?}");
        }
    }

    #[test]
    fn expectations() {
        let waits = |head: &str| accepted(head).expect_continue;
        assert!(waits(&with("Expect: 100-continue\r\nContent-Length: 5")));
        assert!(waits(&with("expect: 100-Continue\r\nTransfer-Encoding: chunked")));
        assert!(!waits(&with("Content-Length: 5")));
        assert!(!waits(&with("Expect: 100-continue")));
        assert!(!waits("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
        for value in ["200-ok", "100-continue, x", "100", ""] {
            refused(&with(&format!("Expect: {value}")), HeadError::Expect);
        }
    }

    #[test]
    fn forwarding() {
        for (line, expected) in [
            ("X: y", false),
            ("Forwarded: for=192.0.2.1", true),
            ("X-Forwarded-For: 192.0.2.1", true),
            ("x-forwarded-host: b", true),
            ("X-FORWARDED-PROTO: https", true),
            ("X-Forwarded-: ", true),
            ("X-Real-IP: 192.0.2.1", true),
            ("Via: 1.1 proxy", true),
            ("X-Forwarded: 1", false),
            ("X-Viable: 1", false),
        ] {
            assert_eq!(accepted(&with(line)).forwarded, expected, "{line}");
        }
    }

    #[test]
    fn other_fields() {
        let head = with("Authorization: Bearer t\r\nContent-Type: application/json\r\nContent-Type: a/b");
        let request = accepted(&head);
        assert_eq!(request.authorization, b"Bearer t");
        assert_eq!(request.content_type, b"application/json");
        refused(&with("Authorization: Bearer t\r\nauthorization: Bearer u"), HeadError::Authorization);
        for (lines, expected) in [
            ("X: y", Coding::Identity),
            ("Content-Encoding:", Coding::Identity),
            ("Content-Encoding: identity", Coding::Identity),
            ("Content-Encoding: GZIP", Coding::Gzip),
            ("Content-Encoding: x-gzip", Coding::Gzip),
            ("Content-Encoding: gzip, gzip", Coding::Other),
            ("Content-Encoding: gzip\r\nContent-Encoding: gzip", Coding::Other),
            ("Content-Encoding: br", Coding::Other),
        ] {
            assert_eq!(accepted(&with(lines)).content_encoding, expected, "{lines:?}");
        }
    }

    #[test]
    fn the_lines_of_a_field_are_one_list() {
        use ListField::{Accept, AcceptEncoding, AcceptLanguage, IfNoneMatch};
        let head = with(
            "Accept-Language:\r\nAccept-Language: fr ,\ten\r\nX-Accept-Language: nl\r\nIf-None-Match: \"x\"\r\n\
             Accept-Encoding: br\r\nACCEPT-LANGUAGE:ar\r\naccept-encoding: gzip;q=0.5\r\nX: Accept: a",
        );
        let elements = |head: &str, field| {
            let request = accepted(head);
            let elements = request.list(field).elements();
            elements.map(|element| String::from_utf8(element.to_vec()).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(elements(&head, AcceptLanguage), ["", "fr", "en", "ar"]);
        assert_eq!(elements(&head, AcceptEncoding), ["br", "gzip;q=0.5"]);
        assert_eq!(elements(&head, IfNoneMatch), ["\"x\""]);
        assert!(elements(&head, Accept).is_empty());
        // In one line, and in none.
        assert_eq!(elements(&with("Accept: a,b"), Accept), ["a", "b"]);
        assert_eq!(elements(&with("X: y"), Accept), [""]);
        // The others are lists, too, whatever is made of them.
        assert!(!accepted(&with("Connection: x\r\nConnection: y, close")).keep_alive);
        let waits = with("Expect: 100-continue, 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5");
        assert!(accepted(&waits).expect_continue);
        refused(&with("Expect: 100-continue\r\nExpect: x"), HeadError::Expect);
        refused(&with("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"), HeadError::TransferCoding);
        refused(&with("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip"), HeadError::TransferEncoding);
    }

    #[test]
    fn limits() {
        let target = |len: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(len - 1));
        assert_eq!(accepted(&target(TARGET_BYTES)).path.len(), TARGET_BYTES);
        refused(&target(TARGET_BYTES + 1), HeadError::TargetLength);
        // It is refused before its end has come.
        refused(&target(TARGET_BYTES + 1)[..TARGET_BYTES + 5], HeadError::TargetLength);
        let headers =
            |count: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(count - 1));
        accepted(&headers(HEADERS));
        refused(&headers(HEADERS + 1), HeadError::HeaderCount);
        let long = |len: usize| {
            let rest = len - with("X: ").len();
            with(&format!("X: {}", "y".repeat(rest)))
        };
        accepted(&long(HEAD_BYTES));
        refused(&long(HEAD_BYTES + 1), HeadError::HeadLength);
        refused(&long(HEAD_BYTES + 1)[..HEAD_BYTES], HeadError::HeadLength);
        assert_eq!(read(&long(HEAD_BYTES + 1).as_bytes()[..HEAD_BYTES - 1]), Ok(None));
        refused(&"x".repeat(HEAD_BYTES + 9), HeadError::HeadLength);
    }

    #[test]
    fn what_follows_a_head_is_left() {
        let one = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for rest in ["", "GET / HTTP/1.1\r\n", "\n", "\0\0"] {
            let both = format!("{one}{rest}");
            let mut scanner = HeadScanner::new();
            assert_eq!(scanner.scan(both.as_bytes()), Ok(Progress::Complete(one.len())));
            assert_eq!(scanner.scan(both.as_bytes()), Ok(Progress::Complete(one.len())));
        }
    }

    #[test]
    fn idle_until_a_request_begins() {
        for (buf, expected) in [("", true), ("\r", true), ("\r\n", true), ("G", false), ("\r\nG", false)] {
            let mut scanner = HeadScanner::new();
            assert_eq!(scanner.scan(buf.as_bytes()), Ok(Progress::Partial));
            assert_eq!(scanner.is_idle(), expected, "{buf:?}");
        }
    }

    /// Bytes that come near a head: pieces that matter, in any order, and noise.
    fn near_heads() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just("GET / HTTP/1.1\r\n"),
            Just("POST /api/v2/alerts?x HTTP/1.0\r\n"),
            Just("Host: a\r\n"),
            Just("Content-Length: 5\r\n"),
            Just("Transfer-Encoding: chunked\r\n"),
            Just("Connection: close\r\n"),
            Just("\r\n"),
            Just("\n"),
            Just("\r"),
            Just(" "),
            Just("\t"),
            Just("\0"),
            Just("X: y"),
            Just(":"),
        ];
        let noise = proptest::collection::vec(any::<u8>(), 0..4);
        let some = prop_oneof![9 => piece.prop_map(|text| text.as_bytes().to_vec()), 1 => noise];
        let line = Just(b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec());
        (prop_oneof![line, Just(Vec::new())], proptest::collection::vec(some, 0..12))
            .prop_map(|(start, pieces)| [start, pieces.concat()].concat())
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_answer(head in near_heads(), steps in proptest::collection::vec(1usize..9, 1..9)) {
            let whole = HeadScanner::new().scan(&head);
            let mut scanner = HeadScanner::new();
            let mut answer = scanner.scan(&[]);
            let mut end = 0;
            for step in steps.iter().cycle() {
                if answer != Ok(Progress::Partial) || end == head.len() {
                    break;
                }
                end = head.len().min(end + step);
                answer = scanner.scan(&head[..end]);
            }
            prop_assert_eq!(answer, whole);
            // An error or an end stays.
            prop_assert_eq!(scanner.scan(&head), whole);
        }

        #[test]
        fn no_bytes_panic(head in near_heads(), noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&head);
            let _ = read(&noise);
            let _ = Request::parse(&head);
            let _ = Request::parse(&noise);
        }

        /// What is accepted has one reading: no line ends but CR LF, and one framing at most.
        #[test]
        fn what_is_accepted_is_unambiguous(head in near_heads()) {
            if let Ok(Some(request)) = read(&head) {
                let len = match HeadScanner::new().scan(&head) {
                    Ok(Progress::Complete(len)) => len,
                    other => panic!("{other:?}"),
                };
                let text = String::from_utf8_lossy(&head[..len]).to_ascii_lowercase();
                prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']));
                // At the beginning of a line: within a value they mean nothing.
                let framings = ["\r\ncontent-length:", "\r\ntransfer-encoding:"];
                prop_assert_eq!(framings.map(|name| text.matches(name).count()).iter().sum::<usize>(),
                    usize::from(request.body != Framing::None));
                prop_assert!(request.path.starts_with('/'));
            }
        }
    }
}
