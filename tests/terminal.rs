//! `aiglon console` at a terminal: tmux types, and reads the screen.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::path::Path;
use std::process::Command;

use common::desk::Desk;
use common::{AIGLON, Daemon, config, run};

const PEOPLE: &str = "
config user 'heron1'
	list site 'home'
config user 'tern'
	list site 'home'
";

fn start() -> Daemon {
    Daemon::start(&(config() + PEOPLE))
}

/// A terminal of so many columns with the console in it. When that has ended, the shell says its
/// status and how the terminal is.
fn desk(daemon: &Daemon, columns: u32, before: &str, arguments: &str) -> Desk {
    let socket = daemon.dir.path().join("console.sock");
    let command = format!(
        "{before} {AIGLON} console --socket {} {arguments}; echo status $?; stty -a | tr ' ;' '\\n\\n' | grep -x -e icanon -e echo -e isig -e opost; exec cat",
        socket.display()
    );
    Desk::new(columns, &command)
}

fn at_prompt(daemon: &Daemon) -> Desk {
    let desk = desk(daemon, 70, "", "");
    desk.sees("aiglon>");
    desk
}

/// It has ended so, and the terminal is as it was before.
fn ended(desk: &Desk, status: u32) {
    // They come one after the other.
    let screen = desk.sees_that("modes of a terminal", |screen| {
        ["icanon", "echo", "isig", "opost"].iter().all(|mode| screen.lines().any(|line| line == *mode))
    });
    assert!(screen.contains(&format!("status {status}")), "{screen}");
}

/// The process of the console.
fn process(desk: &Desk) -> String {
    let shell = desk.tmux(&["display-message", "-p", "-t", "desk", "#{pane_pid}"]);
    let shell = shell.trim();
    let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
    children.trim().to_owned()
}

fn incident(daemon: &Daemon) -> String {
    let socket = daemon.dir.path().join("console.sock");
    run(Command::new(AIGLON)
        .arg("console")
        .arg("--socket")
        .arg(&socket)
        .args(["--json", "incident", "home/1"]))
    .1
}

#[test]
fn a_session() {
    let daemon = start();
    let desk = at_prompt(&daemon);
    desk.types("whoami").presses(&["Enter"]).sees("owner");
    desk.ends_with("aiglon>");
    desk.edits();
    desk.presses(&["C-d"]);
    ended(&desk, 2);
}

#[test]
fn leaving() {
    let daemon = start();
    let desk = at_prompt(&daemon);
    desk.types("quit").presses(&["Enter"]);
    ended(&desk, 0);
}

#[test]
fn tab_completes() {
    let daemon = start();
    let desk = at_prompt(&daemon);
    desk.types("who").presses(&["Tab"]).ends_with("aiglon> whoami");
    desk.presses(&["Enter"]).sees("owner");
    desk.types("incid").presses(&["Tab"]).ends_with("aiglon> incident");
    desk.presses(&["Tab"]).sees("\nincidents\n");
    desk.types(" open wi").presses(&["Tab"]).ends_with("aiglon> incident open wifi");
    desk.presses(&["C-c"]);
    desk.types("zzz").presses(&["Tab"]).ends_with("aiglon> zzz");
}

#[test]
fn words_of_every_script_arrive_whole() {
    let daemon = start();
    let desk = at_prompt(&daemon);
    let title = "انقطاع التيار 🔧 日本 re\u{301}pare\u{301}";
    desk.types(&format!("incident open wifi \"{title}\" \"مُحَمَّد في الطريق 👨\u{200d}👩\u{200d}👧!X\""));
    // Over what is composed of several characters, and back.
    desk.presses(&["Left", "Left", "BSpace", "Left", "Right", "End", "Enter"]).sees("to take it back");
    let json = incident(&daemon);
    assert!(json.contains(title) && json.contains("مُحَمَّد في الطريق 👨\u{200d}👩\u{200d}👧X"), "{json}");
}

#[test]
fn what_is_pasted_is_one_line() {
    let daemon = start();
    let desk = at_prompt(&daemon);
    desk.tmux(&["set-buffer", "sites\nwhoami\n\tquit\n"]);
    desk.tmux(&["paste-buffer", "-p", "-t", "desk"]);
    desk.ends_with("aiglon> sites whoami quit");
    desk.presses(&["C-c"]).ends_with("aiglon>");
    desk.types("whoami").presses(&["Enter"]).sees("owner");
}

