//! How every component fared, a day each: what the bars on a page and its percentages are made of.
//!
//! # How time is counted
//!
//! What a component lives through is counted in milliseconds of the monotonic clock, from one
//! change to the next, so nothing is done while nothing changes. It goes to the day that the
//! calendar of its site shows. When that day is over it is packed into four bytes ([`scale`]).
//! Trouble is rounded up, and what is known is rounded down; zero means that nothing is known,
//! never that all was well. A day of 23 or 25 hours is stretched to 24.
//!
//! # When the wall clock is wrong
//!
//! - While it is unknown, nothing is counted: nobody can tell which day it is.
//! - When it is set, what has passed stays with the day that it showed before, and counting goes on
//!   with the day that it shows now, which may have been counted on before. What nobody lived
//!   through is not known. Never more is counted than has passed on the monotonic clock, and no
//!   work depends on how far it was set.
//! - A date is believed if the three days before it were lived through, or if the clock was not set
//!   for [`CLOCK_BELIEVED`]. Until then no day gives way to it: days that are too old stay, and a
//!   few places are there for doubted days. A clock that is wrong for less than two days costs
//!   nothing.
//! - A clock may be put right on the day on which it went wrong. That day gets what was counted
//!   under the wrong date. On another day, it stays under that date. Days that are far ahead go
//!   when the present day is believed.

mod records;
mod scale;

pub use records::{DAYS, ROSTER};
use scale::{DAY_MINUTES, Packed};

use crate::config::Config;
use crate::limits::{
    CLOCK_BELIEVED, CLOCK_STEP, COMPONENTS, DOUBTED_DAYS, HISTORY_DAYS, SITES, UPTIME_HASTE, UPTIME_WRITE,
};
use crate::model::{ComponentId, Day, SiteId};
use crate::time::civil::{Civil, DAY_MS};
use crate::time::tz::Tz;
use crate::time::{Mono, Now, Wall, times};

/// What a component lives through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lived {
    /// Nobody knows.
    #[default]
    Unknown,
    /// It works.
    Operational,
    /// It works badly.
    Degraded,
    /// It does not work.
    Outage,
    /// Work is being done on it.
    Maintenance,
}

/// Places for days.
const PLACES: usize = HISTORY_DAYS + DOUBTED_DAYS;
/// So many days at most a clock is behind that is believed: its days are among those that are kept.
const HISTORY: u32 = 90;
const _: () = assert!(HISTORY as usize == HISTORY_DAYS);
/// So many days before a date speak for it, if they were lived through.
const WITNESSES: u32 = 3;
/// Beyond every time there is.
const NEVER: Mono = Mono(i64::MAX);

/// What is being counted of one component.
#[derive(Clone, Copy)]
struct Running {
    /// Up to when it has been counted.
    since: Mono,
    /// What it lives through since then.
    lived: Lived,
    /// Milliseconds of the present day: down, degraded, maintenance, known.
    spent: [u32; 4],
}

/// The days of one site. Days are numbered from 1970-01-01; 0 is none.
#[derive(Clone, Copy)]
struct Calendar {
    /// Whose day is in each place.
    numbers: [u32; PLACES],
    /// Which of them have changed since they were last written down.
    changed: [bool; PLACES],
    /// The present day, if that is known.
    today: u32,
    /// When it is over.
    edge: Mono,
    /// A 1,440th of it, in milliseconds.
    minute_ms: u32,
    /// From when on the clock is believed so much that old days go.
    believed_at: Mono,
    /// When the count of the present day began, if this run has done all of it.
    counted_since: Option<Mono>,
}

/// How every component fared. All-zero when new: nothing is known. About 107 KiB.
pub struct Uptime {
    days: [[Packed; PLACES]; COMPONENTS],
    running: [Running; COMPONENTS],
    calendars: [Calendar; SITES],
    /// The component of each place in the roster that was last restored, plus one.
    roster: [u16; COMPONENTS],
    /// Whether the roster that was last written down is that of the present configuration.
    rostered: bool,
    /// Whether the wall clock counted when it was last looked at, and how far it was ahead of the
    /// monotonic one.
    has_wall: bool,
    ahead_ms: i64,
    /// When a day is over next.
    due: Mono,
    /// When the present day was written down last.
    wrote_at: Mono,
    /// Trouble has ended since: the present day is written down sooner than usual.
    hastened: bool,
}

impl Default for Uptime {
    fn default() -> Self {
        Self::new()
    }
}

