//! Updates by SSH, as README has them: Debian's dropbear, which is the router's, and OpenSSH, with
//! a forced command for each key. A key gives its user's sites, and nothing else: no shell, no
//! port, no file.
//!
//! Each server runs on loopback as a user of the system that is made for the test and goes with it,
//! and aiglon runs as the same. That takes root.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::common::forward::{Target, behind, free_port, leads_nowhere, local_forwards};
use crate::common::{Dir, Process, config, copy_program, done_as_root, eventually, feed, run};

const PEOPLE: &str = "
config site 'squat'
	list host 'squat.example'
	option title 'Squat'
config user 'heron1'
	list site 'home'
config user 'tern'
	list site 'squat'
";

/// As README has it: what stands before a key. Dropbear knows no `restrict` before 2022.
const OPTIONS: &str = "no-port-forwarding,no-agent-forwarding,no-X11-forwarding";

/// Runs what only root may.
fn as_root(command: &str, arguments: &[&str]) {
    let (status, _, err) = run(Command::new(command).args(arguments));
    assert_eq!(status, Some(0), "{command} {arguments:?}: {err}");
}

/// A user of the system, with a home, until it is dropped.
struct Account(String, PathBuf);

/// Whether the command line of any process names this directory. One that has ended and that nobody
/// waits for has none.
fn is_at_work(home: &Path) -> bool {
    let home = home.to_str().unwrap().as_bytes();
    let names = |path: PathBuf| {
        fs::read(path.join("cmdline")).is_ok_and(|line| line.windows(home.len()).any(|part| part == home))
    };
    fs::read_dir("/proc").unwrap().flatten().any(|process| names(process.path()))
}

/// One at a time changes the system's users.
static ACCOUNTS: Mutex<()> = Mutex::new(());

impl Account {
    fn new(home: &Path) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("aiglon-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let lock = ACCOUNTS.lock();
        // No password, and yet not locked: a key may log in.
        as_root("useradd", &["-M", "-d", home.to_str().unwrap(), "-s", "/bin/sh", "-p", "*", &name]);
        drop(lock);
        as_root("chown", &["-R", &format!("{name}:"), home.to_str().unwrap()]);
        Self(name, home.to_owned())
    }

    /// A command as this user.
    fn run(&self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.arg(format!("--reuid={0}", self.0)).arg(format!("--regid={0}", self.0));
        command.args(["--init-groups", "--reset-env", "--"]).arg(program);
        command
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        // No session outlives the test, nor what it called with.
        if !std::thread::panicking() {
            eventually("its processes end", 20, || !is_at_work(&self.1));
        }
        let _lock = ACCOUNTS.lock();
        as_root("userdel", &["--force", &self.0]);
    }
}

/// Where OpenSSH puts a process that may do nothing. On a system whose sshd runs it is there
/// already.
struct RunDir;

/// How many want it, if it is ours.
static RUN_DIRS: Mutex<u32> = Mutex::new(0);

impl RunDir {
    const PATH: &str = "/run/sshd";

