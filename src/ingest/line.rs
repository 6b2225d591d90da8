//! InfluxDB's line protocol, byte by byte: a body of any size, and lines of any length, in the
//! memory of one sample.
//!
//! ```text
//! measurement,tag=value,tag=value field=value,field=value timestamp
//! ```
//!
//! As InfluxDB documents it (reference/syntax/line-protocol) and its parser of 1.x and 2.x reads
//! it: a backslash escapes `,` and a space in a measurement, `,` `=` and a space in names and in
//! values of tags, `"` and itself in a string; before anything else it is itself. Strings may hold
//! line ends. So a string that does not end takes all lines that follow with it; told are the line
//! of its beginning, and how many were lost. `#` begins a comment where a line would begin. A field
//! is a float, an integer (`1i`, `1u`), a boolean or a string. A timestamp may be absent.
//!
//! A line that is wrong costs that line: it is reported, and nothing of it counts. What nobody asks
//! for is read, checked and dropped. The module `putval` has the lines of collectd's plain text
//! protocol.

mod putval;

use super::draft::{Asked, SampleDraft, TokenBuf};
use super::mark::BOM;
use super::sample::{HashKey, Interest, Sample};
use crate::text::number::{self, Micro};

/// In what timestamps count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// `ns`, `n`.
    #[default]
    Nanos,
    /// `us`, `u`.
    Micros,
    /// `ms`.
    Millis,
    /// `s`.
    Secs,
    /// `m`.
    Mins,
    /// `h`.
    Hours,
    /// `auto`: by how great a timestamp is, as InfluxDB 3 does it (`/api/v3/write_lp`).
    Auto,
}

impl Precision {
    /// The value of the parameter `precision`, of either version of the API; `None` if it is none.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "" | "ns" | "n" | "nanosecond" => Self::Nanos,
            "us" | "u" | "microsecond" => Self::Micros,
            "ms" | "millisecond" => Self::Millis,
            "s" | "second" => Self::Secs,
            "m" => Self::Mins,
            "h" => Self::Hours,
            "auto" => Self::Auto,
            _ => return None,
        })
    }

    fn secs(self, time: i64) -> Option<i64> {
        Some(match self {
            Self::Nanos => time.div_euclid(1_000_000_000),
            Self::Micros => time.div_euclid(1_000_000),
            Self::Millis => time.div_euclid(1000),
            Self::Secs => time,
            Self::Mins => time.checked_mul(60)?,
            Self::Hours => time.checked_mul(3600)?,
            Self::Auto => {
                let units = [
                    (5_000_000_000, Self::Secs),
                    (5_000_000_000_000, Self::Millis),
                    (5_000_000_000_000_000, Self::Micros),
                ];
                let unit = units.iter().find(|(below, _)| time.unsigned_abs() < *below);
                return unit.map_or(Self::Nanos, |&(_, unit)| unit).secs(time);
            }
        })
    }
}

/// Why a line is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineFlaw {
    /// Nothing stands before the tags.
    Measurement,
    /// It ends before any field.
    Fields,
    /// A tag has no name.
    TagKey,
    /// A tag has no value, or there is an `=` in it.
    TagValue,
    /// A field has no name.
    FieldKey,
    /// A field has no value.
    FieldValue,
    /// Neither a number, nor a boolean, nor a string.
    Number,
    /// A number that is none, or infinite: the format has no such.
    NotFinite,
    /// A string does not end, or something follows it.
    Quotes,
    /// A timestamp is none, or too large.
    Time,
    /// A line of commands that is no `PUTVAL`.
    Command,
    /// What it is about is not `host/plugin-instance/type-instance`.
    Identifier,
}

impl LineFlaw {
    /// In words, as InfluxDB says it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Measurement => "missing measurement",
            Self::Fields => "missing fields",
            Self::TagKey => "missing tag key",
            Self::TagValue => "missing tag value",
            Self::FieldKey => "missing field key",
            Self::FieldValue => "missing field value",
            Self::Number => "invalid number",
            Self::NotFinite => "invalid number, leave a field out that is NaN or infinite",
            Self::Quotes => "unbalanced quotes",
            Self::Time => "bad timestamp",
            Self::Command => "expected PUTVAL",
            Self::Identifier => "expected host/plugin-instance/type-instance",
        }
    }
}

/// What was found.
#[derive(Debug)]
pub enum LineEvent<'a> {
    /// A line that somebody asked for.
    Sample(&'a Sample),
    /// A line that is none; lines are counted from 1.
    Bad(u32, LineFlaw),
}

/// What a whole body held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Lines that were right, whether somebody asked for them or not.
    pub good: u32,
    /// Lines that were not.
    pub bad: u32,
    /// Further lines that one of those took with it, by a string that did not end where it should.
    pub lost: u32,
}

/// Where in a line we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Start,
    Comment,
    Measurement,
    TagKey,
    TagValue,
    /// Spaces before the first field.
    Gap,
    FieldKey,
    /// The first byte of a value.
    Value,
    Bare,
    Text,
    /// The same, behind a line end in it.
    TextLine,
    /// Behind the quote that ends a string.
    AfterText,
    /// Spaces before the timestamp, or the end.
    BeforeTime,
    Time,
    AfterTime,
    /// A word of a command.
    Word,
    /// A bad line, to its end.
    Skip,
}

