//! How incidents open, join, get worse and better, and end by what components do.
//!
//! What is bad is announced at once. What is better is announced when it has been so for the site's
//! `settle`, and that nothing is known when it has been so for `no_data_after`: so a component that
//! flaps has one incident, with few steps. What was announced is always taken back: a component
//! stays in its incident until it is announced to be well.

use super::derived::{Incident, Link, Window};
use super::record::{RecordHead, StepRecord, WINDOW_ENDED, What, When};
use super::{Incidents, window};
use crate::config::{self, Config};
use crate::limits::{
    BEGAN_EARLIER_REST, CLOCK_WAIT, COMPONENTS, PAUSES_HOUR, REFUSED_AGAIN, SITES, WINDOW_KEPT,
};
use crate::model::{ComponentId, ComponentSet, SiteId, State};
use crate::time::{At, Millis, Mono, Now, Wall};

/// What is remembered of one component besides what was announced of it. All-zero when new.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    /// How it is.
    seen: State,
    /// How it was when anybody knew; `NoData`: nobody has known since the start.
    last: State,
    /// Whether anything has ever been known about it, as far as that is kept.
    known: bool,
    /// Nothing is wrong but that something is owed which has not had the time to come.
    waits: bool,
    /// Since when it is so.
    changed_at: Mono,
    /// Since when it has been better than announced, if it is.
    better_since: Option<Mono>,
    /// When an earlier beginning of it was written last. Zero: not yet.
    dated_at: Mono,
}

impl Watch {
    /// A start: it was well when the last run knew.
    pub(super) fn was_well(&mut self) {
        self.last = State::Operational;
    }

    pub(super) fn seen(&self) -> State {
        self.seen
    }

    pub(super) const fn new() -> Self {
        let (seen, last) = (State::NoData, State::NoData);
        let (changed_at, dated_at) = (Mono(0), Mono(0));
        Self { seen, last, known: false, waits: false, changed_at, better_since: None, dated_at }
    }
}

/// What the incidents ask about components.
pub struct Looks<'a> {
    /// How one stands.
    pub state: &'a dyn Fn(ComponentId) -> State,
    /// Whether anything is kept of how it fared before.
    pub known: &'a dyn Fn(ComponentId) -> bool,
    /// Whether it is unknown only since something is owed that has not had the time to come.
    pub waits: &'a dyn Fn(ComponentId) -> bool,
    /// Since when it has been well, or unwell.
    pub since: &'a dyn Fn(ComponentId) -> Option<At>,
    /// The date is believed from then on ([`uptime`](super::uptime)). `None`: nobody knows the
    /// date.
    pub believed_at: Option<Mono>,
}

/// How a component is, as a step tells it.
#[derive(Clone, Copy)]
struct About {
    id: ComponentId,
    state: State,
    /// Since when it has been well, or unwell.
    since: Option<Wall>,
}

fn ids(config: &Config) -> impl Iterator<Item = ComponentId> + use<> {
    (0u16..).map(ComponentId).take(config.components.len())
}

fn settings(config: &Config, site: SiteId) -> config::Site {
    config.sites.get(site.index()).copied().unwrap_or_default()
}

impl Incidents {
    /// Looks at every component, at the time, and at what follows. Call it when a component's state
    /// has changed and when [`wakes_at`](Self::wakes_at) says so. O(components).
    pub fn pass(&mut self, config: &Config, now: Now, looks: &Looks<'_>) {
        self.wake = None;
        self.watch_clock(now);
        self.believed_at = looks.believed_at.unwrap_or(Mono(i64::MAX));
        self.retire(config, now);
        self.forget_replaced(now);
        self.end_windows(config, WINDOW_KEPT, now);
        self.maintain(config, now);
        self.wait_for_news(now);
        for id in ids(config) {
            self.see(id, (looks.state)(id), now.mono);
            if let Some(watch) = self.watches.get_mut(id.index()) {
                watch.known = watch.known || (looks.known)(id);
                watch.waits = (looks.waits)(id);
            }
        }
        // First those that are guilty: the others join them.
        for affected in [false, true] {
            for id in ids(config) {
                if self.root_of(config, id).is_some() == affected {
                    let since = (looks.since)(id).and_then(|at| at.wall(now));
                    self.look(config, id, since, now);
                }
            }
        }
        self.end_empty(now);
    }

