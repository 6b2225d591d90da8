//! The grammar that the console, the SSH forced command and the SSH server share: from a line to
//! what it asks for.
//!
//! [`table`] has every command with what follows it; [`parse`] reads a line by it, [`Mistake`] says
//! what would be right, [`complete()`] what could come next. Whether the things that a line names
//! exist is the console's business.

mod complete;
mod mistake;
pub mod table;
mod when;
mod words;

pub use complete::{NameSource, complete};
use mistake::second;
pub use mistake::{Mistake, usage};
pub use when::TypedTime;
pub use words::LineWords;

use crate::limits::LANG_TAG_BYTES;
use crate::model::{Forced, Phase, Phrase, Phrases, Repeat, State, Words};
use crate::text::clean::is_visible;
use crate::text::number::natural;
use crate::text::{has, is_letter, near};
use table::{Arg, CommandOption, OPTIONS, ROWS, Row};
use words::RawWords;

/// What a line asks for.
#[derive(Clone, Copy)]
pub struct Command<'a> {
    /// Which command.
    pub row: &'static Row,
    /// The site that it names, by its section or host; empty: none.
    pub site: &'a str,
    /// The number of an incident or a maintenance.
    pub number: u32,
    /// What stands in place of that number: the name of a service; empty: nothing.
    pub named: &'a str,
    /// The incident that goes on.
    pub into: u32,
    /// What stands in place of that number, as with `named`.
    pub into_named: &'a str,
    /// The number of a step.
    pub step: Option<u16>,
    /// How far they are.
    pub phase: Option<Phase>,
    /// The service, or the component, that it names.
    pub service: &'a str,
    /// The component behind the slash; empty: none.
    pub component: &'a str,
    /// How bad it is: outage or degraded.
    pub level: Option<State>,
    /// A title.
    pub title: &'a str,
    /// Their own words, of the line or else of standard input; empty: none.
    pub text: &'a str,
    /// Phrases in place of words.
    pub say: Option<Phrases>,
    /// The language of their words; empty: the site's.
    pub lang: &'a str,
    /// Beginning and end of a maintenance.
    pub window: (TypedTime, TypedTime),
    /// How it repeats.
    pub repeat: Repeat,
    /// When they promise the next news.
    pub promised: Option<TypedTime>,
    /// The state that they give the site.
    pub forced: Option<Forced>,
    /// The command that help is wanted for; empty: all.
    pub topic: &'a str,
    /// Whether those that ended are wanted, too.
    pub all: bool,
    /// Whether JSON is wanted.
    pub json: bool,
    /// Whether nothing is to be asked.
    pub yes: bool,
}

impl<'a> Command<'a> {
    /// What they say.
    pub fn said(&self) -> Words<'a> {
        match self.say {
            Some(said) => Words::Phrase(said),
            None if self.text.is_empty() => Words::None,
            None => Words::Own { lang: self.lang, text: self.text },
        }
    }
}

/// Whether a line, whatever else is wrong with it, asks for JSON.
pub fn wants_json(line: &str) -> bool {
    RawWords(line).flatten().any(|word| word.quote.is_none() && word.raw.eq_ignore_ascii_case("--json"))
}

/// Whether there is nothing on a line.
pub fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

