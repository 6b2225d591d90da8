//! `aiglon route`: where an alert with these labels would lead, as the daemon would decide.
//!
//! The labels go the way of an alert: through the reader of bodies, and to the same question of the
//! engine. So the answer is the daemon's, masks and matchers included. No daemon is asked, and
//! nothing is kept.

use std::fmt::Write;

use aiglon::config::matcher::Match;
use aiglon::config::{Config, Scope};
use aiglon::engine::{LEADING, Meaning, meaning};
use aiglon::ingest::{Alert, Dialect, Event, Reader};
use aiglon::limits::ROUTE_NEAR;
use aiglon::model::{ComponentId, ComponentSet, Finding, Severity, SourceId};
use aiglon::shown::ShownState;
use aiglon::text::json;
use static_cell::ConstStaticCell;

use super::log::Safe;

/// Where an alert with these `labels` (`NAME=VALUE`) leads, in words, and whether that is to a
/// component. `only`: from this source alone. The error is the question's.
pub fn answer(config: &Config, only: Option<&str>, labels: &[String]) -> Result<(String, bool), String> {
    static READER: ConstStaticCell<Reader> = ConstStaticCell::new(Reader::new());
    let body = body(labels)?;
    let reader = READER.try_take().ok_or("asked twice")?;
    reader.start(Dialect::Alerts);
    let mut told = String::new();
    let (mut leads, mut asked, mut whole) = (false, false, false);
    let mut each = |event: Event<'_>| {
        let Event::Alert(alert) = event else { return };
        whole = true;
        for (id, row) in (0u16..).map(SourceId).zip(&config.sources) {
            let name = config.str(row.name);
            if row.scope == Scope::Push && only.is_none_or(|only| only == name) {
                asked = true;
                leads |= tell(config, (id, name), alert, &mut told);
            }
        }
    };
    let read = reader.feed(body.as_bytes(), &mut each);
    match only {
        _ if read.is_err() || !whole => Err("no alert has such labels, or so many of them".to_owned()),
        _ if asked => Ok((told, leads)),
        Some(name) => Err(format!("the configuration has no source '{}' that pushes", Safe(name))),
        None => Err("the configuration has no source that pushes".to_owned()),
    }
}

/// The labels as a sender writes them.
fn body(labels: &[String]) -> Result<String, String> {
    let mut body = String::new();
    for label in labels {
        let Some((name, value)) = label.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            let other = if label.contains('/') { "; a file comes as --config FILE" } else { "" };
            return Err(format!("'{}' is no label: write NAME=VALUE{other}", Safe(label)));
        };
        let before = if body.is_empty() { "[{\"labels\":{" } else { "," };
        // What looks like a matcher asks about no alert.
        if name.contains(['!', '~', '{', '}', '"', ',']) || value.starts_with('~') {
            let label = Safe(label);
            return Err(format!(
                "'{label}' is no label of an alert: write NAME=VALUE, without !, ~ or braces"
            ));
        }
        for part in [before, &quoted(name), ":", &quoted(value)] {
            body.push_str(part);
        }
    }
    if body.is_empty() {
        return Err("which alert? Name its labels, as alertname=DiskFull instance=web1".to_owned());
    }
    Ok(body + "}}]")
}

/// A string of JSON.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    json::escape(text, &mut |part| out.push_str(part));
    out + "\""
}

/// Tells what the alert means if this source sends it. True if it leads to a component.
fn tell(config: &Config, (source, name): (SourceId, &str), alert: &Alert, out: &mut String) -> bool {
    _ = write!(out, "source {}: ", Safe(name));
    match meaning(config, source, alert) {
        Meaning::Heartbeat => *out += "a sign of life; it leads to no component\n",
        Meaning::Ignored => *out += "ignored, by its list ignore\n",
        Meaning::Unmapped => {
            *out += "leads to no component\n";
            tell_why_not(config, source, alert, out);
        }
        Meaning::Concerns { components, fires } => {
            let word = ShownState::from(fires.state()).word();
            let word = if fires == Finding::Well { "nothing is wrong, as its severity says" } else { word };
            _ = writeln!(out, "{word}");
            tell_components(config, &components, alert, out);
            tell_severity(config, alert, out);
            return true;
        }
    }
    false
}

