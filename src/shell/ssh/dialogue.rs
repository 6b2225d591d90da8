//! What is said on one channel of SSH, without IO: what the client sends goes in, and what it is
//! shown, what the daemon is asked and the exit status come out. The same as `aiglon console` does
//! at the other end of a terminal or a pipe (`console::client`), with the same exit statuses: 0 if
//! it was done, 1 if it was not and the daemon says why, 2 if it was not understood, 3 if it asks
//! for a yes and nobody can be asked, 4 if the daemon did not answer to the end, 5 if it was done
//! and what was taken away is still on the flash.
//!
//! - A command without a terminal may read words, or an archive, from what the client sends.
//! - No command and no terminal: a script, a command a line.
//! - With a terminal, there is somebody: a prompt, and questions.
//!
//! Nothing is asked but in the name of the user that this was made for.

use aiglon::command::{LineWords, parse, wants_json};
use aiglon::limits::{CONSOLE_LINE_BYTES, CONSOLE_TEXT_BYTES, CONSOLE_TRIES};

use super::super::console::archive;
use super::super::console::editor::{Editor, EditorEvent};
use super::super::console::wire::{self, Code, ConsoleOp, ConsoleRequest, FrameKind, GREETING};
use super::super::console::wrap::wrap;

/// Exit statuses.
pub const DONE: u8 = 0;
const REFUSED: u8 = 1;
const USAGE: u8 = 2;
const UNASKED: u8 = 3;
const UNANSWERED: u8 = 4;
const LEFT: u8 = 5;

/// Where bytes for the client go: standard output and standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Out,
    Err,
}

/// What takes them.
pub type Show<'a> = dyn FnMut(To, &[u8]) + 'a;

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogueNext<'a> {
    /// More of what the client sends: [`Dialogue::input`], [`Dialogue::end`], [`Dialogue::resize`].
    Input,
    /// The daemon is asked this, with the archive behind it; [`Dialogue::frame`] and
    /// [`Dialogue::answered`] take what it says.
    Ask(&'a [u8], &'a [u8]),
    /// The same in a moment.
    Wait,
    /// The channel closes with this exit status.
    Done(u8),
}

/// What somebody at a terminal is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prompt {
    Command,
    Words,
    Yes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Reads the next line of a script.
    Script,
    /// Somebody types.
    Typing(Prompt),
    /// Reads words to their end.
    Words,
    /// Reads an archive to its end.
    Archive,
    /// The daemon is asked.
    Asking,
    /// It is busy.
    Waiting,
    /// It is asked what may stand at the cursor.
    Completing,
    Done,
}

/// Where the words come from that a command may want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WordSource {
    /// What the client sends is theirs.
    Input,
    /// Whoever sits at the terminal.
    Person,
    /// Nowhere: the client sends commands.
    Nowhere,
}

/// One channel.
pub struct Dialogue {
    user: String,
    /// There is a terminal.
    editor: Option<Box<Editor>>,
    /// Of so many columns, at most 255; 0: nobody knows, or there is none.
    columns: u8,
    state: Stage,
    from: WordSource,
    /// The command in hand came with the channel, and there is no other.
    single: bool,
    /// What has come and was not read, from `at`.
    come: Vec<u8>,
    at: usize,
    /// Nothing more comes.
    ended: bool,
    /// Something came that nobody asked for.
    unread: bool,
    /// The command in hand.
    line: String,
    flags: u8,
    op: ConsoleOp,
    text: String,
    /// The last words of somebody at the terminal that were not published.
    refused: String,
    archive: Vec<u8>,
    request: Vec<u8>,
    tries: u8,
    /// What was said beside the answer; shown when it is whole.
    words: Vec<u8>,
    /// Lines of the script so far.
    number: u32,
    status: u8,
}

