//! What the papers say is so: their limits, options and commands are those of the code, their
//! configurations pass `aiglon check`, their stanzas are the files that the end-to-end tests run
//! with, and their links lead somewhere.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../common/mod.rs"]
mod common;

mod commands;
mod language;
mod man;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{AIGLON, Dir};

/// The papers outside of `docs`.
const ELSEWHERE: [&str; 7] = [
    "README.md",
    "ARCHITECTURE.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "cross/README.md",
    "openwrt/README.md",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All papers.
fn papers() -> Vec<String> {
    let mut all = ELSEWHERE.map(str::to_owned).to_vec();
    let names = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut docs: Vec<_> =
        names.map(|name| name.into_string().unwrap()).filter(|name| has_ending(name, "md")).collect();
    docs.sort();
    all.extend(docs.into_iter().map(|name| format!("docs/{name}")));
    all
}

fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == ending)
}

/// The fenced blocks of a text that are in this language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    text.split(opening.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Compares a generated file, or a part of one, with what is there. `UPDATE_GOLDEN=1` writes it
/// anew.
fn hold(name: &str, whole: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(root().join(name), whole).unwrap();
    } else {
        assert!(read(name) == whole, "{name} is not what the code says; UPDATE_GOLDEN=1 rewrites it");
    }
}

#[test]
fn a_night_has_the_same_chapters_in_each_language() {
    let shape = |name: &str| {
        let text = read(name);
        (text.matches("\n## ").count(), blocks(&text, "sh").len())
    };
    let english = shape("docs/operating.md");
    assert!(english.0 > 3 && english.1 > 2, "{english:?}");
    for other in ["docs/operating.fr.md", "docs/operating.ar.md"] {
        assert_eq!(shape(other), english, "{other}");
    }
}

#[test]
fn the_readme_is_short() {
    let readme = read("README.md");
    assert!(readme.lines().count() <= 200);
    let [configuration] = blocks(&readme, "uci")[..] else { panic!("one configuration") };
    let lines = configuration.lines().filter(|line| !line.is_empty()).count();
    assert!(lines <= 25, "{lines}");
}

/// The pieces of a paper are one configuration, alone if they say where it listens, else behind
/// that of README.
#[test]
fn configurations_pass_check() {
    let dir = Dir::new();
    let [readme] =
        blocks(&read("README.md"), "uci")[..].try_into().map(|[one]: [&str; 1]| [one.to_owned()]).unwrap();
    let mut files = vec![root().join("config.example")];
    for paper in papers() {
        let pieces = blocks(&read(&paper), "uci").concat();
        // What is for an antenna stands behind its package's own file: tests/openwrt/test_docs.py.
        if pieces.is_empty() || ["docs/openwrt.md", "docs/safety.md"].contains(&paper.as_str()) {
            continue;
        }
        let whole = if pieces.contains("config listen") { pieces } else { format!("{readme}\n{pieces}") };
        files.push(dir.write(&paper.replace('/', "-"), &whole));
    }
    assert!(files.len() > 3, "{files:?}");
    for file in files {
        let done = Command::new(AIGLON).arg("check").arg(&file).output().unwrap();
        // Not even a warning.
        assert_eq!(String::from_utf8_lossy(&done.stderr), "", "{}", file.display());
        assert_eq!(done.status.code(), Some(0));
    }
}

