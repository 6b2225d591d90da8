//! What a restart, the clock and a new journal must not change.

use super::*;

/// The heron owes a heartbeat each day.
fn owed() -> String {
    ONE.to_string()
        + "config heartbeat 'nightly'
	option source 'a'
	option component 'heron'
	option every '24h'
	option grace '2h'
"
}

fn unseen(alert: &str) -> String {
    alert.replace("\"annotations\":{}", "\"annotations\":{\"grafana_state_reason\":\"NoData\"}")
}

/// How many alerts fire.
fn firing(board: &Board) -> usize {
    board.engine.alerts().iter().filter(|held| held.fires()).count()
}

#[test]
fn what_nobody_looks_at_stays_so_when_the_clock_is_set() {
    // With a clock that is set by some seconds, and with one that comes later.
    let begins: [fn(&mut Board); 2] = [Board::kill, |board| board.cut_power_and_set_clock(1, None)];
    for begin in begins {
        let mut board = hooked();
        board.quiet(20);
        begin(&mut board);
        board.quiet(30);
        board.hook(A, &[unseen(&over(9, 30))]);
        assert_eq!(board.reason(HERON), Finding::SenderCannotTell);
        board.quiet(40);
        board.set_clock(Some(5_000));
        assert_eq!(board.reason(HERON), Finding::SenderCannotTell);
    }
}

#[test]
fn what_a_person_ended_stays_so_when_its_sender_repeats_that_it_cannot_tell() {
    let mut board = hooked();
    board.hook(A, &[unseen(&over(9, 10))]);
    board.release(HERON);
    board.quiet(20);
    board.hook(A, &[unseen(&over(9, 10))]);
    assert_eq!(board.reason(HERON), Finding::TeamSaysOver);
    // That it fires is more than that.
    board.hook(A, &[down(21)]);
    board.hook(A, &[unseen(&over(21, 22))]);
    assert_eq!(board.reason(HERON), Finding::SenderCannotTell);
}

#[test]
fn the_word_of_the_team_counts_for_its_time_when_the_clock_is_set() {
    for released in [100, 400] {
        let mut board = hooked();
        board.quiet(20);
        board.kill();
        board.quiet(released);
        board.release(HERON);
        board.quiet(released + 1);
        board.set_clock(Some(5_000));
        board.quiet(released + LAPSES - 20);
        assert_eq!(board.reason(HERON), Finding::TeamSaysOver, "{released}");
        board.quiet(released + LAPSES + 1);
        assert_eq!(board.state(HERON), State::Operational, "{released}");
    }
}

/// A router begins with the time at which it stopped, and learns the time some minutes later.
#[test]
fn what_was_told_by_a_clock_that_was_wrong_is_dated_anew() {
    let mut board = Board::well(ONE);
    board.cut_power_and_set_clock(1, Some(-600 * MIN));
    board.alive();
    board.quiet(20);
    board.hook(A, &[down(20)]);
    board.quiet(21);
    board.set_clock(Some(0));
    board.quiet(30);
    assert_eq!(board.state(HERON), State::Outage);
    board.kill();
    assert_eq!(board.state(HERON), State::Outage);
    board.quiet(20 + 270 + 1);
    assert_eq!(board.reason(HERON), Finding::Lapsed);
}

#[test]
fn what_was_told_by_a_clock_that_was_ahead_is_not_granted_for_ever() {
    let mut board = Board::well(ONE);
    board.cut_power_and_set_clock(1, Some(3000 * MIN));
    board.alive();
    board.quiet(20);
    board.hook(A, &[down(20)]);
    board.quiet(21);
    board.set_clock(Some(0));
    for minute in (60..1400).step_by(120) {
        board.quiet(minute);
        board.kill();
    }
    assert_ne!(board.state(HERON), State::Outage);
}

