//! What a journal's records mean, for ever: a journal that an earlier version wrote is told as that
//! version told it, and every prefix of its bytes, and whatever else may stand in a journal, is
//! read without harm.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "kit/feed.rs"]
mod feed;
#[path = "kit/memory.rs"]
mod memory;

use std::collections::BTreeSet;
use std::fmt::Write;

use aiglon::config::rule::RuleInterest;
use aiglon::config::{Config, Problems};
use aiglon::engine::lifetime::Sender;
use aiglon::engine::{End, Engine, Input};
use aiglon::incidents::{Action, Boot, Done, OWNER};
use aiglon::ingest::Reader;
use aiglon::ingest::line::{LineEvent, Lines, Precision};
use aiglon::ingest::sample::HashKey;
use aiglon::journal::frame::{FrameScanner, Scanned};
use aiglon::journal::{Durability, Journal, Store, kinds};
use aiglon::limits::{JOURNAL_BYTES_MAX, RECORD_BYTES, WAKE_LEAST};
use aiglon::model::{
    ComponentId, Day, Forced, HeartbeatId, Phase, Phrases, Repeat, RuleId, ServiceId, SiteId, SourceId,
    State, View, Words,
};
use aiglon::persist::{Driver, News};
use aiglon::time::{Mono, Now, Wall};
use feed::Body;
use memory::Memory;
use proptest::prelude::*;

/// A journal of each release that brought new kinds, and how many kinds there were. The last one is
/// the present one.
const GOLDEN: [(&str, u8, u8); 3] =
    [("state-v1", 1, 12), ("state-v1-kinds-14", 1, 14), ("state-v1-kinds-17", 3, 17)];
const NOON: i64 = 1_795_262_400_000;
const MIN: i64 = 60_000;
const SITE: SiteId = SiteId(0);
const WIFI: ServiceId = ServiceId(0);
const HERON: [&str; 2] = ["wifi", "heron"];
const EGRET: [&str; 2] = ["wifi", "egret"];
const GATE: [&str; 2] = ["vpn", "gate"];

/// With the least room that there is, so that it is soon full.
const CONFIG: &str = "
config aiglon 'main'
	option journal_size '16k'
config listen
	option address '127.0.0.1:8080'
	list serve 'page'
config site 'home'
	option timezone 'CET-1CEST,M3.5.0,M10.5.0/3'
config source 'a'
	option site 'home'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000001'
config service 'wifi'
	option site 'home'
config component 'heron'
	option service 'wifi'
config component 'egret'
	option service 'wifi'
config service 'vpn'
	option site 'home'
config component 'gate'
	option service 'vpn'
	list match 'job~*'
config heartbeat 'backup'
	option source 'a'
	option every '24h'
config rule 'weak'
	option source 'a'
	option measurement 'wireless'
	option field 'signal'
	option below '-80dBm'
	option clear '-70dBm'
";

/// Where a golden file is.
fn golden(name: &str, extension: &str) -> String {
    format!("{}/tests/golden/{name}.{extension}", env!("CARGO_MANIFEST_DIR"))
}

/// The present golden journal.
fn present() -> Vec<u8> {
    std::fs::read(golden(GOLDEN[GOLDEN.len() - 1].0, "bin")).unwrap()
}

/// A board, its engine and its journal.
struct Board {
    config: Box<Config>,
    engine: Box<Engine>,
    driver: Driver,
    memory: Memory,
    mono: i64,
    has_wall: bool,
    /// By how much the wall clock is wrong.
    ahead: i64,
    /// Records that nobody knew.
    unknown: u32,
}

impl Board {
    /// Begins, with what is in the memory.
    fn new(memory: Memory, boot: u64, mono: i64, has_wall: bool) -> Self {
        Self::of(CONFIG, memory, boot, mono, has_wall)
    }

    fn of(text: &str, memory: Memory, boot: u64, mono: i64, has_wall: bool) -> Self {
        let mut config = Box::new(const { Config::new() });
        config.load(text.as_bytes(), &mut Problems::new()).unwrap();
        let engine = Box::new(const { Engine::new() });
        let mut board =
            Self { config, engine, driver: Driver::new(), memory, mono, has_wall, ahead: 0, unknown: 0 };
        let now = board.now();
        let Self { config, engine, driver, memory, .. } = &mut board;
        let started = driver.start(memory, engine, config, Boot { id: boot, base: 60_000 }, now);
        started.opened.unwrap();
        board.unknown = started.unknown;
        board
    }

