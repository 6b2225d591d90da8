//! What senders write, or people who set them up, that is not quite right. It counts if it can be
//! read without doubt; else the answer says what to do.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use base64ct::{Base64, Encoding};
use common::{Answer, Client, Daemon, PUSH, config, eventually, overall, part, with};

fn daemon() -> Daemon {
    let more = "config heartbeat 'backup'\n\toption source 'prometheus'\n\toption component 'egret'\n\toption every '1h'\n";
    Daemon::start(&format!("{}{more}", config()))
}

fn base64(text: &str) -> String {
    let mut digits = [0; 512];
    Base64::encode(text.as_bytes(), &mut digits).unwrap().to_owned()
}

/// A request with this method, path and header.
fn ask(client: &mut Client, method: &str, path: &str, authorization: &str) -> Answer {
    let header =
        if authorization.is_empty() { String::new() } else { format!("Authorization: {authorization}\r\n") };
    client
        .send(format!("{method} {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n{header}\r\n").as_bytes());
    client.answer()
}

#[test]
fn credentials_as_people_write_them() {
    let daemon = daemon();
    let digits = base64(&format!("cron on the machine of the bakery:{PUSH}\n"));
    let (first, second) = digits.split_at(32);
    for (authorization, status, words) in [
        (format!("Bearer {PUSH}"), 204, ""),
        (format!("Bearer\t{PUSH}"), 204, ""),
        (format!("Bearer   {PUSH}  "), 204, ""),
        (format!("Basic {}", base64(&format!("cron:{PUSH}\n"))), 204, ""),
        (format!("Basic {}", base64(&format!("cron:{PUSH}\r\n"))), 204, ""),
        (format!("Basic {first} {second}"), 204, ""),
        (format!("Basic {}", digits.trim_end_matches('=')), 204, ""),
        (String::new(), 401, "Authorization: Bearer TOKEN"),
        (PUSH.to_owned(), 401, "Authorization: Bearer TOKEN"),
        (format!("ApiKey {PUSH}"), 401, "Authorization: Bearer TOKEN"),
        (format!("Bearer {}", common::hash_of(PUSH)), 401, "the hash of a token"),
        (format!("Bearer {PUSH}{PUSH}"), 401, "not a token that is known"),
    ] {
        let answer = ask(&mut daemon.connect(), "POST", "/api/v1/heartbeat/backup", &authorization);
        assert_eq!(answer.status, status, "{authorization}");
        assert!(answer.body.contains(words), "{authorization}: {}", answer.body);
    }
    assert_eq!(daemon.metric("aiglon_heartbeats_received_total"), Some(7.0));
    // A line end in the middle of a header is an attack elsewhere, and is not mended here.
    let mut client = daemon.connect();
    let wrapped = format!("Authorization: Basic {first}\n{second}\r\n");
    client.send(format!("POST /api/v1/heartbeat/backup HTTP/1.1\r\nHost: h\r\n{wrapped}\r\n").as_bytes());
    let answer = client.answer();
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("base64 -w0"), "{}", answer.body);
}

/// Each source is told in the log once, and counted.
#[test]
fn who_takes_a_wrong_door_is_counted_and_logged_once() {
    let mut daemon = daemon();
    let bearer = format!("Bearer {PUSH}");
    for (method, path) in
        [("POST", "//api/v2/alerts"), ("POST", "/webhook"), ("GET", "/api/v1/heartbeat/backup")]
    {
        ask(&mut daemon.connect(), method, path, &bearer);
    }
    // Nobody who shows no known token learns more than before, or is counted.
    for authorization in ["", "Bearer nonsense"] {
        for (method, path, status, body) in [
            ("POST", "/webhook", 404, "404 Not Found: push to /api/v2/alerts, /api/v1/webhook, /write"),
            ("GET", "/api/v1/heartbeat/backup", 405, "this path takes POST\n"),
            ("GET", "/ping", 404, "404 Not Found\n"),
        ] {
            let answer = ask(&mut daemon.connect(), method, path, authorization);
            assert_eq!(answer.status, status, "{path}");
            assert!(answer.body.starts_with(body), "{path}: {}", answer.body);
        }
    }
    let wrong =
        |source: &str| daemon.metric(&format!("aiglon_source_wrong_paths_total{{source=\"{source}\"}}"));
    assert_eq!((wrong("prometheus"), wrong("amtool")), (Some(3.0), Some(0.0)));
    daemon.process.wait_for("by a wrong method: push to /api/v2/alerts");
    assert_eq!(daemon.process.log().matches("by a wrong method").count(), 1);
}

