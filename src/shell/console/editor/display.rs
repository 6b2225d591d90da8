//! What a terminal shows of the line that is edited: the prompt, the line in as many rows as it
//! takes, and the cursor. It knows no keys.

use aiglon::limits::TERMINAL_COLUMNS_MIN;
use ufmt::uwrite;

use super::super::width::{columns, width};
use super::TerminalOut;

/// A line and its cursor, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) cursor: usize,
}

/// A position on the terminal, from the first row of the prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Position {
    row: usize,
    column: usize,
}

/// The rows of the terminal that the prompt and the line take. All-zero when new.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Display {
    /// 0: not known.
    columns: usize,
    prompt: Option<&'static str>,
    /// The terminal's cursor.
    at: Position,
    /// Bytes of the line that the terminal shows; what follows was appended since.
    shown: usize,
    /// Whether more than that has changed since.
    dirty: bool,
}

/// Columns of a terminal that does not say how wide it is.
const COLUMNS: usize = 80;

const PASTE_ON: &[u8] = b"\x1b[?2004h";
const PASTE_OFF: &[u8] = b"\x1b[?2004l";

impl Display {
    pub(super) const fn new() -> Self {
        Self { columns: 0, prompt: None, at: Position { row: 0, column: 0 }, shown: 0, dirty: false }
    }

    /// Shows the prompt of an empty line.
    pub(super) fn begin(&mut self, prompt: &'static str, out: &mut TerminalOut<'_>) {
        self.prompt = Some(prompt);
        out(PASTE_ON);
        self.draw(Line { text: "", cursor: 0 }, out);
    }

    /// The terminal has so many columns now (0: nobody knows).
    pub(super) fn resize(&mut self, columns: usize, line: Line<'_>, out: &mut TerminalOut<'_>) {
        self.columns = columns;
        if self.prompt.is_some() {
            self.redraw(line, out, self.at);
        }
    }

    /// The line has changed otherwise than at its end.
    pub(super) fn changed(&mut self) {
        self.dirty = true;
    }

    /// Shows what has changed.
    pub(super) fn flush(&mut self, line: Line<'_>, out: &mut TerminalOut<'_>) {
        let (shown, end) = (self.behind(line, self.shown), self.behind(line, line.text.len()));
        let more = line.text.get(self.shown..).unwrap_or_default();
        // At the edge terminals differ, and what comes may join what stands there: all is drawn.
        if self.dirty || !more.is_empty() && (end.column == 0 || shown.column == 0) {
            return self.redraw(line, out, self.at);
        }
        if !more.is_empty() {
            self.move_to(shown, out);
            out(more.as_bytes());
            (self.shown, self.at) = (line.text.len(), end);
        }
        self.step(line, out);
    }

    /// Moves the terminal's cursor to that of the line.
    pub(super) fn step(&mut self, line: Line<'_>, out: &mut TerminalOut<'_>) {
        self.move_to(self.behind(line, line.cursor), out);
    }

    /// Draws all of it on rows that are empty.
    pub(super) fn draw(&mut self, line: Line<'_>, out: &mut TerminalOut<'_>) {
        self.redraw(line, out, Position::default());
    }

    /// The line is left: what is written next stands below it.
    pub(super) fn leave(&mut self, line: Line<'_>, last: &[u8], out: &mut TerminalOut<'_>) {
        self.step(line, out);
        out(last);
        out(PASTE_OFF);
        self.prompt = None;
    }

    /// The position behind so many bytes of the line.
    fn behind(&self, line: Line<'_>, end: usize) -> Position {
        let wide = match self.columns {
            0 => COLUMNS,
            columns => columns.max(TERMINAL_COLUMNS_MIN),
        };
        let mut at = Position { row: 0, column: columns(self.prompt.unwrap_or_default()) };
        for c in line.text.get(..end).unwrap_or_default().chars() {
            let width = width(c);
            // A wide character does not stand on the edge.
            if at.column + width > wide {
                at = Position { row: at.row + 1, column: 0 };
            }
            at.column += width;
        }
        // The terminal waits at the edge for a further character; `redraw` makes it go on.
        if at.column >= wide { Position { row: at.row + 1, column: 0 } } else { at }
    }

    fn move_to(&mut self, to: Position, out: &mut TerminalOut<'_>) {
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
    fn redraw(&mut self, line: Line<'_>, out: &mut TerminalOut<'_>, from: Position) {
        csi(from.row, 'A', out);
        out(b"\r\x1b[J");
        out(self.prompt.unwrap_or_default().as_bytes());
        out(line.text.as_bytes());
        self.at = self.behind(line, line.text.len());
        if self.at.column == 0 && self.at.row > 0 {
            out(b"\r\n");
        }
        (self.shown, self.dirty) = (line.text.len(), false);
        self.step(line, out);
    }
}

/// A control sequence with a number, unless that is 0.
fn csi(number: usize, last: char, out: &mut TerminalOut<'_>) {
    if number > 0 {
        let mut bytes: heapless::String<24> = heapless::String::new();
        // It fits.
        _ = uwrite!(bytes, "\x1b[{}{}", number, last);
        out(bytes.as_bytes());
    }
}
