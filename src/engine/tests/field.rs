//! What senders, people and power cuts were seen to do in the field.
//!
//! The number in a name is the row in the table of issue 13, Truth. Where the program is wrong
//! today, the test says what it does, and right above it what it should do.

use super::*;
use crate::incidents::Action;
use crate::ingest::line::Precision;
use crate::model::{HeartbeatId, Phase, Repeat, ServiceId, Words};
use board::Board;

mod board;
mod bodies;
mod restarts;

/// How a run ends, and the next begins; or how it goes on.
type Restart = (&'static str, fn(&mut Board));

const KILL: Restart = ("kill", Board::kill);
const STOP: Restart = ("stop", Board::stop);
const RELOAD: Restart = ("reload", Board::reload);
const POWER_CUT: Restart = ("power cut", |board| board.cut_power(10));

const DAY: i64 = 24 * 60;
const YEAR: i64 = 365 * DAY;
/// How long a webhook may take to repeat an alert, and when one that came at ten is no longer
/// known.
const LAPSES: i64 = 10 + 270;

fn down(starts: i64) -> String {
    hook("AntennaDown", "heron", starts, None)
}

/// One without times, but for those that are added.
fn untimed(more: &str) -> String {
    let labels = r#""alertname":"AntennaDown","component":"heron","service":"wifi","severity":"critical""#;
    format!("{{\"labels\":{{{labels}}}{more}}}")
}

fn over(starts: i64, ends: i64) -> String {
    hook("AntennaDown", "heron", starts, Some(ends))
}

/// The heron fires at ten, by a webhook.
fn hooked() -> Board {
    let mut board = Board::well(ONE);
    board.hook(A, &[down(9)]);
    assert_eq!(board.tells(HERON), (State::Outage, Some(9)));
    board
}

fn maintain(board: &mut Board, starts: i64, ends: i64, repeat: Repeat) {
    board.act(Action::Maintain {
        service: ServiceId(0),
        component: None,
        starts: Wall(NOON + starts * MIN),
        ends: Wall(NOON + ends * MIN),
        repeat,
        words: Words::None,
    });
}

// ---- 1: alerts that nobody ends -----------------------------------------------------------------

#[test]
fn f1_what_a_webhook_does_not_repeat_is_no_longer_known_and_never_well_by_itself() {
    let mut board = hooked();
    board.quiet(LAPSES - 1);
    assert_eq!(board.state(HERON), State::Outage);
    for minute in [LAPSES, LAPSES + 1, 2 * DAY] {
        board.quiet(minute);
        assert_eq!((board.state(HERON), board.reason(HERON)), (State::NoData, Finding::Lapsed));
        assert_eq!(board.since(HERON), Some(9));
    }
}

/// It came before the clock was known, so its record has no date; the clock is known from the next
/// minute on.
#[test]
fn f1_a_life_without_a_date_is_granted_once_and_dated() {
    let mut board = Board::well(ONE);
    board.cut_power_and_set_clock(1, None);
    board.hook(A, &[down(9)]);
    board.quiet(12);
    board.set_clock(Some(0));
    for minute in [60, 120, 180] {
        board.quiet(minute);
        board.kill();
        assert_eq!(board.state(HERON), State::Outage, "{minute}");
    }
    board.quiet(LAPSES + 3);
    assert_eq!(board.reason(HERON), Finding::Lapsed, "no restart makes it longer");
}

/// An annotation says how bad it is, and that is nothing any more.
#[test]
fn f1_what_says_that_nothing_is_wrong_has_ended() {
    let severity = |severity: &str| {
        let down = down(9).replace(r#","severity":"critical""#, "");
        down.replace(r#""annotations":{"#, &format!(r#""annotations":{{"severity":"{severity}""#))
    };
    let mut board = Board::well(ONE);
    board.hook(A, &[severity("critical")]);
    assert_eq!(board.state(HERON), State::Outage);
    board.hook(A, &[severity("info")]);
    assert_eq!(board.state(HERON), State::Operational);
}

/// What moved a claim elsewhere counts, though the part that it moved to is gone.
#[test]
fn f1_a_claim_that_moved_does_not_come_back_where_it_was() {
    let text = ONE.replace(
        "config component 'egret'",
        "config component 'gull'\n\toption service 'wifi'\n\tlist match 'summary~*gull*'\nconfig component 'egret'",
    );
    let moves = |summary: &str| {
        let nobody = down(9).replace(r#""component":"heron","#, "");
        nobody.replace(r#""annotations":{"#, &format!(r#""annotations":{{"summary":"{summary}""#))
    };
    let mut board = Board::well(&text);
    board.hook(A, &[moves("the egret fell")]);
    board.hook(A, &[moves("the gull fell")]);
    board.set_text(ONE);
    board.kill();
    board.quiet(40);
    assert_eq!(board.state(EGRET), State::Operational);
}

/// A webhook's alert is told again after hours, so what found no room is not known for hours.
#[test]
fn a_short_refusal_does_not_shorten_a_long_one() {
    let mut board = Board::well(&two());
    let huge =
        |alert: String| alert.replace(r#""labels":{"#, &format!(r#""labels":{{"x":"{}","#, "y".repeat(5000)));
    board.hook(A, &[huge(down(9))]);
    assert_ne!(board.state(HERON), State::Operational);
    board.quiet(11);
    board.alerts(B, &[huge(alert("AntennaDown", "heron", 9, 12))]);
    for minute in [30, 200] {
        board.quiet(minute);
        assert_ne!(board.state(HERON), State::Operational, "{minute}");
    }
}

#[test]
fn f1_a_person_can_end_what_no_sender_ends() {
    // While it fires, and when it is no longer known.
    for at in [60, LAPSES + 60] {
        let mut board = hooked();
        board.quiet(at);
        board.release(HERON);
        for minute in [at + 1, at + 269] {
            board.quiet(minute);
            assert_eq!(board.reason(HERON), Finding::TeamSaysOver, "{at}");
            assert!(board.page().contains("The team says that it is over"), "{at}");
        }
        // Its source is alive and does not say it again.
        board.quiet(at + 270 + 20);
        assert_eq!(board.reason(HERON), Finding::Well, "{at}");
        board.pass_to((at + 400) * MIN);
        assert_eq!(board.state(HERON), State::NoData, "{at}: and now nobody is alive");
    }
}

#[test]
fn f1_what_a_person_ended_is_not_red_again_after_a_restart() {
    for (name, restart) in [KILL, STOP, POWER_CUT, RELOAD] {
        let mut board = hooked();
        board.quiet(60);
        board.release(HERON);
        restart(&mut board);
        board.quiet(90);
        assert_eq!(board.reason(HERON), Finding::TeamSaysOver, "{name}");
    }
}

#[test]
fn f1_what_a_person_ended_fires_again_when_its_sender_says_it_again() {
    // With the start that it had, or another.
    for starts in [9, 61] {
        let mut board = hooked();
        board.quiet(60);
        board.release(HERON);
        board.quiet(61);
        board.hook(A, &[down(starts)]);
        assert_eq!(board.state(HERON), State::Outage, "{starts}");
    }
}

#[test]
fn f1_a_restart_grants_an_alert_what_was_left_of_its_life() {
    for (name, restart) in [KILL, STOP, POWER_CUT, RELOAD] {
        let mut board = hooked();
        board.quiet(210);
        restart(&mut board);
        board.quiet(LAPSES - 1);
        assert_eq!(board.tells(HERON), (State::Outage, Some(9)), "{name}");
        board.quiet(LAPSES + 1);
        assert_eq!(board.state(HERON), State::NoData, "{name}");
        board.quiet(500);
        assert_eq!(board.tells(HERON), (State::NoData, Some(9)), "{name}");
    }
}

#[test]
fn f1_what_was_no_longer_known_before_a_restart_is_not_known_after_it() {
    let mut board = hooked();
    board.quiet(LAPSES + 60);
    board.kill();
    assert_eq!(board.state(HERON), State::NoData);
    board.quiet(LAPSES + 120);
    assert_eq!(board.state(HERON), State::NoData);
}

#[test]
fn f1_restarts_every_four_hours_make_nothing_red_for_a_day() {
    let mut board = hooked();
    let mut red = 0;
    for minute in (20..DAY).step_by(10) {
        board.quiet(minute);
        if minute % 240 == 0 {
            board.kill();
        }
        red += 10 * i64::from(board.state(HERON) == State::Outage);
    }
    assert!(red < 300, "{red} minutes");
}

#[test]
fn f1_without_a_clock_a_restart_grants_the_whole_life_once() {
    let mut board = hooked();
    board.quiet(200);
    board.cut_power_and_set_clock(10, None);
    board.quiet(210 + 269);
    assert_eq!(board.state(HERON), State::Outage);
    board.quiet(210 + 271);
    assert_eq!(board.state(HERON), State::NoData);
    // A second start without a clock: nobody knows how long ago that was.
    let mut board = hooked();
    board.quiet(200);
    board.cut_power_and_set_clock(10, None);
    board.quiet(220);
    board.cut_power_and_set_clock(10, None);
    assert_eq!(board.state(HERON), State::NoData);
    // When the clock comes, it decides.
    let mut board = hooked();
    board.quiet(200);
    board.cut_power_and_set_clock(10, None);
    board.quiet(220);
    board.set_clock(Some(0));
    board.quiet(LAPSES - 1);
    assert_eq!(board.state(HERON), State::Outage);
    board.quiet(LAPSES + 1);
    assert_eq!(board.state(HERON), State::NoData);
}

// ---- 2, 3: words that are not knowledge ---------------------------------------------------------

/// The same alert with an annotation, as Grafana adds it.
fn reasoned(alert: &str, reason: &str) -> String {
    let annotations = format!("\"annotations\":{{\"grafana_state_reason\":\"{reason}\"}}");
    alert.replace("\"annotations\":{}", &annotations)
}

#[test]
fn f2_resolved_since_nobody_looked_is_not_well() {
    for reason in ["MissingSeries", "NoData", "Error", "Paused", "RuleDeleted"] {
        let mut board = hooked();
        board.quiet(20);
        board.hook(A, &[reasoned(&over(9, 20), reason)]);
        assert_eq!(board.reason(HERON), Finding::SenderCannotTell, "{reason}");
        board.quiet(60);
        assert_eq!(board.reason(HERON), Finding::SenderCannotTell, "{reason}");
        // Somebody has looked.
        board.hook(A, &[down(60)]);
        assert_eq!(board.state(HERON), State::Outage, "{reason}");
        board.hook(A, &[over(60, 60)]);
        assert_eq!(board.state(HERON), State::Operational, "{reason}");
    }
}

#[test]
fn f2_resolved_since_nobody_looked_is_not_well_by_whichever_path() {
    for reason in ["MissingSeries", "NoData", "Error"] {
        let annotation = format!("\"annotations\":{{\"grafana_state_reason\":\"{reason}\",");
        let mut board = Board::well(ONE);
        board.alerts(A, &[alert("AntennaDown", "heron", 9, 14)]);
        board.quiet(12);
        let over = alert("AntennaDown", "heron", 9, 12).replace("\"annotations\":{", &annotation);
        board.alerts(A, &[over]);
        assert_eq!(board.reason(HERON), Finding::SenderCannotTell, "{reason}");
        // Nobody has looked for an hour, either.
        board.quiet(72);
        assert_eq!(board.reason(HERON), Finding::SenderCannotTell, "{reason}");
        board.release(HERON);
        board.quiet(100);
        assert_eq!(board.state(HERON), State::Operational, "{reason}");
    }
}

#[test]
fn f2_a_plain_resolved_is_well() {
    let mut board = hooked();
    board.quiet(20);
    board.hook(A, &[over(9, 20)]);
    assert_eq!(board.state(HERON), State::Operational);
    board.hook(A, &[down(20)]);
    board.hook(A, &[reasoned(&over(20, 20), "")]);
    assert_eq!(board.state(HERON), State::Operational);
}

#[test]
fn f3_an_alert_that_says_that_there_is_no_data_is_no_outage() {
    for name in ["DatasourceNoData", "DatasourceError"] {
        let mut board = Board::well(ONE);
        board.hook(A, &[hook(name, "heron", 9, None)]);
        assert_eq!(board.reason(HERON), Finding::SenderCannotTell, "{name}");
        board.quiet(LAPSES + 1);
        assert_eq!(board.state(HERON), State::NoData, "{name}");
        board.hook(A, &[hook(name, "heron", 9, Some(280))]);
        assert_eq!(board.state(HERON), State::Operational, "{name}");
        // Grafana speaks to an Alertmanager as Prometheus does.
        board.alerts(A, &[alert(name, "heron", 281, 285)]);
        assert_eq!(board.reason(HERON), Finding::SenderCannotTell, "{name}");
    }
}

#[test]
fn f3_no_data_beside_an_outage_outlasts_it_and_does_not_hide_it() {
    let mut board = Board::well(ONE);
    board.hook(A, &[hook("DatasourceNoData", "heron", 9, None), down(9)]);
    assert_eq!(board.state(HERON), State::Outage);
    board.hook(A, &[over(9, 10)]);
    assert_eq!(board.reason(HERON), Finding::SenderCannotTell);
}

// ---- 4, 7: samples ------------------------------------------------------------------------------

const NORTH: ComponentId = ComponentId(2);

/// One rule with these options, of a component that only it tells of.
fn ruled(options: &str) -> String {
    ONE.to_string()
        + "config component 'north'
	option service 'wifi'
config rule 'r'
	option source 'a'
	option component 'north'
	option measurement 'wireless'
	option match 'host=n'
" + options
}

const WEAK: &str = "	option field 'signal'\n	option below '-80dBm'\n";
const SILENT: &str = "	option absent '2m'\n";

/// A line that was measured so many seconds ago.
fn line(board: &Board, signal: i64, ago: i64) -> String {
    format!("wireless,host=n signal={signal} {}\n", (NOON + board.millis()) / 1000 - ago)
}

fn sample(board: &mut Board, signal: i64, ago: i64) {
    let line = line(board, signal, ago);
    board.lines(A, Precision::Secs, &line);
}

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

// ---- 8: clocks that are wrong -------------------------------------------------------------------

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

// ---- 10: malformed alerts -----------------------------------------------------------------------

#[test]
fn f10_a_malformed_alert_marks_what_its_readable_labels_lead_to() {
    let whole = alert("EgretDown", "egret", 0, 5);
    let with = |from: &str, to: &str| whole.replacen(from, to, 1);
    let bodies = [
        with("\"labels\":{", "\"labels\":{\"\":\"x\","),
        with("\"labels\":{", "\"labels\":{\"n\":5,"),
        with("\"annotations\":{", "\"annotations\":{\"n\":5,"),
        with("\"startsAt\":\"", "\"startsAt\":\"yesterday, "),
        with("\"endsAt\":\"", "\"endsAt\":\"soon, "),
        with("\"startsAt\":\"", "\"startsAt\":5,\"x\":\""),
    ];
    let text = ONE.replace("\tlist token", "\toption resync '0s'\n\tlist token");
    for body in bodies {
        let mut board = Board::new(&text);
        let bad = board.post(A, Sender::Repeating, &format!("[{},{body}]", alert("X", "heron", 0, 5)));
        assert_eq!((bad, board.state(HERON)), (1, State::Outage), "{body}");
        // Nobody can tell whether it fires.
        assert_eq!(board.reason(EGRET), Finding::Unreadable, "{body}");
        // Not for ever.
        board.quiet(30);
        assert_eq!(board.state(EGRET), State::Operational, "{body}");
    }
}

#[test]
fn f10_a_malformed_alert_of_a_webhook_marks_for_as_long_as_it_may_take_to_repeat_it() {
    let whole = hook("EgretDown", "egret", 0, None);
    let text = ONE.replace("\tlist token", "\toption resync '0s'\n\tlist token");
    for (from, to) in [("\"firing\"", "\"burning\""), ("\"labels\":{", "\"labels\":{\"\":\"x\",")] {
        let mut board = Board::new(&text);
        let body = whole.replacen(from, to, 1);
        let body = format!("{{\"alerts\":[{body}],\"version\":\"4\"}}");
        assert_eq!(board.post(A, Sender::Webhook, &body), 1);
        assert_eq!(board.state(HERON), State::Operational);
        assert_eq!(board.reason(EGRET), Finding::Unreadable, "{from}");
        board.quiet(200);
        assert_eq!(board.reason(EGRET), Finding::Unreadable, "{from}");
    }
}

/// As a whole one would say it: nothing is wrong. The alert that it should end stays as it is.
#[test]
fn f10_a_malformed_or_too_large_alert_that_is_over_marks_nothing() {
    let text = ONE.replace("\tlist token", "\toption resync '0s'\n\tlist token");
    let bad = |whole: &str| whole.replacen("\"labels\":{", "\"labels\":{\"n\":5,", 1);
    let labels = (0..200).fold(String::new(), |all, n| all + &format!(",\"z{n}\":\"x\""));
    let large = |whole: &str| whole.replacen("\"critical\"", &format!("\"critical\"{labels}"), 1);
    let bare = |ends: i64| {
        alert("EgretDown", "egret", 0, ends).replace(&format!("\"startsAt\":\"{}\",", time(0)), "")
    };
    let ended = hook("EgretDown", "egret", 0, Some(5));
    for (sender, over) in [
        (Sender::Repeating, bad(&bare(5))),
        (Sender::Repeating, large(&bare(5))),
        (Sender::Repeating, bad(&alert("EgretDown", "egret", 5, 5))),
        (Sender::Webhook, bad(&ended)),
        (Sender::Webhook, large(&ended)),
        (Sender::Webhook, bad(&bare(5))),
    ] {
        let mut board = Board::new(&text);
        board.quiet(10);
        board.post(A, sender, &format!("[{},{over}]", alert("X", "heron", 9, 15)));
        assert_eq!((board.state(HERON), board.reason(EGRET)), (State::Outage, Finding::Well), "{over}");
    }
    // Nobody has looked; or it may be our clock, as with a whole one that was never heard before.
    let unseen = ended.replace("\"annotations\":{", "\"annotations\":{\"grafana_state_reason\":\"NoData\"");
    let doubtful = alert("EgretDown", "egret", 0, 5);
    for (sender, over, why) in [
        (Sender::Webhook, bad(&unseen), Finding::SenderCannotTell),
        (Sender::Repeating, bad(&doubtful), Finding::Unreadable),
    ] {
        let mut board = Board::new(&text);
        board.quiet(10);
        board.post(A, sender, &format!("[{},{over}]", alert("X", "heron", 9, 15)));
        assert_eq!(board.reason(EGRET), why, "{over}");
    }
    // What it says of an alert that is held is read as its next word.
    let mut board = Board::new(&text);
    board.quiet(10);
    board.alerts(A, &[alert("EgretDown", "egret", 9, 14)]);
    board.quiet(11);
    let end = alert("EgretDown", "egret", 9, 10);
    board.alerts(
        A,
        &[alert("X", "heron", 9, 15), end.replacen("\"annotations\":{", "\"annotations\":{\"n\":5,", 1)],
    );
    assert_eq!(board.state(EGRET), State::Outage);
    board.alerts(A, &[end]);
    assert_eq!(board.reason(EGRET), Finding::Well);
    // Of two that are alike in what is read of them, the end of one is not that of the other.
    let mut board = Board::new(&text);
    board.quiet(10);
    board.post(A, Sender::Webhook, &format!("[{}]", large(&hook("EgretDown", "egret", 0, None))));
    board.post(
        A,
        Sender::Webhook,
        &format!("[{}]", large(&ended).replace("\"z199\":\"x\"", "\"z199\":\"y\"")),
    );
    assert_eq!(board.state(EGRET), State::Outage);
}

// ---- 11: ends that were never ahead -------------------------------------------------------------

/// What a script says at minute 10 and each minute from then on: it ends so many minutes ahead of
/// now.
fn scripted(board: &mut Board, starts: Option<i64>, ahead: i64) -> Vec<State> {
    (10..=16)
        .map(|minute| {
            board.quiet(minute);
            let now = alert("AntennaDown", "heron", starts.unwrap_or_default(), minute + ahead);
            let bare = format!("\"startsAt\":\"{}\",", time(0));
            board.alerts(A, &[if starts.is_none() { now.replace(&bare, "") } else { now }]);
            board.state(HERON)
        })
        .collect()
}

#[test]
fn f11_an_end_without_a_start_that_is_not_ahead_is_over() {
    for ahead in [0, -1, -10] {
        let mut board = Board::well(ONE);
        let states = scripted(&mut board, None, ahead);
        assert_eq!(states, [State::Operational; 7], "{ahead}");
        board.quiet(17);
        assert_eq!(board.state(HERON), State::Operational, "{ahead}");
        // So it ends what fired, too.
        let mut board = Board::well(ONE);
        board.alerts(A, &[untimed("")]);
        assert_eq!(board.state(HERON), State::Outage, "{ahead}");
        let states = scripted(&mut board, None, ahead);
        assert_eq!(states, [State::Operational; 7], "{ahead}");
    }
}

#[test]
fn f11_an_end_that_moves_and_was_never_ahead_is_not_known_by_a_clock_that_is_right() {
    for ahead in [0, -1, -10] {
        let mut board = Board::well(ONE);
        board.synchronise();
        let states = scripted(&mut board, Some(-30), ahead);
        assert_eq!(states, [State::NoData; 7], "{ahead}");
    }
}

#[test]
fn f11_an_end_that_moves_and_was_never_ahead_fires_while_no_clock_is_known_to_be_right() {
    for ahead in [0, -1, -10] {
        let mut board = Board::well(ONE);
        let states = scripted(&mut board, Some(-30), ahead);
        assert_eq!((states[0], &states[1..]), (State::NoData, &[State::Outage; 6][..]), "{ahead}");
    }
}

#[test]
fn f11_a_clock_of_ours_that_is_five_minutes_ahead_does_not_end_an_outage() {
    let mut board = Board::well(ONE);
    board.set_clock(Some(5 * MIN));
    let states = scripted(&mut board, Some(5), 4);
    assert_eq!((states[0], &states[1..]), (State::NoData, &[State::Outage; 6][..]));
}

#[test]
fn f11_what_a_prometheus_says_that_is_ten_minutes_slow_is_not_well() {
    for synchronised in [false, true] {
        let mut board = Board::well(ONE);
        if synchronised {
            board.synchronise();
        }
        let states = scripted(&mut board, Some(-5), 4 - 10);
        assert!(states.iter().all(|&state| state != State::Operational), "{states:?}");
    }
}

// ---- 13: a body is one change -------------------------------------------------------------------

#[test]
fn f13_the_order_within_a_body_does_not_matter() {
    for first in ["new", "old"] {
        let mut board = Board::well(ONE);
        for minute in 11..=16 {
            board.quiet(minute);
            let name = |minute: i64| format!("Value{minute}");
            let new = alert(&name(minute), "heron", minute, minute + 4);
            let old = alert(&name(minute - 1), "heron", minute - 1, minute);
            let mut body = if minute == 11 { std::vec![new] } else { std::vec![new, old] };
            if first == "old" {
                body.reverse();
            }
            board.alerts(A, &body);
            assert_eq!(board.state(HERON), State::Outage, "{first}");
        }
        assert_eq!(board.since(HERON), Some(11), "{first}");
        // One incident that goes on, and its beginning.
        let troubles = board.troubles();
        assert_eq!((troubles.len(), troubles[0].open, troubles[0].began), (1, true, Some(11)));
    }
}

#[test]
fn f13_a_body_by_a_webhook_is_one_change_too() {
    for first in ["new", "old"] {
        let mut board = hooked();
        board.quiet(20);
        let mut body = [hook("Other", "heron", 20, None), over(9, 20)];
        if first == "old" {
            body.reverse();
        }
        board.hook(A, &body);
        assert_eq!(board.tells(HERON), (State::Outage, Some(9)), "{first}");
    }
}

#[test]
fn f13_what_a_slow_body_makes_better_is_not_shown_by_another_one() {
    for between in ["another body", "time"] {
        let mut board = Board::well(&two());
        board.alerts(A, &[alert("Value10", "heron", 10, 14)]);
        board.alerts(B, &[alert("Other", "heron", 10, 14)]);
        board.quiet(12);
        let end = std::format!("[{}]", alert("Value10", "heron", 10, 12));
        let (slow, _) = board.post_slowly(A, Sender::Repeating, &end);
        if between == "time" {
            board.alerts(B, &[alert("Slow", "heron", 10, 16).replace("critical", "warning")]);
        }
        board.alerts(B, &[alert("Other", "heron", 10, 12)]);
        board.pass_to(12 * MIN + 30_000);
        assert_eq!(board.state(HERON), State::Outage, "{between}: its successor may be on the way");
        board.close(slow, End::WHOLE);
        let then = if between == "time" { State::Degraded } else { State::Operational };
        assert_eq!(board.state(HERON), then, "{between}");
    }
}

// ---- 15: old news -------------------------------------------------------------------------------

#[test]
fn f15_a_firing_of_what_its_source_has_just_ended_is_old_news() {
    for late in [1, 30, 119] {
        let mut board = hooked();
        board.quiet(20);
        board.hook(A, &[over(9, 20)]);
        board.pass_to(20 * MIN + late * 1000);
        // The other replica of an Alertmanager cluster, which has not heard of the end yet.
        board.hook(A, &[down(9)]);
        assert_eq!(board.state(HERON), State::Operational, "{late} s");
    }
}

/// Its source said that it concerns nobody, not that it is over.
#[test]
fn f15_what_concerned_nobody_for_a_moment_is_news_when_it_concerns_somebody() {
    let mut board = hooked();
    let nobody = down(9).replace(r#""annotations":{"#, r#""annotations":{"severity":"info""#);
    let nobody = nobody.replace(r#","severity":"critical""#, "");
    let told = |severity: &str| nobody.replace("info", severity);
    board.hook(A, &[over(9, 10), told("critical")]);
    assert_eq!(board.state(HERON), State::Outage);
    board.hook(A, &[told("info")]);
    assert_eq!(board.state(HERON), State::Operational);
    board.pass_to(10 * MIN + 30_000);
    board.hook(A, &[told("critical")]);
    assert_eq!(board.state(HERON), State::Outage);
}

#[test]
fn f15_a_firing_is_news_when_it_comes_later_or_began_anew() {
    // An alert that Alertmanager timed out has its old start when Prometheus says it again.
    for (late, starts) in [(180, 9), (30, 20), (1, 20)] {
        let mut board = hooked();
        board.quiet(20);
        board.hook(A, &[over(9, 20)]);
        board.pass_to(20 * MIN + late * 1000);
        board.hook(A, &[down(starts)]);
        assert_eq!(board.state(HERON), State::Outage, "{late} s");
    }
}

#[test]
fn f15_old_news_is_known_for_such_after_a_restart() {
    let mut board = hooked();
    board.quiet(20);
    board.hook(A, &[over(9, 20)]);
    board.pass_to(20 * MIN + 10_000);
    board.kill();
    board.pass_to(20 * MIN + 30_000);
    board.hook(A, &[down(9)]);
    assert_eq!(board.state(HERON), State::NoData, "it has just started");
}

// ---- 18, s3: each reason in its own words -------------------------------------------------------

/// What the page says of a component that nobody ever spoke of, or whose monitoring comes back.
const NEVER: &str = "has not reported since this page started";
const BACK: &str = "has just come back";

#[test]
fn f18_a_rule_that_never_heard_anything_says_so() {
    let mut board = Board::new(&ruled(WEAK));
    board.alive();
    board.quiet(20);
    assert_eq!((board.state(HERON), board.state(NORTH)), (State::Operational, State::NoData));
    assert!(board.page().contains(NEVER));
}

#[test]
fn f18_a_rule_that_fired_and_hears_nothing_more_was_heard() {
    let mut board = Board::new(&ruled(WEAK));
    board.alive();
    for minute in 1..=5 {
        board.quiet(minute);
        sample(&mut board, -95, 0);
    }
    assert_eq!(board.state(NORTH), State::Outage);
    board.quiet(20);
    assert_eq!(board.tells(NORTH), (State::NoData, Some(1)));
    assert!(!board.page().contains(NEVER));
    assert_eq!(board.reason(NORTH), Finding::SamplesStopped);
}

#[test]
fn fs3_what_a_webhook_leaves_out_is_told_as_that() {
    let mut board = Board::well(ONE);
    board.post(A, Sender::Webhook, r#"{"alerts":[],"truncatedAlerts":5,"version":"4"}"#);
    for minute in [11, 60, 270] {
        board.quiet(minute);
        assert_eq!((board.state(HERON), board.state(EGRET)), (State::NoData, State::NoData));
        assert!(!board.page().contains(BACK));
        assert_eq!(board.reason(HERON), Finding::LeftOut);
    }
    board.quiet(LAPSES);
    assert_eq!(board.state(HERON), State::Operational);
}

#[test]
fn fs3_what_could_not_be_written_down_is_told_as_that_after_a_restart() {
    let mut board = Board::well(ONE);
    // Its labels have a MAC address, and are on no flash.
    board.hook(A, &[down(9).replace("\"alertname\"", "\"station\":\"02:00:5e:10:00:01\",\"alertname\"")]);
    assert_eq!(board.state(HERON), State::Outage);
    board.kill();
    board.alive();
    for minute in [12, 60] {
        board.quiet(minute);
        assert_eq!(board.reason(HERON), Finding::NotOnFlash);
        assert!(!board.page().contains(BACK));
    }
}

// ---- 19, s4: trouble without an end -------------------------------------------------------------

/// As collectd's `threshold` says it of the egret.
fn collectd(board: &mut Board, severity: &str) {
    let time = time(board.minute());
    let ends = if severity == "OKAY" { format!(",\"endsAt\":\"{time}\"") } else { String::new() };
    let body = format!(
        "[{{\"labels\":{{\"alertname\":\"EgretDown\",\"severity\":\"{severity}\"}},\
         \"annotations\":{{}},\"startsAt\":\"{time}\"{ends}}}]"
    );
    board.post(A, Sender::Once, &body);
}

#[test]
fn f19_a_failure_that_collectd_never_takes_back_is_not_known_in_the_end() {
    for severity in ["FAILURE", "WARNING"] {
        let mut board = Board::well(ONE);
        collectd(&mut board, severity);
        let red = board.state(EGRET);
        assert!(red > State::NoData);
        board.quiet(LAPSES - 1);
        assert_eq!(board.state(EGRET), red);
        board.quiet(LAPSES + 1);
        assert_eq!(board.state(EGRET), State::NoData);
        board.kill();
        board.quiet(2 * DAY);
        assert_eq!(board.state(EGRET), State::NoData);
        collectd(&mut board, "OKAY");
        assert_eq!(board.state(EGRET), State::Operational);
    }
}

#[test]
fn f19_a_failure_that_collectd_repeats_lasts() {
    let mut board = Board::well(ONE);
    for minute in (10..2 * DAY).step_by(60) {
        board.quiet(minute);
        collectd(&mut board, "FAILURE");
        assert_eq!(board.state(EGRET), State::Outage);
    }
}

/// More alerts than are held.
fn many(resolved: Option<i64>) -> Vec<String> {
    (0..3000).map(|n| hook(&format!("Down{n}"), "egret", 9, resolved)).collect()
}

#[test]
fn fs4_a_group_that_overflowed_and_is_resolved_whole_is_over() {
    let mut board = Board::well(ONE);
    board.hook(A, &many(None));
    assert_eq!(board.state(EGRET), State::Outage);
    board.quiet(15);
    // A part of it says nothing of what found no room.
    board.hook(A, &many(Some(15))[..500]);
    assert_eq!(board.state(EGRET), State::Outage);
    board.quiet(20);
    board.hook(A, &many(Some(20)));
    board.quiet(40);
    assert_eq!(board.state(EGRET), State::Operational);
    board.quiet(LAPSES + 1);
    assert_eq!(board.state(EGRET), State::Operational);
}

/// Some of it is milder, and none of it finds room.
/// The journal says that there is more than it holds, and that there is no more.
#[test]
fn fs4_a_group_that_overflowed_and_ended_leaves_no_doubt_after_a_restart() {
    for (name, restart) in [KILL, STOP, POWER_CUT, RELOAD] {
        let mut board = Board::well(ONE);
        board.hook(A, &many(None));
        board.quiet(12);
        board.hook(A, &many(Some(12)));
        restart(&mut board);
        board.alive();
        board.quiet(30);
        assert_eq!(board.state(EGRET), State::Operational, "{name}");
        // What is lost anew is known to be lost.
        board.hook(A, &many(None));
        restart(&mut board);
        board.alive();
        board.quiet(60);
        assert_ne!(board.state(EGRET), State::Operational, "{name}");
    }
}

#[test]
fn what_was_lost_is_doubted_for_its_time_and_not_at_every_later_start() {
    let mut board = Board::well(ONE);
    board.post(A, Sender::Webhook, r#"{"alerts":[],"truncatedAlerts":5,"version":"4"}"#);
    assert_eq!(board.reason(HERON), Finding::LeftOut);
    board.quiet(60);
    board.kill();
    board.quiet(90);
    assert_eq!(board.reason(HERON), Finding::NotOnFlash);
    // All of the time in which it would have been said again has passed.
    board.quiet(60 + 270 + 2);
    assert_eq!(board.reason(HERON), Finding::Well);
    board.kill();
    board.quiet(60 + 270 + 30);
    assert_eq!(board.reason(HERON), Finding::Well);
}

#[test]
fn fs4_a_group_of_several_severities_that_overflowed_is_over_as_a_whole() {
    let mut board = Board::well(ONE);
    let others: Vec<_> = (0..1024).map(|n| hook(&format!("Down{n}"), "heron", 9, None)).collect();
    board.hook(A, &others);
    let group = |resolved: Option<i64>| {
        let bad = hook("Down", "egret", 9, resolved);
        let mild = hook("Slow", "egret", 9, resolved).replace("critical", "warning");
        [mild.clone(), bad, mild.replace("Slow", "Slower")]
    };
    board.hook(A, &group(None));
    assert_eq!(board.state(EGRET), State::Outage);
    board.quiet(20);
    board.hook(A, &group(Some(20)));
    assert_eq!(board.state(EGRET), State::Operational);
}

// ---- 22, 23: heartbeats over a restart ----------------------------------------------------------

const JOB: HeartbeatId = HeartbeatId(0);
const FILES: ComponentId = ComponentId(2);

/// A component that one heartbeat tells of.
fn owed(every: &str, grace: &str) -> String {
    ONE.to_string()
        + &format!(
            "config component 'files'
	option service 'wifi'
config heartbeat 'job'
	option source 'a'
	option component 'files'
	option every '{every}'
	option grace '{grace}'
"
        )
}

/// A job of every ten minutes failed at 20, and is late besides at 40.
fn failed_and_late() -> Board {
    let mut board = Board::new(&owed("10m", "5m"));
    board.beat(JOB, false);
    board.quiet(10);
    board.beat(JOB, false);
    board.quiet(20);
    board.beat(JOB, true);
    assert_eq!((board.tells(FILES), board.beat_word(JOB)), ((State::Outage, Some(20)), "failed"));
    board.quiet(40);
    board
}

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

// ---- 29, U1: what is told of the whole ----------------------------------------------------------

/// What the page says beside marks, and what it says when it cannot know.
const MARKED: &str = "about what is marked";
const PERHAPS: &str = "We cannot say whether it is your device";

#[test]
fn f29_a_source_on_which_nothing_hangs_makes_nothing_unknown() {
    // One of two replicas; a source that feeds nothing.
    let none = two().replace("	list source 'b'\n", "");
    for text in [two(), none] {
        let mut board = Board::well(&text);
        board.heard_until(40, &[A]);
        assert_eq!((board.state(HERON), board.state(EGRET)), (State::Operational, State::Operational));
        assert_eq!(board.headline(), "Everything works");
        assert!(!board.page().contains(MARKED));
        assert!(!board.page().contains(PERHAPS));
    }
    // When the other one falls silent, too, nothing is known.
    let mut board = Board::well(&two());
    board.heard_until(40, &[A]);
    board.pass_to(60 * MIN);
    assert_eq!((board.state(HERON), board.headline().as_str()), (State::NoData, "We do not know"));
}

#[test]
fn f29_a_heartbeat_that_is_missed_is_all_that_is_told_of_it() {
    // As README has it: who sends it is missed after 26 hours, as it is itself.
    let text = two()
        .replace(
            "source 'b'\n	option site 'home'",
            "source 'b'\n	option site 'home'\n	option silent_after '26h'",
        )
        .replace("	list source 'b'\n", "")
        + "config component 'backup'
	option service 'wifi'
config heartbeat 'nightly'
	option source 'b'
	option component 'backup'
	option every '24h'
	option grace '2h'
	option severity 'warning'
";
    let mut board = Board::well(&text);
    board.beat(JOB, false);
    board.heard_until(27 * 60, &[A]);
    assert_eq!((board.state(FILES), board.headline().as_str()), (State::Degraded, "Something works badly"));
    assert!(!board.page().contains(MARKED), "nothing is marked");
}

#[test]
fn fu1_the_headline_is_never_better_than_an_incident_below_it() {
    // Each component has a source of its own.
    let text = two().replacen("	list source 'b'\n", "", 1);
    let last = text.rfind("	list source 'a'\n").unwrap();
    let text = text[..last].to_string() + &text[last + "	list source 'a'\n".len()..];
    // What the other one says of the egret, and the headline once the heron's source is silent.
    for severity in ["ok", "warning"] {
        let mut board = Board::well(&text);
        let egret = |board: &mut Board, minute: i64| {
            let egret = alert("EgretDown", "egret", 11, minute + 4);
            board.alerts(B, &[egret.replace("critical", severity)]);
        };
        for minute in 11..=15 {
            board.heard_until(minute, &[]);
            board.alerts(A, &[alert("AntennaDown", "heron", 11, minute + 4)]);
            egret(&mut board, minute);
        }
        board.update(Phase::Identified);
        assert_eq!(board.headline(), "Something is down");
        for minute in 16..=34 {
            board.heard_until(minute, &[]);
            egret(&mut board, minute);
            assert!(board.page().contains("Down · trouble since"), "{minute}");
            if minute >= 20 {
                assert_eq!(board.state(HERON), State::NoData);
                assert_eq!(board.headline(), "Something is down", "{minute}");
            }
        }
        // From then on, it tells that nobody knows any more.
        board.heard_until(36, &[]);
        egret(&mut board, 36);
        assert!(!board.page().contains("Down · trouble since"), "{}", board.page());
    }
}

#[test]
fn u1_a_service_without_parts_is_not_known_to_be_well() {
    let mut board = Board::well(&(ONE.to_string() + "config service 'vpn'\n\toption site 'home'\n"));
    board.quiet(20);
    assert_eq!(board.headline(), "We do not know everything");
}

/// A person says that it is over while it is not. Then it is, and soon after that it is not.
#[test]
fn u1_new_trouble_after_a_person_ended_the_old_one_is_told() {
    for silent in [false, true] {
        let mut board = hooked();
        if silent {
            // Nobody knows when the person says so.
            board.quiet(LAPSES + 20);
        }
        board.update(Phase::Resolved);
        let minute = board.minute();
        board.hook(A, &[over(9, minute)]);
        board.quiet(minute + 1);
        assert_eq!(board.state(HERON), State::Operational);
        board.hook(A, &[down(minute + 1)]);
        board.quiet(minute + 3);
        let trouble = board.troubles()[0];
        assert!(trouble.open, "{trouble:?}");
        assert!(!board.page().contains("The team says that it is over"), "{}", board.page());
        assert_eq!(board.since(HERON), Some(minute + 1));
        board.kill();
        assert_eq!(board.since(HERON), Some(minute + 1));
    }
}

// ---- 34: promises without a bound ---------------------------------------------------------------

#[test]
fn f34_no_promise_is_believed_for_longer_than_a_day() {
    for ends in ["2099-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2099-01-01T00:00:00+14:00"] {
        for starts in [Some(time(9)), None, Some("0001-01-01T00:00:00Z".to_string())] {
            let starts = starts.map_or(String::new(), |starts| format!("\"startsAt\":\"{starts}\","));
            let one = untimed(&format!(",{starts}\"endsAt\":\"{ends}\""));
            let mut board = Board::well(ONE);
            board.alerts(A, std::slice::from_ref(&one));
            board.quiet(60);
            assert_eq!(board.state(HERON), State::Outage, "{one}");
            board.quiet(10 + DAY + 5);
            assert_eq!(board.state(HERON), State::NoData, "{one}");
            // Its source was heard for 15 minutes without it.
            board.quiet(10 + DAY + 30);
            assert_eq!(board.state(HERON), State::Operational, "{one}");
        }
    }
}

#[test]
fn f34_who_promises_too_much_and_repeats_it_keeps_firing() {
    let mut board = Board::well(ONE);
    for minute in (10..2 * DAY).step_by(60) {
        board.quiet(minute);
        board.alerts(A, &[untimed(",\"endsAt\":\"2099-01-01T00:00:00Z\"")]);
        assert_eq!(board.state(HERON), State::Outage, "{minute}");
    }
}

// ---- X1, X2, X3: one beginning, wherever it is told ---------------------------------------------

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

// ---- ntp ----------------------------------------------------------------------------------------

#[test]
fn fntp_what_is_planned_is_told_before_the_clock_is_set() {
    let mut board = with_plans();
    board.cut_power_and_set_clock(1, None);
    assert_eq!(board.planned(), 2);
    board.set_clock(Some(0));
    assert_eq!(board.planned(), 2);
}
