//! Commands that change something: what is asked first, what is done, and what the page says then.

use ufmt::uwrite;

use super::access::{Access, Trouble};
use super::adler::{self, Force, Message};
use super::answer::{AnswerWriter, Cell};
use super::read::{Teller, state_word};
use super::{Ask, CommandStatus};
use crate::command::table::Verb;
use crate::command::{Command, LineWords, parse};
use crate::engine::Engine;
use crate::incidents::record::{BANNER, STEP, WINDOW_ENDED, What};
use crate::incidents::{Action, Done, Refusal};
use crate::limits::QUESTION_WORDS_BYTES;
use crate::model::{ComponentId, Forced, Phase, Phrase, ServiceId, SiteId, State, Step, StepView, Words};
use crate::render::overruled;
use crate::shown::{ShownState, headline, hides};
use crate::text::buffer::Bytes;
use crate::text::clean::{Escaped, is_visible};
use crate::text::{cut, doubt};
use crate::time::{Now, Wall};

/// Room for a question.
type Question = Bytes<1024>;
const MINUTE_MS: i64 = 60_000;
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
        if !(ask.confirmed || command.yes) {
            let asked = asks(&teller, now, site, &action, &mut question)?;
            if (ask.person && doubts(command, ask.text, &mut question)) || asked {
                out.told("confirm", "%0", &[text_of(&question)]);
                return Ok(CommandStatus::Confirm);
            }
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
    let undone = text_of(&question);
    tell(&teller, site, command, done, (undoable, undone), out);
    Ok(CommandStatus::Done)
}

fn text_of(question: &Question) -> &str {
    core::str::from_utf8(question.as_slice()).unwrap_or("")
}

/// Says what the words are about that somebody is asked for, and how to leave; or why there is
/// nothing to be said.
pub(super) fn introduce<'a>(
    teller: &Teller<'a, '_>,
    command: &Command<'a>,
    out: &mut AnswerWriter<'_>,
) -> Result<(), Trouble<'a>> {
    let mut about = Question::new();
    let lead = if matches!(command.row.verb, Verb::Update | Verb::Resolve | Verb::Reopen | Verb::Amend) {
        let site = teller.site_of_incident(command)?;
        let open = matches!(command.row.verb, Verb::Update | Verb::Resolve);
        name(teller, site, command.number, open, &mut about)?;
        "what visitors will read about "
    } else {
        "what visitors will read"
    };
    out.say(&[lead, text_of(&about).trim_end_matches('?'), "; Ctrl-C leaves", "\n"]);
    Ok(())
}

