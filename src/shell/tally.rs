//! The shell's own counters, for `/metrics`. No visitor is in them: sums only.

use std::cell::Cell;

use aiglon::http::Status;

/// How many statuses are told apart.
pub const STATUSES: usize = 24;

pub struct Tally {
    answers: [Cell<u64>; STATUSES],
    pub pages_rendered: Cell<u64>,
    /// Lines and entries that did not fit an answer for programs, each time that it was made.
    pub left_out: Cell<u64>,
    /// Turns that ended because enough was done.
    pub turns_full: Cell<u64>,
    pub reloads: Cell<u64>,
    /// Changes with each reload and each revocation: a body or a list of an older epoch ends.
    pub epoch: Cell<u64>,
    pub reloads_refused: Cell<u64>,
    pub unauthorised: Cell<u64>,
    pub bodies_malformed: Cell<u64>,
    pub alerts_bad: Cell<u64>,
    /// Whether the log has said that the store of alerts is full.
    pub full_told: Cell<bool>,
}

#[inline(never)]
pub fn add(counter: &Cell<u64>) {
    counter.set(counter.get().wrapping_add(1));
}

pub fn add_many(counter: &Cell<u64>, count: usize) {
    counter.set(counter.get().wrapping_add(count as u64));
}

impl Tally {
    pub const fn new() -> Self {
        Self {
            answers: [const { Cell::new(0) }; STATUSES],
            pages_rendered: Cell::new(0),
            left_out: Cell::new(0),
            turns_full: Cell::new(0),
            reloads: Cell::new(0),
            epoch: Cell::new(0),
            reloads_refused: Cell::new(0),
            unauthorised: Cell::new(0),
            bodies_malformed: Cell::new(0),
            alerts_bad: Cell::new(0),
            full_told: Cell::new(false),
        }
    }

    pub fn answered(&self, status: Status) {
        if let Some(counter) = self.answers.get(status as usize) {
            add(counter);
        }
    }

    /// The count of each status that was ever sent.
    pub fn answers(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        Status::ALL
            .iter()
            .zip(&self.answers)
            .map(|(status, count)| (status.code(), count.get()))
            .filter(|&(_, count)| count > 0)
    }
}
