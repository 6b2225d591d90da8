//! What must be true afterwards: after a restart, when a part of the configuration is gone, when
//! somebody takes back.

use super::*;

fn later(sim: &mut Sim, records: &mut Vec<(u8, Vec<u8>)>, boot: u64) -> Sim {
    records.extend(sim.written());
    sim.rerun(Boot { id: boot, base: 0 }, records)
}

#[test]
fn what_a_person_resolved_while_it_fired_is_over_after_a_restart_too() {
    let mut sim = well();
    let mut records = Vec::new();
    sim.down_until(&["heron"], 12);
    sim.act(
        ANNA,
        Action::Update { number: 1, phase: Phase::Resolved, words: own("False alarm."), next: None },
    )
    .unwrap();
    sim.up(&["heron"]);
    sim.quiet_until(30);
    assert_eq!(sim.steps(1)[2], "Better heron Operational at 12");
    assert!(!sim.incidents()[0].open && !sim.incidents()[0].firing);
    let mut next = later(&mut sim, &mut records, 1);
    assert!(!next.incidents()[0].firing);
    next.at(100);
    next.down(&["heron"]);
    assert_eq!(next.incidents().len(), 2, "what comes long after is another one: {:?}", next.incidents());
    // It lets go of what stays in trouble when that is well at last, after a restart as well.
    let mut sim = well();
    let mut records = Vec::new();
    sim.down_until(&["heron"], 12);
    sim.act(
        ANNA,
        Action::Update { number: 1, phase: Phase::Resolved, words: own("False alarm."), next: None },
    )
    .unwrap();
    let mut next = later(&mut sim, &mut records, 1);
    assert!(!next.incidents()[0].firing, "nobody knows whether it still fires");
    next.down_until(&["heron"], 20);
    assert!(next.incidents()[0].firing && !next.incidents()[0].open && next.incidents().len() == 1);
}

#[test]
fn what_began_anew_without_room_for_saying_so_is_told_alike_after_a_restart() {
    use crate::incidents::record::{STEP, What, read_step};
    for over in [false, true] {
        let mut sim = well();
        sim.down_until(&["heron"], 12);
        sim.act(
            ANNA,
            Action::Update { number: 1, phase: Phase::Resolved, words: own("False alarm."), next: None },
        )
        .unwrap();
        sim.up(&["heron"]);
        sim.quiet_until(18);
        sim.down_until(&["heron"], 19);
        sim.down_until(&["heron", "egret"], 21);
        if over {
            sim.up(&["heron", "egret"]);
            sim.quiet_until(30);
        }
        let mut records = sim.written();
        let all = records.len();
        records.retain(|(kind, payload)| {
            *kind != STEP || read_step(payload).is_none_or(|(_, step)| step.what != What::Reopened)
        });
        assert_eq!(records.len(), all - 1, "{:?}", sim.steps(1));
        let next = sim.rerun(Boot { id: 1, base: 0 }, &records);
        let (before, after) = (&sim.incidents()[0], &next.incidents()[0]);
        assert_eq!((after.open, after.phase), (before.open, before.phase), "{:?}", sim.steps(1));
        assert_eq!((before.open, before.phase), (!over, None));
    }
}

#[test]
fn nobody_is_told_that_alerts_fire_when_nothing_is_known() {
    let mut sim = well();
    sim.down_until(&["heron"], 12);
    let mut records = Vec::new();
    let mut next = later(&mut sim, &mut records, 1);
    let resolve = Action::Update { number: 1, phase: Phase::Resolved, words: own("Over."), next: None };
    assert_eq!(next.act(ANNA, resolve), Ok(Done::Incident(1)));
    assert!(!next.incidents()[0].firing);
    // It is still in that incident: that nothing is known opens none at once.
    next.at(40);
    assert_eq!(next.incidents().len(), 1, "{:?}", next.incidents());
}

