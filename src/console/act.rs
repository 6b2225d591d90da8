//! Commands that change something: what is asked first, what is done, and what the page says then.

use ufmt::uwrite;

use super::access::{Access, Trouble};
use super::adler::{self, Force, Message};
use super::answer::{AnswerWriter, Cell, digits};
use super::read::{Teller, state_word};
use super::{Ask, CommandStatus};
use crate::command::table::Verb;
use crate::command::{Command, LineWords, parse};
use crate::engine::Engine;
use crate::incidents::record::{BANNER, STEP, WINDOW_ENDED, What};
use crate::incidents::{Action, Done, Refusal};
use crate::limits::{INCIDENT_STEPS_SHOWN, QUESTION_WORDS_BYTES};
use crate::model::{ComponentId, Forced, Phase, Phrase, Repeat, ServiceId, SiteId, State, Words};
use crate::render::overruled;
use crate::shown::{ShownState, headline, hides, told_end};
use crate::text::buffer::Bytes;
use crate::text::clean::{Escaped, is_visible};
use crate::text::doubt::Doubt;
use crate::text::{cut, fill};
use crate::time::{Now, Wall};

/// Room for a question.
type Question = Bytes<1024>;
const MINUTE_MS: u64 = 60_000;
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
            // Scripts of prometheus-adlermanager take a banner away without a word.
            let is_silent = command.row.verb == Verb::SetSiteConfig && matches!(action, Action::ClearBanner);
            let asked = !is_silent && asks(&teller, now, site, &action, &mut question)?;
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

/// Adds a sentence with its places filled; what finds no room is left out.
fn add(out: &mut Question, sentence: &str, args: &[&str]) {
    fill(sentence, args, &mut |part| _ = out.push(part.as_bytes()));
}

/// Adds foreign text.
fn escape(out: &mut Question, text: &str) {
    _ = uwrite!(**out, "{}", Escaped(text));
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
    let without = about.len().saturating_sub(1);
    about.truncate(without);
    out.say(&[lead, text_of(&about), "; Ctrl-C leaves", "\n"]);
    Ok(())
}

/// What a person's words or title seem to hold.
fn doubtful(command: &Command<'_>) -> Doubt {
    let mut found = Doubt::default();
    for text in [command.title, command.text] {
        let other = Doubt::of(text);
        found.mac |= other.mac;
        found.noun = if other.noun.is_empty() { found.noun } else { other.noun };
    }
    found
}

