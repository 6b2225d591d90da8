//! Incidents, what people said about them, maintenance, banners and the past of every component.

pub mod window;

use crate::config::Config;
use crate::model::{ComponentId, Forced, Phase, Repeat, ServiceId, SiteId, State, Words};
use crate::time::{Now, Wall};

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
    },
    /// Says something. With [`Phase::Resolved`], ends it.
    Update {
        /// The incident.
        number: u32,
        /// How far they are.
        phase: Phase,
        /// What they say.
        words: Words<'a>,
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
    /// Ends a maintenance that is on, or takes back one that is to come; one that repeats ends for good.
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
    /// It has no step of this number that has words of a person.
    NoStep,
    /// There is no maintenance of this number on this site.
    NoMaintenance,
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
    /// This person did nothing in the last ten minutes that can be taken back.
    NothingToUndo,
    /// The words or the title are too long.
    TooLong,
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
            Self::NoStep => "it has no such update; 'incident' shows their numbers",
            Self::NoMaintenance => "there is no such maintenance on this site; 'maintenance' lists them",
            Self::EndsFirst => "it would end before it begins",
            Self::Past => "it would be over already",
            Self::Overlaps => "it lasts longer than it takes to repeat",
            Self::NoClock => "the clock is not set yet, so nobody can tell when",
            Self::NoBanner => "there is no banner on this site",
            Self::NothingToUndo => "you did nothing in the last ten minutes that can be taken back",
            Self::TooLong => "too long (900 bytes for words, 160 for a title)",
            Self::Empty => "nothing was said",
            Self::Full => {
                "no room: what is kept is open or written by people; 'redact' or 'resolve' something first"
            }
        }
    }
}

/// The incidents of all sites.
pub struct Incidents {
    _todo: u8,
}

impl Incidents {
    /// Does what a person says. `who` is their hash.
    pub fn act(
        &mut self,
        config: &Config,
        now: Now,
        site: SiteId,
        who: u32,
        action: Action<'_>,
    ) -> Result<Done, Refusal> {
        _ = (config, now, site, who, action);
        Err(Refusal::Full)
    }
}
