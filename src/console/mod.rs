//! What people do: a line of the console's grammar, carried out for whoever says it. The unix
//! socket, an SSH forced command and the SSH server all end here.

mod access;
mod act;
mod adler;
mod answer;
mod names;
mod private;
mod read;
mod senders;

use crate::command::table::{Arg, Verb};
use crate::command::{self, Command, LineWords, Mistake, parse, wants_json};
use crate::config::Config;
use crate::engine::Engine;
use crate::model::UserId;
use crate::text::buffer::{Bytes, BytesView};
use crate::time::Now;
use access::{Access, Trouble};
use answer::AnswerWriter;
use read::Teller;

/// Who asks. The shell has made sure of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Root, or the daemon's own user: may do everything on every site.
    Owner,
    /// A user of the configuration.
    User(UserId),
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// By whom.
    pub caller: Caller,
    /// 0, or what [`CommandStatus::More`] said.
    pub from: u32,
    /// The command line, as typed.
    pub line: &'a str,
    /// What came on standard input, if anything did: the words of an update that has none on its
    /// line.
    pub text: Option<&'a str>,
    /// Characters that a line has room for; 0: any number.
    pub columns: u8,
    /// Whether JSON is wanted.
    pub json: bool,
    /// Whether a question that this command asks has been answered with yes.
    pub confirmed: bool,
    /// Whether somebody sits there who can be asked: then what is published is doubted before.
    pub person: bool,
}

/// How it went. `out` holds what to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandStatus {
    /// Done. Exit status 0.
    Done,
    /// Done so far; ask again from this place for the rest.
    More(u32),
    /// Not done, and `out` says why. Exit status 1.
    Refused,
    /// Not understood, and `out` says what would be right. Exit status 2.
    Usage,
    /// The words that are missing may come from standard input: ask again with [`Ask::text`], be it
    /// empty. Where there is none, it is [`CommandStatus::Usage`]. `out` says what they are about,
    /// for whoever is asked for them.
    WantsText,
    /// `out` holds a question; ask again, confirmed. Where nobody can be asked: exit status 3.
    Confirm,
    /// The archive of all state is wanted.
    Export,
    /// The archive that comes on standard input is to take the place of all state; confirmed.
    Import,
    /// The caller leaves.
    Quit,
}

/// What operators hear of a reload that brought another `state_dir`. A reload cannot change it:
/// journal, incidents and words would have to move.
pub const STATE_DIR_WAITS: &str = "option state_dir is in force after a restart";

/// What the core cannot know of the process that it runs in.
pub trait Host {
    /// Calls `each` with every limited thing of the shell: its name, how many are in use, how many
    /// there may be, and how often one was refused.
    fn limits(&self, each: &mut dyn FnMut(&str, u64, u64, u64));
    /// Why what people write is kept in memory only at present, if so.
    fn storage_fault(&self) -> Option<&'static str>;
    /// Why the console's socket is not as the configuration wants it, if so.
    fn console_fault(&self) -> Option<&'static str> {
        None
    }
    /// Calls `each` with every listener that the configuration wants and that is missing, and why.
    fn missing(&self, _: &mut dyn FnMut(&str)) {}
    /// Whether what is in force is not what the configuration's file says, since that cannot be
    /// used.
    fn file_fault(&self) -> bool {
        false
    }
    /// Whether the configuration wants the state elsewhere, which a restart takes over.
    fn moves(&self) -> bool {
        false
    }
    /// Whether another program has taken the place of the one that runs.
    fn is_replaced(&self) -> bool {
        false
    }
    /// The fingerprint of the SSH server's host key, if there is one.
    fn host_key(&self) -> Option<&str> {
        None
    }
}

/// Carries a line out. `out` is empty, and is filled. What it changed is not on flash yet when it
/// returns: the shell sees to that before it lets anybody read `out`.
pub fn run(
    engine: &mut Engine,
    config: &Config,
    now: Now,
    host: &dyn Host,
    ask: &Ask<'_>,
    out: &mut BytesView,
) -> CommandStatus {
    let mut words = LineWords::new();
    let access = Access { config, caller: ask.caller };
    // What the words are about that may come is looked at before anybody is asked for them.
    let wants = ask.text.is_none()
        && matches!(parse(ask.line, None, &mut words), Err(Mistake::Missing(_, Arg::Words)));
    let text = if wants { Some("-") } else { ask.text };
    let mut answer = AnswerWriter::new(out, ask.json || wants_json(ask.line), ask.from);
    answer.now = now.wall;
    answer.columns = ask.columns;
    let command = match parse(ask.line, text, &mut words) {
        Ok(command) => command,
        Err(mistake) => {
            return tell_mistake(mistake, &mut answer, ask.text.is_none());
        }
    };
    if !names::has_help(command.topic) {
        return tell_mistake(Mistake::NoCommand(command.topic), &mut answer, false);
    }
    let done = if access.may(command.row.needs) {
        carry_out(engine, now, host, &Ask { text, ..*ask }, (access, wants), &command, &mut answer)
    } else {
        Err(Trouble::Role(command.row))
    };
    let trouble = match done {
        Ok(CommandStatus::Done) if answer.has_changed() => Trouble::Changed,
        Ok(CommandStatus::Done) if answer.is_full() => match answer.more() {
            Some(from) => return CommandStatus::More(from),
            None => Trouble::TooLong,
        },
        Ok(status) => return status,
        Err(trouble) => trouble,
    };
    access.tell(trouble, &mut answer);
    CommandStatus::Refused
}

