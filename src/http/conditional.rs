//! What a visitor has already (`If-None-Match`), which language they read (`Accept-Language`),
//! whether they unpack (`Accept-Encoding`), and whether they read pages (`Accept`).

use heapless::String;

use super::head::List;
use crate::model::Lang;
use crate::text::hex::digit;

/// A strong entity tag: a hash of the content, before it is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Etag(pub u64);

impl Etag {
    /// That of the same content packed, whose bytes are others (RFC 9110, section 8.8.3.3).
    #[must_use]
    pub const fn packed(self) -> Self {
        Self(!self.0)
    }

    /// As the header has it: 16 hexadecimal digits in quotes.
    pub fn text(self) -> String<18> {
        let mut text = String::new();
        // Two quotes and 16 digits always fit.
        let _ = text.push('"');
        for byte in self.0.to_be_bytes() {
            let _ = text.push(digit(u32::from(byte >> 4)));
            let _ = text.push(digit(u32::from(byte & 15)));
        }
        let _ = text.push('"');
        text
    }

    /// Whether `If-None-Match` names this tag, by weak comparison (RFC 9110, section 13.1.2), since
    /// a proxy that compresses may have weakened it. A malformed line names nothing from there on.
    pub fn is_named(self, if_none_match: List<'_>) -> bool {
        if_none_match.lines().any(|line| self.is_named_in(line))
    }

    fn is_named_in(self, line: &[u8]) -> bool {
        let mut rest = line;
        if rest.is_empty() || rest == b"*" {
            return !rest.is_empty();
        }
        let own = self.text();
        // entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE; a comma may stand between the quotes.
        while !rest.is_empty() {
            let opaque = rest.strip_prefix(b"W/").unwrap_or(rest);
            let Some(inner) = opaque.strip_prefix(b"\"") else { return false };
            let Some(end) = inner.iter().position(|&byte| byte == b'"') else { return false };
            let (tag, after) = opaque.split_at_checked(end.saturating_add(2)).unwrap_or((opaque, b""));
            if tag == own.as_bytes() {
                return true;
            }
            let after = after.trim_ascii_start();
            rest = after.strip_prefix(b",").unwrap_or_default().trim_ascii_start();
        }
        false
    }
}

/// What is known of the visitor's wish for one language.
#[derive(Clone, Copy, Default)]
struct Wish {
    /// Said to be unacceptable.
    excluded: bool,
    /// The best quality, in thousandths; 0 if not named.
    quality: u16,
    /// The position of the range that gave it.
    position: u16,
}

/// The language to answer in: the one that `Accept-Language` likes best (RFC 9110, section 12.5.4;
/// a range with a region falls back to its language, as RFC 4647's lookup has it), or the site's
/// own if it names none that we speak, or likes any other (`*`) as well. Of equals, the first. Work
/// is linear in the list's length.
pub fn negotiate(accept_language: List<'_>, site: Lang) -> Lang {
    let mut wishes = [Wish::default(); Lang::COUNT];
    let mut any = 0;
    for (range, position) in accept_language.elements().zip(0u16..) {
        let Some((tag, quality)) = wish(range) else { continue };
        let tag = core::str::from_utf8(tag).unwrap_or("");
        if tag == "*" {
            any = quality;
        }
        let Some(lang) = Lang::from_tag(tag) else { continue };
        let Some(wish) = wishes.get_mut(lang.index()) else { continue };
        // Only the language itself is excluded by a zero; `fr-CH;q=0` leaves `fr`.
        wish.excluded |= quality == 0 && tag.len() == lang.tag().len();
        if quality > wish.quality {
            (wish.quality, wish.position) = (quality, position);
        }
    }
    // A language that is not named is worth what `*` is, and comes after those that are; the site's
    // comes first among those.
    let worth = |lang: Lang| {
        let wish = wishes.get(lang.index()).copied().unwrap_or_default();
        match wish {
            Wish { excluded: true, .. } => (0, 0, false),
            Wish { quality: 0, .. } => (any, 0, lang == site),
            Wish { quality, position, .. } => (quality, u16::MAX.saturating_sub(position), false),
        }
    };
    let best = Lang::ALL.into_iter().rev().max_by_key(|&lang| worth(lang));
    best.filter(|&lang| worth(lang).0 > 0).unwrap_or(site)
}

/// The language that a query asks for: `lang=fr`. A page has no other parameter, so the others do
/// not count. Nor does a tag that is not written as ours are, or that we do not speak, or one of
/// several.
pub fn asked(query: &str) -> Option<Lang> {
    let mut tags = query.split('&').filter_map(|pair| pair.strip_prefix("lang="));
    let tag = tags.next()?;
    let alone = tags.next().is_none();
    Lang::ALL.into_iter().find(|lang| alone && lang.tag() == tag)
}

