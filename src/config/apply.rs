//! From the value of one option to a field of the `Config`.

use super::loader::{Loader, NO_SERVICE, NO_SITE, NO_SOURCE, Value, low, push};
use super::problem::ProblemKind;
use super::schema::{Field, Type, tables};
use super::values::SEVERITIES;
use super::{
    Address, Clock, Component, Edge, Heartbeat, Ignore, Listener, ListenerRoles, Published, Scope, Service,
    Site, Source, Texts, Times, User, UserRole, Visibility, machine, matcher, units,
};
use crate::limits::{
    CONTACT_BYTES, JOURNAL_BYTES_MAX, JOURNAL_BYTES_MIN, RETAIN_DAYS, SILENT_SECS_MIN, SITE_URL_BYTES,
};
use crate::model::{ComponentId, Lang, ServiceId, Severity, SiteId, SourceId};
use crate::text::number::natural;
use crate::text::{Span, near};
use crate::time::Millis;

/// What `journal_size` may be.
const JOURNAL_SIZES: core::ops::RangeInclusive<u32> = JOURNAL_BYTES_MIN..=JOURNAL_BYTES_MAX;

impl Loader<'_, '_> {
    /// Sets the field, or tells what is wrong with the value.
    pub(super) fn apply(&mut self, value: &Value<'_>) {
        macro_rules! by_type {
            (
                sections { $(
                    #[$doc:meta]
                    $kind:ident $word:literal $list:ident: $row:ty, $limit:ident $(as $store:literal)?, $apply:ident;
                )+ }
                lines $lines:tt
            ) => {
                match value.section.kind {
                    Type::Main => self.apply_main(value),
                    $( Type::$kind => self.$apply(value), )+
                }
            };
        }
        tables!(by_type);
    }

    fn apply_main(&mut self, value: &Value<'_>) {
        match value.row.field {
            // It is for whoever starts the daemon.
            Field::Enabled if units::boolean(value.text).is_none() => {
                self.problems.add(value.odd(ProblemKind::BadBoolean));
            }
            Field::StateDir => {
                if !units::absolute(value.text) {
                    return self.problems.add(value.odd(ProblemKind::BadPath).known("/etc/aiglon"));
                }
                self.config.main.state_dir = self.keep(value.text);
            }
            Field::ResolveAfter => {
                let span = self.duration(value);
                self.config.main.resolve_after = span;
            }
            Field::DefaultSeverity => match Severity::from_word(value.text) {
                Some(Severity::Fine) => self.problems.add(value.odd(ProblemKind::FineSeverity)),
                Some(severity) => self.config.main.default_severity = severity,
                None => self.bad_word(value, SEVERITIES),
            },
            Field::Clock => match self.choice(value, "trust and ntp") {
                0 => self.config.main.clock = Clock::Trust,
                _ => self.config.main.clock = Clock::Ntp,
            },
            Field::JournalSize => {
                match units::bytes(value.text).filter(|size| JOURNAL_SIZES.contains(size)) {
                    Some(size) => self.config.main.journal_size = size,
                    None => self.problems.add(value.odd(ProblemKind::BadSize).known("16k to 256k")),
                }
            }
            Field::Console => self.config.main.console = self.console(value),
            Field::ConsoleGroup if !units::group(value.text) => {
                self.problems.add(value.odd(ProblemKind::BadGroup));
            }
            Field::ConsoleGroup => {
                let group = self.keep(value.text);
                self.config.main.console_group = group;
            }
            Field::Ssh => self.ssh(value),
            Field::Edge => match units::boolean(value.text) {
                Some(true) => self.config.main.edge = Edge::Yes,
                Some(false) => self.config.main.edge = Edge::No,
                None => self.problems.add(value.odd(ProblemKind::BadBoolean)),
            },
            _ => {}
        }
    }

