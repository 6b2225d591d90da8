//! What is answered, in one of two forms from the same calls: aligned plain lines for people, JSON
//! for programs.
//!
//! Foreign text is made harmless: in lines whatever steers is dropped, in JSON it is escaped.

use crate::limits::ANSWER_BYTES;
use crate::model::{Lang, Phrase, Words};
use crate::render::phrase;
use crate::text::buffer::BytesView;
use crate::text::json::Json;
use crate::text::{clean, cut, fill};
use crate::time::civil::Civil;
use crate::time::tz::Tz;
use crate::time::{Wall, rfc3339};

/// A value.
#[derive(Clone, Copy)]
pub(super) enum Cell<'a> {
    /// Nothing: an empty place, or `null`.
    Nothing,
    /// None of the caller's business: an empty place, and no member of a row.
    Absent,
    /// Text.
    Text(&'a str),
    /// The name of a column.
    Name(&'a str),
    /// Texts put together.
    Parts(&'a [&'a str]),
    /// Names: an array in JSON.
    Names(&'a [&'a str]),
    /// A number.
    Count(u64),
    /// Yes or no.
    Flag(bool),
    /// A time, which may not be known.
    At(Option<Wall>),
    /// What somebody said.
    Words(&'a Words<'a>),
    /// Who did something, and when.
    By(&'a str, Option<Wall>),
}

/// Columns of a table in lines, at most.
const COLUMNS: usize = 10;

/// The heads of a table: one for each cell of a row. A head that begins with `*` is for JSON alone,
/// one with `+` for lines.
pub(super) struct Heads<T: ?Sized> {
    /// What a row tells of. It stands above the first cells if there is room, and before the first
    /// where a row is told value by value.
    each: &'static str,
    heads: T,
}

impl<const N: usize> Heads<[&str; N]> {
    /// In a constant, so that the compiler refuses more columns than lines have places for.
    pub(super) const fn new(each: &'static str, heads: [&'static str; N]) -> Heads<[&'static str; N]> {
        let (mut rest, mut shown) = (heads.as_slice(), 0usize);
        while let [head, others @ ..] = rest {
            if !matches!(head.as_bytes(), [b'*', ..]) {
                shown = shown.saturating_add(1);
            }
            rest = others;
        }
        assert!(shown <= COLUMNS, "lines have no place for so many columns");
        Heads { each, heads }
    }
}

/// Characters of the last column that should be on the line, if it has so many.
const LAST_COLUMN: u16 = 12;

/// A number in decimal digits.
#[inline(never)]
pub(super) fn digits(n: u32) -> heapless::String<12> {
    let mut digits = heapless::String::new();
    // They fit.
    _ = ufmt::uwrite!(digits, "{}", n);
    digits
}

/// What FNV-1a begins with.
const HASH_BASIS: u32 = 0x811c_9dc5;

/// Bits that tell where an answer goes on: how many bytes of it were told. The others are a part of
/// their hash, since what is told may have changed since then.
const OFFSET_BITS: u32 = ANSWER_BYTES.trailing_zeros();

/// The answer in the making.
///
/// One that is longer than its room is made anew for each further piece, and what was told of it
/// before is skipped.
#[expect(clippy::struct_excessive_bools, reason = "each is about something else")]
pub(super) struct AnswerWriter<'a> {
    out: &'a mut BytesView,
    json: bool,
    /// The zone in which lines tell times.
    pub(super) zone: Tz,
    /// The present: times of today stand without their date.
    pub(super) now: Option<Wall>,
    /// Characters that a line has room for; 0: any number.
    pub(super) columns: u8,
    /// Whether the present table is told value by value, since its lines would be broken.
    narrow: bool,
    /// Whether the answer is longer than its room.
    full: bool,
    /// Where this piece begins, and the hash that was found there.
    from: (u32, u32),
    /// How much of the answer is made, and the hash of it.
    made: (u32, u32),
    /// Whether it is not what it was when an earlier piece was told.
    changed: bool,
    /// Whether the next value is the first within its brackets.
    first: bool,
    widths: [u16; COLUMNS],
    measuring: bool,
    /// What has been written, in characters; only counted while it measures.
    written: u16,
}

