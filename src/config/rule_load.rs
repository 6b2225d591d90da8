//! From the options of a `config rule` to a [`Rule`]. Its numbers have units: what `80` means in a
//! file that somebody else reads next year is guessed, what `80%` means is not.

use super::loader::{Loader, NO_SOURCE, RuleDraft, Value, push};
use super::matcher::{Match, holds_mac};
use super::problem::{NewProblem, ProblemKind};
use super::rule::{Aggregate, Expected, Limit, Rule, Test};
use super::schema::{Field, Type};
use crate::model::{ComponentId, RuleId, Severity, SourceId};
use crate::text::number::{Micro, decimal};
use crate::text::{Span, find, split_once};
use crate::time::Millis;

/// The words for [`Aggregate`]s, in their order.
const AGGREGATES: &str = "any, all, max, min, sum, count and count-distinct";

/// What can be compared with what.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kin {
    Share,
    Level,
    Gain,
    Time,
    Bytes,
    Rate,
}

/// Units; how many of the smallest of its kin each is.
const UNITS: [(&str, Kin, i64); 22] = [
    ("%", Kin::Share, 1),
    ("dBm", Kin::Level, 1),
    ("dB", Kin::Gain, 1),
    ("ns", Kin::Time, 1),
    ("us", Kin::Time, 1000),
    ("ms", Kin::Time, 1_000_000),
    ("s", Kin::Time, 1_000_000_000),
    ("m", Kin::Time, 60_000_000_000),
    ("h", Kin::Time, 3_600_000_000_000),
    ("d", Kin::Time, 86_400_000_000_000),
    ("B", Kin::Bytes, 1),
    ("kB", Kin::Bytes, 1000),
    ("MB", Kin::Bytes, 1_000_000),
    ("GB", Kin::Bytes, 1_000_000_000),
    ("KiB", Kin::Bytes, 1024),
    ("MiB", Kin::Bytes, 1_048_576),
    ("GiB", Kin::Bytes, 1_073_741_824),
    ("bit/s", Kin::Rate, 1),
    ("kbit/s", Kin::Rate, 1000),
    ("Mbit/s", Kin::Rate, 1_000_000),
    ("Gbit/s", Kin::Rate, 1_000_000_000),
    ("B/s", Kin::Rate, 8),
];

const UNIT_NAMES: &str =
    "%, dBm, dB, ns, us, ms, s, m, h, d, B, kB, MB, GB, KiB, MiB, GiB, bit/s, kbit/s, Mbit/s, Gbit/s and B/s";

/// What tells of people, in the name of what is measured or of a field: whoever can see it knows
/// when a house is empty.
const OF_PEOPLE: [&str; 21] = [
    "client",
    "station",
    "assoc",
    "lease",
    "octets",
    "bytes_recv",
    "bytes_sent",
    "x_bytes",
    "bandwidth",
    "packets_recv",
    "packets_sent",
    "if_packets",
    "conntrack",
    "hostapd",
    "hotspot",
    "neigh",
    "nlbwmon",
    "people",
    "radius",
    "session",
    "visitor",
];

/// Tags that tell people apart: what is compared or counted by one is of people.
const EACH_PERSON: [&str; 9] =
    ["mac", "hwaddr", "bssid", "ip", "user", "username", "peer", "public_key", "session"];

/// Plugins of collectd of which some types tell of people: a rule that does not say which type is
/// taken for one on them.
const MIXED: [&str; 2] = ["interface", "iwinfo"];

/// A number with its unit, in the unit of the field, which is the place of one in [`UNITS`] after
/// the first, or 0 for none.
fn number(text: &str, field: u8) -> Result<Micro, ProblemKind> {
    let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+')).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end).unwrap_or((text, ""));
    let value = decimal(digits.as_bytes()).ok_or(ProblemKind::BadThreshold)?;
    let field = usize::from(field).checked_sub(1).and_then(|at| UNITS.get(at));
    if unit.is_empty() {
        return if field.is_none() { Ok(value) } else { Err(ProblemKind::UnitOther) };
    }
    let &(_, kin, scale) = UNITS.iter().find(|row| row.0 == unit).ok_or(ProblemKind::BadThreshold)?;
    let Some(&(_, of, per)) = field else {
        // There is one unit of these only.
        let one = matches!(kin, Kin::Share | Kin::Level | Kin::Gain);
        return if one { Ok(value) } else { Err(ProblemKind::UnitNeeded) };
    };
    if of != kin {
        return Err(ProblemKind::UnitOther);
    }
    let whole = value.checked_mul(scale.checked_div(per).unwrap_or(0).max(1));
    // Most are multiples of one another; the rest is exact to a millionth of it.
    let value = if scale >= per && scale.checked_rem(per) == Some(0) {
        whole
    } else {
        value.checked_mul(scale).and_then(|value| value.checked_div(per))
    };
    value.ok_or(ProblemKind::BadThreshold)
}

