//! Times, as a page shows them: in the site's zone, in words of its language.

use heapless::String;
use ufmt::uwrite;

use super::words::{Word, digit, month, word};
use crate::model::Lang;
use crate::time::Wall;
use crate::time::civil::Civil;
use crate::time::rfc3339;
use crate::time::tz::Tz;

/// Bytes of a time in words: the longest date of a catalogue and then some (tests see to it).
pub(super) type LocalTime = String<96>;
/// Bytes of `2026-11-21T08:06Z`; years beyond 9999 do not occur.
pub(super) type Utc = String<24>;
/// Bytes of `UTC+13:45`.
pub(super) type Zone = String<16>;

/// Whether a time says its date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateShown {
    /// A time of today does not.
    UnlessToday,
    /// It does: on a page that was kept, a time of "today" would look fresh for ever.
    Always,
}

/// Seconds east of UTC at a point in time.
fn offset(zone: Tz, at: Wall) -> i32 {
    zone.offset_at(at).secs
}

/// A time as the clocks and calendars of a zone have it.
pub(super) fn in_zone(zone: Tz, at: Wall) -> Civil {
    Civil::from_wall(zone.shown(at))
}

/// Two digits.
fn two<const N: usize>(out: &mut String<N>, n: u16) {
    for digit in [n / 10 % 10, n % 10] {
        _ = out.push(char::from_digit(u32::from(digit), 10).unwrap_or('0'));
    }
}

/// `09:06`
fn clock<const N: usize>(out: &mut String<N>, at: Civil) {
    two(out, u16::from(at.hour));
    _ = out.push(':');
    two(out, u16::from(at.minute));
}

/// For `<time datetime>`: UTC, to the minute, in the form of RFC 3339 that HTML takes.
pub(super) fn utc(at: Wall) -> Utc {
    let at = Civil::from_wall(at);
    let mut out = String::new();
    two(&mut out, at.date.year() / 100);
    two(&mut out, at.date.year() % 100);
    for part in [at.date.month(), at.date.day()] {
        _ = out.push('-');
        two(&mut out, u16::from(part));
    }
    _ = out.push('T');
    clock(&mut out, at);
    _ = out.push('Z');
    out
}

/// For programs: UTC, to the minute, as pages have it, in the form of RFC 3339.
pub(super) fn stamp(at: Wall) -> Utc {
    rfc3339::utc(Wall(at.0.saturating_sub(at.0.rem_euclid(60_000))))
}

/// For `<time datetime>`, a day of a zone: HTML takes it without a time.
pub(super) fn date(zone: Tz, at: Wall) -> Utc {
    let mut out = utc(zone.shown(at));
    out.truncate("2026-11-21".len());
    out
}

/// For people: `09:06`, or with day and month, and with the year when that is not this one.
pub(super) fn local(lang: Lang, zone: Tz, at: Wall, now: Wall, date: DateShown) -> LocalTime {
    let (at, now) = (in_zone(zone, at), in_zone(zone, now));
    let mut out = String::new();
    if date == DateShown::UnlessToday && at.date == now.date {
        clock(&mut out, at);
        return numbered(lang, out);
    }
    let this_year = at.date.year() == now.date.year();
    fill(&mut out, lang, if this_year { Word::WhenDate } else { Word::WhenDated }, at);
    numbered(lang, out)
}

/// For people: a day, with its year when that is not this one.
pub(super) fn day(lang: Lang, zone: Tz, at: Wall, now: Wall) -> LocalTime {
    let (at, now) = (in_zone(zone, at), in_zone(zone, now));
    let mut out = String::new();
    let this_year = at.date.year() == now.date.year();
    fill(&mut out, lang, if this_year { Word::WhenDay } else { Word::WhenDayed }, at);
    numbered(lang, out)
}

/// A time in words, with the digits of its language.
fn numbered(lang: Lang, text: LocalTime) -> LocalTime {
    if lang.zero() == '0' {
        return text;
    }
    let mut out = LocalTime::new();
    for c in text.chars() {
        _ = out.push(digit(lang, c));
    }
    out
}

