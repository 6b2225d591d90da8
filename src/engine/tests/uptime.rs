//! How components fared, as the engine counts it.

use super::*;
use crate::incidents::Action;
use crate::incidents::Boot;
use crate::model::{Day, Repeat, ServiceId, View, Words};

const SITE: SiteId = SiteId(0);

fn day(sim: &Sim, component: ComponentId, ago: u8) -> [u16; 4] {
    let mut days = [Day::default(); 256];
    sim.engine.view(&sim.config, sim.clocks()).fared(component, &mut days);
    let Day { down, degraded, maintenance, known } = days[usize::from(ago)];
    [down, degraded, maintenance, known]
}

#[test]
fn a_day_is_told_as_it_was() {
    let mut sim = Sim::well(ONE);
    assert_eq!(sim.engine.view(&sim.config, sim.clocks()).days(SITE), 90);
    // Its resync of five minutes was not known.
    assert_eq!(day(&sim, HERON, 0), [0, 0, 0, 5]);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 10, 14)]);
    sim.quiet_until(13);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 10, 13)]);
    sim.quiet_until(20);
    assert_eq!(day(&sim, HERON, 0), [3, 0, 0, 15]);
    let words = Action::Maintain {
        service: ServiceId(0),
        component: Some(HERON),
        starts: sim.clocks().wall.unwrap(),
        ends: Wall(NOON + 30 * MIN),
        repeat: Repeat::Once,
        words: Words::None,
    };
    let now = sim.clocks();
    sim.engine.act(&sim.config, now, SITE, 1, words).unwrap();
    sim.quiet_until(40);
    assert_eq!(day(&sim, HERON, 0), [3, 0, 10, 35]);
    // Its source falls silent: what is not known is not well.
    sim.at(100);
    let silent = day(&sim, HERON, 0);
    assert!(silent[3] < 50, "{silent:?}");
    sim.at(13 * 60);
    assert_eq!((day(&sim, HERON, 1)[..3].to_vec(), day(&sim, HERON, 0)), (std::vec![3, 0, 10], [0; 4]));
}

#[test]
fn a_snapshot_and_what_was_flushed_bring_it_back() {
    let mut sim = Sim::well(ONE);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 10, 14)]);
    sim.quiet_until(14);
    let mut records = Vec::new();
    let mut each = |kind, payload: &[u8]| records.push((kind, payload.to_vec()));
    let now = sim.clocks();
    sim.engine.snapshot(&sim.config, now, SourceSet::EMPTY, &mut each);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 10, 20)]);
    sim.quiet_until(16);
    let now = sim.clocks();
    sim.engine
        .flush_uptime(&sim.config, now, &mut |kind, payload: &[u8]| records.push((kind, payload.to_vec())));
    let told = day(&sim, HERON, 0);
    let mut next = Sim::new(ONE);
    next.now = sim.now;
    *next.engine = const { Engine::new() };
    next.engine.booted(Boot { id: 2, base: 0 });
    next.engine.begin(&next.config, now);
    for (kind, payload) in &records {
        assert!(next.engine.restore(&next.config, now, *kind, payload), "{kind}");
    }
    next.engine.restored(&next.config, now);
    assert_eq!((day(&next, HERON, 0), told), ([6, 0, 0, 11], [6, 0, 0, 11]));
    // Of what was known before and is not any more, there is an incident.
    next.at(40);
    let mut incidents = 0;
    next.engine.view(&next.config, next.clocks()).incidents(SITE, &mut |_| incidents += 1);
    assert_eq!(incidents, 1);
    // An archive takes the place of all of it.
    next.engine.forget_incidents();
    assert_eq!(day(&next, HERON, 0), [0; 4]);
}
