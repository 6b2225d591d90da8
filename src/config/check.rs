//! What concerns several sections: labels that must differ, who feeds whom, circles, and what must
//! be there.

use super::loader::Loader;
use super::problem::{NewProblem, ProblemKind};
use super::schema::{Section, Type};
use super::{Component, Edge, Outputs, Scope, Site, Source, Texts, Visibility};
use crate::limits::COMPONENTS;
use crate::model::{ComponentId, SiteId, SourceId, SourceSet};
use crate::text::Span;
use crate::time::Millis;

impl Loader<'_, '_> {
    /// Runs all checks.
    pub(super) fn check(&mut self) {
        self.check_present();
        self.check_edge();
        self.check_sites();
        self.check_labels();
        self.hide();
        self.check_heartbeats();
        self.check_rules();
        for id in (0..self.config.count(Type::Component)).map(ComponentId) {
            self.check_feeders(id);
            self.check_dependency(id);
        }
    }

    /// The line of the last statement of an option in a section; `None` if there is none with a
    /// value.
    fn line_of_option(&self, kind: Type, index: usize, option: &str) -> Option<u32> {
        let last = self.section(section(kind, index)).filter(|statement| statement.name.is(option)).last();
        last.filter(|statement| !statement.value.is_empty()).map(|statement| statement.line)
    }

    /// Where to point for an option of a section, or the section itself where the option is not
    /// given.
    pub(super) fn line_of(&self, kind: Type, index: usize, option: &str) -> u32 {
        let given = if option.is_empty() { None } else { self.line_of_option(kind, index, option) };
        given.unwrap_or_else(|| self.place(section(kind, index)).line.into())
    }

    pub(super) fn blame(
        &mut self,
        kind: ProblemKind,
        section: Type,
        index: usize,
        option: &'static str,
        name: Span,
    ) {
        let line = self.line_of(section, index, option);
        let problem = NewProblem::new(line, kind).section(section.name()).option(option);
        self.problems.add(problem.word(self.config.str(name)));
    }

    /// A configuration without a listener or a site serves nothing.
    fn check_present(&mut self) {
        for kind in [Type::Listen, Type::Site] {
            if self.config.count(kind) == 0 && !self.broken {
                self.problems.add(NewProblem::new(0, ProblemKind::NoSection).section(kind.name()));
            }
        }
    }

    /// An edge can be taken, so nothing stands there that lets its bearer read.
    fn check_edge(&mut self) {
        if self.config.main.edge != Edge::Yes {
            return;
        }
        for index in 0..self.config.sources.len() {
            let Some(&Source { name, scope: Scope::Read, .. }) = self.config.sources.get(index) else {
                continue;
            };
            self.blame(ProblemKind::ReadOnEdge, Type::Source, index, "scope", name);
        }
    }

    fn check_sites(&mut self) {
        let mut default = None;
        for index in 0..self.config.sites.len() {
            let Some(&Site { name, visibility, secret_path, contact, contact_url, url, publish_as, .. }) =
                self.config.sites.get(index)
            else {
                continue;
            };
            if !contact_url.is_empty() && contact == Texts::default() {
                self.blame(ProblemKind::NoContact, Type::Site, index, "contact_url", name);
            }
            self.check_outputs(index, name, visibility, url, publish_as);
            let named = self.config.hosts.iter().any(|host| host.site.index() == index)
                || self.line_of_option(Type::Site, index, "host").is_some();
            if !named && default.replace(index).is_some() && !self.broken {
                self.blame(ProblemKind::SecondDefault, Type::Site, index, "", name);
            }
            let given = self.line_of_option(Type::Site, index, "secret_path").is_some();
            if visibility == Visibility::Unlisted && !given {
                let line = self.line_of(Type::Site, index, "visibility");
                let problem =
                    NewProblem::new(line, ProblemKind::Missing).section("site").option("secret_path");
                let problem =
                    problem.known("a site that is unlisted needs one, of at least 16 random characters");
                self.problems.add(problem.word(self.config.str(name)));
            } else if visibility != Visibility::Unlisted && !secret_path.is_empty() {
                self.blame(ProblemKind::SecretNotUnlisted, Type::Site, index, "secret_path", name);
            }
        }
    }

