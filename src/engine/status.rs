//! How one component is: what its witnesses say, counted by finding, and since when it is so.

use crate::model::{Finding, SourceId};
use crate::time::{At, Mono, Now};

const FINDINGS: usize = Finding::ALL.len();
/// The mark stands for alerts of several groups: nothing but time ends it.
pub(super) const SEVERAL: u32 = u32::MAX;

/// What stands for two groups of alerts; zero is none.
pub(super) fn join(one: u32, other: u32) -> u32 {
    if one == 0 || one == other { other } else { SEVERAL }
}

/// What is counted and remembered for one component. All-zero: nothing is known.
#[derive(Clone, Copy, Debug)]
pub struct ComponentStatus {
    /// How many claims there are of each finding, in the order of [`Finding::ALL`]. The first is
    /// not counted: who says that all is well makes nothing worse.
    tally: [u16; FINDINGS],
    /// What the sources that feed it vouch for together: well, or why none of them does.
    pub feed: Finding,
    /// What stands in for claims that nobody holds: the component is at least that bad until then.
    mark: Finding,
    /// Zero: there is no mark.
    mark_until: Mono,
    /// A milder one that lasts longer: then it is at least as bad as that.
    mild: Finding,
    mild_until: Mono,
    /// Which alerts stood in the body that left it, as a sum of their fingerprints; zero: not known
    /// yet.
    mark_group: u32,
    /// The place of the source that left the mark, and one; zero: several did.
    mark_by: u16,
    /// Why "well" does not count until then.
    doubt: Finding,
    /// Zero: it counts.
    doubt_until: Mono,
    /// How many changes go on that have made it better, and are not shown yet.
    held: u8,
    /// `since` is when a witness, or an incident, said that something was wrong.
    trouble: bool,
    shown: Finding,
    since: At,
    /// Whether `since` is known. Not an `Option`: its `None` is not zero, and would move all of the
    /// engine from `.bss` into the file.
    dated: bool,
}

impl ComponentStatus {
    /// Nothing known; all-zero.
    pub const fn new() -> Self {
        Self {
            tally: [0; FINDINGS],
            feed: Finding::NeverHeard,
            mark: Finding::NeverHeard,
            mark_until: Mono(0),
            mild: Finding::NeverHeard,
            mild_until: Mono(0),
            mark_group: 0,
            mark_by: 0,
            doubt: Finding::NeverHeard,
            doubt_until: Mono(0),
            held: 0,
            trouble: false,
            shown: Finding::NeverHeard,
            since: At::Mono(Mono(0)),
            dated: false,
        }
    }

    /// What a visitor is told.
    pub fn shown(&self) -> Finding {
        self.shown
    }

    /// Since when it has been well, or unwell.
    pub fn since(&self) -> Option<At> {
        self.dated.then_some(self.since)
    }

    /// Whether something was reported to be wrong since then: it may be unknown by now.
    pub fn in_trouble(&self) -> bool {
        self.trouble
    }

    /// An incident of an earlier run says that it was unwell.
    pub fn recall_trouble(&mut self) {
        self.trouble = true;
    }

    fn date(&mut self, since: Option<At>) {
        self.dated = since.is_some();
        self.since = since.unwrap_or(At::Mono(Mono(0)));
    }

    /// One claim says `new` instead of `old`.
    pub fn replace(&mut self, old: Finding, new: Finding) {
        if let Some(count) = self.count(new) {
            *count = count.saturating_add(1);
        }
        if let Some(count) = self.count(old) {
            *count = count.saturating_sub(1);
        }
    }

    fn count(&mut self, finding: Finding) -> Option<&mut u16> {
        if finding == Finding::Well { None } else { self.tally.get_mut(finding.index()) }
    }

    /// How many claims there are of each finding.
    #[cfg(test)]
    pub fn tally(&self) -> [u16; FINDINGS] {
        self.tally
    }

    /// Forgets its claims, to be counted anew.
    pub fn recount(&mut self) {
        self.tally = [0; FINDINGS];
    }

    /// Whether a change goes on that has made it better.
    pub fn is_held(&self) -> bool {
        self.held > 0
    }

    /// No change goes on any more.
    pub fn unhold(&mut self) {
        self.held = 0;
    }

