//! `aiglon serve`: from a configuration file to a daemon, step by step.

use std::fmt::Write;
use std::fs;
use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use aiglon::config::Config;
use aiglon::console::STATE_DIR_WAITS;
use aiglon::engine::Input;
use aiglon::engine::reload::dropped;
use aiglon::limits::{
    CONNECTIONS, CONSOLES, FAREWELL_TIME, LISTEN_RETRY, LISTEN_RETRY_MOST, LISTENERS, SWEEP_EVERY,
};
use aiglon::time::{Millis, Mono};
use smol::{LocalExecutor, Timer};
use static_cell::ConstStaticCell;

use super::app::App;
use super::console::wire::{Code, ConsoleOp};
use super::files::{self, ConfigOptions, WHY_EXTENSION};
use super::http::connection::{self, ConnectionBuffers};
use super::log::{LogForm, Safe};
use super::porch;
use super::port::DaemonState;
use super::revoke::{self, REVOKED, RevokeOrder};
use super::signals::{self, Signal, SignalListener};
use super::state::ledger::{self, KEPT, too_small};
use super::tally::add;
use super::{clock, console, listeners, log as sink};

static BUFFERS: ConstStaticCell<[ConnectionBuffers; CONNECTIONS]> =
    ConstStaticCell::new([const { ConnectionBuffers::new() }; CONNECTIONS]);

static CONSOLE_BUFFERS: ConstStaticCell<[console::session::ConsoleBuffers; CONSOLES]> =
    ConstStaticCell::new([const { console::session::ConsoleBuffers::new() }; CONSOLES]);

/// A task. The executor's code for tasks is made anew for each type of them, about 1 KB a time; so
/// there is one type.
type Boxed<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

fn start<'a>(executor: &LocalExecutor<'a>, task: Boxed<'a>) {
    executor.spawn(task).detach();
}

/// Serves until told to end.
#[inline(never)]
pub fn serve(options: &ConfigOptions) -> ExitCode {
    sink::init(options.log);
    clock::mono();
    let (Some(app), Some(buffers), Some(console_buffers)) =
        (App::take(), BUFFERS.try_take(), CONSOLE_BUFFERS.try_take())
    else {
        log::error!("one process serves once");
        return ExitCode::FAILURE;
    };
    // Before anybody can be told that it serves: a signal that nobody listens for ends the process.
    let signals = match signals::register() {
        Ok(signals) => signals,
        Err(error) => {
            log::error!("cannot listen for signals: {error}");
            return ExitCode::FAILURE;
        }
    };
    // By this, who revokes finds us when the file has been moved (`daemons.rs`).
    let _beside = files::hold(files::dir_of(&options.file));
    if let Err(code) = app.boot(options) {
        return code;
    }

    let (turns, warnings) = (app.intake.turns(), &app.port.warnings);
    let orders = |op, line: &str, words: &mut String| app.order(options, op, line, words);
    let is_open = |ticket| app.listeners.is_open(ticket);
    let (web, desk) = (app.web(), app.desk(&turns, &orders));
    let executor = LocalExecutor::new();
    // Every task is made here; from now on our own code allocates nothing.
    for (index, buffers) in buffers.iter_mut().enumerate() {
        if let Some(slot) = app.slots.get(index) {
            start(&executor, Box::pin(connection::run(&web, slot, buffers)));
        }
    }
    for index in 0..LISTENERS {
        start(&executor, Box::pin(listeners::run(&app.listeners, &app.slots, &app.porch, warnings, index)));
    }
    start(&executor, Box::pin(porch::run(&app.porch, &app.slots, &is_open, warnings)));
    for (index, buffers) in console_buffers.iter_mut().enumerate() {
        if let Some(slot) = app.slots.console(index) {
            start(&executor, Box::pin(console::session::run(&desk, slot, buffers)));
        }
    }
    start(&executor, Box::pin(console::admit(&app.console, &app.slots, warnings)));
    #[cfg(feature = "ssh")]
    start(&executor, Box::pin(super::ssh::admit(&app.ssh, &app.console, &app.slots)));
    start(&executor, Box::pin(tick(app, options)));
    let [reload, clock, end] = &signals;
    start(&executor, Box::pin(obey(app, options, reload)));
    start(&executor, Box::pin(obey(app, options, clock)));
    // A task like the others: what is given to `run` itself is polled at every turn, and would read
    // its socket in vain and register it anew each time.
    let ended = executor.spawn(Box::pin(obey(app, options, end)) as Boxed);
    smol::block_on(executor.run(ended));
    app.port.farewell();
    log::info!("ended");
    ExitCode::SUCCESS
}