impl Dialogue {
    /// What is said to this user, on a terminal that is so many columns wide (0: nobody knows), if
    /// there is one.
    pub fn new(user: &str, terminal: Option<usize>, command: Option<&[u8]>, show: &mut Show<'_>) -> Self {
        let editor = terminal.map(|columns| {
            let mut editor = Box::new(Editor::new());
            editor.resize(columns, &mut |_| {});
            editor
        });
        let from = match (&editor, command.is_some()) {
            (Some(_), _) => WordSource::Person,
            (None, true) => WordSource::Input,
            (None, false) => WordSource::Nowhere,
        };
        let mut dialogue = Self {
            user: user.to_owned(),
            editor,
            columns: terminal.map_or(0, |columns| u8::try_from(columns).unwrap_or(u8::MAX)),
            state: Stage::Script,
            from,
            single: command.is_some(),
            come: Vec::new(),
            at: 0,
            ended: false,
            unread: false,
            line: String::new(),
            flags: 0,
            op: ConsoleOp::Command,
            text: String::new(),
            refused: String::new(),
            archive: Vec::new(),
            request: Vec::new(),
            tries: 0,
            words: Vec::new(),
            number: 0,
            status: DONE,
        };
        match command.map(std::str::from_utf8) {
            Some(Ok(line)) => dialogue.command(line, show),
            Some(Err(_)) => dialogue.fail("aiglon: a command must be UTF-8\n", USAGE, show),
            // Who they are here, and what goes on.
            None if dialogue.editor.is_some() => dialogue.command(GREETING, show),
            None => {}
        }
        dialogue
    }

    /// Takes in what the client sent.
    pub fn input(&mut self, bytes: &[u8]) {
        if self.state != Stage::Done {
            self.come.extend_from_slice(bytes);
        }
    }

    /// The client has sent something that was not asked for.
    pub fn unread(&mut self) {
        self.unread = true;
    }

    /// The client sends nothing more.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The terminal has so many columns now.
    pub fn resize(&mut self, columns: usize, show: &mut Show<'_>) {
        if let Some(editor) = &mut self.editor {
            self.columns = u8::try_from(columns).unwrap_or(u8::MAX);
            editor.resize(columns, &mut |bytes| show(To::Out, bytes));
        }
    }

    /// Whether somebody may sit there and not know what is waited for: [`Dialogue::tell`] says it
    /// to them.
    pub fn may_puzzle(&self) -> bool {
        self.state == Stage::Words && self.come.is_empty()
    }

    /// Says what is waited for.
    pub fn tell(&self, show: &mut Show<'_>) {
        self.show(To::Err, b"The words, and Ctrl-D on a line of its own at their end:\n", show);
    }

