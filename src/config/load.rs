//! From the statements of a file to a [`Config`].
//!
//! The file is read three times, so that no table of statements is needed. First the sections are
//! declared, so that every name is known. Then the options are filled in, in the order of the file.
//! Then what concerns several sections is checked ([`check`](super::check)).
//!
//! As in libuci, sections of one type and name are one, the last `option` of a name counts, and a
//! `list` adds to what stands there. So an option is passed over when a later `option` of its
//! section has its name. To know that, each section is read once more when it begins.

use heapless::Vec;

use super::Config;
use super::loader::{Loader, Merged, Place, RuleDraft, Value};
use super::problem::{NewProblem, ProblemKind, Problems};
use super::schema::{
    self, Field, FoundOption, SECTION_OPTIONS, SECTIONS, Section, Shape, TYPE_NAMES, TYPES, Type, TypeRow,
};
use super::uci::{Keyword, QuotedWord, Statement, Statements, Syntax, SyntaxError};
use crate::limits::{
    CONFIG_BYTES, CONFIG_NAME_BYTES, CONFIG_VALUE_BYTES, JOURNAL_BYTES, RULES, SECTIONS_AGAIN,
};
use crate::model::{Lang, Severity};
use crate::text::near;
use crate::time::Millis;

/// A configuration was refused; the problems say why. The [`Config`] is empty now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigRefused;

impl Config {
    /// Reads a file over what this held. All mistakes are told at once, as far as `problems` has
    /// room; if there is any that is not a warning, this is empty afterwards.
    ///
    /// Works through the file a few times, and once more for each of [`SECTIONS_AGAIN`]. Uses about
    /// 10 KiB of stack.
    pub fn load(&mut self, file: &[u8], problems: &mut Problems) -> Result<(), ConfigRefused> {
        self.clear();
        problems.clear();
        if file.len() > CONFIG_BYTES {
            problems.add(NewProblem::new(0, ProblemKind::FileTooLong).limit(CONFIG_BYTES));
        } else {
            match Statements::new(file) {
                Ok(statements) => {
                    Loader {
                        config: self,
                        problems,
                        statements,
                        drafts: [RuleDraft::default(); RULES],
                        places: [Place::default(); SECTIONS],
                        merged: Merged::new(),
                        again: 0,
                        broken: false,
                    }
                    .load();
                }
                Err(error) => problems.add(of_syntax(&error)),
            }
        }
        if problems.any_error() {
            self.clear();
            return Err(ConfigRefused);
        }
        Ok(())
    }
}

/// What the options and lists of one name say in a section.
struct Given {
    field: Field,
    lang: Option<Lang>,
    /// The line of the last `option`; 0 if there is none.
    last: u32,
    /// Whether that one has a value.
    says: bool,
    /// Whether there is a value, here or in a list behind it.
    present: bool,
}

