//! Who gives way when there is no room, and when their time is over.
//!
//! First what is of no use any more, then incidents that ended by themselves and that nobody wrote
//! to, the oldest first; then the steps in the middle of what happened by itself; last the words
//! about what ended over [`WORDS_SAFE_DAYS`](crate::limits::WORDS_SAFE_DAYS) ago. When only younger
//! words and what goes on are left, the newcomer is refused.

use heapless::Vec;

use super::Incidents;
use super::derived::Incident;
use super::entries::{Dropped, Log, Raw};
use super::record::{
    self, BANNER, CLEARED, CLOCK, GONE, RecordHead, SETTLED, STEP, StepRecord, UNDO, UNDONE, WINDOW,
    WINDOW_ENDED, What, When,
};
use crate::config::Config;
use crate::limits::{CLOCK_STEADY, CLOCK_STEP, INCIDENTS, MAINTENANCES, SITES, WORDS_SAFE_DAYS};
use crate::model::{SiteId, Words};
use crate::time::civil::DAY_MS;
use crate::time::{Millis, Mono, Now, times};

/// What a record is for: that decides how much of the room it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It happened by itself.
    Itself,
    /// A person says something.
    Person,
    /// It ends something, and says no more.
    End,
}

/// Whether nobody is told of such a step.
const fn is_hidden(what: What) -> bool {
    matches!(what, What::Dated | What::Paused | What::Resumed)
}

/// Who wants room.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewRecord {
    pub claim: Origin,
    pub site: SiteId,
    /// Of which incidents it is; these do not give way to it. 0: none.
    pub incidents: [u32; 2],
}

/// How a store is divided between the sites.
struct Shares {
    /// What each site can have, whatever the others do.
    share: usize,
    sites: usize,
    used: [usize; SITES],
}

impl Shares {
    fn add(&mut self, site: SiteId, amount: usize) {
        if let Some(used) = self.used.get_mut(site.index()) {
            *used = used.saturating_add(amount);
        }
    }

    fn is_over(&self, site: SiteId) -> bool {
        self.used.get(site.index()).is_some_and(|&used| used > self.share)
    }

    /// What the other sites have not used of their shares.
    fn owed_to_others(&self, site: SiteId) -> usize {
        let all = self.used.iter().take(self.sites).zip(0u8..);
        all.filter(|(_, id)| *id != site.0).map(|(used, _)| self.share.saturating_sub(*used)).sum()
    }
}

impl Incidents {
    /// Who wants room, if it is for this record.
    pub(super) fn newcomer(&self, kind: u8, payload: &[u8]) -> NewRecord {
        let head = record::head(payload).filter(|_| !matches!(kind, CLOCK | GONE)).unwrap_or_default();
        let step = (kind == STEP).then(|| record::read_step(payload)).flatten().map(|(_, step)| step);
        let ends = match kind {
            BANNER => head.flags & CLEARED != 0,
            STEP => step.is_some_and(|step| step.what == What::Resolved && step.words == Words::None),
            kind => kind != WINDOW,
        };
        let claim = match head.who {
            _ if ends => Origin::End,
            0 => Origin::Itself,
            _ => Origin::Person,
        };
        let site = self.names.site(head.site).unwrap_or_default();
        let into = step.map_or(0, |step| if step.what == What::Merged { step.arg } else { 0 });
        NewRecord { claim, site, incidents: [step.map_or(0, |step| step.number), into] }
    }

    /// Sees to room for a record of so many bytes. False if there is none.
    pub(super) fn room_for(&mut self, payload: usize, who: NewRecord, now: Now) -> bool {
        if self.fits(payload, who, 0) {
            return true;
        }
        self.sweep(false);
        while !self.fits(payload, who, 0) {
            let weights = self.weights();
            let yields = |incident: &Incident| {
                if incident.site == who.site {
                    !who.incidents.contains(&incident.number)
                } else {
                    weights.is_over(incident.site)
                }
            };
            let first = self.first_ended(None, &yields);
            // First what nobody is told of.
            if self.thin(true) || self.give_way(first) || self.thin(false) {
                continue;
            }
            // Words go only if that makes room: who is refused takes nothing away.
            let old = self.old_words(now, &yields);
            let last = self.first_ended(Some(now), &yields);
            if !(self.fits(payload, who, old) && self.give_way(last)) {
                return false;
            }
        }
        true
    }

