//! How alerts and sources flow through the engine: what a message changes, and what time alone
//! changes.

use super::alerts::{self, AlertKey, AlertPhase, Grant, Held, OnFlash};
use super::lifetime::{self, Memory, Reading, Report, Sender};
use super::mapping::{self, Meaning};
use super::status::SEVERAL;
use super::{Body, Engine, Quality, Verdict};
use crate::config::{Config, Scope};
use crate::ingest::{Alert, AlertStatus};
use crate::limits::{ALERTS, ENDED_MEMORY, EXPIRED_HEARD, EXPIRED_QUIET, OLD_NEWS, PROMISE_MOST, WAKE_LEAST};
use crate::model::{ComponentId, ComponentSet, Finding, Kept, SiteId, SourceId, SourceSet};
use crate::time::{At, Millis, Mono, Now};

/// One message about one alert, understood so far as its words go.
struct Message<'a> {
    source: SourceId,
    sender: Sender,
    alert: &'a Alert,
    key: AlertKey,
    report: Report,
    reading: Reading,
}

impl Message<'_> {
    /// The alert as this message alone has it.
    fn held(
        &self,
        phase: AlertPhase,
        (components, fires): (ComponentSet, Finding),
        kept: Kept,
        now: Now,
    ) -> Held {
        let cannot_tell = self.reading == Reading::CannotTell;
        Held {
            key: self.key,
            components,
            fires,
            unknown: if cannot_tell { Finding::SenderCannotTell } else { lapses_to(fires) },
            number: 0,
            sender: self.sender,
            phase,
            memory: Memory {
                announced: self.report.ends_at.into(),
                announced_at: now.mono,
                reading: self.reading,
                promised: self.report.promises(now),
            },
            starts_at: self.report.starts_at.into(),
            first_heard: now.mono,
            last_heard: now.mono,
            private: self.alert.held_mac(),
            grant: Grant::None,
            flash: OnFlash::NOTHING,
            kept,
        }
    }
}

impl Engine {
    /// A sign of life.
    pub(super) fn heard(&mut self, config: &Config, source: SourceId, now: Now) {
        let Some(settings) = config.sources.get(source.index()) else { return };
        let (before, quiet) = (self.sources.last_heard(source), !self.repeats(source, now.mono));
        let returned = self.sources.heard(source, settings.resync, now.mono);
        if returned || quiet {
            // It said nothing. The time in which it would have repeated what expired begins only
            // now. Who is not missed for so long, as a script of every hour, need not come more
            // often than it does.
            self.alerts.for_each_of(source, |held| {
                if let AlertPhase::Expired { quiet_since } = &mut held.phase
                    && (returned || before.is_none_or(|before| before < *quiet_since))
                {
                    *quiet_since = now.mono;
                }
            });
            self.wake_at(now.mono.plus(WAKE_LEAST));
        }
        if returned {
            let mut one = SourceSet::EMPTY;
            one.insert(source);
            self.refeed(config, one, now);
            self.touch(settings.site);
        }
        // The page says as of when, to the minute.
        if let (Some(wall), Some(minute)) = (now.wall, self.as_of_minute.get_mut(settings.site.index())) {
            let this = wall.secs().div_euclid(60);
            if *minute != this {
                *minute = this;
                self.touch_mildly(settings.site);
            }
        }
    }

    /// Whether a source has said something lately, and so would have repeated what fires. It may be
    /// allowed to be silent for much longer than that.
    fn repeats(&self, source: SourceId, now: Mono) -> bool {
        self.sources.is_live(source)
            && self.sources.last_heard(source).is_some_and(|last| last.plus(EXPIRED_HEARD) > now)
    }