    /// What no page shows: the components of a service that is hidden, and a service whose
    /// components all are. It would be one without parts, of which nobody knows how it is.
    fn hide(&mut self) {
        let config = &mut *self.config;
        for part in &mut config.components {
            part.hidden |= config.services.get(part.service.index()).is_some_and(|service| service.hidden);
        }
        for (service, id) in config.services.iter_mut().zip(0u16..) {
            let mut parts = config.components.iter().filter(|part| part.service.0 == id).peekable();
            service.hidden |= parts.peek().is_some() && parts.all(|part| part.hidden);
        }
    }

    /// What a site publishes: all that it can if it is public and says nothing, else what it says.
    fn check_outputs(&mut self, index: usize, name: Span, seen_by: Visibility, url: Span, said: Outputs) {
        let others = said.but(Outputs::NONE);
        for (wrong, kind) in [
            (said.any_of(Outputs::NONE) && others != Outputs::default(), ProblemKind::PublishNone),
            (said.any_of(Outputs::LINKED) && url.is_empty(), ProblemKind::NoSiteUrl),
            (said.any_of(Outputs::PREVIEW) && seen_by != Visibility::Public, ProblemKind::SecretPreview),
        ] {
            if wrong {
                self.blame(kind, Type::Site, index, "publish_as", name);
            }
        }
        let all = if said == Outputs::default() { Outputs::unsaid(seen_by) } else { others };
        let all = if url.is_empty() { all.but(Outputs::LINKED) } else { all }.built();
        if let Some(row) = self.config.sites.get_mut(index) {
            row.publish_as = all;
        }
    }

    /// A label leads to one service of a site, and to one component of a service.
    fn check_labels(&mut self) {
        for index in 0..self.config.services.len() {
            let Some(&this) = self.config.services.get(index) else { continue };
            let config = &*self.config;
            let same = |other: &super::Service| {
                other.site == this.site && config.str(other.label) == config.str(this.label)
            };
            if config.sites.get(this.site.index()).is_some() && config.services.iter().take(index).any(same) {
                self.blame_label(Type::Service, index, this.label, " on a site");
            }
        }
        for index in 0..self.config.components.len() {
            let Some(&this) = self.config.components.get(index) else { continue };
            let config = &*self.config;
            let same = |other: &Component| {
                other.service == this.service && config.str(other.label) == config.str(this.label)
            };
            if config.services.get(this.service.index()).is_some()
                && config.components.iter().take(index).any(same)
            {
                self.blame_label(Type::Component, index, this.label, " in a service");
            }
        }
    }

    fn blame_label(&mut self, kind: Type, index: usize, label: Span, scope: &'static str) {
        let line = self.line_of(kind, index, "label");
        let problem =
            NewProblem::new(line, ProblemKind::Duplicate).section(kind.name()).option("label").known(scope);
        self.problems.add(problem.word(self.config.str(label)));
    }

    /// A heartbeat comes from a source that pushes, and to a component of the same site. It may be
    /// as late as it comes often, unless that is said.
    fn check_heartbeats(&mut self) {
        for index in 0..self.config.heartbeats.len() {
            let Some(&row) = self.config.heartbeats.get(index) else { continue };
            let grace = if row.grace == Millis(0) { row.every } else { row.grace };
            if let Some(place) = self.config.heartbeats.get_mut(index) {
                place.grace = grace;
            }
            self.check_owner(Type::Heartbeat, index, row.source, row.component);
            let Some(&source) = self.config.sources.get(row.source.index()) else { continue };
            // Who says nothing else may be silent for so long. Not made so by itself: a Prometheus
            // that owes a heartbeat a day would be missed a day late.
            if source.silent_after.0 < row.every.0.saturating_add(grace.0)
                && self.line_of_option(Type::Source, row.source.index(), "silent_after").is_none()
            {
                self.blame(ProblemKind::SilentBeat, Type::Heartbeat, index, "every", source.name);
            }
        }
    }

    /// What a heartbeat or a rule is about stands on the site of its source, which pushes.
    pub(super) fn check_owner(
        &mut self,
        kind: Type,
        index: usize,
        source: SourceId,
        component: Option<ComponentId>,
    ) {
        let Some(&source) = self.config.sources.get(source.index()) else { return };
        let site = component.and_then(|id| self.config.site_of(id));
        // A site that is unknown has been told of already.
        let known = |site: SiteId| self.config.sites.get(site.index()).is_some();
        if source.scope == Scope::Read {
            self.blame(ProblemKind::NotPush, kind, index, "source", source.name);
        } else if site.is_some_and(|site| known(site) && known(source.site) && site != source.site) {
            self.blame(ProblemKind::OtherSite, kind, index, "source", source.name);
        }
    }

