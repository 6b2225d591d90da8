//! `aiglon route` says where an alert would lead, and the daemon does the same with that alert.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::process::Command;

use common::{AIGLON, Daemon, Dir, PUSH, READ, hash_of, run};

/// A Prometheus with labels of its own, and somebody else's cron.
fn config() -> String {
    let [push, read] = [PUSH, READ].map(hash_of);
    format!(
        "config listen 'all'
	option address '127.0.0.1:0'
	list serve 'page'
	list serve 'ingest'
	list serve 'metrics'
config site 'home'
config source 'prometheus'
	option site 'home'
	option resync '0s'
	list token '{push}'
	list ignore 'alertname=Noise'
config source 'cron'
	option site 'home'
	list token '{read}'
config service 'wifi'
	option site 'home'
config component 'north'
	option service 'wifi'
	list source 'prometheus'
	list match 'alertname=InstanceDown instance~10.0.0.1:*'
	list publish 'summary'
config service 'mail'
	option site 'home'
config component 'mailbox'
	option service 'mail'
	list source 'prometheus'
	list source 'cron'
	list match 'job=mail'
	list match 'alertname=\"Disk is full\" instance~mail.*'
"
    )
}

/// What it prints, and its exit status.
fn route(words: &[&str]) -> (Option<i32>, String, String) {
    let dir = Dir::new();
    let file = dir.write("aiglon", &config());
    run(Command::new(AIGLON).arg("route").arg("--config").arg(file).args(words))
}

/// The answer for one source.
fn told(words: &[&str]) -> String {
    let (status, stdout, stderr) = route(&[&["--source", "prometheus"], words].concat());
    assert_eq!(stderr, "");
    let leads = stdout.lines().any(|line| line.starts_with("  ") && line.contains("  by "));
    assert_eq!(status, Some(i32::from(!leads)), "{stdout}");
    stdout
}

#[test]
fn an_alert_is_told_where_it_leads_by_what_and_how_bad_it_is() {
    assert_eq!(
        told(&["alertname=Disk is full", "instance=mail.example", "severity=critical"]),
        "source prometheus: outage\n  mail/mailbox  by list match 'alertname=\"Disk is full\" instance~mail.*'\n    \
         public: that something is wrong, and nothing of the alert\n"
    );
    assert_eq!(
        told(&["alertname=X", "service=wifi", "component=north", "severity=warning"]),
        "source prometheus: degraded\n  wifi/north  by its labels service and component\n    public: its summary\n"
    );
    let both = told(&["alertname=InstanceDown", "job=mail", "instance=10.0.0.1:9100", "severity=urgent"]);
    assert!(both.contains("wifi/north") && both.contains("mail/mailbox"), "{both}");
    assert!(both.contains("the severity 'urgent' is not known, and counts as warning"), "{both}");
    let fine = told(&["job=mail", "severity=info"]);
    assert!(fine.starts_with("source prometheus: nothing is wrong, as its severity says\n"), "{fine}");
    assert!(told(&["job=mail"]).contains("without a label severity, it counts as warning"));
}

#[test]
fn an_alert_that_leads_nowhere_is_told_why() {
    assert_eq!(
        told(&["alertname=Disk is full", "instance=web1"]),
        "source prometheus: leads to no component\n  it has not both labels, service and component\n  \
         nearly mail/mailbox, by list match 'alertname=\"Disk is full\" instance~mail.*'; instance~mail.* does not hold\n"
    );
    assert_eq!(
        told(&["service=wifi", "component=south"]),
        "source prometheus: leads to no component\n  its labels name wifi/south: this source feeds no such component\n  \
         no list match fits\n"
    );
    assert_eq!(told(&["alertname=Noise", "job=mail"]), "source prometheus: ignored, by its list ignore\n");
    assert_eq!(told(&["heartbeat=x"]), "source prometheus: a sign of life; it leads to no component\n");
}

#[test]
fn each_source_is_asked_unless_one_is_named() {
    let (status, stdout, _) = route(&["alertname=X", "service=wifi", "component=north"]);
    assert_eq!(status, Some(0), "one is enough");
    assert!(
        stdout.contains("source prometheus: degraded") && stdout.contains("source cron: leads to no"),
        "{stdout}"
    );
}

