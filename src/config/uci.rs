//! UCI, the configuration language of `OpenWrt`, as libuci's `file.c` reads it: lines of `package`,
//! `config`, `option` and `list`, in words that may be quoted.
//!
//! - Keywords may be shortened to their first letter.
//! - `'…'` has no escapes and may span lines. In `"…"` and in bare words a backslash takes the next
//!   character as it is, and a backslash at the end of a line joins the next line to it.
//! - Adjacent pieces are one word (`a'b c'd`), so that `'it'\''s'`, which is how libuci writes a
//!   quote, reads back.
//! - `#` outside quotes begins a comment, even inside a bare word.
//! - A line inside quotes that begins as a statement does is refused here: an apostrophe that
//!   nobody escaped would swallow the options behind it, up to the next one.
//! - `;` outside quotes separates statements for libuci. It is refused here: nobody writes it, and
//!   a value that holds one by accident would be cut in silence.
//!
//! Words are found without copying; [`QuotedWord`] undoes the quoting when it is read. What
//! sections mean, and that sections of one name are one section, is the business of the module
//! above.

use core::ops::Range;

/// What a line begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// `package`
    Package,
    /// `config`
    Config,
    /// `option`
    Option,
    /// `list`
    List,
}

/// One statement.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// The line on which it begins, counted from 1.
    pub line: u32,
    /// What it is.
    pub keyword: Keyword,
    /// The type of a section, or the name of an option or list. Never empty.
    pub name: QuotedWord<'a>,
    /// The name of a section, or the value of an option or list. Empty if absent.
    pub value: QuotedWord<'a>,
}

/// Why a line cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// It is not UTF-8.
    NotUtf8,
    /// It holds a NUL byte.
    Nul,
    /// The file begins with a byte order mark.
    Bom,
    /// It begins with no keyword.
    Keyword,
    /// The keyword stands alone.
    TooFewWords,
    /// There is more than a name and a value.
    TooManyWords,
    /// It holds `;` outside quotes.
    Semicolon,
    /// A quote that begins on this line is not closed before the file ends or the next statement
    /// seems to begin.
    Unterminated,
    /// A name holds other characters than `A-Z`, `a-z`, `0-9` and `_`.
    Name,
}

/// A line that cannot be read.
#[derive(Clone, Copy, Debug)]
pub struct SyntaxError<'a> {
    /// Which line, counted from 1.
    pub line: u32,
    /// Why not.
    pub why: Syntax,
    /// The word in question, as it stands in the file.
    pub word: &'a str,
    /// Whether the line was an `option` or `list`, so that the section goes on after it.
    pub in_section: bool,
}

/// A word, with its quotes still on.
#[derive(Clone, Copy, Debug)]
pub struct QuotedWord<'a>(&'a str);

impl<'a> QuotedWord<'a> {
    /// The word without its quotes, byte by byte: valid UTF-8, since only ASCII is taken out.
    pub fn bytes(self) -> impl Iterator<Item = u8> + 'a {
        Unquote::new(self.0.as_bytes())
    }
    /// Whether nothing is left without the quotes.
    pub fn is_empty(self) -> bool {
        self.bytes().next().is_none()
    }
    /// Whether it says `other`.
    pub fn is(self, other: &str) -> bool {
        self.bytes().eq(other.bytes())
    }
    /// Whether both say the same.
    pub fn same(self, other: QuotedWord<'_>) -> bool {
        self.bytes().eq(other.bytes())
    }
    /// As it stands in the file.
    pub fn raw(self) -> &'a str {
        self.0
    }
    /// Writes it, without its quotes, over `buffer`; `None` if that is too small.
    pub fn read(self, buffer: &mut [u8]) -> Option<&str> {
        let mut len = 0usize;
        for byte in self.bytes() {
            *buffer.get_mut(len)? = byte;
            len = len.saturating_add(1);
        }
        core::str::from_utf8(buffer.get(..len)?).ok()
    }
}

/// The statements of a file, in order; a line that cannot be read is one error, and the next is
/// tried.
#[derive(Clone, Debug)]
pub struct Statements<'a> {
    rest: &'a str,
    line: u32,
    /// Where the last statement begins and ends: how many bytes were left there.
    left: [usize; 2],
}

