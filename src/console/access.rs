//! Who asks, and what exists for them. A site that is not theirs is told apart from one that there
//! is not by nothing.

use super::Caller;
use super::answer::AnswerWriter;
use crate::command::table::{Needs, Row};
use crate::config::{Config, Texts, UserRole};
use crate::incidents::{OWNER, Refusal};
use crate::model::{ComponentId, Lang, ServiceId, SiteId, UserId};
use crate::text::Span;
use crate::text::near::Nearest;

/// Why a command is not carried out.
#[derive(Clone, Copy)]
pub(super) enum Trouble<'a> {
    /// There is no such site, for them.
    NoSite(&'a str),
    /// They may touch no site at all.
    NoSites,
    /// Several sites could be meant.
    WhichSite,
    /// This number stands on two of their sites or more.
    WhichNumber,
    /// There is no such service or component, for them.
    NoService(&'a str),
    /// What should name an incident is no number, and no service of theirs.
    NoName(&'a str),
    /// Several services or components are shown by this name.
    Ambiguous(&'a str),
    /// Their service has no incident.
    NoIncidentOf(&'a str),
    /// It has several that are open.
    Several(&'a str),
    /// The service has no such component.
    NoComponent(ServiceId, &'a str),
    /// They may not.
    Role(&'static Row),
    /// What they say for themselves.
    Refused(Refusal),
    /// What came for `set_site_config` is not its YAML.
    NotYaml,
    /// The answer is longer than can be told.
    TooLong,
    /// The answer became another one while it was told.
    Changed,
}

impl From<Refusal> for Trouble<'_> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What one caller may touch.
#[derive(Clone, Copy)]
pub(super) struct Access<'a> {
    pub(super) config: &'a Config,
    pub(super) caller: Caller,
}

impl<'a> Access<'a> {
    /// Whether a site is theirs.
    pub(super) fn has(&self, site: SiteId) -> bool {
        match self.caller {
            Caller::Owner => site.index() < self.config.sites.len(),
            Caller::User(id) => {
                let sites = self.config.users.get(id.index()).map_or(0, |user| user.sites);
                sites & 1u8.wrapping_shl(u32::from(site.0)) != 0
            }
        }
    }

    /// Their sites, in the order of the configuration.
    pub(super) fn sites(self) -> impl Iterator<Item = SiteId> + 'a {
        (0u8..).map(SiteId).take(self.config.sites.len()).filter(move |&id| self.has(id))
    }

    /// Whether they have several, so that a number needs its site.
    pub(super) fn several(self) -> bool {
        self.sites().nth(1).is_some()
    }

    pub(super) fn role(&self) -> UserRole {
        match self.caller {
            Caller::Owner => UserRole::Admin,
            Caller::User(id) => {
                self.config.users.get(id.index()).map_or(UserRole::Operator, |user| user.role)
            }
        }
    }

    /// Whether they may use a command.
    pub(super) fn may(self, needs: Needs) -> bool {
        match needs {
            Needs::Operator => true,
            Needs::Admin => self.role() == UserRole::Admin,
            Needs::Whole => self.role() == UserRole::Admin && self.sites().count() == self.config.sites.len(),
        }
    }

    /// Their name.
    pub(super) fn name(&self) -> &'a str {
        match self.caller {
            Caller::Owner => "owner",
            Caller::User(id) => {
                self.config.users.get(id.index()).map_or("", |user| self.config.str(user.name))
            }
        }
    }

    /// The name of a site's section.
    pub(super) fn site_name(&self, site: SiteId) -> &'a str {
        self.config.sites.get(site.index()).map_or("", |site| self.config.str(site.name))
    }

    /// The site of theirs that has this name, or this host.
    pub(super) fn site(self, name: &'a str) -> Result<SiteId, Trouble<'a>> {
        let hosts = |id| self.config.hosts.iter().filter(move |host| host.site == id);
        let named = |id: &SiteId| {
            self.site_name(*id).eq_ignore_ascii_case(name)
                || hosts(*id).any(|host| self.config.str(host.name).eq_ignore_ascii_case(name))
        };
        self.sites().find(named).ok_or(Trouble::NoSite(name))
    }

    /// The site that is meant where nothing else tells: the one that is named, or their only one.
    pub(super) fn site_or_only(self, name: &'a str) -> Result<SiteId, Trouble<'a>> {
        if !name.is_empty() {
            return self.site(name);
        }
        match (self.sites().next(), self.several()) {
            (Some(only), false) => Ok(only),
            (None, _) => Err(Trouble::NoSites),
            _ => Err(Trouble::WhichSite),
        }
    }

    /// The services of theirs.
    fn services(self) -> impl Iterator<Item = ServiceId> + 'a {
        self.sites().flat_map(move |site| self.config.services_of(site).map(|(id, _)| id))
    }

    /// The service that is named, with the component behind the slash; or the component that is
    /// named alone, with its service. On the named site, if one is.
    ///
    /// The name of a section, and a label, win over visible names in any language, for which case
    /// does not matter. Several may be shown by one of these: then nobody knows which is meant.
    pub(super) fn service(
        self,
        site: &'a str,
        name: &'a str,
        part: &'a str,
    ) -> Result<(SiteId, ServiceId, Option<ComponentId>), Trouble<'a>> {
        let on = if site.is_empty() { None } else { Some(self.site(site)?) };
        match self.service_by(on, name, part, false) {
            Err(Trouble::NoService(_)) => self.service_by(on, name, part, true),
            found => found,
        }
    }

    /// By exact names, or `visible`.
    fn service_by(
        self,
        on: Option<SiteId>,
        name: &'a str,
        part: &'a str,
        visible: bool,
    ) -> Result<(SiteId, ServiceId, Option<ComponentId>), Trouble<'a>> {
        let config = self.config;
        let (mut service, mut component) = (None, None);
        let (mut services, mut components) = (0usize, 0usize);
        for id in self.services() {
            let Some(row) = config.services.get(id.index()).filter(|row| on.is_none_or(|on| on == row.site))
            else {
                continue;
            };
            if self.is_called((row.name, row.label, &row.title), name, visible) {
                services = services.saturating_add(1);
                service.get_or_insert((row.site, id));
            } else if part.is_empty() {
                for (part, row_of) in config.components_of(id) {
                    if self.is_called((row_of.name, row_of.label, &row_of.title), name, visible) {
                        components = components.saturating_add(1);
                        component.get_or_insert((row.site, id, Some(part)));
                    }
                }
            }
        }
        match (service, component) {
            // Exact names are those of one section, but for labels, of which the first counts.
            (Some(_), _) if visible && services > 1 => Err(Trouble::Ambiguous(name)),
            (None, Some(_)) if visible && components > 1 => Err(Trouble::Ambiguous(name)),
            (Some((site, id)), _) if part.is_empty() => Ok((site, id, None)),
            (Some((site, id)), _) => {
                let named = |visible| {
                    config
                        .components_of(id)
                        .find(|(_, row)| self.is_called((row.name, row.label, &row.title), part, visible))
                };
                let (found, _) =
                    named(false).or_else(|| named(true)).ok_or(Trouble::NoComponent(id, part))?;
                Ok((site, id, Some(found)))
            }
            (None, found) => found.ok_or(Trouble::NoService(name)),
        }
    }

    /// Whether a section goes by a name: its own or its label, or `visible`: any, in any case.
    fn is_called(self, (name, label, title): (Span, Span, &Texts), given: &str, visible: bool) -> bool {
        let config = self.config;
        if !visible {
            return config.is(name, given) || config.is(label, given);
        }
        let same = |text: &str| !given.is_empty() && text.eq_ignore_ascii_case(given);
        same(config.str(name))
            || same(config.str(label))
            || Lang::ALL.iter().any(|&lang| same(config.text(title, lang)))
    }

    /// The name of a service's section.
    pub(super) fn service_name(&self, id: ServiceId) -> &'a str {
        self.config.services.get(id.index()).map_or("", |service| self.config.str(service.name))
    }

    /// The name of a component's section.
    pub(super) fn component_name(&self, id: ComponentId) -> &'a str {
        self.config.components.get(id.index()).map_or("", |component| self.config.str(component.name))
    }

    /// The users of the configuration.
    pub(super) fn users(self) -> impl Iterator<Item = UserId> {
        (0u8..).map(UserId).take(self.config.users.len())
    }

    /// Who did it; empty: nobody did, it happened.
    pub(super) fn person(self, who: u32) -> &'a str {
        match who {
            0 => "",
            OWNER => "owner",
            _ => self.users().find(|&id| self.config.user_hash(id) == who).map_or("somebody", |id| {
                self.config.users.get(id.index()).map_or("", |user| self.config.str(user.name))
            }),
        }
    }

    /// Their hash in the record.
    pub(super) fn who(&self) -> u32 {
        match self.caller {
            Caller::Owner => OWNER,
            Caller::User(id) => self.config.user_hash(id),
        }
    }

    /// Says why not, and what would be right.
    pub(super) fn tell(self, trouble: Trouble<'_>, out: &mut AnswerWriter<'_>) {
        let name = match trouble {
            Trouble::NoSite(name)
            | Trouble::NoService(name)
            | Trouble::NoName(name)
            | Trouble::Ambiguous(name)
            | Trouble::NoIncidentOf(name)
            | Trouble::Several(name)
            | Trouble::NoComponent(_, name) => name,
            _ => "",
        };
        let mut near = Nearest::new(name);
        match trouble {
            Trouble::NoSite(_) => self.sites().for_each(|site| near.offer(self.site_name(site))),
            Trouble::NoService(_) | Trouble::NoName(_) => {
                for id in self.services() {
                    near.offer(self.service_name(id));
                    self.config.components_of(id).for_each(|(part, _)| near.offer(self.component_name(part)));
                }
            }
            Trouble::NoComponent(id, _) => {
                self.config.components_of(id).for_each(|(part, _)| near.offer(self.component_name(part)));
            }
            _ => {}
        }
        let near = near.best();
        let mut perhaps = heapless::String::<96>::new();
        if !near.is_empty() {
            _ = ufmt::uwrite!(perhaps, "; perhaps you mean '{}'", near);
        }
        let other = match trouble {
            Trouble::NoComponent(id, _) => self.service_name(id),
            Trouble::Role(row) => row.name,
            Trouble::Refused(refusal) => refusal.words(),
            _ => "",
        };
        let sentence = match trouble {
            Trouble::NoSite(_) => "you have no site '%0'%1; 'sites' lists yours",
            Trouble::NoSites => "you have no site: the configuration gives you none",
            Trouble::WhichSite => "you have several sites; say which with --site ('sites' lists them)",
            Trouble::WhichNumber => {
                "several of your sites have this number; say which, as in SITE/12 or with --site"
            }
            Trouble::NoService(_) => "there is no service '%0'%1; 'services' lists them",
            Trouble::NoName(_) => "'%0' is no number and no service%1; 'incidents' lists what goes on",
            Trouble::Ambiguous(_) => {
                "several are shown as '%0'; say which by its own name ('services' lists them), or with --site"
            }
            Trouble::NoIncidentOf(_) => "'%0' has no incident; 'open' begins one",
            Trouble::Several(_) => {
                "'%0' has several open incidents; say which by its number ('incidents' lists them)"
            }
            Trouble::NoComponent(..) => "'%2' has no component '%0'%1; 'services' lists them",
            Trouble::Role(row) if row.needs == Needs::Whole => {
                "'%2' is for the owner, and for an admin of all sites"
            }
            Trouble::Role(_) => "'%2' is for an admin",
            Trouble::Refused(_) => "not done: %2",
            Trouble::NotYaml => {
                "'set_site_config' takes YAML with the keys message and force_state, as in: force_state: true"
            }
            Trouble::TooLong => "the answer is too long; ask for less, as with --site",
            Trouble::Changed => "something changed while this was told; ask again",
        };
        out.clear();
        out.told("error", sentence, &[name, &perhaps, other]);
    }
}
