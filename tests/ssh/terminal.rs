//! Somebody at a terminal: tmux types, and reads the screen.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Board;
use super::common::{Dir, run};

/// A terminal with a session in it; gone with this.
struct Desk {
    dir: Dir,
}

impl Desk {
    fn new(board: &Board, user: &str, columns: &str, words: &str) -> Self {
        let desk = Self { dir: Dir::new() };
        let mut command = board.openssh("ssh", user);
        command.args(["-t", &format!("{user}@127.0.0.1")]);
        let line: Vec<_> =
            command.get_args().skip(1).map(|word| format!("'{}'", word.to_str().unwrap())).collect();
        let line = format!("{} {words}; echo status $?; exec cat", line.join(" "));
        desk.tmux(&["new-session", "-d", "-s", "desk", "-x", columns, "-y", "24", &line]);
        desk.tmux(&["set-option", "-g", "escape-time", "0"]);
        desk
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-u", "-f", "/dev/null", "-S"]).arg(self.dir.path().join("tmux.sock")).args(arguments);
        command.env("LC_ALL", "C.UTF-8").env_remove("TMUX");
        let (status, out, err) = run(&mut command);
        assert_eq!(status, Some(0), "{arguments:?}: {err}");
        out
    }

    fn types(&self, text: &str) -> &Self {
        self.tmux(&["send-keys", "-t", "desk", "-l", text]);
        self
    }

    fn presses(&self, keys: &[&str]) -> &Self {
        self.tmux(&[&["send-keys", "-t", "desk"], keys].concat());
        self
    }

    fn sees(&self, text: &str) -> String {
        self.sees_that(text, |screen| screen.contains(text))
    }

    fn ends_with(&self, line: &str) -> String {
        self.sees_that(line, |screen| screen.lines().last().is_some_and(|last| last.trim_end() == line))
    }

    fn sees_that(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let screen = self.tmux(&["capture-pane", "-p", "-t", "desk"]).trim_end().to_owned();
            if holds(&screen) {
                return screen;
            }
            assert!(Instant::now() < until, "no '{what}' on the screen:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(self.dir.path().join("tmux.sock")).arg("kill-server");
        _ = command.stderr(Stdio::null()).status();
    }
}

#[test]
fn a_session() {
    let board = Board::start();
    board.open_incident();
    let desk = Desk::new(&board, "heron1", "70", "");
    desk.ends_with("aiglon>");
    desk.types("whoami").presses(&["Enter"]).sees("operator");
    desk.ends_with("aiglon>");
    // Edited, with all sorts of keys.
    desk.types("XXsites").presses(&["Home", "DC", "C-d", "End", "C-a", "Right", "C-e", "Left", "Right"]);
    desk.ends_with("aiglon> sites");
    desk.presses(&["Enter"]).sees("Antennas");
    desk.types("whoami rubbish").presses(&["C-w", "BSpace"]).ends_with("aiglon> whoami");
    desk.presses(&["C-u"]).ends_with("aiglon>");
    // History.
    desk.presses(&["Up", "Up"]).ends_with("aiglon> whoami");
    desk.presses(&["Down"]).ends_with("aiglon> sites");
    // Ctrl-C forgets the line, and nothing else.
    desk.presses(&["C-c"]).ends_with("aiglon>");
    // Completion, by the daemon.
    desk.types("whoa").presses(&["Tab"]).ends_with("aiglon> whoami");
    desk.presses(&["C-u"]).types("update 1 mon").presses(&["Tab"]).ends_with("aiglon> update 1 monitoring");
    // From right to left, and wide; a character is one.
    desk.types("نراقب 🦅x").presses(&["BSpace", "BSpace"]).types("🕊").presses(&["Enter"]).sees("done");
    assert!(board.incident().contains("نراقب 🕊"), "{}", board.incident());
    // Words, and a yes, where they are asked for.
    desk.types("update 1 -").presses(&["Enter"]).ends_with("words>");
    desk.types("It holds.").presses(&["Enter"]).ends_with("aiglon>");
    assert!(board.incident().contains("It holds."));
    desk.types("redact 1").presses(&["Enter"]).ends_with("[y/N]");
    desk.types("n").presses(&["Enter"]).sees("not done");
    desk.types("bogus").presses(&["Enter"]).sees("there is no command 'bogus'");
    desk.presses(&["C-l"]).sees_that("a clear screen", |screen| screen.trim_end() == "aiglon>");
    desk.presses(&["C-d"]).sees("status 2");
}

#[test]
fn a_window_of_any_size() {
    let board = Board::start();
    let desk = Desk::new(&board, "heron1", "40", "");
    desk.ends_with("aiglon>");
    // Longer than a row: the cursor finds its way.
    let long = "abcdefghij".repeat(6);
    desk.types(&long).presses(&["Home"]).types("X");
    desk.sees_that("two rows", |screen| {
        screen.starts_with("aiglon> Xabcdefghij") && screen.lines().count() == 2
    });
    desk.tmux(&["resize-window", "-t", "desk", "-x", "100", "-y", "24"]);
    desk.presses(&["End"]).types("Y");
    desk.sees_that("one row", |screen| {
        screen.lines().last().is_some_and(|last| last.ends_with(&format!("X{long}Y")))
    });
    desk.presses(&["C-u"]).ends_with("aiglon>");
    desk.types("quit").presses(&["Enter"]).sees("status 0");
}

/// A command with a terminal asks there.
#[test]
fn a_question_of_a_command() {
    let board = Board::start();
    board.open_incident();
    let desk = Desk::new(&board, "heron1", "80", "redact 1");
    desk.ends_with("[y/N]");
    desk.types("y").presses(&["Enter"]).sees("status 0");
    assert_eq!(board.ask("owl", &["incident", "home/1"]).0, Some(1));
}
