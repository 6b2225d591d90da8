//! What is known of a component, and why, in one order: a finding is state and reason in one.

use super::{Severity, State};

/// What a witness says of a component, and what all its witnesses add up to: the worst last.
///
/// Zero is *no data*, so that zeroed memory is never green. Each says what a visitor is told
/// (`reason.…` in `www/lang`), what operators are told ([`word`](Self::word)), and its state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i8)]
pub enum Finding {
    /// Somebody who would tell us otherwise is alive, and says nothing.
    Well = -4,
    /// A person ended what was said of it, and its source has not spoken of it since: the team's
    /// word, not knowledge.
    TeamSaysOver = -3,
    /// A heartbeat has not had the time to come since our start. It opens no incident.
    NotDueYet = -2,
    /// An earlier run heard a heartbeat. The clock must be set to tell how long ago. It opens no
    /// incident.
    ClockUnset = -1,
    /// Nobody who feeds it has been heard since our start.
    #[default]
    NeverHeard = 0,
    /// Its source was just heard, for the first time since our start or again: it has not told all
    /// yet.
    Settling = 1,
    /// A reload changed which alerts lead to it.
    Reconfigured = 2,
    /// A webhook's sender left alerts out of its message.
    LeftOut = 3,
    /// What is said of it finds no room.
    NoRoom = 4,
    /// What is said of it cannot be read.
    Unreadable = 5,
    /// An earlier run held alerts of its source that are not in the journal.
    NotOnFlash = 6,
    /// The samples that a rule looks at have stopped.
    SamplesStopped = 7,
    /// The sender says that nobody looked.
    SenderCannotTell = 8,
    /// An alert was not repeated in time, and nobody said that it is over.
    Lapsed = 9,
    /// Whoever feeds it has fallen silent.
    Silent = 10,
    /// It works, badly.
    Degraded = 11,
    /// It does not work.
    Outage = 12,
}

impl Finding {
    /// All of them, in order.
    pub const ALL: [Self; 17] = [
        Self::Well,
        Self::TeamSaysOver,
        Self::NotDueYet,
        Self::ClockUnset,
        Self::NeverHeard,
        Self::Settling,
        Self::Reconfigured,
        Self::LeftOut,
        Self::NoRoom,
        Self::Unreadable,
        Self::NotOnFlash,
        Self::SamplesStopped,
        Self::SenderCannotTell,
        Self::Lapsed,
        Self::Silent,
        Self::Degraded,
        Self::Outage,
    ];

    /// Its place in [`ALL`](Self::ALL).
    pub const fn index(self) -> usize {
        (self as i8).saturating_sub(Self::Well as i8).unsigned_abs() as usize
    }

    /// The state of a component of which this is the worst finding.
    pub const fn state(self) -> State {
        match self {
            Self::Well | Self::TeamSaysOver => State::Operational,
            Self::Degraded => State::Degraded,
            Self::Outage => State::Outage,
            _ => State::NoData,
        }
    }

    /// Why the component is so, in words for operators; empty if its state says all.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Well | Self::Degraded | Self::Outage => "",
            Self::TeamSaysOver => "the team says that it is over",
            Self::NotDueYet => "not due yet",
            Self::ClockUnset => "the clock is not set",
            Self::NeverHeard => "never heard",
            Self::Settling => "its source has not told all yet",
            Self::Reconfigured => "its configuration has just changed",
            Self::LeftOut => "its source left alerts out",
            Self::NoRoom => "no room for what is said of it",
            Self::Unreadable => "what is said of it cannot be read",
            Self::NotOnFlash => "alerts were not on flash",
            Self::SamplesStopped => "its samples have stopped",
            Self::SenderCannotTell => "its source cannot tell",
            Self::Lapsed => "an alert ended unresolved",
            Self::Silent => "its source is silent",
        }
    }

    /// Whether it will pass by itself: nothing is amiss but that something has not had the time
    /// to come.
    pub const fn waits(self) -> bool {
        matches!(self, Self::NotDueYet | Self::ClockUnset)
    }
}

impl From<Severity> for Finding {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Fine => Self::Well,
            Severity::Degraded => Self::Degraded,
            Severity::Outage => Self::Outage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_findings_is_that_of_their_states_and_zero_is_no_data() {
        for (one, next) in Finding::ALL.iter().zip(Finding::ALL.iter().skip(1)) {
            assert!(one < next && one.state() <= next.state(), "{one:?} {next:?}");
        }
        for (place, one) in Finding::ALL.iter().enumerate() {
            assert_eq!(one.index(), place);
        }
        assert_eq!(Finding::default() as i8, 0);
        assert_eq!(Finding::default().state(), State::NoData);
    }

    #[test]
    fn each_finding_that_its_state_does_not_tell_has_words_of_its_own() {
        let mut words = std::collections::BTreeSet::new();
        for one in Finding::ALL {
            let says_all = matches!(one, Finding::Well | Finding::Degraded | Finding::Outage);
            assert_eq!(one.word().is_empty(), says_all, "{one:?}");
            assert!(one.word().is_empty() || words.insert(one.word()), "{one:?}");
        }
    }
}
