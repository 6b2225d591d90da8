//! `aiglon init` prints a configuration that passes `aiglon check`, and what its sender needs.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::process::Command;

use common::{AIGLON, Dir, feed, hash_of, run};

fn init(words: &[&str]) -> (Option<i32>, String, String) {
    run(Command::new(AIGLON).arg("init").args(words))
}

/// The token that was shown.
fn token(told: &str) -> &str {
    told.split_once("The token, shown this once: ").unwrap().1.lines().next().unwrap()
}

fn checked(config: &str) -> String {
    let dir = Dir::new();
    let file = dir.write("aiglon", config);
    let (status, stdout, stderr) = run(Command::new(AIGLON).arg("check").arg(file));
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{config}");
    stdout
}

#[test]
fn what_is_printed_passes_check_and_has_the_hash_of_the_token_alone() {
    for (sender, path) in [
        ("prometheus", "targets: ['10.9.0.1:8081']"),
        ("telegraf", "\"http://10.9.0.1:8081\""),
        ("collectd", "\"http://10.9.0.1:8081/api/v1/collectd\""),
        ("cron", " http://10.9.0.1:8081/api/v1/heartbeat/nightly\n"),
    ] {
        let (status, config, told) = init(&["--sender", sender, "--address", "10.9.0.1"]);
        assert_eq!(status, Some(0), "{told}");
        assert!(checked(&config).contains("1 site, 1 source, 1 service, 1 component"), "{sender}");
        let token = token(&told);
        assert!(config.contains(&hash_of(token)) && !config.contains(token), "{config}");
        assert!(told.contains(path) && told.matches(token).count() == 2, "{told}");
        assert!(config.contains("'10.9.0.1:8080'\n\tlist serve 'page'"), "{config}");
        assert!(config.contains("option plaintext '1'"), "{config}");
        // No place is left that should have been filled.
        assert!(!format!("{config}{told}").contains(['{', '}']), "{config}{told}");
    }
}

#[test]
fn tokens_of_other_machines_are_let_in_where_other_machines_come() {
    for (address, pages, plaintext) in [
        ("127.0.0.1", "'127.0.0.1:8080'", false),
        ("::1", "'[::1]:8080'", false),
        ("fd00::1", "'[fd00::1]:8080'", true),
        ("0.0.0.0", "'0.0.0.0:8080'", true),
    ] {
        let (_, config, told) = init(&["--sender=cron", "--title=", "--service=x", "--address", address]);
        checked(&config);
        assert!(config.contains(pages) && config.contains("plaintext '1'") == plaintext, "{config}");
        assert_eq!(told.contains("http://ADDRESS:8081/"), address == "0.0.0.0", "{told}");
    }
}

#[test]
fn four_things_are_asked_and_an_empty_line_takes_what_is_usual() {
    let ask = |answers: &str| feed(Command::new(AIGLON).arg("init"), answers);
    let (status, config, told) = ask("cron\n\nCe que fait l'\"asso\" \\\n  L'eau {TOKEN}  \n");
    assert_eq!((status, told.matches("] ").count()), (Some(0), 4), "{told}");
    checked(&config);
    assert!(config.contains(r#"title "Ce que fait l'\"asso\" \\""#), "{config}");
    assert!(config.contains("option service 'l_eau_token'"), "{config}");
    assert!(config.contains("name \"L'eau {TOKEN}\"") && config.contains("127.0.0.1:8081"), "{config}");
    let (status, config, _) = ask("");
    assert_eq!(status, Some(0));
    assert!(config.contains("config source 'prometheus'") && config.contains("\"Wi-Fi\""), "{config}");
    checked(&config);
}

#[test]
fn a_wrong_answer_is_refused_before_the_next_question() {
    for (answers, asked) in [("nagios\n", 1), ("cron\nrouter.lan\n", 2)] {
        let (status, _, told) = feed(Command::new(AIGLON).arg("init"), answers);
        assert_eq!((status, told.matches("] ").count()), (Some(2), asked), "{told}");
    }
}

#[test]
fn an_answer_that_cannot_be_is_refused() {
    for (words, part) in [
        (&["--sender=nagios"][..], "prometheus, telegraf, collectd, cron"),
        (&["--address=router.lan"], "an IP address, without a port"),
        (&["--address=10.0.0.1:8080"], "an IP address, without a port"),
        (&["somewhere"], "init takes no argument"),
        (&["--listen=127.0.0.1:1"], "--listen goes with serve"),
    ] {
        let (status, stdout, stderr) = init(words);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{words:?}");
        assert!(stderr.contains(part), "{words:?}: {stderr}");
    }
    let (status, _, stderr) = run(Command::new(AIGLON).args(["check", "--title", "x"]));
    assert!(status == Some(2) && stderr.contains("--title goes with init"), "{stderr}");
}