/// Adds to the question what speaks against publishing the words, if anything does.
fn doubts(command: &Command<'_>, typed: Option<&str>, out: &mut Question) -> bool {
    let found = doubtful(command).noun;
    let mut room = LineWords::new();
    let mut is_command =
        || typed.is_some_and(|typed| typed.trim() == command.text && parse(typed, None, &mut room).is_ok());
    let doubt = if !found.is_empty() {
        "%1The words hold what looks like %0. Publish them?"
    } else if is_command() {
        "%1These words look like a command. Publish them?"
    } else {
        return false;
    };
    let gap = if out.is_empty() { "" } else { " " };
    add(out, doubt, &[found, gap]);
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
    let (site, components) = {
        let view = engine.whole_view(access.config, now);
        let teller = Teller { access, view: &view, engine };
        let site = teller.site_of_alert(command)?;
        let held = teller.alerts_of(site).find(|held| held.number == number).ok_or(Refusal::NoAlert)?;
        let source = access.config.sources.get(held.source().index()).copied().unwrap_or_default();
        if !(ask.confirmed || command.yes) {
            let mut question = Question::new();
            add(
                &mut question,
                "this ends %0 of %1, as the team's word, until its source says it again. Go on?",
                &[held.name(), access.config.str(source.name)],
            );
            out.told("confirm", "%0", &[text_of(&question)]);
            return Ok(CommandStatus::Confirm);
        }
        (site, held.components)
    };
    if !engine.release(access.config, now, site, number) {
        return Err(Refusal::NoAlert.into());
    }
    out.open("", "{");
    if out.json() {
        out.field("ok", Cell::Flag(true));
        out.field("site", Cell::Text(access.site_name(site)));
        out.field("alert", Cell::Count(number.into()));
    }
    out.say(&["done; if its source still says so, it fires again. undo does not take this back", "\n"]);
    // Another alert may go on, or a source may be silent, or not have told all yet.
    let view = engine.whole_view(access.config, now);
    Teller { access, view: &view, engine }.parts_in(site, components, out);
    out.close("}");
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
    let (mut service, mut component) = (ServiceId(0), None);
    // One look for all that are on an incident.
    let site = match command.row.verb {
        Verb::Open | Verb::Maintain => {
            let site;
            (site, service, component) = access.service(command.site, command.service, command.component)?;
            Ok(site)
        }
        Verb::EndMaintenance => teller.site_of_maintenance(command),
        Verb::SetSiteConfig => access.site(command.site),
        Verb::SetBanner | Verb::ClearBanner | Verb::Undo => access.site_or_only(command.site),
        _ => teller.site_of_incident(command),
    }?;
    let of = access.config.sites.get(site.index()).copied().unwrap_or_default();
    let next = match (command.promised, now.wall) {
        (None, _) => None,
        (Some(_), None) => return Err(Refusal::NoClock.into()),
        // As exactly as the page tells it, so that it does not pass before.
        (Some(typed), Some(wall)) => {
            let next = typed.wall(&of.timezone, wall, wall);
            Some(told_end(&of, next)).filter(|_| next > wall).ok_or(Refusal::Past).map(Some)?
        }
    };
    let action = match command.row.verb {
        Verb::Open => {
            let state = command.level.unwrap_or_else(|| level(teller, service, component));
            Action::Open { service, component, state, title: command.title, words, next }
        }
        Verb::Update => {
            let (mut last, mut open) = (None, false);
            teller
                .with_incident(site, number, &mut |incident| (last, open) = (incident.phase, incident.open));
            // A phase alone says something if it is another one.
            if open
                && words == Words::None
                && next.is_none()
                && command.phase.is_none_or(|phase| Some(phase) == last)
            {
                return Err(Refusal::Empty.into());
            }
            // Who goes on after "resolved" without a phase begins anew.
            let last = last.filter(|phase| *phase != Phase::Resolved).unwrap_or(Phase::Investigating);
            Action::Update { number, phase: command.phase.unwrap_or(last), words, next }
        }
        Verb::Resolve => Action::Update { number, phase: Phase::Resolved, words, next },
        Verb::Reopen => Action::Reopen { number, words },
        Verb::Acknowledge => Action::Acknowledge { number },
        Verb::Amend => Action::Amend { number, step: command.step, words },
        Verb::Retitle => Action::Retitle { number, title: command.title },
        Verb::Merge => Action::Merge { number, into: command.into },
        Verb::Redact => Action::Redact { number },
        Verb::Maintain => {
            let Some(wall) = now.wall else { return Err(Refusal::NoClock.into()) };
            let starts = command.window.0.wall(&of.timezone, wall, wall);
            let ends = command.window.1.wall(&of.timezone, wall, starts);
            Action::Maintain { service, component, starts, ends, repeat: command.repeat, words }
        }
        Verb::EndMaintenance => Action::EndMaintenance { number },
        Verb::SetBanner => {
            let keeps = words == Words::None && command.forced.is_some();
            let words = if keeps { kept(teller, site, message) } else { words };
            Action::Banner { state: command.forced, words }
        }
        Verb::SetSiteConfig => {
            let Some(force) = adler::read(command.text, message) else { return Err(Trouble::NotYaml) };
            let text = core::str::from_utf8(message.as_slice()).unwrap_or("").trim();
            let words = if is_visible(text) { Words::Own { lang: command.lang, text } } else { Words::None };
            match force {
                Force::State(state) => Action::Banner { state: Some(state), words },
                Force::Yes if words != Words::None => Action::Banner { state: None, words },
                Force::Yes | Force::No => Action::ClearBanner,
            }
        }
        Verb::ClearBanner => Action::ClearBanner,
        _ => Action::Undo,
    };
    Ok((site, action))
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

/// Writes the question that an action asks, if it asks one and can be done. What ends something
/// that visitors read asks, and what takes it away. So does what is probably a slip.
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
            resolves(teller, site, number, out)?;
        }
        Action::Merge { number, into } => {
            if number == into {
                return Err(Refusal::Itself);
            }
            add(out, "make ", &[]);
            name(teller, site, number, false, out)?;
            let without = out.len().saturating_sub(1);
            out.truncate(without);
            add(out, " a part of ", &[]);
            name(teller, site, into, false, out)?;
        }
        Action::Redact { number } => {
            add(out, "remove ", &[]);
            name(teller, site, number, false, out)?;
            add(out, " Every word about it goes, from flash as well, and nothing brings it back.", &[]);
            teller.view.incidents(site, &mut |part| {
                if part.merged_into == Some(number) && out.room() > ROOM {
                    let part = digits(part.number);
                    add(out, " Incident %0, which was merged into it, stays by itself.", &[&part]);
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
            add(out, "open another one like ", &[]);
            name(teller, site, twin, true, out)?;
        }
        Action::Maintain { service, component, starts, ends, .. } => {
            let near = |a: Wall, b: Wall| a.0.abs_diff(b.0) < MINUTE_MS;
            let mut twin = None;
            teller.view.maintenance(site, &mut |planned| {
                let is_like = (planned.service, planned.component) == (service, component)
                    && near(planned.starts, starts)
                    && near(planned.ends, ends);
                twin = Some(planned.number).filter(|_| is_like).or(twin);
            });
            let Some(twin) = twin else { return Ok(false) };
            add(out, "announce it again? Maintenance %0 is the like of it.", &[&digits(twin)]);
        }
        Action::Banner { state: Some(Forced::Operational), .. } => {
            let shown = headline(access.config, teller.view, site);
            if shown <= ShownState::NoData {
                return Ok(false);
            }
            add(
                out,
                "put \"operational\" there, as what the team says? The page keeps its title, since %0 is known.",
                &[shown.word()],
            );
        }
        Action::EndMaintenance { number } => teller.view.maintenance(site, &mut |planned| {
            if planned.number == number {
                let service = access.service_name(planned.service);
                add(out, "end maintenance %0 (%1)", &[&digits(number), service]);
                quote(planned.words, out);
                add(out, if planned.repeat == Repeat::Once { "?" } else { ", for good?" }, &[]);
            }
        }),
        Action::ClearBanner => {
            let Some(banner) = teller.view.banner(site) else { return Ok(false) };
            add(out, "take the banner away", &[]);
            quote(banner.words, out);
            add(out, "?", &[]);
        }
        Action::Undo => {
            add(out, "take back what you did last on %0: ", &[access.site_name(site)]);
            last_deed(teller, now, site, out)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Asks whether an incident is over, with what speaks against it.
fn resolves(teller: &Teller<'_, '_>, site: SiteId, number: u32, out: &mut Question) -> Result<(), Refusal> {
    add(out, "resolve ", &[]);
    name(teller, site, number, true, out)?;
    let (mut unwell, mut worst) = (0u32, State::Operational);
    teller.with_incident(site, number, &mut |incident| {
        for id in incident.components.iter() {
            let state = teller.view.component(id).state();
            if state == State::Operational {
                continue;
            }
            let lead = if unwell == 0 { " The monitoring does not say that all is well: " } else { ", " };
            unwell = unwell.saturating_add(1);
            worst = worst.max(state);
            if out.room() > ROOM {
                add(out, "%0%1 (%2)", &[lead, teller.access.component_name(id), state_word(state)]);
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
    add(out, follows, &[]);
    Ok(())
}

/// Writes what the caller did last on a site, as the end of a question.
fn last_deed(teller: &Teller<'_, '_>, now: Now, site: SiteId, out: &mut Question) -> Result<(), Refusal> {
    let last = teller.engine.incidents().undoable(now, site, teller.access.who());
    let (kind, number, what, words) = last.ok_or(Refusal::NothingToUndo)?;
    match kind {
        STEP => {
            add(out, deed(what), &[]);
            quote(words, out);
            add(out, ", ", &[]);
            name(teller, site, number, false, out)?;
        }
        BANNER => add(out, "the banner?", &[]),
        WINDOW_ENDED => add(out, "the end of maintenance %0?", &[&digits(number)]),
        _ => add(out, "maintenance %0?", &[&digits(number)]),
    }
    Ok(())
}

/// Adds what somebody said, cut short.
fn quote(words: Words<'_>, out: &mut Question) {
    match words {
        Words::Own { text, .. } => {
            let short = cut(text, QUESTION_WORDS_BYTES);
            let dots = if short.len() < text.len() { "…" } else { "" };
            add(out, " \"", &[]);
            escape(out, short);
            add(out, "%0\"", &[dots]);
        }
        Words::Phrase(said) => {
            add(out, " --say ", &[]);
            said.join(Phrase::name, &mut |part| _ = out.push(part.as_bytes()));
        }
        Words::None => {}
    }
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
        add(out, "incident %0 (%1", &[&digits(number), service]);
        let (lead, quote) = if incident.title.is_empty() { ("", "") } else { (", ", "\"") };
        add(out, "%0%1", &[lead, quote]);
        escape(out, incident.title);
        add(out, "%0)?", &[quote]);
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
        // The newest that has words, or the one that was amended.
        let mut any = false;
        teller.view.newest_steps(site, number, INCIDENT_STEPS_SHOWN, &mut |step| {
            let words = match step.words {
                Words::None => return,
                Words::Own { lang: "", text } => Words::Own { lang: of.lang.tag(), text },
                words => words,
            };
            if command.step.is_none_or(|asked| asked == step.number) && !core::mem::replace(&mut any, true) {
                out.field("words", Cell::Words(&words));
            }
        });
    }
    let host = config.hosts.iter().find(|host| host.site == site && !config.str(host.name).starts_with('*'));
    let digits = digits(number);
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
    let found = doubtful(command);
    let number = match done {
        Done::Incident(number) | Done::ResolvedWhileFiring(number) => digits(number),
        _ => heapless::String::new(),
    };
    let several = teller.access.several();
    let name = if several { teller.access.site_name(site) } else { "" };
    let (option, slash) = if several { (" --site ", "/") } else { ("", "") };
    let holds = if number.is_empty() {
        "this holds what looks like %0, and visitors read it; to take it away: 'undo%1%2'"
    } else {
        "this holds what looks like %0, and visitors read it; to take it away: 'undo%1%2' or 'redact %2%3%4'"
    };
    let told = [
        (found.mac, "a MAC address in the words was masked; nobody can read it, here or on the page", ""),
        (!found.noun.is_empty(), holds, found.noun),
        (
            overruled.is_some(),
            "worse is known, so the page keeps its title, \"%0\", and shows this as what the team says",
            overruled.unwrap_or(""),
        ),
        (matches!(done, Done::ResolvedWhileFiring(_)), "alerts still fire, and the page says so", ""),
    ];
    let mut any = false;
    for (is_due, sentence, about) in told {
        if is_due {
            if !core::mem::replace(&mut any, true) {
                out.open("notes", "[");
            }
            out.note(sentence, &[about, option, name, slash, &number]);
        }
    }
    if any {
        out.close("]");
    }
}
