//! What clients of Atlassian Statuspage read (<https://metastatuspage.com/api>): its `status.json`.
//!
//! It has no word for *no data*. That is `degraded_performance` and `minor`, never well, and
//! `aiglon_state` says it.

use core::cell::Cell;

use super::fragment::Out;
use super::page::Context;
use crate::limits::INCIDENTS_SHOWN;
use crate::shown::{self, ShownState, is_current};
use crate::text::hex;
use crate::text::json::Json;
use crate::time::Wall;

/// A string whose parts `write` writes.
pub(super) fn said(out: &mut Out<'_>, key: &str, write: &mut dyn FnMut(&mut Out<'_>)) {
    out.key(key);
    out.put("\"");
    write(out);
    out.put("\"");
}

/// A time to the minute, or nothing where it is not known.
pub(super) fn time(cx: &Context<'_>, out: &mut Out<'_>, key: &str, at: Option<Wall>) {
    if let Some(at) = at {
        return Json::text(out, key, &cx.stamp(at));
    }
    out.key(key);
    out.put("null");
}

/// An identifier: the hash of a section's name, by which the journal knows it as well.
pub(super) fn id(out: &mut Out<'_>, key: &str, hash: u32) {
    said(out, key, &mut |out| digits(out, hash));
}

/// Eight hexadecimal digits.
pub(super) fn digits(out: &mut Out<'_>, hash: u32) {
    for byte in hash.to_be_bytes() {
        for half in [byte >> 4, byte & 15] {
            out.put(hex::digit(half.into()).encode_utf8(&mut [0; 4]));
        }
    }
}

/// Our own word for a state, which has one for *no data*.
pub(super) fn state(out: &mut Out<'_>, state: ShownState) {
    let word = if state == ShownState::NoData { "no_data" } else { state.word() };
    Json::text(out, "aiglon_state", word);
}

/// `status.json`.
pub(super) fn status(cx: &Context<'_>, out: &mut Out<'_>) {
    out.begin("", "{");
    head(cx, out);
    out.end("}");
}

/// Which page it is, and how all of it is.
pub(super) fn head(cx: &Context<'_>, out: &mut Out<'_>) {
    page(cx, out, changed(cx));
    let headline = cx.headline(cx.view.banner(cx.id).as_ref());
    out.begin("status", "{");
    Json::text(out, "indicator", indicator(cx, headline.state));
    said(out, "description", &mut |out| headline.short(out));
    state(out, headline.state);
    out.end("}");
}

/// Which page it is.
pub(super) fn page(cx: &Context<'_>, out: &mut Out<'_>, changed: Option<Wall>) {
    out.begin("page", "{");
    id(out, "id", cx.config.site_hash(cx.id));
    said(out, "name", &mut |out| cx.short_name(out, cx.site.title));
    said(out, "url", &mut |out| cx.address(out, "", None));
    Json::text(out, "time_zone", "Etc/UTC");
    time(cx, out, "updated_at", changed);
    out.end("}");
}

/// How bad it is, in the words that clients know.
fn indicator(cx: &Context<'_>, state: ShownState) -> &'static str {
    match state {
        ShownState::Well => "none",
        ShownState::Work => "maintenance",
        ShownState::NoData | ShownState::Degraded => "minor",
        ShownState::Outage => {
            let extent = shown::extent(cx.config, cx.view, cx.id, state);
            if extent.whole == extent.of { "critical" } else { "major" }
        }
    }
}

/// When what is told changed last, as far as it says when; never later than now.
pub(super) fn changed(cx: &Context<'_>) -> Option<Wall> {
    let now = cx.now.wall?;
    let last = Cell::new(None::<Wall>);
    let tell = |at: Option<Wall>| last.set(last.get().max(at.filter(|&at| at <= now)));
    for part in shown::parts_at(cx.config, cx.id) {
        tell(cx.view.component(part).since.and_then(|since| since.wall(cx.now)));
    }
    tell(cx.view.banner(cx.id).and_then(|banner| banner.at));
    let current = Cell::new(0_usize);
    cx.view.incidents(cx.id, &mut |incident| {
        tell(incident.began);
        tell(incident.ended);
        if is_current(incident) && current.replace(current.get().saturating_add(1)) < INCIDENTS_SHOWN {
            cx.view.newest_steps(cx.id, incident.number, 1, &mut |step| {
                tell(step.at);
                tell(step.amended_at);
            });
        }
    });
    cx.view.maintenance(cx.id, &mut |window| tell(Some(window.starts)));
    cx.view.past_maintenance(cx.id, &mut |window| tell(Some(window.ends)));
    last.get()
}
