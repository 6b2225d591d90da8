//! From the statements of a file to a [`Config`].
//!
//! The file is read three times, so that no table of statements is needed. First the sections are
//! declared, so that every name is known. Then the options are filled in, in the order of the file.
//! Then what concerns several sections is checked ([`check`](super::check)).
//!
//! As in libuci, sections of one type and name are one, the last `option` of a name counts, and a
//! `list` adds to what stands there. So an option is passed over when a later `option` of its
//! section has its name.

use super::loader::{Draft, Loader, NO_SERVICE, NO_SITE, NO_SOURCE, Section, Value, Walk};
use super::problem::{Kind, Mistake, Problems};
use super::rule::Rule;
use super::schema::{self, Found, Shape, TYPE_NAMES, TYPES, Type, TypeRow};
use super::uci::{Keyword, Statement, Statements, Syntax, SyntaxError, Word};
use super::{
    Address, Component, Config, Heartbeat, Listener, Roles, Scope, Service, Site, Source, Texts, User,
};
use crate::limits::{CONFIG_BYTES, CONFIG_NAME_BYTES, CONFIG_VALUE_BYTES, JOURNAL_BYTES, RETAIN_DAYS, RULES};
use crate::model::Severity;
use crate::text::{Span, near};
use crate::time::Millis;

/// A configuration was refused; the problems say why. The [`Config`] is empty now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

impl Config {
    /// Reads a file over what this held. All mistakes are told at once, as far as `problems` has
    /// room; if there is any that is not a warning, this is empty afterwards.
    ///
    /// Works through the file a few times, and for each option through the rest of its section:
    /// linear in practice. Uses about 8 KiB of stack.
    pub fn load(&mut self, file: &[u8], problems: &mut Problems) -> Result<(), Refused> {
        self.clear();
        problems.clear();
        if file.len() > CONFIG_BYTES {
            problems.add(Mistake::new(0, Kind::FileTooLong).limit(CONFIG_BYTES));
        } else {
            match Statements::new(file) {
                Ok(statements) => {
                    Loader {
                        config: self,
                        problems,
                        statements,
                        drafts: [Draft::default(); RULES],
                        merged: false,
                        broken: false,
                    }
                    .load();
                }
                Err(error) => problems.add(of_syntax(&error)),
            }
        }
        if problems.any_error() {
            self.clear();
            return Err(Refused);
        }
        Ok(())
    }
}

