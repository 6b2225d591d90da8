//! A journal in memory: what `export` writes its archive from, and `import` reads.

use super::{Fault, Store};
use crate::text::buffer::BytesView;

/// The bytes of a journal.
pub struct MemoryStore<'a>(pub &'a mut BytesView);

impl Store for MemoryStore<'_> {
    fn length(&mut self) -> Result<Option<u64>, Fault> {
        Ok((!self.0.is_empty()).then_some(self.0.len() as u64))
    }

    fn read(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
        let rest = usize::try_from(at).ok().and_then(|at| self.0.as_slice().get(at..)).unwrap_or_default();
        for (byte, from) in buffer.iter_mut().zip(rest) {
            *byte = *from;
        }
        Ok(rest.len().min(buffer.len()))
    }

    fn writable(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.0.push(bytes) { Ok(()) } else { Err(Fault::NoSpace) }
    }

    fn sync(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> Result<(), Fault> {
        self.0.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }

    /// There is one file only: what is written anew takes its place from the start.
    fn create_new(&mut self) -> Result<(), Fault> {
        self.0.clear();
        Ok(())
    }

    fn write_new(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.append(bytes)
    }

    fn sync_new(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn commit_new(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn discard_new(&mut self) {}

    /// Nothing is ever left behind that might be taken for a part of it.
    fn salt(&mut self) -> u32 {
        0
    }
}
