//! Storage that fails, against the real program: whoever says something is told the truth about
//! where it is kept, and what was said to be on flash is there after the plug was pulled.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::process::Command;

use common::{AIGLON, Daemon, Dir, Process, config, feed, overall, run};

/// Starts a program that becomes the daemon, with its console's socket outside its state.
fn start(dir: Dir, program: &str, arguments: &[&str], state: &str) -> Daemon {
    let socket =
        format!("config aiglon 'main'\n\toption console '{}'\n", dir.path().join("socket").display());
    let file = dir.write("config", &(socket + &config()));
    let mut command = Command::new(program);
    let mut process = Process::start(
        command.args(arguments).args([AIGLON, "serve"]).arg(file).args(["--state-dir", state]),
    );
    let line = process.wait_for("listening on http://");
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
    Daemon { process, dir, address }
}

fn console(daemon: &Daemon) -> Command {
    let mut command = Command::new(AIGLON);
    command.arg("console").arg("--socket").arg(daemon.dir.path().join("socket"));
    command.env_remove("SSH_ORIGINAL_COMMAND");
    command
}

/// What a command that succeeds says, and what is noted besides.
fn say(daemon: &Daemon, arguments: &[&str]) -> (String, String) {
    let (status, out, err) = run(console(daemon).args(arguments));
    assert_eq!(status, Some(0), "{arguments:?}: {out}{err}");
    (out, err)
}

/// Pulls the plug, and starts again on the same state, which nothing limits any more.
fn pull_the_plug(mut daemon: Daemon, state: &str) -> Daemon {
    daemon.process.child.kill().unwrap();
    daemon.process.child.wait().unwrap();
    start(daemon.dir, "env", &[], state)
}

fn reload(daemon: &mut Daemon) {
    daemon.process.forget_log();
    daemon.process.signal("HUP");
    daemon.process.wait_for("the journal is written again");
}

/// Says something; whether that is on flash. If not, it is told why.
fn update(daemon: &Daemon, words: &str, why_not: &str) -> bool {
    let (out, note) = say(daemon, &["update", "1", "identified", words]);
    assert!(out.starts_with("done"), "{out}");
    let told = format!(
        "note: the flash cannot be written ({why_not}): this is kept in memory only, and a restart forgets it\n"
    );
    assert!(note.is_empty() || note == told, "{note}");
    note.is_empty()
}

fn incident(daemon: &Daemon) -> String {
    say(daemon, &["incident", "1"]).0
}

/// Where failing storage is told besides.
fn told(daemon: &Daemon, why_not: &str) {
    assert!(say(daemon, &["limits"]).0.starts_with(&format!("storage: {why_not}; ")));
    assert_eq!(daemon.metric("aiglon_journal_degraded"), Some(1.0));
}

/// 600 bytes that are told apart by their number.
fn words(number: usize) -> String {
    format!("<{number}>{}", "x".repeat(596))
}

/// A flash that takes 12 KiB in a file, for the limit of a process stands in for that of a file
/// system.
const FULL: (&str, &[&str]) =
    ("sh", &["-c", "trap '' XFSZ; exec prlimit --fsize=12288:unlimited \"$@\"", "sh"]);
const NO_SPACE: &str = "no space left";

#[test]
fn a_full_flash_is_told_and_what_was_on_it_stays() {
    let dir = Dir::new();
    let state = dir.path().join("state").display().to_string();
    let daemon = start(dir, FULL.0, FULL.1, &state);
    say(&daemon, &["incident", "open", "wifi", "It fills"]);
    let kept = (0..100).take_while(|&number| update(&daemon, &words(number), NO_SPACE)).count();
    assert!(kept > 5, "{kept}");
    told(&daemon, NO_SPACE);
    assert!(daemon.english().contains(&format!("&lt;{kept}&gt;")), "it is on the page");
    assert!(!update(&daemon, "still not", NO_SPACE));
    assert!(daemon.metric("aiglon_journal_dropped_total") > Some(0.0));
    let daemon = pull_the_plug(daemon, &state);
    let after = incident(&daemon);
    for number in 0..kept {
        assert!(after.contains(&words(number)), "{number} of {kept} in {after}");
    }
    assert!(!after.contains("still not"));
    assert!(update(&daemon, "again", ""));
}

#[test]
fn what_was_said_to_a_full_flash_is_written_when_there_is_room() {
    let dir = Dir::new();
    let state = dir.path().join("state").display().to_string();
    let mut daemon = start(dir, FULL.0, FULL.1, &state);
    say(&daemon, &["incident", "open", "wifi", "It fills"]);
    let kept = (0..100).take_while(|&number| update(&daemon, &words(number), NO_SPACE)).count();
    let process = daemon.process.child.id().to_string();
    let (status, _, err) = run(Command::new("prlimit").args(["--fsize=unlimited", "--pid", &process]));
    assert_eq!(status, Some(0), "{err}");
    reload(&mut daemon);
    assert!(update(&daemon, "now there is room", ""));
    assert_eq!(daemon.metric("aiglon_journal_degraded"), Some(0.0));
    let after = incident(&pull_the_plug(daemon, &state));
    assert!((0..=kept).all(|number| after.contains(&words(number))) && after.contains("now there is room"));
}

