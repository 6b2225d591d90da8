//! The journal on a disk with a page cache that loses power, tears writes, reorders sectors, fills
//! with zeros, is full, is read-only and fails: what comes back is a state that was, with all that
//! was acknowledged.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::too_many_lines
)]

use aiglon::journal::frame::{HEADER_BYTES, OVERHEAD_BYTES};
use aiglon::journal::{Durability, Fault, Journal, Opened, Refused, Store};
use aiglon::limits::{JOURNAL_BYTES, JOURNAL_BYTES_MIN, RECORD_BYTES};
use proptest::prelude::*;

// ---- a disk -------------------------------------------------------------------------------------

const SECTOR: usize = 512;

/// A file: what a reader sees, and what is on flash.
#[derive(Clone, Debug, Default)]
struct Inode {
    cached: Vec<u8>,
    durable: Vec<u8>,
    /// What a failed sync left: seen by readers, called clean, and never written.
    hole: Option<(usize, usize)>,
}

impl Inode {
    fn sync(&mut self) {
        self.durable.clone_from(&self.cached);
        if let Some((from, to)) = self.hole {
            let to = to.min(self.durable.len());
            self.durable[from.min(to)..to].fill(0);
        }
    }
}

/// How much of what was not synced survives a crash.
#[derive(Clone, Copy, Debug)]
enum Crash {
    Nothing,
    Everything,
    /// The file has grown, and what it grew by is zeros.
    Zeros,
    /// Some bytes from the front, the last sector torn.
    Front(u64),
    /// Any sectors, the others as before or zeros; the length anything between; one torn.
    Sectors(u64),
}

const CRASHES: [Crash; 9] = [
    Crash::Nothing,
    Crash::Everything,
    Crash::Zeros,
    Crash::Front(1),
    Crash::Front(2),
    Crash::Front(3),
    Crash::Sectors(1),
    Crash::Sectors(2),
    Crash::Sectors(3),
];

/// A fault, and the calls that it befalls.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    from: usize,
    calls: usize,
    fault: Fault,
}

#[derive(Clone, Debug, Default)]
struct Disk {
    inodes: Vec<Inode>,
    /// What `journal` is; the last is what is seen, and any of them may be so after a crash.
    journal: Vec<Option<usize>>,
    new: Option<usize>,
    /// Steps (a byte written, or another change) until the power goes.
    power: Option<usize>,
    steps: usize,
    calls: usize,
    trouble: Option<Trouble>,
    /// Bytes that there is room for.
    room: Option<usize>,
    /// The most that both files had.
    peak: usize,
    reads: usize,
}

fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed ^ (*seed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd) >> 20
}

fn settle(inode: &Inode, crash: Crash) -> Vec<u8> {
    let (old, new) = (&inode.durable, &inode.cached);
    let mut written = new.clone();
    if let Some((from, to)) = inode.hole {
        let to = to.min(written.len());
        written[from.min(to)..to].fill(0);
    }
    match crash {
        Crash::Nothing => old.clone(),
        Crash::Everything => written,
        Crash::Zeros => {
            let mut bytes = old.clone();
            bytes.resize(new.len().max(old.len()), 0);
            bytes
        }
        Crash::Front(mut seed) => {
            if written.len() <= old.len() {
                return if random(&mut seed).is_multiple_of(2) { old.clone() } else { written };
            }
            let more = random(&mut seed) as usize % (written.len() - old.len() + 1);
            written[..old.len() + more].to_vec()
        }
        Crash::Sectors(mut seed) => {
            let (least, most) = (old.len().min(new.len()), old.len().max(new.len()));
            let length = least + random(&mut seed) as usize % (most - least + 1);
            let torn = random(&mut seed) as usize % (most + 1);
            let mut bytes = Vec::new();
            let mut keep = false;
            for at in 0..length {
                if at % SECTOR == 0 {
                    keep = random(&mut seed).is_multiple_of(2);
                }
                let which = if keep && (at < torn || at / SECTOR != torn / SECTOR) { &written } else { old };
                bytes.push(which.get(at).copied().unwrap_or(0));
            }
            bytes
        }
    }
}

impl Disk {
    fn holding(bytes: &[u8]) -> Self {
        let inode = Inode { cached: bytes.to_vec(), durable: bytes.to_vec(), hole: None };
        Self { inodes: vec![inode], journal: vec![Some(0)], ..Self::default() }
    }

    fn bytes(&self) -> Vec<u8> {
        self.current().map(|at| self.inodes[at].cached.clone()).unwrap_or_default()
    }

    fn current(&self) -> Option<usize> {
        self.journal.last().copied().flatten()
    }

