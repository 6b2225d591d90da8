//! Request targets and authorities (RFC 9112, section 3.2; RFC 3986).
//!
//! Dots in a path are never resolved: there are no files, and what is not a route is not found.

use crate::text::number::natural;
use crate::text::{has, hex, split_once};

/// A request target, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The host of the absolute-form, in the form of [`host`]; `None` in the origin-form.
    pub authority: Option<&'a str>,
    /// The path as it came, percent-encoded; begins with a slash.
    pub path: &'a str,
    /// What follows the question mark; empty if there is nothing.
    pub query: &'a str,
}

/// Bytes that a target may hold: one bit each of 0 to 127.
///
/// RFC 3986's `pchar`, `/`, `?`, and what browsers leave unencoded in a path or query beyond it
/// (WHATWG URL, percent-encode sets): ``[ ] \ ^ ` { | }``. Not `"`, `#`, `<`, `>`, and nothing
/// above 126.
const ALLOWED: [u32; 4] = [0, 0xafff_fff2, 0xffff_ffff, 0x7fff_ffff];

/// Whether a target may hold this byte.
fn is_allowed(byte: u8) -> bool {
    ALLOWED
        .get(usize::from(byte >> 5))
        .is_some_and(|word| word & 1u32.wrapping_shl(u32::from(byte) & 31) != 0)
}

/// Takes a target apart: origin-form, or absolute-form with `http` or `https`.
///
/// `None` for other forms, forbidden bytes, user information (RFC 9110, section 4.2.4) or no host
/// (4.2.1).
pub fn split(raw: &str) -> Option<Target<'_>> {
    if !raw.bytes().all(is_allowed) {
        return None;
    }
    let (authority, rest) = if raw.starts_with('/') {
        (None, raw)
    } else {
        let (scheme, rest) = split_once(raw, "://")?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return None;
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        let name = host(authority.as_bytes()).filter(|name| !name.is_empty())?;
        (Some(name), rest)
    };
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    Some(Target { authority, path: if path.is_empty() { "/" } else { path }, query })
}

/// The name in a `Host` value, without port and dot at its end; as it came in letter case, and
/// empty if the value is empty, which a client may send (RFC 9112, section 3.2).
///
/// `None` if it is neither a name of letters, digits, `-`, `_` and `.`, nor an IP address:
/// `uri-host` also allows percent-encoding and `!$&'()*+,;=`, which no name on the net has and
/// which other parsers trip over.
pub fn host(value: &[u8]) -> Option<&str> {
    let value = core::str::from_utf8(value).ok()?;
    let (name, port) = if value.starts_with('[') {
        let (name, rest) = value.split_at_checked(value.find(']')?.checked_add(1)?)?;
        let inner = name.strip_prefix('[')?.strip_suffix(']')?;
        let is_address = !inner.is_empty()
            && has(inner, ':')
            && inner.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
        if !is_address {
            return None;
        }
        (name, if rest.is_empty() { "" } else { rest.strip_prefix(':')? })
    } else {
        let (name, port) = value.split_once(':').unwrap_or((value, ""));
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')) {
            return None;
        }
        if name.is_empty() && !value.is_empty() {
            return None;
        }
        (name, port)
    };
    // `port = *DIGIT`: it may be empty after the colon.
    let port_is_fine = port.is_empty() || natural(port).is_some_and(|port| port <= u16::MAX.into());
    port_is_fine.then(|| name.strip_suffix('.').unwrap_or(name))
}

/// Decodes the percent-encoding of a path segment into `out`.
///
/// `None` if it does not fit, is malformed, is not UTF-8, or hides a control character. An encoded
/// slash is decoded too, so split a path into segments first.
pub fn percent_decode<'b>(raw: &str, out: &'b mut [u8]) -> Option<&'b str> {
    let mut input = raw.bytes();
    let mut len = 0usize;
    while let Some(byte) = input.next() {
        let byte = if byte == b'%' {
            hex::value(input.next()?)?.wrapping_shl(4) | hex::value(input.next()?)?
        } else {
            byte
        };
        if byte.is_ascii_control() {
            return None;
        }
        *out.get_mut(len)? = byte;
        len = len.saturating_add(1);
    }
    core::str::from_utf8(out.get(..len)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_bytes_are_those_named() {
        let extra = b"!$&'()*+,;=:@/?-._~%[]\\^`{|}";
        for byte in 0..=255u8 {
            let expected = byte.is_ascii_alphanumeric() || extra.contains(&byte);
            assert_eq!(is_allowed(byte), expected, "byte {byte} {:?}", char::from(byte));
        }
    }

    #[test]
    fn targets() {
        let ok = |authority, path, query| Some(Target { authority, path, query });
        for (raw, expected) in [
            ("/", ok(None, "/", "")),
            ("/a/../b?x=1?y", ok(None, "/a/../b", "x=1?y")),
            ("//evil/", ok(None, "//evil/", "")),
            ("/?", ok(None, "/", "")),
            ("/a|b[0]{c}", ok(None, "/a|b[0]{c}", "")),
            ("/%zz", ok(None, "/%zz", "")),
            ("http://status.example.org/", ok(Some("status.example.org"), "/", "")),
            ("HTTPS://a.b:8080?q", ok(Some("a.b"), "/", "q")),
            ("http://[::1]:80/x", ok(Some("[::1]"), "/x", "")),
            ("http://a", ok(Some("a"), "/", "")),
            ("http:///x", None),
            ("http://u:p@a/", None),
            ("ftp://a/", None),
            ("*", None),
            ("a:443", None),
            ("x/y", None),
            ("/#top", None),
            ("/\"", None),
            ("/<script>", None),
            ("/é", None),
        ] {
            assert_eq!(split(raw), expected, "{raw}");
        }
    }

    #[test]
    fn hosts() {
        for (value, expected) in [
            ("", Some("")),
            ("a", Some("a")),
            ("Status.Example.ORG:8080", Some("Status.Example.ORG")),
            ("example.org.", Some("example.org")),
            ("example.org.:80", Some("example.org")),
            ("a:", Some("a")),
            ("10.0.0.1:65535", Some("10.0.0.1")),
            ("my_router.lan", Some("my_router.lan")),
            ("[fe80::1]", Some("[fe80::1]")),
            ("[::ffff:10.0.0.1]:80", Some("[::ffff:10.0.0.1]")),
            (":80", None),
            ("a:b", None),
            ("a:+80", None),
            ("a:65536", None),
            ("a:80:80", None),
            ("a b", None),
            ("a, b", None),
            ("a/b", None),
            ("a@b", None),
            ("a%2eb", None),
            ("é", None),
            ("::1", None),
            ("[]", None),
            ("[::1", None),
            ("[::1]x", None),
            ("[a]", None),
            ("[::1%25eth0]", None),
        ] {
            assert_eq!(host(value.as_bytes()), expected, "{value}");
        }
        assert_eq!(host(b"\xff"), None);
    }

    #[test]
    fn percent_decoding() {
        for (raw, expected) in [
            ("", Some("")),
            ("plain", Some("plain")),
            ("H%C3%a9ron", Some("Héron")),
            ("a%2Fb", Some("a/b")),
            ("12345678", Some("12345678")),
            ("123456789", None),
            ("%", None),
            ("%4", None),
            ("%g0", None),
            ("%+1", None),
            ("%00", None),
            ("%0a", None),
            ("%7F", None),
            ("%C3", None),
        ] {
            assert_eq!(percent_decode(raw, &mut [0; 8]), expected, "{raw}");
        }
    }
}
