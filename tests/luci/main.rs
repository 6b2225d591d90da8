//! The page of LuCI, in a real browser: its views around a stub of LuCI, asking the real daemon and
//! filling in a real configuration. What rpcd would do is done by its real plug-in, in busybox's
//! shell. Pictures for people to look at go to target/shots.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../chromium/driver.rs"]
#[allow(dead_code)] // made for tests/chromium
mod driver;
mod fields;
mod updates;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64ct::{Base64, Encoding as _};
use common::{AIGLON, Daemon, Dir, example, run, with};
use driver::{Browser, Look};
use serde_json::{Value, json};

fn app() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/luci-app-aiglon")
}

/// What the views share, by the name that they ask LuCI's loader for.
fn modules() -> BTreeMap<String, String> {
    let dir = app().join("htdocs/luci-static/resources/aiglon");
    let files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    files
        .map(|path| (format!("aiglon.{}", path.file_stem().unwrap().to_str().unwrap()), read(&path)))
        .collect()
}

/// The views, by their paths below `view`.
const VIEWS: [&str; 4] = ["aiglon/status", "aiglon/updates", "aiglon/config", "status/include/65_aiglon"];

fn view(path: &str) -> String {
    read(app().join(format!("htdocs/luci-static/resources/view/{path}.js")))
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
        let context = text_of("msgctxt ");
        let key = text_of("msgid ");
        // As LuCI's own catalogues have it.
        let key = if context.is_empty() { key } else { format!("{context}\u{1}{key}") };
        found.insert(key, text_of("msgstr "));
    }
    found.remove("");
    found
}

/// The ACL: by group, what a session may do.
fn acl() -> Value {
    serde_json::from_str(&read(app().join("root/usr/share/rpcd/acl.d/luci-app-aiglon.json"))).unwrap()
}

