//! Commands that change something: what is asked first, what is done, and what the page says then.

use ufmt::uwrite;

use super::access::{Access, Trouble};
use super::adler::{self, Force, Message};
use super::answer::{AnswerWriter, Cell};
use super::read::{Teller, state_word};
use super::{Ask, CommandStatus};
use crate::command::Command;
use crate::command::table::Verb;
use crate::engine::Engine;
use crate::incidents::record::{BANNER, STEP, WINDOW_ENDED, What};
use crate::incidents::{Action, Done, Refusal};
use crate::limits::QUESTION_WORDS_BYTES;
use crate::model::{ComponentId, Phase, ServiceId, SiteId, State, Words};
use crate::render::overruled;
use crate::shown::hides;
use crate::text::buffer::Bytes;
use crate::text::clean::{Escaped, is_visible};
use crate::text::cut;
use crate::time::Now;

/// Room for a question.
type Question = Bytes<1024>;
/// Of a question, what a further component must leave free.
const ROOM: usize = 200;

/// Does what a command says, or asks whether it should.
pub(super) fn carry_out<'a>(
    engine: &mut Engine,
    now: Now,
    ask: &Ask<'a>,
    access: Access<'a>,
    command: &Command<'a>,
    out: &mut AnswerWriter<'_>,
) -> Result<CommandStatus, Trouble<'a>> {
    let (mut message, mut question) = (Message::new(), Question::new());
    if command.row.verb == Verb::Release {
        return release(engine, now, ask, access, command, out);
    }
    let (site, done, undoable) = {
        let view = engine.whole_view(access.config, now);
        let teller = Teller { access, view: &view, engine };
        let (site, action) = action(&teller, now, command, &mut message)?;
        if !(ask.confirmed || command.yes) && asks(&teller, now, site, &action, &mut question)? {
            out.told("confirm", "%0", &[core::str::from_utf8(question.as_slice()).unwrap_or("")]);
            return Ok(CommandStatus::Confirm);
        }
        question.clear();
        if command.row.verb == Verb::Undo {
            last_deed(&teller, now, site, &mut question)?;
            // What is done is no question.
            let without = question.len().saturating_sub(1);
            question.truncate(without);
        }
        drop(view);
        let done = engine.act(access.config, now, site, access.who(), action);
        // There may be no banner to take away: then all is as it should be.
        match (done, command.row.verb) {
            (Err(Refusal::NoBanner), Verb::SetSiteConfig) => (site, Done::Banner, false),
            (done, verb) => (site, done?, !matches!(verb, Verb::Redact | Verb::Undo)),
        }
    };
    let view = engine.whole_view(access.config, now);
    let teller = Teller { access, view: &view, engine };
    let undone = core::str::from_utf8(question.as_slice()).unwrap_or("");
    tell(&teller, site, command, done, (undoable, undone), out);
    Ok(CommandStatus::Done)
}

/// Ends an alert, as the team's word.
fn release<'a>(
    engine: &mut Engine,
    now: Now,
    ask: &Ask<'a>,
    access: Access<'a>,
    command: &Command<'a>,
    out: &mut AnswerWriter<'_>,
) -> Result<CommandStatus, Trouble<'a>> {
    let number = u16::try_from(command.number).unwrap_or(0);
    let site = {
        let view = engine.whole_view(access.config, now);
        let teller = Teller { access, view: &view, engine };
        let site = teller.site_of_alert(command)?;
        let held = teller.alerts_of(site).find(|held| held.number == number).ok_or(Refusal::NoAlert)?;
        let source = access.config.sources.get(held.source().index()).copied().unwrap_or_default();
        if !(ask.confirmed || command.yes) {
            let mut question = Question::new();
            for part in [
                "this ends ",
                held.name(),
                " of ",
                access.config.str(source.name),
                ": the page tells that as the team's word, until its source says it again. Go on?",
            ] {
                _ = question.push(part.as_bytes());
            }
            out.told("confirm", "%0", &[core::str::from_utf8(question.as_slice()).unwrap_or("")]);
            return Ok(CommandStatus::Confirm);
        }
        site
    };
    if !engine.release(access.config, now, site, number) {
        return Err(Refusal::NoAlert.into());
    }
    if out.json() {
        out.open("", "{");
        out.field("ok", Cell::Flag(true));
        out.field("site", Cell::Text(access.site_name(site)));
        out.field("alert", Cell::Count(number.into()));
        out.close("}");
    } else {
        out.say(&["done; if its source still says so, it fires again. undo does not take this back", "\n"]);
    }
    Ok(CommandStatus::Done)
}