/// What a person's words or title seem to hold; empty: nothing of that kind.
fn doubtful(command: &Command<'_>) -> &'static str {
    let found = doubt::looks_like(command.text);
    if found.is_empty() { doubt::looks_like(command.title) } else { found }
}

/// Adds to the question what speaks against publishing the words, if anything does.
fn doubts(command: &Command<'_>, typed: Option<&str>, out: &mut Question) -> bool {
    let found = doubtful(command);
    let mut room = LineWords::new();
    let is_command =
        typed.is_some_and(|typed| typed.trim() == command.text && parse(typed, None, &mut room).is_ok());
    let doubt = match (found, is_command) {
        ("", false) => return false,
        ("", true) => "These words look like a command.",
        _ => "The words hold what looks like ",
    };
    for part in [if out.is_empty() { "" } else { " " }, doubt, found, if found.is_empty() { "" } else { "." }]
    {
        _ = out.push(part.as_bytes());
    }
    _ = out.push(b" Publish them?");
    true
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
            out.told("confirm", "%0", &[text_of(&question)]);
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
            let site = access.site_or_only(command.site)?;
            let words = if words == Words::None && command.forced.is_some() {
                kept(teller, site, message)
            } else {
                words
            };
            Ok((site, Action::Banner { state: command.forced, words }))
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

/// The words of a site's banner, which stay there under another state.
fn kept<'m>(teller: &Teller<'_, '_>, site: SiteId, room: &'m mut Message) -> Words<'m> {
    match teller.view.banner(site).map(|banner| banner.words) {
        Some(Words::Own { lang, text }) => {
            // They fit.
            _ = room.push(lang.as_bytes()) && room.push(text.as_bytes());
            let both = core::str::from_utf8(room.as_slice()).unwrap_or("");
            let (lang, text) = both.split_at_checked(lang.len()).unwrap_or_default();
            Words::Own { lang, text }
        }
        Some(Words::Phrase(phrase)) => Words::Phrase(phrase),
        _ => Words::None,
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
        Action::Open { service, title, .. } => {
            let mut twin = None;
            teller.view.incidents(site, &mut |incident| {
                let is_like = incident.service == service && incident.title.eq_ignore_ascii_case(title);
                twin = Some(incident.number).filter(|_| incident.open && is_like).or(twin);
            });
            let Some(twin) = twin else { return Ok(false) };
            _ = uwrite!(**out, "open another one like ");
            name(teller, site, twin, true, out)?;
        }
        Action::Maintain { service, component, starts, ends, .. } => {
            let minute = |at: Wall| at.0.div_euclid(MINUTE_MS);
            let mut twin = None;
            teller.view.maintenance(site, &mut |planned| {
                let is_like = (planned.service, planned.component) == (service, component)
                    && minute(planned.starts) == minute(starts)
                    && minute(planned.ends) == minute(ends);
                twin = Some(planned.number).filter(|_| is_like).or(twin);
            });
            let Some(twin) = twin else { return Ok(false) };
            _ = uwrite!(**out, "announce it again? Maintenance {} is the like of it.", twin);
        }
        Action::Banner { state: Some(Forced::Operational), .. } => {
            let shown = headline(access.config, teller.view, site);
            if shown <= ShownState::NoData {
                return Ok(false);
            }
            _ = uwrite!(
                **out,
                "put \"operational\" there, as what the team says? The page keeps its title, since {} is known.",
                shown.word()
            );
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
                Words::Phrase(said) => {
                    _ = out.push(b" --say ");
                    said.join(Phrase::name, &mut |part| _ = out.push(part.as_bytes()));
                }
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
    let is_hidden = key == "incident" && hides(teller.access.config, teller.view, site, number);
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
    } else {
        let (done_so, now_so) = match command.row.verb {
            Verb::Undo => ("took back: ", "; the page says now:"),
            Verb::Acknowledge => ("noted, for people on the console; the page says as before:", ""),
            _ if is_hidden => ("done; no page tells of it (option page):", ""),
            _ => ("done; the page says now:", ""),
        };
        out.say(&[done_so, undone, now_so, "\n"]);
        match key {
            "incident" => teller.one_incident(site, number, out),
            "maintenance" => teller.one_maintenance(site, number, out),
            _ => teller.banners(1u8.wrapping_shl(u32::from(site.0)), "there is no banner", out),
        }
    }
    if command.row.speaks() && !is_hidden {
        published(teller, site, command, if key == "incident" { number } else { 0 }, out);
    }
    notes(teller, site, command, (done, overruled), out);
    if out.json() {
        return out.close("}");
    }
    if undoable {
        let site = if teller.access.several() { [" --site ", name] } else { ["", ""] };
        out.say(&["to take it back within ten minutes: undo", site[0], site[1], "\n"]);
    }
}

/// Says what of a person's words stands on which page now.
fn published(
    teller: &Teller<'_, '_>,
    site: SiteId,
    command: &Command<'_>,
    number: u32,
    out: &mut AnswerWriter<'_>,
) {
    let config = teller.access.config;
    let Some(of) = config.sites.get(site.index()) else { return };
    if number > 0 && command.said() != Words::None {
        let mut seen = false;
        let mut each = |step: &StepView<'_>, last: u16| {
            let is_it = step.number == last && !core::mem::replace(&mut seen, step.number == last);
            let words = match step.words {
                Words::Own { lang: "", text } => Words::Own { lang: of.lang.tag(), text },
                words => words,
            };
            if is_it {
                out.field("words", Cell::Words(&words));
            }
        };
        let mut last = 0;
        teller.view.steps(site, number, &mut |step| {
            let speaks = step.words != Words::None && step.step != Step::Retitled;
            if command.step.map_or(speaks, |asked| asked == step.number) {
                last = step.number;
            }
        });
        teller.view.steps(site, number, &mut |step| each(step, last));
    }
    let host = config.hosts.iter().find(|host| host.site == site && !config.str(host.name).starts_with('*'));
    let mut digits = heapless::String::<12>::new();
    _ = uwrite!(digits, "{}", number);
    let secret = config.str(of.secret_path);
    let (incidents, digits) = if number > 0 { ("incidents/", digits.as_str()) } else { ("", "") };
    let slash = if secret.is_empty() { "" } else { "/" };
    let host = host.map_or("", |host| config.str(host.name));
    out.field("page", Cell::Parts(&[host, "/", secret, slash, incidents, digits]));
}

/// Says what whoever acted should know, and what would be right.
fn notes(
    teller: &Teller<'_, '_>,
    site: SiteId,
    command: &Command<'_>,
    (done, overruled): (Done, Option<&str>),
    out: &mut AnswerWriter<'_>,
) {
    let found = if command.row.speaks() || !command.title.is_empty() { doubtful(command) } else { "" };
    let masked = doubt::has_mac(command.text) || doubt::has_mac(command.title);
    let mut cure = heapless::String::<96>::new();
    let (several, name) = (teller.access.several(), teller.access.site_name(site));
    _ = match done {
        Done::Incident(number) | Done::ResolvedWhileFiring(number) if several => {
            uwrite!(cure, "'undo --site {}' or 'redact {}/{}'", name, name, number)
        }
        Done::Incident(number) | Done::ResolvedWhileFiring(number) => {
            uwrite!(cure, "'undo' or 'redact {}'", number)
        }
        _ if several => uwrite!(cure, "'undo --site {}'", name),
        _ => uwrite!(cure, "'undo'"),
    };
    let told = [
        (masked, "a MAC address in the words was masked; nobody can read it, here or on the page", ""),
        (
            !found.is_empty(),
            "this holds what looks like %0, and visitors read it; to take it away: %1",
            found,
        ),
        (
            overruled.is_some(),
            "worse is known, so the page keeps its title, \"%0\", and shows this as what the team says",
            overruled.unwrap_or(""),
        ),
        (matches!(done, Done::ResolvedWhileFiring(_)), "alerts still fire, and the page says so", ""),
    ];
    let mut notes = told.iter().filter(|(is_due, ..)| *is_due).peekable();
    if notes.peek().is_none() {
        return;
    }
    out.open("notes", "[");
    notes.for_each(|(_, sentence, about)| out.note(sentence, &[about, &cure]));
    out.close("]");
}
