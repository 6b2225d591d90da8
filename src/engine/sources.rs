//! The senders: who is alive, who has fallen silent, and whose word counts yet.

use heapless::{String, Vec};

use crate::config::{Component, Config, Scope};
use crate::limits::{ODD_NAME_BYTES, ODD_NAMES, SOURCES};
use crate::model::{Finding, SourceId, SourceSet};
use crate::text::cut;
use crate::text::mask::mask_ip;
use crate::time::{Millis, Mono};

/// What is known of one sender. All-zero: never heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Life {
    /// Nothing since we started.
    #[default]
    NeverHeard,
    /// Alive. Its silence about a component means "well" only from `trusted_from` on: after our
    /// start or its return, its rule groups report one by one, minutes apart.
    Live { last: Mono, trusted_from: Mono },
    /// No sign of life for longer than it may be.
    Silent { last: Mono },
}

/// What a source does that the page does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// An alert leads to no component that the source feeds.
    Unmapped,
    /// An alert has a severity that nobody knows. It counts as `default_severity` says.
    Severity,
    /// A request asked for a path that is none, or with a method that is not for it.
    Path,
}

/// How many of [`Oddity`] there are.
const ODDITIES: usize = 3;

/// The name of an alert with which something is odd.
struct OddName {
    source: SourceId,
    what: Oddity,
    name: String<ODD_NAME_BYTES, u8>,
}

/// All senders, by [`SourceId`].
pub struct Sources {
    lives: [Life; SOURCES],
    /// Alerts and requests of each with which something was odd, by [`Oddity`], since the start.
    odd: [[u32; ODDITIES]; SOURCES],
    /// Their names, each once, since the start or the last reload.
    names: Vec<OddName, ODD_NAMES>,
    /// Alerts whose names found no room there.
    names_refused: u64,
}

/// What a moment's passing changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Those whose word about their components changed.
    pub changed: SourceSet,
    /// When to look again.
    pub next: Option<Mono>,
}

impl Default for Sources {
    fn default() -> Self {
        Self::new()
    }
}

impl Sources {
    /// Nobody heard yet; all-zero.
    pub const fn new() -> Self {
        Self {
            lives: [Life::NeverHeard; SOURCES],
            odd: [[0; ODDITIES]; SOURCES],
            names: Vec::new(),
            names_refused: 0,
        }
    }

    #[inline(never)]
    fn life(&self, id: SourceId) -> Life {
        self.lives.get(id.index()).copied().unwrap_or_default()
    }

    /// How many of its alerts or requests were odd in this way since the start. Most alerts of a
    /// Prometheus that says everything to everybody lead nowhere; all do if its labels are
    /// mistyped.
    pub fn odd(&self, id: SourceId, what: Oddity) -> u32 {
        self.odd.get(id.index()).and_then(|counts| counts.get(what as usize)).copied().unwrap_or_default()
    }

    /// What these alerts are called, each name once and cut to [`ODD_NAME_BYTES`], since the start
    /// or the last reload.
    pub fn odd_names(&self, id: SourceId, what: Oddity) -> impl Iterator<Item = &str> {
        self.names.iter().filter(move |row| row.source == id && row.what == what).map(|row| row.name.as_str())
    }

    /// The name at a place: whose alert it is, and what is odd with it.
    pub fn odd_name(&self, place: usize) -> Option<(SourceId, Oddity, &str)> {
        self.names.get(place).map(|row| (row.source, row.what, row.name.as_str()))
    }

    /// How many such names are held, and how many alerts came whose name found no room.
    pub fn odd_names_used(&self) -> (usize, u64) {
        (self.names.len(), self.names_refused)
    }

    /// Counts something odd. Returns how often it was so.
    pub(super) fn count(&mut self, id: SourceId, what: Oddity) -> u32 {
        let count = self.odd.get_mut(id.index()).and_then(|counts| counts.get_mut(what as usize));
        count.map_or(0, |count| {
            *count = count.saturating_add(1);
            *count
        })
    }

    /// Counts an alert of that name. Each source holds at most `share` names. Returns the place of
    /// a name that is new, and [`ODD_NAMES`] when a name finds no room for the first time.
    pub(super) fn note(&mut self, id: SourceId, what: Oddity, name: &str, share: usize) -> Option<usize> {
        self.count(id, what);
        // An operator and the log are told the name: an address in it is masked, as on a page.
        let mut masked = Vec::<u8, ODD_NAME_BYTES>::from_slice(cut(name, ODD_NAME_BYTES).as_bytes());
        if let Ok(text) = &mut masked {
            mask_ip(text);
        }
        let name = masked.as_deref().ok().and_then(|text| core::str::from_utf8(text).ok()).unwrap_or("");
        if self.odd_names(id, what).any(|known| known == name) {
            return None;
        }
        let held = self.names.iter().filter(|row| row.source == id).count();
        let row = OddName { source: id, what, name: String::try_from(name).unwrap_or_default() };
        if held < share && self.names.push(row).is_ok() {
            return self.names.len().checked_sub(1);
        }
        self.names_refused = self.names_refused.saturating_add(1);
        (self.names_refused == 1).then_some(ODD_NAMES)
    }

