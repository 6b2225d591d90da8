//! Somebody at a terminal: tmux types, and reads the screen.

use super::Board;
use super::common::desk::Desk;

/// A terminal of so many columns with a session in it.
fn desk(board: &Board, user: &str, columns: u32, words: &str) -> Desk {
    let mut command = board.openssh("ssh", user);
    command.args(["-t", &format!("{user}@127.0.0.1")]);
    let line: Vec<_> =
        command.get_args().skip(1).map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    Desk::new(columns, &format!("{} {words}; echo status $?; exec cat", line.join(" ")))
}

#[test]
fn a_session() {
    let board = Board::start();
    board.open_incident();
    let desk = desk(&board, "heron1", 70, "");
    desk.ends_with("aiglon>");
    desk.types("whoami").presses(&["Enter"]).sees("operator");
    desk.ends_with("aiglon>");
    desk.edits();
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
    desk.presses(&["C-d"]).sees("status 1");
}

#[test]
fn a_window_of_any_size() {
    let board = Board::start();
    let desk = desk(&board, "heron1", 40, "");
    desk.ends_with("aiglon>");
    // Longer than a row: the cursor finds its way.
    let long = "abcdefghij".repeat(6);
    desk.types(&long).presses(&["Home"]).types("X");
    desk.sees_that("two rows", |screen| {
        screen.find("aiglon> Xabcdefghij").is_some_and(|at| screen[at..].lines().count() == 2)
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
    let desk = desk(&board, "heron1", 80, "redact 1");
    desk.ends_with("[y/N]");
    desk.types("y").presses(&["Enter"]).sees("status 0");
    assert_eq!(board.ask("owl", &["incident", "home/1"]).0, Some(1));
}