#[test]
fn a_clock_that_is_set_all_the_time_costs_the_flash_little() {
    let mut board = hooked();
    let before = board.records();
    for minute in 11..131 {
        board.quiet(minute);
        board.set_clock(Some(minute % 2 * 20 * MIN));
    }
    assert!(board.records() - before <= 2, "{}", board.records() - before);
}

#[test]
fn a_restart_writes_no_alert_that_has_not_changed() {
    let mut board = Board::well(ONE);
    for n in 0..45 {
        board.hook(A, &[hook(&format!("Down{n}"), "heron", 9, None)]);
    }
    let before = board.records();
    for _ in 0..5 {
        board.kill();
    }
    assert_eq!((board.records(), firing(&board)), (before, 45));
}

#[test]
fn restarts_use_up_no_flash_budget() {
    let mut board = Board::well(ONE);
    for n in 0..500 {
        board.hook(A, &[hook(&format!("Down{n}"), "heron", 9, None)]);
    }
    board.quiet(11);
    board.compact();
    for _ in 0..3 {
        board.kill();
        assert_eq!((board.engine.counters().withheld, firing(&board)), (0, 500));
    }
}

#[test]
fn a_journal_that_is_written_anew_without_a_clock_holds_what_heartbeats_said() {
    let text = owed();
    let mut board = Board::well(&text);
    board.beat(HeartbeatId(0), true);
    board.quiet(20);
    board.cut_power_and_set_clock(1, None);
    board.compact();
    board.cut_power_and_set_clock(1, Some(0));
    board.quiet(30);
    assert_eq!(board.beat_word(HeartbeatId(0)), "failed");
}

/// Trouble was over before the clock was set; when more of it is over, that is written as soon as
/// ever.
#[test]
fn trouble_that_is_over_is_written_soon_after_a_start_without_a_clock() {
    let mut board = Board::new(ONE);
    board.cut_power_and_set_clock(1, None);
    board.alive();
    board.quiet(10);
    board.hook(A, &[down(9)]);
    board.quiet(12);
    board.hook(A, &[over(9, 12)]);
    board.quiet(20);
    board.set_clock(Some(0));
    board.quiet(30);
    board.hook(A, &[down(30)]);
    board.quiet(40);
    board.hook(A, &[over(30, 40)]);
    board.quiet(41);
    let wait = board.engine.uptime().flush_at().unwrap().0 - board.now.0;
    assert!(wait <= 60 * MIN, "{}", wait / MIN);
}

/// Prometheus' alerts are in no record: the incident knows that it was well, and since when it is
/// not.
#[test]
fn a_short_recovery_is_told_after_a_restart_as_before_it() {
    let down = |board: &mut Board, starts: i64, ends: i64| {
        board.alerts(A, &[alert("AntennaDown", "heron", starts, ends)]);
    };
    for hooks in [false, true] {
        let mut board = Board::well(ONE);
        let tell = |board: &mut Board, starts: i64, ends: Option<i64>| {
            if hooks {
                board.hook(A, &[hook("AntennaDown", "heron", starts, ends)]);
            } else {
                down(board, starts, ends.unwrap_or(starts + 60));
            }
        };
        tell(&mut board, 10, None);
        board.quiet(20);
        tell(&mut board, 10, Some(20));
        board.quiet(23);
        assert_eq!(board.tells(HERON), (State::Operational, Some(20)));
        // It is well, and not told to be down again.
        board.kill();
        assert_ne!(board.headline(), "Something is down", "{hooks}");
        assert_ne!(board.state(HERON), State::Outage);
        board.quiet(24);
        tell(&mut board, 24, None);
        board.quiet(26);
        assert_eq!(board.tells(HERON), (State::Outage, Some(24)), "{hooks}");
        assert_eq!(board.troubles().len(), 1);
        board.kill();
        assert_eq!(board.since(HERON), Some(24), "{hooks}");
        board.reload();
        assert_eq!(board.since(HERON), Some(24), "{hooks}");
    }
}