    fn apply_listen(&mut self, value: &Value<'_>) {
        let at = value.section.at();
        match value.row.field {
            Field::Address => {
                let (name, address) = match machine::network(value.text) {
                    Some((name, address)) => (name, Some(Address::Tcp(address))),
                    None => ("", self.address(value)),
                };
                let Some(address) = address else { return };
                let same = |row: &Listener| match (row.address, address) {
                    (Address::Tcp(one), Address::Tcp(other)) => {
                        one == other && self.config.str(row.network) == name
                    }
                    (Address::Unix(one), Address::Unix(other)) => {
                        self.config.str(one) == self.config.str(other)
                    }
                    _ => false,
                };
                if self.config.listeners.iter().any(same) {
                    self.problems.add(value.odd(ProblemKind::Duplicate));
                }
                let network = self.keep(name);
                if let Some(row) = self.config.listeners.get_mut(at) {
                    (row.address, row.network) = (address, network);
                }
            }
            Field::Serve => {
                let role = self.choice(value, "page, ingest and metrics");
                let Some(row) = self.config.listeners.get_mut(at) else { return };
                match role {
                    0 => row.serve.page = true,
                    1 => row.serve.ingest = true,
                    _ => row.serve.metrics = true,
                }
            }
            Field::Plaintext => match (units::boolean(value.text), self.config.listeners.get_mut(at)) {
                (Some(plaintext), Some(row)) => row.plaintext = plaintext,
                _ => self.problems.add(value.odd(ProblemKind::BadBoolean)),
            },
            Field::PathPrefix => {
                let Some(prefix) = units::path_prefix(value.text) else {
                    return self.problems.add(value.odd(ProblemKind::BadPath).known("/status"));
                };
                let prefix = self.keep(prefix);
                if let Some(row) = self.config.listeners.get_mut(at) {
                    row.path_prefix = prefix;
                }
            }
            _ => {}
        }
    }

    fn apply_site(&mut self, value: &Value<'_>) {
        let at = value.section.at();
        match value.row.field {
            Field::Visibility => {
                let choice = self.choice(value, "local, unlisted and public");
                if let Some(row) = self.config.sites.get_mut(at) {
                    row.visibility = match choice {
                        0 => Visibility::Local,
                        1 => Visibility::Unlisted,
                        _ => Visibility::Public,
                    };
                }
            }
            Field::Host => self.host(value),
            Field::Url => {
                let Some(url) = units::site_url(value.text) else {
                    return self.problems.add(value.odd(ProblemKind::BadSiteUrl).limit(SITE_URL_BYTES));
                };
                let url = self.keep(url);
                if let Some(row) = self.config.sites.get_mut(at) {
                    row.url = url;
                }
            }
            Field::PublishAs => self.publish_as(value),
            Field::Title => self.texts(value, |config, at| Some(&mut config.sites.get_mut(at)?.title)),
            Field::Intro => self.texts(value, |config, at| Some(&mut config.sites.get_mut(at)?.intro)),
            Field::Contact | Field::ContactUrl if value.text.len() > CONTACT_BYTES => {
                self.problems.add(value.wrong(ProblemKind::TooLong).limit(CONTACT_BYTES));
            }
            Field::Contact => self.texts(value, |config, at| Some(&mut config.sites.get_mut(at)?.contact)),
            Field::ContactUrl if !units::contact(value.text) => {
                self.problems.add(value.odd(ProblemKind::BadContact));
            }
            Field::ContactUrl => {
                let url = self.keep(value.text);
                if let Some(row) = self.config.sites.get_mut(at) {
                    row.contact_url = url;
                }
            }
            Field::RetainDays => {
                let days = natural(value.text).and_then(|days| u8::try_from(days).ok());
                let days = days.filter(|days| (1..=RETAIN_DAYS).contains(days));
                match (days, self.config.sites.get_mut(at)) {
                    (Some(days), Some(row)) => row.retain_days = days,
                    _ => self.problems.add(value.odd(ProblemKind::BadDays).limit(usize::from(RETAIN_DAYS))),
                }
            }
            Field::Settle | Field::Grouping | Field::NoDataAfter => {
                let span = self.duration(value);
                if let Some(row) = self.config.sites.get_mut(at) {
                    match value.row.field {
                        Field::Settle => row.settle = span,
                        Field::Grouping => row.grouping = span,
                        _ => row.no_data_after = span,
                    }
                }
            }
            Field::Lang => {
                let Some(lang) =
                    Lang::ALL.into_iter().find(|lang| lang.tag().eq_ignore_ascii_case(value.text))
                else {
                    let near = near::nearest(value.text, &mut Lang::ALL.iter().map(|lang| lang.tag()));
                    return self.problems.add(value.odd(ProblemKind::BadLang).instead(near));
                };
                if let Some(row) = self.config.sites.get_mut(at) {
                    row.lang = lang;
                }
            }
            Field::Timezone => self.timezone(value),
            Field::Times => {
                let choice = self.choice(value, "exact, hour and day");
                if let Some(row) = self.config.sites.get_mut(at) {
                    row.times = match choice {
                        0 => Times::Exact,
                        1 => Times::Hour,
                        _ => Times::Day,
                    };
                }
            }
            Field::SecretPath => {
                if !units::secret(value.text) {
                    return self.problems.add(value.wrong(ProblemKind::SecretWeak));
                }
                let path = self.keep(value.text);
                if let Some(row) = self.config.sites.get_mut(at) {
                    row.secret_path = path;
                }
            }
            _ => {}
        }
    }

