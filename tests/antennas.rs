//! 500 antennas that push every ten seconds for a simulated day, through the real parser and
//! engine: packets are lost, come twice, late and out of order; clocks are wrong, and what some
//! antennas say is hours old after a reboot, and no sign of life. Each silence is found when it is
//! due and not before, each stretch of bad radio likewise, and no late packet raises an alarm. Once
//! more with all of them in one daemon, whose one rule expects each by its name.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, missing_docs)]

#[path = "kit/dice.rs"]
#[allow(dead_code, reason = "others ask for more")]
mod dice;

use std::fmt::Write;

use aiglon::config::rule::RuleInterest;
use aiglon::config::{Config, Problems};
use aiglon::engine::lifetime::Sender;
use aiglon::engine::rules::RulePhase;
use aiglon::engine::{End, Engine, Input};
use aiglon::ingest::line::{LineEvent, Lines, Precision};
use aiglon::ingest::sample::HashKey;
use aiglon::model::{RuleId, SourceId};
use aiglon::time::{Mono, Now, Wall};

const ANTENNAS: usize = 500;
/// Two rules each: as many as one daemon has room for.
const PER_DAEMON: usize = 16;
const STEP: i64 = 10;
/// An hour, which is long enough without optimisation; `AIGLON_HOURS` says how many (`tests/all` a
/// whole day, in the profile `sim`).
fn day() -> i64 {
    std::env::var("AIGLON_HOURS").map_or(1, |hours| hours.parse::<i64>().unwrap()) * 3600
}
const NOON: i64 = 1_795_262_400;
/// The rules' `absent` and `for`, in seconds.
const ABSENT: i64 = 120;
const FOR: i64 = 60;
/// What was not heard of for so long is not known (`SERIES_LIFE`).
const FORGOTTEN: i64 = 300;

/// Chance: the same day each time.
struct Chance(dice::Dice);

impl Chance {
    fn below(&mut self, n: usize) -> i64 {
        i64::try_from(self.0.below(n)).unwrap()
    }
    fn percent(&mut self, n: i64) -> bool {
        self.below(100) < n
    }
}

#[derive(Default)]
struct Antenna {
    /// How far its clock is ahead, in seconds.
    ahead: i64,
    silent_until: i64,
    bad_until: i64,
    /// What is on its way: when it comes, and what it is.
    late: Vec<(i64, i64, bool)>,
    /// What the daemon can know: when anything came, and since when all that came in order was bad.
    came: Option<i64>,
    newest: i64,
    stale: u32,
    bad_since: Option<i64>,
}

impl Antenna {
    /// What the daemon makes of a packet; the same as its documents say.
    fn hear(&mut self, now: i64, stamp: i64, bad: bool) {
        // By its own clock it is of long ago.
        let age = (NOON + now - stamp).max(0);
        if age > FORGOTTEN {
            return;
        }
        let came = self.came.map_or(now - age, |came| came.max(now - age));
        if self.came.replace(came).is_none_or(|came| now - came >= FORGOTTEN) {
            (self.newest, self.stale, self.bad_since) = (stamp, 0, None);
        }
        if stamp < self.newest && self.stale < u32::from(aiglon::limits::LATE_SAMPLES) {
            self.stale += 1;
            return;
        }
        (self.newest, self.stale) = (stamp, 0);
        self.bad_since = if bad { self.bad_since.or(Some(now)) } else { None };
    }
}

fn config(antennas: usize) -> Box<Config> {
    let mut text = "config listen\n\toption address '127.0.0.1:1'\n\tlist serve ingest\nconfig site s\nconfig source a\n\toption site s\n\
        \tlist token sha256:0101010101010101010101010101010101010101010101010101010101010101\n"
        .to_owned();
    for n in 0..antennas {
        for (kind, options) in
            [("silent", "absent 2m"), ("loss", "field loss\n\toption above 50%\n\toption for 1m")]
        {
            _ = write!(
                text,
                "config rule {kind}{n}\n\toption source a\n\toption measurement ping\n\toption match host=h{n}\n\toption {options}\n"
            );
        }
    }
    let mut config = Box::new(Config::new());
    assert!(config.load(text.as_bytes(), &mut Problems::new()).is_ok(), "{text}");
    config
}

