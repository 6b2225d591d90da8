//! Those who mean harm, and those who do it without meaning to: crowds, slow readers, torn
//! connections, hostile files, terminal escapes, storms of signals. The page stays up, the senders
//! are heard, memory does not grow.
#![allow(clippy::unwrap_used, clippy::too_many_lines, missing_docs)]

mod common;
#[path = "kit/dice.rs"]
#[allow(dead_code, reason = "others ask for more")]
mod dice;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Output};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::{Duration, Instant};

use common::{
    AIGLON, Client, Daemon, Dir, PUSH, Process, READ, config, eventually, firing, hash_of, resolved,
};

fn auth() -> String {
    format!("Authorization: Bearer {PUSH}\r\n")
}

/// A field of `/proc/PID/status`, in KiB.
fn resident(daemon: &Daemon) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.process.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Processor time so far, in clock ticks (a hundredth of a second).
fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

fn descriptors(daemon: &Daemon) -> usize {
    fs::read_dir(format!("/proc/{}/fd", daemon.process.child.id())).unwrap().count()
}

/// Closes with a reset instead of a farewell: what has come and was not read makes the kernel send
/// one.
fn reset(daemon: &Daemon, request: &[u8]) {
    let mut client = daemon.connect();
    client.send(request);
    std::thread::sleep(Duration::from_millis(1));
    drop(client);
}

/// Runs one of these tests again, in a process that may open more files than this one.
fn with_more_files(test: &str) -> bool {
    if std::env::var_os("AIGLON_MORE_FILES").is_some() {
        return false;
    }
    let script =
        "ulimit -n 1200 2>/dev/null || ulimit -n $(ulimit -Hn); exec \"$0\" --exact \"$1\" --nocapture";
    let status = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .env("AIGLON_MORE_FILES", "1")
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed; see above");
    true
}

// ---- crowds -------------------------------------------------------------------------------------

#[test]
fn a_thousand_sockets_that_drip_stop_neither_the_page_nor_the_senders() {
    if with_more_files("a_thousand_sockets_that_drip_stop_neither_the_page_nor_the_senders") {
        return;
    }
    let daemon = Daemon::start(&config());
    // Who was there before and has shown a token keeps the connection.
    let mut sender = daemon.connect();
    assert_eq!(sender.post("/api/v2/alerts", &auth(), "[]").status, 200);
    let before = resident(&daemon);
    let mut crowd = Vec::new();
    for n in 0..1000 {
        let mut socket = TcpStream::connect(daemon.address).unwrap();
        socket.write_all(b"G").unwrap();
        crowd.push(socket);
        if n % 100 == 99 {
            let start = Instant::now();
            assert_eq!(daemon.get("/").status, 200);
            assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
            assert_eq!(sender.post("/api/v2/alerts", &auth(), "[]").status, 200, "the same connection");
            assert!(start.elapsed() < Duration::from_secs(2), "after {n}: {:?}", start.elapsed());
        }
    }
    for socket in &mut crowd {
        // Many have been let go by now.
        _ = socket.write_all(b"E");
    }
    assert_eq!(daemon.get("/").status, 200);
    assert_eq!(daemon.metric("aiglon_http_connections{holder=\"sender\"}"), Some(1.0));
    let after = resident(&daemon);
    assert!(after < before + 1024, "64 connections have buffers of 8 KiB: {before} KiB, then {after} KiB");
}

/// A token is stolen with its antenna. Whoever has it opens all the bodies that they can, of every
/// kind, and sends a byte now and then: the other senders are heard all the same.
#[test]
fn a_stolen_token_silences_nobody() {
    let stolen = "stolen-token";
    let source =
        format!("config source 'stolen'\n\toption site 'home'\n\tlist token '{}'\n", hash_of(stolen));
    let config = config().replace("list publish", "list source 'prometheus'\n\tlist publish");
    let daemon =
        Daemon::start(&(config.replace("list match", "list source 'prometheus'\n\tlist match") + &source));
    let headers = |token: &str, more: &str| {
        format!("Host: a\r\nAuthorization: Bearer {token}\r\n{more}Content-Length: 100000\r\n\r\n")
    };
    let gzip = "Content-Encoding: gzip\r\n";
    let mut bodies = Vec::new();
    for _ in 0..12 {
        for (path, more, first) in [
            ("/api/v2/alerts", "", &b"["[..]),
            ("/api/v2/write", gzip, b"\x1f\x8b\x08"),
            ("/api/v2/write", "", b"ping,host="),
            ("/api/v1/telegraf", "", b"{"),
        ] {
            let mut client = daemon.connect();
            let head = format!("POST {path} HTTP/1.1\r\n{}", headers(stolen, more));
            client.send(&[head.as_bytes(), first].concat());
            bodies.push(client);
        }
    }
    let refused =
        |daemon: &Daemon| daemon.metric("aiglon_http_responses_total{status=\"503\"}").unwrap_or(0.0);
    eventually("what finds no reader is turned away", 10, || refused(&daemon) > 20.0);
    for _ in 0..20 {
        assert_eq!(
            daemon.post("/api/v2/alerts", &format!("[{}]", firing("AntennaDown", "heron"))).status,
            200
        );
        let body = b"\x1f\x8b\x08\0\0\0\0\0\0\x03KN\xd6\xcf(-I\xb4-\xcc\xb7\xad2\xe4\x02\0";
        let mut client = daemon.connect();
        let lines = "ping,host=heron loss=0\n";
        assert_eq!(client.post("/api/v2/write", &auth(), lines).status, 204);
        // Torn gzip, but it was its turn: 400, not 503.
        let head = format!(
            "POST /api/v2/write HTTP/1.1\r\nHost: a\r\n{}{gzip}Content-Length: {}\r\n\r\n",
            auth(),
            body.len()
        );
        let mut client = daemon.connect();
        client.send(&[head.as_bytes(), body].concat());
        assert_eq!(client.answer().status, 400);
    }
    assert_eq!(daemon.get("/").status, 200);
    drop(bodies);
}

