//! The console's socket and its client: who is let in, what is bounded, and what comes back.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64ct::Encoding;
use common::{AIGLON, Daemon, Dir, Process, config, copy_program, done_as_root, eventually, run};

/// Two sites, and people: one for each, one for both, and one who is a user of every Debian.
fn with_people() -> String {
    config()
        + "
config site 'squat'
	list host 'squat.example'
	option title 'Squat'
config user 'heron1'
	list site 'home'
config user 'tern'
	list site 'squat'
config user 'chief'
	list site 'home'
	list site 'squat'
	option role 'admin'
config user 'games'
	list site 'home'
"
}

fn start() -> Daemon {
    Daemon::start(&with_people())
}

fn socket(daemon: &Daemon) -> PathBuf {
    daemon.dir.path().join("console.sock")
}

/// `aiglon console` at this socket.
fn console(socket: &Path) -> Command {
    let mut command = Command::new(AIGLON);
    command.arg("console").arg("--socket").arg(socket).env_remove("SSH_ORIGINAL_COMMAND");
    command
}

/// Exit status, stdout and stderr of a command.
fn ask(daemon: &Daemon, arguments: &[&str]) -> (Option<i32>, String, String) {
    run(console(&socket(daemon)).args(arguments))
}

/// The same with something on standard input.
fn feed(daemon: &Daemon, arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    common::feed(console(&socket(daemon)).args(arguments), input)
}

/// A command as another user of the system, who is in these groups only.
fn as_user(user: &str, groups: &str, command: &Command) -> Command {
    let mut other = Command::new("setpriv");
    let group = groups.split(',').next().unwrap();
    other.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg(format!("--groups={groups}"));
    other.arg("--").arg(command.get_program()).args(command.get_args());
    other
}

/// A directory that everybody may enter, with the program in it.
fn open_dir() -> (Dir, PathBuf) {
    let dir = Dir::new();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = dir.path().join("aiglon");
    copy_program(&program);
    (dir, program)
}

