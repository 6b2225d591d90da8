//! What senders, people and power cuts were seen to do in the field.
//!
//! A number in a name is that of the report from the field that the test came from.

use super::*;
use crate::incidents::Action;
use crate::ingest::line::Precision;
use crate::model::{HeartbeatId, Phase, Repeat, ServiceId, Words};
use board::Board;

mod board;
mod bodies;
mod clocks;
mod endings;
mod headline;
mod meanings;
mod owed;
mod restarts;
mod samples;

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
