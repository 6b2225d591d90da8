//! How one component stands: what its alerts and its sources' silence add up to, and since when.

use super::sources::Sources;
use crate::config::Component;
use crate::model::{ComponentView, Reason, Severity, State};
use crate::time::Mono;

/// What is counted and remembered for one component. All-zero: no data, nothing known.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    outages: u16,
    degraded: u16,
    /// Alerts of which nobody can tell whether they still fire.
    unknown: u16,
    /// Rules that have heard nothing.
    unheard: u8,
    /// Heartbeats that have not had the time to come.
    owed: u8,
    /// What alerts that found no room left behind: the component is at least that bad until then. Two fields,
    /// since `None` of a pair would take a value of [`State`] that is not zero, and move all of the engine
    /// from `.bss` into the file (480 KiB seen).
    marked: State,
    marked_until: Option<Mono>,
    /// A reload changed which alerts lead here: "well" counts only from then on. Zero: it counts.
    word_counts_at: Mono,
    view: ComponentView,
}

/// How an alert counts on its components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Not at all.
    Nothing,
    /// Nobody can tell.
    Unknown,
    /// It has heard nothing: a rule.
    Unheard,
    /// It has not had the time to come: a heartbeat.
    Owed,
    /// It fires, this badly.
    Fires(Severity),
}

impl Standing {
    /// Nothing known; all-zero.
    pub const fn new() -> Self {
        Self {
            outages: 0,
            degraded: 0,
            unknown: 0,
            unheard: 0,
            owed: 0,
            marked: State::NoData,
            marked_until: None,
            word_counts_at: Mono(0),
            view: ComponentView {
                state: State::NoData,
                since: None,
                reason: Reason::Reported,
                maintenance: false,
                affected_by: None,
            },
        }
    }

    /// Whether it is unknown only since a heartbeat is owed that has not had the time to come.
    pub fn waits(&self) -> bool {
        self.view.reason == Reason::Owed
    }

    /// What a visitor is told.
    pub fn view(&self) -> ComponentView {
        self.view
    }

    /// An alert begins to count like this.
    pub fn add(&mut self, weight: Weight) {
        match weight {
            Weight::Unheard => self.unheard = self.unheard.saturating_add(1),
            Weight::Owed => self.owed = self.owed.saturating_add(1),
            _ => {
                if let Some(n) = self.counter(weight) {
                    *n = n.saturating_add(1);
                }
            }
        }
    }

    /// An alert no longer counts like this.
    pub fn sub(&mut self, weight: Weight) {
        match weight {
            Weight::Unheard => self.unheard = self.unheard.saturating_sub(1),
            Weight::Owed => self.owed = self.owed.saturating_sub(1),
            _ => {
                if let Some(n) = self.counter(weight) {
                    *n = n.saturating_sub(1);
                }
            }
        }
    }

    /// What is counted: outages, degraded, unknown.
    #[cfg(test)]
    pub fn counted(&self) -> (u16, u16, u16) {
        (self.outages, self.degraded, self.unknown)
    }

    fn counter(&mut self, weight: Weight) -> Option<&mut u16> {
        match weight {
            Weight::Nothing | Weight::Unheard | Weight::Owed | Weight::Fires(Severity::Fine) => None,
            Weight::Unknown => Some(&mut self.unknown),
            Weight::Fires(Severity::Degraded) => Some(&mut self.degraded),
            Weight::Fires(Severity::Outage) => Some(&mut self.outages),
        }
    }

    /// Forgets what its alerts add up to, to be counted anew.
    pub fn recount(&mut self) {
        (self.outages, self.degraded, self.unknown, self.unheard, self.owed) = (0, 0, 0, 0, 0);
    }

    /// An alert found no room: the component is at least this bad until then.
    pub fn mark(&mut self, weight: Weight, now: Mono, until: Mono) {
        let state = match weight {
            Weight::Fires(Severity::Outage) => State::Outage,
            Weight::Fires(Severity::Degraded) => State::Degraded,
            Weight::Unknown | Weight::Unheard | Weight::Owed => State::NoData,
            Weight::Nothing | Weight::Fires(Severity::Fine) => return,
        };
        // The worst of the refused, until after the last of them.
        self.marked = self.mark_at(now).map_or(state, |marked| marked.max(state));
        self.marked_until = Some(until);
    }

