//! What must be true of the world after every step.

use std::collections::BTreeMap;
use std::fmt::Write;

use aiglon::limits::INCIDENTS;
use aiglon::model::{ComponentId, Repeat, SiteId, State, Step, View, Words};
use aiglon::shown::ShownState;

use super::people::{Deed, LONG_AGO};
use super::scene::{PARTS, SITE_OF};
use super::world::{DAY, MIN, NOON, SEC, World};

/// Words about what ended this long ago may give way to what is newer.
const SAFE: i64 = 14 * DAY;

/// What is told of one incident.
#[derive(Debug, Default)]
pub struct Told {
    steps: Vec<String>,
    /// The last of the steps that may give way to what people say.
    middle: u16,
    /// How it is.
    end: String,
    /// What it was merged into.
    into: Option<u32>,
}

impl World {
    /// Cheap, so done after every step.
    pub fn check(&self) {
        let view = self.engine.view(&self.config, self.clocks());
        let mut overall = [State::Operational; 2];
        for part in 0..PARTS.len() {
            let seen = view.component(ComponentId(u16::try_from(part).unwrap()));
            let state = seen.state();
            let expected = self.model.state(part, self.now);
            assert_eq!(state, expected, "{} at {}", PARTS[part], self.now / 1000);
            // Not by any rule of ours, but by what was said.
            let promised = self.promised[part].iter().any(|&until| until > self.now);
            assert!(
                !promised || state != State::Operational,
                "{} is greener than what its sender said",
                PARTS[part]
            );
            let site = usize::from(SITE_OF[part]);
            // The first line says nothing of what is planned.
            if !seen.maintenance {
                overall[site] = overall[site].max(state);
            }
        }
        for (site, worst) in (0u8..).zip(overall) {
            let overall = self.headline(&view, site);
            if overall == worst {
                continue;
            }
            // What people say of a service as a whole counts, too, and only makes it worse.
            let mut said = worst;
            view.incidents(SiteId(site), &mut |incident| {
                if aiglon::shown::is_current(incident) {
                    said = said.max(incident.level);
                }
            });
            assert!((worst..=said).contains(&overall), "{overall:?}, not {worst:?} to {said:?}");
        }
        let (incidents, used, capacity) = self.engine.incidents().usage();
        assert!(
            used <= capacity && incidents <= INCIDENTS,
            "{used} of {capacity} bytes, {incidents} incidents"
        );
        assert!(self.disk.peak <= self.largest as usize, "{} bytes of files", self.disk.peak);
    }

    /// The first line of a site, with planned work taken away.
    fn headline(&self, view: &impl View, site: u8) -> State {
        match aiglon::shown::headline(&self.config, view, SiteId(site)) {
            ShownState::Well | ShownState::Work => State::Operational,
            ShownState::NoData => State::NoData,
            ShownState::Degraded => State::Degraded,
            ShownState::Outage => State::Outage,
        }
    }

    /// Goes through everything that is told, so not done after every step.
    pub fn check_told(&mut self) {
        for site in 0..2 {
            self.check_site(site);
        }
    }

    fn check_site(&mut self, site: u8) {
        let numbers = self.numbers(site);
        for &(number, open) in &numbers {
            // It began, and may have ended, at any time since the last look.
            let since = self.looked_at[usize::from(site)];
            self.born.entry((site, number)).or_insert(since);
            let last = self.last_open.entry((site, number)).or_insert(since);
            if open {
                *last = self.now;
            }
        }
        for number in self.people.incidents(site) {
            if numbers.iter().all(|&(known, _)| known != number) {
                assert!(
                    self.may_be_gone(site, number),
                    "what people said of incident {number} of site {site} is gone"
                );
                self.people.gave_way(site, number);
            }
        }
        self.looked_at[usize::from(site)] = self.now;
        let (told, expected) = (self.people_told(site), self.people.told(site));
        for number in told.keys().chain(expected.keys()) {
            let (told, expected) = (told.get(number), expected.get(number));
            assert_eq!(told, expected, "incident {number} of site {site}");
        }
        let view = self.engine.view(&self.config, self.clocks());
        let mut banner = None;
        if let Some(Words::Own { text, .. }) = view.banner(SiteId(site)).map(|banner| banner.words) {
            banner = Some(text);
        }
        assert_eq!(banner, self.people.banner(site), "the banner of site {site}");
    }

    /// Whether an incident may have given way: its end, of an hour that was known, was long ago; or
    /// nobody knows when it was.
    pub fn may_be_gone(&self, site: u8, number: u32) -> bool {
        // What nobody has looked at yet came, and went, since the last look.
        let (key, since) = ((site, number), self.looked_at[usize::from(site)]);
        let last = self.last_open.get(&key).copied().unwrap_or(since);
        let born = self.born.get(&key).copied().unwrap_or(since);
        self.now - last > SAFE - MIN || self.astray_at >= born
    }

    /// What is told of what people said: of each incident its title and their words.
    pub fn people_told(&self, site: u8) -> BTreeMap<u32, String> {
        let view = self.engine.view(&self.config, self.clocks());
        let mut lines = BTreeMap::new();
        view.incidents(SiteId(site), &mut |incident| {
            let mut touched = !incident.title.is_empty();
            let mut line = format!("{:?}", incident.title);
            view.steps(SiteId(site), incident.number, &mut |step| {
                touched |= step.who != 0;
                if let (Words::Own { text, .. }, false) = (step.words, step.step == Step::Retitled) {
                    write!(line, " {text}").unwrap();
                }
            });
            if touched {
                lines.insert(incident.number, line);
            }
        });
        lines
    }

