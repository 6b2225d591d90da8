//! What reads a configuration works with: the statements and their sections, and where mistakes and
//! texts go. What is done with them is in [`load`](super::load), [`apply`](super::apply),
//! [`rule_load`](super::rule_load) and [`check`](super::check).

use heapless::Vec;

use super::Config;
use super::problem::{NewProblem, Problem, ProblemKind, Problems};
use super::schema::{OptionRow, Section, TYPES, Type};
use super::uci::{Keyword, Statement, Statements};
use crate::limits::{CONFIG_TEXT_BYTES, RULES};
use crate::model::{Lang, ServiceId, SiteId, SourceId};
use crate::text::Span;

/// No site: where a reference is missing or leads nowhere.
pub(super) const NO_SITE: SiteId = SiteId(u8::MAX);
/// No service.
pub(super) const NO_SERVICE: ServiceId = ServiceId(u16::MAX);
/// No source.
pub(super) const NO_SOURCE: SourceId = SourceId(u16::MAX);

/// The statements of a file, each with the section that it belongs to.
#[derive(Clone)]
pub(super) struct Walk<'a> {
    statements: Statements<'a>,
    section: Option<Section>,
    /// Listeners without a name seen so far; they have no other identity than their order.
    anonymous: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(statements: Statements<'a>) -> Self {
        Self { statements, section: None, anonymous: 0 }
    }

    /// The next statement that can be read. A `config` belongs to the section that it opens.
    pub(super) fn next(&mut self, config: &Config) -> Option<(Statement<'a>, Option<Section>)> {
        loop {
            match self.statements.next()? {
                Err(error) if !error.in_section => self.section = None,
                Err(_) => {}
                Ok(statement) => {
                    if statement.keyword == Keyword::Config {
                        self.section = self.open(config, &statement);
                    }
                    return Some((statement, self.section));
                }
            }
        }
    }

    fn open(&mut self, config: &Config, statement: &Statement<'_>) -> Option<Section> {
        let kind = TYPES.iter().find(|row| statement.name.is(row.name))?.kind;
        if kind == Type::Main {
            return Some(Section { kind, index: 0 });
        }
        let nameless = statement.value.is_empty();
        let skip = if nameless { self.anonymous } else { 0 };
        if nameless {
            self.anonymous = self.anonymous.saturating_add(1);
        }
        let same = |index: &u16| {
            config.name_of(Section { kind, index: *index }).is_some_and(|name| statement.value.is(name))
        };
        (0..config.count(kind)).filter(same).nth(skip).map(|index| Section { kind, index })
    }
}

/// A value, where it stands and what it is for.
#[derive(Clone, Copy)]
pub(super) struct Value<'v> {
    pub(super) text: &'v str,
    pub(super) line: u32,
    pub(super) section: Section,
    pub(super) row: &'static OptionRow,
    pub(super) lang: Option<Lang>,
}

impl<'v> Value<'v> {
    /// A mistake in this value. Secrets leave the word out.
    pub(super) fn wrong(&self, kind: ProblemKind) -> NewProblem<'v> {
        NewProblem::new(self.line, kind).option(self.row.name).section(self.section.kind.name())
    }
    /// A mistake in this value, which is repeated.
    pub(super) fn odd(&self, kind: ProblemKind) -> NewProblem<'v> {
        self.wrong(kind).word(self.text)
    }
}

/// What a rule says before all of its section is known.
#[derive(Clone, Copy, Default)]
pub(super) struct RuleDraft {
    /// Where it fires and where it no longer does, as written.
    pub(super) raw: [Span; 2],
    /// The unit of its field: a place in the table of units, from 1; 0: none.
    pub(super) unit: u8,
}

pub(super) struct Loader<'a, 'c> {
    pub(super) config: &'c mut Config,
    pub(super) problems: &'c mut Problems,
    pub(super) statements: Statements<'a>,
    /// What was written in the rules, in their order.
    pub(super) drafts: [RuleDraft; RULES],
    /// Some section stands in several places, so that its options may be anywhere.
    pub(super) merged: bool,
    /// Some line could not be read or some section was refused, so that what seems to be missing
    /// may be there.
    pub(super) broken: bool,
}

impl<'a> Loader<'a, '_> {
    pub(super) fn walk(&self) -> Walk<'a> {
        Walk::new(self.statements.clone())
    }

    /// Appends a text; says once that there is no room.
    pub(super) fn keep(&mut self, text: &str) -> Span {
        let span = self.config.intern(text);
        if span.is_none() && !self.problems.iter().any(|problem| problem.kind == ProblemKind::TextFull) {
            self.problems.add(NewProblem::new(0, ProblemKind::TextFull).limit(CONFIG_TEXT_BYTES));
        }
        span.unwrap_or_default()
    }

    /// Says once for each store that it is full.
    pub(super) fn full(&mut self, line: u32, plural: &'static str, limit: usize) {
        self.broken = true;
        let said = |problem: &Problem| problem.kind == ProblemKind::Capacity && problem.speaks_of(plural);
        if !self.problems.iter().any(said) {
            self.problems.add(NewProblem::new(line, ProblemKind::Capacity).known(plural).limit(limit));
        }
    }
}

/// Adds a row to one of the configuration's lists, or tells that it is full.
pub(super) fn push<T, const N: usize>(
    loader: &mut Loader<'_, '_>,
    list: fn(&mut Config) -> &mut Vec<T, N>,
    row: T,
    line: u32,
    plural: &'static str,
) {
    if list(loader.config).push(row).is_err() {
        loader.full(line, plural, N);
    }
}

/// An index as an id; the limits keep all of them under 256.
pub(super) fn low(index: u16) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}
