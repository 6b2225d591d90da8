//! There is one thread, so nothing may hold it. What is much work waits for others after each part
//! of it, and how much is rendered in a second is bounded. No time is measured here: the daemon is
//! stopped until all have asked, so the order of its answers tells who had a turn.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::{Client, Daemon, PUSH, config, firing, overall, resolved};

/// Everybody asks before the daemon looks; then what the last one hears is returned.
fn asked_at_once(
    daemon: &Daemon,
    busy: &mut Client,
    request: &[u8],
    last: &mut Client,
    path: &str,
) -> String {
    daemon.process.signal("STOP");
    busy.send(request);
    last.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
    daemon.process.signal("CONT");
    last.answer().body
}

fn value(metrics: &str, name: &str) -> u64 {
    let line = metrics.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

/// One that is being served by now.
fn connected(daemon: &Daemon) -> Client {
    let mut client = daemon.connect();
    assert_eq!(client.get("/-/healthy", "").status, 200);
    client
}

#[test]
fn pipelined_requests_let_others_have_their_turn() {
    let daemon = Daemon::start(&config());
    let (mut busy, mut last) = (connected(&daemon), connected(&daemon));
    // Answers to visitors are not counted, but for faults.
    let requests = "PUT / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(200);
    let answered = "aiglon_http_responses_total{status=\"405\"}";
    let before = value(&daemon.get("/metrics").body, answered);
    let seen = asked_at_once(&daemon, &mut busy, requests.as_bytes(), &mut last, "/metrics");
    assert!(value(&seen, answered) - before < 20, "{before} {}", value(&seen, answered));
    for _ in 0..200 {
        assert_eq!(busy.answer().status, 405);
    }
}

/// Deflate of the line `a b=1` over and over, in a block with the fixed codes (RFC 1951, 3.2.6), in
/// a gzip member without its end: how much comes out is up to `matches`.
fn bomb(matches: usize) -> Vec<u8> {
    let (mut out, mut bits, mut count) = (vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], 0u32, 0);
    let mut put = |code: u32, length: u32| {
        // A code begins with its most significant bit.
        for at in (0..length).rev() {
            bits |= (code >> at & 1) << count;
            count += 1;
            if count == 8 {
                out.push(u8::try_from(bits).unwrap());
                (bits, count) = (0, 0);
            }
        }
    };
    put(0b110, 3);
    b"a b=1\n".iter().for_each(|&byte| put(u32::from(byte) + 0x30, 8));
    for _ in 0..matches {
        // 258 bytes, from six bytes before.
        put(0b1100_0101, 8);
        put(0b00100, 5);
        put(1, 1);
    }
    out
}

#[test]
fn a_body_is_read_in_turns_by_what_comes_out_of_it() {
    let daemon = Daemon::start(&config());
    let (mut busy, mut last) = (connected(&daemon), connected(&daemon));
    // 16 KB become 2.4 MB.
    let packed = bomb(9_400);
    assert!(packed.len() < 17_000);
    let head = format!(
        "POST /api/v2/write HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {PUSH}\r\nContent-Encoding: gzip\r\n\
         Content-Length: {}\r\n\r\n",
        packed.len()
    );
    let seen = asked_at_once(&daemon, &mut busy, &[head.as_bytes(), &packed].concat(), &mut last, "/metrics");
    assert_eq!(busy.answer().status, 400, "it is cut off");
    let turns = "aiglon_body_turns_full_total";
    let all = value(&daemon.get("/metrics").body, turns);
    assert!(all > 2_400_000 / 65_536, "{all}");
    assert!(value(&seen, turns) < all / 2, "{} of {all}", value(&seen, turns));
}

#[test]
fn a_body_of_many_alerts_or_tiny_chunks_is_read_in_turns() {
    let daemon = Daemon::start(&config());
    let turns = || value(&daemon.get("/metrics").body, "aiglon_body_turns_full_total");
    let alerts = vec![r#"{"labels":{"a":"b"}}"#; 1000].join(",");
    assert_eq!(daemon.post("/api/v2/alerts", &format!("[{alerts}]")).status, 200);
    let first = turns();
    assert!(first >= 5, "{first}");
    let mut client = daemon.connect();
    let head = format!(
        "POST /api/v2/alerts HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {PUSH}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    client.send(format!("{head}1\r\n[\r\n{}1\r\n]\r\n0\r\n\r\n", "1\r\n \r\n".repeat(5000)).as_bytes());
    assert_eq!(client.answer().status, 200);
    assert!(turns() >= first + 5, "{}", turns());
}

/// Each of several bodies has a turn before a visitor has one.
#[test]
fn bodies_that_are_read_at_the_same_time_share_a_turn() {
    let daemon = Daemon::start(&config());
    let alerts = format!("[{}]", vec![r#"{"labels":{"a":"b"}}"#; 1000].join(","));
    let turns = || {
        let before = value(&daemon.get("/metrics").body, "aiglon_body_turns_full_total");
        assert_eq!(daemon.post("/api/v2/alerts", &alerts).status, 200);
        value(&daemon.get("/metrics").body, "aiglon_body_turns_full_total") - before
    };
    let alone = turns();
    let begun = format!(
        "POST /api/v2/alerts HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {PUSH}\r\nContent-Length: 60000\r\n\r\n["
    );
    let others: Vec<_> = (0..3)
        .map(|_| {
            let mut client = connected(&daemon);
            client.send(begun.as_bytes());
            client
        })
        .collect();
    let beside = turns();
    assert!(beside > 3 * alone, "{alone} {beside}");
    drop(others);
}

#[test]
fn a_head_costs_no_page() {
    let daemon = Daemon::start(&config());
    let rendered = |daemon: &Daemon| daemon.metric("aiglon_pages_rendered_total").unwrap();
    let mut client = daemon.connect();
    for _ in 0..20 {
        for path in ["/", "/history"] {
            client.send(format!("HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
            let answer = client.try_answer(true).unwrap();
            assert_eq!(answer.status, 200);
            assert_eq!((answer.header("Content-Length"), answer.header("ETag")), (None, None));
            assert_eq!(answer.header("X-Robots-Tag"), Some("noindex"));
        }
    }
    assert!(rendered(&daemon) < 0.5);
    // What is held has both.
    let page = client.get("/", "");
    client.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = client.try_answer(true).unwrap();
    assert_eq!(answer.header("Content-Length"), page.header("Content-Length"));
    assert_eq!(answer.header("ETag"), page.header("ETag"));
}

/// Whoever asks for ever other pages uses up what is rendered in a second. What got worse is told
/// at once all the same.
#[test]
fn what_got_worse_is_told_at_once_however_much_is_asked_for() {
    let daemon = Daemon::start(&config());
    assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
    let mut client = daemon.connect();
    for round in 0..5 {
        for lang in ["en", "fr", "nl", "ar"] {
            for path in ["/", "/history"] {
                let answer = client.get(path, &format!("Accept-Language: {lang}\r\n"));
                assert!([200, 503].contains(&answer.status), "{}", answer.status);
            }
        }
        let name = format!("Down{round}");
        assert_eq!(daemon.post("/api/v2/alerts", &format!("[{}]", firing(&name, "heron"))).status, 200);
        assert_eq!(overall(&daemon.english()), "Something is down", "{round}");
        assert_eq!(daemon.post("/api/v2/alerts", &format!("[{}]", resolved(&name, "heron"))).status, 200);
    }
}
