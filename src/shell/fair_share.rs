//! Whose turn it is where few can have one: readers of bodies, and what unpacks them.
//!
//! A token can be stolen with its antenna. Who holds it may open as many bodies as there are
//! readers and send a byte now and then; every other sender would be told to come again, and what
//! they speak for would no longer be known. So one source takes what is free only until half is
//! taken. After that each may have [`TURNS_EACH`] all the same.

use std::cell::Cell;

use aiglon::limits::{SOURCES, TURNS_EACH};
use aiglon::model::SourceId;

use super::tally::add;

pub struct FairShare {
    capacity: u8,
    taken: Cell<u8>,
    of: [Cell<u8>; SOURCES],
    /// How often one was refused.
    pub refused: Cell<u64>,
}

/// One turn, until it is dropped. A source that a reload has given another number keeps the turn of
/// its old one till then.
pub struct Turn<'a> {
    turns: &'a FairShare,
    of: Option<&'a Cell<u8>>,
}

impl FairShare {
    pub const fn new(capacity: usize) -> Self {
        assert!(capacity < 256, "counted in a byte");
        #[expect(clippy::cast_possible_truncation, reason = "see above")]
        let capacity = capacity as u8;
        Self { capacity, taken: Cell::new(0), of: [const { Cell::new(0) }; SOURCES], refused: Cell::new(0) }
    }

    /// How many are taken, and how many there are.
    pub fn usage(&self) -> (u64, u64) {
        (self.taken.get().into(), self.capacity.into())
    }

    /// A turn for a source, if there is one for it.
    pub fn take(&self, source: SourceId) -> Option<Turn<'_>> {
        let of = self.of.get(source.index());
        let (taken, own) = (self.taken.get(), of.map_or(0, Cell::get));
        // One of two: nobody has both.
        let each = TURNS_EACH.min(self.capacity / 2);
        if taken >= self.capacity || (own >= each && taken >= self.capacity / 2) {
            add(&self.refused);
            return None;
        }
        self.taken.set(taken.saturating_add(1));
        if let Some(of) = of {
            of.set(own.saturating_add(1));
        }
        Some(Turn { turns: self, of })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        for count in [Some(&self.turns.taken), self.of].into_iter().flatten() {
            count.set(count.get().saturating_sub(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_more_than_half_while_others_may_come() {
        for (capacity, greedy, next) in [(16, 8, 2), (8, 4, 2), (2, 1, 1)] {
            let turns = FairShare::new(capacity);
            let take = |source| std::iter::from_fn(|| turns.take(SourceId(source))).collect::<Vec<_>>();
            let first = take(0);
            let second = take(1);
            assert_eq!((first.len(), second.len()), (greedy, next), "of {capacity}");
            assert_eq!(turns.refused.get(), 2);
            drop(first);
            let third = take(2);
            assert_eq!(third.len(), (capacity / 2).saturating_sub(next).max(1.min(next)), "of {capacity}");
            drop((second, third));
            assert_eq!(turns.usage(), (0, capacity as u64));
        }
    }
}
