//! The world: what happens in it, and the daemon as its shell drives it.

use std::collections::BTreeMap;
use std::fmt::Write;

use aiglon::config::{Config, Problems};
use aiglon::engine::alerts::{AlertPhase, Held};
use aiglon::engine::lifetime::Sender;
use aiglon::engine::{Engine, Input};
use aiglon::incidents::{Action, Boot, Done, Refusal};
use aiglon::ingest::Reader;
use aiglon::journal::Store;
use aiglon::model::{
    ComponentId, Finding, Forced, Phase, Repeat, ServiceId, SiteId, SourceId, State, Step, View, Words,
};
use aiglon::persist::{Driver, News};
use aiglon::time::{Mono, Now, Wall, rfc3339};

use super::Dice;
use super::kit::disk::Disk;
use super::kit::feed::Body;
use super::model::{Model, REPEAT_WITHIN, Which};
use super::people::{self, Deed, LONG_AGO, People};
use super::scene::{CONFIG, FEEDERS, HOOK, PARTS, SITE_OF, SITE_OF_SERVICE, SOURCES};

pub const NOON: i64 = 1_795_262_400_000;
pub const SEC: i64 = 1000;
pub const MIN: i64 = 60 * SEC;
pub const DAY: i64 = 24 * 60 * MIN;
const YEARS_56: i64 = 20_454 * DAY;
/// A clock that is wrong by days is set right within this.
const WRONG_FOR: i64 = 60 * MIN;

/// How one alert really is.
#[derive(Clone, Copy, Default)]
struct Sick {
    since: i64,
    /// Its sender says that it ended then, for 15 minutes.
    ended: Option<i64>,
}

pub struct World {
    pub dice: Dice,
    pub config: Box<Config>,
    pub engine: Box<Engine>,
    driver: Box<Driver>,
    /// Bytes that the journal's files may have, by the configuration.
    configured: u32,
    /// The most that the driver has ever allowed them.
    pub largest: u32,
    pub disk: Disk,
    reader: Box<Reader>,
    /// Seconds of real time since the simulation began, in milliseconds: what the senders' clocks
    /// show.
    pub now: i64,
    /// When the machine, and the process, began.
    machine: i64,
    process: i64,
    boots: u64,
    /// Our clock's distance from the right time; `None`: not set.
    pub ahead: Option<i64>,
    /// When a clock that is wrong by years is set right.
    right_at: Option<i64>,
    /// When the clock last was wrong or not set.
    pub astray_at: i64,
    jumped_at: i64,
    /// What was over by then, by a clock that is a little ahead, is over also when that is put
    /// back.
    pub over_at: i64,
    sick: [[[Option<Sick>; 2]; PARTS.len()]; SOURCES.len()],
    /// When each alert of Alertmanager began the last time, and whether it was told to fire.
    hooked: [[(i64, bool); 2]; PARTS.len()],
    /// Until when a sender last said that a component is ill, and has not said otherwise.
    pub promised: [[i64; SOURCES.len()]; PARTS.len()],
    pub model: Model,
    pub people: People,
    /// What people had done when everything was on flash last.
    pub sure: People,
    /// And what the sender that does not repeat had said.
    sure_hooks: Vec<Which>,
    /// When the model last had to go by what is told.
    anew_at: i64,
    /// Whether something is in memory only.
    pub loose: bool,
    /// Whether what is planned must be looked at anew, since nobody can tell what became of it.
    pub unplanned: bool,
    said: u64,
    /// How many steps there were.
    pub step: u64,
    /// Whether to say what happens.
    tells: bool,
    /// When an incident was last seen to go on.
    pub last_open: BTreeMap<(u8, u32), i64>,
    /// When an incident was last known not to be there yet.
    pub born: BTreeMap<(u8, u32), i64>,
    /// When the incidents of a site were last looked through.
    pub looked_at: [i64; 2],
}

/// The smallest journals are the fullest.
fn load(seed: u64) -> Box<Config> {
    let size = ["16k", "32k", "64k", "256k"][usize::try_from(seed % 4).unwrap()];
    let mut config = Box::new(const { Config::new() });
    let mut problems = Box::new(Problems::new());
    assert!(config.load(CONFIG.replace("SIZE", size).as_bytes(), &mut problems).is_ok());
    config
}

