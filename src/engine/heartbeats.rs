//! Signs of life that are owed: which ones are on time, and what follows when one is not.
//!
//! One that is late, or says that something failed, is as bad as its severity says. One that was
//! not heard since we started is unknown, and not late until it had the time to come: who sends it
//! once a day may have done so just before. That alone opens no incident: else every restart would,
//! for each nightly job.
//!
//! # Over a restart
//!
//! So that such a job is not unknown for a day after each restart, the last beat of those that come
//! every [`BEAT_KEPT_EVERY`] or more rarely is written down when it comes, and no more often than
//! [`BEAT_WRITE`]. Of all, a failure is written at once, if none is written yet; what has changed
//! since is written with the history, every six hours, and at a clean stop. After a restart a
//! record says only what is sure: that one which was not due before the start came, and that one
//! which was late or had failed did. One that became due before is unknown: it may have come while
//! we were away, or have come and not been written down. How long ago it came is told by the wall
//! clock; when that is set right later, as on a board that begins where it stopped, what it said is
//! told anew.
//!
//! ```text
//! beat: | heartbeat u32 | flags u8 | last i64 |
//! ```
//!
//! Numbers are little-endian. `heartbeat`: a hash of the names of its site, source and section.
//! `flags`: 1 it failed, 2 it was late; both, it failed and the next one was late. `last`: when it
//! came, in milliseconds since 1970; what came before the clock was set is not written.

use super::Engine;
use super::locals::{Local, testify};
use crate::config::{Config, Heartbeat};
pub use crate::journal::kinds::BEAT;
use crate::limits::{BEAT_KEPT_EVERY, BEAT_REST, BEAT_WRITE, HEARTBEATS};
use crate::model::{Finding, HeartbeatId, SourceId};
use crate::time::{Mono, Now, Wall};

/// Bytes of it.
const RECORD: usize = 13;

const FAILED: u8 = 1;
const LATE: u8 = 2;

/// What is known of one heartbeat. All-zero: never heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum HeartbeatState {
    /// Not since then, and before that nobody listened.
    Unheard {
        /// Our start, or when it was configured.
        since: Mono,
    },
    /// The same, but an earlier run heard it, and nobody knows how long ago that is while the clock
    /// is not set.
    Recalled {
        /// Our start.
        since: Mono,
    },
    /// It had the time to come since then, and did not.
    Missed {
        /// When we began to listen.
        since: Mono,
    },
    /// It came, and the next one is not late yet.
    OnTime {
        /// When.
        last: Mono,
    },
    /// The next one did not come.
    Late {
        /// When the last one came.
        last: Mono,
        /// Whether that said that something failed.
        failed: bool,
    },
    /// It came, and said that something failed.
    Failed {
        /// When.
        last: Mono,
    },
}

impl Default for HeartbeatState {
    fn default() -> Self {
        Self::Unheard { since: Mono(0) }
    }
}

/// What is known of one heartbeat, and what the journal holds of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeartbeatSlot {
    state: HeartbeatState,
    /// What was written last, and when.
    written: (u8, Mono),
    written_at: Option<Mono>,
    /// When the end of a failure was written last.
    mended_at: Option<Mono>,
    /// The journal must be told of it.
    dirty: bool,
    /// When it came before our start and what it said, by a record, if nothing came since.
    recalled: Option<(Wall, u8)>,
}

impl HeartbeatSlot {
    pub(super) const fn new() -> Self {
        Self {
            state: HeartbeatState::Unheard { since: Mono(0) },
            written: (0, Mono(0)),
            written_at: None,
            mended_at: None,
            dirty: false,
            recalled: None,
        }
    }
}