impl Uptime {
    /// Nothing is known. All-zero.
    #[allow(clippy::large_stack_arrays, reason = "it is made in a static")]
    pub const fn new() -> Self {
        Self {
            days: [[Packed::NOTHING; PLACES]; COMPONENTS],
            running: [Running::NEW; COMPONENTS],
            calendars: [Calendar::NEW; SITES],
            roster: [0; COMPONENTS],
            rostered: false,
            has_wall: false,
            ahead_ms: 0,
            due: Mono(0),
            wrote_at: Mono(0),
            hastened: false,
        }
    }

    /// Lets time pass. Call it before anything else in every step, and when
    /// [`next_at`](Self::next_at) says so. Two comparisons, unless a day is over or the wall clock
    /// was set; then O(components).
    pub fn pass(&mut self, config: &Config, now: Now) {
        let ahead_ms = now.wall.map_or(0, |wall| wall.0.saturating_sub(now.mono.0));
        let was_set = now.wall.is_some() != self.has_wall
            || ahead_ms.abs_diff(self.ahead_ms) >= u64::from(CLOCK_STEP.0);
        if !was_set && now.mono < self.due {
            return;
        }
        if !self.has_wall && now.wall.is_some() {
            (self.wrote_at, self.hastened) = (now.mono, false);
        }
        (self.has_wall, self.ahead_ms) = (now.wall.is_some(), ahead_ms);
        self.due = NEVER;
        for site in (0u8..).map(SiteId).take(config.sites.len()) {
            self.turn(config, site, was_set, now);
        }
    }

    /// What a component lives through from now on. [`pass`](Self::pass) comes before it. One
    /// comparison, if that is no change.
    pub fn set(&mut self, config: &Config, component: ComponentId, lived: Lived, now: Now) {
        if self.running.get(component.index()).is_some_and(|running| running.lived != lived) {
            let calendar = calendar_of(&self.calendars, config, component);
            if let Some(running) = self.running.get_mut(component.index()) {
                running.count(calendar, now.mono);
                let was = core::mem::replace(&mut running.lived, lived);
                let bad = |lived| matches!(lived, Lived::Degraded | Lived::Outage);
                self.hastened |= bad(was) && !bad(lived);
            }
        }
    }

    /// When it wants [`pass`](Self::pass): when a day is over somewhere.
    pub fn next_at(&self) -> Option<Mono> {
        self.has_wall.then_some(self.due)
    }

    /// The date is believed from then on, by the first site that does. `None` while no day is
    /// known.
    pub fn believed_at(&self) -> Option<Mono> {
        let known = self.calendars.iter().filter(|calendar| calendar.today != 0);
        known.map(|calendar| calendar.believed_at).min()
    }

    /// When what has changed is to be written down, by [`flush`](Self::flush).
    pub fn flush_at(&self) -> Option<Mono> {
        let wait = if self.hastened { UPTIME_HASTE } else { UPTIME_WRITE };
        self.has_wall.then(|| self.wrote_at.plus(wait))
    }

    /// How a component fared: on the present day of its site, on the day before, and so on, in
    /// minutes that are at most 1,440 together. What is known is at least the sum of the others. Of
    /// what is not kept, `days` stays as it is. O(days).
    pub fn fared(&self, config: &Config, component: ComponentId, now: Now, days: &mut [Day]) {
        let calendar = calendar_of(&self.calendars, config, component);
        let site = config.site_of(component).and_then(|site| config.sites.get(site.index()));
        let retained = usize::from(site.map_or(0, |site| site.retain_days)).min(days.len());
        let (Some(days), Some(kept)) = (days.get_mut(..retained), self.days.get(component.index())) else {
            return;
        };
        for (&number, packed) in calendar.numbers.iter().zip(kept) {
            let ago = calendar.today.checked_sub(number).filter(|_| number != 0);
            let ago = ago.and_then(|ago| usize::try_from(ago).ok());
            if let Some(day) = ago.and_then(|ago| days.get_mut(ago)) {
                *day = told(packed.minutes().unwrap_or_default());
            }
        }
        if let Some(first) = days.first_mut().filter(|_| calendar.today != 0) {
            *first = told(self.today(calendar, component, now.mono));
        }
    }

    /// Whether anything was ever known of a component, in what is kept.
    pub fn known(&self, component: ComponentId) -> bool {
        let kept = self.days.get(component.index());
        let running = self.running.get(component.index());
        kept.is_some_and(|days| days.iter().any(|&day| day != Packed::NOTHING))
            || running.is_some_and(|running| running.lived != Lived::Unknown || running.spent != [0; 4])
    }

