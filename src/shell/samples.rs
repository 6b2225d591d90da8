//! Bodies in and samples out, as InfluxDB's clients send them.
//!
//! What an answer makes Telegraf do (1.40, `plugins/outputs/influxdb/http.go`, `influxdb_v2/http.go`): its first version's
//! output drops the batch at any 4xx, its second's at 400 and most others; it splits the batch at 413, and keeps it at 401 and
//! 403. Both keep it at 5xx, and the second waits for as long as `Retry-After` says at 429 and 503. Only 204 is success for
//! the first. So lines that are wrong, which would be wrong again, get 400 with InfluxDB's "partial write" and never block a
//! queue, and what is ours to mend gets 503.

use std::cell::{Cell, RefCell};
use std::io;

use aiglon::config::Config;
use aiglon::config::rule::Asking;
use aiglon::engine::{Engine, Input};
use aiglon::http::Status;
use aiglon::http::body::BodyError;
use aiglon::http::response::{Content, Response};
use aiglon::ingest::line::{Counted, Event, Lines, Precision};
use aiglon::ingest::sample::HashKey;
use aiglon::limits::{ANSWER_TIME, BODY_TIME, LINE_READERS, REQUEST_TIME};
use aiglon::model::SourceId;
use aiglon::time::Now;
use ufmt::uwrite;

use super::app::{App, State};
use super::clock;
use super::connection::{Connection, Next, Terms};
use super::slots::Doing;
use super::tally::add;

/// How often a body is read before the reactor is asked whether there is more.
const READS_A_TURN: u32 = 4;

/// What was wrong with lines, in words for their sender: as many as fit.
pub type Complaint = heapless::String<300>;

/// How a body of samples came.
#[derive(Clone, Copy)]
pub struct Batch {
    pub source: SourceId,
    pub precision: Precision,
    #[cfg_attr(not(feature = "gzip"), expect(dead_code, reason = "such a body has been refused"))]
    pub gzip: bool,
}

/// What takes samples in.
pub struct Pool {
    readers: [RefCell<Lines>; LINE_READERS],
    #[cfg(feature = "gzip")]
    gunzip: RefCell<Box<aiglon::http::gunzip::Gunzip>>,
    pub lines: Cell<u64>,
    pub lines_bad: Cell<u64>,
}

impl Pool {
    pub fn new() -> Self {
        Self {
            readers: [const { RefCell::new(Lines::new()) }; LINE_READERS],
            #[cfg(feature = "gzip")]
            gunzip: RefCell::default(),
            lines: Cell::new(0),
            lines_bad: Cell::new(0),
        }
    }
}

/// How a body ended.
enum Outcome {
    Whole(Counted),
    Framing(Status, &'static str),
    /// The client went away, or took too long.
    Cut,
}

fn framing(error: BodyError) -> Outcome {
    let (status, words) = error.answer();
    Outcome::Framing(status, words)
}

impl Connection<'_> {
    /// Takes in a body of line protocol, and answers when the work is done.
    #[expect(clippy::await_holding_refcell_ref, reason = "the borrow is what reserves the reader")]
    pub async fn samples(&mut self, mut terms: Terms, batch: Batch) -> io::Result<Next> {
        let app = self.app;
        let reader = app.samples.readers.iter().find_map(|reader| reader.try_borrow_mut().ok());
        let (Some(mut reader), Ok(key)) = (reader, app.sample_key()) else {
            terms.keep_alive = false;
            self.json_words(terms, Status::ServiceUnavailable, "too many bodies at the same time").await?;
            return self.after(terms).await;
        };
        reader.start(batch.precision, key);
        let mut complaint = Complaint::new();
        #[cfg(feature = "gzip")]
        let outcome = if batch.gzip {
            let Ok(mut gunzip) = app.samples.gunzip.try_borrow_mut() else {
                drop(reader);
                terms.keep_alive = false;
                self.json_words(terms, Status::ServiceUnavailable, "another body is being unpacked").await?;
                return self.after(terms).await;
            };
            gunzip.start();
            self.take_lines(terms, batch, &mut reader, Some(&mut gunzip), &mut complaint).await?
        } else {
            self.take_lines(terms, batch, &mut reader, None, &mut complaint).await?
        };
        #[cfg(not(feature = "gzip"))]
        let outcome = self.take_lines(terms, batch, &mut reader, None, &mut complaint).await?;
        drop(reader);
        self.slot.doing(Doing::Answer, ANSWER_TIME);
        match outcome {
            Outcome::Cut => Ok(Next::Close),
            Outcome::Whole(counted) => {
                // A body in which nothing was right is no sign of life.
                if counted.bad == 0 || counted.good > 0 {
                    app.heard(batch.source);
                }
                if counted.bad == 0 {
                    self.begin(terms, Response::new(Status::NoContent, Content::Length(0)))?;
                    self.finish(terms, b"").await?;
                } else {
                    let mut words = heapless::String::<400>::new();
                    _ = uwrite!(
                        words,
                        "partial write: unable to parse {} dropped={}",
                        complaint.as_str(),
                        counted.bad
                    );
                    app.warn_of(batch.source, &words);
                    self.influx_error(terms, Status::BadRequest, &words).await?;
                }
                Ok(if terms.keep_alive { Next::Request } else { Next::Close })
            }
            Outcome::Framing(status, words) => {
                app.warn_of(batch.source, words);
                terms.keep_alive = false;
                self.influx_error(terms, status, words).await?;
                self.after(terms).await
            }
        }
    }