type SectionOptions = Vec<Given, SECTION_OPTIONS>;

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
        let mut main: Option<QuotedWord<'a>> = None;
        let mut in_section = false;
        let mut statements = self.statements.clone();
        while let Some(statement) = statements.next() {
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
                    let at = statements.at(self.statements.len());
                    self.declare_one(&statement, at, &mut main);
                }
                Keyword::Option | Keyword::List if !in_section => {
                    let word = if statement.keyword == Keyword::List { "list" } else { "option" };
                    self.problems
                        .add(NewProblem::new(statement.line, ProblemKind::OutsideSection).word(word));
                }
                _ => {}
            }
        }
    }

    fn declare_one(&mut self, statement: &Statement<'a>, at: usize, main: &mut Option<QuotedWord<'a>>) {
        let line = statement.line;
        let Some(row) = TYPES.iter().find(|row| statement.name.is(row.name)) else {
            self.broken = true;
            let mut buffer = [0u8; CONFIG_NAME_BYTES];
            let word = statement.name.read(&mut buffer).unwrap_or(statement.name.raw());
            let near = near::nearest(word, &mut TYPES.iter().map(|row| row.name));
            self.problems.add(
                NewProblem::new(line, ProblemKind::UnknownSection).word(word).known(TYPE_NAMES).instead(near),
            );
            return;
        };
        let mut buffer = [0u8; CONFIG_NAME_BYTES];
        let Some(name) = statement.value.read(&mut buffer) else {
            self.broken = true;
            self.problems.add(
                NewProblem::new(line, ProblemKind::TooLong)
                    .option("name of a section")
                    .limit(CONFIG_NAME_BYTES),
            );
            return;
        };
        let taken = |other: &&TypeRow| other.kind != row.kind && self.config.has_name(other.kind, name);
        let as_main = row.kind != Type::Main && main.is_some_and(|main| main.is(name));
        if !name.is_empty() && (as_main || TYPES.iter().any(|other| taken(&other))) {
            self.problems.add(NewProblem::new(line, ProblemKind::OtherType).word(name));
            return;
        }
        let begins = Section { kind: row.kind, index: self.config.count(row.kind) };
        if row.kind == Type::Main {
            match main {
                None => {
                    *main = Some(statement.value);
                    self.begin(begins, at, line);
                }
                Some(first) if !first.is_empty() && first.is(name) => self.merge(begins, line),
                Some(_) => self.problems.add(NewProblem::new(line, ProblemKind::SecondMain)),
            }
        } else if name.is_empty() && row.kind != Type::Listen {
            self.broken = true;
            self.problems.add(NewProblem::new(line, ProblemKind::Unnamed).section(row.name));
        } else if !name.is_empty() && self.config.has_name(row.kind, name) {
            // As for libuci. Who copied a section and forgot to rename it is told.
            let index = self.config.names(row.kind).position(|known| known == name).unwrap_or(0);
            self.merge(Section { kind: row.kind, index: u16::try_from(index).unwrap_or(u16::MAX) }, line);
            self.problems.add(NewProblem::new(line, ProblemKind::SecondSection).section(row.name).word(name));
        } else {
            let span = self.keep(name);
            if self.config.declare(row.kind, span) {
                self.begin(begins, at, line);
            } else {
                self.full(line, row.plural, row.limit);
            }
        }
    }

    fn begin(&mut self, section: Section, at: usize, line: u32) {
        if let Some(place) = self.places.get_mut(section.place()) {
            *place = Place::of(at, line);
        }
    }

    /// A section goes on in a further place.
    fn merge(&mut self, section: Section, line: u32) {
        self.again = self.again.saturating_add(1);
        if self.again <= SECTIONS_AGAIN {
            // There is room.
            _ = self.merged.push(section);
        } else {
            self.merged.clear();
            self.full(line, "sections that go on further down (SECTIONS_AGAIN)", SECTIONS_AGAIN);
        }
    }

    // ---- second reading: the options ------------------------------------------------------------

    fn fill(&mut self) {
        let mut given = SectionOptions::new();
        let mut buffer = [0u8; CONFIG_VALUE_BYTES];
        let mut walk = self.walk();
        while let Some((statement, section)) = walk.next(self.config) {
            let Some(section) = section else { continue };
            match statement.keyword {
                Keyword::Package => {}
                Keyword::Config => {
                    given.clear();
                    // With more, the file is refused.
                    if walk.begins() || self.again <= SECTIONS_AGAIN {
                        self.survey(section, &mut given);
                    }
                    if walk.begins() {
                        self.require(&given, section, statement.line);
                    }
                }
                Keyword::Option | Keyword::List => self.option(&given, section, &statement, &mut buffer),
            }
        }
    }

    /// Notes what a section says.
    fn survey(&self, section: Section, given: &mut SectionOptions) {
        let mut buffer = [0u8; CONFIG_NAME_BYTES];
        for statement in self.section(section) {
            let name = statement.name.read(&mut buffer).unwrap_or("");
            let FoundOption::Option(row, lang) = schema::find(section.kind, name) else { continue };
            let new = Given { field: row.field, lang, last: 0, says: false, present: false };
            let at = given.iter().position(|known| known.field == row.field && known.lang == lang);
            // There is room for all that exist.
            let at =
                at.unwrap_or_else(|| given.push(new).map_or(usize::MAX, |()| given.len().saturating_sub(1)));
            let Some(known) = given.get_mut(at) else { continue };
            let says = !statement.value.is_empty();
            known.present |= says;
            if statement.keyword == Keyword::Option {
                (known.last, known.says, known.present) = (statement.line, says, says);
            }
        }
    }

    /// Whether a source owes a heartbeat. That can come from this machine, without a token.
    fn owes(&self, source: Section) -> bool {
        let Some(name) = self.config.name_of(source) else { return false };
        let names_it = |statement: Statement<'_>| statement.name.is("source") && statement.value.is(name);
        (0..self.config.count(Type::Heartbeat))
            .any(|index| self.section(Section { kind: Type::Heartbeat, index }).any(names_it))
    }

    /// Tells which of the options that a section must have are not there.
    fn require(&mut self, given: &SectionOptions, section: Section, line: u32) {
        for row in schema::of(section.kind).filter(|row| !row.required.is_empty()) {
            let present = given.iter().any(|known| known.field == row.field && known.present)
                || (row.field == Field::Token && self.owes(section));
            if present || self.broken {
                continue;
            }
            // What is misspelt is told as such, and not as missing.
            let is_meant = |statement: Statement<'a>| meant(section.kind, &statement) == row.name;
            if self.problems.is_full() || !self.section(section).any(is_meant) {
                let problem =
                    NewProblem::new(line, ProblemKind::Missing).section(section.kind.name()).option(row.name);
                self.problems
                    .add(problem.known(row.required).word(self.config.name_of(section).unwrap_or("")));
            }
        }
    }

    fn option(
        &mut self,
        given: &SectionOptions,
        section: Section,
        statement: &Statement<'a>,
        buffer: &mut [u8],
    ) {
        let line = statement.line;
        let mut name_buffer = [0u8; CONFIG_NAME_BYTES];
        let name = statement.name.read(&mut name_buffer).unwrap_or(statement.name.raw());
        let (row, lang) = match schema::find(section.kind, name) {
            FoundOption::Option(row, lang) => (row, lang),
            FoundOption::UnknownLang => {
                return self.problems.add(NewProblem::new(line, ProblemKind::UnknownLang).word(name));
            }
            FoundOption::LangLeftOut => {
                return self.problems.add(NewProblem::new(line, ProblemKind::LangLeftOut).word(name));
            }
            FoundOption::Unknown => {
                // Nobody reads it if there is no room.
                let near = if self.problems.is_full() { "" } else { nearest(section.kind, name) };
                let problem = NewProblem::new(line, ProblemKind::UnknownOption).section(section.kind.name());
                return self.problems.add(problem.word(name).instead(near));
            }
        };
        if statement.value.is_empty() {
            return;
        }
        let mut behind = given.iter().filter(|known| known.last > line);
        if let Some(known) = behind.find(|known| known.field == row.field && known.lang == lang) {
            if known.says {
                self.problems.add(NewProblem::new(line, ProblemKind::Again).option(row.name));
            }
            return;
        }
        let mut value = Value { text: "", line, section, row, lang };
        if statement.keyword == Keyword::List && row.shape != Shape::Many {
            return self.problems.add(value.wrong(ProblemKind::NotAList));
        }
        if statement.keyword == Keyword::Option && row.shape == Shape::Many {
            self.problems.add(value.wrong(ProblemKind::AsOption));
        }
        match statement.value.read(buffer) {
            Some(text) => value.text = text,
            None => return self.problems.add(value.wrong(ProblemKind::TooLong).limit(CONFIG_VALUE_BYTES)),
        }
        // A text may span lines in the file; nothing else may hold a control character.
        let spans_lines = |c: char| row.shape == Shape::Text && matches!(c, '\t' | '\n' | '\r');
        if value.text.chars().any(|c| c.is_control() && !spans_lines(c)) {
            return self.problems.add(value.wrong(ProblemKind::Control));
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
    if matches!(schema::find(kind, name), FoundOption::Unknown) { nearest(kind, name) } else { "" }
}

fn of_syntax<'a>(error: &SyntaxError<'a>) -> NewProblem<'a> {
    let kind = match error.why {
        Syntax::NotUtf8 => ProblemKind::NotUtf8,
        Syntax::Nul => ProblemKind::Nul,
        Syntax::Bom => ProblemKind::Bom,
        Syntax::Keyword => ProblemKind::Keyword,
        Syntax::TooFewWords => ProblemKind::TooFewWords,
        Syntax::TooManyWords => ProblemKind::TooManyWords,
        Syntax::Semicolon => ProblemKind::Semicolon,
        Syntax::Unterminated => ProblemKind::Unterminated,
        Syntax::Name => ProblemKind::BadName,
    };
    let problem = NewProblem::new(error.line, kind).word(error.word);
    if kind != ProblemKind::Keyword {
        return problem;
    }
    problem.instead(near::nearest(error.word, &mut ["config", "option", "list", "package"].into_iter()))
}
