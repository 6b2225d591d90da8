//! From the value of one option to a field of the [`Config`].

use core::net::SocketAddr;

use heapless::Vec;

use super::load::{Loader, NO_SERVICE, NO_SITE, NO_SOURCE, Section};
use super::problem::{Kind, Mistake};
use super::schema::{Field, OptionRow, Type};
use super::{
    Address, Clock, Config, Console, Host, Ignore, Listener, Published, Role, Scope, Token, UserKey,
    Visibility, credential, matcher, units,
};
use crate::limits::{JOURNAL_BYTES_MAX, JOURNAL_BYTES_MIN, RETAIN_DAYS, SILENT_SECS_MIN, UNIX_PATH_BYTES};
use crate::model::{ComponentId, Lang, ServiceId, Severity, SiteId, SourceId, UserId};
use crate::text::{Span, near};
use crate::time::Millis;
use crate::time::tz::Tz;

/// What `journal_size` may be.
const JOURNAL_SIZES: core::ops::RangeInclusive<u32> = JOURNAL_BYTES_MIN..=JOURNAL_BYTES_MAX;

/// What `default_severity` may be.
const SEVERITIES: &str = "warning, error, critical and page";

/// A value, where it stands and what it is for.
#[derive(Clone, Copy)]
pub(super) struct Value<'v> {
    pub(super) text: &'v str,
    pub(super) line: u32,
    pub(super) section: Section,
    pub(super) row: &'static OptionRow,
    pub(super) lang: Option<Lang>,
}

impl<'v> Value<'v> {
    /// A mistake in this value. Secrets leave the word out.
    pub(super) fn wrong(&self, kind: Kind) -> Mistake<'v> {
        Mistake::new(self.line, kind).option(self.row.name).section(self.section.kind.name())
    }
    /// A mistake in this value, which is repeated.
    pub(super) fn odd(&self, kind: Kind) -> Mistake<'v> {
        self.wrong(kind).word(self.text)
    }
}

impl Loader<'_, '_> {
    /// Sets the field, or tells what is wrong with the value.
    pub(super) fn apply(&mut self, value: &Value<'_>) {
        match value.section.kind {
            Type::Main => self.apply_main(value),
            Type::Listen => self.apply_listen(value),
            Type::Site => self.apply_site(value),
            Type::Source => self.apply_source(value),
            Type::Service => self.apply_service(value),
            Type::Component => self.apply_component(value),
            Type::Heartbeat => self.apply_heartbeat(value),
            Type::Rule => self.apply_rule(value),
            Type::User => self.apply_user(value),
        }
    }

