//! What differs from machine to machine must not: byte order, the width of `usize`, and the seconds since 1970, which no
//! longer fit 32 bits after January 2038. True on the machine that builds, too; cross/test.sh runs it on others, and the
//! rest of the core's tests with it.
#![allow(clippy::unwrap_used, missing_docs)]

use aiglon::http::body::{Body, BodyError};
use aiglon::http::head::{Framing, Request};
use aiglon::journal::frame::{Scanner, Step};
use aiglon::time::rfc3339::{self, Stamp};
use aiglon::time::tz::Tz;
use aiglon::time::{Mono, Now, Wall};

/// 2038-01-19T03:14:07Z, the last second that 32 bits hold.
const LAST_MS: i64 = 0x7fff_ffff * 1000;

#[test]
fn endianness_a_journal_is_little_endian_on_every_machine() {
    // The golden one: magic, version 1, then the generation and the length of the first record, low byte first.
    let bytes: &[u8] = include_bytes!("golden/journal-v1.bin");
    let mut scanner = Scanner::new();
    let mut rest = bytes;
    let mut records = 0;
    while let Step::Record(_) = scanner.next(&mut rest) {
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
fn usize_32_bits_a_length_beyond_them_is_too_large_and_not_its_remainder() {
    let head = b"POST /api/v2/alerts HTTP/1.1\r\nHost: a\r\nContent-Length: 4294967298\r\n\r\n";
    let request = Request::parse(head).unwrap();
    assert_eq!(request.body, Framing::Length(4_294_967_298));
    assert_eq!(Body::of(request.body, 1 << 20).unwrap_err(), BodyError::TooLarge);
    // One chunk of 2^32 + 2 bytes.
    let mut body = Body::of(Framing::Chunked, 1 << 20).unwrap();
    assert_eq!(body.decode(b"100000002\r\n[]\r\n0\r\n\r\n").unwrap_err(), BodyError::TooLarge);
}

#[test]
fn usize_32_bits_a_body_of_more_than_they_count_is_taken_bytewise() {
    let mut body = Body::of(Framing::Length(u64::from(u32::MAX) + 3), u64::MAX).unwrap();
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
    let now = Now { mono: Mono(7_200_000), wall: Some(Wall(LAST_MS + 1_800_000)) };
    assert_eq!(now.wall_of(Mono(3_600_000)), Some(Wall(LAST_MS - 1_800_000)));
    assert_eq!(now.mono_of(Wall(LAST_MS - 1_800_000)), Some(Mono(3_600_000)));
}
