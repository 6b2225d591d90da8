//! Civil dates: days since 1970-01-01 to year, month and day and back, in the proleptic Gregorian
//! calendar.
//!
//! The method is Howard Hinnant's (`days_from_civil`, "chrono-Compatible Low-Level Date
//! Algorithms"): the year begins in March, so that the leap day comes last. RFC 3339, HTTP dates
//! and time zones stand on it; zones themselves are another module's.

use super::Wall;

/// Milliseconds in an hour without a leap second.
pub const HOUR_MS: i64 = 3_600_000;
/// Milliseconds in such a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// Days before 1970 of 0000-01-01, the first date that RFC 3339 can write.
const FIRST_DAY: i32 = -719_528;
/// Days since 1970 of 9999-12-31, the last one.
const LAST_DAY: i32 = 2_932_896;
/// Days from 0000-03-01 to 1970-01-01.
const MARCH_ZERO: i32 = 719_468;
/// Days in 400 years, after which the calendar repeats.
const ERA_DAYS: i32 = 146_097;

/// A date that exists, in the years 0 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A date and a time of day, in whatever zone the caller has in mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Civil {
    /// The date.
    pub date: Date,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999.
    pub milli: u16,
}

/// Whether a year has a 29th of February.
pub const fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days in a month, 1 to 12; 0 for a month that there is not.
pub const fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 0,
    }
}

impl Date {
    /// The date, if the calendar has it and the year is at most 9999.
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        if year > 9999 || day == 0 || day > days_in_month(year, month) {
            return None;
        }
        Some(Self { year, month, day })
    }

    /// The date so many days after 1970-01-01. Beyond the years 0 to 9999, the nearest date within.
    #[allow(clippy::arithmetic_side_effects, reason = "after the clamp no term leaves four million")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "each fits by construction")]
    pub const fn from_days(days: i32) -> Self {
        let days = if days < FIRST_DAY {
            FIRST_DAY
        } else if days > LAST_DAY {
            LAST_DAY
        } else {
            days
        };
        // An era is added and taken away again, so that January of the year 0, whose March year is
        // -1, needs no signed division.
        let shifted = days + MARCH_ZERO + ERA_DAYS;
        let day_of_era = shifted % ERA_DAYS;
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = shifted / ERA_DAYS * 400 + year_of_era - 400 + (month <= 2) as i32;
        Self { year: year as u16, month: month as u8, day: day as u8 }
    }

    /// Days since 1970-01-01; negative before.
    #[allow(clippy::arithmetic_side_effects, reason = "no term leaves four million")]
    pub const fn days(self) -> i32 {
        let (year, month, day) = (self.year as i32, self.month as i32, self.day as i32);
        let year = year + 400 - (month <= 2) as i32;
        let year_of_era = year % 400;
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        year / 400 * ERA_DAYS + day_of_era - MARCH_ZERO - ERA_DAYS
    }

    /// 0 to 9999.
    pub const fn year(self) -> u16 {
        self.year
    }
    /// 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }
    /// 1 to 31.
    pub const fn day(self) -> u8 {
        self.day
    }
    /// Days since Sunday, 0 to 6, as POSIX TZ counts them.
    pub const fn weekday(self) -> u8 {
        weekday(self.days())
    }
}

/// Days since Sunday, 0 to 6, of a day counted from 1970-01-01 (a Thursday).
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a remainder of 7")]
pub const fn weekday(days: i32) -> u8 {
    days.rem_euclid(7).wrapping_add(4).rem_euclid(7) as u8
}

