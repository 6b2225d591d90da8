//! The promises of "When an alert ends, and what is known", each by the sender whose behaviour it
//! comes from, on a simulated clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

mod field;
mod flash_budget;
mod heartbeats;
mod ignored;
mod incidents;
mod notifications;
mod odd;
mod rules;
mod uptime;

use std::boxed::Box;
use std::fmt::Write;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::lifetime::Sender;
use super::{End, Engine, Input, Quality, Verdict, durable};
use crate::config::{Config, Problems};
use crate::ingest::{Dialect, Event, Reader};
use crate::limits::ALERTS;
use crate::model::{ComponentId, Finding, Lang, SiteId, SourceId, SourceSet, State, View};
use crate::shown::{self, Monitoring, ShownState};
use crate::time::{At, Mono, Now, Wall, rfc3339};

/// Noon of some day by the senders' clocks, which are right.
const NOON: i64 = 1_795_262_400_000;
const MIN: i64 = 60_000;

const ONE: &str = "
config listen
	option address '127.0.0.1:8080'
	list serve 'page'
	list serve 'ingest'
config site 'home'
	list host 'status.example.org'
config source 'a'
	option site 'home'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000001'
config service 'wifi'
	option site 'home'
config component 'heron'
	option service 'wifi'
	list publish 'summary'
config component 'egret'
	option service 'wifi'
	list match 'alertname=EgretDown team!=night'
	list match 'summary~*egret*'
";

/// The same, fed by two replicas of one Prometheus.
fn two() -> String {
    ONE.replace(
        "config service 'wifi'",
        "config source 'b'
	option site 'home'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000002'
config service 'wifi'",
    )
    .replace("	option service 'wifi'\n", "	option service 'wifi'\n	list source 'a'\n	list source 'b'\n")
}

const A: SourceId = SourceId(0);
const B: SourceId = SourceId(1);
const HERON: ComponentId = ComponentId(0);
const EGRET: ComponentId = ComponentId(1);
const HOME: SiteId = SiteId(0);

fn load(text: &str) -> Box<Config> {
    let mut config = Box::new(Config::new());
    let mut problems = Problems::new();
    if config.load(text.as_bytes(), &mut problems).is_err() {
        let mut words = String::new();
        for problem in &problems {
            let mut one: heapless::String<1024> = heapless::String::new();
            _ = problem.describe(&mut one);
            _ = writeln!(words, "{}: {one}", problem.line);
        }
        panic!("{words}");
    }
    config
}

/// An engine, its configuration, and its router's clocks.
struct Sim {
    engine: Box<Engine>,
    config: Box<Config>,
    now: Mono,
    /// How far the router's wall clock is ahead; `None` if it has none.
    ahead: Option<i64>,
    /// NTP says that it is right.
    synchronised: bool,
    reader: Box<Reader>,
    verdicts: Vec<Verdict>,
    /// What the last alert has that people have not been told yet.
    odd: Option<usize>,
}

impl Sim {
    fn new(text: &str) -> Self {
        let mut sim = Self {
            engine: Box::new(const { Engine::new() }),
            config: load(text),
            now: Mono(0),
            ahead: Some(0),
            synchronised: false,
            reader: Box::new(Reader::new()),
            verdicts: Vec::new(),
            odd: None,
        };
        sim.engine.begin(&sim.config, sim.clocks());
        sim
    }

    /// Started, heard, and past its resync: all is well at minute 10.
    fn well(text: &str) -> Self {
        let mut sim = Self::new(text);
        for minute in 0..=10 {
            sim.at(minute);
            sim.alive();
        }
        assert_eq!(sim.state(HERON), State::Operational);
        sim
    }

    fn clocks(&self) -> Now {
        let wall = self.ahead.map(|ahead| Wall(NOON + self.now.0 + ahead));
        Now { synchronised: self.synchronised, ..Now::new(self.now, wall) }
    }

    /// Lets time pass, waking the engine when it asks to be woken.
    fn at(&mut self, minute: i64) {
        let until = Mono(minute * MIN);
        assert!(until >= self.now, "time goes forward");
        while let Some(wake) = self.engine.poll_at().filter(|&wake| wake <= until) {
            assert!(wake >= self.now, "the engine asks for the past");
            self.now = wake;
            self.engine.step(&self.config, self.clocks(), Input::Pass);
        }
        self.now = until;
    }

    /// Time passes while the sources give signs of life each minute and nothing else.
    fn quiet_until(&mut self, minute: i64) {
        for minute in (self.now.0 / MIN + 1)..=minute {
            self.at(minute);
            self.alive();
        }
    }

    fn alive(&mut self) {
        for id in 0..self.config.sources.len() {
            self.engine.alive(&self.config, self.clocks(), SourceId(u16::try_from(id).unwrap()));
        }
    }

    fn post(&mut self, source: SourceId, sender: Sender, text: &str) -> Vec<Verdict> {
        let now = self.clocks();
        let dialect = match sender {
            Sender::Repeating => Dialect::Alerts,
            Sender::Webhook => Dialect::Webhook,
            Sender::Once => Dialect::Collectd,
        };
        self.reader.start(dialect);
        let (engine, config) = (&mut self.engine, &self.config);
        self.verdicts.clear();
        let (verdicts, odd) = (&mut self.verdicts, &mut self.odd);
        let mut body = engine.open(source, sender);
        let mut each = |event: Event<'_>| {
            let (alert, quality) = match event {
                Event::Alert(alert) => (alert, Quality::Whole),
                Event::Oversize(alert) => (alert, Quality::Oversize),
                Event::Partial(_, alert) => (alert, Quality::Malformed),
                Event::Bad(_) | Event::Sample(_) => return,
            };
            let effects = engine.step(config, now, Input::Alert { body: &mut body, alert, quality });
            verdicts.extend(effects.verdict);
            *odd = effects.odd;
        };
        self.reader.feed(text.as_bytes(), &mut each).unwrap();
        self.reader.finish().unwrap();
        let end = End { alive: true, truncated: self.reader.was_truncated() };
        self.engine.step(&self.config, now, Input::Close { body: &mut body, end });
        self.verdicts.clone()
    }

    fn prometheus(&mut self, source: SourceId, alerts: &[String]) -> Vec<Verdict> {
        self.post(source, Sender::Repeating, &format!("[{}]", alerts.join(",")))
    }

    fn webhook(&mut self, source: SourceId, alerts: &[String]) -> Vec<Verdict> {
        self.post(
            source,
            Sender::Webhook,
            &format!("{{\"alerts\":[{}],\"version\":\"4\"}}", alerts.join(",")),
        )
    }

    fn state(&self, id: ComponentId) -> State {
        self.engine.view(&self.config, self.clocks()).component(id).state()
    }

    fn reason(&self, id: ComponentId) -> Finding {
        self.engine.view(&self.config, self.clocks()).component(id).finding
    }

    /// In minutes after noon.
    fn since(&self, id: ComponentId) -> Option<i64> {
        let now = self.clocks();
        let since = self.engine.view(&self.config, now).component(id).since?;
        since.mono(now).map(|at| at.0.div_euclid(MIN))
    }

    fn published(&self, id: ComponentId) -> Vec<String> {
        let mut texts = Vec::new();
        self.engine
            .view(&self.config, self.clocks())
            .published(id, Lang::En, &mut |text| texts.push(text.to_string()));
        texts
    }

    fn monitoring(&self) -> Monitoring {
        shown::monitoring(&self.config, &self.engine.view(&self.config, self.clocks()), HOME)
    }
}

