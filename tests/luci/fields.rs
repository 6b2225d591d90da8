//! The fields of LuCI are the options of the program: each has one, and each refuses what the
//! program refuses.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::common::{AIGLON, Dir, example, run, with};
use crate::driver::Browser;
use crate::{answers, open, read, uci, words};

/// An option of the program, as `src/config/schema.rs` has it.
pub struct OptionRow {
    pub section: String,
    pub name: String,
    pub shape: String,
    required: bool,
}

pub fn options() -> Vec<OptionRow> {
    let schema = read(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/schema.rs"));
    let table = schema.split_once("OPTIONS: [OptionRow;").unwrap().1.split_once("\n];").unwrap().0;
    let table = table.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
    let mut rest = table.split("(Type::");
    let mut before = rest.next().unwrap();
    let mut rows = Vec::new();
    for call in rest {
        let cells: Vec<_> = call.split(',').map(str::trim).collect();
        rows.push(OptionRow {
            section: if cells[0] == "Main" { "aiglon".to_owned() } else { cells[0].to_lowercase() },
            name: cells[1].trim_matches('"').to_owned(),
            shape: cells[2].to_owned(),
            required: before.ends_with("must"),
        });
        before = call;
    }
    let told = schema.split_once("OPTIONS: [OptionRow; ").unwrap().1.split_once(']').unwrap().0;
    assert_eq!(rows.len().to_string(), told);
    rows
}

/// What `config.example` says of an option: the section where it stands first, its value there, and
/// its comment.
fn told() -> BTreeMap<(String, String), (String, String, String)> {
    let mut out = BTreeMap::new();
    let (mut kind, mut section) = (String::new(), String::new());
    for line in example().lines() {
        let line = line.strip_prefix("#\t").unwrap_or(line);
        match words(line).as_slice() {
            [config, word, name] if config == "config" => (kind, section) = (word.clone(), name.clone()),
            [_, name, value] => {
                let says = line.split_once(" # ").map_or("", |(_, says)| says).to_owned();
                let row = (section.clone(), value.clone(), says);
                let place = out.entry((kind.clone(), name.clone())).or_insert_with(|| row.clone());
                // A later line may say what the first does not.
                if place.2.is_empty() {
                    place.2 = row.2;
                }
            }
            _ => {}
        }
    }
    out
}

/// Values to try, right ones and wrong ones. An option that has none here is one that somebody
/// forgot.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn samples(section: &str, name: &str) -> &'static [&'static str] {
    const BOOLEAN: &[&str] = &["0", "1"];
    const SPAN: &[&str] = &[
        "5m", "90s", "4h30m", "1d", "30d", "1d1h1m1s", "005m", "0s", "31d", "5", "m", "5 m", "-5m", "1.5h",
        "5m5m", "30m4h", "1w",
    ];
    const URL: &[&str] = &[
        "https://example.org/wifi?a=b#c",
        "HTTP://example.org",
        "http://[::1]:80/",
        "example.org",
        "ftp://example.org",
        "https://",
        "https:///a",
        "https://a b",
        "javascript:alert(1)",
    ];
    const WORDS: &[&str] = &["Antenne du Héron", "هيرون"];
    const MATCH: &[&str] = &[
        "alertname=AntennaDown instance~10.0.0.1:*",
        "job=\"home servers\" severity!=info",
        "a='x y'",
        "job=~foo.*",
        "job",
        "=x",
        "a= b",
        "job=a,b",
        "a=\"x\"y",
        "mac=00:11:22:33:44:55",
    ];
    const NUMBER: &[&str] = &["50%", "5", "-1.5%", "x", "50 %", "5parsec", "%", "1..2"];
    match (section, name) {
        ("aiglon", "enabled" | "edge") | ("listen", "plaintext") | ("service" | "component", "page") => {
            BOOLEAN
        }
        ("aiglon", "state_dir") => &["/etc/aiglon", "/mnt/stick/a", "etc", "/a/../b", "/a b", "/a*"],
        ("aiglon", "default_severity") | ("heartbeat" | "rule", "severity") => {
            &["warning", "page", "info", "bad"]
        }
        ("aiglon", "clock") => &["ntp", "trust", "sundial"],
        ("aiglon", "journal_size") => &["16k", "256k", "65536", "64K", "15k", "257k", "1M", "k", "-64k"],
        ("aiglon", "console") => &["/etc/aiglon/console.sock", "off", "console.sock", "/a b"],
        ("aiglon", "console_group") => &["status", "a_b-c.d", "a b", "gruppe!"],
        ("aiglon", "ssh") => {
            &["0.0.0.0:2222", "[::]:2222", "[::1]:0", "2222", "0.0.0.0", "::1", "lan:22", "1.2.3.256:1"]
        }
        ("listen", "address") => &[
            "127.0.0.1:8080",
            "[::1]:8080",
            "lan:8080",
            "guest_2:80",
            "unix:/run/aiglon/http.sock",
            "unix:run",
            "8080",
            ":8080",
            "127.0.0.1",
            "127.0.0.1:99999",
            "127.0.0.256:80",
            "localhost:8080",
            "router.lan:80",
            "http://127.0.0.1:80",
        ],
        ("listen", "serve") => &["page", "ingest", "everything"],
        ("listen", "path_prefix") => &["/status", "/a/b-c_d/", "/", "status", "/a//b", "/../a", "/a b"],
        ("site", "visibility") => &["local", "public", "secret"],
        ("site", "host") => {
            &["status.example.org", "10.0.0.1", "[fd00::1]", "a b", "a:80", "-a", "a..b", "https://a"]
        }
        ("site", "url") => &[
            "https://status.example.org",
            "http://[fd00::1]:8080/a/",
            "https://example.org/status",
            "example.org",
            "https://example.org/?a",
            "https://exa mple.org",
            "https://example.org:99999",
        ],
        ("site", "contact_url") => &[
            "mailto:status@example.org",
            "tel:+32 2",
            "tel:+32(2)234-56.78",
            "tel:12",
            "https://example.org",
            "status@example.org",
            "mailto:@example.org",
            "mailto:a@b?subject=x",
            "javascript:alert(1)",
        ],
        ("site", "lang") => &["fr", "ar", "xx"],
        ("site", "timezone") => {
            &["CET-1CEST,M3.5.0,M10.5.0/3", "UTC", "GMT", "<+03>-3", "Europe/Brussels", "CET", "a b"]
        }
        ("site", "times") => &["exact", "day", "minute"],
        ("site", "secret_path") => &["Yk3mP0qLw8ZtR5vN", "short", "Yk3mP0qLw8ZtR5v!"],
        ("site", "retain_days") => &["1", "90", "0", "91", "500", "-1", "ten", "1.5"],
        ("site", "settle" | "grouping" | "no_data_after")
        | ("source", "repeat_within")
        | ("aiglon", "resolve_after")
        | ("heartbeat", "every" | "grace")
        | ("rule", "for" | "absent") => SPAN,
        ("source", "resync") => &["0s", "5m", "31d", "5"],
        ("source", "silent_after") => &["3m", "5m", "30d", "2m59s", "0s", "31d", "5"],
        ("site", "publish_as") => &["text", "json", "xml"],
        ("source", "token") => &[
            "sha256:fc7c006b6c7535bfcbcfaa9d8f56216682b0a11cf14fdcf43053a02303986ef4",
            "sha256:fc7c",
            "sV_iJjz4IKBlXhUyhHW0LShWqMsXkQJrZQy3z25rgCc",
        ],
        ("source", "scope") => &["push", "write"],
        ("source", "ignore") | ("component", "match") => MATCH,
        ("rule", "match") => &["host=heron", "host~a*", "host", "host=~a"],
        ("service", "url") => URL,
        ("source" | "service" | "user", "site") => &["solidarity", "nowhere"],
        ("component", "service") => &["wifi", "nowhere"],
        ("component", "depends_on") => &["uplink_fibre", "nowhere"],
        ("component" | "heartbeat" | "rule", "source") => &["prometheus", "nobody"],
        ("heartbeat" | "rule", "component") => &["vpn_gateway", "nothing"],
        ("component", "publish") => &["summary", "a:b.c/d-e", "a b", "a=b"],
        ("rule", "unit") => &["s", "h", "parsec"],
        ("rule", "above" | "below" | "equals") => NUMBER,
        ("rule", "outside") => &["-80dBm..-20dBm", "1..2", "-80dBm", "a..b", "1..2..3"],
        ("rule", "clear") => &["10%", "x", "1 %"],
        ("rule", "aggregate") => &["any", "median"],
        ("rule", "expect") => &["egret", "00:11:22:33:44:55", "00-11-22-AA-BB-CC"],
        ("user", "role") => &["operator", "root"],
        ("user", "key") => &[
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKynHleX0nBqumByCH6NS51becrZEw6Ylh7JYkt8CM7V ana@laptop",
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ",
            "AAAAC3NzaC1lZDI1NTE5",
            "ssh-ed25519",
        ],
        ("site", "title" | "intro" | "contact")
        | ("service" | "component", "name" | "description" | "label")
        | ("rule", "measurement" | "field" | "of" | "text") => WORDS,
        _ => panic!("no samples of {name} of config {section}"),
    }
}

