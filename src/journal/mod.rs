//! The journal: records in a file, of which every prefix is a state that was true, whatever stops
//! the machine.
//!
//! What records mean is their owner's affair; here they are a kind (of the table [`kinds`]) and
//! bytes. So is what lies under the files: the shell implements [`Store`]. The bytes are drawn in
//! [`frame`].
//!
//! # What is promised
//!
//! - [`Journal::append`] with [`Durability::Now`] returns `Ok` when the record, and all before it,
//!   is on flash. [`Durability::Later`] gathers records in memory until the next `Now`,
//!   [`Journal::sync`] or full batch.
//! - After a crash [`Journal::open`] tells a prefix of the records that were appended since the
//!   last compaction, behind that compaction's snapshot, with everything that was acknowledged in
//!   it. What is behind the first frame that is torn or wrong is cut off before anything is
//!   appended, and its bytes are counted in [`Opened::lost`].
//! - A record that was refused because of a [`Fault`] may still be told after a crash, if the power
//!   goes at that very moment: nobody knows what a disk that failed has kept.
//! - Old and new file together are never larger than the limit, unless the limit was lowered under
//!   an old file.
//!
//! # When storage fails
//!
//! After a failed write or sync the end of the file is unknown, and a second sync would lie: Linux
//! reports a failed write-back once and then calls the page clean ("fsyncgate", 2018). The journal
//! is *degraded* then: the owner's state lives in memory alone, every append is refused with the
//! fault, and nothing is ever appended to that file. [`Journal::compact`] is the way back: it
//! writes the whole state into a new file. Try it every
//! [`JOURNAL_RETRY`](crate::limits::JOURNAL_RETRY).
//!
//! A journal that cannot be read, or that a later version wrote, is left untouched, and nothing is
//! written until [`Journal::open`] succeeds.
//!
//! # What flash bears
//!
//! A record costs its payload and seven bytes, once; nothing is written that was not asked for. But
//! flash is written in pages, and each sync ends one: UBIFS rounds up to the NAND page or the NOR's
//! write unit (2 KiB on common NAND, 8 bytes on NOR), JFFS2 adds a node header of 68 bytes, ext4 a
//! block of 4 KiB and its own journal's. So it is the syncs that wear, and `Later` that spares. A
//! snapshot fills at most three quarters of a file, so the bytes written are at most four times the
//! bytes appended, however full the journal is, plus the snapshots that the owner orders besides;
//! one that does not fit is refused before anything is written.

pub mod frame;
pub mod kinds;
pub mod memory;

use self::frame::{FRAME_BYTES, FrameScanner, ScanEnd, Scanned, Tail, WriteBuffer};
pub use self::frame::{OVERHEAD_BYTES, Record};
use crate::limits::{JOURNAL_BYTES_MIN, JOURNAL_SNAPSHOT_QUARTERS};

/// Where the bytes are: a journal, and a new one in the making. All calls block.
///
/// A crash may undo what was not synced, in any order and in parts; what was synced stays.
pub trait Store {
    /// Bytes of the journal; `None` when there is none.
    fn length(&mut self) -> Result<Option<u64>, Fault>;
    /// Reads what is at `at`; 0 at the end.
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize, Fault>;
    /// Whether the journal can be written, as far as can be told without writing.
    fn writable(&mut self) -> Result<(), Fault>;
    /// Adds to the journal's end.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Fault>;
    /// Returns when everything that was appended is on flash.
    fn sync(&mut self) -> Result<(), Fault>;
    /// Cuts the journal to `length` bytes, on flash.
    fn truncate(&mut self, length: u64) -> Result<(), Fault>;
    /// Begins a new journal, empty, beside the old one; whatever was left of an earlier new one is
    /// gone.
    fn create_new(&mut self) -> Result<(), Fault>;
    /// Adds to the new journal's end.
    fn write_new(&mut self, bytes: &[u8]) -> Result<(), Fault>;
    /// Returns when the new journal's bytes are on flash.
    fn sync_new(&mut self) -> Result<(), Fault>;
    /// Puts the new journal in the old one's place, at once and on flash. After an error either may
    /// be there.
    fn commit_new(&mut self) -> Result<(), Fault>;
    /// Throws away what there may be of a new journal.
    fn discard_new(&mut self);
    /// A number that is another each time, and after each start.
    fn salt(&mut self) -> u32;
}

