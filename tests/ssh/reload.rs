//! Users come and go with the configuration.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::common::{AIGLON, eventually, run};
use super::{Board, keygen};

/// A configuration without somebody's keys.
fn without(config: &str, user: &str) -> String {
    super::common::with(config, user, &["list key ''"])
}

#[test]
fn a_removed_user_is_shown_out() {
    let mut board = Board::start();
    let config = board.config.clone();
    one_is_shown_out(&mut board, |board| board.reload(&without(&config, "heron1")));
    // And back again; a new one, too.
    let key = keygen(&board.key("gull"), &["ed25519"]);
    board.reload(&format!("{config}config user 'gull'\n\tlist site 'home'\n\tlist key '{key}'\n"));
    assert!(board.done("heron1", &["whoami"]).starts_with("heron1\n"));
    assert!(board.done("gull", &["whoami"]).starts_with("gull\n"));
    // A section that is gone.
    board.reload(&config);
    assert_eq!(board.ask("gull", &["whoami"]).0, Some(255));
}

#[test]
fn a_revoked_user_is_shown_out() {
    one_is_shown_out(&mut Board::start(), |board| {
        let dir = board.daemon.dir.path();
        let mut command = Command::new(AIGLON);
        command.arg("revoke").arg("--config").arg(dir.join("config")).arg("--state-dir").arg(dir);
        let answer = run(command.arg("--socket").arg(dir.join("console.sock")).arg("heron1"));
        assert_eq!((answer.0, answer.1.as_str()), (Some(0), "heron1: revoked\n"), "{}", answer.2);
    });
}

/// Somebody sits at a prompt, and somebody else, too; one of them is removed.
fn one_is_shown_out(board: &mut Board, remove: impl Fn(&mut Board)) {
    let mut sessions: Vec<_> = ["heron1", "tern"]
        .iter()
        .map(|user| {
            let mut command = board.openssh("ssh", user);
            command.args(["-tt", &format!("{user}@127.0.0.1")]);
            let mut child =
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut prompt = [0; 1];
            child.stdout.as_mut().unwrap().read_exact(&mut prompt).unwrap();
            child
        })
        .collect();
    remove(board);
    let until = Instant::now() + Duration::from_secs(10);
    let status = loop {
        if let Some(status) = sessions[0].try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < until, "the session of who was removed goes on");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(255));
    let mut err = String::new();
    sessions[0].stderr.take().unwrap().read_to_string(&mut err).unwrap();
    // The other's does, too.
    assert!(sessions[1].try_wait().unwrap().is_none());
    sessions[1].stdin.take().unwrap().write_all(b"whoami\rquit\r").unwrap();
    assert!(sessions.pop().unwrap().wait_with_output().unwrap().status.success());
    assert_eq!(board.ask("heron1", &["whoami"]).0, Some(255));
}

/// From the very moment that the reload is done, a command of theirs is not.
#[test]
fn not_one_command_more() {
    let mut board = Board::start();
    board.open_incident();
    let config = board.config.clone();
    let mut command = board.openssh("ssh", "heron1");
    command.arg("heron1@127.0.0.1");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"update 1 identified before\n").unwrap();
    eventually("it is there", 10, || board.incident().contains("before"));
    board.reload(&without(&config, "heron1"));
    _ = stdin.write_all(b"update 1 monitoring afterwards\n");
    drop(stdin);
    child.wait().unwrap();
    assert!(!board.incident().contains("afterwards"));
}

#[test]
fn the_server_comes_and_goes() {
    let mut board = Board::start();
    let config = board.config.clone();
    let off: String = config
        .lines()
        .filter(|line| !line.contains("list ssh"))
        .fold(String::new(), |all, line| all + line + "\n");
    board.reload(&off);
    eventually("it is closed", 10, || TcpStream::connect(("127.0.0.1", board.port)).is_err());
    board.reload(&config);
    let line = board.daemon.process.wait_for("listening on ssh://");
    assert!(line.contains(&board.fingerprint), "{line}");
    board.port = line.split("127.0.0.1:").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(board.done("heron1", &["whoami"]).starts_with("heron1\n"));
    // What does not change stays open.
    board.reload(&(config + "\n# another comment\n"));
    assert!(board.done("heron1", &["whoami"]).starts_with("heron1\n"));
}

#[test]
fn an_address_that_is_taken_locks_nobody_out() {
    let mut board = Board::start();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = format!("\tlist ssh '{}'\n", taken.local_addr().unwrap());
    let config = board.config.lines().fold(String::new(), |all, line| {
        if line.contains("list ssh") { all + &there } else { all + line + "\n" }
    });
    board.daemon.rewrite(&config);
    board.daemon.process.signal("HUP");
    board.daemon.process.wait_for("cannot listen on ssh://");
    // The rest is in force, and the old address is listened on until the new one is.
    board.daemon.process.wait_for("reloaded");
    assert!(board.done("heron1", &["whoami"]).starts_with("heron1\n"));
    let (old, new) = (board.port, taken.local_addr().unwrap());
    drop(taken);
    eventually("the new one is there", 10, || TcpStream::connect(new).is_ok());
    board.port = new.port();
    assert!(board.done("heron1", &["whoami"]).starts_with("heron1\n"));
    eventually("the old one is closed", 10, || TcpStream::connect(("127.0.0.1", old)).is_err());
}
