//! What the alerts of senders that do not repeat may cost the flash, and what the journal lacks for
//! it.
//!
//! Each of their beginnings and ends is on flash before its sender is answered, so who flaps every
//! ten seconds would write a megabyte a day. Each source has a budget: [`ALERT_FLASH_BYTES`] at
//! once, and [`ALERT_FLASH_HOUR`] more with each hour. When it is used up, the journal is told only
//! that there is [`MORE`], and nothing about a further beginning: after a restart what the source
//! feeds is *no data* until it has had the time to say everything again, never well. An alert that
//! is written down is always struck out when it ends, whatever is left. When some of the budget
//! has grown back, a compaction writes everything down anew; it is paid from the budget, too.

use super::Engine;
use super::alerts::{Held, OnFlash};
use super::durable::{self, ALERT, MORE, OVER};
use super::lifetime::Sender;
use super::status::{SEVERAL, join};
use crate::config::Config;
use crate::limits::{ALERT_FLASH_BYTES, ALERT_FLASH_HOUR, FLASH_NODE_BYTES, RECORD_OVERHEAD_BYTES, SOURCES};
use crate::model::{SourceId, SourceSet};
use crate::time::{Millis, Mono, Now};

/// What [`Engine::write_down`] wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// A source's budget has just been used up, which is worth a word in the log.
    pub behind: bool,
    /// Whose alerts were written: who pays if the journal had no room.
    pub sources: SourceSet,
}

/// What one source has cost, and what the journal lacks of it. All-zero: nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlashBudget {
    /// Bytes of the budget that are used up. More than all of it is a debt.
    spent: u32,
    /// When that was true.
    at: Mono,
    /// Beginnings are not written down, until a compaction writes everything.
    behind: bool,
    /// The journal holds a MORE record of this source.
    more: bool,
    /// It must be told that there is more.
    owes: bool,
    /// Until then this source may have alerts that nobody holds: they found no room, or an earlier
    /// run did not write them down.
    lost_until: Mono,
    /// Which alerts stood in the body that lost some, as a sum of their fingerprints. Zero: not
    /// known yet.
    lost_group: u32,
    /// Before, the journal is told that there is no more only if the budget has room for that.
    clear_from: Mono,
}

impl FlashBudget {
    /// Nothing.
    pub(super) const fn new() -> Self {
        Self {
            spent: 0,
            at: Mono(0),
            behind: false,
            more: false,
            owes: false,
            lost_until: Mono(0),
            lost_group: 0,
            clear_from: Mono(0),
        }
    }

    /// Lets the budget grow.
    fn pass(&mut self, now: Mono) {
        let per_hour = u64::from(ALERT_FLASH_HOUR);
        let hour = u64::from(Millis::HOUR.0);
        let elapsed = u64::try_from(now.since(self.at)).unwrap_or(0);
        let grown = elapsed.saturating_mul(per_hour).checked_div(hour).unwrap_or(0);
        if u64::from(self.spent) <= grown {
            (self.spent, self.at) = (0, now);
            return;
        }
        self.spent = self.spent.saturating_sub(u32::try_from(grown).unwrap_or(u32::MAX));
        // What has not made a whole byte yet is not forgotten.
        let counted = grown.saturating_mul(hour).checked_div(per_hour).unwrap_or(0);
        self.at = self.at.plus(Millis(u32::try_from(counted).unwrap_or(u32::MAX)));
    }

    fn pay(&mut self, bytes: u32, now: Mono) {
        self.pass(now);
        self.spent = self.spent.saturating_add(bytes);
    }

    /// A reload cuts every body: nobody knows what else stood in one that has lost alerts.
    pub(super) fn cut_body(&mut self, now: Mono) {
        if self.lost_group == 0 && self.lost_until > now {
            self.lost_group = SEVERAL;
        }
    }

    /// Whether the journal may be told that there is no more, as far as this knows.
    fn may_clear(&self, now: Mono) -> bool {
        let affords = !self.behind && self.spent < ALERT_FLASH_BYTES;
        self.more && !self.owes && self.lost_until <= now && (affords || self.clear_from <= now)
    }

    /// Pays, if the budget has so much.
    fn afford(&mut self, bytes: u32, now: Mono) -> bool {
        self.pass(now);
        let after = self.spent.saturating_add(bytes);
        let can = !self.behind && after <= ALERT_FLASH_BYTES;
        if can {
            self.spent = after;
        }
        can
    }

    /// When enough has grown back for everything to be written down anew: what an hour brings.
    fn catches_up_at(&self) -> Option<Mono> {
        let over = self.spent.saturating_sub(ALERT_FLASH_BYTES.saturating_sub(ALERT_FLASH_HOUR));
        let wait =
            u64::from(over).saturating_mul(u64::from(Millis::HOUR.0)).div_ceil(u64::from(ALERT_FLASH_HOUR));
        self.behind.then(|| self.at.plus(Millis(u32::try_from(wait).unwrap_or(u32::MAX))))
    }
}

