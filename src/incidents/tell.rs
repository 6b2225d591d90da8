//! What a page or a console is told.

use heapless::Vec;

use super::Incidents;
use super::derived::{Incident, Window};
use super::entries::Raw;
use super::record::{self, BANNER, CLEARED, FIRING, STEP, StepRecord, UNDONE, WINDOW, What, When};
use crate::config::Config;
#[cfg(feature = "feeds")]
use crate::limits::CANCELLED_TOLD;
use crate::limits::{INCIDENT_STEPS_SHOWN, INCIDENTS, MAINTENANCES, WINDOW_KEPT};
use crate::model::{
    BannerView, ComponentId, Forced, IncidentView, MaintenanceView, ServiceId, SiteId, State, Step, StepView,
    Words,
};
use crate::time::{Now, Wall};

/// Where a step stands in the log, its number, and where its last amendment stands.
#[derive(Clone, Copy)]
struct StepPosition {
    at: usize,
    number: u16,
    amended_at: Option<usize>,
}

/// Planned work that people took back.
#[cfg(feature = "feeds")]
#[derive(Clone, Copy, Debug)]
pub(super) struct CancelledWindow {
    /// The hash of its site, whose place may change.
    site: u32,
    window: Window,
    at: Wall,
    since: crate::time::Mono,
}

impl Incidents {
    /// How a component was seen last.
    pub(super) fn seen(&self, id: ComponentId) -> State {
        self.watches.get(id.index()).map_or(State::NoData, super::auto::Watch::seen)
    }

    /// Since when a component that was announced to be unwell has been so, if that is known.
    pub fn unwell_since(&self, id: ComponentId, now: Now) -> Option<Wall> {
        let link = self.link(id);
        let known = link.number != 0 && link.since != 0 && !link.well;
        if known { self.wall_of(When::Wall(link.since), now) } else { None }
    }

