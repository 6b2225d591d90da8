//! `/metrics`, in Prometheus' text format 0.0.4: our own counters, how full each store is, and how
//! long each source has been silent. On listeners with that role only; no visitor and no label of
//! an alert is in it.

use aiglon::config::Config;
use aiglon::engine::{Engine, Oddity, Verdict};
use aiglon::limits;
use aiglon::render;
use aiglon::render::PageBuf;
use aiglon::text::split_once;
use aiglon::time::{Mono, Now};
use ufmt::{uWrite, uwrite};

use super::super::clock;
use super::super::port::Core;
use super::super::state::ledger::Ledger;
use super::web::Web;

/// A writer that remembers whether everything fitted.
struct Text<'a> {
    out: &'a mut PageBuf,
    full: bool,
}

impl uWrite for Text<'_> {
    type Error = core::convert::Infallible;
    fn write_str(&mut self, text: &str) -> Result<(), Self::Error> {
        self.full |= !self.out.push(text.as_bytes());
        Ok(())
    }
}

/// A family: name and kind, and what it says. The small build tells no reader what it says: that
/// would be 5 KB of its flash, and the larger builds have the words.
macro_rules! family {
    ($name_and_kind:literal, $help:literal) => {
        if cfg!(feature = "setup") { concat!($name_and_kind, " ", $help) } else { $name_and_kind }
    };
}

impl Text<'_> {
    /// Begins a family of `NAME KIND HELP`: one text, since each argument costs code in forty
    /// calls. Returns the name.
    fn family<'f>(&mut self, family: &'f str) -> &'f str {
        let (name, rest) = split_once(family, " ").unwrap_or((family, ""));
        let (kind, help) = split_once(rest, " ").unwrap_or((rest, ""));
        if !help.is_empty() {
            _ = uwrite!(self, "# HELP aiglon_{} {}\n", name, help);
        }
        _ = uwrite!(self, "# TYPE aiglon_{} {}\n", name, kind);
        name
    }

    #[inline(never)]
    fn one(&mut self, family: &str, value: u64) {
        let name = self.family(family);
        _ = uwrite!(self, "aiglon_{} {}\n", name, value);
    }

    /// What may be a path has its quotes and backslashes taken out.
    fn missing(&mut self, listener: &str) {
        _ = uwrite!(self, "aiglon_listener_missing{{listener=\"");
        listener.split(['"', '\\', '\n']).for_each(|part| _ = uwrite!(self, "{}", part));
        _ = uwrite!(self, "\"}} 1\n");
    }

    fn labelled(&mut self, name: &str, label: &str, of: &str, value: u64) {
        _ = uwrite!(self, "aiglon_{}{{{}=\"{}\"}} {}\n", name, label, of, value);
    }
}

/// What runs, by which configuration, and by which clock.
fn about_itself(web: &Web<'_>, now: Now, t: &mut Text<'_>) {
    t.family(family!("build_info gauge", "The version that runs."));
    t.labelled("build_info", "version", env!("CARGO_PKG_VERSION"), 1);
    // karma chooses by it how to read the API.
    _ = uwrite!(
        t,
        "# HELP alertmanager_build_info The version of Alertmanager whose API is spoken here.\n\
         # TYPE alertmanager_build_info gauge\n\
         alertmanager_build_info{{version=\"{}\"}} 1\n",
        render::alertmanager::API
    );
    t.one(
        family!(
            "config_fallback gauge",
            "1 while the last good configuration is in force since the file cannot be used."
        ),
        u64::from(web.fallback.get()),
    );
    t.one(
        family!(
            "console_missing gauge",
            "1 while the console's socket is not as the configuration wants it."
        ),
        u64::from(web.console.fault().is_some()),
    );
    t.one(
        family!(
            "program_replaced gauge",
            "1 while the program on flash is another one than that which runs."
        ),
        u64::from(web.program.is_replaced()),
    );
    t.family(family!("listener_missing gauge", "1 for each listener that is not there; and why."));
    web.listeners.missing(&mut |listener| t.missing(listener));
    #[cfg(feature = "ssh")]
    web.ssh.missing(&mut |listener| t.missing(listener));
    t.one(
        family!("reloads_total counter", "Changed configurations that were applied."),
        web.tally.reloads.get(),
    );
    t.one(
        family!("reloads_refused_total counter", "Broken ones that were not."),
        web.tally.reloads_refused.get(),
    );
    t.one(family!("clock_known gauge", "Whether the wall clock is believed."), u64::from(now.wall.is_some()));
}