#[test]
fn a_question_that_cannot_be_understood_is_refused() {
    for (words, part) in [
        (&["alertname"][..], "'alertname' is no label"),
        (&["=x"], "is no label"),
        (&[], "which alert?"),
        (&["--source", "nobody", "a=b"], "no source 'nobody'"),
        (&["a="], "no alert has such labels"),
        (&["--fallback", "x", "a=b"], "route takes"),
    ] {
        let (status, stdout, stderr) = route(words);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{words:?}");
        assert!(stderr.contains(part), "{words:?}: {stderr}");
    }
    let dir = Dir::new();
    let broken = dir.write("aiglon", "config nonsense\n");
    let done = run(Command::new(AIGLON).args(["route", "--config"]).arg(broken).arg("a=b"));
    assert!(done.0 == Some(2) && done.2.contains("nonsense"), "{done:?}");
}

/// The words that a terminal could take for orders are written out.
#[test]
fn no_label_reaches_a_terminal_as_it_is() {
    let (_, stdout, stderr) = route(&["service=\u{1b}[31m", "component=\u{202e}x"]);
    assert!(!stdout.contains(['\u{1b}', '\u{202e}']), "{stdout}");
    assert!(!stderr.contains('\u{1b}'));
}

/// The daemon, with the same labels.
#[test]
fn the_daemon_does_what_is_told() {
    let daemon = Daemon::start(&config());
    for (labels, led) in [
        (&["alertname=Disk is full", "instance=mail.example"][..], true),
        (&["alertname=Disk is full", "instance=web1"], false),
        (&["alertname=InstanceDown", "instance=10.0.0.12:9100"], false),
        (&["alertname=X", "service=wifi", "component=north"], true),
        (&["alertname=Noise", "job=mail"], false),
    ] {
        let (status, stdout, _) = route(&[&["--source", "prometheus"], labels].concat());
        assert_eq!(status == Some(0), led, "{stdout}");
        let pairs: Vec<_> = labels.iter().map(|label| label.split_once('=').unwrap()).collect();
        let pairs: std::collections::BTreeMap<_, _> = pairs.into_iter().collect();
        let held = || daemon.metric("aiglon_alerts_received_total{verdict=\"firing\"}").unwrap();
        let before = held();
        let body = serde_json::json!([{ "labels": pairs }]).to_string();
        assert_eq!(daemon.post("/api/v2/alerts", &body).status, 200);
        assert_eq!(held() > before, led, "{labels:?}");
    }
}

/// `aiglon check` says what a person should see before the first alert comes.
#[test]
fn check_ends_with_a_summary() {
    let dir = Dir::new();
    let more = "config component 'pop'
	option service 'mail'
	list source 'prometheus'
	list match 'alertname=PopDown job=mail'
config component 'web'
	option service 'mail'
	list source 'cron'
config service 'vpn'
	option site 'home'
";
    let file = dir.write("aiglon", &(config() + more));
    let (status, stdout, stderr) = run(Command::new(AIGLON).arg("check").arg(&file));
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    let lines: Vec<_> = stdout.lines().skip(1).filter(|line| line.starts_with("  ")).collect();
    assert_eq!(
        lines,
        [
            "  1 site, 2 sources, 3 services, 4 components",
            "  only the labels service and component lead an alert to: mail/web",
            "  services without a component, which are never well: vpn",
            "  a severity that nobody knows counts as warning, and so does none",
            "  an alert of mail/pop also leads to mail/mailbox, by list match 'job=mail'",
        ]
    );
}

#[test]
fn what_no_page_shows_is_told_as_such() {
    let dir = Dir::new();
    let hidden =
        config().replace("config component 'mailbox'\n", "config component 'mailbox'\n\toption page '0'\n");
    // A source whose heartbeats come from this machine alone feeds no component.
    let beat = "config source 'night'\n\toption site 'home'\nconfig heartbeat 'backup'\n\toption source 'night'\n\toption every '1d'\n";
    let file = dir.write("aiglon", &(hidden + beat));
    let words = ["--source", "prometheus", "job=mail"];
    let (status, told, _) = run(Command::new(AIGLON).arg("route").arg("--config").arg(file).args(words));
    assert!(
        status == Some(0) && told.contains("public: nothing") && !told.contains("something is wrong"),
        "{told}"
    );
    let (push, read) = (hash_of(PUSH), hash_of(READ));
    let one = config()
        .replace(&read, &push)
        .replace(&format!("config source 'cron'\n\toption site 'home'\n\tlist token '{push}'\n"), "");
    let one = one.replace("\tlist source 'prometheus'\n", "").replace("\tlist source 'cron'\n", "");
    let (status, told, wrong) = run(Command::new(AIGLON).arg("check").arg(dir.write("one", &(one + beat))));
    assert_eq!(status, Some(0), "{told}{wrong}");
}