impl At {
    /// Whether a byte is nothing special here.
    fn is_plain(self, byte: u8) -> bool {
        match self {
            Self::Start
            | Self::Gap
            | Self::Value
            | Self::TextLine
            | Self::AfterText
            | Self::BeforeTime
            | Self::AfterTime => false,
            Self::Comment | Self::Skip => byte != b'\n',
            Self::Measurement => !matches!(byte, b'\\' | b',' | b' ' | b'\n'),
            Self::TagKey | Self::TagValue | Self::FieldKey => {
                !matches!(byte, b'\\' | b',' | b'=' | b' ' | b'\n')
            }
            Self::Bare | Self::Time => !matches!(byte, b',' | b' ' | b'\n' | b'\r'),
            Self::Text => !matches!(byte, b'\\' | b'"' | b'\n'),
            Self::Word => !matches!(byte, b'\\' | b'"' | b' ' | b'\t' | b'\r' | b'\n'),
        }
    }

    /// Whether a backslash before this byte makes it plain here.
    fn escapes(self, byte: u8) -> bool {
        match self {
            Self::Measurement => matches!(byte, b',' | b' '),
            Self::TagKey | Self::TagValue | Self::FieldKey => matches!(byte, b',' | b'=' | b' '),
            Self::Text | Self::Word => matches!(byte, b'"' | b'\\'),
            _ => false,
        }
    }
}

/// Reads one body after another. All-zero when new. About 1.7 KB.
#[derive(Debug)]
pub struct Lines {
    at: At,
    escaped: bool,
    precision: Precision,
    /// It is collectd's commands (see `putval`).
    commands: bool,
    line: u32,
    /// Where the last string began.
    opened: u32,
    counted: Counted,
    /// How many words of a command have been read.
    words: u8,
    /// Inside a string of a command.
    quoted: bool,
    /// How the values of a command are called, by its type.
    names: u8,
    token: TokenBuf,
    draft: SampleDraft,
}

impl Default for Lines {
    fn default() -> Self {
        Self::new()
    }
}

impl Lines {
    /// One that has read nothing.
    pub const fn new() -> Self {
        Self {
            at: At::Start,
            escaped: false,
            precision: Precision::Nanos,
            commands: false,
            line: 0,
            opened: 0,
            counted: Counted { good: 0, bad: 0, lost: 0 },
            words: 0,
            quoted: false,
            names: 0,
            token: TokenBuf::new(),
            draft: SampleDraft::new(),
        }
    }

    /// Begins a body.
    pub fn start(&mut self, precision: Precision, key: HashKey) {
        (self.at, self.escaped, self.precision, self.commands) = (At::Start, false, precision, false);
        (self.line, self.counted) = (0, Counted::default());
        self.draft.start(key);
        self.token.clear();
    }

    /// Begins a body of collectd's commands.
    pub fn start_commands(&mut self, key: HashKey) {
        self.start(Precision::Secs, key);
        self.commands = true;
    }

    /// The draft in it, for a body that turns out to be no lines at all.
    pub fn asked<'a>(&'a mut self, interest: &'a dyn Interest) -> Asked<'a> {
        Asked { draft: &mut self.draft, interest }
    }

