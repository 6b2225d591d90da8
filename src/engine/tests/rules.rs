//! Rules on samples: thresholds, hysteresis, aggregation, absence, late packets, and a full store.

use super::*;
use crate::config::rule::RuleInterest;
use crate::engine::rules::RulePhase;
use crate::ingest::line::{LineEvent, Lines, Precision};
use crate::ingest::sample::HashKey;
use crate::limits::{LATE_SAMPLES, SERIES};
use crate::model::RuleId;

const NORTH: ComponentId = ComponentId(2);
const RULE: RuleId = RuleId(0);

/// One rule with these options, of a component that only it tells of.
fn ruled(options: &str) -> String {
    ONE.to_string()
        + "config component 'north'
	option service 'wifi'
config rule 'r'
	option source 'a'
	option component 'north'
	option measurement 'ping'
" + options
}

impl Sim {
    /// Its sources are alive, and believed at once.
    fn believing(text: &str) -> Self {
        let mut sim = Self::new(&text.replace("\tlist token", "\toption resync '0s'\n\tlist token"));
        sim.alive();
        sim
    }

    /// Line protocol, with seconds.
    fn lines(&mut self, body: &str) {
        self.lines_of(A, body);
    }

    fn lines_of(&mut self, source: SourceId, text: &str) {
        let now = self.clocks();
        if self.engine.sample_key(now).is_none() {
            self.engine.rekey(HashKey([7, now.mono.0.cast_unsigned()]), now);
        }
        let key = self.engine.sample_key(now).unwrap();
        let mut lines = Lines::new();
        lines.start(Precision::Secs, key);
        let Self { engine, config, .. } = self;
        let mut body = engine.open(source, Sender::Repeating);
        let mut each = |event: LineEvent<'_>| match event {
            LineEvent::Sample(sample) => {
                engine.step(config, now, Input::Sample { body: &mut body, sample });
            }
            LineEvent::Bad(line, flaw) => panic!("{line}: {flaw:?}"),
        };
        let asking = RuleInterest { config, source };
        lines.feed(text.as_bytes(), &asking, &mut each);
        lines.finish(&asking, &mut each);
        // Signs of life are given apart.
        engine.step(config, now, Input::Close { body: &mut body, end: End::CUT });
    }

    fn second(&mut self, second: i64) {
        self.now = Mono(second * 1000);
        let now = self.clocks();
        self.engine.step(&self.config, now, Input::Pass);
    }

    fn north(&self) -> State {
        self.engine.view(&self.config, self.clocks()).component(NORTH).state()
    }

    fn says(&self) -> &'static str {
        self.engine.rule_phase(RULE).word()
    }
}

#[test]
fn a_threshold_with_hysteresis_and_a_time() {
    let mut sim = Sim::new(&ruled(
        "	option field 'loss'\n	option above '50%'\n	option clear '10%'\n	option for '60s'\n	option text 'Lossy'\n	option text_fr 'Pertes'\n",
    ));
    assert_eq!((sim.north(), sim.says()), (State::NoData, "no data"));
    sim.lines("ping,host=n loss=0");
    assert_eq!((sim.north(), sim.says()), (State::Operational, "well"));
    sim.second(10);
    sim.lines("ping,host=n loss=50.000001");
    assert_eq!((sim.north(), sim.says()), (State::Operational, "pending"));
    sim.second(40);
    sim.lines("ping,host=n loss=50");
    assert_eq!(sim.says(), "well", "not above");
    sim.second(50);
    sim.lines("ping,host=n loss=100");
    for second in [60, 70, 109] {
        sim.second(second);
        sim.lines("ping,host=n loss=80");
        assert_eq!(sim.says(), "pending");
    }
    sim.second(110);
    assert_eq!((sim.north(), sim.says()), (State::Outage, "firing"), "by time alone");
    let view = sim.engine.view(&sim.config, sim.clocks());
    assert_eq!(view.component(NORTH).since, Some(At::Mono(Mono(50_000))));
    let mut texts = Vec::new();
    view.published(NORTH, Lang::Fr, &mut |text| texts.push(text.to_string()));
    view.published(NORTH, Lang::Ar, &mut |text| texts.push(text.to_string()));
    assert_eq!(texts, ["Pertes", "Lossy"]);
    drop(view);
    sim.lines("ping,host=n loss=11");
    assert_eq!(sim.says(), "firing", "not clear of it");
    sim.lines("ping,host=n loss=10");
    assert_eq!((sim.north(), sim.says()), (State::Operational, "well"));
}

