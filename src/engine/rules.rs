//! Rules: thresholds on what senders measure, and its absence.
//!
//! A rule knows the last value of each series that it looks at, and nothing else of any sample. It
//! is evaluated when a sample comes and when time passes. What it says is one of [`RulePhase`]; a
//! rule that has heard nothing, or has no room for what it hears, never says that all is well.
//!
//! A rule may list what it expects, the values of one tag: then each of those is absent by itself,
//! however many others come. They are known by their names, so neither a restart nor a new key
//! makes a silence unseen: who does not come within `absent` of our start is absent.
//!
//! # Over a restart
//!
//! A rule that fired goes on until its numbers are beyond `clear`. A restart must not forget that:
//! else a value between the two limits would be well after it. So the journal is told of each rule
//! that has two limits. That it fires is written at once. That it does not is written at once, too,
//! but no more often than every [`RULE_REST`], and at a clean stop.
//!
//! ```text
//! rule: | rule u32 | fires u8 |
//! ```
//!
//! Numbers are little-endian. `rule`: a hash of the names of its site, source and section, and of
//! what it asks: with another limit it is another rule. `fires`: 1 it fires, 0 it does not.

use super::Engine;
use super::locals::{Local, testify};
use crate::config::Config;
use crate::config::rule::{Aggregate, Expected, Limit, Rule, Test};
use crate::config::same::same_terms;
use crate::ingest::sample::{HashKey, Sample};
pub use crate::journal::kinds::RULE;
use crate::limits::{
    EXPECTED, LATE_SAMPLES, REKEY_EVERY, REKEY_HOLD, RULE_REST, RULES, SERIES, SERIES_LIFE, SOURCES,
    TIME_AHEAD_SECS,
};
use crate::model::{ComponentId, Finding, RuleId, SourceId};
use crate::text::number::{Micro, whole};
use crate::time::{Millis, Mono, Now, times};

/// What a rule says. All-zero: it has heard nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RulePhase {
    /// Nothing it looks at came, or not for long.
    #[default]
    Unheard,
    /// All is well.
    Well,
    /// It would fire, but not for as long as it must yet. Before, all was well.
    Pending {
        /// Since when it would.
        since: Mono,
    },
    /// The same, and before, nothing was known.
    Doubtful {
        /// Since when it would.
        since: Mono,
    },
    /// It fires.
    Firing {
        /// Since when.
        since: Mono,
    },
    /// It fires since nothing came.
    Absent,
}

impl RulePhase {
    /// In a word, for operators.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unheard => "no data",
            Self::Well => "well",
            Self::Pending { .. } | Self::Doubtful { .. } => "pending",
            Self::Firing { .. } => "firing",
            Self::Absent => "absent",
        }
    }

    /// Whether it fires; `None` if that is not known.
    pub const fn fires(self) -> Option<bool> {
        match self {
            Self::Unheard | Self::Doubtful { .. } => None,
            Self::Well | Self::Pending { .. } => Some(false),
            Self::Firing { .. } | Self::Absent => Some(true),
        }
    }
}

/// The last value of one series of one rule. All-zero: free.
#[derive(Clone, Copy, Debug)]
struct Slot {
    value: Micro,
    last: Mono,
    /// Half of a keyed hash; two series of a rule have the same once in 200,000 full stores.
    hash: u32,
    /// By the sender's clock, in seconds; the low half.
    stamp: Option<u32>,
    /// The rule's place, and one.
    rule: u16,
    /// How many came late since the last that did not.
    late: u8,
}

const FREE: Slot = Slot { value: 0, last: Mono(0), hash: 0, stamp: None, rule: 0, late: 0 };

/// What one rule knows besides.
#[derive(Clone, Copy, Debug)]
struct Known {
    phase: RulePhase,
    /// When anything it looks at came last; if its phase says that anything did.
    last: Mono,
    /// When that was as its series were forgotten last, at a reload or by a new key.
    last_before: Mono,
    /// A series found no room then.
    refused: Option<Mono>,
    /// Whether anything it looks at has ever come.
    heard: bool,
    /// It fired, in this run or in an earlier one, and its numbers have not been beyond `clear`
    /// since.
    latched: bool,
    /// The journal says that it fires.
    written: bool,
    /// Before, the journal is not told that it fires no more.
    end_from: Mono,
}

