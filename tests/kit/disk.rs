//! Storage that may fail for a while, that loses what was not synced when the power goes, and whose
//! power may go in the middle of anything.

use aiglon::journal::{Fault, Store};

use super::dice::Dice;

#[derive(Default)]
struct File {
    bytes: Vec<u8>,
    /// Bytes of it that are on flash.
    synced: usize,
}

#[derive(Default)]
pub struct Disk {
    journal: Option<File>,
    new: Option<File>,
    salt: u32,
    /// Calls that write and fail from now on.
    failing: usize,
    /// Calls until the power goes.
    power: Option<usize>,
    /// The power is gone: nothing works any more.
    pub dead: bool,
    /// Whether the power went while the new file took the old one's place, so that either may be
    /// there.
    renaming: bool,
    /// Of both files together, at any time.
    pub peak: usize,
    /// Calls that failed.
    pub failed: u64,
}

const SECTOR: usize = 512;

impl Disk {
    /// So many of the next calls that write fail.
    pub fn fail_for(&mut self, calls: usize) {
        self.failing = calls;
    }

    /// From now on everything works.
    pub fn calm(&mut self) {
        (self.failing, self.power) = (0, None);
    }

    /// The power goes in the call after so many.
    pub fn die_after(&mut self, calls: usize) {
        self.power = Some(calls);
    }

    /// The machine stops, and starts again. What was not synced is there in parts: any sectors, up
    /// to any length.
    pub fn power_cut(&mut self, dice: &mut Dice) {
        (self.failing, self.power, self.dead) = (0, None, false);
        if std::mem::take(&mut self.renaming) && dice.one_in(2) {
            self.journal = self.new.take();
        }
        self.new = None;
        if let Some(file) = &mut self.journal {
            let loose = file.bytes.len() - file.synced;
            file.bytes.truncate(file.synced + dice.below(loose + 1));
            for at in file.synced..file.bytes.len() {
                if at % SECTOR == 0 && dice.one_in(4) {
                    let end = file.bytes.len().min(at + SECTOR);
                    file.bytes[at..end].fill(0);
                }
            }
            if file.bytes.len() > file.synced && dice.one_in(2) {
                let at = file.synced + dice.below(file.bytes.len() - file.synced);
                file.bytes[at] ^= 0x40;
            }
            file.synced = file.bytes.len();
        }
    }

    /// Before a call that writes.
    fn works(&mut self) -> Result<(), Fault> {
        let sizes = [&self.journal, &self.new].map(|file| file.as_ref().map_or(0, |file| file.bytes.len()));
        self.peak = self.peak.max(sizes.iter().sum());
        match &mut self.power {
            Some(0) => self.dead = true,
            Some(calls) => *calls -= 1,
            None => {}
        }
        if self.dead {
            return Err(Fault::Io);
        }
        if self.failing > 0 {
            self.failing -= 1;
            self.failed += 1;
            return Err([Fault::Io, Fault::NoSpace][self.failing % 2]);
        }
        Ok(())
    }

    /// A part of what fails may have been written.
    fn add(file: Option<&mut File>, bytes: &[u8], worked: Result<(), Fault>) -> Result<(), Fault> {
        let file = file.ok_or(Fault::Missing)?;
        file.bytes.extend_from_slice(&bytes[..if worked.is_ok() { bytes.len() } else { bytes.len() / 2 }]);
        worked
    }
}

impl Store for Disk {
    fn length(&mut self) -> Result<Option<u64>, Fault> {
        Ok(self.journal.as_ref().map(|file| file.bytes.len() as u64))
    }
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
        let bytes = self.journal.as_ref().map_or(&[][..], |file| &file.bytes);
        let rest = &bytes[usize::try_from(at).unwrap().min(bytes.len())..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
    fn writable(&mut self) -> Result<(), Fault> {
        Ok(())
    }
    fn append(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let worked = self.works();
        Self::add(self.journal.as_mut(), bytes, worked)
    }
    fn sync(&mut self) -> Result<(), Fault> {
        self.works()?;
        let file = self.journal.as_mut().ok_or(Fault::Missing)?;
        file.synced = file.bytes.len();
        Ok(())
    }
    fn truncate(&mut self, length: u64) -> Result<(), Fault> {
        self.works()?;
        let file = self.journal.as_mut().ok_or(Fault::Missing)?;
        file.bytes.truncate(usize::try_from(length).unwrap());
        file.synced = file.bytes.len();
        Ok(())
    }
    fn create_new(&mut self) -> Result<(), Fault> {
        self.works()?;
        self.new = Some(File::default());
        Ok(())
    }
    fn write_new(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let worked = self.works();
        Self::add(self.new.as_mut(), bytes, worked)
    }
    fn sync_new(&mut self) -> Result<(), Fault> {
        self.works()?;
        let file = self.new.as_mut().ok_or(Fault::Missing)?;
        file.synced = file.bytes.len();
        Ok(())
    }
    fn commit_new(&mut self) -> Result<(), Fault> {
        if let Err(fault) = self.works() {
            self.renaming = self.dead;
            return Err(fault);
        }
        self.journal = self.new.take();
        Ok(())
    }
    fn discard_new(&mut self) {
        if !self.dead {
            self.new = None;
        }
    }
    fn salt(&mut self) -> u32 {
        self.salt = self.salt.wrapping_add(0x9e37_79b9);
        self.salt
    }
}
