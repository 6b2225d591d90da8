//! Alerts that must survive a restart: those of senders that do not repeat, as the journal's records hold
//! them, and back.
//!
//! An Alertmanager says a webhook alert once, and again after hours. Without this, a restart would forget it,
//! and its component would be green once its source had been heard for a while.
//!
//! # Records, version 1
//!
//! Numbers are little-endian. Sections of the configuration are known by a hash of their names, so that a
//! record says nothing by itself and a renamed section takes nothing along.
//!
//! ```text
//! began: | source u64 | fingerprint u64 | severity u8 | starts i64 | count u16 | count x component u32 |
//!        | length u16 | length x kept |
//! ended: | source u64 | fingerprint u64 |
//! more:  | source u64 |
//! ```
//!
//! `severity`: 1 degraded, 2 outage; and 16 if it lasts until it is resolved (collectd's). `starts`: milliseconds since 1970, `i64::MIN` if not known. `count`:
//! 65,535 if there were too many to list: then all that the source feeds, since a component that is left out
//! could turn green. `kept`: of what is kept, the name, the labels
//! that led by name and what is published, as [`Kept`] packs it. `more`: this source had alerts that are not
//! written down: more than fit, more than its allowance of flash (see [`wear`](super::wear)), or such whose labels hold a
//! MAC address, which could be guessed from the fingerprint.

use super::Engine;
use super::alerts::{Held, Key, Phase};
use super::heartbeats::BEAT;
use super::lifetime::{Memory, Sender, Word};
use super::mapping::{self, LEADING};
use crate::config::Config;
pub use crate::journal::kinds::{BEGAN, ENDED, MORE};
use crate::limits::{
    ALERTS, DURABLE_BYTES, DURABLE_COMPONENTS, JOURNAL_SNAPSHOT_QUARTERS, KEPT_BYTES, RECORD_OVERHEAD_BYTES,
    UPTIME_LEAST_SHARE, UPTIME_MOST_SHARE,
};
use crate::model::{ComponentId, ComponentSet, Finding, Kept, Severity, SourceId};
use crate::time::{Now, Wall};

/// A record's payload.
pub type Payload = heapless::Vec<u8, DURABLE_BYTES, u16>;

/// Bytes kept free for the head of a journal.
const HEADER_ROOM: u32 = 64;

/// What is added to the severity of an alert that its sender never repeats.
const ONCE: u8 = 16;

/// Stands for "all that the source feeds".
const ALL: u16 = u16::MAX;

impl Engine {
    /// The record that an alert which is held began; `None` if it is not held, or will be repeated.
    pub(super) fn began_record(&self, config: &Config, now: Now, key: Key) -> Option<Payload> {
        let held = self.alerts.find(key).and_then(|at| self.alerts.get(at))?;
        began(config, now, held)
    }