/// Writes all of it; false if it does not fit.
pub fn write(web: &Web<'_>, core: &Core<'_>, out: &mut PageBuf) -> bool {
    let (engine, config) = (&*core.engine, core.config);
    let mut text = Text { out, full: false };
    let t = &mut text;

    about_itself(web, core.now, t);
    requests(web, t);
    alerts(web, engine, t);
    journal(t, core.ledger);
    flash_budget(t, engine, core.now.mono);
    sources(engine, config, t);
    heartbeats(t, engine, config);
    rules(t, web, engine, config);
    t.family(family!("store_used gauge", "How full each store of the configuration is."));
    config.stores(&mut |name, used, _| t.labelled("store_used", "store", name, used as u64));
    t.family(family!("store_limit gauge", "How much each store of the configuration can hold."));
    config.stores(&mut |name, _, limit| t.labelled("store_limit", "store", name, limit as u64));
    !text.full
}

fn requests(web: &Web<'_>, t: &mut Text<'_>) {
    t.family(family!(
        "http_responses_total counter",
        "Answers to senders, and faults of all others, by status."
    ));
    for (status, count) in web.tally.answers() {
        _ = uwrite!(t, "aiglon_http_responses_total{{status=\"{}\"}} {}\n", status, count);
    }
    t.one(
        family!(
            "http_connections_late_total counter",
            "Connections that were closed since their time was up."
        ),
        web.slots.late.get(),
    );
    t.one(
        family!(
            "http_connections_gave_way_total counter",
            "Connections that were closed for a newcomer since all slots were taken."
        ),
        web.slots.gave_way.get(),
    );
    // How many visitors there are is nobody's business here.
    let (_, senders) = web.slots.held();
    t.family(family!("http_connections gauge", "Connections that are open, by who holds them."));
    t.labelled("http_connections", "holder", "sender", senders as u64);
    t.one(
        family!("http_connections_limit gauge", "Connections that can be open."),
        limits::CONNECTIONS as u64,
    );
    t.one(
        family!("http_unauthorised_total counter", "Requests without a known token."),
        web.tally.unauthorised.get(),
    );
    console(t, web);
    t.one(family!("pages_rendered_total counter", "Pages rendered anew."), web.tally.pages_rendered.get());
    t.one(
        family!(
            "pages_stale_total counter",
            "Copies of a moment ago that were served since enough was rendered."
        ),
        web.pages.stale.get(),
    );
    t.one(
        family!(
            "feed_left_out_total counter",
            "Lines and entries that did not fit an answer for programs when it was made."
        ),
        web.tally.left_out.get(),
    );
    t.one(family!("pages_waited_total counter", "Pages that waited to be rendered."), web.pages.waited.get());
    t.one(
        family!(
            "body_turns_full_total counter",
            "How often a body waited for others since it was much work."
        ),
        web.tally.turns_full.get(),
    );
}

fn alerts(web: &Web<'_>, engine: &Engine, t: &mut Text<'_>) {
    let counters = engine.counters();
    t.family(family!("alerts_received_total counter", "Alerts received, by what became of them."));
    for (verdict, name) in Verdict::ALL {
        t.labelled("alerts_received_total", "verdict", name, counters.of(verdict));
    }
    t.one(
        family!("alerts_bad_total counter", "Things in place of an alert that were none."),
        web.tally.alerts_bad.get(),
    );
    t.one(family!("alerts_oversize_total counter", "Alerts too large to be read whole."), counters.oversize);
    t.one(family!("alerts_cut_total counter", "Values cut, annotations left out."), counters.cut);
    t.one(family!("alerts_expired_total counter", "Alerts that ended unresolved."), counters.expired);
    t.one(
        family!("bodies_malformed_total counter", "Bodies that were not JSON."),
        web.tally.bodies_malformed.get(),
    );
    t.one(
        family!("alerts_held gauge", "Alerts in the store, ended ones included."),
        engine.alerts().len() as u64,
    );
    t.one(family!("alerts_limit gauge", "Alerts that the store can hold."), limits::ALERTS as u64);
}

