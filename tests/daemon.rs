//! The daemon end to end, as a client sees it: pushes, pages, reloads, signals.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use common::{AIGLON, Client, Daemon, Dir, PUSH, Process, READ, config, eventually, firing, resolved, run};

#[test]
fn an_alert_turns_the_page_red_and_its_resolution_green() {
    let daemon = Daemon::start(&config());

    assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
    let well = daemon.page();
    assert_eq!(daemon.post("/api/v2/alerts", &format!("[{}]", firing("AntennaDown", "heron"))).status, 200);
    let red = daemon.page();
    assert_ne!(well, red);
    assert!(red.contains("AntennaDown on heron"), "{red}");
    assert_eq!(daemon.post("/api/v1/alerts", &format!("[{}]", resolved("AntennaDown", "heron"))).status, 200);
    assert!(!daemon.page().contains("AntennaDown"));
}

#[test]
fn a_batch_in_which_nothing_is_an_alert_is_no_sign_of_life() {
    let daemon = Daemon::start(&config());
    let unknown = daemon.page();
    // collectd's values, sent to the wrong path.
    assert_eq!(
        daemon.post("/api/v2/alerts", r#"[{"values":[1],"host":"antenna","plugin":"load"}]"#).status,
        400
    );
    assert_eq!(daemon.page(), unknown);
    let mixed = format!(r#"[{{"values":[1]}},{}]"#, firing("AntennaDown", "heron"));
    assert_eq!(daemon.post("/api/v2/alerts", &mixed).status, 400);
    let page = daemon.page();
    assert!(page != unknown && page.contains("AntennaDown on heron"), "{page}");
}

#[test]
fn alerts_are_listed_for_a_token_that_reads() {
    let daemon = Daemon::start(&config());
    daemon.post("/api/v2/alerts", &format!("[{},{}]", firing("A", "heron"), firing("EgretDown", "x")));
    let list = |query: &str, token: &str| {
        daemon.connect().get(&format!("/api/v2/alerts{query}"), &format!("Authorization: Bearer {token}\r\n"))
    };
    let all: serde_json::Value = serde_json::from_str(&list("", READ).body).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 2, "{all}");
    assert_eq!(all[0]["labels"]["alertname"], "A");
    assert_eq!(all[0]["status"]["state"], "active");
    let one: serde_json::Value =
        serde_json::from_str(&list("?filter=alertname%3D%22A%22", READ).body).unwrap();
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(list("", common::PUSH).status, 403);
    assert_eq!(list("", "nonsense").status, 401);
}

/// What karma and Grafana's Alertmanager source ask, by the `OpenAPI` document of Alertmanager.
#[test]
fn readers_of_alertmanager_find_groups_and_silences() {
    let daemon = Daemon::start(&config());
    let ask =
        |path: &str, token: &str| daemon.connect().get(path, &format!("Authorization: Bearer {token}\r\n"));
    let json = |path: &str| -> serde_json::Value {
        let answer = ask(path, READ);
        assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("application/json")), "{path}");
        serde_json::from_str(&answer.body).unwrap()
    };
    assert_eq!(json("/api/v2/silences?active=true&expired=false"), serde_json::json!([]));
    assert_eq!(json("/api/v2/alerts/groups"), serde_json::json!([]));
    // More than one piece of an answer holds.
    let wide = "x".repeat(150);
    let alerts: Vec<_> = (0..500).map(|n| firing(&format!("A{n}{wide}"), "heron")).collect();
    daemon.post("/api/v2/alerts", &format!("[{}]", alerts.join(",")));
    let groups = json("/api/v2/alerts/groups?silenced=false&inhibited=false");
    assert_eq!(groups.as_array().unwrap().len(), 1);
    let names = |alerts: &serde_json::Value| -> Vec<_> {
        alerts.as_array().unwrap().iter().map(|alert| alert["fingerprint"].clone()).collect()
    };
    let (all, grouped) = (names(&json("/api/v2/alerts")), names(&groups[0]["alerts"]));
    assert!(all.len() == 500 && all == grouped, "{} {}", all.len(), grouped.len());
    assert_eq!(groups[0]["alerts"][0]["status"]["mutedBy"], serde_json::json!([]));
    assert_eq!(
        (&groups[0]["receiver"], &groups[0]["labels"], &groups[0]["routeLabels"]),
        (&serde_json::json!({"name": "aiglon"}), &serde_json::json!({}), &serde_json::json!({}))
    );
    assert_eq!(json("/api/v2/alerts/groups?filter=alertname%3D%22none%22"), serde_json::json!([]));
    for path in ["/api/v2/alerts/groups", "/api/v2/silences"] {
        assert_eq!((ask(path, PUSH).status, ask(path, "nonsense").status), (403, 401), "{path}");
        assert_eq!(ask(&format!("{path}?active=maybe"), READ).status, 400, "{path}");
        assert_eq!(ask(&format!("{path}?filter=x"), READ).status, 400, "{path}");
    }
    let metrics = daemon.get("/metrics").body;
    assert!(metrics.contains("\nalertmanager_build_info{version=\"0.33.1\"} 1\n"), "{metrics}");
}

