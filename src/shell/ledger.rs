//! The journal in use: what must survive a restart goes in as it happens, and is on flash before its sender
//! is answered. When storage fails, the daemon goes on in memory, says so once, and tries again later.

use std::path::Path;

use aiglon::config::Config;
use aiglon::engine::alerts::Key;
use aiglon::engine::durable::{BEGAN, ENDED, MORE};
use aiglon::engine::heartbeats::BEAT;
use aiglon::engine::{Durable, Engine};
use aiglon::incidents::Survey;
use aiglon::journal::{Counters, Durability, Fault, Journal, Refused};
use aiglon::limits::{ALERT_FLASH_HOUR, JOURNAL_BYTES_MAX, JOURNAL_RETRY};
use aiglon::model::SourceId;
use aiglon::render::PageBuf;
use aiglon::time::{Mono, Now};

use super::memory::Memory;
use super::storage::{Files, InUse};

/// The journal and its files.
pub struct Ledger {
    journal: Journal,
    files: Option<Files>,
    /// When to try again to leave memory for the flash.
    retry_at: Option<Mono>,
    /// Why the journal could not be written anew the last time, though it may still take records.
    stale: Option<Fault>,
    /// Whether the present fault has been logged.
    said: bool,
    /// What the log weighed when something was to go from the flash and could not.
    purging: Option<usize>,
}

impl Ledger {
    /// Not open yet.
    pub const fn new() -> Self {
        Self { journal: Journal::new(), files: None, retry_at: None, stale: None, said: false, purging: None }
    }

    /// Takes the directory. Whoever else needs it may use it after this.
    pub fn take(&mut self, dir: &Path) -> Result<(), InUse> {
        self.files = Some(Files::open(dir)?);
        Ok(())
    }

    /// Gives the engine back what an earlier run left. Where the configured journal has no room for what must be kept of
    /// that, it is larger than configured.
    pub fn replay(&mut self, engine: &mut Engine, config: &mut Config, now: Now) {
        let Some(files) = &mut self.files else { return };
        let mut unknown = 0u32;
        engine.set_journal(JOURNAL_BYTES_MAX);
        let opened = self.journal.open(files, config.main.journal_size, &mut |record| {
            if !engine.restore(config, now, record.kind, record.payload) {
                unknown += 1;
            }
        });
        match opened {
            Ok(opened) => {
                if opened.lost > 0 {
                    log::warn!(
                        "the journal ended in {} bytes that were not written whole, as after a power cut; they were cut off",
                        opened.lost
                    );
                }
                if unknown > 0 {
                    log::warn!(
                        "{unknown} records of the journal are not known to this version and were left out"
                    );
                }
            }
            Err(fault) => log::error!(
                "the journal cannot be read ({}): alerts of senders that do not repeat may be missing, and what \
                 comes is kept in memory only",
                words(fault)
            ),
        }
        let (size, needed) = (config.main.journal_size, engine.incidents().journal_needed());
        if needed > size {
            // And room for what comes: else it would be refused from the first moment.
            let roomy = (needed + needed / 2).min(JOURNAL_BYTES_MAX);
            log::warn!("{}: using {roomy}", too_small(size, KEPT, needed));
            config.main.journal_size = roomy;
            self.journal.set_limit(roomy);
        }
        engine.set_journal(config.main.journal_size);
        self.watch(now.mono);
    }

    /// Writes down what an alert's beginning or end changes. It is on flash after [`settle`](Self::settle).
    pub fn note(&mut self, engine: &mut Engine, config: &Config, now: Now, what: Durable) {
        let Some(files) = &mut self.files else { return };
        let journal = &mut self.journal;
        let mut full = false;
        let behind = engine.write_down(config, now, what, &mut |kind, payload| {
            full |= journal.append(files, kind, payload, Durability::Later) == Err(Refused::Full);
        });
        if behind {
            log::warn!(
                "a source that does not repeat its alerts sends more of them than the flash should bear: what more begins \
                 is not written down for some hours, and after a restart its components will be \"no data\""
            );
        }
        if full {
            // The snapshot holds it, and whose record found no room pays for it.
            let cost = self.compact(engine, config, now);
            if let Durable::Began(Key { source, .. }) | Durable::Ended(Key { source, .. }) = what {
                engine.pay(SourceId(source), cost, now.mono);
            }
        }
        self.watch(now.mono);
    }

    /// Writes down what happened to incidents and what people said since the last time. Returns when it is on flash; or the
    /// reason why it is kept in memory only.
    pub fn commit(&mut self, engine: &mut Engine, config: &Config, now: Now) -> Option<Fault> {
        self.append(engine, config, now);
        self.purge(engine, config, now);
        if engine.uptime().flush_at().is_some_and(|at| at <= now.mono) {
            self.flush(engine, config, now);
        }
        self.settle(now.mono);
        self.fault()
    }

