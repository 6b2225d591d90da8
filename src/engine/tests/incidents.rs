//! Incidents, on the simulated clock: what opens, joins and ends by itself, what people do, and
//! what is left of it after a restart.

#![allow(clippy::format_push_string)]
use super::*;
use crate::incidents::{Action, Boot, Done, OWNER, Refusal};
use crate::model::{Forced, Phase, Phrase, Phrases, Repeat, ServiceId, Step, Words};
use crate::time::Millis;
use std::vec;

mod eviction;
mod hindsight;
mod work;

const WIFI: ServiceId = ServiceId(0);
/// The uplink.
const NET: ServiceId = ServiceId(1);
const ANNA: u32 = 77;
const BEN: u32 = 78;

/// An incident, as a test speaks of it.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    number: u32,
    open: bool,
    worst: State,
    level: State,
    phase: Option<Phase>,
    began: Option<i64>,
    ended: Option<i64>,
    title: String,
    firing: bool,
}

fn own(text: &str) -> Words<'_> {
    Words::Own { lang: "", text }
}

/// What a person says of a whole service.
fn opening<'a>(service: ServiceId, state: State, title: &'a str, words: Words<'a>) -> Action<'a> {
    Action::Open { service, component: None, state, title, words, next: None }
}

impl Sim {
    fn incidents(&self) -> Vec<Told> {
        let mut told = Vec::new();
        let minute = |at: Option<Wall>| at.map(|at| (at.0 - NOON).div_euclid(MIN));
        self.engine.whole_view(&self.config, self.clocks()).incidents(HOME, &mut |view| {
            told.push(Told {
                number: view.number,
                open: view.open,
                worst: view.worst,
                level: view.level,
                phase: view.phase,
                began: minute(view.began),
                ended: minute(view.ended),
                title: view.title.to_string(),
                firing: view.firing,
            });
        });
        told
    }

    /// The steps of an incident in words: what, of whom, when.
    fn steps(&self, number: u32) -> Vec<String> {
        let mut told = Vec::new();
        self.engine.view(&self.config, self.clocks()).steps(HOME, number, &mut |view| {
            let mut line = match view.step {
                Step::Update(phase) => phase.word().to_string(),
                step => format!("{step:?}"),
            };
            if let Some(id) = view.component {
                line += &format!(
                    " {} {:?}",
                    self.config.str(self.config.components[id.index()].name),
                    view.state
                );
            }
            match view.words {
                Words::None => {}
                Words::Own { lang: "", text } => line += &format!(" {text:?}"),
                Words::Own { lang, text } => line += &format!(" {lang} {text:?}"),
                Words::Phrase(said) => {
                    line += " --say ";
                    said.join(Phrase::name, &mut |part| line += part);
                }
            }
            if view.amended {
                let at = view.amended_at.map_or(-1, |at| (at.0 - NOON).div_euclid(MIN));
                line += &format!(" (amended by {} at {at})", view.amended_by);
            }
            if view.who != 0 {
                line += &format!(" by {}", view.who);
            }
            match view.at {
                Some(at) => line += &format!(" at {}", (at.0 - NOON).div_euclid(MIN)),
                None => line += " at ?",
            }
            told.push(line);
        });
        told
    }

    fn act(&mut self, who: u32, action: Action<'_>) -> Result<Done, Refusal> {
        let now = self.clocks();
        self.engine.act(&self.config, now, HOME, who, action)
    }

    /// The components fire, until further notice.
    fn down(&mut self, components: &[&str]) {
        let minute = self.now.0 / MIN;
        let alerts: Vec<_> =
            components.iter().map(|component| alert("AntennaDown", component, minute, minute + 5)).collect();
        self.prometheus(A, &alerts);
    }

    /// They fire, and go on doing so.
    fn down_until(&mut self, components: &[&str], minute: i64) {
        let starts = self.now.0 / MIN;
        while self.now.0 / MIN <= minute {
            let now = self.now.0 / MIN;
            let alerts: Vec<_> =
                components.iter().map(|component| alert("AntennaDown", component, starts, now + 5)).collect();
            self.prometheus(A, &alerts);
            if now == minute {
                break;
            }
            self.at(now + 1);
        }
    }

    fn up(&mut self, components: &[&str]) {
        let minute = self.now.0 / MIN;
        let alerts: Vec<_> =
            components.iter().map(|component| alert("AntennaDown", component, minute - 1, minute)).collect();
        self.prometheus(A, &alerts);
    }

    fn snapshot(&mut self) -> Vec<(u8, Vec<u8>)> {
        self.engine.tidy();
        let mut records = Vec::new();
        let now = self.clocks();
        self.engine.snapshot(&self.config, now, SourceSet::EMPTY, &mut |kind, payload| {
            records.push((kind, payload.to_vec()));
        });
        records
    }

    /// What the journal would hold, were it never compacted.
    fn written(&mut self) -> Vec<(u8, Vec<u8>)> {
        let mut records = Vec::new();
        while let Some((kind, payload)) = self.engine.incidents().unwritten() {
            records.push((kind, payload.to_vec()));
            self.engine.wrote_one();
        }
        records
    }

    /// Another run, with what the journal holds, at once.
    fn rerun(&self, boot: Boot, records: &[(u8, Vec<u8>)]) -> Self {
        let mut next = Sim {
            engine: Box::new(const { Engine::new() }),
            config: load(CONFIG),
            now: self.now,
            ahead: self.ahead,
            synchronised: false,
            reader: Box::new(Reader::new()),
            verdicts: Vec::new(),
            odd: None,
        };
        next.engine.booted(boot);
        let now = next.clocks();
        next.engine.begin(&next.config, now);
        for (kind, payload) in records {
            assert!(next.engine.restore(&next.config, now, *kind, payload), "{kind}");
        }
        next.engine.restored(&next.config, now);
        next
    }
}

const CONFIG: &str = "
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
config component 'egret'
	option service 'wifi'
config service 'net'
	option site 'home'
config component 'uplink'
	option service 'net'
	list match 'component=uplink'
config service 'vpn'
	option site 'home'
config component 'gate'
	option service 'vpn'
	option depends_on 'uplink'
	list match 'component=gate'
";
const UPLINK: ComponentId = ComponentId(2);
const GATE: ComponentId = ComponentId(3);

fn well() -> Sim {
    Sim::well(CONFIG)
}

// ---- by themselves ------------------------------------------------------------------------------