fn time(minute: i64) -> String {
    rfc3339::utc(Wall(NOON + minute * MIN)).as_str().to_string()
}

/// As Prometheus writes it: firing since `starts`, until `ends` or resolved at `ends`.
fn alert(name: &str, component: &str, starts: i64, ends: i64) -> String {
    format!(
        r#"{{"annotations":{{"summary":"{name} on {component}"}},"endsAt":"{}","startsAt":"{}","generatorURL":"http://p/","labels":{{"alertname":"{name}","component":"{component}","service":"wifi","severity":"critical"}}}}"#,
        time(ends),
        time(starts)
    )
}

/// It leads to the egret by its summary alone. So many other annotations stand before that.
fn about_egret(others: usize) -> String {
    let others: Vec<_> = (0..others).map(|n| format!(r#""a{n}":"{}","#, "x".repeat(1000))).collect();
    let others = others.concat();
    alert("Odd", "nobody", 9, 14).replace(
        r#""annotations":{"summary":"Odd on nobody"}"#,
        &format!(r#""annotations":{{{others}"summary":"the egret again"}}"#),
    )
}

#[test]
fn what_finds_no_room_in_an_alert_makes_nothing_well() {
    let mut sim = Sim::well(ONE);
    sim.prometheus(A, &[about_egret(0)]);
    assert_eq!((sim.state(EGRET), sim.engine.counters().cut), (State::Outage, 0));
    sim.at(11);
    sim.prometheus(A, &[about_egret(5)]);
    assert_eq!((sim.state(EGRET), sim.engine.counters().cut), (State::Outage, 1));
    // It lives for as long as it said when it could be read.
    sim.at(14);
    sim.alive();
    sim.at(16);
    assert_eq!((sim.state(EGRET), sim.reason(EGRET)), (State::NoData, Finding::Lapsed));
    // With room for it, it ends when it is about something else.
    let mut sim = Sim::well(ONE);
    sim.prometheus(A, &[about_egret(0)]);
    sim.prometheus(A, &[about_egret(0).replace("egret", "heron")]);
    assert_eq!(sim.state(EGRET), State::Operational);
}

/// As Alertmanager writes it to a webhook.
fn hook(name: &str, component: &str, starts: i64, resolved: Option<i64>) -> String {
    let (status, ends) = match resolved {
        Some(minute) => ("resolved", time(minute)),
        None => ("firing", "0001-01-01T00:00:00Z".to_string()),
    };
    format!(
        r#"{{"status":"{status}","labels":{{"alertname":"{name}","component":"{component}","service":"wifi","severity":"critical"}},"annotations":{{}},"startsAt":"{}","endsAt":"{ends}","generatorURL":""}}"#,
        time(starts)
    )
}

#[test]
fn a_second_alert_on_a_component_that_is_bad_already_comes_and_goes_on_the_page() {
    let mut sim = Sim::well(ONE);
    // Without a clock, no minute passes that would make the page new.
    sim.ahead = None;
    sim.prometheus(A, &[alert("First", "heron", 9, 14)]);
    let first = sim.engine.generation(HOME);
    sim.prometheus(A, &[alert("Second", "heron", 9, 14)]);
    let second = sim.engine.generation(HOME);
    assert_ne!(first, second);
    sim.prometheus(A, &[alert("Second", "heron", 9, 9)]);
    assert_ne!(second, sim.engine.generation(HOME));
    assert_eq!(sim.published(HERON), ["First on heron"]);
}

// ---- a start, and a source's silence ------------------------------------------------------------

#[test]
fn after_a_start_nothing_is_known_until_the_source_has_had_time_to_tell_all() {
    let mut sim = Sim::new(ONE);
    assert_eq!((sim.state(HERON), sim.reason(HERON)), (State::NoData, Finding::NeverHeard));
    sim.at(2);
    sim.alive();
    assert_eq!((sim.state(HERON), sim.reason(HERON)), (State::NoData, Finding::Settling));
    sim.quiet_until(6);
    assert_eq!(sim.state(HERON), State::NoData);
    sim.quiet_until(7);
    assert_eq!(sim.state(HERON), State::Operational);
    assert_eq!(sim.since(HERON), None, "nobody knows since when it has been well");
}

#[test]
fn what_a_source_reports_as_bad_after_a_start_turns_bad_at_once() {
    let mut sim = Sim::new(ONE);
    sim.at(1);
    sim.prometheus(A, &[alert("AntennaDown", "heron", -30, 5)]);
    assert_eq!(sim.state(HERON), State::Outage);
    assert_eq!(sim.since(HERON), Some(-30), "as the sender says");
    assert_eq!(sim.state(EGRET), State::NoData);
}

#[test]
fn a_source_that_falls_silent_makes_its_components_no_data_since_its_last_word() {
    let mut sim = Sim::well(ONE);
    sim.at(14);
    assert_eq!(sim.state(HERON), State::Operational);
    sim.at(15);
    assert_eq!((sim.state(HERON), sim.reason(HERON)), (State::NoData, Finding::Silent));
    assert_eq!(sim.since(HERON), Some(10));
    assert_eq!(sim.monitoring(), Monitoring::Down(Some(Mono(10 * MIN))));
}

#[test]
fn a_source_that_returns_from_silence_is_believed_to_be_well_only_after_its_resync() {
    let mut sim = Sim::well(ONE);
    sim.at(40);
    sim.alive();
    assert_eq!(sim.monitoring(), Monitoring::Up);
    assert_eq!((sim.state(HERON), sim.reason(HERON)), (State::NoData, Finding::Settling));
    sim.quiet_until(44);
    assert_eq!(sim.state(HERON), State::NoData);
    assert_eq!(sim.since(HERON), Some(10), "since never moves forward while it is unwell");
    sim.quiet_until(45);
    assert_eq!(sim.state(HERON), State::Operational);
    assert_eq!(sim.since(HERON), Some(45));
}

#[test]
fn monitoring_that_was_never_heard_is_missed_once_it_has_had_time_to_speak() {
    let mut sim = Sim::new(ONE);
    assert_eq!(sim.monitoring(), Monitoring::Up);
    let before = sim.engine.generation(HOME);
    sim.at(5);
    assert_eq!(sim.monitoring(), Monitoring::Down(None));
    assert_ne!(sim.engine.generation(HOME), before, "the page is rendered anew");
}

#[test]
fn who_only_reads_is_not_missed() {
    let reader = "config source 'amtool'
	option site 'home'
	option scope 'read'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000003'
config service 'wifi'";
    let mut sim = Sim::new(&ONE.replace("config service 'wifi'", reader));
    sim.at(1);
    sim.engine.alive(&sim.config, sim.clocks(), A);
    sim.at(20);
    assert_eq!(sim.engine.counters().silences, 1, "only the one that pushes fell silent");
}

#[test]
fn with_two_replicas_any_live_one_suffices() {
    let mut sim = Sim::well(&two());
    for minute in 11..=30 {
        sim.at(minute);
        sim.engine.alive(&sim.config, sim.clocks(), A);
    }
    assert_eq!(sim.state(HERON), State::Operational);
    assert_eq!(sim.monitoring(), Monitoring::Up, "nothing is unknown for want of the other one");
    sim.at(36);
    assert_eq!(sim.state(HERON), State::NoData);
}

#[test]
fn the_heartbeat_rule_of_prometheus_needs_no_service_and_no_component() {
    // prometheus-adlermanager filters such a heartbeat out.
    let mut sim = Sim::well(ONE);
    let beat = format!(
        r#"{{"labels":{{"alertname":"Watchdog","heartbeat":"1"}},"startsAt":"{}","endsAt":"{}"}}"#,
        time(0),
        time(60)
    );
    for minute in (12..=40).step_by(2) {
        sim.at(minute);
        assert_eq!(sim.prometheus(A, std::slice::from_ref(&beat)), [Verdict::Heartbeat]);
        assert_eq!(sim.state(HERON), State::Operational);
    }
}

// ---- Prometheus and vmalert ---------------------------------------------------------------------

#[test]
fn prometheus_fires_repeats_and_resolves() {
    let mut sim = Sim::well(ONE);
    for minute in [11, 13, 15, 17] {
        sim.at(minute);
        assert_eq!(sim.prometheus(A, &[alert("AntennaDown", "heron", 9, minute + 4)]), [Verdict::Firing]);
        assert_eq!((sim.state(HERON), sim.since(HERON)), (State::Outage, Some(9)));
        assert_eq!(sim.state(EGRET), State::Operational);
    }
    // Resolved at 18, and said again for 15 minutes.
    for minute in 18..=33 {
        sim.at(minute);
        assert_eq!(sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 18)]), [Verdict::Resolved]);
        assert_eq!((sim.state(HERON), sim.since(HERON)), (State::Operational, Some(18)));
    }
    // Its memory goes when it is of no more use.
    sim.quiet_until(60);
    assert_eq!(sim.engine.alerts().len(), 0);
}