    /// Has what was taken away leave the flash, by a snapshot without it. The record that takes it
    /// away is on flash before, since it may fit where no snapshot does. With a fault it is tried
    /// once for each change, and at each [`retry`](Self::retry).
    fn purge(&mut self, engine: &mut Engine, config: &Config, now: Now) {
        let weight = engine.incidents().usage().1;
        if !engine.incidents().wants_purge() || (self.purging == Some(weight) && self.fault().is_some()) {
            return;
        }
        self.settle(now.mono);
        self.compact(engine, config, now);
        self.purging = self.fault().map(|_| engine.incidents().usage().1);
    }

    /// Adds what is not in the journal yet.
    fn append(&mut self, engine: &mut Engine, config: &Config, now: Now) {
        while let Some((kind, payload)) = engine.incidents().unnoted() {
            let Some(files) = &mut self.files else { return };
            match self.journal.append(files, kind, payload, Durability::Later) {
                Ok(()) => engine.note(),
                Err(Refused::Full) => {
                    // The snapshot holds it.
                    self.compact(engine, config, now);
                    break;
                }
                // The fault stays with the journal; the compaction that ends it writes everything.
                Err(Refused::Fault(_) | Refused::Unfit) => break,
            }
        }
    }

    /// Writes down how components fared. It is on flash after [`settle`](Self::settle).
    pub fn flush(&mut self, engine: &mut Engine, config: &Config, now: Now) {
        let Self { journal, files, .. } = self;
        let mut full = false;
        engine.flush_uptime(config, now, &mut |kind, payload| {
            if let Some(files) = files.as_mut().filter(|_| !full) {
                full = journal.append(files, kind, payload, Durability::Later) == Err(Refused::Full);
            }
        });
        if full {
            // The snapshot holds it.
            self.compact(engine, config, now);
        }
    }

    /// Returns when all that was noted is on flash, or cannot be.
    pub fn settle(&mut self, now: Mono) {
        if let Some(files) = &mut self.files {
            // The fault stays with the journal, where `watch` finds it.
            _ = self.journal.sync(files);
        }
        self.watch(now);
    }

    /// Writes the present state into a new journal: to make room, to purge what the configuration no longer
    /// names, or to leave memory for the flash.
    /// Returns the bytes that it cost.
    pub fn compact(&mut self, engine: &mut Engine, config: &Config, now: Now) -> u32 {
        let Some(files) = &mut self.files else { return 0 };
        let before = self.journal.counters().bytes;
        self.journal.set_limit(config.main.journal_size);
        engine.tidy();
        for brief in [false, true] {
            let written = self.journal.compact(files, &mut |snapshot| {
                // What does not fit is remembered by the snapshot.
                engine.snapshot(config, now, brief, &mut |kind, payload| _ = snapshot.put(kind, payload));
                Ok(())
            });
            if written == Ok(()) {
                engine.noted_all(brief, now);
            }
            self.stale = match written {
                Err(Refused::Fault(fault)) => Some(fault),
                // Not even briefly: who asks whether all is on flash must be told.
                Err(Refused::Full) if brief => Some(Fault::NoSpace),
                _ => None,
            };
            if written != Err(Refused::Full) {
                break;
            }
            log::warn!(
                "more alerts of senders that do not repeat than the journal holds: after a restart their \
                 components will be \"no data\" until they are repeated"
            );
        }
        self.watch(now.mono);
        u32::try_from(self.journal.counters().bytes - before).unwrap_or(u32::MAX)
    }

    /// Writes the present state as a journal into `out`, which is empty; false if it finds no room there. Without alerts,
    /// which nobody takes in elsewhere: their names and texts are not for whoever gets the archive.
    pub fn export(engine: &Engine, config: &Config, now: Now, out: &mut PageBuf) -> bool {
        let (mut journal, mut memory) = (Journal::new(), Memory(out));
        let opened = journal.open(&mut memory, JOURNAL_BYTES_MAX, &mut |_| {});
        let mut write = |brief| {
            journal.compact(&mut memory, &mut |snapshot| {
                engine.snapshot(config, now, brief, &mut |kind, payload| {
                    if !is_alert(kind) {
                        _ = snapshot.put(kind, payload);
                    }
                });
                Ok(())
            })
        };
        opened.is_ok() && [false, true].into_iter().any(|brief| write(brief).is_ok())
    }