    #[inline(never)]
    pub(super) fn wake_at(&mut self, at: Mono) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    /// Whether so much time has passed; else asks to be woken then.
    fn is_due(&mut self, since: Mono, span: Millis, now: Mono) -> bool {
        let at = since.plus(span);
        if at > now {
            self.wake_at(at);
        }
        at <= now
    }

    fn watch(&self, id: ComponentId) -> Watch {
        self.watches.get(id.index()).copied().unwrap_or(Watch::new())
    }

    pub(super) fn link(&self, id: ComponentId) -> Link {
        self.derived.links.get(id.index()).copied().unwrap_or(Link::NONE)
    }

    fn see(&mut self, id: ComponentId, state: State, now: Mono) {
        let link = self.link(id);
        let Some(watch) = self.watches.get_mut(id.index()) else { return };
        if watch.seen != state || watch.changed_at == Mono(0) {
            (watch.seen, watch.changed_at) = (state, now);
        }
        if state != State::NoData {
            (watch.known, watch.last) = (true, state);
        }
        let better = link.number != 0 && state < link.announced;
        watch.better_since = if better { watch.better_since.or(Some(now)) } else { None };
    }

    /// At a start: the journal says that what was wrong with these is over, which may not have been
    /// announced yet; or, if not `well`, that something is wrong with them.
    pub fn was_well(&mut self, components: &ComponentSet, well: bool) {
        for id in components.iter() {
            if let Some(watch) = self.watches.get_mut(id.index()) {
                watch.last = if well { State::Operational } else { State::NoData };
            }
        }
    }

    /// How bad a component is that was announced as that. What is better is announced when it has
    /// been so for a while, but nobody is told until then that it is worse than it is, or than it
    /// was when anybody knew.
    pub(super) fn level_of(&self, id: ComponentId, announced: State) -> State {
        let watch = self.watch(id);
        announced.min(match (watch.seen, watch.last) {
            (State::NoData, State::NoData) => announced,
            (State::NoData, last) => last.max(State::NoData),
            (seen, _) => seen,
        })
    }

    /// Whether a component is known to be down, or was announced to be.
    fn is_down(&self, id: ComponentId) -> bool {
        let link = self.link(id);
        self.watch(id).seen == State::Outage || (link.number != 0 && link.announced == State::Outage)
    }

    /// The component that is to blame for the trouble of another: the last that is down on its way
    /// of dependencies.
    fn root_of(&self, config: &Config, id: ComponentId) -> Option<ComponentId> {
        let mut root = None;
        let mut at = config.components.get(id.index())?.depends_on;
        // A configuration has no circles; bounded all the same.
        for _ in 0..COMPONENTS {
            let Some(next) = at else { break };
            if self.is_down(next) {
                root = Some(next);
            }
            at = config.components.get(next.index())?.depends_on;
        }
        root
    }

    /// The component that is to blame, if this one is not well itself.
    pub fn affected_by(&self, config: &Config, id: ComponentId) -> Option<ComponentId> {
        self.root_of(config, id).filter(|_| self.watch(id).seen != State::Operational)
    }

    /// Whether planned work is being done on a component.
    pub fn in_maintenance(&self, id: ComponentId) -> bool {
        self.maintained.contains(id)
    }

    fn is_expected(&mut self, config: &Config, id: ComponentId, now: Now) -> bool {
        let root = self.root_of(config, id);
        let expected =
            |id| self.maintained.contains(id) || (now.wall.is_none() && self.is_planned(config, id));
        if !expected(id) && !root.is_some_and(expected) {
            return false;
        }
        // Until the clock is set, nobody can tell whether the work is being done now. Not for ever.
        let waited = Mono(0).plus(CLOCK_WAIT);
        let sure = now.wall.is_some();
        if !sure && now.mono < waited {
            self.wake_at(waited);
        }
        sure || now.mono < waited
    }

