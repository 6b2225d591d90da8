//! Any bytes as gzip: pieces change nothing, and no body brings more than its bound.
#![no_main]

use aiglon::http::gunzip::{Gunzip, GzipError};
use aiglon::limits::{GUNZIP_BYTES, GUNZIP_WINDOW_BYTES};
use libfuzzer_sys::fuzz_target;

fn unpack(bytes: &[u8], size: usize) -> (u64, u64, Option<GzipError>, bool) {
    let mut window = Box::new([0; GUNZIP_WINDOW_BYTES]);
    let mut gunzip = Gunzip::new(&mut window);
    gunzip.start();
    let (mut length, mut sum) = (0u64, 0u64);
    for mut piece in bytes.chunks(size) {
        loop {
            match gunzip.decode(piece) {
                Ok(step) => {
                    for &byte in step.output {
                        sum = sum.wrapping_mul(31).wrapping_add(u64::from(byte));
                    }
                    length += step.output.len() as u64;
                    let idle = step.consumed == 0 && step.output.is_empty();
                    piece = &piece[step.consumed..];
                    if idle {
                        break;
                    }
                }
                Err(error) => return (length, sum, Some(error), false),
            }
        }
        assert!(piece.is_empty(), "what comes is used up");
    }
    assert!(length <= GUNZIP_BYTES);
    (length, sum, None, gunzip.is_whole())
}

fuzz_target!(|data: &[u8]| {
    let Some((&size, bytes)) = data.split_first() else { return };
    // Half of the time behind a good head, which few inputs would have.
    let head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03";
    let bytes = if size & 1 == 0 { bytes.to_vec() } else { [head, bytes].concat() };
    let whole = unpack(&bytes, bytes.len().max(1));
    for size in [1, usize::from(size).max(1)] {
        let again = unpack(&bytes, size);
        assert_eq!((again.2, again.3), (whole.2, whole.3));
        if whole.2.is_none() {
            assert_eq!((again.0, again.1), (whole.0, whole.1));
        }
    }
});
