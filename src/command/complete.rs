//! What could come next on a line: for the Tab key.

use super::table::{Arg, OPTIONS, ROWS};
use super::words::RawWords;
use super::{LineWords, begins, find};
use crate::model::{Forced, Lang, Phase, Phrase};

/// The names of things that exist, and that whoever asks may touch.
pub trait NameSource {
    /// Calls `each` with every name that `arg` can be: sites, services and components, numbers.
    /// Behind a tab may stand what tells one from the others: it is shown, and is no part of it.
    fn each(&self, arg: Arg, each: &mut dyn FnMut(&str));
}

/// Calls `each` with every word that the last one of `line` could become; `line` ends at the
/// cursor. Where it ends with a space, that is every word that could come next.
pub fn complete(line: &str, names: &dyn NameSource, each: &mut dyn FnMut(&str)) {
    let mut words = LineWords::new();
    // The word at the cursor, and the option before it.
    let (mut last, mut option) = ("", "");
    for word in RawWords(line) {
        // In a quote there is nothing to be known.
        let Ok(word) = word else { return };
        if !option.is_empty() {
            option = "";
            last = word.raw;
            continue;
        }
        if word.quote.is_none() && word.raw.starts_with("--") {
            let row = OPTIONS.iter().find(|row| row.name == word.raw);
            option = row.filter(|row| !row.value.is_empty()).map_or("", |row| row.name);
            last = word.raw;
        } else if words.push(word).is_some() {
            last = word.raw;
        } else {
            return;
        }
    }
    let within = !line.is_empty() && !line.ends_with(char::is_whitespace);
    if !within {
        last = "";
    }
    let each = &mut |word: &str| {
        if begins(word, last) {
            each(word);
        }
    };
    if last.starts_with("--") {
        return OPTIONS.iter().for_each(|row| each(row.name));
    }
    // The value of an option: it stands at the cursor, or is to come.
    let valued = match OPTIONS.iter().position(|row| row.name == option) {
        Some(at) => Some(at),
        None if within => before_last(line),
        None => None,
    };
    match valued {
        Some(0) => return Phrase::NAMES.iter().for_each(|name| each(name)),
        Some(1) => return Lang::ALL.iter().for_each(|lang| each(lang.tag())),
        Some(2) => return names.each(Arg::Site, each),
        _ => {}
    }
    let complete = words.len().saturating_sub(usize::from(within));
    of_words(&words, complete, names, each);
}

/// The option with a value whose name is the word before the last, by its place.
fn before_last(line: &str) -> Option<usize> {
    let (mut before, mut last) = ("", "");
    for word in RawWords(line).flatten() {
        (before, last) = (last, word.raw);
    }
    OPTIONS.iter().position(|row| row.name == before && !row.value.is_empty() && !last.is_empty())
}

/// What could follow the first `complete` words.
fn of_words(words: &LineWords, complete: usize, names: &dyn NameSource, each: &mut dyn FnMut(&str)) {
    if complete == 0 {
        let mut before = "";
        for row in &ROWS {
            let first = row.words().0;
            if first != before {
                each(first);
            }
            before = first;
        }
        return;
    }
    let Ok((row, mut at)) = find(words, 0) else { return };
    // The word at the cursor is not the second one of a name yet.
    if at > complete {
        at = complete;
    }
    let group = row.words().0;
    if complete == 1 {
        ROWS.iter()
            .filter(|row| row.words().0 == group && !row.words().1.is_empty())
            .for_each(|row| each(row.words().1));
    }
    let row = if at == 1 { ROWS.iter().find(|row| row.name == group).unwrap_or(row) } else { row };
    let mut args = row.args.iter().copied().peekable();
    while at < complete {
        let Some(arg) = args.peek().copied() else { return };
        let word = words.bare(at);
        let fits = match arg {
            Arg::Step => super::step(word).is_some(),
            Arg::Phase => Phase::from_word(word).is_some(),
            Arg::Level | Arg::Forced => Forced::from_word(word).is_some(),
            Arg::Repeat => matches!(word, "weekly" | "monthly"),
            Arg::All => false,
            // Free text goes on to the end.
            Arg::Title | Arg::Words | Arg::MaybeWords | Arg::Yaml => return,
            Arg::Into if word == "into" && at.saturating_add(1) == complete => {
                return names.each(Arg::Number, each);
            }
            Arg::Into => {
                at = at.saturating_add(usize::from(word == "into"));
                true
            }
            Arg::Window => return of_window(words, at, complete, each),
            _ => true,
        };
        if fits {
            at = at.saturating_add(1);
        }
        args.next();
    }
    for arg in args {
        of_arg(arg, names, each);
        if !arg.optional() {
            return;
        }
    }
}

/// What one argument could be.
fn of_arg(arg: Arg, names: &dyn NameSource, each: &mut dyn FnMut(&str)) {
    match arg {
        Arg::Topic => ROWS.iter().for_each(|row| each(row.name)),
        Arg::Phase => Phase::ALL.iter().for_each(|(_, word)| each(word)),
        Arg::Forced => Forced::ALL.iter().for_each(|(_, word)| each(word)),
        Arg::Level => ["outage", "degraded"].into_iter().for_each(each),
        Arg::Repeat => ["weekly", "monthly"].into_iter().for_each(each),
        Arg::Window => each("from"),
        Arg::Into => each("into"),
        Arg::All => each("--all"),
        Arg::AnySite => names.each(Arg::Site, each),
        Arg::Site | Arg::Number | Arg::Planned | Arg::Alert | Arg::Service => names.each(arg, each),
        Arg::Step | Arg::Title | Arg::Words | Arg::MaybeWords | Arg::Yaml => {}
    }
}

/// What could come next within `from TIME to TIME [weekly|monthly]`.
fn of_window(words: &LineWords, at: usize, complete: usize, each: &mut dyn FnMut(&str)) {
    let to = (at..complete).position(|at| words.bare(at) == "to");
    match (words.bare(complete.saturating_sub(1)), to) {
        ("from", _) => ["now", "+1h", "18:30", "tomorrow", "monday"].into_iter().for_each(each),
        ("to", _) => ["+1h", "+2h", "20:30", "tomorrow"].into_iter().for_each(each),
        (_, None) => each("to"),
        (_, Some(_)) => ["weekly", "monthly"].into_iter().for_each(each),
    }
}
