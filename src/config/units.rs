//! Values that are one word: spans of time, truth values, addresses, host names, links, paths,
//! zones.

use core::net::SocketAddr;

use super::problem::ProblemKind;
use crate::limits::{DURATION_SECS, HOST_BYTES, SECRET_CHARS_MIN, SITE_URL_BYTES};
use crate::text::clean::is_unseen;
use crate::text::number::natural;
use crate::text::{has, split_once};
use crate::time::Millis;

/// A span of time as Prometheus writes them, of `d`, `h`, `m` and `s`, the larger unit first:
/// `4h30m`.
pub fn duration(text: &str) -> Result<Millis, ProblemKind> {
    const UNITS: [(u8, u32); 4] = [(b'd', 86_400), (b'h', 3600), (b'm', 60), (b's', 1)];
    let mut units = UNITS.iter();
    let mut total: u32 = 0;
    let mut number: Option<u32> = None;
    for byte in text.bytes() {
        if byte.is_ascii_digit() {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            let more = number.unwrap_or(0).checked_mul(10).and_then(|tens| tens.checked_add(digit));
            number = Some(more.ok_or(ProblemKind::BadDuration)?);
        } else {
            // What is left of the units are the smaller ones, so that none comes twice.
            let (_, secs) = units.find(|&&(unit, _)| unit == byte).ok_or(ProblemKind::BadDuration)?;
            let part =
                number.take().and_then(|count| count.checked_mul(*secs)).ok_or(ProblemKind::BadDuration)?;
            total = total.checked_add(part).ok_or(ProblemKind::BadDuration)?;
        }
    }
    match number {
        Some(_) if text.bytes().all(|byte| byte.is_ascii_digit()) => Err(ProblemKind::NoUnit),
        None if !text.is_empty() && total <= DURATION_SECS => Ok(Millis::from_secs(total)),
        _ => Err(ProblemKind::BadDuration),
    }
}

/// A number of bytes, or of kibibytes: `65536`, `64k`.
pub(super) fn bytes(text: &str) -> Option<u32> {
    let (number, unit) = match text.strip_suffix(['k', 'K']) {
        Some(number) => (number, 1024u32),
        None => (text, 1),
    };
    natural(number)?.checked_mul(unit)
}

/// Whether this may be the name of a group.
pub(super) fn group(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// A truth value, in the words that `OpenWrt` knows.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "yes" | "on" | "true" | "enabled" => Some(true),
        "0" | "no" | "off" | "false" | "disabled" => Some(false),
        _ => None,
    }
}

/// An IP address and port.
pub(super) fn socket(text: &str) -> Result<SocketAddr, ProblemKind> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let ip = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if ip.parse::<core::net::IpAddr>().is_ok() {
        return Err(ProblemKind::NoPort);
    }
    let name = text.split(':').next().unwrap_or("");
    let named = name.bytes().any(|byte| byte.is_ascii_alphabetic()) && host(name);
    Err(if named && text.matches(':').count() <= 1 {
        ProblemKind::AddressName
    } else {
        ProblemKind::BadAddress
    })
}

/// Whether this is a host name (RFC 1123, 2.1), an IPv4 address, or an IPv6 address in brackets.
/// Case does not matter; there is no port, and no dot at its end.
pub(super) fn host(text: &str) -> bool {
    if let Some(ip) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return ip.parse::<core::net::Ipv6Addr>().is_ok();
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= HOST_BYTES && text.split('.').all(label)
}

/// Whether this may stand in a link: http or https, with something after it, and nothing that could
/// leave an attribute or hide in a terminal. What nobody sees is taken out on the page, so a link
/// with it would lead elsewhere.
pub(super) fn url(text: &str) -> bool {
    let after = |scheme: &str| {
        let (head, rest) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let Some(rest) = after("https://").or_else(|| after("http://")) else { return false };
    !rest.is_empty()
        && !rest.starts_with(['/', '?', '#'])
        && !rest.chars().any(|c| c.is_whitespace() || is_unseen(c) || has("\"'<>\\^`{|}", c))
}

/// The address of a site's page, without a slash at its end: a scheme, a host, perhaps a port and a
/// path, and nothing that an identifier made of it could not hold.
pub(super) fn site_url(text: &str) -> Option<&str> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (_, rest) = split_once(text, "://").filter(|_| url(text) && text.len() <= SITE_URL_BYTES)?;
    let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (authority, "80"),
    };
    let fits = host(name) && port.parse::<u16>().is_ok() && path_prefix(path) == Some(path);
    fits.then_some(text)
}

/// Whether a visitor may be led there who has something to tell: the web, an address of mail, a
/// number of a telephone.
pub(super) fn contact(text: &str) -> bool {
    let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
    if scheme.eq_ignore_ascii_case("mailto") {
        let part = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
        let address = rest.split_once('@');
        return address.is_some_and(|(who, at)| !who.is_empty() && who.bytes().all(part) && host(at));
    }
    if scheme.eq_ignore_ascii_case("tel") {
        let number = rest.strip_prefix('+').unwrap_or(rest);
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        // The marks that RFC 3966 allows between digits.
        return digits >= 3 && number.bytes().all(|byte| byte.is_ascii_digit() || b"-.()".contains(&byte));
    }
    url(text)
}

