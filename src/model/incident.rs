//! What happened, what people said about it, and what is planned: the nouns, and how a page or a
//! console is told of them.

use super::{ComponentId, ComponentSet, ServiceId, State};
use crate::limits::PHRASES_SAID;
use crate::time::Wall;

/// How far people have got with an incident, in the words that status pages made common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Somebody looks for the cause.
    Investigating,
    /// The cause is known.
    Identified,
    /// Something was done, and is being watched.
    Monitoring,
    /// It is over, they say.
    Resolved,
}

impl Phase {
    /// Every phase with its word, in order.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Investigating, "investigating"),
        (Self::Identified, "identified"),
        (Self::Monitoring, "monitoring"),
        (Self::Resolved, "resolved"),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(phase, _)| *phase == self).map_or("", |&(_, word)| word)
    }

    /// What a word means, case aside.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| known.eq_ignore_ascii_case(word)).map(|&(phase, _)| phase)
    }
}

/// No place in [`Phrase::NAMES`].
const NO_PHRASE: u8 = u8::MAX;

/// A sentence that every catalogue translates, by its place in [`Phrase::NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phrase(u8);

impl Phrase {
    /// What people type; the catalogues have `phrase.power_cut` for `power-cut`. The journal keeps
    /// the name, so the order is free; a name that was released stays.
    pub const NAMES: [&'static str; 21] = [
        "investigating",
        "identified",
        "monitoring",
        "fixed",
        "power-cut",
        "provider-fault",
        "antenna-moved",
        "cable-fault",
        "weather",
        "device-broken",
        "waiting-access",
        "part-ordered",
        "going-there",
        "next-days",
        "no-date",
        "slow",
        "partly-back",
        "update-running",
        "false-alarm",
        "no-action",
        "restart-yours",
    ];

    /// The phrase of this name, case aside.
    pub fn named(name: &str) -> Option<Self> {
        let at = Self::NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
        u8::try_from(at).ok().map(Self)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(usize::from(self.0)).copied().unwrap_or("")
    }

    /// All of them, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0u8..).map(Self).take(Self::NAMES.len())
    }

    /// Its place in [`Phrase::NAMES`].
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// One phrase, or several that are said at once, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phrases([u8; PHRASES_SAID]);

impl From<Phrase> for Phrases {
    fn from(phrase: Phrase) -> Self {
        let mut one = Self([NO_PHRASE; PHRASES_SAID]);
        one.0[0] = phrase.0;
        one
    }
}

impl Phrases {
    /// The phrases of these names, a space between two; `None` if one is not known, or if there are
    /// more than [`PHRASES_SAID`].
    pub fn named(names: &str) -> Option<Self> {
        let mut names = names.split(' ').map(Phrase::named);
        let first = Self::from(names.next()??);
        names.try_fold(first, |said, phrase| said.and(phrase?))
    }

    /// These and one more behind them; `None` if there is no room.
    pub fn and(mut self, phrase: Phrase) -> Option<Self> {
        *self.0.iter_mut().find(|place| **place == NO_PHRASE)? = phrase.0;
        Some(self)
    }

    /// Calls `put` with a part of each, in order, and with a space between two.
    pub fn join(self, part: impl Fn(Phrase) -> &'static str, put: &mut dyn FnMut(&str)) {
        for (at, &place) in self.0.iter().enumerate().filter(|(_, place)| **place != NO_PHRASE) {
            put(if at > 0 { " " } else { "" });
            put(part(Phrase(place)));
        }
    }
}

/// What a person said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Words<'a> {
    /// Nothing.
    #[default]
    None,
    /// Sentences that are told in the reader's language.
    Phrase(Phrases),
    /// Their own words: Markdown-lite, at most [`WORDS_BYTES`](crate::limits::WORDS_BYTES).
    Own {
        /// A BCP 47 language tag; empty: the site's language.
        lang: &'a str,
        /// What they wrote.
        text: &'a str,
    },
}

/// What one step of an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It began: by a component that left operational, or by a person.
    Opened,
    /// A further component got into trouble.
    Joined,
    /// A component got worse.
    Worse,
    /// A component got better, or is well again.
    Better,
    /// Nobody knows about a component any more.
    NoData,
    /// A person said something; the phase that they gave it.
    Update(Phase),
    /// It ended: all is well again (by itself), or a person said so.
    Resolved,
    /// It began anew.
    Reopened,
    /// It goes on in another one, of this number.
    Merged(u32),
    /// Somebody has seen it. For people on the console only.
    Acknowledged,
    /// It got another title. For people on the console only.
    Retitled,
}

