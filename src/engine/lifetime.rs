//! What one message says about one alert: does it fire, has it been resolved, or can nobody tell
//! yet?
//!
//! The heart of honesty, and pure: no store, no time but what is passed in. Each rule comes from
//! how a real sender behaves, and the tests name it.
//!
//! Prometheus and vmalert repeat. While an alert fires, `endsAt` is a promise, "firing until", some
//! minutes ahead of *their* clock, and later in every message. Once it is resolved, `endsAt` is the
//! moment of that, and stands still in the messages that say so again for 15 minutes. So whether
//! `endsAt` moves says more than our own clock can, which may run minutes ahead, minutes behind or
//! not at all.

use crate::limits::REPEAT_LEAST;
use crate::time::{MaybeWall, Mono, Now, Wall};

/// How a sender's alerts end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sender {
    /// Repeats what fires within minutes: Prometheus, vmalert, amtool, at `/api/v1|v2/alerts`.
    #[default]
    Repeating,
    /// Says it once, and again after hours: Alertmanager, Grafana, at `/api/v1/webhook`.
    Webhook,
    /// Says it once, and then that it is over: collectd, at `/api/v1/collectd`.
    Once,
}

/// What a message says about its alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It fires.
    Firing,
    /// It fires, for all we can tell, but `endsAt` moved back and no clock says whether it has
    /// passed. If the next message has the same `endsAt`, that was the end of it.
    MaybeEnded,
    /// It has been resolved.
    Resolved,
    /// It is over by our clock, but we never heard it fire: a repeated "resolved" from before our
    /// start, or a first "firing" as read by a clock that runs ahead. The next message will tell.
    Unclear,
    /// It has been resolved, and its sender says that nobody looked.
    CannotTell,
    /// The same message again; whatever we thought still holds.
    Duplicate,
}

/// What is remembered of the messages about one alert so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The `endsAt` of the last message, if it had one.
    pub announced: MaybeWall,
    /// When that `endsAt` was first announced.
    pub announced_at: Mono,
    /// What the last message said; never [`Reading::Duplicate`].
    pub reading: Reading,
    /// Since it was resolved last, an `endsAt` was ahead of our clock, or we had none: then a later
    /// one promises more.
    pub promised: bool,
}

/// The times and status that a message gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// `startsAt`, if set.
    pub starts_at: Option<Wall>,
    /// `endsAt`, if set.
    pub ends_at: Option<Wall>,
    /// A webhook's `status`, as "is resolved".
    pub resolved: Option<bool>,
    /// Its sender says why it calls it resolved, and it is not that somebody has looked: Grafana's
    /// annotation `grafana_state_reason`, which is `MissingSeries`, `NoData`, `Error`, `Paused` and
    /// others; or `Error`, which it has where a rule treats errors as normal
    /// (pkg/services/ngalert/state).
    pub unseen: bool,
}

impl Report {
    /// Whether it has an `endsAt` that has not passed, as far as we can tell.
    pub fn promises(&self, now: Now) -> bool {
        self.ends_at.is_some_and(|ends| now.wall.is_none_or(|wall| ends > wall))
    }

    /// An end at the very start is one whatever any clock says. An end before the start is a
    /// contradiction, of a sender whose clock was put back, and says nothing.
    fn is_empty(&self) -> bool {
        self.ends_at.is_some() && self.ends_at == self.starts_at
    }
}

/// What the message says.
pub fn read(sender: Sender, report: Report, memory: Option<Memory>, now: Now) -> Reading {
    let reading = match sender {
        Sender::Repeating => repeating(report, memory, now),
        Sender::Webhook | Sender::Once => webhook(report, now),
    };
    if reading == Reading::Resolved && report.unseen { Reading::CannotTell } else { reading }
}