    /// Reads a piece of a body, and calls `each` with what is found in it. Linear in its length.
    pub fn feed(&mut self, input: &[u8], interest: &dyn Interest, each: &mut dyn FnMut(LineEvent<'_>)) {
        let mut rest = input;
        while let Some(&byte) = rest.first() {
            let at = self.at;
            let run = if self.escaped {
                0
            } else {
                rest.iter().position(|&byte| !at.is_plain(byte)).unwrap_or(rest.len())
            };
            if run > 0 {
                let (plain, more) = rest.split_at_checked(run).unwrap_or((rest, &[]));
                // What a string says is nobody's business.
                if !matches!(at, At::Comment | At::Skip | At::Text) {
                    self.token.push(plain);
                }
                rest = more;
                continue;
            }
            rest = rest.get(1..).unwrap_or_default();
            self.byte(byte, interest, each);
        }
    }

    /// The body has ended. Its last line needs no line end.
    pub fn finish(&mut self, interest: &dyn Interest, each: &mut dyn FnMut(LineEvent<'_>)) -> Counted {
        if matches!(self.at, At::Text | At::TextLine) {
            // Its line end belonged to the string.
            self.torn(each);
        } else {
            self.byte(b'\n', interest, each);
        }
        self.at = At::Start;
        self.counted
    }

    fn byte(&mut self, byte: u8, interest: &dyn Interest, each: &mut dyn FnMut(LineEvent<'_>)) {
        if self.at == At::TextLine {
            self.at = At::Text;
            self.line = self.line.saturating_add(1);
        }
        if core::mem::take(&mut self.escaped) {
            if self.at.escapes(byte) {
                return self.token.push(&[byte]);
            }
            // It stands for itself, and so does what follows.
            self.token.push(b"\\");
            if self.at.is_plain(byte) {
                return self.token.push(&[byte]);
            }
        }
        if matches!(self.at, At::Start | At::Comment | At::Skip) {
            return self.outside(byte, each);
        }
        if self.at == At::Word {
            return self.command(byte, interest, each);
        }
        let next = match (self.at, byte) {
            (At::Measurement | At::TagKey | At::TagValue | At::FieldKey | At::Text, b'\\') => {
                self.escaped = true;
                return;
            }
            (At::Measurement, _) => self.measurement(byte, interest),
            (At::TagKey, b'=') if !self.token.is_empty() => {
                core::mem::swap(&mut self.draft.name, &mut self.token);
                self.token.clear();
                Ok(At::TagValue)
            }
            (At::TagKey, b'=') => Err(LineFlaw::TagKey),
            (At::TagKey, _) if self.token.is_empty() => Err(LineFlaw::TagKey),
            (At::TagValue, b',' | b' ') if !self.token.is_empty() => {
                self.tag(interest);
                Ok(if byte == b',' { At::TagKey } else { At::Gap })
            }
            // Neither an empty value nor an = in one; a line that ends here has no fields.
            (At::TagValue, b'\n') if !self.token.is_empty() => Err(LineFlaw::Fields),
            (At::TagKey | At::TagValue, _) => Err(LineFlaw::TagValue),
            (At::Gap, b' ') => Ok(At::Gap),
            (At::Gap, b'\n') => Err(LineFlaw::Fields),
            (At::Gap, b'\\') => {
                (self.at, self.escaped) = (At::FieldKey, true);
                return;
            }
            (At::Gap, _) if At::FieldKey.is_plain(byte) => {
                self.token.push(&[byte]);
                Ok(At::FieldKey)
            }
            (At::FieldKey, b'=') if !self.token.is_empty() => {
                core::mem::swap(&mut self.draft.name, &mut self.token);
                self.token.clear();
                Ok(At::Value)
            }
            (At::FieldKey, b',' | b' ' | b'\n') if !self.token.is_empty() => Err(LineFlaw::FieldValue),
            (At::Gap | At::FieldKey, _) => Err(LineFlaw::FieldKey),
            (At::Value, b'"') => {
                self.opened = self.line;
                Ok(At::Text)
            }
            (At::Value, b',' | b' ' | b'\n' | b'\r') => Err(LineFlaw::FieldValue),
            (At::Value, _) => {
                self.token.push(&[byte]);
                Ok(At::Bare)
            }
            (At::Bare, _) => self.value(interest).map(|()| Self::behind(byte)),
            (At::Text, b'"') => {
                self.field(None, interest);
                Ok(At::AfterText)
            }
            (At::Text, b'\n') => Ok(At::TextLine),
            (At::Text | At::TextLine, _) => Ok(At::Text),
            (At::AfterText, b',' | b' ' | b'\n' | b'\r') => Ok(Self::behind(byte)),
            (At::AfterText, _) => Err(LineFlaw::Quotes),
            (At::BeforeTime | At::AfterTime, b' ' | b'\r') => Ok(self.at),
            (At::BeforeTime | At::AfterTime, b'\n') => Ok(At::Start),
            (At::BeforeTime, _) => {
                self.token.push(&[byte]);
                Ok(At::Time)
            }
            (At::Time, b' ' | b'\n' | b'\r') => {
                self.time().map(|()| if byte == b'\n' { At::Start } else { At::AfterTime })
            }
            (At::Time | At::AfterTime | At::Start | At::Comment | At::Skip | At::Word, _) => {
                Err(LineFlaw::Time)
            }
        };
        match next {
            Ok(At::Start) => self.end(each),
            Ok(next) => self.at = next,
            Err(flaw) => {
                if flaw == LineFlaw::Quotes {
                    self.torn(each);
                } else {
                    self.bad(flaw, each);
                }
                self.at = if byte == b'\n' { At::Start } else { At::Skip };
                self.token.clear();
            }
        }
    }

    /// Between two lines, or in one that is none of our business.
    fn outside(&mut self, byte: u8, each: &mut dyn FnMut(LineEvent<'_>)) {
        self.at = match (self.at, byte) {
            // A line may be indented, and may be empty.
            (At::Start, b' ' | b'\t' | b'\r') => return,
            (At::Start, b'\n') => {
                self.line = self.line.saturating_add(1);
                return;
            }
            (At::Start, _) => {
                self.line = self.line.saturating_add(1);
                match byte {
                    b'#' => At::Comment,
                    _ if self.commands => {
                        (self.words, self.quoted) = (0, byte == b'"');
                        if !self.quoted {
                            self.token.push(&[byte]);
                        }
                        At::Word
                    }
                    b',' => {
                        self.bad(LineFlaw::Measurement, each);
                        At::Skip
                    }
                    b'\\' => {
                        self.escaped = true;
                        At::Measurement
                    }
                    _ => {
                        self.token.push(&[byte]);
                        At::Measurement
                    }
                }
            }
            // Only its end is not plain there.
            _ => At::Start,
        };
    }

    /// A line is at its end.
    fn end(&mut self, each: &mut dyn FnMut(LineEvent<'_>)) {
        self.at = At::Start;
        self.counted.good = self.counted.good.saturating_add(1);
        if self.draft.sample.who() != 0 {
            each(LineEvent::Sample(&self.draft.sample));
        }
    }

    fn bad(&mut self, flaw: LineFlaw, each: &mut dyn FnMut(LineEvent<'_>)) {
        self.counted.bad = self.counted.bad.saturating_add(1);
        each(LineEvent::Bad(self.line, flaw));
    }

    /// A string did not end, or ended where no string may end. All lines since its beginning are
    /// lost.
    fn torn(&mut self, each: &mut dyn FnMut(LineEvent<'_>)) {
        let last = core::mem::replace(&mut self.line, self.opened);
        self.bad(LineFlaw::Quotes, each);
        self.counted.lost = self.counted.lost.saturating_add(last.saturating_sub(self.opened));
        self.line = last;
    }

    fn measurement(&mut self, byte: u8, interest: &dyn Interest) -> Result<At, LineFlaw> {
        if self.token.is_empty() {
            return Err(LineFlaw::Measurement);
        }
        // A file in the middle of others may have brought its mark along.
        let name = self.token.name();
        let name = name.strip_prefix('\u{feff}').unwrap_or(name);
        let bytes = self.token.bytes.as_slice();
        let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
        if bytes.is_empty() {
            return Err(LineFlaw::Measurement);
        }
        let who = interest.measurement(name);
        let series = if who == 0 { 0 } else { self.draft.key.hash([bytes, b""]) };
        self.draft.sample.begin(who, series);
        self.token.clear();
        match byte {
            b',' => Ok(At::TagKey),
            b' ' => Ok(At::Gap),
            _ => Err(LineFlaw::Fields),
        }
    }

    /// What a byte behind a value leads to.
    fn behind(byte: u8) -> At {
        match byte {
            b',' => At::FieldKey,
            b'\n' => At::Start,
            _ => At::BeforeTime,
        }
    }

    fn tag(&mut self, interest: &dyn Interest) {
        let who = self.draft.sample.who();
        if who != 0 {
            let (name, value) = (self.draft.name.bytes.as_slice(), self.token.bytes.as_slice());
            self.draft.sample.add_to_series(self.draft.key.hash([name, value]));
            if interest.tag(who, self.draft.name.name()) {
                let hash = self.draft.key.hash([value, b""]);
                self.draft.sample.keep_tag(self.draft.name.name(), self.token.value(), !self.token.cut, hash);
            }
        }
        self.token.clear();
    }

    /// A field that is no string.
    fn value(&mut self, interest: &dyn Interest) -> Result<(), LineFlaw> {
        let bytes = self.token.bytes.as_slice();
        let value = if self.token.cut { None } else { bare(bytes) };
        let flaw = if number::is_none(bytes) { LineFlaw::NotFinite } else { LineFlaw::Number };
        self.field(Some(value.ok_or(flaw)?), interest);
        Ok(())
    }

    fn field(&mut self, value: Option<Micro>, interest: &dyn Interest) {
        let who = self.draft.sample.who();
        if who != 0 && interest.field(who, self.draft.name.name()) {
            self.draft.sample.keep_field(self.draft.name.name(), value);
        }
        self.token.clear();
    }

    fn time(&mut self) -> Result<(), LineFlaw> {
        let time = if self.token.cut { None } else { number::integer(self.token.bytes.as_slice()) };
        let secs = time.and_then(|time| self.precision.secs(time)).ok_or(LineFlaw::Time)?;
        self.draft.sample.set_time(secs);
        self.token.clear();
        Ok(())
    }
}

/// A number or a boolean.
fn bare(text: &[u8]) -> Option<Micro> {
    match text {
        b"t" | b"T" | b"true" | b"True" | b"TRUE" => return Some(number::whole(1)),
        b"f" | b"F" | b"false" | b"False" | b"FALSE" => return Some(0),
        _ => {}
    }
    match text.split_last()? {
        (b'i', digits) => number::integer(digits).map(number::whole),
        (b'u', digits) => {
            let plain = !digits.is_empty() && digits.len() <= 20 && digits.iter().all(u8::is_ascii_digit);
            plain.then(|| number::decimal(digits)).flatten()
        }
        _ => number::decimal(text),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    #![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::too_many_lines)]
    #![allow(clippy::format_push_string, clippy::format_collect)]
    use super::*;
    use crate::limits::LINE_TOKEN_BYTES;
    use proptest::prelude::*;
    use std::format;
    use std::string::{String, ToString};
    use std::vec;
    use std::vec::Vec;

    /// Asks for everything, and notes by which names.
    #[derive(Default)]
    struct All {
        measurements: core::cell::RefCell<Vec<String>>,
        tags: core::cell::RefCell<Vec<String>>,
        fields: core::cell::RefCell<Vec<String>>,
    }

    impl Interest for All {
        fn anything(&self) -> u32 {
            1
        }
        fn measurement(&self, name: &str) -> u32 {
            self.measurements.borrow_mut().push(name.to_string());
            1
        }
        fn tag(&self, _: u32, name: &str) -> bool {
            self.tags.borrow_mut().push(name.to_string());
            true
        }
        fn field(&self, _: u32, name: &str) -> bool {
            self.fields.borrow_mut().push(name.to_string());
            true
        }
    }

    /// What a body says, a line each: `measurement tag=value … field=number … @time`, or `! line
    /// flaw`.
    fn read_by(body: &[u8], precision: Precision, pieces: &[usize]) -> (Vec<String>, Counted) {
        let all = All::default();
        let mut lines = Lines::new();
        lines.start(precision, HashKey([1, 2]));
        let mut out = Vec::new();
        let mut each = |event: LineEvent<'_>| match event {
            LineEvent::Bad(line, flaw) => {
                all.tags.borrow_mut().clear();
                all.fields.borrow_mut().clear();
                out.push(format!("! {line} {}", flaw.words()));
            }
            LineEvent::Sample(sample) => {
                let mut one = all.measurements.borrow().last().unwrap().clone();
                assert!(!one.starts_with('\u{feff}'));
                for name in all.tags.borrow_mut().drain(..) {
                    one += &format!(" {name}={}", sample.tag(&name).unwrap_or("?"));
                }
                for name in all.fields.borrow_mut().drain(..) {
                    one += &match sample.field(&name) {
                        Some(Some(value)) => format!(" {name}={}", value as f64 / 1e6),
                        Some(None) => format!(" {name}=text"),
                        None => format!(" {name}=?"),
                    };
                }
                one += &sample.time().map(|time| format!(" @{time}")).unwrap_or_default();
                out.push(one);
            }
        };
        let mut at = 0;
        for piece in pieces.iter().cycle() {
            let end = (at + piece).min(body.len());
            lines.feed(&body[at..end], &all, &mut each);
            at = end;
            if at == body.len() {
                break;
            }
        }
        let counted = lines.finish(&all, &mut each);
        (out, counted)
    }

    fn check(body: &str, expected: &[&str]) {
        let (found, counted) = read_by(body.as_bytes(), Precision::Nanos, &[usize::MAX / 2]);
        assert_eq!(found, expected, "{body}");
        let bad = expected.iter().filter(|line| line.starts_with('!')).count();
        let good = (expected.len() - bad) as u32;
        assert_eq!((counted.good, counted.bad), (good, bad as u32), "{body}");
        for size in 1..5 {
            let split = read_by(body.as_bytes(), Precision::Nanos, &[size]);
            assert_eq!(split, (found.clone(), counted), "{body} by {size}");
        }
    }

    /// From docs.influxdata.com, "Line protocol" of versions 1.8, 2 and 3.
    #[test]
    fn documented_examples() {
        for (body, expected) in [
            (
                "myMeasurement,tag1=value1,tag2=value2 fieldKey=\"fieldValue\" 1556813561098000000",
                "myMeasurement tag1=value1 tag2=value2 fieldKey=text @1556813561",
            ),
            (
                "weather,location=us-midwest temperature=82 1465839830100400200",
                "weather location=us-midwest temperature=82 @1465839830",
            ),
            (
                "weather,location=us-midwest,season=summer temperature=82,humidity=71 1465839830100400200",
                "weather location=us-midwest season=summer temperature=82 humidity=71 @1465839830",
            ),
            ("weather temperature=82 1465839830100400200", "weather temperature=82 @1465839830"),
            ("weather,location=us-midwest temperature=82", "weather location=us-midwest temperature=82"),
            ("weather,location=us-midwest temperature=82i", "weather location=us-midwest temperature=82"),
            (
                "weather,location=us-midwest temperature=\"too warm\"",
                "weather location=us-midwest temperature=text",
            ),
            ("weather,location=us-midwest too_hot=true", "weather location=us-midwest too_hot=1"),
            ("weather,location=us\\,midwest temperature=82", "weather location=us,midwest temperature=82"),
            ("weather,location=us-midwest temp\\=rature=82", "weather location=us-midwest temp=rature=82"),
            (
                "weather,location\\ place=us-midwest temperature=82",
                "weather location place=us-midwest temperature=82",
            ),
            ("wea\\,ther,location=us-midwest temperature=82", "wea,ther location=us-midwest temperature=82"),
            ("wea\\ ther,location=us-midwest temperature=82", "wea ther location=us-midwest temperature=82"),
            (
                "weather,location=us-midwest temperature=\"too\\\"hot\\\"\"",
                "weather location=us-midwest temperature=text",
            ),
            (
                "weather,location=us-midwest temperature_str=\"too hot/cold\"",
                "weather location=us-midwest temperature_str=text",
            ),
            (
                "weather,location=us-midwest temperature_str=\"too hot\\\\\\cold\"",
                "weather location=us-midwest temperature_str=text",
            ),
            ("\"weather\",\"location\"=us tem=1", "\"weather\" \"location\"=us tem=1"),
            ("weather,location=us-midwest 'temperature'=82", "weather location=us-midwest 'temperature'=82"),
            ("myMeasurement fieldKey=1.0", "myMeasurement fieldKey=1"),
            ("myMeasurement fieldKey=-1.234456e+78", "myMeasurement fieldKey=-9223372036854.775"),
            ("myMeasurement fieldKey=12485903u", "myMeasurement fieldKey=12485903"),
            ("myMeasurement,tag=Emoji\u{1f36d} fieldKey=F", "myMeasurement tag=Emoji\u{1f36d} fieldKey=0"),
            ("my\\ Measurement fieldKey=\"string value\"", "my Measurement fieldKey=text"),
            (
                "m,tag\\=Key1=tagValue1,tag\\ Key2=tag\\ Value2 fieldKey=100i",
                "m tag=Key1=tagValue1 tag Key2=tag Value2 fieldKey=100",
            ),
        ] {
            check(body, &[expected]);
        }
    }

    #[test]
    fn corners() {
        for (body, expected) in [
            ("", &[][..]),
            ("\n\n  \n", &[]),
            ("# m f=1\nm f=1", &["m f=1"]),
            ("  m f=1\r\n\tn f=2 5000000000\r\n", &["m f=1", "n f=2 @5"]),
            ("m   f=1   7000000000  ", &["m f=1 @7"]),
            ("m f=1 -7000000000", &["m f=1 @-7"]),
            ("m#x f=1", &["m#x f=1"]),
            ("m=x f=1", &["m=x f=1"]),
            ("m\\=x f=1", &["m\\=x f=1"]),
            ("m\\\\,t=v f=1", &["m\\,t=v f=1"]),
            ("m,t=a\\b,u=c\\\\d f=1", &["m t=a\\b u=c\\\\d f=1"]),
            ("m,t=\"a,u=b f=1", &["m t=\"a u=b f=1"]),
            ("m s=\"a,b c=d\n# no comment\",f=1 1000000000\nn f=2", &["m s=text f=1 @1", "n f=2"]),
            ("m s=\"\",t=\"\\\\\"", &["m s=text t=text"]),
            (
                "m f=t,g=FALSE,h=.5,i=1e3,j=+2,k=-0.25,l=18446744073709551615u",
                &["m f=1 g=0 h=0.5 i=1000 j=2 k=-0.25 l=9223372036854.775"],
            ),
            ("\\ m f=1", &[" m f=1"]),
            // What is wrong, and where; what stands around it is kept.
            (",t=v f=1\nm f=1", &["! 1 missing measurement", "m f=1"]),
            ("m", &["! 1 missing fields"]),
            ("m f=1\nm,t=v\nm f=2", &["m f=1", "! 2 missing fields", "m f=2"]),
            ("m ", &["! 1 missing fields"]),
            ("m,t=v ", &["! 1 missing fields"]),
            ("m, f=1", &["! 1 missing tag key"]),
            ("m,=v f=1", &["! 1 missing tag key"]),
            ("m,t f=1", &["! 1 missing tag value"]),
            ("m,t= f=1", &["! 1 missing tag value"]),
            ("m,t=,u=v f=1", &["! 1 missing tag value"]),
            ("m,t=a=b f=1", &["! 1 missing tag value"]),
            ("m,t=v =1", &["! 1 missing field key"]),
            ("m f=1,", &["! 1 missing field key"]),
            ("m f=1,=2", &["! 1 missing field key"]),
            ("m f", &["! 1 missing field value"]),
            ("m f=", &["! 1 missing field value"]),
            ("m f=,g=1", &["! 1 missing field value"]),
            ("m f=x", &["! 1 invalid number"]),
            ("m f=1ii", &["! 1 invalid number"]),
            ("m f=1.5i", &["! 1 invalid number"]),
            ("m f=-1u", &["! 1 invalid number"]),
            ("m f=tRUE", &["! 1 invalid number"]),
            ("m f=1,g=NaN", &["! 1 invalid number, leave a field out that is NaN or infinite"]),
            ("m f=-inf", &["! 1 invalid number, leave a field out that is NaN or infinite"]),
            ("m f=nano", &["! 1 invalid number"]),
            ("\u{feff}m f=1\n\u{feff}n f=2\n\u{feff} f=3", &["m f=1", "n f=2", "! 3 missing measurement"]),
            ("m f=9223372036854775808i", &["! 1 invalid number"]),
            ("m f='x'", &["! 1 invalid number"]),
            ("m f=\"x", &["! 1 unbalanced quotes"]),
            ("m f=\"x\"y", &["! 1 unbalanced quotes"]),
            ("m f=1 now", &["! 1 bad timestamp"]),
            ("m f=1 1.5", &["! 1 bad timestamp"]),
            ("m f=1 1 2", &["! 1 bad timestamp"]),
            ("m f=1 9223372036854775808", &["! 1 bad timestamp"]),
            ("m f=1 1,g=2\nm f=2\n\n\nm f=x", &["! 1 bad timestamp", "m f=2", "! 5 invalid number"]),
            ("m s=\"\n\n\" x\nm f=", &["! 3 bad timestamp", "! 4 missing field value"]),
        ] {
            check(body, expected);
        }
    }

    #[test]
    fn an_open_string_is_told_where_it_began_and_what_it_cost() {
        for (body, expected, lost) in [
            ("m v=1\nx s=\"oops,v=1\nm v=1\nm v=1\nm v=9\n", &["m v=1", "! 2 unbalanced quotes"][..], 3),
            ("m v=1\nx s=\"oops,v=1\nm v=1\nm v=1\nm v=9", &["m v=1", "! 2 unbalanced quotes"], 3),
            ("m v=1\nx s=\"oops\n", &["m v=1", "! 2 unbalanced quotes"], 0),
            // Another string ends it, and begins what is no value.
            ("x s=\"oops,v=1\nm v=1\ny s=\"text\",v=1\nm v=9\n", &["! 1 unbalanced quotes", "m v=9"], 2),
            ("x s=\"a\n\nb\",v=abc\nm v=\n", &["! 3 invalid number", "! 4 missing field value"], 0),
            ("x s=\"a\nb\",v=1\nx s=\"c\"d\n", &["x s=text v=1", "! 3 unbalanced quotes"], 0),
        ] {
            check(body, expected);
            let (_, counted) = read_by(body.as_bytes(), Precision::Nanos, &[7]);
            assert_eq!(counted.lost, lost, "{body}");
        }
    }

    #[test]
    fn precisions() {
        for (word, time, secs) in [
            ("", "1465839830100400200", 1_465_839_830),
            ("ns", "1465839830100400200", 1_465_839_830),
            ("u", "1465839830100400", 1_465_839_830),
            ("us", "-1", -1),
            ("ms", "1465839830100", 1_465_839_830),
            ("s", "1465839830", 1_465_839_830),
            ("m", "24430663", 1_465_839_780),
            ("h", "407177", 1_465_837_200),
            ("second", "1465839830", 1_465_839_830),
            ("nanosecond", "1465839830100400200", 1_465_839_830),
            ("auto", "1465839830", 1_465_839_830),
            ("auto", "1465839830100", 1_465_839_830),
            ("auto", "1465839830100400", 1_465_839_830),
            ("auto", "1465839830100400200", 1_465_839_830),
            ("auto", "4999999999", 4_999_999_999_i64),
            ("auto", "5000000000", 5_000_000),
            ("auto", "-9223372036854775808", -9_223_372_037),
        ] {
            let (found, _) =
                read_by(format!("m f=1 {time}").as_bytes(), Precision::from_word(word).unwrap(), &[9]);
            assert_eq!(found, [format!("m f=1 @{secs}")], "{word}");
        }
        assert_eq!((Precision::from_word("d"), Precision::from_word("S")), (None, None));
        let (found, _) = read_by(b"m f=1 9223372036854775807", Precision::Hours, &[9]);
        assert_eq!(found, ["! 1 bad timestamp"]);
    }

    #[test]
    fn addresses_are_masked_and_still_told_apart() {
        let all = All::default();
        let mut lines = Lines::new();
        lines.start(Precision::Nanos, HashKey([1, 2]));
        let mut seen = Vec::new();
        let mut each = |event: LineEvent<'_>| {
            if let LineEvent::Sample(sample) = event {
                seen.push((
                    sample.tag("mac").unwrap().to_string(),
                    sample.tag_hash("mac").unwrap(),
                    sample.series(),
                ));
            }
        };
        lines.feed(b"w,if=a,mac=02:00:00:aa:bb:01 s=1\nw,mac=02-00-00-AA-BB-02,if=a s=1\nw,mac=02:00:00:aa:bb:01,if=a s=1\n", &all, &mut each);
        assert!(seen.iter().all(|(mac, ..)| !mac.contains(['0', '1', '2', 'a', 'A'])), "{seen:?}");
        assert_ne!(seen[0].1, seen[1].1);
        assert_ne!(seen[0].2, seen[1].2);
        assert_eq!((seen[0].1, seen[0].2), (seen[2].1, seen[2].2), "the order of tags does not matter");
        let other = HashKey([1, 3]);
        assert_ne!(other.hash([b"02:00:00:aa:bb:01", b""]), seen[0].1);
        assert_ne!(other.hash([b"a", b"bc"]), other.hash([b"ab", b"c"]));
    }

    #[test]
    fn lines_of_any_length_cost_the_same() {
        let long = "x".repeat(100_000);
        check(&format!("m,t={long} f=1"), &[&format!("m t={} f=1", "x".repeat(LINE_TOKEN_BYTES))]);
        check(&format!("m,t=v s=\"{long}\",f=1"), &["m t=v s=text f=1"]);
        check(&format!("m f={}", "1".repeat(1000)), &["! 1 invalid number"]);
        // A name that does not fit is nobody's.
        let (found, counted) = read_by(format!("{long} f=1").as_bytes(), Precision::Nanos, &[7]);
        assert_eq!((found, counted.good), (std::vec![" f=1".to_string()], 1));
        let many: String = (0..500).map(|n| format!("f{n}=1,")).collect();
        let (found, counted) = read_by(format!("m {many}g=1").as_bytes(), Precision::Nanos, &[64]);
        assert!(counted.good == 1 && found[0].starts_with("m f0=1 f1=1 ") && found[0].ends_with("g=?"));
    }

    #[test]
    fn what_nobody_asks_for_is_checked_and_dropped() {
        struct Nobody;
        impl Interest for Nobody {
            fn anything(&self) -> u32 {
                0
            }
            fn measurement(&self, _: &str) -> u32 {
                0
            }
            fn tag(&self, _: u32, _: &str) -> bool {
                unreachable!()
            }
            fn field(&self, _: u32, _: &str) -> bool {
                unreachable!()
            }
        }
        let mut lines = Lines::new();
        lines.start(Precision::Nanos, HashKey::default());
        let mut bad = Vec::new();
        let mut each = |event: LineEvent<'_>| match event {
            LineEvent::Bad(line, flaw) => bad.push((line, flaw)),
            LineEvent::Sample(_) => unreachable!(),
        };
        lines.feed(b"m,t=v f=1\nm f=x\nm f=2", &Nobody, &mut each);
        assert_eq!(lines.finish(&Nobody, &mut each), Counted { good: 2, bad: 1, lost: 0 });
        assert_eq!(bad, [(2, LineFlaw::Number)]);
    }

    fn escaped(text: &str, special: &[char]) -> String {
        text.chars().flat_map(|c| special.contains(&c).then_some('\\').into_iter().chain([c])).collect()
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(
            measurement in "[a-z=é\"][a-z,= é\"]{0,8}[a-z]",
            tags in prop::collection::vec(("[A-Z][a-z,= é\"]{0,6}[a-z]", "[a-z,= é\"\\\\]{0,8}[g-z]"), 0..5),
            fields in prop::collection::vec(("[α-ω][a-z,= \"]{0,6}[a-z]", prop_oneof![
                (-9_000_000_000_000i64..9_000_000_000_000).prop_map(|n| Some((format!("{}", n as f64 / 1e6), n))),
                any::<i32>().prop_map(|n| Some((format!("{n}i"), i64::from(n) * 1_000_000))),
                any::<u16>().prop_map(|n| Some((format!("{n}u"), i64::from(n) * 1_000_000))),
                any::<bool>().prop_map(|b| Some((format!("{b}"), i64::from(b) * 1_000_000))),
                Just(None),
            ], "[^\u{0}]{0,9}"), 1..5),
            time in prop::option::of(-4_000_000_000i64..4_000_000_000),
            pieces in prop::collection::vec(1usize..30, 1..5),
        ) {
            let mut body = escaped(&measurement, &[',', ' ']);
            for (name, value) in &tags {
                body += &format!(",{}={}", escaped(name, &[',', '=', ' ']), escaped(value, &[',', '=', ' ']));
            }
            for (n, (name, value, text)) in fields.iter().enumerate() {
                body += if n == 0 { " " } else { "," };
                body += &escaped(name, &[',', '=', ' ']);
                body += &match value {
                    Some((printed, _)) => format!("={printed}"),
                    None => format!("=\"{}\"", escaped(text, &['"', '\\'])),
                };
            }
            if let Some(time) = time {
                body += &format!(" {time}");
            }
            let mut expected = measurement.clone();
            let first = |name: &str| tags.iter().find(|tag| tag.0 == name).map(|tag| tag.1.clone()).unwrap();
            for (name, _) in &tags {
                expected += &format!(" {name}={}", first(name));
            }
            for (name, ..) in &fields {
                let value = &fields.iter().find(|field| field.0 == *name).unwrap().1;
                expected += &match value {
                    Some((_, n)) => format!(" {name}={}", *n as f64 / 1e6),
                    None => format!(" {name}=text"),
                };
            }
            if let Some(time) = time {
                expected += &format!(" @{time}");
            }
            let (found, counted) = read_by(body.as_bytes(), Precision::Secs, &pieces);
            prop_assert_eq!(counted, Counted { good: 1, bad: 0, lost: 0 }, "{}", body);
            prop_assert_eq!(&found, &[expected], "{}", body);
        }

        #[test]
        fn any_split_says_the_same(
            noise in prop::collection::vec(prop_oneof![
                Just("m"), Just(","), Just("="), Just(" "), Just("\n"), Just("\""), Just("\\"), Just("f=1"), Just("#"),
                Just("\r\n"), Just("1i"), Just("é"), Just("t=v"), Just("\0"),
            ], 0..24),
            pieces in prop::collection::vec(1usize..9, 1..5),
        ) {
            let body = noise.concat();
            let whole = read_by(body.as_bytes(), Precision::Nanos, &[body.len().max(1)]);
            prop_assert_eq!(read_by(body.as_bytes(), Precision::Nanos, &pieces), whole);
        }

        #[test]
        fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let (found, counted) = read_by(&body, Precision::Nanos, &[7]);
            prop_assert_eq!(found.len(), (counted.good + counted.bad) as usize);
        }
    }
}
