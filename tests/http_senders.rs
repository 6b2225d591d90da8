//! Requests as real senders and visitors put them on the wire: every one is understood, at any
//! split, alone and one after the other on a connection.
//!
//! The files in `fixtures` and the heads marked "captured" were taken from a socket; the others are
//! as their sources write them, and say so.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use aiglon::config::{ListenerRoles, Token};
use aiglon::http::auth;
use aiglon::http::body::BodyDecoder;
use aiglon::http::conditional::{Etag, negotiate};
use aiglon::http::head::{Coding, Framing, HeadScanner, ListField, Method, Progress, Request};
use aiglon::http::route::{Endpoint, Route, route};
use aiglon::limits::{BODY_BYTES, CREDENTIALS_BYTES, HEAD_BYTES};
use aiglon::model::PageKind;
use aiglon::model::{Lang, SourceId};
use proptest::prelude::*;

const PROMETHEUS: &[u8] = include_bytes!("fixtures/prometheus-3.5-firing.http");
const WEBHOOK_FIRING: &[u8] = include_bytes!("fixtures/alertmanager-0.33-webhook-firing.http");
const WEBHOOK_RESOLVED: &[u8] = include_bytes!("fixtures/alertmanager-0.33-webhook-resolved.http");
const COLLECTD_NOTIFICATION: &[u8] = include_bytes!("fixtures/collectd-5.12-notification.http");
const COLLECTD_VALUES: &[u8] = include_bytes!("fixtures/collectd-5.12-values.http");

// Captured.
const CURL: &str =
    "GET / HTTP/1.1\r\nHost: 127.0.0.1:19801\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n";
const CURL_CHUNKED: &str = "POST /api/v2/alerts HTTP/1.1\r\nHost: 127.0.0.1:19801\r\nUser-Agent: curl/7.88.1\r\n\
    Accept: */*\r\nAuthorization: Bearer t\r\nTransfer-Encoding: chunked\r\n\
    Content-Type: application/x-www-form-urlencoded\r\n\r\n2\r\n[]\r\n0\r\n\r\n";
const CURL_WAITS: &str = "POST /big HTTP/1.1\r\nHost: 127.0.0.1:19801\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\
    Content-Length: 1200000\r\nContent-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n\r\n";
const CURL_1_0: &str =
    "HEAD /x HTTP/1.0\r\nHost: 127.0.0.1:19801\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n";
const BUSYBOX_WGET: &str =
    "GET / HTTP/1.1\r\nHost: 127.0.0.1:19801\r\nUser-Agent: Wget\r\nConnection: close\r\n\r\n";
const WGET: &str = "GET / HTTP/1.1\r\nHost: 127.0.0.1:19801\r\nUser-Agent: Wget/1.21.3\r\nAccept: */*\r\n\
    Accept-Encoding: identity\r\nConnection: Keep-Alive\r\n\r\n";
const REQUESTS: &str = "POST /api/v2/alerts HTTP/1.1\r\nHost: 127.0.0.1:19801\r\n\
    User-Agent: python-requests/2.34.2\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\n\
    Connection: keep-alive\r\nAuthorization: Bearer t\r\nContent-Length: 2\r\n\
    Content-Type: application/json\r\n\r\n[]";
const REQUESTS_CHUNKED: &str = "POST /api/v2/alerts HTTP/1.1\r\nHost: 127.0.0.1:19801\r\n\
    User-Agent: python-requests/2.34.2\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\n\
    Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n";
