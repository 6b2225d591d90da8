//! A changed configuration, without losing a live alert.
//!
//! Sources, services and components are the same thing before and after when their sections have the same
//! names on a site of the same name, and a source has a token left that it had. An alert keeps to its components by that. Labels that were not kept
//! cannot be matched again, so a component whose alerts may now come from elsewhere is no data until its
//! sources have had the time to repeat what concerns it.

use super::Engine;
use super::status::ComponentStatus;
use super::wear::Wear;
use crate::config::Config;
use crate::config::matcher::Match;
use crate::limits::{COMPONENTS, SITES, SOURCES};
use crate::model::{ComponentId, ComponentSet, Finding, SourceId, SourceSet};
use crate::time::{Millis, Now};

impl Engine {
    /// Goes from one configuration to another. O(alerts + components²) string comparisons.
    pub fn reconfigure(&mut self, old: &Config, new: &Config, now: Now) {
        self.step(old, now, super::Input::Pass);
        let mut source_to: [Option<SourceId>; SOURCES] = [None; SOURCES];
        let mut source_from: [Option<SourceId>; SOURCES] = [None; SOURCES];
        for (id, from) in (0u8..).map(SourceId).zip(&mut source_from).take(new.sources.len()) {
            *from = (0u8..).map(SourceId).take(old.sources.len()).find(|&was| same_source(old, was, new, id));
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
                if let Some(to) = component_to.get_mut(was.index()) {
                    *to = Some(id);
                }
            }
            if was.is_none_or(|was| !same_mapping(old, was, new, id)) {
                status.doubt(Finding::Reconfigured, now.mono.plus(longest_resync(new, id)));
            }
        }
        self.statuses = statuses;
        self.sources.renew(&source_from);
        let wear = self.wear;
        for (row, from) in self.wear.iter_mut().zip(source_from) {
            *row = from.and_then(|was| wear.get(was.index())).copied().unwrap_or(Wear::new());
        }
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
            !components.is_empty()
        });
        self.renew_heartbeats(old, new, now.mono);
        self.renew_rules(old, new, now.mono);
        self.as_of_minute = [0; SITES];
        self.incidents.reconfigure(old, new, now);
        self.uptime.reconfigure(old, new, now);
        self.stirred = true;
        self.reloads = self.reloads.wrapping_add(1);
        self.rejudge(new, now);
        for generation in &mut self.generations {
            *generation = generation.wrapping_add(1);
        }
        self.wake = Some(now.mono);
    }
}

/// The components of one configuration that another one does not have: what they are remembered by goes.
pub fn dropped<'a>(old: &'a Config, new: &Config) -> impl Iterator<Item = &'a str> {
    let is_kept = |was: ComponentId| {
        (0u16..).map(ComponentId).take(new.components.len()).any(|id| same_component(old, was, new, id))
    };
    let gone = (0u16..).map(ComponentId).zip(&old.components).filter(move |(was, _)| !is_kept(*was));
    gone.map(|(_, component)| old.str(component.name))
}

pub(super) fn same_source(old: &Config, was: SourceId, new: &Config, is: SourceId) -> bool {
    let (Some(a), Some(b)) = (old.sources.get(was.index()), new.sources.get(is.index())) else {
        return false;
    };
    old.str(a.name) == new.str(b.name)
        && site_name(old, a.site.index()) == site_name(new, b.site.index())
        && share_token(old, was, new, is)
}

/// Whether any token of a source is still one. Without, they were revoked: who had them may have said anything, and what they
/// said is not known any more.
fn share_token(old: &Config, was: SourceId, new: &Config, is: SourceId) -> bool {
    let mut before = old.tokens.iter().filter(|token| token.source == was);
    before.any(|token| new.tokens.iter().any(|other| other.source == is && other.hash == token.hash))
}

fn site_name(config: &Config, index: usize) -> &str {
    config.sites.get(index).map_or("", |site| config.str(site.name))
}

fn same_component(old: &Config, was: ComponentId, new: &Config, is: ComponentId) -> bool {
    let (Some(a), Some(b)) = (old.components.get(was.index()), new.components.get(is.index())) else {
        return false;
    };
    old.str(a.name) == new.str(b.name)
        && matches!(
            (old.services.get(a.service.index()), new.services.get(b.service.index())),
            (Some(x), Some(y)) if old.str(x.name) == new.str(y.name)
                && site_name(old, x.site.index()) == site_name(new, y.site.index())
        )
}

/// Whether exactly the same alerts lead to it as before.
fn same_mapping(old: &Config, was: ComponentId, new: &Config, is: ComponentId) -> bool {
    let (Some(a), Some(b)) = (old.components.get(was.index()), new.components.get(is.index())) else {
        return false;
    };
    let label = |config: &Config, index: usize| config.services.get(index).map(|service| service.label);
    let (Some(x), Some(y)) = (label(old, a.service.index()), label(new, b.service.index())) else {
        return false;
    };
    old.str(a.label) == new.str(b.label)
        && old.str(x) == new.str(y)
        && same_feeders(old, a.feeders, new, b.feeders)
        && same_matches(old, was, new, is)
}

fn same_feeders(old: &Config, a: SourceSet, new: &Config, b: SourceSet) -> bool {
    let within = |old: &Config, a: SourceSet, new: &Config, b: SourceSet| {
        a.iter().all(|was| b.iter().any(|is| same_source(old, was, new, is)))
    };
    let heard =
        |was: SourceId, is: SourceId| !same_source(old, was, new, is) || ignores_what(old, was, new, is);
    within(old, a, new, b) && within(new, b, old, a) && a.iter().all(|was| b.iter().all(|is| heard(was, is)))
}

/// Whether all alerts of a source that were ignored still are. Others may lead here now.
fn ignores_what(old: &Config, was: SourceId, new: &Config, is: SourceId) -> bool {
    let mut before = old.ignores.iter().filter(|one| one.source == was);
    before.all(|one| {
        let mut now = new.ignores.iter().filter(|other| other.source == is);
        now.any(|other| same_terms(old, one.terms, new, other.terms))
    })
}

fn same_matches(old: &Config, was: ComponentId, new: &Config, is: ComponentId) -> bool {
    let of = |config: &'_ Config, id: ComponentId, nth: usize| -> Option<Match> {
        config.matches.iter().filter(|entry| entry.component == id).nth(nth).copied()
    };
    (0usize..).map(|nth| (of(old, was, nth), of(new, is, nth))).find_map(|pair| match pair {
        (None, None) => Some(true),
        (Some(a), Some(b)) => (!same_terms(old, a, new, b)).then_some(false),
        _ => Some(false),
    }) == Some(true)
}

pub(super) fn same_terms(old: &Config, a: Match, new: &Config, b: Match) -> bool {
    a.count == b.count
        && (0..u16::from(a.count)).all(|nth| {
            let term = |config: &Config, entry: Match| {
                config.terms.get(usize::from(entry.first.saturating_add(nth))).copied()
            };
            matches!((term(old, a), term(new, b)), (Some(x), Some(y)) if x.op == y.op
                && old.str(x.name) == new.str(y.name)
                && old.str(x.value) == new.str(y.value))
        })
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
