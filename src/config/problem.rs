//! Mistakes in a configuration, and how to say them to the person who made them: what is wrong, and
//! what would be right. The file and the line are put before it by whoever prints it.

use heapless::{String, Vec};
use ufmt::{uWrite, uwrite};

use crate::limits::{PROBLEM_WORD_BYTES, PROBLEMS};
use crate::model::Lang;

/// A short copy of a word from the file, harmless to a terminal.
type Copied = String<PROBLEM_WORD_BYTES>;

macro_rules! kinds {
    ($($name:ident $text:literal)+) => {
        /// What is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProblemKind {$(
            #[doc = concat!("``", $text, "``")]
            $name,
        )+}
        impl ProblemKind {
            #[cfg(test)]
            const ALL: &[Self] = &[$( Self::$name ),+];

            /// How it is said. `{w}` stands for the word in question (`{n}`: after a blank), `{m}`
            /// for what was perhaps meant, `{f}` and `{g}` for what to write instead, `{o}` for the
            /// option, `{s}` for the type of the section, `{l}` for a limit, `{a}` for the words
            /// that are known, `{L}` for the languages that are.
            const fn template(self) -> &'static str {
                match self {$( Self::$name => $text, )+}
            }
        }
    };
}

kinds! {
    FileTooLong "the file is longer than {l} bytes (CONFIG_BYTES)"
    NotUtf8 "this line is not UTF-8; save the file as UTF-8"
    Nul "this line holds a NUL byte; a configuration is text"
    Bom "the file begins with a byte order mark, which UCI does not know; save it as UTF-8 without one"
    Keyword "'{w}' is not a keyword; a line begins with 'config', 'option' or 'list'{m}"
    TooFewWords "'{w}' needs a word after it, as in: config site 'name', option title 'text'"
    TooManyWords "there is too much on this line, from {w} on; put quotes around a value that holds spaces, and \"…\" around one with an apostrophe"
    Semicolon "';' outside quotes would end the statement; put quotes around the value, or begin a new line"
    Unterminated "the quote that opens at {w} is not closed; if an apostrophe has ended a value in '…' early, write \"…\" around it"
    BadName "{w} cannot be a name; names are made of the characters A-Z, a-z, 0-9 and _"
    TooLong "this '{o}' is longer than {l} bytes"
    TextFull "there is more text in the configuration than {l} bytes (CONFIG_TEXT_BYTES)"
    Control "this '{o}' holds a control character; remove it"
    OutsideSection "'{w}' stands before the first section; begin one with 'config' first"
    UnknownSection "there is no section type '{w}'; known are {a}{m}"
    UnknownOption "'config {s}' has no option '{w}'{m}"
    UnknownLang "'{w}' names a language that aiglon does not speak; known are {L}"
    LangLeftOut "'{w}' is in a language that this build leaves out, and nobody reads it here; built in are {L}"
    Unnamed "'config {s}' needs a name, as in: config {s} 'name'"
    SecondSection "there is a 'config {s}' named '{w}' further up already, and both are read as one; give each a name of its own"
    Again "'{o}' stands in this section again further down, and only that one counts"
    OtherType "'{w}' is already the name of a section of another type; names are shared by all types"
    SecondMain "there can be one section 'config aiglon' only; the first is further up"
    NotAList "'{o}' takes one value; write 'option {o}' instead of 'list {o}', once"
    AsOption "'{o}' is a list; write 'list {o}' instead of 'option {o}', since another 'option {o}' would take its place"
    Missing "'config {s}{n}' lacks '{o}'; {a}"
    NoSection "there is no 'config {s}', and aiglon needs one at least"
    Capacity "there are more {a} than this build holds: at most {l}"
    Dangling "'{o}' names '{w}', but there is no 'config {s}' of that name{m}"
    Duplicate "'{w}' is there a second time as '{o}'; each '{o}' may stand once{a}"
    BadWord "'{w}' is no value for '{o}'; it is one of {a}{m}"
    BadBoolean "'{w}' is no value for '{o}'; write 1 or 0 (or yes, no, on, off, true, false)"
    BadDuration "'{w}' is no span of time for '{o}'; write a number with a unit, as 90s, 5m, 4h30m or 1d, of at most 30d"
    NoUnit "'{o}' has no unit: is '{w}' in seconds or minutes? Write 90s, 5m, 4h30m or 1d"
    ZeroDuration "'{o}' may not be zero"
    SilentShort "'{o}' is under 3m, but Prometheus repeats every two minutes with its usual minute of evaluation: the source would be called silent while it is well"
    SilentBeat "this heartbeat comes less often than source '{w}' is missed: after 5m, unless it says something else meanwhile. Say in that source how long it may be silent, as option silent_after '26h'"
    BadAddress "'{w}' is no address to listen on; write IP:PORT, as 127.0.0.1:8080, [::]:8080, or unix:/PATH"
    AddressName "'{w}' names a host; write its IP address, as 127.0.0.1:8080 or [::]:8080, since aiglon looks up no names. On OpenWrt a network's name will do, as lan:8080"
    NoPort "'{w}' has no port; write {f}"
    UnixPath "the path of a unix socket is absolute, without spaces and patterns (* ? [), and of at most {l} bytes; '{w}' is not"
    BadPath "'{w}' is no value for '{o}'; write an absolute path without spaces and patterns (* ? [), as {a}"
    BadGroup "'{w}' is no name of a group for '{o}'; names are made of A-Z, a-z, 0-9, _, - and ."
    BadSize "'{w}' is no size for '{o}'; write bytes, as 65536 or 64k, from {a}"
    BadDays "'{w}' is no number of days for '{o}'; write one from 1 to {l}"
    BadHost "'{w}' is no host name; write the name alone, as status.example.org, without scheme, port or path"
    BadUrl "'{w}' is no address for a link; it begins with https:// or http:// and holds no spaces or quotes"
    BadSiteUrl "'{w}' is no address of a page; write where people read it, as https://status.example.org/status, without '?' and '#' and in at most {l} bytes"
    NoSiteUrl "site '{w}' publishes as atom, ical or opengraph, which need the address of its page; write option url 'https://…' in it"
    SecretPreview "'publish_as' of site '{w}' names opengraph, which is for sites with visibility 'public': previews would pass on what others should not read"
    PublishNone "'publish_as' of site '{w}' names none, and more; remove one or the other"
    NoFeeds "'publish_as' names '{w}', and this build has none (feature feeds): nobody can read it"
    BadContact "'{w}' is no address of a contact; write mailto:NAME@HOST, tel:+NUMBER or https://…, without spaces"
    NoContact "'contact_url' of site '{w}' has no words that lead there; write them, as option contact 'Write to the team'"
    BadLang "'{w}' is no language that aiglon speaks; known are {L}{m}"
    BadTimezone "'{w}' is no POSIX time zone; write one as CET-1CEST,M3.5.0,M10.5.0/3, or UTC0"
    ZoneName "'{w}' is the name of a zone, and aiglon carries no table of zones; write '{f}'"
    ZoneNameUnknown "'{w}' is the name of a zone, and aiglon carries no table of zones; write it as POSIX does, as CET-1CEST,M3.5.0,M10.5.0/3 (the last line of its file in /usr/share/zoneinfo says it)"
    FineSeverity "'{w}' means that nothing is wrong, and would hide every alert with a severity that nobody knows; write warning or critical"
    SecretWeak "'secret_path' is at least 16 characters of A-Z, a-z, 0-9, _ and -, chosen at random"
    SecretNotUnlisted "'secret_path' is for sites with visibility 'unlisted'; site '{w}' has another, so the path would guard nothing"
    BadHash "this is no token hash: it is 'sha256:' and 64 hexadecimal digits; run `aiglon token` and paste its second line"
    PlainToken "a token itself does not belong here, only its hash: 'sha256:' and 64 hexadecimal digits; this one has been seen now, so run `aiglon token` for a new one and paste its second line"
    DuplicateToken "this token stands here a second time; a token belongs to one source, so run `aiglon token` for each"
    KeyOptions "options before a key are not supported; write the key alone, as: ssh-ed25519 AAAA…"
    KeyType "this is no key of a type that aiglon knows; write the key alone, as: ssh-ed25519 AAAA… (known are {a})"
    KeyRsa "RSA keys are not taken, since no code to verify them is free of known holes; make a key of another type, with `ssh-keygen -t ed25519`, and paste its .pub file"
    NoSsh "'ssh' wants a server at {w}, and this build has none (feature ssh): nobody can log in there"
    KeyBroken "this {w} key is damaged; paste the whole line of the .pub file again"
    DuplicateKey "this key stands here a second time; a key belongs to one person"
    Self_ "component '{w}' depends on itself"
    Cycle "component '{w}' depends on itself, by way of others; remove one 'depends_on' of the circle"
    OtherSite "'{o}' names '{w}', which belongs to another site"
    NotPush "'source' names '{w}', which has scope 'read' and so feeds nothing; name one with scope 'push'"
    ReadOnEdge "source '{w}' has scope 'read', and this device is an edge: whoever takes it could read alerts. Put the source on a machine that nobody can take; or write option edge '0' if nobody can take this one"
    NoFeeder "component '{w}' stands on a site that no source pushes to; add a 'config source' with that site"
    WhichFeeder "component '{w}' stands on a site with several sources; say with 'list source' which ones feed it"
    SecondDefault "site '{w}' has no 'list host', nor has another; only one site can be the default, so name the hosts of the others"
    MatchEmpty "this matcher is empty; write terms as alertname=AntennaDown instance~10.0.0.1*"
    MatchName "character {l} of this matcher: a name is expected at '{w}'; write terms as name=value, name!=value or name~glob, without braces or commas"
    MatchOperator "character {l} of this matcher: '{w}' has no operator; write name=value, name!=value or name~glob, without spaces around the operator"
    MatchRegex "character {l} of this matcher: regular expressions are not supported; write {f}"
    MatchRegexHard "character {l} of this matcher: regular expressions are not supported; write globs, in which * stands for any run of characters and ? for one: name~glob, and several 'list match' for alternatives"
    MatchNotRegex "character {l} of this matcher: '!~' is not supported; write name!=value for each value to leave out"
    MatchTwice "character {l} of this matcher: write one '=' only"
    MatchValue "character {l} of this matcher: the value cannot hold '{w}' as it stands; put quotes around the value, and nothing but a space after it"
    MatchNoValue "character {l} of this matcher: the value is missing; for an absent or empty label write {w}''"
    MatchQuote "character {l} of this matcher: the quote that opens here is never closed"
    MatchStar "character {l} of this matcher: '{w}' compares exactly, '*' included; put quotes around the value if that is meant{g}"
    MatchMac "character {l} of this matcher: MAC addresses are masked before anything is matched, so this would never match; tell the component by another label"
    GlobRegex "character {l} of this matcher: '{w}' looks like a regular expression, but '~' takes a glob; in a glob only * and ? are special"
    BadThreshold "'{w}' is no value for '{o}'; write a number with its unit, as {a}"
    UnitOther "'{w}' does not fit the unit of this rule; write the number in its 'unit' or in one like it"
    UnitNeeded "'{w}' has a unit, but in what does the field itself count? Say so, as option unit 's'"
    RuleTests "there is more than one of 'above', 'below', 'equals' and 'outside' in this rule; write a rule for each"
    RuleNothing "rule '{w}' asks for nothing; write above, below, equals or outside with a number, or absent with a span of time"
    RuleField "rule '{w}' compares a number; say which, with option field"
    RuleOf "rule '{w}': aggregate 'count-distinct' counts the values of one tag, which option of names, and 'expect' lists them; both, or neither"
    RuleExpect "'{w}': 'expect' lists the values of one tag that must come within 'absent'; say which with 'of', how long with 'absent', and name no MAC address, since those are masked"
    RuleClear "'{w}' would clear this rule where it still fires; it lies on the other side of what fires it"
    RulePeople "rule '{w}' tells of people, and who sees it knows when a house is empty; remove 'component', so that only operators do"
    BadPublish "'{w}' is no name of an annotation"
}

