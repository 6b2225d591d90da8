//! Alerts that must survive a restart: those of senders that do not repeat, as the journal's
//! records hold them, and back.
//!
//! An Alertmanager says a webhook alert once, and again after hours. Without this, a restart would
//! forget it, and its component would be green once its source had been heard for a while.
//!
//! # Records, version 1
//!
//! Numbers are little-endian, times are milliseconds since 1970, `i64::MIN` if not known. Sections
//! of the configuration are known by a hash of their names, so that a record says nothing by itself
//! and a renamed section takes nothing along.
//!
//! ```text
//! alert: | source u64 | fingerprint u64 | how u8 | says u8 | starts i64 | told i64 | until i64 |
//!        | count u16 | count x component u32 | length u16 | length x kept |
//! over:  | source u64 | fingerprint u64 | at i64 | starts i64 |
//! more:  | source u64 | (0 u8) |
//! began: | source u64 | fingerprint u64 | severity u8 | starts i64 |
//!        | count u16 | count x component u32 | length u16 | length x kept |
//! ended: | source u64 | fingerprint u64 |
//! ```
//!
//! `how`: 1 collectd says it, 2 its life was granted anew at a start without a clock. `says`: 1
//! degraded, 2 outage, 3 its sender cannot tell; and 16 nobody can tell whether it fires, 32 its
//! sender says that nobody looked, 48 a person ended it. `starts`: as its sender says, else when it
//! was heard first. `told`: when it was heard last. `until`: so long that is believed; its expiry
//! needs no record. `count`: 65,535 if there were too many to list: then all that the source feeds,
//! since a component that is left out could turn green. `kept`: of what is kept, the name, the
//! labels that led by name and what is published, as [`Kept`] packs it. `more`: this source had
//! alerts that are not written down: more than fit, more than its budget of flash (see
//! [`flash_budget`](super::flash_budget)), or such whose labels hold a MAC address, which could be
//! guessed from the fingerprint. With a zero behind it, the source has no more. `began` and `ended`
//! are of earlier versions, and only read. `severity`: 1 degraded, 2 outage; and 16 if collectd
//! says it.
//!
//! # A life over a restart
//!
//! A restart grants what was left of an alert's life by the clock, never more. Without a clock
//! nobody knows how much that is: the whole of it is granted once, and the record says so; at a
//! second start without a clock the alert is *no data*. When the clock comes, `until` decides.

use super::Engine;
use super::alerts::{AlertKey, AlertPhase, Grant, Held, OnFlash};
use super::heartbeats::BEAT;
use super::intake::lapses_to;
use super::lifetime::{Memory, Reading, Sender};
use super::mapping::{self, LEADING};
use super::rules::RULE;
use crate::config::Config;
pub use crate::journal::kinds::{ALERT, BEGAN, ENDED, MORE, OVER};
use crate::limits::{
    ALERTS, DATED_AGAIN, DATED_WRONG, DURABLE_BYTES, DURABLE_COMPONENTS, JOURNAL_SNAPSHOT_QUARTERS,
    KEPT_BYTES, OLD_NEWS, RECORD_OVERHEAD_BYTES, SOURCES, UPTIME_LEAST_SHARE, UPTIME_MOST_SHARE,
};
use crate::model::{ComponentId, ComponentSet, Finding, Kept, KeptPair, SourceId, SourceSet};
use crate::time::{Millis, Mono, Now, Wall};

/// A record's payload.
pub type AlertPayload = heapless::Vec<u8, DURABLE_BYTES, u16>;

/// Bytes kept free for the head of a journal.
const HEADER_ROOM: u32 = 64;

/// Bits of `how`, and what `began` adds to its severity.
const COLLECTD: u8 = 1;
const GRANTED: u8 = 2;
const ONCE: u8 = 16;

/// What `says` adds to what an alert says while it fires.
const LAPSED: u8 = 16;
const UNSEEN: u8 = 32;
const RELEASED: u8 = 48;

/// Behind a source: that it has no more. An earlier version takes that for `more`.
const NO_MORE: &[u8] = &[0];

/// Stands for "all that the source feeds".
const ALL: u16 = u16::MAX;

