//! Engine and journal together: what must survive a restart is written as it happens, and read back
//! at the start.
//!
//! The [`Driver`] decides which record is written when, and when the journal is written anew. Its
//! caller brings the files as a [`Store`], and the words: every call returns what is worth a line
//! of the log as data. If storage fails, the state lives in memory alone, and the driver tries
//! again every [`JOURNAL_RETRY`].

use crate::config::Config;
use crate::engine::Engine;
use crate::incidents::{ArchiveCheck, Boot};
use crate::journal::kinds::{self, Owner};
use crate::journal::memory::MemoryStore;
use crate::journal::{Durability, Fault, Journal, JournalCounters, Opened, Refused, Store};
use crate::limits::{ALERT_FLASH_HOUR, JOURNAL_BYTES_MAX, JOURNAL_RETRY};
use crate::model::SourceSet;
use crate::text::buffer::BytesView;
use crate::time::{Mono, Now};

/// Drives the journal.
#[derive(Debug)]
pub struct Driver {
    journal: Journal,
    /// When to try again to leave memory for the flash.
    retry_at: Option<Mono>,
    /// Why the journal could not be written anew the last time, though it may still take records.
    stale: Option<Fault>,
    /// Whether people have been told of the present fault.
    told: bool,
    /// What the log weighed when something was to go from the flash and could not.
    purging: Option<usize>,
}

/// What happened to storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// It fails from now on: what comes is kept in memory only.
    Fails(Fault),
    /// It works again, and everything is on flash.
    Works,
}

/// What a call has to tell people; mostly nothing.
#[must_use = "people are told by whoever calls the driver"]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// A source sends more alerts that it does not repeat than the flash should bear. What begins
    /// now is not written for some hours.
    pub behind: bool,
    /// The journal has no room for all alerts that nobody repeats. Alerts of the sources that have
    /// most are not in it. After a restart their components are no data.
    pub brief: bool,
    /// Storage began to fail, or to work again.
    pub storage: Option<Storage>,
}

/// The configured journal has no room for what must be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSmall {
    /// `option journal_size`, in bytes.
    pub configured: u32,
    /// The least size that would do, in bytes.
    pub needed: u32,
}

/// What a start found.
#[must_use = "people are told by whoever calls the driver"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// How the journal was read. After a fault it stays untouched, and what was in it may be
    /// missing.
    pub opened: Result<Opened, Fault>,
    /// Records of kinds or contents that this version does not know; they were left out.
    pub unknown: u32,
    /// The configured size was too small; the size that is used instead, in bytes.
    pub enlarged: Option<(TooSmall, u32)>,
    /// What else happened.
    pub news: News,
}

/// Why an archive was not taken in. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotImported {
    /// A later version wrote it.
    Newer,
    /// What it holds is no journal.
    Damaged,
    /// Nothing in it is of a site, service or component that is named here.
    Foreign,
    /// The log has no room for it.
    TooSmall(TooSmall),
    /// The journal's file has no room for it.
    TooLarge,
}

/// What was taken in from an archive.
#[must_use = "people are told by whoever calls the driver"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Records.
    pub count: u32,
    /// Records about incidents, maintenance and banners.
    pub told: u32,
    /// Those of them that are of what the configuration names; the others were left out.
    pub named: u32,
    /// What else happened.
    pub news: News,
}

impl Default for Driver {
    fn default() -> Self {
        Self::new()
    }
}

impl Driver {
    /// A driver whose journal is not open yet.
    pub const fn new() -> Self {
        Self { journal: Journal::new(), retry_at: None, stale: None, told: false, purging: None }
    }

    /// Starts a new engine with what an earlier run left. If the configured journal has no room for
    /// what must be kept of that, `config` has a larger one afterwards.
    pub fn start(
        &mut self,
        store: &mut dyn Store,
        engine: &mut Engine,
        config: &mut Config,
        boot: Boot,
        now: Now,
    ) -> Started {
        engine.booted(boot);
        engine.begin(config, now);
        let mut unknown = 0u32;
        engine.set_journal(JOURNAL_BYTES_MAX);
        let opened = self.journal.open(store, config.main.journal_size, &mut |record| {
            if !engine.restore(config, now, record.kind, record.payload) {
                unknown = unknown.saturating_add(1);
            }
        });
        let (configured, needed) = (config.main.journal_size, engine.incidents().journal_needed());
        let enlarged = (needed > configured).then(|| {
            // And room for what comes: else it would be refused from the first moment.
            let used = needed.saturating_add(needed / 2).min(JOURNAL_BYTES_MAX);
            config.main.journal_size = used;
            self.journal.set_limit(used);
            (TooSmall { configured, needed }, used)
        });
        engine.set_journal(config.main.journal_size);
        engine.restored(config, now);
        let news = self.commit(store, engine, config, now);
        Started { opened, unknown, enlarged, news }
    }