    /// One alert, read whole.
    pub(super) fn alert(&mut self, config: &Config, body: &mut Body, alert: &Alert, now: Now) -> Verdict {
        let (source, sender) = (body.source, body.sender);
        self.counters.cut = self.counters.cut.saturating_add(u64::from(alert.was_cut()));
        let key = AlertKey { source: source.0, fingerprint: alert.fingerprint() };
        let at = self.alerts.find(key);
        let held = at.and_then(|at| self.alerts.get(at));
        let report = report(alert);
        let reading = lifetime::read(sender, report, held.map(|held| held.memory), now);
        if held.is_some_and(|held| is_old_news(held, sender, report, reading)) {
            return Verdict::Resolved;
        }
        // Known by its key alone: a resolved alert comes without the annotations that led it here.
        match (at, reading) {
            (Some(at), Reading::Resolved) => {
                self.end(config, at, sender, report, now);
                return Verdict::Resolved;
            }
            (Some(at), Reading::CannotTell) => {
                self.lose_sight(config, at, now);
                return Verdict::Doubtful;
            }
            _ => {}
        }
        let (components, fires) = match mapping::meaning(config, source, alert) {
            Meaning::Heartbeat => return Verdict::Heartbeat,
            Meaning::Concerns { components, fires } if fires != Finding::Well => (components, fires),
            meaning => {
                // What it says about itself has changed so that nothing here is wrong by it any
                // more; unless that is among what found no room: then it lives for as long as it
                // said.
                if let Some(at) = at.filter(|_| !alert.was_cut()) {
                    self.dismiss(config, at, sender, report, now);
                }
                return match meaning {
                    Meaning::Concerns { .. } => Verdict::Fine,
                    Meaning::Ignored => Verdict::Ignored,
                    _ => Verdict::Unmapped,
                };
            }
        };
        let message = Message { source, sender, alert, key, report, reading };
        match at {
            Some(at) => self.again(config, at, &message, (components, fires), now),
            None if reading == Reading::Resolved => {
                self.remember_end(config, &message, (components, fires), now);
                Verdict::Resolved
            }
            None => self.admit(config, body, &message, (components, fires), now),
        }
    }

    /// An alert that could not be read whole: what was captured of it may mark its components.
    pub(super) fn captured(
        &mut self,
        config: &Config,
        body: &mut Body,
        alert: &Alert,
        quality: Quality,
        now: Now,
    ) -> Verdict {
        let (source, sender) = (body.source, body.sender);
        let oversize = quality == Quality::Oversize;
        self.counters.oversize = self.counters.oversize.saturating_add(u64::from(oversize));
        let key = AlertKey { source: source.0, fingerprint: alert.fingerprint() };
        let memory = self.alerts.find(key).and_then(|at| self.alerts.get(at)).map(|held| held.memory);
        let reading = match (lifetime::read(sender, report(alert), memory, now), memory) {
            (Reading::Duplicate, Some(memory)) => memory.reading,
            (reading, _) => reading,
        };
        match mapping::meaning(config, source, alert) {
            Meaning::Heartbeat => Verdict::Heartbeat,
            Meaning::Unmapped => Verdict::Unmapped,
            Meaning::Ignored => Verdict::Ignored,
            Meaning::Concerns { fires: Finding::Well, .. } => Verdict::Fine,
            // It makes nothing worse. Nor better: the alert that it should end stays as it is.
            Meaning::Concerns { .. } if reading == Reading::Resolved => {
                // Not all of its labels are known: a mark may be of another one that looks like it.
                body.fires = true;
                Verdict::Resolved
            }
            Meaning::Concerns { components, fires } => {
                let until = marked_until(config, source, sender, now.mono);
                self.lose(source, sender, until);
                let fires = match reading {
                    Reading::CannotTell => Finding::SenderCannotTell,
                    Reading::Unclear if oversize => Finding::Lapsed,
                    _ if oversize => fires,
                    _ => Finding::Unreadable,
                };
                let since = alerts::since(alert.starts_at(), now.mono, now);
                body.refuse(&components);
                self.refuse(config, source, &components, (fires, since), until, now)
            }
        }
    }