/// Where a rule goes next.
struct Turn {
    phase: RulePhase,
    /// When what it tells of began, if that was before now.
    began: Option<Mono>,
    /// When it must be looked at again, if nothing comes until then.
    wake: Option<Mono>,
}

impl Known {
    /// Whether the journal must be told whether it fires.
    fn is_owed(&self, row: &Rule, now: Mono) -> bool {
        row.clear != row.limit && self.latched != self.written && (self.latched || self.end_from <= now)
    }

    /// The journal has been told.
    fn wrote(&mut self, now: Mono) {
        if self.written && !self.latched {
            self.end_from = now.plus(RULE_REST);
        }
        self.written = self.latched;
    }

    /// Whether a series found no room not so long ago.
    fn lacks_room(&self, row: &Rule, now: Mono) -> bool {
        self.refused.is_some_and(|at| now < at.plus(life(row)))
    }

    /// The next phase by what its series say: `None` if there are none.
    fn turn(&self, row: &Rule, fires: Option<bool>, now: Mono) -> Turn {
        let old = self.phase;
        let to = |phase| Turn { phase, began: None, wake: None };
        let wait = |phase, until| Turn { phase, began: None, wake: Some(until) };
        match (fires, old) {
            // It was never heard, so it is not missed either.
            (None, RulePhase::Unheard | RulePhase::Absent) | (Some(true), RulePhase::Firing { .. }) => {
                to(old)
            }
            // Its series are to come again, after a reload or a new key: it came not so long ago.
            (None, _) if now < self.last.plus(life(row)) => wait(old, self.last.plus(life(row))),
            (None, _) if row.absent != Millis(0) => Turn { began: Some(self.last), ..to(RulePhase::Absent) },
            (None, _) => to(RulePhase::Unheard),
            // What found no room might fire.
            (Some(false), _) if self.lacks_room(row, now) => to(RulePhase::Unheard),
            // It fired before its samples stopped, or before a restart. The series that did may
            // come behind the others.
            (Some(false), RulePhase::Unheard | RulePhase::Absent) if self.latched => {
                wait(RulePhase::Doubtful { since: now }, now.plus(REKEY_HOLD))
            }
            (Some(false), RulePhase::Doubtful { since }) if self.latched && now < since.plus(REKEY_HOLD) => {
                wait(old, since.plus(REKEY_HOLD))
            }
            (Some(false), _) => to(RulePhase::Well),
            (Some(true), _) if self.latched => to(RulePhase::Firing { since: now }),
            (Some(true), RulePhase::Pending { since } | RulePhase::Doubtful { since }) => {
                let due = since.plus(row.lasts);
                if due <= now {
                    Turn { began: Some(since), ..to(RulePhase::Firing { since }) }
                } else {
                    wait(old, due)
                }
            }
            (Some(true), _) if row.lasts == Millis(0) => to(RulePhase::Firing { since: now }),
            (Some(true), RulePhase::Well) => wait(RulePhase::Pending { since: now }, now.plus(row.lasts)),
            // Absent, too: it is back, and not well.
            (Some(true), _) => wait(RulePhase::Doubtful { since: now }, now.plus(row.lasts)),
        }
    }

    /// What its phase means for its component.
    fn finding(&self, row: &Rule, now: Mono) -> Finding {
        match self.phase {
            RulePhase::Unheard if self.lacks_room(row, now) => Finding::NoRoom,
            RulePhase::Unheard if self.heard => Finding::SamplesStopped,
            RulePhase::Unheard => Finding::NeverHeard,
            // It is back, and may fire: that is known when it has lasted.
            RulePhase::Doubtful { .. } => Finding::Settling,
            RulePhase::Well | RulePhase::Pending { .. } => Finding::Well,
            RulePhase::Firing { .. } | RulePhase::Absent => row.severity.into(),
        }
    }
}

const UNKNOWN: Known = Known {
    phase: RulePhase::Unheard,
    last: Mono(0),
    last_before: Mono(0),
    refused: None,
    heard: false,
    latched: false,
    written: false,
    end_from: Mono(0),
};

