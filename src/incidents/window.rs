//! When a maintenance is on: the arithmetic of windows that may repeat, in the civil time of a
//! site. Pure.
//!
//! A window is told by its first beginning and end. It repeats on the same weekday, or on the same
//! day of the month, at the time that clocks of its site showed when it first began; months without
//! that day are left out. Each occurrence lasts as long as the first one, in elapsed time, so one
//! that spans a change of the clocks ends an hour earlier or later by the clock.
//!
//! The rules of zones are [`Tz::to_wall`]'s: what clocks skip in spring begins at the first moment
//! after the gap, and what they show twice in autumn is the first of the two.

use crate::model::Repeat;
use crate::time::civil::{Civil, DAY_MS, Date};
use crate::time::tz::Tz;
use crate::time::{Wall, times};

const WEEK_MS: i64 = 7 * DAY_MS;

/// How long one occurrence may last, in milliseconds, so that it is over when the next one begins.
/// A day less than the shortest week and the shortest month, since a change of the clocks may
/// shorten them.
pub const fn longest(repeat: Repeat) -> i64 {
    match repeat {
        Repeat::Once => i64::MAX,
        Repeat::Weekly => 6 * DAY_MS,
        Repeat::Monthly => 27 * DAY_MS,
    }
}

/// The occurrence that is on at `now` (it has begun and not ended), else the next one; `None` if
/// there is none any more. `starts` and `ends` are those of the first occurrence, `tz` its site's
/// zone.
///
/// Bounded work: five occurrences are looked at, however long ago the first one was. What
/// [`longest`] refuses may overlap; nothing else goes wrong with it.
pub fn occurrence(starts: Wall, ends: Wall, repeat: Repeat, tz: &Tz, now: Wall) -> Option<(Wall, Wall)> {
    let lasts = ends.0.checked_sub(starts.0).filter(|&ms| ms > 0)?;
    let (first, local) = (tz.shown(starts), tz.shown(now));
    // By how many periods clocks show a later time than at the first beginning.
    let passed = match repeat {
        Repeat::Once => 0,
        Repeat::Weekly => local.0.saturating_sub(first.0).div_euclid(WEEK_MS),
        Repeat::Monthly => {
            month(Civil::from_wall(local).date).saturating_sub(month(Civil::from_wall(first).date))
        }
    };
    let ahead = if repeat == Repeat::Once { 0..=0 } else { -1..=3 };
    ahead
        .map(|more| passed.saturating_add(more))
        .filter(|&count| count >= 0)
        .filter_map(|count| if count == 0 { Some(starts) } else { repeated(first, repeat, tz, count) })
        .map(|begins| (begins, Wall(begins.0.saturating_add(lasts))))
        .chain((now < starts).then_some((starts, ends)))
        .find(|&(_, over)| now < over)
}

/// Months since the year 0.
fn month(date: Date) -> i64 {
    i64::from(date.year()).saturating_mul(12).saturating_add(i64::from(date.month())).saturating_sub(1)
}

