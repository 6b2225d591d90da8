//! What two configurations have in common: which section of one is which section of the other. By
//! names, since places change.

use super::Config;
use super::matcher::Match;
use crate::model::{ComponentId, SourceId, SourceSet};

/// Whether a source is still one: its name, the name of its site, and a token that it had.
pub fn same_source(old: &Config, was: SourceId, new: &Config, is: SourceId) -> bool {
    let (Some(a), Some(b)) = (old.sources.get(was.index()), new.sources.get(is.index())) else {
        return false;
    };
    old.str(a.name) == new.str(b.name)
        && site_name(old, a.site.index()) == site_name(new, b.site.index())
        && share_token(old, was, new, is)
}

/// Whether any token of a source is still one. Without, they were revoked: who had them may have
/// said anything, and what they said is not known any more. Where there never was one, only this
/// machine speaks.
fn share_token(old: &Config, was: SourceId, new: &Config, is: SourceId) -> bool {
    let mut before = old.tokens.iter().filter(|token| token.source == was).peekable();
    if before.peek().is_none() {
        return new.tokens.iter().all(|token| token.source != is);
    }
    before.any(|token| new.tokens.iter().any(|other| other.source == is && other.hash == token.hash))
}

fn site_name(config: &Config, index: usize) -> &str {
    config.sites.get(index).map_or("", |site| config.str(site.name))
}

/// Whether a component is still one: its name, and the names of its service and site.
pub fn same_component(old: &Config, was: ComponentId, new: &Config, is: ComponentId) -> bool {
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
pub fn same_mapping(old: &Config, was: ComponentId, new: &Config, is: ComponentId) -> bool {
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

/// Whether two matchers have equal terms.
pub fn same_terms(old: &Config, a: Match, new: &Config, b: Match) -> bool {
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
