//! The page of LuCI, in a real browser: its views around a stub of LuCI, asking the real daemon and
//! filling in a real configuration. Pictures for people to look at go to target/shots.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../chromium/driver.rs"]
#[allow(dead_code)] // made for tests/chromium
mod driver;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64ct::{Base64, Encoding as _};
use common::{AIGLON, Daemon, Dir, example, firing, run, with};
use driver::{Browser, Look};
use serde_json::{Value, json};

fn app() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/luci-app-aiglon")
}

/// What both views take for the banner at their top.
fn force() -> String {
    read(app().join("htdocs/luci-static/resources/aiglon/force.js"))
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path.as_ref()).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

/// The words of a line of UCI: in quotes of either kind, or without.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, '#') if word.is_none() => break,
            (None, ' ' | '\t') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The sections, as LuCI's `uci` has them.
fn uci(text: &str) -> Vec<Value> {
    let mut sections: Vec<Value> = Vec::new();
    for line in text.lines() {
        match words(line).iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["config", kind, name] => sections.push(json!({".type": kind, ".name": name})),
            ["option", name, value] => sections.last_mut().unwrap()[name] = json!(value),
            ["list", name, value] => {
                let list = &mut sections.last_mut().unwrap()[name];
                let mut values = list.as_array().cloned().unwrap_or_default();
                values.push(json!(value));
                *list = json!(values);
            }
            _ => assert!(words(line).is_empty(), "{line}"),
        }
    }
    sections
}

/// What a catalogue says: each text, and its translation.
fn catalogue(path: impl AsRef<Path>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in read(path).split("\n\n") {
        let text_of = |keyword: &str| {
            let lines = entry.lines().skip_while(|line| !line.starts_with(keyword));
            let lines = lines.enumerate().take_while(|(index, line)| *index == 0 || line.starts_with('"'));
            let parts = lines.map(|(_, line)| {
                let inner = line.split_once('"').unwrap().1.strip_suffix('"').unwrap();
                inner.replace("\\\"", "\"")
            });
            parts.collect::<String>()
        };
        found.insert(text_of("msgid "), text_of("msgstr "));
    }
    found.remove("");
    found
}

/// The commands that the ACL lets a session run.
fn allowed() -> Vec<String> {
    let acl: Value =
        serde_json::from_str(&read(app().join("root/usr/share/rpcd/acl.d/luci-app-aiglon.json"))).unwrap();
    let mut commands = Vec::new();
    for access in ["read", "write"] {
        let rules = &acl["luci-app-aiglon"][access];
        assert_eq!(rules["uci"], json!(["aiglon"]));
        for (command, may) in rules["file"].as_object().unwrap() {
            assert_eq!(may, &json!(["exec"]), "{command}");
            assert!(command.starts_with("/usr/bin/aiglon ") && !command.contains('*'), "{command}");
            commands.push(command.clone());
        }
        // rpcd asks two things: whether the session may call `file exec` at all, and whether it may
        // run that command. Who may write may read, too.
        let call = (access == "read").then(|| json!({"file": ["exec"]}));
        assert_eq!(rules.get("ubus"), call.as_ref(), "{access}");
        let rights = if call.is_some() { 3 } else { 2 };
        assert_eq!(rules.as_object().unwrap().len(), rights, "files and uci, nothing else");
    }
    commands
}

/// What the real program answers to each of them, in a directory as that of a [`Daemon`].
fn answers(dir: &Dir) -> Value {
    let (config, socket) = (dir.path().join("config"), dir.path().join("console.sock"));
    let mut told = json!({});
    for line in allowed() {
        let mut words: Vec<_> = line.split(' ').skip(1).collect();
        match words.as_slice() {
            ["check"] => words = vec!["check", config.to_str().unwrap()],
            ["ready"] => {
                words = vec!["ready", config.to_str().unwrap(), "--socket", socket.to_str().unwrap()];
            }
            ["console", rest @ ..] => {
                words = [["console", "--socket", socket.to_str().unwrap()].as_slice(), rest].concat();
            }
            _ => {}
        }
        let (code, stdout, stderr) = run(Command::new(AIGLON).args(words));
        told[line] = json!({"code": code, "stdout": stdout, "stderr": stderr});
    }
    told
}

