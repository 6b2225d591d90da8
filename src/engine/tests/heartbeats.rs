//! Signs of life that are owed: on time, late, failed, and never heard.

use super::*;
use crate::engine::heartbeats::{BEAT, HeartbeatState};
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

fn files(sim: &Sim) -> Finding {
    sim.engine.view(&sim.config, sim.clocks()).component(FILES).finding
}

#[test]
fn what_was_never_heard_is_not_known_and_what_is_late_is_out() {
    let mut sim = Sim::new(&owed());
    let unheard = Finding::NotDueYet;
    assert_eq!(files(&sim), unheard);
    sim.at(11);
    assert_eq!(files(&sim), unheard);
    // It had the time to come.
    sim.at(12);
    assert_eq!((files(&sim).state(), sim.engine.heartbeat(BACKUP).word()), (State::Outage, "late"));
    assert_eq!(sim.engine.heartbeat(BACKUP).last(), None);
    let view = sim.engine.view(&sim.config, sim.clocks()).component(FILES);
    assert_eq!(view.since, Some(At::Mono(Mono(10 * MIN))));
    sim.at(24 * 60);
    beat(&mut sim, SYNC, false);
    assert_eq!(files(&sim).state(), State::Outage);
    let mut sim = Sim::new(&owed());
    sim.at(10);
    beat(&mut sim, BACKUP, false);
    assert_eq!(files(&sim), unheard, "one of two");
    beat(&mut sim, SYNC, false);
    assert_eq!(files(&sim).state(), State::Operational, "at once: there is nothing to wait for");
    let start = 10;
    sim.at(start + 11);
    assert_eq!(files(&sim).state(), State::Operational, "late, but within its grace");
    sim.at(start + 12);
    assert_eq!(files(&sim).state(), State::Outage);
    let view = sim.engine.view(&sim.config, sim.clocks()).component(FILES);
    assert_eq!(view.since, Some(At::Mono(Mono((start + 10) * MIN))), "since it was due");
    assert_eq!(sim.engine.heartbeat(BACKUP), HeartbeatState::Late { last: Mono(start * MIN), failed: false });
    beat(&mut sim, BACKUP, false);
    assert_eq!(files(&sim).state(), State::Operational);
    // Of a late warning and a late outage, the outage.
    sim.at(start + 40);
    assert_eq!((files(&sim).state(), sim.engine.counters().missed), (State::Outage, 3));
    beat(&mut sim, BACKUP, false);
    assert_eq!(files(&sim).state(), State::Degraded);
}

#[test]
fn a_failure_lasts_until_the_next_success() {
    let mut sim = Sim::new(&owed());
    for id in [BACKUP, SYNC] {
        beat(&mut sim, id, false);
    }
    beat(&mut sim, BACKUP, true);
    assert_eq!(files(&sim).state(), State::Outage);
    sim.at(5);
    beat(&mut sim, BACKUP, true);
    sim.at(16);
    assert_eq!((files(&sim).state(), sim.engine.heartbeat(BACKUP).word()), (State::Outage, "failed"));
    // Late besides, it has not forgotten that it failed.
    sim.at(17);
    assert_eq!((files(&sim).state(), sim.engine.heartbeat(BACKUP).word()), (State::Outage, "failed"));
    beat(&mut sim, BACKUP, false);
    assert_eq!((files(&sim).state(), sim.engine.counters().beats), (State::Operational, 5));
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
    assert_eq!(files(&sim), Finding::Settling);
}

#[test]
fn a_reload_keeps_what_is_known() {
    let mut sim = Sim::new(&owed());
    for id in [BACKUP, SYNC] {
        beat(&mut sim, id, false);
    }
    beat(&mut sim, SYNC, true);
    assert_eq!(files(&sim).state(), State::Degraded);
    // The other way round, and one more that was never heard of.
    let (head, tail) =
        owed().split_once("config heartbeat 'backup'").map(|(a, b)| (a.to_string(), b.to_string())).unwrap();
    let (backup, sync) = tail.split_once("config heartbeat 'sync'").unwrap();
    let other = format!("{head}config heartbeat 'sync'{sync}config heartbeat 'backup'{backup}");
    let new = load(&other);
    let now = sim.clocks();
    sim.engine.reconfigure(&sim.config, &new, now);
    sim.config = new;
    assert_eq!(
        (sim.engine.heartbeat(HeartbeatId(0)).word(), files(&sim).state()),
        ("failed", State::Degraded)
    );
    beat(&mut sim, HeartbeatId(0), false);
    let settled = files(&sim);
    assert!(matches!(settled, Finding::Well | Finding::Settling));
    sim.at(6);
    assert_eq!(files(&sim).state(), State::Operational);
    let more = load(
        &(other
            + "config heartbeat 'third'\n	option source 'a'\n	option every '1h'\n	option component 'files'\n"),
    );
    let now = sim.clocks();
    sim.engine.reconfigure(&sim.config, &more, now);
    sim.config = more;
    assert_eq!(files(&sim).state(), State::NoData);
}

