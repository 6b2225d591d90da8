//! Incidents, what people said about them, maintenance, banners and the past of every component.
//!
//! Everything that happens is a record in a bounded log ([`entries`]), as the journal has it
//! ([`record`]); what is true now follows from it ([`derived`]) and can be derived anew, after a
//! restart, a reload or an undo. [`auto`] opens and ends incidents by what components do,
//! [`people`] does what people say, [`eviction`] decides what goes when there is no room, [`tell`]
//! answers what a page asks.

mod auto;
mod capacity;
mod derived;
pub(crate) mod entries;
mod eviction;
mod flash_budget;
mod names;
mod people;
pub mod record;
mod replaced;
mod tell;

pub use auto::Looks;
use auto::Watch;
pub use capacity::ArchiveCheck;
use derived::Derived;
use entries::Log;
use flash_budget::PeopleBudgets;
use names::NameHashes;
use record::{
    BANNER, CLOCK, ClockRecord, GONE, IncidentPayload, NUMBERS, RecordHead, SETTLED, STEP, StepRecord, UNDO,
    WINDOW, WINDOW_ENDED, When,
};

pub mod uptime;
pub mod window;

use crate::config::Config;
use crate::limits::{CLOCK_AHEAD, COMPONENTS, LOG_BYTES, SITES, UNDO_TIME};
use crate::model::{ComponentId, ComponentSet, Forced, Phase, Repeat, ServiceId, SiteId, State, Words};
use crate::time::{Mono, Now, Wall};

/// Who owns the machine: root, or the daemon's own user. No user of a configuration has this hash
/// but by chance.
pub const OWNER: u32 = 1;

/// What a person does.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// Begins an incident by hand. It stays open until a person resolves it.
    Open {
        /// On what.
        service: ServiceId,
        /// On which part; `None`: the service as a whole.
        component: Option<ComponentId>,
        /// How bad they say it is.
        state: State,
        /// What to call it; may be empty.
        title: &'a str,
        /// What they say.
        words: Words<'a>,
        /// When they promise the next news.
        next: Option<Wall>,
    },
    /// Says something. With [`Phase::Resolved`], ends it.
    Update {
        /// The incident.
        number: u32,
        /// How far they are.
        phase: Phase,
        /// What they say.
        words: Words<'a>,
        /// When they promise the next news. Without it, what was promised is taken back.
        next: Option<Wall>,
    },
    /// Says it otherwise.
    Amend {
        /// The incident.
        number: u32,
        /// Which step of it; `None`: the last one that has words.
        step: Option<u16>,
        /// What they say now.
        words: Words<'a>,
    },
    /// Gives an incident another title; empty: the one told from its components.
    Retitle {
        /// The incident.
        number: u32,
        /// What to call it.
        title: &'a str,
    },
    /// Makes one incident a part of another: its components and steps go on there.
    Merge {
        /// The incident that ends.
        number: u32,
        /// The one that goes on.
        into: u32,
    },
    /// Says to the others on the console that somebody has seen it.
    Acknowledge {
        /// The incident.
        number: u32,
    },
    /// Begins an incident that has ended anew.
    Reopen {
        /// The incident.
        number: u32,
        /// What they say.
        words: Words<'a>,
    },
    /// Removes an incident and every word about it, from flash as well.
    Redact {
        /// The incident.
        number: u32,
    },
    /// Publishes a maintenance.
    Maintain {
        /// Of what.
        service: ServiceId,
        /// Of which part; `None`: of all of it.
        component: Option<ComponentId>,
        /// The first beginning.
        starts: Wall,
        /// The first end.
        ends: Wall,
        /// How it repeats.
        repeat: Repeat,
        /// What they say.
        words: Words<'a>,
    },
    /// Ends a maintenance that is on, or takes back one that is to come; one that repeats ends for
    /// good.
    EndMaintenance {
        /// The maintenance.
        number: u32,
    },
    /// Puts words, or a state, at the top of the site.
    Banner {
        /// The state that they say the site is in.
        state: Option<Forced>,
        /// What they say.
        words: Words<'a>,
    },
    /// Takes them away.
    ClearBanner,
    /// Takes back the last thing that this person did on this site, if that was less than
    /// [`UNDO_TIME`](crate::limits::UNDO_TIME) ago.
    Undo,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// To this incident.
    Incident(u32),
    /// This incident was resolved, but alerts still fire; the page says so.
    ResolvedWhileFiring(u32),
    /// To this maintenance.
    Maintenance(u32),
    /// To the banner.
    Banner,
}

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no incident of this number on this site.
    NoIncident,
    /// It has ended; `reopen` it first.
    Ended,
    /// It has not ended.
    Open,
    /// It was merged into another one.
    Merged,
    /// It cannot be merged into itself.
    Itself,
    /// It would be merged with one that no page tells of, or the other way round.
    Hidden,
    /// It has no step of this number that has words of a person.
    NoStep,
    /// There is no maintenance of this number on this site.
    NoMaintenance,
    /// There is no alert of this number.
    NoAlert,
    /// It ends before it begins.
    EndsFirst,
    /// It is over already.
    Past,
    /// It lasts longer than it takes to repeat.
    Overlaps,
    /// The clock is not set, so nobody can say when.
    NoClock,
    /// There is no banner.
    NoBanner,
    /// They opened it, but others have added to it.
    NotAlone,
    /// This person did nothing in the last ten minutes that can be taken back.
    NothingToUndo,
    /// The words or the title are too long.
    TooLong,
    /// People have added as much to this incident as they may.
    TooMany,
    /// This person has written as much to the flash as they may for now.
    Worn,
    /// Neither words nor anything else were given.
    Empty,
    /// There is no room, and what is kept is what people wrote or what goes on.
    Full,
}

