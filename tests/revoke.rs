//! The drill for a stolen antenna: `aiglon revoke` says that it is done only when it is.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{AIGLON, Client, Dir, PUSH, Process, READ, config, eventually, hash_of, run};

/// A daemon whose file alone says where its state is, as `aiglon revoke --config` finds it.
struct Antenna {
    process: Process,
    dir: Dir,
    page: String,
}

fn with_state(dir: &Dir, text: &str) -> String {
    format!("config aiglon 'main'\n\toption state_dir '{}/state'\n{text}", dir.path().display())
}

/// Two sources that push, and two people.
fn stolen() -> String {
    config()
        + &format!(
            "config site 'other'\n\tlist host 'other.example'\nconfig source 'second'\n\toption site 'other'\n\tlist token '{}'\n\
             config user 'heron1'\n\tlist site 'home'\nconfig user 'tern'\n\tlist site 'home'\n",
            hash_of("second-token")
        )
}

impl Antenna {
    fn start(text: &str) -> Self {
        Self::start_in(Dir::new(), text)
    }

    fn start_in(dir: Dir, text: &str) -> Self {
        dir.write("config", &with_state(&dir, text));
        let antenna = Self::serve(dir);
        let good = antenna.dir.path().join("config.last-good");
        eventually("the last good file is there", 10, || good.exists());
        antenna
    }

    fn serve(dir: Dir) -> Self {
        let mut process = Process::start(Command::new(AIGLON).arg("serve").arg(dir.path().join("config")));
        let line = process.wait_for("listening on http://");
        let page = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        Self { process, dir, page }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("config")
    }

    fn edit(&self, change: impl Fn(&str) -> String) {
        let text = fs::read_to_string(self.file()).unwrap();
        self.dir.write("config", &change(&text));
    }

    fn push(&self, token: &str) -> u16 {
        let mut client = Client::to(self.page.parse().unwrap());
        client.post("/api/v2/alerts", &format!("Authorization: Bearer {token}\r\n"), "[]").status
    }

    fn speaks(&self, user: &str) -> bool {
        let mut command = Command::new(AIGLON);
        command.args(["console", "--config"]).arg(self.file()).args(["--user", user, "whoami"]);
        run(command.env_remove("SSH_ORIGINAL_COMMAND")).0 == Some(0)
    }

    fn revoke(&self, names: &[&str]) -> (Option<i32>, String, String) {
        revoke(&self.file(), names)
    }

    fn kill(mut self) -> Dir {
        self.process.signal("KILL");
        self.process.wait();
        self.dir
    }
}

fn revoke(file: &Path, names: &[&str]) -> (Option<i32>, String, String) {
    run(Command::new(AIGLON).args(["revoke", "--config"]).arg(file).args(names))
}

/// The name is not done, for this reason.
fn not_done(answer: &(Option<i32>, String, String), why: &str, what: &str) {
    let (status, out, err) = answer;
    assert_eq!((*status, out.as_str()), (Some(1), ""), "{what}: {err}");
    assert!(err.contains(why) && err.contains("prometheus: NOT DONE"), "{what}: no '{why}' in {err}");
}

fn done(answer: &(Option<i32>, String, String), names: &str) {
    assert_eq!((answer.0, answer.1.as_str()), (Some(0), names), "{}", answer.2);
}