impl ProblemKind {
    /// Whether the configuration works nonetheless.
    pub const fn is_warning(self) -> bool {
        matches!(
            self,
            Self::SilentShort
                | Self::NoSsh
                | Self::NoFeeds
                | Self::LangLeftOut
                | Self::SilentBeat
                | Self::GlobRegex
                | Self::SecondSection
                | Self::AsOption
                | Self::Again
        )
    }
}

/// One mistake. What it holds of the file is cut to [`PROBLEM_WORD_BYTES`], and never a secret.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The line, counted from 1; 0 for the file as a whole.
    pub line: u32,
    /// What is wrong.
    pub kind: ProblemKind,
    section: &'static str,
    option: &'static str,
    known: &'static str,
    limit: usize,
    word: Copied,
    instead: Copied,
}

/// A mistake on its way to [`Problems`], which copies the words if there is room: 350 bytes are
/// moved once, not at every step.
#[derive(Clone, Copy)]
pub(super) struct NewProblem<'w> {
    line: u32,
    kind: ProblemKind,
    section: &'static str,
    option: &'static str,
    known: &'static str,
    limit: usize,
    word: &'w str,
    instead: &'w str,
}

impl<'w> NewProblem<'w> {
    /// A mistake on `line`, or in the whole file (0).
    pub(super) fn new(line: u32, kind: ProblemKind) -> Self {
        Self { line, kind, section: "", option: "", known: "", limit: 0, word: "", instead: "" }
    }
    /// The word in question.
    pub(super) fn word(self, word: &'w str) -> Self {
        Self { word, ..self }
    }
    /// What to write instead, or was perhaps meant.
    pub(super) fn instead(self, instead: &'w str) -> Self {
        Self { instead, ..self }
    }
    /// The type of a section.
    pub(super) fn section(self, section: &'static str) -> Self {
        Self { section, ..self }
    }
    /// The name of an option.
    pub(super) fn option(self, option: &'static str) -> Self {
        Self { option, ..self }
    }
    /// The words that would do, or an example.
    pub(super) fn known(self, known: &'static str) -> Self {
        Self { known, ..self }
    }
    /// A limit, or the position of a character.
    pub(super) fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }
    /// Whether the configuration works nonetheless.
    pub(super) const fn is_warning(&self) -> bool {
        self.kind.is_warning()
    }
}