#[test]
fn what_a_person_ended_just_before_a_restart_is_not_told_to_be_down() {
    let mut board = Board::well(ONE);
    board.alerts(A, &[alert("AntennaDown", "heron", 10, 60)]);
    board.quiet(12);
    board.release(HERON);
    board.quiet(13);
    assert_eq!(board.reason(HERON), Finding::TeamSaysOver);
    board.kill();
    assert_ne!(board.headline(), "Something is down");
}

#[test]
fn what_was_down_and_is_unknown_has_been_in_trouble_since_then() {
    let mut board = Board::well(ONE);
    board.alerts(A, &[alert("AntennaDown", "heron", 10, 60)]);
    board.quiet(20);
    let says = |board: &Board| board.page().contains("trouble since 12:10");
    assert!(says(&board), "{}", board.page());
    board.kill();
    assert_eq!(board.state(HERON), State::NoData);
    assert!(says(&board) && !board.page().contains("Unknown since"), "{}", board.page());
    // What is only not heard is not in trouble.
    let mut board = Board::well(ONE);
    board.pass_to(30 * MIN);
    assert!(!board.page().contains("trouble since"), "{}", board.page());
}

#[test]
fn what_said_that_it_cannot_tell_still_says_so_when_it_is_not_repeated() {
    let mut board = Board::well(ONE);
    let no_data = down(9).replace("AntennaDown", "DatasourceNoData");
    board.hook(A, &[no_data]);
    assert_eq!(board.reason(HERON), Finding::SenderCannotTell);
    board.quiet(LAPSES + 1);
    assert_eq!(board.reason(HERON), Finding::SenderCannotTell);
    board.kill();
    assert_eq!(board.reason(HERON), Finding::SenderCannotTell);
    // What repeats within minutes ends when it is not repeated.
    let mut board = Board::well(ONE);
    board.alerts(A, &[alert("DatasourceNoData", "heron", 9, 14)]);
    assert_eq!(board.reason(HERON), Finding::SenderCannotTell);
    board.quiet(40);
    assert_eq!(board.state(HERON), State::Operational);
}

#[test]
fn a_heartbeat_that_came_after_a_failure_is_not_failed_after_a_power_cut() {
    let text = owed();
    let mut board = Board::well(&text);
    for (minute, failed) in [(11, false), (20, true), (30, false)] {
        board.quiet(minute);
        board.beat(HeartbeatId(0), failed);
    }
    board.quiet(50);
    assert_eq!(board.state(HERON), State::Operational);
    board.cut_power(1);
    board.quiet(60);
    assert_eq!(board.beat_word(HeartbeatId(0)), "on time");
}

#[test]
fn a_heartbeat_that_failed_or_is_late_stays_so_when_the_clock_is_put_back() {
    for (name, at) in [("failed", 20), ("late", 27 * 60)] {
        let mut board = Board::well(&owed());
        board.beat(HeartbeatId(0), name == "failed");
        board.quiet(at);
        assert_eq!(board.beat_word(HeartbeatId(0)), name);
        // What comes was sent more than a day later than now.
        board.cut_power_and_set_clock(1, Some(-28 * 60 * MIN));
        board.quiet(board.minute() + 5);
        assert_eq!(board.beat_word(HeartbeatId(0)), name);
        assert_eq!(board.state(HERON), State::Outage, "{name}");
    }
}

#[test]
fn what_is_over_tells_nothing_of_when_something_else_began() {
    for first in ["new", "old"] {
        let mut board = hooked();
        board.release(HERON);
        board.quiet(15);
        assert_eq!(board.reason(HERON), Finding::TeamSaysOver);
        let mut body = [hook("Other", "heron", 15, None), over(9, 15)];
        if first == "old" {
            body.reverse();
        }
        board.hook(A, &body);
        assert_eq!(board.tells(HERON), (State::Outage, Some(15)), "{first}");
    }
}

