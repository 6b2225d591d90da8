//! How a component fared: a bar of its days, and a percentage. Nothing pretends: what is not known
//! counts neither for nor against, and is said.

use heapless::String;
use ufmt::uwrite;

use super::fragment::{Bar, BarMark, BarShort, Notice, Out};
use super::page::Context;
use super::when;
use super::words::{Word, counted};
use crate::limits::{BAR_DAYS_LEAST, HISTORY_DAYS};
use crate::model::{ComponentId, Day, PageKind};

const DAY_MINUTES: u16 = 1440;
/// Minutes that may be missing to a past that is called known: each day is rounded down, and one of
/// spring lacks an hour.
const SLACK_MINUTES: u32 = 180;
/// Of fewer minutes than this no percentage is told.
const FEW_MINUTES: u32 = 60;
const _: () = assert!(HISTORY_DAYS == 90, "www/fragments/bar.html is as wide");
/// The path of one kind of mark. At worst every other day has one: `m1 0h1`.
type Path = String<320>;

/// What a day shows: the worst that happened on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fared {
    /// Nothing bad, and most of it is known. The bar's own colour: it has no mark.
    Well,
    /// Less than half of it is known, and nothing bad.
    Unknown,
    Work,
    Degraded,
    Down,
}

/// The marks: what for, the class, and the height at which its line runs. The bar is 8 high, and so
/// is the line of `down`; those of the others are in the style sheet. What works is four high,
/// `degraded` stands on the ground and is six, and `work` hangs. So nobody has to tell colours
/// apart.
const MARKS: [(Fared, &str, u8); 4] = [
    (Fared::Unknown, "na", 6),
    (Fared::Work, "work", 1),
    (Fared::Degraded, "warn", 5),
    (Fared::Down, "down", 4),
];

impl Fared {
    /// `whole`: the minutes that the day has had so far.
    fn of(day: Day, whole: u16) -> Self {
        if day.down > 0 {
            Self::Down
        } else if day.degraded > 0 {
            Self::Degraded
        } else if day.maintenance > 0 {
            Self::Work
        } else if day.known == 0 || day.known < whole / 2 {
            Self::Unknown
        } else {
            Self::Well
        }
    }
}

/// What the days add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    /// Minutes in which it fully worked.
    well: u32,
    /// Minutes known, without planned work.
    counted: u32,
    /// Minutes known before today.
    known: u32,
    /// Days on which it was down or worked badly.
    troubled: u32,
    /// Whether anything is known of today.
    today: bool,
}

impl Sum {
    fn add(&mut self, day: Day, ago: u8) {
        let counted = day.known.saturating_sub(day.maintenance);
        let well = counted.saturating_sub(day.down).saturating_sub(day.degraded);
        self.counted = self.counted.saturating_add(counted.into());
        self.well = self.well.saturating_add(well.into());
        self.troubled = self.troubled.saturating_add((day.down > 0 || day.degraded > 0).into());
        if ago == 0 {
            self.today = day.known > 0;
        } else {
            self.known = self.known.saturating_add(day.known.into());
        }
    }

    /// Tenths of a percent, rounded down; `None` if less is known that counts than [`FEW_MINUTES`].
    fn permille(self) -> Option<u32> {
        // Of its first minutes "0.0 %" would be true, and mislead.
        if self.counted < FEW_MINUTES {
            return None;
        }
        self.well.saturating_mul(1000).checked_div(self.counted)
    }

    /// Whether so much is known that a bar tells something.
    fn tells(self) -> bool {
        self.known.saturating_add(SLACK_MINUTES) >= BAR_DAYS_LEAST.saturating_mul(DAY_MINUTES.into())
    }

    /// How many of so many days are known, if not all are.
    fn days_known(self, days: u8) -> Option<u32> {
        let before = self.known.saturating_add(SLACK_MINUTES).checked_div(DAY_MINUTES.into()).unwrap_or(0);
        let all = u32::from(days).saturating_sub(1);
        (before < all || !self.today).then(|| before.min(all).saturating_add(self.today.into()))
    }
}

/// The path that marks the days of one kind, the oldest day at 0; empty if there is none.
fn path(days: &[Fared], kind: Fared, y: u8) -> Path {
    let mut out = Path::new();
    // Where the pen is.
    let mut pen: usize = 0;
    let mut at: usize = 0;
    for run in days.chunk_by(|a, b| a == b) {
        if run.first() == Some(&kind) {
            _ = if out.is_empty() {
                uwrite!(out, "M{} {}h{}", at, y, run.len())
            } else {
                uwrite!(out, "m{} 0h{}", at.saturating_sub(pen), run.len())
            };
            pen = at.saturating_add(run.len());
        }
        at = at.saturating_add(run.len());
    }
    out
}

