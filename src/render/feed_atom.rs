//! Atom (RFC 4287): an entry for each step of an incident, since readers tell people of new entries
//! and not of changed ones. The newest stands first. What was redacted is in no feed.

use core::cell::Cell;

use super::feed_json::{changed, digits};
use super::fragment::Out;
use super::markdown;
use super::page::Context;
use super::story::label;
use super::when::DateShown;
use crate::config::{Config, Texts};
use crate::limits::FEED_ENTRIES;
use crate::model::{Feed, IncidentView, Step, StepView, Words};
use crate::text::Span;
use crate::text::json::Json;
use crate::time::Wall;

/// The year in which a site had its name, as a tag needs one (RFC 4151): that of our first release.
const TAGGED: &str = ",2026:";

/// What a feed is about: nothing less than the site, or a service or component of it.
struct About {
    /// The section's name and the title; none of the site.
    named: Option<(Span, Texts)>,
    /// Where such feeds are.
    under: &'static str,
    /// The section in an identifier.
    hash: u32,
}

impl About {
    fn of(config: &Config, feed: Feed) -> Self {
        let all = Self { named: None, under: "feed.atom", hash: 0 };
        match feed {
            Feed::AtomOf(id) => config.services.get(id.index()).map_or(all, |row| Self {
                named: Some((row.name, row.title)),
                under: "feed/",
                hash: config.service_hash(id),
            }),
            Feed::AtomOfPart(id) => config.components.get(id.index()).map_or(all, |row| Self {
                named: Some((row.name, row.title)),
                under: "feed/component/",
                hash: config.component_hash(id),
            }),
            _ => all,
        }
    }
}

/// Whether a feed tells of a step.
fn tells(feed: Feed, incident: &IncidentView<'_>, step: &StepView<'_>) -> bool {
    match feed {
        Feed::AtomOf(service) => incident.service == service,
        Feed::AtomOfPart(part) => {
            incident.components.contains(part) && step.component.is_none_or(|component| component == part)
        }
        _ => true,
    }
}

/// Writes the steps of all incidents, or of those of a service or component; how many entries did
/// not fit.
pub(super) fn write(cx: &Context<'_>, out: &mut Out<'_>, feed: Feed) -> usize {
    const END: &str = "</feed>\n";
    let about = About::of(cx.config, feed);
    let path = |out: &mut Out<'_>| {
        cx.address(out, about.under, None);
        if let Some((name, _)) = about.named {
            out.text(cx.config.str(name));
            out.text(".atom");
        }
    };
    out.put(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"",
    );
    out.put(cx.lang.tag());
    out.put("\">\n<title>");
    out.text(cx.name(cx.site.title));
    if let Some((_, title)) = about.named {
        out.text(" · ");
        out.text(cx.name(title));
    }
    out.put("</title>\n");
    if about.named.is_none() {
        out.put("<subtitle>");
        cx.headline(cx.view.banner(cx.id).as_ref()).short(out);
        out.put("</subtitle>\n");
    }
    out.put("<id>");
    tag(cx, out);
    out.put("incidents");
    if about.named.is_some() {
        out.put("/of/");
        digits(out, about.hash);
    }
    out.put("</id>\n<updated>");
    out.put(&cx.stamp(changed(cx).unwrap_or(Wall(0))));
    out.put("</updated>\n<author><name>");
    out.text(cx.name(cx.site.title));
    out.put("</name></author>\n<link rel=\"self\" type=\"application/atom+xml\" href=\"");
    path(out);
    out.put("\"/>\n<link rel=\"alternate\" type=\"text/html\" href=\"");
    cx.address(out, "", None);
    out.put("\"/>\n<generator>aiglon</generator>\n");
    let room = Cell::new(out.room().saturating_sub(END.len()));
    let left_out = Cell::new(0_usize);
    // The incidents of which an update was told: an older one promises nothing any more.
    let mut updated = heapless::Vec::<u32, FEED_ENTRIES>::new();
    cx.view.newest_of_site(cx.id, FEED_ENTRIES, &mut |incident, step| {
        let is_update = matches!(step.step, Step::Update(_)) && !updated.contains(&incident.number);
        if is_update {
            // There is room for as many as there are entries.
            _ = updated.push(incident.number);
        }
        let is_told = tells(feed, incident, step) && cx.now.wall.is_some();
        let Some(at) = step.at.or(incident.began).filter(|_| is_told) else {
            return;
        };
        // What is left out is the oldest: after the first that does not fit, none is told.
        let fits = left_out.get() == 0
            && cx.fitting(out, &room, &mut |out| entry(cx, out, incident, step, at, is_update));
        if !fits {
            left_out.set(left_out.get().saturating_add(1));
        }
    });
    out.put(END);
    left_out.get()
}

/// Of what all identifiers of a site are made (RFC 4151). An address is none that a tag could have,
/// unless its brackets and colons go.
fn tag(cx: &Context<'_>, out: &mut Out<'_>) {
    out.put("tag:");
    host(cx, out);
    out.put(TAGGED);
    digits(out, cx.config.site_hash(cx.id));
    out.put("/");
}

/// The name of the machine in the address of the page, in small letters.
pub(super) fn host(cx: &Context<'_>, out: &mut Out<'_>) {
    let url = cx.config.str(cx.site.url);
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    let name = match authority.split_once(']') {
        Some((address, _)) => address.trim_start_matches('['),
        None => authority.split(':').next().unwrap_or(authority),
    };
    for c in name.chars() {
        let c = if c == ':' { '-' } else { c.to_ascii_lowercase() };
        out.put(c.encode_utf8(&mut [0; 4]));
    }
}

/// `is_last`: the step is the last update of its incident, which may have promised the next news.
fn entry(
    cx: &Context<'_>,
    out: &mut Out<'_>,
    incident: &IncidentView<'_>,
    step: &StepView<'_>,
    at: Wall,
    is_last: bool,
) {
    out.put("<entry>\n<title>");
    cx.title(out, incident);
    out.text(": ");
    out.word(label(step).0);
    out.put("</title>\n<id>");
    tag(cx, out);
    out.put("incidents/");
    Json::number(out, incident.number.into());
    out.put("/");
    Json::number(out, step.number.into());
    out.put("</id>\n<published>");
    out.put(&cx.stamp(at));
    out.put("</published>\n<updated>");
    out.put(&cx.stamp(step.amended_at.unwrap_or(at).max(at)));
    out.put("</updated>\n<link rel=\"alternate\" type=\"text/html\" href=\"");
    cx.address(out, "incidents/", Some(incident.number));
    out.put("\"/>\n<content");
    if let Words::Own { lang, .. } = step.words {
        let lang = if lang.is_empty() { cx.site.lang.tag() } else { lang };
        out.put(" xml:lang=\"");
        // The empty one is XML's for "not known".
        out.text(if markdown::is_tag(lang) { lang } else { "" });
        out.put("\"");
    }
    out.put(">");
    if step.words == Words::None {
        out.word(label(step).0);
        cx.step_about(out, step);
    } else {
        cx.words(out, step.words);
    }
    // Who reads it tomorrow needs the date.
    if let Some(promise) = cx.promise(incident, DateShown::Always).filter(|_| is_last) {
        out.put("\n");
        promise(out);
    }
    out.put("</content>\n</entry>\n");
}