/// Its clock is slow, and ours is right: no end of it is ever ahead.
#[test]
fn what_begins_anew_with_an_end_that_has_passed_is_not_well() {
    let mut board = Board::well(ONE);
    board.synchronise();
    for (minute, starts, ends) in [(11, 9, 15), (12, 9, 12), (25, 20, 24)] {
        board.quiet(minute);
        board.alerts(A, &[alert("AntennaDown", "heron", starts, ends)]);
    }
    assert_eq!(board.reason(HERON), Finding::Lapsed);
    // Another end of what is over already is no news.
    let mut board = Board::well(ONE);
    board.synchronise();
    for (minute, starts, ends) in [(11, 9, 15), (13, 9, 12), (14, 9, 13)] {
        board.quiet(minute);
        board.alerts(A, &[alert("AntennaDown", "heron", starts, ends)]);
    }
    assert_eq!(board.state(HERON), State::Operational);
}

#[test]
fn a_sample_that_was_measured_before_the_start_counts_from_then() {
    let mut board = Board::well(&ruled(SILENT));
    board.cut_power(1);
    let begun = board.millis();
    board.pass_to(begun + 10_000);
    sample(&mut board, -60, 70);
    assert_eq!(board.state(NORTH), State::Operational);
    board.pass_to(begun + 62_000);
    assert_eq!(board.state(NORTH), State::Outage);
}

/// One of two is over, and the other one is no longer known when the power is back.
#[test]
fn what_was_told_to_be_down_is_told_so_though_one_of_its_alerts_was_over() {
    let mut board = hooked();
    board.hook(A, &[hook("Other", "heron", 10, None)]);
    board.quiet(20);
    board.hook(A, &[over(9, 20)]);
    board.quiet(30);
    assert_eq!(board.headline(), "Something is down");
    board.cut_power(LAPSES);
    assert_eq!((board.reason(HERON), board.headline().as_str()), (Finding::Lapsed, "Something is down"));
}

/// Its text changes when the budget of flash is used up, so the journal holds only that there is
/// more.
#[test]
fn what_is_struck_out_for_want_of_a_budget_was_not_well() {
    let mut board = hooked();
    let mut turn = 0;
    while board.engine.counters().withheld == 0 {
        turn += 1;
        board.hook(A, &[hook(&format!("Down{turn}"), "egret", 10, None)]);
        board.hook(A, &[hook(&format!("Down{turn}"), "egret", 10, Some(10))]);
    }
    board.hook(A, &[down(8)]);
    board.quiet(12);
    assert_eq!(board.headline(), "Something is down");
    board.cut_power(5);
    assert_eq!(board.reason(HERON), Finding::NotOnFlash);
    assert_eq!(board.headline(), "Something is down");
}

/// It came before the clock was set, and failed before that.
#[test]
fn the_end_of_a_failure_before_the_clock_was_set_is_written_when_it_is() {
    let mut board = Board::well(&owed());
    board.quiet(11);
    board.beat(HeartbeatId(0), true);
    board.cut_power_and_set_clock(1, None);
    board.quiet(13);
    board.beat(HeartbeatId(0), false);
    board.quiet(14);
    board.set_clock(Some(0));
    board.quiet(20);
    board.cut_power(1);
    board.quiet(25);
    assert_eq!(board.beat_word(HeartbeatId(0)), "on time");
}

/// The other antennas have used up what may be written of short recoveries.
#[test]
fn new_trouble_after_a_person_ended_the_old_one_is_told_however_much_else_flaps() {
    let mut board = hooked();
    board.update(Phase::Resolved);
    let flaps = |board: &mut Board, until: i64| {
        board.hook(A, &[hook("Flap", "egret", 10, None)]);
        while board.minute() < until {
            let minute = board.minute();
            board.hook(A, &[hook("Flap", "egret", minute, Some(minute))]);
            board.quiet(minute + 1);
            board.hook(A, &[hook("Flap", "egret", minute + 1, None)]);
            board.pass_to((minute + 1) * MIN + 500);
        }
    };
    flaps(&mut board, 30);
    board.hook(A, &[over(9, 30)]);
    board.quiet(32);
    assert_eq!(board.state(HERON), State::Operational);
    board.hook(A, &[down(32)]);
    board.quiet(34);
    assert!(!board.page().contains("The team says that it is over"), "{}", board.page());
}

