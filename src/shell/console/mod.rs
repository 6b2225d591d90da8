//! The ways to the console: how people reach what `aiglon::console` does.
//!
//! - A unix socket, of the daemon's user alone (0600), or of a group, too (0660, `option
//!   console_group`). Who is on the other end is asked of the kernel ([`peer`]), what they say is
//!   bounded and framed ([`wire`]), and a few of them are answered at the same time ([`session`]),
//!   in places of their own: no crowd at the HTTP listeners keeps a volunteer from this one.
//! - `aiglon console` ([`client`]), which speaks to that socket: a command as arguments, a script
//!   on standard input, a person at a terminal ([`editor`]), or, under the router's own SSH server,
//!   a forced command.

pub(super) mod archive;
pub mod client;
pub(super) mod editor;
mod peer;
pub mod session;
mod terminal;
mod width;
pub(super) mod wire;
pub(super) mod wrap;

use std::cell::{Cell, RefCell};
use std::fmt::{self, Write as _};
use std::fs;
use std::io::{self, ErrorKind, IoSlice};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use aiglon::config::{Config, Console};
use aiglon::limits::{ACCEPT_RETRY, UNIX_PATH_BYTES};
use rustix::fs::Mode;
use smol::{Async, Timer};

use super::files::FileId;
use super::listeners::{self, BoundListener, Lack, ListenSocket, ListenerOrder};
use super::log::Warnings;
use super::slots::Slots;
use super::stdio;
use super::stream::{Accepted, Peer, Stream, Ticket};
use super::tally::add;
use wire::{Code, FrameKind};

/// The socket's name in `state_dir`.
const NAME: &str = "console.sock";

/// Where the socket is: `None` if there is none.
pub fn path(config: &Config, state_dir: &Path) -> Option<PathBuf> {
    match config.main.console {
        Console::Off => None,
        Console::InStateDir => Some(state_dir.join(NAME)),
        Console::At(span) => Some(PathBuf::from(config.str(span))),
    }
}

/// The socket that listens, and what is counted at it.
pub struct ConsoleServer {
    listener: BoundListener,
    /// Where it is, and the group whose members may use it.
    open: RefCell<Option<(PathBuf, Option<u32>)>>,
    /// Its file.
    file: Cell<Option<FileId>>,
    /// Where it should be and is not as it should be, and why.
    lack: RefCell<Option<(PathBuf, &'static str)>>,
    /// The daemon's own user.
    own: u32,
    /// Requests that were carried out.
    pub commands: Cell<u64>,
    /// Callers who were not let in.
    pub denied: Cell<u64>,
    /// Callers who found all places taken.
    pub busy: Cell<u64>,
}

impl ConsoleServer {
    pub fn new() -> Self {
        Self {
            listener: BoundListener::new(),
            open: RefCell::new(None),
            file: Cell::new(None),
            lack: RefCell::new(None),
            own: rustix::process::geteuid().as_raw(),
            commands: Cell::new(0),
            denied: Cell::new(0),
            busy: Cell::new(0),
        }
    }

    /// Opens the socket that the configuration wants, unless it is open; closes one that it no
    /// longer wants. Where that cannot be, what is open stays so, and the pages are served all the
    /// same. The log says why, and it is tried again.
    pub fn open(&self, config: &Config, state_dir: &Path) {
        let before = self.lack.take();
        let Some(path) = path(config, state_dir) else { return self.close() };
        let name = config.str(config.main.console_group);
        let group = peer::group(name);
        let is_without_group = group.is_none() && !name.is_empty();
        if is_without_group && before.as_ref().is_none_or(|(known, _)| *known != path) {
            log::error!(
                "option console_group: there is no group '{name}'; the console is for the daemon's own user only"
            );
        }
        let wanted = (path, group);
        // Somebody may have cleaned up behind us.
        let is_open = self.open.borrow().as_ref() == Some(&wanted) && !self.is_lost();
        let mut lack = is_without_group.then(|| (wanted.0.clone(), "there is no group of that name"));
        match if is_open { Ok(None) } else { bind(&wanted.0, group).map(Some) } {
            Err(error) => {
                let found = (wanted.0, listeners::words_of(&error));
                if before.as_ref() != Some(&found) {
                    log::error!("no console at {}: {error}; trying again", found.0.display());
                }
                lack = Some(found);
            }
            Ok(None) => {}
            Ok(Some(listener)) => {
                log::info!("console at {}", wanted.0.display());
                let file = self.file.replace(listeners::file_at(&wanted.0));
                if let Some((path, _)) = self.open.replace(Some(wanted)) {
                    listeners::forget(&path, file);
                }
                self.listener.tell(ListenerOrder::Open(ListenSocket::Unix(listener)));
            }
        }
        self.lack.replace(lack);
    }