    fn apply_main(&mut self, value: &Value<'_>) {
        match value.row.field {
            Field::StateDir => {
                if !units::absolute(value.text) {
                    return self.problems.add(value.odd(Kind::BadPath).known("/etc/aiglon"));
                }
                self.config.main.state_dir = self.keep(value.text);
            }
            Field::ResolveAfter => {
                let span = self.duration(value);
                self.config.main.resolve_after = span;
            }
            Field::DefaultSeverity => match Severity::from_word(value.text) {
                Some(Severity::Fine) => self.problems.add(value.odd(Kind::FineSeverity)),
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
                    None => self.problems.add(value.odd(Kind::BadSize).known("16k to 256k")),
                }
            }
            Field::Console => self.config.main.console = self.console(value),
            Field::ConsoleGroup if !units::group(value.text) => {
                self.problems.add(value.odd(Kind::BadGroup));
            }
            Field::ConsoleGroup => {
                let group = self.keep(value.text);
                self.config.main.console_group = group;
            }
            Field::Ssh => self.ssh(value),
            _ => {}
        }
    }

    fn apply_listen(&mut self, value: &Value<'_>) {
        let at = value.section.at();
        match value.row.field {
            Field::Address => {
                let Some(address) = self.address(value) else { return };
                let same = |row: &Listener| match (row.address, address) {
                    (Address::Tcp(one), Address::Tcp(other)) => one == other,
                    (Address::Unix(one), Address::Unix(other)) => {
                        self.config.str(one) == self.config.str(other)
                    }
                    _ => false,
                };
                if self.config.listeners.iter().any(same) {
                    self.problems.add(value.odd(Kind::Duplicate));
                }
                if let Some(row) = self.config.listeners.get_mut(at) {
                    row.address = address;
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
                _ => self.problems.add(value.odd(Kind::BadBoolean)),
            },
            Field::PathPrefix => {
                let Some(prefix) = units::path_prefix(value.text) else {
                    return self.problems.add(value.odd(Kind::BadPath).known("/status"));
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
            Field::Title | Field::Intro => self.texts(value),
            Field::RetainDays => {
                let days = value.text.parse().ok().filter(|days| (1..=RETAIN_DAYS).contains(days));
                let days = if value.text.starts_with('+') { None } else { days };
                match (days, self.config.sites.get_mut(at)) {
                    (Some(days), Some(row)) => row.retain_days = days,
                    _ => self.problems.add(value.odd(Kind::BadDays).limit(usize::from(RETAIN_DAYS))),
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
                    return self.problems.add(value.odd(Kind::BadLang).instead(near));
                };
                if let Some(row) = self.config.sites.get_mut(at) {
                    row.lang = lang;
                }
            }
            Field::Timezone => self.timezone(value),
            Field::SecretPath => {
                if !units::secret(value.text) {
                    return self.problems.add(value.wrong(Kind::SecretWeak));
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
                let row = Ignore { source: SourceId(low(value.section.index)), terms };
                push(self, |config| &mut config.ignores, row, value.line, "lines 'list ignore' (IGNORES)");
            }
            field => {
                let span = self.duration(value);
                if field == Field::SilentAfter && span.0 != 0 && span < Millis::from_secs(SILENT_SECS_MIN) {
                    self.problems.add(value.wrong(Kind::SilentShort));
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
            Field::Title | Field::Description => self.texts(value),
            Field::Url if !units::url(value.text) => self.problems.add(value.odd(Kind::BadUrl)),
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
                let service =
                    self.refer(value, Type::Service).map_or(NO_SERVICE, |index| ServiceId(low(index)));
                if let Some(row) = self.config.components.get_mut(at) {
                    row.service = service;
                }
            }
            Field::Title | Field::Description => self.texts(value),
            Field::Label => {
                let label = self.keep(value.text);
                if let Some(row) = self.config.components.get_mut(at) {
                    row.label = label;
                }
            }
            Field::Match => self.matcher(value),
            Field::Publish => {
                if !value.text.chars().all(matcher::is_name) {
                    return self.problems.add(value.odd(Kind::BadPublish));
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
                let source = self.refer(value, Type::Source).map(|index| SourceId(low(index)));
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
                row.source = self.refer(value, Type::Source).map_or(NO_SOURCE, |index| SourceId(low(index)));
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
                    row.role = if choice == 0 { Role::Operator } else { Role::Admin };
                }
            }
            Field::Key => self.key(value),
            _ => {}
        }
    }

    // ---- values ----------------------------------------------------------------------------------------

    /// Which of the words of `known` (`a, b and c`) a value is; the first if it is none, which is told.
    pub(super) fn choice(&mut self, value: &Value<'_>, known: &'static str) -> usize {
        let found = words(known).position(|word| word == value.text);
        if found.is_none() {
            self.bad_word(value, known);
        }
        found.unwrap_or(0)
    }

    /// How bad something is when it is not well.
    pub(super) fn severity(&mut self, value: &Value<'_>) -> Option<Severity> {
        let found = Severity::from_word(value.text).filter(|&severity| severity != Severity::Fine);
        if found.is_none() {
            self.bad_word(value, SEVERITIES);
        }
        found
    }

    pub(super) fn bad_word(&mut self, value: &Value<'_>, known: &'static str) {
        let near = near::nearest(value.text, &mut words(known));
        self.problems.add(value.odd(Kind::BadWord).known(known).instead(near));
    }

    /// A span of time; zero if it is none, which is told. Only `resync` may be zero.
    pub(super) fn duration(&mut self, value: &Value<'_>) -> Millis {
        match units::duration(value.text) {
            Ok(Millis(0)) if value.row.field != Field::Resync => {
                self.problems.add(value.wrong(Kind::ZeroDuration));
            }
            Ok(span) => return span,
            Err(kind) => self.problems.add(value.odd(kind)),
        }
        Millis(0)
    }

    /// The section that a value names, by its position.
    pub(super) fn refer(&mut self, value: &Value<'_>, kind: Type) -> Option<u16> {
        let found = self.config.names(kind).position(|name| name == value.text && !name.is_empty());
        if found.is_none() && !self.broken {
            let mut nearest = near::Nearest::new(value.text);
            for name in self.config.names(kind) {
                nearest.offer(name);
            }
            self.problems.add(value.odd(Kind::Dangling).section(kind.name()).instead(nearest.best()));
        }
        found.and_then(|index| u16::try_from(index).ok())
    }

    fn console(&mut self, value: &Value<'_>) -> Console {
        if value.text == "off" {
            Console::Off
        } else {
            self.unix(value, value.text).map_or(Console::Off, Console::At)
        }
    }

    /// The path of a unix socket.
    fn unix(&mut self, value: &Value<'_>, path: &str) -> Option<Span> {
        if units::absolute(path) && path.len() <= UNIX_PATH_BYTES {
            return Some(self.keep(path));
        }
        self.problems.add(value.odd(Kind::UnixPath).limit(UNIX_PATH_BYTES));
        None
    }

    fn address(&mut self, value: &Value<'_>) -> Option<Address> {
        if let Some(path) = value.text.strip_prefix("unix:") {
            return self.unix(value, path).map(Address::Unix);
        }
        self.socket(value).map(Address::Tcp)
    }

    /// An IP address and a port.
    fn socket(&mut self, value: &Value<'_>) -> Option<SocketAddr> {
        match units::socket(value.text) {
            Ok(address) => return Some(address),
            Err(Kind::NoPort) => {
                let bare_v6 = value.text.contains(':') && !value.text.starts_with('[');
                let instead = if bare_v6 { "[ADDRESS]:8080" } else { "ADDRESS:8080" };
                self.problems.add(value.odd(Kind::NoPort).instead(instead));
            }
            Err(kind) => self.problems.add(value.odd(kind)),
        }
        None
    }

    fn ssh(&mut self, value: &Value<'_>) {
        let Some(address) = self.socket(value) else { return };
        if self.config.ssh.contains(&address) {
            return self.problems.add(value.odd(Kind::Duplicate));
        }
        if cfg!(not(feature = "ssh")) {
            self.problems.add(value.odd(Kind::NoSsh));
        }
        push(self, |config| &mut config.ssh, address, value.line, "lines 'list ssh' (SSH_ADDRESSES)");
    }

    fn host(&mut self, value: &Value<'_>) {
        let name = value.text.strip_suffix('.').unwrap_or(value.text);
        if !units::host(name) {
            return self.problems.add(value.odd(Kind::BadHost));
        }
        if self.config.hosts.iter().any(|host| self.config.str(host.name).eq_ignore_ascii_case(name)) {
            return self.problems.add(value.odd(Kind::Duplicate));
        }
        let start = self.config.text.len();
        let mut lower = [0u8; 4];
        for c in name.chars() {
            self.keep(c.to_ascii_lowercase().encode_utf8(&mut lower));
        }
        let row = Host {
            name: Span::new(start, self.config.text.len()).unwrap_or_default(),
            site: SiteId(low(value.section.index)),
        };
        push(self, |config| &mut config.hosts, row, value.line, "lines 'list host' (HOSTS)");
    }

    /// A text for people. It may span lines in the file; on a page it does not, so that nothing in it can move a
    /// terminal's cursor.
    pub(super) fn texts(&mut self, value: &Value<'_>) {
        let start = self.config.text.len();
        for (number, line) in value.text.split(['\t', '\n', '\r']).enumerate() {
            self.keep(if number == 0 { "" } else { " " });
            self.keep(line);
        }
        let span = Span::new(start, self.config.text.len()).unwrap_or_default();
        let at = value.section.at();
        let config = &mut *self.config;
        let texts = match (value.section.kind, value.row.field) {
            (Type::Site, Field::Title) => config.sites.get_mut(at).map(|row| &mut row.title),
            (Type::Site, _) => config.sites.get_mut(at).map(|row| &mut row.intro),
            (Type::Service, Field::Title) => config.services.get_mut(at).map(|row| &mut row.title),
            (Type::Service, _) => config.services.get_mut(at).map(|row| &mut row.description),
            (Type::Rule, _) => config.rules.get_mut(at).map(|row| &mut row.text),
            (_, Field::Title) => config.components.get_mut(at).map(|row| &mut row.title),
            _ => config.components.get_mut(at).map(|row| &mut row.description),
        };
        let Some(texts) = texts else { return };
        match value.lang {
            None => texts.default = span,
            Some(lang) => {
                if let Some(own) = texts.by_lang.get_mut(lang.index()) {
                    *own = span;
                }
            }
        }
    }

    fn timezone(&mut self, value: &Value<'_>) {
        let zone =
            if matches!(value.text, "UTC" | "GMT") { Ok(Tz::default()) } else { Tz::parse(value.text) };
        let named = units::is_zone_name(value.text);
        match (zone, self.config.sites.get_mut(value.section.at())) {
            (Ok(zone), Some(row)) if !named => row.timezone = zone,
            _ => self.problems.add(match units::posix_of_zone(value.text) {
                Some(posix) => value.odd(Kind::ZoneName).instead(posix),
                None if named => value.odd(Kind::ZoneNameUnknown),
                None => value.odd(Kind::BadTimezone),
            }),
        }
    }

    fn token(&mut self, value: &Value<'_>) {
        match credential::token_hash(value.text) {
            Err(kind) => self.problems.add(value.wrong(kind)),
            Ok(hash) if self.config.tokens.iter().any(|token| token.hash == hash) => {
                self.problems.add(value.wrong(Kind::DuplicateToken));
            }
            Ok(hash) => {
                let row = Token { source: SourceId(low(value.section.index)), hash };
                push(self, |config| &mut config.tokens, row, value.line, "lines 'list token' (TOKENS)");
            }
        }
    }

    fn key(&mut self, value: &Value<'_>) {
        let (kind, blob) = match credential::public_key(value.text) {
            Ok(key) => key,
            Err((wrong, kind)) => {
                return self.problems.add(value.wrong(wrong).word(kind).known(credential::KEY_TYPES));
            }
        };
        let same =
            |row: &UserKey| self.config.str(row.key).split_once(' ').is_some_and(|(_, known)| known == blob);
        if self.config.user_keys.iter().any(same) {
            return self.problems.add(value.wrong(Kind::DuplicateKey));
        }
        let start = self.config.text.len();
        for part in [kind, " ", blob] {
            self.keep(part);
        }
        let row = UserKey {
            user: UserId(low(value.section.index)),
            key: Span::new(start, self.config.text.len()).unwrap_or_default(),
        };
        push(self, |config| &mut config.user_keys, row, value.line, "lines 'list key' (USER_KEYS)");
    }

    fn matcher(&mut self, value: &Value<'_>) {
        let Some((first, count)) = self.terms(value) else { return };
        let row = matcher::Match { component: ComponentId(value.section.index), first, count };
        push(self, |config| &mut config.matches, row, value.line, "lines 'list match' (MATCHES)");
    }

    /// Reads the terms of a matcher: where they are, and how many. `None` if there is none or it is wrong, which is told.
    pub(super) fn terms(&mut self, value: &Value<'_>) -> Option<(u16, u8)> {
        let first = u16::try_from(self.config.terms.len()).unwrap_or(u16::MAX);
        let mut count: u8 = 0;
        for term in matcher::Terms::new(value.text) {
            let fault = match term {
                Err(fault) => Some(fault),
                Ok(term) => {
                    let row = matcher::Term {
                        name: self.keep(term.name),
                        op: term.op,
                        value: self.keep(term.value),
                    };
                    push(self, |config| &mut config.terms, row, value.line, "terms of matchers (TERMS)");
                    term.doubt
                }
            };
            if let Some(mut fault) = fault {
                let instead = fault.instead(value.row.name);
                let problem = value.wrong(fault.kind).word(fault.word).instead(&instead).limit(fault.at);
                let refused = !problem.is_warning();
                self.problems.add(problem);
                if refused {
                    return None;
                }
            }
            let Some(more) = count.checked_add(1) else {
                self.full(value.line, "terms in one matcher", usize::from(u8::MAX));
                return None;
            };
            count = more;
        }
        if count == 0 {
            self.problems.add(value.wrong(Kind::MatchEmpty));
            return None;
        }
        Some((first, count))
    }
}

/// Adds a row to one of the configuration's lists, or tells that it is full.
pub(super) fn push<T, const N: usize>(
    loader: &mut Loader<'_, '_>,
    list: fn(&mut Config) -> &mut Vec<T, N>,
    row: T,
    line: u32,
    plural: &'static str,
) {
    if list(loader.config).push(row).is_err() {
        loader.full(line, plural, N);
    }
}

/// The words of `a, b and c`.
fn words(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split([',', ' ']).filter(|word| !word.is_empty() && *word != "and")
}

/// An index as an id; the limits keep all of them under 256.
fn low(index: u16) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}
