//! The section types and their options.

use crate::limits::{COMPONENTS, HEARTBEATS, LISTENERS, RULES, SERVICES, SITES, SOURCES, USERS};
use crate::model::Lang;

/// The lists of a configuration, as rows for the macro of the name `$with`.
///
/// A row of `sections` has a [`Type`], its word in the file, its list in the
/// [`Config`](super::Config), the type and the limit of this list, its name among the stores of
/// `/metrics` if it has one there, and the method of the loader that reads its options. The type
/// of the list has a function `declared`. It makes the row of a section that says nothing yet.
///
/// A row of `lines` has the list of an option that may stand several times.
macro_rules! tables {
    ($with:ident) => {
        $with! {
            sections {
                /// `config listen`.
                Listen "listen" listeners: Listener, LISTENERS, apply_listen;
                /// `config site`.
                Site "site" sites: Site, SITES as "sites", apply_site;
                /// `config source`.
                Source "source" sources: Source, SOURCES as "sources", apply_source;
                /// `config service`.
                Service "service" services: Service, SERVICES as "services", apply_service;
                /// `config component`.
                Component "component" components: Component, COMPONENTS as "components", apply_component;
                /// `config heartbeat`.
                Heartbeat "heartbeat" heartbeats: Heartbeat, HEARTBEATS as "heartbeats", apply_heartbeat;
                /// `config rule`.
                Rule "rule" rules: rule::Rule, RULES as "rules", apply_rule;
                /// `config user`.
                User "user" users: User, USERS, apply_user;
            }
            lines {
                /// `list ssh`: where the SSH server listens; empty if there is none.
                ssh: SocketAddr, SSH_ADDRESSES;
                /// `list host` of every site.
                hosts: HostName, HOSTS;
                /// `list token` of every source.
                tokens: Token, TOKENS as "tokens";
                /// `list ignore` of every source.
                ignores: Ignore, IGNORES as "ignores";
                /// `list match` of every component.
                matches: matcher::Match, MATCHES as "matches";
                /// Texts in one language, of all sections.
                translations: Translation, TRANSLATIONS as "translations";
                /// The terms of every match, and of every ignore.
                terms: matcher::Term, TERMS as "match_terms";
                /// `list publish` of every component.
                published: Published, PUBLISHED;
                /// `list expect` of every rule.
                expected: rule::Expected, EXPECTED as "expected";
                /// `list key` of every user.
                user_keys: UserKey, USER_KEYS;
            }
        }
    };
}
pub(super) use tables;

/// `, b, c and d`.
macro_rules! and {
    ($last:literal) => { concat!(" and ", $last) };
    ($next:literal $($rest:literal)+) => { concat!(", ", $next, and!($($rest)+)) };
}

macro_rules! types {
    (
        sections { $(
            #[$doc:meta]
            $kind:ident $word:literal $list:ident: $row:ty, $limit:ident $(as $store:literal)?, $apply:ident;
        )+ }
        lines $lines:tt
    ) => {
        /// A section type, as a row of [`TYPES`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Type {
            Main,
            $( $kind, )+
        }

        /// All section types, for a person.
        pub(super) const TYPE_NAMES: &str = concat!("aiglon", and!($($word)+));

        /// All section types, in the order of [`Type`].
        pub(super) static TYPES: [TypeRow; Type::COUNT] = [
            TypeRow { kind: Type::Main, name: "aiglon", plural: "sections 'config aiglon'", limit: 1 },
            $( TypeRow {
                kind: Type::$kind,
                name: $word,
                plural: concat!("sections 'config ", $word, "' (", stringify!($limit), ")"),
                limit: $limit,
            }, )+
        ];

        impl Type {
            const COUNT: usize = [Self::Main, $( Self::$kind ),+].len();
        }

        /// All sections that there can be.
        pub(super) const SECTIONS: usize = 1 $( + $limit )+;
    };
}

tables!(types);

/// What there is to know about a section type.
pub(super) struct TypeRow {
    pub(super) kind: Type,
    pub(super) name: &'static str,
    pub(super) plural: &'static str,
    pub(super) limit: usize,
}

/// A section of the configuration: its type, and its position among those of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) kind: Type,
    pub(super) index: u16,
}

impl Section {
    pub(super) fn at(self) -> usize {
        usize::from(self.index)
    }

