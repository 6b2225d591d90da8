//! What is shown of a site: one fold, from which the page, the console, and whoever tells of it
//! take their words.
//!
//! The first line is never better than the worst that stands below it: a part, what people say of a
//! service, or the card of an incident. What is told of the monitoring follows from the parts on
//! which it hangs: a source on which nothing hangs is not named.
//!
//! What `option page '0'` hides is in none of that. [`services`], [`parts`] and [`parts_at`] leave
//! it out of a configuration, and [`Visible`] leaves it out of a view. Whatever tells something to
//! visitors takes both from here (`tests/layers`).

use crate::config::{Component, Config, Service, Site, Times};
#[cfg(feature = "feeds")]
use crate::limits::FEED_ENTRIES;
use crate::limits::{HEADLINE_NAMES, INCIDENT_STEPS_SHOWN, SERVICES};
use crate::model::{
    BannerView, ComponentId, ComponentSet, ComponentView, Day, Finding, Forced, IncidentView, Lang,
    MaintenanceView, ServiceId, SiteId, State, StepView, View,
};
use crate::time::civil::{DAY_MS, HOUR_MS};
use crate::time::{Mono, Now, Wall};

/// What a visitor is told of the state of something, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShownState {
    /// It works.
    Well,
    /// Planned work is being done on it: whatever its state is was expected.
    Work,
    /// Nobody knows.
    NoData,
    /// It works, badly.
    Degraded,
    /// It does not work.
    Outage,
}

impl From<State> for ShownState {
    fn from(state: State) -> Self {
        match state {
            State::Operational => Self::Well,
            State::NoData => Self::NoData,
            State::Degraded => Self::Degraded,
            State::Outage => Self::Outage,
        }
    }
}

impl From<&ComponentView> for ShownState {
    fn from(view: &ComponentView) -> Self {
        if view.maintenance { Self::Work } else { view.state().into() }
    }
}

impl From<Forced> for ShownState {
    fn from(state: Forced) -> Self {
        match state {
            Forced::Operational => Self::Well,
            Forced::Degraded => Self::Degraded,
            Forced::Outage => Self::Outage,
            Forced::Maintenance => Self::Work,
        }
    }
}

impl ShownState {
    /// In a word, for operators.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Well => "operational",
            Self::Work => "maintenance",
            Self::NoData => "no data",
            Self::Degraded => "degraded",
            Self::Outage => "outage",
        }
    }
}

/// Whether those who watch a site are alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Monitoring {
    /// Nothing is unknown for want of them.
    Up,
    /// They are silent about some parts, which are unknown; the first since then (`None`: never
    /// heard).
    Partly(Option<Mono>),
    /// They are silent about all parts, since then (`None`: never heard since we started).
    Down(Option<Mono>),
}

/// How a service is: the worst of its parts.
#[derive(Clone, Copy, Debug)]
pub struct Worst {
    /// How bad.
    pub state: ShownState,
    /// Whether all of its parts are so.
    pub all: bool,
    /// How many parts there are.
    pub parts: usize,
    /// Why, if all of several parts are so for one reason: then it is said once.
    pub shared: Option<Finding>,
}

impl Worst {
    /// Whether nothing is known of any part.
    pub fn all_unknown(self) -> bool {
        self.all && self.state == ShownState::NoData
    }
}

/// Why a part is as it is; nobody asks while work is done on it.
pub fn reason(seen: &ComponentView) -> Finding {
    if seen.maintenance { Finding::Well } else { seen.finding }
}

/// Whether an incident stands at the top of the page: it goes on, or alerts say so.
pub fn is_current(incident: &IncidentView<'_>) -> bool {
    incident.merged_into.is_none() && (incident.open || incident.firing)
}

/// The parts of a service, at their worst. A service without parts is not known to be well.
pub fn parts_of(config: &Config, view: &dyn View, service: ServiceId) -> Worst {
    let mut worst = Worst { state: ShownState::Well, all: true, parts: 0, shared: None };
    for (id, _) in parts(config, service) {
        let seen = view.component(id);
        let (state, reason) = (ShownState::from(&seen), reason(&seen));
        let first = worst.parts == 0;
        worst.all &= first || state == worst.state;
        worst.shared = Some(reason).filter(|_| first || worst.shared == Some(reason));
        worst.state = worst.state.max(state);
        worst.parts = worst.parts.saturating_add(1);
    }
    if worst.parts == 0 {
        worst.state = ShownState::NoData;
    }
    worst.shared = worst.shared.filter(|_| worst.all && worst.parts > 1);
    worst
}