impl From<&NewProblem<'_>> for Problem {
    fn from(mistake: &NewProblem<'_>) -> Self {
        let &NewProblem { line, kind, section, option, known, limit, .. } = mistake;
        Self {
            line,
            kind,
            section,
            option,
            known,
            limit,
            word: copy(mistake.word),
            instead: copy(mistake.instead),
        }
    }
}

impl Problem {
    /// Whether this is about the store of that name.
    pub(super) fn speaks_of(&self, known: &str) -> bool {
        self.known == known
    }
    /// Whether the configuration works nonetheless.
    pub const fn is_warning(&self) -> bool {
        self.kind.is_warning()
    }

    /// Says it in words: one line, without its end, free of control characters.
    pub fn describe<W: uWrite + ?Sized>(&self, w: &mut W) -> Result<(), W::Error> {
        let mut parts = self.kind.template().split('{');
        w.write_str(parts.next().unwrap_or(""))?;
        for part in parts {
            let (slot, text) = part.split_once('}').unwrap_or(("", part));
            match slot {
                "w" => w.write_str(&self.word)?,
                "f" => w.write_str(&self.instead)?,
                "o" => w.write_str(self.option)?,
                "s" => w.write_str(self.section)?,
                "a" => w.write_str(self.known)?,
                "l" => uwrite!(w, "{}", self.limit)?,
                "m" if !self.instead.is_empty() => {
                    w.write_str("; did you mean '")?;
                    w.write_str(&self.instead)?;
                    w.write_str("'?")?;
                }
                "n" if !self.word.is_empty() => {
                    w.write_str(" ")?;
                    w.write_str(&self.word)?;
                }
                "g" if !self.instead.is_empty() => {
                    w.write_str(", and for a glob write ")?;
                    w.write_str(&self.instead)?;
                }
                "L" => {
                    for (number, lang) in Lang::ALL.into_iter().enumerate() {
                        w.write_str(if number == 0 { "" } else { ", " })?;
                        w.write_str(lang.tag())?;
                    }
                }
                _ => {}
            }
            w.write_str(text)?;
        }
        Ok(())
    }
}

