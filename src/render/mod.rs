//! Pages: what is known, as a visitor reads it.
//!
//! [`page()`] writes a whole page from the configuration and the answers of a
//! [`View`](crate::model::View). Its HTML, words and style are compiled out of `www/` by the build,
//! which checks them; [`fragment`] puts values into them, escaped by where they stand. HTTP,
//! languages asked for and caching are left to others.

pub mod alertmanager;
mod bars;
mod feed;
#[cfg(feature = "feeds")]
mod feed_atom;
#[cfg(feature = "feeds")]
mod feed_badge;
#[cfg(feature = "feeds")]
mod feed_calendar;
mod feed_json;
#[cfg(feature = "feeds")]
mod feed_summary;
mod feed_text;
pub mod fragment;
mod headline;
mod markdown;
mod missing;
mod page;
#[cfg(feature = "sheet")]
mod sheet;
mod story;
mod when;
mod words;
mod worst;

pub use feed::feed;
#[cfg(feature = "feeds")]
pub use fragment::CSP_ICON;
pub use fragment::{CSP, CSP_MISSING, Out, PageBuf, PageFull};
pub use missing::missing;
pub use page::{has_incident, overruled, page};
#[cfg(feature = "sheet")]
pub use sheet::{Poster, sheet, squares};
pub use words::{Word, phrase, word};
pub use worst::worst_case;

/// The 64-bit FNV-1a hash of an answer's bytes, for its entity tag (RFC 9110, 8.8.3). It is the
/// same for every visitor, so it cannot follow one; it protects against nothing, and need not be
/// cryptographic.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn the_hash_is_fnv_1a() {
        // The test vectors of draft-eastlake-fnv, 64 bits.
        for (bytes, expected) in
            [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            assert_eq!(hash(bytes.as_bytes()), expected);
        }
    }
}
