//! `aiglon console`: a command, a script, or a person at a terminal, and the daemon at the other
//! end of its socket.
//!
//! The exit status is 0 if it was done, 1 if it was not and the daemon says why, 2 if it was not
//! understood, 3 if it asks for a yes and nobody can be asked, 4 if the daemon was not reached or
//! did not answer to the end, 5 if it was done and what was taken away is still on the flash.

use std::cell::Cell;
use std::env;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal, Read, Write};
use std::iter;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::sleep;

use aiglon::command::{LineWords, parse, wants_json};
use aiglon::limits::{
    CONSOLE_LINE_BYTES, CONSOLE_PATIENCE, CONSOLE_RETRY, CONSOLE_TEXT_BYTES, CONSOLE_TRIES,
};
use aiglon::time::Millis;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use rustix::io::ioctl_fionread;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::editor::{Editor, EditorEvent};
use super::terminal::{self, Terminal, TerminalEvent, first};
use super::wire::{self, Code, ConsoleOp, ConsoleRequest, FrameKind};
use super::wrap::wrap;
use super::{NAME, archive, complain};
use crate::shell::files;
use crate::shell::log::Safe;
use crate::shell::stdio;

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// `--user`.
    pub user: String,
    /// `--config`: the file that says where the socket is.
    pub config: PathBuf,
    /// `--socket`: where it is.
    pub socket: Option<PathBuf>,
    pub json: bool,
    pub yes: bool,
    /// The command, in words.
    pub words: Vec<OsString>,
}

const DONE: u8 = 0;
const REFUSED: u8 = 1;
const USAGE: u8 = 2;
const UNASKED: u8 = 3;
const UNANSWERED: u8 = 4;
const LEFT: u8 = 5;

/// Where OpenWrt's package has the socket.
const OF_PACKAGE: &str = "/var/run/aiglon";

/// Does what the arguments say.
#[inline(never)]
pub fn run(options: ClientOptions) -> ExitCode {
    let of_file = files::ConfigOptions { file: options.config.clone(), ..files::ConfigOptions::default() };
    let sockets = match find(&of_file, options.socket.as_ref()) {
        Ok(places) => places,
        Err(words) => return fail(&words),
    };
    let mut line = match line_of(&options.words) {
        Ok(line) => line,
        Err(words) => return fail(words),
    };
    // As a forced command of SSH: what they asked for is the line. No shell sees it.
    if line.is_none()
        && let Some(original) = env::var_os("SSH_ORIGINAL_COMMAND")
    {
        match original.into_string() {
            Ok(original) => line = Some(original).filter(|line| !line.trim().is_empty()),
            Err(_) => return fail("a command must be UTF-8"),
        }
    }
    let mut client = Client { options, sockets, person: None, other: Cell::new(0) };
    ExitCode::from(match line {
        Some(line) => client.perform(&line, WordSource::Input).status,
        None if terminal::is_there() => client.talk(),
        None => client.script(),
    })
}

fn fail(words: &str) -> ExitCode {
    complain(format_args!("aiglon: {words}\n"));
    ExitCode::from(USAGE)
}

/// Where the socket may be, the likeliest place first. The file names one; the last good one names
/// another, and is in force if the file is broken; the packages have theirs. Nothing else of a file
/// is looked at.
fn find(options: &files::ConfigOptions, socket: Option<&PathBuf>) -> Result<Vec<PathBuf>, String> {
    if let Some(path) = socket {
        return Ok(vec![path.clone()]);
    }
    let by_default = options.file.as_os_str() == files::FILE;
    let mut places: Vec<_> = options.state_dir.iter().map(|dir| dir.join(NAME)).collect();
    // Who may use the socket may not be allowed to read the files.
    for file in iter::once(options.file.clone()).chain(files::last_good(options)) {
        let Ok(text) = files::read(&file) else { continue };
        let mut buffer = [0; 256];
        match aiglon::config::option_of(&text, "console", &mut buffer) {
            Some("off") if file.as_os_str() == options.file.as_os_str() => {
                return Err(format!("there is no console: {} says option console 'off'", file.display()));
            }
            Some(path) if path.starts_with('/') => places.push(PathBuf::from(path)),
            _ => {
                let dir = aiglon::config::state_dir_of(&text, &mut buffer).unwrap_or("/etc/aiglon");
                places.push(Path::new(dir).join(NAME));
            }
        }
    }
    if by_default {
        places.push(Path::new(OF_PACKAGE).join(NAME));
        places.push(Path::new("/var/lib/aiglon").join(NAME));
    }
    // Whoever names a file means its daemon, and no other.
    if by_default || places.is_empty() {
        places.push(Path::new("/etc/aiglon").join(NAME));
    }
    Ok(places)
}

