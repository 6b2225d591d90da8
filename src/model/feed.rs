//! What programs read of a site, and by which word of the configuration it is published.

#[cfg(feature = "feeds")]
use super::{ComponentId, ServiceId};

/// A way in which a site tells programs how it is: a word of `list publish_as`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// `/status.txt`.
    Text,
    /// What clients of Statuspage read.
    Json,
    /// Badges.
    Badge,
    /// What feed readers read.
    Atom,
    /// What calendars read.
    Ical,
    /// What a preview of a link shows.
    OpenGraph,
}

/// An answer for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// `/status.txt`: how things are, in lines.
    Text,
    /// Statuspage's `status.json`: how all of it is.
    Status,
    /// Statuspage's `summary.json`: all that is now or to come.
    #[cfg(feature = "feeds")]
    Summary,
    /// Statuspage's `components.json`.
    #[cfg(feature = "feeds")]
    Components,
    /// Statuspage's `incidents.json`: the newest, those that are over included.
    #[cfg(feature = "feeds")]
    Incidents,
    /// Statuspage's `incidents/unresolved.json`.
    #[cfg(feature = "feeds")]
    Unresolved,
    /// Statuspage's `scheduled-maintenances.json`.
    #[cfg(feature = "feeds")]
    Maintenances,
    /// Statuspage's `scheduled-maintenances/upcoming.json`.
    #[cfg(feature = "feeds")]
    Upcoming,
    /// Statuspage's `scheduled-maintenances/active.json`.
    #[cfg(feature = "feeds")]
    Active,
    /// `/badge/SERVICE.svg`.
    #[cfg(feature = "feeds")]
    BadgeImage(ServiceId),
    /// `/badge/SERVICE.json`, as shields.io asks for it.
    #[cfg(feature = "feeds")]
    Badge(ServiceId),
    /// `/icon.svg`: how all of it is, in a sign that a browser shows beside the title.
    #[cfg(feature = "feeds")]
    Icon,
    /// `/feed.atom`: the newest steps of all incidents.
    #[cfg(feature = "feeds")]
    Atom,
    /// `/feed/SERVICE.atom`: those of incidents of one service.
    #[cfg(feature = "feeds")]
    AtomOf(ServiceId),
    /// `/feed/component/COMPONENT.atom`: those about one component, and what people said of its
    /// incidents.
    #[cfg(feature = "feeds")]
    AtomOfPart(ComponentId),
    /// `/maintenance.ics`: planned work.
    #[cfg(feature = "feeds")]
    Calendar,
}

impl Feed {
    /// As what it is published.
    pub const fn output(self) -> Output {
        match self {
            Self::Text => Output::Text,
            Self::Status => Output::Json,
            #[cfg(feature = "feeds")]
            Self::BadgeImage(_) | Self::Badge(_) => Output::Badge,
            #[cfg(feature = "feeds")]
            Self::Icon => Output::OpenGraph,
            #[cfg(feature = "feeds")]
            Self::Atom | Self::AtomOf(_) | Self::AtomOfPart(_) => Output::Atom,
            #[cfg(feature = "feeds")]
            Self::Calendar => Output::Ical,
            #[cfg(feature = "feeds")]
            _ => Output::Json,
        }
    }

    /// The same about another service; `None` if it is about none.
    #[cfg(feature = "feeds")]
    pub const fn about(self, service: ServiceId) -> Option<Self> {
        Some(match self {
            Self::BadgeImage(_) => Self::BadgeImage(service),
            Self::Badge(_) => Self::Badge(service),
            Self::AtomOf(_) => Self::AtomOf(service),
            _ => return None,
        })
    }

    /// Whether it has at most [`SHORT_BYTES`](crate::limits::SHORT_BYTES), so that no buffer of a
    /// page is needed.
    pub const fn is_short(self) -> bool {
        match self {
            Self::Text | Self::Status => true,
            #[cfg(feature = "feeds")]
            Self::BadgeImage(_) | Self::Badge(_) | Self::Icon => true,
            #[cfg(feature = "feeds")]
            _ => false,
        }
    }

    /// What it is (`Content-Type`).
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            #[cfg(feature = "feeds")]
            Self::BadgeImage(_) | Self::Icon => "image/svg+xml",
            #[cfg(feature = "feeds")]
            Self::Atom | Self::AtomOf(_) | Self::AtomOfPart(_) => "application/atom+xml; charset=utf-8",
            #[cfg(feature = "feeds")]
            Self::Calendar => "text/calendar; charset=utf-8",
            _ => "application/json",
        }
    }
}
