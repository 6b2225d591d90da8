//! What a message means: an end, an outage, or that nobody can tell, each in its words.

use super::*;

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

/// What the page says of a component that nobody ever spoke of, or whose monitoring was just heard.
const NEVER: &str = "has not reported since this page started";
const SETTLING: &str = "has not reported everything yet";

#[test]
fn who_is_heard_for_the_first_time_is_not_said_to_come_back() {
    let mut board = Board::new(ONE);
    let told = |board: &Board| {
        let page = board.page();
        assert_eq!(board.reason(HERON), Finding::Settling);
        assert!(page.contains(SETTLING) && !page.contains(" back"), "{page}");
    };
    board.hear(&[A]);
    told(&board);
    // The same words are true when it was silent before, and after a restart.
    board.quiet(10);
    assert!(!board.page().contains(SETTLING));
    board.heard_until(60, &[]);
    assert_eq!(board.reason(HERON), Finding::Silent);
    board.hear(&[A]);
    told(&board);
    board.kill();
    board.hear(&[A]);
    told(&board);
}

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
        assert!(!board.page().contains(SETTLING));
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
        assert!(!board.page().contains(SETTLING));
    }
}
