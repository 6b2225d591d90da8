//! From what a sender wrote to what it means here: which components, how bad, and what may be kept.

use crate::config::Config;
use crate::ingest::{Alert, PairKind};
use crate::model::{ComponentId, ComponentSet, Finding, Kept, KeptPair, Severity, SiteId, SourceId};

/// The labels that lead to a service and its component by name.
pub const LEADING: [&str; 2] = ["service", "component"];

/// What Grafana calls an alert that says that a rule got no answer or an error. It has the rule's
/// labels.
const SEES_NOTHING: [&str; 2] = ["DatasourceNoData", "DatasourceError"];

/// What an alert means.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// The always-firing rule that says "I am alive" (label `heartbeat`).
    Heartbeat,
    /// It leads to no component that this source feeds.
    Unmapped,
    /// The configuration says to ignore it (`list ignore`).
    Ignored,
    /// It concerns components.
    Concerns {
        /// Which.
        components: ComponentSet,
        /// What it says while it fires; [`Finding::Well`] if nothing is wrong.
        fires: Finding,
    },
}

/// What `alert`, said by `source`, means.
pub fn meaning(config: &Config, source: SourceId, alert: &Alert) -> Meaning {
    let Some(site) = config.sources.get(source.index()).map(|source| source.site) else {
        return Meaning::Unmapped;
    };
    if alert.label("heartbeat").is_some() {
        return Meaning::Heartbeat;
    }
    if config.ignores(source, alert.is_whole(), &|name| alert.get(name)) {
        return Meaning::Ignored;
    }
    let mut components = ComponentSet::EMPTY;
    if let Some(id) = named(config, site, source, alert) {
        components.insert(id);
    } else {
        components = config.matched(site, source, &|name| alert.get(name));
    }
    if components.is_empty() {
        return Meaning::Unmapped;
    }
    // Newer collectd says it in an annotation.
    let severity =
        alert.get("severity").and_then(Severity::from_word).unwrap_or(config.main.default_severity);
    let fires = match alert.label("alertname") {
        Some(name) if severity > Severity::Fine && SEES_NOTHING.contains(&name) => Finding::SenderCannotTell,
        _ => severity.into(),
    };
    Meaning::Concerns { components, fires }
}

/// Whether an alert has a severity that nobody knows.
pub(super) fn has_odd_severity(alert: &Alert) -> bool {
    alert.get("severity").is_some_and(|word| !word.is_empty() && Severity::from_word(word).is_none())
}

/// Whether the configuration wants an alert ignored of which this is kept. What is not kept is not
/// known.
pub fn is_ignored(config: &Config, source: SourceId, kept: &Kept) -> bool {
    config.ignores(source, false, &|name| kept.get(false, name).or_else(|| kept.get(true, name)))
}

/// The component that the labels [`LEADING`] name.
fn named(config: &Config, site: SiteId, source: SourceId, alert: &Alert) -> Option<ComponentId> {
    let [service, component] = LEADING.map(|name| alert.label(name));
    let (service, component) = (service?, component?);
    if !stays_home(config, site, alert) {
        return None;
    }
    config.named(site, source, service, component)
}

/// prometheus-adlermanager's label names a site, by its directory, which is its host. If it names
/// another than the token's own, the labels do not lead by name; matchers may still want the alert.
fn stays_home(config: &Config, site: SiteId, alert: &Alert) -> bool {
    let Some(wanted) = alert.label("adlermanager") else { return true };
    let name = config.sites.get(site.index()).map_or("", |site| config.str(site.name));
    name == wanted
        || config
            .hosts
            .iter()
            .any(|host| host.site == site && config.str(host.name).eq_ignore_ascii_case(wanted))
}

/// What a later configuration keeps of what was kept of an alert. The labels [`LEADING`] stay while
/// they name a component: else they may be words of somebody else.
pub fn still_kept(config: &Config, source: SourceId, kept: &Kept) -> Kept {
    let Some(site) = config.sources.get(source.index()).map(|source| source.site) else { return Kept::new() };
    let [service, component] = LEADING.map(|name| kept.get(false, name).unwrap_or_default());
    let led = config.named(site, source, service, component).is_some();
    let first = |pair: &KeptPair<'_>| {
        !pair.annotation && (pair.name == "alertname" || led && LEADING.contains(&pair.name))
    };
    kept.filter(|pair| first(pair) || config.keeps(site, pair.name))
}

/// What is kept: the name, the labels that led by name (words of the configuration, then, and what
/// people ask amtool for), and the labels and annotations that a matcher or `publish` of the site
/// names. Also how many of them did not find room whole.
pub fn kept(config: &Config, source: SourceId, alert: &Alert) -> (Kept, u32) {
    let (mut kept, mut cut) = (Kept::new(), 0u32);
    let Some(site) = config.sources.get(source.index()).map(|source| source.site) else { return (kept, 0) };
    let mut keep = |annotation, name, value| {
        if !kept.push(annotation, name, value) {
            cut = cut.saturating_add(1);
        }
    };
    let led = named(config, site, source, alert).is_some();
    let first = |name: &str| name == "alertname" || led && LEADING.contains(&name);
    for name in ["alertname", "service", "component"].into_iter().filter(|&name| first(name)) {
        if let Some(value) = alert.label(name) {
            keep(false, name, value);
        }
    }
    let wanted =
        |kind, name: &str| (kind == PairKind::Annotation || !first(name)) && config.keeps(site, name);
    for (kind, name, value) in alert.pairs_of(wanted) {
        keep(kind == PairKind::Annotation, name, value);
    }
    (kept, cut)
}