#[test]
fn what_ended_ended_when_it_did_though_its_component_is_gone() {
    let mut sim = well();
    sim.down_until(&["egret"], 12);
    sim.up(&["egret"]);
    sim.quiet_until(30);
    let before = sim.incidents();
    assert_eq!((before[0].open, before[0].ended), (false, Some(12)));
    let written = sim.written();
    sim.quiet_until(35);
    let new = load(&CONFIG.replace("config component 'egret'\n\toption service 'wifi'\n", ""));
    let now = sim.clocks();
    sim.engine.reconfigure(&sim.config, &new, now);
    sim.config = new;
    sim.engine.step(&sim.config, now, Input::Pass);
    assert_eq!(sim.incidents(), before);
    let mut next = Sim::new(&CONFIG.replace("config component 'egret'\n\toption service 'wifi'\n", ""));
    next.now = sim.now;
    let now = next.clocks();
    next.engine.begin(&next.config, now);
    for (kind, payload) in &written {
        assert!(next.engine.restore(&next.config, now, *kind, payload));
    }
    next.engine.restored(&next.config, now);
    assert_eq!(next.incidents(), before);
    // That is for operators: nobody knows any more whether the component was hidden.
    next.engine.view(&next.config, now).incidents(HOME, &mut |told| panic!("{told:?}"));
}

#[test]
fn who_opened_an_incident_cannot_take_back_what_others_said_in_it() {
    let open = |title| opening(WIFI, State::Degraded, title, own("Mine."));
    let mut sim = well();
    sim.act(ANNA, open("Slow")).unwrap();
    sim.act(BEN, Action::Update { number: 1, phase: Phase::Identified, words: own("Ours."), next: None })
        .unwrap();
    // The words that came with it, but not what it is.
    assert_eq!(sim.act(ANNA, Action::Undo), Ok(Done::Incident(1)));
    assert_eq!(sim.act(ANNA, Action::Undo), Err(Refusal::NotAlone));
    let told = sim.steps(1).join("\n");
    assert!(told.contains("Ours.") && !told.contains("Mine."), "{told}");
    // Of what is one's own, all goes, one after the other.
    sim.act(BEN, open("Down")).unwrap();
    sim.act(BEN, Action::Update { number: 2, phase: Phase::Identified, words: own("More."), next: None })
        .unwrap();
    assert_eq!(sim.act(BEN, Action::Undo), Ok(Done::Incident(2)));
    assert_eq!(sim.act(BEN, Action::Undo), Ok(Done::Incident(2)));
    assert_eq!(sim.incidents().len(), 1);
}

#[test]
fn planned_work_is_waited_for_while_nobody_knows_what_time_it_is() {
    let mut sim = well();
    let at = |minute: i64| Wall(NOON + minute * MIN);
    let plan = Action::Maintain {
        service: WIFI,
        component: Some(HERON),
        starts: at(11),
        ends: at(60),
        repeat: Repeat::Once,
        words: own("New mast"),
    };
    sim.act(ANNA, plan).unwrap();
    let records = sim.written();
    // The router starts anew, and has no clock.
    for (learns, incidents) in [(Some(15), 0), (None, 1)] {
        let mut next = sim.rerun(Boot { id: 9, base: -12 * MIN }, &records);
        let mono = next.now;
        next.ahead = None;
        next.now = Mono(0);
        next.engine.begin(&next.config, next.clocks());
        for (kind, payload) in &records {
            next.engine.restore(&next.config, next.clocks(), *kind, payload);
        }
        let now = next.clocks();
        next.engine.restored(&next.config, now);
        assert!(mono > Mono(0));
        next.down_until(&["heron"], 3);
        assert_eq!(next.incidents().len(), 0, "it may be the planned work");
        next.down_until(&["egret"], 3);
        assert_eq!(next.incidents().len(), 1, "on this there is none");
        if let Some(minute) = learns {
            next.ahead = Some(minute * MIN);
        }
        next.down_until(&["heron"], 12);
        let on = next.engine.view(&next.config, next.clocks()).component(HERON).maintenance;
        assert_eq!(on, learns.is_some());
        let steps = next.steps(1).iter().filter(|step| step.contains("heron")).count();
        assert_eq!(steps, incidents, "{:?}", next.steps(1));
    }
}

