//! What alerts that are not repeated may cost the flash, and that nothing is greener for it after a
//! restart.

use super::*;
use crate::limits::{ALERT_FLASH_BYTES, ALERT_FLASH_HOUR};

/// A board with its journal: the records since its last snapshot.
struct Flash {
    sim: Sim,
    journal: Vec<(u8, Vec<u8>)>,
    /// Bytes written, each record with the node of flash that it ends.
    bytes: u64,
    /// When the newest alert began, in seconds after noon. One that begins anew has another start.
    starts: i64,
}

impl Flash {
    fn new() -> Self {
        Self { sim: Sim::well(ONE), journal: Vec::new(), bytes: 0, starts: 0 }
    }

    /// Writes down what came last; whether the budget was used up by it.
    fn write(&mut self) -> bool {
        let now = self.sim.clocks();
        let (journal, bytes) = (&mut self.journal, &mut self.bytes);
        let written = self.sim.engine.write_down(&self.sim.config, now, &mut |kind, payload| {
            *bytes += payload.len() as u64 + 7 + 68;
            journal.push((kind, payload.to_vec()));
        });
        written.behind
    }

    fn fires(&mut self, name: &str) -> bool {
        self.starts += 1;
        self.sim.webhook(A, &[self.hook(name, None)]);
        self.write()
    }

    /// An alert whose words lead it to its components.
    fn says(&mut self, summary: &str) {
        let annotations = std::format!("\"annotations\":{{\"summary\":\"{summary}\"}}");
        let body = hook("Steady", "", 1, None)
            .replace("\"annotations\":{}", &annotations)
            .replace("\"component\"", "\"c\"")
            .replace("\"service\"", "\"s\"");
        self.sim.webhook(A, &[body]);
        self.write();
    }

    fn ends(&mut self, name: &str) {
        self.sim.webhook(A, &[self.hook(name, Some(2))]);
        self.write();
    }

    fn hook(&self, name: &str, resolved: Option<i64>) -> String {
        let starts = rfc3339::utc(Wall(NOON + self.starts * 1000));
        hook(name, "heron", 1, resolved).replace(&time(1), starts.as_str())
    }

    fn flap(&mut self) -> bool {
        let behind = self.fires("Flaps");
        self.ends("Flaps");
        behind
    }

    /// As the shell does when it is time.
    fn catch_up(&mut self, brief: SourceSet) {
        let now = self.sim.clocks();
        if self.sim.engine.catches_up_at().is_none_or(|at| at > now.mono) {
            return;
        }
        let behind = self.sim.engine.behind();
        self.compact(brief);
        for source in behind.iter() {
            self.sim.engine.pay(source, ALERT_FLASH_HOUR, now.mono);
        }
        self.bytes += u64::from(ALERT_FLASH_HOUR);
    }

    fn compact(&mut self, brief: SourceSet) {
        let now = self.sim.clocks();
        self.journal.clear();
        let journal = &mut self.journal;
        self.sim.engine.snapshot(&self.sim.config, now, brief, &mut |kind, payload| {
            if is_alert(kind) {
                journal.push((kind, payload.to_vec()));
            }
        });
        self.sim.engine.wrote_all(brief, now);
    }

    /// What a restart at this moment would tell of the antenna, once its source has been heard for
    /// long.
    fn after_a_restart(&mut self) -> State {
        let records = self.journal.clone();
        let mut next = restart(&mut self.sim, ONE, &records);
        next.quiet_until(10);
        next.state(HERON)
    }

    fn kinds(&self) -> Vec<u8> {
        self.journal.iter().map(|(kind, _)| *kind).collect()
    }

    /// Uses up the budget; the alert does not fire in the end.
    fn use_up(&mut self) {
        for _ in 0..1000 {
            if self.flap() {
                return;
            }
        }
        panic!("{} bytes, and no end", self.bytes);
    }
}

#[test]
fn who_flaps_uses_up_a_budget_and_is_not_greener_for_it() {
    let mut flash = Flash::new();
    flash.use_up();
    let spent = u64::from(ALERT_FLASH_BYTES);
    assert!(flash.bytes > spent - 300 && flash.bytes < spent + 300, "{}", flash.bytes);
    assert_eq!(flash.kinds().last(), Some(&durable::MORE));
    assert_eq!(flash.sim.engine.behind().iter().collect::<Vec<_>>(), [A]);
    let before = flash.bytes;
    // It goes on, and nothing is written; after a restart nobody knows.
    for _ in 0..100 {
        assert!(!flash.flap());
    }
    assert!(!flash.fires("Flaps"));
    // But for a record, once, that there is more again.
    assert!(flash.bytes <= before + 8 + 7 + 68, "{} {before}", flash.bytes);
    assert_eq!(flash.sim.engine.counters().withheld, 102);
    assert_eq!(flash.sim.state(HERON), State::Outage);
    assert_eq!(flash.after_a_restart(), State::NoData);
    // What an hour brings is enough for a snapshot, which has it.
    flash.sim.now = Mono(flash.sim.now.0 + 50 * MIN);
    flash.catch_up(SourceSet::EMPTY);
    assert_eq!(flash.sim.engine.behind().iter().count(), 1);
    flash.sim.now = Mono(flash.sim.now.0 + 15 * MIN);
    flash.catch_up(SourceSet::EMPTY);
    assert_eq!((flash.kinds(), flash.sim.engine.behind().iter().count()), (std::vec![durable::ALERT], 0));
    assert_eq!(flash.after_a_restart(), State::Outage);
    flash.ends("Flaps");
    assert_eq!(flash.kinds(), [durable::ALERT, durable::OVER]);
}