    /// Adds a record that only the journal is for. Nothing gives way to it: without room for it,
    /// the journal is written anew.
    pub(super) fn tell_or_purge(&mut self, kind: u8, payload: &[u8]) {
        let who = self.newcomer(kind, payload);
        if !self.fits(payload.len(), who, 0) {
            self.sweep(false);
        }
        self.purge |= !(self.fits(payload.len(), who, 0) && self.log.push(kind, payload));
    }

    /// Whether there is room, once so many bytes have given way.
    fn fits(&self, payload: usize, who: NewRecord, less: usize) -> bool {
        let capacity = self.capacity();
        let weight = self.log.weight().saturating_sub(less).saturating_add(Log::weight_of(payload));
        let kept = match who.claim {
            // A tenth is kept for people.
            Origin::Itself => capacity / 10,
            // What ends something finds room always.
            Origin::Person => capacity / 16,
            Origin::End => return weight <= capacity,
        };
        let weight = weight.saturating_add(kept);
        weight <= capacity.saturating_sub(capacity / 4)
            || weight.saturating_add(self.weights().owed_to_others(who.site)) <= capacity
    }

    /// What each site's records weigh, and the quarter of the room, in equal parts, that no other
    /// site may take.
    fn weights(&self) -> Shares {
        let mut shares = self.shares(self.capacity());
        for raw in self.log.iter() {
            if let Some(site) = record::head(raw.payload)
                .filter(|_| !matches!(raw.kind, CLOCK | GONE))
                .and_then(|head| self.names.site(head.site))
            {
                shares.add(site, Log::weight_of(raw.payload.len()));
            }
        }
        shares
    }

    fn shares(&self, capacity: usize) -> Shares {
        let sites = (0u8..).map(SiteId).take(SITES).filter(|&site| self.names.of_site(site) != 0).count();
        Shares { share: (capacity / 4).checked_div(sites).unwrap_or(0), sites, used: [0; SITES] }
    }

    /// Makes what came back from a journal smaller: as it was in the run that wrote it, or as a
    /// limit that was lowered since wants it. False if nothing was left to go.
    pub(super) fn shrink(&mut self, now: Option<Now>) -> bool {
        let weight = self.log.weight();
        self.sweep(false);
        if self.log.weight() < weight || self.thin(true) || self.thin(false) {
            return true;
        }
        let any = |_: &Incident| true;
        now.is_some_and(|now| {
            let found = self.first_ended(None, &any).or_else(|| self.first_ended(Some(now), &any));
            self.give_way(found)
        })
    }

    /// Sees to room for one more incident.
    pub(super) fn room_for_incident(&mut self, site: SiteId, now: Now) -> bool {
        loop {
            let mut counts = self.shares(INCIDENTS);
            self.derived.incidents.iter().for_each(|incident| counts.add(incident.site, 1));
            let count = self.derived.incidents.len().saturating_add(counts.owed_to_others(site));
            if count < INCIDENTS {
                return true;
            }
            let yields = |incident: &Incident| incident.site == site || counts.is_over(incident.site);
            let found = self.first_ended(None, &yields).or_else(|| self.first_ended(Some(now), &yields));
            if !self.give_way(found) {
                return false;
            }
        }
    }

    /// Sees to room for one more maintenance of a site.
    pub(super) fn room_for_window(&mut self, config: &Config, site: SiteId, now: Now) -> bool {
        self.end_windows(config, Millis(0), now);
        let mut counts = self.shares(MAINTENANCES);
        self.derived.windows.iter().for_each(|window| counts.add(window.site, 1));
        self.derived.windows.len().saturating_add(counts.owed_to_others(site)) < MAINTENANCES
    }