/// Whoever stole a token keeps connections open with it, idle or with bodies that never come.
/// Visitors who take a moment to say what they want are served all the same.
#[test]
fn a_stolen_token_keeps_no_visitor_out() {
    let daemon = Daemon::start(&config());
    let mut idle = Vec::new();
    for _ in 0..63 {
        let mut client = daemon.connect();
        assert_eq!(client.post("/query", &auth(), "").status, 200);
        idle.push(client);
    }
    let mut visitors: Vec<_> = (0..8).map(|_| daemon.connect()).collect();
    assert!(daemon.metric("aiglon_http_connections_gave_way_total").unwrap() < 4.0, "they said nothing yet");
    for visitor in &mut visitors {
        assert_eq!(visitor.get("/", "").status, 200);
    }
    assert!(daemon.metric("aiglon_http_connections_gave_way_total").unwrap() > 6.0);
    drop((idle, visitors));
    // Bodies that are to be thrown away, and do not come.
    let daemon = Daemon::start(&config());
    let mut bodies = Vec::new();
    for _ in 0..150 {
        let mut client = daemon.connect();
        let head = format!("POST /query HTTP/1.1\r\nHost: a\r\n{}Content-Length: 60000\r\n\r\n", auth());
        client.send(head.as_bytes());
        bodies.push(client);
    }
    assert_eq!(daemon.get("/").status, 200);
    assert_eq!(daemon.metric("aiglon_http_connections_late_total"), Some(0.0), "none waited for its end");
    assert!(daemon.metric("aiglon_http_connections_gave_way_total").unwrap() > 80.0);
}

/// Whoever stole a token asks again and again on many connections, with it or for lists, and reads
/// no answer. Visitors and the other senders are served all the same.
#[test]
fn a_stolen_token_that_reads_no_answer_keeps_nobody_out() {
    let source =
        format!("config source 'stolen'\n\toption site 'home'\n\tlist token '{}'\n", hash_of("stolen-token"));
    let config = config().replace("list publish", "list source 'prometheus'\n\tlist publish");
    let daemon =
        Daemon::start(&(config.replace("list match", "list source 'prometheus'\n\tlist match") + &source));
    let alerts: Vec<_> = (0..200).map(|n| firing(&format!("Alert{n}"), "heron")).collect();
    assert_eq!(daemon.post("/api/v2/alerts", &format!("[{}]", alerts.join(","))).status, 200);
    for (path, token) in
        [("/ping", "stolen-token"), ("/nothing", "stolen-token"), ("/api/v2/alerts", READ), ("/", "")]
    {
        let one = format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n");
        let mut crowd: Vec<_> = (0..80)
            .map(|_| {
                let mut socket = TcpStream::connect(daemon.address).unwrap();
                socket.set_nonblocking(true).unwrap();
                _ = socket.write(one.repeat(20_000).as_bytes());
                socket
            })
            .collect();
        for round in 0..10 {
            // They send on as far as they can.
            for socket in &mut crowd {
                _ = socket.write(one.repeat(2000).as_bytes());
            }
            let start = Instant::now();
            assert_eq!(daemon.get("/").status, 200, "{path}, round {round}");
            assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200, "{path}, round {round}");
            assert!(start.elapsed() < Duration::from_secs(5), "{path}, round {round}: {:?}", start.elapsed());
        }
    }
    assert_eq!(daemon.metric("aiglon_http_connections_late_total"), Some(0.0), "none waited for its end");
}

/// A crowd connects and says nothing. Who comes in the middle of it, and takes a moment to say what
/// they want, is not pushed out by those behind them.
#[test]
fn a_crowd_that_says_nothing_pushes_nobody_out_at_once() {
    let daemon = Daemon::start(&config());
    let crowd = |count: usize| -> Vec<_> {
        (0..count).map(|_| TcpStream::connect(daemon.address).unwrap()).collect()
    };
    let before = crowd(60);
    let mut visitor = daemon.connect();
    let behind = crowd(200);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(visitor.get("/", "").status, 200);
    let gave_way = daemon.metric("aiglon_http_connections_gave_way_total").unwrap();
    assert!(gave_way < 4.0, "who says nothing takes no place: {gave_way}");
    drop((before, behind));
}

