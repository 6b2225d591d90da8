//! Who finds room when there is little: what ends, what belongs to another site, and an antenna
//! that flaps for days.

use super::*;
use crate::limits::MAINTENANCES;

const TWO: &str = "
config aiglon 'main'
	option journal_size '16k'
config listen
	option address '127.0.0.1:8080'
	list serve 'page'
	list serve 'ingest'
config site 'home'
	list host 'status.example.org'
	option settle '10s'
config source 'a'
	option site 'home'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000001'
config service 'wifi'
	option site 'home'
config component 'heron'
	option service 'wifi'
config component 'egret'
	option service 'wifi'
config site 'squat'
	list host 'squat.example'
config source 'b'
	option site 'squat'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000002'
config service 'vpn'
	option site 'squat'
config component 'gate'
	option service 'vpn'
";
const SQUAT: SiteId = SiteId(1);

fn open(service: ServiceId, text: &str) -> Action<'_> {
    opening(service, State::Degraded, "", own(text))
}

/// Says long things until there is no room.
fn fill(sim: &mut Sim) -> Vec<u32> {
    let (text, mut numbers) = ("x".repeat(600), Vec::new());
    loop {
        match sim.act(ANNA, open(WIFI, &text)) {
            Ok(Done::Incident(number)) => numbers.push(number),
            refused => {
                assert_eq!(refused, Err(Refusal::Full));
                return numbers;
            }
        }
    }
}

/// Another process, with these records.
fn after(sim: &Sim, records: &[(u8, Vec<u8>)]) -> Sim {
    let mut next = Sim::new(TWO);
    next.now = sim.now;
    let now = next.clocks();
    next.engine.begin(&next.config, now);
    for (kind, payload) in records {
        next.engine.restore(&next.config, now, *kind, payload);
    }
    next.engine.restored(&next.config, now);
    next
}

/// Of the egret, a later step says only that its trouble began earlier.
#[test]
fn how_bad_it_was_stays_when_a_step_says_only_since_when() {
    let mut sim = Sim::well(TWO);
    sim.prometheus(A, &[alert("Slow", "heron", 10, 60).replace("critical", "warning")]);
    sim.prometheus(A, &[alert("EgretDown", "egret", 10, 60)]);
    sim.prometheus(A, &[alert("EgretGone", "egret", 7, 60)]);
    sim.act(ANNA, Action::Update { number: 1, phase: Phase::Identified, words: own("Ice."), next: None })
        .unwrap();
    let before = sim.written().len();
    fill(&mut sim);
    let records = sim.snapshot();
    let stays = |sim: &Sim| sim.incidents().into_iter().find(|told| told.number == 1).unwrap();
    assert!(stays(&sim).worst == State::Outage && before > 3);
    let next = after(&sim, &records);
    assert_eq!(stays(&next).worst, State::Outage);
}

/// Of the egret, a later step says only that it became worse.
#[test]
fn since_when_it_was_so_stays_when_a_step_says_only_how_bad() {
    let mut sim = Sim::well(TWO);
    sim.prometheus(A, &[alert("HeronDown", "heron", 10, 60)]);
    sim.prometheus(A, &[alert("Slow", "egret", 7, 60).replace("critical", "warning")]);
    sim.act(ANNA, Action::Update { number: 1, phase: Phase::Identified, words: own("Ice."), next: None })
        .unwrap();
    sim.quiet_until(12);
    sim.prometheus(A, &[alert("EgretDown", "egret", 12, 60)]);
    fill(&mut sim);
    let records = sim.snapshot();
    let next = after(&sim, &records);
    assert_eq!(next.since(EGRET), Some(7));
}

#[test]
fn the_plans_of_one_site_leave_room_for_those_of_the_others() {
    let mut sim = Sim::well(TWO);
    let now = sim.clocks();
    let wall = now.wall.unwrap();
    let plan = |service, hours: i64| Action::Maintain {
        service,
        component: None,
        starts: Wall(wall.0 + hours * 60 * MIN),
        ends: Wall(wall.0 + (hours + 1) * 60 * MIN),
        repeat: Repeat::Once,
        words: Words::None,
    };
    let mut count = 0;
    while sim.act(ANNA, plan(WIFI, count + 1)).is_ok() {
        count += 1;
    }
    // A quarter is shared.
    let share = i64::try_from(MAINTENANCES).unwrap() / 8;
    assert_eq!(count, i64::try_from(MAINTENANCES).unwrap() - share);
    for hours in 1..=share {
        let done = sim.engine.act(&sim.config, now, SQUAT, ANNA, plan(ServiceId(1), hours));
        assert!(done.is_ok(), "{hours}");
    }
    let done = sim.engine.act(&sim.config, now, SQUAT, ANNA, plan(ServiceId(1), 99));
    assert_eq!(done, Err(Refusal::Full));
}

