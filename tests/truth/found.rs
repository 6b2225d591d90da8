//! What the judge has found, as short as it can be told.

use aiglon::engine::lifetime::Sender;
use aiglon::incidents::Boot;
use aiglon::model::State;
use aiglon::time::{At, Mono, Now, Wall, rfc3339};

use super::machine::Machine;
use super::scene::{AM, BACKUP, CRON, P1};
use super::senders::{MIN, NOON};

/// The component that the script tells of, and the one of the first Prometheus alone.
const SHED: usize = 5;
const GATE: usize = 6;
/// The one of which Alertmanager and the first Prometheus tell.
const CRANE: usize = 2;

struct Bench {
    machine: Machine,
    minute: i64,
}

impl Bench {
    fn new() -> Self {
        let now = Self::at(0);
        let machine = Machine::new(Boot { id: 1, base: 0 }, now);
        let mut bench = Self { machine, minute: 0 };
        bench.quiet(10);
        bench
    }

    /// All clocks are right, and known to be.
    fn at(minute: i64) -> Now {
        Now { mono: Mono(minute * MIN), wall: Some(Wall(NOON + minute * MIN)), synchronised: true }
    }

    /// Time passes, and both sources are alive.
    fn quiet(&mut self, until: i64) {
        while self.minute < until {
            self.minute += 1;
            let now = Self::at(self.minute);
            self.machine.pass(now);
            for source in [P1, CRON] {
                self.machine.feed(source, Sender::Repeating, &[], None, now);
            }
        }
    }