/// A browser with a view in it.
fn open(view: &str, lang: &str, sections: &[Value], answers: &Value) -> Browser {
    let browser = Browser::new();
    browser.open_nothing();
    browser.look(Look { width: 1280, dark: false, lang: "en" });
    let given = json!({
        "words": if lang == "fr" { json!(catalogue(app().join("po/fr/aiglon.po"))) } else { json!({}) },
        "uci": sections, "answers": answers, "allowed": allowed(), "modules": {"aiglon.force": force()},
    });
    let source = read(app().join(format!("htdocs/luci-static/resources/view/aiglon/{view}.js")));
    browser.script(&read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/luci/stub.js")));
    let style = json!(read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/luci/style.css")));
    browser.script(&format!(
        "document.head.append(Object.assign(document.createElement('style'), {{textContent: {style}}}));
         window.stub = Stub({given}); return stub.run({}).then(() => 'done');",
        json!(source)
    ));
    browser
}

fn text(browser: &Browser) -> String {
    browser.script("return document.body.innerText").as_str().unwrap().to_owned()
}

fn picture(browser: &Browser, name: &str) {
    let encoded = browser.picture(None, 1);
    let mut bytes = vec![0; encoded.len()];
    let png = Base64::decode(&encoded, &mut bytes).unwrap();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/shots");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join(name), png).unwrap();
    assert!(png.len() > 8_000);
}

#[test]
fn the_status_tells_what_the_console_tells() {
    let dir = Dir::new();
    let socket = dir.path().join("console.sock");
    let config = with(&example(), "main", &[&format!("option console '{}'", socket.display())]);
    let daemon = Daemon::start_in(dir, &config);
    assert_eq!(
        daemon.post("/api/v2/alerts", &format!("[{}]", firing("AntennaDown", "heron-north"))).status,
        200
    );
    let hostile = "<img src=x onerror=document.title='in'>";
    let mut open_one = Command::new(AIGLON);
    open_one.args([
        "console",
        "--socket",
        socket.to_str().unwrap(),
        "incident",
        "open",
        "vpn",
        "outage",
        hostile,
    ]);
    assert_eq!(run(&mut open_one).0, Some(0));
    let browser = open("status", "fr", &[], &answers(&daemon.dir));
    picture(&browser, "luci.status.png");
    let said = text(&browser);
    for word in ["En panne", "<img src=x", "prometheus", "En vie", "Jamais entendu", "backup", "heron_loss"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    // A heartbeat that has not come yet.
    assert!(!said.contains("not heard yet"), "{said}");
    assert_eq!(browser.script("return [document.title, document.images.length]"), json!(["", 0]));
    assert_eq!(browser.script("return [stub.seen.untranslated, stub.seen.every]"), json!([[], 10]));
    // It goes on asking.
    browser.script("return stub.seen.poll().then(() => 0)");
    assert!(text(&browser).contains("prometheus"));
}

#[test]
fn the_status_says_when_there_is_no_daemon_and_what_is_wrong_with_the_file() {
    let dir = Dir::new();
    dir.write(
        "config",
        "config aiglon 'main'\n\toption state_dir '/nonexistent'\n\toption clock 'sundial'\n",
    );
    let browser = open("status", "fr", &[], &answers(&dir));
    let said = text(&browser);
    assert!(said.contains("'sundial' is no value for 'clock'"), "{said}");
    assert!(said.contains("aiglon ne répond pas"), "{said}");
    assert_eq!(browser.script("return stub.seen.untranslated"), json!([]));
}

/// "Save & Apply" says that the file was saved. Whether it is in force, and all of it, stands on
/// both tabs.
#[test]
fn both_views_tell_what_is_not_in_force() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let dir = Dir::new();
    let main = format!("option console '{}'", dir.path().join("console.sock").display());
    let good = with(&example(), "main", &[&main]);
    let tunnel = format!("config listen 'tunnel'\n\toption address '{taken}'\n\tlist serve 'ingest'\n");
    let mut daemon = Daemon::start_in(dir, &good);
    let said = |daemon: &Daemon, lang| {
        ["status", "config"].map(|view| {
            let browser = open(view, lang, &[], &answers(&daemon.dir));
            assert_eq!(browser.script("return stub.seen.untranslated.length > 0"), json!(lang == "en"));
            text(&browser)
        })
    };
    let is_told = |said: &[String], words: &str, told: bool| {
        assert!(said.iter().all(|said| said.contains(words) == told), "{words}: {said:?}");
    };
    is_told(&said(&daemon, "en"), "in force", false);
    daemon.rewrite(&format!("{good}{tunnel}"));
    daemon.process.signal("HUP");
    daemon.process.wait_for("reloaded");
    let told = said(&daemon, "fr");
    is_told(&told, "n'écoute pas partout", true);
    is_told(&told, &format!("not listening on http://{taken}/: somebody listens there"), true);
    daemon.rewrite(&good.replace("option lang", "option lnag"));
    daemon.process.signal("HUP");
    daemon.process.wait_for("was not changed");
    is_told(&said(&daemon, "en"), "The configuration has mistakes. What was in force stays in force.", true);
    // The file is mended, and nobody has said so to the daemon.
    daemon.rewrite(&good);
    is_told(&said(&daemon, "en"), "The configuration is not in force.", true);
    daemon.process.signal("TERM");
    daemon.process.wait();
    is_told(&said(&daemon, "en"), "aiglon does not answer. Is it started?", true);
}

#[test]
fn what_the_forms_save_is_what_was_loaded() {
    let dir = Dir::new();
    let text = example();
    dir.write("config", &text);
    let before = uci(&text);
    let browser = open("config", "fr", &before, &answers(&dir));
    picture(&browser, "luci.config.png");
    assert_eq!(browser.script("return stub.seen.untranslated"), json!([]));
    let saved = browser.script("return stub.seen.map.save()");
    let saved = saved.as_str().unwrap();
    // LuCI keeps sections in their order; the stub has them by type.
    let sorted = |sections: &[Value]| {
        let mut sections: Vec<_> = sections.iter().map(ToString::to_string).collect();
        sections.sort();
        sections
    };
    let mut after = uci(saved);
    for section in &mut after {
        // A box that is not ticked leaves nothing behind; the example says so of its one.
        if section[".type"] == "listen" {
            section["plaintext"] = json!("0");
        }
    }
    assert_eq!(sorted(&after), sorted(&before));
    let file = dir.write("saved", saved);
    let (code, _, stderr) = run(Command::new(AIGLON).arg("check").arg(&file));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
}

/// A section that is new refers to the first that there is, and a default is told as such.
#[test]
fn what_is_not_said_is_told_and_what_is_needed_is_chosen() {
    let text = "config site 'home'\nconfig service 'wifi'\nconfig source 'cron'\nconfig component 'uplink'\n\
                config heartbeat 'beat'\n\toption every '1m'\n";
    let browser = open("config", "en", &uci(text), &answers(&Dir::new()));
    let row = browser.script("return document.querySelector('[data-type=source] table').innerText");
    assert!(row.as_str().unwrap().contains("push"), "{row}");
    let saved = browser.script("return stub.seen.map.save()");
    let saved = uci(saved.as_str().unwrap());
    let said = |name: &str, option: &str| {
        saved.iter().find(|section| section[".name"] == name).unwrap()[option].as_str().map(str::to_owned)
    };
    for (name, option, chosen) in [
        ("wifi", "site", Some("home")),
        ("cron", "site", Some("home")),
        ("uplink", "service", Some("wifi")),
        ("beat", "source", Some("cron")),
        ("beat", "component", None),
        ("uplink", "depends_on", None),
        ("cron", "scope", None),
    ] {
        assert_eq!(said(name, option).as_deref(), chosen, "{name} {option}");
    }
}

#[test]
fn a_token_is_shown_once_and_its_hash_saved() {
    let dir = Dir::new();
    dir.write("config", &example());
    let answers = answers(&dir);
    let browser = open("config", "en", &uci(&example()), &answers);
    browser.script(
        "const button = [...document.querySelectorAll('[data-type=source] button')][1]; button.click();
         return new Promise(done => setTimeout(done, 100))",
    );
    let made = answers["/usr/bin/aiglon token"]["stdout"].as_str().unwrap();
    let (token, line) = made.trim_end().split_once('\n').unwrap();
    let note = browser.script("return stub.seen.notes");
    assert!(note[0].as_str().unwrap().contains(token), "{note}");
    // The note is behind the form; there it can be read once the form is closed.
    assert_eq!(
        browser.script("return document.querySelector('[data-type=source] pre').textContent"),
        json!(token)
    );
    let saved = browser.script("return stub.seen.map.save()");
    let saved = saved.as_str().unwrap();
    assert!(saved.contains(line) && !saved.contains(token));
    let file = dir.write("saved", saved);
    let (code, _, stderr) = run(Command::new(AIGLON).arg("check").arg(&file));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
}

/// Of the sections that people edit, every option has a field; and no field is for what aiglon does
/// not know.
#[test]
fn the_fields_are_the_options() {
    let mut known = BTreeSet::new();
    let mut kind = String::new();
    for line in example().lines() {
        let line = if line.starts_with("#\t") { &line[1..] } else { line };
        match words(line).as_slice() {
            [config, word, _] if config == "config" => kind.clone_from(word),
            [_, name, _] => _ = known.insert((kind.clone(), name.clone())),
            _ => {}
        }
    }
    let browser = open("config", "en", &[], &answers(&Dir::new()));
    let fields = browser.script(
        "return stub.seen.map.sections.flatMap(section => section.options.map(option => [section.type, option.name]))",
    );
    let fields: Vec<(String, String)> = serde_json::from_value(fields).unwrap();
    let texts: BTreeSet<_> = fields.iter().filter(|(_, name)| name.ends_with("_ar")).collect();
    let base = |name: &str| name.strip_suffix("_ar").map(str::to_owned);
    let texts: BTreeSet<_> =
        texts.into_iter().map(|(kind, name)| (kind.clone(), base(name).unwrap())).collect();
    let in_a_language = |kind: &str, name: &str| {
        ["_ar", "_en", "_fr", "_nl"].iter().any(|tag| {
            name.strip_suffix(tag).is_some_and(|base| texts.contains(&(kind.to_owned(), base.to_owned())))
        })
    };
    for (kind, name) in &fields {
        let fits =
            known.contains(&(kind.clone(), name.clone())) || in_a_language(kind, name) || name == "_token";
        assert!(fits, "config {kind} has no option {name}");
    }
    let fields: BTreeSet<_> = fields.into_iter().collect();
    for (kind, name) in known {
        let edited = !matches!(kind.as_str(), "aiglon" | "listen");
        assert!(
            !edited || fields.contains(&(kind.clone(), name.clone())),
            "no field for {name} of config {kind}"
        );
    }
}

/// The template has what the views and the menu say, and French has all of it.
#[test]
fn the_catalogues_are_whole() {
    let template = catalogue(app().join("po/templates/aiglon.pot"));
    let french = catalogue(app().join("po/fr/aiglon.po"));
    assert_eq!(template.keys().collect::<Vec<_>>(), french.keys().collect::<Vec<_>>());
    for (text, translated) in &french {
        assert!(!translated.is_empty(), "{text}");
        assert_eq!(text.matches("%s").count(), translated.matches("%s").count(), "{text}");
    }
    // LuCI has one catalogue of all that is installed. There these are a direction and a button, in
    // any language.
    for word in ["Down", "Clear"] {
        assert!(!template.contains_key(word), "{word}");
    }
    let mut said = BTreeSet::new();
    let view = |name| read(app().join(format!("htdocs/luci-static/resources/view/aiglon/{name}.js")));
    for source in [view("status"), view("config"), force()] {
        for rest in source.split("_('").skip(1) {
            said.insert(rest.split("')").next().unwrap().to_owned());
        }
    }
    let menu: Value =
        serde_json::from_str(&read(app().join("root/usr/share/luci/menu.d/luci-app-aiglon.json"))).unwrap();
    for entry in menu.as_object().unwrap().values() {
        said.insert(entry["title"].as_str().unwrap().to_owned());
        if entry["action"]["type"] == "view" {
            let path = entry["action"]["path"].as_str().unwrap();
            assert!(app().join(format!("htdocs/luci-static/resources/view/{path}.js")).exists(), "{path}");
        }
    }
    said.insert("Grant access to the status page aiglon".to_owned());
    assert_eq!(said, template.keys().cloned().collect());
}