/// What a command does, and where.
fn action<'a, 'm>(
    teller: &Teller<'a, '_>,
    now: Now,
    command: &Command<'a>,
    message: &'m mut Message,
) -> Result<(SiteId, Action<'m>), Trouble<'a>>
where
    'a: 'm,
{
    let (access, number, words) = (teller.access, command.number, command.said());
    let service = || access.service(command.site, command.service, command.component);
    let of_incident = |action| Ok((teller.site_of_incident(command)?, action));
    match command.row.verb {
        Verb::Open => {
            let (site, service, component) = service()?;
            let state = command.level.unwrap_or_else(|| level(teller, service, component));
            Ok((site, Action::Open { service, component, state, title: command.title, words }))
        }
        Verb::Update => {
            let site = teller.site_of_incident(command)?;
            let (mut last, mut open) = (None, false);
            teller
                .with_incident(site, number, &mut |incident| (last, open) = (incident.phase, incident.open));
            // A phase alone says something if it is another one.
            if open && words == Words::None && command.phase.is_none_or(|phase| Some(phase) == last) {
                return Err(Refusal::Empty.into());
            }
            // Who goes on after "resolved" without a phase begins anew.
            let last = last.filter(|phase| *phase != Phase::Resolved).unwrap_or(Phase::Investigating);
            Ok((site, Action::Update { number, phase: command.phase.unwrap_or(last), words }))
        }
        Verb::Resolve => of_incident(Action::Update { number, phase: Phase::Resolved, words }),
        Verb::Reopen => of_incident(Action::Reopen { number, words }),
        Verb::Acknowledge => of_incident(Action::Acknowledge { number }),
        Verb::Amend => of_incident(Action::Amend { number, step: command.step, words }),
        Verb::Retitle => of_incident(Action::Retitle { number, title: command.title }),
        Verb::Merge => of_incident(Action::Merge { number, into: command.into }),
        Verb::Redact => of_incident(Action::Redact { number }),
        Verb::Maintain => {
            let (site, service, component) = service()?;
            let wall = now.wall.ok_or(Refusal::NoClock)?;
            let zone = access.config.sites.get(site.index()).map(|site| site.timezone).unwrap_or_default();
            let starts = command.window.0.wall(&zone, wall, wall);
            let ends = command.window.1.wall(&zone, wall, starts);
            Ok((site, Action::Maintain { service, component, starts, ends, repeat: command.repeat, words }))
        }
        Verb::EndMaintenance => Ok((teller.site_of_maintenance(command)?, Action::EndMaintenance { number })),
        Verb::SetBanner => {
            Ok((access.site_or_only(command.site)?, Action::Banner { state: command.forced, words }))
        }
        Verb::SetSiteConfig => {
            let site = access.site(command.site)?;
            let force = adler::read(command.text, message).ok_or(Trouble::NotYaml)?;
            let text = core::str::from_utf8(message.as_slice()).unwrap_or("").trim();
            let words = if is_visible(text) { Words::Own { lang: command.lang, text } } else { Words::None };
            let action = match force {
                Force::State(state) => Action::Banner { state: Some(state), words },
                Force::Yes if words != Words::None => Action::Banner { state: None, words },
                Force::Yes | Force::No => Action::ClearBanner,
            };
            Ok((site, action))
        }
        Verb::ClearBanner => Ok((access.site_or_only(command.site)?, Action::ClearBanner)),
        _ => Ok((access.site_or_only(command.site)?, Action::Undo)),
    }
}

/// How bad it is when nobody says: as the monitoring has it; degraded where that sees nothing
/// wrong.
fn level(teller: &Teller<'_, '_>, service: ServiceId, component: Option<ComponentId>) -> State {
    let parts = teller.access.config.components_of(service);
    let meant = parts.filter(|(id, _)| component.is_none_or(|only| only == *id));
    meant.map(|(id, _)| teller.view.component(id).state()).max().unwrap_or_default().max(State::Degraded)
}

/// Writes the question that an action asks, if it asks one and can be done.
fn asks(
    teller: &Teller<'_, '_>,
    now: Now,
    site: SiteId,
    action: &Action<'_>,
    out: &mut Question,
) -> Result<bool, Refusal> {
    let access = teller.access;
    match *action {
        Action::Update { number, phase: Phase::Resolved, .. } => {
            _ = uwrite!(**out, "resolve ");
            name(teller, site, number, true, out)?;
            let (mut unwell, mut worst) = (0u32, State::Operational);
            teller.with_incident(site, number, &mut |incident| {
                for id in incident.components.iter() {
                    let state = teller.view.component(id).state();
                    if state == State::Operational {
                        continue;
                    }
                    let lead =
                        if unwell == 0 { " The monitoring does not say that all is well: " } else { ", " };
                    unwell = unwell.saturating_add(1);
                    worst = worst.max(state);
                    if out.room() > ROOM {
                        _ = uwrite!(**out, "{}{} ({})", lead, access.component_name(id), state_word(state));
                    }
                }
            });
            let follows = match unwell {
                0 => "",
                _ if worst > State::NoData => {
                    ". The page will say that it is over, but that trouble is still reported."
                }
                1 => ". The page will say that it is over, and that this part is unknown.",
                _ => ". The page will say that it is over, and that these parts are unknown.",
            };
            _ = uwrite!(**out, "{}", follows);
        }
        Action::Merge { number, into } => {
            if number == into {
                return Err(Refusal::Itself);
            }
            _ = uwrite!(**out, "make ");
            name(teller, site, number, false, out)?;
            let without = out.len().saturating_sub(1);
            out.truncate(without);
            _ = uwrite!(**out, " a part of ");
            name(teller, site, into, false, out)?;
        }
        Action::Redact { number } => {
            _ = uwrite!(**out, "remove ");
            name(teller, site, number, false, out)?;
            _ = uwrite!(**out, " Every word about it goes, from flash as well, and nothing brings it back.");
            teller.view.incidents(site, &mut |part| {
                if part.merged_into == Some(number) && out.room() > ROOM {
                    _ = uwrite!(
                        **out,
                        " Incident {}, which was merged into it, stays by itself.",
                        part.number
                    );
                }
            });
        }
        Action::Undo => {
            _ = uwrite!(**out, "take back what you did last on {}: ", access.site_name(site));
            last_deed(teller, now, site, out)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Writes what the caller did last on a site, as the end of a question.
fn last_deed(teller: &Teller<'_, '_>, now: Now, site: SiteId, out: &mut Question) -> Result<(), Refusal> {
    let last = teller.engine.incidents().undoable(now, site, teller.access.who());
    let (kind, number, what, words) = last.ok_or(Refusal::NothingToUndo)?;
    match kind {
        STEP => {
            _ = uwrite!(**out, "{}", deed(what));
            match words {
                Words::Own { text, .. } => {
                    let short = cut(text, QUESTION_WORDS_BYTES);
                    let dots = if short.len() < text.len() { "…" } else { "" };
                    _ = uwrite!(**out, " \"{}{}\"", Escaped(short), dots);
                }
                Words::Phrase(phrase) => _ = uwrite!(**out, " --say {}", phrase.name()),
                Words::None => {}
            }
            _ = uwrite!(**out, ", ");
            name(teller, site, number, false, out)?;
        }
        BANNER => _ = uwrite!(**out, "the banner?"),
        WINDOW_ENDED => _ = uwrite!(**out, "the end of maintenance {}?", number),
        _ => _ = uwrite!(**out, "maintenance {}?", number),
    }
    Ok(())
}

/// The command by which a person did something.
fn deed(what: Option<What>) -> &'static str {
    match what {
        Some(What::Update) => "update",
        Some(What::Resolved) => "resolve",
        Some(What::Reopened) => "reopen",
        Some(What::Merged) => "merge",
        Some(What::Acknowledged) => "ack",
        Some(What::Retitled) => "retitle",
        Some(What::Amended) => "amend",
        _ => "open",
    }
}

/// `incident 12 (wifi, "No power")?`, if there is one, and if it is open where it has to be.
fn name(
    teller: &Teller<'_, '_>,
    site: SiteId,
    number: u32,
    open: bool,
    out: &mut Question,
) -> Result<(), Refusal> {
    let mut found = Err(Refusal::NoIncident);
    teller.with_incident(site, number, &mut |incident| {
        found = match (incident.merged_into, incident.open) {
            (Some(_), _) if open => Err(Refusal::Merged),
            (_, false) if open => Err(Refusal::Ended),
            _ => Ok(()),
        };
        let service = teller.access.service_name(incident.service);
        _ = uwrite!(**out, "incident {} ({}", number, service);
        if !incident.title.is_empty() {
            _ = uwrite!(**out, ", \"{}\"", Escaped(incident.title));
        }
        _ = uwrite!(**out, ")?");
    });
    found
}

/// Says what was taken back, what the page says now, and how to take it back if there is something
/// to take back.
fn tell(
    teller: &Teller<'_, '_>,
    site: SiteId,
    command: &Command<'_>,
    done: Done,
    (undoable, undone): (bool, &str),
    out: &mut AnswerWriter<'_>,
) {
    teller.zone(site, out);
    let name = teller.access.site_name(site);
    let overruled = Some(done)
        .filter(|done| *done == Done::Banner)
        .and_then(|_| overruled(teller.access.config, site, teller.view));
    let (key, number) = match done {
        Done::Incident(number) | Done::ResolvedWhileFiring(number) => ("incident", number),
        Done::Maintenance(number) => ("maintenance", number),
        Done::Banner => ("banner", 0),
    };
    if out.json() {
        out.open("", "{");
        out.field("ok", Cell::Flag(true));
        out.field("site", Cell::Text(name));
        out.field(key, if number == 0 { Cell::Flag(true) } else { Cell::Count(number.into()) });
        if matches!(done, Done::ResolvedWhileFiring(_)) {
            out.field("firing", Cell::Flag(true));
        }
        if !undone.is_empty() {
            out.field("undone", Cell::Text(undone));
        }
        if let Some(title) = overruled {
            out.field("title_kept", Cell::Text(title));
        }
        return out.close("}");
    }
    let (done_so, now_so) = match command.row.verb {
        Verb::Undo => ("took back: ", "; the page says now:"),
        Verb::Acknowledge => ("noted, for people on the console; the page says as before:", ""),
        _ if key == "incident" && hides(teller.access.config, teller.view, site, number) => {
            ("done; no page tells of it (option page):", "")
        }
        _ => ("done; the page says now:", ""),
    };
    out.say(&[done_so, undone, now_so, "\n"]);
    match done {
        Done::Incident(_) | Done::ResolvedWhileFiring(_) => teller.one_incident(site, number, out),
        Done::Maintenance(_) => teller.one_maintenance(site, number, out),
        Done::Banner => teller.banners(1u8.wrapping_shl(u32::from(site.0)), "there is no banner", out),
    }
    if let Some(title) = overruled {
        out.say(&[
            "note: worse is known, so the page keeps its title, \"",
            title,
            "\", and shows this as your claim",
            "\n",
        ]);
    }
    if matches!(done, Done::ResolvedWhileFiring(_)) {
        out.say(&["alerts still fire, and the page says so", "\n"]);
    }
    if undoable {
        let site = if teller.access.several() { [" --site ", name] } else { ["", ""] };
        out.say(&["to take it back within ten minutes: undo", site[0], site[1], "\n"]);
    }
}