/// Whether a clock is so wrong that what it dates may be of any age.
fn is_astray(ahead: Option<i64>) -> bool {
    ahead.is_none_or(|ahead| ahead.abs() > 10 * MIN)
}

fn own(text: &str) -> Words<'_> {
    Words::Own { lang: "", text }
}

impl World {
    pub fn new(seed: u64) -> Self {
        let config = load(seed);
        let mut world = Self {
            dice: Dice::new(seed),
            configured: config.main.journal_size,
            largest: 0,
            config,
            engine: Box::new(const { Engine::new() }),
            driver: Box::new(Driver::new()),
            disk: Disk::default(),
            reader: Box::new(Reader::new()),
            now: 0,
            machine: 0,
            process: 0,
            boots: 1,
            ahead: Some(0),
            right_at: None,
            astray_at: i64::MIN,
            jumped_at: i64::MIN,
            over_at: i64::MIN,
            sick: Default::default(),
            hooked: Default::default(),
            promised: [[i64::MIN; SOURCES.len()]; PARTS.len()],
            model: Model::default(),
            people: People::default(),
            sure: People::default(),
            sure_hooks: Vec::new(),
            anew_at: LONG_AGO,
            last_open: BTreeMap::new(),
            born: BTreeMap::new(),
            looked_at: [0; 2],
            loose: false,
            unplanned: false,
            said: 0,
            step: 0,
            tells: std::env::var_os("SIM_TRACE").is_some(),
        };
        world.start();
        world
    }

    pub fn clocks(&self) -> Now {
        let wall = self.ahead.map(|ahead| Wall(NOON + self.now + ahead));
        Now::new(Mono(self.now - self.process), wall)
    }

    // ---- the daemon, as its shell drives it -----------------------------------------------------

    fn start(&mut self) {
        self.process = self.now;
        *self.engine = const { Engine::new() };
        *self.driver = Driver::new();
        self.model.restart();
        self.promised = [[i64::MIN; SOURCES.len()]; PARTS.len()];
        let now = self.clocks();
        let boot = Boot { id: self.boots, base: self.process - self.machine };
        let Self { driver, disk, engine, config, .. } = self;
        config.main.journal_size = self.configured;
        let started = driver.start(disk, engine, config, boot, now);
        // What gave way before the restart may be there again, and the journal is larger for it
        // until the next one.
        self.largest = self.largest.max(config.main.journal_size);
        started.opened.unwrap();
        assert_eq!(started.unknown, 0, "what was written is known");
        self.tell(started.news);
        self.model.forget_hook();
        self.adopt_hooks(|_, _| true);
    }

    /// Does something with the engine and its journal.
    fn drive(&mut self, work: fn(&mut Driver, &mut dyn Store, &mut Engine, &Config, Now) -> News) {
        let now = self.clocks();
        let Self { driver, disk, engine, config, .. } = self;
        let news = work(driver, disk, engine, config, now);
        self.tell(news);
    }

    fn tell(&self, news: News) {
        assert!(!news.brief, "what is kept fits the journal");
        if news != News::default() {
            self.trace(&|| format!("{news:?}"));
        }
    }

    /// Puts everything on flash; remembers whether it is there.
    pub fn commit(&mut self) -> bool {
        self.drive(Driver::commit);
        self.drive(Driver::retry);
        // What went and could not be told one by one is told by the next compaction.
        let owed = self.engine.incidents().wants_purge();
        let safe = self.driver.fault().is_none() && !self.disk.dead && !owed;
        self.loose = !safe;
        safe
    }

    /// With `SIM_TRACE` set, says what happens.
    pub fn trace(&self, what: &dyn Fn() -> String) {
        if self.tells {
            eprintln!(
                "{} {} {:?}: {}",
                self.step,
                self.now / SEC,
                self.ahead.map(|ahead| ahead / SEC),
                what()
            );
        }
    }

    fn compact(&mut self) {
        self.trace(&|| "compact".to_owned());
        self.drive(Driver::compact);
    }

    /// Writes down that an alert which nobody will repeat began or ended.
    fn wrote_one(&mut self) {
        let now = self.clocks();
        let Self { driver, disk, engine, config, .. } = self;
        let news = driver.note(disk, engine, config, now);
        self.tell(news);
    }

    /// What found no room since the start: of that, what is true in memory is told no more after a
    /// restart.
    fn refused(&self) -> u32 {
        self.engine.incidents().counters().refused
    }