impl Engine {
    /// The records of all that must survive a restart: what a compacted journal holds. If a source
    /// is in `brief`, the snapshot says only that it had alerts. The past has as many of the newest
    /// days as fit.
    pub fn snapshot(&self, config: &Config, now: Now, brief: SourceSet, each: &mut dyn FnMut(u8, &[u8])) {
        let mut used = 0u32;
        let mut counted = |kind: u8, payload: &[u8]| {
            let bytes = payload.len().saturating_add(RECORD_OVERHEAD_BYTES);
            used = used.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
            each(kind, payload);
        };
        self.write_current(config, now, brief, &mut counted);
        // What a snapshot may be, less what is in it already; and within what the past is worth.
        let half = config.main.journal_size / 2;
        let left = (half / 4)
            .saturating_mul(JOURNAL_SNAPSHOT_QUARTERS)
            .saturating_sub(used.saturating_add(HEADER_ROOM));
        let (least, most) =
            (config.main.journal_size / UPTIME_LEAST_SHARE, config.main.journal_size / UPTIME_MOST_SHARE);
        self.uptime.snapshot(config, now, left.clamp(least, most), each);
    }

    fn write_current(&self, config: &Config, now: Now, brief: SourceSet, each: &mut dyn FnMut(u8, &[u8])) {
        for id in (0..=u16::MAX).map(SourceId).take(config.sources.len()) {
            if self.lacks(id, brief.contains(id), now.mono) {
                each(MORE, &more_record(config, id));
            }
        }
        self.incidents.snapshot(each);
        self.snapshot_beats(config, now, each);
        self.snapshot_rules(config, each);
        for (held, ended) in self.written_of(now.mono).filter(|(held, _)| !brief.contains(held.source())) {
            if let Some(payload) = alert_record(config, now, held) {
                each(ALERT, &payload);
            }
            if ended {
                each(OVER, &over_record(config, now, held));
            }
        }
    }

    /// The alerts that a snapshot has, and whether each has ended. Of an end, what ended is
    /// written, too: else nobody could tell old news.
    fn written_of(&self, now: Mono) -> impl Iterator<Item = (&Held, bool)> {
        self.alerts.iter().filter(|held| !held.private).filter_map(move |held| {
            let ended = matches!(held.phase, AlertPhase::Ended { until } if until > now)
                // What was never held otherwise is not worth its room.
                && held.first_heard < held.last_heard;
            let is_written = is_durable(held) || held.sender != Sender::Repeating && ended;
            is_written.then_some((held, ended))
        })
    }

    /// Of the sources that are not in `brief`, the source whose alerts take most room in a
    /// snapshot. So a flood of one sender costs no smaller sender its place on flash. The largest
    /// loses its place, whoever that is.
    pub fn largest(&self, config: &Config, now: Now, brief: SourceSet) -> Option<SourceId> {
        let mut bytes = [0usize; SOURCES];
        for (held, _) in self.written_of(now.mono) {
            let Some(sum) = bytes.get_mut(held.source().index()) else { continue };
            let record = alert_record(config, now, held).map_or(0, |payload| payload.len());
            *sum = sum.saturating_add(record);
        }
        let left = (0u16..).map(SourceId).zip(bytes).filter(|&(id, sum)| sum > 0 && !brief.contains(id));
        left.max_by_key(|&(_, sum)| sum).map(|(id, _)| id)
    }

    /// Takes back a record of an earlier run, before anything else has come. Nothing is shown of it
    /// before [`restored`](Self::restored): what ended since is never told. What the configuration
    /// no longer names is left out. False if the record is not one of these.
    pub fn restore(&mut self, config: &Config, now: Now, kind: u8, payload: &[u8]) -> bool {
        let mut rest = payload;
        self.restoring = true;
        match kind {
            ALERT => self.restore_alert(config, now, &mut rest).is_some(),
            OVER | ENDED => self.restore_over(config, now, &mut rest).is_some(),
            BEGAN => self.restore_began(config, now, &mut rest).is_some(),
            MORE => self.restore_more(config, now, &mut rest).is_some(),
            BEAT => self.restore_beat(config, payload).is_some(),
            RULE => self.restore_rule(config, payload).is_some(),
            kind => self.restore_incident(config, kind, payload),
        }
    }