    /// Writes down what senders said and nobody will say again, if there is any. It is on flash
    /// after [`commit`](Self::commit), which does this, too.
    pub fn note(&mut self, store: &mut dyn Store, engine: &mut Engine, config: &Config, now: Now) -> News {
        let mut news = News::default();
        self.write_claims(store, engine, config, now, &mut news);
        self.watch(now.mono, news)
    }

    /// Writes down what happened to incidents and what people said since the last time. When it
    /// returns, all that was noted is on flash, or [`fault`](Self::fault) says why it is in memory
    /// only.
    pub fn commit(&mut self, store: &mut dyn Store, engine: &mut Engine, config: &Config, now: Now) -> News {
        let mut news = News::default();
        self.write_claims(store, engine, config, now, &mut news);
        self.append(store, engine, config, now, &mut news);
        self.purge(store, engine, config, now, &mut news);
        if engine.uptime().flush_at().is_some_and(|at| at <= now.mono) {
            self.write_past(store, engine, config, now, &mut news);
        }
        // The fault stays with the journal, where `watch` finds it.
        _ = self.journal.sync(store);
        self.watch(now.mono, news)
    }

    /// Writes down how components fared. It is on flash after [`commit`](Self::commit).
    pub fn flush(&mut self, store: &mut dyn Store, engine: &mut Engine, config: &Config, now: Now) -> News {
        let mut news = News::default();
        self.write_past(store, engine, config, now, &mut news);
        self.watch(now.mono, news)
    }

    /// Writes the present state into a new journal: to make room, to purge what the configuration
    /// no longer names, or to leave memory for the flash.
    pub fn compact(&mut self, store: &mut dyn Store, engine: &mut Engine, config: &Config, now: Now) -> News {
        let mut news = News::default();
        self.rewrite(store, engine, config, now, &mut news);
        self.watch(now.mono, news)
    }

