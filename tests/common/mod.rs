//! What the end-to-end tests share: a daemon in a fresh directory on a free port, and a client that
//! says exactly the bytes it is told to.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::format_collect,
    missing_docs,
    unreachable_pub
)]

pub mod desk;
pub mod forward;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The token of the source `prometheus` in [`CONFIG`].
pub const PUSH: &str = "push-token";
/// The token of the source `amtool`.
pub const READ: &str = "read-token";

/// The token of the source `alertmanager` in [`example`].
pub const WEBHOOK: &str = "webhook-token";

/// A small site; sources believe at once (`resync`) so that tests need not wait.
pub const CONFIG: &str = "
config listen 'lan'
	option address '127.0.0.1:0'
	list serve 'page'
	list serve 'ingest'
	list serve 'metrics'
config site 'home'
	option title 'Antennas'
	option lang 'en'
config source 'prometheus'
	option site 'home'
	list token 'sha256:PUSH'
	option resync '0s'
config source 'amtool'
	option site 'home'
	option scope 'read'
	list token 'sha256:READ'
config service 'wifi'
	option site 'home'
	option name 'Wi-Fi'
config component 'heron'
	option service 'wifi'
	option name 'Heron'
	list publish 'summary'
config component 'egret'
	option service 'wifi'
	option name 'Egret'
	list match 'alertname=EgretDown'
";

/// `sha256:` and the hash of a token, as a configuration has it.
pub fn hash_of(token: &str) -> String {
    let hash = hmac_sha256::Hash::hash(token.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// [`CONFIG`] with the hashes of [`PUSH`] and [`READ`].
pub fn config() -> String {
    CONFIG.replace("sha256:PUSH", &hash_of(PUSH)).replace("sha256:READ", &hash_of(READ))
}

/// A configuration with other values for an option: the section's lines of it are replaced, or
/// added.
pub fn with(config: &str, section: &str, lines: &[&str]) -> String {
    let option = lines[0].split_whitespace().nth(1).unwrap();
    let (mut out, mut inside, mut found) = (String::new(), false, false);
    for line in config.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("config"), _) => inside = words.next() == Some(&format!("'{section}'")),
            (Some("option" | "list"), Some(name)) if inside && name == option => continue,
            _ => {}
        }
        out += line;
        out.push('\n');
        if inside && line.starts_with("config ") {
            found = true;
            out.extend(lines.iter().map(|line| format!("\t{line}\n")));
        }
    }
    assert!(found, "no section '{section}'");
    out
}

/// `config.example` on a free port, with the tokens [`PUSH`] for its source `prometheus`,
/// [`WEBHOOK`] for `alertmanager` and [`READ`] for `amtool`.
pub fn example() -> String {
    let text = include_str!("../../config.example");
    // One listener with all roles, so that a test needs one address.
    let (before, rest) = text.split_once("config listen 'senders'").unwrap();
    let text = format!("{before}{}", rest.split_once("\n\n").unwrap().1);
    let roles = ["list serve 'page'", "list serve 'ingest'", "list serve 'metrics'"];
    let text = with(&text, "visitors", &["option address '127.0.0.1:0'"]);
    let text = with(&text, "visitors", &roles);
    let text = with(&text, "prometheus", &[&format!("list token '{}'", hash_of(PUSH))]);
    let text = with(&text, "alertmanager", &[&format!("list token '{}'", hash_of(WEBHOOK))]);
    with(&text, "amtool", &[&format!("list token '{}'", hash_of(READ))])
}

/// A directory of its own, removed when it is dropped.
pub struct Dir(PathBuf);