/// Whether a visitor takes gzip, and likes it no less than a plain answer, by `Accept-Encoding`
/// (RFC 9110, section 12.5.3). A coding that is not named is liked as `*` says. Without `*`, gzip
/// is then not taken. A plain answer is always taken, because there is nothing else to send.
pub fn accepts_gzip(accept_encoding: List<'_>) -> bool {
    let (mut gzip, mut identity, mut any) = (None, None, None);
    for range in accept_encoding.elements() {
        let Some((coding, quality)) = wish(range) else { continue };
        let is = |name: &str| coding.eq_ignore_ascii_case(name.as_bytes());
        let wish = if is("gzip") || is("x-gzip") {
            &mut gzip
        } else if is("identity") {
            &mut identity
        } else if coding == b"*" {
            &mut any
        } else {
            continue;
        };
        *wish = (*wish).max(Some(quality));
    }
    let gzip = gzip.or(any).unwrap_or(0);
    gzip > 0 && gzip >= identity.unwrap_or(0)
}

/// Whether `Accept` names pages (RFC 9110, section 12.5.1). `*/*` alone does not count: browsers
/// send it for icons and images, and programs for everything. How much a page is liked is not
/// looked at, since nobody names it to refuse it.
pub fn accepts_html(accept: List<'_>) -> bool {
    const PAGE: &[u8] = b"text/html";
    let is_named = |line: &[u8]| line.windows(PAGE.len()).any(|part| part.eq_ignore_ascii_case(PAGE));
    accept.lines().any(is_named)
}

/// What an element of a list names, and its quality in thousandths. `None` if the quality is no
/// quality.
fn wish(element: &[u8]) -> Option<(&[u8], u16)> {
    let mut parts = element.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
    let name = parts.next().unwrap_or_default();
    Some((name, parts.next().map_or(Some(1000), quality)?))
}