/// No other label is in the log, and no alert is in it twice.
#[test]
fn an_alert_that_leads_nowhere_is_logged_once_by_its_name() {
    let mut daemon = Daemon::start(&config());
    let lost = r#"[{"labels":{"alertname":"DiskFull","instance":"secret1"}},
        {"labels":{"alertname":"Seen de:ad:be:ef:00:01"}},
        {"labels":{"alertname":"Slow","service":"wifi","component":"heron","severity":"urgent"}}]"#;
    for _ in 0..2 {
        assert_eq!(daemon.post("/api/v2/alerts", lost).status, 200);
    }
    daemon.process.wait_for("alert 'Slow' has a severity that nobody knows");
    let log = daemon.process.log();
    assert_eq!(
        log.matches("source 'prometheus': alert 'DiskFull' leads to no component").count(),
        1,
        "{log}"
    );
    assert_eq!(log.matches("severity that nobody knows").count(), 1, "{log}");
    assert_eq!(log.matches("alert 'Seen ").count(), 1, "{log}");
    assert!(!["secret", "ad:be", "urgent"].iter().any(|word| log.contains(word)), "{log}");
    let count =
        |name: &str| daemon.metric(&format!("aiglon_source_alerts_{name}_total{{source=\"prometheus\"}}"));
    assert_eq!((count("unmapped"), count("odd_severity")), (Some(4.0), Some(2.0)));
    assert_eq!(daemon.metric("aiglon_alert_names_refused_total"), Some(0.0));
}

#[test]
fn a_reload_keeps_the_connection_and_the_alert() {
    let mut daemon = Daemon::start(&config());
    daemon.post("/api/v2/alerts", &format!("[{}]", firing("AntennaDown", "heron")));
    let mut client = daemon.connect();
    assert!(client.get("/", "").body.contains("AntennaDown on heron"));
    daemon.rewrite(&config().replace("'Heron'", "'Grey heron'"));
    daemon.process.signal("HUP");
    daemon.process.wait_for("reloaded");
    let page = client.get("/", "").body;
    assert!(page.contains("Grey heron") && page.contains("AntennaDown on heron"), "{page}");
    // A broken one is refused and the old one kept.
    daemon.rewrite("config nonsense 'x'\n");
    daemon.process.signal("HUP");
    daemon.process.wait_for("not changed");
    assert!(client.get("/", "").body.contains("Grey heron"));
    daemon.process.signal("TERM");
    assert_eq!(daemon.process.wait(), Some(0));
}

