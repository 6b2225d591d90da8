//! Who gives way when there is no room, and when their time is over.
//!
//! First what is of no use any more, then incidents that ended by themselves and that nobody wrote to, the oldest first;
//! then the steps in the middle of what happened by itself; last the words about what ended over
//! [`WORDS_SAFE_DAYS`](crate::limits::WORDS_SAFE_DAYS) ago. When only younger words and what goes on are left, the newcomer
//! is refused.

use super::Incidents;
use super::derived::Incident;
use super::entries::{Log, Went};
use super::record::{
    self, BANNER, CLEARED, CLOCK, GONE, STEP, UNDO, UNDONE, WINDOW, WINDOW_ENDED, What, When,
};
use crate::config::Config;
use crate::limits::{CLOCK_STEADY, CLOCK_STEP, INCIDENTS, MAINTENANCES, SITES, WORDS_SAFE_DAYS};
use crate::model::SiteId;
use crate::time::{Mono, Now};

const DAY: i64 = 86_400_000;

impl Incidents {
    /// Sees to room for a record of so many bytes. False if there is none.
    pub(super) fn room_for(&mut self, payload: usize, by_person: bool, now: Option<Now>) -> bool {
        let fits = |this: &Self| {
            let weight = this.log.weight().saturating_add(Log::weight_of(payload));
            // A tenth is kept for people.
            let capacity = this.capacity();
            weight <= if by_person { capacity } else { capacity.saturating_sub(capacity / 10) }
        };
        if fits(self) {
            return true;
        }
        self.sweep(false);
        while !fits(self) {
            if !(self.drop_ended(false, None) || self.thin() || self.drop_ended(true, now)) {
                return false;
            }
        }
        true
    }

    /// Makes what came back from a journal smaller: as it was in the run that wrote it, or as a limit that was lowered since
    /// wants it. False if nothing was left to go.
    pub(super) fn shrink(&mut self, now: Option<Now>) -> bool {
        let weight = self.log.weight();
        self.sweep(false);
        let went = self.log.weight() < weight || self.thin();
        went || (now.is_some() && (self.drop_ended(false, None) || self.drop_ended(true, now)))
    }

    /// Sees to room for one more incident.
    pub(super) fn room_for_incident(&mut self, now: Now) -> bool {
        self.derived.incidents.len() < INCIDENTS
            || self.drop_ended(false, None)
            || self.drop_ended(true, Some(now))
    }

    /// Sees to room for one more maintenance.
    pub(super) fn room_for_window(&mut self, config: &Config, now: Now) -> bool {
        self.end_windows(config, now);
        self.derived.windows.len() < MAINTENANCES
    }

    fn went(&mut self, went: Went) -> bool {
        // What the journal was never told, it must not be told later in a part.
        self.purge |= went.unnoted;
        went.any
    }

    /// Lets go of records from which nothing follows any more, not even by an undo. `untold`: but not of those that only the
    /// journal is for, and that it has not been told.
    pub(super) fn sweep(&mut self, untold: bool) {
        let last_banners = self.last_banners();
        let ended_lately = self.ended_lately();
        let noted = self.log.noted();
        let derived = &self.derived;
        let names = &self.names;
        let mut at = 0usize;
        let went = self.log.retain(&mut |kind, payload| {
            let here = at;
            at = at.saturating_add(Log::size_of(payload.len()));
            if matches!(kind, CLOCK | UNDO | GONE) {
                return untold && here >= noted;
            }
            let Some(head) = record::head(payload) else { return false };
            let Some(site) = names.site(head.site) else { return false };
            if head.flags & UNDONE != 0 {
                return false;
            }
            match kind {
                STEP => record::read_step(payload)
                    .is_some_and(|(_, step)| derived.find(site, step.number).is_some()),
                WINDOW | WINDOW_ENDED if ended_lately.get(site.index()) == Some(&true) => true,
                WINDOW => record::read_window(payload).is_some_and(|(_, window)| {
                    derived.windows.iter().any(|known| known.site == site && known.number == window.number)
                }),
                BANNER => last_banners
                    .get(site.index())
                    .is_some_and(|&(last, lately)| lately || (last == here && head.flags & CLEARED == 0)),
                WINDOW_ENDED => false,
                _ => true,
            }
        });
        self.went(went);
    }

