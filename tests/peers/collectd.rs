//! collectd's manners: it sends its first request without credentials, body and all, and again on the same
//! connection once it has been asked for them. The bytes are those of the captures in `fixtures`.

use crate::common::{Client, Daemon, config, hash_of, overall, with};

const NOTIFICATION: &str = include_str!("../fixtures/collectd-5.12-notification.http");
const VALUES: &str = include_str!("../fixtures/collectd-5.12-values.http");

/// A capture, at a path that takes alerts; and the same without its credentials.
fn asked_and_unasked(capture: &str) -> (String, String) {
    let asked = capture.replacen("/api/v1/collectd", "/api/v2/alerts", 1);
    assert_ne!(asked, capture);
    let authorization = "Authorization: Basic Y29sbGVjdGQ6czNjcmV0LXRva2Vu\r\n";
    let unasked = asked.replacen(authorization, "", 1);
    assert_ne!(unasked, asked);
    (asked, unasked)
}

fn daemon() -> Daemon {
    let config = with(&config(), "prometheus", &[&format!("list token '{}'", hash_of("s3cret-token"))]);
    Daemon::start(&with(&config, "egret", &["list match 'alertname=collectd_load'"]))
}

#[test]
fn credentials_are_asked_for_and_come_on_the_same_connection() {
    let daemon = daemon();
    // Metrics are no alerts, and are answered so; a notification is one.
    for (capture, status) in [(VALUES, 400), (NOTIFICATION, 200)] {
        let (asked, unasked) = asked_and_unasked(capture);
        let mut client = daemon.connect();
        client.send(unasked.as_bytes());
        let answer = client.answer();
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("WWW-Authenticate"), Some("Basic realm=\"aiglon\""));
        assert_eq!(answer.header("Connection"), Some("keep-alive"));
        client.send(asked.as_bytes());
        let answer = client.answer();
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    // Its severity FAILURE is a word that nobody knows: degraded, then.
    assert_eq!(overall(&daemon.page()), "Something works badly");
}

/// The body of the refused request may come in any number of pieces, and the next request right behind it.
#[test]
fn a_refused_body_is_read_to_its_end_however_it_comes() {
    let daemon = daemon();
    let (asked, unasked) = asked_and_unasked(NOTIFICATION);
    let both = [unasked.as_bytes(), asked.as_bytes()].concat();
    let head = unasked.find("\r\n\r\n").unwrap() + 4;
    for cut in [head - 1, head, head + 1, unasked.len() - 1, unasked.len(), unasked.len() + 1, both.len()] {
        let mut client: Client = daemon.connect();
        client.send(&both[..cut]);
        std::thread::sleep(std::time::Duration::from_millis(30));
        client.send(&both[cut..]);
        assert_eq!(client.answer().status, 401, "cut at {cut}");
        assert_eq!(client.answer().status, 200, "cut at {cut}");
    }
}
