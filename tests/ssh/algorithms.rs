//! What the two may speak: a real client offers each of the algorithms that it knows, alone.

use super::Board;
use super::common::run;

const KEX: [&str; 3] = ["mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org"];
const CIPHERS: [&str; 3] =
    ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com"];
const HOST: [&str; 1] = ["ssh-ed25519"];

#[test]
fn only_modern_ones() {
    let board = Board::start();
    let mut source = 0;
    let mut refused = 0;
    for (list, option, allowed) in [
        ("kex", "KexAlgorithms", &KEX[..]),
        ("cipher", "Ciphers", &CIPHERS),
        ("key", "HostKeyAlgorithms", &HOST),
    ] {
        let (status, known, err) = run(std::process::Command::new("ssh").args(["-Q", list]));
        assert_eq!(status, Some(0), "{err}");
        let mut seen = 0;
        for name in known.lines() {
            // Those who fail have to wait: each comes from elsewhere.
            source += 1;
            let mut command = board.openssh_that_says("ssh", "heron1", "INFO");
            command.args(["-o", &format!("{option}={name}"), "-o", &format!("BindAddress=127.0.3.{source}")]);
            let (status, _, err) = run(command.args(["heron1@127.0.0.1", "whoami"]));
            if allowed.contains(&name) {
                seen += 1;
                assert_eq!(status, Some(0), "{name}: {err}");
            } else {
                refused += 1;
                assert_eq!(status, Some(255), "{name}");
                assert!(err.contains("no matching"), "{name}: {err}");
            }
        }
        // An older client does not know the newest.
        assert!(seen >= allowed.len().min(2), "{list}: {known}");
    }
    assert!(refused > 15);
    // What is asked to be compressed is not.
    let mut command = board.openssh_that_says("ssh", "heron1", "DEBUG2");
    let (status, _, err) = run(command.args(["-o", "Compression=yes", "heron1@127.0.0.1", "whoami"]));
    assert_eq!(status, Some(0), "{err}");
    assert!(err.contains("compression: none"), "{err}");
}

/// All that is offered, as it stands in the server's first packet.
#[test]
fn nothing_else_is_offered() {
    let board = Board::start();
    let out = board.python("offers", &[]);
    let offered: Vec<_> = out.lines().collect();
    let kex = KEX.join(",");
    let ciphers = CIPHERS.join(",");
    let macs = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com";
    // The last one is the server's word that it is strict (CVE-2023-48795).
    let strict = "kex-strict-s-v00@openssh.com";
    assert!(offered[0].starts_with(&kex) && offered[0].ends_with(strict), "{out}");
    assert_eq!(offered[0].split(',').count(), KEX.len() + 1, "{out}");
    assert_eq!(offered[1..], ["ssh-ed25519", &ciphers, &ciphers, macs, macs, "none", "none"], "{out}");
}

#[test]
fn strict() {
    let board = Board::start();
    let mut command = board.openssh_that_says("ssh", "heron1", "DEBUG3");
    command.args(["heron1@127.0.0.1", "whoami"]);
    let (status, _, err) = run(&mut command);
    assert_eq!(status, Some(0), "{err}");
    assert!(err.contains("will use strict KEX ordering"), "{err}");
    // A packet too many before the keys are there ends it (CVE-2023-48795).
    assert_eq!(board.python("terrapin", &[]), "closed\n");
}