    /// Whether there is a maintenance of a component, whenever it may be.
    fn is_planned(&self, config: &Config, id: ComponentId) -> bool {
        let service = config.components.get(id.index()).map(|component| component.service);
        self.derived.windows.iter().any(|window| {
            window.component.map_or(Some(window.service) == service, |component| component == id)
        })
    }

    /// Compares how a component is with what was announced, and announces.
    fn look(&mut self, config: &Config, id: ComponentId, since: Option<Wall>, now: Now) {
        let (watch, link, site) = (self.watch(id), self.link(id), self.names.site_of(id));
        let settings = settings(config, site);
        let seen = watch.seen;
        let about = About { id, state: seen, since };
        let mut long_unknown = || self.is_due(watch.changed_at, settings.no_data_after, now.mono);
        if link.number == 0 {
            let trouble = match seen {
                State::Degraded | State::Outage => true,
                State::NoData => watch.known && !watch.waits && long_unknown(),
                State::Operational => false,
            };
            if trouble && !self.is_expected(config, id, now) {
                self.trouble(config, about, now);
            }
            return;
        }
        if let Some(root) = self.root_of(config, id) {
            self.blame(config, site, link.number, root, now);
        }
        self.date(about, now);
        if seen >= State::Degraded && self.link(id).well && self.fails_again(config, about, now) {
            return;
        }
        let announced = self.link(id).announced;
        let due = match (seen, announced) {
            _ if seen == announced => false,
            (State::NoData, _) => self.is_due(watch.changed_at, settings.no_data_after, now.mono),
            (State::Operational, _) => self.is_due(watch.changed_at, settings.settle, now.mono),
            (State::Degraded, State::Outage) => {
                self.is_due(watch.better_since.unwrap_or(now.mono), settings.settle, now.mono)
            }
            _ => true,
        };
        if due && !(seen > announced && self.is_expected(config, id, now)) {
            self.announce(about, announced, now);
        } else if seen == State::Operational
            && announced != seen
            && !self.link(id).well
            && self.may_pause(site, self.link(id).number, now.mono)
        {
            let step = self.step_about(self.link(id).number, What::Paused, about, now);
            self.take_step(now, site, &step);
        }
    }

    /// Whether a short recovery is written: always if people ended the incident, since what follows
    /// is new trouble. Else so many in an hour; only a restart would tell them.
    fn may_pause(&mut self, site: SiteId, number: u32, now: Mono) -> bool {
        if self.derived.find(site, number).is_some_and(|incident| !incident.open) {
            return true;
        }
        let Some((hour, written)) = self.pauses.get_mut(site.index()) else { return false };
        if now >= hour.plus(Millis::HOUR) {
            (*hour, *written) = (now, 0);
        }
        let free = *written < PAUSES_HOUR;
        *written = written.saturating_add(free.into());
        free
    }

    /// A component of an incident was well for a moment, which was not announced. True if people
    /// had said that the incident is over: then this is new trouble, and told as that.
    fn fails_again(&mut self, config: &Config, about: About, now: Now) -> bool {
        let (site, number) = (self.names.site_of(about.id), self.link(about.id).number);
        let open = self.derived.find(site, number).is_some_and(|incident| incident.open);
        let (what, about_then) = if open {
            (What::Resumed, about)
        } else {
            (What::Better, About { state: State::Operational, since: None, ..about })
        };
        let step = self.step_about(number, what, about_then, now);
        self.take_step(now, site, &step);
        if !open && !self.is_expected(config, about.id, now) {
            self.trouble(config, about, now);
        }
        !open
    }

