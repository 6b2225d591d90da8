//! Programs of others read what we tell, unchanged: clients of Statuspage, feed readers and
//! calendars. They come from Debian (`tests/packages.txt`), and from the registries of Python and
//! of npm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::common::{AIGLON, Daemon, Dir, eventually, firing, run};
use crate::driver::Browser;
use crate::public;

/// Where these tests stand.
fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/feeds")
}

/// What a program prints; it must end well.
fn printed(command: &mut Command) -> String {
    let (status, out, err) = run(command);
    assert_eq!(status, Some(0), "{command:?}: {out}{err}");
    out
}

/// Makes something once, whoever asks first.
fn once(name: &str, wanted: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mark = dir.join("made");
    fs::create_dir_all(&dir).unwrap();
    let lock = fs::File::create(dir.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if !fs::read_to_string(&mark).is_ok_and(|text| text == wanted) {
        make(&dir);
        fs::write(mark, wanted).unwrap();
    }
    dir
}

/// A venv with what `requirements.txt` names, in the target directory.
fn venv() -> &'static Path {
    static VENV: OnceLock<PathBuf> = OnceLock::new();
    VENV.get_or_init(|| {
        once("feeds-venv", include_str!("requirements.txt"), |dir| {
            printed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(dir));
            let mut pip = Command::new("timeout");
            pip.arg("280").arg(dir.join("bin/python")).args(["-m", "pip", "install", "--quiet", "-r"]);
            printed(pip.arg(here().join("requirements.txt")));
        })
    })
}

/// The packages of `package-lock.json`, beside it.
fn npm() {
    static NPM: OnceLock<()> = OnceLock::new();
    NPM.get_or_init(|| {
        once("feeds-npm", include_str!("package-lock.json"), |_| {
            // No package runs anything of its own while it is installed.
            let mut npm = Command::new("npm");
            npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--prefix"]);
            printed(npm.arg(here()));
        });
    });
}

fn python(case: &str, url: &str) -> Value {
    let mut command = Command::new("timeout");
    command.arg("60").arg(venv().join("bin/python")).arg(here().join("clients.py"));
    serde_json::from_str(&printed(command.args([case, url]))).unwrap()
}

fn node(case: &str, url: &str) -> Value {
    npm();
    let mut command = Command::new("timeout");
    command.args(["60", "node"]).arg(here().join("clients.mjs"));
    serde_json::from_str(&printed(command.args([case, url]))).unwrap()
}

fn console(daemon: &Daemon, arguments: &[&str]) -> String {
    let mut command = Command::new(AIGLON);
    command.arg("console").arg("--socket").arg(daemon.dir.path().join("console.sock"));
    printed(command.env_remove("SSH_ORIGINAL_COMMAND").args(arguments))
}

fn url(daemon: &Daemon, path: &str) -> String {
    format!("http://{}{path}", daemon.address)
}

/// A public site with an outage, words on it, and planned work: once, and every week.
fn busy() -> Daemon {
    let daemon = Daemon::start(&public());
    assert_eq!(daemon.post("/api/v2/alerts", &format!("[{}]", firing("AntennaDown", "heron"))).status, 200);
    eventually("an incident has begun", 5, || daemon.english().contains("href=\"incidents/1"));
    console(&daemon, &["update", "1", "identified", "The *roof*; see https://example.org/roof, we, go."]);
    let weekly = "maintenance add wifi/egret from +2h to +1h weekly \"We turn it; slowly, \\\\ all of it.\"";
    console(&daemon, &[weekly]);
    console(&daemon, &["maintenance add wifi from +1m to +2h"]);
    daemon
}