fn sources(engine: &Engine, config: &Config, t: &mut Text<'_>) {
    let counters = engine.counters();
    t.one(family!("source_silences_total counter", "How often a source fell silent."), counters.silences);
    t.family(family!("source_alerts gauge", "Alerts of a source that are not over."));
    for (source, id) in config.sources.iter().zip(0u16..) {
        let id = aiglon::model::SourceId(id);
        t.labelled("source_alerts", "source", config.str(source.name), engine.alerts().counting(id) as u64);
    }
    for (what, family) in [
        (
            Oddity::Unmapped,
            family!("source_alerts_unmapped_total counter", "Alerts of a source that led to no component."),
        ),
        (
            Oddity::Severity,
            family!(
                "source_alerts_odd_severity_total counter",
                "Alerts of a source with a severity that nobody knows."
            ),
        ),
        (
            Oddity::Path,
            family!(
                "source_wrong_paths_total counter",
                "Requests of a source to a path that is none, or with a method that is not for it."
            ),
        ),
    ] {
        let name = t.family(family);
        for (source, id) in config.sources.iter().zip(0u16..) {
            let count = engine.sources().odd(aiglon::model::SourceId(id), what);
            t.labelled(name, "source", config.str(source.name), count.into());
        }
    }
    let (_, unnamed) = engine.sources().odd_names_used();
    t.one(
        family!("alert_names_refused_total counter", "Such alerts whose name found no room to be told."),
        unnamed,
    );
    t.family(family!(
        "source_last_seen_seconds gauge",
        "Since the last sign of life; absent if there was none."
    ));
    let now = clock::mono();
    for (source, id) in config.sources.iter().zip(0u16..) {
        if let Some(last) = engine.sources().last_heard(aiglon::model::SourceId(id)) {
            let age = u64::try_from(now.since(last)).unwrap_or(0) / 1000;
            t.labelled("source_last_seen_seconds", "source", config.str(source.name), age);
        }
    }
}

fn console(t: &mut Text<'_>, web: &Web<'_>) {
    t.family(family!("console_requests_total counter", "Callers at the console, by what became of them."));
    let console = &web.console;
    for (outcome, count) in
        [("done", &console.commands), ("denied", &console.denied), ("busy", &console.busy)]
    {
        t.labelled("console_requests_total", "outcome", outcome, count.get());
    }
    #[cfg(feature = "ssh")]
    {
        t.family(family!(
            "ssh_connections_total counter",
            "Connections to the SSH server, by what became of them."
        ));
        let counted = web.ssh.counters();
        for (outcome, count) in [
            ("login", counted.logins),
            ("failed", counted.failed),
            ("turned_away", counted.turned_away),
            ("held_off", counted.held_off),
        ] {
            t.labelled("ssh_connections_total", "outcome", outcome, count);
        }
    }
}

fn journal(t: &mut Text<'_>, ledger: &Ledger) {
    let (bytes, counters) = ledger.figures();
    t.one(
        family!("journal_degraded gauge", "1 while storage fails and memory alone holds what comes."),
        u64::from(ledger.fault().is_some()),
    );
    t.one(family!("journal_bytes gauge", "Bytes of the journal."), u64::from(bytes));
    t.one(
        family!("journal_bytes_limit gauge", "Bytes that it may have, half of it while it is written anew."),
        u64::from(ledger.limit()),
    );
    t.one(family!("journal_written_bytes_total counter", "Bytes written to flash."), counters.bytes);
    t.one(
        family!("journal_syncs_total counter", "Syncs, each of which ends a page of flash."),
        u64::from(counters.syncs),
    );
    t.one(
        family!("journal_compactions_total counter", "Times it was written anew."),
        u64::from(counters.compactions),
    );
    t.one(
        family!("journal_dropped_total counter", "Records that it did not take."),
        u64::from(counters.dropped),
    );
}