    /// An earlier version's record: nobody knows how much of its life was left, so all of it is
    /// granted.
    fn restore_began(&mut self, config: &Config, now: Now, rest: &mut &[u8]) -> Option<()> {
        let (source, fingerprint) = (take_u64(rest)?, take_u64(rest)?);
        let [severity] = take(rest)?;
        let record = AlertRecord {
            how: if severity & ONCE == 0 { 0 } else { COLLECTD },
            says: severity & !ONCE,
            starts: take_i64(rest)?,
            told: i64::MIN,
            until: i64::MIN,
        };
        (record.says <= 2).then_some(())?;
        self.restore_held(config, now, (source, fingerprint), record, rest)
    }

    fn restore_alert(&mut self, config: &Config, now: Now, rest: &mut &[u8]) -> Option<()> {
        let (source, fingerprint) = (take_u64(rest)?, take_u64(rest)?);
        let [how, says] = take(rest)?;
        let (starts, told, until) = (take_i64(rest)?, take_i64(rest)?, take_i64(rest)?);
        let record = AlertRecord { how, says, starts, told, until };
        self.restore_held(config, now, (source, fingerprint), record, rest)
    }

    fn restore_held(
        &mut self,
        config: &Config,
        now: Now,
        (source, fingerprint): (u64, u64),
        record: AlertRecord,
        rest: &mut &[u8],
    ) -> Option<()> {
        let fires = match record.says & 15 {
            1 => Finding::Degraded,
            2 => Finding::Outage,
            3 => Finding::SenderCannotTell,
            _ => return None,
        };
        let count = u16::from_le_bytes(take(rest)?);
        let mut listed = ComponentSet::EMPTY;
        let source = source_by_hash(config, source);
        if count == ALL {
            for id in fed_by(config, source?) {
                listed.insert(id);
            }
        } else {
            for _ in 0..count {
                let hash = u32::from_le_bytes(take(rest)?);
                let found = source
                    .and_then(|source| fed_by(config, source).find(|&id| config.component_hash(id) == hash));
                if let Some(id) = found {
                    listed.insert(id);
                }
            }
        }
        let length = usize::from(u16::from_le_bytes(take(rest)?));
        let kept = Kept::unpack(rest.get(..length)?)?;
        let Some(source) = source else { return Some(()) };
        let key = AlertKey { source: source.0, fingerprint };
        // An older record of it no longer counts, though this one concerns nobody here.
        self.forget(key);
        if listed.is_empty() || mapping::is_ignored(config, source, &kept) {
            return Some(());
        }
        let within = within(config, source);
        let (until, grant) = record.life(within, now);
        // Its record is to say when it is over. Without that, or if a clock that was ahead dated
        // it, the next start grants all of it again.
        let dated = until.and_then(|until| now.wall_of(until));
        let undated =
            until.is_some() && known(record.until).is_none_or(|was| dated.is_some_and(|is| is < was));
        let phase = match (record.says & !15, until) {
            (RELEASED, Some(until)) => AlertPhase::Released { until },
            // Its source has not said it again for as long as it may take to.
            (RELEASED, None) => return Some(()),
            (0, Some(until)) => AlertPhase::Firing { until },
            _ => AlertPhase::Expired { quiet_since: now.mono },
        };
        let mono = |at: i64| known(at).and_then(|at| now.mono_of(at)).map_or(now.mono, |at| at.min(now.mono));
        let held = Held {
            key,
            components: listed,
            fires,
            unknown: if record.says & !15 == UNSEEN { Finding::SenderCannotTell } else { lapses_to(fires) },
            number: 0,
            sender: if record.how & COLLECTD == 0 { Sender::Webhook } else { Sender::Once },
            phase,
            memory: Memory {
                announced: known(record.until).into(),
                announced_at: now.mono,
                reading: if record.says & !15 == UNSEEN { Reading::CannotTell } else { Reading::Firing },
                promised: false,
            },
            starts_at: known(record.starts).into(),
            first_heard: now.mono,
            last_heard: mono(record.told),
            private: false,
            grant,
            flash: OnFlash { dirty: grant == Grant::Whole || undated, ..OnFlash::written(mono(record.told)) },
            kept: mapping::still_kept(config, source, &kept),
        };
        let marks = (held.says(), held.since(now));
        self.unwritten |= held.flash.dirty;
        if let Some(until) = until {
            self.wake_at(until);
        }
        self.incidents.was_well(&listed, false);
        // What is held is counted when all is restored.
        if self.alerts.len() >= ALERTS || self.alerts.insert(held, config).is_err() {
            let until = until.unwrap_or(now.mono.plus(within));
            self.lost(source, until);
            self.refuse(config, source, &listed, marks, until, now);
            for id in listed.iter() {
                if let Some(status) = self.statuses.get_mut(id.index()) {
                    status.mark_several();
                }
            }
        }
        Some(())
    }

