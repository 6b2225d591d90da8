//! What may be told of each component: by what was sent, and by what is documented of each sender's
//! alerts (README, "When an alert ends"). It knows no state of the program.

use std::collections::BTreeMap;

use aiglon::engine::lifetime::Sender;
use aiglon::model::State;

use super::scene::{FEEDERS, PARTS, SOURCES};
use super::senders::{Body, Item, MIN, SEC, Says};

/// `resolve_after`, `silent_after` and `resync`.
const FIVE: i64 = 5 * MIN;
/// How long a source must be heard without what lapsed; and what is remembered of what has ended.
const QUIET: i64 = 15 * MIN;
const REMEMBERED: i64 = 20 * MIN;
const REPEAT_WITHIN: i64 = 270 * MIN;
const HOUR: i64 = 60 * MIN;
const DAY: i64 = 24 * 60 * MIN;
const OLD_NEWS: i64 = 2 * MIN;
const NEVER: i64 = i64::MAX;
const LONG_AGO: i64 = i64::MIN;

/// What the program does not tell as it should: `true`. What it once did wrong: `false`; see
/// `found.rs`.
pub mod known {
    /// An end without a start that follows a promise was called "firing" once.
    pub const ENDS_THAT_MOVE: bool = false;
    /// An alert without a start that fires again "began" when it was first heard of, once.
    pub const OLD_BEGINNINGS: bool = false;
    /// A restart tells since when the incident goes on. It goes on while a component has been well
    /// for less than `settle`, so that may be longer.
    pub const INCIDENT_TELLS: bool = true;
    /// An incident kept its beginning though a later word told an earlier one, once.
    pub const FIRST_WORD_STAYS: bool = false;
    /// A heartbeat that was right is not on flash within five minutes of the failure before it, or
    /// before the next one.
    pub const OLD_FAILURES: bool = true;
    /// What was remembered of an end had the start that the journal knew, once.
    pub const OLD_STARTS: bool = false;
    /// A repetition within half of an alert's life is not on flash: a restart grants that much
    /// less.
    pub const HALF_LIVES: bool = true;
}

/// The last word of one source about one alert.
#[derive(Debug)]
pub struct Word {
    part: usize,
    level: State,
    sender: Sender,
    says: Says,
    /// Since when its sender says so.
    starts: i64,
    /// Its sender does not say, or what cannot be by our clock.
    dateless: bool,
    ends: Option<i64>,
    /// A person said that it is over, and since then nobody said for certain that it is not.
    released: bool,
    at: i64,
    last: i64,
    /// It is told for certain until then, may be told until then, and nothing is well before then.
    sure_until: i64,
    red_until: i64,
    grey_until: i64,
}

/// A stretch of time in which a component is not well.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// It began not before, and not after.
    low: i64,
    high: i64,
    /// What was told last.
    told: Option<i64>,
    /// What the journal knows, if it does not know of an earlier beginning: it hears of one in an
    /// hour.
    written: Option<i64>,
    /// How it was last.
    state: State,
}

pub struct Judge {
    pub words: BTreeMap<(usize, usize), Word>,
    /// Since when each source has been heard without a gap, and when last.
    heard: [Option<(i64, i64)>; SOURCES.len()],
    stretches: [Option<Stretch>; PARTS.len()],
    /// When the journal heard last of an earlier beginning.
    dated_at: [i64; PARTS.len()],
    /// How far clocks are apart.
    pub slack: i64,
    /// When the program last looked at everything anew.
    judged_anew: i64,
    /// Whether the process has restarted.
    restarts: bool,
}

impl Judge {
    pub fn new(slack: i64) -> Self {
        let (words, heard) = (BTreeMap::new(), [None; SOURCES.len()]);
        let (stretches, dated_at) = ([None; PARTS.len()], [LONG_AGO; PARTS.len()]);
        Self { words, heard, stretches, dated_at, slack, judged_anew: LONG_AGO, restarts: false }
    }

    /// A body came, and these of its alerts could be read. `wall`: our clock, in milliseconds after
    /// noon.
    pub fn came(&mut self, body: &Body, read: usize, now: i64, wall: Option<i64>) {
        for item in &body.items[..read] {
            self.word(body, item, now, wall);
        }
        if read == body.items.len() {
            self.heard(body.source, now);
        }
    }

    /// A sign of life.
    pub fn heard(&mut self, source: usize, now: i64) {
        let heard = &mut self.heard[source];
        let first = heard.filter(|&(_, last)| now <= last + FIVE + SEC).map_or(now, |(first, _)| first);
        *heard = Some((first, now));
    }

