//! From the bytes of a body to what the engine sees: unpacked, told apart, and read.

use std::cell::{Cell, RefCell, RefMut};
use std::io;

use aiglon::config::Config;
use aiglon::config::rule::Asking;
use aiglon::engine::{Body, Durable, End, Engine, Input, Quality, Verdict};
#[cfg(feature = "gzip")]
use aiglon::http::{Status, gunzip::Gunzip, gunzip::Window};
use aiglon::ingest::line::{self, Lines};
use aiglon::ingest::sample::HashKey;
use aiglon::ingest::{self, Dialect, Malformed, Mark, Reader};
use aiglon::limits::LINE_READERS;
#[cfg(feature = "gzip")]
use aiglon::limits::{GUNZIP_WINDOW_BYTES, GUNZIPS};
use aiglon::time::Now;
#[cfg(feature = "gzip")]
use static_cell::{ConstStaticCell, StaticCell};
use ufmt::uwrite;

use super::app::{App, State};
use super::ingest::{Batch, Complaint, Outcome, Shape};
use super::ledger::Ledger;
use super::tally::add;
use super::turns::{Turn, Turns};

#[cfg(feature = "gzip")]
static WINDOWS: [ConstStaticCell<Window>; GUNZIPS] =
    [const { ConstStaticCell::new([0; GUNZIP_WINDOW_BYTES]) }; GUNZIPS];
#[cfg(feature = "gzip")]
static GUNZIP_POOL: [StaticCell<Gunzip<'static>>; GUNZIPS] = [const { StaticCell::new() }; GUNZIPS];

/// What unpacks gzip: 43 KiB that nobody pays for where nothing comes packed.
#[cfg(feature = "gzip")]
enum Unpacker {
    Unused,
    Ready(&'static mut Gunzip<'static>),
}

/// What takes samples in.
pub struct Pool {
    readers: [RefCell<Lines>; LINE_READERS],
    pub turns: Turns,
    #[cfg(feature = "gzip")]
    gunzips: [RefCell<Unpacker>; GUNZIPS],
    #[cfg(feature = "gzip")]
    pub gunzip_turns: Turns,
    pub lines: Cell<u64>,
    pub lines_bad: Cell<u64>,
}

impl Pool {
    pub fn new() -> Self {
        Self {
            readers: [const { RefCell::new(Lines::new()) }; LINE_READERS],
            turns: Turns::new(LINE_READERS),
            #[cfg(feature = "gzip")]
            gunzips: [const { RefCell::new(Unpacker::Unused) }; GUNZIPS],
            #[cfg(feature = "gzip")]
            gunzip_turns: Turns::new(GUNZIPS),
            lines: Cell::new(0),
            lines_bad: Cell::new(0),
        }
    }
}

#[cfg(feature = "gzip")]
impl Pool {
    /// One that nobody uses; what was used before comes first.
    fn gunzip(&self) -> Option<RefMut<'_, Gunzip<'static>>> {
        let places = self.gunzips.iter().zip(&GUNZIP_POOL).zip(&WINDOWS);
        places.into_iter().find_map(|((place, cell), window)| {
            let mut unpacker = place.try_borrow_mut().ok()?;
            if matches!(*unpacker, Unpacker::Unused) {
                *unpacker = Unpacker::Ready(cell.try_init(Gunzip::new(window.try_take()?))?);
            }
            RefMut::filter_map(unpacker, |unpacker| match unpacker {
                Unpacker::Ready(gunzip) => Some(&mut **gunzip),
                Unpacker::Unused => None,
            })
            .ok()
        })
    }
}

/// In what format the body is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    /// Its first byte has not come.
    Unknown,
    Json,
    Lines,
}

/// What reads one body.
pub struct Taker<'a> {
    app: &'a App,
    /// What the engine notes of it; `None` once it is closed.
    body: Option<Body>,
    format: Format,
    mark: Mark,
    json: Option<RefMut<'a, &'static mut Reader>>,
    lines: Option<RefMut<'a, Lines>>,
    #[cfg(feature = "gzip")]
    gunzip: Option<RefMut<'a, Gunzip<'static>>>,
    _turns: [Option<Turn<'a>>; 3],
}