#[test]
fn a_severity_that_nobody_knows_is_degraded_and_costs_the_rest_of_the_batch_nothing() {
    // prometheus-adlermanager drops the rest of the batch with a 200.
    let mut sim = Sim::well(ONE);
    let odd = alert("Odd", "heron", 9, 14).replace("critical", "sev-3");
    assert_eq!(
        sim.prometheus(A, &[odd, alert("AntennaDown", "egret", 9, 14)]),
        [Verdict::Firing, Verdict::Firing]
    );
    assert_eq!((sim.state(HERON), sim.state(EGRET)), (State::Degraded, State::Outage));
}

#[test]
fn info_says_that_nothing_is_wrong() {
    // It breaks prometheus-adlermanager's page.
    let mut sim = Sim::well(ONE);
    let info = alert("Note", "heron", 9, 14).replace("critical", "info");
    assert_eq!(sim.prometheus(A, &[info]), [Verdict::Fine]);
    assert_eq!(sim.state(HERON), State::Operational);
}

#[test]
fn resolving_one_alert_of_a_component_does_not_clear_another() {
    // prometheus-adlermanager's alert C clears B.
    let mut sim = Sim::well(ONE);
    sim.prometheus(A, &[alert("B", "heron", 9, 14), alert("C", "heron", 9, 14)]);
    sim.at(11);
    sim.prometheus(A, &[alert("B", "heron", 9, 15), alert("C", "heron", 9, 11)]);
    assert_eq!(sim.state(HERON), State::Outage);
    sim.at(12);
    sim.prometheus(A, &[alert("B", "heron", 9, 12), alert("C", "heron", 9, 11)]);
    assert_eq!(sim.state(HERON), State::Operational);
}

#[test]
fn times_without_fraction_and_with_an_offset_count() {
    // prometheus-adlermanager ignores the first and discards the second.
    let mut sim = Sim::well(ONE);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 14)]);
    sim.at(12);
    let local = |minute: i64| time(minute + 120).replace('Z', "+02:00");
    let resolved = alert("AntennaDown", "heron", 9, 12).replace(&time(12), &local(12));
    assert_eq!(sim.prometheus(A, &[resolved]), [Verdict::Resolved]);
    assert_eq!(sim.state(HERON), State::Operational);
}

#[test]
fn two_replicas_one_says_resolved_and_the_other_still_fires() {
    let mut sim = Sim::well(&two());
    sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 14)]);
    sim.prometheus(B, &[alert("AntennaDown", "heron", 9, 14)]);
    for minute in 11..=13 {
        sim.at(minute);
        sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 11)]);
        sim.prometheus(B, &[alert("AntennaDown", "heron", 9, minute + 4)]);
        assert_eq!(sim.state(HERON), State::Outage, "{minute}");
    }
    sim.at(14);
    sim.prometheus(B, &[alert("AntennaDown", "heron", 9, 14)]);
    assert_eq!(sim.state(HERON), State::Operational);
}

#[test]
fn prometheus_restarts_and_re_pends_an_alert_for_its_whole_for() {
    let mut sim = Sim::well(ONE);
    for minute in [11, 12, 13] {
        sim.at(minute);
        sim.prometheus(A, &[alert("AntennaDown", "heron", 9, minute + 4)]);
    }
    // Restarted at 13: alive, and silent about the alert until its `for` of ten minutes is over.
    sim.quiet_until(17);
    assert_eq!(sim.state(HERON), State::Outage);
    sim.quiet_until(18);
    assert_eq!((sim.state(HERON), sim.reason(HERON)), (State::NoData, Finding::Lapsed));
    sim.quiet_until(24);
    assert_eq!(sim.state(HERON), State::NoData);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 24, 28)]);
    assert_eq!((sim.state(HERON), sim.since(HERON)), (State::Outage, Some(9)));
}

#[test]
fn an_alert_that_expired_is_well_after_its_source_was_heard_for_15_minutes_without_it() {
    let mut sim = Sim::well(ONE);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 14)]);
    sim.quiet_until(15);
    assert_eq!(sim.state(HERON), State::NoData);
    // Silent from 20 to 50: that time does not count.
    sim.quiet_until(20);
    sim.at(50);
    assert_eq!((sim.state(HERON), sim.reason(HERON)), (State::NoData, Finding::Silent));
    sim.alive();
    sim.quiet_until(64);
    assert_eq!(sim.state(HERON), State::NoData);
    sim.quiet_until(65);
    assert_eq!(sim.state(HERON), State::Operational);
    assert_eq!(sim.engine.counters().expired, 1);
}

#[test]
fn an_alert_lives_as_long_as_ends_at_promises_if_that_is_longer() {
    // A rule group that is evaluated every five minutes promises twenty.
    let mut sim = Sim::well(ONE);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 30)]);
    sim.quiet_until(29);
    assert_eq!(sim.state(HERON), State::Outage);
    sim.quiet_until(30);
    assert_eq!(sim.state(HERON), State::NoData);
}