/// What a record costs: its bytes, and the header of the node of flash that it ends.
fn cost(payload: &[u8]) -> u32 {
    let bytes = payload.len().saturating_add(RECORD_OVERHEAD_BYTES);
    u32::try_from(bytes).unwrap_or(u32::MAX).saturating_add(FLASH_NODE_BYTES)
}

impl Engine {
    /// Whether the journal must be told of something.
    pub fn has_unwritten(&self) -> bool {
        self.unwritten
    }

    /// The journal must be told of the alert at a place; if it is none that a restart must know of,
    /// only that it is over. In [`write_down`](Self::write_down).
    pub(super) fn must_write(&mut self, at: usize) {
        let dirty = self.alerts.update(at, |held| {
            held.flash.dirty = held.flash.written || held.sender != Sender::Repeating;
            held.flash.dirty
        });
        self.unwritten |= dirty == Some(true);
    }

    /// Tells `each` record by which all that changed survives a restart. O(alerts) if anything did.
    pub fn write_down(&mut self, config: &Config, now: Now, each: &mut dyn FnMut(u8, &[u8])) -> Written {
        let mut written = Written::default();
        if !core::mem::take(&mut self.unwritten) {
            return written;
        }
        for id in (0u16..).map(SourceId).take(config.sources.len()) {
            if self.budgets.get(id.index()).is_some_and(|budget| budget.owes) {
                self.more(config, now.mono, id, each);
            }
        }
        for at in 0..self.alerts.len() {
            if let Some(source) = self.alerts.get(at).filter(|held| held.flash.dirty).map(Held::source) {
                written.sources.insert(source);
                written.behind |= self.write_alert(config, now, at, each);
                self.alerts.update(at, |held| held.flash.dirty = false);
            }
        }
        for id in (0u16..).map(SourceId).take(config.sources.len()) {
            self.no_more(config, now.mono, id, each);
        }
        self.write_dirty_beats(config, now, each);
        self.write_rules(config, (now.mono, false), each);
        written
    }

    /// The journal says that there is no more, if that is so: else every restart would doubt what
    /// the source feeds.
    fn no_more(&mut self, config: &Config, now: Mono, id: SourceId, each: &mut dyn FnMut(u8, &[u8])) {
        if !self.clears(id, now) {
            return;
        }
        let payload = durable::no_more_record(config, id);
        let Some(budget) = self.budgets.get_mut(id.index()) else { return };
        if budget.clear_from > now && !budget.afford(cost(&payload), now) {
            return;
        }
        if budget.clear_from <= now {
            budget.pay(cost(&payload), now);
            budget.clear_from = now.plus(Millis::HOUR);
        }
        budget.more = false;
        each(MORE, &payload);
    }

    /// Looks whose lost alerts have had their time. O(alerts) for each source that has lost some.
    pub(super) fn pass_lost(&mut self, now: Mono) {
        for budget in self.budgets.iter_mut().filter(|budget| budget.lost_until <= now) {
            budget.lost_group = 0;
        }
        self.unwritten |= (0u16..).map(SourceId).take(self.budgets.len()).any(|id| self.clears(id, now));
    }

    /// Whether the journal says that there is more of a source, and there is not.
    fn clears(&self, id: SourceId, now: Mono) -> bool {
        let unwritten = |held: &Held| {
            held.source() == id && durable::is_durable(held) && (held.private || !held.flash.written)
        };
        self.budgets.get(id.index()).is_some_and(|budget| budget.may_clear(now))
            && !self.alerts.iter().any(unwritten)
    }

    /// Writes one alert down. True if its source's budget has just been used up.
    fn write_alert(&mut self, config: &Config, now: Now, at: usize, each: &mut dyn FnMut(u8, &[u8])) -> bool {
        let mono = now.mono;
        let Some(held) = self.alerts.get(at) else { return false };
        let (source, written) = (held.source(), held.flash.written);
        if !durable::is_durable(held) {
            if written {
                self.strike_out(config, now, at, each);
            }
            return false;
        }
        if held.private {
            self.more(config, mono, source, each);
            return false;
        }
        let Some(payload) = durable::alert_record(config, now, held) else { return false };
        let Some(budget) = self.budgets.get_mut(source.index()) else { return false };
        if budget.afford(cost(&payload), mono) {
            self.alerts.update(at, |held| held.flash = OnFlash::written(held.last_heard));
            each(ALERT, &payload);
            return false;
        }
        self.counters.withheld = self.counters.withheld.saturating_add(1);
        // As it was, it was less bad than it is, or somewhere else.
        if written {
            self.strike_out(config, now, at, each);
        }
        self.fall_behind(config, mono, source, each)
    }

    fn strike_out(&mut self, config: &Config, now: Now, at: usize, each: &mut dyn FnMut(u8, &[u8])) {
        let record = self.alerts.update(at, |held| {
            held.flash.written = false;
            (held.source(), durable::over_record(config, now, held))
        });
        let Some((source, payload)) = record else { return };
        self.pay(source, cost(&payload), now.mono);
        each(OVER, &payload);
    }