    /// Tries again to leave memory for the flash, and writes down what was too much for it before,
    /// if it is time.
    pub fn retry(&mut self, store: &mut dyn Store, engine: &mut Engine, config: &Config, now: Now) -> News {
        let mut news = News::default();
        if self.fault().is_none() && engine.catches_up_at().is_some_and(|at| at <= now.mono) {
            // Those whose alerts were too much for the flash pay for a snapshot that has them all.
            let behind = engine.behind();
            let cost = self.rewrite(store, engine, config, now, &mut news);
            for source in behind.iter() {
                // At least an hour's, so that a source that finds no room is not tried again at
                // once.
                engine.pay(source, cost.max(ALERT_FLASH_HOUR), now.mono);
            }
        }
        if self.retry_at.is_some_and(|at| at <= now.mono) {
            self.retry_at = Some(now.mono.plus(JOURNAL_RETRY));
            self.rewrite(store, engine, config, now, &mut news);
        }
        self.watch(now.mono, news)
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
    pub fn figures(&self) -> (u32, JournalCounters) {
        (self.journal.bytes(), self.journal.counters())
    }

    /// Writes the present state as a journal into `out`, which is empty; false if it finds no room
    /// there. Without alerts, which nobody takes in elsewhere: their names and texts are not for
    /// whoever gets the archive.
    pub fn export(engine: &Engine, config: &Config, now: Now, out: &mut BytesView) -> bool {
        let (mut journal, mut memory) = (Journal::new(), MemoryStore(out));
        let opened = journal.open(&mut memory, JOURNAL_BYTES_MAX, &mut |_| {});
        let written = journal.compact(&mut memory, &mut |snapshot| {
            engine.snapshot(config, now, SourceSet::ALL, &mut |kind, payload| {
                if !is_alert(kind) {
                    _ = snapshot.put(kind, payload);
                }
            });
            Ok(())
        });
        opened.is_ok() && written.is_ok()
    }

    /// Puts what an archive's journal holds in place of all incidents, words and history, in memory
    /// and on flash. Alerts are left as they are: who sends them knows better than an archive.
    pub fn import(
        &mut self,
        store: &mut dyn Store,
        engine: &mut Engine,
        config: &Config,
        now: Now,
        archive: &mut BytesView,
    ) -> Result<Imported, NotImported> {
        // A first look, which changes nothing.
        let length = archive.len();
        let (mut count, mut survey) = (0u32, ArchiveCheck::new());
        let read = |archive: &mut BytesView, each: &mut dyn FnMut(u8, &[u8])| {
            Journal::new().open(&mut MemoryStore(archive), JOURNAL_BYTES_MAX, &mut |record| {
                each(record.kind, record.payload);
            })
        };
        let opened = read(archive, &mut |kind, payload| {
            count = count.saturating_add(u32::from(!is_alert(kind)));
            survey.look(engine.incidents(), config, kind, payload);
        });
        match opened {
            Err(Fault::Newer) => return Err(NotImported::Newer),
            Ok(opened) if opened.lost == 0 && !opened.fresh && archive.len() == length => {}
            _ => return Err(NotImported::Damaged),
        }
        if survey.is_foreign() {
            return Err(NotImported::Foreign);
        }
        let (configured, needed) = (config.main.journal_size, survey.journal_needed());
        if needed > configured {
            return Err(NotImported::TooSmall(TooSmall { configured, needed }));
        }
        if length > self.journal.snapshot_limit() as usize {
            return Err(NotImported::TooLarge);
        }
        engine.forget_incidents();
        // It was read before, so it is read again.
        _ = read(archive, &mut |kind, payload| {
            if !is_alert(kind) {
                engine.restore_incident(config, kind, payload);
            }
        });
        engine.restored(config, now);
        let news = self.compact(store, engine, config, now);
        Ok(Imported { count, told: survey.told, named: survey.named, news })
    }

    /// Adds what has changed of the alerts and heartbeats that nobody will say again.
    fn write_claims(
        &mut self,
        store: &mut dyn Store,
        engine: &mut Engine,
        config: &Config,
        now: Now,
        news: &mut News,
    ) {
        if !engine.has_unwritten() {
            return;
        }
        let journal = &mut self.journal;
        let mut full = false;
        let written = engine.write_down(config, now, &mut |kind, payload| {
            full |= journal.append(store, kind, payload, Durability::Later) == Err(Refused::Full);
        });
        news.behind |= written.behind;
        if full {
            // The snapshot holds it, and whose record found no room pays for it.
            let cost = self.rewrite(store, engine, config, now, news);
            for source in written.sources.iter() {
                engine.pay(source, cost, now.mono);
            }
        }
    }

    /// Adds what is not in the journal yet.
    fn append(
        &mut self,
        store: &mut dyn Store,
        engine: &mut Engine,
        config: &Config,
        now: Now,
        news: &mut News,
    ) {
        while let Some((kind, payload)) = engine.incidents().unwritten() {
            match self.journal.append(store, kind, payload, Durability::Later) {
                Ok(()) => engine.wrote_one(),
                Err(Refused::Full) => {
                    // The snapshot holds it.
                    self.rewrite(store, engine, config, now, news);
                    break;
                }
                // The fault stays with the journal; the compaction that ends it writes everything.
                Err(Refused::Fault(_) | Refused::Unfit) => break,
            }
        }
    }

    /// Has what was taken away leave the flash, by a snapshot without it. The record that takes it
    /// away is on flash before, since it may fit where no snapshot does. With a fault it is tried
    /// once for each change, and at each [`retry`](Self::retry).
    fn purge(
        &mut self,
        store: &mut dyn Store,
        engine: &mut Engine,
        config: &Config,
        now: Now,
        news: &mut News,
    ) {
        let weight = engine.incidents().usage().1;
        if !engine.incidents().wants_purge() || (self.purging == Some(weight) && self.fault().is_some()) {
            return;
        }
        // The fault stays with the journal; the snapshot ends it, or meets it again.
        _ = self.journal.sync(store);
        self.rewrite(store, engine, config, now, news);
        self.purging = self.fault().map(|_| engine.incidents().usage().1);
    }

    fn write_past(
        &mut self,
        store: &mut dyn Store,
        engine: &mut Engine,
        config: &Config,
        now: Now,
        news: &mut News,
    ) {
        let journal = &mut self.journal;
        let mut full = false;
        engine.flush_uptime(config, now, &mut |kind, payload| {
            full = full || journal.append(store, kind, payload, Durability::Later) == Err(Refused::Full);
        });
        if full {
            // The snapshot holds it.
            self.rewrite(store, engine, config, now, news);
        }
    }

    /// Writes the journal anew. Returns the bytes that it cost.
    fn rewrite(
        &mut self,
        store: &mut dyn Store,
        engine: &mut Engine,
        config: &Config,
        now: Now,
        news: &mut News,
    ) -> u32 {
        let before = self.journal.counters().bytes;
        self.journal.set_limit(config.main.journal_size);
        engine.tidy();
        let mut brief = SourceSet::EMPTY;
        loop {
            let written = self.journal.compact(store, &mut |snapshot| {
                // What does not fit is remembered by the snapshot.
                engine.snapshot(config, now, brief, &mut |kind, payload| _ = snapshot.put(kind, payload));
                Ok(())
            });
            if written == Ok(()) {
                engine.wrote_all(brief, now);
            }
            self.stale = match written {
                Err(Refused::Fault(fault)) => Some(fault),
                _ => None,
            };
            if written != Err(Refused::Full) {
                break;
            }
            news.brief = true;
            let Some(largest) = engine.largest(config, now, brief) else {
                // Not even without any alert: whoever asks whether all is on flash must be told.
                self.stale = Some(Fault::NoSpace);
                break;
            };
            brief.insert(largest);
        }
        u32::try_from(self.journal.counters().bytes.saturating_sub(before)).unwrap_or(u32::MAX)
    }

    /// Adds to the news, once, that storage fails, and once that it works again.
    fn watch(&mut self, now: Mono, news: News) -> News {
        let storage = match (self.fault(), self.told) {
            (Some(fault), false) => {
                self.retry_at = Some(now.plus(JOURNAL_RETRY));
                Storage::Fails(fault)
            }
            (None, true) => {
                self.retry_at = None;
                Storage::Works
            }
            _ => return news,
        };
        self.told = !self.told;
        News { storage: Some(storage), ..news }
    }
}

/// Whether a record tells of an alert, a heartbeat or a rule, which nobody needs elsewhere.
const fn is_alert(kind: u8) -> bool {
    const ALERTS: u32 = kinds::of(Owner::Alerts) | kinds::of(Owner::Heartbeats) | kinds::of(Owner::Rules);
    ALERTS & kinds::bit(kind) != 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::boxed::Box;
    use std::format;

    use super::*;
    use crate::config::testing::{BASE, good};
    use crate::incidents::{Action, OWNER};
    use crate::model::{ServiceId, SiteId, State, Words};
    use crate::text::buffer::Bytes;
    use crate::time::Wall;

    /// A journal in memory; storage that fails when it is told to.
    struct Flash {
        bytes: Box<Bytes<65_536>>,
        fails: Option<Fault>,
    }

    impl Flash {
        fn memory(&mut self) -> Result<MemoryStore<'_>, Fault> {
            self.fails.map_or(Ok(MemoryStore(&mut self.bytes)), Err)
        }
    }

