//! Hashes of tokens, and SSH public keys. What is wrong with one is said without repeating it.

use base64ct::{Base64, Encoding};

use super::problem::ProblemKind;
use crate::limits::CONFIG_VALUE_BYTES;

/// The types of keys that are known, for a person.
pub(super) const KEY_TYPES: &str = "ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, \
    sk-ssh-ed25519@openssh.com and sk-ecdsa-sha2-nistp256@openssh.com";

/// Known, and not taken: the crate `rsa`, which verifies with it, has an advisory that stands
/// (RUSTSEC-2023-0071).
const RSA: &str = "ssh-rsa";

fn key_type(word: &str) -> Option<&'static str> {
    KEY_TYPES.split([',', ' ']).find(|known| *known == word && *known != "and" && !known.is_empty())
}

/// The hash of a token, from `sha256:` and 64 hexadecimal digits.
pub(super) fn token_hash(text: &str) -> Result<[u8; 32], ProblemKind> {
    let digits = text.strip_prefix("sha256:").ok_or(ProblemKind::PlainToken)?.as_bytes();
    let mut hash = [0u8; 32];
    if digits.len() != 64 {
        return Err(ProblemKind::BadHash);
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        for &digit in pair {
            let value = char::from(digit).to_digit(16).ok_or(ProblemKind::BadHash)?;
            *byte = byte.wrapping_shl(4) | u8::try_from(value).unwrap_or(0);
        }
    }
    Ok(hash)
}

/// The type and the base64 of a public key, as a line of `authorized_keys` without options has them
/// (sshd(8)). A comment after them is left out: it often holds a person's name and machine. The
/// error comes with the key's type, or nothing.
pub(super) fn public_key(line: &str) -> Result<(&'static str, &str), (ProblemKind, &'static str)> {
    let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let Some(kind) = key_type(first) else {
        let later = words.any(|word| key_type(word).is_some() || word == RSA);
        let wrong = if first == RSA { ProblemKind::KeyRsa } else { ProblemKind::KeyType };
        return Err((if later { ProblemKind::KeyOptions } else { wrong }, ""));
    };
    let blob = words.next().ok_or((ProblemKind::KeyBroken, kind))?;
    let mut buffer = [0u8; CONFIG_VALUE_BYTES / 4 * 3 + 3];
    let decoded = Base64::decode(blob, &mut buffer).map_err(|_| (ProblemKind::KeyBroken, kind))?;
    if !is_key_of(kind, decoded) {
        return Err((ProblemKind::KeyBroken, kind));
    }
    Ok((kind, blob))
}

