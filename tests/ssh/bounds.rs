//! How much is too much, and what becomes of the others.

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::Board;
use super::common::{eventually, run};

/// Of a hundred at the same time, those that find room are served, the others are told, and nobody
/// else minds.
#[test]
fn a_hundred_sessions_at_the_same_time() {
    let board = Board::start();
    let out = board.python("crowd", &["100", "heron1", "tern", "owl"]);
    let number = |word: &str| -> usize {
        out.lines().find_map(|line| line.strip_prefix(word)).unwrap().trim().parse().unwrap()
    };
    let (served, refused) = (number("served"), number("refused"));
    assert_eq!(served + refused, 100, "{out}");
    // At most 16 at a time, 8 of each.
    assert!((4..=16).contains(&number("most")), "{out}");
    assert!(number("most of one") <= 8, "{out}");
    assert!(refused > 0 && served >= number("most"), "{out}");
    // Each that was served was told what it asked for.
    assert_eq!(number("right"), served, "{out}");
    assert!(board.daemon.page().contains("Antennas"));
    eventually("there is room again", 10, || board.ask("owl", &["whoami"]).0 == Some(0));
    eventually("all have gone", 10, || board.inside() == 1);
    assert!(board.daemon.metric("aiglon_ssh_connections_total{outcome=\"login\"}").unwrap() >= 4.0);
}

#[test]
fn channels_of_one_session() {
    let board = Board::start();
    assert_eq!(board.python("many_channels", &["heron1"]), "4 of 10\nstatus 0\n");
}

/// Who says nothing for 20 seconds is shown out, and who dribbles, too.
#[test]
fn a_login_takes_no_longer_than_it_may() {
    let board = Board::start();
    let open = |send: &[u8]| {
        let stream = TcpStream::connect(("127.0.0.1", board.port)).unwrap();
        std::io::Write::write_all(&mut &stream, send).unwrap();
        stream
    };
    let begun = Instant::now();
    let mut idle = [open(b""), open(b"SSH-2.0-"), open(b"SSH-2.0-x\r\n"), open(b"SSH-2.0-x\r\n\0\0\x01\0")];
    for stream in &mut idle {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut bytes = Vec::new();
        // It is closed, or cut off.
        _ = stream.read_to_end(&mut bytes);
    }
    let took = begun.elapsed().as_secs();
    assert!((19..25).contains(&took), "{took} s");
}

/// Who has failed often has to wait, and nobody else does.
#[test]
fn who_fails_often_has_to_wait() {
    let board = Board::start();
    super::keygen(&board.key("stranger"), &["ed25519"]);
    let from = |source: &str, key: &str| {
        let mut command = board.openssh_that_says("ssh", key, "DEBUG1");
        command.args(["-o", &format!("BindAddress={source}")]);
        let (status, _, err) = run(command.args(["heron1@127.0.0.1", "whoami"]));
        (status, err)
    };
    for _ in 0..7 {
        assert_eq!(from("127.0.4.1", "stranger").0, Some(255));
    }
    // Even with a key that is let in; and told why, to who looks.
    let held = (0..3).any(|_| {
        let (status, err) = from("127.0.4.1", "heron1");
        status == Some(255) && err.contains("too many failed logins")
    });
    assert!(held);
    assert_eq!(from("127.0.4.2", "heron1").0, Some(0));
    eventually("the wait is over", 20, || from("127.0.4.1", "heron1").0 == Some(0));
    // And forgotten, once somebody has come in.
    for _ in 0..5 {
        assert_eq!(from("127.0.4.1", "stranger").0, Some(255));
        assert_eq!(from("127.0.4.1", "heron1").0, Some(0));
    }
}

/// Half-open connections take up what there is for those of their own address only.
#[test]
fn half_open_connections_keep_nobody_out() {
    let board = Board::start();
    let mut flood = Vec::new();
    for _ in 0..200 {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", board.port)) {
            flood.push(stream);
        }
    }
    assert!(board.daemon.page().contains("Antennas"));
    let mut command = board.openssh("ssh", "heron1");
    command.args(["-o", "BindAddress=127.0.5.1", "heron1@127.0.0.1", "whoami"]);
    let (status, _, err) = run(&mut command);
    assert_eq!(status, Some(0), "{err}");
    drop(flood);
}

/// Whoever does not take what they asked for is cut off, and holds no place at the console.
#[test]
fn who_does_not_read_is_cut_off() {
    let board = Board::start();
    let out = board.python("slow_reader", &["heron1"]);
    let seconds: f64 = out.strip_prefix("cut off after ").unwrap().trim().parse().unwrap();
    assert!((10.0..40.0).contains(&seconds), "{out}");
    eventually("all have gone", 10, || board.inside() == 1);
}

/// Bytes that are no SSH.
#[test]
fn rubbish() {
    let board = Board::start();
    assert_eq!(board.python("rubbish", &["heron1"]), "done\n");
    assert!(board.daemon.page().contains("Antennas"));
    let mut command = board.openssh("ssh", "heron1");
    command.args(["-o", "BindAddress=127.0.6.1", "heron1@127.0.0.1", "whoami"]);
    assert_eq!(run(&mut command).0, Some(0));
}
