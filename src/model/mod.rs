//! The nouns, and what the renderer is told about them.

mod feed;
mod finding;
mod ids;
mod incident;
mod kept;
mod lang;
mod view;

pub use feed::{Feed, Output};
pub use finding::Finding;
pub use ids::{
    ComponentId, ComponentSet, HeartbeatId, RuleId, ServiceId, SiteId, SourceId, SourceSet, UserId,
};
pub use incident::{
    BannerView, Day, Forced, IncidentView, MaintenanceView, Phase, Phrase, Phrases, Repeat, Step, StepView,
    Words,
};
pub use kept::{Kept, KeptPair, Listed};
pub use lang::Lang;
pub use view::{ComponentView, PageKind, View};

/// How bad an alert is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is wrong: `ok`, `info`, `none`, `okay`.
    #[default]
    Fine,
    /// It works, badly: `warning`.
    Degraded,
    /// It does not work: `error`, `critical`, `page`, `failure`.
    Outage,
}

impl Severity {
    /// What a sender's word means, case aside; `None` for a word that nobody knows.
    pub fn from_word(word: &str) -> Option<Self> {
        const WORDS: [(&str, Severity); 9] = [
            ("ok", Severity::Fine),
            ("info", Severity::Fine),
            ("none", Severity::Fine),
            ("warning", Severity::Degraded),
            ("error", Severity::Outage),
            ("critical", Severity::Outage),
            ("page", Severity::Outage),
            // collectd's.
            ("okay", Severity::Fine),
            ("failure", Severity::Outage),
        ];
        WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|&(_, severity)| severity)
    }
}

/// The state of a component, the worst last. "No data" is zero, so that zeroed memory is never
/// green.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i8)]
pub enum State {
    /// Somebody who would tell us otherwise is alive and says nothing.
    Operational = -1,
    /// We cannot know.
    #[default]
    NoData = 0,
    /// It works, badly.
    Degraded = 1,
    /// It does not work.
    Outage = 2,
}