impl App {
    /// Reads the configuration, or the last good one, and opens its listeners. Not inlined: its
    /// stack would stay in use below whatever runs afterwards.
    #[inline(never)]
    fn boot(&self, options: &ConfigOptions) -> Result<(), ExitCode> {
        let mut state = self.port.state();
        let DaemonState { engine, config, problems, ledger, .. } = &mut *state;
        let mut warn = |line: &str| log::warn!("{line}");
        let text = files::load(&options.file, options, config, problems, &mut warn).or_else(|mistakes| {
            for mistake in &mistakes {
                log::error!("{mistake}");
            }
            for good in files::last_good(options) {
                if files::load(&good, options, config, problems, &mut warn).is_ok() {
                    self.fallback.set(true);
                    log::error!(
                        "{} cannot be used; serving the last good configuration, {}. Mend the file and reload",
                        options.file.display(),
                        good.display()
                    );
                    return Ok(Vec::new());
                }
            }
            Err(ExitCode::from(2))
        })?;
        let state_dir = files::state_dir(options, config);
        let why = console::path(config, &state_dir).map(|path| path.with_added_extension(WHY_EXTENSION));
        let why = why.as_deref();
        ledger.take(&state_dir).map_err(|in_use| fail(options, why, &in_use.to_string()))?;
        self.listen(options, config);
        // Nobody could be told what is missing.
        if !self.listeners.any() && !self.console.is_there() {
            let code = fail(options, why, "nobody can come in: no listener is there, and no console");
            // Whoever starts it again every few seconds would fill the log; it tries again itself.
            if options.log == LogForm::Plain {
                return Err(code);
            }
        } else if let Some(why) = why {
            // Of an earlier start that failed.
            _ = fs::remove_file(why);
        }
        if !text.is_empty() {
            self.remember(options, config, &text);
        }
        let now = self.port.now(config);
        ledger.start(engine, config, clock::boot(), now);
        Ok(())
    }

    /// Applies a changed file, or keeps what is in force and says why. Not inlined: the task that
    /// waits for signals would touch all of its stack at each turn, 24 KiB of memory on a daemon
    /// that never reloads.
    #[inline(never)]
    fn reload(&self, options: &ConfigOptions, words: &mut String) {
        let mut state = self.port.state();
        let DaemonState { engine, config, spare, problems, ledger } = &mut *state;
        let mut warn = |line: &str| log::warn!("{line}");
        let loaded = files::load(&options.file, options, spare, problems, &mut warn).and_then(|text| {
            // What people wrote is not the price of a smaller file.
            engine.tidy();
            let (size, needed) = (spare.main.journal_size, engine.incidents().journal_needed());
            if needed > size {
                return Err(vec![too_small(size, KEPT, needed)]);
            }
            let planned = ledger.plan(&files::state_dir(options, spare));
            planned.map(|()| text).map_err(|in_use| vec![in_use.to_string()])
        });
        match loaded {
            Err(mistakes) => {
                add(&self.tally.reloads_refused);
                self.fallback.set(true);
                for mistake in mistakes {
                    log::error!("{mistake}");
                    *words += &mistake;
                    words.push('\n');
                }
                log::error!("the configuration was not changed");
            }
            Ok(text) => {
                add(&self.tally.reloads);
                add(&self.tally.epoch);
                let now = self.port.now(config);
                for name in dropped(config, spare) {
                    log::warn!(
                        "there is no component '{name}' any more: its days and its part in incidents go"
                    );
                }
                engine.reconfigure(config, spare, now);
                std::mem::swap(config, spare);
                // What the new configuration no longer names goes at once.
                ledger.compact(engine, config, now);
                self.listen(options, config);
                self.pages.clear();
                self.fallback.set(false);
                self.slots.stir();
                self.remember(options, config, &text);
                log::info!("reloaded {}", options.file.display());
                if let Some(dir) = ledger.stays_in() {
                    log::warn!("{STATE_DIR_WAITS}: the journal stays in {} until then", dir.display());
                }
            }
        }
    }