impl Civil {
    /// The civil time in UTC. Beyond the years 0 to 9999, the nearest one within.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "each is a remainder that fits"
    )]
    pub fn from_wall(at: Wall) -> Self {
        const FIRST: i64 = FIRST_DAY as i64 * DAY_MS;
        const LAST: i64 = (LAST_DAY as i64 + 1) * DAY_MS - 1;
        let ms = at.0.clamp(FIRST, LAST);
        let days = ms.div_euclid(DAY_MS) as i32;
        // The rest of the day fits 32 bits, where a division is cheap on a router.
        let ms = ms.rem_euclid(DAY_MS) as u32;
        let seconds = ms / 1000;
        Self {
            date: Date::from_days(days),
            hour: (seconds / 3600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
            milli: (ms % 1000) as u16,
        }
    }

    /// The point in time, if this civil time is meant in UTC.
    pub fn to_wall(self) -> Wall {
        let seconds = u32::from(self.hour)
            .wrapping_mul(3600)
            .wrapping_add(u32::from(self.minute).wrapping_mul(60))
            .wrapping_add(u32::from(self.second));
        let ms = seconds.wrapping_mul(1000).wrapping_add(u32::from(self.milli));
        Wall(i64::from(self.date.days()).wrapping_mul(DAY_MS).wrapping_add(i64::from(ms)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn known_days() {
        for (year, month, day, days, weekday) in [
            (1970, 1, 1, 0, 4),
            (1969, 12, 31, -1, 3),
            (1994, 11, 6, 9075, 0),
            (2000, 2, 29, 11_016, 2),
            (2000, 3, 1, 11_017, 3),
            (2026, 11, 21, 20_778, 6),
            (2038, 1, 19, 24_855, 2),
            (2100, 2, 28, 47_540, 0),
            (2100, 3, 1, 47_541, 1),
            (1, 1, 1, -719_162, 1),
            (0, 1, 1, FIRST_DAY, 6),
            (0, 2, 29, FIRST_DAY + 59, 2),
            (0, 3, 1, -MARCH_ZERO, 3),
            (9999, 12, 31, LAST_DAY, 5),
        ] {
            let date = Date::new(year, month, day).unwrap();
            assert_eq!(date.days(), days, "{date:?}");
            assert_eq!(Date::from_days(days), date);
            assert_eq!(date.weekday(), weekday, "{date:?}");
        }
    }

    #[test]
    fn dates_that_there_are_not() {
        for (year, month, day) in [
            (2026, 0, 1),
            (2026, 13, 1),
            (2026, 1, 0),
            (2026, 1, 32),
            (2026, 4, 31),
            (2026, 2, 29),
            (1900, 2, 29),
            (2100, 2, 29),
            (2024, 2, 30),
            (10_000, 1, 1),
            (u16::MAX, u8::MAX, u8::MAX),
        ] {
            assert_eq!(Date::new(year, month, day), None, "{year}-{month}-{day}");
        }
        for year in [0, 4, 1600, 2000, 2024, 2400, 9996] {
            assert!(Date::new(year, 2, 29).is_some(), "{year}");
        }
    }

    /// Every day of ten thousand years, against a calendar that only counts.
    #[test]
    fn every_day() {
        let mut days = FIRST_DAY;
        for year in 0..=9999 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    let date = Date { year, month, day };
                    assert_eq!(date.days(), days);
                    assert_eq!(Date::from_days(days), date);
                    days += 1;
                }
            }
        }
        assert_eq!(days, LAST_DAY + 1);
    }

    #[test]
    fn beyond_the_calendar_is_its_end() {
        assert_eq!(Date::from_days(i32::MAX), Date::new(9999, 12, 31).unwrap());
        assert_eq!(Date::from_days(i32::MIN), Date::new(0, 1, 1).unwrap());
        assert_eq!(Civil::from_wall(Wall(i64::MIN)).to_wall(), Wall(i64::from(FIRST_DAY) * DAY_MS));
        let last = Civil::from_wall(Wall(i64::MAX));
        assert_eq!((last.hour, last.minute, last.second, last.milli), (23, 59, 59, 999));
        assert_eq!(last.to_wall(), Wall((i64::from(LAST_DAY) + 1) * DAY_MS - 1));
    }

    #[test]
    fn times_of_day() {
        for (ms, time) in [
            (0, (0, 0, 0, 0)),
            (-1, (23, 59, 59, 999)),
            (86_399_999, (23, 59, 59, 999)),
            (3_661_001, (1, 1, 1, 1)),
        ] {
            let civil = Civil::from_wall(Wall(ms));
            assert_eq!((civil.hour, civil.minute, civil.second, civil.milli), time);
            assert_eq!(civil.to_wall(), Wall(ms));
        }
    }
}