    /// A claim of this source finds no room: the component is at least this bad until then.
    pub fn mark(&mut self, source: SourceId, finding: Finding, now: Mono, until: Mono) {
        if finding == Finding::Well {
            return;
        }
        let by = source.0.wrapping_add(1);
        if self.mark_until <= now && self.mild_until <= now {
            (self.mark_by, self.mark_group) = (by, 0);
        } else if self.mark_by != by {
            self.mark_by = 0;
        }
        // A webhook's refusal counts for hours, and another sender's makes that no shorter.
        if self.mark_until <= now {
            (self.mark, self.mark_until) = (finding, until);
        } else if finding == self.mark {
            self.mark_until = self.mark_until.max(until);
        } else {
            // The worse counts for its own time. The milder may last longer, and then goes on
            // alone.
            let (new, old) = ((finding, until), (self.mark, self.mark_until));
            let (mild, bad) = if new.0 < old.0 { (new, old) } else { (old, new) };
            (self.mark, self.mark_until) = bad;
            if mild.1 > self.mild_until {
                (self.mild, self.mild_until) = mild;
            }
        }
    }

    /// A body is over in which a claim on it found no room: its alerts are this group.
    pub fn mark_group(&mut self, group: u32) {
        self.mark_group = join(self.mark_group, group);
    }

    /// What left the mark is not known as a group: a record of an earlier run, or a body that a
    /// reload cut.
    pub fn mark_several(&mut self) {
        self.mark_group = SEVERAL;
    }

    /// After a reload: the source that left the mark has another place, which `to` names.
    pub fn renew_mark(&mut self, to: impl Fn(SourceId) -> Option<SourceId>) {
        let to = self.mark_by.checked_sub(1).and_then(|by| to(SourceId(by)));
        self.mark_by = to.map_or(0, |to| to.0.wrapping_add(1));
        if self.mark_group == 0 {
            self.mark_several();
        }
    }

    /// A change makes it better, and is not over: until [`settle`](Self::settle) its old state is
    /// shown.
    pub fn hold(&mut self) {
        self.held = self.held.saturating_add(1);
    }

    /// A change that made it better is over. True if no other one goes on.
    pub fn settle(&mut self) -> bool {
        self.held = self.held.saturating_sub(1);
        self.held == 0
    }

    /// This source says that all alerts of a group are over. True if the mark is that group's, and
    /// ends.
    pub fn unmark(&mut self, source: SourceId, group: u32) -> bool {
        let its = (self.mark_until > Mono(0) || self.mild_until > Mono(0))
            && self.mark_by == source.0.wrapping_add(1)
            && self.mark_group == group
            && group != SEVERAL;
        if its {
            (self.mark_until, self.mild_until) = (Mono(0), Mono(0));
        }
        its
    }

    /// "Well" counts only from then on, for this reason, and never earlier than was said before.
    pub fn doubt(&mut self, why: Finding, until: Mono) {
        if until > self.doubt_until {
            (self.doubt, self.doubt_until) = (why, until);
        }
    }

    /// When time alone may change it.
    pub fn wakes_at(&self, now: Mono) -> Option<Mono> {
        [self.mark_until, self.mild_until, self.doubt_until].into_iter().filter(|&at| at > now).min()
    }

    /// Whether a mark or a doubt has run out since the last look; forgets it if so.
    pub fn pass(&mut self, now: Mono) -> bool {
        let mut due = false;
        for until in [&mut self.mark_until, &mut self.mild_until, &mut self.doubt_until] {
            if *until > Mono(0) && *until <= now {
                (*until, due) = (Mono(0), true);
            }
        }
        due
    }

    /// The worst that its witnesses, its marks and its feed say.
    pub fn found(&self, now: Mono) -> Finding {
        let claims = Finding::ALL.iter().zip(&self.tally).rev().find(|&(_, &count)| count > 0);
        let claims = claims.map_or(Finding::Well, |(&finding, _)| finding);
        let while_before = |finding, until: Mono| if until > now { finding } else { Finding::Well };
        claims
            .max(self.feed)
            .max(while_before(self.mark, self.mark_until))
            .max(while_before(self.mild, self.mild_until))
            .max(while_before(self.doubt, self.doubt_until))
    }

