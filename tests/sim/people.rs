//! The naive model of what people say: everything they did, in order, with what was taken back
//! marked as that. What ought to be told is found by going through it all.

use std::collections::BTreeMap;
use std::fmt::Write;

/// What one person did once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    Opened {
        number: u32,
        title: String,
    },
    /// An update, an end or a new beginning, with words.
    Spoke {
        number: u32,
        text: String,
    },
    /// Said otherwise what the deed of this place said.
    Amended {
        number: u32,
        of: usize,
        text: String,
    },
    Retitled {
        number: u32,
        title: String,
    },
    /// Something without words of its own.
    Touched {
        number: u32,
    },
    Banner {
        text: String,
    },
    Cleared,
    Planned {
        number: u32,
        starts: i64,
        ends: i64,
        weekly: bool,
    },
    Ended {
        number: u32,
    },
}

impl Deed {
    /// The incident that it is about.
    pub fn incident(&self) -> Option<u32> {
        match *self {
            Self::Opened { number, .. }
            | Self::Spoke { number, .. }
            | Self::Amended { number, .. }
            | Self::Retitled { number, .. }
            | Self::Touched { number } => Some(number),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Done {
    pub site: u8,
    pub who: u32,
    pub at: i64,
    pub deed: Deed,
    pub undone: bool,
    /// What the same person did later is gone, so it may be too late to take this back.
    pub settled: bool,
}

/// When what was found on flash was done, for all we know.
pub const LONG_AGO: i64 = i64::MIN / 2;
const WEEK: i64 = 7 * 24 * 3_600_000;

/// Everything that people did, as far as it counts.
#[derive(Clone, Debug, Default)]
pub struct People {
    pub deeds: Vec<Option<Done>>,
}

impl People {
    pub fn did(&mut self, site: u8, who: u32, at: i64, deed: Deed) {
        self.deeds.push(Some(Done { site, who, at, deed, undone: false, settled: false }));
    }

    /// What counts, in order, with its place.
    fn of(&self, site: u8) -> impl DoubleEndedIterator<Item = (usize, &Done)> {
        let all = self.deeds.iter().enumerate().filter_map(|(at, done)| Some((at, done.as_ref()?)));
        all.filter(move |(_, done)| done.site == site && !done.undone)
    }

    /// The incidents that people have to do with.
    pub fn incidents(&self, site: u8) -> Vec<u32> {
        let mut numbers: Vec<u32> = self.of(site).filter_map(|(_, done)| done.deed.incident()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// An incident is gone, with all that was said about it.
    pub fn forget(&mut self, site: u8, number: u32) {
        let about = |done: &Done| done.site == site && done.deed.incident() == Some(number);
        for slot in &mut self.deeds {
            slot.take_if(|done| about(done));
        }
    }

    /// An incident gave way to what is newer. Nobody takes back what they did before.
    pub fn gave_way(&mut self, site: u8, number: u32) {
        let about = |done: &Done| done.site == site && done.deed.incident() == Some(number);
        let last: Vec<(u32, usize)> =
            self.of(site).filter(|(_, done)| about(done)).map(|(at, done)| (done.who, at)).collect();
        for (at, done) in
            self.deeds.iter_mut().enumerate().filter_map(|(at, slot)| Some((at, slot.as_mut()?)))
        {
            done.settled |= done.site == site && last.iter().any(|&(who, gone)| done.who == who && at < gone);
        }
        self.forget(site, number);
    }

    /// Of what was planned, what is told is known, and what was ended by hand, which may be taken
    /// back.
    pub fn forget_plans(&mut self, told: &[(u8, u32)]) {
        let deeds = self.deeds.iter().flatten();
        let ended: Vec<(u8, u32)> = deeds
            .filter_map(|done| match done.deed {
                Deed::Ended { number } if !done.undone => Some((done.site, number)),
                _ => None,
            })
            .collect();
        for slot in &mut self.deeds {
            slot.take_if(|done| match done.deed {
                Deed::Planned { number, .. } => {
                    let which = (done.site, number);
                    !told.contains(&which) && !ended.contains(&which)
                }
                _ => false,
            });
        }
    }

    /// Whether it is known that a maintenance was planned.
    pub fn knows_plan(&self, site: u8, number: u32) -> bool {
        self.of(site).any(|(_, done)| matches!(done.deed, Deed::Planned { number: of, .. } if of == number))
    }

    /// When a maintenance that does not repeat is over.
    pub fn ends_at(&self, site: u8, number: u32) -> Option<i64> {
        self.of(site).find_map(|(_, done)| match done.deed {
            Deed::Planned { number: of, ends, weekly: false, .. } if of == number => Some(ends),
            _ => None,
        })
    }

    /// The last words about an incident, which `amend` changes.
    pub fn last_words(&self, site: u8, number: u32) -> Option<usize> {
        let about = |done: &Done| matches!(&done.deed, Deed::Spoke { number: of, .. } if *of == number);
        self.of(site).rev().find(|(_, done)| about(done)).map(|(at, _)| at)
    }

    /// What `undo` takes back.
    pub fn last_of(&self, site: u8, who: u32) -> Option<usize> {
        self.of(site)
            .filter(|(_, done)| done.who == who)
            .max_by_key(|&(place, done)| (done.at, place))
            .map(|(at, _)| at)
    }

    /// What is said about an incident: each utterance as it was said last, and its title.
    fn told_of(&self, site: u8, number: u32) -> (Vec<&str>, &str) {
        let (mut words, mut title) = (BTreeMap::new(), "");
        for (at, done) in self.of(site) {
            match &done.deed {
                Deed::Spoke { number: of, text } if *of == number => _ = words.insert(at, text.as_str()),
                Deed::Amended { number: of, of: place, text } if *of == number => {
                    // What was taken back is not told, however it was said.
                    if let Some(words) = words.get_mut(place) {
                        *words = text.as_str();
                    }
                }
                Deed::Opened { number: of, title: new } | Deed::Retitled { number: of, title: new }
                    if *of == number =>
                {
                    title = new;
                }
                _ => {}
            }
        }
        (words.into_values().collect(), title)
    }

    pub fn banner(&self, site: u8) -> Option<&str> {
        let last = self.of(site).rev().find_map(|(_, done)| match &done.deed {
            Deed::Banner { text } => Some(Some(text.as_str())),
            Deed::Cleared => Some(None),
            _ => None,
        });
        last.flatten()
    }

    /// The maintenance windows that are on or to come at `wall`, each with the beginning of that
    /// occurrence.
    pub fn planned(&self, site: u8, wall: i64) -> Vec<(u32, i64)> {
        let mut found = Vec::new();
        for (_, done) in self.of(site) {
            match done.deed {
                Deed::Planned { number, starts, ends, weekly } => {
                    let missed = if weekly { ((wall - ends).div_euclid(WEEK) + 1).max(0) } else { 0 };
                    if wall < ends + missed * WEEK {
                        found.push((number, starts + missed * WEEK));
                    }
                }
                Deed::Ended { number } => found.retain(|(of, _)| *of != number),
                _ => {}
            }
        }
        found.sort_unstable_by_key(|&(number, starts)| (starts, number));
        found
    }

    /// What ought to be told of a site, a line for each incident that people have to do with, and
    /// one for the banner.
    pub fn told(&self, site: u8) -> BTreeMap<u32, String> {
        let mut lines = BTreeMap::new();
        for number in self.incidents(site) {
            let (words, title) = self.told_of(site, number);
            let mut line = format!("{title:?}");
            for words in &words {
                write!(line, " {words}").unwrap();
            }
            lines.insert(number, line);
        }
        lines
    }
}
