//! What is wrong with a line, and what would be right.

use heapless::String;
use ufmt::uwrite;

use super::nearest_command;
use super::table::{Arg, OPTIONS, OptionRow, ROWS, Row};
use crate::model::Phrase;
use crate::text::buffer::BytesView;
use crate::text::clean::Escaped;
use crate::text::{cut, fill, near};

/// What is wrong with a line.
#[derive(Clone, Copy)]
pub enum Mistake<'a> {
    /// A quote is not closed; from there on.
    Unclosed(&'a str),
    /// The line is longer than [`LINE_BYTES`](crate::limits::LINE_BYTES).
    TooLong,
    /// Nobody knows this command.
    NoCommand(&'a str),
    /// Nobody knows this option.
    NoOption(&'a str),
    /// This option has no value, or not one that there is.
    NoValue(&'static OptionRow, &'a str),
    /// An argument is missing.
    Missing(&'static Row, Arg),
    /// An argument is not what it should be.
    Bad(&'static Row, Arg, &'a str),
    /// There is a word too many.
    Extra(&'static Row, &'a str),
    /// There are words and a phrase.
    Both(&'static Row),
}

/// Bytes of a foreign word that a mistake repeats.
const SHOWN: usize = 40;

impl Mistake<'_> {
    /// In words, as one sentence or two. What finds no room is cut off; 1 KiB is room for any.
    pub fn describe(self, out: &mut BytesView) {
        // The sentence, with the foreign word, a name, what is needed, and what was perhaps meant, in this order; and the
        // command whose usage helps.
        let (sentence, word, name, needed, meant, row) = match self {
            Self::Unclosed(rest) => ("a quote is opened and not closed: %0", rest, "", "", "", None),
            Self::TooLong => {
                ("the line is too long; long words may come on standard input", "", "", "", "", None)
            }
            Self::NoCommand("") => ("nothing was asked; 'help' lists the commands", "", "", "", "", None),
            Self::NoCommand(word) => {
                ("there is no command '%0'%3; 'help' lists them", word, "", "", nearest_command(word), None)
            }
            Self::NoOption(word) => {
                let near = near::nearest(word, &mut OPTIONS.iter().map(|row| row.name));
                ("there is no option '%0'%3", word, "", "", near, None)
            }
            Self::NoValue(row, "") => ("after %1 comes %4: %2", "", row.name, row.help, "", None),
            Self::NoValue(row, word) => {
                let phrases = Phrase::NAMES.into_iter().filter(|_| row.value == "PHRASE");
                let near = near::nearest(word, &mut { phrases });
                ("'%0' is no %4%3; %1: %2", word, row.name, row.help, near, None)
            }
            Self::Missing(row, arg) => ("'%1' needs %2", "", row.name, arg.row().noun, "", Some(row)),
            Self::Bad(row, arg, word) => {
                let meant = second(row, word);
                let help = meant.unwrap_or(row);
                let name = meant.map_or("", |row| row.name);
                ("'%1' needs %2, and '%0' is not that%3", word, row.name, arg.row().noun, name, Some(help))
            }
            Self::Extra(row, word) => {
                let meant = second(row, word);
                let name = meant.map_or("", |row| row.name);
                ("'%0' is too much after '%1'%3", word, row.name, "", name, Some(meant.unwrap_or(row)))
            }
            Self::Both(row) => ("either --say or words of your own", "", "", "", "", Some(row)),
        };
        // Ten bytes for one are the most: `\u{10ffff}`.
        let mut shown = String::<{ SHOWN * 10 }>::new();
        _ = uwrite!(shown, "{}", Escaped(cut(word, SHOWN)));
        let mut perhaps = String::<96>::new();
        if !meant.is_empty() {
            _ = uwrite!(perhaps, "; perhaps you mean '{}'", meant);
        }
        let value = if let Self::NoValue(row, _) = self { row.value } else { "" };
        let put = &mut |part: &str| _ = out.push(part.as_bytes());
        fill(sentence, &[&shown, name, needed, &perhaps, value], put);
        if let Some(row) = row {
            put(".\nusage: ");
            usage(out, row, false);
            if row.args.iter().any(|arg| !arg.row().example.is_empty()) {
                _ = out.push(b"\nas in: ");
                usage(out, row, true);
            }
        }
    }
}

/// The command of two words that was perhaps meant by a word after the first.
fn second(row: &Row, word: &str) -> Option<&'static Row> {
    let group = row.words().0;
    let seconds = ROWS.iter().filter(|row| row.words().0 == group).map(|row| row.words().1);
    let near = near::nearest(word, &mut seconds.filter(|second| !second.is_empty()));
    ROWS.iter().find(|row| !near.is_empty() && row.words() == (group, near))
}

/// The name of a command and what follows it, or an example of that.
pub fn usage(out: &mut BytesView, row: &Row, example: bool) {
    _ = out.push(row.name.as_bytes());
    for arg in row.args {
        let part = if example { arg.row().example } else { arg.row().usage };
        if !part.is_empty() {
            _ = out.push(b" ") && out.push(part.as_bytes());
        }
    }
}