    fn dead(&self) -> bool {
        self.power.is_some_and(|power| self.steps >= power)
    }

    fn step(&mut self) -> Result<(), Fault> {
        if self.dead() {
            return Err(Fault::Io);
        }
        self.steps += 1;
        Ok(())
    }

    /// The power goes, and comes back.
    fn crash(&self, crash: Crash) -> Self {
        let mut seed = match crash {
            Crash::Front(seed) | Crash::Sectors(seed) => seed ^ 0x5eed,
            Crash::Nothing => 0,
            _ => 1,
        };
        let at = match crash {
            Crash::Nothing => 0,
            Crash::Everything | Crash::Zeros => self.journal.len().saturating_sub(1),
            _ => random(&mut seed) as usize % self.journal.len().max(1),
        };
        match self.journal.get(at).copied().flatten() {
            Some(inode) => Self::holding(&settle(&self.inodes[inode], crash)),
            None => Self::default(),
        }
    }

    /// The daemon is killed; the machine runs on.
    fn kill(&self) -> Self {
        Self { power: None, trouble: None, room: None, calls: 0, ..self.clone() }
    }

    /// Counts a call, and says whether it fails.
    fn call(&mut self) -> Result<(), Fault> {
        let at = self.calls;
        self.calls += 1;
        match self.trouble {
            Some(Trouble { from, calls, fault }) if at >= from && at - from < calls => Err(fault),
            _ => Ok(()),
        }
    }

    fn write(&mut self, inode: Option<usize>, bytes: &[u8]) -> Result<(), Fault> {
        let inode = inode.ok_or(Fault::Missing)?;
        let told = self.call();
        // A write that fails may have done its half.
        let count = if told.is_err() { bytes.len() / 2 } else { bytes.len() };
        for &byte in &bytes[..count] {
            self.step()?;
            if self.room.is_some_and(|room| self.used() >= room) {
                return Err(Fault::NoSpace);
            }
            self.inodes[inode].cached.push(byte);
            self.peak = self.peak.max(self.used());
        }
        told
    }

    fn used(&self) -> usize {
        [self.current(), self.new].into_iter().flatten().map(|at| self.inodes[at].cached.len()).sum()
    }

    fn sync_inode(&mut self, inode: Option<usize>) -> Result<(), Fault> {
        let inode = inode.ok_or(Fault::Missing)?;
        if let Err(fault) = self.call() {
            let Inode { cached, durable, hole } = &mut self.inodes[inode];
            hole.get_or_insert((durable.len(), cached.len())).1 = cached.len();
            return Err(fault);
        }
        self.step()?;
        self.inodes[inode].sync();
        Ok(())
    }
}

impl Store for Disk {
    fn length(&mut self) -> Result<Option<u64>, Fault> {
        self.call()?;
        Ok(self.current().map(|at| self.inodes[at].cached.len() as u64))
    }