/// Alertmanager says a webhook alert once, unless it is refused.
#[test]
fn an_alert_that_a_full_flash_does_not_hold_is_asked_for_again() {
    let dir = Dir::new();
    let state = dir.path().join("state").display().to_string();
    let mut daemon = start(dir, FULL.0, FULL.1, &state);
    let fires = |daemon: &Daemon, name: &str| {
        let head = format!("Authorization: Bearer {}\r\n", common::PUSH);
        let body = format!(
            "[{{\"labels\":{{\"alertname\":\"{name}\",\"service\":\"wifi\",\"component\":\"heron\",\"severity\":\"critical\"}},\"status\":\"firing\"}}]"
        );
        let answer = daemon.connect().post("/api/v1/webhook", &head, &body);
        (answer.status, answer.body)
    };
    assert_eq!(fires(&daemon, "First").0, 200);
    say(&daemon, &["incident", "open", "wifi", "It fills"]);
    let _ = (0..100).take_while(|&number| update(&daemon, &words(number), NO_SPACE)).count();
    let (status, why) = fires(&daemon, "Second");
    assert!(status == 503 && why.contains("send it again"), "{status} {why}");
    assert_eq!(overall(&daemon.english()), "Something is down", "it counts all the same");
    let process = daemon.process.child.id().to_string();
    run(Command::new("prlimit").args(["--fsize=unlimited", "--pid", &process]));
    reload(&mut daemon);
    assert_eq!(fires(&daemon, "Second").0, 200);
    let daemon = pull_the_plug(daemon, &state);
    assert!(say(&daemon, &["alerts"]).0.contains("Second"));
}

fn holds(state: &str, words: &str) -> bool {
    let journal = std::fs::read(std::path::Path::new(state).join("journal")).unwrap();
    journal.windows(words.len()).any(|part| part == words.as_bytes())
}

/// Redacts what stays on flash, and returns what is noted.
fn redact(daemon: &Daemon) -> String {
    let (status, out, note) = run(console(daemon).args(["--yes", "redact", "1"]));
    assert_eq!(status, Some(5), "{out}{note}");
    assert!(out.starts_with("done"), "{out}");
    assert!(!daemon.english().contains("&lt;0&gt;"));
    note
}

#[test]
fn what_is_redacted_while_the_flash_is_full_is_said_to_be_public_again_after_a_restart() {
    let dir = Dir::new();
    let state = dir.path().join("state").display().to_string();
    let mut daemon = start(dir, FULL.0, FULL.1, &state);
    say(&daemon, &["incident", "open", "wifi", "It fills"]);
    _ = (0..100).take_while(|&number| update(&daemon, &words(number), NO_SPACE)).count();
    // No file takes anything any more, as on a flash that others filled.
    let limit = |daemon: &Daemon, limit: &str| {
        let process = daemon.process.child.id().to_string();
        let limit = format!("--fsize={limit}:unlimited");
        assert_eq!(run(Command::new("prlimit").args([&limit, "--pid", &process])).0, Some(0));
    };
    limit(&daemon, "0");
    let note = redact(&daemon);
    assert!(note.contains("(no space left)") && note.contains("STILL ON IT"), "{note}");
    assert!(note.contains("a restart makes it public again"), "{note}");
    // So it is.
    daemon.process.child.kill().unwrap();
    daemon.process.child.wait().unwrap();
    daemon = start(daemon.dir, "sh", &["-c", "trap '' XFSZ; exec \"$@\"", "sh"], &state);
    assert!(incident(&daemon).contains(&words(0)));

    // A script takes away all that it can, and fails.
    say(&daemon, &["incident", "open", "wifi", "Another one"]);
    limit(&daemon, "0");
    let script = "redact 1 --yes\nredact 2 --yes\n";
    let (status, out, note) = feed(&mut console(&daemon), script);
    assert_eq!((status, out.matches("done").count()), (Some(5), 2), "{out}{note}");
    assert_eq!(note.matches("STILL ON IT").count(), 2, "{note}");
    assert!(!daemon.english().contains("&lt;0&gt;"));

    // A clean stop tries once more.
    limit(&daemon, "unlimited");
    daemon.process.signal("TERM");
    assert_eq!(daemon.process.wait(), Some(0));
    assert!(!holds(&state, &words(0)));
    let daemon = start(daemon.dir, "env", &[], &state);
    assert!(!say(&daemon, &["incidents", "--all"]).0.contains("It fills"));
}