/// The line that these words are. A word with a space in it stays one word, but where it stands
/// first: no command is called that, so it is the beginning of the line.
fn line_of(words: &[OsString]) -> Result<Option<String>, &'static str> {
    let mut line = String::new();
    for word in words {
        let word = word.to_str().ok_or("a command must be UTF-8")?;
        // The first may hold more than the command: no command is called like that.
        if line.is_empty() {
            line.push_str(word);
            continue;
        }
        line.push(' ');
        quote(word, &mut line);
    }
    Ok((!words.is_empty()).then_some(line))
}

/// Appends a word as the grammar takes it for one (`src/command/words.rs`).
fn quote(word: &str, line: &mut String) {
    let plain = !word.is_empty()
        && !word.contains(char::is_whitespace)
        && !word.starts_with(['"', '\'', '\u{201c}', '\u{201d}', '\u{201e}', '\u{ab}', '\u{2018}']);
    if plain {
        line.push_str(word);
        return;
    }
    line.push('"');
    for c in word.chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '"' | '\\' => line.extend(['\\', c]),
            c => line.push(c),
        }
    }
    line.push('"');
}

/// Where the words come from that a command may want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WordSource {
    /// Standard input is theirs.
    Input,
    /// Whoever sits at the terminal.
    Person,
    /// Nowhere: standard input holds commands.
    Nowhere,
}

/// What whoever sits at the terminal did.
enum Typed {
    /// They ended a line.
    Line(String),
    /// Ctrl-C.
    Nothing,
    /// Ctrl-D, or they are gone.
    End,
}

/// How a command went.
struct Went {
    status: u8,
    quit: bool,
}

/// Why there is no answer.
enum Lost {
    /// There is nobody.
    Nobody(PathBuf, io::Error),
    /// They speak otherwise.
    Version,
    /// They stopped in the middle, or said nothing.
    Cut,
    /// We were told to end.
    Told,
    /// Nobody takes what we write.
    Output(io::Error),
}

/// Somebody at a terminal.
struct Person {
    terminal: Terminal,
    editor: Box<Editor>,
    /// What was typed ahead.
    typed: [u8; 256],
    from: usize,
    until: usize,
    /// The last words that were not published.
    refused: String,
}

/// What comes of an order of the daemon's owner.
pub enum Reply {
    /// Nobody listens.
    Nobody,
    /// There is no answer, and the caller was told why.
    Lost,
    /// How it went, and what the daemon says of it. Words on why not were told.
    Said(Code, Vec<u8>),
}

/// One end of the console.
pub struct Client {
    options: ClientOptions,
    /// Where the socket may be; there is at least one place.
    sockets: Vec<PathBuf>,
    person: Option<Person>,
    /// The process that listens.
    other: Cell<u32>,
}

impl Client {
    /// For orders to the daemon of a file.
    pub fn of(options: &files::ConfigOptions, socket: Option<&PathBuf>) -> Self {
        let sockets = find(options, socket).unwrap_or_else(|words| {
            complain(format_args!("aiglon: {words}\n"));
            Vec::new()
        });
        Self { options: ClientOptions::default(), sockets, person: None, other: Cell::new(0) }
    }

    /// Says why the last start of the daemon failed, if that is known.
    pub fn tell_why_not(&self) {
        let beside = self.sockets.iter().map(|socket| socket.with_added_extension(files::WHY_EXTENSION));
        // The script starts the daemon whose socket is there.
        let is_its = self.sockets.iter().any(|socket| socket.starts_with(OF_PACKAGE));
        let by_script = is_its.then(|| PathBuf::from(files::WHY));
        for place in by_script.into_iter().chain(beside) {
            if let Ok((why, _)) = files::read_plain(&place) {
                let why = String::from_utf8_lossy(&why);
                return complain(format_args!("aiglon: it was not started: {}\n", Safe(why.trim_end())));
            }
        }
    }

