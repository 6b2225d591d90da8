//! The configuration: a UCI file, validated whole, or a list of mistakes.
//!
//! A [`Config`] never holds a dangling reference, a duplicate or a value out of bounds, so what
//! reads it does not check again. All its text lives in one buffer, named by [`Span`]s.

mod apply;
mod check;
mod command_line;
mod credential;
mod hash;
mod load;
mod loader;
pub mod machine;
pub mod matcher;
mod problem;
pub mod revoke;
pub mod rule;
mod rule_load;
pub mod same;
mod schema;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod uci;
mod units;
mod values;

use core::net::SocketAddr;

use heapless::{String, Vec};

use crate::limits::{
    COMPONENTS, CONFIG_TEXT_BYTES, EXPECTED, HEARTBEATS, HOSTS, IGNORES, LISTENERS, MATCHES, PUBLISHED,
    RULES, SERVICES, SITES, SOURCES, SSH_ADDRESSES, TERMS, TOKENS, TRANSLATIONS, USER_KEYS, USERS,
};
use crate::model::{
    ComponentId, ComponentSet, HeartbeatId, Lang, Output, ServiceId, Severity, SiteId, SourceId, SourceSet,
    UserId,
};
use crate::text::Span;
use crate::time::Millis;
use crate::time::tz::Tz;

pub use command_line::{BadListen, option_of, state_dir_of};
pub use load::ConfigRefused;
pub use problem::{Problem, ProblemKind, Problems};
pub use units::duration;

use schema::{Section, Type};

/// A text that may be given per language. What it is in one is a row of
/// [`Config::translations`]: so a further language costs nothing where nobody writes in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// Without a language: for every language that has none of its own.
    pub default: Span,
    /// The row of the language that was given last, from 1; 0: no language has one.
    last: u16,
}

impl Texts {
    /// The same text in every language.
    pub const fn new(text: Span) -> Self {
        Self { default: text, last: 0 }
    }
}

/// What a text is in one language: one `option title_fr`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Translation {
    lang: Lang,
    /// The row of the language that was given before, as [`Texts`] has it: always an earlier row.
    before: u16,
    text: Span,
}

/// Which wall clock counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The system's, from the start (never before the build's date).
    #[default]
    Trust,
    /// The system's, once it says that it is synchronised.
    Ntp,
}

/// Where the console's unix socket is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Console {
    /// `console.sock` in the directory of the state.
    #[default]
    InStateDir,
    /// There is none.
    Off,
    /// At this absolute path.
    At(Span),
}

/// Whether this is a device that can be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edge {
    /// Nothing is said of it.
    #[default]
    Unsaid,
    /// It is none.
    No,
    /// It is one: no credential that reads belongs here.
    Yes,
}

/// `config aiglon 'main'`.
#[derive(Clone, Copy, Debug)]
pub struct Main {
    /// Where state is kept: an absolute path.
    pub state_dir: Span,
    /// The least life of an alert that is not repeated.
    pub resolve_after: Millis,
    /// For severities that nobody knows, and alerts without one.
    pub default_severity: Severity,
    /// Which wall clock counts.
    pub clock: Clock,
    /// Bytes of the journal's files together.
    pub journal_size: u32,
    /// Where the console's socket is.
    pub console: Console,
    /// The group whose members may use it; empty for none.
    pub console_group: Span,
    /// Whether this is a device that can be taken.
    pub edge: Edge,
}

impl Main {
    /// Nothing is said. All-zero.
    const EMPTY: Self = Self {
        state_dir: Span::EMPTY,
        resolve_after: Millis(0),
        default_severity: Severity::Fine,
        clock: Clock::Trust,
        journal_size: 0,
        console: Console::InStateDir,
        console_group: Span::EMPTY,
        edge: Edge::Unsaid,
    };
}

/// Where a listener listens.
#[derive(Clone, Copy, Debug)]
pub enum Address {
    /// An IP address and port.
    Tcp(SocketAddr),
    /// The path of a unix socket.
    Unix(Span),
}

