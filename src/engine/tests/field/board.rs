//! A board in the field: an engine with its journal, over restarts.
//!
//! Times are minutes after noon by a right clock, whatever the board's own clocks say. Each method
//! is the only place that knows how the engine is told of one thing, so a change of that is made
//! here.

use std::ops::{Deref, DerefMut};

use super::super::*;
use crate::config::rule::RuleInterest;
use crate::engine::Body;
use crate::engine::alerts::Held;
use crate::incidents::{Action, Boot};
use crate::ingest::line::{LineEvent, Lines, Precision};
use crate::ingest::sample::HashKey;
use crate::limits::PAGE_BYTES;
use crate::model::{HeartbeatId, Phase, Words};
use crate::text::buffer::Bytes;

/// An incident, as a page tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) number: u32,
    pub(super) open: bool,
    pub(super) began: Option<i64>,
    pub(super) ended: Option<i64>,
}

pub(super) struct Board {
    sim: Sim,
    text: String,
    /// Every record since the first start, in order.
    journal: Vec<(u8, Vec<u8>)>,
    /// When the monotonic clock was zero, in milliseconds after noon.
    booted: i64,
    boots: u64,
    /// How far the wall clock is ahead of a right one; `None`: it is not set.
    wrong: Option<i64>,
}

impl Deref for Board {
    type Target = Sim;
    fn deref(&self) -> &Sim {
        &self.sim
    }
}

impl DerefMut for Board {
    fn deref_mut(&mut self) -> &mut Sim {
        &mut self.sim
    }
}

impl Board {
    /// It has just started, at noon.
    pub(super) fn new(text: &str) -> Self {
        let mut board = Self {
            sim: Sim::new(text),
            text: text.to_string(),
            journal: Vec::new(),
            booted: 0,
            boots: 0,
            wrong: Some(0),
        };
        board.begin();
        board
    }

    /// Its sources have been heard for ten minutes.
    pub(super) fn well(text: &str) -> Self {
        let mut board = Self::new(text);
        board.alive();
        board.quiet(10);
        board
    }

    // ---- time -----------------------------------------------------------------------------------

    /// Minutes after noon.
    pub(super) fn minute(&self) -> i64 {
        self.millis().div_euclid(MIN)
    }

    /// Milliseconds after noon.
    pub(super) fn millis(&self) -> i64 {
        self.sim.now.0 + self.booted
    }

    /// Lets time pass; nobody says anything.
    pub(super) fn pass_to(&mut self, millis: i64) {
        let until = Mono(millis - self.booted);
        assert!(until >= self.sim.now, "time goes forward");
        while let Some(wake) = self.sim.engine.poll_at().filter(|&wake| wake <= until) {
            self.sim.now = wake.max(self.sim.now);
            self.step_on();
        }
        self.sim.now = until;
        self.step_on();
    }

    /// Time passes, and all sources say each minute that they are alive.
    pub(super) fn quiet(&mut self, minute: i64) {
        let all: Vec<_> = (0u16..).map(SourceId).take(self.sim.config.sources.len()).collect();
        self.heard_until(minute, &all);
    }

    /// The same, for some of them.
    pub(super) fn heard_until(&mut self, minute: i64, sources: &[SourceId]) {
        while self.minute() < minute {
            self.pass_to((self.minute() + 1) * MIN);
            self.hear(sources);
        }
    }

    pub(super) fn hear(&mut self, sources: &[SourceId]) {
        let now = self.sim.clocks();
        for &source in sources {
            self.sim.engine.alive(&self.sim.config, now, source);
        }
        self.write();
    }

    /// Sets the wall clock, so far ahead of a right one; `None`: it does not count.
    pub(super) fn set_clock(&mut self, wrong: Option<i64>) {
        self.wrong = wrong;
        self.sim.ahead = wrong.map(|wrong| wrong + self.booted);
        self.step_on();
    }

    /// The wall clock is synchronised, as NTP says.
    pub(super) fn synchronise(&mut self) {
        self.sim.synchronised = true;
        self.set_clock(Some(0));
    }

    fn step_on(&mut self) {
        let now = self.sim.clocks();
        self.sim.engine.step(&self.sim.config, now, Input::Pass);
        self.write();
    }

    // ---- what senders say -----------------------------------------------------------------------

    /// Posts a body, as a connection does. Returns how many of its alerts are malformed.
    pub(super) fn post(&mut self, source: SourceId, sender: Sender, body: &str) -> usize {
        let (open, bad) = self.post_slowly(source, sender, body);
        let truncated = self.sim.reader.was_truncated();
        self.close(open, End { alive: true, truncated });
        bad
    }

    /// A body is over.
    pub(super) fn close(&mut self, mut body: Body, end: End) {
        let now = self.sim.clocks();
        self.sim.engine.step(&self.sim.config, now, Input::Close { body: &mut body, end });
        self.write();
    }

