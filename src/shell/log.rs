//! Log lines, to stderr: procd and systemd carry them on. One line each; no visitor is ever in one.

use std::fmt;
use std::io::Write;

use log::{LevelFilter, Log, Metadata, Record};

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
