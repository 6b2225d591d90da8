//! A machine of ours: the real engine and the real driver of its journal, over a disk in memory.
//! Nothing else knows how a body, a restart or a reload reaches the program.

use aiglon::config::rule::RuleInterest;
use aiglon::config::{Config, Problems};
use aiglon::engine::alerts::{AlertPhase, Held};
use aiglon::engine::lifetime::Sender;
use aiglon::engine::{End, Engine, Input};
use aiglon::incidents::Boot;
use aiglon::ingest::Reader;
use aiglon::ingest::line::{LineEvent, Lines, Precision};
use aiglon::ingest::sample::HashKey;
use aiglon::limits::PROMISE_MOST;
use aiglon::model::{ComponentId, HeartbeatId, SiteId, SourceId, State, View};
use aiglon::persist::Driver;
use aiglon::shown::{self, ShownState};
use aiglon::time::{At, Now};

use super::kit::disk::Disk;
use super::kit::feed::Body;
use super::scene::{self, CRON, PARTS};

pub const HOME: SiteId = SiteId(0);

pub struct Machine {
    pub config: Box<Config>,
    pub engine: Box<Engine>,
    driver: Box<Driver>,
    pub disk: Disk,
    reader: Box<Reader>,
    other: bool,
}

fn load(other: bool) -> Box<Config> {
    let mut config = Box::new(const { Config::new() });
    let mut problems = Box::new(Problems::new());
    assert!(config.load(scene::config(other).as_bytes(), &mut problems).is_ok());
    config
}

fn part_id(part: usize) -> ComponentId {
    ComponentId(u16::try_from(part).unwrap())
}

impl Machine {
    pub fn new(boot: Boot, now: Now) -> Self {
        let mut machine = Self {
            config: load(false),
            engine: Box::new(const { Engine::new() }),
            driver: Box::new(Driver::new()),
            disk: Disk::default(),
            reader: Box::new(Reader::new()),
            other: false,
        };
        machine.start(boot, now);
        machine
    }

    pub fn start(&mut self, boot: Boot, now: Now) {
        *self.engine = const { Engine::new() };
        *self.driver = Driver::new();
        let Self { driver, disk, engine, config, .. } = self;
        let started = driver.start(disk, engine, config, boot, now);
        started.opened.unwrap();
        assert_eq!(started.unknown, 0, "what was written is known");
    }

    /// The process ends cleanly.
    pub fn stop(&mut self, now: Now) {
        let Self { driver, disk, engine, config, .. } = self;
        let _ = driver.flush(disk, engine, config, now);
        self.commit(now);
    }

    pub fn commit(&mut self, now: Now) {
        let Self { driver, disk, engine, config, .. } = self;
        let _ = driver.commit(disk, engine, config, now);
        let _ = driver.retry(disk, engine, config, now);
    }

    /// The journal is written anew.
    pub fn compact(&mut self, now: Now) {
        let Self { driver, disk, engine, config, .. } = self;
        let _ = driver.compact(disk, engine, config, now);
    }

    pub fn pass(&mut self, now: Now) {
        self.engine.step(&self.config, now, Input::Pass);
    }

    /// The configuration is read again. `changed`: its matchers are written differently.
    pub fn reload(&mut self, changed: bool, now: Now) {
        self.other ^= changed;
        let mut new = load(self.other);
        // The daemon refuses a journal that has no room for what is kept.
        new.main.journal_size = new.main.journal_size.max(self.config.main.journal_size);
        self.engine.reconfigure(&self.config, &new, now);
        self.config = new;
        self.commit(now);
    }

    /// Feeds a body; `cut`: its connection breaks after so many of its alerts, in the middle of the
    /// next.
    pub fn feed(&mut self, source: usize, sender: Sender, alerts: &[&str], cut: Option<usize>, now: Now) {
        let mut text = match sender {
            Sender::Webhook => String::from(r#"{"version":"4","status":"firing","alerts":["#),
            _ => String::from("["),
        };
        for (place, alert) in alerts.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let whole = cut.is_none_or(|cut| place < cut);
            text += comma;
            text += if whole { alert } else { &alert[..alert.len() / 2] };
            if !whole {
                break;
            }
        }
        if cut.is_none() {
            text += if sender == Sender::Webhook { "]}" } else { "]" };
        }
        let body = Body { source, sender, text: &text, whole: cut.is_none() };
        body.feed(&mut self.engine, &self.config, &mut self.reader, now);
        self.commit(now);
    }