impl Rule {
    /// A section that says nothing yet.
    pub(super) fn declared(name: Span) -> Self {
        Self { name, source: NO_SOURCE, severity: Severity::Outage, ..Self::default() }
    }
}

impl Loader<'_, '_> {
    pub(super) fn apply_rule(&mut self, value: &Value<'_>) {
        if value.row.field == Field::Text {
            return self.texts(value, |config, at| Some(&mut config.rules.get_mut(at)?.text));
        }
        let mut row = self.config.rules.get(value.section.at()).copied().unwrap_or_default();
        match value.row.field {
            Field::Source => {
                row.source = self.refer(value, Type::Source).map_or(NO_SOURCE, SourceId);
            }
            Field::Component => row.component = self.refer(value, Type::Component).map(ComponentId),
            Field::Severity => {
                if let Some(severity) = self.severity(value) {
                    row.severity = severity;
                }
            }
            Field::Measurement => row.measurement = self.keep(value.text),
            Field::Compared => row.field = self.keep(value.text),
            Field::Of => row.of = self.keep(value.text),
            Field::Match => {
                if let Some((first, count)) = self.terms(value) {
                    row.tags = Match { component: ComponentId(0), first, count };
                }
            }
            Field::Unit => {
                let at = UNITS.iter().position(|unit| unit.0 == value.text);
                if at.is_none() {
                    self.bad_word(value, UNIT_NAMES);
                }
                if let Some(draft) = self.drafts.get_mut(value.section.at()) {
                    draft.unit = at.and_then(|at| u8::try_from(at.saturating_add(1)).ok()).unwrap_or(0);
                }
            }
            Field::Aggregate => {
                row.aggregate = match self.choice(value, AGGREGATES) {
                    0 => Aggregate::Any,
                    1 => Aggregate::All,
                    2 => Aggregate::Max,
                    3 => Aggregate::Min,
                    4 => Aggregate::Sum,
                    5 => Aggregate::Count,
                    _ => Aggregate::CountDistinct,
                };
            }
            Field::For => row.lasts = self.duration(value),
            Field::Expect => {
                if holds_mac(value.text) || value.text.is_empty() {
                    return self.problems.add(value.odd(ProblemKind::RuleExpect));
                }
                let rule = RuleId(value.section.index);
                let row = Expected { rule, value: self.keep(value.text) };
                return push(
                    self,
                    |config| &mut config.expected,
                    row,
                    value.line,
                    "lines 'list expect' (EXPECTED)",
                );
            }
            Field::Absent => row.absent = self.duration(value),
            Field::Clear => self.draft(value, 1),
            field => {
                if row.test != Test::None {
                    self.problems.add(value.wrong(ProblemKind::RuleTests));
                }
                row.test = match field {
                    Field::Above => Test::Above,
                    Field::Below => Test::Below,
                    Field::Equals => Test::Equals,
                    _ => Test::Outside,
                };
                self.draft(value, 0);
            }
        }
        if let Some(place) = self.config.rules.get_mut(value.section.at()) {
            *place = row;
        }
    }

    /// Keeps a threshold as written, until all of its section is known.
    fn draft(&mut self, value: &Value<'_>, which: usize) {
        let span = self.keep(value.text);
        let draft = self.drafts.get_mut(value.section.at());
        if let Some(raw) = draft.and_then(|draft| draft.raw.get_mut(which)) {
            *raw = span;
        }
    }