impl App {
    /// Reserves what reads a body; `None` if all are busy, or this source has its share of them.
    pub fn taker(&self, batch: Batch) -> Option<Taker<'_>> {
        let (format, dialect) = match batch.shape {
            Shape::Alerts(dialect) => (Format::Json, Some(dialect)),
            Shape::Lines => (Format::Lines, None),
            Shape::Telegraf => (Format::Unknown, Some(Dialect::Telegraf)),
            Shape::Collectd => (Format::Unknown, Some(Dialect::Collectd)),
        };
        let mut turns = [const { None }; 3];
        let mut json = None;
        if let Some(dialect) = dialect {
            turns[0] = Some(self.turns.take(batch.source)?);
            let mut reader = self.readers.iter().find_map(|reader| reader.try_borrow_mut().ok())?;
            reader.start(dialect);
            json = Some(reader);
        }
        let mut lines = None;
        if format != Format::Json {
            turns[1] = Some(self.samples.turns.take(batch.source)?);
            let mut reader = self.samples.readers.iter().find_map(|reader| reader.try_borrow_mut().ok())?;
            let key = self.sample_key().ok()?;
            match batch.shape {
                Shape::Collectd => reader.start_commands(key),
                _ => reader.start(batch.precision, key),
            }
            lines = Some(reader);
        }
        Some(Taker {
            app: self,
            body: Some(self.state.borrow().engine.open(batch.source, batch.sender)),
            format,
            mark: Mark::default(),
            json,
            lines,
            #[cfg(feature = "gzip")]
            gunzip: if batch.gzip {
                turns[2] = Some(self.samples.gunzip_turns.take(batch.source)?);
                let mut gunzip = self.samples.gunzip()?;
                gunzip.start();
                Some(gunzip)
            } else {
                None
            },
            _turns: turns,
        })
    }

    /// The key of the hashes in samples; a new one each day.
    fn sample_key(&self) -> io::Result<HashKey> {
        let mut state = self.state.borrow_mut();
        let State { engine, config, .. } = &mut *state;
        let now = self.now(config);
        if let Some(key) = engine.sample_key(now) {
            return Ok(key);
        }
        let halves = [super::token::random()?, super::token::random()?];
        let key = HashKey(halves.map(u64::from_ne_bytes));
        engine.rekey(key, now);
        Ok(key)
    }

    /// Reads a piece of a body as it came.
    pub fn unpack(
        &self,
        taker: &mut Taker<'_>,
        payload: &[u8],
        batch: Batch,
        complaint: &mut Complaint,
    ) -> Result<(), Outcome> {
        #[cfg(feature = "gzip")]
        if let Some(mut gunzip) = taker.gunzip.take() {
            use aiglon::http::gunzip::GzipError;
            let mut payload = payload;
            loop {
                let step = gunzip.decode(payload).map_err(|error| match error {
                    GzipError::Broken => {
                        Outcome::Packed(Status::BadRequest, "the body is not gzip, or damaged")
                    }
                    GzipError::TooLarge => {
                        Outcome::Packed(Status::ContentTooLarge, "the body is too large once it is unpacked")
                    }
                })?;
                payload = payload.get(step.consumed..).unwrap_or_default();
                if payload.is_empty() && step.output.is_empty() {
                    taker.gunzip = Some(gunzip);
                    return Ok(());
                }
                self.feed(taker, step.output, batch, complaint)?;
            }
        }
        self.feed(taker, payload, batch, complaint)
    }

    /// Reads a piece of a body, but for the mark that some editors put before it.
    fn feed(
        &self,
        taker: &mut Taker<'_>,
        payload: &[u8],
        batch: Batch,
        complaint: &mut Complaint,
    ) -> Result<(), Outcome> {
        let (held, rest) = taker.mark.skip(payload);
        for piece in [held, rest].into_iter().filter(|piece| !piece.is_empty()) {
            self.read(taker, piece, batch, complaint)?;
        }
        Ok(())
    }

    /// Lets the engine see what is in a piece of a body.
    fn read(
        &self,
        taker: &mut Taker<'_>,
        payload: &[u8],
        batch: Batch,
        complaint: &mut Complaint,
    ) -> Result<(), Outcome> {
        if taker.format == Format::Unknown {
            // No line of anybody's begins like JSON does.
            let first = payload.iter().find(|byte| !byte.is_ascii_whitespace());
            taker.format = match first {
                None => return Ok(()),
                Some(b'{' | b'[') => Format::Json,
                Some(_) => Format::Lines,
            };
        }
        if self.tally.reloads.get() != batch.reloads {
            return Err(Outcome::Reloaded);
        }
        let mut state = self.state.borrow_mut();
        let State { engine, config, .. } = &mut *state;
        let now = self.now(config);
        let asking = Asking { config, source: batch.source };
        let Taker { format, json, lines, body: Some(body), .. } = taker else { return Ok(()) };
        let mut taking = Taking { app: self, engine, config, now, batch, body, complaint };
        match (format, json, lines) {
            (Format::Json, Some(reader), lines) => {
                let mut asked = lines.as_mut().map(|lines| lines.asked(&asking));
                let fed = reader.feed_asked(payload, asked.as_mut(), &mut |event| taking.event(&event));
                fed.map_err(|malformed| complain_first(complaint, malformed))
            }
            (_, _, Some(lines)) => {
                lines.feed(payload, &asking, &mut |event| taking.line(&event));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A body has come to its end.
    pub fn finish_body(&self, taker: &mut Taker<'_>, batch: Batch, complaint: &mut Complaint) -> Outcome {
        if self.tally.reloads.get() != batch.reloads {
            return Outcome::Reloaded;
        }
        #[cfg(feature = "gzip")]
        if taker.gunzip.as_ref().is_some_and(|gunzip| !gunzip.is_whole()) {
            return Outcome::Packed(Status::BadRequest, "the gzip body is cut off");
        }
        let (mut good, bad, lines) = match (taker.format, &mut taker.json, &mut taker.lines, &mut taker.body)
        {
            (Format::Unknown | Format::Json, Some(reader), ..) => match reader.finish() {
                Ok(found) => (found.alerts.saturating_add(found.oversize), found.bad, found.samples),
                Err(malformed) => return complain_first(complaint, malformed),
            },
            (_, _, Some(lines), Some(body)) => {
                let mut state = self.state.borrow_mut();
                let State { engine, config, .. } = &mut *state;
                let now = self.now(config);
                let asking = Asking { config, source: batch.source };
                let mut taking = Taking { app: self, engine, config, now, batch, body, complaint };
                let counted = lines.finish(&asking, &mut |event| taking.line(&event));
                if counted.bad > 0 {
                    add(&self.tally.bodies_malformed);
                }
                (0, counted.bad.saturating_add(counted.lost), counted.good)
            }
            _ => (0, 0, 0),
        };
        good = good.saturating_add(lines);
        if !matches!(batch.shape, Shape::Alerts(_)) {
            for (counter, more) in [(&self.samples.lines, lines), (&self.samples.lines_bad, bad)] {
                counter.set(counter.get().wrapping_add(more.into()));
            }
        }
        // A batch in which nothing was right is no sign of life: a sender whose data we cannot read would
        // count as alive and well for ever.
        let truncated = taker.json.as_ref().is_some_and(|reader| reader.was_truncated());
        taker.close(End { alive: bad == 0 || good > 0, truncated });
        if truncated {
            self.warn_of(batch.source, LEFT_OUT);
        }
        Outcome::Whole(bad)
    }
}

/// A sender that leaves alerts out would do so again, so the log alone is told.
const LEFT_OUT: &str =
    "left alerts out (max_alerts): what it feeds is \"no data\" for hours, unless it is worse";

impl Taker<'_> {
    /// The body is over, unless it was before.
    fn close(&mut self, end: End) {
        let Some(mut body) = self.body.take() else { return };
        let mut state = self.app.state.borrow_mut();
        let State { engine, config, .. } = &mut *state;
        let now = self.app.now(config);
        let effects = engine.step(config, now, Input::Close { body: &mut body, end });
        self.app.ledger.borrow_mut().note(engine, config, now, effects.durable);
    }
}

/// However a body is left, what it made better is shown.
impl Drop for Taker<'_> {
    fn drop(&mut self) {
        self.close(End::CUT);
    }
}

