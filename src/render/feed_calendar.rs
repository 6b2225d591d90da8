//! iCalendar (RFC 5545): planned work, each time that it is on. Times are in UTC, so no rule of a
//! zone needs to be told, and what repeats is told as often as it will be soon.

use core::cell::Cell;

use super::feed_atom::host;
use super::feed_json::{changed, digits};
use super::feed_summary::window_id;
use super::fragment::Out;
use super::page::Context;
use super::words::Word;
use crate::config::Times;
use crate::limits::FEED_OCCURRENCES;
use crate::model::{MaintenanceView, Repeat, Words};
use crate::shown;
use crate::text::json::Json;
use crate::time::Wall;
use crate::time::civil::{DAY_MS, HOUR_MS};

/// Writes a calendar; how many events did not fit.
pub(super) fn write(cx: &Context<'_>, out: &mut Out<'_>) -> usize {
    const END: &str = "END:VCALENDAR\r\n";
    out.put("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//aiglon//aiglon//EN\r\nCALSCALE:GREGORIAN\r\nX-WR-CALNAME:");
    out.text(cx.name(cx.site.title));
    out.put("\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nX-PUBLISHED-TTL:PT1H\r\n");
    let room = Cell::new(out.room().saturating_sub(END.len()));
    let left_out = Cell::new(0_usize);
    let revised = changed(cx).unwrap_or(Wall(0));
    let tell = |out: &mut Out<'_>, window: &MaintenanceView<'_>, is_cancelled: bool| {
        let mut event = |out: &mut Out<'_>| event(cx, out, window, (revised, is_cancelled));
        if left_out.get() > 0 || !cx.fitting(out, &room, &mut event) {
            left_out.set(left_out.get().saturating_add(1));
        }
    };
    let tell_on = |out: &mut Out<'_>, window: &MaintenanceView<'_>| {
        tell(out, window, false);
    };
    cx.view.maintenance(cx.id, &mut |window| {
        if !cx.is_soon(window) {
            return;
        }
        tell_on(out, window);
        if window.repeat != Repeat::Once {
            let most = FEED_OCCURRENCES.saturating_sub(1);
            cx.view.occurrences(cx.id, window.number, window.ends, most, &mut |starts, ends| {
                tell_on(out, &MaintenanceView { starts, ends, ..*window });
            });
        }
    });
    cx.view.past_maintenance(cx.id, &mut |window| tell_on(out, window));
    cx.view.cancelled(cx.id, FEED_OCCURRENCES, &mut |window| tell(out, window, true));
    out.put(END);
    left_out.get()
}

/// `20261121T090600Z`
fn moment(cx: &Context<'_>, out: &mut Out<'_>, at: Wall) {
    for part in cx.stamp(at).split(['-', ':']) {
        out.put(part);
    }
    out.put("\r\n");
}

/// When it is over, as exactly as the site tells times: no event is without length.
fn told_end(cx: &Context<'_>, window: &MaintenanceView<'_>) -> Wall {
    let least_ms = match cx.site.times {
        Times::Exact => 0,
        Times::Hour => HOUR_MS,
        Times::Day => DAY_MS,
    };
    let starts = shown::told_time(&cx.site, window.starts);
    shown::told_end(&cx.site, window.ends).max(Wall(starts.0.saturating_add(least_ms)))
}

/// One time of planned work. Of what was cancelled, it is told when that would have been, since
/// that is how a calendar finds it, and neither of what nor why.
fn event(
    cx: &Context<'_>,
    out: &mut Out<'_>,
    window: &MaintenanceView<'_>,
    (revised, is_cancelled): (Wall, bool),
) {
    out.put("BEGIN:VEVENT\r\nUID:");
    digits(out, cx.config.site_hash(cx.id));
    out.put("-");
    window_id(cx, out, window);
    out.put("@");
    host(cx, out);
    out.put("\r\nDTSTAMP:");
    moment(cx, out, revised);
    out.put("DTSTART:");
    moment(cx, out, window.starts);
    out.put("DTEND:");
    moment(cx, out, told_end(cx, window));
    out.put("SUMMARY:");
    out.word(Word::MaintenanceTitle);
    if !is_cancelled {
        out.text(": ");
        cx.window_name(out, window);
    }
    out.put("\r\n");
    if window.words != Words::None {
        out.put("DESCRIPTION:");
        cx.words(out, window.words);
        out.put("\r\n");
    }
    out.put("URL:");
    cx.address(out, "", None);
    out.put("\r\nSTATUS:");
    out.put(if is_cancelled { "CANCELLED\r\nSEQUENCE:1" } else { "CONFIRMED\r\nSEQUENCE:0" });
    out.put("\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n");
}