#[test]
fn a_client_of_statuspage_reads_all_answers() {
    let told = node("statuspage", &url(&busy(), ""));
    assert_eq!(told["status"]["status"]["indicator"], json!("major"));
    assert_eq!(told["summary"]["components"].as_array().unwrap().len(), 3);
    assert_eq!(told["components"]["components"][1]["status"], json!("major_outage"));
    assert_eq!(told["incidents"]["incidents"][0]["status"], json!("identified"));
    let updates = told["unresolved"]["incidents"][0]["incident_updates"].as_array().unwrap();
    assert_eq!(updates.len(), 2, "{updates:?}");
    assert_eq!(updates[0]["body"], json!("The roof; see https://example.org/roof, we, go."));
    assert_eq!(told["maintenances"]["scheduled_maintenances"].as_array().unwrap().len(), 2);
    assert_eq!(told["upcoming"]["scheduled_maintenances"].as_array().unwrap().len(), 2);
    // It asks for what is to come here, too.
    assert!(told["active"]["scheduled_maintenances"].is_array());
}

#[test]
fn the_exporter_for_prometheus_never_takes_the_unknown_for_well() {
    let exported = |daemon: &Daemon| {
        let dir = Dir::new();
        let services = json!({ "here": { "url": url(daemon, "/api/v2/summary.json"), "name": "Here" } });
        let metrics = dir.path().join("metrics.prom");
        let mut command = Command::new("timeout");
        command.arg("60").arg(venv().join("bin/statuspage-prometheus-exporter")).current_dir(dir.path());
        command.env("SERVICES_JSON_PATH", dir.write("services.json", &services.to_string()));
        printed(command.env("RUN_MODE", "once").env("METRICS_TEXTFILE_PATH", &metrics));
        fs::read_to_string(metrics).unwrap()
    };
    let value = |text: &str, labels: &[&str]| {
        let found = text
            .lines()
            .find(|line| line.starts_with("statuspage_") && labels.iter().all(|label| line.contains(label)));
        found.unwrap_or_else(|| panic!("no {labels:?}: {text}")).rsplit(' ').next().unwrap().to_owned()
    };
    // Nobody has pushed yet: nothing is known.
    let unknown = exported(&Daemon::start(&public()));
    assert_eq!(value(&unknown, &["statuspage_service_status{"]), "0.0");
    assert_eq!(value(&unknown, &["component_status{", "\"Heron\""]), "0.0");
    let told = exported(&busy());
    assert_eq!(value(&told, &["statuspage_service_status{"]), "0.0");
    assert_eq!(value(&told, &["component_status{", "\"Heron\""]), "0.0");
    assert_eq!(value(&told, &["component_status{", "\"Egret\""]), "1.0");
    assert!(told.contains("https://status.example.org/incidents/1"), "{told}");
    let well = Daemon::start(&public());
    well.post("/api/v2/alerts", "[]");
    assert_eq!(value(&exported(&well), &["statuspage_service_status{"]), "1.0");
}

#[test]
fn the_widget_of_statuspage_shows_the_state_on_a_page_of_others() {
    npm();
    let daemon = busy();
    let dir = Dir::new();
    let widget = here().join("node_modules/@statuspage/status-widget/dist/src.77de5100.js");
    let page = format!(
        "<!doctype html><meta charset=utf-8><statuspage-widget src=\"{}\"></statuspage-widget><script src=\"file://{}\"></script>",
        url(&daemon, "/"),
        widget.display()
    );
    let browser = Browser::new();
    browser.open_file(dir.write("page.html", &page).to_str().unwrap());
    let shown = || {
        let script = "const root = document.querySelector('statuspage-widget').shadowRoot; \
                      return [...root.querySelectorAll('.status-indicator, .status-text')] \
                      .map((one) => one.className + '|' + one.textContent.trim())";
        browser.script(script)
    };
    eventually("the widget has asked", 10, || shown() != json!([]));
    let line = "status-text|1 of 1 services is partly down: Wi-Fi";
    let shown = shown();
    assert_eq!(shown[0], json!("status-indicator major|"), "{shown}");
    assert!(shown[1] == json!(line) || shown[1] == json!("status-text|Something is down"), "{shown}");
}

