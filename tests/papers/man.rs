//! The manual pages in docs/man, made of `aiglon --help`, of the options of the configuration and
//! of the commands of the console.

use std::fmt::Write as _;
use std::process::Command;

use aiglon::command::table::{ARGS, Arg, Needs, OPTIONS, ROWS, Row};

use crate::common::AIGLON;
use crate::tables::options;
use crate::{hold, root};

/// Text as roff takes it: no character of it is a request or an escape.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if line.starts_with(['.', '\'']) {
            out += "\\&";
        }
        for c in line.chars() {
            match c {
                '\\' => out += "\\e",
                '-' => out += "\\-",
                '\'' => out += "\\(aq",
                '`' => {}
                '^' => out += "\\(ha",
                '~' => out += "\\(ti",
                '"' => out += "\\(dq",
                other => out.push(other),
            }
        }
        out.push('\n');
    }
    out
}

/// A heading, and what stands below it.
fn part(out: &mut String, heading: &str, text: &str) {
    write!(out, ".SH {heading}\n{}", escaped(text)).unwrap();
}

fn item(out: &mut String, name: &str, text: &str) {
    write!(out, ".TP\n.B {}{}", escaped(name), escaped(text)).unwrap();
}

fn head(name: &str, section: u8, what: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut out = String::from(".\\\" Made by tests/papers: UPDATE_GOLDEN=1 cargo test --test papers\n");
    let upper = name.to_uppercase();
    writeln!(out, ".TH {upper} {section} \"\" \"aiglon {version}\"").unwrap();
    part(&mut out, "NAME", &format!("{name} - {what}"));
    out
}

/// The part of `aiglon --help` below a heading, up to a blank line.
fn below<'a>(help: &'a str, heading: &str) -> Vec<&'a str> {
    let rest = help.split_once(heading).unwrap_or_else(|| panic!("--help has no {heading}")).1;
    let rest = rest.split_once('\n').unwrap().1;
    rest.lines().take_while(|line| line.starts_with("  ")).collect()
}

/// Items of `--help`: a name, two blanks or more (one behind a long name), and a text that may go
/// on.
fn items(lines: &[&str]) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    for line in lines {
        if line.starts_with("    ") {
            let (_, text) = out.last_mut().unwrap();
            *text += " ";
            *text += line.trim();
        } else if let Some((name, text)) = line.trim().split_once("  ") {
            out.push((name.to_owned(), text.trim().to_owned()));
        } else {
            let (name, text) = line.trim().split_once(' ').unwrap();
            out.push((name.to_owned(), text.to_owned()));
        }
    }
    out
}

#[test]
fn the_manual_of_the_program_is_its_help() {
    let done = Command::new(AIGLON).arg("--help").output().unwrap();
    let help = String::from_utf8(done.stdout).unwrap();
    let mut out = head("aiglon", 8, "a public status page that fits on a router");
    out += ".SH SYNOPSIS\n.nf\n";
    for line in below(&help, "Usage:") {
        out += &escaped(line.trim());
    }
    out += ".fi\n";
    part(
        &mut out,
        "DESCRIPTION",
        "aiglon takes alerts where Prometheus expects an Alertmanager, and serves a small page for the public.",
    );
    part(&mut out, "COMMANDS", "");
    for (name, text) in items(&below(&help, "Commands:")) {
        item(&mut out, &name, &text);
    }
    part(&mut out, "OPTIONS OF SERVE", "They win over the file.");
    for (name, text) in items(&below(&help, "Options of serve")) {
        item(&mut out, &name, &text);
    }
    part(&mut out, "OPTIONS OF CONSOLE", "They stand before the command.");
    for (name, text) in items(&below(&help, "Options of console")) {
        item(&mut out, &name, &text);
    }
    part(&mut out, "SIGNALS", "");
    item(&mut out, "SIGHUP", "The daemon reads the configuration again. If it is broken, the old one stays.");
    item(&mut out, "SIGTERM, SIGINT", "The daemon writes its state and ends.");
    item(&mut out, "SIGUSR1", "The system's clock is right now; for 'clock' 'ntp'.");
    part(&mut out, "FILES", "");
    item(&mut out, "/etc/config/aiglon", "The configuration, if the command names none.");
    item(&mut out, "/etc/aiglon", "The state, unless 'state_dir' says otherwise.");
    item(&mut out, "/etc/aiglon/config.last-good", "The last good configuration of /etc/config/aiglon.");
    part(&mut out, "EXIT STATUS", "0 for success. 2 if the arguments or the configuration have mistakes.");
    let status = help.lines().find(|line| line.starts_with("Its exit status:")).unwrap();
    part(&mut out, "EXIT STATUS OF CONSOLE", status.strip_prefix("Its exit status: ").unwrap());
    part(&mut out, "SEE ALSO", "aiglon(5), aiglon-console(1)");
    hold("docs/man/aiglon.8", &out);
}

