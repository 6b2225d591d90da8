//! What nobody ends, or ends too late: alerts, overflows, promises, old news.

use super::*;

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

#[test]
fn f15_old_news_is_known_for_such_though_the_alert_was_never_held() {
    let mut board = Board::well(ONE);
    board.hook(A, &[over(9, 10)]);
    board.quiet(11);
    board.hook(A, &[down(9)]);
    assert_eq!(board.state(HERON), State::Operational);
    // Later it is news.
    board.quiet(13);
    board.hook(A, &[down(9)]);
    assert_eq!(board.state(HERON), State::Outage);
}

/// What was never held otherwise takes no room from what was: not in the store, nor on flash.
#[test]
fn ends_that_are_remembered_leave_room() {
    let mut board = Board::well(ONE);
    let before = board.records();
    let ends: Vec<_> = (0..3000).map(|n| hook(&format!("Over{n}"), "egret", 9, Some(10))).collect();
    board.hook(A, &ends);
    assert_eq!(board.engine.alerts().len(), ALERTS / 2);
    board.compact();
    assert!(board.records() <= before + 2, "{} {before}", board.records());
}

/// A sender of many alerts makes no operator end another one.
#[test]
fn two_alerts_have_no_number_in_common() {
    let mut board = hooked();
    board.hook(A, &[hook("Second", "heron", 9, None)]);
    board.engine.alerts.number_from(u16::MAX - 1);
    for n in 0..4 {
        board.hook(A, &[hook(&format!("Down{n}"), "egret", 9, None)]);
    }
    let numbers: Vec<_> = board.engine.alerts().iter().map(|held| held.number).collect();
    assert_eq!(numbers, [1, 2, u16::MAX, 3, 4, 5]);
}