    impl Store for Flash {
        fn length(&mut self) -> Result<Option<u64>, Fault> {
            MemoryStore(&mut self.bytes).length()
        }
        fn read(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
            MemoryStore(&mut self.bytes).read(at, buffer)
        }
        fn writable(&mut self) -> Result<(), Fault> {
            self.memory()?.writable()
        }
        fn append(&mut self, bytes: &[u8]) -> Result<(), Fault> {
            self.memory()?.append(bytes)
        }
        fn sync(&mut self) -> Result<(), Fault> {
            self.memory()?.sync()
        }
        fn truncate(&mut self, length: u64) -> Result<(), Fault> {
            self.memory()?.truncate(length)
        }
        fn create_new(&mut self) -> Result<(), Fault> {
            self.memory()?.create_new()
        }
        fn write_new(&mut self, bytes: &[u8]) -> Result<(), Fault> {
            self.memory()?.write_new(bytes)
        }
        fn sync_new(&mut self) -> Result<(), Fault> {
            self.memory()?.sync_new()
        }
        fn commit_new(&mut self) -> Result<(), Fault> {
            self.memory()?.commit_new()
        }
        fn discard_new(&mut self) {}
        fn salt(&mut self) -> u32 {
            7
        }
    }

    struct Board {
        driver: Driver,
        flash: Flash,
        engine: Box<Engine>,
        config: Box<Config>,
        now: Now,
    }

    impl Board {
        fn new() -> (Self, Started) {
            let config = good(&format!("{BASE}config service v\n\toption site s\n"));
            let flash = Flash { bytes: Box::new(Bytes::new()), fails: None };
            let now = Now::new(Mono(0), Some(Wall(1_795_262_400_000)));
            let engine = Box::new(const { Engine::new() });
            let mut board = Self { driver: Driver::new(), flash, engine, config, now };
            let started = board.start();
            (board, started)
        }

        fn start(&mut self) -> Started {
            *self.engine = const { Engine::new() };
            self.driver = Driver::new();
            let Self { driver, flash, engine, config, now } = self;
            driver.start(flash, engine, config, Boot { id: 7, base: 0 }, *now)
        }

