//! What must survive a restart does: alerts of senders that do not repeat, whatever stops the
//! machine.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use aiglon::config::{Config, Problems};
use aiglon::engine::heartbeats::BEAT;
use aiglon::incidents::uptime::{DAYS, ROSTER};
use aiglon::journal::frame::{FrameScanner, Scanned};
use aiglon::model::ComponentId;
use common::{AIGLON, Daemon, Dir, PUSH, READ, config, eventually, hash_of, run};

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
    assert!(page.contains("AntennaDown summary") && page.contains("class=down"), "{page}");
    assert_eq!(daemon.post("/api/v1/webhook", &hook("AntennaDown", "heron", "resolved")).status, 200);
    let daemon = pull_the_plug(daemon);
    assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
    assert!(!daemon.page().contains("AntennaDown summary"));
    assert!(held(&daemon).is_empty());
}

/// The drill for a stolen antenna, and a power cut after it: what was believed while the token was
/// good is in no journal.
#[test]
fn what_a_revoked_source_said_does_not_come_back_with_the_power() {
    let daemon = Daemon::start(&config());
    assert_eq!(daemon.post("/api/v1/webhook", &hook("AntennaDown", "heron", "firing")).status, 200);
    assert!(!held(&daemon).is_empty());
    let revoked = config().replace(&hash_of(PUSH), &hash_of("a token that nobody has"));
    daemon.rewrite(&revoked);
    daemon.process.signal("HUP");
    eventually("the reload", 10, || held(&daemon).is_empty());
    assert_eq!(daemon.post("/api/v1/webhook", &hook("AntennaDown", "heron", "firing")).status, 401);
    let mut daemon = daemon;
    daemon.process.child.kill().unwrap();
    daemon.process.child.wait().unwrap();
    let daemon = Daemon::start_in(daemon.dir, &revoked);
    assert!(held(&daemon).is_empty());
}

