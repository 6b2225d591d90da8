//! Any text as a time zone: what it says of a time and back is that time, but where the clocks skip
//! or repeat an hour.
#![no_main]

use aiglon::time::Wall;
use aiglon::time::civil::Civil;
use aiglon::time::tz::Tz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((at, text)) = data.split_first_chunk::<8>() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(zone) = Tz::parse(text) else { return };
    // From 1970 to 2200, to the second.
    let at = Wall((i64::from_le_bytes(*at).rem_euclid(7_258_118_400)) * 1_000);
    let offset = zone.offset_at(at);
    // POSIX: up to 24 hours; what summer adds is said by its own offset.
    assert!(offset.secs.abs() <= 7 * 86_400, "{offset:?}");
    assert!(!zone.abbreviation(offset).is_empty());
    let local = Civil::from_wall(Wall(at.0 + i64::from(offset.secs) * 1_000));
    let back = zone.to_wall(local);
    if back != at {
        // Clocks show this time twice, and the first is meant.
        let other = zone.offset_at(back);
        let shown = Civil::from_wall(Wall(back.0 + i64::from(other.secs) * 1_000));
        assert!(back < at && shown == local, "{text} {at:?} {back:?}");
    }
});
