//! What happened, what people say about it, and what is planned. Nobody is named: a page tells what
//! was said, not by whom.

use core::cell::Cell;
use core::ops::RangeInclusive;

use heapless::Vec;

use super::fragment::{
    Back, Block, Fared, Incident, IncidentLink, IncidentMore, Name, Notice, Out, Parts, Past, Section, Step,
    Steps, WordsForeign, WordsOwn, Work,
};
use super::markdown;
use super::page::{Context, look, part_word, sign};
use super::when::{self, DateShown};
use super::words::{Word, phrase};
use crate::config;
use crate::limits::{
    BAD_DAYS_LINKED, HISTORY_DAYS, INCIDENT_STEPS_SHOWN, INCIDENTS, INCIDENTS_SHOWN, MAINTENANCE_AHEAD_DAYS,
    MAINTENANCES_SHOWN, PARTS_SHOWN, PAST_DAYS_SHOWN, PAST_SHOWN, STEPS_SHOWN, TITLE_PARTS,
};
use crate::model::{
    ComponentId, ComponentSet, Day, IncidentView, Lang, MaintenanceView, Phase, Repeat, ServiceId, State,
    Step as Stepped, StepView, Words,
};
use crate::shown::{self, ShownState, is_current};
use crate::time::Wall;
use crate::time::civil::{DAY_MS, HOUR_MS};

/// The worst first. One that people hold open while all is well comes last.
pub(super) const LEVELS: [ShownState; 4] =
    [ShownState::Outage, ShownState::Degraded, ShownState::NoData, ShownState::Well];

type Number = heapless::String<10>;

/// An incident, by the days on which it went on, as days ago.
struct Spell {
    number: u32,
    days: RangeInclusive<u8>,
    components: ComponentSet,
}

fn number(of: u32) -> Number {
    let mut out = Number::new();
    _ = ufmt::uwrite!(out, "{}", of);
    out
}

const fn phase_word(phase: Phase) -> Word {
    match phase {
        Phase::Investigating => Word::PhaseInvestigating,
        Phase::Identified => Word::PhaseIdentified,
        Phase::Monitoring => Word::PhaseMonitoring,
        Phase::Resolved => Word::PhaseResolved,
    }
}

/// What a step is called, and whether it tells of a component's state, or of a component.
pub(super) fn label(step: &StepView<'_>) -> (Word, bool, bool) {
    match step.step {
        Stepped::Opened => (Word::StepOpened, true, true),
        Stepped::Joined => (Word::StepJoined, true, true),
        Stepped::Worse => (Word::StepWorse, true, true),
        Stepped::Better => (Word::StepBetter, true, true),
        Stepped::NoData => (Word::StepNoData, true, false),
        Stepped::Update(phase) => (phase_word(phase), false, false),
        // By itself, or because a person says so: only the first is known to be true.
        Stepped::Resolved if step.who == 0 => (Word::StepEnded, false, false),
        Stepped::Resolved => (Word::PhaseResolved, false, false),
        Stepped::Reopened => (Word::StepReopened, false, false),
        Stepped::Merged(_) => (Word::StepMerged, false, false),
        Stepped::Acknowledged | Stepped::Retitled => (Word::StepOpened, false, false),
    }
}

/// How it is, or how bad it was.
pub(super) fn standing(incident: &IncidentView<'_>) -> (ShownState, Word) {
    let level = ShownState::from(incident.level);
    match level {
        _ if !is_current(incident) => (ShownState::Well, Word::IncidentOver),
        // People go on with it, and of its components nothing bad is known.
        ShownState::Well => (level, incident.phase.map_or(Word::StateOperational, phase_word)),
        _ => (level, part_word(level)),
    }
}

/// What contradicts what one would think.
pub(super) fn doubt(incident: &IncidentView<'_>) -> Option<Word> {
    let is_held = incident.open && ShownState::from(incident.level) == ShownState::Well;
    let word = match (incident.firing, is_held) {
        (true, _) => Word::IncidentFiring,
        (_, true) => Word::IncidentHeld,
        _ => return None,
    };
    Some(word).filter(|_| incident.merged_into.is_none())
}

