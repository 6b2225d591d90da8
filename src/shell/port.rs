//! The one way in to the engine. Time passes first; what must survive a restart is noted at each
//! step; what happened is put on flash last.
//!
//! Engine, configuration and journal are borrowed together, for the length of one synchronous step.
//! What is done inside gets a [`Core`] and must not come in again: a second borrow would end the
//! daemon.

use std::cell::{Cell, RefCell, RefMut};

use aiglon::config::{Config, Problems};
use aiglon::engine::{Effects, Engine, Input};
use aiglon::journal::Fault;
use aiglon::model::SourceId;
use aiglon::time::{Mono, Now, rfc3339};
use static_cell::ConstStaticCell;

use super::clock;
use super::log::{Safe, Warnings};
use super::state::ledger::Ledger;

static ENGINE: ConstStaticCell<Engine> = ConstStaticCell::new(Engine::new());
static CONFIGS: ConstStaticCell<[Config; 2]> = ConstStaticCell::new([const { Config::new() }; 2]);
static PROBLEMS: ConstStaticCell<Problems> = ConstStaticCell::new(Problems::new());

/// The engine, and what it works with.
pub struct DaemonState {
    pub engine: &'static mut Engine,
    /// In force.
    pub config: &'static mut Config,
    /// Where the next one is read into.
    pub spare: &'static mut Config,
    /// What is wrong with it.
    pub problems: &'static mut Problems,
    /// What must survive a restart.
    pub ledger: Ledger,
}

impl DaemonState {
    /// Takes the statics: once in a process.
    pub fn take() -> Option<Self> {
        let [config, spare] = CONFIGS.try_take()?;
        let (engine, problems) = (ENGINE.try_take()?, PROBLEMS.try_take()?);
        Some(Self { engine, config, spare, problems, ledger: Ledger::new() })
    }
}

/// The engine for the length of one step, at one time.
pub struct Core<'a> {
    pub engine: &'a mut Engine,
    pub config: &'a Config,
    pub now: Now,
    pub ledger: &'a mut Ledger,
}

impl Core<'_> {
    /// Lets the engine take an input, and notes what of it must survive a restart.
    pub fn step(&mut self, input: Input<'_>) -> Effects {
        let effects = self.engine.step(self.config, self.now, input);
        if self.engine.has_unwritten() {
            self.ledger.note(self.engine, self.config, self.now);
        }
        effects
    }

    /// Puts on flash what happened. Returns the reason if it is kept in memory only.
    pub fn commit(&mut self) -> Option<Fault> {
        self.ledger.commit(self.engine, self.config, self.now)
    }
}

/// The way in.
pub struct Port {
    state: RefCell<DaemonState>,
    /// Whether the system has said that its clock is right; counts with `option clock 'ntp'`.
    pub synchronised: Cell<bool>,
    pub warnings: Warnings,
    date: RefCell<(i64, heapless::String<29>)>,
}

impl Port {
    pub fn new(state: DaemonState) -> Self {
        Self {
            state: RefCell::new(state),
            synchronised: Cell::new(clock::synchronised()),
            warnings: Warnings::new(),
            date: RefCell::new((i64::MIN, heapless::String::new())),
        }
    }

    /// Does something with the engine. Nothing is put on flash afterwards: this is for what only
    /// reads, and for pieces of a body, whose end puts all of it there.
    pub fn enter<T>(&self, work: impl FnOnce(&mut Core<'_>) -> T) -> T {
        work(&mut self.begin(&mut self.state.borrow_mut()))
    }

    /// Does something with the engine, and puts on flash what happened. Also returns the reason if
    /// that is kept in memory only.
    pub fn with<T>(&self, work: impl FnOnce(&mut Core<'_>) -> T) -> (T, Option<Fault>) {
        self.enter(|core| (work(core), core.commit()))
    }

    /// Lets the engine take one input.
    #[inline(never)]
    pub fn step(&self, input: Input<'_>) -> Effects {
        self.enter(|core| core.step(input))
    }

    /// Puts on flash what happened before. False if it is in memory only.
    #[inline(never)]
    pub fn commit(&self) -> bool {
        self.enter(|core| {
            core.commit();
            core.ledger.takes_records()
        })
    }

    /// Looks at the configuration alone.
    pub fn look<T>(&self, read: impl FnOnce(&Config) -> T) -> T {
        read(self.state.borrow().config)
    }

    /// All of it, for whoever reads a configuration.
    pub fn state(&self) -> RefMut<'_, DaemonState> {
        self.state.borrow_mut()
    }

    /// Lets time pass. Apart from [`enter`](Self::enter), so that there is one copy of it.
    #[inline(never)]
    fn begin<'a>(&self, state: &'a mut DaemonState) -> Core<'a> {
        let DaemonState { engine, config, ledger, .. } = state;
        let mut core = Core { now: self.now(config), engine, config, ledger };
        if core.engine.poll_at().is_some_and(|at| at <= core.now.mono) {
            core.step(Input::Pass);
        }
        core
    }

    /// Lets time pass, if somebody asked for that, and tries again what storage refused. Returns
    /// when to call this next.
    pub fn pass(&self) -> Option<Mono> {
        self.enter(|core| {
            // What came by a connection that was cut off has not been answered, but it counts.
            core.commit();
            let Core { engine, config, now, ledger } = core;
            ledger.retry(engine, config, *now);
            [engine.poll_at(), engine.uptime().flush_at(), ledger.retry_at(engine)]
                .into_iter()
                .flatten()
                .min()
        })
    }

    /// Writes down what a clean stop can still save.
    pub fn farewell(&self) {
        let ((), fault) = self.with(|core| core.ledger.flush(core.engine, core.config, core.now));
        if fault.is_some() {
            // There may be room by now.
            self.enter(|core| core.ledger.compact(core.engine, core.config, core.now));
        }
    }

    /// Both clocks, as the configuration lets them count.
    pub fn now(&self, config: &Config) -> Now {
        clock::now(config.main.clock, self.synchronised.get())
    }

    /// The time as an HTTP date; empty while it is not known.
    #[inline(never)]
    pub fn http_date(&self) -> heapless::String<29> {
        let now = self.look(|config| self.now(config));
        let Some(wall) = now.wall else { return heapless::String::new() };
        let mut date = self.date.borrow_mut();
        if date.0 != wall.secs() {
            *date = (wall.secs(), rfc3339::imf_fixdate(wall));
        }
        date.1.clone()
    }

    /// Says in the log what a sender does wrong, now and then, and in no word of the sender's own.
    pub fn warn_of(&self, source: SourceId, words: &str) {
        if self.warnings.may() {
            self.look(|config| {
                let name = config.sources.get(source.index()).map_or("", |source| config.str(source.name));
                log::warn!("source '{}': {}", Safe(name), Safe(words));
            });
        }
    }
}