    fn apply_source(&mut self, value: &Value<'_>) {
        let at = value.section.at();
        match value.row.field {
            Field::Site => {
                let site = self.refer(value, Type::Site).map_or(NO_SITE, |index| SiteId(low(index)));
                if let Some(row) = self.config.sources.get_mut(at) {
                    row.site = site;
                }
            }
            Field::Token => self.token(value),
            Field::Scope => {
                let choice = self.choice(value, "push and read");
                if let Some(row) = self.config.sources.get_mut(at) {
                    row.scope = if choice == 0 { Scope::Push } else { Scope::Read };
                }
            }
            Field::Ignore => {
                let Some((first, count)) = self.terms(value) else { return };
                let terms = matcher::Match { component: ComponentId(0), first, count };
                let row = Ignore { source: SourceId(value.section.index), terms };
                push(self, |config| &mut config.ignores, row, value.line, "lines 'list ignore' (IGNORES)");
            }
            field => {
                let span = self.duration(value);
                if field == Field::SilentAfter && span.0 != 0 && span < Millis::from_secs(SILENT_SECS_MIN) {
                    self.problems.add(value.wrong(ProblemKind::SilentShort));
                }
                if let Some(row) = self.config.sources.get_mut(at) {
                    match field {
                        Field::SilentAfter => row.silent_after = span,
                        Field::Resync => row.resync = span,
                        _ => row.repeat_within = span,
                    }
                }
            }
        }
    }

    fn apply_service(&mut self, value: &Value<'_>) {
        let at = value.section.at();
        match value.row.field {
            Field::Site => {
                let site = self.refer(value, Type::Site).map_or(NO_SITE, |index| SiteId(low(index)));
                if let Some(row) = self.config.services.get_mut(at) {
                    row.site = site;
                }
            }
            Field::Title => self.texts(value, |config, at| Some(&mut config.services.get_mut(at)?.title)),
            Field::Description => {
                self.texts(value, |config, at| Some(&mut config.services.get_mut(at)?.description));
            }
            Field::Url if !units::url(value.text) => self.problems.add(value.odd(ProblemKind::BadUrl)),
            Field::Page => match (units::boolean(value.text), self.config.services.get_mut(at)) {
                (Some(page), Some(row)) => row.hidden = !page,
                _ => self.problems.add(value.odd(ProblemKind::BadBoolean)),
            },
            field => {
                let span = self.keep(value.text);
                if let Some(row) = self.config.services.get_mut(at) {
                    match field {
                        Field::Url => row.url = span,
                        _ => row.label = span,
                    }
                }
            }
        }
    }