    fn now(&self) -> Now {
        Now::new(Mono(self.mono), self.has_wall.then_some(Wall(NOON + self.mono + self.ahead)))
    }

    fn drive(&mut self, work: fn(&mut Driver, &mut dyn Store, &mut Engine, &Config, Now) -> News) {
        let now = self.now();
        let news = work(&mut self.driver, &mut self.memory, &mut self.engine, &self.config, now);
        assert_eq!(news.storage, None);
    }

    fn commit(&mut self) {
        self.drive(Driver::commit);
    }

    fn compact(&mut self) {
        self.drive(Driver::compact);
    }

    fn flush(&mut self) {
        self.drive(Driver::flush);
    }

    fn wrote_one(&mut self) {
        let now = self.now();
        let news = self.driver.note(&mut self.memory, &mut self.engine, &self.config, now);
        assert_eq!(news.storage, None);
        self.commit();
    }

    fn wait(&mut self, minutes: i64) {
        for _ in 0..minutes {
            self.mono += MIN;
            for _ in 0..3 {
                self.engine.alive(&self.config, self.now(), SourceId(0));
                self.mono += i64::from(WAKE_LEAST.0);
            }
            self.mono -= 3 * i64::from(WAKE_LEAST.0);
        }
        self.commit();
    }

    fn hook(&mut self, part: [&str; 2], more: &str, status: &str) {
        self.hook_of(0, part, more, status);
    }

    fn hook_of(&mut self, source: usize, part: [&str; 2], more: &str, status: &str) {
        let (now, [service, component]) = (self.now(), part);
        let body = format!(
            r#"{{"version":"4","alerts":[{{"status":"{status}","labels":{{"alertname":"Down","service":"{service}","component":"{component}","severity":"critical"{more}}},"startsAt":"2026-11-21T11:55:00Z"}}]}}"#
        );
        let body = Body { source, sender: Sender::Webhook, text: &body, whole: false };
        body.feed(&mut self.engine, &self.config, &mut Box::new(Reader::new()), now);
        self.wrote_one();
    }

    fn beat(&mut self, failed: bool) {
        let input = Input::Beat { id: HeartbeatId(0), failed };
        self.engine.step(&self.config, self.now(), input);
        self.wrote_one();
    }

    fn sample(&mut self, signal: i32) {
        let (now, source) = (self.now(), SourceId(0));
        let Self { engine, config, .. } = self;
        let key = HashKey([7, 7]);
        engine.rekey(key, now);
        let mut lines = Lines::new();
        lines.start(Precision::Secs, key);
        let mut open = engine.open(source, Sender::Repeating);
        let mut each = |event: LineEvent<'_>| {
            let LineEvent::Sample(sample) = event else { return };
            engine.step(config, now, Input::Sample { body: &mut open, sample });
        };
        let asking = RuleInterest { config, source };
        lines.feed(format!("wireless signal={signal}\n").as_bytes(), &asking, &mut each);
        lines.finish(&asking, &mut each);
        engine.step(config, now, Input::Close { body: &mut open, end: End::WHOLE });
        self.wrote_one();
    }

    fn act(&mut self, who: u32, action: Action<'_>) -> u32 {
        let done = self.engine.act(&self.config, self.now(), SITE, who, action).unwrap();
        self.commit();
        match done {
            Done::Incident(number) | Done::ResolvedWhileFiring(number) | Done::Maintenance(number) => number,
            Done::Banner => 0,
        }
    }

    /// All that a page or a console may be told, in words.
    fn told(&self) -> String {
        let view = self.engine.view(&self.config, self.now());
        let mut out = String::new();
        let mut numbers = Vec::new();
        view.incidents(SITE, &mut |incident| {
            numbers.push(incident.number);
            writeln!(out, "{incident:?}").unwrap();
        });
        for number in numbers {
            view.steps(SITE, number, &mut |step| writeln!(out, "{number}: {step:?}").unwrap());
        }
        view.maintenance(SITE, &mut |window| writeln!(out, "{window:?}").unwrap());
        writeln!(out, "{:?}", view.banner(SITE)).unwrap();
        for id in (0..3).map(ComponentId) {
            writeln!(out, "{id:?}: {:?}", view.component(id).state()).unwrap();
            let mut days = [Day::default(); 3];
            view.fared(id, &mut days);
            for (ago, day) in days.iter().enumerate() {
                writeln!(out, "{id:?}: {ago} days ago {day:?}").unwrap();
            }
        }
        let state = self.engine.heartbeat(HeartbeatId(0));
        if state.last().is_some() {
            writeln!(out, "{state:?}").unwrap();
        }
        out
    }
}

