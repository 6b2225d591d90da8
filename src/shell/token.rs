//! `aiglon token`: a new token, and what to write into the configuration for it.

use std::fs::File;
use std::io::{self, Read};

use aiglon::text::hex::digit;
use base64ct::{Base64UrlUnpadded, Encoding};

/// 256 bits, as 43 characters of base64url: more than anybody will guess, and safe in any header.
const BYTES: usize = 32;

/// So many random bytes.
pub fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// As [`random`], once for all lengths.
fn fill(bytes: &mut [u8]) -> io::Result<()> {
    File::open("/dev/urandom")?.read_exact(bytes)
}

/// A token, and the SHA-256 of its characters in hexadecimal.
pub fn make() -> io::Result<(String, String)> {
    let secret: [u8; BYTES] = random()?;
    let mut token = [0; 64];
    let token = Base64UrlUnpadded::encode(&secret, &mut token).map_err(io::Error::other)?;
    Ok((token.to_owned(), hash(token.as_bytes())))
}

fn hash(token: &[u8]) -> String {
    hex(&hmac_sha256::Hash::hash(token))
}

/// A hash in hexadecimal.
pub fn hex(hash: &[u8; 32]) -> String {
    let mut text = String::with_capacity(64);
    for byte in hash {
        for half in [byte >> 4, byte & 15] {
            text.push(digit(u32::from(half)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_new_each_time_and_its_hash_is_sha256() {
        let (a, hash_a) = make().unwrap();
        let (b, _) = make().unwrap();
        assert_ne!(a, b);
        assert_eq!((a.len(), hash_a.len()), (43, 64));
        // FIPS 180-2, appendix B.1.
        assert_eq!(hash(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
