//! A key gives the console, and nothing else: no shell, no file, no port, no agent, no variable.

use std::fs;
use std::process::Stdio;

use super::common::forward::{Target, behind, free_port, leads_nowhere, local_forwards};
use super::common::{feed, run};
use super::{Board, without_timeout};

#[test]
fn no_shell() {
    let board = Board::start();
    for words in [
        "sh",
        "/bin/sh -i",
        "id",
        "; id",
        "$(id)",
        "whoami; id",
        "whoami && id",
        "\nid",
        "cat /etc/passwd",
        "scp -t /",
    ] {
        for terminal in ["-T", "-tt"] {
            let mut command = board.openssh("ssh", "heron1");
            let (status, out, err) = run(command.args([terminal, "heron1@127.0.0.1", words]));
            assert_eq!(status, Some(2), "{words}: {out}{err}");
            assert!(!(out + &err).contains("uid="), "{words}");
        }
    }
}

#[test]
fn no_port() {
    let board = Board::start();
    let (target, port) = (Target::new(), free_port());
    let there = target.address().to_string();
    let socket = board.daemon.dir.path().join("console.sock");
    for (forward, send) in local_forwards(port, &target, &socket) {
        let mut command = without_timeout(board.openssh("ssh", "heron1").args([
            forward.as_str(),
            "-tt",
            "heron1@127.0.0.1",
        ]));
        // The session lives on a pipe that stays open.
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let got = behind(port, &send);
        child.kill().unwrap();
        child.wait().unwrap();
        leads_nowhere(&forward, got);
        target.was_never_called(&forward);
    }
    for remote in [format!("127.0.0.1:0:{there}"), format!("/tmp/aiglon-test-{port}.sock:{there}")] {
        let mut command = board.openssh("ssh", "heron1");
        command.args(["-o", "ExitOnForwardFailure=yes", "-N", "-R", &remote, "heron1@127.0.0.1"]);
        let (status, _, err) = run(&mut command);
        assert_eq!(status, Some(255), "{err}");
    }
    let mut command = board.openssh("ssh", "heron1");
    let (status, out, err) = run(command.args(["-W", &there, "heron1@127.0.0.1"]));
    assert!(status != Some(0) && out.is_empty(), "{out}{err}");
    target.was_never_called("-W");
    let (_, out, err) = run(&mut board.dbclient("heron1", &["-B", &there], &[]));
    assert!(out.is_empty(), "{out}{err}");
    target.was_never_called("dbclient -B");
    // All kinds of channel that there are, and some that there are not.
    assert_eq!(board.python("channels", &["heron1", &target.address().port().to_string()]), "all refused\n");
    target.was_never_called("a channel");
    assert_eq!(board.ask("heron1", &["whoami"]).0, Some(0));
}

#[test]
fn no_file() {
    let board = Board::start();
    let config = board.daemon.dir.path().join("config");
    let (loot, planted) = (board.keys.path().join("loot"), board.keys.path().join("planted"));
    let mut command = board.openssh("sftp", "heron1");
    let batch = format!("get {0} {1}\nput {0} {2}\n", config.display(), loot.display(), planted.display());
    let (status, ..) = feed(command.args(["-b", "-", "heron1@127.0.0.1"]), batch.as_bytes());
    assert!(status != Some(0) && !loot.exists() && !planted.exists());
    for old in [&["-O"][..], &[]] {
        for (from, to) in [
            (format!("heron1@127.0.0.1:{}", config.display()), loot.display().to_string()),
            (config.display().to_string(), format!("heron1@127.0.0.1:{}", planted.display())),
        ] {
            let mut command = board.openssh("scp", "heron1");
            let (status, ..) = run(command.args(old).args([from, to]));
            assert!(status != Some(0) && !loot.exists() && !planted.exists());
        }
    }
}

#[test]
fn no_agent_no_display_no_variable() {
    let board = Board::start();
    // What a request is answered with, each on a channel of its own, and after all that a command
    // is carried out.
    let out = board.python("requests", &["heron1"]);
    assert_eq!(
        out,
        "agent refused\nx11 refused\nenv refused\nsubsystem refused\nsecond command refused\nstatus 0\n"
    );
    // A client that is told to send them all is served.
    let mut command = board.openssh("ssh", "heron1");
    command.args(["-A", "-X", "-o", "SendEnv=*", "-o", "SetEnv=LD_PRELOAD=/tmp/x", "-tt"]);
    command.env("DISPLAY", ":99").env("LC_ALL", "C.UTF-8");
    let (status, out, err) = run(command.args(["heron1@127.0.0.1", "whoami"]));
    assert_eq!(status, Some(0), "{err}");
    assert!(out.starts_with("heron1"), "{out}");
    let maps = format!("/proc/{}/environ", board.daemon.process.child.id());
    assert!(!fs::read_to_string(maps).unwrap().contains("LD_PRELOAD=/tmp/x"));
    // Who asks for ever is not listened to for ever.
    assert_eq!(board.python("ask_for_ever", &["heron1"]), "ended\n");
}

#[test]
fn terminals_of_all_sorts() {
    let board = Board::start();
    assert_eq!(board.python("terminals", &["heron1"]), "all served\n");
}
