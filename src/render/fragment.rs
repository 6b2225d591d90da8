//! The runtime of the compiled fragments: writing pieces into a bounded buffer, escaped by where
//! they stand.
//!
//! A fragment is a table of pieces, and one function walks all of them, so that a fragment costs
//! its bytes and no code. Values go through [`clean`](crate::text::clean) first, always.

use super::words::{Word, digit, word};
use crate::model::Lang;
use crate::text::buffer::BytesView;
use crate::text::json::Json;
use crate::text::{clean, json};

include!(concat!(env!("OUT_DIR"), "/fragments.rs"));

/// The bytes of a page; a `Bytes<PAGE_BYTES>` is one.
pub type PageBuf = BytesView;

/// The page does not fit its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFull;

/// A part of a fragment.
enum Piece {
    /// As it is.
    Html(&'static str),
    /// A word of the page's language.
    Word(Word),
    /// The tag of the page's language.
    Lang,
    /// The text of this number, as text.
    Text(u8),
    /// The text of this number, as the value of an attribute in double quotes.
    Attribute(u8),
    /// The text of this number, as the value of an attribute without quotes.
    Token(u8),
    /// The text of this number, as the URL that is the value of an attribute.
    Url(u8),
    /// The markup of this number.
    Block(u8),
}

/// As what it is read. Only a page has markup; of a fragment, all others get words and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// HTML.
    Page,
    /// Text.
    Text,
    /// JSON, whose strings this is in.
    Json,
    /// XML, whose text this is.
    #[cfg(feature = "feeds")]
    Xml,
    /// iCalendar, whose values this is in.
    #[cfg(feature = "feeds")]
    Ical,
}

/// A page being written. What does not fit is remembered, not reported on each call: see
/// [`Out::finish`].
pub struct Out<'a> {
    buf: &'a mut PageBuf,
    lang: Lang,
    form: Form,
    /// Whether the next value of JSON is the first within its brackets.
    first: bool,
    /// Bytes of the present line of iCalendar.
    #[cfg(feature = "feeds")]
    column: usize,
    /// Bytes written, those that did not fit included.
    len: usize,
}

impl<'a> Out<'a> {
    /// Starts a page in `lang`; what `buf` held is gone.
    pub fn new(buf: &'a mut PageBuf, lang: Lang) -> Self {
        Self::in_form(buf, lang, Form::Page)
    }

    /// Starts something that is no page; what `buf` held is gone.
    pub(super) fn in_form(buf: &'a mut PageBuf, lang: Lang, form: Form) -> Self {
        buf.clear();
        Self {
            buf,
            lang,
            form,
            first: true,
            #[cfg(feature = "feeds")]
            column: 0,
            len: 0,
        }
    }

    /// Goes on in another language.
    #[cfg(feature = "sheet")]
    pub(super) const fn speak(&mut self, lang: Lang) {
        self.lang = lang;
    }

    /// The page's language.
    pub const fn lang(&self) -> Lang {
        self.lang
    }

    /// Ends the page. If it did not fit, the buffer is left empty: a page is never cut, since what
    /// is cut off could be the outage.
    pub fn finish(self) -> Result<(), PageFull> {
        if self.len != self.buf.len() {
            self.buf.clear();
            return Err(PageFull);
        }
        Ok(())
    }

    /// Writes a word of the page's language.
    pub fn word(&mut self, which: Word) {
        self.raw(word(self.lang, which));
    }