    /// A message about an alert that is held and does not end by it.
    fn again(
        &mut self,
        config: &Config,
        at: usize,
        message: &Message<'_>,
        (components, fires): (ComponentSet, Finding),
        now: Now,
    ) -> Verdict {
        let until = life(config, message.source, message.sender, message.report, now);
        let (kept, cut) = mapping::kept(config, message.source, message.alert);
        self.counters.cut = self.counters.cut.saturating_add(u64::from(cut));
        let Some(before) = self.alerts.get(at).map(|held| (held.components, held.says())) else {
            return Verdict::Refused;
        };
        let told_anew =
            |held: &Held| held.grant == Grant::Whole || held.starts_at.get() != message.report.starts_at;
        let told_anew = self.alerts.get(at).is_some_and(told_anew);
        let changed = self.alerts.update(at, |held| {
            let was_over = matches!(held.phase, AlertPhase::Ended { .. } | AlertPhase::Released { .. });
            held.phase = match (message.reading, held.phase) {
                // May be its end: the next message tells. Until then its old life goes on.
                (Reading::MaybeEnded, AlertPhase::Firing { until }) => AlertPhase::Firing { until },
                (Reading::Firing | Reading::MaybeEnded, _)
                | (Reading::Duplicate, AlertPhase::Firing { .. }) => AlertPhase::Firing { until },
                // It began after it ended last, so this is no other end of that.
                (Reading::Unclear, AlertPhase::Ended { .. })
                    if message.report.starts_at > held.memory.announced.get() =>
                {
                    AlertPhase::Expired { quiet_since: now.mono }
                }
                (_, AlertPhase::Ended { .. }) => AlertPhase::Ended { until: now.mono.plus(ENDED_MEMORY) },
                // Its source is not silent about it.
                (Reading::Unclear, AlertPhase::Expired { .. }) => {
                    AlertPhase::Expired { quiet_since: now.mono }
                }
                (_, phase) => phase,
            };
            if held.memory.announced.get() != message.report.ends_at {
                held.memory.announced = message.report.ends_at.into();
                held.memory.announced_at = now.mono;
            }
            if message.reading != Reading::Duplicate {
                held.memory.reading = message.reading;
            }
            held.memory.promised |= message.report.promises(now);
            held.grant = Grant::None;
            held.sender = message.sender;
            held.starts_at = message.report.starts_at.into();
            held.last_heard = now.mono;
            // It began anew.
            if was_over && held.fires() {
                held.first_heard = now.mono;
            }
            held.components = components;
            held.fires = fires;
            if held.fires() {
                held.unknown = lapses_to(fires);
            }
            let changed = held.kept != kept;
            held.kept = kept;
            changed
        });
        if let Some(held) = self.alerts.get(at) {
            let changed = before != (held.components, held.says());
            // Else a restart would grant it less than its sender has promised anew.
            let old = held.flash.at().plus(marked_for(config, message.source, message.sender).half());
            if changed
                || told_anew
                || held.flash.written && (message.sender == Sender::Repeating || old <= now.mono)
            {
                self.must_write(at);
            }
        }
        if changed == Some(true)
            && let Some(source) = config.sources.get(message.source.index())
        {
            self.touch_later(source.site);
        }
        self.replace_claim(config, at, before, now);
        if let Some(AlertPhase::Ended { .. }) = self.alerts.get(at).map(|held| held.phase) {
            return Verdict::Resolved;
        }
        self.wake_at(until);
        Verdict::Firing
    }