#[test]
fn long_lines_and_other_sizes() {
    let daemon = start();
    let desk = desk(&daemon, 30, "", "");
    desk.sees("aiglon>");
    let words = "a line that is much longer than this terminal is wide";
    desk.presses(&["C-l"]).types(words);
    desk.sees_that(words, |screen| screen.lines().collect::<String>() == format!("aiglon> {words}"));
    desk.tmux(&["resize-window", "-t", "desk", "-x", "100"]);
    desk.presses(&["C-l"]).ends_with(&format!("aiglon> {words}"));
    desk.presses(&["Home"]).types("so ").ends_with(&format!("aiglon> so {words}"));
}

#[test]
fn questions_and_missing_words() {
    let daemon = start();
    let desk = at_prompt(&daemon);
    desk.types("incident open wifi Power \"We look.\"").presses(&["Enter"]).sees("to take it back");
    desk.types("update 1 identified -").presses(&["Enter"]).ends_with("words>");
    desk.types("A cable was \"chewed\".").presses(&["Enter"]).ends_with("aiglon>");
    assert!(incident(&daemon).contains("A cable was \\\"chewed\\\"."), "{}", incident(&daemon));
    desk.types("redact 1").presses(&["Enter"]).ends_with("[y/N]");
    desk.presses(&["Enter"]).sees("not done");
    assert!(incident(&daemon).contains("chewed"));
    // Typed ahead: the answer is that of the question.
    desk.presses(&["C-l"]).types("redact 1\ry\r");
    desk.sees_that("it is gone", |_| !incident(&daemon).contains("chewed"));
}

/// As a volunteer on a phone has it.
#[test]
fn a_phone_at_three_in_the_morning() {
    let daemon = start();
    let opened = desk(&daemon, 40, "", "--user heron1");
    for words in ["heron1", "no incident is open", "aiglon>"] {
        opened.sees(words);
    }
    opened.types("Open wifi outage \"No power\"").presses(&["Enter"]).sees("to take it back");
    opened.presses(&["C-l"]).types("ack ").presses(&["Tab"]).sees("1 wifi, outage, ");
    opened.ends_with("aiglon> ack 1");
    opened.presses(&["Enter"]).sees("noted");
    drop(opened);

    let desk = desk(&daemon, 40, "", "--user heron1");
    for words in ["seen", "heron1, ", "aiglon>"] {
        desk.sees(words);
    }
    desk.presses(&["C-l"]).types("update 9").presses(&["Enter"]).sees("not done: there is no such");
    desk.presses(&["C-l"])
        .types("Update Wifi")
        .presses(&["Enter"])
        .sees("what visitors will read about")
        .ends_with("words>");
    desk.types("status").presses(&["Enter"]).sees("look like a command");
    desk.ends_with("[y/N]");
    desk.presses(&["Enter"]).sees("not done");
    desk.presses(&["C-l"]).types("update 1").presses(&["Enter"]).ends_with("words>");
    desk.types("Call me: 0470 12 34 56").presses(&["Enter"]).sees("Publish them?");
    desk.ends_with("[y/N]");
    desk.types("n").presses(&["Enter"]).sees("not done");
    desk.presses(&["C-l"]).types("update 1").presses(&["Enter"]).ends_with("words>");
    // The refused words can be mended.
    desk.presses(&["Up"]).ends_with("words> Call me: 0470 12 34 56");
    desk.presses(&["C-w", "C-w", "C-w", "C-w"]).types("at the mast").presses(&["Enter"]);
    for words in ["Call me: at the mast", "/incidents/1", "aiglon>"] {
        desk.sees(words);
    }
    assert!(!incident(&daemon).contains("0470"), "{}", incident(&daemon));
}

#[test]
fn a_phase_may_come_without_words() {
    let daemon = start();
    let desk = at_prompt(&daemon);
    desk.types("incident open wifi Power").presses(&["Enter"]).sees("to take it back");
    desk.presses(&["C-l"]).types("update 1 identified").presses(&["Enter"]).ends_with("words>");
    // Who thinks better of it has said nothing.
    for key in ["C-c", "C-d"] {
        desk.presses(&[key]).sees("not done");
        desk.presses(&["C-l", "Up", "Enter"]).ends_with("words>");
    }
    assert!(incident(&daemon).contains("\"phase\":null"), "{}", incident(&daemon));
    desk.presses(&["Enter"]).sees("to take it back");
    assert!(incident(&daemon).contains("\"phase\":\"identified\""), "{}", incident(&daemon));
}

