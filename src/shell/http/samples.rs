//! From the bytes of a body to what the engine sees: unpacked, told apart, and read.

use std::cell::{Cell, RefCell, RefMut};
use std::io;

use aiglon::config::rule::RuleInterest;
use aiglon::engine::{Body, Effects, End, Engine, Input, Oddity, Quality, Verdict};
#[cfg(feature = "gzip")]
use aiglon::http::{Status, gunzip::Gunzip, gunzip::GunzipWindow};
use aiglon::ingest::line::{self, Lines};
use aiglon::ingest::sample::HashKey;
use aiglon::ingest::{self, Dialect, Malformed, Mark, Reader};
use aiglon::limits::{
    EVENT_WORK, LINE_READERS, MATCHES_WORK, PACKED_WORK, PIECE_WORK, READERS, RULES_WORK, TURN_WORK,
};
#[cfg(feature = "gzip")]
use aiglon::limits::{GUNZIP_WINDOW_BYTES, GUNZIPS};
use static_cell::ConstStaticCell;
#[cfg(feature = "gzip")]
use static_cell::StaticCell;
use ufmt::uwrite;

use super::super::fair_share::{FairShare, Turn};
use super::super::log::Safe;
use super::super::port::{Core, Port};
use super::super::tally::{Tally, add};
use super::batch::{Batch, BodyFormat, Complaint, Outcome};

#[cfg(feature = "gzip")]
static WINDOWS: [ConstStaticCell<GunzipWindow>; GUNZIPS] =
    [const { ConstStaticCell::new([0; GUNZIP_WINDOW_BYTES]) }; GUNZIPS];
