//! The page of a site. Most urgent first: how things are, as of when, what is affected; then each service.

use core::cell::Cell;

use heapless::String;
use ufmt::uwrite;

use super::fragment::{
    Affected, Component, Entry, Full, Link, Notice, Out, Page, PageBuf, Paragraph, Parts, Quote, Robots,
    Service, Time, Zone, is_web,
};
use super::when::{self, Date};
use super::words::{Word, around, word};
use crate::config::{self, Config, Visibility};
use crate::limits::{AFFECTED_SHOWN, TEXT_SHOWN_BYTES, TEXTS_BYTES, TEXTS_SHOWN};
use crate::model::{
    ComponentId, ComponentView, Lang, Monitoring, Reason, ServiceId, SiteId, SiteView, State, View,
};
use crate::text::buffer::Bytes;
use crate::time::{Mono, Now};

/// Renders the page of `site` in `lang` into `out`, whose content it replaces. A page that does not fit is
/// [`Full`], and `out` is then empty: see [`worst_case`](super::worst_case).
///
/// An unknown site is an empty page that says so. Work is bounded by services times components.
pub fn page(
    out: &mut PageBuf,
    config: &Config,
    site: SiteId,
    lang: Lang,
    view: &dyn View,
) -> Result<(), Full> {
    let mut out = Out::new(out, lang);
    write(&mut out, config, site, view, false);
    out.finish()
}

/// The bytes of a page on which no alert says anything, with everything else that it could hold: every
/// affected component is listed, whatever [`AFFECTED_SHOWN`] says.
pub(super) fn size(config: &Config, site: SiteId, lang: Lang, view: &dyn View) -> usize {
    let mut nothing = Bytes::<0>::new();
    let mut out = Out::new(&mut nothing, lang);
    write(&mut out, config, site, view, true);
    out.len()
}

fn write(out: &mut Out<'_>, config: &Config, id: SiteId, view: &dyn View, longest: bool) {
    let site = config.sites.get(id.index()).copied().unwrap_or_default();
    let (now, seen) = (view.now(), view.site(id));
    let mut cx = Context { config, view, lang: out.lang(), site: &site, id, now, seen, longest };
    cx.seen.overall = cx.overall();
    cx.page(out);
}

/// What every part of the page needs to know.
struct Context<'a> {
    config: &'a Config,
    view: &'a dyn View,
    lang: Lang,
    site: &'a config::Site,
    id: SiteId,
    now: Now,
    seen: SiteView,
    /// Whether to write all that a page could hold, for [`size`].
    longest: bool,
}

/// The room for what alerts say, in bytes, and whether something did not fit.
#[derive(Clone, Copy)]
struct Texts {
    left: usize,
    omitted: bool,
}

/// `s12`, `c199`: an anchor. They count the things of this page only: the configuration's numbers would tell
/// how much there is on other sites.
type Anchor = String<8>;

fn anchor(kind: &str, number: usize) -> Anchor {
    let mut out = Anchor::new();
    _ = uwrite!(out, "{}{}", kind, number);
    out
}

/// The class and the sign of a state: colour, shape and glyph.
const fn look(state: State) -> (&'static str, &'static str) {
    match state {
        State::Operational => ("ok", "✓"),
        State::NoData => ("na", "?"),
        State::Degraded => ("warn", "!"),
        State::Outage => ("down", "×"),
    }
}

/// How a service is: the worst of its components, and whether all of them are so.
#[derive(Clone, Copy)]
struct Worst {
    state: State,
    all: bool,
    parts: usize,
    /// Why, if all of several components are so for the same reason: then it is said once.
    shared: Option<Reason>,
}

impl Worst {
    fn all_unknown(self) -> bool {
        self.all && self.state == State::NoData
    }
}

const fn service_word(worst: Worst) -> Word {
    match worst.state {
        State::Operational => Word::ServiceOperational,
        State::NoData if worst.all => Word::ServiceNoData,
        State::NoData => Word::ServicePartlyNoData,
        State::Degraded => Word::ServiceDegraded,
        State::Outage if worst.all => Word::ServiceOutage,
        State::Outage => Word::ServicePartlyOutage,
    }
}