#[test]
fn an_incident_opens_joins_gets_better_and_ends_when_all_has_been_well_for_the_settle_time() {
    let mut sim = well();
    sim.down_until(&["heron"], 12);
    assert_eq!(sim.steps(1), ["Opened heron Outage at 10"]);
    sim.down_until(&["heron", "egret"], 20);
    sim.up(&["heron"]);
    sim.down_until(&["egret"], 30);
    sim.up(&["egret"]);
    sim.quiet_until(34);
    assert!(sim.incidents()[0].open);
    sim.quiet_until(36);
    assert_eq!(
        sim.steps(1),
        [
            "Opened heron Outage at 10",
            "Joined egret Outage at 12",
            "Better heron Operational at 20",
            "Resolved egret Operational at 30"
        ]
    );
    let told = &sim.incidents()[0];
    assert_eq!((told.open, told.worst, told.began, told.ended), (false, State::Outage, Some(10), Some(30)));
    assert_eq!(sim.incidents().len(), 1);
}

#[test]
fn flapping_does_not_open_ten() {
    let mut sim = well();
    for _ in 0..40 {
        sim.down(&["heron"]);
        sim.quiet_until(sim.now.0 / MIN + 1);
        sim.up(&["heron"]);
        sim.quiet_until(sim.now.0 / MIN + 2);
    }
    assert_eq!(sim.steps(1).len(), 1, "{:?}", sim.steps(1));
    // Slower than the settle time: it ends and begins anew, and is one incident all the same.
    for _ in 0..10 {
        sim.quiet_until(sim.now.0 / MIN + 20);
        sim.down(&["heron"]);
        sim.quiet_until(sim.now.0 / MIN + 1);
        sim.up(&["heron"]);
    }
    assert_eq!(sim.incidents().len(), 1);
    assert!(sim.steps(1).len() > 10);
    // An hour after its end it is another one.
    sim.quiet_until(sim.now.0 / MIN + 70);
    sim.down(&["heron"]);
    assert_eq!(sim.incidents().len(), 2);
}

