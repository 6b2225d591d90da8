//! The engine: a deterministic state machine over alerts, sources and components.
//!
//! [`Engine::step`] takes one input at one time; [`Engine::poll_at`] says when it wants the next
//! look even if nothing comes. The same inputs at the same times give the same states. It does no
//! IO and knows no sockets; [`Engine::view`] answers what the renderer asks.

pub mod alerts;
mod body;
pub mod durable;
mod flash_budget;
pub mod heartbeats;
mod incident_bridge;
mod intake;
pub mod lifetime;
mod locals;
mod mapping;
pub mod reload;
pub mod rules;
pub mod sources;
mod status;

use heapless::Vec;

use alerts::{Alerts, Held};
use body::Changes;
pub use body::{Body, End};
use flash_budget::FlashBudget;
use heartbeats::HeartbeatSlot;
use locals::Claims;
pub use mapping::{LEADING, Meaning, meaning};
use rules::Rules;
pub use sources::Oddity;
use sources::Sources;
use status::ComponentStatus;

use crate::config::Config;
use crate::incidents::uptime::Uptime;
use crate::incidents::{Boot, Incidents};
use crate::ingest::Alert;
use crate::ingest::sample::Sample;
use crate::limits::{
    CLOCK_STEP, COMPONENTS, HEARTBEATS, KEPT_BYTES, ODD_NAMES, SITES, SOURCES, TEXTS_SHOWN, WAKE_LEAST,
};
use crate::model::{
    BannerView, ComponentId, ComponentView, Day, Finding, HeartbeatId, IncidentView, Lang, MaintenanceView,
    ServiceId, SiteId, SourceId, SourceSet, State, StepView, View,
};
use crate::shown::Visible;
use crate::text::mask;
use crate::time::{At, Millis, Mono, Now};

/// What happens to the engine.
pub enum Input<'a> {
    /// A source said something about one alert.
    Alert {
        /// In which body.
        body: &'a mut Body,
        /// What.
        alert: &'a Alert,
        /// Whether it could be read: if not, what was captured of it may still mark a component.
        quality: Quality,
    },
    /// A sample came that rules of its source ask for.
    Sample {
        /// In which body.
        body: &'a mut Body,
        /// What.
        sample: &'a Sample,
    },
    /// A body is over.
    Close {
        /// Which.
        body: &'a mut Body,
        /// How.
        end: End,
    },
    /// A heartbeat came from the source that owes it, and so a sign of life.
    Beat {
        /// Which.
        id: HeartbeatId,
        /// Whether it says that what it is about has failed.
        failed: bool,
    },
    /// Time passed.
    Pass,
}

/// How well an alert could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// All of it, but for what found no room.
    Whole,
    /// It is larger than what is read of an alert.
    Oversize,
    /// It breaks the contract of its path: nobody can tell whether it fires.
    Malformed,
}

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It fires and is held.
    Firing,
    /// It was resolved, or says so again.
    Resolved,
    /// It is over by our clock and was never held: nobody can tell until its next message.
    Doubtful,
    /// It says that nothing is wrong (`severity="info"`).
    Fine,
    /// It says that its sender is alive.
    Heartbeat,
    /// It leads to no component that its source feeds.
    Unmapped,
    /// It found no room; its components are marked.
    Refused,
    /// The configuration says to ignore it.
    Ignored,
}

/// What a step has to tell the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// What became of the alert, if it was one.
    pub verdict: Option<Verdict>,
    /// Samples of a body that is over which were measured too long ago to count.
    pub stale: u32,
    /// Something is odd with the alert, and people have not been told yet:
    /// [`Sources::odd_name`] has the place of its name. [`ODD_NAMES`] is a place that has no name:
    /// there was no room.
    pub odd: Option<usize>,
}

/// How often each thing happened since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct EngineCounters {
    /// By [`Verdict`], in its order.
    pub verdicts: [u64; 8],
    /// Alerts that ended without being resolved.
    pub expired: u64,
    /// Alerts that were too large to be read whole.
    pub oversize: u64,
    /// Sources that fell silent.
    pub silences: u64,
    /// Values that were cut to find room in an alert's kept text, and alerts that came with more
    /// annotations than are read.
    pub cut: u64,
    /// Heartbeats that came.
    pub beats: u64,
    /// Heartbeats that were late, or said that something failed.
    pub missed: u64,
    /// Beginnings of alerts that are not in the journal, since their source had used up its
    /// budget.
    pub withheld: u64,
    /// Alerts that people ended.
    pub released: u64,
}

