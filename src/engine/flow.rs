//! How alerts and sources flow through the engine: what a message changes, and what time alone changes.

use super::alerts::{Held, Key, Phase};
use super::lifetime::{self, Claim, Memory, Sender, Word};
use super::mapping::{self, Meaning};
use super::standing::Weight;
use super::{Durable, Engine, Verdict};
use crate::config::{Config, Scope};
use crate::ingest::{Alert, Status};
use crate::limits::{
    ALERTS, DURATION_SECS, ENDED_MEMORY, EXPIRED_HEARD, EXPIRED_QUIET, SINCE_DAYS, WAKE_LEAST,
};
use crate::model::{ComponentId, ComponentSet, Severity, SourceId, SourceSet};
use crate::time::{Millis, Mono, Now, Wall};

/// When an alert expires that lasts until it is resolved.
pub(super) const NEVER: Mono = Mono(i64::MAX);

/// One message about one alert, understood so far as its words go.
struct Message<'a> {
    source: SourceId,
    sender: Sender,
    alert: &'a Alert,
    key: Key,
    claim: Claim,
    word: Word,
}

impl Message<'_> {
    /// What must survive a restart of an alert that begins by it.
    fn begins(&self) -> Durable {
        if self.alert.held_mac() { Durable::More(self.source) } else { Durable::Began(self.key) }
    }
}