fn own<'a>(lang: &'a str, text: &'a str) -> Words<'a> {
    Words::Own { lang, text }
}

fn opening<'a>(
    (service, component): (ServiceId, Option<ComponentId>),
    state: State,
    title: &'a str,
    words: Words<'a>,
) -> Action<'a> {
    Action::Open { service, component, state, title, words, next: None }
}

fn update(number: u32, phase: Phase, words: Words<'_>) -> Action<'_> {
    Action::Update { number, phase, words, next: None }
}

/// A day and a half in which everything happens that a journal holds.
fn scenario() -> Memory {
    // It is not known yet what time it is.
    let mut board = Board::new(Memory::default(), 7, 0, false);
    board.wait(10);
    board.hook(HERON, "", "firing");
    board.wait(2);
    board.has_wall = true;
    board.wait(3);
    board.act(77, update(1, Phase::Identified, Words::Phrase(Phrases::named("power-cut").unwrap())));
    board.act(78, Action::Acknowledge { number: 1 });
    board.act(77, Action::Retitle { number: 1, title: "Coupure d'électricité" });
    let second = board.act(
        OWNER,
        opening((WIFI, Some(ComponentId(1))), State::Degraded, "Slow", own("ar", "انقطاع الكهرباء")),
    );
    board.act(77, Action::Amend { number: second, step: None, words: own("fr", "C'est lent. *Désolés.*") });
    let third = board.act(78, opening((ServiceId(1), None), State::Outage, "", own("", "Not at all")));
    board.act(78, Action::Undo);
    board.flush();
    board.compact();
    let fourth = board.act(78, opening((WIFI, None), State::Degraded, "The same", Words::None));
    assert!(second < third && third <= fourth);
    board.act(78, Action::Merge { number: fourth, into: second });
    for repeat in [Repeat::Once, Repeat::Weekly, Repeat::Monthly] {
        board.act(
            77,
            Action::Maintain {
                service: WIFI,
                component: (repeat == Repeat::Weekly).then_some(ComponentId(0)),
                starts: Wall(NOON + 3_000 * MIN),
                ends: Wall(NOON + 3_060 * MIN),
                repeat,
                words: own("en", "New cables"),
            },
        );
    }
    board.act(77, Action::EndMaintenance { number: 1 });
    board.act(77, Action::Banner { state: Some(Forced::Maintenance), words: own("", "Hello") });
    board.act(77, Action::ClearBanner);
    board.act(78, Action::Banner { state: None, words: own("", "Read the **notice**.") });
    board.act(77, Action::Retitle { number: second, title: "Of another" });
    board.act(77, Action::Undo);
    board.hook(EGRET, r#","mac":"02:00:00:00:00:01""#, "firing");
    board.hook(HERON, "", "resolved");
    board.beat(false);
    board.act(77, update(second, Phase::Resolved, own("", "Done.")));
    board.act(77, Action::Reopen { number: second, words: own("", "Not yet.") });
    board.wait(1_500);
    // What nobody can take back any more has been purged. What follows stands behind that snapshot.
    // An incident that ended by itself gives way to words.
    board.hook(GATE, "", "firing");
    board.wait(2);
    board.hook(GATE, "", "resolved");
    board.wait(30);
    for at in 0..4 {
        let words = format!("{at} {}", "Still at it. ".repeat(50));
        board.act(77, update(second, Phase::Monitoring, own("en", &words)));
    }
    board.hook(HERON, "", "firing");
    board.hook(HERON, "", "resolved");
    board.act(77, Action::EndMaintenance { number: 2 });
    board.act(77, Action::Undo);
    board.beat(true);
    board.sample(-90);
    board.flush();
    board.commit();
    board.memory
}

/// When it is read: two days after it began, on another boot.
fn read(bytes: &[u8]) -> Board {
    Board::new(Memory::of(bytes), 8, 2_000 * MIN, true)
}

#[test]
fn what_version_1_wrote_is_told_for_ever() {
    // Made once, when its kinds were released; a change of it is a change of what records mean. A
    // release with new kinds gets a file of its own.
    let (newest, _, last) = GOLDEN[GOLDEN.len() - 1];
    if std::env::var_os("MAKE_GOLDEN_STATE").is_some() {
        let bytes = scenario().journal.unwrap();
        std::fs::write(golden(newest, "txt"), read(&bytes).told()).unwrap();
        std::fs::write(golden(newest, "bin"), bytes).unwrap();
    }
    assert_eq!(usize::from(last), kinds::ALL.len(), "the newest file holds every kind that is still written");
    for (name, first, last) in GOLDEN {
        let bytes = std::fs::read(golden(name, "bin")).unwrap();
        let found: BTreeSet<u8> = framed(&bytes).into_iter().map(|(kind, _)| kind).collect();
        let wanted: BTreeSet<u8> = (first..=last).collect();
        assert_eq!(found, wanted, "the kinds in {name}");
        let board = read(&bytes);
        assert_eq!(board.unknown, 0);
        assert_eq!(board.told(), std::fs::read_to_string(golden(name, "txt")).unwrap(), "{name}");
        // Between the two limits of a rule, what it did before counts.
        let mut board = board;
        board.sample(-75);
        assert_eq!(board.engine.rule_phase(RuleId(0)).fires(), Some(found.contains(&kinds::RULE)), "{name}");
    }
}

/// After a stop at any byte, what is told is a state that was: nothing that a person said before is
/// missing.
#[test]
fn every_prefix_is_read_without_harm() {
    let bytes = present();
    let (mut before, mut states) = (None, 0);
    for length in 0..=bytes.len() {
        let (mut scanner, mut chunk, mut records) = (FrameScanner::new(), &bytes[..length], 0);
        let mut words = Vec::new();
        while let Scanned::Record(record) = scanner.next(&mut chunk) {
            records += 1;
            // What is amended or taken away later is left out of this count.
            for said in ["Not yet.", "Done.", "Read the **notice**."] {
                if record.payload.windows(said.len()).any(|window| window == said.as_bytes()) {
                    words.push(said);
                }
            }
        }
        if before.replace(records) == Some(records) {
            continue;
        }
        states += 1;
        let board = read(&bytes[..length]);
        assert_eq!(board.unknown, 0, "{length} bytes");
        let told = board.told();
        assert!(words.iter().all(|said| told.contains(said)), "{length} bytes: {words:?} in {told}");
    }
    assert!(states > 30, "{states}");
}

/// A machine that boots 56 years ahead, or behind what it had, loses no word; nor one whose clock
/// is set between two records.
#[test]
fn a_clock_that_is_decades_wrong_loses_no_word() {
    const DECADES: i64 = 56 * 365 * 24 * 60 * MIN;
    let open = |board: &mut Board, title: &str| {
        let action = Action::Open {
            service: WIFI,
            component: None,
            state: aiglon::model::State::Degraded,
            title,
            words: own("", "What happened."),
            next: None,
        };
        board.act(77, action)
    };
    let say = |board: &mut Board, number, phase, words: &str| {
        board.act(77, Action::Update { number, phase, words: own("", words), next: None });
    };
    let mut board = Board::new(Memory::default(), 7, 0, true);
    let over = open(&mut board, "Over");
    say(&mut board, over, Phase::Resolved, "It was over.");
    board.wait(10);
    let number = open(&mut board, "It goes on");
    let planned = Action::Maintain {
        service: WIFI,
        component: None,
        starts: Wall(NOON + 6_000 * MIN),
        ends: Wall(NOON + 6_060 * MIN),
        repeat: Repeat::Once,
        words: own("", "New cables."),
    };
    board.act(77, planned);
    for (ahead, words) in
        [(DECADES, "First."), (0, "Second."), (-DECADES, "Third."), (DECADES, "Fourth."), (0, "Fifth.")]
    {
        board.ahead = ahead;
        say(&mut board, number, Phase::Identified, words);
        board.wait(10);
    }
    let all = ["It was over.", "First.", "Second.", "Third.", "Fourth.", "Fifth.", "New cables."];
    let missing = |board: &Board| {
        let told = board.told();
        all.into_iter().filter(|words| !told.contains(words)).collect::<Vec<_>>()
    };
    assert_eq!(missing(&board), [""; 0]);
    // Now it starts with a wrong clock, twice, and is set right some minutes later. All is written
    // anew each time.
    let mut boot = 7;
    for wrong in [DECADES, -DECADES] {
        for from in [wrong, 0] {
            boot += 1;
            board.compact();
            board = Board::new(std::mem::take(&mut board.memory), boot, 0, false);
            board.ahead = from;
            board.has_wall = true;
            board.wait(20);
            board.compact();
            board.ahead = 0;
            board.wait(20);
            board.compact();
            assert_eq!(missing(&board), [""; 0], "boot {boot}: {}", board.told());
        }
    }
}

/// Records as a file of theirs may hold them when somebody else wrote it: whole, and with right
/// checksums.
fn framed(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut scanner, mut chunk, mut records) = (FrameScanner::new(), bytes, Vec::new());
    while let Scanned::Record(record) = scanner.next(&mut chunk) {
        records.push((record.kind, record.payload.to_vec()));
    }
    records
}

/// One thing that is wrong with a journal.
#[derive(Clone, Debug)]
enum Wrong {
    /// This byte of this record is that.
    Byte(usize, usize, u8),
    /// These eight are: numbers and times at their ends.
    Word(usize, usize, i64),
    /// It ends here.
    Short(usize, usize),
    /// It goes on with these.
    Long(usize, Vec<u8>),
    /// It is of that kind.
    Kind(usize, u8),
    Twice(usize),
    Gone(usize),
    Swapped(usize, usize),
}

/// Any kind; mostly kinds that somebody reads.
fn kind() -> impl Strategy<Value = u8> {
    let known: Vec<u8> = kinds::ALL.iter().map(|kind| kind.number).collect();
    prop_oneof![3 => prop::sample::select(known), 1 => any::<u8>()]
}

fn wrong() -> impl Strategy<Value = Wrong> {
    let at = || any::<prop::sample::Index>().prop_map(|at| at.index(100_000));
    let word = prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0), Just(-1), any::<i64>()];
    prop_oneof![
        6 => (at(), at(), any::<u8>()).prop_map(|(record, byte, with)| Wrong::Byte(record, byte, with)),
        3 => (at(), at(), word).prop_map(|(record, byte, with)| Wrong::Word(record, byte, with)),
        1 => (at(), at()).prop_map(|(record, byte)| Wrong::Short(record, byte)),
        1 => (at(), prop::collection::vec(any::<u8>(), 0..1024)).prop_map(|(record, with)| Wrong::Long(record, with)),
        1 => (at(), kind()).prop_map(|(record, kind)| Wrong::Kind(record, kind)),
        1 => at().prop_map(Wrong::Twice),
        1 => at().prop_map(Wrong::Gone),
        2 => (at(), at()).prop_map(|(one, other)| Wrong::Swapped(one, other)),
    ]
}

