//! The journal's files and the words of the log about them. What is written when is decided by
//! [`aiglon::persist`].

use std::path::Path;

use aiglon::config::Config;
use aiglon::engine::Engine;
use aiglon::incidents::Boot;
use aiglon::journal::{Fault, JournalCounters, Store};
use aiglon::limits::{STATE_DIR_RETRY, STATE_DIR_TRIES};
use aiglon::persist::{Driver, Imported, News, NotImported, Started, Storage, TooSmall};
use aiglon::render::PageBuf;
use aiglon::time::{Mono, Now};

use super::storage::{Files, InUse};

/// The journal in use and its files.
pub struct Ledger {
    driver: Driver,
    files: Option<Files>,
    /// Another directory that the configuration wants. It is held for the next start: nobody else
    /// begins there, and whoever looks there finds a daemon.
    next: Option<Files>,
}

impl Ledger {
    /// Not open yet.
    pub const fn new() -> Self {
        Self { driver: Driver::new(), files: None, next: None }
    }

    /// Takes the directory. Whoever else needs it may use it after this.
    pub fn take(&mut self, dir: &Path) -> Result<(), InUse> {
        // Who looks whether a daemon is here holds it for an instant (`storage::is_in_use`).
        let mut taken = Files::open(dir);
        for _ in 0..STATE_DIR_TRIES {
            if taken.is_ok() {
                break;
            }
            std::thread::sleep(STATE_DIR_RETRY.duration());
            taken = Files::open(dir);
        }
        self.files = Some(taken?);
        Ok(())
    }

    /// Notes the directory that a changed configuration wants. What is open stays where it is.
    ///
    /// # Errors
    /// Another daemon has it, so the next start would fail.
    pub fn plan(&mut self, dir: &Path) -> Result<(), InUse> {
        if self.files.as_ref().is_none_or(|files| files.are_in(dir)) {
            self.next = None;
        } else if self.next.as_ref().is_none_or(|files| !files.are_in(dir)) {
            self.next = Some(Files::open(dir)?);
        }
        Ok(())
    }

    /// Where the journal stays until a restart, if the configuration wants it elsewhere.
    pub fn stays_in(&self) -> Option<&Path> {
        self.files.as_ref().filter(|_| self.next.is_some()).map(|files| files.dir.as_path())
    }

    /// See [`Driver::start`].
    pub fn start(&mut self, engine: &mut Engine, config: &mut Config, boot: Boot, now: Now) {
        let Some(files) = &mut self.files else { return };
        let Started { opened, unknown, enlarged, news } = self.driver.start(files, engine, config, boot, now);
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
        if let Some((TooSmall { configured, needed }, used)) = enlarged {
            log::warn!("{}: using {used}", too_small(configured, KEPT, needed));
        }
        tell(news, &files.dir);
    }

    /// Does something with the driver and the files, and logs what there is to tell of it.
    fn drive(&mut self, work: impl FnOnce(&mut Driver, &mut dyn Store) -> News) {
        if let Some(files) = &mut self.files {
            let news = work(&mut self.driver, files);
            tell(news, &files.dir);
        }
    }

    /// See [`Driver::note`].
    pub fn note(&mut self, engine: &mut Engine, config: &Config, now: Now) {
        self.drive(|driver, files| driver.note(files, engine, config, now));
    }

    /// See [`Driver::commit`]. Returns the reason if what happened is kept in memory only.
    pub fn commit(&mut self, engine: &mut Engine, config: &Config, now: Now) -> Option<Fault> {
        self.drive(|driver, files| driver.commit(files, engine, config, now));
        self.fault()
    }

    /// See [`Driver::flush`].
    pub fn flush(&mut self, engine: &mut Engine, config: &Config, now: Now) {
        self.drive(|driver, files| driver.flush(files, engine, config, now));
    }

    /// See [`Driver::compact`].
    pub fn compact(&mut self, engine: &mut Engine, config: &Config, now: Now) {
        self.drive(|driver, files| driver.compact(files, engine, config, now));
    }

    /// See [`Driver::retry`].
    pub fn retry(&mut self, engine: &mut Engine, config: &Config, now: Now) {
        self.drive(|driver, files| driver.retry(files, engine, config, now));
    }

    /// See [`Driver::import`].
    ///
    /// # Errors
    /// Why nothing has changed, in words.
    pub fn import(
        &mut self,
        engine: &mut Engine,
        config: &Config,
        now: Now,
        archive: &mut PageBuf,
    ) -> Result<Imported, String> {
        let Some(files) = &mut self.files else { return Err(words(Fault::Missing).into()) };
        let imported = self.driver.import(files, engine, config, now, archive).map_err(|why| match why {
            NotImported::Newer => "a later version wrote this archive\n".into(),
            NotImported::Damaged => "the archive is damaged: what it holds is no journal\n".into(),
            NotImported::Foreign => {
                "nothing in this archive is of a site, service or component that is named here; nothing was \
                 changed\n"
                    .into()
            }
            NotImported::TooSmall(TooSmall { configured, needed }) => {
                format!("{}; nothing was changed\n", too_small(configured, "the archive", needed))
            }
            NotImported::TooLarge => "the archive holds more than option journal_size allows here\n".into(),
        })?;
        tell(imported.news, &files.dir);
        Ok(imported)
    }

    /// See [`Driver::retry_at`].
    pub fn retry_at(&self, engine: &Engine) -> Option<Mono> {
        self.driver.retry_at(engine)
    }

    /// Why nothing is written at present, if so.
    pub fn fault(&self) -> Option<Fault> {
        self.driver.fault()
    }

    /// See [`Driver::takes_records`].
    pub fn takes_records(&self) -> bool {
        self.driver.takes_records()
    }

    /// Bytes that the files together may have.
    pub fn limit(&self) -> u32 {
        self.driver.limit()
    }

    /// Bytes of the file, and what was done since the start.
    pub fn figures(&self) -> (u32, JournalCounters) {
        self.driver.figures()
    }
}

/// Logs what there is to tell of the journal in a directory.
fn tell(news: News, dir: &Path) {
    if news.behind {
        log::warn!(
            "a source that does not repeat its alerts sends more of them than the flash should bear: what more begins \
             is not written down for some hours, and after a restart its components will be \"no data\""
        );
    }
    if news.brief {
        log::warn!(
            "more alerts of senders that do not repeat than the journal holds: after a restart their \
             components will be \"no data\" until they are repeated"
        );
    }
    match news.storage {
        Some(Storage::Fails(fault)) => log::error!(
            "the journal cannot be written ({}: {}): what comes is kept in memory only, and a restart forgets it; \
             trying again every ten minutes",
            dir.display(),
            words(fault)
        ),
        Some(Storage::Works) => log::info!("the journal is written again"),
        None => {}
    }
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
