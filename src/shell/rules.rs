//! `aiglon check --rules`: where the alerts of a Prometheus or vmalert would lead, before the first
//! of them fires.
//!
//! A rule does not have all labels of its alerts: most come from the series, and `{{ … }}` is
//! filled in when it fires. These are unknown here. So a line of the configuration holds, or does
//! not hold, or nobody can tell before.

mod read;

use std::fmt::Write;

use aiglon::config::matcher::Match;
use aiglon::config::{Config, Scope, Source};
use aiglon::engine::LEADING;
use aiglon::model::{Severity, SourceId};

use super::log::Safe;
use super::route::{line, path, severity_word, words};

pub use read::read;

/// How many lines are told that may lead an alert somewhere.
const MAYBES: usize = 3;

/// A rule that raises an alert.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rule {
    pub name: String,
    /// Its labels, then its annotations. What is not known is `None`.
    pub pairs: Vec<(String, Option<String>)>,
    /// There are more, which stand elsewhere: a YAML alias.
    pub has_more: bool,
}

impl Rule {
    /// What is known of a label or annotation before the rule fires.
    fn get(&self, name: &str) -> Value<'_> {
        if name == "alertname" {
            return Value::Known(&self.name);
        }
        match self.pairs.iter().find(|(known, _)| known == name) {
            Some((_, Some(value))) => Value::Known(value),
            Some((_, None)) => Value::Filled,
            None if self.has_more => Value::Filled,
            None => Value::Absent,
        }
    }

    fn known(&self, name: &str) -> Option<&str> {
        if let Value::Known(value) = self.get(name) { Some(value) } else { None }
    }
}

/// What a rule says of a label.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value<'a> {
    Known(&'a str),
    /// It is filled in when the rule fires, or stands elsewhere.
    Filled,
    /// The rule does not have it. A series may.
    Absent,
}

/// Where the alerts of these rules lead, a line for each, and whether all of them lead somewhere or
/// are not meant to. `only`: from this source alone.
pub fn answer(config: &Config, only: Option<&str>, rules: &[Rule]) -> Result<(String, bool), String> {
    let pushers: Vec<_> = (0u16..)
        .map(SourceId)
        .zip(&config.sources)
        .filter(|(_, row)| row.scope == Scope::Push && only.is_none_or(|only| only == config.str(row.name)))
        .collect();
    if pushers.is_empty() {
        return Err("the configuration has no such source that pushes".to_owned());
    }
    if rules.is_empty() {
        return Err("no rule there raises an alert".to_owned());
    }
    let mut told = String::new();
    let mut lost = 0usize;
    for rule in rules {
        let mut out = String::new();
        let mut leads = false;
        for pusher in &pushers {
            leads |= tell(config, *pusher, rule, &mut out);
        }
        if !leads {
            lost += 1;
            out = String::from(
                "  leads to no component, unless its series have the labels service and component\n",
            );
        }
        _ = write!(told, "{}:\n{out}", Safe(&rule.name));
        if leads {
            tell_severity(config, rule, &mut told);
        }
    }
    _ = writeln!(told, "{lost} of {} alerts lead to no component", rules.len());
    Ok((told, lost == 0))
}

/// Tells where an alert of a rule leads if this source sends it. False if nowhere.
fn tell(config: &Config, (source, row): (SourceId, &Source), rule: &Rule, out: &mut String) -> bool {
    if rule.pairs.iter().any(|(name, _)| name == "heartbeat") {
        *out = String::from("  a sign of life; it leads to no component\n");
        return true;
    }
    if config.ignores(source, false, &|name| rule.known(name)) {
        _ = writeln!(out, "  ignored, by list ignore of source {}", Safe(config.str(row.name)));
        return true;
    }
    match LEADING.map(|name| rule.get(name)) {
        [Value::Known(service), Value::Known(component)] => {
            if let Some(id) = config.named(row.site, source, service, component) {
                note(out, &format!("leads to {}, by its labels service and component", path(config, id)));
                return true;
            }
        }
        // One of them alone leads nowhere.
        [Value::Absent, _] | [_, Value::Absent] => {}
        _ => {
            note(out, "leads where its labels service and component say, which are not known here");
            return true;
        }
    }
    let mut leads = false;
    let mut maybes = 0;
    for one in &config.matches {
        let part = config.components.get(one.component.index());
        if !part.is_some_and(|part| part.feeders.contains(source)) {
            continue;
        }
        let Some(unknown) = unknown_terms(config, *one, rule) else { continue };
        leads = true;
        let (path, line) = (path(config, one.component), line(config, *one));
        if unknown.is_empty() {
            note(out, &format!("leads to {path}, by {line}"));
        } else if maybes < MAYBES {
            maybes += 1;
            note(out, &format!("may lead to {path}, if {unknown} holds"));
        }
    }
    leads
}

/// The terms of a matcher of which nobody can tell whether they hold; `None` if one does not hold.
fn unknown_terms(config: &Config, one: Match, rule: &Rule) -> Option<String> {
    let mut unknown = String::new();
    for (nth, (name, ..)) in (0u16..).zip(config.words_of(one)) {
        let term = Match { first: one.first.saturating_add(nth), count: 1, ..one };
        if rule.known(name).is_none() {
            _ = write!(unknown, "{}{}", if unknown.is_empty() { "" } else { " " }, words(config, term));
        } else if !config.holds(term, &|name| rule.known(name)) {
            return None;
        }
    }
    Some(unknown)
}

/// A line, unless another source has said it.
fn note(out: &mut String, words: &str) {
    let line = format!("  {}\n", Safe(words));
    if !out.contains(&line) {
        *out += &line;
    }
}

fn tell_severity(config: &Config, rule: &Rule, out: &mut String) {
    let counts = severity_word(config.main.default_severity);
    if let Value::Known(word) = rule.get("severity")
        && Severity::from_word(word).is_none()
    {
        _ = writeln!(out, "  note: the severity '{}' is not known, and counts as {counts}", Safe(word));
    }
}