fn make_wrong(records: &mut Vec<(u8, Vec<u8>)>, wrong: &Wrong) {
    let count = records.len().max(1);
    let within = |payload: &[u8], byte: usize| byte % payload.len().max(1);
    match *wrong {
        Wrong::Byte(record, byte, with) => {
            let payload = &mut records[record % count].1;
            let at = within(payload, byte);
            payload[at..].iter_mut().take(1).for_each(|byte| *byte = with);
        }
        Wrong::Word(record, byte, with) => {
            let payload = &mut records[record % count].1;
            let at = within(payload, byte);
            payload[at..].iter_mut().zip(with.to_le_bytes()).for_each(|(byte, with)| *byte = with);
        }
        Wrong::Short(record, byte) => {
            let payload = &mut records[record % count].1;
            payload.truncate(within(payload, byte));
        }
        Wrong::Long(record, ref with) => {
            let payload = &mut records[record % count].1;
            payload.extend_from_slice(with);
            payload.truncate(RECORD_BYTES);
        }
        Wrong::Kind(record, kind) => records[record % count].0 = kind,
        Wrong::Twice(record) => records.push(records[record % count].clone()),
        Wrong::Gone(record) if count > 1 => _ = records.remove(record % count),
        Wrong::Gone(_) => {}
        Wrong::Swapped(one, other) => records.swap(one % count, other % count),
    }
}