#[test]
fn one_site_leaves_room_for_the_others() {
    let mut sim = Sim::well(TWO);
    fill(&mut sim);
    let now = sim.clocks();
    let (wall, squat) = (Wall(NOON + 40 * MIN), ServiceId(1));
    let banner = Action::Banner { state: None, words: own("We are here, too.") };
    let plan = Action::Maintain {
        service: squat,
        component: None,
        starts: wall,
        ends: Wall(wall.0 + 60 * MIN),
        repeat: Repeat::Once,
        words: Words::None,
    };
    for action in [open(squat, "No tunnel."), banner, plan] {
        let done = sim.engine.act(&sim.config, now, SQUAT, BEN, action);
        assert!(done.is_ok(), "{action:?}: {done:?}");
    }
    let (_, used, capacity) = sim.engine.incidents().usage();
    assert!(used <= capacity);
}

#[test]
fn what_ends_something_finds_room() {
    let mut sim = Sim::well(TWO);
    sim.act(ANNA, Action::Banner { state: None, words: own("Hello") }).unwrap();
    let numbers = fill(&mut sim);
    assert!(numbers.len() > 2, "{numbers:?}");
    let resolve = |number| Action::Update { number, phase: Phase::Resolved, words: Words::None, next: None };
    assert_eq!(sim.act(ANNA, resolve(numbers[0])), Ok(Done::Incident(numbers[0])));
    assert_eq!(sim.act(ANNA, Action::ClearBanner), Ok(Done::Banner));
    assert_eq!(sim.act(ANNA, Action::Undo), Ok(Done::Banner));
}

#[test]
fn an_incident_does_not_give_way_to_what_is_said_of_it() {
    let mut sim = Sim::well(TWO);
    let numbers = fill(&mut sim);
    for &number in &numbers {
        sim.act(ANNA, Action::Update { number, phase: Phase::Resolved, words: Words::None, next: None })
            .unwrap();
    }
    sim.at(20 * 24 * 60);
    let text = "y".repeat(880);
    sim.act(ANNA, Action::Reopen { number: numbers[0], words: own(&text) }).unwrap();
    let told = sim.incidents();
    let first = told.iter().find(|told| told.number == numbers[0]);
    assert!(first.is_some_and(|told| told.open), "{told:?}");
    assert!(told.len() <= numbers.len(), "the next one gave way");
    let records = sim.snapshot();
    assert!(records.iter().any(|(_, payload)| payload.windows(880).any(|part| part == text.as_bytes())));
}

#[test]
fn what_gives_way_lets_nobody_take_back_what_they_did_before() {
    let mut sim = Sim::well(TWO);
    let numbers = fill(&mut sim);
    for &number in &numbers {
        sim.act(ANNA, Action::Update { number, phase: Phase::Resolved, words: Words::None, next: None })
            .unwrap();
    }
    sim.at(20 * 24 * 60);
    sim.act(ANNA, Action::Banner { state: None, words: own("Read the notice.") }).unwrap();
    sim.act(ANNA, Action::Retitle { number: numbers[0], title: "Ice" }).unwrap();
    let is_there = |sim: &Sim| sim.incidents().iter().any(|told| told.number == numbers[0]);
    let text = "y".repeat(600);
    while is_there(&sim) {
        sim.act(BEN, open(WIFI, &text)).unwrap();
    }
    assert_eq!(sim.act(ANNA, Action::Undo), Err(Refusal::NothingToUndo));
    assert!(sim.engine.view(&sim.config, sim.clocks()).banner(HOME).is_some());
    // What she does next, she takes back.
    sim.act(ANNA, Action::ClearBanner).unwrap();
    assert_eq!(sim.act(ANNA, Action::Undo), Ok(Done::Banner));
    assert!(sim.engine.view(&sim.config, sim.clocks()).banner(HOME).is_some());
}

/// Fills what people may have of the log, `pad` bytes more or less, or all of it. Incidents 1 and 2
/// ended long ago. ANNA's last words are of the first, and follow her banner.
fn full(pad: usize, all: bool) -> Sim {
    let mut sim = Sim::well(TWO.split_once("config site 'squat'").unwrap().0);
    let resolve = |number| Action::Update { number, phase: Phase::Resolved, words: Words::None, next: None };
    // The third goes on when Prometheus is silent.
    for number in 1..=3 {
        sim.act(ANNA, open(WIFI, "Oh.")).unwrap();
        sim.act(ANNA, resolve(number)).unwrap();
    }
    sim.at(20 * 24 * 60);
    let short: Vec<_> = (0..30).map(|_| sim.act(BEN, open(WIFI, "Oh.")).unwrap()).collect();
    sim.act(ANNA, Action::Banner { state: None, words: own("Hello") }).unwrap();
    sim.act(ANNA, Action::Retitle { number: 1, title: "Everything is down" }).unwrap();
    // As long as nothing that ended gives way to it.
    let mut size = 900;
    while size > 0 {
        let (_, used, capacity) = sim.engine.incidents().usage();
        if used + capacity / 16 + size + 100 <= capacity {
            sim.act(BEN, open(WIFI, &"x".repeat(size - pad.min(size / 2)))).unwrap();
        } else {
            size -= 20;
        }
    }
    for done in short.into_iter().filter(|_| all) {
        let Done::Incident(number) = done else { panic!("{done:?}") };
        let (_, used, capacity) = sim.engine.incidents().usage();
        if used + 60 > capacity {
            break;
        }
        sim.act(BEN, resolve(number)).unwrap();
    }
    sim.written();
    sim
}