    /// Where the banner in force of each site stands, and whether whoever put it there may still take it back.
    fn last_banners(&self) -> [(usize, bool); SITES] {
        let mut places = [(usize::MAX, false); SITES];
        for raw in self.log.iter().filter(|raw| raw.kind == BANNER) {
            let Some(head) = record::head(raw.payload).filter(|head| head.flags & UNDONE == 0) else {
                continue;
            };
            if let Some(place) = self.names.site(head.site).and_then(|site| places.get_mut(site.index())) {
                *place = (raw.at, self.is_undoable(head.when, self.seen));
            }
        }
        places
    }

    /// The sites on which somebody may still take back that a maintenance ended.
    fn ended_lately(&self) -> [bool; SITES] {
        let mut sites = [false; SITES];
        for raw in self.log.iter().filter(|raw| raw.kind == WINDOW_ENDED) {
            if let Some(head) = record::head(raw.payload).filter(|head| head.flags & UNDONE == 0)
                && let Some(site) = self.names.site(head.site).and_then(|site| sites.get_mut(site.index()))
            {
                *site |= self.is_undoable(head.when, self.seen);
            }
        }
        sites
    }

    /// Drops the oldest incident that has ended: of those that nobody wrote to, or of those whose words are no longer
    /// safe. False if there is none.
    fn drop_ended(&mut self, with_words: bool, now: Option<Now>) -> bool {
        let goes = |incident: &&Incident| {
            if !self.may_go(incident) {
                return false;
            }
            if !with_words {
                return !incident.words;
            }
            // Of an end whose time nobody knows, an earlier run of the machine has the blame.
            now.is_some_and(|now| match self.elapsed(incident.ended, now) {
                None => incident.ended == When::Unknown,
                Some(ago) => ago > WORDS_SAFE_DAYS.saturating_mul(DAY) && self.is_steady(now),
            })
        };
        let Some((site, number)) =
            self.derived.incidents.iter().find(goes).map(|incident| (incident.site, incident.number))
        else {
            return false;
        };
        self.drop_incident(site, number);
        self.counters.dropped = self.counters.dropped.saturating_add(1);
        true
    }

    /// Whether nothing that goes on depends on an incident. What was merged into another one goes behind that one, whose
    /// components it brought.
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

    /// Of every incident, lets go of steps that happened by themselves and that a later one of the same component, at least as
    /// bad, overtook. What began and ended it stays, and how bad it was. False if there were none.
    fn thin(&mut self) -> bool {
        let mut goes = [0usize; 64];
        let mut count = 0usize;
        for raw in self.log.iter().filter(|raw| raw.kind == STEP) {
            let Some((head, step)) = record::read_step(raw.payload) else { continue };
            let middle = matches!(step.what, What::Joined | What::Worse | What::Better | What::NoData);
            if head.who != 0 || !middle || step.component == 0 {
                continue;
            }
            let overtaken = self.log.from(raw.at).skip(1).filter(|later| later.kind == STEP).any(|later| {
                record::read_step(later.payload).is_some_and(|(later_head, later)| {
                    later_head.site == head.site
                        && later.number == step.number
                        && later.component == step.component
                        && later.state >= step.state
                        && (matches!(step.what, What::Better | What::NoData)
                            || !matches!(later.what, What::Better | What::NoData))
                        && later_head.flags & UNDONE == 0
                })
            });
            if overtaken && let Some(slot) = goes.get_mut(count) {
                *slot = raw.at;
                count = count.saturating_add(1);
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
        self.steady_since.plus(CLOCK_STEADY)
    }

    /// Whether what is over by the wall clock may be forgotten.
    pub(super) fn is_steady(&self, now: Now) -> bool {
        now.wall.is_some() && self.steady_at() <= now.mono
    }

    /// Lets go of what ended longer ago than its site keeps. Looked for once a day; the journal then forgets it, too.
    pub(super) fn retire(&mut self, config: &Config, now: Now) {
        let Some(wall) = now.wall else { return };
        let day = wall.0.div_euclid(DAY);
        let tomorrow = crate::time::Wall(day.saturating_add(1).saturating_mul(DAY));
        if let Some(at) = now.mono_of(tomorrow).filter(|_| !self.derived.incidents.is_empty()) {
            self.wake_at(at);
        }
        if day == self.retired_on {
            return;
        }
        if !self.is_steady(now) {
            return self.wake_at(self.steady_at());
        }
        self.retired_on = day;
        loop {
            let over = |incident: &&Incident| {
                let days = config.sites.get(incident.site.index()).map_or(0, |site| site.retain_days);
                self.may_go(incident)
                    && self
                        .elapsed(incident.ended, now)
                        .is_some_and(|ago| ago > i64::from(days).saturating_mul(DAY))
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