/// The commands that the ACL lets a session run.
fn allowed() -> Vec<String> {
    let acl = acl();
    let mut commands = Vec::new();
    for access in ["read", "write"] {
        let rules = &acl["luci-app-aiglon"][access];
        assert_eq!(rules["uci"], json!(["aiglon"]));
        for (command, may) in rules["file"].as_object().unwrap() {
            assert_eq!(may, &json!(["exec"]), "{command}");
            let known = ["/usr/bin/aiglon ", "/etc/init.d/aiglon ", "/sbin/logread -e aiglon"];
            assert!(
                known.iter().any(|known| command.starts_with(known)) && !command.contains('*'),
                "{command}"
            );
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

/// The methods of ubus that a session with all groups may call.
fn methods() -> Vec<String> {
    let mut methods = Vec::new();
    for (group, rights) in acl().as_object().unwrap() {
        if group == "luci-app-aiglon" {
            continue;
        }
        let rights = rights["read"].as_object().or_else(|| rights["write"].as_object()).unwrap();
        assert_eq!(rights.len(), 1, "{group}");
        let names = rights["ubus"]["luci.aiglon"].as_array().unwrap();
        methods.extend(names.iter().map(|name| format!("luci.aiglon.{}", name.as_str().unwrap())));
    }
    methods
}

/// Lines of `logread -e aiglon`, with one of cron in between.
const LOG: &str = "Tue Dec  1 00:01:02 2026 daemon.info aiglon[7]: info: listening on http://192.168.1.1:8080/\n\
                   Tue Dec  1 00:02:00 2026 cron.err crond[8]: USER root pid 9 cmd aiglon beat uplink_up\n\
                   Tue Dec  1 00:02:01 2026 daemon.err aiglon: not started: state_dir /mnt cannot be used\n";

/// What the real program answers to each of them, in a directory as that of a [`Daemon`].
fn answers(dir: &Dir) -> Value {
    let (config, socket) = (dir.path().join("config"), dir.path().join("console.sock"));
    let mut told = json!({});
    for line in allowed() {
        let mut words: Vec<_> = line.split(' ').skip(1).collect();
        match words.as_slice() {
            ["-e", _] => {
                told[line] = json!({"code": 0, "stdout": LOG, "stderr": ""});
                continue;
            }
            _ if line.starts_with("/etc/init.d/") => {
                told[line] = json!({"code": 0, "stdout": "", "stderr": ""});
                continue;
            }
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

/// A browser with a view of the tab in it.
fn open(tab: &str, lang: &str, sections: &[Value], answers: &Value) -> Browser {
    open_for(&format!("aiglon/{tab}"), lang, sections, answers, &[allowed(), methods()].concat())
}

/// A browser with a view in it, for a session that may run these commands and call these methods.
fn open_for(path: &str, lang: &str, sections: &[Value], answers: &Value, may: &[String]) -> Browser {
    let browser = Browser::new();
    browser.open_nothing();
    browser.look(Look { width: if path == "aiglon/updates" { 390 } else { 1200 }, dark: false, lang: "en" });
    let words =
        if lang == "en" { json!({}) } else { json!(catalogue(app().join(format!("po/{lang}/aiglon.po")))) };
    let given = json!({
        "words": words, "uci": sections, "answers": answers, "allowed": may, "methods": may,
        "modules": modules(),
    });
    browser.script(&read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/luci/stub.js")));
    let style = json!(read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/luci/style.css")));
    browser.script(&format!(
        "document.head.append(Object.assign(document.createElement('style'), {{textContent: {style}}}));
         document.head.append(Object.assign(document.createElement('meta'), {{name: 'viewport', content: 'width=device-width'}}));
         document.documentElement.lang = '{lang}';
         window.stub = Stub({given}); window.opened = stub.run({});",
        json!(view(path))
    ));
    settle(&browser);
    browser
}

/// Waits until all that was asked of the browser is done.
fn settle(browser: &Browser) {
    browser.script("return new Promise(done => setTimeout(done, 50)).then(() => 0)");
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
    let daemon = updates::antenna();
    let hostile = "<img src=x onerror=document.title='in'>";
    let socket = daemon.dir.path().join("console.sock");
    for words in [
        ["incident", "open", "vpn", "outage", hostile].as_slice(),
        &["update", "1", "identified", "*Quelqu'un* arrive."],
        &["banner", "set", "Tempête ce soir."],
    ] {
        let mut command = Command::new(AIGLON);
        command.args(["console", "--socket", socket.to_str().unwrap()]).args(words);
        assert_eq!(run(&mut command).0, Some(0));
    }
    let sections = uci(&read(daemon.dir.path().join("config")).replace("127.0.0.1:0", "lan:8080"));
    let browser = open("status", "fr", &sections, &answers(&daemon.dir));
    updates::Rpcd::new(&daemon.dir, "root").serve(&browser);
    picture(&browser, "luci.status.png");
    let said = text(&browser);
    for word in [
        "Antennes solidaires",
        "Il y a une panne",
        "Héron, côté nord",
        "VPN des membres",
        "En panne",
        "On connaît la cause",
        "Quelqu'un arrive.",
        "Tempête ce soir.",
        "<img src=x",
        "prometheus",
        "En vie",
        "Jamais entendu",
        "backup",
        "heron_loss",
        concat!("aiglon ", env!("CARGO_PKG_VERSION")),
        "state_dir /mnt cannot be used",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    // The newest line of the log first.
    let logged = ["state_dir /mnt cannot be used", "listening on http://192.168.1.1:8080/"];
    assert!(logged.map(|line| said.find(line).unwrap()).is_sorted(), "{said}");
    // Whose incident it is, and its title.
    assert!(said.contains(&format!("VPN des membres: {hostile}")), "{said}");
    // A heartbeat that has not come yet; a section's name; a line of cron.
    for word in ["not heard yet", "heron_north", "crond"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
    // In the order of the page.
    let page = daemon.page();
    let names = ["Fibre", "Héron, côté nord", "Héron, jardin", "Connexion au VPN", "Courriel"];
    assert!(names.map(|name| said.find(name).unwrap()).is_sorted(), "{said}");
    // What is down stands at the top of the page once more.
    assert!(names.map(|name| page.rfind(name).unwrap()).is_sorted(), "{page}");
    // The stub stands at no address, so the link has a port and no host.
    let links = browser.script("return [...document.links].map(link => link.getAttribute('href'))");
    assert!(links.as_array().unwrap().contains(&json!("http://:8080/")), "{links}");
    assert_eq!(browser.script("return [document.title, document.images.length]"), json!(["", 0]));
    assert_eq!(browser.script("return [stub.seen.untranslated, stub.seen.polls.length]"), json!([[], 2]));
    // It goes on asking.
    browser.script("stub.seen.polls.forEach(poll => poll())");
    updates::Rpcd::new(&daemon.dir, "root").serve(&browser);
    assert!(text(&browser).contains("Quelqu'un arrive."));
    // Stopping and starting are two commands, for those who may.
    browser.script("document.querySelector('.cbi-button-negative').click()");
    settle(&browser);
    let executed = browser.script("return stub.seen.executed");
    assert!(executed.as_array().unwrap().contains(&json!("/etc/init.d/aiglon stop")), "{executed}");
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
    // With the line and the reason, in red.
    let red = browser.script("return document.querySelector('.danger').innerText");
    assert!(red.as_str().unwrap().contains(":3: "), "{red}");
    assert!(red.as_str().unwrap().contains("'sundial' is no value for 'clock'"), "{red}");
    for word in ["aiglon ne tourne pas", "Ne tourne pas", "console.sock", "state_dir /mnt cannot be used"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert_eq!(browser.script("return stub.seen.untranslated"), json!([]));
    browser.script("document.querySelector('.cbi-button-positive').click()");
    settle(&browser);
    let executed = browser.script("return stub.seen.executed");
    assert!(executed.as_array().unwrap().contains(&json!("/etc/init.d/aiglon start")), "{executed}");
}

/// "Save & Apply" says that the file was saved. Whether it is in force, and all of it, stands on
/// each tab, in red, until it is.
#[test]
fn each_tab_tells_what_is_not_in_force() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let dir = Dir::new();
    let main = format!("option console '{}'", dir.path().join("console.sock").display());
    let good = with(&example(), "main", &[&main]);
    let tunnel = format!("config listen 'tunnel'\n\toption address '{taken}'\n\tlist serve 'ingest'\n");
    let mut daemon = Daemon::start_in(dir, &good);
    let said = |daemon: &Daemon, lang| {
        ["status", "updates", "config"].map(|view| {
            let browser = open(view, lang, &[], &answers(&daemon.dir));
            updates::Rpcd::new(&daemon.dir, "root").serve(&browser);
            assert_eq!(browser.script("return stub.seen.untranslated.length > 0"), json!(lang == "en"));
            let red = "return [...document.querySelectorAll('.danger[role=alert]')].map(one => one.innerText).join()";
            browser.script(red).as_str().unwrap().to_owned()
        })
    };
    let is_told = |said: &[String], words: &str, told: bool| {
        assert!(said.iter().all(|said| said.contains(words) == told), "{words}: {said:?}");
    };
    assert_eq!(said(&daemon, "en"), ["", "", ""]);
    daemon.rewrite(&format!("{good}{tunnel}"));
    daemon.process.signal("HUP");
    daemon.process.wait_for("reloaded");
    let told = said(&daemon, "fr");
    is_told(&told, "n'écoute pas partout", true);
    is_told(&told, &format!("not listening on http://{taken}/: somebody listens there"), true);
    daemon.rewrite(&good.replace("option lang", "option lnag"));
    daemon.process.signal("HUP");
    daemon.process.wait_for("was not changed");
    let told = said(&daemon, "en");
    is_told(&told, "The configuration has mistakes. What was in force stays in force.", true);
    is_told(&told, "'config site' has no option 'lnag'; did you mean 'lang'?", true);
    // The file is mended, and nobody has said so to the daemon.
    daemon.rewrite(&good);
    is_told(&said(&daemon, "en"), "The configuration is not in force.", true);
    daemon.process.signal("HUP");
    daemon.process.wait_for("reloaded");
    assert_eq!(said(&daemon, "en"), ["", "", ""]);
    daemon.process.signal("TERM");
    daemon.process.wait();
    is_told(&said(&daemon, "en"), "aiglon does not run.", true);
}

/// A line of LuCI's overview: what the page says first, and where it is.
#[test]
fn the_overview_has_the_headline_and_the_address() {
    let daemon = updates::antenna();
    let sections = uci(&read(daemon.dir.path().join("config")).replace("127.0.0.1:0", "192.0.2.1:80"));
    let told = answers(&daemon.dir);
    let browser = open_for("status/include/65_aiglon", "ar", &sections, &told, &allowed());
    assert_eq!(text(&browser).trim(), "هناك عطل Antennes solidaires");
    assert_eq!(browser.script("return document.links[0].getAttribute('href')"), "http://192.0.2.1/");
    assert_eq!(browser.script("return stub.seen.untranslated"), json!([]));
    // Nothing for a login that may not ask, nor where nobody answers.
    for (told, may) in [(&told, vec![]), (&answers(&Dir::new()), allowed())] {
        let browser = open_for("status/include/65_aiglon", "en", &sections, told, &may);
        assert_eq!(text(&browser), "");
    }
}

/// LuCI's themes run from left to right in every language. What is the app's own runs as its
/// language does, and so does each sentence in LuCI's forms.
#[test]
fn arabic_runs_from_right_to_left() {
    let daemon = updates::antenna();
    let told = answers(&daemon.dir);
    let sections = uci(&read(daemon.dir.path().join("config")));
    for (tab, place) in [("status", "h2"), ("updates", "[data-verb]"), ("config", "small bdi")] {
        for (lang, direction) in [("ar", "rtl"), ("fr", "ltr")] {
            let browser = open(tab, lang, &sections, &told);
            updates::Rpcd::new(&daemon.dir, "root").serve(&browser);
            let script = format!(
                "return getComputedStyle(document.querySelector('{place}') ?? document.body).direction"
            );
            assert_eq!(browser.script(&script), direction, "{tab} {lang}");
            // A title in another language stands where the others begin.
            let titles =
                "return [...document.querySelectorAll('h3, h4')].map(one => getComputedStyle(one).direction)";
            let titles = browser.script(titles);
            assert!(
                tab == "config" || titles.as_array().unwrap().iter().all(|one| one == direction),
                "{tab} {titles}"
            );
            picture(&browser, &format!("luci.{tab}.{lang}.png"));
            assert_eq!(browser.script("return stub.seen.untranslated"), json!([]));
        }
    }
}

/// The file of the package, in a directory, with sockets and ports of the test's own.
fn package(dir: &Dir) -> String {
    let text = read(Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/aiglon/files/aiglon.config"));
    text.replace("/etc/aiglon", &dir.path().join("state").display().to_string())
        .replace("/var/run/aiglon", &dir.path().display().to_string())
        .replace("'ntp'", "'trust'")
}

/// A set-up asks while the file is the package's own; its answers become a file without a mistake,
/// and the lines that it shows work.
#[test]
fn a_new_page_is_set_up_by_three_answers() {
    let dir = Dir::new();
    let before = package(&dir);
    dir.write("config", &before);
    let told = answers(&dir);
    let browser = open("config", "fr", &uci(&before), &told);
    picture(&browser, "luci.setup.png");
    let press = || {
        browser.script("document.querySelector('[data-setup] .important').click()");
        settle(&browser);
    };
    press();
    assert!(text(&browser).contains("Il faut un nom"), "{}", text(&browser));
    browser.script(
        "const fill = (name, value) => { document.querySelector('[data-setup] [name=' + name + ']').value = value; };
         fill('title', \"L'antenne Héron\"); fill('title_ar', 'هوائي هيرون'); fill('lang', 'fr'); fill('target', '192.0.2.1');
         fill('antenna', 'Égret, côté sud'); fill('service', 'VPN')",
    );
    press();
    let lines =
        browser.script("return [...document.querySelectorAll('.modal pre')].map(one => one.textContent)");
    let lines: Vec<String> = serde_json::from_value(lines).unwrap();
    picture(&browser, "luci.setup.done.png");
    // What is shown this once comes first; cron's line is asked for below it.
    let cron = "* * * * * test -x /usr/bin/aiglon && ping -q -c 2 -w 5 192.0.2.1 >/dev/null && aiglon beat uplink_up";
    assert_eq!(lines[4..], [cron]);
    // The token stands beside the line that uses it. It is the hash of this one that the file has.
    let made = told["/usr/bin/aiglon token"]["stdout"].as_str().unwrap();
    let (token, hash) = made.trim_end().split_once('\n').unwrap();
    assert_eq!(lines[0], format!("user = \"egret_cote_sud:{token}\""));
    assert!(lines[1].ends_with(":8081/api/v1/heartbeat/egret_cote_sud_beats"), "{}", lines[1]);
    assert!(lines[1].starts_with("* * * * * curl -fsS -X POST -K /etc/aiglon.curl http://"), "{}", lines[1]);
    let saved = browser.script("return stub.given.uci");
    let mut text = saved.as_array().unwrap().iter().map(line_of).collect::<String>();
    assert!(text.contains(hash.trim()) && !text.contains(token));
    // Each call of `aiglon token` makes another one, but the stub has one answer.
    let second = format!("sha256:{}", "0".repeat(64));
    let at = text.rfind("sha256:").unwrap();
    text.replace_range(at..at + second.len(), &second);
    let file = dir.write("config", &text);
    let (code, _, stderr) = run(Command::new(AIGLON).arg("check").arg(&file));
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{text}");
    assert!(!text.contains("This page is new"), "{text}");
    assert_eq!(browser.script("return stub.seen.applied"), 0);
    browser.script("document.querySelector('.modal [data-add]').click()");
    let asked = updates::Rpcd::new(&dir, "root").serve(&browser);
    assert_eq!(asked, [("schedule".to_owned(), json!({"heartbeat": "uplink_up", "target": "192.0.2.1"}))]);
    let program = dir.path().join("bin/aiglon").display().to_string();
    let crontab = read(dir.path().join("crontabs/root"));
    assert_eq!(crontab.replace(&program, "/usr/bin/aiglon"), format!("{cron}\n"));
    assert_eq!(browser.script("return [stub.seen.applied, stub.seen.untranslated]"), json!([1, []]));
    // The page is what was answered; a beat of the router makes its part well after `resync`.
    let text = [("lan:8080", "127.0.0.1:0"), ("127.0.0.1:8081", "127.0.0.2:0"), ("lan:8081", "127.0.0.3:0")]
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to));
    let daemon = Daemon::start_in(dir, &text);
    let page = daemon.get("/?lang=ar").body;
    for word in ["هوائي هيرون", "الاتصال بالإنترنت", "Égret, côté sud", "VPN", "واي فاي"]
    {
        assert!(page.contains(word), "{word}: {page}");
    }
    let mut beat = Command::new(AIGLON);
    beat.args(["beat", "--config"]).arg(daemon.dir.path().join("config")).arg("uplink_up");
    assert_eq!(run(&mut beat), (Some(0), String::new(), String::new()));
    // It asks no more.
    let browser = open("config", "en", &uci(&text), &answers(&daemon.dir));
    assert_eq!(browser.script("return document.querySelector('[data-setup]')"), Value::Null);
}

/// The set-up touches no crontab unasked. A login without that right is told what to copy.
#[test]
fn the_line_of_cron_is_asked_for() {
    let dir = Dir::new();
    let before = package(&dir);
    dir.write("config", &before);
    let told = answers(&dir);
    let rights = [allowed(), methods()].concat();
    let without: Vec<_> = rights.iter().filter(|right| !right.ends_with(".schedule")).cloned().collect();
    for (rights, button) in [(&rights, "data-apply"), (&without, "data-add")] {
        let browser = open_for("aiglon/config", "ar", &uci(&before), &told, rights);
        browser.script(
            "const fill = (name, value) => { document.querySelector('[data-setup] [name=' + name + ']').value = value; };
             fill('title', 'A'); fill('target', '192.0.2.1'); document.querySelector('[data-setup] .important').click()",
        );
        settle(&browser);
        browser.script(&format!("document.querySelector('.modal [{button}]').click()"));
        assert_eq!(updates::Rpcd::new(&dir, "root").serve(&browser), []);
        let refused = button == "data-add";
        let red = browser.script("return document.querySelector('.modal [role=alert]')?.innerText ?? ''");
        assert_eq!(red.as_str().unwrap().contains("Access denied"), refused, "{red}");
        assert_eq!(browser.script("return document.querySelectorAll('.modal a').length"), i32::from(refused));
        assert_eq!(
            browser.script("return [stub.seen.applied, stub.seen.untranslated]"),
            json!([i32::from(!refused), []])
        );
        assert!(!dir.path().join("crontabs").exists());
    }
}

/// A section of LuCI's `uci`, as the file has it.
fn line_of(section: &Value) -> String {
    use std::fmt::Write as _;
    let quoted = |value: &Value| format!("'{}'", value.as_str().unwrap().replace('\'', "'\\''"));
    let mut text = format!("config {} {}\n", section[".type"].as_str().unwrap(), quoted(&section[".name"]));
    for (name, value) in section.as_object().unwrap().iter().filter(|(name, _)| !name.starts_with('.')) {
        match value {
            Value::Array(list) => {
                for value in list {
                    writeln!(text, "\tlist {name} {}", quoted(value)).unwrap();
                }
            }
            value => writeln!(text, "\toption {name} {}", quoted(value)).unwrap(),
        }
    }
    text
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
    let after = uci(saved);
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

/// Every option has a field, a text has one in each language, and no field is for what aiglon does
/// not know.
#[test]
fn the_fields_are_the_options() {
    let browser = open("config", "en", &[], &answers(&Dir::new()));
    let fields = browser.script(
        "return stub.seen.map.sections.flatMap(section => section.options.map(option => [section.type, option.name]))",
    );
    let fields: BTreeSet<(String, String)> = serde_json::from_value(fields).unwrap();
    let mut known = BTreeSet::from([("source".to_owned(), "_token".to_owned())]);
    for row in fields::options() {
        if row.shape == "Shape::Text" {
            known.extend(
                ["ar", "en", "fr", "nl"].map(|tag| (row.section.clone(), format!("{}_{tag}", row.name))),
            );
        }
        known.insert((row.section, row.name));
    }
    assert_eq!(fields, known);
}

/// The texts that a source marks for translation, with their contexts.
fn marked(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in source.split("_('").skip(1) {
        let (text, rest) = rest.split_once('\'').unwrap();
        let context =
            rest.strip_prefix(", '").and_then(|rest| rest.split_once("')")).map(|(context, _)| context);
        found.insert(context.map_or_else(|| text.to_owned(), |context| format!("{context}\u{1}{text}")));
    }
    found
}

/// LuCI's feed shortens scripts by Crockford's jsmin. That takes a slash for the beginning of a
/// regular expression only behind some signs, and for a division or a mistake behind others.
#[test]
fn scripts_can_be_shortened_as_the_feed_does() {
    for source in VIEWS.iter().map(|path| view(path)).chain(modules().into_values()) {
        for before in ["=>", "return", "case", "typeof", ")"] {
            let wrong =
                source.split(&format!("{before} /")).skip(1).find(|rest| !rest.starts_with(['*', '/', ' ']));
            assert_eq!(wrong.map(|rest| rest.lines().next()), None, "behind {before}");
        }
    }
}

/// The template has what the views and the menu say, and French and Arabic have all of it.
#[test]
fn the_catalogues_are_whole() {
    let template = catalogue(app().join("po/templates/aiglon.pot"));
    for lang in ["fr", "ar"] {
        let translated = catalogue(app().join(format!("po/{lang}/aiglon.po")));
        assert_eq!(template.keys().collect::<Vec<_>>(), translated.keys().collect::<Vec<_>>());
        for (text, translated) in &translated {
            assert!(!translated.is_empty(), "{lang}: {text}");
            for place in ["%s", "%d"] {
                assert_eq!(text.matches(place).count(), translated.matches(place).count(), "{lang}: {text}");
            }
        }
    }
    // LuCI has one catalogue of all that is installed. There these are a direction, a button and a
    // device, in any language.
    for word in ["Down", "Clear", "Unknown"] {
        assert!(!template.contains_key(word), "{word}");
    }
    let mut said: BTreeSet<_> = VIEWS.iter().map(|path| view(path)).chain(modules().into_values()).collect();
    said = said.iter().flat_map(|source| marked(source)).collect();
    let menu: Value =
        serde_json::from_str(&read(app().join("root/usr/share/luci/menu.d/luci-app-aiglon.json"))).unwrap();
    for entry in menu.as_object().unwrap().values() {
        said.insert(entry["title"].as_str().unwrap().to_owned());
        if entry["action"]["type"] == "view" {
            // It throws if there is no such view.
            _ = view(entry["action"]["path"].as_str().unwrap());
        }
    }
    for rights in acl().as_object().unwrap().values() {
        said.insert(rights["description"].as_str().unwrap().to_owned());
    }
    assert_eq!(said, template.keys().cloned().collect());
}

/// A state is called in LuCI what the page calls it.
#[test]
fn the_words_are_those_of_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for lang in ["en", "fr", "ar"] {
        let page = read(root.join(format!("www/lang/{lang}.txt")));
        let of_page = |key: &str| {
            let line = page.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            json!(line.unwrap_or_else(|| panic!("{lang}: no {key}")))
        };
        let browser = open("status", lang, &[], &answers(&Dir::new()));
        let said = |call: &str, word: &str| {
            browser.script(&format!("return stub.made['aiglon.words'].{call}({})", json!(word)))
        };
        for (word, key) in [
            ("operational", "operational"),
            ("degraded", "degraded"),
            ("outage", "outage"),
            ("maintenance", "maintenance"),
            ("no data", "no_data"),
        ] {
            assert_eq!(said("headline", word), of_page(&format!("overall.{key}")), "{lang}");
            assert_eq!(said("state", word), of_page(&format!("state.{key}")), "{lang}");
        }
        for phase in ["investigating", "identified", "monitoring", "resolved"] {
            assert_eq!(said("state", phase), of_page(&format!("phase.{phase}")), "{lang}");
        }
        for repeat in ["weekly", "monthly"] {
            assert_eq!(said("state", repeat), of_page(&format!("maintenance.{repeat}")), "{lang}");
        }
    }
}