    /// Carries out what the daemon's owner orders by the console.
    fn order(&self, options: &ConfigOptions, op: ConsoleOp, line: &str, words: &mut String) -> Code {
        match (op, RevokeOrder::read(line)) {
            (ConsoleOp::Revoke, Some(order)) => return self.revoke(options, order, words),
            (ConsoleOp::Reload, _) => self.reload(options, words),
            (ConsoleOp::Ready, _) => {}
            _ => return Code::Usage,
        }
        if self.fallback.get() {
            words.push_str("NOT IN FORCE: an older configuration is\n");
            return Code::Refused;
        }
        let mut code = Code::Done;
        self.missing(&mut |listener| {
            code = Code::Missing;
            words.extend(["not listening on ", listener, "\n"]);
        });
        // The file of a socket was removed since. Who does not ask does not miss it.
        if code == Code::Missing && self.open_again.get().is_none() {
            self.open_again_after(LISTEN_RETRY);
            self.slots.stir();
        }
        words.push_str(if code == Code::Done {
            "in force\n"
        } else {
            "in force, but for that; it is tried again\n"
        });
        let not_kept = self.not_kept.borrow();
        if not_kept.older_stays {
            code = Code::Missing;
            words.extend([&not_kept.words, "\n"]);
        }
        if let Some(dir) = self.port.state().ledger.stays_in() {
            // A string takes it.
            _ = writeln!(words, "{STATE_DIR_WAITS}: the journal stays in {} until then", dir.display());
        }
        code
    }

    /// Keeps what is in force for a start with a broken file, or has nothing kept.
    fn remember(&self, options: &ConfigOptions, config: &Config, text: &[u8]) {
        let now = files::remember(options, config, text);
        if !now.words.is_empty() && now.words != self.not_kept.borrow().words {
            log::error!("{}", now.words);
        }
        self.not_kept.replace(now);
    }

    /// Opens what the configuration wants to listen on, and has the rest tried again.
    fn listen(&self, options: &ConfigOptions, config: &Config) {
        let dir = files::state_dir(options, config);
        // Who waits for the listeners to be open finds the console, too.
        self.console.open(config, &dir);
        #[cfg(feature = "ssh")]
        self.ssh.apply(config, &dir);
        self.listeners.apply(config);
        self.open_again_after(LISTEN_RETRY);
    }

    /// Has what is missing tried again after a while.
    fn open_again_after(&self, wait: Millis) {
        let mut is_missing = false;
        self.missing(&mut |_| is_missing = true);
        let next = Millis(wait.0.saturating_mul(2)).min(LISTEN_RETRY_MOST);
        self.open_again.set(is_missing.then(|| (clock::mono().plus(wait), next)));
    }

    /// Calls `each` with every listener that is not there, and why.
    fn missing(&self, each: &mut dyn FnMut(&str)) {
        self.console.missing(each);
        self.listeners.missing(each);
        #[cfg(feature = "ssh")]
        self.ssh.missing(each);
    }

    /// Takes rights away, in force and in every file that a later start may serve. Says what it
    /// took, whether it had any, and what still has it.
    #[inline(never)]
    fn revoke(&self, options: &ConfigOptions, mut order: RevokeOrder, words: &mut String) -> Code {
        let mut state = self.port.state();
        let DaemonState { engine, config, ledger, .. } = &mut *state;
        let now = self.port.now(config);
        order.learn(config, &mut |hash| words.extend([hash, "\n"]));
        let told = words.len();
        let (before, source) = order.apply(config);
        if before {
            words.extend([REVOKED, "\n"]);
        }
        if let Some(source) = source {
            engine.forget_source(config, source, now);
        }
        // A body or a list that is on its way by the old one ends.
        add(&self.tally.epoch);
        // What the source said goes at once.
        ledger.compact(engine, config, now);
        #[cfg(feature = "ssh")]
        self.ssh.renew_keys(config);
        self.pages.clear();
        self.slots.stir();
        let mut code = Code::Done;
        if let Some(fault) = ledger.fault().filter(|_| source.is_some()) {
            code = Code::Left;
            words.extend([
                "the journal cannot be written anew (",
                ledger::words(fault),
                "): what the source said is STILL ON THE FLASH, and a restart brings it back; it is tried until it is done\n",
            ]);
        }
        let mut fail = |path: &Path, error: io::Error| {
            code = Code::Refused;
            // A string takes it.
            _ = writeln!(words, "{}: {error}: a start would serve what was revoked", path.display());
        };
        revoke::strip_last_good(options, &order, &mut fail);
        if files::read(&options.file).is_ok_and(|text| order.strip(&text).is_some()) {
            fail(&options.file, io::Error::other("it still has that"));
        }
        let told = words.get(told..).unwrap_or_default();
        if !told.is_empty() {
            log::warn!("{}: {}", Safe(&order.name), told.trim_end());
        }
        code
    }

