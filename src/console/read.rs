//! Commands that only tell.

use super::Host;
use super::scope::Scope;
use super::sheet::{AnswerWriter, Cell};
use crate::command::table::{Arg, Needs, OPTIONS, OptionRow, ROWS, Row};
use crate::command::{Command, Names, usage};
use crate::config::Role;
use crate::engine::Engine;
use crate::incidents::Refusal;
use crate::limits::MISSING_TOLD;
use crate::model::{
    ComponentSet, Forced, IncidentView, Lang, Phase, Phrase, Repeat, SiteId, State, Step, View,
};
use crate::render::phrase;
use crate::shown::{self, Monitoring};
use crate::text::buffer::Bytes;

use super::scope::Trouble;

/// What follows from a fault of the storage.
pub(super) const MEMORY: &str = "; what people write is kept in memory only";
/// What is said while the file cannot be used.
pub(super) const FILE_FAULT: &str =
    "an older one: the file cannot be used; 'aiglon check' or the log says why";

/// What they all need.
#[derive(Clone, Copy)]
pub(super) struct Teller<'a, 'v> {
    pub(super) scope: Scope<'a>,
    pub(super) view: &'v dyn View,
    pub(super) engine: &'v Engine,
}

/// A state in a word or two.
pub(super) fn state_word(state: State) -> &'static str {
    match state {
        State::Operational => "operational",
        State::NoData => "no data",
        State::Degraded => "degraded",
        State::Outage => "outage",
    }
}

fn maybe(text: &str) -> Cell<'_> {
    if text.is_empty() { Cell::Nothing } else { Cell::Text(text) }
}

fn phase_cell(phase: Option<Phase>) -> Cell<'static> {
    phase.map_or(Cell::Nothing, |phase| Cell::Text(phase.word()))
}

fn number(n: u32) -> Cell<'static> {
    Cell::Count(n.into())
}

fn repeat_word(repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::Once => "",
        Repeat::Weekly => "weekly",
        Repeat::Monthly => "monthly",
    }
}

const INCIDENT: &[&str] =
    &["*site", "*number", "+id", "*open", "+now", "*level", "service", "phase", "began", "*ended", "title"];
const MAINTENANCE: &[&str] = &[
    "*site",
    "*number",
    "+id",
    "*active",
    "+now",
    "*service",
    "*component",
    "+what",
    "starts",
    "ends",
    "repeats",
    "words",
];