    /// The heartbeat comes.
    pub fn beat(&mut self, failed: bool, now: Now) {
        self.engine.step(&self.config, now, Input::Beat { id: HeartbeatId(0), failed });
        self.commit(now);
    }

    /// A sample comes that says when it was measured. True if the rules begin anew with it.
    pub fn sample(&mut self, signal: i64, stamp: i64, now: Now) -> bool {
        let source = SourceId(u16::try_from(CRON).unwrap());
        let Self { engine, config, .. } = self;
        let anew = engine.sample_key(now).is_none();
        if anew {
            engine.rekey(HashKey([7, now.mono.0.cast_unsigned()]), now);
        }
        let mut lines = Lines::new();
        lines.start(Precision::Secs, engine.sample_key(now).unwrap());
        let mut open = engine.open(source, Sender::Repeating);
        let mut each = |event: LineEvent<'_>| {
            let LineEvent::Sample(sample) = event else { panic!("a sample is well formed") };
            engine.step(config, now, Input::Sample { body: &mut open, sample });
        };
        let asking = RuleInterest { config, source };
        lines.feed(format!("wireless,host=n signal={signal} {stamp}\n").as_bytes(), &asking, &mut each);
        lines.finish(&asking, &mut each);
        engine.step(config, now, Input::Close { body: &mut open, end: End::WHOLE });
        self.commit(now);
        anew
    }

    /// A person ends an alert. False if the page has none of that name.
    pub fn release(&mut self, name: &str, now: Now) -> bool {
        let wanted = |held: &&Held| held.counts() && held.name() == name;
        // In the other twin, alerts may have come in another order.
        let first = self.engine.alerts().iter().filter(wanted).min_by_key(|held| held.source());
        let Some(number) = first.map(|held| held.number) else {
            return false;
        };
        let done = self.engine.release(&self.config, now, HOME, number);
        self.commit(now);
        done
    }

    /// A person ends all alerts of these names. Returns how many there were.
    pub fn release_all(&mut self, wanted: &dyn Fn(&str) -> bool, now: Now) -> usize {
        let counting = self.engine.alerts().iter().filter(|held| held.counts() && wanted(held.name()));
        let mut numbers: Vec<_> = counting.map(|held| (held.source(), held.name(), held.number)).collect();
        numbers.sort_unstable();
        let numbers: Vec<_> = numbers.into_iter().map(|(_, _, number)| number).collect();
        for &number in &numbers {
            assert!(self.engine.release(&self.config, now, HOME, number), "7: {number}");
        }
        self.commit(now);
        numbers.len()
    }

    /// What is told of a component: how it is, and since when.
    pub fn tells(&self, part: usize, now: Now) -> (State, Option<At>) {
        let seen = self.engine.view(&self.config, now).component(part_id(part));
        (seen.state(), seen.since)
    }

    /// What a component is not to be better or worse than, in words for whoever reads a failure.
    pub fn explain(&self, part: usize, now: Now) -> String {
        let finding = self.engine.view(&self.config, now).component(part_id(part)).finding;
        let of_it = |held: &&Held| held.components.contains(part_id(part));
        let held = self.engine.alerts().iter().filter(of_it);
        let held: Vec<_> =
            held.map(|held| format!("{} {:?} {:?}", held.name(), held.phase, held.memory)).collect();
        format!("{} is {finding:?}: {held:#?}", PARTS[part])
    }

    /// The headline is the worst of what stands below it, and every claim of trouble has a
    /// deadline.
    pub fn check(&self, now: Now) {
        let view = self.engine.view(&self.config, now);
        let headline = shown::headline(&self.config, &view, HOME);
        let mut worst = ShownState::Well;
        for part in 0..self.config.components.len() {
            worst = worst.max(shown::part(&view, part_id(part)));
        }
        view.incidents(HOME, &mut |incident| {
            if shown::is_current(incident) {
                worst = worst.max(incident.level.into());
            }
        });
        assert!(headline >= worst, "the headline is {headline:?} above {worst:?}");
        for held in self.engine.alerts().iter().filter(|held| held.counts()) {
            let until = match held.phase {
                AlertPhase::Firing { until }
                | AlertPhase::Released { until }
                | AlertPhase::Ended { until } => until,
                AlertPhase::Expired { .. } => {
                    assert_eq!(held.says().state(), State::NoData, "{}", held.name());
                    continue;
                }
            };
            assert!(until <= now.mono.plus(PROMISE_MOST), "{} lasts until {until:?}", held.name());
        }
    }
}