#[test]
fn one_without_a_component_concerns_nobody() {
    let mut sim = Sim::new(&owed().replace("	option component 'files'\n", ""));
    beat(&mut sim, BACKUP, true);
    assert_eq!(sim.engine.heartbeat(BACKUP).word(), "failed");
    sim.at(4);
    beat(&mut sim, SYNC, false);
    sim.at(6);
    assert_eq!(files(&sim).state(), State::Operational, "its source has been heard: sources feed it as ever");
    assert_eq!(HEARTBEATS, 64);
}

// ---- over a restart -----------------------------------------------------------------------------

/// A nightly job, and one of every hour.
fn nightly() -> String {
    owed()
        .replace("every '10m'\n\toption grace '2m'", "every '24h'\n\toption grace '2h'")
        .replace("'20m'", "'1h'")
}

const HOUR: i64 = 60;

fn known(sim: &Sim) -> (&'static str, &'static str) {
    (sim.engine.heartbeat(BACKUP).word(), sim.engine.heartbeat(SYNC).word())
}

/// What a step wrote, and what a clean stop writes besides.
fn stopped(sim: &mut Sim) -> Vec<(u8, Vec<u8>)> {
    let mut records = Vec::new();
    let now = sim.clocks();
    sim.engine.flush_uptime(&sim.config, now, &mut |kind, payload| records.push((kind, payload.to_vec())));
    records
}

fn after(sim: &mut Sim, minutes: i64, records: &[(u8, Vec<u8>)]) -> Sim {
    let mut next = restart(sim, &nightly(), records);
    next.ahead = next.ahead.map(|ahead| ahead + minutes * MIN);
    let now = next.clocks();
    next.engine.restored(&next.config, now);
    next
}

/// Beats as the shell does it: what must be is written at once.
fn heard(sim: &mut Sim, id: HeartbeatId, failed: bool) -> Vec<(u8, Vec<u8>)> {
    let now = sim.clocks();
    sim.engine.step(&sim.config, now, Input::Beat { id, failed });
    records(sim)
}

#[test]
fn a_nightly_job_is_known_after_a_power_cut() {
    let mut sim = Sim::new(&nightly());
    sim.at(HOUR);
    let written = heard(&mut sim, BACKUP, false);
    assert_eq!((written.len(), written[0].1.len()), (1, 13));
    assert!(heard(&mut sim, SYNC, false).is_empty(), "what comes every hour comes soon enough");
    sim.at(20 * HOUR);
    let mut next = after(&mut sim, 10, &written);
    assert_eq!(known(&next), ("on time", "not heard yet"));
    beat(&mut next, SYNC, false);
    assert_eq!(files(&next).state(), State::Operational);
    // Due 24 hours after it came, and late two later: not two after we came back.
    for hour in 1..=6 {
        next.at(hour * HOUR);
        beat(&mut next, SYNC, false);
    }
    assert_eq!((known(&next).0, files(&next).state()), ("on time", State::Operational));
    next.at(7 * HOUR);
    beat(&mut next, SYNC, false);
    assert_eq!((known(&next).0, files(&next).state()), ("late", State::Outage));
}

