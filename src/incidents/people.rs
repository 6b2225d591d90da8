//! What people do.

use super::entries::Log;
use super::eviction::{NewRecord, Origin};
use super::record::{
    self, BANNER, CLEARED, FIRING, RecordHead, STEP, StepRecord, UNDO, UNDONE, UNWELL, WINDOW, WINDOW_ENDED,
    What, WindowRecord,
};
use super::{Action, Done, Incidents, Refusal, window};
use crate::config::Config;
use crate::limits::{INCIDENT_RECORDS_SAID, LANG_TAG_BYTES, TITLE_BYTES, WORDS_BYTES};
use crate::model::{ComponentId, Forced, Phase, Repeat, ServiceId, SiteId, State, Words};
use crate::time::{Now, Wall};

/// A title, as words have it.
fn title_words(title: &str) -> Words<'_> {
    if title.is_empty() { Words::None } else { Words::Own { lang: "", text: title } }
}

fn check_words(words: Words<'_>) -> Result<(), Refusal> {
    match words {
        Words::Own { lang, text } if text.len() > WORDS_BYTES || lang.len() > LANG_TAG_BYTES => {
            Err(Refusal::TooLong)
        }
        _ => Ok(()),
    }
}

fn check_title(title: &str) -> Result<(), Refusal> {
    if title.len() > TITLE_BYTES { Err(Refusal::TooLong) } else { Ok(()) }
}

impl Incidents {
    /// Does what a person says. `who` is their hash, never 0. All of it is done, or nothing.
    pub fn act(
        &mut self,
        config: &Config,
        now: Now,
        site: SiteId,
        who: u32,
        action: Action<'_>,
    ) -> Result<Done, Refusal> {
        let who = who.max(1);
        self.watch_clock(now);
        if !self.budgets.may_write(who, &action, now) {
            self.counters.refused = self.counters.refused.saturating_add(1);
            return Err(Refusal::Worn);
        }
        let (purged, replaced, before) = (self.purge, self.forget_at.is_some(), self.log.unwritten_bytes());
        #[cfg(feature = "feeds")]
        let planned = self.derived.windows.clone();
        let done = match action {
            Action::Open { service, component, state, title, words, next } => {
                self.open_by_hand(now, site, who, (service, component, state), title, (words, next))
            }
            Action::Update { number, phase: Phase::Resolved, words, .. } => {
                self.resolve(now, site, who, number, words)
            }
            Action::Update { number, phase, words, next } => {
                let step = StepRecord {
                    number,
                    what: What::Update,
                    phase: Some(phase),
                    words,
                    next,
                    ..StepRecord::default()
                };
                self.say(now, site, who, &step)
            }
            Action::Amend { number, step, words } => self.amend(now, site, who, number, step, words),
            Action::Retitle { number, title } => self.retitle(now, site, who, number, title),
            Action::Merge { number, into } => self.merge(config, now, site, who, (number, into)),
            Action::Acknowledge { number } => {
                let step = StepRecord { number, what: What::Acknowledged, ..StepRecord::default() };
                self.say(now, site, who, &step)
            }
            Action::Reopen { number, words } => self.reopen(now, site, who, number, words),
            Action::Redact { number } => self.redact(site, number),
            Action::Maintain { service, component, starts, ends, repeat, words } => {
                self.publish(config, now, site, who, (service, component), (starts, ends, repeat), words)
            }
            Action::EndMaintenance { number } => self.end_maintenance(now, site, who, number),
            Action::Banner { state, words } => self.set_banner(now, site, who, state, words),
            Action::ClearBanner => self.clear_banner(now, site, who),
            Action::Undo => self.undo(now, site, who),
        }?;
        #[cfg(feature = "feeds")]
        self.remember_cancelled(&planned, now);
        self.forget_what(&action, now);
        // Who has the journal written anew pays for it, be it at once or when what was replaced
        // goes.
        let anew = self.purge && !purged || self.forget_at.is_some() && !replaced;
        // The log has half of a file at most, and a snapshot three quarters.
        let anew = if anew { self.capacity().saturating_mul(3) / 2 } else { 0 };
        self.budgets.pay(who, self.log.unwritten_bytes().saturating_sub(before), anew, now);
        self.touch(site);
        self.wake = Some(now.mono);
        Ok(done)
    }

