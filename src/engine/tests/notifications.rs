//! collectd's notifications: said once, they last until they are resolved, through restarts, too.

use super::*;

/// What `threshold` says of the egret now. In 5.12 the severity is a label.
fn says(sim: &mut Sim, severity: &str) -> Vec<Verdict> {
    let time = time(sim.now.0 / MIN);
    let ends = if severity == "OKAY" { format!(",\"endsAt\":\"{time}\"") } else { String::new() };
    sim.post(
        A,
        Sender::Once,
        &format!(
            "[{{\"labels\":{{\"alertname\":\"EgretDown\",\"instance\":\"egret\",\"severity\":\"{severity}\",\
             \"service\":\"collectd\"}},\"annotations\":{{\"summary\":\"x\"}},\"startsAt\":\"{time}\"{ends}}}]"
        ),
    )
}

#[test]
fn a_failure_lasts_for_as_long_as_it_may_take_to_repeat_it_and_is_not_known_then() {
    let mut sim = Sim::well(ONE);
    assert_eq!(says(&mut sim, "FAILURE"), [Verdict::Firing]);
    // For amtool it has an end that can be written.
    let (now, alerts) = (sim.clocks(), sim.engine.alerts());
    let ends = alerts.get(0).and_then(|held| held.listed(now)?.ends_at).unwrap();
    assert_eq!(ends, Wall(now.wall.unwrap().0 + 270 * MIN));
    sim.quiet_until(10 + 269);
    assert_eq!((sim.state(EGRET), sim.since(EGRET)), (State::Outage, Some(10)));
    sim.quiet_until(3 * 24 * 60);
    assert_eq!((sim.reason(EGRET), sim.since(EGRET)), (Finding::Lapsed, Some(10)));
    assert_eq!(says(&mut sim, "OKAY"), [Verdict::Resolved]);
    assert_eq!(sim.state(EGRET), State::Operational);
    // Said again, and of what never failed.
    assert_eq!(says(&mut sim, "OKAY"), [Verdict::Resolved]);
    assert_eq!((sim.state(EGRET), sim.engine.alerts().counting_all()), (State::Operational, 0));
}

#[test]
fn it_ends_without_a_clock_too() {
    let mut sim = Sim::well(ONE);
    sim.ahead = None;
    says(&mut sim, "WARNING");
    assert_eq!(sim.state(EGRET), State::Degraded);
    says(&mut sim, "OKAY");
    assert_eq!(sim.state(EGRET), State::Operational);
}

#[test]
fn a_warning_that_becomes_a_failure_is_one_alert_that_got_worse() {
    let mut sim = Sim::well(ONE);
    let mut written = Vec::new();
    for (severity, state) in
        [("WARNING", State::Degraded), ("FAILURE", State::Outage), ("WARNING", State::Degraded)]
    {
        says(&mut sim, severity);
        assert_eq!((sim.state(EGRET), sim.engine.alerts().len()), (state, 1), "{severity}");
        written.push(record(&mut sim));
        // Said again at each interval (`Persist true`), it costs the flash nothing.
        says(&mut sim, severity);
        assert!(!sim.engine.has_unwritten());
        let next = restart(&mut sim, ONE, &written);
        assert_eq!((next.state(EGRET), next.engine.alerts().len()), (state, 1), "{severity}");
    }
}

#[test]
fn after_a_restart_it_still_lasts() {
    let mut sim = Sim::well(ONE);
    says(&mut sim, "FAILURE");
    let began = record(&mut sim);
    let mut next = restart(&mut sim, ONE, std::slice::from_ref(&began));
    next.quiet_until(60);
    assert_eq!(next.state(EGRET), State::Outage);
    // A snapshot, as a compaction writes it, knows that too.
    let mut all = Vec::new();
    let now = next.clocks();
    next.engine.snapshot(&next.config, now, SourceSet::EMPTY, &mut |kind, payload| {
        all.push((kind, payload.to_vec()));
    });
    assert!(all.contains(&began), "{all:?}");
    let mut last = restart(&mut next, ONE, &all);
    last.quiet_until(60);
    assert_eq!(last.state(EGRET), State::Outage);
    says(&mut last, "OKAY");
    assert_eq!(last.state(EGRET), State::Operational);
}
