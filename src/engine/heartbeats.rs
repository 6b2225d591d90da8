//! Signs of life that are owed: which ones are on time, and what follows when one is not.
//!
//! A heartbeat that was never heard since we started is unknown, not late: who sends it once a day may have done so just
//! before. One that is late, or says that something failed, is as bad as its severity says.

use super::Engine;
use super::reload::same_source;
use super::standing::Weight;
use crate::config::{Config, Heartbeat};
use crate::limits::HEARTBEATS;
use crate::model::HeartbeatId;
use crate::time::{Mono, Now};

/// What is known of one heartbeat. All-zero: never heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pulse {
    /// Not since we started.
    #[default]
    Unheard,
    /// It came, and the next one is not late yet.
    OnTime {
        /// When.
        last: Mono,
    },
    /// The next one did not come.
    Late {
        /// When the last one came.
        last: Mono,
    },
    /// It came, and said that something failed.
    Failed {
        /// When.
        last: Mono,
    },
}

impl Pulse {
    /// In a word, for operators.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unheard => "never heard",
            Self::OnTime { .. } => "on time",
            Self::Late { .. } => "late",
            Self::Failed { .. } => "failed",
        }
    }

    /// When it came last.
    pub const fn last(self) -> Option<Mono> {
        match self {
            Self::Unheard => None,
            Self::OnTime { last } | Self::Late { last } | Self::Failed { last } => Some(last),
        }
    }

    fn weight(self, row: &Heartbeat) -> Weight {
        match self {
            Self::Unheard => Weight::Unheard,
            Self::OnTime { .. } => Weight::Nothing,
            Self::Late { .. } | Self::Failed { .. } => Weight::Fires(row.severity),
        }
    }

    /// When it will be late, unless it comes.
    fn late_at(self, row: &Heartbeat) -> Option<Mono> {
        match self {
            Self::Unheard | Self::Late { .. } => None,
            Self::OnTime { last } | Self::Failed { last } => Some(last.plus(row.every).plus(row.grace)),
        }
    }
}

impl Engine {
    /// What is known of a heartbeat.
    pub fn pulse(&self, id: HeartbeatId) -> Pulse {
        self.pulses.get(id.index()).copied().unwrap_or_default()
    }

    /// It came.
    pub(super) fn beat(&mut self, config: &Config, id: HeartbeatId, failed: bool, now: Now) {
        let Some(row) = config.heartbeats.get(id.index()) else { return };
        let last = now.mono;
        let pulse = if failed { Pulse::Failed { last } } else { Pulse::OnTime { last } };
        self.counters.beats = self.counters.beats.saturating_add(1);
        if failed {
            self.counters.missed = self.counters.missed.saturating_add(1);
        }
        // Before its source: a component that is well again by it is never well too early.
        self.set_pulse(config, id, pulse, None, last);
        if let Some(at) = pulse.late_at(row) {
            self.wake_at(at);
        }
        self.heard(config, row.source, now);
    }

    /// Looks which are late. O(heartbeats).
    pub(super) fn pass_heartbeats(&mut self, config: &Config, now: Mono) {
        for (id, row) in config.heartbeats() {
            let pulse = self.pulse(id);
            match (pulse.late_at(row), pulse.last()) {
                (Some(at), Some(last)) if at <= now => {
                    self.counters.missed = self.counters.missed.saturating_add(1);
                    self.set_pulse(config, id, Pulse::Late { last }, Some(last.plus(row.every)), now);
                }
                (Some(at), _) => self.wake_at(at),
                (None, _) => {}
            }
        }
    }

    /// Goes from one pulse to another; `began`: since when it is so, if not since now.
    fn set_pulse(&mut self, config: &Config, id: HeartbeatId, pulse: Pulse, began: Option<Mono>, now: Mono) {
        let Some(place) = self.pulses.get_mut(id.index()) else { return };
        let old = core::mem::replace(place, pulse);
        let Some(row) = config.heartbeats.get(id.index()) else { return };
        self.weigh_one(config, row.component, (old.weight(row), pulse.weight(row)), began, now);
    }

    /// Adds all of them to components that count none yet.
    pub(super) fn count_heartbeats(&mut self, config: &Config) {
        for (id, row) in config.heartbeats() {
            let weight = self.pulse(id).weight(row);
            if let Some(standing) = row.component.and_then(|id| self.standings.get_mut(id.index())) {
                standing.add(weight);
            }
        }
    }

    /// After a reload: a heartbeat of the same name and source goes on.
    pub(super) fn renew_heartbeats(&mut self, old: &Config, new: &Config) {
        let mut pulses = [Pulse::Unheard; HEARTBEATS];
        for ((_, row), pulse) in new.heartbeats().zip(&mut pulses) {
            let same = |was: &Heartbeat| {
                old.str(was.name) == new.str(row.name) && same_source(old, was.source, new, row.source)
            };
            let was = old.heartbeats().find(|(_, was)| same(was));
            *pulse = was.map_or(Pulse::Unheard, |(id, _)| self.pulse(id));
        }
        self.pulses = pulses;
    }
}
