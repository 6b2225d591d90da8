//! The witnesses that are part of aiglon itself: heartbeats and rules.
//!
//! Such a witness makes one claim, on one component at most. Its kind knows how it comes to that
//! claim (`heartbeats`, `rules`), and calls [`testify`] when the claim may have changed. No
//! alert stands in the store for it, so it always has room.
//!
//! A further kind is a variant of [`Local`], and an arm in each `match` of this file.

use super::Engine;
use crate::config::Config;
use crate::limits::{HEARTBEATS, RULES};
use crate::model::{ComponentId, ComponentSet, Finding, HeartbeatId, RuleId};
use crate::time::{At, Mono, Now};

/// A witness of aiglon's own.
#[derive(Clone, Copy)]
pub(super) enum Local {
    Heartbeat(HeartbeatId),
    Rule(RuleId),
}

impl Local {
    fn all(config: &Config) -> impl Iterator<Item = Self> {
        let heartbeats = config.heartbeats().map(|(id, _)| Self::Heartbeat(id));
        heartbeats.chain(config.rules().map(|(id, _)| Self::Rule(id)))
    }

    /// Its place among the claims.
    fn place(self) -> usize {
        match self {
            Self::Heartbeat(id) => id.index(),
            Self::Rule(id) => HEARTBEATS.saturating_add(id.index()),
        }
    }

    fn component(self, config: &Config) -> Option<ComponentId> {
        match self {
            Self::Heartbeat(id) => config.heartbeats.get(id.index())?.component,
            Self::Rule(id) => config.rules.get(id.index())?.component,
        }
    }

    fn finding(self, engine: &Engine, config: &Config, now: Mono) -> Finding {
        match self {
            Self::Heartbeat(id) => engine.heartbeat_finding(config, id),
            Self::Rule(id) => engine.rule_finding(config, id, now),
        }
    }
}

/// What each local witness claims of its component, as its component has counted it. All-zero when
/// new.
pub(super) struct Claims([Finding; HEARTBEATS + RULES]);

impl Claims {
    pub(super) const fn new() -> Self {
        Self([Finding::NeverHeard; HEARTBEATS + RULES])
    }

    /// Puts a claim in the place of the last one, and returns that.
    fn replace(&mut self, local: Local, claim: Finding) -> Finding {
        self.0.get_mut(local.place()).map_or(claim, |place| core::mem::replace(place, claim))
    }
}

/// The claim of a local witness may have changed. `began`: when that was, if it was earlier than
/// now.
pub(super) fn testify(engine: &mut Engine, config: &Config, local: Local, began: Option<Mono>, now: Now) {
    let claim = local.finding(engine, config, now.mono);
    let before = engine.claims.replace(local, claim);
    if let Some(component) = local.component(config).filter(|_| before != claim) {
        let mut one = ComponentSet::EMPTY;
        one.insert(component);
        engine.replace(config, &one, (before, claim), began.map(At::Mono), now);
    }
}

/// Adds all their claims to components that count none yet.
pub(super) fn count(engine: &mut Engine, config: &Config, now: Mono) {
    for local in Local::all(config) {
        let claim = local.finding(engine, config, now);
        engine.claims.replace(local, claim);
        if let Some(status) = local.component(config).and_then(|id| engine.statuses.get_mut(id.index())) {
            status.replace(Finding::Well, claim);
        }
    }
}
