//! The bounded store of alerts: a dense list, and an index by (source, fingerprint).
//!
//! All operations but [`Alerts::evict_ended`] and the walks are O(1) in the number of alerts, so
//! the cost of an alert does not grow with how many fire. "Full" is a value; the engine decides
//! what it means.

use heapless::Vec;

use super::lifetime::{Memory, Sender};
use crate::config::Config;
use crate::limits::{ALERTS, SINCE_DAYS, SITES, SOURCES};
use crate::model::{ComponentSet, Finding, Kept, Listed, SiteId, SourceId};
use crate::time::civil::DAY_MS;
use crate::time::{At, MaybeWall, Mono, Now, Wall, times};

/// What makes two messages speak of the same alert: who says it, and the full label set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AlertKey {
    /// The sender; nobody else can end it.
    pub source: u16,
    /// The fingerprint of the full label set, as Prometheus computes it.
    pub fingerprint: u64,
}

/// Where an alert is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertPhase {
    /// It fires; unrepeated until then, it expires.
    Firing {
        /// When.
        until: Mono,
    },
    /// Nobody can tell whether it fires: it ended without being resolved, or was over by our clock
    /// when it was first heard. A repeating source must have been heard without it since then for
    /// [`EXPIRED_QUIET`](crate::limits::EXPIRED_QUIET); a webhook's stays so until it is resolved.
    Expired {
        /// Since when.
        quiet_since: Mono,
    },
    /// It was resolved. Remembered until then, so that a repeated "resolved" is known for what it
    /// is, and so is a "firing" that another member of a cluster sends late.
    Ended {
        /// When.
        until: Mono,
    },
    /// A person has ended it: the team's word, not knowledge, until its source speaks of it again.
    /// Then, at the latest, its source would have said it again.
    Released {
        /// When.
        until: Mono,
    },
}

/// What the journal has of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnFlash {
    /// It holds it.
    pub written: bool,
    /// It holds something else of it, or lacks it: see
    /// [`Engine::write_down`](super::Engine::write_down).
    pub dirty: bool,
    /// Until when it knows what was heard, in seconds of the monotonic clock; before a start, less
    /// than zero.
    pub at_secs: i32,
}

impl OnFlash {
    /// Nothing, and nothing is owed.
    pub const NOTHING: Self = Self { written: false, dirty: false, at_secs: 0 };

    /// It knows what was heard until this moment.
    #[inline(never)]
    pub fn written(at: Mono) -> Self {
        let at_secs = i32::try_from(at.0.div_euclid(1000)).unwrap_or(i32::MIN);
        Self { written: true, dirty: false, at_secs }
    }

    /// Until when it knows what was heard.
    pub fn at(self) -> Mono {
        Mono(times(self.at_secs.into(), 1000))
    }
}

/// How a start came to the life of an alert that the journal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Its source has spoken of it in this run, or its record had no end and the clock was set.
    None,
    /// It has what was left by the clock. If the clock is set, that is found anew.
    Left,
    /// There was no clock: it has all of its life again.
    Whole,
}

/// One alert that is held.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its identity.
    pub key: AlertKey,
    /// The components that it concerns; never empty.
    pub components: ComponentSet,
    /// What it says while it fires: degraded, outage, or that its sender cannot tell.
    pub fires: Finding,
    /// Why nobody can tell whether it fires, when nobody can.
    pub unknown: Finding,
    /// What operators call it on its site, from 1; another one may get it again after 65,535.
    pub number: u16,
    /// How it ends.
    pub sender: Sender,
    /// Where it is in its life.
    pub phase: AlertPhase,
    /// What its messages said so far.
    pub memory: Memory,
    /// `startsAt`, as the sender wrote it.
    pub starts_at: MaybeWall,
    /// When we first heard of it.
    pub first_heard: Mono,
    /// When we last heard of it.
    pub last_heard: Mono,
    /// Whether its labels hold a MAC address, so that its fingerprint must not be written down.
    pub private: bool,
    /// How the start came to its life. Until when that is by the journal is in `memory.announced`.
    pub grant: Grant,
    /// What the journal has of it.
    pub flash: OnFlash,
    /// Its name, and what a matcher or `publish` names.
    pub kept: Kept,
}

