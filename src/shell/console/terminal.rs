//! The terminal of somebody at the console: raw while a line is edited, and as it was before at all
//! other times.

use std::io::{self, ErrorKind, IsTerminal};
use std::os::fd::AsFd;
use std::sync::OnceLock;

use aiglon::time::Millis;
use nix::sys::signal::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use nix::sys::signalfd::SignalFd;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use crate::shell::signals::{SIGNAL_BYTES, listen};
use crate::shell::stdio;

/// How the terminal was before us, also for when this process panics.
static BEFORE: OnceLock<Termios> = OnceLock::new();

pub struct Terminal {
    raw: Termios,
    /// Bytes arrive here when we are told to end.
    end: SignalFd,
    /// And here when the terminal has another size.
    resized: SignalFd,
}

/// What came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminalEvent {
    /// So many bytes of what is typed; 0: there is no terminal any more.
    Bytes(usize),
    Resized,
    /// We are to end.
    End,
}

/// Whether a person sits at standard input and output, at a terminal that can move its cursor.
pub fn is_there() -> bool {
    stdio::stdin().is_terminal()
        && stdio::stdout().is_terminal()
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// How many columns it has; 0 if it does not say.
pub fn columns() -> usize {
    tcgetwinsize(stdio::stdout()).map_or(0, |size| usize::from(size.ws_col))
}

/// From here on the terminal edits lines, and Ctrl-C is a signal: as it was before us.
pub fn restore() {
    if let Some(before) = BEFORE.get() {
        // What has hung up needs no mode.
        _ = tcsetattr(stdio::stdin(), OptionalActions::Drain, before);
    }
}

impl Terminal {
    /// Sees to it that the terminal is given back however this ends, but for SIGKILL.
    pub fn open() -> io::Result<Self> {
        let before = tcgetattr(stdio::stdin())?;
        let mut raw = BEFORE.get_or_init(|| before).clone();
        raw.make_raw();
        // A panic that ends the process at once calls nobody.
        #[cfg(not(panic = "immediate-abort"))]
        {
            let told = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                told(panic);
            }));
        }
        Ok(Self { raw, end: listen(&[SIGHUP, SIGINT, SIGTERM])?, resized: listen(&[SIGWINCH])? })
    }

    /// What is typed comes byte by byte from here on.
    pub fn raw(&self) {
        // Without it the terminal edits lines, which will do.
        _ = tcsetattr(stdio::stdin(), OptionalActions::Drain, &self.raw);
    }

    /// Waits for what comes first.
    pub fn wait(&self, buffer: &mut [u8]) -> io::Result<TerminalEvent> {
        let input = stdio::stdin();
        loop {
            match first(&[&self.end, &self.resized, &input], None)? {
                Some(0) => return Ok(TerminalEvent::End),
                Some(1) => {
                    _ = rustix::io::read(&self.resized, &mut [0; SIGNAL_BYTES])?;
                    return Ok(TerminalEvent::Resized);
                }
                // Not by way of the standard library's buffer, which would take what is for later.
                _ => match rustix::io::read(input, &mut *buffer) {
                    Ok(read) => return Ok(TerminalEvent::Bytes(read)),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error.into()),
                },
            }
        }
    }

    /// Where something arrives when we are to end.
    pub fn end(&self) -> &SignalFd {
        &self.end
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Which of these has something to read, the first if several; `None` after the time.
pub fn first(files: &[&dyn AsFd], time: Option<Millis>) -> io::Result<Option<usize>> {
    let mut polled: Vec<_> =
        files.iter().map(|file| PollFd::from_borrowed_fd(file.as_fd(), PollFlags::IN)).collect();
    let timeout = time.map(|time| Timespec {
        tv_sec: i64::from(time.0 / 1000),
        tv_nsec: i64::from(time.0 % 1000) * 1_000_000,
    });
    loop {
        match poll(&mut polled, timeout.as_ref()) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Ok(polled.iter().position(|file| !file.revents().is_empty())),
        }
    }
}