/// A heartbeat of this machine needs no token; its source needs none, either.
#[test]
fn a_heartbeat_of_this_machine_needs_no_token() {
    let daemon = Daemon::start(
        "config listen\n\toption address '127.0.0.1:0'\n\tlist serve 'page'\n\tlist serve 'metrics'\n\
         config site 'home'\nconfig source 'cron'\n\toption site 'home'\n\toption resync '0s'\n\
         config service 'wifi'\n\toption site 'home'\n\
         config component 'uplink'\n\toption service 'wifi'\n\toption name 'Uplink'\n\
         config heartbeat 'uplink_up'\n\toption source 'cron'\n\toption component 'uplink'\n\toption every '1m'\n",
    );
    let beat = |arguments: &[&str]| {
        run(Command::new(AIGLON).arg("beat").arg("--socket").arg(socket(&daemon)).args(arguments))
    };
    let part = || common::part(&daemon.english(), "Uplink").to_owned();
    let done = (Some(0), String::new(), String::new());
    assert!(part().contains("Unknown"), "{}", part());
    assert_eq!(beat(&["uplink_up"]), done);
    assert!(part().contains("Works"), "{}", part());
    assert_eq!(beat(&["uplink_up", "--state", "fail"]), done);
    assert!(part().contains("Down"), "{}", part());
    // A reload does not make another source of it.
    let file = daemon.dir.path().join("config");
    let reloaded = run(Command::new(AIGLON).arg("reload").arg(file).arg("--socket").arg(socket(&daemon)));
    assert_eq!(reloaded.0, Some(0), "{reloaded:?}");
    assert!(part().contains("Down"), "{}", part());
    assert_eq!(beat(&["--state", "ok", "uplink_up"]), done);
    assert!(part().contains("Works"), "{}", part());
    let (code, out, words) = beat(&["uplink_down"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(words.contains("no 'config heartbeat' of that name"), "{words}");
    for wrong in [&["uplink_up", "--state", "dead"][..], &[], &["a", "b"], &["a-b"], &["a", "--source", "b"]]
    {
        assert_eq!(beat(wrong).0, Some(2), "{wrong:?}");
    }
    assert_eq!(daemon.metric("aiglon_heartbeats_received_total"), Some(3.0));
}

/// A start that fails leaves its reason where it can be asked for, and who starts it again every
/// few seconds has the log told once.
#[test]
fn a_start_that_fails_leaves_its_reason() {
    let mut daemon = start();
    let other = daemon.dir.path().join("other.sock");
    let text = format!("{}config aiglon\n\toption console '{}'\n", with_people(), other.display());
    let file = daemon.dir.write("second", &text);
    let serve = || {
        let mut command = Command::new(AIGLON);
        command.arg("serve").arg(&file).arg("--state-dir").arg(daemon.dir.path());
        command
    };
    let (code, out, log) = run(serve().args(["--log", "systemd"]));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(log.starts_with("<3>") && log.contains("another aiglon holds this directory"), "{log}");
    assert_eq!(run(serve().args(["--log", "procd"])), (Some(1), String::new(), String::new()));
    assert!(run(&mut serve()).2.starts_with("aiglon: error: "));
    let (code, _, words) = run(console(&other).arg("status"));
    assert_eq!(code, Some(4));
    assert!(words.contains("it was not started: ") && words.contains("another aiglon"), "{words}");
    daemon.process.signal("TERM");
    assert_eq!(daemon.process.wait(), Some(0));
    let mut second = Process::start(serve().args(["--log", "systemd"]));
    assert!(second.wait_for("listening on http://").starts_with("<6>"));
    eventually("the reason is gone", 5, || !other.with_added_extension("why").exists());
    assert_eq!(run(serve().args(["--log", "loud"])).0, Some(2));
}

/// Nobody would fill a log with one line every few seconds: the daemon stays, and tries again.
#[test]
fn a_daemon_that_nobody_can_reach_stays_if_it_would_be_started_again() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dir = Dir::new();
    let text = format!(
        "config aiglon\n\toption console '{0}/none/x.sock'\nconfig listen\n\toption address '{1}'\n\tlist serve 'page'\n\
         config site 'home'\n",
        dir.path().display(),
        taken.local_addr().unwrap()
    );
    let file = dir.write("config", &text);
    let serve = |form: &str| {
        let mut command = Command::new(AIGLON);
        command.arg("serve").arg(&file).arg("--state-dir").arg(dir.path()).args(["--log", form]);
        command
    };
    assert_eq!(run(&mut serve("plain")).0, Some(1));
    let mut process = Process::start(&mut serve("systemd"));
    process.wait_for("<3>nobody can come in");
    drop(taken);
    process.wait_for("<6>listening on http://");
    assert_eq!(process.log().matches("nobody can come in").count(), 1);
}

#[test]
fn an_upgrade_below_a_program_that_runs_is_told() {
    let dir = Dir::new();
    let program = dir.path().join("program");
    copy_program(&program);
    let file = dir.write("config", &with_people());
    let mut process =
        Process::start(Command::new(&program).arg("serve").arg(file).arg("--state-dir").arg(dir.path()));
    let line = process.wait_for("listening on http://");
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
    let daemon = Daemon { process, dir, address };
    for replaced in [false, true] {
        assert_eq!(daemon.metric("aiglon_program_replaced"), Some(f64::from(u8::from(replaced))));
        let (_, status, _) = ask(&daemon, &["status"]);
        assert_eq!(status.contains("another one has taken its place on flash"), replaced, "{status}");
        let new = daemon.dir.path().join("new");
        copy_program(&new);
        fs::rename(&new, &program).unwrap();
    }
}

// ---- the bytes on the socket --------------------------------------------------------------------

/// A request, as `src/shell/console/wire.rs` draws it.
fn request(op: u8, flags: u8, user: &str, line: &str, text: &str) -> Vec<u8> {
    let mut bytes = b"aiglon\x01".to_vec();
    bytes.extend([op, flags, 0, u8::try_from(user.len()).unwrap()]);
    for part in [line, text] {
        bytes.extend(u16::try_from(part.len()).unwrap().to_be_bytes());
    }
    for part in [user, line, text] {
        bytes.extend(part.as_bytes());
    }
    bytes
}

fn connect(daemon: &Daemon) -> UnixStream {
    let stream = UnixStream::connect(socket(daemon)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// All that comes back.
fn answer(stream: &mut UnixStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Whoever is cut off may see a reset.
    _ = stream.read_to_end(&mut bytes);
    bytes
}

/// The last frame, which says how it went.
fn code(answer: &[u8]) -> Option<u8> {
    answer.strip_suffix(&[answer.last().copied()?])?.ends_with(&[4, 0, 1]).then(|| answer[answer.len() - 1])
}

// ---- who ----------------------------------------------------------------------------------------

#[test]
fn the_socket_is_for_the_daemons_user_whatever_the_umask() {
    let dir = Dir::new();
    let file = dir.write("config", &with_people());
    let serve =
        format!("umask 0; exec {AIGLON} serve {} --state-dir {}", file.display(), dir.path().display());
    let mut process = Process::start(Command::new("sh").arg("-c").arg(serve));
    process.wait_for("console at");
    let path = dir.path().join("console.sock");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    assert!(!dir.path().join("console.sock.new").exists());
    process.signal("TERM");
    assert_eq!(process.wait(), Some(0));
    assert!(!path.exists(), "it stays behind");
}

#[test]
fn root_and_the_daemons_user_may_speak_for_others() {
    let daemon = start();
    for (arguments, name, sites) in [
        (&["whoami"][..], "owner", "home squat"),
        (&["--user", "heron1", "whoami"], "heron1", "home"),
        (&["--user=tern", "whoami"], "tern", "squat"),
        (&["--user", "chief", "whoami"], "chief", "home squat"),
    ] {
        let (status, out, err) = ask(&daemon, arguments);
        assert_eq!((status, err.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(out.starts_with(&format!("{name}\n")) && out.contains(sites), "{out}");
    }
    for name in ["nobody", "HERON1", "heron", "heron1 ", &"x".repeat(64)] {
        let (status, out, err) = ask(&daemon, &["--user", name, "whoami"]);
        assert_eq!((status, out.as_str()), (Some(1), ""), "{name}");
        assert!(err.contains("no such 'config user'"), "{err}");
    }
    // A name that is missing never means root.
    for arguments in [&["--user", "", "whoami"], &["--user=", "whoami", ""]] {
        let (status, out, err) = ask(&daemon, arguments);
        assert_eq!((status, out.as_str()), (Some(2), ""), "{err}");
    }
    let (status, _, err) = ask(&daemon, &["--user", &"x".repeat(65), "whoami"]);
    assert_eq!(status, Some(2), "{err}");
    assert_eq!(daemon.metric("aiglon_console_requests_total{outcome=\"denied\"}"), Some(5.0));
}

#[test]
fn others_are_who_they_logged_in_as() {
    if done_as_root() {
        return;
    }
    let (dir, program) = open_dir();
    let path = dir.path().join("people.sock");
    let text = with_people()
        + &format!(
            "config aiglon 'main'\n\toption console '{}'\n\toption console_group 'games'\n\toption state_dir '{}'\n",
            path.display(),
            dir.path().join("state").display()
        );
    let file = dir.write("config", &text);
    let mut process = Process::start(Command::new(AIGLON).arg("serve").arg(&file));
    process.wait_for("console at");
    let meta = fs::metadata(&path).unwrap();
    let games = fs::read_to_string("/etc/group").unwrap();
    let games =
        games.lines().find(|line| line.starts_with("games:")).unwrap().split(':').nth(2).unwrap().to_owned();
    assert_eq!((meta.mode() & 0o7777, meta.gid().to_string()), (0o660, games));

    // The place is found by the configuration.
    let with = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(["console", "--config"]).arg(&file).args(arguments);
        command
    };
    let (status, out, err) = run(&mut as_user("games", "games", &with(&["whoami"])));
    assert_eq!((status, out.lines().next()), (Some(0), Some("games")), "{err}");
    let (status, out, _) = run(&mut as_user("games", "games", &with(&["--user", "games", "whoami"])));
    assert_eq!((status, out.lines().next()), (Some(0), Some("games")));
    // By a group of theirs that is not their first one, too; but they must be somebody.
    let (status, _, err) = run(&mut as_user("bin", "bin,games", &with(&["whoami"])));
    assert_eq!(status, Some(1));
    assert!(err.contains("your login name is not that of a 'config user'"), "{err}");
    for name in ["heron1", "chief", "root", "owner", "bin"] {
        let (status, out, err) = run(&mut as_user("games", "games", &with(&["--user", name, "whoami"])));
        assert_eq!((status, out.as_str()), (Some(1), ""), "{name}");
        assert!(err.contains("only root and the daemon's own user"), "{err}");
    }
    // The kernel keeps out who is not in the group.
    let (status, _, err) = run(&mut as_user("bin", "bin", &with(&["whoami"])));
    assert_eq!(status, Some(4));
    assert!(err.contains("you may not use"), "{err}");
}

#[test]
fn a_daemon_that_is_not_root_believes_its_own_user() {
    if done_as_root() {
        return;
    }
    let (dir, program) = open_dir();
    let state = dir.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    let file = dir.write("config", &with_people());
    let mut serve = Command::new(&program);
    serve.arg("serve").arg(&file).arg("--state-dir").arg(&state);
    let mut process = Process::start(&mut as_user("games", "games", &serve));
    process.wait_for("console at");
    let path = state.join("console.sock");
    let with = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(["console", "--socket"]).arg(&path).args(arguments);
        command
    };
    for (user, arguments, expected) in [
        ("games", &["whoami"][..], "owner"),
        ("games", &["--user", "heron1", "whoami"], "heron1"),
        ("root", &["whoami"], "owner"),
        ("root", &["--user", "heron1", "whoami"], "heron1"),
    ] {
        let (status, out, err) = run(&mut as_user(user, user, &with(arguments)));
        assert_eq!((status, out.lines().next()), (Some(0), Some(expected)), "{user} {arguments:?}: {err}");
    }
    let (status, ..) = run(&mut as_user("bin", "bin", &with(&["whoami"])));
    assert_eq!(status, Some(4));
}

// ---- the socket ---------------------------------------------------------------------------------

#[test]
fn what_a_dead_daemon_left_is_replaced() {
    let mut daemon = start();
    daemon.process.signal("KILL");
    daemon.process.wait();
    assert!(socket(&daemon).exists());
    let (status, _, err) = ask(&daemon, &["whoami"]);
    assert_eq!(status, Some(4));
    let place = format!("nobody answers at {} (", socket(&daemon).display());
    assert!(err.contains(&place) && err.contains("--config FILE"), "{err}");
    let Daemon { dir, process, .. } = daemon;
    drop(process);
    let daemon = Daemon::start_in(dir, &with_people());
    assert_eq!(ask(&daemon, &["whoami"]).0, Some(0));
    assert_eq!(fs::metadata(socket(&daemon)).unwrap().mode() & 0o7777, 0o600);
}

#[test]
fn what_is_somebody_elses_is_left_alone() {
    let dir = Dir::new();
    let (taken, file) = (dir.path().join("taken.sock"), dir.write("not-a-socket", "letters"));
    let _listener = UnixListener::bind(&taken).unwrap();
    for (path, words) in [(&taken, "somebody listens there"), (&file, "there is something that is no socket")]
    {
        let text = with_people() + &format!("config aiglon 'main'\n\toption console '{}'\n", path.display());
        let mut daemon = Daemon::start(&text);
        daemon.process.wait_for(words);
        // The page is there all the same.
        assert_eq!(daemon.get("/").status, 200);
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "letters");
    assert!(UnixStream::connect(&taken).is_ok());
}

#[test]
fn nobody_waits_at_the_full_queue_of_who_listens_in_our_place() {
    let dir = Dir::new();
    let taken = dir.path().join("taken.sock");
    let listener = UnixListener::bind(&taken).unwrap();
    // A queue of one, which is full when two have come.
    rustix::net::listen(&listener, 0).unwrap();
    let _waiting = UnixStream::connect(&taken).unwrap();
    let text = with_people() + &format!("config aiglon 'main'\n\toption console '{}'\n", taken.display());
    let mut daemon = Daemon::start(&text);
    daemon.process.wait_for("somebody listens there");
    assert_eq!(daemon.get("/").status, 200);

    // A listener for pages is no other.
    let text = with_people()
        + &format!(
            "config listen 'proxy'\n\toption address 'unix:{}'\n\tlist serve 'page'\n",
            taken.display()
        );
    daemon.rewrite(&text);
    daemon.process.signal("HUP");
    daemon.process.wait_for("cannot listen on unix:");
    assert_eq!(daemon.get("/").status, 200);
}

#[test]
fn who_asks_how_things_are_is_told_that_the_file_is_not_in_force() {
    let mut daemon = start();
    let fault = |daemon: &Daemon| {
        let said = |line: &str| {
            let (status, out, err) = ask(daemon, &[line]);
            assert_eq!(status, Some(0), "{err}");
            out.contains("the file cannot be used")
        };
        let told = [said("status"), said("limits"), daemon.metric("aiglon_config_fallback") == Some(1.0)];
        assert!(told.iter().all(|said| *said == told[0]), "{told:?}");
        told[0]
    };
    assert!(!fault(&daemon));
    let tell = |daemon: &mut Daemon, text: &str, answer: &str| {
        daemon.process.forget_log();
        daemon.rewrite(text);
        daemon.process.signal("HUP");
        daemon.process.wait_for(answer);
    };
    let broken = with_people() + "config nonsense 'x'\n";
    tell(&mut daemon, &broken, "not changed");
    assert!(fault(&daemon));
    tell(&mut daemon, &with_people(), "reloaded");
    assert!(!fault(&daemon));
    // At a start, the last good one is in force.
    daemon.process.signal("TERM");
    assert_eq!(daemon.process.wait(), Some(0));
    let Daemon { dir, .. } = daemon;
    let daemon = Daemon::start_in(dir, &broken);
    assert!(fault(&daemon));
}

#[test]
fn a_reload_moves_it_and_removes_people() {
    let mut daemon = start();
    let main = |lines: &str| format!("{}config aiglon 'main'\n{lines}", with_people());
    let reload = |daemon: &mut Daemon, text: &str| {
        daemon.process.forget_log();
        daemon.rewrite(text);
        daemon.process.signal("HUP");
        daemon.process.wait_for("reloaded");
    };
    assert_eq!(ask(&daemon, &["--user", "heron1", "whoami"]).0, Some(0));
    reload(&mut daemon, &with_people().replace("config user 'heron1'", "config user 'heron2'"));
    let (status, _, err) = ask(&daemon, &["--user", "heron1", "whoami"]);
    assert_eq!(status, Some(1), "{err}");
    assert_eq!(ask(&daemon, &["--user", "heron2", "whoami"]).0, Some(0));

    let other = daemon.dir.path().join("other.sock");
    reload(&mut daemon, &main(&format!("\toption console '{}'\n", other.display())));
    assert!(!socket(&daemon).exists());
    assert_eq!(run(console(&other).arg("whoami")).0, Some(0));

    // One that cannot be had leaves the one that is there.
    let (there, socket_there) = (daemon.dir.path().join("there"), daemon.dir.path().join("there/all.sock"));
    reload(&mut daemon, &main(&format!("\toption console '{}'\n", socket_there.display())));
    let (_, out, _) = run(console(&other).arg("status"));
    assert!(out.contains("not as configured: there is no such directory"), "{out}");
    assert_eq!(daemon.metric("aiglon_console_missing"), Some(1.0));
    // It is tried again, without anybody's help.
    fs::create_dir(&there).unwrap();
    eventually("a console", 30, || socket_there.exists());
    let (status, out, _) = run(console(&socket_there).arg("status"));
    assert!(status == Some(0) && !out.contains("not there"), "{out}");
    assert!(!other.exists());
    assert_eq!(daemon.metric("aiglon_console_missing"), Some(0.0));

    reload(&mut daemon, &main("\toption console 'off'\n"));
    assert!(!other.exists());
    let (status, _, err) = run(Command::new(AIGLON)
        .args(["console", "--config"])
        .arg(daemon.dir.path().join("config"))
        .arg("whoami"));
    assert_eq!(status, Some(2), "{err}");
    assert!(err.contains("option console 'off'"), "{err}");

    reload(&mut daemon, &with_people());
    assert_eq!(ask(&daemon, &["whoami"]).0, Some(0));
    // Somebody has cleaned up: a reload mends it.
    fs::remove_file(socket(&daemon)).unwrap();
    reload(&mut daemon, &with_people());
    assert_eq!(ask(&daemon, &["whoami"]).0, Some(0));
}

/// What is wrong stands in the log once, however often it is tried; and again when it is of
/// something else.
#[test]
fn what_could_not_be_bound_is_logged_once_for_each_place() {
    let dir = Dir::new();
    let at = |name: &str, group: &str| {
        let path = dir.write(name, "letters");
        let lines = format!("\toption console '{}'\n\toption console_group '{group}'\n", path.display());
        format!("{}config aiglon 'main'\n{lines}", with_people())
    };
    let mut daemon = Daemon::start(&at("one", "aiglon-nobody"));
    let times = |daemon: &mut Daemon, words: &str| daemon.process.log().matches(words).count();
    // It is tried again after one second, and after two more.
    std::thread::sleep(Duration::from_millis(3500));
    assert_eq!(times(&mut daemon, "there is no group 'aiglon-nobody'"), 1);
    assert_eq!(times(&mut daemon, "no console at"), 1);
    daemon.rewrite(&at("two", "aiglon-nobody-else"));
    daemon.process.signal("HUP");
    daemon.process.wait_for("reloaded");
    daemon.process.wait_for("/two: there is something that is no socket");
    daemon.process.wait_for("there is no group 'aiglon-nobody-else'");
}

#[test]
fn what_could_not_be_bound_at_the_start_is_bound_when_it_can_be() {
    let dir = Dir::new();
    // Something stands there: nobody knows whose.
    dir.write("console.sock", "letters");
    let daemon = Daemon::start_in(dir, &with_people());
    let missing = || daemon.metric("aiglon_console_missing");
    assert_eq!(missing(), Some(1.0));
    assert_ne!(ask(&daemon, &["whoami"]).0, Some(0));
    fs::remove_file(socket(&daemon)).unwrap();
    eventually("a console", 30, || socket(&daemon).exists());
    assert_eq!(ask(&daemon, &["whoami"]).0, Some(0));
    assert_eq!(missing(), Some(0.0));

    // A path as long as one may be, with the daemon's short name beside it.
    let dir = Dir::new();
    let deep = dir.path().join("d".repeat(94 - dir.path().as_os_str().len()));
    fs::create_dir(&deep).unwrap();
    let longest = deep.join("socket.sock");
    assert_eq!(longest.as_os_str().len(), 107);
    let text = format!("{}config aiglon 'main'\n\toption console '{}'\n", with_people(), longest.display());
    let _daemon = Daemon::start_in(dir, &text);
    assert_eq!(run(console(&longest).arg("whoami")).0, Some(0));
}

// ---- what is bounded ----------------------------------------------------------------------------

#[test]
fn four_at_a_time_and_none_for_long() {
    let daemon = start();
    let begun = Instant::now();
    let mut idle: Vec<_> = (0..4).map(|_| connect(&daemon)).collect();
    // Until they are let in.
    std::thread::sleep(Duration::from_millis(300));
    let bytes = answer(&mut connect(&daemon));
    assert!(bytes.starts_with(b"aiglon\x01") && code(&bytes) == Some(7), "{bytes:?}");
    assert!(String::from_utf8_lossy(&bytes).contains("all places at the console are taken"));
    let (status, _, err) = ask(&daemon, &["whoami"]);
    assert_eq!(status, Some(1));
    assert!(err.contains("all places at the console are taken"), "{err}");
    // Nobody else is kept waiting by that.
    assert_eq!(daemon.get("/").status, 200);
    assert!(daemon.metric("aiglon_console_requests_total{outcome=\"busy\"}").unwrap() >= 2.0);
    eventually("a place is free again", 20, || ask(&daemon, &["whoami"]).0 == Some(0));
    assert!(begun.elapsed() < Duration::from_secs(25));
    for stream in &mut idle {
        assert_eq!(answer(stream), b"");
    }
}

#[test]
fn a_crowd_of_visitors_keeps_nobody_out() {
    let daemon = start();
    let crowd: Vec<_> = (0..80).map(|_| daemon.connect()).collect();
    std::thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    assert_eq!(ask(&daemon, &["whoami"]).0, Some(0));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    drop(crowd);
}

#[test]
fn what_is_no_request_is_refused() {
    let daemon = start();
    let good = request(1, 0, "", "whoami", "");
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let too_long = {
        let mut bytes = good[..11].to_vec();
        bytes.extend([0xff, 0xff, 0, 0]);
        bytes.extend(vec![b'x'; 1 << 20]);
        bytes
    };
    for (bytes, expected, words) in [
        (good.clone(), Some(0), "owner"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), None, ""),
        (vec![0; 1 << 20], None, ""),
        // Another version: ours is told, so that they see why.
        (with(6, 2), None, ""),
        (with(7, 0), None, ""),
        (with(7, 99), None, ""),
        (with(10, 255), Some(2), "too long"),
        (with(15, 0xff), Some(2), "UTF-8"),
        (too_long, Some(2), "too long"),
        (request(1, 0, "", &"x".repeat(4096), ""), Some(2), ""),
        (request(1, 255, "", "whoami", "text"), Some(0), "owner"),
        (request(1, 0, "no\0body", "whoami", ""), Some(8), "no such"),
    ] {
        let mut stream = connect(&daemon);
        // It may hang up before it has read all.
        _ = stream.write_all(&bytes);
        let answer = answer(&mut stream);
        let shown = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with(b"aiglon\x01"), "{shown:?}");
        assert_eq!(code(&answer), expected, "{shown:?}");
        assert!(shown.contains(words), "{shown:?}");
    }
    // Byte by byte is fine; cut off anywhere is nothing.
    let mut stream = connect(&daemon);
    for byte in &good {
        stream.write_all(&[*byte]).unwrap();
    }
    assert_eq!(code(&answer(&mut stream)), Some(0));
    for cut in 0..good.len() {
        let mut stream = connect(&daemon);
        stream.write_all(&good[..cut]).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(answer(&mut stream), b"", "{cut}");
    }
    assert_eq!(daemon.metric("aiglon_console_requests_total{outcome=\"done\"}"), Some(4.0));
}

#[test]
fn a_daemon_of_another_release_is_told_apart() {
    let dir = Dir::new();
    let path = dir.path().join("console.sock");
    let listener = UnixListener::bind(&path).unwrap();
    for (said, words) in [
        (&b"aiglon\x02whatever"[..], "of another release"),
        (b"HTTP/1.1 400 Bad Request\r\n", "of another release"),
        (b"aiglon\x01\x09\x00\x00", "of another release"),
        (b"aiglon\x01\x01\x00\x05ab", "stopped in the middle"),
        (b"aiglon\x01", "stopped in the middle"),
        (b"", "stopped in the middle"),
    ] {
        let child =
            console(&path).arg("whoami").stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 14]).unwrap();
        stream.write_all(said).unwrap();
        stream.shutdown(std::net::Shutdown::Both).unwrap();
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(4), "{said:?}");
        assert!(err.contains(words), "{err}");
    }
}

