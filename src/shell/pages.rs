//! Rendered answers, held until something changes, and for as long as somebody is still being sent
//! one.
//!
//! A page is rendered when it is asked for and no copy of the present state is held. How many are
//! rendered in a second is bounded: who asks for ever other pages would else have all of the
//! processor. A copy of a moment ago is served instead, but never one that hides something worse.
//!
//! A slow reader holds a borrow of its copy, so that copy is neither changed nor given to another
//! page until they are done.
//!
//! A page is packed when the first visitor asks for it who unpacks, and lies behind the plain one
//! in the same buffer. So neither outlives the other. If it does not fit there, if it would be no
//! shorter, or if too much was packed in this second, the plain one is sent.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::cmp::Reverse;

use aiglon::http::conditional::Etag;
use aiglon::http::deflate::Work;
use aiglon::http::gzip;
use aiglon::http::head::List;
use aiglon::limits::{
    PACKS_SECOND, PAGE_BYTES, PAGES, PAGES_NOW, RENDERS, RENDERS_SECOND, RENDERS_SHORT, RENDERS_SITE, SITES,
    STALE_TIME,
};
use aiglon::model::{Lang, PageKind, SiteId};
use aiglon::render::PageBuf;
use aiglon::text::buffer::Bytes;
use aiglon::time::{Mono, times};
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
pub struct PageVersion {
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
    version: Cell<PageVersion>,
    made_at: Cell<Mono>,
    etag: Cell<Etag>,
    used: Cell<u64>,
    packed: Cell<Packed>,
    /// It holds no page, but a list, `/metrics` or an archive.
    scratch: Cell<bool>,
    buf: RefCell<&'static mut Buffer>,
}

/// Whether the buffer holds its page a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packed {
    /// Nobody has asked for it.
    Untried,
    /// It has no room, or would be no shorter.
    Not,
    /// From this byte on.
    From(usize),
}

pub struct Pages {
    entries: [Entry; PAGES],
    clock: Cell<u64>,
    work: RefCell<&'static mut Work>,
    renders: Renders,
    packs: Packs,
    /// How often a copy of a moment ago was served, and how many pages had none and had to wait.
    pub stale: Cell<u64>,
    pub waited: Cell<u64>,
}

/// What may be rendered, in thousandths of a page.
struct Renders {
    /// A bucket for the pages of sites alone.
    fronts: Cell<i64>,
    /// A bucket for all. Below zero while sites take of their own.
    all: Cell<i64>,
    /// A bucket for each site, so that no site takes the pages of another one. What is taken here
    /// is owed to the bucket for all: so other pages have to wait. A page costs as much more
    /// here as there are sites, which grow at the pace of all.
    own: [Cell<i64>; SITES],
    at: Cell<Mono>,
}

const PAGE: i64 = 1000;
const HALF: i64 = RENDERS as i64 * PAGE / 2;
/// What sites may owe: what comes in a second, if no page of a site is asked for.
const OWED: i64 = -(RENDERS_SECOND as i64 * PAGE);
const SHORT: i64 = PAGE / RENDERS_SHORT as i64;
#[allow(clippy::cast_possible_wrap, reason = "there are a few sites")]
const PAGE_OWN: i64 = PAGE * SITES as i64;
/// What a site has of its own: a page in each language.
const OWN: usize = if Lang::COUNT > RENDERS_SITE { Lang::COUNT } else { RENDERS_SITE };
#[allow(clippy::cast_possible_wrap, reason = "there are a few languages")]
const MOST_OWN: i64 = OWN as i64 * PAGE_OWN;

impl Renders {
    const fn new() -> Self {
        Self {
            fronts: Cell::new(HALF),
            all: Cell::new(HALF),
            own: [const { Cell::new(MOST_OWN) }; SITES],
            at: Cell::new(Mono(0)),
        }
    }

    /// All of it is there again.
    fn fill(&self) {
        self.fronts.set(HALF);
        self.all.set(HALF);
        self.own.iter().for_each(|own| own.set(MOST_OWN));
    }

