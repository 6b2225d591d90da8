//! A line editor without IO: bytes of a terminal go in, bytes for the terminal and what was meant
//! come out. The terminal of `aiglon console` and a channel of SSH are the same to it.
//!
//! Keys are those of readline's Emacs mode: Ctrl-A, -E, -B, -F, -P, -N, -K, -U, -W, -D, -L, -C,
//! arrows, Home, End, Delete, Alt-B and Alt-F. What is pasted (bracketed paste, DECSET 2004) is
//! text: no line end in it sends the line. A line may be longer than the terminal is wide, and then
//! takes several rows. The cursor stands before a whole character as people see it, with all that
//! joins it; the terminal itself turns what is written from right to left.
//!
//! Nothing is allocated, and a new editor is all zero.

use core::ops::Range;

use aiglon::limits::{CONSOLE_HISTORY_BYTES, CONSOLE_LINE_BYTES};
use aiglon::text::is_letter;
use ufmt::uwrite;

use super::width::{columns, width};

/// Where the bytes for the terminal go.
pub type Out<'a> = dyn FnMut(&[u8]) + 'a;

/// What somebody at the terminal wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing yet.
    None,
    /// The line is done: [`Editor::line`].
    Line,
    /// Ctrl-C: forget this line. It is empty.
    Interrupted,
    /// Ctrl-D on an empty line: no more.
    End,
    /// Tab: what may stand here? [`Editor::complete`] takes the answer.
    Complete,
}

/// What the bytes so far have begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Keys {
    #[default]
    Plain,
    /// ESC.
    Escape,
    /// ESC O (SS3): one more byte.
    Three,
    /// ESC [ (CSI, ECMA-48 5.4): the first number and the present one.
    Sequence(u16, u16),
}

/// A movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    Begin,
    End,
    Back,
    On,
    BackWord,
    OnWord,
}

/// A place on the terminal, from the first row of the prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    row: usize,
    column: usize,
}

/// One line being edited, and those before it.
pub struct Editor {
    line: [u8; CONSOLE_LINE_BYTES],
    len: usize,
    cursor: usize,
    /// 0: not known.
    columns: usize,
    prompt: Option<&'static str>,
    keys: Keys,
    /// Within what is pasted.
    pasting: bool,
    /// The bytes of a character that has not come whole, and how many.
    partial: [u8; 4],
    partial_len: usize,
    /// The terminal's cursor.
    at: Place,
    /// Bytes of the line that the terminal shows; what follows was appended since.
    shown: usize,
    /// Whether more than that has changed since.
    dirty: bool,
    /// Lines before this one, each with a line end, the oldest first.
    history: [u8; CONSOLE_HISTORY_BYTES],
    history_len: usize,
    /// Which of them is shown, from the end; 0: none. While one is, the last is the line that was
    /// left for it.
    recalled: usize,
}

/// Columns of a terminal that does not say how wide it is.
const COLUMNS: usize = 80;
/// Fewer are taken for so many.
const COLUMNS_MIN: usize = 16;

const PASTE_ON: &[u8] = b"\x1b[?2004h";
const PASTE_OFF: &[u8] = b"\x1b[?2004l";

impl Editor {
    pub const fn new() -> Self {
        Self {
            line: [0; CONSOLE_LINE_BYTES],
            len: 0,
            cursor: 0,
            columns: 0,
            prompt: None,
            keys: Keys::Plain,
            pasting: false,
            partial: [0; 4],
            partial_len: 0,
            at: Place { row: 0, column: 0 },
            shown: 0,
            dirty: false,
            history: [0; CONSOLE_HISTORY_BYTES],
            history_len: 0,
            recalled: 0,
        }
    }

    /// What has been typed.
    pub fn line(&self) -> &str {
        self.text(0..self.len)
    }

    /// What stands before the cursor.
    pub fn before_cursor(&self) -> &str {
        self.text(0..self.cursor)
    }

    /// Begins a line: shows the prompt.
    pub fn begin(&mut self, prompt: &'static str, out: &mut Out<'_>) {
        self.prompt = Some(prompt);
        self.keys = Keys::Plain;
        self.pasting = false;
        (self.len, self.cursor, self.partial_len, self.recalled) = (0, 0, 0, 0);
        out(PASTE_ON);
        self.redraw(out, Place::default());
    }

    /// The terminal has so many columns now (0: nobody knows).
    pub fn resize(&mut self, columns: usize, out: &mut Out<'_>) {
        self.columns = columns;
        if self.prompt.is_some() {
            self.redraw(out, self.at);
        }
    }