impl EngineCounters {
    /// How often an alert came to this.
    pub fn of(&self, verdict: Verdict) -> u64 {
        self.verdicts.get(verdict as usize).copied().unwrap_or_default()
    }
}

impl Verdict {
    /// Every verdict and its name in `/metrics`, in the order of [`EngineCounters::verdicts`].
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Firing, "firing"),
        (Self::Resolved, "resolved"),
        (Self::Doubtful, "doubtful"),
        (Self::Fine, "fine"),
        (Self::Heartbeat, "heartbeat"),
        (Self::Unmapped, "unmapped"),
        (Self::Refused, "refused"),
        (Self::Ignored, "ignored"),
    ];
}

/// The engine. All-zero when new.
pub struct Engine {
    alerts: Alerts,
    sources: Sources,
    beats: [HeartbeatSlot; HEARTBEATS],
    rules: Rules,
    claims: Claims,
    incidents: Incidents,
    uptime: Uptime,
    /// Whether a component's state has changed since the incidents last looked.
    stirred: bool,
    /// What the present change has made better.
    changes: Changes,
    /// How many reloads there have been.
    reloads: u32,
    /// Records of an earlier run are being taken back: nothing is shown before all are.
    restoring: bool,
    statuses: [ComponentStatus; COMPONENTS],
    budgets: [FlashBudget; SOURCES],
    started: Mono,
    passed: Mono,
    wake: Option<Mono>,
    generations: [u32; SITES],
    /// The same for what must be shown at once.
    urgent: [u32; SITES],
    as_of_minute: [i64; SITES],
    counters: EngineCounters,
    boot: Boot,
    /// How far the wall clock was ahead of the monotonic one when it was last believed, in
    /// milliseconds. `None`: it has not counted yet.
    offset: Option<i64>,
    /// When what the journal holds of alerts was dated anew.
    dated_at: Option<Mono>,
    /// The journal must be told of something: an alert, a heartbeat or a source is dirty.
    unwritten: bool,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// An engine that knows nothing; call [`begin`](Self::begin) before anything else.
    #[allow(clippy::large_stack_arrays, reason = "it is made in a static")]
    pub const fn new() -> Self {
        Self {
            alerts: Alerts::new(),
            sources: Sources::new(),
            beats: [HeartbeatSlot::new(); HEARTBEATS],
            rules: Rules::new(),
            claims: Claims::new(),
            incidents: Incidents::new(),
            uptime: Uptime::new(),
            stirred: false,
            changes: Changes::NONE,
            reloads: 0,
            restoring: false,
            statuses: [ComponentStatus::new(); COMPONENTS],
            budgets: [FlashBudget::new(); SOURCES],
            started: Mono(0),
            passed: Mono(0),
            wake: None,
            generations: [0; SITES],
            urgent: [0; SITES],
            as_of_minute: [0; SITES],
            counters: EngineCounters {
                verdicts: [0; 8],
                expired: 0,
                oversize: 0,
                silences: 0,
                cut: 0,
                beats: 0,
                missed: 0,
                withheld: 0,
                released: 0,
            },
            boot: Boot { id: 0, base: 0 },
            offset: None,
            dated_at: None,
            unwritten: false,
        }
    }

    /// Says by which start of the machine the monotonic clock runs; before [`begin`](Self::begin).
    pub fn booted(&mut self, boot: Boot) {
        self.boot = boot;
    }

    /// Starts: whoever is silent is missed from now on.
    pub fn begin(&mut self, config: &Config, now: Now) {
        self.started = now.mono;
        self.passed = now.mono;
        self.incidents.begin(config, self.boot, config.main.journal_size);
        self.begin_heartbeats(now.mono);
        self.begin_rules(now.mono);
        self.rejudge(config, now, false);
        self.wake = Some(now.mono.plus(WAKE_LEAST));
    }

