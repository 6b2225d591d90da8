//! Where the engine meets the incidents: it tells them how components stand, they tell what
//! follows.

use super::Engine;
use super::status::ComponentStatus;
use crate::config::Config;
use crate::incidents::uptime::{Lived, Uptime};
use crate::incidents::{Action, Done, Incidents, Looks, Refusal};
use crate::limits::{SITES, WAKE_LEAST};
use crate::model::{ComponentId, Finding, SiteId, SourceSet, State};
use crate::time::Now;

impl Engine {
    /// What happened, and what people said.
    pub fn incidents(&self) -> &Incidents {
        &self.incidents
    }

    /// Says how large the journal may be, in bytes: what is configured may be less than what is
    /// kept needs.
    pub fn set_journal(&mut self, bytes: u32) {
        self.incidents.set_journal(bytes);
    }

    /// How every component fared.
    pub fn uptime(&self) -> &Uptime {
        &self.uptime
    }

    /// Writes down how every component fared, as far as that has changed: when [`Uptime::flush_at`]
    /// says so, and at a clean stop.
    pub fn flush_uptime(&mut self, config: &Config, now: Now, each: &mut dyn FnMut(u8, &[u8])) {
        self.uptime.pass(config, now);
        self.uptime.flush(config, now, each);
        self.flush_beats(config, now, each);
        self.write_rules(config, (now.mono, true), each);
    }

    /// Does what a person says. `who` is their hash, [`OWNER`](crate::incidents::OWNER) for who
    /// owns the machine. It is on flash when [`unwritten`](Incidents::unwritten) records are.
    pub fn act(
        &mut self,
        config: &Config,
        now: Now,
        site: SiteId,
        who: u32,
        action: Action<'_>,
    ) -> Result<Done, Refusal> {
        self.step(config, now, super::Input::Pass);
        let done = self.incidents.act(config, now, site, who, action);
        if done.is_ok() {
            self.touch(site);
        }
        self.look(config, now);
        done
    }

    /// All records of an earlier run are restored: what they add up to is shown, as it was told
    /// before.
    pub fn restored(&mut self, config: &Config, now: Now) {
        if core::mem::take(&mut self.restoring) {
            self.doubt_what_was_lost(config, now.mono);
        }
        self.incidents.restored(now);
        // No body goes on.
        self.statuses.iter_mut().for_each(ComponentStatus::unhold);
        self.rejudge(config, now, true);
        self.recall_beats(config, now);
        self.stirred = true;
        self.step(config, now, super::Input::Pass);
    }

    /// Forgets what happened, what people said and how components fared, for what
    /// [`restore_incident`](Self::restore_incident) takes back to stand in its place. Alerts that
    /// fire stay.
    pub fn forget_incidents(&mut self) {
        self.incidents.forget();
        self.uptime.forget();
    }

    /// Takes back a record of what happened. False if it is not one of these.
    pub fn restore_incident(&mut self, config: &Config, kind: u8, payload: &[u8]) -> bool {
        self.uptime.restore(config, kind, payload) || self.incidents.restore(kind, payload)
    }

    /// A record of the incidents is in the journal now.
    pub fn wrote_one(&mut self) {
        self.incidents.wrote_one();
    }

    /// The journal holds a [`snapshot`](Self::snapshot), and nothing else.
    pub fn wrote_all(&mut self, brief: SourceSet, now: Now) {
        self.incidents.wrote_all();
        self.wrote_alerts(brief, now.mono);
        self.wrote_beats(now);
        self.wrote_rules(now.mono);
    }

    /// Lets go of what no snapshot needs.
    pub fn tidy(&mut self) {
        self.incidents.tidy();
    }

    /// Lets the incidents see how every component stands. O(components); called when one has
    /// changed, and when time alone changes something.
    pub(super) fn look(&mut self, config: &Config, now: Now) {
        self.stirred = false;
        let statuses = &self.statuses;
        let shown =
            |id: ComponentId| statuses.get(id.index()).map_or(Finding::NeverHeard, ComponentStatus::shown);
        let state = |id: ComponentId| shown(id).state();
        let known = |id: ComponentId| self.uptime.known(id);
        let waits = |id: ComponentId| shown(id).waits();
        let since = |id: ComponentId| statuses.get(id.index()).and_then(ComponentStatus::since);
        let believed_at = self.uptime.believed_at();
        let looks = Looks { state: &state, known: &known, waits: &waits, since: &since, believed_at };
        self.incidents.pass(config, now, &looks);
        for id in (0..=u16::MAX).map(ComponentId).take(config.components.len()) {
            let lived = match state(id) {
                _ if self.incidents.in_maintenance(id) => Lived::Maintenance,
                // The team's word is no measurement.
                _ if shown(id) == Finding::TeamSaysOver => Lived::Unknown,
                State::NoData => Lived::Unknown,
                State::Operational => Lived::Operational,
                State::Degraded => Lived::Degraded,
                State::Outage => Lived::Outage,
            };
            self.uptime.set(config, id, lived, now);
        }
        let touched = self.incidents.take_touched();
        // What of it is worse, a component was shown to be.
        for site in (0u8..).map(SiteId).take(SITES).filter(|site| touched >> site.0 & 1 == 1) {
            self.touch_mildly(site);
        }
        if let Some(at) = self.incidents.wakes_at() {
            self.wake_at(at.max(now.mono.plus(WAKE_LEAST)));
        }
    }
}