/// `silent_after` may be a day, for the sake of a nightly heartbeat: a Prometheus that dies while
/// something fires is not missed till then, but what it no longer repeats is not well for that.
#[test]
fn what_expired_is_not_well_while_its_source_says_nothing() {
    let text = ONE.replace(
        "option site 'home'\n\tlist token",
        "option site 'home'\n\toption silent_after '26h'\n\tlist token",
    );
    let mut sim = Sim::well(&text);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 14)]);
    assert_eq!(sim.state(HERON), State::Outage);
    for minute in [16, 30, 31, 60, 600] {
        sim.at(minute);
        assert_eq!((sim.state(HERON), sim.reason(HERON)), (State::NoData, Finding::Lapsed), "{minute}");
    }
    // It is back, and has its alert pend for all of its time again.
    sim.quiet_until(614);
    assert_eq!(sim.state(HERON), State::NoData);
    sim.quiet_until(617);
    assert_eq!(sim.state(HERON), State::Operational);

    // Somebody's script of every hour: the second one without it.
    let mut sim = Sim::well(&text);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 14)]);
    sim.at(70);
    sim.alive();
    sim.at(129);
    assert_eq!(sim.state(HERON), State::NoData);
    sim.at(130);
    sim.alive();
    sim.at(131);
    assert_eq!(sim.state(HERON), State::Operational);
}

/// Alertmanager's `max_alerts`: of a group, only so many are told, and the number of the rest.
#[test]
fn alerts_that_a_webhook_leaves_out_make_nothing_well() {
    let mut sim = Sim::well(ONE);
    let told = |left_out: &str| {
        let alert = hook("AntennaDown", "heron", 9, None);
        format!("{{\"alerts\":[{alert}],\"truncatedAlerts\":{left_out},\"version\":\"4\"}}")
    };
    for left_out in ["0", "null"] {
        sim.post(A, Sender::Webhook, &told(left_out));
        assert_eq!((sim.state(HERON), sim.state(EGRET)), (State::Outage, State::Operational));
    }
    sim.post(A, Sender::Webhook, &told("7"));
    assert_eq!((sim.state(HERON), sim.state(EGRET)), (State::Outage, State::NoData));
    // After a restart, too.
    let records = records(&mut sim);
    let mut next = restart(&mut sim, ONE, &records);
    next.quiet_until(269);
    assert_eq!(next.state(EGRET), State::NoData);
    // As long as Alertmanager may take to say it again.
    sim.quiet_until(279);
    assert_eq!(sim.state(EGRET), State::NoData);
    sim.quiet_until(280);
    assert_eq!(sim.state(EGRET), State::Operational);
}

#[test]
fn a_resolved_message_ends_an_alert_that_had_expired() {
    // The network between us was down; Prometheus was not.
    let mut sim = Sim::well(ONE);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 14)]);
    sim.at(30);
    assert_eq!(sim.state(HERON), State::NoData);
    // Said twice: the first time, a later endsAt could still be a promise.
    sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 25)]);
    sim.at(31);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 25)]);
    sim.quiet_until(36);
    assert_eq!(sim.state(HERON), State::Operational);
}

#[test]
fn amtool_adds_an_alert_without_times() {
    let mut sim = Sim::well(ONE);
    let bare = r#"{"labels":{"alertname":"X","service":"wifi","component":"heron"}}"#.to_string();
    assert_eq!(sim.prometheus(A, std::slice::from_ref(&bare)), [Verdict::Firing]);
    assert_eq!((sim.state(HERON), sim.since(HERON)), (State::Degraded, Some(10)));
    sim.quiet_until(15);
    assert_eq!(sim.state(HERON), State::NoData);
}

#[test]
fn resolved_said_again_after_our_restart_turns_nothing_red() {
    let mut sim = Sim::new(ONE);
    for minute in 1..=9 {
        sim.at(minute);
        sim.prometheus(A, &[alert("AntennaDown", "heron", -20, -2)]);
        assert_ne!(sim.state(HERON), State::Outage);
    }
    assert_eq!(sim.state(HERON), State::Operational);
}

// ---- clocks -------------------------------------------------------------------------------------

#[test]
fn what_a_router_five_minutes_ahead_hears_of_once_before_the_network_fails_is_not_well() {
    let mut sim = Sim::well(ONE);
    sim.ahead = Some(5 * MIN);
    sim.at(11);
    assert_eq!(sim.prometheus(A, &[alert("AntennaDown", "heron", 11, 15)]), [Verdict::Doubtful]);
    // Two repetitions are lost, and the next comes.
    for minute in [12, 16] {
        sim.at(minute);
        sim.alive();
        assert_eq!(sim.state(HERON), State::NoData);
    }
    sim.at(17);
    assert_eq!(sim.prometheus(A, &[alert("AntennaDown", "heron", 11, 21)]), [Verdict::Firing]);
    assert_eq!(sim.state(HERON), State::Outage);
}

/// Prometheus fires from 11 to 15, says so every minute, and then "resolved" for 15 minutes.
/// Returns the states at each minute from 11 to 32.
fn outage_as_seen(ahead: impl Fn(i64) -> Option<i64>) -> Vec<State> {
    let mut sim = Sim::well(ONE);
    (11..=32)
        .map(|minute| {
            sim.ahead = ahead(minute);
            sim.at(minute);
            sim.alive();
            match minute {
                11..=15 => sim.prometheus(A, &[alert("AntennaDown", "heron", 11, minute + 4)]),
                16..=30 => sim.prometheus(A, &[alert("AntennaDown", "heron", 11, 16)]),
                _ => Vec::new(),
            };
            sim.state(HERON)
        })
        .collect()
}

/// While it fires, the state is never well; and it is well in the end.
fn check_outage(seen: &[State], well_at: i64) {
    for (state, minute) in seen.iter().zip(11i64..) {
        match minute {
            11..=15 => assert_ne!(*state, State::Operational, "minute {minute} of {seen:?}"),
            _ if minute >= well_at => assert_eq!(*state, State::Operational, "minute {minute} of {seen:?}"),
            _ => {}
        }
    }
}

#[test]
fn a_router_with_a_right_clock() {
    let seen = outage_as_seen(|_| Some(0));
    assert_eq!(seen[..5], [State::Outage; 5]);
    check_outage(&seen, 16);
}

#[test]
fn a_router_five_minutes_ahead() {
    let seen = outage_as_seen(|_| Some(5 * MIN));
    assert_eq!(seen[0], State::NoData, "over, by its clock; but it does not believe that");
    assert_eq!(seen[1..5], [State::Outage; 4]);
    check_outage(&seen, 16);
}

#[test]
fn a_router_five_minutes_behind() {
    let seen = outage_as_seen(|_| Some(-5 * MIN));
    assert_eq!(seen[..5], [State::Outage; 5]);
    check_outage(&seen, 21);
}

#[test]
fn a_router_without_a_clock() {
    let seen = outage_as_seen(|_| None);
    assert_eq!(seen[..5], [State::Outage; 5]);
    check_outage(&seen, 17);
}

#[test]
fn a_router_that_boots_in_1970_until_ntp_answers_in_the_middle() {
    for answer in 11..=20 {
        let seen = outage_as_seen(|minute| (minute >= answer).then_some(0));
        assert_eq!(seen[..5], [State::Outage; 5], "NTP at {answer}");
        check_outage(&seen, 18);
        let trusted =
            outage_as_seen(|minute| Some(if minute >= answer { 0 } else { -56 * 365 * 24 * 60 * MIN }));
        assert_eq!(trusted[..5], [State::Outage; 5], "trusted too early, set at {answer}");
        check_outage(&trusted, answer.max(16) + 1);
    }
}

