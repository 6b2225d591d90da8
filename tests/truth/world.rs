//! The world: what is true, who tells of it, and our machine.

use aiglon::incidents::Boot;
use aiglon::model::State;
use aiglon::time::{At, Mono, Now, Wall};

use super::judge::Judge;
use super::locals::Locals;
use super::machine::{HOME, Machine};
use super::scene::{BACKUP, CRON, FEEDERS, LINK, PARTS};
use super::senders::{self, Body, Cause, Item, MIN, NOON, SEC, Script};
use super::{Dice, RESTARTS};

/// What may go wrong with a world besides its components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing: all clocks are right.
    Right,
    /// All clocks may be minutes off.
    Minutes,
    /// Our clock may not be set, or wrong by years.
    Years,
    /// The process restarts each night and more often.
    Restarts,
}

pub struct World {
    dice: Dice,
    kind: Kind,
    now: i64,
    /// When the process began.
    process: i64,
    boots: u64,
    /// By how much our clock is ahead; `None`: it is not set.
    ahead: Option<i64>,
    synchronised: bool,
    /// The second gets the alerts of each body in another order.
    machines: [Machine; 2],
    senders: Vec<Box<dyn Script>>,
    causes: Vec<Cause>,
    judge: Judge,
    locals: Locals,
    /// What was told last of each component.
    told: [(State, Option<i64>); PARTS.len()],
    /// Of a body that was more than the flash should bear, a restart knows what came first. So it
    /// tells of these components by the order within it, until they are well.
    parted: [bool; PARTS.len()],
    /// The generation of the page whose headline was looked at last, and how many looks ago.
    headline: (u32, u32),
    pub step: u64,
    /// All is well, and no body is cut off.
    rests: bool,
    tells: bool,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let kind =
            [Kind::Right, Kind::Minutes, Kind::Years, Kind::Restarts][usize::try_from(seed % 4).unwrap()];
        let kind = if RESTARTS || kind != Kind::Restarts { kind } else { Kind::Right };
        let off: &[i64] =
            if kind == Kind::Minutes { &[0, 3 * MIN, -3 * MIN, 10 * MIN, -10 * MIN] } else { &[0] };
        let slack = match kind {
            Kind::Right | Kind::Restarts => SEC,
            Kind::Minutes => 25 * MIN,
            Kind::Years => i64::MAX / 4,
        };
        let boot = Boot { id: 1, base: 0 };
        let now = Now::new(Mono(0), Some(Wall(NOON)));
        Self {
            senders: senders::all(off, &mut dice),
            synchronised: dice.one_in(2),
            dice,
            kind,
            now: 0,
            process: 0,
            boots: 1,
            ahead: Some(0),
            machines: [Machine::new(boot, now), Machine::new(boot, now)],
            causes: senders::causes(),
            judge: Judge::new(slack),
            locals: Locals::default(),
            told: [(State::NoData, None); PARTS.len()],
            parted: [false; PARTS.len()],
            headline: (0, 15),
            step: 0,
            rests: false,
            tells: std::env::var_os("SIM_TRACE").is_some(),
        }
    }

    fn clocks(&self) -> Now {
        let wall = self.ahead.map(|ahead| Wall(NOON + self.now + ahead));
        Now {
            mono: Mono(self.now - self.process),
            wall,
            synchronised: self.synchronised && self.ahead == Some(0),
        }
    }

    fn trace(&self, what: &dyn Fn() -> String) {
        if self.tells {
            eprintln!("{} {}: {}", self.step, self.now / SEC, what());
        }
    }

    // ---- time -----------------------------------------------------------------------------------

    fn pass_to(&mut self, until: i64) {
        loop {
            let wakes = self.machines.iter().filter_map(|machine| machine.engine.poll_at());
            let wake = wakes.min().map(|wake| wake.0 + self.process).filter(|&wake| wake < until);
            self.now = self.now.max(wake.unwrap_or(until));
            let now = self.clocks();
            for machine in &mut self.machines {
                machine.pass(now);
            }
            self.check();
            if wake.is_none() {
                break;
            }
        }
        let now = self.clocks();
        for machine in &mut self.machines {
            machine.commit(now);
        }
    }

    /// So many minutes, in which everybody who sends does. `lost`: nothing of it arrives.
    fn minutes(&mut self, count: usize, lost: bool) {
        for _ in 0..count {
            self.pass_to((self.now / MIN + 1) * MIN);
            let mut bodies = Vec::new();
            for sender in &mut self.senders {
                sender.tick(self.now, &self.causes, lost, &mut self.dice, &mut bodies);
            }
            for body in &bodies {
                // Some seconds lie between them.
                let until = self.now + i64::try_from(self.dice.below(3)).unwrap() * 700;
                self.pass_to(until.min((self.now / MIN + 1) * MIN - 1));
                self.post(body);
            }
            self.measure(lost);
        }
    }

    // ---- senders --------------------------------------------------------------------------------

    fn post(&mut self, body: &Body) {
        if body.items.len() > 1 && !self.rests && self.dice.one_in(40) {
            let cut = self.dice.below(body.items.len());
            self.deliver(body, Some(cut));
            if body.sender == aiglon::engine::lifetime::Sender::Repeating {
                return;
            }
            // Who needs an answer tries again.
            self.pass_to(self.now + SEC);
        }
        self.deliver(body, None);
    }

    /// The heartbeat and the samples; these only where our clock is right, since they go by it.
    fn measure(&mut self, lost: bool) {
        let sent = self.locals.tick(self.now, lost, &mut self.dice);
        let (now, right) = (self.clocks(), matches!(self.kind, Kind::Right | Kind::Restarts));
        for machine in &mut self.machines {
            if let Some(failed) = sent.beat {
                machine.beat(failed, now);
            }
            if let Some((measured, signal)) = sent.sample.filter(|_| right)
                && machine.sample(signal, (NOON + measured) / SEC, now)
            {
                self.locals.began_anew(self.now);
            }
        }
        if sent.beat.is_some() || sent.counts && right {
            self.judge.heard(CRON, self.now);
        }
        self.check();
    }

    fn deliver(&mut self, body: &Body, cut: Option<usize>) {
        let now = self.clocks();
        let read = cut.unwrap_or(body.items.len());
        self.trace(&|| format!("{} {:?} {:?} {:#?}", body.source, body.sender, cut, &body.items[..read]));
        let texts: Vec<_> = body.items.iter().map(|item| item.json(body.sender)).collect();
        let mut alerts: Vec<_> = texts.iter().map(String::as_str).collect();
        self.machines[0].feed(body.source, body.sender, &alerts, cut, now);
        for at in (1..read).rev() {
            alerts.swap(at, self.dice.below(at + 1));
        }
        self.machines[1].feed(body.source, body.sender, &alerts, cut, now);
        self.judge.came(body, read, self.now, now.wall.map(|wall| wall.0 - NOON));
        self.check();
    }

    // ---- what must hold -------------------------------------------------------------------------

    fn check(&mut self) {
        let now = self.clocks();
        self.judge.forget_old(self.now);
        for (part, name) in PARTS.iter().enumerate() {
            let (state, since) = self.machines[0].tells(part, now);
            let real = since.map(|since| match since {
                At::Mono(at) => at.0 + self.process,
                At::Wall(at) => at.0 - NOON,
            });
            if self.told[part] != (state, real) {
                self.trace(&|| format!("{name} is {state:?} since {real:?}"));
                self.told[part] = (state, real);
            }
            if let Err(fault) = self.judge.hold(part, state, real, self.now) {
                panic!("{:?}, {}: {fault}\n{}", self.kind, self.now, self.machines[0].explain(part, now));
            }
            let other = self.machines[1].tells(part, now);
            let same = (state, since) == other;
            self.parted[part] &= !(same && state == State::Operational);
            assert!(
                same || self.parted[part],
                "5: {}: {:?} {since:?}, in another order {other:?}",
                PARTS[part],
                state
            );
        }
        // A page that has not changed is looked at now and then.
        let generation = self.machines[0].engine.generation(HOME);
        self.headline.1 += 1;
        if self.headline.0 != generation || self.headline.1 >= 16 {
            self.headline = (generation, 0);
            self.machines[0].check(now);
        }
        let [backup, link] = [BACKUP, LINK].map(|part| self.machines[0].tells(part, now).0);
        if matches!(self.kind, Kind::Right | Kind::Restarts) {
            self.locals.hold(backup, link, self.now);
        }
    }

    // ---- what happens ---------------------------------------------------------------------------

    pub fn turn(&mut self) {
        match self.dice.below(100) {
            0..=54 => {
                let count = 1 + self.dice.below(6);
                self.minutes(count, false);
            }
            55..=79 => {
                self.locals.fails = self.dice.one_in(4);
                self.locals.weak = self.dice.one_in(3);
                let number = self.dice.below(self.causes.len());
                let on = !self.causes[number].on;
                let whole = self.dice.one_in(4);
                let (by, part) = (self.causes[number].by, self.causes[number].part);
                for (place, cause) in self.causes.iter_mut().enumerate() {
                    let same = whole && (cause.by, cause.part) == (by, part);
                    if (place == number || same) && cause.on != on {
                        cause.on = on;
                        cause.began = if on { self.now } else { cause.began };
                    }
                }
                self.trace(&|| format!("cause {number} and others ({whole}): {on}"));
            }
            80..=83 => {
                let count = 1 + self.dice.below(25);
                self.minutes(count, true);
            }
            84..=86 => {
                let count = 20 + self.dice.below(300);
                self.minutes(count, false);
            }
            87..=90 => {
                let number = self.dice.below(self.causes.len());
                let (now, name) = (self.clocks(), Item::name(number));
                let done = self.machines.each_mut().map(|machine| machine.release(&name, now));
                assert_eq!(done[0], done[1]);
                if done[0] {
                    self.trace(&|| format!("release {name}"));
                    self.release_rest(&name);
                    self.judge.released(number, self.now);
                }
                self.check();
            }
            91..=92 => {
                let (now, changed) = (self.clocks(), self.dice.one_in(2));
                self.trace(&|| format!("reload, changed: {changed}"));
                self.machines.iter_mut().for_each(|machine| machine.reload(changed, now));
                self.judge.reloaded(self.now);
                self.locals.began_anew(self.now);
                self.check();
            }
            93..=95 => self.jump(),
            _ if self.kind == Kind::Restarts => self.restart(),
            _ => {
                let millis = i64::try_from(self.dice.below(90_000)).unwrap();
                self.pass_to(self.now + millis);
            }
        }
    }

    /// Both replicas may have said it.
    fn release_rest(&mut self, name: &str) {
        let now = self.clocks();
        for machine in &mut self.machines {
            let again = machine.release_all(&|held| held == name, now);
            assert!(again < 3);
        }
    }

    fn jump(&mut self) {
        let ahead = match self.kind {
            Kind::Right | Kind::Restarts => return,
            Kind::Minutes => Some([0, 3, -3, 10, -10][self.dice.below(5)] * MIN),
            Kind::Years => {
                [None, Some(0), Some(-300 * 1440 * MIN), Some(3000 * 1440 * MIN)][self.dice.below(4)]
            }
        };
        self.trace(&|| format!("clock {ahead:?}"));
        self.ahead = ahead;
        self.judge.reloaded(self.now);
        self.pass_to(self.now);
    }

    fn restart(&mut self) {
        let clean = self.dice.one_in(2);
        self.trace(&|| format!("restart, clean: {clean}"));
        let now = self.clocks();
        for source in self.machines[0].engine.behind().iter() {
            self.judge.behind(source.index(), self.now);
        }
        for source in self.machines.iter().flat_map(|machine| machine.engine.behind().iter()) {
            for part in (0..PARTS.len()).filter(|&part| FEEDERS[part].contains(&source.index())) {
                self.parted[part] = true;
            }
        }
        for machine in &mut self.machines {
            if clean {
                machine.stop(now);
            }
            machine.disk.power_cut(&mut self.dice);
        }
        self.boots += 1;
        self.now += i64::try_from(self.dice.below(600)).unwrap() * SEC;
        self.process = self.now;
        self.judge.restarted(self.now);
        self.locals.restarted(self.now);
        let (now, boot) = (self.clocks(), Boot { id: self.boots, base: 0 });
        self.machines.iter_mut().for_each(|machine| machine.start(boot, now));
        self.check();
    }

    /// All is well, the clock is right, and everybody says so; then a person ends what nobody ends.
    pub fn come_to_rest(&mut self) {
        (self.ahead, self.rests) = (Some(0), true);
        for cause in &mut self.causes {
            cause.on = false;
        }
        // What was more than the flash should bear is doubted for as long as it may be repeated.
        let waits = if self.parted.contains(&true) { 60 + 270 } else { 60 };
        self.minutes(waits, false);
        let now = self.clocks();
        for machine in &mut self.machines {
            machine.release_all(&|_| true, now);
        }
        for number in 0..self.causes.len() {
            self.judge.released(number, self.now);
        }
        self.minutes(1, false);
        for part in 0..PARTS.len() {
            let now = self.clocks();
            let (state, _) = self.machines[0].tells(part, now);
            assert_eq!(state, State::Operational, "7: {}", self.machines[0].explain(part, now));
        }
    }
}
