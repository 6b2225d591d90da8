//! How much work a page may make, whatever people have written.

use super::*;
use crate::incidents::entries::LOOKED_AT;
use crate::limits::{INCIDENT_RECORDS_SAID, PEOPLE_FLASH_BYTES, PEOPLE_FLASH_SECOND, RENDER_PASSES};
use crate::model::{Feed, Lang, PageKind};
use crate::render::{self, PageBuf};
use crate::text::buffer::Bytes;

fn update(number: u32, text: &str) -> Action<'_> {
    Action::Update { number, phase: Phase::Monitoring, words: own(text), next: None }
}

/// As many incidents as there may be, the first of them full of updates with amendments far apart,
/// and the log full of short records.
fn full() -> Sim {
    let mut sim = well();
    sim.engine.set_journal(crate::limits::JOURNAL_BYTES_MAX);
    for _ in 1..64 {
        let (service, component) = (WIFI, None);
        let opened = Action::Open {
            service,
            component,
            state: State::Outage,
            title: "",
            words: own("We look."),
            next: None,
        };
        sim.act(ANNA, opened).unwrap();
    }
    sim.act(ANNA, Action::Amend { number: 1, step: None, words: own("We see.") }).unwrap();
    let mut number = 1;
    while number < 64 {
        match sim.act(ANNA, update(number, "x")) {
            Ok(_) => {}
            Err(Refusal::TooMany) => number += 1,
            Err(refusal) => {
                assert_eq!(refusal, Refusal::Full);
                break;
            }
        }
    }
    // What is taken back leaves room for a late correction.
    sim.act(ANNA, Action::Undo).unwrap();
    sim.act(ANNA, Action::Amend { number: 1, step: Some(2), words: own("y") }).ok();
    sim
}

fn looked_at(work: impl FnOnce()) -> usize {
    LOOKED_AT.set(0);
    work();
    LOOKED_AT.get()
}

#[test]
fn a_page_goes_through_a_full_log_a_bounded_number_of_times() {
    let sim = full();
    let (_, weight, capacity) = sim.engine.incidents().usage();
    assert!(weight * 10 > capacity * 8, "{weight} of {capacity}");
    let mut all = 0;
    sim.engine.incidents().snapshot(&mut |_, _| all += 1);
    assert!(all > 1000, "{all}");
    let view = sim.engine.view(&sim.config, sim.clocks());
    let mut page = Box::new(Bytes::<{ crate::limits::PAGE_BYTES }>::new());
    for kind in [PageKind::Now, PageKind::History, PageKind::Incident(1), PageKind::Incident(2)] {
        page.clear();
        let out: &mut PageBuf = &mut *page;
        let looked = looked_at(|| render::page(out, &sim.config, HOME, Lang::En, &view, kind).unwrap());
        assert!(looked <= RENDER_PASSES * all, "{kind:?}: {looked} of {all}");
    }
    for &feed in FEEDS {
        let out: &mut PageBuf = &mut *page;
        let looked = looked_at(|| _ = render::feed(out, &sim.config, HOME, Lang::En, &view, feed).unwrap());
        assert!(looked <= RENDER_PASSES * all, "{feed:?}: {looked} of {all}");
    }
}

const FEEDS: &[Feed] = &[
    Feed::Text,
    Feed::Status,
    #[cfg(feature = "feeds")]
    Feed::Summary,
    #[cfg(feature = "feeds")]
    Feed::Incidents,
    #[cfg(feature = "feeds")]
    Feed::Maintenances,
    #[cfg(feature = "feeds")]
    Feed::BadgeImage(WIFI),
    #[cfg(feature = "feeds")]
    Feed::Atom,
    #[cfg(feature = "feeds")]
    Feed::Calendar,
];

#[test]
fn what_people_may_add_to_an_incident_is_bounded_and_its_end_is_not() {
    let mut sim = well();
    sim.down(&["heron"]);
    for nth in 0..INCIDENT_RECORDS_SAID {
        sim.act(ANNA, update(1, "x")).unwrap_or_else(|refusal| panic!("{nth}: {refusal:?}"));
    }
    let amend = Action::Amend { number: 1, step: None, words: own("y") };
    for action in [update(1, "x"), amend, Action::Acknowledge { number: 1 }] {
        assert_eq!(sim.act(BEN, action), Err(Refusal::TooMany));
    }
    let resolved =
        Action::Update { number: 1, phase: Phase::Resolved, words: own("It is over."), next: None };
    assert_eq!(sim.act(BEN, resolved), Ok(Done::ResolvedWhileFiring(1)));
    assert_eq!(sim.act(BEN, Action::Reopen { number: 1, words: Words::None }), Err(Refusal::TooMany));
    assert_eq!(sim.act(BEN, Action::Redact { number: 1 }), Ok(Done::Incident(1)));
}

