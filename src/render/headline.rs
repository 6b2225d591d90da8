//! The first line of a page: how the site is, how much of it is so, and what people say of that.

use heapless::String;
use ufmt::uwrite;

use super::fragment::{Name, Out};
use super::words::{Word, counted, word};
use crate::config::Config;
use crate::limits::{HEADLINE_NAMES, SHORT_NAME_BYTES};
use crate::model::{Lang, ServiceId, SiteId, View};
use crate::shown::{self, Extent, ShownState};

/// What stands at the top of a page.
pub(super) struct Headline<'a> {
    config: &'a Config,
    site: SiteId,
    lang: Lang,
    /// How the page says that the site is.
    pub(super) state: ShownState,
    /// What people say that is better. It is their claim: nobody should read a green title over
    /// what is red.
    team_says: Option<ShownState>,
    /// Whether nothing is known of any service.
    unknown: bool,
    /// How much of the site is so. Nothing of that is told if there is one service, or if people
    /// say worse than is known.
    extent: Option<Extent>,
}

impl<'a> Headline<'a> {
    /// `told`: how the site is; `forced`: how people say that it is.
    pub(super) fn new(
        config: &'a Config,
        view: &dyn View,
        site: SiteId,
        lang: Lang,
        told: ShownState,
        forced: Option<ShownState>,
    ) -> Self {
        // Of a site without services, nobody but people know anything.
        let (state, team_says) = match forced {
            None => (told, None),
            Some(forced) if forced < told && shown::services(config, site).next().is_some() => {
                (told, Some(forced))
            }
            Some(forced) => (forced, None),
        };
        let mut services = shown::services(config, site);
        let unknown = state == ShownState::NoData
            && services.all(|(id, _)| shown::parts_of(config, view, id).all_unknown());
        let counts = state == told && state != ShownState::Well;
        let extent = counts.then(|| shown::extent(config, view, site, state));
        let extent = extent.filter(|extent| extent.of > 1 && extent.services > 0);
        Self { config, site, lang, state, team_says, unknown, extent }
    }

    /// The line without how much: the title of the page.
    pub(super) fn title(&self) -> Word {
        match self.state {
            ShownState::NoData if shown::services(self.config, self.site).next().is_none() => {
                Word::OverallEmpty
            }
            state => self.word_of(state),
        }
    }

    /// What people say that is better than the line, in words.
    pub(super) fn team_says(&self) -> Option<Word> {
        self.team_says.map(|team_says| self.word_of(team_says))
    }

    fn word_of(&self, state: ShownState) -> Word {
        match state {
            ShownState::Well => Word::OverallOperational,
            ShownState::Work => Word::OverallMaintenance,
            ShownState::NoData if self.unknown => Word::OverallNoData,
            ShownState::NoData => Word::OverallPartlyNoData,
            ShownState::Degraded => Word::OverallDegraded,
            ShownState::Outage => Word::OverallOutage,
        }
    }

    /// Whether work is done, and not on all services: that is not how all of the site is.
    pub(super) fn is_work_on_some(&self) -> bool {
        self.state == ShownState::Work && self.extent.is_some_and(|extent| extent.services < extent.of)
    }

    /// The line; the longest that it can be, if so wished.
    pub(super) fn line(&self, out: &mut Out<'_>, longest: bool) {
        let Some(Extent { services, whole, of, first }) = self.extent else {
            return out.word(self.title());
        };
        if longest {
            return self.longest(out, of);
        }
        let which = match self.state {
            ShownState::Well => return out.word(self.title()),
            ShownState::Work | ShownState::NoData if whole == of => return out.word(self.title()),
            ShownState::Work if services <= HEADLINE_NAMES => {
                return out.filled(word(self.lang, Word::OverallWork), &mut |out, _| {
                    self.names(out, &first);
                });
            }
            ShownState::Work => Word::OverallWorkOf,
            ShownState::NoData => Word::OverallNoDataOf,
            ShownState::Degraded => Word::OverallDegradedOf,
            ShownState::Outage if whole == services => Word::OverallOutageOf,
            ShownState::Outage if whole == 0 => Word::OverallPartlyOutageOf,
            ShownState::Outage => Word::OverallMixedOutageOf,
        };
        let told = |out: &mut Out<'_>| self.number(out, which, services, of);
        if services > HEADLINE_NAMES {
            return told(out);
        }
        out.filled(word(self.lang, Word::OverallNamed), &mut |out, place| match place {
            "state" => told(out),
            _ => self.names(out, &first),
        });
    }

    /// The line; without how much if that has long names.
    pub(super) fn short(&self, out: &mut Out<'_>) {
        let before = out.len();
        self.line(out, false);
        if out.len().saturating_sub(before) > SHORT_NAME_BYTES.saturating_mul(3) {
            out.take_back(before);
            out.word(self.title());
        }
    }

    /// `2 of 12 services are down`
    fn number(&self, out: &mut Out<'_>, which: Word, services: usize, of: usize) {
        out.filled(counted(self.lang, which, services), &mut |out, place| {
            let mut number: String<4> = String::new();
            _ = uwrite!(number, "{}", if place == "count" { services } else { of });
            out.number(&number);
        });
    }

    fn names(&self, out: &mut Out<'_>, services: &[Option<ServiceId>]) {
        let services = services.iter().flatten().filter_map(|id| self.config.services.get(id.index()));
        for (service, place) in services.zip(0..) {
            // No line begins with the dot.
            out.text(if place == 0 { "" } else { "\u{a0}· " });
            Name { name: self.config.text(&service.title, self.lang) }.write(out);
        }
    }

    /// The line of the most bytes that the site can have. What differs between its words is looked
    /// at with those of all states.
    fn longest(&self, out: &mut Out<'_>, of: usize) {
        let mut longest = (0, "");
        for (_, service) in shown::services(self.config, self.site) {
            let before = out.len();
            let name = self.config.text(&service.title, self.lang);
            Name { name }.write(out);
            longest = longest.max((out.len().saturating_sub(before), name));
            out.take_back(before);
        }
        for _ in 0..HEADLINE_NAMES {
            out.text("\u{a0}· ");
            Name { name: longest.1 }.write(out);
        }
        self.number(out, Word::OverallMixedOutageOf, of, of);
    }
}
