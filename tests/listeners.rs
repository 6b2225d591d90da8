//! A listener that cannot be had ends nothing: the rest is served and in force, and who is
//! responsible is told.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use common::{AIGLON, Client, Daemon, Dir, PUSH, Process, READ, config, eventually, hash_of, run};

fn listen(name: &str, address: &str, rest: &str) -> String {
    format!("config listen '{name}'\n\toption address '{address}'\n{rest}")
}

/// [`config`] with another listener.
fn with(name: &str, address: SocketAddr, rest: &str) -> String {
    config() + &listen(name, &address.to_string(), rest)
}

/// Orders the daemon something.
fn order(dir: &Dir, what: &str) -> (Option<i32>, String) {
    let mut command = Command::new(AIGLON);
    let socket = dir.path().join("console.sock");
    let (status, out, err) =
        run(command.arg(what).arg(dir.path().join("config")).arg("--socket").arg(socket));
    (status, out + &err)
}

fn status(dir: &Dir, more: &[&str]) -> String {
    let mut command = Command::new(AIGLON);
    command.args(["console", "--socket"]).arg(dir.path().join("console.sock")).arg("status").args(more);
    run(command.env_remove("SSH_ORIGINAL_COMMAND")).1
}

/// What stands before the command says as much as what stands behind it.
#[test]
fn the_console_is_looked_for_where_the_options_before_it_say() {
    let dir = Dir::new();
    let text = format!("config aiglon 'main'\n\toption state_dir '{}'\n{}", dir.path().display(), config());
    let daemon = Daemon::start_in(dir, &text);
    for (option, value) in [("--socket", "console.sock"), ("--config", "config")] {
        let mut command = Command::new(AIGLON);
        command.arg(option).arg(daemon.dir.path().join(value)).args(["console", "status"]);
        let (status, out, err) = run(command.env_remove("SSH_ORIGINAL_COMMAND"));
        assert_eq!(status, Some(0), "{option}: {out}{err}");
    }
}

/// A port of an address that nobody else uses, so that it is free again when this gives it up.
fn free() -> (TcpListener, SocketAddr) {
    static COUNT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let own = COUNT.fetch_add(1, Ordering::Relaxed);
    let taken = TcpListener::bind((Ipv4Addr::new(127, high | 128, low, own), 0)).unwrap();
    let address = taken.local_addr().unwrap();
    (taken, address)
}

fn open(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_ok()
}

const INGEST: &str = "\tlist serve 'ingest'\n";
const PAGE: &str = "\tlist serve 'page'\n";

#[test]
fn what_cannot_be_listened_on_is_told_and_tried_again_and_the_rest_is_served() {
    let (taken, address) = free();
    let text = with("tunnel", address, INGEST);
    let mut daemon = Daemon::start(&text);
    assert_eq!(daemon.get("/").status, 200);
    let told = format!("http://{address}/: somebody listens there");
    for what in ["ready", "reload"] {
        let (code, words) = order(&daemon.dir, what);
        assert_eq!(code, Some(3), "{words}");
        assert!(words.contains(&format!("not listening on {told}")), "{words}");
    }
    assert!(
        status(&daemon.dir, &[]).contains(&format!("missing      {told}")),
        "{}",
        status(&daemon.dir, &[])
    );
    let json: serde_json::Value = serde_json::from_str(&status(&daemon.dir, &["--json"])).unwrap();
    assert_eq!(json[0]["missing"], serde_json::json!([told]));
    assert_eq!(daemon.metric(&format!("aiglon_listener_missing{{listener=\"{told}\"}}")), Some(1.0));
    assert!(daemon.dir.path().join("config.last-good").exists());
    // It is tried again, and said once, however often the file is read.
    std::thread::sleep(Duration::from_millis(3500));
    assert_eq!(daemon.process.log().matches("cannot listen on").count(), 1, "{}", daemon.process.log());

    drop(taken);
    eventually("it is there", 30, || open(address));
    assert_eq!(
        Client::to(address).post("/api/v2/alerts", &format!("Authorization: Bearer {PUSH}\r\n"), "[]").status,
        200
    );
    assert_eq!(order(&daemon.dir, "ready"), (Some(0), "in force\n".to_owned()));
    assert!(!status(&daemon.dir, &[]).contains("missing"));
    assert!(!daemon.get("/metrics").body.contains("aiglon_listener_missing{"));
    let log = daemon.process.log();
    assert!(log.contains(&format!("listening on http://{address}/ (ingest)")), "{log}");
}

