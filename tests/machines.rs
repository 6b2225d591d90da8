//! What differs from machine to machine must not: byte order, the width of `usize`, and the seconds
//! since 1970, which no longer fit 32 bits after January 2038. True on the machine that builds,
//! too; cross/test.sh runs it on others, and the rest of the core's tests with it.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::Write;

use aiglon::config::{Config, Problems};
use aiglon::engine::Engine;
use aiglon::http::body::{BodyDecoder, BodyError};
use aiglon::http::head::{Framing, Request};
use aiglon::incidents::{Action, OWNER};
use aiglon::ingest::line::{LineEvent as Line, Lines, Precision};
use aiglon::ingest::sample::{HashKey, Interest};
use aiglon::ingest::{Dialect, Event, Reader};
use aiglon::journal::frame::{FrameScanner, Scanned};
use aiglon::model::{ServiceId, SiteId, SourceId, State, View, Words};
use aiglon::time::rfc3339::{self, Stamp};
use aiglon::time::tz::Tz;
use aiglon::time::{Mono, Now, Wall};

/// 2038-01-19T03:14:07Z, the last second that 32 bits hold.
const LAST_MS: i64 = 0x7fff_ffff * 1000;
/// 2040-02-29T12:00:00Z.
const LEAP_DAY_MS: i64 = 2_214_129_600_000;

const CONFIG: &str = "
config listen
	option address '127.0.0.1:8080'
	list serve 'page'
config site 'home'
config source 'a'
	option site 'home'
	list token 'sha256:0000000000000000000000000000000000000000000000000000000000000001'
config service 'wifi'
	option site 'home'
config component 'heron'
	option service 'wifi'
";

/// A configuration, and an engine that has begun.
fn board(now: Now) -> (Box<Config>, Box<Engine>) {
    let mut config = Box::new(const { Config::new() });
    config.load(CONFIG.as_bytes(), &mut Problems::new()).unwrap();
    let mut engine = Box::new(const { Engine::new() });
    engine.begin(&config, now);
    (config, engine)
}

/// A person opens an incident: what is written down of it.
fn records_of_an_incident(now: Now) -> Vec<(u8, Vec<u8>)> {
    let (config, mut engine) = board(now);
    engine.restored(&config, now);
    let action = Action::Open {
        service: ServiceId(0),
        component: None,
        state: State::Outage,
        title: "Mast",
        words: Words::Own { lang: "en", text: "Struck." },
        next: None,
    };
    engine.act(&config, now, SiteId(0), OWNER, action).unwrap();
    let mut records = Vec::new();
    while let Some((kind, payload)) = engine.incidents().unwritten() {
        records.push((kind, payload.to_vec()));
        engine.wrote_one();
    }
    records
}

#[test]
fn endianness_a_journal_is_little_endian_on_every_machine() {
    // The golden one: magic, version 1, then the generation and the length of the first record, low
    // byte first.
    let bytes: &[u8] = include_bytes!("golden/journal-v1.bin");
    let mut scanner = FrameScanner::new();
    let mut rest = bytes;
    let mut records = 0;
    while let Scanned::Record(_) = scanner.next(&mut rest) {
        records += 1;
    }
    assert_eq!((records, scanner.good() as usize), (258, bytes.len()));
    let generation = u32::from(bytes[8])
        | u32::from(bytes[9]) << 8
        | u32::from(bytes[10]) << 16
        | u32::from(bytes[11]) << 24;
    assert_eq!(scanner.generation(), Some(generation));
}

#[test]
fn endianness_a_record_is_the_same_bytes_on_every_machine() {
    let now = Now::new(Mono(60_000), Some(Wall(LEAP_DAY_MS)));
    let records = records_of_an_incident(now);
    let hex = |kind: &u8, payload: &[u8]| {
        payload.iter().fold(format!("{kind} "), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        })
    };
    let records: Vec<_> = records.iter().map(|(kind, payload)| hex(kind, payload)).collect();
    // Their third to tenth bytes, say: the time, in milliseconds, low byte first. A change here is
    // another format.
    let opened = "4 00020086688403020000010000004d6a7b1c01000000010001020000000000894501db004d617374";
    let said = "4 00020086688403020000010000004d6a7b1c01000000020006ff01000000000000000002656e53747275636b2e";
    assert_eq!(records, [opened, said]);
}

#[test]
fn endianness_a_keyed_hash_is_the_same_number_on_every_machine() {
    // SipHash-2-4 of "ab", 0xff, "c", 0xff, by its reference implementation.
    assert_eq!(HashKey([1, 2]).hash([b"ab", b"c"]), 0xa631_d795_c467_4638);
}

#[test]
fn usize_32_bits_a_length_beyond_them_is_too_large_and_not_its_remainder() {
    let head = b"POST /api/v2/alerts HTTP/1.1\r\nHost: a\r\nContent-Length: 4294967298\r\n\r\n";
    let request = Request::parse(head).unwrap();
    assert_eq!(request.body, Framing::Length(4_294_967_298));
    assert_eq!(BodyDecoder::of(request.body, 1 << 20).unwrap_err(), BodyError::TooLarge);
    // One chunk of 2^32 + 2 bytes.
    let mut body = BodyDecoder::of(Framing::Chunked, 1 << 20).unwrap();
    assert_eq!(body.decode(b"100000002\r\n[]\r\n0\r\n\r\n").unwrap_err(), BodyError::TooLarge);
}

