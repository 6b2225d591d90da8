//! A body of a source while it is read: one change, whatever the order of what is in it.
//!
//! What a body makes worse is shown at once, so that nobody waits for a slow sender to learn of an
//! outage. What it makes better is noted in the [`Body`] and shown when the body is over, well or
//! cut. So an alert that ends before its successor begins, some bytes later, leaves no moment in
//! which all seems well. One step that is no body's, time that passes say, is a change of its own.

use super::intake::marked_until;
use super::status::ComponentStatus;
use super::{Effects, Engine, Verdict};
use crate::config::Config;
use crate::engine::lifetime::Sender;
use crate::limits::WAKE_LEAST;
use crate::model::{ComponentId, ComponentSet, Finding, SiteId, SourceId};
use crate::time::{At, Mono, Now};

/// What a change has made better so far, and the sites whose page it has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Components that are better than what is shown of them.
    lowered: ComponentSet,
    /// A bit for each site of which a text has changed.
    touched: u8,
}

impl Changes {
    pub(super) const NONE: Self = Self { lowered: ComponentSet::EMPTY, touched: 0 };
}

/// One body while it is read, kept beside its reader. [`Engine::open`] begins it, and
/// [`Input::Close`](super::Input::Close) must end it, or what it made better is not shown.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Body {
    /// Who sends it.
    pub(super) source: SourceId,
    /// By which path it came, which tells how its alerts end.
    pub(super) sender: Sender,
    changes: Changes,
    /// Components of which something found no room.
    refused: ComponentSet,
    /// The sum of the fingerprints of its alerts: another body with this sum is about these alerts.
    sum: u32,
    /// Something in it fires, or nobody can tell.
    pub(super) fires: bool,
    /// Something in it is of now.
    pub(super) fresh: bool,
    /// Samples in it that were measured too long ago.
    pub(super) stale: u32,
    /// How many reloads there had been when it began. After another one its numbers mean nothing.
    reloads: u32,
}

impl Body {
    /// Notes an alert that stood in it: which it was, and what became of it.
    pub(super) fn count(&mut self, fingerprint: u64, verdict: Verdict) {
        let folded = (fingerprint ^ fingerprint >> 32) & u64::from(u32::MAX);
        self.sum = self.sum.wrapping_add(u32::try_from(folded).unwrap_or(0));
        self.fires |= !matches!(verdict, Verdict::Resolved | Verdict::Fine | Verdict::Heartbeat);
        self.fresh = true;
    }

    /// Something about these components found no room.
    pub(super) fn refuse(&mut self, components: &ComponentSet) {
        components.iter().for_each(|id| self.refused.insert(id));
    }
}

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// All of it was read, and something in it was right, or it was empty: a sign of life.
    pub alive: bool,
    /// Its sender says that it left alerts out.
    pub truncated: bool,
}

impl End {
    /// It was read whole.
    pub const WHOLE: Self = Self { alive: true, truncated: false };
    /// It was cut off, or cannot be read.
    pub const CUT: Self = Self { alive: false, truncated: false };
}

impl Engine {
    /// Begins a body.
    pub fn open(&self, source: SourceId, sender: Sender) -> Body {
        Body {
            source,
            sender,
            changes: Changes::NONE,
            refused: ComponentSet::EMPTY,
            sum: 0,
            fires: false,
            fresh: false,
            stale: 0,
            reloads: self.reloads,
        }
    }

    /// A whole body in which nothing is, `[]` say: a sign of life.
    pub fn alive(&mut self, config: &Config, now: Now, source: SourceId) -> Effects {
        let mut body = self.open(source, Sender::Repeating);
        self.step(config, now, super::Input::Close { body: &mut body, end: End::WHOLE })
    }

    /// Does a part of what a body says. What that made better stays with the body.
    pub(super) fn within<R>(&mut self, body: &mut Body, part: impl FnOnce(&mut Self, &mut Body) -> R) -> R {
        core::mem::swap(&mut self.changes, &mut body.changes);
        let result = part(self, body);
        core::mem::swap(&mut self.changes, &mut body.changes);
        result
    }