#[test]
fn what_is_not_sure_after_a_restart_is_not_well() {
    let mut sim = Sim::new(&nightly());
    sim.at(HOUR);
    let well = heard(&mut sim, BACKUP, false);
    // It became due while we were away: it may have come.
    let next = after(&mut sim, 26 * HOUR, &well);
    assert_eq!((known(&next).0, files(&next)), ("not heard yet", Finding::NotDueYet));
    // By a clock that is behind what was written, nothing is known.
    let next = after(&mut sim, -2 * HOUR, &well);
    assert_eq!(known(&next).0, "not heard yet");
    // It had failed: at once on flash, though something had been written just before.
    let failed = heard(&mut sim, BACKUP, true);
    assert_eq!(failed.len(), 1);
    let next = after(&mut sim, HOUR, &[well.clone(), failed.clone()].concat());
    assert_eq!((known(&next).0, files(&next).state()), ("failed", State::Outage));
    // And it was late when we stopped.
    sim.at(60 * HOUR);
    let late = stopped(&mut sim);
    let next = after(&mut sim, HOUR, &[well, failed, late].concat());
    assert_eq!((known(&next).0, files(&next).state()), ("failed", State::Outage));
    // A name that there is no more takes nothing along; nor does half a record.
    let mut other = Sim::new(&nightly().replace("'backup'", "'other'"));
    let now = other.clocks();
    let (kind, payload) = stopped(&mut sim).pop().unwrap_or((BEAT, [0; 13].to_vec()));
    assert!(other.engine.restore(&other.config, now, kind, &payload));
    assert!(!other.engine.restore(&other.config, now, BEAT, &payload[..12]));
    assert_eq!(known(&other).0, "not heard yet");
}

/// A board without a clock of its own begins where it stopped; NTP says later that a day and more
/// went by.
#[test]
fn a_clock_that_is_set_right_late_makes_nothing_well_that_is_not_known() {
    let mut sim = Sim::new(&nightly());
    sim.at(HOUR);
    let well = heard(&mut sim, BACKUP, false);
    let mut next = after(&mut sim, 10, &well);
    beat(&mut next, SYNC, false);
    assert_eq!((known(&next).0, files(&next).state()), ("on time", State::Operational));
    let ahead = next.ahead;
    next.ahead = ahead.map(|ahead| ahead + 30 * HOUR * MIN);
    next.at(20);
    beat(&mut next, SYNC, false);
    assert_eq!((known(&next).0, files(&next).state()), ("not heard yet", State::NoData));
    // And back; but not when it comes itself, nor when we have waited for it in vain.
    next.ahead = ahead;
    next.at(21);
    assert_eq!(known(&next).0, "on time");
    beat(&mut next, BACKUP, false);
    next.ahead = ahead.map(|ahead| ahead + 30 * HOUR * MIN);
    next.at(22);
    assert_eq!(known(&next).0, "on time");
    let mut next = after(&mut sim, 30 * HOUR, &well);
    next.at(26 * HOUR + 1);
    assert_eq!(known(&next).0, "late");
    next.ahead = next.ahead.map(|ahead| ahead - 50 * HOUR * MIN);
    next.at(26 * HOUR + 2);
    assert_eq!(known(&next).0, "late");
}

#[test]
fn a_clean_stop_remembers_all_of_them_and_a_snapshot_too() {
    let mut sim = Sim::new(&nightly());
    sim.at(HOUR);
    heard(&mut sim, BACKUP, false);
    heard(&mut sim, SYNC, false);
    let mut all = Vec::new();
    let now = sim.clocks();
    sim.engine
        .snapshot(&sim.config, now, SourceSet::ALL, &mut |kind, payload| all.push((kind, payload.to_vec())));
    let beats = |records: &[(u8, Vec<u8>)]| records.iter().filter(|(kind, _)| *kind == BEAT).count();
    assert_eq!(beats(&all), 2);
    let all = stopped(&mut sim);
    assert_eq!(beats(&all), 1, "the other one is written already");
    let next = after(&mut sim, 30, &all);
    assert_eq!(known(&next).1, "on time");
    assert_eq!(beats(&stopped(&mut sim)), 0);
}

#[test]
fn without_a_clock_it_is_known_once_that_is_set() {
    let mut sim = Sim::new(&nightly());
    sim.at(HOUR);
    let written = heard(&mut sim, BACKUP, false);
    let without_a_clock = |sim: &mut Sim| {
        let ahead = sim.ahead.take();
        let next = restart(sim, &nightly(), &written);
        sim.ahead = ahead;
        next
    };
    let mut next = without_a_clock(&mut sim);
    next.at(5);
    assert_eq!((known(&next).0, files(&next).state()), ("clock not set", State::NoData));
    beat(&mut next, SYNC, false);
    assert_eq!(files(&next).state(), State::NoData);
    next.ahead = sim.ahead.map(|ahead| ahead + sim.now.0);
    next.at(6);
    next.alive();
    assert_eq!((known(&next).0, files(&next).state()), ("on time", State::Operational));
    // Never set, it is late when it had the time to come, and what is not dated is not written.
    let mut next = without_a_clock(&mut sim);
    assert!(heard(&mut next, SYNC, false).is_empty());
    next.at(26 * HOUR);
    assert_eq!(known(&next).0, "late");
}