    /// Takes one input.
    pub fn step(&mut self, config: &Config, now: Now, input: Input<'_>) -> Effects {
        self.uptime.pass(config, now);
        if self.wake.is_some_and(|wake| wake <= now.mono) || matches!(input, Input::Pass) {
            self.pass(config, now);
        }
        self.read_clock(config, now);
        // What time has changed is a change of its own.
        self.settle(config, now);
        let effects = match input {
            Input::Pass => Effects::default(),
            Input::Beat { id, failed } => {
                self.beat(config, id, failed, now);
                Effects::default()
            }
            Input::Close { body, end } => self.close(config, body, end, now),
            Input::Sample { body, sample } => {
                if self.within(body, |engine, _| engine.sample(config, sample, now)) {
                    body.fresh = true;
                } else {
                    body.stale = body.stale.saturating_add(1);
                }
                self.look_soon(now.mono);
                return Effects::default();
            }
            Input::Alert { body, alert, quality } => {
                let verdict = self.within(body, |engine, body| match quality {
                    Quality::Whole => engine.alert(config, body, alert, now),
                    Quality::Oversize | Quality::Malformed => {
                        engine.captured(config, body, alert, quality, now)
                    }
                });
                body.count(alert.fingerprint(), verdict);
                let odd = self.note_oddity(config, body.source, alert, verdict);
                if let Some(n) = self.counters.verdicts.get_mut(verdict as usize) {
                    *n = n.saturating_add(1);
                }
                // The incidents look when the body is over.
                self.look_soon(now.mono);
                return Effects { verdict: Some(verdict), stale: 0, odd };
            }
        };
        self.settle(config, now);
        if self.stirred || self.incidents.wakes_at().is_some_and(|at| at <= now.mono) {
            self.look(config, now);
        }
        effects
    }

    /// A source has asked for a path that is none. True if people have not been told that of it.
    pub fn went_astray(&mut self, source: SourceId) -> bool {
        self.sources.count(source, Oddity::Path) == 1
    }

    /// Notes what is odd with an alert. Returns what [`Effects::odd`] tells.
    fn note_oddity(
        &mut self,
        config: &Config,
        source: SourceId,
        alert: &Alert,
        verdict: Verdict,
    ) -> Option<usize> {
        let what = match verdict {
            Verdict::Unmapped => Oddity::Unmapped,
            Verdict::Firing | Verdict::Doubtful | Verdict::Refused if mapping::has_odd_severity(alert) => {
                Oddity::Severity
            }
            _ => return None,
        };
        let share = ODD_NAMES.checked_div(Sources::pushers(config).iter().count()).unwrap_or(ODD_NAMES);
        self.sources.note(source, what, alert.label("alertname").unwrap_or_default(), share)
    }

    /// Looks whether the wall clock has come to count, or was set.
    fn read_clock(&mut self, config: &Config, now: Now) {
        let Some(wall) = now.wall else { return };
        let offset = wall.0.saturating_sub(now.mono.0);
        let old = self.offset.replace(offset);
        if let Some(old) = old {
            if offset.abs_diff(old) <= u64::from(CLOCK_STEP.0) {
                self.offset = Some(old);
                return;
            }
            for status in &mut self.statuses {
                status.redate(old, now);
            }
        } else {
            self.incidents.learn_time(now);
        }
        let wrong = old.map(|old| Millis(u32::try_from(offset.abs_diff(old)).unwrap_or(u32::MAX)));
        self.learn_what_was_left(config, wrong, now);
        self.recall_beats(config, now);
        self.rejudge(config, now, false);
        // What is planned is on, or over, by the new time; and pages tell times by it.
        self.stirred = true;
        self.touch_all(u8::MAX);
    }

    /// When it wants to be stepped with [`Input::Pass`]; `None` if nothing changes with time alone.
    pub fn poll_at(&self) -> Option<Mono> {
        match (self.wake, self.uptime.next_at()) {
            (Some(wake), Some(day)) => Some(wake.min(day)),
            (wake, day) => wake.or(day),
        }
    }

    /// A number that changes whenever the page of a site does.
    pub fn generation(&self, site: SiteId) -> u32 {
        self.generations.get(site.index()).copied().unwrap_or_default()
    }

    /// A number that changes whenever the page of a site gets worse, and whenever a person has done
    /// something: a page of before must not be served any more. That all is better, or the minute
    /// of the last sign of life, may be told a second later.
    pub fn urgent(&self, site: SiteId) -> u32 {
        self.urgent.get(site.index()).copied().unwrap_or_default()
    }

    /// How often each thing happened.
    pub fn counters(&self) -> &EngineCounters {
        &self.counters
    }

    /// The alerts that are held, ended ones included.
    pub fn alerts(&self) -> &Alerts {
        &self.alerts
    }

    /// The senders.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// What visitors may know at this moment: all that is told to them is asked here.
    pub fn view<'a>(&'a self, config: &'a Config, now: Now) -> impl View + 'a {
        Visible::new(config, EngineView { engine: self, config, now })
    }

    /// What operators may know at this moment: also of what no page shows.
    pub fn whole_view<'a>(&'a self, config: &'a Config, now: Now) -> impl View + 'a {
        EngineView { engine: self, config, now }
    }

