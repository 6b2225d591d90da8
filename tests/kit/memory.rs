//! Storage that never fails.

use aiglon::journal::{Fault, Store};

/// A journal in memory.
#[derive(Default)]
pub struct Memory {
    pub journal: Option<Vec<u8>>,
    new: Vec<u8>,
}

impl Memory {
    /// With these bytes in it.
    pub fn of(bytes: &[u8]) -> Self {
        Self { journal: Some(bytes.to_vec()), new: Vec::new() }
    }
}

impl Store for Memory {
    fn length(&mut self) -> Result<Option<u64>, Fault> {
        Ok(self.journal.as_ref().map(|bytes| bytes.len() as u64))
    }
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
        let rest = &self.journal.as_ref().unwrap()[usize::try_from(at).unwrap()..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
    fn writable(&mut self) -> Result<(), Fault> {
        Ok(())
    }
    fn append(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.journal.as_mut().unwrap().extend_from_slice(bytes);
        Ok(())
    }
    fn sync(&mut self) -> Result<(), Fault> {
        Ok(())
    }
    fn truncate(&mut self, length: u64) -> Result<(), Fault> {
        self.journal.as_mut().unwrap().truncate(usize::try_from(length).unwrap());
        Ok(())
    }
    fn create_new(&mut self) -> Result<(), Fault> {
        self.new.clear();
        Ok(())
    }
    fn write_new(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.new.extend_from_slice(bytes);
        Ok(())
    }
    fn sync_new(&mut self) -> Result<(), Fault> {
        Ok(())
    }
    fn commit_new(&mut self) -> Result<(), Fault> {
        self.journal = Some(std::mem::take(&mut self.new));
        Ok(())
    }
    fn discard_new(&mut self) {
        self.new.clear();
    }
    fn salt(&mut self) -> u32 {
        0x0a1b_2c3d
    }
}