    /// Says that a component of an incident has been unwell since earlier than was told: page and
    /// incident tell one beginning, before a restart and after it.
    fn date(&mut self, about: About, now: Now) {
        let Link { number, announced, since, .. } = self.link(about.id);
        let told = Wall(since);
        let earlier = about.since.is_some_and(|since| since.secs() < told.secs());
        let unwell = about.state != State::Operational && announced != State::Operational;
        let Some(watch) = self.watches.get_mut(about.id.index()).filter(|_| number != 0) else { return };
        let rests = watch.dated_at > Mono(0) && now.mono < watch.dated_at.plus(BEGAN_EARLIER_REST);
        if since == 0 || !earlier || !unwell || rests {
            return;
        }
        watch.dated_at = now.mono;
        let step = self.step_about(number, What::Dated, About { state: announced, ..about }, now);
        self.take_step(now, self.names.site_of(about.id), &step);
    }

    /// Says how a component of an incident is now.
    fn announce(&mut self, about: About, announced: State, now: Now) {
        let About { id, state: seen, .. } = about;
        let (site, number) = (self.names.site_of(id), self.link(id).number);
        let Some(&incident) = self.derived.find(site, number) else {
            return self.set_link(id, Link::NONE, site);
        };
        let others_well = self
            .derived
            .linked(&self.names, site, number)
            .all(|(other, state)| other == id || state == State::Operational);
        let what = match seen {
            State::Operational if incident.open && others_well && !incident.held => What::Resolved,
            // If it is not open, people said that it is over. It is so now, or on the way there.
            State::Operational => What::Better,
            State::NoData => What::NoData,
            _ if seen < announced => What::Better,
            _ if !incident.open => What::Reopened,
            _ => What::Worse,
        };
        // How long it has been unwell is not how long it has been as bad as this.
        let since = about.since.filter(|_| seen == State::Operational || announced == State::Operational);
        let step = self.step_about(number, what, About { since, ..about }, now);
        self.take_step(now, site, &step);
    }

    fn set_link(&mut self, id: ComponentId, link: Link, site: SiteId) {
        if let Some(slot) = self.derived.links.get_mut(id.index()) {
            *slot = link;
        }
        self.touch(site);
    }

