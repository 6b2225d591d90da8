//! JSON that goes out: quotes and escapes, keys, and commas where they belong.

use ufmt::uwrite;

use super::buffer::BytesView;
use super::{clean, hex};

/// Writes JSON piece by piece. The caller opens and closes brackets in pairs.
pub trait Json {
    /// Appends text as it is.
    fn put(&mut self, text: &str);

    /// Whether the next value is the first within its brackets.
    fn first(&mut self) -> &mut bool;

    /// Writes the comma before a value, unless it is the first within its brackets.
    fn comma(&mut self) {
        if !core::mem::replace(self.first(), false) {
            self.put(",");
        }
    }

    /// Begins a value: under a key where it stands in an object, under none in an array.
    fn key(&mut self, key: &str) {
        self.comma();
        if !key.is_empty() {
            self.string(key);
            self.put(":");
        }
    }

    /// Opens an object `{` or an array `[`.
    fn begin(&mut self, key: &str, bracket: &str) {
        self.key(key);
        self.put(bracket);
        *self.first() = true;
    }

    /// Closes it.
    fn end(&mut self, bracket: &str) {
        self.put(bracket);
        *self.first() = false;
    }

    /// A string, which is one of YAML, too. It has no key of its own.
    fn string(&mut self, text: &str) {
        self.put("\"");
        self.part(text);
        self.put("\"");
    }

    /// A part of a string, without quotes.
    fn part(&mut self, text: &str) {
        escape(text, &mut |part| self.put(part));
    }

    /// A number. It has no key of its own.
    fn number(&mut self, n: u64) {
        let mut digits = heapless::String::<20>::new();
        _ = uwrite!(digits, "{}", n);
        self.put(&digits);
    }

    /// A string under a key.
    fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        self.string(text);
    }
}

/// RFC 8259, section 7. What steers a terminal or a direction is escaped besides.
pub fn escape(text: &str, put: &mut dyn FnMut(&str)) {
    let mut from = 0;
    for (at, c) in text.char_indices() {
        let is_odd = c.is_control() || clean::steers(c) || matches!(c, '\u{2028}' | '\u{2029}');
        if !is_odd && !matches!(c, '"' | '\\') {
            continue;
        }
        put(text.get(from..at).unwrap_or(""));
        from = at.saturating_add(c.len_utf8());
        match c {
            '"' => put("\\\""),
            '\\' => put("\\\\"),
            '\n' => put("\\n"),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    put("\\u");
                    for shift in [12u32, 8, 4, 0] {
                        let digit = hex::digit(u32::from(unit.wrapping_shr(shift)) & 15);
                        put(digit.encode_utf8(&mut [0; 4]));
                    }
                }
            }
        }
    }
    put(text.get(from..).unwrap_or(""));
}

/// JSON in a buffer, after what is there.
pub struct JsonWriter<'o> {
    out: &'o mut BytesView,
    before: usize,
    first: bool,
    full: bool,
}

impl<'o> JsonWriter<'o> {
    /// Nothing yet.
    pub fn new(out: &'o mut BytesView) -> Self {
        let before = out.len();
        Self { out, before, first: true, full: false }
    }

    /// Goes on in an array that has values already.
    pub fn going_on(out: &'o mut BytesView) -> Self {
        Self { first: false, ..Self::new(out) }
    }

    /// Whether all of it fitted. If it did not, the buffer is as it was before.
    #[must_use]
    pub fn fits(self) -> bool {
        if self.full {
            self.out.truncate(self.before);
        }
        !self.full
    }
}

impl Json for JsonWriter<'_> {
    fn put(&mut self, text: &str) {
        self.full = self.full || !self.out.push(text.as_bytes());
    }

    fn first(&mut self) -> &mut bool {
        &mut self.first
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::string::String;

    use super::super::buffer::Bytes;
    use super::*;

    fn written(write: impl FnOnce(&mut JsonWriter<'_>)) -> String {
        let mut out = Bytes::<4096>::new();
        let mut json = JsonWriter::new(&mut out);
        write(&mut json);
        assert!(json.fits());
        core::str::from_utf8(out.as_slice()).unwrap().into()
    }

    #[test]
    fn commas_stand_between_values_only() {
        let text = written(|json| {
            json.begin("", "{");
            json.begin("empty", "[");
            json.end("]");
            json.begin("rows", "[");
            for n in [1, u64::MAX] {
                json.begin("", "{");
                json.key("n");
                json.number(n);
                json.text("of", "a \"b\"\n");
                json.end("}");
            }
            json.end("]");
            json.key("well");
            json.put("true");
            json.end("}");
        });
        let rows = r#"{"n":1,"of":"a \"b\"\n"},{"n":18446744073709551615,"of":"a \"b\"\n"}"#;
        assert_eq!(text, std::format!(r#"{{"empty":[],"rows":[{rows}],"well":true}}"#));
    }

    #[test]
    fn what_does_not_fit_leaves_the_buffer_as_it_was() {
        let mut out = Bytes::<8>::new();
        assert!(out.push(b"[1"));
        let mut json = JsonWriter::going_on(&mut out);
        json.text("", "abcd");
        assert!(!json.fits());
        assert_eq!(out.as_slice(), b"[1");
        let mut json = JsonWriter::going_on(&mut out);
        json.text("", "abc");
        assert!(json.fits());
        assert_eq!(out.as_slice(), b"[1,\"abc\"");
    }

    proptest! {
        #[test]
        fn any_text_comes_out_as_it_went_in(text in any::<String>(), odd in "[\"\\\\\n\u{1b}\u{85}\u{202e}\u{e0041}é]{0,40}") {
            for text in [text.as_str(), odd.as_str()] {
                let json = written(|json| json.string(text));
                prop_assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), json!(text));
                prop_assert!(!json.chars().any(|c| c.is_control() || clean::steers(c)), "{}", json);
            }
        }
    }
}
