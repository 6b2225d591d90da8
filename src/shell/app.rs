//! What the tasks share: the engine, the configuration in force, the slots, the pages, the counters.

use std::cell::{Cell, RefCell};

use aiglon::config::{Config, Problems};
use aiglon::engine::{Engine, Input};
use aiglon::ingest::Reader;
use aiglon::journal::Fault;
use aiglon::limits::READERS;
use aiglon::time::{Millis, Mono, Now, rfc3339};
use static_cell::{ConstStaticCell, StaticCell};

use super::clock;
use super::console::Console;
use super::doors::Doors;
use super::ledger::Ledger;
use super::pages::Pages;
use super::samples::Pool;
use super::slots::Slots;
#[cfg(feature = "ssh")]
use super::ssh::Ssh;
use super::tally::Tally;
use super::turns::Turns;

/// The engine and the configuration that it works with. Borrowed for the length of a synchronous step only.
pub struct State {
    pub engine: &'static mut Engine,
    /// In force.
    pub config: &'static mut Config,
    /// Where the next one is read into.
    pub spare: &'static mut Config,
    /// What is wrong with it.
    pub problems: &'static mut Problems,
}

pub struct App {
    pub state: RefCell<State>,
    /// What must survive a restart. Borrowed after `state`, never before.
    pub ledger: RefCell<Ledger>,
    pub slots: Slots,
    pub doors: Doors,
    pub console: Console,
    #[cfg(feature = "ssh")]
    pub ssh: Ssh,
    pub pages: Pages,
    pub tally: Tally,
    pub samples: Pool,
    pub turns: Turns,
    pub readers: [RefCell<&'static mut Reader>; READERS],
    /// Whether the system has said that its clock is right; counts with `option clock 'ntp'`.
    pub synchronised: Cell<bool>,
    /// Whether the file could not be used when it was read last: then the last good configuration is in force, from before a
    /// reload or before a start.
    pub fallback: Cell<bool>,
    date: RefCell<(i64, heapless::String<29>)>,
    warned: Cell<Option<Mono>>,
}

static ENGINE: ConstStaticCell<Engine> = ConstStaticCell::new(Engine::new());
static CONFIGS: ConstStaticCell<[Config; 2]> = ConstStaticCell::new([const { Config::new() }; 2]);
static PROBLEMS: ConstStaticCell<Problems> = ConstStaticCell::new(Problems::new());
static READER_POOL: ConstStaticCell<[Reader; READERS]> =
    ConstStaticCell::new([const { Reader::new() }; READERS]);

/// All of it: on the stack it would be there several times, on its way from one function to the next.
static APP: StaticCell<App> = StaticCell::new();

/// Warnings about what senders do wrong come no more often than this.
const WARN_EVERY: Millis = Millis::from_mins(1);

impl App {
    /// Takes the statics: once in a process. Not inlined, for the same reason as [`boot`](Self::boot).
    #[inline(never)]
    pub fn take() -> Option<&'static Self> {
        let [config, spare] = CONFIGS.try_take()?;
        let readers: Vec<_> = READER_POOL.try_take()?.iter_mut().map(RefCell::new).collect();
        let state = State { engine: ENGINE.try_take()?, config, spare, problems: PROBLEMS.try_take()? };
        let (pages, readers) = (Pages::new()?, readers.try_into().ok()?);
        let app = APP.try_init_with(|| Self {
            state: RefCell::new(state),
            ledger: RefCell::new(Ledger::new()),
            slots: Slots::new(),
            doors: Doors::new(),
            console: Console::new(),
            #[cfg(feature = "ssh")]
            ssh: Ssh::new(),
            pages,
            tally: Tally::new(),
            samples: Pool::new(),
            turns: Turns::new(READERS),
            readers,
            synchronised: Cell::new(clock::synchronised()),
            fallback: Cell::new(false),
            date: RefCell::new((i64::MIN, heapless::String::new())),
            warned: Cell::new(None),
        })?;
        Some(app)
    }

    /// Both clocks, as the configuration lets them count.
    pub fn now(&self, config: &Config) -> Now {
        clock::now(config.main.clock, self.synchronised.get())
    }

    /// Lets the engine see that time has passed, if it asked to. Returns when it wants to be woken next.
    pub fn pass(&self) -> Option<Mono> {
        let mut state = self.state.borrow_mut();
        let State { engine, config, .. } = &mut *state;
        let now = self.now(config);
        if engine.poll_at().is_some_and(|at| at <= now.mono) {
            engine.step(config, now, Input::Pass);
        }
        let mut ledger = self.ledger.borrow_mut();
        // What came by a connection that was cut off has not been answered, but it counts.
        ledger.commit(engine, config, now);
        ledger.retry(engine, config, now);
        [engine.poll_at(), engine.uptime().flush_at(), ledger.retry_at(engine)].into_iter().flatten().min()
    }

    /// Writes down what a clean stop can still save.
    pub fn farewell(&self) {
        let mut state = self.state.borrow_mut();
        let State { engine, config, .. } = &mut *state;
        let now = self.now(config);
        let mut ledger = self.ledger.borrow_mut();
        ledger.flush(engine, config, now);
        if ledger.commit(engine, config, now).is_some() {
            // There may be room by now.
            ledger.compact(engine, config, now);
        }
    }

    /// Returns when all that happened so far is on flash, or cannot be.
    pub fn commit(&self) -> Option<Fault> {
        let mut state = self.state.borrow_mut();
        let State { engine, config, .. } = &mut *state;
        let now = self.now(config);
        self.ledger.borrow_mut().commit(engine, config, now)
    }

    /// The time as an HTTP date; empty while it is not known.
    pub fn http_date(&self, now: Now) -> heapless::String<29> {
        let Some(wall) = now.wall else { return heapless::String::new() };
        let mut date = self.date.borrow_mut();
        if date.0 != wall.secs() {
            *date = (wall.secs(), rfc3339::imf_fixdate(wall));
        }
        date.1.clone()
    }

    /// Whether a warning about what a client does wrong may be logged now. They are counted always.
    pub fn may_warn(&self) -> bool {
        let now = clock::mono();
        let due = self.warned.get().is_none_or(|last| last.plus(WARN_EVERY) <= now);
        if due {
            self.warned.set(Some(now));
        }
        due
    }
}