// ---- ways to use it -----------------------------------------------------------------------------

#[test]
fn arguments_are_a_command() {
    let daemon = start();
    for (arguments, status, words) in [
        (&["sites"][..], 0, "Antennas"),
        (&["--json", "sites"], 0, "\"title\":\"Antennas\""),
        (&["sites", "--json"], 0, "\"title\":\"Antennas\""),
        (&["help"], 0, "update"),
        (&["help update"], 0, "update"),
        (&["help", "update"], 0, "update"),
        (&["quit"], 0, ""),
        (&["no-such-command"], 2, "there is no command 'no-such-command'"),
        // One word stays one word.
        (&["whoami", "a b"], 2, "'a b' is too much"),
        (&["incident", "say \"hi\" \\"], 1, "'say \"hi\" \\' is no number and no service"),
        // What stands first may be more than the command.
        (&["help update", "--json"], 0, "\"usage\""),
        (&["incident", "99"], 1, ""),
    ] {
        let (found, out, err) = ask(&daemon, arguments);
        assert_eq!(found, Some(status), "{arguments:?}: {out}{err}");
        let (told, silent) = if status == 0 { (out, err) } else { (err, out) };
        assert!(told.contains(words) && silent.is_empty(), "{arguments:?}: {told} / {silent}");
    }
    // A program reads one stream.
    let (status, out, err) = ask(&daemon, &["--json", "no-such-command"]);
    assert_eq!((status, err.as_str()), (Some(2), ""));
    assert!(out.starts_with('{') || out.starts_with('['), "{out}");
    let (status, _, err) = ask(&daemon, &["sites", &"x".repeat(5000)]);
    assert_eq!(status, Some(2));
    assert!(err.contains("4096 bytes at most"), "{err}");
    let (status, _, err) = ask(&daemon, &["--frobnicate"]);
    assert_eq!(status, Some(2), "{err}");
}

