//! Readers of values: a word of a list, a span of time, a reference, an address, a token, terms.

use core::net::SocketAddr;

use super::loader::{Loader, Value, low, push};
use super::problem::ProblemKind;
use super::schema::{Field, Type};
use super::{Address, Config, Console, HostName, Outputs, Texts, Token, UserKey, credential, matcher, units};
use crate::limits::{TRANSLATIONS, UNIX_PATH_BYTES};
use crate::model::{ComponentId, Severity, SiteId, SourceId, UserId};
use crate::text::{Span, has, near};
use crate::time::Millis;
use crate::time::tz::Tz;

/// What `default_severity` may be.
pub(super) const SEVERITIES: &str = "warning, error, critical and page";

impl Loader<'_, '_> {
    /// Which of the words of `known` (`a, b and c`) a value is; the first if it is none, which is
    /// told.
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
        self.problems.add(value.odd(ProblemKind::BadWord).known(known).instead(near));
    }

    /// A span of time; zero if it is none, which is told. Only `resync` may be zero.
    pub(super) fn duration(&mut self, value: &Value<'_>) -> Millis {
        match units::duration(value.text) {
            Ok(Millis(0)) if value.row.field != Field::Resync => {
                self.problems.add(value.wrong(ProblemKind::ZeroDuration));
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
            // Nobody reads it if there is no room.
            for name in self.config.names(kind).filter(|_| !self.problems.is_full()) {
                nearest.offer(name);
            }
            self.problems.add(value.odd(ProblemKind::Dangling).section(kind.name()).instead(nearest.best()));
        }
        found.and_then(|index| u16::try_from(index).ok())
    }

    pub(super) fn console(&mut self, value: &Value<'_>) -> Console {
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
        self.problems.add(value.odd(ProblemKind::UnixPath).limit(UNIX_PATH_BYTES));
        None
    }

    pub(super) fn address(&mut self, value: &Value<'_>) -> Option<Address> {
        if let Some(path) = value.text.strip_prefix("unix:") {
            return self.unix(value, path).map(Address::Unix);
        }
        self.socket(value).map(Address::Tcp)
    }

    /// An IP address and a port.
    fn socket(&mut self, value: &Value<'_>) -> Option<SocketAddr> {
        match units::socket(value.text) {
            Ok(address) => return Some(address),
            Err(ProblemKind::NoPort) => {
                let bare_v6 = has(value.text, ':') && !value.text.starts_with('[');
                let instead = if bare_v6 { "[ADDRESS]:8080" } else { "ADDRESS:8080" };
                self.problems.add(value.odd(ProblemKind::NoPort).instead(instead));
            }
            Err(kind) => self.problems.add(value.odd(kind)),
        }
        None
    }

    pub(super) fn ssh(&mut self, value: &Value<'_>) {
        let Some(address) = self.socket(value) else { return };
        if self.config.ssh.contains(&address) {
            return self.problems.add(value.odd(ProblemKind::Duplicate));
        }
        if cfg!(not(feature = "ssh")) {
            self.problems.add(value.odd(ProblemKind::NoSsh));
        }
        push(self, |config| &mut config.ssh, address, value.line, "lines 'list ssh' (SSH_ADDRESSES)");
    }

    pub(super) fn publish_as(&mut self, value: &Value<'_>) {
        let one = Outputs::of_place(self.choice(value, Outputs::WORDS));
        if !one.is_built() {
            self.problems.add(value.odd(ProblemKind::NoFeeds));
        }
        if let Some(row) = self.config.sites.get_mut(value.section.at()) {
            row.publish_as = row.publish_as.and(one);
        }
    }

    pub(super) fn host(&mut self, value: &Value<'_>) {
        let name = value.text.strip_suffix('.').unwrap_or(value.text);
        if !units::host(name) {
            return self.problems.add(value.odd(ProblemKind::BadHost));
        }
        if self.config.hosts.iter().any(|host| self.config.str(host.name).eq_ignore_ascii_case(name)) {
            return self.problems.add(value.odd(ProblemKind::Duplicate));
        }
        let start = self.config.text.len();
        let mut lower = [0u8; 4];
        for c in name.chars() {
            self.keep(c.to_ascii_lowercase().encode_utf8(&mut lower));
        }
        let row = HostName {
            name: Span::new(start, self.config.text.len()).unwrap_or_default(),
            site: SiteId(low(value.section.index)),
        };
        push(self, |config| &mut config.hosts, row, value.line, "lines 'list host' (HOSTS)");
    }

    /// A text for people, at the section's place among `texts`. It may span lines in the file; on a
    /// page it does not, so that nothing in it can move a terminal's cursor.
    pub(super) fn texts(&mut self, value: &Value<'_>, texts: fn(&mut Config, usize) -> Option<&mut Texts>) {
        let start = self.config.text.len();
        for (number, line) in value.text.split(['\t', '\n', '\r']).enumerate() {
            self.keep(if number == 0 { "" } else { " " });
            self.keep(line);
        }
        let span = Span::new(start, self.config.text.len()).unwrap_or_default();
        let Some(&mut row) = texts(self.config, value.section.at()) else { return };
        let mut row = row;
        match value.lang {
            None => row.default = span,
            Some(lang) if !self.config.translate(&mut row, lang, span) => {
                let plural = "texts in a language (TRANSLATIONS)";
                return self.full(value.line, plural, TRANSLATIONS);
            }
            Some(_) => {}
        }
        if let Some(place) = texts(self.config, value.section.at()) {
            *place = row;
        }
    }

    pub(super) fn timezone(&mut self, value: &Value<'_>) {
        let zone =
            if matches!(value.text, "UTC" | "GMT") { Ok(Tz::default()) } else { Tz::parse(value.text) };
        let named = units::is_zone_name(value.text);
        match (zone, self.config.sites.get_mut(value.section.at())) {
            (Ok(zone), Some(row)) if !named => (row.timezone, row.has_timezone) = (zone, true),
            _ => self.problems.add(match units::posix_of_zone(value.text) {
                Some(posix) => value.odd(ProblemKind::ZoneName).instead(posix),
                None if named => value.odd(ProblemKind::ZoneNameUnknown),
                None => value.odd(ProblemKind::BadTimezone),
            }),
        }
    }

    pub(super) fn token(&mut self, value: &Value<'_>) {
        match credential::token_hash(value.text) {
            Err(kind) => self.problems.add(value.wrong(kind)),
            Ok(hash) if self.config.tokens.iter().any(|token| token.hash == hash) => {
                self.problems.add(value.wrong(ProblemKind::DuplicateToken));
            }
            Ok(hash) => {
                let row = Token { source: SourceId(value.section.index), hash };
                push(self, |config| &mut config.tokens, row, value.line, "lines 'list token' (TOKENS)");
            }
        }
    }

    pub(super) fn key(&mut self, value: &Value<'_>) {
        let (kind, blob) = match credential::public_key(value.text) {
            Ok(key) => key,
            Err((wrong, kind)) => {
                return self.problems.add(value.wrong(wrong).word(kind).known(credential::KEY_TYPES));
            }
        };
        let same =
            |row: &UserKey| self.config.str(row.key).split_once(' ').is_some_and(|(_, known)| known == blob);
        if self.config.user_keys.iter().any(same) {
            return self.problems.add(value.wrong(ProblemKind::DuplicateKey));
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

    pub(super) fn matcher(&mut self, value: &Value<'_>) {
        let Some((first, count)) = self.terms(value) else { return };
        let row = matcher::Match { component: ComponentId(value.section.index), first, count };
        push(self, |config| &mut config.matches, row, value.line, "lines 'list match' (MATCHES)");
    }

    /// Reads the terms of a matcher: where they are, and how many. `None` if there is none or it is
    /// wrong, which is told.
    pub(super) fn terms(&mut self, value: &Value<'_>) -> Option<(u16, u8)> {
        let first = u16::try_from(self.config.terms.len()).unwrap_or(u16::MAX);
        let mut count: u8 = 0;
        for term in matcher::MatcherTerms::new(value.text) {
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
            self.problems.add(value.wrong(ProblemKind::MatchEmpty));
            return None;
        }
        Some((first, count))
    }
}

/// The words of `a, b and c`.
fn words(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split([',', ' ']).filter(|word| !word.is_empty() && *word != "and")
}