/// All rules. All-zero when new.
pub(super) struct Rules {
    known: [Known; RULES],
    slots: [Slot; SERIES],
    /// Of each that is expected: when it came last, or else when we began to listen.
    expected_from: [Mono; EXPECTED],
    /// Whether it came.
    expected_came: [bool; EXPECTED],
    key: HashKey,
    /// The key is good until then; zero before there was one.
    key_until: Mono,
    /// No rule is evaluated before.
    hold_until: Mono,
    pub(super) counters: RuleCounters,
}

/// How often each thing happened.
#[derive(Clone, Copy, Debug, Default)]
pub struct RuleCounters {
    /// Samples that a rule asked for.
    pub samples: u64,
    /// Samples that were measured before the last of their series, and were dropped.
    pub late: u64,
    /// Samples that were measured too long ago, or in another unit of time, and were dropped.
    pub stale: u64,
    /// Samples of a series that found no room.
    pub refused: u64,
    /// Samples of which not all that rules ask for found room.
    pub cut: u64,
    /// Samples of what a rule does not expect, though it expects others.
    pub unexpected: u64,
}

impl Rules {
    pub(super) const fn new() -> Self {
        Self {
            known: [UNKNOWN; RULES],
            slots: [FREE; SERIES],
            expected_from: [Mono(0); EXPECTED],
            expected_came: [false; EXPECTED],
            key: HashKey([0; 2]),
            key_until: Mono(0),
            hold_until: Mono(0),
            counters: RuleCounters { samples: 0, late: 0, stale: 0, refused: 0, cut: 0, unexpected: 0 },
        }
    }

    fn of(&self, rule: usize) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(move |slot| usize::from(slot.rule) == rule.saturating_add(1))
    }

    /// Notes a value, and when it was measured. One that is older than the last changes nothing.
    fn put(
        &mut self,
        config: &Config,
        rule: usize,
        (hash, value): (u32, Micro),
        (stamp, measured): (Option<u32>, Mono),
        now: Mono,
    ) {
        let place = u16::try_from(rule.saturating_add(1)).unwrap_or(0);
        let mut free = None;
        for (at, slot) in self.slots.iter_mut().enumerate() {
            if slot.rule == place && slot.hash == hash {
                let older = matches!((stamp, slot.stamp), (Some(new), Some(old)) if new < old);
                if older && slot.late < LATE_SAMPLES {
                    slot.late = slot.late.saturating_add(1);
                    self.counters.late = self.counters.late.saturating_add(1);
                } else {
                    (slot.value, slot.stamp, slot.late) = (value, stamp, 0);
                    slot.last = slot.last.max(measured);
                }
                return;
            }
            if slot.rule == 0 && free.is_none() {
                free = Some(at);
            }
        }
        // All series are new after a reload. What was measured before the last that came until then
        // is no news.
        if now < self.hold_until && self.known.get(rule).is_some_and(|known| measured < known.last_before) {
            self.counters.late = self.counters.late.saturating_add(1);
            return;
        }
        let free = free.filter(|_| self.has_share(config, rule)).and_then(|at| self.slots.get_mut(at));
        match (free, self.known.get_mut(rule)) {
            (Some(free), _) => *free = Slot { value, last: measured, hash, stamp, rule: place, late: 0 },
            (None, Some(known)) => {
                known.refused = Some(now);
                self.counters.refused = self.counters.refused.saturating_add(1);
            }
            _ => {}
        }
    }

    /// Whether the source of a rule may have one more series: within its share always, beyond it
    /// only what the others' shares leave. A quarter of the room is shared, in equal parts, by the
    /// sources that have a rule; the rest is whoever's comes first.
    fn has_share(&self, config: &Config, rule: usize) -> bool {
        let source_of = |rule: usize| config.rules.get(rule).map(|row| row.source);
        let Some(own) = source_of(rule) else { return false };
        let mut held = [0usize; SOURCES];
        for row in self.slots.iter().filter_map(|slot| source_of(usize::from(slot.rule).checked_sub(1)?)) {
            if let Some(held) = held.get_mut(row.index()) {
                *held = held.saturating_add(1);
            }
        }
        let asks = |source: &usize| config.rules.iter().any(|row| row.source.index() == *source);
        let share = (SERIES / 4).checked_div((0..SOURCES).filter(asks).count()).unwrap_or(0);
        let of = |source: usize| held.get(source).copied().unwrap_or(0);
        if of(own.index()) < share {
            return true;
        }
        let others = (0..SOURCES).filter(asks).filter(|&source| source != own.index());
        let reserved = others.map(|source| share.saturating_sub(of(source))).fold(0, usize::saturating_add);
        held.iter().fold(reserved, |sum: usize, held| sum.saturating_add(*held)) < SERIES
    }

    /// All series are to come again.
    fn forget_series(&mut self) {
        self.slots = [FREE; SERIES];
        self.known.iter_mut().for_each(|known| known.last_before = known.last);
    }

    fn came(&mut self, at: usize, now: Mono) {
        if let (Some(from), Some(came)) = (self.expected_from.get_mut(at), self.expected_came.get_mut(at)) {
            (*from, *came) = (now.max(*from), true);
        }
    }

    /// Whether a rule fires by the numbers at `limit`; `None` if nothing has come.
    fn fires(&self, rule: usize, row: &Rule, limit: Limit) -> Option<bool> {
        let values = || self.of(rule).map(|slot| slot.value);
        let first = values().next()?;
        let count = || whole(i64::try_from(values().count()).unwrap_or(i64::MAX));
        Some(match row.aggregate {
            Aggregate::Any => values().any(|value| row.holds(limit, value)),
            Aggregate::All => values().all(|value| row.holds(limit, value)),
            Aggregate::Max => row.holds(limit, values().fold(first, Micro::max)),
            Aggregate::Min => row.holds(limit, values().fold(first, Micro::min)),
            Aggregate::Sum => row.holds(limit, values().fold(0, Micro::saturating_add)),
            Aggregate::Count | Aggregate::CountDistinct => row.holds(limit, count()),
        })
    }
}