#[test]
fn feed_readers_have_an_entry_for_each_step() {
    let daemon = busy();
    let feed = url(&daemon, "/feed.atom");
    let told = python("feed", &feed);
    assert_eq!(
        (&told["is_bad"], &told["version"], &told["again"]),
        (&json!(false), &json!("atom10"), &json!(304))
    );
    let entries = told["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2, "{told}");
    assert_eq!(entries[0]["title"], json!("Wi-Fi · Heron: We know the cause"));
    assert_eq!(entries[0]["text"], json!("The roof; see https://example.org/roof, we, go."));
    let dir = Dir::new();
    let (urls, cache) = (dir.write("urls", &feed), dir.path().join("cache.db"));
    let newsboat = |action: &str| {
        let mut command = Command::new("timeout");
        command.args(["60", "newsboat", "-q", "-u"]).arg(&urls).arg("-c").arg(&cache).arg("-C");
        command.arg(dir.write("config", "")).env("HOME", dir.path());
        printed(command.args(["-x", action]))
    };
    newsboat("reload");
    assert_eq!(newsboat("print-unread").trim(), "2 unread articles");
    console(&daemon, &["update", "1", "monitoring", "--say", "fixed"]);
    newsboat("reload");
    assert_eq!(newsboat("print-unread").trim(), "3 unread articles");
}

/// Words that are taken away are in no answer, nor is what belongs to another site.
#[test]
fn what_is_redacted_and_what_others_have_is_in_no_answer() {
    let hidden = "
config site 'hidden'
	list host 'hidden.example'
	option visibility 'unlisted'
	option secret_path 'Yk3mP0qLw8ZtR5vN'
	option title 'Canary site'
config source 'hidden_prometheus'
	option site 'hidden'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000001'
config service 'canary_service'
	option site 'hidden'
	option name 'Canary service'
config component 'canary_part'
	option service 'canary_service'
	option name 'Canary part'
config service 'canary_house'
	option site 'home'
	option name 'Canary house'
	option page '0'
config component 'canary_roof'
	option service 'canary_house'
	option name 'Canary roof'
";
    let daemon = Daemon::start(&(public() + hidden));
    let answers = || {
        let paths = "/ /history /incidents/1 /status.txt /api/v2/status.json /api/v2/summary.json \
                     /api/v2/components.json /api/v2/incidents.json /api/v2/incidents/unresolved.json \
                     /api/v2/scheduled-maintenances.json /feed.atom /feed/wifi.atom /feed/component/heron.atom \
                     /maintenance.ics /badge/wifi.svg /badge/wifi.json";
        paths
            .split_whitespace()
            .map(|path| daemon.get(path))
            .map(|one| one.head + &one.body)
            .collect::<String>()
    };
    let canaries = ["canary", "Canary", "Yk3mP0qLw8ZtR5vN"];
    console(&daemon, &["incident open canary_service outage \"Canary words\" --site hidden"]);
    console(&daemon, &["incident open wifi outage \"Title of a house\" \"Words of a street\" --site home"]);
    daemon.post(
        "/api/v2/alerts",
        &format!("[{}]", firing("RoofDown", "canary_roof").replace("wifi", "canary_house")),
    );
    console(&daemon, &["maintenance add canary_house/canary_roof from +1h to +2h \"Canary work\""]);
    // What no page shows takes no place from what is told.
    for number in 0..30 {
        console(
            &daemon,
            &[&format!("incident open canary_house outage \"Canary {number}\" Canary --site home")],
        );
    }
    let told = answers();
    assert!(canaries.iter().all(|canary| !told.contains(canary)), "{told}");
    assert!(told.matches("Words of a street").count() > 5, "{told}");
    assert!(daemon.get("/feed.atom").body.contains("<entry>"));
    console(&daemon, &["--yes", "redact home/1"]);
    let told = answers();
    assert!(!told.contains("a street") && !told.contains("a house"), "{told}");
    assert!(!daemon.get("/feed.atom").body.contains("<entry>"));
    assert_eq!(daemon.get("/feed/canary_service.atom").status, 404);
    assert_eq!(daemon.get("/feed/component/canary_roof.atom").status, 404);
    assert_eq!(daemon.get("/badge/canary_service.svg").status, 404);
}

/// As the golden files have them, and as the daemon has it.
#[test]
fn feeds_are_valid_atom() {
    let dir = Dir::new();
    let golden = here().join("../golden");
    let live = dir.write("live.atom", &busy().get("/feed.atom").body);
    let names = ["feed.en.atom", "feed.ar.atom", "feed-service.atom"];
    let files = names.map(|name| golden.join(name)).into_iter().chain([live]);
    let jing = |files: &mut dyn Iterator<Item = PathBuf>| {
        run(Command::new("jing").arg("-c").arg(here().join("atom.rnc")).args(files))
    };
    let (status, out, err) = jing(&mut files.into_iter());
    assert_eq!(status, Some(0), "{out}{err}");
    // It would have been said if one were not.
    let feed = fs::read_to_string(golden.join("feed.en.atom")).unwrap();
    let broken = dir.write("broken.atom", &feed.replacen("<updated>2026", "<updated>in 2026", 1));
    assert_ne!(jing(&mut [broken].into_iter()).0, Some(0));
}

#[test]
fn calendars_show_planned_work() {
    let daemon = busy();
    let calendar = url(&daemon, "/maintenance.ics");
    let told = python("calendar", &calendar);
    let events = told.as_array().unwrap();
    // One that is once, and eight of one that is every week.
    assert_eq!(events.len(), 9, "{told}");
    assert!(events.iter().all(|one| one["errors"] == json!(0) && one["zone"] == json!("UTC")), "{told}");
    assert_eq!(events[0]["summary"], json!("Planned work: Wi-Fi"));
    assert_eq!(events[1]["summary"], json!("Planned work: Wi-Fi · Egret"));
    assert_eq!(events[1]["minutes"], json!(60));
    let words = "We turn it; slowly, \\ all of it.";
    assert_eq!(events[1]["text"], json!(words));
    let uids: std::collections::BTreeSet<_> = events.iter().map(|one| one["uid"].as_str().unwrap()).collect();
    assert_eq!(uids.len(), 9);
    let other = node("calendar", &calendar);
    assert_eq!(other.as_array().unwrap().len(), 9);
    for (one, other) in events.iter().zip(other.as_array().unwrap()) {
        assert_eq!(
            (&one["uid"], &one["summary"], &one["text"]),
            (&other["uid"], &other["summary"], &other["text"].as_str().map_or(json!(""), |text| json!(text)))
        );
        assert_eq!(other["zone"], json!("UTC"));
    }
    let dir = Dir::new();
    fs::create_dir(dir.path().join("work")).unwrap();
    let config = dir.write(
        "khal",
        &format!(
            "[calendars]\n[[work]]\npath = {0}/work\n[sqlite]\npath = {0}/khal.db\n[locale]\nlocal_timezone = UTC\n\
             default_timezone = UTC\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n\
             datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n",
            dir.path().display()
        ),
    );
    let khal = |arguments: &[&str]| {
        let mut command = Command::new("timeout");
        command.args(["60", "khal", "-c"]).arg(&config).env("LC_ALL", "C.UTF-8").env("HOME", dir.path());
        printed(command.args(arguments))
    };
    let file = dir.write("maintenance.ics", &daemon.get("/maintenance.ics").body);
    khal(&["import", "--batch", "-a", "work", file.to_str().unwrap()]);
    let list = khal(&["list", "--once", "--format", "{title}|{description}", "today", "90d"]);
    assert_eq!(list.matches(&format!("Planned work: Wi-Fi · Egret|{words}")).count(), 8, "{list}");
    assert!(list.contains("Planned work: Wi-Fi|"), "{list}");
    // Who has it is told that it is off, and not what it was.
    console(&daemon, &["--yes", "maintenance", "cancel", "1"]);
    let told = python("calendar", &calendar);
    let cancelled: Vec<_> =
        told.as_array().unwrap().iter().filter(|one| one["status"] == json!("CANCELLED")).collect();
    assert_eq!((told.as_array().unwrap().len(), cancelled.len()), (9, 8), "{told}");
    for (one, before) in cancelled.iter().zip(&events[1..]) {
        assert_eq!((&one["uid"], &one["summary"]), (&before["uid"], &json!("Planned work")));
    }
}