#[test]
fn a_redaction_fits_where_a_new_journal_does_not() {
    let dir = Dir::new();
    let state = dir.path().join("state").display().to_string();
    let daemon = start(dir, "env", &[], &state);
    say(&daemon, &["incident", "open", "wifi", "It fills"]);
    assert!(update(&daemon, &words(0), ""));
    let new = std::path::Path::new(&state).join("journal.new");
    std::fs::create_dir(&new).unwrap();
    let note = redact(&daemon);
    assert!(note.contains("no restart tells what was taken away"), "{note}");
    assert!(holds(&state, &words(0)));
    let daemon = pull_the_plug(daemon, &state);
    assert!(!say(&daemon, &["incidents", "--all"]).0.contains("It fills"));
    assert!(holds(&state, &words(0)));
    // The first start that can sees to the rest.
    std::fs::remove_dir(&new).unwrap();
    let daemon = pull_the_plug(daemon, &state);
    assert!(!say(&daemon, &["incidents", "--all"]).0.contains("It fills"));
    assert!(!holds(&state, &words(0)));
}

#[test]
fn a_directory_that_comes_and_goes_is_told() {
    const MISSING: &str = "there is no such directory";
    let dir = Dir::new();
    let stick = dir.path().join("usb");
    let state = stick.join("state").display().to_string();
    let mut daemon = start(dir, "env", &[], &state);
    say(&daemon, &["incident", "open", "wifi", "No stick"]);
    assert!(!update(&daemon, "before", MISSING));
    told(&daemon, MISSING);
    std::fs::create_dir(&stick).unwrap();
    reload(&mut daemon);
    assert!(update(&daemon, "with it", ""));
    daemon = pull_the_plug(daemon, &state);
    let after = incident(&daemon);
    assert!(after.contains("before") && after.contains("with it"), "{after}");
    // Pulled out, and another put in.
    std::fs::remove_dir_all(&stick).unwrap();
    assert!(!update(&daemon, "gone", MISSING));
    std::fs::create_dir(&stick).unwrap();
    reload(&mut daemon);
    assert!(update(&daemon, "all of it", ""));
    let after = incident(&pull_the_plug(daemon, &state));
    assert!(["before", "with it", "gone", "all of it"].iter().all(|words| after.contains(words)), "{after}");
}

#[test]
fn what_is_read_only_is_told() {
    const READ_ONLY: &str = "it is read-only, or not ours";
    // Where not even root makes a file.
    let daemon = start(Dir::new(), "env", &[], "/sys");
    say(&daemon, &["incident", "open", "wifi", "Read-only"]);
    assert!(!update(&daemon, "in memory", READ_ONLY));
    told(&daemon, READ_ONLY);
    assert!(daemon.english().contains("in memory"));
    // Nothing was promised, and nothing is there.
    let daemon = pull_the_plug(daemon, "/sys");
    assert!(!say(&daemon, &["incidents"]).0.contains("Read-only"));
}

#[test]
fn a_webhook_that_flaps_for_long_is_written_no_more_and_is_not_green_after_a_restart() {
    let dir = Dir::new();
    let state = dir.path().join("state").display().to_string();
    let mut daemon = start(dir, "env", &[], &state);
    // Each time that it fires it begins anew.
    let hook = |status: &str, time: usize| {
        let (minute, second) = (time / 60, time % 60);
        format!(
            r#"{{"version":"4","alerts":[{{"status":"{status}","labels":{{"alertname":"Flaps","service":"wifi","component":"heron","severity":"critical"}},"startsAt":"2026-11-21T07:{minute:02}:{second:02}Z","endsAt":"0001-01-01T00:00:00Z"}}]}}"#
        )
    };
    let metric = |daemon: &Daemon, name: &str| daemon.metric(&format!("aiglon_journal_{name}")).unwrap();
    let mut client = daemon.connect();
    let head = format!("Authorization: Bearer {}\r\n", common::PUSH);
    let mut time = 0;
    let mut flap = |times: usize| {
        for _ in 0..times {
            time += 1;
            for status in ["firing", "resolved"] {
                assert_eq!(client.post("/api/v1/webhook", &head, &hook(status, time)).status, 200);
            }
        }
    };
    let before = [metric(&daemon, "written_bytes_total"), metric(&daemon, "syncs_total")];
    flap(1);
    // The first step of its incident is written as well.
    let after = [metric(&daemon, "written_bytes_total"), metric(&daemon, "syncs_total")];
    assert!(after[0] - before[0] > 100.0 && after[1] - before[1] >= 2.0, "{before:?} {after:?}");
    flap(400);
    daemon.process.wait_for("sends more of them than the flash should bear");
    assert!(metric(&daemon, "sources_behind") > 0.0);
    assert!(metric(&daemon, "alerts_withheld_total") > 50.0);
    assert!(metric(&daemon, "alert_bytes") > 0.9 * metric(&daemon, "alert_bytes_limit"));
    let limits = say(&daemon, &["limits"]).0;
    let row = limits.lines().find(|line| line.starts_with("journal_alert_bytes")).unwrap();
    assert!(row.split_whitespace().nth(3).unwrap().parse::<u32>().unwrap() > 50, "{row}");
    let written = metric(&daemon, "written_bytes_total");
    flap(100);
    assert!(metric(&daemon, "written_bytes_total") - written < 1000.0);

    drop(client);
    let daemon = pull_the_plug(daemon, &state);
    assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
    let page = daemon.english();
    assert!(common::part(&page, "Heron").contains("Unknown"), "{}", common::part(&page, "Heron"));
}
