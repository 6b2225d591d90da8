//! Numbers of things in the configuration, each of its own type, and sets of them.

use crate::limits::{COMPONENTS, SOURCES};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $inner);
        impl $name {
            /// The position in the configuration's list.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}

id! {
    /// A page.
    SiteId(u8);
    /// A sender.
    SourceId(u16);
    /// What a visitor knows by name.
    ServiceId(u16);
    /// A part of a service.
    ComponentId(u16);
    /// A person.
    UserId(u8);
    /// A sign of life that is owed.
    HeartbeatId(u16);
    /// A threshold on samples.
    RuleId(u16);
}

/// A set of sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceSet(u32);

impl SourceSet {
    /// The set of nothing.
    pub const EMPTY: Self = Self(0);
    /// The set of all.
    pub const ALL: Self = Self(u32::MAX);
    /// Adds one; an id beyond the limit is not one that a configuration can hold, and changes
    /// nothing.
    pub fn insert(&mut self, id: SourceId) {
        if id.index() < SOURCES {
            self.0 |= 1u32.wrapping_shl(u32::from(id.0));
        }
    }
    /// Whether it is in.
    pub fn contains(self, id: SourceId) -> bool {
        id.index() < SOURCES && self.0 & 1u32.wrapping_shl(u32::from(id.0)) != 0
    }
    /// Whether nothing is in.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// Whether anything is in both.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
    /// The members, in order.
    pub fn iter(self) -> impl Iterator<Item = SourceId> {
        (0..32u16).map(SourceId).filter(move |&id| self.contains(id))
    }
}

/// A set of components: which ones an alert concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentSet([u32; COMPONENTS / 32]);

impl Default for ComponentSet {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl ComponentSet {
    /// The set of nothing.
    pub const EMPTY: Self = Self([0; COMPONENTS / 32]);

    /// Adds one; an id beyond the limit changes nothing.
    /// Takes these out.
    pub fn without(&mut self, others: &Self) {
        for (word, other) in self.0.iter_mut().zip(others.0) {
            *word &= !other;
        }
    }

    /// Adds one.
    pub fn insert(&mut self, id: ComponentId) {
        if let Some(word) = self.0.get_mut(id.index() >> 5) {
            *word |= 1u32.wrapping_shl(u32::from(id.0) & 31);
        }
    }
    /// Whether it is in.
    pub fn contains(&self, id: ComponentId) -> bool {
        self.0.get(id.index() >> 5).is_some_and(|word| word & 1u32.wrapping_shl(u32::from(id.0) & 31) != 0)
    }
    /// Whether nothing is in.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }
    /// The members, in order. Visits only the words that hold one.
    pub fn iter(&self) -> impl Iterator<Item = ComponentId> {
        self.0.iter().zip(0u16..).filter(|&(&word, _)| word != 0).flat_map(|(&word, high)| {
            (0..32u16)
                .filter(move |&low| word & 1u32.wrapping_shl(u32::from(low)) != 0)
                .map(move |low| ComponentId(high.wrapping_shl(5) | low))
        })
    }
}
