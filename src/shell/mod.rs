//! The shell: everything that knows sockets, files, clocks and signals. One thread, one executor; the core
//! does the thinking.

pub mod cli;

mod answer;
mod app;
mod clock;
mod connection;
mod doors;
mod files;
mod ingest;
mod log;
mod metrics;
mod pages;
mod serve;
mod signals;
mod slots;
#[cfg_attr(not(test), expect(dead_code, reason = "until the daemon keeps a journal"))]
mod storage;
mod stream;
mod tally;
mod token;