#[test]
fn the_idle_give_way_first() {
    let daemon = Daemon::start(&config());
    // The oldest is in the middle of a head; all others have been answered and are idle.
    let mut oldest = daemon.connect();
    oldest.send(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n");
    let mut idle: Vec<_> = (0..47).map(|_| daemon.connect()).collect();
    for client in &mut idle {
        assert_eq!(client.get("/-/healthy", "").status, 200);
    }
    let mut newcomers: Vec<_> = (0..20).map(|_| daemon.connect()).collect();
    for client in &mut newcomers {
        assert_eq!(client.get("/-/healthy", "").status, 200);
    }
    oldest.send(b"\r\n");
    assert_eq!(oldest.answer().status, 200);
    assert_eq!(daemon.metric("aiglon_http_connections_late_total"), Some(0.0));
}

#[test]
fn who_asks_and_never_reads_keeps_nobody_from_the_page() {
    let daemon = Daemon::start(&config());
    assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
    for name in ["W", "X"] {
        assert_eq!(daemon.post("/api/v2/alerts", &format!("[{}]", firing(name, "heron"))).status, 200);
        daemon.page();
    }
    let mut before = 0;
    let mut crowd = Vec::new();
    for round in 0..20 {
        // The page changes, so that each round is sent another one.
        let batch = format!("[{}]", firing(&format!("Alert{round}"), "heron"));
        assert_eq!(daemon.post("/api/v2/alerts", &batch).status, 200);
        for lang in ["en", "fr", "ar"].iter().cycle().take(10) {
            // More pages than the kernel takes on for somebody who does not read.
            let one = format!("GET / HTTP/1.1\r\nHost: a\r\nAccept-Language: {lang}\r\n\r\n");
            let mut socket = TcpStream::connect(daemon.address).unwrap();
            socket.set_nonblocking(true).unwrap();
            _ = socket.write(one.repeat(4000).as_bytes());
            crowd.push(socket);
        }
        std::thread::sleep(Duration::from_millis(30));
        let start = Instant::now();
        for lang in ["en", "fr", "ar"] {
            let answer = daemon.connect().get("/", &format!("Accept-Language: {lang}\r\n"));
            assert_eq!(answer.status, 200, "round {round}, {lang}: {}", answer.body);
        }
        assert_eq!(daemon.get("/metrics").status, 200);
        assert!(start.elapsed() < Duration::from_secs(4), "round {round}: {:?}", start.elapsed());
        if round == 4 {
            before = resident(&daemon);
        }
    }
    let after = resident(&daemon);
    assert!(after < before + 512, "{before} KiB, then {after} KiB");
}

/// The counter is of pages: a page that looks often whether it may be rendered counts once.
#[test]
fn a_page_that_waits_is_counted_once() {
    let sites = (1..8).map(|n| {
        format!("config site 'site{n}'\n\tlist host 'site{n}.example'\n\toption visibility 'public'\n")
    });
    let daemon = Daemon::start(&(config() + &sites.collect::<String>()));
    let mut clients = Vec::new();
    for n in 1..8 {
        for lang in ["en", "fr", "ar"] {
            for path in ["/", "/history"] {
                let mut client = daemon.connect();
                let head = format!(
                    "GET {path} HTTP/1.1\r\nHost: site{n}.example\r\nAccept-Language: {lang}\r\n\r\n"
                );
                client.send(head.as_bytes());
                clients.push(client);
            }
        }
    }
    for client in &mut clients {
        let status = client.answer().status;
        assert!(matches!(status, 200 | 503), "{status}");
    }
    let waited = daemon.metric("aiglon_pages_waited_total").unwrap();
    assert!(waited <= f64::from(u8::try_from(clients.len()).unwrap()), "{waited}");
}

/// Sites with one source and one component each.
fn many_sites(count: usize) -> String {
    let site = |n| {
        format!(
            "config site 'site{n}'\n\tlist host 'site{n}.example'\nconfig source 'source{n}'\n\toption site 'site{n}'\n\
             \tlist token '{}'\n\toption resync '0s'\nconfig service 'service{n}'\n\toption site 'site{n}'\n\
             config component 'part{n}'\n\toption service 'service{n}'\n",
            hash_of(&format!("token-{n}"))
        )
    };
    config() + &(0..count).map(site).collect::<String>()
}

/// Says that a component of [`many_sites`] is down or well.
fn say(client: &mut Client, n: usize, down: bool) {
    let name = if down { firing } else { resolved };
    let body = format!("[{}]", name("Down", &format!("part{n}")).replace("wifi", &format!("service{n}")));
    let answer = client.post("/api/v2/alerts", &format!("Authorization: Bearer token-{n}\r\n"), &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn ask_for(client: &mut Client, n: usize, path: &str, lang: &str) -> u16 {
    let head = format!("GET {path} HTTP/1.1\r\nHost: site{n}.example\r\nAccept-Language: {lang}\r\n\r\n");
    client.send(head.as_bytes());
    client.answer().status
}

/// Does `attack` again and again in some threads while `peace` goes on.
fn while_others(
    daemon: &Daemon,
    count: usize,
    attack: impl Fn(usize, &mut Client) + Sync,
    peace: impl FnOnce(),
) {
    let goes_on = AtomicBool::new(true);
    std::thread::scope(|scope| {
        for index in 0..count {
            let (attack, goes_on) = (&attack, &goes_on);
            let address = daemon.address;
            scope.spawn(move || {
                let mut client = Client::to(address);
                while goes_on.load(Relaxed) {
                    attack(index, &mut client);
                }
            });
        }
        std::thread::sleep(Duration::from_millis(300));
        // However it ends, the threads end.
        let went = std::panic::catch_unwind(std::panic::AssertUnwindSafe(peace));
        goes_on.store(false, Relaxed);
        if let Err(why) = went {
            std::panic::resume_unwind(why);
        }
    });
}

const LANGS: [&str; 3] = ["en", "fr", "ar"];

/// Pages of a site that changes now and then, and its history: none waits for its turn in vain.
fn is_answered(daemon: &Daemon, n: usize) {
    let (mut source, mut visitor) = (daemon.connect(), daemon.connect());
    for round in 0..4 {
        say(&mut source, n, round % 2 == 0);
        for (lang, path) in LANGS.map(|lang| (lang, "/")).into_iter().chain([("en", "/history")]) {
            assert_eq!(ask_for(&mut visitor, n, path, lang), 200, "{round} {path} {lang}");
        }
        std::thread::sleep(Duration::from_millis(1200));
    }
}

/// Who makes a site get worse again and again, and asks for its page each time, takes the pages of
/// no other site.
#[test]
fn a_site_that_gets_worse_all_the_time_takes_no_page_of_another_site() {
    let daemon = Daemon::start(&many_sites(2));
    let attack = |index: usize, client: &mut Client| match index {
        0 => {
            say(client, 0, true);
            say(client, 0, false);
        }
        _ => _ = ask_for(client, 0, "/", LANGS[index % 3]),
    };
    while_others(&daemon, 7, attack, || is_answered(&daemon, 1));
}

/// Nor does a crowd at all pages of all other sites, which are more than can be held.
#[test]
fn a_crowd_at_other_sites_takes_no_page_of_a_site() {
    let daemon = Daemon::start(&many_sites(7));
    let turn = AtomicUsize::new(0);
    let attack = |_, client: &mut Client| {
        let turn = turn.fetch_add(1, Relaxed);
        _ = ask_for(
            client,
            turn % 6,
            if turn.is_multiple_of(7) { "/history" } else { "/" },
            LANGS[turn / 6 % 3],
        );
    };
    while_others(&daemon, 40, attack, || is_answered(&daemon, 6));
}

#[test]
fn connections_torn_at_every_stage_leave_nothing_behind() {
    let daemon = Daemon::start(&config());
    let body = format!("[{}]", firing("A", "heron"));
    let push = format!(
        "POST /api/v2/alerts HTTP/1.1\r\nHost: a\r\n{}Content-Length: {}\r\n\r\n{body}",
        auth(),
        body.len()
    );
    let page = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let before = descriptors(&daemon);
    for round in 0..60 {
        for stage in [0, 1, 10, push.len() - body.len(), push.len() - 5, push.len()] {
            reset(&daemon, &push.as_bytes()[..stage]);
        }
        reset(&daemon, page.repeat(500).as_bytes());
        reset(&daemon, format!("{page}GET / HT").as_bytes());
        let mut half = daemon.connect();
        half.send(page.as_bytes());
        half.0.get_ref().shutdown(Shutdown::Write).unwrap();
        assert_eq!(half.answer().status, 200, "who says no more is answered still; round {round}");
        assert!(half.is_closed());
    }
    // Many at once, that come and go: more than the kernel's queue holds, so that some are heard of
    // later.
    for _ in 0..300 {
        drop(TcpStream::connect(daemon.address).unwrap());
    }
    assert_eq!(daemon.get("/").status, 200);
    eventually("all are closed", 15, || descriptors(&daemon) <= before + 1);
    assert_eq!(daemon.metric("aiglon_http_connections{holder=\"sender\"}"), Some(0.0));
}

#[test]
fn without_file_descriptors_it_waits_without_spinning_and_goes_on() {
    let dir = Dir::new();
    let file = dir.write("config", &config());
    let mut process = Process::start(
        Command::new("sh")
            .args(["-c", "ulimit -n 40; exec \"$0\" serve \"$1\" --state-dir \"$2\"", AIGLON])
            .args([file.as_path(), dir.path()]),
    );
    let line = process.wait_for("listening on http://");
    let address: SocketAddr =
        line.split("http://").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
    let crowd: Vec<_> = (0..45).map(|_| TcpStream::connect(address).unwrap()).collect();
    process.wait_for("cannot accept a connection");
    let (start, used) = (Instant::now(), ticks(process.child.id()));
    assert_eq!(Client::to(address).get("/", "").status, 200, "somebody gave way");
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    std::thread::sleep(Duration::from_secs(1));
    let used = ticks(process.child.id()) - used;
    assert!(used < 40, "{used} hundredths of a second");
    drop(crowd);
    assert_eq!(Client::to(address).get("/", "").status, 200);
    assert_eq!(process.log().matches("cannot accept").count(), 1, "said once");
}

// ---- what is written where ----------------------------------------------------------------------

#[test]
fn a_visitor_can_neither_write_into_the_log_nor_fill_it() {
    let mut daemon = Daemon::start(&config());
    let escape = "\u{1b}]0;owned\u{7}\u{1b}[31m";
    for round in 0..100 {
        for request in [
            format!("GET /{escape} HTTP/1.1\r\nHost: a\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: {escape}\r\n\r\n"),
            "GET /%1b[31mowned HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "GET / HTTP/1.1\r\nHost: owned.example\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n".to_owned(),
            format!(
                "POST /api/v2/alerts HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer owned{round}\r\nContent-Length: 2\r\n\r\n[]"
            ),
            format!(
                "POST /api/v2/alerts HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {}\r\nContent-Length: 2\r\n\r\n[]",
                "owned, ".repeat(500)
            ),
        ] {
            let mut client = daemon.connect();
            client.send(request.as_bytes());
            assert!(client.answer().status >= 400);
        }
        // Nor can a sender, beyond a line a minute.
        assert_eq!(daemon.post("/api/v2/alerts", &format!("[{{\"owned{escape}\"")).status, 400);
        assert_eq!(daemon.post("/api/v2/alerts", "[{\"labels\":{\"owned\":1}}]").status, 400);
    }
    let log = daemon.process.log();
    assert!(!log.contains("owned") && !log.contains('\u{1b}') && !log.contains("192.0.2.1"), "{log}");
    assert!(log.lines().count() <= 3, "{log}");
}

#[test]
fn what_an_alert_says_cannot_leave_its_place() {
    let daemon = Daemon::start(&config());
    let controls: String = (1..32).map(char::from).collect();
    let nasty = format!("{controls}\u{7f}\u{85}\u{9b}31m\u{202e}\u{2066}\"\\</script><b>&amp;'");
    let alert = serde_json::json!([{
        "labels": {"alertname": nasty, "service": "wifi", "component": "heron", "severity": "critical"},
        "annotations": {"summary": nasty},
    }]);
    assert_eq!(daemon.post("/api/v2/alerts", &alert.to_string()).status, 200);
    let page = daemon.page();
    assert!(page.contains("&lt;/script&gt;"));
    assert!(!page.contains("</script") && !page.contains("<b>&amp;"));
    let harmful = |c: char| {
        (c.is_control() && c != '\n')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    assert!(!page.contains(harmful), "{page}");
    let list =
        daemon.connect().get("/api/v2/alerts", &format!("Authorization: Bearer {}\r\n", common::READ)).body;
    assert!(!list.contains(|c: char| c < ' '), "JSON escapes them: {list:?}");
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    // But for what is not seen and stands between ASCII: it could hide an address from the mask.
    assert_eq!(list[0]["labels"]["alertname"], nasty.replace("\u{202e}\u{2066}", "").as_str());
}

// ---- pages --------------------------------------------------------------------------------------

/// Two sites on one daemon; the second has a host of its own.
fn two_sites() -> String {
    config()
        + &format!(
            "
config site 'other'
	option title 'Elsewhere'
	list host 'other.example'
	option lang 'fr'
config source 'other_prometheus'
	option site 'other'
	list token '{}'
	option resync '0s'
config service 'vpn'
	option site 'other'
config component 'gateway'
	option service 'vpn'
	list publish 'summary'
",
            hash_of("other-token")
        )
}

#[test]
fn a_page_is_never_served_for_another_site_or_language() {
    let daemon = Daemon::start(&two_sites());
    let address = daemon.address;
    std::thread::scope(|scope| {
        let asking: Vec<_> = [
            ("localhost", "en"),
            ("localhost", "ar"),
            ("other.example", "fr"),
            ("other.example", "en"),
            ("OTHER.example.:80", "ar"),
        ]
        .into_iter()
        .map(|(host, lang)| {
            scope.spawn(move || {
                let (mut client, mut told_to_wait) = (Client::to(address), 0);
                let mut asked = 0;
                while asked < 150 {
                    let request =
                        format!("GET / HTTP/1.1\r\nHost: {host}\r\nAccept-Language: {lang}\r\n\r\n");
                    client.send(request.as_bytes());
                    let page = client.answer();
                    // On a busy machine a page's turn may not come within a second.
                    if page.status == 503 && page.header("Retry-After").is_some() {
                        told_to_wait += 1;
                        assert!(told_to_wait < 10, "nobody is served");
                        std::thread::sleep(std::time::Duration::from_secs(1));
                        client = Client::to(address);
                        continue;
                    }
                    asked += 1;
                    assert_eq!(page.status, 200);
                    assert!(page.body.contains(&format!("lang=\"{lang}\"")), "{host} {lang}");
                    let other = host != "localhost";
                    assert_eq!(page.body.contains("Elsewhere"), other, "{host} {lang}");
                    assert_eq!(page.body.contains("Antennas"), !other, "{host} {lang}");
                    assert!(!page.body.contains(if other { "of home" } else { "of other" }), "{host} {lang}");
                    assert_eq!(page.header("Vary"), Some("Accept-Encoding, Accept-Language"));
                }
            })
        })
        .collect();
        let alert = |name: &str, service: &str, component: &str| {
            firing(name, component)
                .replace("\"wifi\"", &format!("\"{service}\""))
                .replace("summary\":\"", "summary\":\"of ")
        };
        let mut round = 0;
        while asking.iter().any(|one| !one.is_finished()) {
            round += 1;
            let batch = format!("[{}]", alert(&format!("home{round}"), "wifi", "heron"));
            assert_eq!(Client::to(address).post("/api/v2/alerts", &auth(), &batch).status, 200);
            let batch = format!("[{}]", alert(&format!("other{round}"), "vpn", "gateway"));
            let token = "Authorization: Bearer other-token\r\n";
            assert_eq!(Client::to(address).post("/api/v2/alerts", token, &batch).status, 200);
        }
        for one in asking {
            one.join().unwrap();
        }
    });
}

#[test]
fn an_etag_is_the_same_for_every_visitor_and_after_a_restart() {
    let daemon = Daemon::start(&two_sites());
    let tag = |daemon: &Daemon, headers: &str| {
        daemon.connect().get("/", headers).header("ETag").unwrap().to_owned()
    };
    let here = tag(&daemon, "");
    assert_eq!(tag(&daemon, "User-Agent: x\r\nCookie: id=7\r\nAccept-Language: en-GB, fr;q=0.1\r\n"), here);
    assert_ne!(tag(&daemon, "Accept-Language: fr\r\n"), here);
    let again = Daemon::start(&two_sites());
    assert_eq!(tag(&again, ""), here, "a page that says the same is the same");
    daemon.post("/api/v2/alerts", &format!("[{}]", firing("A", "heron")));
    assert_ne!(tag(&daemon, ""), here);
}

// ---- configuration ------------------------------------------------------------------------------

fn check(file: &std::path::Path) -> Output {
    Command::new(AIGLON).arg("check").arg(file).output().unwrap()
}

#[test]
fn check_says_what_is_right_and_may_not_be_meant() {
    let dir = Dir::new();
    let file = dir.path().join("config");
    let text = |address: &str, more: &str, state: &std::path::Path| {
        format!(
            "config aiglon 'main'\n\toption state_dir '{}'\nconfig listen\n\toption address '{address}'\n\
             \tlist serve 'page'\n\tlist serve 'ingest'\n{more}config site 's'\n",
            state.display()
        )
    };
    let here = dir.path().join("state");
    let nowhere = dir.path().join("not").join("there");
    let plain = "\toption plaintext '1'\n";
    for (address, more, state, told) in [
        ("127.0.0.1:9093", "", &here, None),
        ("[::1]:9093", "", &here, None),
        ("unix:/run/x.sock", "", &here, None),
        ("0.0.0.0:9093", plain, &here, None),
        ("0.0.0.0:9093", "", &here, Some("note: 0.0.0.0:9093 refuses senders from beyond this machine")),
        ("[::]:9093", "", &here, Some("note: [::]:9093 refuses")),
        ("192.0.2.1:9093", plain, &here, Some("note: this machine does not have the address 192.0.2.1 now")),
        ("127.0.0.1:9093", "", &nowhere, Some("cannot be made, since there is no directory")),
    ] {
        fs::write(&file, text(address, more, state)).unwrap();
        let done = check(&file);
        let out = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success() && out.contains("no mistake found"), "{address}: {done:?}");
        assert_eq!(out.contains("note: "), told.is_some(), "{out}");
        assert!(told.is_none_or(|told| out.contains(told)), "{out}");
    }
    // A warning is no mistake, and not nothing.
    fs::write(&file, text("127.0.0.1:9093", &plain.repeat(2), &here)).unwrap();
    let done = check(&file);
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success() && out.contains(": no mistake, but the warnings\n"), "{done:?}");
    assert!(String::from_utf8_lossy(&done.stderr).contains("warning: "));
}

#[test]
fn hostile_files_are_refused_in_words() {
    let dir = Dir::new();
    let head = "config listen\n\toption address '127.0.0.1:0'\n\tlist serve 'page'\nconfig site 's'\n";
    let files: Vec<(&str, Vec<u8>, &str)> = vec![
        ("too large", vec![b'#'; 65_537], "larger than 65536 bytes"),
        ("NUL", b"config site 'a\0b'\n".to_vec(), "NUL"),
        ("not UTF-8", b"config site '\xff'\n".to_vec(), "UTF-8"),
        ("an open quote", b"config site 'a\n".to_vec(), "is not closed"),
        (
            "quotes in quotes",
            format!("{head}\toption title {}\n", "'a'\"b\"".repeat(5000)).into(),
            "longer than 4096",
        ),
        ("backslashes", format!("{head}\toption title {}\n", "\\'".repeat(5000)).into(), "longer than 4096"),
        ("10,000 sections", "config site\n".repeat(5000).into(), "more"),
        (
            "services",
            format!(
                "{head}{}",
                (0..1200)
                    .fold(String::new(), |all, n| all + &format!("config service x{n}\n\toption site s\n"))
            )
            .into(),
            "64",
        ),
        (
            "the same again",
            format!("{head}{}", "config service w\n\toption site s\nconfig component w\n".repeat(99)).into(),
            "w",
        ),
        ("an escape", format!("{head}\toption '\u{1b}[31m' 'x'\n").into(), "cannot be a name"),
        ("another", format!("{head}\toption lang '\u{1b}]0;owned\u{7}'\n").into(), "lang"),
        ("nothing", Vec::new(), "config listen"),
    ];
    for (what, text, words) in files {
        let file = dir.path().join("hostile");
        fs::write(&file, &text).unwrap();
        let output = check(&file);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{what}: {said}");
        assert!(said.contains(words), "{what}: {said}");
        assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "{what}: {said:?}");
        assert!(said.lines().count() <= 70, "{what}");
    }
    for path in ["/nonexistent/file", "/", "/dev/null", "/dev/zero"] {
        assert_eq!(check(path.as_ref()).status.code(), Some(2), "{path}");
    }
}

/// `config.example`, damaged by chance: whatever comes of it, nobody panics, and what is taken can
/// be rendered.
#[test]
fn a_damaged_file_is_taken_or_refused_and_nothing_else() {
    use aiglon::config::{Config, Problems};
    let example = include_bytes!("../config.example");
    let (mut config, mut problems) = (Box::new(Config::new()), Box::new(Problems::new()));
    let mut dice = dice::Dice::new(1);
    let mut below = |n: usize| dice.below(n);
    let pieces: [&[u8]; 14] = [
        b"'",
        b"\"",
        b"\\",
        b"\n",
        b"#",
        b"\0",
        b"\xc3",
        b"config ",
        b"option ",
        b"list match '!=~*'\n",
        b"package x\n",
        b"\xe2\x80\xae",
        b"\r",
        b" 99999999999999d ",
    ];
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..1500 {
        let mut text = example.to_vec();
        for _ in 0..=below(3) {
            let at = below(text.len());
            match below(4) {
                0 => text[at] = u8::try_from(below(256)).unwrap(),
                1 => drop(text.drain(at..(at + below(200)).min(text.len()))),
                2 => drop(text.splice(at..at, pieces[below(pieces.len())].iter().copied())),
                _ => text.truncate(at.max(1)),
            }
        }
        *problems = Problems::new();
        if config.load(&text, &mut problems).is_ok() {
            taken += 1;
            for site in 0..u8::try_from(config.sites.len()).unwrap() {
                assert!(aiglon::render::worst_case(&config, aiglon::model::SiteId(site)) > 0);
            }
        } else {
            refused += 1;
            assert!(
                problems.iter().next().is_some(),
                "refused without a word: {}",
                String::from_utf8_lossy(&text)
            );
        }
        for problem in problems.iter() {
            let mut words: heapless::String<1024> = heapless::String::new();
            _ = problem.describe(&mut words);
            assert!(!words.is_empty() && !words.contains(char::is_control), "{words:?}");
        }
    }
    assert!(taken > 100 && refused > 100, "{taken} {refused}");
}

#[test]
fn arguments_that_make_no_sense_are_refused_with_2() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/config.example");
    for arguments in [
        &[][..],
        &["nonsense"],
        &["serve", "a", "b"],
        &["serve", "--listen"],
        &["serve", "--state-dir"],
        &["serve", "--nonsense"],
        &["serve", example, "--listen", "localhost:80"],
        &["serve", example, "--listen", "unix:"],
        &["serve", "/nonexistent/file"],
        &["check", "--listen", "127.0.0.1:0"],
        &["check", "/nonexistent/file"],
        &["token", "x"],
        &["serve", "--config", example],
        &["reload", "/nonexistent", "--listen", "127.0.0.1:0"],
        &["reload", "/nonexistent", "--state-dir", "/nonexistent"],
        &["ready", "/nonexistent", "--fallback", "/nonexistent"],
        &["revoke", "--config", "/nonexistent", "--listen", "127.0.0.1:0", "heron"],
        &["--fallback", "/nonexistent", "console", "status"],
    ] {
        let dir = Dir::new();
        let mut command = Command::new(AIGLON);
        command.args(arguments);
        if arguments.first() == Some(&"serve")
            && arguments.last() != Some(&"--listen")
            && arguments.last() != Some(&"--state-dir")
        {
            command.arg("--state-dir").arg(dir.path());
        }
        let output = command.output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{arguments:?}");
    }
    // Nobody there to tell: the exit status does.
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let serve = ["serve", "/nonexistent", "--state-dir", "/nonexistent"];
    for arguments in [&["check", "/nonexistent"][..], &["nonsense"], &serve] {
        let status = Command::new(AIGLON).args(arguments).stderr(full()).status().unwrap();
        assert_eq!(status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(Command::new(AIGLON).arg("--help").stdout(full()).status().unwrap().code(), Some(1));
    for (arguments, words) in
        [(&["--help"][..], "Usage"), (&["--version"], "aiglon 0"), (&["check", example], "no mistake")]
    {
        let output = Command::new(AIGLON).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(String::from_utf8(output.stdout).unwrap().contains(words), "{arguments:?}");
    }
}

/// Starts, expects it to end by itself, and returns its exit status and log.
fn fails(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn at_boot_it_takes_what_it_can_get_and_says_so() {
    let serve = |dir: &Dir, state: &std::path::Path| {
        let mut command = Command::new(AIGLON);
        command.arg("serve").arg(dir.path().join("config")).arg("--state-dir").arg(state);
        command
    };
    // The file is gone, and there is a last good one.
    let first = Daemon::start(&config());
    let Daemon { mut process, dir, .. } = first;
    process.signal("TERM");
    assert_eq!(process.wait(), Some(0));
    fs::remove_file(dir.path().join("config")).unwrap();
    let mut process = Process::start(&mut serve(&dir, dir.path()));
    process.wait_for("last good configuration");
    process.wait_for("listening on");
    process.signal("TERM");
    process.wait();
    // It cannot be read (or it can, by root), and the last good one is broken: the end, with the
    // reason.
    fs::create_dir(dir.path().join("config")).unwrap();
    for broken in ["", "config nonsense", "\0\0\0"] {
        fs::write(dir.path().join("config.last-good"), broken).unwrap();
        let (code, log) = fails(&mut serve(&dir, dir.path()));
        assert_eq!(code, Some(2), "{log}");
        assert!(log.contains("Is a directory"), "{log}");
    }
    // No place for state: it serves, and says what that means.
    let dir = Dir::new();
    let file = dir.write("config", &config());
    for state in [file.clone(), dir.path().join("missing/deeper"), "/proc".into()] {
        let mut process = Process::start(&mut serve(&dir, &state));
        process.wait_for("cannot keep the last good configuration");
        process.wait_for("listening on");
        process.signal("TERM");
        assert_eq!(process.wait(), Some(0));
    }
    // A last good file that is half written is not what was good: the one beside it is never read.
    let dir = Dir::new();
    dir.write("config.last-good.new", &config());
    dir.write("config", "config nonsense");
    assert_eq!(fails(&mut serve(&dir, dir.path())).0, Some(2));
    // What is kept is for its owner alone.
    let daemon = Daemon::start(&config());
    assert_eq!(daemon.get("/-/healthy").status, 200, "it has started");
    let mode = fs::metadata(daemon.dir.path().join("config.last-good")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_storm_of_reloads_costs_no_request_and_no_alert() {
    let daemon = Daemon::start(&config());
    assert_eq!(daemon.post("/api/v2/alerts", &format!("[{}]", firing("Kept", "heron"))).status, 200);
    let address = daemon.address;
    let before = (resident(&daemon), descriptors(&daemon));
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..3)
            .map(|n| {
                scope.spawn(move || {
                    let mut client = Client::to(address);
                    for _ in 0..200 {
                        let page = client.get("/", "");
                        assert!(page.body.contains("Kept on heron"), "{} {}", page.status, page.body);
                        let batch = format!(
                            "[{},{}]",
                            firing(&format!("A{n}"), "egret"),
                            resolved(&format!("A{n}"), "egret")
                        );
                        assert_eq!(client.post("/api/v2/alerts", &auth(), &batch).status, 200);
                    }
                })
            })
            .collect();
        let mut round = 0;
        while asking.iter().any(|one| !one.is_finished()) {
            round += 1;
            match round % 3 {
                0 => daemon.rewrite(&config()),
                // Another order of components, a further one, another token.
                1 => daemon.rewrite(&config().replace(
                    "config component 'heron'",
                    "config component 'further'\n	option service 'wifi'\nconfig component 'heron'",
                )),
                _ => daemon.rewrite("config nonsense"),
            }
            daemon.process.signal("HUP");
        }
        for one in asking {
            one.join().unwrap();
        }
    });
    daemon.rewrite(&config());
    daemon.process.signal("HUP");
    eventually("the last reload", 5, || !daemon.page().contains("further"));
    assert!(daemon.page().contains("Kept on heron"));
    let after = (resident(&daemon), descriptors(&daemon));
    assert!(after.0 < before.0 + 1024, "{before:?} {after:?}");
    assert!(after.1 <= before.1 + 3, "{before:?} {after:?}");
}

#[test]
fn listeners_come_go_and_change_on_a_reload() {
    let mut daemon = Daemon::start(&config());
    let free = |taken: &TcpListener| taken.local_addr().unwrap();
    let second = |address: &str, roles: &str| {
        config() + &format!("config listen 'second'\n	option address '{address}'\n{roles}")
    };
    let mut reload = |text: &str, expected: &str| {
        daemon.process.forget_log();
        daemon.rewrite(text);
        daemon.process.signal("HUP");
        daemon.process.wait_for(expected)
    };
    let page = "	list serve 'page'\n";

    // Added, by an address that is free.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free(&taken);
    // Taken: the rest is served (tests/listeners.rs).
    let line = reload(&second(&address.to_string(), page), "cannot listen on");
    assert!(line.contains(&address.to_string()), "{line}");
    drop(taken);
    reload(&second(&address.to_string(), page), "reloaded");
    assert_eq!(Client::to(address).get("/", "").status, 200);
    assert_eq!(Client::to(address).get("/metrics", "").status, 404);
    // Other roles, for connections that are open, too.
    let mut open = Client::to(address);
    assert_eq!(open.get("/", "").status, 200);
    reload(&second(&address.to_string(), "	list serve 'metrics'\n"), "reloaded");
    assert_eq!(open.get("/", "").status, 404);
    assert_eq!(open.get("/metrics", "").status, 200);
    // Another one comes in its place: who came by the old one has not come by that.
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = free(&elsewhere);
    drop(elsewhere);
    reload(&second(&other.to_string(), "	list serve 'metrics'\n"), "reloaded");
    assert_eq!(Client::to(other).get("/metrics", "").status, 200);
    assert_eq!(open.get("/metrics", "").status, 404);
    reload(&second(&address.to_string(), "	list serve 'metrics'\n"), "reloaded");
    let mut open = Client::to(address);
    assert_eq!(open.get("/metrics", "").status, 200);
    // Removed: nobody is let in, and who is in gets nothing more, or is sent away before.
    reload(&config(), "reloaded");
    open.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    if let Some(answer) = open.try_answer(false) {
        assert_eq!((answer.status, answer.header("Connection")), (404, Some("close")));
    }
    assert!(open.is_closed());
    eventually("closed", 5, || TcpStream::connect(address).is_err());
    assert_eq!(daemon.get("/").status, 200);
}

#[test]
fn a_unix_socket_that_is_stale_is_replaced_and_one_in_use_is_not() {
    let dir = Dir::new();
    let path = dir.path().join("http.sock");
    let text = config()
        + &format!("config listen 'local'\n	option address 'unix:{}'\n	list serve 'page'\n", path.display());
    let ask = || {
        let mut socket = UnixStream::connect(&path).unwrap();
        socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    };
    let serve = |file: &std::path::Path| {
        let mut command = Command::new(AIGLON);
        command.arg("serve").arg(file).arg("--state-dir").arg(dir.path());
        command
    };
    let file = dir.write("config", &text);
    // Something that is no socket stays.
    fs::write(&path, "precious").unwrap();
    let mut process = Process::start(&mut serve(&file));
    process.wait_for("cannot listen on unix:");
    process.wait_for("listening on http://");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    drop(process);
    fs::remove_file(&path).unwrap();
    // In use by somebody else.
    let other = UnixListener::bind(&path).unwrap();
    let mut process = Process::start(&mut serve(&file));
    process.wait_for("cannot listen on unix:");
    // Left behind.
    drop(other);
    process.wait_for("listening on unix:");
    assert!(ask().starts_with("HTTP/1.1 200 "));
    // Killed: it is left behind once more.
    process.child.kill().unwrap();
    process.child.wait().unwrap();
    assert!(path.exists());
    let mut process = Process::start(&mut serve(&file));
    process.wait_for("listening on unix:");
    assert!(ask().starts_with("HTTP/1.1 200 "));
    process.signal("TERM");
    assert_eq!(process.wait(), Some(0));
    assert!(!path.exists(), "it cleans up after itself");
}