impl<'a> Loader<'a, '_> {
    fn load(&mut self) {
        self.defaults();
        self.declare();
        self.fill();
        self.check();
    }

    fn defaults(&mut self) {
        let state_dir = self.keep("/etc/aiglon");
        let main = &mut self.config.main;
        main.state_dir = state_dir;
        main.resolve_after = Millis::from_mins(5);
        main.default_severity = Severity::Degraded;
        main.journal_size = JOURNAL_BYTES;
    }

    // ---- first reading: the sections ------------------------------------------------------------

    fn declare(&mut self) {
        let mut main: Option<Word<'a>> = None;
        let mut in_section = false;
        for statement in self.statements.clone() {
            let statement = match statement {
                Ok(statement) => statement,
                Err(error) => {
                    self.broken = true;
                    self.problems.add(of_syntax(&error));
                    // What follows a line that was perhaps a `config` is not blamed for standing
                    // outside.
                    in_section = true;
                    continue;
                }
            };
            match statement.keyword {
                Keyword::Config => {
                    in_section = true;
                    self.declare_one(&statement, &mut main);
                }
                Keyword::Option | Keyword::List if !in_section => {
                    let word = if statement.keyword == Keyword::List { "list" } else { "option" };
                    self.problems.add(Mistake::new(statement.line, Kind::OutsideSection).word(word));
                }
                _ => {}
            }
        }
    }

    fn declare_one(&mut self, statement: &Statement<'a>, main: &mut Option<Word<'a>>) {
        let line = statement.line;
        let Some(row) = TYPES.iter().find(|row| statement.name.is(row.name)) else {
            self.broken = true;
            let mut buffer = [0u8; CONFIG_NAME_BYTES];
            let word = statement.name.read(&mut buffer).unwrap_or(statement.name.raw());
            let near = near::nearest(word, &mut TYPES.iter().map(|row| row.name));
            self.problems
                .add(Mistake::new(line, Kind::UnknownSection).word(word).known(TYPE_NAMES).instead(near));
            return;
        };
        let mut buffer = [0u8; CONFIG_NAME_BYTES];
        let Some(name) = statement.value.read(&mut buffer) else {
            self.broken = true;
            self.problems
                .add(Mistake::new(line, Kind::TooLong).option("name of a section").limit(CONFIG_NAME_BYTES));
            return;
        };
        let taken = |other: &&TypeRow| {
            other.kind != row.kind && self.config.names(other.kind).any(|known| known == name)
        };
        let as_main = row.kind != Type::Main && main.is_some_and(|main| main.is(name));
        if !name.is_empty() && (as_main || TYPES.iter().any(|other| taken(&other))) {
            self.problems.add(Mistake::new(line, Kind::OtherType).word(name));
            return;
        }
        if row.kind == Type::Main {
            match main {
                None => *main = Some(statement.value),
                Some(first) if !first.is_empty() && first.is(name) => self.merged = true,
                Some(_) => self.problems.add(Mistake::new(line, Kind::SecondMain)),
            }
        } else if name.is_empty() && row.kind != Type::Listen {
            self.broken = true;
            self.problems.add(Mistake::new(line, Kind::Unnamed).section(row.name));
        } else if !name.is_empty() && self.config.names(row.kind).any(|known| known == name) {
            // As for libuci. Who copied a section and forgot to rename it is told.
            self.merged = true;
            self.problems.add(Mistake::new(line, Kind::SecondSection).section(row.name).word(name));
        } else {
            let span = self.keep(name);
            if !self.add_section(row.kind, span) {
                self.full(line, row.plural, row.limit);
            }
        }
    }

    /// Adds a section with its defaults; false if there is no room.
    fn add_section(&mut self, kind: Type, name: Span) -> bool {
        let texts = Texts { default: name, ..Texts::default() };
        let config = &mut *self.config;
        match kind {
            Type::Main => true,
            Type::Listen => {
                let (address, serve) = (Address::Unix(Span::EMPTY), Roles::default());
                let row = Listener { name, address, serve, plaintext: false, path_prefix: Span::EMPTY };
                config.listeners.push(row).is_ok()
            }
            Type::Site => {
                let row = Site {
                    name,
                    title: texts,
                    retain_days: RETAIN_DAYS,
                    settle: Millis::from_mins(5),
                    grouping: Millis::from_mins(60),
                    no_data_after: Millis::from_mins(15),
                    ..Site::default()
                };
                config.sites.push(row).is_ok()
            }
            Type::Source => {
                let row = Source {
                    name,
                    site: NO_SITE,
                    scope: Scope::Push,
                    silent_after: Millis::from_mins(5),
                    resync: Millis::from_mins(5),
                    repeat_within: Millis::from_mins(270),
                };
                config.sources.push(row).is_ok()
            }
            Type::Service => {
                let row = Service { name, label: name, site: NO_SITE, title: texts, ..Service::default() };
                config.services.push(row).is_ok()
            }
            Type::Component => {
                let row = Component {
                    name,
                    label: name,
                    service: NO_SERVICE,
                    title: texts,
                    ..Component::default()
                };
                config.components.push(row).is_ok()
            }
            Type::Heartbeat => {
                let row =
                    Heartbeat { name, source: NO_SOURCE, severity: Severity::Outage, ..Heartbeat::default() };
                config.heartbeats.push(row).is_ok()
            }
            Type::Rule => {
                let row = Rule { name, source: NO_SOURCE, severity: Severity::Outage, ..Rule::default() };
                config.rules.push(row).is_ok()
            }
            Type::User => config.users.push(User { name, ..User::default() }).is_ok(),
        }
    }

    // ---- second reading: the options ------------------------------------------------------------

    fn fill(&mut self) {
        let mut begun = [0u16; TYPES.len()];
        let mut buffer = [0u8; CONFIG_VALUE_BYTES];
        let mut walk = self.walk();
        while let Some((statement, section)) = walk.next(self.config) {
            let Some(section) = section else { continue };
            match statement.keyword {
                Keyword::Package => {}
                Keyword::Config => {
                    // Sections are numbered by where they first appear, so each is met in turn.
                    let next = begun.get_mut(section.kind as usize);
                    if let Some(next) = next.filter(|next| **next == section.index) {
                        *next = next.saturating_add(1);
                        self.require(&walk, section, statement.line);
                    }
                }
                Keyword::Option | Keyword::List => self.option(&walk, section, &statement, &mut buffer),
            }
        }
    }

    /// Whether the statements of `section` from `walk` on satisfy `test`, which is asked until it
    /// says so.
    fn later(&self, walk: &Walk<'a>, section: Section, mut test: impl FnMut(&Statement<'a>) -> bool) -> bool {
        let mut walk = walk.clone();
        while let Some((statement, owner)) = walk.next(self.config) {
            if statement.keyword == Keyword::Config && !self.merged {
                return false;
            }
            let inside = matches!(statement.keyword, Keyword::Option | Keyword::List);
            if inside && owner == Some(section) && test(&statement) {
                return true;
            }
        }
        false
    }

    /// Tells which of the options that a section must have are not there.
    fn require(&mut self, walk: &Walk<'a>, section: Section, line: u32) {
        for row in schema::of(section.kind).filter(|row| !row.required.is_empty()) {
            let mut present = false;
            self.later(walk, section, |statement| {
                if statement.name.is(row.name) {
                    let adds = !statement.value.is_empty();
                    present = adds || (present && statement.keyword == Keyword::List);
                }
                false
            });
            // What is misspelt is told as such, and not as missing.
            let is_meant = |statement: &Statement<'a>| meant(section.kind, statement) == row.name;
            if !present && !self.broken && !self.later(walk, section, is_meant) {
                let problem = Mistake::new(line, Kind::Missing).section(section.kind.name()).option(row.name);
                self.problems
                    .add(problem.known(row.required).word(self.config.name_of(section).unwrap_or("")));
            }
        }
    }

    fn option(&mut self, walk: &Walk<'a>, section: Section, statement: &Statement<'a>, buffer: &mut [u8]) {
        let line = statement.line;
        let mut name_buffer = [0u8; CONFIG_NAME_BYTES];
        let name = statement.name.read(&mut name_buffer).unwrap_or(statement.name.raw());
        let (row, lang) = match schema::find(section.kind, name) {
            Found::Option(row, lang) => (row, lang),
            Found::UnknownLang => return self.problems.add(Mistake::new(line, Kind::UnknownLang).word(name)),
            Found::Unknown => {
                let near = nearest(section.kind, name);
                let problem = Mistake::new(line, Kind::UnknownOption).section(section.kind.name());
                return self.problems.add(problem.word(name).instead(near));
            }
        };
        if statement.value.is_empty() {
            return;
        }
        let mut empty = false;
        let replaced = |later: &Statement<'a>| {
            let found = later.keyword == Keyword::Option && later.name.same(statement.name);
            empty = later.value.is_empty();
            found
        };
        if self.later(walk, section, replaced) {
            if !empty {
                self.problems.add(Mistake::new(line, Kind::Again).option(row.name));
            }
            return;
        }
        let mut value = Value { text: "", line, section, row, lang };
        if statement.keyword == Keyword::List && row.shape != Shape::Many {
            return self.problems.add(value.wrong(Kind::NotAList));
        }
        if statement.keyword == Keyword::Option && row.shape == Shape::Many {
            self.problems.add(value.wrong(Kind::AsOption));
        }
        match statement.value.read(buffer) {
            Some(text) => value.text = text,
            None => return self.problems.add(value.wrong(Kind::TooLong).limit(CONFIG_VALUE_BYTES)),
        }
        // A text may span lines in the file; nothing else may hold a control character.
        let spans_lines = |c: char| row.shape == Shape::Text && matches!(c, '\t' | '\n' | '\r');
        if value.text.chars().any(|c| c.is_control() && !spans_lines(c)) {
            return self.problems.add(value.wrong(Kind::Control));
        }
        self.apply(&value);
    }
}

/// The option of a section that was perhaps meant; empty if none is near.
fn nearest(kind: Type, name: &str) -> &'static str {
    near::nearest(name, &mut schema::of(kind).map(|row| row.name))
}

