//! The page of a site. Most urgent first: how things are, as of when, what people say, what is
//! affected; then each service. What it shares with the page of an incident and with the history is
//! here as well.

use core::cell::Cell;

use heapless::String;
use ufmt::uwrite;

#[cfg(feature = "feeds")]
use super::fragment::Preview;
use super::fragment::{
    Affected, Archive, Board, BoardEntry, Component, Contact, LangLink, Langs, Name, Notice, Now, Out, Page,
    PageBuf, PageFull, Paragraph, Parts, Quote, Robots, Service, ServiceMore, ServiceOpen, ServiceRow,
    Services, Time, Zone, is_web,
};
use super::headline::Headline;
use super::when::{self, DateShown};
use super::words::{Word, around, word};
use crate::config::{self, Config, Times, Visibility};
use crate::limits::{
    AFFECTED_SHOWN, DETAIL_BYTES, PAGE_COMPONENT_BYTES, PAGE_COMPONENTS_ROOMY, SHORT_NAME_BYTES, STORY_BYTES,
    TEXT_SHOWN_BYTES, TEXTS_SHOWN,
};
use crate::model::{
    BannerView, ComponentId, ComponentSet, ComponentView, Day, Finding, Lang, PageKind, ServiceId, SiteId,
    View, Words,
};
use crate::shown::{self, Monitoring, ShownState, Worst};
use crate::text::buffer::Bytes;
use crate::text::json::Json;
use crate::text::mask::shorten;
use crate::time::civil::DAY_MS;
use crate::time::{At, Mono, Now as Clocks, Wall};
#[cfg(feature = "feeds")]
use crate::{limits::SITE_URL_BYTES, model::Output};

/// Renders a page of `site` in `lang` into `out`, whose content it replaces. A page that does not
/// fit is [`PageFull`], and `out` is then empty: see [`worst_case`](super::worst_case). An incident
/// that the site does not have is a page that says nothing of it: see [`has_incident`].
///
/// An unknown site is an empty page that says so. Work is bounded by services times components.
pub fn page(
    out: &mut PageBuf,
    config: &Config,
    site: SiteId,
    lang: Lang,
    view: &dyn View,
    kind: PageKind,
) -> Result<(), PageFull> {
    let mut out = Out::new(out, lang);
    write(&mut out, config, site, view, kind, false);
    out.finish()
}

/// The title that the page of a site keeps, in English, though people say at its top that all is
/// better than that.
pub fn overruled(config: &Config, site: SiteId, view: &dyn View) -> Option<&'static str> {
    let cx = Context::new(config, site, Lang::En, view, PageKind::Now, false);
    let headline = cx.headline(view.banner(site).as_ref());
    headline.team_says().map(|_| cx.word(headline.title()))
}

/// Whether a site has an incident of this number.
pub fn has_incident(view: &dyn View, site: SiteId, number: u32) -> bool {
    let mut found = false;
    view.incidents(site, &mut |incident| found |= incident.number == number);
    found
}

/// The bytes of a page on which no alert says anything, with everything else that it could hold:
/// every affected component is listed, whatever [`AFFECTED_SHOWN`] says.
pub(super) fn size(config: &Config, site: SiteId, lang: Lang, view: &dyn View) -> usize {
    let mut nothing = Bytes::<0>::new();
    let mut out = Out::new(&mut nothing, lang);
    write(&mut out, config, site, view, PageKind::Now, true);
    out.len()
}

fn write(out: &mut Out<'_>, config: &Config, id: SiteId, view: &dyn View, kind: PageKind, longest: bool) {
    let cx = Context::new(config, id, out.lang(), view, kind, longest);
    match kind {
        PageKind::Now => cx.page(out),
        PageKind::History => cx.history(out),
        PageKind::Incident(number) => cx.incident(out, number),
        PageKind::Feed(_) => {}
    }
}

