//! The shell: everything that knows sockets, files, clocks and signals. One thread, one executor;
//! the core does the thinking.

pub mod cli;

mod app;
mod clock;
mod console;
mod daemons;
mod fair_share;
mod files;
mod http;
#[cfg(feature = "setup")]
mod init;
mod listeners;
mod log;
mod pages;
mod porch;
mod port;
mod program;
mod revoke;
#[cfg(feature = "setup")]
mod route;
#[cfg(feature = "rules")]
mod rules;
mod serve;
#[cfg(feature = "sheet")]
mod sheet;
mod signals;
mod slots;
#[cfg(feature = "ssh")]
mod ssh;
mod state;
mod stdio;
mod stream;
#[cfg(feature = "setup")]
mod summary;
mod tally;
mod token;