    /// Its place among [`SECTIONS`], by type.
    pub(super) fn place(self) -> usize {
        let before = TYPES.iter().take(self.kind as usize);
        before.fold(self.at(), |sum, row| sum.saturating_add(row.limit))
    }
}

impl Type {
    /// Its row in [`TYPES`].
    pub(super) fn row(self) -> Option<&'static TypeRow> {
        TYPES.get(self as usize)
    }
    /// The word in the file.
    pub(super) fn name(self) -> &'static str {
        self.row().map_or("", |row| row.name)
    }
}

/// What an option sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Enabled,
    StateDir,
    ResolveAfter,
    DefaultSeverity,
    Clock,
    JournalSize,
    Console,
    ConsoleGroup,
    Ssh,
    Edge,
    Address,
    Serve,
    Plaintext,
    PathPrefix,
    Visibility,
    Host,
    Title,
    Intro,
    Contact,
    ContactUrl,
    Lang,
    Timezone,
    Times,
    SecretPath,
    RetainDays,
    Settle,
    Grouping,
    NoDataAfter,
    PublishAs,
    Site,
    Token,
    Scope,
    SilentAfter,
    Resync,
    RepeatWithin,
    Ignore,
    Description,
    Label,
    Url,
    Page,
    Service,
    Match,
    Publish,
    DependsOn,
    Source,
    Component,
    Every,
    Grace,
    Severity,
    Measurement,
    Compared,
    Unit,
    Above,
    Below,
    Equals,
    Outside,
    Clear,
    For,
    Aggregate,
    Of,
    Expect,
    Absent,
    Text,
    Role,
    Key,
}

/// How an option is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Once.
    One,
    /// Once in no language, and once in each language: `title`, `title_fr`.
    Text,
    /// Any number of times.
    Many,
}

/// An option that a section type has.
pub(super) struct OptionRow {
    pub(super) section: Type,
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) field: Field,
    /// What a section without it is told; empty if it may be absent.
    pub(super) required: &'static str,
}

const fn row(section: Type, name: &'static str, shape: Shape, field: Field) -> OptionRow {
    OptionRow { section, name, shape, field, required: "" }
}

const fn must(
    section: Type,
    name: &'static str,
    shape: Shape,
    field: Field,
    required: &'static str,
) -> OptionRow {
    OptionRow { section, name, shape, field, required }
}

const SAY_SITE: &str = "say which site it belongs to, with option site 'name'";