#[test]
fn what_is_written_down_is_struck_out_when_it_ends_however_little_is_left() {
    let mut flash = Flash::new();
    flash.fires("Steady");
    flash.use_up();
    // This one is not.
    flash.fires("Flaps");
    assert_eq!(flash.after_a_restart(), State::Outage);
    flash.ends("Steady");
    assert_eq!(flash.kinds().last(), Some(&durable::OVER));
    assert_eq!(flash.after_a_restart(), State::NoData, "not red for ever");
    // Nothing is left that the journal lacks. It says so once an hour, whatever is left.
    flash.ends("Flaps");
    assert_eq!(flash.after_a_restart(), State::NoData);
    let minute = flash.sim.now.0 / MIN;
    flash.sim.quiet_until(minute + 30);
    flash.write();
    assert_eq!(flash.after_a_restart(), State::NoData);
    flash.sim.quiet_until(minute + 62);
    flash.write();
    assert_eq!(flash.after_a_restart(), State::Operational);
}

#[test]
fn what_reaches_further_without_a_budget_is_not_told_as_it_was() {
    let text = ONE.replacen("	list publish", "	list match 'summary~*heron*'\n	list publish", 1);
    let mut flash = Flash::new();
    flash.sim = Sim::well(&text);
    flash.says("heron");
    flash.use_up();
    flash.fires("Flaps");
    let antennas = |flash: &mut Flash| {
        let records = flash.journal.clone();
        let mut next = restart(&mut flash.sim, &text, &records);
        next.quiet_until(60);
        (next.state(HERON), next.state(EGRET))
    };
    assert_eq!(antennas(&mut flash), (State::Outage, State::NoData));
    flash.says("heron and egret");
    assert_eq!((flash.sim.state(HERON), flash.sim.state(EGRET)), (State::Outage, State::Outage));
    assert_eq!(flash.kinds().last(), Some(&durable::OVER));
    assert_eq!(antennas(&mut flash), (State::NoData, State::NoData));
    let before = flash.bytes;
    for summary in ["heron", "heron and egret", "heron", "heron and egret"] {
        flash.says(summary);
    }
    assert_eq!(flash.bytes, before, "struck out once");
}

#[test]
fn a_budget_grows_back() {
    let mut flash = Flash::new();
    flash.use_up();
    let now = flash.sim.clocks().mono;
    let before = flash.sim.engine.flash_used(now);
    assert!(before > ALERT_FLASH_BYTES - 300);
    // However often it is looked at.
    let mut hour = Mono(now.0);
    for _ in 0..3600 {
        hour = Mono(hour.0 + 1000);
        flash.sim.engine.pay(A, 0, hour);
    }
    let left = before - flash.sim.engine.flash_used(hour);
    assert!(left.abs_diff(ALERT_FLASH_HOUR) <= 4, "{left}");
    let later = Mono(now.0 + 24 * 60 * MIN);
    assert_eq!(flash.sim.engine.flash_used(later), 0);
    // A clock that stands still, or goes back, brings nothing.
    flash.sim.engine.pay(A, 100, later);
    flash.sim.engine.pay(A, 0, now);
    assert_eq!(flash.sim.engine.flash_used(now), 100);
}

#[test]
fn a_snapshot_too_small_for_the_alerts_is_made_up_for_later() {
    let mut flash = Flash::new();
    flash.fires("Steady");
    flash.compact(SourceSet::ALL);
    assert_eq!(flash.kinds(), [durable::MORE]);
    assert_eq!(flash.after_a_restart(), State::NoData);
    // The budget was hardly touched, so it is tried again at once, and an hour's budget later
    // each time.
    flash.catch_up(SourceSet::ALL);
    assert_eq!(flash.kinds(), [durable::MORE]);
    flash.catch_up(SourceSet::EMPTY);
    assert_eq!(flash.kinds(), [durable::ALERT]);
    assert_eq!(flash.sim.engine.catches_up_at(), None);
}

#[test]
fn an_alert_that_nobody_holds_is_not_forgotten_by_a_restart() {
    let mut flash = Flash::new();
    let full: Vec<String> =
        (0..ALERTS).map(|number| hook(&std::format!("Down{number}"), "egret", 1, None)).collect();
    flash.sim.webhook(A, &full);
    assert_eq!(flash.sim.webhook(A, &[hook("OneMore", "heron", 1, None)]), [Verdict::Refused]);
    flash.write();
    flash.sim.webhook(A, &[hook("OneMore", "heron", 1, None)]);
    flash.write();
    let more = flash.journal.iter().filter(|(kind, _)| *kind == durable::MORE);
    assert_eq!(more.count(), 1, "said once");
    assert_eq!(flash.after_a_restart(), State::NoData);
    // Nor by a compaction, nor by a second restart.
    flash.compact(SourceSet::EMPTY);
    flash.journal.retain(|(kind, _)| *kind == durable::MORE);
    assert_eq!(flash.kinds(), [durable::MORE]);
    let records = flash.journal.clone();
    flash.sim = restart(&mut flash.sim, ONE, &records);
    flash.compact(SourceSet::EMPTY);
    assert_eq!(flash.after_a_restart(), State::NoData);
    // Until its sender must have said it again.
    flash.sim.now = Mono(271 * MIN);
    flash.compact(SourceSet::EMPTY);
    assert_eq!(flash.kinds(), [0u8; 0]);
}

#[test]
fn a_reload_does_not_shorten_a_distrust() {
    let mut flash = Flash::new();
    flash.use_up();
    flash.fires("Flaps");
    let records = flash.journal.clone();
    let mut next = restart(&mut flash.sim, ONE, &records);
    let changed = ONE.replacen("	list match 'alertname=EgretDown", "	list match 'alertname=HeronDown", 1);
    reload(&mut next, &changed);
    next.quiet_until(60);
    assert_eq!(next.state(HERON), State::NoData);
}
