//! Who sends it: the token in `Authorization`, and the source that it belongs to.

use base64ct::{Base64, Encoding};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::config::Token;
use crate::limits::CREDENTIALS_BYTES;
use crate::model::SourceId;
use crate::text::buffer::Bytes;

/// Basic credentials of [`CREDENTIALS_BYTES`], encoded.
const BASIC_DIGITS: usize = CREDENTIALS_BYTES.div_ceil(3) * 4;

/// The token in an `Authorization` value: `Bearer T` (RFC 6750), `Token T` (as Telegraf sends it),
/// or `Basic` with T as the password of any user (RFC 7617), the scheme in any letter case.
/// `buffer` takes what Basic hides.
///
/// People write both by hand. A tab separates as a space does. Basic may hold spaces, where
/// `base64` wraps its lines at 76 columns, and the line end of `echo` behind the token. Padding may
/// be missing.
///
/// `None` for other schemes, what is malformed, an empty token, and one longer than
/// [`CREDENTIALS_BYTES`].
pub fn token<'b>(value: &'b [u8], buffer: &'b mut [u8; CREDENTIALS_BYTES]) -> Option<&'b [u8]> {
    let space = value.iter().position(|byte| matches!(byte, b' ' | b'\t'))?;
    let (scheme, rest) = value.split_at_checked(space)?;
    let rest = rest.trim_ascii();
    let token = if scheme.eq_ignore_ascii_case(b"basic") {
        let mut digits = Bytes::<BASIC_DIGITS>::new();
        let mut fits = rest.split(u8::is_ascii_whitespace).all(|part| digits.push(part));
        while fits && !digits.len().is_multiple_of(4) {
            fits = digits.push(b"=");
        }
        let pair = Base64::decode(digits.as_slice(), buffer).ok().filter(|_| fits)?;
        // A user-id holds no colon, a password may (RFC 7617, section 2).
        let colon = pair.iter().position(|&byte| byte == b':')?;
        let password = pair.get(colon.checked_add(1)?..)?;
        let end = password.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n'))?;
        password.get(..=end)?
    } else if scheme.eq_ignore_ascii_case(b"bearer") || scheme.eq_ignore_ascii_case(b"token") {
        rest
    } else {
        return None;
    };
    (!token.is_empty() && token.len() <= CREDENTIALS_BYTES).then_some(token)
}

/// The source that a token belongs to. It is compared with every token of the configuration, each
/// in constant time, so that the time it takes tells neither which one was nearly right nor where
/// it stands.
///
/// One SHA-256 and at most [`TOKENS`](crate::limits::TOKENS) comparisons of 32 bytes.
pub fn find(tokens: &[Token], token: &[u8]) -> Option<SourceId> {
    let hash = hmac_sha256::Hash::hash(token);
    let mut found = Choice::from(0);
    let mut source = 0u16;
    for known in tokens {
        let same = known.hash.as_slice().ct_eq(&hash);
        source.conditional_assign(&known.source.0, same);
        found |= same;
    }
    bool::from(found).then_some(SourceId(source))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::vec::Vec;

    #[test]
    fn schemes() {
        // "s3cret-token" as collectd sends it, user "collectd".
        let basic = "Basic Y29sbGVjdGQ6czNjcmV0LXRva2Vu";
        for (value, expected) in [
            ("Bearer s3cret-token", Some("s3cret-token")),
            ("bearer  s3cret-token ", Some("s3cret-token")),
            ("Token s3cret-token", Some("s3cret-token")),
            ("TOKEN s3cret-token", Some("s3cret-token")),
            (basic, Some("s3cret-token")),
            ("bAsIc Y29sbGVjdGQ6czNjcmV0LXRva2Vu", Some("s3cret-token")),
            ("Basic OnQ=", Some("t")),       // ":t": no user
            ("Basic dTpwOnE=", Some("p:q")), // "u:p:q"
            ("Basic dTo=", None),            // "u:": no password
            ("Basic dQ==", None),            // "u": no colon
            ("Basic OnQ", Some("t")),        // padding is missing
            ("Basic OnQK", Some("t")),       // ":t\n"
            ("Basic OnQNCg==", Some("t")),   // ":t\r\n"
            ("Basic Ono6Cg==", Some("z:")),  // ":z:\n"
            ("Basic OnQg", Some("t ")),      // ":t ": may be meant
            ("Basic dToK", None),            // "u:\n": no password
            ("Basic Y29sbGVjdGQ6 czNj\tcmV0LXRva2Vu", Some("s3cret-token")),
            ("Basic\tOnQ=", Some("t")),
            ("Bearer\ts3cret-token", Some("s3cret-token")),
            ("Token \t s3cret-token\t ", Some("s3cret-token")),
            ("Bearer s3cret token", Some("s3cret token")), // nobody's
            ("Bearer\t", None),
            ("Basic OnQ=OnQ=", None),
            ("Basic O", None),
            ("Basic !!!!", None),
            ("Basic ", None),
            ("Basic", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("Digest username=\"u\"", None),
            ("s3cret-token", None),
            (" s3cret-token", None),
            ("", None),
        ] {
            let mut buffer = [0; CREDENTIALS_BYTES];
            assert_eq!(token(value.as_bytes(), &mut buffer), expected.map(str::as_bytes), "{value}");
        }
    }

    #[test]
    fn length_is_bounded() {
        for (len, fits) in [(CREDENTIALS_BYTES, true), (CREDENTIALS_BYTES + 1, false), (4000, false)] {
            let mut buffer = [0; CREDENTIALS_BYTES];
            let value: Vec<u8> = b"Bearer ".iter().copied().chain(core::iter::repeat_n(b'x', len)).collect();
            assert_eq!(token(&value, &mut buffer).is_some(), fits, "bearer {len}");
            let pair: Vec<u8> = b":".iter().copied().chain(core::iter::repeat_n(b'x', len - 1)).collect();
            let mut text = [0; 8192];
            let text = Base64::encode(&pair, &mut text).unwrap();
            let value = std::format!("Basic {text}");
            assert_eq!(token(value.as_bytes(), &mut buffer).is_some(), fits, "basic {len}");
        }
    }

    #[test]
    fn every_token_leads_to_its_source() {
        let names = ["first", "second", "third", "rotated"];
        let sources = [3, 1, 31, 1];
        let tokens: Vec<Token> = names
            .iter()
            .zip(sources)
            .map(|(name, source)| Token {
                source: SourceId(source),
                hash: hmac_sha256::Hash::hash(name.as_bytes()),
            })
            .collect();
        for (name, source) in names.iter().zip(sources) {
            assert_eq!(find(&tokens, name.as_bytes()), Some(SourceId(source)), "{name}");
        }
        for stranger in ["", "First", "firs", "first "] {
            assert_eq!(find(&tokens, stranger.as_bytes()), None, "{stranger}");
        }
        assert_eq!(find(&[], b"first"), None);
    }
}
