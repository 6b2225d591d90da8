//! The senders: who is alive, who has fallen silent, and whose word counts yet.

use heapless::String;

use crate::config::{Component, Config, Scope};
use crate::limits::{SOURCES, UNMAPPED_NAME_BYTES};
use crate::model::{Finding, SourceId, SourceSet};
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

/// All senders, by [`SourceId`].
pub struct Sources {
    lives: [Life; SOURCES],
    /// Alerts of each that led to no component.
    unmapped: [u32; SOURCES],
    /// What the last of these was called.
    led_nowhere: [String<UNMAPPED_NAME_BYTES>; SOURCES],
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
            unmapped: [0; SOURCES],
            led_nowhere: [const { String::new() }; SOURCES],
        }
    }

    #[inline(never)]
    fn life(&self, id: SourceId) -> Life {
        self.lives.get(id.index()).copied().unwrap_or_default()
    }

    /// How many of its alerts led to no component since the start: most of a Prometheus that says
    /// everything to everybody, all of one whose labels are mistyped.
    pub fn unmapped(&self, id: SourceId) -> u32 {
        self.unmapped.get(id.index()).copied().unwrap_or_default()
    }

    /// What the last of these was called, cut to [`UNMAPPED_NAME_BYTES`]; empty if nothing was.
    pub fn led_nowhere(&self, id: SourceId) -> &str {
        self.led_nowhere.get(id.index()).map_or("", String::as_str)
    }

    /// One more, of that name.
    pub(super) fn count_unmapped(&mut self, id: SourceId, name: &str) {
        if let Some(count) = self.unmapped.get_mut(id.index()) {
            *count = count.saturating_add(1);
        }
        if let Some(last) = self.led_nowhere.get_mut(id.index()) {
            last.clear();
            // What is longer is cut.
            _ = name.chars().try_for_each(|c| last.push(c));
        }
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
    /// any.
    pub fn renew(&mut self, from: &[Option<SourceId>]) {
        let mut new = Self::new();
        let places = new.lives.iter_mut().zip(&mut new.unmapped).zip(&mut new.led_nowhere);
        for (((life, unmapped), name), old) in places.zip(from) {
            if let Some(old) = old {
                (*life, *unmapped) = (self.life(*old), self.unmapped(*old));
                _ = name.push_str(self.led_nowhere(*old));
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
