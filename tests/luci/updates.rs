//! What people do in LuCI: from a click to the method of ubus, through rpcd's plug-in in busybox's
//! shell, to the real daemon, and back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::common::{AIGLON, Daemon, Dir, example, feed, firing, run, with};
use crate::driver::Browser;
use crate::{acl, allowed, answers, app, methods, open, open_for, picture, read, settle, text, view};

/// The identifier of a session of LuCI, which is as good as a password while it lasts.
const SESSION: &str = "5e551015ec12e70000000000000000ab";

/// `jsonfilter -i FILE -e @.NAME`, as OpenWrt has it. An absent member is the exit status 1, and
/// the newest snapshot reads nothing without `-i`.
const JSONFILTER: &str = "#!/usr/bin/python3 -SE
import json, sys
[_, option, path, _, name] = sys.argv
assert option == '-i'
found = json.load(open(path)).get(name.removeprefix('@.'))
sys.exit(1) if found is None else print(found)
";

/// What ucode does here: it asks rpcd for the login of the session that stands in its input.
const UCODE: &str = "#!/usr/bin/python3 -SE
import json, os, sys
assert \"'session', 'get'\" in sys.argv[-1] and 'ubus_rpc_session' in sys.argv[-1]
known = json.load(sys.stdin).get('ubus_rpc_session') == os.environ['SESSION']
print(os.environ['LOGIN'] if known else '', end='')
";

/// Of uci: `-q get aiglon.NAME`, the type of a section.
const UCI: &str = "#!/bin/sh
sed -n \"s/^config \\([a-z]*\\) '${3#aiglon.}'\\$/\\1/p\" \"$CONFIG\" | grep .
";

/// rpcd with the app's plug-in, for a daemon.
pub struct Rpcd<'a> {
    dir: &'a Dir,
    pub login: String,
}