#[test]
fn what_begins_badly_is_not_known_until_its_time() {
    let mut sim = Sim::new(&ruled("	option field 'loss'\n	option above '50%'\n	option for '60s'\n"));
    sim.lines("ping loss=100");
    assert_eq!((sim.north(), sim.says()), (State::NoData, "pending"));
    sim.second(60);
    assert_eq!(sim.north(), State::Outage);
    // And nothing more comes: not known, since nobody asked for absence.
    sim.second(60 + 300);
    assert_eq!((sim.north(), sim.says()), (State::NoData, "no data"));
}

#[test]
fn absence_is_found_in_time_and_not_before() {
    let mut sim =
        Sim::new(&ruled("	option match 'host=n'\n	option absent '60s'\n	option severity 'warning'\n"));
    sim.second(600);
    assert_eq!(sim.says(), "no data", "never heard, and so not missed");
    sim.lines("ping,host=m x=1\nping,host=n x=\"up\"");
    assert_eq!(sim.says(), "well");
    sim.second(659);
    sim.lines("ping,host=m x=1");
    assert_eq!(sim.says(), "well");
    sim.second(660);
    assert_eq!((sim.north(), sim.says()), (State::Degraded, "absent"));
    let since = sim.engine.view(&sim.config, sim.clocks()).component(NORTH).since;
    assert_eq!(since, Some(At::Mono(Mono(600_000))));
    sim.second(9999);
    assert_eq!(sim.says(), "absent", "however long");
    sim.lines("ping,host=n x=1");
    assert_eq!((sim.north(), sim.says()), (State::Operational, "well"));
}

#[test]
fn a_new_key_makes_nobody_absent() {
    let mut sim = Sim::new(&ruled("	option match 'host=n'\n	option absent '5m'\n"));
    sim.lines("ping,host=n x=1");
    sim.second(86_300);
    sim.lines("ping,host=n x=1");
    // Somebody else brings the new key about, and who pushes rarely has not come again when the
    // wait is over.
    sim.second(86_410);
    sim.lines("ping,host=m x=1");
    sim.second(86_540);
    assert_eq!((sim.says(), sim.engine.series()), ("well", 0));
    sim.second(86_599);
    assert_eq!(sim.says(), "well");
    sim.second(86_600);
    assert_eq!(sim.says(), "absent");
}

#[test]
fn series_come_together() {
    let body = "ping,if=a v=1\nping,if=b v=5\nping,if=c v=9";
    for (options, expected) in [
        ("above '8'", "firing"),
        ("above '9'", "well"),
        ("above '0'\n	option aggregate 'all'", "firing"),
        ("above '1'\n	option aggregate 'all'", "well"),
        ("above '8'\n	option aggregate 'max'", "firing"),
        ("below '9'\n	option aggregate 'max'", "well"),
        ("below '2'\n	option aggregate 'min'", "firing"),
        ("above '14'\n	option aggregate 'sum'", "firing"),
        ("above '15'\n	option aggregate 'sum'", "well"),
        ("below '4'\n	option aggregate 'count'", "firing"),
        ("equals '3'\n	option aggregate 'count'", "firing"),
        ("equals '5'", "firing"),
        ("equals '6'", "well"),
        ("outside '1..9'", "well"),
        ("outside '2..9'", "firing"),
        ("outside '1..8.5'", "firing"),
        ("above '1'\n	option match 'if=a'", "well"),
        ("above '1'\n	option match 'if!=a'", "firing"),
        ("above '8'\n	option match 'if~[ab]'", "no data"),
    ] {
        let mut sim = Sim::believing(&ruled(&format!("	option field 'v'\n	option {options}\n")));
        sim.lines(body);
        // One that depends on how many there are says so in the meantime.
        sim.second(1);
        assert_eq!(sim.says(), expected, "{options}");
    }
}

/// Three routers that speak every minute. After a start the first of them alone is neither too few
/// nor all that is well.
#[test]
fn what_is_compared_or_counted_after_a_start_has_had_the_time_to_come() {
    for (options, early, then) in [
        ("below '3'\n	option aggregate 'count'", "no data", "well"),
        ("below '0.5'\n	option aggregate 'max'", "no data", "well"),
        ("above '8'\n	option aggregate 'sum'", "no data", "firing"),
        // One that is bad is bad whatever else there is.
        ("above '8'", "well", "firing"),
    ] {
        let mut sim = Sim::new(&ruled(&format!("	option field 'v'\n	option {options}\n")));
        sim.lines("ping,host=a v=0");
        sim.alive();
        sim.second(2);
        assert_eq!(sim.says(), early, "{options}");
        for second in [60, 120, 180, 240, 299] {
            sim.second(second);
            sim.lines("ping,host=a v=0\nping,host=b v=1\nping,host=c v=9");
            sim.alive();
        }
        if early == "no data" {
            assert_eq!(sim.says(), early, "{options}");
        }
        sim.second(300);
        assert_eq!(sim.says(), then, "{options}");
    }
}

