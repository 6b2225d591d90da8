//! Clocks that are wrong or not set, and one beginning wherever it is told.

use super::*;

#[test]
fn f8a_a_start_that_is_later_than_the_end_is_no_end() {
    for starts in [20, 70, 2 * DAY, YEAR] {
        let mut board = Board::well(ONE);
        for minute in 11..=15 {
            board.quiet(minute);
            board.alerts(A, &[alert("AntennaDown", "heron", starts, minute + 4)]);
            assert_eq!(board.state(HERON), State::Outage, "{starts}: {minute}");
        }
        // Its end stands still: it is over.
        for minute in 16..=20 {
            board.quiet(minute);
            board.alerts(A, &[alert("AntennaDown", "heron", starts, 16)]);
        }
        assert_eq!(board.state(HERON), State::Operational, "{starts}");
    }
}

/// Two maintenances are planned, and an incident is over.
fn with_plans() -> Board {
    let mut board = hooked();
    board.quiet(20);
    board.hook(A, &[over(9, 20)]);
    board.quiet(30);
    maintain(&mut board, DAY, DAY + 120, Repeat::Weekly);
    maintain(&mut board, 10 * DAY, 10 * DAY + 120, Repeat::Once);
    assert_eq!((board.planned(), board.troubles().len()), (2, 1));
    board
}

#[test]
fn f8b_a_clock_that_is_years_ahead_for_an_hour_takes_nothing_away() {
    let mut board = with_plans();
    board.set_clock(Some(7 * YEAR * MIN));
    board.quiet(30 + 7 * 60);
    board.set_clock(Some(0));
    board.quiet(30 + 8 * 60);
    assert_eq!((board.planned(), board.troubles().len()), (2, 1));
    board.kill();
    assert_eq!((board.planned(), board.troubles().len()), (2, 1));
    // The same, but it starts like that.
    let mut board = with_plans();
    board.cut_power_and_set_clock(1, Some(7 * YEAR * MIN));
    board.quiet(30 + 7 * 60);
    board.set_clock(Some(0));
    board.quiet(30 + 8 * 60);
    assert_eq!((board.planned(), board.troubles().len()), (2, 1));
}

/// The clock began where it was when the power was cut, or far ahead, and is set a while later.
#[test]
fn f1_a_clock_that_is_set_after_a_restart_decides_what_was_left() {
    let mut board = hooked();
    board.cut_power_and_set_clock(200, Some(-200 * MIN));
    assert_eq!(board.state(HERON), State::Outage);
    board.quiet(212);
    board.set_clock(Some(0));
    board.quiet(LAPSES - 1);
    assert_eq!(board.state(HERON), State::Outage);
    board.quiet(LAPSES + 1);
    assert_eq!(board.reason(HERON), Finding::Lapsed);

    let mut board = hooked();
    board.cut_power_and_set_clock(5, Some(10 * 60 * MIN));
    assert_eq!(board.reason(HERON), Finding::Lapsed);
    board.quiet(17);
    board.set_clock(Some(0));
    assert_eq!(board.state(HERON), State::Outage);
    board.quiet(LAPSES + 1);
    assert_eq!(board.reason(HERON), Finding::Lapsed);
}

/// What came before the clock was set is dated, and said to have begun when its sender says.
#[test]
fn x1_what_was_told_before_the_clock_was_set_has_its_beginning_after_a_restart() {
    let mut board = Board::well(ONE);
    board.cut_power_and_set_clock(1, None);
    board.alerts(A, &[alert("AntennaDown", "heron", 2, 20)]);
    board.quiet(13);
    board.set_clock(Some(0));
    board.alerts(A, &[alert("AntennaDown", "heron", 2, 20)]);
    board.quiet(15);
    assert_eq!(board.tells(HERON), (State::Outage, Some(2)));
    board.kill();
    assert_eq!(board.since(HERON), Some(2));
}

#[test]
fn f8b_no_time_is_told_that_is_later_than_now() {
    let mut board = Board::well(ONE);
    board.cut_power_and_set_clock(1, Some(7 * YEAR * MIN));
    board.quiet(30);
    board.hook(A, &[hook("AntennaDown", "heron", 7 * YEAR + 30, None)]);
    board.quiet(40);
    board.set_clock(Some(0));
    board.quiet(60);
    let later = |board: &Board| {
        let mut times = board.troubles().iter().map(|it| it.began).collect::<Vec<_>>();
        times.push(board.since(HERON));
        times.into_iter().flatten().any(|at| at > board.minute())
    };
    assert_eq!((board.state(HERON), board.troubles().len()), (State::Outage, 1));
    assert!(!later(&board));
    board.kill();
    assert!(!later(&board));
}

#[test]
fn fx1_a_restart_tells_what_was_told_before() {
    let began = 2 * DAY - 1;
    for (name, restart) in [KILL, STOP, POWER_CUT, RELOAD] {
        let mut board = hooked();
        board.quiet(20);
        board.hook(A, &[over(9, 20)]);
        board.quiet(2 * DAY);
        board.hook(A, &[down(began)]);
        board.quiet(2 * DAY + 10);
        let before = board.troubles();
        assert_eq!(board.tells(HERON), (State::Outage, Some(began)));
        restart(&mut board);
        assert_eq!(board.tells(HERON), (State::Outage, Some(began)), "{name}");
        assert_eq!(board.troubles(), before, "{name}");
    }
}

