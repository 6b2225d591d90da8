//! The larger answers that clients of Atlassian Statuspage read: `summary.json`, components,
//! incidents and planned work. No array is ever left out, since clients take that for an error or
//! for "all well".

use core::cell::Cell;

use super::feed_json::{changed, digits, head, id, said, state, time};
use super::fragment::Out;
use super::page::Context;
use super::story::{label, standing};
use crate::config;
use crate::limits::{FEED_INCIDENTS, FEED_STEPS, PARTS_SHOWN, STEPS_SHOWN};
use crate::model::{
    ComponentId, Feed, IncidentView, MaintenanceView, Phase, Repeat, ServiceId, State, Step, StepView, Words,
};
use crate::shown::{self, ShownState, is_current};
use crate::text::json::Json;
use crate::time::{At, Wall};

/// Bytes of the brackets and keys that follow the last incident and the last window.
const TAIL_BYTES: usize = 64;

/// Which incidents or windows are told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Those that go on, and those that are to come.
    Current,
    Upcoming,
    Active,
    All,
}

/// Writes one of these answers; how many incidents and windows did not fit.
pub(super) fn write(cx: &Context<'_>, out: &mut Out<'_>, feed: Feed) -> usize {
    out.begin("", "{");
    if feed == Feed::Summary {
        head(cx, out);
    } else {
        super::feed_json::page(cx, out, changed(cx));
    }
    if matches!(feed, Feed::Summary | Feed::Components) {
        components(cx, out);
    }
    let room = Cell::new(out.room().saturating_sub(TAIL_BYTES));
    let left_out = Cell::new(0_usize);
    if matches!(feed, Feed::Summary | Feed::Unresolved) {
        incidents(cx, out, Which::Current, (&room, &left_out));
    } else if feed == Feed::Incidents {
        incidents(cx, out, Which::All, (&room, &left_out));
    }
    let windows = match feed {
        Feed::Summary => Some(Which::Current),
        Feed::Maintenances => Some(Which::All),
        Feed::Upcoming => Some(Which::Upcoming),
        Feed::Active => Some(Which::Active),
        _ => None,
    };
    if let Some(which) = windows {
        maintenances(cx, out, which, (&room, &left_out));
    }
    out.end("}");
    left_out.get()
}

fn literal(out: &mut Out<'_>, key: &str, value: &'static str) {
    out.key(key);
    out.put(value);
}

// ---- components ---------------------------------------------------------------------------------

/// Every service as a group, and its parts in it. Descriptions go if the rest would not fit.
fn components(cx: &Context<'_>, out: &mut Out<'_>) {
    let before = out.len();
    for with_texts in [true, false] {
        out.begin("components", "[");
        let mut position = 0_u64;
        for (_, service, row) in cx.services() {
            position = position.saturating_add(1);
            group(cx, out, service, row, (position, with_texts));
            for (part, row) in shown::parts(cx.config, service) {
                position = position.saturating_add(1);
                component(cx, out, part, row, (position, with_texts));
            }
        }
        out.end("]");
        if out.fits() {
            return;
        }
        if with_texts {
            out.take_back(before);
            *out.first() = false;
        }
    }
}

fn group(
    cx: &Context<'_>,
    out: &mut Out<'_>,
    service: ServiceId,
    row: &config::Service,
    (position, with_texts): (u64, bool),
) {
    let worst = cx.shown(service);
    let hash = cx.config.service_hash(service);
    let since = shown::parts(cx.config, service).filter_map(|(part, _)| since_of(cx, part)).max();
    out.begin("", "{");
    common(cx, out, hash, row.title, (service_word(worst), worst.state));
    times(cx, out, since, position);
    description(cx, out, row.description, with_texts);
    literal(out, "group_id", "null");
    literal(out, "group", "true");
    out.begin("components", "[");
    for (part, _) in shown::parts(cx.config, service) {
        id(out, "", cx.config.component_hash(part));
    }
    out.end("]");
    out.end("}");
}

fn component(
    cx: &Context<'_>,
    out: &mut Out<'_>,
    part: ComponentId,
    row: &config::Component,
    (position, with_texts): (u64, bool),
) {
    let shown = shown::part(cx.view, part);
    out.begin("", "{");
    common(cx, out, cx.config.component_hash(part), row.title, (part_word(shown), shown));
    times(cx, out, since_of(cx, part), position);
    description(cx, out, row.description, with_texts);
    id(out, "group_id", cx.config.service_hash(row.service));
    literal(out, "group", "false");
    out.end("}");
}