    // ---- what changed ---------------------------------------------------------------------------

    /// Asks anew who vouches for the components that one of these sources feeds.
    fn feed(&mut self, config: &Config, sources: SourceSet, now: Mono) {
        for (component, status) in config.components.iter().zip(&mut self.statuses) {
            if component.feeders.intersects(sources) {
                status.feed = self.sources.feed_of(component, now);
            }
        }
    }

    /// Shows what has changed of the components that one of these sources feeds.
    fn update_fed_by(&mut self, config: &Config, sources: SourceSet, now: Now) {
        for (component, id) in config.components.iter().zip(0u16..) {
            if component.feeders.intersects(sources) {
                self.update(config, ComponentId(id), None, now);
            }
        }
    }

    /// Both.
    fn refeed(&mut self, config: &Config, sources: SourceSet, now: Now) {
        self.feed(config, sources, now.mono);
        self.update_fed_by(config, sources, now);
    }

    /// Counts all claims anew, and shows every component as they have it: after a start, a reload,
    /// and when the clock is set. Trouble is told since it began by the claims, and at a start by
    /// the incidents, too: nothing else knows of it then. O(alerts + components).
    fn rejudge(&mut self, config: &Config, now: Now, anew: bool) {
        self.feed(config, Sources::pushers(config), now.mono);
        for status in &mut self.statuses {
            status.recount();
        }
        let mut earliest: [Option<At>; COMPONENTS] = [None; COMPONENTS];
        for held in self.alerts.iter() {
            for id in held.components.iter() {
                if let Some(status) = self.statuses.get_mut(id.index()) {
                    status.replace(Finding::Well, held.says());
                }
                if let Some(earliest) = earliest.get_mut(id.index()).filter(|_| held.fires()) {
                    let since = held.since(now);
                    *earliest = Some(earliest.map_or(since, |earliest| earliest.min(since, now)));
                }
            }
        }
        locals::count(self, config, now.mono);
        for (id, earliest) in (0u16..).map(ComponentId).zip(earliest).take(config.components.len()) {
            let told = self.incidents.unwell_since(id, now).filter(|_| anew).map(At::Wall);
            if told.is_some()
                && let Some(status) = self.statuses.get_mut(id.index())
            {
                status.recall_trouble();
            }
            let earliest = match (earliest, told) {
                (Some(earliest), Some(told)) => Some(earliest.min(told, now)),
                (earliest, told) => earliest.or(told),
            };
            // A body goes on that has made it better, and may make it worse again.
            let goes_on =
                |status: &ComponentStatus| status.is_held() && status.found(now.mono) < status.shown();
            if !self.statuses.get(id.index()).is_some_and(goes_on) {
                self.show(config, id, earliest, now);
            }
        }
        self.settle(config, now);
    }

    /// The pages of these sites are no longer what they were; a bit for each site.
    fn touch_all(&mut self, sites: u8) {
        for site in (0u8..).map(SiteId).take(SITES).filter(|site| sites >> site.0 & 1 == 1) {
            self.touch(site);
        }
    }

    /// The page of a site is no longer what it was, and must be shown anew at once.
    fn touch(&mut self, site: SiteId) {
        self.touch_mildly(site);
        if let Some(urgent) = self.urgent.get_mut(site.index()) {
            *urgent = urgent.wrapping_add(1);
        }
    }

    /// The page of a site is no longer what it was, and nothing on it is worse.
    fn touch_mildly(&mut self, site: SiteId) {
        if let Some(generation) = self.generations.get_mut(site.index()) {
            *generation = generation.wrapping_add(1);
        }
    }

    /// Asks to be woken at `at` or earlier.
    #[inline(never)]
    fn wake_at(&mut self, at: Mono) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }
}

/// The engine as the renderer sees it.
struct EngineView<'a> {
    engine: &'a Engine,
    config: &'a Config,
    now: Now,
}

