//! The shell: everything that knows sockets, files, clocks and signals. One thread, one executor; the core
//! does the thinking.

pub mod cli;

mod answer;
mod app;
mod batch;
mod clock;
mod connection;
mod console;
mod doors;
mod files;
mod ingest;
mod ledger;
mod log;
mod metrics;
mod pages;
mod port;
mod samples;
mod serve;
mod signals;
mod slots;
#[cfg(feature = "ssh")]
mod ssh;
mod storage;
mod stream;
mod tally;
mod token;
mod turns;
#[cfg(test)]
mod wear;
mod web;