/// What a journal with wrong records leads to: it is told, time passes, and it is written anew and
/// read again.
fn live_with(records: &[(u8, Vec<u8>)]) {
    let mut journal = Journal::new();
    let mut memory = Memory::default();
    journal.open(&mut memory, JOURNAL_BYTES_MAX, &mut |_| ()).unwrap();
    for (kind, payload) in records {
        // The mended journal holds as many as fit.
        _ = journal.append(&mut memory, *kind, payload, Durability::Later);
    }
    journal.sync(&mut memory).unwrap();
    let mut board = Board::new(memory, 8, 2_000 * MIN, true);
    board.told();
    board.wait(2);
    board.hook(HERON, "", "firing");
    board.flush();
    for hours in [1, 24, 24 * 40] {
        board.mono += hours * 60 * MIN;
        board.wait(1);
        board.told();
    }
    board.compact();
    assert!(board.memory.journal.as_ref().unwrap().len() <= board.driver.limit() as usize / 2);
    let (told, mono) = (board.told(), board.mono);
    // A journal that was too small for what was in it was larger in this run. What has become old
    // since gives way at the next start.
    let enlarged = board.driver.limit();
    let again = Board::new(board.memory, 8, mono, true);
    let smaller = again.driver.limit() < enlarged;
    assert_eq!(again.unknown, 0, "what is written anew is known");
    // An alert that nobody repeated begins anew; what people said stays as it was.
    let said = |told: &str| {
        let words = told.lines().filter(|line| line.contains("words: Own") || line.contains("words: Phrase"));
        words.filter_map(|line| Some(line.split_once("step: ")?.1.to_owned())).collect::<Vec<_>>()
    };
    let (before, after) = (said(&told), said(&again.told()));
    if smaller {
        let new = after.iter().find(|line| !before.contains(line));
        assert_eq!(new, None, "nothing is told that was not");
    } else {
        assert_eq!(before, after);
    }
}

