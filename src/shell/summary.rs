//! What `aiglon check` tells of a configuration that has no mistake, so that a person can see
//! whether it says what was meant.

use aiglon::config::Config;
use aiglon::config::matcher::Match;
use aiglon::model::{ComponentId, ServiceId};

use super::log::Safe;
use super::route::{line, path};

/// How many names a line has at most.
const NAMES: usize = 12;

/// The lines, without an end.
pub fn lines(config: &Config) -> Vec<String> {
    let count = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let mut lines = vec![format!(
        "{}, {}, {}, {}",
        count(config.sites.len(), "site"),
        count(config.sources.len(), "source"),
        count(config.services.len(), "service"),
        count(config.components.len(), "component")
    )];
    let by_label = names(by_label_alone(config).map(|id| path(config, id)));
    if !by_label.is_empty() {
        lines.push(format!("only the labels service and component lead an alert to: {by_label}"));
    }
    let services = (0u16..).map(ServiceId).zip(&config.services);
    let empty = services.filter(|(id, _)| config.components_of(*id).next().is_none());
    let empty = names(empty.map(|(_, service)| config.str(service.name).to_owned()));
    if !empty.is_empty() {
        lines.push(format!("services without a component, which are never well: {empty}"));
    }
    lines.extend(wide(config).take(NAMES).map(|(narrow, wide)| {
        format!(
            "an alert of {} also leads to {}, by {}",
            Safe(&path(config, narrow.component)),
            Safe(&path(config, wide.component)),
            line(config, *wide)
        )
    }));
    lines
}

/// Some names, and how many more there are.
fn names(all: impl Iterator<Item = String>) -> String {
    let all: Vec<_> = all.map(|name| Safe(&name).to_string()).collect();
    let (shown, more) = all.split_at(all.len().min(NAMES));
    match more.len() {
        0 => shown.join(", "),
        more => format!("{}, and {more} more", shown.join(", ")),
    }
}

/// The components that no matcher, heartbeat or rule leads to.
fn by_label_alone(config: &Config) -> impl Iterator<Item = ComponentId> {
    (0u16..).map(ComponentId).take(config.components.len()).filter(|&id| {
        !(config.matches.iter().any(|one| one.component == id)
            || config.heartbeats.iter().any(|row| row.component == Some(id))
            || config.rules.iter().any(|row| row.component == Some(id)))
    })
}

/// Matchers of which the second fits whatever the first fits, for another component that a source
/// of the first feeds, too.
fn wide(config: &Config) -> impl Iterator<Item = (&Match, &Match)> {
    let fits_more = |narrow: &Match, wide: &Match| {
        let terms: Vec<_> = config.words_of(*narrow).collect();
        config.words_of(*wide).all(|term| terms.contains(&term))
    };
    let feeders = |one: &Match| config.components.get(one.component.index()).map(|part| part.feeders);
    let shared = move |a: &Match, b: &Match| match (feeders(a), feeders(b)) {
        (Some(a), Some(b)) => a.intersects(b),
        _ => false,
    };
    let pairs =
        config.matches.iter().flat_map(|narrow| config.matches.iter().map(move |wide| (narrow, wide)));
    pairs.filter(move |(narrow, wide)| {
        narrow.component != wide.component && shared(narrow, wide) && fits_more(narrow, wide)
    })
}
