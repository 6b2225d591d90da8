//! What `aiglon check` tells of a configuration that has no mistake, so that a person can see
//! whether it says what was meant.

use std::fmt::Write;

use aiglon::config::Config;
use aiglon::config::matcher::Match;
use aiglon::limits::SUMMARY_NAMES;
use aiglon::model::{ComponentId, Output, ServiceId};

use super::log::Safe;
use super::route::{line, path, severity_word};

/// The lines, without an end.
pub fn lines(config: &Config) -> Vec<String> {
    let mut counts = String::new();
    for (count, one) in [
        (config.sites.len(), "site"),
        (config.sources.len(), "source"),
        (config.services.len(), "service"),
        (config.components.len(), "component"),
    ] {
        let before = if counts.is_empty() { "" } else { ", " };
        _ = write!(counts, "{before}{count} {one}{}", if count == 1 { "" } else { "s" });
    }
    let mut lines = vec![counts];
    let by_label = (0u16..).map(ComponentId).take(config.components.len());
    let mut by_label = by_label.filter(|id| is_by_label_alone(config, *id)).map(|id| path(config, id));
    names("only the labels service and component lead an alert to", &mut by_label, &mut lines);
    let services = (0u16..).map(ServiceId).zip(&config.services);
    let empty = services.filter(|(id, _)| config.components_of(*id).next().is_none());
    let mut empty = empty.map(|(_, service)| config.str(service.name).to_owned());
    names("services without a component, which are never well", &mut empty, &mut lines);
    // Who says what a site publishes says no more than it can.
    let unlinked = config
        .sites
        .iter()
        .filter(|site| cfg!(feature = "feeds") && site.url.is_empty() && site.publish_as.has(Output::Badge));
    let mut unlinked = unlinked.map(|site| config.str(site.name).to_owned());
    let what = "sites without option url, so without Atom, iCalendar and previews of links";
    names(what, &mut unlinked, &mut lines);
    let severity = severity_word(config.main.default_severity);
    lines.push(format!("a severity that nobody knows counts as {severity}, and so does none"));
    let mut left = SUMMARY_NAMES;
    for narrow in &config.matches {
        for wide in config.matches.iter().filter(|wide| is_wide(config, *narrow, **wide)).take(left) {
            left = left.saturating_sub(1);
            lines.push(format!(
                "an alert of {} also leads to {}, by {}",
                Safe(&path(config, narrow.component)),
                Safe(&path(config, wide.component)),
                line(config, *wide)
            ));
        }
    }
    lines
}

/// A line of some names, and of how many more there are; none without a name.
fn names(what: &str, all: &mut dyn Iterator<Item = String>, lines: &mut Vec<String>) {
    let mut line = what.to_owned();
    let mut count = 0usize;
    for name in all {
        if count < SUMMARY_NAMES {
            _ = write!(line, "{}{}", if count == 0 { ": " } else { ", " }, Safe(&name));
        }
        count += 1;
    }
    if count > SUMMARY_NAMES {
        _ = write!(line, ", and {} more", count - SUMMARY_NAMES);
    }
    if count > 0 {
        lines.push(line);
    }
}

/// Whether no matcher, heartbeat or rule leads to a component.
fn is_by_label_alone(config: &Config, id: ComponentId) -> bool {
    !(config.matches.iter().any(|one| one.component == id)
        || config.heartbeats.iter().any(|row| row.component == Some(id))
        || config.rules.iter().any(|row| row.component == Some(id)))
}

/// Whether the second matcher fits whatever the first fits, for another component that a source of
/// the first feeds, too.
fn is_wide(config: &Config, narrow: Match, wide: Match) -> bool {
    let feeders = |one: Match| config.components.get(one.component.index()).map(|part| part.feeders);
    let (Some(a), Some(b)) = (feeders(narrow), feeders(wide)) else { return false };
    narrow.component != wide.component
        && a.intersects(b)
        && config.words_of(wide).all(|term| config.words_of(narrow).any(|other| other == term))
}