    /// Puts what an archive's journal holds in place of all incidents, words and history, in memory and on flash. Alerts
    /// are left as they are: who sends them knows better than an archive. Returns how many records there were, and what
    /// they were about.
    ///
    /// # Errors
    /// Why nothing has changed, in words.
    pub fn import(
        &mut self,
        engine: &mut Engine,
        config: &Config,
        now: Now,
        archive: &mut PageBuf,
    ) -> Result<(u32, Survey), String> {
        // A first look, which changes nothing.
        let length = archive.len();
        let (mut count, mut survey) = (0, Survey::new());
        let read = |archive: &mut PageBuf, each: &mut dyn FnMut(u8, &[u8])| {
            Journal::new().open(&mut Memory(archive), JOURNAL_BYTES_MAX, &mut |record| {
                each(record.kind, record.payload);
            })
        };
        let opened = read(archive, &mut |kind, payload| {
            count += u32::from(!is_alert(kind));
            survey.look(engine.incidents(), config, kind, payload);
        });
        match opened {
            Err(Fault::Newer) => return Err("a later version wrote this archive\n".into()),
            Ok(opened) if opened.lost == 0 && !opened.fresh && archive.len() == length => {}
            _ => return Err("the archive is damaged: what it holds is no journal\n".into()),
        }
        if survey.is_foreign() {
            return Err(
                "nothing in this archive is of a site, service or component that is named here; nothing was \
                        changed\n"
                    .into(),
            );
        }
        let (size, needed) = (config.main.journal_size, survey.journal_needed());
        if needed > size {
            return Err(format!("{}; nothing was changed\n", too_small(size, "the archive", needed)));
        }
        if length > self.journal.snapshot_limit() as usize {
            return Err("the archive holds more than option journal_size allows here\n".into());
        }
        engine.forget_incidents();
        // It was read before, so it is read again.
        _ = read(archive, &mut |kind, payload| {
            if !is_alert(kind) {
                engine.restore_incident(config, kind, payload);
            }
        });
        engine.restored(config, now);
        self.compact(engine, config, now);
        Ok((count, survey))
    }

    /// Tries again to leave memory for the flash, and writes down what was too much for it before, if it is time.
    pub fn retry(&mut self, engine: &mut Engine, config: &Config, now: Now) {
        if self.fault().is_none() && engine.catches_up_at().is_some_and(|at| at <= now.mono) {
            self.catch_up(engine, config, now);
        }
        if self.retry_at.is_some_and(|at| at <= now.mono) {
            self.retry_at = Some(now.mono.plus(JOURNAL_RETRY));
            self.compact(engine, config, now);
        }
    }

    /// Those whose alerts were too much for the flash pay for a snapshot that has them all.
    fn catch_up(&mut self, engine: &mut Engine, config: &Config, now: Now) {
        let behind = engine.behind();
        let cost = self.compact(engine, config, now);
        for source in behind.iter() {
            // At least an hour's, so that one that finds no room is not tried again at once.
            engine.pay(source, cost.max(ALERT_FLASH_HOUR), now.mono);
        }
    }

    /// When [`retry`](Self::retry) wants to be called.
    pub fn retry_at(&self, engine: &Engine) -> Option<Mono> {
        match self.fault() {
            None => engine.catches_up_at(),
            Some(_) => self.retry_at,
        }
    }

    /// Why nothing is written at present, if so.
    pub fn fault(&self) -> Option<Fault> {
        self.journal.fault().or(self.stale)
    }

    /// Whether what comes is on flash, though the journal may not be written anew.
    pub fn takes_records(&self) -> bool {
        self.journal.fault().is_none()
    }

    /// Bytes that the files together may have.
    pub fn limit(&self) -> u32 {
        self.journal.limit()
    }

    /// Bytes of the file, and what was done since the start.
    pub fn figures(&self) -> (u32, Counters) {
        (self.journal.bytes(), self.journal.counters())
    }

    /// Says once that storage fails, and once that it works again.
    fn watch(&mut self, now: Mono) {
        match (self.fault(), self.said) {
            (Some(fault), false) => {
                self.said = true;
                self.retry_at = Some(now.plus(JOURNAL_RETRY));
                log::error!(
                    "the journal cannot be written ({}): what comes is kept in memory only, and a restart forgets it; \
                     trying again every ten minutes",
                    words(fault)
                );
            }
            (None, true) => {
                self.said = false;
                self.retry_at = None;
                log::info!("the journal is written again");
            }
            _ => {}
        }
    }
}

/// Whether a record tells of an alert or a heartbeat, which nobody needs elsewhere.
fn is_alert(kind: u8) -> bool {
    matches!(kind, BEGAN | ENDED | MORE | BEAT)
}

/// That a journal has no room for something.
pub fn too_small(size: u32, what: &str, needed: u32) -> String {
    format!("option journal_size is {size} bytes, and {what} needs {needed}")
}

/// What must not be lost of what is kept.
pub const KEPT: &str = "what people wrote and what goes on";

/// Why storage fails, in words.
pub fn words(fault: Fault) -> &'static str {
    match fault {
        Fault::Missing => "there is no such directory",
        Fault::NoSpace => "no space left",
        Fault::ReadOnly => "it is read-only, or not ours",
        Fault::Busy => "another daemon writes there",
        Fault::Moved => "another directory or journal has taken its place; a restart goes on with that",
        Fault::Newer => "a later version wrote it",
        Fault::Io => "the device fails",
    }
}