#[cfg(feature = "gzip")]
static GUNZIP_POOL: [StaticCell<Gunzip<'static>>; GUNZIPS] = [const { StaticCell::new() }; GUNZIPS];

/// What unpacks gzip: 43 KiB that nobody pays for where nothing comes packed.
#[cfg(feature = "gzip")]
enum Unpacker {
    Unused,
    Ready(&'static mut Gunzip<'static>),
}

static READER_POOL: ConstStaticCell<[Reader; READERS]> =
    ConstStaticCell::new([const { Reader::new() }; READERS]);

/// Readers of alerts and of samples in JSON, whose memory is static.
pub type Readers = [RefCell<&'static mut Reader>; READERS];

/// Takes the static readers: once in a process.
pub fn readers() -> Option<Readers> {
    Some(READER_POOL.try_take()?.each_mut().map(RefCell::new))
}

/// What takes bodies in.
pub struct Intake {
    readers: Readers,
    turns: FairShare,
    line_readers: [RefCell<Lines>; LINE_READERS],
    line_turns: FairShare,
    #[cfg(feature = "gzip")]
    gunzips: [RefCell<Unpacker>; GUNZIPS],
    #[cfg(feature = "gzip")]
    gunzip_turns: FairShare,
    pub lines: Cell<u64>,
    pub lines_bad: Cell<u64>,
}

impl Intake {
    pub fn new(readers: Readers) -> Self {
        Self {
            readers,
            turns: FairShare::new(READERS),
            line_readers: [const { RefCell::new(Lines::new()) }; LINE_READERS],
            line_turns: FairShare::new(LINE_READERS),
            #[cfg(feature = "gzip")]
            gunzips: [const { RefCell::new(Unpacker::Unused) }; GUNZIPS],
            #[cfg(feature = "gzip")]
            gunzip_turns: FairShare::new(GUNZIPS),
            lines: Cell::new(0),
            lines_bad: Cell::new(0),
        }
    }
}

impl Intake {
    /// The work of one turn of a body, while so many are read. All of them wait for each other, so
    /// they share a turn.
    pub fn turn_work(&self) -> u32 {
        let bodies = self.turns.usage().0 + self.line_turns.usage().0;
        TURN_WORK / u32::try_from(bodies).map_or(1, |bodies| bodies.max(1))
    }
}

/// How many kinds of readers there are.
const KINDS: usize = if cfg!(feature = "gzip") { 3 } else { 2 };

impl Intake {
    /// Whose turn it is at each kind of reader, by the name of what is limited.
    pub fn turns(&self) -> [(&'static str, &FairShare); KINDS] {
        [
            ("readers", &self.turns),
            ("line_readers", &self.line_turns),
            #[cfg(feature = "gzip")]
            ("gunzips", &self.gunzip_turns),
        ]
    }
}

#[cfg(feature = "gzip")]
impl Intake {
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
pub struct BodyReader<'a> {
    intake: &'a Intake,
    port: &'a Port,
    tally: &'a Tally,
    batch: Batch,
    /// What the engine notes of it; `None` once it is closed.
    body: Option<Body>,
    format: Format,
    mark: Mark,
    json: Option<RefMut<'a, &'static mut Reader>>,
    lines: Option<RefMut<'a, Lines>>,
    #[cfg(feature = "gzip")]
    gunzip: Option<RefMut<'a, Gunzip<'static>>>,
    /// Alerts, samples and mistakes that were found since the work was last asked for.
    events: u32,
    /// How much the configuration asks about each byte.
    weight: u32,
    _turns: [Option<Turn<'a>>; 3],
}

impl Intake {
    /// Reserves what reads a body; `None` if all are busy, or this source has its share of them.
    pub fn taker<'a>(&'a self, port: &'a Port, tally: &'a Tally, batch: Batch) -> Option<BodyReader<'a>> {
        let (format, dialect) = match batch.shape {
            BodyFormat::Alerts(dialect) => (Format::Json, Some(dialect)),
            BodyFormat::Lines => (Format::Lines, None),
            BodyFormat::Telegraf => (Format::Unknown, Some(Dialect::Telegraf)),
            BodyFormat::Collectd => (Format::Unknown, Some(Dialect::Collectd)),
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
            turns[1] = Some(self.line_turns.take(batch.source)?);
            let mut reader = self.line_readers.iter().find_map(|reader| reader.try_borrow_mut().ok())?;
            let key = sample_key(port).ok()?;
            match batch.shape {
                BodyFormat::Collectd => reader.start_commands(key),
                _ => reader.start(batch.precision, key),
            }
            lines = Some(reader);
        }
        Some(BodyReader {
            intake: self,
            port,
            tally,
            batch,
            body: Some(port.enter(|core| core.engine.open(batch.source, batch.sender))),
            format,
            mark: Mark::default(),
            json,
            lines,
            #[cfg(feature = "gzip")]
            gunzip: if batch.gzip {
                turns[2] = Some(self.gunzip_turns.take(batch.source)?);
                let mut gunzip = self.gunzip()?;
                gunzip.start();
                Some(gunzip)
            } else {
                None
            },
            events: 0,
            weight: port.look(|config| match batch.shape {
                BodyFormat::Alerts(_) => 1 + cost(config.matches.len()) / MATCHES_WORK,
                _ => 1 + cost(config.rules.len()) / RULES_WORK,
            }),
            _turns: turns,
        })
    }
}

/// The key of the hashes in samples; a new one each day.
fn sample_key(port: &Port) -> io::Result<HashKey> {
    port.enter(|core| {
        if let Some(key) = core.engine.sample_key(core.now) {
            return Ok(key);
        }
        let halves = [super::super::token::random()?, super::super::token::random()?];
        let key = HashKey(halves.map(u64::from_ne_bytes));
        core.engine.rekey(key, core.now);
        Ok(key)
    })
}

/// What one step of reading a body did.
pub struct Unpacked {
    /// Bytes that it used up.
    pub consumed: usize,
    /// Nothing is left of the piece.
    pub done: bool,
    /// In the unit of [`TURN_WORK`](aiglon::limits::TURN_WORK).
    pub work: u32,
}

fn cost(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl BodyReader<'_> {
    /// Reads some of a piece of the body as it came; call it again with the rest until it is done.
    pub fn unpack(&mut self, payload: &[u8], complaint: &mut Complaint) -> Result<Unpacked, Outcome> {
        #[cfg(feature = "gzip")]
        if let Some(mut gunzip) = self.gunzip.take() {
            use aiglon::http::gunzip::GzipError;
            let step = gunzip.decode(payload).map_err(|error| match error {
                GzipError::Broken => Outcome::Packed(Status::BadRequest, "the body is not gzip, or damaged"),
                GzipError::TooLarge => {
                    Outcome::Packed(Status::ContentTooLarge, "the body is too large once it is unpacked")
                }
            })?;
            let (consumed, came) = (step.consumed, step.output.len());
            self.feed(step.output, complaint)?;
            self.gunzip = Some(gunzip);
            let done = consumed == payload.len() && came == 0;
            let packed = cost(consumed).saturating_mul(PACKED_WORK);
            return Ok(Unpacked { consumed, done, work: self.work(came).saturating_add(packed) });
        }
        self.feed(payload, complaint)?;
        Ok(Unpacked { consumed: payload.len(), done: true, work: self.work(payload.len()) })
    }

    /// What reading so many bytes was, with what was found in them.
    fn work(&mut self, bytes: usize) -> u32 {
        let events = std::mem::take(&mut self.events).saturating_mul(EVENT_WORK);
        cost(bytes).saturating_mul(self.weight).saturating_add(events).saturating_add(PIECE_WORK)
    }

    /// Reads a piece of the body, but for the mark that some editors put before it.
    fn feed(&mut self, payload: &[u8], complaint: &mut Complaint) -> Result<(), Outcome> {
        let (held, rest) = self.mark.skip(payload);
        for piece in [held, rest].into_iter().filter(|piece| !piece.is_empty()) {
            self.read(piece, complaint)?;
        }
        Ok(())
    }

    /// Lets the engine see what is in a piece of the body.
    fn read(&mut self, payload: &[u8], complaint: &mut Complaint) -> Result<(), Outcome> {
        if self.format == Format::Unknown {
            // No line of anybody's begins like JSON does.
            let first = payload.iter().find(|byte| !byte.is_ascii_whitespace());
            self.format = match first {
                None => return Ok(()),
                Some(b'{' | b'[') => Format::Json,
                Some(_) => Format::Lines,
            };
        }
        if self.tally.epoch.get() != self.batch.epoch {
            return Err(Outcome::Reloaded);
        }
        let Self { port, tally, batch, format, json, lines, body: Some(body), events, .. } = self else {
            return Ok(());
        };
        port.enter(|core| {
            let asking = RuleInterest { config: core.config, source: batch.source };
            let mut taking = BodySink { core, tally, batch: *batch, body, complaint, events };
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
        })
    }

    /// The body has come to its end.
    pub fn finish(&mut self, complaint: &mut Complaint) -> Outcome {
        if self.tally.epoch.get() != self.batch.epoch {
            return Outcome::Reloaded;
        }
        #[cfg(feature = "gzip")]
        if self.gunzip.as_ref().is_some_and(|gunzip| !gunzip.is_whole()) {
            return Outcome::Packed(Status::BadRequest, "the gzip body is cut off");
        }
        let Self { intake, port, tally, batch, format, json, lines, body, events, .. } = self;
        let (mut good, bad, lines) = match (format, json, lines, body) {
            (Format::Unknown | Format::Json, Some(reader), ..) => match reader.finish() {
                Ok(found) => (found.alerts.saturating_add(found.oversize), found.bad, found.samples),
                Err(malformed) => return complain_first(complaint, malformed),
            },
            (_, _, Some(lines), Some(body)) => {
                let counted = port.enter(|core| {
                    let asking = RuleInterest { config: core.config, source: batch.source };
                    let mut taking = BodySink { core, tally, batch: *batch, body, complaint, events };
                    lines.finish(&asking, &mut |event| taking.line(&event))
                });
                if counted.bad > 0 {
                    add(&tally.bodies_malformed);
                }
                (0, counted.bad.saturating_add(counted.lost), counted.good)
            }
            _ => (0, 0, 0),
        };
        good = good.saturating_add(lines);
        if !matches!(batch.shape, BodyFormat::Alerts(_)) {
            for (counter, more) in [(&intake.lines, lines), (&intake.lines_bad, bad)] {
                counter.set(counter.get().wrapping_add(more.into()));
            }
        }
        // A batch in which nothing was right is no sign of life: a sender whose data we cannot read
        // would count as alive and well for ever.
        let truncated = self.json.as_ref().is_some_and(|reader| reader.was_truncated());
        let stale = self.close(End { alive: bad == 0 || good > 0, truncated });
        complain_of_time(complaint, stale);
        if truncated {
            self.port.warn_of(self.batch.source, LEFT_OUT);
        }
        Outcome::Whole(bad.saturating_add(stale))
    }
}

/// A sender that leaves alerts out would do so again, so the log alone is told.
const LEFT_OUT: &str =
    "left alerts out (max_alerts): what it feeds is \"no data\" for hours, unless it is worse";

impl BodyReader<'_> {
    /// The body is over, unless it was before. Returns how many samples in it were not of now.
    fn close(&mut self, end: End) -> u32 {
        let Some(mut body) = self.body.take() else { return 0 };
        self.port.step(Input::Close { body: &mut body, end }).stale
    }
}

/// However a body is left, what it made better is shown.
impl Drop for BodyReader<'_> {
    fn drop(&mut self) {
        self.close(End::CUT);
    }
}