/// When a sample was measured, as far as that is known: never later than now. `None`: so long ago
/// that it says nothing of now, or so much later that its unit of time cannot be what it is read
/// as.
fn measured(sample: &Sample, row: &Rule, now: Now) -> Option<Mono> {
    let Some((stamp, wall)) = sample.time().zip(now.wall) else { return Some(now.mono) };
    let age = wall.secs().saturating_sub(stamp);
    let oldest = i64::from(life(row).0 / 1000);
    if age > oldest || age < -TIME_AHEAD_SECS {
        return None;
    }
    Some(Mono(now.mono.0.saturating_sub(times(age.max(0), 1000))))
}

/// Whether a rule fires, as a record.
fn rule_record(config: &Config, id: RuleId, fires: bool) -> [u8; 5] {
    let [a, b, c, d] = config.rule_hash(id).to_le_bytes();
    [a, b, c, d, u8::from(fires)]
}

/// How long a value counts.
fn life(row: &Rule) -> Millis {
    if row.absent == Millis(0) { SERIES_LIFE } else { row.absent }
}

fn low(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or(0)
}

impl Engine {
    /// What a rule says.
    pub fn rule_phase(&self, id: RuleId) -> RulePhase {
        self.rules.known.get(id.index()).map(|known| known.phase).unwrap_or_default()
    }