/// Reads a line. `text` is what came on standard input, if anything did: it serves as the words
/// where the line has none. `words` is room for the words of the line.
pub fn parse<'a>(
    line: &'a str,
    text: Option<&'a str>,
    words: &'a mut LineWords,
) -> Result<Command<'a>, Mistake<'a>> {
    words.clear();
    let options = options(line, words)?;
    let words: &'a LineWords = words;
    let (row, used) = find(words, 0)?;
    let mut parser = Parser { words, at: used, command: Command { row, ..options } };
    for &arg in row.args {
        if !parser.take(arg)? && !arg.optional() && !parser.excused(arg, text) {
            return Err(Mistake::Missing(row, arg));
        }
    }
    if parser.at < words.len() {
        return Err(Mistake::Extra(row, words.get(parser.at)));
    }
    let mut command = parser.command;
    let [.., next, _, _, _] = &OPTIONS;
    if command.promised.is_some() && (!row.takes(next) || command.phase == Some(Phase::Resolved)) {
        return Err(Mistake::NotHere(row, next));
    }
    if row.speaks() {
        if command.say.is_some() && !command.text.is_empty() {
            return Err(Mistake::Both(row));
        }
        // A dash asks for standard input where words may be left out.
        let dash = command.text == "-";
        let text = text.filter(|text| is_visible(text));
        if dash && text.is_none() {
            return Err(Mistake::Missing(row, Arg::Words));
        }
        if let Some(text) = text.filter(|_| dash || command.text.is_empty() && command.say.is_none()) {
            command.text = text.trim_end();
        }
        if row.args.contains(&Arg::Title) && command.title.is_empty() && command.said() == Words::None {
            return Err(Mistake::Missing(row, Arg::Title));
        }
    }
    Ok(command)
}

/// Sorts the words of a line from its options.
fn options<'a>(line: &'a str, words: &mut LineWords) -> Result<Command<'a>, Mistake<'a>> {
    let [say, lang, site, next, json, yes, all] = &OPTIONS;
    let mut command = Command {
        row: &ROWS[0],
        site: "",
        number: 0,
        named: "",
        into: 0,
        into_named: "",
        step: None,
        phase: None,
        service: "",
        component: "",
        level: None,
        title: "",
        text: "",
        say: None,
        lang: "",
        window: (TypedTime::Now, TypedTime::Now),
        repeat: Repeat::Once,
        promised: None,
        forced: None,
        topic: "",
        all: false,
        json: false,
        yes: false,
    };
    let mut raw_words = RawWords(line);
    while let Some(word) = raw_words.next() {
        let word = word?;
        let (name, joined) =
            word.raw.split_once('=').map_or((word.raw, None), |(name, value)| (name, Some(value)));
        let row = option(name).filter(|_| word.quote.is_none());
        // Two dashes alone are what some type for a dash.
        if row.is_none() && (word.quote.is_some() || !word.raw.starts_with("--") || word.raw.len() == 2) {
            words.push(word).ok_or(Mistake::TooLong)?;
            continue;
        }
        let row = row.ok_or(Mistake::NoOption(name))?;
        if row.value.is_empty() {
            command.json |= core::ptr::eq(row, json);
            command.yes |= core::ptr::eq(row, yes);
            command.all |= core::ptr::eq(row, all);
            continue;
        }
        let value = match joined {
            Some(value) => value,
            None => raw_words.next().ok_or(Mistake::NoValue(row, ""))??.raw,
        };
        if core::ptr::eq(row, say) {
            let phrase = Phrase::named(value).ok_or(Mistake::NoValue(row, value))?;
            let said = command.say.map_or(Some(phrase.into()), |said| said.and(phrase));
            command.say = Some(said.ok_or(Mistake::TooLong)?);
        } else if core::ptr::eq(row, lang) {
            command.lang = tag(value).ok_or(Mistake::NoValue(row, value))?;
        } else if core::ptr::eq(row, site) {
            command.site = value;
        } else if core::ptr::eq(row, next) {
            let time = TypedTime::parse(value).filter(|time| *time != TypedTime::Now);
            command.promised = Some(time.ok_or(Mistake::NoValue(row, value))?);
        }
    }
    Ok(command)
}

/// The option of this name, case aside. Phones make one long dash of two.
fn option(name: &str) -> Option<&'static CommandOption> {
    let bare = name.strip_prefix("--").or_else(|| name.strip_prefix(['–', '—']))?;
    OPTIONS.iter().find(|row| row.name.get(2..).is_some_and(|known| known.eq_ignore_ascii_case(bare)))
}

