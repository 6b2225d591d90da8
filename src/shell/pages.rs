//! Rendered answers, held until something changes, and for as long as somebody is still being sent
//! one.
//!
//! A page is rendered when it is asked for and no copy of the present state is held. How many are
//! rendered in a second is bounded: who asks for ever other pages would else have all of the
//! processor. A copy of a moment ago is served instead, but never one that hides something worse.
//!
//! A slow reader holds a borrow of its copy, so that copy is neither changed nor given to another
//! page until they are done.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::cmp::Reverse;

use aiglon::limits::{
    PAGE_BYTES, PAGES, PAGES_NOW, RENDERS, RENDERS_SECOND, RENDERS_SITE, SITES, STALE_TIME,
};
use aiglon::model::{Lang, PageKind, SiteId};
use aiglon::render::PageBuf;
use aiglon::text::buffer::Bytes;
use aiglon::time::Mono;
use static_cell::ConstStaticCell;

use super::tally::add;

/// Which page it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PageKey {
    pub site: SiteId,
    pub kind: PageKind,
    pub lang: Lang,
}

/// Of what it is a copy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Of the engine: changes with what there is to show.
    pub generation: u32,
    /// Of the engine: changes with what must be shown at once.
    pub urgent: u32,
    /// The present quarter of an hour, since the same moment is told differently when its day is
    /// over, and days begin at quarters in every zone. 0: not known.
    pub quarter: i64,
}

struct Entry {
    key: Cell<Option<PageKey>>,
    version: Cell<Version>,
    made_at: Cell<Mono>,
    etag: Cell<u64>,
    used: Cell<u64>,
    buf: RefCell<&'static mut Buffer>,
}

pub struct Pages {
    entries: [Entry; PAGES],
    clock: Cell<u64>,
    renders: Renders,
    /// How often a copy of a moment ago was served, and how many pages had none and had to wait.
    pub stale: Cell<u64>,
    pub waited: Cell<u64>,
}

/// What may be rendered, in thousandths of a page.
struct Renders {
    /// A bucket for all. Below zero while sites take of their own.
    left: Cell<i64>,
    /// A bucket for each site, so that no site takes the pages of another one. What is taken here
    /// is taken from all, too: so those who have taken more have to wait. A page costs as much more
    /// here as there are sites, which grow at the pace of all.
    own: [Cell<i64>; SITES],
    at: Cell<Mono>,
}

const PAGE: i64 = 1000;
const MOST: i64 = RENDERS as i64 * PAGE;
#[allow(clippy::cast_possible_wrap, reason = "there are a few sites")]
const PAGE_OWN: i64 = PAGE * SITES as i64;
const MOST_OWN: i64 = RENDERS_SITE as i64 * PAGE_OWN;
const _: () = assert!(RENDERS_SITE as usize >= Lang::COUNT, "a site has a page in each language");

impl Renders {
    const fn new() -> Self {
        Self { left: Cell::new(MOST), own: [const { Cell::new(MOST_OWN) }; SITES], at: Cell::new(Mono(0)) }
    }

    /// All of it is there again.
    fn fill(&self) {
        self.left.set(MOST);
        self.own.iter().for_each(|own| own.set(MOST_OWN));
    }

    /// Lets it grow: in a millisecond by a thousandth of what comes in a second.
    fn grow(&self, now: Mono) {
        let grown = now.since(self.at.get()).saturating_mul(i64::from(RENDERS_SECOND));
        self.at.set(now);
        self.left.set(self.left.get().saturating_add(grown).min(MOST));
        for own in &self.own {
            own.set(own.get().saturating_add(grown).min(MOST_OWN));
        }
    }

    /// Takes one, if enough is there. Of what is a site's own only when that must be.
    fn take(&self, key: PageKey, must: bool) -> bool {
        let is_front = key.kind == PageKind::Now;
        let stays = |rest: i64| if is_front { 0 } else { rest };
        if self.left.get() - PAGE < stays(MOST / 2) {
            let has = |own: &&Cell<i64>| own.get() - PAGE_OWN >= stays(PAGE_OWN);
            let own = self.own.get(key.site.index()).filter(|own| must && has(own));
            let Some(own) = own else { return false };
            own.set(own.get() - PAGE_OWN);
        }
        self.left.set(self.left.get() - PAGE);
        true
    }
}

/// What there is of a page.
pub enum Copy<'a> {
    Found(Found<'a>),
    /// It must be rendered, and that is not its turn yet.
    Later,
    /// Every buffer is being sent to somebody, or it could not be rendered.
    Busy,
}

/// A page that is held, and what identifies it.
pub struct Found<'a> {
    pub bytes: Ref<'a, &'static mut Buffer>,
    pub etag: u64,
    /// Which buffer it is in.
    pub place: Place,
}

/// One of the buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(usize);

type Buffer = Bytes<PAGE_BYTES>;

static BUFFERS: ConstStaticCell<[Buffer; PAGES]> = ConstStaticCell::new([const { Buffer::new() }; PAGES]);

