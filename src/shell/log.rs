//! Log lines: procd and systemd carry them on. One line each; no visitor is ever in one.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

use aiglon::limits::WARN_EVERY;
use aiglon::time::Mono;
use log::{Level, LevelFilter, Log, Metadata, Record};

use super::{clock, stdio};

/// For whom log lines are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum LogForm {
    /// A person or a file: all on standard error, with our name.
    #[default]
    Plain,
    /// procd, which takes a line of standard output for `daemon.info`, and one of standard error
    /// for `daemon.err`.
    Procd,
    /// systemd, which reads a severity of syslog as a prefix, `<6>` (sd-daemon(3)).
    Systemd,
}

struct Sink {
    /// A [`LogForm`].
    form: AtomicU8,
}

const PROCD: u8 = LogForm::Procd as u8;
const SYSTEMD: u8 = LogForm::Systemd as u8;

static SINK: Sink = Sink { form: AtomicU8::new(LogForm::Plain as u8) };

impl Log for Sink {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // Our own lines only: what the executor has to say at this level is nothing.
        if record.target().starts_with("aiglon") {
            // Whoever carries them on knows our name, and a severity that is told needs no word.
            let info = record.level() > Level::Warn;
            let form = self.form.load(Ordering::Relaxed);
            let head = match (form, record.level()) {
                (PROCD, Level::Warn) => "warning: ",
                (PROCD, _) => "",
                (SYSTEMD, Level::Error) => "<3>",
                (SYSTEMD, Level::Warn) => "<4>",
                (SYSTEMD, _) => "<6>",
                (_, Level::Error) => "aiglon: error: ",
                (_, Level::Warn) => "aiglon: warn: ",
                (..) => "aiglon: info: ",
            };
            let to = if form == PROCD && info { stdio::stdout() } else { stdio::stderr() };
            stdio::tell(to, format_args!("{head}{}\n", record.args()));
        }
    }

    fn flush(&self) {}
}

/// Begins to log.
pub fn init(form: LogForm) {
    SINK.form.store(form as u8, Ordering::Relaxed);
    if log::set_logger(&SINK).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

/// Warnings about what clients do wrong, which could fill a log.
pub struct Warnings {
    last: Cell<Option<Mono>>,
}

impl Warnings {
    pub const fn new() -> Self {
        Self { last: Cell::new(None) }
    }

    /// Whether such a warning may be logged now. What clients do wrong is counted always.
    pub fn may(&self) -> bool {
        let now = clock::mono();
        let due = self.last.get().is_none_or(|last| last.plus(WARN_EVERY) <= now);
        if due {
            self.last.set(Some(now));
        }
        due
    }
}

/// Text from outside, as a terminal may show it.
pub struct Safe<'a>(pub &'a str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line: heapless::String<512> = heapless::String::new();
        // What finds no room is left out: it is a log line, not an archive.
        _ = ufmt::uwrite!(line, "{}", aiglon::text::clean::Escaped(self.0));
        f.write_str(&line)
    }
}