impl Held {
    /// Who says it.
    pub fn source(&self) -> SourceId {
        SourceId(self.key.source)
    }
    /// What it is called.
    pub fn name(&self) -> &str {
        self.kept.get(false, "alertname").unwrap_or("?")
    }
    /// Whether it is known to fire.
    pub fn fires(&self) -> bool {
        matches!(self.phase, AlertPhase::Firing { .. })
    }
    /// Whether it says that something is wrong or may be: all but those that were resolved.
    pub fn counts(&self) -> bool {
        !matches!(self.phase, AlertPhase::Ended { .. })
    }
    /// As a client of Alertmanager's API may see it; `None` if it is over.
    pub fn listed(&self, now: Now) -> Option<Listed<'_>> {
        let (until, active) = match self.phase {
            AlertPhase::Firing { until } => (now.wall_of(until), true),
            AlertPhase::Expired { .. } => (None, false),
            AlertPhase::Ended { .. } | AlertPhase::Released { .. } => return None,
        };
        Some(Listed {
            kept: &self.kept,
            fingerprint: self.key.fingerprint,
            starts_at: self.starts_at.get().or_else(|| now.wall_of(self.first_heard)),
            ends_at: self.memory.announced.get().or(until),
            updated_at: now.wall_of(self.last_heard),
            active,
        })
    }
    /// Since when its sender says that it is so, if that can be true; else since we heard of it.
    pub fn since(&self, now: Now) -> At {
        since(self.starts_at.get(), self.first_heard, now)
    }
    /// What it says of its components.
    pub fn says(&self) -> Finding {
        match self.phase {
            AlertPhase::Firing { .. } => self.fires,
            AlertPhase::Expired { .. } => self.unknown,
            AlertPhase::Ended { .. } => Finding::Well,
            AlertPhase::Released { .. } => Finding::TeamSaysOver,
        }
    }
}

/// When trouble began that was `heard` of then: as its sender says, if that can be true.
pub fn since(starts_at: Option<Wall>, heard: Mono, now: Now) -> At {
    let possible = |starts: &Wall| {
        now.wall.is_some_and(|wall| {
            let oldest = wall.0.saturating_sub(i64::from(SINCE_DAYS).saturating_mul(DAY_MS));
            oldest <= starts.0 && *starts <= wall
        })
    };
    starts_at.filter(possible).map_or(At::Mono(heard), At::Wall)
}

/// Places in the index: twice as many as in the list, since its probes lengthen as it fills.
const INDEX: usize = ALERTS * 2;

/// Where in the list the alert with a key is: 4 KiB. Open addressing, with linear probes; a hole
/// that a removal leaves is filled at once, so a probe ends at the first empty place.
struct Index([u16; INDEX]);

impl Index {
    const MASK: usize = INDEX - 1;

    /// Where the probe for a key begins. Fingerprints are hashes.
    fn home(key: AlertKey) -> usize {
        let [a, b, c, d, ..] = key.fingerprint.to_le_bytes();
        let low = u32::from_le_bytes([a, b, c, d]) ^ u32::from(key.source).wrapping_mul(0x9E37_79B9);
        usize::try_from(low.wrapping_mul(0x9E37_79B1) >> 16).unwrap_or(0) & Self::MASK
    }

    /// The places from `home` on, once around.
    fn probe(home: usize) -> impl Iterator<Item = usize> {
        (0..INDEX).map(move |step| home.wrapping_add(step) & Self::MASK)
    }

    fn get(&self, at: usize) -> Option<usize> {
        usize::from(self.0.get(at).copied().unwrap_or(0)).checked_sub(1)
    }