#[test]
fn what_is_old_gives_way_when_a_journal_is_no_longer_enlarged() {
    let mut records = framed(&present());
    for wrong in [
        Wrong::Word(45554, 18151, i64::MIN),
        Wrong::Swapped(9232, 29343),
        Wrong::Twice(60063),
        Wrong::Byte(62140, 35650, 0),
        Wrong::Word(33313, 7, i64::MIN),
    ] {
        make_wrong(&mut records, &wrong);
    }
    live_with(&records);
}

/// A stolen token, or a sender gone mad: the alerts of one source do not fit the journal.
#[test]
fn a_source_that_says_too_much_takes_no_alert_of_another_from_flash() {
    // Each component is told which source feeds it, because the site has two.
    let fed = [("wifi", "a"), ("vpn", "mad")].iter().fold(CONFIG.to_owned(), |text, (service, source)| {
        let service = format!("\toption service '{service}'\n");
        text.replace(&service, &format!("{service}\tlist source '{source}'\n"))
    });
    let config =
        format!("{fed}config source 'mad'\n\toption site 'home'\n\tlist token 'sha256:{:064x}'\n", 2);
    let mut board = Board::of(&config, Memory::default(), 1, 0, true);
    board.hook(HERON, "", "firing");
    for i in 0..100 {
        board.hook_of(1, GATE, &format!(r#","alertname":"Mad{i:0>80}","job":"x{i}""#), "firing");
    }
    // What the snapshot leaves out does not count: ends of alerts that were never held.
    for i in 0..300 {
        board.hook(EGRET, &format!(r#","alertname":"Over{i:0>80}""#), "resolved");
    }
    board.compact();
    let mut next = Board::of(&config, board.memory, 2, board.mono, true);
    next.wait(30);
    let view = next.engine.view(&next.config, next.now());
    let of = |id| view.component(ComponentId(id)).state();
    assert_eq!((of(0), of(2)), (State::Outage, State::NoData));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn wrong_records_do_no_harm(file in 0..=GOLDEN.len(), wrongs in prop::collection::vec(wrong(), 1..30)) {
        let name = GOLDEN.get(file).map_or("journal-v1", |golden| golden.0);
        let mut records = framed(&std::fs::read(golden(name, "bin")).unwrap());
        for wrong in &wrongs {
            make_wrong(&mut records, wrong);
        }
        live_with(&records);
    }

    #[test]
    fn arbitrary_records_do_no_harm(
        records in prop::collection::vec((kind(), prop::collection::vec(any::<u8>(), 0..200)), 0..60),
    ) {
        live_with(&records);
    }

    /// Whatever is wrong with the bytes themselves ends the journal there.
    #[test]
    fn wrong_bytes_do_no_harm(at in any::<prop::sample::Index>(), with in prop::collection::vec(any::<u8>(), 1..64)) {
        let mut bytes = present();
        let at = at.index(bytes.len());
        bytes.iter_mut().skip(at).zip(with).for_each(|(byte, with)| *byte = with);
        let board = read(&bytes);
        assert_eq!(board.unknown, 0);
        board.told();
    }
}