/// A language tag by its form (RFC 5646, 2.1): subtags of up to 8 letters and digits, the first of
/// 2 or 3 letters: no language has a longer one, but its name has.
fn tag(text: &str) -> Option<&str> {
    let subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let first = text.split('-').next().unwrap_or("");
    let sound = matches!(first.len(), 2 | 3) && first.bytes().all(|byte| byte.is_ascii_alphabetic());
    (sound && text.len() <= LANG_TAG_BYTES && text.split('-').all(subtag)).then_some(text)
}

/// The command that words name, from the one at `at` on, and the place behind its name. The first
/// word may be cut short where that leaves no doubt.
pub(crate) fn find(words: &LineWords, at: usize) -> Result<(&'static Row, usize), Mistake<'_>> {
    // Quotes around a name do no harm, and some phones begin every line with a capital letter.
    let first = words.get(at);
    let named = |word: &str| ROWS.iter().find(|row| row.words().0.eq_ignore_ascii_case(word));
    let group = match named(first) {
        Some(row) => row.words().0,
        None if first == "?" => "help",
        None => shortened(first).ok_or(Mistake::NoCommand(words.get(at)))?,
    };
    let next = at.saturating_add(1);
    let second = words.get(next);
    let exact = |row: &&Row| row.words().0 == group && row.words().1.eq_ignore_ascii_case(second);
    match ROWS.iter().find(exact).filter(|_| !second.is_empty()) {
        Some(row) => Ok((row, next.saturating_add(1))),
        None => Ok((named(group).unwrap_or(&ROWS[0]), next)),
    }
}

/// Whether a text begins like this, case aside.
fn begins(text: &str, head: &str) -> bool {
    text.as_bytes().get(..head.len()).is_some_and(|here| here.eq_ignore_ascii_case(head.as_bytes()))
}

/// The only first word that begins like this.
fn shortened(word: &str) -> Option<&'static str> {
    let mut found = None;
    for row in ROWS.iter().filter(|row| word.len() >= 3 && begins(row.words().0, word)) {
        if found.is_some_and(|found| found != row.words().0) {
            return None;
        }
        found = Some(row.words().0);
    }
    found
}

/// A number and the site before its slash, which may be missing: `12`, `#12`, `SITE/12`.
fn number(word: &str) -> Option<(&str, u32)> {
    let (site, number) = word.rsplit_once('/').unwrap_or(("", word));
    let digits = number.strip_prefix('#').unwrap_or(number);
    natural(digits).filter(|&number| number > 0).map(|number| (site, number))
}

/// Whether a word is no number, and no mistaken one.
fn is_named(word: &str) -> bool {
    number(word).is_none() && word.chars().any(|c| is_letter(c) && !c.is_ascii_digit())
}

/// The number of a step, which may have a plus before it.
fn step(word: &str) -> Option<u16> {
    natural(word.strip_prefix('+').unwrap_or(word)).and_then(|step| u16::try_from(step).ok())
}

/// What stands between two times.
const UNTIL: [&str; 5] = ["for", "to", "until", "till", "-"];

struct Parser<'a> {
    words: &'a LineWords,
    at: usize,
    command: Command<'a>,
}

