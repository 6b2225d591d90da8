//! Time zones as POSIX TZ strings (IEEE Std 1003.1, section 8.3): `CET-1CEST,M3.5.0,M10.5.0/3`.
//!
//! A router has no zone database, and its own configuration holds such a string. Beyond POSIX, the
//! times of a rule may be from -167 to 167 hours, as RFC 9636, section 3.3.1 and the database
//! itself have them. A zone's name in the database (`Europe/Brussels`) is refused, since it cannot
//! be looked up.

use super::civil::Civil;
use super::{Wall, times};
use crate::limits::ABBREVIATION_BYTES;
use crate::text::has;

const HOUR_S: i32 = 3600;
const DAY_S: i64 = 86_400;

/// Why a TZ string is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TzError {
    /// It is a name from the zone database (`Europe/Brussels`), or a file's. The POSIX string is
    /// due, which stands on the last line of the zone's file in `/usr/share/zoneinfo`.
    DatabaseName,
    /// An abbreviation is missing, shorter than 3 bytes or longer than [`ABBREVIATION_BYTES`], or
    /// lacks its `>`.
    Abbreviation,
    /// The offset from UTC is missing, malformed or beyond 24 hours.
    Offset,
    /// There is a summer time without rules that say when it begins and ends. Systems differ in
    /// what they then take.
    NoRules,
    /// A rule is malformed or out of range.
    Rule,
    /// Something follows the end.
    Trailing,
}

/// What holds at some time in a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offset {
    /// Seconds to add to UTC: positive east of Greenwich, contrary to the sign in a TZ string.
    pub secs: i32,
    /// Whether the second of the zone's two times holds: summer time, or winter time in Ireland.
    pub is_dst: bool,
}

/// An abbreviation and its offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Period {
    /// Padded with zeros; ASCII.
    abbreviation: [u8; ABBREVIATION_BYTES],
    /// East of Greenwich.
    offset_s: i32,
}

/// A day of every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Day {
    /// `n`: from 0, leap days counted.
    ZeroBased(u16),
    /// `Jn`: from 1, leap days never counted.
    Julian(u16),
    /// `Mm.w.d`: the `w`th (5: last) weekday `d` (0: Sunday) of month `m`.
    Weekday { month: u8, week: u8, weekday: u8 },
}

impl Default for Day {
    fn default() -> Self {
        Self::ZeroBased(0)
    }
}

/// When one of the two times begins, every year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rule {
    day: Day,
    /// From midnight, by the clock as it stood before.
    time_s: i32,
}

/// A time zone. All-zero is UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tz {
    standard: Period,
    /// Its abbreviation is empty if there is none.
    summer: Period,
    begins: Rule,
    ends: Rule,
}

impl Tz {
    /// Reads a TZ string. `UTC` and `GMT` may do without their offset, as people and routers write
    /// them.
    pub fn parse(text: &str) -> Result<Self, TzError> {
        let text = match text {
            "UTC" => "UTC0",
            "GMT" => "GMT0",
            other => other,
        };
        // A slash has its place only in a rule.
        if text.starts_with(':') || text.split(',').next().is_some_and(|zone| has(zone, '/')) {
            return Err(TzError::DatabaseName);
        }
        let mut input = Input(text.as_bytes());
        let mut zone = Self { standard: input.period(None)?, ..Self::default() };
        if input.is_empty() {
            return Ok(zone);
        }
        if !matches!(input.0, [b'<' | b'A'..=b'Z' | b'a'..=b'z', ..]) {
            return Err(TzError::Trailing);
        }
        zone.summer = input.period(Some(zone.standard.offset_s.wrapping_add(HOUR_S)))?;
        if input.is_empty() {
            return Err(TzError::NoRules);
        }
        zone.begins = input.rule().ok_or(TzError::Rule)?;
        zone.ends = input.rule().ok_or(TzError::Rule)?;
        if input.is_empty() { Ok(zone) } else { Err(TzError::Trailing) }
    }