impl HeartbeatState {
    /// In a word, for operators.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unheard { .. } => "not heard yet",
            Self::Recalled { .. } => "clock not set",
            Self::OnTime { .. } => "on time",
            Self::Failed { .. } | Self::Late { failed: true, .. } => "failed",
            Self::Late { .. } | Self::Missed { .. } => "late",
        }
    }

    /// When it came last.
    pub const fn last(self) -> Option<Mono> {
        match self {
            Self::Unheard { .. } | Self::Recalled { .. } | Self::Missed { .. } => None,
            Self::OnTime { last } | Self::Late { last, .. } | Self::Failed { last } => Some(last),
        }
    }

    /// Whether it is on time; `None` while that is not known.
    pub const fn is_on_time(self) -> Option<bool> {
        match self {
            Self::Unheard { .. } | Self::Recalled { .. } => None,
            Self::OnTime { .. } => Some(true),
            Self::Late { .. } | Self::Failed { .. } | Self::Missed { .. } => Some(false),
        }
    }

    /// What it says of its component.
    fn says(self, row: &Heartbeat) -> Finding {
        match self {
            Self::Unheard { .. } => Finding::NotDueYet,
            Self::Recalled { .. } => Finding::ClockUnset,
            Self::OnTime { .. } => Finding::Well,
            Self::Late { .. } | Self::Failed { .. } | Self::Missed { .. } => row.severity.into(),
        }
    }

    /// When it will be late, unless it comes.
    fn late_at(self, row: &Heartbeat) -> Option<Mono> {
        match self {
            Self::Late { .. } | Self::Missed { .. } => None,
            Self::OnTime { last: from }
            | Self::Failed { last: from }
            | Self::Unheard { since: from }
            | Self::Recalled { since: from } => Some(from.plus(row.every).plus(row.grace)),
        }
    }

    /// What a record says besides when it came last.
    const fn flags(self) -> u8 {
        match self {
            Self::Failed { .. } => FAILED,
            Self::Late { failed: true, .. } => FAILED | LATE,
            Self::Late { .. } => LATE,
            _ => 0,
        }
    }
}

impl Engine {
    /// What is known of a heartbeat.
    #[inline(never)]
    pub fn heartbeat(&self, id: HeartbeatId) -> HeartbeatState {
        self.beats.get(id.index()).map(|beat| beat.state).unwrap_or_default()
    }

    /// From now on they are owed.
    pub(super) fn begin_heartbeats(&mut self, now: Mono) {
        for beat in &mut self.beats {
            beat.state = HeartbeatState::Unheard { since: now };
        }
    }

    /// It came.
    pub(super) fn beat(&mut self, config: &Config, id: HeartbeatId, failed: bool, now: Now) {
        let Some(row) = config.heartbeats.get(id.index()) else { return };
        let last = now.mono;
        let state = if failed { HeartbeatState::Failed { last } } else { HeartbeatState::OnTime { last } };
        self.counters.beats = self.counters.beats.saturating_add(1);
        if failed {
            self.counters.missed = self.counters.missed.saturating_add(1);
        }
        if let Some(beat) = self.beats.get_mut(id.index()) {
            beat.recalled = None;
        }
        // Before its source: a component that is well again by it is never well too early.
        self.set_heartbeat(config, id, state, None, now);
        if self.is_to_be_written(id, row, failed, now) {
            self.must_write_beat(id);
        }
        if let Some(at) = state.late_at(row) {
            self.wake_at(at);
        }
        self.heard(config, row.source, now);
    }

    /// Looks which are late. O(heartbeats).
    pub(super) fn pass_heartbeats(&mut self, config: &Config, now: Now) {
        for (id, row) in config.heartbeats() {
            let state = self.heartbeat(id);
            let Some(at) = state.late_at(row) else { continue };
            if at > now.mono {
                self.wake_at(at);
                continue;
            }
            let (late, from) = match state {
                HeartbeatState::Failed { last } => (HeartbeatState::Late { last, failed: true }, last),
                HeartbeatState::OnTime { last } => (HeartbeatState::Late { last, failed: false }, last),
                HeartbeatState::Late { last, .. } => (state, last),
                HeartbeatState::Unheard { since }
                | HeartbeatState::Recalled { since }
                | HeartbeatState::Missed { since } => (HeartbeatState::Missed { since }, since),
            };
            self.counters.missed = self.counters.missed.saturating_add(1);
            self.set_heartbeat(config, id, late, Some(from.plus(row.every)), now);
            // A power cut must not make it look as if it might have come.
            if late.last().is_some() && row.every >= BEAT_KEPT_EVERY && now.wall.is_some() {
                self.must_write_beat(id);
            }
        }
    }

    // ---- over a restart -------------------------------------------------------------------------