    /// Calls `each` with every incident of a site, the newest first.
    pub fn incidents(&self, site: SiteId, now: Now, each: &mut dyn FnMut(&IncidentView<'_>)) {
        let places = self.titles(site);
        let all = self.derived.incidents.iter().zip(&places).rev();
        for (incident, &at) in all.filter(|(incident, _)| incident.site == site) {
            each(&self.view_of(incident, self.title_at(at), now));
        }
    }

    /// Where the title of each incident of a site stands: looked for in one go, not anew for each
    /// of them.
    fn titles(&self, site: SiteId) -> [u32; INCIDENTS] {
        let mut places = [u32::MAX; INCIDENTS];
        let hash = self.names.of_site(site);
        for raw in self.log.iter().filter(|raw| raw.kind == STEP) {
            let known = record::titled(raw.payload, hash).and_then(|number| {
                let here = |incident: &Incident| incident.site == site && incident.number == number;
                places.get_mut(self.derived.incidents.iter().position(here)?)
            });
            if let (Some(place), Ok(at)) = (known, u32::try_from(raw.at)) {
                *place = at;
            }
        }
        places
    }

    /// Calls `each` with the newest steps of all incidents of a site that visitors are told of, the
    /// newest first. The log is gone through twice.
    #[cfg(feature = "feeds")]
    pub fn newest_of_site(
        &self,
        site: SiteId,
        most: usize,
        (config, now): (&Config, Now),
        each: &mut dyn FnMut(&IncidentView<'_>, &StepView<'_>),
    ) {
        let (titles, hash) = (self.titles(site), self.names.of_site(site));
        let mut newest = Vec::<(u32, StepPosition), { crate::limits::FEED_ENTRIES }>::new();
        let most = most.min(newest.capacity());
        for raw in self.log.iter().filter(|raw| raw.kind == STEP) {
            let Some((head, record)) = record::read_step(raw.payload) else { continue };
            if head.site != hash || head.flags & UNDONE != 0 {
                continue;
            }
            if record.what == What::Amended {
                let amends = |(number, place): &&mut (u32, StepPosition)| {
                    *number == record.number && u32::from(place.number) == record.arg
                };
                if let Some((_, place)) = newest.iter_mut().find(amends) {
                    place.amended_at = Some(raw.at);
                }
                continue;
            }
            let is_told = step_of(&record).is_some_and(|step| step.is_public());
            let is_shown = |incident: &Incident| !incident.is_hidden(config);
            if is_told && self.derived.find(site, record.number).is_some_and(is_shown) {
                if newest.len() >= most && !newest.is_empty() {
                    newest.remove(0);
                }
                let place = StepPosition { at: raw.at, number: record.step, amended_at: None };
                _ = newest.push((record.number, place));
            }
        }
        for (number, place) in newest.into_iter().rev().take(most) {
            let here = |(incident, _): &(&Incident, &u32)| incident.site == site && incident.number == number;
            let Some((incident, &title)) = self.derived.incidents.iter().zip(&titles).find(here) else {
                continue;
            };
            if let Some(step) = self.step_at(place, now) {
                each(&self.view_of(incident, self.title_at(title), now), &step);
            }
        }
    }

    /// Calls `each` with beginning and end of a maintenance, each time that it is on from a time
    /// on, the soonest first, and so many times at most.
    #[cfg(feature = "feeds")]
    pub fn occurrences(
        &self,
        config: &Config,
        site: SiteId,
        number: u32,
        (from, most): (Wall, usize),
        each: &mut dyn FnMut(Wall, Wall),
    ) {
        let known = |window: &&Window| window.site == site && window.number == number;
        let Some(window) = self.derived.windows.iter().find(known) else { return };
        let mut from = from;
        for _ in 0..most {
            let then = Now::new(crate::time::Mono(0), Some(from));
            let Some((starts, ends)) = super::auto::occurrence(config, window, then) else { return };
            each(starts, ends);
            from = ends;
        }
    }

    /// Remembers which planned work is no more, of that which there was.
    #[cfg(feature = "feeds")]
    pub(super) fn remember_cancelled(&mut self, there_was: &[Window], now: Now) {
        // What was taken back is planned anew.
        let (names, windows) = (&self.names, &self.derived.windows);
        self.cancelled.retain(|one| {
            let is_it = |window: &Window| {
                (names.of_site(window.site), window.number) == (one.site, one.window.number)
            };
            !windows.iter().any(is_it)
        });
        let Some(at) = now.wall else { return };
        for window in there_was {
            let is_it = |other: &Window| (other.site, other.number) == (window.site, window.number);
            if self.derived.windows.iter().any(is_it) {
                continue;
            }
            if self.cancelled.is_full() {
                self.cancelled.remove(0);
            }
            let site = self.names.of_site(window.site);
            _ = self.cancelled.push(CancelledWindow { site, window: *window, at, since: now.mono });
        }
    }

    /// Calls `each` with planned work of a site that was cancelled lately, each time that it would
    /// have been on, `most` times at most. It has no words.
    #[cfg(feature = "feeds")]
    pub fn cancelled(
        &self,
        config: &Config,
        site: SiteId,
        (now, most): (Now, usize),
        each: &mut dyn FnMut(&MaintenanceView<'_>),
    ) {
        let hash = self.names.of_site(site);
        let is_told = |one: &&CancelledWindow| {
            one.site == hash && now.mono.since(one.since) < i64::from(CANCELLED_TOLD.0)
        };
        for one in self.cancelled.iter().filter(is_told) {
            let window = Window { site, ..one.window };
            let mut from = one.at;
            for _ in 0..most {
                let then = Now { wall: Some(from), ..now };
                let Some((starts, ends)) = super::auto::occurrence(config, &window, then) else { break };
                from = ends;
                // What had begun was on.
                if starts > one.at {
                    each(&MaintenanceView {
                        number: window.number,
                        service: window.service,
                        component: window.component,
                        starts,
                        ends,
                        active: false,
                        repeat: window.repeat,
                        words: Words::None,
                        who: 0,
                    });
                }
            }
        }
    }

    /// How bad people say a service is who opened an incident of it that goes on, and whether they
    /// mean all of it. What nobody but they can see, a fire say, no component tells.
    pub fn said(&self, config: &Config, service: ServiceId) -> (State, bool) {
        let whole = |incident: &Incident| {
            // A component that joins makes nothing better of what was said of all of it.
            incident.whole >= Some(incident.said_of_service)
                || config.components_of(service).all(|(id, _)| incident.components.contains(id))
        };
        let of_it = |incident: &&Incident| {
            incident.service == service
                && incident.said_of_service != State::Operational
                && !incident.is_hidden(config)
                && self.derived.goes_on_in(incident).open
        };
        let said = self
            .derived
            .incidents
            .iter()
            .filter(of_it)
            .map(|incident| (incident.said_of_service, whole(incident)));
        said.max().unwrap_or((State::Operational, false))
    }

    fn view_of<'a>(&self, incident: &Incident, title: &'a str, now: Now) -> IncidentView<'a> {
        let linked = self.derived.linked(&self.names, incident.site, incident.number);
        let announced = linked.map(|(id, announced)| self.level_of(id, announced)).max();
        let announced = announced.unwrap_or(State::Operational);
        let level = if incident.open { announced.max(incident.said) } else { announced };
        IncidentView {
            number: incident.number,
            service: incident.service,
            title,
            open: incident.open,
            worst: incident.worst,
            level,
            whole: incident.whole,
            phase: incident.phase,
            next: incident.next.filter(|_| incident.open),
            components: incident.components,
            began: self.wall_of(incident.began, now),
            ended: if incident.open { None } else { self.wall_of(incident.ended, now) },
            firing: !incident.open && self.is_firing(incident.site, incident.number),
            merged_into: Some(incident.merged_into).filter(|&number| number != 0),
        }
    }

