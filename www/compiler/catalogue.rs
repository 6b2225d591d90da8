//! Catalogues: `key = text` lines, one file per language, the same keys in each.

use std::collections::BTreeMap;

use super::{Refusal, is_name};

/// One language.
#[derive(Debug, Clone)]
pub(crate) struct Catalogue {
    /// Its file.
    pub(crate) file: String,
    /// Its BCP 47 primary tag: the file's name.
    pub(crate) tag: String,
    /// Its name in itself.
    pub(crate) name: String,
    /// Whether it is written from right to left.
    pub(crate) rtl: bool,
    /// How it counts: a place in [`PLURALS`].
    pub(crate) plural: usize,
    /// The digit 0 as it writes numbers.
    pub(crate) zero: char,
    /// Its words, by key, with their lines.
    pub(crate) words: BTreeMap<String, (String, usize)>,
}

/// What a word may ask to be filled with.
const PLACES: [&str; 10] =
    ["time", "day", "month", "year", "zone", "name", "count", "total", "state", "percent"];

/// How languages count: the name of the rule, how many forms a counted word has, and the form
/// that `n` things take, in Rust. The rules are those of Unicode's CLDR, up to 99: no page counts
/// more.
pub(crate) const PLURALS: [(&str, usize, &str); 3] = [
    ("one", 2, "if n == 1 { 0 } else { 1 }"),
    ("none-or-one", 2, "if n <= 1 { 0 } else { 1 }"),
    ("one-two-few", 4, "match n { 1 => 0, 2 => 1, 3..=10 => 2, _ => 3 }"),
];

/// The digits that a language may write its numbers with, by their names in CLDR: the digit 0.
const DIGITS: [(&str, char); 3] = [("latn", '0'), ("arab", '٠'), ("arabext", '۰')];

/// The languages of a build that says nothing of them, and of one with the feature `languages`.
const SMALL: [&str; 4] = ["en", "fr", "ar", "nl"];

/// The languages that are built in: those of `wanted` (tags parted by spaces), else all if `full`,
/// else those of [`SMALL`]; and the tags of the others. English is in every build: it is what a
/// text falls back to.
pub(crate) fn choose(
    all: Vec<Catalogue>,
    wanted: Option<&str>,
    full: bool,
) -> Result<(Vec<Catalogue>, Vec<String>), Vec<Refusal>> {
    let tags: Vec<&str> = match wanted {
        Some(wanted) => wanted.split_whitespace().collect(),
        None => SMALL.to_vec(),
    };
    let unknown = |tag: &&&str| !all.iter().any(|known| known.tag == **tag);
    if let Some(tag) = tags.iter().find(unknown) {
        return Err(vec![Refusal::new(&format!("www/lang/{tag}.txt"), 0, "there is no such language")]);
    }
    let is_in =
        |one: &Catalogue| one.tag == "en" || tags.contains(&one.tag.as_str()) || wanted.is_none() && full;
    let (chosen, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_in);
    Ok((chosen, others.into_iter().map(|one| one.tag).collect()))
}

/// Reads all languages, (path, text) each, and puts English, the default, first. A key that one of
/// them lacks or has beyond the others is refused, as is a word whose places differ from the
/// English one's.
pub(crate) fn catalogues(files: &[(String, String)]) -> Result<Vec<Catalogue>, Vec<Refusal>> {
    let mut refusals = Vec::new();
    let mut all: Vec<Catalogue> = files.iter().map(|(path, text)| read(path, text, &mut refusals)).collect();
    all.sort_by_key(|c| (c.tag != "en", c.tag.clone()));
    let Some((english, others)) = all.split_first().filter(|(first, _)| first.tag == "en") else {
        return Err(vec![Refusal::new("www/lang", 0, "en.txt, the default language, is missing")]);
    };
    for other in others {
        compare(english, other, &mut refusals);
    }
    if refusals.is_empty() { Ok(all) } else { Err(refusals) }
}

fn compare(english: &Catalogue, other: &Catalogue, refusals: &mut Vec<Refusal>) {
    for (key, (text, line)) in &english.words {
        match other.words.get(key) {
            None => {
                let what = format!("`{key}` is missing ({}:{line} has it)", english.file);
                refusals.push(Refusal::new(&other.file, 0, what));
            }
            Some((theirs, their_line)) if theirs.contains('|') != text.contains('|') => {
                let what = format!("`{key}` has forms in one of the languages only: {}:{line}", english.file);
                refusals.push(Refusal::new(&other.file, *their_line, what));
            }
            Some((theirs, their_line)) if places(last(theirs)) != places(last(text)) => {
                let what = format!(
                    "`{key}` must have the same places as {}:{line}: {:?}",
                    english.file,
                    places(text)
                );
                refusals.push(Refusal::new(&other.file, *their_line, what));
            }
            Some(_) => {}
        }
    }
    for (key, (_, line)) in other.words.iter().filter(|(key, _)| !english.words.contains_key(*key)) {
        let what = format!("`{key}` is superfluous ({} does not have it)", english.file);
        refusals.push(Refusal::new(&other.file, *line, what));
    }
}