/// What credentials in other places are told.
#[test]
fn a_token_that_is_elsewhere_is_told_where_it_belongs() {
    let daemon = daemon();
    let hash = common::hash_of(PUSH);
    for (path, authorization, words) in [
        (format!("/write?u=telegraf&p={PUSH}&db=x"), String::new(), "credentials in an address"),
        (format!("/api/v2/alerts?token={PUSH}"), String::new(), "credentials in an address"),
        ("/write?db=x".to_owned(), String::new(), "send a token"),
        ("/api/v2/alerts".to_owned(), format!("Bearer {}", &hash[7..]), "the hash of a token"),
    ] {
        let answer = ask(&mut daemon.connect(), "POST", &path, &authorization);
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.body.contains(words) && !answer.body.contains(PUSH), "{path}: {}", answer.body);
    }
}

#[test]
fn a_wrong_method_or_path_is_told_the_right_one() {
    let daemon = daemon();
    let bearer = format!("Bearer {PUSH}");
    for (method, path, status, allow, words) in [
        ("GET", "/api/v1/heartbeat/backup", 405, Some("POST"), "takes POST"),
        ("PUT", "/api/v1/heartbeat/backup", 405, Some("POST"), "takes POST"),
        ("GET", "/api/v1/webhook", 405, Some("POST"), "takes POST"),
        ("PUT", "/write", 405, Some("POST"), "takes POST"),
        ("POST", "/-/healthy", 405, Some("GET, HEAD"), "takes GET"),
        (
            "PUT",
            "/api/v2/alerts",
            405,
            Some("GET, HEAD, POST"),
            "takes GET, HEAD, POST: push to /api/v2/alerts\"",
        ),
        ("POST", "/api/v1/heartbeat", 404, None, "/api/v1/heartbeat/NAME"),
        ("POST", "/api/v1/heartbeat/", 404, None, "/api/v1/heartbeat/NAME"),
        ("POST", "/api/v3/alerts", 404, None, "push to /api/v2/alerts, /api/v1/webhook"),
        ("POST", "//api/v2/alerts", 404, None, "push to /api/v2/alerts\""),
        ("POST", "/api/v2/alerts/", 404, None, "push to /api/v2/alerts\""),
        ("POST", "/write/write", 404, None, "push to /write\""),
        ("POST", "/webhook", 404, None, "push to /api/v1/webhook\""),
        ("POST", "/", 405, Some("GET, HEAD"), "push to /api/v2/alerts, /api/v1/webhook"),
        ("PUT", "/telegraf", 404, None, "/api/v1/telegraf"),
        ("POST", "/api/v1/heartbeat/nightly", 404, None, "owes no heartbeat of that name"),
        ("POST", "/api/v1/heartbeat/backup/", 204, None, ""),
        ("POST", "/api/v1/heartbeat/backup?state=ok", 204, None, ""),
        ("POST", "/api/v1/heartbeat/backup?status=up&msg=OK&ping=", 400, None, "?state=fail"),
        ("POST", "/api/v1/heartbeat/backup?state=ok&state=fail", 400, None, "?state=fail"),
        ("GET", "/nowhere", 404, None, "404 Not Found\n"),
    ] {
        let answer = ask(&mut daemon.connect(), method, path, &bearer);
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("Allow"), allow, "{method} {path}");
        assert!(answer.body.contains(words), "{method} {path}: {}", answer.body);
    }
    assert_eq!(daemon.metric("aiglon_heartbeats_received_total"), Some(2.0));
    // HEAD says how long the words are, and has none.
    let mut client = daemon.connect();
    client.send(b"HEAD /api/v1/heartbeat/backup HTTP/1.1\r\nHost: h\r\n\r\n");
    let answer = client.try_answer(true).unwrap();
    assert_eq!((answer.status, answer.header("Allow")), (405, Some("POST")));
    let again = ask(&mut client, "GET", "/-/healthy", "");
    assert_eq!(again.status, 200);
}

