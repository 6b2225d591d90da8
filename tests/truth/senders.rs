//! Senders: each knows some causes, and tells of them in its own way.

use std::collections::BTreeMap;
use std::fmt::Write;

use aiglon::engine::lifetime::Sender;
use aiglon::model::State;
use aiglon::time::{Wall, rfc3339};

use super::Dice;
use super::scene::{AM, COLL, CRON, GRAF, P1, P2, P3, PARTS};

/// Noon by a right clock.
pub const NOON: i64 = 1_795_262_400_000;
pub const SEC: i64 = 1000;
pub const MIN: i64 = 60 * SEC;
/// How long Alertmanager and Grafana wait before they say again what fires.
const REPEAT: i64 = 240 * MIN;

/// Something that is wrong, or was, or may be.
pub struct Cause {
    /// Who sees it.
    pub by: usize,
    pub part: usize,
    pub level: State,
    /// When it began last.
    pub began: i64,
    /// Whether it goes on.
    pub on: bool,
}

/// All that can go wrong.
pub fn causes() -> Vec<Cause> {
    let rows = [(P1, 0, 2), (AM, 1, 24), (AM, 2, 3), (P1, 2, 1), (GRAF, 3, 4), (COLL, 4, 2), (CRON, 5, 2)];
    let rows = rows.into_iter().chain([(P1, 6, 2), (P3, 1, 1)]);
    rows.flat_map(|(by, part, count)| (0..count).map(move |n| (by, part, n)))
        .map(|(by, part, n)| {
            let level = if n % 2 == 0 { State::Outage } else { State::Degraded };
            Cause { by, part, level, began: 0, on: false }
        })
        .collect()
}

/// What a sender says of an alert, as its author meant it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// It fires.
    Fires,
    /// It is over.
    Over,
    /// Nobody looked, or nobody can.
    CannotTell,
    /// It fires, by a member of a cluster that has not heard of the end yet.
    LateNews,
}

/// One alert in a body.
#[derive(Clone, Debug)]
pub struct Item {
    /// The number of its cause.
    pub number: usize,
    pub part: usize,
    pub level: State,
    pub says: Says,
    /// `startsAt` and `endsAt` in milliseconds after noon, by the sender's clock.
    pub starts: Option<i64>,
    pub ends: Option<i64>,
    /// Grafana's `DatasourceNoData`.
    no_data: bool,
    /// It ends since nobody looked.
    unseen: bool,
}

impl Item {
    fn of(cause: &Cause, number: usize, says: Says) -> Self {
        let (part, level) = (cause.part, cause.level);
        // By chance of the numbers, a part of what Grafana says is this.
        let no_data = cause.by == GRAF && number.is_multiple_of(3);
        let says = if no_data && says == Says::Fires { Says::CannotTell } else { says };
        Self { number, part, level, says, starts: None, ends: None, no_data, unseen: false }
    }

    /// What a cause's alert is called.
    pub fn name(number: usize) -> String {
        format!("A{number}")
    }

