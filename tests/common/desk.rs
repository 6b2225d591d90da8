//! Somebody at a terminal: tmux types, and reads the screen.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Dir, run};

/// A terminal with a command in it; gone with this.
pub struct Desk {
    dir: Dir,
}

impl Desk {
    /// A terminal of so many columns, with a command as a shell reads it. What ends it otherwise
    /// closes it, so it may want a `; exec cat` at its end.
    pub fn new(columns: u32, command: &str) -> Self {
        let desk = Self { dir: Dir::new() };
        desk.tmux(&["new-session", "-d", "-s", "desk", "-x", &columns.to_string(), "-y", "24", command]);
        desk.tmux(&["set-option", "-g", "escape-time", "0"]);
        desk
    }

    pub fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-u", "-f", "/dev/null", "-S"]).arg(self.dir.path().join("tmux.sock")).args(arguments);
        command.env("LC_ALL", "C.UTF-8").env_remove("TMUX").env_remove("SSH_ORIGINAL_COMMAND");
        let (status, out, err) = run(&mut command);
        assert_eq!(status, Some(0), "{arguments:?}: {err}");
        out
    }

    pub fn types(&self, text: &str) -> &Self {
        self.tmux(&["send-keys", "-t", "desk", "-l", text]);
        self
    }

    /// Keys by tmux's names for them.
    pub fn presses(&self, keys: &[&str]) -> &Self {
        self.tmux(&[&["send-keys", "-t", "desk"], keys].concat());
        self
    }

    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-t", "desk"]).trim_end().to_owned()
    }

    pub fn sees(&self, text: &str) -> String {
        self.sees_that(text, |screen| screen.contains(text))
    }

    /// The last line on the screen becomes this.
    pub fn ends_with(&self, line: &str) -> String {
        self.sees_that(line, |screen| screen.lines().last().is_some_and(|last| last.trim_end() == line))
    }

    pub fn sees_that(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let screen = self.screen();
            if holds(&screen) {
                return screen;
            }
            assert!(Instant::now() < until, "no '{what}' on the screen:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// At the console's prompt, a line is edited with all sorts of keys, called back, and
    /// forgotten.
    pub fn edits(&self) {
        self.types("XXsites").presses(&["Home", "DC", "C-d", "End", "C-a", "Right", "C-e", "Left", "Right"]);
        self.ends_with("aiglon> sites");
        self.presses(&["Enter"]).sees("Antennas");
        self.types("whoami rubbish").presses(&["C-w", "BSpace"]).ends_with("aiglon> whoami");
        self.presses(&["Enter"]).ends_with("aiglon>");
        self.presses(&["Up", "Up"]).ends_with("aiglon> sites");
        self.presses(&["Down"]).ends_with("aiglon> whoami");
        // Ctrl-C forgets the line, and nothing else.
        self.presses(&["C-c"]).ends_with("aiglon>");
        self.types("bogus").presses(&["Enter"]).sees("there is no command 'bogus'");
        self.presses(&["C-l"]).sees_that("a clear screen", |screen| screen.trim_end() == "aiglon>");
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(self.dir.path().join("tmux.sock")).arg("kill-server");
        _ = command.stderr(Stdio::null()).status();
    }
}