    /// Goes on as far as can be.
    pub fn next(&mut self, show: &mut Show<'_>) -> DialogueNext<'_> {
        loop {
            let more = match self.state {
                Stage::Script => self.script(show),
                Stage::Typing(prompt) => self.type_on(prompt, show),
                Stage::Words => self.gather(show),
                Stage::Archive => self.load(show),
                Stage::Asking | Stage::Completing => return DialogueNext::Ask(&self.request, &self.archive),
                Stage::Waiting => {
                    self.state = Stage::Asking;
                    return DialogueNext::Wait;
                }
                Stage::Done => return DialogueNext::Done(self.status),
            };
            if !more {
                return DialogueNext::Input;
            }
        }
    }

    /// Takes in a part of the daemon's answer.
    pub fn frame(&mut self, kind: FrameKind, bytes: &[u8], show: &mut Show<'_>) {
        match kind {
            FrameKind::Out if self.state == Stage::Asking => self.show(To::Out, bytes, show),
            // What a program reads is one stream, whatever it says.
            FrameKind::Words if self.flags & wire::JSON != 0 => self.show(To::Out, bytes, show),
            _ => self.words.extend_from_slice(bytes),
        }
    }

    /// The answer has come to its end; `None`: it was cut off.
    pub fn answered(&mut self, code: Option<Code>, show: &mut Show<'_>) {
        let words = std::mem::take(&mut self.words);
        if self.state == Stage::Completing {
            return self.completed(code, &words, show);
        }
        if code == Some(Code::Busy) && self.tries < CONSOLE_TRIES {
            self.tries += 1;
            self.state = Stage::Waiting;
            return;
        }
        self.show(To::Err, &words, show);
        match code {
            Some(Code::WantsText) if self.flags & wire::TEXT == 0 => self.want_words(show),
            Some(Code::WantsArchive) if self.op != ConsoleOp::Import => self.want_archive(show),
            Some(Code::Confirm) if self.flags & wire::CONFIRMED == 0 => match self.from {
                WordSource::Person => self.prompt(Prompt::Yes, show),
                _ => self.fail("aiglon: nobody can be asked here; --yes says yes beforehand\n", UNASKED, show),
            },
            Some(code) => {
                if code == Code::Done {
                    self.hint(show);
                }
                let status = match code {
                    Code::Done | Code::Quit => DONE,
                    Code::Left => LEFT,
                    Code::Refused | Code::Denied | Code::Busy => REFUSED,
                    _ => USAGE,
                };
                self.went(status, matches!(code, Code::Quit | Code::Denied), show);
            }
            None => self.fail(
                "aiglon: the daemon stopped in the middle of its answer. Look whether it was done before you try again\n",
                UNANSWERED,
                show,
            ),
        }
    }

    // ---- lines ----------------------------------------------------------------------------------

    /// The next line of a script, if it has come whole. Blank lines and those that begin with `#`
    /// are nothing.
    fn script(&mut self, show: &mut Show<'_>) -> bool {
        let rest = &self.come[self.at..];
        let length = match rest.iter().position(|&byte| byte == b'\n') {
            Some(length) => length,
            None if rest.len() > CONSOLE_LINE_BYTES => rest.len(),
            None if !self.ended => {
                // What was read goes.
                self.come.drain(..std::mem::take(&mut self.at));
                return false;
            }
            None if rest.is_empty() => {
                self.state = Stage::Done;
                return true;
            }
            None => rest.len(),
        };
        self.number = self.number.saturating_add(1);
        let line = std::str::from_utf8(&rest[..length]).map(|line| line.trim().to_owned());
        self.at = (self.at + length + 1).min(self.come.len());
        match line {
            Err(_) => {
                let words = format!("aiglon: line {} is not UTF-8\n", self.number);
                self.show(To::Err, words.as_bytes(), show);
                self.finish(USAGE);
            }
            Ok(line) if line.is_empty() || line.starts_with('#') => {}
            Ok(line) => self.command(&line, show),
        }
        true
    }

    fn prompt(&mut self, prompt: Prompt, show: &mut Show<'_>) {
        self.state = Stage::Typing(prompt);
        if let Some(editor) = &mut self.editor {
            if prompt == Prompt::Words {
                editor.remember(&self.refused);
            }
            let words = match prompt {
                Prompt::Command => "aiglon> ",
                Prompt::Words => "words> ",
                Prompt::Yes => "[y/N] ",
            };
            editor.begin(words, &mut |bytes| show(To::Out, bytes));
        }
    }

    /// What somebody types, up to the end of a line.
    fn type_on(&mut self, prompt: Prompt, show: &mut Show<'_>) -> bool {
        let Some(editor) = &mut self.editor else {
            self.finish(UNANSWERED);
            return true;
        };
        let (taken, action) = editor.feed(&self.come[self.at..], &mut |bytes| show(To::Out, bytes));
        self.at += taken;
        let typed = match action {
            EditorEvent::None if !self.ended => {
                self.come.clear();
                self.at = 0;
                return false;
            }
            EditorEvent::Line => Some(editor.line().to_owned()),
            EditorEvent::Interrupted => None,
            EditorEvent::Complete if prompt == Prompt::Command => {
                self.complete();
                return true;
            }
            EditorEvent::Complete => return true,
            EditorEvent::None | EditorEvent::End => {
                self.typed_end(prompt, show);
                return true;
            }
        };
        match (prompt, typed) {
            (Prompt::Command, Some(line)) if !line.trim().is_empty() => {
                editor.remember(&line);
                self.command(&line, show);
            }
            (Prompt::Command, _) => self.prompt(Prompt::Command, show),
            (Prompt::Words, Some(text)) => self.have_words(text, show),
            (Prompt::Words, None) => self.fail("not done\n", USAGE, show),
            (Prompt::Yes, Some(answer)) if matches!(answer.trim(), "y" | "Y" | "yes") => {
                self.flags |= wire::CONFIRMED;
                self.ask(show);
            }
            (Prompt::Yes, _) => self.fail("not done\n", REFUSED, show),
        }
        true
    }

    /// Ctrl-D, or they are gone.
    fn typed_end(&mut self, prompt: Prompt, show: &mut Show<'_>) {
        match prompt {
            Prompt::Command => self.state = Stage::Done,
            Prompt::Words => self.fail("not done\n", USAGE, show),
            Prompt::Yes => self.fail("not done\n", REFUSED, show),
        }
    }

    /// Asks what may stand at the cursor.
    fn complete(&mut self) {
        let before = self.editor.as_ref().map_or("", |editor| editor.before_cursor());
        let request = ConsoleRequest {
            op: ConsoleOp::Complete,
            flags: 0,
            columns: 0,
            user: &self.user,
            line: before,
            text: "",
        };
        if let Ok(bytes) = request.write() {
            self.request = bytes;
            self.state = Stage::Completing;
        }
    }

    fn completed(&mut self, code: Option<Code>, words: &[u8], show: &mut Show<'_>) {
        self.state = Stage::Typing(Prompt::Command);
        let Some(editor) = &mut self.editor else { return };
        // Who cannot be told completes nothing.
        let words = if code == Some(Code::Done) { words } else { b"" };
        let word = editor.before_cursor().rsplit(char::is_whitespace).next().unwrap_or_default().len();
        editor.complete(word, std::str::from_utf8(words).unwrap_or_default(), &mut |bytes| {
            show(To::Out, bytes);
        });
    }

    // ---- one command ----------------------------------------------------------------------------

    fn command(&mut self, line: &str, show: &mut Show<'_>) {
        line.clone_into(&mut self.line);
        self.flags = match self.from {
            WordSource::Nowhere => 0,
            WordSource::Input => wire::CAN_TEXT,
            WordSource::Person => wire::CAN_TEXT | wire::PERSON,
        };
        if wants_json(line) {
            self.flags |= wire::JSON;
        }
        self.op = ConsoleOp::Command;
        self.text.clear();
        self.archive.clear();
        self.tries = 0;
        self.ask(show);
    }

    fn ask(&mut self, show: &mut Show<'_>) {
        let request = ConsoleRequest {
            op: self.op,
            flags: self.flags,
            columns: self.columns,
            user: &self.user,
            line: &self.line,
            text: &self.text,
        };
        match request.write() {
            Ok(bytes) => {
                self.request = bytes;
                self.state = Stage::Asking;
            }
            Err(words) => self.fail(&format!("{words}\n"), USAGE, show),
        }
    }

    /// Says why it was not done.
    fn fail(&mut self, words: &str, status: u8, show: &mut Show<'_>) {
        self.show(To::Err, words.as_bytes(), show);
        self.went(status, false, show);
    }

    /// The command in hand is over.
    fn went(&mut self, status: u8, quit: bool, show: &mut Show<'_>) {
        self.archive = Vec::new();
        // What was typed and not published can be had back, to be mended.
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.refused = if status == DONE { String::new() } else { text };
        }
        match self.from {
            WordSource::Person if quit => self.finish(status),
            _ if self.single => self.finish(status),
            _ if quit => self.finish(self.status.max(status)),
            WordSource::Person => {
                self.status = status;
                self.prompt(Prompt::Command, show);
            }
            // What leaves words on the flash is done: others that must go may follow.
            _ if matches!(status, DONE | LEFT) => {
                self.status = self.status.max(status);
                self.state = Stage::Script;
            }
            _ => {
                let words = format!("aiglon: that was line {}; what follows it was not done\n", self.number);
                self.show(To::Err, words.as_bytes(), show);
                self.finish(status);
            }
        }
    }