/// Rules that fire above 5, one for each format; what they say of the last value.
fn measuring() -> Daemon {
    let rule = |name: &str, measurement: &str, field: &str| {
        format!(
            "config rule '{name}'\n\toption source 'prometheus'\n\toption component 'egret'\n\
             \toption measurement '{measurement}'\n\toption field '{field}'\n\toption above '5'\n\toption clear '4'\n"
        )
    };
    let rules = [rule("line", "m", "v"), rule("put", "load", "value"), rule("json", "load", "shortterm")];
    Daemon::start(&format!("{}{}", config(), rules.concat()))
}

#[test]
fn what_is_before_behind_or_no_number_in_samples() {
    let daemon = measuring();
    let fires = |rule: &str| daemon.metric(&format!("aiglon_rule_firing{{rule=\"{rule}\"}}"));
    let post = |path: &str, body: &str| {
        let answer = daemon.post(path, body);
        (answer.status, answer.body)
    };
    // A mark before the first line, whoever takes it.
    for path in ["/write", "/api/v2/write", "/api/v1/telegraf"] {
        assert_eq!(post(path, "\u{feff}m v=9\n").0, 204, "{path}");
        assert_eq!(fires("line"), Some(1.0), "{path}");
        assert_eq!(post(path, "m v=1\n").0, 204);
        assert_eq!(fires("line"), Some(0.0), "{path}");
    }
    let telegraf = "\u{feff}{\"name\":\"m\",\"fields\":{\"v\":9},\"timestamp\":0}"
        .replace("\"timestamp\":0", "\"tags\":{}");
    assert_eq!(post("/api/v1/telegraf", &telegraf).0, 204);
    assert_eq!(fires("line"), Some(1.0));
    assert_eq!(post("/api/v2/alerts", "\u{feff}[]").0, 200);
    assert_eq!(post("/api/v1/webhook", "\u{feff}{\"alerts\":[]}").0, 200);
    // What collectd prints for an unknown value changes nothing, in lines as in JSON, and spoils
    // nothing beside it.
    assert_eq!(post("/api/v1/collectd", "\u{feff}PUTVAL h/load/gauge interval=10.000 N:9\r\n").0, 200);
    assert_eq!(fires("put"), Some(1.0));
    for none in ["nan", "-nan", "inf", "-inf", "U"] {
        let answer = post("/api/v1/collectd", &format!("PUTVAL h/load/gauge interval=10.000 N:{none}\r\n"));
        assert_eq!(answer, (200, "{}".to_owned()), "{none}");
        assert_eq!(fires("put"), Some(1.0), "{none}");
    }
    assert_eq!(post("/api/v1/collectd", "PUTVAL h/load/load N:9:-nan:inf\n").0, 200);
    assert_eq!(fires("json"), Some(1.0));
    // In line protocol there is no such number, and the sender is told.
    let (status, words) = post("/write", "m v=-nan\nm v=1\n");
    assert!(status == 400 && words.contains("line 1: invalid number, leave a field out"), "{words}");
    assert!(words.contains("dropped=1"), "{words}");
    assert_eq!(fires("line"), Some(0.0));
    // An open quote is told where it began, and with all that it cost.
    let (status, words) = post("/write", "m v=9\nx msg=\"oops,signal=1\nm v=1\nm v=1\nm v=1\n");
    assert!(status == 400 && words.contains("line 2: unbalanced quotes dropped=4"), "{words}");
    assert_eq!(fires("line"), Some(1.0));
    assert_eq!(daemon.metric("aiglon_lines_bad_total"), Some(5.0));
}

