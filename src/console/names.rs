//! Commands that tell what can be named, and what can be said: sites, services, phrases, the
//! commands themselves. Completion asks for these names, too.

use super::access::Trouble;
use super::answer::{AnswerWriter, Cell, Heads, digits};
use super::read::Teller;
use crate::command::table::{Arg, CommandOption, OPTIONS, ROWS, Row};
use crate::command::{Command, NameSource, usage};
use crate::config::UserRole;
use crate::model::{Lang, Phrase, State};
use crate::render::phrase;
use crate::shown;
use crate::text::buffer::Bytes;
use crate::time::Wall;

pub(super) fn sites(teller: &Teller<'_, '_>, out: &mut AnswerWriter<'_>) {
    const HEADS: &Heads<[&str; 3]> = &Heads::new("site", ["site", "state", "title"]);
    out.table("", HEADS, "you have no site: the configuration gives you none", &mut |out| {
        for site in teller.access.sites() {
            let state = shown::headline(teller.access.config, teller.view, site).word();
            out.row(
                HEADS,
                &[
                    Cell::Text(teller.access.site_name(site)),
                    Cell::Text(state),
                    Cell::Text(teller.title(site)),
                ],
            );
        }
    });
}

pub(super) fn services(teller: &Teller<'_, '_>, sites: u8, out: &mut AnswerWriter<'_>) {
    const HEADS: &Heads<[&str; 5]> =
        &Heads::new("name", ["*site", "*service", "*component", "+name", "title"]);
    let (access, config) = (teller.access, teller.access.config);
    out.table("", HEADS, "there are no services", &mut |out| {
        teller.each_site(sites, &mut |site| {
            let lang = config.sites.get(site.index()).map(|site| site.lang).unwrap_or_default();
            let name = Cell::Text(access.site_name(site));
            for (id, service) in config.services_of(site) {
                let of = access.service_name(id);
                let title = Cell::Text(config.text(&service.title, lang));
                out.row(HEADS, &[name, Cell::Text(of), Cell::Nothing, Cell::Text(of), title]);
                for (part, component) in config.components_of(id) {
                    let part = access.component_name(part);
                    let title = Cell::Text(config.text(&component.title, lang));
                    out.row(
                        HEADS,
                        &[name, Cell::Text(of), Cell::Text(part), Cell::Parts(&[of, "/", part]), title],
                    );
                }
            }
        });
    });
}

pub(super) fn whoami(teller: &Teller<'_, '_>, command: &Command<'_>, out: &mut AnswerWriter<'_>) {
    let access = teller.access;
    out.open("", "{");
    out.say(&[access.name(), "\n"]);
    if out.json() {
        out.field("user", Cell::Text(access.name()));
    }
    out.field("role", Cell::Text(if access.role() == UserRole::Admin { "admin" } else { "operator" }));
    out.list("sites", &mut access.sites().map(|site| access.site_name(site)));
    if command.all {
        teller.open_incidents(out);
    }
    out.close("}");
}

/// The commands that `help` tells first.
const EVERYDAY: &str = "status,incidents,open,update,resolve,ack,maintenance add,undo";
/// What `help` tells all of them with.
const ALL: &str = "all";

/// Whether help with this topic tells of a command.
fn is_about(row: &Row, topic: &str) -> bool {
    row.name.eq_ignore_ascii_case(topic) || row.words().0.eq_ignore_ascii_case(topic)
}

/// Whether there is help with this topic.
pub(super) fn has_help(topic: &str) -> bool {
    topic.is_empty() || topic.eq_ignore_ascii_case(ALL) || ROWS.iter().any(|row| is_about(row, topic))
}