impl<'a> Statements<'a> {
    /// The statements of `file`, or why none of it can be read.
    pub fn new(file: &'a [u8]) -> Result<Self, SyntaxError<'a>> {
        let refuse = |before: &[u8], why| SyntaxError {
            line: newlines(before).saturating_add(1),
            why,
            word: "",
            in_section: false,
        };
        let rest = core::str::from_utf8(file)
            .map_err(|error| refuse(file.get(..error.valid_up_to()).unwrap_or_default(), Syntax::NotUtf8))?;
        if rest.starts_with('\u{feff}') {
            return Err(refuse(b"", Syntax::Bom));
        }
        if let Some(at) = file.iter().position(|&byte| byte == 0) {
            return Err(refuse(file.get(..at).unwrap_or_default(), Syntax::Nul));
        }
        Ok(Self { rest, line: 1, left: [file.len(); 2] })
    }

    /// The bytes of the last statement in a file of this length, without its indentation and
    /// comment. A line that cannot be read counts to its end.
    pub(super) fn span(&self, length: usize) -> Range<usize> {
        let [from, to] = self.left.map(|left| length.saturating_sub(left));
        from..to
    }

    /// How many bytes of a file of this length stand before the last statement.
    pub(super) fn at(&self, length: usize) -> usize {
        self.span(length).start
    }

    /// The statements from a byte and a line of these on.
    pub(super) fn from(&self, at: usize, line: u32) -> Self {
        let rest = self.rest.get(at..).unwrap_or_default();
        Self { rest, line, left: [rest.len(); 2] }
    }

    /// How many bytes are left.
    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    fn first(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    /// Takes `len` bytes off the front and counts their lines.
    fn take(&mut self, len: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(len).unwrap_or((self.rest, ""));
        self.rest = rest;
        self.line = self.line.saturating_add(newlines(taken.as_bytes()));
        taken
    }

    /// Takes bytes off the front as long as they are `wanted`.
    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let len = self.rest.bytes().position(|byte| !wanted(byte)).unwrap_or(self.rest.len());
        self.take(len)
    }

    /// The next word of this line; an empty one at its end.
    fn word(&mut self) -> Result<QuotedWord<'a>, SyntaxError<'a>> {
        self.take_while(|byte| is_space(byte) && byte != b'\n');
        let mut unquote = Unquote::new(self.rest.as_bytes());
        let mut swallows = false;
        while let Some(byte) = unquote.next() {
            // A line ends inside quotes only: outside it ends the word, and behind a backslash it
            // is nothing.
            if byte == b'\n' && begins_statement(unquote.rest) {
                swallows = true;
                break;
            }
        }
        if !swallows && unquote.quote == 0 {
            return Ok(QuotedWord(self.take(self.rest.len().saturating_sub(unquote.rest.len()))));
        }
        self.take(self.rest.len().saturating_sub(unquote.opened));
        let line = self.line;
        // A statement on the next line is read as if the quote had been closed before.
        let word = self.take_while(|byte| byte != b'\n').trim_end();
        if !swallows {
            self.rest = "";
        }
        Err(SyntaxError { line, why: Syntax::Unterminated, word, in_section: false })
    }

    fn statement(&mut self) -> Result<Statement<'a>, SyntaxError<'a>> {
        let line = self.line;
        let word = self.take_while(|byte| !is_space(byte));
        let mut error = SyntaxError { line, why: Syntax::Keyword, word, in_section: false };
        let keyword = match word {
            "package" | "p" => Keyword::Package,
            "config" | "c" => Keyword::Config,
            "option" | "o" => Keyword::Option,
            "list" | "l" => Keyword::List,
            _ => return Err(error),
        };
        error.in_section = matches!(keyword, Keyword::Option | Keyword::List);
        let in_section = error.in_section;
        let unclosed = |error| SyntaxError { in_section, ..error };
        let name = self.word().map_err(unclosed)?;
        let value = self.word().map_err(unclosed)?;
        self.end_of_line(&mut error)?;
        if name.is_empty() {
            return Err(SyntaxError { why: Syntax::TooFewWords, ..error });
        }
        // Types may hold more than names, but no type that we know does.
        let (named, may_be_dashed) = match keyword {
            Keyword::Package => (name, true),
            Keyword::Config => (value, false),
            Keyword::Option | Keyword::List => (name, false),
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || (byte == b'-' && may_be_dashed);
        if !named.bytes().all(fits) {
            return Err(SyntaxError { why: Syntax::Name, word: named.raw(), ..error });
        }
        Ok(Statement { line, keyword, name, value })
    }

    /// Nothing but a comment may follow, and words that say nothing, which libuci overlooks too.
    fn end_of_line(&mut self, error: &mut SyntaxError<'a>) -> Result<(), SyntaxError<'a>> {
        loop {
            let word =
                self.word().map_err(|unclosed| SyntaxError { in_section: error.in_section, ..unclosed })?;
            if !word.is_empty() {
                return Err(SyntaxError { why: Syntax::TooManyWords, word: word.raw(), ..*error });
            }
            match self.first() {
                None | Some(b'\n' | b'#') => return Ok(()),
                Some(b';') => return Err(SyntaxError { why: Syntax::Semicolon, word: ";", ..*error }),
                Some(_) => {}
            }
        }
    }
}

impl<'a> Iterator for Statements<'a> {
    type Item = Result<Statement<'a>, SyntaxError<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.take_while(is_space);
            if self.first()? != b'#' {
                #[cfg(test)]
                read_again();
                let begun = self.rest.len();
                let statement = self.statement();
                let ended = self.rest.len();
                // What is left of the line is a comment, or belongs to a statement that was
                // refused.
                self.take_while(|byte| byte != b'\n');
                self.left = [begun, if statement.is_ok() { ended } else { self.rest.len() }];
                return Some(statement);
            }
            self.take_while(|byte| byte != b'\n');
        }
    }
}

/// The bytes of one word. Ends before a blank, `#` or `;` outside quotes; inside a quote only the
/// end of the file ends it, and `quote` is not 0 then.
#[derive(Clone)]
struct Unquote<'a> {
    rest: &'a [u8],
    /// The quote that is open, or 0.
    quote: u8,
    /// How many bytes were left, itself included, when it was opened.
    opened: usize,
}