/// Writes `at` in the pattern of a catalogue.
fn fill(out: &mut LocalTime, lang: Lang, pattern: Word, at: Civil) {
    for part in word(lang, pattern).split('{') {
        let (place, after) = part.split_once('}').unwrap_or(("", part));
        match place {
            "time" => clock(out, at),
            "day" if at.date.day() == 1 => _ = out.push_str(word(lang, Word::WhenFirst)),
            "day" => _ = uwrite!(out, "{}", at.date.day()),
            "month" => _ = out.push_str(month(lang, at.date.month())),
            "year" => _ = uwrite!(out, "{}", at.date.year()),
            _ => {}
        }
        _ = out.push_str(after);
    }
}

/// The zone's distance from UTC: `UTC`, `UTC+1`, `UTC-3:30`.
pub(super) fn zone(zone: Tz, at: Wall) -> Zone {
    east(offset(zone, at))
}

fn east(secs: i32) -> Zone {
    let minutes = secs / 60;
    let mut out = String::new();
    _ = out.push_str("UTC");
    if minutes != 0 {
        _ = uwrite!(out, "{}{}", if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs() / 60);
        if minutes % 60 != 0 {
            _ = out.push(':');
            two(&mut out, u16::try_from(minutes.unsigned_abs() % 60).unwrap_or(0));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Site;

    const MS: i64 = 1000;
    const DAY: i64 = 86_400;

    #[test]
    fn utc_is_what_html_takes() {
        for (secs, expected) in [
            (0, "1970-01-01T00:00Z"),
            (951_782_399, "2000-02-28T23:59Z"),
            (951_782_400, "2000-02-29T00:00Z"),
            (1_795_251_966, "2026-11-21T09:06Z"),
            (4_107_542_400, "2100-03-01T00:00Z"),
            (-1, "1969-12-31T23:59Z"),
            (253_402_300_799, "9999-12-31T23:59Z"),
        ] {
            assert_eq!(utc(Wall(secs * MS)).as_str(), expected);
        }
        // Nothing is known of such times; they must only not break anything.
        for wall in [i64::MIN, i64::MAX] {
            assert!(utc(Wall(wall)).len() <= 17);
        }
    }

    #[test]
    fn a_time_says_what_the_reader_needs() {
        let now = Wall(1_795_251_966 * MS); // 2026-11-21T09:06:06Z
        let check = |lang, secs_ago: i64, date, expected: &str| {
            let at = Wall(now.0.saturating_sub(secs_ago * MS));
            assert_eq!(local(lang, Site::default().timezone, at, now, date).as_str(), expected);
        };
        check(Lang::En, 60, DateShown::UnlessToday, "09:05");
        check(Lang::En, 60, DateShown::Always, "21 November, 09:05");
        check(Lang::En, 33_000, DateShown::UnlessToday, "20 November, 23:56");
        check(Lang::Fr, 20 * DAY, DateShown::UnlessToday, "le 1er novembre, 09:06");
        check(Lang::Fr, 365 * DAY, DateShown::UnlessToday, "le 21 novembre 2025, 09:06");
        check(Lang::Ar, DAY, DateShown::UnlessToday, "20 نوفمبر، 09:06");
        check(Lang::Nl, DAY, DateShown::UnlessToday, "20 november om 09:06");
        // Languages that are not in every build.
        for (tag, expected) in [
            ("es", "el 20 de noviembre de 2025, 09:06"),
            ("pt", "20 de novembro de 2025, 09:06"),
            ("de", "20. November 2025, 09:06"),
            ("tr", "20 Kasım 2025, 09:06"),
            ("fa", "۲۰ نوامبر ۲۰۲۵، ۰۹:۰۶"),
        ] {
            if let Some(lang) = Lang::from_tag(tag) {
                check(lang, 366 * DAY, DateShown::UnlessToday, expected);
            }
        }
    }

    #[test]
    fn a_zone_is_told_by_its_distance() {
        for (secs, expected) in
            [(0, "UTC"), (3600, "UTC+1"), (-12_600, "UTC-3:30"), (45_900, "UTC+12:45"), (-1800, "UTC-0:30")]
        {
            assert_eq!(east(secs).as_str(), expected);
        }
    }

    #[test]
    fn every_date_of_every_language_fits() {
        for lang in Lang::ALL {
            for month in 0..12 {
                let at = Wall((month * 31 + 14) * DAY * MS);
                let text =
                    local(lang, Site::default().timezone, at, Wall(1_795_251_966 * MS), DateShown::Always);
                let own =
                    |ascii: &str| ascii.chars().map(|c| digit(lang, c)).collect::<std::string::String>();
                assert!(text.ends_with(&*own("00:00")) && text.contains(&*own("197")), "{text}");
            }
        }
    }
}