    /// Goes from one configuration to another: components and sites are the same when their names
    /// are. What is no longer named is forgotten. O(components²) comparisons of hashes.
    pub fn reconfigure(&mut self, old: &Config, new: &Config, now: Now) {
        self.pass(old, now);
        for id in (0u16..).map(ComponentId).take(old.components.len()) {
            let calendar = calendar_of(&self.calendars, old, id);
            if let Some(running) = self.running.get_mut(id.index()) {
                running.count(calendar, now.mono);
            }
        }
        let mut hashes = [0; COMPONENTS];
        for (id, hash) in (0u16..).map(ComponentId).zip(&mut hashes).take(old.components.len()) {
            *hash = u64::from(old.component_hash(id));
        }
        for id in (0u16..).map(ComponentId).take(new.components.len()) {
            if let Some(at) = take_place(&mut hashes, id.index(), new.component_hash(id)) {
                self.days.swap(id.index(), at);
                self.running.swap(id.index(), at);
            }
        }
        // What found nothing has what nobody took.
        let places = self.days.iter_mut().zip(&mut self.running).zip(hashes);
        for ((days, running), _) in places.filter(|&(_, hash)| hash != TAKEN) {
            *days = [Packed::NOTHING; PLACES];
            *running = Running { since: now.mono, ..Running::NEW };
        }
        let mut hashes = [0; SITES];
        for (id, hash) in (0u8..).map(SiteId).zip(&mut hashes).take(old.sites.len()) {
            *hash = u64::from(old.site_hash(id));
        }
        for id in (0u8..).map(SiteId).take(new.sites.len()) {
            if let Some(at) = take_place(&mut hashes, id.index(), new.site_hash(id)) {
                self.calendars.swap(id.index(), at);
            }
        }
        for (calendar, _) in self.calendars.iter_mut().zip(hashes).filter(|&(_, hash)| hash != TAKEN) {
            *calendar = Calendar::NEW;
        }
        self.rostered = false;
        // A site may be new, or have another zone.
        self.due = now.mono;
        self.pass(new, now);
    }

    /// Forgets everything, for another board's state to take its place.
    pub fn forget(&mut self) {
        for days in &mut self.days {
            *days = [Packed::NOTHING; PLACES];
        }
        for running in &mut self.running {
            *running = Running::NEW;
        }
        for calendar in &mut self.calendars {
            *calendar = Calendar::NEW;
        }
        (self.rostered, self.due) = (false, Mono(0));
    }

    // ---- days -----------------------------------------------------------------------------------

    /// Sees to it that the present day of a site is the one that the clock shows.
    fn turn(&mut self, config: &Config, id: SiteId, was_set: bool, now: Now) {
        let (Some(site), Some(&was)) = (config.sites.get(id.index()), self.calendars.get(id.index())) else {
            return;
        };
        let shown = now.wall.map_or(Shown::NOTHING, |wall| Shown::at(&site.timezone, wall, now));
        let is_over = shown.number != was.today;
        let follows = was.today != 0 && shown.number == was.today.saturating_add(1) && was.edge <= now.mono;
        let mut calendar = was;
        (calendar.today, calendar.edge, calendar.minute_ms) = (shown.number, shown.ends, shown.minute_ms);
        if is_over {
            // What has passed since the edge was lived through, if one day follows on the other.
            let from = if follows { was.edge.max(shown.begins).min(now.mono) } else { now.mono };
            if shown.number != 0 && !follows && (was_set || was.today == 0) {
                calendar.believe(now.mono);
            }
            // The count of a doubted date goes to the day that is believed now, if it began on that
            // day.
            let carried = was.today != 0
                && was.believed_at > now.mono
                && calendar.believed_at <= now.mono
                && was.counted_since.is_some_and(|since| since >= shown.begins);
            if was.today != 0 {
                self.close(config, id, &was, now.mono, carried);
                if follows {
                    // At once.
                    self.wrote_at = Mono(now.mono.0.saturating_sub(i64::from(UPTIME_WRITE.0)));
                } else {
                    // A clock that is set over days, again and again, must not cost the flash much.
                    self.hastened = true;
                }
            }
            if let Some(place) = was.place(was.today).and_then(|at| calendar.changed.get_mut(at)) {
                *place = true;
            }
            calendar.counted_since = Some(if carried { was.counted_since.unwrap_or(now.mono) } else { from });
            if shown.number != 0 {
                self.open(config, id, &mut calendar, carried);
                if calendar.believed_at <= now.mono {
                    self.forget_old(config, id, &mut calendar, u32::from(site.retain_days));
                }
            }
            for component in config.parts_at(id) {
                if let Some(running) = self.running.get_mut(component.index()) {
                    running.since = from;
                }
            }
        }
        if calendar.today != 0 {
            self.due = self.due.min(calendar.edge);
        }
        if let Some(kept) = self.calendars.get_mut(id.index()) {
            *kept = calendar;
        }
    }

