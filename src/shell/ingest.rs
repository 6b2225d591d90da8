//! Bodies in and alerts out: what needs waiting on the way of an alert.

use std::cell::RefMut;
use std::io;

use aiglon::engine::lifetime::Sender;
use aiglon::engine::{Durable, Engine, Input, Verdict};
use aiglon::http::Status;
use aiglon::http::body::BodyError;
use aiglon::http::filter::Filter;
use aiglon::http::head::Version;
use aiglon::http::response::{Content, LAST_CHUNK, Response, chunk_line};
use aiglon::ingest::{Dialect, Event, Malformed, Reader, Summary};
use aiglon::limits::{ANSWER_TIME, BODY_TIME, KEPT_BYTES, REQUEST_TIME};
use aiglon::model::{SiteId, SourceId};
use aiglon::render::{PageBuf, alertmanager};
use ufmt::uwrite;

use super::app::{App, State};
use super::clock;
use super::connection::{Connection, Next, Terms, make_room};
use super::slots::Doing;
use super::tally::add;

/// What was wrong with a batch, in words for its sender: as many as fit.
pub type Complaint = heapless::String<480>;

/// Bytes of one alert as JSON: its kept text, six times as long when all of it must be escaped, and the rest.
const LISTED_BYTES: usize = KEPT_BYTES * 6 + 512;

/// How often a body is read before the reactor is asked whether there is more: until then, and for at most this
/// many times [`HEAD_BYTES`](aiglon::limits::HEAD_BYTES), nobody else is served.
const READS_A_TURN: u32 = 4;

/// How a body ended.
enum Outcome {
    /// All of it was read.
    Whole(Summary),
    /// Its JSON was malformed.
    Malformed(Malformed),
    /// Its framing was.
    Framing(BodyError),
    /// The client went away, or took too long.
    Cut,
}

/// Who sends, and how.
#[derive(Clone, Copy)]
struct From {
    source: SourceId,
    sender: Sender,
}

impl Connection<'_> {
    /// Takes in a body of alerts, one at a time, and answers when the work is done.
    #[expect(clippy::await_holding_refcell_ref, reason = "the borrow is what reserves the reader")]
    pub async fn ingest(
        &mut self,
        mut terms: Terms,
        source: SourceId,
        sender: Sender,
        dialect: Dialect,
    ) -> io::Result<Next> {
        let app = self.app;
        let Some(mut reader) = app.readers.iter().find_map(|reader| reader.try_borrow_mut().ok()) else {
            terms.keep_alive = false;
            self.json_words(terms, Status::ServiceUnavailable, "too many bodies at the same time").await?;
            return self.after(terms).await;
        };
        self.buffers.complaint.clear();
        reader.start(dialect);
        let outcome = self.take_in(terms, From { source, sender }, &mut reader).await?;
        drop(reader);
        // On flash before its sender is told so; also what came before a body was cut off.
        app.commit();
        self.slot.doing(Doing::Answer, ANSWER_TIME);
        match outcome {
            Outcome::Cut => Ok(Next::Close),
            Outcome::Whole(found) => {
                // A batch in which nothing was an alert is no sign of life: who sends what we cannot read (collectd's
                // values, say) would look alive and well for ever.
                if found.bad == 0 || found.alerts > 0 || found.oversize > 0 {
                    app.heard(source);
                }
                if self.buffers.complaint.is_empty() {
                    let mut response = Response::new(Status::Ok, Content::Length(2));
                    response.content_type = "application/json";
                    self.begin(terms, response)?;
                    self.finish(terms, b"{}").await?;
                } else {
                    app.warn_of(source, &self.buffers.complaint);
                    self.complain(terms).await?;
                }
                Ok(if terms.keep_alive { Next::Request } else { Next::Close })
            }
            Outcome::Malformed(malformed) => {
                add(&app.tally.bodies_malformed);
                complain_first(&mut self.buffers.complaint, malformed);
                app.warn_of(source, &self.buffers.complaint);
                terms.keep_alive = false;
                self.complain(terms).await?;
                self.after(terms).await
            }
            Outcome::Framing(error) => {
                let (status, words) = error.answer();
                app.warn_of(source, words);
                terms.keep_alive = false;
                self.json_words(terms, status, words).await?;
                self.after(terms).await
            }
        }
    }

    async fn take_in(
        &mut self,
        terms: Terms,
        from: From,
        reader: &mut RefMut<'_, &'static mut Reader>,
    ) -> io::Result<Outcome> {
        let app = self.app;
        let mut body = match Self::body(terms) {
            Ok(body) => body,
            Err(error) => return Ok(Outcome::Framing(error)),
        };
        self.slot.doing(Doing::Body, BODY_TIME);
        let end_by = clock::mono().plus(REQUEST_TIME);
        self.welcome(terms).await?;
        let mut reads = 0u32;
        loop {
            while !self.unread().is_empty() && !body.is_done() {
                let (unread, complaint) = self.unread_and_complaint();
                let (consumed, result) = match body.decode(unread) {
                    Ok(step) => (step.consumed, app.feed(reader, step.payload, from, complaint)),
                    Err(error) => return Ok(Outcome::Framing(error)),
                };
                self.consume(consumed);
                if let Err(malformed) = result {
                    return Ok(Outcome::Malformed(malformed));
                }
            }
            if body.is_done() {
                return Ok(reader.finish().map_or_else(Outcome::Malformed, Outcome::Whole));
            }
            // A sender that is faster than we are would never make us wait, and nobody else have a turn.
            reads = reads.wrapping_add(1);
            if self.fill(!reads.is_multiple_of(READS_A_TURN)).await? == 0 || clock::mono() >= end_by {
                return Ok(Outcome::Cut);
            }
            self.slot.progress(BODY_TIME);
        }
    }

    /// Sends the alerts that are held for a site, a page buffer full at a time: there may be more than fit one.
    pub async fn list(&mut self, terms: Terms, site: SiteId) -> io::Result<()> {
        self.slot.doing(Doing::Answer, ANSWER_TIME);
        let app = self.app;
        let chunked = terms.version == Version::Http11;
        let content = if chunked { Content::Chunked } else { Content::UntilClose };
        let mut response = Response::new(Status::Ok, content);
        response.content_type = "application/json";
        response.cache_control = "no-store";
        self.begin(terms, response)?;
        self.finish(terms, b"").await?;
        if terms.is_head {
            return Ok(());
        }
        let mut next = Some(0);
        while let Some(from) = next {
            make_room(app).await;
            let Some(piece) = app.pages.scratch(|out| {
                next = app.list_into(out, site, &self.buffers.query, from);
                true
            }) else {
                return Err(io::ErrorKind::OutOfMemory.into());
            };
            self.slot.reads(Some(piece.place));
            if chunked {
                let line = chunk_line(u32::try_from(piece.bytes.len()).unwrap_or(0));
                self.send(line.as_bytes(), piece.bytes.as_slice()).await?;
                self.send(b"\r\n", if next.is_none() { LAST_CHUNK } else { b"" }).await?;
            } else {
                self.send(piece.bytes.as_slice(), b"").await?;
            }
        }
        self.slot.reads(None);
        Ok(())
    }
}