impl Context<'_> {
    /// How many days are kept.
    pub(super) fn days(&self) -> u8 {
        self.view.days(self.id).min(u8::try_from(HISTORY_DAYS).unwrap_or(u8::MAX))
    }

    /// The bar of a component, if enough is known of it and there is room; whether there is one.
    pub(super) fn bar(&self, out: &mut Out<'_>, component: ComponentId) -> bool {
        let days = self.days();
        let today = self.now.wall.map_or(0, |now| {
            let now = when::in_zone(self.site.timezone, now);
            u16::from(now.hour).saturating_mul(60).saturating_add(now.minute.into())
        });
        let mut fared = [Fared::Unknown; HISTORY_DAYS];
        let mut sum = Sum::default();
        let mut kept = [Day::default(); HISTORY_DAYS];
        let Some(kept) = kept.get_mut(..usize::from(days)) else { return false };
        self.view.fared(component, kept);
        for ((place, &day), ago) in fared.iter_mut().zip(kept.iter().rev()).zip((0..days).rev()) {
            *place = Fared::of(day, if ago == 0 { today } else { DAY_MINUTES });
            sum.add(day, ago);
        }
        let Some(fared) = fared.get(..usize::from(days)).filter(|_| sum.tells()) else { return false };
        let mut number: String<4> = String::new();
        _ = uwrite!(number, "{}", days);
        let mut marks = |out: &mut Out<'_>| {
            for (kind, class, y) in MARKS {
                let d = path(fared, kind, y);
                if !d.is_empty() {
                    BarMark { class, d: &d }.write(out);
                }
            }
        };
        let drawn = self.fitting(out, &self.bars, &mut |out| {
            let text = &mut |out: &mut Out<'_>| self.sum(out, sum, days);
            let ago = &mut |out: &mut Out<'_>| self.days_in(out, Word::UptimeAgo, days.into(), &mut |_| {});
            // The usual bar says less: the style sheet knows its shape.
            if fared.len() == HISTORY_DAYS {
                Bar { marks: &mut marks, ago, text }.write(out);
            } else {
                BarShort { days: &number, marks: &mut marks, ago, text }.write(out);
            }
        });
        self.barred.set(self.barred.get() || drawn);
        drawn
    }

    /// `99.7 % of 12 days`; in the history, the bad days as well. Who sees no bar reads them there.
    fn sum(&self, out: &mut Out<'_>, sum: Sum, days: u8) {
        let Some(permille) = sum.permille() else { return out.word(Word::UptimeNone) };
        let mut percent: String<8> = String::new();
        _ = uwrite!(percent, "{}{}{}", permille / 10, self.word(Word::UptimeDecimal), permille % 10);
        let percent = if permille == 1000 { "100" } else { &percent };
        let percent = &mut |out: &mut Out<'_>| {
            out.filled(self.word(Word::UptimePercent), &mut |out, _| out.number(percent));
        };
        // Nine days of ten are told as all: the bar shows the others.
        let few = |&known: &u32| known.saturating_mul(10) < u32::from(days).saturating_mul(9);
        match sum.days_known(days).filter(|known| few(known) || self.kind == PageKind::History) {
            None => percent(out),
            Some(known) => self.days_in(out, Word::UptimeOf, known, percent),
        }
        if sum.troubled > 0 && self.kind == PageKind::History {
            out.text(" · ");
            self.days_in(out, Word::UptimeTroubled, sum.troubled, &mut |_| {});
        }
    }

    /// A sentence that counts days, and may hold something else.
    fn days_in(&self, out: &mut Out<'_>, which: Word, days: u32, other: &mut dyn FnMut(&mut Out<'_>)) {
        let mut number: String<4> = String::new();
        _ = uwrite!(number, "{}", days);
        let sentence = counted(self.lang, which, usize::try_from(days).unwrap_or(usize::MAX));
        out.filled(sentence, &mut |out, place| {
            if place == "count" { out.number(&number) } else { other(out) }
        });
    }

    /// What the bars mean, where there are any.
    pub(super) fn bars_legend(&self, out: &mut Out<'_>) {
        if self.barred.get() {
            let mut text =
                |out: &mut Out<'_>| self.days_in(out, Word::UptimeLegend, self.days().into(), &mut |_| {});
            Notice { class: "bars", text: &mut text }.write(out);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const WHOLE: Day = Day { down: 0, degraded: 0, maintenance: 0, known: 1440 };

    #[test]
    fn a_day_shows_the_worst_that_happened_on_it() {
        for (day, whole, expected) in [
            (WHOLE, 1440, Fared::Well),
            (Day { known: 720, ..WHOLE }, 1440, Fared::Well),
            (Day { known: 719, ..WHOLE }, 1440, Fared::Unknown),
            (Day { known: 100, ..WHOLE }, 200, Fared::Well),
            (Day { known: 0, ..WHOLE }, 0, Fared::Unknown),
            (Day { known: 1, ..WHOLE }, 0, Fared::Well),
            (Day::default(), 1440, Fared::Unknown),
            (Day { known: 10, maintenance: 10, ..WHOLE }, 1440, Fared::Work),
            (Day { degraded: 1, maintenance: 600, ..WHOLE }, 1440, Fared::Degraded),
            (Day { down: 1, degraded: 900, maintenance: 200, ..WHOLE }, 1440, Fared::Down),
            (Day { down: 1, known: 1, ..WHOLE }, 1440, Fared::Down),
        ] {
            assert_eq!(Fared::of(day, whole), expected, "{day:?} of {whole}");
        }
    }

    fn sum(days: &[Day]) -> Sum {
        let mut sum = Sum::default();
        for (&day, ago) in days.iter().zip(0u8..) {
            sum.add(day, ago);
        }
        sum
    }

    #[test]
    fn a_percentage_is_never_rounded_up_nor_guessed() {
        assert_eq!(sum(&[WHOLE; 90]).permille(), Some(1000));
        let mut days = [WHOLE; 90];
        days[40].down = 1;
        assert_eq!(sum(&days).permille(), Some(999));
        assert_eq!(sum(&[Day::default(); 90]).permille(), None);
        assert_eq!(sum(&[Day { maintenance: 1440, ..WHOLE }]).permille(), None);
        // What is not known counts neither for nor against; planned work does neither.
        assert_eq!(sum(&[Day { known: 100, down: 50, ..WHOLE }, Day::default()]).permille(), Some(500));
        assert_eq!(sum(&[Day { maintenance: 1000, down: 220, ..WHOLE }]).permille(), Some(500));
        // All of it bad, rounded up on the one side and down on the other.
        assert_eq!(sum(&[Day { known: 60, down: 60, degraded: 1, ..WHOLE }]).permille(), Some(0));
        // Of a new page's first minutes nothing is told yet.
        assert_eq!(sum(&[Day { known: 59, down: 59, ..WHOLE }]).permille(), None);
    }

    #[test]
    fn what_is_not_known_is_said() {
        let mut days = [WHOLE; 90];
        days[0].known = 300;
        assert_eq!(sum(&days).days_known(90), None);
        days[50].known = 1440 - 60;
        days.iter_mut().skip(60).for_each(|day| day.known = 1439);
        assert_eq!(sum(&days).days_known(90), None);
        days[20].known = 1000;
        assert_eq!(sum(&days).days_known(90), Some(89));
        days.iter_mut().skip(12).for_each(|day| *day = Day::default());
        assert_eq!(sum(&days).days_known(90), Some(12));
        days[0] = Day::default();
        assert_eq!(sum(&days).days_known(90), Some(11));
        assert_eq!(sum(&[WHOLE; 12]).days_known(12), None);
        assert_eq!(sum(&[]).days_known(0), Some(0));
    }

    #[test]
    fn marks_are_where_their_days_are() {
        use Fared::{Degraded, Down, Well};
        assert_eq!(path(&[Well, Down, Down, Well, Degraded, Down], Down, 4).as_str(), "M1 4h2m2 0h1");
        assert_eq!(path(&[Well, Down, Down, Well, Degraded, Down], Degraded, 6).as_str(), "M4 6h1");
        assert_eq!(path(&[Well; 90], Down, 4).as_str(), "");
    }

    proptest! {
        #[test]
        fn a_path_marks_its_days_and_no_others(days in prop::collection::vec(0..5usize, 0..=90usize)) {
            let kinds = [Fared::Well, Fared::Unknown, Fared::Work, Fared::Degraded, Fared::Down];
            let days: std::vec::Vec<_> = days.iter().map(|&kind| kinds[kind]).collect();
            for kind in kinds {
                let path = path(&days, kind, 4);
                let mut marked = std::vec![false; days.len()];
                let mut pen = 0;
                for step in path.split(['M', 'm']).skip(1) {
                    let (start, length) = step.split_once('h').unwrap();
                    pen += start.split(' ').next().unwrap().parse::<usize>().unwrap();
                    let length: usize = length.parse().unwrap();
                    marked[pen..pen + length].fill(true);
                    pen += length;
                }
                for (day, marked) in days.iter().zip(marked) {
                    prop_assert_eq!(*day == kind, marked);
                }
            }
        }

        #[test]
        fn no_path_is_cut(every in 1..5usize) {
            let days: std::vec::Vec<_> = (0..HISTORY_DAYS).map(|day| if day % 2 == every % 2 { Fared::Down } else { Fared::Well }).collect();
            prop_assert!(path(&days, Fared::Down, 4).len() < 310);
        }
    }
}