/// Each restart would else open an incident for each nightly job, 15 minutes later.
#[test]
fn what_has_not_had_the_time_to_come_opens_no_incident() {
    let opened = |text: &str, minutes: i64| {
        let mut sim = Sim::new(&nightly());
        beat(&mut sim, BACKUP, false);
        beat(&mut sim, SYNC, false);
        sim.at(30);
        // Of it, something is known from before.
        let all = stopped(&mut sim);
        let past: Vec<_> = all.into_iter().filter(|(kind, _)| *kind != BEAT).collect();
        let mut next = restart(&mut sim, text, &past);
        let now = next.clocks();
        next.engine.restored(&next.config, now);
        next.quiet_until(minutes);
        assert_ne!(files(&next).state(), State::Operational);
        next.engine.incidents().counters().opened
    };
    let text = nightly().replace("option every '1h'", "option every '12h'");
    assert_eq!(opened(&text, 23 * HOUR), 0);
    assert_eq!(opened(&text, 26 * HOUR), 1, "late is late");
    // With a rule that hears nothing besides, it is not a matter of patience.
    let ruled = format!(
        "{text}config rule 'silent'\n\toption source 'a'\n\toption component 'files'\n\toption measurement 'm'\n\toption absent '5m'\n"
    );
    assert_eq!(opened(&ruled, 20), 1);
}

/// The journal was written anew while it was right; what it says then is what the journal has.
#[test]
fn a_failure_after_the_journal_was_written_anew_is_not_forgotten() {
    let mut sim = Sim::new(&nightly());
    heard(&mut sim, BACKUP, true);
    sim.at(10);
    heard(&mut sim, BACKUP, false);
    let mut written = Vec::new();
    let now = sim.clocks();
    sim.engine.snapshot(&sim.config, now, SourceSet::EMPTY, &mut |kind, payload| {
        written.push((kind, payload.to_vec()));
    });
    sim.engine.wrote_all(SourceSet::EMPTY, now);
    sim.at(20);
    written.extend(heard(&mut sim, BACKUP, true));
    sim.at(30);
    assert_eq!(known(&after(&mut sim, 5, &written)).0, "failed");
}

/// It was on time before the start, is late since, and the clock moves a little.
#[test]
fn a_clock_that_moves_makes_no_late_heartbeat_well() {
    let mut sim = Sim::new(&nightly());
    let written = heard(&mut sim, BACKUP, false);
    sim.at(20 * HOUR);
    let mut next = after(&mut sim, 1, &written);
    next.at(7 * HOUR);
    assert_eq!(known(&next).0, "late");
    next.ahead = next.ahead.map(|ahead| ahead + MIN);
    let now = next.clocks();
    next.engine.step(&next.config, now, Input::Pass);
    assert_eq!(known(&next).0, "late");
}

/// An hourly one came twice; the second is in no record, since the power goes before the history is
/// written.
#[test]
fn what_may_have_come_without_a_record_is_not_late_after_a_power_cut() {
    let mut sim = Sim::new(&nightly());
    let written = heard(&mut sim, SYNC, true);
    sim.at(HOUR);
    let written = [written, heard(&mut sim, SYNC, false)].concat();
    sim.at(2 * HOUR);
    assert!(heard(&mut sim, SYNC, false).is_empty());
    sim.at(2 * HOUR + 5);
    let mut next = after(&mut sim, 5, &written);
    assert_eq!(known(&next).1, "not heard yet");
    for minute in 1..60 {
        next.at(minute);
        assert!(files(&next).state() <= State::NoData, "{minute}");
    }
}

/// What comes every hour is in the journal with the history, on time; then it fails, and the power
/// goes.
#[test]
fn a_failure_of_what_comes_often_is_not_forgotten_either() {
    let mut sim = Sim::new(&nightly());
    sim.at(HOUR);
    heard(&mut sim, SYNC, false);
    let mut written = stopped(&mut sim);
    sim.at(HOUR + 10);
    written.extend(heard(&mut sim, SYNC, true));
    let next = after(&mut sim, 5, &written);
    assert_eq!(known(&next).1, "failed");
    // What flaps costs the flash two records in half of its time, and two more at first.
    let mut cost = 0;
    for minute in 1..60 {
        sim.at(HOUR + 10 + minute);
        cost += heard(&mut sim, SYNC, minute % 2 == 0).len();
    }
    assert_eq!(cost, 4);
}