    /// A step that tells of a component. It has a time of its own if what it tells of happened
    /// before now.
    fn step_about(&self, number: u32, what: What, about: About, now: Now) -> StepRecord<'static> {
        let component = self.names.of_component(about.id);
        let earlier = |since: &Wall| now.wall.is_some_and(|wall| since.secs() < wall.secs());
        let since = about.since.filter(earlier);
        StepRecord { number, what, state: Some(about.state), component, since, ..StepRecord::default() }
    }

    /// A component gets into an incident that there is. Without room for that it stays outside, and
    /// tries again.
    fn joins(&mut self, site: SiteId, number: u32, what: What, about: About, now: Now) {
        if self.is_refused(now) {
            return;
        }
        let step = self.step_about(number, what, about, now);
        if !self.step(now, site, 0, 0, &step) {
            self.refuse(now);
        }
    }

    /// Whether there was no room a moment ago.
    fn is_refused(&mut self, now: Now) -> bool {
        let refused = self.refused_until.is_some_and(|until| until > now.mono);
        if refused {
            self.wake_at(now.mono.plus(REFUSED_AGAIN));
        }
        refused
    }

    /// There is no room. The component's state is on the page all the same.
    fn refuse(&mut self, now: Now) {
        self.counters.refused = self.counters.refused.saturating_add(1);
        self.refused_until = Some(now.mono.plus(REFUSED_AGAIN));
        self.wake_at(now.mono.plus(REFUSED_AGAIN));
    }

    /// Adds a step that happened by itself. If there is no room for it, it is true in memory.
    fn take_step(&mut self, now: Now, site: SiteId, step: &StepRecord<'_>) {
        if self.step(now, site, 0, 0, step) {
            return;
        }
        self.counters.refused = self.counters.refused.saturating_add(1);
        let head = super::record::RecordHead {
            flags: 0,
            when: self.when(now),
            who: 0,
            site: self.names.of_site(site),
        };
        let payload = super::record::step(head, step);
        self.derived.fold(&self.names, super::record::STEP, &payload);
    }

    /// A component that is in no incident is in trouble.
    fn trouble(&mut self, config: &Config, about: About, now: Now) {
        let id = about.id;
        let (site, grouping) = (self.names.site_of(id), settings(config, self.names.site_of(id)).grouping);
        let Some(service) = config.components.get(id.index()).map(|component| component.service) else {
            return;
        };
        let hidden = config.is_hidden(id);
        if let Some(root) = self.root_of(config, id).filter(|&root| config.is_hidden(root) == hidden) {
            // It is not guilty: it joins, whatever its service. Until the guilty one has an
            // incident, it waits.
            let number = self.link(root).number;
            match self.derived.find(site, number).map(|incident| incident.open) {
                Some(true) => self.joins(site, number, What::Joined, about, now),
                _ => self.wake_at(now.mono.plus(REFUSED_AGAIN)),
            }
            return;
        }
        let spans = |when, span: Millis| self.elapsed(when, now).is_some_and(|ago| ago <= i64::from(span.0));
        let within = |when| spans(when, grouping);
        // An end is announced when it has settled, and dated when it came.
        let settled = Millis(grouping.0.saturating_add(settings(config, site).settle.0));
        let of_service = |incident: &&Incident| {
            incident.site == site && incident.service == service && incident.is_hidden(config) == hidden
        };
        let mut newest_first = self.derived.incidents.iter().rev().filter(of_service);
        let joins = |incident: &&Incident| {
            incident.open && (within(incident.grouped) || (incident.held && incident.components.is_empty()))
        };
        let reopens = |incident: &&Incident| {
            !incident.open && incident.merged_into == 0 && spans(incident.ended, settled)
        };
        if let Some(number) = newest_first.clone().find(joins).map(|incident| incident.number) {
            self.joins(site, number, What::Joined, about, now);
        } else if let Some(number) = newest_first.find(reopens).map(|incident| incident.number) {
            self.joins(site, number, What::Reopened, about, now);
        } else {
            self.open_by_itself(site, service, about, now);
        }
    }

    fn open_by_itself(&mut self, site: SiteId, service: crate::model::ServiceId, about: About, now: Now) {
        if self.is_refused(now) {
            return;
        }
        let opened = self.step_about(self.next_number(site), What::Opened, about, now);
        let step = StepRecord { arg: self.names.of_service(service), ..opened };
        if self.room_for_incident(site, now) && self.step(now, site, 0, 0, &step) {
            self.counters.opened = self.counters.opened.saturating_add(1);
            self.refused_until = None;
        } else {
            self.refuse(now);
        }
    }

    pub(super) fn next_number(&self, site: SiteId) -> u32 {
        self.derived.numbers.get(site.index()).map_or(0, |numbers| numbers.0).saturating_add(1)
    }

    /// A component of an incident turns out to be affected by one that is down, whose alert came
    /// later. If that is true of all in the incident, and nobody has written to it, it goes on in
    /// the other's.
    fn blame(&mut self, config: &Config, site: SiteId, number: u32, root: ComponentId, now: Now) {
        let into = self.link(root).number;
        let (Some(&innocent), Some(guilty)) =
            (self.derived.find(site, number), self.derived.find(site, into))
        else {
            return;
        };
        let grouping = settings(config, site).grouping;
        let recent = self.elapsed(innocent.grouped, now).is_some_and(|ago| ago <= i64::from(grouping.0));
        let all_affected = self
            .derived
            .linked(&self.names, site, number)
            .all(|(id, _)| self.root_of(config, id).is_some_and(|root| self.link(root).number == into));
        if into != number
            && innocent.open
            && !innocent.words
            && !innocent.held
            && innocent.is_hidden(config) == guilty.is_hidden(config)
            && guilty.open
            && recent
            && all_affected
        {
            let step = StepRecord { number, what: What::Merged, arg: into, ..StepRecord::default() };
            self.take_step(now, site, &step);
        }
    }

    /// Ends what goes on without anybody in it: its components were removed, or are all well.
    fn end_empty(&mut self, now: Now) {
        loop {
            let empty = |incident: &&Incident| {
                incident.open
                    && !incident.held
                    && self
                        .derived
                        .linked(&self.names, incident.site, incident.number)
                        .all(|(_, state)| state == State::Operational)
            };
            let found = self.derived.incidents.iter().find(empty);
            let Some((site, number)) = found.map(|incident| (incident.site, incident.number)) else { return };
            let step = StepRecord {
                number,
                what: What::Resolved,
                state: Some(State::Operational),
                ..StepRecord::default()
            };
            self.take_step(now, site, &step);
        }
    }

    /// Has the page told anew when a promise of news has passed.
    fn wait_for_news(&mut self, now: Now) {
        let mut late = [0_u8; SITES];
        for at in 0..self.derived.incidents.len() {
            let Some(incident) = self.derived.incidents.get(at) else { break };
            let Some(next) = incident.next.filter(|_| incident.open) else { continue };
            let passed = now.wall.is_some_and(|wall| next <= wall);
            if let Some(late) = late.get_mut(incident.site.index()).filter(|_| passed) {
                *late = late.saturating_add(1);
            } else if let Some(at) = now.mono_of(next) {
                self.wake_at(at);
            }
        }
        for (site, (count, before)) in (0u8..).map(SiteId).zip(late.into_iter().zip(self.late)) {
            if count != before {
                self.touch(site);
            }
        }
        self.late = late;
    }

    // ---- maintenance ----------------------------------------------------------------------------

    /// Finds the components on which work is being done now.
    fn maintain(&mut self, config: &Config, now: Now) {
        let mut maintained = ComponentSet::EMPTY;
        for at in 0..self.derived.windows.len() {
            let Some(&window) = self.derived.windows.get(at) else { break };
            let Some((starts, ends)) = occurrence(config, &window, now) else { continue };
            let active = now.wall.is_some_and(|wall| starts <= wall);
            if let Some(edge) = now.mono_of(if active { ends } else { starts }) {
                self.wake_at(edge);
            }
            if active {
                for (id, _) in config.components_of(window.service) {
                    if window.component.is_none_or(|component| component == id) {
                        maintained.insert(id);
                    }
                }
            }
        }
        if maintained != self.maintained {
            for id in ids(config) {
                if maintained.contains(id) != self.maintained.contains(id) {
                    self.touch(self.names.site_of(id));
                }
            }
            self.maintained = maintained;
        }
    }

    /// Forgets maintenance that has been over for so long.
    pub(super) fn end_windows(&mut self, config: &Config, kept: Millis, now: Now) {
        if self.derived.windows.is_empty() {
            return;
        }
        if !self.is_steady(now) {
            return self.wake_when_steady(now);
        }
        let then = now.wall.map(|wall| Wall(wall.0.saturating_sub(i64::from(kept.0))));
        for at in (0..self.derived.windows.len()).rev() {
            let Some(&window) = self.derived.windows.get(at) else { continue };
            if occurrence(config, &window, now).is_none()
                && let Some(over) = now.mono_of(Wall(window.ends))
            {
                self.wake_at(over.plus(WINDOW_KEPT));
            }
            if occurrence(config, &window, Now { wall: then, ..now }).is_none() {
                self.derived.windows.remove(at);
                self.touch(window.site);
                let head = RecordHead {
                    when: now.wall.map_or(When::Unknown, |wall| When::Wall(wall.0)),
                    site: self.names.of_site(window.site),
                    ..RecordHead::default()
                };
                // The journal lets go of it, too. Without room for that, it is written anew.
                let ended = super::record::window_ended(head, window.number);
                let who = self.newcomer(WINDOW_ENDED, &ended);
                self.purge |= !(self.room_for(ended.len(), who, now) && self.log.push(WINDOW_ENDED, &ended));
            }
        }
    }
}

/// The occurrence of a maintenance that is on, or the next.
pub(super) fn occurrence(config: &Config, planned: &Window, now: Now) -> Option<(Wall, Wall)> {
    let zone = settings(config, planned.site).timezone;
    window::occurrence(Wall(planned.starts), Wall(planned.ends), planned.repeat, &zone, now.wall?)
}