impl Dir {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("aiglon-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// A process that is ended when it is dropped, whatever happens.
pub struct Process {
    pub child: Child,
    lines: mpsc::Receiver<String>,
    seen: Vec<String>,
}

impl Process {
    /// Starts it; its stderr can be waited for line by line.
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| missing(command, &error));
        let stderr = child.stderr.take().unwrap();
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, seen: Vec::new() }
    }

    /// Waits for a line of its log that holds `text`.
    pub fn wait_for(&mut self, text: &str) -> String {
        self.look_for(text).unwrap_or_else(|log| panic!("no '{text}' in the log {log}"))
    }

    /// The same for a program that may end before; the log then.
    pub fn look_for(&mut self, text: &str) -> Result<String, String> {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(line) = self.seen.iter().find(|line| line.contains(text)) {
                return Ok(line.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.seen.push(line),
                Err(error) => return Err(format!("({error}): {:#?}", self.seen)),
            }
        }
    }

    /// Everything it has logged so far.
    pub fn log(&mut self) -> String {
        while let Ok(line) = self.lines.recv_timeout(Duration::from_millis(50)) {
            self.seen.push(line);
        }
        self.seen.join("\n")
    }

    pub fn forget_log(&mut self) {
        _ = self.log();
        self.seen.clear();
    }

    pub fn signal(&self, name: &str) {
        let status =
            Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end and returns its exit status.
    pub fn wait(&mut self) -> Option<i32> {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What it said last may still be on its way, until its end of the pipe is closed.
                while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(5)) {
                    self.seen.push(line);
                }
                return status.code();
            }
            assert!(Instant::now() < until, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A program that a test needs is not there: the test fails, since a skipped one proves nothing.
fn missing(command: &Command, error: &std::io::Error) -> ! {
    let program = command.get_program().display();
    panic!("cannot start {program}: {error}; tests/packages.txt says which package has it")
}

/// Runs a program to its end. Returns its exit status, and what it said on stdout and stderr.
pub fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| missing(command, &error));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The same with something on standard input, which it need not read.
pub fn feed(command: &mut Command, input: impl AsRef<[u8]>) -> (Option<i32>, String, String) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| missing(command, &error));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_vec();
    let writer = std::thread::spawn(move || _ = stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The program under test: what was built with the tests, or (cross/test.sh) one for another
/// machine, in an emulator.
pub const AIGLON: &str = match option_env!("AIGLON_UNDER_TEST") {
    Some(path) => path,
    None => env!("CARGO_BIN_EXE_aiglon"),
};

/// Puts the program there. Another process copies it: a child that a test beside this one starts in
/// the meantime would inherit the file, open for writing, and what is open for writing cannot be
/// run.
pub fn copy_program(to: &Path) {
    let (status, _, err) = run(Command::new("cp").arg(AIGLON).arg(to));
    assert_eq!(status, Some(0), "{err}");
}

/// A daemon that serves a configuration.
pub struct Daemon {
    pub process: Process,
    pub dir: Dir,
    pub address: SocketAddr,
}

impl Daemon {
    pub fn start(config: &str) -> Self {
        Self::start_in(Dir::new(), config)
    }

    pub fn start_in(dir: Dir, config: &str) -> Self {
        let file = dir.write("config", config);
        let mut process =
            Process::start(Command::new(AIGLON).arg("serve").arg(file).arg("--state-dir").arg(dir.path()));
        let line = process.wait_for("listening on http://");
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
        Self { process, dir, address }
    }

    pub fn rewrite(&self, config: &str) {
        self.dir.write("config", config);
    }

    pub fn connect(&self) -> Client {
        Client::to(self.address)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.connect().get(path, "")
    }

    /// The text of the page.
    pub fn page(&self) -> String {
        let answer = self.get("/");
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// The text of the page in English, whatever the site speaks.
    pub fn english(&self) -> String {
        let answer = self.connect().get("/", "Accept-Language: en\r\n");
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// Pushes a body with [`PUSH`].
    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.connect().post(path, &format!("Authorization: Bearer {PUSH}\r\n"), body)
    }

    /// One of the counters and gauges.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let text = self.get("/metrics").body;
        let line =
            text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')))?;
        line.rsplit(' ').next()?.parse().ok()
    }
}

/// An answer, taken apart.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    /// Empty if it came packed.
    pub body: String,
    /// The body as it came, if that was packed.
    pub packed: Vec<u8>,
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A connection that says exactly what it is told to.
pub struct Client(pub BufReader<TcpStream>);

impl Client {
    pub fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(10)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    pub fn get(&mut self, path: &str, headers: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").as_bytes());
        self.answer()
    }

    pub fn post(&mut self, path: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        self.send(
            format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        );
        self.answer()
    }

    /// Reads one answer. Panics if the connection ends first.
    pub fn answer(&mut self) -> Answer {
        self.try_answer(false).expect("an answer")
    }

    /// Reads one answer, to `HEAD` if so; `None` if the connection ends first.
    pub fn try_answer(&mut self, to_head: bool) -> Option<Answer> {
        let mut head = String::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line == "\r\n" {
                break;
            }
            head += &line;
        }
        let status: u16 = head.split(' ').nth(1)?.parse().ok()?;
        let mut answer = Answer { status, head, body: String::new(), packed: Vec::new() };
        if to_head || status == 304 || status == 204 || status == 100 {
            return Some(answer);
        }
        let mut body = Vec::new();
        if let Some(length) = answer.header("Content-Length") {
            body.resize(length.parse().ok()?, 0);
            self.0.read_exact(&mut body).ok()?;
        } else if answer.header("Transfer-Encoding") == Some("chunked") {
            loop {
                let mut line = String::new();
                self.0.read_line(&mut line).ok()?;
                let size = usize::from_str_radix(line.trim(), 16).ok()?;
                let mut chunk = vec![0; size + 2];
                self.0.read_exact(&mut chunk).ok()?;
                if size == 0 {
                    break;
                }
                body.extend_from_slice(&chunk[..size]);
            }
        } else {
            self.0.read_to_end(&mut body).ok()?;
        }
        if answer.header("Content-Encoding").is_some() {
            answer.packed = body;
        } else {
            answer.body = String::from_utf8(body).expect("UTF-8");
        }
        Some(answer)
    }

    /// Whether the other side has closed.
    pub fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        matches!(self.0.read(&mut byte), Ok(0) | Err(_))
    }
}