    /// Whether what has just come is worth a write of its own.
    fn is_to_be_written(&self, id: HeartbeatId, row: &Heartbeat, failed: bool, now: Now) -> bool {
        let Some(beat) = self.beats.get(id.index()) else { return false };
        let rests = beat.written_at.is_some_and(|at| now.mono < at.plus(BEAT_WRITE));
        // The journal must not tell the other. It is told of a failure at once, and of its end with
        // the next good beat, but not sooner than `rest` after the last end that was written.
        let written = beat.written.0 & FAILED != 0;
        // What flaps more often than it is owed must not cost the flash for it.
        let rest = if row.every >= BEAT_REST { row.every.half() } else { BEAT_WRITE };
        let settled = beat.mended_at.is_none_or(|at| now.mono >= at.plus(rest));
        let news = failed && !written || !failed && written && settled;
        // What comes often, and was written with the history, must not be on time after a restart
        // if it has failed since.
        now.wall.is_some() && (news || (row.every >= BEAT_KEPT_EVERY && !rests))
    }

    fn must_write_beat(&mut self, id: HeartbeatId) {
        if let Some(beat) = self.beats.get_mut(id.index()) {
            (beat.dirty, self.unwritten) = (true, true);
        }
    }

    /// The record of a heartbeat, if it came and the clock is set.
    fn beat_record(&self, config: &Config, id: HeartbeatId, now: Now) -> Option<[u8; RECORD]> {
        let state = self.heartbeat(id);
        let beat = self.beats.get(id.index())?;
        let (last, flags) = match state.last() {
            Some(last) => (now.wall_of(last)?, state.flags()),
            None => beat.recalled?,
        };
        let mut out = [0; RECORD];
        let (head, tail) = out.split_first_chunk_mut::<4>()?;
        *head = config.heartbeat_hash(id).to_le_bytes();
        let (flags_at, tail) = tail.split_first_mut()?;
        *flags_at = flags;
        tail.copy_from_slice(&last.0.to_le_bytes());
        Some(out)
    }

    /// Writes one down.
    pub(super) fn write_beat(
        &mut self,
        config: &Config,
        id: HeartbeatId,
        now: Now,
        each: &mut dyn FnMut(u8, &[u8]),
    ) {
        if let Some(beat) = self.beats.get_mut(id.index()) {
            beat.dirty = false;
        }
        let Some(record) = self.beat_record(config, id, now) else { return };
        each(BEAT, &record);
        if let Some(beat) = self.beats.get_mut(id.index()) {
            if beat.written.0 & FAILED != 0 && beat.state.flags() & FAILED == 0 {
                beat.mended_at = Some(now.mono);
            }
            beat.written = (beat.state.flags(), beat.state.last().unwrap_or_default());
            beat.written_at = Some(now.mono);
        }
    }

    /// Writes down those of which the journal must be told at once.
    pub(super) fn write_dirty_beats(&mut self, config: &Config, now: Now, each: &mut dyn FnMut(u8, &[u8])) {
        for (id, _) in config.heartbeats() {
            if self.beats.get(id.index()).is_some_and(|beat| beat.dirty) {
                self.write_beat(config, id, now, each);
            }
        }
    }

    /// Writes down all that changed.
    pub(super) fn flush_beats(&mut self, config: &Config, now: Now, each: &mut dyn FnMut(u8, &[u8])) {
        for (id, _) in config.heartbeats() {
            let Some(beat) = self.beats.get(id.index()) else { continue };
            if beat.state.last().is_some_and(|last| beat.written != (beat.state.flags(), last)) {
                self.write_beat(config, id, now, each);
            }
        }
    }

    /// All of them.
    pub(super) fn snapshot_beats(&self, config: &Config, now: Now, each: &mut dyn FnMut(u8, &[u8])) {
        for record in config.heartbeats().filter_map(|(id, _)| self.beat_record(config, id, now)) {
            each(BEAT, &record);
        }
    }

    /// The journal holds all of them as they are.
    pub(super) fn wrote_beats(&mut self, now: Now) {
        for beat in &mut self.beats {
            beat.dirty = false;
            // Without a clock they have no record.
            if let Some(last) = beat.state.last().filter(|&last| now.wall_of(last).is_some()) {
                beat.written = (beat.state.flags(), last);
                beat.written_at = Some(now.mono);
            }
        }
    }