    /// As it is written by a sender of this kind.
    pub fn json(&self, sender: Sender) -> String {
        let time = |at: i64| rfc3339::utc(Wall(NOON + at)).as_str().to_owned();
        let down = self.level == State::Outage;
        let level = match (sender, self.says) {
            (Sender::Once, Says::Over) => "OKAY",
            (Sender::Once, _) if down => "FAILURE",
            (Sender::Once, _) => "WARNING",
            _ if down => "critical",
            _ => "warning",
        };
        let mut out = String::from("{");
        if sender == Sender::Webhook {
            let over = self.says == Says::Over || self.unseen;
            write!(out, r#""status":"{}","#, if over { "resolved" } else { "firing" }).unwrap();
        }
        let name = if self.no_data { "DatasourceNoData".to_owned() } else { Self::name(self.number) };
        let (part, number) = (PARTS[self.part], self.number);
        write!(
            out,
            r#""labels":{{"alertname":"{name}","part":"{part}","severity":"{level}","n":"{number}"}}"#
        )
        .unwrap();
        if self.unseen {
            out += r#","annotations":{"grafana_state_reason":"MissingSeries"}"#;
        }
        for (name, at) in [("startsAt", self.starts), ("endsAt", self.ends)] {
            if let Some(at) = at {
                write!(out, r#","{name}":"{}""#, time(at)).unwrap();
            }
        }
        out + "}"
    }
}

/// What a sender posts at once.
pub struct Body {
    pub source: usize,
    pub sender: Sender,
    pub items: Vec<Item>,
}

pub trait Script {
    /// A minute has passed. `lost`: what is sent now reaches nobody.
    fn tick(&mut self, now: i64, causes: &[Cause], lost: bool, dice: &mut Dice, out: &mut Vec<Body>);
}

/// All senders. `off`: by how much their clocks may be wrong.
pub fn all(off: &[i64], dice: &mut Dice) -> Vec<Box<dyn Script>> {
    let clock = |dice: &mut Dice| off[dice.below(off.len())];
    vec![
        Box::new(Prometheus::new((P1, P1), clock(dice), 1)),
        // The other replica sees the same of the first component.
        Box::new(Prometheus::new((P1, P2), clock(dice), 2)),
        Box::new(Prometheus::new((P3, AM), clock(dice), 1)),
        Box::new(Notifier::new(AM, clock(dice))),
        Box::new(Notifier::new(GRAF, clock(dice))),
        Box::new(Collectd { off: clock(dice), told: BTreeMap::new() }),
        Box::new(Cron { off: clock(dice) }),
    ]
}

/// Repeats what fires, with an end that is always ahead, and for 15 minutes what has ended.
struct Prometheus {
    by: usize,
    source: usize,
    off: i64,
    /// Minutes between two posts.
    every: i64,
    /// When it began to run.
    up: i64,
    /// Of each cause, when it since, and when that ended.
    alerts: BTreeMap<usize, (i64, Option<i64>)>,
}

/// How long a rule waits before it fires.
const FOR: i64 = 2 * MIN;

impl Prometheus {
    fn new((by, source): (usize, usize), off: i64, every: i64) -> Self {
        Self { by, source, off, every, up: 0, alerts: BTreeMap::new() }
    }
}

impl Script for Prometheus {
    fn tick(&mut self, now: i64, causes: &[Cause], lost: bool, dice: &mut Dice, out: &mut Vec<Body>) {
        if dice.one_in(600) {
            // It restarts, and all of its rules wait anew.
            (self.up, self.alerts) = (now, BTreeMap::new());
        }
        if now / MIN % self.every != 0 {
            return;
        }
        let mut items = Vec::new();
        let (by, source) = (self.by, self.source);
        let sees = |cause: &Cause| cause.by == by && (source != P2 || cause.part == 0);
        for (number, cause) in causes.iter().enumerate().filter(|(_, cause)| sees(cause)) {
            let fires = cause.on && now >= cause.began.max(self.up) + FOR;
            match self.alerts.get_mut(&number) {
                Some((_, ended @ None)) if !fires => *ended = Some(now),
                None | Some((_, Some(_))) if fires => _ = self.alerts.insert(number, (now, None)),
                _ => {}
            }
            let Some(&(since, ended)) = self.alerts.get(&number) else { continue };
            if ended.is_some_and(|ended| ended + 15 * MIN < now) {
                self.alerts.remove(&number);
                continue;
            }
            let says = if ended.is_some() { Says::Over } else { Says::Fires };
            let ends = Some(ended.unwrap_or(now + 4 * MIN) + self.off);
            items.push(Item { starts: Some(since + self.off), ends, ..Item::of(cause, number, says) });
        }
        if !lost {
            out.push(Body { source, sender: Sender::Repeating, items });
        }
    }
}

/// Alertmanager and Grafana: a body for each group that has changed, or was not told for hours.
struct Notifier {
    source: usize,
    off: i64,
    /// What it told of each cause: since when it fires, and when it was told.
    told: BTreeMap<usize, (i64, i64)>,
    /// What another member of the cluster says late.
    late: Vec<Item>,
}

impl Notifier {
    fn new(source: usize, off: i64) -> Self {
        Self { source, off, told: BTreeMap::new(), late: Vec::new() }
    }

    /// A group has changed, or is due.
    fn group(&mut self, now: i64, group: &[(usize, &Cause)], dice: &mut Dice) -> Vec<Item> {
        let mut items = Vec::new();
        for &(number, cause) in group {
            if cause.on {
                self.told.insert(number, (cause.began, now));
                let starts = Some(cause.began + self.off);
                items.push(Item { starts, ..Item::of(cause, number, Says::Fires) });
                continue;
            }
            let Some((began, _)) = self.told.remove(&number) else { continue };
            if dice.one_in(8) {
                // It was silenced: nobody tells of its end.
                continue;
            }
            let (starts, ends) = (Some(began + self.off), Some(now + self.off));
            let mut over = Item { starts, ends, ..Item::of(cause, number, Says::Over) };
            if self.source == AM && dice.one_in(3) {
                self.late.push(Item { ends: None, says: Says::LateNews, ..over.clone() });
            }
            if self.source == GRAF && dice.one_in(3) {
                (over.says, over.unseen) = (Says::CannotTell, true);
            }
            items.push(over);
        }
        for at in (1..items.len()).rev() {
            items.swap(at, dice.below(at + 1));
        }
        items
    }
}

impl Script for Notifier {
    fn tick(&mut self, now: i64, causes: &[Cause], lost: bool, dice: &mut Dice, out: &mut Vec<Body>) {
        let (source, sender) = (self.source, Sender::Webhook);
        let items = std::mem::take(&mut self.late);
        if lost {
            // It tries again, and tells then how it is then.
            return;
        }
        if !items.is_empty() {
            out.push(Body { source, sender, items });
        }
        for part in 0..PARTS.len() {
            let all = causes.iter().enumerate();
            let group: Vec<_> = all.filter(|(_, cause)| (cause.by, cause.part) == (source, part)).collect();
            let due = group.iter().any(|&(number, cause)| match self.told.get(&number) {
                None => cause.on,
                Some(&(began, told)) => !cause.on || began != cause.began || now >= told + REPEAT,
            });
            let items = if due { self.group(now, &group, dice) } else { Vec::new() };
            if !items.is_empty() {
                out.push(Body { source, sender, items });
            }
        }
        // Its always-firing rule.
        out.push(Body { source, sender: Sender::Repeating, items: Vec::new() });
    }
}

/// Says once that something fails, and perhaps that it is over.
struct Collectd {
    off: i64,
    told: BTreeMap<usize, i64>,
}

impl Script for Collectd {
    fn tick(&mut self, now: i64, causes: &[Cause], lost: bool, dice: &mut Dice, out: &mut Vec<Body>) {
        let (source, sender) = (COLL, Sender::Once);
        let mut say = |item: Item| {
            if !lost {
                out.push(Body { source, sender, items: vec![item] });
            }
        };
        for (number, cause) in causes.iter().enumerate().filter(|(_, cause)| cause.by == COLL) {
            let at = Some(now + self.off);
            if cause.on && self.told.get(&number) != Some(&cause.began) {
                self.told.insert(number, cause.began);
                say(Item { starts: at, ..Item::of(cause, number, Says::Fires) });
            } else if !cause.on && self.told.remove(&number).is_some() && !dice.one_in(4) {
                say(Item { starts: at, ends: at, ..Item::of(cause, number, Says::Over) });
            }
        }
        if !lost {
            out.push(Body { source, sender: Sender::Repeating, items: Vec::new() });
        }
    }
}

/// A script that says each few minutes when what fires ends, and never when it began.
struct Cron {
    off: i64,
}

impl Script for Cron {
    fn tick(&mut self, now: i64, causes: &[Cause], lost: bool, _: &mut Dice, out: &mut Vec<Body>) {
        if lost || now / MIN % 3 != 0 {
            return;
        }
        let mut items = Vec::new();
        for (number, cause) in causes.iter().enumerate().filter(|(_, cause)| cause.by == CRON) {
            // If its clock is ahead, nobody can tell its end from its promise.
            let (says, ends) = if cause.on {
                (Says::Fires, now + 10 * MIN + self.off)
            } else {
                (Says::Over, now + self.off.min(0))
            };
            items.push(Item { ends: Some(ends), ..Item::of(cause, number, says) });
        }
        out.push(Body { source: CRON, sender: Sender::Repeating, items });
    }
}