    fn went(&mut self, went: Dropped) -> bool {
        // What the journal was never told, it must not be told later in a part.
        self.purge |= went.unwritten;
        went.any
    }

    /// Lets go of records from which nothing follows any more, not even by an undo. `untold`: but
    /// not of those that only the journal is for, and that it has not been told.
    pub(super) fn sweep(&mut self, untold: bool) {
        // What was replaced by what cannot be taken back may go now. A clock that is put back does
        // not bring that again, nor what was done before.
        let (boot, seen) = (self.boot, self.seen);
        self.settle(&|_, head| !boot.is_undoable(head, seen));
        let settled_banners = self.settled_banners();
        let ended_lately = self.ended_lately();
        let written = self.log.written();
        let derived = &self.derived;
        let names = &self.names;
        let mut at = 0usize;
        let went = self.log.retain(&mut |kind, payload| {
            let here = at;
            at = at.saturating_add(Log::size_of(payload.len()));
            if matches!(kind, CLOCK | UNDO | GONE) {
                return untold && here >= written;
            }
            let Some(head) = record::head(payload) else { return false };
            let Some(site) = names.site(head.site) else { return false };
            if head.flags & UNDONE != 0 {
                return false;
            }
            match kind {
                STEP => record::read_step(payload)
                    .is_some_and(|(_, step)| derived.find(site, step.number).is_some()),
                WINDOW => record::read_window(payload).is_some_and(|(_, window)| {
                    derived.windows.iter().any(|known| known.site == site && known.number == window.number)
                        || ended_lately.contains(&(site, window.number))
                }),
                WINDOW_ENDED => record::read_window_ended(payload)
                    .is_some_and(|(_, number)| ended_lately.contains(&(site, number))),
                // What is younger may be taken back, and brings that one back.
                BANNER => settled_banners
                    .get(site.index())
                    .copied()
                    .flatten()
                    .is_none_or(|last| here > last || (here == last && head.flags & CLEARED == 0)),
                _ => true,
            }
        });
        self.went(went);
    }