/// An alert as Grafana's webhook writes it. The alert of a rule whose query finds nothing or fails
/// is called `DatasourceNoData` or `DatasourceError`. Its other labels stay, and its own name
/// becomes `rulename` (grafana/grafana, `pkg/services/ngalert/state/compat.go`).
///
/// The annotation `grafana_state_reason` says why a state is what it is: `MissingSeries`, `NoData`,
/// `Error`, `Paused`, `Updated`, `RuleDeleted` or `KeepLast`; several are joined by a comma and a
/// space (there, `models/alert_rule.go`, version 12).
fn grafana(name: &str, status: &str) -> String {
    format!(
        r#"{{"status":"{status}","alerts":[{{"status":"{status}","labels":{{"alertname":"{name}","rulename":"AntennaDown","datasource_uid":"x","grafana_folder":"antennas","service":"wifi","component":"heron","severity":"critical"}},"annotations":{{"grafana_state_reason":"NoData"}},"startsAt":"2026-11-30T00:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"0","silenceURL":"","dashboardURL":"","panelURL":"","values":null,"valueString":""}}],"version":"1","truncatedAlerts":0}}"#
    )
}

#[test]
fn what_a_source_is_told_to_ignore_reaches_no_page() {
    let daemon = Daemon::start(&config());
    let down = grafana("DatasourceNoData", "firing");
    assert_eq!(daemon.post("/api/v1/webhook", &down).status, 200);
    assert_eq!(overall(&daemon.english()), "We do not know everything");
    daemon.rewrite(&with(&config(), "prometheus", &["list ignore 'alertname~Datasource*'"]));
    daemon.process.signal("HUP");
    eventually("what is ignored is gone", 5, || overall(&daemon.english()) == "Everything works");
    assert_eq!(daemon.post("/api/v1/webhook", &down).status, 200);
    assert_eq!(overall(&daemon.english()), "Everything works");
    let received =
        |verdict: &str| daemon.metric(&format!("aiglon_alerts_received_total{{verdict=\"{verdict}\"}}"));
    assert_eq!((received("ignored"), received("unmapped")), (Some(1.0), Some(0.0)));
    assert_eq!(daemon.post("/api/v1/webhook", &grafana("AntennaDown", "firing")).status, 200);
    assert_eq!(overall(&daemon.english()), "Something is down");
}

#[test]
fn a_malformed_alert_of_a_batch_marks_what_it_leads_to() {
    let labels = |component: &str, more: &str| {
        format!(r#"{{"labels":{{"alertname":"Down","service":"wifi","component":"{component}"{more}}}"#)
    };
    let fine = format!(r#"{},"annotations":{{}}}}"#, labels("egret", r#","severity":"info""#));
    for wrong in [
        labels("heron", r#","severity":"critical","n":5"#) + "}",
        labels("heron", r#","severity":"critical","":"x""#) + "}",
        labels("heron", r#","severity":"critical""#) + r#","startsAt":"yesterday"}"#,
        labels("heron", r#","severity":"critical""#) + r#","endsAt":5}"#,
        labels("heron", r#","severity":"critical""#) + r#","annotations":{"n":[1]}}"#,
        // Nor can its severity.
        labels("heron", r#","severity":{"x":1}"#) + "}",
    ] {
        let mut daemon = Daemon::start(&config());
        assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
        assert_eq!(overall(&daemon.english()), "Everything works");
        for path in ["/api/v2/alerts", "/api/v1/webhook"] {
            let answer = daemon.post(path, &format!("[{fine},{wrong}]"));
            assert!(answer.status == 400 && answer.body.contains("alert 1: "), "{}", answer.body);
        }
        let page = daemon.english();
        assert!(part(&page, "Heron").contains("could not be read"), "{wrong}: {}", part(&page, "Heron"));
        assert!(!part(&page, "Egret").contains("could not be read"), "{wrong}");
        assert_eq!(daemon.metric("aiglon_alerts_bad_total"), Some(2.0));
        let log = daemon.process.log();
        assert!(log.contains("alert 1: ") && !log.contains("found no room"), "{log}");
    }
    // One that leads nowhere, or says that something is over, makes nothing worse.
    let daemon = Daemon::start(&config());
    let over = labels("heron", r#","severity":"critical","n":5"#) + r#","status":"resolved"}"#;
    let stranger = labels("nobody", r#","n":5"#) + "}";
    for batch in [format!("[{fine},{stranger}]"), format!("[{fine},{over}]"), format!("[{fine},5,{{}}]")] {
        assert_eq!(daemon.post("/api/v1/webhook", &batch).status, 400);
        assert_eq!(overall(&daemon.english()), "Everything works", "{batch}");
    }
}
