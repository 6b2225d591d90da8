//! Every kind of record that a journal may hold: its number, its name and its owner, in one table.
//!
//! A number is never given again, because an old journal must stay readable by every later release.
//! The owner draws the bytes of its records; the journal does not look at them.

/// Which part of the program writes a record and reads it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Alerts that their sender does not repeat (`engine::durable`).
    Alerts,
    /// Signs of life (`engine::heartbeats`).
    Heartbeats,
    /// Rules (`engine::rules`).
    Rules,
    /// Incidents, planned work and banners (`incidents::record`).
    Incidents,
    /// How components fared (`incidents::uptime`).
    Past,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordKind {
    /// The byte that stands in front of the payload; never 0.
    pub number: u8,
    /// How the drawing of the record calls it.
    pub name: &'static str,
    /// Who knows what is in it.
    pub owner: Owner,
}

/// Makes a constant of each row, and the table of all rows: no constant can be missing there.
macro_rules! kinds {
    ($($number:literal $constant:ident $name:literal $owner:ident: $doc:literal)*) => {
        $(
            #[doc = $doc]
            pub const $constant: u8 = $number;
        )*

        /// All kinds, in the order of their numbers.
        pub const ALL: &[RecordKind] =
            &[$(RecordKind { number: $number, name: $name, owner: Owner::$owner }),*];
    };
}

kinds! {
    1 BEGAN "began" Alerts: "An alert began; read, and no longer written."
    2 ENDED "ended" Alerts: "An alert ended; read, and no longer written."
    3 MORE "more" Alerts: "A source had alerts that are not written down. After a restart its components are no data until it has had the time to say everything again."
    4 STEP "step" Incidents: "A step of an incident."
    5 WINDOW "window" Incidents: "A maintenance."
    6 WINDOW_ENDED "window ended" Incidents: "The end of a maintenance by hand."
    7 BANNER "banner" Incidents: "A banner, or its end."
    8 ROSTER "roster" Past: "Which components the days behind it tell of."
    9 DAYS "days" Past: "How those components fared on a day."
    10 CLOCK "clock" Incidents: "A boot, and when it was."
    11 NUMBERS "numbers" Incidents: "The last numbers given on a site."
    12 UNDO "undo" Incidents: "Something was taken back."
    13 GONE "gone" Incidents: "An incident was removed, or gave way."
    14 BEAT "beat" Heartbeats: "When a heartbeat came last."
    15 ALERT "alert" Alerts: "What an alert says, when it was told, and until when that is believed."
    16 OVER "over" Alerts: "An alert ended, and when."
    17 RULE "rule" Rules: "Whether a rule with two limits fires."
}

const _: () = assert!(ascend(ALL), "the numbers of the kinds differ, ascend, and none is 0");

/// The kinds of an owner, a bit for each. In the program there is this number instead of the table.
pub const fn of(owner: Owner) -> u32 {
    let (mut kinds, mut bits) = (ALL, 0);
    while let [first, rest @ ..] = kinds {
        if first.owner as u8 == owner as u8 {
            bits |= bit(first.number);
        }
        kinds = rest;
    }
    bits
}

/// The bit of a kind; none if there can be no such kind.
pub const fn bit(number: u8) -> u32 {
    if number < 32 { 1u32.wrapping_shl(number as u32) } else { 0 }
}

const _: () = assert!(
    (of(Owner::Alerts) | of(Owner::Heartbeats) | of(Owner::Rules) | of(Owner::Incidents) | of(Owner::Past))
        .count_ones() as usize
        == ALL.len(),
    "each kind has a bit"
);

/// Whether each number is greater than the one before it, and the first is greater than 0.
const fn ascend(mut kinds: &[RecordKind]) -> bool {
    let mut last = 0;
    while let [first, rest @ ..] = kinds {
        if first.number <= last {
            return false;
        }
        last = first.number;
        kinds = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_of_the_table_sees_a_number_that_stands_twice() {
        let row = |number| RecordKind { number, name: "", owner: Owner::Past };
        for (numbers, good) in [([1, 2, 3], true), ([1, 4, 9], true), ([0, 1, 2], false), ([1, 2, 2], false)]
        {
            assert_eq!(ascend(&numbers.map(row)), good, "{numbers:?}");
        }
    }

    #[test]
    fn names_differ() {
        for (at, kind) in ALL.iter().enumerate() {
            assert!(ALL.iter().skip(at + 1).all(|other| other.name != kind.name), "{}", kind.name);
        }
    }
}