/// The stanzas that tests/peers runs real senders with, each as it stands.
#[test]
fn stanzas_are_those_that_are_tested() {
    let all: Vec<_> = papers().iter().map(|paper| read(paper)).collect();
    let told: Vec<_> = all
        .iter()
        .flat_map(|text| ["yaml", "sh", "nginx", "conf"].map(|language| blocks(text, language)).concat())
        .collect();
    let mut seen = 0;
    for entry in fs::read_dir(root().join("tests/peers")).unwrap() {
        let path = entry.unwrap().path();
        if is_stanza(&path) {
            let text = fs::read_to_string(&path).unwrap();
            assert!(told.contains(&text.as_str()), "no paper has {} as it stands", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen}");
    let readme = read("README.md");
    assert!(blocks(&readme, "yaml").contains(&read("tests/peers/prometheus.yml").as_str()));
}

fn is_stanza(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ["yml", "yaml", "sh", "conf"].iter().any(|known| ext == *known))
}

/// Files, options, counters and arguments that the papers name between backticks.
#[test]
fn what_is_named_exists() {
    let (schema, metrics) = (read("src/config/schema.rs"), read("src/shell/http/metrics.rs"));
    let arguments = [
        "src/shell/cli.rs",
        "src/command/table.rs",
        "tests/bench/run",
        "tests/bench/hostile",
        "tests/all",
        "cross/build.sh",
        "cross/release",
        "cross/test.sh",
        "openwrt/pack",
        ".cargo/config.toml",
        "tests/chromium/shots",
        "tests/cost/run",
    ]
    .map(read)
    .concat();
    let mut seen = [0; 5];
    // The limits' own words name options of others, too.
    let mut documents: Vec<_> = papers().into_iter().filter(|paper| paper != "docs/limits.md").collect();
    documents.push("config.example".to_owned());
    for document in documents {
        let text = read(&document);
        // Without the blocks, whose fences are backticks, too.
        let prose: String = text.split("\n```").step_by(2).collect();
        for named in prose.split('`').skip(1).step_by(2) {
            let word = named.split([' ', '=', '{']).next().unwrap();
            if ["src/", "tests/", "www/", ".ci/", "docs/"].iter().any(|dir| word.starts_with(dir)) {
                assert!(root().join(word).exists(), "{document} names {word}, which is not there");
                seen[0] += 1;
            } else if word.contains('/') && has_ending(word, "rs") {
                // Below `src`, as ARCHITECTURE.md says.
                assert!(
                    root().join("src").join(word).exists(),
                    "{document} names {word}, which is not there"
                );
                seen[4] += 1;
            } else if let Some(option) = named.strip_prefix("option ").or(named.strip_prefix("list ")) {
                let option = option.split(' ').next().unwrap();
                assert!(schema.contains(&format!("\"{option}\"")), "{document}: there is no option {option}");
                seen[1] += 1;
            } else if let Some(counter) = word.strip_prefix("aiglon_").filter(|name| is_counter(name)) {
                let counts = |kind| metrics.contains(&format!("\"{counter} {kind}\""));
                assert!(counts("counter") || counts("gauge"), "{document}: nothing counts {counter}");
                seen[2] += 1;
            } else if named.starts_with("--") || named.starts_with("aiglon console ") {
                for argument in named.split(' ').filter(|part| part.starts_with("--")) {
                    assert!(arguments.contains(argument), "{document}: nobody takes {argument}");
                    seen[3] += 1;
                }
            }
        }
    }
    assert!(seen.iter().zip([20, 10, 3, 5, 20]).all(|(seen, least)| *seen >= least), "{seen:?}");
}

/// As against the names of packages, which have numbers and dots.
fn is_counter(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// The bodies of docs/senders.md for Gatus and Uptime Kuma, as these programs fill them in.
#[test]
fn bodies_of_gatus_and_of_uptime_kuma_turn_a_component_red_and_well() {
    let senders = read("docs/senders.md");
    let gatus = blocks(&senders, "yaml").into_iter().find(|block| block.contains("[ENDPOINT_NAME]")).unwrap();
    let gatus = gatus.split_once("body: |\n").unwrap().1.split_once("    placeholders:").unwrap().0;
    let [kuma] = blocks(&senders, "liquid")[..] else { panic!("one body") };
    let choice = kuma.split_once("{% if").unwrap().1.split_once("{% endif %}").unwrap().0;
    let choice = format!("{{% if{choice}{{% endif %}}");
    assert!(choice.contains(" == 0 %}firing{% else %}resolved{"), "{choice}");
    let config = common::config()
        .replace("config component 'heron'", "config component 'heron'\n\toption label 'heron-north'");
    let filled = |status: &str| {
        [
            gatus.replace("[ALERT_TRIGGERED_OR_RESOLVED]", status).replace("[ENDPOINT_NAME]", "door"),
            kuma.replace(&choice, status).replace("{{ monitorJSON.name }}", "door"),
        ]
    };
    for (firing, resolved) in filled("firing").iter().zip(&filled("resolved")) {
        let daemon = common::Daemon::start(&config);
        for (body, red) in [(firing, true), (resolved, false)] {
            let answer = daemon.post("/api/v1/webhook", body);
            assert_eq!(answer.status, 200, "{body}");
            assert_eq!(daemon.english().contains("Something is down"), red, "{body}");
        }
    }
}

/// What the page says when it does not know, word for word.
#[test]
fn every_reason_is_in_the_tables_of_states_and_of_troubleshooting() {
    let (states, troubles) = (read("docs/states.md"), read("docs/troubleshooting.md"));
    let english = read("www/lang/en.txt");
    let reasons = english.lines().filter_map(|line| line.strip_prefix("reason.")?.split_once(" = "));
    let mut seen = 0;
    for (key, reason) in reasons.filter(|(_, reason)| !reason.contains('{')) {
        // What follows the first sentence asks for patience.
        let first = reason.split_once(". ").map_or(reason, |(first, _)| first).trim_end_matches('.');
        assert!(states.contains(first), "docs/states.md lacks: {first}");
        // That one is green.
        assert!(
            key == "team_says_over" || troubles.contains(first),
            "docs/troubleshooting.md lacks: {first}"
        );
        seen += 1;
    }
    assert!(seen >= 14, "{seen}");
}

/// The line of `authorized_keys` has the options that the servers of tests/peers are run with, and
/// that their tests are about.
#[test]
fn the_line_of_a_key_is_that_which_is_tested() {
    let tested = read("tests/peers/ssh.rs");
    let options = tested.split("const OPTIONS: &str = \"").nth(1).unwrap().split('"').next().unwrap();
    assert!(options.contains("no-port-forwarding"), "{options}");
    let line = format!("\n{options},command=\"aiglon console --user heron1\" ssh-ed25519 ");
    for document in ["docs/ssh.md", "SECURITY.md"] {
        assert!(read(document).contains(&line), "{document} does not have {line}");
    }
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut seen = 0;
    for document in papers() {
        let text = read(&document);
        let here = Path::new(&document).parent().unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.starts_with("http") {
                continue;
            }
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { PathBuf::from(&document) } else { here.join(file) };
            let path: PathBuf = root().join(&file);
            assert!(path.exists(), "{document} links to {link}, which is not there");
            if !fragment.is_empty() {
                let headings = read(file.to_str().unwrap());
                let found = headings
                    .lines()
                    .filter(|line| line.starts_with('#'))
                    .any(|line| anchor(line.trim_start_matches('#').trim()) == fragment);
                assert!(found, "{document} links to {link}, where there is no such heading");
            }
            seen += 1;
        }
    }
    assert!(seen > 10);
}