    /// Takes in bytes, up to the first that asks for something. Returns how many: what follows is
    /// for the next line.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Out<'_>) -> (usize, Action) {
        for (taken, &byte) in bytes.iter().enumerate() {
            let action = self.key(byte, out);
            if action != Action::None {
                self.flush(out);
                match action {
                    Action::Line | Action::End => self.leave(out, b"\r\n"),
                    Action::Interrupted => {
                        self.leave(out, b"^C\r\n");
                        self.len = 0;
                    }
                    Action::Complete | Action::None => {}
                }
                return (taken + 1, action);
            }
        }
        self.flush(out);
        (bytes.len(), Action::None)
    }

    /// Keeps a line for the arrow keys.
    pub fn remember(&mut self, line: &str) {
        let last = self.entry(1);
        if line.is_empty() || line.len() >= CONSOLE_HISTORY_BYTES || &self.history[last] == line.as_bytes() {
            return;
        }
        let at = self.make_room(line.len());
        self.history[at..][..line.len()].copy_from_slice(line.as_bytes());
    }

    /// Takes what may stand at the cursor in place of its last `replaced` bytes: whole words, one a
    /// line. What they all begin with is put in; if that is nothing new, they are shown.
    pub fn complete(&mut self, replaced: usize, words: &str, out: &mut Out<'_>) {
        let start = self.cursor.saturating_sub(replaced);
        let mut each = words.lines();
        let Some(first) = each.next() else { return out(b"\x07") };
        let mut common = first;
        for word in each {
            let same =
                common.chars().zip(word.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8());
            common = &common[..same.sum()];
        }
        let only = words.lines().nth(1).is_none();
        if common == self.text(start..self.cursor) && !only {
            let cursor = self.cursor;
            self.cursor = self.len;
            self.step(out);
            self.cursor = cursor;
            for word in words.lines() {
                out(b"\r\n");
                out(word.as_bytes());
            }
            out(b"\r\n");
            return self.redraw(out, Place::default());
        }
        if self.room() + replaced < common.len() + 1 {
            return out(b"\x07");
        }
        self.remove(start..self.cursor);
        self.insert(common);
        // A word that is whole: the next one follows. One that ends in `=`, say, goes on.
        if only && common.ends_with(is_letter) && !self.text(self.cursor..self.len).starts_with(' ') {
            self.insert(" ");
        }
        self.flush(out);
    }

    // ---- keys -----------------------------------------------------------------------------------

    fn key(&mut self, byte: u8, out: &mut Out<'_>) -> Action {
        match self.keys {
            Keys::Plain => return self.plain(byte, out),
            Keys::Escape => {
                self.keys = match byte {
                    b'[' => Keys::Sequence(0, 0),
                    b'O' => Keys::Three,
                    _ => Keys::Plain,
                };
                match byte {
                    b'b' => self.go(To::BackWord),
                    b'f' => self.go(To::OnWord),
                    0x7f => self.cut(To::BackWord),
                    // Whatever it was, it is another beginning.
                    0x1b => self.keys = Keys::Escape,
                    3 => return self.plain(byte, out),
                    _ => {}
                }
            }
            Keys::Three => {
                self.keys = Keys::Plain;
                self.sequence(byte, 0, 0);
            }
            Keys::Sequence(first, number) => {
                self.keys = match byte {
                    b'0'..=b'9' => Keys::Sequence(
                        first,
                        number.saturating_mul(10).saturating_add(u16::from(byte - b'0')),
                    ),
                    b';' => Keys::Sequence(number, 0),
                    // Other parameters, and intermediate bytes.
                    0x20..=0x3f => self.keys,
                    0x1b => Keys::Escape,
                    _ => Keys::Plain,
                };
                match byte {
                    0x40..=0x7e => self.sequence(byte, first, number),
                    3 => return self.plain(byte, out),
                    _ => {}
                }
            }
        }
        Action::None
    }

    /// What ends in this byte.
    fn sequence(&mut self, last: u8, first: u16, number: u16) {
        match (last, number) {
            (b'~', 201) => {
                self.pasting = false;
                self.dirty = true;
            }
            _ if self.pasting => {}
            (b'~', 200) => self.pasting = true,
            (b'A', _) => self.recall(self.recalled + 1),
            (b'B', _) => self.recall(self.recalled.saturating_sub(1)),
            // With Ctrl (5) or Alt (3): by words.
            (b'C', 3 | 5) if first > 0 => self.go(To::OnWord),
            (b'D', 3 | 5) if first > 0 => self.go(To::BackWord),
            (b'C', _) => self.go(To::On),
            (b'D', _) => self.go(To::Back),
            (b'H', _) | (b'~', 1 | 7) => self.go(To::Begin),
            (b'F', _) | (b'~', 4 | 8) => self.go(To::End),
            (b'~', 3) => self.cut(To::On),
            _ => {}
        }
    }

    fn plain(&mut self, byte: u8, out: &mut Out<'_>) -> Action {
        match byte {
            // Even if the end of what is pasted was lost.
            3 => {
                self.keys = Keys::Plain;
                self.pasting = false;
                return Action::Interrupted;
            }
            0x1b => self.keys = Keys::Escape,
            0x20..=0x7e | 0x80.. => self.type_byte(byte, out),
            // Line ends in what is pasted are spaces, and so is a tab; CR LF is one.
            b'\r' | b'\n' | b'\t' if self.pasting && !self.before_cursor().ends_with(' ') => {
                self.type_byte(b' ', out);
            }
            _ if self.pasting => {}
            b'\r' | b'\n' => return self.send(),
            b'\t' => return Action::Complete,
            1 => self.go(To::Begin),
            2 => self.go(To::Back),
            4 if self.len == 0 => return Action::End,
            4 => self.cut(To::On),
            5 => self.go(To::End),
            6 => self.go(To::On),
            8 | 0x7f => self.cut(To::Back),
            11 => self.cut(To::End),
            12 => {
                out(b"\x1b[H\x1b[2J");
                self.redraw(out, Place::default());
            }
            14 => self.recall(self.recalled.saturating_sub(1)),
            16 => self.recall(self.recalled + 1),
            21 => self.cut(To::Begin),
            23 => self.cut(To::BackWord),
            _ => {}
        }
        Action::None
    }

    fn send(&mut self) -> Action {
        self.cursor = self.len;
        self.forget_draft();
        Action::Line
    }

    /// A byte of text. What is not UTF-8 is left out.
    fn type_byte(&mut self, byte: u8, out: &mut Out<'_>) {
        // A byte that begins a character ends one that did not come whole.
        if byte & 0xc0 != 0x80 {
            self.partial_len = 0;
        }
        let Some(place) = self.partial.get_mut(self.partial_len) else { return };
        *place = byte;
        self.partial_len += 1;
        let partial = self.partial;
        match core::str::from_utf8(&partial[..self.partial_len]) {
            Ok(text) => {
                self.partial_len = 0;
                // Controls of the upper half steer some terminals.
                let fits = text.len() <= self.room();
                if !fits {
                    out(b"\x07");
                } else if !text.chars().any(char::is_control) {
                    self.insert(text);
                }
            }
            Err(error) if error.error_len().is_some() => self.partial_len = 0,
            Err(_) => {}
        }
    }

    // ---- the line -------------------------------------------------------------------------------

    fn text(&self, range: Range<usize>) -> &str {
        // It is cut at characters only.
        self.line.get(range).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn room(&self) -> usize {
        CONSOLE_LINE_BYTES - self.len
    }

    fn insert(&mut self, text: &str) {
        let end = self.len + text.len();
        if end > CONSOLE_LINE_BYTES {
            return;
        }
        self.dirty |= self.cursor < self.len;
        self.line.copy_within(self.cursor..self.len, self.cursor + text.len());
        self.line[self.cursor..][..text.len()].copy_from_slice(text.as_bytes());
        self.len = end;
        self.cursor += text.len();
    }

    fn remove(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        self.dirty = true;
        self.line.copy_within(range.end..self.len, range.start);
        self.len -= range.len();
        self.cursor = range.start;
    }

    fn go(&mut self, to: To) {
        self.cursor = self.target(to);
    }

    fn cut(&mut self, to: To) {
        let target = self.target(to);
        self.remove(self.cursor.min(target)..self.cursor.max(target));
    }

    fn target(&self, to: To) -> usize {
        let (before, after) = (self.text(0..self.cursor), self.text(self.cursor..self.len));
        match to {
            To::Begin => 0,
            To::End => self.len,
            To::Back => back(before),
            To::On => self.cursor + on(after),
            To::BackWord => {
                let word = before.trim_end();
                word.char_indices()
                    .rev()
                    .find(|(_, c)| c.is_whitespace())
                    .map_or(0, |(at, c)| at + c.len_utf8())
            }
            To::OnWord => {
                let skipped = after.len() - after.trim_start().len();
                let word = &after[skipped..];
                self.cursor + skipped + word.find(char::is_whitespace).unwrap_or(word.len())
            }
        }
    }

    // ---- the lines before it --------------------------------------------------------------------

    /// Where the line that is the `back`th from the end stands, from 1; an empty range if there is
    /// none.
    fn entry(&self, back: usize) -> Range<usize> {
        let mut end = self.history_len;
        for _ in 1..back {
            end = self.begin_of(end);
        }
        self.begin_of(end)..end.saturating_sub(1)
    }

    /// Where the line that ends here begins.
    fn begin_of(&self, end: usize) -> usize {
        let before = &self.history[..end.saturating_sub(1)];
        before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1)
    }

    /// Appends a line of this length, to be copied to where it says; the oldest make room.
    fn make_room(&mut self, length: usize) -> usize {
        while self.history_len + length + 1 > CONSOLE_HISTORY_BYTES {
            let first = self.history[..self.history_len].iter().position(|&byte| byte == b'\n');
            let gone = first.map_or(self.history_len, |at| at + 1);
            self.history.copy_within(gone..self.history_len, 0);
            self.history_len -= gone;
        }
        let at = self.history_len;
        self.history_len += length + 1;
        self.history[self.history_len - 1] = b'\n';
        at
    }

    /// The line that was left for an older one goes from among them.
    fn forget_draft(&mut self) {
        if self.recalled > 0 {
            self.history_len = self.begin_of(self.history_len);
            self.recalled = 0;
        }
    }

    fn recall(&mut self, back: usize) {
        if back == self.recalled {
            return;
        }
        if self.recalled == 0 {
            if self.history_len == 0 || self.len + 1 >= CONSOLE_HISTORY_BYTES {
                return;
            }
            let at = self.make_room(self.len);
            self.history[at..][..self.len].copy_from_slice(&self.line[..self.len]);
        }
        // The last one is the line that was left.
        let found = self.entry(back + 1);
        let above = back > 0 && found.end == 0 && found.start == 0;
        if !above {
            let length = found.len().min(CONSOLE_LINE_BYTES);
            self.line[..length].copy_from_slice(&self.history[found.start..][..length]);
            (self.len, self.cursor, self.dirty) = (length, length, true);
            if back == 0 {
                self.forget_draft();
            }
            self.recalled = back;
        } else if self.recalled == 0 {
            // There was none after all: the draft has pushed it out.
            self.recalled = 1;
            self.forget_draft();
        }
    }

    // ---- the terminal ---------------------------------------------------------------------------

    /// Where the cursor is behind so many bytes of the line.
    fn place(&self, end: usize) -> Place {
        let wide = match self.columns {
            0 => COLUMNS,
            columns => columns.max(COLUMNS_MIN),
        };
        let mut place = Place { row: 0, column: columns(self.prompt.unwrap_or_default()) };
        for c in self.text(0..end).chars() {
            let width = width(c);
            // A wide character does not stand on the edge.
            if place.column + width > wide {
                place = Place { row: place.row + 1, column: 0 };
            }
            place.column += width;
        }
        // The terminal waits at the edge for a further character; `redraw` makes it go on.
        if place.column >= wide { Place { row: place.row + 1, column: 0 } } else { place }
    }

    /// Shows what has changed.
    fn flush(&mut self, out: &mut Out<'_>) {
        if self.pasting {
            return;
        }
        let (shown, end) = (self.place(self.shown), self.place(self.len));
        // At the edge terminals differ, and what comes may join what stands there: all is drawn.
        if self.dirty || self.len > self.shown && (end.column == 0 || shown.column == 0) {
            return self.redraw(out, self.at);
        }
        if self.len > self.shown {
            self.move_to(shown, out);
            out(self.text(self.shown..self.len).as_bytes());
            (self.shown, self.at) = (self.len, end);
        }
        self.step(out);
    }

    /// Moves the terminal's cursor to ours.
    fn step(&mut self, out: &mut Out<'_>) {
        let place = self.place(self.cursor);
        self.move_to(place, out);
    }

    fn move_to(&mut self, to: Place, out: &mut Out<'_>) {
        if self.at == to {
            return;
        }
        csi(self.at.row.saturating_sub(to.row), 'A', out);
        csi(to.row.saturating_sub(self.at.row), 'B', out);
        out(b"\r");
        csi(to.column, 'C', out);
        self.at = to;
    }

    /// Draws all of it anew; the terminal's cursor is at `from`.
    fn redraw(&mut self, out: &mut Out<'_>, from: Place) {
        self.at = from;
        csi(from.row, 'A', out);
        out(b"\r\x1b[J");
        out(self.prompt.unwrap_or_default().as_bytes());
        out(self.line().as_bytes());
        self.at = self.place(self.len);
        if self.at.column == 0 && self.at.row > 0 {
            out(b"\r\n");
        }
        (self.shown, self.dirty) = (self.len, false);
        self.step(out);
    }

    /// The line is left: what is written next stands below it.
    fn leave(&mut self, out: &mut Out<'_>, last: &[u8]) {
        self.forget_draft();
        self.cursor = self.len;
        self.step(out);
        out(last);
        out(PASTE_OFF);
        self.prompt = None;
    }
}

