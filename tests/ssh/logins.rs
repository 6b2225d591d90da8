//! Who comes in, and who does not.

use std::fmt::Write;
use std::fs;

use super::common::run;
use super::{Board, keygen};

#[test]
fn each_type_of_key_by_each_client() {
    let mut board = Board::start();
    let mut config = board.config.clone();
    let kinds = [
        ("ed25519", &["ed25519"][..]),
        ("p256", &["ecdsa", "-b", "256"]),
        ("p384", &["ecdsa", "-b", "384"]),
        ("p521", &["ecdsa", "-b", "521"]),
    ];
    for (name, kind) in kinds {
        let key = keygen(&board.key(name), kind);
        write!(config, "config user '{name}'\n\tlist site 'home'\n\tlist key '{key} {name} at home'\n")
            .unwrap();
    }
    // Security keys, in software.
    for line in board.python("make_sk", &[]).lines() {
        let (name, key) = line.split_once(' ').unwrap();
        write!(config, "config user '{name}'\n\tlist site 'home'\n\tlist key '{key}'\n").unwrap();
    }
    board.reload(&config);
    for (name, _) in kinds {
        let (status, out, err) = board.ask(name, &["whoami"]);
        assert_eq!(status, Some(0), "{name}: {err}");
        assert!(out.starts_with(&format!("{name}\n")), "{out}");
        let (status, out, err) = run(&mut board.dbclient(name, &[], &["whoami"]));
        assert_eq!(status, Some(0), "dbclient {name}: {err}");
        assert!(out.starts_with(&format!("{name}\n")), "{out}");
        for case in ["paramiko", "asyncssh"] {
            let out = board.python(case, &[name, name, "whoami"]);
            assert!(out.starts_with(&format!("status 0\n{name}\n")), "{case}: {out}");
        }
    }
    for name in ["sk_ed25519", "sk_ecdsa"] {
        let out = board.python("sk", &[name, "whoami"]);
        assert!(out.starts_with(&format!("status 0\n{name}\n")), "{out}");
        // Somebody else's signature.
        assert_eq!(board.python("sk_forged", &[name]), "refused\n");
    }
}

#[test]
fn who_does_not_come_in() {
    let mut board = Board::start();
    keygen(&board.key("stranger"), &["ed25519"]);
    for (key, user) in [
        // A key of nobody.
        ("stranger", "heron1"),
        // One of somebody else.
        ("tern", "heron1"),
        // A user that does not exist, an empty one, and others that are not of the configuration.
        ("heron1", "HERON1"),
        ("heron1", "root"),
        ("heron1", "heron1 "),
        ("heron1", "home"),
    ] {
        // From elsewhere each time: who fails has to wait.
        let source = format!("BindAddress=127.0.1.{}", user.len() * 10 + key.len());
        let mut command = board.openssh("ssh", key);
        command.args(["-o", &source, "-l", user, "127.0.0.1", "whoami"]);
        let (status, out, err) = run(&mut command);
        assert_eq!((status, out.as_str()), (Some(255), ""), "{key} as {user}");
        assert!(err.contains("Permission denied (publickey)"), "{key} as {user}: {err}");
    }
    // No password, in no way, no certificate, and nothing.
    for case in ["password", "interactive", "none", "certificate"] {
        assert_eq!(board.python("no_login", &[case]), "refused\n", "{case}");
    }
    // Who cannot sign with a key that is let in.
    assert_eq!(board.python("forged", &["heron1"]), "refused\n");
    // Who comes with six keys gets no seventh.
    let mut command = board.openssh("ssh", "stranger");
    command.args(["-o", "BindAddress=127.0.2.1"]);
    for n in 0..7 {
        let key = board.key(&format!("other{n}"));
        keygen(&key, &["ed25519"]);
        command.arg("-i").arg(key);
    }
    let (status, _, err) =
        run(command.arg("-i").arg(board.key("heron1")).args(["heron1@127.0.0.1", "whoami"]));
    assert_eq!(status, Some(255));
    assert!(err.contains("Too many authentication"), "{err}");
    // Nobody's address is in the log, nor what they called themselves.
    board.done("heron1", &["whoami"]);
    let log = board.daemon.process.log();
    assert!(!log.contains("127.0.1") && !log.contains("127.0.2") && !log.contains("HERON1"), "{log}");
    let kept: String = fs::read_dir(board.daemon.dir.path())
        .unwrap()
        .map(|entry| {
            String::from_utf8_lossy(&fs::read(entry.unwrap().path()).unwrap_or_default()).into_owned()
        })
        .collect();
    assert!(!kept.contains("127.0.1"));
}

#[test]
fn each_sees_what_is_theirs() {
    let board = Board::start();
    board.open_incident();
    assert!(board.done("owl", &["sites"]).contains("Squat"));
    assert!(!board.done("heron1", &["sites"]).contains("Squat"));
    assert!(!board.done("tern", &["sites"]).contains("Antennas"));
    let (status, _, err) = board.ask("tern", &["update", "home/1", "resolved", "Not mine."]);
    assert_eq!(status, Some(1), "{err}");
    // What `aiglon console` calls `--user` is not for them.
    for words in [&["--user", "owl", "whoami"][..], &["whoami", "--user", "owl"]] {
        let (status, out, _) = board.ask("tern", words);
        assert!(status != Some(0) && !out.contains("owl"), "{out}");
    }
    assert!(!board.incident().contains("Not mine"));
}