#[test]
fn what_nobody_looked_at_is_not_called_trouble() {
    let mut board = Board::well(ONE);
    board.hook(A, &[down(9).replace("AntennaDown", "DatasourceNoData")]);
    assert!(!board.page().contains("heron Unknown · trouble"), "{}", board.page());
}

/// A sender gone mad: each of its alerts began earlier than the one before.
#[test]
fn ever_earlier_beginnings_cost_the_flash_little() {
    let mut board = Board::well(ONE);
    board.alerts(A, &[alert("Down0", "heron", 10, 60)]);
    let before = board.records();
    for n in 1..55 {
        board.pass_to((10 + n) * MIN);
        let body = [
            alert(&format!("Down{n}"), "heron", 10 - n, 70),
            alert(&format!("Down{}", n - 1), "heron", 11 - n, 11 - n),
        ];
        board.alerts(A, &body);
    }
    assert!(board.records() - before <= 2, "{}", board.records() - before);
    // The page tells the earliest, and so does a restart when the hour is over.
    assert_eq!(board.since(HERON), Some(10 - 54));
    board.pass_to(75 * MIN);
    board.alerts(A, &[alert("Down54", "heron", 10 - 54, 90)]);
    board.quiet(76);
    board.kill();
    assert_eq!(board.since(HERON), Some(10 - 54));
}

#[test]
fn what_flaps_costs_so_many_records_in_an_hour() {
    let mut board = Board::well(ONE);
    board.alerts(A, &[alert("Down", "heron", 10, 60)]);
    let before = board.records();
    for n in 0..45 {
        let millis = 11 * MIN + n * 60_000;
        board.pass_to(millis);
        board.alerts(A, &[alert("Down", "heron", 10, 11 + n)]);
        board.pass_to(millis + 20_000);
        board.alerts(A, &[alert("Down", "heron", 11 + n, 80)]);
    }
    let most = 2 * usize::from(crate::limits::PAUSES_HOUR) + 1;
    assert!(board.records() - before <= most, "{}", board.records() - before);
}

/// A weak link fires at -80, and until it is better than -70.
fn hysteresis() -> String {
    ruled(&format!("{WEAK}\toption clear '-70dBm'\n"))
}

#[test]
fn a_rule_that_fired_goes_on_between_its_limits_after_a_restart() {
    for (name, restart) in [KILL, STOP, RELOAD, POWER_CUT] {
        let mut board = Board::well(&hysteresis());
        sample(&mut board, -90, 0);
        assert_eq!(board.state(NORTH), State::Outage);
        board.quiet(12);
        restart(&mut board);
        let minute = board.minute() + 1;
        board.quiet(minute);
        sample(&mut board, -75, 0);
        assert_eq!(board.state(NORTH), State::Outage, "{name}");
        board.quiet(minute + 2);
        sample(&mut board, -60, 0);
        assert_eq!(board.state(NORTH), State::Operational, "{name}");
        // It has ended, and the journal knows that.
        board.compact();
        restart(&mut board);
        let minute = board.minute() + 1;
        board.quiet(minute);
        sample(&mut board, -75, 0);
        assert_eq!(board.state(NORTH), State::Operational, "{name}");
    }
}

#[test]
fn a_rule_whose_samples_stopped_goes_on_between_its_limits() {
    let mut board = Board::well(&hysteresis());
    sample(&mut board, -90, 0);
    board.quiet(60);
    assert_eq!(board.reason(NORTH), Finding::SamplesStopped);
    sample(&mut board, -75, 0);
    assert_eq!(board.state(NORTH), State::Outage);
}