/// What every part of the page needs to know.
pub(super) struct Context<'a> {
    pub(super) config: &'a Config,
    pub(super) view: &'a dyn View,
    pub(super) lang: Lang,
    pub(super) site: config::Site,
    pub(super) id: SiteId,
    pub(super) now: Clocks,
    monitoring: Monitoring,
    /// How the site is.
    pub(super) told: ShownState,
    pub(super) kind: PageKind,
    /// From this page to the root of the site.
    pub(super) base: &'static str,
    /// The room for what people say and for what happened, in bytes.
    pub(super) story: Cell<usize>,
    /// The room for bars.
    pub(super) bars: Cell<usize>,
    /// Whether the page has a bar.
    pub(super) barred: Cell<bool>,
    /// Whether something did not fit.
    pub(super) left_out: Cell<bool>,
    /// The components that an incident at the top of the page names.
    pub(super) named_above: Cell<ComponentSet>,
    /// Whether to write all that a page could hold, for [`size`].
    pub(super) longest: bool,
}

/// The class of a state: colour and shape.
pub(super) const fn look(state: ShownState) -> &'static str {
    match state {
        ShownState::Well => "ok",
        ShownState::Work => "work",
        ShownState::NoData => "na",
        ShownState::Degraded => "warn",
        ShownState::Outage => "down",
    }
}

/// The sign of a state, which stands beside its word and is not read out. It is text, since no old
/// browser draws what a style sheet adds.
pub(super) const fn sign(state: ShownState) -> &'static str {
    match state {
        ShownState::Well => "✓",
        ShownState::Work => "···",
        ShownState::NoData => "?",
        ShownState::Degraded => "!",
        ShownState::Outage => "×",
    }
}

/// The word for a part in this state.
pub(super) const fn part_word(state: ShownState) -> Word {
    match state {
        ShownState::Well => Word::StateOperational,
        ShownState::Work => Word::StateMaintenance,
        ShownState::NoData => Word::StateNoData,
        ShownState::Degraded => Word::StateDegraded,
        ShownState::Outage => Word::StateOutage,
    }
}

/// The room for what alerts say, in bytes, and whether something did not fit.
#[derive(Clone, Copy)]
struct Texts {
    left: usize,
    omitted: bool,
}

/// `s12`, `c199`: an anchor. They count the things of this page only: the configuration's numbers
/// would tell how much there is on other sites.
type Anchor = String<8>;

fn anchor(kind: &str, number: usize) -> Anchor {
    let mut out = Anchor::new();
    _ = uwrite!(out, "{}{}", kind, number);
    out
}

pub(super) const fn service_word(worst: Worst) -> Word {
    match worst.state {
        ShownState::Well => Word::ServiceOperational,
        ShownState::Work => Word::ServiceMaintenance,
        ShownState::NoData if worst.all => Word::ServiceNoData,
        ShownState::NoData => Word::ServicePartlyNoData,
        ShownState::Degraded => Word::ServiceDegraded,
        ShownState::Outage if worst.all => Word::ServiceOutage,
        ShownState::Outage => Word::ServicePartlyOutage,
    }
}

/// Why a component is not known to be well, in words for visitors; `None` if its state says all.
pub(super) const fn reason_word(finding: Finding) -> Option<Word> {
    Some(match finding {
        Finding::Well | Finding::Degraded | Finding::Outage => return None,
        Finding::TeamSaysOver => Word::ReasonTeamSaysOver,
        Finding::NotDueYet => Word::ReasonNotDueYet,
        Finding::ClockUnset => Word::ReasonClockUnset,
        Finding::NeverHeard => Word::ReasonNeverHeard,
        Finding::Settling => Word::ReasonSettling,
        Finding::Reconfigured => Word::ReasonReconfigured,
        Finding::LeftOut => Word::ReasonLeftOut,
        Finding::NoRoom => Word::ReasonNoRoom,
        Finding::Unreadable => Word::ReasonUnreadable,
        Finding::NotOnFlash => Word::ReasonNotOnFlash,
        Finding::SamplesStopped => Word::ReasonSamplesStopped,
        Finding::SenderCannotTell => Word::ReasonSenderCannotTell,
        Finding::Lapsed => Word::ReasonLapsed,
        Finding::Silent => Word::ReasonSilent,
    })
}

