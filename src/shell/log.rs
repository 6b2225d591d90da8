//! Log lines, to stderr: procd and systemd carry them on. One line each; no visitor is ever in one.

use aiglon::limits::WARN_EVERY;
use std::cell::Cell;
use std::fmt;
use std::io::Write;

use aiglon::time::Mono;
use log::{LevelFilter, Log, Metadata, Record};

use super::clock;

struct Sink;

static SINK: Sink = Sink;

impl Log for Sink {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // Our own lines only: what the executor has to say at this level is nothing.
        if record.target().starts_with("aiglon") {
            let level = record.level().as_str().to_ascii_lowercase();
            // If stderr is gone there is nobody to tell.
            _ = writeln!(std::io::stderr().lock(), "aiglon: {level}: {}", record.args());
        }
    }

    fn flush(&self) {}
}

/// Begins to log.
pub fn init() {
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