#[test]
fn nothing_gives_way_to_what_is_taken_back() {
    let mut tight = 0;
    for pad in 0..48 {
        let mut sim = full(pad, true);
        let (before, used, capacity) = sim.engine.incidents().usage();
        tight += usize::from(capacity - used < 40);
        assert_eq!(sim.act(ANNA, Action::Undo), Ok(Done::Incident(1)), "{pad}");
        assert_eq!(sim.engine.incidents().usage().0, before, "{pad}");
        let banner = sim.engine.view(&sim.config, sim.clocks()).banner(HOME).is_some();
        assert!(banner, "what she did before stays: {pad}");
        // The journal has it, or is to be written anew.
        let told = sim.written().iter().any(|(kind, _)| *kind == crate::incidents::record::UNDO);
        assert!(told || sim.engine.incidents().wants_purge(), "{pad}");
    }
    assert!(tight > 0, "the log was never full");
}

#[test]
fn what_an_incident_is_merged_into_does_not_give_way_to_that() {
    for pad in 0..48 {
        let mut sim = full(pad, false);
        let done = sim.act(ANNA, Action::Merge { number: 2, into: 1 });
        let kept = sim.incidents().iter().any(|told| told.number == 1);
        assert!(kept || done.is_err(), "{pad}: {done:?}");
    }
}

#[test]
fn who_is_refused_takes_nothing_away() {
    let mut sim = full(0, false);
    let before = sim.engine.incidents().usage();
    assert_eq!(sim.act(BEN, open(WIFI, &"x".repeat(900))), Err(Refusal::Full));
    assert_eq!(sim.engine.incidents().usage().0, before.0, "incidents 1 and 2 would not have made room");
    // For something short they do.
    assert!(sim.act(BEN, open(WIFI, "")).is_ok());
    assert!(sim.incidents().iter().all(|told| told.number != 1));
}

#[test]
fn an_antenna_that_flaps_for_days_does_not_take_the_room_of_others() {
    let mut sim = Sim::well(TWO);
    sim.down(&["heron"]);
    sim.act(ANNA, Action::Update { number: 1, phase: Phase::Identified, words: own("We look."), next: None })
        .unwrap();
    sim.act(ANNA, Action::Update { number: 1, phase: Phase::Resolved, words: Words::None, next: None })
        .unwrap();
    for _ in 0..200 {
        sim.up(&["heron"]);
        sim.quiet_until(sim.now.0 / MIN + 3);
        sim.down(&["heron"]);
        sim.quiet_until(sim.now.0 / MIN + 1);
    }
    let told = sim.incidents();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].worst, told[0].open), (State::Outage, true));
    assert!(sim.steps(1).iter().any(|step| step.contains("We look.")));
    let long = "z".repeat(400);
    assert!(matches!(sim.act(ANNA, open(WIFI, &long)), Ok(Done::Incident(_))));
    // What others have is told, too, and replays.
    sim.down(&["heron", "egret"]);
    assert!(
        sim.steps(1).iter().chain(&sim.steps(2)).any(|step| step.contains("egret")),
        "{:?}",
        sim.steps(1)
    );
    let before = sim.incidents();
    let written = sim.snapshot();
    let next = after(&sim, &written);
    assert_eq!(next.incidents().len(), before.len());
    assert_eq!(next.incidents()[1..], before[1..]);
}

#[test]
fn what_nobody_is_told_of_gives_way_before_what_is_told() {
    let mut sim = Sim::well(TWO.replace("'10s'", "'5m'").as_str());
    sim.down(&["egret"]);
    sim.quiet_until(20);
    sim.up(&["egret"]);
    sim.quiet_until(300);
    assert!(!sim.incidents()[0].open);
    sim.down(&["heron"]);
    assert_eq!(sim.incidents().len(), 2);
    for _ in 0..1500 {
        sim.up(&["heron"]);
        sim.quiet_until(sim.now.0 / MIN + 2);
        sim.down(&["heron"]);
        sim.quiet_until(sim.now.0 / MIN + 3);
    }
    let (_, used, capacity) = sim.engine.incidents().usage();
    let told = sim.incidents();
    assert_eq!(told.len(), 2, "{used} of {capacity}: {told:?}");
}
