//! Who gives way when there is no room, and when their time is over.
//!
//! First what is of no use any more, then incidents that ended by themselves and that nobody wrote to, the oldest first;
//! then the steps in the middle of what happened by itself; last the words about what ended over
//! [`WORDS_SAFE_DAYS`](crate::limits::WORDS_SAFE_DAYS) ago. When only younger words and what goes on are left, the newcomer
//! is refused.

use super::Incidents;
use super::derived::Incident;
use super::entries::{Log, Went};
use super::record::{self, BANNER, CLEARED, CLOCK, STEP, UNDO, UNDONE, WINDOW, WINDOW_ENDED, What};
use crate::config::Config;
use crate::limits::{CLOCK_STEADY, CLOCK_STEP, INCIDENTS, MAINTENANCES, WORDS_SAFE_DAYS};
use crate::model::SiteId;
use crate::time::Now;

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
        self.sweep();
        while !fits(self) {
            if !(self.drop_ended(false, None) || self.thin() || self.drop_ended(true, now)) {
                return false;
            }
        }
        true
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

    /// Lets go of records from which nothing follows any more.
    pub(super) fn sweep(&mut self) {
        let last_banners: [usize; crate::limits::SITES] = self.last_banners();
        let derived = &self.derived;
        let names = &self.names;
        let mut at = 0usize;
        let went = self.log.retain(&mut |kind, payload| {
            let here = at;
            at = at.saturating_add(Log::size_of(payload.len()));
            let Some(head) = record::head(payload).filter(|_| !matches!(kind, CLOCK | UNDO)) else {
                return false;
            };
            let Some(site) = names.site(head.site) else { return false };
            if head.flags & UNDONE != 0 {
                return false;
            }
            match kind {
                STEP => record::read_step(payload)
                    .is_some_and(|(_, step)| derived.find(site, step.number).is_some()),
                WINDOW => record::read_window(payload).is_some_and(|(_, window)| {
                    derived.windows.iter().any(|known| known.site == site && known.number == window.number)
                }),
                BANNER => last_banners.get(site.index()) == Some(&here) && head.flags & CLEARED == 0,
                WINDOW_ENDED => false,
                _ => true,
            }
        });
        self.went(went);
    }

    /// Where the banner in force of each site stands.
    fn last_banners(&self) -> [usize; crate::limits::SITES] {
        let mut places = [usize::MAX; crate::limits::SITES];
        for raw in self.log.iter().filter(|raw| raw.kind == BANNER) {
            let Some(head) = record::head(raw.payload).filter(|head| head.flags & UNDONE == 0) else {
                continue;
            };
            if let Some(place) = self.names.site(head.site).and_then(|site| places.get_mut(site.index())) {
                *place = raw.at;
            }
        }
        places
    }

    /// Drops the oldest incident that has ended: of those that nobody wrote to, or of those whose words are no longer
    /// safe. False if there is none.
    fn drop_ended(&mut self, with_words: bool, now: Option<Now>) -> bool {
        let goes = |incident: &&Incident| {
            if incident.open || self.is_linked(incident) {
                return false;
            }
            if !with_words {
                return !incident.words;
            }
            // Of an end whose time nobody knows, an earlier run of the machine has the blame.
            now.is_some_and(|now| {
                self.elapsed(incident.ended, now).is_none_or(|ago| ago > WORDS_SAFE_DAYS.saturating_mul(DAY))
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

    fn is_linked(&self, incident: &Incident) -> bool {
        self.derived.linked(&self.names, incident.site, incident.number).next().is_some()
    }

    /// Removes an incident and every record of it.
    pub(super) fn drop_incident(&mut self, site: SiteId, number: u32) {
        self.derived.incidents.retain(|incident| incident.site != site || incident.number != number);
        let hash = self.names.of_site(site);
        let went = self.log.retain(&mut |kind, payload| {
            kind != STEP
                || record::read_step(payload)
                    .is_none_or(|(head, step)| head.site != hash || step.number != number)
        });
        self.went(went);
    }

    /// Of every incident, lets go of steps that happened by themselves and that a later one of the same component
    /// overtook. What began and ended it stays. False if there were none.
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
                        && later.state.is_some()
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

    /// Lets go of what ended longer ago than its site keeps. Looked for once a day; the journal then forgets it, too.
    pub(super) fn retire(&mut self, config: &Config, now: Now) {
        let Some(wall) = now.wall else { return };
        let day = wall.0.div_euclid(DAY);
        let tomorrow = crate::time::Wall(day.saturating_add(1).saturating_mul(DAY));
        let ahead = wall.0.saturating_sub(now.mono.0);
        if core::mem::replace(&mut self.ahead, ahead).abs_diff(ahead) >= u64::from(CLOCK_STEP.0) {
            self.set_at = now.mono;
        }
        // A clock that is decades ahead for a moment must not cost what people wrote.
        let steady_at = self.set_at.plus(CLOCK_STEADY);
        if let Some(at) = now.mono_of(tomorrow).filter(|_| !self.derived.incidents.is_empty()) {
            self.wake_at(if now.mono < steady_at { steady_at } else { at });
        }
        if day == self.retired_on || now.mono < steady_at {
            return;
        }
        self.retired_on = day;
        loop {
            let over = |incident: &&Incident| {
                let days = config.sites.get(incident.site.index()).map_or(0, |site| site.retain_days);
                !incident.open
                    && !self.is_linked(incident)
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