impl<'a> Rpcd<'a> {
    pub fn new(dir: &'a Dir, login: &str) -> Self {
        fs::create_dir_all(dir.path().join("bin")).unwrap();
        let put = |name: &str, text: &str| {
            let path = dir.write(name, text);
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        // Whoever looks at command lines sees these.
        let spied = |text: &str| {
            let (first, rest) = text.split_once('\n').unwrap();
            let spy = if first.contains("python3") {
                "import os, sys; print(sys.argv, file=open(os.environ['SEEN'], 'a'))"
            } else {
                "echo \"$@\" >>\"$SEEN\""
            };
            format!("{first}\n{spy}\n{rest}")
        };
        put("bin/jsonfilter", &spied(JSONFILTER));
        put("bin/ucode", &spied(UCODE));
        put("bin/uci", &spied(UCI));
        put("bin/aiglon", &spied(&format!("#!/bin/sh\nexec {AIGLON} \"$@\"\n")));
        put("bin/cron", &spied("#!/bin/sh\necho \"cron: $1\"; [ \"$1\" != enabled ]\n"));
        Self { dir, login: login.to_owned() }
    }

    /// What a method answers, as rpcd would pass it on.
    pub fn call_of(&self, session: &str, method: &str, arguments: &Value) -> Value {
        let path = |name: &str| self.dir.path().join(name).display().to_string();
        let plugin = read(app().join("root/usr/libexec/rpcd/luci.aiglon"));
        let plugin = plugin.replace("/usr/bin/aiglon", &path("bin/aiglon"));
        let plugin = plugin.replace("/etc/crontabs", &path("crontabs"));
        let plugin = plugin.replace("/etc/init.d/cron", &path("bin/cron"));
        let plugin = self.dir.write("plugin", &plugin.replace("/etc/config/aiglon", &path("config")));
        let mut input = arguments.clone();
        input["ubus_rpc_session"] = json!(session);
        let mut command = Command::new("busybox");
        command.args(["ash", plugin.to_str().unwrap(), "call", method]);
        command.env("PATH", format!("{}:{}", path("bin"), std::env::var("PATH").unwrap()));
        command.envs([("LOGIN", self.login.as_str()), ("SESSION", SESSION)]);
        command.envs([("SEEN", path("seen")), ("CONFIG", path("config"))]);
        let (code, stdout, stderr) = feed(&mut command, input.to_string());
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{method}: {stdout}");
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{method}: {error}: {stdout}"))
    }

    pub fn call(&self, method: &str, arguments: &Value) -> Value {
        self.call_of(SESSION, method, arguments)
    }

    /// Answers what a browser asks, until it asks no more. Returns what it asked.
    pub fn serve(&self, browser: &Browser) -> Vec<(String, Value)> {
        let mut asked = Vec::new();
        loop {
            settle(browser);
            let calls = browser
                .script("return stub.seen.calls.map(call => [ call.object, call.method, call.args ])")
                .as_array()
                .unwrap()
                .clone();
            if calls.is_empty() {
                return asked;
            }
            for call in calls {
                assert_eq!(call[0], "luci.aiglon");
                let method = call[1].as_str().unwrap();
                let answer = self.call(method, &call[2]);
                browser.script(&format!("stub.seen.calls.shift().done({answer})"));
                asked.push((method.to_owned(), call[2].clone()));
            }
        }
    }
}

/// A daemon whose antenna is down; `heron1` may touch its site, and `egret` no site of it.
pub fn antenna() -> Daemon {
    let dir = Dir::new();
    let socket = format!("option console '{}'", dir.path().join("console.sock").display());
    let config = with(&example(), "main", &[&socket]).replace("config user 'tern'", "config user 'tern_2'");
    let daemon = Daemon::start_in(dir, &config);
    let alert = format!("[{}]", firing("AntennaDown", "heron-north"));
    assert_eq!(daemon.post("/api/v2/alerts", &alert).status, 200);
    daemon
}

fn console(daemon: &Daemon, words: &[&str]) -> Value {
    let socket = daemon.dir.path().join("console.sock");
    let socket = socket.to_str().unwrap();
    let mut command = Command::new(AIGLON);
    let (_, stdout, _) = run(command.args(["console", "--socket", socket, "--json"]).args(words));
    serde_json::from_str(&stdout).unwrap()
}

/// The last step of the incident: who said what.
fn last_words(daemon: &Daemon) -> (Value, Value) {
    let steps = console(daemon, &["incident", "1"])["steps"].as_array().unwrap().clone();
    let step = steps.iter().rfind(|step| !step["words"].is_null()).unwrap();
    (step["who"].clone(), step["words"].clone())
}

/// Opens the dialog of a verb.
fn click(browser: &Browser, verb: &str) {
    browser.script(&format!("document.querySelector('[data-verb={verb}]').click()"));
    settle(browser);
}

fn fill(browser: &Browser, name: &str, value: &str) {
    browser.script(&format!(
        "const one = document.querySelector('.modal [name={name}]'); one.value = {};
         one.dispatchEvent(new Event('input'))",
        json!(value)
    ));
}

fn send(browser: &Browser) {
    browser.script("document.querySelector('.modal .important').click()");
}

#[test]
fn a_volunteer_does_their_work_with_a_thumb() {
    let daemon = antenna();
    let rpcd = Rpcd::new(&daemon.dir, "heron1");
    let browser = open("updates", "fr", &[], &answers(&daemon.dir));
    assert_eq!(rpcd.serve(&browser)[0].0, "look");
    assert_eq!(browser.script("return stub.seen.untranslated"), json!([]));
    let said = text(&browser);
    for word in ["Il y a une panne", "Wi-Fi, antenne Héron", "heron1", "En panne"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    picture(&browser, "luci.updates.png");
    // Nothing is wider than a phone.
    assert_eq!(browser.script("return document.documentElement.scrollWidth"), 390);

    click(&browser, "update");
    fill(&browser, "phase", "identified");
    fill(&browser, "words", "Nous *arrivons*.\n\n- <b>avec</b> une batterie");
    fill(&browser, "lang", "fr");
    fill(&browser, "next", "+2h");
    assert_eq!(
        browser.script("return document.querySelector('[data-preview]').innerHTML"),
        "<p>Nous <em>arrivons</em>.</p><ul><li>&lt;b&gt;avec&lt;/b&gt; une batterie</li></ul>"
    );
    picture(&browser, "luci.update.png");
    send(&browser);
    rpcd.serve(&browser);
    let (who, words) = last_words(&daemon);
    assert_eq!(who, "heron1");
    assert_eq!(words, json!({"lang": "fr", "text": "Nous *arrivons*.\n\n- <b>avec</b> une batterie"}));
    assert!(text(&browser).contains("On connaît la cause"));
    assert!(daemon.page().contains("Prochaines nouvelles"));

    click(&browser, "update");
    fill(&browser, "say", "power-cut");
    assert_eq!(
        browser.script("return document.querySelector('[data-preview]').textContent"),
        last_phrase(&daemon, "power-cut")
    );
    send(&browser);
    rpcd.serve(&browser);
    assert_eq!(last_words(&daemon).1["phrase"], "power-cut");

    // The console asks, because an alert fires; a second click says yes.
    click(&browser, "resolve");
    fill(&browser, "words", "La batterie tient.");
    send(&browser);
    rpcd.serve(&browser);
    assert!(text(&browser).contains("heron_north (outage)"), "{}", text(&browser));
    assert_eq!(console(&daemon, &["incident", "1"])["open"], true);
    send(&browser);
    rpcd.serve(&browser);
    assert_eq!(console(&daemon, &["incident", "1"])["open"], false);

    // So does undo, at once.
    click(&browser, "undo");
    rpcd.serve(&browser);
    send(&browser);
    rpcd.serve(&browser);
    assert_eq!(console(&daemon, &["incident", "1"])["open"], true);

    click(&browser, "open");
    fill(&browser, "what", "vpn/vpn_gateway");
    fill(&browser, "level", "degraded");
    fill(&browser, "title", "L'accès \"VPN\" est lent");
    fill(&browser, "next", "tomorrow 9:00");
    send(&browser);
    rpcd.serve(&browser);
    let opened = &console(&daemon, &["incident", "2"]);
    assert_eq!(
        (&opened["title"], &opened["level"]),
        (&json!("L'accès \"VPN\" est lent"), &json!("degraded"))
    );
    assert!(promised(&daemon, 2).is_string());

    click(&browser, "maintain");
    fill(&browser, "what", "vpn");
    fill(&browser, "from", "2099-12-03T18:30");
    fill(&browser, "to", "2099-12-03T20:00");
    fill(&browser, "repeat", "weekly");
    fill(&browser, "words", "On déplace la passerelle.");
    send(&browser);
    rpcd.serve(&browser);
    let planned = &console(&daemon, &["maintenance"])[0];
    // The site's zone is that of Paris.
    assert_eq!((&planned["starts"], &planned["repeats"]), (&json!("2099-12-03T17:30:00Z"), &json!("weekly")));
    assert_eq!(planned["words"]["text"], "On déplace la passerelle.");
    click(&browser, "maintain_end");
    rpcd.serve(&browser);
    assert!(text(&browser).contains("end maintenance 1 (vpn)"), "{}", text(&browser));
    send(&browser);
    rpcd.serve(&browser);
    assert_eq!(console(&daemon, &["maintenance"]), json!([]));

    click(&browser, "banner");
    fill(&browser, "state", "degraded");
    fill(&browser, "words", "Tempête ce soir.");
    send(&browser);
    rpcd.serve(&browser);
    assert_eq!(console(&daemon, &["banner"])[0]["words"]["text"], "Tempête ce soir.");
    assert!(daemon.page().contains("Tempête ce soir."));
    // The antenna is down, which is worse than what the banner says.
    let note = browser.script("return stub.seen.notes.at(-1)");
    assert!(note.as_str().unwrap().contains("garde sa première ligne"), "{note}");
    click(&browser, "banner_clear");
    rpcd.serve(&browser);
    assert!(text(&browser).contains("take the banner away"), "{}", text(&browser));
    send(&browser);
    rpcd.serve(&browser);
    assert_eq!(console(&daemon, &["banner"]), json!([]));
    assert_eq!(browser.script("return stub.seen.untranslated"), json!([]));
}

fn last_phrase(daemon: &Daemon, name: &str) -> Value {
    let phrases = console(daemon, &["phrases"]);
    phrases.as_array().unwrap().iter().find(|one| one["phrase"] == name).unwrap()["text"].clone()
}

/// What the console refuses stands in the dialog, and the words that were typed stay there.
#[test]
fn a_refusal_stands_beside_the_words() {
    let daemon = antenna();
    let rpcd = Rpcd::new(&daemon.dir, "root");
    let browser = open("updates", "ar", &[], &answers(&daemon.dir));
    rpcd.serve(&browser);
    click(&browser, "update");
    fill(&browser, "words", &"x".repeat(901));
    assert!(text(&browser).contains("1 بايت"), "{}", text(&browser));
    send(&browser);
    rpcd.serve(&browser);
    let red = browser.script("return document.querySelector('.modal .danger').innerText");
    assert!(red.as_str().unwrap().contains("too long"), "{red}");
    let kept = browser.script("return document.querySelector('.modal [name=words]').value.length");
    assert_eq!(kept, 901);
    assert_eq!(browser.script("return stub.seen.untranslated"), json!([]));
    picture(&browser, "luci.refused.ar.png");
}

/// A login that may do one thing sees the button of that alone.
#[test]
fn buttons_are_for_those_who_may() {
    let daemon = antenna();
    let rpcd = Rpcd::new(&daemon.dir, "heron1");
    let may = ["luci.aiglon.look", "luci.aiglon.incident", "luci.aiglon.update"].map(str::to_owned);
    let browser = open_for("aiglon/updates", "en", &[], &answers(&daemon.dir), &may);
    rpcd.serve(&browser);
    let verbs =
        "return [...new Set([...document.querySelectorAll('[data-verb]')].map(one => one.dataset.verb))]";
    assert_eq!(browser.script(verbs), json!(["update"]));
    // What they may not ask is not told as wrong.
    assert_eq!(browser.script("return document.querySelectorAll('[role=alert]').length"), 0);
}

#[test]
fn a_login_acts_as_itself_or_not_at_all() {
    let daemon = antenna();
    let mut rpcd = Rpcd::new(&daemon.dir, "heron1");
    let update = |words: &str| json!({"id": "solidarity/1", "phase": "", "words": words});
    assert_eq!(rpcd.call("update", &update("One."))["code"], 0);
    assert_eq!(last_words(&daemon).0, "heron1");
    // Root without a section of its own is the owner.
    "root".clone_into(&mut rpcd.login);
    assert_eq!(rpcd.call("update", &update("Two."))["code"], 0);
    assert_eq!(last_words(&daemon).0, "owner");
    for login in ["nobody", "tern", "prometheus", "a b", "--yes", "-root", "x'y", ""] {
        login.clone_into(&mut rpcd.login);
        for method in ["look", "update", "undo"] {
            let answer = rpcd.call(method, &update("Three."));
            assert_ne!(answer["code"], 0, "{login} {method}: {answer}");
            assert!(answer["status"].is_null(), "{answer}");
        }
    }
    // A session that has ended is nobody's.
    "root".clone_into(&mut rpcd.login);
    assert_ne!(rpcd.call_of("00000000000000000000000000000000", "update", &update("Four."))["code"], 0);
    assert_eq!(last_words(&daemon).1["text"], "Two.");
    // With a section of its own, root is that user.
    let config = read(daemon.dir.path().join("config"));
    daemon.rewrite(&format!("{config}\nconfig user 'root'\n\tlist site 'solidarity'\n"));
    let mut reload = Command::new(AIGLON);
    reload.arg("reload").arg(daemon.dir.path().join("config"));
    reload.arg("--socket").arg(daemon.dir.path().join("console.sock"));
    assert_eq!(run(&mut reload).0, Some(0));
    assert_eq!(rpcd.call("update", &update("Five."))["code"], 0);
    assert_eq!(last_words(&daemon).0, "root");
}

/// Words are never read by a shell, nor taken for an option, and no command line has the session.
#[test]
fn words_are_words_and_the_session_is_a_secret() {
    let daemon = antenna();
    let rpcd = Rpcd::new(&daemon.dir, "heron1");
    let hostile = "$(touch pwned) `id` \"'; rm -rf / #\\n %s %n\n--yes --user root\n- \u{202e}x";
    let answer = rpcd.call("update", &json!({"id": "solidarity/1", "phase": "monitoring", "words": hostile}));
    assert_eq!(answer["code"], 0, "{answer}");
    let words = last_words(&daemon).1;
    assert!(
        words["text"].as_str().unwrap().starts_with("$(touch pwned) `id` \"'; rm -rf / #\\n %s %n\n--yes")
    );
    let title = "$(id) \"it's\" `x` %s";
    let open =
        |what: &str, title: &str| json!({"what": what, "level": "outage", "title": title, "words": ""});
    assert_eq!(rpcd.call("open", &open("vpn", title))["code"], 0);
    assert_eq!(console(&daemon, &["incident", "2"])["title"], title);
    for answer in [
        rpcd.call("open", &open("vpn", "--yes")),
        rpcd.call("open", &open("--site", "x")),
        rpcd.call("resolve", &json!({"id": "--yes"})),
        rpcd.call("update", &json!({"id": "1", "say": "--yes"})),
        rpcd.call("update", &json!({"id": "1", "words": "x", "lang": "--yes"})),
        rpcd.call("incident", &json!({"id": "--all"})),
    ] {
        assert_ne!(answer["code"], 0, "{answer}");
    }
    // What needs a yes is not done without one.
    assert_eq!(rpcd.call("resolve", &json!({"id": "solidarity/1"}))["code"], 3);
    // Nobody answers: said in words, and as JSON.
    let seen = read(daemon.dir.path().join("seen"));
    assert!(seen.contains("update") && !seen.contains(SESSION) && !seen.contains("touch pwned"), "{seen}");
    drop(daemon);
}

/// When the next news of an incident is promised.
fn promised(daemon: &Daemon, number: u32) -> Value {
    let incidents = console(daemon, &["incidents"]);
    let found = incidents.as_array().unwrap().iter().find(|one| one["number"] == number);
    found.unwrap()["next"].clone()
}

/// What stands in the field of the next news is a time or is refused, and is never an option.
#[test]
fn a_promise_is_a_time_and_nothing_else() {
    let daemon = antenna();
    let rpcd = Rpcd::new(&daemon.dir, "heron1");
    let update = |next: &str| {
        rpcd.call("update", &json!({"id": "solidarity/1", "phase": "", "words": "One.", "next": next}))
    };
    let open = |next: &str| {
        let what = json!({"what": "vpn", "level": "outage", "title": "VPN", "words": "", "next": next});
        rpcd.call("open", &what)
    };
    for next in [
        "--user root",
        "--user",
        "--yes",
        "—yes",
        "$(touch pwned)",
        "`touch pwned`",
        "+1h --user root",
        "+1h; touch pwned",
        "+1h\n--yes",
        "\"+1h\" --user \"root\"",
        "now",
        "2001-01-01 00:00",
    ] {
        for answer in [update(next), open(next)] {
            assert!(answer["code"] == 1 || answer["code"] == 2, "{next}: {answer}");
        }
        assert_eq!(console(&daemon, &["incident", "1"])["phase"], Value::Null, "{next}");
        assert!(console(&daemon, &["incident", "2"])["error"].is_string(), "{next}");
        assert!(promised(&daemon, 1).is_null(), "{next}");
    }
    assert!(!daemon.dir.path().join("pwned").exists() && !Path::new("pwned").exists());
    // Nothing else takes it.
    let resolve = json!({"id": "solidarity/1", "yes": "1", "next": "+1h"});
    assert_ne!(rpcd.call("resolve", &resolve)["code"], 0);
    for next in ["+1h", "tomorrow 9:00"] {
        let answer = update(next);
        assert_eq!(answer["code"], 0, "{next}: {answer}");
        assert!(promised(&daemon, 1).is_string(), "{next}");
    }
    assert_eq!(last_words(&daemon).0, "heron1");
    // Without one, the next update takes it back.
    assert_eq!(update("")["code"], 0);
    assert!(promised(&daemon, 1).is_null());
    assert_eq!(open("+2h")["code"], 0);
    assert!(promised(&daemon, 2).is_string());
}

#[test]
fn without_a_daemon_the_tab_says_so() {
    let dir = Dir::new();
    dir.write("config", "config aiglon 'main'\n\toption console '/nonexistent/\"x\"/console.sock'\n");
    let rpcd = Rpcd::new(&dir, "root");
    let answer = rpcd.call("look", &json!({}));
    assert_eq!(answer["code"], 4, "{answer}");
    assert!(answer["error"]["error"].as_str().unwrap().contains("/nonexistent"), "{answer}");
    let browser = open("updates", "en", &[], &answers(&dir));
    rpcd.serve(&browser);
    assert!(text(&browser).contains("/nonexistent"), "{}", text(&browser));
}

/// A verb is a method, and a method is in one group of the ACL.
#[test]
fn each_method_has_a_right_of_its_own() {
    let (code, listed, _) = run(Command::new("busybox")
        .arg("ash")
        .arg(app().join("root/usr/libexec/rpcd/luci.aiglon"))
        .arg("list"));
    assert_eq!(code, Some(0));
    // rpcd reads 1,024 bytes at a time, and any number of them.
    let listed: BTreeMap<String, Value> = serde_json::from_str(&listed).unwrap();
    let mut granted: Vec<_> =
        methods().iter().map(|name| name.rsplit('.').next().unwrap().to_owned()).collect();
    granted.sort();
    assert_eq!(granted, listed.keys().cloned().collect::<Vec<_>>());
    for (group, rights) in acl().as_object().unwrap() {
        if group != "luci-app-aiglon" && group != "luci-app-aiglon-look" {
            let verb = group.strip_prefix("luci-app-aiglon-").unwrap();
            let methods = rights["write"]["ubus"]["luci.aiglon"].as_array().unwrap();
            assert!(methods.iter().all(|name| name.as_str().unwrap().starts_with(verb)), "{group}");
        }
    }
    // The view passes each argument that the method takes, by its name.
    let source = view("aiglon/updates");
    let verbs = source.split_once("const VERBS = {").unwrap().1.split_once("};").unwrap().0;
    for line in verbs.trim().lines() {
        let (verb, names) = line.trim().split_once(": [").unwrap();
        let names: BTreeSet<_> = names.split('\'').skip(1).step_by(2).collect();
        let known = listed[verb].as_object().unwrap();
        assert_eq!(names, known.keys().map(String::as_str).collect(), "{verb}");
    }
}

/// The preview of people's words is what the page makes of them.
#[test]
fn the_preview_is_what_readers_see() {
    let daemon = antenna();
    let browser = open_for("status/include/65_aiglon", "en", &[], &answers(&daemon.dir), &allowed());
    settle(&browser);
    for words in [
        "Somebody is *on the way*.\nWith a **battery**.\n\nAnother paragraph.",
        "- one\n- two\n\n* three\n• four\nfive",
        "**a *b* c** *d **e** f* ***g*** __h__ _i_",
        "2*3*4 snake_case_names * alone ** _ *unclosed **both* x**",
        "See https://example.org/a_b_c, (http://example.org/x) and [here](https://example.org/?a=1&b=2).",
        "xhttps://no.example https:// [no](javascript:alert(1)) [a [b](https://c.example)",
        "<b>not bold</b> & \"quotes\" 'single' <script>alert(1)</script>",
        "Sans accents : «été», *« été »* **ça va**, l'*eau*",
        "مرحبا *بكم* في **هيرون** https://example.org/ar، شكرا",
        "**[a *b*](https://a.example/x_y)** *[x](https://b.example)* (see https://c.example/(d))",
    ] {
        let update = console(&daemon, &["update", "1", words]);
        assert_eq!(update["ok"], true, "{update}");
        let shown = browser.script(&format!(
            "const place = document.createElement('div'); place.append(stub.made['aiglon.words'].preview({}));
             return place.innerHTML",
            json!(words)
        ));
        // The page writes the quotes of a text as they are, and a browser writes none of them back.
        let shown = shown.as_str().unwrap().replace(" target=\"_blank\"", "");
        let page = daemon.get("/incidents/1").body;
        let page = page.replace("&#34;", "\"").replace("&quot;", "\"").replace("&#39;", "'");
        assert!(page.contains(&shown), "{words}\n{shown}\n{page}");
    }
}

/// The plug-in is fit for the feed: a header, and nothing that shellcheck finds.
#[test]
fn the_plug_in_is_in_the_package() {
    let path = app().join("root/usr/libexec/rpcd/luci.aiglon");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
    assert!(read(&path).starts_with("#!/bin/sh\n# SPDX-License-Identifier: MIT OR Apache-2.0\n"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(read(root.join("tests/openwrt/run")).contains("usr/libexec/rpcd/luci.aiglon"));
}

/// A line for a heartbeat in root's crontab, and nothing but that: a right to write more would be
/// root's rights.
#[test]
fn cron_is_given_one_line_for_a_heartbeat() {
    let dir = Dir::new();
    dir.write("config", "");
    let rpcd = Rpcd::new(&dir, "heron1");
    let path = dir.path().join("crontabs/root");
    let ask = |beat: &str, target: &str| {
        let answer = rpcd.call("schedule", &json!({"heartbeat": beat, "target": target}));
        (answer["code"].clone(), answer["line"].as_str().unwrap_or_default().to_owned())
    };
    let (code, first) = ask("uplink_up", "192.0.2.1");
    assert_eq!((code, read(&path)), (json!(0), format!("{first}\n")));
    assert!(
        first.starts_with("* * * * * test -x /") && first.ends_with(" && aiglon beat uplink_up"),
        "{first}"
    );
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    // It is started for the next boot, and now.
    let seen = fs::read_to_string(dir.path().join("seen")).unwrap();
    assert!(seen.contains("enabled\nenable\nreload\n"), "{seen}");

    // Lines of others stay, in their order, and what lacks its end gets one. So does a link.
    let others = "# backup\n0 3 * * * tar c /etc | aiglon beat uplink_up_2\n  5 * * * * aiglon beat other";
    let real = dir.write("crontab.of.root", &format!("* * * * * aiglon beat uplink_up\n{others}"));
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&real, &path).unwrap();
    let (_, line) = ask("uplink_up", "2001:db8::1");
    assert!(line.contains(" 2001:db8::1 >/dev/null"), "{line}");
    assert_eq!(read(&real), format!("{others}\n{line}\n"));
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    // Once is enough: flash is not written for what is there.
    let written = |path: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
    let before = written(&real);
    assert_eq!(ask("uplink_up", "2001:db8::1").1, line);
    assert_eq!((read(&real), written(&real)), (format!("{others}\n{line}\n"), before));

    // Words that a shell would take for more.
    for (beat, target) in [
        ("uplink_up", "192.0.2.1; reboot"),
        ("uplink_up", "-f"),
        ("uplink_up", "$(reboot)"),
        ("uplink_up", ""),
        ("uplink_up", "a\n* * * * * reboot"),
        ("a|b", "192.0.2.1"),
        ("", "192.0.2.1"),
        (".*", "192.0.2.1"),
    ] {
        assert_eq!(ask(beat, target).0, 2, "{beat} {target}");
        assert_eq!(read(&real), format!("{others}\n{line}\n"));
    }
    // A directory that is not to be written.
    fs::remove_dir_all(dir.path().join("crontabs")).unwrap();
    dir.write("crontabs", "");
    assert_eq!(ask("uplink_up", "192.0.2.1").0, 1);
}
