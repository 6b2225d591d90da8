//! Samples that are late, old, or in another unit.

use super::*;

#[test]
fn f4_what_was_measured_too_long_ago_is_no_sign_of_life() {
    for ago in [14 * 86_400, 86_400, 600] {
        let mut board = Board::new(&ruled(SILENT));
        sample(&mut board, -60, 0);
        assert_eq!(board.state(NORTH), State::Operational);
        board.quiet(3);
        assert_eq!(board.tells(NORTH), (State::Outage, Some(0)));
        sample(&mut board, -60, ago);
        assert_eq!(board.tells(NORTH), (State::Outage, Some(0)), "{ago} s");
    }
    // What is not too old ends the silence.
    let mut board = Board::new(&ruled(SILENT));
    sample(&mut board, -60, 0);
    board.quiet(3);
    sample(&mut board, -60, 60);
    assert_eq!(board.state(NORTH), State::Operational);
}

#[test]
fn f4_what_is_expected_has_not_come_by_what_was_measured_too_long_ago() {
    let options = "	option of 'host'\n	list expect 'n'\n".to_string() + SILENT;
    let mut board = Board::new(&ruled(&options));
    sample(&mut board, -60, 0);
    board.quiet(3);
    assert_eq!(board.state(NORTH), State::Outage);
    sample(&mut board, -60, 14 * 86_400);
    assert_eq!(board.state(NORTH), State::Outage);
}

#[test]
fn f4_what_was_measured_too_long_ago_puts_off_no_silence() {
    let mut board = Board::new(&ruled(SILENT));
    sample(&mut board, -60, 0);
    for minute in 1..=5 {
        board.quiet(minute);
        sample(&mut board, -60, 14 * 86_400);
    }
    assert_eq!(board.state(NORTH), State::Outage);
}

#[test]
fn f4_what_was_measured_too_long_ago_causes_no_outage() {
    for options in [WEAK.to_string(), WEAK.to_string() + SILENT] {
        let mut board = Board::new(&ruled(&options));
        for _ in 0..6 {
            sample(&mut board, -60, 0);
            board.pass_to(board.millis() + 10_000);
        }
        let old: String = (0..20).map(|n| line(&board, -95, 14 * 86_400 - n)).collect();
        let body = line(&board, -60, 0) + &old;
        board.lines(A, Precision::Secs, &body);
        assert_eq!(board.state(NORTH), State::Operational);
        // Nor when it is all that ever came.
        let mut board = Board::new(&ruled(&options));
        board.lines(A, Precision::Secs, &old);
        assert_eq!(board.state(NORTH), State::NoData);
    }
}

#[test]
fn f7_a_series_whose_times_are_in_another_unit_is_not_well_by_what_came_before() {
    let nanos: fn(&Board) -> i64 = |board| (NOON + board.millis()) * 1_000_000;
    let secs: fn(&Board) -> i64 = |board| (NOON + board.millis()) / 1000;
    // How times are read, how they are written at first, and how a script then writes them.
    let units = [(Precision::Nanos, nanos, secs), (Precision::Secs, secs, nanos)];
    for (precision, right, wrong) in units {
        let mut board = Board::new(&ruled(WEAK));
        for _ in 0..3 {
            let good = format!("wireless,host=n signal=-60 {}", right(&board));
            board.lines(A, precision, &good);
            board.pass_to(board.millis() + 10_000);
        }
        for minute in 1..=10 {
            board.quiet(minute);
            let weak = format!("wireless,host=n signal=-95 {}", wrong(&board));
            board.lines(A, precision, &weak);
        }
        assert_eq!(board.reason(NORTH), Finding::SamplesStopped, "{precision:?}");
        // And right again.
        for minute in 11..=15 {
            board.quiet(minute);
            let good = format!("wireless,host=n signal=-60 {}", right(&board));
            board.lines(A, precision, &good);
        }
        assert_eq!(board.state(NORTH), State::Operational, "{precision:?}");
    }
}

#[test]
fn what_was_measured_before_a_reload_is_no_news_after_it() {
    let mut board = Board::well(&ruled(WEAK));
    sample(&mut board, -90, 0);
    assert_eq!(board.state(NORTH), State::Outage);
    board.quiet(11);
    sample(&mut board, -90, 0);
    board.reload();
    // It came a minute and a half late.
    let minute = board.minute() + 1;
    board.quiet(minute);
    sample(&mut board, -60, 90);
    board.quiet(minute + 3);
    assert_eq!(board.state(NORTH), State::Outage);
    sample(&mut board, -60, 0);
    assert_eq!(board.state(NORTH), State::Operational);
}

#[test]
fn what_was_measured_before_a_reload_and_after_the_last_that_came_is_news() {
    let mut board = Board::well(&ruled(WEAK));
    sample(&mut board, -60, 60);
    board.reload();
    board.quiet(11);
    // It was measured half a minute before the reload.
    sample(&mut board, -90, 90);
    assert_eq!(board.state(NORTH), State::Outage);
}

#[test]
fn trouble_that_comes_right_after_a_reload_is_not_lost_by_the_next_one() {
    let mut board = Board::well(&ruled(WEAK));
    sample(&mut board, -60, 0);
    board.reload();
    board.quiet(11);
    sample(&mut board, -90, 0);
    board.reload();
    board.quiet(15);
    assert_eq!(board.state(NORTH), State::Outage);
}

/// Each comes a second later than it was measured, and so always behind the other.
#[test]
fn after_a_reload_no_series_is_late_for_another_one() {
    let mut board = Board::well(&ruled(WEAK));
    let come = |board: &mut Board| {
        for (name, signal, ago) in [("a", -60, 0), ("b", -90, 1)] {
            let line = line(board, signal, ago).replace("host=n", &format!("host=n,station={name}"));
            board.lines(A, Precision::Secs, &line);
        }
    };
    come(&mut board);
    assert_eq!(board.state(NORTH), State::Outage);
    board.reload();
    let begun = board.millis();
    for second in (10..300).step_by(10) {
        board.pass_to(begun + second * 1000);
        assert_eq!(board.state(NORTH), State::Outage, "{second}");
        come(&mut board);
    }
}
