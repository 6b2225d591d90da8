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