/// Whoever waits by a listener that a reload has taken away: in the porch without a word, or at a
/// place, silent or between two requests. None stays until its time is up.
#[test]
fn who_came_by_a_listener_that_is_gone_is_sent_away() {
    let (taken, address) = free();
    drop(taken);
    let dir = Dir::new();
    let path = dir.path().join("page.sock");
    let more = with("more", address, PAGE) + &listen("unix", &format!("unix:{}", path.display()), PAGE);
    let daemon = Daemon::start_in(dir, &more);
    eventually("all of them listen", 10, || order(&daemon.dir, "ready").0 == Some(0));
    // More of each than there are places.
    let mut tcp: Vec<_> = (0..70).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut unix: Vec<_> = (0..70).map(|_| UnixStream::connect(&path).unwrap()).collect();
    // Who speaks is served, by either way.
    assert_eq!(Client::to(address).get("/", "").status, 200);
    let mut visitor = UnixStream::connect(&path).unwrap();
    visitor.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    visitor.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let (mut idle, mut stays) = (Client::to(address), daemon.connect());
    assert_eq!(idle.get("/", "").status, 200);
    daemon.rewrite(&config());
    assert_eq!(order(&daemon.dir, "reload"), (Some(0), "in force\n".to_owned()));
    let begun = Instant::now();
    let is_over = |read: std::io::Result<usize>| {
        matches!(read, Ok(0)) || read.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
    };
    let patience = Some(Duration::from_secs(5));
    for socket in &mut tcp {
        socket.set_read_timeout(patience).unwrap();
        assert!(is_over(socket.read(&mut [0])), "after {:?}", begun.elapsed());
    }
    for socket in &mut unix {
        socket.set_read_timeout(patience).unwrap();
        assert!(is_over(socket.read(&mut [0])), "after {:?}", begun.elapsed());
    }
    assert!(idle.is_closed(), "after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(stays.get("/", "").status, 200);
    assert_eq!(daemon.metric("aiglon_http_connections_late_total"), Some(0.0));
}

/// The rest of a reload applies, above all a token that is taken away, and the listener that is to
/// be replaced stays until its successor is there.
#[test]
fn a_reload_applies_and_its_listeners_predecessor_stays() {
    let (held, old) = free();
    drop(held);
    let mut daemon = Daemon::start(&with("senders", old, INGEST));
    let push = |address, token: &str| {
        Client::to(address).post("/api/v2/alerts", &format!("Authorization: Bearer {token}\r\n"), "[]").status
    };
    eventually("it is there", 30, || open(old));
    assert_eq!(push(old, PUSH), 200);
    let (taken, new) = free();
    daemon.rewrite(
        &with("senders", new, "\tlist serve 'ingest'\n\tlist serve 'metrics'\n")
            .replace(&hash_of(PUSH), &hash_of("fresh")),
    );
    assert_eq!(order(&daemon.dir, "reload").0, Some(3));
    let good = std::fs::read_to_string(daemon.dir.path().join("config.last-good")).unwrap();
    assert!(good.contains(&hash_of("fresh")) && !good.contains(&hash_of(PUSH)));
    assert_eq!((push(old, PUSH), push(old, "fresh")), (401, 200));
    // It serves no more than it did.
    assert_eq!(Client::to(old).get("/metrics", "").status, 404);
    drop(taken);
    eventually("the new one is there", 30, || open(new));
    assert_eq!((push(new, "fresh"), Client::to(new).get("/metrics", "").status), (200, 200));
    eventually("the old one is closed", 30, || !open(old));

    // A listener that has no successor is closed, though another one is missing.
    let (_taken, third) = free();
    daemon.rewrite(&with("other", third, INGEST).replace(&hash_of(PUSH), &hash_of("fresh")));
    assert_eq!(order(&daemon.dir, "reload").0, Some(3));
    eventually("it is closed", 30, || !open(new));
    daemon.process.signal("TERM");
    assert_eq!(daemon.process.wait(), Some(0));
}

/// Whatever it is called: while nobody else serves the page, it is served where it was.
#[test]
fn the_last_page_stays_until_another_one_is_there() {
    let mut daemon = Daemon::start(&config());
    let old = daemon.address;
    let (taken, new) = free();
    daemon.rewrite(
        &config().replace("listen 'lan'", "listen 'elsewhere'").replace("127.0.0.1:0", &new.to_string()),
    );
    daemon.process.signal("HUP");
    daemon.process.wait_for("cannot listen on");
    assert_eq!(daemon.get("/").status, 200);
    drop(taken);
    eventually("the new one is there", 30, || open(new));
    assert_eq!(Client::to(new).get("/", "").status, 200);
    eventually("the old one is closed", 30, || !open(old));
}

/// One port, on one address and then on all of them: each is in the way of the other.
#[test]
fn a_port_goes_from_one_address_to_all() {
    let (held, old) = free();
    drop(held);
    let daemon = Daemon::start(&with("page", old, "\tlist serve 'page'\n"));
    daemon.rewrite(&with(
        "page",
        format!("0.0.0.0:{}", old.port()).parse().unwrap(),
        "\tlist serve 'page'\n",
    ));
    order(&daemon.dir, "reload");
    eventually("it is in force", 30, || order(&daemon.dir, "ready").0 == Some(0));
    assert_eq!(Client::to(old).get("/", "").status, 200);
    assert!(open(format!("127.0.0.2:{}", old.port()).parse().unwrap()));
}

/// A tunnel that is down has no address yet (RFC 5737 has some that nobody has).
#[test]
fn the_address_of_a_tunnel_that_is_down_is_listened_on() {
    let (held, address) = free();
    drop(held);
    let tunnel: SocketAddr = format!("198.51.100.7:{}", address.port()).parse().unwrap();
    let mut daemon = Daemon::start(&with("tunnel", tunnel, INGEST));
    daemon.process.wait_for("no interface has the address 198.51.100.7 yet");
    daemon.process.wait_for(&format!("listening on http://{tunnel}/ (ingest)"));
    assert_eq!(order(&daemon.dir, "ready").0, Some(0));
}

/// A file that stands where a socket should be is nobody who listens, and it stays.
#[test]
fn a_file_in_the_place_of_a_socket_is_told_as_such() {
    let dir = Dir::new();
    let (page, console) = (dir.write("page.sock", "letters"), dir.write("people.sock", "letters"));
    let daemon = Daemon::start(&config());
    let main = |path: &Path| format!("config aiglon 'main'\n\toption console '{}'\n", path.display());
    let proxy = listen("proxy", &format!("unix:{}", page.display()), "\tlist serve 'page'\n");
    daemon.rewrite(&(config() + &main(&console) + &proxy));
    let (code, words) = order(&daemon.dir, "reload");
    assert_eq!(code, Some(3), "{words}");
    for (path, what) in [(&page, ""), (&console, " (console)")] {
        let told = format!("unix:{}{what}: there is something that is no socket\n", path.display());
        assert!(words.contains(&format!("not listening on {told}")), "{words}");
        assert_eq!(std::fs::read_to_string(path).unwrap(), "letters");
        std::fs::remove_file(path).unwrap();
    }
    // The old console goes when the new one is there.
    let ready = || run(Command::new(AIGLON).arg("ready").arg("--socket").arg(&console)).0;
    eventually("both are there", 30, || ready() == Some(0));
    assert!(!daemon.dir.path().join("console.sock").exists());
}

/// Somebody cleans up, and a socket listens where nobody can find it.
#[test]
fn a_socket_whose_file_is_gone_is_told_and_made_anew() {
    let dir = Dir::new();
    let place = dir.path().join("proxy");
    std::fs::create_dir(&place).unwrap();
    let (path, console) = (place.join("page.sock"), dir.path().join("console.sock"));
    let proxy = listen("proxy", &format!("unix:{}", path.display()), PAGE);
    let mut daemon = Daemon::start_in(dir, &(config() + &proxy));
    let ready = || order(&daemon.dir, "ready");
    eventually("it is there", 10, || ready() == (Some(0), "in force\n".to_owned()));
    let mut stays = UnixStream::connect(&path).unwrap();
    let told = format!("unix:{}: its file was removed or replaced", path.display());
    let is_told = || {
        let metric = format!("aiglon_listener_missing{{listener=\"{told}\"}}");
        assert_eq!(daemon.metric(&metric), Some(1.0));
        assert!(status(&daemon.dir, &[]).contains(&format!("missing      {told}")));
        let (code, words) = ready();
        assert_eq!(code, Some(3), "{words}");
        assert!(words.contains(&format!("not listening on {told}\n")), "{words}");
    };
    std::fs::remove_file(&path).unwrap();
    is_told();
    assert_eq!(order(&daemon.dir, "reload"), (Some(0), "in force\n".to_owned()));
    UnixStream::connect(&path).unwrap();
    // Who came by the old one is served.
    stays.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stays.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    // Without a reload, it is back when somebody has asked.
    std::fs::remove_file(&path).unwrap();
    is_told();
    eventually("it is made anew", 30, || UnixStream::connect(&path).is_ok());
    assert_eq!(ready().0, Some(0));

    // Another file in its place is not it, and stays.
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "letters").unwrap();
    is_told();
    let (code, words) = order(&daemon.dir, "reload");
    assert_eq!(code, Some(3), "{words}");
    let why = format!("not listening on unix:{}: there is something that is no socket\n", path.display());
    assert_eq!(words.matches("not listening on").count(), 1, "{words}");
    assert!(words.contains(&why), "{words}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "letters");
    std::fs::remove_file(&path).unwrap();
    eventually("it is tried again", 30, || ready().0 == Some(0));
    UnixStream::connect(&path).unwrap();

    // The console's, about which nobody can ask there.
    assert_eq!(daemon.metric("aiglon_console_missing"), Some(0.0));
    std::fs::remove_file(&console).unwrap();
    std::fs::write(&console, "letters").unwrap();
    assert_eq!(daemon.metric("aiglon_console_missing"), Some(1.0));
    std::fs::remove_file(&console).unwrap();
    assert_eq!(daemon.metric("aiglon_console_missing"), Some(1.0));
    daemon.process.signal("HUP");
    eventually("it is back", 30, || ready().0 == Some(0));
    daemon.process.signal("TERM");
    assert_eq!(daemon.process.wait(), Some(0));
    assert!(!path.exists() && !console.exists());
}

/// What others have put in the place of a socket is theirs: a file, and the socket of another
/// daemon.
#[test]
fn what_stands_in_the_place_of_a_socket_stays_when_that_goes() {
    let dir = Dir::new();
    let (path, console) = (dir.path().join("page.sock"), dir.path().join("console.sock"));
    let text = config() + &listen("proxy", &format!("unix:{}", path.display()), PAGE);
    let mut daemon = Daemon::start_in(dir, &text);
    let ready = |daemon: &Daemon| order(&daemon.dir, "ready").0 == Some(0);
    eventually("it is there", 10, || ready(&daemon));
    // A listener that a reload takes away.
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "letters").unwrap();
    daemon.rewrite(&config());
    assert_eq!(order(&daemon.dir, "reload").0, Some(0));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "letters");
    std::fs::remove_file(&path).unwrap();
    daemon.rewrite(&text);
    assert_eq!(order(&daemon.dir, "reload").0, Some(0));
    // One of another daemon, and the console of one that ends.
    std::fs::remove_file(&path).unwrap();
    let other = Daemon::start(&text);
    eventually("the other one is there", 10, || ready(&other));
    std::fs::remove_file(&console).unwrap();
    std::fs::write(&console, "letters").unwrap();
    daemon.process.signal("TERM");
    assert_eq!(daemon.process.wait(), Some(0));
    UnixStream::connect(&path).unwrap();
    assert!(ready(&other));
    assert_eq!(std::fs::read_to_string(&console).unwrap(), "letters");
}