    fn say(&mut self, (source, part): (usize, &str), starts: Option<i64>, ends: i64) {
        let time = |minute: i64| rfc3339::utc(Wall(NOON + minute * MIN)).as_str().to_owned();
        let starts = starts.map_or(String::new(), |starts| format!(r#""startsAt":"{}","#, time(starts)));
        let labels = format!(r#""labels":{{"alertname":"A","part":"{part}","severity":"critical"}}"#);
        let one = format!(r#"{{{labels},{starts}"endsAt":"{}"}}"#, time(ends));
        self.machine.feed(source, Sender::Repeating, &[&one], None, Self::at(self.minute));
    }

    fn script(&mut self, minute: i64, ends: i64) -> State {
        self.quiet(minute);
        self.say((CRON, "shed"), None, ends);
        self.state(SHED)
    }

    fn prometheus(&mut self, minute: i64, starts: i64, ends: i64) {
        self.quiet(minute);
        self.say((P1, "gate"), Some(starts), ends);
    }

    fn of_crane(&mut self, minute: i64, starts: i64) {
        self.quiet(minute);
        self.say((P1, "crane"), Some(starts), minute + 4);
    }

    /// Alertmanager says that one fires, and since when.
    fn hook(&mut self, minute: i64, status: &str, starts: i64) {
        self.quiet(minute);
        let starts = rfc3339::utc(Wall(NOON + starts * MIN)).as_str().to_owned();
        let labels = r#""labels":{"alertname":"B","part":"crane","severity":"critical"}"#;
        let one = format!(r#"{{"status":"{status}",{labels},"startsAt":"{starts}"}}"#);
        self.machine.feed(AM, Sender::Webhook, &[&one], None, Self::at(self.minute));
    }

    fn restart(&mut self) {
        let now = Self::at(self.minute);
        self.machine.start(Boot { id: 1, base: 0 }, now);
    }

    fn state(&self, part: usize) -> State {
        self.machine.tells(part, Self::at(self.minute)).0
    }

    fn since(&self, part: usize) -> Option<i64> {
        self.machine.tells(part, Self::at(self.minute)).1.map(|at| match at {
            At::Mono(at) => at.0 / MIN,
            At::Wall(at) => (at.0 - NOON) / MIN,
        })
    }
}

/// A script that runs each quarter of an hour says "until in ten minutes", and when all is well
/// "until now".
#[test]
fn an_end_without_a_start_is_over_though_one_was_ahead_before() {
    let mut bench = Bench::new();
    assert_eq!(bench.script(30, 40), State::Outage);
    for minute in (45..1440).step_by(15) {
        assert_eq!(bench.script(minute, minute), State::Operational, "{minute}");
    }
    // A promise that has not passed is taken back rightly.
    let mut bench = Bench::new();
    assert_eq!(bench.script(30, 40), State::Outage);
    assert_eq!(bench.script(35, 35), State::Operational);
}

/// The script runs each five minutes. Well in between, it is not unwell since the first time.
#[test]
fn what_fires_again_began_again() {
    let mut bench = Bench::new();
    for minute in [15, 20, 25] {
        assert_eq!(bench.script(minute, minute + 10), State::Outage);
    }
    for minute in (30..600).step_by(5) {
        assert_eq!(bench.script(minute, minute), State::Operational);
    }
    assert_eq!(bench.script(600, 610), State::Outage);
    assert_eq!(bench.since(SHED), Some(600));
}

/// It was well for three minutes, so the incident goes on. The page told of the new beginning
/// before.
#[test]
fn a_reload_tells_the_beginning_that_was_told_before_it() {
    let mut bench = Bench::new();
    for minute in 20..30 {
        bench.prometheus(minute, 20, minute + 4);
    }
    bench.prometheus(30, 20, 30);
    assert_eq!(bench.state(GATE), State::Operational);
    bench.prometheus(33, 33, 37);
    assert_eq!((bench.state(GATE), bench.since(GATE)), (State::Outage, Some(33)));
    bench.machine.reload(false, Bench::at(33));
    assert_eq!(bench.since(GATE), Some(33));
}

/// Prometheus says it first, and Alertmanager a minute later that it began earlier.
#[test]
fn a_restart_tells_the_earliest_beginning_that_was_told() {
    let mut bench = Bench::new();
    bench.of_crane(20, 20);
    assert_eq!(bench.since(CRANE), Some(20));
    bench.hook(21, "firing", 15);
    assert_eq!(bench.since(CRANE), Some(15));
    for minute in 22..30 {
        bench.of_crane(minute, 20);
    }
    bench.hook(30, "resolved", 15);
    bench.of_crane(31, 20);
    assert_eq!((bench.state(CRANE), bench.since(CRANE)), (State::Outage, Some(15)));
    bench.restart();
    assert_eq!(bench.since(CRANE), Some(15));
}

/// Alertmanager tells a whole group again when one of it changes. The journal does not hear of that
/// within half of an alert's life, so a restart grants less than what was left.
#[test]
fn a_restart_grants_what_was_left_since_the_last_repetition() {
    let mut bench = Bench::new();
    bench.hook(20, "firing", 20);
    bench.hook(20 + 130, "firing", 20);
    bench.quiet(20 + 275);
    assert_eq!(bench.state(CRANE), State::Outage);
    bench.restart();
    // Known: half of a life is what a write of flash is worth.
    assert_eq!(bench.state(CRANE), State::NoData);
}

/// A journal that was written anew knows what was heard before, and not what it would hear until
/// then.
#[test]
fn a_restart_grants_what_was_left_after_the_journal_was_written_anew() {
    let mut bench = Bench::new();
    bench.hook(20, "firing", 20);
    bench.quiet(20 + 200);
    bench.machine.compact(Bench::at(bench.minute));
    bench.hook(20 + 240, "firing", 20);
    bench.quiet(20 + 275);
    bench.restart();
    assert_eq!(bench.state(CRANE), State::Outage);
}

/// A failure is on flash at once, and five minutes later what took it back.
#[test]
fn a_restart_tells_no_failure_that_the_next_heartbeat_took_back() {
    let mut bench = Bench::new();
    for (minute, failed) in [(20, true), (80, false)] {
        bench.quiet(minute);
        bench.machine.beat(failed, Bench::at(minute));
    }
    bench.quiet(100);
    assert_eq!(bench.state(BACKUP), State::Operational);
    bench.restart();
    assert_eq!(bench.state(BACKUP), State::Operational);
}

/// It was silenced and fired again: the journal has the first start, and so has what is remembered
/// of its end.
#[test]
fn an_end_is_remembered_with_the_start_that_it_tells() {
    let mut bench = Bench::new();
    bench.hook(20, "firing", 20);
    bench.hook(60, "firing", 60);
    bench.restart();
    bench.hook(80, "resolved", 60);
    bench.hook(81, "firing", 60);
    assert_eq!(bench.state(CRANE), State::Operational, "this is old news");
}