/// Whatever the file has besides: when it says that it is done, nobody is let in, now or later.
#[test]
fn what_is_revoked_is_refused_at_once_and_after_every_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!(
        "config listen 'tunnel'\n\toption address '{}'\n\tlist serve 'ingest'\n",
        taken.local_addr().unwrap()
    );
    for (what, before, spoilt) in [
        ("a taken port", "\tlist token", port),
        ("nothing else", "\tlist token", String::new()),
        ("an option", "\toption token", String::new()),
        ("short words", "\tl token", String::new()),
        ("a backslash", "\tlist to\\ken", String::new()),
        ("a vertical tab", "\x0blist\x0ctoken", String::new()),
        ("an unrelated mistake", "\toption token", "config site 'home'\n\toption retain_days 500\n".into()),
        ("a line that is none", "\tlist token", "cnofig x\n\toption a 'b\n".into()),
        (
            "a journal that is too small",
            "\tlist token",
            "config aiglon 'main'\n\toption journal_size '1'\n".into(),
        ),
    ] {
        let antenna = Antenna::start(&stolen().replace("\tlist token", before));
        assert_eq!((antenna.push(PUSH), antenna.push("second-token")), (200, 200), "{what}");
        assert!(antenna.speaks("heron1") && antenna.speaks("tern"), "{what}");
        antenna.edit(|text| text.to_owned() + &spoilt);

        done(&antenna.revoke(&["prometheus", "heron1"]), "prometheus: revoked\nheron1: revoked\n");
        assert_eq!((antenna.push(PUSH), antenna.push("second-token")), (401, 200), "{what}");
        assert!(!antenna.speaks("heron1") && antenna.speaks("tern"), "{what}");
        for file in ["config", "config.last-good"] {
            let text = fs::read_to_string(antenna.dir.path().join(file)).unwrap();
            assert!(!text.contains(&hash_of(PUSH)) && !text.contains("heron1"), "{what}: {file}: {text}");
            assert!(
                text.contains("config source 'prometheus'") && text.contains(&hash_of("second-token")),
                "{text}"
            );
        }
        // A power cut follows, and the file is what it is.
        let text = fs::read_to_string(antenna.file()).unwrap();
        let dir = antenna.kill();
        let antenna = Antenna::serve(dir);
        assert_eq!((antenna.push(PUSH), antenna.push("second-token")), (401, 200), "{what}: {text}");
        assert!(!antenna.speaks("heron1"), "{what}");
    }
}

#[test]
fn a_body_that_is_being_sent_is_cut_off() {
    let antenna = Antenna::start(&stolen());
    let mut client = Client::to(antenna.page.parse().unwrap());
    let alert = r#"[{"labels":{"alertname":"EgretDown","severity":"critical"}}]"#;
    let (first, rest) = alert.split_at(20);
    client.send(
        format!(
            "POST /api/v2/alerts HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {PUSH}\r\nContent-Length: {}\r\n\r\n{first}",
            alert.len()
        )
        .as_bytes(),
    );
    // Another one has been answered, so this one has been read.
    assert_eq!(antenna.push(PUSH), 200);
    done(&antenna.revoke(&["prometheus"]), "prometheus: revoked\n");
    client.send(rest.as_bytes());
    assert_eq!(client.answer().status, 503);
    let page = Client::to(antenna.page.parse().unwrap()).get("/", "").body;
    assert!(!page.contains("class=down"), "{page}");
    // It was no reload.
    let metrics = Client::to(antenna.page.parse().unwrap()).get("/metrics", "").body;
    assert!(metrics.contains("\naiglon_reloads_total 0\n"), "{metrics}");
}

/// A failure is told, and a name that is not done is not printed as if it were.
#[test]
fn what_is_not_made_sure_of_is_a_failure() {
    let antenna = Antenna::start(&stolen());
    // A typo ends nothing.
    let (status, out, err) = antenna.revoke(&["promteheus", "prometheus"]);
    assert_eq!((status, out.as_str()), (Some(1), "prometheus: revoked\n"), "{err}");
    assert!(
        err.contains("no source and no user of that name") && err.contains("promteheus: NOT DONE"),
        "{err}"
    );
    assert_eq!(antenna.push(PUSH), 401);
    // Twice is done, too; a user who has gone is none any more.
    done(&antenna.revoke(&["prometheus", "tern"]), "prometheus: revoked\ntern: revoked\n");
    assert_eq!(antenna.revoke(&["tern"]).0, Some(1));
    for names in [&[][..], &["prometheus tern"], &["../x"], &[""]] {
        assert_eq!(antenna.revoke(names).0, Some(2), "{names:?}");
    }

    // The file cannot be had.
    let dir = antenna.kill();
    let (status, out, _) = revoke(&dir.path().join("no such file"), &["prometheus"]);
    assert_eq!((status, out.as_str()), (Some(1), ""));
}

