//! How the past is written down, and taken back.
//!
//! # Records, version 1
//!
//! Numbers are little-endian.
//!
//! ```text
//! roster: | first u16 | n x component u32 |
//! days:   | day u32 | first u16 |
//!         | n x ( more u8 | down u8 | degraded u8 | maintenance u8 | known u8 ) |
//! ```
//!
//! The roster says which components the days behind it tell of, in order, by their hash
//! ([`Config::component_hash`]); `first` is the place of the first one that is listed, 0 begins a
//! new roster. One that is too long for a record goes on in another.
//!
//! `day`: days since 1970-01-01, in the civil time of the component's site. `first`: the place in
//! the roster that the first run tells of. A run says that one component and `more` behind it fared
//! alike, in the codes of [`scale`](super::scale). Four zeros say nothing, and change nothing that
//! was said before; else the last word on a day and a component counts, and is the sum of that day
//! so far. So a day on which 256 components were well is 11 bytes.

use heapless::Vec;

use super::scale::Packed;
use super::{Calendar, Uptime, calendar_of};
use crate::config::Config;
pub use crate::journal::kinds::{DAYS, ROSTER};
use crate::limits::{COMPONENTS, RECORD_BYTES, RECORD_OVERHEAD_BYTES};
use crate::model::{ComponentId, SiteId};
use crate::time::{Mono, Now};

/// Bytes before the runs.
const HEAD_BYTES: usize = 6;
const RUN_BYTES: usize = 5;

type Payload = Vec<u8, RECORD_BYTES, u16>;
type Each<'a> = &'a mut dyn FnMut(u8, &[u8]);

impl Uptime {
    /// Writes down the present day and what else has changed since the last time. Call it when
    /// [`flush_at`](Self::flush_at) says so, and at a clean stop, behind [`pass`](Self::pass). A
    /// record that is not taken is made up for by the next [`snapshot`](Self::snapshot).
    pub fn flush(&mut self, config: &Config, now: Now, each: Each<'_>) {
        (self.wrote_at, self.hastened) = (now.mono, false);
        for calendar in &mut self.calendars {
            if let Some(changed) = calendar.place(calendar.today).and_then(|at| calendar.changed.get_mut(at))
            {
                *changed = true;
            }
        }
        while let Some(number) = self.newest(config, u32::MAX, true) {
            if !self.rostered {
                self.rostered = true;
                roster(config, each);
            }
            self.write_day(config, number, now.mono, each);
            for calendar in &mut self.calendars {
                let Some(at) = calendar.place(number) else { continue };
                if let Some(changed) = calendar.changed.get_mut(at) {
                    *changed = false;
                }
            }
        }
    }

    /// Writes all days that are kept, for a compacted journal: the newest first, as many as fit
    /// into `budget_bytes`, [`RECORD_OVERHEAD_BYTES`] of each record and the roster included, which
    /// is written in any case (at most 1,042 bytes). Returns how many days did not fit. O(days² +
    /// days × components).
    pub fn snapshot(&self, config: &Config, now: Now, budget_bytes: u32, each: Each<'_>) -> u32 {
        let mut left = budget_bytes.saturating_sub(cost_of(&mut |each| roster(config, each)));
        roster(config, each);
        let mut dropped = 0u32;
        let mut before = u32::MAX;
        while let Some(number) = self.newest(config, before, false) {
            before = number;
            let cost = cost_of(&mut |each| self.write_day(config, number, now.mono, each));
            if let Some(rest) = left.checked_sub(cost) {
                left = rest;
                self.write_day(config, number, now.mono, each);
            } else {
                left = 0;
                dropped = dropped.saturating_add(1);
            }
        }
        dropped
    }

    /// Takes back a record of an earlier run, before the first [`pass`](Self::pass). Components
    /// that the configuration no longer names are left out. False, and nothing has changed, if it
    /// is not one of these.
    pub fn restore(&mut self, config: &Config, kind: u8, payload: &[u8]) -> bool {
        match kind {
            ROSTER => self.restore_roster(config, payload),
            DAYS => self.restore_days(config, payload),
            _ => None,
        }
        .is_some()
    }

    fn restore_roster(&mut self, config: &Config, payload: &[u8]) -> Option<()> {
        let (first, listed) = payload.split_first_chunk::<2>()?;
        let (listed, rest) = listed.as_chunks::<4>();
        let first = usize::from(u16::from_le_bytes(*first));
        if !rest.is_empty() || first.saturating_add(listed.len()) > COMPONENTS {
            return None;
        }
        if first == 0 {
            self.roster = [0; COMPONENTS];
        }
        let mut hashes = [0; COMPONENTS];
        for (id, hash) in (0u16..).map(ComponentId).zip(&mut hashes).take(config.components.len()) {
            *hash = config.component_hash(id);
        }
        for (listed, place) in listed.iter().zip(self.roster.iter_mut().skip(first)) {
            let wanted = u32::from_le_bytes(*listed);
            let found = hashes.iter().position(|&hash| hash == wanted && hash != 0);
            *place = found.and_then(|at| u16::try_from(at.wrapping_add(1)).ok()).unwrap_or(0);
        }
        Some(())
    }