    fn finish(&mut self, status: u8) {
        self.status = status;
        self.state = Stage::Done;
        self.come = Vec::new();
        self.at = 0;
    }

    // ---- what a command may want ----------------------------------------------------------------

    fn want_words(&mut self, show: &mut Show<'_>) {
        match self.from {
            WordSource::Person => self.prompt(Prompt::Words, show),
            WordSource::Input => self.state = Stage::Words,
            WordSource::Nowhere => self.have_words(String::new(), show),
        }
    }

    /// Words on standard input.
    fn gather(&mut self, show: &mut Show<'_>) -> bool {
        if self.come.len() > CONSOLE_TEXT_BYTES {
            self.fail("too long: what is said at once has 900 bytes at most\n", USAGE, show);
        } else if !self.ended {
            return false;
        } else {
            match String::from_utf8(std::mem::take(&mut self.come)) {
                Ok(text) => self.have_words(text, show),
                Err(_) => self.fail("standard input is not UTF-8\n", USAGE, show),
            }
        }
        true
    }

    fn have_words(&mut self, text: String, show: &mut Show<'_>) {
        self.flags |= wire::TEXT;
        self.text = text;
        self.ask(show);
    }

    fn want_archive(&mut self, show: &mut Show<'_>) {
        if self.from == WordSource::Input {
            self.state = Stage::Archive;
        } else {
            self.fail("import takes the archive from standard input: ssh … import < FILE\n", USAGE, show);
        }
    }