    /// A sign of life. True if it was not alive before.
    pub fn heard(&mut self, id: SourceId, resync: Millis, now: Mono) -> bool {
        let Some(life) = self.lives.get_mut(id.index()) else { return false };
        let (returned, trusted_from) = match *life {
            Life::Live { trusted_from, .. } => (false, trusted_from),
            Life::NeverHeard | Life::Silent { .. } => (true, now.plus(resync)),
        };
        *life = Life::Live { last: now, trusted_from };
        returned
    }

    /// Looks who has fallen silent, and whose word has come to count since `before`. O(sources).
    pub fn pass(&mut self, config: &Config, before: Mono, now: Mono) -> Passed {
        let mut passed = Passed::default();
        for ((life, source), id) in self.lives.iter_mut().zip(&config.sources).zip(0u16..) {
            let Life::Live { last, trusted_from } = *life else { continue };
            let silent_at = last.plus(source.silent_after);
            if now >= silent_at {
                *life = Life::Silent { last };
                passed.changed.insert(SourceId(id));
                continue;
            }
            if before < trusted_from && trusted_from <= now {
                passed.changed.insert(SourceId(id));
            }
            let next = if trusted_from > now { silent_at.min(trusted_from) } else { silent_at };
            passed.next = Some(passed.next.map_or(next, |soonest| soonest.min(next)));
        }
        passed
    }

    /// Whether it is alive.
    pub fn is_live(&self, id: SourceId) -> bool {
        matches!(self.life(id), Life::Live { .. })
    }

    /// Whether its word counts: it is alive, and has been for its resync.
    pub fn counts(&self, id: SourceId, now: Mono) -> bool {
        matches!(self.life(id), Life::Live { trusted_from, .. } if now >= trusted_from)
    }

    /// When it was last heard.
    pub fn last_heard(&self, id: SourceId) -> Option<Mono> {
        match self.life(id) {
            Life::NeverHeard => None,
            Life::Live { last, .. } | Life::Silent { last } => Some(last),
        }
    }

    /// What the sources that feed a component vouch for together: any of them would tell us if
    /// something were wrong; else why none would: somebody is coming back,
    /// else somebody has fallen silent, else nobody was heard.
    pub fn feed_of(&self, component: &Component, now: Mono) -> Finding {
        // Its heartbeats and rules have deadlines of their own.
        if component.watched {
            return Finding::Well;
        }
        let mut feed = Finding::NeverHeard;
        for id in component.feeders.iter() {
            match self.life(id) {
                Life::Live { trusted_from, .. } if now >= trusted_from => return Finding::Well,
                // Somebody is coming back.
                Life::Live { .. } => feed = Finding::Settling,
                Life::Silent { .. } if feed == Finding::NeverHeard => feed = Finding::Silent,
                Life::Silent { .. } | Life::NeverHeard => {}
            }
        }
        feed
    }

    /// The last sign of life of any of them.
    pub fn last_of(&self, feeders: SourceSet) -> Option<Mono> {
        feeders.iter().filter_map(|id| self.last_heard(id)).max()
    }

    /// Since when none of the sources that feed a component has been heard, though each should have
    /// been: the last of them; `Some(None)`: never. Who has not been heard since our `start` is
    /// missed only once it has had the time to speak.
    pub fn silent_since(
        &self,
        config: &Config,
        component: &Component,
        start: Mono,
        now: Mono,
    ) -> Option<Option<Mono>> {
        if component.watched {
            return None;
        }
        let mut last = None;
        for id in component.feeders.iter() {
            match self.life(id) {
                Life::Live { .. } => return None,
                Life::Silent { last: heard } => last = last.max(Some(heard)),
                Life::NeverHeard => {
                    let source = config.sources.get(id.index())?;
                    if now < start.plus(source.silent_after) {
                        return None;
                    }
                }
            }
        }
        Some(last)
    }

    /// After a reload: each new source takes over the life of the old one that `from` names, if
    /// any. Names are forgotten: what is odd still will be told anew.
    pub fn renew(&mut self, from: &[Option<SourceId>]) {
        let mut new = Self { names_refused: self.names_refused, ..Self::new() };
        for ((life, odd), old) in new.lives.iter_mut().zip(&mut new.odd).zip(from) {
            if let Some(old) = old {
                *life = self.life(*old);
                *odd = self.odd.get(old.index()).copied().unwrap_or_default();
            }
        }
        *self = new;
    }

    /// The sources of a configuration that push, as a set.
    pub fn pushers(config: &Config) -> SourceSet {
        let mut set = SourceSet::EMPTY;
        for (source, id) in config.sources.iter().zip(0u16..) {
            if source.scope == Scope::Push {
                set.insert(SourceId(id));
            }
        }
        set
    }
}
