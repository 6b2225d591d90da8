//! What sources say: alerts, for administrators with what is kept of them; and how full every store
//! is.

use super::answer::{AnswerWriter, Cell, Heads, digits};
use super::read::{FILE_FAULT, MEMORY, Teller, state_word};
use super::{CommandStatus, Host};
use crate::command::table::Needs;
use crate::config::Config;
use crate::engine::Verdict;
use crate::engine::alerts::{AlertPhase, Held};
use crate::limits;
use crate::model::SiteId;

impl Teller<'_, '_> {
    /// The alerts of the sites that a command is about, from the one at `from` on; as many as there
    /// is room for.
    pub(super) fn alerts(&self, sites: u8, from: u32, out: &mut AnswerWriter<'_>) -> CommandStatus {
        let theirs = |held: &Held| {
            let source = self.access.config.sources.get(held.source().index());
            source.map(|source| source.site).filter(|site| sites & 1u8.wrapping_shl(u32::from(site.0)) != 0)
        };
        if from == 0 {
            out.open("", "[");
        } else {
            out.go_on();
        }
        let mut told = 0u32;
        for (held, at) in
            self.engine.alerts().iter().zip(0u32..).skip(usize::try_from(from).unwrap_or(usize::MAX))
        {
            let Some(site) = theirs(held).filter(|_| held.counts()) else { continue };
            let before = out.len();
            self.alert(site, held, out);
            // The end of the list needs room, too.
            out.bare("  ");
            if out.is_full() && told > 0 {
                out.back_to(before);
                return CommandStatus::More(at);
            }
            if !out.is_full() {
                out.back_to(out.len().saturating_sub(2));
            }
            told = told.saturating_add(1);
        }
        if told == 0 && from == 0 {
            out.say(&["no alerts", "\n"]);
        }
        out.close("]");
        CommandStatus::Done
    }

    /// The alerts of a site that have not ended.
    pub(super) fn alerts_of(&self, site: SiteId) -> impl Iterator<Item = &Held> {
        let sources = &self.access.config.sources;
        let here =
            move |held: &&Held| sources.get(held.source().index()).is_some_and(|source| source.site == site);
        self.engine.alerts().iter().filter(|held| held.counts()).filter(here)
    }

    fn alert(&self, site: SiteId, held: &Held, out: &mut AnswerWriter<'_>) {
        let (access, now) = (self.access, self.view.now());
        self.zone(site, out);
        out.open("", "{");
        let source = access
            .config
            .sources
            .get(held.source().index())
            .map_or("", |source| access.config.str(source.name));
        let severity = state_word(held.fires.state());
        let number = digits(held.number.into());
        let standing = match held.phase {
            AlertPhase::Firing { .. } => "",
            AlertPhase::Released { .. } => ", over by the team's word",
            AlertPhase::Expired { .. } | AlertPhase::Ended { .. } => ", not known to be over",
        };
        out.say(&[&number, " ", held.name(), ": ", severity, standing, "\n"]);
        if out.json() {
            out.field("number", Cell::Count(held.number.into()));
            out.field("name", Cell::Text(held.name()));
            out.field("released", Cell::Flag(matches!(held.phase, AlertPhase::Released { .. })));
            out.field("severity", Cell::Text(severity));
            out.field("fires", Cell::Flag(held.fires()));
        }
        out.field("site", Cell::Text(access.site_name(site)));
        out.field("source", Cell::Text(source));
        out.list(
            "components",
            &mut held
                .components
                .iter()
                .take(limits::ALERT_COMPONENTS_TOLD)
                .map(|id| access.component_name(id)),
        );
        let more = held.components.iter().skip(limits::ALERT_COMPONENTS_TOLD).count();
        if more > 0 {
            out.field("more", Cell::Count(count(more)));
        }
        out.field("began", Cell::At(held.starts_at.get().or_else(|| now.wall_of(held.first_heard))));
        out.field("heard", Cell::At(now.wall_of(held.last_heard)));
        // What else is kept of it may name people or places.
        let kept: &[(&str, bool)] =
            if access.may(Needs::Admin) { &[("labels", false), ("annotations", true)] } else { &[] };
        for &(key, annotation) in kept {
            out.open(key, "{");
            for pair in held.kept.pairs().filter(|pair| pair.annotation == annotation) {
                if out.json() {
                    out.field(pair.name, Cell::Text(pair.value));
                } else {
                    out.say(&["    ", pair.name, "=", pair.value, "\n"]);
                }
            }
            out.close("}");
        }
        out.close("}");
    }