    /// The archive on standard input, if it is whole.
    fn load(&mut self, show: &mut Show<'_>) -> bool {
        if self.come.len() > archive::TEXT_BYTES {
            self.fail(archive::ArchiveError::TooLarge.words(), USAGE, show);
        } else if !self.ended {
            return false;
        } else {
            let (mut reader, mut nowhere) = (archive::ArchiveReader::new(), |_: &[u8]| true);
            match reader.feed(&self.come, &mut nowhere).and_then(|_| reader.finish(&mut nowhere)) {
                Ok(()) => {
                    self.archive = std::mem::take(&mut self.come);
                    self.op = ConsoleOp::Import;
                    self.ask(show);
                }
                Err(bad) => self.fail(bad.words(), USAGE, show),
            }
        }
        true
    }

    /// Says so where a command that could have had words on standard input did without, and
    /// something stands there.
    fn hint(&mut self, show: &mut Show<'_>) {
        if self.from != WordSource::Input || self.flags & wire::TEXT != 0 || !self.unread {
            return;
        }
        let mut words = LineWords::new();
        let wordless = parse(&self.line, None, &mut words)
            .is_ok_and(|command| command.row.speaks() && command.text.is_empty() && command.say.is_none());
        if wordless {
            self.show(
                To::Err,
                b"aiglon: standard input was not read; a '-' in place of words reads it\n",
                show,
            );
        }
    }

    // ---- what is shown --------------------------------------------------------------------------

