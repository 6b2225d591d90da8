//! Debian's Alertmanager in between, with aiglon as a webhook receiver, and the stanza of README.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::{Daemon, Dir, Process, WEBHOOK, eventually, example, part, run, with};

const STANZA: &str = include_str!("alertmanager.yml");
/// Where Prometheus sends to both.
const BESIDE: &str = include_str!("alertmanager-beside.yml");

fn start(dir: &Dir, stanza: &str) -> (Process, SocketAddr) {
    let file = dir.write("alertmanager.yml", stanza);
    let mut process = Process::start(
        Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", dir.path().join("data").display()))
            .args(["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="]),
    );
    let line = process.wait_for("msg=\"Listening on\"");
    (process, line.split("address=").nth(1).unwrap().trim().parse().unwrap())
}

/// The stanza, with an address and a token of our own, and seconds in place of its minutes.
fn stanza(daemon: &Daemon) -> String {
    assert!(STANZA.contains("192.168.1.1:8081") && STANZA.contains("'TOKEN'") && STANZA.contains(" 1m"));
    STANZA
        .replace("192.168.1.1:8081", &daemon.address.to_string())
        .replace("'TOKEN'", &format!("'{WEBHOOK}'"))
        .replace(" 1m", " 1s")
}

/// Puts an alert into it, as Prometheus would.
fn add(alertmanager: SocketAddr, words: &[&str]) {
    let url = format!("--alertmanager.url=http://{alertmanager}");
    let (status, _, stderr) = run(Command::new("amtool").args([&url, "alert", "add"]).args(words));
    assert_eq!(status, Some(0), "{stderr}");
}

const MAIL: [&str; 4] = ["MailDown", "job=home servers", "instance=mail", "severity=critical"];

#[test]
fn a_webhook_alert_lasts_until_it_is_resolved() {
    let config = with(&example(), "alertmanager", &["option silent_after '30s'"]);
    let config = with(&config, "alertmanager", &["option resync '0s'"]);
    // An alert of Prometheus' would be forgotten after so long.
    let config = with(&config, "main", &["option resolve_after '2s'"]);
    let daemon = Daemon::start(&config);
    let dir = Dir::new();
    let (_alertmanager, address) = start(&dir, &stanza(&daemon));
    let mail = || part(&daemon.english(), "E-mail").to_owned();

    add(address, &["Heartbeat", "heartbeat=prometheus", "severity=none"]);
    eventually("it is heard", 10, || mail().contains("<b>Works</b>"));
    add(address, &MAIL);
    eventually("it is down", 10, || mail().contains("<b>Down</b>"));
    assert!(part(&daemon.english(), "Shared files").contains("<b>Works</b>"));

    // The heartbeat goes on; of the alert nothing is said again for four hours.
    let heard =
        |daemon: &Daemon| daemon.metric("aiglon_alerts_received_total{verdict=\"heartbeat\"}").unwrap();
    let before = heard(&daemon);
    let quiet_until = Instant::now() + Duration::from_secs(7);
    while Instant::now() < quiet_until {
        assert!(mail().contains("<b>Down</b>"));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(heard(&daemon) >= before + 2.0, "the heartbeat is repeated");
    assert_eq!(daemon.metric("aiglon_alerts_received_total{verdict=\"firing\"}"), Some(1.0));

    let now = httpdate_to_rfc3339(daemon.get("/").header("Date").unwrap());
    add(address, &[&MAIL[..], &[&format!("--end={now}")]].concat());
    eventually("it works again", 10, || mail().contains("<b>Works</b>"));
}

/// `Sat, 21 Nov 2026 09:30:00 GMT` as amtool wants it.
fn httpdate_to_rfc3339(date: &str) -> String {
    let words: Vec<_> = date.split(' ').collect();
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|month| *month == words[2]).unwrap() + 1;
    format!("{}-{month:02}-{}T{}Z", words[3], words[1], words[4])
}

/// Adding aiglon must not take an alert from those who are told already, and the heartbeat must
/// wake nobody.
#[test]
fn the_stanzas_route_to_people_as_before() {
    for (stanza, [of_alerts, of_heartbeats]) in
        [(STANZA, ["aiglon,people", "aiglon"]), (BESIDE, ["people", "nobody"])]
    {
        let dir = Dir::new();
        let file = dir.write("alertmanager.yml", stanza);
        for (labels, receivers) in [
            (&["alertname=MailDown"][..], of_alerts),
            (&["alertname=Heartbeat", "heartbeat=x"], of_heartbeats),
        ] {
            let config = format!("--config.file={}", file.display());
            let (status, stdout, stderr) =
                run(Command::new("amtool").args(["config", "routes", "test", &config]).args(labels));
            assert_eq!((status, stdout.trim()), (Some(0), receivers), "{labels:?}: {stderr}");
        }
    }
}
