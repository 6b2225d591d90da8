//! Points in time and spans of time. Nothing here reads a clock: the shell does, once a turn, and
//! passes a [`Now`] down.
//!
//! Every wait and expiry runs on the monotonic clock ([`Mono`]); wall time ([`Wall`]) is for people
//! and for what senders write, and may be unknown: a router boots in the past until NTP answers.
//!
//! Sums of times are functions of their own, and not inlined: where registers have 32 bits, a sum
//! of 64 that saturates takes up to 80 bytes, and a call 20.

pub mod civil;
pub mod rfc3339;
pub mod tz;

include!(concat!(env!("OUT_DIR"), "/floor.rs"));

/// A point on the monotonic clock, in milliseconds since some fixed moment of this boot. May be
/// negative: a sender can say that its trouble began before we did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mono(pub i64);

/// A point in civil time, in milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall(pub i64);

/// A span of time in milliseconds; at most about 49 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u32);

/// The two clocks, read together. `wall` is `None` while the wall clock may not be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock.
    pub mono: Mono,
    /// The wall clock, if it counts.
    pub wall: Option<Wall>,
    /// The system says that its wall clock is right (NTP did). A clock that only counts may be
    /// minutes off.
    pub synchronised: bool,
}

impl Millis {
    /// An hour.
    pub const HOUR: Self = Self::from_mins(60);
    /// `n` whole seconds; saturates.
    pub const fn from_secs(n: u32) -> Self {
        Self(n.saturating_mul(1000))
    }
    /// As the standard library has it.
    pub const fn duration(self) -> core::time::Duration {
        core::time::Duration::from_millis(self.0 as u64)
    }
    /// Half of it.
    #[must_use]
    pub const fn half(self) -> Self {
        Self(self.0 / 2)
    }
    /// `n` whole minutes; saturates.
    pub const fn from_mins(n: u32) -> Self {
        Self(n.saturating_mul(60_000))
    }
}

/// A span, so many times; saturates.
#[inline(never)]
pub const fn times(span: i64, by: i64) -> i64 {
    span.saturating_mul(by)
}

impl Mono {
    /// This point, `span` later; saturates.
    #[must_use]
    #[inline(never)]
    pub const fn plus(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span.0 as i64))
    }
    /// Milliseconds from `earlier` to this point; negative if it is later.
    #[inline(never)]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Wall {
    /// Whole seconds since 1970, rounded down.
    #[inline(never)]
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

/// A civil time that may not be known, in 8 bytes where an `Option` has 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaybeWall(i64);

impl MaybeWall {
    /// Not known.
    pub const NONE: Self = Self(i64::MIN);

    /// The time, if it is known.
    pub fn get(self) -> Option<Wall> {
        (self != Self::NONE).then_some(Wall(self.0))
    }
}

impl From<Option<Wall>> for MaybeWall {
    fn from(at: Option<Wall>) -> Self {
        at.map_or(Self::NONE, |at| Self(at.0))
    }
}

/// A point in time as it was given: what a sender wrote stays what it wrote, and is never turned
/// into the other clock and back, which would tell 18:17 and 18:16 in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// As we saw it happen.
    Mono(Mono),
    /// As a sender wrote it.
    Wall(Wall),
}

impl At {
    /// Its civil time, if that is known now.
    pub fn wall(self, now: Now) -> Option<Wall> {
        match self {
            Self::Mono(at) => now.wall_of(at),
            Self::Wall(at) => now.wall.map(|_| at),
        }
    }

    /// Its monotonic point, if that is known now.
    pub fn mono(self, now: Now) -> Option<Mono> {
        match self {
            Self::Mono(at) => Some(at),
            Self::Wall(at) => now.mono_of(at),
        }
    }

    /// The earlier of the two; this one if nobody can tell.
    #[must_use]
    pub fn min(self, other: Self, now: Now) -> Self {
        let earlier = match (self, other) {
            (Self::Wall(this), Self::Wall(other)) => other < this,
            _ => self.mono(now).zip(other.mono(now)).is_some_and(|(this, other)| other < this),
        };
        if earlier { other } else { self }
    }
}

impl Now {
    /// Both clocks; the wall clock may be minutes off.
    pub const fn new(mono: Mono, wall: Option<Wall>) -> Self {
        Self { mono, wall, synchronised: false }
    }
    /// The civil time of a monotonic point, if the wall clock counts now. So a time that is learnt
    /// late dates what came earlier.
    #[inline(never)]
    pub fn wall_of(&self, at: Mono) -> Option<Wall> {
        self.wall.map(|wall| Wall(wall.0.saturating_sub(self.mono.since(at))))
    }
    /// The monotonic point of a civil time, if the wall clock counts now.
    #[inline(never)]
    pub fn mono_of(&self, at: Wall) -> Option<Mono> {
        self.wall.map(|wall| Mono(self.mono.0.saturating_sub(wall.0.saturating_sub(at.0))))
    }
}