/// The overall state of a page, as its title says it.
pub fn overall(page: &str) -> &str {
    page.split("<title>").nth(1).and_then(|rest| rest.split(" – ").next()).expect("an overall state")
}

/// The piece of a page that is about one component, by its name there.
pub fn part<'a>(page: &'a str, name: &str) -> &'a str {
    let name = format!("<bdi>{name}</bdi>");
    page.split("<li class=")
        .filter_map(|piece| piece.split("</ul>").next())
        .find(|piece| piece.contains(&name) && piece.contains(" id=c"))
        .unwrap_or_else(|| panic!("no component {name}: {page}"))
}

/// Sees to it that this test is root's: that of nobody else runs once more, through sudo, which
/// must want no password. True if that was done, and well.
pub fn done_as_root() -> bool {
    // The name of a test's thread is the test's.
    let name = std::thread::current().name().unwrap().to_owned();
    // With one thread, the tests run in the main one.
    let listed = include_str!("../needs-root").lines().any(|line| line == name);
    assert!(listed || name == "main", "tests/needs-root does not list {name}");
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        return false;
    }
    let me = std::env::current_exe().unwrap();
    let (status, out, err) =
        run(Command::new("sudo").args(["-n", "-E"]).arg(me).args(["--exact", &name, "--nocapture"]));
    assert_eq!(
        status,
        Some(0),
        "this test makes or becomes users of the system: run it as root, or have a sudo without a password\n{out}{err}"
    );
    assert!(out.contains("1 passed"), "{out}");
    true
}

/// Tries until it holds; for what another process does in its own time.
pub fn eventually(what: &str, within_s: u64, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(within_s);
    while !holds() {
        assert!(Instant::now() < until, "not within {within_s} s: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// An alert that fires, as JSON.
pub fn firing(name: &str, component: &str) -> String {
    format!(
        r#"{{"labels":{{"alertname":"{name}","service":"wifi","component":"{component}","severity":"critical"}},"annotations":{{"summary":"{name} on {component}"}}}}"#
    )
}

/// The same, resolved long ago.
pub fn resolved(name: &str, component: &str) -> String {
    let alert = firing(name, component);
    format!(
        r#"{},"startsAt":"2026-01-01T00:00:00Z","endsAt":"2026-01-01T00:00:00Z"}}"#,
        &alert[..alert.len() - 1]
    )
}

/// What a site may be like: [`in_state`] makes it so.
pub const STATES: [&str; 6] = ["start", "resync", "well", "trouble", "partly", "down"];

/// A daemon that serves `config.example` and is in one of [`STATES`]: just started, just heard of
/// for the first time, all well, some of it down, and with a part or all of the monitoring silent.
pub fn in_state(state: &str) -> Daemon {
    let quick = |config: String, source: &str, option: &str| with(&config, source, &[option]);
    let mut config = example();
    if state != "resync" {
        config = quick(config, "prometheus", "option resync '0s'");
        config = quick(config, "alertmanager", "option resync '0s'");
    }
    if state == "down" {
        config = quick(config, "prometheus", "option silent_after '1s'");
    }
    if state == "down" || state == "partly" {
        config = quick(config, "alertmanager", "option silent_after '1s'");
    }
    let daemon = Daemon::start(&config);
    if state == "start" {
        return daemon;
    }
    let webhook = |body: &str| {
        daemon.connect().post("/api/v1/webhook", &format!("Authorization: Bearer {WEBHOOK}\r\n"), body)
    };
    assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
    assert_eq!(webhook("[]").status, 200);
    let alert = |component: &str, severity: &str, summary: &str| {
        format!(
            r#"{{"labels":{{"alertname":"AntennaDown","service":"wifi","component":"{component}","severity":"{severity}"}},"annotations":{{"summary":"{summary}"}}}}"#
        )
    };
    if state == "trouble" {
        let north = alert("heron-north", "critical", "No power on the roof; somebody is on the way.");
        let garden = alert("heron-garden", "warning", "");
        assert_eq!(daemon.post("/api/v2/alerts", &format!("[{north},{garden}]")).status, 200);
    }
    match state {
        "partly" => {
            eventually("a part is silent", 5, || daemon.english().contains("a part of the monitoring"));
        }
        "down" => eventually("all is silent", 5, || daemon.english().contains("nothing from the monitoring")),
        "resync" => assert!(daemon.english().contains("has not reported everything yet")),
        _ => assert!(STATES.contains(&state)),
    }
    daemon
}
