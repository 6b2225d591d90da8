//! What follows from the log: the incidents, who is in which, the windows. Every record is folded
//! in as it comes, and all of it can be folded anew.

use heapless::Vec;

use super::names::NameHashes;
use super::record::{
    self, FIRING, RecordHead, STEP, StepRecord, UNDONE, UNWELL, WINDOW, WINDOW_ENDED, What, When,
};
use crate::config::Config;
use crate::limits::{COMPONENTS, INCIDENTS, MAINTENANCES, SITES};
use crate::model::{ComponentId, ComponentSet, Phase, Repeat, ServiceId, SiteId, State};
use crate::time::Wall;

/// An incident, without its words.
#[derive(Clone, Copy, Debug)]
pub struct Incident {
    /// On which page.
    pub site: SiteId,
    /// Its number there.
    pub number: u32,
    /// Of what.
    pub service: ServiceId,
    /// Whether it goes on.
    pub open: bool,
    /// Whether a person opened it, or spoke of it as going on: then no automatic end closes it.
    pub held: bool,
    /// Whether a person said anything about it.
    pub words: bool,
    /// How bad a person said it is, who opened it or what was merged into it.
    pub said: State,
    /// How bad they said that its service is: what was merged into it may be of another one.
    pub said_of_service: State,
    /// How bad they said that all of the service is; `None` if they spoke of components alone.
    pub whole: Option<State>,
    /// How bad it was at its worst.
    pub worst: State,
    /// How far people are, as they said last.
    pub phase: Option<Phase>,
    /// When they promised the next news, in what they said last.
    pub next: Option<Wall>,
    /// The incident that it was merged into; 0: none.
    pub merged_into: u32,
    /// The components that were ever in it.
    pub components: ComponentSet,
    /// The number of its last step.
    pub steps: u16,
    /// When it began.
    pub began: When,
    /// When something last joined it: so long it is the one to join.
    pub grouped: When,
    /// When it ended last.
    pub ended: When,
}

impl Incident {
    /// Whether no page tells of it. What is shown and what is not never join the same incident by
    /// themselves, and people cannot merge them: an end, a beginning or words would tell of both.
    /// Another configuration may mix them.
    pub fn is_hidden(&self, config: &Config) -> bool {
        config.hides(self.service, self.components, self.whole.is_some())
    }

    /// A component of it got worse, or it began anew. Says whether it did so by itself: what people
    /// had said of it ended with it.
    fn worsen(&mut self, head: RecordHead, step: &StepRecord<'_>) -> bool {
        let (by_person, state) = (head.who != 0, step.state.unwrap_or(State::Operational));
        self.worst = self.worst.max(state);
        self.grouped = head.when;
        // What joins may have begun before what was heard of first.
        if let (When::Wall(began), Some(since)) = (self.began, step.since) {
            self.began = When::Wall(began.min(since.0));
        }
        // An end by itself and the new beginning behind it may have given way: what got
        // worse after that is left.
        let thinned = !by_person && !self.open && self.merged_into == 0;
        let anew = step.what == What::Reopened || thinned;
        if anew {
            self.open = true;
            self.held |= by_person;
            self.next = None;
            self.phase = self.phase.filter(|phase| *phase != Phase::Resolved);
        }
        anew && !by_person
    }
}

/// A maintenance, without its words.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// On which page.
    pub site: SiteId,
    /// Its number there.
    pub number: u32,
    /// Of what.
    pub service: ServiceId,
    /// Of which part.
    pub component: Option<ComponentId>,
    /// The first beginning, in milliseconds since 1970.
    pub starts: i64,
    /// The first end.
    pub ends: i64,
    /// How it repeats.
    pub repeat: Repeat,
}

/// Which incident a component is in, and what was said of it there.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The incident's number on the component's site; 0: none.
    pub number: u32,
    /// How it was announced to be.
    pub announced: State,
    /// Since when it has been unwell, in milliseconds since 1970; 0: not known, or it is well.
    pub since: i64,
    /// It is well, and that was not announced yet.
    pub well: bool,
}

impl Link {
    /// To no incident; all-zero.
    pub const NONE: Self = Self { number: 0, announced: State::NoData, since: 0, well: false };

    /// Takes what a step tells of its component; `open`: whether the step's incident is.
    fn follow(&mut self, head: RecordHead, step: &StepRecord<'_>, open: bool) {
        let (is_in, by_person) = (self.number == step.number, head.who != 0);
        let since = match step.since.map_or(head.when, |since| When::Wall(since.0)) {
            When::Wall(at) => at,
            _ => 0,
        };
        match (step.what, step.state) {
            // The last that people's "resolved" left behind.
            (What::Better, None | Some(State::Operational)) if !open && is_in => *self = Self::NONE,
            (What::Better, None | Some(State::Operational)) if !open => {}
            (What::Paused, _) if is_in => self.well = true,
            (What::Resumed, _) if is_in => (self.well, self.since) = (false, since),
            // What a person says of a component, its monitoring need not see.
            (What::Paused | What::Resumed, _) | (_, None) => {}
            (_, Some(state)) if !by_person => {
                let goes_on = is_in && self.announced != State::Operational && self.since != 0;
                let since = match state {
                    State::Operational => 0,
                    _ if goes_on && since != 0 => since.min(self.since),
                    _ if goes_on => self.since,
                    _ => since,
                };
                *self = Self { number: step.number, announced: state, since, well: false };
            }
            _ => {}
        }
    }
}