    /// The steps of an incident from a place on, those that were not taken back.
    pub(super) fn records_of(
        &self,
        from: usize,
        site: SiteId,
        number: u32,
    ) -> impl Iterator<Item = (usize, record::RecordHead, StepRecord<'_>)> {
        let hash = self.names.of_site(site);
        let here = move |raw: &Raw<'_>| raw.kind == STEP && record::is_step_of(raw.payload, hash, number);
        self.log.from(from).filter(here).filter_map(|raw| {
            let (head, step) = record::read_step(raw.payload)?;
            (head.flags & UNDONE == 0).then_some((raw.at, head, step))
        })
    }

    fn title_at(&self, at: u32) -> &str {
        let raw = usize::try_from(at).ok().and_then(|at| self.log.get(at));
        match raw.and_then(|raw| record::read_step(raw.payload)).map(|(_, step)| step.words) {
            Some(Words::Own { text, .. }) => text,
            _ => "",
        }
    }

    /// Calls `each` with every step of an incident, the oldest first.
    pub fn steps(&self, site: SiteId, number: u32, now: Now, each: &mut dyn FnMut(&StepView<'_>)) {
        let mut from = Some(0);
        while let Some(start) = from {
            let (block, _, next) = self.block(start, site, number, &|_| true, None);
            block.iter().filter_map(|place| self.step_at(*place, now)).for_each(|step| each(&step));
            from = next;
        }
    }

    /// Calls `each` with the newest steps of an incident that visitors are told of, the newest
    /// first. Returns how many there are in all. The log is gone through once.
    pub fn newest_steps(
        &self,
        site: SiteId,
        number: u32,
        most: usize,
        now: Now,
        each: &mut dyn FnMut(&StepView<'_>),
    ) -> usize {
        let (block, count, _) = self.block(0, site, number, &Step::is_public, Some(most));
        block.iter().rev().filter_map(|place| self.step_at(*place, now)).for_each(|step| each(&step));
        count
    }

    /// Where steps of an incident stand, and the words that each was amended to last. `newest`: so
    /// many of the last ones. Without it, the first ones from a place on, and where to go on if
    /// there are more. Also returns how many were wanted.
    ///
    /// An amendment stands behind its step, so one pass finds both.
    fn block(
        &self,
        from: usize,
        site: SiteId,
        number: u32,
        wanted: &dyn Fn(&Step) -> bool,
        newest: Option<usize>,
    ) -> (Vec<StepPosition, INCIDENT_STEPS_SHOWN>, usize, Option<usize>) {
        let mut block = Vec::<StepPosition, INCIDENT_STEPS_SHOWN>::new();
        let most = newest.unwrap_or(INCIDENT_STEPS_SHOWN).min(INCIDENT_STEPS_SHOWN);
        let (mut count, mut next) = (0usize, None);
        for (at, _, record) in self.records_of(from, site, number) {
            if record.what == What::Amended {
                let amends = |place: &&mut StepPosition| u32::from(place.number) == record.arg;
                if let Some(place) = block.iter_mut().find(amends) {
                    place.amended_at = Some(at);
                }
                continue;
            }
            if !step_of(&record).is_some_and(|step| wanted(&step)) {
                continue;
            }
            count = count.saturating_add(1);
            if block.len() >= most {
                if newest.is_none() {
                    next = next.or(Some(at));
                    continue;
                }
                if most == 0 {
                    continue;
                }
                block.remove(0);
            }
            _ = block.push(StepPosition { at, number: record.step, amended_at: None });
        }
        (block, count, next)
    }

    /// A step as it is told.
    fn step_at(&self, place: StepPosition, now: Now) -> Option<StepView<'_>> {
        let (head, record) = record::read_step(self.log.get(place.at)?.payload)?;
        let amended = place.amended_at.filter(|_| record.words != Words::None || head.who != 0);
        let amended = amended.and_then(|at| record::read_step(self.log.get(at)?.payload));
        // A title stands in an opening's place for words, but is none.
        let own = if record.what == What::Opened { Words::None } else { record.words };
        Some(StepView {
            number: record.step,
            at: self.wall_of(record.since.map_or(head.when, |since| When::Wall(since.0)), now),
            step: step_of(&record)?,
            state: record.state.unwrap_or(State::NoData),
            component: self.names.component(record.component),
            words: amended.map_or(own, |(_, amendment)| amendment.words),
            amended: amended.is_some(),
            amended_by: amended.map_or(0, |(head, _)| head.who),
            amended_at: amended.and_then(|(head, _)| self.wall_of(head.when, now)),
            who: head.who,
            firing: head.flags & FIRING != 0,
        })
    }

    /// The language of the words of a step as they are told; empty if that is the site's, or if
    /// there are none.
    pub(super) fn lang_of(&self, site: SiteId, number: u32, step: u16) -> &str {
        let mut words = Words::None;
        let mut found = false;
        for (_, _, record) in self.records_of(0, site, number) {
            let amends = record.what == What::Amended && record.arg == u32::from(step);
            if amends || record.step == step && !found {
                (words, found) = (record.words, true);
            }
        }
        match words {
            Words::Own { lang, .. } => lang,
            _ => "",
        }
    }

    /// Calls `each` with every maintenance of a site that is on or to come, the soonest first. If
    /// nobody knows the time, it is called with all of them and their first beginnings.
    pub fn maintenance(
        &self,
        config: &Config,
        site: SiteId,
        now: Now,
        each: &mut dyn FnMut(&MaintenanceView<'_>),
    ) {
        self.windows_at(site, now, each, &|window| {
            let first = (Wall(window.starts), Wall(window.ends));
            now.wall.map_or(Some(first), |_| super::auto::occurrence(config, window, now))
        });
    }

    /// Calls `each` with every maintenance that was on within [`WINDOW_KEPT`] and is over.
    pub fn past_maintenance(
        &self,
        config: &Config,
        site: SiteId,
        now: Now,
        each: &mut dyn FnMut(&MaintenanceView<'_>),
    ) {
        let Some(wall) = now.wall else { return };
        let then = Now { wall: Some(Wall(wall.0.saturating_sub(i64::from(WINDOW_KEPT.0)))), ..now };
        self.windows_at(site, now, each, &|window| {
            super::auto::occurrence(config, window, then).filter(|(_, ends)| *ends <= wall)
        });
    }

    /// Calls `each` with the windows of which `when` tells a time, the soonest first.
    fn windows_at(
        &self,
        site: SiteId,
        now: Now,
        each: &mut dyn FnMut(&MaintenanceView<'_>),
        when: &dyn Fn(&Window) -> Option<(Wall, Wall)>,
    ) {
        let mut soonest: Vec<MaintenanceView<'_>, MAINTENANCES> = Vec::new();
        let hash = self.names.of_site(site);
        let records = self.log.iter().filter(|raw| raw.kind == WINDOW);
        for (head, record) in records.filter_map(|raw| record::read_window(raw.payload)) {
            let known = |window: &&Window| window.site == site && window.number == record.number;
            let known = self.derived.windows.iter().find(known).filter(|_| head.site == hash);
            let Some(window) = known else { continue };
            let Some((starts, ends)) = when(window) else { continue };
            let view = MaintenanceView {
                number: window.number,
                service: window.service,
                component: window.component,
                starts,
                ends,
                active: now.wall.is_some_and(|wall| starts <= wall && wall < ends),
                repeat: window.repeat,
                words: record.words,
                who: head.who,
            };
            let later = |known: &MaintenanceView<'_>| (known.starts, known.number) > (starts, view.number);
            let at = soonest.iter().position(later).unwrap_or(soonest.len());
            _ = soonest.insert(at, view);
        }
        soonest.iter().for_each(each);
    }

    pub(super) fn banner_record(&self, site: SiteId) -> Option<(When, u32, Option<Forced>, Words<'_>)> {
        let hash = self.names.of_site(site);
        let banners = self
            .log
            .iter()
            .filter(|raw| raw.kind == BANNER)
            .filter_map(|raw| record::read_banner(raw.payload));
        banners
            .filter(|(head, _, _)| head.site == hash && head.flags & UNDONE == 0)
            .last()
            .filter(|(head, _, _)| head.flags & CLEARED == 0)
            .map(|(head, state, words)| (head.when, head.who, state, words))
    }

    /// What people say at the top of a site.
    pub fn banner(&self, site: SiteId, now: Now) -> Option<BannerView<'_>> {
        let (when, who, state, words) = self.banner_record(site)?;
        Some(BannerView { state, words, at: self.wall_of(when, now), who })
    }
}

/// What a record is to a reader; an amendment is part of what it amends.
fn step_of(record: &StepRecord<'_>) -> Option<Step> {
    Some(match record.what {
        What::Opened => Step::Opened,
        What::Joined => Step::Joined,
        What::Worse => Step::Worse,
        What::Better => Step::Better,
        What::NoData => Step::NoData,
        What::Update => Step::Update(record.phase?),
        What::Resolved => Step::Resolved,
        What::Reopened => Step::Reopened,
        What::Merged => Step::Merged(record.arg),
        What::Acknowledged => Step::Acknowledged,
        What::Retitled => Step::Retitled,
        What::Amended | What::Dated | What::Paused | What::Resumed => return None,
    })
}