    fn head(&mut self, now: Now, site: SiteId, who: u32, flags: u8) -> RecordHead {
        RecordHead { flags, when: self.when(now), who, site: self.names.of_site(site) }
    }

    /// Adds a step by a person.
    fn person_step(
        &mut self,
        now: Now,
        site: SiteId,
        who: u32,
        flags: u8,
        step: &StepRecord<'_>,
    ) -> Result<Done, Refusal> {
        check_words(step.words)?;
        let said = self.records_of(0, site, step.number).filter(|(_, head, _)| head.who != 0).count();
        // An end is never too much.
        if !matches!(step.what, What::Resolved | What::Merged) && said >= INCIDENT_RECORDS_SAID {
            self.counters.refused = self.counters.refused.saturating_add(1);
            return Err(Refusal::TooMany);
        }
        if self.step(now, site, who, flags, step) {
            return Ok(Done::Incident(step.number));
        }
        self.counters.refused = self.counters.refused.saturating_add(1);
        Err(Refusal::Full)
    }

    /// A step to an incident that goes on.
    fn say(&mut self, now: Now, site: SiteId, who: u32, step: &StepRecord<'_>) -> Result<Done, Refusal> {
        self.must_be_open(site, step.number)?;
        self.person_step(now, site, who, 0, step)
    }

    fn must_be_open(&self, site: SiteId, number: u32) -> Result<(), Refusal> {
        match self.derived.find(site, number) {
            None => Err(Refusal::NoIncident),
            Some(incident) if incident.merged_into != 0 => Err(Refusal::Merged),
            Some(incident) if !incident.open => Err(Refusal::Ended),
            Some(_) => Ok(()),
        }
    }

