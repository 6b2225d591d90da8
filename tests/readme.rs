//! What README says is so: its limits are those of `src/limits.rs`, its configuration passes `aiglon check`, its
//! stanzas are the files that the end-to-end tests run with, and its links lead somewhere.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aiglon::limits;
use common::{AIGLON, Dir};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The fenced blocks of a text that are in this language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    text.split(opening.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// All tables' rows that end in the name of a constant: (number, name).
fn limits_told(text: &str) -> Vec<(u64, String)> {
    text.lines()
        .filter_map(|line| {
            let cells: Vec<_> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
            let [_, number, name, ""] = cells.as_slice() else { return None };
            let name = name.strip_prefix('`')?.strip_suffix('`')?;
            Some((number.replace(',', "").parse().unwrap(), name.to_owned()))
        })
        .collect()
}

#[test]
fn limits_are_those_of_the_code() {
    let known = [
        ("SITES", limits::SITES as u64),
        ("HOSTS", limits::HOSTS as u64),
        ("LISTENERS", limits::LISTENERS as u64),
        ("SOURCES", limits::SOURCES as u64),
        ("TOKENS", limits::TOKENS as u64),
        ("SERVICES", limits::SERVICES as u64),
        ("COMPONENTS", limits::COMPONENTS as u64),
        ("MATCHES", limits::MATCHES as u64),
        ("IGNORES", limits::IGNORES as u64),
        ("TERMS", limits::TERMS as u64),
        ("HEARTBEATS", limits::HEARTBEATS as u64),
        ("RULES", limits::RULES as u64),
        ("SERIES", limits::SERIES as u64),
        ("EXPECTED", limits::EXPECTED as u64),
        ("CONFIG_BYTES", limits::CONFIG_BYTES as u64),
        ("CONFIG_TEXT_BYTES", limits::CONFIG_TEXT_BYTES as u64),
        ("ALERTS", limits::ALERTS as u64),
        ("KEPT_BYTES", limits::KEPT_BYTES as u64),
        ("ALERT_PAIRS", limits::ALERT_PAIRS as u64),
        ("ALERT_BYTES", limits::ALERT_BYTES as u64),
        ("BODY_BYTES", limits::BODY_BYTES),
        ("HEAD_BYTES", limits::HEAD_BYTES as u64),
        ("CONNECTIONS", limits::CONNECTIONS as u64),
        ("CONNECTIONS_INGEST", limits::CONNECTIONS_INGEST as u64),
        ("READERS", limits::READERS as u64),
        ("TURNS_EACH", limits::TURNS_EACH.into()),
        ("GUNZIPS", limits::GUNZIPS as u64),
        ("PAGE_BYTES", limits::PAGE_BYTES as u64),
        ("JOURNAL_BYTES_SMALL", u64::from(limits::JOURNAL_BYTES_SMALL)),
        ("JOURNAL_BYTES_FULL", u64::from(limits::JOURNAL_BYTES_FULL)),
        ("ALERT_FLASH_BYTES", u64::from(limits::ALERT_FLASH_BYTES)),
        ("ALERT_FLASH_HOUR", u64::from(limits::ALERT_FLASH_HOUR)),
        ("JOURNAL_BYTES_MAX", u64::from(limits::JOURNAL_BYTES_MAX)),
        ("INCIDENTS", limits::INCIDENTS as u64),
        ("MAINTENANCES", limits::MAINTENANCES as u64),
        ("WORDS_BYTES", limits::WORDS_BYTES as u64),
        ("TITLE_BYTES", limits::TITLE_BYTES as u64),
        ("HISTORY_DAYS", limits::HISTORY_DAYS as u64),
        ("USERS", limits::USERS as u64),
        ("USER_KEYS", limits::USER_KEYS as u64),
        ("CONSOLES", limits::CONSOLES as u64),
        ("SSH_SESSIONS", limits::SSH_SESSIONS as u64),
        ("SSH_LOGINS", limits::SSH_LOGINS as u64),
        ("TEXTS_SHOWN", limits::TEXTS_SHOWN as u64),
        ("TEXT_SHOWN_BYTES", limits::TEXT_SHOWN_BYTES as u64),
    ]
    .map(|(name, value)| (value, name.to_owned()));
    assert_eq!(limits_told(&read("README.md")), known);
}

/// Its pieces are one configuration, and so is the example.
#[test]
fn configurations_pass_check() {
    let dir = Dir::new();
    let readme = blocks(&read("README.md"), "uci").concat();
    assert!(readme.contains("config listen") && readme.contains("config component"), "{readme}");
    for file in [dir.write("readme", &readme), root().join("config.example")] {
        let done = Command::new(AIGLON).arg("check").arg(&file).output().unwrap();
        // Not even a warning.
        assert_eq!(String::from_utf8_lossy(&done.stderr), "", "{}", file.display());
        assert_eq!(done.status.code(), Some(0));
    }
}

/// The stanzas that tests/peers runs real senders with, each as it stands.
#[test]
fn stanzas_are_those_that_are_tested() {
    let readme = read("README.md");
    let mut stanzas = Vec::new();
    if let Ok(entries) = fs::read_dir(root().join("tests/peers")) {
        stanzas.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| is_stanza(path)));
    }
    let blocks = ["yaml", "sh", "nginx", "conf"].map(|language| blocks(&readme, language)).concat();
    assert!(blocks.len() > 5, "{blocks:#?}");
    for path in stanzas {
        let text = fs::read_to_string(&path).unwrap();
        assert!(blocks.contains(&text.as_str()), "README does not have {} as it stands", path.display());
    }
}