const CHROMIUM: &str = "GET / HTTP/1.1\r\nHost: 127.0.0.1:19801\r\nConnection: keep-alive\r\n\
    sec-ch-ua: \"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"\r\nsec-ch-ua-mobile: ?0\r\n\
    sec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    HeadlessChrome/156.0.0.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,\
    */*;q=0.8,application/signed-exchange;v=b3;q=0.7\r\n\
    Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\r\n";
const AMTOOL_QUERY: &str = "GET /api/v2/alerts?active=true&inhibited=false&silenced=false&unprocessed=false \
    HTTP/1.1\r\nHost: 127.0.0.1:19801\r\nUser-Agent: Go-http-client/1.1\r\nAccept: application/json\r\n\
    Accept-Encoding: gzip\r\n\r\n";
const AMTOOL_ADD: &str = "POST /api/v2/alerts HTTP/1.1\r\nHost: 127.0.0.1:19801\r\n\
    User-Agent: Go-http-client/1.1\r\nContent-Length: 107\r\nAccept: application/json\r\n\
    Content-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n\
    [{\"endsAt\":\"0001-01-01T00:00:00.000Z\",\"startsAt\":\"0001-01-01T00:00:00.000Z\",\
    \"labels\":{\"alertname\":\"foo\"}}]\n";
// As their sources write them.
const FIREFOX: &str = "GET /?lang=fr HTTP/1.1\r\nHost: status.example.org\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Language: fr-BE,fr;q=0.8,en-US;q=0.5,en;q=0.3\r\nAccept-Encoding: gzip, deflate\r\n\
    Connection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\nIf-None-Match: \"0123456789abcdef\"\r\n\
    Priority: u=0, i\r\n\r\n";
const TELEGRAF: &str = "POST /api/v1/telegraf HTTP/1.1\r\nHost: 192.0.2.1:8080\r\n\
    User-Agent: Telegraf/1.36.1 Go/1.25.0\r\nTransfer-Encoding: chunked\r\nAuthorization: Token t\r\n\
    Content-Encoding: gzip\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n\
    3\r\nabc\r\n0\r\n\r\n";
const NGINX_PROXY: &str = "GET /status/ HTTP/1.0\r\nHost: status.example.org\r\nX-Real-IP: 192.0.2.7\r\n\
    X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n";

/// All of a connection's bytes, in pieces: the targets and payloads of the requests on it.
fn converse(wire: &[u8], pieces: &[usize]) -> Vec<(String, Vec<u8>)> {
    let mut buf: Vec<u8> = Vec::new();
    let mut arrived = 0;
    let mut scanner = HeadScanner::new();
    let mut body: Option<BodyDecoder> = None;
    let mut heard: Vec<(String, Vec<u8>)> = Vec::new();
    for piece in pieces.iter().cycle() {
        let end = wire.len().min(arrived + piece);
        buf.extend_from_slice(&wire[arrived..end]);
        arrived = end;
        loop {
            if let Some(reader) = &mut body {
                let step = reader.decode(&buf).unwrap();
                heard.last_mut().unwrap().1.extend_from_slice(step.payload);
                let (consumed, done) = (step.consumed, step.done);
                buf.drain(..consumed);
                if done {
                    (body, scanner) = (None, HeadScanner::new());
                } else if buf.is_empty() {
                    break;
                }
            } else if let Progress::Complete(len) = scanner.scan(&buf).unwrap() {
                let request = Request::parse(&buf[..len]).unwrap();
                heard.push((request.path.to_owned(), Vec::new()));
                body = Some(BodyDecoder::of(request.body, BODY_BYTES).unwrap());
                buf.drain(..len);
            } else {
                break;
            }
        }
        if arrived == wire.len() {
            assert!(buf.is_empty() && body.is_none(), "all is heard");
            return heard;
        }
    }
    unreachable!("pieces repeat for ever");
}

/// A head, of which nothing but the body follows.
fn head(wire: &[u8]) -> Request<'_> {
    match HeadScanner::new().scan(wire) {
        Ok(Progress::Complete(len)) => {
            assert!(len < HEAD_BYTES / 4, "a buffer four times as long as any of these is enough");
            Request::parse(&wire[..len]).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_senders_say() {
    let all = ListenerRoles { page: true, ingest: true, metrics: true };
    let token = |name: &str| Token { source: SourceId(7), hash: hmac_sha256::Hash::hash(name.as_bytes()) };
    let tokens = [token("s3cret-token"), token("t")];
    for (wire, endpoint, body, knows_token) in [
        (PROMETHEUS, Endpoint::PushAlerts, Framing::Length(1007), true),
        (WEBHOOK_FIRING, Endpoint::Webhook, Framing::Length(783), true),
        (WEBHOOK_RESOLVED, Endpoint::Webhook, Framing::Length(716), true),
        (COLLECTD_NOTIFICATION, Endpoint::Collectd, Framing::Length(458), true),
        (COLLECTD_VALUES, Endpoint::Collectd, Framing::Length(3895), true),
        (CURL.as_bytes(), Endpoint::Page(PageKind::Now), Framing::None, false),
        (CURL_CHUNKED.as_bytes(), Endpoint::PushAlerts, Framing::Chunked, true),
        (REQUESTS.as_bytes(), Endpoint::PushAlerts, Framing::Length(2), true),
        (REQUESTS_CHUNKED.as_bytes(), Endpoint::PushAlerts, Framing::Chunked, false),
        (AMTOOL_QUERY.as_bytes(), Endpoint::ListAlerts, Framing::None, false),
        (AMTOOL_ADD.as_bytes(), Endpoint::PushAlerts, Framing::Length(107), false),
        (TELEGRAF.as_bytes(), Endpoint::Telegraf, Framing::Chunked, true),
        (CHROMIUM.as_bytes(), Endpoint::Page(PageKind::Now), Framing::None, false),
    ] {
        let request = head(wire);
        let expected = Route::To(endpoint);
        assert_eq!(route(request.method, request.path, all), expected, "{}", request.path);
        assert_eq!(request.body, body);
        assert!(request.keep_alive);
        assert!(!request.forwarded && !request.expect_continue);
        let mut buffer = [0; CREDENTIALS_BYTES];
        let source =
            auth::token(request.authorization, &mut buffer).and_then(|token| auth::find(&tokens, token));
        assert_eq!(source, knows_token.then_some(SourceId(7)), "{}", request.path);
    }
}

#[test]
fn what_is_particular() {
    assert!(head(CURL_WAITS.as_bytes()).expect_continue);
    let old = head(CURL_1_0.as_bytes());
    assert_eq!((old.method, old.keep_alive), (Method::Head, false));
    assert!(!head(BUSYBOX_WGET.as_bytes()).keep_alive);
    assert!(head(WGET.as_bytes()).keep_alive);
    assert_eq!(head(TELEGRAF.as_bytes()).content_encoding, Coding::Gzip);
    let firefox = head(FIREFOX.as_bytes());
    assert_eq!((firefox.host, firefox.query), ("status.example.org", "lang=fr"));
    assert!(Etag(0x0123_4567_89ab_cdef).is_named(firefox.list(ListField::IfNoneMatch)));
    assert_eq!(negotiate(firefox.list(ListField::AcceptLanguage), Lang::Ar), Lang::Fr);
    assert_eq!(negotiate(head(CHROMIUM.as_bytes()).list(ListField::AcceptLanguage), Lang::Fr), Lang::En);
    assert_eq!(negotiate(head(CURL.as_bytes()).list(ListField::AcceptLanguage), Lang::Fr), Lang::Fr);
    let proxied = head(NGINX_PROXY.as_bytes());
    assert!(proxied.forwarded && !proxied.keep_alive);
    assert_eq!(proxied.host, "status.example.org");
}

#[test]
fn one_after_the_other() {
    let wire =
        [PROMETHEUS, CURL_CHUNKED.as_bytes(), COLLECTD_VALUES, CURL.as_bytes(), b"\r\n", WEBHOOK_FIRING]
            .concat();
    let whole = converse(&wire, &[wire.len()]);
    let paths: Vec<&str> = whole.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/api/v2/alerts", "/api/v2/alerts", "/api/v1/collectd", "/", "/api/v1/webhook"]);
    assert_eq!(whole[1].1, b"[]");
    for (_, payload) in [&whole[0], &whole[2], &whole[4]] {
        assert!(serde_json::from_slice::<serde_json::Value>(payload).is_ok());
    }
    for size in [1, 2, 3, 7, 64, 1000] {
        assert_eq!(converse(&wire, &[size]), whole, "by {size}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_split_hears_the_same(pieces in proptest::collection::vec(1usize..400, 1..20)) {
        let wire = [REQUESTS_CHUNKED.as_bytes(), WEBHOOK_RESOLVED, TELEGRAF.as_bytes(), CHROMIUM.as_bytes()].concat();
        prop_assert_eq!(converse(&wire, &pieces), converse(&wire, &[wire.len()]));
    }
}