/// What a listener serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenerRoles {
    /// Pages for visitors.
    pub page: bool,
    /// What senders push to.
    pub ingest: bool,
    /// `/metrics`.
    pub metrics: bool,
}

/// `config listen`.
#[derive(Clone, Copy, Debug)]
pub struct Listener {
    /// The section's name; empty for an anonymous one.
    pub name: Span,
    /// Where.
    pub address: Address,
    /// The network of the router whose address that is (`lan`); empty if the file says the address.
    pub network: Span,
    /// What.
    pub serve: ListenerRoles,
    /// Whether tokens are accepted over plain HTTP from beyond loopback.
    pub plaintext: bool,
    /// The prefix under which a reverse proxy publishes us (`/status`), without a slash at its end;
    /// often empty.
    pub path_prefix: Span,
}

/// Who may see a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    /// Loopback, private and link-local peers without a forwarding header.
    #[default]
    Local,
    /// Whoever knows its secret path.
    Unlisted,
    /// Everybody.
    Public,
}

/// Ways in which a site tells programs how it is (`list publish_as`). All-zero: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outputs(u8);

impl Outputs {
    /// All of them, for a person; `none` is for none of them.
    pub(super) const WORDS: &'static str = "text, json, badge, atom, ical, opengraph and none";
    /// Those that need the address of a page.
    pub(super) const LINKED: Self =
        Self::of(Output::Atom).and(Self::of(Output::Ical)).and(Self::of(Output::OpenGraph));
    /// What previews show.
    pub(super) const PREVIEW: Self = Self::of(Output::OpenGraph);
    /// What is said if nothing is published, and said so. No other word stands beside it.
    pub(super) const NONE: Self = Self(1 << 6);
    /// Those that this build has, but for `none`.
    const BUILT: Self = if cfg!(feature = "feeds") {
        Self(Self::NONE.0 - 1)
    } else {
        Self::of(Output::Text).and(Self::of(Output::Json))
    };

    const fn of(output: Output) -> Self {
        Self(1 << output as u8)
    }

    /// The one at a place among [`Outputs::WORDS`].
    pub(super) fn of_place(place: usize) -> Self {
        Self(1u8.checked_shl(u32::try_from(place).unwrap_or(u32::MAX)).unwrap_or(0))
    }

    pub(super) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    pub(super) const fn but(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether this is one of them.
    pub const fn has(self, output: Output) -> bool {
        self.any_of(Self::of(output))
    }

    /// Whether any of them is one of these.
    pub(super) const fn any_of(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// Those of them that this build has.
    pub(super) const fn built(self) -> Self {
        Self(self.0 & Self::BUILT.0)
    }

    /// Whether this build has all of them.
    pub(super) fn is_built(self) -> bool {
        self.built() == self.but(Self::NONE)
    }

    /// All that a site publishes if it says nothing, as far as it can.
    pub(super) fn unsaid(visibility: Visibility) -> Self {
        if visibility == Visibility::Public { Self::BUILT } else { Self::default() }
    }
}

/// How exactly a site tells times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Times {
    /// To the minute.
    #[default]
    Exact,
    /// To the hour before.
    Hour,
    /// To the day.
    Day,
}

/// `config site`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Site {
    /// The section's name.
    pub name: Span,
    /// Who may see it.
    pub visibility: Visibility,
    /// Where people read it, without a slash at its end: the base of links and identifiers; empty
    /// if that is not said.
    pub url: Span,
    /// In which ways it tells programs how it is.
    pub publish_as: Outputs,
    /// The heading.
    pub title: Texts,
    /// A paragraph below it; may be absent.
    pub intro: Texts,
    /// Who hears of trouble that the page does not show; may be absent.
    pub contact: Texts,
    /// Where that leads: http, https, mailto or tel; empty if it is words alone.
    pub contact_url: Span,
    /// The language for visitors who ask for none that we speak.
    pub lang: Lang,
    /// How its times are shown.
    pub timezone: Tz,
    /// Whether the file says so.
    pub has_timezone: bool,
    /// How exactly its times are shown.
    pub times: Times,
    /// The secret path segment of an unlisted site, without slashes; empty for others.
    pub secret_path: Span,
    /// Days of its past that are kept, today included.
    pub retain_days: u8,
    /// All components of an incident are well for so long before it ends.
    pub settle: Millis,
    /// Trouble that begins so soon after other trouble of a service joins its incident.
    pub grouping: Millis,
    /// A component of which nothing is known for so long gets an incident.
    pub no_data_after: Millis,
}