    /// A message about an alert that is not held yet.
    fn admit(
        &mut self,
        config: &Config,
        body: &mut Body,
        message: &Message<'_>,
        (components, fires): (ComponentSet, Finding),
        now: Now,
    ) -> Verdict {
        let doubtful = matches!(message.reading, Reading::Unclear | Reading::CannotTell);
        let phase = if doubtful {
            // It may have fired, and its repetitions be lost on the way: its absence must be heard,
            // too.
            AlertPhase::Expired { quiet_since: now.mono }
        } else {
            AlertPhase::Firing { until: life(config, message.source, message.sender, message.report, now) }
        };
        let (kept, cut) = mapping::kept(config, message.source, message.alert);
        self.counters.cut = self.counters.cut.saturating_add(u64::from(cut));
        let held = message.held(phase, (components, fires), kept, now);
        let (says, since) = (held.says(), held.since(now));
        // Its share is asked for first: who has none left must not push out what others remember.
        let room = self.has_share(config, message.source)
            && (self.alerts.len() < ALERTS || self.alerts.evict_ended());
        if !room || self.alerts.insert(held, config).is_err() {
            let until = marked_until(config, message.source, message.sender, now.mono);
            self.lose(message.source, message.sender, until);
            body.refuse(&components);
            return self.refuse(config, message.source, &components, (says, since), until, now);
        }
        self.replace(config, &components, (Finding::Well, says), Some(since), now);
        self.must_write(self.alerts.len().saturating_sub(1));
        match phase {
            AlertPhase::Firing { until } | AlertPhase::Ended { until } | AlertPhase::Released { until } => {
                self.wake_at(until);
                Verdict::Firing
            }
            AlertPhase::Expired { quiet_since } => {
                self.wake_at(quiet_since.plus(EXPIRED_QUIET));
                Verdict::Doubtful
            }
        }
    }

    /// An alert ended that is not held: it found no room, or an earlier run could not write it
    /// down. Another member of a cluster may say late that it fires. So its end is remembered while
    /// there is room.
    fn remember_end(
        &mut self,
        config: &Config,
        message: &Message<'_>,
        (components, fires): (ComponentSet, Finding),
        now: Now,
    ) {
        let repeats = message.sender == Sender::Repeating || message.report.starts_at.is_none();
        // Half of the store is for what was held.
        if repeats || self.alerts.len() >= ALERTS / 2 {
            return;
        }
        let until = now.mono.plus(OLD_NEWS);
        let kept = mapping::kept(config, message.source, message.alert).0;
        let held = message.held(AlertPhase::Ended { until }, (components, fires), kept, now);
        if self.alerts.insert(held, config).is_ok() {
            self.wake_at(until);
        }
    }

    /// Whether a source may hold one more: within its share always, beyond it only what the others'
    /// shares leave.
    fn has_share(&self, config: &Config, source: SourceId) -> bool {
        let pushers = super::Sources::pushers(config);
        let share = ALERTS.checked_div(pushers.iter().count()).unwrap_or(ALERTS);
        if self.alerts.counting(source) < share {
            return true;
        }
        let reserved = pushers
            .iter()
            .filter(|&other| other != source)
            .map(|other| share.saturating_sub(self.alerts.counting(other)))
            .fold(0, usize::saturating_add);
        self.alerts.counting_all().saturating_add(reserved) < ALERTS
    }

    /// No room: the components are at least as bad as it says, for a while after the last such
    /// refusal.
    pub(super) fn refuse(
        &mut self,
        config: &Config,
        source: SourceId,
        components: &ComponentSet,
        (finding, since): (Finding, At),
        until: Mono,
        now: Now,
    ) -> Verdict {
        for id in components.iter() {
            if let Some(status) = self.statuses.get_mut(id.index()) {
                status.mark(source, finding, now.mono, until);
            }
            self.update(config, id, Some(since), now);
        }
        self.wake_at(until);
        Verdict::Refused
    }

    /// An alert that nobody will say again before then finds no room: after a restart there would
    /// be no mark of it.
    fn lose(&mut self, source: SourceId, sender: Sender, until: Mono) {
        if sender != Sender::Repeating {
            self.lost(source, until);
        }
    }

    /// A webhook's sender has left alerts out, which may be about anything that it feeds: none of
    /// that is known to be well until it must have said them again.
    pub(super) fn truncated(&mut self, config: &Config, source: SourceId, now: Now) {
        let until = marked_until(config, source, Sender::Webhook, now.mono);
        self.doubt_fed_by(config, source, (Finding::LeftOut, until), now);
        self.lose(source, Sender::Webhook, until);
        self.lost_group(source, SEVERAL);
    }

