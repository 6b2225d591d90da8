#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::panic)]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::format_push_string)]
#![allow(clippy::too_many_lines)]

use std::boxed::Box;
use std::collections::BTreeMap;
use std::format;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::config::testing::{BASE, good};
use crate::limits::{JOURNAL_BYTES_MIN, RECORD_BYTES, RECORD_OVERHEAD_BYTES};
use crate::time::civil::HOUR_MS;
use crate::time::rfc3339;
use Lived::{Degraded, Maintenance, Operational, Outage, Unknown};

const BRUSSELS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

fn wall(text: &str) -> i64 {
    rfc3339::parse(text).unwrap().wall().unwrap().0
}

/// Site `s` with so many components in a service of its own, each fed by `p`.
fn config_of(zone: &str, names: &[String]) -> Box<Config> {
    let mut file =
        format!("{BASE}config site s\n\toption timezone '{zone}'\nconfig service v\n\toption site s\n");
    for name in names {
        file += &format!("config component {name}\n\toption service v\n\tlist source p\n");
    }
    good(&file)
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("c{n}")).collect()
}

/// A clock, the store under test and what it wrote down.
struct World {
    config: Box<Config>,
    uptime: Box<Uptime>,
    mono: i64,
    /// What the wall clock is ahead of the monotonic one; `None`: not known.
    ahead: Option<i64>,
    journal: Vec<(u8, Vec<u8>)>,
    flushes: usize,
}

impl World {
    fn new(zone: &str, components: usize, at: &str) -> Self {
        Self {
            config: config_of(zone, &names(components)),
            uptime: Box::new(Uptime::new()),
            mono: 5_000,
            ahead: Some(wall(at) - 5_000),
            journal: Vec::new(),
            flushes: 0,
        }
    }

    fn now(&self) -> Now {
        Now::new(Mono(self.mono), self.ahead.map(|ahead| Wall(ahead + self.mono)))
    }