impl Refusal {
    /// In words, as the end of "not done: ".
    pub fn words(self) -> &'static str {
        match self {
            Self::NoIncident => "there is no such incident on this site; 'incidents' lists them",
            Self::Ended => "it has ended; 'reopen' it first",
            Self::Open => "it has not ended",
            Self::Merged => "it was merged into another one",
            Self::Itself => "it cannot be merged into itself",
            Self::Hidden => "one of them is on no page, and the other one is",
            Self::NoStep => "it has no such update; 'incident' shows their numbers",
            Self::NoAlert => "there is no such alert; 'alerts' lists them",
            Self::NoMaintenance => "there is no such maintenance on this site; 'maintenance' lists them",
            Self::EndsFirst => "it would end before it begins",
            Self::Past => "it would be over already",
            Self::Overlaps => "it lasts longer than it takes to repeat",
            Self::NoClock => "the clock is not set yet, so nobody can tell when",
            Self::NoBanner => "there is no banner on this site",
            Self::NotAlone => {
                "others or the monitoring have added to this incident since; 'resolve' it, or have it redacted"
            }
            Self::NothingToUndo => "you did nothing in the last ten minutes that can be taken back",
            Self::TooLong => "too long (900 bytes for words, 160 for a title)",
            Self::TooMany => {
                "it has as many updates as an incident may have; 'resolve' it, and 'open' another one"
            }
            Self::Worn => {
                "you have written as much as the flash bears; some of that comes back each minute. 'redact', 'undo' \
                 and what ends something always work"
            }
            Self::Empty => "nothing was said; give words, a phrase (--say) or, with a banner, a state",
            Self::Full => {
                "no room: what is kept goes on, or people wrote it in the last two weeks; 'redact' what nobody needs. \
                 What ends something finds room, if it says no more than that"
            }
        }
    }
}

/// A start of the machine, by which times are told before anybody knows what time it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// A hash that another start has not.
    pub id: u64,
    /// Milliseconds from the machine's start to [`Mono`]'s zero.
    pub base: i64,
}

impl Boot {
    fn wall_of(self, when: When, now: Now) -> Option<Wall> {
        match when {
            When::Unknown => None,
            When::Wall(at) => Some(Wall(at)),
            When::Boot(at) => now.wall_of(Mono(at.saturating_sub(self.base))),
        }
    }

    /// Milliseconds since a record; negative if it is later than now, since a clock was wrong.
    #[inline(never)]
    fn elapsed(self, when: When, now: Now) -> Option<i64> {
        match when {
            When::Unknown => None,
            When::Wall(at) => Some(now.wall?.0.saturating_sub(at)),
            When::Boot(at) => Some(now.mono.0.saturating_add(self.base).saturating_sub(at)),
        }
    }

