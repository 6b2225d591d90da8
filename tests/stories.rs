//! The pages of incidents and of the history, of the running daemon: what leads there, who may see
//! them, and how they are answered.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::process::Command;

use common::{AIGLON, Daemon, config, eventually, firing, hash_of, resolved, run, with};

const SECRET: &str = "wuzmOZc8Ft1Wpqcq3BQQdA";

/// A public site, one that nobody may know of, and one for the neighbourhood; the last under a
/// prefix of a proxy.
fn sites() -> String {
    let public = with(&config(), "home", &["option visibility 'public'"]);
    with(&public, "lan", &["option path_prefix '/status'"])
        + &format!(
            "
config site 'hidden'
	list host 'hidden.example'
	option visibility 'unlisted'
	option secret_path '{SECRET}'
	option title 'Hidden'
config source 'hidden_prometheus'
	option site 'hidden'
	list token '{}'
config service 'mail'
	option site 'hidden'
	option name 'Mail'
config component 'inbox'
	option service 'mail'
	option name 'Inbox'
config site 'squat'
	list host 'squat.example'
	option title 'Squat'
config source 'squat_prometheus'
	option site 'squat'
	list token '{}'
config service 'vpn'
	option site 'squat'
	option name 'VPN'
config component 'amsterdam'
	option service 'vpn'
	option name 'Amsterdam'
",
            hash_of("hidden"),
            hash_of("squat")
        )
}

/// A command at the console, as root or the daemon's user.
fn console(daemon: &Daemon, arguments: &[&str]) -> String {
    let socket = daemon.dir.path().join("console.sock");
    let mut command = Command::new(AIGLON);
    command.arg("console").arg("--socket").arg(socket).env_remove("SSH_ORIGINAL_COMMAND").args(arguments);
    let (status, out, err) = run(&mut command);
    assert_eq!(status, Some(0), "{arguments:?}: {out}{err}");
    out
}

#[test]
fn an_incident_has_a_page_and_stays_in_the_history() {
    let daemon = Daemon::start(&sites());
    let english = |path: &str| daemon.connect().get(path, "Accept-Language: en\r\n");
    assert_eq!(english("/incidents/1").status, 404);
    assert!(english("/history").body.contains("Nothing is on record."));

    assert_eq!(daemon.post("/api/v2/alerts", &format!("[{}]", firing("AntennaDown", "heron"))).status, 200);
    eventually("an incident has begun", 5, || english("/").body.contains("href=\"incidents/1?lang=en\""));
    console(&daemon, &["update", "1", "identified", "--say", "power-cut", "--site", "home"]);
    console(&daemon, &["update", "1", "identified", "--lang", "fr", "On attend *Enedis*.", "--site", "home"]);
    let page = english("/");
    assert!(page.body.contains("There is no electricity there."), "{}", page.body);
    let own = "<div class=words lang=\"fr\" dir=\"ltr\"><p>On attend <em>Enedis</em>.</p></div>";
    assert!(page.body.contains(own), "{}", page.body);
    assert!(page.head.len() < 600, "{}", page.head);

    let answer = english("/incidents/1");
    assert_eq!(answer.status, 200);
    assert!(
        answer.body.contains(own) && answer.body.contains("href=\"../history?lang=en\"")
            || answer.body.contains("href=\"../?lang=en\"")
    );
    assert!(answer.header("content-security-policy").unwrap().contains("style-src 'sha256-"));
    // The same tag while nothing changes; the same in another language is another page.
    let etag = answer.header("etag").unwrap();
    let asked = format!("Accept-Language: en\r\nIf-None-Match: {etag}\r\n");
    assert_eq!(daemon.connect().get("/incidents/1", &asked).status, 304);
    let french = daemon.connect().get("/incidents/1", "Accept-Language: fr\r\n");
    assert!(french.body.contains("pas d’électricité") && french.header("etag") != Some(etag));
    // A prefix that the proxy did not take off.
    assert_eq!(english("/status/incidents/1").body, answer.body);
    assert_eq!(english("/status/history").status, 200);

    assert_eq!(daemon.post("/api/v2/alerts", &format!("[{}]", resolved("AntennaDown", "heron"))).status, 200);
    console(&daemon, &["resolve", "1", "--yes", "--say", "fixed", "--site", "home"]);
    eventually("it is over", 5, || english("/incidents/1").body.contains("<b>Over</b>"));
    let page = english("/");
    assert!(page.body.contains("What happened before") && page.body.contains("href=\"incidents/1?lang=en\""));
    assert!(english("/history").body.contains("href=\"./incidents/1?lang=en\""));
}