    /// The maintenance of which an occurrence is over in the second that a restart takes.
    pub fn soon_over(&self) -> Vec<(u8, u32)> {
        let mut over = Vec::new();
        let back = self.ahead.map(|ahead| NOON + self.now + ahead + SEC);
        for site in 0..2 {
            let view = self.engine.view(&self.config, self.clocks());
            view.maintenance(SiteId(site), &mut |planned| {
                if back.is_some_and(|back| planned.ends.0 <= back) {
                    over.push((site, planned.number));
                }
            });
        }
        over
    }

    /// Everything that a restart may not change, by site and incident; under 0 the banner and what
    /// is planned but `over`.
    pub fn told(&self, over: &[(u8, u32)]) -> [BTreeMap<u32, Told>; 2] {
        [0, 1].map(|site| {
            let view = self.engine.view(&self.config, self.clocks());
            let mut all = BTreeMap::new();
            view.incidents(SiteId(site), &mut |incident| {
                let (phase, worst, next) = (incident.phase, incident.worst, incident.next);
                let end = format!("{} {phase:?} {worst:?} {next:?}", incident.open);
                let mut told = Told { end, into: incident.merged_into, ..Told::default() };
                view.steps(SiteId(site), incident.number, &mut |step| {
                    // Those in the middle may give way; so may an end by itself with the new
                    // beginning behind it.
                    let rounds = step.who == 0 && matches!(step.step, Step::Resolved | Step::Reopened);
                    if rounds || matches!(step.step, Step::Joined | Step::Worse | Step::Better | Step::NoData)
                    {
                        told.middle = told.middle.max(step.number);
                        return;
                    }
                    told.steps.push(format!(
                        "{} {:?} {:?} {:?} {:?} {}",
                        step.number, step.step, step.state, step.component, step.words, step.who
                    ));
                });
                all.insert(incident.number, told);
            });
            let mut end = format!("{:?}", view.banner(SiteId(site)).map(|banner| (banner.words, banner.who)));
            view.maintenance(SiteId(site), &mut |planned| {
                if !over.contains(&(site, planned.number)) {
                    write!(end, " {} {:?} {:?}", planned.number, planned.words, planned.starts).unwrap();
                }
            });
            all.insert(0, Told { end, ..Told::default() });
            all
        })
    }

    /// What was told before a restart is told after it; something may have happened on the way.
    /// `whole`: nothing has been refused for want of room.
    pub fn check_restart(
        &self,
        site: u8,
        before: &BTreeMap<u32, Told>,
        after: &BTreeMap<u32, Told>,
        whole: bool,
    ) {
        for (number, was) in before {
            let Some(is) = after.get(number) else {
                // A boot is something new, too, to which what is old gives way.
                let wordless = was.steps.iter().all(|step| step.ends_with(" 0"));
                assert!(
                    (!whole && wordless) || self.may_be_gone(site, *number),
                    "a restart lost incident {number} of site {site}: {was:#?}"
                );
                continue;
            };
            let same = whole && is.steps.len() == was.steps.len() && is.middle == was.middle;
            // What was merged into what is gone ends there.
            let into = was.into.filter(|number| after.contains_key(number));
            assert!(
                is.steps.starts_with(&was.steps) && (!same || (&is.end, is.into) == (&was.end, into)),
                "incident {number}: {was:#?} to {is:#?}"
            );
        }
        for (number, is) in after.iter().filter(|(number, _)| !before.contains_key(number)) {
            let new =
                before.keys().all(|known| known < number) && is.steps.iter().all(|step| step.ends_with(" 0"));
            assert!(new, "a restart brought incident {number} back: {is:#?}");
        }
    }

    /// What is planned, against the model; where nobody can tell what became of it, the model
    /// follows.
    pub fn check_planned(&mut self) {
        let Some(ahead) = self.ahead else { return };
        if self.unplanned && ahead != 0 {
            return;
        }
        for site in 0..2 {
            let mut told = Vec::new();
            let view = self.engine.view(&self.config, self.clocks());
            view.maintenance(SiteId(site), &mut |planned| told.push((planned.number, planned.starts.0)));
            let planned = self.people.planned(site, NOON + self.now + ahead);
            // By a clock that was put back, what was over may be to come again, or be forgotten.
            let over = |number| self.people.ends_at(site, number).is_some_and(|ends| ends <= self.over_at);
            let lost = planned.iter().find(|planned| !told.contains(planned) && !over(planned.0));
            assert_eq!(lost, None, "maintenance of site {site}: {told:?}");
            assert!(
                self.unplanned || told == planned,
                "maintenance of site {site}: {told:?}, not {planned:?}"
            );
        }
        if self.unplanned {
            self.plan_anew();
        }
    }

    fn plan_anew(&mut self) {
        self.unplanned = false;
        let mut told = Vec::new();
        for site in 0..2 {
            let view = self.engine.view(&self.config, self.clocks());
            view.maintenance(SiteId(site), &mut |planned| told.push((site, planned.number)));
        }
        self.people.forget_plans(&told);
        for site in 0..2 {
            let view = self.engine.view(&self.config, self.clocks());
            view.maintenance(SiteId(site), &mut |planned| {
                let (number, starts, ends) = (planned.number, planned.starts.0, planned.ends.0);
                let weekly = planned.repeat == Repeat::Weekly;
                // Who planned it a moment ago may take it back: that is still known.
                if !self.people.knows_plan(site, number) {
                    let deed = Deed::Planned { number, starts, ends, weekly };
                    self.people.did(site, planned.who, LONG_AGO, deed);
                }
            });
        }
    }
}