#[test]
fn a_rule_that_flaps_costs_the_flash_two_records_an_hour() {
    let mut board = Board::well(&hysteresis());
    let before = board.records();
    for minute in 11..(11 + 4 * 60) {
        board.quiet(minute);
        sample(&mut board, if minute % 2 == 0 { -90 } else { -60 }, 0);
    }
    let of_rules = board.records_of(crate::journal::kinds::RULE);
    assert!((6..=10).contains(&of_rules), "{of_rules} of {}", board.records() - before);
    // What waited is written when its time has come, though nothing else happens.
    let minute = board.minute() + 1;
    board.quiet(minute);
    sample(&mut board, -60, 0);
    board.quiet(minute + 70);
    board.kill();
    board.quiet(minute + 71);
    sample(&mut board, -75, 0);
    assert_eq!(board.state(NORTH), State::Operational);
}

#[test]
fn a_rule_with_one_limit_writes_nothing() {
    let mut board = Board::well(&ruled(WEAK));
    sample(&mut board, -90, 0);
    assert_eq!(board.state(NORTH), State::Outage);
    board.compact();
    assert_eq!(board.records_of(crate::journal::kinds::RULE), 0);
}

/// A line of a series of its own.
fn series(board: &mut Board, name: &str, signal: i64, ago: i64) {
    let line = line(board, signal, ago).replace("host=n", &format!("host=n,station={name}"));
    board.lines(A, Precision::Secs, &line);
}

/// Whichever of its series comes first.
#[test]
fn a_rule_that_fired_goes_on_after_a_restart_though_a_series_that_is_well_comes_first() {
    for (name, restart) in [KILL, STOP, RELOAD, POWER_CUT] {
        let mut board = Board::well(&hysteresis());
        series(&mut board, "a", -60, 0);
        series(&mut board, "b", -90, 0);
        assert_eq!(board.state(NORTH), State::Outage);
        restart(&mut board);
        for _ in 0..8 {
            let minute = board.minute() + 1;
            board.quiet(minute);
            series(&mut board, "a", -60, 0);
            assert_ne!(board.state(NORTH), State::Operational, "{name}");
            series(&mut board, "b", -75, 0);
            assert_eq!(board.state(NORTH), State::Outage, "{name}");
        }
        series(&mut board, "b", -60, 0);
        assert_eq!(board.state(NORTH), State::Operational, "{name}");
    }
}

#[test]
fn a_rule_that_fired_is_well_after_a_restart_when_all_that_comes_is() {
    let mut board = Board::well(&hysteresis());
    sample(&mut board, -90, 0);
    board.kill();
    let minute = board.minute();
    for later in 1..4 {
        board.quiet(minute + later);
        sample(&mut board, -60, 0);
    }
    assert_eq!(board.state(NORTH), State::Operational);
}

#[test]
fn a_rule_with_another_limit_is_another_rule() {
    let mut board = Board::well(&hysteresis());
    sample(&mut board, -90, 0);
    board.set_text(&hysteresis().replace("-80dBm", "-95dBm"));
    board.kill();
    let minute = board.minute() + 1;
    board.quiet(minute);
    sample(&mut board, -90, 0);
    assert_eq!(board.state(NORTH), State::Operational);
}

/// What was heard of a source whose tokens were taken away, is not known: its thief may have said
/// it.
#[test]
fn a_source_that_was_revoked_has_said_nothing() {
    let text = owed() + ruled(WEAK).strip_prefix(ONE).unwrap();
    let mut board = Board::well(&text);
    board.beat(HeartbeatId(0), true);
    sample(&mut board, -90, 0);
    assert_eq!((board.state(HERON), board.state(NORTH)), (State::Outage, State::Outage));
    board.forget(A);
    for restart in [|_: &mut Board| (), Board::kill] {
        restart(&mut board);
        for _ in 0..3 {
            let minute = board.minute() + 10;
            board.quiet(minute);
            assert_eq!((board.state(HERON), board.state(NORTH)), (State::NoData, State::NoData));
        }
    }
}