/// Copies what fits of `word`, with a mark where it was cut, and without what could move a
/// terminal's cursor or turn its text around.
fn copy(word: &str) -> Copied {
    let mut to = Copied::new();
    for c in word.chars() {
        let c = if c.is_control()
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        };
        let room = PROBLEM_WORD_BYTES.saturating_sub(to.len());
        if room < c.len_utf8().saturating_add('…'.len_utf8()) {
            let _ = to.push('…');
            break;
        }
        let _ = to.push(c);
    }
    to
}

/// The mistakes of one file, by line: the first [`PROBLEMS`] found, and how many more there were.
pub struct Problems {
    found: Vec<Problem, PROBLEMS>,
    more: u32,
    refused: bool,
}

impl Default for Problems {
    fn default() -> Self {
        Self::new()
    }
}

impl Problems {
    /// None yet. All-zero.
    pub const fn new() -> Self {
        Self { found: Vec::new(), more: 0, refused: false }
    }
    /// Forgets all.
    pub fn clear(&mut self) {
        self.found.clear();
        self.more = 0;
        self.refused = false;
    }
    /// Mistakes and warnings, by line.
    pub fn iter(&self) -> core::slice::Iter<'_, Problem> {
        self.found.iter()
    }
    /// How many found no room.
    pub const fn more(&self) -> u32 {
        self.more
    }
    /// Whether there is anything but warnings.
    pub const fn any_error(&self) -> bool {
        self.refused
    }
    /// Whether a further one is only counted.
    pub(super) fn is_full(&self) -> bool {
        self.found.is_full()
    }
    /// Adds one where its line belongs.
    pub(super) fn add(&mut self, mistake: NewProblem<'_>) {
        self.refused |= !mistake.is_warning();
        let at = self.found.iter().position(|other| other.line > mistake.line).unwrap_or(self.found.len());
        if self.found.insert(at, Problem::from(&mistake)).is_err() {
            self.more = self.more.saturating_add(1);
        }
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = core::slice::Iter<'a, Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::config::testing::describe;

    #[test]
    fn words_are_filled_in() {
        let problem = NewProblem::new(7, ProblemKind::UnknownOption).section("site").word("tilte");
        assert_eq!(describe(&Problem::from(&problem)), "7: 'config site' has no option 'tilte'");
        let problem = problem.instead("title");
        assert_eq!(
            describe(&Problem::from(&problem)),
            "7: 'config site' has no option 'tilte'; did you mean 'title'?"
        );
        let problem = NewProblem::new(0, ProblemKind::FileTooLong).limit(65_536);
        assert_eq!(
            describe(&Problem::from(&problem)),
            "0: the file is longer than 65536 bytes (CONFIG_BYTES)"
        );
        let problem = NewProblem::new(1, ProblemKind::UnknownLang).word("title_xx");
        let text = describe(&Problem::from(&problem));
        assert!(Lang::ALL.iter().all(|lang| text.contains(lang.tag())), "{text}");
    }

    #[test]
    fn words_are_short_and_harmless() {
        let problem = NewProblem::new(1, ProblemKind::BadName).word("a\u{1b}[2J\nb\u{202e}c\u{9b}d{w}");
        assert!(
            describe(&Problem::from(&problem))
                .starts_with("1: a\u{fffd}[2J\u{fffd}b\u{fffd}c\u{fffd}d{w} cannot")
        );
        for word in ["x", "é", "あ", "🦅"] {
            let problem = Problem::from(&NewProblem::new(1, ProblemKind::BadName).word(&word.repeat(500)));
            assert!(problem.word.ends_with('…') && problem.word.len() <= PROBLEM_WORD_BYTES);
            assert!(problem.word.len() > PROBLEM_WORD_BYTES - 8);
        }
    }

    #[test]
    fn every_slot_is_known() {
        // Each template names only slots that `describe` fills.
        for &kind in ProblemKind::ALL {
            let problem =
                NewProblem::new(1, kind).word("W").instead("F").option("O").section("S").known("A").limit(5);
            let text = describe(&Problem::from(&problem));
            assert!(!text.contains('{') && !text.contains('}'), "{text}");
        }
    }

    #[test]
    fn by_line_and_counted() {
        let mut problems = Problems::new();
        for line in (1..=100u32).rev() {
            problems.add(NewProblem::new(line, ProblemKind::SilentShort));
        }
        assert!(!problems.any_error());
        problems.add(NewProblem::new(3, ProblemKind::Nul));
        assert!(problems.any_error());
        assert_eq!(problems.iter().count(), PROBLEMS);
        assert_eq!(problems.more(), 101 - u32::try_from(PROBLEMS).unwrap());
        assert!(problems.iter().map(|problem| problem.line).is_sorted());
        problems.clear();
        assert!(problems.iter().next().is_none() && !problems.any_error() && problems.more() == 0);
    }
}
