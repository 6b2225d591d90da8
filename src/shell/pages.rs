//! Rendered answers, held until something changes, and for as long as somebody is still being sent
//! one.
//!
//! A page is rendered when it is asked for and no copy of the present state is held. A slow reader
//! holds a borrow of its copy, so that copy is neither changed nor given to another page until they
//! are done.

use std::cell::{Cell, Ref, RefCell, RefMut};

use aiglon::limits::{PAGE_BYTES, PAGES};
use aiglon::model::{Lang, PageKind, SiteId};
use aiglon::render::PageBuf;
use aiglon::text::buffer::Bytes;
use static_cell::ConstStaticCell;

/// What a held page shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PageKey {
    pub site: SiteId,
    pub sheet: PageKind,
    pub lang: Lang,
    /// Of the engine: changes with what there is to show.
    pub generation: u32,
    /// The present quarter of an hour, since the same moment is told differently when its day is
    /// over, and days begin at quarters in every zone. 0: not known.
    pub quarter: i64,
}

struct Entry {
    key: Cell<Option<PageKey>>,
    etag: Cell<u64>,
    used: Cell<u64>,
    buf: RefCell<&'static mut Buffer>,
}

pub struct Pages {
    entries: [Entry; PAGES],
    clock: Cell<u64>,
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
                etag: Cell::new(0),
                used: Cell::new(0),
                buf: RefCell::new(buf),
            })
        };
        let mut entries: [Option<Entry>; PAGES] = [const { None }; PAGES];
        entries.fill_with(&mut entry);
        let entries = entries.into_iter().collect::<Option<Vec<_>>>()?.try_into().ok()?;
        Some(Self { entries, clock: Cell::new(0) })
    }

    /// The page for `key`, rendered by `render` if it is not held. `None` if every buffer is still
    /// being sent to somebody, or it could not be rendered.
    pub fn get(&self, key: PageKey, render: impl FnOnce(&mut PageBuf) -> bool) -> Option<Found<'_>> {
        let tick = self.clock.get() + 1;
        self.clock.set(tick);
        let held = self.entries().find(|(_, entry)| entry.key.get() == Some(key));
        let (place, entry) = match held {
            Some(held) => held,
            None => self.fill(key, render)?,
        };
        entry.used.set(tick);
        Some(Found { bytes: entry.buf.borrow(), etag: entry.etag.get(), place })
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
        let (place, entry) = self.least_used()?;
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
        self.entries()
            .filter(|(_, entry)| entry.buf.try_borrow_mut().is_ok())
            .min_by_key(|(_, entry)| (entry.key.get().is_some(), entry.used.get()))
    }

    /// If every buffer is still being sent to somebody: the one that nobody has asked for for the
    /// longest.
    pub fn stalest_of_all_taken(&self) -> Option<Place> {
        if self.least_used().is_some() {
            return None;
        }
        self.entries().min_by_key(|(_, entry)| entry.used.get()).map(|(place, _)| place)
    }

    /// Forgets what is held: the configuration has changed.
    pub fn clear(&self) {
        for entry in &self.entries {
            entry.key.set(None);
        }
    }
}