/// The prefix of a reverse proxy, without a slash at its end; `/` alone is the empty one.
pub(super) fn path_prefix(text: &str) -> Option<&str> {
    let prefix = text.strip_suffix('/').unwrap_or(text);
    if prefix.is_empty() {
        return Some("");
    }
    let segment = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    prefix.strip_prefix('/')?.split('/').all(segment).then_some(prefix)
}

/// Whether this is an absolute path of a file, and one word to a shell: OpenWrt's scripts and its
/// jail take the path apart at a space, and complete a pattern.
pub(super) fn absolute(text: &str) -> bool {
    text.starts_with('/')
        && !text.split('/').any(|segment| segment == "..")
        && !text.contains(|c: char| c.is_whitespace() || has("*?[", c))
}

/// Whether this is long enough to be a secret, and fits a URL as it is.
pub(super) fn secret(text: &str) -> bool {
    text.len() >= SECRET_CHARS_MIN
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// The POSIX string of a zone's name, for those who paste one. aiglon carries no table of zones
/// (tzdata is 400 KB); these few, of the places where it is used, cost half a kilobyte.
pub(super) fn posix_of_zone(name: &str) -> Option<&'static str> {
    const ZONES: [(&str, &str); 8] = [
        (
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "Amsterdam Andorra Belgrade Berlin Bratislava Brussels Budapest Copenhagen Gibraltar Ljubljana Luxembourg \
             Madrid Malta Monaco Oslo Paris Podgorica Prague Rome San_Marino Sarajevo Skopje Stockholm Tirane Vaduz \
             Vatican Vienna Warsaw Zagreb Zurich Ceuta",
        ),
        (
            "EET-2EEST,M3.5.0/3,M10.5.0/4",
            "Athens Bucharest Helsinki Kiev Kyiv Mariehamn Riga Sofia Tallinn Vilnius",
        ),
        ("GMT0BST,M3.5.0/1,M10.5.0", "London Belfast Guernsey Isle_of_Man Jersey"),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "Dublin"),
        ("WET0WEST,M3.5.0/1,M10.5.0", "Lisbon Canary Madeira Faroe"),
        ("CET-1", "Tunis Algiers"),
        ("<+03>-3", "Istanbul"),
        ("UTC0", "UTC GMT UCT Universal Zulu"),
    ];
    let city = name.rsplit('/').next()?;
    ZONES.iter().find(|(_, cities)| cities.split(' ').any(|known| known == city)).map(|&(posix, _)| posix)
}