    /// An end; of an earlier version's, nobody knows when it was.
    fn restore_over(&mut self, config: &Config, now: Now, rest: &mut &[u8]) -> Option<()> {
        let (source, fingerprint) = (take_u64(rest)?, take_u64(rest)?);
        let ended = if rest.is_empty() { None } else { Some((take_i64(rest)?, take_i64(rest)?)) };
        let Some(source) = source_by_hash(config, source) else { return Some(()) };
        let key = AlertKey { source: source.0, fingerprint };
        let Some(at) = self.alerts.find(key) else { return Some(()) };
        // What was struck out for want of a budget has not ended, and has no time.
        if ended.is_none_or(|(at, _)| known(at).is_some()) {
            let of_it = |held: &&Held| held.key == key;
            let mut well = self.alerts.iter().find(of_it).map_or(ComponentSet::EMPTY, |held| held.components);
            for other in self.alerts.iter().filter(|held| held.key != key && held.counts()) {
                well.without(&other.components);
            }
            self.incidents.was_well(&well, true);
        }
        let since = ended.and_then(|(at, _)| now.mono_of(known(at)?)).filter(|&at| at <= now.mono);
        let until = since.map_or(now.mono, |at| at.plus(OLD_NEWS));
        if until <= now.mono {
            self.alerts.remove(at);
            return Some(());
        }
        self.alerts.update(at, |held| {
            held.phase = AlertPhase::Ended { until };
            held.starts_at = ended.and_then(|(_, starts)| known(starts)).into();
            held.memory.reading = Reading::Resolved;
            (held.flash, held.grant) = (OnFlash::NOTHING, Grant::None);
        });
        self.wake_at(until);
        Some(())
    }

    /// The clock has come to count, or was set: what a start has brought back has what is left by
    /// it. What was written before has no date, or that of a clock that was `wrong` by so much: it
    /// gets another one, but once an hour at most, so that a clock that is set all the time costs
    /// the flash little.
    pub(super) fn learn_what_was_left(&mut self, config: &Config, wrong: Option<Millis>, now: Now) {
        let rests = self.dated_at.is_some_and(|at| now.mono < at.plus(DATED_AGAIN));
        let anew = wrong.is_none_or(|wrong| wrong >= DATED_WRONG) && !rests;
        for at in 0..self.alerts.len() {
            let Some(held) = self.alerts.get(at) else { break };
            let (grant, written) = (held.grant, held.flash.written);
            if grant == Grant::Whole {
                self.must_write(at);
            } else if anew && written && grant == Grant::None {
                self.must_write(at);
                self.dated_at = Some(now.mono);
            }
            let Some(held) = self.alerts.get(at).filter(|_| grant != Grant::None) else { continue };
            let left = held.memory.announced.get().and_then(|until| now.mono_of(until));
            let most = now.mono.plus(within(config, held.source()));
            let until = left.map(|left| left.min(most));
            let phase = match (held.phase, until) {
                (AlertPhase::Firing { .. } | AlertPhase::Expired { .. }, Some(until)) if until > now.mono => {
                    AlertPhase::Firing { until }
                }
                (AlertPhase::Firing { .. }, Some(_)) => AlertPhase::Expired { quiet_since: now.mono },
                (AlertPhase::Released { .. }, Some(until)) => AlertPhase::Released { until },
                (phase, _) => phase,
            };
            self.alerts.update(at, |held| (held.phase, held.grant) = (phase, Grant::Left));
            if let Some(until) = until {
                self.wake_at(until);
            }
        }
    }

