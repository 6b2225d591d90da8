//! The engine against worlds made of chance. In one, messages are nonsense, and what is counted
//! must still be what is held. In the other, antennas fail and are mended, Prometheus and the
//! network come and go, clocks jump, and the page must never be green while what it was told of
//! goes on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::format_push_string,
    clippy::needless_for_each,
    clippy::needless_range_loop,
    clippy::too_many_lines,
    clippy::panic
)]

use std::boxed::Box;
use std::format;
use std::rc::Rc;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::alerts::AlertKey;
use super::lifetime::Sender;
use super::{Body, End, Engine, Input, Quality, State};
use crate::config::{Config, Problems};
use crate::ingest::{Dialect, Event, Reader};
use crate::limits::{ALERTS, SOURCES};
use crate::model::{ComponentId, ComponentView, Finding, SourceId, View};
use crate::time::{Mono, Now, Wall, rfc3339};

const NOON: i64 = 1_795_262_400_000;
const SEC: i64 = 1000;
const MIN: i64 = 60 * SEC;

/// xorshift: the same seed makes the same world.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// A configuration: sources, and components in this order, each with who feeds it and whom it
/// matches.
fn config(sources: &[&str], components: &[(&str, &str, &[&str])]) -> Rc<Config> {
    let mut text =
        "config listen\n option address '127.0.0.1:1'\n list serve 'page'\nconfig site 'home'\n".to_string();
    for (n, source) in sources.iter().enumerate() {
        text += &format!("config source '{source}'\n option site 'home'\n list token 'sha256:{n:064x}'\n");
    }
    text += "config service 'wifi'\n option site 'home'\n";
    for (name, matched, feeders) in components {
        text += &format!("config component '{name}'\n option service 'wifi'\n list publish 'summary'\n");
        if !matched.is_empty() {
            text += &format!(" list match '{matched}'\n");
        }
        for feeder in *feeders {
            text += &format!(" list source '{feeder}'\n");
        }
    }
    let mut config = Box::new(Config::new());
    let mut problems = Problems::new();
    assert!(config.load(text.as_bytes(), &mut problems).is_ok(), "{text}");
    Rc::from(config)
}

struct World {
    engine: Box<Engine>,
    config: Rc<Config>,
    reader: Box<Reader>,
    now: Mono,
    ahead: Option<i64>,
    seen: Vec<(String, ComponentView)>,
}

impl World {
    fn new(config: Rc<Config>, ahead: Option<i64>) -> Self {
        let (engine, reader) = (Box::new(const { Engine::new() }), Box::new(Reader::new()));
        let mut world = Self { engine, config, reader, now: Mono(0), ahead, seen: Vec::new() };
        world.engine.begin(&world.config, world.clocks());
        world
    }

    fn clocks(&self) -> Now {
        Now::new(self.now, self.ahead.map(|ahead| Wall(NOON + self.now.0 + ahead)))
    }

    /// Lets time pass, waking the engine when it asks to be woken, and checks after each.
    fn until(&mut self, at: i64) {
        while let Some(wake) = self.engine.poll_at().filter(|wake| wake.0 <= at) {
            assert!(wake >= self.now, "it asks for the past");
            self.now = wake;
            self.engine.step(&self.config, self.clocks(), Input::Pass);
            assert!(self.engine.poll_at().is_none_or(|next| next.0 >= wake.0 + SEC), "it does not spin");
            self.check();
        }
        self.now = Mono(at);
    }