    /// Lets it grow: in a millisecond by a thousandth of what comes in a second. Others get what is
    /// left by the pages of sites.
    fn grow(&self, now: Mono) {
        let grown = times(now.since(self.at.get()), RENDERS_SECOND.into());
        self.at.set(now);
        let fronts = self.fronts.get().saturating_add(grown);
        let left = fronts.saturating_sub(HALF).max(0);
        self.fronts.set(fronts.min(HALF));
        self.all.set(self.all.get().saturating_add(left).min(HALF));
        for own in &self.own {
            own.set(own.get().saturating_add(grown).min(MOST_OWN));
        }
    }

    /// Takes one, if enough is there. Of what is a site's own only when that must be.
    fn take(&self, key: PageKey, must: bool) -> bool {
        let is_front = key.kind == PageKind::Now;
        let from = if is_front && self.fronts.get() >= PAGE { &self.fronts } else { &self.all };
        if take(from, PAGE) {
            return true;
        }
        let stays = if is_front { 0 } else { MOST_OWN / 2 };
        let own = self.own.get(key.site.index()).filter(|own| must && own.get() - PAGE_OWN >= stays);
        let Some(own) = own else { return false };
        own.set(own.get() - PAGE_OWN);
        self.all.set((self.all.get() - PAGE).max(OWED));
        true
    }

    /// Takes a part of one, of the half that is not for the pages of sites alone.
    fn take_short(&self, now: Mono) -> bool {
        self.grow(now);
        take(&self.all, SHORT)
    }

    /// Takes one of what nobody waits for.
    fn take_spare(&self, now: Mono) -> bool {
        self.grow(now);
        take(&self.all, PAGE)
    }
}

fn take(bucket: &Cell<i64>, cost: i64) -> bool {
    let is_there = bucket.get() >= cost;
    bucket.set(bucket.get() - if is_there { cost } else { 0 });
    is_there
}

/// What may be packed, in thousandths of a byte.
struct Packs {
    left: Cell<i64>,
    at: Cell<Mono>,
}

const MOST_PACKED: i64 = PACKS_SECOND as i64 * 1000;

impl Packs {
    const fn new() -> Self {
        Self { left: Cell::new(MOST_PACKED), at: Cell::new(Mono(0)) }
    }

    /// Takes so many bytes, if they are there.
    fn take(&self, now: Mono, bytes: usize) -> bool {
        // In a millisecond comes a thousandth of what comes in a second.
        let grown = times(now.since(self.at.get()), PACKS_SECOND.into());
        let left = self.left.get().saturating_add(grown).min(MOST_PACKED);
        self.at.set(now);
        let rest = left.saturating_sub(times(i64::try_from(bytes).unwrap_or(i64::MAX), 1000));
        self.left.set(if rest >= 0 { rest } else { left });
        rest >= 0
    }
}

/// What a visitor has said of a page.
#[derive(Clone, Copy)]
pub struct Asks<'a> {
    /// They unpack gzip.
    pub gzip: bool,
    pub if_none_match: List<'a>,
}

/// What there is of a page.
pub enum Copy<'a> {
    Found(HeldPage<'a>),
    /// It must be rendered, and that is not its turn yet.
    Later,
    /// Every buffer is being sent to somebody, or it could not be rendered.
    Busy,
}

/// A page that is held, as it is to be sent.
pub struct HeldPage<'a> {
    pub bytes: Ref<'a, [u8]>,
    pub etag: Etag,
    /// The bytes are packed.
    pub gzip: bool,
    /// The visitor has it already.
    pub not_modified: bool,
    /// It was rendered in this turn, and who asks in the next gets it packed.
    pub fresh: bool,
    /// Which buffer it is in.
    pub place: BufferIndex,
}

/// One of the buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferIndex(usize);

type Buffer = Bytes<PAGE_BYTES>;

static WORK: ConstStaticCell<Work> = ConstStaticCell::new(Work::new());
static BUFFERS: ConstStaticCell<[Buffer; PAGES]> = ConstStaticCell::new([const { Buffer::new() }; PAGES]);

impl Pages {
    /// Takes the static buffers: once.
    pub fn new() -> Option<Self> {
        let entries = BUFFERS.try_take()?.each_mut().map(|buf| Entry {
            key: Cell::new(None),
            version: Cell::new(PageVersion { generation: 0, urgent: 0, quarter: 0 }),
            made_at: Cell::new(Mono(0)),
            etag: Cell::new(Etag(0)),
            used: Cell::new(0),
            packed: Cell::new(Packed::Not),
            scratch: Cell::new(false),
            buf: RefCell::new(buf),
        });
        let work = RefCell::new(WORK.try_take()?);
        let (renders, packs) = (Renders::new(), Packs::new());
        let clock = Cell::new(0);
        Some(Self { entries, clock, work, renders, packs, stale: Cell::new(0), waited: Cell::new(0) })
    }