/// A key is a row of strings, each after its length in four bytes (RFC 4251, 5): its type, and as
/// many as that has: one for Ed25519 (RFC 8709, 4), two for ECDSA (RFC 5656, 3.1), and one more for
/// those of security keys (`PROTOCOL.u2f`). So a paste that was cut is noticed, wherever it was
/// cut.
fn is_key_of(kind: &str, mut blob: &[u8]) -> bool {
    let mut count = 0u8;
    while let Some((&length, rest)) = blob.split_first_chunk::<4>() {
        let Some((string, rest)) =
            usize::try_from(u32::from_be_bytes(length)).ok().and_then(|len| rest.split_at_checked(len))
        else {
            return false;
        };
        if string.is_empty() || (count == 0 && string != kind.as_bytes()) {
            return false;
        }
        count = count.saturating_add(1);
        blob = rest;
    }
    let expected = match kind {
        "ssh-ed25519" => 2,
        "sk-ecdsa-sha2-nistp256@openssh.com" => 4,
        _ => 3,
    };
    blob.is_empty() && count == expected
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::format;
    use std::string::String;

    use super::*;

    const ED25519: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIKynHleX0nBqumByCH6NS51becrZEw6Ylh7JYkt8CM7V";

    #[test]
    fn hashes() {
        let digits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1F";
        let hash = token_hash(&format!("sha256:{digits}")).unwrap();
        assert!(hash.iter().copied().eq(0..32));
        for (text, kind) in [
            (String::new(), ProblemKind::PlainToken),
            ("hunter2".into(), ProblemKind::PlainToken),
            (digits.into(), ProblemKind::PlainToken),
            (format!("SHA256:{digits}"), ProblemKind::PlainToken),
            ("sha256:".into(), ProblemKind::BadHash),
            (format!("sha256:{digits}0"), ProblemKind::BadHash),
            (format!("sha256:{}g", digits.get(1..).unwrap()), ProblemKind::BadHash),
            (format!("sha256:{}é", digits.get(2..).unwrap()), ProblemKind::BadHash),
            (format!("sha256:+{}", digits.get(1..).unwrap()), ProblemKind::BadHash),
        ] {
            assert_eq!(token_hash(&text), Err(kind), "{text}");
        }
    }

    /// As ssh-keygen 10 writes them; those of the security keys after OpenSSH's `PROTOCOL.u2f`.
    #[test]
    fn keys() {
        for line in [
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKynHleX0nBqumByCH6NS51becrZEw6Ylh7JYkt8CM7V",
            "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBKvKJ7kp6aIqwanNaUpwdyC5kD/0FKJSZ9atJceUfmN8ZjOOCC/7Z1mk3iXMH+6m4Yy6Dcp0wOrpR6izvLCTkyY=",
            "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBAmWJUi54AC/tI34hdEi9VCfIzaCB0B1f7MHadhn1U/MqLvjgIXL2fuNHC37vMKvXHLqaAnEWsTR3e1mADeBqjw7D2xcfec1/k8Hlo8xCXuAHzAN1GtmRowxB1D2VEiibw==",
            "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAGtHae0chmRg+vumtYGeDOh32FxMQUoTSYQDbXgMblUZv+fytnixTqADCQwyHkf/OVnW33oCR/UUSi4cA+bRpllzAHzNdo/D+T9wTLBtFy5ztWbjji6w0LjcpzOgej/97ft6GDXBH/HWK1kizd29EbG8UfOO/AVpZLv798nsfy45Lr4hQ==",
            "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAAABHNzaDo=",
            "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEc3NoOg==",
        ] {
            let (kind, blob) = line.split_once(' ').unwrap();
            assert_eq!(public_key(line), Ok((kind, blob)));
            assert_eq!(
                public_key(&format!(" {kind}\t {blob}  somebody@somewhere, a laptop")),
                Ok((kind, blob))
            );
            // A paste that lost its end, on any boundary of base64.
            for cut in (4..blob.len()).step_by(4) {
                let line = format!("{kind} {}", blob.get(..cut).unwrap());
                assert_eq!(public_key(&line), Err((ProblemKind::KeyBroken, kind)), "{line}");
            }
        }
        for (line, kind) in [
            (format!("restrict ssh-ed25519 {ED25519}"), ProblemKind::KeyOptions),
            (format!("command=\"sh -c x\" ssh-ed25519 {ED25519}"), ProblemKind::KeyOptions),
            (format!("ssh-dss {ED25519}"), ProblemKind::KeyType),
            (format!("and {ED25519}"), ProblemKind::KeyType),
            (format!("ssh-rsa {ED25519}"), ProblemKind::KeyRsa),
            ("ssh-rsa".into(), ProblemKind::KeyRsa),
            (format!("from=\"192.0.2.*\" ssh-rsa {ED25519}"), ProblemKind::KeyOptions),
            (String::new(), ProblemKind::KeyType),
            ("-----BEGIN OPENSSH PRIVATE KEY-----".into(), ProblemKind::KeyType),
        ] {
            assert_eq!(public_key(&line), Err((kind, "")), "{line}");
        }
        for line in [
            "ssh-ed25519".into(),
            format!("ssh-ed25519 {}!", ED25519.get(1..).unwrap()),
            format!("ssh-ed25519 {}", ED25519.get(1..).unwrap()),
            format!("ssh-ed25519 {ED25519}AAAA"),
        ] {
            assert_eq!(public_key(&line), Err((ProblemKind::KeyBroken, "ssh-ed25519")), "{line}");
        }
    }
}
