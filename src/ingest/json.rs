//! A push tokenizer for JSON (RFC 8259): bytes in, one event at a time out.
//!
//! It may be stopped and resumed at every byte, so that a body is read as it comes and never held.
//! It keeps one bit per level of nesting instead of recursing, and one string of at most
//! [`TOKEN_BYTES`]; of a longer one the beginning is kept, the rest is checked and dropped. Nothing
//! is looked up or converted here: what the keys mean, and what a number is worth, is the caller's.
//!
//! The grammar is RFC 8259's, and nothing outside it is accepted: no trailing comma, no comment, no
//! leading zero, no byte order mark, nothing but white space after the value. Two things that the
//! RFC leaves open are taken as Go's `encoding/json` takes them, since senders that work with the
//! real Alertmanager must work: half of a surrogate pair (`\ud83d` alone) and each byte of a string
//! that is not UTF-8 become U+FFFD.

use crate::limits::{JSON_DEPTH, TOKEN_BYTES};
use crate::text::buffer::Bytes;

const _: () = assert!(JSON_DEPTH <= 32, "one bit of `objects` for each level");
const _: () = assert!(TOKEN_BYTES >= 4, "one character must fit");

/// A string or number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The beginning of it, unescaped, at most [`TOKEN_BYTES`] long.
    pub text: &'a str,
    /// Whether there was more, which is lost.
    pub cut: bool,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonEvent<'a> {
    /// `{`
    ObjectStart,
    /// `}`
    ObjectEnd,
    /// `[`
    ArrayStart,
    /// `]`
    ArrayEnd,
    /// The name of a member; its value comes next. May be empty, and may come twice in an object.
    Key(Text<'a>),
    /// A string that is a value.
    Str(Text<'a>),
    /// A number as it was written, in the grammar of RFC 8259, section 6.
    Number(Text<'a>),
    /// `true` or `false`
    Bool(bool),
    /// `null`
    Null,
}

/// Why bytes are not JSON that can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JsonError {
    /// There is no value, only white space.
    #[default]
    Empty,
    /// It ends in the middle.
    Unfinished,
    /// A byte that cannot stand where it stands.
    Unexpected,
    /// Something follows the value.
    Trailing,
    /// More than [`JSON_DEPTH`] arrays and objects within one another.
    Depth,
    /// A control character in a string that is not escaped.
    Control,
    /// A backslash before something that it cannot escape.
    Escape,
    /// A number that is not in the grammar.
    Number,
    /// A word that is not `true`, `false` or `null`.
    Word,
}

impl JsonError {
    /// In words, for whoever sent it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Empty => "empty body, expected JSON",
            Self::Unfinished => "JSON ends in the middle",
            Self::Unexpected => "not JSON: unexpected character",
            Self::Trailing => "not JSON: something follows the value",
            Self::Depth => "JSON nested too deeply",
            Self::Control => "not JSON: control character in a string",
            Self::Escape => "not JSON: bad escape in a string",
            Self::Number => "not JSON: bad number",
            Self::Word => "not JSON: a word that is not true, false or null",
        }
    }
}

/// What may come next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expect {
    /// The value of the whole, of a member, or after a comma of an array.
    #[default]
    Value,
    /// After `[`: a value or `]`.
    First,
    /// After `{`: a key or `}`.
    FirstKey,
    /// After a comma of an object: a key.
    Key,
    Colon,
    /// After a value inside something: a comma or the end of it.
    Comma,
    /// After the value of the whole: white space.
    End,
    /// In a string.
    Str,
    /// In a string, inside a character of several bytes, of which `wide` holds those that came.
    Wide,
    /// In a string, after `\uD8xx`, which `high` holds: its other half should follow.
    High,
    /// In a string, after a backslash.
    Escape,
    /// In a string, after `\u`.
    Hex,
    /// In a word; `filled` letters of it have come.
    True,
    False,
    Null,
    /// In a number, after its sign.
    Minus,
    /// After a leading 0.
    Zero,
    /// In its integer part.
    Int,
    /// After its point.
    Point,
    /// In its fraction.
    Frac,
    /// After `e`.
    Exp,
    /// After the sign of its exponent.
    ExpSign,
    /// In its exponent.
    ExpInt,
    /// `fault` says why.
    Failed,
}