impl<'a> Parser<'a> {
    /// The next word, and past it.
    fn next(&mut self) -> &'a str {
        let word = self.words.get(self.at);
        self.at = self.at.saturating_add(1).min(self.words.len());
        word
    }

    /// Past the next word, if it is one that `read` knows and stands without quotes.
    fn word<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = read(Some(self.words.bare(self.at)).filter(|word| !word.is_empty())?);
        self.at = self.at.saturating_add(usize::from(value.is_some()));
        value
    }

    /// No value, or a mistake if the next word is nearly one that `arg` could be: it would be
    /// published as words. Sentences begin with a capital letter, and quotes say that they are
    /// meant.
    fn slip(&self, arg: Arg) -> Result<bool, Mistake<'a>> {
        let (row, word) = (self.command.row, self.words.bare(self.at));
        match word.starts_with(|c: char| c.is_ascii_lowercase()) {
            true if !nearest_choice(arg, word).is_empty() => Err(Mistake::Bad(row, arg, word)),
            // Who quotes their title does not mean the one before it: `down "…"`.
            true if arg == Arg::Level && self.words.is_quoted(self.at.saturating_add(1)) => {
                Err(Mistake::Stray(row, word))
            }
            _ => Ok(false),
        }
    }

    /// Whether what is missing may be: a title where a phrase speaks, words where something else is
    /// said.
    fn excused(&self, arg: Arg, text: Option<&str>) -> bool {
        let said = self.command.say.is_some() || text.is_some_and(is_visible);
        match arg {
            Arg::Title => said && self.command.row.speaks(),
            // A phase or a promise alone will do, once it is known that no words came.
            Arg::Words => {
                let other = self.command.phase.is_some() || self.command.promised.is_some();
                said || text.is_some() && other
            }
            Arg::Yaml => text.is_some(),
            _ => false,
        }
    }

    /// Takes one argument, if it is there.
    fn take(&mut self, arg: Arg) -> Result<bool, Mistake<'a>> {
        let row = self.command.row;
        if self.at >= self.words.len() {
            return Ok(false);
        }
        match arg {
            Arg::All => return Ok(true),
            Arg::Topic => {
                self.command.topic = self.words.span(self.at, self.words.len().saturating_sub(1));
                self.at = self.words.len();
            }
            Arg::AnySite | Arg::Site => self.command.site = self.next(),
            // Its service in place of its number.
            Arg::Number if is_named(self.words.get(self.at)) => {
                let word = self.next();
                if second(row, word).is_some() {
                    return Err(Mistake::Bad(row, arg, word));
                }
                self.command.named = word;
            }
            Arg::Number | Arg::Planned | Arg::Alert => self.command.number = self.number(arg)?,
            Arg::Into => {
                self.word(|word| word.eq_ignore_ascii_case("into").then_some(()));
                if self.at >= self.words.len() {
                    return Ok(false);
                }
                if is_named(self.words.get(self.at)) {
                    self.command.into_named = self.next();
                } else {
                    self.command.into = self.number(arg)?;
                }
            }
            Arg::Step => {
                self.command.step = self.word(|word| step(word).filter(|&step| step > 0));
                return Ok(self.command.step.is_some());
            }
            Arg::Phase => {
                self.command.phase = self.word(Phase::from_word);
                return if self.command.phase.is_some() { Ok(true) } else { self.slip(arg) };
            }
            Arg::Forced => {
                self.command.forced = self.word(Forced::from_word);
                return if self.command.forced.is_some() { Ok(true) } else { self.slip(arg) };
            }
            Arg::Level => {
                self.command.level = self.word(|word| match Forced::from_word(word) {
                    Some(Forced::Outage) => Some(State::Outage),
                    Some(Forced::Degraded) => Some(State::Degraded),
                    _ => None,
                });
                return if self.command.level.is_some() { Ok(true) } else { self.slip(arg) };
            }
            Arg::Repeat => {
                let repeat = self.word(|word| match word {
                    _ if word.eq_ignore_ascii_case("weekly") => Some(Repeat::Weekly),
                    _ if word.eq_ignore_ascii_case("monthly") => Some(Repeat::Monthly),
                    _ => None,
                });
                self.command.repeat = repeat.unwrap_or_default();
                return if repeat.is_some() { Ok(true) } else { self.slip(arg) };
            }
            Arg::Service => {
                let word = self.next();
                (self.command.service, self.command.component) = word.split_once('/').unwrap_or((word, ""));
            }
            Arg::Window => {
                self.word(|word| word.eq_ignore_ascii_case("from").then_some(()));
                let from = self.time(row)?;
                let by = self.word(|word| UNTIL.iter().position(|known| known.eq_ignore_ascii_case(word)));
                // A duration may stand behind the first of them, or alone.
                let joined = by.is_some_and(|by| by > 0);
                let word = self.words.get(self.at);
                let to = match TypedTime::span(word) {
                    // `to 2h`: two in the morning, or two hours?
                    Some(_) if joined => return Err(Mistake::Unclear(row, word)),
                    Some(span) => {
                        self.next();
                        span
                    }
                    None if !joined && word.is_empty() => return Ok(false),
                    None => self.time(row)?,
                };
                self.command.window = (from, to);
            }
            // What nobody can see is no title, and no words.
            Arg::Title => self.command.title = visible(self.text(false)),
            Arg::Yaml => self.command.text = self.text(true),
            Arg::Words | Arg::MaybeWords => {
                // Who quotes their words does not mean the one before them to be published: `daily
                // "…"`, `red "…"`.
                let last = self.words.len().saturating_sub(1);
                if self.at.saturating_add(1) == last
                    && !self.words.is_quoted(self.at)
                    && self.words.is_quoted(last)
                {
                    return Err(Mistake::Stray(row, self.words.get(self.at)));
                }
                let words = self.text(true);
                self.command.text = visible(words);
                if arg == Arg::Words && self.command.text.is_empty() {
                    return Err(Mistake::Bad(row, arg, words));
                }
            }
        }
        Ok(true)
    }

    /// The number of an incident or maintenance. The site before its slash counts as `--site`; two
    /// may not differ.
    fn number(&mut self, arg: Arg) -> Result<u32, Mistake<'a>> {
        let word = self.next();
        let bad = Mistake::Bad(self.command.row, arg, word);
        let (site, number) = number(word).ok_or(bad)?;
        if !site.is_empty() {
            if !self.command.site.is_empty() && self.command.site != site {
                return Err(bad);
            }
            self.command.site = site;
        }
        Ok(number)
    }

    /// A time, of one word or two.
    fn time(&mut self, row: &'static Row) -> Result<TypedTime, Mistake<'a>> {
        let next = self.at.saturating_add(1);
        let two = self.words.span(self.at, next);
        let (when, past) = match TypedTime::parse(two).filter(|_| !two.is_empty()) {
            Some(when) => (when, next),
            None => match TypedTime::parse(self.words.get(self.at)) {
                Some(when) => (when, self.at),
                None if self.at >= self.words.len() => return Err(Mistake::Missing(row, Arg::Window)),
                None => return Err(Mistake::Bad(row, Arg::Window, self.words.get(self.at))),
            },
        };
        self.at = past.saturating_add(1);
        Ok(when)
    }

    /// One quoted word; or, since a shell may have taken the quotes away, all that follows without
    /// quotes.
    fn text(&mut self, to_the_end: bool) -> &'a str {
        let first = self.at;
        if self.words.is_quoted(first) {
            return self.next();
        }
        while self.at < self.words.len() && (to_the_end || !self.words.is_quoted(self.at)) {
            self.at = self.at.saturating_add(1);
        }
        self.words.span(first, self.at.saturating_sub(1))
    }
}

/// A text, or nothing if nothing of it can be seen.
fn visible(text: &str) -> &str {
    if is_visible(text) { text } else { "" }
}

/// The nearest of the words that an argument can be, as its usage has them; empty if none is near.
fn nearest_choice(arg: Arg, word: &str) -> &'static str {
    let usage = arg.row().usage;
    near::nearest(word, &mut usage.trim_matches(['[', ']']).split('|').filter(|_| has(usage, '|')))
}

/// What people type for a command that has another name: each word with that.
const OTHERS: &str = "close resolve fix resolve fixed resolve solve resolve done resolve end resolve post update \
    say update write update new open down open begin open seen ack take ack delete redact remove redact \
    forget redact cancel undo revert undo ls incidents show incident name retitle rename retitle \
    plan maintenance man help";

/// The command that was perhaps meant; empty if none is near.
fn nearest_command(word: &str) -> &'static str {
    let mut others = OTHERS.split(' ');
    while let (Some(other), Some(meant)) = (others.next(), others.next()) {
        if other.eq_ignore_ascii_case(word) {
            return meant;
        }
    }
    near::nearest(word, &mut ROWS.iter().map(|row| row.name))
}

#[cfg(test)]
mod tests;