/// Thousandths of `q=0.8`; more than three decimals, which some clients compute, are cut.
fn quality(parameter: &[u8]) -> Option<u16> {
    let [b'q' | b'Q', b'=', whole @ (b'0' | b'1'), fraction @ ..] = parameter else { return None };
    let digits = match fraction {
        [] => fraction,
        [b'.', digits @ ..] => digits,
        _ => return None,
    };
    let mut sum = 0u16;
    let mut unit = 100u16;
    for byte in digits {
        let digit = byte.is_ascii_digit().then(|| u16::from(byte.wrapping_sub(b'0')))?;
        sum = sum.saturating_add(digit.saturating_mul(unit));
        unit /= 10;
    }
    Some(if *whole == b'1' { 1000 } else { sum })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags() {
        let etag = Etag(0x0123_4567_89ab_cdef);
        assert_eq!(etag.text(), "\"0123456789abcdef\"");
        for (value, expected) in [
            ("\"0123456789abcdef\"", true),
            ("W/\"0123456789abcdef\"", true),
            ("\"a\", \"0123456789abcdef\"", true),
            ("\"a,b\",W/\"c\" ,\t\"0123456789abcdef\"", true),
            ("*", true),
            (" * ", true),
            ("", false),
            ("\"0123456789abcdee\"", false),
            ("\"0123456789ABCDEF\"", false),
            ("w/\"0123456789abcdef\"", false),
            ("0123456789abcdef", false),
            ("\"0123456789abcdef", false),
            ("\"a\" \"0123456789abcdef\"", false),
            ("\"0123456789abcdef-gzip\"", false),
            ("junk, \"0123456789abcdef\"", false),
            ("\"", false),
            ("W/", false),
            ("\"a\",", false),
        ] {
            assert_eq!(etag.is_named(List::of(value.as_bytes())), expected, "{value}");
        }
    }

    #[test]
    fn an_etag_is_of_one_coding() {
        let etag = Etag(0x0123_4567_89ab_cdef);
        assert_eq!(etag.packed().text(), "\"fedcba9876543210\"");
        assert!(
            etag.packed().is_named(List::of(b"W/\"fedcba9876543210\""))
                && !etag.is_named(List::of(b"\"fedcba9876543210\""))
        );
    }

    #[test]
    fn who_reads_pages_says_so() {
        for (value, expected) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("image/png, Text/HTML ;level=1; q=0.1", true),
            ("*/*", false),
            ("text/*", false),
            ("image/avif,image/webp,image/*,*/*;q=0.8", false),
            ("application/json", false),
            ("", false),
        ] {
            assert_eq!(accepts_html(List::of(value.as_bytes())), expected, "{value}");
        }
    }

    #[test]
    fn codings() {
        for (value, expected) in [
            ("", false),
            ("gzip", true),
            ("GZip", true),
            ("x-gzip", true),
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, gzip;q=0.8, *;q=0.1", true),
            ("deflate, gzip ; q=0.001", true),
            ("identity", false),
            ("deflate", false),
            ("br", false),
            ("*", true),
            ("*;q=0", false),
            ("gzip;q=0", false),
            ("gzip;q=0.000", false),
            ("gzip;q=0, *", false),
            ("x-gzip;q=0, *;q=0.5", false),
            ("*;q=0, gzip", true),
            ("gzip;q=0.5", true),
            ("gzip;q=0.5, identity", false),
            ("gzip;q=0.5, identity;q=0.5", true),
            ("identity;q=0.5, *;q=0.4", false),
            ("identity;q=0, *", true),
            ("identity;q=0", false),
            ("gzip;q=2", false),
            ("gzip;q=x", false),
            ("gzip;x=1", false),
            (",, ;, gzip", true),
            ("gzipped", false),
            ("gzip br", false),
            // What is named twice is liked as well as the better of them.
            ("gzip;q=0, x-gzip", true),
        ] {
            assert_eq!(accepts_gzip(List::of(value.as_bytes())), expected, "{value}");
        }
        assert!(accepts_gzip(List::of(b"\xff,gzip")));
    }

    #[test]
    fn a_query_asks_for_a_language() {
        for (query, expected) in [
            ("lang=fr", Some(Lang::Fr)),
            ("lang=en", Some(Lang::En)),
            ("utm_source=x&lang=ar&y", Some(Lang::Ar)),
            ("a&&lang=nl&", Some(Lang::Nl)),
            ("", None),
            ("lang", None),
            ("lang=", None),
            ("lang=FR", None),
            ("Lang=fr", None),
            ("lang=fr-BE", None),
            ("lang=xx", None),
            ("lang=%66r", None),
            ("lang=fr;q=1", None),
            ("xlang=fr", None),
            ("?lang=fr", None),
            ("lang=fr&lang=ar", None),
            ("lang=fr&lang=fr", None),
            ("lang=xx&lang=fr", None),
        ] {
            assert_eq!(asked(query), expected, "{query}");
        }
        for lang in Lang::ALL {
            assert_eq!(asked(&std::format!("lang={}", lang.tag())), Some(lang));
        }
    }

    #[test]
    fn languages() {
        use Lang::{Ar, En, Fr};
        for (value, site, expected) in [
            ("", Fr, Fr),
            ("fr", En, Fr),
            ("FR", En, Fr),
            ("fr-BE", En, Fr),
            ("fr-BE,fr;q=0.9,en-US;q=0.8,en;q=0.7", En, Fr),
            ("ar-MA,ar;q=0.9,fr;q=0.8", Fr, Ar),
            ("sv-SE,sv;q=0.9", Fr, Fr),
            ("sv,en;q=0.3", Fr, En),
            ("sv,*;q=0.5", Fr, Fr),
            ("sv,en;q=0.3,*;q=0.5", Fr, Fr),
            ("sv,en;q=0.5,*;q=0.5", Fr, En),
            ("*", Ar, Ar),
            ("fr;q=0,*", Fr, En),
            ("fr;q=0", Fr, Fr),
            ("fr;q=0", En, En),
            ("fr-CH;q=0,fr;q=0.1", En, Fr),
            ("fr;q=0,fr-BE", En, En),
            ("en,fr", Ar, En),
            ("fr,en", Ar, Fr),
            ("en;q=0.5,fr;q=0.50,ar;q=0.500", Fr, En),
            ("en;q=0.8333,fr;q=0.8339", Ar, En),
            ("en; q=0.1 , fr ;q=0.2", Ar, Fr),
            ("en;q=1.000,fr;q=1", Ar, En),
            ("fr;q=x,en;q=0.1", Ar, En),
            ("fr;q=2,en;q=0.1", Ar, En),
            ("fr;q=-1,en;q=0.1", Ar, En),
            ("fr;q=0.,en;q=0.1", Ar, En),
            (",,;,fr", En, Fr),
            ("french", En, En),
        ] {
            assert_eq!(negotiate(List::of(value.as_bytes()), site), expected, "{value} on {site:?}");
        }
        assert_eq!(negotiate(List::of(b"\xff,\xfe;q=1,fr"), Lang::En), Lang::Fr);
    }
}