    /// Writes a sentence of the catalogues whose places `fill` writes.
    pub(super) fn filled(&mut self, sentence: &str, fill: &mut dyn FnMut(&mut Out<'_>, &str)) {
        for part in sentence.split('{') {
            let (place, after) = part.split_once('}').unwrap_or(("", part));
            if !place.is_empty() {
                fill(self, place);
            }
            self.raw(after);
        }
    }

    /// Writes markup that stands in the program. The caller keeps it balanced; a fragment is
    /// balanced by itself.
    pub(super) fn markup(&mut self, html: &'static str) {
        if self.form == Form::Page {
            self.put(html);
        }
    }

    /// Writes what stands in place of markup where there is none.
    pub(super) fn plain(&mut self, text: &'static str) {
        if self.form != Form::Page {
            self.raw(text);
        }
    }

    /// Writes where a link leads, where there is no markup.
    pub(super) fn aside(&mut self, url: &str) {
        if self.form != Form::Page {
            self.raw(" (");
            self.text(url);
            self.raw(")");
        }
    }

    /// Writes a value as text.
    pub fn text(&mut self, text: &str) {
        // Most of what is written is written as it is, and at once.
        let run = text.bytes().take_while(|&byte| is_plain(byte)).count();
        let (plain, rest) = text.split_at_checked(run).unwrap_or(("", text));
        self.raw(plain);
        for c in clean::shown(rest) {
            match c {
                c if self.form != Form::Page => self.raw(c.encode_utf8(&mut [0; 4])),
                '&' => self.raw("&amp;"),
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                c => self.raw(c.encode_utf8(&mut [0; 4])),
            }
        }
    }

    /// Writes a number, with the digits of the page's language.
    pub(super) fn number(&mut self, number: &str) {
        for c in number.chars() {
            self.raw(digit(self.lang, c).encode_utf8(&mut [0; 4]));
        }
    }

    /// Writes a value inside the double quotes of an attribute.
    fn attribute(&mut self, text: &str) {
        for c in clean::shown(text) {
            match c {
                '"' => self.raw("&quot;"),
                '\'' => self.raw("&#39;"),
                c => self.text(c.encode_utf8(&mut [0; 4])),
            }
        }
    }

    /// Writes a plain word as an attribute without quotes. What is none would end there, and
    /// something else stands in its place.
    fn token(&mut self, word: &str) {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let fits = !word.is_empty() && word.bytes().all(is_plain);
        self.raw(if fits { word } else { "x" });
    }

    /// Writes a URL inside the double quotes of an attribute, if a page may lead there; else
    /// nothing, which leads nowhere.
    fn url(&mut self, url: &str) {
        if !is_web(url) && !begins(url, "mailto:") && !begins(url, "tel:") {
            return;
        }
        let mut slashes: u8 = 0;
        for c in clean::shown(url) {
            slashes = slashes.saturating_add(u8::from(c == '/'));
            let in_path = slashes > 2;
            match c {
                // What no URL holds as it is; brackets stand around an address only.
                ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' | clean::REPLACEMENT => {
                    self.percent(c);
                }
                '[' | ']' if in_path => self.percent(c),
                c => self.attribute(c.encode_utf8(&mut [0; 4])),
            }
        }
    }