    /// Who owes a sign of life or samples about a component; nobody where matchers say that alerts
    /// tell of it, too.
    fn watchers(&self, id: ComponentId) -> SourceSet {
        let mut set = SourceSet::EMPTY;
        if !self.config.matches.iter().any(|entry| entry.component == id) {
            for row in self.config.heartbeats.iter().filter(|row| row.component == Some(id)) {
                set.insert(row.source);
            }
            for row in self.config.rules.iter().filter(|row| row.component == Some(id)) {
                set.insert(row.source);
            }
        }
        set
    }

    /// Every component has somebody who feeds it: those it names, or its heartbeats and rules, or
    /// the one who pushes to its site.
    fn check_feeders(&mut self, id: ComponentId) {
        let Some(site) = self.config.site_of(id).filter(|site| self.config.sites.get(site.index()).is_some())
        else {
            return;
        };
        let Some(&Component { name, feeders, .. }) = self.config.components.get(id.index()) else { return };
        for source in feeders.iter() {
            let Some(&row) = self.config.sources.get(source.index()) else { continue };
            let fault = if row.scope == Scope::Read { ProblemKind::NotPush } else { ProblemKind::OtherSite };
            // A source whose own site is unknown has been told of already.
            let known = self.config.sites.get(row.site.index()).is_some();
            if known && (row.scope == Scope::Read || row.site != site) {
                self.blame(fault, Type::Component, id.index(), "source", row.name);
            }
        }
        if !feeders.is_empty() || self.broken {
            return;
        }
        // It names somebody who is not there, which has been told.
        if self.problems.any_error() && self.line_of_option(Type::Component, id.index(), "source").is_some() {
            return;
        }
        let watchers = self.watchers(id);
        if let Some(row) = self.config.components.get_mut(id.index()).filter(|_| !watchers.is_empty()) {
            row.feeders = watchers;
            row.watched = true;
            return;
        }
        match self.only_pusher(site) {
            Ok(source) => {
                if let Some(row) = self.config.components.get_mut(id.index()) {
                    row.feeders.insert(source);
                }
            }
            Err(kind) => self.blame(kind, Type::Component, id.index(), "", name),
        }
    }

    fn only_pusher(&self, site: SiteId) -> Result<SourceId, ProblemKind> {
        // A source without a token sends heartbeats of this machine, and feeds nothing else.
        let has_token = |id: SourceId| self.config.tokens.iter().any(|token| token.source == id);
        let any = self.config.pushers_of(site).any(|(id, _)| has_token(id));
        let mut pushers = self.config.pushers_of(site).filter(|&(id, _)| !any || has_token(id));
        match (pushers.next(), pushers.next()) {
            (None, _) => Err(ProblemKind::NoFeeder),
            (Some((source, _)), None) => Ok(source),
            _ => Err(ProblemKind::WhichFeeder),
        }
    }

    /// A component depends on others of its own site, and not on itself by way of them. A circle is
    /// told of once, at its first component.
    fn check_dependency(&mut self, id: ComponentId) {
        let Some(&Component { name, depends_on: Some(other), .. }) = self.config.components.get(id.index())
        else {
            return;
        };
        if other == id {
            return self.blame(ProblemKind::Self_, Type::Component, id.index(), "depends_on", name);
        }
        let (site, others) = (self.config.site_of(id), self.config.site_of(other));
        if site.is_some() && others.is_some() && site != others {
            let other = self.config.components.get(other.index()).map_or(Span::EMPTY, |row| row.name);
            self.blame(ProblemKind::OtherSite, Type::Component, id.index(), "depends_on", other);
        }
        let mut next = Some(other);
        for _ in 0..COMPONENTS {
            let Some(current) = next.filter(|&current| current > id) else { break };
            next = self.config.components.get(current.index()).and_then(|row| row.depends_on);
        }
        if next == Some(id) {
            self.blame(ProblemKind::Cycle, Type::Component, id.index(), "depends_on", name);
        }
    }
}

fn section(kind: Type, index: usize) -> Section {
    Section { kind, index: u16::try_from(index).unwrap_or(u16::MAX) }
}
