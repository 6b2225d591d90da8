//! What lines ask for, what is wrong with others, and what could come next.
#![allow(clippy::unwrap_used, clippy::panic, clippy::too_many_lines)]

use std::boxed::Box;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use proptest::prelude::*;

use super::table::{ARGS, OPTIONS, ROWS};
use super::*;
use crate::text::buffer::Bytes;

/// What a line asks for: what is not as it would be without a word, in words.
fn asked(line: &str, text: Option<&str>) -> String {
    let mut words = Box::new(LineWords::new());
    let command = match parse(line, text, &mut words) {
        Ok(command) => command,
        Err(mistake) => {
            let mut told = Bytes::<1024>::new();
            mistake.describe(&mut told);
            assert!(told.room() > 0, "{line}");
            return format!("? {}", std::str::from_utf8(told.as_slice()).unwrap());
        }
    };
    let mut parts = Vec::from([command.row.name.to_string()]);
    let mut part = |name: &str, value: &dyn std::fmt::Debug| parts.push(format!("{name}={value:?}"));
    for (name, text) in [
        ("named", command.named),
        ("into_named", command.into_named),
        ("site", command.site),
        ("service", command.service),
        ("component", command.component),
        ("title", command.title),
        ("text", command.text),
        ("lang", command.lang),
        ("topic", command.topic),
    ] {
        if !text.is_empty() {
            part(name, &text);
        }
    }
    for (name, number) in [("number", command.number), ("into", command.into)] {
        if number != 0 {
            part(name, &number);
        }
    }
    for (name, flag) in [("all", command.all), ("json", command.json), ("yes", command.yes)] {
        if flag {
            part(name, &flag);
        }
    }
    if let Some(step) = command.step {
        part("step", &step);
    }
    if let Some(phase) = command.phase {
        part("phase", &phase);
    }
    if let Some(level) = command.level {
        part("level", &level);
    }
    if let Some(forced) = command.forced {
        part("forced", &forced);
    }
    if let Some(say) = command.say {
        let mut names = String::new();
        say.join(Phrase::name, &mut |part| names.push_str(part));
        part("say", &names);
    }
    if command.window != (TypedTime::Now, TypedTime::Now) {
        part("window", &command.window);
    }
    if let Some(promised) = command.promised {
        part("next", &promised);
    }
    if command.repeat != Repeat::Once {
        part("repeat", &command.repeat);
    }
    parts.join(" ")
}