    /// Writes a character as `%22`.
    fn percent(&mut self, c: char) {
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            self.raw("%");
            for half in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(half), 16).unwrap_or('0');
                self.raw(digit.to_ascii_uppercase().encode_utf8(&mut [0; 4]));
            }
        }
    }

    /// Walks a fragment's pieces. The fragment's own struct calls this, and fits the numbers to the
    /// lists.
    fn fragment(&mut self, pieces: &[Piece], texts: &[&str], blocks: &mut [&mut dyn FnMut(&mut Out<'_>)]) {
        let text = |number: u8| texts.get(usize::from(number)).copied().unwrap_or("");
        let is_page = self.form == Form::Page;
        for piece in pieces {
            match *piece {
                Piece::Html(html) => self.markup(html),
                Piece::Word(which) => self.word(which),
                Piece::Text(number) => self.text(text(number)),
                Piece::Attribute(_) | Piece::Token(_) | Piece::Url(_) | Piece::Lang if !is_page => {}
                Piece::Lang => self.raw(self.lang.tag()),
                Piece::Attribute(number) => self.attribute(text(number)),
                Piece::Token(number) => self.token(text(number)),
                Piece::Url(number) => self.url(text(number)),
                Piece::Block(number) => {
                    if let Some(block) = blocks.get_mut(usize::from(number)) {
                        block(self);
                    }
                }
            }
        }
    }

    /// How many bytes are written, those included that did not fit: so a page can be measured
    /// without a buffer.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Takes back what was written after the first `len` bytes; of iCalendar, whole lines.
    pub(super) fn take_back(&mut self, len: usize) {
        self.buf.truncate(len);
        self.len = len;
        #[cfg(feature = "feeds")]
        {
            self.column = 0;
        }
    }

    /// As what it is read.
    #[cfg(feature = "feeds")]
    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// Whether all of it has fitted so far.
    #[cfg(feature = "feeds")]
    pub(super) fn fits(&self) -> bool {
        self.len == self.buf.len()
    }

    /// How many more bytes fit; those that did not fit yet are left out of account.
    pub(super) fn room(&self) -> usize {
        self.buf.room()
    }

    /// Writes a piece of text, escaped as the form has it.
    fn raw(&mut self, text: &str) {
        match self.form {
            Form::Page | Form::Text => self.put(text),
            Form::Json => json::escape(text, &mut |part| self.put(part)),
            #[cfg(feature = "feeds")]
            Form::Xml => self.escape(text, &[('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;")]),
            // RFC 5545, section 3.3.11.
            #[cfg(feature = "feeds")]
            Form::Ical => self.escape(text, &[('\\', "\\\\"), (';', "\\;"), (',', "\\,"), ('\n', "\\n")]),
        }
    }

    #[cfg(feature = "feeds")]
    fn escape(&mut self, text: &str, escapes: &[(char, &str)]) {
        for c in text.chars() {
            match escapes.iter().find(|(special, _)| *special == c) {
                Some((_, instead)) => self.put(instead),
                None => self.put(c.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn put(&mut self, text: &str) {
        #[cfg(feature = "feeds")]
        if self.form == Form::Ical {
            return self.folded(text);
        }
        self.push(text);
    }

    /// Writes a part of a line of iCalendar, which has 75 bytes at most without its end, and goes
    /// on behind a blank (RFC 5545, section 3.1). No character is cut.
    #[cfg(feature = "feeds")]
    fn folded(&mut self, text: &str) {
        const LINE: usize = 75;
        for c in text.chars() {
            let bytes = c.len_utf8();
            if matches!(c, '\r' | '\n') {
                self.column = 0;
            } else {
                if self.column.saturating_add(bytes) > LINE {
                    self.push("\r\n ");
                    self.column = 1;
                }
                self.column = self.column.saturating_add(bytes);
            }
            self.push(c.encode_utf8(&mut [0; 4]));
        }
    }

    fn push(&mut self, text: &str) {
        // After the first piece that does not fit, none may, or the page would have a hole.
        if self.len == self.buf.len() {
            _ = self.buf.push(text.as_bytes());
        }
        self.len = self.len.saturating_add(text.len());
    }
}

impl Json for Out<'_> {
    fn put(&mut self, text: &str) {
        Out::put(self, text);
    }

    fn first(&mut self) -> &mut bool {
        &mut self.first
    }
}

/// An ASCII character that is shown as it is, and needs no escape in text.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'&' | b'<' | b'>')
}

/// Whether a URL leads to the web: `javascript:` and its kin do not.
pub(super) fn is_web(url: &str) -> bool {
    begins(url, "https://") || begins(url, "http://")
}

fn begins(url: &str, scheme: &str) -> bool {
    url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::text::buffer::Bytes;
    use proptest::prelude::*;
    use std::string::String;

    fn written(write: impl FnOnce(&mut Out<'_>)) -> String {
        let mut buf = Bytes::<8192>::new();
        let mut out = Out::new(&mut buf, Lang::En);
        write(&mut out);
        out.finish().unwrap();
        String::from_utf8(buf.as_slice().into()).unwrap()
    }

    #[test]
    fn a_value_is_escaped_by_where_it_stands() {
        let hostile = "\"'><script>&amp;\u{1b}\u{202e}";
        assert_eq!(written(|out| out.text(hostile)), "\"'&gt;&lt;script&gt;&amp;amp;\u{fffd}");
        assert_eq!(written(|out| out.attribute(hostile)), "&quot;&#39;&gt;&lt;script&gt;&amp;amp;\u{fffd}");
    }

    #[test]
    fn a_value_without_quotes_is_a_plain_word() {
        for (word, expected) in [
            ("down", "down"),
            ("c12", "c12"),
            ("a-b", "a-b"),
            ("", "x"),
            ("a b", "x"),
            ("a>", "x"),
            ("é", "x"),
        ] {
            assert_eq!(written(|out| out.token(word)), expected, "{word}");
        }
    }

    #[test]
    fn a_url_leads_to_the_web_or_nowhere() {
        let check = |url: &str, expected: &str| assert_eq!(written(|out| out.url(url)), expected, "{url:?}");
        check("https://example.org/?a=1&b=\"", "https://example.org/?a=1&amp;b=%22");
        check("http://[::1]:80/[a]{b} c'd", "http://[::1]:80/%5Ba%5D%7Bb%7D%20c&#39;d");
        check("HTTP://example.org", "HTTP://example.org");
        check("mailto:a@b.org\"", "mailto:a@b.org%22");
        check("tel:+32-2", "tel:+32-2");
        for bad in
            ["javascript:alert(1)", "java\nscript:x", " https://a", "data:,x", "//example.org", "", "http:/"]
        {
            check(bad, "");
        }
    }

    #[test]
    fn a_page_that_does_not_fit_is_no_page() {
        let mut buf = Bytes::<8>::new();
        let mut out = Out::new(&mut buf, Lang::En);
        out.text("12345678");
        out.text("9");
        assert_eq!(out.finish(), Err(PageFull));
        assert!(buf.is_empty());
        let mut out = Out::new(&mut buf, Lang::En);
        out.text("12345678");
        assert_eq!(out.finish(), Ok(()));
        assert_eq!(buf.as_slice(), b"12345678");
    }

    proptest! {
        #[test]
        fn no_value_breaks_out(value in any::<String>()) {
            let value = value.get(..value.floor_char_boundary(1000)).unwrap();
            let text = written(|out| out.text(value));
            prop_assert!(!text.contains(['<', '>']));
            for (at, _) in text.match_indices('&') {
                let rest = text.get(at..).unwrap();
                prop_assert!(["&amp;", "&lt;", "&gt;"].iter().any(|entity| rest.starts_with(entity)));
            }
            let attribute = written(|out| out.attribute(value));
            prop_assert!(!attribute.contains(['<', '>', '"', '\'']));
        }
    }
}