/// Simulates a day of some antennas. Returns how many silences and bad stretches were found.
fn simulate(seed: u64, antennas: usize) -> (u32, u32) {
    let config = config(antennas);
    let mut engine = Box::new(const { Engine::new() });
    let (mut lines, mut chance) = (Lines::new(), Chance(dice::Dice::new(seed)));
    let clock = |at: i64| Now::new(Mono(at * 1000), Some(Wall((NOON + at) * 1000)));
    engine.begin(&config, clock(0));
    let key = HashKey([seed, 1]);
    engine.rekey(key, clock(0));
    let mut all: Vec<Antenna> = Vec::new();
    all.resize_with(antennas, Antenna::default);
    for antenna in &mut all {
        antenna.ahead = chance.below(650) - 50;
    }
    let (mut silences, mut stretches) = (0, 0);
    let mut before = vec![(false, false); antennas];
    for now in (0..day() - STEP).step_by(STEP as usize) {
        let mut body = String::new();
        for (n, antenna) in all.iter_mut().enumerate() {
            if chance.below(3000) == 0 {
                antenna.silent_until = now + 30 + chance.below(600);
                if chance.percent(30) {
                    // A reboot: its clock begins anew, hours ago or nearly right.
                    antenna.ahead = if chance.percent(50) {
                        -chance.below(14_000) - 5000
                    } else {
                        chance.below(650) - 50
                    };
                }
            }
            if antenna.ahead < -50 && chance.below(30) == 0 {
                antenna.ahead = chance.below(100) - 50;
            }
            if chance.below(2000) == 0 {
                antenna.bad_until = now + chance.below(300);
            }
            let bad = now < antenna.bad_until;
            let mut due: Vec<(i64, bool)> = Vec::new();
            antenna.late.retain(|&(at, stamp, bad)| {
                if at <= now {
                    due.push((stamp, bad));
                }
                at > now
            });
            if now >= antenna.silent_until {
                let stamp = NOON + now + antenna.ahead;
                match chance.below(100) {
                    0..4 => {}
                    4..9 => antenna.late.push((now + 10 + chance.below(40), stamp, bad)),
                    9..12 => due.extend([(stamp, bad); 2]),
                    _ => due.push((stamp, bad)),
                }
            }
            for (stamp, bad) in due {
                antenna.hear(now, stamp, bad);
                _ = writeln!(body, "ping,host=h{n},url=192.0.2.1 loss={}i {stamp}", u8::from(bad) * 100);
            }
        }
        let asking = RuleInterest { config: &config, source: SourceId(0) };
        let mut open = engine.open(SourceId(0), Sender::Repeating);
        let mut each = |event: LineEvent<'_>| match event {
            LineEvent::Sample(sample) => {
                engine.step(&config, clock(now), Input::Sample { body: &mut open, sample });
            }
            LineEvent::Bad(line, flaw) => panic!("{line}: {flaw:?}"),
        };
        lines.start(Precision::Secs, key);
        lines.feed(body.as_bytes(), &asking, &mut each);
        lines.finish(&asking, &mut each);
        engine.step(&config, clock(now), Input::Close { body: &mut open, end: End::WHOLE });
        engine.step(&config, clock(now), Input::Pass);
        for ((n, antenna), before) in all.iter().enumerate().zip(&mut before) {
            let phase = |rule: usize| engine.rule_phase(RuleId(rule as u16));
            let absent = antenna.came.is_some_and(|came| now - came >= ABSENT);
            assert_eq!(phase(n * 2) == RulePhase::Absent, absent, "antenna {n} of {seed} at {now}");
            let firing = matches!(phase(n * 2 + 1), RulePhase::Firing { .. });
            let heard = antenna.came.is_some_and(|came| now - came < FORGOTTEN);
            let due = heard && antenna.bad_since.is_some_and(|since| now - since >= FOR);
            assert_eq!(firing, due, "radio of antenna {n} of {seed} at {now}");
            silences += u32::from(absent && !before.0);
            stretches += u32::from(firing && !before.1);
            *before = (absent, firing);
        }
    }
    assert_eq!(engine.rule_counters().refused, 0);
    assert!(engine.rule_counters().late > 0);
    (silences, stretches)
}