/// An event without the text, which is in the buffer.
#[derive(Clone, Copy)]
enum Token {
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,
    Key,
    Str,
    Number,
    True,
    False,
    Null,
}

/// The state of one document being read. All-zero when new.
#[derive(Debug)]
pub struct Tokenizer {
    token: Bytes<TOKEN_BYTES>,
    /// The token had no room for all.
    cut: bool,
    /// The string is a key.
    key: bool,
    state: Expect,
    fault: JsonError,
    depth: u8,
    /// How many bytes, letters or digits of a small thing have come (see [`Expect`]).
    filled: u8,
    wide: [u8; 4],
    high: u16,
    hex: u16,
    /// One bit for each level of nesting: set for an object.
    objects: u32,
    consumed: u32,
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self::new()
    }
}

impl Tokenizer {
    /// At the beginning of a document.
    pub const fn new() -> Self {
        Self {
            token: Bytes::new(),
            cut: false,
            key: false,
            state: Expect::Value,
            fault: JsonError::Empty,
            depth: 0,
            filled: 0,
            wide: [0; 4],
            high: 0,
            hex: 0,
            objects: 0,
            consumed: 0,
        }
    }

    /// Begins another document. Does not touch the buffer.
    pub fn restart(&mut self) {
        self.token.truncate(0);
        self.state = Expect::Value;
        self.depth = 0;
        self.consumed = 0;
    }

    /// Bytes consumed since the beginning, saturating; after a fault, the offset of the byte that
    /// is wrong.
    pub const fn offset(&self) -> u32 {
        self.consumed
    }