const fn component_word(state: State) -> Word {
    match state {
        State::Operational => Word::StateOperational,
        State::NoData => Word::StateNoData,
        State::Degraded => Word::StateDegraded,
        State::Outage => Word::StateOutage,
    }
}

/// The first bytes of a text that a page shows, and whether that is not all of it.
fn cut(text: &str) -> (&str, bool) {
    let end = text.floor_char_boundary(TEXT_SHOWN_BYTES);
    (text.get(..end).unwrap_or(""), end < text.len())
}

impl<'a> Context<'a> {
    fn word(&self, which: Word) -> &'static str {
        word(self.lang, which)
    }

    fn name(&self, texts: &config::Texts) -> &'a str {
        self.config.text(texts, self.lang)
    }

    fn services(&self) -> impl Iterator<Item = (usize, ServiceId, &'a config::Service)> {
        (1..).zip(self.config.services_of(self.id)).map(|(number, (id, service))| (number, id, service))
    }

    /// A service without parts is not known to be well.
    fn worst(&self, service: ServiceId) -> Worst {
        let mut worst = Worst { state: State::Operational, all: true, parts: 0, shared: None };
        for (id, _) in self.config.components_of(service) {
            let ComponentView { state, reason, .. } = self.view.component(id);
            let first = worst.parts == 0;
            worst.all &= first || state == worst.state;
            worst.shared = Some(reason).filter(|_| first || worst.shared == Some(reason));
            worst.state = worst.state.max(state);
            worst.parts = worst.parts.saturating_add(1);
        }
        if worst.parts == 0 {
            worst.state = State::NoData;
        }
        worst.shared = worst.shared.filter(|_| worst.all && worst.parts > 1 && !self.longest);
        worst
    }

    /// How the site is; never better than what stands below it, and never well while nobody watches.
    fn overall(&self) -> State {
        let parts = self.services().map(|(_, id, _)| self.worst(id)).filter(|worst| worst.parts > 0);
        let worst = parts.map(|worst| worst.state).fold(self.seen.overall, State::max);
        match (worst, self.seen.monitoring) {
            (State::Operational, Monitoring::Down(_)) => State::NoData,
            _ => worst,
        }
    }

    fn page(&self, out: &mut Out<'_>) {
        let overall = self.seen.overall;
        let empty = self.services().next().is_none();
        let (state, text) = match overall {
            _ if empty => (State::NoData, Word::OverallEmpty),
            State::Operational => (overall, Word::OverallOperational),
            State::NoData if self.services().all(|(_, id, _)| self.worst(id).all_unknown()) => {
                (overall, Word::OverallNoData)
            }
            State::NoData => (overall, Word::OverallPartlyNoData),
            State::Degraded => (overall, Word::OverallDegraded),
            State::Outage => (overall, Word::OverallOutage),
        };
        let (look, sign) = look(state);
        Page {
            lang: self.lang.tag(),
            dir: self.lang.dir(),
            site: self.name(&self.site.title),
            overall: self.word(text),
            look,
            sign,
            robots: &mut |out| {
                if self.site.visibility != Visibility::Public {
                    Robots {}.write(out);
                }
            },
            as_of: &mut |out| self.as_of(out),
            banner: &mut |out| self.banner(out),
            intro: &mut |out| self.paragraph(out, "intro", &self.site.intro),
            affected: &mut |out| self.affected(out),
            hint: &mut |out| self.hint(out, empty),
            services: &mut |out| self.all_services(out),
            zone: &mut |out| self.zone(out),
        }
        .write(out);
    }

    /// A time inside a sentence that has one place for it, or the other sentence where it is not known.
    fn timed(&self, out: &mut Out<'_>, at: Option<Mono>, date: Date, with: Word, without: Option<Word>) {
        let Some((now, at)) = self.now.wall.zip(at.and_then(|at| self.now.wall_of(at))) else {
            if let Some(without) = without {
                out.word(without);
            }
            return;
        };
        let (before, after) = around(self.word(with));
        let local = when::local(self.lang, self.site.timezone, at, now, date);
        out.text(before);
        Time { utc: &when::utc(at), local: &local }.write(out);
        out.text(after);
    }

    fn as_of(&self, out: &mut Out<'_>) {
        let without = if self.seen.as_of.is_some() { Word::AsOfNoClock } else { Word::AsOfNever };
        self.timed(out, self.seen.as_of, Date::Always, Word::AsOfHeard, Some(without));
    }

    fn banner(&self, out: &mut Out<'_>) {
        let (since, with, without) = match self.seen.monitoring {
            Monitoring::Up => return,
            Monitoring::Partly(since) => (since, Word::MonitoringPartlySince, Word::MonitoringPartly),
            Monitoring::Down(since) => (since, Word::MonitoringDownSince, Word::MonitoringDown),
        };
        let mut text = |out: &mut Out<'_>| self.timed(out, since, Date::UnlessToday, with, Some(without));
        Notice { class: "banner", text: &mut text }.write(out);
    }

    /// What a person without a connection wants to know: is it me?
    fn hint(&self, out: &mut Out<'_>, empty: bool) {
        let text = match self.seen.overall {
            _ if empty => Word::Empty,
            State::Operational if self.seen.monitoring == Monitoring::Up => Word::HintOperational,
            State::Operational | State::NoData => Word::HintNoData,
            State::Degraded | State::Outage => Word::HintTrouble,
        };
        Notice { class: "hint", text: &mut |out| out.word(text) }.write(out);
    }

    fn zone(&self, out: &mut Out<'_>) {
        let Some(now) = self.now.wall else { return };
        let (before, after) = around(self.word(Word::Zone));
        Zone { before, name: &when::zone(self.site.timezone, now), after }.write(out);
    }

    /// A text of the configuration, unless it is absent.
    fn paragraph(&self, out: &mut Out<'_>, class: &str, texts: &config::Texts) {
        let text = self.name(texts);
        if !text.is_empty() {
            Paragraph { class, text }.write(out);
        }
    }

    /// The list at the top: the worst first, a whole service as one line. While nobody watches, everything is
    /// unknown, which the banner says better than a list.
    fn affected(&self, out: &mut Out<'_>) {
        let states: &[State] = match self.seen.monitoring {
            Monitoring::Down(_) => &[State::Outage, State::Degraded],
            _ => &[State::Outage, State::Degraded, State::NoData],
        };
        let worst = self.services().map(|(_, id, _)| self.worst(id)).filter(|worst| worst.parts > 0);
        let Some(worst) = worst.map(|worst| worst.state).max().filter(|state| states.contains(state)) else {
            return;
        };
        let title = if worst == State::NoData { Word::AffectedUnknown } else { Word::AffectedTitle };
        let count = Cell::new(0);
        Affected {
            title: self.word(title),
            entries: &mut |out| {
                for &state in states {
                    self.entries(out, state, &count);
                }
            },
            more: &mut |out| {
                if count.get() > AFFECTED_SHOWN {
                    Notice { class: "rest", text: &mut |out| out.word(Word::AffectedMore) }.write(out);
                }
            },
        }
        .write(out);
    }

    /// Those that are in `state`.
    fn entries(&self, out: &mut Out<'_>, state: State, count: &Cell<usize>) {
        let mut number: usize = 0;
        for (service_number, service_id, service) in self.services() {
            let worst = self.worst(service_id);
            let name = self.name(&service.title);
            if worst.all && !self.longest {
                if worst.state == state && worst.parts > 0 {
                    self.entry(
                        out,
                        count,
                        &anchor("s", service_number),
                        state,
                        name,
                        "",
                        service_word(worst),
                    );
                }
                number = number.saturating_add(worst.parts);
                continue;
            }
            for (id, part) in self.config.components_of(service_id) {
                number = number.saturating_add(1);
                if self.view.component(id).state == state {
                    let part = self.name(&part.title);
                    self.entry(out, count, &anchor("c", number), state, name, part, component_word(state));
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn entry(
        &self,
        out: &mut Out<'_>,
        count: &Cell<usize>,
        id: &str,
        state: State,
        service: &str,
        part: &str,
        text: Word,
    ) {
        count.set(count.get().saturating_add(1));
        if count.get() > AFFECTED_SHOWN && !self.longest {
            return;
        }
        let (look, sign) = look(state);
        let separator = if part.is_empty() { "" } else { " · " };
        Entry { id, look, sign, service, separator, part, state: self.word(text) }.write(out);
    }

    fn all_services(&self, out: &mut Out<'_>) {
        let texts = Texts { left: TEXTS_BYTES, omitted: self.longest };
        let (texts, number) = (Cell::new(texts), Cell::new(0));
        for (service_number, id, service) in self.services() {
            self.service(out, service_number, id, service, &number, &texts);
        }
        if texts.get().omitted {
            Notice { class: "rest", text: &mut |out| out.word(Word::TextsOmitted) }.write(out);
        }
    }

    fn service(
        &self,
        out: &mut Out<'_>,
        service_number: usize,
        id: ServiceId,
        service: &config::Service,
        number: &Cell<usize>,
        texts: &Cell<Texts>,
    ) {
        let worst = self.worst(id);
        let (look, sign) = look(worst.state);
        let name = self.name(&service.title);
        let mut components = |out: &mut Out<'_>| {
            for (id, component) in self.config.components_of(id) {
                number.set(number.get().saturating_add(1));
                self.component(out, number.get(), id, component, worst.shared.is_none(), texts);
            }
        };
        Service {
            id: &anchor("s", service_number),
            look,
            sign,
            name,
            state: self.word(service_word(worst)),
            description: &mut |out| {
                self.paragraph(out, "d", &service.description);
                self.reason(out, worst.shared.unwrap_or_default());
            },
            parts: &mut |out| {
                if worst.parts == 0 {
                    Notice { class: "why", text: &mut |out| out.word(Word::ServiceEmpty) }.write(out);
                } else {
                    Parts { components: &mut components }.write(out);
                }
            },
            link: &mut |out| {
                let url = self.config.str(service.url);
                if is_web(url) {
                    let (before, after) = around(self.word(Word::ServiceMore));
                    Link { url, before, name, after }.write(out);
                }
            },
        }
        .write(out);
    }

    fn component(
        &self,
        out: &mut Out<'_>,
        number: usize,
        id: ComponentId,
        component: &config::Component,
        say_why: bool,
        texts: &Cell<Texts>,
    ) {
        let seen = self.view.component(id);
        let (look, sign) = look(seen.state);
        Component {
            id: &anchor("c", number),
            look,
            sign,
            name: self.name(&component.title),
            state: self.word(component_word(seen.state)),
            since: &mut |out| {
                if let Some(since) = seen.since.filter(|_| self.now.wall.is_some()) {
                    out.text(" ");
                    self.timed(out, Some(since), Date::UnlessToday, Word::Since, None);
                }
            },
            detail: &mut |out| {
                self.paragraph(out, "d", &component.description);
                if say_why {
                    self.reason(out, seen.reason);
                }
                self.texts(out, id, texts);
            },
        }
        .write(out);
    }

    fn reason(&self, out: &mut Out<'_>, reason: Reason) {
        // The banner has said it already, and sixteen times the same line hides what differs.
        let down = matches!(self.seen.monitoring, Monitoring::Down(_));
        let text = match reason {
            Reason::Reported => return,
            Reason::NeverHeard | Reason::Silent if down => return,
            Reason::NeverHeard => Word::ReasonNeverHeard,
            Reason::Silent => Word::ReasonSilent,
            Reason::Resync => Word::ReasonResync,
            Reason::Expired => Word::ReasonExpired,
        };
        Notice { class: "why", text: &mut |out| out.word(text) }.write(out);
    }

    /// What alerts say, as far as there is room: the states come first.
    fn texts(&self, out: &mut Out<'_>, id: ComponentId, texts: &Cell<Texts>) {
        let mut shown: usize = 0;
        self.view.published(id, &mut |text| {
            let Texts { left, omitted } = texts.get();
            if text.is_empty() || shown >= TEXTS_SHOWN {
                return;
            }
            shown = shown.saturating_add(1);
            let before = out.len();
            let (text, more) = cut(text);
            Quote { text, more: if more { "…" } else { "" } }.write(out);
            if let Some(left) = left.checked_sub(out.len().saturating_sub(before)) {
                texts.set(Texts { left, omitted });
            } else {
                out.take_back(before);
                texts.set(Texts { left, omitted: true });
            }
        });
    }
}
