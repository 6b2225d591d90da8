//! A page as one member of gzip (RFC 1952).

use super::deflate::{Bits, Work, deflate};

/// What a member begins with: the magic number, the method deflate, no flags, no time, nothing
/// about how it was made, and no system that it was made on (RFC 1952, 2.3.1).
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Packs `input` into `out`. Returns how many bytes that took, or `None` if there are not so many,
/// or no fewer than `input` has; `out` then holds anything. Equal input gives equal bytes.
pub fn pack(input: &[u8], out: &mut [u8], work: &mut Work) -> Option<usize> {
    let room = input.len().saturating_sub(1).min(out.len());
    let mut bits = Bits::new(out.get_mut(..room)?);
    bits.bytes(&HEAD);
    deflate(input, &mut bits, work);
    let sum = !input.iter().fold(u32::MAX, |sum, &byte| crc(sum, byte));
    bits.bytes(&sum.to_le_bytes());
    bits.bytes(&u32::try_from(input.len()).ok()?.to_le_bytes());
    bits.length()
}

/// CRC-32 (RFC 1952, 8), half a byte at a time: a table of 64 bytes.
pub fn crc(sum: u32, byte: u8) -> u32 {
    #[rustfmt::skip]
    const TABLE: [u32; 16] = [
        0x0000_0000, 0x1db7_1064, 0x3b6e_20c8, 0x26d9_30ac, 0x76dc_4190, 0x6b6b_51f4, 0x4db2_6158, 0x5005_713c,
        0xedb8_8320, 0xf00f_9344, 0xd6d6_a3e8, 0xcb61_b38c, 0x9b64_c2b0, 0x86d3_d2d4, 0xa00a_e278, 0xbdbd_f21c,
    ];
    let step = |sum: u32| {
        let row = usize::try_from(sum & 15).ok().and_then(|at| TABLE.get(at)).copied().unwrap_or(0);
        row ^ sum.wrapping_shr(4)
    };
    step(step(sum ^ u32::from(byte)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    #![cfg_attr(not(feature = "gzip"), allow(unused_imports))]
    use super::*;
    use crate::limits::{PACK_WORDS, PAGE_BYTES};
    use proptest::prelude::*;
    use std::boxed::Box;
    use std::string::String;
    use std::vec;
    use std::vec::Vec;

    fn packed(input: &[u8], room: usize, work: &mut Work) -> Option<Vec<u8>> {
        let mut out = vec![0xaa; room];
        let length = pack(input, &mut out, work)?;
        assert!(length <= room && length < input.len());
        out.truncate(length);
        Some(out)
    }

    /// What `miniz_oxide` makes of it, with the lengths and sums checked.
    #[cfg(feature = "gzip")]
    fn unpacked(packed: &[u8]) -> Vec<u8> {
        use super::super::gunzip::{Gunzip, GunzipWindow};
        let mut window: Box<GunzipWindow> = vec![0; crate::limits::GUNZIP_WINDOW_BYTES].try_into().unwrap();
        let mut gunzip = Gunzip::new(&mut window);
        gunzip.start();
        let (mut out, mut rest) = (Vec::new(), packed);
        loop {
            let step = gunzip.decode(rest).unwrap();
            out.extend_from_slice(step.output);
            let (consumed, idle) = (step.consumed, step.output.is_empty());
            rest = &rest[consumed..];
            if rest.is_empty() && idle {
                break;
            }
        }
        assert!(gunzip.is_whole());
        out
    }

    #[test]
    fn the_sum_is_that_of_the_rfc() {
        assert_eq!(!b"123456789".iter().fold(u32::MAX, |sum, &byte| crc(sum, byte)), 0xcbf4_3926);
    }

    #[cfg(feature = "gzip")]
    #[test]
    fn pages_of_every_kind_read_back() {
        let mut work = Box::new(Work::new());
        let mut seed = 1u32;
        let mut chance = |most: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % most
        };
        // A longest distance and one that is longer, a longest repetition, all bytes, and more
        // blocks than one.
        let apart = |gap: usize| [b"repeated".repeat(9), vec![0; gap], b"repeated".repeat(9)].concat();
        let all: Vec<u8> = (0..=255).collect();
        let words: Vec<u8> = (0..7 * PACK_WORDS).map(|_| b'a' + u8::try_from(chance(26)).unwrap()).collect();
        let arabic: String = (0..9000).filter_map(|_| char::from_u32(0x600 + chance(256))).collect();
        for page in [
            b"a".repeat(100),
            b"a".repeat(PAGE_BYTES),
            b"ab".repeat(PAGE_BYTES / 2),
            apart(32_768 - 72),
            apart(32_768 - 71),
            apart(100_000),
            all.repeat(2),
            all.repeat(500),
            words,
            arabic.into_bytes(),
        ] {
            let found = packed(&page, page.len(), &mut work).unwrap();
            assert!(unpacked(&found) == page, "{} bytes", page.len());
            // The work of another page before it changes nothing.
            assert_eq!(packed(&page, page.len(), &mut Box::new(Work::new())), Some(found));
        }
    }

    #[test]
    fn what_does_not_fit_is_not_packed() {
        let mut work = Box::new(Work::new());
        let page = b"<p>one</p><p>two</p>".repeat(50);
        let whole = packed(&page, page.len(), &mut work).unwrap();
        assert_eq!(packed(&page, whole.len(), &mut work), Some(whole.clone()));
        for room in [0, 1, 9, 10, whole.len() - 8, whole.len() - 1] {
            assert_eq!(packed(&page, room, &mut work), None, "{room}");
        }
        // Nor what would be no shorter.
        for small in [&b""[..], b"a", b"abc", b"a short text"] {
            assert_eq!(packed(small, 4096, &mut work), None);
        }
    }

    #[cfg(feature = "gzip")]
    proptest! {
        #[test]
        fn any_bytes_read_back(
            parts in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), 0usize..400), 0..30),
        ) {
            // A part, and so many bytes of what was there before.
            let mut page = b"<!doctype html><title>".repeat(4);
            for (part, back) in parts {
                page.extend(part);
                page.extend_from_within(page.len().saturating_sub(back)..);
            }
            let found = packed(&page, page.len(), &mut Box::new(Work::new())).unwrap();
            prop_assert!(unpacked(&found) == page);
        }
    }
}
