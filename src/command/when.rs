//! Times as people type them: `now`, `+2h`, `18:30`, `tomorrow 18:30`, `monday 9:00`, `2026-11-21
//! 18:30`, RFC 3339.

use crate::config::duration;
use crate::text::number::natural;
use crate::time::civil::{Civil, DAY_MS, Date};
use crate::time::rfc3339;
use crate::time::tz::Tz;
use crate::time::{Millis, Wall};

/// A time that somebody typed. What it means depends on when, and where, it is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TypedTime {
    /// Now.
    #[default]
    Now,
    /// So long after the other time: after now, or after the beginning where an end is told.
    After(Millis),
    /// The next time that clocks show it, after the other time.
    Next {
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// So many days from today.
    Ahead {
        /// 0: today.
        days: u8,
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// The next such day of the week on which that is after the other time.
    Weekday {
        /// 0: Sunday.
        day: u8,
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// When clocks show it.
    Local(Civil),
    /// Whatever clocks show.
    At(Wall),
}

/// In the order of [`Date::weekday`].
const WEEKDAYS: &str = "sunday monday tuesday wednesday thursday friday saturday";

impl TypedTime {
    /// Reads how long something lasts, as in `2h`; `None` if it is something else.
    pub fn span(text: &str) -> Option<Self> {
        duration(text).ok().filter(|span| span.0 > 0).map(Self::After)
    }

    /// Reads a time; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("now") {
            return Some(Self::Now);
        }
        if let Some(span) = text.strip_prefix('+') {
            return duration(span).ok().map(Self::After);
        }
        if let Some(stamp) = rfc3339::parse(text) {
            return stamp.wall().map(Self::At);
        }
        let (day, time) = text.rsplit_once([' ', 'T']).unwrap_or(("", text));
        let (hour, minute) = clock(time)?;
        if day.is_empty() {
            return Some(Self::Next { hour, minute });
        }
        for (word, days) in [("today", 0), ("tomorrow", 1)] {
            if day.eq_ignore_ascii_case(word) {
                return Some(Self::Ahead { days, hour, minute });
            }
        }
        let weekday = WEEKDAYS.split(' ').position(|known| day.len() >= 3 && super::begins(known, day));
        if let Some(day) = weekday.and_then(|day| u8::try_from(day).ok()) {
            return Some(Self::Weekday { day, hour, minute });
        }
        let mut parts = day.split('-');
        let mut part = |digits: usize| parts.next().filter(|part| part.len() == digits).and_then(number);
        let date = Date::new(part(4)?, u8::try_from(part(2)?).ok()?, u8::try_from(part(2)?).ok()?)?;
        parts.next().is_none().then_some(Self::Local(Civil { date, hour, minute, second: 0, milli: 0 }))
    }

    /// The point in time. `after` is the other time that a span or a time of day counts from: `now`
    /// for a beginning, the beginning for an end.
    pub fn wall(self, zone: &Tz, now: Wall, after: Wall) -> Wall {
        let on = |day: Wall, days: i64, hour: u8, minute: u8| {
            let east = i64::from(zone.offset_at(day).secs).wrapping_mul(1000);
            let date =
                Civil::from_wall(Wall(day.0.wrapping_add(east).wrapping_add(days.wrapping_mul(DAY_MS)))).date;
            zone.to_wall(Civil { date, hour, minute, second: 0, milli: 0 })
        };
        match self {
            Self::Now => now,
            Self::After(span) => Wall(after.0.saturating_add(i64::from(span.0))),
            Self::Next { hour, minute } => {
                let same_day = on(after, 0, hour, minute);
                if same_day > after { same_day } else { on(after, 1, hour, minute) }
            }
            Self::Weekday { day, hour, minute } => {
                let today = Civil::from_wall(zone.shown(after)).date.weekday();
                let days = i64::from(day.wrapping_add(7).wrapping_sub(today) % 7);
                let next = on(after, days, hour, minute);
                if next > after { next } else { on(after, days.wrapping_add(7), hour, minute) }
            }
            Self::Ahead { days, hour, minute } => on(now, i64::from(days), hour, minute),
            Self::Local(local) => zone.to_wall(local),
            Self::At(at) => at,
        }
    }
}

