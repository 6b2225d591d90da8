//! What reads a configuration works with: the statements and their sections, and where mistakes and
//! texts go. What is done with them is in [`load`](super::load), [`apply`](super::apply),
//! [`rule_load`](super::rule_load) and [`check`](super::check).

use heapless::Vec;

use super::Config;
use super::problem::{NewProblem, Problem, ProblemKind, Problems};
use super::schema::{OptionRow, SECTIONS, Section, TYPES, Type};
use super::uci::{Keyword, QuotedWord, Statement, Statements};
use crate::limits::{CONFIG_TEXT_BYTES, RULES, SECTIONS_AGAIN};
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
    /// How many sections of each type have begun: they are numbered by where they begin.
    begun: [u16; TYPES.len()],
    /// Whether the last `config` was the first of its section.
    begins: bool,
    merged: Merged,
}

/// The sections that stand in several places, one for each further place.
pub(super) type Merged = Vec<Section, SECTIONS_AGAIN>;

impl<'a> Walk<'a> {
    pub(super) fn new(statements: Statements<'a>, merged: Merged) -> Self {
        Self { statements, section: None, begun: [0; TYPES.len()], begins: false, merged }
    }

    /// Whether the last `config` was the first of its section.
    pub(super) fn begins(&self) -> bool {
        self.begins
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
        let next = self.begun.get_mut(kind as usize)?;
        let is_it =
            |index: u16| config.name_of(Section { kind, index }).is_some_and(|name| statement.value.is(name));
        self.begins = if kind == Type::Main { *next == 0 } else { is_it(*next) };
        let index = if self.begins {
            let index = *next;
            *next = next.saturating_add(1);
            index
        } else if kind == Type::Main {
            0
        } else {
            // What was refused is no section.
            self.merged.iter().find(|known| known.kind == kind && is_it(known.index))?.index
        };
        Some(Section { kind, index })
    }
}

/// Where a section begins: its first `config`.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    /// Bytes of the file before it. [`CONFIG_BYTES`](crate::limits::CONFIG_BYTES) and as many lines
    /// fit, but for the last one, at which no statement begins.
    at: u16,
    pub(super) line: u16,
}

impl Place {
    /// That of a statement.
    pub(super) fn of(at: usize, line: u32) -> Self {
        Self { at: u16::try_from(at).unwrap_or(u16::MAX), line: u16::try_from(line).unwrap_or(u16::MAX) }
    }
}

/// The options and lists of one section, wherever they stand.
pub(super) struct SectionWalk<'a> {
    statements: Statements<'a>,
    kind: Type,
    /// As its first `config` has it; `None` before that.
    name: Option<QuotedWord<'a>>,
    /// Whether it goes on further down.
    merged: bool,
    inside: bool,
}

impl<'a> Iterator for SectionWalk<'a> {
    type Item = Statement<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.statements.next()? {
                Err(error) => self.inside &= error.in_section,
                Ok(statement) if statement.keyword == Keyword::Config => {
                    self.inside = match self.name {
                        None => {
                            self.name = Some(statement.value);
                            true
                        }
                        Some(_) if !self.merged => return None,
                        Some(name) => {
                            let is_name = self.kind == Type::Main || statement.value.same(name);
                            is_name && statement.name.is(self.kind.name())
                        }
                    };
                }
                Ok(statement) if self.inside && statement.keyword != Keyword::Package => {
                    return Some(statement);
                }
                Ok(_) => {}
            }
        }
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
    /// Where each section begins.
    pub(super) places: [Place; SECTIONS],
    /// None if there are too many.
    pub(super) merged: Merged,
    /// How many further places there are.
    pub(super) again: usize,
    /// Some line could not be read or some section was refused, so that what seems to be missing
    /// may be there.
    pub(super) broken: bool,
}

impl<'a> Loader<'a, '_> {
    pub(super) fn walk(&self) -> Walk<'a> {
        Walk::new(self.statements.clone(), self.merged.clone())
    }

    /// The options and lists of a section. Work is linear in its lines, or in those of the rest of
    /// the file if the section stands in several places.
    pub(super) fn section(&self, section: Section) -> SectionWalk<'a> {
        let Place { at, line } = self.place(section);
        SectionWalk {
            statements: self.statements.from(at.into(), line.into()),
            kind: section.kind,
            name: None,
            merged: self.merged.contains(&section),
            inside: false,
        }
    }

    pub(super) fn place(&self, section: Section) -> Place {
        self.places.get(section.place()).copied().unwrap_or_default()
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