    /// Lets nobody take back what they did until the last of their records of which `is_over`. When
    /// that one goes, an older one would be the last, which they do not mean.
    fn settle(&mut self, is_over: &dyn Fn(&Raw<'_>, &RecordHead) -> bool) {
        let mut last = Vec::<(u32, u32, usize), 16>::new();
        // Where that of a person ends who finds no place in the list.
        let mut others = 0usize;
        for raw in self.log.iter().filter(|raw| !matches!(raw.kind, CLOCK | UNDO | GONE)) {
            let Some(head) = record::head(raw.payload) else { continue };
            if head.who == 0 || head.flags & UNDONE != 0 || !is_over(&raw, &head) {
                continue;
            }
            let end = raw.at.saturating_add(Log::size_of(raw.payload.len()));
            if let Some(known) = last.iter_mut().find(|one| (one.0, one.1) == (head.site, head.who)) {
                known.2 = end;
            } else if last.push((head.site, head.who, end)).is_err() {
                others = end;
            }
        }
        let mut at = 0usize;
        _ = self.log.retain(&mut |kind, payload| {
            let here = at;
            at = at.saturating_add(Log::size_of(payload.len()));
            if let Some(head) = record::head(payload).filter(|_| !matches!(kind, CLOCK | UNDO | GONE))
                && head.who != 0
            {
                let known = last.iter().find(|one| (one.0, one.1) == (head.site, head.who));
                if here < known.map_or(others, |one| one.2) {
                    record::set_flag(payload, SETTLED);
                }
            }
            true
        });
    }

    /// Where the last banner of each site stands, or its end, that nobody can take back any more.
    fn settled_banners(&self) -> [Option<usize>; SITES] {
        let mut places = [None; SITES];
        for raw in self.log.iter().filter(|raw| raw.kind == BANNER) {
            if let Some(head) = record::head(raw.payload).filter(|head| head.flags & UNDONE == 0)
                && !self.boot.is_undoable(&head, self.seen)
                && let Some(place) = self.names.site(head.site).and_then(|site| places.get_mut(site.index()))
            {
                *place = Some(raw.at);
            }
        }
        places
    }

    /// The maintenance of which somebody may still take back that it ended. What is too much for
    /// the list is over.
    fn ended_lately(&self) -> Vec<(SiteId, u32), MAINTENANCES> {
        let mut ended = Vec::new();
        for raw in self.log.iter().filter(|raw| raw.kind == WINDOW_ENDED) {
            if let Some((head, number)) = record::read_window_ended(raw.payload)
                && head.flags & UNDONE == 0
                && self.boot.is_undoable(&head, self.seen)
                && let Some(site) = self.names.site(head.site)
            {
                _ = ended.push((site, number));
            }
        }
        ended
    }

    /// What the incidents weigh whose words are no longer safe.
    fn old_words(&self, now: Now, yields: &dyn Fn(&Incident) -> bool) -> usize {
        let mut old = Vec::<(u32, u32), INCIDENTS>::new();
        let incidents = self.derived.incidents.iter();
        for incident in incidents.filter(|incident| yields(incident) && self.is_over(incident, Some(now))) {
            _ = old.push((self.names.of_site(incident.site), incident.number));
        }
        if old.is_empty() {
            return 0;
        }
        let steps = self.log.iter().filter(|raw| raw.kind == STEP);
        let goes = steps.filter(|raw| {
            record::read_step(raw.payload).is_some_and(|(head, step)| old.contains(&(head.site, step.number)))
        });
        goes.map(|raw| Log::weight_of(raw.payload.len())).sum()
    }

    /// The oldest incident that has ended: of those that nobody wrote to, or, given the time, of
    /// those whose words are no longer safe.
    fn first_ended(
        &self,
        words_at: Option<Now>,
        yields: &dyn Fn(&Incident) -> bool,
    ) -> Option<(SiteId, u32)> {
        let goes = |incident: &&Incident| yields(incident) && self.is_over(incident, words_at);
        self.derived.incidents.iter().find(goes).map(|incident| (incident.site, incident.number))
    }

    /// Whether an incident may give way: one that nobody wrote to, or, given the time, one whose
    /// words are no longer safe.
    fn is_over(&self, incident: &Incident, words_at: Option<Now>) -> bool {
        if !self.may_go(incident) {
            return false;
        }
        let Some(now) = words_at else { return !incident.words };
        match self.ended_ago(incident, now) {
            // Of an end whose time nobody knows, an earlier run of the machine has the blame.
            _ if incident.ended == When::Unknown => true,
            None => false,
            Some(ago) => ago > WORDS_SAFE_DAYS.saturating_mul(DAY_MS) && self.is_steady(now),
        }
    }

    /// How long ago an incident ended, at least. If nobody knows its own time, the first record
    /// behind it tells whose time is known and not before those of the records in front.
    fn ended_ago(&self, incident: &Incident, now: Now) -> Option<i64> {
        if let known @ Some(_) = self.elapsed(incident.ended, now) {
            return known;
        }
        let site = self.names.of_site(incident.site);
        let (last, ..) = self.steps_from(0, site, incident.number).last()?;
        let mut latest = i64::MAX;
        for raw in self.log.iter().filter(|raw| matches!(raw.kind, STEP | WINDOW | WINDOW_ENDED | BANNER)) {
            let Some(ago) = record::head(raw.payload).and_then(|head| self.elapsed(head.when, now)) else {
                continue;
            };
            if raw.at > last && ago <= latest {
                return Some(ago);
            }
            latest = latest.min(ago);
        }
        None
    }

    fn give_way(&mut self, found: Option<(SiteId, u32)>) -> bool {
        let Some((site, number)) = found else { return false };
        let hash = self.names.of_site(site);
        self.settle(&|raw, _| raw.kind == STEP && record::is_step_of(raw.payload, hash, number));
        self.drop_incident(site, number);
        self.counters.dropped = self.counters.dropped.saturating_add(1);
        true
    }

    /// Whether nothing that goes on depends on an incident. What was merged into another one goes
    /// behind that one, whose components it brought.
    fn may_go(&self, incident: &Incident) -> bool {
        !incident.open && incident.merged_into == 0 && !self.is_linked(incident)
    }

    fn is_linked(&self, incident: &Incident) -> bool {
        self.derived.linked(&self.names, incident.site, incident.number).next().is_some()
    }

    /// Removes an incident and every record of it, and has the journal told.
    pub(super) fn drop_incident(&mut self, site: SiteId, number: u32) {
        self.remove_incident(site, number);
        let gone = record::gone(self.names.of_site(site), number);
        // Without room for that, the journal is written anew.
        self.purge |= !self.log.push(GONE, &gone);
    }

    /// Removes an incident and every record of it.
    pub(super) fn remove_incident(&mut self, site: SiteId, number: u32) {
        for incident in &mut self.derived.incidents {
            if incident.site == site && incident.merged_into == number {
                incident.merged_into = 0;
            }
        }
        self.derived.incidents.retain(|incident| incident.site != site || incident.number != number);
        let hash = self.names.of_site(site);
        self.log.retain(&mut |kind, payload| {
            kind != STEP
                || record::read_step(payload)
                    .is_none_or(|(head, step)| head.site != hash || step.number != number)
        });
    }

    /// Of every incident, lets go of steps that happened by themselves and that a later one of the
    /// same component, at least as bad, overtook; so also of an end and the new beginning behind
    /// it. What began it and ended it last stays, and how bad it was. `hidden`: only steps that
    /// nobody is told of. False if there were none.
    fn thin(&mut self, hidden: bool) -> bool {
        let mut goes = [0usize; 64];
        let mut count = 0usize;
        for raw in self.log.iter().filter(|raw| raw.kind == STEP) {
            let Some((head, step)) = record::read_step(raw.payload) else { continue };
            let shown = hidden && !is_hidden(step.what);
            if head.who != 0 || step.component == 0 || head.flags & UNDONE != 0 || shown {
                continue;
            }
            let end = match step.what {
                What::Joined
                | What::Worse
                | What::Better
                | What::NoData
                | What::Dated
                | What::Paused
                | What::Resumed => None,
                What::Reopened => match self.end_before(raw.at, head.site, step.number) {
                    None => continue,
                    end => end,
                },
                _ => continue,
            };
            if self.is_overtaken(raw.at, head.site, &step, end.is_some()) {
                for at in end.into_iter().chain([raw.at]) {
                    if let Some(slot) = goes.get_mut(count) {
                        *slot = at;
                        count = count.saturating_add(1);
                    }
                }
            }
            // An end goes with its beginning, or stays.
            if count >= goes.len().saturating_sub(1) {
                break;
            }
        }
        let goes = goes.get(..count).unwrap_or_default();
        let mut at = 0usize;
        let went = self.log.retain(&mut |_, payload| {
            let here = at;
            at = at.saturating_add(Log::size_of(payload.len()));
            !goes.contains(&here)
        });
        self.went(went)
    }

    /// The steps of an incident that were not taken back, with where they stand.
    fn steps_from(
        &self,
        at: usize,
        site: u32,
        number: u32,
    ) -> impl Iterator<Item = (usize, RecordHead, StepRecord<'_>)> {
        self.log.from(at).filter(|raw| raw.kind == STEP).filter_map(move |raw| {
            record::read_step(raw.payload)
                .filter(|(head, step)| head.site == site && step.number == number && head.flags & UNDONE == 0)
                .map(|(head, step)| (raw.at, head, step))
        })
    }

    /// Where the end stands that happened by itself just before a step of the same incident.
    fn end_before(&self, at: usize, site: u32, number: u32) -> Option<usize> {
        let (end, head, step) =
            self.steps_from(0, site, number).take_while(|(place, ..)| *place < at).last()?;
        (head.who == 0 && step.what == What::Resolved).then_some(end)
    }

    /// Whether a later step says all that this one does. `anew`: it began the incident anew, so
    /// that has to have ended again.
    fn is_overtaken(&self, at: usize, site: u32, step: &StepRecord<'_>, anew: bool) -> bool {
        let mut later = self.steps_from(at, site, step.number).skip(1);
        let mild = |what| matches!(what, What::Better | What::NoData | What::Paused);
        // A step that nobody is told of says since when, or that it is well for now. It leaves how
        // bad it was to others, and a step that says only how bad leaves since when.
        let dates = |what| matches!(what, What::Joined | What::Reopened | What::Dated | What::Resumed);
        let says = |what| (!is_hidden(what) || is_hidden(step.what)) && (dates(what) || !dates(step.what));
        // It may be all that knows how early the incident began.
        let as_early = |later: &StepRecord<'_>| {
            step.what != What::Dated || later.what == What::Dated && later.since <= step.since
        };
        if anew && !self.steps_from(at, site, step.number).any(|(_, _, later)| later.what == What::Resolved) {
            return false;
        }
        later.any(|(_, _, later)| {
            later.component == step.component
                && says(later.what)
                && as_early(&later)
                && later.state >= step.state
                && (mild(step.what) || !mild(later.what))
        })
    }