    /// A part of a body is done. Its sender may be slow: the incidents look a second later, at the
    /// latest, at what it has made worse.
    pub(super) fn look_soon(&mut self, now: Mono) {
        if self.stirred {
            self.wake_at(now.plus(WAKE_LEAST));
        }
    }

    /// Ends a body: shows what it made better.
    pub(super) fn close(&mut self, config: &Config, body: &mut Body, end: End, now: Now) -> Effects {
        let changes = core::mem::take(&mut body.changes);
        // A reload has shown everything anew, and gave what was noted here to others.
        if body.reloads != self.reloads {
            return Effects::default();
        }
        self.changes = changes;
        self.end_marks(config, body, end, now);
        if end.truncated {
            self.truncated(config, body.source, now);
        }
        // What was measured long ago is no sign of life.
        if end.alive && (body.fresh || body.stale == 0) {
            self.heard(config, body.source, now);
        }
        self.settle(config, now);
        Effects { stale: body.stale, ..Effects::default() }
    }

    /// What found no room in a body is known by what else stood in it: when all of that is over, so
    /// is it.
    fn end_marks(&mut self, config: &Config, body: &Body, end: End, now: Now) {
        // Zero stands for "not known".
        let group = body.sum.max(1);
        for id in body.refused.iter() {
            if let Some(status) = self.statuses.get_mut(id.index()) {
                status.mark_group(group);
            }
        }
        if body.sender != Sender::Repeating && body.refused.iter().next().is_some() {
            // A group that ended meanwhile has not ended these.
            self.lost(body.source, marked_until(config, body.source, body.sender, now.mono));
            self.lost_group(body.source, group);
        }
        if body.fires || body.sum == 0 || !end.alive || end.truncated {
            return;
        }
        self.found_group(body.source, group);
        for id in (0u16..).map(ComponentId).take(config.components.len()) {
            if self.statuses.get_mut(id.index()).is_some_and(|status| status.unmark(body.source, group)) {
                self.update(config, id, None, now);
            }
        }
    }

    /// Shows what a change has made of a component: worse, or as bad since earlier, at once. Better
    /// waits for [`settle`](Self::settle). `earliest`: when its newest trouble began, if that is
    /// known.
    pub(super) fn update(&mut self, config: &Config, id: ComponentId, earliest: Option<At>, now: Now) {
        let Some(status) = self.statuses.get(id.index()) else { return };
        if self.restoring || status.found(now.mono) < status.shown() {
            self.lower(id);
        } else {
            self.show(config, id, earliest, now);
        }
    }

    /// The present change has made something better about a component: nothing better is shown of
    /// it before this change is over.
    pub(super) fn lower(&mut self, id: ComponentId) {
        if !self.changes.lowered.contains(id)
            && let Some(status) = self.statuses.get_mut(id.index())
        {
            self.changes.lowered.insert(id);
            status.hold();
        }
    }

    /// A change is over: what it made better is shown, unless another change goes on that has made
    /// it better, too, and may make it worse again.
    pub(super) fn settle(&mut self, config: &Config, now: Now) {
        let changes = core::mem::take(&mut self.changes);
        for id in changes.lowered.iter() {
            if self.statuses.get_mut(id.index()).is_some_and(ComponentStatus::settle) {
                self.show(config, id, None, now);
            }
        }
        self.touch_all(changes.touched);
    }

    /// The page of a site is another one when the present change is over.
    pub(super) fn touch_later(&mut self, site: SiteId) {
        self.changes.touched |= 1u8.wrapping_shl(u32::from(site.0));
    }

    /// Shows what is found of a component.
    pub(super) fn show(&mut self, config: &Config, id: ComponentId, earliest: Option<At>, now: Now) {
        let Some(component) = config.components.get(id.index()) else { return };
        let Some(status) = self.statuses.get_mut(id.index()) else { return };
        let earliest = match status.found(now.mono) {
            Finding::Silent => self.sources.last_of(component.feeders).map(At::Mono).or(earliest),
            _ => earliest,
        };
        let before = status.shown();
        if status.publish(earliest, now)
            && let Some(site) = config.site_of(id)
        {
            let worse = status.shown() > before;
            self.stirred = true;
            if worse {
                self.touch(site);
            } else {
                self.touch_mildly(site);
            }
        }
    }
}