/// The router's clock is two years behind when it hears of an outage, and the end of that is lost.
#[test]
fn a_clock_that_is_years_behind_makes_no_outage_last_for_years() {
    let mut sim = Sim::well(ONE);
    sim.ahead = Some(-2 * 365 * 24 * 60 * MIN);
    sim.at(11);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 1, 15)]);
    assert_eq!(sim.state(HERON), State::Outage);
    sim.at(24);
    sim.alive();
    assert_eq!(sim.state(HERON), State::Outage, "14 minutes lie between its two times");
    for minute in 25..=45 {
        sim.at(minute);
        sim.alive();
    }
    assert_eq!(sim.state(HERON), State::Operational);
}

#[test]
fn a_time_learnt_late_dates_what_came_earlier() {
    let mut sim = Sim::well(ONE);
    sim.ahead = None;
    sim.at(11);
    let bare = r#"{"labels":{"alertname":"X","service":"wifi","component":"heron"}}"#.to_string();
    sim.prometheus(A, &[bare]);
    assert_eq!(sim.clocks().wall, None);
    sim.at(13);
    sim.ahead = Some(0);
    let since = sim.engine.view(&sim.config, sim.clocks()).component(HERON).since.unwrap();
    assert_eq!(since.wall(sim.clocks()), Some(Wall(NOON + 11 * MIN)));
}

#[test]
fn when_an_alert_began_is_told_once_the_clock_is_known() {
    let mut sim = Sim::new(ONE);
    sim.ahead = None;
    sim.at(11);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 3, 15)]);
    assert_eq!(sim.since(HERON), Some(11));
    sim.ahead = Some(0);
    sim.at(12);
    sim.alive();
    assert_eq!((sim.state(HERON), sim.since(HERON)), (State::Outage, Some(3)));
}

// ---- webhooks -----------------------------------------------------------------------------------

#[test]
fn alertmanager_repeats_after_four_hours_and_the_alert_lasts() {
    let mut sim = Sim::well(ONE);
    sim.webhook(A, &[hook("AntennaDown", "heron", 9, None)]);
    sim.at(20);
    assert_eq!(sim.state(HERON), State::Outage, "after ten minutes of quiet");
    for hour in [4, 8] {
        sim.at(10 + hour * 60);
        assert_eq!(sim.state(HERON), State::Outage, "{hour} h");
        sim.webhook(A, &[hook("AntennaDown", "heron", 9, None)]);
    }
    sim.at(500);
    sim.webhook(A, &[hook("AntennaDown", "heron", 9, Some(499))]);
    sim.quiet_until(506);
    assert_eq!(sim.state(HERON), State::Operational);
}

#[test]
fn a_webhook_alert_that_is_not_repeated_becomes_no_data_and_never_well() {
    let mut sim = Sim::well(ONE);
    sim.webhook(A, &[hook("AntennaDown", "heron", 9, None)]);
    sim.quiet_until(10 + 269);
    assert_eq!(sim.state(HERON), State::Outage);
    sim.quiet_until(10 + 270);
    assert_eq!((sim.state(HERON), sim.reason(HERON)), (State::NoData, Finding::Lapsed));
    sim.quiet_until(3000);
    assert_eq!((sim.state(HERON), sim.since(HERON)), (State::NoData, Some(9)));
    sim.webhook(A, &[hook("AntennaDown", "heron", 9, Some(2999))]);
    assert_eq!(sim.state(HERON), State::Operational);
}

#[test]
fn alertmanager_resolves_without_the_annotations_that_led_the_alert_here() {
    let mut sim = Sim::well(ONE);
    let firing = hook("Odd", "nowhere", 9, None)
        .replace("\"annotations\":{}", "\"annotations\":{\"summary\":\"an egret fell\"}");
    assert_eq!(sim.webhook(A, &[firing]), [Verdict::Firing]);
    assert_eq!(sim.state(EGRET), State::Outage);
    sim.webhook(A, &[hook("Odd", "nowhere", 9, Some(10))]);
    assert_eq!(sim.state(EGRET), State::Operational);
}

/// A restart: the records so far, and nothing else, come to the next engine.
fn restart(sim: &mut Sim, text: &str, records: &[(u8, Vec<u8>)]) -> Sim {
    let mut next = Sim::new(text);
    next.now = Mono(0);
    next.ahead = sim.ahead.map(|ahead| ahead + sim.now.0);
    for (kind, payload) in records {
        assert!(next.engine.restore(&next.config, next.clocks(), *kind, payload));
    }
    next.engine.restored(&next.config, next.clocks());
    next
}

/// Whether a record tells of an alert.
fn is_alert(kind: u8) -> bool {
    crate::journal::kinds::ALL
        .iter()
        .any(|row| row.number == kind && row.owner == crate::journal::kinds::Owner::Alerts)
}

/// The records of what a webhook just said.
fn records(sim: &mut Sim) -> Vec<(u8, Vec<u8>)> {
    let now = sim.clocks();
    let mut records = Vec::new();
    sim.engine.write_down(&sim.config, now, &mut |kind, payload| records.push((kind, payload.to_vec())));
    records
}

/// The one record of what a webhook just said.
fn record(sim: &mut Sim) -> (u8, Vec<u8>) {
    let mut records = records(sim);
    assert_eq!(records.len(), 1);
    records.remove(0)
}

#[test]
fn a_webhook_alert_is_still_red_after_a_restart() {
    let mut sim = Sim::well(ONE);
    sim.webhook(A, &[hook("AntennaDown", "heron", 9, None)]);
    let began = record(&mut sim);
    // Said again, nothing new is to be written.
    sim.webhook(A, &[hook("AntennaDown", "heron", 9, None)]);
    assert!(!sim.engine.has_unwritten());
    let mut next = restart(&mut sim, ONE, std::slice::from_ref(&began));
    assert_eq!((next.state(HERON), next.since(HERON)), (State::Outage, Some(-1)));
    next.quiet_until(60);
    assert_eq!((next.state(HERON), next.state(EGRET)), (State::Outage, State::Operational));
    next.webhook(A, &[hook("AntennaDown", "heron", 9, Some(60))]);
    assert_eq!(next.state(HERON), State::Operational);
    let ended = record(&mut next);
    let after = restart(&mut next, ONE, &[began, ended]);
    assert_eq!(after.engine.alerts().counting_all(), 0);
    assert_eq!(after.state(HERON), State::NoData);
}

#[test]
fn what_a_restart_finds_no_longer_configured_is_left_out() {
    let mut sim = Sim::well(ONE);
    sim.webhook(
        A,
        &[hook("AntennaDown", "heron", 9, None)
            .replace("\"annotations\":{}", "\"annotations\":{\"summary\":\"x\"}")],
    );
    let began = record(&mut sim);
    let gone = ONE.replace("config component 'heron'", "config component 'crane'");
    assert_eq!(restart(&mut sim, &gone, std::slice::from_ref(&began)).engine.alerts().len(), 0);
    let silent = ONE.replace("	list publish 'summary'\n", "").replace("	list match 'summary~*egret*'\n", "");
    let next = restart(&mut sim, &silent, &[began]);
    let kept: Vec<_> = next
        .engine
        .alerts()
        .iter()
        .flat_map(|held| held.kept.pairs().map(|pair| pair.name.to_string()))
        .collect();
    assert_eq!(kept, ["alertname", "service", "component"]);
}