/// What services and parts have in common.
fn common(
    cx: &Context<'_>,
    out: &mut Out<'_>,
    hash: u32,
    title: config::Texts,
    (word, shown): (&'static str, ShownState),
) {
    id(out, "id", hash);
    said(out, "name", &mut |out| out.text(cx.name(title)));
    Json::text(out, "status", word);
    state(out, shown);
    id(out, "page_id", cx.config.site_hash(cx.id));
}

fn times(cx: &Context<'_>, out: &mut Out<'_>, since: Option<Wall>, position: u64) {
    literal(out, "created_at", "null");
    time(cx, out, "updated_at", since);
    out.key("position");
    Json::number(out, position);
    literal(out, "showcase", "false");
    literal(out, "start_date", "null");
    literal(out, "only_show_if_degraded", "false");
}

fn description(cx: &Context<'_>, out: &mut Out<'_>, texts: config::Texts, with_texts: bool) {
    let text = cx.name(texts);
    if text.is_empty() || !with_texts {
        literal(out, "description", "null");
    } else {
        said(out, "description", &mut |out| out.text(text));
    }
}

fn since_of(cx: &Context<'_>, part: ComponentId) -> Option<Wall> {
    cx.view.component(part).since.and_then(|since: At| since.wall(cx.now))
}

const fn part_word(shown: ShownState) -> &'static str {
    match shown {
        ShownState::Well => "operational",
        ShownState::Work => "under_maintenance",
        ShownState::NoData | ShownState::Degraded => "degraded_performance",
        ShownState::Outage => "major_outage",
    }
}

const fn service_word(worst: shown::Worst) -> &'static str {
    match worst.state {
        ShownState::Outage if !worst.all => "partial_outage",
        state => part_word(state),
    }
}

/// The parts that something is about, as far as a page names them.
fn affected(cx: &Context<'_>, out: &mut Out<'_>, parts: &mut dyn Iterator<Item = ComponentId>) {
    out.begin("components", "[");
    for part in parts.filter(|&part| cx.config.site_of(part) == Some(cx.id)).take(PARTS_SHOWN) {
        if let Some(row) = cx.config.components.get(part.index()) {
            component(cx, out, part, row, (0, false));
        }
    }
    out.end("]");
}

// ---- incidents ----------------------------------------------------------------------------------

type Room<'a> = (&'a Cell<usize>, &'a Cell<usize>);

/// Writes a value of an array if there is room for all of it.
fn fitting(
    cx: &Context<'_>,
    out: &mut Out<'_>,
    room: &Cell<usize>,
    write: &mut dyn FnMut(&mut Out<'_>),
) -> bool {
    let was_first = *out.first();
    let fits = cx.fitting(out, room, write);
    if !fits {
        *out.first() = was_first;
    }
    fits
}

/// The newest first. From the first on that does not fit with all of its steps, they are told with
/// fewer; from the first on that does not fit with these, they are left out.
fn incidents(cx: &Context<'_>, out: &mut Out<'_>, which: Which, (room, left_out): Room<'_>) {
    out.begin("incidents", "[");
    let (told, steps) = (Cell::new(0_usize), Cell::new(FEED_STEPS));
    cx.view.incidents(cx.id, &mut |incident| {
        // What went on in another one is told there.
        let is_wanted = incident.merged_into.is_none() && (which == Which::All || is_current(incident));
        if !is_wanted || told.replace(told.get().saturating_add(1)) >= FEED_INCIDENTS {
            return;
        }
        let tell = |out: &mut Out<'_>| {
            fitting(cx, out, room, &mut |out| self::incident(cx, out, incident, steps.get()))
        };
        let is_last = left_out.get() > 0;
        let fits = !is_last && (tell(out) || steps.replace(STEPS_SHOWN) > STEPS_SHOWN && tell(out));
        if !fits {
            left_out.set(left_out.get().saturating_add(1));
        }
    });
    out.end("]");
}

/// The least unhappy word for how far people are. While alerts fire it is over for nobody.
fn phase_of(incident: &IncidentView<'_>) -> &'static str {
    match incident.phase {
        _ if !is_current(incident) => Phase::Resolved.word(),
        None | Some(Phase::Resolved) => Phase::Investigating.word(),
        Some(phase) => phase.word(),
    }
}

const fn impact(worst: State) -> &'static str {
    match worst {
        State::Operational => "none",
        State::NoData | State::Degraded => "minor",
        State::Outage => "major",
    }
}

fn incident(cx: &Context<'_>, out: &mut Out<'_>, incident: &IncidentView<'_>, most: usize) {
    let (last, monitoring) = (Cell::new(incident.began.max(incident.ended)), Cell::new(None));
    out.begin("", "{");
    said(out, "id", &mut |out| Json::number(out, incident.number.into()));
    said(out, "name", &mut |out| cx.title(out, incident));
    Json::text(out, "status", phase_of(incident));
    state(out, standing(incident).0);
    Json::text(out, "impact", impact(incident.worst));
    time(cx, out, "created_at", incident.began);
    time(cx, out, "started_at", incident.began);
    time(cx, out, "resolved_at", incident.ended.filter(|_| !is_current(incident)));
    said(out, "shortlink", &mut |out| cx.address(out, "incidents/", Some(incident.number)));
    id(out, "page_id", cx.config.site_hash(cx.id));
    out.begin("incident_updates", "[");
    cx.view.newest_steps(cx.id, incident.number, most, &mut |step| {
        let is_later = |at: &Wall| cx.now.wall.is_some_and(|now| *at <= now);
        last.set(last.get().max(step.at.filter(is_later)).max(step.amended_at.filter(is_later)));
        if step.step == Step::Update(Phase::Monitoring) && monitoring.get().is_none() {
            monitoring.set(step.at);
        }
        update(cx, out, incident, step);
    });
    out.end("]");
    time(cx, out, "monitoring_at", monitoring.get());
    time(cx, out, "updated_at", last.get());
    time(cx, out, "next_update_at", cx.promised(incident).map(|(next, _)| next));
    affected(cx, out, &mut incident.components.iter());
    out.end("}");
}