    /// Whether what a record says can still be taken back. What was done by a clock that was far
    /// ahead cannot.
    fn is_undoable(self, head: &RecordHead, now: Now) -> bool {
        let limit = i64::from(UNDO_TIME.0);
        head.flags & SETTLED == 0
            && self.elapsed(head.when, now).is_some_and(|ago| ago.saturating_abs() < limit)
    }
}

/// How often each thing happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IncidentCounters {
    /// Incidents opened.
    pub opened: u32,
    /// What found no room and was not recorded.
    pub refused: u32,
    /// Incidents that went to make room, or because their time was over.
    pub dropped: u32,
    /// Records that were purged since the configuration no longer names what they tell of.
    pub purged: u32,
}

/// The incidents of all sites, and all else that people are told besides how things are now.
/// All-zero when new.
pub struct Incidents {
    log: Log,
    derived: Derived,
    names: NameHashes,
    watches: [Watch; COMPONENTS],
    /// The components on which planned work is being done now.
    maintained: ComponentSet,
    /// How many promises of news have passed on each site.
    late: [u8; SITES],
    boot: Boot,
    /// Whether the log says by which boot its undated times are told.
    boot_said: bool,
    /// The boot that the journal told of last, while it is read.
    boot_read: u64,
    /// The day on which old incidents were last looked for.
    retired_on: i64,
    /// What the log may weigh in a journal; 0: as much as memory holds.
    limit: usize,
    /// Whether the journal holds what must go from it at once.
    purge: bool,
    wake: Option<Mono>,
    /// When to look for what people replaced, to purge it.
    forget_at: Option<Mono>,
    /// The time of the last look, the wall clock's distance from the monotonic one then, and since
    /// when that is the same.
    seen: Now,
    offset: i64,
    steady_since: Mono,
    /// The date is believed from then on.
    believed_at: Mono,
    refused_until: Option<Mono>,
    /// On each site: the hour in which short recoveries are counted, and how many were written in
    /// it.
    pauses: [(Mono, u8); SITES],
    /// Sites whose page is no longer what it was, one bit each.
    touched: u8,
    counters: IncidentCounters,
    /// What people may still write.
    budgets: PeopleBudgets,
    /// Planned work that was cancelled, for those who have it in a calendar.
    #[cfg(feature = "feeds")]
    cancelled: heapless::Vec<tell::CancelledWindow, { crate::limits::MAINTENANCES }>,
}

impl Default for Incidents {
    fn default() -> Self {
        Self::new()
    }
}

impl Incidents {
    /// Nothing happened yet; all-zero.
    pub const fn new() -> Self {
        Self {
            log: Log::new(),
            derived: Derived::new(),
            names: NameHashes::new(),
            watches: [Watch::new(); COMPONENTS],
            maintained: ComponentSet::EMPTY,
            late: [0; SITES],
            boot: Boot { id: 0, base: 0 },
            boot_said: false,
            boot_read: 0,
            retired_on: 0,
            limit: 0,
            purge: false,
            wake: None,
            forget_at: None,
            seen: Now::new(Mono(0), None),
            offset: 0,
            steady_since: Mono(0),
            believed_at: Mono(0),
            refused_until: None,
            pauses: [(Mono(0), 0); SITES],
            touched: 0,
            counters: IncidentCounters { opened: 0, refused: 0, dropped: 0, purged: 0 },
            budgets: PeopleBudgets::new(),
            #[cfg(feature = "feeds")]
            cancelled: heapless::Vec::new(),
        }
    }

    // ---- from one run to the next ---------------------------------------------------------------

    /// Begins, before anything is restored. `journal`: bytes of the journal's files together.
    pub fn begin(&mut self, config: &Config, boot: Boot, journal: u32) {
        self.boot = boot;
        self.set_journal(journal);
        self.names.learn(config);
    }