/// Alertmanager and Grafana say `status`. Without it (a script that posts an array), a time that
/// has passed is an end.
fn webhook(report: Report, now: Now) -> Reading {
    let over = match (report.resolved, report.ends_at, now.wall) {
        (Some(resolved), _, _) => resolved,
        (None, None, _) => false,
        (None, Some(ends), wall) => report.is_empty() || wall.is_some_and(|wall| ends <= wall),
    };
    if over { Reading::Resolved } else { Reading::Firing }
}

fn repeating(report: Report, memory: Option<Memory>, now: Now) -> Reading {
    let Some(ends) = report.ends_at else { return Reading::Firing };
    if report.is_empty() {
        return Reading::Resolved;
    }
    let passed = now.wall.map(|wall| ends <= wall);
    let Some(memory) = memory else {
        return match passed {
            // Prometheus says when it began; a script that does not says each time that it is over.
            Some(true) if report.starts_at.is_none() => Reading::Resolved,
            Some(true) => Reading::Unclear,
            // A first word. Without a clock it is what it may well be: firing.
            _ => Reading::Firing,
        };
    };
    match memory.announced.get() {
        // Later than the last, which was a promise: firing, whatever our clock says.
        Some(last) if ends > last => match passed {
            Some(true) if report.starts_at.is_none() => Reading::Resolved,
            // Never was one ahead. By a clock that is right, nobody can tell; by another, it may be
            // ours.
            Some(true) if !memory.promised && now.synchronised => Reading::Unclear,
            _ => Reading::Firing,
        },
        Some(last) if ends == last => stands_still(memory, passed, now),
        // Earlier than the last, or the first end that is announced of something that fires.
        _ => match passed {
            Some(true) => Reading::Resolved,
            // A rule group that is now evaluated more often promises less.
            Some(false) => Reading::Firing,
            None => Reading::MaybeEnded,
        },
    }
}