impl Engine {
    /// A sign of life.
    pub(super) fn heard(&mut self, config: &Config, source: SourceId, now: Now) {
        let Some(settings) = config.sources.get(source.index()) else { return };
        let (before, quiet) = (self.sources.last_heard(source), !self.repeats(source, now.mono));
        let returned = self.sources.heard(source, settings.resync, now.mono);
        if returned || quiet {
            // It said nothing. The time in which it would have repeated what expired begins only now. Who is not missed for
            // so long, as a script of every hour, need not come more often than it does.
            self.alerts.for_each_of(source, |held| {
                if let Phase::Expired { quiet_since } = &mut held.phase
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
            self.judge_fed_by(config, one, now.mono);
            self.touch(settings.site);
        }
        // The page says as of when, to the minute.
        if let (Some(wall), Some(minute)) = (now.wall, self.as_of_minute.get_mut(settings.site.index())) {
            let this = wall.secs().div_euclid(60);
            if *minute != this {
                *minute = this;
                self.touch(settings.site);
            }
        }
    }

    /// Whether a source has said something lately, and so would have repeated what fires. It may be allowed to be silent for
    /// much longer than that.
    fn repeats(&self, source: SourceId, now: Mono) -> bool {
        self.sources.is_live(source)
            && self.sources.last_heard(source).is_some_and(|last| last.plus(EXPIRED_HEARD) > now)
    }

    /// One alert, read whole.
    pub(super) fn alert(
        &mut self,
        config: &Config,
        source: SourceId,
        sender: Sender,
        alert: &Alert,
        now: Now,
    ) -> Verdict {
        self.counters.cut = self.counters.cut.saturating_add(u64::from(alert.was_cut()));
        let key = Key { source: source.0, fingerprint: alert.fingerprint() };
        let at = self.alerts.find(key);
        let memory = at.and_then(|at| self.alerts.get(at)).map(|held| held.memory);
        let claim = claim(alert);
        let word = lifetime::word(sender, claim, memory, now);
        if let (Some(at), Word::Resolved) = (at, word) {
            // Known by its key alone: a resolved alert comes without the annotations that led it here.
            self.end(config, at, sender, claim, now);
            return Verdict::Resolved;
        }
        let (components, severity) = match mapping::meaning(config, source, alert) {
            Meaning::Heartbeat => return Verdict::Heartbeat,
            Meaning::Concerns { severity: Severity::Fine, .. } => return Verdict::Fine,
            Meaning::Concerns { components, severity } => (components, severity),
            meaning @ (Meaning::Unmapped | Meaning::Ignored) => {
                // What it says about itself has changed so that it concerns nobody here any more; unless that is among what
                // found no room: then it lives for as long as it said.
                if let Some(at) = at.filter(|_| !alert.was_cut()) {
                    self.end(config, at, sender, claim, now);
                }
                return if matches!(meaning, Meaning::Ignored) {
                    Verdict::Ignored
                } else {
                    Verdict::Unmapped
                };
            }
        };
        let message = Message { source, sender, alert, key, claim, word };
        match at {
            Some(at) => self.again(config, at, &message, (components, severity), now),
            None if word == Word::Resolved => Verdict::Resolved,
            None => self.admit(config, &message, components, severity, now),
        }
    }

    /// An alert that was too large to be read whole: what was captured of it may mark its components.
    pub(super) fn oversize(
        &mut self,
        config: &Config,
        source: SourceId,
        sender: Sender,
        alert: &Alert,
        now: Now,
    ) -> Verdict {
        self.counters.oversize = self.counters.oversize.saturating_add(1);
        match mapping::meaning(config, source, alert) {
            Meaning::Heartbeat => Verdict::Heartbeat,
            Meaning::Unmapped => Verdict::Unmapped,
            Meaning::Ignored => Verdict::Ignored,
            Meaning::Concerns { severity: Severity::Fine, .. } => Verdict::Fine,
            Meaning::Concerns { components, severity } => {
                let until = marked_until(config, source, sender, now.mono);
                let began = began(claim(alert), now);
                self.lose(source, sender, until);
                self.refuse(config, &components, Weight::Fires(severity), began, until, now.mono)
            }
        }
    }

    /// A message about an alert that is held and does not end by it.
    fn again(
        &mut self,
        config: &Config,
        at: usize,
        message: &Message<'_>,
        (components, severity): (ComponentSet, Severity),
        now: Now,
    ) -> Verdict {
        let until = life(config, message.source, message.sender, message.claim, now);
        let (kept, cut) = mapping::kept(config, message.source, message.alert);
        self.counters.cut = self.counters.cut.saturating_add(u64::from(cut));
        let Some(before) = self.alerts.get(at).map(|held| (held.components, held.weight())) else {
            return Verdict::Refused;
        };
        let changed = self.alerts.update(at, |held| {
            held.phase = match (message.word, held.phase) {
                // May be its end: the next message tells. Until then its old life goes on.
                (Word::Wavering, Phase::Firing { until }) => Phase::Firing { until },
                (Word::Firing | Word::Wavering, _) | (Word::Again, Phase::Firing { .. }) => {
                    Phase::Firing { until }
                }
                (_, Phase::Ended { .. }) => Phase::Ended { until: now.mono.plus(ENDED_MEMORY) },
                (_, phase) => phase,
            };
            if held.memory.announced != message.claim.ends_at {
                held.memory.announced = message.claim.ends_at;
                held.memory.announced_at = now.mono;
            }
            if message.word != Word::Again {
                held.memory.word = message.word;
            }
            held.sender = message.sender;
            held.starts_at = message.claim.starts_at;
            held.last_heard = now.mono;
            held.components = components;
            held.severity = severity;
            let changed = held.kept != kept;
            held.kept = kept;
            changed
        });
        if message.sender != Sender::Repeating && before != (components, Weight::Fires(severity)) {
            self.durable = message.begins();
        }
        if changed == Some(true)
            && let Some(source) = config.sources.get(message.source.index())
        {
            self.touch(source.site);
        }
        self.shift(config, at, before, began(message.claim, now), now.mono);
        if let Some(Phase::Ended { .. }) = self.alerts.get(at).map(|held| held.phase) {
            return Verdict::Resolved;
        }
        self.wake_at(until);
        Verdict::Firing
    }

    /// A message about an alert that is not held yet.
    fn admit(
        &mut self,
        config: &Config,
        message: &Message<'_>,
        components: ComponentSet,
        severity: Severity,
        now: Now,
    ) -> Verdict {
        let doubtful = message.word == Word::Doubtful;
        let phase = if doubtful {
            // It may have fired, and its repetitions be lost on the way: its absence must be heard, too.
            Phase::Expired { quiet_since: now.mono }
        } else {
            Phase::Firing { until: life(config, message.source, message.sender, message.claim, now) }
        };
        let (kept, cut) = mapping::kept(config, message.source, message.alert);
        self.counters.cut = self.counters.cut.saturating_add(u64::from(cut));
        let held = Held {
            key: message.key,
            components,
            severity,
            sender: message.sender,
            phase,
            memory: Memory { announced: message.claim.ends_at, announced_at: now.mono, word: message.word },
            starts_at: message.claim.starts_at,
            first_heard: now.mono,
            last_heard: now.mono,
            private: message.alert.held_mac(),
            written: false,
            kept,
        };
        let weight = held.weight();
        let began = began(message.claim, now);
        // Its share is asked for first: who has none left must not push out what others remember.
        let room = self.has_share(config, message.source)
            && (self.alerts.len() < ALERTS || self.alerts.evict_ended());
        if !room || self.alerts.insert(held).is_err() {
            let until = marked_until(config, message.source, message.sender, now.mono);
            self.lose(message.source, message.sender, until);
            return self.refuse(config, &components, weight, began, until, now.mono);
        }
        self.weigh(config, &components, Weight::Nothing, weight, began, now.mono);
        if message.sender != Sender::Repeating {
            self.durable = message.begins();
        }
        match phase {
            Phase::Firing { until } | Phase::Ended { until } => {
                self.wake_at(until);
                Verdict::Firing
            }
            Phase::Expired { quiet_since } => {
                self.wake_at(quiet_since.plus(EXPIRED_QUIET));
                Verdict::Doubtful
            }
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

    /// No room: the components are at least as bad as it says, for a while after the last such refusal.
    pub(super) fn refuse(
        &mut self,
        config: &Config,
        components: &ComponentSet,
        weight: Weight,
        began: Option<Mono>,
        until: Mono,
        now: Mono,
    ) -> Verdict {
        for id in components.iter() {
            if let Some(standing) = self.standings.get_mut(id.index()) {
                standing.mark(weight, now, until);
            }
            self.judge(config, id, began, now);
        }
        self.wake_at(until);
        Verdict::Refused
    }

    /// An alert that nobody will say again before then finds no room: after a restart there would be no mark of it.
    fn lose(&mut self, source: SourceId, sender: Sender, until: Mono) {
        if sender != Sender::Repeating {
            self.lost(source, until);
            self.durable = Durable::More(source);
        }
    }

    /// A webhook's sender has left alerts out, which may be about anything that it feeds: none of that is known to be well
    /// until it must have said them again.
    pub(super) fn truncated(&mut self, config: &Config, source: SourceId, now: Now) {
        let until = marked_until(config, source, Sender::Webhook, now.mono);
        self.distrust_fed_by(config, source, until, now.mono);
        self.lose(source, Sender::Webhook, until);
    }

    /// What a source feeds is not known to be well until then.
    pub(super) fn distrust_fed_by(&mut self, config: &Config, source: SourceId, until: Mono, now: Mono) {
        let mut one = SourceSet::EMPTY;
        one.insert(source);
        for (standing, component) in self.standings.iter_mut().zip(&config.components) {
            if component.feeders.contains(source) {
                standing.distrust(until);
            }
        }
        self.judge_fed_by(config, one, now);
        self.wake_at(until);
    }

    /// It was resolved. What repeats is remembered, so that "resolved" said again is known for what it is.
    fn end(&mut self, config: &Config, at: usize, sender: Sender, claim: Claim, now: Now) {
        let Some(before) = self.alerts.get(at).map(|held| (held.components, held.weight())) else { return };
        if sender != Sender::Repeating {
            let gone = self.alerts.remove(at).filter(|held| held.written);
            self.durable = gone.map_or(Durable::Nothing, |held| Durable::Ended(held.key));
            self.weigh(config, &before.0, before.1, Weight::Nothing, None, now.mono);
            return;
        }
        let until = now.mono.plus(ENDED_MEMORY);
        self.alerts.update(at, |held| {
            held.phase = Phase::Ended { until };
            held.memory = Memory { announced: claim.ends_at, announced_at: now.mono, word: Word::Resolved };
            held.last_heard = now.mono;
        });
        self.shift(config, at, before, None, now.mono);
        self.wake_at(until);
    }

    /// The alert at a place counts differently than before.
    fn shift(
        &mut self,
        config: &Config,
        at: usize,
        (before, old): (ComponentSet, Weight),
        began: Option<Mono>,
        now: Mono,
    ) {
        let Some((after, new)) = self.alerts.get(at).map(|held| (held.components, held.weight())) else {
            return;
        };
        if before == after {
            if old != new {
                self.weigh(config, &after, old, new, began, now);
            }
        } else {
            // First what comes, then what goes: a component in both is never well in between.
            self.weigh(config, &after, Weight::Nothing, new, began, now);
            self.weigh(config, &before, old, Weight::Nothing, began, now);
        }
    }

    /// These components bear a different weight.
    pub(super) fn weigh(
        &mut self,
        config: &Config,
        components: &ComponentSet,
        old: Weight,
        new: Weight,
        began: Option<Mono>,
        now: Mono,
    ) {
        for id in components.iter() {
            if let Some(standing) = self.standings.get_mut(id.index()) {
                standing.add(new);
                standing.sub(old);
            }
            // What its alerts say is on the page too, and may change while its state does not.
            if let Some(site) = config.site_of(id) {
                self.touch(site);
            }
            self.judge(config, id, began, now);
        }
    }

    /// The wall clock has come to count: when the alerts that fire began can be told only now.
    pub(super) fn learn_time(&mut self, config: &Config, now: Now) {
        self.had_wall = true;
        self.incidents.learn_time(now);
        let mut at = 0usize;
        while let Some(held) = self.alerts.get(at) {
            let claim = Claim { starts_at: held.starts_at, ends_at: None, resolved: None };
            let (components, fires) = (held.components, held.fires());
            for id in components.iter().filter(|_| fires) {
                self.judge(config, id, began(claim, now), now.mono);
            }
            at = at.saturating_add(1);
        }
        for generation in &mut self.generations {
            *generation = generation.wrapping_add(1);
        }
    }

    /// What time alone changes. O(alerts + sources + components); called no more often than
    /// [`WAKE_LEAST`] while nothing comes.
    pub(super) fn pass(&mut self, config: &Config, now: Mono) {
        let before = self.passed;
        self.passed = now;
        self.wake = None;
        let passed = self.sources.pass(config, before, now);
        if let Some(next) = passed.next {
            self.wake_at(next);
        }
        self.pass_alerts(config, now);
        self.pass_heartbeats(config, now);
        self.pass_rules(config, now);
        self.pass_components(config, now);
        self.judge_fed_by(config, passed.changed, now);
        for (source, id) in config.sources.iter().zip(0u8..) {
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

    fn pass_components(&mut self, config: &Config, now: Mono) {
        for id in (0u16..).take(config.components.len()).map(ComponentId) {
            let Some(standing) = self.standings.get_mut(id.index()) else { return };
            let due = standing.pass(now);
            let next = standing.wakes_at(now);
            if due {
                self.judge(config, id, None, now);
            }
            if let Some(next) = next {
                self.wake_at(next);
            }
        }
    }

    fn pass_alerts(&mut self, config: &Config, now: Mono) {
        let mut at = 0usize;
        while let Some(held) = self.alerts.get(at) {
            let before = (held.components, held.weight());
            let (due, next) = match held.phase {
                Phase::Firing { until } => (until, Some(Phase::Expired { quiet_since: now })),
                Phase::Ended { until } => (until, None),
                Phase::Expired { quiet_since }
                    if held.sender == Sender::Repeating && self.repeats(held.source(), now) =>
                {
                    (quiet_since.plus(EXPIRED_QUIET), None)
                }
                // Never well by itself; or nobody is there who would repeat it.
                Phase::Expired { .. } => {
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
                    self.weigh(config, &before.0, before.1, Weight::Nothing, None, now);
                }
                // Changed, and looked at again for its new deadline.
                Some(phase) => {
                    if matches!(phase, Phase::Expired { .. }) {
                        self.counters.expired = self.counters.expired.saturating_add(1);
                    }
                    self.alerts.update(at, |held| held.phase = phase);
                    self.shift(config, at, before, None, now);
                }
            }
        }
    }
}

fn claim(alert: &Alert) -> Claim {
    Claim {
        starts_at: alert.starts_at(),
        ends_at: alert.ends_at(),
        resolved: alert.status().map(|status| status == Status::Resolved),
    }
}

/// Until when an alert that fires lives unrepeated. collectd's lasts until it is resolved, a webhook's as long as its sender may
/// take to repeat it; else the longer of `resolve_after` and what `endsAt` promises. No sender promises more than lies between its
/// own `startsAt` and `endsAt`: so a clock of ours that is decades behind makes no outage last for decades.
fn life(config: &Config, source: SourceId, sender: Sender, claim: Claim, now: Now) -> Mono {
    match sender {
        Sender::Once => return NEVER,
        Sender::Webhook => {
            let within = config.sources.get(source.index()).map_or(Millis(0), |source| source.repeat_within);
            return now.mono.plus(within);
        }
        Sender::Repeating => {}
    }
    let least = now.mono.plus(config.main.resolve_after);
    let promised = claim.ends_at.and_then(|ends| now.mono_of(ends));
    let most = claim.ends_at.zip(claim.starts_at).map(|(ends, starts)| ends.0.saturating_sub(starts.0));
    let most = most.map_or(Mono(i64::MAX), |span| Mono(now.mono.0.saturating_add(span)));
    promised.map_or(least, |promised| promised.min(most).max(least))
}

/// Until when an alert that finds no room marks its components: until its sender, if it still fires, must have
/// said so again. A webhook does that after hours; collectd perhaps never, and a mark that nothing takes away would be as wrong.
fn marked_until(config: &Config, source: SourceId, sender: Sender, now: Mono) -> Mono {
    if sender == Sender::Once {
        return now.plus(Millis::from_secs(DURATION_SECS));
    }
    let source = config.sources.get(source.index()).filter(|_| sender == Sender::Webhook);
    let within = source.map_or(Millis(0), |source| source.repeat_within);
    now.plus(within.max(config.main.resolve_after))
}

/// When an alert began, if its sender says so and that can be true.
pub(super) fn began(claim: Claim, now: Now) -> Option<Mono> {
    let (starts, wall) = (claim.starts_at?, now.wall?);
    let oldest = Wall(wall.0.saturating_sub(i64::from(SINCE_DAYS).saturating_mul(86_400_000)));
    if oldest <= starts && starts <= wall { now.mono_of(starts) } else { None }
}