impl Json for AnswerWriter<'_> {
    fn put(&mut self, text: &str) {
        if self.measuring {
            let more = u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
            self.written = self.written.saturating_add(more);
            return;
        }
        if self.full {
            return;
        }
        // What was told before is only hashed.
        let told =
            usize::try_from(self.from.0.saturating_sub(self.made.0)).unwrap_or(usize::MAX).min(text.len());
        let Some((told, fresh)) = text.split_at_checked(told) else {
            // A piece never ends within a character.
            self.changed = true;
            return;
        };
        self.hash(told);
        if fresh.is_empty() {
            return;
        }
        if self.made.0 == self.from.0 && self.from.0 > 0 {
            self.changed |= self.made.1.wrapping_shr(OFFSET_BITS) != self.from.1;
        }
        let fits = cut(fresh, self.out.room());
        self.out.push(fits.as_bytes());
        self.hash(fits);
        self.full = fits.len() < fresh.len();
    }

    fn first(&mut self) -> &mut bool {
        &mut self.first
    }
}

impl<'a> AnswerWriter<'a> {
    /// `from`: 0, or what [`more`](Self::more) gave.
    pub(super) fn new(out: &'a mut BytesView, json: bool, from: u32) -> Self {
        let mask = 1u32.wrapping_shl(OFFSET_BITS).wrapping_sub(1);
        Self {
            out,
            json,
            zone: Tz::default(),
            now: None,
            columns: 0,
            narrow: false,
            full: false,
            from: (from & mask, from.wrapping_shr(OFFSET_BITS)),
            made: (0, HASH_BASIS),
            changed: false,
            first: true,
            widths: [0; COLUMNS],
            measuring: false,
            written: 0,
        }
    }

    /// Whether JSON is wanted.
    pub(super) fn json(&self) -> bool {
        self.json
    }

    /// Whether something found no room.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// From where the rest of the answer is to be told; `None` if that cannot be.
    pub(super) fn more(&self) -> Option<u32> {
        let (offset, hash) = self.made;
        let fits = offset.wrapping_shr(OFFSET_BITS) == 0 && !self.changed && !self.out.is_empty();
        fits.then_some(hash & !(1u32.wrapping_shl(OFFSET_BITS).wrapping_sub(1)) | offset)
    }

    /// Whether it is not what it was when an earlier piece was told.
    pub(super) fn has_changed(&self) -> bool {
        self.changed || self.made.0 < self.from.0
    }

    /// How much is in this piece.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// Takes back what was written after it was so long.
    pub(super) fn back_to(&mut self, len: usize) {
        self.out.truncate(len);
        self.full = false;
    }

    /// Bare text of our own, in either form.
    pub(super) fn bare(&mut self, text: &str) {
        self.put(text);
    }

    /// Forgets what was written.
    pub(super) fn clear(&mut self) {
        self.out.clear();
        self.from = (0, 0);
        self.made = (0, HASH_BASIS);
        (self.full, self.changed, self.first) = (false, false, true);
    }

    // ---- text -----------------------------------------------------------------------------------