/// The daemon lets nobody in and says that its file still does: a wrapper serves a copy, say.
#[test]
fn a_daemon_that_reads_another_file_says_so() {
    let dir = Dir::new();
    let copy = dir.write("copy", &with_state(&dir, &stolen()));
    let mut process = Process::start(Command::new(AIGLON).arg("serve").arg(&copy));
    process.wait_for("listening on http://");
    let file = dir.write("config", &with_state(&dir, &stolen()));
    let (status, out, err) = revoke(&file, &["prometheus"]);
    assert_eq!((status, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("copy: it still has that: a start would serve what was revoked"), "{err}");
}

#[test]
fn a_service_that_was_stopped_stays_stopped_and_starts_without() {
    let dir = Antenna::start(&stolen()).kill();
    let (file, good) = (dir.path().join("config"), dir.path().join("config.last-good"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    done(&revoke(&file, &["prometheus", "heron1"]), "prometheus: revoked\nheron1: revoked\n");
    assert!(std::os::unix::net::UnixStream::connect(dir.path().join("state/console.sock")).is_err());
    let text = fs::read_to_string(&good).unwrap();
    assert!(!text.contains(&hash_of(PUSH)) && !text.contains("heron1"), "{text}");
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&file), mode(&good)), (0o640, 0o600));
    fs::write(&file, "broken").unwrap();
    let antenna = Antenna::serve(dir);
    assert_eq!(
        (antenna.push(PUSH), antenna.push("second-token"), antenna.speaks("heron1")),
        (401, 200, false)
    );
}