    /// What holds at `at`. Times before the year 0 and after 9999 are taken as those. Bounded work:
    /// six days are computed.
    pub fn offset_at(&self, at: Wall) -> Offset {
        let standard = Offset { secs: self.standard.offset_s, is_dst: false };
        let summer = Offset { secs: self.summer.offset_s, is_dst: true };
        if self.has_no_summer() {
            return standard;
        }
        let now_s = at.secs().clamp(YEAR_0_S, YEAR_9999_S);
        let year = year_of(now_s.div_euclid(DAY_S));
        // The latest change holds. A rule's time and the offset can carry a change of the years
        // before and after into this one. At the same instant summer wins: so all-year summer time
        // is written (RFC 9636, section 3.3.1).
        let mut latest = (i64::MIN, standard);
        for year in [year.wrapping_sub(1), year, year.wrapping_add(1)] {
            for (rule, before, after) in [(self.begins, standard, summer), (self.ends, summer, standard)] {
                let change_s = rule.at_s(year).wrapping_sub(i64::from(before.secs));
                let is_later = change_s > latest.0 || (change_s == latest.0 && after.is_dst);
                if change_s <= now_s && is_later {
                    latest = (change_s, after);
                }
            }
        }
        latest.1
    }

    fn has_no_summer(&self) -> bool {
        self.summer.abbreviation.first().is_none_or(|&byte| byte == 0)
    }

    /// The first moment at which clocks of this zone show `local`. One that they skip (in spring)
    /// is the first moment after the gap; one that they show twice (in autumn) is the first of the
    /// two. Bounded work: at most 21 times that of [`offset_at`](Self::offset_at).
    pub fn to_wall(&self, local: Civil) -> Wall {
        let at = local.to_wall();
        let (standard_s, summer_s) = (self.standard.offset_s, self.summer.offset_s);
        let meant = |east_s: i32| Wall(at.0.wrapping_sub(i64::from(east_s).wrapping_mul(1000)));
        if self.has_no_summer() {
            return meant(standard_s);
        }
        // More to the east is earlier.
        let (mut before, mut after) = (meant(standard_s.max(summer_s)), meant(standard_s.min(summer_s)));
        let (early, late) = (self.offset_at(before), self.offset_at(after));
        if early.secs == standard_s.max(summer_s) {
            return before;
        }
        if late.secs == standard_s.min(summer_s) {
            return after;
        }
        // It is skipped: somewhere between the two the clocks are put forward, at a whole second.
        while after.secs().saturating_sub(before.secs()) > 1 {
            let middle = Wall(times(before.secs().midpoint(after.secs()), 1000));
            if self.offset_at(middle).secs == late.secs {
                after = middle;
            } else {
                before = middle;
            }
        }
        Wall(times(after.secs(), 1000))
    }

    /// What clocks of the zone show, as if it were UTC.
    #[inline(never)]
    pub fn shown(&self, at: Wall) -> Wall {
        Wall(at.0.saturating_add(times(self.offset_at(at).secs.into(), 1000)))
    }

    /// The abbreviation of a time that [`offset_at`](Self::offset_at) gave: `CET`, `CEST`, `+03`.
    pub fn abbreviation(&self, offset: Offset) -> &str {
        let period = if offset.is_dst { &self.summer } else { &self.standard };
        let bytes = period.abbreviation.split(|&byte| byte == 0).next().unwrap_or_default();
        match core::str::from_utf8(bytes) {
            Ok(text) if !text.is_empty() => text,
            _ => "UTC",
        }
    }
}

