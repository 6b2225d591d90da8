//! How large a page can become, so that `check` can refuse a configuration whose page would not
//! fit.

use super::page::{reason_word, room_of_page, size};
use super::when::{DateShown, local};
use super::words::{Word, word};
use crate::config::Config;
use crate::limits::STORY_FRAME_BYTES;
use crate::model::{ComponentId, ComponentView, Finding, Lang, SiteId, View};
use crate::shown;
use crate::time::civil::DAY_MS;
use crate::time::tz::Tz;
use crate::time::{At, Mono, Now, Wall};

/// Bytes that a page of this site cannot exceed, in any language and whatever happens. Compare it
/// with [`PAGE_BYTES`](crate::limits::PAGE_BYTES).
///
/// It is a bound, not a forecast: everything is affected, for the reason with the longest words,
/// since the longest date, and alerts use up all the room for their texts, incidents for theirs,
/// bars for theirs. What differs between states (their words, signs and classes) is added as the
/// largest difference, wherever a state is shown.
pub fn worst_case(config: &Config, site: SiteId) -> usize {
    Lang::ALL.into_iter().map(|lang| worst_in(config, site, lang)).max().unwrap_or(0)
}

fn worst_in(config: &Config, site: SiteId, lang: Lang) -> usize {
    let longest = |words: &[Word]| words.iter().map(|&which| word(lang, which).len()).max().unwrap_or(0);
    // A state shows as a class and a word: no two of them differ by more than the longest.
    let state = longest(&STATES).saturating_add(CLASS);
    let services = shown::services(config, site).count();
    let components: usize =
        shown::services(config, site).map(|(id, _)| shown::parts(config, id).count()).sum();
    // The components in the list of what is affected and in their services, and the services
    // themselves.
    let states = components.saturating_mul(2).saturating_add(services);
    let sentences =
        longest(&OVERALL).saturating_mul(4).saturating_add(longest(&HINTS)).saturating_add(longest(&BANNERS));
    let counted =
        COUNTED.iter().flat_map(|&which| word(lang, which).split('|').map(str::len)).max().unwrap_or(0);
    let sentences = sentences.saturating_add(counted).saturating_add(longest(&[Word::OverallNamed]));
    let sentences = sentences.saturating_add(longest(&[Word::Claim, Word::ClaimDoubt]).saturating_mul(2));
    let sentences = sentences.saturating_add(longest(&[Word::ContactAsk, Word::ContactElse]));
    let zone = config.sites.get(site.index()).map(|site| site.timezone).unwrap_or_default();
    size(config, site, lang, &Longest { lang, since: longest_since(lang, zone) })
        .saturating_add(room_of_page(config, site).saturating_mul(3))
        .saturating_add(STORY_FRAME_BYTES)
        .saturating_add(states.saturating_mul(state))
        .saturating_add(sentences)
        .saturating_add(ZONE)
}

/// Bytes of the longest class (`warn`).
const CLASS: usize = 4;
/// Bytes of the longest name of a zone.
const ZONE: usize = 64;

const STATES: [Word; 12] = [
    Word::ServiceMaintenance,
    Word::StateMaintenance,
    Word::ServiceOperational,
    Word::ServiceDegraded,
    Word::ServiceOutage,
    Word::ServicePartlyOutage,
    Word::ServicePartlyNoData,
    Word::ServiceNoData,
    Word::StateOperational,
    Word::StateDegraded,
    Word::StateOutage,
    Word::StateNoData,
];
const OVERALL: [Word; 7] = [
    Word::OverallMaintenance,
    Word::OverallOperational,
    Word::OverallDegraded,
    Word::OverallOutage,
    Word::OverallNoData,
    Word::OverallPartlyNoData,
    Word::OverallEmpty,
];
const COUNTED: [Word; 7] = [
    Word::OverallOutageOf,
    Word::OverallPartlyOutageOf,
    Word::OverallMixedOutageOf,
    Word::OverallDegradedOf,
    Word::OverallNoDataOf,
    Word::OverallWork,
    Word::OverallWorkOf,
];
const HINTS: [Word; 5] =
    [Word::HintMaintenance, Word::HintOperational, Word::HintTrouble, Word::HintNoData, Word::Empty];
const BANNERS: [Word; 7] = [
    Word::AffectedUnknown,
    Word::MonitoringDown,
    Word::MonitoringDownSince,
    Word::MonitoringPartly,
    Word::MonitoringPartlySince,
    Word::AsOfNever,
    Word::AsOfNoClock,
];

/// A view on which everything takes as many words as it can.
struct Longest {
    lang: Lang,
    /// What [`longest_since`] found: once, since every component asks.
    since: Option<Mono>,
}

const NOW: Now = Now::new(Mono(0), Some(Wall(DAY_MS * 10_000)));

/// The point in a year (not that of [`NOW`]) whose date is the longest in this language.
fn longest_since(lang: Lang, zone: Tz) -> Option<Mono> {
    let days =
        (0..12i64).map(|month| Wall(month.saturating_mul(30).saturating_add(22).saturating_mul(DAY_MS)));
    let longest =
        days.max_by_key(|&at| local(lang, zone, at, NOW.wall.unwrap_or_default(), DateShown::Always).len());
    NOW.mono_of(longest.unwrap_or_default())
}

impl View for Longest {
    fn now(&self) -> Now {
        NOW
    }
    fn as_of(&self, _: SiteId) -> Option<Mono> {
        self.since
    }
    fn silent_since(&self, _: ComponentId) -> Option<Option<Mono>> {
        Some(self.since)
    }
    fn component(&self, _: ComponentId) -> ComponentView {
        // It is no data, whose words are looked at with those of all states (see `STATES`).
        let length = |finding: &Finding| reason_word(*finding).map_or(0, |text| word(self.lang, text).len());
        let finding = Finding::ALL.into_iter().max_by_key(length).unwrap_or_default();
        ComponentView { finding, since: self.since.map(At::Mono), ..ComponentView::default() }
    }
    fn published(&self, _: ComponentId, _: Lang, _: &mut dyn FnMut(&str)) {}
}