#[test]
fn what_people_replaced_or_took_away_leaves_the_journal_when_nobody_can_take_that_back() {
    let mut sim = well();
    let secrets = ["RUE-A", "RUE-B", "RUE-C", "RUE-D", "RUE-E", "RUE-F"];
    let open = Action::Open {
        service: WIFI,
        component: None,
        state: State::Degraded,
        title: secrets[0],
        words: own(secrets[1]),
        next: None,
    };
    sim.act(ANNA, open).unwrap();
    sim.act(ANNA, Action::Retitle { number: 1, title: "Slow" }).unwrap();
    sim.act(ANNA, Action::Amend { number: 1, step: None, words: own(secrets[2]) }).unwrap();
    sim.act(ANNA, Action::Amend { number: 1, step: None, words: own("We look.") }).unwrap();
    sim.act(ANNA, Action::Banner { state: None, words: own(secrets[3]) }).unwrap();
    sim.act(ANNA, Action::ClearBanner).unwrap();
    let plan = Action::Maintain {
        service: WIFI,
        component: None,
        starts: Wall(NOON + 900 * MIN),
        ends: Wall(NOON + 960 * MIN),
        repeat: Repeat::Once,
        words: own(secrets[4]),
    };
    sim.act(ANNA, plan).unwrap();
    sim.act(ANNA, Action::EndMaintenance { number: 1 }).unwrap();
    let slip = Action::Update { number: 1, phase: Phase::Identified, words: own(secrets[5]), next: None };
    sim.act(BEN, slip).unwrap();
    sim.act(BEN, Action::Undo).unwrap();
    let records = sim.written();
    sim.quiet_until(sim.now.0 / MIN + 5);
    assert!(!sim.engine.incidents().wants_purge(), "it can still be taken back");
    for restarts in [false, true] {
        // The same is true of what another run left behind.
        if restarts {
            sim = sim.rerun(Boot { id: 3, base: 0 }, &records);
            sim.quiet_until(sim.now.0 / MIN + 12);
        } else {
            sim.quiet_until(sim.now.0 / MIN + 7);
        }
        assert!(sim.engine.incidents().wants_purge());
        let steps = sim.steps(1);
        let left = sim.snapshot();
        let holds = |text: &str| {
            left.iter().any(|(_, payload)| payload.windows(text.len()).any(|part| part == text.as_bytes()))
        };
        assert!(holds("We look.") && holds("Slow"));
        for secret in secrets {
            assert!(!holds(secret), "{secret} is still there");
        }
        assert_eq!(sim.incidents()[0].title, "Slow");
        assert!(steps.iter().any(|step| step.contains("We look.")), "{steps:?}");
        let now = sim.clocks();
        sim.engine.wrote_all(SourceSet::EMPTY, now);
        sim.quiet_until(sim.now.0 / MIN + 30);
        assert!(!sim.engine.incidents().wants_purge(), "once is enough");
    }
}

#[test]
fn an_amendment_finds_the_last_that_a_person_said_and_keeps_its_language() {
    let mut sim = Sim::new(CONFIG);
    sim.quiet_until(10);
    let open = opening(ServiceId(0), State::Degraded, "Storm", Words::None);
    sim.act(ANNA, open).unwrap();
    let arabic = Words::Own { lang: "ar", text: "الهوائي يعمل" };
    sim.act(ANNA, Action::Update { number: 1, phase: Phase::Monitoring, words: arabic, next: None }).unwrap();
    let amend = |text| Action::Amend { number: 1, step: None, words: own(text) };
    sim.act(ANNA, amend("الهوائي يعمل الآن")).unwrap();
    sim.act(BEN, amend("كل شيء يعمل")).unwrap();
    assert_eq!(sim.steps(1)[1], "monitoring ar \"كل شيء يعمل\" (amended by 78 at 10) by 77 at 10");
    // An end without words gets some.
    sim.act(ANNA, Action::Update { number: 1, phase: Phase::Resolved, words: Words::None, next: None })
        .unwrap();
    sim.act(ANNA, amend("All is well.")).unwrap();
    assert_eq!(sim.steps(1)[2], "Resolved \"All is well.\" (amended by 77 at 10) by 77 at 10");
}

/// Storm, and 20 minutes later, by another person, calm.
fn two_banners() -> Sim {
    let mut sim = well();
    for (who, text) in [(ANNA, "Storm"), (BEN, "Calm")] {
        sim.act(who, Action::Banner { state: None, words: own(text) }).unwrap();
        sim.quiet_until(if who == ANNA { 30 } else { 32 });
    }
    sim
}

fn banner(sim: &Sim) -> Option<u32> {
    sim.engine.view(&sim.config, sim.clocks()).banner(HOME).map(|banner| banner.who)
}

