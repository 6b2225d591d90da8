//! What must survive a restart does: alerts of senders that do not repeat, whatever stops the machine.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::Command;
use std::time::Duration;

use common::{AIGLON, Daemon, Dir, READ, config};

/// As Alertmanager tells a webhook.
fn hook(name: &str, component: &str, status: &str) -> String {
    format!(
        r#"{{"version":"4","alerts":[{{"status":"{status}","labels":{{"alertname":"{name}","service":"wifi","component":"{component}","severity":"critical"}},"annotations":{{"summary":"{name} summary"}},"startsAt":"2026-11-21T07:41:51.964939396Z","endsAt":"0001-01-01T00:00:00Z"}}]}}"#
    )
}

/// The names of the alerts that are held.
fn held(daemon: &Daemon) -> BTreeSet<String> {
    let answer = daemon.connect().get("/api/v2/alerts", &format!("Authorization: Bearer {READ}\r\n"));
    let list: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    list.as_array()
        .unwrap()
        .iter()
        .map(|alert| alert["labels"]["alertname"].as_str().unwrap().to_owned())
        .collect()
}

/// Pulls the plug, and starts again on the same directory.
fn pull_the_plug(mut daemon: Daemon) -> Daemon {
    daemon.process.child.kill().unwrap();
    daemon.process.child.wait().unwrap();
    Daemon::start_in(daemon.dir, &config())
}

#[test]
fn a_webhook_alert_is_still_red_after_the_plug_was_pulled() {
    let daemon = Daemon::start(&config());
    assert_eq!(daemon.post("/api/v1/webhook", &hook("AntennaDown", "heron", "firing")).status, 200);
    let daemon = pull_the_plug(daemon);
    assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
    let page = daemon.page();
    assert!(page.contains("AntennaDown summary") && page.contains("class=\"down\""), "{page}");
    assert_eq!(daemon.post("/api/v1/webhook", &hook("AntennaDown", "heron", "resolved")).status, 200);
    let daemon = pull_the_plug(daemon);
    assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
    assert!(!daemon.page().contains("AntennaDown summary"));
    assert!(held(&daemon).is_empty());
}

#[test]
fn the_plug_is_pulled_200_times_and_nothing_acknowledged_is_lost() {
    let mut daemon = Daemon::start(&config());
    // What was said last of each alert, and whether that was acknowledged.
    let mut firing: BTreeMap<String, bool> = BTreeMap::new();
    let mut unsure: Option<String> = None;
    let mut random = 20_261_121_u32;
    for round in 0..200 {
        let now = held(&daemon);
        for (name, fires) in &firing {
            assert_eq!(now.contains(name), *fires, "round {round}: {name}");
        }
        if let Some(name) = unsure.take() {
            firing.insert(name.clone(), now.contains(&name));
        }
        // The plug goes at some moment of this traffic, which another thread makes.
        let mut client = daemon.connect();
        let mut script = Vec::new();
        for _ in 0..1_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let status = if random & 0x100 == 0 { "firing" } else { "resolved" };
            script.push((format!("A{}", random >> 27), status));
        }
        let traffic = std::thread::spawn(move || {
            let mut acknowledged = Vec::new();
            for (name, status) in script {
                let body = hook(&name, "heron", status);
                let head = format!(
                    "POST /api/v1/webhook HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
                    common::PUSH,
                    body.len()
                );
                let sent = client.0.get_mut().write_all((head + &body).as_bytes()).is_ok();
                match client.try_answer(false).filter(|answer| sent && answer.status == 200) {
                    Some(_) => acknowledged.push((name, status == "firing")),
                    None => return (acknowledged, Some(name)),
                }
            }
            (acknowledged, None)
        });
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        std::thread::sleep(Duration::from_millis(u64::from(random >> 27)));
        daemon = pull_the_plug(daemon);
        let (acknowledged, last) = traffic.join().unwrap();
        firing.extend(acknowledged);
        if let Some(name) = last {
            firing.remove(&name);
            unsure = Some(name);
        }
    }
    assert!(firing.values().any(|&fires| fires), "the traffic did something");
}

#[test]
fn a_second_daemon_on_the_same_directory_refuses() {
    let daemon = Daemon::start(&config());
    let output = Command::new(AIGLON)
        .arg("serve")
        .arg(daemon.dir.path().join("config"))
        .arg("--state-dir")
        .arg(daemon.dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("another aiglon holds this lock"), "{words}");
    assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
}

#[test]
fn without_a_place_for_state_it_goes_on_in_memory_and_says_so() {
    let dir = Dir::new();
    let text = config();
    let file = dir.write("config", &text);
    let nowhere = dir.write("nowhere", "a file, where a directory is wanted");
    let mut process =
        common::Process::start(Command::new(AIGLON).arg("serve").arg(file).arg("--state-dir").arg(nowhere));
    let line = process.wait_for("listening on http://");
    process.wait_for("kept in memory only");
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
    let daemon = Daemon { process, dir, address };
    assert_eq!(daemon.post("/api/v1/webhook", &hook("AntennaDown", "heron", "firing")).status, 200);
    assert!(daemon.page().contains("AntennaDown summary"));
    assert_eq!(daemon.metric("aiglon_journal_degraded"), Some(1.0));
}

#[test]
fn a_removed_component_leaves_no_trace_in_the_journal() {
    let mut daemon = Daemon::start(&config());
    daemon.post("/api/v1/webhook", &hook("AntennaDown", "heron", "firing"));
    let journal = || std::fs::read(daemon.dir.path().join("journal")).unwrap();
    let holds = |bytes: &[u8]| bytes.windows(11).any(|window| window == b"AntennaDown");
    assert!(holds(&journal()));
    daemon.rewrite(&config().replace("config component 'heron'", "config component 'crane'"));
    daemon.process.signal("HUP");
    daemon.process.wait_for("reloaded");
    assert!(!holds(&std::fs::read(daemon.dir.path().join("journal")).unwrap()));
}