/// A service, with what people say of it: they may know what no part tells.
pub fn service(config: &Config, view: &dyn View, service: ServiceId) -> Worst {
    let (said, whole) = view.said(service);
    let (said, mut worst) = (ShownState::from(said), parts_of(config, view, service));
    if said > ShownState::Well && said >= worst.state {
        worst.all = whole || worst.all && said == worst.state;
        worst.state = said;
    }
    worst
}

/// The first line of a site: the worst of what stands below it. Without anything below, nothing is
/// known.
pub fn headline(config: &Config, view: &dyn View, site: SiteId) -> ShownState {
    let mut worst = parts_at(config, site).map(|id| part(view, id)).max();
    for (id, _) in services(config, site) {
        let said = ShownState::from(view.said(id).0);
        worst = if said > ShownState::Well { worst.max(Some(said)) } else { worst };
        // Without parts it is not known to be well, and stands below as that.
        if parts(config, id).next().is_none() {
            worst = worst.max(Some(ShownState::NoData));
        }
    }
    view.incidents(site, &mut |told| {
        if let Some(incident) = incident(config, view, told).filter(is_current) {
            let level = ShownState::from(incident.level);
            // One that people hold while all is well says nothing bad.
            worst = if level > ShownState::Well { worst.max(Some(level)) } else { worst };
        }
    });
    worst.unwrap_or(ShownState::NoData)
}

/// How much of a site is as bad as its first line says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Services that are so, at least in part.
    pub services: usize,
    /// Those of them that are so in all of their parts.
    pub whole: usize,
    /// All services of the site.
    pub of: usize,
    /// The first of those that are so.
    pub first: [Option<ServiceId>; HEADLINE_NAMES],
}

/// How many services are in `state`, the headline of their site.
pub fn extent(config: &Config, view: &dyn View, site: SiteId, state: ShownState) -> Extent {
    // The card of an incident says it of its service, though the parts may be unknown by now.
    let mut carded = [false; SERVICES];
    view.incidents(site, &mut |told| {
        let told = incident(config, view, told).filter(is_current);
        if let Some(incident) = told.filter(|incident| ShownState::from(incident.level) >= state) {
            carded.get_mut(incident.service.index()).into_iter().for_each(|card| *card = true);
        }
    });
    let mut extent = Extent::default();
    for (id, _) in services(config, site) {
        extent.of = extent.of.saturating_add(1);
        let found = service(config, view, id);
        if found.state >= state || carded.get(id.index()) == Some(&true) {
            if let Some(place) = extent.first.get_mut(extent.services) {
                *place = Some(id);
            }
            extent.services = extent.services.saturating_add(1);
            extent.whole = extent.whole.saturating_add((found.state >= state && found.all).into());
        }
    }
    extent
}

/// Whether those who watch a site are alive, as far as a part of it is unknown for want of them.
pub fn monitoring(config: &Config, view: &dyn View, site: SiteId) -> Monitoring {
    let (mut watched, mut unknown) = (false, false);
    let (mut first, mut last) = (None::<Option<Mono>>, None::<Mono>);
    for id in parts_at(config, site) {
        let Some(since) = view.silent_since(id) else {
            watched = true;
            continue;
        };
        unknown |= part(view, id) == ShownState::NoData;
        // Who was never heard has been silent for longest.
        first = Some(first.map_or(since, |first| first.min(since)));
        last = last.max(since);
    }
    match first {
        Some(_) if !watched => Monitoring::Down(last),
        Some(first) if unknown => Monitoring::Partly(first),
        _ => Monitoring::Up,
    }
}

/// A time as a site tells it: with `option times`, the beginning of its hour or day there. Whoever
/// tells a time to a visitor tells this one.
pub fn told_time(site: &Site, at: Wall) -> Wall {
    let local = site.timezone.shown(at).0;
    let part_ms = match site.times {
        Times::Exact => return at,
        Times::Hour => HOUR_MS,
        Times::Day => DAY_MS,
    };
    let begins = local.saturating_sub(local.rem_euclid(part_ms));
    // Back by the offset of then, which a change of the clock may have made another one.
    let ahead = |at: i64| site.timezone.shown(Wall(at)).0.saturating_sub(at);
    let near = begins.saturating_sub(ahead(at.0));
    Wall(begins.saturating_sub(ahead(near)).min(at.0))
}

/// When announced work ends, as exactly as a site tells it: to the hour, the next one, since work
/// that lasts forty minutes does not end when it begins.
pub fn told_end(site: &Site, at: Wall) -> Wall {
    match site.times {
        Times::Hour => told_time(site, Wall(at.0.saturating_add(HOUR_MS - 1))),
        Times::Exact | Times::Day => at,
    }
}

/// The services of a site that visitors are told of, in the order of the file.
pub fn services(config: &Config, site: SiteId) -> impl Iterator<Item = (ServiceId, &Service)> {
    config.services_of(site).filter(|(_, service)| !service.hidden)
}