    /// The same, but for its end: the sender is slow.
    pub(super) fn post_slowly(&mut self, source: SourceId, sender: Sender, body: &str) -> (Body, usize) {
        let now = self.sim.clocks();
        let dialect = match sender {
            Sender::Repeating => Dialect::Alerts,
            Sender::Webhook => Dialect::Webhook,
            Sender::Once => Dialect::Collectd,
        };
        let mut bad = 0;
        let journal = &mut self.journal;
        let Sim { engine, config, reader, .. } = &mut self.sim;
        let mut tell = |engine: &mut Engine, input: Input<'_>| {
            engine.step(config, now, input);
            engine.write_down(config, now, &mut |kind, payload| {
                journal.push((kind, payload.to_vec()));
            });
        };
        reader.start(dialect);
        let mut open = engine.open(source, sender);
        let mut each = |event: Event<'_>| {
            let (alert, quality) = match event {
                Event::Alert(alert) => (alert, Quality::Whole),
                Event::Oversize(alert) => (alert, Quality::Oversize),
                Event::Partial(_, alert) => {
                    bad += 1;
                    (alert, Quality::Malformed)
                }
                Event::Bad(_) => {
                    bad += 1;
                    return;
                }
                Event::Sample(_) => return,
            };
            tell(engine, Input::Alert { body: &mut open, alert, quality });
        };
        reader.feed(body.as_bytes(), &mut each).unwrap();
        reader.finish().unwrap();
        (open, bad)
    }

    /// As Prometheus does.
    pub(super) fn alerts(&mut self, source: SourceId, alerts: &[String]) {
        self.post(source, Sender::Repeating, &format!("[{}]", alerts.join(",")));
    }

    /// As Alertmanager does.
    pub(super) fn hook(&mut self, source: SourceId, alerts: &[String]) {
        let body = format!("{{\"alerts\":[{}],\"version\":\"4\"}}", alerts.join(","));
        self.post(source, Sender::Webhook, &body);
    }

    /// Line protocol.
    pub(super) fn lines(&mut self, source: SourceId, precision: Precision, body: &str) {
        let now = self.sim.clocks();
        let Sim { engine, config, .. } = &mut self.sim;
        if engine.sample_key(now).is_none() {
            engine.rekey(HashKey([7, now.mono.0.cast_unsigned()]), now);
        }
        let mut lines = Lines::new();
        lines.start(precision, engine.sample_key(now).unwrap());
        let mut open = engine.open(source, Sender::Repeating);
        let mut each = |event: LineEvent<'_>| match event {
            LineEvent::Sample(sample) => {
                engine.step(config, now, Input::Sample { body: &mut open, sample });
            }
            LineEvent::Bad(line, flaw) => panic!("{line}: {flaw:?}"),
        };
        let asking = RuleInterest { config, source };
        lines.feed(body.as_bytes(), &asking, &mut each);
        lines.finish(&asking, &mut each);
        engine.step(config, now, Input::Close { body: &mut open, end: End::WHOLE });
        self.write();
    }

    pub(super) fn beat(&mut self, id: HeartbeatId, failed: bool) {
        let now = self.sim.clocks();
        let Sim { engine, config, .. } = &mut self.sim;
        engine.step(config, now, Input::Beat { id, failed });
        self.write();
    }

    // ---- what people do -------------------------------------------------------------------------

    pub(super) fn act(&mut self, action: Action<'_>) {
        let now = self.sim.clocks();
        self.sim.engine.act(&self.sim.config, now, HOME, 77, action).unwrap();
        self.write();
    }

    /// Somebody writes to the newest incident.
    pub(super) fn update(&mut self, phase: Phase) {
        let number = self.troubles()[0].number;
        self.act(Action::Update { number, phase, words: Words::None, next: None });
    }

    /// Somebody ends all that sources say of a component.
    pub(super) fn release(&mut self, component: ComponentId) {
        let now = self.sim.clocks();
        let Sim { engine, config, .. } = &mut self.sim;
        let of_it = |held: &&Held| held.counts() && held.components.contains(component);
        let numbers: Vec<_> = engine.alerts().iter().filter(of_it).map(|held| held.number).collect();
        for number in numbers {
            assert!(engine.release(config, now, HOME, number), "{number}");
        }
        self.write();
    }

    // ---- restarts -------------------------------------------------------------------------------

    /// What the shell writes down after each step.
    fn write(&mut self) {
        let now = self.sim.clocks();
        let journal = &mut self.journal;
        self.sim.engine.write_down(&self.sim.config, now, &mut |kind, payload| {
            journal.push((kind, payload.to_vec()));
        });
        while let Some((kind, payload)) = self.sim.engine.incidents().unwritten() {
            self.journal.push((kind, payload.to_vec()));
            self.sim.engine.wrote_one();
        }
    }

    /// From the next start on, this is the configuration.
    pub(super) fn set_text(&mut self, text: &str) {
        self.text = text.to_string();
    }

    /// The process is killed and begins anew at once.
    pub(super) fn kill(&mut self) {
        let now = self.sim.now;
        self.sim = Sim::new(&self.text);
        self.sim.now = now;
        self.begin();
    }

    /// The process ends cleanly and begins anew at once.
    pub(super) fn stop(&mut self) {
        let now = self.sim.clocks();
        let journal = &mut self.journal;
        self.sim.engine.flush_uptime(&self.sim.config, now, &mut |kind, payload| {
            journal.push((kind, payload.to_vec()));
        });
        self.kill();
    }

    /// The configuration is read again, and has not changed.
    pub(super) fn reload(&mut self) {
        let text = self.text.clone();
        reload(&mut self.sim, &text);
        self.write();
    }

    /// The tokens of a source are taken away, and the journal is written anew.
    pub(super) fn forget(&mut self, source: SourceId) {
        let now = self.sim.clocks();
        let Sim { engine, config, .. } = &mut self.sim;
        engine.forget_source(config, source, now);
        self.compact();
    }

    /// The power is cut for so many minutes; the wall clock goes on as it was set.
    pub(super) fn cut_power(&mut self, minutes: i64) {
        self.booted = self.millis() + minutes * MIN;
        self.boots += 1;
        self.sim = Sim::new(&self.text);
        self.begin();
    }

    /// The power is cut, and after that the wall clock is this far ahead.
    pub(super) fn cut_power_and_set_clock(&mut self, minutes: i64, wrong: Option<i64>) {
        self.wrong = wrong;
        self.cut_power(minutes);
    }

    /// A new engine begins with what the journal holds.
    fn begin(&mut self) {
        self.sim.ahead = self.wrong.map(|wrong| wrong + self.booted);
        let now = self.sim.clocks();
        let Sim { engine, config, .. } = &mut self.sim;
        **engine = const { Engine::new() };
        engine.booted(Boot { id: self.boots + 1, base: 0 });
        engine.begin(config, now);
        for (kind, payload) in &self.journal {
            assert!(engine.restore(config, now, *kind, payload), "{kind}");
        }
        engine.restored(config, now);
        self.write();
    }

    /// The journal is written anew.
    pub(super) fn compact(&mut self) {
        let now = self.sim.clocks();
        let journal = &mut self.journal;
        journal.clear();
        self.sim.engine.snapshot(&self.sim.config, now, SourceSet::EMPTY, &mut |kind, payload| {
            journal.push((kind, payload.to_vec()));
        });
        self.sim.engine.wrote_all(SourceSet::EMPTY, now);
    }

    /// How many records the journal has.
    pub(super) fn records(&self) -> usize {
        self.journal.len()
    }

    /// How many of them are of this kind.
    pub(super) fn records_of(&self, kind: u8) -> usize {
        self.journal.iter().filter(|(of, _)| *of == kind).count()
    }

    // ---- what is told ---------------------------------------------------------------------------

    /// Minutes after noon, as the page tells it by the board's clock.
    pub(super) fn since(&self, id: ComponentId) -> Option<i64> {
        let now = self.sim.clocks();
        let since = self.sim.engine.view(&self.sim.config, now).component(id).since?;
        Some((since.wall(now)?.0 - NOON).div_euclid(MIN))
    }

    /// State and since.
    pub(super) fn tells(&self, id: ComponentId) -> (State, Option<i64>) {
        (self.sim.state(id), self.since(id))
    }

    /// A heartbeat in a word, as operators see it.
    pub(super) fn beat_word(&self, id: HeartbeatId) -> &'static str {
        self.sim.engine.heartbeat(id).word()
    }

    /// All incidents, the newest first.
    pub(super) fn troubles(&self) -> Vec<Trouble> {
        let minute = |at: Option<Wall>| at.map(|at| (at.0 - NOON).div_euclid(MIN));
        let mut all = Vec::new();
        self.sim.engine.view(&self.sim.config, self.sim.clocks()).incidents(HOME, &mut |view| {
            all.push(Trouble {
                number: view.number,
                open: view.open,
                began: minute(view.began),
                ended: minute(view.ended),
            });
        });
        all
    }

    /// How many maintenances the page tells of.
    pub(super) fn planned(&self) -> usize {
        let mut count = 0;
        self.sim.engine.view(&self.sim.config, self.sim.clocks()).maintenance(HOME, &mut |_| count += 1);
        count
    }

    /// The words of the page, in English.
    pub(super) fn page(&self) -> String {
        let html = self.html();
        let body = html.split_once("</style>").map_or("", |(_, body)| body);
        let mut words = String::new();
        for piece in body.split('<') {
            words += piece.split_once('>').map_or(piece, |(_, text)| text);
            words.push(' ');
        }
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// How all of it is, as the title of the page says it.
    pub(super) fn headline(&self) -> String {
        let html = self.html();
        let (_, rest) = html.split_once("<title>").unwrap();
        rest.split_once(" – ").unwrap().0.to_string()
    }

    fn html(&self) -> String {
        let mut page: Box<Bytes<PAGE_BYTES>> = Box::default();
        let view = self.sim.engine.view(&self.sim.config, self.sim.clocks());
        let kind = crate::model::PageKind::Now;
        crate::render::page(&mut page, &self.sim.config, HOME, Lang::En, &view, kind).unwrap();
        String::from_utf8_lossy(page.as_slice()).into_owned()
    }
}