    /// The page for `key` as it is held, and as it would be sent.
    pub fn held(&self, key: PageKey, version: PageVersion, asks: Asks<'_>) -> Option<HeldPage<'_>> {
        self.entries()
            .find(|(_, entry)| entry.key.get() == Some(key) && entry.version.get() == version)
            .filter(|(_, entry)| !wants_packing(entry, asks))
            .map(|(place, entry)| self.lend(place, entry, asks))
    }

    fn lend<'a>(&self, place: BufferIndex, entry: &'a Entry, asks: Asks<'_>) -> HeldPage<'a> {
        self.uses(entry);
        let plain = entry.etag.get();
        let has_packed = has_packed(entry, asks);
        let has_plain = !has_packed && plain.is_named(asks.if_none_match);
        let from = match entry.packed.get() {
            Packed::From(from) if asks.gzip && !has_plain => Some(from),
            _ => None,
        };
        let gzip = has_packed || from.is_some();
        let bytes = Ref::map(entry.buf.borrow(), |buf| match (entry.packed.get(), from) {
            (_, Some(from)) => buf.as_slice().get(from..).unwrap_or_default(),
            (Packed::From(end), None) => buf.as_slice().get(..end).unwrap_or_default(),
            _ => buf.as_slice(),
        });
        let etag = if gzip { plain.packed() } else { plain };
        HeldPage { bytes, etag, gzip, not_modified: has_packed || has_plain, fresh: false, place }
    }

    /// The page for `key`, rendered by `render` if it is not held.
    pub fn get(
        &self,
        key: PageKey,
        version: PageVersion,
        now: Mono,
        asks: Asks<'_>,
        render: impl FnOnce(&mut PageBuf) -> bool,
    ) -> Copy<'_> {
        let old = self.entries().find(|(_, entry)| entry.key.get() == Some(key));
        let is_old =
            |held: &dyn Fn(PageVersion) -> bool| old.is_some_and(|(_, entry)| held(entry.version.get()));
        let is_held = is_old(&|held| held == version);
        if is_held && let Some((place, entry)) = old {
            self.pack(entry, now, asks);
            if !self.needs_another(entry, now, asks) {
                return Copy::Found(self.lend(place, entry, asks));
            }
        } else {
            let same = is_old(&|held| held.urgent == version.urgent && held.quarter == version.quarter);
            let young = |entry: &Entry| now.since(entry.made_at.get()) <= i64::from(STALE_TIME.0);
            // What got worse is in no copy.
            let copy = old.filter(|(_, entry)| same && young(entry));
            self.renders.grow(now);
            if !self.renders.take(key, copy.is_none()) {
                return match copy {
                    Some((place, entry)) => {
                        add(&self.stale);
                        Copy::Found(self.lend(place, entry, asks))
                    }
                    None => Copy::Later,
                };
            }
        }
        let Some((place, entry)) = self.fill(key, render) else { return Copy::Busy };
        entry.version.set(version);
        entry.made_at.set(now);
        let found = self.lend(place, entry, asks);
        Copy::Found(HeldPage { fresh: wants_packing(entry, asks), ..found })
    }

    /// Packs a page for who unpacks it, unless they have it already.
    fn pack(&self, entry: &Entry, now: Mono, asks: Asks<'_>) {
        let (true, Ok(mut buf), Ok(mut work)) =
            (wants_packing(entry, asks), entry.buf.try_borrow_mut(), self.work.try_borrow_mut())
        else {
            return;
        };
        let (page, room) = buf.split();
        let from = page.len();
        if !self.packs.take(now, from) {
            return;
        }
        let packed = gzip::pack(page, room, &mut work);
        entry.packed.set(packed.map_or(Packed::Not, |_| Packed::From(from)));
        buf.grow(packed.unwrap_or(0));
    }