/// Whether this is how the tz database names a zone, not how POSIX does: it has no digit for an
/// offset.
pub(super) fn is_zone_name(text: &str) -> bool {
    has(text, '/') && !has(text, ',') && !text.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expected) in [
            ("90s", Ok(90)),
            ("5m", Ok(300)),
            ("4h30m", Ok(16_200)),
            ("1d", Ok(86_400)),
            ("1d1h1m1s", Ok(90_061)),
            ("30d", Ok(2_592_000)),
            ("0s", Ok(0)),
            ("005m", Ok(300)),
            ("300", Err(ProblemKind::NoUnit)),
            ("0", Err(ProblemKind::NoUnit)),
            ("", Err(ProblemKind::BadDuration)),
            ("m", Err(ProblemKind::BadDuration)),
            ("5M", Err(ProblemKind::BadDuration)),
            ("5 m", Err(ProblemKind::BadDuration)),
            ("-5m", Err(ProblemKind::BadDuration)),
            ("1.5h", Err(ProblemKind::BadDuration)),
            ("5m5", Err(ProblemKind::BadDuration)),
            ("30m4h", Err(ProblemKind::BadDuration)),
            ("5m5m", Err(ProblemKind::BadDuration)),
            ("1w", Err(ProblemKind::BadDuration)),
            ("100ms", Err(ProblemKind::BadDuration)),
            ("31d", Err(ProblemKind::BadDuration)),
            ("30d1s", Err(ProblemKind::BadDuration)),
            ("99999999999999999999s", Err(ProblemKind::BadDuration)),
            ("49711d", Err(ProblemKind::BadDuration)),
        ] {
            assert_eq!(duration(text), expected.map(Millis::from_secs), "{text}");
        }
    }

    #[test]
    fn booleans() {
        for text in ["1", "yes", "on", "true", "enabled"] {
            assert_eq!(boolean(text), Some(true));
        }
        for text in ["0", "no", "off", "false", "disabled"] {
            assert_eq!(boolean(text), Some(false));
        }
        for text in ["", "2", "y", "YES", "ja"] {
            assert_eq!(boolean(text), None, "{text}");
        }
    }

    #[test]
    fn sockets() {
        for text in ["127.0.0.1:8080", "0.0.0.0:80", "[::]:8080", "[::1]:0", "[fe80::1%2]:80"] {
            assert!(socket(text).is_ok(), "{text}");
        }
        for (text, kind) in [
            ("127.0.0.1", ProblemKind::NoPort),
            ("::1", ProblemKind::NoPort),
            ("[::1]", ProblemKind::NoPort),
            ("localhost:8080", ProblemKind::AddressName),
            ("router.lan", ProblemKind::AddressName),
            ("router.lan:80", ProblemKind::AddressName),
            (":8080", ProblemKind::BadAddress),
            ("8080", ProblemKind::BadAddress),
            ("127.0.0.1:99999", ProblemKind::BadAddress),
            ("127.0.0.256:80", ProblemKind::BadAddress),
            ("::1:8080:", ProblemKind::BadAddress),
            ("http://127.0.0.1:80", ProblemKind::BadAddress),
            ("", ProblemKind::BadAddress),
        ] {
            assert_eq!(socket(text), Err(kind), "{text}");
        }
    }

    #[test]
    fn hosts() {
        for text in [
            "status.example.org",
            "router",
            "Status.LAN",
            "10.0.0.1",
            "[fd00::1]",
            "a-b.c_d",
            "xn--hron-bpa.example",
        ] {
            assert!(host(text), "{text}");
        }
        for text in [
            "",
            ".",
            "a..b",
            "a.",
            "a:80",
            "[::1]:80",
            "::1",
            "http://a",
            "a/b",
            "*.a",
            "a b",
            "héron.example",
            "-a",
            "a-",
            "[::",
        ] {
            assert!(!host(text), "{text}");
        }
        assert!(!host(&"a".repeat(64)));
        assert!(!host(&"a.".repeat(127)));
    }

    #[test]
    fn urls() {
        for text in
            ["https://example.org", "http://example.org/a?b=c#d", "HTTPS://example.org", "http://[::1]:80/"]
        {
            assert!(url(text), "{text}");
        }
        for text in [
            "",
            "https://",
            "https:///a",
            "example.org",
            "javascript:alert(1)",
            "ftp://a",
            "//a",
            "https://a b",
            "https://a\"b",
            "https://a'b",
            "https://a<b",
            "data:text/html,x",
            "h",
            "https://a\u{a0}b",
            "https://a\u{7}b",
            "https://a\u{202e}b",
            "https://a.b/\u{200b}c",
        ] {
            assert!(!url(text), "{text}");
        }
    }

    #[test]
    fn contacts() {
        for text in [
            "mailto:team@example.org",
            "MAILTO:a.b+c_d-e@example.org",
            "tel:+3222345678",
            "tel:112",
            "Tel:+32-2-(234).56-78",
            "https://example.org/contact",
            "http://[::1]:80/",
        ] {
            assert!(contact(text), "{text}");
        }
        for text in [
            "",
            "team@example.org",
            "mailto:",
            "mailto:team",
            "mailto:@example.org",
            "mailto:a@b@example.org",
            "mailto:a@example.org?subject=x",
            "mailto:a b@example.org",
            "mailto:\u{e9}@example.org",
            "mailto:a@-",
            "+3222345678",
            "tel:",
            "tel:+12",
            "tel:+32 2 234",
            "tel:++322",
            "tel:113;ext=1",
            "tel:\u{661}\u{661}\u{662}",
            "javascript:alert(1)",
            "sms:112",
            "data:text/html,x",
            "https://a b",
        ] {
            assert!(!contact(text), "{text}");
        }
    }

    #[test]
    fn prefixes() {
        for (text, expected) in [
            ("/status", Some("/status")),
            ("/status/", Some("/status")),
            ("/a/b-c_d.e~f", Some("/a/b-c_d.e~f")),
            ("/", Some("")),
            ("", Some("")),
            ("status", None),
            ("//a", None),
            ("/a//b", None),
            ("/a//", None),
            ("/../a", None),
            ("/a b", None),
            ("/a?b", None),
            ("/é", None),
        ] {
            assert_eq!(path_prefix(text), expected, "{text}");
        }
    }

    #[test]
    fn zones() {
        for (text, expected) in [
            ("Europe/Brussels", Some("CET-1CEST,M3.5.0,M10.5.0/3")),
            ("Europe/London", Some("GMT0BST,M3.5.0/1,M10.5.0")),
            ("Europe/Athens", Some("EET-2EEST,M3.5.0/3,M10.5.0/4")),
            ("Atlantic/Canary", Some("WET0WEST,M3.5.0/1,M10.5.0")),
            ("Europe/Dublin", Some("IST-1GMT0,M10.5.0,M3.5.0/1")),
            ("Africa/Tunis", Some("CET-1")),
            ("Europe/Istanbul", Some("<+03>-3")),
            ("Etc/UTC", Some("UTC0")),
            ("America/Lima", None),
        ] {
            assert!(is_zone_name(text), "{text}");
            assert_eq!(posix_of_zone(text), expected, "{text}");
            assert!(expected.is_none_or(|posix| crate::time::tz::Tz::parse(posix).is_ok()), "{text}");
        }
        for text in ["CET-1CEST,M3.5.0,M10.5.0/3", "UTC0", "<+03>-3", "CET-1CEST,M3.5.0/2,M10.5.0/3"] {
            assert!(!is_zone_name(text), "{text}");
        }
    }
}
