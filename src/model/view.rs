//! What the renderer is told: the engine answers these questions, the renderer asks them and
//! nothing else.

use super::{
    BannerView, ComponentId, Day, Feed, Finding, IncidentView, Lang, MaintenanceView, ServiceId, SiteId,
    State, StepView,
};
#[cfg(feature = "feeds")]
use crate::time::Wall;
use crate::time::{At, Mono, Now};

/// Which of a site's pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageKind {
    /// How things are.
    #[default]
    Now,
    /// What was.
    History,
    /// One incident, by its number.
    Incident(u32),
    /// None for people.
    Feed(Feed),
}

/// What is known about one component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ComponentView {
    /// How it is, and why.
    pub finding: Finding,
    /// Since when it has been well, or unwell (that never moves forward while it stays unwell);
    /// `None` if that is not known.
    pub since: Option<At>,
    /// Whether something was reported to be wrong since then. It may be unknown by now.
    pub trouble: bool,
    /// Whether planned work is being done on it now: whatever its state is was expected.
    pub maintenance: bool,
    /// The component that is down and without which this one cannot work, if it is not well itself.
    pub affected_by: Option<ComponentId>,
}

impl ComponentView {
    /// How it is.
    pub const fn state(&self) -> State {
        self.finding.state()
    }
}

/// The questions that the renderer asks.
pub trait View {
    /// The two clocks.
    fn now(&self) -> Now;
    /// The last sign of life of any source of a site: "as of".
    fn as_of(&self, site: SiteId) -> Option<Mono>;
    /// Since when nobody who feeds a component has been heard, of which each should have been by
    /// now; `Some(None)`: never since we started. `None`: somebody vouches for it, or may still
    /// come.
    fn silent_since(&self, component: ComponentId) -> Option<Option<Mono>>;
    /// How a component is.
    fn component(&self, component: ComponentId) -> ComponentView;
    /// Calls `each` with every text that alerts on this component may show: the annotations that
    /// the component's `publish` names, of its firing alerts, addresses masked, the worst alert
    /// first; and the texts of its rules.
    fn published(&self, component: ComponentId, lang: Lang, each: &mut dyn FnMut(&str));
    /// Calls `each` with every incident of a site that is kept, the newest first.
    fn incidents(&self, site: SiteId, each: &mut dyn FnMut(&IncidentView<'_>)) {
        _ = (site, each);
    }
    /// How bad people say a service is who opened an incident of it that goes on, and whether they
    /// mean all of it; operational if nobody did.
    fn said(&self, service: ServiceId) -> (State, bool) {
        _ = service;
        (State::Operational, false)
    }
    /// Calls `each` with every step of an incident, the oldest first; those that were taken back
    /// are left out.
    fn steps(&self, site: SiteId, number: u32, each: &mut dyn FnMut(&StepView<'_>)) {
        _ = (site, number, each);
    }
    /// Calls `each` with the newest steps of an incident that visitors are told of, the newest
    /// first: `most` of them, and no more than
    /// [`INCIDENT_STEPS_SHOWN`](crate::limits::INCIDENT_STEPS_SHOWN). Returns how many there are.
    fn newest_steps(
        &self,
        site: SiteId,
        number: u32,
        most: usize,
        each: &mut dyn FnMut(&StepView<'_>),
    ) -> usize {
        let mut count = 0usize;
        self.steps(site, number, &mut |step| count = count.saturating_add(step.step.is_public().into()));
        for back in 0..most.min(count) {
            let place = count.saturating_sub(back).saturating_sub(1);
            let mut at = 0usize;
            self.steps(site, number, &mut |step| {
                if step.step.is_public() {
                    if at == place {
                        each(step);
                    }
                    at = at.saturating_add(1);
                }
            });
        }
        count
    }
    /// Calls `each` with the newest steps of all incidents of a site that visitors are told of,
    /// the newest first: `most` of them, and no more than
    /// [`FEED_ENTRIES`](crate::limits::FEED_ENTRIES).
    #[cfg(feature = "feeds")]
    fn newest_of_site(
        &self,
        site: SiteId,
        most: usize,
        each: &mut dyn FnMut(&IncidentView<'_>, &StepView<'_>),
    ) {
        _ = (site, most, each);
    }
    /// Calls `each` with beginning and end of a maintenance, each time that it is on and not over
    /// at `from`, the soonest first: `most` times at most.
    #[cfg(feature = "feeds")]
    fn occurrences(
        &self,
        site: SiteId,
        number: u32,
        from: Wall,
        most: usize,
        each: &mut dyn FnMut(Wall, Wall),
    ) {
        _ = (site, number, from, most, each);
    }
    /// Calls `each` with planned work of a site that was cancelled within
    /// [`CANCELLED_TOLD`](crate::limits::CANCELLED_TOLD), each time that it would have been on,
    /// `most` times at most. It has no words.
    #[cfg(feature = "feeds")]
    fn cancelled(&self, site: SiteId, most: usize, each: &mut dyn FnMut(&MaintenanceView<'_>)) {
        _ = (site, most, each);
    }
    /// Calls `each` with every maintenance of a site that is now or to come, the soonest first.
    /// Without a clock these are all that are planned.
    fn maintenance(&self, site: SiteId, each: &mut dyn FnMut(&MaintenanceView<'_>)) {
        _ = (site, each);
    }
    /// Calls `each` with every maintenance of a site that is over and still kept, as
    /// [`WINDOW_KEPT`](crate::limits::WINDOW_KEPT) has it; of one that repeats, with the last time.
    fn past_maintenance(&self, site: SiteId, each: &mut dyn FnMut(&MaintenanceView<'_>)) {
        _ = (site, each);
    }
    /// What people say at the top of a site.
    fn banner(&self, site: SiteId) -> Option<BannerView<'_>> {
        _ = site;
        None
    }
    /// How a component fared, by days of its site's time: today so far, then yesterday, and so on,
    /// for as many as there is room for. Each that is not kept stays as it is.
    fn fared(&self, component: ComponentId, days: &mut [Day]) {
        _ = (component, days);
    }
    /// How many days are kept of a site, today included; at most
    /// [`HISTORY_DAYS`](crate::limits::HISTORY_DAYS).
    fn days(&self, site: SiteId) -> u8 {
        _ = site;
        0
    }
}