impl<'a> Teller<'a, '_> {
    /// The sites that a command is about: the one that it names, or all of theirs.
    pub(super) fn sites_of(&self, name: &'a str) -> Result<u8, Trouble<'a>> {
        let bit = |site: SiteId| 1u8.wrapping_shl(u32::from(site.0));
        if !name.is_empty() {
            return self.scope.site(name).map(bit);
        }
        Ok(self.scope.sites().fold(0, |set, site| set | bit(site)))
    }

    fn each_site(&self, sites: u8, each: &mut dyn FnMut(SiteId)) {
        self.scope.sites().filter(|site| sites & 1u8.wrapping_shl(u32::from(site.0)) != 0).for_each(each);
    }

    pub(super) fn title(&self, site: SiteId) -> &'a str {
        let config = self.scope.config;
        config.sites.get(site.index()).map_or("", |site| config.text(&site.title, site.lang))
    }

    /// Lines tell times in this site's zone from now on.
    pub(super) fn zone(&self, site: SiteId, out: &mut AnswerWriter<'_>) {
        out.zone = self.scope.config.sites.get(site.index()).map(|site| site.timezone).unwrap_or_default();
    }

    // ---- status ---------------------------------------------------------------------------------

    pub(super) fn status(
        &self,
        command: &Command<'a>,
        host: &dyn Host,
        out: &mut AnswerWriter<'_>,
    ) -> Result<(), Trouble<'a>> {
        const HEADS: &[&str] = &["*service", "*component", "+what", "state", "since", "why"];
        let sites = self.sites_of(command.site)?;
        if sites == 0 {
            return Err(Trouble::NoSites);
        }
        let (scope, view, now) = (self.scope, self.view, self.view.now());
        out.open("", "[");
        self.each_site(sites, &mut |site| {
            self.zone(site, out);
            out.open("", "{");
            out.say(&[self.title(site), "\n"]);
            out.field("site", Cell::Text(scope.site_name(site)));
            let shown = shown::headline(scope.config, view, site);
            out.field("state", Cell::Text(shown.word()));
            out.field("as_of", Cell::At(view.as_of(site).and_then(|at| now.wall_of(at))));
            if host.file_fault() {
                out.field("config", Cell::Text(FILE_FAULT));
            }
            if let Some(fault) = host.storage_fault() {
                out.field("storage", Cell::Parts(&[fault, MEMORY]));
            }
            if let Some(fault) = host.console_fault() {
                out.field("console", Cell::Parts(&["not there: ", fault]));
            }
            let mut missing = false;
            host.missing(&mut |listener| {
                if !core::mem::replace(&mut missing, true) {
                    out.open("missing", "[");
                }
                // A list in JSON, and a line for each.
                out.field(if out.json() { "" } else { "missing" }, Cell::Text(listener));
            });
            if missing {
                out.close("]");
            }
            match shown::monitoring(scope.config, view, site) {
                Monitoring::Up => {}
                Monitoring::Partly(_) => {
                    out.field("monitoring", Cell::Text("silent about some parts; see 'sources'"));
                }
                Monitoring::Down(_) => {
                    out.field("monitoring", Cell::Text("silent about everything; see 'sources'"));
                }
            }
            if let Some(banner) = view.banner(site) {
                out.field("banner", banner.state.map_or(Cell::Nothing, |state| Cell::Text(state.word())));
                out.field("words", Cell::Words(&banner.words));
            }
            out.table("components", HEADS, "no components", &mut |out| {
                for (service, _) in scope.config.services_of(site) {
                    for (id, _) in scope.config.components_of(service) {
                        let part = view.component(id);
                        let (service, name) = (scope.service_name(service), scope.component_name(id));
                        let since = part.since.map(|since| Cell::At(since.wall(now)));
                        let cells = [
                            Cell::Text(service),
                            Cell::Text(name),
                            Cell::Parts(&[service, "/", name]),
                            Cell::Text(state_word(part.state())),
                            since.unwrap_or(if out.json() { Cell::Nothing } else { Cell::Text("not known") }),
                            match (part.maintenance, part.affected_by, part.finding.word()) {
                                (true, ..) => Cell::Text("maintenance"),
                                (_, Some(other), _) => Cell::Parts(&["by", " ", scope.component_name(other)]),
                                (_, _, "") => Cell::Nothing,
                                (_, _, why) => Cell::Text(why),
                            },
                        ];
                        out.row(HEADS, &cells);
                    }
                }
            });
            self.incident_table(site, false, "", out);
            self.maintenance_table(site, "", out);
            out.close("}");
        });
        out.close("]");
        Ok(())
    }

    // ---- incidents ------------------------------------------------------------------------------

    fn incident_table(&self, site: SiteId, all: bool, empty: &str, out: &mut AnswerWriter<'_>) {
        out.table("incidents", INCIDENT, empty, &mut |out| self.incident_rows(site, all, out));
    }

    fn incident_rows(&self, site: SiteId, all: bool, out: &mut AnswerWriter<'_>) {
        self.view.incidents(site, &mut |incident| {
            if all || incident.open {
                self.incident_row(site, incident, out);
            }
        });
    }

    fn incident_row(&self, site: SiteId, incident: &IncidentView<'_>, out: &mut AnswerWriter<'_>) {
        let mut digits = heapless::String::<12>::new();
        _ = ufmt::uwrite!(digits, "{}", incident.number);
        let level = state_word(incident.level);
        let cells = [
            Cell::Text(self.scope.site_name(site)),
            number(incident.number),
            if self.scope.several() {
                Cell::Parts(&[self.scope.site_name(site), "/", &digits])
            } else {
                Cell::Text(&digits)
            },
            Cell::Flag(incident.open),
            match (incident.merged_into, incident.open) {
                (Some(_), _) => Cell::Text("merged"),
                (None, false) if incident.firing => Cell::Text("ended, still firing"),
                (None, false) => Cell::Text("ended"),
                (None, true) => Cell::Text(level),
            },
            Cell::Text(level),
            Cell::Text(self.scope.service_name(incident.service)),
            phase_cell(incident.phase),
            Cell::At(incident.began),
            if incident.open { Cell::Nothing } else { Cell::At(incident.ended) },
            maybe(incident.title),
        ];
        out.row(INCIDENT, &cells);
    }

    pub(super) fn incidents(
        &self,
        command: &Command<'a>,
        out: &mut AnswerWriter<'_>,
    ) -> Result<(), Trouble<'a>> {
        let sites = self.sites_of(command.site)?;
        let empty = if command.all {
            "no incidents are kept"
        } else {
            "no incident is open; 'incidents --all' lists those that ended"
        };
        out.table("", INCIDENT, empty, &mut |out| {
            self.each_site(sites, &mut |site| {
                self.zone(site, out);
                self.incident_rows(site, command.all, out);
            });
        });
        Ok(())
    }

    /// A table of one incident.
    pub(super) fn one_incident(&self, site: SiteId, number: u32, out: &mut AnswerWriter<'_>) {
        out.table("", INCIDENT, "nothing more about it", &mut |out| {
            self.with_incident(site, number, &mut |incident| self.incident_row(site, incident, out));
        });
    }

    /// Calls `each` with the incident of a number, if there is one.
    pub(super) fn with_incident(
        &self,
        site: SiteId,
        number: u32,
        each: &mut dyn FnMut(&IncidentView<'_>),
    ) -> bool {
        let mut found = false;
        self.view.incidents(site, &mut |incident| {
            if incident.number == number {
                found = true;
                each(incident);
            }
        });
        found
    }

    /// The site of an incident: the one that is named, or the only one of theirs that has this
    /// number.
    pub(super) fn site_of_incident(&self, command: &Command<'a>) -> Result<SiteId, Trouble<'a>> {
        let has = |site: &SiteId| self.with_incident(*site, command.number, &mut |_| {});
        self.site_by_number(command, &has).unwrap_or(Err(Refusal::NoIncident.into()))
    }

    /// The same of a maintenance.
    pub(super) fn site_of_maintenance(&self, command: &Command<'a>) -> Result<SiteId, Trouble<'a>> {
        let has = |site: &SiteId| {
            let mut found = false;
            self.view.maintenance(*site, &mut |planned| found |= planned.number == command.number);
            found
        };
        self.site_by_number(command, &has).unwrap_or(Err(Refusal::NoMaintenance.into()))
    }

    /// The same of an alert.
    pub(super) fn site_of_alert(&self, command: &Command<'a>) -> Result<SiteId, Trouble<'a>> {
        let has = |site: &SiteId| self.alerts_of(*site).any(|held| u32::from(held.number) == command.number);
        self.site_by_number(command, &has).unwrap_or(Err(Refusal::NoAlert.into()))
    }

    fn site_by_number(
        &self,
        command: &Command<'a>,
        has: &dyn Fn(&SiteId) -> bool,
    ) -> Option<Result<SiteId, Trouble<'a>>> {
        if !command.site.is_empty() {
            let site = self.scope.site(command.site);
            return match site {
                Ok(site) => has(&site).then_some(Ok(site)),
                trouble @ Err(_) => Some(trouble),
            };
        }
        let mut found = self.scope.sites().filter(|site| has(site));
        let first = found.next()?;
        Some(if found.next().is_some() { Err(Trouble::WhichNumber) } else { Ok(first) })
    }

    pub(super) fn incident(
        &self,
        command: &Command<'a>,
        out: &mut AnswerWriter<'_>,
    ) -> Result<(), Trouble<'a>> {
        const STEPS: &[&str] = &[
            "number",
            "at",
            "what",
            "*state",
            "*component",
            "+where",
            "who",
            "corrected_by",
            "corrected_at",
            "words",
            "*amended",
        ];
        let site = self.site_of_incident(command)?;
        let scope = self.scope;
        self.zone(site, out);
        self.with_incident(site, command.number, &mut |incident| {
            out.open("", "{");
            out.field("incident", number(incident.number));
            out.field("site", Cell::Text(scope.site_name(site)));
            out.field("service", Cell::Text(scope.service_name(incident.service)));
            out.field("title", maybe(incident.title));
            out.field("open", Cell::Flag(incident.open));
            out.field("level", Cell::Text(state_word(incident.level)));
            out.field("worst", Cell::Text(state_word(incident.worst)));
            out.field("phase", phase_cell(incident.phase));
            out.field("began", Cell::At(incident.began));
            if !incident.open {
                out.field("ended", Cell::At(incident.ended));
            }
            if incident.firing {
                out.field("firing", Cell::Flag(true));
            }
            if let Some(into) = incident.merged_into {
                out.field("merged", number(into));
            }
            self.members(incident.components, out);
        });
        out.table("steps", STEPS, "nothing is told of it", &mut |out| {
            self.view.steps(site, command.number, &mut |step| {
                let mut digits = heapless::String::<12>::new();
                let what = match step.step {
                    Step::Opened => "opened",
                    Step::Joined => "joined",
                    Step::Worse => "worse",
                    Step::Better => "better",
                    Step::NoData => "no data",
                    Step::Update(phase) => phase.word(),
                    Step::Resolved => "resolved",
                    Step::Reopened => "reopened",
                    Step::Merged(_) => "merged",
                    Step::Acknowledged => "seen",
                    Step::Retitled => "retitled",
                };
                let of_state = matches!(step.step, Step::Opened | Step::Joined | Step::Worse | Step::Better);
                let state = if of_state { state_word(step.state) } else { "" };
                let component = step.component.map_or("", |id| scope.component_name(id));
                let place = match step.step {
                    Step::Merged(into) => {
                        _ = ufmt::uwrite!(digits, "{}", into);
                        Cell::Parts(&["into", " ", &digits])
                    }
                    Step::Resolved if step.firing => Cell::Text("alerts still fire"),
                    _ if component.is_empty() => maybe(state),
                    _ if state.is_empty() => Cell::Text(component),
                    _ => Cell::Parts(&[component, ": ", state]),
                };
                let cells = [
                    number(step.number.into()),
                    Cell::At(step.at),
                    Cell::Text(what),
                    maybe(state),
                    maybe(component),
                    place,
                    maybe(scope.person(step.who)),
                    maybe(scope.person(step.amended_by)),
                    if step.amended { Cell::At(step.amended_at) } else { Cell::Nothing },
                    Cell::Words(&step.words),
                    Cell::Flag(step.amended),
                ];
                out.row(STEPS, &cells);
            });
        });
        out.close("}");
        Ok(())
    }

    /// The names of components: an array, or a line.
    fn members(&self, components: ComponentSet, out: &mut AnswerWriter<'_>) {
        if components.is_empty() {
            return;
        }
        out.list("components", &mut components.iter().map(|id| self.scope.component_name(id)));
    }

    // ---- maintenance, banner --------------------------------------------------------------------

    /// Rows of one maintenance, or of all.
    fn maintenance_rows(&self, site: SiteId, only: Option<u32>, out: &mut AnswerWriter<'_>) {
        let (scope, known) = (self.scope, self.view.now().wall.is_some());
        self.view.maintenance(site, &mut |planned| {
            if only.is_some_and(|only| only != planned.number) {
                return;
            }
            let mut digits = heapless::String::<12>::new();
            _ = ufmt::uwrite!(digits, "{}", planned.number);
            let service = scope.service_name(planned.service);
            let component = planned.component.map_or("", |id| scope.component_name(id));
            let cells = [
                Cell::Text(scope.site_name(site)),
                number(planned.number),
                if scope.several() {
                    Cell::Parts(&[scope.site_name(site), "/", &digits])
                } else {
                    Cell::Text(&digits)
                },
                if known { Cell::Flag(planned.active) } else { Cell::Nothing },
                Cell::Text(match (known, planned.active) {
                    (true, true) => "now",
                    (true, false) => "to come",
                    (false, _) => "not known",
                }),
                Cell::Text(service),
                maybe(component),
                if component.is_empty() {
                    Cell::Text(service)
                } else {
                    Cell::Parts(&[service, "/", component])
                },
                Cell::At(Some(planned.starts)),
                Cell::At(Some(planned.ends)),
                maybe(repeat_word(planned.repeat)),
                Cell::Words(&planned.words),
            ];
            out.row(MAINTENANCE, &cells);
        });
    }

    fn maintenance_table(&self, site: SiteId, empty: &str, out: &mut AnswerWriter<'_>) {
        out.table("maintenance", MAINTENANCE, empty, &mut |out| self.maintenance_rows(site, None, out));
    }

    pub(super) fn maintenance(
        &self,
        command: &Command<'a>,
        out: &mut AnswerWriter<'_>,
    ) -> Result<(), Trouble<'a>> {
        let sites = self.sites_of(command.site)?;
        let empty = "no maintenance is planned; 'help maintenance add' says how to announce one";
        let mut any = false;
        self.each_site(sites, &mut |site| self.view.maintenance(site, &mut |_| any = true));
        if any && self.view.now().wall.is_none() {
            out.say(&["the time is not known yet, so nobody can tell what of this is now or over", "\n"]);
        }
        out.table("", MAINTENANCE, empty, &mut |out| {
            self.each_site(sites, &mut |site| {
                self.zone(site, out);
                self.maintenance_rows(site, None, out);
            });
        });
        Ok(())
    }

    /// A table of one maintenance.
    pub(super) fn one_maintenance(&self, site: SiteId, number: u32, out: &mut AnswerWriter<'_>) {
        out.table("", MAINTENANCE, "nothing more about it", &mut |out| {
            self.maintenance_rows(site, Some(number), out);
        });
    }

    /// A table of the banners of sites.
    pub(super) fn banners(&self, sites: u8, empty: &str, out: &mut AnswerWriter<'_>) {
        const HEADS: &[&str] = &["site", "state", "since", "who", "words"];
        out.table("", HEADS, empty, &mut |out| {
            self.each_site(sites, &mut |site| {
                self.zone(site, out);
                if let Some(banner) = self.view.banner(site) {
                    let cells = [
                        Cell::Text(self.scope.site_name(site)),
                        maybe(banner.state.map_or("", Forced::word)),
                        Cell::At(banner.at),
                        maybe(self.scope.person(banner.who)),
                        Cell::Words(&banner.words),
                    ];
                    out.row(HEADS, &cells);
                }
            });
        });
    }

    pub(super) fn banner(
        &self,
        command: &Command<'a>,
        out: &mut AnswerWriter<'_>,
    ) -> Result<(), Trouble<'a>> {
        let sites = self.sites_of(command.site)?;
        self.banners(sites, "no banner; 'help banner set' says how to put one up", out);
        Ok(())
    }

    // ---- names ----------------------------------------------------------------------------------

    pub(super) fn sites(&self, out: &mut AnswerWriter<'_>) {
        const HEADS: &[&str] = &["site", "state", "title"];
        out.table("", HEADS, "you have no site: the configuration gives you none", &mut |out| {
            for site in self.scope.sites() {
                let state = shown::headline(self.scope.config, self.view, site).word();
                out.row(
                    HEADS,
                    &[
                        Cell::Text(self.scope.site_name(site)),
                        Cell::Text(state),
                        Cell::Text(self.title(site)),
                    ],
                );
            }
        });
    }

    pub(super) fn sources(&self, out: &mut AnswerWriter<'_>) {
        const HEADS: [&str; 7] =
            ["*site", "source", "state", "last_heard", "alerts", "unmapped", "last_unmapped"];
        // What an alert is called is for those alone who may see alerts.
        let heads = if self.scope.may(Needs::Admin) { &HEADS[..] } else { HEADS.split_at(6).0 };
        let (scope, now, sources) = (self.scope, self.view.now(), self.engine.sources());
        out.table("", heads, "there are no sources", &mut |out| {
            for site in scope.sites() {
                self.zone(site, out);
                for (id, source) in scope.config.pushers_of(site) {
                    let heard = sources.last_heard(id);
                    let state = match (heard, sources.is_live(id)) {
                        (_, true) => "heard",
                        (Some(_), false) => "silent",
                        (None, false) => "never heard",
                    };
                    let last = heard.map_or(Cell::Nothing, |at| Cell::At(now.wall_of(at)));
                    let held = self.engine.alerts().counting(id);
                    let cells = [
                        Cell::Text(scope.site_name(site)),
                        Cell::Text(scope.config.str(source.name)),
                        Cell::Text(state),
                        last,
                        Cell::Count(u64::try_from(held).unwrap_or(u64::MAX)),
                        Cell::Count(sources.unmapped(id).into()),
                        maybe(sources.led_nowhere(id)),
                    ];
                    out.row(heads, cells.get(..heads.len()).unwrap_or(&cells));
                }
            }
        });
    }

    /// Heartbeats of the sources of these sites, those that only operators see included.
    pub(super) fn heartbeats(
        &self,
        command: &Command<'a>,
        out: &mut AnswerWriter<'_>,
    ) -> Result<(), Trouble<'a>> {
        const HEADS: &[&str] = &["*site", "heartbeat", "component", "state", "last_heard", "source"];
        let sites = self.sites_of(command.site)?;
        let (scope, config, now) = (self.scope, self.scope.config, self.view.now());
        out.table("", HEADS, "no heartbeats are owed", &mut |out| {
            self.each_site(sites, &mut |site| {
                self.zone(site, out);
                for (id, row) in config.heartbeats() {
                    let Some(source) = config.sources.get(row.source.index()) else { continue };
                    if source.site != site {
                        continue;
                    }
                    let pulse = self.engine.pulse(id);
                    let cells = [
                        Cell::Text(scope.site_name(site)),
                        Cell::Text(config.str(row.name)),
                        row.component.map_or(Cell::Nothing, |id| Cell::Text(scope.component_name(id))),
                        Cell::Text(pulse.word()),
                        pulse.last().map_or(Cell::Nothing, |at| Cell::At(now.wall_of(at))),
                        Cell::Text(config.str(source.name)),
                    ];
                    out.row(HEADS, &cells);
                }
            });
        });
        Ok(())
    }

    /// Rules on what the sources of these sites measure, those that only operators see included.
    pub(super) fn rules(&self, command: &Command<'a>, out: &mut AnswerWriter<'_>) -> Result<(), Trouble<'a>> {
        const HEADS: &[&str] = &["*site", "rule", "component", "state", "missing", "which", "source"];
        let sites = self.sites_of(command.site)?;
        let (scope, config) = (self.scope, self.scope.config);
        out.table("", HEADS, "there are no rules", &mut |out| {
            self.each_site(sites, &mut |site| {
                for (id, row) in config.rules() {
                    let Some(source) = config.sources.get(row.source.index()) else { continue };
                    if source.site != site {
                        continue;
                    }
                    let (mut missing, mut which) = (0u64, heapless::Vec::<&str, { MISSING_TOLD * 2 }>::new());
                    for name in self.engine.missing(config, id, self.view.now().mono) {
                        missing = missing.saturating_add(1);
                        // Of more, the number tells.
                        _ = which.push(if which.is_empty() { "" } else { ", " });
                        _ = which.push(name);
                    }
                    let cells = [
                        Cell::Text(scope.site_name(site)),
                        Cell::Text(config.str(row.name)),
                        row.component.map_or(Cell::Nothing, |id| Cell::Text(scope.component_name(id))),
                        Cell::Text(self.engine.rule_word(config, id, self.view.now().mono)),
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
        Ok(())
    }

    pub(super) fn services(
        &self,
        command: &Command<'a>,
        out: &mut AnswerWriter<'_>,
    ) -> Result<(), Trouble<'a>> {
        const HEADS: &[&str] = &["*site", "*service", "*component", "+name", "title"];
        let sites = self.sites_of(command.site)?;
        let (scope, config) = (self.scope, self.scope.config);
        out.table("", HEADS, "there are no services", &mut |out| {
            self.each_site(sites, &mut |site| {
                let lang = config.sites.get(site.index()).map(|site| site.lang).unwrap_or_default();
                let name = Cell::Text(scope.site_name(site));
                for (id, service) in config.services_of(site) {
                    let of = scope.service_name(id);
                    let title = Cell::Text(config.text(&service.title, lang));
                    out.row(HEADS, &[name, Cell::Text(of), Cell::Nothing, Cell::Text(of), title]);
                    for (part, component) in config.components_of(id) {
                        let part = scope.component_name(part);
                        let title = Cell::Text(config.text(&component.title, lang));
                        out.row(
                            HEADS,
                            &[name, Cell::Text(of), Cell::Text(part), Cell::Parts(&[of, "/", part]), title],
                        );
                    }
                }
            });
        });
        Ok(())
    }

    pub(super) fn whoami(&self, out: &mut AnswerWriter<'_>) {
        let scope = self.scope;
        out.open("", "{");
        out.say(&[scope.name(), "\n"]);
        if out.json() {
            out.field("user", Cell::Text(scope.name()));
        }
        out.field("role", Cell::Text(if scope.role() == Role::Admin { "admin" } else { "operator" }));
        out.list("sites", &mut scope.sites().map(|site| scope.site_name(site)));
        out.close("}");
    }

    pub(super) fn help(&self, command: &Command<'a>, out: &mut AnswerWriter<'_>) -> Result<(), Trouble<'a>> {
        const HEADS: &[&str] = &["command", "*usage", "help"];
        let mine = |row: &&Row| self.scope.may(row.needs);
        let topic = command.topic;
        let about = |row: &&Row| row.name == topic || row.words().0 == topic;
        if topic.is_empty() {
            out.table("", HEADS, "", &mut |out| {
                for row in ROWS.iter().filter(mine) {
                    let mut told = Bytes::<160>::new();
                    usage(&mut told, row, false);
                    let told = core::str::from_utf8(told.as_slice()).unwrap_or("");
                    out.row(HEADS, &[Cell::Text(row.name), Cell::Text(told), Cell::Text(row.help)]);
                }
            });
            out.say(&["\n", "'help COMMAND' says more, the Tab key what could come next.", "\n"]);
            return Ok(());
        }
        if let Some(row) = ROWS.iter().find(about)
            && !mine(&row)
        {
            return Err(Trouble::Role(row));
        }
        out.open("", "[");
        for row in ROWS.iter().filter(mine).filter(about) {
            let mut told = Bytes::<160>::new();
            usage(&mut told, row, false);
            let told = core::str::from_utf8(told.as_slice()).unwrap_or("");
            let mut example = Bytes::<160>::new();
            usage(&mut example, row, true);
            let example = core::str::from_utf8(example.as_slice()).unwrap_or("");
            if out.json() {
                out.row(HEADS, &[Cell::Text(row.name), Cell::Text(told), Cell::Text(row.help)]);
                continue;
            }
            out.say(&[told, "\n", "    ", row.help, "\n"]);
            if example != told {
                out.say(&["    as in: ", example, "\n"]);
            }
            let useful = |option: &&OptionRow| row.speaks() && row.takes(option);
            for option in OPTIONS.iter().filter(useful) {
                out.say(&["    ", option.name, " ", option.value, ": ", option.help, "\n"]);
            }
        }
        out.close("]");
        Ok(())
    }
}

pub(super) fn phrases(out: &mut AnswerWriter<'_>) {
    const HEADS: &[&str] = &["phrase", "text"];
    out.table("", HEADS, "", &mut |out| {
        for said in Phrase::all() {
            out.row(HEADS, &[Cell::Text(said.name()), Cell::Text(phrase(Lang::En, said))]);
        }
    });
}

impl Names for Teller<'_, '_> {
    fn each(&self, arg: Arg, each: &mut dyn FnMut(&str)) {
        let scope = self.scope;
        for site in scope.sites() {
            let mut numbered = |number: u32| {
                let mut id = heapless::String::<80>::new();
                _ = if scope.several() {
                    ufmt::uwrite!(id, "{}/{}", scope.site_name(site), number)
                } else {
                    ufmt::uwrite!(id, "{}", number)
                };
                each(&id);
            };
            match arg {
                Arg::Number => self.view.incidents(site, &mut |incident| numbered(incident.number)),
                Arg::Planned => self.view.maintenance(site, &mut |planned| numbered(planned.number)),
                Arg::Alert => self.alerts_of(site).for_each(|held| numbered(held.number.into())),
                Arg::Service => {
                    for (id, _) in scope.config.services_of(site) {
                        each(scope.service_name(id));
                        for (part, _) in scope.config.components_of(id) {
                            let mut name = heapless::String::<160>::new();
                            _ = ufmt::uwrite!(
                                name,
                                "{}/{}",
                                scope.service_name(id),
                                scope.component_name(part)
                            );
                            each(&name);
                        }
                    }
                }
                _ => each(scope.site_name(site)),
            }
        }
    }
}