#[test]
fn standard_input_is_a_script() {
    let daemon = start();
    for (input, status, out, err) in [
        ("", 0, "", ""),
        ("\n  \n# a comment\n\t# another\n", 0, "", ""),
        ("whoami\nwhoami", 0, "owner\nowner\n", ""),
        ("whoami\r\n", 0, "owner\n", ""),
        ("whoami\nbogus\nwhoami\n", 2, "owner\n", "line 2; what follows it was not done"),
        ("quit\nbogus\n", 0, "", ""),
        ("whoami\n\u{0}\n", 2, "owner\n", "line 2"),
    ] {
        let (found, told, complained) = feed(&daemon, &[], input.as_bytes());
        let names: String =
            told.lines().filter(|line| !line.starts_with(' ')).map(|line| line.to_owned() + "\n").collect();
        assert_eq!((found, names.as_str()), (Some(status), out), "{input:?}: {complained}");
        assert!(complained.contains(err), "{complained}");
        assert_eq!(complained.is_empty(), err.is_empty(), "{complained}");
    }
    let (status, _, err) = feed(&daemon, &[], &vec![b'x'; 1 << 20]);
    assert_eq!(status, Some(2));
    assert!(err.contains("4096 bytes at most"), "{err}");
    let (status, _, err) = feed(&daemon, &[], b"\xff\xfe\n");
    assert_eq!(status, Some(2));
    assert!(err.contains("line 1 is not UTF-8"), "{err}");
    // As one user throughout.
    let (status, out, _) = feed(&daemon, &["--user", "tern"], b"whoami\n");
    assert_eq!((status, out.lines().next()), (Some(0), Some("tern")));
}