/// The form of a word for many things, which has all of its places: "one thing" needs no number.
fn last(text: &str) -> &str {
    text.rsplit('|').next().unwrap_or(text)
}

/// The places of a word, sorted: `since {time}` has `time`.
fn places(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> =
        text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or_default()).collect();
    found.sort_unstable();
    found
}

fn read(path: &str, text: &str, refusals: &mut Vec<Refusal>) -> Catalogue {
    let tag = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".txt").to_owned();
    if !(2..=3).contains(&tag.len()) || !tag.bytes().all(|b| b.is_ascii_lowercase()) {
        refusals.push(Refusal::new(path, 0, "a catalogue's name is a language tag of two or three letters"));
    }
    let mut words = BTreeMap::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match entry(line) {
            Err(what) => refusals.push(Refusal::new(path, number, what)),
            Ok((key, _)) if words.contains_key(key) => {
                refusals.push(Refusal::new(path, number, format!("`{key}` is here twice")));
            }
            Ok((key, text)) => {
                // Forms stand apart in the file, for people.
                words.insert(key.to_owned(), (text.replace(" | ", "|"), number));
            }
        }
    }
    let mut take = |key: &str| {
        words.remove(key).unwrap_or_else(|| {
            refusals.push(Refusal::new(path, 0, format!("`{key}` is missing")));
            (String::new(), 0)
        })
    };
    let name = take("lang.name").0;
    let (dir, line) = take("lang.dir");
    let (rule, rule_line) = take("lang.plural");
    let (digits, digits_line) = take("lang.digits");
    let (read, read_line) = take("lang.read");
    if dir != "ltr" && dir != "rtl" {
        refusals.push(Refusal::new(path, line, "`lang.dir` is `ltr` or `rtl`"));
    }
    let zero = DIGITS.iter().find(|(name, _)| *name == digits).map(|&(_, zero)| zero);
    if zero.is_none() {
        let names = DIGITS.map(|(name, _)| name);
        refusals.push(Refusal::new(path, digits_line, format!("`lang.digits` is one of {names:?}")));
    }
    if read != "yes" && read != "no" {
        let what = "`lang.read` is `yes` if a native speaker has read all of it, else `no`";
        refusals.push(Refusal::new(path, read_line, what));
    }
    let plural = PLURALS.iter().position(|(name, ..)| *name == rule).unwrap_or_else(|| {
        let names = PLURALS.map(|(name, ..)| name);
        refusals.push(Refusal::new(path, rule_line, format!("`lang.plural` is one of {names:?}")));
        0
    });
    let (_, forms, _) = PLURALS[plural];
    for (key, (text, line)) in &words {
        let count = text.split('|').count();
        if count != 1 && count != forms {
            let what = format!("`{key}` has {count} forms, and `{rule}` has {forms}");
            refusals.push(Refusal::new(path, *line, what));
        }
        if text.split('|').any(|form| places(form).iter().any(|place| !places(last(text)).contains(place))) {
            refusals.push(Refusal::new(path, *line, format!("`{key}` lacks a place in its last form")));
        }
    }
    Catalogue {
        file: path.to_owned(),
        tag,
        name,
        rtl: dir == "rtl",
        plural,
        zero: zero.unwrap_or('0'),
        words,
    }
}

/// A word stands in text and in attributes alike, so it holds nothing that needs escaping in
/// either, and nothing that cannot be seen in an editor.
fn entry(line: &str) -> Result<(&str, &str), String> {
    let (key, text) =
        line.split_once('=').ok_or("a line is `key = text`, or a comment that starts with #")?;
    let (key, text) = (key.trim(), text.trim());
    let part = |part: &str| !part.is_empty() && is_name(&format!("x{part}"));
    if !key.starts_with(|c: char| c.is_ascii_lowercase()) || !key.split('.').all(part) {
        return Err(format!("`{key}` is not a key: small letters, digits and _, parted by dots"));
    }
    if text.is_empty() {
        return Err(format!("`{key}` has no text"));
    }
    if let Some(bad) = text.chars().find(|c| "<>&\"'".contains(*c)) {
        return Err(format!("`{key}` holds {bad}: write it in words, or as ’ “ ”"));
    }
    if let Some(bad) = text.chars().find(|c| {
        c.is_control()
            || "\u{200e}\u{200f}\u{61c}\u{feff}".contains(*c)
            || ('\u{2028}'..='\u{202e}').contains(c)
            || ('\u{2066}'..='\u{2069}').contains(c)
    }) {
        return Err(format!("`{key}` holds the invisible {bad:?}"));
    }
    let opened = text.matches('{').count();
    if opened != text.matches('}').count() || !places(text).iter().all(|place| PLACES.contains(place)) {
        return Err(format!("`{key}` has a place that is not one of {PLACES:?}"));
    }
    Ok((key, text))
}