    /// Takes back a record; `None` if it is none.
    pub(super) fn restore_beat(&mut self, config: &Config, payload: &[u8]) -> Option<()> {
        let (hash, rest) = payload.split_first_chunk::<4>()?;
        let (&flags, rest) = rest.split_first()?;
        let at = Wall(i64::from_le_bytes(rest.try_into().ok()?));
        let hash = u32::from_le_bytes(*hash);
        let found = config.heartbeats().find(|&(id, _)| config.heartbeat_hash(id) == hash);
        if let Some(beat) = found.and_then(|(id, _)| self.beats.get_mut(id.index())) {
            beat.recalled = Some((at, flags));
            beat.state = HeartbeatState::Recalled { since: self.started };
            // The journal holds that, whatever the clock says.
            beat.written.0 = flags;
        }
        Some(())
    }

    /// What an earlier run heard, once the clock says when that was, and again when it says
    /// otherwise.
    pub(super) fn recall_beats(&mut self, config: &Config, now: Now) {
        for (id, row) in config.heartbeats() {
            let Some(&beat) = self.beats.get(id.index()) else { continue };
            let Some((recalled_at, flags)) = beat.recalled else {
                // It came before the clock was set, and the journal holds that it had failed.
                if beat.written.0 & FAILED != 0 && beat.state.flags() & FAILED == 0 && now.wall.is_some() {
                    self.must_write_beat(id);
                }
                continue;
            };
            // What we have waited for in vain ourselves needs no clock.
            if matches!(beat.state, HeartbeatState::Missed { .. }) {
                continue;
            }
            let Some(last) = now.mono_of(recalled_at) else { return };
            let since = self.started;
            // If it is later than our start, a clock was wrong, then or now. It was before.
            let ahead = last > since;
            let last = last.min(since);
            let state = match flags {
                FAILED => HeartbeatState::Failed { last },
                _ if flags & LATE != 0 => HeartbeatState::Late { last, failed: flags & FAILED != 0 },
                _ if ahead => HeartbeatState::Unheard { since },
                // The next one may have come, and not been written down.
                _ if last.plus(row.every) > self.started => HeartbeatState::OnTime { last },
                _ => HeartbeatState::Unheard { since },
            };
            // It may have become late since.
            let state = match (state, state.late_at(row)) {
                (HeartbeatState::OnTime { last } | HeartbeatState::Failed { last }, Some(at))
                    if at <= now.mono =>
                {
                    HeartbeatState::Late { last, failed: flags & FAILED != 0 }
                }
                (state, _) => state,
            };
            let failed = flags & FAILED != 0;
            let began = if matches!(state, HeartbeatState::Late { .. }) && !failed {
                last.plus(row.every)
            } else {
                last
            };
            self.set_heartbeat(config, id, state, Some(began), now);
            if let Some(beat) = self.beats.get_mut(id.index()) {
                // It is in the journal as it is.
                beat.written = (flags, last);
            }
            if let Some(at) = state.late_at(row) {
                self.wake_at(at);
            }
        }
    }

    /// Goes from one state to another; `began`: since when it is so, if not since now.
    fn set_heartbeat(
        &mut self,
        config: &Config,
        id: HeartbeatId,
        state: HeartbeatState,
        began: Option<Mono>,
        now: Now,
    ) {
        if let Some(beat) = self.beats.get_mut(id.index()) {
            beat.state = state;
        }
        testify(self, config, Local::Heartbeat(id), began, now);
    }

    /// What a heartbeat says of its component.
    pub(super) fn heartbeat_finding(&self, config: &Config, id: HeartbeatId) -> Finding {
        config.heartbeats.get(id.index()).map_or(Finding::Well, |row| self.heartbeat(id).says(row))
    }

    /// After a reload: a heartbeat of the same name and source goes on.
    pub(super) fn renew_heartbeats(
        &mut self,
        (old, new): (&Config, &Config),
        same_source: &dyn Fn(SourceId, SourceId) -> bool,
        now: Mono,
    ) {
        let mut beats = [HeartbeatSlot::new(); HEARTBEATS];
        for ((_, row), beat) in new.heartbeats().zip(&mut beats) {
            let same = |was: &Heartbeat| {
                old.str(was.name) == new.str(row.name) && same_source(was.source, row.source)
            };
            let was = old.heartbeats().find(|(_, was)| same(was));
            beat.state = HeartbeatState::Unheard { since: now };
            if let Some(was) = was.and_then(|(id, _)| self.beats.get(id.index())) {
                *beat = *was;
            }
        }
        self.beats = beats;
    }
}