#[test]
fn what_a_matcher_alone_looked_at_is_not_written_down() {
    let looks = "	list match 'service~* note~*'\n";
    let before = "	list match 'alertname=EgretDown";
    let text = ONE.replacen(before, &format!("{looks}{before}"), 1);
    let mut sim = Sim::well(&text);
    let secret = hook("EgretDown", "Rue Secrète 2", 9, None)
        .replace("\"annotations\":{}", "\"annotations\":{\"summary\":\"secret-1\",\"note\":\"secret-2\"}");
    sim.webhook(A, &[secret]);
    assert_eq!(sim.state(EGRET), State::Outage);
    let (_, payload) = record(&mut sim);
    let written = String::from_utf8_lossy(&payload).into_owned();
    assert!(written.contains("EgretDown"), "{written}");
    for secret in ["Rue", "secret", "wifi"] {
        assert!(!written.contains(secret), "{written}");
    }
}

/// What is written of all that must survive a restart, as text.
fn written(sim: &Sim) -> String {
    let mut all = Vec::new();
    sim.engine.snapshot(&sim.config, sim.clocks(), SourceSet::EMPTY, &mut |_, payload| {
        all.extend_from_slice(payload);
    });
    String::from_utf8_lossy(&all).into_owned()
}

#[test]
fn what_a_matcher_looked_at_goes_when_a_reload_drops_the_matcher() {
    let before = "	list match 'alertname=EgretDown";
    let text = ONE.replacen(before, &format!("	list match 'service~* note~*'\n{before}"), 1);
    let mut sim = Sim::well(&text);
    let secret = hook("EgretDown", "Rue Secrète 2", 9, None)
        .replace("\"service\":\"wifi\"", "\"service\":\"secret-1\"")
        .replace("\"annotations\":{}", "\"annotations\":{\"service\":\"secret-2\",\"note\":\"secret-3\"}");
    sim.webhook(A, &[secret, hook("AntennaDown", "heron", 9, None)]);
    reload(&mut sim, ONE);
    assert_eq!((sim.state(HERON), sim.state(EGRET)), (State::Outage, State::Outage));
    let text = written(&sim);
    assert!(text.contains("EgretDown") && text.contains("AntennaDown") && text.contains("wifi"), "{text}");
    assert!(!text.contains("secret"), "{text}");
    let kept = sim.engine.alerts().iter().flat_map(|held| held.kept.pairs());
    let kept: Vec<_> = kept.map(|pair| pair.value.to_string()).collect();
    assert_eq!(kept, ["EgretDown", "AntennaDown", "wifi", "heron"]);
}

#[test]
fn what_is_written_of_a_publish_is_the_annotation() {
    let mut sim = Sim::well(ONE);
    let both = hook("AntennaDown", "heron", 9, None)
        .replace("\"alertname\"", "\"summary\":\"secret\",\"alertname\"")
        .replace("\"annotations\":{}", "\"annotations\":{\"summary\":\"No power.\"}");
    sim.webhook(A, &[both]);
    let text = written(&sim);
    assert!(text.contains("No power.") && !text.contains("secret"), "{text}");
}

#[test]
fn a_source_that_had_more_than_the_journal_holds_is_not_believed_to_be_well_for_hours() {
    let mut sim = Sim::well(ONE);
    sim.webhook(A, &[hook("AntennaDown", "heron", 9, None)]);
    let mut records = Vec::new();
    sim.engine.snapshot(&sim.config, sim.clocks(), SourceSet::ALL, &mut |kind, payload| {
        if kind <= durable::MORE {
            records.push((kind, payload.to_vec()));
        }
    });
    assert_eq!(records.len(), 1);
    let mut next = restart(&mut sim, ONE, &records);
    next.quiet_until(269);
    assert_eq!(next.state(HERON), State::NoData);
    next.quiet_until(270);
    assert_eq!(next.state(HERON), State::Operational);
}

#[test]
fn an_alert_with_a_mac_address_in_its_labels_is_not_written_down_and_not_forgotten() {
    let mut sim = Sim::well(ONE);
    let about = |mac: &str, resolved| {
        hook("AntennaDown", "heron", 9, resolved)
            .replace("\"alertname\"", &format!("\"station\":\"{mac}\",\"alertname\""))
    };
    sim.webhook(A, &[about("02:00:5e:10:00:ff", None)]);
    let more = record(&mut sim);
    assert_eq!((more.0, more.1.len()), (durable::MORE, 8), "of the alert itself there is nothing");
    let next = restart(&mut sim, ONE, &[more]);
    assert_eq!(next.state(HERON), State::NoData);
    // While it lasts, no moment has anything to write.
    for minute in 10..14 {
        sim.quiet_until(minute);
        sim.engine.step(&sim.config, sim.clocks(), Input::Pass);
        assert!(!sim.engine.has_unwritten(), "{minute}");
    }
    // Two that differ in the address alone are two.
    sim.webhook(A, &[about("02:00:5e:10:00:01", None)]);
    sim.webhook(A, &[about("02:00:5e:10:00:ff", Some(10))]);
    assert_eq!((sim.state(HERON), records(&mut sim).len()), (State::Outage, 0), "it was said once");
}

#[test]
fn prometheus_repeats_so_its_alerts_are_never_written() {
    let mut sim = Sim::well(ONE);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 14)]);
    assert!(!sim.engine.has_unwritten());
    let mut records = 0;
    for brief in [SourceSet::EMPTY, SourceSet::ALL] {
        sim.engine.snapshot(&sim.config, sim.clocks(), brief, &mut |kind, _| {
            records += i32::from(is_alert(kind));
        });
    }
    assert_eq!(records, 0);
}

proptest::proptest! {
    #[test]
    fn any_bytes_as_a_record_restore_something_or_nothing(kind: u8, payload: Vec<u8>) {
        let mut sim = Sim::new(ONE);
        sim.engine.restore(&sim.config, sim.clocks(), kind, &payload);
    }
}

// ---- mapping ------------------------------------------------------------------------------------

#[test]
fn labels_that_lead_nowhere_fall_through_to_matchers() {
    let mut sim = Sim::well(ONE);
    assert_eq!(sim.prometheus(A, &[alert("EgretDown", "unknown", 9, 14)]), [Verdict::Firing]);
    assert_eq!((sim.state(HERON), sim.state(EGRET)), (State::Operational, State::Outage));
    let night =
        alert("EgretDown", "unknown", 9, 14).replace("\"alertname\"", "\"team\":\"night\",\"alertname\"");
    assert_eq!(sim.prometheus(A, &[night]), [Verdict::Unmapped]);
}

