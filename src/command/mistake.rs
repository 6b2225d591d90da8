//! What is wrong with a line, and what would be right.

use heapless::String;
use ufmt::uwrite;

use super::table::{Arg, CommandOption, OPTIONS, ROWS, Row};
use super::{nearest_choice, nearest_command};
use crate::limits::MISTAKE_WORD_BYTES;
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
    NoValue(&'static CommandOption, &'a str),
    /// An argument is missing.
    Missing(&'static Row, Arg),
    /// An argument is not what it should be.
    Bad(&'static Row, Arg, &'a str),
    /// There is a word too many.
    Extra(&'static Row, &'a str),
    /// A bare word stands before quoted ones.
    Stray(&'static Row, &'a str),
    /// This may be a time of day, or a duration.
    Unclear(&'static Row, &'a str),
    /// This command does not take this option.
    NotHere(&'static Row, &'static CommandOption),
    /// There are words and a phrase.
    Both(&'static Row),
}

impl Mistake<'_> {
    /// In words, as one sentence or two. What finds no room is cut off; 1 KiB is room for any.
    pub fn describe(self, out: &mut BytesView) {
        // The foreign word, a name, what is needed, what was perhaps meant, a value; and the
        // command whose usage helps.
        let (mut word, mut name, mut needed, mut meant, mut value) = ("", "", "", "", "");
        let mut row = None;
        if let Self::Missing(of, _)
        | Self::Bad(of, ..)
        | Self::Extra(of, _)
        | Self::Stray(of, _)
        | Self::Unclear(of, _)
        | Self::NotHere(of, _)
        | Self::Both(of) = self
        {
            (name, row) = (of.name, Some(of));
        }
        if let Self::Missing(_, arg) | Self::Bad(_, arg, _) = self {
            needed = arg.row().noun;
        }
        if let Self::Bad(of, _, odd) | Self::Extra(of, odd) = self
            && let Some(second) = second(of, odd)
        {
            (meant, row) = (second.name, Some(second));
        }
        if let Self::Bad(_, arg, odd) = self
            && meant.is_empty()
        {
            meant = nearest_choice(arg, odd);
        }
        let sentence = match self {
            Self::Unclosed(rest) => {
                word = rest;
                "a quote is opened and not closed: %0"
            }
            Self::TooLong => "the line is too long; long words may come on standard input",
            Self::NoCommand("") => "nothing was asked; 'help' lists the commands",
            Self::NoCommand(odd) => {
                (word, meant) = (odd, nearest_command(odd));
                "there is no command '%0'%3; 'help' lists them"
            }
            Self::NoOption(odd) => {
                word = odd;
                meant = near::nearest(odd, &mut OPTIONS.iter().map(|row| row.name));
                "there is no option '%0'%3"
            }
            Self::NoValue(option, odd) => {
                (word, name, needed, value) = (odd, option.name, option.help, option.value);
                if value == "PHRASE" {
                    meant = near::nearest(odd, &mut Phrase::NAMES.into_iter());
                }
                if odd.is_empty() { "after %1 comes %4: %2" } else { "'%0' is no %4%3; %1: %2" }
            }
            Self::Missing(..) => "'%1' needs %2",
            Self::Bad(_, _, odd) => {
                word = odd;
                "'%1' needs %2, and '%0' is not that%3"
            }
            Self::Extra(_, odd) => {
                word = odd;
                "'%0' is too much after '%1'%3"
            }
            Self::Stray(_, odd) => {
                word = odd;
                "'%1' does not know '%0'; if it is to be published, put it inside the quotes"
            }
            Self::Unclear(_, odd) => {
                word = odd;
                "'%0' may be a time of day or a duration; write it as 02:00, or as +%0"
            }
            Self::NotHere(_, option) => {
                word = option.name;
                "'%1' takes no '%0' here: 'open' does, and 'update' of what goes on"
            }
            Self::Both(_) => "either --say or words of your own",
        };
        // Ten bytes for one are the most: `\u{10ffff}`.
        let mut shown = String::<{ MISTAKE_WORD_BYTES * 10 }>::new();
        _ = uwrite!(shown, "{}", Escaped(cut(word, MISTAKE_WORD_BYTES)));
        let mut perhaps = String::<96>::new();
        if !meant.is_empty() {
            _ = uwrite!(perhaps, "; perhaps you mean '{}'", meant);
        }
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
pub(super) fn second(row: &Row, word: &str) -> Option<&'static Row> {
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
