//! `config rule`: a threshold on what a sender measures, or its absence. How it is read is in
//! `rule_load`.

use super::Texts;
use super::matcher::Match;
use crate::model::{ComponentId, RuleId, Severity, SourceId};
use crate::text::Span;
use crate::text::number::Micro;
use crate::time::Millis;

/// When a rule fires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Test {
    /// Never for what a number says.
    #[default]
    None,
    /// The number is above.
    Above,
    /// The number is below.
    Below,
    /// It is this one.
    Equals,
    /// It is below the lower or above the upper.
    Outside,
}

/// What several series come to: one antenna has several radios, say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aggregate {
    /// One that fires suffices.
    #[default]
    Any,
    /// All must fire.
    All,
    /// The largest counts.
    Max,
    /// The smallest counts.
    Min,
    /// They are added up.
    Sum,
    /// How many there are.
    Count,
    /// How many values of a tag there are.
    CountDistinct,
}

/// A threshold: one number, or two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// The only one, or the lower.
    pub low: Micro,
    /// The upper of two.
    pub high: Micro,
}

/// `list expect`: a value of the tag that a rule is about, from which samples must come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected {
    /// Whose.
    pub rule: RuleId,
    /// Which.
    pub value: Span,
}

/// `config rule`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rule {
    /// The section's name.
    pub name: Span,
    /// Whose samples it looks at.
    pub source: SourceId,
    /// Whether it counts people, as far as names tell: then no metric tells of it.
    pub of_people: bool,
    /// What it is about; without one, only operators see it.
    pub component: Option<ComponentId>,
    /// How bad it is when it fires; never [`Severity::Fine`].
    pub severity: Severity,
    /// What a visitor is told while it fires; often empty.
    pub text: Texts,
    /// The name of what is measured.
    pub measurement: Span,
    /// Which of its fields; empty: any.
    pub field: Span,
    /// The tag whose values are counted, or expected.
    pub of: Span,
    /// What its tags must be; no terms: anything.
    pub tags: Match,
    /// What several series come to.
    pub aggregate: Aggregate,
    /// When it fires.
    pub test: Test,
    /// Where.
    pub limit: Limit,
    /// Where it no longer fires.
    pub clear: Limit,
    /// How long that must have been so.
    pub lasts: Millis,
    /// It also fires when nothing came for so long, or nothing of one that is expected; 0: it does
    /// not.
    pub absent: Millis,
}

impl Rule {
    /// What it fires for, by the numbers at `limit`.
    pub fn holds(&self, limit: Limit, value: Micro) -> bool {
        match self.test {
            Test::None => false,
            Test::Above => value > limit.low,
            Test::Below => value < limit.low,
            Test::Equals => value == limit.low,
            Test::Outside => value < limit.low || value > limit.high,
        }
    }
}

impl super::Config {
    /// What a rule expects, with the place of each in [`expected`](Self::expected).
    pub fn expected_of(&self, id: RuleId) -> impl Iterator<Item = (usize, &str)> {
        let all = self.expected.iter().enumerate().filter(move |(_, row)| row.rule == id);
        all.map(|(at, row)| (at, self.str(row.value)))
    }

    /// The rules, by their ids.
    pub fn rules(&self) -> impl Iterator<Item = (RuleId, &Rule)> {
        (0u16..).map(RuleId).zip(&self.rules)
    }
}

/// Which rules ask for what: those of one source.
pub struct RuleInterest<'a> {
    /// The configuration.
    pub config: &'a super::Config,
    /// Whose samples.
    pub source: SourceId,
}

impl RuleInterest<'_> {
    /// Those that ask for anything of this source, one bit each.
    pub fn anything(&self) -> u32 {
        self.asking(|_| true)
    }

    fn asking(&self, asks: impl Fn(&Rule) -> bool) -> u32 {
        let rules = self.config.rules.iter().zip(0u32..);
        let mine = rules.filter(|(row, _)| row.source == self.source && asks(row));
        mine.fold(0, |set, (_, bit)| set | 1u32.wrapping_shl(bit))
    }

    /// Those that ask for a measurement, one bit each.
    pub fn measurement(&self, name: &str) -> u32 {
        self.asking(|row| self.config.is(row.measurement, name))
    }

    fn any(&self, who: u32, mut asks: impl FnMut(&Rule) -> bool) -> bool {
        let mut rules = self.config.rules.iter().zip(0u32..);
        rules.any(|(row, bit)| who.wrapping_shr(bit) & 1 == 1 && asks(row))
    }

    /// Whether one of them asks for a tag.
    pub fn tag(&self, who: u32, name: &str) -> bool {
        self.any(who, |row| {
            self.config.is(row.of, name)
                || self.config.terms_of(row.tags).any(|term| self.config.is(term.name, name))
        })
    }

    /// Whether one of them asks for a field.
    pub fn field(&self, who: u32, name: &str) -> bool {
        self.any(who, |row| self.config.is(row.field, name))
    }
}
