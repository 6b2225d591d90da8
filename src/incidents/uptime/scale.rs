//! Minutes of a day in eight bits.
//!
//! Exact in the first and in the last hour of a day, since most trouble is short and most days are
//! almost wholly known; tens of minutes between:
//!
//! ```text
//! code      0 ..=  60   0, 1, 2, … 60 minutes
//! code     61 ..= 191   70, 80, 90, … 1,370 minutes
//! code    192 ..= 252   1,380, 1,381, … 1,440 minutes
//! code    253 ..= 255   none
//! ```

/// Minutes of a day. One of 23 or 25 hours counts as if it had as many, each a little shorter or
/// longer.
pub(super) const DAY_MINUTES: u32 = 1440;
/// The last code that means something: the whole day.
const WHOLE_DAY: u8 = 252;

/// How a component fared on one day: down, degraded, maintenance and known, as codes. Zero: nothing
/// is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Packed(pub(super) [u8; 4]);

impl Packed {
    pub(super) const NOTHING: Self = Self([0; 4]);

    /// From minutes, the first three rounded up already, `known` rounded down.
    pub(super) fn new([down, degraded, maintenance, known]: [u32; 4]) -> Self {
        Self([code(down, true), code(degraded, true), code(maintenance, true), code(known, false)])
    }

    /// Back to minutes; `None` if one of the codes is none.
    pub(super) fn minutes(self) -> Option<[u32; 4]> {
        let mut all = [0; 4];
        for (minutes, code) in all.iter_mut().zip(self.0) {
            *minutes = match u32::from(code) {
                exact @ 0..=60 => exact,
                tens @ 61..=191 => tens.wrapping_sub(54).wrapping_mul(10),
                exact if code <= WHOLE_DAY => exact.wrapping_add(1188),
                _ => return None,
            };
        }
        Some(all)
    }
}

/// The code of so many minutes, or of the next more (`up`) or fewer that has one.
fn code(minutes: u32, up: bool) -> u8 {
    let code = match minutes {
        exact @ 0..=60 => exact,
        tens @ 61..1380 if up => tens.div_ceil(10).wrapping_add(54),
        tens @ 61..1380 => (tens / 10).wrapping_add(54),
        exact => exact.min(DAY_MINUTES).wrapping_sub(1188),
    };
    u8::try_from(code).unwrap_or(WHOLE_DAY)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    use super::*;

    fn back(minutes: u32, up: bool) -> u32 {
        Packed([code(minutes, up), 0, 0, 0]).minutes().unwrap()[0]
    }

    #[test]
    fn every_minute_of_a_day() {
        for minutes in 0..=DAY_MINUTES {
            let (up, down) = (back(minutes, true), back(minutes, false));
            assert!(down <= minutes && minutes <= up, "{down} {minutes} {up}");
            if minutes <= 60 || minutes >= 1380 || minutes % 10 == 0 {
                assert_eq!((up, down), (minutes, minutes));
            } else {
                assert_eq!(up - down, 10, "{minutes}");
            }
            // What has a code keeps it, however often it is written and read.
            assert_eq!((back(up, true), back(down, false)), (up, down));
        }
        assert_eq!((back(5000, true), back(5000, false)), (1440, 1440));
    }

    #[test]
    fn every_code() {
        let mut last = None;
        for byte in 0..=u8::MAX {
            let minutes = Packed([0, byte, 0, 0]).minutes().map(|all| all[1]);
            assert_eq!(minutes.is_some(), byte <= 252, "{byte}");
            if let Some(minutes) = minutes {
                assert!(last < Some(minutes), "{byte}");
                assert_eq!((code(minutes, true), code(minutes, false)), (byte, byte));
                last = Some(minutes);
            }
        }
        assert_eq!(last, Some(DAY_MINUTES));
    }
}