    /// Reads up to the next event and takes what was read off the front of `input`. `None`: all of
    /// it is consumed and more is needed. After a fault, every further call returns it again. The
    /// work is linear in what is consumed.
    pub fn next<'t>(&'t mut self, input: &mut &[u8]) -> Result<Option<JsonEvent<'t>>, JsonError> {
        let before = input.len();
        let token = self.step(input);
        let read = before.saturating_sub(input.len());
        self.consumed = self.consumed.saturating_add(u32::try_from(read).unwrap_or(u32::MAX));
        match token {
            Ok(token) => Ok(token.map(|token| self.event(token))),
            Err(fault) => Err(self.fail(fault)),
        }
    }

    /// There are no more bytes. The last event, if that is a number, whose end nothing else tells.
    pub fn finish(&mut self) -> Result<Option<JsonEvent<'_>>, JsonError> {
        match self.state {
            Expect::Zero | Expect::Int | Expect::Frac | Expect::ExpInt if self.depth == 0 => {
                self.state = Expect::End;
                Ok(Some(self.event(Token::Number)))
            }
            Expect::End => Ok(None),
            Expect::Failed => Err(self.fault),
            Expect::Value if self.depth == 0 => Err(self.fail(JsonError::Empty)),
            _ => Err(self.fail(JsonError::Unfinished)),
        }
    }

    fn fail(&mut self, fault: JsonError) -> JsonError {
        self.state = Expect::Failed;
        self.fault = fault;
        fault
    }

    fn event(&self, token: Token) -> JsonEvent<'_> {
        // The buffer only ever gets whole characters, so this is where the compiler learns it, not
        // where it is checked.
        let text =
            || Text { text: core::str::from_utf8(self.token.as_slice()).unwrap_or_default(), cut: self.cut };
        match token {
            Token::ObjectStart => JsonEvent::ObjectStart,
            Token::ObjectEnd => JsonEvent::ObjectEnd,
            Token::ArrayStart => JsonEvent::ArrayStart,
            Token::ArrayEnd => JsonEvent::ArrayEnd,
            Token::Key => JsonEvent::Key(text()),
            Token::Str => JsonEvent::Str(text()),
            Token::Number => JsonEvent::Number(text()),
            Token::True => JsonEvent::Bool(true),
            Token::False => JsonEvent::Bool(false),
            Token::Null => JsonEvent::Null,
        }
    }

    fn step(&mut self, input: &mut &[u8]) -> Result<Option<Token>, JsonError> {
        while let Some((&byte, rest)) = input.split_first() {
            if matches!(self.state, Expect::Str) {
                // Most bytes of a body are plain bytes of a string: they are counted, then copied
                // at once. What follows them is mostly its end.
                let run = input.iter().position(|&byte| !is_plain(byte)).unwrap_or(input.len());
                let (plain, more) = input.split_at_checked(run).unwrap_or_default();
                if run > 0 {
                    self.keep_plain(plain);
                    *input = more;
                }
                if let Some((b'"', after)) = more.split_first() {
                    *input = after;
                    return Ok(Some(self.end_string()));
                }
                if run > 0 {
                    continue;
                }
            }
            // Between strings there is mostly this, and nothing else.
            match (self.state, *input) {
                (Expect::Colon, [b':', b'"', rest @ ..]) => {
                    self.begin(Expect::Str);
                    *input = rest;
                    continue;
                }
                (Expect::Comma, [b',', b'"', rest @ ..]) => {
                    self.begin(Expect::Str);
                    self.key = self.in_object();
                    *input = rest;
                    continue;
                }
                _ => {}
            }
            // Some bytes end what came before them and are themselves looked at again.
            let (done, token) = match self.state {
                Expect::Str | Expect::Wide | Expect::High | Expect::Escape | Expect::Hex => {
                    self.in_string(byte)?
                }
                Expect::True | Expect::False | Expect::Null => (true, self.in_word(byte)?),
                Expect::Minus
                | Expect::Zero
                | Expect::Int
                | Expect::Point
                | Expect::Frac
                | Expect::Exp
                | Expect::ExpSign
                | Expect::ExpInt => self.in_number(byte)?,
                Expect::Failed => return Err(self.fault),
                _ if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => (true, None),
                _ => (true, self.structure(byte)?),
            };
            if done {
                *input = rest;
            }
            if token.is_some() {
                return Ok(token);
            }
        }
        Ok(None)
    }

    /// Between tokens.
    fn structure(&mut self, byte: u8) -> Result<Option<Token>, JsonError> {
        match (self.state, byte) {
            (Expect::First, b']') => Ok(Some(self.leave(Token::ArrayEnd))),
            (Expect::FirstKey, b'}') => Ok(Some(self.leave(Token::ObjectEnd))),
            (Expect::Value | Expect::First, _) => self.value(byte),
            (Expect::Key | Expect::FirstKey, b'"') => {
                self.begin(Expect::Str);
                self.key = true;
                Ok(None)
            }
            (Expect::Colon, b':') => {
                self.state = Expect::Value;
                Ok(None)
            }
            (Expect::Comma, b',') => {
                self.state = if self.in_object() { Expect::Key } else { Expect::Value };
                Ok(None)
            }
            (Expect::Comma, b'}') if self.in_object() => Ok(Some(self.leave(Token::ObjectEnd))),
            (Expect::Comma, b']') if !self.in_object() => Ok(Some(self.leave(Token::ArrayEnd))),
            (Expect::End, _) => Err(JsonError::Trailing),
            _ => Err(JsonError::Unexpected),
        }
    }

    /// The first byte of a value.
    fn value(&mut self, byte: u8) -> Result<Option<Token>, JsonError> {
        let state = match byte {
            b'"' => Expect::Str,
            b'-' => Expect::Minus,
            b'0' => Expect::Zero,
            b'1'..=b'9' => Expect::Int,
            b't' => Expect::True,
            b'f' => Expect::False,
            b'n' => Expect::Null,
            b'{' => return self.enter(true).map(|()| Some(Token::ObjectStart)),
            b'[' => return self.enter(false).map(|()| Some(Token::ArrayStart)),
            _ => return Err(JsonError::Unexpected),
        };
        self.begin(state);
        if matches!(byte, b'-' | b'0'..=b'9') {
            self.keep(&[byte]);
        }
        Ok(None)
    }

    fn begin(&mut self, state: Expect) {
        self.state = state;
        self.token.truncate(0);
        self.cut = false;
        self.key = false;
        self.high = 0;
        self.filled = 1;
    }

    fn enter(&mut self, object: bool) -> Result<(), JsonError> {
        if usize::from(self.depth) >= JSON_DEPTH {
            return Err(JsonError::Depth);
        }
        self.depth = self.depth.saturating_add(1);
        self.objects = self.objects.wrapping_shl(1) | u32::from(object);
        self.state = if object { Expect::FirstKey } else { Expect::First };
        Ok(())
    }

    fn leave(&mut self, token: Token) -> Token {
        self.depth = self.depth.saturating_sub(1);
        self.objects >>= 1;
        self.ended(token)
    }

    fn in_object(&self) -> bool {
        self.objects & 1 != 0
    }

    /// A value is complete.
    fn ended(&mut self, token: Token) -> Token {
        self.state = if self.depth == 0 { Expect::End } else { Expect::Comma };
        token
    }

    fn in_word(&mut self, byte: u8) -> Result<Option<Token>, JsonError> {
        let (word, token): (&[u8], _) = match self.state {
            Expect::True => (b"true", Token::True),
            Expect::False => (b"false", Token::False),
            _ => (b"null", Token::Null),
        };
        let (before, after) = word.split_at_checked(self.filled.into()).unwrap_or_default();
        if after.first() != Some(&byte) {
            return Err(JsonError::Word);
        }
        self.filled = self.filled.saturating_add(1);
        Ok((before.len().saturating_add(1) == word.len()).then(|| self.ended(token)))
    }

    /// RFC 8259, section 6: `number = [ minus ] int [ frac ] [ exp ]`.
    fn in_number(&mut self, byte: u8) -> Result<(bool, Option<Token>), JsonError> {
        let next = match (self.state, byte) {
            (Expect::Minus, b'0') => Expect::Zero,
            (Expect::Minus | Expect::Int, b'0'..=b'9') => Expect::Int,
            (Expect::Zero | Expect::Int, b'.') => Expect::Point,
            (Expect::Zero | Expect::Int | Expect::Frac, b'e' | b'E') => Expect::Exp,
            (Expect::Point | Expect::Frac, b'0'..=b'9') => Expect::Frac,
            (Expect::Exp, b'+' | b'-') => Expect::ExpSign,
            (Expect::Exp | Expect::ExpSign | Expect::ExpInt, b'0'..=b'9') => Expect::ExpInt,
            (Expect::Zero, b'0'..=b'9')
            | (Expect::Minus | Expect::Point | Expect::Exp | Expect::ExpSign, _) => {
                return Err(JsonError::Number);
            }
            _ => return Ok((false, Some(self.ended(Token::Number)))),
        };
        self.state = next;
        self.keep(&[byte]);
        Ok((true, None))
    }

    /// The quote at the end of a string has come.
    fn end_string(&mut self) -> Token {
        if !self.key {
            return self.ended(Token::Str);
        }
        self.state = Expect::Colon;
        Token::Key
    }

    /// RFC 8259, section 7, but for the end of the string. Says whether the byte is done with.
    fn in_string(&mut self, byte: u8) -> Result<(bool, Option<Token>), JsonError> {
        let taken = match self.state {
            Expect::Wide => self.widen(byte),
            Expect::High if byte != b'\\' => {
                self.keep_lone();
                self.state = Expect::Str;
                false
            }
            Expect::Escape => {
                self.escape(byte)?;
                true
            }
            Expect::Hex => {
                let digit = char::from(byte).to_digit(16).ok_or(JsonError::Escape)?;
                self.hex = self.hex.wrapping_shl(4) | (digit & 15) as u16;
                self.filled = self.filled.saturating_add(1);
                if self.filled == 4 {
                    self.unit();
                }
                true
            }
            _ => match byte {
                b'\\' => {
                    self.state = Expect::Escape;
                    true
                }
                0..=0x1f => return Err(JsonError::Control),
                _ => {
                    self.wide = [byte, 0, 0, 0];
                    self.filled = 1;
                    self.state = Expect::Wide;
                    if !matches!(byte, 0xc2..=0xf4) {
                        self.keep_invalid();
                    }
                    true
                }
            },
        };
        Ok((taken, None))
    }

    /// After the first byte of a character of several. RFC 3629, section 4: what may follow depends
    /// on the first.
    fn widen(&mut self, byte: u8) -> bool {
        let allowed = match (self.filled, self.wide) {
            (1, [0xe0, ..]) => 0xa0..=0xbf,
            (1, [0xed, ..]) => 0x80..=0x9f,
            (1, [0xf0, ..]) => 0x90..=0xbf,
            (1, [0xf4, ..]) => 0x80..=0x8f,
            _ => 0x80..=0xbf,
        };
        if !allowed.contains(&byte) {
            self.keep_invalid();
            return false;
        }
        if let Some(place) = self.wide.get_mut(usize::from(self.filled)) {
            *place = byte;
        }
        self.filled = self.filled.saturating_add(1);
        let wide = self.wide;
        let length = match wide {
            [0xf0..=0xff, ..] => 4,
            [0xe0..=0xef, ..] => 3,
            _ => 2,
        };
        if self.filled == length {
            self.keep(wide.get(..usize::from(length)).unwrap_or_default());
            self.state = Expect::Str;
        }
        true
    }

    /// The bytes in `wide` are not UTF-8: one U+FFFD for each, as Go has it.
    fn keep_invalid(&mut self) {
        for _ in 0..self.filled {
            self.keep_char(char::REPLACEMENT_CHARACTER);
        }
        self.state = Expect::Str;
    }

    /// The byte after a backslash.
    fn escape(&mut self, byte: u8) -> Result<(), JsonError> {
        let plain = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                self.state = Expect::Hex;
                self.filled = 0;
                self.hex = 0;
                return Ok(());
            }
            _ => return Err(JsonError::Escape),
        };
        self.keep_lone();
        self.keep(&[plain]);
        self.state = Expect::Str;
        Ok(())
    }

    /// Four hexadecimal digits have come: a UTF-16 unit.
    fn unit(&mut self) {
        let unit = self.hex;
        self.state = Expect::Str;
        if let Some(Ok(joined)) = char::decode_utf16([self.high, unit]).next()
            && self.high != 0
        {
            self.high = 0;
            self.keep_char(joined);
            return;
        }
        self.keep_lone();
        match unit {
            0xd800..=0xdbff => {
                self.high = unit;
                self.state = Expect::High;
            }
            _ => self.keep_char(char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }

    /// If half of a surrogate pair waits for the other, it waits in vain.
    fn keep_lone(&mut self) {
        if self.high != 0 {
            self.high = 0;
            self.keep_char(char::REPLACEMENT_CHARACTER);
        }
    }

    fn keep_char(&mut self, character: char) {
        let mut bytes = [0; 4];
        self.keep(character.encode_utf8(&mut bytes).as_bytes());
    }

    /// Appends one character, or cuts the token here.
    fn keep(&mut self, character: &[u8]) {
        self.cut = self.cut || !self.token.push(character);
    }

    /// Appends as many ASCII characters as there is room for.
    fn keep_plain(&mut self, plain: &[u8]) {
        if self.cut {
            return;
        }
        let room = TOKEN_BYTES.saturating_sub(self.token.len());
        let kept = plain.get(..room).unwrap_or(plain);
        self.cut = !self.token.push(kept) || kept.len() < plain.len();
    }
}

/// A byte of a string that stands for itself and is a whole character.
fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7f) && byte != b'"' && byte != b'\\'
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::string::{String, ToString};
    use std::vec::Vec as StdVec;
    use std::{format, vec};

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// What an event says, owned.
    fn told(event: JsonEvent<'_>) -> String {
        match event {
            JsonEvent::ObjectStart => "{".to_string(),
            JsonEvent::ObjectEnd => "}".to_string(),
            JsonEvent::ArrayStart => "[".to_string(),
            JsonEvent::ArrayEnd => "]".to_string(),
            JsonEvent::Key(Text { text, cut }) => format!("key{} {text:?}", if cut { "~" } else { "" }),
            JsonEvent::Str(Text { text, cut }) => format!("str{} {text:?}", if cut { "~" } else { "" }),
            JsonEvent::Number(Text { text, cut }) => format!("num{} {text}", if cut { "~" } else { "" }),
            JsonEvent::Bool(yes) => yes.to_string(),
            JsonEvent::Null => "null".to_string(),
        }
    }

    type Told = (StdVec<String>, Result<(), (JsonError, u32)>);

    fn tokens<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Told {
        let mut json = Tokenizer::new();
        let mut events = StdVec::new();
        for mut chunk in chunks {
            loop {
                match json.next(&mut chunk) {
                    Ok(Some(event)) => events.push(told(event)),
                    Ok(None) => break,
                    Err(fault) => {
                        assert_eq!(json.next(&mut &b" "[..]), Err(fault), "a fault stays");
                        return (events, Err((fault, json.offset())));
                    }
                }
            }
            assert!(chunk.is_empty());
        }
        match json.finish() {
            Ok(Some(event)) => events.push(told(event)),
            Ok(None) => {}
            Err(fault) => return (events, Err((fault, json.offset()))),
        }
        assert_eq!(json.finish(), Ok(None));
        (events, Ok(()))
    }

    fn whole(json: &[u8]) -> Told {
        let all = tokens([json]);
        assert_eq!(all, tokens(json.chunks(1)), "byte by byte");
        all
    }

    #[test]
    fn events() {
        let (events, end) = whole(br#" {"a":[1,-2.5e+3,0,"x"],"":{},"b":true, "c" : [ false , null ] } "#);
        assert_eq!(end, Ok(()));
        assert_eq!(
            events,
            [
                "{",
                "key \"a\"",
                "[",
                "num 1",
                "num -2.5e+3",
                "num 0",
                "str \"x\"",
                "]",
                "key \"\"",
                "{",
                "}",
                "key \"b\"",
                "true",
                "key \"c\"",
                "[",
                "false",
                "null",
                "]",
                "}"
            ]
        );
    }

    #[test]
    fn strings() {
        for (json, expected) in [
            (&br#""""#[..], ""),
            (br#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (br#""\u0041\u00e9\u20AC\u0000""#, "A\u{e9}\u{20ac}\0"),
            (br#""\ud83d\ude00""#, "\u{1f600}"),
            (br#""\uDBFF\uDFFF""#, "\u{10ffff}"),
            ("\"\u{7f}é€😀\u{10ffff}\u{feff}\"".as_bytes(), "\u{7f}é€😀\u{10ffff}\u{feff}"),
            // Lone halves, as Go has them: each is one U+FFFD and swallows nothing.
            (br#""\ud83d""#, "\u{fffd}"),
            (br#""\ude00""#, "\u{fffd}"),
            (br#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (br#""\ud83dx""#, "\u{fffd}x"),
            (br#""\ud83d\n""#, "\u{fffd}\n"),
            (br#""\ud83d\\""#, "\u{fffd}\\"),
            (br#""\ud83d\u0041""#, "\u{fffd}A"),
            (br#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            ("\"\\ud83dé\"".as_bytes(), "\u{fffd}é"),
            // Not UTF-8: one U+FFFD for each byte, as Go has it.
            (b"\"\xff\"", "\u{fffd}"),
            (b"\"a\x80b\"", "a\u{fffd}b"),
            (b"\"\xc3\"", "\u{fffd}"),
            (b"\"\xc3(\"", "\u{fffd}("),
            (b"\"\xc0\xaf\"", "\u{fffd}\u{fffd}"),
            (b"\"\xe2\x82\"", "\u{fffd}\u{fffd}"),
            (b"\"\xe2\x82x\"", "\u{fffd}\u{fffd}x"),
            (b"\"\xe0\x80\x80\"", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\"\xed\xa0\x80\"", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\"\xf0\x9f\x98\"", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\"\xf0\x9f\x98\xc3\xa9\"", "\u{fffd}\u{fffd}\u{fffd}\u{e9}"),
            (b"\"\xf4\x90\x80\x80\"", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
            (b"\"\xf5\xf8\xfe\"", "\u{fffd}\u{fffd}\u{fffd}"),
            (b"\"\xe9\\n\"", "\u{fffd}\n"),
        ] {
            let shown = String::from_utf8_lossy(json);
            assert_eq!(whole(json), (vec![format!("str {expected:?}")], Ok(())), "{shown}");
        }
    }

    #[test]
    fn faults_have_places() {
        for (json, fault, at) in [
            (&b""[..], JsonError::Empty, 0),
            (b" \n\t\r", JsonError::Empty, 4),
            (b"[1", JsonError::Unfinished, 2),
            (b"{\"a\"", JsonError::Unfinished, 4),
            (b"\"a", JsonError::Unfinished, 2),
            (b"-", JsonError::Unfinished, 1),
            (b"1.", JsonError::Unfinished, 2),
            (b"1e+", JsonError::Unfinished, 3),
            (b"tru", JsonError::Unfinished, 3),
            (b"\xef\xbb\xbf[]", JsonError::Unexpected, 0),
            (b"[1,]", JsonError::Unexpected, 3),
            (b"[,1]", JsonError::Unexpected, 1),
            (b"[1 2]", JsonError::Unexpected, 3),
            (b"[1}", JsonError::Unexpected, 2),
            (b"{\"a\":1]", JsonError::Unexpected, 6),
            (b"{\"a\":1,}", JsonError::Unexpected, 7),
            (b"{\"a\" 1}", JsonError::Unexpected, 5),
            (b"{a:1}", JsonError::Unexpected, 1),
            (b"]", JsonError::Unexpected, 0),
            (b"[] []", JsonError::Trailing, 3),
            (b"1 2", JsonError::Trailing, 2),
            (b"[01]", JsonError::Number, 2),
            (b"[-a]", JsonError::Number, 2),
            (b"[1.e1]", JsonError::Number, 3),
            (b"[1e]", JsonError::Number, 3),
            (b"+1", JsonError::Unexpected, 0),
            (b"[nul]", JsonError::Word, 4),
            (b"TRUE", JsonError::Unexpected, 0),
            (b"[truE]", JsonError::Word, 4),
            (b"[\"a\nb\"]", JsonError::Control, 3),
            (b"\"\x00\"", JsonError::Control, 1),
            (b"\"\x1f\"", JsonError::Control, 1),
            (b"\"\\x41\"", JsonError::Escape, 2),
            (b"\"\\u12G4\"", JsonError::Escape, 5),
            (b"\"\\u12\"", JsonError::Escape, 5),
            (b"\"\\ud83d\\x\"", JsonError::Escape, 8),
        ] {
            assert_eq!(whole(json).1, Err((fault, at)), "{}", String::from_utf8_lossy(json));
        }
    }

    #[test]
    fn depth_is_bounded() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |depth| format!("{}0{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(whole(nested(JSON_DEPTH).as_bytes()).1, Ok(()));
            let at = u32::try_from(open.len() * JSON_DEPTH).unwrap();
            assert_eq!(whole(nested(JSON_DEPTH + 1).as_bytes()).1, Err((JsonError::Depth, at)));
            assert_eq!(whole(open.repeat(100_000).as_bytes()).1, Err((JsonError::Depth, at)));
        }
    }

    #[test]
    fn long_tokens_are_cut_at_a_character_and_checked_to_the_end() {
        let fits = "x".repeat(TOKEN_BYTES);
        let nearly = &fits[1..];
        for (json, expected) in [
            (format!("\"{fits}\""), format!("str {fits:?}")),
            (format!("\"{fits}y\""), format!("str~ {fits:?}")),
            (format!("\"{fits}\\n\""), format!("str~ {fits:?}")),
            (format!("\"{nearly}é\""), format!("str~ {nearly:?}")),
            // What would fit after the cut is not taken: it would not be what was sent.
            (format!("\"{nearly}éx\\t\""), format!("str~ {nearly:?}")),
            (format!("\"{nearly}\\ud83d\\ude00x\""), format!("str~ {nearly:?}")),
            (format!("\"{}é\"", &nearly[1..]), format!("str \"{}é\"", &nearly[1..])),
            ("1".repeat(TOKEN_BYTES + 1), format!("num~ {}", "1".repeat(TOKEN_BYTES))),
        ] {
            assert_eq!(whole(json.as_bytes()), (vec![expected], Ok(())));
        }
        let (events, end) = whole(format!("{{\"{fits}y\":\"{fits}y\",\"b\":\"c\"}}").as_bytes());
        assert_eq!(end, Ok(()));
        assert_eq!(events[3..], ["key \"b\"", "str \"c\"", "}"]);
        assert_eq!(whole(format!("\"{fits}{fits}\x01\"").as_bytes()).1.unwrap_err().0, JsonError::Control);
        assert_eq!(whole(format!("\"{fits}{fits}\\q\"").as_bytes()).1.unwrap_err().0, JsonError::Escape);
    }

    #[test]
    fn another_document() {
        let mut json = Tokenizer::new();
        assert_eq!(json.next(&mut &b"[{\"\\ud83d"[..]), Ok(Some(JsonEvent::ArrayStart)));
        json.restart();
        let mut input = &b"x"[..];
        assert_eq!(json.next(&mut input), Err(JsonError::Unexpected));
        json.restart();
        let mut input = &b"\"a\" "[..];
        assert_eq!(json.next(&mut input), Ok(Some(JsonEvent::Str(Text { text: "a", cut: false }))));
        assert_eq!((json.next(&mut input), input), (Ok(None), &b""[..]));
        assert_eq!(json.finish(), Ok(None));
        assert_eq!(json.offset(), 4);
    }

    /// The events that a value should give.
    fn expected(value: &Value, events: &mut StdVec<String>) {
        match value {
            Value::Null => events.push("null".to_string()),
            Value::Bool(yes) => events.push(yes.to_string()),
            Value::Number(number) => events.push(format!("num {number}")),
            Value::String(text) => events.push(format!("str {text:?}")),
            Value::Array(values) => {
                events.push("[".to_string());
                for value in values {
                    expected(value, events);
                }
                events.push("]".to_string());
            }
            Value::Object(members) => {
                events.push("{".to_string());
                for (key, value) in members {
                    events.push(format!("key {key:?}"));
                    expected(value, events);
                }
                events.push("}".to_string());
            }
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[ -~]{0,12}".prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 48, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::vec((".{0,6}", inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// Whether `serde_json` takes it, minding the grammar alone: `IgnoredAny` leaves surrogates,
    /// UTF-8 and the worth of numbers alone, as we do.
    fn serde_takes(json: &[u8]) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(json).is_ok()
    }

    fn agree(json: &[u8]) -> Result<(), TestCaseError> {
        let (events, end) = tokens([json]);
        match end {
            Err((JsonError::Depth, _)) => {}
            Ok(()) => {
                prop_assert!(serde_takes(json), "we take, serde refuses: {}", String::from_utf8_lossy(json));
                let kept = events.iter().all(|event| !event.contains('~'));
                // Where serde_json reads the value as well, it is the same one (it keeps the last
                // of equal keys).
                if let (true, Ok(value)) = (kept, serde_json::from_slice::<Value>(json)) {
                    let strings = |events: &[String]| {
                        let mut strings: StdVec<String> =
                            events.iter().filter(|e| e.starts_with("str")).cloned().collect();
                        strings.sort();
                        strings
                    };
                    let mut theirs = StdVec::new();
                    expected(&value, &mut theirs);
                    let ours = strings(&events);
                    prop_assert!(strings(&theirs).iter().all(|text| ours.contains(text)));
                }
            }
            Err((fault, at)) => {
                prop_assert!(
                    !serde_takes(json),
                    "serde takes, we refuse: {fault:?} at {at}: {}",
                    String::from_utf8_lossy(json)
                );
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn any_value(value in value(), pretty: bool) {
            let json = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
            let mut events = StdVec::new();
            expected(&value, &mut events);
            let (ours, end) = tokens([json.as_slice()]);
            prop_assert_eq!(end, Ok(()));
            prop_assert_eq!(ours, events);
        }

        #[test]
        fn any_chunks(value in value(), cuts in proptest::collection::vec(1..9usize, 1..200), broken in any::<Option<(proptest::sample::Index, u8)>>()) {
            let mut json = serde_json::to_vec(&value).unwrap();
            if let Some((index, byte)) = broken {
                let index = index.index(json.len());
                json[index] = byte;
            }
            let mut rest = json.as_slice();
            let chunks = cuts.iter().cycle().map_while(|&cut| {
                let (chunk, after) = rest.split_at(cut.min(rest.len()));
                rest = after;
                (!chunk.is_empty()).then_some(chunk)
            });
            prop_assert_eq!(tokens(chunks), tokens([json.as_slice()]));
        }

        #[test]
        fn any_change(
            value in value(),
            changes in proptest::collection::vec(
                (any::<proptest::sample::Index>(), 0..3, prop_oneof![any::<u8>(), proptest::sample::select(&b"[]{},:\"\\u0123456789.eE+-truefalsn \n\x1f\x80\xc3"[..])]),
                1..5,
            ),
        ) {
            let mut json = serde_json::to_vec(&value).unwrap();
            for (index, what, byte) in changes {
                let index = index.index(json.len());
                match what {
                    0 => json[index] = byte,
                    1 => json.insert(index, byte),
                    _ if json.len() > 1 => { json.remove(index); }
                    _ => {}
                }
            }
            agree(&json)?;
        }

        #[test]
        fn any_soup(json in "[\\[\\]{},:\"\\\\u0-9a-f.eE+ \\-tn]{0,24}|(true|false|null|[\\[\\]{},:]|-?[0-9]{1,3}|\"a?\"|[.eE+]|0){0,12}") {
            agree(json.as_bytes())?;
        }
    }
}