    /// Packs the present day of a site, which is over. What is `carried` to another day leaves it.
    fn close(&mut self, config: &Config, id: SiteId, calendar: &Calendar, now: Mono, carried: bool) {
        for component in config.parts_at(id) {
            let mut packed = Packed::new(self.today(calendar, component, now));
            if carried {
                packed = Packed::NOTHING;
                if let Some(running) = self.running.get_mut(component.index()) {
                    running.count(calendar, now);
                }
            }
            if let Some(kept) = self.kept(component, calendar.place(calendar.today)) {
                *kept = packed;
            }
        }
    }

    /// Goes on with the present day of a site, perhaps where it was left. What was `carried` to it
    /// is added.
    fn open(&mut self, config: &Config, id: SiteId, calendar: &mut Calendar, carried: bool) {
        self.take(config, id, calendar, calendar.today);
        let at = calendar.place(calendar.today);
        for component in config.parts_at(id) {
            let minutes = self.kept(component, at).and_then(|kept| kept.minutes()).unwrap_or_default();
            if minutes != [0; 4] {
                calendar.counted_since = None;
            }
            if let Some(running) = self.running.get_mut(component.index()) {
                let before = if carried { running.spent } else { [0; 4] };
                running.spent = whole(minutes).map(|minutes| minutes.saturating_mul(calendar.minute_ms));
                for (spent, before) in running.spent.iter_mut().zip(before) {
                    *spent = spent.saturating_add(before);
                }
            }
        }
    }

    /// Takes a place for a day: a free one, else that of the oldest day, which is forgotten. A day
    /// that is older than all has none.
    fn take(&mut self, config: &Config, id: SiteId, calendar: &mut Calendar, number: u32) {
        if calendar.place(number).is_some() {
            return;
        }
        let holders = calendar.numbers.iter_mut().zip(&mut calendar.changed).enumerate();
        let Some((at, (holder, changed))) = holders.min_by_key(|(_, (holder, _))| **holder) else { return };
        if *holder >= number {
            return;
        }
        (*holder, *changed) = (number, false);
        for component in config.parts_at(id) {
            if let Some(kept) = self.kept(component, Some(at)) {
                *kept = Packed::NOTHING;
            }
        }
    }

    /// Forgets the days of a site that are older than it keeps any, and those that are far ahead.
    /// Days that are a little ahead may be true, if the clock is behind now.
    fn forget_old(&mut self, config: &Config, id: SiteId, calendar: &mut Calendar, retain_days: u32) {
        for (at, number) in calendar.numbers.iter_mut().enumerate() {
            let over = number.saturating_add(retain_days) <= calendar.today;
            if *number != 0 && (over || *number > calendar.today.saturating_add(HISTORY)) {
                for component in config.parts_at(id) {
                    if let Some(kept) = self.kept(component, Some(at)) {
                        *kept = Packed::NOTHING;
                    }
                }
                *number = 0;
            }
        }
    }

    // ---- one component --------------------------------------------------------------------------

    /// What is kept of a component at a place.
    fn kept(&mut self, component: ComponentId, at: Option<usize>) -> Option<&mut Packed> {
        self.days.get_mut(component.index())?.get_mut(at?)
    }

    /// Minutes of the present day: down, degraded and maintenance rounded up, known rounded down.
    fn today(&self, calendar: &Calendar, component: ComponentId, now: Mono) -> [u32; 4] {
        let mut running = self.running.get(component.index()).copied().unwrap_or(Running::NEW);
        running.count(calendar, now);
        let minute_ms = calendar.minute_ms.max(1);
        let [down, degraded, maintenance, known] = running.spent;
        let [down, degraded, maintenance] = [down, degraded, maintenance].map(|ms| ms.div_ceil(minute_ms));
        [down, degraded, maintenance, known.checked_div(minute_ms).unwrap_or(0)]
    }

    /// How a component fared on a day of its site.
    fn packed(&self, calendar: &Calendar, component: ComponentId, number: u32, now: Mono) -> Packed {
        let Some(at) = calendar.place(number) else { return Packed::NOTHING };
        if number == calendar.today {
            return Packed::new(self.today(calendar, component, now));
        }
        let days = self.days.get(component.index());
        days.and_then(|days| days.get(at)).copied().unwrap_or(Packed::NOTHING)
    }
}

impl Running {
    const NEW: Self = Self { since: Mono(0), lived: Lived::Unknown, spent: [0; 4] };