    /// Takes back a record of an earlier run. False if it is not one of ours, or none at all.
    pub fn restore(&mut self, kind: u8, payload: &[u8]) -> bool {
        match kind {
            STEP | WINDOW | WINDOW_ENDED | BANNER => {
                let Some(bytes) = self.fit(kind, payload) else {
                    return record::is_whole(kind, payload);
                };
                // It is the time of this record: a later one may take back what was done then.
                if let Some(When::Wall(at)) = record::head(&bytes).map(|head| head.when) {
                    self.seen.wall = Some(Wall(at));
                }
                // What was swept and thinned is in the journal still: room for it is seen to in the
                // end.
                if self.log.push(kind, &bytes) || (self.shrink(None) && self.log.push(kind, &bytes)) {
                    self.derived.fold(&self.names, kind, &bytes);
                } else {
                    self.counters.refused = self.counters.refused.saturating_add(1);
                }
                true
            }
            CLOCK => record::read_clock(payload).is_some_and(|clock| {
                self.clock_read(clock);
                true
            }),
            NUMBERS => record::read_numbers(payload).is_some_and(|(site, incident, window)| {
                if let Some(site) = self.names.site(site)
                    && let Some(numbers) = self.derived.numbers.get_mut(site.index())
                {
                    *numbers = (numbers.0.max(incident), numbers.1.max(window));
                }
                true
            }),
            UNDO => record::read_undo(payload).is_some_and(|(head, kind, number, step)| {
                if let Some(at) = self.place_of(head, kind, number, step) {
                    self.mark_undone(at);
                    self.rebuild();
                }
                true
            }),
            GONE => record::read_gone(payload).is_some_and(|(site, number)| {
                if let Some(site) = self.names.site(site) {
                    self.remove_incident(site, number);
                    self.rebuild();
                    // The run before could not see to that.
                    self.purge = true;
                }
                true
            }),
            _ => false,
        }
    }

    /// All is restored.
    pub fn restored(&mut self, now: Now) {
        // From here on, what may still be taken back is what may be now.
        self.watch_clock(now);
        self.boot_said = self.boot_read == self.boot.id;
        if !self.boot_said {
            self.redate(&|_| When::Unknown);
        }
        self.rebuild();
        let links = self.derived.links.iter().zip(&mut self.watches);
        links.filter(|(link, _)| link.well).for_each(|(_, watch)| watch.was_well());
        self.log.note_all();
        self.forget_later(now);
        while self.log.weight() > self.capacity() && self.shrink(Some(now)) {}
    }

    /// A record without what the configuration no longer names; `None` if nothing is left of it.
    fn fit(&mut self, kind: u8, payload: &[u8]) -> Option<IncidentPayload> {
        let mut bytes =
            IncidentPayload::from_slice(payload).ok().filter(|_| record::is_whole(kind, payload))?;
        if !record::strip(&self.names, kind, &mut bytes) {
            self.purge = true;
            self.counters.purged = self.counters.purged.saturating_add(1);
            return None;
        }
        self.purge |= bytes.as_slice() != payload;
        Some(bytes)
    }

    fn clock_read(&mut self, clock: ClockRecord) {
        if clock.boot != self.boot_read {
            self.redate(&|_| When::Unknown);
            self.boot_read = clock.boot;
        }
        if let Some(offset) = clock.offset {
            self.redate(&|at| When::Wall(at.saturating_add(offset)));
        }
    }

    /// Gives another time to every record whose time is told by the boot.
    fn redate(&mut self, to: &dyn Fn(i64) -> When) {
        let mut at = 0usize;
        while let Some(raw) = self.log.get(at) {
            let next = at.saturating_add(Log::size_of(raw.payload.len()));
            if let Some(When::Boot(time)) =
                record::head(raw.payload).map(|head| head.when).filter(|_| raw.kind != CLOCK)
                && let Some(payload) = self.log.get_mut(at)
            {
                record::set_when(payload, to(time));
            }
            at = next;
        }
        for incident in &mut self.derived.incidents {
            for when in [&mut incident.began, &mut incident.grouped, &mut incident.ended] {
                if let When::Boot(time) = *when {
                    *when = to(time);
                }
            }
        }
    }

