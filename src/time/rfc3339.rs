//! Time as text: RFC 3339 in and out, and the IMF-fixdate of HTTP (RFC 9110, section 5.6.7) out.
//!
//! The writers give a short string by value, not onto a writer, so that there is one copy of them.

use heapless::String;
use heapless::string::StringView;

use super::Wall;
use super::civil::{Civil, DAY_MS, Date};

/// What a sender wrote where a time belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stamp {
    /// Go's zero time, `0001-01-01T00:00:00Z`: Alertmanager and Grafana write it for a time that is
    /// not set.
    #[default]
    Unset,
    /// A time.
    At(Wall),
}

impl Stamp {
    /// The time, if one is set.
    pub const fn wall(self) -> Option<Wall> {
        match self {
            Self::Unset => None,
            Self::At(at) => Some(at),
        }
    }
}

/// Go's zero time.
const ZERO: Wall = Wall(-62_135_596_800_000);

/// Reads RFC 3339's `date-time`; `None` if it is not one.
///
/// `t` and a space stand for `T`, and `z` for `Z` (section 5.6 allows all three). Any number of
/// fraction digits is read and milliseconds are kept, the rest cut off: Go writes nine. `-00:00` is
/// UTC (section 4.3). A leap second (`:60`, only at the end of a day in UTC) becomes the start of
/// the next second, without its fraction: it sorts after every `:59.999` and not after the `:00`
/// that follows, as in POSIX time.
pub fn parse(text: &str) -> Option<Stamp> {
    let text = text.as_bytes();
    let (head, mut rest) = text.split_at_checked(19)?;
    let &[_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b't' | b' ', _, _, b':', _, _, b':', _, _] = head else {
        return None;
    };
    let date = Date::new(digits(head, 0, 4)?, small(head, 5, 12)?, small(head, 8, 31)?)?;
    let (hour, minute) = (small(head, 11, 23)?, small(head, 14, 59)?);
    let second = small(head, 17, 60)?;

    let mut milli = 0u16;
    if let Some((b'.', fraction)) = rest.split_first() {
        let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return None;
        }
        for place in 0..3 {
            let digit = fraction.get(place).filter(|byte| byte.is_ascii_digit()).map_or(0, |byte| byte & 15);
            milli = milli.wrapping_mul(10).wrapping_add(u16::from(digit));
        }
        rest = fraction.get(count..)?;
    }

    let east_minutes = offset(rest)?;
    let leap = second == 60;
    if leap {
        milli = 0;
    }
    let local = Civil { date, hour, minute, second, milli }.to_wall().0;
    let utc = local.wrapping_sub(i64::from(east_minutes).wrapping_mul(60_000));
    if leap && utc.rem_euclid(DAY_MS) != 0 {
        return None;
    }
    Some(if utc == ZERO.0 { Stamp::Unset } else { Stamp::At(Wall(utc)) })
}

/// `time-offset`: `Z`, or a sign, hours and minutes; in minutes east of UTC.
fn offset(text: &[u8]) -> Option<i32> {
    match text {
        b"Z" | b"z" => Some(0),
        &[sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let east =
                i32::from(small(text, 1, 23)?).wrapping_mul(60).wrapping_add(small(text, 4, 59)?.into());
            Some(if sign == b'-' { east.wrapping_neg() } else { east })
        }
        _ => None,
    }
}

/// The number that `count` digits at `from` make.
fn digits(text: &[u8], from: usize, count: usize) -> Option<u16> {
    text.get(from..from.saturating_add(count))?.iter().try_fold(0u16, |number, byte| {
        byte.is_ascii_digit().then(|| number.wrapping_mul(10).wrapping_add(u16::from(byte & 15)))
    })
}

/// Two digits at `from`, if they make at most `max`.
fn small(text: &[u8], from: usize, max: u8) -> Option<u8> {
    u8::try_from(digits(text, from, 2)?).ok().filter(|&number| number <= max)
}

/// `2026-11-21T09:06:00Z`, or `2026-11-21T09:06:00.250Z` where there are milliseconds. A time
/// beyond the years 0 to 9999 is written as the nearest one within.
pub fn utc(at: Wall) -> String<24> {
    let civil = Civil::from_wall(at);
    let mut out = String::new();
    put(&mut out, civil.date.year(), 4, "-");
    put(&mut out, civil.date.month().into(), 2, "-");
    put(&mut out, civil.date.day().into(), 2, "T");
    put_time(&mut out, civil);
    if civil.milli != 0 {
        put_text(&mut out, ".");
        put(&mut out, civil.milli, 3, "");
    }
    put_text(&mut out, "Z");
    out
}

/// RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`, always 29 bytes.
pub fn imf_fixdate(at: Wall) -> String<29> {
    const DAYS: &str = "Sun, Mon, Tue, Wed, Thu, Fri, Sat, ";
    const MONTHS: &str = " Jan  Feb  Mar  Apr  May  Jun  Jul  Aug  Sep  Oct  Nov  Dec ";
    let civil = Civil::from_wall(at);
    let mut out = String::new();
    put_text(&mut out, five(DAYS, civil.date.weekday()));
    put(&mut out, civil.date.day().into(), 2, five(MONTHS, civil.date.month().wrapping_sub(1)));
    put(&mut out, civil.date.year(), 4, " ");
    put_time(&mut out, civil);
    put_text(&mut out, " GMT");
    out
}

/// The `index`th five bytes of a table of names.
fn five(table: &'static str, index: u8) -> &'static str {
    let from = usize::from(index).saturating_mul(5);
    table.get(from..from.saturating_add(5)).unwrap_or("")
}

fn put_time(out: &mut StringView, civil: Civil) {
    put(out, civil.hour.into(), 2, ":");
    put(out, civil.minute.into(), 2, ":");
    put(out, civil.second.into(), 2, "");
}

/// The last `width` decimal digits of a number, then some text.
fn put(out: &mut StringView, number: u16, width: usize, after: &str) {
    const PLACES: [u16; 4] = [1000, 100, 10, 1];
    for place in PLACES.iter().skip(PLACES.len().saturating_sub(width)) {
        let digit = number.checked_div(*place).unwrap_or(0) % 10;
        put_text(out, "0123456789".get(usize::from(digit)..).and_then(|from| from.get(..1)).unwrap_or(""));
    }
    put_text(out, after);
}

/// The two writers know how long they are, so what they write always fits.
fn put_text(out: &mut StringView, text: &str) {
    let fits = out.push_str(text);
    debug_assert!(fits.is_ok(), "a time longer than its form");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<i64> {
        match parse(text) {
            Some(Stamp::At(wall)) => Some(wall.0),
            Some(Stamp::Unset) => panic!("{text} is unset"),
            None => None,
        }
    }

    #[test]
    fn every_form() {
        const NOW: i64 = 1_795_252_011_000; // date -ud 2026-11-21T09:06:51Z +%s
        for (text, expected) in [
            ("2026-11-21T09:06:51Z", NOW),
            ("2026-11-21t09:06:51z", NOW),
            ("2026-11-21 09:06:51Z", NOW),
            ("2026-11-21T09:06:51+00:00", NOW),
            ("2026-11-21T09:06:51-00:00", NOW),
            ("2026-11-21T10:06:51+01:00", NOW),
            ("2026-11-21T14:51:51+05:45", NOW),
            ("2026-11-20T23:06:51-10:00", NOW),
            ("2026-11-22T09:05:51+23:59", NOW),
            ("2026-11-20T09:07:51-23:59", NOW),
            ("2026-11-21T09:06:51.9Z", NOW + 900),
            ("2026-11-21T09:06:51.96Z", NOW + 960),
            ("2026-11-21T09:06:51.964Z", NOW + 964),
            ("2026-11-21T09:06:51.9649Z", NOW + 964),
            ("2026-11-21T09:06:51.964939396Z", NOW + 964),
            ("2026-11-21T09:06:51.000999999Z", NOW),
            ("2026-11-21T09:06:51.01+00:00", NOW + 10),
            ("2026-11-21T09:06:51.00000000000000000000000001Z", NOW),
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("0001-01-01T00:00:01Z", ZERO.0 + 1000),
            ("0001-01-01T00:00:00+01:00", ZERO.0 - 3_600_000),
        ] {
            assert_eq!(at(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn beyond_2038_and_to_the_end_of_9999() {
        for (text, expected) in [
            ("2038-01-19T03:14:07Z", i64::from(i32::MAX) * 1000),
            ("2038-01-19T03:14:08Z", (i64::from(i32::MAX) + 1) * 1000),
            ("2106-02-07T06:28:16Z", (i64::from(u32::MAX) + 1) * 1000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
            ("9999-12-31T23:59:59-23:59", 253_402_300_799_000 + (23 * 60 + 59) * 60_000),
        ] {
            assert_eq!(at(text), Some(expected), "{text}");
        }
        assert_eq!(utc(Wall((i64::from(i32::MAX) + 1) * 1000)).as_str(), "2038-01-19T03:14:08Z");
        assert_eq!(
            imf_fixdate(Wall((i64::from(i32::MAX) + 1) * 1000)).as_str(),
            "Tue, 19 Jan 2038 03:14:08 GMT"
        );
        assert_eq!(utc(Wall(i64::MAX)).as_str(), "9999-12-31T23:59:59.999Z");
        assert_eq!(imf_fixdate(Wall(i64::MAX)).as_str(), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(utc(Wall(i64::MIN)).as_str(), "0000-01-01T00:00:00Z");
    }

    #[test]
    fn leap_seconds_are_the_start_of_the_next() {
        const NEW_YEAR_2017: i64 = 1_483_228_800_000;
        for text in [
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.5Z",
            "2016-12-31T15:59:60-08:00",
            "2017-01-01T05:29:60+05:30",
        ] {
            assert_eq!(at(text), Some(NEW_YEAR_2017), "{text}");
        }
        for text in [
            "2016-12-31T23:58:60Z",
            "2016-12-31T12:59:60Z",
            "2016-12-31T23:59:60+01:00",
            "2016-12-31T23:59:61Z",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn zero_is_unset() {
        for text in [
            "0001-01-01T00:00:00Z",
            "0001-01-01T00:00:00.000000000Z",
            "0001-01-01T00:00:00+00:00",
            "0001-01-01T01:00:00+01:00",
        ] {
            assert_eq!(parse(text), Some(Stamp::Unset), "{text}");
        }
        assert_eq!(Stamp::Unset.wall(), None);
        assert_eq!(Stamp::At(Wall(0)).wall(), Some(Wall(0)));
    }

    #[test]
    fn malformed() {
        for text in [
            "",
            "Z",
            "now",
            "2026-11-21",
            "2026-11-21T09:06Z",
            "2026-11-21T09:06:51",
            "2026-11-21T09:06:51.Z",
            "2026-11-21T09:06:51,5Z",
            "2026-11-21T09:06:51.5",
            "2026-11-21T09:06:51+01",
            "2026-11-21T09:06:51+0100",
            "2026-11-21T09:06:51+24:00",
            "2026-11-21T09:06:51+01:60",
            "2026-11-21T09:06:51ZZ",
            "2026-11-21T09:06:51Z ",
            " 2026-11-21T09:06:51Z",
            "2026-11-21_09:06:51Z",
            "2026/11/21T09:06:51Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T09:60:00Z",
            "2026-00-21T09:06:51Z",
            "2026-13-21T09:06:51Z",
            "2026-11-00T09:06:51Z",
            "2026-11-31T09:06:51Z",
            "2026-02-29T09:06:51Z",
            "2100-02-29T09:06:51Z",
            "+026-11-21T09:06:51Z",
            "20261-11-21T09:06:51Z",
            "2026-11-2\u{661}T09:06:51Z",
            "2026-11-21T09:06:51\u{2212}01:00",
            "1795252011",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn written() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (1_795_252_011_000, "2026-11-21T09:06:51Z"),
            (1_795_252_011_250, "2026-11-21T09:06:51.250Z"),
            (1_795_252_011_007, "2026-11-21T09:06:51.007Z"),
            (ZERO.0, "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(utc(Wall(ms)).as_str(), expected);
        }
        for (ms, expected) in [
            (784_111_777_000, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_777_999, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400_000, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_798_675_200_000, "Thu, 31 Dec 2026 00:00:00 GMT"),
        ] {
            assert_eq!(imf_fixdate(Wall(ms)).as_str(), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn written_is_read(ms in ZERO.0 + 1..253_402_300_800_000i64) {
            proptest::prop_assert_eq!(parse(&utc(Wall(ms))), Some(Stamp::At(Wall(ms))));
        }

        #[test]
        fn any_text_is_survived(text in "[0-9]{0,4}-?[0-9]{1,2}-[0-9]{2}[Tt ]?[0-9:]{0,8}\\.?[0-9]{0,12}[Zz+-]?.{0,6}") {
            if let Some(stamp) = parse(&text) {
                // What is read is a time that can be written.
                let wall = stamp.wall().unwrap_or(ZERO);
                proptest::prop_assert!(utc(wall).len() >= 20);
            }
        }
    }
}
