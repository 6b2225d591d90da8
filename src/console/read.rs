//! Commands that tell how things are: status, incidents, maintenance and banners.

use super::Host;
use super::STATE_DIR_WAITS;
use super::access::{Access, Trouble};
use super::answer::{AnswerWriter, Cell, Heads, digits};
use crate::command::Command;
use crate::engine::Engine;
use crate::incidents::Refusal;
use crate::model::{
    ComponentId, ComponentSet, ComponentView, Forced, IncidentView, Phase, Repeat, ServiceId, SiteId, State,
    Step, StepView, View,
};
use crate::shown::{self, Monitoring};

/// What follows from a fault of the storage.
pub(super) const MEMORY: &str = "; what people write is kept in memory only";
/// What is said while the file cannot be used.
pub(super) const FILE_FAULT: &str =
    "an older one: the file cannot be used; 'aiglon check' or the log says why";

/// What they all need.
#[derive(Clone, Copy)]
pub(super) struct Teller<'a, 'v> {
    pub(super) access: Access<'a>,
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

pub(super) fn maybe(text: &str) -> Cell<'_> {
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

const INCIDENT: &Heads<[&str; 13]> = &Heads::new(
    "incident",
    [
        "*site", "*number", "+id", "*open", "+now", "*level", "service", "phase", "began", "*ended", "next",
        "seen", "title",
    ],
);
const MAINTENANCE: &Heads<[&str; 12]> = &Heads::new(
    "maintenance",
    [
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
    ],
);

const PARTS: &Heads<[&str; 6]> =
    &Heads::new("part", ["*service", "*component", "+what", "state", "since", "why"]);
const STEPS: &Heads<[&str; 11]> = &Heads::new(
    "step",
    [
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
    ],
);

/// What is wrong with us, told to everybody.
fn faults(host: &dyn Host, out: &mut AnswerWriter<'_>) {
    if host.file_fault() {
        out.field("config", Cell::Text(FILE_FAULT));
    }
    if host.moves() {
        out.field("restart", Cell::Text(STATE_DIR_WAITS));
    }
    if host.is_replaced() {
        out.field("program", Cell::Text("another one has taken its place on flash; a restart runs that"));
    }
    if let Some(fault) = host.storage_fault() {
        out.field("storage", Cell::Parts(&[fault, MEMORY]));
    }
    if let Some(fault) = host.console_fault() {
        out.field("console", Cell::Parts(&["not as configured: ", fault]));
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
}

impl<'a> Teller<'a, '_> {
    /// The sites that a command is about: the one that it names, or all of theirs.
    pub(super) fn sites_of(&self, name: &'a str) -> Result<u8, Trouble<'a>> {
        let bit = |site: SiteId| 1u8.wrapping_shl(u32::from(site.0));
        if !name.is_empty() {
            return self.access.site(name).map(bit);
        }
        Ok(self.access.sites().fold(0, |set, site| set | bit(site)))
    }

    pub(super) fn each_site(&self, sites: u8, each: &mut dyn FnMut(SiteId)) {
        self.access.sites().filter(|site| sites & 1u8.wrapping_shl(u32::from(site.0)) != 0).for_each(each);
    }

    pub(super) fn title(&self, site: SiteId) -> &'a str {
        let config = self.access.config;
        config.sites.get(site.index()).map_or("", |site| config.text(&site.title, site.lang))
    }

    /// Lines tell times in this site's zone from now on.
    pub(super) fn zone(&self, site: SiteId, out: &mut AnswerWriter<'_>) {
        out.zone = self.access.config.sites.get(site.index()).map(|site| site.timezone).unwrap_or_default();
    }

    // ---- status ---------------------------------------------------------------------------------

    pub(super) fn status(
        &self,
        sites: u8,
        command: &Command<'a>,
        host: &dyn Host,
        out: &mut AnswerWriter<'_>,
    ) {
        let (access, view) = (self.access, self.view);
        out.open("", "[");
        self.each_site(sites, &mut |site| {
            self.zone(site, out);
            out.open("", "{");
            out.say(&[self.title(site), "\n"]);
            out.field("site", Cell::Text(access.site_name(site)));
            let shown = shown::headline(access.config, view, site);
            out.field("state", Cell::Text(shown.word()));
            out.field("as_of", Cell::At(view.as_of(site).and_then(|at| view.now().wall_of(at))));
            faults(host, out);
            match shown::monitoring(access.config, view, site) {
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
            self.parts(site, command.all, out);
            self.incident_table(site, false, "", out);
            self.maintenance_table(site, "", out);
            out.close("}");
        });
        out.close("]");
    }

    /// The components of a site. For people those that are not well come first, the worst of them
    /// before the others; the well ones are counted, unless `all` are wanted.
    fn parts(&self, site: SiteId, all: bool, out: &mut AnswerWriter<'_>) {
        const ORDER: [State; 4] = [State::Outage, State::Degraded, State::NoData, State::Operational];
        let config = self.access.config;
        let each = |visit: &mut dyn FnMut(ServiceId, ComponentId, &ComponentView)| {
            for (service, _) in config.services_of(site) {
                config
                    .components_of(service)
                    .for_each(|(id, _)| visit(service, id, &self.view.component(id)));
            }
        };
        let is_well = |part: &ComponentView| {
            part.state() == State::Operational && !part.maintenance && part.finding.word().is_empty()
        };
        let (mut count, mut well) = (0u32, 0u32);
        each(&mut |_, _, part| {
            count = count.saturating_add(1);
            well = well.saturating_add(is_well(part).into());
        });
        let empty = if count == 0 { "no components" } else { "" };
        out.table("components", PARTS, empty, &mut |out| {
            if out.json() {
                return each(&mut |service, id, part| self.part_row(service, id, part, out));
            }
            for state in ORDER {
                each(&mut |service, id, part| {
                    if part.state() == state && (all || !is_well(part)) {
                        self.part_row(service, id, part, out);
                    }
                });
            }
        });
        if well > 0 && !all {
            let are = if well == 1 { " is" } else { " are" };
            let all = " operational; 'status --all' lists all";
            out.say(&[&digits(well), " of ", &digits(count), are, all, "\n"]);
        }
    }

    /// How some components are.
    pub(super) fn parts_in(&self, site: SiteId, components: ComponentSet, out: &mut AnswerWriter<'_>) {
        self.zone(site, out);
        out.table("components", PARTS, "", &mut |out| {
            for id in components.iter() {
                if let Some(row) = self.access.config.components.get(id.index()) {
                    self.part_row(row.service, id, &self.view.component(id), out);
                }
            }
        });
    }

    fn part_row(
        &self,
        service: ServiceId,
        id: ComponentId,
        part: &ComponentView,
        out: &mut AnswerWriter<'_>,
    ) {
        let access = self.access;
        let (service, name) = (access.service_name(service), access.component_name(id));
        let since = part.since.map(|since| Cell::At(since.wall(self.view.now())));
        let cells = [
            Cell::Text(service),
            Cell::Text(name),
            Cell::Parts(&[service, "/", name]),
            Cell::Text(state_word(part.state())),
            since.unwrap_or(if out.json() { Cell::Nothing } else { Cell::Text("not known") }),
            match (part.maintenance, part.affected_by, part.finding.word()) {
                (true, ..) => Cell::Text("maintenance"),
                (_, Some(other), _) => Cell::Parts(&["by", " ", access.component_name(other)]),
                (_, _, why) => maybe(why),
            },
        ];
        out.row(PARTS, &cells);
    }

    // ---- incidents ------------------------------------------------------------------------------

    fn incident_table(&self, site: SiteId, all: bool, empty: &str, out: &mut AnswerWriter<'_>) {
        out.table("incidents", INCIDENT, empty, &mut |out| self.incident_rows(site, all, out));
    }

    /// The open incidents of all of their sites.
    pub(super) fn open_incidents(&self, out: &mut AnswerWriter<'_>) {
        out.table("incidents", INCIDENT, "no incident is open", &mut |out| {
            self.each_site(u8::MAX, &mut |site| {
                self.zone(site, out);
                self.incident_rows(site, false, out);
            });
        });
    }

    fn incident_rows(&self, site: SiteId, all: bool, out: &mut AnswerWriter<'_>) {
        self.view.incidents(site, &mut |incident| {
            if all || incident.open {
                self.incident_row(site, incident, out);
            }
        });
    }

    fn incident_row(&self, site: SiteId, incident: &IncidentView<'_>, out: &mut AnswerWriter<'_>) {
        let digits = digits(incident.number);
        let level = state_word(incident.level);
        // Who has seen it last, while it goes on.
        let mut seen = Cell::Nothing;
        if incident.open {
            self.view.steps(site, incident.number, &mut |step| {
                if matches!(step.step, Step::Acknowledged) {
                    seen = Cell::By(self.access.person(step.who), step.at);
                }
            });
        }
        let cells = [
            Cell::Text(self.access.site_name(site)),
            number(incident.number),
            if self.access.several() {
                Cell::Parts(&[self.access.site_name(site), "/", &digits])
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
            Cell::Text(self.access.service_name(incident.service)),
            phase_cell(incident.phase),
            Cell::At(incident.began),
            if incident.open { Cell::Nothing } else { Cell::At(incident.ended) },
            incident.next.map_or(Cell::Nothing, |next| Cell::At(Some(next))),
            seen,
            maybe(incident.title),
        ];
        out.row(INCIDENT, &cells);
    }

    pub(super) fn incidents(&self, sites: u8, command: &Command<'a>, out: &mut AnswerWriter<'_>) {
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
    ///
    /// The command may name its service in place of the number: see [`Teller::number`].
    pub(super) fn site_of_incident(&self, command: &Command<'a>) -> Result<SiteId, Trouble<'a>> {
        let has = |site: &SiteId| self.with_incident(*site, command.number, &mut |_| {});
        self.site_by_number(command, &has).unwrap_or(Err(Refusal::NoIncident.into()))
    }

    /// Gives the command the numbers of the incidents that it names by their services: of each the
    /// only one that is open, or else the newest that is kept.
    pub(super) fn number(&self, command: &mut Command<'a>) -> Result<(), Trouble<'a>> {
        if !command.named.is_empty() {
            (command.site, command.number) = self.number_of(command.site, command.named)?;
        }
        if !command.into_named.is_empty() {
            (command.site, command.into) = self.number_of(command.site, command.into_named)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn number_of(&self, site: &'a str, named: &'a str) -> Result<(&'a str, u32), Trouble<'a>> {
        let (name, part) = named.split_once('/').unwrap_or((named, ""));
        let (site, service, _) = self.access.service(site, name, part).map_err(|trouble| match trouble {
            Trouble::NoService(_) => Trouble::NoName(named),
            other => other,
        })?;
        let (mut open, mut number) = (0u32, 0);
        self.view.incidents(site, &mut |incident| {
            if incident.service == service {
                let first = incident.open && open == 0 || number == 0;
                open = open.saturating_add(incident.open.into());
                number = if first { incident.number } else { number };
            }
        });
        match (open, number) {
            (_, 0) => Err(Trouble::NoIncidentOf(named)),
            (2.., _) => Err(Trouble::Several(named)),
            _ => Ok((self.access.site_name(site), number)),
        }
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
            let site = self.access.site(command.site);
            return match site {
                Ok(site) => has(&site).then_some(Ok(site)),
                trouble @ Err(_) => Some(trouble),
            };
        }
        let mut found = self.access.sites().filter(|site| has(site));
        let first = found.next()?;
        Some(if found.next().is_some() { Err(Trouble::WhichNumber) } else { Ok(first) })
    }

    pub(super) fn incident(
        &self,
        command: &Command<'a>,
        out: &mut AnswerWriter<'_>,
    ) -> Result<(), Trouble<'a>> {
        let site = self.site_of_incident(command)?;
        let access = self.access;
        self.zone(site, out);
        self.with_incident(site, command.number, &mut |incident| {
            out.open("", "{");
            out.field("incident", number(incident.number));
            out.field("site", Cell::Text(access.site_name(site)));
            out.field("service", Cell::Text(access.service_name(incident.service)));
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
            self.view.steps(site, command.number, &mut |step| self.step_row(step, out));
        });
        out.close("}");
        Ok(())
    }

    fn step_row(&self, step: &StepView<'_>, out: &mut AnswerWriter<'_>) {
        let access = self.access;
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
        let component = step.component.map_or("", |id| access.component_name(id));
        let target;
        let place = match step.step {
            Step::Merged(into) => {
                target = digits(into);
                Cell::Parts(&["into", " ", &target])
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
            maybe(access.person(step.who)),
            maybe(access.person(step.amended_by)),
            if step.amended { Cell::At(step.amended_at) } else { Cell::Nothing },
            Cell::Words(&step.words),
            Cell::Flag(step.amended),
        ];
        out.row(STEPS, &cells);
    }

    /// The names of components: an array, or a line.
    fn members(&self, components: ComponentSet, out: &mut AnswerWriter<'_>) {
        if components.is_empty() {
            return;
        }
        out.list("components", &mut components.iter().map(|id| self.access.component_name(id)));
    }

    // ---- maintenance, banner --------------------------------------------------------------------

    /// Rows of one maintenance, or of all.
    fn maintenance_rows(&self, site: SiteId, only: Option<u32>, out: &mut AnswerWriter<'_>) {
        let (access, known) = (self.access, self.view.now().wall.is_some());
        self.view.maintenance(site, &mut |planned| {
            if only.is_some_and(|only| only != planned.number) {
                return;
            }
            let digits = digits(planned.number);
            let service = access.service_name(planned.service);
            let component = planned.component.map_or("", |id| access.component_name(id));
            let cells = [
                Cell::Text(access.site_name(site)),
                number(planned.number),
                if access.several() {
                    Cell::Parts(&[access.site_name(site), "/", &digits])
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

    pub(super) fn maintenance(&self, sites: u8, out: &mut AnswerWriter<'_>) {
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
    }

    /// A table of one maintenance.
    pub(super) fn one_maintenance(&self, site: SiteId, number: u32, out: &mut AnswerWriter<'_>) {
        out.table("", MAINTENANCE, "nothing more about it", &mut |out| {
            self.maintenance_rows(site, Some(number), out);
        });
    }

    /// A table of the banners of sites.
    pub(super) fn banners(&self, sites: u8, empty: &str, out: &mut AnswerWriter<'_>) {
        const HEADS: &Heads<[&str; 5]> = &Heads::new("site", ["site", "state", "since", "who", "words"]);
        out.table("", HEADS, empty, &mut |out| {
            self.each_site(sites, &mut |site| {
                self.zone(site, out);
                if let Some(banner) = self.view.banner(site) {
                    let cells = [
                        Cell::Text(self.access.site_name(site)),
                        maybe(banner.state.map_or("", Forced::word)),
                        Cell::At(banner.at),
                        maybe(self.access.person(banner.who)),
                        Cell::Words(&banner.words),
                    ];
                    out.row(HEADS, &cells);
                }
            });
        });
    }

    pub(super) fn banner(&self, sites: u8, out: &mut AnswerWriter<'_>) {
        self.banners(sites, "no banner; 'help banner set' says how to put one up", out);
    }
}