    /// FNV-1a, 32 bits.
    fn hash(&mut self, text: &str) {
        for &byte in text.as_bytes() {
            self.made.1 = (self.made.1 ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
        self.made.0 = self.made.0.saturating_add(u32::try_from(text.len()).unwrap_or(u32::MAX));
    }

    fn put_char(&mut self, c: char) {
        self.put(c.encode_utf8(&mut [0; 4]));
    }

    /// Lines of text, of parts put together; nothing in JSON. What is foreign in them is made
    /// harmless, but for the line feeds that are parts of their own.
    pub(super) fn say(&mut self, parts: &[&str]) {
        if self.json {
            return;
        }
        for part in parts {
            if *part == "\n" {
                self.put("\n");
            } else {
                self.shown(part);
            }
        }
    }

    /// One sentence with its places filled: a line, or an object with one member.
    pub(super) fn told(&mut self, key: &str, sentence: &str, args: &[&str]) {
        self.open("", "{");
        if self.json {
            self.key(key);
        }
        self.filled(sentence, args);
        self.close("}");
        self.put("\n");
    }

    /// What somebody should know: a line, or a member of an array.
    pub(super) fn note(&mut self, sentence: &str, args: &[&str]) {
        self.say(&["note: "]);
        if self.json {
            self.comma();
        }
        self.filled(sentence, args);
        self.say(&["\n"]);
    }

    fn filled(&mut self, sentence: &str, args: &[&str]) {
        let quote = if self.json { "\"" } else { "" };
        self.put(quote);
        fill(sentence, args, &mut |part| self.either_part(part));
        self.put(quote);
    }

    /// A part of a text, in whichever form.
    fn either_part(&mut self, text: &str) {
        if self.json { Json::part(self, text) } else { self.shown(text) }
    }

    /// What is wrong with a line, as the grammar says it.
    pub(super) fn usage(&mut self, told: &str) {
        if self.json {
            return self.told("error", "%0", &[told]);
        }
        self.put(told);
        self.put("\n");
    }

    /// Ends an answer in JSON with a line feed.
    pub(super) fn end(&mut self) {
        if self.json {
            self.put("\n");
        }
    }

    fn shown(&mut self, text: &str) {
        for c in clean::shown(text) {
            self.put_char(c);
        }
    }

    /// `2026-11-21 18:30 CET`, where clocks show that; `18:30 CET` if that is today.
    fn time(&mut self, at: Wall) {
        let zone = self.zone;
        let civil = Civil::from_wall(zone.shown(at));
        let date = civil.date;
        let is_today = self.now.is_some_and(|now| Civil::from_wall(zone.shown(now)).date == date);
        let parts = [
            (date.year() / 100, ""),
            (date.year() % 100, "-"),
            (u16::from(date.month()), "-"),
            (u16::from(date.day()), " "),
            (u16::from(civil.hour), ":"),
            (u16::from(civil.minute), " "),
        ];
        for (n, after) in parts.iter().skip(if is_today { 4 } else { 0 }) {
            for digit in [n / 10 % 10, n % 10] {
                self.put_char(char::from_digit(u32::from(digit), 10).unwrap_or('0'));
            }
            self.put(after);
        }
        self.put(zone.abbreviation(zone.offset_at(at)));
    }

    // ---- JSON -----------------------------------------------------------------------------------

    /// Opens an object `{` or an array `[`, under a key where it stands in an object; nothing in
    /// lines.
    pub(super) fn open(&mut self, key: &str, bracket: &str) {
        if self.json {
            self.begin(key, bracket);
        }
    }

    /// Closes it.
    pub(super) fn close(&mut self, bracket: &str) {
        if self.json {
            Json::end(self, bracket);
        }
    }

    /// Goes on in an array that an earlier answer began.
    pub(super) fn go_on(&mut self) {
        self.first = false;
    }

    // ---- values ---------------------------------------------------------------------------------

    pub(super) fn cell(&mut self, cell: Cell<'_>) {
        match cell {
            Cell::Nothing | Cell::Absent | Cell::Words(Words::None) => {
                self.put(if self.json { "null" } else { "" });
            }
            Cell::Text(text) if self.json => self.string(text),
            Cell::Text(text) => self.shown(text),
            Cell::Name(name) => self.name(name),
            Cell::Parts(parts) => {
                let quote = if self.json { "\"" } else { "" };
                self.put(quote);
                for part in parts {
                    self.either_part(part);
                }
                self.put(quote);
            }
            Cell::Names(names) => {
                let (before, between, after) = if self.json { ("[", ",", "]") } else { ("", ", ", "") };
                self.put(before);
                for (at, name) in names.iter().enumerate() {
                    self.put(if at > 0 { between } else { "" });
                    self.cell(Cell::Text(name));
                }
                self.put(after);
            }
            Cell::Count(n) => self.number(n),
            Cell::Flag(yes) => self.put(match (self.json, yes) {
                (true, true) => "true",
                (true, false) => "false",
                (false, true) => "yes",
                (false, false) => "no",
            }),
            Cell::At(None) => self.put(if self.json { "null" } else { "not known" }),
            Cell::At(Some(at)) if self.json => self.string(&rfc3339::utc(at)),
            Cell::At(Some(at)) => self.time(at),
            Cell::By(who, at) => {
                let (before, between, after) =
                    if self.json { ("{\"who\":", ",\"at\":", "}") } else { ("", ", ", "") };
                self.put(before);
                self.cell(Cell::Text(who));
                self.put(between);
                self.cell(Cell::At(at));
                self.put(after);
            }
            Cell::Words(Words::Phrase(said)) => {
                let (before, between, after) =
                    if self.json { ("{\"phrase\":\"", "\",\"text\":\"", "\"}") } else { ("[", "] ", "") };
                self.put(before);
                said.join(Phrase::name, &mut |part| self.put(part));
                self.put(between);
                said.join(|one| phrase(Lang::En, one), &mut |part| self.put(part));
                self.put(after);
            }
            Cell::Words(Words::Own { lang, text }) => {
                if self.json {
                    self.put("{\"lang\":");
                    self.cell(if lang.is_empty() { Cell::Nothing } else { Cell::Text(lang) });
                    self.put(",\"text\":");
                    self.string(text);
                    self.put("}");
                } else {
                    if !lang.is_empty() {
                        self.say(&["(", lang, ") "]);
                    }
                    self.shown(text);
                }
            }
        }
    }

    /// A name of JSON, for people.
    fn name(&mut self, name: &str) {
        for (at, part) in name.split('_').enumerate() {
            self.put(if at > 0 { " " } else { "" });
            self.put(part);
        }
    }

    /// A value with its name: a member of an object, or a line.
    pub(super) fn field(&mut self, name: &str, cell: Cell<'_>) {
        if self.json {
            self.key(name);
            return self.cell(cell);
        }
        if matches!(cell, Cell::Nothing | Cell::Absent | Cell::Words(Words::None) | Cell::Names([])) {
            return;
        }
        self.put("  ");
        self.name(name);
        // A longer name has a space behind it, too.
        for _ in name.len().min(12)..13 {
            self.put(" ");
        }
        self.cell(cell);
        self.put("\n");
    }

    /// Names: an array, or a line.
    pub(super) fn list(&mut self, name: &str, names: &mut dyn Iterator<Item = &str>) {
        self.open(name, "[");
        if !self.json {
            self.say(&["  ", name]);
            for _ in name.len()..12 {
                self.put(" ");
            }
        }
        for name in names {
            if self.json {
                self.comma();
                self.string(name);
            } else {
                self.say(&[" ", name]);
            }
        }
        self.say(&["\n"]);
        self.close("]");
    }

    /// A table: an array of objects under `key`, or aligned lines. `rows` calls [`row`](Self::row)
    /// for each row, and must call it the same way every time that it is called. `empty` is said
    /// where there is none.
    pub(super) fn table(
        &mut self,
        key: &str,
        Heads { each, heads }: &Heads<[&str]>,
        empty: &str,
        rows: &mut dyn FnMut(&mut Self),
    ) {
        self.open(key, "[");
        if !self.json {
            self.widths = [0; COLUMNS];
            self.measuring = true;
            self.written = 0;
            rows(self);
            self.measuring = false;
            if self.widths == [0; COLUMNS] {
                if !empty.is_empty() {
                    self.say(&[empty, "\n"]);
                }
                return;
            }
            // A head may be wider than what is below it; a column with nothing below its head is
            // left out.
            let widths = self.widths;
            for first in [Some(*each), None] {
                self.widths = widths;
                self.measuring = true;
                self.heads(first, heads, &widths);
                self.measuring = false;
                self.narrow = self.is_too_wide();
                if !self.narrow {
                    self.heads(first, heads, &widths);
                    break;
                }
            }
        }
        rows(self);
        self.narrow = false;
        self.close("]");
    }

    /// Whether columns would be broken at the end of the line. What may be long is the last, and
    /// that may go on below.
    fn is_too_wide(&self) -> bool {
        let wide = |width: u16| if width > 0 { width.saturating_add(2) } else { 0 };
        let columns = self.widths.iter().filter(|&&width| width > 0).count();
        let last = self.widths.iter().rposition(|&width| width > 0).unwrap_or(0);
        let before = self.widths.iter().take(last).fold(0u16, |sum, &width| sum.saturating_add(wide(width)));
        let width = self.widths.get(last).map_or(0, |&width| width.min(LAST_COLUMN));
        columns > 2 && self.columns > 0 && before.saturating_add(width) > self.columns.into()
    }

    fn heads(&mut self, mut first: Option<&str>, heads: &[&str], widths: &[u16]) {
        let mut named = [Cell::Nothing; COLUMNS];
        let shown = heads.iter().filter(|head| !head.starts_with('*'));
        for ((cell, head), width) in named.iter_mut().zip(shown).zip(widths) {
            if *width > 0 {
                *cell = Cell::Name(first.take().unwrap_or(head.strip_prefix('+').unwrap_or(head)));
            }
        }
        self.line(&named);
    }

    /// A row of a table, with a cell for each head.
    pub(super) fn row<const N: usize>(&mut self, heads: &Heads<[&str; N]>, cells: &[Cell<'_>; N]) {
        self.any_row(heads, cells);
    }

    fn any_row(&mut self, Heads { each, heads }: &Heads<[&str]>, cells: &[Cell<'_>]) {
        let other = if self.json { '+' } else { '*' };
        let shown = heads.iter().zip(cells).filter(|(head, _)| !head.starts_with(other));
        if self.json {
            self.open("", "{");
            for (head, cell) in shown.filter(|(_, cell)| !matches!(cell, Cell::Absent)) {
                self.key(head.strip_prefix('*').unwrap_or(head));
                self.cell(*cell);
            }
            return self.close("}");
        }
        if self.narrow && !self.measuring {
            for (at, (head, cell)) in shown.enumerate() {
                if at > 0 {
                    self.field(head.strip_prefix('+').unwrap_or(head), *cell);
                } else {
                    self.put(each);
                    self.put(" ");
                    self.cell(*cell);
                    self.put("\n");
                }
            }
            return;
        }
        let mut cells = [Cell::Nothing; COLUMNS];
        for (place, (_, cell)) in cells.iter_mut().zip(shown) {
            *place = *cell;
        }
        self.line(&cells);
    }

    /// Cells side by side, the last as long as it is.
    fn line(&mut self, cells: &[Cell<'_>]) {
        let mut lengths = [0u16; COLUMNS];
        let measuring = core::mem::replace(&mut self.measuring, true);
        for (length, cell) in lengths.iter_mut().zip(cells) {
            self.written = 0;
            self.cell(*cell);
            *length = self.written;
        }
        self.measuring = measuring;
        if measuring {
            for (width, length) in self.widths.iter_mut().zip(lengths) {
                *width = length.max(*width);
            }
            return;
        }
        let last = lengths.iter().rposition(|&length| length > 0).unwrap_or(0);
        for (at, (cell, length)) in cells.iter().zip(lengths).enumerate().take(last.saturating_add(1)) {
            self.cell(*cell);
            let width = self.widths.get(at).copied().unwrap_or(0);
            // An empty column takes no room.
            let width = if width == 0 || at == last { 0 } else { width.saturating_add(2) };
            for _ in length..width {
                self.put(" ");
            }
        }
        self.put("\n");
    }

    /// A key of YAML with its value, or a member of an object.
    pub(super) fn yaml(&mut self, indent: &str, key: &str, cell: Cell<'_>) {
        if self.json {
            return self.field(key, cell);
        }
        for part in [indent, key, ": "] {
            self.put(part);
        }
        match cell {
            Cell::Text(text) => self.string(text),
            Cell::Flag(yes) => self.put(if yes { "true" } else { "false" }),
            other => self.cell(other),
        }
        self.put("\n");
    }
}
