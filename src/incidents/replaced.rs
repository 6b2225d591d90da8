//! What people replaced, took back or took away leaves the journal, too, as soon as nobody can take
//! that back any more: a banner that was cleared, a maintenance that was cancelled, the words
//! before a correction, an older title.

use heapless::Vec;

use super::record::{self, STEP, UNDONE, What};
use super::{Action, Incidents};
use crate::limits::UNDO_TIME;
use crate::time::{Millis, Now};

/// A moment longer than anything can be taken back.
const LATER: Millis = Millis(UNDO_TIME.0 + 1000);

/// Words that were replaced: the step that they are of (0: the title), and by what.
struct Replaced {
    site: u32,
    number: u32,
    step: u32,
    /// Where the words stand that are told now.
    at: usize,
    /// Whether that can still be taken back.
    young: bool,
}

impl Incidents {
    /// Looks, when it is time, for what that leaves behind.
    pub(super) fn forget_what(&mut self, action: &Action<'_>, now: Now) {
        if matches!(
            action,
            Action::Amend { .. }
                | Action::Retitle { .. }
                | Action::EndMaintenance { .. }
                | Action::Banner { .. }
                | Action::ClearBanner
                | Action::Undo
        ) {
            self.forget_later(now);
        }
    }

    /// The same after a start.
    pub(super) fn forget_later(&mut self, now: Now) {
        self.forget_at = Some(now.mono.plus(LATER));
    }

    /// If it is time, has the journal written anew without it.
    pub(super) fn forget_replaced(&mut self, now: Now) {
        let Some(at) = self.forget_at else { return };
        if at > now.mono {
            return self.wake_at(at);
        }
        self.forget_at = None;
        let weight = self.log.weight();
        let blanked = self.blank_replaced(now);
        self.sweep(true);
        self.purge |= blanked || self.log.weight() < weight;
    }

    /// Overwrites what was replaced with blanks, and lets go of what replaced it but was replaced
    /// itself. Returns whether there was anything.
    fn blank_replaced(&mut self, now: Now) -> bool {
        // What finds no place in the list waits for the next time.
        let mut all = Vec::<Replaced, 32>::new();
        for raw in self.log.iter().filter(|raw| raw.kind == STEP) {
            let Some((head, step)) = record::read_step(raw.payload) else { continue };
            let of = match step.what {
                What::Amended => step.arg,
                What::Retitled => 0,
                _ => continue,
            };
            if head.flags & UNDONE != 0 {
                continue;
            }
            let young = self.boot.is_undoable(&head, now);
            let known =
                all.iter_mut().find(|one| (one.site, one.number, one.step) == (head.site, step.number, of));
            if let Some(one) = known {
                (one.at, one.young) = (raw.at, one.young || young);
            } else {
                _ = all.push(Replaced { site: head.site, number: step.number, step: of, at: raw.at, young });
            }
        }
        let (mut at, mut any) = (0usize, false);
        let went = self.log.retain(&mut |kind, payload| {
            let here = at;
            at = at.saturating_add(super::entries::Log::size_of(payload.len()));
            let Some((head, step)) = record::read_step(payload).filter(|_| kind == STEP) else { return true };
            let replaces = matches!(step.what, What::Amended | What::Retitled);
            let of = match step.what {
                What::Amended => step.arg,
                What::Retitled | What::Opened => 0,
                _ => u32::from(step.step),
            };
            let key = (head.site, step.number, of);
            let stays = !all
                .iter()
                .any(|one| (one.site, one.number, one.step) == key && !one.young && one.at != here);
            if !stays && !replaces {
                any |= record::blank(payload);
                return true;
            }
            any |= !stays;
            stays
        });
        self.purge |= went.unwritten;
        any
    }
}