#[test]
fn what_follows_an_hour_later_is_another_incident() {
    let mut sim = well();
    sim.down_until(&["heron"], 75);
    sim.down_until(&["heron", "egret"], 76);
    assert_eq!(sim.incidents().iter().map(|told| told.number).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(sim.steps(2), ["Opened egret Outage at 75"]);
}

/// A resident must not read that it works and, below it, that it does not.
#[test]
fn an_incident_whose_parts_all_work_says_no_more_that_they_do_not() {
    let mut sim = well();
    sim.down_until(&["heron", "egret"], 12);
    sim.up(&["heron"]);
    assert_eq!(sim.incidents()[0].level, State::Outage, "of the egret");
    sim.up(&["egret"]);
    let told = &sim.incidents()[0];
    assert_eq!((told.open, told.level), (true, State::Operational));
    assert!(!sim.steps(1).iter().any(|step| step.starts_with("Resolved")), "{:?}", sim.steps(1));
    // It was too early to be glad.
    sim.quiet_until(14);
    sim.down(&["egret"]);
    assert_eq!(sim.incidents()[0].level, State::Outage);
}

#[test]
fn worse_is_told_at_once() {
    let mut sim = well();
    let degraded = alert("Slow", "heron", 10, 30).replace("critical", "warning");
    sim.prometheus(A, &[degraded]);
    assert_eq!(sim.incidents()[0].level, State::Degraded);
    sim.quiet_until(11);
    sim.down(&["heron"]);
    assert_eq!(sim.steps(1), ["Opened heron Degraded at 10", "Worse heron Outage at 11"]);
    sim.up(&["heron"]);
    sim.quiet_until(15);
    assert_eq!((sim.incidents()[0].level, sim.steps(1).len()), (State::Degraded, 2), "the step waits");
    sim.quiet_until(17);
    assert_eq!(sim.steps(1)[2], "Better heron Degraded at 16");
}

#[test]
fn no_data_opens_an_incident_after_a_grace_and_only_of_what_was_known() {
    let mut fresh = Sim::new(CONFIG);
    fresh.at(600);
    assert_eq!(fresh.incidents(), [], "nothing was ever known");
    let mut sim = well();
    sim.at(29);
    assert_eq!(sim.incidents(), []);
    sim.at(31);
    let told = sim.incidents();
    assert_eq!(told.len(), 3, "one for each service: {told:?}");
    assert_eq!(told[2].level, State::NoData);
    assert_eq!(sim.steps(told[2].number)[0], "Opened heron NoData at 10");
    // Its source comes back.
    sim.quiet_until(45);
    assert!(sim.incidents().iter().all(|told| !told.open), "{:?}", sim.incidents());
}

#[test]
fn an_outage_of_which_nobody_knows_any_more_is_said_to_be_so_and_does_not_end() {
    let mut sim = well();
    sim.down(&["heron"]);
    sim.at(60);
    assert_eq!(sim.steps(1)[1], "NoData heron NoData at 30", "{:?}", sim.steps(1));
    assert!(sim.incidents().iter().any(|told| told.number == 1 && told.open && told.worst == State::Outage));
}

// ---- dependencies -------------------------------------------------------------------------------

#[test]
fn who_depends_on_what_is_down_joins_and_opens_nothing() {
    let mut sim = well();
    let both = |minute: i64| {
        vec![
            alert("GateDown", "gate", minute, minute + 5).replace("\"service\":\"wifi\",", ""),
            alert("UplinkDown", "uplink", minute, minute + 5).replace("\"service\":\"wifi\",", ""),
        ]
    };
    // The affected one is told first, by a body of its own.
    for one in both(10) {
        sim.prometheus(A, &[one]);
    }
    assert_eq!((sim.state(GATE), sim.state(UPLINK)), (State::Outage, State::Outage));
    let view = sim.engine.view(&sim.config, sim.clocks()).component(GATE);
    assert_eq!(view.affected_by, Some(UPLINK));
    let open: Vec<_> = sim.incidents().into_iter().filter(|told| told.open).collect();
    assert_eq!(open.len(), 1, "{open:?}");
    let into = open[0].number;
    assert!(
        sim.steps(1).iter().any(|step| step.starts_with(&format!("Merged({into})"))),
        "{:?}",
        sim.steps(1)
    );
    // What was announced ends when both are well.
    let ended: Vec<_> = both(15).iter().map(|alert| alert.replace(&time(20), &time(11))).collect();
    sim.quiet_until(12);
    sim.prometheus(A, &ended);
    sim.quiet_until(30);
    assert!(sim.incidents().iter().all(|told| !told.open), "{:?}", sim.incidents());
    // The guilty one first: the other joins.
    sim.quiet_until(120);
    let [gate, uplink] = <[String; 2]>::try_from(both(120)).unwrap();
    sim.prometheus(A, &[uplink]);
    sim.prometheus(A, &[gate]);
    let last = sim.incidents()[0].clone();
    assert_eq!(sim.steps(last.number), ["Opened uplink Outage at 120", "Joined gate Outage at 120"]);
    // In one body, the order does not matter.
    sim.quiet_until(240);
    sim.prometheus(A, &both(240));
    let last = sim.incidents()[0].clone();
    assert_eq!(sim.steps(last.number), ["Opened uplink Outage at 240", "Joined gate Outage at 240"]);
}

// ---- people -------------------------------------------------------------------------------------

#[test]
fn a_person_opens_updates_amends_retitles_and_resolves() {
    let mut sim = well();
    let open = opening(WIFI, State::Degraded, "Storm", own("We look."));
    assert_eq!(sim.act(ANNA, open), Ok(Done::Incident(1)));
    sim.quiet_until(100);
    let told = sim.incidents()[0].clone();
    assert_eq!(
        (told.open, told.level, told.title.as_str(), told.phase),
        (true, State::Degraded, "Storm", Some(Phase::Investigating))
    );
    let update = Action::Update {
        number: 1,
        phase: Phase::Identified,
        words: Words::Phrase(Phrases::named("power-cut").unwrap()),
        next: None,
    };
    assert_eq!(sim.act(BEN, update), Ok(Done::Incident(1)));
    let arabic = Words::Own { lang: "ar", text: "الهوائي يعمل" };
    assert_eq!(
        sim.act(ANNA, Action::Update { number: 1, phase: Phase::Monitoring, words: arabic, next: None }),
        Ok(Done::Incident(1))
    );
    assert_eq!(
        sim.act(BEN, Action::Amend { number: 1, step: Some(2), words: own("We look into it.") }),
        Ok(Done::Incident(1))
    );
    assert_eq!(sim.act(BEN, Action::Retitle { number: 1, title: "Big storm" }), Ok(Done::Incident(1)));
    assert_eq!(sim.act(BEN, Action::Acknowledge { number: 1 }), Ok(Done::Incident(1)));
    assert_eq!(
        sim.act(BEN, Action::Update { number: 1, phase: Phase::Resolved, words: Words::None, next: None }),
        Ok(Done::Incident(1))
    );
    assert_eq!(
        sim.steps(1),
        [
            "Opened by 77 at 10",
            "investigating \"We look into it.\" (amended by 78 at 100) by 77 at 10",
            "identified --say power-cut by 78 at 100",
            "monitoring ar \"الهوائي يعمل\" by 77 at 100",
            "Retitled \"Big storm\" by 78 at 100",
            "Acknowledged by 78 at 100",
            "Resolved by 78 at 100",
        ]
    );
    let told = sim.incidents()[0].clone();
    assert_eq!((told.open, told.title.as_str(), told.phase), (false, "Big storm", Some(Phase::Resolved)));
    for (action, refusal) in [
        (Action::Update { number: 1, phase: Phase::Monitoring, words: own("x"), next: None }, Refusal::Ended),
        (
            Action::Update { number: 2, phase: Phase::Monitoring, words: own("x"), next: None },
            Refusal::NoIncident,
        ),
        (Action::Amend { number: 1, step: Some(1), words: own("x") }, Refusal::NoStep),
        (Action::Merge { number: 1, into: 1 }, Refusal::Itself),
        (Action::ClearBanner, Refusal::NoBanner),
        (Action::EndMaintenance { number: 1 }, Refusal::NoMaintenance),
        (Action::Banner { state: None, words: Words::None }, Refusal::Empty),
        (Action::Retitle { number: 1, title: &"x".repeat(161) }, Refusal::TooLong),
    ] {
        assert_eq!(sim.act(ANNA, action), Err(refusal), "{action:?}");
    }
}

/// Nobody but people sees that a roof burns.
#[test]
fn how_bad_a_person_says_it_is_counts_for_the_service_and_its_site() {
    let mut sim = well();
    let seen = |sim: &Sim| {
        let view = sim.engine.view(&sim.config, sim.clocks());
        (shown::headline(&sim.config, &view, HOME), view.said(WIFI), view.said(ServiceId(1)).0)
    };
    let nothing = (ShownState::Well, (State::Operational, false), State::Operational);
    assert_eq!(seen(&sim), nothing);
    let open = |component, state| Action::Open {
        service: WIFI,
        component,
        state,
        title: "Roof burnt",
        words: Words::None,
        next: None,
    };
    sim.act(ANNA, open(Some(ComponentId(0)), State::Outage)).unwrap();
    assert_eq!(seen(&sim), (ShownState::Outage, (State::Outage, false), State::Operational));
    sim.act(ANNA, open(None, State::Outage)).unwrap();
    assert_eq!(seen(&sim), (ShownState::Outage, (State::Outage, true), State::Operational));
    // What has ended says nothing any more; what is made a part of another, goes on there.
    let resolve = |number| Action::Update { number, phase: Phase::Resolved, words: Words::None, next: None };
    sim.act(ANNA, resolve(2)).unwrap();
    assert_eq!(seen(&sim).1, (State::Outage, false));
    sim.act(ANNA, open(None, State::Degraded)).unwrap();
    sim.act(ANNA, Action::Merge { number: 1, into: 3 }).unwrap();
    assert_eq!(seen(&sim).1, (State::Outage, false));
    sim.act(ANNA, resolve(3)).unwrap();
    assert_eq!(seen(&sim), nothing);
}

/// A team turns an antenna. When that has ended, the antenna works badly: the incident goes on, and
/// is as bad as the monitoring says.
#[test]
fn what_a_person_said_of_an_incident_ends_with_it() {
    let mut sim = well();
    let open = Action::Open {
        service: WIFI,
        component: Some(ComponentId(0)),
        state: State::Outage,
        title: "We turn it",
        words: Words::None,
        next: None,
    };
    sim.act(ANNA, open).unwrap();
    let resolve = Action::Update { number: 1, phase: Phase::Resolved, words: Words::None, next: None };
    sim.act(ANNA, resolve).unwrap();
    let minute = sim.now.0 / MIN;
    let slow = alert("Slow", "heron", minute, minute + 5).replace("critical", "warning");
    sim.prometheus(A, &[slow]);
    let told = sim.incidents()[0].clone();
    assert_eq!((told.number, told.open, told.level), (1, true, State::Degraded));
    let records = sim.snapshot();
    let told = sim.rerun(Boot { id: 1, base: 0 }, &records).incidents()[0].clone();
    assert_eq!((told.number, told.open, told.level), (1, true, State::Degraded));
}

#[test]
fn what_a_person_holds_open_does_not_end_by_itself() {
    let mut sim = well();
    sim.down_until(&["heron"], 12);
    sim.act(
        ANNA,
        Action::Update { number: 1, phase: Phase::Investigating, words: own("We look."), next: None },
    )
    .unwrap();
    sim.up(&["heron"]);
    sim.quiet_until(40);
    let told = sim.incidents()[0].clone();
    assert_eq!((told.open, told.level), (true, State::Operational));
    assert_eq!(sim.steps(1)[2], "Better heron Operational at 12");
    sim.act(ANNA, Action::Update { number: 1, phase: Phase::Resolved, words: own("Done."), next: None })
        .unwrap();
    assert!(!sim.incidents()[0].open);
}

#[test]
fn resolved_by_a_person_while_alerts_fire_says_so_and_does_not_open_at_once_again() {
    let mut sim = well();
    sim.down_until(&["heron"], 12);
    let resolve =
        Action::Update { number: 1, phase: Phase::Resolved, words: own("False alarm."), next: None };
    assert_eq!(sim.act(ANNA, resolve), Ok(Done::ResolvedWhileFiring(1)));
    assert!(sim.incidents()[0].firing);
    sim.down_until(&["heron"], 60);
    assert_eq!(sim.incidents().len(), 1);
    assert!(!sim.incidents()[0].open, "it does not come back by itself while nothing changes");
    sim.up(&["heron"]);
    sim.quiet_until(70);
    assert!(!sim.incidents()[0].firing);
    sim.quiet_until(90);
    sim.down(&["heron"]);
    assert_eq!(sim.incidents().len(), 2);
}

#[test]
fn incidents_are_merged_reopened_and_redacted() {
    let mut sim = well();
    sim.down_until(&["heron"], 75);
    sim.down_until(&["heron", "egret"], 76);
    assert_eq!(sim.act(ANNA, Action::Merge { number: 2, into: 1 }), Ok(Done::Incident(1)));
    let told = sim.incidents();
    assert_eq!((told[0].open, told[1].open), (false, true));
    assert_eq!(sim.act(ANNA, Action::Reopen { number: 2, words: Words::None }), Err(Refusal::Merged));
    sim.up(&["heron", "egret"]);
    sim.quiet_until(90);
    assert!(!sim.incidents()[1].open, "both were in it, and both are well: {:?}", sim.steps(1));
    assert_eq!(sim.act(ANNA, Action::Reopen { number: 1, words: own("Not quite.") }), Ok(Done::Incident(1)));
    assert!(sim.incidents()[1].open);
    assert_eq!(sim.act(ANNA, Action::Redact { number: 1 }), Ok(Done::Incident(1)));
    assert!(sim.engine.incidents().wants_purge());
    assert_eq!(sim.incidents().len(), 1);
    assert!(sim.snapshot().iter().all(|(_, payload)| !payload.windows(9).any(|bytes| bytes == b"Not quite")));
    // Its number is not given again.
    let open = opening(WIFI, State::Outage, "", Words::None);
    assert_eq!(sim.act(ANNA, open), Ok(Done::Incident(3)));
}

#[test]
fn what_is_merged_into_an_incident_of_another_service_still_counts_for_its_own() {
    let mut sim = well();
    let open = |service, state| opening(service, state, "", Words::None);
    sim.act(ANNA, open(WIFI, State::Degraded)).unwrap();
    sim.act(ANNA, open(NET, State::Outage)).unwrap();
    let said = |sim: &Sim| [WIFI, NET].map(|service| sim.engine.incidents().said(&sim.config, service).0);
    assert_eq!(said(&sim), [State::Degraded, State::Outage]);
    sim.act(ANNA, Action::Merge { number: 2, into: 1 }).unwrap();
    assert_eq!(said(&sim), [State::Degraded, State::Outage]);
    sim.act(ANNA, Action::Update { number: 1, phase: Phase::Resolved, words: Words::None, next: None })
        .unwrap();
    assert_eq!(said(&sim), [State::Operational; 2]);
}

#[test]
fn a_component_that_joins_makes_nothing_better_of_what_was_said_of_all() {
    let mut sim = well();
    let open = opening(WIFI, State::Outage, "", Words::None);
    sim.act(ANNA, open).unwrap();
    let said = |sim: &Sim| sim.engine.incidents().said(&sim.config, WIFI);
    assert_eq!(said(&sim), (State::Outage, true));
    sim.down_until(&["heron"], 20);
    assert!(sim.incidents().len() == 1 && sim.steps(1).join("").contains("heron"), "{:?}", sim.steps(1));
    assert_eq!(said(&sim), (State::Outage, true));
}

#[test]
fn what_people_said_of_what_was_merged_ends_with_the_incident_that_it_was_merged_into() {
    let mut sim = well();
    sim.down_until(&["heron"], 12);
    let open = |service| opening(service, State::Outage, "", Words::None);
    sim.act(ANNA, open(NET)).unwrap();
    sim.act(ANNA, Action::Merge { number: 2, into: 1 }).unwrap();
    sim.act(ANNA, Action::Update { number: 1, phase: Phase::Resolved, words: Words::None, next: None })
        .unwrap();
    sim.up(&["heron"]);
    sim.quiet_until(18);
    // The incident begins anew by itself: nobody says anything of the uplink now.
    sim.down_until(&["heron"], 21);
    assert!(sim.incidents().iter().any(|incident| incident.number == 1 && incident.open));
    assert_eq!(sim.engine.incidents().said(&sim.config, NET).0, State::Operational);
}

#[test]
fn ones_own_last_deed_is_taken_back_within_ten_minutes() {
    let mut sim = well();
    assert_eq!(sim.act(ANNA, Action::Undo), Err(Refusal::NothingToUndo));
    let open = Action::Open {
        service: WIFI,
        component: Some(HERON),
        state: State::Outage,
        title: "A",
        words: own("b"),
        next: None,
    };
    sim.act(ANNA, open).unwrap();
    assert_eq!(sim.act(BEN, Action::Undo), Err(Refusal::NothingToUndo), "not another's");
    assert_eq!(sim.act(ANNA, Action::Undo), Ok(Done::Incident(1)));
    assert_eq!(sim.incidents(), []);
    sim.act(ANNA, open).unwrap();
    sim.act(ANNA, Action::Update { number: 2, phase: Phase::Resolved, words: Words::None, next: None })
        .unwrap();
    assert!(!sim.incidents()[0].open);
    sim.quiet_until(19);
    assert_eq!(sim.act(ANNA, Action::Undo), Ok(Done::Incident(2)));
    assert!(sim.incidents()[0].open);
    sim.quiet_until(21);
    assert_eq!(sim.act(ANNA, Action::Undo), Err(Refusal::NothingToUndo), "over ten minutes ago");
    sim.act(ANNA, Action::Banner { state: Some(Forced::Outage), words: own("No power") }).unwrap();
    sim.act(ANNA, Action::Banner { state: None, words: own("Power is back") }).unwrap();
    sim.act(ANNA, Action::Undo).unwrap();
    let now = sim.clocks();
    let view = sim.engine.view(&sim.config, now);
    let banner = view.banner(HOME).unwrap();
    assert_eq!((banner.state, banner.words), (Some(Forced::Outage), own("No power")));
    drop(view);
    // What was taken back stays so in the journal, compacted or not.
    let written = sim.written();
    let records = sim.snapshot();
    for records in [written, records] {
        let next = sim.rerun(Boot::default(), &records);
        let view = next.engine.view(&next.config, now);
        assert_eq!(view.banner(HOME).unwrap().words, own("No power"));
        assert_eq!(next.incidents(), sim.incidents());
        assert_eq!(next.steps(2), sim.steps(2));
    }
}

// ---- maintenance --------------------------------------------------------------------------------

#[test]
fn trouble_in_maintenance_opens_nothing_and_trouble_that_outlasts_it_does() {
    let mut sim = well();
    let at = |minute: i64| Wall(NOON + minute * MIN);
    let plan = Action::Maintain {
        service: WIFI,
        component: Some(HERON),
        starts: at(20),
        ends: at(40),
        repeat: Repeat::Once,
        words: own("New mast"),
    };
    assert_eq!(sim.act(ANNA, plan), Ok(Done::Maintenance(1)));
    let on = |sim: &Sim| sim.engine.view(&sim.config, sim.clocks()).component(HERON).maintenance;
    sim.quiet_until(19);
    assert!(!on(&sim));
    sim.down_until(&[], 21);
    assert!(on(&sim), "it begins on time");
    sim.down_until(&["heron"], 39);
    assert_eq!(sim.incidents(), []);
    sim.down_until(&["heron"], 41);
    assert!(!on(&sim), "and ends on time");
    assert_eq!(sim.steps(1), ["Opened heron Outage at 21"]);
    let mut left = 0;
    sim.engine.view(&sim.config, sim.clocks()).maintenance(HOME, &mut |_| left += 1);
    assert_eq!(left, 0);
    for (starts, ends, repeat, refusal) in [
        (at(50), at(50), Repeat::Once, Refusal::EndsFirst),
        (at(10), at(20), Repeat::Once, Refusal::Past),
        (at(50), at(50 + 7 * 24 * 60), Repeat::Weekly, Refusal::Overlaps),
    ] {
        let plan =
            Action::Maintain { service: WIFI, component: None, starts, ends, repeat, words: Words::None };
        assert_eq!(sim.act(ANNA, plan), Err(refusal));
    }
}

/// NTP sets the clock of a board that trusts its own: what is planned is on, or over, by the new
/// time at once.
#[test]
fn maintenance_follows_a_clock_that_is_set() {
    let mut sim = well();
    let at = |minute: i64| Wall(NOON + minute * MIN);
    let plan = Action::Maintain {
        service: WIFI,
        component: Some(HERON),
        starts: at(60),
        ends: at(90),
        repeat: Repeat::Once,
        words: own("New mast"),
    };
    sim.act(ANNA, plan).unwrap();
    let on = |sim: &Sim| sim.engine.view(&sim.config, sim.clocks()).component(HERON).maintenance;
    sim.quiet_until(15);
    assert!(!on(&sim));
    sim.ahead = Some(55 * MIN);
    sim.quiet_until(16);
    assert!(on(&sim));
    sim.down_until(&["heron"], 18);
    assert_eq!(sim.engine.incidents().counters().opened, 0);
    sim.up(&["heron"]);
    sim.ahead = Some(0);
    sim.quiet_until(19);
    assert!(!on(&sim));
}

#[test]
fn maintenance_that_repeats_is_on_each_week_until_it_is_ended() {
    let mut sim = well();
    let at = |minute: i64| Wall(NOON + minute * MIN);
    let (starts, ends, repeat) = (at(20), at(40), Repeat::Weekly);
    let plan =
        Action::Maintain { service: WIFI, component: None, starts, ends, repeat, words: own("Backup") };
    sim.act(ANNA, plan).unwrap();
    let next = |sim: &Sim| {
        let mut told = Vec::new();
        sim.engine.view(&sim.config, sim.clocks()).maintenance(HOME, &mut |view| {
            told.push((view.active, (view.starts.0 - NOON) / MIN));
        });
        told
    };
    // What is over is told for two days.
    let over = |sim: &Sim| {
        let mut told = Vec::new();
        sim.engine.view(&sim.config, sim.clocks()).past_maintenance(HOME, &mut |view| {
            told.push((view.active, (view.ends.0 - NOON) / MIN));
        });
        told
    };
    assert_eq!(next(&sim), [(false, 20)]);
    sim.at(30);
    assert_eq!(next(&sim), [(true, 20)]);
    assert_eq!(over(&sim), []);
    sim.at(45);
    assert_eq!(next(&sim), [(false, 20 + 7 * 24 * 60)]);
    assert_eq!(over(&sim), [(false, 40)]);
    sim.at(39 + 2 * 24 * 60);
    assert_eq!(over(&sim), [(false, 40)]);
    sim.at(41 + 2 * 24 * 60);
    assert_eq!(over(&sim), []);
    sim.at(25 + 7 * 24 * 60);
    assert_eq!(next(&sim), [(true, 20 + 7 * 24 * 60)]);
    sim.act(BEN, Action::EndMaintenance { number: 1 }).unwrap();
    assert_eq!(next(&sim), []);
    sim.act(BEN, Action::Undo).unwrap();
    assert_eq!(next(&sim), [(true, 20 + 7 * 24 * 60)]);
    let records = sim.snapshot();
    assert_eq!(next(&sim.rerun(Boot::default(), &records)), next(&sim));
}

/// Each time is told as often as it is asked for; and what was cancelled, for two weeks.
#[cfg(feature = "feeds")]
#[test]
fn a_calendar_is_told_of_what_is_planned_and_of_what_no_longer_is() {
    let mut sim = well();
    let at = |minute: i64| Wall(NOON + minute * MIN);
    let (week, day) = (7 * 24 * 60, 24 * 60);
    for (starts, ends, repeat) in [(20, 40, Repeat::Weekly), (60, 90, Repeat::Once), (-10, 30, Repeat::Once)]
    {
        let (starts, ends) = (at(starts), at(ends));
        let words = own("Backup");
        let plan = Action::Maintain { service: WIFI, component: None, starts, ends, repeat, words };
        sim.act(ANNA, plan).unwrap();
    }
    let told = |sim: &Sim| {
        let mut told = Vec::new();
        let view = sim.engine.view(&sim.config, sim.clocks());
        view.occurrences(HOME, 1, at(40), 3, &mut |starts, ends| {
            told.push((1, (starts.0 - NOON) / MIN, (ends.0 - starts.0) / MIN));
        });
        let mut cancelled = Vec::new();
        view.cancelled(HOME, 2, &mut |window| {
            assert_eq!(window.words, Words::None);
            cancelled.push((window.number, (window.starts.0 - NOON) / MIN));
        });
        (told, cancelled)
    };
    let weekly = |from: i64| (1..4).map(|n| (1, from + n * week, 20)).collect::<Vec<_>>();
    assert_eq!(told(&sim), (weekly(20), vec![]));
    // What is on has been on, so it is not cancelled when it ends.
    sim.act(BEN, Action::EndMaintenance { number: 3 }).unwrap();
    assert_eq!(told(&sim).1, []);
    sim.act(BEN, Action::EndMaintenance { number: 2 }).unwrap();
    assert_eq!(told(&sim).1, [(2, 60)]);
    sim.act(BEN, Action::Undo).unwrap();
    assert_eq!(told(&sim), (weekly(20), vec![]));
    sim.act(BEN, Action::EndMaintenance { number: 1 }).unwrap();
    assert_eq!(told(&sim), (vec![], vec![(1, 20), (1, 20 + week)]));
    sim.at(14 * day - 1);
    assert_eq!(told(&sim).1, [(1, 20), (1, 20 + week)]);
    sim.at(14 * day + 60);
    assert_eq!(told(&sim).1, []);
}

/// The newest steps of all incidents, as they are told now.
#[cfg(feature = "feeds")]
#[test]
fn a_feed_has_the_newest_steps_of_a_site() {
    let mut sim = well();
    sim.down_until(&["heron"], 12);
    sim.act(
        ANNA,
        Action::Update { number: 1, phase: Phase::Identified, words: own("The mast."), next: None },
    )
    .unwrap();
    let open = opening(WIFI, State::Outage, "A storm", own("We wait."));
    sim.act(BEN, open).unwrap();
    sim.act(BEN, Action::Acknowledge { number: 2 }).unwrap();
    sim.act(ANNA, Action::Amend { number: 1, step: Some(2), words: own("The cable.") }).unwrap();
    let told = |sim: &Sim, most: usize| {
        let mut told = Vec::new();
        sim.engine.view(&sim.config, sim.clocks()).newest_of_site(HOME, most, &mut |incident, step| {
            let words = if let Words::Own { text, .. } = step.words { text } else { "" };
            told.push(format!("{}/{} {} {words}", incident.number, step.number, incident.title));
        });
        told
    };
    let all = ["2/2 A storm We wait.", "2/1 A storm ", "1/2  The cable.", "1/1  "];
    assert_eq!(told(&sim, 50), all);
    assert_eq!(told(&sim, 2), all[..2]);
    assert_eq!(told(&sim, 0), [""; 0]);
    sim.act(ANNA, Action::Redact { number: 1 }).unwrap();
    assert!(told(&sim, 50).iter().all(|line| line.starts_with("2/")));
}

// ---- from one run to the next -------------------------------------------------------------------

#[test]
fn a_promise_of_news_goes_with_the_words_that_made_it() {
    let mut sim = well();
    sim.down_until(&["heron"], 12);
    let promised = |sim: &Sim| {
        let mut next = None;
        sim.engine.view(&sim.config, sim.clocks()).incidents(HOME, &mut |view| next = view.next);
        next.map(|next| (next.0 - NOON) / MIN)
    };
    let say = |phase, next: Option<i64>| {
        let next = next.map(|minute| Wall(NOON + minute * MIN));
        Action::Update { number: 1, phase, words: own("We look."), next }
    };
    sim.act(ANNA, say(Phase::Investigating, Some(20))).unwrap();
    sim.act(BEN, say(Phase::Investigating, Some(30))).unwrap();
    assert_eq!(promised(&sim), Some(30));
    // Whoever takes their words back takes back what they promised.
    sim.act(BEN, Action::Undo).unwrap();
    assert_eq!(promised(&sim), Some(20));
    sim.down_until(&["heron"], 21);
    assert_eq!(promised(&sim), Some(20), "the page says that it has passed");
    // After a restart, too.
    for records in [sim.written(), sim.snapshot()] {
        let next = sim.rerun(Boot::default(), &records);
        assert_eq!(promised(&next), Some(20));
        assert_eq!(next.steps(1), sim.steps(1), "no step was at the time that it promised");
    }
    // Words without a promise are the news.
    sim.act(ANNA, say(Phase::Identified, None)).unwrap();
    assert_eq!(promised(&sim), None);
    sim.act(ANNA, say(Phase::Identified, Some(50))).unwrap();
    sim.act(ANNA, say(Phase::Resolved, Some(60))).unwrap();
    assert_eq!(promised(&sim), None, "what is over promises nothing");
    sim.act(ANNA, Action::Reopen { number: 1, words: Words::None }).unwrap();
    assert_eq!(promised(&sim), None);
}

#[test]
fn a_page_that_is_held_does_not_promise_what_has_passed() {
    let is_told_anew = |next: Option<Wall>| {
        let mut sim = well();
        let (state, words) = (State::Outage, own("Oh."));
        sim.act(ANNA, Action::Open { service: WIFI, component: None, state, title: "", words, next })
            .unwrap();
        sim.quiet_until(20);
        let before = sim.engine.generation(HOME);
        sim.at(21);
        sim.engine.generation(HOME) != before
    };
    assert!(is_told_anew(Some(Wall(NOON + 20 * MIN + 1))));
    assert!(!is_told_anew(None) && !is_told_anew(Some(Wall(NOON + 40 * MIN))));
}

#[test]
fn a_promise_is_late_by_the_clock_that_is_believed_now() {
    let is_told_anew = |next: Option<Wall>| {
        let mut sim = well();
        let (state, words) = (State::Outage, own("Oh."));
        sim.act(ANNA, Action::Open { service: WIFI, component: None, state, title: "", words, next })
            .unwrap();
        sim.quiet_until(21);
        // The clock was ten minutes ahead: the promise has not passed yet.
        sim.ahead = Some(-10 * MIN);
        sim.quiet_until(30);
        let before = sim.engine.generation(HOME);
        sim.at(31);
        sim.engine.generation(HOME) != before
    };
    assert!(is_told_anew(Some(Wall(NOON + 20 * MIN + 1))) && !is_told_anew(None));
}

#[test]
fn everything_is_the_same_after_a_restart() {
    let mut sim = well();
    sim.down_until(&["heron"], 12);
    sim.act(
        ANNA,
        Action::Update { number: 1, phase: Phase::Identified, words: own("The mast."), next: None },
    )
    .unwrap();
    sim.act(OWNER, Action::Banner { state: Some(Forced::Degraded), words: own("**Storm**") }).unwrap();
    let written = sim.written();
    assert!(sim.engine.incidents().unwritten().is_none());
    let snapshot = sim.snapshot();
    for records in [written, snapshot] {
        let mut next = sim.rerun(Boot::default(), &records);
        assert_eq!(next.incidents(), sim.incidents());
        assert_eq!(next.steps(1), sim.steps(1));
        assert!(next.engine.incidents().unwritten().is_none(), "nothing is written twice");
        // It goes on there: no second incident, and it ends when all is well again.
        next.down(&["heron"]);
        assert_eq!(next.incidents().len(), 1);
        next.up(&["heron"]);
        next.quiet_until(40);
        assert_eq!(next.incidents()[0].level, State::Operational);
        next.act(ANNA, Action::Update { number: 1, phase: Phase::Resolved, words: Words::None, next: None })
            .unwrap();
        assert!(!next.incidents()[0].firing);
    }
}

#[test]
fn a_time_that_is_learnt_late_dates_what_came_before_and_survives_a_restart_of_the_daemon() {
    let boot = Boot { id: 9, base: 30_000 };
    let mut sim = Sim::new(CONFIG);
    sim.engine.booted(boot);
    let now = sim.clocks();
    sim.engine.begin(&sim.config, now);
    sim.ahead = None;
    sim.quiet_until(10);
    sim.down_until(&["heron"], 12);
    assert_eq!(sim.steps(1), ["Opened heron Outage at ?"]);
    let early = sim.written();
    sim.ahead = Some(0);
    sim.down_until(&["heron"], 14);
    assert_eq!(sim.steps(1), ["Opened heron Outage at 10"]);
    let late = [early.clone(), sim.written()].concat();
    assert_eq!(sim.rerun(Boot::default(), &late).steps(1), ["Opened heron Outage at 10"]);
    // The daemon was restarted before the time was known: the machine's boot still dates it.
    let next = sim.rerun(boot, &early);
    assert_eq!(next.steps(1), ["Opened heron Outage at 10"]);
    // The machine was: nobody will ever know.
    let next = sim.rerun(Boot { id: 10, base: 0 }, &early);
    assert_eq!(next.steps(1), ["Opened heron Outage at ?"]);
    assert_eq!(next.incidents().len(), 1);
}

#[test]
fn what_the_configuration_no_longer_names_is_purged() {
    let mut sim = well();
    sim.down_until(&["heron", "egret"], 12);
    sim.act(ANNA, opening(ServiceId(2), State::Outage, "Gate", Words::None)).unwrap();
    let written = sim.written();
    let less = CONFIG
        .split("config service 'vpn'")
        .next()
        .unwrap()
        .replace("config component 'egret'\n\toption service 'wifi'\n", "");
    let new = load(&less);
    let now = sim.clocks();
    sim.engine.reconfigure(&sim.config, &new, now);
    sim.config = new;
    sim.engine.step(&sim.config, now, Input::Pass);
    assert!(sim.engine.incidents().wants_purge());
    assert_eq!(sim.steps(1), ["Opened heron Outage at 10"]);
    assert_eq!(sim.incidents().len(), 1);
    // The same when the file was changed while nobody served it.
    let mut next = Sim::new(&less);
    next.now = sim.now;
    let now = next.clocks();
    next.engine.begin(&next.config, now);
    for (kind, payload) in &written {
        assert!(next.engine.restore(&next.config, now, *kind, payload));
    }
    next.engine.restored(&next.config, now);
    assert!(next.engine.incidents().wants_purge());
    assert_eq!((next.steps(1), next.incidents().len()), (sim.steps(1), 1));
}

// ---- room ---------------------------------------------------------------------------------------

#[test]
fn automatic_entries_give_way_to_words_and_words_to_nothing_younger_than_two_weeks() {
    let mut sim = well();
    let capacity = sim.engine.incidents().usage().2;
    // Many incidents that nobody wrote to.
    for _ in 0..60 {
        sim.down(&["heron"]);
        sim.quiet_until(sim.now.0 / MIN + 1);
        sim.up(&["heron"]);
        sim.quiet_until(sim.now.0 / MIN + 70);
    }
    let text = "x".repeat(800);
    let mut kept = Vec::new();
    loop {
        let open = opening(WIFI, State::Outage, "", own(&text));
        match sim.act(ANNA, open) {
            Ok(Done::Incident(number)) => kept.push(number),
            Err(Refusal::Full) => break,
            other => panic!("{other:?}"),
        }
        let number = *kept.last().unwrap();
        sim.act(ANNA, Action::Update { number, phase: Phase::Resolved, words: Words::None, next: None })
            .unwrap();
        assert!(sim.engine.incidents().usage().1 <= capacity);
    }
    assert!(kept.len() > 10, "{}", kept.len());
    let now: Vec<_> = sim.incidents().iter().rev().map(|told| told.number).collect();
    assert_eq!(now, kept, "those that nobody wrote to went, all of the others stay");
    assert!(sim.engine.incidents().counters().refused > 0);
    // After two weeks the oldest gives way.
    sim.at(sim.now.0 / MIN + 15 * 24 * 60);
    let open = opening(WIFI, State::Outage, "", own(&text));
    let newest = sim.act(ANNA, open);
    assert!(matches!(newest, Ok(Done::Incident(_))), "{newest:?}");
    assert!(sim.incidents().iter().all(|told| told.number != kept[0]));
    assert!(sim.engine.incidents().usage().1 <= capacity);
    let records = sim.snapshot();
    assert_eq!(sim.rerun(Boot::default(), &records).incidents(), sim.incidents());
}

#[test]
fn an_incident_is_kept_as_long_as_its_site_keeps_it() {
    let mut sim = Sim::well(&CONFIG.replace("list host", "option retain_days '2'\n\tlist host"));
    sim.down(&["heron"]);
    sim.quiet_until(11);
    sim.up(&["heron"]);
    sim.quiet_until(24 * 60);
    assert_eq!(sim.incidents().len(), 1);
    sim.quiet_until(3 * 24 * 60 + 60);
    assert_eq!(sim.incidents(), []);
    assert!(sim.engine.incidents().wants_purge(), "flash forgets it, too");
    assert_eq!(Millis::from_mins(1).0, 60_000);
}

#[test]
fn what_was_removed_does_not_come_back_from_a_journal_that_was_not_compacted() {
    let mut sim = well();
    let open = opening(WIFI, State::Outage, "", own("Oh."));
    sim.act(ANNA, open).unwrap();
    let mut written = sim.written();
    sim.act(ANNA, Action::Redact { number: 1 }).unwrap();
    written.extend(sim.written());
    let mut next = sim.rerun(Boot::default(), &written);
    assert_eq!(next.incidents(), []);
    assert_eq!(next.act(ANNA, open), Ok(Done::Incident(2)), "its number is not given again");
}

#[test]
fn ones_own_banner_is_taken_back_and_not_the_one_behind_it() {
    let mut sim = well();
    let banner = |text| Action::Banner { state: None, words: own(text) };
    let told = |sim: &Sim| {
        let view = sim.engine.view(&sim.config, sim.clocks());
        view.banner(HOME).map(|banner| banner.who)
    };
    sim.act(ANNA, banner("Anna's")).unwrap();
    sim.act(BEN, banner("Ben's")).unwrap();
    let mut written = sim.written();
    assert_eq!(sim.act(ANNA, Action::Undo), Ok(Done::Banner));
    written.extend(sim.written());
    assert_eq!(told(&sim), Some(BEN));
    assert_eq!(told(&sim.rerun(Boot::default(), &written)), Some(BEN), "as in the run that wrote it");
    // A compaction within ten minutes keeps what an undo brings back.
    sim.act(BEN, Action::ClearBanner).unwrap();
    let records = sim.snapshot();
    let mut next = sim.rerun(Boot::default(), &records);
    assert_eq!(told(&next), None);
    assert_eq!(next.act(BEN, Action::Undo), Ok(Done::Banner));
    assert_eq!(told(&next), Some(BEN));
}

#[test]
fn nobody_takes_back_what_somebody_else_had_a_word_in() {
    let mut sim = well();
    let open = opening(WIFI, State::Outage, "A", Words::None);
    sim.act(ANNA, open).unwrap();
    sim.act(BEN, Action::Update { number: 1, phase: Phase::Identified, words: own("The mast."), next: None })
        .unwrap();
    assert_eq!(sim.act(ANNA, Action::Undo), Err(Refusal::NotAlone));
    assert_eq!(sim.incidents().len(), 1);
}

#[test]
fn a_clock_that_is_years_ahead_for_an_hour_forgets_nothing() {
    let mut sim = well();
    let open = opening(WIFI, State::Outage, "", own("Oh."));
    sim.act(ANNA, open).unwrap();
    sim.act(ANNA, Action::Update { number: 1, phase: Phase::Resolved, words: own("Ah."), next: None })
        .unwrap();
    let minute = |minute: i64| Wall(NOON + minute * MIN);
    sim.act(
        ANNA,
        Action::Maintain {
            service: WIFI,
            component: None,
            starts: minute(600),
            ends: minute(660),
            repeat: Repeat::Once,
            words: Words::None,
        },
    )
    .unwrap();
    sim.ahead = Some(20_454 * 24 * 60 * MIN);
    sim.quiet_until(75);
    sim.ahead = Some(0);
    sim.quiet_until(80);
    assert_eq!(sim.incidents().len(), 1);
    let mut planned = 0;
    sim.engine.view(&sim.config, sim.clocks()).maintenance(HOME, &mut |_| planned += 1);
    assert_eq!(planned, 1);
}

/// Seven hours, of which a restart is in the middle, in a year to come.
#[test]
fn a_clock_that_is_wrong_for_hours_loses_nothing_and_what_it_dated_is_not_shown() {
    const DAY: i64 = 24 * 60;
    let mut sim = well();
    // Something that ended long ago, with words; works planned within the next hours and days.
    let open = opening(WIFI, State::Outage, "", own("Oh."));
    sim.act(ANNA, open).unwrap();
    sim.act(ANNA, Action::Update { number: 1, phase: Phase::Resolved, words: own("Ah."), next: None })
        .unwrap();
    sim.quiet_until(60 * DAY);
    let wall = |minute: i64| Wall(NOON + minute * MIN);
    for start in [2 * 60, 5 * DAY] {
        let starts = 60 * DAY + start;
        let plan = Action::Maintain {
            service: ServiceId(1),
            component: None,
            starts: wall(starts),
            ends: wall(starts + 60),
            repeat: Repeat::Once,
            words: Words::None,
        };
        sim.act(ANNA, plan).unwrap();
    }
    let planned = |sim: &Sim| {
        let mut planned = 0;
        sim.engine.view(&sim.config, sim.clocks()).maintenance(HOME, &mut |_| planned += 1);
        planned
    };
    let days = |sim: &Sim| {
        let mut days = [crate::model::Day::default(); 90];
        sim.engine.view(&sim.config, sim.clocks()).fared(HERON, &mut days);
        days.iter().skip(1).filter(|day| day.known > 0).count()
    };
    assert_eq!((planned(&sim), days(&sim)), (2, 60));
    let before = sim.incidents();

    sim.ahead = Some(7 * 365 * DAY * MIN);
    sim.quiet_until(60 * DAY + 60);
    sim.down(&["heron"]);
    let records = sim.snapshot();
    let mut sim = sim.rerun(Boot::default(), &records);
    sim.down_until(&["heron"], 60 * DAY + 8 * 60);
    assert_eq!(sim.incidents().len(), 2);

    sim.ahead = Some(0);
    sim.down_until(&["heron"], 60 * DAY + 8 * 60 + 1);
    let all = sim.incidents();
    assert_eq!(all[1..], before);
    assert_eq!(planned(&sim), 1, "the other one was worked on in these hours");
    assert!(days(&sim) >= 60, "{}", days(&sim));
    // It goes on, and its sender knows since when.
    let times = |sim: &Sim, number: u32| {
        let mut times = None;
        sim.engine.view(&sim.config, sim.clocks()).incidents(HOME, &mut |incident| {
            if incident.number == number {
                times = Some((incident.began, incident.ended));
            }
        });
        times
    };
    assert_eq!(times(&sim, 2), Some((Some(Wall(NOON + (60 * DAY + 60) * MIN)), None)));
    assert!(sim.steps(2).iter().all(|step| !step.contains("203")), "{:?}", sim.steps(2));

    // It ends, is not begun anew by what comes an hour later, and goes when its time has come.
    sim.up(&["heron"]);
    sim.quiet_until(sim.now.0 / MIN + 120);
    let ended = times(&sim, 2).unwrap();
    assert!(ended.0.is_some() && ended.1.is_some());
    sim.down(&["heron"]);
    sim.quiet_until(sim.now.0 / MIN + 1);
    sim.up(&["heron"]);
    assert_eq!(sim.incidents().len(), 3);
    sim.quiet_until(sim.now.0 / MIN + 92 * DAY);
    assert_eq!(sim.incidents(), []);
}

/// An incident that a wrong clock dated goes when the records behind it are old enough.
#[test]
fn what_a_wrong_clock_dated_does_not_stay_for_good() {
    const DAY: i64 = 24 * 60;
    let mut sim = well();
    sim.quiet_until(10 * DAY);
    sim.ahead = Some(7 * 365 * DAY * MIN);
    sim.quiet_until(10 * DAY + 10);
    sim.down_until(&["heron"], 10 * DAY + 12);
    sim.up(&["heron"]);
    sim.quiet_until(sim.now.0 / MIN + 60);
    sim.ahead = Some(0);
    // An hour later the same fails again: that is another incident, not the one of a day to come.
    sim.down(&["heron"]);
    sim.quiet_until(sim.now.0 / MIN + 1);
    sim.up(&["heron"]);
    sim.quiet_until(sim.now.0 / MIN + 60);
    assert_eq!(sim.incidents().len(), 2);
    sim.quiet_until(80 * DAY);
    assert_eq!(sim.incidents().len(), 2);
    sim.quiet_until(110 * DAY);
    assert_eq!(sim.incidents(), []);
}

#[test]
fn what_was_merged_into_what_is_gone_ends_there() {
    let mut sim = well();
    let open = opening(WIFI, State::Outage, "", own("Oh."));
    sim.act(ANNA, open).unwrap();
    sim.act(BEN, open).unwrap();
    sim.act(ANNA, Action::Merge { number: 2, into: 1 }).unwrap();
    sim.act(ANNA, Action::Redact { number: 1 }).unwrap();
    assert_eq!(sim.act(BEN, Action::Reopen { number: 2, words: own("Still.") }), Ok(Done::Incident(2)));
}