    /// Whether a page is rendered once more, since it could not be packed for slow readers who are
    /// being sent it as it is. They would else have all others read so much. It is done while there
    /// is room for others.
    fn needs_another(&self, entry: &Entry, now: Mono, asks: Asks<'_>) -> bool {
        wants_packing(entry, asks)
            && entry.buf.try_borrow_mut().is_err()
            && self.least_used().is_some()
            && self.renders.take_spare(now)
    }

    /// Whether it is the turn of a short answer, which is made elsewhere.
    pub fn may_make_short(&self, now: Mono) -> bool {
        self.renders.take_short(now)
    }

    fn entries(&self) -> impl Iterator<Item = (BufferIndex, &Entry)> {
        self.entries.iter().enumerate().map(|(index, entry)| (BufferIndex(index), entry))
    }

    /// A buffer with something in it that nobody will ask for again. What programs ask for takes
    /// none of those that are for the pages of sites.
    pub fn scratch(
        &self,
        is_for_people: bool,
        render: impl FnOnce(&mut PageBuf) -> bool,
    ) -> Option<HeldPage<'_>> {
        if !is_for_people && self.is_scratch_full() {
            return None;
        }
        let (place, mut buf) = self.hold()?;
        if !render(&mut **buf) {
            return None;
        }
        drop(buf);
        let entry = self.entries.get(place.0)?;
        let bytes = Ref::map(entry.buf.borrow(), |buf| buf.as_slice());
        Some(HeldPage { bytes, etag: Etag(0), gzip: false, not_modified: false, fresh: false, place })
    }

    /// An empty buffer for as long as the caller needs one.
    pub fn hold(&self) -> Option<(BufferIndex, RefMut<'_, &'static mut Buffer>)> {
        let (place, entry) = self.least_used()?;
        entry.key.set(None);
        entry.scratch.set(true);
        self.uses(entry);
        let mut buf = entry.buf.try_borrow_mut().ok()?;
        buf.clear();
        Some((place, buf))
    }

    /// Buffers without a page that are being sent to somebody.
    fn scratches(&self) -> impl Iterator<Item = (BufferIndex, &Entry)> {
        self.entries().filter(|(_, entry)| entry.scratch.get() && entry.buf.try_borrow_mut().is_err())
    }

    fn is_scratch_full(&self) -> bool {
        self.scratches().count() >= PAGES - PAGES_NOW
    }

    fn uses(&self, entry: &Entry) {
        self.clock.set(self.clock.get() + 1);
        entry.used.set(self.clock.get());
    }

    fn fill(&self, key: PageKey, render: impl FnOnce(&mut PageBuf) -> bool) -> Option<(BufferIndex, &Entry)> {
        // What it is a copy of is gone, be it still being sent to somebody.
        for (_, entry) in self.entries().filter(|(_, entry)| entry.key.get() == Some(key)) {
            entry.key.set(None);
        }
        let (place, entry) = self.least_wanted_for(key.kind)?;
        entry.key.set(None);
        let mut buf = entry.buf.try_borrow_mut().ok()?;
        buf.clear();
        if !render(&mut **buf) {
            return None;
        }
        entry.etag.set(Etag(aiglon::render::hash(buf.as_slice())));
        entry.packed.set(Packed::Untried);
        entry.scratch.set(false);
        entry.key.set(Some(key));
        Some((place, entry))
    }

    fn least_used(&self) -> Option<(BufferIndex, &Entry)> {
        self.least_wanted(false)
    }

    /// A buffer for a page of this kind. No answer for programs takes the last ones that are for
    /// the pages of sites, not even while slow readers hold all others.
    fn least_wanted_for(&self, kind: PageKind) -> Option<(BufferIndex, &Entry)> {
        let found = self.least_wanted(kind == PageKind::Now);
        let may_take = |entry: &Entry| !is_front(entry) || self.fronts() > PAGES_NOW;
        found.filter(|(_, entry)| !matches!(kind, PageKind::Feed(_)) || may_take(entry))
    }

    /// How many buffers hold the page of a site.
    fn fronts(&self) -> usize {
        self.entries.iter().filter(|entry| is_front(entry)).count()
    }

    /// Of the buffers that nobody is being sent: one with nothing to keep, else one of the site
    /// that has most, and there the one that has been unused for longest. The pages of sites stay
    /// before all others. For one of them, the others give way while they have more than their own
    /// buffers.
    fn least_wanted(&self, for_site: bool) -> Option<(BufferIndex, &Entry)> {
        let fronts = self.fronts();
        let spared = |entry: &Entry| is_front(entry) != (for_site && fronts >= PAGES_NOW);
        let site = |entry: &Entry| entry.key.get().map(|key| key.site);
        let has = |of: &Entry| self.entries.iter().filter(|entry| site(entry) == site(of)).count();
        self.entries().filter(|(_, entry)| entry.buf.try_borrow_mut().is_ok()).min_by_key(|(_, entry)| {
            (entry.key.get().is_some(), spared(entry), Reverse(has(entry)), entry.used.get())
        })
    }

    /// If every buffer is still being sent to somebody: the one that nobody has asked for for the
    /// longest. If that is so of those without a page, the one of these that was taken first: for
    /// who needs no page, or found room for none though some is free.
    pub fn stalest_in_the_way(&self, of_scratch: bool) -> Option<BufferIndex> {
        let is_free = self.least_used().is_some();
        let stalest = if self.is_scratch_full() && (of_scratch || is_free) {
            self.scratches().min_by_key(|(_, entry)| entry.used.get())
        } else {
            self.entries().filter(|_| !is_free).min_by_key(|(_, entry)| entry.used.get())
        };
        stalest.map(|(place, _)| place)
    }

    /// Forgets what is held: the configuration has changed. The new pages are rendered at once.
    pub fn clear(&self) {
        for entry in &self.entries {
            entry.key.set(None);
        }
        self.renders.fill();
    }
}