    /// What a source feeds is not known to be well until then, for this reason.
    pub(super) fn doubt_fed_by(
        &mut self,
        config: &Config,
        source: SourceId,
        (why, until): (Finding, Mono),
        now: Now,
    ) {
        let mut one = SourceSet::EMPTY;
        one.insert(source);
        for (status, component) in self.statuses.iter_mut().zip(&config.components) {
            if component.feeders.contains(source) {
                status.doubt(why, until);
            }
        }
        self.refeed(config, one, now);
        self.wake_at(until);
    }

    /// Its source ended it. That is remembered: what repeats says so again, and in a cluster of
    /// Alertmanagers another member's "firing" may come behind.
    fn end(&mut self, config: &Config, at: usize, sender: Sender, report: Report, now: Now) {
        let Some(before) = self.alerts.get(at).map(|held| (held.components, held.says())) else { return };
        let repeats = sender == Sender::Repeating;
        let until = now.mono.plus(if repeats { ENDED_MEMORY } else { OLD_NEWS });
        self.alerts.update(at, |held| {
            held.phase = AlertPhase::Ended { until };
            held.memory.announced = report.ends_at.into();
            held.memory.announced_at = now.mono;
            held.memory.reading = Reading::Resolved;
            held.memory.promised = false;
            if report.starts_at.is_some() {
                held.starts_at = report.starts_at.into();
            }
            held.last_heard = now.mono;
            held.grant = Grant::None;
        });
        self.must_write(at);
        self.replace_claim(config, at, before, now);
        self.wake_at(until);
    }

    /// It concerns nobody any more, which is our conclusion, and not its sender's word: what its
    /// sender says next, with the start that it had, is news.
    fn dismiss(&mut self, config: &Config, at: usize, sender: Sender, report: Report, now: Now) {
        self.end(config, at, sender, report, now);
        self.alerts.update(at, |held| held.starts_at = None.into());
    }

    /// Its source calls it resolved, and says that nobody looked: it stays, unknown, until its
    /// source says more of it, or a person ends it.
    fn lose_sight(&mut self, config: &Config, at: usize, now: Now) {
        let Some(held) = self.alerts.get(at) else { return };
        // It says no more than what a person has ended.
        if matches!(held.phase, AlertPhase::Released { .. }) && held.memory.reading == Reading::CannotTell {
            return;
        }
        let before = (held.components, held.says());
        self.alerts.update(at, |held| {
            held.phase = AlertPhase::Expired { quiet_since: now.mono };
            held.unknown = Finding::SenderCannotTell;
            held.memory.reading = Reading::CannotTell;
            held.last_heard = now.mono;
            held.grant = Grant::None;
        });
        self.must_write(at);
        self.replace_claim(config, at, before, now);
        self.wake_at(now.mono.plus(EXPIRED_QUIET));
    }

    /// A person ends what an alert of their site says. Until its source speaks of it again the page
    /// tells that as the team's word; if its source does not for as long as it may take to repeat
    /// it, it is over. False if there is no such alert.
    pub fn release(&mut self, config: &Config, now: Now, site: SiteId, number: u16) -> bool {
        self.step(config, now, super::Input::Pass);
        let of_site =
            |held: &Held| config.sources.get(held.source().index()).is_some_and(|source| source.site == site);
        let wanted = |held: &Held| held.number == number && held.counts() && of_site(held);
        let Some(at) = self.alerts.iter().position(wanted) else { return false };
        let Some(held) = self.alerts.get(at) else { return false };
        let before = (held.components, held.says());
        let until = marked_until(config, held.source(), held.sender, now.mono);
        self.counters.released = self.counters.released.saturating_add(1);
        self.alerts
            .update(at, |held| (held.phase, held.grant) = (AlertPhase::Released { until }, Grant::None));
        self.must_write(at);
        self.replace_claim(config, at, before, now);
        self.settle(config, now);
        // People see at once what they did.
        self.touch(site);
        self.wake_at(until);
        self.look(config, now);
        true
    }