/// What is done with what is found.
struct Taking<'a> {
    app: &'a App,
    engine: &'a mut Engine,
    config: &'a Config,
    now: Now,
    batch: Batch,
    body: &'a mut Body,
    complaint: &'a mut Complaint,
}

impl Taking<'_> {
    fn event(&mut self, event: &ingest::Event<'_>) {
        use ingest::Event;

        let (alert, quality) = match *event {
            Event::Alert(alert) => (alert, Quality::Whole),
            Event::Oversize(alert) => (alert, Quality::Oversize),
            Event::Partial(error, alert) => {
                self.bad(error);
                // The alert marks what it leads to, since the rest of the batch vouches for the
                // source. An end marks nothing: the alert that it should end stays as it is.
                if alert.status() == Some(ingest::Status::Resolved) {
                    return;
                }
                (alert, Quality::Malformed)
            }
            Event::Sample(sample) => {
                self.engine.step(self.config, self.now, Input::Sample { body: self.body, sample });
                return;
            }
            Event::Bad(error) => return self.bad(error),
        };
        let input = Input::Alert { body: self.body, alert, quality };
        let effects = self.engine.step(self.config, self.now, input);
        if effects.durable != Durable::Nothing {
            let ledger: &mut Ledger = &mut self.app.ledger.borrow_mut();
            ledger.note(self.engine, self.config, self.now, effects.durable);
        }
        // What is too large or malformed is refused whatever room there is.
        if effects.verdict == Some(Verdict::Refused)
            && quality == Quality::Whole
            && !self.app.tally.full_told.replace(true)
        {
            say_full(self.engine);
        }
    }

    /// Something in a batch is not what it should be.
    fn bad(&mut self, error: ingest::AlertError) {
        let alerts = matches!(self.batch.shape, Shape::Alerts(_));
        if alerts {
            add(&self.app.tally.alerts_bad);
        }
        let what = if alerts { "alert" } else { "sample" };
        complain(self.complaint, what, error.index, error.flaw.words());
    }

    fn line(&mut self, event: &line::Event<'_>) {
        match *event {
            line::Event::Sample(sample) => {
                self.engine.step(self.config, self.now, Input::Sample { body: self.body, sample });
            }
            line::Event::Bad(line, flaw) => complain(self.complaint, "line", line, flaw.words()),
        }
    }
}

/// A full store is logged when it begins to refuse; the counter has the rest.
fn say_full(engine: &Engine) {
    log::warn!(
        "an alert found no room and was refused ({} of {} held); its components stay marked. Further \
         refusals are counted, not logged",
        engine.alerts().len(),
        aiglon::limits::ALERTS
    );
}

/// Puts before what was wrong with alerts that the rest could not be read.
fn complain_first(complaint: &mut Complaint, malformed: Malformed) -> Outcome {
    let alerts = std::mem::take(complaint);
    _ = uwrite!(complaint, "byte {}: {}", malformed.at, malformed.why.words());
    if !alerts.is_empty() {
        _ = uwrite!(complaint, "; {}", alerts.as_str());
    }
    Outcome::Malformed
}

fn complain(complaint: &mut Complaint, what: &str, index: u32, words: &str) {
    let mut one: heapless::String<96> = heapless::String::new();
    let start = if complaint.is_empty() { "" } else { "; " };
    if uwrite!(one, "{}{} {}: {}", start, what, index, words).is_ok() {
        // What finds no room is counted.
        _ = complaint.push_str(&one);
    }
}