/// A host name that leads to a site.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostName {
    /// Lower case, without a port or a dot at its end.
    pub name: Span,
    /// Which.
    pub site: SiteId,
}

/// What a source's tokens may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Write, and read nothing.
    #[default]
    Push,
    /// Read the alerts that are held, and write nothing.
    Read,
}

/// `config source`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source {
    /// The section's name.
    pub name: Span,
    /// The site whose components it feeds.
    pub site: SiteId,
    /// What its tokens may do.
    pub scope: Scope,
    /// Without a sign of life for so long, it is silent.
    pub silent_after: Millis,
    /// After a start or a return from silence, its word that all is well counts only after so long.
    pub resync: Millis,
    /// A webhook alert that is not repeated for so long becomes no data.
    pub repeat_within: Millis,
}

/// The hash of a token.
#[derive(Clone, Copy, Debug, Default)]
pub struct Token {
    /// Whose it is.
    pub source: SourceId,
    /// SHA-256 of the token's bytes.
    pub hash: [u8; 32],
}

/// One `list ignore` of a source. An alert of which all its terms hold leads nowhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ignore {
    /// Whose.
    pub source: SourceId,
    /// Its terms; of no component.
    pub terms: matcher::Match,
}

/// `config service`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Service {
    /// The section's name.
    pub name: Span,
    /// The value of the label `service`; the section's name if not given.
    pub label: Span,
    /// The page that it stands on.
    pub site: SiteId,
    /// What a visitor knows it by (`option name`).
    pub title: Texts,
    /// A sentence about it; may be absent.
    pub description: Texts,
    /// Where there is more about it; http or https; may be absent.
    pub url: Span,
    /// Only operators see it: `option page '0'`, also of all of its components.
    pub hidden: bool,
}

/// `config component`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Component {
    /// The section's name.
    pub name: Span,
    /// The value of the label `component`; the section's name if not given.
    pub label: Span,
    /// The service that it is a part of.
    pub service: ServiceId,
    /// What a visitor knows it by (`option name`).
    pub title: Texts,
    /// A sentence about it; may be absent.
    pub description: Texts,
    /// The component without which it cannot work.
    pub depends_on: Option<ComponentId>,
    /// Who feeds it: never empty.
    pub feeders: SourceSet,
    /// Whether its heartbeats and rules alone tell how it is: each has a deadline of its own, so it
    /// does not matter when their sources were last heard.
    pub watched: bool,
    /// Only operators see it: `option page '0'`, also of its service.
    pub hidden: bool,
}

/// One `list publish`: an annotation that a component may show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Published {
    /// Whose.
    pub component: ComponentId,
    /// The annotation's name.
    pub annotation: Span,
}

/// `config heartbeat`: a sign of life that a source owes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heartbeat {
    /// The section's name, and the end of the path that it is sent to.
    pub name: Span,
    /// Whose tokens it comes with.
    pub source: SourceId,
    /// What it is about; without one, only operators see it.
    pub component: Option<ComponentId>,
    /// How often it comes.
    pub every: Millis,
    /// How late it may be.
    pub grace: Millis,
    /// How bad it is when it is late, or says that something failed; never [`Severity::Fine`].
    pub severity: Severity,
}

/// What a person may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserRole {
    /// Post updates.
    #[default]
    Operator,
    /// Also export, import and look at private things.
    Admin,
}

/// `config user`.
#[derive(Clone, Copy, Debug, Default)]
pub struct User {
    /// The section's name; may be a pseudonym.
    pub name: Span,
    /// The sites that they may touch, one bit each, by [`SiteId::index`].
    pub sites: u8,
    /// What they may do.
    pub role: UserRole,
}