#[test]
fn resolve_and_import_ask() {
    let daemon = start();
    let desk = at_prompt(&daemon);
    desk.types("incident open wifi Power").presses(&["Enter"]).sees("to take it back");
    desk.presses(&["C-l"]).types("resolve 1").presses(&["Enter"]).ends_with("[y/N]");
    desk.types("n").presses(&["Enter"]).sees("not done");
    assert!(incident(&daemon).contains("\"open\":true"), "{}", incident(&daemon));
    desk.presses(&["C-l"]).types("import").presses(&["Enter"]).sees("put the archive in place");
    desk.ends_with("[y/N]");
    desk.presses(&["C-c"]).sees("not done");
    desk.presses(&["C-l"]).types("resolve 1").presses(&["Enter"]).ends_with("[y/N]");
    desk.types("y").presses(&["Enter"]).sees("ended");
    assert!(incident(&daemon).contains("\"open\":false"), "{}", incident(&daemon));
}

#[test]
fn long_answers_scroll() {
    let daemon = start();
    let desk = at_prompt(&daemon);
    desk.types("help all").presses(&["Enter"]).sees("the Tab key what could come next.");
    desk.ends_with("aiglon>");
    let all = desk.tmux(&["capture-pane", "-p", "-J", "-S", "-", "-t", "desk"]);
    // More than the 24 rows of the screen, the first and the last among them, each from the first
    // column.
    for name in ["status ", "undo ", "import ", "exit "] {
        assert!(all.lines().any(|line| line.starts_with(name)), "{name}: {all}");
    }
    desk.types("whoami").presses(&["Enter"]).sees("owner");
}

/// A character of two columns has no room in the last one.
#[test]
fn wide_characters_on_a_narrow_terminal() {
    let daemon = start();
    let desk = desk(&daemon, 21, "", "");
    desk.sees("aiglon>");
    let whole = |screen: &str| screen.lines().map(str::trim_end).collect::<String>();
    desk.presses(&["C-l"]).types("日本日本日本日本日本日本");
    desk.sees_that("them", |screen| whole(screen) == "aiglon> 日本日本日本日本日本日本");
    desk.presses(&["Home"]).types("a🔧");
    desk.sees_that("the beginning", |screen| whole(screen) == "aiglon> a🔧日本日本日本日本日本日本");
    desk.presses(&["DC", "End", "BSpace", "BSpace"]).types("وصل");
    desk.sees_that("the end", |screen| whole(screen) == "aiglon> a🔧本日本日本日本日本وصل");
    desk.presses(&["C-u"]).ends_with("aiglon>");
    assert_eq!(desk.screen().trim(), "aiglon>");
}

#[test]
fn a_daemon_that_comes_and_goes() {
    let mut daemon = start();
    let desk = desk(&daemon, 70, "", "--user heron1");
    desk.sees("aiglon>");
    daemon.process.signal("TERM");
    daemon.process.wait();
    desk.types("whoami").presses(&["Enter"]).sees("nobody answers at");
    let Daemon { dir, process, .. } = daemon;
    drop(process);
    let mut daemon = Daemon::start_in(dir, &(config() + PEOPLE));
    desk.presses(&["C-l"]).types("whoami").presses(&["Enter"]).sees("operator");
    // Who is no longer named is shown out.
    daemon.rewrite(&(config() + &PEOPLE.replace("heron1", "heron2")));
    daemon.process.signal("HUP");
    daemon.process.wait_for("reloaded");
    desk.types("whoami").presses(&["Enter"]).sees("no such 'config user'");
    ended(&desk, 1);
}

#[test]
fn signals_give_the_terminal_back() {
    let daemon = start();
    for signal in ["TERM", "INT", "HUP"] {
        let desk = at_prompt(&daemon);
        desk.types("half a l");
        desk.ends_with("aiglon> half a l");
        let pid = process(&desk);
        assert!(Path::new(&format!("/proc/{pid}/exe")).read_link().unwrap().ends_with("aiglon"), "{pid}");
        assert!(Command::new("kill").arg(format!("-{signal}")).arg(pid).status().unwrap().success());
        ended(&desk, 4);
    }
}

#[test]
fn a_terminal_that_cannot_move_its_cursor() {
    let daemon = start();
    let desk = desk(&daemon, 70, "TERM=dumb", "");
    desk.types("whoami\n").sees("owner");
    desk.presses(&["C-d"]);
    ended(&desk, 0);
}
