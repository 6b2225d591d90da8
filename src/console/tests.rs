//! Transcripts of every command, for every kind of caller, over a board with two sites; and that nobody learns of a site
//! that is not theirs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use std::boxed::Box;
use std::format;
use std::path::Path;
use std::string::{String, ToString};
use std::vec::Vec;

use super::*;
use crate::config::Problems;
use crate::engine::Input;
use crate::engine::lifetime::Sender;
use crate::ingest::{Dialect, Event, Reader};
use crate::limits::PAGE_BYTES;
use crate::model::SourceId;
use crate::time::{Mono, Wall};

/// Ten in the morning in Brussels.
const START: i64 = 1_795_251_600_000;
const MIN: i64 = 60_000;

const FILE: &str = "
config listen
	option address '127.0.0.1:8080'
	list serve 'page'
	list serve 'ingest'
config site 'heron'
	list host 'status.example.org'
	option title 'Antennes du Héron'
	option lang 'fr'
	option timezone 'CET-1CEST,M3.5.0,M10.5.0/3'
config site 'egret'
	list host 'egret.example.net'
	option title 'Egret'
config source 'prom'
	option site 'heron'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000001'
config source 'probe'
	option site 'egret'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000002'
config service 'wifi'
	option site 'heron'
	option name 'Wi-Fi'
config component 'north'
	option service 'wifi'
	option label 'north-side'
	option name 'Côté nord'
	list match 'alertname=NorthDown'
	list publish 'summary'
config component 'south'
	option service 'wifi'
	option name 'Côté sud'
config service 'vpn'
	option site 'heron'
config component 'gateway'
	option service 'vpn'
config service 'mail'
	option site 'egret'
config component 'postbox'
	option service 'mail'
config user 'ana'
	list site 'heron'
config user 'tern'
	list site 'heron'
	option role 'admin'
config user 'both'
	list site 'heron'
	list site 'egret'
	option role 'admin'
";

/// A process around the core.
struct Shell;

impl Host for Shell {
    fn limits(&self, each: &mut dyn FnMut(&str, u64, u64, u64)) {
        each("connections", 3, 64, 0);
    }
    fn storage_fault(&self) -> Option<&'static str> {
        None
    }
}

/// A board, and its clock.
struct Board {
    engine: Box<Engine>,
    config: Box<Config>,
    now: Now,
    text: Option<String>,
}

impl Board {
    fn new(file: &str) -> Self {
        let mut config = Box::new(Config::new());
        let mut problems = Problems::new();
        assert!(
            config.load(file.as_bytes(), &mut problems).is_ok(),
            "{:?}",
            problems.iter().map(|p| p.line).collect::<Vec<_>>()
        );
        let now = Now { mono: Mono(0), wall: Some(Wall(START)) };
        let mut engine = Box::new(Engine::new());
        engine.begin(&config, now);
        Self { engine, config, now, text: None }
    }

    fn wait(&mut self, minutes: i64) {
        for _ in 0..minutes {
            self.now.mono.0 += MIN;
            if let Some(wall) = &mut self.now.wall {
                wall.0 += MIN;
            }
            self.engine.step(&self.config, self.now, Input::Pass);
        }
    }

    /// Every source is alive.
    fn heard(&mut self) {
        for source in 0..2 {
            self.engine.step(&self.config, self.now, Input::Heard(SourceId(source)));
        }
    }

    /// A source says something, as Prometheus would.
    fn push(&mut self, source: u8, labels: &str, ends: &str) {
        let body = format!(
            "[{{\"labels\":{{{labels}}},\"annotations\":{{\"summary\":\"the summary\",\"secret\":\"hunter2\"}}{ends}}}]"
        );
        let mut reader = Box::new(Reader::new());
        reader.start(Dialect::Alerts);
        let (engine, config, now) = (&mut self.engine, &self.config, self.now);
        let mut each = |event: Event<'_>| {
            if let Event::Alert(alert) = event {
                engine.step(
                    config,
                    now,
                    Input::Alert {
                        source: SourceId(source),
                        sender: Sender::Repeating,
                        alert,
                        oversize: false,
                    },
                );
            }
        };
        reader.feed(body.as_bytes(), &mut each).unwrap();
        reader.finish().unwrap();
        self.heard();
    }

    fn caller(&self, name: &str) -> Caller {
        match self.config.users.iter().position(|user| self.config.str(user.name) == name) {
            Some(at) => Caller::User(UserId(u8::try_from(at).unwrap())),
            None => Caller::Owner,
        }
    }

    /// What one line is answered with.
    fn ask(&mut self, who: &str, line: &str, confirmed: bool) -> (Status, String) {
        let caller = self.caller(who);
        let text = self.text.take();
        let mut all = String::new();
        let mut from = 0;
        loop {
            let mut out = Box::new(Bytes::<PAGE_BYTES>::new());
            let ask = Ask { caller, from, line, text: text.as_deref(), json: false, confirmed };
            let status = run(&mut self.engine, &self.config, self.now, &Shell, &ask, &mut out);
            all.push_str(core::str::from_utf8(out.as_slice()).unwrap());
            match status {
                Status::More(next) => from = next,
                status => return (status, all),
            }
        }
    }
}

/// A transcript: what each asked, how it went, and the answer.
struct Transcript {
    board: Board,
    told: String,
}

impl Transcript {
    fn say(&mut self, who: &str, line: &str) {
        let (status, answer) = self.board.ask(who, line, false);
        self.told.push_str(&format!("[{who}] {line}\n{answer}= {status:?}\n\n"));
    }
}

/// Compares with `tests/golden/NAME`, or rewrites it when asked to.
fn golden(name: &str, told: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, told).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == told, "{name} differs from what is told; UPDATE_GOLDEN=1 rewrites it\n{told}");
}

#[test]
fn reading() {
    let mut board = Board::new(FILE);
    for _ in 0..6 {
        board.heard();
        board.wait(1);
    }
    board.push(0, "\"alertname\":\"NorthDown\",\"severity\":\"critical\",\"mac\":\"x\"", "");
    let mut t = Transcript { board, told: String::new() };
    for line in [
        "help",
        "help update",
        "help banner",
        "help nothing",
        "whoami",
        "sites",
        "services",
        "status",
        "sources",
        "phrases",
        "quit",
    ] {
        t.say("ana", line);
    }
    golden("console-reading.txt", &t.told);
}