/// All options.
pub(super) static OPTIONS: [OptionRow; 78] = [
    row(Type::Main, "enabled", Shape::One, Field::Enabled),
    row(Type::Main, "state_dir", Shape::One, Field::StateDir),
    row(Type::Main, "resolve_after", Shape::One, Field::ResolveAfter),
    row(Type::Main, "default_severity", Shape::One, Field::DefaultSeverity),
    row(Type::Main, "clock", Shape::One, Field::Clock),
    row(Type::Main, "journal_size", Shape::One, Field::JournalSize),
    row(Type::Main, "console", Shape::One, Field::Console),
    row(Type::Main, "console_group", Shape::One, Field::ConsoleGroup),
    row(Type::Main, "ssh", Shape::Many, Field::Ssh),
    row(Type::Main, "edge", Shape::One, Field::Edge),
    must(
        Type::Listen,
        "address",
        Shape::One,
        Field::Address,
        "write one, as option address '127.0.0.1:8080'",
    ),
    must(
        Type::Listen,
        "serve",
        Shape::Many,
        Field::Serve,
        "write one list serve each of 'page', 'ingest' or 'metrics'",
    ),
    row(Type::Listen, "plaintext", Shape::One, Field::Plaintext),
    row(Type::Listen, "path_prefix", Shape::One, Field::PathPrefix),
    row(Type::Site, "visibility", Shape::One, Field::Visibility),
    row(Type::Site, "host", Shape::Many, Field::Host),
    row(Type::Site, "url", Shape::One, Field::Url),
    row(Type::Site, "title", Shape::Text, Field::Title),
    row(Type::Site, "intro", Shape::Text, Field::Intro),
    row(Type::Site, "contact", Shape::Text, Field::Contact),
    row(Type::Site, "contact_url", Shape::One, Field::ContactUrl),
    row(Type::Site, "lang", Shape::One, Field::Lang),
    row(Type::Site, "timezone", Shape::One, Field::Timezone),
    row(Type::Site, "times", Shape::One, Field::Times),
    row(Type::Site, "secret_path", Shape::One, Field::SecretPath),
    row(Type::Site, "retain_days", Shape::One, Field::RetainDays),
    row(Type::Site, "settle", Shape::One, Field::Settle),
    row(Type::Site, "grouping", Shape::One, Field::Grouping),
    row(Type::Site, "no_data_after", Shape::One, Field::NoDataAfter),
    row(Type::Site, "publish_as", Shape::Many, Field::PublishAs),
    must(Type::Source, "site", Shape::One, Field::Site, SAY_SITE),
    must(Type::Source, "token", Shape::Many, Field::Token, "run `aiglon token` and paste its second line"),
    row(Type::Source, "scope", Shape::One, Field::Scope),
    row(Type::Source, "silent_after", Shape::One, Field::SilentAfter),
    row(Type::Source, "resync", Shape::One, Field::Resync),
    row(Type::Source, "repeat_within", Shape::One, Field::RepeatWithin),
    row(Type::Source, "ignore", Shape::Many, Field::Ignore),
    must(Type::Service, "site", Shape::One, Field::Site, SAY_SITE),
    row(Type::Service, "name", Shape::Text, Field::Title),
    row(Type::Service, "description", Shape::Text, Field::Description),
    row(Type::Service, "label", Shape::One, Field::Label),
    row(Type::Service, "url", Shape::One, Field::Url),
    row(Type::Service, "page", Shape::One, Field::Page),
    must(
        Type::Component,
        "service",
        Shape::One,
        Field::Service,
        "say which service it is a part of, with option service 'name'",
    ),
    row(Type::Component, "name", Shape::Text, Field::Title),
    row(Type::Component, "description", Shape::Text, Field::Description),
    row(Type::Component, "label", Shape::One, Field::Label),
    row(Type::Component, "page", Shape::One, Field::Page),
    row(Type::Component, "match", Shape::Many, Field::Match),
    row(Type::Component, "publish", Shape::Many, Field::Publish),
    row(Type::Component, "depends_on", Shape::One, Field::DependsOn),
    row(Type::Component, "source", Shape::Many, Field::Source),
    must(
        Type::Heartbeat,
        "source",
        Shape::One,
        Field::Source,
        "say whose token it comes with, with option source 'name'",
    ),
    row(Type::Heartbeat, "component", Shape::One, Field::Component),
    must(Type::Heartbeat, "every", Shape::One, Field::Every, "say how often it comes, as option every '24h'"),
    row(Type::Heartbeat, "grace", Shape::One, Field::Grace),
    row(Type::Heartbeat, "severity", Shape::One, Field::Severity),
    must(
        Type::Rule,
        "source",
        Shape::One,
        Field::Source,
        "say whose samples it looks at, with option source 'name'",
    ),
    row(Type::Rule, "component", Shape::One, Field::Component),
    row(Type::Rule, "severity", Shape::One, Field::Severity),
    row(Type::Rule, "text", Shape::Text, Field::Text),
    must(
        Type::Rule,
        "measurement",
        Shape::One,
        Field::Measurement,
        "say what is measured, as option measurement 'ping'",
    ),
    row(Type::Rule, "field", Shape::One, Field::Compared),
    row(Type::Rule, "match", Shape::One, Field::Match),
    row(Type::Rule, "unit", Shape::One, Field::Unit),
    row(Type::Rule, "above", Shape::One, Field::Above),
    row(Type::Rule, "below", Shape::One, Field::Below),
    row(Type::Rule, "equals", Shape::One, Field::Equals),
    row(Type::Rule, "outside", Shape::One, Field::Outside),
    row(Type::Rule, "clear", Shape::One, Field::Clear),
    row(Type::Rule, "for", Shape::One, Field::For),
    row(Type::Rule, "aggregate", Shape::One, Field::Aggregate),
    row(Type::Rule, "of", Shape::One, Field::Of),
    row(Type::Rule, "expect", Shape::Many, Field::Expect),
    row(Type::Rule, "absent", Shape::One, Field::Absent),
    must(
        Type::User,
        "site",
        Shape::Many,
        Field::Site,
        "say which sites they may touch, with list site 'name'",
    ),
    row(Type::User, "role", Shape::One, Field::Role),
    row(Type::User, "key", Shape::Many, Field::Key),
];