fn update(cx: &Context<'_>, out: &mut Out<'_>, incident: &IncidentView<'_>, step: &StepView<'_>) {
    let word = match step.step {
        Step::Update(phase) => phase,
        Step::Resolved | Step::Merged(_) => Phase::Resolved,
        _ => Phase::Investigating,
    };
    out.begin("", "{");
    said(out, "id", &mut |out| {
        Json::number(out, incident.number.into());
        out.put("-");
        Json::number(out, step.number.into());
    });
    Json::text(out, "status", word.word());
    said(out, "body", &mut |out| {
        if step.words == Words::None {
            out.word(label(step).0);
            cx.step_about(out, step);
        } else {
            cx.words(out, step.words);
        }
    });
    said(out, "incident_id", &mut |out| Json::number(out, incident.number.into()));
    time(cx, out, "created_at", step.at);
    time(cx, out, "display_at", step.at);
    time(cx, out, "updated_at", step.amended_at.or(step.at));
    out.begin("affected_components", "[");
    out.end("]");
    out.end("}");
}

// ---- planned work -------------------------------------------------------------------------------

/// What is on first, then the soonest, then what is over.
fn maintenances(cx: &Context<'_>, out: &mut Out<'_>, which: Which, (room, left_out): Room<'_>) {
    out.begin("scheduled_maintenances", "[");
    let tell = |out: &mut Out<'_>, window: &MaintenanceView<'_>| {
        if !fitting(cx, out, room, &mut |out| maintenance(cx, out, window)) {
            left_out.set(left_out.get().saturating_add(1));
        }
    };
    cx.view.maintenance(cx.id, &mut |window| {
        let is_wanted = match which {
            Which::Upcoming => !window.active,
            Which::Active => window.active,
            Which::Current | Which::All => true,
        };
        if is_wanted && cx.is_soon(window) {
            tell(out, window);
        }
    });
    if which == Which::All {
        cx.view.past_maintenance(cx.id, &mut |window| tell(out, window));
    }
    out.end("]");
}

fn maintenance(cx: &Context<'_>, out: &mut Out<'_>, window: &MaintenanceView<'_>) {
    let is_over = cx.now.wall.is_some_and(|now| window.ends <= now);
    let word = match (is_over, window.active) {
        (true, _) => "completed",
        (_, true) => "in_progress",
        _ => "scheduled",
    };
    let begun = Some(window.starts).filter(|_| is_over || window.active);
    out.begin("", "{");
    said(out, "id", &mut |out| window_id(cx, out, window));
    said(out, "name", &mut |out| cx.window_name(out, window));
    Json::text(out, "status", word);
    Json::text(out, "impact", "maintenance");
    literal(out, "created_at", "null");
    time(cx, out, "updated_at", if is_over { Some(window.ends) } else { begun });
    time(cx, out, "started_at", begun);
    literal(out, "monitoring_at", "null");
    time(cx, out, "resolved_at", Some(window.ends).filter(|_| is_over));
    time(cx, out, "scheduled_for", Some(window.starts));
    time(cx, out, "scheduled_until", Some(shown::told_end(&cx.site, window.ends)));
    said(out, "shortlink", &mut |out| cx.address(out, "", None));
    id(out, "page_id", cx.config.site_hash(cx.id));
    out.begin("incident_updates", "[");
    if window.words != Words::None {
        out.begin("", "{");
        said(out, "id", &mut |out| {
            window_id(cx, out, window);
            out.put("-1");
        });
        Json::text(out, "status", word);
        said(out, "body", &mut |out| cx.words(out, window.words));
        said(out, "incident_id", &mut |out| window_id(cx, out, window));
        for key in ["created_at", "display_at", "updated_at"] {
            time(cx, out, key, begun);
        }
        out.begin("affected_components", "[");
        out.end("]");
        out.end("}");
    }
    out.end("]");
    let of_it = shown::parts(cx.config, window.service).map(|(part, _)| part);
    affected(cx, out, &mut of_it.filter(|&part| window.component.is_none_or(|one| one == part)));
    out.end("}");
}

/// `m4`; each time of work that repeats has an identifier of its own.
pub(super) fn window_id(cx: &Context<'_>, out: &mut Out<'_>, window: &MaintenanceView<'_>) {
    out.put("m");
    Json::number(out, window.number.into());
    if window.repeat != Repeat::Once {
        out.put("-");
        let starts = shown::told_time(&cx.site, window.starts);
        digits(out, u32::try_from(starts.secs().div_euclid(60)).unwrap_or(0));
    }
}