pub(super) fn help<'a>(
    teller: &Teller<'a, '_>,
    command: &Command<'a>,
    out: &mut AnswerWriter<'_>,
) -> Result<(), Trouble<'a>> {
    const HEADS: &Heads<[&str; 3]> = &Heads::new("command", ["command", "*usage", "help"]);
    let mine = |row: &&Row| teller.access.may(row.needs);
    let topic = command.topic;
    let about = |row: &&Row| is_about(row, topic);
    let all = topic.eq_ignore_ascii_case(ALL);
    if topic.is_empty() || all {
        // Programs are told all.
        let all = all || out.json();
        let listed = |row: &&Row| mine(row) && (all || EVERYDAY.split(',').any(|name| name == row.name));
        out.table("", HEADS, "", &mut |out| {
            for row in ROWS.iter().filter(listed) {
                let mut told = Bytes::<160>::new();
                usage(&mut told, row, false);
                let told = core::str::from_utf8(told.as_slice()).unwrap_or("");
                out.row(HEADS, &[Cell::Text(row.name), Cell::Text(told), Cell::Text(row.help)]);
            }
        });
        let rest = if all { "" } else { "'help all' lists every command, " };
        out.say(&["\n", rest, "'help COMMAND' says more, the Tab key what could come next.", "\n"]);
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
        let useful = |option: &&CommandOption| row.speaks() && row.takes(option);
        for option in OPTIONS.iter().filter(useful) {
            out.say(&["    ", option.name, " ", option.value, ": ", option.help, "\n"]);
        }
    }
    out.close("]");
    Ok(())
}

pub(super) fn phrases(out: &mut AnswerWriter<'_>) {
    const HEADS: &Heads<[&str; 2]> = &Heads::new("phrase", ["phrase", "text"]);
    out.table("", HEADS, "", &mut |out| {
        for said in Phrase::all() {
            out.row(HEADS, &[Cell::Text(said.name()), Cell::Text(phrase(Lang::En, said))]);
        }
    });
}

impl NameSource for Teller<'_, '_> {
    fn each(&self, arg: Arg, each: &mut dyn FnMut(&str)) {
        let access = self.access;
        for site in access.sites() {
            let mut numbered = |number: u32, of: &str, how: &str, at: Option<Option<Wall>>| {
                let mut told = Bytes::<160>::new();
                let mut line = AnswerWriter::new(&mut told, false, 0);
                line.now = self.view.now().wall;
                self.zone(site, &mut line);
                let (name, slash) = if access.several() { (access.site_name(site), "/") } else { ("", "") };
                // Behind a tab stands what is shown and not put in.
                line.say(&[name, slash, &digits(number)]);
                line.bare("\t");
                line.say(&[of, how]);
                if let Some(at) = at {
                    line.say(&[", "]);
                    line.cell(Cell::At(at));
                }
                each(core::str::from_utf8(told.as_slice()).unwrap_or(""));
            };
            match arg {
                Arg::Number => self.view.incidents(site, &mut |incident| {
                    let how = match (incident.open, incident.level) {
                        (false, _) => ", ended",
                        (_, State::Outage) => ", outage",
                        (_, State::Degraded) => ", degraded",
                        _ => "",
                    };
                    let service = access.service_name(incident.service);
                    numbered(incident.number, service, how, Some(incident.began));
                }),
                Arg::Planned => self.view.maintenance(site, &mut |planned| {
                    let service = access.service_name(planned.service);
                    numbered(planned.number, service, "", Some(Some(planned.starts)));
                }),
                Arg::Alert => {
                    self.alerts_of(site).for_each(|held| numbered(held.number.into(), held.name(), "", None));
                }
                Arg::Service => {
                    for (id, _) in access.config.services_of(site) {
                        each(access.service_name(id));
                        for (part, _) in access.config.components_of(id) {
                            let mut name = heapless::String::<160>::new();
                            _ = ufmt::uwrite!(
                                name,
                                "{}/{}",
                                access.service_name(id),
                                access.component_name(part)
                            );
                            each(&name);
                        }
                    }
                }
                _ => each(access.site_name(site)),
            }
        }
    }
}