    fn apply_component(&mut self, value: &Value<'_>) {
        let at = value.section.at();
        match value.row.field {
            Field::Service => {
                let service = self.refer(value, Type::Service).map_or(NO_SERVICE, ServiceId);
                if let Some(row) = self.config.components.get_mut(at) {
                    row.service = service;
                }
            }
            Field::Title => self.texts(value, |config, at| Some(&mut config.components.get_mut(at)?.title)),
            Field::Description => {
                self.texts(value, |config, at| Some(&mut config.components.get_mut(at)?.description));
            }
            Field::Label => {
                let label = self.keep(value.text);
                if let Some(row) = self.config.components.get_mut(at) {
                    row.label = label;
                }
            }
            Field::Page => match (units::boolean(value.text), self.config.components.get_mut(at)) {
                (Some(page), Some(row)) => row.hidden = !page,
                _ => self.problems.add(value.odd(ProblemKind::BadBoolean)),
            },
            Field::Match => self.matcher(value),
            Field::Publish => {
                if !value.text.chars().all(matcher::is_name) {
                    return self.problems.add(value.odd(ProblemKind::BadPublish));
                }
                let annotation = self.keep(value.text);
                let row = Published { component: ComponentId(value.section.index), annotation };
                push(
                    self,
                    |config| &mut config.published,
                    row,
                    value.line,
                    "lines 'list publish' (PUBLISHED)",
                );
            }
            Field::DependsOn => {
                let other = self.refer(value, Type::Component).map(ComponentId);
                if let Some(row) = self.config.components.get_mut(at) {
                    row.depends_on = other;
                }
            }
            Field::Source => {
                let source = self.refer(value, Type::Source).map(SourceId);
                if let (Some(source), Some(row)) = (source, self.config.components.get_mut(at)) {
                    row.feeders.insert(source);
                }
            }
            _ => {}
        }
    }

    fn apply_heartbeat(&mut self, value: &Value<'_>) {
        let mut row = self.config.heartbeats.get(value.section.at()).copied().unwrap_or_default();
        match value.row.field {
            Field::Source => {
                row.source = self.refer(value, Type::Source).map_or(NO_SOURCE, SourceId);
            }
            Field::Component => row.component = self.refer(value, Type::Component).map(ComponentId),
            Field::Severity => {
                if let Some(severity) = self.severity(value) {
                    row.severity = severity;
                }
            }
            Field::Every => row.every = self.duration(value),
            _ => row.grace = self.duration(value),
        }
        if let Some(place) = self.config.heartbeats.get_mut(value.section.at()) {
            *place = row;
        }
    }

    fn apply_user(&mut self, value: &Value<'_>) {
        let at = value.section.at();
        match value.row.field {
            Field::Site => {
                let site = self.refer(value, Type::Site);
                if let (Some(site), Some(row)) = (site, self.config.users.get_mut(at)) {
                    row.sites |= 1u8.wrapping_shl(u32::from(site));
                }
            }
            Field::Role => {
                let choice = self.choice(value, "operator and admin");
                if let Some(row) = self.config.users.get_mut(at) {
                    row.role = if choice == 0 { UserRole::Operator } else { UserRole::Admin };
                }
            }
            Field::Key => self.key(value),
            _ => {}
        }
    }
}

// ---- sections that say nothing yet --------------------------------------------------------------

/// A text for people without any of its own: the name of the section.
fn named(name: Span) -> Texts {
    Texts::new(name)
}

impl Listener {
    pub(super) fn declared(name: Span) -> Self {
        let (address, serve) = (Address::Unix(Span::EMPTY), ListenerRoles::default());
        Self { name, address, network: Span::EMPTY, serve, plaintext: false, path_prefix: Span::EMPTY }
    }
}

impl Site {
    pub(super) fn declared(name: Span) -> Self {
        Self {
            name,
            title: named(name),
            retain_days: RETAIN_DAYS,
            settle: Millis::from_mins(5),
            grouping: Millis::from_mins(60),
            no_data_after: Millis::from_mins(15),
            ..Self::default()
        }
    }
}

impl Source {
    pub(super) fn declared(name: Span) -> Self {
        Self {
            name,
            site: NO_SITE,
            scope: Scope::Push,
            silent_after: Millis::from_mins(5),
            resync: Millis::from_mins(5),
            repeat_within: Millis::from_mins(270),
        }
    }
}

impl Service {
    pub(super) fn declared(name: Span) -> Self {
        Self { name, label: name, site: NO_SITE, title: named(name), ..Self::default() }
    }
}

impl Component {
    pub(super) fn declared(name: Span) -> Self {
        Self { name, label: name, service: NO_SERVICE, title: named(name), ..Self::default() }
    }
}

impl Heartbeat {
    pub(super) fn declared(name: Span) -> Self {
        Self { name, source: NO_SOURCE, severity: Severity::Outage, ..Self::default() }
    }
}

impl User {
    pub(super) fn declared(name: Span) -> Self {
        Self { name, ..Self::default() }
    }
}