/// One `list key` of a user.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserKey {
    /// Whose.
    pub user: UserId,
    /// In the form of an `authorized_keys` line without options.
    pub key: Span,
}

macro_rules! config {
    (
        sections { $(
            #[$about:meta]
            $kind:ident $word:literal $list:ident: $row:ty, $limit:ident $(as $store:literal)?, $apply:ident;
        )+ }
        lines { $(
            #[$line_about:meta]
            $line:ident: $line_row:ty, $line_limit:ident $(as $line_store:literal)?;
        )+ }
    ) => {
        /// A validated configuration. All-zero when empty, so that it can live in `.bss`.
        pub struct Config {
            text: String<CONFIG_TEXT_BYTES>,
            /// `config aiglon 'main'`.
            pub main: Main,
            $( #[$about] pub $list: Vec<$row, $limit>, )+
            $( #[$line_about] pub $line: Vec<$line_row, $line_limit>, )+
        }

        impl Config {
            /// The empty configuration, which serves nothing. All-zero.
            pub const fn new() -> Self {
                Self {
                    text: String::new(),
                    main: Main::EMPTY,
                    $( $list: Vec::new(), )+
                    $( $line: Vec::new(), )+
                }
            }

            /// Empties it, in place.
            pub fn clear(&mut self) {
                self.text.clear();
                self.main = Main::EMPTY;
                $( self.$list.clear(); )+
                $( self.$line.clear(); )+
            }

            /// Tells of each store by its name how much it holds, and how much it can hold.
            pub fn stores(&self, tell: &mut dyn FnMut(&'static str, usize, usize)) {
                $( $( tell($store, self.$list.len(), $limit); )? )+
                $( $( tell($line_store, self.$line.len(), $line_limit); )? )+
                tell("text_bytes", self.text.len(), CONFIG_TEXT_BYTES);
            }

            /// How many sections of a type there are.
            fn count(&self, kind: Type) -> u16 {
                let count = match kind {
                    Type::Main => 0,
                    $( Type::$kind => self.$list.len(), )+
                };
                u16::try_from(count).unwrap_or(u16::MAX)
            }

            /// The name of a section; empty for a listener without one.
            fn name_of(&self, section: Section) -> Option<&str> {
                let at = section.at();
                let span = match section.kind {
                    Type::Main => None,
                    $( Type::$kind => self.$list.get(at).map(|row| row.name), )+
                };
                span.map(|span| self.str(span))
            }

            /// Adds a section that says nothing yet; false if there is no room.
            fn declare(&mut self, kind: Type, name: Span) -> bool {
                match kind {
                    Type::Main => true,
                    $( Type::$kind => self.$list.push(<$row>::declared(name)).is_ok(), )+
                }
            }
        }
    };
}

schema::tables!(config);

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// Whether a site tells programs how it is in this way.
    pub fn publishes(&self, site: SiteId, output: Output) -> bool {
        self.sites.get(site.index()).is_some_and(|site| site.publish_as.has(output))
    }

    /// The names of all sections of a type.
    fn names(&self, kind: Type) -> impl Iterator<Item = &str> {
        (0..self.count(kind)).filter_map(move |index| self.name_of(Section { kind, index }))
    }

    /// Whether a section of a type has this name.
    fn has_name(&self, kind: Type, name: &str) -> bool {
        self.names(kind).any(|known| known == name)
    }

    /// Adds a text; `None` if there is no room. No reference is checked: who changes a
    /// configuration sees to it.
    pub fn intern(&mut self, text: &str) -> Option<Span> {
        let start = self.text.len();
        self.text.push_str(text).ok()?;
        Span::new(start, self.text.len())
    }

    /// What a span of this configuration says.
    pub fn str(&self, span: Span) -> &str {
        span.of(&self.text)
    }

    /// Whether that is what a span says. Most are told apart by their length.
    pub fn is(&self, span: Span, text: &str) -> bool {
        span.len() == text.len() && self.str(span) == text
    }

    /// A text in `lang`, else in no language; empty if absent. Work is linear in the languages that
    /// the text has.
    pub fn text(&self, texts: &Texts, lang: Lang) -> &str {
        let own = self.translation(*texts, lang).and_then(|at| self.translations.get(at));
        let own = own.map(|row| row.text).filter(|text| !text.is_empty());
        self.str(own.unwrap_or(texts.default))
    }

    /// The row of a text in `lang`.
    fn translation(&self, texts: Texts, lang: Lang) -> Option<usize> {
        let mut next = texts.last;
        loop {
            let at = usize::from(next).checked_sub(1)?;
            let row = self.translations.get(at)?;
            if row.lang == lang {
                return Some(at);
            }
            next = row.before;
        }
    }

    /// Gives a text in `lang`; false if there is no room. As [`Config::intern`], it checks nothing.
    #[must_use]
    pub fn translate(&mut self, texts: &mut Texts, lang: Lang, text: Span) -> bool {
        if let Some(row) = self.translation(*texts, lang).and_then(|at| self.translations.get_mut(at)) {
            row.text = text;
            return true;
        }
        let fits = self.translations.push(Translation { lang, before: texts.last, text }).is_ok();
        if fits {
            texts.last = u16::try_from(self.translations.len()).unwrap_or(0);
        }
        fits
    }

    /// The services of a site, in the order of the file.
    pub fn services_of(&self, site: SiteId) -> impl Iterator<Item = (ServiceId, &Service)> {
        let here = self.services.iter().zip(0u16..).filter(move |(service, _)| service.site == site);
        here.map(|(service, id)| (ServiceId(id), service))
    }

    /// The components of a service, in the order of the file.
    pub fn components_of(&self, service: ServiceId) -> impl Iterator<Item = (ComponentId, &Component)> {
        let its = self.components.iter().zip(0u16..).filter(move |(part, _)| part.service == service);
        its.map(|(part, id)| (ComponentId(id), part))
    }

    /// The components of a site, of whichever service, in the order of the file.
    pub fn parts_at(&self, site: SiteId) -> impl Iterator<Item = ComponentId> + '_ {
        let ids = self.components.iter().zip(0u16..).map(|(_, id)| ComponentId(id));
        ids.filter(move |&id| self.site_of(id) == Some(site))
    }

    /// The sources that push to a site.
    pub fn pushers_of(&self, site: SiteId) -> impl Iterator<Item = (SourceId, &Source)> {
        let theirs = self.sources.iter().zip(0u16..).map(|(source, id)| (SourceId(id), source));
        theirs.filter(move |(_, source)| source.site == site && source.scope == Scope::Push)
    }

    /// The heartbeats, by their ids.
    pub fn heartbeats(&self) -> impl Iterator<Item = (HeartbeatId, &Heartbeat)> {
        self.heartbeats.iter().zip(0u16..).map(|(row, id)| (HeartbeatId(id), row))
    }

    /// The heartbeat of a name that a source owes.
    pub fn heartbeat(&self, source: SourceId, name: &str) -> Option<HeartbeatId> {
        let mut owed = self.heartbeats().filter(|(_, row)| row.source == source && self.is(row.name, name));
        owed.next().map(|(id, _)| id)
    }

    /// Whether no page tells of a component (`option page '0'`, of it or of its service).
    pub fn is_hidden(&self, component: ComponentId) -> bool {
        self.components.get(component.index()).is_some_and(|part| part.hidden)
    }

    /// Whether no page tells of what concerns these components of a service, or (`whole`) all of
    /// it. What concerns nothing that is still named is told nowhere: nobody knows any more
    /// whether a component that is gone was hidden.
    pub fn hides(&self, service: ServiceId, components: ComponentSet, whole: bool) -> bool {
        let is_shown = self.services.get(service.index()).is_some_and(|service| !service.hidden);
        !(whole && is_shown) && components.iter().all(|id| self.is_hidden(id))
    }

    /// The site on which a component stands.
    pub fn site_of(&self, component: ComponentId) -> Option<SiteId> {
        let service = self.components.get(component.index())?.service;
        Some(self.services.get(service.index())?.site)
    }
}