#[test]
fn every_step_is_told_with_its_last_correction_however_many_there_are() {
    let mut sim = well();
    sim.down(&["heron"]);
    for nth in 0..120 {
        sim.act(ANNA, update(1, &format!("u{nth}"))).unwrap();
    }
    for (step, words) in [(2, "a"), (60, "b"), (2, "c"), (121, "d")] {
        sim.act(BEN, Action::Amend { number: 1, step: Some(step), words: own(words) }).unwrap();
    }
    let told = sim.steps(1);
    assert_eq!(told.len(), 121);
    for (nth, line) in told.iter().enumerate().skip(1) {
        let words = match nth + 1 {
            2 => "\"c\" (amended by 78".into(),
            60 => "\"b\" (amended by 78".into(),
            121 => "\"d\" (amended by 78".into(),
            step => format!("\"u{}\" by", step - 2),
        };
        assert!(line.contains(&words), "{line} {words}");
    }
    let mut newest = Vec::new();
    let view = sim.engine.view(&sim.config, sim.clocks());
    let count = view.newest_steps(HOME, 1, 3, &mut |step| newest.push((step.number, step.amended)));
    assert_eq!((count, newest), (121, vec![(121, true), (120, false), (119, false)]));
}

/// Opens and redacts in turns, as long as that is done. Returns how often it was.
fn open_and_redact(sim: &mut Sim, who: u32) -> u32 {
    let (service, component) = (WIFI, None);
    let mut rounds = 0;
    while rounds < 1000 {
        let words = own("x");
        let open = Action::Open { service, component, state: State::Outage, title: "", words, next: None };
        let number = match sim.act(who, open) {
            Ok(Done::Incident(number)) => number,
            refused => {
                assert_eq!(refused, Err(Refusal::Worn));
                break;
            }
        };
        // The journal is written anew.
        sim.act(who, Action::Redact { number }).unwrap();
        sim.engine.wrote_all(SourceSet::EMPTY, sim.clocks());
        rounds += 1;
    }
    rounds
}

#[test]
fn a_person_has_a_budget_of_flash_that_refuses_no_redaction() {
    let mut sim = well();
    let (service, component) = (WIFI, None);
    let open =
        || Action::Open { service, component, state: State::Outage, title: "", words: own("x"), next: None };
    for who in [ANNA, ANNA, BEN] {
        assert!(matches!(sim.act(who, open()), Ok(Done::Incident(_))));
    }
    let (_, _, capacity) = sim.engine.incidents().usage();
    let most = PEOPLE_FLASH_BYTES / (u32::try_from(capacity).unwrap() * 3 / 2) + 1;
    let rounds = open_and_redact(&mut sim, ANNA);
    assert!((most / 2..=most).contains(&rounds), "{rounds} of {most}");
    // What takes away goes on, whoever wrote it; others write on, and so does the owner.
    let words = Words::None;
    assert_eq!(sim.act(ANNA, Action::Banner { state: None, words: own("x") }), Err(Refusal::Worn));
    assert_eq!(sim.act(ANNA, Action::Redact { number: 1 }), Ok(Done::Incident(1)));
    let resolved = Action::Update { number: 2, phase: Phase::Resolved, words, next: None };
    assert_eq!(sim.act(ANNA, resolved), Ok(Done::Incident(2)));
    assert_eq!(sim.act(ANNA, Action::Undo), Ok(Done::Incident(2)));
    assert!(matches!(sim.act(BEN, open()), Ok(Done::Incident(_))));
    assert_eq!(open_and_redact(&mut sim, OWNER), 1000);
    // An end and its undo in turns write no more than as much again.
    let long = "x".repeat(900);
    let refused = (0..2_000).find(|_| {
        let resolved = Action::Update { number: 2, phase: Phase::Resolved, words: own(&long), next: None };
        sim.act(ANNA, resolved).is_err() || sim.act(ANNA, Action::Undo).is_err()
    });
    assert!(refused.is_some());
    assert_eq!(sim.act(ANNA, Action::ClearBanner), Err(Refusal::Worn));
    assert_eq!(sim.act(ANNA, Action::Redact { number: 2 }), Ok(Done::Incident(2)));
    // It grows back.
    sim.at(sim.now.0 / MIN + 60 + i64::from(PEOPLE_FLASH_BYTES / PEOPLE_FLASH_SECOND / 60));
    let again = open_and_redact(&mut sim, ANNA);
    assert!((1..=6).contains(&again), "{again}");
}