impl Step {
    /// Whether visitors are told of it.
    pub const fn is_public(&self) -> bool {
        !matches!(self, Self::Acknowledged | Self::Retitled)
    }
}

/// An incident, as a page may tell it.
#[derive(Clone, Copy, Debug)]
pub struct IncidentView<'a> {
    /// Its number on its site, from 1; tells nothing of other sites.
    pub number: u32,
    /// Of what.
    pub service: ServiceId,
    /// What people call it; empty: to be told from its components.
    pub title: &'a str,
    /// Whether it goes on.
    pub open: bool,
    /// How bad it was at its worst.
    pub worst: State,
    /// How bad it was announced to be now; operational if its components are well, or nothing is
    /// known of any.
    pub level: State,
    /// How bad people said that all of the service is; `None` if they spoke of components alone.
    pub whole: Option<State>,
    /// What people said last about how far they are; `None` if nobody did.
    pub phase: Option<Phase>,
    /// When people promised the next news, be that past; `None` if they did not, or if it is over.
    pub next: Option<Wall>,
    /// The components that were ever in it.
    pub components: ComponentSet,
    /// When it began; `None` if not known.
    pub began: Option<Wall>,
    /// When it ended, if it has and that is known.
    pub ended: Option<Wall>,
    /// Whether a person said that it is over while alerts still fire.
    pub firing: bool,
    /// The number of the one that it was merged into, if so.
    pub merged_into: Option<u32>,
}

/// A step of an incident, as a page may tell it.
#[derive(Clone, Copy, Debug)]
pub struct StepView<'a> {
    /// Its number within the incident, from 1.
    pub number: u16,
    /// When; `None` if not known.
    pub at: Option<Wall>,
    /// What.
    pub step: Step,
    /// The state that it tells of, where it tells of one (opened, joined, worse, better).
    pub state: State,
    /// The component that it tells of, where there is one.
    pub component: Option<ComponentId>,
    /// What a person said.
    pub words: Words<'a>,
    /// Whether they have said it otherwise before.
    pub amended: bool,
    /// Whose words they are then, by their hash, for the console; 0: they were not amended.
    pub amended_by: u32,
    /// When that was, if it is known.
    pub amended_at: Option<Wall>,
    /// Whether a person did it, and whose hash they have: for the console. No page tells it.
    pub who: u32,
    /// Resolved by a person while alerts still fire.
    pub firing: bool,
}

/// How a maintenance repeats, in the civil time of its site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeat {
    /// It does not.
    #[default]
    Once,
    /// At the same time on the same day of every week.
    Weekly,
    /// At the same time on the same day of every month that has that day.
    Monthly,
}

/// A planned window of time in which trouble is expected, as a page may tell it.
#[derive(Clone, Copy, Debug)]
pub struct MaintenanceView<'a> {
    /// Its number on its site, from 1.
    pub number: u32,
    /// Of what.
    pub service: ServiceId,
    /// Of which part; `None`: of all of it.
    pub component: Option<ComponentId>,
    /// The beginning of the present occurrence, or of the next.
    pub starts: Wall,
    /// Its end.
    pub ends: Wall,
    /// Whether it is now.
    pub active: bool,
    /// How it repeats.
    pub repeat: Repeat,
    /// What people said.
    pub words: Words<'a>,
    /// Who published it, by their hash: for the console. No page tells it.
    pub who: u32,
}

/// What people say at the top of a site.
#[derive(Clone, Copy, Debug)]
pub struct BannerView<'a> {
    /// The state that they say the site is in, whatever the monitoring says.
    pub state: Option<Forced>,
    /// What they say.
    pub words: Words<'a>,
    /// Since when; `None` if not known.
    pub at: Option<Wall>,
    /// Who, by their hash: for the console. No page tells it.
    pub who: u32,
}

/// The state that people give a site by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forced {
    /// Everything works.
    Operational,
    /// Something works badly.
    Degraded,
    /// Something is down.
    Outage,
    /// Work is being done.
    Maintenance,
}

impl Forced {
    /// Every state with its word, in order.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Operational, "operational"),
        (Self::Degraded, "degraded"),
        (Self::Outage, "outage"),
        (Self::Maintenance, "maintenance"),
    ];
    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |&(_, word)| word)
    }
    /// What a word means, case aside.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| known.eq_ignore_ascii_case(word)).map(|&(state, _)| state)
    }
}

/// How a component fared on one day of its site, in minutes. What is missing to a whole day is not
/// known. All-zero: nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// It did not work; rounded up.
    pub down: u16,
    /// It worked badly; rounded up.
    pub degraded: u16,
    /// Work was being done on it; rounded up.
    pub maintenance: u16,
    /// How long anything was known about it, the above included; rounded down.
    pub known: u16,
}