    fn set(&mut self, at: usize, place: Option<usize>) {
        if let Some(slot) = self.0.get_mut(at) {
            *slot = place.and_then(|place| u16::try_from(place.saturating_add(1)).ok()).unwrap_or(0);
        }
    }

    /// The first place from the key's home on that is empty or that `wanted` is true of.
    fn find(&self, key: AlertKey, mut wanted: impl FnMut(usize) -> bool) -> Option<usize> {
        Self::probe(Self::home(key)).find(|&at| self.get(at).is_none_or(&mut wanted))
    }

    /// Empties a place, and moves back those behind it whose probe went over it.
    fn empty(&mut self, mut hole: usize, key_of: impl Fn(usize) -> Option<AlertKey>) {
        for at in Self::probe(hole.wrapping_add(1) & Self::MASK) {
            let Some(place) = self.get(at) else { break };
            let start = key_of(place).map_or(at, Self::home);
            let (travelled, gap) = (at.wrapping_sub(start) & Self::MASK, at.wrapping_sub(hole) & Self::MASK);
            if travelled >= gap {
                self.set(hole, Some(place));
                hole = at;
            }
        }
        self.set(hole, None);
    }
}

const _: () = assert!(size_of::<Held>() <= 392, "limits.rs says what an alert costs");
const _: () = assert!(INDEX.is_power_of_two() && INDEX <= 65_536, "a place fits 16 bits");

/// The store.
pub struct Alerts {
    list: Vec<Held, ALERTS, u16>,
    index: Index,
    /// How many that count each source holds.
    counting: [u16; SOURCES],
    /// The numbers that were given last, on each site: they tell nothing of another one.
    numbered: [u16; SITES],
    /// All numbers have been given on a site.
    came_round: bool,
}

impl Default for Alerts {
    fn default() -> Self {
        Self::new()
    }
}

impl Alerts {
    /// An empty store; all-zero.
    pub const fn new() -> Self {
        Self {
            list: Vec::new(),
            index: Index([0; INDEX]),
            counting: [0; SOURCES],
            numbered: [0; SITES],
            came_round: false,
        }
    }

    /// How many are held, ended ones included.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many that count a source holds.
    pub fn counting(&self, source: SourceId) -> usize {
        self.counting.get(source.index()).copied().map_or(0, usize::from)
    }