    fn restore_more(&mut self, config: &Config, now: Now, rest: &mut &[u8]) -> Option<()> {
        let source = source_by_hash(config, u64::from_le_bytes(take(rest)?));
        let Some(source) = source else { return Some(()) };
        let until = now.mono.plus(config.sources.get(source.index())?.repeat_within);
        self.restored_more(source, Some(until).filter(|_| *rest != NO_MORE));
        Some(())
    }

    /// What feeds on alerts that an earlier run has lost is not known to be well.
    pub(super) fn doubt_what_was_lost(&mut self, config: &Config, now: Mono) {
        for source in (0..=u16::MAX).map(SourceId).take(config.sources.len()) {
            let Some(until) = self.lost_until(source, now) else { continue };
            for id in fed_by(config, source) {
                if let Some(status) = self.statuses.get_mut(id.index()) {
                    status.doubt(Finding::NotOnFlash, until);
                }
            }
            self.wake_at(until);
        }
    }

    fn forget(&mut self, key: AlertKey) {
        if let Some(at) = self.alerts.find(key) {
            self.alerts.remove(at);
        }
    }
}

/// How long what this source says once is believed, unrepeated.
fn within(config: &Config, source: SourceId) -> Millis {
    let within = config.sources.get(source.index()).map(|source| source.repeat_within).unwrap_or_default();
    within.max(config.main.resolve_after)
}

/// The record that a source had more than is written down.
pub(super) fn more_record(config: &Config, source: SourceId) -> [u8; 8] {
    config.source_hash(source).to_le_bytes()
}

/// The record that a source has no more than is written down.
pub(super) fn no_more_record(config: &Config, source: SourceId) -> [u8; 9] {
    let mut out = [0; 9];
    if let Some((head, tail)) = out.split_first_chunk_mut::<8>() {
        *head = more_record(config, source);
        tail.copy_from_slice(NO_MORE);
    }
    out
}

/// What a record says of an alert, but for what it concerns.
#[derive(Clone, Copy)]
struct AlertRecord {
    how: u8,
    says: u8,
    starts: i64,
    told: i64,
    until: i64,
}

impl AlertRecord {
    /// Until when what it says is believed after a start, if that is still to come; and how that
    /// was found.
    fn life(&self, within: Millis, now: Now) -> (Option<Mono>, Grant) {
        let most = now.mono.plus(within);
        match known(self.until).and_then(|until| now.mono_of(until)) {
            Some(until) => (Some(until.min(most)).filter(|&until| until > now.mono), Grant::Left),
            None if self.how & GRANTED != 0 => (None, Grant::Left),
            None if now.wall.is_none() => (Some(most), Grant::Whole),
            None => (Some(most), Grant::None),
        }
    }
}

/// The record that an alert ended.
pub(super) fn over_record(config: &Config, now: Now, held: &Held) -> AlertPayload {
    let mut out = AlertPayload::new();
    put(&mut out, &config.source_hash(held.source()).to_le_bytes());
    put(&mut out, &held.key.fingerprint.to_le_bytes());
    // What is struck out for want of a budget has not ended.
    let ended = matches!(held.phase, AlertPhase::Ended { .. });
    put(&mut out, &stamp(now.wall_of(held.memory.announced_at).filter(|_| ended)));
    put(&mut out, &stamp(held.starts_at.get()));
    out
}

/// Whether a pair of what is kept of an alert may be on flash, which may be seized: its name, the
/// words of the configuration that led by name (if no matcher looks at that label, there is no
/// other value), and what its components publish. What a matcher alone looked at is not.
fn may_be_written(config: &Config, held: &Held, pair: &KeptPair<'_>) -> bool {
    let name = pair.name;
    let led = || {
        let source = config.sources.get(held.source().index());
        LEADING.contains(&name) && source.is_some_and(|source| !config.keeps(source.site, name))
    };
    let mut published = config.published.iter().filter(|row| held.components.contains(row.component));
    if pair.annotation {
        published.any(|row| config.str(row.annotation) == name)
    } else {
        name == "alertname" || led()
    }
}