impl Context<'_> {
    /// What people said, in a language of its own if it has one.
    pub(super) fn words(&self, out: &mut Out<'_>, words: Words<'_>) {
        let (lang, text) = match words {
            Words::None => return,
            Words::Phrase(said) => {
                let mut text =
                    |out: &mut Out<'_>| said.join(|one| phrase(self.lang, one), &mut |part| out.text(part));
                Notice { class: "words", text: &mut text }.write(out);
                return;
            }
            Words::Own { lang, text } => (if lang.is_empty() { self.site.lang.tag() } else { lang }, text),
        };
        let mut text = |out: &mut Out<'_>| markdown::write(out, text);
        let dir = if markdown::is_rtl(lang) { "rtl" } else { "ltr" };
        if !markdown::is_tag(lang) {
            // The empty tag is HTML's for "not known".
            WordsForeign { tag: "", dir: "auto", text: &mut text }.write(out);
        } else if Lang::from_tag(lang) == Some(self.lang) && dir == self.lang.dir() {
            WordsOwn { text: &mut text }.write(out);
        } else {
            WordsForeign { tag: lang, dir, text: &mut text }.write(out);
        }
    }

    fn named(&self, out: &mut Out<'_>, texts: Option<&config::Texts>) {
        if let Some(texts) = texts {
            Name { name: self.name(*texts) }.write(out);
        }
    }

    fn service_named(&self, out: &mut Out<'_>, service: ServiceId) {
        self.named(out, self.config.services.get(service.index()).map(|service| &service.title));
    }

    /// What people call it; else what it is about, as far as that is short.
    pub(super) fn title(&self, out: &mut Out<'_>, incident: &IncidentView<'_>) {
        if !incident.title.is_empty() {
            Name { name: incident.title }.write(out);
            return;
        }
        self.of_what(out, incident, TITLE_PARTS);
    }

    fn of_what(&self, out: &mut Out<'_>, incident: &IncidentView<'_>, most: usize) {
        self.about(incident, most, &mut |before, name| {
            out.text(before);
            self.named(out, name);
        });
    }

    /// Calls `each` with what an incident is about, and what stands before it: its service with the
    /// components of that which are in it, unless all are, and then the same of each other service
    /// that has components in it: `Internet + Wi-Fi · North · South`. Names hold commas. False if
    /// there is more than so many components and whole other services.
    fn about(
        &self,
        incident: &IncidentView<'_>,
        most: usize,
        each: &mut dyn FnMut(&str, Option<&config::Texts>),
    ) -> bool {
        let is_in = |id: ComponentId| incident.components.contains(id);
        let mut told = 0_usize;
        for is_own in [true, false] {
            for (service, row) in shown::services(self.config, self.id) {
                let parts = || shown::parts(self.config, service);
                let is_about = is_own || parts().any(|(id, _)| is_in(id));
                if (service == incident.service) != is_own || !is_about {
                    continue;
                }
                let is_whole = parts().all(|(id, _)| is_in(id));
                if !is_own && told >= most {
                    each(" + …", None);
                    return false;
                }
                each(if is_own { "" } else { " + " }, Some(&row.title));
                if is_whole {
                    told = told.saturating_add(usize::from(!is_own));
                    continue;
                }
                for (_, part) in parts().filter(|&(id, _)| is_in(id)) {
                    if told >= most {
                        each(" · …", None);
                        return false;
                    }
                    each(" · ", Some(&part.title));
                    told = told.saturating_add(1);
                }
            }
        }
        true
    }

    /// Whether its title, if it has none of its own, names all that it is about.
    fn names_all(&self, incident: &IncidentView<'_>) -> bool {
        self.about(incident, TITLE_PARTS, &mut |_, _| {})
    }

    /// Those that go on, the worst first, then the newest.
    pub(super) fn incidents(&self, out: &mut Out<'_>) {
        let told = Cell::new(0_usize);
        for level in LEVELS {
            self.view.incidents(self.id, &mut |incident| {
                if is_current(incident) && ShownState::from(incident.level) == level {
                    told.set(told.get().saturating_add(1));
                    if told.get() <= INCIDENTS_SHOWN {
                        self.told(out, incident, STEPS_SHOWN);
                    }
                }
            });
        }
        if told.get() > INCIDENTS_SHOWN {
            super::fragment::Archive { base: self.base, text: self.word(Word::IncidentsMore) }.write(out);
        }
    }

    /// One incident with its newest steps. Without room for them it has none, and without room for
    /// its head it is left out, which the page says.
    fn told(&self, out: &mut Out<'_>, incident: &IncidentView<'_>, steps: usize) {
        let number = number(incident.number);
        let alone = steps == INCIDENT_STEPS_SHOWN;
        let total = Cell::new(0_usize);
        let (told, state) = standing(incident);
        let look = look(told);
        let room = Cell::new(self.story.get());
        let fits = self.fitting(out, &room, &mut |out| {
            // The steps have what the frame leaves; what they take is taken from the same room.
            let steps_room = Cell::new(room.get().saturating_sub(crate::limits::STORY_FRAME_BYTES));
            Incident {
                look,
                sign: sign(told),
                state: self.word(state),
                title: &mut |out| {
                    if alone {
                        self.title(out, incident);
                    } else {
                        let mut text = |out: &mut Out<'_>| self.title(out, incident);
                        IncidentLink { base: self.base, number: &number, text: &mut text }.write(out);
                    }
                },
                since: &mut |out| self.when(out, incident),
                notes: &mut |out| self.notes(out, incident, alone),
                steps: &mut |out| {
                    let before = out.len();
                    let mut list = |out: &mut Out<'_>| {
                        // The newest words of people come first, whatever happened by itself since.
                        let lead = Cell::new(None);
                        if !alone && incident.phase.is_some() {
                            let mut said = |step: &StepView<'_>| {
                                if lead.get().is_none() && step.words != Words::None {
                                    lead.set(Some(step.number));
                                    self.fitting(out, &steps_room, &mut |out| self.one_step(out, step));
                                }
                            };
                            let far = INCIDENT_STEPS_SHOWN;
                            self.view.newest_steps(self.id, incident.number, far, &mut said);
                        }
                        let left = Cell::new(steps.saturating_sub(lead.get().is_some().into()));
                        total.set(self.view.newest_steps(self.id, incident.number, steps, &mut |step| {
                            if lead.get() != Some(step.number) && left.get() > 0 {
                                left.set(left.get().saturating_sub(1));
                                self.fitting(out, &steps_room, &mut |out| self.one_step(out, step));
                            }
                        }));
                    };
                    Steps { steps: &mut list }.write(out);
                    if total.get() == 0 {
                        out.take_back(before);
                    }
                },
                more: &mut |out| {
                    if total.get() > steps && !alone {
                        let mut text = |out: &mut Out<'_>| out.word(Word::IncidentMore);
                        IncidentMore { base: self.base, number: &number, text: &mut text }.write(out);
                    } else if total.get() > steps {
                        self.left_out.set(true);
                    }
                },
            }
            .write(out);
        });
        if fits {
            self.story.set(room.get());
            self.name_above(incident);
        }
    }

    /// Remembers what a reader has been told of, if all of it was named: see [`Context::about`].
    fn name_above(&self, incident: &IncidentView<'_>) {
        if !self.names_all(incident) {
            return;
        }
        let mut named = self.named_above.get();
        incident.components.iter().for_each(|id| named.insert(id));
        self.named_above.set(named);
    }

    /// ` since 09:06`, or from when to when; nothing of an incident that people hold open
    /// while all is well.
    pub(super) fn when(&self, out: &mut Out<'_>, incident: &IncidentView<'_>) {
        let Some(began) = incident.began.or(incident.ended).filter(|_| self.now.wall.is_some()) else {
            return;
        };
        if !is_current(incident) {
            out.text(" · ");
            self.span(out, incident, DateShown::Always);
        } else if ShownState::from(incident.level) != ShownState::Well {
            // It has not been well since then. The steps say the times of what is well or was said.
            self.since(out, incident.worst >= State::Degraded, Some(began));
        }
    }

    fn span(&self, out: &mut Out<'_>, incident: &IncidentView<'_>, date: DateShown) {
        let Some(now) = self.now.wall else { return };
        // The end says its day only if that is another one.
        let began = incident.began.unwrap_or(now);
        match incident.began {
            Some(_) if date == DateShown::UnlessToday => self.time(out, began, began, date),
            Some(_) => self.time(out, began, now, date),
            None => out.text("?"),
        }
        if let Some(ended) = incident.ended.filter(|&ended| !self.told_as_one(began, ended)) {
            out.text(" – ");
            self.time(out, ended, began, DateShown::UnlessToday);
        }
    }

    /// When people promised the next news, and the present; `None` if nobody is told of that.
    pub(super) fn promised(&self, incident: &IncidentView<'_>) -> Option<(Wall, Wall)> {
        incident.next.zip(self.now.wall)
    }

    /// That, or that this has passed; `None` if there is nothing to say.
    pub(super) fn promise(
        &self,
        incident: &IncidentView<'_>,
        date: DateShown,
    ) -> Option<impl Fn(&mut Out<'_>)> {
        let (next, now) = self.promised(incident)?;
        let word = if next <= now { Word::IncidentLate } else { Word::IncidentNext };
        let (start, end) = super::words::around(self.word(word));
        Some(move |out: &mut Out<'_>| {
            out.text(start);
            self.time(out, next, now, date);
            out.text(end);
        })
    }

    /// What contradicts what one would think, and where it went.
    fn notes(&self, out: &mut Out<'_>, incident: &IncidentView<'_>, alone: bool) {
        if let Some(text) = doubt(incident) {
            Notice { class: "why", text: &mut |out| out.word(text) }.write(out);
        }
        if let Some(promise) = self.promise(incident, DateShown::UnlessToday) {
            Notice { class: "why", text: &mut |out| promise(out) }.write(out);
        }
        if !alone {
            if !incident.title.is_empty() {
                Notice { class: "d", text: &mut |out| self.of_what(out, incident, TITLE_PARTS) }.write(out);
            }
            return;
        }
        if !incident.title.is_empty() || !self.names_all(incident) {
            Notice { class: "d", text: &mut |out| self.of_what(out, incident, PARTS_SHOWN) }.write(out);
        }
        self.view.incidents(self.id, &mut |other| {
            if Some(other.number) == incident.merged_into {
                Notice { class: "why", text: &mut |out| out.word(Word::IncidentMerged) }.write(out);
                let mut text = |out: &mut Out<'_>| self.title(out, other);
                IncidentMore { base: self.base, number: &number(other.number), text: &mut text }.write(out);
            }
        });
    }

    fn one_step(&self, out: &mut Out<'_>, step: &StepView<'_>) {
        Step {
            label: self.word(label(step).0),
            about: &mut |out| self.step_about(out, step),
            at: &mut |out| self.step_at(out, step),
            words: &mut |out| self.words(out, step.words),
        }
        .write(out);
    }

    /// Of which component a step tells, and how that was.
    pub(super) fn step_about(&self, out: &mut Out<'_>, step: &StepView<'_>) {
        let (_, tells_part, tells_state) = label(step);
        let part = step.component.and_then(|id| self.config.components.get(id.index()));
        if let Some(part) = part.filter(|_| tells_part) {
            out.text(" · ");
            self.named(out, Some(&part.title));
            if tells_state {
                out.text(" – ");
                out.word(part_word(ShownState::from(step.state)));
            }
        }
    }

    /// When a step was, and whether it was told otherwise before.
    pub(super) fn step_at(&self, out: &mut Out<'_>, step: &StepView<'_>) {
        if let Some((now, at)) = self.now.wall.zip(step.at) {
            out.text(" · ");
            self.time(out, at, now, DateShown::UnlessToday);
        }
        if step.amended {
            out.text(" · ");
            out.word(Word::StepAmended);
        }
    }

    /// Whether planned work is on, or comes soon enough to be told.
    pub(super) fn is_soon(&self, window: &MaintenanceView<'_>) -> bool {
        let ahead = i64::from(MAINTENANCE_AHEAD_DAYS).saturating_mul(DAY_MS);
        window.active || self.now.wall.is_none_or(|now| window.starts.0.saturating_sub(now.0) <= ahead)
    }

    /// What is planned: what is on, and what comes soon.
    pub(super) fn maintenance(&self, out: &mut Out<'_>) {
        let soon = |window: &MaintenanceView<'_>| self.is_soon(window);
        let total = Cell::new(0_usize);
        self.view.maintenance(self.id, &mut |window| {
            total.set(total.get().saturating_add(soon(window).into()));
        });
        if total.get() == 0 {
            return;
        }
        let told = Cell::new(0_usize);
        let mut list = |out: &mut Out<'_>| {
            self.view.maintenance(self.id, &mut |window| {
                if soon(window) && told.get() < MAINTENANCES_SHOWN {
                    told.set(told.get().saturating_add(1));
                    self.fitting(out, &self.story, &mut |out| self.window(out, window));
                }
            });
        };
        let mut content = |out: &mut Out<'_>| {
            if self.now.wall.is_none() {
                Notice { class: "why", text: &mut |out| out.word(Word::MaintenanceNoClock) }.write(out);
            }
            Parts { components: &mut list }.write(out);
            if total.get() > MAINTENANCES_SHOWN {
                Notice { class: "why", text: &mut |out| out.word(Word::MaintenanceMore) }.write(out);
            }
        };
        Section { title: self.word(Word::MaintenanceTitle), content: &mut content }.write(out);
    }

    /// What was planned and is over.
    fn past_maintenance(&self, out: &mut Out<'_>) {
        let (before, any) = (out.len(), Cell::new(false));
        let mut list = |out: &mut Out<'_>| {
            self.view.past_maintenance(self.id, &mut |window| {
                any.set(true);
                self.fitting(out, &self.story, &mut |out| self.window(out, window));
            });
        };
        let mut content = |out: &mut Out<'_>| Parts { components: &mut list }.write(out);
        Section { title: self.word(Word::MaintenanceTitle), content: &mut content }.write(out);
        if !any.get() {
            out.take_back(before);
        }
    }

    fn window(&self, out: &mut Out<'_>, window: &MaintenanceView<'_>) {
        Work {
            sign: sign(ShownState::Work),
            name: &mut |out| self.window_name(out, window),
            when: &mut |out| self.window_when(out, window),
            words: &mut |out| self.words(out, window.words),
        }
        .write(out);
    }

    /// On what is worked.
    pub(super) fn window_name(&self, out: &mut Out<'_>, window: &MaintenanceView<'_>) {
        self.service_named(out, window.service);
        if let Some(part) = window.component.and_then(|id| self.config.components.get(id.index())) {
            out.text(" · ");
            self.named(out, Some(&part.title));
        }
    }

    /// From when to when work is planned, and how it repeats.
    pub(super) fn window_when(&self, out: &mut Out<'_>, window: &MaintenanceView<'_>) {
        let ends = shown::told_end(&self.site, window.ends);
        if let Some(now) = self.now.wall.filter(|&now| window.ends <= now) {
            self.time(out, window.starts, now, DateShown::Always);
            out.text(" – ");
            return self.time(out, ends, window.starts, DateShown::UnlessToday);
        }
        if window.active {
            out.word(Word::MaintenanceNow);
        } else if self.now.wall.is_none() {
            // Whoever reads it knows what time it is.
            let (start, end) = super::words::around(self.word(Word::MaintenanceFrom));
            out.text(start);
            self.time(out, window.starts, window.starts, DateShown::Always);
            out.text(end);
        } else {
            self.at(out, Some(window.starts), DateShown::UnlessToday, Word::MaintenanceFrom, None);
        }
        // Its end says its day if that is another one than what precedes it.
        let before = self.now.wall.filter(|_| window.active).unwrap_or(window.starts);
        let (start, end) = super::words::around(self.word(Word::MaintenanceUntil));
        out.text(" ");
        out.text(start);
        self.time(out, ends, before, DateShown::UnlessToday);
        out.text(end);
        let repeat = match window.repeat {
            Repeat::Once => return,
            Repeat::Weekly => Word::MaintenanceWeekly,
            Repeat::Monthly => Word::MaintenanceMonthly,
        };
        out.text(" · ");
        out.word(repeat);
    }

    /// The last few days of what was.
    pub(super) fn recent(&self, out: &mut Out<'_>) {
        let back = i64::from(PAST_DAYS_SHOWN).saturating_mul(DAY_MS);
        self.by_day(out, PAST_SHOWN, &|incident| {
            // Without any time, a wrong clock dated it, or none did. It need not be recent.
            let at = self.now.wall.zip(incident.began.or(incident.ended));
            let recent = at.map_or(self.now.wall.is_none(), |(now, at)| now.0.saturating_sub(at.0) <= back);
            !is_current(incident) && recent
        });
    }

    /// Incidents by the day of their beginning, the newest first; whether there is any.
    fn by_day(&self, out: &mut Out<'_>, most: usize, wanted: &dyn Fn(&IncidentView<'_>) -> bool) -> bool {
        let wanted = |incident: &IncidentView<'_>| incident.merged_into.is_none() && wanted(incident);
        let mut any = false;
        self.view.incidents(self.id, &mut |incident| any |= wanted(incident));
        if !any {
            return false;
        }
        let (told, last) = (Cell::new(0_usize), Cell::new(None));
        let mut days = |out: &mut Out<'_>| {
            self.view.incidents(self.id, &mut |incident| {
                if !wanted(incident) || told.get() >= most {
                    return;
                }
                told.set(told.get().saturating_add(1));
                let began = incident.began.filter(|_| self.now.wall.is_some());
                let day = began.map(|at| when::in_zone(self.site.timezone, at).date);
                let fits = self.fitting(out, &self.story, &mut |out| {
                    if last.get() != Some(day) {
                        out.markup(if last.get().is_some() { "</ul>" } else { "" });
                        self.day(out, began);
                        out.markup("<ul>");
                    }
                    self.entry_of(out, incident);
                });
                if fits {
                    last.set(Some(day));
                }
            });
            out.markup(if last.get().is_some() { "</ul>" } else { "" });
        };
        Block { title: self.word(Word::PastTitle), class: "past", content: &mut days }.write(out);
        true
    }

    fn day(&self, out: &mut Out<'_>, at: Option<Wall>) {
        let day = at.zip(self.now.wall).map(|(at, now)| when::day(self.lang, self.site.timezone, at, now));
        super::fragment::Day { day: day.as_deref().unwrap_or(self.word(Word::PastUndated)) }.write(out);
    }

    /// How many days of the site ago; `None` if that is not known, or is to come.
    fn days_ago(&self, at: Wall) -> Option<u8> {
        let day = |at: Wall| when::in_zone(self.site.timezone, at).date.days();
        u8::try_from(day(self.now.wall?).checked_sub(day(at))?).ok()
    }

    /// Which days each incident took, the newest first.
    fn spells(&self) -> Vec<Spell, INCIDENTS> {
        let mut spells = Vec::new();
        self.view.incidents(self.id, &mut |incident| {
            let began = incident.began.and_then(|at| self.days_ago(at));
            let Some(began) = began.filter(|_| incident.merged_into.is_none()) else { return };
            let ended = incident.ended.and_then(|at| self.days_ago(at));
            let ended = ended.unwrap_or(if incident.open { 0 } else { began });
            let days = ended..=began;
            _ = spells.push(Spell { number: incident.number, days, components: incident.components });
        });
        spells
    }

    /// Leads from the newest bad days of a component to the incidents that tell of them, as far as
    /// these are kept.
    fn bad_days(&self, out: &mut Out<'_>, id: ComponentId, spells: &[Spell]) {
        let Some(now) = self.now.wall else { return };
        let mut days = [Day::default(); HISTORY_DAYS];
        self.view.fared(id, days.get_mut(..usize::from(self.days())).unwrap_or_default());
        let bad = days.iter().zip(0..).filter(|(day, _)| day.down > 0 || day.degraded > 0);
        let told = bad.filter_map(|(_, ago)| {
            let spell = |spell: &&Spell| spell.days.contains(&ago) && spell.components.contains(id);
            Some((ago, spells.iter().find(spell)?.number))
        });
        // Days of 23 and of 25 hours move midnight, and leave noon within its day.
        let hour = when::in_zone(self.site.timezone, now).hour;
        let noon = now.0.saturating_add(HOUR_MS.saturating_mul(12_i64.saturating_sub(hour.into())));
        let before = out.len();
        let mut any = false;
        let mut links = |out: &mut Out<'_>| {
            for (ago, incident) in told.clone().take(BAD_DAYS_LINKED) {
                any = true;
                let at = Wall(noon.saturating_sub(DAY_MS.saturating_mul(ago.into())));
                let day = when::day(self.lang, self.site.timezone, at, now);
                let mut text = |out: &mut Out<'_>| out.text(&day);
                IncidentLink { base: self.base, number: &number(incident), text: &mut text }.write(out);
                out.text(" ");
            }
        };
        Notice { class: "more", text: &mut links }.write(out);
        if !any {
            out.take_back(before);
        }
    }

    fn entry_of(&self, out: &mut Out<'_>, incident: &IncidentView<'_>) {
        let worst = ShownState::from(incident.worst);
        let look = look(worst);
        let number = number(incident.number);
        Past {
            base: self.base,
            number: &number,
            look,
            sign: sign(worst),
            state: self.word(part_word(worst)),
            title: &mut |out| self.title(out, incident),
            when: &mut |out| {
                if is_current(incident) {
                    self.when(out, incident);
                } else if incident.began.or(incident.ended).is_some() && self.now.wall.is_some() {
                    out.text(" · ");
                    self.span(out, incident, DateShown::UnlessToday);
                }
            },
        }
        .write(out);
    }

    /// Every incident that is kept, and how each component fared of which enough is known.
    pub(super) fn history(&self, out: &mut Out<'_>) {
        let mut main = |out: &mut Out<'_>| {
            if !self.by_day(out, usize::MAX, &|_| true) {
                Notice { class: "hint", text: &mut |out| out.word(Word::PastNone) }.write(out);
            }
            self.past_maintenance(out);
            let spells = self.spells();
            for (id, service) in shown::services(self.config, self.id) {
                let (before, any) = (out.len(), Cell::new(false));
                let mut parts = |out: &mut Out<'_>| {
                    for (id, part) in shown::parts(self.config, id) {
                        let (before, drawn) = (out.len(), Cell::new(false));
                        let bar = &mut |out: &mut Out<'_>| drawn.set(self.bar(out, id));
                        let days = &mut |out: &mut Out<'_>| {
                            _ = self.fitting(out, &self.bars, &mut |out| self.bad_days(out, id, &spells));
                        };
                        Fared { name: self.name(part.title), bar, days }.write(out);
                        any.set(any.get() || drawn.get());
                        if !drawn.get() {
                            out.take_back(before);
                        }
                    }
                };
                let mut content = |out: &mut Out<'_>| Parts { components: &mut parts }.write(out);
                Section { title: self.name(service.title), content: &mut content }.write(out);
                if !any.get() {
                    out.take_back(before);
                }
            }
            self.omitted(out);
        };
        let mut foot = |out: &mut Out<'_>| {
            self.bars_legend(out);
            if self.barred.get() {
                Notice { class: "d", text: &mut |out| out.word(Word::UptimeCounted) }.write(out);
            }
        };
        self.inner(out, self.word(Word::PastTitle), &mut main, &mut foot);
    }

    /// One incident whole; nothing at all if the site has none of this number.
    pub(super) fn incident(&self, out: &mut Out<'_>, number: u32) {
        self.view.incidents(self.id, &mut |incident| {
            if incident.number != number {
                return;
            }
            let service = self.config.services.get(incident.service.index());
            let title = match incident.title {
                "" => service.map_or("", |service| self.name(service.title)),
                title => title,
            };
            let mut main = |out: &mut Out<'_>| {
                self.told(out, incident, INCIDENT_STEPS_SHOWN);
                self.omitted(out);
            };
            self.inner(out, title, &mut main, &mut |_| {});
        });
    }

    /// A page below that of the site.
    fn inner(
        &self,
        out: &mut Out<'_>,
        title: &str,
        main: &mut dyn FnMut(&mut Out<'_>),
        foot: &mut dyn FnMut(&mut Out<'_>),
    ) {
        let mut top = |out: &mut Out<'_>| {
            Notice { class: "intro", text: &mut |out| self.as_of(out) }.write(out);
            Back { base: self.base }.write(out);
        };
        self.frame(out, title, &mut top, main, foot);
    }

    fn omitted(&self, out: &mut Out<'_>) {
        if self.left_out.get() {
            Notice { class: "why", text: &mut |out| out.word(Word::TextsOmitted) }.write(out);
        }
    }
}