    /// Shows text. A terminal is one stream, and has no driver here that would end lines for it.
    fn show(&self, to: To, bytes: &[u8], show: &mut Show<'_>) {
        if self.editor.is_none() {
            if !bytes.is_empty() {
                show(to, bytes);
            }
            return;
        }
        let columns = if self.flags & wire::JSON == 0 { self.columns } else { 0 };
        let bytes = wrap(bytes, columns.into());
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(line) => {
                    show(To::Out, line);
                    show(To::Out, b"\r\n");
                }
                None => show(To::Out, line),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// A daemon that says what it is told to, and a client that has sent all it will.
    struct Scene {
        out: String,
        err: String,
        asked: Vec<(ConsoleOp, u8, String, String)>,
        status: Option<u8>,
    }

    type Answer<'a> = (&'a [(FrameKind, &'a str)], Option<Code>);

    fn play(terminal: bool, command: Option<&str>, sent: &[u8], answers: &[Answer<'_>]) -> Scene {
        let mut scene = Scene { out: String::new(), err: String::new(), asked: Vec::new(), status: None };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut show = |to, bytes: &[u8]| match to {
            To::Out => out.extend_from_slice(bytes),
            To::Err => err.extend_from_slice(bytes),
        };
        let columns = terminal.then_some(200);
        let mut dialogue = Dialogue::new("heron1", columns, command.map(str::as_bytes), &mut show);
        let (mut answers, mut sent) = (answers.iter(), Some(sent));
        loop {
            match dialogue.next(&mut show) {
                DialogueNext::Input => match sent.take() {
                    Some(bytes) => dialogue.input(bytes),
                    None => dialogue.end(),
                },
                DialogueNext::Ask(request, _) => {
                    let request = ConsoleRequest::read(request).unwrap();
                    assert_eq!(request.user, "heron1");
                    scene.asked.push((request.op, request.flags, request.line.into(), request.text.into()));
                    let (frames, code) = answers.next().expect("an answer");
                    for (kind, bytes) in *frames {
                        dialogue.frame(*kind, bytes.as_bytes(), &mut show);
                    }
                    dialogue.answered(*code, &mut show);
                }
                DialogueNext::Wait => {}
                DialogueNext::Done(status) => {
                    scene.status = Some(status);
                    break;
                }
            }
        }
        scene.out = String::from_utf8(out).unwrap();
        scene.err = String::from_utf8(err).unwrap();
        scene
    }

    const YES: Answer<'_> = (&[(FrameKind::Out, "done\n")], Some(Code::Done));

    #[test]
    fn a_command_and_how_it_went() {
        for (answer, status, out, err) in [
            (YES, 0, "done\n", ""),
            ((&[(FrameKind::Words, "no\n")][..], Some(Code::Refused)), 1, "", "no\n"),
            ((&[(FrameKind::Words, "what?\n")], Some(Code::Usage)), 2, "", "what?\n"),
            ((&[(FrameKind::Words, "who?\n")], Some(Code::Denied)), 1, "", "who?\n"),
            (
                (&[(FrameKind::Out, "done\n"), (FrameKind::Note, "in memory\n")], Some(Code::Done)),
                0,
                "done\n",
                "in memory\n",
            ),
            (
                (&[(FrameKind::Out, "done\n"), (FrameKind::Note, "still there\n")], Some(Code::Left)),
                5,
                "done\n",
                "still there\n",
            ),
            ((&[], Some(Code::WantsArchive)), 2, "", archive_missing()),
        ] {
            let scene = play(false, Some("undo 12"), b"", &[answer]);
            assert_eq!((scene.status, &*scene.out, &*scene.err), (Some(status), out, err));
            assert_eq!(scene.asked.len(), 1);
        }
        let scene = play(false, Some("undo 12"), b"", &[(&[(FrameKind::Out, "par")], None)]);
        assert_eq!((scene.status, &*scene.out), (Some(4), "par"));
        assert!(scene.err.contains("stopped in the middle"));
        let scene =
            play(false, Some("redact 1"), b"y\n", &[(&[(FrameKind::Words, "sure?\n")], Some(Code::Confirm))]);
        assert_eq!(scene.status, Some(3));
        assert!(scene.err.starts_with("sure?\n") && scene.err.contains("--yes"), "{}", scene.err);
    }

    #[test]
    fn a_script_goes_on_after_words_that_are_left_on_the_flash() {
        let left = (&[(FrameKind::Out, "done\n")][..], Some(Code::Left));
        for end in ["", "quit\n"] {
            let quit = (&[][..], Some(Code::Quit));
            let scene =
                play(false, None, format!("redact 1\nredact 2\n{end}").as_bytes(), &[left, YES, quit]);
            assert_eq!((scene.status, &*scene.out), (Some(5), "done\ndone\n"));
        }
    }

    fn archive_missing() -> &'static str {
        let mut reader = archive::ArchiveReader::new();
        reader.finish(&mut |_| true).unwrap_err().words()
    }

    #[test]
    fn words_on_standard_input() {
        let arabic = "نعمل على ذلك 🦅\n";
        let wants = (&[][..], Some(Code::WantsText));
        let scene = play(false, Some("update 1 identified -"), arabic.as_bytes(), &[wants, YES]);
        assert_eq!(scene.status, Some(0));
        let (_, flags, line, text) = &scene.asked[1];
        assert_eq!((&**line, &**text, flags & wire::TEXT), ("update 1 identified -", arabic, wire::TEXT));
        for (sent, err) in
            [(vec![b'x'; 1 << 20], "too long"), (b"\xff".to_vec(), "standard input is not UTF-8")]
        {
            let scene = play(false, Some("update 1 identified -"), &sent, &[wants]);
            assert_eq!(scene.status, Some(2));
            assert!(scene.err.contains(err), "{}", scene.err);
        }
    }

    #[test]
    fn a_script_ends_with_what_was_not_done() {
        let scene = play(false, None, b"# all\n\nwhoami\r\n  sites", &[YES, YES]);
        assert_eq!((scene.status, &*scene.out), (Some(0), "done\ndone\n"));
        let lines: Vec<_> = scene.asked.iter().map(|(_, flags, line, _)| (*flags, &**line)).collect();
        assert_eq!(lines, [(0, "whoami"), (0, "sites")]);
        let scene =
            play(false, None, b"a\nb\nc\n", &[YES, (&[(FrameKind::Words, "no\n")], Some(Code::Refused))]);
        assert_eq!(
            (scene.status, &*scene.err),
            (Some(1), "no\naiglon: that was line 2; what follows it was not done\n")
        );
        let scene = play(false, None, b"quit\nwhoami\n", &[(&[], Some(Code::Quit))]);
        assert_eq!(scene.status, Some(0));
        let scene = play(false, None, &vec![b'x'; 1 << 20], &[]);
        assert_eq!(scene.status, Some(2));
        assert!(scene.err.contains("4096 bytes") && scene.err.contains("line 1"), "{}", scene.err);
        let scene = play(false, None, b"whoami\n\xff\n", &[YES]);
        assert_eq!((scene.status, &*scene.err), (Some(2), "aiglon: line 2 is not UTF-8\n"));
        assert_eq!(play(false, None, b"", &[]).status, Some(0));
    }

    /// Somebody who has been greeted.
    fn at_prompt(sent: &[u8], answers: &[Answer<'_>]) -> Scene {
        let mut scene = play(true, None, sent, &[&[YES], answers].concat());
        let greeting = scene.asked.remove(0);
        assert_eq!((greeting.0, &*greeting.2), (ConsoleOp::Command, GREETING));
        scene
    }

    #[test]
    fn somebody_at_a_terminal() {
        let question = (&[(FrameKind::Words, "sure?\n")][..], Some(Code::Confirm));
        let wants = (&[][..], Some(Code::WantsText));
        let scene = at_prompt(b"redact 1\ry\rquit\r", &[question, YES, (&[], Some(Code::Quit))]);
        assert_eq!(scene.status, Some(0));
        assert_ne!(scene.asked[1].1 & wire::CONFIRMED, 0);
        assert!(
            scene.out.contains("aiglon> ") && scene.out.contains("sure?\r\n") && scene.out.contains("[y/N] ")
        );
        assert_eq!(scene.err, "");
        // A terminal has no line ends of ours that are not whole.
        assert!(!scene.out.replace("\r\n", "").contains('\n'));
        let scene = at_prompt(b"redact 1\rn\r\x04", &[question]);
        assert_eq!(scene.status, Some(1));
        assert!(scene.out.contains("not done"));
        let scene = at_prompt("update 1 -\rça va\r".as_bytes(), &[wants, YES]);
        assert_eq!((scene.status, &*scene.asked[1].3), (Some(0), "ça va"));
        let scene = at_prompt(b"update 1 -\r\x03sites\r", &[wants, YES]);
        assert_eq!((scene.status, &*scene.asked[1].2), (Some(0), "sites"));
        // Words that were refused come back with arrow up.
        let sent = b"update 1\rmy words\rn\rupdate 1\r\x1b[A!\r";
        let scene = at_prompt(sent, &[wants, question, wants, YES]);
        assert_eq!((scene.status, scene.asked.len(), &*scene.asked[3].3), (Some(0), 4, "my words!"));
        // With a command, too.
        let scene = play(true, Some("redact 1"), b"y\r", &[question, YES]);
        assert_eq!((scene.status, scene.asked.len()), (Some(0), 2));
        let scene = play(true, Some("redact 1"), b"", &[question]);
        assert_eq!(scene.status, Some(1));
        let scene = at_prompt(b"inc\t\r\x04", &[(&[(FrameKind::Out, "incidents\n")], Some(Code::Done)), YES]);
        assert_eq!((scene.asked[0].0, &*scene.asked[0].2), (ConsoleOp::Complete, "inc"));
        assert_eq!(scene.asked[1].2, "incidents ");
    }

    #[test]
    fn a_busy_daemon_is_asked_again() {
        let busy = (&[(FrameKind::Words, "busy\n")][..], Some(Code::Busy));
        let scene = play(false, Some("whoami"), b"", &[busy, busy, YES]);
        assert_eq!((scene.status, &*scene.out, &*scene.err), (Some(0), "done\n", ""));
        let scene = play(false, Some("whoami"), b"", &[busy; 21]);
        assert_eq!((scene.status, &*scene.err), (Some(1), "busy\n"));
    }

    #[test]
    fn what_was_not_read_is_told() {
        let dialogue = Dialogue::new("heron1", None, None, &mut |_, _| {});
        assert!(!dialogue.may_puzzle());
        let scene = play(false, Some("resolve 1"), b"words", &[YES]);
        // It is not known yet that there are any.
        assert_eq!(scene.err, "");
        let mut err = Vec::new();
        let mut show = |to, bytes: &[u8]| {
            if to == To::Err {
                err.extend_from_slice(bytes);
            }
        };
        let mut dialogue = Dialogue::new("heron1", None, Some(b"resolve 1"), &mut show);
        dialogue.unread();
        dialogue.answered(Some(Code::Done), &mut show);
        assert!(String::from_utf8(err).unwrap().contains("'-' in place of words"));
    }

    proptest! {
        /// However it is cut, and whatever the daemon says.
        #[test]
        fn whatever_comes(
            terminal: bool,
            command in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..8),
            codes in proptest::collection::vec(0u8..10, 1..6),
        ) {
            let mut show = |_, _: &[u8]| {};
            let mut dialogue = Dialogue::new("heron1", terminal.then_some(20), command.as_deref(), &mut show);
            let (mut pieces, mut codes) = (pieces.iter(), codes.iter().cycle());
            for _ in 0..10_000 {
                match dialogue.next(&mut show) {
                    DialogueNext::Input => match pieces.next() {
                        Some(piece) => dialogue.input(piece),
                        None => dialogue.end(),
                    },
                    DialogueNext::Ask(request, _) => {
                        prop_assert_eq!(wire::expect(request), Ok(Some(request.len())));
                        prop_assert_eq!(ConsoleRequest::read(request).unwrap().user, "heron1");
                        let code = codes.next().copied().unwrap();
                        dialogue.frame(FrameKind::Words, b"words\n", &mut show);
                        dialogue.answered(Code::from_byte(code), &mut show);
                    }
                    DialogueNext::Wait => {}
                    DialogueNext::Done(_) => return Ok(()),
                }
            }
            prop_assert!(false, "it does not end");
        }
    }
}