    /// The alert at a place counts differently than before.
    fn replace_claim(
        &mut self,
        config: &Config,
        at: usize,
        (before, old): (ComponentSet, Finding),
        now: Now,
    ) {
        let Some(held) = self.alerts.get(at) else { return };
        let (after, new, began) = (held.components, held.says(), Some(held.since(now)));
        if before == after {
            if old != new {
                self.replace(config, &after, (old, new), began, now);
            }
        } else {
            // First what comes, then what goes: a component in both is never well in between.
            self.replace(config, &after, (Finding::Well, new), began, now);
            self.replace(config, &before, (old, Finding::Well), began, now);
        }
    }

    /// One claim on these components says something else.
    pub(super) fn replace(
        &mut self,
        config: &Config,
        components: &ComponentSet,
        (old, new): (Finding, Finding),
        earliest: Option<At>,
        now: Now,
    ) {
        // What gets better tells nothing of when anything else began.
        let earliest = earliest.filter(|_| new > old);
        for id in components.iter() {
            if let Some(status) = self.statuses.get_mut(id.index()) {
                status.replace(old, new);
            }
            if new < old {
                self.lower(id);
            }
            // What its alerts say is on the page too, and may change while its state does not.
            if let Some(site) = config.site_of(id) {
                self.touch_later(site);
            }
            self.update(config, id, earliest, now);
        }
    }

    /// What time alone changes. O(alerts + sources + components); called no more often than
    /// [`WAKE_LEAST`] while nothing comes.
    pub(super) fn pass(&mut self, config: &Config, clocks: Now) {
        let now = clocks.mono;
        let before = self.passed;
        self.passed = now;
        self.wake = None;
        let passed = self.sources.pass(config, before, now);
        self.feed(config, passed.changed, now);
        if let Some(next) = passed.next {
            self.wake_at(next);
        }
        self.pass_alerts(config, clocks);
        self.pass_lost(now);
        self.pass_heartbeats(config, clocks);
        self.pass_rules(config, clocks);
        self.pass_components(config, clocks);
        self.update_fed_by(config, passed.changed, clocks);
        for (source, id) in config.sources.iter().zip(0u16..) {
            let missed_at = self.started.plus(source.silent_after);
            if missed_at > now {
                self.wake_at(missed_at);
            }
            if passed.changed.contains(SourceId(id)) || (before < missed_at && missed_at <= now) {
                self.touch(source.site);
                if source.scope == Scope::Push && !self.sources.is_live(SourceId(id)) {
                    self.counters.silences = self.counters.silences.saturating_add(1);
                }
            }
        }
        if let Some(at) = self.incidents.wakes_at() {
            self.wake_at(at);
        }
        self.wake = self.wake.map(|wake| wake.max(now.plus(WAKE_LEAST)));
    }

    fn pass_components(&mut self, config: &Config, now: Now) {
        for id in (0u16..).take(config.components.len()).map(ComponentId) {
            let Some(status) = self.statuses.get_mut(id.index()) else { return };
            let due = status.pass(now.mono);
            let next = status.wakes_at(now.mono);
            if due {
                self.update(config, id, None, now);
            }
            if let Some(next) = next {
                self.wake_at(next);
            }
        }
    }