    fn new() -> Self {
        let mut wanted = RUN_DIRS.lock().unwrap();
        if *wanted > 0 || !Path::new(Self::PATH).exists() {
            *wanted += 1;
            as_root("mkdir", &["-p", "-m", "755", Self::PATH]);
        }
        Self
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        let mut wanted = RUN_DIRS.lock().unwrap();
        if *wanted == 1 {
            _ = fs::remove_dir(Self::PATH);
        }
        *wanted = wanted.saturating_sub(1);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Dropbear,
    OpenSsh,
}

/// An SSH server with the keys of heron1 and tern, and aiglon behind it. What is dropped first
/// stands first.
struct Server {
    kind: Kind,
    _sshd: Process,
    _aiglon: Process,
    _run_dir: Option<RunDir>,
    account: Account,
    home: Dir,
    port: u16,
}

fn keygen(path: &Path) -> String {
    let (status, _, err) =
        run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"]).arg(path));
    assert_eq!(status, Some(0), "{err}");
    fs::read_to_string(path.with_extension("pub")).unwrap()
}

impl Server {
    fn start(kind: Kind) -> Self {
        let home = Dir::new();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let at = |name: &str| home.path().join(name);
        copy_program(&at("aiglon"));
        home.write("config", &(config() + PEOPLE));
        fs::create_dir(at("state")).unwrap();
        fs::create_dir(at(".ssh")).unwrap();
        let socket = at("state/console.sock");
        let mut keys = String::new();
        for user in ["heron1", "tern"] {
            let key = keygen(&at(user));
            let forced =
                format!("{} console --socket {} --user {user}", at("aiglon").display(), socket.display());
            writeln!(keys, "{OPTIONS},command=\"{forced}\" {}", key.trim_end()).unwrap();
        }
        fs::write(at(".ssh/authorized_keys"), keys).unwrap();
        keygen(&at("host"));
        let port = free_port();
        home.write(
            "sshd_config",
            &format!(
                "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile .ssh/authorized_keys\nUsePAM no\n\
                 PidFile none\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
                 AllowTcpForwarding yes\nAllowStreamLocalForwarding yes\nPermitTunnel yes\nX11Forwarding yes\n\
                 Subsystem sftp internal-sftp\n",
                at("host").display()
            ),
        );
        // Both are asked for as permissive a server as there is: the line of the key must do.
        let account = Account::new(home.path());
        for private in ["host", "heron1", "tern"] {
            // A key is its reader's.
            as_root("chown", &["root:", at(private).to_str().unwrap()]);
        }
        let mut serve = account.run(&at("aiglon"));
        let mut aiglon =
            Process::start(serve.arg("serve").arg(at("config")).arg("--state-dir").arg(at("state")));
        aiglon.wait_for("console at");
        let (mut sshd, run_dir) = match kind {
            Kind::OpenSsh => {
                let mut sshd = Command::new("/usr/sbin/sshd");
                sshd.args(["-D", "-e", "-f"]).arg(at("sshd_config"));
                (sshd, Some(RunDir::new()))
            }
            Kind::Dropbear => {
                let mut convert = Command::new("dropbearconvert");
                let (status, _, err) =
                    run(convert.args(["openssh", "dropbear"]).args([at("host"), at("host.db")]));
                assert_eq!(status, Some(0), "{err}");
                let mut sshd = Command::new("/usr/sbin/dropbear");
                sshd.args(["-F", "-E", "-s", "-a", "-m", "-p", &format!("127.0.0.1:{port}"), "-P"])
                    .arg(at("pid"));
                sshd.arg("-r").arg(at("host.db"));
                (sshd, None)
            }
        };
        let sshd = Process::start(&mut sshd);
        eventually("it listens", 10, || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
        Self { kind, _sshd: sshd, _aiglon: aiglon, _run_dir: run_dir, account, home, port }
    }

    fn key(&self, user: &str) -> PathBuf {
        self.home.path().join(user)
    }

    /// OpenSSH's client, before its destination, or sftp or scp.
    fn openssh(&self, program: &str, user: &str) -> Command {
        // Whatever a server does not answer ends, too.
        let mut command = Command::new("timeout");
        command.args(["60", program]);
        command.args([
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "IdentityAgent=none",
        ]);
        command.args([
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "LogLevel=ERROR",
        ]);
        command.args(["-o", &format!("Port={}", self.port), "-i"]).arg(self.key(user));
        command
    }

    fn destination(&self) -> String {
        format!("{}@127.0.0.1", self.account.0)
    }

    /// The client of the server's own make.
    fn client(&self, user: &str, words: &[&str]) -> Command {
        self.client_with(user, &[], words)
    }

    fn client_with(&self, user: &str, options: &[&str], words: &[&str]) -> Command {
        let mut command = match self.kind {
            Kind::OpenSsh => self.openssh("ssh", user),
            Kind::Dropbear => {
                let key = self.home.path().join(format!("{user}.db"));
                if !key.exists() {
                    let (status, _, err) = run(Command::new("dropbearconvert")
                        .args(["openssh", "dropbear"])
                        .arg(self.key(user))
                        .arg(&key));
                    assert_eq!(status, Some(0), "{err}");
                }
                let mut command = Command::new("timeout");
                command
                    .args(["60", "dbclient", "-T", "-y", "-y", "-p", &self.port.to_string(), "-i"])
                    .arg(key);
                command.env("HOME", self.home.path());
                command
            }
        };
        command.args(options).arg(self.destination()).args(words);
        command
    }

    fn ask(&self, user: &str, words: &[&str]) -> (Option<i32>, String, String) {
        run(&mut self.client(user, words))
    }

    fn incident(&self) -> String {
        let (status, out, err) = self.ask("heron1", &["incident", "1"]);
        assert_eq!(status, Some(0), "{err}");
        out
    }
}

fn people_post_updates(kind: Kind) {
    if done_as_root() {
        return;
    }
    let server = Server::start(kind);
    // Each key is its user.
    for (user, site) in [("heron1", "home"), ("tern", "squat")] {
        let (status, out, err) = server.ask(user, &["whoami"]);
        assert_eq!(status, Some(0), "{err}");
        assert!(out.starts_with(&format!("{user}\n")) && out.contains(site), "{out}");
    }
    let (status, _, err) =
        server.ask("heron1", &["incident", "open", "wifi", "\"No power\"", "\"We look.\""]);
    assert_eq!(status, Some(0), "{err}");
    // Words without quotes, an apostrophe among them, pass as they are: there is no shell on the
    // other side.
    let words = "update 1 identified it's a cable; $(reboot) `id` > /tmp/x & été العمل";
    let (status, _, err) = server.ask("heron1", &[words]);
    assert_eq!(status, Some(0), "{err}");
    assert!(
        server.incident().contains("it's a cable; $(reboot) `id` > /tmp/x & été العمل"),
        "{}",
        server.incident()
    );
    // Long ones come on standard input.
    let (status, _, err) = feed(
        &mut server.client("heron1", &["update", "1", "monitoring", "-"]),
        "It works again.\nWe watch.\n",
    );
    assert_eq!(status, Some(0), "{err}");
    assert!(server.incident().contains("It works again."), "{}", server.incident());

    // How it went arrives.
    for (user, words, expected) in [
        ("tern", &["update", "1", "resolved", "Not mine."][..], 1),
        ("heron1", &["update", "1", "resolved", "x", "--site", "squat"], 1),
        ("heron1", &["bogus"], 2),
        ("heron1", &["redact", "1"], 3),
        ("heron1", &["export"], 1),
        ("heron1", &["update", "1", "-"], 2),
    ] {
        let (status, out, err) = server.ask(user, words);
        assert_eq!(status, Some(expected), "{user} {words:?}: {out}{err}");
        assert!(!err.is_empty(), "{words:?}");
    }
    assert!(!server.incident().contains("Not mine"));

    // A script; and a person at a terminal.
    let (status, out, err) = feed(&mut server.client("tern", &[]), "whoami\nsites\n");
    assert_eq!(status, Some(0), "{err}");
    assert!(out.starts_with("tern\n") && out.contains("Squat") && !out.contains("Antennas"), "{out}");
    let mut typed = server.openssh("ssh", "heron1");
    let (status, out, err) = feed(typed.arg("-tt").arg(server.destination()), "whoami\rbogus\rquit\r");
    assert_eq!(status, Some(0), "{out}{err}");
    assert!(
        out.contains("aiglon> ") && out.contains("operator") && out.contains("there is no command"),
        "{out}"
    );
}

#[test]
fn people_post_updates_by_dropbear() {
    people_post_updates(Kind::Dropbear);
}

#[test]
fn people_post_updates_by_openssh() {
    people_post_updates(Kind::OpenSsh);
}

fn a_key_gives_nothing_else(kind: Kind) {
    if done_as_root() {
        return;
    }
    let server = Server::start(kind);
    // No shell, whatever is asked for, with a terminal or without.
    for words in [
        "sh",
        "/bin/sh -i",
        "id",
        "; id",
        "$(id)",
        "whoami; id",
        "whoami && id",
        "\nid",
        " --user tern whoami",
        "cat /etc/passwd",
    ] {
        for terminal in ["-T", "-tt"] {
            let mut command = server.openssh("ssh", "heron1");
            let (status, out, err) = run(command.args([terminal, &server.destination(), words]));
            assert_eq!(status, Some(2), "{words}: {out}{err}");
            assert!(!(out + &err).contains("uid="), "{words}");
        }
    }

    // No port, in any direction.
    let (target, port) = (Target::new(), free_port());
    let there = target.address().to_string();
    let socket = server.home.path().join("state/console.sock");
    for (forward, send) in local_forwards(port, &target, &socket) {
        let mut command = server.openssh("ssh", "heron1");
        // The session lives on a pipe that stays open.
        command.args([forward.as_str(), "-tt", &server.destination()]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let got = behind(port, &send);
        // It tells ssh; killed, it would leave that behind, with a session on the server.
        as_root("kill", &["-TERM", &child.id().to_string()]);
        child.wait().unwrap();
        leads_nowhere(&forward, got);
        target.was_never_called(&forward);
    }
    let mut command = server.openssh("ssh", "heron1");
    let (status, _, err) = run(command.args([
        "-o",
        "ExitOnForwardFailure=yes",
        "-N",
        "-R",
        &format!("127.0.0.1:0:{there}"),
        &server.destination(),
    ]));
    assert_eq!(status, Some(255), "{err}");
    let mut command = server.openssh("ssh", "heron1");
    let (status, out, err) = run(command.args(["-W", &there, &server.destination()]));
    assert!(status != Some(0) && out.is_empty(), "{out}{err}");
    target.was_never_called("-W");
    // No file.
    let (loot, far) = (server.home.path().join("loot"), server.home.path().join("planted"));
    let mut command = server.openssh("sftp", "heron1");
    let batch = format!(
        "get {}/config {}\nput {}/config {}\n",
        server.home.path().display(),
        loot.display(),
        server.home.path().display(),
        far.display()
    );
    let (status, ..) = feed(command.args(["-b", "-", &server.destination()]), &batch);
    assert!(status != Some(0) && !loot.exists() && !far.exists());
    for old in [&["-O"][..], &[]] {
        let remote = |path: &Path| format!("{}:{}", server.destination(), path.display());
        let config = server.home.path().join("config");
        let mut command = server.openssh("scp", "heron1");
        let (status, ..) = run(command.args(old).arg(remote(&config)).arg(&loot));
        assert!(status != Some(0) && !loot.exists());
        let mut command = server.openssh("scp", "heron1");
        let (status, ..) = run(command.args(old).arg(&config).arg(remote(&far)));
        assert!(status != Some(0) && !far.exists());
    }

    // By dropbear's own client, too: -B is its -W.
    if kind == Kind::Dropbear {
        let (_, out, err) = run(&mut server.client_with("heron1", &["-B", &there], &[]));
        assert!(out.is_empty(), "{out}{err}");
        target.was_never_called("dbclient -B");
    }
    // And another key is nobody's.
    keygen(&server.key("stranger"));
    assert_eq!(run(server.openssh("ssh", "stranger").args([&server.destination(), "whoami"])).0, Some(255));
    // All of it has left the console as it was.
    assert_eq!(server.ask("heron1", &["whoami"]).0, Some(0));
}

#[test]
fn a_key_gives_nothing_else_by_dropbear() {
    a_key_gives_nothing_else(Kind::Dropbear);
}

#[test]
fn a_key_gives_nothing_else_by_openssh() {
    a_key_gives_nothing_else(Kind::OpenSsh);
}