    fn read(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
        self.call()?;
        self.reads += 1;
        let bytes = &self.inodes[self.current().ok_or(Fault::Missing)?].cached;
        let rest = bytes.get(at as usize..).unwrap_or(&[]);
        // Any length, as a kernel may.
        let count = rest.len().min(buffer.len()).min(1 + (self.reads * 997) % 3000);
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn writable(&mut self) -> Result<(), Fault> {
        self.call()
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.write(self.current(), bytes)
    }

    fn sync(&mut self) -> Result<(), Fault> {
        self.sync_inode(self.current())
    }

    fn truncate(&mut self, length: u64) -> Result<(), Fault> {
        self.call()?;
        self.step()?;
        let at = self.current().ok_or(Fault::Missing)?;
        let inode = &mut self.inodes[at];
        inode.cached.truncate(length as usize);
        if inode.hole.is_some_and(|(from, _)| from >= length as usize) {
            inode.hole = None;
        }
        self.step()?;
        self.inodes[at].sync();
        Ok(())
    }

    fn create_new(&mut self) -> Result<(), Fault> {
        self.call()?;
        self.step()?;
        self.inodes.push(Inode::default());
        self.new = Some(self.inodes.len() - 1);
        Ok(())
    }

    fn write_new(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.write(self.new, bytes)
    }

    fn sync_new(&mut self) -> Result<(), Fault> {
        self.sync_inode(self.new)
    }

    fn commit_new(&mut self) -> Result<(), Fault> {
        let fails = self.call();
        // A fault of the rename, or else of the directory's sync.
        if fails.is_err() && self.calls.is_multiple_of(2) {
            return fails;
        }
        self.step()?;
        if self.journal.is_empty() {
            self.journal.push(None);
        }
        self.journal.push(self.new.take());
        fails?;
        self.step()?;
        self.journal.drain(..self.journal.len() - 1);
        Ok(())
    }

    fn discard_new(&mut self) {
        if !self.dead() {
            self.new = None;
        }
    }

    fn salt(&mut self) -> u32 {
        self.steps as u32 ^ 0x0a1b_2c3d
    }
}

// ---- an owner -----------------------------------------------------------------------------------

type Plain = (u8, Vec<u8>);

/// A person's words, which no compaction drops; other kinds are automatic.
const WORDS: u8 = 1;

#[derive(Clone, Debug)]
enum Op {
    Append(u8, usize, Durability),
    Sync,
    Compact,
    /// The power goes: after so many steps of what comes, and again while the journal is opened.
    Crash(Crash),
    Kill,
}

struct World {
    disk: Disk,
    journal: Box<Journal>,
    memory: Vec<Plain>,
    /// The states that may come back after a crash.
    possible: Vec<Vec<Plain>>,
    made: usize,
}

fn open(disk: &mut Disk) -> (Box<Journal>, Result<Opened, Fault>, Vec<Plain>) {
    let mut journal = Box::new(Journal::new());
    let mut records = Vec::new();
    let opened = journal
        .open(disk, JOURNAL_BYTES_MIN, &mut |record| records.push((record.kind, record.payload.to_vec())));
    if let Ok(opened) = opened {
        assert_eq!(opened.records as usize, records.len());
    }
    (journal, opened, records)
}

/// What an owner keeps: all words, and the last automatic records.
fn kept(memory: &[Plain]) -> Vec<Plain> {
    let automatic = memory.iter().filter(|(kind, _)| *kind != WORDS).count();
    let mut drop = automatic.saturating_sub(4);
    let stays = |(kind, _): &&Plain| {
        let goes = *kind != WORDS && drop > 0;
        drop -= usize::from(goes);
        !goes
    };
    memory.iter().filter(stays).cloned().collect()
}

fn compact(journal: &mut Journal, disk: &mut Disk, records: &[Plain]) -> Result<(), Refused> {
    journal.compact(disk, &mut |new| records.iter().try_for_each(|(kind, payload)| new.put(*kind, payload)))
}

impl World {
    fn new(mut disk: Disk) -> Self {
        let (journal, opened, memory) = open(&mut disk);
        opened.unwrap();
        Self { disk, journal, possible: vec![memory.clone()], memory, made: 0 }
    }

    fn payload(&mut self, length: usize) -> Vec<u8> {
        self.made += 1;
        let made = self.made;
        (0..length).map(|at| (made * 31 + at * 7) as u8).collect()
    }

    fn append(&mut self, kind: u8, length: usize, durability: Durability) {
        let payload = self.payload(length);
        for _ in 0..2 {
            let well = self.journal.fault().is_none();
            let mut after = self.memory.clone();
            after.push((kind, payload.clone()));
            match self.journal.append(&mut self.disk, kind, &payload, durability) {
                Ok(()) => {
                    assert!(well);
                    self.memory = after;
                    if durability == Durability::Now {
                        self.possible.clear();
                    }
                    self.possible.push(self.memory.clone());
                    return;
                }
                Err(Refused::Unfit) => panic!("{kind} {length}"),
                Err(Refused::Full) => {
                    assert!(self.journal.needs_compaction() || length > RECORD_BYTES / 2);
                    self.compact();
                }
                Err(Refused::Fault(fault)) => {
                    assert_eq!(self.journal.fault(), Some(fault));
                    if well {
                        self.possible.push(after);
                    }
                    // As `JOURNAL_RETRY` would have it.
                    self.compact();
                    return;
                }
            }
        }
    }

    fn sync(&mut self) {
        if self.journal.sync(&mut self.disk).is_ok() {
            self.possible = vec![self.memory.clone()];
        }
    }

    fn compact(&mut self) {
        let mut after = kept(&self.memory);
        loop {
            match compact(&mut self.journal, &mut self.disk, &after) {
                Ok(()) => {
                    assert_eq!(self.journal.fault(), None);
                    assert!(!self.journal.needs_compaction(), "never twice in a row");
                    self.memory = after;
                    self.possible = vec![self.memory.clone()];
                    return;
                }
                // Too many words for so small a journal: the model's owner forgets the oldest.
                Err(Refused::Full) => _ = after.remove(0),
                Err(Refused::Unfit) => panic!(),
                Err(Refused::Fault(_)) => return self.possible.push(after),
            }
        }
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::Append(kind, length, durability) => self.append(kind, length, durability),
            Op::Sync => self.sync(),
            Op::Compact => self.compact(),
            Op::Crash(crash) => {
                let disk = self.disk.crash(crash);
                self.restart(disk);
            }
            Op::Kill => {
                let disk = self.disk.kill();
                self.restart(disk);
            }
        }
        assert!(self.disk.peak <= JOURNAL_BYTES_MIN as usize, "{} bytes", self.disk.peak);
        assert!(self.journal.bytes() <= JOURNAL_BYTES_MIN / 2);
    }