/// Says what is wrong with a line. Where nothing but words is missing, and standard input has not
/// been read, they may come from there.
fn tell_mistake(mistake: Mistake<'_>, out: &mut AnswerWriter<'_>, may_come: bool) -> CommandStatus {
    let mut told = Bytes::<1024>::new();
    mistake.describe(&mut told);
    out.usage(core::str::from_utf8(told.as_slice()).unwrap_or(""));
    if may_come && matches!(mistake, Mistake::Missing(_, Arg::Words | Arg::Yaml)) {
        CommandStatus::WantsText
    } else {
        CommandStatus::Usage
    }
}

fn carry_out<'a>(
    engine: &mut Engine,
    now: Now,
    host: &dyn Host,
    ask: &Ask<'a>,
    (access, wants): (Access<'a>, bool),
    command: &Command<'a>,
    out: &mut AnswerWriter<'_>,
) -> Result<CommandStatus, Trouble<'a>> {
    {
        let view = engine.whole_view(access.config, now);
        let teller = Teller { access, view: &view, engine };
        let mut command = *command;
        teller.number(&mut command)?;
        let command = &command;
        let sites = teller.sites_of(command.site)?;
        match command.row.verb {
            Verb::Status if sites == 0 => return Err(Trouble::NoSites),
            Verb::Status => teller.status(sites, command, host, out),
            Verb::Incidents => teller.incidents(sites, command, out),
            Verb::Incident => teller.incident(command, out)?,
            Verb::Maintenance => teller.maintenance(sites, out),
            Verb::Banner => teller.banner(sites, out),
            Verb::Sites => names::sites(&teller, out),
            Verb::Services => names::services(&teller, sites, out),
            Verb::Sources => senders::sources(&teller, out),
            Verb::Rules => senders::rules(&teller, sites, out),
            Verb::Heartbeats => senders::heartbeats(&teller, sites, out),
            Verb::Phrases => names::phrases(out),
            Verb::WhoAmI => names::whoami(&teller, command, out),
            Verb::Alerts => {
                // It goes on at an alert, not at a byte: alerts come and go.
                out.clear();
                let status = teller.alerts(sites, ask.from, out);
                if status != CommandStatus::Done {
                    return Ok(status);
                }
            }
            Verb::Limits => teller.limits(host, out),
            Verb::ListSites => teller.list_sites(out),
            Verb::GetSiteConfig => teller.get_site_config(command, out)?,
            Verb::Help => names::help(&teller, command, out)?,
            Verb::Quit => return Ok(CommandStatus::Quit),
            Verb::Export => return Ok(CommandStatus::Export),
            Verb::Import if ask.confirmed || command.yes => return Ok(CommandStatus::Import),
            Verb::Import => {
                out.told("confirm", IMPORT, &[]);
                return Ok(CommandStatus::Confirm);
            }
            // What acts is told in one piece.
            _ if ask.from > 0 => return Ok(CommandStatus::Done),
            _ if wants => {
                act::introduce(&teller, command, out)?;
                return Ok(CommandStatus::WantsText);
            }
            _ => {
                // The view ends here: the engine is to be changed.
                drop(view);
                let status = act::carry_out(engine, now, ask, access, command, out)?;
                if status != CommandStatus::Done {
                    return Ok(status);
                }
            }
        }
    }
    out.end();
    Ok(CommandStatus::Done)
}

/// What `import` asks.
const IMPORT: &str = "put the archive in place of all that is kept here? Every incident, every word, all maintenance and \
    history of all sites are replaced; 'export' keeps them. What it tells of sites that are not named here is left out.";

/// Writes every word that the last one of `line` could become, one a line; `line` ends at the
/// cursor. Words that find no room are left out.
pub fn complete(engine: &Engine, config: &Config, now: Now, caller: Caller, line: &str, out: &mut BytesView) {
    let access = Access { config, caller };
    let view = engine.whole_view(config, now);
    let teller = Teller { access, view: &view, engine };
    command::complete(line, &teller, &mut |word| {
        if out.room() > word.len() {
            _ = out.push(word.as_bytes());
            _ = out.push(b"\n");
        }
    });
}

#[cfg(test)]
mod tests;
