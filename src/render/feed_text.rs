//! `/status.txt`: how a site is, in lines, for people at a terminal and for scripts.

use core::cell::Cell;

use super::fragment::Out;
use super::page::{Context, service_word};
use super::story::{LEVELS, doubt, label, standing};
use super::when::DateShown;
use super::words::Word;
use crate::limits::{INCIDENT_STEPS_SHOWN, INCIDENTS_SHOWN, MAINTENANCES_SHOWN};
use crate::model::{IncidentView, Words};
use crate::shown::{ShownState, is_current};
use crate::text::json::Json;

/// The worst first.
const STATES: [ShownState; 4] =
    [ShownState::Outage, ShownState::Degraded, ShownState::NoData, ShownState::Work];

/// Lines, as far as there is room for whole ones.
struct Lines<'a> {
    cx: &'a Context<'a>,
    room: Cell<usize>,
    /// Whether an empty line stands before the next one.
    gap: Cell<bool>,
    left_out: Cell<usize>,
}

impl Lines<'_> {
    /// Writes a line, if it says anything.
    fn line(&self, out: &mut Out<'_>, write: &mut dyn FnMut(&mut Out<'_>)) {
        let fits = self.cx.fitting(out, &self.room, &mut |out| {
            let before = out.len();
            out.put(if self.gap.get() { "\n" } else { "" });
            let begins = out.len();
            write(out);
            if out.len() == begins {
                return out.take_back(before);
            }
            out.put("\n");
        });
        if fits {
            self.gap.set(false);
        } else {
            self.left_out.set(self.left_out.get().saturating_add(1));
        }
    }
}

/// Writes all of it; how many lines did not fit.
pub(super) fn write(cx: &Context<'_>, out: &mut Out<'_>) -> usize {
    // What stands at the end has its room before all others.
    tail(cx, out, true);
    let tail_bytes = out.len();
    out.take_back(0);
    let room = Cell::new(out.room().saturating_sub(tail_bytes));
    let lines = Lines { cx, room, gap: Cell::new(false), left_out: Cell::new(0) };
    let banner = cx.view.banner(cx.id);
    let headline = cx.headline(banner.as_ref());
    lines.line(out, &mut |out| cx.short_name(out, cx.site.title));
    lines.line(out, &mut |out| headline.short(out));
    let better = headline.team_says();
    lines.line(out, &mut |out| cx.forced(out, banner.as_ref().filter(|_| better.is_none())));
    lines.line(out, &mut |out| cx.team_says(out, banner.as_ref(), better));
    lines.line(out, &mut |out| cx.words(out, banner.as_ref().map_or(Words::None, |banner| banner.words)));
    lines.line(out, &mut |out| cx.banner(out));
    lines.gap.set(true);
    for state in STATES {
        for (_, id, service) in cx.services() {
            let worst = cx.shown(id);
            if worst.state == state {
                lines.line(out, &mut |out| {
                    cx.short_name(out, service.title);
                    out.text(": ");
                    out.word(service_word(worst));
                });
            }
        }
    }
    let told = Cell::new(0_usize);
    for level in LEVELS {
        cx.view.incidents(cx.id, &mut |incident| {
            if is_current(incident) && ShownState::from(incident.level) == level {
                told.set(told.get().saturating_add(1));
                if told.get() <= INCIDENTS_SHOWN {
                    self::incident(&lines, out, incident);
                }
            }
        });
    }
    let left = Cell::new(MAINTENANCES_SHOWN);
    cx.view.maintenance(cx.id, &mut |window| {
        if cx.is_soon(window) && left.get() > 0 {
            left.set(left.get().saturating_sub(1));
            lines.gap.set(true);
            lines.line(out, &mut |out| {
                out.word(Word::MaintenanceTitle);
                out.text(": ");
                cx.window_name(out, window);
                out.text(" · ");
                cx.window_when(out, window);
            });
            lines.line(out, &mut |out| cx.words(out, window.words));
        }
    });
    tail(cx, out, cx.left_out.get() || told.get() > INCIDENTS_SHOWN);
    lines.left_out.get()
}

/// What goes on, and what people said of it last.
fn incident(lines: &Lines<'_>, out: &mut Out<'_>, incident: &IncidentView<'_>) {
    let cx = lines.cx;
    lines.gap.set(true);
    lines.line(out, &mut |out| {
        cx.title(out, incident);
        out.text(" – ");
        out.word(standing(incident).1);
        cx.when(out, incident);
    });
    lines.line(out, &mut |out| doubt(incident).into_iter().for_each(|word| out.word(word)));
    if let Some(promise) = cx.promise(incident, DateShown::UnlessToday) {
        lines.line(out, &mut |out| promise(out));
    }
    let told = Cell::new(false);
    cx.view.newest_steps(cx.id, incident.number, INCIDENT_STEPS_SHOWN, &mut |step| {
        if step.words != Words::None && !told.replace(true) {
            lines.line(out, &mut |out| {
                out.word(label(step).0);
                cx.step_at(out, step);
            });
            lines.line(out, &mut |out| cx.words(out, step.words));
        }
    });
}

/// Whether that is all, as of when, and where people read it.
fn tail(cx: &Context<'_>, out: &mut Out<'_>, is_cut: bool) {
    out.put("\n");
    if is_cut {
        out.word(Word::TextsOmitted);
        out.put("\n");
    }
    cx.as_of(out);
    out.put("\n");
    if cx.now.wall.is_some() {
        cx.zone(out);
        out.put("\n");
    }
    if cx.has_address() {
        cx.address(out, "", None);
        out.put("\n");
    }
}
