//! Any records, each whole and with a right checksum, as an earlier run may have left them: they do
//! no harm, every page can be drawn, and a new journal tells what this one told.
#![no_main]

use aiglon::config::{Config, Problems};
use aiglon::engine::{Engine, Input};
use aiglon::incidents::Boot;
use aiglon::limits::{PAGE_BYTES, RECORD_BYTES};
use aiglon::model::{ComponentId, Lang, PageKind, SiteId, SourceSet, View};
use aiglon::render::{page, worst_case};
use aiglon::text::buffer::Bytes;
use aiglon::time::{Mono, Now, Wall};
use libfuzzer_sys::fuzz_target;

const SITE: SiteId = SiteId(0);
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
	list publish 'summary'
config component 'egret'
	option service 'wifi'
	option depends_on 'heron'
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

type Records = Vec<(u8, Vec<u8>)>;

fn start<'a>(config: &Config, records: impl Iterator<Item = (u8, &'a [u8])>, now: Now) -> Box<Engine> {
    let mut engine = Box::new(const { Engine::new() });
    engine.booted(Boot { id: 9, base: 0 });
    engine.begin(config, now);
    for (kind, payload) in records {
        engine.restore(config, now, kind, payload);
    }
    engine.restored(config, now);
    engine
}

/// What is told of it, without what a restart may not know.
fn told(engine: &Engine, config: &Config, now: Now) -> String {
    let view = engine.view(config, now);
    let mut out = String::new();
    for id in (0..2).map(ComponentId) {
        out += &format!("{:?}\n", view.component(id).finding);
    }
    let mut numbers = Vec::new();
    view.incidents(SITE, &mut |incident| {
        numbers.push(incident.number);
        out += &format!("{incident:?}\n");
    });
    for number in numbers {
        view.steps(SITE, number, &mut |step| out += &format!("{step:?}\n"));
    }
    view.maintenance(SITE, &mut |window| out += &format!("{window:?}\n"));
    out + &format!("{:?}\n", view.banner(SITE))
}

fuzz_target!(|data: &[u8]| {
    let mut config = Box::new(const { Config::new() });
    config.load(CONFIG.as_bytes(), &mut Problems::new()).expect("it is right");
    let mut records = Records::new();
    let mut rest = data;
    while let Some((&[kind, low, high], tail)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_le_bytes([low, high])) % (RECORD_BYTES + 1);
        let (payload, tail) = tail.split_at(length.min(tail.len()));
        records.push((kind, payload.to_vec()));
        rest = tail;
    }
    let now = Now::new(Mono(5_000), Some(Wall(1_795_262_400_000)));
    let mut engine = start(&config, records.iter().map(|(kind, payload)| (*kind, &**payload)), now);
    let mut out = Box::new(Bytes::<PAGE_BYTES>::new());
    let bound = worst_case(&config, SITE);
    let mut numbers = vec![0, u32::MAX];
    engine.view(&config, now).incidents(SITE, &mut |incident| numbers.push(incident.number));
    for lang in Lang::ALL {
        let view = engine.view(&config, now);
        page(&mut *out, &config, SITE, lang, &view, PageKind::Now).expect("the page fits");
        assert!(out.len() <= bound);
        page(&mut *out, &config, SITE, lang, &view, PageKind::History).expect("the history fits");
        for &number in &numbers {
            page(&mut *out, &config, SITE, lang, &view, PageKind::Incident(number)).expect("it fits");
        }
    }
    // What no run would write may be read in another way when it is written anew, but only once.
    let again = |engine: &Engine| {
        let mut records = Records::new();
        engine.snapshot(&config, now, SourceSet::EMPTY, &mut |kind, payload| {
            records.push((kind, payload.to_vec()))
        });
        assert!(records.iter().all(|(_, payload)| payload.len() <= RECORD_BYTES));
        start(&config, records.iter().map(|(kind, payload)| (*kind, &**payload)), now)
    };
    let second = again(&engine);
    assert_eq!(told(&second, &config, now), told(&again(&second), &config, now));
    // And time goes on.
    for minute in [1, 10, 1_000] {
        let later = Now::new(now.mono.plus(aiglon::time::Millis::from_mins(minute)), now.wall);
        engine.step(&config, later, Input::Pass);
    }
});