fn is_stanza(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ["yml", "yaml", "sh", "conf"].iter().any(|known| ext == *known))
}

/// Files, options, counters and arguments that the documents name between backticks.
#[test]
fn what_is_named_exists() {
    let (schema, metrics) = (read("src/config/schema.rs"), read("src/shell/http/metrics.rs"));
    let arguments = ["src/shell/cli.rs", "src/command/table.rs", "tests/bench/run"].map(read).concat();
    let mut seen = [0; 4];
    for document in ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md", "config.example"] {
        let text = read(document);
        // Without the blocks, whose fences are backticks, too.
        let prose: String = text.split("\n```").step_by(2).collect();
        for named in prose.split('`').skip(1).step_by(2) {
            let word = named.split([' ', '=', '{']).next().unwrap();
            if ["src/", "tests/", "www/", ".ci/"].iter().any(|dir| word.starts_with(dir)) {
                assert!(root().join(word).exists(), "{document} names {word}, which is not there");
                seen[0] += 1;
            } else if let Some(option) = named.strip_prefix("option ").or(named.strip_prefix("list ")) {
                let option = option.split(' ').next().unwrap();
                assert!(schema.contains(&format!("\"{option}\"")), "{document}: there is no option {option}");
                seen[1] += 1;
            } else if let Some(counter) = word.strip_prefix("aiglon_") {
                assert!(metrics.contains(&format!("\"{counter}\"")), "{document}: nothing counts {counter}");
                seen[2] += 1;
            } else if named.starts_with("--") || named.starts_with("aiglon console ") {
                for argument in named.split(' ').filter(|part| part.starts_with("--")) {
                    assert!(arguments.contains(argument), "{document}: nobody takes {argument}");
                    seen[3] += 1;
                }
            }
        }
    }
    assert!(seen.iter().zip([20, 10, 3, 5]).all(|(seen, least)| *seen >= least), "{seen:?}");
}

/// The line of `authorized_keys` has the options that the servers of tests/peers are run with, and that their tests are
/// about.
#[test]
fn the_line_of_a_key_is_that_which_is_tested() {
    let tested = read("tests/peers/ssh.rs");
    let options = tested.split("const OPTIONS: &str = \"").nth(1).unwrap().split('"').next().unwrap();
    assert!(options.contains("no-port-forwarding"), "{options}");
    let line = format!("\n{options},command=\"aiglon console --user heron1\" ssh-ed25519 ");
    for document in ["README.md", "SECURITY.md"] {
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
    for document in ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md"] {
        let text = read(document);
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.starts_with("http") {
                continue;
            }
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { document } else { file };
            let path: PathBuf = root().join(file);
            assert!(path.exists(), "{document} links to {file}, which is not there");
            if !fragment.is_empty() {
                let headings = read(file);
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
