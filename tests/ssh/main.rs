//! The SSH server with real clients: OpenSSH's, dropbear's, and paramiko and asyncssh, which do
//! what no proper client does (`clients.py`; in a venv that pip fills, in the target directory).
//! All on loopback. `tests/packages.txt` names the Debian packages.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../common/mod.rs"]
mod common;

mod algorithms;
mod bounds;
mod commands;
mod host;
mod logins;
mod refusals;
mod reload;
mod terminal;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use common::{Daemon, Dir, feed, run};

/// A second site, and three people.
const PEOPLE: &str = "
config aiglon 'main'
	list ssh '127.0.0.1:0'
config site 'squat'
	option title 'Squat'
	list host 'squat.example.org'
config user 'heron1'
	list site 'home'
	list key 'KEY heron1'
config user 'tern'
	list site 'squat'
	list key 'KEY tern'
config user 'owl'
	list site 'home'
	list site 'squat'
	option role 'admin'
	list key 'KEY owl'
";

/// Makes a key pair; gives the public one back.
fn keygen(path: &Path, kind: &[&str]) -> String {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-N", "", "-C", "", "-t"]).args(kind).arg("-f").arg(path);
    let (status, _, err) = run(&mut command);
    assert_eq!(status, Some(0), "{err}");
    fs::read_to_string(path.with_extension("pub")).unwrap().trim().to_owned()
}

/// A daemon with an SSH server, and the keys of its people.
struct Board {
    daemon: Daemon,
    keys: Dir,
    port: u16,
    /// Of the host key, as the log says it.
    fingerprint: String,
    config: String,
}

impl Board {
    fn start() -> Self {
        Self::start_with("")
    }

    /// With more in its configuration.
    fn start_with(more: &str) -> Self {
        let keys = Dir::new();
        let mut config = common::config() + PEOPLE + more;
        for user in ["heron1", "tern", "owl"] {
            let key = keygen(&keys.path().join(user), &["ed25519"]);
            config = config.replace(&format!("KEY {user}"), &key);
        }
        Self::start_in(Dir::new(), keys, config)
    }

    fn start_in(dir: Dir, keys: Dir, config: String) -> Self {
        let mut daemon = Daemon::start_in(dir, &config);
        let line = daemon.process.wait_for("listening on ssh://");
        let port = line.split("127.0.0.1:").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let fingerprint = line.split("host key ").nth(1).unwrap().trim_end_matches(')').to_owned();
        Self { daemon, keys, port, fingerprint, config }
    }

    fn key(&self, user: &str) -> PathBuf {
        self.keys.path().join(user)
    }

    /// OpenSSH's client with somebody's key, without its destination; or sftp, or scp.
    fn openssh(&self, program: &str, key: &str) -> Command {
        self.openssh_that_says(program, key, "ERROR")
    }

    /// With so much of what it thinks on standard error.
    fn openssh_that_says(&self, program: &str, key: &str, level: &str) -> Command {
        // Whatever a server does not answer ends, too.
        let mut command = Command::new("timeout");
        command.args(["60", program, "-F", "none"]);
        for option in [
            "BatchMode=yes",
            "IdentityAgent=none",
            "IdentitiesOnly=yes",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            &format!("LogLevel={level}"),
            &format!("Port={}", self.port),
            &format!("IdentityFile={}", self.key(key).display()),
        ] {
            command.args(["-o", option]);
        }
        command
    }

    /// The same as somebody, with a command.
    fn ssh(&self, user: &str, words: &[&str]) -> Command {
        let mut command = self.openssh("ssh", user);
        command.arg(format!("{user}@127.0.0.1")).args(words);
        command
    }

    fn ask(&self, user: &str, words: &[&str]) -> (Option<i32>, String, String) {
        run(&mut self.ssh(user, words))
    }

    /// What must be done.
    fn done(&self, user: &str, words: &[&str]) -> String {
        let (status, out, err) = self.ask(user, words);
        assert_eq!((status, err.as_str()), (Some(0), ""), "{words:?}: {out}");
        out
    }

    fn feed(&self, user: &str, words: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
        feed(&mut self.ssh(user, words), input)
    }

    /// dropbear's client.
    fn dbclient(&self, user: &str, options: &[&str], words: &[&str]) -> Command {
        let (from, key) = (self.key(user), self.key(&format!("{user}.db")));
        if !key.exists() {
            let (status, _, err) =
                run(Command::new("dropbearconvert").args(["openssh", "dropbear"]).arg(from).arg(&key));
            assert_eq!(status, Some(0), "{err}");
        }
        let mut command = Command::new("timeout");
        command.args(["60", "dbclient", "-T", "-y", "-y", "-p", &self.port.to_string(), "-i"]).arg(key);
        command.env("HOME", self.keys.path());
        command.args(options).arg(format!("{user}@127.0.0.1")).args(words);
        command
    }

    /// What `clients.py` says of one of its cases; it must succeed.
    fn python(&self, case: &str, arguments: &[&str]) -> String {
        let mut command = Command::new("timeout");
        command.arg("120").arg(python()).arg("tests/ssh/clients.py").arg(case).arg(self.port.to_string());
        let (status, out, err) = run(command.arg(self.keys.path()).args(arguments));
        assert_eq!(status, Some(0), "{case}: {out}{err}");
        out
    }

    fn incident(&self) -> String {
        self.done("owl", &["incident", "home/1"])
    }

    /// How many are logged in, who asks included.
    fn inside(&self) -> u32 {
        let limits = self.done("owl", &["limits"]);
        let row = limits.lines().find(|line| line.starts_with("ssh_sessions")).unwrap();
        row.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    fn open_incident(&self) {
        self.done("heron1", &["incident", "open", "wifi", "\"No power\"", "\"We look.\""]);
    }

    /// A reload with another configuration.
    fn reload(&mut self, config: &str) {
        self.daemon.rewrite(config);
        self.daemon.process.forget_log();
        self.daemon.process.signal("HUP");
        self.daemon.process.wait_for("reloaded");
    }
}

/// The same without the `timeout` before it, so that its process is the program.
fn without_timeout(command: &Command) -> Command {
    let mut arguments = command.get_args().skip(1);
    let mut bare = Command::new(arguments.next().unwrap());
    bare.args(arguments);
    bare
}

/// A Python with paramiko and asyncssh: a venv in the target directory, made once.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let wanted = include_str!("requirements.txt");
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ssh-venv");
        let (python, made) = (dir.join("bin/python"), dir.join("made"));
        fs::create_dir_all(&dir).unwrap();
        // Two runs at the same time make it once.
        let lock = fs::File::create(dir.with_extension("lock")).unwrap();
        lock.lock().unwrap();
        if fs::read_to_string(&made).is_ok_and(|text| text == wanted) {
            return python;
        }
        let mut venv = Command::new("python3");
        let (status, out, err) = run(venv.args(["-m", "venv", "--clear"]).arg(&dir));
        assert_eq!(status, Some(0), "python3-venv (tests/packages.txt): {out}{err}");
        let mut pip = Command::new("timeout");
        pip.arg("280").arg(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "-r",
            "tests/ssh/requirements.txt",
        ]);
        let (status, out, err) = run(&mut pip);
        assert_eq!(status, Some(0), "{out}{err}");
        fs::write(made, wanted).unwrap();
        python
    })
}