/// What is left of a TZ string.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes `byte` if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let rest = self.0.strip_prefix(&[byte]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// `std offset` or `dst[offset]`; the offset may be left out if there is a default.
    fn period(&mut self, default_s: Option<i32>) -> Result<Period, TzError> {
        let abbreviation = self.abbreviation().ok_or(TzError::Abbreviation)?;
        let offset_s = match default_s {
            Some(default_s) if self.is_empty() || self.0.starts_with(b",") => default_s,
            // A TZ string counts westward.
            _ => self.time(24).ok_or(TzError::Offset)?.wrapping_neg(),
        };
        Ok(Period { abbreviation, offset_s })
    }

    /// Three letters or more, or `<…>` with letters, digits, `+` and `-`.
    fn abbreviation(&mut self) -> Option<[u8; ABBREVIATION_BYTES]> {
        let is_quoted = self.take(b'<');
        let belongs = |byte: &u8| {
            byte.is_ascii_alphabetic() || is_quoted && (byte.is_ascii_digit() || matches!(byte, b'+' | b'-'))
        };
        let len = self.0.iter().position(|byte| !belongs(byte)).unwrap_or(self.0.len());
        let (name, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        let mut padded = [0; ABBREVIATION_BYTES];
        padded.get_mut(..len)?.copy_from_slice(name);
        (len >= 3 && (!is_quoted || self.take(b'>'))).then_some(padded)
    }

    /// `,date[/time]`.
    fn rule(&mut self) -> Option<Rule> {
        if !self.take(b',') {
            return None;
        }
        let day = if self.take(b'J') {
            Day::Julian(self.number(1, 365)?)
        } else if self.take(b'M') {
            let month = self.small(1, 12)?;
            let week = self.take(b'.').then(|| self.small(1, 5))??;
            let weekday = self.take(b'.').then(|| self.small(0, 6))??;
            Day::Weekday { month, week, weekday }
        } else {
            Day::ZeroBased(self.number(0, 365)?)
        };
        let time_s = if self.take(b'/') { self.time(167)? } else { 2 * HOUR_S };
        Some(Rule { day, time_s })
    }

    /// `[+|-]hh[:mm[:ss]]`, in seconds.
    fn time(&mut self, hours_max: u16) -> Option<i32> {
        let is_negative = self.take(b'-');
        if !is_negative {
            self.take(b'+');
        }
        let mut sum = i32::from(self.number(0, hours_max)?).wrapping_mul(HOUR_S);
        for unit in [60, 1] {
            if !self.take(b':') {
                break;
            }
            sum = sum.wrapping_add(i32::from(self.number(0, 59)?).wrapping_mul(unit));
        }
        Some(if is_negative { sum.wrapping_neg() } else { sum })
    }

    fn small(&mut self, min: u16, max: u8) -> Option<u8> {
        u8::try_from(self.number(min, u16::from(max))?).ok()
    }

    /// One to three digits.
    fn number(&mut self, min: u16, max: u16) -> Option<u16> {
        let len = self.0.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at_checked(len).filter(|_| matches!(len, 1..=3))?;
        self.0 = rest;
        let value = digits
            .iter()
            .fold(0u16, |sum, &digit| sum.wrapping_mul(10).wrapping_add(u16::from(digit.wrapping_sub(b'0'))));
        (min..=max).contains(&value).then_some(value)
    }
}

impl Rule {
    /// When it strikes in `year`, in seconds since 1970 by the clock as it stood before.
    fn at_s(self, year: i32) -> i64 {
        let day = january_1(year).wrapping_add(self.day.in_year(year));
        i64::from(day).wrapping_mul(DAY_S).wrapping_add(i64::from(self.time_s))
    }
}

