//! The host key; and that there is no server unless one is wanted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::common::{Daemon, run};
use super::{Board, common};

const NAME: &str = "ssh_host_ed25519_key";

#[test]
fn the_host_key_is_made_once() {
    let board = Board::start();
    let path = board.daemon.dir.path().join(NAME);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    let (status, out, err) = run(Command::new("ssh-keygen").arg("-lf").arg(&path));
    assert_eq!(status, Some(0), "{err}");
    assert!(out.contains(&board.fingerprint) && out.contains("ED25519"), "{out}");
    assert!(board.done("owl", &["limits"]).contains(&format!("ssh host key: {}\n", board.fingerprint)));
    assert!(board.done("owl", &["limits", "--json"]).contains(&board.fingerprint));
    // What the client sees is that.
    let (status, out, err) =
        run(Command::new("ssh-keyscan").args(["-t", "ed25519", "-p", &board.port.to_string(), "127.0.0.1"]));
    assert_eq!(status, Some(0), "{err}");
    board.keys.write("known", &out);
    let (_, out, _) = run(Command::new("ssh-keygen").arg("-lf").arg(board.keys.path().join("known")));
    assert!(out.contains(&board.fingerprint), "{out}");

    // The same after a restart.
    let before = fs::read(&path).unwrap();
    let Board { daemon, keys, fingerprint, config, .. } = board;
    let Daemon { mut process, dir, .. } = daemon;
    process.signal("TERM");
    assert_eq!(process.wait(), Some(0));
    let board = Board::start_in(dir, keys, config);
    assert_eq!((board.fingerprint, fs::read(&path).unwrap()), (fingerprint, before));
}

#[test]
fn a_broken_host_key_is_left_alone() {
    for (text, mode, why) in [("rubbish", 0o600, "is no Ed25519 key"), ("", 0o644, "others may read it")] {
        let dir = common::Dir::new();
        let path = dir.write(NAME, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let config = common::config() + super::PEOPLE;
        let config: String = config
            .lines()
            .filter(|line| !line.contains("KEY "))
            .fold(String::new(), |all, line| all + line + "\n");
        let mut daemon = Daemon::start_in(dir, &config);
        let line = daemon.process.wait_for("nobody can log in by SSH: the host key");
        assert!(line.contains(why), "{line}");
        // The page does not mind.
        assert!(daemon.page().contains("Antennas"));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn no_server_unless_one_is_wanted() {
    let mut daemon = Daemon::start(&common::config());
    let threads = fs::read_dir(format!("/proc/{}/task", daemon.process.child.id())).unwrap();
    let names: Vec<_> =
        threads.map(|task| fs::read_to_string(task.unwrap().path().join("comm")).unwrap()).collect();
    assert!(!names.iter().any(|name| name.trim() == "ssh"), "{names:?}");
    assert!(!daemon.process.log().contains("ssh"));
    assert!(!daemon.dir.path().join(NAME).exists());
}