/// Its directory is the daemon's: what stands there may lead anywhere.
#[test]
fn the_last_good_file_is_no_way_to_write_elsewhere() {
    let dir = Antenna::start(&stolen()).kill();
    let (file, good) = (dir.path().join("config"), dir.path().join("config.last-good"));
    let victim = dir.write("victim", &stolen());
    let before = fs::read_to_string(&victim).unwrap();
    fs::remove_file(&good).unwrap();
    symlink(&victim, &good).unwrap();
    symlink(&victim, dir.path().join("config.last-good.new")).unwrap();
    let (status, out, err) = revoke(&file, &["prometheus"]);
    assert_eq!((status, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("config.last-good"), "{err}");
    assert_eq!(fs::read_to_string(&victim).unwrap(), before);
    fs::remove_file(&good).unwrap();
    fs::write(&good, &before).unwrap();
    done(&revoke(&file, &["prometheus"]), "prometheus: revoked\n");
    assert_eq!(fs::read_to_string(&victim).unwrap(), before);
    assert!(!fs::read_to_string(&good).unwrap().contains(&hash_of(PUSH)));
}

/// A router that becomes an edge, with a token that reads: its new file is not in force. A start
/// serves the last good one, and that token with it, until it is taken out of both.
#[test]
fn an_edge_keeps_no_token_that_reads() {
    let antenna = Antenna::start(&config());
    let reads = |antenna: &Antenna, token: &str| {
        let mut client = Client::to(antenna.page.parse().unwrap());
        client.get("/api/v2/alerts", &format!("Authorization: Bearer {token}\r\n")).status
    };
    let order = |antenna: &Antenna, what: &str| run(Command::new(AIGLON).arg(what).arg(antenna.file()));
    let refused = "source 'amtool' has scope 'read', and this device is an edge";
    antenna.edit(|text| text.replace("config aiglon 'main'\n", "config aiglon 'main'\n\toption edge '1'\n"));
    let (status, _, words) = order(&antenna, "check");
    assert!(status == Some(2) && words.contains(refused), "{words}");
    let (status, _, words) = order(&antenna, "reload");
    assert!(status == Some(1) && words.contains(refused) && words.contains("NOT IN FORCE"), "{words}");
    assert_eq!((reads(&antenna, READ), antenna.push(PUSH)), (200, 200));

    let mut antenna = Antenna::serve(antenna.kill());
    let log = antenna.process.wait_for("serving the last good configuration");
    assert!(log.contains("config.last-good"), "{log}");
    assert!(antenna.process.log().contains(refused));
    assert_eq!((order(&antenna, "ready").0, reads(&antenna, READ)), (Some(1), 200));

    done(&antenna.revoke(&["amtool"]), "amtool: revoked\n");
    assert_eq!((reads(&antenna, READ), antenna.push(PUSH)), (401, 200));
    for file in ["config", "config.last-good"] {
        let text = fs::read_to_string(antenna.dir.path().join(file)).unwrap();
        assert!(!text.contains(&hash_of(READ)), "{file}: {text}");
    }
    let antenna = Antenna::serve(antenna.kill());
    assert_eq!((reads(&antenna, READ), antenna.push(PUSH)), (401, 200));

    // Its section has that scope still. Without it the file is in force, and becomes the last good
    // one: an edge.
    assert_eq!(order(&antenna, "reload").0, Some(1));
    antenna.edit(|text| {
        let (before, rest) = text.split_once("config source 'amtool'").unwrap();
        let (_, after) = rest.split_once("config ").unwrap();
        format!("{before}config {after}")
    });
    let (status, _, words) = order(&antenna, "reload");
    assert_eq!(status, Some(0), "{words}");
    let good = fs::read_to_string(antenna.dir.path().join("config.last-good")).unwrap();
    assert!(good.contains("option edge '1'") && !good.contains("'amtool'"), "{good}");
    assert_eq!(antenna.push(PUSH), 200);
}

/// Only who owns the daemon takes rights away: a person at the console does not.
#[test]
fn nobody_else_revokes() {
    use std::io::{Read, Write};
    let antenna = Antenna::start(&stolen());
    let line = format!("prometheus {}", hash_of("fresh"));
    let mut request = b"aiglon\x01\x04\0\0".to_vec();
    request.extend([4, 0, u8::try_from(line.len()).unwrap(), 0, 0]);
    request.extend(b"tern");
    request.extend(line.bytes());
    let mut socket =
        std::os::unix::net::UnixStream::connect(antenna.dir.path().join("state/console.sock")).unwrap();
    socket.write_all(&request).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    assert!(answer.ends_with(b"\x04\0\x01\x08"), "{}", answer.escape_ascii());
    assert_eq!(antenna.push(PUSH), 200);
}

/// If the last good file cannot be written, an older one takes over no more.
#[test]
fn a_last_good_file_that_cannot_be_written_does_not_bring_back_what_was_revoked() {
    let mut antenna = Antenna::start(&stolen());
    let good = antenna.dir.path().join("config.last-good");
    // Where it is written first: what stands there cannot be removed.
    for place in ["", "state/"] {
        fs::create_dir_all(antenna.dir.path().join(format!("{place}config.last-good.new/x"))).unwrap();
    }
    let mut reload = |change: &dyn Fn(&str) -> String| {
        let text = fs::read_to_string(antenna.dir.path().join("config")).unwrap();
        antenna.dir.write("config", &change(&text));
        antenna.process.forget_log();
        antenna.process.signal("HUP");
        antenna.process.wait_for("reloaded");
        antenna.process.log().contains("cannot keep the last good configuration")
    };
    // Told once.
    assert!(reload(&|text| text.replace("'Antennas'", "'Other antennas'")));
    assert!(!good.exists());
    fs::write(&good, with_state(&antenna.dir, &stolen())).unwrap();
    assert!(!reload(&|text| text.replace(&hash_of(PUSH), &hash_of("fresh"))));
    assert!(!good.exists());
    fs::write(&good, with_state(&antenna.dir, &stolen())).unwrap();
    assert!(!reload(&|text| text.replace("config user 'tern'\n\tlist site 'home'\n", "")));
    assert!(!good.exists());
    fs::write(&good, with_state(&antenna.dir, &stolen())).unwrap();
    // So it is with the command.
    done(&antenna.revoke(&["prometheus"]), "prometheus: revoked\n");
    assert!(!good.exists());
}

/// Somebody writes a file while the daemon is told, be it not to the end: what was looked at before
/// proves nothing.
#[test]
fn a_file_that_is_written_meanwhile_is_a_failure() {
    for half in [false, true] {
        let dir = Dir::new();
        let old = with_state(&dir, &stolen());
        let file = dir.write("config", &old);
        let socket = dir.path().join("desk.sock");
        // In the daemon's place: it does as it is told, and somebody else writes.
        let desk = UnixListener::bind(&socket).unwrap();
        let (theirs, text) = (file.clone(), if half { String::new() } else { old });
        let writer = std::thread::spawn(move || {
            let (mut caller, _) = desk.accept().unwrap();
            assert!(caller.read(&mut [0; 4096]).unwrap() > 0);
            fs::write(theirs, text).unwrap();
            caller.write_all(b"aiglon\x01\x01\x00\x08revoked\n\x04\x00\x01\x00").unwrap();
        });
        let mut command = Command::new(AIGLON);
        command.args(["revoke", "--config"]).arg(&file).arg("--socket").arg(&socket).arg("prometheus");
        let (code, out, err) = run(&mut command);
        writer.join().unwrap();
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        let told = format!("{}: somebody writes it at the same time", file.display());
        assert!(err.contains(&told) && err.contains("prometheus: NOT DONE"), "{err}");
    }
}

/// Where its console is out of reach, and its lock, a daemon that runs has the token. It is found
/// by what it serves.
#[test]
fn a_daemon_that_cannot_be_asked_is_no_daemon_that_does_not_run() {
    /// What it is, the text of the file, options, and what happens then.
    type Way = (&'static str, fn(&str) -> String, &'static [&'static str], fn(&Path));
    let nothing: fn(&Path) = |_| {};
    let ways: [Way; 9] = [
        (
            "no console",
            |text| text.replace("config listen", "\toption console 'off'\nconfig listen"),
            &[],
            nothing,
        ),
        ("no directory", |text| text.replace("/state'", "/nowhere/state'"), &[], nothing),
        ("neither", |text| text.replace("/state'", "/nowhere/state'\n\toption console 'off'"), &[], nothing),
        ("a directory that went", str::to_owned, &[], |dir| fs::remove_dir_all(dir.join("state")).unwrap()),
        ("a directory made anew", str::to_owned, &[], |dir| {
            fs::remove_dir_all(dir.join("state")).unwrap();
            fs::create_dir(dir.join("state")).unwrap();
        }),
        ("a directory that moved", str::to_owned, &[], |dir| {
            fs::rename(dir.join("state"), dir.join("old")).unwrap();
        }),
        ("an option", str::to_owned, &["--state-dir", "other"], nothing),
        ("a file that was not reloaded", str::to_owned, &[], |dir| {
            fs::remove_file(dir.join("config.last-good")).unwrap();
            let text = fs::read_to_string(dir.join("config")).unwrap();
            fs::write(dir.join("config"), text.replace("/state'", "/state2'")).unwrap();
        }),
        ("a hard link that was replaced", str::to_owned, &["--state-dir", "other"], |dir| {
            fs::hard_link(dir.join("config"), dir.join("config2")).unwrap();
            fs::remove_file(dir.join("config")).unwrap();
            fs::rename(dir.join("config2"), dir.join("config")).unwrap();
        }),
    ];
    std::thread::scope(|scope| {
        for (what, change, options, spoil) in ways {
            scope.spawn(move || {
                let dir = Dir::new();
                let text = change(&with_state(&dir, &stolen()));
                let file = dir.write("config", &text);
                let good = dir.path().join(if options.is_empty() {
                    "config.last-good"
                } else {
                    "other/config.last-good"
                });
                // By another spelling of its name.
                let mut command = Command::new(AIGLON);
                command.current_dir(dir.path()).args(["serve", "./config"]).args(options);
                let mut process = Process::start(&mut command);
                let line = process.wait_for("listening on http://");
                let page = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
                eventually("the last good file is there", 10, || good.exists());
                let antenna = Antenna { process, dir, page };
                spoil(antenna.dir.path());
                assert_eq!(antenna.push(PUSH), 200, "{what}");
                let answer = antenna.revoke(&["prometheus"]);
                not_done(&answer, &format!("/proc/{}: a daemon runs here", antenna.process.child.id()), what);
                assert_eq!(antenna.push(PUSH), 200, "{what}");
                let other = antenna.dir.path().join("other");
                if !options.is_empty() {
                    let mut command = Command::new(AIGLON);
                    command
                        .args(["revoke", "--config"])
                        .arg(&file)
                        .arg("--state-dir")
                        .arg(other)
                        .arg("prometheus");
                    done(&run(&mut command), "prometheus: revoked\n");
                    assert_eq!(antenna.push(PUSH), 401, "{what}");
                }
                // When it does not run any more, it is done.
                let dir = antenna.kill();
                done(&revoke(&file, &["prometheus"]), "prometheus: revoked\n");
                let text = fs::read_to_string(&file).unwrap().replace("\toption console 'off'\n", "");
                dir.write("config", &text);
                assert_eq!(Antenna::serve(dir).push(PUSH), 401, "{what}");
            });
        }
    });
}

/// The one that answers speaks for itself.
#[test]
fn a_second_daemon_of_the_file_is_not_forgotten() {
    let antenna = Antenna::start(&stolen());
    let other = antenna.dir.path().join("other");
    let mut command = Command::new(AIGLON);
    let mut second = Process::start(command.arg("serve").arg(antenna.file()).arg("--state-dir").arg(&other));
    second.wait_for("listening on http://");
    let seen = format!("/proc/{}: a daemon runs here", second.child.id());
    not_done(&antenna.revoke(&["prometheus"]), &seen, "the second");
    assert_eq!(antenna.push(PUSH), 401);
    second.signal("KILL");
    second.wait();
    done(&antenna.revoke(&["prometheus"]), "prometheus: revoked\n");
}

/// Its file is not where it was, and what it holds open is.
#[test]
fn a_daemon_whose_file_was_moved_is_found() {
    type Way = (&'static str, fn(&Path));
    let ways: [Way; 2] = [
        ("with all that is beside it", |dir| fs::rename(dir.join("home"), dir.join("new")).unwrap()),
        ("without its state", |dir| {
            fs::create_dir(dir.join("new")).unwrap();
            fs::rename(dir.join("home/config"), dir.join("new/config")).unwrap();
            // It would be made anew, and the daemon could be asked.
            fs::remove_file(dir.join("home/state/console.sock")).unwrap();
            fs::create_dir(dir.join("home/state/console.sock")).unwrap();
        }),
    ];
    for (what, moves) in ways {
        let dir = Dir::new();
        fs::create_dir(dir.path().join("home")).unwrap();
        let text = with_state(&dir, &stolen()).replace("/state'", "/home/state'");
        let file = dir.write("home/config", &text);
        let mut process = Process::start(Command::new(AIGLON).arg("serve").arg(file));
        process.wait_for("listening on http://");
        moves(dir.path());
        let file = dir.path().join("new/config");
        let process_of = |process: &Process| format!("/proc/{}: a daemon runs here", process.child.id());
        not_done(&revoke(&file, &["prometheus"]), &process_of(&process), what);
        // Another file is none of its business.
        let other = dir.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("config"), text.replace("/home/state'", "/other/state'")).unwrap();
        done(&revoke(&other.join("config"), &["prometheus"]), "prometheus: revoked\n");
        process.signal("KILL");
        process.wait();
        done(&revoke(&file, &["prometheus"]), "prometheus: revoked\n");
    }
}

/// It has read the file and holds no lock yet: it gets on before the command says anything.
#[test]
fn a_start_that_has_read_the_old_file_is_waited_for() {
    let dir = Dir::new();
    // The log has a word on that, and nobody takes it.
    let old = with_state(&dir, &stolen()).replace("\tlist token", "\toption token");
    let file = dir.write("config", &old);
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all("\n".repeat(65536).as_bytes()).unwrap();
    let mut daemon = Command::new(AIGLON).arg("serve").arg(&file).stderr(writer).spawn().unwrap();
    let waits = format!("/proc/{}/wchan", daemon.id());
    eventually("it waits for its log", 10, || {
        fs::read_to_string(&waits).is_ok_and(|place| place.contains("pipe_write"))
    });
    let theirs = file.clone();
    let revoking = std::thread::spawn(move || revoke(&theirs, &["prometheus"]));
    eventually("the file is rewritten", 10, || !fs::read_to_string(&file).unwrap().contains(&hash_of(PUSH)));
    let mut lines = BufReader::new(reader).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("listening on http://")).unwrap();
    let log = std::thread::spawn(move || lines.count());
    let page = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
    done(&revoking.join().unwrap(), "prometheus: revoked\n");
    let mut client = Client::to(page.parse().unwrap());
    let refused = client.post("/api/v2/alerts", &format!("Authorization: Bearer {PUSH}\r\n"), "[]").status;
    let good = fs::read_to_string(dir.path().join("config.last-good")).unwrap();
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    log.join().unwrap();
    assert_eq!(refused, 401);
    assert!(!good.contains(&hash_of(PUSH)), "{good}");
}

/// Who revokes by a name that is a link means the files of whatever it leads to, too.
#[test]
fn the_last_good_file_is_found_by_every_name_of_the_file() {
    for (started, named) in [("config", "two"), ("one", "two"), ("linked/config", "linked/two")] {
        let dir = Dir::new();
        let at = |name: &str| dir.path().join(name);
        dir.write("config", &with_state(&dir, &stolen()));
        symlink("config", at("one")).unwrap();
        symlink(at("one"), at("two")).unwrap();
        symlink(dir.path(), at("linked")).unwrap();
        let start = || {
            let mut process = Process::start(Command::new(AIGLON).arg("serve").arg(at(started)));
            let line = process.wait_for("listening on http://");
            (process, line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned())
        };
        let client = |page: &str| {
            let mut client = Client::to(page.parse().unwrap());
            client.post("/api/v2/alerts", &format!("Authorization: Bearer {PUSH}\r\n"), "[]").status
        };
        let (mut process, page) = start();
        eventually("the last good file is there", 10, || {
            at(started).with_added_extension("last-good").exists()
        });
        assert_eq!(client(&page), 200);
        process.signal("KILL");
        process.wait();
        let answer = revoke(&at(named), &["prometheus"]);
        done(&answer, "prometheus: revoked\n");
        // What was looked at is named.
        let real = dir.path().join("config").canonicalize().unwrap();
        for file in [at(named), real.with_added_extension("last-good")] {
            assert!(
                answer.2.contains(&format!("{}: no daemon runs", file.display())) || !file.exists(),
                "{}",
                answer.2
            );
        }
        assert!(at("one").is_symlink() && at("two").is_symlink());
        fs::write(at("config"), "broken").unwrap();
        let (_process, page) = start();
        assert_eq!(client(&page), 401, "{started}, {named}");
    }
}

/// What is in force may stand in the file where it grants nothing before somebody mends that.
#[test]
fn a_small_mend_of_the_file_brings_nothing_back() {
    let antenna = Antenna::start(&stolen());
    fs::remove_file(antenna.dir.path().join("config.last-good")).unwrap();
    antenna.edit(|text| text.replace("config source 'prometheus'", "config suorce 'prometheus'"));
    let line = fs::read_to_string(antenna.file()).unwrap();
    let line = line.lines().position(|line| line.contains("suorce")).unwrap() + 1;
    let answer = antenna.revoke(&["prometheus"]);
    not_done(&answer, &format!("line {line}: is this a section of that name?"), "misspelt");
    assert!(!fs::read_to_string(antenna.file()).unwrap().contains(&hash_of(PUSH)), "it was in force");
    assert_eq!(antenna.push(PUSH), 401);
    antenna.edit(|text| text.replace("suorce", "source"));
    done(&antenna.revoke(&["prometheus"]), "prometheus: revoked\n");
    run(Command::new(AIGLON).arg("reload").arg(antenna.file()));
    assert_eq!(antenna.push(PUSH), 401);
    assert!(!fs::read_to_string(antenna.file()).unwrap().contains(&hash_of(PUSH)));
}

/// A thief's alert of a webhook is in the journal, too. If that cannot be written, it comes back:
/// nobody may miss that.
#[test]
fn what_a_source_said_and_cannot_be_taken_off_the_flash_is_told() {
    let antenna = Antenna::start(&stolen());
    let alert = r#"{"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"EgretDown","severity":"critical"}}]}"#;
    let mut client = Client::to(antenna.page.parse().unwrap());
    let token = format!("Authorization: Bearer {PUSH}\r\n");
    assert_eq!(client.post("/api/v1/webhook", &token, alert).status, 200);
    let is_held = |antenna: &Antenna| {
        let mut client = Client::to(antenna.page.parse().unwrap());
        let token = format!("Authorization: Bearer {READ}\r\n");
        client.get("/api/v2/alerts", &token).body.contains("EgretDown")
    };
    assert!(is_held(&antenna));
    // No snapshot can be made.
    let full = antenna.dir.path().join("state/journal.new");
    fs::create_dir_all(full.join("x")).unwrap();
    let (status, out, err) = antenna.revoke(&["prometheus", "tern"]);
    assert_eq!((status, out.as_str()), (Some(5), "prometheus: revoked\ntern: revoked\n"), "{err}");
    assert!(err.contains("what the source said is STILL ON THE FLASH"), "{err}");
    assert_eq!((antenna.push(PUSH), is_held(&antenna)), (401, false));
    // It is said until it is done.
    assert_eq!(antenna.revoke(&["prometheus"]).0, Some(5));
    let antenna = Antenna::serve(antenna.kill());
    assert!(is_held(&antenna), "the test proves something");
    fs::remove_dir_all(full).unwrap();
    done(&antenna.revoke(&["prometheus"]), "prometheus: revoked\n");
    let antenna = Antenna::serve(antenna.kill());
    assert!(!is_held(&antenna));
}

#[test]
fn revocations_at_the_same_time_wait_for_each_other() {
    let names: Vec<_> = (0..8).map(|n| format!("tern{n}")).collect();
    let user = |name: &String| format!("config user '{name}'\n\tlist site 'home'\n");
    let users = names.iter().map(user).collect::<Vec<_>>().concat();
    let antenna = Antenna::start(&(stolen() + &users));
    std::thread::scope(|scope| {
        for name in &names {
            let file = antenna.file();
            scope.spawn(move || done(&revoke(&file, &[name]), &format!("{name}: revoked\n")));
        }
    });
    assert!(!fs::read_to_string(antenna.file()).unwrap().contains("tern0"));
}