    // ---- time -----------------------------------------------------------------------------------

    pub fn wait(&mut self, millis: i64) {
        let until = self.now + millis;
        if let Some(at) = self.right_at.filter(|&at| at <= until) {
            self.pass_to(at);
            self.right_at = None;
            self.set_clock(Some(0));
        }
        self.pass_to(until);
    }

    fn pass_to(&mut self, until: i64) {
        while let Some(wake) =
            self.engine.poll_at().map(|wake| wake.0 + self.process).filter(|&wake| wake < until)
        {
            self.now = self.now.max(wake);
            let now = self.clocks();
            self.engine.step(&self.config, now, Input::Pass);
        }
        self.now = self.now.max(until);
        let now = self.clocks();
        self.engine.step(&self.config, now, Input::Pass);
        self.model.pass(self.now);
        if is_astray(self.ahead) {
            self.astray_at = self.now;
        }
    }

    fn set_clock(&mut self, ahead: Option<i64>) {
        self.trace(&|| format!("clock to {:?}", ahead.map(|ahead| ahead / SEC)));
        if is_astray(self.ahead) || is_astray(ahead) {
            self.astray_at = self.now;
        }
        self.jumped_at = self.now;
        if let Some(before) = self.ahead.filter(|_| !is_astray(self.ahead)) {
            self.over_at = self.over_at.max(NOON + self.now + before);
        }
        self.unplanned |= ahead.unwrap_or(i64::MAX) < self.ahead.unwrap_or(i64::MAX);
        self.ahead = ahead;
        self.pass_to(self.now);
        if ahead.is_some() {
            self.adopt_hooks(Model::is_restored);
        }
    }

    fn jump(&mut self) {
        let ahead = match self.dice.below(8) {
            0 => None,
            1 => Some(3 * MIN),
            2 => Some(-3 * MIN),
            3 => Some(YEARS_56),
            4 => Some(-300 * DAY),
            5 => Some(DAY),
            _ => Some(0),
        };
        self.right_at = is_astray(ahead).then_some(self.now + WRONG_FOR);
        self.set_clock(ahead);
    }

    // ---- senders --------------------------------------------------------------------------------

    /// Something fails, or is mended.
    fn change(&mut self) {
        let part = self.dice.below(PARTS.len());
        let source = FEEDERS[part][self.dice.below(FEEDERS[part].len())];
        let down = usize::from(self.dice.one_in(2));
        let now = self.now;
        let slot = &mut self.sick[source][part][down];
        *slot = match *slot {
            Some(sick) if sick.ended.is_none() => Some(Sick { ended: Some(now), ..sick }),
            _ => Some(Sick { since: now, ended: None }),
        };
        if source == HOOK {
            self.hook(part, down == 1);
        }
    }

    fn mend_all(&mut self) {
        for part in 0..PARTS.len() {
            for source in 0..SOURCES.len() {
                for down in 0..2 {
                    if let Some(sick) = &mut self.sick[source][part][down]
                        && sick.ended.is_none()
                    {
                        sick.ended = Some(self.now);
                        if source == HOOK {
                            self.hook(part, down == 1);
                        }
                    }
                }
            }
        }
    }

    fn time(at: i64) -> String {
        rfc3339::utc(Wall(NOON + at)).as_str().to_owned()
    }

