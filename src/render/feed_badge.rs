//! Badges: a service and its state in a picture of one line, and the JSON by which shields.io draws
//! one (<https://shields.io/badges/endpoint-badge>).

use super::feed_json::said;
use super::fragment::{Form, Out};
use super::page::{Context, service_word, sign};
use super::words::word;
use crate::limits::BADGE_NAME_BYTES;
use crate::model::ServiceId;
use crate::shown::ShownState;
use crate::text::json::Json;
use crate::text::mask::shorten;

/// Widths of the characters from space to tilde in Verdana at 11 pixels, in tenths of a pixel
/// (Debian's substitute has them, too). `textLength` makes any other font as wide.
const WIDTHS: [u8; 95] = [
    39, 43, 50, 90, 70, 118, 80, 30, 50, 50, 70, 90, 40, 50, 40, 50, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70,
    50, 50, 90, 90, 90, 60, 110, 75, 75, 77, 85, 70, 63, 85, 83, 46, 50, 76, 61, 93, 82, 87, 66, 87, 76, 75,
    68, 81, 75, 109, 75, 68, 75, 50, 50, 50, 90, 70, 70, 66, 69, 57, 69, 66, 39, 69, 70, 30, 38, 65, 30, 107,
    70, 67, 69, 69, 47, 57, 43, 70, 65, 90, 65, 65, 58, 70, 50, 70, 90,
];
/// Of every other character.
const OTHER: usize = 70;
/// Pixels beside a text.
const GAP: usize = 6;

/// Pixels of a text.
fn width(text: &str) -> usize {
    let tenths = text.chars().map(|c| {
        let place = u32::from(c).checked_sub(u32::from(' ')).and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| WIDTHS.get(place)).map_or(OTHER, |&width| width.into())
    });
    tenths.fold(0_usize, usize::saturating_add).div_ceil(10)
}

/// The colour of a state: for white text on it, and as shields.io calls one like it.
const fn colours(state: ShownState) -> (&'static str, &'static str) {
    match state {
        ShownState::Well => ("#2e7d32", "brightgreen"),
        ShownState::Work => ("#6a45a8", "blueviolet"),
        ShownState::NoData => ("#616161", "lightgrey"),
        ShownState::Degraded => ("#b04a00", "orange"),
        ShownState::Outage => ("#c62828", "red"),
    }
}

/// Writes how all of a site is, as a sign for the tab of a browser.
pub(super) fn icon(cx: &Context<'_>, out: &mut Out<'_>) {
    let state = cx.headline(cx.view.banner(cx.id).as_ref()).state;
    out.put("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><path fill=\"");
    out.put(colours(state).0);
    out.put("\" d=\"M0 0h16v16H0z\"/><text x=\"8\" y=\"13\" fill=\"#fff\" text-anchor=\"middle\" ");
    out.put("font-family=\"sans-serif\" font-weight=\"bold\" font-size=\"14\">");
    out.text(sign(state));
    out.put("</text></svg>\n");
}

/// Writes the badge of a service, as a picture or for shields.io.
pub(super) fn write(cx: &Context<'_>, out: &mut Out<'_>, service: ServiceId) {
    let worst = cx.shown(service);
    let name = cx.config.services.get(service.index()).map_or("", |row| cx.name(row.title));
    let is_long = name.len() > BADGE_NAME_BYTES;
    let name = if is_long { shorten(name, BADGE_NAME_BYTES) } else { name };
    let more = if is_long { "…" } else { "" };
    let message = word(cx.lang, service_word(worst));
    let (fill, colour) = colours(worst.state);
    if out.form() == Form::Json {
        out.begin("", "{");
        out.key("schemaVersion");
        Json::number(out, 1);
        said(out, "label", &mut |out| {
            out.text(name);
            out.text(more);
        });
        Json::text(out, "message", message);
        Json::text(out, "color", colour);
        out.key("cacheSeconds");
        Json::number(out, 60);
        return out.end("}");
    }
    let left = width(name).saturating_add(width(more));
    let right = width(message);
    let split = left.saturating_add(GAP.saturating_mul(2));
    let whole = split.saturating_add(right).saturating_add(GAP.saturating_mul(2));
    let number = |out: &mut Out<'_>, n: usize| Json::number(out, n.try_into().unwrap_or(0));
    out.put("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
    number(out, whole);
    out.put("\" height=\"20\" role=\"img\" xml:lang=\"");
    out.put(cx.lang.tag());
    out.put("\"><title>");
    out.text(name);
    out.text(more);
    out.text(": ");
    out.text(message);
    out.put("</title><path fill=\"#555\" d=\"M0 0h");
    number(out, split);
    out.put("v20H0z\"/><path fill=\"");
    out.put(fill);
    out.put("\" d=\"M");
    number(out, split);
    out.put(" 0H");
    number(out, whole);
    out.put("v20H");
    number(out, split);
    out.put(
        "z\"/><g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">",
    );
    for (text, more, from, wide) in [(name, more, 0, left), (message, "", split, right)] {
        out.put("<text x=\"");
        number(out, from.saturating_add(GAP).saturating_add(wide / 2));
        out.put("\" y=\"14\" textLength=\"");
        number(out, wide);
        out.put("\" lengthAdjust=\"spacingAndGlyphs\">");
        out.text(text);
        out.text(more);
        out.put("</text>");
    }
    out.put("</g></svg>\n");
}