    fn open_by_hand(
        &mut self,
        now: Now,
        site: SiteId,
        who: u32,
        (service, component, state): (ServiceId, Option<ComponentId>, State),
        title: &str,
        (words, next): (Words<'_>, Option<Wall>),
    ) -> Result<Done, Refusal> {
        check_title(title)?;
        check_words(words)?;
        let number = self.next_number(site);
        let opened = StepRecord {
            number,
            what: What::Opened,
            state: Some(state),
            component: component.map_or(0, |id| self.names.of_component(id)),
            arg: self.names.of_service(service),
            words: title_words(title),
            ..StepRecord::default()
        };
        // Room for both, or for neither.
        let update = StepRecord {
            number,
            what: What::Update,
            phase: Some(Phase::Investigating),
            next,
            words,
            ..StepRecord::default()
        };
        let takes = |step: &StepRecord<'_>| Log::weight_of(record::step(RecordHead::default(), step).len());
        let needed = takes(&opened).saturating_add(takes(&update));
        let newcomer = NewRecord { claim: Origin::Person, site, incidents: [number, 0] };
        if !self.room_for_incident(site, now) || !self.room_for(needed, newcomer, now) {
            self.counters.refused = self.counters.refused.saturating_add(1);
            return Err(Refusal::Full);
        }
        let done = self.person_step(now, site, who, 0, &opened)?;
        self.counters.opened = self.counters.opened.saturating_add(1);
        if words != Words::None || next.is_some() {
            return self.person_step(now, site, who, 0, &update);
        }
        Ok(done)
    }

    fn resolve(
        &mut self,
        now: Now,
        site: SiteId,
        who: u32,
        number: u32,
        words: Words<'_>,
    ) -> Result<Done, Refusal> {
        self.must_be_open(site, number)?;
        let firing = self.is_firing(site, number);
        let step = StepRecord {
            number,
            what: What::Resolved,
            phase: Some(Phase::Resolved),
            words,
            ..StepRecord::default()
        };
        let unwell =
            self.derived.linked(&self.names, site, number).any(|(id, _)| self.seen(id) != State::Operational);
        let flags = if firing { FIRING } else { 0 } | if unwell { UNWELL } else { 0 };
        self.person_step(now, site, who, flags, &step)?;
        Ok(if firing { Done::ResolvedWhileFiring(number) } else { Done::Incident(number) })
    }

    /// Whether a component of an incident is reported to be in trouble, whatever people say.
    pub fn is_firing(&self, site: SiteId, number: u32) -> bool {
        self.derived.linked(&self.names, site, number).any(|(id, _)| self.seen(id) > State::NoData)
    }

    fn amend(
        &mut self,
        now: Now,
        site: SiteId,
        who: u32,
        number: u32,
        step: Option<u16>,
        words: Words<'_>,
    ) -> Result<Done, Refusal> {
        let incident = *self.derived.find(site, number).ok_or(Refusal::NoIncident)?;
        if words == Words::None {
            return Err(Refusal::Empty);
        }
        let hash = self.names.of_site(site);
        let mut found = None;
        for raw in self.log.iter().filter(|raw| raw.kind == STEP) {
            let Some((head, known)) = record::read_step(raw.payload) else { continue };
            let speaks =
                matches!(known.what, What::Update | What::Resolved | What::Reopened) && head.who != 0;
            let here = head.site == hash && known.number == incident.number && head.flags & UNDONE == 0;
            if here && speaks && step.is_none_or(|step| step == known.step) {
                found = Some(known.step);
            }
        }
        let found = found.ok_or(Refusal::NoStep)?;
        let arg = u32::from(found);
        let mut before = heapless::String::<LANG_TAG_BYTES>::new();
        let words = match words {
            // In the language that it had.
            Words::Own { lang: "", text } => {
                _ = before.push_str(self.lang_of(site, number, found));
                Words::Own { lang: &before, text }
            }
            words => words,
        };
        let step = StepRecord { number, what: What::Amended, arg, words, ..StepRecord::default() };
        self.person_step(now, site, who, 0, &step)
    }

    fn retitle(
        &mut self,
        now: Now,
        site: SiteId,
        who: u32,
        number: u32,
        title: &str,
    ) -> Result<Done, Refusal> {
        check_title(title)?;
        self.derived.find(site, number).ok_or(Refusal::NoIncident)?;
        let words = title_words(title);
        let step = StepRecord { number, what: What::Retitled, words, ..StepRecord::default() };
        self.person_step(now, site, who, 0, &step)
    }

    fn merge(
        &mut self,
        config: &Config,
        now: Now,
        site: SiteId,
        who: u32,
        (number, into): (u32, u32),
    ) -> Result<Done, Refusal> {
        let from = *self.derived.find(site, number).ok_or(Refusal::NoIncident)?;
        let target = self.derived.find(site, into).ok_or(Refusal::NoIncident)?;
        if number == into {
            return Err(Refusal::Itself);
        }
        if from.merged_into != 0 || target.merged_into != 0 {
            return Err(Refusal::Merged);
        }
        if from.open && !target.open {
            return Err(Refusal::Ended);
        }
        if from.is_hidden(config) != target.is_hidden(config) {
            return Err(Refusal::Hidden);
        }
        let step = StepRecord { number, what: What::Merged, arg: into, ..StepRecord::default() };
        self.person_step(now, site, who, 0, &step)?;
        Ok(Done::Incident(into))
    }

    fn reopen(
        &mut self,
        now: Now,
        site: SiteId,
        who: u32,
        number: u32,
        words: Words<'_>,
    ) -> Result<Done, Refusal> {
        let incident = self.derived.find(site, number).ok_or(Refusal::NoIncident)?;
        if incident.merged_into != 0 {
            return Err(Refusal::Merged);
        }
        if incident.open {
            return Err(Refusal::Open);
        }
        let step = StepRecord { number, what: What::Reopened, words, ..StepRecord::default() };
        self.person_step(now, site, who, 0, &step)
    }

    fn redact(&mut self, site: SiteId, number: u32) -> Result<Done, Refusal> {
        self.derived.find(site, number).ok_or(Refusal::NoIncident)?;
        self.drop_incident(site, number);
        self.rebuild();
        self.purge = true;
        Ok(Done::Incident(number))
    }

    // ---- maintenance and banners ----------------------------------------------------------------

    #[allow(clippy::too_many_arguments)]
    fn publish(
        &mut self,
        config: &Config,
        now: Now,
        site: SiteId,
        who: u32,
        (service, component): (ServiceId, Option<ComponentId>),
        (starts, ends, repeat): (Wall, Wall, Repeat),
        words: Words<'_>,
    ) -> Result<Done, Refusal> {
        check_words(words)?;
        let wall = now.wall.ok_or(Refusal::NoClock)?;
        if ends <= starts {
            return Err(Refusal::EndsFirst);
        }
        if repeat == Repeat::Once && ends <= wall {
            return Err(Refusal::Past);
        }
        if ends.0.saturating_sub(starts.0) > window::longest(repeat) {
            return Err(Refusal::Overlaps);
        }
        let number = self.derived.numbers.get(site.index()).map_or(0, |numbers| numbers.1).saturating_add(1);
        let head = self.head(now, site, who, 0);
        let planned = WindowRecord {
            number,
            service: self.names.of_service(service),
            component: component.map_or(0, |id| self.names.of_component(id)),
            starts: starts.0,
            ends: ends.0,
            repeat,
            words,
        };
        if !self.room_for_window(config, site, now)
            || !self.push(now, WINDOW, &record::window(head, &planned))
        {
            self.counters.refused = self.counters.refused.saturating_add(1);
            return Err(Refusal::Full);
        }
        Ok(Done::Maintenance(number))
    }

    fn end_maintenance(&mut self, now: Now, site: SiteId, who: u32, number: u32) -> Result<Done, Refusal> {
        let known = |window: &super::derived::Window| window.site == site && window.number == number;
        if !self.derived.windows.iter().any(known) {
            return Err(Refusal::NoMaintenance);
        }
        let head = self.head(now, site, who, 0);
        if !self.push(now, WINDOW_ENDED, &record::window_ended(head, number)) {
            return Err(Refusal::Full);
        }
        Ok(Done::Maintenance(number))
    }

    fn set_banner(
        &mut self,
        now: Now,
        site: SiteId,
        who: u32,
        state: Option<Forced>,
        words: Words<'_>,
    ) -> Result<Done, Refusal> {
        check_words(words)?;
        if state.is_none() && words == Words::None {
            return Err(Refusal::Empty);
        }
        let head = self.head(now, site, who, 0);
        if !self.push(now, BANNER, &record::banner(head, state, words)) {
            self.counters.refused = self.counters.refused.saturating_add(1);
            return Err(Refusal::Full);
        }
        Ok(Done::Banner)
    }

    fn clear_banner(&mut self, now: Now, site: SiteId, who: u32) -> Result<Done, Refusal> {
        if self.banner_record(site).is_none() {
            return Err(Refusal::NoBanner);
        }
        let head = self.head(now, site, who, CLEARED);
        if !self.push(now, BANNER, &record::banner(head, None, Words::None)) {
            return Err(Refusal::Full);
        }
        Ok(Done::Banner)
    }

    // ---- taking back ----------------------------------------------------------------------------

    /// Where the last record stands that this person made, if it can still be taken back. Never an
    /// older one behind it, which a clock that was put back makes look younger.
    fn last_of(&self, now: Now, site: SiteId, who: u32) -> Option<usize> {
        let hash = self.names.of_site(site);
        let mut found = None;
        for raw in self.log.iter().filter(|raw| matches!(raw.kind, STEP | WINDOW | WINDOW_ENDED | BANNER)) {
            let Some(head) = record::head(raw.payload) else { continue };
            if head.who == who && head.site == hash && head.flags & UNDONE == 0 {
                found = Some(raw.at).filter(|_| self.boot.is_undoable(&head, now));
            }
        }
        found
    }

    /// What `undo` would take back: of which kind the record is, its number, and what a step is.
    /// With the words that came with an opening it is the opening.
    pub fn undoable(&self, now: Now, site: SiteId, who: u32) -> Option<(u8, u32, Option<What>, Words<'_>)> {
        let raw = self.log.get(self.last_of(now, site, who.max(1))?)?;
        let (number, nth) = identity(raw.kind, raw.payload);
        let step = (raw.kind == STEP).then(|| record::read_step(raw.payload)).flatten().map(|(_, step)| step);
        let begins = step.is_some() && self.is_own_beginning(site, who.max(1), number, nth);
        let what = step.map(|step| if begins { What::Opened } else { step.what });
        Some((raw.kind, number, what, step.map_or(Words::None, |step| step.words)))
    }

    fn undo(&mut self, now: Now, site: SiteId, who: u32) -> Result<Done, Refusal> {
        let at = self.last_of(now, site, who).ok_or(Refusal::NothingToUndo)?;
        let raw = self.log.get(at).ok_or(Refusal::NothingToUndo)?;
        let (kind, (number, step)) = (raw.kind, identity(raw.kind, raw.payload));
        if kind == STEP && self.is_own_beginning(site, who, number, step) {
            // All of it was theirs, and of a moment ago.
            self.drop_incident(site, number);
            self.rebuild();
            self.purge = true;
            return Ok(Done::Incident(number));
        }
        if kind == STEP && record::read_step(raw.payload).is_some_and(|(_, step)| step.what == What::Opened) {
            // Taking it back would take back what others said, and what happened.
            return Err(Refusal::NotAlone);
        }
        let head = self.head(now, site, who, 0);
        // What the journal has not been told yet, it is told as taken back.
        let at = self.place_of(head, kind, number, step).ok_or(Refusal::NothingToUndo)?;
        if self.log.is_written(at) {
            self.tell_or_purge(UNDO, &record::undo(head, kind, number, step));
        }
        // That may have moved it.
        let at = self.place_of(head, kind, number, step).ok_or(Refusal::NothingToUndo)?;
        self.mark_undone(at);
        self.rebuild();
        Ok(match kind {
            STEP => Done::Incident(number),
            BANNER => Done::Banner,
            _ => Done::Maintenance(number),
        })
    }

    /// Whether a step belongs to the opening of an incident by this person: the opening itself, or
    /// the words that came with it, with nothing of anybody else behind it.
    fn is_own_beginning(&self, site: SiteId, who: u32, number: u32, step: u16) -> bool {
        let hash = self.names.of_site(site);
        let mut opened = None;
        for raw in self.log.iter().filter(|raw| raw.kind == STEP) {
            let Some((head, known)) = record::read_step(raw.payload) else { continue };
            if head.site != hash || known.number != number || head.flags & UNDONE != 0 {
                continue;
            }
            if head.who != who {
                return false;
            }
            if known.what == What::Opened {
                opened = Some(head.when);
            }
            if known.step == step && known.what != What::Opened && opened != Some(head.when) {
                return false;
            }
            if known.step > step {
                return false;
            }
        }
        opened.is_some() && step <= 2
    }

    /// Where a record stands that an undo names: the last one like it of the same person that is
    /// not taken back.
    pub(super) fn place_of(&self, by: RecordHead, kind: u8, number: u32, step: u16) -> Option<usize> {
        let mut found = None;
        for raw in self.log.iter().filter(|raw| raw.kind == kind) {
            let here = record::head(raw.payload)
                .is_some_and(|head| head.site == by.site && head.who == by.who && head.flags & UNDONE == 0);
            if here && identity(kind, raw.payload) == (number, step) {
                found = Some(raw.at);
            }
        }
        found
    }

    pub(super) fn mark_undone(&mut self, at: usize) {
        if let Some(payload) = self.log.get_mut(at) {
            record::set_flag(payload, UNDONE);
        }
    }
}

/// The number and step by which an undo names a record.
fn identity(kind: u8, payload: &[u8]) -> (u32, u16) {
    match kind {
        STEP => record::read_step(payload).map_or((0, 0), |(_, step)| (step.number, step.step)),
        WINDOW => record::read_window(payload).map_or((0, 0), |(_, window)| (window.number, 0)),
        WINDOW_ENDED => record::read_window_ended(payload).map_or((0, 0), |(_, number)| (number, 0)),
        _ => (0, 0),
    }
}