/// Why storage does not do as told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such place, or no longer; or no journal has been opened.
    Missing,
    /// Full, or over a quota.
    NoSpace,
    /// Not to be written: a read-only file system, or not ours.
    ReadOnly,
    /// Another daemon writes there.
    Busy,
    /// What stands at the place is not what was opened there: another directory, or a journal of
    /// somebody else's.
    Moved,
    /// A later version wrote the journal.
    Newer,
    /// Anything else: the device fails.
    Io,
}

/// Why a record, or a snapshot, was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No record: kind 0, or more than [`RECORD_BYTES`](crate::limits::RECORD_BYTES). Nothing has
    /// changed.
    Unfit,
    /// No room. For a record: compact, then try again. For a snapshot: keep less. Nothing has
    /// changed.
    Full,
    /// Storage fails.
    Fault(Fault),
}

/// When a record must be on flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Before the call returns.
    Now,
    /// With the next that must.
    Later,
}

/// What was found when a journal was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// There was no journal; a new one was begun.
    pub fresh: bool,
    /// Records told.
    pub records: u32,
    /// Bytes behind the last good record, cut off. A power cut in the middle of a write leaves a
    /// few that nobody was promised; more means damage. When the header itself is damaged, the
    /// whole file's.
    pub lost: u64,
}

/// What was done since the start, for `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalCounters {
    /// Bytes handed to storage, those of failed writes included.
    pub bytes: u64,
    /// Syncs asked for; a compaction needs two (the file's and the directory's).
    pub syncs: u32,
    /// Compactions done, the making of a first journal included.
    pub compactions: u32,
    /// Records refused because of a fault. Those without room are not counted: their owner can
    /// still make some.
    pub dropped: u32,
}

#[derive(Clone, Copy, Debug)]
enum Health {
    /// Not opened yet.
    Closed,
    /// What is there must not be touched, since it could not be read.
    Unread(Fault),
    /// The journal is good up to `tail`.
    Live,
    /// Nothing is written until a compaction succeeds.
    Degraded(Fault),
}

/// A journal. Holds a batch of bytes on their way to flash: about 4 KiB.
#[derive(Debug)]
pub struct Journal {
    state: Health,
    /// The last generation that a file was begun with.
    generation: u32,
    /// Behind the last record, those in `batch` included.
    tail: Tail,
    /// Bytes of the file that are on flash.
    synced: u32,
    /// Bytes that the file may have.
    limit: u32,
    /// Whether a record found no room: its owner has nowhere to put it until a compaction succeeds.
    short: bool,
    /// Frames not yet handed to storage.
    batch: WriteBuffer,
    counters: JournalCounters,
}

impl Default for Journal {
    fn default() -> Self {
        Self::new()
    }
}

impl Journal {
    /// One that is not open: it refuses everything.
    pub const fn new() -> Self {
        Self {
            state: Health::Closed,
            generation: 0,
            tail: Tail { at: 0, crc: 0 },
            synced: 0,
            limit: 0,
            short: false,
            batch: WriteBuffer::new(),
            counters: JournalCounters { bytes: 0, syncs: 0, compactions: 0, dropped: 0 },
        }
    }