/// Whether the program takes the value, in the place of the first that `config.example` has.
fn is_taken(dir: &Dir, row: &OptionRow, section: &str, value: &str) -> bool {
    let word = if row.shape == "Shape::Many" { "list" } else { "option" };
    let mut text =
        with(&example(), section, &[&format!("{word} {} \"{}\"", row.name, value.replace('"', "\\\""))]);
    // Some options are right beside others only.
    if row.name == "secret_path" {
        text = with(&text, section, &["option visibility 'unlisted'"]);
    }
    if matches!(row.name.as_str(), "above" | "below" | "outside") {
        text = with(&text, section, &[&format!("option clear '{value}'")]);
    }
    if row.name == "edge" {
        text = with(&text, "amtool", &["option scope 'push'"]);
    }
    if (row.section.as_str(), row.name.as_str()) == ("listen", "address") {
        text = with(&text, section, &["list serve 'page'"]);
    }
    let file = dir.write("sample", &text);
    let (code, _, stderr) = run(Command::new(AIGLON).arg("check").arg(file));
    // Of what is wrong, only what concerns this option.
    let blamed = stderr.lines().any(|line| !line.contains(": warning: ") && !line.contains(": note: "));
    assert_eq!(code == Some(2), blamed, "{stderr}");
    !blamed
}