#[test]
fn what_lines_ask_for() {
    for (line, expected) in [
        ("status", "status"),
        ("  status  heron ", r#"status site="heron""#),
        ("stat", "status"),
        ("?", "help"),
        ("help incident open", r#"help topic="incident open""#),
        ("incidents --all --json", "incidents all=true json=true"),
        ("incidents heron --all", r#"incidents site="heron" all=true"#),
        ("incident 12", "incident number=12"),
        ("incident #12", "incident number=12"),
        ("incident heron/12", r#"incident site="heron" number=12"#),
        ("incident 12 --site heron", r#"incident site="heron" number=12"#),
        ("incident heron/12 --site=heron", r#"incident site="heron" number=12"#),
        (
            "incident open wifi outage \"No power\" \"We know.\"",
            r#"incident open service="wifi" title="No power" text="We know." level=Outage"#,
        ),
        (
            "open wifi/north degraded No power here \"We know.\"",
            r#"open service="wifi" component="north" title="No power here" text="We know." level=Degraded"#,
        ),
        ("open wifi \"outage\"", r#"open service="wifi" title="outage""#),
        ("open wifi outage --say power-cut", r#"open service="wifi" level=Outage say="power-cut""#),
        ("update 12 identified \"The cable.\"", r#"update text="The cable." number=12 phase=Identified"#),
        (
            "update 12 Identified the cable, we don't know which",
            r#"update text="the cable, we don't know which" number=12 phase=Identified"#,
        ),
        (
            "update 12 --next 4:30 \"We look.\"",
            r#"update text="We look." number=12 next=Next { hour: 4, minute: 30 }"#,
        ),
        (
            "open wifi --next=+2h \"No power\"",
            r#"open service="wifi" title="No power" next=After(Millis(7200000))"#,
        ),
        ("update 12 he said \"no\" twice", r#"update text="he said no twice" number=12"#),
        ("update 12 --say power-cut --say going-there", r#"update number=12 say="power-cut going-there""#),
        ("Update 12 —say Weather", r#"update number=12 say="weather""#),
        ("UPDATE 12 IDENTIFIED \"x\" --LANG fr", r#"update text="x" lang="fr" number=12 phase=Identified"#),
        ("\"update\" 12 x", r#"update text="x" number=12"#),
        ("update wifi x", r#"update named="wifi" text="x""#),
        ("ack \"Le Wi-Fi\"", r#"ack named="Le Wi-Fi""#),
        ("update 12 — on y va", r#"update text="— on y va" number=12"#),
        ("update --say power-cut 12 monitoring", r#"update number=12 phase=Monitoring say="power-cut""#),
        ("update 12 \"deux  heures\" --lang fr-BE", r#"update text="deux  heures" lang="fr-BE" number=12"#),
        ("update 12 on -- off", r#"update text="on -- off" number=12"#),
        ("update 12 «en route»", r#"update text="en route" number=12"#),
        ("resolve 12", "resolve number=12"),
        ("resolve 12 all is well --yes", r#"resolve text="all is well" number=12 yes=true"#),
        ("reopen 12 \"x\"", r#"reopen text="x" number=12"#),
        ("ack 12", "ack number=12"),
        ("amend 12 \"x\"", r#"amend text="x" number=12"#),
        ("amend 12 3 x", r#"amend text="x" number=12 step=3"#),
        ("amend 12 \"3\"", r#"amend text="3" number=12"#),
        ("retitle 12 \"No power\"", r#"retitle title="No power" number=12"#),
        ("retitle 12 \"\"", "retitle number=12"),
        ("retitle 12 \"\u{200b}\u{202e}\"", "retitle number=12"),
        ("resolve 12 \"\u{ad}\"", "resolve number=12"),
        ("banner set outage \" \u{2800}\"", "banner set forced=Outage"),
        ("open wifi \"\u{feff}\" --say weather", r#"open service="wifi" say="weather""#),
        ("open wifi \"\" \"We look.\"", r#"open service="wifi" text="We look.""#),
        ("merge 12 into 11", "merge number=12 into=11"),
        ("merge vpn into Wi-Fi", r#"merge named="vpn" into_named="Wi-Fi""#),
        ("merge heron/12 heron/11", r#"merge site="heron" number=12 into=11"#),
        ("maintenance", "maintenance"),
        (
            "maintenance add wifi from now to +2h",
            r#"maintenance add service="wifi" window=(Now, After(Millis(7200000)))"#,
        ),
        (
            "maintenance add wifi from tomorrow 07:00 until 08:00 weekly \"New  mast\"",
            r#"maintenance add service="wifi" text="New  mast" window=(Ahead { days: 1, hour: 7, minute: 0 }, Next { hour: 8, minute: 0 }) repeat=Weekly"#,
        ),
        (
            "maintenance add wifi 18:30 - 19:00 monthly words",
            r#"maintenance add service="wifi" text="words" window=(Next { hour: 18, minute: 30 }, Next { hour: 19, minute: 0 }) repeat=Monthly"#,
        ),
        (
            "maintenance add wifi from \"tomorrow 07:00\" to +1h",
            r#"maintenance add service="wifi" window=(Ahead { days: 1, hour: 7, minute: 0 }, After(Millis(3600000)))"#,
        ),
        (
            "maintenance add mail monday 9:00 2h",
            r#"maintenance add service="mail" window=(Weekday { day: 1, hour: 9, minute: 0 }, After(Millis(7200000)))"#,
        ),
        (
            "maintenance add mail from Sun 18h30 for 90m x",
            r#"maintenance add service="mail" text="x" window=(Weekday { day: 0, hour: 18, minute: 30 }, After(Millis(5400000)))"#,
        ),
        (
            "maintenance add mail 18:30 20:30 WEEKLY",
            r#"maintenance add service="mail" window=(Next { hour: 18, minute: 30 }, Next { hour: 20, minute: 30 }) repeat=Weekly"#,
        ),
        ("maintenance end 3", "maintenance end number=3"),
        ("banner", "banner"),
        ("banner set maintenance", "banner set forced=Maintenance"),
        ("update 12 \"identifed\"", r#"update text="identifed" number=12"#),
        ("update 12 Monitor it.", r#"update text="Monitor it." number=12"#),
        ("banner set We are back.", r#"banner set text="We are back.""#),
        ("banner clear", "banner clear"),
        ("get_site_config status.example.org", r#"get_site_config site="status.example.org""#),
        ("exit", "exit"),
    ] {
        assert_eq!(asked(line, None), expected, "{line}");
    }
    for (line, text, expected) in [
        ("update 12", "a\nb\n", r#"update text="a\nb" number=12"#),
        ("update 12 monitoring", "", "update number=12 phase=Monitoring"),
        ("update 12 monitoring", "\u{200b}\n", "update number=12 phase=Monitoring"),
        ("resolve 12", " \u{2060} ", "resolve number=12"),
        ("update 12 monitoring", "words\n", r#"update text="words" number=12 phase=Monitoring"#),
        ("update 12 own", "other", r#"update text="own" number=12"#),
        ("update 12 --say weather", "other", r#"update number=12 say="weather""#),
        ("resolve 12", "over", r#"resolve text="over" number=12"#),
        ("resolve 12 -", "over", r#"resolve text="over" number=12"#),
        ("open wifi", "words", r#"open service="wifi" text="words""#),
        ("status", "other", "status"),
        ("set_site_config heron", "", r#"set_site_config site="heron""#),
    ] {
        assert_eq!(asked(line, Some(text)), expected, "{line}");
    }
}

#[test]
fn mistakes_say_what_would_be_right() {
    for (line, expected) in [
        ("", "nothing was asked; 'help' lists the commands"),
        ("stauts", "there is no command 'stauts'; perhaps you mean 'status'; 'help' lists them"),
        ("re 12", "there is no command 're'; 'help' lists them"),
        ("\u{1b}[2J", "there is no command '\\u{1b}[2J'; 'help' lists them"),
        ("status --jsno", "there is no option '--jsno'; perhaps you mean '--json'"),
        ("update 12 --say", "after --say comes PHRASE"),
        ("update 12 --say powercut", "'powercut' is no PHRASE; perhaps you mean 'power-cut'"),
        ("update 12 x --lang english!", "'english!' is no TAG"),
        ("update 12 x --lang english", "'english' is no TAG"),
        ("update 12 \"x", "a quote is opened and not closed: \"x"),
        ("update", "'update' needs the number or the service of an incident"),
        ("close 12", "there is no command 'close'; perhaps you mean 'resolve'"),
        ("Fix 12", "there is no command 'Fix'; perhaps you mean 'resolve'"),
        ("update 12 --say weather --say weather --say weather --say weather --say weather", "too long"),
        (
            "maintenance add wifi from now to 2h",
            "'2h' may be a time of day or a duration; write it as 02:00, or as +2h",
        ),
        ("update 0 x", "and '0' is not that"),
        ("update +1 x", "and '+1' is not that"),
        ("update 4294967296 x", "and '4294967296' is not that"),
        ("update 12", "'update' needs words in quotes"),
        ("update 12 monitoring", "'update' needs words in quotes"),
        ("update 12 identifed the cable", "and 'identifed' is not that; perhaps you mean 'identified'"),
        ("update 12 resolve", "perhaps you mean 'resolved'"),
        ("open wifi outge x", "perhaps you mean 'outage'"),
        ("open wifi down \"North is down\"", "'open' does not know 'down'; if it is to be published"),
        ("open wifi critical \"North\" \"We look.\"", "'open' does not know 'critical'; if"),
        ("banner set degradd x", "perhaps you mean 'degraded'"),
        ("maintenance add wifi from now to +1h weakly x", "perhaps you mean 'weekly'"),
        ("update 12 \"x\" y", "'y' is too much after 'update'"),
        (
            "update 12 fixed \"x\"",
            "'update' does not know 'fixed'; if it is to be published, put it inside the quotes",
        ),
        ("banner set red \"x\"", "'banner set' does not know 'red'"),
        ("maintenance add v from now to +1h daily \"x\"", "'maintenance add' does not know 'daily'"),
        ("update 12 \"\"", "'update' needs words in quotes, a phrase"),
        ("update 12 \"\"", "and '' is not that"),
        ("update 12 monitoring \"  \"", "and '  ' is not that"),
        ("update 12 \u{202e}", "and '\\u{202e}' is not that"),
        ("amend 12 3 \"\u{3164}\"", "is not that"),
        ("open wifi \"\u{200b}\"", "'open' needs a title in quotes"),
        ("open wifi outage \"\" \"\u{200b}\"", "'open' needs a title in quotes"),
        ("update 12 x --say weather", "either --say or words of your own"),
        ("open wifi", "'open' needs a title in quotes"),
        ("incident opne wifi", "perhaps you mean 'incident open'"),
        ("maintenance ad wifi", "perhaps you mean 'maintenance add'"),
        ("maintenance add wifi", "'maintenance add' needs two times"),
        ("maintenance add wifi from 25:00 to 26:00", "and '25:00' is not that"),
        ("maintenance add wifi from 18:30 than 2h", "and 'than' is not that"),
        ("merge 12", "'merge' needs 'into' and the number or the service of another incident"),
        ("merge a/12 into b/11", "and 'b/11' is not that"),
        ("incident a/12 --site b", "and 'a/12' is not that"),
        ("resolve 12 -", "'resolve' needs words in quotes"),
        ("whoami now", "'now' is too much after 'whoami'.\nusage: whoami"),
    ] {
        let told = asked(line, None);
        assert!(told.starts_with('?') && told.contains(expected), "{line}: {told}");
    }
    assert!(asked(&format!("update 12 {}", "x".repeat(4096)), None).contains("too long"));
}

#[test]
fn words_of_others_name_commands() {
    let words: Vec<&str> = OTHERS.split(' ').collect();
    assert!(words.chunks(2).all(|pair| pair.len() == 2));
    for pair in words.chunks(2) {
        assert!(asked(pair[0], None).contains(&format!("perhaps you mean '{}'", pair[1])), "{pair:?}");
        assert!(ROWS.iter().any(|row| row.name == pair[1]), "{pair:?}");
    }
}

#[test]
fn every_example_is_right() {
    for row in &ROWS {
        let mut example = Bytes::<256>::new();
        usage(&mut example, row, true);
        let example = std::str::from_utf8(example.as_slice()).unwrap();
        let told = asked(example, None);
        assert!(told.starts_with(row.name), "{example}: {told}");
    }
}

/// Names of a small board.
struct Board;

impl NameSource for Board {
    fn each(&self, arg: Arg, each: &mut dyn FnMut(&str)) {
        let names: &[&str] = match arg {
            Arg::Site => &["heron", "egret"],
            Arg::Service => &["wifi", "wifi/north", "vpn"],
            Arg::Number => &["12", "11"],
            Arg::Planned | Arg::Alert => &["3"],
            _ => &[],
        };
        for name in names {
            each(name);
        }
    }
}

fn completed(line: &str) -> String {
    let mut all = Vec::new();
    complete(line, &Board, &mut |word| all.push(word.to_string()));
    all.join(" ")
}

#[test]
fn what_could_come_next() {
    for (line, expected) in [
        ("sta", "status"),
        ("STA", "status"),
        ("re", "resolve reopen retitle redact release"),
        ("status", "status"),
        ("status ", "heron egret --all"),
        ("status h", "heron"),
        ("maintenance", "maintenance"),
        ("maintenance ", "add end cancel"),
        ("maintenance e", "end"),
        ("maintenance end ", "3"),
        ("maintenance add ", "wifi wifi/north vpn"),
        ("maintenance add w", "wifi wifi/north"),
        ("maintenance add wifi ", "from"),
        ("maintenance add wifi from ", "now +1h 18:30 tomorrow monday"),
        ("maintenance add wifi from now ", "to"),
        ("maintenance add wifi from tomorrow 07:00 to ", "+1h +2h 20:30 tomorrow"),
        ("maintenance add wifi from now to +2h ", "weekly monthly"),
        ("incident ", "open 12 11"),
        ("incident 1", "12 11"),
        ("incident o", "open"),
        ("incident open ", "wifi wifi/north vpn"),
        ("incident open wifi ", "outage degraded"),
        ("incident open wifi outage ", ""),
        ("update ", "12 11"),
        ("update 12 ", "investigating identified monitoring resolved"),
        ("update 12 mo", "monitoring"),
        ("update 12 --say p", "power-cut provider-fault part-ordered partly-back"),
        (
            "update 12 --say ",
            "investigating identified monitoring fixed power-cut provider-fault antenna-moved cable-fault \
            weather device-broken waiting-access part-ordered going-there next-days no-date slow partly-back update-running \
            false-alarm no-action restart-yours",
        ),
        ("update 12 --lang n", "nl"),
        ("update 12 --s", "--say --site"),
        ("status --site ", "heron egret"),
        ("status --site e", "egret"),
        ("update --say weather 12 id", "identified"),
        ("merge 12 ", "into"),
        ("merge 12 into ", "12 11"),
        ("banner set d", "degraded"),
        ("banner set degraded ", ""),
        ("incidents ", "heron egret --all"),
        ("help ban", "banner banner set banner clear"),
        ("update 12 \"open quo", ""),
        ("nonsense ", ""),
    ] {
        assert_eq!(completed(line), expected, "{line}");
    }
    assert!(completed("").starts_with("status incidents incident open update"));
    assert_eq!(completed("").matches("maintenance").count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_line_is_too_much(parts in prop::collection::vec(part(), 0..8), text in prop::option::of("\\PC{0,20}")) {
        let line = parts.join(" ");
        asked(&line, text.as_deref());
        let _ = wants_json(&line);
        for (at, _) in line.char_indices() {
            completed(&line[..at]);
        }
    }

    #[test]
    fn any_text(line in "\\PC{0,100}") {
        asked(&line, None);
        completed(&line);
    }
}

/// A word that could stand on a line.
fn part() -> impl Strategy<Value = String> {
    let row = (0..ROWS.len()).prop_map(|at| ROWS[at].name.to_string());
    let arg = (0..ARGS.len()).prop_map(|at| ARGS[at].example.to_string());
    let option = (0..OPTIONS.len()).prop_map(|at| OPTIONS[at].name.to_string());
    prop_oneof![row, arg, option, "[a-z0-9/:+#\"'«»“ -]{0,8}"]
}