    /// Opens what is there, and holds it against what may be.
    fn restart(&mut self, mut disk: Disk) {
        let (journal, opened, records) = open(&mut disk);
        opened.unwrap();
        assert!(self.possible.contains(&records), "a state that never was: {} records", records.len());
        assert_eq!(journal.fault(), None);
        self.disk = disk;
        self.journal = journal;
        self.memory.clone_from(&records);
        // After a kill what was read may not be on flash; what was, is.
        if !self.disk.journal.is_empty() && self.disk.bytes() == self.durable() {
            self.possible.clear();
        }
        self.possible.push(records);
    }

    fn durable(&self) -> Vec<u8> {
        self.disk.current().map(|at| self.disk.inodes[at].durable.clone()).unwrap_or_default()
    }

    /// The power goes in every way; each time what is back is well, and works.
    fn crash_in_every_way(&self) {
        for crash in CRASHES {
            let mut disk = self.disk.crash(crash);
            let before = disk.bytes();
            let (mut journal, opened, records) = open(&mut disk);
            opened.unwrap();
            assert!(
                self.possible.contains(&records),
                "{crash:?}: {} records of {:?}",
                records.len(),
                self.possible.iter().map(Vec::len).collect::<Vec<_>>()
            );
            assert!(disk.bytes().len() <= before.len().max(HEADER_BYTES));
            match journal.append(&mut disk, 9, b"and on", Durability::Now) {
                Ok(()) => {}
                // What came back may fill its half, to the last byte: then it says so, and has kept
                // it all.
                Err(Refused::Full) => {
                    assert!(journal.needs_compaction());
                    assert_eq!(open(&mut disk).2, records, "{crash:?}");
                    continue;
                }
                Err(refused) => panic!("{crash:?}: {refused:?}"),
            }
            let (_, opened, mut more) = open(&mut disk.crash(Crash::Nothing));
            assert_eq!(opened.unwrap().lost, 0);
            assert_eq!(more.pop(), Some((9, b"and on".to_vec())));
            assert_eq!(more, records, "{crash:?}");
        }
    }
}

/// Everything that a journal does, in about two kilobytes.
fn script() -> Vec<Op> {
    use Durability::{Later, Now};
    use Op::{Append, Compact, Sync};
    vec![
        Append(WORDS, 40, Now),
        Append(2, 10, Later),
        Append(2, 0, Later),
        Append(WORDS, 200, Now),
        Append(3, 17, Later),
        Compact,
        Append(2, 600, Now),
        Append(2, 3, Later),
        Sync,
        Append(WORDS, 9, Later),
        Append(2, 30, Now),
        Append(2, 31, Now),
        Append(2, 32, Later),
        Compact,
        Append(WORDS, 64, Now),
    ]
}

/// The same, from `disk`, until the power goes.
fn run(disk: Disk) -> World {
    let mut world = World::new(disk);
    for op in script() {
        if world.disk.dead() {
            break;
        }
        world.apply(&op);
    }
    world
}

// ---- what is promised ---------------------------------------------------------------------------

#[test]
fn the_power_may_go_at_every_byte() {
    let steps = run(Disk::default()).disk.steps;
    assert!(steps > 1500, "{steps}");
    for power in 0..=steps {
        run(Disk { power: Some(power), ..Disk::default() }).crash_in_every_way();
    }
}

#[test]
fn the_power_may_go_again_while_the_journal_is_opened() {
    let steps = run(Disk::default()).disk.steps;
    for power in (0..=steps).step_by(29) {
        let world = run(Disk { power: Some(power), ..Disk::default() });
        for (crash, again) in CRASHES.into_iter().flat_map(|crash| (0..20).map(move |again| (crash, again))) {
            let mut disk = Disk { power: Some(again), ..world.disk.crash(crash) };
            let (.., first) = open(&mut disk);
            let (_, opened, second) = open(&mut disk.crash(CRASHES[again % CRASHES.len()]));
            opened.unwrap();
            assert_eq!(first, second);
        }
    }
}