fn heartbeats(t: &mut Text<'_>, engine: &Engine, config: &Config) {
    let counters = engine.counters();
    t.one(family!("heartbeats_received_total counter", "Heartbeats that came."), counters.beats);
    t.one(
        family!("heartbeats_missed_total counter", "Heartbeats that were late or failed."),
        counters.missed,
    );
    t.family(family!(
        "heartbeat_ok gauge",
        "1 while a heartbeat is on time, 0 while it is late or failed; absent while that is not known."
    ));
    for (id, row) in config.heartbeats() {
        if let Some(on_time) = engine.heartbeat(id).is_on_time() {
            t.labelled("heartbeat_ok", "heartbeat", config.str(row.name), u64::from(on_time));
        }
    }
    t.family(family!("heartbeat_last_seen_seconds gauge", "Since it last came; absent if it never did."));
    let now = clock::mono();
    for (id, row) in config.heartbeats() {
        let Some(last) = engine.heartbeat(id).last() else { continue };
        let age = u64::try_from(now.since(last)).unwrap_or(0) / 1000;
        t.labelled("heartbeat_last_seen_seconds", "heartbeat", config.str(row.name), age);
    }
}

fn rules(t: &mut Text<'_>, web: &Web<'_>, engine: &Engine, config: &Config) {
    // Nobody who may not ask for it learns how many people are somewhere, nor by counting what is
    // measured of each.
    let of_people = config.rules.iter().any(|row| row.of_people);
    let told = || config.rules().filter(|(_, row)| !row.of_people);
    let counters = engine.rule_counters();
    for (family, count, samples) in [
        (
            family!("lines_received_total counter", "Samples that were right, in lines or JSON."),
            web.intake.lines.get(),
            true,
        ),
        (family!("lines_bad_total counter", "Samples that were not."), web.intake.lines_bad.get(), false),
        (family!("samples_asked_total counter", "Samples that a rule asked for."), counters.samples, true),
        (
            family!("samples_late_total counter", "Samples that came late and were dropped."),
            counters.late,
            true,
        ),
        (
            family!(
                "samples_stale_total counter",
                "Samples that were measured too long ago, or in another unit of time, and were dropped."
            ),
            counters.stale,
            true,
        ),
        (
            family!(
                "samples_cut_total counter",
                "Samples with more tags or fields that rules ask for than fit."
            ),
            counters.cut,
            true,
        ),
        (
            family!("samples_refused_total counter", "Samples of a series that found no room."),
            counters.refused,
            true,
        ),
        (
            family!("samples_unexpected_total counter", "Samples of what a rule does not expect by name."),
            counters.unexpected,
            true,
        ),
    ] {
        if !(samples && of_people) {
            t.one(family, count);
        }
    }
    t.family(family!("rule_missing gauge", "Of what a rule expects by name, how much is silent."));
    for (id, row) in told().filter(|&(id, _)| config.expected_of(id).next().is_some()) {
        let missing = engine.missing(config, id, clock::mono()).count() as u64;
        t.labelled("rule_missing", "rule", config.str(row.name), missing);
    }
    if !of_people {
        t.one(family!("series gauge", "Series that rules know the last value of."), engine.series() as u64);
    }
    t.one(family!("series_limit gauge", "Series that there is room for."), limits::SERIES as u64);
    t.family(family!(
        "rule_firing gauge",
        "1 while a rule fires, 0 while all is well; absent while that is not known."
    ));
    for (id, row) in told() {
        if let Some(fires) = engine.rule_phase(id).fires() {
            t.labelled("rule_firing", "rule", config.str(row.name), u64::from(fires));
        }
    }
}

fn flash_budget(t: &mut Text<'_>, engine: &Engine, now: Mono) {
    t.one(
        family!("journal_alerts_withheld_total counter", "Beginnings of alerts that were not written down, since their source had used up its budget of flash."),
        engine.counters().withheld,
    );
    t.one(
        family!(
            "journal_sources_behind gauge",
            "Sources of which that is so now: after a restart their components are no data."
        ),
        engine.behind().iter().count() as u64,
    );
    t.one(
        family!("journal_alert_bytes gauge", "What the source that has used most of its budget has used."),
        u64::from(engine.flash_used(now)),
    );
    t.one(
        family!(
            "journal_alert_bytes_limit gauge",
            "The budget of a source, in bytes; of that, an hour brings a part back."
        ),
        u64::from(limits::ALERT_FLASH_BYTES),
    );
}