    /// Shows what is found: the only writer of what is shown, and since when. `earliest`: when what
    /// is found began, if that is known to be earlier than now. True if something changed.
    pub fn publish(&mut self, earliest: Option<At>, now: Now) -> bool {
        let found = self.found(now.mono);
        let since = self.since_of(found, earliest, now);
        let changed = (found, since) != (self.shown, self.since());
        self.trouble = match found {
            Finding::Well | Finding::TeamSaysOver => false,
            Finding::Degraded | Finding::Outage | Finding::Lapsed => true,
            _ => self.trouble,
        };
        self.shown = found;
        self.date(since);
        changed
    }

    /// The clock was put back: what a sender dated later than now began when it seemed to, by the
    /// monotonic clock. `offset`: how far the wall clock was ahead of that one before.
    pub fn redate(&mut self, offset: i64, now: Now) {
        if let (Some(At::Wall(since)), Some(wall)) = (self.since(), now.wall)
            && since > wall
        {
            self.since = At::Mono(Mono(since.0.saturating_sub(offset)).min(now.mono));
        }
    }

    /// Since when it is so. While it stays unwell this never moves forward, whatever it is called.
    fn since_of(&self, found: Finding, earliest: Option<At>, now: Now) -> Option<At> {
        let here = At::Mono(now.mono);
        match (self.shown, found) {
            // What was over by the team's word is over when the monitoring says so, too.
            (Finding::Well | Finding::TeamSaysOver, Finding::Well | Finding::TeamSaysOver) => self.since(),
            // It recovered now. Just after a start nobody knows when it recovered: that stays
            // empty.
            (_, Finding::Well | Finding::TeamSaysOver) => self.since().map(|_| here),
            (Finding::Well | Finding::TeamSaysOver, _) => Some(earliest.unwrap_or(here).min(here, now)),
            (_, Finding::Degraded | Finding::Outage) => {
                let began = earliest.unwrap_or(here).min(here, now);
                Some(self.since().map_or(began, |since| since.min(began, now)))
            }
            // From not knowing, since our start, to no longer hearing.
            _ => match (self.since(), earliest) {
                (Some(since), Some(earliest)) => Some(since.min(earliest, now)),
                (since, earliest) => since.or(earliest),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_of_which_nothing_is_known_is_no_data() {
        let status = ComponentStatus::new();
        assert_eq!((status.shown(), status.found(Mono(0))), (Finding::NeverHeard, Finding::NeverHeard));
    }

    #[test]
    fn the_worst_claim_is_found_whatever_the_order_of_their_coming() {
        for one in Finding::ALL {
            for other in Finding::ALL {
                let mut status = ComponentStatus { feed: Finding::Well, ..ComponentStatus::new() };
                status.replace(Finding::Well, one);
                status.replace(Finding::Well, other);
                assert_eq!(status.found(Mono(0)), one.max(other));
                status.replace(one, Finding::Well);
                assert_eq!(status.found(Mono(0)), other);
                status.replace(other, Finding::Well);
                assert_eq!(status.found(Mono(0)), Finding::Well);
            }
        }
    }

    #[test]
    fn a_mark_is_ended_by_its_group_alone_also_after_a_reload() {
        let marked = |group: u32| {
            let mut status = ComponentStatus { feed: Finding::Well, ..ComponentStatus::new() };
            status.mark(SourceId(1), Finding::Outage, Mono(0), Mono(100));
            if group != 0 {
                status.mark_group(group);
            }
            // What was the second source is the first.
            status.renew_mark(|by| by.0.checked_sub(1).map(SourceId));
            status
        };
        assert!(!marked(7).unmark(SourceId(1), 7), "another source has its place now");
        assert!(marked(7).unmark(SourceId(0), 7));
        // The reload cut the body that left it, so nobody knows what else stood in that.
        let mut status = marked(0);
        status.mark_group(7);
        assert!(!status.unmark(SourceId(0), 7));
        assert_eq!(status.found(Mono(50)), Finding::Outage);
    }

    #[test]
    fn a_doubt_lasts_as_long_as_the_longest_and_says_why() {
        let mut status = ComponentStatus { feed: Finding::Well, ..ComponentStatus::new() };
        status.doubt(Finding::LeftOut, Mono(100));
        status.doubt(Finding::Reconfigured, Mono(10));
        assert_eq!(status.found(Mono(50)), Finding::LeftOut);
        assert_eq!((status.pass(Mono(100)), status.found(Mono(100))), (true, Finding::Well));
        assert!(!status.pass(Mono(101)));
    }
}