#[test]
fn the_manual_of_the_configuration_has_every_option() {
    let mut out = head("aiglon", 5, "the configuration of aiglon");
    part(
        &mut out,
        "DESCRIPTION",
        "The configuration is a UCI file, /etc/config/aiglon by default. It is made of sections: 'config TYPE' and a \
         name. Each line of a section is 'option NAME VALUE', or 'list NAME VALUE' where several values may stand. \
         Values stand in quotes. Spans of time have units: 90s, 5m, 4h30m, 1d. aiglon check names every mistake.",
    );
    let mut section = String::new();
    for row in options() {
        if row.section != section {
            section.clone_from(&row.section);
            writeln!(out, ".SH CONFIG {}", section.to_uppercase()).unwrap();
        }
        let keyword = if row.many { "list" } else { "option" };
        let mut notes = String::new();
        if row.text {
            notes += " It may be given per language.";
        }
        if row.required {
            notes += " It is required.";
        }
        let stop = if row.says.ends_with('.') { "" } else { "." };
        let text = format!("{}{stop}{notes} As in: {}", row.says, row.value);
        item(&mut out, &format!("{keyword} {}", row.name), &text);
    }
    part(&mut out, "SEE ALSO", "aiglon(8), aiglon-console(1)");
    hold("docs/man/aiglon.5", &out);
}

/// The name of a command and what follows it.
fn usage(row: &Row) -> String {
    let mut out = row.name.to_owned();
    for arg in row.args {
        write!(out, " {}", arg.row().usage).unwrap();
    }
    out
}

#[test]
fn the_manual_of_the_console_has_every_command() {
    let mut out = head("aiglon-console", 1, "what people say on a status page, and what they read of it");
    part(
        &mut out,
        "SYNOPSIS",
        "aiglon console [--user USER] [--config FILE | --socket PATH] [--json] [--yes] [COMMAND...]",
    );
    part(
        &mut out,
        "DESCRIPTION",
        "The console talks to the daemon. Without a command it is a prompt at a terminal, else it takes one command \
         a line from standard input until one fails. Three letters of a command's first word suffice if they leave \
         no doubt.",
    );
    part(&mut out, "COMMANDS", "");
    for row in &ROWS {
        let who = match row.needs {
            Needs::Operator => "",
            Needs::Admin => " For administrators.",
            Needs::Whole => " For the owner, and for administrators of all sites.",
        };
        item(&mut out, &usage(row), &format!("{}.{who}", row.help));
    }
    part(&mut out, "ARGUMENTS", "");
    for row in ARGS.iter().filter(|row| row.arg != Arg::All) {
        item(&mut out, row.usage, &format!("{}.", row.noun));
    }
    part(&mut out, "OPTIONS", "They may stand anywhere on the line.");
    for row in &OPTIONS {
        item(&mut out, [row.name, row.value].join(" ").trim_end(), &format!("{}.", row.help));
    }
    part(
        &mut out,
        "EXIT STATUS",
        "0: done. 1: refused. 2: not understood. 3: a yes is needed and nobody can be asked. 4: no daemon answered. 5: done, but words that were taken away are still on the flash.",
    );
    part(&mut out, "SEE ALSO", "aiglon(8), aiglon(5)");
    hold("docs/man/aiglon-console.1", &out);
}

#[test]
fn groff_understands_the_manuals() {
    for page in ["aiglon.8", "aiglon.5", "aiglon-console.1"] {
        let path = root().join("docs/man").join(page);
        // groff belongs to no package that the tests need, and most machines have it.
        let Ok(done) = Command::new("groff").args(["-man", "-Tutf8", "-Kutf8", "-ww"]).arg(&path).output()
        else {
            return;
        };
        assert!(done.status.success());
        assert_eq!(String::from_utf8_lossy(&done.stderr), "", "{page}");
    }
}
