//! Signs of life that are owed: on time, late, failed, and never heard.

use super::*;
use crate::engine::heartbeats::Pulse;
use crate::limits::HEARTBEATS;
use crate::model::HeartbeatId;

const BACKUP: HeartbeatId = HeartbeatId(0);
const SYNC: HeartbeatId = HeartbeatId(1);

/// Two heartbeats of one component, of a source that says nothing else.
fn owed() -> String {
    ONE.to_string()
        + "config component 'files'
	option service 'wifi'
config heartbeat 'backup'
	option source 'a'
	option component 'files'
	option every '10m'
	option grace '2m'
config heartbeat 'sync'
	option source 'a'
	option component 'files'
	option every '20m'
	option severity 'warning'
"
}

const FILES: ComponentId = ComponentId(2);

fn beat(sim: &mut Sim, id: HeartbeatId, failed: bool) {
    let now = sim.clocks();
    sim.engine.step(&sim.config, now, Input::Beat { id, failed });
}

fn files(sim: &Sim) -> (State, Reason) {
    let view = sim.engine.view(&sim.config, sim.clocks());
    let view = view.component(FILES);
    (view.state, view.reason)
}

#[test]
fn what_was_never_heard_is_not_known_and_what_is_late_is_out() {
    let mut sim = Sim::new(&owed());
    let unheard = (State::NoData, Reason::NeverHeard);
    assert_eq!(files(&sim), unheard);
    // However long it is.
    sim.at(24 * 60);
    assert_eq!(files(&sim), unheard);
    beat(&mut sim, BACKUP, false);
    assert_eq!(files(&sim), unheard, "one of two");
    beat(&mut sim, SYNC, false);
    assert_eq!(files(&sim).0, State::Operational, "at once: there is nothing to wait for");
    let start = 24 * 60;
    sim.at(start + 11);
    assert_eq!(files(&sim).0, State::Operational, "late, but within its grace");
    sim.at(start + 12);
    assert_eq!(files(&sim).0, State::Outage);
    let view = sim.engine.view(&sim.config, sim.clocks()).component(FILES);
    assert_eq!(view.since, Some(Mono((start + 10) * MIN)), "since it was due");
    assert_eq!(sim.engine.pulse(BACKUP), Pulse::Late { last: Mono(start * MIN) });
    beat(&mut sim, BACKUP, false);
    assert_eq!(files(&sim).0, State::Operational);
    // Of a late warning and a late outage, the outage.
    sim.at(start + 40);
    assert_eq!((files(&sim).0, sim.engine.counters().missed), (State::Outage, 3));
    beat(&mut sim, BACKUP, false);
    assert_eq!(files(&sim).0, State::Degraded);
}

#[test]
fn a_failure_lasts_until_the_next_success() {
    let mut sim = Sim::new(&owed());
    for id in [BACKUP, SYNC] {
        beat(&mut sim, id, false);
    }
    beat(&mut sim, BACKUP, true);
    assert_eq!(files(&sim).0, State::Outage);
    sim.at(5);
    beat(&mut sim, BACKUP, true);
    sim.at(16);
    assert_eq!((files(&sim).0, sim.engine.pulse(BACKUP).word()), (State::Outage, "failed"));
    sim.at(17);
    assert_eq!((files(&sim).0, sim.engine.pulse(BACKUP).word()), (State::Outage, "late"));
    beat(&mut sim, BACKUP, false);
    assert_eq!((files(&sim).0, sim.engine.counters().beats), (State::Operational, 5));
}

#[test]
fn a_component_with_other_feeders_needs_those_besides() {
    let text = owed()
        .replace("config component 'files'\n", "config component 'files'\n	list source 'a'\n")
        .replace("config service", "config source 'b'\n	option site 'home'\n	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000002'\nconfig service");
    let text = text.replace("	list publish 'summary'\n", "	list source 'b'\n");
    let text = text
        .replace("	list match 'alertname=EgretDown", "	list source 'b'\n	list match 'alertname=EgretDown");
    let mut sim = Sim::new(&text);
    for id in [BACKUP, SYNC] {
        beat(&mut sim, id, false);
    }
    assert_eq!(files(&sim), (State::NoData, Reason::Resync));
}

#[test]
fn a_reload_keeps_what_is_known() {
    let mut sim = Sim::new(&owed());
    for id in [BACKUP, SYNC] {
        beat(&mut sim, id, false);
    }
    beat(&mut sim, SYNC, true);
    assert_eq!(files(&sim).0, State::Degraded);
    // The other way round, and one more that was never heard of.
    let (head, tail) =
        owed().split_once("config heartbeat 'backup'").map(|(a, b)| (a.to_string(), b.to_string())).unwrap();
    let (backup, sync) = tail.split_once("config heartbeat 'sync'").unwrap();
    let other = format!("{head}config heartbeat 'sync'{sync}config heartbeat 'backup'{backup}");
    let new = load(&other);
    let now = sim.clocks();
    sim.engine.reconfigure(&sim.config, &new, now);
    sim.config = new;
    assert_eq!((sim.engine.pulse(HeartbeatId(0)).word(), files(&sim).0), ("failed", State::Degraded));
    beat(&mut sim, HeartbeatId(0), false);
    let settled = files(&sim);
    assert!(settled == (State::Operational, Reason::Reported) || settled == (State::NoData, Reason::Resync));
    sim.at(6);
    assert_eq!(files(&sim).0, State::Operational);
    let more = load(
        &(other
            + "config heartbeat 'third'\n	option source 'a'\n	option every '1h'\n	option component 'files'\n"),
    );
    let now = sim.clocks();
    sim.engine.reconfigure(&sim.config, &more, now);
    sim.config = more;
    assert_eq!(files(&sim).0, State::NoData);
}

#[test]
fn one_without_a_component_concerns_nobody() {
    let mut sim = Sim::new(&owed().replace("	option component 'files'\n", ""));
    beat(&mut sim, BACKUP, true);
    assert_eq!(sim.engine.pulse(BACKUP).word(), "failed");
    sim.at(4);
    beat(&mut sim, SYNC, false);
    sim.at(6);
    assert_eq!(files(&sim).0, State::Operational, "its source has been heard: sources feed it as ever");
    assert_eq!(HEARTBEATS, 64);
}