    /// How many that count there are.
    pub fn counting_all(&self) -> usize {
        self.counting.iter().fold(0, |sum: usize, &n| sum.saturating_add(usize::from(n)))
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Held> {
        self.list.iter()
    }

    /// Where the alert with this key is.
    pub fn find(&self, key: AlertKey) -> Option<usize> {
        let is = |place: usize| self.list.get(place).is_some_and(|held| held.key == key);
        self.index.get(self.index.find(key, is)?)
    }

    /// The one at a place.
    pub fn get(&self, at: usize) -> Option<&Held> {
        self.list.get(at)
    }

    /// Adds one; hands it back if there is no room. Its key must not be held yet.
    #[expect(clippy::result_large_err, reason = "full is a value that hands the item back")]
    pub fn insert(&mut self, mut held: Held, config: &Config) -> Result<(), Held> {
        let key = held.key;
        if self.list.is_full() {
            return Err(held);
        }
        held.number = self.next_number(config, held.source());
        let counts = held.counts();
        let place = self.list.len();
        self.list.push(held)?;
        self.enter(key, place);
        if counts {
            self.count(key, 1);
        }
        Ok(())
    }

    /// A number that no alert of the source's site has: whoever ended one of two by it would end
    /// the other. Those of other sites do not count: gaps would tell of them.
    fn next_number(&mut self, config: &Config, source: SourceId) -> u16 {
        let site_of = |source: SourceId| {
            config.sources.get(source.index()).map(|source| source.site).unwrap_or_default()
        };
        let site = site_of(source);
        let mut number = self.numbered.get(site.index()).copied().unwrap_or_default();
        loop {
            number = number.checked_add(1).unwrap_or_else(|| {
                self.came_round = true;
                1
            });
            // In the first round they are new. There are more of them than alerts.
            let is_free = |held: &Held| held.number != number || site_of(held.source()) != site;
            if !self.came_round || self.list.iter().all(is_free) {
                break;
            }
        }
        if let Some(last) = self.numbered.get_mut(site.index()) {
            *last = number;
        }
        number
    }

    /// As if so many numbers had been given on each site.
    #[cfg(test)]
    pub fn number_from(&mut self, last: u16) {
        self.numbered = [last; SITES];
    }

    /// Changes the one at a place; its key must stay. Returns what `change` does.
    pub fn update<R>(&mut self, at: usize, change: impl FnOnce(&mut Held) -> R) -> Option<R> {
        let held = self.list.get_mut(at)?;
        let before = held.counts();
        let result = change(held);
        let (key, after) = (held.key, held.counts());
        if before != after {
            self.count(key, if after { 1 } else { -1 });
        }
        Some(result)
    }

    /// Changes all that a source holds; whether they count must stay as it is.
    pub fn for_each_of(&mut self, source: SourceId, change: impl FnMut(&mut Held)) {
        self.list.iter_mut().filter(|held| held.source() == source).for_each(change);
    }

    /// Removes the one at a place; the last one takes its place.
    pub fn remove(&mut self, at: usize) -> Option<Held> {
        if at >= self.list.len() {
            return None;
        }
        let key_of = |place: usize| self.list.get(place).map(|held| held.key);
        if let Some(key) = key_of(at)
            && let Some(slot) = self.index.find(key, |place| place == at)
        {
            self.index.empty(slot, key_of);
        }
        let held = self.list.swap_remove(at);
        let last = self.list.len();
        if let Some(moved) = self.list.get(at).map(|held| held.key)
            && let Some(slot) = self.index.find(moved, |place| place == last)
        {
            self.index.set(slot, Some(at));
        }
        if held.counts() {
            self.count(held.key, -1);
        }
        Some(held)
    }

    /// Makes room by forgetting one that has ended. False if there is none. O(alerts), and only
    /// called when the list is full.
    pub fn evict_ended(&mut self) -> bool {
        if self.counting_all() >= self.list.len() {
            return false;
        }
        // The journal must hear of an end before it is forgotten.
        match self.list.iter().position(|held| !held.counts() && !held.flash.dirty) {
            Some(at) => self.remove(at).is_some(),
            None => false,
        }
    }

    /// Lets sites go on with their numbers at another place: from the first to the second of each
    /// pair.
    pub fn renumber(&mut self, moves: impl Iterator<Item = (SiteId, SiteId)>) {
        let before = core::mem::take(&mut self.numbered);
        for (was, is) in moves {
            if let (Some(last), Some(slot)) = (before.get(was.index()), self.numbered.get_mut(is.index())) {
                *slot = *last;
            }
        }
    }

    /// Passes each to `renew`, which may change its key; forgets those for which it returns false.
    pub fn rebuild(&mut self, mut renew: impl FnMut(&mut Held) -> bool) {
        self.list.retain_mut(&mut renew);
        self.index = Index([0; INDEX]);
        self.counting = [0; SOURCES];
        for place in 0..self.list.len() {
            let Some((key, counts)) = self.list.get(place).map(|held| (held.key, held.counts())) else {
                break;
            };
            self.enter(key, place);
            if counts {
                self.count(key, 1);
            }
        }
    }

    /// Enters a key into the index, which always has room: it is twice as large as the list.
    fn enter(&mut self, key: AlertKey, place: usize) {
        if let Some(at) = self.index.find(key, |_| false) {
            self.index.set(at, Some(place));
        }
    }

    fn count(&mut self, key: AlertKey, by: i16) {
        if let Some(n) = self.counting.get_mut(usize::from(key.source)) {
            *n = n.saturating_add_signed(by);
        }
    }
}