#[test]
fn a_forced_command_takes_what_was_asked_for() {
    let daemon = start();
    let forced = |original: &str, words: &[&str]| {
        let mut command = console(&socket(&daemon));
        run(command.args(["--user", "heron1"]).args(words).env("SSH_ORIGINAL_COMMAND", original))
    };
    let (status, out, _) = forced("whoami", &[]);
    assert_eq!((status, out.lines().next()), (Some(0), Some("heron1")));
    // Whatever it is, it is a line of the grammar: no shell, no option of ours.
    for original in [
        "whoami; id",
        "$(id)",
        "`id`",
        "sh -c id",
        "scp -t /tmp",
        "/usr/lib/openssh/sftp-server",
        "--user chief whoami",
        "console --user chief whoami",
        "| id",
        "id\nwhoami",
    ] {
        let (status, out, err) = forced(original, &[]);
        assert_eq!((status, out.as_str()), (Some(2), ""), "{original}: {err}");
        assert!(!err.contains("uid="), "{err}");
    }
    // What the file of keys says goes first.
    let (_, out, _) = forced("sites", &["whoami"]);
    assert!(out.starts_with("heron1\n"), "{out}");
    // Nothing was asked for: a script, here an empty one.
    assert_eq!(forced(" ", &[]), (Some(0), String::new(), String::new()));
}

