//! The play of `docs/ansible.md`, run by Ansible on this machine: each file as it stands there.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{AIGLON, Client, Dir, Process, hash_of, run};

const PAPER: &str = include_str!("../docs/ansible.md");

/// The block of the paper whose first line names this file.
fn block(name: &str) -> &'static str {
    let blocks = PAPER.split("```").skip(1).step_by(2);
    let mut bodies = blocks.map(|block| block.split_once('\n').unwrap().1);
    bodies.find(|body| body.lines().next().unwrap().contains(name)).unwrap()
}

/// Where pip has put Ansible: a venv in the target directory, made once.
fn ansible() -> PathBuf {
    let wanted = include_str!("ansible/requirements.txt");
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ansible-venv");
    let made = dir.join("made");
    fs::create_dir_all(&dir).unwrap();
    let lock = fs::File::create(dir.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if !fs::read_to_string(&made).is_ok_and(|text| text == wanted) {
        let (status, out, err) = run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&dir));
        assert_eq!(status, Some(0), "python3-venv (tests/packages.txt): {out}{err}");
        let mut pip = Command::new("timeout");
        pip.arg("280").arg(dir.join("bin/python")).args(["-m", "pip", "install", "--quiet", "-r"]);
        let (status, out, err) = run(pip.arg("tests/ansible/requirements.txt"));
        assert_eq!(status, Some(0), "{out}{err}");
        fs::write(made, wanted).unwrap();
    }
    dir.join("bin")
}

/// A directory with the files of the paper, and a vault of its own.
struct Control {
    dir: Dir,
    bin: PathBuf,
}

impl Control {
    fn new() -> Self {
        let (dir, bin) = (Dir::new(), ansible());
        let at = |name: &str| dir.path().join(name);
        for name in ["aiglon.yml", "aiglon.j2"] {
            fs::write(at(name), block(name)).unwrap();
        }
        fs::create_dir_all(at("group_vars/status")).unwrap();
        fs::write(at("group_vars/status/aiglon.yml"), block("group_vars/status/aiglon.yml")).unwrap();
        fs::write(at("password"), "of the vault\n").unwrap();
        let python = bin.join("python");
        let here = format!(
            "ansible_connection=local ansible_python_interpreter={} ansible_remote_tmp={}",
            python.display(),
            at("remote").display()
        );
        fs::write(at("inventory"), format!("[status]\nlocalhost {here}\n")).unwrap();
        let control = Self { dir, bin };
        control.vault("first");
        control
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command.current_dir(self.dir.path());
        command.env("ANSIBLE_HOME", self.dir.path().join("home")).env("LC_ALL", "C.UTF-8");
        command
    }

    /// Writes this token into the vault.
    fn vault(&self, token: &str) {
        let file = self.dir.path().join("group_vars/status/vault.yml");
        fs::write(&file, block("vault.yml").replace("the first line of aiglon token", token)).unwrap();
        let mut command = self.command("ansible-vault");
        let (status, out, err) =
            run(command.args(["encrypt", "--vault-password-file", "password"]).arg(&file));
        assert_eq!(status, Some(0), "{out}{err}");
        assert!(!fs::read_to_string(file).unwrap().contains(token));
    }

    /// Runs the play with these variables besides. Returns whether it went well, and what it said.
    fn play(&self, more: &str) -> (bool, String) {
        let there = self.dir.path();
        let vars = format!(
            "{{\"aiglon\": \"{AIGLON}\", \"aiglon_become\": false, \"aiglon_file\": \"{0}/config\", \
             \"aiglon_state_dir\": \"{0}/state\", \"aiglon_page_port\": 0, \"aiglon_address\": \"127.0.0.3\", \
             \"aiglon_push_port\": {1}{more}}}",
            there.display(),
            port()
        );
        let mut command = self.command("ansible-playbook");
        let words = ["-i", "inventory", "aiglon.yml", "--vault-password-file", "password", "-e", &vars];
        let (status, out, err) = run(command.args(words));
        (status == Some(0), out + &err)
    }

    fn config(&self) -> String {
        fs::read_to_string(self.dir.path().join("config")).unwrap()
    }
}

/// A port for senders that is free, and no other test's.
fn port() -> u16 {
    static PORT: std::sync::OnceLock<u16> = std::sync::OnceLock::new();
    *PORT.get_or_init(|| std::net::TcpListener::bind("127.0.0.3:0").unwrap().local_addr().unwrap().port())
}

/// What a push with this token is answered.
fn push(token: &str) -> u16 {
    let mut client = Client::to(format!("127.0.0.3:{}", port()).parse().unwrap());
    client.post("/api/v2/alerts", &format!("Authorization: Bearer {token}\r\n"), "[]").status
}

fn serve(file: &Path) -> Process {
    let mut process = Process::start(Command::new(AIGLON).arg("serve").arg(file));
    process.wait_for("(ingest)");
    process
}

#[test]
fn the_play_configures_revokes_and_lets_no_mistake_through() {
    let control = Control::new();
    // Nobody serves yet, so nobody reloads: the file is there all the same.
    let (_, said) = control.play("");
    assert!(control.dir.path().join("config").exists(), "{said}");
    assert!(control.config().contains("list match 'alertname=InstanceDown instance~10.0.0.1:*'"), "{said}");
    assert!(!control.config().contains("first"), "a token is in the vault alone");
    let mut daemon = serve(&control.dir.path().join("config"));
    assert_eq!((push("first"), push("second")), (200, 401));

    // The same again changes nothing.
    let (done, said) = control.play("");
    assert!(done && said.contains("changed=0"), "{said}");

    // A mistake stays on this side.
    let before = control.config();
    let (done, said) = control.play(", \"aiglon_title\": \"a \\\" b\"");
    assert!(!done && said.contains("the quote that opens at"), "{said}");
    assert_eq!(control.config(), before);

    // Another token.
    control.vault("second");
    let (done, said) = control.play("");
    assert!(done && said.contains("changed=2"), "{said}");
    assert_eq!((push("first"), push("second")), (401, 200));

    // The sender is stolen.
    let (done, said) = control.play(", \"revoke_names\": [\"prometheus\"]");
    assert!(done, "{said}");
    assert_eq!(push("second"), 401);
    assert!(!control.config().contains(&hash_of("second")), "{}", control.config());
    // Who is not there has no rights to lose.
    let (done, said) = control.play(", \"revoke_names\": [\"nobody\"]");
    assert!(done && said.contains("changed=0"), "{said}");
    // Its successor.
    control.vault("third");
    let (done, said) = control.play("");
    assert!(done, "{said}");
    assert_eq!((push("second"), push("third")), (401, 200));
    daemon.signal("TERM");
    assert_eq!(daemon.wait(), Some(0));
}
