//! What all HTTP connections share.

use std::cell::Cell;

use super::super::console::ConsoleServer;
use super::super::listeners::Listeners;
use super::super::pages::Pages;
use super::super::port::Port;
use super::super::program::Program;
use super::super::slots::Slots;
#[cfg(feature = "ssh")]
use super::super::ssh::Ssh;
use super::super::tally::Tally;
use super::samples::Intake;

/// The parts of the daemon that a request may need. Console and SSH are only counted here.
#[derive(Clone, Copy)]
pub struct Web<'a> {
    pub port: &'a Port,
    pub slots: &'a Slots,
    pub listeners: &'a Listeners,
    pub pages: &'a Pages,
    pub tally: &'a Tally,
    pub intake: &'a Intake,
    pub console: &'a ConsoleServer,
    #[cfg(feature = "ssh")]
    pub ssh: &'a Ssh,
    /// Whether the last good configuration is in force, because the file could not be used.
    pub fallback: &'a Cell<bool>,
    pub program: &'a Program,
}