#[test]
fn the_adlermanager_label_names_the_site_or_its_host_and_never_leads_out_of_it() {
    let labelled = |site: &str| {
        alert("AntennaDown", "heron", 9, 14)
            .replace("\"alertname\"", &format!("\"adlermanager\":\"{site}\",\"alertname\""))
    };
    for (site, verdict) in [
        ("home", Verdict::Firing),
        ("status.example.org", Verdict::Firing),
        ("elsewhere.example", Verdict::Unmapped),
    ] {
        let mut sim = Sim::well(ONE);
        assert_eq!(sim.prometheus(A, &[labelled(site)]), [verdict], "{site}");
    }
}

#[test]
fn a_source_that_does_not_feed_a_component_cannot_turn_it_red() {
    let mut sim = Sim::well(&two().replacen("	list source 'b'\n", "", 1));
    assert_eq!(sim.prometheus(B, &[alert("AntennaDown", "heron", 9, 14)]), [Verdict::Unmapped]);
    assert_eq!(sim.state(HERON), State::Operational);
}

#[test]
fn only_what_a_matcher_or_publish_names_is_kept() {
    let mut sim = Sim::well(ONE);
    let chatty = alert("AntennaDown", "heron", 9, 14)
        .replace("\"alertname\"", "\"instance\":\"secret-1\",\"address\":\"Rue Secrète 2\",\"alertname\"")
        .replace("\"summary\"", "\"runbook\":\"secret-3\",\"summary\"");
    sim.prometheus(A, &[chatty]);
    let kept: Vec<_> = sim
        .engine
        .alerts()
        .iter()
        .flat_map(|held| held.kept.pairs().map(|pair| pair.name.to_string()))
        .collect();
    // The labels that led by name are the configuration's own words.
    assert_eq!(kept, ["alertname", "service", "component", "summary"]);
    let nowhere = alert("HeronDown", "Rue Secrète 2", 9, 14);
    let mut sim =
        Sim::well(&ONE.replacen("	list publish", "	list match 'alertname=HeronDown'\n	list publish", 1));
    assert_eq!(sim.prometheus(A, &[nowhere]), [Verdict::Firing]);
    let kept = sim.engine.alerts().iter().flat_map(|held| held.kept.pairs());
    assert!(kept.into_iter().all(|pair| !["service", "component"].contains(&pair.name)));
}

#[test]
fn published_texts_are_of_firing_alerts_the_worst_first_once_each_with_addresses_masked() {
    let mut sim = Sim::well(ONE);
    let with = |name: &str, severity: &str, summary: &str| {
        alert(name, "heron", 9, 14)
            .replace("critical", severity)
            .replace(&format!("{name} on heron"), summary)
    };
    sim.prometheus(
        A,
        &[
            with("W", "warning", "slow"),
            with("C", "critical", "10.1.2.3 and 02:00:5e:10:00:ff are gone"),
            with("D", "critical", "slow"),
        ],
    );
    let texts = sim.published(HERON);
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("are gone") && !texts[0].contains("10.1.2.3") && !texts[0].contains("5e:10"));
    assert_eq!(texts[1], "slow");
    assert!(sim.published(EGRET).is_empty());
}

// ---- overload -----------------------------------------------------------------------------------

fn flood(sim: &mut Sim, source: SourceId, from: usize, count: usize, ends: i64) -> Vec<Verdict> {
    let alerts: Vec<_> = (from..from + count).map(|n| alert(&format!("A{n}"), "egret", 9, ends)).collect();
    sim.prometheus(source, &alerts)
}

#[test]
fn an_alert_that_finds_no_room_still_marks_its_component() {
    let mut sim = Sim::well(ONE);
    assert!(flood(&mut sim, A, 0, ALERTS, 70).iter().all(|&verdict| verdict == Verdict::Firing));
    assert_eq!(sim.prometheus(A, &[alert("OneMore", "heron", 9, 70)]), [Verdict::Refused]);
    assert_eq!((sim.state(HERON), sim.since(HERON)), (State::Outage, Some(9)));
    // A "resolved" for what is not held ends nothing.
    sim.at(11);
    sim.prometheus(A, &[alert("OneMore", "heron", 9, 11)]);
    sim.prometheus(A, &[alert("Other", "heron", 9, 9)]);
    assert_eq!(sim.state(HERON), State::Outage);
    // Refused again at 13: five minutes from then.
    sim.quiet_until(13);
    assert_eq!(sim.prometheus(A, &[alert("OneMore", "heron", 9, 70)]), [Verdict::Refused]);
    sim.quiet_until(17);
    assert_eq!(sim.state(HERON), State::Outage);
    sim.quiet_until(18);
    assert_eq!(sim.state(HERON), State::Operational);
    assert_eq!(sim.engine.counters().of(Verdict::Refused), 3);
}

#[test]
fn a_sender_gone_mad_leaves_the_others_their_share() {
    let mut sim = Sim::well(&two());
    let verdicts = flood(&mut sim, A, 0, ALERTS, 70);
    assert_eq!(verdicts.iter().filter(|&&verdict| verdict == Verdict::Firing).count(), ALERTS / 2);
    assert_eq!(sim.prometheus(B, &[alert("AntennaDown", "heron", 9, 70)]), [Verdict::Firing]);
}

#[test]
fn a_webhook_alert_that_finds_no_room_marks_its_component_until_it_is_due_again() {
    let mut sim = Sim::well(ONE);
    flood(&mut sim, A, 0, ALERTS, 600);
    assert_eq!(sim.webhook(A, &[hook("AntennaDown", "heron", 9, None)]), [Verdict::Refused]);
    // Alertmanager repeats it after four hours, and not before.
    sim.quiet_until(10 + 240);
    assert_eq!(sim.state(HERON), State::Outage);
    sim.quiet_until(10 + 270);
    assert_eq!(sim.state(HERON), State::Operational);
}

#[test]
fn a_sender_without_a_share_left_pushes_out_nothing_that_others_remember() {
    let mut sim = Sim::well(&two());
    flood(&mut sim, A, 0, ALERTS / 2, 70);
    let fires: Vec<_> = (0..ALERTS / 2).map(|n| alert(&format!("B{n}"), "egret", 9, 14)).collect();
    sim.prometheus(B, &fires);
    sim.at(11);
    let over: Vec<_> = (0..ALERTS / 2).map(|n| alert(&format!("B{n}"), "egret", 9, 11)).collect();
    sim.prometheus(B, &over);
    assert_eq!(sim.engine.alerts().len(), ALERTS);
    let refused = flood(&mut sim, A, ALERTS, 100, 70);
    assert!(refused.iter().all(|&verdict| verdict == Verdict::Refused));
    // Prometheus says "resolved" again, and that is known for what it is.
    sim.at(13);
    assert!(sim.prometheus(B, &over).iter().all(|&verdict| verdict == Verdict::Resolved));
}

#[test]
fn what_has_ended_gives_way_to_what_fires() {
    let mut sim = Sim::well(ONE);
    flood(&mut sim, A, 0, ALERTS, 14);
    sim.at(11);
    let over: Vec<_> = (0..ALERTS).map(|n| alert(&format!("A{n}"), "egret", 9, 11)).collect();
    sim.prometheus(A, &over);
    assert_eq!(sim.state(EGRET), State::Operational);
    assert_eq!(sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 15)]), [Verdict::Firing]);
    assert_eq!(sim.engine.alerts().len(), ALERTS);
}