    async fn take_lines(
        &mut self,
        terms: Terms,
        batch: Batch,
        reader: &mut Lines,
        #[cfg(feature = "gzip")] mut gunzip: Option<&mut aiglon::http::gunzip::Gunzip>,
        #[cfg(not(feature = "gzip"))] gunzip: Option<()>,
        complaint: &mut Complaint,
    ) -> io::Result<Outcome> {
        let app = self.app;
        let mut body = match Self::body(terms) {
            Ok(body) => body,
            Err(error) => return Ok(framing(error)),
        };
        #[cfg(not(feature = "gzip"))]
        let _ = gunzip;
        self.slot.doing(Doing::Body, BODY_TIME);
        let end_by = clock::mono().plus(REQUEST_TIME);
        self.welcome(terms).await?;
        let mut reads = 0u32;
        loop {
            while !self.unread().is_empty() && !body.is_done() {
                let (consumed, payload) = match body.decode(self.unread()) {
                    Ok(step) => (step.consumed, step.payload),
                    Err(error) => return Ok(framing(error)),
                };
                #[cfg(feature = "gzip")]
                if let Some(gunzip) = gunzip.as_deref_mut() {
                    if let Err(error) = app.unpack(gunzip, payload, batch.source, reader, complaint) {
                        return Ok(error);
                    }
                } else {
                    app.feed_lines(reader, payload, batch.source, complaint);
                }
                #[cfg(not(feature = "gzip"))]
                app.feed_lines(reader, payload, batch.source, complaint);
                self.consume(consumed);
            }
            if body.is_done() {
                #[cfg(feature = "gzip")]
                if gunzip.is_some_and(|gunzip| !gunzip.is_whole()) {
                    return Ok(Outcome::Framing(Status::BadRequest, "the gzip body is cut off"));
                }
                return Ok(Outcome::Whole(app.finish_lines(reader, batch.source, complaint)));
            }
            // A sender that is faster than we are would never make us wait, and nobody else have a turn.
            reads = reads.wrapping_add(1);
            if self.fill(!reads.is_multiple_of(READS_A_TURN)).await? == 0 || clock::mono() >= end_by {
                return Ok(Outcome::Cut);
            }
            self.slot.progress(BODY_TIME);
        }
    }
}

impl App {
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

    #[cfg(feature = "gzip")]
    fn unpack(
        &self,
        gunzip: &mut aiglon::http::gunzip::Gunzip,
        mut payload: &[u8],
        source: SourceId,
        reader: &mut Lines,
        complaint: &mut Complaint,
    ) -> Result<(), Outcome> {
        use aiglon::http::gunzip::GzipError;
        loop {
            let step = gunzip.decode(payload).map_err(|error| match error {
                GzipError::Broken => Outcome::Framing(Status::BadRequest, "the body is not gzip, or damaged"),
                GzipError::TooLarge => {
                    Outcome::Framing(Status::ContentTooLarge, "the body is too large once it is unpacked")
                }
            })?;
            payload = payload.get(step.consumed..).unwrap_or_default();
            if payload.is_empty() && step.output.is_empty() {
                return Ok(());
            }
            self.feed_lines(reader, step.output, source, complaint);
        }
    }

    fn feed_lines(&self, reader: &mut Lines, payload: &[u8], source: SourceId, complaint: &mut Complaint) {
        let mut state = self.state.borrow_mut();
        let State { engine, config, .. } = &mut *state;
        let now = self.now(config);
        reader.feed(payload, &Asking { config, source }, &mut |event| {
            take(engine, config, now, &event, complaint);
        });
    }

    fn finish_lines(&self, reader: &mut Lines, source: SourceId, complaint: &mut Complaint) -> Counted {
        let mut state = self.state.borrow_mut();
        let State { engine, config, .. } = &mut *state;
        let now = self.now(config);
        let counted = reader
            .finish(&Asking { config, source }, &mut |event| take(engine, config, now, &event, complaint));
        for (counter, more) in [(&self.samples.lines, counted.good), (&self.samples.lines_bad, counted.bad)] {
            counter.set(counter.get().wrapping_add(more.into()));
        }
        if counted.bad > 0 {
            add(&self.tally.bodies_malformed);
        }
        counted
    }
}

fn take(engine: &mut Engine, config: &Config, now: Now, event: &Event<'_>, complaint: &mut Complaint) {
    match event {
        Event::Sample(sample) => {
            engine.step(config, now, Input::Sample(sample));
        }
        Event::Bad(line, flaw) => {
            let mut one: heapless::String<64> = heapless::String::new();
            let start = if complaint.is_empty() { "" } else { "; " };
            if uwrite!(one, "{}line {}: {}", start, line, flaw.words()).is_ok() {
                // What finds no room is counted.
                _ = complaint.push_str(&one);
            }
        }
    }
}