/// What is done with what is found.
struct BodySink<'a, 'c> {
    core: &'a mut Core<'c>,
    tally: &'a Tally,
    batch: Batch,
    body: &'a mut Body,
    complaint: &'a mut Complaint,
    events: &'a mut u32,
}

impl BodySink<'_, '_> {
    fn event(&mut self, event: &ingest::Event<'_>) {
        use ingest::Event;

        *self.events = self.events.saturating_add(1);
        let (alert, quality) = match *event {
            Event::Alert(alert) => (alert, Quality::Whole),
            Event::Oversize(alert) => (alert, Quality::Oversize),
            Event::Partial(error, alert) => {
                self.bad(error);
                // The alert marks what it leads to, since the rest of the batch vouches for the
                // source.
                (alert, Quality::Malformed)
            }
            Event::Sample(sample) => {
                self.core.step(Input::Sample { body: self.body, sample });
                return;
            }
            Event::Bad(error) => return self.bad(error),
        };
        let Effects { verdict, odd, .. } = self.core.step(Input::Alert { body: self.body, alert, quality });
        if let Some(place) = odd {
            say_odd(self.core, place);
        }
        // What is too large or malformed is refused whatever room there is.
        if verdict == Some(Verdict::Refused)
            && quality == Quality::Whole
            && !self.tally.full_told.replace(true)
        {
            say_full(self.core.engine);
        }
    }