impl App {
    /// Writes the alerts of a site from place `from` on, as an array or a part of one. Returns where to go on
    /// if they did not fit. Between two parts the store may change: an alert may then be missed or come twice.
    fn list_into(&self, out: &mut PageBuf, site: SiteId, query: &str, from: usize) -> Option<usize> {
        let state = self.state.borrow();
        let now = self.now(state.config);
        let filter = Filter::parse(query).ok()?;
        if from == 0 {
            _ = out.push(b"[");
        }
        let mut at = from;
        let mut comma = from != 0;
        while let Some(held) = state.engine.alerts().get(at) {
            let here =
                state.config.sources.get(held.source().index()).is_some_and(|source| source.site == site);
            if let Some(listed) = held.listed(now).filter(|listed| here && filter.wants(listed)) {
                let mut one = [0; LISTED_BYTES];
                let len = alertmanager::alert(&mut one, &listed);
                if out.room() < len + 2 {
                    return Some(at);
                }
                if std::mem::replace(&mut comma, true) {
                    _ = out.push(b",");
                }
                _ = out.push(one.get(..len).unwrap_or_default());
            }
            at += 1;
        }
        _ = out.push(b"]");
        None
    }

    /// A whole, authenticated request came from this source.
    pub fn heard(&self, source: SourceId) {
        let mut state = self.state.borrow_mut();
        let State { engine, config, .. } = &mut *state;
        let now = self.now(config);
        engine.step(config, now, Input::Heard(source));
    }

    /// Reads a piece of a body and lets the engine see what is in it.
    fn feed(
        &self,
        reader: &mut Reader,
        payload: &[u8],
        from: From,
        complaint: &mut Complaint,
    ) -> Result<(), Malformed> {
        let mut state = self.state.borrow_mut();
        let State { engine, config, .. } = &mut *state;
        let now = self.now(config);
        let From { source, sender } = from;
        reader.feed(payload, &mut |event| {
            let (alert, oversize) = match event {
                Event::Alert(alert) => (alert, false),
                Event::Oversize(alert) => (alert, true),
                Event::Bad(error) => {
                    add(&self.tally.alerts_bad);
                    complain(complaint, error.index, error.flaw.words());
                    return;
                }
            };
            let effects = engine.step(config, now, Input::Alert { source, sender, alert, oversize });
            if effects.durable != Durable::Nothing {
                self.ledger.borrow_mut().note(engine, config, now, effects.durable);
            }
            if effects.verdict == Some(Verdict::Refused) {
                say_full_once(engine);
            }
        })
    }

    /// Says in the log what a sender does wrong, now and then, and in no word of the sender's own.
    pub fn warn_of(&self, source: SourceId, words: &str) {
        if self.may_warn() {
            let state = self.state.borrow();
            let name =
                state.config.sources.get(source.index()).map_or("", |source| state.config.str(source.name));
            log::warn!("source '{}': {}", super::log::Safe(name), super::log::Safe(words));
        }
    }
}

/// A full store is logged when it begins to refuse; the counter has the rest.
fn say_full_once(engine: &Engine) {
    if engine.counters().of(Verdict::Refused) == 1 {
        log::warn!(
            "an alert found no room and was refused ({} of {} held); its components stay marked. Further \
             refusals are counted, not logged",
            engine.alerts().len(),
            aiglon::limits::ALERTS
        );
    }
}

/// Puts before what was wrong with alerts that the rest could not be read.
fn complain_first(complaint: &mut Complaint, malformed: Malformed) {
    let alerts = std::mem::take(complaint);
    _ = uwrite!(complaint, "byte {}: {}", malformed.at, malformed.why.words());
    if !alerts.is_empty() {
        _ = uwrite!(complaint, "; {}", alerts.as_str());
    }
}

fn complain(complaint: &mut Complaint, index: u32, words: &str) {
    let mut one: heapless::String<96> = heapless::String::new();
    let start = if complaint.is_empty() { "" } else { "; " };
    if uwrite!(one, "{}alert {}: {}", start, index, words).is_ok() {
        // What finds no room is counted.
        _ = complaint.push_str(&one);
    }
}
