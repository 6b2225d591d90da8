//! Transcripts of every command, for every kind of caller, over a board with two sites; and that
//! nobody learns of a site that is not theirs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

use std::boxed::Box;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::format;
use std::path::Path;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::answer::{Cell, Heads};
use super::*;
use crate::command::table::{Needs, OPTIONS, ROWS};
use crate::config::Problems;
use crate::engine::lifetime::Sender;
use crate::engine::{End, Input, Quality};
use crate::ingest::{Dialect, Event, Reader};
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

/// Room for one piece of an answer.
const OUT_BYTES: usize = 8192;

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

/// On the heap; the stack of a test has no room for several.
#[inline(never)]
fn new_engine() -> Box<Engine> {
    Box::new(const { Engine::new() })
}

/// A board, and its clock.
struct Board {
    engine: Box<Engine>,
    config: Box<Config>,
    now: Now,
    text: Option<String>,
    columns: u8,
    person: bool,
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
        // The golden answers are those of every build.
        config.main.journal_size = crate::limits::JOURNAL_BYTES_SMALL;
        let now = Now::new(Mono(0), Some(Wall(START)));
        let mut engine = new_engine();
        engine.begin(&config, now);
        Self { engine, config, now, text: None, columns: 0, person: false }
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
            self.engine.alive(&self.config, self.now, SourceId(source));
        }
    }

    /// A source says something, as Prometheus would.
    fn push(&mut self, source: u8, labels: &str) {
        let body = format!(
            "[{{\"labels\":{{{labels}}},\"annotations\":{{\"summary\":\"the summary\",\"secret\":\"hunter2\"}}}}]"
        );
        let mut reader = Box::new(Reader::new());
        reader.start(Dialect::Alerts);
        let (engine, config, now) = (&mut self.engine, &self.config, self.now);
        let mut open = engine.open(SourceId(source.into()), Sender::Repeating);
        let mut each = |event: Event<'_>| {
            if let Event::Alert(alert) = event {
                engine.step(config, now, Input::Alert { body: &mut open, alert, quality: Quality::Whole });
            }
        };
        reader.feed(body.as_bytes(), &mut each).unwrap();
        reader.finish().unwrap();
        self.engine.step(&self.config, now, Input::Close { body: &mut open, end: End::WHOLE });
        self.heard();
    }

    fn caller(&self, name: &str) -> Caller {
        match self.config.users.iter().position(|user| self.config.str(user.name) == name) {
            Some(at) => Caller::User(UserId(u8::try_from(at).unwrap())),
            None => Caller::Owner,
        }
    }

    /// What one line is answered with.
    fn ask(&mut self, who: &str, line: &str, confirmed: bool) -> (CommandStatus, String) {
        let caller = self.caller(who);
        let text = self.text.take();
        let mut all = String::new();
        let mut from = 0;
        loop {
            let mut out = Box::new(Bytes::<OUT_BYTES>::new());
            let ask = Ask {
                caller,
                from,
                line,
                text: text.as_deref(),
                columns: self.columns,
                json: false,
                confirmed,
                person: self.person,
            };
            let status = run(&mut self.engine, &self.config, self.now, &Shell, &ask, &mut out);
            all.push_str(core::str::from_utf8(out.as_slice()).unwrap());
            match status {
                CommandStatus::More(next) => from = next,
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
        write!(self.told, "[{who}] {line}\n{answer}= {status:?}\n\n").unwrap();
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

/// A board on which the north side is down, ten minutes after its start.
fn in_trouble() -> Board {
    let mut board = Board::new(FILE);
    for _ in 0..10 {
        board.heard();
        board.wait(1);
    }
    board.push(0, "\"alertname\":\"NorthDown\",\"severity\":\"critical\",\"private\":\"hunter2\"");
    board
}

#[test]
fn reading() {
    let mut t = Transcript { board: in_trouble(), told: String::new() };
    for line in [
        "help",
        "Help ALL",
        "help update",
        "help banner",
        "help nothing",
        "whoami",
        "whoami --all",
        "sites",
        "services",
        "status",
        "status --all",
    ] {
        t.say("ana", line);
    }
    for line in
        ["incidents", "incident 1", "maintenance", "banner", "sources", "phrases", "alerts", "limits", "quit"]
    {
        t.say("ana", line);
    }
    t.say("ana", "help limits");
    for line in ["whoami", "alerts", "limits", "export", "import"] {
        t.say("tern", line);
    }
    for line in [
        "whoami",
        "sites",
        "status",
        "incidents",
        "incident heron/1",
        "sources",
        "alerts",
        "limits",
        "export",
        "import",
    ] {
        t.say("both", line);
    }
    t.say("owner", "import --yes");
    t.say("owner", "whoami");
    golden("console-reading.txt", &t.told);
}

#[test]
fn a_table_with_a_column_too_many_is_refused_and_not_cut() {
    // What is for JSON alone has no place in lines, and needs none.
    const WIDEST: &Heads<[&str; 11]> =
        &Heads::new("row", ["a", "b", "c", "*json", "d", "e", "f", "g", "h", "i", "+last"]);
    assert!(std::panic::catch_unwind(|| Heads::new("row", ["head"; 11])).is_err());
    for json in [false, true] {
        let mut out = Box::new(Bytes::<OUT_BYTES>::new());
        let mut answer = AnswerWriter::new(&mut out, json, 0);
        answer.table("", WIDEST, "", &mut |answer| {
            let cells: [Cell<'_>; 11] = core::array::from_fn(|at| Cell::Count(100 + at as u64));
            answer.row(WIDEST, &cells);
        });
        let told = core::str::from_utf8(out.as_slice()).unwrap();
        let missing: Vec<u64> = (100..111).filter(|n| !told.contains(&format!("{n}"))).collect();
        assert_eq!(missing, [if json { 110 } else { 103 }], "{told}");
    }
}

#[test]
fn what_ends_something_or_takes_it_away_asks_first_and_nothing_else_does() {
    let paper = include_str!("../../docs/console.md");
    let (_, section) = paper.split_once("\n## Questions\n").unwrap();
    let (_, list) = section.split_once("that ask:\n\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let told = list.split('`').skip(1).step_by(2).filter(|name| !name.starts_with("update "));
    let mut asked = Vec::new();
    for row in &ROWS {
        let line = match row.name {
            "incident open" | "open" => format!("{} wifi/south degraded \"Slow\"", row.name),
            "update" => "update 1 identified \"A cable.\"".into(),
            "reopen" => "reopen 3".into(),
            "amend" => "amend 2 \"Otherwise.\"".into(),
            "retitle" => "retitle 2 \"\"".into(),
            "merge" => "merge 2 into 1".into(),
            "maintenance add" => "maintenance add wifi from tomorrow 07:00 to +2h".into(),
            "banner set" => "banner set \"Other words.\"".into(),
            "set_site_config" => "set_site_config heron \"force_state: false\"".into(),
            "get_site_config" => "get_site_config heron".into(),
            "incident" | "resolve" | "ack" | "redact" | "release" | "maintenance end"
            | "maintenance cancel" => {
                format!("{} 1", row.name)
            }
            name => name.into(),
        };
        let mut board = in_trouble();
        for before in [
            "open vpn outage \"VPN is down\" \"We know.\"",
            "open wifi/south degraded \"Old\"",
            "resolve 3",
            "maintenance add vpn from now to +1h weekly \"Cables.\"",
            "banner set outage --say weather --site heron",
        ] {
            assert_eq!(board.ask("owner", before, true).0, CommandStatus::Done, "{before}");
        }
        let line =
            if row.words().0 == "banner" || row.name == "undo" { line + " --site heron" } else { line };
        let (status, answer) = board.ask("owner", &line, false);
        assert!(!matches!(status, CommandStatus::Usage | CommandStatus::Refused), "{line}: {answer}");
        if status == CommandStatus::Confirm {
            asked.push(row.name);
            let (status, done) = board.ask("owner", &line, true);
            assert!(matches!(status, CommandStatus::Done | CommandStatus::Import), "{line}: {answer}{done}");
        }
    }
    assert_eq!(asked.into_iter().collect::<BTreeSet<_>>(), told.collect());
    let mut board = in_trouble();
    board.ask("ana", "maintenance add vpn from now to +1h weekly \"Cables.\"", false);
    board.ask("ana", "banner set --say weather", false);
    for (line, question) in [
        ("maintenance end 1", "end maintenance 1 (vpn) \"Cables.\", for good?\n"),
        ("banner clear", "take the banner away --say weather?\n"),
        ("update 1 resolved \"Over.\"", "resolve incident 1 (wifi)? "),
    ] {
        let (status, told) = board.ask("ana", line, false);
        assert!(status == CommandStatus::Confirm && told.starts_with(question), "{line}: {told}");
    }
    // Nothing is asked about what is not there.
    board.ask("ana", "banner clear", true);
    assert_eq!(board.ask("ana", "banner clear", false).0, CommandStatus::Refused);
}

#[test]
fn a_number_stands_with_the_word_of_the_commands_that_take_it() {
    let mut board = in_trouble();
    board.ask("ana", "maintenance add vpn from tomorrow 07:00 to +2h Cables.", false);
    board.ask("ana", "ack 1", false);
    board.columns = 40;
    for (line, expected) in [
        ("status", &["incident 1", "maintenance 1"][..]),
        ("incidents", &["incident 1"]),
        ("maintenance", &["maintenance 1"]),
        ("incident 1", &["step 1", "step 2"]),
    ] {
        let (_, told) = board.ask("ana", line, false);
        let blocks: Vec<&str> = told
            .lines()
            .filter(|line| !line.starts_with(' ') && line.ends_with(|c: char| c.is_ascii_digit()))
            .collect();
        assert_eq!(blocks, expected, "{line}: {told}");
    }
    // So does it above a column, while lines have room for that.
    for (columns, heads) in [(120, ["incident  now", "maintenance  now"]), (70, ["incident  now", "id  now"])]
    {
        board.columns = columns;
        let (_, told) = board.ask("ana", "status", false);
        assert!(heads.iter().all(|head| told.lines().any(|line| line.starts_with(head))), "{told}");
    }
}

/// On a phone, where a table of so many columns would be broken at the end of each line.
#[test]
fn reading_on_a_narrow_terminal() {
    let mut t = Transcript { board: in_trouble(), told: String::new() };
    for columns in [40, 80] {
        t.board.columns = columns;
        for line in [
            "whoami --all",
            "services",
            "status",
            "ack 1",
            "incidents",
            "incident 1",
            "maintenance",
            "banner",
            "sources",
            "alerts",
        ] {
            t.say("ana", line);
        }
    }
    golden("console-narrow.txt", &t.told);
}

#[test]
fn reading_json() {
    let mut t = Transcript { board: in_trouble(), told: String::new() };
    t.say("ana", "update 1 'Somebody looks at it.' --lang en");
    t.say("ana", "update 1 --say going-there");
    t.say("ana", "maintenance add vpn/gateway from 18:30 to +2h weekly \"New \\\"gateway\\\".\"");
    t.say("ana", "banner set degraded 'Une tempête.'");
    let lines = [
        "help undo",
        "whoami",
        "sites",
        "services",
        "status",
        "incidents --all",
        "incident 1",
        "maintenance",
        "banner",
        "sources",
        "phrases",
        "alerts",
        "limits",
        "list_sites",
        "get_site_config heron",
        "import",
        "resolve 1",
        "nonsense",
        "incident 9",
        "status nowhere",
    ];
    for line in lines {
        let (_, answer) = t.board.ask("both", &format!("{line} --json"), false);
        let parsed = serde_json::from_str::<serde_json::Value>(&answer);
        assert!(parsed.is_ok() && answer.ends_with('\n'), "{line}: {answer}");
        t.say("both", &format!("{line} --json"));
    }
    for line in [
        "ack heron/1",
        "resolve heron/1 --yes",
        "maintenance end 1",
        "maintenance end 1 --yes",
        "banner clear --site heron --yes",
        "undo --yes --site heron",
    ] {
        t.say("both", &format!("{line} --json"));
    }
    golden("console-json.txt", &t.told);
}

#[test]
fn planned_work_is_listed_while_the_time_is_not_known() {
    let mut board = in_trouble();
    let (status, told) = board.ask("ana", "maintenance", false);
    assert_eq!((status, told.contains("is planned")), (CommandStatus::Done, true), "{told}");
    board.ask("ana", "maintenance add vpn from tomorrow 07:00 to +2h Cables.", false);
    board.now.wall = None;
    let (_, told) = board.ask("ana", "maintenance", false);
    assert!(told.starts_with("the time is not known yet"), "{told}");
    assert!(told.contains("not known") && told.contains("07:00") && told.contains("Cables."), "{told}");
    let (_, told) = board.ask("ana", "maintenance --json", false);
    assert!(told.contains("\"active\":null"), "{told}");
}

#[test]
fn acting() {
    let mut t = Transcript { board: in_trouble(), told: String::new() };
    for line in [
        "update 1 \"We look for the cause.\"",
        "update 1 identified --say power-cut",
        "update 1 somebody is on the way, we don't know when",
        "update 1 \"deux heures\" --lang fr",
        "update 1 --next 11:30 \"We wait for the provider.\"",
        "update 1 --next \"tomorrow 9:00\"",
        "update 1 --next soon \"x\"",
        "update 1 --next \"2026-11-20 9:00\" \"x\"",
        "update 1 resolved --next 11:30 \"x\"",
        "banner set --next 11:30 \"x\"",
        "update 1 --say nonsense",
        "update 1",
        "update 1 identifed \"a slip\"",
        "update 1 --say weather \"and words\"",
        "update",
        "update one \"x\"",
        "update 7 \"x\"",
        "upd 1 \"a short command\"",
        "undo",
        "undo --yes",
        "ack 1",
        "amend 1 3 \"The power is gone.\"",
        "amend 1 99 \"nothing\"",
        "retitle 1 \"No power\"",
        "incident 1",
        "resolve 1",
        "resolve 1 \"They say it is over.\" --yes",
        "resolve 1",
        "reopen 1",
        "open vpn outage \"VPN is slow\" \"We know.\"",
        "incident open wifi/north-side No quotes here",
        "open south --say power-cut",
        "open wifi",
        "open wify outage x",
        "open wifi/nroth outage x",
        "incident opne wifi",
        "merge 3 into 2",
        "merge 3 2 --yes",
        "merge 2 into 2",
        "incidents",
        "incidents --all",
        "redact 3",
        "redact 2 --yes",
        "incidents --all",
        "maintenance add wifi from 18:30 to +2h \"A new antenna.\"",
        "maintenance add vpn/gateway from tomorrow 07:00 to tomorrow 06:00 weekly words",
        "maintenance add vpn from now to +1h",
        "maintenance add vpn now to +40d",
        "maintenance add vpn from soon to later",
        "maintenance add vpn from 18:30",
        "maintenance",
        "maintenance end 2",
        "maintenance end 2 --yes",
        "maintenance end 9",
        "maintenance cancel 1 --yes",
        "maintenance",
        "maintenance ad vpn",
        "banner set",
        "banner set outage \"A storm.\"",
        "banner",
        "status",
        "banner clear",
        "banner clear --yes",
        "banner clear --yes",
        "undo --yes",
        "undo --yes --nonsense",
        "update 1 \"not closed",
        "",
        "stauts",
        "alerts",
    ] {
        t.say("ana", line);
    }
    golden("console-acting.txt", &t.told);
}

#[test]
fn a_banner_that_says_better_than_what_is_known_is_a_claim() {
    let mut board = in_trouble();
    let note = "note: worse is known, so the page keeps its title, \"Something is down\", and shows this as what the team says";
    for (line, kept) in [
        ("banner set operational", true),
        ("banner set maintenance \"We work on it.\"", true),
        ("banner set outage", false),
        ("banner set \"Only words.\"", false),
    ] {
        let (status, answer) = board.ask("ana", line, line.contains("operational"));
        assert_eq!((status, answer.contains(note)), (CommandStatus::Done, kept), "{line}: {answer}");
    }
    let (_, answer) = board.ask("ana", "banner set operational --json --yes", false);
    assert!(answer.contains("\"title_kept\":\"Something is down\""), "{answer}");
    assert!(answer.contains("\"notes\":[\"worse is known"), "{answer}");
}

#[test]
fn a_banner_asks_before_it_denies_an_outage_and_keeps_its_words() {
    let mut board = in_trouble();
    let asked = "put \"operational\" there, as what the team says? The page keeps its title, since outage is known.\n";
    assert_eq!(board.ask("ana", "banner set operational", false), (CommandStatus::Confirm, asked.into()));
    for (line, words) in [
        ("banner set degraded \"Une tempête.\" --lang fr", "(fr) Une tempête."),
        ("banner set outage", "(fr) Une tempête."),
        ("banner set operational --yes", "(fr) Une tempête."),
        ("banner set degraded --say weather", "[weather]"),
        ("banner set outage", "[weather]"),
        ("banner set \"Calm.\"", "Calm."),
    ] {
        assert_eq!(board.ask("ana", line, false).0, CommandStatus::Done, "{line}");
        let (_, told) = board.ask("ana", "banner", false);
        assert!(told.contains(words), "{line}: {told}");
    }
    let mut quiet = Board::new(FILE);
    for _ in 0..10 {
        quiet.heard();
        quiet.wait(1);
    }
    assert_eq!(quiet.ask("ana", "banner set operational", false).0, CommandStatus::Done);
}

#[test]
fn mac_addresses_in_words_are_masked_and_the_person_is_told() {
    let note = "note: a MAC address in the words was masked";
    for line in [
        "update 1 \"The box 00:11:22:33:44:55 is off.\"",
        "update 1 00-11-22-33-44-55",
        "retitle 1 \"Box 0011.2233.4455\"",
        "open vpn outage \"Box 001122334455\" \"It is off.\"",
        "banner set \"00:11:22:33:44:55\"",
        "maintenance add vpn from now to +1h \"00:11:22:33:44:55\"",
        "set_site_config heron 'message: \"\\x300:11:22:33:44:55\"\nforce_state: yes'",
    ] {
        let mut board = in_trouble();
        let (status, answer) = board.ask("ana", line, false);
        assert_eq!((status, answer.contains(note)), (CommandStatus::Done, true), "{answer}");
        for line in
            ["incident 1", "incidents --all", "banner", "maintenance", "incident 2", "get_site_config heron"]
        {
            let (_, told) = board.ask("ana", line, false);
            for secret in ["11:22", "11-22", "0011.", "1122", "44:55", "55 "] {
                assert!(!told.contains(secret), "{line}: {told}");
            }
        }
    }
    let (_, answer) = in_trouble().ask("ana", "update 1 00:11:22:33:44:55 --json", false);
    assert!(answer.contains("\"notes\":[\"a MAC address in the words was masked"), "{answer}");
}

#[test]
fn words_that_tell_who_lives_where_are_doubted() {
    for (who, line, expected) in [
        (
            "ana",
            "update 1 \"Rue de la Loi 16 is dark.\"",
            "like a street, and visitors read it; to take it away: 'undo' or 'redact 1'",
        ),
        ("ana", "update 1 \"Call 0470 12 34 56\"", "like a telephone number"),
        (
            "both",
            "update heron/1 \"Ask ana@example.org\"",
            "like an e-mail address, and visitors read it; to take it away: 'undo --site heron' or 'redact heron/1'",
        ),
        (
            "ana",
            "banner set \"10.0.0.17 is off\"",
            "like an IP address, and visitors read it; to take it away: 'undo'\n",
        ),
        ("ana", "retitle 1 \"Hoogstraat\"", "like a street"),
    ] {
        let mut board = in_trouble();
        let (status, answer) = board.ask(who, line, false);
        assert_eq!((status, answer.contains(expected)), (CommandStatus::Done, true), "{answer}");
        // A person is asked before, and told all the same.
        let mut board = in_trouble();
        board.person = true;
        let (status, question) = board.ask(who, line, false);
        assert_eq!(status, CommandStatus::Confirm, "{question}");
        assert!(
            question.starts_with("The words hold what looks like a")
                && question.ends_with(". Publish them?\n"),
            "{question}"
        );
        assert!(board.ask(who, "incident heron/1", false).1.contains("outage"));
        let (status, answer) = board.ask(who, line, true);
        assert_eq!((status, answer.contains(expected)), (CommandStatus::Done, true), "{answer}");
    }
    let (_, question) = {
        let mut board = in_trouble();
        board.person = true;
        board.ask("ana", "resolve 1 \"Call 0470 12 34 56\"", false)
    };
    assert!(
        question.starts_with("resolve incident 1") && question.ends_with(". Publish them?\n"),
        "{question}"
    );
}

#[test]
fn a_name_that_several_are_shown_by_leads_to_none_of_them() {
    // One service is shown by the name of another one's section, and two by one name.
    let file = FILE
        .replace("config service 'vpn'\n", "config service 'vpn'\n\toption name 'Mail'\n")
        .replace("config service 'mail'\n", "config service 'mail'\n\toption name 'WI-FI'\n")
        .replace("config component 'postbox'\n", "config component 'postbox'\n\toption name 'Côté sud'\n");
    let mut board = Board::new(&file);
    for (line, status, told) in [
        ("open mail outage Lost", CommandStatus::Done, "mail"),
        ("open Mail outage Lost --site heron", CommandStatus::Done, "vpn"),
        ("open Wi-Fi outage Lost", CommandStatus::Refused, "several are shown as 'Wi-Fi'"),
        ("open Wi-Fi outage Lost --site heron", CommandStatus::Done, "wifi"),
        ("open \"Côté sud\" outage Lost", CommandStatus::Refused, "several are shown as 'Côté sud'"),
        ("open \"wifi/Côté sud\" outage Found", CommandStatus::Done, "wifi"),
    ] {
        let (found, answer) = board.ask("both", line, false);
        assert!(found == status && answer.contains(told), "{line}: {answer}");
    }
    // Whoever has one site knows what they mean.
    assert_eq!(board.ask("ana", "open wi-fi degraded Slow", true).0, CommandStatus::Done);
}

#[test]
fn who_is_asked_for_words_is_told_what_they_are_about() {
    let mut board = in_trouble();
    for (line, status, told) in [
        (
            "update 1",
            CommandStatus::WantsText,
            "what visitors will read about incident 1 (wifi); Ctrl-C leaves\n",
        ),
        (
            "update Wi-Fi identified",
            CommandStatus::WantsText,
            "what visitors will read about incident 1 (wifi)",
        ),
        ("update 9", CommandStatus::Refused, "not done: there is no such incident"),
        ("update nobody", CommandStatus::Refused, "'nobody' is no number and no service"),
        ("update vpn", CommandStatus::Refused, "'vpn' has no incident; 'open' begins one"),
    ] {
        let (found, answer) = board.ask("ana", line, false);
        assert!(found == status && answer.starts_with(told), "{line}: {answer}");
    }
    board.person = true;
    for (typed, status) in [
        ("undo", CommandStatus::Confirm),
        ("Status", CommandStatus::Confirm),
        ("undo it", CommandStatus::Done),
    ] {
        board.text = Some(typed.into());
        let (found, answer) = board.ask("ana", "update 1", false);
        assert_eq!(found, status, "{typed}: {answer}");
        assert_eq!(
            answer.starts_with("These words look like a command. Publish them?"),
            found == CommandStatus::Confirm
        );
    }
    board.ask("ana", "resolve 1", true);
    let (found, answer) = board.ask("ana", "update 1", false);
    assert_eq!((found, answer.contains("it has ended")), (CommandStatus::Refused, true), "{answer}");
}

#[test]
fn what_was_published_is_shown_with_its_language_and_address() {
    let mut board = in_trouble();
    for (line, expected) in [
        (
            "update 1 \"Nous  cherchons.\"",
            "  words        (fr) Nous  cherchons.\n  page         status.example.org/incidents/1\n",
        ),
        ("update 1 \"Second.\" --lang nl", "  words        (nl) Second.\n"),
        ("amend 1 2 \"Nous savons.\"", "  words        (fr) Nous savons.\n"),
        ("update 1 --say power-cut", "  words        [power-cut] There is no electricity there.\n"),
        (
            "update 1 --say power-cut --say going-there",
            "  words        [power-cut going-there] There is no electricity there. Somebody is going there.\n",
        ),
        ("banner set \"Ici.\"", "  page         status.example.org/\n"),
    ] {
        let (status, answer) = board.ask("ana", line, false);
        assert_eq!((status, answer.contains(expected)), (CommandStatus::Done, true), "{answer}");
    }
    board.ask("ana", "banner set --say weather --say no-date", false);
    let (_, told) = board.ask("ana", "get_site_config heron", false);
    assert_eq!(told.matches('.').count(), 2, "{told}");
    let (_, answer) = board.ask("ana", "update 1 monitoring \"x\" --json", false);
    assert!(
        answer.contains(
            "\"words\":{\"lang\":\"fr\",\"text\":\"x\"},\"page\":\"status.example.org/incidents/1\""
        ),
        "{answer}"
    );
}

#[test]
fn what_would_stand_there_twice_is_asked_about() {
    let mut board = in_trouble();
    for line in ["open vpn outage \"VPN is slow\"", "maintenance add vpn from 18:30 to 20:30"] {
        assert_eq!(board.ask("ana", line, false).0, CommandStatus::Done);
    }
    for (line, asked) in [
        (
            "open vpn degraded \"vpn is slow\" Again.",
            "open another one like incident 2 (vpn, \"VPN is slow\")?\n",
        ),
        ("maintenance add vpn 18:30 20:30", "announce it again? Maintenance 1 is the like of it.\n"),
    ] {
        assert_eq!(board.ask("ana", line, false), (CommandStatus::Confirm, asked.into()));
        assert_eq!(board.ask("ana", line, true).0, CommandStatus::Done);
    }
    for line in [
        "open vpn outage \"Another\"",
        "open wifi outage \"VPN is slow\"",
        "maintenance add vpn 18:30 2h weekly Wires.",
    ] {
        let (status, answer) = board.ask("ana", line, false);
        assert_eq!(
            status,
            if line.contains("weekly") { CommandStatus::Confirm } else { CommandStatus::Done },
            "{answer}"
        );
    }
}

#[test]
fn who_has_seen_an_incident_is_told_with_it() {
    let mut board = in_trouble();
    board.wait(9);
    board.ask("tern", "ack wifi", false);
    for line in ["status", "incidents", "whoami --all"] {
        let (_, told) = board.ask("ana", line, false);
        assert!(told.contains("tern, 10:19 CET"), "{line}: {told}");
        let (_, told) = board.ask("ana", &format!("{line} --json"), false);
        assert!(
            told.contains("\"seen\":{\"who\":\"tern\",\"at\":\"2026-11-21T09:19:00Z\"}"),
            "{line}: {told}"
        );
    }
}

#[test]
fn an_incident_goes_by_its_service_in_any_language_and_case() {
    let file = FILE.replace("option name 'Wi-Fi'", "option name 'Wi-Fi'\n\toption name_nl 'Draadloos net'");
    let mut board = Board::new(&file);
    for _ in 0..10 {
        board.heard();
        board.wait(1);
    }
    board.push(0, "\"alertname\":\"NorthDown\",\"severity\":\"critical\"");
    for line in [
        "ack wifi",
        "Ack WIFI",
        "ACK wi-fi",
        "ack 'Draadloos net'",
        "ack wifi/north",
        "ack NORTH-SIDE",
        "\"ack\" 1",
    ] {
        let (status, answer) = board.ask("ana", line, false);
        assert_eq!(status, CommandStatus::Done, "{line}: {answer}");
    }
    let (status, answer) = board.ask("ana", "Open Wi-Fi Degraded \"Slow\" —SAY Weather", false);
    assert_eq!(status, CommandStatus::Done, "{answer}");
    let (status, answer) = board.ask("ana", "ack wifi", false);
    assert_eq!(
        (status, answer.contains("several open incidents")),
        (CommandStatus::Refused, true),
        "{answer}"
    );
    board.ask("ana", "resolve 2 --yes", false);
    assert_eq!(board.ask("ana", "ack wifi", false).0, CommandStatus::Done);
    board.ask("ana", "open vpn degraded \"Slow\"", false);
    let (status, answer) = board.ask("ana", "merge vpn into 'Draadloos net' --yes", false);
    assert!(status == CommandStatus::Done && answer.contains("\n1         outage  wifi"), "{answer}");
    assert_eq!(board.ask("ana", "merge vpn into nothing --yes", false).0, CommandStatus::Refused);
    // The newest of those that ended, if none is open.
    board.ask("ana", "resolve 1 --yes", false);
    assert!(board.ask("ana", "incident wifi", false).1.starts_with("  incident     2\n"));
}

#[test]
fn a_phase_alone_says_something_if_it_is_another_one() {
    let mut board = in_trouble();
    for (line, expected) in [
        ("update 1 identified", CommandStatus::Done),
        ("update 1 identified", CommandStatus::Refused),
        ("update 1 identified --say power-cut", CommandStatus::Done),
        ("update 1 monitoring", CommandStatus::Done),
        ("update 1 monitoring \"\u{200b}\"", CommandStatus::Usage),
        ("banner set \"\u{200b}\"", CommandStatus::Refused),
        ("set_site_config heron 'message: \"\u{2060}\"\nforce_state: yes'", CommandStatus::Done),
    ] {
        board.text = Some(String::new());
        let (status, answer) = board.ask("ana", line, false);
        assert_eq!(status, expected, "{line}: {answer}");
    }
    assert_eq!(board.ask("ana", "incident 1", false).1.matches("monitoring").count(), 2);
    assert!(board.ask("ana", "banner", false).1.starts_with("no banner"));
}

#[test]
fn several_sites() {
    let mut board = in_trouble();
    for _ in 0..10 {
        board.push(0, "\"alertname\":\"NorthDown\"");
        board.wait(1);
    }
    let mut t = Transcript { board, told: String::new() };
    for line in [
        "open mail outage \"No mail\"",
        "incidents",
        "ack 1",
        "ack egret/1",
        "ack 1 --site egret",
        "ack egret/1 --site heron",
        "ack heron/2",
        "banner set \"Hello\"",
        "banner set \"Hello\" --site egret.example.net",
        "undo",
        "undo --site egret",
        "status egret",
        "status",
    ] {
        t.say("both", line);
    }
    golden("console-sites.txt", &t.told);
}

#[test]
fn habits_of_prometheus_adlermanager() {
    let mut t = Transcript { board: in_trouble(), told: String::new() };
    t.say("ana", "list_sites");
    t.say("ana", "get_site_config status.example.org");
    t.say("ana", "set_site_config status.example.org");
    for text in [
        "message: 'Hello world!\n\n\n  This is an example'\nforce_state: true\n",
        "message: Away\nforce_state: outage",
        "nonsense",
        "\n",
        "force_state: false\nmessage: ''\n",
        "force_state: false\nmessage: ''\n",
    ] {
        t.told.push_str(text);
        t.told.push('\n');
        t.board.text = Some(text.into());
        t.say("ana", "set_site_config status.example.org");
        t.say("ana", "get_site_config heron");
    }
    t.say("ana", "get_site_config egret.example.net");
    golden("console-adlermanager.txt", &t.told);
}

#[test]
fn words_from_standard_input() {
    let mut board = in_trouble();
    assert_eq!(board.ask("ana", "update 1", false).0, CommandStatus::WantsText);
    assert_eq!(board.ask("ana", "update 1 identified", false).0, CommandStatus::WantsText);
    assert_eq!(board.ask("ana", "resolve 1 - --yes", false).0, CommandStatus::WantsText);
    assert_eq!(board.ask("ana", "update", false).0, CommandStatus::Usage);
    board.text = Some("First.\n\nSecond.\n".into());
    assert_eq!(board.ask("ana", "update 1", false).0, CommandStatus::Done);
    assert!(board.ask("ana", "incident 1 --json", false).1.contains("First.\\n\\nSecond.\"}"));
    board.text = Some("\n".into());
    assert_eq!(board.ask("ana", "update 1", false).0, CommandStatus::Usage);
    board.text = Some(String::new());
    assert_eq!(board.ask("ana", "update 1 monitoring", false).0, CommandStatus::Done);
    board.text = Some("Over.".into());
    assert_eq!(board.ask("ana", "resolve 1 - --yes", false).0, CommandStatus::Done);
    assert!(board.ask("ana", "incident 1 --json", false).1.contains("Over."));
}

#[test]
fn without_a_clock_nothing_is_dated() {
    let mut board = in_trouble();
    board.now.wall = None;
    for (line, expected) in [
        (
            "maintenance add wifi from now to +1h",
            "not done: the clock is not set yet, so nobody can tell when",
        ),
        ("status", "not known"),
        ("update 1 words", "to take it back"),
    ] {
        let (_, answer) = board.ask("ana", line, false);
        assert!(answer.contains(expected), "{line}: {answer}");
    }
}

/// The same board without anything of the site `egret`.
fn without_egret() -> String {
    let mut kept = String::new();
    for section in FILE.split("\nconfig ").skip(1) {
        let others =
            ["site 'egret'", "source 'probe'", "service 'mail'", "component 'postbox'", "user 'both'"];
        if !others.iter().any(|other| section.starts_with(other)) {
            write!(kept, "\nconfig {section}").unwrap();
        }
    }
    kept.push('\n');
    kept
}

/// Both boards in the same trouble, and egret, where there is one, with incidents, maintenance and
/// a banner of its own.
fn two_boards() -> [Board; 2] {
    [FILE, &without_egret()].map(|file| {
        let mut board = Board::new(file);
        for _ in 0..10 {
            for source in 0..u8::try_from(board.config.sources.len()).unwrap() {
                board.engine.alive(&board.config, board.now, SourceId(source.into()));
            }
            board.wait(1);
        }
        if board.config.sites.len() == 2 {
            for line in [
                "open mail outage \"Egret is down\" words",
                "open mail/postbox degraded \"Egret is slow\"",
                "update egret/2 words",
                "maintenance add mail from now to +2h",
                "banner set outage words --site egret",
            ] {
                let (status, answer) = board.ask("both", line, true);
                assert_eq!(status, CommandStatus::Done, "{line}: {answer}");
            }
        }
        board.ask("ana", "open vpn outage \"VPN is down\"", true);
        board
    })
}

/// A word that a curious person could try.
fn part() -> impl Strategy<Value = String> {
    let row = (0..ROWS.len()).prop_map(|at| ROWS[at].name.into());
    let fixed = |words: &'static [&'static str]| (0..words.len()).prop_map(move |at| words[at].into());
    prop_oneof![
        row,
        fixed(&[
            "egret",
            "egret.example.net",
            "mail",
            "mail/postbox",
            "postbox",
            "Egret",
            "egrte",
            "maill",
            "probe",
            "both"
        ]),
        fixed(&[
            "1",
            "2",
            "3",
            "egret/1",
            "egret/2",
            "heron/1",
            "heron/2",
            "--site egret",
            "--site heron",
            "--site nowhere"
        ]),
        fixed(&[
            "into",
            "from",
            "to",
            "now",
            "+1h",
            "outage",
            "\"words\"",
            "--json",
            "--yes",
            "--all",
            "wifi",
            "vpn"
        ]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Who has one site is told the same, whatever else is on the board. An administrator is, too,
    /// but for what concerns the whole board: that it is not theirs to export says that there is
    /// more of it.
    #[test]
    fn nobody_learns_of_another_site(lines in prop::collection::vec((prop::collection::vec(part(), 1..6), 0..2usize), 1..12)) {
        let [mut with, mut without] = two_boards();
        for (parts, who) in lines {
            let (line, who) = (parts.join(" "), ["ana", "tern"][who]);
            if who == "tern" && ["export", "import", "limits", "help"].iter().any(|word| line.contains(word)) {
                continue;
            }
            prop_assert_eq!(with.ask(who, &line, false), without.ask(who, &line, false), "{}: {}", who, line);
            let completed = [&with, &without].map(|board| {
                let mut out = Box::new(Bytes::<OUT_BYTES>::new());
                complete(&board.engine, &board.config, board.now, board.caller(who), &line, &mut out);
                out.as_slice().to_vec()
            });
            prop_assert_eq!(&completed[0], &completed[1], "{}: {}", who, line);
        }
    }

    /// What alerts carry is for administrators, with `alerts`; what they are called, for operators.
    #[test]
    fn labels_and_annotations_stay_private(lines in prop::collection::vec(prop::collection::vec(part(), 1..6), 1..12)) {
        let mut board = in_trouble();
        for parts in lines {
            let line = parts.join(" ");
            for who in ["ana", "tern"] {
                let (_, answer) = board.ask(who, &line, false);
                let listed = line.contains("alerts") || line.contains("release");
                for (secret, told) in [
                    ("hunter2", false),
                    ("NorthDown", listed),
                    ("the summary", listed && who == "tern"),
                ] {
                    prop_assert!(!answer.contains(secret) || told, "{}: {}", line, answer);
                }
            }
        }
    }
}

#[test]
fn an_operator_ends_what_no_sender_ends() {
    let mut board = in_trouble();
    let (status, listed) = board.ask("ana", "alerts", false);
    assert!(status == CommandStatus::Done && listed.contains("1 NorthDown: outage"), "{listed}");
    assert!(!listed.contains("the summary"), "{listed}");
    assert_eq!(board.ask("ana", "release 9", false).0, CommandStatus::Refused);
    let (status, question) = board.ask("ana", "release 1", false);
    assert!(status == CommandStatus::Confirm && question.contains("NorthDown of prom"), "{question}");
    let (status, answer) = board.ask("ana", "release 1 --yes", false);
    assert_eq!(status, CommandStatus::Done, "{answer}");
    assert!(board.ask("ana", "alerts", false).1.contains("1 NorthDown: outage, over by the team's word"));
    assert!(board.ask("ana", "status", false).1.contains("the team says that it is over"));
    // Its source says it again.
    board.push(0, "\"alertname\":\"NorthDown\",\"severity\":\"critical\",\"private\":\"hunter2\"");
    assert!(!board.ask("ana", "alerts", false).1.contains("team"));
    let (status, answer) = board.ask("ana", "release 1 --yes --json", false);
    let told: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((status, &told["ok"], &told["alert"]), (CommandStatus::Done, &true.into(), &1.into()));
    assert_eq!(told["components"][0]["state"], "operational", "{answer}");
    // It was over before anybody looked: nobody has ended it.
    let life = i64::from(board.config.main.resolve_after.0);
    board.now.mono.0 += life;
    let (status, answer) = board.ask("ana", "release 1 --yes", false);
    assert_eq!(status, CommandStatus::Refused, "{answer}");
    assert!(answer.contains("there is no such alert"), "{answer}");
}

/// Its team's word is only told while nothing else is known to be amiss, or unknown.
#[test]
fn who_ends_an_alert_is_told_how_its_components_are_then() {
    let down = "\"alertname\":\"NorthDown\",\"severity\":\"critical\"";
    let also = "\"alertname\":\"NorthDown\",\"severity\":\"critical\",\"side\":\"roof\"";
    let shown = |board: &mut Board| {
        let (status, question) = board.ask("ana", "release 1", false);
        assert!(status == CommandStatus::Confirm && !question.contains("the page tells"), "{question}");
        let (status, answer) = board.ask("ana", "release 1 --yes", false);
        assert_eq!(status, CommandStatus::Done, "{answer}");
        let (_, now) = board.ask("ana", "status --all", false);
        let [then, now] = [answer, now].map(|told| {
            let north = told.lines().find(|line| line.starts_with("wifi/north")).unwrap();
            north.split_whitespace().collect::<Vec<_>>().join(" ")
        });
        assert_eq!(then, now);
        then
    };
    let mut well = in_trouble();
    assert!(shown(&mut well).ends_with("the team says that it is over"));
    // Its source was just heard for the first time.
    let mut settling = Board::new(FILE);
    settling.push(0, down);
    let told = shown(&mut settling);
    assert!(told.contains("no data") && told.ends_with("its source has not told all yet"), "{told}");
    let mut other = in_trouble();
    other.push(0, also);
    assert!(shown(&mut other).contains("outage"));
}

#[test]
fn who_ends_an_incident_is_told_what_the_page_will_say() {
    let mut board = in_trouble();
    assert_eq!(board.ask("ana", "update 1 identified \"We know.\"", false).0, CommandStatus::Done);
    let (status, question) = board.ask("ana", "resolve 1 \"Over.\"", false);
    assert!(status == CommandStatus::Confirm && question.contains("trouble is still reported"), "{question}");
    board.wait(10);
    let (status, question) = board.ask("ana", "resolve 1 \"Over.\"", false);
    assert!(status == CommandStatus::Confirm && question.contains("(no data)"), "{question}");
    assert!(question.contains("that this part is unknown"), "{question}");
}

#[test]
fn who_takes_something_back_is_told_what_that_was() {
    let mut board = in_trouble();
    for (line, asked, told, json) in [
        (
            "open vpn outage \"T\" \"words\"",
            "open \"words\", incident 2 (vpn, \"T\")?",
            "took back: open \"words\", incident 2 (vpn, \"T\"); the page says now:\n",
            "\"incident\":3,\"undone\":\"open \\\"words\\\", incident 3 (vpn, \\\"T\\\")\"}",
        ),
        (
            "update 1 \"words\"",
            "update \"words\", incident 1 (wifi)?",
            "took back: update \"words\", incident 1 (wifi); the page says now:\n",
            "\"incident\":1,\"undone\":\"update \\\"words\\\", incident 1 (wifi)\"}",
        ),
        (
            "banner set outage \"words\"",
            "the banner?",
            "took back: the banner; the page says now:\n",
            "\"banner\":true,\"undone\":\"the banner\"}",
        ),
        (
            "maintenance add vpn from now to +1h",
            "maintenance 1?",
            "took back: maintenance 1; the page says now:\n",
            "\"maintenance\":2,\"undone\":\"maintenance 2\"}",
        ),
    ] {
        assert_eq!(board.ask("ana", line, true).0, CommandStatus::Done, "{line}");
        let (status, question) = board.ask("ana", "undo", false);
        assert!(
            status == CommandStatus::Confirm && question.ends_with(&format!(": {asked}\n")),
            "{question}"
        );
        let (_, answer) = board.ask("ana", "undo", true);
        assert!(answer.starts_with(told), "{answer}");
        board.ask("ana", line, true);
        let (_, answer) = board.ask("ana", "undo --json", true);
        assert!(answer.contains(json), "{answer}");
    }
    board.ask("ana", "maintenance add vpn from now to +1h", true);
    board.ask("ana", "maintenance end 3", true);
    let (_, answer) = board.ask("ana", "undo", true);
    assert!(answer.starts_with("took back: the end of maintenance 3; the page says now:\n"), "{answer}");
}

#[test]
fn a_fault_of_the_storage_comes_first() {
    struct Broken;
    impl Host for Broken {
        fn limits(&self, _: &mut dyn FnMut(&str, u64, u64, u64)) {}
        fn storage_fault(&self) -> Option<&'static str> {
            Some("no space left")
        }
        fn file_fault(&self) -> bool {
            true
        }
    }
    let mut board = in_trouble();
    for (json, expected) in [
        (
            false,
            "storage: no space left; what people write is kept in memory only\n\
             configuration: an older one: the file cannot be used; 'aiglon check' or the log says why\nname ",
        ),
        (
            true,
            "{\"storage_fault\":\"no space left\",\"config_fault\":\"an older one: the file cannot be used; \
             'aiglon check' or the log says why\",\"limits\":[",
        ),
    ] {
        let ask = Ask {
            caller: Caller::Owner,
            from: 0,
            line: "limits",
            text: None,
            columns: 0,
            json,
            confirmed: false,
            person: false,
        };
        let mut out = Box::new(Bytes::<OUT_BYTES>::new());
        assert_eq!(
            run(&mut board.engine, &board.config, board.now, &Broken, &ask, &mut out),
            CommandStatus::Done
        );
        let told = core::str::from_utf8(out.as_slice()).unwrap();
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn what_an_alert_is_called_that_led_nowhere_is_for_administrators() {
    let mut board = in_trouble();
    board.push(0, "\"alertname\":\"EastDwon\",\"severity\":\"critical\"");
    board.push(0, "\"alertname\":\"WestDwon\"");
    let (_, answer) = board.ask("tern", "sources", false);
    assert!(answer.lines().any(|line| line.ends_with("  2         EastDwon, WestDwon")), "{answer}");
    let (_, answer) = board.ask("tern", "sources --json", false);
    let told: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(told[0]["unmapped_names"], serde_json::json!(["EastDwon", "WestDwon"]));
    board.columns = 40;
    let (_, narrow) = board.ask("tern", "sources", false);
    board.columns = 0;
    assert!(narrow.contains("unmapped names EastDwon") && !narrow.contains("odd severity names"), "{narrow}");
    assert_eq!(
        (&told[0]["odd_severity"], &told[0]["odd_severity_names"]),
        (&0.into(), &serde_json::json!([]))
    );
    for (who, told) in [("ana", false), ("tern", true), ("both", true)] {
        for line in ["sources", "sources --json"] {
            let (status, answer) = board.ask(who, line, false);
            assert_eq!((status, answer.contains("EastDwon")), (CommandStatus::Done, told), "{who}: {answer}");
        }
    }
}

#[test]
fn a_long_answer_comes_in_pieces() {
    let mut board = in_trouble();
    let words = "é".repeat(400);
    for _ in 0..12 {
        board.ask("ana", &format!("update 1 \"{words}\""), false);
    }
    let (status, answer) = board.ask("ana", "incident 1 --json", false);
    assert_eq!((status, answer.matches(&words).count()), (CommandStatus::Done, 12));
    assert!(answer.len() > OUT_BYTES && serde_json::from_str::<serde_json::Value>(&answer).is_ok());
    let (_, answer) = board.ask("ana", "incident 1", false);
    assert_eq!(answer.matches(&words).count(), 12);

    // Something changes between two pieces: no answer is put together of two halves.
    let caller = board.caller("ana");
    let mut ask = Ask {
        caller,
        from: 0,
        line: "incident 1 --json",
        text: None,
        columns: 0,
        json: false,
        confirmed: false,
        person: false,
    };
    let mut out = Box::new(Bytes::<OUT_BYTES>::new());
    let CommandStatus::More(from) = run(&mut board.engine, &board.config, board.now, &Shell, &ask, &mut out)
    else {
        panic!()
    };
    board.ask("ana", "retitle 1 \"Another title\"", false);
    ask.from = from;
    out.clear();
    assert_eq!(
        run(&mut board.engine, &board.config, board.now, &Shell, &ask, &mut out),
        CommandStatus::Refused
    );
    assert_eq!(out.as_slice(), b"{\"error\":\"something changed while this was told; ask again\"}\n");
    // Nor is anything done twice.
    for from in [1, u32::MAX] {
        let ask = Ask {
            caller,
            from,
            line: "update 1 again",
            text: None,
            columns: 0,
            json: false,
            confirmed: false,
            person: false,
        };
        out.clear();
        run(&mut board.engine, &board.config, board.now, &Shell, &ask, &mut out);
    }
    assert!(!board.ask("ana", "incident 1", false).1.contains("again"));
}

#[test]
fn all_alerts_are_listed_whatever_the_room() {
    let mut board = in_trouble();
    for at in 0..200 {
        board.push(0, &format!("\"alertname\":\"NorthDown\",\"at\":\"{at}\""));
    }
    let (status, answer) = board.ask("tern", "alerts", false);
    assert_eq!((status, answer.matches("alertname=NorthDown").count()), (CommandStatus::Done, 201));
    let (status, answer) = board.ask("tern", "alerts --json", false);
    let parsed: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((status, parsed.as_array().unwrap().len()), (CommandStatus::Done, 201));
}

#[test]
fn the_tab_key_knows_what_there_is() {
    let mut board = in_trouble();
    board.ask("ana", "maintenance add vpn from now to +1h", false);
    for (who, line, expected) in [
        ("ana", "status ", "heron\n--all\n"),
        ("both", "sources", "sources\n"),
        ("both", "services ", "heron\negret\n"),
        ("ana", "open ", "wifi\nwifi/north\nwifi/south\nvpn\nvpn/gateway\n"),
        ("ana", "ack ", "1\twifi, outage, 10:10 CET\n"),
        ("both", "ack ", "heron/1\twifi, outage, 10:10 CET\n"),
        ("ana", "Maintenance end ", "1\tvpn, 10:10 CET\n"),
        ("owner", "set_site_config e", "egret\n"),
    ] {
        let mut out = Box::new(Bytes::<OUT_BYTES>::new());
        complete(&board.engine, &board.config, board.now, board.caller(who), line, &mut out);
        assert_eq!(core::str::from_utf8(out.as_slice()).unwrap(), expected, "{who}: {line}");
    }
}

/// The transcript and the tables of `docs/console.md` are what the console says. `UPDATE_GOLDEN=1`
/// writes both anew.
#[test]
fn the_paper_is_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/console.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let part = |begin: &str, end: &str| {
        let start = readme.find(begin).unwrap() + begin.len();
        (start, start + readme[start..].find(end).unwrap())
    };

    let (start, end) = part("```console\n", "```\n");
    let mut board = in_trouble();
    let mut told = String::new();
    for line in readme[start..end].lines().filter_map(|line| line.strip_prefix("> ")) {
        let (_, answer) = board.ask("ana", line, false);
        write!(told, "{}> {line}\n{answer}", if told.is_empty() { "" } else { "\n" }).unwrap();
        board.push(0, "\"alertname\":\"NorthDown\",\"severity\":\"critical\"");
        board.wait(1);
    }
    assert!(told.lines().count() > 30);

    let mut table =
        String::from("\n| command | what it does | who, if not everybody |\n| --- | --- | --- |\n");
    for row in &ROWS {
        let mut line = Bytes::<160>::new();
        command::usage(&mut line, row, false);
        let line = core::str::from_utf8(line.as_slice()).unwrap().replace('|', "\\|");
        let who = match row.needs {
            Needs::Operator => "",
            Needs::Admin => "admins",
            Needs::Whole => "the owner, admins of all sites",
        };
        writeln!(table, "| `{line}` | {} | {who} |", row.help).unwrap();
    }
    table.push_str("\n| option | what it does |\n| --- | --- |\n");
    for row in &OPTIONS {
        writeln!(table, "| `{}` | {} |", [row.name, row.value].join(" ").trim_end(), row.help).unwrap();
    }
    table.push('\n');
    let (first, last) = part("<!-- commands -->\n", "<!-- /commands -->");

    assert!(end < first);
    let whole = [&readme[..start], &told, &readme[end..first], &table, &readme[last..]].concat();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &whole).unwrap();
    } else {
        assert!(
            whole == readme,
            "docs/console.md does not say what the console does; UPDATE_GOLDEN=1 rewrites it"
        );
    }
}