#[test]
fn usize_32_bits_a_body_of_more_than_they_count_is_taken_bytewise() {
    let mut body = BodyDecoder::of(Framing::Length(u64::from(u32::MAX) + 3), u64::MAX).unwrap();
    let piece = [b' '; 1024];
    let step = body.decode(&piece).unwrap();
    assert_eq!((step.consumed, step.payload.len(), body.is_done()), (1024, 1024, false));
}

#[test]
fn after_2038_times_are_read_and_written() {
    let cases = [
        ("2038-01-19T03:14:07Z", LAST_MS),
        ("2038-01-19T03:14:08Z", LAST_MS + 1000),
        ("2040-02-29T12:00:00Z", 2_214_129_600_000),
        // Beyond 32 bits without a sign, too.
        ("2106-02-07T06:28:16Z", 4_294_967_296_000),
        ("2140-12-31T23:59:59Z", 5_396_284_799_000),
    ];
    for (text, at) in cases {
        assert_eq!(rfc3339::parse(text), Some(Stamp::At(Wall(at))), "{text}");
        assert_eq!(rfc3339::utc(Wall(at)), text);
    }
    assert_eq!(rfc3339::imf_fixdate(Wall(LAST_MS + 1000)), "Tue, 19 Jan 2038 03:14:08 GMT");
}

#[test]
fn after_2038_zones_and_clocks_go_on() {
    let tz = Tz::parse("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let offset = |text| {
        let at = rfc3339::parse(text).and_then(Stamp::wall).unwrap();
        tz.abbreviation(tz.offset_at(at)).to_owned()
    };
    assert_eq!(offset("2040-01-15T12:00:00Z"), "CET");
    assert_eq!(offset("2040-07-15T12:00:00Z"), "CEST");
    // An hour ago, with the start of the machine before the turn and now behind it.
    let now = Now::new(Mono(7_200_000), Some(Wall(LAST_MS + 1_800_000)));
    assert_eq!(now.wall_of(Mono(3_600_000)), Some(Wall(LAST_MS - 1_800_000)));
    assert_eq!(now.mono_of(Wall(LAST_MS - 1_800_000)), Some(Mono(3_600_000)));
}

#[test]
fn after_2038_an_alert_says_when_it_began() {
    let mut reader = Box::new(Reader::new());
    reader.start(Dialect::Webhook);
    let mut seen = 0;
    let body = br#"{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"Down"},"startsAt":"2040-02-29T12:00:00Z",
        "endsAt":"2140-12-31T23:59:59Z"}]}"#;
    let mut each = |event: Event<'_>| {
        let Event::Alert(alert) = event else { panic!("{event:?}") };
        assert_eq!(alert.starts_at(), Some(Wall(LEAP_DAY_MS)));
        assert_eq!(alert.ends_at(), Some(Wall(5_396_284_799_000)));
        seen += 1;
    };
    reader.feed(body, &mut each).unwrap();
    assert_eq!(seen, 1);
}

/// Asks for everything.
struct All;

impl Interest for All {
    fn anything(&self) -> u32 {
        1
    }
    fn measurement(&self, _: &str) -> u32 {
        1
    }
    fn tag(&self, _: u32, _: &str) -> bool {
        true
    }
    fn field(&self, _: u32, _: &str) -> bool {
        true
    }
}

#[test]
fn after_2038_a_sample_says_when_it_was_measured() {
    let mut lines = Box::new(Lines::new());
    for (precision, stamp) in [
        (Precision::Nanos, "2214129600000000000"),
        (Precision::Micros, "2214129600000000"),
        (Precision::Millis, "2214129600000"),
        (Precision::Secs, "2214129600"),
        (Precision::Mins, "36902160"),
        (Precision::Hours, "615036"),
    ] {
        let mut times = Vec::new();
        let mut each = |event: Line<'_>| {
            let Line::Sample(sample) = event else { panic!("{event:?}") };
            times.push(sample.time());
        };
        lines.start(precision, HashKey::default());
        lines.feed(format!("ping,host=heron ttl=64i {stamp}\n").as_bytes(), &All, &mut each);
        lines.finish(&All, &mut each);
        assert_eq!(times, [Some(LEAP_DAY_MS / 1000)], "{precision:?}");
    }
}

#[test]
fn after_2038_an_incident_is_read_back_with_its_time() {
    let now = Now::new(Mono(60_000), Some(Wall(LEAP_DAY_MS)));
    let records = records_of_an_incident(now);
    // A year later, after a restart.
    let later = Now::new(Mono(1000), Some(Wall(LEAP_DAY_MS + 366 * 86_400_000)));
    let (config, mut engine) = board(later);
    for (kind, payload) in &records {
        assert!(engine.restore(&config, later, *kind, payload));
    }
    engine.restored(&config, later);
    engine.alive(&config, later, SourceId(0));
    let mut began = Vec::new();
    engine.view(&config, later).incidents(SiteId(0), &mut |incident| {
        began.push((incident.number, incident.open, incident.began));
    });
    assert_eq!(began, [(1, true, Some(Wall(LEAP_DAY_MS)))]);
}