#[test]
fn a_day_of_500_antennas() {
    let (mut silences, mut stretches, mut left, mut seed) = (0, 0, ANTENNAS, 1);
    while left > 0 {
        let found = simulate(seed, left.min(PER_DAEMON));
        (silences, stretches) = (silences + found.0, stretches + found.1);
        (left, seed) = (left.saturating_sub(PER_DAEMON), seed + 1);
    }
    assert!(
        i64::from(silences.min(stretches)) > day() / 200,
        "{silences} silences, {stretches} stretches of bad radio"
    );
}

/// All of them, and one rule that lists them: each that is silent is missed by its name when it is
/// due, and no other.
#[test]
fn a_day_of_500_antennas_that_one_rule_expects() {
    let mut text = "config listen\n\toption address '127.0.0.1:1'\n\tlist serve ingest\nconfig site s\nconfig source a\n\toption site s\n\
        \tlist token sha256:0101010101010101010101010101010101010101010101010101010101010101\nconfig rule r\n\toption source a\n\
        \toption measurement ping\n\toption of host\n\toption absent 2m\n"
        .to_owned();
    for n in 0..ANTENNAS {
        _ = writeln!(text, "\tlist expect h{n}");
    }
    let mut config = Box::new(Config::new());
    assert!(config.load(text.as_bytes(), &mut Problems::new()).is_ok());
    let mut engine = Box::new(const { Engine::new() });
    let (mut lines, mut chance) = (Lines::new(), Chance(dice::Dice::new(7)));
    let clock = |at: i64| Now::new(Mono(at * 1000), Some(Wall((NOON + at) * 1000)));
    engine.begin(&config, clock(0));
    engine.rekey(HashKey([7, 1]), clock(0));
    let (mut silent_until, mut came) = (vec![0; ANTENNAS], vec![0; ANTENNAS]);
    let (mut found, mut before, mut body) = (0, vec![false; ANTENNAS], String::new());
    for now in (0..day() - STEP).step_by(STEP as usize) {
        // In the night the key of hashes changes.
        if engine.sample_key(clock(now)).is_none() {
            engine.rekey(HashKey([8, 1]), clock(now));
        }
        body.clear();
        for n in 0..ANTENNAS {
            if chance.below(3000) == 0 {
                silent_until[n] = now + 30 + chance.below(600);
            }
            if now >= silent_until[n] && !chance.percent(4) {
                let age = chance.below(60);
                came[n] = (now - age).max(came[n]);
                _ = writeln!(body, "ping,host=h{n},url=192.0.2.1 loss=0i {}", NOON + now - age);
            }
        }
        let asking = RuleInterest { config: &config, source: SourceId(0) };
        let mut open = engine.open(SourceId(0), Sender::Repeating);
        let mut each = |event: LineEvent<'_>| {
            let LineEvent::Sample(sample) = event else { panic!() };
            engine.step(&config, clock(now), Input::Sample { body: &mut open, sample });
        };
        lines.start(Precision::Secs, HashKey([7, 1]));
        lines.feed(body.as_bytes(), &asking, &mut each);
        lines.finish(&asking, &mut each);
        engine.step(&config, clock(now), Input::Close { body: &mut open, end: End::WHOLE });
        engine.step(&config, clock(now), Input::Pass);
        let missing: Vec<&str> = engine.missing(&config, RuleId(0), Mono(now * 1000)).collect();
        let mut at = 0;
        for n in 0..ANTENNAS {
            let absent = now - came[n] >= ABSENT;
            if absent {
                assert_eq!(missing.get(at).copied(), Some(format!("h{n}").as_str()), "at {now}");
                at += 1;
            }
            found += i64::from(absent && !before[n]);
            before[n] = absent;
        }
        assert_eq!(missing.len(), at, "at {now}");
        let phase = engine.rule_phase(RuleId(0));
        assert_eq!(phase == RulePhase::Absent, at > 0, "{phase:?} at {now}");
    }
    assert!(found > day() / 200, "{found} silences");
    assert_eq!((engine.rule_counters().refused, engine.series()), (0, 0));
}