    fn mark_at(&self, now: Mono) -> Option<State> {
        self.marked_until.filter(|&until| until > now).map(|_| self.marked)
    }

    /// "Well" counts only from then on, and never earlier than was said before.
    pub fn distrust(&mut self, until: Mono) {
        self.word_counts_at = self.word_counts_at.max(until);
    }

    /// When time alone may change it.
    pub fn wakes_at(&self, now: Mono) -> Option<Mono> {
        let mark = self.marked_until.filter(|&at| at > now);
        let word = Some(self.word_counts_at).filter(|&at| at > now);
        match (mark, word) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Whether a mark or a distrust has run out since the last look; forgets it if so.
    pub fn pass(&mut self, now: Mono) -> bool {
        let mark = self.marked_until.take_if(|until| *until <= now).is_some();
        let word = self.word_counts_at > Mono(0) && self.word_counts_at <= now;
        if word {
            self.word_counts_at = Mono(0);
        }
        mark || word
    }

    /// Adds everything up. `began` is when its newest trouble began, if that is known to be earlier than
    /// now. True if what a visitor is told has changed.
    pub fn judge(
        &mut self,
        sources: &Sources,
        component: &Component,
        began: Option<Mono>,
        now: Mono,
    ) -> bool {
        let (state, reason) = self.state(sources, component, now);
        let began = match (state, reason) {
            (State::NoData, Reason::Silent) => sources.last_of(component.feeders).filter(|&at| at <= now),
            (State::NoData, _) => None,
            _ => began.filter(|&at| at <= now),
        };
        let since = self.since(state, began, now);
        let view = ComponentView { state, since, reason, ..self.view };
        let changed = view != self.view;
        self.view = view;
        changed
    }

    fn state(&self, sources: &Sources, component: &Component, now: Mono) -> (State, Reason) {
        let word = if component.watched { Ok(()) } else { sources.word_of(component.feeders, now) };
        let marked = self.mark_at(now).unwrap_or(State::Operational);
        let alerts = match (self.outages, self.degraded, self.unknown.max(self.unheard.max(self.owed).into()))
        {
            (1.., _, _) => State::Outage,
            (0, 1.., _) => State::Degraded,
            (0, 0, 1..) => State::NoData,
            (0, 0, 0) => State::Operational,
        };
        match alerts.max(marked) {
            State::Operational => match word {
                Ok(()) if self.word_counts_at > now => (State::NoData, Reason::Resync),
                Ok(()) => (State::Operational, Reason::Reported),
                Err(reason) => (State::NoData, reason),
            },
            // An alert whose end nobody saw, and its source may be silent besides: that explains more.
            State::NoData => match word {
                Err(reason @ (Reason::Silent | Reason::NeverHeard)) => (State::NoData, reason),
                Ok(()) if self.unknown == 0 && self.unheard == 0 && marked != State::NoData => {
                    (State::NoData, Reason::Owed)
                }
                _ if self.unknown == 0 && self.unheard.max(self.owed) > 0 => {
                    (State::NoData, Reason::NeverHeard)
                }
                _ => (State::NoData, Reason::Expired),
            },
            bad => (bad, Reason::Reported),
        }
    }

    /// Since when it is so. While it stays unwell this never moves forward, whatever it is called.
    fn since(&self, state: State, began: Option<Mono>, now: Mono) -> Option<Mono> {
        let old = self.view;
        match (old.state, state) {
            (State::Operational, State::Operational) => old.since,
            // Well again since now; but of a start, when nothing was known, nothing is known.
            (_, State::Operational) => old.since.map(|_| now),
            (State::Operational, _) => Some(began.unwrap_or(now)),
            // From not knowing, since our start, to no longer hearing.
            (_, State::NoData) => old.since.or(began),
            (_, State::Degraded | State::Outage) => {
                let began = began.unwrap_or(now);
                Some(old.since.map_or(began, |since| since.min(began)))
            }
        }
    }
}
