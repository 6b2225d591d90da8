//! A changed configuration, without losing a live alert.
//!
//! Sources, services and components are the same thing before and after when their sections have
//! the same names on a site of the same name, and a source has a token left that it had. An alert
//! keeps to its components by that. Labels that were not kept cannot be matched again, so a
//! component whose alerts may now come from elsewhere is no data until its sources have had the
//! time to repeat what concerns it.

use super::Engine;
use super::flash_budget::FlashBudget;
use super::status::ComponentStatus;
use crate::config::Config;
use crate::config::same::{same_component, same_mapping, same_source};
use crate::limits::{COMPONENTS, SITES, SOURCES};
use crate::model::{ComponentId, ComponentSet, Finding, SourceId, SourceSet};
use crate::time::{Millis, Now};

impl Engine {
    /// Goes from one configuration to another. O(alerts + components²) string comparisons.
    pub fn reconfigure(&mut self, old: &Config, new: &Config, now: Now) {
        self.renew(old, new, None, now);
    }

    /// Forgets what a source said, whose tokens were taken away.
    pub fn forget_source(&mut self, config: &Config, source: SourceId, now: Now) {
        self.renew(config, config, Some(source), now);
    }

    /// `lost`: the source that is a new one, though its section is not.
    #[allow(clippy::large_stack_arrays, reason = "a reload is rare, and nothing below it is deep")]
    fn renew(&mut self, old: &Config, new: &Config, lost: Option<SourceId>, now: Now) {
        self.step(old, now, super::Input::Pass);
        let mut source_to: [Option<SourceId>; SOURCES] = [None; SOURCES];
        let mut source_from: [Option<SourceId>; SOURCES] = [None; SOURCES];
        for (id, from) in (0u16..).map(SourceId).zip(&mut source_from).take(new.sources.len()) {
            let is_it = |was: &SourceId| Some(*was) != lost && same_source(old, *was, new, id);
            *from = (0u16..).map(SourceId).take(old.sources.len()).find(is_it);
            if let Some(to) = from.and_then(|was| source_to.get_mut(was.index())) {
                *to = Some(id);
            }
        }
        let mut component_to: [Option<ComponentId>; COMPONENTS] = [None; COMPONENTS];
        let mut statuses = [ComponentStatus::new(); COMPONENTS];
        for (id, status) in (0u16..).map(ComponentId).zip(&mut statuses).take(new.components.len()) {
            let was = (0u16..)
                .map(ComponentId)
                .take(old.components.len())
                .find(|&was| same_component(old, was, new, id));
            if let Some((was, known)) = was.and_then(|was| Some((was, self.statuses.get(was.index())?))) {
                *status = *known;
                status.renew_mark(|by| source_to.get(by.index()).copied().flatten());
                if let Some(to) = component_to.get_mut(was.index()) {
                    *to = Some(id);
                }
            }
            let is_fed = |by| new.components.get(id.index()).is_some_and(|part| part.feeders.contains(by));
            if was.is_none_or(|was| !same_mapping(old, was, new, id)) || lost.is_some_and(is_fed) {
                status.doubt(Finding::Reconfigured, now.mono.plus(longest_resync(new, id)));
            }
        }
        self.statuses = statuses;
        self.sources.renew(&source_from);
        let before = self.budgets;
        for (row, from) in self.budgets.iter_mut().zip(source_from) {
            *row = from.and_then(|was| before.get(was.index())).copied().unwrap_or(FlashBudget::new());
            row.cut_body(now.mono);
        }
        // Whose sources are all new has no alert any more.
        let site_of = |was: SourceId| old.sources.get(was.index()).map(|source| source.site);
        let sites = source_from.iter().zip(&new.sources);
        self.alerts.renumber(sites.filter_map(|(from, source)| Some((site_of((*from)?)?, source.site))));
        self.alerts.rebuild(|held| {
            let Some(source) = source_to.get(usize::from(held.key.source)).copied().flatten() else {
                return false;
            };
            held.key.source = source.0;
            // What is kept may say that the alert is ignored now. Else its next message says so.
            if super::mapping::is_ignored(new, source, &held.kept) {
                return false;
            }
            let mut components = ComponentSet::EMPTY;
            for id in held.components.iter() {
                if let Some(to) = component_to.get(id.index()).copied().flatten() {
                    components.insert(to);
                }
            }
            held.components = components;
            held.kept = super::mapping::still_kept(new, source, &held.kept);
            !components.is_empty()
        });
        let is_same = |was: SourceId, is: SourceId| source_from.get(is.index()) == Some(&Some(was));
        self.renew_heartbeats((old, new), &is_same, now.mono);
        self.renew_rules((old, new), &is_same, now.mono);
        self.as_of_minute = [0; SITES];
        self.incidents.reconfigure(old, new, now);
        self.uptime.reconfigure(old, new, now);
        self.stirred = true;
        self.reloads = self.reloads.wrapping_add(1);
        self.statuses.iter_mut().for_each(ComponentStatus::unhold);
        self.rejudge(new, now, false);
        self.touch_all(u8::MAX);
        self.wake = Some(now.mono);
    }
}

/// The components of one configuration that another one does not have: what they are remembered by
/// goes.
pub fn dropped<'a>(old: &'a Config, new: &Config) -> impl Iterator<Item = &'a str> {
    let is_kept = |was: ComponentId| {
        (0u16..).map(ComponentId).take(new.components.len()).any(|id| same_component(old, was, new, id))
    };
    let gone = (0u16..).map(ComponentId).zip(&old.components).filter(move |(was, _)| !is_kept(*was));
    gone.map(|(_, component)| old.str(component.name))
}

fn longest_resync(config: &Config, id: ComponentId) -> Millis {
    let feeders = config.components.get(id.index()).map_or(SourceSet::EMPTY, |component| component.feeders);
    feeders
        .iter()
        .filter_map(|id| config.sources.get(id.index()))
        .map(|source| source.resync)
        .max()
        .unwrap_or_default()
}