/// Each site counts for itself, and its incidents are as visible as it is.
#[test]
fn an_incident_is_as_visible_as_its_site() {
    let daemon = Daemon::start(&sites());
    let of = |host: &str, path: &str, more: &str| {
        let mut client = daemon.connect();
        client.send(
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Language: en\r\n{more}\r\n").as_bytes(),
        );
        client.answer()
    };
    console(&daemon, &["open", "mail", "The inbox is full", "--site", "hidden"]);
    console(&daemon, &["open", "vpn", "No tunnel", "--site", "squat"]);
    let secret = |path: &str| of("hidden.example", &format!("/{SECRET}/{path}"), "");
    assert!(secret("incidents/1").body.contains("The inbox is full"));
    assert!(secret("").body.contains("href=\"incidents/1?lang=en\""));
    assert!(secret("history").body.contains("The inbox is full"));
    let nowhere = of("hidden.example", "/nowhere/at/all", "");
    assert_eq!(nowhere.status, 404);
    for answer in [
        of("hidden.example", "/incidents/1", ""),
        of("hidden.example", "/another-secret-of-22-chars/incidents/1", ""),
        of("squat.example", &format!("/{SECRET}/incidents/1"), ""),
        secret("incidents/2"),
        secret("incidents/01"),
        // The site of the neighbourhood, through a proxy.
        of("squat.example", "/incidents/1", "X-Forwarded-For: 192.0.2.7\r\n"),
        // The public site has none.
        of("127.0.0.1", "/incidents/1", ""),
    ] {
        assert_eq!((answer.status, answer.body), (404, nowhere.body.clone()));
    }
    // Nothing tells their names from one that nobody has: the site that answers to all names does.
    let stranger = of("stranger.example", "/history", "");
    assert!(stranger.status == 200 && !stranger.body.contains("No tunnel"));
    for answer in [
        of("hidden.example", "/history", ""),
        of("squat.example", "/history", "X-Forwarded-For: 192.0.2.7\r\n"),
    ] {
        assert_eq!((answer.status, &answer.body), (200, &stranger.body));
    }
    assert!(of("squat.example", "/incidents/1", "").body.contains("No tunnel"));
    assert!(!of("127.0.0.1", "/history", "").body.contains("No tunnel"));
    let mut client = daemon.connect();
    client.send(b"HEAD /incidents/1 HTTP/1.1\r\nHost: squat.example\r\n\r\n");
    assert_eq!(client.try_answer(true).unwrap().status, 200);
}

/// Where a browser is led from a path, as `Location` says it.
fn location(daemon: &Daemon, method: &str, host: &str, path: &str) -> (u16, Option<String>) {
    let mut client = daemon.connect();
    client.send(format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
    let answer = client.try_answer(method == "HEAD").unwrap();
    (answer.status, answer.header("Location").map(str::to_owned))
}

#[test]
fn a_prefix_without_its_slash_leads_to_itself_with_one() {
    let daemon = Daemon::start(&sites());
    let long = format!("/status?{}", "x".repeat(600));
    for (method, host, path, status, expected) in [
        ("GET", "home", "/status", 301, Some("./status/")),
        ("HEAD", "home", "/status", 301, Some("./status/")),
        ("GET", "home", "/status?lang=fr&x=%2F", 301, Some("./status/?lang=fr&x=%2F")),
        ("GET", "home", &long, 301, Some("./status/")),
        ("GET", "squat.example", "/status", 301, Some("./status/")),
        ("GET", "home", "/status/", 200, None),
        ("GET", "home", "/status/?x=1", 200, None),
        ("GET", "home", "/", 200, None),
        ("GET", "home", "/status/history", 200, None),
        // As for a name that nobody has.
        ("GET", "hidden.example", "/status", 301, Some("./status/")),
        ("GET", "stranger.example", "/status", 301, Some("./status/")),
        ("GET", "home", "/status//", 404, None),
        ("GET", "home", "/statusx", 404, None),
        ("POST", "home", "/status", 405, None),
        ("GET", "hidden.example", &format!("/status/{SECRET}?x=1"), 301, Some(&*format!("./{SECRET}/?x=1"))),
        ("HEAD", "hidden.example", &format!("/{SECRET}"), 301, Some(&*format!("./{SECRET}/"))),
        ("GET", "hidden.example", &format!("/status/{SECRET}/"), 200, None),
    ] {
        let found = location(&daemon, method, host, path);
        assert_eq!(found, (status, expected.map(str::to_owned)), "{method} {host} {path}");
    }
    // Who is lost below it finds back to it, whoever puts the prefix there.
    for (host, path, back) in [
        ("home", "/status/x", "./"),
        ("home", "/x", "./"),
        ("home", "/status/incidents/9", "../"),
        ("home", "/status//", "../"),
        // Nothing is decoded or put right first. A browser has done that, and knows where it is.
        ("home", "/status/a\\b", "./"),
        ("home", "/status\\x", "./"),
        ("home", "/status\\a/b", "../"),
        ("home", "/%73tatus/x", "../"),
        ("home", "/status/%2e%2e/x", "../"),
        ("home", "/status/%2E%2E%2Fx", "./"),
        ("home", "/status/../x", "../"),
        ("home", "/status/..\\..\\x", "./"),
        ("hidden.example", &*format!("/status/{SECRET}/%2e%2e/x"), "../"),
        ("hidden.example", &*format!("/status/{SECRET}/a\\b"), "./"),
        ("hidden.example", &*format!("/status/%2e/{SECRET}/x"), "../../"),
        ("hidden.example", &*format!("/status\\{SECRET}\\x"), "./"),
        ("hidden.example", &*format!("/status/{SECRET}/incidents/9"), "../"),
    ] {
        let mut client = daemon.connect();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n").as_bytes());
        let answer = client.answer();
        assert_eq!(answer.status, 404, "{host} {path}");
        assert!(
            answer.body.contains(&format!("<a href=\"{back}?lang=en\">")),
            "{host} {path}: {}",
            answer.body
        );
    }
    // Of a prefix with several segments the last is enough.
    let daemon = Daemon::start(&with(&sites(), "lan", &["option path_prefix '/a/status'"]));
    assert_eq!(location(&daemon, "GET", "home", "/a/status"), (301, Some("./status/".to_owned())));
    assert_eq!(location(&daemon, "GET", "home", "/a").0, 404);
}