/// The journal cannot move while it is written, and whoever changes its place is told.
#[test]
fn a_reload_says_what_needs_a_restart() {
    let (old, new) = (Dir::new(), Dir::new());
    let dir = Dir::new();
    let socket = dir.path().join("people.sock");
    let text = |state: &Dir| {
        let (state, console) = (state.path().display(), socket.display());
        format!(
            "{}config aiglon 'main'\n\toption state_dir '{state}'\n\toption console '{console}'\n\toption resolve_after '7m'\n",
            config()
        )
    };
    let ask = |words: &[&str]| {
        let (status, out, err) = run(Command::new(AIGLON).args(words).env_remove("SSH_ORIGINAL_COMMAND"));
        (status, out + &err)
    };
    let file = dir.write("config", &text(&old));
    let (file, at) = (file.to_str().unwrap(), socket.to_str().unwrap());
    let mut process = Process::start(Command::new(AIGLON).args(["serve", file]));
    process.wait_for("listening on http://");
    let told = ["reload", "ready"].map(|what| vec![what, file, "--socket", at]);
    let status = ["console", "--socket", at, "status"];
    let words = "option state_dir is in force after a restart";
    assert_eq!(ask(&told[0]), (Some(0), "in force\n".to_owned()));
    assert!(!ask(&status).1.contains(words));

    let elsewhere = text(&new);
    dir.write("config", &elsewhere);
    let stays = format!("in force\n{words}: the journal stays in {} until then\n", old.path().display());
    for command in &told {
        assert_eq!(ask(command), (Some(0), stays.clone()));
    }
    assert!(ask(&status).1.contains(words), "{}", ask(&status).1);
    process.wait_for(words);
    // The rest is in force, and the journal is where it was.
    assert!(old.path().join("journal").exists() && !new.path().join("journal").exists());
    // Nobody else begins in the new place.
    let mut other = serve(&new, &config());
    assert_eq!(other.wait(), Some(1));
    // Back again, nothing is left to say.
    dir.write("config", &text(&old));
    assert_eq!(ask(&told[0]), (Some(0), "in force\n".to_owned()));
    drop(other);
    // Where another daemon writes, a restart would fail: that is refused now.
    let mut other = serve(&new, &config());
    other.wait_for("listening on http://");
    dir.write("config", &elsewhere);
    let (code, refused) = ask(&told[0]);
    assert_eq!(code, Some(1), "{refused}");
    assert!(refused.contains("another aiglon holds this directory"), "{refused}");
    assert_eq!(ask(&told[1]).0, Some(1));
}