    fn word(&mut self, body: &Body, item: &Item, now: i64, wall: Option<i64>) {
        let (key, repeats) = ((body.source, item.number), body.sender == Sender::Repeating);
        if known::OLD_STARTS
            && item.says == Says::LateNews
            && self.restarts
            && let Some(old) = self.words.get_mut(&key).filter(|old| old.says == Says::Over)
        {
            old.red_until = now + REPEAT_WITHIN;
            return;
        }
        let old = self.words.get(&key);
        let mut says = item.says;
        if says == Says::LateNews {
            match old.map(|old| (old.says, old.at)) {
                Some((Says::Over, at)) if now < at + OLD_NEWS => return,
                _ => says = Says::Fires,
            }
        }
        // What it promises by our clock.
        let ahead = item.ends.zip(wall).map_or(0, |(ends, wall)| (ends - wall).clamp(0, DAY));
        let life = if repeats { FIVE.max(ahead) } else { REPEAT_WITHIN };
        let passed = item.ends.zip(wall).is_some_and(|(ends, wall)| ends <= wall);
        let possible = item.starts.filter(|&starts| wall.is_some_and(|wall| starts <= wall));
        let (starts, dateless) = (possible.unwrap_or(now), possible.is_none());
        let mut word = Word {
            part: item.part,
            level: item.level,
            sender: body.sender,
            says,
            starts,
            dateless,
            ends: item.ends,
            released: passed && old.is_some_and(|old| old.released),
            at: now,
            last: now,
            sure_until: LONG_AGO,
            red_until: now,
            grey_until: LONG_AGO,
        };
        match says {
            Says::Fires | Says::LateNews => {
                word.red_until = now + life;
                // Who does not say when it began, and never promises, says that it is over.
                let speaks = !passed || item.starts.is_some() || !repeats;
                word.grey_until = if repeats { now + QUIET } else { NEVER };
                word.sure_until =
                    if !repeats || !passed && item.ends.is_some() { now + life.min(FIVE) } else { LONG_AGO };
                if !repeats {
                    word.sure_until = word.red_until;
                }
                if !speaks || word.released {
                    word.grey_until = LONG_AGO;
                }
            }
            Says::CannotTell => word.grey_until = NEVER,
            Says::Over if repeats => {
                // What fired in between may have been lost on the way.
                let later = old.is_some_and(|old| item.ends > old.ends);
                let later = later && (known::ENDS_THAT_MOVE || item.starts.is_some());
                // Nobody can tell yet, or it was never heard of.
                if !passed || later {
                    word.red_until = (now + life).max(old.map_or(now, |old| old.red_until));
                }
                word.at = old.filter(|old| old.says == Says::Over).map_or(now, |old| old.at);
            }
            Says::Over => {}
        }
        if says != Says::Over
            && let Some(stretch) = &mut self.stretches[item.part]
        {
            let speaks_first = old.is_none_or(|old| old.says == Says::Over);
            stretch.low = stretch.low.min(starts).min(item.starts.unwrap_or(now));
            if known::OLD_BEGINNINGS && dateless {
                stretch.low = LONG_AGO;
            }
            if speaks_first && says == Says::Fires {
                stretch.high = stretch.high.min(starts);
            }
        }
        self.words.insert(key, word);
    }

    /// A person ended it.
    pub fn released(&mut self, number: usize, now: i64) {
        for (_, word) in self.words.iter_mut().filter(|((_, of), _)| *of == number) {
            (word.sure_until, word.red_until, word.grey_until) = (LONG_AGO, now, LONG_AGO);
            (word.says, word.released) = (Says::CannotTell, true);
        }
    }

    /// What ended long ago is of no interest any more.
    pub fn forget_old(&mut self, now: i64) {
        self.words
            .retain(|_, word| word.says != Says::Over || now < word.last.max(word.red_until) + REMEMBERED);
    }

    /// The configuration was read again, or the clock was set.
    pub fn reloaded(&mut self, now: i64) {
        if known::INCIDENT_TELLS {
            self.judged_anew = now;
            self.stretches.iter_mut().flatten().for_each(|stretch| stretch.low = LONG_AGO);
        }
    }