// ---- what people do -----------------------------------------------------------------------------

/// Opens incident 1 on the site 'home'.
fn open_incident(daemon: &Daemon) {
    let (status, _, err) =
        ask(daemon, &["--user", "heron1", "incident", "open", "wifi", "No power", "We look."]);
    assert_eq!((status, err.as_str()), (Some(0), ""));
}

/// All that is known of incident 1.
fn incident(daemon: &Daemon) -> String {
    let (status, out, err) = ask(daemon, &["incident", "home/1"]);
    assert_eq!(status, Some(0), "{err}");
    out
}

#[test]
fn what_was_answered_survives_kill_9() {
    let mut daemon = start();
    open_incident(&daemon);
    let (status, out, err) = ask(
        &daemon,
        &["--user", "heron1", "update", "1", "identified", "A cable, \"chewed\" \\ by mice.\nالعمل جارٍ 🔧"],
    );
    assert_eq!((status, err.as_str()), (Some(0), ""), "{out}");
    daemon.process.signal("KILL");
    daemon.process.wait();
    let Daemon { dir, process, .. } = daemon;
    drop(process);
    let daemon = Daemon::start_in(dir, &with_people());
    let all = incident(&daemon);
    assert!(all.contains("A cable, \"chewed\" \\ by mice.") && all.contains("العمل جارٍ 🔧"), "{all}");
    assert!(all.contains("heron1") && all.contains("We look."), "{all}");
}

#[test]
fn people_touch_their_own_sites_only() {
    let daemon = start();
    open_incident(&daemon);
    for arguments in [
        &["update", "1", "resolved", "x"][..],
        &["update", "home/1", "resolved", "x"],
        &["update", "1", "resolved", "x", "--site", "home"],
        &["incident", "home/1"],
        &["incidents", "home"],
    ] {
        let (status, out, err) = ask(&daemon, &[&["--user", "tern"], arguments].concat());
        assert!(status != Some(0) && out.is_empty(), "{arguments:?}: {out}{err}");
        assert!(!err.contains("No power") && !err.contains("We look"), "{err}");
    }
    assert!(incident(&daemon).contains("investigating"));
}