/// Whether the field takes the value: it can be chosen, or typed without turning red.
fn is_fit(browser: &Browser, row: &OptionRow, section: &str, value: &str) -> bool {
    let script = format!(
        "const of = stub.seen.map.sections.find(one => one.type === {kind});
         const option = of.options.find(one => one.name === {name});
         const listed = /List|Multi/.test(option.constructor.name);
         option.load({section});
         return listed && option.keylist ? option.keylist.includes({value}) : option.validate({section}, {value}) === true",
        kind = json!(row.section),
        name = json!(row.name),
        section = json!(section),
        value = json!(value),
    );
    browser.script(&script).as_bool().unwrap()
}

#[test]
fn a_field_refuses_what_the_program_refuses() {
    let (dir, told) = (Dir::new(), told());
    let browser = open("config", "en", &uci(&example()), &answers(&Dir::new()));
    let mut other = Vec::new();
    for row in options() {
        let (section, ..) = &told[&(row.section.clone(), row.name.clone())];
        // Tests of a rule exclude each other, and each has its rule in the example.
        let (mut fit, mut refused) = (0, 0);
        for value in samples(&row.section, &row.name) {
            let taken = is_taken(&dir, &row, section, value);
            let shown = is_fit(&browser, &row, section, value);
            if shown != taken {
                other.push(format!(
                    "{} of {} '{value}': {shown}, and the program {taken}",
                    row.name, row.section
                ));
            }
            (fit, refused) = if taken { (fit + 1, refused) } else { (fit, refused + 1) };
        }
        assert!(fit > 0, "{} of {}: nothing was taken", row.name, row.section);
        let kind = browser.script(&format!(
            "return stub.made['aiglon.options'].SECTIONS.find(([ type ]) => type === {})[3].find(([ , name ]) => name === {}).slice(0, 3)",
            json!(row.section), json!(row.name)
        ));
        // Free words are the only values that cannot be wrong.
        let free = kind[2] == "any" && (kind[0] == "one" || kind[0] == "text");
        let refers = matches!(row.name.as_str(), "site" | "service" | "source" | "component" | "depends_on");
        let words = matches!(samples(&row.section, &row.name)[0], "Antenne du Héron" | "0");
        assert!(refused > 0 || words, "{} of {}: nothing was refused", row.name, row.section);
        assert!(!free || refers || words, "{} of {} takes anything", row.name, row.section);
    }
    assert!(other.is_empty(), "{other:#?}");
}