/// The components of a service that visitors are told of, in the order of the file.
pub fn parts(config: &Config, service: ServiceId) -> impl Iterator<Item = (ComponentId, &Component)> {
    config.components_of(service).filter(|(_, part)| !part.hidden)
}

/// The components of a site that visitors are told of, of whichever service.
pub fn parts_at(config: &Config, site: SiteId) -> impl Iterator<Item = ComponentId> + '_ {
    config.parts_at(site).filter(|&id| !config.is_hidden(id))
}

/// An incident as visitors are told of it: without the parts that no page shows. `None` if the
/// configuration hides all that it concerns. If it began on a service that no page shows, it is
/// told of the service of its first part.
fn incident<'a>(config: &Config, view: &dyn View, incident: &IncidentView<'a>) -> Option<IncidentView<'a>> {
    if config.hides(incident.service, incident.components, incident.whole.is_some()) {
        return None;
    }
    let hidden = config.services.get(incident.service.index()).is_some_and(|service| service.hidden);
    if !hidden && !incident.components.iter().any(|id| config.is_hidden(id)) {
        return Some(*incident);
    }
    let mut components = ComponentSet::EMPTY;
    let shown = || incident.components.iter().filter(|&id| !config.is_hidden(id));
    shown().for_each(|id| components.insert(id));
    let said = incident.whole.filter(|_| !hidden).unwrap_or(State::Operational);
    let first = shown().next().and_then(|id| config.components.get(id.index()));
    let service = first.filter(|_| hidden).map_or(incident.service, |first| first.service);
    // It is no worse than those of its parts that are left, and than what was said of all.
    let level = shown().map(|id| view.component(id).state()).max().unwrap_or(said).max(said);
    Some(IncidentView { service, components, level: incident.level.min(level), ..*incident })
}

/// Whether there is an incident of which visitors are not told, by a view that knows everything.
pub fn hides(config: &Config, whole: &dyn View, site: SiteId, number: u32) -> bool {
    let mut is_hidden = false;
    whole.incidents(site, &mut |one| {
        is_hidden |= one.number == number && incident(config, whole, one).is_none();
    });
    is_hidden
}

/// A view of what visitors are told of: another view without what no page shows.
pub struct Visible<'a, V> {
    config: &'a Config,
    whole: V,
}

impl<'a, V: View> Visible<'a, V> {
    /// What visitors may know of a view that knows everything.
    pub const fn new(config: &'a Config, whole: V) -> Self {
        Self { config, whole }
    }

    fn tells_of(&self, window: &MaintenanceView<'_>) -> bool {
        let service = self.config.services.get(window.service.index());
        let hidden = window.component.is_some_and(|id| self.config.is_hidden(id));
        !hidden && !service.is_some_and(|service| service.hidden)
    }
}