impl<'a> Unquote<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self { rest, quote: 0, opened: 0 }
    }
}

impl Iterator for Unquote<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        loop {
            let (&byte, rest) = self.rest.split_first()?;
            if self.quote == 0 && (is_space(byte) || byte == b'#' || byte == b';') {
                return None;
            }
            if self.quote == 0 && (byte == b'\'' || byte == b'"') {
                self.quote = byte;
                self.opened = self.rest.len();
            } else if self.quote == byte {
                self.quote = 0;
            } else if byte == b'\\' && self.quote != b'\'' {
                let joined = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"));
                let Some(next_line) = joined else {
                    let (&escaped, rest) = rest.split_first().unwrap_or((&b'\n', rest));
                    self.rest = rest;
                    // A backslash at the very end of the file stands for nothing.
                    return (escaped != b'\n').then_some(escaped);
                };
                self.rest = next_line;
                continue;
            } else {
                self.rest = rest;
                return Some(byte);
            }
            self.rest = rest;
        }
    }
}

/// Whether a line begins as a statement does.
fn begins_statement(text: &[u8]) -> bool {
    let line = text.trim_ascii_start();
    let behind = ["config", "option", "list"].iter().find_map(|word| line.strip_prefix(word.as_bytes()));
    behind.and_then(<[u8]>::first).is_some_and(|&byte| byte == b' ' || byte == b'\t')
}

/// C's `isspace`.
pub(super) fn is_space(byte: u8) -> bool {
    byte == b' ' || (b'\t'..=b'\r').contains(&byte)
}

fn newlines(text: &[u8]) -> u32 {
    text.iter().fold(0, |lines: u32, &byte| lines.saturating_add(u32::from(byte == b'\n')))
}

