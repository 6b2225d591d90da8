//! The naive model of what senders say: plain lists, looked through from end to end, and nothing
//! remembered that could be found out anew. It is exact: times in the simulator are whole seconds,
//! so deadlines are met to the millisecond.

use aiglon::model::State;

use super::scene::{FEEDERS, HOOK, SOURCES};

const SEC: i64 = 1000;
const MIN: i64 = 60 * SEC;
/// The defaults of the configuration.
const SILENT_AFTER: i64 = 5 * MIN;
const RESYNC: i64 = 5 * MIN;
const RESOLVE_AFTER: i64 = 5 * MIN;
pub const REPEAT_WITHIN: i64 = 270 * MIN;
/// The rules of docs/states.md.
const QUIET: i64 = 15 * MIN;
const ENDED: i64 = 20 * MIN;
const SAME: i64 = 10 * SEC;
const PROMISED: i64 = 24 * 60 * MIN;

/// Which alert: who says it, of which component, and how bad it is (an alert of a component is
/// `Down` or `Slow`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Which {
    pub source: usize,
    pub part: usize,
    pub down: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Fires { until: i64 },
    Expired { quiet: i64 },
    Ended { until: i64 },
}

/// An alert as the page may know it.
#[derive(Clone, Copy, Debug)]
struct Known {
    which: Which,
    life: Life,
    announced: i64,
    announced_at: i64,
    /// Whether the last message, without a clock to go by, was ambiguous; whether it was an end.
    wavered: bool,
    over: bool,
    /// A restart brought it back, and its sender has not said it since.
    restored: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Source {
    last: Option<i64>,
    live: bool,
    counts_at: i64,
}

/// What an honest page would know.
#[derive(Clone, Debug, Default)]
pub struct Model {
    alerts: Vec<Known>,
    sources: [Source; SOURCES.len()],
}

impl Model {
    /// The process began anew: what senders repeat is forgotten.
    pub fn restart(&mut self) {
        self.alerts.retain(|known| known.which.source == HOOK);
        self.sources = Default::default();
    }

    /// What may have been lost with what was not on flash.
    pub fn forget_hook(&mut self) {
        self.alerts.retain(|known| known.which.source != HOOK);
    }

    fn next(&self) -> Option<i64> {
        let silent = self.sources.iter().filter(|source| source.live).filter_map(|source| source.last);
        let due = self.alerts.iter().filter_map(|known| match known.life {
            Life::Fires { until } | Life::Ended { until } => Some(until),
            Life::Expired { quiet } => self.repeats(known).then_some(quiet + QUIET),
        });
        silent.map(|last| last + SILENT_AFTER).chain(due).min()
    }

    fn repeats(&self, known: &Known) -> bool {
        known.which.source != HOOK && self.sources[known.which.source].live
    }

    /// Time passes.
    pub fn pass(&mut self, now: i64) {
        while let Some(at) = self.next().filter(|&at| at <= now) {
            for source in &mut self.sources {
                source.live &= source.last.is_none_or(|last| last + SILENT_AFTER > at);
            }
            let live = self.sources;
            self.alerts.retain_mut(|known| match known.life {
                Life::Fires { until } if until <= at => {
                    known.life = Life::Expired { quiet: at };
                    true
                }
                Life::Ended { until } => until > at,
                Life::Expired { quiet } if known.which.source != HOOK && live[known.which.source].live => {
                    quiet + QUIET > at
                }
                _ => true,
            });
        }
    }

