//! Response heads (RFC 9112, section 4), and the chunks of an answer whose length is not known.

use heapless::String;
use ufmt::uwrite;

use super::Status;
use super::conditional::Etag;
use crate::limits::RESPONSE_HEAD_BYTES;
use crate::text::buffer::{Bytes, BytesView};
use crate::text::hex::digit;

/// What to send when a client waits before its body (RFC 9110, section 15.2.1).
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// What ends a chunked answer.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
/// The policy of answers that are not pages: nothing may be loaded and nobody may frame them.
pub const CSP_NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// What every head ends with.
const ALWAYS: &str =
    "Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n\r\n";

/// The head of a response, written out.
pub type ResponseHead = Bytes<RESPONSE_HEAD_BYTES>;

/// The head did not fit [`RESPONSE_HEAD_BYTES`], or a value holds a byte that no header value may
/// hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadHead;

/// How the content of a response is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// It has so many bytes. To `HEAD`, as many as `GET` would get.
    Length(usize),
    /// In chunks. Not for HTTP/1.0 (RFC 9112, section 6.1): there it ends with the connection.
    Chunked,
    /// Up to the end of the connection.
    UntilClose,
    /// To `HEAD`, when nobody knows the length before the content is made (RFC 9110, section
    /// 9.3.2).
    Unsaid,
}

/// What a response head says. Empty strings are left out.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// How it went.
    pub status: Status,
    /// How the content is delimited; statuses without content say nothing of it.
    pub content: Content,
    /// Its media type.
    pub content_type: &'static str,
    /// `Content-Encoding`.
    pub content_encoding: &'static str,
    /// `Content-Language`.
    pub content_language: &'static str,
    /// Whether another request may follow on this connection.
    pub keep_alive: bool,
    /// The time, as an IMF-fixdate (RFC 9110, section 5.6.7). A server without a clock sends none
    /// (6.6.1).
    pub date: &'a str,
    /// What identifies the content.
    pub etag: Option<Etag>,
    /// `Cache-Control`.
    pub cache_control: &'static str,
    /// `Vary`.
    pub vary: &'static str,
    /// `Allow`: due with 405 (RFC 9110, section 15.5.6).
    pub allow: &'static str,
    /// `Location`: a URI reference, whose own characters are the caller's business.
    pub location: &'a str,
    /// `Retry-After`, in seconds.
    pub retry_after_s: Option<u16>,
    /// `Content-Security-Policy`.
    pub csp: &'static str,
    /// Whether scripts of other sites may read it (`Access-Control-Allow-Origin: *`).
    pub shared: bool,
    /// The version of InfluxDB's API that we speak (`X-Influxdb-Version`).
    pub influxdb: &'static str,
    /// Whether search engines are to stay away (`X-Robots-Tag: noindex`).
    pub noindex: bool,
}