impl View for EngineView<'_> {
    fn now(&self) -> Now {
        self.now
    }

    fn as_of(&self, site: SiteId) -> Option<Mono> {
        let mut pushers = SourceSet::EMPTY;
        for (id, _) in self.config.pushers_of(site) {
            pushers.insert(id);
        }
        self.engine.sources.last_of(pushers)
    }

    fn silent_since(&self, id: ComponentId) -> Option<Option<Mono>> {
        let component = self.config.components.get(id.index())?;
        let sources = &self.engine.sources;
        sources.silent_since(self.config, component, self.engine.started, self.now.mono)
    }

    fn component(&self, id: ComponentId) -> ComponentView {
        let status = self.engine.statuses.get(id.index()).copied().unwrap_or(ComponentStatus::new());
        ComponentView {
            finding: status.shown(),
            trouble: status.in_trouble(),
            // Nothing began later than now.
            since: status.since().map(|at| at.min(At::Mono(self.now.mono), self.now)),
            maintenance: self.engine.incidents.in_maintenance(id),
            affected_by: self.engine.incidents.affected_by(self.config, id),
        }
    }

    fn incidents(&self, site: SiteId, each: &mut dyn FnMut(&IncidentView<'_>)) {
        self.engine.incidents.incidents(site, self.now, each);
    }

    fn said(&self, service: ServiceId) -> (State, bool) {
        self.engine.incidents.said(self.config, service)
    }

    fn steps(&self, site: SiteId, number: u32, each: &mut dyn FnMut(&StepView<'_>)) {
        self.engine.incidents.steps(site, number, self.now, each);
    }

    fn newest_steps(
        &self,
        site: SiteId,
        number: u32,
        most: usize,
        each: &mut dyn FnMut(&StepView<'_>),
    ) -> usize {
        self.engine.incidents.newest_steps(site, number, most, self.now, each)
    }

    #[cfg(feature = "feeds")]
    fn newest_of_site(
        &self,
        site: SiteId,
        most: usize,
        each: &mut dyn FnMut(&IncidentView<'_>, &StepView<'_>),
    ) {
        self.engine.incidents.newest_of_site(site, most, (self.config, self.now), each);
    }

    #[cfg(feature = "feeds")]
    fn cancelled(&self, site: SiteId, most: usize, each: &mut dyn FnMut(&MaintenanceView<'_>)) {
        self.engine.incidents.cancelled(self.config, site, (self.now, most), each);
    }

    #[cfg(feature = "feeds")]
    fn occurrences(
        &self,
        site: SiteId,
        number: u32,
        from: crate::time::Wall,
        most: usize,
        each: &mut dyn FnMut(crate::time::Wall, crate::time::Wall),
    ) {
        self.engine.incidents.occurrences(self.config, site, number, (from, most), each);
    }

    fn maintenance(&self, site: SiteId, each: &mut dyn FnMut(&MaintenanceView<'_>)) {
        self.engine.incidents.maintenance(self.config, site, self.now, each);
    }

    fn past_maintenance(&self, site: SiteId, each: &mut dyn FnMut(&MaintenanceView<'_>)) {
        self.engine.incidents.past_maintenance(self.config, site, self.now, each);
    }

    fn banner(&self, site: SiteId) -> Option<BannerView<'_>> {
        self.engine.incidents.banner(site, self.now)
    }

    fn fared(&self, component: ComponentId, days: &mut [Day]) {
        self.engine.uptime.fared(self.config, component, self.now, days);
    }

    fn days(&self, site: SiteId) -> u8 {
        self.config.sites.get(site.index()).map_or(0, |site| site.retain_days)
    }

    fn published(&self, id: ComponentId, lang: Lang, each: &mut dyn FnMut(&str)) {
        for rule in self.engine.firing_rules(self.config, id) {
            each(self.config.text(&rule.text, lang));
        }
        let names = || self.config.published.iter().filter(|entry| entry.component == id);
        // Most components publish nothing, or are well: the alerts are not walked for those.
        if names().next().is_none() || self.component(id).state() < State::Degraded {
            return;
        }
        let mut shown: Vec<&str, TEXTS_SHOWN> = Vec::new();
        for worst in [Finding::Outage, Finding::Degraded] {
            let fires = |held: &&Held| held.says() == worst && held.components.contains(id);
            for held in self.engine.alerts.iter().filter(fires) {
                for pair in held.kept.pairs().filter(|pair| pair.annotation && !pair.value.is_empty()) {
                    if names().any(|entry| self.config.str(entry.annotation) == pair.name)
                        && !shown.contains(&pair.value)
                        && shown.push(pair.value).is_err()
                    {
                        break;
                    }
                }
            }
        }
        for text in shown {
            let mut masked: Vec<u8, KEPT_BYTES> = Vec::new();
            // A kept text always fits: it came out of a buffer of this size.
            if masked.extend_from_slice(text.as_bytes()).is_ok() {
                mask::mask_ip(&mut masked);
                each(core::str::from_utf8(&masked).unwrap_or(""));
            }
        }
    }
}

#[cfg(test)]
mod sim_tests;
#[cfg(test)]
mod tests;