/// The first words of a text that a page shows, and whether that is not all of it.
fn cut(text: &str) -> (&str, bool) {
    let fits = text.len() <= TEXT_SHOWN_BYTES;
    (if fits { text } else { shorten(text, TEXT_SHOWN_BYTES) }, !fits)
}

/// Bytes that a front page has for texts of alerts, and as many for what happened and for bars:
/// fewer if it has many components, whose states are never left out.
pub(super) fn room_of_page(config: &Config, site: SiteId) -> usize {
    let more = shown::parts_at(config, site).count().saturating_sub(PAGE_COMPONENTS_ROOMY);
    STORY_BYTES.saturating_sub(more.saturating_mul(PAGE_COMPONENT_BYTES))
}

impl<'a> Context<'a> {
    pub(super) fn new(
        config: &'a Config,
        id: SiteId,
        lang: Lang,
        view: &'a dyn View,
        kind: PageKind,
        longest: bool,
    ) -> Self {
        let left = room_of_page(config, id);
        let room = || Cell::new(if kind == PageKind::Now { left } else { DETAIL_BYTES });
        Self {
            config,
            view,
            lang,
            site: config.sites.get(id.index()).copied().unwrap_or_default(),
            id,
            now: view.now(),
            monitoring: shown::monitoring(config, view, id),
            told: shown::headline(config, view, id),
            kind,
            base: match kind {
                PageKind::Now | PageKind::Feed(_) => "",
                PageKind::History => "./",
                PageKind::Incident(_) => "../",
            },
            story: room(),
            bars: room(),
            barred: Cell::new(longest),
            left_out: Cell::new(longest),
            named_above: Cell::new(ComponentSet::EMPTY),
            longest,
        }
    }