    /// Whether somebody can come to it.
    pub fn is_there(&self) -> bool {
        self.open.borrow().is_some()
    }

    /// Why it is not as the configuration wants it, if so.
    pub fn fault(&self) -> Option<&'static str> {
        let lack = self.lack.borrow().as_ref().map(|(_, words)| *words);
        lack.or_else(|| self.is_lost().then_some(listeners::GONE))
    }

    /// Whether its path no longer leads to it.
    fn is_lost(&self) -> bool {
        self.open.borrow().as_ref().is_some_and(|(path, _)| listeners::file_at(path) != self.file.get())
    }

    /// Calls `each` with where it should be, and why it is not as it should be; if so.
    pub fn missing(&self, each: &mut dyn FnMut(&str)) {
        let (lack, open) = (self.lack.borrow(), self.open.borrow());
        let path = lack.as_ref().map(|(path, _)| path).or(open.as_ref().map(|(path, _)| path));
        if let (Some(path), Some(why)) = (path, self.fault()) {
            let mut words = Lack::new();
            _ = write!(words, "unix:{} (console): {why}", path.display());
            each(&words);
        }
    }

    /// Closes it.
    pub fn close(&self) {
        if let Some((path, _)) = self.open.borrow_mut().take() {
            listeners::forget(&path, self.file.take());
            self.listener.tell(ListenerOrder::Close);
        }
    }
}

fn forget(path: &Path) {
    // It may be gone already.
    _ = fs::remove_file(path);
}

/// Binds beside the path and moves the socket there, so that what a dead daemon left is replaced in
/// one step. At no time may anybody connect who may not in the end.
fn bind(path: &Path, group: Option<u32>) -> io::Result<Async<UnixListener>> {
    // Not one of ours: that would have met the lock on our state_dir, or has been told to close.
    listeners::may_take(path)?;
    let new = match path.with_added_extension("new") {
        // A socket's path is short; the daemon's other files are not called that.
        long if long.as_os_str().len() > UNIX_PATH_BYTES => path.with_file_name("~"),
        new => new,
    };
    forget(&new);
    // The only other thread is the reactor's, which makes no files.
    let before = rustix::process::umask(Mode::RWXG | Mode::RWXO | Mode::XUSR);
    let bound = UnixListener::bind(&new);
    rustix::process::umask(before);
    let listener = bound?;
    let moved = match group {
        None => Ok(()),
        Some(group) => chown(&new, None, Some(group))
            .and_then(|()| fs::set_permissions(&new, fs::Permissions::from_mode(0o660))),
    };
    moved.and_then(|()| fs::rename(&new, path)).inspect_err(|_| forget(&new))?;
    Async::new(listener)
}

/// The task of the listener: hands whoever comes to a free place, or says that there is none.
pub async fn admit(console: &ConsoleServer, slots: &Slots, warnings: &Warnings) {
    let listener = &console.listener;
    let mut socket: Option<ListenSocket> = None;
    loop {
        match listeners::next(listener, socket.as_ref()).await {
            Some(ListenerOrder::Open(opened)) => {
                socket = Some(opened);
                continue;
            }
            Some(ListenerOrder::Close) => {
                socket = None;
                continue;
            }
            None => {}
        }
        let Some(ListenSocket::Unix(listener)) = &socket else { continue };
        match listener.get_ref().accept().and_then(|(stream, _)| Async::new(stream)) {
            Ok(stream) => {
                let uid = peer::uid(stream.get_ref());
                let accepted = Accepted {
                    stream: Stream::Unix(stream),
                    peer: Peer::Loopback,
                    listener: Ticket::default(),
                };
                if let Some(Accepted { stream, .. }) =
                    slots.take_console(accepted, uid.is_ok_and(|uid| peer::is_owner(uid, console.own)))
                {
                    add(&console.busy);
                    turn_away(&stream);
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => {
                if warnings.may() {
                    log::warn!("cannot accept at the console: {error}");
                }
                Timer::after(ACCEPT_RETRY.duration()).await;
            }
        }
    }
}

/// Says that all places are taken. Who cannot take these few bytes gets none.
pub fn turn_away(stream: &Stream) {
    let words = b"all places at the console are taken; try again in a moment\n";
    let head = wire::frame_head(FrameKind::Words, words.len());
    let [kind, high, low] = wire::frame_head(FrameKind::End, 1);
    let end = [kind, high, low, Code::Busy as u8];
    _ = stream.try_write(&[
        IoSlice::new(wire::HELLO),
        IoSlice::new(&head),
        IoSlice::new(words),
        IoSlice::new(&end),
    ]);
}

/// Writes to standard error.
pub fn complain(words: fmt::Arguments<'_>) {
    stdio::tell(stdio::stderr(), words);
}
