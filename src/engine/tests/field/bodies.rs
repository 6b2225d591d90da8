//! Bodies that come slowly, and what cannot be read of them or finds no room.

use super::*;

fn huge(alert: &str) -> String {
    alert.replace(r#""labels":{"#, &format!(r#""labels":{{"x":"{}","#, "y".repeat(5000)))
}

fn body(alerts: &[String]) -> String {
    format!("{{\"alerts\":[{}]}}", alerts.join(","))
}

#[test]
fn a_clock_that_is_set_in_the_middle_of_a_body_shows_nothing_of_it() {
    let mut board = hooked();
    board.quiet(20);
    let (open, _) = board.post_slowly(A, Sender::Webhook, &body(&[over(9, 20)]));
    board.set_clock(Some(5_000));
    assert_eq!(board.state(HERON), State::Outage);
    board.hook(A, &[hook("Other", "heron", 20, None)]);
    board.close(open, End::WHOLE);
    assert_eq!(board.tells(HERON), (State::Outage, Some(9)));
}

#[test]
fn the_end_of_one_body_shows_nothing_of_another_though_the_clock_was_set() {
    let mut board = hooked();
    board.hook(A, &[hook("Other", "heron", 9, None)]);
    board.quiet(20);
    let (one, _) = board.post_slowly(A, Sender::Webhook, &body(&[over(9, 20)]));
    board.set_clock(Some(5_000));
    let ends = hook("Other", "heron", 9, Some(20));
    let (two, _) = board.post_slowly(A, Sender::Webhook, &body(&[ends]));
    board.close(one, End::WHOLE);
    assert_eq!(board.state(HERON), State::Outage);
    board.close(two, End::WHOLE);
    assert_eq!(board.state(HERON), State::Operational);
}

#[test]
fn a_body_that_a_reload_cuts_keeps_nothing_back() {
    let mut board = hooked();
    board.quiet(20);
    let (open, _) = board.post_slowly(A, Sender::Webhook, &body(&[over(9, 20)]));
    board.reload();
    board.close(open, End::WHOLE);
    board.quiet(40);
    assert_eq!(board.state(HERON), State::Operational);
    board.hook(A, &[down(40)]);
    board.hook(A, &[over(40, 41)]);
    assert_eq!(board.state(HERON), State::Operational);
}

#[test]
fn a_beginning_that_cannot_be_read_is_one() {
    let mut board = Board::well(ONE);
    let starts = format!("\"startsAt\":\"{}\"", time(9));
    let bad = alert("AntennaDown", "heron", 9, 9).replace(&starts, "\"startsAt\":\"garbage\"");
    board.quiet(12);
    assert_eq!(board.post(A, Sender::Repeating, &format!("[{bad}]")), 1);
    assert_eq!(board.reason(HERON), Finding::Unreadable);
}

#[test]
fn a_short_outage_mark_lasts_no_longer_than_its_own_time() {
    let mut board = Board::well(&two());
    let starts = format!("\"startsAt\":\"{}\"", time(9));
    let bad = down(9).replace(&starts, "\"startsAt\":\"garbage\"");
    assert_eq!(board.post(A, Sender::Webhook, &body(&[bad])), 1);
    assert_eq!(board.reason(HERON), Finding::Unreadable);
    board.quiet(12);
    board.alerts(B, &[huge(&alert("AntennaDown", "heron", 11, 16))]);
    assert_eq!(board.state(HERON), State::Outage);
    for minute in [30, 100, 250] {
        board.quiet(minute);
        assert_eq!(board.reason(HERON), Finding::Unreadable, "{minute}");
    }
    board.quiet(300);
    assert_eq!(board.state(HERON), State::Operational);
}

#[test]
fn what_is_too_large_is_no_worse_than_if_it_were_not() {
    for large in [false, true] {
        let mut board = Board::well(ONE);
        board.quiet(12);
        let over = alert("AntennaDown", "heron", 8, 11);
        board.alerts(A, &[if large { huge(&over) } else { over }]);
        assert_eq!(board.state(HERON), State::NoData, "{large}");
    }
}

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