    /// Something in a batch is not what it should be.
    fn bad(&mut self, error: ingest::AlertError) {
        let alerts = matches!(self.batch.shape, BodyFormat::Alerts(_));
        if alerts {
            add(&self.tally.alerts_bad);
        }
        let what = if alerts { "alert" } else { "sample" };
        complain(self.complaint, what, error.index, error.flaw.words());
    }

    fn line(&mut self, event: &line::LineEvent<'_>) {
        *self.events = self.events.saturating_add(1);
        match *event {
            line::LineEvent::Sample(sample) => {
                self.core.step(Input::Sample { body: self.body, sample });
            }
            line::LineEvent::Bad(line, flaw) => complain(self.complaint, "line", line, flaw.words()),
        }
    }
}

/// Each name of an alert with which something is odd is logged once, and no other label of it.
#[inline(never)]
fn say_odd(core: &Core<'_>, place: usize) {
    let Some((source, what, name)) = core.engine.sources().odd_name(place) else {
        log::warn!("the names of more such alerts find no room: they are counted, not logged");
        return;
    };
    let words = match what {
        Oddity::Unmapped => "leads to no component, so no page tells of it ('aiglon route' says why)",
        // No name goes with a path.
        Oddity::Severity | Oddity::Path => {
            "has a severity that nobody knows; it counts as option default_severity says"
        }
    };
    let source = core.config.sources.get(source.index()).map_or("", |row| core.config.str(row.name));
    log::warn!("source '{}': alert '{}' {words}", Safe(source), Safe(name));
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

/// Says how many samples of a body are of no use, if any: their times are not of now.
fn complain_of_time(complaint: &mut Complaint, stale: u32) {
    let mut one: heapless::String<128> = heapless::String::new();
    let start = if complaint.is_empty() { "" } else { "; " };
    let (were, are) = if stale == 1 { (" was", "is") } else { ("s were", "are") };
    let words = "measured too long ago, or in another unit of time, and";
    let written = uwrite!(one, "{}{} sample{} {} {} left out", start, stale, were, words, are);
    if stale > 0 && written.is_ok() {
        _ = complaint.push_str(&one);
    }
}