    /// The number of the process that was last connected to.
    pub fn other(&self) -> u32 {
        self.other.get()
    }

    /// Has an order carried out.
    pub fn order(&self, op: ConsoleOp, line: &str) -> Reply {
        let mut told = Vec::new();
        let request = ConsoleRequest { op, flags: 0, columns: 0, user: "", line, text: "" };
        match self.once_to(&request, &[], &mut |bytes| {
            told.extend_from_slice(bytes);
            Ok(())
        }) {
            Ok(code) => Reply::Said(code, told),
            Err(Lost::Nobody(_, error)) if !is_there(&error) => Reply::Nobody,
            Err(lost) => {
                Self::tell(&lost);
                Reply::Lost
            }
        }
    }

    // ---- ways to be used ------------------------------------------------------------------------

    /// A command a line, from standard input. Blank lines and those that begin with `#` are
    /// nothing. Ends with the first that is not done: what follows may have meant it. What leaves
    /// words on the flash is done: others that must go may follow.
    fn script(&mut self) -> u8 {
        let mut input = match stdio::input() {
            Ok(input) => BufReader::new(input),
            Err(error) => return unreadable(&error),
        };
        let mut bytes = Vec::new();
        let mut status = DONE;
        for number in 1u32.. {
            bytes.clear();
            // One byte more than a line may have, so that too much is seen as such.
            match input.by_ref().take(CONSOLE_LINE_BYTES as u64 + 2).read_until(b'\n', &mut bytes) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return unreadable(&error),
            }
            let Ok(line) = std::str::from_utf8(&bytes) else {
                complain(format_args!("aiglon: line {number} is not UTF-8\n"));
                return USAGE;
            };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let went = self.perform(line, WordSource::Nowhere);
            match went.status {
                DONE => {}
                LEFT => status = LEFT,
                status => {
                    complain(format_args!("aiglon: that was line {number}; what follows it was not done\n"));
                    return status;
                }
            }
            if went.quit {
                break;
            }
        }
        status
    }

    /// Talks with somebody at a terminal until they leave.
    fn talk(&mut self) -> u8 {
        let terminal = match Terminal::open() {
            Ok(terminal) => terminal,
            Err(error) => {
                complain(format_args!("aiglon: the terminal: {error}\n"));
                return UNANSWERED;
            }
        };
        let editor = Box::new(Editor::new());
        self.person =
            Some(Person { terminal, editor, typed: [0; 256], from: 0, until: 0, refused: String::new() });
        // Who they are here, and what goes on.
        let mut status = DONE;
        if self.perform(wire::GREETING, WordSource::Person).quit {
            return REFUSED;
        }
        loop {
            match self.read("aiglon> ") {
                Ok(Typed::Nothing) => {}
                Ok(Typed::Line(line)) if line.trim().is_empty() => {}
                Ok(Typed::Line(line)) => {
                    if let Some(person) = &mut self.person {
                        person.editor.remember(&line);
                    }
                    let went = self.perform(&line, WordSource::Person);
                    status = went.status;
                    if went.quit {
                        return status;
                    }
                }
                Ok(Typed::End) => return status,
                Err(_) => return UNANSWERED,
            }
        }
    }

    /// A line of whoever sits at the terminal.
    fn read(&mut self, prompt: &'static str) -> io::Result<Typed> {
        let Some(mut person) = self.person.take() else { return Ok(Typed::End) };
        person.terminal.raw();
        let line = self.edit(&mut person, prompt);
        terminal::restore();
        self.person = Some(person);
        line
    }

    fn edit(&self, person: &mut Person, prompt: &'static str) -> io::Result<Typed> {
        let Person { terminal, editor, typed, from, until, .. } = person;
        let mut shown = Vec::new();
        editor.resize(terminal::columns(), &mut |bytes| shown.extend(bytes));
        editor.begin(prompt, &mut |bytes| shown.extend(bytes));
        loop {
            let (taken, action) = editor.feed(&typed[*from..*until], &mut |bytes| shown.extend(bytes));
            *from += taken;
            if action == EditorEvent::Complete {
                let (replaced, words) = self.completions(editor.before_cursor());
                editor.complete(replaced, &words, &mut |bytes| shown.extend(bytes));
            }
            stdio::write(stdio::stdout(), &shown)?;
            shown.clear();
            match action {
                EditorEvent::Line => return Ok(Typed::Line(editor.line().to_owned())),
                EditorEvent::Interrupted => return Ok(Typed::Nothing),
                EditorEvent::End => return Ok(Typed::End),
                EditorEvent::Complete => continue,
                EditorEvent::None => {}
            }
            match terminal.wait(typed)? {
                TerminalEvent::Bytes(0) | TerminalEvent::End => return Err(ErrorKind::Interrupted.into()),
                TerminalEvent::Bytes(read) => (*from, *until) = (0, read),
                TerminalEvent::Resized => {
                    (*from, *until) = (0, 0);
                    editor.resize(terminal::columns(), &mut |bytes| shown.extend(bytes));
                }
            }
        }
    }

    /// What may stand at the end of what has been typed: how many bytes it takes the place of, and
    /// the words.
    fn completions(&self, before: &str) -> (usize, String) {
        let word = before.rsplit(char::is_whitespace).next().unwrap_or_default().len();
        let mut words = Vec::new();
        let request = ConsoleRequest {
            op: ConsoleOp::Complete,
            flags: 0,
            columns: 0,
            user: &self.options.user,
            line: before,
            text: "",
        };
        let asked = self.ask(&request, &[], &mut |kind, bytes| {
            if kind == FrameKind::Out {
                words.extend(bytes);
            }
            Ok(())
        });
        // Who cannot be told completes nothing.
        let words = asked.ok().and_then(|_| String::from_utf8(words).ok());
        (word, words.unwrap_or_default())
    }

    // ---- one command ----------------------------------------------------------------------------

    /// Has a line carried out, asks what it asks, and tells what came of it.
    fn perform(&mut self, line: &str, from: WordSource) -> Went {
        let flag = |given: bool, flag: u8| if given { flag } else { 0 };
        let user = std::mem::take(&mut self.options.user);
        let mut flags = flag(self.options.json, wire::JSON)
            | flag(self.options.yes, wire::CONFIRMED)
            | flag(from != WordSource::Nowhere, wire::CAN_TEXT)
            | flag(
                from == WordSource::Person || from == WordSource::Input && stdio::stdin().is_terminal(),
                wire::PERSON,
            );
        let columns = if stdio::stdout().is_terminal() { terminal::columns() } else { 0 };
        let columns = u8::try_from(columns).unwrap_or(u8::MAX);
        let (mut op, mut text, mut archive) = (ConsoleOp::Command, String::new(), Vec::new());
        let went = loop {
            let request = ConsoleRequest { op, flags, columns, user: &user, line, text: &text };
            let wanted = match self.once(&request, &archive) {
                Ok(Code::WantsText) => self.text(from).map(|got| {
                    flags |= wire::TEXT;
                    text = got;
                }),
                Ok(Code::WantsArchive) => Self::archive(from).map(|got| {
                    op = ConsoleOp::Import;
                    archive = got;
                }),
                Ok(Code::Confirm) if self.agrees(from) => {
                    flags |= wire::CONFIRMED;
                    Ok(())
                }
                Ok(code) => {
                    if code == Code::Done && from == WordSource::Input && flags & wire::TEXT == 0 {
                        hint(line);
                    }
                    break Went {
                        status: match code {
                            Code::Done | Code::Quit => DONE,
                            Code::Left => LEFT,
                            Code::Refused | Code::Denied | Code::Busy => REFUSED,
                            Code::Confirm if from == WordSource::Person => REFUSED,
                            Code::Confirm => UNASKED,
                            _ => USAGE,
                        },
                        quit: code == Code::Quit || code == Code::Denied,
                    };
                }
                Err(lost) => {
                    let went = Self::tell(&lost);
                    if matches!(lost, Lost::Nobody(..)) {
                        self.tell_why_not();
                    }
                    break went;
                }
            };
            if let Err(words) = wanted {
                complain(format_args!("{}\n", words.trim_end()));
                break Went { status: USAGE, quit: false };
            }
        };
        self.options.user = user;
        // What was typed and not published can be had back, to be mended.
        if let Some(person) = &mut self.person
            && !text.is_empty()
        {
            person.refused = if went.status == DONE { String::new() } else { text };
        }
        went
    }

    /// Asks once, and again while the daemon is busy; shows what it says.
    fn once(&self, request: &ConsoleRequest<'_>, archive: &[u8]) -> Result<Code, Lost> {
        let columns = if request.flags & wire::JSON == 0 { request.columns } else { 0 };
        self.once_to(request, archive, &mut |bytes| show(&wrap(bytes, columns.into())))
    }

    fn once_to(
        &self,
        request: &ConsoleRequest<'_>,
        archive: &[u8],
        show: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<Code, Lost> {
        // What a program reads is one stream, whatever it says; people see the other one even if
        // they redirect.
        let together = self.person.is_some() || self.options.json || wants_json(request.line);
        for last in (0..CONSOLE_TRIES).rev() {
            let mut words = Vec::new();
            let code = self.ask(request, archive, &mut |kind, bytes| match kind {
                FrameKind::Out => show(bytes),
                FrameKind::Words if together => show(bytes),
                _ => {
                    words.extend_from_slice(bytes);
                    Ok(())
                }
            })?;
            if code != Code::Busy || last == 0 {
                // What a program reads must have been read whole by it.
                _ = stdio::write(stdio::stderr(), &wrap(&words, request.columns.into()));
                return Ok(code);
            }
            sleep(CONSOLE_RETRY.duration());
        }
        Ok(Code::Busy)
    }

    fn ask(
        &self,
        request: &ConsoleRequest<'_>,
        archive: &[u8],
        each: &mut dyn FnMut(FrameKind, &[u8]) -> io::Result<()>,
    ) -> Result<Code, Lost> {
        let bytes = match request.write() {
            Ok(bytes) => bytes,
            Err(words) => {
                complain(format_args!("{words}\n"));
                return Ok(Code::Usage);
            }
        };
        let mut socket = self.connect().map_err(|(place, error)| Lost::Nobody(place.to_path_buf(), error))?;
        // Who is turned away is told so, though nobody takes what they say.
        _ = socket.write_all(&bytes).and_then(|()| socket.write_all(archive));
        let mut hello = [0; wire::HELLO.len()];
        self.fill(&mut socket, &mut hello)?;
        if hello != *wire::HELLO {
            return Err(Lost::Version);
        }
        let mut payload = Vec::new();
        loop {
            let mut head = [0; wire::FRAME_HEAD];
            self.fill(&mut socket, &mut head)?;
            let [kind, high, low] = head;
            payload.resize(usize::from(u16::from_be_bytes([high, low])), 0);
            self.fill(&mut socket, &mut payload)?;
            match (FrameKind::from_byte(kind), payload.first()) {
                (Some(FrameKind::End), Some(&code)) => return Code::from_byte(code).ok_or(Lost::Version),
                (Some(kind), _) => each(kind, &payload).map_err(Lost::Output)?,
                (None, _) => return Err(Lost::Version),
            }
        }
    }

    /// Connects to the first place where somebody listens. If there is none, the error is that of
    /// the first place.
    fn connect(&self) -> Result<UnixStream, (&Path, io::Error)> {
        let mut first = None;
        for place in &self.sockets {
            match connect(place, CONSOLE_PATIENCE) {
                Ok(socket) => {
                    let other = getsockopt(&socket, PeerCredentials).map_or(0, |about| about.pid());
                    self.other.set(u32::try_from(other).unwrap_or(0));
                    return Ok(socket);
                }
                // It is there, and not for us; or it does not get on.
                Err(error) if is_there(&error) => return Err((place, error)),
                Err(error) => first = first.or(Some((place.as_path(), error))),
            }
        }
        Err(first.unwrap_or((Path::new(NAME), ErrorKind::NotFound.into())))
    }

    /// Reads so many bytes.
    fn fill(&self, socket: &mut UnixStream, buffer: &mut [u8]) -> Result<(), Lost> {
        let mut filled = 0;
        while filled < buffer.len() {
            let come = match &self.person {
                Some(person) => first(&[socket, person.terminal.end()], Some(CONSOLE_PATIENCE)),
                None => first(&[socket], Some(CONSOLE_PATIENCE)),
            };
            match come {
                Ok(Some(0)) => {}
                Ok(Some(_)) => return Err(Lost::Told),
                Ok(None) | Err(_) => return Err(Lost::Cut),
            }
            match socket.read(&mut buffer[filled..]) {
                Ok(0) => return Err(Lost::Cut),
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Lost::Cut),
            }
        }
        Ok(())
    }

    // ---- what a command may want ----------------------------------------------------------------

    /// The words for it.
    fn text(&mut self, from: WordSource) -> Result<String, &'static str> {
        Ok(match from {
            WordSource::Person => {
                if let Some(Person { editor, refused, .. }) = &mut self.person {
                    editor.remember(refused);
                }
                match self.read("words> ") {
                    Ok(Typed::Line(line)) => line,
                    _ => return Err("not done"),
                }
            }
            WordSource::Input => {
                // Through SSH without a terminal, somebody may sit there and not know what is
                // waited for.
                if stdio::stdin().is_terminal()
                    || matches!(first(&[&stdio::stdin()], Some(Millis::from_secs(1))), Ok(None))
                {
                    complain(format_args!("The words, and Ctrl-D on a line of its own at their end:\n"));
                }
                input(CONSOLE_TEXT_BYTES, "too long: what is said at once has 900 bytes at most")?
            }
            WordSource::Nowhere => String::new(),
        })
    }

    /// The archive on standard input, if it is whole.
    fn archive(from: WordSource) -> Result<Vec<u8>, &'static str> {
        if from != WordSource::Input || stdio::stdin().is_terminal() {
            return Err("import takes the archive from standard input: aiglon console import < FILE");
        }
        let text = input(archive::TEXT_BYTES, archive::ArchiveError::TooLarge.words())?;
        let (mut reader, mut nowhere) = (archive::ArchiveReader::new(), |_: &[u8]| true);
        let read = reader.feed(text.as_bytes(), &mut nowhere).and_then(|_| reader.finish(&mut nowhere));
        read.map(|()| text.into_bytes()).map_err(archive::ArchiveError::words)
    }

    /// Whether somebody says yes to the question that has been shown.
    fn agrees(&mut self, from: WordSource) -> bool {
        let answer = match from {
            WordSource::Person => match self.read("[y/N] ") {
                Ok(Typed::Line(line)) => Some(line),
                _ => None,
            },
            WordSource::Input if stdio::stdin().is_terminal() => {
                complain(format_args!("[y/N] "));
                let mut line = String::new();
                // A terminal gives a line at a time.
                let read =
                    stdio::input().and_then(|input| BufReader::new(input).take(64).read_line(&mut line));
                read.is_ok().then_some(line)
            }
            _ => {
                complain(format_args!("aiglon: nobody can be asked here; --yes says yes beforehand\n"));
                return false;
            }
        };
        let yes = answer.is_some_and(|answer| matches!(answer.trim(), "y" | "Y" | "yes"));
        if !yes {
            complain(format_args!("not done\n"));
        }
        yes
    }

    /// Says why there is no answer.
    fn tell(lost: &Lost) -> Went {
        let status = match lost {
            // `aiglon console incidents | head -1` has all it wants.
            Lost::Output(error) if error.kind() == ErrorKind::BrokenPipe => DONE,
            _ => UNANSWERED,
        };
        let say = |words: fmt::Arguments<'_>| complain(format_args!("aiglon: {words}\n"));
        match lost {
            Lost::Nobody(path, error) if error.kind() == ErrorKind::PermissionDenied => say(format_args!(
                "you may not use {}: root, the daemon's own user and the members of its 'option console_group' may",
                path.display()
            )),
            Lost::Nobody(path, error) => say(format_args!(
                "nobody answers at {} ({error}): is the daemon running, and does it read that file (--config FILE)? --socket PATH names another place",
                path.display()
            )),
            Lost::Version => say(format_args!(
                "the daemon is of another release and speaks otherwise; restart it to run this one"
            )),
            Lost::Cut => say(format_args!(
                "the daemon stopped in the middle of its answer. Look whether it was done before you try again"
            )),
            Lost::Told => say(format_args!("interrupted; whether it was done is not known")),
            Lost::Output(_) if status == DONE => {}
            Lost::Output(error) => say(format_args!("standard output: {error}")),
        }
        Went { status, quit: matches!(lost, Lost::Output(_)) }
    }
}

