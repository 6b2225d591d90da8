//! What is said, and what comes of it.

use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use super::common::eventually;
use super::{Board, feed, without_timeout};

#[test]
fn how_it_went_arrives() {
    let board = Board::start();
    board.open_incident();
    for (words, expected) in [
        (&["bogus"][..], 2),
        (&["redact", "1"], 3),
        (&["export"], 1),
        (&["update", "1", "resolved", "x", "--site", "squat"], 1),
        (&["update", "1", "-"], 2),
        (&["\u{1b}[31m"], 2),
        (&["import"], 1),
    ] {
        let (status, out, err) = board.ask("heron1", words);
        assert_eq!(status, Some(expected), "{words:?}: {out}{err}");
        assert!(!err.is_empty() && !err.contains('\u{1b}'), "{words:?}: {err}");
    }
    // No shell sees it.
    let words = "update 1 identified it's a cable; $(reboot) `id` > /tmp/x & été العمل";
    board.done("heron1", &[words]);
    assert!(board.incident().contains("it's a cable; $(reboot) `id` > /tmp/x & été العمل"));
    // As JSON, on one stream.
    let (status, out, err) = board.ask("heron1", &["bogus", "--json"]);
    assert_eq!((status, err.as_str()), (Some(2), ""), "{out}");
    assert!(board.done("heron1", &["whoami", "--json"]).contains("\"heron1\""));
    // A yes beforehand, and one at a terminal.
    board.done("heron1", &["resolve", "1", "--yes"]);
    let mut typed = board.openssh("ssh", "heron1");
    let (status, out, err) =
        feed(typed.args(["-tt", "heron1@127.0.0.1"]), b"redact 1\ry\rwhoami\rbogus\rquit\r");
    assert_eq!(status, Some(0), "{out}{err}");
    assert!(
        out.contains("[y/N] ") && out.contains("operator") && out.contains("there is no command"),
        "{out}"
    );
    let (status, _, err) = board.ask("heron1", &["incident", "1"]);
    assert_eq!(status, Some(1), "{err}");
}

#[test]
fn words_from_standard_input() {
    let board = Board::start();
    board.open_incident();
    let text = "نعمل على إصلاح الهوائي 🦅\nOn répare l'antenne. 👩🏽‍🔧\n";
    let (status, _, err) = board.feed("heron1", &["update", "1", "identified", "-"], text.as_bytes());
    assert_eq!(status, Some(0), "{err}");
    for line in text.lines() {
        assert!(board.incident().contains(line), "{}", board.incident());
    }
    let page = board.daemon.get("/").body;
    assert!(page.contains("نعمل على إصلاح الهوائي 🦅"), "{page}");
    let (status, _, err) =
        feed(&mut board.dbclient("heron1", &[], &["update", "1", "-"]), "بخير 🕊".as_bytes());
    assert_eq!(status, Some(0), "{err}");
    assert!(board.incident().contains("بخير 🕊"));
    // What is refused changes nothing.
    for (text, words) in
        [(vec![b'x'; 901], "900"), (vec![b'x'; 1 << 20], "900"), (b"\xff\xfe".to_vec(), "not UTF-8")]
    {
        let (status, _, err) = board.feed("heron1", &["update", "1", "monitoring", "-"], &text);
        assert!(status != Some(0) && err.contains(words), "{err}");
        assert!(!board.incident().contains("xxxx"));
    }
    // What stands there unread is told of, and who may not know that they are waited for.
    let (status, _, err) = board.feed("heron1", &["resolve", "1", "--yes"], &[b'x'; 2000]);
    assert_eq!(status, Some(0), "{err}");
    let mut waiting = board.ssh("heron1", &["reopen", "1", "-"]);
    let mut child =
        waiting.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = [0; 9];
    child.stderr.as_mut().unwrap().read_exact(&mut told).unwrap();
    assert_eq!(&told, b"The words");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"Late words.").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(board.incident().contains("Late words."));
}