/// The same `endsAt` again. The very same message may come twice (two entries for us in one
/// configuration); only one that comes later shows that `endsAt` stands still.
fn stands_still(memory: Memory, passed: Option<bool>, now: Now) -> Reading {
    if now.mono.since(memory.announced_at) < i64::from(REPEAT_LEAST.0) {
        return Reading::Duplicate;
    }
    match (passed, memory.reading) {
        // It was called over by a clock that has been put back since.
        (Some(false), Reading::Resolved) => Reading::Firing,
        (_, Reading::Resolved) => Reading::Duplicate,
        (Some(true), _) | (None, Reading::MaybeEnded) => Reading::Resolved,
        // Somebody's script, which promises tomorrow every minute.
        (Some(false) | None, _) => Reading::Firing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: i64 = 60_000;
    /// Noon by the sender's clock.
    const NOON: i64 = 1_795_262_400_000;

    /// A router whose clock is `skew` ahead of the sender's, or which has none.
    fn at(mono: i64, skew: Option<i64>) -> Now {
        Now::new(Mono(mono), skew.map(|skew| Wall(NOON + mono + skew)))
    }

    /// Feeds messages `(minutes after noon, endsAt in minutes after noon)` and returns each word.
    fn words(skew: Option<i64>, messages: &[(i64, i64)]) -> std::vec::Vec<Reading> {
        let mut memory = None;
        let mut out = std::vec::Vec::new();
        for &(minute, ends) in messages {
            let now = at(minute * MIN, skew);
            let report = Report {
                starts_at: Some(Wall(NOON - 10 * MIN)),
                ends_at: Some(Wall(NOON + ends * MIN)),
                ..Report::default()
            };
            let reading = read(Sender::Repeating, report, memory, now);
            out.push(reading);
            let said = if reading == Reading::Duplicate {
                memory.map_or(reading, |memory: Memory| memory.reading)
            } else {
                reading
            };
            let announced_at = match memory {
                Some(last) if last.announced.get() == report.ends_at => last.announced_at,
                _ => now.mono,
            };
            let promised = memory.is_some_and(|memory| memory.promised) || report.promises(now);
            memory = Some(Memory { announced: report.ends_at.into(), announced_at, reading: said, promised });
        }
        out
    }

    use Reading::{Firing, MaybeEnded, Resolved, Unclear};

    #[test]
    fn prometheus_fires_and_resolves_with_a_right_clock() {
        // Every two minutes, endsAt four minutes ahead; then resolved at 5, said again.
        assert_eq!(
            words(Some(0), &[(0, 4), (2, 6), (4, 8), (5, 5), (7, 5), (8, 5)]),
            [Firing, Firing, Firing, Resolved, Reading::Duplicate, Reading::Duplicate]
        );
    }

    #[test]
    fn a_router_five_minutes_ahead_never_calls_a_firing_alert_well() {
        assert_eq!(
            words(Some(5 * MIN), &[(0, 4), (2, 6), (4, 8), (5, 5)]),
            [Unclear, Firing, Firing, Resolved]
        );
    }

    #[test]
    fn a_router_five_minutes_behind_believes_the_end_when_it_comes_by_its_own_clock() {
        assert_eq!(
            words(Some(-5 * MIN), &[(0, 4), (2, 6), (4, 8), (5, 5), (7, 5), (9, 5), (11, 5)]),
            [Firing, Firing, Firing, Firing, Firing, Firing, Resolved]
        );
    }

    #[test]
    fn a_router_without_a_clock_resolves_when_ends_at_moved_back_and_stands_still() {
        assert_eq!(
            words(None, &[(0, 4), (2, 6), (4, 5), (6, 5), (8, 5)]),
            [Firing, Firing, MaybeEnded, Resolved, Reading::Duplicate]
        );
    }

    #[test]
    fn a_router_without_a_clock_is_not_misled_by_a_shorter_promise() {
        // The rule group's interval was lowered: a shorter promise once, and then later ones again.
        assert_eq!(words(None, &[(0, 20), (5, 9), (6, 10), (7, 11)]), [Firing, MaybeEnded, Firing, Firing]);
    }

    #[test]
    fn ntp_answers_in_the_middle() {
        let report = |ends: i64| Report {
            starts_at: Some(Wall(NOON)),
            ends_at: Some(Wall(NOON + ends * MIN)),
            ..Report::default()
        };
        let heard = Memory {
            announced: Some(Wall(NOON + 4 * MIN)).into(),
            announced_at: Mono(0),
            reading: Firing,
            promised: true,
        };
        // Resolved at 3, and the clock is now known.
        assert_eq!(read(Sender::Repeating, report(3), Some(heard), at(3 * MIN, Some(0))), Resolved);
        // Still without a clock it is not believed at once.
        assert_eq!(read(Sender::Repeating, report(3), Some(heard), at(3 * MIN, None)), MaybeEnded);
    }

    #[test]
    fn resolved_said_again_after_our_restart_turns_nothing_red() {
        assert_eq!(words(Some(0), &[(10, 5), (11, 5), (12, 5)]), [Unclear, Resolved, Reading::Duplicate]);
    }

    #[test]
    fn the_same_message_twice_within_seconds_says_nothing_new() {
        // Prometheus with two entries that lead to us, and our clock five minutes ahead.
        let report = Report { ends_at: Some(Wall(NOON + 4 * MIN)), ..Report::default() };
        let heard = Memory {
            announced: report.ends_at.into(),
            announced_at: Mono(0),
            reading: Firing,
            promised: true,
        };
        assert_eq!(read(Sender::Repeating, report, Some(heard), at(500, Some(5 * MIN))), Reading::Duplicate);
    }

    #[test]
    fn an_end_not_after_the_start_is_resolved_whatever_the_clock() {
        let report = Report { starts_at: Some(Wall(NOON)), ends_at: Some(Wall(NOON)), ..Report::default() };
        for skew in [None, Some(0), Some(-5 * MIN), Some(56 * 365 * 24 * 60 * MIN)] {
            assert_eq!(read(Sender::Repeating, report, None, at(0, skew)), Resolved);
        }
    }

    #[test]
    fn an_end_before_the_start_is_a_contradiction_and_how_it_moves_tells() {
        // The sender's clock was an hour ahead when the alert began, and is right now.
        let mut memory = None;
        for (minute, ends, expected) in [(0, 4, Firing), (1, 5, Firing), (2, 2, Resolved)] {
            let report = Report {
                starts_at: Some(Wall(NOON + 60 * MIN)),
                ends_at: Some(Wall(NOON + ends * MIN)),
                ..Report::default()
            };
            let now = at(minute * MIN, Some(0));
            let reading = read(Sender::Repeating, report, memory, now);
            assert_eq!(reading, expected, "{minute}");
            memory = Some(Memory {
                announced: report.ends_at.into(),
                announced_at: now.mono,
                reading,
                promised: true,
            });
        }
    }

    #[test]
    fn an_end_that_is_never_ahead_says_what_our_clock_can_tell() {
        let says = |starts: Option<i64>, synchronised: bool| {
            let mut memory = None;
            let mut out = std::vec::Vec::new();
            for minute in 0..3 {
                let report = Report {
                    starts_at: starts.map(|at| Wall(NOON + at * MIN)),
                    ends_at: Some(Wall(NOON + minute * MIN)),
                    ..Report::default()
                };
                let now = Now { synchronised, ..at(minute * MIN, Some(0)) };
                let reading = read(Sender::Repeating, report, memory, now);
                out.push(reading);
                memory = Some(Memory {
                    announced: report.ends_at.into(),
                    announced_at: now.mono,
                    reading,
                    promised: report.promises(now),
                });
            }
            out
        };
        assert_eq!(says(None, false), [Resolved; 3]);
        assert_eq!(says(None, true), [Resolved; 3]);
        assert_eq!(says(Some(-9), true), [Unclear; 3]);
        assert_eq!(says(Some(-9), false), [Unclear, Firing, Firing], "our clock may be ahead");
    }

    #[test]
    fn a_script_that_promises_tomorrow_every_minute_keeps_firing() {
        let day = 24 * 60;
        assert_eq!(words(Some(0), &[(0, day), (1, day), (2, day)]), [Firing, Firing, Firing]);
        assert_eq!(words(None, &[(0, day), (1, day), (2, day)]), [Firing, Firing, Firing]);
    }

    #[test]
    fn what_a_wrong_clock_called_over_fires_again_when_the_clock_is_right() {
        // The same script, and a router that is two days ahead until NTP answers.
        let tomorrow = NOON + 24 * 60 * MIN;
        let report = Report { ends_at: Some(Wall(tomorrow)), ..Report::default() };
        let over = Memory {
            announced: report.ends_at.into(),
            announced_at: Mono(0),
            reading: Resolved,
            promised: true,
        };
        let says = |skew: Option<i64>| read(Sender::Repeating, report, Some(over), at(5 * MIN, skew));
        assert_eq!(says(Some(2 * 24 * 60 * MIN)), Reading::Duplicate);
        assert_eq!(says(None), Reading::Duplicate);
        assert_eq!(says(Some(0)), Firing);
    }

    #[test]
    fn a_webhook_goes_by_its_status() {
        let zero = Report { starts_at: Some(Wall(NOON)), resolved: Some(false), ..Report::default() };
        assert_eq!(read(Sender::Webhook, zero, None, at(0, Some(0))), Firing);
        let over = Report { ends_at: Some(Wall(NOON + MIN)), resolved: Some(true), ..zero };
        assert_eq!(read(Sender::Webhook, over, None, at(0, None)), Resolved);
        // No status: an array from a script.
        let script = Report { ends_at: Some(Wall(NOON - MIN)), ..Report::default() };
        assert_eq!(read(Sender::Webhook, script, None, at(0, Some(0))), Resolved);
        assert_eq!(read(Sender::Webhook, script, None, at(0, None)), Firing);
    }
}