    /// The journal says that there is more, if it does not yet.
    fn more(&mut self, config: &Config, now: Mono, source: SourceId, each: &mut dyn FnMut(u8, &[u8])) {
        let Some(budget) = self.budgets.get_mut(source.index()) else { return };
        budget.owes = false;
        if budget.more {
            return;
        }
        let payload = durable::more_record(config, source);
        budget.more = true;
        budget.pay(cost(&payload), now);
        each(MORE, &payload);
    }

    fn fall_behind(
        &mut self,
        config: &Config,
        now: Mono,
        source: SourceId,
        each: &mut dyn FnMut(u8, &[u8]),
    ) -> bool {
        self.more(config, now, source, each);
        let Some(budget) = self.budgets.get_mut(source.index()) else { return false };
        !core::mem::replace(&mut budget.behind, true)
    }

    /// Something was written on account of this source.
    pub fn pay(&mut self, source: SourceId, bytes: u32, now: Mono) {
        if let Some(budget) = self.budgets.get_mut(source.index()) {
            budget.pay(bytes, now);
        }
    }

    /// When the journal should be compacted for what was not written down. Those who are
    /// [`behind`](Self::behind) then pay for that.
    pub fn catches_up_at(&self) -> Option<Mono> {
        self.budgets.iter().filter_map(FlashBudget::catches_up_at).min()
    }

    /// Whose alerts are not all written down, since they were too many.
    pub fn behind(&self) -> SourceSet {
        let mut behind = SourceSet::EMPTY;
        for (id, _) in (0u16..).zip(&self.budgets).filter(|(_, budget)| budget.behind) {
            behind.insert(SourceId(id));
        }
        behind
    }

    /// Bytes that the source which has used most of its budget has used.
    pub fn flash_used(&self, now: Mono) -> u32 {
        let spent = |budget: &FlashBudget| {
            let mut budget = *budget;
            budget.pass(now);
            budget.spent
        };
        self.budgets.iter().map(spent).max().unwrap_or(0)
    }

    /// The journal holds a snapshot, and nothing else. No alert of the sources in `brief` is in it.
    pub(super) fn wrote_alerts(&mut self, brief: SourceSet, now: Mono) {
        for id in (0u16..).map(SourceId).take(SOURCES) {
            let brief = brief.contains(id);
            let more = self.lacks(id, brief, now);
            let held =
                brief && self.alerts.iter().any(|held| held.source() == id && durable::is_durable(held));
            if let Some(budget) = self.budgets.get_mut(id.index()) {
                (budget.more, budget.behind, budget.owes) = (more, held, false);
            }
            self.alerts.for_each_of(id, |held| {
                let written = !brief && !held.private && durable::is_durable(held);
                held.flash = OnFlash { written, ..OnFlash::written(held.last_heard) };
            });
        }
    }

    /// Whether a snapshot must say that this source has more.
    pub(super) fn lacks(&self, source: SourceId, brief: bool, now: Mono) -> bool {
        let unwritten =
            |held: &Held| held.source() == source && durable::is_durable(held) && (brief || held.private);
        self.lost_until(source, now).is_some() || self.alerts.iter().any(unwritten)
    }

    /// This source has an alert that nobody holds, until then at most.
    pub(super) fn lost(&mut self, source: SourceId, until: Mono) {
        if let Some(budget) = self.budgets.get_mut(source.index()) {
            budget.lost_until = budget.lost_until.max(until);
            (budget.owes, self.unwritten) = (true, true);
        }
    }

    /// A body is over that lost some: its alerts are this group.
    pub(super) fn lost_group(&mut self, source: SourceId, group: u32) {
        if let Some(budget) = self.budgets.get_mut(source.index()) {
            budget.lost_group = join(budget.lost_group, group);
        }
    }

    /// This source says that all alerts of a group are over: it has lost none, if all that it lost
    /// was of that group.
    pub(super) fn found_group(&mut self, source: SourceId, group: u32) {
        if let Some(budget) = self.budgets.get_mut(source.index())
            && budget.lost_group == group
            && group != SEVERAL
        {
            (budget.lost_until, budget.lost_group, self.unwritten) = (Mono(0), 0, true);
        }
    }

    /// The journal says that this source has more, which is believed until then, or that it has no
    /// more.
    pub(super) fn restored_more(&mut self, source: SourceId, until: Option<Mono>) {
        if let Some(budget) = self.budgets.get_mut(source.index()) {
            budget.more = until.is_some();
            budget.lost_until = until.unwrap_or_default();
            budget.lost_group = if budget.more { SEVERAL } else { 0 };
        }
    }

    /// Until when this source may have alerts that nobody holds, if it may.
    pub(super) fn lost_until(&self, source: SourceId, now: Mono) -> Option<Mono> {
        self.budgets.get(source.index()).map(|budget| budget.lost_until).filter(|&until| until > now)
    }
}
