//! What people may cost the flash. Every word is on flash before its author is told so, and a
//! redaction writes the whole journal anew: a stolen key could write 15 MB in a second.
//!
//! Each person has a budget. When it is used up, what begins something or adds to it is
//! refused. What ends something or takes it away may cost as much again. An end and its `undo` in
//! turns would else write for ever. A redaction is never refused.

use super::{Action, OWNER};
use crate::limits::{JOURNAL_SNAPSHOT_QUARTERS, PEOPLE_FLASH_BYTES, PEOPLE_FLASH_SECOND, USERS};
use crate::model::Phase;
use crate::time::{Millis, Mono, Now};

/// What one person has cost. All-zero: nothing.
#[derive(Clone, Copy, Debug)]
struct PersonBudget {
    who: u32,
    /// Bytes that are used up. More than all of the budget is a debt.
    spent: u32,
    /// When that was true.
    at: Mono,
}

impl PersonBudget {
    /// Lets it grow back.
    fn pass(&mut self, now: Mono) {
        let seconds = u32::try_from(now.since(self.at).max(0)).unwrap_or(u32::MAX) / 1000;
        self.spent = self.spent.saturating_sub(seconds.saturating_mul(PEOPLE_FLASH_SECOND));
        // What has not made a whole second yet is not forgotten.
        self.at = self.at.plus(Millis(seconds.saturating_mul(1000)));
    }
}

/// The budgets of all. All-zero when new.
pub(super) struct PeopleBudgets([PersonBudget; USERS]);

/// Whether an action ends something or takes it away, and no more.
fn ends(action: &Action<'_>) -> bool {
    matches!(
        action,
        Action::Undo
            | Action::EndMaintenance { .. }
            | Action::ClearBanner
            | Action::Update { phase: Phase::Resolved, .. }
    )
}

impl PeopleBudgets {
    /// Nobody has cost anything.
    pub(super) const fn new() -> Self {
        Self([PersonBudget { who: 0, spent: 0, at: Mono(0) }; USERS])
    }

    /// Whether this person may do this by what it costs the flash. The owner of the machine can
    /// write there anyway.
    pub(super) fn may_write(&mut self, who: u32, action: &Action<'_>, now: Now) -> bool {
        let most = if ends(action) { PEOPLE_FLASH_BYTES.saturating_mul(2) } else { PEOPLE_FLASH_BYTES };
        who == OWNER
            || matches!(action, Action::Redact { .. })
            || self.of(who, now).is_some_and(|budget| budget.spent < most)
    }

    /// Has a person pay for so many bytes that are appended, and for so many in a journal that is
    /// written anew.
    pub(super) fn pay(&mut self, who: u32, appended: usize, anew: usize, now: Now) {
        // A byte appended costs four, with the compactions that it brings about.
        let quarters = usize::try_from(JOURNAL_SNAPSHOT_QUARTERS).unwrap_or(0).saturating_add(1);
        let cost = appended.saturating_mul(quarters).saturating_add(anew);
        if who != OWNER
            && let Some(budget) = self.of(who, now)
        {
            budget.spent = budget.spent.saturating_add(u32::try_from(cost).unwrap_or(u32::MAX));
        }
    }

    /// The budget of a person. There is one for each user. Whoever a reload brings takes the
    /// place of the one who has used least.
    fn of(&mut self, who: u32, now: Now) -> Option<&mut PersonBudget> {
        self.0.iter_mut().for_each(|known| known.pass(now.mono));
        let budget = self.0.iter_mut().min_by_key(|known| (known.who != who, known.spent))?;
        if budget.who != who {
            *budget = PersonBudget { who, spent: 0, at: now.mono };
        }
        Some(budget)
    }
}