#[test]
fn long_words_come_on_standard_input() {
    let daemon = start();
    open_incident(&daemon);
    for (arguments, input, status, kept) in [
        (&["update", "1", "monitoring", "-"][..], "On répare.\nMerci d'attendre.\n", 0, "On répare."),
        (&["update", "1"], "no argument has them\n", 0, "no argument has them"),
        (&["update", "1", "identified", "these are words"], "and these are not", 0, "these are words"),
        (&["update", "1", "identified"], "a phase and words\n", 0, "a phase and words"),
        (&["update", "1", "investigating"], "", 0, "phase        investigating"),
        (&["update", "1", "-"], "", 2, ""),
        (&["update", "1"], "  \n", 2, ""),
        (&["update", "1", "-"], &"x".repeat(901), 1, ""),
        (&["update", "1", "-"], &"y".repeat(900), 0, "yyy"),
        (&["update", "1", "-"], &"x".repeat(5000), 2, ""),
        (&["update", "99", "-"], "nobody", 1, ""),
    ] {
        let (found, out, err) = feed(&daemon, arguments, input.as_bytes());
        assert_eq!(found, Some(status), "{arguments:?}: {out}{err}");
        assert!(status == 0 || !err.is_empty());
        assert!(incident(&daemon).contains(kept), "{arguments:?}");
    }
    assert!(!incident(&daemon).contains("and these are not"));
    // One that has all it needs does not wait for the end of standard input, which SSH may leave
    // open.
    let mut command = console(&socket(&daemon));
    command.args(["update", "1", "identified", "no waiting"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let open = child.stdin.take();
    eventually("it ends", 10, || child.try_wait().unwrap().is_some());
    drop(open);
    assert!(incident(&daemon).contains("no waiting"));
    // What may do without words does not read them, and says so.
    let words = daemon.dir.write("words", "It works.\n");
    for (line, hinted) in
        [("resolve 1 --yes", true), ("reopen 1 -", false), ("status", false), ("ack 1", false)]
    {
        let input = fs::File::open(&words).unwrap();
        let done = console(&socket(&daemon)).arg(line).stdin(input).output().unwrap();
        let err = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(0), "{line}: {err}");
        assert_eq!(err.contains("a '-' in place of words"), hinted, "{line}: {err}");
    }
    assert!(incident(&daemon).contains("It works."));
    // Who waits and may not know it is told.
    let mut command = console(&socket(&daemon));
    command.args(["update", "1"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut told = [0; 9];
    child.stderr.as_mut().unwrap().read_exact(&mut told).unwrap();
    assert_eq!(&told, b"The words");
    child.stdin.take().unwrap().write_all(b"late words").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(incident(&daemon).contains("late words"));
    // In a script there is no room for them.
    assert_eq!(feed(&daemon, &[], b"update 1 monitoring\n").0, Some(0));
    let (status, _, err) = feed(&daemon, &[], b"update 1\nthese are no words\n");
    assert_eq!(status, Some(2));
    assert!(err.contains("'update' needs words"), "{err}");
}

#[test]
fn questions_want_a_yes() {
    let daemon = start();
    open_incident(&daemon);
    let (status, out, err) = ask(&daemon, &["redact", "home/1"]);
    assert_eq!((status, out.as_str()), (Some(3), ""));
    assert!(err.contains("--yes"), "{err}");
    let (status, _, err) = feed(&daemon, &[], b"redact home/1\nwhoami\n");
    assert_eq!(status, Some(3), "{err}");
    assert!(incident(&daemon).contains("No power"));
    assert_eq!(ask(&daemon, &["--yes", "redact", "home/1"]).0, Some(0));
    assert_eq!(ask(&daemon, &["incident", "home/1"]).0, Some(1));
}

#[test]
fn a_command_is_done_whole_or_not_at_all() {
    let daemon = start();
    open_incident(&daemon);
    let whole = request(1, 0, "heron1", "update 1 identified first", "");
    // All but the last byte, and the line is cut in the middle of a word.
    for cut in [whole.len() - 1, whole.len() - 9, 20, 3] {
        let mut stream = connect(&daemon);
        stream.write_all(&whole[..cut]).unwrap();
    }
    std::thread::sleep(Duration::from_millis(300));
    assert!(!incident(&daemon).contains("fir"));
    // Who does not wait for the answer has said it all the same.
    connect(&daemon).write_all(&whole).unwrap();
    eventually("it is done", 5, || incident(&daemon).contains("first"));
}

#[test]
fn a_flash_that_fails_is_told() {
    let mut daemon = start();
    open_incident(&daemon);
    fs::remove_file(daemon.dir.path().join("journal")).unwrap();
    let (status, out, err) = ask(&daemon, &["update", "home/1", "identified", "in memory"]);
    assert_eq!(status, Some(0), "{out}");
    assert!(err.contains("kept in memory only"), "{err}");
    assert!(incident(&daemon).contains("in memory"));
    let place = format!("the journal cannot be written ({}: ", daemon.dir.path().display());
    daemon.process.wait_for(&place);
    // A program is told in the one value that it reads.
    let (status, out, err) = ask(&daemon, &["update", "home/1", "monitoring", "still", "--json"]);
    assert_eq!((status, err.as_str()), (Some(0), ""));
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(told["storage"].as_str().unwrap().contains("kept in memory only"), "{out}");
    assert_eq!(told["ok"], true);
    // Everybody is told, not only who writes.
    let (_, out, _) = ask(&daemon, &["--user", "heron1", "status"]);
    assert!(out.contains("  storage      ") && out.contains("kept in memory only"), "{out}");

    // That somebody ended an alert is kept like what they wrote, since its sender may not say it
    // again.
    let hook = format!(r#"{{"version":"4","alerts":[{}]}}"#, common::firing("AntennaDown", "heron"));
    assert_eq!(daemon.post("/api/v1/webhook", &hook).status, 503);
    let (status, out, err) = ask(&daemon, &["--yes", "release", "1"]);
    assert_eq!(status, Some(0), "{out}");
    assert!(err.contains("kept in memory only"), "{err}");
    let (status, _, err) = ask(&daemon, &["alerts"]);
    assert_eq!((status, err.as_str()), (Some(0), ""));
}

#[test]
fn an_archive_goes_to_another_daemon() {
    let first = start();
    open_incident(&first);
    let (status, out, _) = ask(&first, &["--json", "--user", "nobody", "whoami"]);
    assert_eq!(
        (status, out.as_str()),
        (Some(1), "{\"error\":\"the configuration has no such 'config user'\"}\n")
    );
    // Who may not see everything may not take it along.
    for user in ["heron1", "tern"] {
        let (status, out, err) = ask(&first, &["--user", user, "export"]);
        assert_eq!((status, out.as_str()), (Some(1), ""), "{err}");
        let (status, out, _) = feed(&first, &["--yes", "--user", user, "import"], b"aiglon archive 1\n");
        assert_eq!((status, out.as_str()), (Some(1), ""));
    }
    let (status, archive, err) = ask(&first, &["--user", "chief", "export"]);
    assert_eq!((status, err.as_str()), (Some(0), ""));
    let lines: Vec<_> = archive.lines().collect();
    assert_eq!(lines[0], "aiglon archive 1");
    assert!(lines.len() > 2 && lines.last().unwrap().starts_with("sha256:"), "{archive}");

    let mut second = start();
    let (status, _, err) =
        ask(&second, &["--user", "heron1", "incident", "open", "wifi", "Another", "Not this one."]);
    assert_eq!(status, Some(0), "{err}");
    let before = incident(&second);
    // Without a yes; damaged; cut off; none at all; behind a dead connection.
    assert_eq!(feed(&second, &["import"], archive.as_bytes()).0, Some(3));
    let damaged = archive.replacen(lines[1], &lines[1].replace(&lines[1][10..11], "/"), 1);
    for (input, words) in [
        (damaged.as_str(), "damaged"),
        (&archive[..archive.len() - 70], "cut off"),
        ("", "no archive"),
        (&"x".repeat(1 << 20), "larger than any"),
    ] {
        let (status, out, err) = feed(&second, &["--yes", "import"], input.as_bytes());
        assert_eq!((status, out.as_str()), (Some(2), ""));
        assert!(err.contains(words), "{err}");
    }
    let import = request(3, 2, "", "import", "");
    for (bytes, expected) in [
        (&archive.as_bytes()[..archive.len() / 2], 1),
        (damaged.as_bytes(), 1),
        // What is no journal, though its checksum is right.
        (b"aiglon archive 1\naGVsbG8=\nsha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n", 1),
    ] {
        let mut stream = connect(&second);
        stream.write_all(&[&import[..], bytes].concat()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(code(&answer(&mut stream)), Some(expected));
    }
    assert_eq!(incident(&second), before);

    let (status, out, err) = feed(&second, &["--yes", "import"], archive.as_bytes());
    assert_eq!((status, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("imported: "), "{out}");
    let (status, out, err) = feed(&second, &["--yes", "--json", "import"], archive.as_bytes());
    assert_eq!((status, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("{\"ok\":true,\"records\":") && out.ends_with(",\"left_out\":0}\n"), "{out}");
    assert_eq!(incident(&second), incident(&first));
    // And it is on flash.
    second.process.signal("KILL");
    second.process.wait();
    let Daemon { dir, process, .. } = second;
    drop(process);
    let second = Daemon::start_in(dir, &with_people());
    assert_eq!(incident(&second), incident(&first));
    assert_eq!(ask(&second, &["export"]).1.lines().next(), Some("aiglon archive 1"));
}

#[test]
fn who_takes_no_answer_loses_it() {
    let daemon = start();
    let alert = |number: u32| {
        let name = format!("Alert{number}{}", "x".repeat(150));
        format!(r#"{{"labels":{{"alertname":"{name}","service":"wifi","component":"heron"}}}}"#)
    };
    let alerts: Vec<_> = (0..900).map(alert).collect();
    assert_eq!(daemon.post("/api/v2/alerts", &format!("[{}]", alerts.join(","))).status, 200);
    let (status, all, err) = ask(&daemon, &["--json", "alerts"]);
    assert_eq!(status, Some(0), "{err}");
    assert!(all.matches("Alert").count() >= 900 && all.ends_with("]\n"), "{} bytes", all.len());
    let mut slow: Vec<_> = (0..4).map(|_| connect(&daemon)).collect();
    for stream in &mut slow {
        stream.write_all(&request(1, 1, "", "alerts", "")).unwrap();
    }
    // Else they are done: so many bytes are no matter.
    eventually("no place is free", 10, || {
        let mut further = connect(&daemon);
        _ = further.write_all(&request(1, 0, "", "whoami", ""));
        code(&answer(&mut further)) == Some(7)
    });
    // All four: who is cut off later would still take its answer.
    eventually("all places are free again", 40, || {
        let (_, limits, _) = ask(&daemon, &["limits"]);
        let row = limits.lines().find(|line| line.starts_with("consoles "));
        row.and_then(|row| row.split_whitespace().nth(1)) == Some("1")
    });
    assert!(slow.iter_mut().all(|stream| code(&answer(stream)).is_none()));
}

/// An archive of a board with other names would leave nothing of either board.
#[test]
fn an_archive_of_what_is_not_named_here_replaces_nothing() {
    let first = start();
    let (status, archive_of_nothing, _) = ask(&first, &["export"]);
    assert_eq!(status, Some(0));
    open_incident(&first);
    let (status, _, err) = ask(&first, &["--user", "tern", "banner", "set", "We meet on Saturday."]);
    assert_eq!(status, Some(0), "{err}");
    let archive = ask(&first, &["export"]).1;

    let elsewhere = with_people().replace("'home'", "'casa'").replace("'squat'", "'okupa'");
    let second = Daemon::start(&elsewhere);
    let (status, _, err) = ask(&second, &["open", "wifi", "Ours", "Our words."]);
    assert_eq!(status, Some(0), "{err}");
    let before = ask(&second, &["incidents", "--all"]).1;
    for archive in [&archive, &archive_of_nothing] {
        let (status, out, err) = feed(&second, &["--yes", "import"], archive.as_bytes());
        assert_eq!((status, out.as_str()), (Some(1), ""));
        assert!(err.contains("nothing in this archive is of a site"), "{err}");
    }
    let (status, out, _) = feed(&second, &["--yes", "--json", "import"], archive_of_nothing.as_bytes());
    assert_eq!(status, Some(1));
    assert!(out.starts_with("{\"error\":\"nothing in this") && out.ends_with("changed\"}\n"), "{out}");
    assert_eq!(ask(&second, &["incidents", "--all"]).1, before);

    // Of one site only: what is lost is counted.
    let half = Daemon::start(&with_people().replace("'home'", "'casa'"));
    let (status, out, err) = feed(&half, &["--yes", "import"], archive.as_bytes());
    assert_eq!((status, err.as_str()), (Some(0), ""));
    assert!(out.contains("left out: 2 of 3 about incidents, maintenance and banners"), "{out}");
    assert!(ask(&half, &["banner"]).1.contains("We meet on Saturday."));
    assert!(!feed(&first, &["--yes", "import"], archive.as_bytes()).1.contains("left out"));
}

fn journal_of(kib: u32) -> String {
    with_people() + &format!("config aiglon\n\toption journal_size '{kib}k'\n")
}

/// 20 incidents with long words need more than the smallest journal has.
#[test]
fn words_are_not_the_price_of_a_smaller_journal() {
    let mut first = Daemon::start(&journal_of(128));
    let words = "Long words. ".repeat(70);
    for number in 1..=20 {
        let title = format!("Number {number}");
        let (status, _, err) = ask(&first, &["open", "wifi", &title, &words]);
        assert_eq!(status, Some(0), "{err}");
        let (status, _, err) = ask(&first, &["resolve", &format!("home/{number}"), "--yes", "Over."]);
        assert_eq!(status, Some(0), "{err}");
    }
    let all = |daemon: &Daemon| ask(daemon, &["--json", "incidents", "--all"]).1;
    let before = all(&first);
    assert_eq!(before.matches("\"number\"").count(), 20, "{before}");

    // An archive that finds no room changes nothing.
    let archive = ask(&first, &["export"]).1;
    let second = Daemon::start(&journal_of(16));
    open_incident(&second);
    let kept = all(&second);
    let (status, out, err) = feed(&second, &["--yes", "import"], archive.as_bytes());
    assert_eq!((status, out.as_str()), (Some(1), ""));
    assert!(err.contains("journal_size is 16384 bytes, and the archive needs "), "{err}");
    let needed: u32 = err.split("needs ").nth(1).unwrap().split(';').next().unwrap().parse().unwrap();
    assert!((65_536..131_072).contains(&needed), "{err}");
    assert_eq!(all(&second), kept);

    // Nor does a reload with a smaller journal.
    first.rewrite(&journal_of(16));
    first.process.signal("HUP");
    let line = first.process.wait_for("option journal_size is 16384 bytes");
    assert!(line.contains(&format!("needs {needed}")), "{line}");
    first.process.wait_for("the configuration was not changed");
    assert_eq!(all(&first), before);

    // And a start makes do with what is needed.
    first.process.signal("KILL");
    first.process.wait();
    let Daemon { dir, process, .. } = first;
    drop(process);
    let mut first = Daemon::start_in(dir, &journal_of(16));
    let line = first.process.wait_for(": using ");
    assert_eq!(all(&first), before);
    let (status, _, err) = ask(&first, &["banner", "set", "Still here.", "--site", "home"]);
    assert_eq!(status, Some(0), "{err}");
    assert_eq!(all(&first), before);
    let used = line.rsplit(' ').next().unwrap();
    assert!(used.parse::<u32>().unwrap() > needed, "{line}");
    assert!(ask(&first, &["limits"]).1.contains(used));
}

/// Who gets an archive gets what people said, not what alerts say.
#[test]
fn an_archive_holds_no_alerts() {
    let daemon = start();
    let alert = r#"{"alerts":[{"status":"firing","labels":{"alertname":"PrivateName","service":"wifi",
        "component":"heron","severity":"critical"},"startsAt":"2026-11-21T09:00:00Z"}]}"#;
    assert_eq!(daemon.post("/api/v1/webhook", alert).status, 200);
    open_incident(&daemon);
    let on_flash = |bytes: &[u8]| bytes.windows(11).any(|part| part == b"PrivateName");
    eventually("it is on flash", 10, || on_flash(&std::fs::read(daemon.dir.path().join("journal")).unwrap()));
    let archive = ask(&daemon, &["export"]).1;
    let lines: Vec<_> = archive.lines().collect();
    let text: String = lines[1..lines.len() - 1].concat();
    let mut bytes = vec![0; text.len()];
    let bytes = base64ct::Base64::decode(text, &mut bytes).unwrap();
    assert!(!on_flash(bytes) && bytes.windows(8).any(|part| part == b"No power"));
}
