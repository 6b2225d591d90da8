//! Commands that tell of what sends: sources, heartbeats and rules.

use super::answer::{AnswerWriter, Cell, Heads};
use super::read::Teller;
use crate::command::table::Needs;
use crate::engine::Oddity;
use crate::limits::{MISSING_TOLD, ODD_NAMES};

pub(super) fn sources(teller: &Teller<'_, '_>, out: &mut AnswerWriter<'_>) {
    const HEADS: &Heads<[&str; 10]> = &Heads::new(
        "source",
        [
            "*site",
            "source",
            "state",
            "last_heard",
            "alerts",
            "unmapped",
            "odd_severity",
            "wrong_path",
            "unmapped_names",
            "odd_severity_names",
        ],
    );
    let (access, now, sources) = (teller.access, teller.view.now(), teller.engine.sources());
    out.table("", HEADS, "there are no sources", &mut |out| {
        for site in access.sites() {
            teller.zone(site, out);
            for (id, source) in access.config.pushers_of(site) {
                let heard = sources.last_heard(id);
                let state = match (heard, sources.is_live(id)) {
                    (_, true) => "heard",
                    (Some(_), false) => "silent",
                    (None, false) => "never heard",
                };
                let last = heard.map_or(Cell::Nothing, |at| Cell::At(now.wall_of(at)));
                let held = teller.engine.alerts().counting(id);
                let names = |what| sources.odd_names(id, what).collect::<heapless::Vec<_, ODD_NAMES>>();
                let (unmapped, odd) = (names(Oddity::Unmapped), names(Oddity::Severity));
                // For people, what is rare has a column only where it is so.
                let json = out.json();
                let rare = |what| match sources.odd(id, what) {
                    0 if !json => Cell::Nothing,
                    count => Cell::Count(count.into()),
                };
                // What an alert is called is for those alone who may see alerts.
                let [unmapped, odd] = if access.may(Needs::Admin) {
                    [Cell::Names(&unmapped), Cell::Names(&odd)]
                } else {
                    [Cell::Absent; 2]
                };
                let cells = [
                    Cell::Text(access.site_name(site)),
                    Cell::Text(access.config.str(source.name)),
                    Cell::Text(state),
                    last,
                    Cell::Count(u64::try_from(held).unwrap_or(u64::MAX)),
                    Cell::Count(sources.odd(id, Oddity::Unmapped).into()),
                    rare(Oddity::Severity),
                    rare(Oddity::Path),
                    unmapped,
                    odd,
                ];
                out.row(HEADS, &cells);
            }
        }
    });
}

/// Heartbeats of the sources of these sites, those that only operators see included.
pub(super) fn heartbeats(teller: &Teller<'_, '_>, sites: u8, out: &mut AnswerWriter<'_>) {
    const HEADS: &Heads<[&str; 6]> =
        &Heads::new("heartbeat", ["*site", "heartbeat", "component", "state", "last_heard", "source"]);
    let (access, config, now) = (teller.access, teller.access.config, teller.view.now());
    out.table("", HEADS, "no heartbeats are owed", &mut |out| {
        teller.each_site(sites, &mut |site| {
            teller.zone(site, out);
            for (id, row) in config.heartbeats() {
                let Some(source) = config.sources.get(row.source.index()) else { continue };
                if source.site != site {
                    continue;
                }
                let heartbeat = teller.engine.heartbeat(id);
                let cells = [
                    Cell::Text(access.site_name(site)),
                    Cell::Text(config.str(row.name)),
                    row.component.map_or(Cell::Nothing, |id| Cell::Text(access.component_name(id))),
                    Cell::Text(heartbeat.word()),
                    heartbeat.last().map_or(Cell::Nothing, |at| Cell::At(now.wall_of(at))),
                    Cell::Text(config.str(source.name)),
                ];
                out.row(HEADS, &cells);
            }
        });
    });
}

/// Rules on what the sources of these sites measure, those that only operators see included.
pub(super) fn rules(teller: &Teller<'_, '_>, sites: u8, out: &mut AnswerWriter<'_>) {
    const HEADS: &Heads<[&str; 7]> =
        &Heads::new("rule", ["*site", "rule", "component", "state", "missing", "which", "source"]);
    let (access, config) = (teller.access, teller.access.config);
    out.table("", HEADS, "there are no rules", &mut |out| {
        teller.each_site(sites, &mut |site| {
            for (id, row) in config.rules() {
                let Some(source) = config.sources.get(row.source.index()) else { continue };
                if source.site != site {
                    continue;
                }
                let (mut missing, mut which) = (0u64, heapless::Vec::<&str, { MISSING_TOLD * 2 }>::new());
                for name in teller.engine.missing(config, id, teller.view.now().mono) {
                    missing = missing.saturating_add(1);
                    // Of more, the number tells.
                    _ = which.push(if which.is_empty() { "" } else { ", " });
                    _ = which.push(name);
                }
                let cells = [
                    Cell::Text(access.site_name(site)),
                    Cell::Text(config.str(row.name)),
                    row.component.map_or(Cell::Nothing, |id| Cell::Text(access.component_name(id))),
                    Cell::Text(teller.engine.rule_word(config, id, teller.view.now().mono)),
                    if config.expected_of(id).next().is_none() {
                        Cell::Nothing
                    } else {
                        Cell::Count(missing)
                    },
                    if which.is_empty() { Cell::Nothing } else { Cell::Parts(&which) },
                    Cell::Text(config.str(source.name)),
                ];
                out.row(HEADS, &cells);
            }
        });
    });
}