    fn restore_days(&mut self, config: &Config, payload: &[u8]) -> Option<()> {
        let (number, rest) = payload.split_first_chunk::<4>()?;
        let (first, runs) = rest.split_first_chunk::<2>()?;
        let number = u32::from_le_bytes(*number);
        let first = usize::from(u16::from_le_bytes(*first));
        let (runs, rest) = runs.as_chunks::<RUN_BYTES>();
        let count = |&[more, ..]: &[u8; RUN_BYTES]| usize::from(more).saturating_add(1);
        let listed = runs.iter().map(count).fold(first, usize::saturating_add);
        let fared = |&[_, ref fared @ ..]: &[u8; RUN_BYTES]| Packed(*fared);
        let good = |run| fared(run).minutes().is_some();
        if number == 0 || !rest.is_empty() || listed > COMPONENTS || !runs.iter().all(good) {
            return None;
        }
        let all = runs.iter().flat_map(|run| core::iter::repeat_n(fared(run), count(run)));
        for (place, packed) in (first..).zip(all).filter(|&(_, packed)| packed != Packed::NOTHING) {
            let id = self.roster.get(place).and_then(|id| id.checked_sub(1)).map(ComponentId);
            if let Some((id, site)) = id.and_then(|id| Some((id, config.site_of(id)?))) {
                let mut calendar = *calendar_of(&self.calendars, config, id);
                self.take(config, site, &mut calendar, number);
                let at = calendar.place(number);
                if let Some(kept) = self.calendars.get_mut(site.index()) {
                    *kept = calendar;
                }
                if let Some(kept) = self.kept(id, at) {
                    *kept = packed;
                }
            }
        }
        Some(())
    }

    /// The newest day before `before` that any site keeps; with `changed`, that has changed.
    fn newest(&self, config: &Config, before: u32, changed: bool) -> Option<u32> {
        let sites = self.calendars.iter().take(config.sites.len());
        let days = sites.flat_map(|calendar: &Calendar| calendar.numbers.iter().zip(&calendar.changed));
        days.filter(|&(&number, &is_changed)| number != 0 && number < before && (is_changed || !changed))
            .map(|(&number, _)| number)
            .max()
    }

    /// The records of one day, of all sites that keep it.
    fn write_day(&self, config: &Config, number: u32, now: Mono, each: Each<'_>) {
        let mut runs = Runs { number, next: 0, out: Payload::new(), each };
        for (component, id) in config.components.iter().zip((0u16..).map(ComponentId)) {
            let site = config.services.get(component.service.index()).map(|service| service.site);
            let calendar = site.and_then(|site: SiteId| self.calendars.get(site.index()));
            let packed = calendar.map_or(Packed::NOTHING, |calendar| self.packed(calendar, id, number, now));
            runs.add(packed);
        }
        runs.end();
    }
}

/// Bytes that records cost in a journal.
fn cost_of(write: &mut dyn FnMut(Each<'_>)) -> u32 {
    let mut cost = 0u32;
    write(&mut |_, payload| {
        let bytes = u32::try_from(payload.len().saturating_add(RECORD_OVERHEAD_BYTES)).unwrap_or(u32::MAX);
        cost = cost.saturating_add(bytes);
    });
    cost
}

/// The records that list the components.
fn roster(config: &Config, each: Each<'_>) {
    let mut out = Payload::new();
    for (id, at) in (0u16..).map(ComponentId).zip(0u16..).take(config.components.len()) {
        if out.is_empty() {
            put(&mut out, &at.to_le_bytes());
        }
        put(&mut out, &config.component_hash(id).to_le_bytes());
        if out.len().saturating_add(4) > RECORD_BYTES {
            each(ROSTER, &out);
            out.clear();
        }
    }
    if !out.is_empty() {
        each(ROSTER, &out);
    }
}

/// The records of a day in the making.
struct Runs<'a> {
    number: u32,
    /// The place of the next component.
    next: u16,
    out: Payload,
    each: Each<'a>,
}

impl Runs<'_> {
    fn add(&mut self, packed: Packed) {
        let last = self.out.len() > HEAD_BYTES;
        match self.out.last_chunk_mut::<RUN_BYTES>() {
            Some([more, fared @ ..]) if last && *more < u8::MAX && *fared == packed.0 => {
                *more = more.saturating_add(1);
            }
            _ => {
                if self.out.len().saturating_add(RUN_BYTES) > RECORD_BYTES {
                    self.end();
                }
                if !self.out.is_empty() || packed != Packed::NOTHING {
                    if self.out.is_empty() {
                        put(&mut self.out, &self.number.to_le_bytes());
                        put(&mut self.out, &self.next.to_le_bytes());
                    }
                    put(&mut self.out, &[0]);
                    put(&mut self.out, &packed.0);
                }
            }
        }
        self.next = self.next.saturating_add(1);
    }

    /// Hands the record over, without zeros at its end.
    fn end(&mut self) {
        if self.out.ends_with(&Packed::NOTHING.0) {
            self.out.truncate(self.out.len().saturating_sub(RUN_BYTES));
        }
        if self.out.len() > HEAD_BYTES {
            (self.each)(DAYS, &self.out);
        }
        self.out.clear();
    }
}

/// There is room: see above.
fn put(out: &mut Payload, bytes: &[u8]) {
    _ = out.extend_from_slice(bytes);
}