    fn post(&mut self, source: SourceId, sender: Sender, alerts: &[String]) {
        let now = self.clocks();
        // What time alone has changed by now comes first, and is looked at by itself.
        if self.engine.poll_at().is_some_and(|wake| wake <= now.mono) {
            self.engine.step(&self.config, now, Input::Pass);
            self.check();
        }
        self.reader.start(if sender == Sender::Webhook { Dialect::Webhook } else { Dialect::Alerts });
        let (engine, config) = (&mut self.engine, &self.config);
        let body = format!("[{}]", alerts.join(","));
        let mut open = engine.open(source, sender);
        let mut each = |event: Event<'_>| {
            let (alert, quality) = match event {
                Event::Alert(alert) => (alert, Quality::Whole),
                Event::Oversize(alert) => (alert, Quality::Oversize),
                Event::Bad(error) | Event::Partial(error, _) => panic!("{error:?}"),
                Event::Sample(_) => unreachable!("nobody asked"),
            };
            engine.step(config, now, Input::Alert { body: &mut open, alert, quality });
        };
        self.reader.feed(body.as_bytes(), &mut each).unwrap();
        self.reader.finish().unwrap();
        self.close(open);
    }

    fn heard(&mut self, source: SourceId) {
        self.close(self.engine.open(source, Sender::Repeating));
    }

    fn close(&mut self, mut body: Body) {
        let now = self.clocks();
        self.engine.step(&self.config, now, Input::Close { body: &mut body, end: End::WHOLE });
        self.check();
    }

    fn reload(&mut self, new: Rc<Config>) {
        let now = self.clocks();
        // A reload looks at the time first. What is well by then may be no data by the new
        // configuration.
        self.engine.step(&self.config, now, Input::Pass);
        self.check();
        self.engine.reconfigure(&self.config, &new, now);
        self.config = new;
        self.check();
    }

    fn view(&self, id: ComponentId) -> ComponentView {
        self.engine.view(&self.config, self.clocks()).component(id)
    }

    /// What must hold at every moment, whatever happened.
    fn check(&mut self) {
        let alerts = self.engine.alerts();
        assert!(alerts.len() <= ALERTS);
        let mut counting = [0; SOURCES];
        for (at, held) in alerts.iter().enumerate() {
            assert_eq!(alerts.find(held.key), Some(at), "the index leads to the list");
            assert!(!held.components.is_empty() && held.fires > Finding::Well);
            assert!(held.source().index() < self.config.sources.len());
            counting[held.source().index()] += usize::from(held.counts());
        }
        for (source, count) in counting.iter().enumerate() {
            assert_eq!(alerts.counting(SourceId(source as u16)), *count);
        }
        assert_eq!(alerts.find(AlertKey { source: 31, fingerprint: 0 }), None);

        let mut seen = Vec::new();
        for id in (0..self.config.components.len() as u16).map(ComponentId) {
            let component = self.config.components[id.index()];
            let here: Vec<_> = alerts.iter().filter(|held| held.components.contains(id)).collect();
            let count = |says: Finding| here.iter().filter(|held| held.says() == says).count() as u16;
            let mut tally = Finding::ALL.map(count);
            tally[Finding::Well.index()] = 0;
            assert_eq!(self.engine.statuses[id.index()].tally(), tally, "the counters are a recount");

            let view = self.view(id);
            let at_least = here.iter().map(|held| held.says()).max().unwrap_or(Finding::Well);
            assert!(view.finding >= at_least, "{view:?} is greener than {at_least:?}");
            if view.state() == State::Operational {
                let live = component.feeders.iter().any(|source| {
                    let silent_after = self.config.sources[source.index()].silent_after;
                    let last = self.engine.sources().last_heard(source);
                    // It is woken within a second of what is due.
                    last.is_some_and(|last| self.now.0 < last.0 + i64::from(silent_after.0) + SEC)
                });
                assert!(live, "green without anybody who would say otherwise");
            }
            let name = self.config.str(component.name).to_string();
            if let Some((_, was)) = self.seen.iter().find(|(was, _)| *was == name)
                && was.state() != State::Operational
                && view.state() != State::Operational
                && let Some(since) = was.since
            {
                let now = self.clocks();
                assert!(
                    view.since.is_some_and(|at| at.min(since, now) == at),
                    "since moved: {was:?} to {view:?}"
                );
            }
            let since = view.since.and_then(|at| at.mono(self.clocks()));
            assert!(since.is_none_or(|since| since <= self.now), "since is not to come");
            seen.push((name, view));
        }
        self.seen = seen;
    }
}

fn time(at: i64) -> String {
    rfc3339::utc(Wall(NOON + at)).as_str().to_string()
}