    /// The wall clock counts from now on: what happened before is dated by it.
    pub fn learn_time(&mut self, now: Now) {
        let Some(wall) = now.wall else { return };
        let undated = |raw: entries::Raw<'_>| {
            raw.kind != CLOCK
                && matches!(record::head(raw.payload).map(|head| head.when), Some(When::Boot(_)))
        };
        if self.log.iter().any(undated) {
            let offset = wall.0.saturating_sub(self.since_boot(now.mono));
            self.redate(&|at| When::Wall(at.saturating_add(offset)));
            // Since when each component has been unwell is dated, too.
            self.rebuild();
            let payload = record::clock(ClockRecord { boot: self.boot.id, offset: Some(offset) });
            self.push(now, CLOCK, &payload);
        }
        self.wake = Some(now.mono);
    }

    fn since_boot(&self, at: Mono) -> i64 {
        at.0.saturating_add(self.boot.base)
    }

    /// Goes to another configuration. What it no longer names goes, from flash as well.
    pub fn reconfigure(&mut self, old: &Config, new: &Config, now: Now) {
        let mut watches = [Watch::new(); COMPONENTS];
        let was = core::mem::replace(&mut self.watches, watches);
        let old_names = core::mem::replace(&mut self.names, NameHashes::new());
        self.names.learn(new);
        // It names services by their place in the old configuration.
        #[cfg(feature = "feeds")]
        self.cancelled.clear();
        self.set_journal(new.main.journal_size);
        for (watch, id) in was.iter().zip((0u16..).map(ComponentId)).take(old.components.len()) {
            if let Some(slot) =
                self.names.component(old_names.of_component(id)).and_then(|id| watches.get_mut(id.index()))
            {
                *slot = *watch;
            }
        }
        self.watches = watches;
        let (names, mut purged) = (&self.names, 0u32);
        self.log.retain(&mut |kind, payload| {
            let before = record::component_of(kind, payload);
            let stays = record::strip(names, kind, payload);
            if !stays || before != record::component_of(kind, payload) {
                purged = purged.saturating_add(1);
            }
            stays
        });
        self.purge |= purged > 0;
        self.counters.purged = self.counters.purged.saturating_add(purged);
        let moved = |id: SiteId| self.names.site(old_names.of_site(id));
        let mut numbers = [(0, 0); crate::limits::SITES];
        for (given, id) in self.derived.numbers.iter().zip((0u8..).map(SiteId)) {
            if let Some(slot) = moved(id).and_then(|id| numbers.get_mut(id.index())) {
                *slot = *given;
            }
        }
        self.derived.numbers = numbers;
        self.rebuild();
        self.wake = Some(now.mono);
    }

    /// Derives everything anew.
    fn rebuild(&mut self) {
        self.derived.clear();
        for raw in self.log.iter() {
            self.derived.fold(&self.names, raw.kind, raw.payload);
        }
    }

    // ---- to the journal -------------------------------------------------------------------------

    /// The first record that is not in the journal yet.
    pub fn unwritten(&self) -> Option<(u8, &[u8])> {
        self.log.unwritten().map(|raw| (raw.kind, raw.payload))
    }

    /// It is there now.
    pub fn wrote_one(&mut self) {
        self.log.wrote_one();
    }

    /// A snapshot of all of it is in the journal now, and nothing else.
    pub fn wrote_all(&mut self) {
        self.log.note_all();
        self.purge = false;
    }

    /// Whether the journal holds what must go from it at once: then it wants to be written anew.
    pub fn wants_purge(&self) -> bool {
        self.purge
    }

    /// Whether the journal has not been told yet that something was taken away.
    pub fn takes_away(&self) -> bool {
        self.log.from(self.log.written()).any(|raw| matches!(raw.kind, GONE | UNDO))
    }

    /// Lets go of records from which nothing follows, before a snapshot.
    pub fn tidy(&mut self) {
        self.sweep(true);
    }

    /// Everything that must survive a restart, for a compacted journal.
    pub fn snapshot(&self, each: &mut dyn FnMut(u8, &[u8])) {
        for (numbers, id) in self.derived.numbers.iter().zip((0u8..).map(SiteId)) {
            let site = self.names.of_site(id);
            if *numbers != (0, 0) && site != 0 {
                each(NUMBERS, &record::numbers(site, numbers.0, numbers.1));
            }
        }
        if self.boot_said {
            each(CLOCK, &record::clock(ClockRecord { boot: self.boot.id, offset: None }));
        }
        for raw in self.log.iter() {
            let undone = record::head(raw.payload).is_none_or(|head| head.flags & record::UNDONE != 0);
            if !matches!(raw.kind, CLOCK | UNDO) && !undone {
                each(raw.kind, raw.payload);
            }
        }
    }

    /// Forgets everything, for another board's state to take its place.
    pub fn forget(&mut self) {
        self.log.clear();
        self.derived = Derived::new();
        self.boot_said = false;
        self.boot_read = 0;
    }

    // ---- adding ---------------------------------------------------------------------------------

    /// Adds a record, and what follows from it. False if there is no room.
    fn push(&mut self, now: Now, kind: u8, payload: &[u8]) -> bool {
        let who = self.newcomer(kind, payload);
        if !self.room_for(payload.len(), who, now) || !self.log.push(kind, payload) {
            return false;
        }
        self.derived.fold(&self.names, kind, payload)
    }

    /// The present moment, as a record has it. Says by which boot it is told, if it must be.
    fn when(&mut self, now: Now) -> When {
        if let Some(wall) = now.wall {
            return When::Wall(wall.0);
        }
        if !self.boot_said {
            let payload = record::clock(ClockRecord { boot: self.boot.id, offset: None });
            let who = self.newcomer(CLOCK, &payload);
            self.boot_said = self.room_for(payload.len(), who, now) && self.log.push(CLOCK, &payload);
        }
        if self.boot_said { When::Boot(self.since_boot(now.mono)) } else { When::Unknown }
    }

    /// The page of a site is no longer what it was.
    fn touch(&mut self, site: SiteId) {
        self.touched |= 1u8.checked_shl(u32::from(site.0)).unwrap_or(0);
    }

    /// The sites whose pages have changed since the last time of asking, one bit each.
    pub fn take_touched(&mut self) -> u8 {
        core::mem::take(&mut self.touched)
    }

    /// Adds a step to an incident.
    fn step(&mut self, now: Now, site: SiteId, who: u32, flags: u8, step: &StepRecord<'_>) -> bool {
        let when = self.when(now);
        self.touch(site);
        let next =
            self.derived.find(site, step.number).map_or(0, |incident| incident.steps).saturating_add(1);
        let head = record::RecordHead { flags, when, who, site: self.names.of_site(site) };
        let payload = record::step(head, &StepRecord { step: next, ..*step });
        self.push(now, STEP, &payload)
    }

    /// The civil time of a record, if it is known. A time later than now is not: a clock was wrong.
    pub(crate) fn wall_of(&self, when: When, now: Now) -> Option<Wall> {
        let ahead = |ago: i64| ago.saturating_add(i64::from(CLOCK_AHEAD.0)) < 0;
        self.boot.wall_of(when, now).filter(|_| !self.boot.elapsed(when, now).is_some_and(ahead))
    }

    /// Milliseconds since a record; `None` if nobody can tell. It is 0 if a clock was put back a
    /// little.
    fn elapsed(&self, when: When, now: Now) -> Option<i64> {
        let ago = self.boot.elapsed(when, now)?;
        (ago.saturating_add(i64::from(UNDO_TIME.0)) >= 0).then_some(ago.max(0))
    }

    // ---- asking ---------------------------------------------------------------------------------

    /// How often each thing happened.
    pub fn counters(&self) -> IncidentCounters {
        self.counters
    }

    /// How many incidents are kept, and how many bytes of the log are in use, of how many.
    pub fn usage(&self) -> (usize, usize, usize) {
        (self.derived.incidents.len(), self.log.weight(), self.capacity())
    }

    /// How many maintenance windows are kept.
    pub fn windows(&self) -> usize {
        self.derived.windows.len()
    }

    fn capacity(&self) -> usize {
        if self.limit == 0 { LOG_BYTES } else { self.limit.min(LOG_BYTES) }
    }

    /// When it wants to be asked to [`pass`](Self::pass) next.
    pub fn wakes_at(&self) -> Option<Mono> {
        self.wake
    }
}