    fn labels(out: &mut String, which: Which) {
        let (part, severity) = (PARTS[which.part], if which.down { "critical" } else { "warning" });
        let name = if which.down { "Down" } else { "Slow" };
        write!(out, r#""labels":{{"alertname":"{name}","part":"{part}","severity":"{severity}"}}"#).unwrap();
    }

    /// Feeds a body to the daemon.
    fn feed(&mut self, source: usize, sender: Sender, body: &str) {
        let now = self.clocks();
        let body = Body { source, sender, text: body, whole: true };
        body.feed(&mut self.engine, &self.config, &mut self.reader, now);
        self.wrote_one();
    }

    /// Prometheus says what fires, and for 15 minutes what no longer does. One in a few loses its
    /// memory before.
    fn post(&mut self, source: usize) {
        let wall = self.ahead.map(|ahead| self.now + ahead);
        if self.dice.one_in(60) {
            self.sick[source] = Default::default();
        }
        let mut body = String::from("[");
        for part in 0..PARTS.len() {
            let mut promised = i64::MIN;
            for down in [false, true] {
                let slot = &mut self.sick[source][part][usize::from(down)];
                slot.take_if(|sick| sick.ended.is_some_and(|ended| ended + 15 * MIN < self.now));
                let Some(sick) = *slot else { continue };
                let ends = sick.ended.unwrap_or(self.now + 4 * MIN);
                if ends <= sick.since {
                    continue;
                }
                let which = Which { source, part, down };
                body += if body.len() > 1 { ",{" } else { "{" };
                Self::labels(&mut body, which);
                write!(body, r#","startsAt":"{}","endsAt":"{}"}}"#, Self::time(sick.since), Self::time(ends))
                    .unwrap();
                self.model.repeats_said(which, (sick.since, ends), wall, self.now);
                if sick.ended.is_none() {
                    promised = ends;
                }
            }
            self.promised[part][source] = promised;
        }
        body += "]";
        self.model.heard(source, self.now);
        self.feed(source, Sender::Repeating, &body);
    }

    /// Alertmanager says that one alert fires or does not.
    fn hook(&mut self, part: usize, down: bool) {
        let sick = self.sick[HOOK][part][usize::from(down)].is_some_and(|sick| sick.ended.is_none());
        let which = Which { source: HOOK, part, down };
        let status = if sick { "firing" } else { "resolved" };
        let mut body = format!(r#"{{"version":"4","status":"{status}","alerts":[{{"status":"{status}","#);
        Self::labels(&mut body, which);
        let zero = "0001-01-01T00:00:00Z";
        let (start, fired) = &mut self.hooked[part][usize::from(down)];
        if sick && !*fired {
            // Never with the start that ended: that would be old news, of another member.
            *start = (self.now - MIN).max(*start + SEC);
        }
        *fired = sick;
        write!(body, r#","startsAt":"{}","endsAt":"{zero}"}}]}}"#, Self::time(*start)).unwrap();
        self.model.hook_said(which, sick, self.now);
        // An end may be on flash though nobody was told so.
        self.sure_hooks.retain(|sure| sick || *sure != which);
        self.model.heard(HOOK, self.now);
        self.feed(HOOK, Sender::Webhook, &body);
    }

    /// So many minutes in which everybody who sends does.
    pub fn steady(&mut self, minutes: usize, mute: usize) {
        for _ in 0..minutes {
            self.wait(MIN);
            for source in (0..SOURCES.len()).filter(|&source| source != HOOK && source != mute) {
                self.post(source);
            }
            // Alertmanager has an always-firing rule, too: an empty body is a sign of life.
            self.model.heard(HOOK, self.now);
            let (now, hook) = (self.clocks(), SourceId(u16::try_from(HOOK).unwrap()));
            self.engine.alive(&self.config, now, hook);
        }
    }

    // ---- people ---------------------------------------------------------------------------------

    /// The incidents of a site that are told, and whether each goes on.
    pub fn numbers(&self, site: u8) -> Vec<(u32, bool)> {
        let mut numbers = Vec::new();
        let view = self.engine.view(&self.config, self.clocks());
        view.incidents(SiteId(site), &mut |view| numbers.push((view.number, view.open)));
        numbers
    }

    /// A person does something, and says words that nobody said before.
    fn person(&mut self) {
        let service = self.dice.below(SITE_OF_SERVICE.len());
        let site = SITE_OF_SERVICE[service];
        let numbers = self.numbers(site);
        let one =
            |dice: &mut Dice| numbers.get(dice.below(numbers.len().max(1))).map_or(1, |&(number, _)| number);
        let (number, into) = (one(&mut self.dice), one(&mut self.dice));
        self.said += 1;
        let most = [12, 12, 150, 700][self.dice.below(4)];
        let text = format!("w{};{}", self.said, "x".repeat(self.dice.below(most)));
        let who = 70 + u32::try_from(self.dice.below(2)).unwrap();
        let service = ServiceId(u16::try_from(service).unwrap());
        let now = self.clocks();
        let wall = now.wall.unwrap_or(Wall(NOON));
        let starts = wall.0 + i64::try_from(self.dice.below(240)).unwrap() * MIN - 60 * MIN;
        let ends = starts + i64::try_from(self.dice.below(180)).unwrap() * MIN;
        let weekly = self.dice.one_in(4);
        let repeat = if weekly { Repeat::Weekly } else { Repeat::Once };
        let (words, title) = (own(&text), &text[..text.len().min(100)]);
        let next = Some(Wall(ends)).filter(|_| weekly);
        let spoke = |number| Deed::Spoke { number, text: text.clone() };
        let (action, deed) = match self.dice.below(40) {
            0..=6 => {
                let state = State::Degraded;
                (
                    Action::Open { service, component: None, state, title, words, next },
                    Deed::Opened { number: 0, title: title.to_owned() },
                )
            }
            7..=13 => (Action::Update { number, phase: Phase::Identified, words, next }, spoke(number)),
            14..=20 => (Action::Update { number, phase: Phase::Resolved, words, next }, spoke(number)),
            21..=22 => (Action::Reopen { number, words }, spoke(number)),
            23 => (Action::Merge { number, into }, Deed::Touched { number }),
            24 => (Action::Acknowledge { number }, Deed::Touched { number }),
            25..=26 => {
                let of = self.people.last_words(site, number).unwrap_or(usize::MAX);
                (
                    Action::Amend { number, step: None, words },
                    Deed::Amended { number, of, text: text.clone() },
                )
            }
            27..=28 => {
                (Action::Retitle { number, title }, Deed::Retitled { number, title: title.to_owned() })
            }
            29 => (Action::Redact { number }, Deed::Touched { number }),
            30..=31 => {
                (Action::Banner { state: Some(Forced::Degraded), words }, Deed::Banner { text: text.clone() })
            }
            32 => (Action::ClearBanner, Deed::Cleared),
            33..=35 => {
                let (starts, ends, component) = (Wall(starts), Wall(ends), None);
                let planned = Deed::Planned { number: 0, starts: starts.0, ends: ends.0, weekly };
                (Action::Maintain { service, component, starts, ends, repeat, words }, planned)
            }
            36 => {
                let number = 1 + u32::try_from(self.dice.below(8)).unwrap();
                (Action::EndMaintenance { number }, Deed::Ended { number })
            }
            _ => return self.undo(site, who),
        };
        let done = self.engine.act(&self.config, now, SiteId(site), who, action);
        self.trace(&|| format!("{who} on {site}: {action:?} {done:?}"));
        let number_of = |done| match done {
            Done::Incident(number) | Done::ResolvedWhileFiring(number) | Done::Maintenance(number) => number,
            Done::Banner => 0,
        };
        match (done, action) {
            (Err(_), _) => {}
            (Ok(_), Action::Redact { number }) => self.people.forget(site, number),
            (Ok(done), Action::Open { title, .. }) => {
                let number = number_of(done);
                self.people.did(site, who, self.now, Deed::Opened { number, title: title.to_owned() });
                self.people.did(site, who, self.now, spoke(number));
            }
            (Ok(done), Action::Maintain { .. }) => {
                let number = number_of(done);
                self.people.did(site, who, self.now, Deed::Planned { number, starts, ends, weekly });
            }
            (Ok(_), _) => self.people.did(site, who, self.now, deed),
        }
    }

    /// Takes back what a person did last.
    fn undo(&mut self, site: u8, who: u32) {
        let done = self.engine.act(&self.config, self.clocks(), SiteId(site), who, Action::Undo);
        self.trace(&|| format!("{who} on {site}: undo {done:?}"));
        let last = self.people.last_of(site, who);
        let found = last.and_then(|at| self.people.deeds[at].clone());
        match (done, found) {
            (Err(Refusal::NothingToUndo), Some(last)) => {
                let sound = self.ahead == Some(0) && self.jumped_at < last.at && self.machine < last.at;
                let speaks = matches!(last.deed, Deed::Spoke { .. } | Deed::Banner { .. } | Deed::Cleared);
                let young = self.now - last.at < 10 * MIN;
                assert!(!(young && sound && speaks && !last.settled), "{last:?} can be taken back");
            }
            (Err(_), _) => {}
            // Of what it was on flash before the power went: nobody can tell how far it came.
            (Ok(_), Some(people::Done { at: LONG_AGO, .. }) | None) if self.may_be_recent() => {
                self.look_anew(false);
            }
            (Ok(_), None) => panic!("{who} took back what they never did"),
            (Ok(_), Some(found)) => {
                let (at, gone) = (last.unwrap(), found.deed.incident());
                self.people.deeds[at].as_mut().unwrap().undone = true;
                // It was planned before the power went, and ended before anybody looked.
                self.unplanned |=
                    matches!(found.deed, Deed::Ended { number } if !self.people.knows_plan(site, number));
                if let Some(number) =
                    gone.filter(|&number| self.numbers(site).iter().all(|&(known, _)| known != number))
                {
                    // It was opened by mistake, and nobody else had a word in it; or it ended long
                    // ago, and what waited for room took its place.
                    let opened = matches!(found.deed, Deed::Opened { .. } | Deed::Spoke { .. });
                    let others = self.people.deeds.iter().flatten().find(|done| {
                        done.site == site
                            && done.deed.incident() == Some(number)
                            && done.who != who
                            && !done.undone
                    });
                    assert!(
                        (opened && others.is_none()) || self.may_be_gone(site, number),
                        "{who} took back what somebody else said: {others:?}"
                    );
                    self.people.forget(site, number);
                }
            }
        }
    }

    /// Whether what was on flash when the power went last may be said to be of the last ten
    /// minutes: it is, or a clock that was wrong, by a day at most, dated it or says so now.
    fn may_be_recent(&self) -> bool {
        self.anew_at > self.now - 10 * MIN || self.jumped_at > self.now - DAY - 20 * MIN
    }

    // ---- the end of a run -----------------------------------------------------------------------

    /// The process ends and begins again; or the machine does, by a power cut in the middle of
    /// something.
    fn restart(&mut self, cut: bool) {
        self.trace(&|| format!("restart, cut: {cut}"));
        let (safe, ahead) = (if cut { false } else { self.commit() }, self.ahead);
        let over = self.soon_over();
        let before = if safe && !self.disk.dead { Some((self.told(&over), self.refused())) } else { None };
        self.disk.power_cut(&mut self.dice);
        if cut || self.dice.one_in(2) {
            self.machine = self.now;
            self.boots += 1;
        }
        self.wait(SEC);
        self.start();
        self.disk.fail_for(0);
        // A clock that is set on the way changes what is planned.
        if let Some((before, refused)) = before.filter(|_| ahead == self.ahead) {
            let (after, whole) = (self.told(&over), refused == 0 && self.refused() == 0);
            for (site, (before, after)) in (0u8..).zip(before.iter().zip(&after)) {
                self.check_restart(site, before, after, whole);
            }
        } else {
            self.look_anew(true);
        }
    }

    /// Goes by what is told, where nobody can tell what was on flash; what was for certain must be
    /// told.
    fn look_anew(&mut self, after_cut: bool) {
        self.trace(&|| format!("look anew, cut: {after_cut}"));
        for site in (0..2).filter(|_| after_cut) {
            let (told, sure, lately) = (self.people_told(site), self.sure.told(site), self.people.told(site));
            for (number, line) in &sure {
                // What was changed since may be told as before or as after.
                if lately.get(number) == Some(line) && !self.may_be_gone(site, *number) {
                    assert_eq!(
                        told.get(number),
                        Some(line),
                        "what was on flash of incident {number} of site {site}"
                    );
                }
            }
        }
        let mut people = People::default();
        for site in 0..2 {
            let view = self.engine.view(&self.config, self.clocks());
            view.incidents(SiteId(site), &mut |incident| {
                let number = incident.number;
                let mut touched = false;
                let mut words = Vec::new();
                view.steps(SiteId(site), number, &mut |step| {
                    touched |= step.who != 0;
                    if let (Words::Own { text, .. }, false) = (step.words, step.step == Step::Retitled) {
                        words.push((step.who, text.to_owned()));
                    }
                });
                if touched || !incident.title.is_empty() {
                    people.did(site, 0, LONG_AGO, Deed::Opened { number, title: incident.title.to_owned() });
                }
                for (who, text) in words {
                    people.did(site, who, LONG_AGO, Deed::Spoke { number, text });
                }
            });
            if let Some(Words::Own { text, .. }) = view.banner(SiteId(site)).map(|banner| banner.words) {
                people.did(site, 0, LONG_AGO, Deed::Banner { text: text.to_owned() });
            }
        }
        self.people = people;
        self.anew_at = self.now;
        self.unplanned = true;
        if !after_cut {
            return;
        }
        // The same of what the sender that does not repeat said.
        let held: Vec<Which> = self.hooks().into_iter().map(|(which, _)| which).collect();
        for which in &self.sure_hooks {
            let fires = |which: &Which| {
                self.sick[HOOK][which.part][usize::from(which.down)].is_some_and(|sick| sick.ended.is_none())
            };
            assert!(!fires(which) || held.contains(which), "{which:?} was on flash");
        }
        self.model.forget_hook();
        self.adopt_hooks(|_, _| true);
    }

    /// What is left of the life of an alert that nobody repeats depends on both clocks, as they
    /// were when it was written and when it was read: the model takes it over. It is never more
    /// than a whole one. Of what was said in this run, no clock changes it.
    fn adopt_hooks(&mut self, which_of: impl Fn(&Model, Which) -> bool) {
        for (which, until) in self.hooks() {
            if !which_of(&self.model, which) {
                continue;
            }
            let until = until.map(|until| until.0 + self.process);
            assert!(until.is_none_or(|until| until <= self.now + REPEAT_WITHIN), "{which:?} lives too long");
            self.model.hook_lives(which, until, self.now);
        }
    }

    /// The alerts that the daemon has of the sender that does not repeat, and until when each
    /// fires.
    fn hooks(&self) -> Vec<(Which, Option<Mono>)> {
        let of_hook = |held: &&Held| held.source().index() == HOOK && held.counts();
        let of_hook = self.engine.alerts().iter().filter(of_hook);
        let which = |held: &Held| {
            let part = held.components.iter().next().unwrap().index();
            let until = if let AlertPhase::Firing { until } = held.phase { Some(until) } else { None };
            (Which { source: HOOK, part, down: held.fires == Finding::Outage }, until)
        };
        of_hook.map(which).collect()
    }

    /// In the end all is well, the clock is right and storage works, and everybody says so for
    /// longer than any alert lasts whose end was lost (4.5 h).
    pub fn come_to_rest(&mut self) {
        self.disk.calm();
        self.set_clock(Some(0));
        self.right_at = None;
        self.mend_all();
        for part in (0..PARTS.len()).filter(|&part| FEEDERS[part].contains(&HOOK)) {
            self.hook(part, false);
            self.hook(part, true);
        }
        for _ in 0..40 {
            self.steady(8, SOURCES.len());
            self.commit();
        }
    }

    /// Whether every component of a site is well.
    pub fn is_well(&self, site: u8) -> bool {
        let view = self.engine.view(&self.config, self.clocks());
        let of_site = (0u16..).zip(SITE_OF).filter(|(_, of)| *of == site);
        of_site.map(|(id, _)| ComponentId(id)).all(|id| view.component(id).state() == State::Operational)
    }

    // ---- one step -------------------------------------------------------------------------------

    pub fn turn(&mut self) {
        let mut spoken = false;
        match self.dice.below(200) {
            0..=49 => {
                let seconds = [1, 5, 20, 60, 120, 240, 600, 1200][self.dice.below(8)];
                self.wait(seconds * SEC);
            }
            50..=99 => {
                let source = [0, 1, 3][self.dice.below(3)];
                self.post(source);
            }
            100..=139 => self.change(),
            140..=147 => {
                let minutes = 1 + self.dice.below(8);
                let mute = self.dice.below(16);
                self.steady(minutes, mute);
            }
            148..=181 => {
                self.person();
                spoken = true;
            }
            182..=184 => return self.restart(false),
            185..=187 => {
                let calls = self.dice.below(12);
                self.disk.die_after(calls);
            }
            188..=189 => {
                let calls = self.dice.below(30);
                self.disk.fail_for(calls);
            }
            190..=191 => {
                let minutes = i64::try_from(self.dice.below(600)).unwrap();
                self.wait(minutes * MIN);
            }
            192..=194 => self.jump(),
            195..=197 => self.mend_all(),
            198 => self.compact(),
            _ => {
                let days = i64::from(self.dice.one_in(4)) * 8;
                self.wait(days * DAY);
            }
        }
        let safe = self.commit();
        if self.disk.dead {
            return self.restart(true);
        }
        if safe {
            if spoken {
                self.sure.clone_from(&self.people);
            }
            self.sure_hooks = self.model.hooked().map(|(which, _)| which).collect();
        }
    }
}