impl Day {
    /// Days after the first of January.
    fn in_year(self, year: i32) -> i32 {
        /// Days before each month of a common year, and before the next year.
        const BEFORE: [u16; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
        let is_leap = january_1(year.wrapping_add(1)).wrapping_sub(january_1(year)) == 366;
        match self {
            Self::ZeroBased(day) => i32::from(day),
            Self::Julian(day) => i32::from(day).wrapping_sub(i32::from(!(is_leap && day > 59))),
            Self::Weekday { month, week, weekday } => {
                let before = |month: u8| {
                    let days = BEFORE.get(usize::from(month)).copied().unwrap_or(365);
                    i32::from(days).wrapping_add(i32::from(is_leap && month > 1))
                };
                let first = before(month.wrapping_sub(1));
                // 1970-01-01 was a Thursday.
                let first_weekday = january_1(year).wrapping_add(first).wrapping_add(4).rem_euclid(7);
                let to_weekday = i32::from(weekday).wrapping_sub(first_weekday).rem_euclid(7);
                let weeks = i32::from(week).wrapping_sub(1).wrapping_mul(7);
                let day = first.wrapping_add(to_weekday).wrapping_add(weeks);
                if day < before(month) { day } else { day.wrapping_sub(7) }
            }
        }
    }
}

// The little of civil time that rules need, until `civil` has it.

/// 0000-01-01T00:00:00Z.
const YEAR_0_S: i64 = -62_167_219_200;
/// 9999-12-31T23:59:59Z.
const YEAR_9999_S: i64 = 253_402_300_799;

/// Days from 1970-01-01 to the first of January of a year between -1 and 10,001.
fn january_1(year: i32) -> i32 {
    let last = year.wrapping_sub(1);
    let leap_days = last.div_euclid(4).wrapping_sub(last.div_euclid(100)).wrapping_add(last.div_euclid(400));
    // There were 477 before 1970.
    year.wrapping_sub(1970).wrapping_mul(365).wrapping_add(leap_days).wrapping_sub(477)
}

/// The year that holds a day of the years 0 to 9999.
fn year_of(day: i64) -> i32 {
    // 146,097 days make 400 years; the guess is at most one year off.
    let guess = i32::try_from(day.wrapping_mul(400).div_euclid(146_097)).unwrap_or(0).wrapping_add(1970);
    let starts_after = |year: i32| i64::from(january_1(year)) > day;
    if starts_after(guess) {
        guess.wrapping_sub(1)
    } else if starts_after(guess.wrapping_add(1)) {
        guess
    } else {
        guess.wrapping_add(1)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    use super::*;
    use proptest::prelude::*;

    const BRUSSELS: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    fn check(zone: &str, secs: i64, offset_s: i32, abbreviation: &str) {
        let tz = Tz::parse(zone).unwrap();
        let offset = tz.offset_at(Wall(secs * 1000));
        assert_eq!((offset.secs, tz.abbreviation(offset)), (offset_s, abbreviation), "{zone} at {secs}");
    }

    /// Every change of a year, to the second, as Python's zoneinfo has it from the database: (zone,
    /// what held before, each change with what holds after it). Two past 2038 at least, where 32
    /// bits end.
    #[test]
    fn changes_are_those_of_the_database() {
        type Held = (i32, &'static str);
        type Row = (&'static str, Held, &'static [(i64, Held)]);
        let table: &[Row] = &[
            (BRUSSELS, (3600, "CET"), &[(1_774_746_000, (7200, "CEST")), (1_792_890_000, (3600, "CET"))]),
            (BRUSSELS, (3600, "CET"), &[(3_983_475_600, (7200, "CEST")), (4_002_224_400, (3600, "CET"))]),
            // Negative: winter is the exception.
            (
                "IST-1GMT0,M10.5.0,M3.5.0/1",
                (0, "GMT"),
                &[(2_184_800_400, (3600, "IST")), (2_203_549_200, (0, "GMT"))],
            ),
            (
                "EST5EDT,M3.2.0,M11.1.0",
                (-18_000, "EST"),
                &[(2_183_612_400, (-14_400, "EDT")), (2_204_172_000, (-18_000, "EST"))],
            ),
            // South: the year begins in summer.
            (
                "AEST-10AEDT,M10.1.0,M4.1.0/3",
                (39_600, "AEDT"),
                &[(2_185_372_800, (36_000, "AEST")), (2_201_097_600, (39_600, "AEDT"))],
            ),
            (
                "<-04>4<-03>,M9.1.6/24,M4.1.6/24",
                (-10_800, "-03"),
                &[(2_185_412_400, (-14_400, "-04")), (2_198_721_600, (-10_800, "-03"))],
            ),
            (
                "EET-2EEST,M4.5.5/0,M10.5.4/24",
                (7200, "EET"),
                &[(2_187_640_800, (10_800, "EEST")), (2_203_362_000, (7200, "EET"))],
            ),
            // Hours beyond 24, and before midnight.
            (
                "EET-2EEST,M3.4.4/50,M10.4.4/50",
                (7200, "EET"),
                &[(3_983_385_600, (10_800, "EEST")), (4_002_130_800, (7200, "EET"))],
            ),
            (
                "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
                (-7200, "-02"),
                &[(2_184_800_400, (-3600, "-01")), (2_203_549_200, (-7200, "-02"))],
            ),
            // Half an hour, and quarters.
            (
                "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
                (39_600, "+11"),
                &[(2_185_369_200, (37_800, "+1030")), (2_201_095_800, (39_600, "+11"))],
            ),
            (
                "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45",
                (49_500, "+1345"),
                &[(2_185_365_600, (45_900, "+1245")), (2_200_485_600, (49_500, "+1345"))],
            ),
            ("<+0545>-5:45", (20_700, "+0545"), &[]),
        ];
        for &(zone, first, changes) in table {
            let mut before = first;
            for &(at, after) in changes {
                check(zone, at - 1, before.0, before.1);
                check(zone, at, after.0, after.1);
                before = after;
            }
            check(zone, 4_102_444_799, first.0, first.1);
        }
    }

    #[test]
    fn days_of_rules() {
        // 2028 is a leap year, 2027 and 2100 are not; January 1 in days since 1970.
        for (year, day) in [(1970, 0), (2000, 10_957), (2028, 21_184), (2100, 47_482), (0, -719_528)] {
            assert_eq!(january_1(year), day);
            assert_eq!((year_of(i64::from(day)), year_of(i64::from(day) - 1)), (year, year - 1));
        }
        for (day, in_2027, in_2028) in [
            (Day::Julian(1), 0, 0),
            (Day::Julian(59), 58, 58),
            (Day::Julian(60), 59, 60),
            (Day::Julian(365), 364, 365),
            (Day::ZeroBased(59), 59, 59),
            (Day::ZeroBased(365), 365, 365),
            // Sunday, February 28, 2027, and 27, 2028.
            (Day::Weekday { month: 2, week: 5, weekday: 0 }, 58, 57),
            // Tuesday, February 23, 2027, and 29, 2028.
            (Day::Weekday { month: 2, week: 5, weekday: 2 }, 53, 59),
            // Friday, January 1, 2027, and 7, 2028.
            (Day::Weekday { month: 1, week: 1, weekday: 5 }, 0, 6),
            // Friday, December 31, 2027, and 29, 2028.
            (Day::Weekday { month: 12, week: 5, weekday: 5 }, 364, 363),
        ] {
            assert_eq!((day.in_year(2027), day.in_year(2028)), (in_2027, in_2028), "{day:?}");
        }
    }

    /// What people and configurations write, as moments: skipped, shown twice, and neither.
    #[test]
    fn civil_times_become_moments() {
        const LORD_HOWE: &str = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";
        const SYDNEY: &str = "AEST-10AEDT,M10.1.0,M4.1.0/3";
        for (zone, local, utc) in [
            ("UTC0", "2026-03-29T02:30:00Z", "2026-03-29T02:30:00Z"),
            ("<+0545>-5:45", "2026-03-29T02:30:00Z", "2026-03-28T20:45:00Z"),
            (BRUSSELS, "2026-03-29T01:59:59.999Z", "2026-03-29T00:59:59.999Z"),
            (BRUSSELS, "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z"),
            (BRUSSELS, "2026-03-29T02:59:59.999Z", "2026-03-29T01:00:00Z"),
            (BRUSSELS, "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z"),
            (BRUSSELS, "2026-10-25T01:59:59Z", "2026-10-24T23:59:59Z"),
            (BRUSSELS, "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z"),
            (BRUSSELS, "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"),
            (BRUSSELS, "2056-07-01T12:00:00Z", "2056-07-01T10:00:00Z"),
            (SYDNEY, "2026-10-04T02:30:00Z", "2026-10-03T16:00:00Z"),
            (SYDNEY, "2026-04-05T02:30:00Z", "2026-04-04T15:30:00Z"),
            (SYDNEY, "2026-01-01T00:00:00Z", "2025-12-31T13:00:00Z"),
            (LORD_HOWE, "2026-10-04T02:15:00Z", "2026-10-03T15:30:00Z"),
            (LORD_HOWE, "2026-04-05T01:45:00Z", "2026-04-04T14:45:00Z"),
            ("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T02:30:00Z", "2026-03-08T07:00:00Z"),
            // Winter is the exception.
            ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-03-29T01:30:00Z", "2026-03-29T01:00:00Z"),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-10-25T01:30:00Z", "2026-10-25T00:30:00Z"),
        ] {
            let at = |text| super::super::rfc3339::parse(text).unwrap().wall().unwrap();
            let tz = Tz::parse(zone).unwrap();
            assert_eq!(tz.to_wall(Civil::from_wall(at(local))), at(utc), "{zone} {local}");
        }
    }

    /// RFC 9636, section 3.3.1: summer time all year is one that ends when it begins again.
    #[test]
    fn summer_all_year() {
        for at in [0, 1_798_761_600 - 1, 1_798_761_600, 1_798_761_600 + 5 * 3600, 1_813_000_000] {
            check("XXX3EDT4,0/0,J365/23", at, -14_400, "EDT");
        }
    }

    #[test]
    fn all_zero_is_utc() {
        let zero = Tz::default();
        let offset = zero.offset_at(Wall(1));
        assert_eq!((offset, zero.abbreviation(offset)), (Offset::default(), "UTC"));
        check("UTC", 0, 0, "UTC");
        check("GMT", 0, 0, "GMT");
        check("UTC0", 0, 0, "UTC");
        check("<+03>-3", 0, 10_800, "+03");
        check("ABCDEFGH+24:59:59", 0, -89_999, "ABCDEFGH");
    }

    #[test]
    fn mistakes() {
        for (zone, expected) in [
            ("", TzError::Abbreviation),
            ("Europe/Brussels", TzError::DatabaseName),
            ("America/Argentina/Ushuaia", TzError::DatabaseName),
            (":CET", TzError::DatabaseName),
            ("/etc/localtime", TzError::DatabaseName),
            ("CE-1", TzError::Abbreviation),
            ("ABCDEFGHI-1", TzError::Abbreviation),
            ("<+03-3", TzError::Abbreviation),
            ("<+3>-3", TzError::Abbreviation),
            ("<+0é>-3", TzError::Abbreviation),
            ("CÉT-1", TzError::Abbreviation),
            ("CET", TzError::Offset),
            ("CET-", TzError::Offset),
            ("CET-25", TzError::Offset),
            ("CET-1:60", TzError::Offset),
            ("CET-1:", TzError::Offset),
            ("CET--1", TzError::Offset),
            ("CET-0001", TzError::Offset),
            ("CET-1,M3.5.0,M10.5.0", TzError::Trailing),
            ("CET-1 ", TzError::Trailing),
            ("CET-1CEST", TzError::NoRules),
            ("CET-1CEST-2", TzError::NoRules),
            ("CET-1CEST;", TzError::Offset),
            ("CET-1CEST,", TzError::Rule),
            ("CET-1CEST,M3.5.0", TzError::Rule),
            ("CET-1CEST,M13.5.0,M10.5.0", TzError::Rule),
            ("CET-1CEST,M3.0.0,M10.5.0", TzError::Rule),
            ("CET-1CEST,M3.6.0,M10.5.0", TzError::Rule),
            ("CET-1CEST,M3.5.7,M10.5.0", TzError::Rule),
            ("CET-1CEST,M3.5,M10.5.0", TzError::Rule),
            ("CET-1CEST,J0,J1", TzError::Rule),
            ("CET-1CEST,J366,J1", TzError::Rule),
            ("CET-1CEST,366,1", TzError::Rule),
            ("CET-1CEST,M3.5.0/168,M10.5.0", TzError::Rule),
            ("CET-1CEST,M3.5.0/,M10.5.0", TzError::Rule),
            ("CET-1CEST,M3.5.0,M10.5.0/3 ", TzError::Trailing),
            ("CET-1CEST,M3.5.0,M10.5.0,", TzError::Trailing),
        ] {
            assert_eq!(Tz::parse(zone), Err(expected), "{zone:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_and_no_time_panics(
            text in "[A-Z<>+0-9:,./JM-]{0,40}|[A-Z]{3}-?[0-9]{1,2}[A-Z]{3},J[0-9]{1,3}(/-?[0-9]{1,3})?,M[0-9]{1,2}.[1-5].[0-6]",
            at in any::<i64>(),
        ) {
            if let Ok(tz) = Tz::parse(&text) {
                let offset = tz.offset_at(Wall(at));
                prop_assert!(offset.secs.abs() < 26 * 3600);
                prop_assert!(tz.abbreviation(offset).len() >= 3);
                tz.to_wall(Civil::from_wall(Wall(at)));
            }
        }

        /// Every moment is shown by the clocks, and the first one that shows what it shows is it,
        /// or an hour before.
        #[test]
        fn civil_times_are_there_and_back(at in 0i64..8_000_000_000, zone in 0..3usize) {
            let zone = [BRUSSELS, "AEST-10AEDT,M10.1.0,M4.1.0/3", "IST-1GMT0,M10.5.0,M3.5.0/1"][zone];
            let tz = Tz::parse(zone).unwrap();
            let shown = |at: i64| Civil::from_wall(Wall((at + i64::from(tz.offset_at(Wall(at * 1000)).secs)) * 1000));
            let back = tz.to_wall(shown(at)).secs();
            prop_assert!(back == at || back == at - 3600);
            prop_assert_eq!(shown(back), shown(at));
        }

        #[test]
        fn years_hold_their_days(day in -719_528i64..2_932_896) {
            let year = year_of(day);
            prop_assert!(i64::from(january_1(year)) <= day && day < i64::from(january_1(year + 1)));
        }
    }
}