/// `starts` and `ends` in milliseconds after noon by the sender's clock.
fn message(name: &str, severity: &str, lead: &str, starts: Option<i64>, ends: Option<i64>) -> String {
    let mut text = format!(
        r#"{{"labels":{{"alertname":"{name}","severity":"{severity}"{lead}}},"annotations":{{"summary":"{name} is bad"}}"#
    );
    for (key, at) in [("startsAt", starts), ("endsAt", ends)] {
        if let Some(at) = at {
            text += &format!(r#","{key}":"{}""#, time(at));
        }
    }
    text + "}"
}

// ---- nonsense -----------------------------------------------------------------------------------

fn variants() -> Vec<Rc<Config>> {
    vec![
        config(
            &["a", "b"],
            &[
                ("heron", "", &["a", "b"]),
                ("egret", "alertname~E*", &["a"]),
                ("tern", "alertname~?x", &["b"]),
            ],
        ),
        // Another order of both.
        config(
            &["b", "a"],
            &[
                ("tern", "alertname~?x", &["b"]),
                ("egret", "alertname~E*", &["a"]),
                ("heron", "", &["a", "b"]),
            ],
        ),
        // Another mapping, another source.
        config(
            &["a", "b", "c"],
            &[("heron", "alertname~E*", &["a", "b", "c"]), ("egret", "", &["c"]), ("tern", "", &["a"])],
        ),
        // A component and a source less.
        config(&["b"], &[("heron", "alertname~*", &["b"])]),
        // Another name.
        config(
            &["a", "b"],
            &[("stork", "alertname~*x", &["a", "b"]), ("egret", "summary~*bad", &["a", "b"])],
        ),
    ]
}

fn nonsense(seed: u64, steps: u32) {
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let variants = variants();
    let mut world = World::new(variants[0].clone(), Some(0));
    for _ in 0..steps {
        let at = world.now.0;
        let pause = chance.of(&[0, 0, 1, SEC, 9 * SEC, 30 * SEC, MIN, 2 * MIN, 5 * MIN, 16 * MIN, 300 * MIN]);
        match chance.below(20) {
            0..=4 => world.until(at + pause),
            // Late, or not asked for.
            5 => {
                world.now = Mono(at + pause);
                world.engine.step(&world.config, world.clocks(), Input::Pass);
                world.check();
            }
            6 if chance.one_in(4) => world.reload(variants[chance.below(5) as usize].clone()),
            6 => {
                world.ahead = chance.of(&[
                    None,
                    Some(0),
                    Some(5 * MIN),
                    Some(-5 * MIN),
                    Some(-400 * 1440 * MIN),
                    Some(1440 * MIN),
                ]);
            }
            7 => {
                let source = SourceId(chance.below(world.config.sources.len() as u64) as u16);
                world.heard(source);
            }
            8 if chance.one_in(40) => {
                // More than there is room for.
                let flood: Vec<_> = (0..ALERTS + 9)
                    .map(|n| message(&format!("E{n}"), "warning", "", None, Some(at + 4 * MIN)))
                    .collect();
                world.post(SourceId(0), Sender::Repeating, &flood);
            }
            _ => {
                let source = SourceId(chance.below(world.config.sources.len() as u64) as u16);
                let sender = if chance.one_in(4) { Sender::Webhook } else { Sender::Repeating };
                let batch: Vec<_> = (0..=chance.below(4))
                    .map(|_| {
                        let name = chance.of(&["Ex", "Ey", "Z", "x", "Wx", "Q"]);
                        let severity = chance.of(&["critical", "warning", "info", "odd"]);
                        let lead = chance.of(&[
                            "",
                            r#","service":"wifi","component":"heron""#,
                            r#","service":"wifi","component":"egret""#,
                        ]);
                        let ends = chance.of(&[
                            None,
                            Some(at + 4 * MIN),
                            Some(at),
                            Some(at - MIN),
                            Some(at + 1440 * MIN),
                            Some(NOON),
                        ]);
                        let starts =
                            chance.of(&[None, Some(at), Some(at - 10 * MIN), Some(at + MIN), Some(0)]);
                        message(name, severity, lead, starts, ends)
                    })
                    .collect();
                world.post(source, sender, &batch);
            }
        }
    }
}

#[test]
fn whatever_is_said_the_counters_are_a_recount_and_since_never_moves_forward() {
    for seed in 1..=60 {
        nonsense(seed, 400);
    }
}

#[test]
fn who_is_woken_when_he_asks_sees_what_who_never_sleeps_sees() {
    for seed in 1..=12_u64 {
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let variants = variants();
        let mut asks = World::new(variants[0].clone(), Some(0));
        let mut wakes = World::new(variants[0].clone(), Some(0));
        for minute in 0..300_i64 {
            let at = minute * MIN;
            asks.until(at);
            wakes.now = Mono(at);
            let (n, source) = (chance.below(6), SourceId(chance.below(2) as u16));
            let sender = if chance.one_in(4) { Sender::Webhook } else { Sender::Repeating };
            let name = chance.of(&["Ex", "Ey", "Wx"]);
            let ends = chance.of(&[None, Some(at + 4 * MIN), Some(at), Some(at + 40 * MIN)]);
            let new = chance.one_in(30).then(|| variants[chance.below(2) as usize].clone());
            for world in [&mut asks, &mut wakes] {
                match n {
                    0 => world.post(source, sender, &[message(name, "critical", "", Some(at), ends)]),
                    1 => world.heard(source),
                    2 if new.is_some() => world.reload(new.clone().unwrap()),
                    _ => {}
                }
            }
            asks.until(at + 30 * SEC);
            for second in 1..=59 {
                wakes.now = Mono(at + second * SEC);
                wakes.engine.step(&wakes.config, wakes.clocks(), Input::Pass);
                wakes.check();
                if second == 30 {
                    for id in (0..3).map(ComponentId) {
                        let (one, other) = (asks.view(id), wakes.view(id));
                        assert_eq!(one.finding, other.finding, "seed {seed}, {minute}");
                    }
                    assert_eq!(asks.engine.alerts().len(), wakes.engine.alerts().len());
                }
            }
        }
    }
}

// ---- a world that is true -----------------------------------------------------------------------

/// One rule as one Prometheus sees it.
#[derive(Clone, Copy, Default)]
struct Rule {
    pending_since: Option<i64>,
    firing_since: Option<i64>,
    resolved_at: Option<i64>,
    sent_at: Option<i64>,
}

/// A Prometheus with the usual settings: evaluation each minute, `resend_delay` a minute.
#[derive(Clone)]
struct Prometheus {
    source: SourceId,
    up: bool,
    offset: i64,
    rules: Vec<Rule>,
}

impl Prometheus {
    /// What it sends after an evaluation; `holds`: how long each rule's condition must hold, in
    /// milliseconds.
    fn evaluate(&mut self, now: i64, bad: &[bool], holds: &[i64]) -> Vec<String> {
        let mut batch = vec![format!(
            r#"{{"labels":{{"alertname":"Watchdog","heartbeat":"1"}},"endsAt":"{}"}}"#,
            time(now + 4 * MIN)
        )];
        for (n, rule) in self.rules.iter_mut().enumerate() {
            if bad[n] {
                let since = *rule.pending_since.get_or_insert(now);
                if rule.firing_since.is_none() && now >= since + holds[n] {
                    *rule = Rule { pending_since: Some(since), firing_since: Some(now), ..Rule::default() };
                }
            } else {
                rule.pending_since = None;
                if rule.firing_since.is_some() && rule.resolved_at.is_none() {
                    rule.resolved_at = Some(now);
                    rule.sent_at = None;
                }
            }
            if rule.resolved_at.is_some_and(|at| now > at + 15 * MIN) {
                *rule = Rule { pending_since: rule.pending_since, ..Rule::default() };
            }
            // A rule that fires again forgets that it was resolved.
            if bad[n] && rule.resolved_at.is_some() {
                *rule = Rule { pending_since: rule.pending_since, ..Rule::default() };
                if now >= rule.pending_since.unwrap() + holds[n] {
                    rule.firing_since = Some(now);
                }
            }
            let due = rule.sent_at.is_none_or(|at| at + MIN < now);
            if let (Some(since), true) = (rule.firing_since, due) {
                rule.sent_at = Some(now);
                let ends = rule.resolved_at.unwrap_or(now + 4 * MIN);
                let lead = format!(r#","service":"wifi","component":"c{n}""#);
                batch.push(message(&format!("R{n}"), "critical", &lead, Some(since), Some(ends)));
            }
        }
        batch
    }
}

const RULES: usize = 4;

fn truth(seed: u64, replicas: usize) {
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let names = &["a", "b"][..replicas];
    let components: Vec<_> = ["c0", "c1", "c2", "c3"].iter().map(|&name| (name, "", names)).collect();
    let clocks = [None, Some(0), Some(0), Some(5 * MIN), Some(-5 * MIN)];
    let mut world = World::new(config(names, &components), chance.of(&clocks));
    let holds: Vec<_> = (0..RULES).map(|_| chance.of(&[0, MIN, 5 * MIN, 13 * MIN])).collect();
    let mut all: Vec<_> = (0..replicas)
        .map(|n| Prometheus {
            source: SourceId(n as u16),
            up: true,
            offset: chance.below(60) as i64 * SEC,
            rules: vec![Rule::default(); RULES],
        })
        .collect();
    let mut network = true;
    let mut bad = [false; RULES];
    // Told, and without a break since.
    let mut known_bad = [false; RULES];
    let (mut restarted_at, mut cut_at, mut quiet_from) = (i64::MIN / 2, i64::MIN / 2, 0);
    for minute in 0..1500_i64 {
        let now = minute * MIN;
        world.until(now);
        let calm = minute % 300 >= 200;
        if calm {
            // All is mended, and it must show.
            network = true;
            bad = [false; RULES];
            if minute % 300 == 200 {
                quiet_from = now;
            }
            for one in &mut all {
                one.up = true;
            }
        } else {
            if chance.one_in(15) {
                let n = chance.below(RULES as u64) as usize;
                bad[n] = !bad[n];
            }
            // One that restarts re-pends for a whole `for`: at most once in so long, or nothing can
            // be known.
            if chance.one_in(40) && now > restarted_at + 60 * MIN && now > cut_at + 60 * MIN {
                restarted_at = now;
                for one in &mut all {
                    one.rules = vec![Rule::default(); RULES];
                    one.up = chance.one_in(2);
                }
            } else if chance.one_in(4) && now > restarted_at + 9 * MIN {
                all.iter_mut().for_each(|one| one.up = true);
            }
            if network && chance.one_in(60) && now > restarted_at + 60 * MIN {
                network = false;
                cut_at = now;
            } else if !network && chance.one_in(10) {
                network = true;
                cut_at = now;
            }
            if chance.one_in(200) {
                world.ahead = chance.of(&clocks);
            }
        }
        for n in 0..RULES {
            known_bad[n] &= bad[n];
        }
        all.sort_by_key(|one| one.offset);
        for one in all.iter_mut().filter(|one| one.up) {
            world.until(now + one.offset);
            let batch = one.evaluate(now + one.offset, &bad, &holds);
            if network {
                world.post(one.source, Sender::Repeating, &batch);
                for n in 0..RULES {
                    known_bad[n] |= bad[n]
                        && one.rules[n].firing_since.is_some()
                        && one.rules[n].sent_at == Some(now + one.offset);
                }
            }
            for n in 0..RULES {
                let view = world.view(ComponentId(n as u16));
                assert!(
                    !known_bad[n] || view.state() != State::Operational,
                    "seed {seed}, minute {minute}: c{n} is green and fires; clock {:?}",
                    world.ahead
                );
            }
        }
        world.until(now + 59 * SEC);
        for n in 0..RULES {
            let view = world.view(ComponentId(n as u16));
            assert!(
                !known_bad[n] || view.state() != State::Operational,
                "seed {seed}, minute {minute}: c{n} turned green and fires; clock {:?}",
                world.ahead
            );
            if calm && now > quiet_from + 45 * MIN {
                assert_eq!(
                    view.state(),
                    State::Operational,
                    "seed {seed}, minute {minute}: c{n} is well and does not show: {view:?}; clock {:?}",
                    world.ahead
                );
            }
        }
    }
}

#[test]
fn what_prometheus_said_is_never_green_before_it_is_over_and_green_when_it_is() {
    for seed in 1..=40 {
        truth(seed, 1 + (seed % 2) as usize);
    }
}