/// A list of what there is names each section of that type, also one that was just made.
#[test]
fn references_are_lists_of_what_there_is() {
    let browser = open("config", "en", &uci(&example()), &answers(&Dir::new()));
    let choices = |kind: &str, name: &str, section: &str| {
        let script = format!(
            "const option = stub.seen.map.sections.find(one => one.type === '{kind}').options.find(one => one.name === '{name}');
             option.load('{section}'); return option.keylist"
        );
        browser.script(&script)
    };
    assert_eq!(choices("service", "site", "wifi"), json!(["solidarity"]));
    assert_eq!(
        choices("component", "source", "heron_north"),
        json!(["prometheus", "alertmanager", "amtool"])
    );
    assert_eq!(choices("heartbeat", "source", "backup"), json!(["prometheus", "alertmanager", "amtool"]));
    assert!(choices("heartbeat", "component", "backup").as_array().unwrap().contains(&json!("heron_south")));
    browser.script("stub.uci.add('aiglon', 'site', 'second')");
    assert_eq!(choices("service", "site", "wifi"), json!(["solidarity", "second"]));
    assert_eq!(choices("user", "site", "heron1"), json!(["solidarity", "second"]));
}

/// What the file says and no list offers is not lost when a form is saved, and is told as unknown.
#[test]
fn what_cannot_be_chosen_is_kept() {
    let text = "config site 'home'\n\tlist publish_as 'xml'\nconfig service 'wifi'\n\toption site 'hmoe'\n\toption page 'no'\n\
                config listen 'a'\n\toption address 'lan:8080'\n\tlist serve 'page'\n\toption plaintext 'true'\n";
    let browser = open("config", "en", &uci(text), &answers(&Dir::new()));
    let saved = browser.script("return stub.seen.map.save()");
    let saved = uci(saved.as_str().unwrap());
    let said = |name: &str, option: &str| -> Value {
        saved.iter().find(|section| section[".name"] == name).unwrap()[option].clone()
    };
    assert_eq!(said("wifi", "site"), "hmoe");
    assert_eq!(said("home", "publish_as"), json!(["xml"]));
    // A part that was hidden stays hidden.
    assert_eq!((said("wifi", "page"), said("a", "plaintext")), (json!("0"), json!("1")));
    let shown = browser.script("return document.body.innerText");
    assert!(shown.as_str().unwrap().contains("hmoe (unknown)"), "{shown}");
}

/// A default is shown as the default that it is.
#[test]
fn defaults_are_those_of_the_program() {
    let browser = open("config", "en", &[], &answers(&Dir::new()));
    let fields = browser.script(
        "return stub.made['aiglon.options'].SECTIONS.flatMap(([ type, , , fields ]) =>
             fields.map(([ how, name, , , , more ]) => [ type, name, more?.usual ?? null, Boolean(more?.needed) ]))",
    );
    let fields: Vec<(String, String, Option<String>, bool)> = serde_json::from_value(fields).unwrap();
    let (told, options) = (told(), options());
    assert_eq!(fields.len(), options.len());
    let mut defaults = 0;
    for (kind, name, usual, needed) in fields {
        let row = options.iter().find(|row| row.section == kind && row.name == name).unwrap();
        // A source without a token may have heartbeats by `aiglon beat`.
        assert_eq!(needed, row.required && name != "token", "{name} of {kind}");
        let Some(usual) = usual else { continue };
        let (_, value, says) = &told[&(kind.clone(), name.clone())];
        let stated = says.split_once("Default: ").map(|(_, default)| default.trim_end_matches('.'));
        assert_eq!(stated.unwrap_or(value), usual, "{name} of {kind}: {says}");
        defaults += 1;
    }
    assert!(defaults > 15, "{defaults}");
}

/// A newcomer meets first what a page needs, and the rest on a tab of its own.
#[test]
fn what_a_newcomer_needs_comes_first() {
    let browser = open("config", "en", &[], &answers(&Dir::new()));
    let types = browser.script("return stub.seen.map.sections.map(section => section.type)");
    let expected =
        ["site", "service", "component", "source", "heartbeat", "rule", "user", "listen", "aiglon"];
    assert_eq!(types, json!(expected));
    let tabs = browser.script(
        "return stub.seen.map.sections[0].options.filter(option => option.widgets.tab === 'basic').map(option => option.name)",
    );
    assert_eq!(tabs, json!(["title", "visibility", "lang", "intro", "contact", "contact_url"]));
    let needed = browser.script(
        "return stub.seen.map.sections.flatMap(section => section.options)
             .filter(option => option.rmempty === false && option.widgets.tab !== 'basic').map(option => option.name)",
    );
    assert_eq!(needed, json!([]));
}
