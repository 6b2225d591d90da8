//! Somebody who types, and a terminal that shows what it is told.
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
    fn feed(&mut self, bytes: &[u8]) -> (usize, EditorEvent) {
        let (taken, action) = self.editor.feed(bytes, &mut |bytes| self.screen.take(bytes));
        (bytes.len() - taken, action)
    }

    fn types(&mut self, text: &str) -> EditorEvent {
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
        assert_eq!(desk.types(typed), EditorEvent::None, "{typed:?}");
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
    assert_eq!(desk.feed(b"one\rtwo\r"), (4, EditorEvent::Line));
    assert_eq!((desk.editor.line(), desk.screen.text().as_str()), ("one", "aiglon> one"));
    desk.begin();
    assert_eq!(desk.feed(b"two\x02\n"), (0, EditorEvent::Line));
    assert_eq!(desk.editor.line(), "two");
    desk.begin();
    assert_eq!(desk.feed(b"three\x03x"), (1, EditorEvent::Interrupted));
    assert_eq!(desk.editor.line(), "");
    assert!(desk.screen.text().ends_with("aiglon> three^C"), "{}", desk.screen.text());
    desk.begin();
    assert_eq!(desk.feed(b"\x04"), (0, EditorEvent::End));
    desk.begin();
    // In the middle of a sequence, and of what is pasted.
    assert_eq!(desk.feed(b"a\x1b[1\x03"), (0, EditorEvent::Interrupted));
    desk.begin();
    assert_eq!(desk.feed(b"a\x1b[200~b\r\x03"), (0, EditorEvent::Interrupted));
    desk.begin();
    assert_eq!(desk.feed(b"ok\r"), (0, EditorEvent::Line));
    assert_eq!(desk.editor.line(), "ok");
}

#[test]
fn what_is_pasted_is_text() {
    let mut desk = Desk::new(40);
    desk.types("say []\x02");
    assert_eq!(
        desk.types("\x1b[200~one\r\ntwo\tthree\r\r\x01\x04\x1b[A\x1b[200~four\n\x1b[201~"),
        EditorEvent::None
    );
    assert_eq!(desk.seen(), "say [one two three four |]");
    desk.holds();
    assert_eq!(desk.types("\r"), EditorEvent::Line);
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
    assert_eq!(desk.types("\r"), EditorEvent::Line);
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
    assert_eq!(desk.types("\r"), EditorEvent::Line);
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
        // What tells one from the other is shown, and not put in.
        ("ack ", 0, "1\twifi, outage\n", "ack 1 |", "aiglon> ack\n1 wifi, outage\naiglon> ack 1"),
        ("ack ", 0, "12\twifi\n11\tvpn\n", "ack 1|", "aiglon> ack\n12 wifi\n11 vpn\naiglon> ack 1"),
        ("x", 1, "", "x|", "aiglon> x"),
        ("إ", 2, "إصلاح\n", "إصلاح |", "aiglon> إصلاح"),
        ("", 0, "a\nb\n", "|", "aiglon>\na\nb\naiglon>"),
        // Case is as it should be.
        ("UPD", 3, "update\n", "update |", "aiglon> update"),
        ("up now\x02\x02\x02\x02", 2, "update\n", "update| now", "aiglon> update now"),
    ] {
        let mut desk = Desk::new(80);
        desk.types(typed);
        assert_eq!(desk.types("\t"), EditorEvent::Complete);
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
    assert_eq!((editor.keys, editor.display), (Keys::default(), Display::default()));
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
                if action == EditorEvent::End {
                    desk.begin();
                } else {
                    prop_assert_eq!(action, EditorEvent::None);
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
                EditorEvent::Complete => editor.complete(editor.before_cursor().len().min(1), "x\ny", &mut |_| {}),
                EditorEvent::None => {}
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