/// All that follows from the log. All-zero when new.
pub struct Derived {
    /// In the order in which they were opened.
    pub incidents: Vec<Incident, INCIDENTS>,
    /// By component.
    pub links: [Link; COMPONENTS],
    /// Those that were not ended by hand.
    pub windows: Vec<Window, MAINTENANCES>,
    /// The last numbers given on each site: of incidents, of maintenance.
    pub numbers: [(u32, u32); SITES],
}

impl Derived {
    /// Nothing; all-zero.
    pub const fn new() -> Self {
        Self {
            incidents: Vec::new(),
            links: [Link::NONE; COMPONENTS],
            windows: Vec::new(),
            numbers: [(0, 0); SITES],
        }
    }

    /// Forgets all but the numbers that were given.
    pub fn clear(&mut self) {
        self.incidents.clear();
        self.windows.clear();
        self.links = [Link::NONE; COMPONENTS];
    }

    /// An incident by its number.
    pub fn find(&self, site: SiteId, number: u32) -> Option<&Incident> {
        self.incidents.iter().find(|incident| incident.site == site && incident.number == number)
    }

    /// The same, to be changed.
    pub fn find_mut(&mut self, site: SiteId, number: u32) -> Option<&mut Incident> {
        self.incidents.iter_mut().find(|incident| incident.site == site && incident.number == number)
    }

    /// The incident in which one goes on: the last that it was merged into, or itself.
    pub fn goes_on_in<'a>(&'a self, incident: &'a Incident) -> &'a Incident {
        let mut at = incident;
        for _ in 0..INCIDENTS {
            match self.find(at.site, at.merged_into) {
                Some(into) if at.merged_into != 0 => at = into,
                _ => break,
            }
        }
        at
    }