impl Response<'_> {
    /// An answer of `content`, on a connection that closes, and nothing else.
    #[inline(never)]
    pub const fn new(status: Status, content: Content) -> Self {
        Self {
            status,
            content,
            content_type: "",
            content_encoding: "",
            content_language: "",
            keep_alive: false,
            date: "",
            etag: None,
            cache_control: "",
            vary: "",
            allow: "",
            location: "",
            retry_after_s: None,
            csp: CSP_NOTHING,
            shared: false,
            influxdb: "",
            noindex: false,
        }
    }

    /// Writes the head, with the empty line at its end, over what `out` holds. After an error,
    /// `out` is empty.
    ///
    /// A 401 always carries `WWW-Authenticate` (RFC 9110, section 15.5.2), and Basic, since
    /// collectd authenticates only when asked so.
    pub fn write(&self, out: &mut ResponseHead) -> Result<(), BadHead> {
        out.clear();
        let result = self.fill(out);
        if result.is_err() {
            out.clear();
        }
        result
    }

    fn fill(&self, out: &mut BytesView) -> Result<(), BadHead> {
        put(out, "HTTP/1.1 ")?;
        put(out, self.status.line())?;
        put(out, "\r\n")?;
        if !self.status.is_bodiless() {
            match self.content {
                Content::Length(length) => number(out, "Content-Length", length)?,
                Content::Chunked => field(out, "Transfer-Encoding", "chunked")?,
                Content::UntilClose | Content::Unsaid => {}
            }
        }
        if let Some(seconds) = self.retry_after_s {
            number(out, "Retry-After", usize::from(seconds))?;
        }
        let etag = self.etag.map(Etag::text);
        let may_go_on = self.keep_alive && self.content != Content::UntilClose;
        let is_401 = self.status == Status::Unauthorized;
        for (name, value) in [("Date", self.date), ("Location", self.location)] {
            if !value.is_empty() {
                field(out, name, value)?;
            }
        }
        for (name, value) in [
            ("Connection", if may_go_on { "keep-alive" } else { "close" }),
            ("Content-Type", self.content_type),
            ("Content-Encoding", self.content_encoding),
            ("Content-Language", self.content_language),
            ("ETag", etag.as_deref().unwrap_or("")),
            ("Cache-Control", self.cache_control),
            ("Vary", self.vary),
            ("Allow", self.allow),
            ("WWW-Authenticate", if is_401 { "Basic realm=\"aiglon\"" } else { "" }),
            ("Content-Security-Policy", self.csp),
            ("Access-Control-Allow-Origin", if self.shared { "*" } else { "" }),
            ("X-Influxdb-Version", self.influxdb),
            ("X-Robots-Tag", if self.noindex { "noindex" } else { "" }),
        ] {
            if !value.is_empty() {
                own_field(out, name, value)?;
            }
        }
        put(out, ALWAYS)
    }
}

fn put(out: &mut BytesView, text: &str) -> Result<(), BadHead> {
    if out.push(text.as_bytes()) { Ok(()) } else { Err(BadHead) }
}

/// Writes one line with a value from elsewhere. One with a control character or a byte above 126 is
/// refused, so that none can end the line early.
fn field(out: &mut BytesView, name: &str, value: &str) -> Result<(), BadHead> {
    if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(BadHead);
    }
    own_field(out, name, value)
}

/// Writes one line with a value that stands in the program.
fn own_field(out: &mut BytesView, name: &str, value: &str) -> Result<(), BadHead> {
    put(out, name)?;
    put(out, ": ")?;
    put(out, value)?;
    put(out, "\r\n")
}

fn number(out: &mut BytesView, name: &str, value: usize) -> Result<(), BadHead> {
    uwrite!(out, "{}: {}\r\n", name, value).map_err(|_| BadHead)
}

/// The line before a chunk of `len` bytes; CR LF follows the chunk. Empty for an empty chunk, which
/// would end the answer: send [`LAST_CHUNK`] for that.
pub fn chunk_line(len: u32) -> String<10> {
    let mut line = String::new();
    if len > 0 {
        for shift in (0..32).step_by(4).rev() {
            let rest = len >> shift;
            if rest > 0 {
                push(&mut line, digit(rest & 15));
            }
        }
        push(&mut line, '\r');
        push(&mut line, '\n');
    }
    line
}

