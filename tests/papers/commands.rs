//! What the papers say at the console is understood there.

use aiglon::command::table::ROWS;
use aiglon::command::{self, LineWords};

use crate::{blocks, papers, read};

/// What a shell makes of a line: its words without quotes, up to a comment; and whether standard
/// input comes from a file.
fn split(line: &str) -> (Vec<String>, bool) {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (None, '#') if word.is_none() => break,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), c) if open == c => quote = None,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let end = words.iter().position(|word| word == "<" || word == ">").unwrap_or(words.len());
    let reads = words.get(end).is_some_and(|word| word == "<");
    words.truncate(end);
    (words, reads)
}

/// The line that reaches the console, if a line of a shell leads there.
fn asked(line: &str) -> Option<(String, bool)> {
    let rest = line.strip_prefix("aiglon console ").or_else(|| {
        // Not a board's own shell.
        let rest = line.strip_prefix("ssh ").filter(|rest| !rest.starts_with("pi@"))?;
        Some(rest.strip_prefix("-p 2222 ").unwrap_or(rest).split_once(' ')?.1)
    })?;
    let (mut words, reads) = split(rest);
    // The client takes this itself.
    if words.first().is_some_and(|word| word == "--user") {
        words.drain(..words.len().min(2));
    }
    // A line in quotes is one word there.
    (!words.is_empty()).then(|| (words.join(" ").replace("ID", "12"), reads))
}

fn is_understood(paper: &str, line: &str, reads: bool) {
    let mut words = LineWords::new();
    let text = reads.then_some("Words of a file.");
    assert!(
        command::parse(line, text, &mut words).is_ok(),
        "{paper}: the console does not understand {line}"
    );
}

#[test]
fn what_is_said_at_the_console_is_understood() {
    let mut seen = 0;
    for paper in papers() {
        let text = read(&paper);
        for line in blocks(&text, "sh").into_iter().flat_map(str::lines) {
            if let Some((line, reads)) = asked(line) {
                is_understood(&paper, &line, reads);
                seen += 1;
            }
        }
        // In sentences and in tables.
        let prose: String = text.split("\n```").step_by(2).collect();
        for named in prose.split('`').skip(1).step_by(2) {
            if let Some((line, reads)) = asked(named) {
                is_understood(&paper, &line, reads || named.contains('<'));
                seen += 1;
            } else if paper == "docs/operating.md"
                && ROWS.iter().any(|row| named.starts_with(&format!("{} ", row.name)))
            {
                is_understood(&paper, named, false);
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "{seen}");
}

/// Programs of a shell that speak HTTP.
const SPEAKERS: [&str; 4] = ["curl", "wget", "uclient-fetch", "nc"];
/// What of their arguments holds a token, or says who asks.
const TELLTALES: [&str; 6] = ["TOKEN", "Authorization", "Bearer", " -u ", "--user", "Password"];

/// Every line of a shell in a text: a line that ends with a backslash goes on.
fn shell_lines(text: &str) -> impl Iterator<Item = String> {
    let joined = text.replace("\\\n", " ");
    joined.lines().map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Whether a line hands a secret to a program: everybody on the machine could read it.
fn tells_a_secret(line: &str) -> bool {
    // What a shell prints itself is in no command line of a program.
    let programs = line.split(['|', ';', '&', '(']).map(str::trim_start);
    programs.into_iter().any(|program| {
        let speaks = SPEAKERS.iter().any(|speaker| program.starts_with(&format!("{speaker} ")));
        speaks && TELLTALES.iter().any(|telltale| program.contains(telltale))
    })
}

#[test]
fn no_example_has_a_token_in_a_command_line() {
    assert!(tells_a_secret(
        "* * * * * ping -c 2 192.0.2.1 && wget --header \"Authorization: Bearer TOKEN\" URL"
    ));
    assert!(tells_a_secret("curl -u cron:TOKEN URL"));
    assert!(!tells_a_secret("curl -K /etc/aiglon.curl URL"));
    let mut seen = 0;
    let others =
        ["tests/demo", "config.example", "src/shell/cli.rs", "src/shell/init/cron.txt"].map(str::to_owned);
    for paper in papers().into_iter().chain(others) {
        let text = read(&paper);
        // Prose names programs, too: there, what is in backquotes counts.
        let code = text.split('`').skip(1).step_by(2).map(str::to_owned);
        for line in shell_lines(&text).chain(code) {
            let line = line.trim_start();
            seen += u32::from(SPEAKERS.iter().any(|speaker| line.contains(&format!("{speaker} "))));
            assert!(!tells_a_secret(line), "{paper}: everybody on the machine can read this token: {line}");
        }
    }
    assert!(seen > 5, "{seen}");
}
