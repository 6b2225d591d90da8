//! What is wrong with a line, and what would be right.

use ufmt::uwrite;

use super::nearest_command;
use super::table::{Arg, OPTIONS, OptionRow, ROWS, Row};
use crate::model::Phrase;
use crate::text::buffer::BytesView;
use crate::text::clean::Escaped;
use crate::text::{cut, near};

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

fn shown(word: &str) -> Escaped<'_> {
    Escaped(cut(word, SHOWN))
}

impl Mistake<'_> {
    /// In words, as one sentence or two.
    pub fn describe(self, out: &mut BytesView) {
        // What finds no room is cut off; the room is far larger than any of these.
        match self {
            Self::Unclosed(rest) => _ = uwrite!(out, "a quote is opened and not closed: {}", shown(rest)),
            Self::TooLong => _ = uwrite!(out, "the line is too long; long words may come on standard input"),
            Self::NoCommand("") => _ = uwrite!(out, "nothing was asked; 'help' lists the commands"),
            Self::NoCommand(word) => {
                _ = uwrite!(out, "there is no command '{}'", shown(word));
                perhaps(out, nearest_command(word));
                _ = uwrite!(out, "; 'help' lists them");
            }
            Self::NoOption(word) => {
                _ = uwrite!(out, "there is no option '{}'", shown(word));
                perhaps(out, near::nearest(word, &mut OPTIONS.iter().map(|row| row.name)));
            }
            Self::NoValue(row, "") => {
                _ = uwrite!(out, "after {} comes {}: {}", row.name, row.value, row.help);
            }
            Self::NoValue(row, word) => {
                _ = uwrite!(out, "'{}' is no {}", shown(word), row.value);
                if row.value == "PHRASE" {
                    perhaps(out, near::nearest(word, &mut Phrase::NAMES.into_iter()));
                }
                _ = uwrite!(out, "; {}: {}", row.name, row.help);
            }
            Self::Missing(row, arg) => {
                _ = uwrite!(out, "'{}' needs {}", row.name, arg.row().noun);
                advice(out, row);
            }
            Self::Bad(row, arg, word) => {
                _ = uwrite!(
                    out,
                    "'{}' needs {}, and '{}' is not that",
                    row.name,
                    arg.row().noun,
                    shown(word)
                );
                perhaps_second(out, row, word);
            }
            Self::Extra(row, word) => {
                _ = uwrite!(out, "'{}' is too much after '{}'", shown(word), row.name);
                perhaps_second(out, row, word);
            }
            Self::Both(row) => {
                _ = uwrite!(out, "either --say or words of your own");
                advice(out, row);
            }
        }
    }
}

fn perhaps(out: &mut BytesView, name: &str) {
    if !name.is_empty() {
        _ = uwrite!(out, "; perhaps you mean '{}'", name);
    }
}

/// What was meant may be a command of two words.
fn perhaps_second(out: &mut BytesView, row: &Row, word: &str) {
    let group = row.words().0;
    let seconds = ROWS.iter().filter(|row| row.words().0 == group).map(|row| row.words().1);
    let near = near::nearest(word, &mut seconds.filter(|second| !second.is_empty()));
    let meant = ROWS.iter().find(|row| !near.is_empty() && row.words() == (group, near));
    perhaps(out, meant.map_or("", |row| row.name));
    advice(out, meant.unwrap_or(row));
}

fn advice(out: &mut BytesView, row: &Row) {
    _ = uwrite!(out, ".\nusage: ");
    usage(out, row, false);
    if row.args.iter().any(|arg| !arg.row().example.is_empty()) {
        _ = uwrite!(out, "\nas in: ");
        usage(out, row, true);
    }
}

/// The name of a command and what follows it, or an example of that.
pub fn usage(out: &mut BytesView, row: &Row, example: bool) {
    _ = uwrite!(out, "{}", row.name);
    for arg in row.args {
        let part = if example { arg.row().example } else { arg.row().usage };
        if !part.is_empty() {
            _ = uwrite!(out, " {}", part);
        }
    }
}