#[test]
fn alerts_that_a_webhook_leaves_out_make_nothing_well() {
    let mut daemon = Daemon::start(&config());
    assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
    let well = daemon.page();
    assert_eq!(daemon.post("/api/v1/webhook", r#"{"alerts":[],"truncatedAlerts":0}"#).status, 200);
    assert_eq!(daemon.page(), well);
    assert_eq!(daemon.post("/api/v1/webhook", r#"{"alerts":[],"truncatedAlerts":3}"#).status, 200);
    assert_ne!(daemon.page(), well);
    daemon.process.wait_for("max_alerts");
}

/// Sources are known by their places in the configuration, and a reload moves them: what somebody
/// was in the middle of saying is not taken for the word of who stands there now, be it on another
/// site; and whose token is gone says no more.
#[test]
fn a_reload_in_the_middle_of_a_body_makes_nobody_speak_for_somebody_else() {
    let before = config()
        .replace("	option title 'Antennas'\n", "	option title 'Antennas'\n	list host 'home.example'\n");
    let other = format!(
        "config site 'other'
	option title 'Others'
	list host 'other.example'
config service 'boats'
	option site 'other'
config component 'otter'
	option service 'boats'
	list match 'alertname=OtterDown'
config rule 'deep'
	option source 'first'
	option component 'otter'
	option measurement 'm'
	option field 'v'
	option above '8'
config source 'first'
	option site 'other'
	option resync '0s'
	list token '{}'
config source 'prometheus'",
        common::hash_of("other-token")
    );
    let daemon = Daemon::start(&before);
    let alert = r#"{"labels":{"alertname":"OtterDown","severity":"critical"}}"#;
    let mut reloads = 0.0;
    let mut reload = |daemon: &Daemon, text: &str| {
        daemon.rewrite(text);
        daemon.process.signal("HUP");
        reloads += 1.0;
        eventually("it is read again", 10, || daemon.metric("aiglon_reloads_total") == Some(reloads));
    };
    for (path, body, rest) in [
        ("/api/v2/alerts", format!("[{}", firing("A", "heron")), format!(",{alert}]")),
        ("/api/v1/telegraf", "m v=1\n".to_owned(), "m v=9\n".to_owned()),
        ("/api/v1/collectd", "[".to_owned(), "]".to_owned()),
    ] {
        let mut client = daemon.connect();
        let length = body.len() + rest.len();
        client.send(
            format!(
                "POST {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {PUSH}\r\nContent-Length: {length}\r\n\r\n{body}"
            )
            .as_bytes(),
        );
        // It has been read when somebody who came later has been answered.
        std::thread::sleep(Duration::from_millis(100));
        reload(&daemon, &before.replace("config source 'prometheus'", &other));
        client.send(rest.as_bytes());
        let answer = client.answer();
        assert_eq!(answer.status, 503, "{path}: {}", answer.body);
        assert!(answer.body.contains("again"), "{}", answer.body);
        client = daemon.connect();
        client.send(b"GET / HTTP/1.1\r\nHost: other.example\r\n\r\n");
        let page = client.answer().body;
        assert!(page.contains("Others") && !page.contains("class=down"), "{path}: {page}");
        // Nor has it been heard.
        let heard =
            |source: &str| daemon.metric(&format!("aiglon_source_last_seen_seconds{{source=\"{source}\"}}"));
        assert_eq!(heard("first"), None, "{path}");
        reload(&daemon, &before);
        assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
    }
}

/// A list of alerts goes out in pieces; behind a reload, the next one could be of another site's,
/// which this token may not read.
#[test]
fn a_reload_in_the_middle_of_a_list_cuts_it_off() {
    let dir = common::Dir::new();
    let path = dir.path().join("http.sock");
    let text = config()
        + &format!(
            "config listen 'local'\n	option address 'unix:{}'\n	list serve 'ingest'\n",
            path.display()
        );
    let mut daemon = Daemon::start(&text);
    let long = "x".repeat(200);
    let alerts: Vec<_> =
        (0..1000).map(|n| firing(&format!("A{n}"), "heron").replace(" on heron", &long)).collect();
    for batch in alerts.chunks(100) {
        assert_eq!(daemon.post("/api/v2/alerts", &format!("[{}]", batch.join(","))).status, 200);
    }
    // Not read until later: a unix socket holds less than all of it.
    let mut socket = UnixStream::connect(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let ask = format!(
        "GET /api/v2/alerts HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer {READ}\r\n\r\n"
    );
    socket.write_all(ask.as_bytes()).unwrap();
    let mut first = [0; 1];
    socket.read_exact(&mut first).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    daemon.process.signal("HUP");
    daemon.process.wait_for("reloaded");
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).unwrap();
    assert!(rest.len() > 100_000 && !rest.ends_with(b"]\r\n0\r\n\r\n"), "{}", rest.len());
}

/// The answer comes before the body has been read. A client that writes all of it before it reads,
/// as a proxy may, must not lose the answer to a reset.
#[test]
fn a_refusal_is_heard_by_a_sender_of_much() {
    let daemon = Daemon::start(&config());
    let body = vec![b' '; 8 << 20];
    for _ in 0..5 {
        let mut client = daemon.connect();
        client.send(
            format!("POST /api/v2/alerts HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len())
                .as_bytes(),
        );
        client.send(&body);
        assert_eq!(client.answer().status, 401);
        assert!(client.is_closed());
    }
}

#[test]
fn a_signal_that_comes_at_once_is_obeyed() {
    // The window between the log line and the first turn of the executor is short: many tries.
    for _ in 0..20 {
        let mut daemon = Daemon::start(&config());
        daemon.process.signal("HUP");
        daemon.process.signal("TERM");
        assert_eq!(daemon.process.wait(), Some(0));
    }
}

#[test]
fn a_broken_file_at_boot_falls_back_to_the_last_good_one() {
    let mut daemon = Daemon::start(&config());
    daemon.process.signal("TERM");
    assert_eq!(daemon.process.wait(), Some(0));
    let Daemon { dir, .. } = daemon;
    let mut daemon = Daemon::start_in(dir, &config().replace("option name 'Egret'", "option nmae 'Egret'"));
    let log = daemon.process.log();
    assert!(log.contains("nmae") && log.contains("did you mean 'name'"), "{log}");
    assert!(log.contains("last good configuration"), "{log}");
    assert!(daemon.page().contains("Egret"));
    assert_eq!(daemon.metric("aiglon_config_fallback"), Some(1.0));
    eventually("ready", 1, || daemon.get("/-/ready").status == 200);
}

/// A daemon whose `state_dir` only its file names.
fn serve(dir: &Dir, arguments: &[&str]) -> (Process, String) {
    let mut command = Command::new(AIGLON);
    command.arg("serve").arg(dir.path().join("config")).args(arguments);
    let mut process = Process::start(&mut command);
    let line = process.wait_for("listening on http://");
    (process, line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned())
}

#[test]
fn a_file_broken_in_whatever_way_falls_back_wherever_the_state_is() {
    let dir = Dir::new();
    let state = dir.path().join("state");
    let good = format!("config aiglon 'main'\n\toption state_dir '{}'\n{}", state.display(), config());
    let file = dir.write("config", &good);
    let end = |mut process: Process| {
        process.signal("TERM");
        assert_eq!(process.wait(), Some(0));
    };
    let answers = |page: &str, what: &str| {
        let page = Client::to(page.parse().unwrap()).get("/", "").body;
        assert!(page.contains("Egret"), "{what}: {page}");
        let mut console = Command::new(AIGLON);
        let (status, out, err) = run(console.args(["console", "--config"]).arg(&file).arg("status"));
        assert_eq!((status, out.contains("wifi/egret")), (Some(0), true), "{what}: {err}");
    };
    let (process, page) = serve(&dir, &[]);
    answers(&page, "sound");
    end(process);
    assert!(dir.path().join("config.last-good").exists() && !state.join("config.last-good").exists());

    let latin = [b"# caf\xe9\n", good.as_bytes()].concat();
    let nul = [good.as_bytes(), b"\toption x '\0'\n"].concat();
    let utf16: Vec<u8> = good.bytes().flat_map(|byte| [byte, 0]).collect();
    let large = good.clone() + &"# much\n".repeat(40_000);
    for (what, bytes) in [
        ("a Latin-1 byte", &latin[..]),
        ("a NUL", &nul),
        ("UTF-16", &utf16),
        ("too large", large.as_bytes()),
        ("empty", b""),
        ("an open quote", b"config aiglon 'main\n"),
    ] {
        fs::write(&file, bytes).unwrap();
        let (mut process, page) = serve(&dir, &[]);
        assert!(process.log().contains("serving the last good configuration"), "{what}");
        answers(&page, what);
        end(process);
    }
    for (what, command) in [("a FIFO", "mkfifo"), ("a directory", "mkdir"), ("nothing", "true")] {
        _ = fs::remove_file(&file);
        assert_eq!(run(Command::new(command).arg(&file)).0, Some(0));
        let (process, page) = serve(&dir, &[]);
        answers(&page, what);
        end(process);
    }
    _ = fs::remove_dir(&file);

    // An earlier release kept it with the state. Bytes that are no text do not hide where that is.
    fs::rename(dir.path().join("config.last-good"), state.join("config.last-good")).unwrap();
    fs::write(&file, latin).unwrap();
    let (process, page) = serve(&dir, &[]);
    answers(&page, "an upgrade");
    end(process);
    // It goes when there is one at the new place: what is revoked must not come back from there.
    dir.write("config", &good);
    end(serve(&dir, &[]).0);
    assert!(dir.path().join("config.last-good").exists() && !state.join("config.last-good").exists());
}

#[test]
fn the_last_good_file_stays_where_its_place_is_the_state_by_another_name() {
    let dir = Dir::new();
    let (state, link) = (dir.path().join("state"), dir.path().join("link"));
    let good = format!("config aiglon 'main'\n\toption state_dir '{}'\n{}", state.display(), config());
    fs::create_dir(&state).unwrap();
    std::os::unix::fs::symlink(&state, &link).unwrap();
    dir.write("config", &good);
    for place in [state.join("../state/config.last-good"), link.join("config.last-good")] {
        let (mut process, _) = serve(&dir, &["--fallback", place.to_str().unwrap()]);
        process.signal("TERM");
        assert_eq!(process.wait(), Some(0));
        assert_eq!(fs::read_to_string(&place).unwrap_or_default(), good, "{}", place.display());
    }

    // Somebody serves the last good one by hand.
    let place = state.join("config.last-good");
    let mut process = Process::start(Command::new(AIGLON).arg("serve").arg(&place));
    process.wait_for("listening on http://");
    process.signal("TERM");
    assert_eq!(process.wait(), Some(0));
    assert_eq!(fs::read_to_string(&place).unwrap_or_default(), good);
}

#[test]
fn the_last_good_file_is_private_whoever_changed_its_mode() {
    let dir = Dir::new();
    let file = dir.path().join("config.last-good");
    dir.write("config", &config());
    for mode in [0o644, 0o640, 0o400] {
        let (mut process, _) = serve(&dir, &["--state-dir", dir.path().to_str().unwrap()]);
        process.signal("TERM");
        assert_eq!(process.wait(), Some(0));
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o077, 0);
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn the_place_of_the_last_good_file_can_be_told() {
    let dir = Dir::new();
    let (state, kept) = (dir.path().join("state"), dir.path().join("kept/good"));
    let good = format!("config aiglon 'main'\n\toption state_dir '{}'\n{}", state.display(), config());
    fs::create_dir(dir.path().join("kept")).unwrap();
    dir.write("config", &good);
    let told = ["--fallback", kept.to_str().unwrap()];
    let (mut process, _) = serve(&dir, &told);
    process.signal("TERM");
    assert_eq!(process.wait(), Some(0));
    assert_eq!(fs::read_to_string(&kept).unwrap(), good);
    dir.write("config", "");
    let (mut process, _) = serve(&dir, &told);
    process.wait_for("serving the last good configuration");
    let (status, _, err) = run(Command::new(AIGLON).arg("check").arg(dir.path().join("config")).args(told));
    assert_eq!(status, Some(2));
    assert!(err.contains(&format!("serves the last good configuration, {}", kept.display())), "{err}");
    process.signal("TERM");
    assert_eq!(process.wait(), Some(0));

    // Where none can be made, it is with the state; and one that stays there as it was is told of.
    dir.write("config", &good);
    let (mut process, _) = serve(&dir, &["--fallback", "/proc/none"]);
    process.wait_for("found only while the file names that directory");
    process.signal("TERM");
    process.wait();
    assert_eq!(fs::read_to_string(state.join("config.last-good")).unwrap(), good);
    let file = dir.path().join("config");
    let order = |what: &str| {
        let (status, out, err) = run(Command::new(AIGLON).arg(what).arg(&file));
        (status, out + &err)
    };
    let (mut process, _) = serve(&dir, &["--fallback", "/proc/version"]);
    let stays = "a start with a broken file serves AN OLDER ONE, which cannot be removed: /proc/version";
    for what in ["ready", "reload", "reload"] {
        let (status, words) = order(what);
        assert!(status == Some(3) && words.starts_with("in force\n") && words.contains(stays), "{words}");
    }
    assert_eq!(process.log().matches(stays).count(), 1, "{}", process.log());
}

/// Whatever a reload takes away: if the last good file cannot be written, an older one would show
/// it again, or let somebody in again.
#[test]
fn an_older_last_good_file_brings_nothing_back() {
    let shown = "option title 'Antennas'\n\toption visibility 'public'";
    let (hidden, spare) = ("option name 'Egret'\n\toption page '0'", "config user 'u'\n\tlist site 'home'\n");
    let secret = |path: &str| {
        config().replace(
            "title 'Antennas'",
            &format!("title 'Antennas'\n\toption visibility 'unlisted'\n\toption secret_path '{path}'"),
        )
    };
    let fed = config().replace(
        "service 'wifi'\n\toption name",
        "service 'wifi'\n\tlist source 'prometheus'\n\toption name",
    );
    let public = config().replace("option title 'Antennas'", shown);
    for (old, new) in [
        (public.clone(), public.replace("'public'", "'local'")),
        (secret("Yk3mP0qLw8ZtR5vN"), secret("Zk3mP0qLw8ZtR5vN")),
        (config(), config().replace("option name 'Egret'", hidden)),
        (fed.clone(), fed.replace("\toption scope 'read'\n", "")),
        (config(), config().replace("\tlist serve 'ingest'\n", "")),
        (config() + spare + "\toption role 'admin'\n", config() + spare),
    ] {
        assert_ne!(old, new);
        let dir = Dir::new();
        let state = dir.path().join("state");
        let (file, good) = (dir.path().join("config"), dir.path().join("config.last-good"));
        let text =
            |text: &str| format!("config aiglon 'main'\n\toption state_dir '{}'\n{text}", state.display());
        dir.write("config", &text(&old));
        let (mut process, _) = serve(&dir, &[]);
        eventually("it is kept", 10, || fs::read_to_string(&good).is_ok_and(|kept| kept == text(&old)));
        // Where it is written first: what stands there cannot be removed.
        fs::create_dir_all(dir.path().join("config.last-good.new/x")).unwrap();
        // In the second place there is an older one, too, and none can be written.
        fs::write(state.join("config.last-good"), text(&old)).unwrap();
        fs::create_dir_all(state.join("config.last-good.new/x")).unwrap();
        dir.write("config", &text(&new));
        let (status, out, err) = run(Command::new(AIGLON).arg("reload").arg(&file));
        assert_eq!((status, out.as_str()), (Some(0), "in force\n"), "{err}");
        process.wait_for("a start with a broken file has nothing to fall back on");
        process.child.kill().unwrap();
        process.wait();
        dir.write("config", &format!("{}\nbroken here\n", text(&new)));
        let mut process = Process::start(Command::new(AIGLON).arg("serve").arg(&file));
        assert_eq!(process.wait(), Some(2), "{}", process.log());
        assert!(!good.exists() && !state.join("config.last-good").exists());

        // If the second place can be had, the new one is there.
        fs::remove_dir_all(state.join("config.last-good.new")).unwrap();
        fs::write(&good, text(&old)).unwrap();
        dir.write("config", &text(&new));
        let (mut process, _) = serve(&dir, &[]);
        process.wait_for("found only while the file names that directory");
        eventually("it is kept", 10, || {
            fs::read_to_string(state.join("config.last-good")).is_ok_and(|kept| kept == text(&new))
        });
        assert!(!good.exists());
    }
}

/// A cache would else give the plain words to a browser, and go on when there is a page.
#[test]
fn no_cache_keeps_that_a_page_is_missing() {
    let daemon = Daemon::start(&config());
    for accept in ["", "Accept: */*\r\n", "Accept: text/html\r\n"] {
        let answer = daemon.connect().get("/incidents/7", accept);
        assert_eq!(answer.status, 404, "{accept}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{accept}");
        assert_eq!(answer.header("vary"), Some("Accept, Accept-Language"), "{accept}");
    }
}