/// A journal of which memory holds little, since what was replaced went from there: almost as much
/// as memory can hold. Then one more banner, and some words.
fn replaced_often(sim: &mut Sim) -> Vec<(u8, Vec<u8>)> {
    let (text, mut records) = ("x".repeat(600), Vec::new());
    let size =
        |records: &[(u8, Vec<u8>)]| records.iter().map(|(_, payload)| payload.len() + 3).sum::<usize>();
    while size(&records) < crate::limits::LOG_BYTES - 1000 {
        sim.act(ANNA, Action::Banner { state: None, words: own(&text) }).unwrap();
        sim.quiet_until(sim.now.0 / MIN + 11);
        records.extend(sim.written());
        sim.engine.tidy();
    }
    sim.act(BEN, Action::Banner { state: None, words: own("Calm") }).unwrap();
    let (service, component, state) = (WIFI, None, State::Degraded);
    sim.act(OWNER, Action::Open { service, component, state, title: "", words: own(&text), next: None })
        .unwrap();
    sim.act(OWNER, Action::Update { number: 1, phase: Phase::Identified, words: own(&text), next: None })
        .unwrap();
    records.extend(sim.written());
    assert!(size(&records) > crate::limits::LOG_BYTES, "it does not fit as it is");
    records
}

#[test]
fn what_can_be_taken_back_survives_a_journal_that_must_shrink_on_its_way_back() {
    let mut sim = well();
    let records = replaced_often(&mut sim);
    let mut next = sim.rerun(Boot { id: 1, base: 0 }, &records);
    assert_eq!(next.act(BEN, Action::Undo), Ok(Done::Banner));
    assert_eq!(banner(&next), Some(ANNA));
}

#[test]
fn what_was_taken_back_long_ago_stays_so_on_the_way_back_too() {
    let mut sim = well();
    let mut records = replaced_often(&mut sim);
    sim.act(BEN, Action::Undo).unwrap();
    records.extend(sim.written());
    assert_eq!(banner(&sim), Some(ANNA));
    sim.quiet_until(sim.now.0 / MIN + 20);
    assert_eq!(banner(&sim.rerun(Boot { id: 1, base: 0 }, &records)), Some(ANNA));
}

#[test]
fn a_clock_put_back_does_not_make_the_last_deed_of_what_stood_before_it() {
    let mut sim = well();
    let open = opening(WIFI, State::Degraded, "Slow", Words::None);
    sim.act(BEN, open).unwrap();
    sim.act(BEN, Action::Banner { state: None, words: own("Read the notice.") }).unwrap();
    let from = sim.now.0 / MIN;
    sim.quiet_until(from + 12);
    sim.act(ANNA, Action::Retitle { number: 1, title: "Ice" }).unwrap();
    sim.ahead = Some(-3 * MIN);
    sim.quiet_until(from + 13);
    sim.act(ANNA, Action::ClearBanner).unwrap();
    // The end of the banner leaves the log. By this clock the title is of nine minutes ago.
    sim.quiet_until(from + 24);
    assert_eq!(sim.act(ANNA, Action::Undo), Err(Refusal::NothingToUndo));
    assert_eq!(sim.incidents()[0].title, "Ice");
}

#[test]
fn a_clock_put_back_does_not_make_what_is_settled_young_again() {
    let mut sim = two_banners();
    let update = Action::Update { number: 1, phase: Phase::Identified, words: own("Broken."), next: None };
    let open = opening(WIFI, State::Degraded, "", Words::None);
    sim.act(BEN, open).unwrap();
    sim.act(BEN, update).unwrap();
    sim.act(ANNA, Action::Amend { number: 1, step: None, words: own("Slow.") }).unwrap();
    let told = sim.steps(1);
    assert!(told.join("").contains("Slow."), "{told:?}");
    sim.quiet_until(44);
    assert!(sim.engine.incidents().wants_purge(), "what was replaced goes");
    sim.engine.tidy();
    // By this clock it is all of a moment ago, but nothing is left of what was before.
    sim.ahead = Some(-8 * MIN);
    assert_eq!(sim.act(ANNA, Action::Undo), Err(Refusal::NothingToUndo));
    assert_eq!(sim.act(BEN, Action::Undo), Err(Refusal::NothingToUndo));
    assert_eq!((sim.steps(1), banner(&sim)), (told, Some(BEN)));
}