/// When it begins for the `count`th time after the first, which clocks showed as `first`; `None` if
/// that month lacks the day.
fn repeated(first: Wall, repeat: Repeat, tz: &Tz, count: i64) -> Option<Wall> {
    let mut local = Civil::from_wall(first);
    if repeat == Repeat::Monthly {
        let month = month(local.date).saturating_add(count);
        let year = u16::try_from(month.div_euclid(12)).ok()?;
        let month = u8::try_from(month.rem_euclid(12)).ok()?.saturating_add(1);
        local.date = Date::new(year, month, local.date.day())?;
    } else {
        local = Civil::from_wall(Wall(first.0.saturating_add(times(count, WEEK_MS))));
    }
    Some(tz.to_wall(local))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    use super::*;
    use crate::time::civil::HOUR_MS;
    use crate::time::rfc3339;
    use proptest::prelude::*;
    use std::vec::Vec;

    const BRUSSELS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
    const SYDNEY: &str = "AEST-10AEDT,M10.1.0,M4.1.0/3";
    const SANTIAGO: &str = "<-04>4<-03>,M9.1.6/24,M4.1.6/24";

    fn at(text: &str) -> Wall {
        rfc3339::parse(text).unwrap().wall().unwrap()
    }

    /// A first occurrence, and what is found at times that follow: (now, begins, ends).
    fn check(zone: &str, repeat: Repeat, first: (&str, &str), rows: &[(&str, &str, &str)]) {
        let tz = Tz::parse(zone).unwrap();
        for &(now, begins, ends) in rows {
            let found = occurrence(at(first.0), at(first.1), repeat, &tz, at(now));
            assert_eq!(found, Some((at(begins), at(ends))), "{zone} {repeat:?} {first:?} at {now}");
        }
    }

    #[test]
    fn once_is_over_for_good() {
        let (starts, ends) = (Wall(1000), Wall(2000));
        let tz = Tz::parse(BRUSSELS).unwrap();
        for (now, found) in
            [(i64::MIN, true), (0, true), (1000, true), (1999, true), (2000, false), (i64::MAX, false)]
        {
            let expected = found.then_some((starts, ends));
            assert_eq!(occurrence(starts, ends, Repeat::Once, &tz, Wall(now)), expected, "{now}");
        }
    }

    #[test]
    fn what_does_not_last_is_never_on() {
        for repeat in [Repeat::Once, Repeat::Weekly, Repeat::Monthly] {
            for (starts, ends) in [(5, 5), (5, 4), (i64::MIN, i64::MAX), (i64::MAX, i64::MIN)] {
                assert_eq!(occurrence(Wall(starts), Wall(ends), repeat, &Tz::default(), Wall(0)), None);
            }
        }
    }

    #[test]
    fn every_week_by_the_clock() {
        // Sunday, 02:30 to 04:30 by the clock, over both changes: skipped and shown twice.
        check(
            BRUSSELS,
            Repeat::Weekly,
            ("2026-03-15T02:30:00+01:00", "2026-03-15T04:30:00+01:00"),
            &[
                ("2020-01-01T00:00:00Z", "2026-03-15T01:30:00Z", "2026-03-15T03:30:00Z"),
                ("2026-03-15T03:29:59Z", "2026-03-15T01:30:00Z", "2026-03-15T03:30:00Z"),
                ("2026-03-15T03:30:00Z", "2026-03-22T01:30:00Z", "2026-03-22T03:30:00Z"),
                ("2026-03-23T00:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"),
                ("2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"),
                ("2026-03-29T03:00:00Z", "2026-04-05T00:30:00Z", "2026-04-05T02:30:00Z"),
                ("2026-10-20T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"),
                ("2026-10-25T02:29:59Z", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"),
                ("2026-10-25T02:30:00Z", "2026-11-01T01:30:00Z", "2026-11-01T03:30:00Z"),
                ("2026-12-28T00:00:00Z", "2027-01-03T01:30:00Z", "2027-01-03T03:30:00Z"),
                ("2051-07-01T00:00:00Z", "2051-07-02T00:30:00Z", "2051-07-02T02:30:00Z"),
            ],
        );
        // Twenty minutes of the hour that is shown twice: over when clocks show it again.
        check(
            BRUSSELS,
            Repeat::Weekly,
            ("2026-10-18T02:30:00+02:00", "2026-10-18T02:50:00+02:00"),
            &[
                ("2026-10-25T00:49:00Z", "2026-10-25T00:30:00Z", "2026-10-25T00:50:00Z"),
                ("2026-10-25T01:29:00Z", "2026-11-01T01:30:00Z", "2026-11-01T01:50:00Z"),
                ("2026-10-25T01:40:00Z", "2026-11-01T01:30:00Z", "2026-11-01T01:50:00Z"),
            ],
        );
        check(
            SYDNEY,
            Repeat::Weekly,
            ("2026-03-29T02:15:00+11:00", "2026-03-29T03:00:00+11:00"),
            &[
                ("2026-04-04T00:00:00Z", "2026-04-04T15:15:00Z", "2026-04-04T16:00:00Z"),
                ("2026-04-04T16:30:00Z", "2026-04-11T16:15:00Z", "2026-04-11T17:00:00Z"),
                ("2026-10-01T00:00:00Z", "2026-10-03T16:00:00Z", "2026-10-03T16:45:00Z"),
                ("2026-10-04T00:00:00Z", "2026-10-10T15:15:00Z", "2026-10-10T16:00:00Z"),
            ],
        );
    }

    #[test]
    fn every_month_that_has_the_day() {
        let new_year = ("2025-12-31T22:00:00Z", "2026-01-01T06:00:00Z");
        check(
            "UTC0",
            Repeat::Monthly,
            new_year,
            &[
                ("2026-01-01T05:59:59Z", new_year.0, new_year.1),
                ("2026-01-01T06:00:00Z", "2026-01-31T22:00:00Z", "2026-02-01T06:00:00Z"),
                ("2026-02-01T06:00:00Z", "2026-03-31T22:00:00Z", "2026-04-01T06:00:00Z"),
                ("2026-04-01T05:00:00Z", "2026-03-31T22:00:00Z", "2026-04-01T06:00:00Z"),
                ("2026-04-01T06:00:00Z", "2026-05-31T22:00:00Z", "2026-06-01T06:00:00Z"),
                ("2048-12-31T00:00:00Z", "2048-12-31T22:00:00Z", "2049-01-01T06:00:00Z"),
            ],
        );
        check(
            BRUSSELS,
            Repeat::Monthly,
            ("2024-01-29T08:00:00+01:00", "2024-01-29T09:00:00+01:00"),
            &[
                ("2024-02-01T00:00:00Z", "2024-02-29T07:00:00Z", "2024-02-29T08:00:00Z"),
                ("2025-01-30T00:00:00Z", "2025-03-29T07:00:00Z", "2025-03-29T08:00:00Z"),
                ("2025-04-01T00:00:00Z", "2025-04-29T06:00:00Z", "2025-04-29T07:00:00Z"),
                ("2100-02-28T23:00:00Z", "2100-03-29T06:00:00Z", "2100-03-29T07:00:00Z"),
            ],
        );
        check(
            "UTC0",
            Repeat::Monthly,
            ("2026-01-30T00:00:00Z", "2026-01-30T01:00:00Z"),
            &[
                ("2026-01-30T01:00:00Z", "2026-03-30T00:00:00Z", "2026-03-30T01:00:00Z"),
                ("2028-02-01T00:00:00Z", "2028-03-30T00:00:00Z", "2028-03-30T01:00:00Z"),
            ],
        );
        // Clocks are put forward when the sixth of September would begin.
        check(
            SANTIAGO,
            Repeat::Monthly,
            ("2026-07-06T00:30:00-04:00", "2026-07-06T02:30:00-04:00"),
            &[
                ("2026-08-07T00:00:00Z", "2026-09-06T04:00:00Z", "2026-09-06T06:00:00Z"),
                ("2026-09-06T06:00:00Z", "2026-10-06T03:30:00Z", "2026-10-06T05:30:00Z"),
            ],
        );
    }

    /// All occurrences from the first one on, by counting and not by dividing.
    fn all(starts: i64, lasts: i64, repeat: Repeat, tz: &Tz, years: i64) -> Vec<(i64, i64)> {
        let local = Civil::from_wall(Wall(starts + i64::from(tz.offset_at(Wall(starts)).secs) * 1000));
        let mut days = local.date.days();
        let mut found = std::vec![(starts, starts + lasts)];
        while i64::from(days) < starts / DAY_MS + years * 366 {
            days += 1;
            let date = Date::from_days(days);
            let meant = match repeat {
                Repeat::Once => false,
                Repeat::Weekly => date.weekday() == local.date.weekday(),
                Repeat::Monthly => date.day() == local.date.day(),
            };
            if meant {
                let begins = tz.to_wall(Civil { date, ..local }).0;
                found.push((begins, begins + lasts));
            }
        }
        found
    }

    proptest! {
        #[test]
        fn the_one_that_is_on_or_the_next(
            starts in 1_000_000_000_000i64..4_000_000_000_000,
            lasts in 1..27 * DAY_MS,
            after in -30 * DAY_MS..1_000 * DAY_MS,
            weekly in any::<bool>(),
            zone in 0..3usize,
        ) {
            let repeat = if weekly { Repeat::Weekly } else { Repeat::Monthly };
            let lasts = lasts.min(longest(repeat));
            let tz = Tz::parse([BRUSSELS, SYDNEY, SANTIAGO][zone]).unwrap();
            let all = all(starts, lasts, repeat, &tz, 3);
            for pair in all.windows(2) {
                prop_assert!(pair[0].1 <= pair[1].0, "they overlap: {pair:?}");
            }
            let find = |now: i64| {
                let found = occurrence(Wall(starts), Wall(starts + lasts), repeat, &tz, Wall(now)).unwrap();
                (found.0.0, found.1.0)
            };
            let expected = |now: i64| *all.iter().find(|&&(_, over)| now < over).unwrap();
            let now = starts + after;
            prop_assert_eq!(find(now), expected(now));
            // And around the edges of that one.
            let (begins, over) = find(now);
            for now in [begins - 1, begins, over - 1, over, over + HOUR_MS] {
                prop_assert_eq!(find(now), expected(now));
            }
        }

        #[test]
        fn nothing_panics(
            starts in any::<i64>(), ends in any::<i64>(), now in any::<i64>(), repeat in 0..3usize,
        ) {
            let repeat = [Repeat::Once, Repeat::Weekly, Repeat::Monthly][repeat];
            let tz = Tz::parse(BRUSSELS).unwrap();
            if let Some((_, over)) = occurrence(Wall(starts), Wall(ends), repeat, &tz, Wall(now)) {
                prop_assert!(now < over.0);
            }
        }
    }
}