/// The options that one section can have, in all languages.
pub(super) const SECTION_OPTIONS: usize = 20 + 3 * Lang::ALL.len();

/// What the name of an option leads to.
pub(super) enum FoundOption {
    /// An option, perhaps in a language.
    Option(&'static OptionRow, Option<Lang>),
    /// A text in a language that we do not speak.
    UnknownLang,
    /// A text in a language that we speak, and this build does not.
    LangLeftOut,
    /// Nothing.
    Unknown,
}

/// Looks an option up.
pub(super) fn find(section: Type, name: &str) -> FoundOption {
    if let Some(row) = of(section).find(|row| row.name == name) {
        return FoundOption::Option(row, None);
    }
    let base = |row: &&OptionRow| row.shape == Shape::Text && suffix(name, row.name).is_some();
    let Some(row) = of(section).find(base) else { return FoundOption::Unknown };
    let tag = suffix(name, row.name).unwrap_or("");
    match Lang::ALL.into_iter().find(|lang| lang.tag() == tag) {
        Some(lang) => FoundOption::Option(row, Some(lang)),
        None if Lang::LEFT_OUT.split(' ').any(|left_out| left_out == tag && !tag.is_empty()) => {
            FoundOption::LangLeftOut
        }
        None => FoundOption::UnknownLang,
    }
}

fn suffix<'a>(name: &'a str, base: &str) -> Option<&'a str> {
    name.strip_prefix(base)?.strip_prefix('_')
}

/// The options of a section type.
pub(super) fn of(section: Type) -> impl Iterator<Item = &'static OptionRow> {
    OPTIONS.iter().filter(move |row| row.section == section)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_tables_agree() {
        for (index, row) in TYPES.iter().enumerate() {
            assert_eq!(row.kind as usize, index);
        }
        assert_eq!(TYPE_NAMES, "aiglon, listen, site, source, service, component, heartbeat, rule and user");
        assert_eq!(Type::User.row().unwrap().plural, "sections 'config user' (USERS)");
        for kind in TYPES.iter().map(|row| row.kind) {
            let texts = of(kind).filter(|row| row.shape == Shape::Text).count();
            assert!(of(kind).count() + texts * Lang::ALL.len() <= SECTION_OPTIONS);
            // An option is known by its field.
            assert!(of(kind).all(|row| of(kind).filter(|other| other.field == row.field).count() == 1));
        }
        let last = Section { kind: Type::User, index: u16::try_from(USERS).unwrap() - 1 };
        assert_eq!(last.place(), SECTIONS - 1);
        for row in &OPTIONS {
            assert!(
                matches!(find(row.section, row.name), FoundOption::Option(found, None) if core::ptr::eq(found, row))
            );
        }
    }

    #[test]
    fn texts_have_languages() {
        let lang = |name| match find(Type::Site, name) {
            FoundOption::Option(row, lang) => (row.name, lang.map(Lang::tag)),
            FoundOption::UnknownLang | FoundOption::LangLeftOut => ("?", None),
            FoundOption::Unknown => ("", None),
        };
        assert_eq!(lang("title"), ("title", None));
        assert_eq!(lang("title_fr"), ("title", Some("fr")));
        assert_eq!(lang("intro_ar"), ("intro", Some("ar")));
        assert_eq!(lang("contact_ar"), ("contact", Some("ar")));
        assert_eq!(lang("contact_url"), ("contact_url", None));
        assert_eq!(lang("secret_path"), ("secret_path", None));
        assert_eq!(lang("title_xx"), ("?", None));
        assert_eq!(lang("title_"), ("?", None));
        assert_eq!(lang("title_fr_BE"), ("?", None));
        assert_eq!(lang("host_fr"), ("", None));
        assert_eq!(lang("titlefr"), ("", None));
        for tag in Lang::LEFT_OUT.split_whitespace() {
            let name = std::format!("title_{tag}");
            assert!(matches!(find(Type::Site, &name), FoundOption::LangLeftOut), "{name}");
        }
        assert_eq!(lang("name"), ("", None));
    }
}