    /// Tries again what the file system refused before, if it is time. Returns when it wants to be
    /// called next.
    fn mend(&self, options: &ConfigOptions) -> Option<Mono> {
        if let Some((at, wait)) = self.open_again.get()
            && at <= clock::mono()
        {
            self.port.look(|config| {
                let dir = files::state_dir(options, config);
                if self.console.fault().is_some() {
                    self.console.open(config, &dir);
                }
                self.listeners.open(config);
                #[cfg(feature = "ssh")]
                self.ssh.open(config, &dir, false);
            });
            self.open_again_after(wait);
        }
        self.open_again.get().map(|(at, _)| at)
    }

    fn clock_is_right(&self) {
        if !self.port.synchronised.replace(true) {
            log::info!("the system's clock is synchronised");
            // What is planned is known from now on, and what happened is dated.
            _ = self.port.with(|core| core.step(Input::Pass));
            self.pages.clear();
            self.slots.stir();
        }
    }
}

/// Tells why a start failed: in the log, and beside the console's socket, where `aiglon console`
/// finds it. A program that starts us again every few seconds has the log told once.
fn fail(options: &ConfigOptions, why: Option<&Path>, reason: &str) -> ExitCode {
    let is_known =
        why.is_some_and(|why| files::read_plain(why).is_ok_and(|(known, _)| known == reason.as_bytes()));
    if !is_known || options.log == LogForm::Plain {
        log::error!("{reason}");
    }
    if let Some(why) = why.filter(|_| !is_known) {
        // Where that cannot be, the log has it.
        _ = files::put(why, reason.as_bytes(), None);
    }
    ExitCode::FAILURE
}

/// Does what one kind of signal asks for; returns after the one that ends.
async fn obey(app: &App, options: &ConfigOptions, waiting: &SignalListener) {
    loop {
        match waiting.next().await {
            Signal::Reload => app.reload(options, &mut String::new()),
            Signal::ClockIsRight => app.clock_is_right(),
            Signal::End => {
                app.listeners.close();
                app.console.close();
                #[cfg(feature = "ssh")]
                app.ssh.close();
                let end_by = clock::mono().plus(FAREWELL_TIME);
                while app.slots.any_at_work() && clock::mono() < end_by {
                    Timer::after(Duration::from_millis(10)).await;
                }
                return;
            }
        }
    }
}

/// Lets time pass for the engine, and for connections. While there are none, it sleeps until the
/// engine wants to be woken: an idle daemon does not keep a router from sleeping.
async fn tick(app: &App, options: &ConfigOptions) {
    loop {
        let now = clock::mono();
        let due_at = app.port.pass().into_iter().chain(app.mend(options)).min();
        let busy = app.slots.sweep(now, &|ticket| app.listeners.is_open(ticket));
        if !app.port.synchronised.get() && clock::synchronised() {
            app.clock_is_right();
        }
        let next = match (due_at, busy) {
            (Some(at), true) => Some(at.min(now.plus(SWEEP_EVERY))),
            (None, true) => Some(now.plus(SWEEP_EVERY)),
            (at, false) => at,
        };
        let sleep = async {
            match next {
                Some(at) => {
                    let wait = u64::try_from(at.since(clock::mono())).unwrap_or(0);
                    Timer::after(Duration::from_millis(wait)).await;
                }
                None => std::future::pending().await,
            }
        };
        if busy {
            sleep.await;
        } else {
            smol::future::or(sleep, poll_fn(|cx| app.slots.poll_busy(cx))).await;
        }
    }
}
