//! Pages: what is known, as a visitor reads it.
//!
//! [`page()`] writes a whole page from the configuration and the answers of a [`View`](crate::model::View). Its
//! HTML, words and style are compiled out of `www/` by the build, which checks them; [`fragment`] puts values
//! into them, escaped by where they stand. HTTP, languages asked for and caching are left to others.

pub mod fragment;
mod page;
mod when;
mod words;
mod worst;

pub use fragment::{CSP, Full, Out, PageBuf};
pub use page::page;
pub use words::{Word, word};
pub use worst::worst_case;

/// An entity tag: the 64-bit FNV-1a hash of an answer's bytes, in quotes (RFC 9110, 8.8.3). It is the same for
/// every visitor, so it cannot follow one; it protects against nothing, and need not be cryptographic.
pub fn etag(bytes: &[u8]) -> heapless::String<18> {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut tag = heapless::String::new();
    _ = tag.push('"');
    for byte in hash.to_be_bytes() {
        for half in [byte >> 4, byte & 15] {
            _ = tag.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
    }
    _ = tag.push('"');
    tag
}

#[cfg(test)]
mod tests {
    use super::etag;

    #[test]
    fn the_tag_is_fnv_1a() {
        // The test vectors of draft-eastlake-fnv, 64 bits.
        for (bytes, tag) in
            [("", "\"cbf29ce484222325\""), ("a", "\"af63dc4c8601ec8c\""), ("foobar", "\"85944171f73967e8\"")]
        {
            assert_eq!(etag(bytes.as_bytes()), tag);
        }
    }
}