/// A reload writes the journal anew: with words of the configuration, and not with what a matcher
/// looked at that is gone.
#[test]
fn what_no_matcher_looks_at_any_more_is_not_on_flash() {
    let matching = config().replace("list match 'alertname=EgretDown'", "list match 'component~*'");
    let mut daemon = Daemon::start(&matching);
    assert_eq!(daemon.post("/api/v1/webhook", &hook("EgretDown", "Rue Secrete 2", "firing")).status, 200);
    daemon.rewrite(&config());
    daemon.process.signal("HUP");
    daemon.process.wait_for("reloaded");
    assert!(held(&daemon).contains("EgretDown"));
    let flash = on_flash(&daemon);
    assert!(holds(&flash, b"EgretDown") && !holds(&flash, b"Secrete"));
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
        let mut moment = round * 250;
        let traffic = std::thread::spawn(move || {
            let mut acknowledged = Vec::new();
            for (name, status) in script {
                // One that fires anew begins anew; with the start that ended it would be old news.
                moment += 1;
                let start = format!("{:02}.{:03}Z", moment / 1000 % 60, moment % 1000);
                let body = hook(&name, "heron", status).replace("51.964939396Z", &start);
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
    assert!(words.contains("another aiglon holds this directory"), "{words}");
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
    assert_eq!(daemon.post("/api/v1/webhook", &hook("AntennaDown", "heron", "firing")).status, 503);
    assert!(daemon.page().contains("AntennaDown summary"));
    assert_eq!(daemon.metric("aiglon_journal_degraded"), Some(1.0));
}

// ---- what people say ----------------------------------------------------------------------------

/// `aiglon console` of this daemon.
fn console(daemon: &Daemon) -> Command {
    let mut command = Command::new(AIGLON);
    let socket = daemon.dir.path().join("console.sock");
    command.arg("console").arg("--socket").arg(socket).env_remove("SSH_ORIGINAL_COMMAND");
    command
}

/// What a command that succeeds says.
fn say(daemon: &Daemon, arguments: &[&str]) -> String {
    let (status, out, err) = run(console(daemon).args(arguments));
    assert_eq!((status, err.as_str()), (Some(0), ""), "{arguments:?}: {out}");
    out
}

/// All bytes of the daemon's state, in every file of it.
fn on_flash(daemon: &Daemon) -> Vec<u8> {
    let files = std::fs::read_dir(daemon.dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let state = files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("journal"));
    state.flat_map(|path| std::fs::read(path).unwrap()).collect()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn the_plug_is_pulled_200_times_and_no_acknowledged_word_is_lost() {
    let mut daemon = Daemon::start(&config());
    let mut random = 20_261_121_u32;
    let (mut most, mut cut_short) = (0, 0);
    for round in 0..200 {
        say(&daemon, &["incident", "open", "wifi", &format!("title {round}"), "first"]);
        let number = round + 1;
        // One person says what they do, and then at the top of the page; and so on, until the plug
        // goes.
        let words: Vec<_> = (0..60).map(|step| format!("said-{round}-{step}-end")).collect();
        let script: String = words
            .iter()
            .enumerate()
            .map(|(step, words)| match step % 2 {
                0 => format!("update {number} identified \"{words}\"\n"),
                _ => format!("banner set \"{words}\"\n"),
            })
            .collect();
        let mut client = console(&daemon);
        client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = client.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let traffic = std::thread::spawn(move || {
            // The plug may go while it writes.
            _ = stdin.write_all(script.as_bytes());
            drop(stdin);
            String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
        });
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        std::thread::sleep(Duration::from_millis(u64::from(random >> 26)));
        daemon = pull_the_plug(daemon);
        let acknowledged = traffic.join().unwrap().lines().filter(|line| line.starts_with("done")).count();
        most = most.max(acknowledged);
        cut_short += usize::from(acknowledged < words.len());

        let incident = say(&daemon, &["incident", &number.to_string()]);
        let banner = say(&daemon, &["status"]);
        for (step, said) in words.iter().enumerate() {
            let is_there = incident.contains(said);
            match step {
                _ if step % 2 == 1 => assert!(!is_there),
                _ if step < acknowledged => {
                    assert!(is_there, "round {round}: {said} was acknowledged: {incident}");
                }
                _ if step > acknowledged => {
                    assert!(!is_there, "round {round}: {said} was never sent: {incident}");
                }
                // Nobody knows.
                _ => {}
            }
        }
        // The last banner that was acknowledged, or the one that was being said.
        let last = (0..acknowledged).rfind(|step| step % 2 == 1);
        let next = Some(acknowledged).filter(|&step| step % 2 == 1 && step < words.len());
        assert!(
            last.is_none() || [last, next].iter().flatten().any(|&step| banner.contains(&words[step])),
            "round {round}, {acknowledged} acknowledged: {banner}"
        );
        // And what is taken away stays away, in every byte.
        say(&daemon, &["--yes", "redact", &number.to_string()]);
        if round % 4 == 0 {
            daemon = pull_the_plug(daemon);
        }
        let bytes = on_flash(&daemon);
        assert!(!holds(&bytes, format!("title {round}").as_bytes()) && !holds(&bytes, b"first"));
        let updates = words.iter().step_by(2);
        assert!(!updates.clone().any(|said| holds(&bytes, said.as_bytes())), "round {round}");
        assert!(!say(&daemon, &["incidents"]).contains("title"));
    }
    assert!(most > 1 && cut_short > 20, "{most} acknowledged at most, {cut_short} rounds cut short");
}

/// It may have come just before, and will not come again for a day.
#[test]
fn a_nightly_heartbeat_is_known_after_the_plug_was_pulled() {
    let config = format!(
        "{}config component 'files'\n\toption service 'wifi'\nconfig heartbeat 'nightly'\n\toption source 'prometheus'\n\
         \toption component 'files'\n\toption every '24h'\n",
        config()
    );
    let mut daemon = Daemon::start(&config);
    for (state, told) in [("ok", "on time"), ("fail", "failed"), ("ok", "on time")] {
        let path = format!("/api/v1/heartbeat/nightly?state={state}");
        assert_eq!(daemon.post(&path, "").status, 204);
        let (written, stops) = (records(&daemon, BEAT).len(), told == "on time" && state == "ok");
        // The third is too soon after the first to be written by itself: a clean stop does it.
        if written == 2 && stops {
            daemon.process.signal("TERM");
            assert_eq!(daemon.process.wait(), Some(0));
        } else {
            daemon.process.child.kill().unwrap();
            daemon.process.child.wait().unwrap();
        }
        daemon = Daemon::start_in(daemon.dir, &config);
        let heartbeats = say(&daemon, &["heartbeats"]);
        assert!(heartbeats.contains(told), "{state}: {heartbeats}");
    }
    assert!(!daemon.process.log().contains("left out"));
}

// ---- the past of components ---------------------------------------------------------------------

/// The records of a kind in the journal.
fn records(daemon: &Daemon, kind: u8) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(daemon.dir.path().join("journal")).unwrap();
    let (mut scanner, mut chunk, mut found) = (FrameScanner::new(), bytes.as_slice(), Vec::new());
    while let Scanned::Record(record) = scanner.next(&mut chunk) {
        if record.kind == kind {
            found.push(record.payload.to_vec());
        }
    }
    found
}

/// Stops it as an init system does, and starts it again.
fn stop(mut daemon: Daemon) -> Daemon {
    daemon.process.signal("TERM");
    assert_eq!(daemon.process.wait(), Some(0));
    Daemon::start_in(daemon.dir, &config())
}

#[test]
fn how_components_fared_is_written_at_a_clean_stop() {
    let daemon = Daemon::start(&config());
    assert_eq!(daemon.post("/api/v1/webhook", &hook("AntennaDown", "heron", "firing")).status, 200);
    assert_eq!(records(&daemon, DAYS), [[0; 0]; 0]);
    let mut daemon = stop(daemon);
    assert_eq!(records(&daemon, ROSTER).len(), 1);
    let days = records(&daemon, DAYS);
    // One component was down for a minute, rounded up.
    assert_eq!(days.len(), 1, "{days:?}");
    assert_eq!(days[0][6..11], [0, 1, 0, 0, 0], "{days:?}");
    let log = daemon.process.log();
    assert!(!log.contains("left out"), "{log}");
    // It goes on from there, still down: what is written next holds what was before.
    let daemon = stop(daemon);
    let days = records(&daemon, DAYS);
    assert_eq!((days.len(), days[1][7]), (2, 2), "{days:?}");
}

/// The component 'heron' as records name it.
fn hash_of_heron() -> [u8; 4] {
    let (mut loaded, mut problems) = (Box::new(const { Config::new() }), Box::new(Problems::new()));
    loaded.load(config().as_bytes(), &mut problems).unwrap();
    let ids = (0..=u16::MAX).map(ComponentId).zip(&loaded.components);
    let heron = ids.filter(|(_, row)| loaded.str(row.name) == "heron").map(|(id, _)| id).next().unwrap();
    loaded.component_hash(heron).to_le_bytes()
}

#[test]
fn a_removed_component_leaves_no_trace_in_the_journal() {
    let daemon = Daemon::start(&config());
    daemon.post("/api/v1/webhook", &hook("AntennaDown", "heron", "firing"));
    // Its past is there as well.
    let mut daemon = stop(daemon);
    let heron = hash_of_heron();
    let bytes = on_flash(&daemon);
    assert!(holds(&bytes, b"AntennaDown") && holds(&bytes, &heron));
    assert!(records(&daemon, ROSTER).iter().any(|roster| holds(roster, &heron)));
    daemon.rewrite(&config().replace("config component 'heron'", "config component 'crane'"));
    daemon.process.signal("HUP");
    // Perhaps the name was mistyped, so it is told.
    daemon.process.wait_for("there is no component 'heron' any more");
    daemon.process.wait_for("reloaded");
    let bytes = on_flash(&daemon);
    assert!(!holds(&bytes, b"AntennaDown") && !holds(&bytes, &heron));
}