    /// What needs all of a rule: its numbers have the unit that it says, and it asks for something
    /// that can be.
    pub(super) fn check_rules(&mut self) {
        for index in 0..self.config.rules.len() {
            let Some(mut row) = self.config.rules.get(index).copied() else { continue };
            let option = match row.test {
                Test::None => "",
                Test::Above => "above",
                Test::Below => "below",
                Test::Equals => "equals",
                Test::Outside => "outside",
            };
            let RuleDraft { raw: [limit, clear], unit } = self.drafts.get(index).copied().unwrap_or_default();
            if row.test != Test::None {
                row.limit = self.limit(index, option, (row.test, unit), limit);
                row.clear = if clear.is_empty() {
                    row.limit
                } else {
                    self.limit(index, "clear", (row.test, unit), clear)
                };
                if !self.problems.any_error() && !sound(&row) {
                    self.blame(ProblemKind::RuleClear, Type::Rule, index, "clear", clear);
                }
            }
            if let Some(place) = self.config.rules.get_mut(index) {
                *place = row;
            }
            let counts = matches!(row.aggregate, Aggregate::Count | Aggregate::CountDistinct);
            let distinct = row.aggregate == Aggregate::CountDistinct;
            let people = {
                let of = |span| OF_PEOPLE.iter().any(|word| find(self.config.str(span), word).is_some());
                let mut terms = self.config.terms_of(row.tags);
                let mixed = MIXED.contains(&self.config.str(row.measurement))
                    && !self.config.terms_of(row.tags).any(|term| self.config.is(term.name, "type"));
                distinct
                    || mixed
                    || of(row.measurement)
                    || of(row.field)
                    || of(row.of)
                    || EACH_PERSON.contains(&self.config.str(row.of))
                    || terms.any(|term| of(term.value))
            };
            if let Some(place) = self.config.rules.get_mut(index) {
                place.of_people = people;
            }
            let id = RuleId(u16::try_from(index).unwrap_or(u16::MAX));
            let first = self.config.expected.iter().find(|expected| expected.rule == id);
            let expects = first.map(|expected| expected.value);
            let nothing = row.test == Test::None && (row.absent == Millis(0) || !clear.is_empty());
            if nothing && self.broken {
                // What it asks for may be on the line that could not be read.
            } else if nothing {
                self.blame(ProblemKind::RuleNothing, Type::Rule, index, "", row.name);
            } else if row.test != Test::None && row.field.is_empty() && !counts {
                self.blame(ProblemKind::RuleField, Type::Rule, index, option, row.name);
            } else if let Some(first) = expects.filter(|_| row.of.is_empty() || row.absent == Millis(0)) {
                self.blame(ProblemKind::RuleExpect, Type::Rule, index, "expect", first);
            } else if (distinct || expects.is_some()) == row.of.is_empty() {
                self.blame(ProblemKind::RuleOf, Type::Rule, index, "aggregate", row.name);
            } else if people && row.component.is_some() {
                self.blame(ProblemKind::RulePeople, Type::Rule, index, "component", row.name);
            }
            self.check_owner(Type::Rule, index, row.source, row.component);
        }
    }

    /// One number, or two as `10%..20%`.
    fn limit(&mut self, index: usize, option: &'static str, how: (Test, u8), span: Span) -> Limit {
        let (fires, unit) = how;
        let text = self.config.str(span);
        let (low, high) = match (fires, split_once(text, "..")) {
            (Test::Outside, Some(pair)) => pair,
            (Test::Outside, None) => ("", ""),
            _ => (text, text),
        };
        match (number(low, unit), number(high, unit)) {
            (Ok(low), Ok(high)) if low <= high => Limit { low, high },
            (Err(kind), _) | (_, Err(kind)) => {
                self.blame_limit(kind, index, option, span);
                Limit::default()
            }
            _ => {
                self.blame_limit(ProblemKind::BadThreshold, index, option, span);
                Limit::default()
            }
        }
    }

    fn blame_limit(&mut self, kind: ProblemKind, index: usize, option: &'static str, span: Span) {
        let known = if option == "outside" {
            "-80dBm..-30dBm"
        } else {
            "50%, -80dBm, 14d or 5Mbit/s, or 30 for a count"
        };
        let line = self.line_of(Type::Rule, index, option);
        let mistake = NewProblem::new(line, kind).section("rule").option(option).known(known);
        self.problems.add(mistake.word(self.config.str(span)));
    }
}

/// Whether what clears it is on the near side of what fires it.
fn sound(row: &Rule) -> bool {
    match row.test {
        Test::None => true,
        Test::Above => row.clear.low <= row.limit.low,
        Test::Below => row.clear.low >= row.limit.low,
        Test::Equals => row.clear == row.limit,
        Test::Outside => row.clear.low >= row.limit.low && row.clear.high <= row.limit.high,
    }
}