#[test]
fn a_script() {
    let board = Board::start();
    let (status, out, err) = board.feed("heron1", &[], b"# who\nwhoami\n\nsites\n");
    assert_eq!(status, Some(0), "{err}");
    assert!(out.starts_with("heron1\n") && out.contains("Antennas"), "{out}");
    let (status, out, err) = board.feed("heron1", &[], b"whoami\nbogus\nsites\n");
    assert_eq!(status, Some(2));
    assert!(!out.contains("Antennas") && err.contains("that was line 2"), "{out}{err}");
    // A line of a megabyte.
    let (status, _, err) = board.feed("heron1", &[], &vec![b'x'; 1 << 20]);
    assert_eq!(status, Some(2), "{err}");
    assert!(err.contains("4096 bytes at most"), "{err}");
    // As a command, it does not even fit what the protocol sends at once; half of it does.
    board.python("long_exec", &["heron1", "1048576"]);
    assert!(board.python("long_exec", &["heron1", "100000"]).contains("status 2"));
    // And many lines.
    let many = "whoami\n".repeat(3000);
    let (status, out, err) = board.feed("heron1", &[], many.as_bytes());
    assert_eq!(status, Some(0), "{err}");
    assert_eq!(out.matches("heron1").count(), 3000);
    eventually("all have gone", 10, || board.inside() == 1);
}

#[test]
fn an_archive_goes_out_and_in() {
    let board = Board::start();
    board.open_incident();
    let archive = board.done("owl", &["export"]);
    board.done("heron1", &["update", "1", "monitoring", "Later words."]);
    assert!(board.incident().contains("Later words."));
    let (status, out, err) = board.feed("owl", &["import", "--yes"], archive.as_bytes());
    assert_eq!(status, Some(0), "{out}{err}");
    assert!(!board.incident().contains("Later words.") && board.incident().contains("We look."));
    for broken in [&archive.as_bytes()[..archive.len() / 2], b"rubbish", &vec![b'x'; 1 << 20]] {
        let (status, _, err) = board.feed("owl", &["import", "--yes"], broken);
        assert!(status != Some(0) && !err.is_empty());
        assert!(board.incident().contains("We look."));
    }
}

/// Either it is applied or it is not, and never a half of it.
#[test]
fn a_connection_that_breaks_in_the_middle() {
    let board = Board::start();
    board.open_incident();
    let tries = 40;
    for n in 0..tries {
        let words = format!("begin{n} {} end{n}.", "and so on ".repeat(60));
        // Who breaks off before they have logged in has to wait: each comes from elsewhere.
        let mut command = board.openssh("ssh", "heron1");
        command.args(["-o", &format!("BindAddress=127.0.8.{}", n + 1), "heron1@127.0.0.1"]);
        let mut command = without_timeout(command.args(["update", "1", "monitoring", "-"]));
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        _ = std::io::Write::write_all(&mut stdin, words.as_bytes());
        drop(stdin);
        // Some before there is a connection, some after all is done; the last one is let be.
        if n + 1 < tries {
            std::thread::sleep(Duration::from_millis(n * n / 2));
            child.kill().unwrap();
        }
        child.wait().unwrap();
    }
    let told = board.incident();
    let (mut applied, mut lost) = (0, 0);
    for n in 0..tries {
        match (told.contains(&format!("begin{n} ")), told.contains(&format!(" end{n}."))) {
            (true, true) => applied += 1,
            (false, false) => lost += 1,
            _ => panic!("half of update {n}: {told}"),
        }
    }
    assert!(applied > 0 && lost > 0, "{applied} applied, {lost} not: it was never in the middle");
    // And nothing is left behind.
    eventually("all have gone", 10, || board.inside() == 1);
}

/// New keys every few kilobytes.
#[test]
fn keys_are_changed_on_the_way() {
    let board = Board::start();
    let mut command = board.openssh_that_says("ssh", "heron1", "DEBUG2");
    command.args(["-o", "RekeyLimit=16K", "heron1@127.0.0.1"]);
    let (status, out, err) = feed(&mut command, "help all\n".repeat(100).as_bytes());
    assert_eq!(status, Some(0), "{err}");
    assert_eq!(out.matches("whoami").count() % 100, 0);
    assert!(out.matches("whoami").count() >= 100);
    let changes = err.matches("rekeying in progress").count() + err.matches("SSH2_MSG_NEWKEYS sent").count();
    assert!(changes > 3, "{changes} changes of keys\n{err}");
}