#[test]
fn each_call_may_fail_once_or_for_ever() {
    let calls = run(Disk::default()).disk.calls;
    assert!(calls > 25, "{calls}");
    for fault in [Fault::Io, Fault::NoSpace, Fault::ReadOnly, Fault::Missing] {
        for (from, long) in (0..calls).flat_map(|from| [(from, 1), (from, 2), (from, 5), (from, usize::MAX)])
        {
            let trouble = Some(Trouble { from, calls: long, fault });
            let mut disk = Disk { trouble, ..Disk::default() };
            if from == 0 && fault != Fault::Missing {
                assert_eq!(open(&mut disk).1, Err(fault), "what cannot be looked at is not opened");
                continue;
            }
            let mut world = run(disk);
            world.crash_in_every_way();
            world.disk.trouble = None;
            // It heals: one compaction, and nothing is refused any more.
            world.compact();
            assert_eq!(world.journal.fault(), None, "{fault:?} from {from}");
            world.append(WORDS, 50, Durability::Now);
            assert_eq!(world.possible, vec![world.memory.clone()]);
            world.crash_in_every_way();
        }
    }
}

#[test]
fn the_disk_may_be_full_at_every_byte() {
    let peak = run(Disk::default()).disk.peak;
    for room in 0..=peak {
        let mut world = run(Disk { room: Some(room), ..Disk::default() });
        assert!(world.disk.peak <= room);
        world.crash_in_every_way();
        world.disk.room = None;
        world.compact();
        assert_eq!(world.journal.fault(), None);
    }
}

#[test]
fn what_waits_for_room_while_no_compaction_succeeds_is_said_to_be_in_memory_only() {
    let mut world = World::new(Disk::default());
    let record = [7; 900];
    while world.journal.append(&mut world.disk, 1, &record, Durability::Later).is_ok() {}
    assert_eq!(world.journal.fault(), None);
    let calls = world.disk.calls;
    world.disk.trouble = Some(Trouble { from: calls + 1, calls: 1, fault: Fault::NoSpace });
    // What went in before is synced first, and that may be the call which fails.
    assert_eq!(compact(&mut world.journal, &mut world.disk, &[]), Err(Refused::Fault(Fault::NoSpace)));
    assert_eq!(world.journal.fault(), Some(Fault::NoSpace));
    world.disk.trouble = None;
    assert_eq!(compact(&mut world.journal, &mut world.disk, &[]), Ok(()));
    assert_eq!(world.journal.fault(), None);
}

#[test]
fn a_page_that_failed_to_be_written_is_not_built_upon() {
    let mut world = World::new(Disk::default());
    world.append(WORDS, 100, Durability::Now);
    let sync = Trouble { from: world.disk.calls + 1, calls: 1, fault: Fault::Io };
    world.disk.trouble = Some(sync);
    let refused = world.journal.append(&mut world.disk, WORDS, &[5; 100], Durability::Now);
    assert_eq!(refused, Err(Refused::Fault(Fault::Io)));
    // Another daemon on the same kernel, whose page cache shows what flash does not hold.
    let disk = world.disk.kill();
    world.restart(disk);
    world.append(WORDS, 100, Durability::Now);
    assert_eq!(world.memory.len(), 2);
    world.crash_in_every_way();
}

#[test]
fn a_wrong_bit_anywhere_costs_what_is_behind_it_and_no_more() {
    let world = run(Disk::default());
    let good = world.disk.bytes();
    for at in 0..good.len() {
        for bit in [0, 3, 7] {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            let mut disk = Disk::holding(&bytes);
            let (mut journal, opened, records) = open(&mut disk);
            let opened = opened.unwrap();
            assert!(world.memory.starts_with(&records) && records.len() < world.memory.len(), "byte {at}");
            assert!(opened.lost > 0 && opened.lost <= good.len() as u64 && !opened.fresh);
            assert_eq!(journal.fault(), None);
            journal.append(&mut disk, 7, b"next", Durability::Now).unwrap();
            let (_, opened, mut again) = open(&mut disk.crash(Crash::Nothing));
            assert_eq!(opened.unwrap().lost, 0);
            assert_eq!(again.pop(), Some((7, b"next".to_vec())));
            assert_eq!(again, records);
        }
    }
}

#[test]
fn what_cannot_be_read_is_not_touched() {
    let good = run(Disk::default()).disk;
    for from in 0..3 {
        let mut disk = Disk {
            trouble: Some(Trouble { from, calls: 1, fault: Fault::Io }),
            ..Disk::holding(&good.bytes())
        };
        let (mut journal, opened, _) = open(&mut disk);
        assert_eq!(opened, Err(Fault::Io));
        let io = Err(Refused::Fault(Fault::Io));
        assert_eq!(journal.append(&mut disk, 1, b"x", Durability::Now), io);
        assert_eq!(compact(&mut journal, &mut disk, &[]), io);
        assert_eq!(journal.sync(&mut disk), Err(Fault::Io));
        assert!(!journal.needs_compaction());
        assert_eq!((disk.steps, disk.bytes()), (0, good.bytes()));
        // And when it can be read again, all is there.
        let mut records = 0;
        journal.open(&mut disk, JOURNAL_BYTES, &mut |_| records += 1).unwrap();
        assert_eq!((records, journal.fault()), (run(Disk::default()).memory.len(), None));
    }
}