    /// Counts what has passed, up to the end of the present day.
    fn count(&mut self, calendar: &Calendar, now: Mono) {
        let until = if calendar.today == 0 { self.since } else { now.min(calendar.edge) };
        let ms = u32::try_from(until.since(self.since)).unwrap_or(0);
        self.since = self.since.max(now);
        let [down, degraded, maintenance, known] = &mut self.spent;
        let trouble = match self.lived {
            Lived::Unknown => return,
            Lived::Operational => None,
            Lived::Degraded => Some(degraded),
            Lived::Outage => Some(down),
            Lived::Maintenance => Some(maintenance),
        };
        for spent in trouble.into_iter().chain([known]) {
            *spent = spent.saturating_add(ms);
        }
    }
}

impl Calendar {
    const NEW: Self = Self {
        numbers: [0; PLACES],
        changed: [false; PLACES],
        today: 0,
        edge: Mono(0),
        minute_ms: 0,
        believed_at: Mono(0),
        counted_since: None,
    };

    /// The clock was set, or begins to count. It is believed at once if the days before are kept.
    fn believe(&mut self, now: Mono) {
        let follows = (1..=WITNESSES).all(|ago| self.place(self.today.saturating_sub(ago)).is_some());
        self.believed_at = if follows { now } else { now.plus(CLOCK_BELIEVED) };
    }

    /// The place of a day, if it has one.
    fn place(&self, number: u32) -> Option<usize> {
        self.numbers.iter().position(|&held| held == number && number != 0)
    }
}

/// The day that a clock shows.
struct Shown {
    number: u32,
    begins: Mono,
    ends: Mono,
    minute_ms: u32,
}

impl Shown {
    const NOTHING: Self = Self { number: 0, begins: Mono(0), ends: Mono(0), minute_ms: 0 };

    /// The day of a site with this zone. Before 1970 there is none.
    fn at(tz: &Tz, wall: Wall, now: Now) -> Self {
        let first = |day: i64| tz.to_wall(Civil::from_wall(Wall(times(day, DAY_MS))));
        let mut day = tz.shown(wall).0.div_euclid(DAY_MS);
        // Clocks that are put back over midnight show yesterday again.
        if first(day.saturating_add(1)) <= wall {
            day = day.saturating_add(1);
        }
        let (begins, ends) = (first(day), first(day.saturating_add(1)));
        let lasts_ms = ends.0.saturating_sub(begins.0).clamp(DAY_MS / 2, DAY_MS * 2);
        let Some(number) = u32::try_from(day).ok().filter(|&number| number != 0) else {
            return Self::NOTHING;
        };
        Self {
            number,
            begins: now.mono_of(begins).unwrap_or(now.mono),
            ends: now.mono_of(ends).unwrap_or(now.mono),
            minute_ms: u32::try_from(lasts_ms).unwrap_or(0).checked_div(DAY_MINUTES).unwrap_or(0),
        }
    }
}

/// Minutes that fit one day: what is worse comes first, and what is known is at least the sum of
/// what was bad.
fn whole([down, degraded, maintenance, known]: [u32; 4]) -> [u32; 4] {
    let down = down.min(DAY_MINUTES);
    let degraded = degraded.min(DAY_MINUTES.saturating_sub(down));
    let bad = down.saturating_add(degraded);
    let maintenance = maintenance.min(DAY_MINUTES.saturating_sub(bad));
    [down, degraded, maintenance, known.clamp(bad.saturating_add(maintenance), DAY_MINUTES)]
}

fn told(minutes: [u32; 4]) -> Day {
    let [down, degraded, maintenance, known] =
        whole(minutes).map(|minutes| u16::try_from(minutes).unwrap_or(0));
    Day { down, degraded, maintenance, known }
}

/// The calendar of a component's site; an empty one if it has none.
fn calendar_of<'a>(
    calendars: &'a [Calendar; SITES],
    config: &Config,
    component: ComponentId,
) -> &'a Calendar {
    static NONE: Calendar = Calendar::NEW;
    config.site_of(component).and_then(|site| calendars.get(site.index())).unwrap_or(&NONE)
}

/// Stands for a place that was taken; no hash of 32 bits.
const TAKEN: u64 = u64::MAX;

/// Takes the place of this hash, and tells which it was: what is there is to be swapped with what
/// is at `to`.
fn take_place(hashes: &mut [u64], to: usize, wanted: u32) -> Option<usize> {
    let at = hashes.iter().position(|&hash| wanted != 0 && hash == u64::from(wanted))?;
    hashes.swap(to, at);
    *hashes.get_mut(to)? = TAKEN;
    Some(at)
}

#[cfg(test)]
mod tests;