/// Eight digits and a line's end always fit.
fn push(line: &mut String<10>, char: char) {
    let fits = line.push(char).is_ok();
    debug_assert!(fits, "the chunk line is full");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(head: &ResponseHead) -> &str {
        core::str::from_utf8(head.as_slice()).unwrap()
    }

    #[test]
    fn a_page() {
        let mut head = ResponseHead::new();
        let response = Response {
            content_type: "text/html; charset=utf-8",
            keep_alive: true,
            date: "Sat, 21 Nov 2026 09:30:00 GMT",
            etag: Some(Etag(0xabc)),
            cache_control: "max-age=10, stale-if-error=300",
            vary: "Accept-Encoding, Accept-Language",
            content_encoding: "gzip",
            content_language: "fr",
            csp: "default-src 'none'; style-src 'sha256-x'",
            noindex: true,
            ..Response::new(Status::Ok, Content::Length(1234))
        };
        response.write(&mut head).unwrap();
        assert_eq!(
            text(&head),
            "HTTP/1.1 200 OK\r\n\
             Content-Length: 1234\r\n\
             Date: Sat, 21 Nov 2026 09:30:00 GMT\r\n\
             Connection: keep-alive\r\n\
             Content-Type: text/html; charset=utf-8\r\n\
             Content-Encoding: gzip\r\n\
             Content-Language: fr\r\n\
             ETag: \"0000000000000abc\"\r\n\
             Cache-Control: max-age=10, stale-if-error=300\r\n\
             Vary: Accept-Encoding, Accept-Language\r\n\
             Content-Security-Policy: default-src 'none'; style-src 'sha256-x'\r\n\
             X-Robots-Tag: noindex\r\n\
             Referrer-Policy: no-referrer\r\n\
             X-Content-Type-Options: nosniff\r\n\
             X-Frame-Options: DENY\r\n\r\n"
        );
    }

    /// What a plain answer's lines hold, by status and content.
    #[test]
    fn lines_by_status() {
        let has = |response: Response<'_>, line: &str| {
            let mut head = ResponseHead::new();
            response.write(&mut head).unwrap();
            assert!(text(&head).ends_with("\r\n\r\n"));
            text(&head).split("\r\n").any(|have| have == line)
        };
        let plain = |status| Response::new(status, Content::Length(0));
        let chunked = |status| Response { keep_alive: true, ..Response::new(status, Content::Chunked) };
        assert!(has(plain(Status::Unauthorized), "WWW-Authenticate: Basic realm=\"aiglon\""));
        assert!(!has(plain(Status::Forbidden), "WWW-Authenticate: Basic realm=\"aiglon\""));
        assert!(has(plain(Status::BadRequest), "Connection: close"));
        assert!(has(plain(Status::BadRequest), "Content-Length: 0"));
        for status in [Status::NoContent, Status::NotModified, Status::Continue] {
            assert!(!has(plain(status), "Content-Length: 0"));
            assert!(!has(chunked(status), "Transfer-Encoding: chunked"));
        }
        assert!(has(chunked(Status::Ok), "Transfer-Encoding: chunked"));
        assert!(has(chunked(Status::Ok), "Connection: keep-alive"));
        let until_close = Response { keep_alive: true, ..Response::new(Status::Ok, Content::UntilClose) };
        assert!(has(until_close, "Connection: close"));
        let busy = Response { retry_after_s: Some(30), ..plain(Status::ServiceUnavailable) };
        assert!(has(busy, "Retry-After: 30"));
        let shared = Response { shared: true, ..plain(Status::Ok) };
        assert!(has(shared, "Access-Control-Allow-Origin: *"));
        let wrong = Response { allow: "GET, HEAD", ..plain(Status::MethodNotAllowed) };
        assert!(has(wrong, "Allow: GET, HEAD"));
        let moved = Response { location: "secret/", ..plain(Status::MovedPermanently) };
        assert!(has(moved, "Location: secret/"));
    }

    #[test]
    fn no_value_ends_a_line_or_overflows() {
        let mut head = ResponseHead::new();
        let long = "x".repeat(RESPONSE_HEAD_BYTES);
        for location in ["/a\r\nSet-Cookie: x", "/a\n", "/\0", "/\u{7f}", "/é", long.as_str()] {
            let response =
                Response { location, ..Response::new(Status::MovedPermanently, Content::Length(0)) };
            assert_eq!(response.write(&mut head), Err(BadHead), "{location:?}");
            assert_eq!(text(&head), "");
        }
    }

    #[test]
    fn chunk_lines() {
        for (len, expected) in
            [(0, ""), (1, "1\r\n"), (16, "10\r\n"), (0xbeef, "beef\r\n"), (u32::MAX, "ffffffff\r\n")]
        {
            assert_eq!(chunk_line(len), expected);
        }
    }
}
