//! What days cost the flash, with the real engine, journal and files: days that are simulated, and
//! bytes and syncs that are counted. `cargo test wear -- --nocapture` prints the figures.
//!
//! A sync ends a page of flash: JFFS2 adds a node of 68 bytes to what is written at once, UBIFS
//! rounds up to the page of common NAND, 2 KiB. Both are printed; the promise, 16 KiB for a quiet
//! day and 256 KiB for one on which a state flaps every ten seconds, is held with JFFS2's, and the
//! quiet day's with pages of NAND as well. A full journal is written anew now and then, which costs
//! three eighths of its size once: after months of such days.
#![allow(clippy::format_push_string)]

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use aiglon::config::{Config, Problems};
use aiglon::engine::lifetime::Sender;
use aiglon::engine::{End, Engine, Input, Quality};
use aiglon::incidents::{Action, Boot, OWNER};
use aiglon::ingest::{Dialect, Event, Reader};
use aiglon::journal::{Fault, JournalCounters};
use aiglon::limits::{HEARTBEATS, JOURNAL_BYTES, JOURNAL_BYTES_MIN};
use aiglon::model::{ComponentId, HeartbeatId, ServiceId, SiteId, SourceId, State, View, Words};
use aiglon::time::{Mono, Now, Wall};

use super::ledger::Ledger;

const SECOND_MS: i64 = 1000;
const DAY_SECS: i64 = 86_400;
/// 2026-11-20T23:00:00Z, midnight in Brussels.
const START_MS: i64 = 1_795_215_600_000;

/// A board on which time passes fast.
struct Board {
    dir: PathBuf,
    config: Box<Config>,
    engine: Box<Engine>,
    reader: Box<Reader>,
    ledger: Ledger,
    mono: i64,
    /// How often something began to fire.
    fired: i64,
}

/// What some time cost.
struct Cost {
    bytes: u64,
    syncs: u64,
    compactions: u32,
}

impl Cost {
    /// With JFFS2's node headers.
    fn nor(&self) -> u64 {
        self.bytes + self.syncs * 68
    }
    /// With a page of 2 KiB that each sync ends.
    fn nand(&self) -> u64 {
        self.bytes + self.syncs * 2048
    }
    fn tell(&self, what: &str) {
        println!(
            "{what}: {} bytes in {} syncs, {} compactions; {} bytes on NOR (JFFS2), at most {} on NAND (2 KiB pages)",
            self.bytes,
            self.syncs,
            self.compactions,
            self.nor(),
            self.nand()
        );
    }
}

impl Board {
    fn new(components: usize) -> Self {
        Self::owed(components, 0)
    }