#[test]
fn people_are_counted_by_a_hash_that_changes() {
    let text = ruled("	option aggregate 'count-distinct'\n	option of 'mac'\n	option above '2'\n")
        .replace("	option component 'north'\n	option measurement", "	option measurement");
    let mut sim = Sim::believing(&text);
    let client =
        |n: u32, signal: i32| format!("ping,mac=02:00:00:00:00:{n:02x},if=wlan{} signal={signal}i\n", n % 2);
    for n in [1, 2, 1, 2] {
        let line = client(n, -60);
        sim.lines(&line);
    }
    assert_eq!((sim.says(), sim.engine.series()), ("well", 2));
    sim.second(100);
    let line = client(3, -60) + &client(1, -60);
    sim.lines(&line);
    assert_eq!((sim.says(), sim.engine.series()), ("firing", 3));
    sim.second(300);
    assert_eq!((sim.says(), sim.engine.series()), ("well", 2), "one has left");
    // A day later the key is another, and who was known is not; the rule waits before it speaks.
    sim.second(86_400);
    sim.alive();
    let line = client(1, -60) + &client(2, -60) + &client(3, -60);
    sim.lines(&line);
    assert_eq!((sim.says(), sim.engine.series()), ("no data", 3));
    sim.second(86_400 + 121);
    assert_eq!(sim.says(), "firing");
}

#[test]
fn late_and_repeated_samples_change_nothing() {
    let mut sim = Sim::new(&ruled("	option field 'v'\n	option above '8'\n"));
    let at = |second: i64, v: i64| format!("ping,host=n v={v} {}", NOON / 1000 + second);
    let say = |sim: &mut Sim, second, v| {
        let line = at(second, v);
        sim.lines(&line);
        sim.says()
    };
    assert_eq!(say(&mut sim, 10, 1), "well");
    assert_eq!(say(&mut sim, 0, 9), "well", "it is older");
    assert_eq!(say(&mut sim, 10, 1), "well");
    assert_eq!(sim.engine.rule_counters().late, 1);
    assert_eq!(say(&mut sim, 20, 9), "firing");
    assert_eq!(say(&mut sim, 15, 1), "firing", "neither does it end by one");
    // The sender's clock is put back by four minutes: believed after two minutes of that.
    for n in 0..i64::from(LATE_SAMPLES) - 1 {
        sim.second(60 + n * 10);
        assert_eq!(say(&mut sim, n * 10 - 180, 1), "firing");
    }
    sim.second(180);
    assert_eq!(say(&mut sim, -60, 1), "well");
    // By an hour: what it says is an hour old, and says nothing of now.
    let stale = sim.engine.rule_counters().stale;
    assert_eq!(say(&mut sim, -3400, 9), "well");
    assert_eq!(sim.engine.rule_counters().stale, stale + 1);
    // Without a clock of its own, what comes counts as it comes.
    sim.lines("ping,host=m v=9");
    assert_eq!(sim.says(), "firing");
}

#[test]
fn a_full_store_is_never_well() {
    let mut sim = Sim::new(&ruled("	option field 'v'\n	option above '8'\n"));
    for n in 0..SERIES {
        sim.lines(&format!("ping,host=h{n} v=1"));
    }
    assert_eq!((sim.says(), sim.engine.series()), ("well", SERIES));
    sim.lines("ping,host=other v=1");
    assert_eq!((sim.north(), sim.says()), (State::NoData, "no data"));
    assert_eq!(sim.engine.rule_counters().refused, 1);
    assert_eq!(sim.engine.rule_word(&sim.config, RULE, sim.now), "no room");
    sim.lines("ping,host=h7 v=9");
    assert_eq!(sim.north(), State::Outage);
    sim.second(301);
    // Those that fired may come behind this one.
    sim.lines("ping,host=h7 v=1");
    assert_eq!((sim.says(), sim.engine.series()), ("pending", 1));
    sim.second(422);
    assert_eq!((sim.says(), sim.engine.series()), ("well", 1));
}