    /// Reads the journal, tells `each` record in order, and makes it ready to be appended to.
    /// Without a journal, one is begun. `limit` is in bytes, for old and new file together; less
    /// than [`JOURNAL_BYTES_MIN`] counts as that.
    ///
    /// # Errors
    /// When there is a journal that cannot be read to its end. It stays untouched, and every write
    /// is refused until this succeeds. Records told until then are true, but not all. That it
    /// cannot be *written* is no error here: see [`Journal::fault`].
    pub fn open(
        &mut self,
        store: &mut dyn Store,
        limit: u32,
        each: &mut dyn FnMut(Record<'_>),
    ) -> Result<Opened, Fault> {
        self.set_limit(limit);
        let read = self.replay(store, each);
        self.batch.clear();
        let opened = match read {
            Ok(opened) => opened,
            Err(fault) => {
                self.state = Health::Unread(fault);
                return Err(fault);
            }
        };
        if self.tail.at == 0 {
            // No journal, or nothing of it is good: an empty one takes its place.
            self.state = Health::Degraded(Fault::Missing);
            _ = self.compact(store, &mut |_| Ok(()));
            return Ok(opened);
        }
        self.state = Health::Live;
        store.discard_new();
        let ready = if opened.lost > 0 { store.truncate(u64::from(self.tail.at)) } else { store.writable() };
        if let Err(fault) = ready {
            self.state = Health::Degraded(fault);
        }
        Ok(opened)
    }

    /// Changes the limit, in bytes, for old and new file together; less than [`JOURNAL_BYTES_MIN`]
    /// counts as that. A file that is larger than it may be now takes nothing more until it is
    /// compacted.
    pub fn set_limit(&mut self, limit: u32) {
        self.limit = limit.max(JOURNAL_BYTES_MIN) / 2;
    }

    /// Bytes that old and new file together may have.
    pub fn limit(&self) -> u32 {
        self.limit.saturating_mul(2)
    }

    fn replay(&mut self, store: &mut dyn Store, each: &mut dyn FnMut(Record<'_>)) -> Result<Opened, Fault> {
        let mut opened = Opened::default();
        self.tail = Tail::default();
        let length = match store.length() {
            Err(Fault::Missing) | Ok(None) => return Ok(Opened { fresh: true, ..opened }),
            length => length?.unwrap_or(0),
        };
        let mut scanner = FrameScanner::new();
        let mut at = 0u64;
        // What is held of the batch is of no use any more: here it is the buffer.
        _ = self.batch.resize_default(self.batch.capacity());
        'file: loop {
            let count = store.read(at, &mut self.batch)?;
            let mut chunk = self.batch.get(..count).ok_or(Fault::Io)?;
            if chunk.is_empty() {
                break;
            }
            at = at.saturating_add(chunk.len() as u64);
            loop {
                match scanner.next(&mut chunk) {
                    Scanned::Record(record) => {
                        opened.records = opened.records.saturating_add(1);
                        each(record);
                    }
                    Scanned::More => break,
                    Scanned::End(ScanEnd::Newer) => return Err(Fault::Newer),
                    Scanned::End(ScanEnd::Foreign | ScanEnd::Damaged) => break 'file,
                }
            }
        }
        self.tail = scanner.tail();
        self.synced = self.tail.at;
        self.generation = scanner.generation().unwrap_or(0);
        opened.lost = length.max(at).saturating_sub(u64::from(self.tail.at));
        Ok(opened)
    }

    /// Adds a record.
    ///
    /// # Errors
    /// The record was not taken; see [`Refused`]. With a fault the journal is degraded.
    pub fn append(
        &mut self,
        store: &mut dyn Store,
        kind: u8,
        payload: &[u8],
        durability: Durability,
    ) -> Result<(), Refused> {
        let taken = self.take(store, kind, payload).and_then(|()| match durability {
            Durability::Now => self.sync(store).map_err(Refused::Fault),
            Durability::Later => Ok(()),
        });
        if let Err(Refused::Fault(_)) = taken {
            self.counters.dropped = self.counters.dropped.saturating_add(1);
        }
        taken
    }

    fn take(&mut self, store: &mut dyn Store, kind: u8, payload: &[u8]) -> Result<(), Refused> {
        let size = frame::size(kind, payload).ok_or(Refused::Unfit)?;
        if let Some(fault) = self.fault() {
            return Err(Refused::Fault(fault));
        }
        if size > self.room() {
            self.short = true;
            return Err(Refused::Full);
        }
        if (size as usize) > self.batch.capacity().saturating_sub(self.batch.len()) {
            self.write(store).map_err(Refused::Fault)?;
        }
        self.tail = frame::encode(&mut self.batch, self.tail, kind, payload).ok_or(Refused::Unfit)?;
        Ok(())
    }

    /// Puts on flash what was appended for later. Costs nothing when there is nothing. Call it at a
    /// clean stop.
    ///
    /// # Errors
    /// The journal is, or now is, degraded.
    pub fn sync(&mut self, store: &mut dyn Store) -> Result<(), Fault> {
        if let Some(fault) = self.fault() {
            return Err(fault);
        }
        self.write(store)?;
        if self.synced == self.tail.at {
            return Ok(());
        }
        self.counters.syncs = self.counters.syncs.saturating_add(1);
        if let Err(fault) = store.sync() {
            return Err(self.degrade(store, fault));
        }
        self.synced = self.tail.at;
        Ok(())
    }

    /// Hands the batch to storage.
    fn write(&mut self, store: &mut dyn Store) -> Result<(), Fault> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.counters.bytes = self.counters.bytes.saturating_add(self.batch.len() as u64);
        let written = store.append(&self.batch);
        self.batch.clear();
        written.map_err(|fault| self.degrade(store, fault))
    }