    /// The same, and so many daily heartbeats are owed of which only operators know.
    fn owed(components: usize, heartbeats: usize) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mut text = String::from(
            "config listen\n\toption address 127.0.0.1:80\n\tlist serve page\nconfig site s\n\
             \toption timezone 'CET-1CEST,M3.5.0,M10.5.0/3'\nconfig source p\n\toption site s\n\toption silent_after 3m\n",
        );
        text += &format!("\tlist token sha256:{}\nconfig service v\n\toption site s\n", "01".repeat(32));
        for number in 0..components {
            text += &format!("config component c{number}\n\toption service v\n");
        }
        for number in 0..heartbeats {
            text += &format!("config heartbeat h{number}\n\toption source p\n\toption every 24h\n");
        }
        let (mut config, mut problems) = (Box::new(Config::new()), Problems::new());
        config.load(text.as_bytes(), &mut problems).unwrap();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("aiglon-wear-{number}-{}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        let mut board = Self {
            dir,
            config,
            engine: Box::new(const { Engine::new() }),
            reader: Box::new(Reader::new()),
            ledger: Ledger::new(),
            mono: 0,
            fired: 0,
        };
        let now = board.now();
        board.ledger.take(&board.dir).unwrap();
        board.ledger.start(&mut board.engine, &mut board.config, Boot { id: 7, base: 0 }, now);
        board.pass(1200, &mut |_, _| ());
        board
    }

    fn now(&self) -> Now {
        Now::new(Mono(self.mono), Some(Wall(START_MS + self.mono)))
    }

    /// So many seconds pass, with a sign of life each minute and whatever else comes.
    fn pass(&mut self, secs: i64, each: &mut dyn FnMut(&mut Self, i64)) {
        for second in 0..secs {
            self.mono += SECOND_MS;
            let now = self.now();
            if self.mono % (60 * SECOND_MS) == 0 {
                self.engine.alive(&self.config, now, SourceId(0));
            }
            if self.engine.poll_at().is_some_and(|at| at <= now.mono) {
                self.engine.step(&self.config, now, Input::Pass);
            }
            each(self, second);
            let now = self.now();
            self.ledger.commit(&mut self.engine, &self.config, now);
            self.ledger.retry(&mut self.engine, &self.config, now);
        }
    }

    /// A batch with one alert, as `ingest` takes it in.
    fn post(&mut self, sender: Sender, fires: bool, component: usize) {
        let now = self.now();
        let labels = format!(
            r#""labels":{{"alertname":"AntennaDown","service":"v","component":"c{component}","severity":"critical"}}"#
        );
        let (status, ends) =
            if fires { ("firing", "2027-01-01T00:00:00Z") } else { ("resolved", "2026-11-20T22:00:00Z") };
        // Each time that it fires it began anew; its end has that start.
        self.fired += i64::from(fires);
        let began = aiglon::time::rfc3339::utc(Wall(START_MS - 3_600_000 + self.fired * 1000));
        let starts = format!(r#""startsAt":"{}""#, began.as_str());
        let (dialect, body) = match sender {
            Sender::Webhook | Sender::Once => (
                Dialect::Webhook,
                format!(
                    r#"{{"version":"4","alerts":[{{"status":"{status}",{labels},{starts},"endsAt":"0001-01-01T00:00:00Z"}}]}}"#
                ),
            ),
            Sender::Repeating => (Dialect::Alerts, format!(r#"[{{{labels},{starts},"endsAt":"{ends}"}}]"#)),
        };
        self.reader.start(dialect);
        let (engine, ledger, config) = (&mut self.engine, &mut self.ledger, &self.config);
        let mut open = engine.open(SourceId(0), sender);
        let mut each = |event: Event<'_>| {
            let Event::Alert(alert) = event else { panic!("an alert is whole") };
            let input = Input::Alert { body: &mut open, alert, quality: Quality::Whole };
            engine.step(config, now, input);
            ledger.note(engine, config, now);
        };
        self.reader.feed(body.as_bytes(), &mut each).unwrap();
        self.reader.finish().unwrap();
        self.engine.step(&self.config, now, Input::Close { body: &mut open, end: End::WHOLE });
    }

    /// A heartbeat, as the shell takes it.
    fn beat(&mut self, heartbeat: u8, failed: bool) {
        let now = self.now();
        let input = Input::Beat { id: HeartbeatId(heartbeat.into()), failed };
        self.engine.step(&self.config, now, input);
        self.ledger.note(&mut self.engine, &self.config, now);
        self.ledger.commit(&mut self.engine, &self.config, now);
    }

    fn cost(&mut self, from: JournalCounters) -> Cost {
        let to = self.ledger.figures().1;
        Cost {
            bytes: to.bytes - from.bytes,
            syncs: u64::from(to.syncs - from.syncs),
            compactions: to.compactions - from.compactions,
        }
    }

    fn incidents(&self) -> usize {
        let mut count = 0;
        self.engine.view(&self.config, self.now()).incidents(SiteId(0), &mut |_| count += 1);
        count
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// What has room neither in the journal nor in a new one is not said to be on flash.
#[test]
fn what_no_journal_holds_is_said_to_be_in_memory_only() {
    let mut board = Board::new(1);
    let words = "x".repeat(800);
    let say = |board: &mut Board| {
        let now = board.now();
        let words = Words::Own { lang: "en", text: &words };
        let state = State::Degraded;
        let open =
            Action::Open { service: ServiceId(0), component: None, state, title: "t", words, next: None };
        board.engine.act(&board.config, now, SiteId(0), OWNER, open).unwrap();
        board.ledger.commit(&mut board.engine, &board.config, now)
    };
    for _ in 0..10 {
        assert_eq!(say(&mut board), None);
    }
    board.config.main.journal_size = JOURNAL_BYTES_MIN;
    let now = board.now();
    board.ledger.compact(&mut board.engine, &board.config, now);
    assert_eq!(say(&mut board), Some(Fault::NoSpace));
    // There is room again, and all of it goes there.
    board.config.main.journal_size = JOURNAL_BYTES;
    board.pass(601, &mut |_, _| ());
    assert_eq!(board.ledger.fault(), None);
    assert_eq!(say(&mut board), None);
}

/// A day with nothing in it, after so many days of history.
fn quiet(components: usize, days: i64) -> Cost {
    let mut board = Board::new(components);
    board.pass(days * DAY_SECS, &mut |_, _| ());
    let from = board.ledger.figures().1;
    board.pass(DAY_SECS, &mut |_, _| ());
    let cost = board.cost(from);
    cost.tell(&format!("a quiet day of {components} components"));
    assert_eq!(board.incidents(), 0);
    cost
}

#[test]
fn a_quiet_day_costs_at_most_16_kib() {
    for components in [16, 256] {
        let cost = quiet(components, 2);
        assert!(cost.bytes > 0, "the past is written");
        assert!(cost.nor() <= 16_384 && cost.nand() <= 16_384);
    }
}

/// A day on which the state of a component flaps every so many seconds.
fn flapping(what: &str, sender: Sender, every: i64, components: usize) -> (Cost, usize) {
    let mut board = Board::new(16);
    let from = board.ledger.figures().1;
    board.pass(DAY_SECS, &mut |board, second| {
        if second % every == 0 {
            let fires = second / every % 2 == 0;
            for component in 0..components {
                board.post(sender, fires, component);
            }
            let state = board.engine.view(&board.config, board.now()).component(ComponentId(0)).state();
            assert_eq!(state, if fires { State::Outage } else { State::Operational });
        }
    });
    let cost = board.cost(from);
    cost.tell(&format!("a day of flapping, by {what}"));
    (cost, board.incidents())
}

#[test]
fn a_day_of_flapping_costs_at_most_256_kib() {
    // Faster than the settle time, and slower: then each time is told.
    for every in [10, 60, 290, 310, 900, 3_700] {
        let (cost, incidents) =
            flapping(&format!("Prometheus, every {every} s"), Sender::Repeating, every, 1);
        assert!(cost.nor() <= 262_144);
        assert_eq!(incidents, 1, "flapping does not open ten");
    }
}

/// A webhook says it once, so its sender is answered when it is on flash, until it has used up its
/// budget. Alertmanager waits five minutes (`group_interval`).
#[test]
fn a_day_of_a_webhook_that_flaps_costs_at_most_256_kib() {
    for (every, components) in [(1, 1), (10, 1), (60, 1), (300, 1), (900, 1), (10, 16)] {
        let what = format!("a webhook, {components} of 16 components every {every} s");
        let (cost, _) = flapping(&what, Sender::Webhook, every, components);
        assert!(cost.nor() <= 262_144);
    }
}

/// Nightly jobs, each of which is on flash when it has come; and scripts gone mad, that come every
/// minute and fail every other time.
#[test]
fn heartbeats_cost_little_however_often_they_come() {
    for (every, heartbeats, most) in
        [(DAY_SECS, 3, 16_384), (DAY_SECS, HEARTBEATS, 16_384), (60, HEARTBEATS, 131_072)]
    {
        let mut board = Board::owed(16, heartbeats);
        let from = board.ledger.figures().1;
        board.pass(DAY_SECS, &mut |board, second| {
            if second % every == 7 {
                for heartbeat in 0..u8::try_from(heartbeats).unwrap() {
                    board.beat(heartbeat, second / every % 2 == 1);
                }
            }
        });
        let cost = board.cost(from);
        cost.tell(&format!("a day of {heartbeats} heartbeats every {every} s"));
        assert!(cost.bytes > 0 && cost.nor() <= most, "{} bytes", cost.nor());
    }
}