impl Pages {
    /// Takes the static buffers: once.
    pub fn new() -> Option<Self> {
        let mut buffers = BUFFERS.try_take()?.iter_mut();
        let mut entry = || {
            buffers.next().map(|buf| Entry {
                key: Cell::new(None),
                version: Cell::new(Version { generation: 0, urgent: 0, quarter: 0 }),
                made_at: Cell::new(Mono(0)),
                etag: Cell::new(0),
                used: Cell::new(0),
                buf: RefCell::new(buf),
            })
        };
        let mut entries: [Option<Entry>; PAGES] = [const { None }; PAGES];
        entries.fill_with(&mut entry);
        let entries = entries.into_iter().collect::<Option<Vec<_>>>()?.try_into().ok()?;
        Some(Self {
            entries,
            clock: Cell::new(0),
            renders: Renders::new(),
            stale: Cell::new(0),
            waited: Cell::new(0),
        })
    }

    /// The page for `key` as it is held.
    pub fn held(&self, key: PageKey, version: Version) -> Option<Found<'_>> {
        self.entries()
            .find(|(_, entry)| entry.key.get() == Some(key) && entry.version.get() == version)
            .map(|(place, entry)| self.lend(place, entry))
    }

    fn lend<'a>(&self, place: Place, entry: &'a Entry) -> Found<'a> {
        self.clock.set(self.clock.get() + 1);
        entry.used.set(self.clock.get());
        Found { bytes: entry.buf.borrow(), etag: entry.etag.get(), place }
    }

    /// The page for `key`, rendered by `render` if it is not held.
    pub fn get(
        &self,
        key: PageKey,
        version: Version,
        now: Mono,
        render: impl FnOnce(&mut PageBuf) -> bool,
    ) -> Copy<'_> {
        let old = self.entries().find(|(_, entry)| entry.key.get() == Some(key));
        let is_old = |held: &dyn Fn(Version) -> bool| old.is_some_and(|(_, entry)| held(entry.version.get()));
        if is_old(&|held| held == version) {
            return old.map_or(Copy::Busy, |(place, entry)| Copy::Found(self.lend(place, entry)));
        }
        let same = is_old(&|held| held.urgent == version.urgent && held.quarter == version.quarter);
        let young = |entry: &Entry| now.since(entry.made_at.get()) <= i64::from(STALE_TIME.0);
        // What got worse is in no copy.
        let copy = old.filter(|(_, entry)| same && young(entry));
        self.renders.grow(now);
        if !self.renders.take(key, copy.is_none()) {
            return match copy {
                Some((place, entry)) => {
                    add(&self.stale);
                    Copy::Found(self.lend(place, entry))
                }
                None => Copy::Later,
            };
        }
        let Some((place, entry)) = self.fill(key, render) else { return Copy::Busy };
        entry.version.set(version);
        entry.made_at.set(now);
        Copy::Found(self.lend(place, entry))
    }

    fn entries(&self) -> impl Iterator<Item = (Place, &Entry)> {
        self.entries.iter().enumerate().map(|(index, entry)| (Place(index), entry))
    }

    /// A buffer with something in it that nobody will ask for again.
    pub fn scratch(&self, render: impl FnOnce(&mut PageBuf) -> bool) -> Option<Found<'_>> {
        let (place, entry) = self.least_used()?;
        entry.key.set(None);
        let mut buf = entry.buf.try_borrow_mut().ok()?;
        buf.clear();
        if !render(&mut **buf) {
            return None;
        }
        drop(buf);
        Some(Found { bytes: entry.buf.borrow(), etag: 0, place })
    }

    /// An empty buffer for as long as the caller needs one.
    pub fn hold(&self) -> Option<(Place, RefMut<'_, &'static mut Buffer>)> {
        let (place, entry) = self.least_used()?;
        entry.key.set(None);
        let mut buf = entry.buf.try_borrow_mut().ok()?;
        buf.clear();
        Some((place, buf))
    }

    fn fill(&self, key: PageKey, render: impl FnOnce(&mut PageBuf) -> bool) -> Option<(Place, &Entry)> {
        // What it is a copy of is gone, be it still being sent to somebody.
        for (_, entry) in self.entries().filter(|(_, entry)| entry.key.get() == Some(key)) {
            entry.key.set(None);
        }
        let (place, entry) = self.least_wanted(key.kind == PageKind::Now)?;
        entry.key.set(None);
        let mut buf = entry.buf.try_borrow_mut().ok()?;
        buf.clear();
        if !render(&mut **buf) {
            return None;
        }
        entry.etag.set(aiglon::render::hash(buf.as_slice()));
        entry.key.set(Some(key));
        Some((place, entry))
    }

    fn least_used(&self) -> Option<(Place, &Entry)> {
        self.least_wanted(false)
    }

    /// Of the buffers that nobody is being sent: one with nothing to keep, else one of the site
    /// that has most, and there the one that has been unused for longest. The pages of sites stay
    /// before all others. For one of them, the others give way while they have more than their own
    /// buffers.
    fn least_wanted(&self, for_site: bool) -> Option<(Place, &Entry)> {
        let is_now = |entry: &Entry| entry.key.get().is_some_and(|key| key.kind == PageKind::Now);
        let pages_now = self.entries.iter().filter(|entry| is_now(entry)).count();
        let spared = |entry: &Entry| is_now(entry) != (for_site && pages_now >= PAGES_NOW);
        let site = |entry: &Entry| entry.key.get().map(|key| key.site);
        let has = |of: &Entry| self.entries.iter().filter(|entry| site(entry) == site(of)).count();
        self.entries().filter(|(_, entry)| entry.buf.try_borrow_mut().is_ok()).min_by_key(|(_, entry)| {
            (entry.key.get().is_some(), spared(entry), Reverse(has(entry)), entry.used.get())
        })
    }

    /// If every buffer is still being sent to somebody: the one that nobody has asked for for the
    /// longest.
    pub fn stalest_of_all_taken(&self) -> Option<Place> {
        if self.least_used().is_some() {
            return None;
        }
        self.entries().min_by_key(|(_, entry)| entry.used.get()).map(|(place, _)| place)
    }

    /// Forgets what is held: the configuration has changed. The new pages are rendered at once.
    pub fn clear(&self) {
        for entry in &self.entries {
            entry.key.set(None);
        }
        self.renders.fill();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: PageKind = PageKind::Now;

    fn key(kind: PageKind, lang: Lang, site: u8) -> PageKey {
        PageKey { site: SiteId(site), kind, lang }
    }

    fn version(generation: u32, urgent: u32) -> Version {
        Version { generation, urgent, quarter: 0 }
    }

    /// In one test, since there is one set of buffers.
    #[test]
    fn what_is_rendered_in_a_second_is_bounded_and_hides_nothing_worse() {
        let pages = Pages::new().unwrap();
        let rendered = Cell::new(0u32);
        let get = |key, version, now: i64| match pages.get(key, version, Mono(now), |out| {
            rendered.set(rendered.get() + 1);
            out.push(&rendered.get().to_le_bytes())
        }) {
            Copy::Found(found) => Some(u32::from_le_bytes(found.bytes.as_slice().try_into().unwrap())),
            Copy::Later => None,
            Copy::Busy => panic!("there is room"),
        };
        let (all, own) = (RENDERS as usize, RENDERS_SITE as usize);
        // Other pages have half, and the page of a site is rendered all the same.
        let others =
            (0..100).filter(|&n| get(key(PageKind::Incident(n), Lang::En, 0), version(0, 0), 0).is_some());
        assert_eq!(others.count(), all / 2 + own - 1);
        let page = key(NOW, Lang::En, 0);
        let first = get(page, version(0, 0), 0).unwrap();
        // Whoever makes another site worse all the time has what is left, and what is that site's.
        let other = key(NOW, Lang::Fr, 1);
        let worse = (1..100).filter(|&n| get(other, version(n, n), 0).is_some()).count();
        assert_eq!(worse, own);
        // A copy of a moment ago is served, until it is a second old, or hides what is worse.
        assert_eq!((get(page, version(1, 0), 10), pages.stale.get()), (Some(first), 1));
        assert_eq!(get(other, version(100, 100), 10), None);
        // What others did takes nothing of a third site: what got worse there is shown at once.
        let third = |lang| key(NOW, lang, 2);
        for (n, lang) in (0..).zip([Lang::En, Lang::Fr, Lang::Ar, Lang::En]) {
            assert!(get(third(lang), version(n, n), 11).is_some(), "{n}");
        }
        // Of that, too, there is an end; then it waits, and no old copy is served.
        assert_eq!(get(third(Lang::En), version(9, 200), 12), None);
        assert_eq!(pages.held(third(Lang::En), version(9, 200)).map(|found| found.etag), None);
        // A site has its part again before those who took more.
        let part = 1000 * i64::try_from(SITES).unwrap() / i64::from(RENDERS_SECOND);
        assert!(get(third(Lang::En), version(9, 200), 12 + part).is_some());
        // An incident that is changed and asked for again and again leaves the page its share.
        let incident = key(PageKind::Incident(1), Lang::En, 0);
        let others = (301..400).filter(|&n| get(incident, version(9, n), 3000).is_some()).count();
        assert!((1..RENDERS as usize).contains(&others), "{others}");
        assert!(get(page, version(9, 400), 3000).is_some());
        // It grows back; then no copy is too old to be rendered anew.
        let before = rendered.get();
        assert!((0..100).filter(|&n| get(page, version(10 + n, 200), 5000).is_some()).count() == 100);
        assert_eq!(rendered.get() - before, RENDERS);
        // What others ask for takes no page of a site that is held.
        let front = |n: u8| key(NOW, Lang::En, n);
        for n in 0..8 {
            assert!(get(front(n), version(0, 0), 10_000 + i64::from(n) * 1000).is_some());
        }
        for n in 0..100 {
            assert!(
                get(key(PageKind::Incident(n), Lang::En, 0), version(0, 0), 20_000 + i64::from(n) * 1000)
                    .is_some()
            );
        }
        let held = (0..8).filter(|&n| pages.held(front(n), version(0, 0)).is_some()).count();
        assert!(held >= PAGES_NOW, "{held}");
    }
}