impl<V: View> View for Visible<'_, V> {
    fn now(&self) -> Now {
        self.whole.now()
    }
    fn as_of(&self, site: SiteId) -> Option<Mono> {
        self.whole.as_of(site)
    }
    fn silent_since(&self, component: ComponentId) -> Option<Option<Mono>> {
        self.whole.silent_since(component)
    }
    fn component(&self, component: ComponentId) -> ComponentView {
        let seen = self.whole.component(component);
        let affected_by = seen.affected_by.filter(|&cause| !self.config.is_hidden(cause));
        ComponentView { affected_by, ..seen }
    }
    fn published(&self, component: ComponentId, lang: Lang, each: &mut dyn FnMut(&str)) {
        self.whole.published(component, lang, each);
    }
    fn incidents(&self, site: SiteId, each: &mut dyn FnMut(&IncidentView<'_>)) {
        self.whole.incidents(site, &mut |told| {
            incident(self.config, &self.whole, told).iter().for_each(&mut *each);
        });
    }
    fn said(&self, service: ServiceId) -> (State, bool) {
        self.whole.said(service)
    }
    fn steps(&self, site: SiteId, number: u32, each: &mut dyn FnMut(&StepView<'_>)) {
        self.whole.steps(site, number, &mut |step| {
            if !step.component.is_some_and(|id| self.config.is_hidden(id)) {
                each(step);
            }
        });
    }
    fn newest_steps(
        &self,
        site: SiteId,
        number: u32,
        most: usize,
        each: &mut dyn FnMut(&StepView<'_>),
    ) -> usize {
        // The log is gone through once. Of what stands before these, hidden steps count, too: then
        // there seems to be more to read than there is.
        let (mut left, mut hidden) = (most, 0usize);
        let all = self.whole.newest_steps(site, number, INCIDENT_STEPS_SHOWN, &mut |step| {
            if step.component.is_some_and(|id| self.config.is_hidden(id)) {
                hidden = hidden.saturating_add(1);
            } else if left > 0 {
                left = left.saturating_sub(1);
                each(step);
            }
        });
        all.saturating_sub(hidden)
    }
    fn maintenance(&self, site: SiteId, each: &mut dyn FnMut(&MaintenanceView<'_>)) {
        self.whole.maintenance(site, &mut |window| {
            if self.tells_of(window) {
                each(window);
            }
        });
    }
    fn past_maintenance(&self, site: SiteId, each: &mut dyn FnMut(&MaintenanceView<'_>)) {
        self.whole.past_maintenance(site, &mut |window| {
            if self.tells_of(window) {
                each(window);
            }
        });
    }
    #[cfg(feature = "feeds")]
    fn newest_of_site(
        &self,
        site: SiteId,
        most: usize,
        each: &mut dyn FnMut(&IncidentView<'_>, &StepView<'_>),
    ) {
        let mut left = most;
        self.whole.newest_of_site(site, FEED_ENTRIES, &mut |told, step| {
            if left == 0 || step.component.is_some_and(|id| self.config.is_hidden(id)) {
                return;
            }
            if let Some(told) = incident(self.config, &self.whole, told) {
                left = left.saturating_sub(1);
                each(&told, step);
            }
        });
    }
    #[cfg(feature = "feeds")]
    fn occurrences(
        &self,
        site: SiteId,
        number: u32,
        from: Wall,
        most: usize,
        each: &mut dyn FnMut(Wall, Wall),
    ) {
        // Who asks has been told of it.
        self.whole.occurrences(site, number, from, most, each);
    }
    #[cfg(feature = "feeds")]
    fn cancelled(&self, site: SiteId, most: usize, each: &mut dyn FnMut(&MaintenanceView<'_>)) {
        self.whole.cancelled(site, most, &mut |window| {
            if self.tells_of(window) {
                each(window);
            }
        });
    }
    fn banner(&self, site: SiteId) -> Option<BannerView<'_>> {
        self.whole.banner(site)
    }
    fn fared(&self, component: ComponentId, days: &mut [Day]) {
        self.whole.fared(component, days);
    }
    fn days(&self, site: SiteId) -> u8 {
        self.whole.days(site)
    }
}

/// How a part is.
pub fn part(view: &dyn View, id: ComponentId) -> ShownState {
    ShownState::from(&view.component(id))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::time::rfc3339;
    use crate::time::tz::Tz;

    #[test]
    fn a_time_is_told_to_the_hour_or_day_of_the_site() {
        let wall = |text: &str| rfc3339::parse(text).unwrap().wall().unwrap();
        let check = |zone: &str, times, at: &str, expected: &str| {
            let site = Site { timezone: Tz::parse(zone).unwrap(), times, ..Site::default() };
            assert_eq!(told_time(&site, wall(at)), wall(expected), "{at} in {zone}");
        };
        let hour = Site { times: Times::Hour, ..Site::default() };
        for (ends, expected) in [("09:50:00", "10:00:00"), ("09:00:00", "09:00:00"), ("09:00:01", "10:00:00")]
        {
            let at = |time| wall(&std::format!("2026-12-01T{time}Z"));
            assert_eq!(told_end(&hour, at(ends)), at(expected), "{ends}");
        }
        let brussels = "CET-1CEST,M3.5.0,M10.5.0/3";
        check(brussels, Times::Exact, "2026-11-21T09:06:07Z", "2026-11-21T09:06:07Z");
        check(brussels, Times::Hour, "2026-11-21T09:06:07Z", "2026-11-21T09:00:00Z");
        check(brussels, Times::Day, "2026-11-21T09:06:07Z", "2026-11-20T23:00:00Z");
        check(brussels, Times::Day, "2026-11-21T23:30:00Z", "2026-11-21T23:00:00Z");
        check(brussels, Times::Hour, "1969-12-31T23:59:59Z", "1969-12-31T23:00:00Z");
        // Half an hour, and three quarters, from the hours of UTC.
        check("IST-5:30", Times::Hour, "2026-11-21T09:06:00Z", "2026-11-21T08:30:00Z");
        check("NPT-5:45", Times::Day, "2026-11-21T09:06:00Z", "2026-11-20T18:15:00Z");
        // The clock changes within the day: it begins when it did, and never later than the time.
        check(brussels, Times::Day, "2026-03-29T10:00:00Z", "2026-03-28T23:00:00Z");
        check(brussels, Times::Day, "2026-10-25T10:00:00Z", "2026-10-24T22:00:00Z");
        check(brussels, Times::Hour, "2026-03-29T01:20:00Z", "2026-03-29T01:00:00Z");
        check(brussels, Times::Hour, "2026-10-25T00:20:00Z", "2026-10-25T00:00:00Z");
    }
}