/// What a statement with an unknown option was perhaps meant to be; else empty.
fn meant(kind: Type, statement: &Statement<'_>) -> &'static str {
    let mut buffer = [0u8; CONFIG_NAME_BYTES];
    let name = statement.name.read(&mut buffer).unwrap_or(statement.name.raw());
    if matches!(schema::find(kind, name), Found::Unknown) { nearest(kind, name) } else { "" }
}

fn of_syntax<'a>(error: &SyntaxError<'a>) -> Mistake<'a> {
    let kind = match error.why {
        Syntax::NotUtf8 => Kind::NotUtf8,
        Syntax::Nul => Kind::Nul,
        Syntax::Bom => Kind::Bom,
        Syntax::Keyword => Kind::Keyword,
        Syntax::TooFewWords => Kind::TooFewWords,
        Syntax::TooManyWords => Kind::TooManyWords,
        Syntax::Semicolon => Kind::Semicolon,
        Syntax::Unterminated => Kind::Unterminated,
        Syntax::Name => Kind::BadName,
    };
    let problem = Mistake::new(error.line, kind).word(error.word);
    if kind != Kind::Keyword {
        return problem;
    }
    problem.instead(near::nearest(error.word, &mut ["config", "option", "list", "package"].into_iter()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::panic)]
    #![allow(clippy::format_push_string, clippy::format_collect, clippy::too_many_lines)]

    use proptest::prelude::*;
    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::*;
    use crate::config::testing::{BASE, good, load, load_but};
    use crate::config::{Clock, Config, Console, Visibility};
    use crate::limits::{CONFIG_TEXT_BYTES, EXPECTED};
    use crate::model::{ComponentId, Lang, SourceId};
    use crate::time::tz::Tz;

    const EXAMPLE: &[u8] = include_bytes!("../../config.example");

    /// Loads `BASE` and what follows; the lines of the problems are those of `more`.
    fn problems(more: &str) -> Vec<String> {
        let (_, problems) = load(format!("{BASE}{more}").as_bytes());
        let shift = |problem: &String| {
            let (line, text) = problem.split_once(": ").unwrap();
            let line = line.parse::<usize>().unwrap().saturating_sub(BASE.matches('\n').count());
            format!("{line}: {text}")
        };
        problems.iter().map(shift).collect()
    }

    fn check(more: &str, expected: &[&str]) {
        let found = problems(more);
        assert_eq!(found.len(), expected.len(), "{more}\n{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{more}\nfound:    {found}\nexpected: {expected}");
        }
    }

    #[test]
    fn the_example_is_right() {
        let (config, problems) = load(EXAMPLE);
        assert_eq!(problems, [""; 0]);
        let config = config.unwrap();
        assert_eq!(config.str(config.main.state_dir), "/etc/aiglon");
        assert_eq!(config.sites.len(), 1);
        assert_eq!(config.services.len(), 4);
        assert_eq!(config.user_keys.len(), 2);
        let site = config.sites[0];
        assert_eq!(config.text(&site.title, Lang::Fr), "Antennes solidaires");
        assert_eq!(config.text(&site.title, Lang::Ar), "هوائيات التضامن");
        assert!(config.text(&site.intro, Lang::Fr).contains("s'en occupent"));
        for part in &config.components {
            assert!(!part.feeders.is_empty());
            assert!(config.text(&part.title, Lang::Ar).chars().any(|c| c >= '\u{600}'), "said in Arabic");
        }
        let north = config.components[1];
        assert_eq!(config.str(north.label), "heron-north");
        assert_eq!(north.depends_on, Some(ComponentId(0)));
    }

    #[test]
    fn what_is_there_twice_is_told() {
        let told = |file: &str| load_but(file.as_bytes(), &[]);
        let more = "config component c\n\toption service v\nconfig component c\n\toption name 'other'\n\
            config service v\n\toption site s\n\toption name a\n\toption name b\n";
        let (config, problems) = told(&format!("{BASE}{more}"));
        assert_eq!(config.unwrap().components.len(), 1);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(
            problems[0].contains("there is a 'config component' named 'c' further up already"),
            "{problems:?}"
        );
        assert!(problems[1].contains("'name' stands in this section again further down"), "{problems:?}");
    }

    #[test]
    fn a_list_that_is_written_as_an_option_is_told() {
        let told = |file: &str| load_but(file.as_bytes(), &[]);
        let (config, problems) = told(&BASE.replace("list token", "option token"));
        assert!(config.is_some_and(|config| config.tokens.len() == good(BASE).tokens.len()));
        assert!(
            !problems.is_empty() && problems.iter().all(|told| told.contains("write 'list token'")),
            "{problems:?}"
        );
    }

    #[test]
    fn an_apostrophe_swallows_no_option() {
        // The commonest mistake in French. The quotes are as many as they should be.
        let more = "config service v\n\toption site s\n\toption name 'Copies de l'asso'\n\
            \toption name_en 'Copies'\n\toption name_ar 'l'été'\n";
        check(
            more,
            &["3: the quote that opens at ' is not closed;", "5: the quote that opens at ' is not closed;"],
        );
        check(
            "config service v\n\toption site s\n\toption name 'open\n\toption name_en 'Copies'\n",
            &["3: the quote that opens at 'open is not closed;"],
        );
    }

    fn example_path(config: &Config) -> Span {
        match config.main.console {
            Console::At(path) if config.str(path) == "/etc/aiglon/console.sock" => path,
            _ => panic!("the example names the default"),
        }
    }

    /// What the daemon does without an option is what the example says it does.
    #[test]
    fn the_example_says_the_defaults() {
        let (config, _) = load(EXAMPLE);
        let (example, plain) = (config.unwrap(), good(BASE));
        assert_eq!(example.str(example.main.state_dir), plain.str(plain.main.state_dir));
        assert_eq!(example.main.resolve_after, plain.main.resolve_after);
        assert_eq!(example.main.default_severity, plain.main.default_severity);
        assert_eq!(example.main.clock, plain.main.clock);
        // It is written for the small build.
        assert_eq!(example.main.journal_size, crate::limits::JOURNAL_BYTES_SMALL);
        assert_eq!(plain.main.journal_size, JOURNAL_BYTES);
        assert_eq!(example.main.console, Console::At(example_path(&example)));
        assert_eq!(plain.main.console, Console::InStateDir);
        assert!(plain.main.console_group.is_empty());
        let site = |config: &Config| {
            let site = config.sites[0];
            (site.retain_days, site.settle, site.grouping, site.no_data_after)
        };
        assert_eq!(site(&example), site(&plain));
        assert_eq!(site(&plain), (90, Millis(300_000), Millis(3_600_000), Millis(900_000)));
        assert_eq!(example.listeners[0].plaintext, plain.listeners[0].plaintext);
        assert_eq!(example.sites[0].visibility, plain.sites[0].visibility);
        assert_eq!(example.sources[0].scope, plain.sources[0].scope);
        assert_eq!(example.sources[0].silent_after, plain.sources[0].silent_after);
        assert_eq!(example.sources[0].resync, plain.sources[0].resync);
        assert_eq!(example.sources[1].repeat_within, plain.sources[0].repeat_within);
        assert_eq!(plain.sources[0].repeat_within, Millis(16_200_000));
        assert_eq!(plain.main.resolve_after, Millis(300_000));
        assert_eq!(plain.str(plain.sites[0].title.default), "s");
        assert_eq!(plain.sites[0].timezone, Tz::default());
    }

    #[test]
    fn the_example_has_every_option() {
        let text = core::str::from_utf8(EXAMPLE).unwrap().replace("\n#\t", "\n\t");
        let (mut config, mut problems) = (std::boxed::Box::new(Config::new()), Problems::new());
        config.load(EXAMPLE, &mut problems).unwrap();
        let mut walk = Walk::new(Statements::new(text.as_bytes()).unwrap());
        let mut seen = Vec::new();
        while let Some((statement, section)) = walk.next(&config) {
            let Some(Section { kind, .. }) = section.filter(|_| statement.keyword != Keyword::Config) else {
                continue;
            };
            let mut buffer = [0; CONFIG_NAME_BYTES];
            match schema::find(kind, statement.name.read(&mut buffer).unwrap()) {
                Found::Option(row, lang) => seen.push((kind, row.name, lang)),
                _ => panic!("line {}: unknown option", statement.line),
            }
        }
        for row in &schema::OPTIONS {
            assert!(seen.contains(&(row.section, row.name, None)), "{} {}", row.section.name(), row.name);
        }
        for lang in Lang::ALL.into_iter().filter(|&lang| lang != Lang::Fr) {
            assert!(seen.contains(&(Type::Component, "name", Some(lang))), "{}", lang.tag());
        }
    }

    #[test]
    fn sizes_days_and_sockets() {
        let main = |option: &str| good(&format!("{BASE}config aiglon m\n\toption {option}")).main;
        for (size, bytes) in [("16384", 16_384), ("64k", 65_536), ("256K", 262_144), ("020k", 20_480)] {
            assert_eq!(main(&format!("journal_size {size}")).journal_size, bytes, "{size}");
        }
        for size in ["16383", "257k", "262145", "-64k", "+64k", "64kb", "64 k", "k", "4194305k", "64M", "0"] {
            let expected = format!(
                "2: '{size}' is no size for 'journal_size'; write bytes, as 65536 or 64k, from 16k to 256k"
            );
            check(&format!("config aiglon m\n\toption journal_size '{size}'"), &[&expected]);
        }
        assert_eq!(main("console off").console, Console::Off);
        let config = good(&format!(
            "{BASE}config aiglon m\n\toption console /run/a.sock\n\toption console_group net-dev"
        ));
        assert!(matches!(config.main.console, Console::At(path) if config.str(path) == "/run/a.sock"));
        assert_eq!(config.str(config.main.console_group), "net-dev");
        for days in ["1", "14", "90"] {
            let config = good(&format!("{BASE}config site s\n\toption retain_days {days}"));
            assert_eq!(config.sites[0].retain_days.to_string(), days);
        }
        let long = "x".repeat(200);
        for (more, expected) in [
            (
                "config aiglon m\n\toption console On",
                "2: the path of a unix socket is absolute and of at most 107 bytes; 'On' is not",
            ),
            (&*format!("config aiglon m\n\toption console /{long}"), "of at most 107 bytes"),
            (
                "config aiglon m\n\toption console_group 'a b'",
                "2: 'a b' is no name of a group for 'console_group'",
            ),
            (
                "config site s\n\toption retain_days 0",
                "2: '0' is no number of days for 'retain_days'; write one from 1 to 90",
            ),
            ("config site s\n\toption retain_days 91", "2: '91' is no number of days"),
            ("config site s\n\toption retain_days +7", "2: '+7' is no number of days"),
            ("config site s\n\toption retain_days 14d", "2: '14d' is no number of days"),
            ("config site s\n\toption settle 0s", "2: 'settle' may not be zero"),
            ("config site s\n\toption grouping 60", "2: 'grouping' has no unit"),
            ("config site s\n\toption no_data_after x", "2: 'x' is no span of time for 'no_data_after'"),
        ] {
            check(more, &[expected]);
        }
    }

    #[test]
    fn mistakes_in_options() {
        let user = "config user u\n\tlist site s\n";
        for (more, expected) in [
            (
                "config aiglon m\n\toption state_dir var",
                &["2: 'var' is no value for 'state_dir'; write an absolute path"][..],
            ),
            ("config aiglon m\n\toption resolve_after 300", &["2: 'resolve_after' has no unit: is '300'"]),
            ("config aiglon m\n\toption resolve_after 5min", &["2: '5min' is no span"]),
            ("config aiglon m\n\toption resolve_after 31d", &["of at most 30d"]),
            ("config aiglon m\n\toption resolve_after 0s", &["2: 'resolve_after' may not be zero"]),
            ("config aiglon m\n\toption default_severity info", &["2: 'info' means that nothing is wrong"]),
            (
                "config aiglon m\n\toption default_severity warn",
                &["it is one of warning, error, critical and page"],
            ),
            (
                "config aiglon m\n\toption clock ntpd",
                &["2: 'ntpd' is no value for 'clock'; it is one of trust and ntp; did you mean 'ntp'?"],
            ),
            ("config aiglon\nconfig aiglon", &["2: there can be one"]),
            ("config aiglon a\nconfig aiglon b", &["2: there can be one"]),
            (
                "config listen\n\toption address router:80\n\tlist serve page",
                &["2: 'router:80' names a host"],
            ),
            ("config listen\n\toption address 10.0.0.1\n\tlist serve page", &["write ADDRESS:8080"]),
            ("config listen\n\toption address ::1\n\tlist serve page", &["write [ADDRESS]:8080"]),
            (
                "config listen\n\toption address unix:run/x\n\tlist serve page",
                &["2: the path of a unix socket is absolute"],
            ),
            (
                "config listen\n\toption address 127.0.0.1:80\n\tlist serve page",
                &["2: '127.0.0.1:80' is there a second time as 'address'"],
            ),
            ("config listen l\n\toption address [::]:80", &["1: 'config listen l' lacks 'serve'"]),
            (
                "config listen\n\toption adress [::]:80\n\tlist serve page",
                &["2: 'config listen' has no option 'adress'; did you mean 'address'?"],
            ),
            (
                "config listen\n\toption address [::]:80\n\tlist serve pages",
                &["it is one of page, ingest and metrics; did you mean 'page'?"],
            ),
            (
                "config listen\n\toption address [::]:80\n\toption serve page\n\toption plaintext maybe",
                &["4: 'maybe' is no value for 'plaintext'; write 1 or 0"],
            ),
            (
                "config listen\n\toption address [::]:80\n\toption serve page\n\toption path_prefix x",
                &["4: 'x' is no value for 'path_prefix'"],
            ),
            ("config site t\n\tlist host a:80", &["2: 'a:80' is no host name"]),
            ("config site t\n\tlist host a\n\tlist host A.", &["3: 'A.' is there a second time as 'host'"]),
            (
                "config site t\n\tlist host a\nconfig site u\n\tlist host a",
                &["4: 'a' is there a second time"],
            ),
            ("config site t", &["1: site 't' has no 'list host', nor has another"]),
            (
                "config site t\n\tlist host a\n\toption title_xx b",
                &["3: 'title_xx' names a language that aiglon does not speak; known are en, ar, fr"],
            ),
            (
                "config site t\n\tlist host a\n\toption lang de",
                &["3: 'de' is no language that aiglon speaks; known are en, ar, fr"],
            ),
            (
                "config site t\n\tlist host a\n\toption timezone Europe/Brussels",
                &["write 'CET-1CEST,M3.5.0,M10.5.0/3'"],
            ),
            (
                "config site t\n\tlist host a\n\toption timezone America/Lima",
                &["3: 'America/Lima' is the name of a zone"],
            ),
            (
                "config site t\n\tlist host a\n\toption visibility hidden",
                &["it is one of local, unlisted and public"],
            ),
            (
                "config site t\n\tlist host a\n\toption visibility unlisted",
                &["3: 'config site t' lacks 'secret_path'"],
            ),
            (
                "config site t\n\tlist host a\n\toption secret_path 0123456789abcdef",
                &["3: 'secret_path' is for sites with visibility 'unlisted'"],
            ),
            (
                "config site t\n\tlist host a\n\toption visibility unlisted\n\toption secret_path short",
                &["4: 'secret_path' is at least 16"],
            ),
            (
                "config site t\n\tlist host a\n\toption title 'a\u{1b}b'",
                &["3: this 'title' holds a control character"],
            ),
            ("config site t\n\tlist host 'a\nb'", &["2: this 'host' holds a control character"]),
            (
                "config site t\n\tlist host a\n\tlist title b",
                &["3: 'title' takes one value; write 'option title'"],
            ),
            (
                "config source q\n\toption site s\n\tlist token hunter2hunter2",
                &["3: a token itself does not belong here"],
            ),
            ("config source q\n\toption site s\n\tlist token sha256:12", &["3: this is no token hash"]),
            ("config source q\n\toption site s", &["1: 'config source q' lacks 'token'; run `aiglon token`"]),
            (
                "config source q\n\tlist token sha256:0101010101010101010101010101010101010101010101010101010101010101",
                &["1: 'config source q' lacks 'site'", "2: this token stands here a second time"],
            ),
            (
                "config service w\n\toption site S",
                &["2: 'site' names 'S', but there is no 'config site' of that name; did you mean 's'?"],
            ),
            (
                "config service w\n\toption site s\n\toption url ftp://x",
                &["3: 'ftp://x' is no address for a link"],
            ),
            (
                "config service w\n\toption site s\nconfig service v\n\toption site s\n\toption label w",
                &["5: 'w' is there a second time as 'label'; each 'label' may stand once on a site"],
            ),
            ("config user u\n\toption role admin", &["1: 'config user u' lacks 'site'"]),
            (&format!("{user}\toption role root"), &["it is one of operator and admin"]),
            (&format!("{user}\tlist key 'from=\"x\" ssh-rsa AAAA'"), &["3: options before a key"]),
            (&format!("{user}\tlist key 'ssh-dss AAAA'"), &["3: this is no key of a type"]),
            (&format!("{user}\tlist key 'ssh-rsa AAAA'"), &["3: RSA keys are not taken"]),
            (&format!("{user}\tlist key 'ssh-ed25519 AAAA'"), &["3: this ssh-ed25519 key is damaged"]),
            ("config aiglon main\n\tlist ssh '192.0.2.1'", &["2: '192.0.2.1' has no port"]),
            ("config user", &["1: 'config user' needs a name, as in: config user 'name'"]),
            (
                "config usr u\n\toption x y",
                &[
                    "1: there is no section type 'usr'; known are aiglon, listen, site, source, service, component, heartbeat, rule and user; did you mean 'user'?",
                ],
            ),
            ("config user s\n\tlist site s", &["1: 's' is already the name of a section of another type"]),
        ] {
            check(more, expected);
        }
    }

    const WIFI: &str = "config service wifi\n\toption site s\n";

    #[test]
    fn mistakes_in_components() {
        let second = "config source q\n\toption site s\n\tlist token \
             sha256:0202020202020202020202020202020202020202020202020202020202020202\n";
        let other = format!("config site t\n\tlist host t\n{}", second.replace("site s", "site t"));
        let part = "config component c\n\toption service wifi\n";
        for (more, expected) in [
            (format!("{WIFI}config component c\n"), &["3: 'config component c' lacks 'service'"][..]),
            // What is misspelt is not also missing, unless another option is meant.
            (
                format!("{WIFI}config component c\n\toption services wifi\n"),
                &["4: 'config component' has no option 'services'; did you mean 'service'?"],
            ),
            (
                format!("{WIFI}config component c\n\toption nmae C\n"),
                &[
                    "3: 'config component c' lacks 'service'",
                    "4: 'config component' has no option 'nmae'; did you mean 'name'?",
                ],
            ),
            (
                format!("{WIFI}config component c\n\toption service wfi"),
                &[
                    "4: 'service' names 'wfi', but there is no 'config service' of that name; did you mean 'wifi'?",
                ],
            ),
            (
                format!("{WIFI}{part}\tlist source pp"),
                &["5: 'source' names 'pp', but there is no 'config source' of that name; did you mean 'p'?"],
            ),
            (format!("{WIFI}{part}\toption depends_on c"), &["5: component 'c' depends on itself"]),
            (format!("{WIFI}{part}\toption depends_on d"), &["5: 'depends_on' names 'd'"]),
            (
                format!(
                    "{WIFI}{part}\toption depends_on d\n{}\toption depends_on c",
                    part.replace("t c\n", "t d\n")
                ),
                &["5: component 'c' depends on itself, by way"],
            ),
            (
                format!("{WIFI}{part}{}\toption label c", part.replace("t c\n", "t d\n")),
                &["7: 'c' is there a second time as 'label'; each 'label' may stand once in a service"],
            ),
            (format!("{WIFI}{part}\tlist publish 'a b'"), &["5: 'a b' is no name of an annotation"]),
            (format!("{second}{WIFI}{part}"), &["6: component 'c' stands on a site with several sources"]),
            (
                format!("{second}\toption scope read\n{WIFI}{part}\tlist source q"),
                &["9: 'source' names 'q', which has scope 'read'"],
            ),
            (
                format!("{other}{WIFI}{part}\tlist source q"),
                &["10: 'source' names 'q', which belongs to another site"],
            ),
            (
                format!("config site t\n\tlist host t\n{}{part}", WIFI.replace("site s", "site t")),
                &["5: component 'c' stands on a site that no source"],
            ),
            (
                format!(
                    "{other}{WIFI}{part}config service x\n\toption site t\nconfig component d\n\toption service x\n\toption depends_on c"
                ),
                &["14: 'depends_on' names 'c', which belongs to another site"],
            ),
        ] {
            check(&more, expected);
        }
        // A source that only reads does not make a component say who feeds it.
        check(&format!("{second}\toption scope read\n{WIFI}{part}"), &[]);
    }

    #[test]
    fn mistakes_in_the_file() {
        for (more, expected) in [
            (
                "confg site t\n\toption nonsense x",
                &[
                    "1: 'confg' is not a keyword; a line begins with 'config', 'option' or 'list'; did you mean 'config'?",
                ][..],
            ),
            (
                "config site t\n\tlist host a b\n\toption nonsense x",
                &[
                    "2: there is too much on this line, from b on",
                    "3: 'config site' has no option 'nonsense'",
                ],
            ),
            ("config user u\n\tlist site 's\n\n", &["2: the quote that opens at 's is not closed;"]),
            ("config site t-1", &["1: t-1 cannot be a name"]),
            ("package aiglon", &[]),
        ] {
            check(more, expected);
        }
        for (file, expected) in [
            (&b""[..], &["0: there is no 'config listen'", "0: there is no 'config site'"][..]),
            (
                b"option a b\nlist c d\n",
                &[
                    "0: there is no 'config listen'",
                    "0: there is no 'config site'",
                    "1: 'option' stands before",
                    "2: 'list' stands before",
                ],
            ),
            (b"\xff", &["1: this line is not UTF-8"]),
            (b"\n\0", &["2: this line holds a NUL"]),
            ("\u{feff}config".as_bytes(), &["1: the file begins with a byte order mark"]),
        ] {
            let (config, found) = load(file);
            assert!(config.is_none());
            assert_eq!(found.len(), expected.len(), "{found:?}");
            assert!(
                found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected)),
                "{found:?}"
            );
        }
        let (_, found) = load("#".repeat(CONFIG_BYTES + 1).as_bytes());
        assert_eq!(found, [format!("0: the file is longer than {CONFIG_BYTES} bytes (CONFIG_BYTES)")]);
    }

    #[test]
    fn mistakes_in_heartbeats() {
        let beat = "config heartbeat h\n\toption source p\n\toption every 2m\n";
        let reader = "config source q\n\toption site s\n\toption scope read\n\tlist token sha256:0202020202020202020202020202020202020202020202020202020202020202\n";
        let other = format!(
            "config site t\n\tlist host t\n{}\toption scope push\n",
            reader.replace("site s", "site t")
        );
        for (more, expected) in [
            (beat.to_string(), &[][..]),
            (
                "config heartbeat h".to_string(),
                &[
                    "'config heartbeat h' lacks 'source'; say whose token",
                    "lacks 'every'; say how often it comes",
                ],
            ),
            (format!("{beat}\toption every 5"), &["'every' has no unit: is '5' in seconds"]),
            (format!("{beat}\toption grace 0s"), &["'grace' may not be zero"]),
            (
                format!("{beat}\toption severity info"),
                &["'info' is no value for 'severity'; it is one of warning"],
            ),
            (format!("{beat}\toption severity bad"), &["'bad' is no value for 'severity'"]),
            (
                format!("{beat}\toption component c"),
                &["'component' names 'c', but there is no 'config component'"],
            ),
            (format!("{beat}\toption source r"), &["'source' names 'r', but there is no 'config source'"]),
            (format!("{reader}{beat}\toption source q"), &["'source' names 'q', which has scope 'read'"]),
            (
                format!(
                    "{other}{WIFI}config component c\n\toption service wifi\n{beat}\toption component c\n\toption source q"
                ),
                &["'source' names 'q', which belongs to another site"],
            ),
            (
                format!("{beat}\toption every 3m"),
                &["4: this heartbeat comes less often than source 'p' is missed"],
            ),
            (format!("config source p\n\toption silent_after 5m\n{beat}\toption every 3m"), &[]),
            ("config heartbeat p\n".to_string(), &["'p' is already the name of a section of another type"]),
        ] {
            check(&more, expected);
        }
        let config = good(&format!("{BASE}{beat}"));
        let row = &config.heartbeats[0];
        assert_eq!((row.every, row.grace, row.severity), (Millis::from_mins(2), row.every, Severity::Outage));
        assert_eq!(config.heartbeat(SourceId(0), "h").map(|id| id.0), Some(0));
        assert_eq!((config.heartbeat(SourceId(1), "h"), config.heartbeat(SourceId(0), "H")), (None, None));
    }

    #[test]
    fn mistakes_in_rules() {
        let rule = "config rule r\n\toption source p\n\toption measurement ping\n\toption field loss\n";
        for (more, expected) in [
            (
                "config rule r".to_string(),
                &["lacks 'source'", "lacks 'measurement'", "rule 'r' asks for nothing"][..],
            ),
            (rule.to_string(), &["1: rule 'r' asks for nothing; write above, below"]),
            (format!("{rule}\toption clear 5%"), &["asks for nothing"]),
            (format!("{rule}\toption absent 5m"), &[]),
            (format!("{rule}\toption absent 5m\n\toption clear 5"), &["asks for nothing"]),
            (format!("{rule}\toption above 50%"), &[]),
            (format!("{rule}\toption below -80dBm\n\toption clear -75dBm"), &[]),
            (
                format!("{rule}\toption above 50%\n\toption below 20%"),
                &["6: there is more than one of 'above'"],
            ),
            (format!("{rule}\toption above 50 %"), &["too much on this line"]),
            (
                format!("{rule}\toption above lots"),
                &["5: 'lots' is no value for 'above'; write a number with its unit"],
            ),
            (format!("{rule}\toption above 5parsec"), &["5: '5parsec' is no value"]),
            (
                format!("{rule}\toption above 2m"),
                &["5: '2m' has a unit, but in what does the field itself count"],
            ),
            (format!("{rule}\toption unit s\n\toption above 2m"), &[]),
            (
                format!("{rule}\toption unit s\n\toption above 2"),
                &["6: '2' does not fit the unit of this rule"],
            ),
            (format!("{rule}\toption unit s\n\toption above 2%"), &["6: '2%' does not fit the unit"]),
            (
                format!("{rule}\toption unit sec\n\toption above 2"),
                &["5: 'sec' is no value for 'unit'; it is one of %"],
            ),
            (
                format!("{rule}\toption outside 5%"),
                &["'5%' is no value for 'outside'; write a number with its unit, as -80dBm.."],
            ),
            (format!("{rule}\toption outside 5%..1%"), &["'5%..1%' is no value"]),
            (format!("{rule}\toption outside 1%..5%"), &[]),
            (
                format!("{rule}\toption above 50%\n\toption clear 60%"),
                &["6: '60%' would clear this rule where it still fires"],
            ),
            (format!("{rule}\toption below 50%\n\toption clear 40%"), &["'40%' would clear"]),
            (format!("{rule}\toption equals 5\n\toption clear 4"), &["'4' would clear"]),
            (format!("{rule}\toption above 5\n\toption for 0s"), &["'for' may not be zero"]),
            (
                format!("{rule}\toption above 5\n\toption aggregate mean"),
                &["'mean' is no value for 'aggregate'; it is one of any, all"],
            ),
            (
                format!("{rule}\toption above 5\n\toption aggregate count-distinct"),
                &["'count-distinct' counts the values of one tag"],
            ),
            (
                format!("{rule}\toption above 5\n\toption of mac"),
                &["'count-distinct' counts the values of one tag"],
            ),
            (format!("{rule}\toption absent 5m\n\toption of host\n\tlist expect a\n\tlist expect b"), &[]),
            (format!("{rule}\toption absent 5m\n\tlist expect a"), &["'expect' lists the values of one tag"]),
            (
                format!("{rule}\toption above 5\n\toption of host\n\tlist expect a"),
                &["7: 'a': 'expect' lists the values"],
            ),
            (
                format!(
                    "{rule}\toption absent 5m\n\toption of host\n\tlist expect 02-00-00-aa-bb-cc\n\tlist expect a"
                ),
                &["7: '02-00-00-aa-bb-cc': 'expect' lists"],
            ),
            (
                format!(
                    "{rule}\toption absent 5m\n\toption of host{}",
                    "\n\tlist expect a".repeat(EXPECTED + 1)
                ),
                &["lines 'list expect' (EXPECTED)"],
            ),
            (
                format!("{rule}\toption above 5\n\toption match mac=02:00:00:00:00:01"),
                &["MAC addresses are masked"],
            ),
            (
                format!("{rule}\toption above 5\n\toption match ''\n\toption severity ok"),
                &["'ok' is no value for 'severity'"],
            ),
            (
                format!(
                    "{WIFI}config component c\n\toption service wifi\n{rule}\toption component c\n\toption above 5\n\toption field clients"
                ),
                &["rule 'r' tells of people"],
            ),
            (
                format!(
                    "{WIFI}config component c\n\toption service wifi\n{rule}\toption component c\n\toption above 5\n\toption match 'host=a type=if_octets'"
                ),
                &["rule 'r' tells of people"],
            ),
            (
                format!(
                    "{WIFI}config component c\n\toption service wifi\nconfig rule r\n\toption source p\n\toption measurement interface\n\toption field rx\n\toption component c\n\toption above 5"
                ),
                &["rule 'r' tells of people"],
            ),
            (
                format!(
                    "{WIFI}config component c\n\toption service wifi\nconfig rule r\n\toption source p\n\toption measurement interface\n\toption field rx\n\toption component c\n\toption above 5\n\toption match type=if_errors"
                ),
                &[],
            ),
            (
                format!(
                    "{WIFI}config component c\n\toption service wifi\n{rule}\toption component c\n\toption absent 5m\n\toption of station\n\tlist expect phone"
                ),
                &["rule 'r' tells of people"],
            ),
            (
                format!(
                    "{WIFI}config component c\n\toption service wifi\n{rule}\toption component c\n\toption above 5\n\toption of mac\n\toption aggregate count-distinct"
                ),
                &["rule 'r' tells of people"],
            ),
            (
                rule.replace("\toption field loss\n", "\toption above 5\n"),
                &["4: rule 'r' compares a number; say which"],
            ),
        ] {
            check(&more, expected);
        }
        let limits = |options: &str| {
            let config = good(&format!("{BASE}{rule}{options}"));
            let row = config.rules[0];
            (row.limit.low, row.clear.low)
        };
        for (options, expected) in [
            ("\toption above 50.5%\n", (50_500_000, 50_500_000)),
            ("\toption clear 1m\n\toption above 2m\n\toption unit s\n", (120_000_000, 60_000_000)),
            ("\toption unit ms\n\toption above 0.5s\n", (500_000_000, 500_000_000)),
            ("\toption unit s\n\toption above 250ms\n", (250_000, 250_000)),
            ("\toption unit h\n\toption below 14d\n", (336_000_000, 336_000_000)),
            ("\toption unit KiB\n\toption below 1MiB\n", (1_024_000_000, 1_024_000_000)),
            ("\toption unit B/s\n\toption above 8Mbit/s\n", (1_000_000_000_000, 1_000_000_000_000)),
            ("\toption above -3\n", (-3_000_000, -3_000_000)),
        ] {
            assert_eq!(limits(options), expected, "{options}");
        }
    }

    #[test]
    fn secrets_are_not_repeated() {
        let secret = "Yk3mP0qLw8ZtR5vN";
        for more in [
            format!("config source q\n\toption site s\n\tlist token {secret}"),
            format!("config source q\n\toption site s\n\tlist token sha256:{secret}"),
            format!("config site t\n\tlist host t\n\toption secret_path {secret}"),
            format!(
                "config site t\n\tlist host t\n\toption visibility unlisted\n\toption secret_path /{secret}"
            ),
            format!("config user u\n\tlist site s\n\tlist key '{secret}'"),
        ] {
            let found = problems(&more);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(!found[0].contains(secret), "{found:?}");
        }
    }

    #[test]
    fn warnings_do_not_refuse() {
        let (config, found) =
            load(format!("{BASE}config source p\n\toption silent_after 2m59s\n").as_bytes());
        assert_eq!(config.unwrap().sources[0].silent_after, Millis(179_000));
        assert!(found[0].contains("under 3m"), "{found:?}");
        check("config source p\n\toption silent_after 3m\n\toption resync 0s", &[]);
    }

    #[test]
    fn the_last_option_counts_and_lists_add() {
        for (more, expected) in [
            ("\tlist host a\n\tlist host b\n", &["a", "b"][..]),
            ("\toption host a\n", &["a"]),
            ("\toption host a\n\tlist host b\n", &["a", "b"]),
            ("\tlist host a\n\tlist host b\n\toption host c\n", &["c"]),
            ("\tlist host a\n\toption host ''\n", &[]),
            ("\tlist host a\n\toption host ''\n\tlist host b\n", &["b"]),
            ("\tlist host ''\n\tlist host b\n", &["b"]),
            ("\tlist host a\nconfig user u\n\tlist site s\nconfig site s\n\tlist host b\n", &["a", "b"]),
            ("\tlist host a:80\nconfig user u\n\tlist site s\nconfig site s\n\toption host b\n", &["b"]),
        ] {
            let config = good(&format!("{BASE}config site s\n{more}"));
            let hosts: Vec<_> = config.hosts.iter().map(|host| config.str(host.name)).collect();
            assert_eq!(hosts, expected, "{more}");
            assert_eq!(config.sites.len(), 1);
        }
        let config = good(&format!(
            "{BASE}config site s\n\toption lang nonsense\n\toption lang fr\n\toption title x\n\toption title ''\n"
        ));
        assert_eq!(config.sites[0].lang, Lang::Fr);
        assert_eq!(config.str(config.sites[0].title.default), "s");
        // What is taken away again is missing.
        let (_, found) = load(format!("{BASE}config source p\n\toption site ''\n").as_bytes());
        assert!(found[0].contains("lacks 'site'"), "{found:?}");
        // Only one of them is wanted.
        check("config site s\n\toption lang fr\n\tlist lang en", &["3: 'lang' takes one value"]);
    }

    #[test]
    fn sections_that_merge_and_sections_without_names() {
        let config = good(
            "config listen\n\toption address [::]:1\n\toption serve page\n\
             config site a\n\tlist host a\n\
             config listen\n\toption address [::]:2\n\toption serve ingest\n\
             config listen x\n\toption serve metrics\n\
             config site 'b'\n\toption visibility public\n\
             config \"listen\" 'x'\n\toption address unix:/run/x\n\
             config site a\n\toption title A\n\
             config aiglon main\n\toption clock ntp\n",
        );
        let listeners: Vec<_> =
            config.listeners.iter().map(|row| (config.str(row.name), row.serve)).collect();
        let roles = |n| Roles { page: n == 0, ingest: n == 1, metrics: n == 2 };
        assert_eq!(listeners, [("", roles(0)), ("", roles(1)), ("x", roles(2))]);
        assert!(matches!(config.listeners[1].address, Address::Tcp(address) if address.port() == 2));
        assert!(matches!(config.listeners[2].address, Address::Unix(path) if config.str(path) == "/run/x"));
        assert_eq!(config.str(config.sites[0].title.default), "A");
        assert_eq!(config.sites[1].visibility, Visibility::Public);
        assert_eq!(config.main.clock, Clock::Ntp);
    }

    #[test]
    fn texts_span_lines_without_control_characters() {
        let config = good(&format!("{BASE}config site s\n\toption intro 'one\r\ntwo\n\tthree'\n"));
        assert_eq!(config.str(config.sites[0].intro.default), "one  two  three");
        assert_eq!(config.text(&config.sites[0].intro, Lang::Ar), "one  two  three");
    }

    #[test]
    fn values_are_kept_in_their_one_form() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKynHleX0nBqumByCH6NS51becrZEw6Ylh7JYkt8CM7V";
        let config = good(&format!(
            "{BASE}config site s\n\tlist host Status.Example.ORG.\n\
             config user u\n\tlist site s\n\tlist key '{key}  Jane Doe, laptop'\n\toption role admin\n\
             config listen\n\toption path_prefix /status/\n\toption address [::1]:80\n\tlist serve page\n"
        ));
        assert_eq!(config.str(config.hosts[0].name), "status.example.org");
        assert_eq!(config.str(config.user_keys[0].key), key);
        assert_eq!((config.users[0].sites, config.users[0].role), (1, crate::config::Role::Admin));
        assert_eq!(config.str(config.listeners[1].path_prefix), "/status");
        check(
            &format!("config user u\n\tlist site s\n\tlist key '{key} a'\n\tlist key '{key} b'"),
            &["4: this key stands here a second time"],
        );
    }

    #[test]
    fn where_ssh_listens() {
        let lines = "config aiglon main\n\tlist ssh '0.0.0.0:2222'\n\tlist ssh '[2001:db8::1]:22'\n";
        let (config, problems) = load(format!("{BASE}{lines}").as_bytes());
        assert_eq!(
            config.unwrap().ssh,
            ["0.0.0.0:2222".parse().unwrap(), "[2001:db8::1]:22".parse().unwrap()]
        );
        // A build without a server says so, and serves the rest.
        assert_eq!(problems.len(), if cfg!(feature = "ssh") { 0 } else { 2 });
        assert!(problems.iter().all(|problem| problem.contains("this build has none (feature ssh)")));
        let (config, problems) = load(format!("{BASE}{lines}\tlist ssh '0.0.0.0:2222'\n").as_bytes());
        assert!(
            config.is_none() && problems.iter().any(|problem| problem.contains("a second time as 'ssh'"))
        );
        let many: String = (1..=5).map(|port| format!("\tlist ssh '127.0.0.1:{port}'\n")).collect();
        let (config, problems) = load(format!("{BASE}config aiglon main\n{many}").as_bytes());
        assert!(config.is_none() && problems.iter().any(|problem| problem.contains("(SSH_ADDRESSES)")));
    }

    #[test]
    fn limits_are_named() {
        use crate::limits::{COMPONENTS, HOSTS, SITES, USERS};
        let mut file = String::from(WIFI);
        for n in 0..=COMPONENTS + 5 {
            file += &format!("config component c{n}\n\toption service wifi\n");
        }
        check(
            &file,
            &[&format!(
                "{}: there are more sections 'config component' (COMPONENTS) than this build holds: at most {COMPONENTS}",
                COMPONENTS * 2 + 3
            )],
        );
        let sites: String = (0..SITES).map(|n| format!("config site t{n}\n\tlist host t{n}\n")).collect();
        check(&sites, &["(SITES)"]);
        let users: String = (0..=USERS).map(|n| format!("config user u{n}\n\tlist site s\n")).collect();
        check(&users, &["(USERS)"]);
        let hosts: String = (0..=HOSTS + 3).map(|n| format!("\tlist host h{n}\n")).collect();
        check(&format!("config site s\n{hosts}"), &["lines 'list host' (HOSTS)"]);
        let terms = "a=b ".repeat(256);
        check(
            &format!("{WIFI}config component c\n\toption service wifi\n\tlist match '{terms}'"),
            &["terms in one matcher than this build holds: at most 255"],
        );
        let long = "x".repeat(CONFIG_VALUE_BYTES + 1);
        check(
            &format!("config site s\n\toption title '{long}'"),
            &[&format!("2: this 'title' is longer than {CONFIG_VALUE_BYTES} bytes")],
        );
        let most = "x".repeat(CONFIG_VALUE_BYTES);
        let much: String = (0..13)
            .map(|n| format!("config service w{n}\n\toption site s\n\toption name '{most}'\n"))
            .collect();
        let (_, found) = load(format!("{BASE}{much}").as_bytes());
        assert_eq!(
            found,
            [format!(
                "0: there is more text in the configuration than {CONFIG_TEXT_BYTES} bytes (CONFIG_TEXT_BYTES)"
            )]
        );
        check(
            &format!("config user {}", "u".repeat(65)),
            &["1: this 'name of a section' is longer than 64 bytes"],
        );
    }

    #[test]
    fn a_full_house_loads() {
        use crate::limits::{COMPONENTS, SERVICES};
        let mut file = String::from(BASE);
        for n in 0..SERVICES {
            file += &format!("config service w{n}\n\toption site s\n");
        }
        for n in 0..COMPONENTS {
            let service = n % SERVICES;
            file += &format!(
                "config component c{n}\n\toption service w{service}\n\tlist match 'a={n} b!=c'\n\tlist match 'd~{n}*'\n"
            );
        }
        assert!(file.len() < CONFIG_BYTES);
        let config = good(&file);
        assert_eq!(config.components.len(), COMPONENTS);
        assert_eq!(config.matches.len(), COMPONENTS * 2);
        assert_eq!(config.terms.len(), COMPONENTS * 3);
    }

    #[test]
    fn all_mistakes_at_once_and_nothing_is_left() {
        let (mut config, mut problems) = (std::boxed::Box::new(Config::new()), Problems::new());
        config.load(EXAMPLE, &mut problems).unwrap();
        let mistakes = "config user\n".repeat(crate::limits::PROBLEMS + 7);
        assert_eq!(config.load(format!("{BASE}{mistakes}").as_bytes(), &mut problems), Err(Refused));
        assert_eq!(problems.iter().count(), crate::limits::PROBLEMS);
        assert_eq!(problems.more(), 7);
        assert!(config.sites.is_empty() && config.components.is_empty() && config.tokens.is_empty());
        assert!(config.text.is_empty() && config.main.state_dir.is_empty());
        config.load(EXAMPLE, &mut problems).unwrap();
        assert!(problems.iter().next().is_none() && problems.more() == 0);
    }

    /// The example with a stretch taken out, or another put in: never a panic, and never a
    /// configuration that is not what it promises to be.
    fn sound(file: &[u8]) {
        let (config, _) = load(file);
        let Some(config) = config else { return };
        assert!(!config.sites.is_empty() && !config.listeners.is_empty());
        for (index, part) in config.components.iter().enumerate() {
            let site = config.site_of(ComponentId(u16::try_from(index).unwrap())).unwrap();
            assert!(config.sites.get(site.index()).is_some() && !part.feeders.is_empty());
            for source in part.feeders.iter() {
                assert_eq!(config.sources[source.index()].site, site);
            }
        }
        for one in &config.matches {
            assert!(one.count > 0 && usize::from(one.first) + usize::from(one.count) <= config.terms.len());
        }
        assert!(!config.text.chars().any(char::is_control));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn broken_examples(at in 0..EXAMPLE.len(), len in 0usize..200, more in "[a-z '\"\\\\#;\n\t=~]{0,12}") {
            let mut file = EXAMPLE[..at].to_vec();
            file.extend(more.bytes());
            file.extend(&EXAMPLE[(at + len).min(EXAMPLE.len())..]);
            sound(&file);
        }

        #[test]
        fn shuffled_lines(lines in prop::collection::vec(0..EXAMPLE.split(|&b| b == b'\n').count(), 0..60)) {
            let all: Vec<_> = EXAMPLE.split(|&byte| byte == b'\n').collect();
            let mut file = BASE.as_bytes().to_vec();
            for line in lines {
                file.extend(all[line]);
                file.push(b'\n');
            }
            sound(&file);
        }

        #[test]
        fn random_bytes(file in prop::collection::vec(any::<u8>(), 0..200)) {
            load(&file);
        }

        #[test]
        fn any_title_reads_back(title in "[^\\x00-\\x1f\\x7f-\\x9f]{1,60}") {
            let config = good(&format!("{BASE}config site s\n\toption title '{}'\n", title.replace('\'', "'\\''")));
            prop_assert_eq!(config.str(config.sites[0].title.default), title);
        }
    }
}