/// A control sequence with a number, unless that is 0.
fn csi(number: usize, last: char, out: &mut Out<'_>) {
    if number > 0 {
        let mut bytes: heapless::String<24> = heapless::String::new();
        // It fits.
        _ = uwrite!(bytes, "\x1b[{}{}", number, last);
        out(bytes.as_bytes());
    }
}

const JOINER: char = '\u{200d}';

/// Bytes of a text without its last character as people see it.
fn back(text: &str) -> usize {
    let mut rest = text;
    while let Some(c) = rest.chars().next_back() {
        rest = &rest[..rest.len() - c.len_utf8()];
        // What joins goes with what it joins.
        if width(c) > 0 && !rest.ends_with(JOINER) {
            break;
        }
    }
    rest.len()
}

/// Bytes of the first character of a text as people see it.
fn on(text: &str) -> usize {
    let mut chars = text.char_indices();
    let mut last = '\0';
    chars
        .find(|&(at, c)| {
            let starts = at > 0 && width(c) > 0 && last != JOINER;
            last = c;
            starts
        })
        .map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const PROMPT: &str = "aiglon> ";

    /// A terminal that shows what it is told (ECMA-48, and xterm where that leaves a choice).
    struct Screen {
        columns: usize,
        /// Each cell: a character and what joins it; empty behind a wide one.
        rows: Vec<Vec<String>>,
        row: usize,
        column: usize,
        /// At the edge the next character goes to the next row.
        waits: bool,
    }

    impl Screen {
        fn new(columns: usize) -> Self {
            Self { columns, rows: vec![vec![]], row: 0, column: 0, waits: false }
        }

        fn take(&mut self, bytes: &[u8]) {
            let text = std::str::from_utf8(bytes).unwrap();
            let mut chars = text.chars();
            while let Some(c) = chars.next() {
                match c {
                    '\r' => (self.column, self.waits) = (0, false),
                    '\n' => self.down(),
                    '\x07' => {}
                    '\x1b' => {
                        assert_eq!(chars.next(), Some('['));
                        let mut sequence = String::new();
                        loop {
                            let c = chars.next().unwrap();
                            sequence.push(c);
                            if c.is_ascii_alphabetic() {
                                break;
                            }
                        }
                        self.control(&sequence);
                    }
                    c => self.show(c),
                }
            }
        }

        fn down(&mut self) {
            self.row += 1;
            self.waits = false;
            while self.rows.len() <= self.row {
                self.rows.push(vec![]);
            }
        }

        fn control(&mut self, sequence: &str) {
            let (number, last) = sequence.split_at(sequence.len() - 1);
            if number == "?2004" {
                return;
            }
            self.waits = false;
            let count: usize = number.parse().unwrap_or(1);
            match last {
                "A" => self.row = self.row.checked_sub(count).expect("above the first row"),
                "B" => {
                    self.row += count;
                    assert!(self.row < self.rows.len(), "below the last row");
                }
                "C" => {
                    self.column += count;
                    assert!(self.column < self.columns, "beyond the edge");
                }
                "H" => (self.row, self.column) = (0, 0),
                "J" if number == "2" => self.rows.iter_mut().for_each(Vec::clear),
                "J" => {
                    self.rows[self.row].truncate(self.column);
                    self.rows.truncate(self.row + 1);
                }
                _ => panic!("{sequence}"),
            }
        }

        fn show(&mut self, c: char) {
            let width = width(c);
            if width == 0 {
                let column = if self.waits { self.column } else { self.column.saturating_sub(1) };
                let cell = (0..=column).rev().find(|&at| !self.rows[self.row][at].is_empty()).unwrap();
                self.rows[self.row][cell].push(c);
                return;
            }
            if self.waits || self.column + width > self.columns {
                self.down();
                self.column = 0;
            }
            let row = &mut self.rows[self.row];
            row.resize(row.len().max(self.column + width), " ".to_owned());
            row[self.column] = c.to_string();
            if width == 2 {
                row[self.column + 1] = String::new();
            }
            self.column += width;
            if self.column == self.columns {
                self.column -= 1;
                self.waits = true;
            }
        }

        fn text(&self) -> String {
            let rows: Vec<String> = self.rows.iter().map(|row| row.concat().trim_end().to_owned()).collect();
            rows.join("\n").trim_end().to_owned()
        }

        /// What a fresh terminal shows of this.
        fn of(columns: usize, text: &str) -> Self {
            let mut screen = Self::new(columns);
            screen.take(text.as_bytes());
            if screen.waits {
                screen.take(b"\r\n");
            }
            screen
        }
    }

    /// Somebody who types.
    struct Desk {
        editor: Box<Editor>,
        screen: Screen,
    }

    impl Desk {
        fn new(columns: usize) -> Self {
            let mut desk = Self { editor: Box::new(Editor::new()), screen: Screen::new(columns) };
            desk.editor.resize(columns, &mut |_| panic!("nothing is shown yet"));
            desk.begin();
            desk
        }

        fn begin(&mut self) {
            self.editor.begin(PROMPT, &mut |bytes| self.screen.take(bytes));
        }

        /// What the bytes led to, and how many were left.
        fn feed(&mut self, bytes: &[u8]) -> (usize, Action) {
            let (taken, action) = self.editor.feed(bytes, &mut |bytes| self.screen.take(bytes));
            (bytes.len() - taken, action)
        }

        fn types(&mut self, text: &str) -> Action {
            let (left, action) = self.feed(text.as_bytes());
            assert_eq!(left, 0, "{text:?}");
            action
        }

        /// The line with a bar at the cursor.
        fn seen(&self) -> String {
            let (before, line) = (self.editor.before_cursor(), self.editor.line());
            format!("{before}|{}", &line[before.len()..])
        }

        /// The terminal shows the line and has its cursor where it is.
        fn holds(&self) {
            let columns = self.screen.columns;
            let all = Screen::of(columns, &format!("{PROMPT}{}", self.editor.line()));
            assert_eq!(self.screen.text(), all.text(), "{}", self.seen());
            // A wide character that follows may have to go to the next row; the cursor waits before
            // that.
            let here = Screen::of(columns, &format!("{PROMPT}{}", self.editor.before_cursor()));
            assert_eq!((self.screen.row, self.screen.column), (here.row, here.column), "{}", self.seen());
        }
    }

    #[test]
    fn keys() {
        for (typed, expected) in [
            ("abc", "abc|"),
            ("abc\x01x", "x|abc"),
            ("abc\x01\x05x", "abcx|"),
            ("abc\x02\x02x", "ax|bc"),
            ("abc\x01\x06x", "ax|bc"),
            ("abc\x1b[D\x1b[Dx\x1b[Cy", "axby|c"),
            ("abc\x1b[H1\x1b[F2", "1abc2|"),
            ("abc\x1bOH1\x1bOF2", "1abc2|"),
            ("abc\x1b[1~1\x1b[4~2", "1abc2|"),
            ("abc\x1b[7~1\x1b[8~2", "1abc2|"),
            ("abc\x7f", "ab|"),
            ("abc\x08\x08\x08\x08", "|"),
            ("abc\x01\x04", "|bc"),
            ("abc\x01\x1b[3~", "|bc"),
            ("abc\x04", "abc|"),
            ("one two\x02\x02\x0b", "one t|"),
            ("one two\x02\x02\x15", "|wo"),
            ("one two  \x17", "one |"),
            ("one two\x1b\x7f", "one |"),
            ("one two\x1bbx", "one x|two"),
            ("one two\x01\x1bfx", "onex| two"),
            ("one two\x1b[1;5Dx\x1b[1;5Cy", "one xtwoy|"),
            ("one two\x1b[1;3D\x1b[1;3D\x1b[1;3C", "one| two"),
            // What nobody knows is nothing.
            ("a\x1b[15~b\x1b[?1;2cc\x1b[200;5Xd\x1bOPe\x1b[99999999999~f\x00\x07\x1c", "abcdef|"),
            ("a\x1b\x1b[Db", "b|a"),
            // Not UTF-8, or cut off.
            ("a\u{85}\u{9b}b", "ab|"),
        ] {
            let mut desk = Desk::new(80);
            assert_eq!(desk.types(typed), Action::None, "{typed:?}");
            assert_eq!(desk.seen(), expected, "{typed:?}");
            desk.holds();
        }
        let mut desk = Desk::new(80);
        desk.feed(b"a\xffb\xc3c\xe2\x82d\x80e\xf0\x9f\x94\xa7");
        assert_eq!(desk.seen(), "abcde🔧|");
        desk.holds();
    }

    #[test]
    fn characters_as_people_see_them() {
        for (text, steps) in [
            // Each step to the left, and what then stands before the cursor.
            ("réparé", &["répar", "répa", "rép"][..]),
            ("re\u{301}pare\u{301}", &["re\u{301}par", "re\u{301}pa"]),
            ("مُحَمَّد", &["مُحَمَّ", "مُحَ", "مُ", ""]),
            ("👨\u{200d}👩\u{200d}👧!", &["👨\u{200d}👩\u{200d}👧", ""]),
            ("❤\u{fe0f}日本", &["❤\u{fe0f}日", "❤\u{fe0f}", ""]),
        ] {
            let mut desk = Desk::new(80);
            desk.types(text);
            for before in steps {
                desk.types("\x1b[D");
                assert_eq!(desk.editor.before_cursor(), *before, "{text}");
            }
            let was = desk.seen();
            for _ in steps {
                desk.types("\x06");
            }
            assert_eq!(desk.seen(), format!("{text}|"), "{was}");
            desk.types("\x7f");
            assert_eq!(desk.seen(), format!("{}|", steps[0]));
        }
    }

    #[test]
    fn what_ends_a_line() {
        let mut desk = Desk::new(80);
        assert_eq!(desk.feed(b"one\rtwo\r"), (4, Action::Line));
        assert_eq!((desk.editor.line(), desk.screen.text().as_str()), ("one", "aiglon> one"));
        desk.begin();
        assert_eq!(desk.feed(b"two\x02\n"), (0, Action::Line));
        assert_eq!(desk.editor.line(), "two");
        desk.begin();
        assert_eq!(desk.feed(b"three\x03x"), (1, Action::Interrupted));
        assert_eq!(desk.editor.line(), "");
        assert!(desk.screen.text().ends_with("aiglon> three^C"), "{}", desk.screen.text());
        desk.begin();
        assert_eq!(desk.feed(b"\x04"), (0, Action::End));
        desk.begin();
        // In the middle of a sequence, and of what is pasted.
        assert_eq!(desk.feed(b"a\x1b[1\x03"), (0, Action::Interrupted));
        desk.begin();
        assert_eq!(desk.feed(b"a\x1b[200~b\r\x03"), (0, Action::Interrupted));
        desk.begin();
        assert_eq!(desk.feed(b"ok\r"), (0, Action::Line));
        assert_eq!(desk.editor.line(), "ok");
    }

    #[test]
    fn what_is_pasted_is_text() {
        let mut desk = Desk::new(40);
        desk.types("say []\x02");
        assert_eq!(
            desk.types("\x1b[200~one\r\ntwo\tthree\r\r\x01\x04\x1b[A\x1b[200~four\n\x1b[201~"),
            Action::None
        );
        assert_eq!(desk.seen(), "say [one two three four |]");
        desk.holds();
        assert_eq!(desk.types("\r"), Action::Line);
    }

    #[test]
    fn lines_before_this_one() {
        let mut desk = Desk::new(40);
        for line in ["first", "second", "second", "", "third"] {
            desk.editor.remember(line);
        }
        let (up, down) = ("\x1b[A", "\x1b[B");
        desk.types("draft");
        for (keys, expected) in [
            (up, "third|"),
            (up, "second|"),
            (up, "first|"),
            (up, "first|"),
            (down, "second|"),
            (down, "third|"),
            (down, "draft|"),
            ("\x0e", "draft|"),
            ("\x10", "third|"),
            ("!", "third!|"),
        ] {
            desk.types(keys);
            assert_eq!(desk.seen(), expected, "{keys:?}");
            desk.holds();
        }
        assert_eq!(desk.types("\r"), Action::Line);
        desk.begin();
        desk.types("\x10");
        assert_eq!(desk.seen(), "third|");
        desk.types("\x03");
        desk.begin();
        desk.types("\x10\x10\x10");
        assert_eq!(desk.seen(), "first|");
    }

    #[test]
    fn the_oldest_lines_make_room() {
        let mut desk = Desk::new(80);
        let long = |c: char| c.to_string().repeat(CONSOLE_LINE_BYTES);
        for c in ['a', 'b'] {
            desk.editor.remember(&long(c));
        }
        desk.types("\x10");
        assert_eq!(desk.editor.line(), long('b'));
        desk.types("\x10\x0e");
        assert_eq!(desk.editor.line(), "");
        // A line as long as all of them leaves no room for those it was left for.
        desk.types(&long('c'));
        desk.types("\x10\x10\x0e\x0e");
        assert_eq!(desk.editor.line(), long('c'));
        for number in 0..5000 {
            desk.editor.remember(&format!("line {number}"));
        }
        desk.types("\x15\x10\x10");
        assert_eq!(desk.editor.line(), "line 4998");
    }

    #[test]
    fn a_full_line_takes_no_more() {
        let mut desk = Desk::new(80);
        let full = "é".repeat(CONSOLE_LINE_BYTES / 2 - 1) + "a";
        desk.types(&full);
        desk.types("éa日");
        assert_eq!(desk.editor.line(), full.clone() + "a");
        desk.types("xyz");
        assert_eq!(desk.editor.line().len(), CONSOLE_LINE_BYTES);
        assert_eq!(desk.types("\r"), Action::Line);
    }

    #[test]
    fn completion() {
        for (typed, replaced, words, expected, shown) in [
            ("upd", 3, "update\n", "update |", "aiglon> update"),
            ("update 12 mon", 3, "monitoring\n", "update 12 monitoring |", "aiglon> update 12 monitoring"),
            ("in", 2, "incident\nincidents\n", "incident|", "aiglon> incident"),
            (
                "incident",
                8,
                "incident\nincidents\n",
                "incident|",
                "aiglon> incident\nincident\nincidents\naiglon> incident",
            ),
            ("x", 1, "", "x|", "aiglon> x"),
            ("إ", 2, "إصلاح\n", "إصلاح |", "aiglon> إصلاح"),
            ("", 0, "a\nb\n", "|", "aiglon>\na\nb\naiglon>"),
            // Case is as it should be.
            ("UPD", 3, "update\n", "update |", "aiglon> update"),
            ("up now\x02\x02\x02\x02", 2, "update\n", "update| now", "aiglon> update now"),
        ] {
            let mut desk = Desk::new(80);
            desk.types(typed);
            assert_eq!(desk.types("\t"), Action::Complete);
            desk.editor.complete(replaced, words, &mut |bytes| desk.screen.take(bytes));
            assert_eq!((desk.seen().as_str(), desk.screen.text().as_str()), (expected, shown), "{typed}");
            desk.types("z");
            assert!(desk.screen.text().contains('z'));
        }
    }

    #[test]
    fn a_terminal_that_changes() {
        let mut desk = Desk::new(30);
        desk.types("a line that is longer than the terminal is wide");
        desk.screen.columns = 80;
        desk.screen.rows = vec![vec![]];
        desk.screen.row = 1;
        desk.screen.rows.push(vec![]);
        desk.editor.resize(80, &mut |bytes| desk.screen.take(bytes));
        desk.holds();
        desk.types("\x0c");
        desk.holds();
        desk.types("\x02\x02!");
        desk.holds();
    }

    #[test]
    fn a_new_editor_is_all_zero() {
        let editor = Editor::new();
        assert_eq!((editor.keys, editor.prompt, editor.at), (Keys::default(), None, Place::default()));
        assert_eq!(Keys::Plain, Keys::default());
    }

    fn key() -> impl Strategy<Value = String> {
        let known = [
            "\x01",
            "\x02",
            "\x05",
            "\x06",
            "\x04",
            "\x0b",
            "\x15",
            "\x17",
            "\x7f",
            "\x10",
            "\x0e",
            "\x1b[D",
            "\x1b[C",
            "\x1b[A",
            "\x1b[B",
            "\x1bb",
            "\x1bf",
            "\x1b[3~",
            "\x1b[200~",
            "\x1b[201~",
            "\x0c",
        ];
        prop_oneof![
            3 => "[ -~]{1,9}",
            2 => "[a-zé日本ع\u{301}\u{64e}🔧\u{200d} ]{1,6}",
            3 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        ]
    }

    proptest! {
        #[test]
        fn the_terminal_shows_the_line(columns in 16usize..40, keys in proptest::collection::vec(key(), 0..40), cut in 1usize..5) {
            let mut desk = Desk::new(columns);
            desk.editor.remember("an older line, rather longer than the others");
            desk.editor.remember("日本語 العربية");
            for key in &keys {
                // A mark that joins nothing joins the prompt: terminals differ.
                if desk.editor.before_cursor().is_empty() && key.chars().next().is_some_and(|c| width(c) == 0 && !c.is_control()) {
                    continue;
                }
                for piece in key.as_bytes().chunks(cut) {
                    let (left, action) = desk.feed(piece);
                    prop_assert_eq!(left, 0);
                    if action == Action::End {
                        desk.begin();
                    } else {
                        prop_assert_eq!(action, Action::None);
                    }
                }
                let line = desk.editor.line();
                prop_assert!(!line.chars().any(char::is_control));
                let starts_joined = line.chars().next().is_some_and(|c| width(c) == 0);
                if !desk.editor.pasting && !starts_joined {
                    desk.screen.rows.truncate(desk.screen.rows.len().max(1));
                    let own = Screen::of(columns, &format!("{PROMPT}{line}"));
                    prop_assert!(desk.screen.text().ends_with(&own.text()), "{:?} in {:?}", own.text(), desk.screen.text());
                    let here = Screen::of(columns, &format!("{PROMPT}{}", desk.editor.before_cursor()));
                    prop_assert_eq!(desk.screen.column, here.column, "{}", desk.seen());
                }
            }
        }

        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut editor = Box::new(Editor::new());
            let mut rest = &bytes[..];
            editor.begin(PROMPT, &mut |_| {});
            while !rest.is_empty() {
                let (taken, action) = editor.feed(rest, &mut |_| {});
                rest = &rest[taken..];
                match action {
                    Action::Complete => editor.complete(editor.before_cursor().len().min(1), "x\ny", &mut |_| {}),
                    Action::None => {}
                    _ => {
                        let line = editor.line().to_owned();
                        editor.remember(&line);
                        editor.begin(PROMPT, &mut |_| {});
                    }
                }
                prop_assert!(std::str::from_utf8(&editor.line[..editor.len]).is_ok());
                prop_assert!(editor.line().is_char_boundary(editor.cursor));
            }
        }
    }
}