    /// What a rule says, in a word for operators.
    pub fn rule_word(&self, config: &Config, id: RuleId, now: Mono) -> &'static str {
        match (config.rules.get(id.index()), self.rules.known.get(id.index())) {
            // Not known, since what found no room might fire.
            (Some(row), Some(known)) if known.lacks_room(row, now) && known.phase == RulePhase::Unheard => {
                "no room"
            }
            (_, known) => known.map(|known| known.phase).unwrap_or_default().word(),
        }
    }

    /// What a rule expects and does not hear; names of the configuration. O(what is expected).
    pub fn missing<'a>(&'a self, config: &'a Config, id: RuleId, now: Mono) -> impl Iterator<Item = &'a str> {
        let absent = config.rules.get(id.index()).map_or(Millis(0), |row| row.absent);
        let from = |at: usize| self.rules.expected_from.get(at).copied().unwrap_or_default();
        config.expected_of(id).filter(move |&(at, _)| from(at).plus(absent) <= now).map(|(_, name)| name)
    }

    /// From now on it is listened for what is expected.
    pub(super) fn begin_rules(&mut self, now: Mono) {
        self.rules.expected_from = [now; EXPECTED];
    }

    /// How often each thing happened to samples.
    pub fn rule_counters(&self) -> &RuleCounters {
        &self.rules.counters
    }

    /// How many series rules know.
    pub fn series(&self) -> usize {
        self.rules.slots.iter().filter(|slot| slot.rule != 0).count()
    }

    /// The key of the hashes in samples, as long as it is good: else a new one is to be given.
    pub fn sample_key(&self, now: Now) -> Option<HashKey> {
        (now.mono < self.rules.key_until).then_some(self.rules.key)
    }

    /// Gives a new key, of random numbers. All series are new by it, so rules say nothing new until
    /// they have come again.
    pub fn rekey(&mut self, key: HashKey, now: Now) {
        if self.rules.key_until > Mono(0) {
            self.rules.hold_until = now.mono.plus(REKEY_HOLD);
            self.wake_at(self.rules.hold_until);
        }
        self.rules.key = key;
        self.rules.key_until = now.mono.plus(REKEY_EVERY);
        self.rules.forget_series();
    }

    /// A sample came, which these rules ask for. False if all that it says is too old.
    pub(super) fn sample(&mut self, config: &Config, sample: &Sample, now: Now) -> bool {
        let (mut asked, mut stale) = (false, false);
        for (id, row) in config.rules() {
            if sample.who().wrapping_shr(u32::from(id.0)) & 1 == 0
                || row.tags.count != 0 && !config.holds(row.tags, &|name| sample.tag(name))
            {
                continue;
            }
            let counts = matches!(row.aggregate, Aggregate::Count | Aggregate::CountDistinct);
            let value = match sample.field(config.str(row.field)) {
                Some(Some(value)) => value,
                // A text, or any field of the sample: that it came is all.
                Some(None) if counts || row.test == Test::None => 0,
                None if row.field.is_empty() => 0,
                _ => continue,
            };
            let Some(measured) = measured(sample, row, now) else {
                stale = true;
                continue;
            };
            let mut expects = config.expected_of(id).peekable();
            if expects.peek().is_some() {
                let tag = sample.tag(config.str(row.of)).unwrap_or("");
                let found = expects.find(|&(_, name)| name.len() == tag.len() && name == tag);
                match found {
                    Some((at, _)) => self.rules.came(at, measured),
                    None => {
                        self.rules.counters.unexpected = self.rules.counters.unexpected.saturating_add(1);
                    }
                }
                // Nobody asks for its number, and its series needs no room.
                if row.test == Test::None {
                    asked = true;
                    self.evaluate(config, id, row, now);
                    continue;
                }
            }
            let hash = if row.aggregate == Aggregate::CountDistinct {
                let Some(hash) = sample.tag_hash(config.str(row.of)) else { continue };
                hash
            } else {
                sample.series()
            };
            asked = true;
            let stamp = sample.time().map(|secs| low(secs.cast_unsigned()));
            self.rules.put(config, id.index(), (low(hash), value), (stamp, measured), now.mono);
            if let Some(known) = self.rules.known.get_mut(id.index()) {
                // The first may have been measured before our start.
                known.last = if known.heard { known.last.max(measured) } else { measured };
                known.heard = true;
            }
            self.evaluate(config, id, row, now);
        }
        self.rules.counters.cut = self.rules.counters.cut.saturating_add(u64::from(sample.was_cut()));
        self.rules.counters.samples = self.rules.counters.samples.saturating_add(u64::from(asked || stale));
        self.rules.counters.stale = self.rules.counters.stale.saturating_add(u64::from(stale));
        asked || !stale
    }

    /// Lets go of values that no longer count, and looks what follows. O(rules x series).
    pub(super) fn pass_rules(&mut self, config: &Config, clocks: Now) {
        let now = clocks.mono;
        for (id, row) in config.rules() {
            let place = id.0.saturating_add(1);
            let mut next = None::<Mono>;
            for slot in self.rules.slots.iter_mut().filter(|slot| slot.rule == place) {
                let until = slot.last.plus(life(row));
                if until <= now {
                    *slot = FREE;
                } else {
                    next = Some(next.map_or(until, |soonest| soonest.min(until)));
                }
            }
            for (at, _) in config.expected_of(id) {
                let until = self.rules.expected_from.get(at).copied().unwrap_or_default().plus(row.absent);
                if until > now {
                    next = Some(next.map_or(until, |soonest| soonest.min(until)));
                }
            }
            if let Some(next) = next {
                self.wake_at(next);
            }
            self.evaluate(config, id, row, clocks);
        }
    }

    fn evaluate(&mut self, config: &Config, id: RuleId, row: &Rule, clocks: Now) {
        let now = clocks.mono;
        let Some(&known) = self.rules.known.get(id.index()) else { return };
        let expects = config.expected_of(id).next().is_some();
        // What is expected has no series that would have to come again.
        let unnumbered = expects && row.test == Test::None;
        if now < self.rules.hold_until && !unnumbered {
            self.wake_at(self.rules.hold_until);
            // One series is enough for this, whatever the others will say.
            let fires = row.aggregate == Aggregate::Any && !expects;
            if !(fires && self.rules.fires(id.index(), row, row.limit) == Some(true)) {
                return;
            }
        }
        let old = known.phase;
        // All that there are to be compared, counted or added up: after a start they come one after
        // the other. The pass at which the source's word comes to count looks at them again.
        let whole = row.aggregate != Aggregate::Any && !expects;
        if whole && old == RulePhase::Unheard && !self.sources.counts(row.source, now) {
            return;
        }
        let limit = if known.latched { row.clear } else { row.limit };
        let fires = if unnumbered { Some(false) } else { self.rules.fires(id.index(), row, limit) };
        let Turn { phase, mut began, wake } = known.turn(row, fires, now);
        if let Some(at) = wake {
            self.wake_at(at);
        }
        let latched = match phase {
            RulePhase::Well => false,
            RulePhase::Firing { .. } => true,
            _ => known.latched,
        };
        let phase = match phase {
            RulePhase::Well | RulePhase::Pending { .. } | RulePhase::Doubtful { .. } | RulePhase::Unheard
                if expects =>
            {
                let silent = self.silent(config, id, row, now);
                began = began.or(silent);
                let came = |(at, _)| self.rules.expected_came.get(at) == Some(&true);
                match silent {
                    Some(_) => RulePhase::Absent,
                    None if !config.expected_of(id).all(came) => RulePhase::Unheard,
                    None => phase,
                }
            }
            phase => phase,
        };
        let Some(known) = self.rules.known.get_mut(id.index()) else { return };
        known.latched = latched;
        self.unwritten |= known.is_owed(row, now);
        known.phase = phase;
        testify(self, config, Local::Rule(id), began, clocks);
    }

    /// Since when one that is expected is silent for too long: the one that was heard last.
    fn silent(&self, config: &Config, id: RuleId, row: &Rule, now: Mono) -> Option<Mono> {
        let from = |at| self.rules.expected_from.get(at).copied();
        let silent = config.expected_of(id).filter_map(|(at, _)| from(at));
        silent.filter(|from| from.plus(row.absent) <= now).max()
    }

    /// What a rule says of its component.
    pub(super) fn rule_finding(&self, config: &Config, id: RuleId, now: Mono) -> Finding {
        match (config.rules.get(id.index()), self.rules.known.get(id.index())) {
            (Some(row), Some(known)) => known.finding(row, now),
            _ => Finding::Well,
        }
    }

    /// Tells the journal which rules fire, as far as that has changed; `all`: also what would wait.
    pub(super) fn write_rules(
        &mut self,
        config: &Config,
        (now, all): (Mono, bool),
        each: &mut dyn FnMut(u8, &[u8]),
    ) {
        for ((id, row), known) in config.rules().zip(&mut self.rules.known) {
            if known.is_owed(row, if all { Mono(i64::MAX) } else { now }) {
                known.wrote(now);
                each(RULE, &rule_record(config, id, known.latched));
            }
        }
    }

    /// The rules that fire, for a new journal.
    pub(super) fn snapshot_rules(&self, config: &Config, each: &mut dyn FnMut(u8, &[u8])) {
        for ((id, row), known) in config.rules().zip(&self.rules.known) {
            if known.latched && row.clear != row.limit {
                each(RULE, &rule_record(config, id, true));
            }
        }
    }

    /// The journal holds a snapshot.
    pub(super) fn wrote_rules(&mut self, now: Mono) {
        self.rules.known.iter_mut().for_each(|known| known.wrote(now));
    }

    /// Takes back a record; `None` if it is none.
    pub(super) fn restore_rule(&mut self, config: &Config, payload: &[u8]) -> Option<()> {
        let (hash, rest) = payload.split_first_chunk::<4>()?;
        let &[fires @ (0 | 1)] = rest else { return None };
        let hash = u32::from_le_bytes(*hash);
        let found = config.rules().find(|&(id, _)| config.rule_hash(id) == hash);
        if let Some(known) = found.and_then(|(id, _)| self.rules.known.get_mut(id.index())) {
            (known.latched, known.written) = (fires == 1, fires == 1);
        }
        Some(())
    }

    /// After a reload: a rule of the same name and source that asks for the same goes on from its
    /// phase; its series come again.
    pub(super) fn renew_rules(
        &mut self,
        (old, new): (&Config, &Config),
        same_source: &dyn Fn(SourceId, SourceId) -> bool,
        now: Mono,
    ) {
        let mut known = [UNKNOWN; RULES];
        for ((_, row), known) in new.rules().zip(&mut known) {
            let same = |was: &Rule| {
                let text = |a, b| old.str(a) == new.str(b);
                text(was.name, row.name)
                    && text(was.measurement, row.measurement)
                    && text(was.field, row.field)
                    && text(was.of, row.of)
                    && (was.test, was.limit, was.aggregate) == (row.test, row.limit, row.aggregate)
                    && same_terms(old, was.tags, new, row.tags)
                    && same_source(was.source, row.source)
            };
            let was = old.rules().find(|(_, was)| same(was));
            if let Some(was) = was.and_then(|(id, _)| self.rules.known.get(id.index())) {
                *known = *was;
            }
        }
        self.rules.known = known;
        self.rules.forget_series();
        let (mut from, mut came) = ([now; EXPECTED], [false; EXPECTED]);
        for ((row, from), came) in new.expected.iter().zip(&mut from).zip(&mut came) {
            let named = |config: &'_ Config, rule: RuleId| config.rules.get(rule.index()).copied();
            let same = |was: &Expected| {
                old.str(was.value) == new.str(row.value)
                    && matches!((named(old, was.rule), named(new, row.rule)), (Some(a), Some(b))
                        if old.str(a.name) == new.str(b.name)
                            && old.str(a.measurement) == new.str(b.measurement)
                            && old.str(a.of) == new.str(b.of)
                            && old.str(a.field) == new.str(b.field)
                            && same_terms(old, a.tags, new, b.tags)
                            && same_source(a.source, b.source))
            };
            if let Some(at) = old.expected.iter().position(same) {
                *from = self.rules.expected_from.get(at).copied().unwrap_or(now);
                *came = self.rules.expected_came.get(at) == Some(&true);
            }
        }
        (self.rules.expected_from, self.rules.expected_came) = (from, came);
        self.rules.hold_until = now.plus(REKEY_HOLD);
        self.wake_at(self.rules.hold_until);
    }

    /// The rules that fire for a component.
    pub(super) fn firing_rules<'a>(
        &self,
        config: &'a Config,
        component: ComponentId,
    ) -> impl Iterator<Item = &'a Rule> {
        config.rules().filter_map(move |(id, row)| {
            let fires = row.component == Some(component) && self.rule_phase(id).fires() == Some(true);
            fires.then_some(row)
        })
    }
}