    /// Remembers how the two clocks stand to each other.
    pub(super) fn watch_clock(&mut self, now: Now) {
        self.seen = now;
        let offset = now.wall.map_or(i64::MIN, |wall| wall.0.saturating_sub(now.mono.0));
        if offset.saturating_sub(self.offset).saturating_abs() > i64::from(CLOCK_STEP.0) {
            self.steady_since = now.mono;
        }
        self.offset = offset;
    }

    /// From when on the wall clock may be believed that a time is over.
    pub(super) fn steady_at(&self) -> Mono {
        self.steady_since.plus(CLOCK_STEADY).max(self.believed_at)
    }

    /// Whether what is over by the wall clock may be forgotten.
    pub(super) fn is_steady(&self, now: Now) -> bool {
        now.wall.is_some() && self.steady_at() <= now.mono
    }

    /// Asks to be woken then.
    pub(super) fn wake_when_steady(&mut self, now: Now) {
        if now.wall.is_some() && self.steady_at() > now.mono {
            self.wake_at(self.steady_at());
        }
    }

    /// Lets go of what ended longer ago than its site keeps. Looked for once a day; the journal
    /// then forgets it, too.
    pub(super) fn retire(&mut self, config: &Config, now: Now) {
        let Some(wall) = now.wall else { return };
        let day = wall.0.div_euclid(DAY_MS);
        let tomorrow = crate::time::Wall(times(day.saturating_add(1), DAY_MS));
        if let Some(at) = now.mono_of(tomorrow).filter(|_| !self.derived.incidents.is_empty()) {
            self.wake_at(at);
        }
        if day == self.retired_on {
            return;
        }
        // A clock that is decades ahead for a moment must not cost what people wrote.
        if !self.is_steady(now) {
            return self.wake_when_steady(now);
        }
        self.retired_on = day;
        loop {
            let over = |incident: &&Incident| {
                let days = config.sites.get(incident.site.index()).map_or(0, |site| site.retain_days);
                self.may_go(incident)
                    && self
                        .ended_ago(incident, now)
                        .is_some_and(|ago| ago > i64::from(days).saturating_mul(DAY_MS))
            };
            let Some((site, number)) =
                self.derived.incidents.iter().find(over).map(|incident| (incident.site, incident.number))
            else {
                return;
            };
            self.drop_incident(site, number);
            self.counters.dropped = self.counters.dropped.saturating_add(1);
            self.purge = true;
        }
    }
}