    /// The records of all that must survive a restart: what a compacted journal holds. Where alerts are too many,
    /// `brief`: only that there were. Of how components fared, the newest days that fit.
    pub fn snapshot(&self, config: &Config, now: Now, brief: bool, each: &mut dyn FnMut(u8, &[u8])) {
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

    fn write_current(&self, config: &Config, now: Now, brief: bool, each: &mut dyn FnMut(u8, &[u8])) {
        for id in (0..=u8::MAX).map(SourceId).take(config.sources.len()) {
            if self.lacks(id, brief, now.mono) {
                each(MORE, &more_record(config, id));
            }
        }
        self.incidents.snapshot(each);
        self.snapshot_beats(config, now, each);
        for held in self.alerts.iter().filter(|_| !brief) {
            if let Some(payload) = began(config, now, held) {
                each(BEGAN, &payload);
            }
        }
    }

    /// Takes back a record of an earlier run, before anything else has come. Nothing is shown of it before
    /// [`restored`](Self::restored): what ended since is never told. What the configuration no longer names
    /// is left out. False if the record is not one of these.
    pub fn restore(&mut self, config: &Config, now: Now, kind: u8, payload: &[u8]) -> bool {
        let mut rest = payload;
        self.restoring = true;
        match kind {
            BEGAN => self.restore_began(config, now, &mut rest).is_some(),
            ENDED => self.restore_ended(config, &mut rest).is_some(),
            MORE => self.restore_more(config, now, &mut rest).is_some(),
            BEAT => self.restore_beat(config, payload).is_some(),
            kind => self.restore_incident(config, kind, payload),
        }
    }

    fn restore_began(&mut self, config: &Config, now: Now, rest: &mut &[u8]) -> Option<()> {
        let source = u64::from_le_bytes(take(rest)?);
        let fingerprint = u64::from_le_bytes(take(rest)?);
        let [how] = take(rest)?;
        let sender = if how & ONCE == 0 { Sender::Webhook } else { Sender::Once };
        let severity = match how & !ONCE {
            1 => Severity::Degraded,
            2 => Severity::Outage,
            _ => return None,
        };
        let starts = i64::from_le_bytes(take(rest)?);
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
        let Some(source) = source.filter(|_| !listed.is_empty()) else { return Some(()) };
        let key = Key { source: source.0, fingerprint };
        self.forget(key);
        if mapping::is_ignored(config, source, &kept) {
            return Some(());
        }
        let within = config.sources.get(source.index())?.repeat_within;
        let until = now.mono.plus(within);
        let starts_at = (starts != i64::MIN).then_some(Wall(starts));
        let site = config.sources.get(source.index())?.site;
        let held = Held {
            key,
            components: listed,
            fires: severity.into(),
            unknown: Finding::Lapsed,
            number: 0,
            sender,
            phase: Phase::Firing { until },
            memory: Memory { announced: None, announced_at: now.mono, word: Word::Firing, promised: false },
            starts_at,
            first_heard: now.mono,
            last_heard: now.mono,
            private: false,
            written: true,
            kept: kept
                .filter(|name| name == "alertname" || LEADING.contains(&name) || config.keeps(site, name)),
        };
        let claim = (held.says(), held.since(now));
        self.wake_at(until);
        // What is held is counted when all is restored.
        if self.alerts.len() >= ALERTS || self.alerts.insert(held, site).is_err() {
            self.lost(source, now.mono.plus(within));
            self.refuse(config, source, &listed, claim, now.mono.plus(within), now);
        }
        Some(())
    }

    fn restore_ended(&mut self, config: &Config, rest: &mut &[u8]) -> Option<()> {
        let source = u64::from_le_bytes(take(rest)?);
        let fingerprint = u64::from_le_bytes(take(rest)?);
        if let Some(source) = source_by_hash(config, source) {
            self.forget(Key { source: source.0, fingerprint });
        }
        Some(())
    }

    fn restore_more(&mut self, config: &Config, now: Now, rest: &mut &[u8]) -> Option<()> {
        let source = source_by_hash(config, u64::from_le_bytes(take(rest)?));
        let Some(source) = source else { return Some(()) };
        let until = now.mono.plus(config.sources.get(source.index())?.repeat_within);
        self.doubt_fed_by(config, source, (Finding::NotOnFlash, until), now);
        self.restored_more(source, until);
        Some(())
    }

    fn forget(&mut self, key: Key) {
        if let Some(at) = self.alerts.find(key) {
            self.alerts.remove(at);
        }
    }
}

/// The record that a source had more than is written down.
pub(super) fn more_record(config: &Config, source: SourceId) -> [u8; 8] {
    config.source_hash(source).to_le_bytes()
}

/// The record that an alert ended.
pub(super) fn ended_record(config: &Config, key: Key) -> Payload {
    let mut out = Payload::new();
    put(&mut out, &config.source_hash(SourceId(key.source)).to_le_bytes());
    put(&mut out, &key.fingerprint.to_le_bytes());
    out
}

/// Whether what an alert says under this name may be on flash, which may be seized: its own name, the words of the
/// configuration that led by name (if no matcher looks at that label, there is no other value), and what its
/// components publish. What a matcher alone looked at is not.
fn may_be_written(config: &Config, held: &Held, name: &str) -> bool {
    let led = || {
        let source = config.sources.get(held.source().index());
        LEADING.contains(&name) && source.is_some_and(|source| !config.keeps(source.site, name))
    };
    let mut published = config.published.iter().filter(|row| held.components.contains(row.component));
    name == "alertname" || led() || published.any(|row| config.str(row.annotation) == name)
}

fn began(config: &Config, now: Now, held: &Held) -> Option<Payload> {
    if !is_durable(held) || held.private {
        return None;
    }
    let mut out = Payload::new();
    put(&mut out, &config.source_hash(held.source()).to_le_bytes());
    put(&mut out, &held.key.fingerprint.to_le_bytes());
    let once = if held.sender == Sender::Once { ONCE } else { 0 };
    put(&mut out, &[once | if held.fires == Finding::Outage { 2 } else { 1 }]);
    let starts = held.starts_at.or_else(|| now.wall_of(held.first_heard)).map_or(i64::MIN, |at| at.0);
    put(&mut out, &starts.to_le_bytes());
    let count = u16::try_from(held.components.iter().count()).unwrap_or(ALL);
    if usize::from(count) > DURABLE_COMPONENTS {
        put(&mut out, &ALL.to_le_bytes());
    } else {
        put(&mut out, &count.to_le_bytes());
        for id in held.components.iter() {
            put(&mut out, &config.component_hash(id).to_le_bytes());
        }
    }
    let kept = held.kept.filter(|name| may_be_written(config, held, name));
    let kept = kept.packed();
    put(&mut out, &u16::try_from(kept.len()).unwrap_or(0).to_le_bytes());
    put(&mut out, kept);
    Some(out)
}

pub(super) fn is_durable(held: &Held) -> bool {
    held.sender != Sender::Repeating && held.counts()
}

/// Everything fits: see the assertion below.
fn put(out: &mut Payload, bytes: &[u8]) {
    _ = out.extend_from_slice(bytes);
}

const _: () = assert!(
    8 + 8 + 1 + 8 + 2 + DURABLE_COMPONENTS * 4 + 2 + KEPT_BYTES <= DURABLE_BYTES,
    "the record of the largest alert must fit"
);

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

fn source_by_hash(config: &Config, wanted: u64) -> Option<SourceId> {
    (0..=u8::MAX).map(SourceId).take(config.sources.len()).find(|&id| config.source_hash(id) == wanted)
}

fn fed_by(config: &Config, source: SourceId) -> impl Iterator<Item = ComponentId> + '_ {
    (0..=u16::MAX)
        .map(ComponentId)
        .zip(&config.components)
        .filter(move |(_, component)| component.feeders.contains(source))
        .map(|(id, _)| id)
}