#[test]
fn an_alert_too_large_to_be_read_whole_marks_its_component() {
    let mut sim = Sim::well(ONE);
    let labels = (0..200).fold(String::new(), |all, n| all + &format!("\"z{n}\":\"x\","));
    let huge = format!(
        r#"{{"labels":{{"service":"wifi","component":"heron","severity":"critical",{labels}"alertname":"Huge"}}}}"#
    );
    assert_eq!(sim.prometheus(A, &[huge]), [Verdict::Refused]);
    assert_eq!(sim.state(HERON), State::Outage);
    assert_eq!(sim.engine.counters().oversize, 1);
}

// ---- reload -------------------------------------------------------------------------------------

fn reload(sim: &mut Sim, text: &str) {
    let new = load(text);
    let now = sim.clocks();
    sim.engine.reconfigure(&sim.config, &new, now);
    sim.config = new;
}

/// The drill for a stolen antenna: a source keeps its name, and gets a token that nobody has.
#[test]
fn what_a_source_said_is_not_known_when_all_its_tokens_are_revoked() {
    let text = ONE.to_string()
        + "config heartbeat 'nightly'
	option source 'a'
	option component 'egret'
	option every '24h'
";
    let line = "\tlist token 'sha256:0000000000000000000000000000000000000000000000000000000000000001'\n";
    let other = line.replace("01'", "0f'");
    let mut sim = Sim::well(&text);
    let beat = Input::Beat { id: crate::model::HeartbeatId(0), failed: false };
    sim.engine.step(&sim.config, sim.clocks(), beat);
    sim.webhook(A, &[hook("AntennaDown", "heron", 9, None)]);
    assert_eq!((sim.state(HERON), sim.state(EGRET)), (State::Outage, State::Operational));
    // One token more, and then one less, is the same source.
    reload(&mut sim, &text.replace(line, &format!("{line}{other}")));
    reload(&mut sim, &text.replace(line, &other));
    assert_eq!((sim.state(HERON), sim.state(EGRET)), (State::Outage, State::Operational));
    reload(&mut sim, &text);
    assert_eq!((sim.state(HERON), sim.state(EGRET)), (State::NoData, State::NoData));
    assert!(!sim.engine.sources().is_live(A));
}

#[test]
fn a_reload_keeps_alerts_sources_and_since() {
    let mut sim = Sim::well(ONE);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 14)]);
    // A component before it, another title: numbers change, names do not.
    let text = ONE.replace(
        "config component 'heron'",
        "config component 'first'\n	option service 'wifi'\nconfig component 'heron'\n	option name 'Héron'",
    );
    reload(&mut sim, &text);
    let heron = ComponentId(1);
    assert_eq!((sim.state(heron), sim.since(heron)), (State::Outage, Some(9)));
    assert_eq!(sim.state(ComponentId(2)), State::Operational);
    assert_eq!(sim.reason(ComponentId(0)), Finding::Reconfigured);
    sim.at(12);
    assert_eq!(sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 12)]), [Verdict::Resolved]);
    assert_eq!(sim.state(heron), State::Operational);
}

/// Another site before that of [`ONE`].
fn with_work() -> String {
    let work = "config site 'work'
	list host 'work.example.org'
config source 'w'
	option site 'work'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000009'
config service 'lan'
	option site 'work'
config component 'wren'
	option service 'lan'
";
    ONE.replace("config site 'home'\n", &format!("{work}config site 'home'\n"))
}

/// Once all numbers have been given, those in use are left out, and a gap would count them.
#[test]
fn the_numbers_of_alerts_tell_nothing_of_another_site() {
    let mut sim = Sim::well(&with_work());
    let (work, home) = (A, B);
    let of_home: Vec<_> = (0..5).map(|n| alert(&format!("Home{n}"), "heron", 9, 14)).collect();
    sim.prometheus(home, &of_home);
    sim.engine.alerts.number_from(u16::MAX);
    let wren = |n| alert(&format!("Work{n}"), "wren", 9, 14).replace("\"wifi\"", "\"lan\"");
    sim.prometheus(work, &[wren(1), wren(2)]);
    sim.prometheus(home, &[alert("Home5", "heron", 9, 14)]);
    let numbers: Vec<_> = sim.engine.alerts().iter().map(|held| held.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 1, 2, 6]);
}

#[test]
fn the_numbers_of_alerts_go_with_their_site_to_its_new_place() {
    let before = with_work();
    let mut sim = Sim::well(&before);
    let home = SourceId(1);
    sim.prometheus(home, &[alert("First", "heron", 9, 14), alert("Second", "heron", 9, 14)]);
    let numbers = |sim: &Sim| sim.engine.alerts().iter().map(|held| held.number).collect::<Vec<_>>();
    assert_eq!(numbers(&sim), [1, 2]);
    // The site moves to the place of one that goes; then another one comes before it.
    reload(&mut sim, ONE);
    sim.prometheus(A, &[alert("Third", "heron", 9, 14)]);
    assert_eq!(numbers(&sim), [1, 2, 3]);
    reload(&mut sim, &before);
    sim.prometheus(home, &[alert("Fourth", "heron", 9, 14)]);
    let wren = alert("Fifth", "wren", 9, 14).replace("\"wifi\"", "\"lan\"");
    sim.prometheus(A, &[wren]);
    assert_eq!(numbers(&sim), [1, 2, 3, 4, 1]);
}

#[test]
fn a_component_whose_mapping_changed_is_no_data_until_its_alerts_have_come_again() {
    let mut sim = Sim::well(ONE);
    reload(&mut sim, &ONE.replace("alertname=EgretDown", "alertname=EgretGone"));
    assert_eq!(sim.reason(EGRET), Finding::Reconfigured);
    assert_eq!(sim.state(HERON), State::Operational);
    sim.quiet_until(14);
    assert_eq!(sim.state(EGRET), State::NoData);
    sim.quiet_until(15);
    assert_eq!(sim.state(EGRET), State::Operational);
}

#[test]
fn a_component_that_is_removed_takes_its_alerts_along() {
    let mut sim = Sim::well(ONE);
    sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 14), alert("EgretDown", "egret", 9, 14)]);
    let text = ONE.replace("config component 'heron'\n	option service 'wifi'\n	list publish 'summary'\n", "");
    reload(&mut sim, &text);
    assert_eq!(sim.engine.alerts().len(), 1);
    assert_eq!(sim.state(ComponentId(0)), State::Outage);
}

#[test]
fn the_same_inputs_at_the_same_times_give_the_same_states() {
    let run = || {
        let mut sim = Sim::well(ONE);
        let mut seen = Vec::new();
        let mut random = 12_345_u32;
        for minute in 11..200 {
            sim.at(minute);
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let name = format!("A{}", random >> 29);
            let component = if random & 1 == 0 { "heron" } else { "egret" };
            let ends = minute + i64::from(random >> 8 & 7) - 3;
            sim.prometheus(A, &[alert(&name, component, minute - 5, ends)]);
            seen.push((sim.state(HERON), sim.state(EGRET), sim.engine.poll_at()));
        }
        seen
    };
    assert_eq!(run(), run());
}