    /// Prometheus says of one alert that it fires, or fired, until `ends`. `wall`: our clock,
    /// against the sender's.
    pub fn repeats_said(&mut self, which: Which, (starts, ends): (i64, i64), wall: Option<i64>, now: i64) {
        let passed = wall.map(|wall| ends <= wall);
        // Never longer than the sender's own two times lie apart, nor than a day.
        let promised = wall.map_or(0, |wall| now + (ends - wall).min(ends - starts).min(PROMISED));
        let fires = Life::Fires { until: (now + RESOLVE_AFTER).max(promised) };
        let Some(known) = self.alerts.iter_mut().find(|known| known.which == which) else {
            let life = if passed == Some(true) { Life::Expired { quiet: now } } else { fires };
            let (announced, announced_at) = (ends, now);
            self.alerts.push(Known {
                which,
                life,
                announced,
                announced_at,
                wavered: false,
                over: false,
                restored: false,
            });
            return;
        };
        let again = ends == known.announced && now - known.announced_at < SAME;
        let still = ends == known.announced;
        let over = match (still, passed) {
            (true, Some(passed)) => passed && !known.over,
            (true, None) => known.wavered && !known.over,
            (false, passed) => ends < known.announced && passed == Some(true),
        };
        let wavers = !still && ends < known.announced && passed.is_none();
        let same = again || (still && known.over && passed != Some(false));
        if !still {
            (known.announced, known.announced_at) = (ends, now);
        }
        if same {
            known.life = match known.life {
                Life::Fires { .. } => fires,
                Life::Ended { .. } => Life::Ended { until: now + ENDED },
                expired @ Life::Expired { .. } => expired,
            };
        } else if over {
            (known.announced_at, known.over, known.wavered) = (now, true, false);
            known.life = Life::Ended { until: now + ENDED };
        } else {
            (known.over, known.wavered) = (false, wavers);
            if !(wavers && matches!(known.life, Life::Fires { .. })) {
                known.life = fires;
            }
        }
    }

    /// Alertmanager says it, once.
    pub fn hook_said(&mut self, which: Which, fires: bool, now: i64) {
        self.alerts.retain(|known| known.which != which);
        if fires {
            let life = Life::Fires { until: now + REPEAT_WITHIN };
            self.alerts.push(Known {
                which,
                life,
                announced: 0,
                announced_at: now,
                wavered: false,
                over: false,
                restored: false,
            });
        }
    }

    /// It has said it before a restart; what is left of its life, if anything.
    pub fn hook_lives(&mut self, which: Which, until: Option<i64>, now: i64) {
        self.hook_said(which, true, now);
        if let Some(known) = self.alerts.last_mut() {
            known.life = until.map_or(Life::Expired { quiet: now }, |until| Life::Fires { until });
            known.restored = true;
        }
    }

    /// Whether a restart brought it back, and its sender has not said it since.
    pub fn is_restored(&self, which: Which) -> bool {
        self.alerts.iter().any(|known| known.which == which && known.restored)
    }

    /// A whole request came.
    pub fn heard(&mut self, source: usize, now: i64) {
        let life = &mut self.sources[source];
        if !life.live {
            (life.live, life.counts_at) = (true, now + RESYNC);
            for known in self.alerts.iter_mut().filter(|known| known.which.source == source) {
                if let Life::Expired { quiet } = &mut known.life {
                    *quiet = now;
                }
            }
        }
        life.last = Some(now);
    }

    /// How a component is.
    pub fn state(&self, part: usize, now: i64) -> State {
        let alerts =
            self.alerts.iter().filter(|known| known.which.part == part).map(|known| match known.life {
                Life::Fires { .. } if known.which.down => State::Outage,
                Life::Fires { .. } => State::Degraded,
                Life::Expired { .. } => State::NoData,
                Life::Ended { .. } => State::Operational,
            });
        let vouched = FEEDERS[part]
            .iter()
            .any(|&source| self.sources[source].live && self.sources[source].counts_at <= now);
        alerts.max().unwrap_or(State::Operational).max(if vouched {
            State::Operational
        } else {
            State::NoData
        })
    }

    /// The alerts of the sender that does not repeat which fire or may.
    pub fn hooked(&self) -> impl Iterator<Item = (Which, bool)> + '_ {
        let of_hook = self.alerts.iter().filter(|known| known.which.source == HOOK);
        of_hook.map(|known| (known.which, matches!(known.life, Life::Fires { .. })))
    }
}