fn tell_components(config: &Config, components: &ComponentSet, alert: &Alert, out: &mut String) {
    let get = |name: &str| alert.get(name);
    for id in components.iter() {
        _ = write!(out, "  {}", Safe(&path(config, id)));
        match config.matches.iter().find(|one| one.component == id && config.holds(**one, &get)) {
            Some(one) => _ = writeln!(out, "  by {}", line(config, *one)),
            None => *out += "  by its labels service and component\n",
        }
        if config.is_hidden(id) {
            *out += "    public: nothing, since option page '0' keeps it off every page\n";
            continue;
        }
        let mut before = "    public: its ";
        for row in config.published.iter().filter(|row| row.component == id) {
            _ = write!(out, "{before}{}", Safe(config.str(row.annotation)));
            before = ", ";
        }
        let is_published = before == ", ";
        *out += if is_published {
            "\n"
        } else {
            "    public: that something is wrong, and nothing of the alert\n"
        };
    }
}

fn tell_severity(config: &Config, alert: &Alert, out: &mut String) {
    let word = severity_word(config.main.default_severity);
    match alert.get("severity") {
        Some(known) if Severity::from_word(known).is_some() => {}
        Some(other) => {
            _ = writeln!(out, "  note: the severity '{}' is not known, and counts as {word}", Safe(other));
        }
        None => _ = writeln!(out, "  note: without a label severity, it counts as {word}"),
    }
}

/// A severity, in a word that a label may have.
pub fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Fine => "info",
        Severity::Degraded => "warning",
        Severity::Outage => "critical",
    }
}

/// Why an alert leads nowhere, as far as that can be told in a few lines.
fn tell_why_not(config: &Config, source: SourceId, alert: &Alert, out: &mut String) {
    let [service, component] = LEADING.map(|name| alert.label(name));
    match (service, component) {
        (Some(service), Some(component)) => {
            let wanted = format!("{service}/{component}");
            _ = writeln!(out, "  its labels name {}: this source feeds no such component", Safe(&wanted));
        }
        _ => *out += "  it has not both labels, service and component\n",
    }
    let get = |name: &str| alert.get(name);
    let mut told = 0;
    for one in config.matches.iter().filter(|one| one.count > 1) {
        let part = config.components.get(one.component.index());
        if !part.is_some_and(|part| part.feeders.contains(source)) || told == ROUTE_NEAR {
            continue;
        }
        let (mut false_term, mut count) = (*one, 0);
        for nth in 0..one.count {
            let term = Match { first: one.first.saturating_add(nth.into()), count: 1, ..*one };
            if !config.holds(term, &get) {
                (false_term, count) = (term, count + 1);
            }
        }
        if count == 1 {
            let (path, line, term) =
                (path(config, one.component), line(config, *one), words(config, false_term));
            _ = writeln!(out, "  nearly {}, by {line}; {term} does not hold", Safe(&path));
            told += 1;
        }
    }
    if told == 0 {
        *out += "  no list match fits\n";
    }
}

/// A component, as commands at the console name it.
pub fn path(config: &Config, id: ComponentId) -> String {
    let Some(part) = config.components.get(id.index()) else { return String::new() };
    let service = config.services.get(part.service.index()).map_or("", |service| config.str(service.name));
    format!("{service}/{}", config.str(part.name))
}

/// A matcher, as it stands in the file.
pub fn line(config: &Config, one: Match) -> String {
    format!("list match '{}'", words(config, one))
}

/// The terms of a matcher, as they stand in the file.
pub fn words(config: &Config, one: Match) -> String {
    let mut words = String::new();
    for (name, op, value) in config.words_of(one) {
        let special: &[u8] = if op == "~" { b" \"" } else { b" \t\"',={}*" };
        let plain = !value.is_empty() && value.bytes().all(|byte| !special.contains(&byte));
        let quote = if plain { "" } else { "\"" };
        let before = if words.is_empty() { "" } else { " " };
        _ = write!(words, "{before}{}", Safe(&format!("{name}{op}{quote}{value}{quote}")));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_quoted_as_json() {
        assert_eq!(body(&["a=b".to_owned()]).unwrap(), "[{\"labels\":{\"a\":\"b\"}}]");
        assert_eq!(quoted("a\"\\\n=é"), "\"a\\\"\\\\\\n=é\"");
        for label in ["a=~b.*", "a!=b", "a!~b", "{a=b", "a~b=c", "/etc/aiglon"] {
            assert!(body(&[label.to_owned()]).is_err(), "{label}");
        }
        assert!(body(&["=b".to_owned()]).is_err() && body(&["a".to_owned()]).is_err() && body(&[]).is_err());
    }
}
