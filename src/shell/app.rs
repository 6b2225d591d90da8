//! The daemon, assembled: every part that tasks share, and what each kind of task is given of them.

use std::cell::{Cell, RefCell};

use aiglon::time::{Millis, Mono};
use static_cell::StaticCell;

use super::console::ConsoleServer;
use super::console::session::{Desk, Orders};
use super::fair_share::FairShare;
use super::files::NotKept;
use super::http::samples::{self, Intake};
use super::http::web::Web;
use super::listeners::Listeners;
use super::pages::Pages;
use super::porch::Porch;
use super::port::{DaemonState, Port};
use super::program::Program;
use super::slots::Slots;
#[cfg(feature = "ssh")]
use super::ssh::Ssh;
use super::tally::Tally;

pub struct App {
    pub port: Port,
    pub slots: Slots,
    pub porch: Porch,
    pub listeners: Listeners,
    pub console: ConsoleServer,
    #[cfg(feature = "ssh")]
    pub ssh: Ssh,
    pub pages: Pages,
    pub tally: Tally,
    pub intake: Intake,
    /// Whether the file could not be used when it was read last: then the last good configuration
    /// is in force, from before a reload or before a start.
    pub fallback: Cell<bool>,
    /// Why the configuration in force is not the last good one on flash, if so.
    pub not_kept: RefCell<NotKept>,
    pub program: Program,
    /// When what is not there of listeners and console is tried again, and how long after that once
    /// more.
    pub open_again: Cell<Option<(Mono, Millis)>>,
}

/// All of it: on the stack it would be there several times, on its way from one function to the
/// next.
static APP: StaticCell<App> = StaticCell::new();

impl App {
    /// Takes the statics: once in a process. Not inlined, for the same reason as
    /// [`boot`](Self::boot).
    #[inline(never)]
    pub fn take() -> Option<&'static Self> {
        let (state, readers, pages) = (DaemonState::take()?, samples::readers()?, Pages::new()?);
        let app = APP.try_init_with(|| Self {
            port: Port::new(state),
            slots: Slots::new(),
            porch: Porch::new(),
            listeners: Listeners::new(),
            console: ConsoleServer::new(),
            #[cfg(feature = "ssh")]
            ssh: Ssh::new(),
            pages,
            tally: Tally::new(),
            intake: Intake::new(readers),
            fallback: Cell::new(false),
            not_kept: RefCell::default(),
            program: Program::new(),
            open_again: Cell::new(None),
        })?;
        Some(app)
    }

    /// What HTTP connections are given.
    pub fn web(&self) -> Web<'_> {
        Web {
            port: &self.port,
            slots: &self.slots,
            listeners: &self.listeners,
            pages: &self.pages,
            tally: &self.tally,
            intake: &self.intake,
            console: &self.console,
            #[cfg(feature = "ssh")]
            ssh: &self.ssh,
            fallback: &self.fallback,
            program: &self.program,
        }
    }

    /// What places at the console are given.
    pub fn desk<'a>(&'a self, turns: &'a [(&'static str, &'a FairShare)], orders: Orders<'a>) -> Desk<'a> {
        Desk {
            orders,
            listeners: &self.listeners,
            port: &self.port,
            slots: &self.slots,
            pages: &self.pages,
            console: &self.console,
            turns,
            #[cfg(feature = "ssh")]
            ssh: &self.ssh,
            fallback: &self.fallback,
            program: &self.program,
        }
    }
}