    /// How full every store is.
    pub(super) fn limits(&self, host: &dyn Host, out: &mut AnswerWriter<'_>) {
        const HEADS: &Heads<[&str; 4]> = &Heads::new("name", ["name", "used", "limit", "refused"]);
        out.open("", "{");
        let fault = host.storage_fault();
        match fault {
            Some(fault) if !out.json() => {
                out.say(&["storage: ", fault, MEMORY, "\n"]);
            }
            fault => out.field("storage_fault", fault.map_or(Cell::Nothing, Cell::Text)),
        }
        let fault = host.file_fault();
        if out.json() {
            out.field("config_fault", if fault { Cell::Text(FILE_FAULT) } else { Cell::Nothing });
        } else if fault {
            out.say(&["configuration: ", FILE_FAULT, "\n"]);
        }
        if let Some(key) = host.host_key().filter(|_| cfg!(feature = "ssh")) {
            if out.json() {
                out.field("ssh_host_key", Cell::Text(key));
            } else {
                out.say(&["ssh host key: ", key, "\n"]);
            }
        }
        out.table("limits", HEADS, "", &mut |out| {
            let mut row = |name: &str, used: u64, limit: u64, refused: u64| {
                out.row(
                    HEADS,
                    &[Cell::Text(name), Cell::Count(used), Cell::Count(limit), Cell::Count(refused)],
                );
            };
            let engine = self.engine;
            let (incidents, bytes, capacity) = engine.incidents().usage();
            let refused = u64::from(engine.incidents().counters().refused);
            let alerts_refused = engine.counters().of(Verdict::Refused);
            row("alerts", count(engine.alerts().len()), count(limits::ALERTS), alerts_refused);
            let refused_series = engine.rule_counters().refused;
            row("series", count(engine.series()), count(limits::SERIES), refused_series);
            row("incidents", count(incidents), count(limits::INCIDENTS), refused);
            row("incident_bytes", count(bytes), count(capacity), refused);
            row("maintenances", count(engine.incidents().windows()), count(limits::MAINTENANCES), 0);
            let (names, unnamed) = engine.sources().odd_names_used();
            row("alert_names", count(names), count(limits::ODD_NAMES), unnamed);
            let worn = u64::from(engine.flash_used(self.view.now().mono));
            let budget = u64::from(limits::ALERT_FLASH_BYTES);
            row("journal_alert_bytes", worn, budget, engine.counters().withheld);
            for (name, used, limit) in configured(self.access.config) {
                row(name, count(used), count(limit), 0);
            }
            host.limits(&mut row);
        });
        out.close("}");
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// What a configuration may hold; one that holds more is refused whole.
fn configured(config: &Config) -> [(&'static str, usize, usize); 9] {
    [
        ("sites", config.sites.len(), limits::SITES),
        ("sources", config.sources.len(), limits::SOURCES),
        ("services", config.services.len(), limits::SERVICES),
        ("components", config.components.len(), limits::COMPONENTS),
        ("matches", config.matches.len(), limits::MATCHES),
        ("heartbeats", config.heartbeats.len(), limits::HEARTBEATS),
        ("rules", config.rules.len(), limits::RULES),
        ("expected", config.expected.len(), limits::EXPECTED),
        ("users", config.users.len(), limits::USERS),
    ]
}