/// A group that comes later is given the console then.
#[test]
fn a_console_without_its_group_is_told() {
    let text = config() + "config aiglon 'main'\n\toption console_group 'aiglon-nobody'\n";
    let daemon = Daemon::start(&text);
    let (code, words) = order(&daemon.dir, "ready");
    assert_eq!(code, Some(3), "{words}");
    assert!(words.contains("console.sock (console): there is no group of that name\n"), "{words}");
    let told = status(&daemon.dir, &[]);
    assert!(told.contains("not as configured: there is no group of that name"), "{told}");
    daemon.rewrite(&config());
    assert_eq!(order(&daemon.dir, "reload"), (Some(0), "in force\n".to_owned()));
}

fn serve(dir: &Dir, text: &str) -> Process {
    let file = dir.write("config", text);
    Process::start(Command::new(AIGLON).arg("serve").arg(file).arg("--state-dir").arg(dir.path()))
}

/// Somebody can be told what is missing, or else the start fails.
#[test]
fn a_start_without_listeners_needs_a_console() {
    let (taken, address) = free();
    let text = config().replace("127.0.0.1:0", &address.to_string());
    let dir = Dir::new();
    let mut process = serve(&dir, &format!("{text}config aiglon 'main'\n\toption console 'off'\n"));
    assert_eq!(process.wait(), Some(1));
    assert!(process.log().contains("nobody can come in"), "{}", process.log());

    let mut process = serve(&dir, &text);
    process.wait_for("console at");
    eventually("somebody answers", 30, || order(&dir, "ready").0 == Some(3));
    drop(taken);
    process.wait_for("listening on http://");
    assert_eq!(Client::to(address).get("/", "").status, 200);
}

/// Whoever has it reloaded hears whether it is in force.
#[test]
fn a_reload_says_why_it_was_refused() {
    let mut daemon = Daemon::start(&config());
    assert_eq!(order(&daemon.dir, "reload"), (Some(0), "in force\n".to_owned()));
    daemon.rewrite(&config().replace("option lang", "option lnag"));
    let (code, words) = order(&daemon.dir, "reload");
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("lnag") && words.contains("NOT IN FORCE"), "{words}");
    assert_eq!(order(&daemon.dir, "ready").0, Some(1));
    daemon.rewrite(&config());
    assert_eq!(order(&daemon.dir, "reload").0, Some(0));
    assert_eq!(
        daemon.connect().get("/api/v2/alerts", &format!("Authorization: Bearer {READ}\r\n")).status,
        200
    );
    daemon.process.signal("TERM");
    daemon.process.wait();
    assert_eq!(order(&daemon.dir, "reload").0, Some(4));
    let nowhere = Path::new("/nowhere");
    assert_eq!(run(Command::new(AIGLON).arg("ready").arg(nowhere)).0, Some(4));
}