/// Who has stolen a token, or counts what there are thousands of, leaves the others theirs.
#[test]
fn no_source_takes_the_room_for_all_series() {
    let rule = |name: &str, source: &str| {
        format!(
            "config rule '{name}'
	option source '{source}'
	option component 'north'
	option measurement 'ping'
	option field 'v'
	option above '8'
"
        )
    };
    let text =
        two() + "config component 'north'\n	option service 'wifi'\n" + &rule("r", "a") + &rule("s", "b");
    let mut sim = Sim::new(&text);
    for n in 0..SERIES + 10 {
        sim.lines(&format!("ping,host=h{n} v=1"));
    }
    let share = SERIES / 8;
    assert_eq!(sim.engine.series(), SERIES - share);
    let refused = sim.engine.rule_counters().refused;
    for n in 0..share {
        sim.lines_of(B, &format!("ping,host=h{n} v=1"));
    }
    assert_eq!((sim.engine.series(), sim.engine.rule_counters().refused), (SERIES, refused));
    assert_eq!(sim.engine.rule_phase(RuleId(1)).word(), "well");
    assert_eq!(sim.says(), "no data", "what finds no room might fire");
}

#[test]
fn a_reload_keeps_what_a_rule_said() {
    let text = ruled("	option field 'v'\n	option above '8'\n");
    let mut sim = Sim::new(&text);
    sim.lines("ping v=9");
    assert_eq!(sim.north(), State::Outage);
    let reload = |sim: &mut Sim, text: &str| {
        let new = load(text);
        let now = sim.clocks();
        sim.engine.reconfigure(&sim.config, &new, now);
        sim.config = new;
    };
    reload(&mut sim, &(text.clone() + "	option text 'x'\n"));
    assert_eq!((sim.north(), sim.says()), (State::Outage, "firing"));
    sim.second(60);
    sim.lines("ping v=1");
    assert_eq!(sim.says(), "firing", "it waits for all series to come again");
    sim.second(121);
    assert_eq!((sim.north(), sim.says()), (State::Operational, "well"));
    reload(&mut sim, &text.replace("'8'", "'7'"));
    assert_eq!((sim.north(), sim.engine.rule_phase(RULE)), (State::NoData, RulePhase::Unheard));
}

/// Another disk, another tag that is counted: what was well is not what is asked for now.
#[test]
fn a_reload_forgets_what_a_rule_said_of_something_else() {
    let counted = "	option of 'if'\n	option aggregate 'count-distinct'\n	option above '8'\n";
    let expected = "	option of 'if'\n	list expect 'a'\n	option absent '60s'\n	option match 'host=n'\n";
    for (options, from, to) in [
        ("	option field 'v'\n	option above '8'\n	option match 'host=n'\n", "host=n", "host=m"),
        ("	option field 'v'\n	option above '8'\n	option match 'host=n'\n", "host=n", "host!=m"),
        (counted, "of 'if'", "of 'mac'"),
        (expected, "host=n", "host=m"),
        (expected, "host=n", "host!=m"),
    ] {
        let text = ruled(options).replace("	option component 'north'\n	option m", "	option m");
        let mut sim = Sim::believing(&text);
        sim.lines("ping,host=n,if=a,mac=x v=1");
        assert_eq!(sim.says(), "well");
        let new = load(&text.replace(from, to));
        let now = sim.clocks();
        sim.engine.reconfigure(&sim.config, &new, now);
        sim.config = new;
        assert_eq!(sim.says(), "no data", "{to}");
        sim.second(50);
        assert_eq!(sim.says(), "no data", "{to}");
    }
}

#[test]
fn a_rule_without_a_component_concerns_nobody() {
    let text = ruled("	option field 'v'\n	option above '8'\n").replace("	option component 'north'\n", "");
    let mut sim = Sim::new(&text);
    sim.lines("ping v=9\nother v=9");
    assert_eq!((sim.says(), sim.north()), ("firing", State::NoData));
    assert_eq!(sim.engine.rule_counters().samples, 1);
}

// ---- what is expected ---------------------------------------------------------------------------

const THREE: &str =
    "	option of 'host'\n	list expect 'a'\n	list expect 'b'\n	list expect 'c'\n	option absent '60s'\n";

fn missing(sim: &Sim) -> Vec<String> {
    sim.engine.missing(&sim.config, RULE, sim.now).map(ToString::to_string).collect()
}