/// Whether it holds the page of a site.
fn is_front(entry: &Entry) -> bool {
    entry.key.get().is_some_and(|key| key.kind == PageKind::Now)
}

/// Whether the visitor has the packed page. It need not be packed to know that.
fn has_packed(entry: &Entry, asks: Asks<'_>) -> bool {
    asks.gzip && entry.packed.get() != Packed::Not && entry.etag.get().packed().is_named(asks.if_none_match)
}

/// Whether the visitor would get the page packed, and nobody has tried that yet.
fn wants_packing(entry: &Entry, asks: Asks<'_>) -> bool {
    let is_untried = asks.gzip && entry.packed.get() == Packed::Untried;
    is_untried && !has_packed(entry, asks) && !entry.etag.get().is_named(asks.if_none_match)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aiglon::model::Feed;

    use super::*;

    const NOW: PageKind = PageKind::Now;
    const PLAIN: Asks<'_> = Asks { gzip: false, if_none_match: List::of(b"") };

    fn key(kind: PageKind, lang: Lang, site: u8) -> PageKey {
        PageKey { site: SiteId(site), kind, lang }
    }

    fn version(generation: u32, urgent: u32) -> PageVersion {
        PageVersion { generation, urgent, quarter: 0 }
    }

    /// In one test, since there is one set of buffers.
    #[test]
    fn what_is_rendered_in_a_second_is_bounded_and_hides_nothing_worse() {
        let pages = Pages::new().unwrap();
        let rendered = Cell::new(0u32);
        let get = |key, version, now: i64| match pages.get(key, version, Mono(now), PLAIN, |out| {
            rendered.set(rendered.get() + 1);
            out.push(&rendered.get().to_le_bytes())
        }) {
            Copy::Found(found) => Some(u32::from_le_bytes(found.bytes[..].try_into().unwrap())),
            Copy::Later => None,
            Copy::Busy => panic!("there is room"),
        };
        let (all, own) = (RENDERS as usize, OWN);
        // Other pages have half, and the page of a site is rendered all the same.
        let others =
            (0..100).filter(|&n| get(key(PageKind::Incident(n), Lang::En, 0), version(0, 0), 0).is_some());
        assert_eq!(others.count(), all / 2 + own / 2);
        let page = key(NOW, Lang::En, 0);
        let first = get(page, version(0, 0), 0).unwrap();
        // Whoever makes another site worse all the time has what is left, and what is that site's.
        let other = key(NOW, Lang::Fr, 1);
        let worse = (1..100).filter(|&n| get(other, version(n, n), 0).is_some()).count();
        assert_eq!(worse, own + all / 2 - 1);
        // A copy of a moment ago is served, until it is a second old, or hides what is worse.
        assert_eq!((get(page, version(1, 0), 10), pages.stale.get()), (Some(first), 1));
        assert_eq!(get(other, version(100, 100), 10), None);
        // What others did takes nothing of a third site: what got worse there is shown at once.
        let third = |lang| key(NOW, lang, 2);
        for (n, lang) in (0..).zip(Lang::ALL.into_iter().cycle().take(own)) {
            assert!(get(third(lang), version(n, n), 11).is_some(), "{n}");
        }
        // Of that, too, there is an end; then it waits, and no old copy is served.
        assert_eq!(get(third(Lang::En), version(9, 200), 12), None);
        assert_eq!(pages.held(third(Lang::En), version(9, 200), PLAIN).map(|found| found.etag), None);
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
        let held = (0..8).filter(|&n| pages.held(front(n), version(0, 0), PLAIN).is_some()).count();
        assert!(held >= PAGES_NOW, "{held}");
        feeds_and_fronts(&pages);
        pages.clear();
        packed_pages(&pages);
        pages.clear();
        lists_that_nobody_takes(&pages);
        a_crowd_that_asks_for_all(&pages);
    }

    /// A part of the test above: slow readers of what programs read take no page of a site.
    fn feeds_and_fronts(pages: &Pages) {
        let feed = PageKind::Feed(Feed::Status);
        let langs = [Lang::En, Lang::Fr, Lang::Ar];
        let slow: Vec<_> = langs
            .map(|lang| {
                pages.get(key(feed, lang, 0), version(0, 0), Mono(200_000), PLAIN, |out| out.push(b"x"))
            })
            .into_iter()
            .filter(|copy| matches!(copy, Copy::Found(_)))
            .collect();
        assert_eq!((slow.len(), pages.fronts()), (PAGES - PAGES_NOW, PAGES_NOW));
    }

    /// A part of the test above: who asks for lists and does not read them takes no page.
    fn lists_that_nobody_takes(pages: &Pages) {
        let list = || pages.scratch(false, |out| out.push(b"[]"));
        let mut taken = Vec::new();
        while let Some(found) = list() {
            taken.push(found);
        }
        assert_eq!(taken.len(), PAGES - PAGES_NOW);
        // The first one gives way, for another one alone.
        let first = taken.first().unwrap().place;
        assert_eq!(pages.stalest_in_the_way(true), Some(first));
        taken.remove(0);
        assert!(pages.stalest_in_the_way(true).is_none() && list().is_some());
        let archive = pages.scratch(true, |out| out.push(b"x")).unwrap();
        let front = |n: u8| {
            pages.get(key(NOW, Lang::En, n), version(0, 0), Mono(250_000), PLAIN, |out| out.push(b"x"))
        };
        let held: Vec<_> = (0..7).map(front).filter(|copy| matches!(copy, Copy::Found(_))).collect();
        assert_eq!(held.len(), PAGES - taken.len() - 1);
        drop(archive);
    }

    /// A part of the test above: a crowd that asks for ever other pages, also for those of sites,
    /// leaves the page to visitors, though it gets worse all the time. Times are milliseconds.
    fn a_crowd_that_asks_for_all(pages: &Pages) {
        const KINDS: [PageKind; 4] = [NOW, PageKind::History, PageKind::Incident(1), PageKind::Incident(2)];
        const BEGUN: i64 = 300_000;
        let keys: Vec<PageKey> = (0..3)
            .flat_map(|site| Lang::ALL.map(|lang| KINDS.map(|kind| key(kind, lang, site))))
            .flatten()
            .collect();
        let worse = Cell::new(0);
        let finds = |key: PageKey, now: i64| {
            let worse = if key.site == SiteId(0) { worse.get() } else { 0 };
            let found = pages.get(key, version(worse, worse), Mono(now), PLAIN, |out| out.push(b"x"));
            matches!(found, Copy::Found(_))
        };
        // Of each: its place in `keys`, and when it asks next.
        let mut crowd: Vec<_> = (0..40).map(|n| (n % keys.len(), BEGUN + 2000)).collect();
        let (mut waited, mut asked) = (0, 0);
        for now in BEGUN..BEGUN + 60_000 {
            worse.set(worse.get() + u32::from(now % 400 == 0));
            for (place, next) in crowd.iter_mut().filter(|(_, next)| *next <= now) {
                let found = finds(keys[*place], now);
                *next = now + if found { 1 } else { 1000 / i64::from(RENDERS_SECOND) };
                *place = (*place + usize::from(found)) % keys.len();
            }
            if now % 67 == 0 {
                asked += 1;
                let lang = if now % 2 == 0 { Lang::En } else { Lang::Fr };
                waited += usize::from(!finds(key(NOW, lang, 0), now));
            }
        }
        // Since more pages of sites are asked for than are held, one may have been pushed out.
        assert!(waited * 200 < asked, "{waited} of {asked}");
    }

    const GZIP: Asks<'_> = Asks { gzip: true, ..PLAIN };

    /// A part of the test above.
    fn packed_pages(pages: &Pages) {
        let rendered = Cell::new(0);
        let front = |n: u8| key(NOW, Lang::En, n);
        let get = |n: u8, generation: u32, now: i64, asks, text: &[u8]| match pages.get(
            front(n),
            version(generation, 0),
            Mono(now),
            asks,
            |out| {
                rendered.set(rendered.get() + 1);
                out.push(text)
            },
        ) {
            Copy::Found(found) => found,
            _ => panic!("there is room"),
        };
        let packed = |text: &[u8]| {
            let mut out = vec![0; text.len()];
            let length = gzip::pack(text, &mut out, &mut Work::new()).unwrap();
            out.truncate(length);
            out
        };
        let [one, two] = [b"one ".repeat(50), b"two ".repeat(50)];
        // It is rendered in one turn and packed in the next.
        let first = get(0, 0, 230_000, GZIP, &one);
        assert!(first.fresh && !first.gzip && *first.bytes == one);
        drop(first);
        let found = get(0, 0, 230_000, GZIP, &one);
        assert!(found.gzip && !found.fresh && *found.bytes == packed(&one));
        drop(found);
        let plain = get(0, 0, 230_000, PLAIN, &one);
        assert!(!plain.gzip && *plain.bytes == one && rendered.get() == 1);
        drop(plain);
        // A change changes both.
        assert!(*get(0, 1, 230_000, PLAIN, &two).bytes == two);
        assert!(pages.held(front(0), version(1, 0), GZIP).is_none(), "nothing is packed for a length");
        let found = get(0, 1, 230_000, GZIP, &two);
        assert!(found.gzip && *found.bytes == packed(&two));
        // While somebody reads it packed, others have it in either form.
        assert!(get(0, 1, 230_000, GZIP, &two).gzip && *get(0, 1, 230_000, PLAIN, &two).bytes == two);
        drop(found);
        assert_eq!(rendered.get(), 2);

        // What somebody reads plain and slowly is rendered again, and packed there.
        let slow = get(1, 0, 230_000, PLAIN, &one);
        let found = get(1, 0, 230_000, GZIP, &one);
        assert!(found.fresh && found.place != slow.place);
        drop(found);
        assert!(get(1, 0, 230_000, GZIP, &one).gzip && *slow.bytes == one);
        assert_eq!(rendered.get(), 4);
        drop(slow);

        // Where it does not fit behind the plain one, that is sent.
        let large = vec![b'a'; PAGE_BYTES - 9];
        _ = get(2, 0, 240_000, PLAIN, &large);
        let found = get(2, 0, 240_000, GZIP, &large);
        assert!(!found.gzip && *found.bytes == large);
        drop(found);
        // That took half of what may be packed in a second. What is not packed now is later.
        let large = vec![b'a'; PAGE_BYTES / 2];
        let gzip: Vec<bool> = (3..8)
            .map(|n| {
                _ = get(n, 0, 240_000, PLAIN, &large);
                get(n, 0, 240_000, GZIP, &large).gzip
            })
            .collect();
        assert_eq!(gzip, [true, true, false, false, false]);
        assert!(!get(7, 0, 240_100, GZIP, &large).gzip);
        assert!(get(7, 0, 240_300, GZIP, &large).gzip);

        // Who has it packed is not sent it again, and it is not packed to find that out.
        let tag = get(7, 0, 240_300, GZIP, &large).etag.text();
        let has = Asks { if_none_match: List::of(tag.as_bytes()), ..GZIP };
        let found = get(7, 1, 250_000, has, &large);
        assert!(found.not_modified && !found.fresh);
        drop(found);
        assert!(pages.held(front(7), version(1, 0), GZIP).is_none());
        assert!(pages.held(front(7), version(1, 0), has).is_some_and(|found| found.not_modified));
    }
}