#[test]
fn a_later_version_is_left_alone() {
    // A header of version 2, with its CRC, made with another implementation of CRC-32C.
    let mut bytes = b"AGLN\x02\0\0\0\x01\0\0\0".to_vec();
    let mut crc = !0u32;
    for byte in &bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        }
    }
    bytes.extend((!crc).to_le_bytes());
    bytes.extend(b"whatever that may mean");
    let mut disk = Disk::holding(&bytes);
    let (mut journal, opened, _) = open(&mut disk);
    assert_eq!(opened, Err(Fault::Newer));
    assert_eq!(compact(&mut journal, &mut disk, &[]), Err(Refused::Fault(Fault::Newer)));
    assert_eq!((disk.steps, disk.bytes()), (0, bytes));
}

#[test]
fn a_journal_that_is_not_open_refuses() {
    let (mut journal, mut disk) = (Journal::new(), Disk::default());
    let missing = Err(Refused::Fault(Fault::Missing));
    assert_eq!(journal.append(&mut disk, 1, b"x", Durability::Later), missing);
    assert_eq!(compact(&mut journal, &mut disk, &[]), missing);
    assert_eq!((disk.calls, journal.counters().dropped, journal.needs_compaction()), (0, 1, false));
}

#[test]
fn a_read_only_journal_is_read_and_says_so() {
    let world = run(Disk::default());
    let torn = [world.disk.bytes(), vec![1, 2, 3]].concat();
    for bytes in [world.disk.bytes(), torn] {
        let reads = {
            let mut disk = Disk::holding(&bytes);
            open(&mut disk).1.unwrap();
            disk.calls - 1
        };
        let trouble = Some(Trouble { from: reads, calls: usize::MAX, fault: Fault::ReadOnly });
        let mut disk = Disk { trouble, ..Disk::holding(&bytes) };
        let (journal, opened, records) = open(&mut disk);
        assert_eq!((opened.is_ok(), journal.fault()), (true, Some(Fault::ReadOnly)));
        assert_eq!((records, disk.bytes()), (world.memory.clone(), bytes));
        assert!(journal.needs_compaction());
    }
}

// ---- room and wear ------------------------------------------------------------------------------

#[test]
fn a_record_costs_its_bytes_once_and_later_costs_no_sync() {
    let mut world = World::new(Disk::default());
    let start = world.journal.counters();
    assert_eq!((start.bytes, start.syncs, start.compactions), (HEADER_BYTES as u64, 2, 1));
    for _ in 0..10 {
        world.append(2, 40, Durability::Later);
    }
    assert_eq!(world.journal.counters(), start, "nothing is written yet");
    world.append(WORDS, 40, Durability::Now);
    world.sync();
    world.sync();
    let end = world.journal.counters();
    assert_eq!((end.bytes - start.bytes, end.syncs - start.syncs), (11 * (40 + OVERHEAD_BYTES as u64), 1));
    assert_eq!(world.disk.bytes().len() as u64, end.bytes);
    // Another start writes nothing.
    let mut disk = world.disk.crash(Crash::Nothing);
    open(&mut disk).1.unwrap();
    assert_eq!(disk.steps, 0);
}

#[test]
fn a_snapshot_that_does_not_fit_writes_nothing() {
    let mut world = World::new(Disk::default());
    world.append(WORDS, 40, Durability::Now);
    world.append(2, 40, Durability::Later);
    let (steps, counters) = (world.disk.steps, world.journal.counters());
    let limit = world.journal.snapshot_limit() as usize;
    let longest = RECORD_BYTES + OVERHEAD_BYTES;
    let fit = (limit - HEADER_BYTES) / longest;
    let rest = (limit - HEADER_BYTES) % longest;
    let mut records = vec![(WORDS, vec![3; RECORD_BYTES]); fit];
    records.push((2, vec![4; rest - OVERHEAD_BYTES + 1]));
    assert_eq!(compact(&mut world.journal, &mut world.disk, &records), Err(Refused::Full));
    assert_eq!((world.disk.steps, world.journal.counters()), (steps, counters));
    // What cannot be a record neither, even if its owner does not mind.
    let ignored = world.journal.compact(&mut world.disk, &mut |new| {
        assert_eq!(new.put(0, b""), Err(Refused::Unfit));
        assert_eq!(new.put(1, b"fine"), Err(Refused::Unfit), "nothing is taken after the first");
        Ok(())
    });
    assert_eq!((ignored, world.disk.steps), (Err(Refused::Unfit), steps));
    world.sync();
    world.crash_in_every_way();

    // One byte less fits, and fills it.
    records.last_mut().unwrap().1.pop();
    compact(&mut world.journal, &mut world.disk, &records).unwrap();
    assert_eq!(world.journal.bytes() as usize, limit);
    assert!(!world.journal.needs_compaction());
    assert_eq!(open(&mut world.disk.crash(Crash::Nothing)).2, records);
}