    /// The components that are in an incident now, and how each was announced.
    pub fn linked<'a>(
        &'a self,
        names: &'a NameHashes,
        site: SiteId,
        number: u32,
    ) -> impl Iterator<Item = (ComponentId, State)> + 'a {
        let ids = (0u16..).map(ComponentId);
        ids.zip(&self.links)
            .filter(move |(id, link)| link.number == number && number != 0 && names.site_of(*id) == site)
            .map(|(id, link)| (id, link.announced))
    }

    /// Takes a record in. False if it is not of a kind that anything follows from, or names what is
    /// not known.
    pub fn fold(&mut self, names: &NameHashes, kind: u8, payload: &[u8]) -> bool {
        match kind {
            STEP => record::read_step(payload).is_some_and(|(head, step)| self.fold_step(names, head, &step)),
            WINDOW => self.fold_window(names, payload).is_some(),
            WINDOW_ENDED => {
                let Some((head, number)) = record::read_window_ended(payload) else { return false };
                let Some(site) = names.site(head.site) else { return false };
                if head.flags & UNDONE == 0 {
                    self.windows.retain(|window| window.site != site || window.number != number);
                }
                true
            }
            _ => true,
        }
    }

    fn fold_window(&mut self, names: &NameHashes, payload: &[u8]) -> Option<()> {
        let (head, window) = record::read_window(payload)?;
        let site = names.site(head.site)?;
        let component = match window.component {
            0 => None,
            hash => Some(names.component(hash)?),
        };
        let numbers = self.numbers.get_mut(site.index())?;
        numbers.1 = numbers.1.max(window.number);
        let service = names.service(window.service)?;
        if head.flags & UNDONE == 0 {
            let (number, starts, ends, repeat) = (window.number, window.starts, window.ends, window.repeat);
            self.windows.push(Window { site, number, service, component, starts, ends, repeat }).ok()?;
        }
        Some(())
    }

    fn fold_step(&mut self, names: &NameHashes, head: RecordHead, step: &StepRecord<'_>) -> bool {
        let Some(site) = names.site(head.site) else { return false };
        if let Some(numbers) = self.numbers.get_mut(site.index()) {
            numbers.0 = numbers.0.max(step.number);
        }
        let undone = head.flags & UNDONE != 0;
        if step.what == What::Opened {
            let Some(service) = names.service(step.arg) else { return false };
            if !undone && self.find(site, step.number).is_none() && !self.open(site, service, head, step) {
                return false;
            }
        }
        let Some(incident) = self.find_mut(site, step.number) else { return undone };
        incident.steps = incident.steps.max(step.step);
        if !undone {
            self.apply(names, site, head, step);
        }
        true
    }

    /// A step of an incident that is there, and that was not taken back.
    fn apply(&mut self, names: &NameHashes, site: SiteId, head: RecordHead, step: &StepRecord<'_>) {
        let (by_person, component) = (head.who != 0, names.component(step.component));
        let Some(incident) = self.find_mut(site, step.number) else { return };
        incident.words |= by_person;
        if let Some(id) = component {
            incident.components.insert(id);
        }
        let mut anew = false;
        match step.what {
            What::Opened | What::Joined | What::Worse | What::Reopened => anew = incident.worsen(head, step),
            What::Update => {
                (incident.phase, incident.next) = (step.phase, step.next);
                incident.held |= incident.open;
            }
            What::Resolved => {
                let ended = step.since.map_or(head.when, |since| When::Wall(since.0));
                (incident.open, incident.held, incident.ended) = (false, false, ended);
                incident.next = None;
                if by_person {
                    incident.phase = Some(Phase::Resolved);
                }
                return self.unlink(names, site, step.number, head.flags & (FIRING | UNWELL) != 0);
            }
            What::Merged => {
                (incident.open, incident.held, incident.ended) = (false, false, head.when);
                // Where that is gone, it ends here.
                let goes_on = self.find(site, step.arg).map_or(0, |into| into.number);
                if let Some(incident) = self.find_mut(site, step.number) {
                    incident.merged_into = goes_on;
                }
                if goes_on == 0 {
                    self.unlink(names, site, step.number, false);
                }
                return self.merge(names, site, step.number, goes_on);
            }
            What::Dated => {
                if let (When::Wall(began), Some(since)) = (incident.began, step.since) {
                    incident.began = When::Wall(began.min(since.0));
                }
            }
            What::Better
            | What::NoData
            | What::Acknowledged
            | What::Retitled
            | What::Amended
            | What::Paused
            | What::Resumed => {}
        }
        let open = incident.open;
        if anew {
            self.unsay(site, step.number);
        }
        if let Some(link) = component.and_then(|id| self.links.get_mut(id.index())) {
            link.follow(head, step, open);
        }
    }

    fn open(&mut self, site: SiteId, service: ServiceId, head: RecordHead, step: &StepRecord<'_>) -> bool {
        let said = if head.who == 0 { State::Operational } else { step.state.unwrap_or_default() };
        let incident = Incident {
            site,
            number: step.number,
            service,
            open: true,
            held: head.who != 0,
            words: false,
            said,
            said_of_service: said,
            whole: (head.who != 0 && step.component == 0).then_some(said),
            worst: State::Operational,
            phase: step.phase,
            next: None,
            merged_into: 0,
            components: ComponentSet::EMPTY,
            steps: 0,
            began: step.since.map_or(head.when, |since| When::Wall(since.0)),
            grouped: head.when,
            ended: When::Unknown,
        };
        self.incidents.push(incident).is_ok()
    }

    /// Lets the components of an incident go; `only_well`: those of them that are.
    fn unlink(&mut self, names: &NameHashes, site: SiteId, number: u32, only_well: bool) {
        for (link, id) in self.links.iter_mut().zip((0u16..).map(ComponentId)) {
            let let_go = !only_well || link.announced == State::Operational;
            if link.number == number && let_go && names.site_of(id) == site {
                *link = Link::NONE;
            }
        }
    }

    /// Forgets how bad people said that an incident is, and what was merged into it.
    fn unsay(&mut self, site: SiteId, number: u32) {
        for at in 0..self.incidents.len() {
            let goes_on = |one: &Incident| {
                let into = self.goes_on_in(one);
                into.site == site && into.number == number
            };
            let ended = self.incidents.get(at).is_some_and(goes_on);
            if let Some(incident) = self.incidents.get_mut(at).filter(|_| ended) {
                (incident.said, incident.said_of_service) = (State::Operational, State::Operational);
                incident.whole = incident.whole.map(|_| State::Operational);
            }
        }
    }

    fn merge(&mut self, names: &NameHashes, site: SiteId, from: u32, into: u32) {
        let Some(&gone) = self.find(site, from) else { return };
        let Some(goes_on) = self.find_mut(site, into) else { return };
        for id in gone.components.iter() {
            goes_on.components.insert(id);
        }
        goes_on.worst = goes_on.worst.max(gone.worst);
        goes_on.said = goes_on.said.max(gone.said);
        // Of another service it still says what it said, for as long as this one goes on.
        if goes_on.service == gone.service {
            goes_on.said_of_service = goes_on.said_of_service.max(gone.said_of_service);
            goes_on.whole = goes_on.whole.max(gone.whole);
        }
        for (link, id) in self.links.iter_mut().zip((0u16..).map(ComponentId)) {
            if link.number == from && names.site_of(id) == site {
                link.number = into;
            }
        }
    }
}