/// `18:30`, `18h30` or `7h`.
fn clock(text: &str) -> Option<(u8, u8)> {
    let (hour, minute) = text.split_once([':', 'h'])?;
    let minute = if minute.is_empty() && text.ends_with('h') {
        0
    } else {
        number(minute).filter(|&n| n < 60 && minute.len() == 2)?
    };
    let hour = number(hour).filter(|&n| n < 24 && hour.len() <= 2)?;
    Some((u8::try_from(hour).ok()?, u8::try_from(minute).ok()?))
}

fn number(digits: &str) -> Option<u16> {
    natural(digits).and_then(|number| u16::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_people_type() {
        let zone = Tz::parse("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let at = |text: &str| rfc3339::parse(text).unwrap().wall().unwrap();
        // A Saturday, 10:06 in the zone.
        let now = at("2026-11-21T09:06:00Z");
        let from = at("2026-11-21T17:30:00Z");
        for (text, first, then) in [
            ("now", "2026-11-21T09:06:00Z", "2026-11-21T09:06:00Z"),
            ("NOW", "2026-11-21T09:06:00Z", "2026-11-21T09:06:00Z"),
            ("+2h", "2026-11-21T11:06:00Z", "2026-11-21T19:30:00Z"),
            ("+1h30m", "2026-11-21T10:36:00Z", "2026-11-21T19:00:00Z"),
            ("+3d", "2026-11-24T09:06:00Z", "2026-11-24T17:30:00Z"),
            ("18:30", "2026-11-21T17:30:00Z", "2026-11-22T17:30:00Z"),
            ("18h30", "2026-11-21T17:30:00Z", "2026-11-22T17:30:00Z"),
            ("7h", "2026-11-22T06:00:00Z", "2026-11-22T06:00:00Z"),
            ("10:06", "2026-11-22T09:06:00Z", "2026-11-22T09:06:00Z"),
            ("00:15", "2026-11-21T23:15:00Z", "2026-11-21T23:15:00Z"),
            ("sat 10:00", "2026-11-28T09:00:00Z", "2026-11-28T09:00:00Z"),
            ("saturday 11:00", "2026-11-21T10:00:00Z", "2026-11-28T10:00:00Z"),
            ("Monday 9:00", "2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z"),
            ("today 20:00", "2026-11-21T19:00:00Z", "2026-11-21T19:00:00Z"),
            ("tomorrow 18:30", "2026-11-22T17:30:00Z", "2026-11-22T17:30:00Z"),
            ("2026-12-01 08:00", "2026-12-01T07:00:00Z", "2026-12-01T07:00:00Z"),
            ("2027-07-01T08:00", "2027-07-01T06:00:00Z", "2027-07-01T06:00:00Z"),
            ("2026-11-21T18:30:00+02:00", "2026-11-21T16:30:00Z", "2026-11-21T16:30:00Z"),
            // Clocks skip it: the first moment after the gap.
            ("2027-03-28 02:30", "2027-03-28T01:00:00Z", "2027-03-28T01:00:00Z"),
        ] {
            let when = TypedTime::parse(text).unwrap();
            assert_eq!(when.wall(&zone, now, now), at(first), "{text}");
            assert_eq!(when.wall(&zone, now, from), at(then), "{text}");
        }
        for text in [
            "",
            "soon",
            "+",
            "+2",
            "+2x",
            "2h30m",
            "18",
            "24:00",
            "18:60",
            "18:3",
            "118:30",
            "-1:30",
            "18h3",
            "h",
            ":",
            "+400d",
            "yesterday 18:30",
            "mo 18:30",
            "mondays 18:30",
            "monday",
            "2026-11-31 18:30",
            "26-11-21 18:30",
            "2026-11-21",
            "2026-11-21 24:00",
            "2026-1-1 18:30",
            "2026-11-21-01 18:30",
            "0001-01-01T00:00:00Z",
        ] {
            assert_eq!(TypedTime::parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_time_at_any_time(text in "\\PC{0,20}|[0-9+:h -]{0,16}", now in i64::MIN..i64::MAX, after in i64::MIN..i64::MAX) {
            if let Some(when) = TypedTime::parse(&text) {
                when.wall(&Tz::default(), Wall(now), Wall(after));
            }
        }
    }
}