    /// The process ended and began again: what its senders repeat is forgotten.
    pub fn restarted(&mut self, now: i64) {
        self.heard = Default::default();
        self.restarts = true;
        self.dated_at = [LONG_AGO; PARTS.len()];
        for stretch in self.stretches.iter_mut().flatten() {
            stretch.told = stretch.written.take().or(stretch.told);
            // Of what was not known for some minutes, there is no record.
            if stretch.state == State::NoData || known::FIRST_WORD_STAYS {
                (stretch.told, stretch.high) = (None, NEVER);
            }
        }
        self.reloaded(now);
        self.words.retain(|_, word| word.sender != Sender::Repeating);
        if known::HALF_LIVES {
            self.words
                .values_mut()
                .for_each(|word| word.sure_until = word.sure_until.saturating_sub(REPEAT_WITHIN / 2));
        }
    }

    /// A source has said more than the flash should bear. After a restart nobody knows what of it
    /// fires. Nothing of it is well until the source had the time to say it again.
    pub fn behind(&mut self, source: usize, now: i64) {
        for (_, word) in self.words.iter_mut().filter(|((of, _), _)| *of == source) {
            word.sure_until = word.sure_until.min(now);
            word.grey_until = word.grey_until.min(now + REPEAT_WITHIN);
        }
    }

    /// Whether somebody alive would tell if something were wrong.
    fn vouched(&self, part: usize, now: i64) -> bool {
        FEEDERS[part]
            .iter()
            .filter_map(|&feeder| self.heard[feeder])
            .any(|(first, last)| now <= last + FIVE + SEC && now >= first + FIVE - SEC)
    }

    /// Holds what is told of a component against that. `since`: in milliseconds after noon.
    pub fn hold(&mut self, part: usize, state: State, since: Option<i64>, now: i64) -> Result<(), String> {
        let of_it = || self.words.values().filter(|word| word.part == part);
        if state == State::Operational {
            if let Some(word) = of_it().find(|word| now < word.grey_until) {
                return Err(format!("1: green against {word:?}"));
            }
            if !self.vouched(part, now) {
                return Err(format!("1: green, and nobody vouches for it: {:?}", self.heard));
            }
            self.stretches[part] = None;
            return Ok(());
        }
        if let Some(word) = of_it().find(|word| now < word.sure_until && state < word.level) {
            return Err(format!("1: {state:?} against {word:?}"));
        }
        if state > State::NoData && of_it().all(|word| word.level < state || word.red_until + SEC < now) {
            return Err(format!("2: {state:?} with nothing to say so: {:#?}", of_it().collect::<Vec<_>>()));
        }
        self.hold_since(part, (state, since), now)
    }

    fn hold_since(
        &mut self,
        part: usize,
        (state, since): (State, Option<i64>),
        now: i64,
    ) -> Result<(), String> {
        if self.stretches[part].is_none() {
            self.stretches[part] = Some(self.begin(part, state, now));
        }
        let slack = self.slack;
        let Some(stretch) = &mut self.stretches[part] else { unreachable!() };
        stretch.state = state;
        match (since, stretch.told) {
            (None, Some(told)) => return Err(format!("3: since is forgotten: it was {told}")),
            (None, None) => return Ok(()),
            (Some(since), Some(told)) if since > told + slack => {
                return Err(format!("3: since moves forward from {told} to {since}"));
            }
            (Some(since), _)
                if since < stretch.low.saturating_sub(slack)
                    || since > stretch.high.min(now).saturating_add(slack) =>
            {
                return Err(format!("3: since {since} is not in {stretch:?}"));
            }
            _ => {}
        }
        if let (Some(since), Some(told)) = (since, stretch.told)
            && since < told
        {
            if now < self.dated_at[part].saturating_add(HOUR) {
                stretch.written = stretch.written.or(Some(told));
            } else {
                (self.dated_at[part], stretch.written) = (now, None);
            }
        }
        stretch.told = since;
        Ok(())
    }

    /// A component is not well any more.
    fn begin(&self, part: usize, state: State, now: i64) -> Stretch {
        let of_it = || self.words.values().filter(|word| word.part == part);
        let dateless = |word: &Word| known::OLD_BEGINNINGS && word.dateless;
        let starts = of_it().map(|word| if dateless(word) { LONG_AGO } else { word.starts });
        // What a person ended, and is said again by a clock that is behind, may stay ended.
        let fires = of_it().filter(|word| word.says == Says::Fires && !word.released && now < word.red_until);
        let fires = fires.map(|word| word.starts);
        let heard = FEEDERS[part].iter().filter_map(|&feeder| self.heard[feeder]).map(|(_, last)| last);
        let low = starts.chain(heard).chain([now]).min().unwrap_or(now);
        Stretch {
            low: if self.judged_anew == now { LONG_AGO } else { low },
            high: fires.min().unwrap_or(NEVER),
            told: None,
            written: None,
            state,
        }
    }
}