    pub(super) fn word(&self, which: Word) -> &'static str {
        word(self.lang, which)
    }

    pub(super) fn name(&self, texts: config::Texts) -> &'a str {
        self.config.text(&texts, self.lang)
    }

    pub(super) fn services(&self) -> impl Iterator<Item = (usize, ServiceId, &'a config::Service)> {
        (1..).zip(shown::services(self.config, self.id)).map(|(number, (id, service))| (number, id, service))
    }

    /// The parts of a service, at their worst. At its longest, a page says each reason apart.
    pub(super) fn worst(&self, service: ServiceId) -> Worst {
        self.longer(shown::parts_of(self.config, self.view, service))
    }

    /// A service, with what people say of it.
    pub(super) fn shown(&self, service: ServiceId) -> Worst {
        self.longer(shown::service(self.config, self.view, service))
    }

    fn longer(&self, worst: Worst) -> Worst {
        Worst { shared: worst.shared.filter(|_| !self.longest), ..worst }
    }

    /// A page of the site, whatever it shows.
    pub(super) fn frame(
        &self,
        out: &mut Out<'_>,
        title: &str,
        top: &mut dyn FnMut(&mut Out<'_>),
        main: &mut dyn FnMut(&mut Out<'_>),
        foot: &mut dyn FnMut(&mut Out<'_>),
    ) {
        Page {
            dir: self.lang.dir(),
            title,
            site: self.name(self.site.title),
            robots: &mut |out| {
                if self.site.visibility != Visibility::Public {
                    Robots {}.write(out);
                }
                #[cfg(feature = "feeds")]
                self.preview(out, title);
            },
            langs: &mut |out| self.languages(out),
            top,
            main,
            foot: &mut |out| {
                foot(out);
                self.contact(out, around(self.word(Word::ContactFoot)));
                self.zone(out);
            },
        }
        .write(out);
    }

    /// What a preview of a link to the page shows: how all of the site is.
    #[cfg(feature = "feeds")]
    fn preview(&self, out: &mut Out<'_>, title: &str) {
        if !self.config.publishes(self.id, Output::OpenGraph) {
            return;
        }
        let mut url: String<{ SITE_URL_BYTES + 32 }> = String::new();
        _ = url.push_str(self.config.str(self.site.url));
        match self.kind {
            PageKind::History => _ = url.push_str("/history"),
            PageKind::Incident(number) => _ = uwrite!(url, "/incidents/{}", number),
            PageKind::Now | PageKind::Feed(_) => _ = url.push('/'),
        }
        let headline = self.headline(self.view.banner(self.id).as_ref());
        Preview {
            base: self.base,
            title: if self.kind == PageKind::Now { self.name(self.site.title) } else { title },
            state: self.word(headline.title()),
            url: &url,
        }
        .write(out);
    }

    /// This page in each other language. Who reads in one that their browser did not ask for keeps
    /// it: all links of a page name its language, so nothing need be remembered of a visitor. They
    /// also do so for a visitor whose browser asked for it. So there is one page a language, and
    /// who asks for languages costs no more than who prefers them.
    fn languages(&self, out: &mut Out<'_>) {
        let mut links = |out: &mut Out<'_>| {
            for lang in Lang::ALL.into_iter().filter(|&lang| lang != self.lang) {
                LangLink { tag: lang.tag(), name: lang.name() }.write(out);
                out.text(" ");
            }
        };
        Langs { links: &mut links }.write(out);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.services().next().is_none()
    }

    pub(super) fn headline(&self, banner: Option<&BannerView<'_>>) -> Headline<'a> {
        let forced = banner.and_then(|banner| banner.state).map(ShownState::from);
        Headline::new(self.config, self.view, self.id, self.lang, self.told, forced)
    }

    fn page(&self, out: &mut Out<'_>) {
        let banner = self.view.banner(self.id);
        let headline = self.headline(banner.as_ref());
        let empty = self.is_empty();
        let mut top = |out: &mut Out<'_>| {
            Now {
                overall: &mut |out| headline.line(out, self.longest),
                look: if headline.is_work_on_some() { "some work" } else { look(headline.state) },
                sign: sign(headline.state),
                forced: &mut |out| {
                    self.forced(out, banner.as_ref().filter(|_| headline.team_says().is_none()));
                },
                as_of: &mut |out| self.as_of(out),
            }
            .write(out);
            self.team_says(out, banner.as_ref(), headline.team_says());
            self.board(out, banner.as_ref());
            self.banner(out);
            self.paragraph(out, "intro", self.site.intro);
        };
        let mut main = |out: &mut Out<'_>| {
            self.incidents(out);
            self.affected(out);
            self.hint(out, empty, headline.state.max(self.told));
            self.maintenance(out);
            self.all_services(out);
            self.recent(out);
            self.rest(out);
        };
        self.frame(out, self.word(headline.title()), &mut top, &mut main, &mut |out| {
            self.bars_legend(out);
        });
    }

    /// That the line above is people's, and since when.
    pub(super) fn forced(&self, out: &mut Out<'_>, banner: Option<&BannerView<'_>>) {
        let Some(banner) = banner.filter(|banner| banner.state.is_some()) else { return };
        let mut text = |out: &mut Out<'_>| {
            self.at(out, banner.at, DateShown::UnlessToday, Word::ForcedSince, Some(Word::Forced));
        };
        Notice { class: "forced", text: &mut text }.write(out);
    }

    /// What people say that is better than the line above. It stands below the box, which it
    /// contradicts.
    pub(super) fn team_says(&self, out: &mut Out<'_>, banner: Option<&BannerView<'_>>, better: Option<Word>) {
        let Some((banner, better)) = banner.zip(better) else { return };
        let mut text = |out: &mut Out<'_>| {
            let (before, after) = around(self.word(Word::Claim));
            out.text(before);
            out.word(better);
            out.text(after);
            if let Some((now, at)) = self.now.wall.zip(banner.at) {
                out.text(" · ");
                self.time(out, at, now, DateShown::UnlessToday);
            }
            out.text(" · ");
            out.word(Word::ClaimDoubt);
        };
        Notice { class: "banner", text: &mut text }.write(out);
    }

    /// What people say at the top.
    fn board(&self, out: &mut Out<'_>, banner: Option<&BannerView<'_>>) {
        let Some(words) = banner.map(|banner| banner.words).filter(|words| *words != Words::None) else {
            return;
        };
        self.fitting(out, &self.story, &mut |out| {
            Board { words: &mut |out| self.words(out, words) }.write(out);
        });
    }

    /// The way to what was, and what did not fit.
    fn rest(&self, out: &mut Out<'_>) {
        if self.left_out.get() {
            Notice { class: "why", text: &mut |out| out.word(Word::TextsOmitted) }.write(out);
        }
        Archive { base: self.base, text: self.word(Word::PastAll) }.write(out);
    }

    /// Writes a part if there is room for all of it; whether there was.
    pub(super) fn fitting(
        &self,
        out: &mut Out<'_>,
        room: &Cell<usize>,
        part: &mut dyn FnMut(&mut Out<'_>),
    ) -> bool {
        let before = out.len();
        part(out);
        let left = room.get().checked_sub(out.len().saturating_sub(before));
        if let Some(left) = left {
            room.set(left);
        } else {
            out.take_back(before);
            self.left_out.set(true);
        }
        left.is_some()
    }

    /// A time inside a sentence that has one place for it, or the other sentence where it is not
    /// known.
    fn timed(&self, out: &mut Out<'_>, at: Option<Mono>, date: DateShown, with: Word, without: Option<Word>) {
        self.at(out, at.and_then(|at| self.now.wall_of(at)), date, with, without);
    }

    /// The same for a time of the other clock.
    pub(super) fn at(
        &self,
        out: &mut Out<'_>,
        at: Option<Wall>,
        date: DateShown,
        with: Word,
        without: Option<Word>,
    ) {
        let Some((now, at)) = self.now.wall.zip(at) else {
            if let Some(without) = without {
                out.word(without);
            }
            return;
        };
        let (before, after) = around(self.word(with));
        out.text(before);
        self.time(out, at, now, date);
        out.text(after);
    }

    /// A time; it says its date if that is not the one of `now`.
    pub(super) fn time(&self, out: &mut Out<'_>, at: Wall, now: Wall, date: DateShown) {
        let (zone, at) = (self.site.timezone, shown::told_time(&self.site, at));
        if self.site.times != Times::Day {
            let local = when::local(self.lang, zone, at, now, date);
            return Time { utc: &when::utc(at), local: &local }.write(out);
        }
        let today =
            self.now.wall.filter(|&today| date == DateShown::UnlessToday && self.told_as_one(at, today));
        let day = when::day(self.lang, zone, at, now);
        let local = if today.is_some() { self.word(Word::UptimeToday) } else { &day };
        Time { utc: &when::date(zone, at), local }.write(out);
    }

    /// A time for programs, as exactly as the site tells it: in UTC, to the minute at most.
    pub(super) fn stamp(&self, at: Wall) -> when::Utc {
        when::stamp(shown::told_time(&self.site, at))
    }

    /// Whether a reader is told the same of two times, because the site does not tell them exactly.
    pub(super) fn told_as_one(&self, a: Wall, b: Wall) -> bool {
        let told = |at| shown::told_time(&self.site, at);
        self.site.times != Times::Exact && told(a) == told(b)
    }

    pub(super) fn as_of(&self, out: &mut Out<'_>) {
        let as_of = self.view.as_of(self.id);
        let without = if as_of.is_some() { Word::AsOfNoClock } else { Word::AsOfNever };
        self.timed(out, as_of, DateShown::Always, Word::AsOfHeard, Some(without));
    }

    pub(super) fn banner(&self, out: &mut Out<'_>) {
        let (since, with, without) = match self.monitoring {
            Monitoring::Up => return,
            Monitoring::Partly(since) => (since, Word::MonitoringPartlySince, Word::MonitoringPartly),
            Monitoring::Down(since) => (since, Word::MonitoringDownSince, Word::MonitoringDown),
        };
        let mut text =
            |out: &mut Out<'_>| self.timed(out, since, DateShown::UnlessToday, with, Some(without));
        Notice { class: "banner", text: &mut text }.write(out);
    }

    /// What a person without a connection wants to know: is it me?
    fn hint(&self, out: &mut Out<'_>, empty: bool, told: ShownState) {
        let text = match told {
            _ if empty => Word::Empty,
            ShownState::Well => Word::HintOperational,
            ShownState::NoData => Word::HintNoData,
            ShownState::Work => Word::HintMaintenance,
            ShownState::Degraded | ShownState::Outage => Word::HintTrouble,
        };
        let more = match told {
            _ if empty || self.name(self.site.contact).is_empty() => None,
            ShownState::Well | ShownState::NoData => Some(Word::ContactAsk),
            _ => Some(Word::ContactElse),
        };
        let mut words = |out: &mut Out<'_>| {
            out.word(text);
            if let Some(more) = more {
                out.text(" ");
                out.word(more);
            }
        };
        Notice { class: "hint", text: &mut words }.write(out);
        if more.is_some() {
            self.contact(out, ("", ""));
        }
    }

    /// A name of the configuration, cut if it is long.
    pub(super) fn short_name(&self, out: &mut Out<'_>, texts: config::Texts) {
        let name = self.name(texts);
        let is_long = name.len() > SHORT_NAME_BYTES;
        out.text(if is_long { shorten(name, SHORT_NAME_BYTES) } else { name });
        out.text(if is_long { "…" } else { "" });
    }

    /// Whether people said where the page is.
    pub(super) fn has_address(&self) -> bool {
        !self.site.url.is_empty()
    }

    /// The address of a page of the site, a number at its end; nothing if nobody said where it is.
    pub(super) fn address(&self, out: &mut Out<'_>, path: &str, number: Option<u32>) {
        if !self.has_address() {
            return;
        }
        for part in [self.site.url, self.site.secret_path] {
            out.text(self.config.str(part));
            out.text(if part.is_empty() { "" } else { "/" });
        }
        out.text(path);
        if let Some(number) = number {
            Json::number(out, number.into());
        }
    }

    /// Who hears of what this page does not show, if there is somebody.
    fn contact(&self, out: &mut Out<'_>, (before, after): (&str, &str)) {
        let text = self.name(self.site.contact);
        if text.is_empty() {
            return;
        }
        let mut words = |out: &mut Out<'_>| {
            out.text(before);
            match self.config.str(self.site.contact_url) {
                "" => Name { name: text }.write(out),
                url => Contact { url, text }.write(out),
            }
            out.text(after);
        };
        Notice { class: "more", text: &mut words }.write(out);
    }

    pub(super) fn zone(&self, out: &mut Out<'_>) {
        let Some(now) = self.now.wall else { return };
        let sentence = match self.site.times {
            Times::Exact => Word::Zone,
            Times::Hour => Word::ZoneHour,
            Times::Day => {
                return Notice { class: "zone", text: &mut |out| out.word(Word::ZoneDay) }.write(out);
            }
        };
        let (before, after) = around(self.word(sentence));
        Zone { before, name: &when::zone(self.site.timezone, now), after }.write(out);
    }

    /// A text of the configuration, unless it is absent.
    fn paragraph(&self, out: &mut Out<'_>, class: &str, texts: config::Texts) {
        let text = self.name(texts);
        if !text.is_empty() {
            Paragraph { class, text }.write(out);
        }
    }

    /// The list at the top: the worst first, a whole service as one line, but for what an incident
    /// above names. While nobody watches, everything is unknown, which the banner says better than
    /// a list.
    fn affected(&self, out: &mut Out<'_>) {
        let states: &[ShownState] = match self.monitoring {
            Monitoring::Down(_) => &[ShownState::Outage, ShownState::Degraded],
            _ => &[ShownState::Outage, ShownState::Degraded, ShownState::NoData],
        };
        let named = self.named_above.get();
        let others = shown::parts_at(self.config, self.id).filter(|&id| !named.contains(id));
        let others = others.map(|id| shown::part(self.view, id));
        let Some(worst) = others.max().filter(|state| states.contains(state)) else { return };
        let title = match worst {
            ShownState::NoData => Word::AffectedUnknown,
            _ if named.is_empty() => Word::AffectedTitle,
            _ => Word::AffectedAlso,
        };
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
                    Notice { class: "why", text: &mut |out| out.word(Word::AffectedMore) }.write(out);
                }
            },
        }
        .write(out);
    }

    /// Those that are in `state`.
    fn entries(&self, out: &mut Out<'_>, state: ShownState, count: &Cell<usize>) {
        let mut number: usize = 0;
        for (service_number, service_id, service) in self.services() {
            let worst = self.worst(service_id);
            let name = self.name(service.title);
            let named = self.named_above.get();
            let mut parts = shown::parts(self.config, service_id);
            if worst.all && !self.longest && !parts.any(|(id, _)| named.contains(id)) {
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
            for (id, part) in shown::parts(self.config, service_id) {
                number = number.saturating_add(1);
                if ShownState::from(&self.view.component(id)) == state && !named.contains(id) {
                    let part = self.name(part.title);
                    self.entry(out, count, &anchor("c", number), state, name, part, part_word(state));
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
        state: ShownState,
        service: &str,
        part: &str,
        text: Word,
    ) {
        count.set(count.get().saturating_add(1));
        if count.get() > AFFECTED_SHOWN && !self.longest {
            return;
        }
        let look = look(state);
        let separator = if part.is_empty() { "" } else { " · " };
        let sign = sign(state);
        BoardEntry { id, look, service, separator, part, sign, state: self.word(text) }.write(out);
    }

    fn all_services(&self, out: &mut Out<'_>) {
        if self.is_empty() {
            return;
        }
        let texts = Texts { left: room_of_page(self.config, self.id), omitted: self.longest };
        let (texts, number) = (Cell::new(texts), Cell::new(0));
        let mut services = |out: &mut Out<'_>| {
            for (service_number, id, service) in self.services() {
                self.service(out, service_number, id, service, &number, &texts);
            }
        };
        Services { services: &mut services }.write(out);
        if texts.get().omitted {
            self.left_out.set(true);
        }
    }

    /// A row, and folded below it the parts. What works is closed: nobody has to pass by it.
    fn service(
        &self,
        out: &mut Out<'_>,
        service_number: usize,
        id: ServiceId,
        service: &config::Service,
        number: &Cell<usize>,
        texts: &Cell<Texts>,
    ) {
        let worst = self.shown(id);
        let name = self.name(service.title);
        let mut components = |out: &mut Out<'_>| {
            for (id, component) in shown::parts(self.config, id) {
                number.set(number.get().saturating_add(1));
                self.component(out, number.get(), id, component, worst.shared.is_none(), texts);
            }
        };
        let mut row = |out: &mut Out<'_>| {
            ServiceRow {
                look: look(worst.state),
                name,
                sign: sign(worst.state),
                state: self.word(service_word(worst)),
                description: &mut |out| {
                    self.paragraph(out, "d", service.description);
                    self.reason(out, worst.shared.unwrap_or(Finding::Well));
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
                        ServiceMore { url, before, name, after }.write(out);
                    }
                },
            }
            .write(out);
        };
        let (id, content): (_, &mut dyn FnMut(&mut Out<'_>)) = (&anchor("s", service_number), &mut row);
        if worst.state == ShownState::Well && !self.longest {
            Service { id, content }.write(out);
        } else {
            ServiceOpen { id, content }.write(out);
        }
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
        let told = ShownState::from(&seen);
        Component {
            id: &anchor("c", number),
            look: look(told),
            name: self.name(component.title),
            sign: sign(told),
            state: self.word(part_word(told)),
            detail: &mut |out| {
                let known = seen.since.filter(|_| self.now.wall.is_some());
                if let Some(since) = known.filter(|&since| self.says_since(id, told, since)) {
                    let trouble = seen.trouble && told >= ShownState::NoData || self.longest;
                    let word = if trouble { Word::TroubleSince } else { Word::Since };
                    let mut text = |out: &mut Out<'_>| {
                        self.at(out, since.wall(self.now), DateShown::UnlessToday, word, None);
                    };
                    Notice { class: "d", text: &mut text }.write(out);
                }
                self.paragraph(out, "d", component.description);
                if say_why {
                    self.reason(out, shown::reason(&seen));
                }
                self.affected_by(out, &seen);
                self.texts(out, id, texts);
                _ = self.bar(out, id);
            },
        }
        .write(out);
    }

    /// ` since 09:06`, or if it is a trouble that began then and may have been milder, ` · trouble
    /// since 09:06`.
    pub(super) fn since(&self, out: &mut Out<'_>, trouble: bool, since: Option<Wall>) {
        let trouble = trouble || self.longest;
        out.text(if trouble { " · " } else { " " });
        let word = if trouble { Word::TroubleSince } else { Word::Since };
        self.at(out, since, DateShown::UnlessToday, word, None);
    }

    /// Of what works, only a recovery of the last day is news. After a gap in the monitoring, every
    /// part would say that it works since then.
    fn says_since(&self, id: ComponentId, told: ShownState, since: At) -> bool {
        match told {
            ShownState::Well => {
                let day = Some(DAY_MS);
                let ago = self.now.wall.zip(since.wall(self.now)).map(|(now, at)| now.0.saturating_sub(at.0));
                let mut days = [Day::default(); 2];
                ago <= day && {
                    self.view.fared(id, &mut days);
                    days.iter().any(|day| day.down > 0 || day.degraded > 0)
                }
            }
            ShownState::Work => false,
            ShownState::NoData | ShownState::Degraded | ShownState::Outage => true,
        }
    }

    /// What is to blame, if that is something else of this site.
    fn affected_by(&self, out: &mut Out<'_>, seen: &ComponentView) {
        let cause = seen.affected_by.filter(|&id| self.config.site_of(id) == Some(self.id));
        let Some(cause) = cause.and_then(|id| self.config.components.get(id.index())) else { return };
        let (before, after) = around(self.word(Word::ReasonAffected));
        self.fitting(out, &self.story, &mut |out| {
            let mut text = |out: &mut Out<'_>| {
                out.text(before);
                Name { name: self.name(cause.title) }.write(out);
                out.text(after);
            };
            Notice { class: "why", text: &mut text }.write(out);
        });
    }

    fn reason(&self, out: &mut Out<'_>, finding: Finding) {
        // The banner has said it already, and sixteen times the same line hides what differs.
        let down = matches!(self.monitoring, Monitoring::Down(_));
        if down && matches!(finding, Finding::NeverHeard | Finding::Silent) {
            return;
        }
        let Some(text) = reason_word(finding) else { return };
        Notice { class: "why", text: &mut |out| out.word(text) }.write(out);
    }

    /// What alerts say, as far as there is room: the states come first.
    fn texts(&self, out: &mut Out<'_>, id: ComponentId, texts: &Cell<Texts>) {
        let mut shown: usize = 0;
        self.view.published(id, out.lang(), &mut |text| {
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
