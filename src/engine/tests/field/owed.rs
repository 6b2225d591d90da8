//! Heartbeats over a restart.

use super::*;

#[test]
fn f22_what_is_late_has_not_forgotten_that_it_failed() {
    let board = failed_and_late();
    assert_eq!(board.tells(FILES), (State::Outage, Some(20)));
    assert_eq!(board.beat_word(JOB), "failed");
}

#[test]
fn f22_since_does_not_move_forward_over_a_restart() {
    for (name, restart) in [STOP, KILL, POWER_CUT, RELOAD] {
        let mut board = failed_and_late();
        restart(&mut board);
        assert_eq!(board.tells(FILES), (State::Outage, Some(20)), "{name}");
        board.quiet(board.minute() + 1);
        assert_eq!(board.tells(FILES), (State::Outage, Some(20)), "{name}");
        assert_eq!(board.beat_word(JOB), "failed", "{name}");
        board.beat(JOB, false);
        assert_eq!(board.state(FILES), State::Operational, "{name}");
    }
}

#[test]
fn f23_a_nightly_job_that_was_late_is_late_after_a_power_cut() {
    for (name, restart) in [KILL, POWER_CUT] {
        let mut board = Board::new(&owed("24h", "2h"));
        board.quiet(60);
        board.beat(JOB, false);
        // It was due at 60, and is late at 180.
        board.quiet(DAY + 240);
        assert_eq!(board.tells(FILES), (State::Outage, Some(DAY + 60)));
        restart(&mut board);
        assert_eq!(board.tells(FILES), (State::Outage, Some(DAY + 60)), "{name}");
        board.quiet(DAY + 300);
        assert_eq!(board.state(FILES), State::Outage, "{name}");
        board.beat(JOB, false);
        assert_eq!(board.state(FILES), State::Operational, "{name}");
    }
}

#[test]
fn f23_a_nightly_job_that_fell_due_while_nobody_listened_may_have_come() {
    let mut board = Board::new(&owed("24h", "2h"));
    board.quiet(60);
    board.beat(JOB, false);
    board.quiet(DAY + 150);
    assert_eq!(board.state(FILES), State::Operational);
    board.cut_power(90);
    assert_eq!(board.state(FILES), State::NoData);
}