#[test]
fn one_of_several_is_missed_though_the_others_come() {
    let mut sim = Sim::new(&ruled(THREE));
    assert_eq!((sim.north(), sim.says()), (State::NoData, "no data"));
    sim.lines("ping,host=a x=1\nping,host=b x=\"up\"");
    assert_eq!(sim.says(), "no data", "one was not heard yet");
    sim.lines("ping,host=c,if=eth0 x=1\nping,host=d x=1\nping x=1");
    assert_eq!((sim.north(), sim.says()), (State::Operational, "well"));
    assert_eq!((sim.engine.rule_counters().unexpected, sim.engine.series()), (2, 0));
    for second in [30, 59] {
        sim.second(second);
        sim.lines("ping,host=a x=1\nping,host=c x=1");
        assert_eq!(sim.says(), "well");
    }
    sim.second(60);
    assert_eq!(
        (sim.north(), sim.says(), missing(&sim)),
        (State::Outage, "absent", ["b".to_string()].to_vec())
    );
    // A new key, a day later, makes no silence unseen.
    for minute in 2..26 * 60 {
        sim.second(minute * 60 - 30);
        sim.lines("ping,host=a x=1\nping,host=c x=1");
        assert_eq!((sim.says(), missing(&sim).len()), ("absent", 1), "{minute}");
    }
    sim.lines("ping,host=b x=1");
    assert_eq!((sim.north(), sim.says()), (State::Operational, "well"));
}

#[test]
fn what_is_expected_and_does_not_come_after_a_start_is_missed_when_it_had_the_time() {
    let mut sim = Sim::new(&ruled(THREE));
    sim.second(30);
    sim.lines("ping,host=a x=1\nping,host=b x=1");
    sim.second(59);
    assert_eq!((sim.north(), sim.says()), (State::NoData, "no data"));
    sim.second(60);
    assert_eq!(
        (sim.north(), sim.says(), missing(&sim)),
        (State::Outage, "absent", ["c".to_string()].to_vec())
    );
}

#[test]
fn its_numbers_count_besides() {
    let text = ruled(&format!("{THREE}	option field 'v'\n	option above '8'\n"));
    let mut sim = Sim::new(&text);
    let all = |sim: &mut Sim, a: u8| {
        sim.lines(&format!("ping,host=a v={a}\nping,host=b v=1\nping,host=c v=1"));
    };
    all(&mut sim, 1);
    assert_eq!(sim.says(), "well");
    all(&mut sim, 9);
    assert_eq!((sim.north(), sim.says()), (State::Outage, "firing"));
    sim.second(30);
    sim.lines("ping,host=a v=1\nping,host=b v=1");
    assert_eq!(sim.says(), "well");
    sim.second(60);
    assert_eq!((sim.says(), missing(&sim)), ("absent", ["c".to_string()].to_vec()));
    all(&mut sim, 1);
    assert_eq!(sim.says(), "well");
}

#[test]
fn a_reload_keeps_what_came_and_expects_what_is_new() {
    let text = ruled(THREE);
    let mut sim = Sim::new(&text);
    sim.lines("ping,host=a x=1\nping,host=b x=1\nping,host=c x=1");
    sim.second(50);
    sim.lines("ping,host=a x=1\nping,host=b x=1");
    let new = load(&text.replace("	list expect 'a'\n", "	list expect 'd'\n	list expect 'a'\n"));
    let now = sim.clocks();
    sim.engine.reconfigure(&sim.config, &new, now);
    sim.config = new;
    sim.second(51);
    assert_eq!(sim.says(), "no data", "the new one was not heard yet");
    sim.second(60);
    assert_eq!(missing(&sim), ["c"]);
    sim.second(109);
    assert_eq!(missing(&sim), ["c"]);
    sim.second(110);
    assert_eq!(missing(&sim), ["d", "a", "b", "c"]);
}

#[test]
fn a_reload_that_changes_how_bad_a_rule_is_counts_at_once() {
    let text = ruled("\toption field 'loss'\n\toption above '50'\n\toption severity 'critical'\n");
    let mut sim = Sim::believing(&text);
    sim.lines("ping loss=80\n");
    assert_eq!(sim.state(NORTH), State::Outage);
    reload(&mut sim, &text.replace("'critical'", "'warning'"));
    assert_eq!(sim.state(NORTH), State::Degraded);
    reload(&mut sim, &text);
    assert_eq!(sim.state(NORTH), State::Outage);
}