    /// As the engine does in every step.
    fn pass(&mut self) {
        let now = self.now();
        self.uptime.pass(&self.config, now);
        if self.uptime.flush_at().is_some_and(|at| at <= now.mono) {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let now = self.now();
        self.flushes += 1;
        self.uptime
            .flush(&self.config, now, &mut |kind, payload| self.journal.push((kind, payload.to_vec())));
    }

    fn compact(&mut self, budget: u32) -> u32 {
        self.journal.clear();
        let now = self.now();
        let mut each = |kind, payload: &[u8]| self.journal.push((kind, payload.to_vec()));
        self.uptime.snapshot(&self.config, now, budget, &mut each)
    }

    /// Lets time pass, as `poll_at` of an engine would.
    fn wait(&mut self, ms: i64) {
        let until = self.mono + ms;
        for _ in 0..10_000 {
            match self.uptime.next_at().min(self.uptime.flush_at()) {
                Some(Mono(at)) if at < until => {
                    self.mono = self.mono.max(at);
                    self.pass();
                }
                _ => break,
            }
        }
        self.mono = until;
        self.pass();
    }

    fn set(&mut self, component: u16, lived: Lived) {
        self.pass();
        self.uptime.set(&self.config, ComponentId(component), lived, self.now());
    }

    /// Another process, or the same board after a while.
    fn restart(&mut self) {
        *self.uptime = Uptime::new();
        for (kind, payload) in &self.journal {
            assert!(self.uptime.restore(&self.config, *kind, payload));
        }
        self.pass();
    }

    /// Down, degraded, maintenance, known.
    fn day(&self, component: u16, ago: u8) -> [u16; 4] {
        let mut days = [Day::default(); 256];
        self.uptime.fared(&self.config, ComponentId(component), self.now(), &mut days);
        let day = days[usize::from(ago)];
        [day.down, day.degraded, day.maintenance, day.known]
    }
}

#[test]
fn nothing_is_known_at_first() {
    let mut world = World::new(BRUSSELS, 2, "2026-06-01T10:00:00Z");
    assert_eq!(world.uptime.next_at(), None);
    world.pass();
    world.wait(100 * HOUR_MS);
    for ago in 0..=u8::MAX {
        assert_eq!(world.day(0, ago), [0; 4]);
    }
    assert!(!world.uptime.known(ComponentId(0)));
    assert_eq!(world.day(u16::MAX, 0), [0; 4]);
    assert!(world.journal.iter().all(|&(kind, _)| kind == ROSTER), "{:?}", world.journal);
}

#[test]
fn each_kind_is_counted_on_its_day() {
    let mut world = World::new(BRUSSELS, 2, "2026-06-01T20:00:00Z");
    for (lived, mins) in [(Operational, 60), (Outage, 7), (Degraded, 10), (Maintenance, 20), (Unknown, 13)] {
        world.set(0, lived);
        world.wait(mins * 60_000);
    }
    world.set(0, Operational);
    assert_eq!(world.day(0, 0), [7, 10, 20, 97]);
    // Ten minutes before midnight; then it is down over it, for a minute and a second on the new
    // day.
    world.set(0, Outage);
    world.wait(11 * 60_000 + 1000);
    assert_eq!(world.day(0, 0), [2, 0, 0, 2], "trouble is rounded up, and known with it");
    assert_eq!(world.day(0, 1), [17, 10, 20, 100], "107 minutes were known: tens between");
    assert_eq!((world.day(0, 2), world.day(1, 0)), ([0; 4], [0; 4]));
    assert!(world.uptime.known(ComponentId(0)) && !world.uptime.known(ComponentId(1)));
}

#[test]
fn a_second_of_trouble_is_a_minute_and_a_second_of_peace_is_none() {
    let mut world = World::new("UTC0", 2, "2026-06-01T20:00:00Z");
    world.set(0, Outage);
    world.set(1, Operational);
    world.wait(1);
    world.set(0, Unknown);
    world.set(1, Unknown);
    assert_eq!((world.day(0, 0), world.day(1, 0)), ([1, 0, 0, 1], [0; 4]));
}

#[test]
fn days_of_23_and_25_hours_are_stretched() {
    for day in ["2026-03-28T22:59:00Z", "2026-10-24T21:59:00Z"] {
        let mut world = World::new(BRUSSELS, 2, day);
        world.set(0, Operational);
        world.set(1, Outage);
        world.wait(27 * HOUR_MS);
        assert_eq!((world.day(0, 1), world.day(1, 1)), ([0, 0, 0, 1440], [1440, 0, 0, 1440]), "{day}");
        assert_eq!((world.day(0, 2), world.day(1, 2)), ([0, 0, 0, 1], [1, 0, 0, 1]));
    }
}

#[test]
fn sites_have_days_of_their_own() {
    let mut world = World::new(BRUSSELS, 1, "2026-06-01T12:00:00Z");
    let mut file = format!("{BASE}config site s\n\toption timezone 'AEST-10'\n");
    file += "config site t\n\tlist host t.example\n\toption timezone 'HST10'\n\toption retain_days 2\n";
    file += &format!("config source q\n\toption site t\n\tlist token sha256:{}\n", "02".repeat(32));
    for (site, source) in [("s", "p"), ("t", "q")] {
        file += &format!("config service v{site}\n\toption site {site}\nconfig component c{site}\n");
        file += &format!("\toption service v{site}\n\tlist source {source}\n");
    }
    world.config = good(&file);
    world.set(0, Operational);
    world.set(1, Degraded);
    // To 01:00 of June 2 in Sydney, and 05:00 of June 1 in Honolulu.
    world.wait(3 * HOUR_MS);
    assert_eq!((world.day(0, 0), world.day(0, 1)), ([0, 0, 0, 60], [0, 0, 0, 120]));
    assert_eq!((world.day(1, 0), world.day(1, 1)), ([0, 180, 0, 180], [0; 4]));
    world.restart();
    assert_eq!(
        (world.day(0, 1), world.day(1, 0)),
        ([0, 0, 0, 120], [0, 120, 0, 120]),
        "as of midnight in Sydney"
    );
    world.set(0, Operational);
    world.set(1, Degraded);
    world.wait(72 * HOUR_MS);
    assert_eq!(
        (world.day(0, 3), world.day(1, 1), world.day(1, 2)),
        ([0, 0, 0, 1380], [0, 1440, 0, 1440], [0; 4])
    );
}

#[test]
fn ninety_days_are_kept_and_more_than_retained_are_not() {
    let mut world = World::new(BRUSSELS, 1, "2026-01-01T12:00:00Z");
    for day in 0..200 {
        world.set(0, Outage);
        world.wait((day % 50 + 1) * 60_000);
        world.set(0, Operational);
        world.wait(24 * HOUR_MS - (day % 50 + 1) * 60_000);
    }
    let told: Vec<_> = (0..90).map(|ago| world.day(0, ago)[0]).collect();
    // The last day began at noon, its trouble with it; today's is that of tomorrow.
    let expected: Vec<u16> =
        (0..90).map(|ago| if ago == 0 { 0 } else { ((200 - ago) % 50 + 1) as u16 }).collect();
    assert_eq!(told, expected);
    assert_eq!(world.day(0, 90), [0; 4]);
    // From flash as well.
    world.compact(u32::MAX);
    world.restart();
    assert_eq!((0..90).map(|ago| world.day(0, ago)[0]).collect::<Vec<_>>(), expected);
    world.config.sites[0].retain_days = 14;
    world.wait(24 * HOUR_MS);
    assert_eq!((0..=u8::MAX).filter(|&ago| world.day(0, ago)[0] != 0).count(), 12);
    world.compact(u32::MAX);
    assert_eq!(
        world.journal.iter().filter(|&&(kind, _)| kind == DAYS).count(),
        14 - 1,
        "a day of silence is not written"
    );
}

#[test]
fn a_quiet_day_costs_little() {
    let mut world = World::new(BRUSSELS, COMPONENTS, "2026-06-01T00:00:00+02:00");
    for id in 0..COMPONENTS as u16 {
        world.set(id, Operational);
    }
    world.wait(HOUR_MS);
    world.flush();
    assert_eq!(world.journal.iter().map(|(_, payload)| payload.len()).sum::<usize>(), 1022 + 6 + 11);
    world.journal.clear();
    world.wait(30 * 24 * HOUR_MS);
    let bytes: usize = world.journal.iter().map(|(_, payload)| payload.len() + RECORD_OVERHEAD_BYTES).sum();
    assert_eq!(world.flushes - 1, 4 * 30, "every six hours");
    assert_eq!(bytes, 18 * 4 * 30, "the last time when the day is over");
}

#[test]
fn the_worst_history_is_cut_to_the_budget_and_the_newest_days_stay() {
    let mut world = World::new("UTC0", COMPONENTS, "2026-01-01T00:00:00Z");
    for _ in 0..89 {
        for minute in 0..32u16 {
            for id in 0..COMPONENTS as u16 {
                world.set(id, if id % 32 <= minute { Operational } else { Outage });
            }
            world.wait(60_000);
        }
        world.wait(24 * HOUR_MS - 32 * 60_000);
    }
    let all = world.compact(u32::MAX);
    let bytes = |world: &World| {
        world.journal.iter().map(|(_, payload)| payload.len() + RECORD_OVERHEAD_BYTES).sum::<usize>()
    };
    let largest = world.journal.iter().map(|(_, payload)| payload.len()).max().unwrap();
    assert!(
        all == 0 && bytes(&world) > 89 * 256 * 5 && largest <= RECORD_BYTES,
        "{} {largest}",
        bytes(&world)
    );
    let whole: Vec<_> = (0..90).map(|ago| world.day(77, ago)).collect();
    let dropped = world.compact(JOURNAL_BYTES_MIN);
    assert!(bytes(&world) <= JOURNAL_BYTES_MIN as usize && dropped > 60, "{} {dropped}", bytes(&world));
    world.restart();
    let kept = 90 - dropped as usize;
    for (ago, whole) in whole.iter().enumerate() {
        assert_eq!(world.day(77, ago as u8), if ago < kept { *whole } else { [0; 4] }, "{ago}");
    }
}

#[test]
fn a_clock_that_is_wrong_for_hours_costs_nothing() {
    const DECADES_MS: i64 = 56 * 365 * 24 * HOUR_MS;
    let jumps = [DECADES_MS, -DECADES_MS, 3 * 24 * HOUR_MS, -3 * 24 * HOUR_MS];
    for (jump, days) in jumps.into_iter().flat_map(|jump| [80, 200].map(|days| (jump, days))) {
        let mut world = World::new(BRUSSELS, 1, "2026-01-01T12:00:00Z");
        world.set(0, Operational);
        world.wait(days * 24 * HOUR_MS);
        let before: Vec<_> = (0..90).map(|ago| world.day(0, ago)).collect();
        world.ahead = world.ahead.map(|ahead| ahead + jump);
        world.pass();
        // Over midnight, in two runs.
        world.wait(HOUR_MS);
        world.compact(u32::MAX);
        let counted = world.day(0, 0)[3];
        assert!(counted == 60 || (jump < 0 && jump > -DECADES_MS), "an hour was counted: {counted}");
        world.restart();
        world.set(0, Operational);
        world.wait(16 * HOUR_MS);
        world.compact(u32::MAX);
        world.restart();
        world.set(0, Operational);
        world.ahead = world.ahead.map(|ahead| ahead - jump);
        world.pass();
        let after: Vec<_> = (0..90).map(|ago| world.day(0, ago)).collect();
        // It is another day by now, of which the first hours passed under a wrong date.
        let kept = before.iter().zip(&after[1..]).skip(1);
        // What was counted under a date that is kept stays there.
        let lost = kept.filter(|(before, after)| before[3] > after[3]).count();
        assert_eq!(lost, 0, "days were lost to a jump of {jump} after {days} days: {after:?}");
        assert_eq!(after[0], [0; 4]);
        world.wait(HOUR_MS);
        assert_eq!(world.day(0, 0)[3], 60);
    }
}

#[test]
fn what_was_counted_under_a_wrong_date_is_the_days_on_which_that_is_put_right() {
    for jump in [7 * 365 * 24 * HOUR_MS, -90 * 24 * HOUR_MS] {
        let mut world = World::new(BRUSSELS, 1, "2026-01-01T10:00:00Z");
        world.set(0, Operational);
        world.wait(80 * 24 * HOUR_MS);
        let before: Vec<_> = (0..90).map(|ago| world.day(0, ago)).collect();
        world.ahead = world.ahead.map(|ahead| ahead + jump);
        world.wait(3 * HOUR_MS);
        world.set(0, Outage);
        world.wait(4 * HOUR_MS);
        world.ahead = world.ahead.map(|ahead| ahead - jump);
        world.pass();
        let after: Vec<_> = (0..90).map(|ago| world.day(0, ago)).collect();
        assert_eq!(after[1..], before[1..]);
        assert_eq!(after[0], [4 * 60, 0, 0, before[0][3] + 7 * 60], "{jump}");
        // Not there as well.
        world.ahead = world.ahead.map(|ahead| ahead + jump);
        world.pass();
        assert_eq!(world.day(0, 0), [0; 4]);
    }
}

#[test]
fn a_board_that_was_off_for_months_and_restarts_each_night_is_believed_in_the_end() {
    let mut world = World::new(BRUSSELS, 1, "2026-01-01T10:00:00Z");
    world.set(0, Operational);
    world.wait(100 * 24 * HOUR_MS);
    world.compact(u32::MAX);
    world.ahead = world.ahead.map(|ahead| ahead + 100 * 24 * HOUR_MS);
    for night in 0..5 {
        world.restart();
        world.set(0, Operational);
        assert_eq!(world.uptime.believed_at() <= Some(world.now().mono), night > 2, "{night}");
        world.wait(24 * HOUR_MS);
        world.flush();
    }
    assert_eq!((1..90).filter(|&ago| world.day(0, ago)[3] != 0).count(), 5);
}

#[test]
fn time_without_a_clock_is_not_known() {
    let mut world = World::new(BRUSSELS, 1, "2026-06-01T10:00:00Z");
    let ahead = world.ahead.take();
    world.set(0, Outage);
    world.wait(5 * HOUR_MS);
    assert_eq!((world.day(0, 0), world.uptime.next_at()), ([0; 4], None));
    world.ahead = ahead;
    world.pass();
    assert_eq!(world.day(0, 0), [0; 4]);
    world.wait(HOUR_MS);
    assert_eq!(world.day(0, 0), [60, 0, 0, 60]);
    world.ahead = None;
    world.pass();
    world.wait(HOUR_MS);
    world.ahead = ahead;
    world.pass();
    world.wait(1000);
    assert_eq!(world.day(0, 0), [61, 0, 0, 61]);
}

#[test]
fn a_renamed_component_takes_nothing_along_and_the_others_stay() {
    let mut world = World::new(BRUSSELS, 4, "2026-06-01T10:00:00Z");
    for id in 0..4 {
        world.set(id, if id == 1 { Operational } else { Outage });
        world.wait(i64::from(id) * 600_000);
    }
    world.wait(24 * HOUR_MS);
    let before: Vec<_> = (0..4).map(|id| (world.day(id, 0), world.day(id, 1))).collect();
    let new = config_of(BRUSSELS, &["x", "c3", "c0", "c1", "y", "z"].map(String::from));
    world.uptime.reconfigure(&world.config, &new, world.now());
    world.config = new;
    world.pass();
    let nothing = ([0; 4], [0; 4]);
    let expected = [nothing, before[3], before[0], before[1], nothing, nothing];
    let told = |world: &World| (0..6).map(|id| (world.day(id, 0), world.day(id, 1))).collect::<Vec<_>>();
    assert_eq!(told(&world), expected);
    assert!(!world.uptime.known(ComponentId(0)) && world.uptime.known(ComponentId(1)));
    // Counting goes on under the new numbers, and on flash they are the new ones.
    world.compact(u32::MAX);
    world.restart();
    assert_eq!(told(&world), expected);
    // What an old configuration wrote is read by another one.
    world.config = config_of(BRUSSELS, &["c1", "c2", "c3"].map(String::from));
    world.restart();
    assert_eq!(told(&world)[..3], [before[1], nothing, before[3]]);
}

#[test]
fn records_that_are_wrong_change_nothing() {
    let mut world = World::new(BRUSSELS, 2, "2026-06-01T10:00:00Z");
    world.set(0, Outage);
    world.wait(24 * HOUR_MS);
    world.restart();
    let before = world.day(0, 1);
    assert_ne!(before, [0; 4]);
    let day = 20_605u32.to_le_bytes();
    let whole = |tail: &[u8]| [&day[..], tail].concat();
    for (kind, payload) in [
        (ROSTER, std::vec![]),
        (ROSTER, std::vec![0]),
        (ROSTER, std::vec![0, 0, 1, 2, 3]),
        (ROSTER, std::vec![0, 1, 1, 2, 3, 4]),
        (DAYS, std::vec![]),
        (DAYS, day.to_vec()),
        (DAYS, std::vec![0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]),
        (DAYS, whole(&[0, 0, 0, 1, 1, 1])),
        (DAYS, whole(&[0, 0, 0, 1, 1, 1, 253])),
        (DAYS, whole(&[1, 0, 255, 1, 1, 1, 1])),
        (DAYS, whole(&[0, 1, 0, 1, 1, 1, 1])),
        (DAYS, whole(&[0, 0, 255, 1, 1, 1, 1, 0, 2, 2, 2, 2])),
        (7, whole(&[0, 0, 0, 1, 1, 1, 1])),
    ] {
        assert!(!world.uptime.restore(&world.config, kind, &payload), "{kind} {payload:?}");
        assert_eq!(world.day(0, 1), before);
    }
    assert!(world.uptime.restore(&world.config, DAYS, &whole(&[0, 0, 0, 1, 1, 1, 4])));
}

// ---- against a model that counts every tick -----------------------------------------------------

const TICK_MS: i64 = 20_000;

#[derive(Clone, Copy, Debug)]
enum Op {
    Set(u16, Lived),
    Wait(u16),
    Flush,
    Compact,
    /// Whether it was stopped or killed, and ticks until it is back.
    Restart(bool, u8),
    Reorder,
    /// Ticks without a clock.
    Clockless(u8),
}

fn op() -> impl Strategy<Value = Op> {
    let lived =
        prop::sample::select(std::vec![Unknown, Operational, Operational, Degraded, Outage, Maintenance]);
    prop_oneof![
        8 => (0..3u16, lived).prop_map(|(id, lived)| Op::Set(id, lived)),
        6 => (0..400u16).prop_map(Op::Wait),
        2 => (400..5000u16).prop_map(Op::Wait),
        1 => Just(Op::Flush),
        1 => Just(Op::Compact),
        1 => (any::<bool>(), any::<u8>()).prop_map(|(clean, ticks)| Op::Restart(clean, ticks)),
        1 => Just(Op::Reorder),
        1 => any::<u8>().prop_map(Op::Clockless),
    ]
}

/// Milliseconds of each kind, by the component's name and its day.
type Model = BTreeMap<(u16, i64), [i64; 4]>;

fn tick(model: &mut Model, tz: &Tz, at: i64, lived: [Lived; 3]) {
    let day = (at + i64::from(tz.offset_at(Wall(at)).secs) * 1000).div_euclid(DAY_MS);
    for (name, lived) in lived.iter().enumerate() {
        let kinds: &[usize] = match lived {
            Unknown => continue,
            Operational => &[3],
            Degraded => &[1, 3],
            Outage => &[0, 3],
            Maintenance => &[2, 3],
        };
        for &kind in kinds {
            model.entry((name as u16, day)).or_default()[kind] += TICK_MS;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_is_never_greener_than_the_truth_and_never_far_from_it(
        ops in prop::collection::vec(op(), 1..40),
        start in prop::sample::select(std::vec![
            "2026-03-27T22:00:00Z", "2026-10-24T10:00:00Z", "2026-12-30T05:00:00Z", "2028-02-28T20:00:00Z",
        ]),
    ) {
        let mut world = World::new(BRUSSELS, 3, start);
        let tz = Tz::parse(BRUSSELS).unwrap();
        let mut order = [0u16, 1, 2];
        let (mut model, mut on_flash) = (Model::new(), Model::new());
        let mut lived = [Unknown; 3];
        let mut roundings = 1i64;
        world.pass();
        for op in ops {
            match op {
                Op::Set(name, to) => {
                    let id = order.iter().position(|&other| other == name).unwrap() as u16;
                    let flushes = world.flushes;
                    world.set(id, to);
                    world.pass();
                    if world.flushes != flushes {
                        on_flash.clone_from(&model);
                    }
                    lived[usize::from(name)] = to;
                }
                Op::Wait(ticks) => {
                    for _ in 0..ticks {
                        tick(&mut model, &tz, world.now().wall.unwrap().0, lived);
                        let flushes = world.flushes;
                        world.wait(TICK_MS);
                        if world.flushes != flushes {
                            on_flash.clone_from(&model);
                        }
                    }
                }
                Op::Flush => {
                    world.flush();
                    on_flash.clone_from(&model);
                }
                Op::Compact => {
                    prop_assert_eq!(world.compact(u32::MAX), 0);
                    on_flash.clone_from(&model);
                }
                Op::Restart(clean, ticks) => {
                    if clean {
                        world.flush();
                        on_flash.clone_from(&model);
                    }
                    model.clone_from(&on_flash);
                    world.mono += i64::from(ticks) * TICK_MS;
                    lived = [Unknown; 3];
                    world.restart();
                    roundings += 1;
                }
                Op::Reorder => {
                    order.rotate_left(1);
                    let names: Vec<_> = order.iter().map(|name| format!("c{name}")).collect();
                    let new = config_of(BRUSSELS, &names);
                    world.uptime.reconfigure(&world.config, &new, world.now());
                    world.config = new;
                    world.pass();
                }
                Op::Clockless(ticks) => {
                    let ahead = world.ahead.take();
                    world.pass();
                    world.mono += i64::from(ticks) * TICK_MS;
                    world.ahead = ahead;
                    world.pass();
                    // The day was packed, and taken up again.
                    roundings += 1;
                    on_flash.clone_from(&model);
                    world.flush();
                }
            }
            let today = {
                let at = world.now().wall.unwrap();
                (at.0 + i64::from(tz.offset_at(at).secs) * 1000).div_euclid(DAY_MS)
            };
            for (id, &name) in order.iter().enumerate() {
                for ago in 0..8u8 {
                    let day = today - i64::from(ago);
                    let length = tz.to_wall(Civil::from_wall(Wall((day + 1) * DAY_MS))).0
                        - tz.to_wall(Civil::from_wall(Wall(day * DAY_MS))).0;
                    let truth = model.get(&(name, day)).copied().unwrap_or_default();
                    let told = world.day(id as u16, ago).map(i64::from);
                    let say = format!("{op:?}: {name} {ago} days ago: {told:?} of {truth:?}");
                    let minutes = |ms: i64| ms * 1440;
                    let slack = 10 * roundings * length;
                    let bad: i64 = told[..3].iter().sum();
                    for kind in 0..3 {
                        // A day that is full of trouble cannot round all of it up.
                        prop_assert!(told[kind] * length >= minutes(truth[kind]) || bad == 1440, "{say}");
                        prop_assert!(told[kind] * length <= minutes(truth[kind]) + slack, "{say}");
                        prop_assert!(told[kind] == 0 || truth[kind] != 0, "{say}");
                    }
                    prop_assert!(bad <= told[3] && told[3] <= 1440, "{say}");
                    let well = truth[3] - truth[..3].iter().sum::<i64>();
                    prop_assert!((told[3] - bad) * length <= minutes(well), "greener than the truth: {say}");
                    prop_assert!((told[3] - bad) * length + 4 * slack >= minutes(well), "{say}");
                }
            }
        }
    }

    /// Whatever the wall clock does, no more is counted than has passed.
    #[test]
    fn no_jump_of_the_clock_counts_more_than_has_passed(
        jumps in prop::collection::vec((-2_000_000_000_000i64..2_000_000_000_000, 0..100_000_000i64), 1..12),
    ) {
        let mut world = World::new(BRUSSELS, 1, "2026-06-01T10:00:00Z");
        let start = world.mono;
        world.set(0, Outage);
        let mut days = std::collections::BTreeSet::new();
        for (jump, ms) in jumps {
            world.ahead = world.ahead.map(|ahead| ahead + jump);
            world.pass();
            world.wait(ms);
            days.extend(world.uptime.calendars[0].numbers.iter().filter(|&&number| number != 0).copied());
        }
        let place = |&number: &u32| world.uptime.packed(&world.uptime.calendars[0], ComponentId(0), number, Mono(world.mono));
        let minutes: u32 = days.iter().map(|number| whole(place(number).minutes().unwrap())[0]).sum();
        // Each day and each time it was taken up again may round ten minutes up.
        let roundings = i64::try_from(days.len() + 24).unwrap();
        prop_assert!(i64::from(minutes) * 60_000 <= (world.mono - start) * 25 / 23 + roundings * 600_000);
    }

    #[test]
    fn arbitrary_records_do_no_harm(
        records in prop::collection::vec((6u8..12, prop::collection::vec(any::<u8>(), 0..60)), 0..20),
        jump in any::<i64>(),
    ) {
        let mut world = World::new(BRUSSELS, 3, "2026-06-01T10:00:00Z");
        for (kind, payload) in &records {
            let taken = world.uptime.restore(&world.config, *kind, payload);
            prop_assert!(!taken || [ROSTER, DAYS].contains(kind));
        }
        world.pass();
        world.set(0, Operational);
        world.wait(HOUR_MS);
        world.ahead = Some(jump / 2);
        world.pass();
        world.wait(HOUR_MS);
        for ago in 0..=u8::MAX {
            let [down, degraded, maintenance, known] = world.day(0, ago);
            prop_assert!(down + degraded + maintenance <= known && known <= 1440);
        }
    }
}

/// Trouble that is over is on flash an hour after the last write, and not six: else a percentage
/// knows nothing of it.
#[test]
fn a_power_cut_forgets_no_trouble_that_has_been_over_for_an_hour() {
    let mut world = World::new(BRUSSELS, 2, "2026-06-01T08:00:00Z");
    world.set(0, Operational);
    world.wait(2 * HOUR_MS);
    world.flush();
    for _ in 0..30 {
        world.set(0, Outage);
        world.wait(2 * 60_000);
        world.set(0, Operational);
        world.wait(60_000);
    }
    let flushed = world.flushes;
    world.wait(HOUR_MS);
    world.restart();
    assert_eq!(world.day(0, 0)[0], 60);
    assert!(world.flushes - flushed <= 2, "{}", world.flushes);
}

/// What only goes from bad to worse and back has not ended.
#[test]
fn trouble_that_goes_on_hastens_nothing() {
    let mut world = World::new(BRUSSELS, 2, "2026-06-01T08:00:00Z");
    world.set(0, Outage);
    world.wait(HOUR_MS);
    world.flush();
    let flushed = world.flushes;
    for lived in [Degraded, Outage, Degraded, Outage] {
        world.set(0, lived);
        world.wait(HOUR_MS);
    }
    assert_eq!(world.flushes, flushed);
}

/// A clock that shows another day each minute.
#[test]
fn a_clock_that_is_set_over_days_all_the_time_is_written_once_an_hour() {
    let mut world = World::new(BRUSSELS, 2, "2026-06-01T08:00:00Z");
    world.set(0, Operational);
    let flushed = world.flushes;
    for minute in 0..120 {
        world.ahead = world.ahead.map(|ahead| ahead + if minute % 2 == 0 { 2 * DAY_MS } else { -2 * DAY_MS });
        world.wait(60_000);
    }
    assert!(world.flushes - flushed <= 3, "{}", world.flushes - flushed);
}