    fn degrade(&mut self, store: &mut dyn Store, fault: Fault) -> Fault {
        self.state = Health::Degraded(fault);
        self.batch.clear();
        // Pages that failed to reach flash still look well in memory, and a daemon started after us
        // would read them and append behind them. They hold nothing that was acknowledged. If this
        // fails too, that is how it is.
        _ = store.truncate(u64::from(self.synced));
        self.tail.at = self.synced;
        fault
    }

    /// Writes the owner's whole state into a new journal that takes the old one's place: when there
    /// is no room, to purge what was redacted, or to leave the degraded state. Records appended
    /// before, those for later included, are replaced by what `snapshot` puts.
    ///
    /// `snapshot` is called twice and must put the same both times: once to see whether it fits,
    /// before anything is written, and once to write.
    ///
    /// # Errors
    /// [`Refused::Full`] if it is more than [`Journal::snapshot_limit`], and whatever `snapshot`
    /// itself returns: the old journal is as it was. With a fault the old one is as it was too,
    /// unless it came while the new one was put in its place: then either may be there, both hold
    /// everything that was acknowledged. In that case, and where a record waits for room, the
    /// journal is degraded.
    pub fn compact(
        &mut self,
        store: &mut dyn Store,
        snapshot: &mut dyn FnMut(&mut Snapshot<'_>) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        match self.state {
            Health::Closed => return Err(Refused::Fault(Fault::Missing)),
            Health::Unread(fault) => return Err(Refused::Fault(fault)),
            Health::Live | Health::Degraded(_) => {}
        }
        let limit = self.snapshot_limit();
        let mut measure = Snapshot::new(None, Tail { at: frame::FIRST, crc: 0 }, limit);
        snapshot(&mut measure)?;
        measure.refused.map_or(Ok(()), Err)?;

        // Odd, so another than before for certain; at random, so another than that of an attempt
        // that failed.
        self.generation = self.generation.wrapping_add(store.salt() | 1);
        let mut bytes = 0;
        let written = write_new(store, self.generation, limit, snapshot, &mut bytes);
        self.counters.bytes = self.counters.bytes.saturating_add(bytes);
        self.counters.syncs = self.counters.syncs.saturating_add(1);
        let tail = match written {
            Ok(tail) => tail,
            Err(refused) => {
                store.discard_new();
                if let Refused::Fault(fault) = refused
                    && (self.short || matches!(self.state, Health::Degraded(_)))
                {
                    // What waits for room is in memory only. Whoever asks whether all is on flash
                    // must be told.
                    _ = self.sync(store);
                    self.state = Health::Degraded(fault);
                }
                return Err(refused);
            }
        };
        self.counters.syncs = self.counters.syncs.saturating_add(1);
        self.batch.clear();
        if let Err(fault) = store.commit_new() {
            self.state = Health::Degraded(fault);
            return Err(Refused::Fault(fault));
        }
        self.state = Health::Live;
        self.short = false;
        self.tail = tail;
        self.synced = tail.at;
        self.counters.compactions = self.counters.compactions.saturating_add(1);
        Ok(())
    }

    /// Whether it is time to [`compact`](Self::compact): a longest record might find no room, or
    /// the journal is degraded. Never twice in a row on account of room, since a snapshot leaves a
    /// quarter of the file.
    pub fn needs_compaction(&self) -> bool {
        match self.state {
            Health::Live => (self.room() as usize) < FRAME_BYTES,
            Health::Degraded(_) => true,
            Health::Closed | Health::Unread(_) => false,
        }
    }

