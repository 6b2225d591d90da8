//! What has a witness of its own: a heartbeat, and a rule on samples. Their scripts and their
//! judge.

use aiglon::model::State;

use super::Dice;
use super::judge::known;
use super::senders::{MIN, SEC};

/// How long a heartbeat may take, and how long a sample counts.
const OWED: i64 = 70 * MIN;
const LIFE: i64 = 10 * MIN;
/// After a reload or a new key, a rule says nothing new for two minutes, and waits for a sample.
const HOLD: i64 = 4 * MIN;

/// When a rule looks at a sample.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Known {
    #[default]
    Now,
    /// It waits, after a reload or with a new key.
    Later,
    /// It began to wait anew before, and forgot the sample.
    Never,
}

#[derive(Default)]
pub struct Locals {
    /// The job fails; the link is weak.
    pub fails: bool,
    pub weak: bool,
    /// When the heartbeat came last, and whether it said that something failed.
    beat: Option<(i64, bool)>,
    /// When the newest sample was measured, and whether it was weak.
    sample: Option<(i64, bool)>,
    /// The last sample that counts told of a weak link.
    told_weak: bool,
    /// What the rule knows of the last sample that counts.
    known: Known,
    restarted_at: i64,
    /// Until then rules say nothing new.
    hold_until: i64,
}

/// What is sent at a minute: a heartbeat, as "it failed", and a sample, as when it was measured and
/// how strong the link was.
#[derive(Default)]
pub struct Sent {
    pub beat: Option<bool>,
    pub sample: Option<(i64, i64)>,
    /// The sample is of now: a sign of life.
    pub counts: bool,
}

impl Locals {
    /// A minute has passed.
    pub fn tick(&mut self, now: i64, lost: bool, dice: &mut Dice) -> Sent {
        let mut sent = Sent::default();
        if lost {
            return sent;
        }
        if now / MIN % 60 == 7 && !dice.one_in(8) {
            sent.beat = Some(self.fails);
            self.beat = Some((now, self.fails));
        }
        if dice.one_in(5) {
            return sent;
        }
        // Between the two limits of its rule, a link that was weak is weak.
        let told = self.told_weak && self.weak && dice.one_in(2);
        let signal = if told {
            -75
        } else if self.weak {
            -95
        } else {
            -60
        };
        // Late, too old, or in nanoseconds; never as old as another one.
        let (measured, counts) = match dice.below(30) {
            0 => (now - 90 * SEC, true),
            1 => (now - 60 * MIN, false),
            2 => (now * 1_000_000, false),
            _ => (now, true),
        };
        if counts && self.sample.is_none_or(|(last, _)| last <= measured) {
            self.sample = Some((measured, self.weak));
            // What comes while its rule waits is not remembered.
            self.known = if now < self.hold_until { Known::Later } else { Known::Now };
            self.told_weak = self.weak && self.known == Known::Now;
        }
        (sent.sample, sent.counts) = (Some((measured, signal)), counts);
        sent
    }

    /// The last heartbeat still counts, if it was written down; samples must come again.
    pub fn restarted(&mut self, now: i64) {
        (self.sample, self.restarted_at) = (None, now);
    }

    pub fn began_anew(&mut self, now: i64) {
        if self.known == Known::Later && now < self.hold_until {
            self.known = Known::Never;
        }
        self.hold_until = now + HOLD;
    }

    /// What is told of both, against what was sent.
    pub fn hold(&self, backup: State, link: State, now: i64) {
        let (green, red) = (backup == State::Operational, backup > State::NoData);
        match self.beat {
            None => assert!(!green, "1: no heartbeat has come"),
            Some((_, true)) => assert!(!green, "1: the last heartbeat told of a failure"),
            Some((at, false)) => {
                assert!(!green || now <= at + OWED + SEC, "1: the heartbeat is late: {at}");
                let doubtful = known::OLD_FAILURES && self.restarted_at > at;
                assert!(!red || now >= at + OWED || doubtful, "2: the heartbeat has come: {at}");
            }
        }
        let (green, red) = (link == State::Operational, link > State::NoData);
        match self.sample {
            None => assert!(!green, "1: no sample has come"),
            // The engine wakes once a second at most.
            _ if now < self.hold_until + SEC => {}
            Some((at, weak)) => {
                let fresh = now < at + LIFE;
                assert!(
                    !green || now <= at + LIFE + SEC,
                    "1: samples have stopped: {at}, now {now}, held until {}",
                    self.hold_until
                );
                assert!(!(green && weak && fresh), "1: the link is weak: {at}");
                assert!(
                    !(red && !weak && fresh) || self.known == Known::Never,
                    "2: the link is strong: {at}"
                );
            }
        }
    }
}