#[test]
fn fx1_a_restart_tells_the_beginning_of_a_trouble_that_began_with_another_alert() {
    for (name, restart) in [KILL, STOP, POWER_CUT, RELOAD] {
        let mut board = hooked();
        board.quiet(30);
        board.hook(A, &[hook("Other", "heron", 29, None)]);
        board.quiet(40);
        board.hook(A, &[over(9, 40)]);
        board.quiet(60);
        assert_eq!(board.tells(HERON), (State::Outage, Some(9)), "it was never well");
        restart(&mut board);
        assert_eq!(board.tells(HERON), (State::Outage, Some(9)), "{name}");
    }
}

#[test]
fn fx1_a_restart_tells_the_beginning_of_what_is_not_known() {
    let mut board = hooked();
    board.quiet(LAPSES + 60);
    assert_eq!(board.since(HERON), Some(9));
    board.kill();
    assert_eq!(board.since(HERON), Some(9));
}

#[test]
fn fx1_a_restart_remembers_no_trouble_that_is_over() {
    let mut board = hooked();
    board.quiet(20);
    board.hook(A, &[over(9, 20)]);
    board.quiet(DAY);
    board.kill();
    assert_eq!(board.tells(HERON), (State::NoData, None), "since the restart, nothing is known");
    board.alive();
    board.quiet(DAY + 10);
    assert_eq!(board.state(HERON), State::Operational);
}

#[test]
fn fx1_a_restart_within_settle_calls_nothing_down_that_its_sender_has_ended() {
    for waits in [0, 1, 3] {
        let mut board = hooked();
        board.quiet(20);
        board.hook(A, &[over(9, 20)]);
        board.quiet(20 + waits);
        assert_eq!(board.headline(), "Everything works");
        board.kill();
        assert_ne!(board.headline(), "Something is down", "{waits}");
        board.alive();
        board.quiet(40);
        assert_eq!((board.state(HERON), board.headline().as_str()), (State::Operational, "Everything works"));
        // What is not over is as it was.
        board.hook(A, &[down(40)]);
        board.kill();
        assert_eq!(board.headline(), "Something is down");
    }
}

#[test]
fn fx2_a_time_is_told_as_it_was_given_however_the_clock_trembles() {
    let mut board = Board::well(ONE);
    board.hook(A, &[down(9)]);
    let told: Vec<_> = [0, -1, 1, -300, 300, 0]
        .into_iter()
        .map(|wrong| {
            board.set_clock(Some(wrong));
            board.since(HERON)
        })
        .collect();
    assert_eq!(told, [Some(9); 6]);
}

#[test]
fn fx3_an_incident_began_when_its_component_went_down() {
    // It is heard of three minutes late.
    let mut board = Board::well(ONE);
    board.quiet(12);
    board.alerts(A, &[alert("AntennaDown", "heron", 9, 16)]);
    assert_eq!(board.since(HERON), Some(9));
    assert_eq!(board.troubles()[0].began, Some(9));
    // It begins in a maintenance, and outlasts it.
    let mut board = Board::well(ONE);
    maintain(&mut board, 20, 60, Repeat::Once);
    board.quiet(30);
    board.hook(A, &[down(30)]);
    assert_eq!(board.troubles(), []);
    board.quiet(70);
    assert_eq!(board.since(HERON), Some(30));
    assert_eq!(board.troubles()[0].began, Some(30));
}

#[test]
fn fx3_an_incident_ended_when_its_component_was_well() {
    let mut board = hooked();
    board.quiet(20);
    board.hook(A, &[over(9, 20)]);
    board.quiet(40);
    assert_eq!(board.tells(HERON), (State::Operational, Some(20)));
    assert_eq!(board.troubles()[0].ended, Some(20));
}

#[test]
fn fntp_what_is_planned_is_told_before_the_clock_is_set() {
    let mut board = with_plans();
    board.cut_power_and_set_clock(1, None);
    assert_eq!(board.planned(), 2);
    board.set_clock(Some(0));
    assert_eq!(board.planned(), 2);
}

/// The clock was hours ahead for twenty minutes. Whether a trouble began before, meanwhile or
/// after, a restart tells of it since it began.
#[test]
fn f8b_a_clock_that_was_hours_ahead_leaves_no_wrong_date_for_a_restart() {
    let (from, until) = (20, 40);
    for ahead in [90, 5 * 60, 30 * 60] {
        for starts in [15, 30, 45] {
            for (repeats, end) in [(false, 60), (false, 500), (true, 60)] {
                let mut board = Board::well(ONE);
                let shift = |minute: i64| if (from..until).contains(&minute) { ahead } else { 0 };
                for minute in 11..=end {
                    board.quiet(minute);
                    if minute == from || minute == until {
                        board.set_clock(Some(shift(minute) * MIN));
                    }
                    // The sender has the same clock.
                    let (began, now) = (starts + shift(starts), minute + shift(minute));
                    if repeats && minute >= starts {
                        board.alerts(A, &[alert("AntennaDown", "heron", began, now + 4)]);
                    } else if minute == starts {
                        board.hook(A, &[down(began)]);
                    }
                }
                let names = format!("{ahead} {starts} {end} {repeats}");
                let lapsed = !repeats && end - starts > 270;
                let state = if lapsed { State::NoData } else { State::Outage };
                assert_eq!(board.tells(HERON), (state, Some(starts)), "{names}");
                board.kill();
                assert_eq!(board.since(HERON), Some(starts), "{names}");
                assert_eq!(board.troubles()[0].began, Some(starts), "{names}");
            }
        }
    }
}