    /// Why nothing is written at present, if so: memory alone holds what comes.
    pub fn fault(&self) -> Option<Fault> {
        match self.state {
            Health::Live => None,
            Health::Closed => Some(Fault::Missing),
            Health::Unread(fault) | Health::Degraded(fault) => Some(fault),
        }
    }

    /// Bytes that the file still takes.
    fn room(&self) -> u32 {
        self.limit.saturating_sub(self.tail.at)
    }

    /// Bytes of the file, with those that are gathered for it.
    pub fn bytes(&self) -> u32 {
        self.tail.at
    }

    /// Bytes that a snapshot may have: the header, and each record's payload and
    /// [`OVERHEAD_BYTES`].
    pub fn snapshot_limit(&self) -> u32 {
        (self.limit / 4).saturating_mul(JOURNAL_SNAPSHOT_QUARTERS)
    }

    /// What was done since the start.
    pub fn counters(&self) -> JournalCounters {
        self.counters
    }
}

/// Writes the new journal, up to its sync. Adds to `bytes` what was handed to storage.
fn write_new(
    store: &mut dyn Store,
    generation: u32,
    limit: u32,
    snapshot: &mut dyn FnMut(&mut Snapshot<'_>) -> Result<(), Refused>,
    bytes: &mut u64,
) -> Result<Tail, Refused> {
    store.create_new().map_err(Refused::Fault)?;
    let (header, tail) = frame::header(generation);
    let mut new = Snapshot::new(Some(store), tail, limit);
    _ = new.batch.extend_from_slice(&header);
    let told = snapshot(&mut new);
    new.flush();
    *bytes = new.bytes;
    // Storage's word goes before what became of it in the owner's hands.
    new.refused.map_or(told, Err)?;
    let tail = new.tail;
    store.sync_new().map_err(Refused::Fault)?;
    Ok(tail)
}

/// Where a snapshot's records go. Holds a batch: about 4 KiB, on the stack.
pub struct Snapshot<'a> {
    /// `None` while it is only measured.
    store: Option<&'a mut dyn Store>,
    tail: Tail,
    limit: u32,
    /// The first thing that went wrong; nothing is taken after it.
    refused: Option<Refused>,
    /// Handed to storage so far.
    bytes: u64,
    batch: WriteBuffer,
}

impl<'a> Snapshot<'a> {
    const fn new(store: Option<&'a mut dyn Store>, tail: Tail, limit: u32) -> Self {
        Self { store, tail, limit, refused: None, bytes: 0, batch: WriteBuffer::new() }
    }

    /// Adds a record.
    ///
    /// # Errors
    /// As [`Journal::append`]; once there was one, the snapshot comes to nothing.
    pub fn put(&mut self, kind: u8, payload: &[u8]) -> Result<(), Refused> {
        if self.refused.is_none() {
            self.refused = self.take(kind, payload).err();
        }
        self.refused.map_or(Ok(()), Err)
    }

    fn take(&mut self, kind: u8, payload: &[u8]) -> Result<(), Refused> {
        let size = frame::size(kind, payload).ok_or(Refused::Unfit)?;
        let at = self.tail.at.saturating_add(size);
        if at > self.limit {
            return Err(Refused::Full);
        }
        if self.store.is_none() {
            self.tail.at = at;
            return Ok(());
        }
        if (size as usize) > self.batch.capacity().saturating_sub(self.batch.len()) {
            self.flush();
        }
        self.tail = frame::encode(&mut self.batch, self.tail, kind, payload).ok_or(Refused::Unfit)?;
        self.refused.map_or(Ok(()), Err)
    }

    fn flush(&mut self) {
        let Some(store) = &mut self.store else { return };
        if self.refused.is_none() && !self.batch.is_empty() {
            self.bytes = self.bytes.saturating_add(self.batch.len() as u64);
            self.refused = store.write_new(&self.batch).err().map(Refused::Fault);
        }
        self.batch.clear();
    }
}