    fn pass_alerts(&mut self, config: &Config, clocks: Now) {
        let now = clocks.mono;
        let mut at = 0usize;
        while let Some(held) = self.alerts.get(at) {
            let before = (held.components, held.says());
            let (due, next) = match held.phase {
                AlertPhase::Firing { until } => (until, Some(AlertPhase::Expired { quiet_since: now })),
                AlertPhase::Ended { until } | AlertPhase::Released { until } => (until, None),
                AlertPhase::Expired { quiet_since }
                    if held.sender == Sender::Repeating
                        // Nobody looks, as its sender says itself: its silence tells nothing.
                        && held.memory.reading != Reading::CannotTell
                        && self.repeats(held.source(), now) =>
                {
                    (quiet_since.plus(EXPIRED_QUIET), None)
                }
                // Never well by itself; or nobody is there who would repeat it.
                AlertPhase::Expired { .. } => {
                    at = at.saturating_add(1);
                    continue;
                }
            };
            if due > now {
                self.wake_at(due);
                at = at.saturating_add(1);
                continue;
            }
            match next {
                // The last one takes its place: the place is looked at again.
                None => {
                    self.alerts.remove(at);
                    self.replace(config, &before.0, (before.1, Finding::Well), None, clocks);
                }
                // Changed, and looked at again for its new deadline.
                Some(phase) => {
                    if matches!(phase, AlertPhase::Expired { .. }) {
                        self.counters.expired = self.counters.expired.saturating_add(1);
                    }
                    self.alerts.update(at, |held| held.phase = phase);
                    self.replace_claim(config, at, before, clocks);
                }
            }
        }
    }
}

/// Why nobody can tell whether an alert fires that says this and is not repeated.
pub(super) fn lapses_to(fires: Finding) -> Finding {
    if fires == Finding::SenderCannotTell { fires } else { Finding::Lapsed }
}

fn report(alert: &Alert) -> Report {
    Report {
        starts_at: alert.starts_at(),
        ends_at: alert.ends_at(),
        resolved: alert.status().map(|status| status == AlertStatus::Resolved),
        unseen: ["grafana_state_reason", "Error"]
            .iter()
            .any(|name| alert.annotation(name).is_some_and(|reason| !reason.is_empty())),
    }
}

/// Whether a message says that an alert fires which its source ended a moment ago, with the start
/// that it had then: a member of a cluster that has not heard of the end yet. Later it is news:
/// Alertmanager gives up an alert that it has not heard of for a while, and gets it again with its
/// old start.
fn is_old_news(held: &Held, sender: Sender, report: Report, reading: Reading) -> bool {
    let ended = matches!(held.phase, AlertPhase::Ended { .. });
    let same_start = report.starts_at.is_some() && report.starts_at == held.starts_at.get();
    sender != Sender::Repeating && ended && same_start && reading == Reading::Firing
}

/// Until when an alert that fires lives unrepeated: a webhook's and collectd's as long as its
/// sender may take to repeat it; else the longer of `resolve_after` and what `endsAt` promises, up
/// to [`PROMISE_MOST`]. No sender promises more than lies between its own `startsAt` and `endsAt`:
/// so a clock of ours that is decades behind makes no outage last for decades.
fn life(config: &Config, source: SourceId, sender: Sender, report: Report, now: Now) -> Mono {
    if sender != Sender::Repeating {
        return marked_until(config, source, sender, now.mono);
    }
    let least = now.mono.plus(config.main.resolve_after);
    let promised = report.ends_at.and_then(|ends| now.mono_of(ends));
    let span = report.ends_at.zip(report.starts_at).map(|(ends, starts)| ends.0.saturating_sub(starts.0));
    let most = now.mono.plus(PROMISE_MOST);
    // A contradiction spans nothing, and limits nothing.
    let span = span.filter(|&span| span > 0).map(|span| Mono(now.mono.0.saturating_add(span)));
    promised.map_or(least, |promised| promised.min(span.unwrap_or(most)).min(most).max(least))
}

/// Until when an alert that finds no room marks its components: until its sender, if it still
/// fires, must have said so again. A webhook does that after hours, and so does collectd, if it is
/// told to.
pub(super) fn marked_until(config: &Config, source: SourceId, sender: Sender, now: Mono) -> Mono {
    now.plus(marked_for(config, source, sender))
}

fn marked_for(config: &Config, source: SourceId, sender: Sender) -> Millis {
    let source = config.sources.get(source.index()).filter(|_| sender != Sender::Repeating);
    source.map_or(Millis(0), |source| source.repeat_within).max(config.main.resolve_after)
}
