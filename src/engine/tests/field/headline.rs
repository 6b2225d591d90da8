//! What is told of the whole.

use super::*;

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
