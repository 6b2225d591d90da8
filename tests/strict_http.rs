//! Strict HTTP by the running daemon: what is malformed is refused with the
//! right status, nothing that follows it is taken for a request, and what real senders do works.
#![allow(clippy::unwrap_used, clippy::too_many_lines, missing_docs)]

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

use common::{Answer, Client, Daemon, PUSH, READ, config, eventually, firing};

/// The statuses of all answers until the daemon closes.
fn statuses(client: &mut Client) -> Vec<u16> {
    let mut all = Vec::new();
    while let Some(answer) = client.try_answer(false) {
        all.push(answer.status);
    }
    all
}

/// Sends bytes, says that no more will come, and returns the statuses of all answers.
fn tell(daemon: &Daemon, bytes: &[u8]) -> Vec<u16> {
    let mut client = daemon.connect();
    client.send(bytes);
    _ = client.0.get_ref().shutdown(Shutdown::Write);
    statuses(&mut client)
}

fn push(headers: &str, body: &str) -> String {
    format!("POST /api/v2/alerts HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {PUSH}\r\n{headers}\r\n{body}")
}

const GET: &str = "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n";

/// What is refused, each with the status that says so.
fn refused() -> Vec<(String, u16)> {
    let get = |line: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n");
    let long = |count: usize| "x".repeat(count);
    vec![
        // Line ends and controls.
        ("GET / HTTP/1.1\nHost: a\n\n".into(), 400),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n".into(), 400),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400),
        (get("X: \0"), 400),
        (get("X: \u{1b}[31m"), 400),
        (get("X: a\r\n b"), 400),
        (get(" X: a"), 400),
        (get("X : a"), 400),
        (get(": a"), 400),
        (get("X"), 400),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0".into(), 400),
        // Request lines.
        ("GET /\r\n\r\n".into(), 400),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n".into(), 400),
        ("GET / http/1.1\r\nHost: a\r\n\r\n".into(), 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n".into(), 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(), 505),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400),
        ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400),
        ("GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400),
        ("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n".into(), 400),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n".into(), 501),
        // Host.
        ("GET / HTTP/1.1\r\n\r\n".into(), 400),
        (get("Host: b"), 400),
        (get("Host: a"), 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\nHost: a\u{e9}\r\n\r\n".into(), 400),
        // Sizes.
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", long(2048)), 414),
        (get(&format!("X: {}", long(8192))), 431),
        (long(9000), 431),
        (get(&"X: y\r\n".repeat(64)), 431),
        // Framing.
        (push("Content-Length: 2\r\nContent-Length: 2\r\n", "[]"), 400),
        (push("Content-Length: 2\r\nContent-Length: 3\r\n", "[]"), 400),
        (push("Content-Length: 2, 2\r\n", "[]"), 400),
        (push("Content-Length: +2\r\n", "[]"), 400),
        (push("Content-Length: -2\r\n", "[]"), 400),
        (push("Content-Length: 0x2\r\n", "[]"), 400),
        (push("Content-Length:\r\n", "[]"), 400),
        (push("Content-Length: 18446744073709551616\r\n", "[]"), 400),
        (push("Content-Length: 18446744073709551615\r\n", "[]"), 413),
        (push("Content-Length: 268435457\r\n", "[]"), 413),
        (push("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "2\r\n[]\r\n0\r\n\r\n"), 400),
        (push("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "2\r\n[]\r\n0\r\n\r\n"), 400),
        (push("Content-Length: 2\r\nTransfer-Encoding: identity\r\n", "[]"), 400),
        (push("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "2\r\n[]\r\n0\r\n\r\n"), 400),
        (push("Transfer-Encoding: chunked, chunked\r\n", "2\r\n[]\r\n0\r\n\r\n"), 400),
        (push("Transfer-Encoding: chunked, gzip\r\n", "2\r\n[]\r\n0\r\n\r\n"), 400),
        (push("Transfer-Encoding: gzip, chunked\r\n", "2\r\n[]\r\n0\r\n\r\n"), 501),
        (push("Transfer-Encoding: gzip\r\n", "[]"), 501),
        (push("Transfer-Encoding: xchunked\r\n", "2\r\n[]\r\n0\r\n\r\n"), 501),
        (push("Transfer-Encoding: chunked;q=1\r\n", "2\r\n[]\r\n0\r\n\r\n"), 501),
        (push("Transfer-Encoding:\r\n", "[]"), 400),
        (push("Transfer-Encoding:\u{b}chunked\r\n", "2\r\n[]\r\n0\r\n\r\n"), 400),
        (push("Transfer-Encoding : chunked\r\n", "2\r\n[]\r\n0\r\n\r\n"), 400),
        (push("Transfer-Encoding: chunked\r\n", "2\r\n[]\r\n0\r\n\r\n").replace("HTTP/1.1", "HTTP/1.0"), 400),
        (push("Expect: 200-ok\r\nContent-Length: 2\r\n", "[]"), 417),
        (push(&format!("Authorization: Bearer {PUSH}\r\nContent-Length: 2\r\n"), "[]"), 400),
        // Chunks.
        (push("Transfer-Encoding: chunked\r\n", "2\n[]\r\n0\r\n\r\n"), 400),
        (push("Transfer-Encoding: chunked\r\n", "2\r\n[]\n0\r\n\r\n"), 400),
        (push("Transfer-Encoding: chunked\r\n", "2\r\n[]x\r\n0\r\n\r\n"), 400),
        (push("Transfer-Encoding: chunked\r\n", "+2\r\n[]\r\n0\r\n\r\n"), 400),
        (push("Transfer-Encoding: chunked\r\n", "0x2\r\n[]\r\n0\r\n\r\n"), 400),
        (push("Transfer-Encoding: chunked\r\n", "-1\r\n[]\r\n0\r\n\r\n"), 400),
        (push("Transfer-Encoding: chunked\r\n", "\r\n[]\r\n0\r\n\r\n"), 400),
        (push("Transfer-Encoding: chunked\r\n", "2\r\n[]\r\n0\r\n folded: x\r\n\r\n"), 400),
        (push("Transfer-Encoding: chunked\r\n", "10000000000000000\r\n[]"), 400),
        (push("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n[]"), 413),
        (push("Transfer-Encoding: chunked\r\n", "10000001\r\n[]"), 413),
        (push("Transfer-Encoding: chunked\r\n", &format!("2;{}\r\n[]\r\n0\r\n\r\n", long(300))), 400),
        (push("Transfer-Encoding: chunked\r\n", &format!("2\r\n[]\r\n0\r\nX: {}\r\n\r\n", long(300))), 400),
    ]
}

#[test]
fn what_is_malformed_is_refused_and_nothing_behind_it_is_taken_for_a_request() {
    let daemon = Daemon::start(&config());
    for (bytes, status) in refused() {
        // Another request behind it: whoever smuggles hopes that it is answered.
        let smuggled = format!("{bytes}{GET}");
        assert_eq!(tell(&daemon, smuggled.as_bytes()), [status], "{bytes:?}");
    }
    assert_eq!(daemon.get("/-/healthy").status, 200);
}

#[test]
fn a_refusal_comes_without_waiting_for_the_rest_and_says_that_it_closes() {
    let daemon = Daemon::start(&config());
    for bytes in ["GET / HTTP/1.1\n", "GET / HTTP/1.1\r\nHost: a\r\n folded", &"x".repeat(8192)] {
        let mut client = daemon.connect();
        client.send(bytes.as_bytes());
        let answer = client.answer();
        assert_eq!(answer.header("Connection"), Some("close"), "{bytes:?}");
        assert_eq!(answer.header("Content-Length").unwrap(), answer.body.len().to_string());
        assert!(client.is_closed());
    }
}

#[test]
fn a_head_of_8_kib_is_taken_and_no_more() {
    let daemon = Daemon::start(&config());
    let head = |len: usize| {
        let start = "GET /-/healthy HTTP/1.1\r\nHost: a\r\nX: ";
        format!("{start}{}\r\n\r\n", "x".repeat(len - start.len() - 4))
    };
    assert_eq!(tell(&daemon, head(8192).as_bytes()), [200]);
    assert_eq!(tell(&daemon, format!("{}{GET}", head(8192)).as_bytes()), [200, 200]);
    assert_eq!(tell(&daemon, head(8193).as_bytes()), [431]);
    assert_eq!(
        tell(
            &daemon,
            format!("GET /-/healthy?{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(2048 - 11)).as_bytes()
        ),
        [200]
    );
}

#[test]
fn what_is_odd_and_right_is_taken() {
    let daemon = Daemon::start(&config());
    let ok = [
        "\r\nGET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET http://other.example/-/healthy HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /-/healthy HTTP/1.1\r\nhOST:a:8080\r\n\r\n".to_owned(),
        "GET /-/healthy HTTP/1.1\r\nHost:\r\n\r\n".to_owned(),
        "GET /-/healthy HTTP/1.1\r\nHost: [::1]:80\r\nX:\tcaf\u{e9} \t\r\n\r\n".to_owned(),
        push("Content-Length: 0002\r\n", "[]"),
        push("Transfer-Encoding: CHUNKED\r\n", "2\r\n[]\r\n0\r\n\r\n"),
        push(
            "Transfer-Encoding: chunked\r\n",
            "1;a=b;c=\"d\"\r\n[\r\n0001 ;x\r\n]\r\n000\r\nX-Checksum: 1\r\nY: 2\r\n\r\n",
        ),
        push("Content-Length: 2\r\nContent-Encoding: identity\r\n", "[]"),
        push("Content-Length: 2\r\nContent-Type: text/plain\r\n", "[]"),
    ];
    for bytes in &ok {
        assert_eq!(tell(&daemon, bytes.as_bytes()), [200], "{bytes:?}");
    }
    // The same, all on one connection, in one write.
    assert_eq!(tell(&daemon, ok.concat().as_bytes()), vec![200; ok.len()]);
    // HTTP/1.0 closes unless it is asked not to.
    assert_eq!(tell(&daemon, b"GET /-/healthy HTTP/1.0\r\n\r\nGET /-/healthy HTTP/1.0\r\n\r\n"), [200]);
    let kept = "GET /-/healthy HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    assert_eq!(tell(&daemon, kept.repeat(2).as_bytes()), [200, 200]);
    assert_eq!(
        tell(&daemon, GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").repeat(2).as_bytes()),
        [200]
    );
}

#[test]
fn requests_behind_one_another_are_answered_in_order_however_they_are_split() {
    let daemon = Daemon::start(&config());
    let page = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let all = [
        push("Content-Length: 2\r\n", "[]"),
        page.to_owned(),
        "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        push("Transfer-Encoding: chunked\r\n", "1\r\n[\r\n1\r\n]\r\n0\r\nT: x\r\n\r\n"),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".to_owned(),
        "BREW / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n".to_owned(),
        push("Content-Length: 2\r\n", "{}"),
    ]
    .concat();
    let expected = [200, 200, 404, 200, 405, 501, 400];
    assert_eq!(tell(&daemon, all.as_bytes()), expected);
    // A byte at a time.
    let mut client = daemon.connect();
    for byte in all.as_bytes() {
        client.send(&[*byte]);
    }
    assert_eq!(statuses(&mut client), expected);
    // In two, at every byte; the second part comes when the first has been dealt with.
    for at in 1..all.len() {
        let mut client = daemon.connect();
        client.send(&all.as_bytes()[..at]);
        if at % 8 == 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
        client.send(&all.as_bytes()[at..]);
        assert_eq!(statuses(&mut client), expected, "split at {at}");
    }
    // 200 of them in one write, more than one buffer holds.
    let mut client = daemon.connect();
    client.send(GET.repeat(200).as_bytes());
    for _ in 0..200 {
        assert_eq!(client.answer().status, 200);
    }
    assert_eq!(client.get("/-/healthy", "").status, 200);
}

#[test]
fn a_connection_goes_on_after_answers_that_are_no_fault_of_its_framing() {
    let daemon = Daemon::start(&config());
    let mut client = daemon.connect();
    let auth = format!("Authorization: Bearer {PUSH}\r\n");
    for round in 0..3 {
        // collectd sends its first request without credentials, body and all, and the same again
        // with them.
        let body = format!("[{}]", firing("A", "heron"));
        let refused = client.post("/api/v2/alerts", "", &body);
        assert_eq!(
            (refused.status, refused.header("WWW-Authenticate")),
            (401, Some("Basic realm=\"aiglon\""))
        );
        assert_eq!(refused.header("Connection"), Some("keep-alive"), "round {round}");
        assert_eq!(client.post("/api/v2/alerts", &auth, &body).status, 200);
        assert_eq!(client.post("/api/v2/alerts", "Authorization: Bearer wrong\r\n", &body).status, 401);
        assert_eq!(
            client.post("/api/v2/alerts", &format!("Authorization: Bearer {READ}\r\n"), &body).status,
            403
        );
        assert_eq!(client.get("/api/v2/alerts", &auth).status, 403);
        assert_eq!(client.get("/nowhere", "").status, 404);
        assert_eq!(client.get("/api/v1/alerts", "").status, 405);
        assert_eq!(client.post("/-/healthy", "", "x").status, 405);
        // A batch of which one alert is bad.
        let partly = client.post("/api/v2/alerts", &auth, &format!("[1,{}]", firing("B", "heron")));
        assert_eq!(
            (partly.status, partly.header("Connection")),
            (400, Some("keep-alive")),
            "{}",
            partly.body
        );
        // What comes compressed is refused here, and its body thrown away.
        let gzip = client.post("/api/v2/alerts", &format!("{auth}Content-Encoding: gzip\r\n"), "\u{1f}xyz");
        assert_eq!((gzip.status, gzip.header("Connection")), (415, Some("keep-alive")));
    }
    // A body that is too large to throw away is not waited for.
    let mut client = daemon.connect();
    client.send(b"POST /api/v2/alerts HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.status, answer.header("Connection")), (401, Some("close")));
}

#[test]
fn head_says_what_get_says() {
    let daemon = Daemon::start(&config());
    let auth = format!("Authorization: Bearer {READ}\r\n");
    for path in [
        "/",
        "/metrics",
        "/-/healthy",
        "/-/ready",
        "/api/v2/status",
        "/api/v2/receivers",
        "/api/v2/alerts",
        "/nowhere",
        "/api/v1/alerts",
    ] {
        let mut client = daemon.connect();
        // `/metrics` counts its own answers, so the length may grow by a digit; ask until it does
        // not.
        let same = (0..5).any(|_| {
            let get = client.get(path, &auth);
            client.send(format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\n{auth}\r\n").as_bytes());
            let head = client.try_answer(true).unwrap();
            let lines = |answer: &Answer| {
                answer
                    .head
                    .lines()
                    .filter(|line| !line.starts_with("Date:"))
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            lines(&get) == lines(&head)
        });
        assert!(same, "{path}");
        assert_eq!(client.get("/-/healthy", "").status, 200, "no byte of a body came after HEAD {path}");
    }
    let mut client = daemon.connect();
    let etag = client.get("/", "").header("ETag").unwrap().to_owned();
    for method in ["GET", "HEAD"] {
        client.send(
            format!("{method} / HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"x\", W/{etag}\r\n\r\n").as_bytes(),
        );
        assert_eq!(client.try_answer(true).unwrap().status, 304);
    }
}

#[test]
fn who_expects_to_be_told_to_continue_is_told_or_refused_at_once() {
    let daemon = Daemon::start(&config());
    let head = |token: &str, path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
    };
    let mut client = daemon.connect();
    client.send(head(PUSH, "/api/v2/alerts").as_bytes());
    assert_eq!(client.answer().status, 100);
    client.send(b"[]");
    assert_eq!(client.answer().status, 200);
    // Who does not wait is not told.
    client.send((head(PUSH, "/api/v2/alerts") + "[]").as_bytes());
    assert_eq!(client.answer().status, 200);
    for (token, path, status) in
        [("wrong", "/api/v2/alerts", 401), (READ, "/api/v2/alerts", 403), (PUSH, "/nowhere", 404)]
    {
        let mut client = daemon.connect();
        client.send(head(token, path).as_bytes());
        let answer = client.answer();
        // It cannot be known whether the body comes now, so nothing after it can be read.
        assert_eq!((answer.status, answer.header("Connection")), (status, Some("close")));
    }
    let mut client = daemon.connect();
    client.send(head(READ, "/api/v2/alerts").replace("POST", "GET").as_bytes());
    let answer = client.answer();
    assert_eq!((answer.status, answer.header("Connection")), (200, Some("close")));
}

#[test]
fn a_list_in_http_1_0_ends_with_the_connection() {
    let daemon = Daemon::start(&config());
    let mut client = daemon.connect();
    client.0.get_ref().set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    client.send(
        format!(
            "GET /api/v2/alerts HTTP/1.0\r\nConnection: keep-alive\r\nAuthorization: Bearer {READ}\r\n\r\n"
        )
        .as_bytes(),
    );
    let answer = client.try_answer(false).expect("the connection ends");
    assert_eq!((answer.status, answer.body.as_str()), (200, "[]"));
}

#[test]
fn a_body_that_is_cut_off_keeps_its_alerts_and_is_no_sign_of_life() {
    let daemon = Daemon::start(&config());
    let seen = || daemon.metric("aiglon_source_last_seen_seconds{source=\"prometheus\"}");
    let body = format!("[{},{}]", firing("First", "heron"), firing("Second", "heron"));
    let cut = body.len() - 20;
    for headers in
        [format!("Content-Length: {}\r\n", body.len()), "Transfer-Encoding: chunked\r\n".to_owned()]
    {
        let start = if headers.starts_with('T') { format!("{:x}\r\n", body.len()) } else { String::new() };
        let mut client = daemon.connect();
        client.send((push(&headers, &start) + &body[..cut]).as_bytes());
        _ = client.0.get_ref().shutdown(Shutdown::Write);
        assert_eq!(statuses(&mut client), [], "nothing can be said about half a request");
        eventually("the first alert is kept", 5, || daemon.page().contains("First on heron"));
        assert!(!daemon.page().contains("Second on heron"));
        assert_eq!(seen(), None);
    }
    // Malformed in the middle: the same, and the sender is told.
    let answer = daemon.post("/api/v2/alerts", &format!("[{},nonsense", firing("Third", "heron")));
    assert_eq!(answer.status, 400);
    assert!(daemon.page().contains("Third on heron"));
    assert_eq!(seen(), None);
    assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
    assert!(seen().is_some());
}

#[test]
fn a_batch_of_100_000_alerts_costs_the_memory_of_one_and_nobody_has_to_wait_for_it() {
    let daemon = Daemon::start(&config());
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.process.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    // Fills the store, and with it all the memory that it may have.
    let batch = |from: usize, count: usize| {
        let alerts: Vec<_> = (from..from + count).map(|n| firing(&format!("Alert{n}"), "heron")).collect();
        format!("[{}]", alerts.join(","))
    };
    assert_eq!(daemon.post("/api/v2/alerts", &batch(0, 2000)).status, 200);
    assert_eq!(daemon.get("/").status, 200);
    let before = resident();
    let body = &batch(0, 100_000);
    let sending = std::thread::scope(|scope| {
        let address = daemon.address;
        let sender = scope.spawn(move || {
            let auth = format!("Authorization: Bearer {PUSH}\r\n");
            Client::to(address).post("/api/v2/alerts", &auth, body).status
        });
        let mut slowest = Duration::ZERO;
        let mut asked = 0;
        while !sender.is_finished() {
            let start = Instant::now();
            assert_eq!(daemon.get("/-/healthy").status, 200);
            slowest = slowest.max(start.elapsed());
            asked += 1;
        }
        assert_eq!(sender.join().unwrap(), 200);
        assert!(asked >= 5, "visitors were answered meanwhile: {asked}, the slowest in {slowest:?}");
        slowest
    });
    assert!(sending < Duration::from_millis(700), "nobody waited for long: {sending:?}");
    assert_eq!(daemon.metric("aiglon_alerts_held"), Some(1024.0));
    let after = resident();
    // An emulator keeps the code that it translates, too. The batch has 10 MB.
    let more = if option_env!("AIGLON_UNDER_TEST").is_some() { 1024 } else { 128 };
    assert!(after < before + more, "{before} KiB before, {after} KiB after");
}

/// How long a connection lives that sends `start` and then a byte at a time.
fn life_of(address: SocketAddr, start: &str, byte: u8, every: Duration) -> Duration {
    let mut client = Client::to(address);
    client.send(start.as_bytes());
    client.0.get_ref().set_read_timeout(Some(every)).unwrap();
    let begin = Instant::now();
    loop {
        match client.0.get_mut().read(&mut [0; 512]) {
            Ok(0) => return begin.elapsed(),
            Ok(_) => {}
            Err(error)
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                if client.0.get_mut().write_all(&[byte]).is_err() {
                    return begin.elapsed();
                }
            }
            Err(_) => return begin.elapsed(),
        }
        assert!(begin.elapsed() < Duration::from_secs(40), "it lives on");
    }
}

#[test]
fn who_is_too_slow_is_let_go() {
    let daemon = Daemon::start(&config());
    let auth = format!("Authorization: Bearer {PUSH}\r\n");
    let half = Duration::from_millis(500);
    let cases: [(&str, String, Duration, std::ops::Range<u64>); 6] = [
        ("nothing at all", String::new(), Duration::from_mins(1), 9..13),
        ("a head that drips", "GET / HTTP/1.1\r\nX: ".into(), half, 9..13),
        ("a second head that drips", format!("{GET}GET / HTTP/1.1\r\nX: "), half, 9..13),
        (
            "a second head of a sender that drips",
            push("Content-Length: 2\r\n", "[]POST /api/v2/alerts HTTP/1.1\r\nX: "),
            half,
            9..13,
        ),
        ("a body that stops", push("Content-Length: 9\r\n", "["), Duration::from_mins(1), 14..18),
        ("a refused body that drips", push("Content-Length: 900\r\n", "[").replace(&auth, ""), half, 1..5),
    ];
    std::thread::scope(|scope| {
        for (what, start, every, lives) in &cases {
            let address = daemon.address;
            scope.spawn(move || {
                let lived = life_of(address, start, b' ', *every).as_secs();
                assert!(lives.contains(&lived), "{what}: {lived} s");
            });
        }
    });
    assert_eq!(daemon.metric("aiglon_http_connections_late_total"), Some(6.0));
}