/// The record of what an alert says; `None` if its labels must not be written.
pub(super) fn alert_record(config: &Config, now: Now, held: &Held) -> Option<AlertPayload> {
    if held.private {
        return None;
    }
    let fires = match held.fires {
        Finding::Outage => 2,
        Finding::Degraded => 1,
        _ => 3,
    };
    let (standing, until) = match held.phase {
        AlertPhase::Firing { until } => (0, Some(until)),
        AlertPhase::Released { until } => (RELEASED, Some(until)),
        AlertPhase::Expired { .. } if held.unknown == Finding::SenderCannotTell => (UNSEEN, None),
        AlertPhase::Expired { .. } | AlertPhase::Ended { .. } => (LAPSED, None),
    };
    let once = if held.sender == Sender::Once { COLLECTD } else { 0 };
    let whole = held.grant == Grant::Whole;
    let granted = if whole { GRANTED } else { 0 };
    // As it was, if its life was granted anew and nobody knows by how much that is too long.
    let until = until.and_then(|until| now.wall_of(until)).filter(|_| !whole);
    let mut out = AlertPayload::new();
    put(&mut out, &config.source_hash(held.source()).to_le_bytes());
    put(&mut out, &held.key.fingerprint.to_le_bytes());
    put(&mut out, &[once | granted, standing | fires]);
    put(&mut out, &stamp(held.starts_at.get().or_else(|| now.wall_of(held.first_heard))));
    put(&mut out, &stamp(now.wall_of(held.last_heard)));
    put(&mut out, &stamp(until.or(held.memory.announced.get().filter(|_| whole))));
    let count = u16::try_from(held.components.iter().count()).unwrap_or(ALL);
    if usize::from(count) > DURABLE_COMPONENTS {
        put(&mut out, &ALL.to_le_bytes());
    } else {
        put(&mut out, &count.to_le_bytes());
        for id in held.components.iter() {
            put(&mut out, &config.component_hash(id).to_le_bytes());
        }
    }
    let kept = held.kept.filter(|pair| may_be_written(config, held, pair));
    let kept = kept.packed();
    put(&mut out, &u16::try_from(kept.len()).unwrap_or(0).to_le_bytes());
    put(&mut out, kept);
    Some(out)
}

pub(super) fn is_durable(held: &Held) -> bool {
    held.sender != Sender::Repeating && held.counts()
}

/// Everything fits: see the assertion below.
fn put(out: &mut AlertPayload, bytes: &[u8]) {
    _ = out.extend_from_slice(bytes);
}

const _: () = assert!(
    8 + 8 + 2 + 8 + 8 + 8 + 2 + DURABLE_COMPONENTS * 4 + 2 + KEPT_BYTES <= DURABLE_BYTES,
    "the record of the largest alert must fit"
);

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

fn take_u64(rest: &mut &[u8]) -> Option<u64> {
    take(rest).map(u64::from_le_bytes)
}

fn take_i64(rest: &mut &[u8]) -> Option<i64> {
    take(rest).map(i64::from_le_bytes)
}

fn stamp(at: Option<Wall>) -> [u8; 8] {
    at.map_or(i64::MIN, |at| at.0).to_le_bytes()
}

fn known(at: i64) -> Option<Wall> {
    (at != i64::MIN).then_some(Wall(at))
}

fn source_by_hash(config: &Config, wanted: u64) -> Option<SourceId> {
    (0..=u16::MAX).map(SourceId).take(config.sources.len()).find(|&id| config.source_hash(id) == wanted)
}

fn fed_by(config: &Config, source: SourceId) -> impl Iterator<Item = ComponentId> + '_ {
    (0..=u16::MAX)
        .map(ComponentId)
        .zip(&config.components)
        .filter(move |(_, component)| component.feeders.contains(source))
        .map(|(id, _)| id)
}
