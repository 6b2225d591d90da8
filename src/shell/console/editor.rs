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

mod display;

use core::ops::Range;

use aiglon::limits::{CONSOLE_HISTORY_BYTES, CONSOLE_LINE_BYTES};
use aiglon::text::is_letter;

use super::width::width;
use display::{Display, Line};

/// Where the bytes for the terminal go.
pub type TerminalOut<'a> = dyn FnMut(&[u8]) + 'a;

/// What somebody at the terminal wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditorEvent {
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

/// One line being edited, and those before it.
pub struct Editor {
    line: [u8; CONSOLE_LINE_BYTES],
    len: usize,
    cursor: usize,
    display: Display,
    keys: Keys,
    /// Within what is pasted.
    pasting: bool,
    /// The bytes of a character that has not come whole, and how many.
    partial: [u8; 4],
    partial_len: usize,
    /// Lines before this one, each with a line end, the oldest first.
    history: [u8; CONSOLE_HISTORY_BYTES],
    history_len: usize,
    /// Which of them is shown, from the end; 0: none. While one is, the last is the line that was
    /// left for it.
    recalled: usize,
}

impl Editor {
    pub const fn new() -> Self {
        Self {
            line: [0; CONSOLE_LINE_BYTES],
            len: 0,
            cursor: 0,
            display: Display::new(),
            keys: Keys::Plain,
            pasting: false,
            partial: [0; 4],
            partial_len: 0,
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
    pub fn begin(&mut self, prompt: &'static str, out: &mut TerminalOut<'_>) {
        self.keys = Keys::Plain;
        self.pasting = false;
        (self.len, self.cursor, self.partial_len, self.recalled) = (0, 0, 0, 0);
        self.display.begin(prompt, out);
    }

    /// The terminal has so many columns now (0: nobody knows).
    pub fn resize(&mut self, columns: usize, out: &mut TerminalOut<'_>) {
        let (display, line) = self.shown();
        display.resize(columns, line, out);
    }

    /// Takes in bytes, up to the first that asks for something. Returns how many: what follows is
    /// for the next line.
    pub fn feed(&mut self, bytes: &[u8], out: &mut TerminalOut<'_>) -> (usize, EditorEvent) {
        for (taken, &byte) in bytes.iter().enumerate() {
            let action = self.key(byte, out);
            if action != EditorEvent::None {
                self.flush(out);
                match action {
                    EditorEvent::Line | EditorEvent::End => self.leave(out, b"\r\n"),
                    EditorEvent::Interrupted => {
                        self.leave(out, b"^C\r\n");
                        self.len = 0;
                    }
                    EditorEvent::Complete | EditorEvent::None => {}
                }
                return (taken + 1, action);
            }
        }
        self.flush(out);
        (bytes.len(), EditorEvent::None)
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
    /// line, behind a tab what is only shown with it. What they all begin with is put in. They are
    /// shown if that is nothing new, or if there is more to show.
    pub fn complete(&mut self, replaced: usize, words: &str, out: &mut TerminalOut<'_>) {
        let start = self.cursor.saturating_sub(replaced);
        let word_of = |line: &'_ str| line.split('\t').next().unwrap_or_default().len();
        let mut each = words.lines().map(|line| &line[..word_of(line)]);
        let Some(first) = each.next() else { return out(b"\x07") };
        let mut common = first;
        for word in each {
            let same =
                common.chars().zip(word.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8());
            common = &common[..same.sum()];
        }
        let only = words.lines().nth(1).is_none();
        let is_new = common != self.text(start..self.cursor);
        if !only && !is_new || words.contains('\t') {
            let cursor = self.cursor;
            self.cursor = self.len;
            let (display, line) = self.shown();
            display.step(line, out);
            self.cursor = cursor;
            for word in words.lines() {
                out(b"\r\n");
                let (word, about) = word.split_at(word_of(word));
                out(word.as_bytes());
                if let Some(about) = about.strip_prefix('\t') {
                    out(b" ");
                    out(about.as_bytes());
                }
            }
            out(b"\r\n");
            self.draw(out);
            if !only && !is_new {
                return;
            }
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

    fn key(&mut self, byte: u8, out: &mut TerminalOut<'_>) -> EditorEvent {
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
        EditorEvent::None
    }

    /// What ends in this byte.
    fn sequence(&mut self, last: u8, first: u16, number: u16) {
        match (last, number) {
            (b'~', 201) => {
                self.pasting = false;
                self.display.changed();
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

    fn plain(&mut self, byte: u8, out: &mut TerminalOut<'_>) -> EditorEvent {
        match byte {
            // Even if the end of what is pasted was lost.
            3 => {
                self.keys = Keys::Plain;
                self.pasting = false;
                return EditorEvent::Interrupted;
            }
            0x1b => self.keys = Keys::Escape,
            0x20..=0x7e | 0x80.. => self.type_byte(byte, out),
            // Line ends in what is pasted are spaces, and so is a tab; CR LF is one.
            b'\r' | b'\n' | b'\t' if self.pasting && !self.before_cursor().ends_with(' ') => {
                self.type_byte(b' ', out);
            }
            _ if self.pasting => {}
            b'\r' | b'\n' => return self.send(),
            b'\t' => return EditorEvent::Complete,
            1 => self.go(To::Begin),
            2 => self.go(To::Back),
            4 if self.len == 0 => return EditorEvent::End,
            4 => self.cut(To::On),
            5 => self.go(To::End),
            6 => self.go(To::On),
            8 | 0x7f => self.cut(To::Back),
            11 => self.cut(To::End),
            12 => {
                out(b"\x1b[H\x1b[2J");
                self.draw(out);
            }
            14 => self.recall(self.recalled.saturating_sub(1)),
            16 => self.recall(self.recalled + 1),
            21 => self.cut(To::Begin),
            23 => self.cut(To::BackWord),
            _ => {}
        }
        EditorEvent::None
    }

    fn send(&mut self) -> EditorEvent {
        self.cursor = self.len;
        self.forget_draft();
        EditorEvent::Line
    }

    /// A byte of text. What is not UTF-8 is left out.
    fn type_byte(&mut self, byte: u8, out: &mut TerminalOut<'_>) {
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
        if self.cursor < self.len {
            self.display.changed();
        }
        self.line.copy_within(self.cursor..self.len, self.cursor + text.len());
        self.line[self.cursor..][..text.len()].copy_from_slice(text.as_bytes());
        self.len = end;
        self.cursor += text.len();
    }

    fn remove(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        self.display.changed();
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
            (self.len, self.cursor) = (length, length);
            self.display.changed();
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

    /// What shows the line, and the line.
    fn shown(&mut self) -> (&mut Display, Line<'_>) {
        let text = core::str::from_utf8(&self.line[..self.len]).unwrap_or_default();
        (&mut self.display, Line { text, cursor: self.cursor })
    }

    /// Shows what has changed, unless more is being pasted.
    fn flush(&mut self, out: &mut TerminalOut<'_>) {
        if !self.pasting {
            let (display, line) = self.shown();
            display.flush(line, out);
        }
    }

    /// Draws all of it on rows that are empty.
    fn draw(&mut self, out: &mut TerminalOut<'_>) {
        let (display, line) = self.shown();
        display.draw(line, out);
    }

    /// The line is left: what is written next stands below it.
    fn leave(&mut self, out: &mut TerminalOut<'_>, last: &[u8]) {
        self.forget_draft();
        self.cursor = self.len;
        let (display, line) = self.shown();
        display.leave(line, last, out);
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
mod tests;