        fn say(&mut self) -> News {
            let words = Words::Own { lang: "", text: "Words." };
            let state = State::Degraded;
            let open =
                Action::Open { service: ServiceId(0), component: None, state, title: "t", words, next: None };
            self.engine.act(&self.config, self.now, SiteId(0), OWNER, open).unwrap();
            self.drive(Driver::commit)
        }

        fn drive(
            &mut self,
            work: fn(&mut Driver, &mut dyn Store, &mut Engine, &Config, Now) -> News,
        ) -> News {
            work(&mut self.driver, &mut self.flash, &mut self.engine, &self.config, self.now)
        }

        fn incidents(&self) -> usize {
            self.engine.incidents().usage().0
        }
    }

    #[test]
    fn what_alerts_heartbeats_and_rules_own_is_left_out_of_archives() {
        for row in kinds::ALL {
            let left_out = matches!(row.owner, Owner::Alerts | Owner::Heartbeats | Owner::Rules);
            assert_eq!(is_alert(row.number), left_out, "{}", row.name);
        }
        // A later version's may be anybody's.
        assert!((18..=u8::MAX).all(|kind| !is_alert(kind)) && !is_alert(0));
    }

    #[test]
    fn what_was_committed_is_there_after_a_start() {
        let (mut board, started) = Board::new();
        assert_eq!((started.opened.map(|opened| opened.fresh), started.news), (Ok(true), News::default()));
        assert_eq!((board.say(), board.driver.fault()), (News::default(), None));
        let started = board.start();
        assert_eq!((started.unknown, started.enlarged, started.news), (0, None, News::default()));
        assert_eq!(board.incidents(), 1);
        board.config.main.journal_size = 1024;
        let started = board.start();
        assert_eq!((started.enlarged, board.incidents()), (None, 1), "1 KiB is enough for that");
        board.config.main.journal_size = 1;
        let (needed, used) = started_larger(&board.start());
        assert!(used > needed && board.config.main.journal_size == used && board.incidents() == 1);
    }

    fn started_larger(started: &Started) -> (u32, u32) {
        let (TooSmall { configured, needed }, used) = started.enlarged.unwrap();
        assert_eq!(configured, 1);
        (needed, used)
    }

    #[test]
    fn that_storage_fails_is_news_once_and_that_it_works_again_is_too() {
        let (mut board, _) = Board::new();
        board.flash.fails = Some(Fault::NoSpace);
        let fails = News { storage: Some(Storage::Fails(Fault::NoSpace)), ..News::default() };
        assert_eq!(board.say(), fails);
        assert_eq!(board.say(), News::default());
        let retry_at = board.driver.retry_at(&board.engine).unwrap();
        assert_eq!(retry_at, board.now.mono.plus(JOURNAL_RETRY));
        assert_eq!(
            (board.drive(Driver::retry), board.driver.fault()),
            (News::default(), Some(Fault::NoSpace))
        );
        board.flash.fails = None;
        // Before it is time, nothing is tried.
        assert_eq!(
            (board.drive(Driver::retry), board.driver.fault()),
            (News::default(), Some(Fault::NoSpace))
        );
        board.now.mono = retry_at;
        let works = News { storage: Some(Storage::Works), ..News::default() };
        assert_eq!((board.drive(Driver::retry), board.driver.fault()), (works, None));
        assert_eq!(board.drive(Driver::commit), News::default());
        let started = board.start();
        assert_eq!((started.news, board.incidents()), (News::default(), 2));
    }

    #[test]
    fn an_archive_is_taken_in_whole_or_not_at_all() {
        let (mut board, _) = Board::new();
        let _ = board.say();
        let mut archive = Box::new(Bytes::<65_536>::new());
        assert!(Driver::export(&board.engine, &board.config, board.now, &mut archive));
        let (mut other, _) = Board::new();
        let Board { driver, flash, engine, config, now } = &mut other;
        let mut torn = Box::new(Bytes::<65_536>::new());
        torn.push(&archive.as_slice()[..archive.len() - 1]);
        let refused = driver.import(flash, engine, config, *now, &mut torn).unwrap_err();
        assert_eq!((refused, engine.incidents().usage().0), (NotImported::Damaged, 0));
        let imported = driver.import(flash, engine, config, *now, &mut archive).unwrap();
        assert_eq!((imported.news, imported.told, imported.named), (News::default(), 2, 2));
        assert_eq!(other.incidents(), 1);
    }
}