#[test]
fn an_owner_that_changes_its_mind_loses_nothing() {
    let mut world = World::new(Disk::default());
    world.append(WORDS, 40, Durability::Now);
    let mut calls = 0;
    let refused = world.journal.compact(&mut world.disk, &mut |new| {
        calls += 1;
        (0..if calls == 1 { 1 } else { 100 }).try_for_each(|_| new.put(1, &[0; 100]))
    });
    assert_eq!((refused, calls), (Err(Refused::Full), 2));
    assert_eq!(world.journal.fault(), None);
    world.append(WORDS, 41, Durability::Now);
    world.crash_in_every_way();
}

#[test]
fn a_full_journal_costs_at_most_four_times_what_is_appended() {
    let mut world = World::new(Disk::default());
    let limit = world.journal.snapshot_limit() as usize;
    let words = (limit - HEADER_BYTES - 5 * 110) / (200 + OVERHEAD_BYTES);
    for _ in 0..words {
        world.append(WORDS, 200, Durability::Now);
    }
    let (before, mut appended) = (world.journal.counters(), 0);
    for _ in 0..5000 {
        world.append(2, 40, Durability::Now);
        appended += 40 + OVERHEAD_BYTES as u64;
        if world.journal.needs_compaction() {
            world.compact();
        }
    }
    let after = world.journal.counters();
    assert!(after.compactions > before.compactions + 50);
    let written = after.bytes - before.bytes;
    // The quarter that a snapshot leaves is not used to its end: a longest record must find room.
    let most = appended * u64::from(JOURNAL_BYTES_MIN / 2)
        / u64::from(JOURNAL_BYTES_MIN / 2 - world.journal.snapshot_limit() - 1031);
    assert!(written <= most, "{written} bytes for {appended}, at most {most}");
    assert!(world.disk.peak <= JOURNAL_BYTES_MIN as usize);
    assert_eq!(world.memory.iter().filter(|(kind, _)| *kind == WORDS).count(), words);
    assert_eq!(after.dropped, 0);
}

#[test]
fn records_without_room_are_refused() {
    let mut world = World::new(Disk::default());
    let long = [1; RECORD_BYTES];
    let mut taken = 0;
    while world.journal.append(&mut world.disk, 1, &long, Durability::Later) == Ok(()) {
        taken += 1;
    }
    assert_eq!(taken, (JOURNAL_BYTES_MIN as usize / 2 - HEADER_BYTES) / (RECORD_BYTES + OVERHEAD_BYTES));
    assert_eq!(world.journal.append(&mut world.disk, 1, &long, Durability::Now), Err(Refused::Full));
    assert_eq!(world.journal.append(&mut world.disk, 0, b"", Durability::Now), Err(Refused::Unfit));
    assert_eq!(
        world.journal.append(&mut world.disk, 1, &[0; RECORD_BYTES + 1], Durability::Now),
        Err(Refused::Unfit)
    );
    assert_eq!(
        (world.journal.counters().dropped, world.journal.fault()),
        (0, None),
        "its owner can still make room"
    );
    world.journal.sync(&mut world.disk).unwrap();
    assert_eq!(open(&mut world.disk.crash(Crash::Nothing)).2.len(), taken);
}

#[test]
fn a_journal_larger_than_its_limit_is_read_and_made_smaller() {
    let mut disk = Disk::default();
    let mut journal = Journal::new();
    journal.open(&mut disk, JOURNAL_BYTES, &mut |_| ()).unwrap();
    for _ in 0..20 {
        journal.append(&mut disk, 1, &[1; RECORD_BYTES], Durability::Now).unwrap();
    }
    let (mut journal, opened, records) = open(&mut disk);
    assert_eq!((opened.unwrap().lost, records.len()), (0, 20));
    assert!(journal.needs_compaction());
    assert_eq!(journal.append(&mut disk, 1, b"", Durability::Now), Err(Refused::Full));
    assert_eq!(compact(&mut journal, &mut disk, &records), Err(Refused::Full));
    compact(&mut journal, &mut disk, &records[15..]).unwrap();
    journal.append(&mut disk, 1, b"", Durability::Now).unwrap();
    assert_eq!(open(&mut disk.crash(Crash::Nothing)).2.len(), 6);
}