#[cfg(test)]
std::thread_local! {
    static READ: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

#[cfg(test)]
fn read_again() {
    READ.with(|read| read.set(read.get().saturating_add(1)));
}

/// How many statements this thread has read since it was asked last.
#[cfg(test)]
pub(super) fn read_since() -> usize {
    READ.with(core::cell::Cell::take)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::format_push_string)]

    use proptest::prelude::*;
    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::{Keyword, QuotedWord, Statements, Syntax};

    fn say(word: QuotedWord<'_>) -> String {
        String::from_utf8(word.bytes().collect()).unwrap()
    }

    /// `line keyword name=value` for each statement, `line !error word` for each error.
    fn read(file: &[u8]) -> Vec<String> {
        let statements = match Statements::new(file) {
            Ok(statements) => statements,
            Err(error) => return [format!("{} !{:?}", error.line, error.why)].into(),
        };
        statements
            .map(|statement| match statement {
                Ok(s) => format!("{} {:?} {}={}", s.line, s.keyword, say(s.name), say(s.value)),
                Err(e) => format!("{} !{:?} {}", e.line, e.why, e.word),
            })
            .collect()
    }

    /// One option's value, as each way to quote it says it (libuci's `file.c`, from `parse_str`
    /// down).
    #[test]
    fn values() {
        for (text, expected) in [
            ("bare", "bare"),
            ("'single'", "single"),
            ("\"double\"", "double"),
            ("a'b c'd", "ab cd"),
            ("'a'\"b\"c", "abc"),
            ("'it'\\''s'", "it's"),
            ("\"it's\"", "it's"),
            ("'say \"x\"'", "say \"x\""),
            ("\"say \\\"x\\\"\"", "say \"x\""),
            (r"'back\slash'", r"back\slash"),
            (r#""back\\slash""#, r"back\slash"),
            (r#""a\nb""#, "anb"),
            (r"a\ b", "a b"),
            (r"a\#b", "a#b"),
            (r"a\;b", "a;b"),
            (r"\'a", "'a"),
            ("'a # b'", "a # b"),
            ("\"a # b\"", "a # b"),
            ("a#b", "a"),
            ("'a'#b", "a"),
            ("'a' # b", "a"),
            ("'a;b'", "a;b"),
            ("'one\ntwo'", "one\ntwo"),
            ("\"one\ntwo\"", "one\ntwo"),
            ("'one\n\n  # two\n'", "one\n\n  # two\n"),
            ("\"one\\\ntwo\"", "onetwo"),
            ("\"one\\\r\ntwo\"", "onetwo"),
            ("one\\\ntwo", "onetwo"),
            ("'one\\\ntwo'", "one\\\ntwo"),
            ("''", ""),
            ("\"\"", ""),
            ("", ""),
            ("# nothing", ""),
            ("'a' '' \"\"", "a"),
            ("'Héron'", "Héron"),
            ("\"H\\éron\"", "Héron"),
            ("a\\", "a"),
        ] {
            let file = format!("option x {text}");
            assert_eq!(read(file.as_bytes()), [format!("1 Option x={expected}")], "{text}");
            let file = format!("\tlist\t'x' \t{text}\t\r\n");
            let lone_backslash = text.ends_with('\\');
            if !lone_backslash {
                assert_eq!(read(file.as_bytes()), [format!("1 List x={expected}")], "{text}");
            }
        }
    }

    #[test]
    fn files() {
        for (file, expected) in [
            ("", &[][..]),
            ("\n\n# only\n  \t# comments\n", &[]),
            (
                "package aiglon\n\nconfig site 'a'\n\toption title 'x'\n",
                &["1 Package aiglon=", "3 Config site=a", "4 Option title=x"],
            ),
            (
                "p aiglon-2\nc site a\no t x\nl h y\n",
                &["1 Package aiglon-2=", "2 Config site=a", "3 Option t=x", "4 List h=y"],
            ),
            ("config 'site' \"a\"\r\n\toption t 'x'\r\n\r\n", &["1 Config site=a", "2 Option t=x"]),
            ("config listen\nconfig listen", &["1 Config listen=", "2 Config listen="]),
            ("option a 'x\ny\nz'\noption b c", &["1 Option a=x\ny\nz", "4 Option b=c"]),
            ("config a b # 'c\noption d e", &["1 Config a=b", "2 Option d=e"]),
            ("option a x \\\noption b y", &["1 !TooManyWords \\\noption"]),
            ("option a x \\\n\noption b y", &["1 Option a=x", "3 Option b=y"]),
        ] {
            assert_eq!(read(file.as_bytes()), expected, "{file:?}");
        }
    }

    #[test]
    fn errors() {
        for (file, expected) in [
            ("confg site a\noption b c", &["1 !Keyword confg", "2 Option b=c"][..]),
            ("'config' a", &["1 !Keyword 'config'"]),
            ("\n\toption", &["2 !TooFewWords option"]),
            ("config # a", &["1 !TooFewWords config"]),
            ("option '' b", &["1 !TooFewWords option"]),
            ("option a b c\nlist d e", &["1 !TooManyWords c", "2 List d=e"]),
            ("option a b; option c d\nlist d e", &["1 !Semicolon ;", "2 List d=e"]),
            ("option a;b", &["1 !Semicolon ;"]),
            (";", &["1 !Keyword ;"]),
            ("config site a-b", &["1 !Name a-b"]),
            ("config site 'é'", &["1 !Name 'é'"]),
            ("option a.b c", &["1 !Name a.b"]),
            ("option a b\nlist c 'd\n e\n f", &["1 Option a=b", "2 !Unterminated 'd"]),
            ("option a 'b\n'c\"d\n'e\nf", &["2 !Unterminated \"d"]),
            ("option a \"b\\\"", &["1 !Unterminated \"b\\\""]),
            ("option a \"b\\", &["1 !Unterminated \"b\\"]),
            ("\u{feff}config a b", &["1 !Bom"]),
            ("config a b\noption c '\0'", &["2 !Nul"]),
        ] {
            assert_eq!(read(file.as_bytes()), expected, "{file:?}");
        }
        assert_eq!(read(b"config a b\n\noption c '\xe9'"), ["3 !NotUtf8"]);
        assert_eq!(read(b"config a b\n\xc3"), ["2 !NotUtf8"]);
    }

    #[test]
    fn a_small_buffer_is_refused() {
        let word = Statements::new(b"option a 'b'\\''cd'").unwrap().next().unwrap().unwrap().value;
        assert_eq!(word.read(&mut [0; 4]), Some("b'cd"));
        assert_eq!(word.read(&mut [0; 3]), None);
        assert!(word.is("b'cd") && !word.is("b'c") && !word.is_empty());
    }

    /// `uci export` and `uci commit` write every value like this.
    fn as_libuci_writes(value: &str) -> String {
        "'".to_string() + &value.replace('\'', "'\\''") + "'"
    }

    proptest! {
        #[test]
        fn what_libuci_writes_reads_back(values in prop::collection::vec("[^\0]{1,40}", 1..5)) {
            let mut file = String::from("\nconfig site 'a'\n");
            for value in &values {
                file += &format!("\tlist x {}\n", as_libuci_writes(value));
            }
            let mut line = 3;
            for (statement, value) in Statements::new(file.as_bytes()).unwrap().skip(1).zip(&values) {
                let statement = statement.unwrap();
                prop_assert_eq!(statement.keyword, Keyword::List);
                prop_assert_eq!(&say(statement.value), value);
                prop_assert_eq!(statement.line, line);
                line += 1 + u32::try_from(value.matches('\n').count()).unwrap();
            }
        }

        #[test]
        fn what_is_escaped_in_double_quotes_reads_back(value in "[^\0]{0,40}") {
            // A newline behind a backslash would join lines, so it stands as it is.
            let escaped: String = value
                .chars()
                .flat_map(|c| (!matches!(c, '\n' | '\r')).then_some('\\').into_iter().chain([c]))
                .collect();
            let file = format!("option x \"{escaped}\"");
            let statement = Statements::new(file.as_bytes()).unwrap().next().unwrap().unwrap();
            prop_assert_eq!(say(statement.value), value);
        }

        #[test]
        fn any_bytes_end(file in prop::collection::vec(any::<u8>(), 0..300)) {
            read(&file);
        }

        #[test]
        fn any_text_ends(file in "([a-z '\"\\\\#;\r\n\t]|config |option |list ){0,80}") {
            let lines = file.matches('\n').count() + 1;
            for statement in Statements::new(file.as_bytes()).unwrap() {
                match statement {
                    Ok(statement) => prop_assert!(statement.line as usize <= lines && !statement.name.is_empty()),
                    Err(error) => {
                        prop_assert!(error.line as usize <= lines);
                        prop_assert!(error.why != Syntax::NotUtf8);
                    }
                }
            }
        }
    }
}