/// Connects within this time: the queue of a daemon that does not get on is full.
fn connect(place: &Path, within: Millis) -> io::Result<UnixStream> {
    let socket =
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&socket, Timeout::Send, Some(within.duration()))?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(place)?)?;
    Ok(socket.into())
}

/// Whether somebody listens, for all that nobody came in.
fn is_there(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::WouldBlock)
}

/// Says so where a command that could have had words on standard input did without, and something
/// stands there.
fn hint(line: &str) {
    let mut words = LineWords::new();
    let wordless = parse(line, None, &mut words)
        .is_ok_and(|command| command.row.speaks() && command.text.is_empty() && command.say.is_none());
    if wordless
        && !stdio::stdin().is_terminal()
        && ioctl_fionread(stdio::stdin()).is_ok_and(|waiting| waiting > 0)
    {
        complain(format_args!("aiglon: standard input was not read; a '-' in place of words reads it\n"));
    }
}

fn show(bytes: &[u8]) -> io::Result<()> {
    stdio::write(stdio::stdout(), bytes)
}

/// Says that standard input cannot be read.
fn unreadable(error: &io::Error) -> u8 {
    complain(format_args!("aiglon: standard input: {error}\n"));
    USAGE
}

/// All of standard input, if it is not longer than this.
fn input(limit: usize, too_long: &'static str) -> Result<String, &'static str> {
    let mut text = Vec::new();
    match stdio::input().and_then(|input| input.take(limit as u64 + 1).read_to_end(&mut text)) {
        Ok(_) if text.len() > limit => Err(too_long),
        Ok(_) => String::from_utf8(text).map_err(|_| "standard input is not UTF-8"),
        Err(_) => Err("standard input cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn line(words: &[&str]) -> Option<String> {
        line_of(&words.iter().map(OsString::from).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_daemon_that_does_not_get_on_is_not_waited_for_without_end() {
        let dir = env::temp_dir().join(format!("aiglon-queue-{}", std::process::id()));
        let socket =
            rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
        let (socket, place) = (socket.unwrap(), SocketAddrUnix::new(&dir).unwrap());
        rustix::net::bind(&socket, &place).unwrap();
        rustix::net::listen(&socket, 0).unwrap();
        let mut held = Vec::new();
        let error = loop {
            match connect(&dir, Millis(50)) {
                Ok(socket) => held.push(socket),
                Err(error) => break error,
            }
            assert!(held.len() < 9, "a queue that is never full");
        };
        std::fs::remove_file(dir).unwrap();
        assert!(error.kind() == ErrorKind::WouldBlock && is_there(&error) && !held.is_empty(), "{error}");
    }

    #[test]
    fn arguments_as_a_line() {
        for (words, expected) in [
            (&[][..], None),
            (&["incidents"], Some("incidents")),
            (&["update 12 monitoring We look"], Some("update 12 monitoring We look")),
            (&["open wifi", "outage", "No power"], Some("open wifi outage \"No power\"")),
            (&["update", "12", "We look"], Some("update 12 \"We look\"")),
            (&["update", "12", "we", "don't", "know"], Some("update 12 we don't know")),
            (&["update", "12", "'tis"], Some("update 12 \"'tis\"")),
            (&["update", "12", "say \"hi\" \\ bye\nagain"], Some(r#"update 12 "say \"hi\" \\ bye\nagain""#)),
            (&["update", "12", "«bonjour»"], Some("update 12 \"«bonjour»\"")),
            (&["retitle", "12", ""], Some("retitle 12 \"\"")),
            (&["update", "12", "الخدمة تعمل", "--lang", "ar"], Some("update 12 \"الخدمة تعمل\" --lang ar")),
        ] {
            assert_eq!(line(words).as_deref(), expected);
        }
    }
}