// ---- for ever -----------------------------------------------------------------------------------

/// What `golden/journal-v1.bin` holds.
fn golden() -> Vec<Plain> {
    let mut records: Vec<Plain> = (1..=255).map(|kind| (kind, vec![kind; usize::from(kind) % 13])).collect();
    records.push((1, (0..RECORD_BYTES).map(|at| (at * at / 7) as u8).collect()));
    records.push((2, vec![]));
    records.push((200, "électricité coupée, انقطاع الكهرباء".as_bytes().to_vec()));
    records
}

#[test]
fn the_golden_journal_of_version_1_replays_for_ever() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/journal-v1.bin");
    // Made once, when version 1 was; a change of it is a change of the format.
    if std::env::var_os("MAKE_GOLDEN_JOURNAL").is_some() {
        let mut disk = Disk::default();
        let (mut journal, ..) = open(&mut disk);
        compact(&mut journal, &mut disk, &golden()[..100]).unwrap();
        for (kind, payload) in &golden()[100..] {
            journal.append(&mut disk, *kind, payload, Durability::Later).unwrap();
        }
        journal.sync(&mut disk).unwrap();
        std::fs::write(path, disk.bytes()).unwrap();
    }
    let bytes = std::fs::read(path).unwrap();
    let mut disk = Disk::holding(&bytes);
    let (journal, opened, records) = open(&mut disk);
    assert_eq!(opened, Ok(Opened { fresh: false, records: 258, lost: 0 }));
    assert_eq!(records, golden());
    assert_eq!((journal.fault(), disk.steps), (None, 0), "reading it changes nothing");
}

// ---- anything -----------------------------------------------------------------------------------

fn crash() -> impl Strategy<Value = Crash> {
    prop_oneof![
        Just(Crash::Nothing),
        Just(Crash::Everything),
        Just(Crash::Zeros),
        any::<u64>().prop_map(Crash::Front),
        any::<u64>().prop_map(Crash::Sectors),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let length = prop_oneof![4 => 0usize..80, 1 => 0usize..=RECORD_BYTES];
    let durability = prop_oneof![Just(Durability::Now), Just(Durability::Later)];
    prop_oneof![
        12 => (1u8..4, length, durability).prop_map(|(kind, length, when)| Op::Append(kind, length, when)),
        1 => Just(Op::Sync),
        1 => Just(Op::Compact),
        1 => crash().prop_map(Op::Crash),
        1 => Just(Op::Kill),
    ]
}

proptest! {
    #[test]
    fn any_history_comes_back(
        ops in proptest::collection::vec(op(), 1..120),
        power in proptest::option::of(0usize..20_000),
    ) {
        let mut world = World::new(Disk::default());
        world.disk.power = power.map(|power| power + world.disk.steps);
        for op in &ops {
            if world.disk.dead() {
                break;
            }
            world.apply(op);
        }
        world.crash_in_every_way();
    }

    #[test]
    fn any_fault_passes(
        ops in proptest::collection::vec(op(), 1..60), from in 4usize..100, calls in 1usize..10,
        fault in prop_oneof![Just(Fault::Io), Just(Fault::NoSpace), Just(Fault::ReadOnly)],
    ) {
        let mut world = World::new(Disk::default());
        for op in ops.iter().filter(|op| !matches!(op, Op::Crash(_) | Op::Kill)) {
            world.disk.trouble = Some(Trouble { from, calls, fault });
            world.apply(op);
        }
        world.crash_in_every_way();
    }

    #[test]
    fn any_bytes_are_opened(
        bytes in proptest::collection::vec(any::<u8>(), 0..5000), header in any::<bool>(),
    ) {
        let head = header.then(|| {
            let mut disk = Disk::default();
            open(&mut disk).1.unwrap();
            disk.bytes()
        });
        let bytes = [head.unwrap_or_default(), bytes].concat();
        let mut disk = Disk::holding(&bytes);
        let (mut journal, opened, records) = open(&mut disk);
        let good = if header { HEADER_BYTES } else { 0 };
        prop_assert_eq!(opened.unwrap().lost as usize, bytes.len() - good);
        prop_assert!(records.is_empty());
        journal.append(&mut disk, 1, b"x", Durability::Now).unwrap();
        prop_assert_eq!(open(&mut disk.crash(Crash::Nothing)).2, vec![(1, b"x".to_vec())]);
    }
}
