//! Bodies in and alerts out: what needs waiting on the way of an alert or a sample.

use std::io;

use aiglon::engine::lifetime::Sender;
use aiglon::http::Status;
use aiglon::http::filter::Filter;
use aiglon::http::head::Version;
use aiglon::http::response::{Content, LAST_CHUNK, Response, chunk_line};
use aiglon::limits::{
    ANSWER_TIME, BODY_TIME, GUNZIP_TIME, KEPT_BYTES, PAGE_BYTES, PIECE_BYTES, REQUEST_TIME,
};
use aiglon::model::SiteId;
use aiglon::render::{PageBuf, alertmanager};

use super::super::clock;
use super::super::port::Core;
use super::super::slots::Doing;
use super::super::tally::add;
use super::batch::{Batch, BodyFormat, Outcome};
use super::connection::{AnswerTerms, Connection, Next, make_room};
use super::samples::BodyReader;

/// An alert as JSON always fits an empty buffer of a page: its kept text, six times as long if all
/// of it must be escaped, and the rest; and what is around it in a group.
const _: () = assert!(KEPT_BYTES * 6 + 512 + 128 < PAGE_BYTES);

impl Connection<'_> {
    /// Takes in a body, one alert or sample at a time, and answers when the work is done.
    ///
    /// What an answer makes its sender do: Prometheus and Alertmanager drop what got 400, and
    /// repeat it otherwise. Telegraf (1.40) has three outputs. That of `influxdb` drops a batch at
    /// any 4xx and takes 204 alone for success; that of `influxdb_v2` drops it at 400 and most
    /// others, splits it at 413, keeps it at 401 and 403, and waits for as long as `Retry-After`
    /// says at 429 and 503. That of `http` (`plugins/outputs/http/http.go`) keeps the batch at
    /// whatever is not 2xx and sends it again, for ever, and nothing after it. So samples that are
    /// wrong, which would be wrong again, get 400 and never block a queue, but 200 where they
    /// would; what people must mend gets 4xx, and what is ours to mend 503. collectd (5.12,
    /// `src/write_http.c`) looks at no status, and sends nothing twice.
    pub async fn ingest(&mut self, mut terms: AnswerTerms, batch: Batch) -> io::Result<Next> {
        let web = self.web;
        let Some(mut taker) = web.intake.taker(web.port, web.tally, batch) else {
            terms.keep_alive = false;
            let words = "too many bodies at the same time";
            self.refuse(terms, Status::ServiceUnavailable, words, batch.shape).await?;
            return self.after(terms).await;
        };
        self.buffers.complaint.clear();
        let outcome = self.take_in(terms, batch.gzip, &mut taker).await?;
        drop(taker);
        // On flash before its sender is told so; also what came before a body was cut off.
        let on_flash = web.port.commit();
        self.slot.doing(Doing::Answer, ANSWER_TIME);
        let (mut status, mut dropped) = (Status::BadRequest, 0);
        match outcome {
            Outcome::Cut => return Ok(Next::Close),
            Outcome::Reloaded => {
                terms.keep_alive = false;
                let words = "the configuration was changed in the middle of the body; send it again";
                self.refuse(terms, Status::ServiceUnavailable, words, batch.shape).await?;
                return self.after(terms).await;
            }
            Outcome::Whole(bad) => {
                if self.buffers.complaint.is_empty() {
                    // Its sender would not say it again after a power cut. An Alertmanager that is
                    // refused repeats it, and what counts already counts once.
                    if !on_flash
                        && batch.sender != Sender::Repeating
                        && matches!(batch.shape, BodyFormat::Alerts(_))
                    {
                        let words = "it counts, but the flash takes nothing: a restart would forget it; send it again";
                        self.json_words(terms, Status::ServiceUnavailable, words).await?;
                    } else {
                        self.well(terms, batch.shape).await?;
                    }
                    return Ok(if terms.keep_alive { Next::Request } else { Next::Close });
                }
                dropped = bad;
            }
            Outcome::Malformed => {
                add(&web.tally.bodies_malformed);
                terms.keep_alive = false;
            }
            #[cfg(feature = "gzip")]
            Outcome::Packed(found, words) => {
                status = found;
                _ = self.buffers.complaint.push_str(words);
                terms.keep_alive = false;
            }
            Outcome::Framing(error) => {
                let (status, words) = error.answer();
                web.port.warn_of(batch.source, words);
                terms.keep_alive = false;
                self.refuse(terms, status, words, batch.shape).await?;
                return self.after(terms).await;
            }
        }
        web.port.warn_of(batch.source, &self.buffers.complaint);
        if batch.shape == BodyFormat::Telegraf {
            status = Status::Ok;
        }
        self.complain(terms, status, batch.shape, dropped).await?;
        if terms.keep_alive { Ok(Next::Request) } else { self.after(terms).await }
    }

    async fn take_in(
        &mut self,
        terms: AnswerTerms,
        gzip: bool,
        taker: &mut BodyReader<'_>,
    ) -> io::Result<Outcome> {
        let mut body = match Self::body(terms) {
            Ok(body) => body,
            Err(error) => return Ok(Outcome::Framing(error)),
        };
        self.slot.doing(Doing::Body, BODY_TIME);
        let end_by = clock::mono().plus(if gzip { GUNZIP_TIME } else { REQUEST_TIME });
        self.welcome(terms).await?;
        let mut work = 0u32;
        loop {
            let mut used = 0;
            while used < self.filled && !body.is_done() {
                let (slot, stream, tally) = (self.slot, self.stream, self.web.tally);
                let turn_work = self.web.intake.turn_work();
                let (unread, complaint) = self.unread_and_complaint();
                let piece = unread.get(used..).unwrap_or_default();
                let step = match body.decode(piece.get(..PIECE_BYTES).unwrap_or(piece)) {
                    Ok(step) => step,
                    Err(error) => return Ok(Outcome::Framing(error)),
                };
                used += step.consumed;
                let mut payload = step.payload;
                loop {
                    let unpacked = match taker.unpack(payload, complaint) {
                        Ok(unpacked) => unpacked,
                        Err(outcome) => return Ok(outcome),
                    };
                    payload = payload.get(unpacked.consumed..).unwrap_or_default();
                    work = work.saturating_add(unpacked.work);
                    if work >= turn_work {
                        // A sender that is faster than we are would never make us wait.
                        work = 0;
                        add(&tally.turns_full);
                        slot.turn(stream).await?;
                        // That it took so long is not its sender's doing.
                        slot.progress(BODY_TIME);
                    }
                    if unpacked.done {
                        break;
                    }
                }
            }
            self.consume(used);
            if body.is_done() {
                return Ok(taker.finish(self.unread_and_complaint().1));
            }
            if self.fill(true).await? == 0 || clock::mono() >= end_by {
                return Ok(Outcome::Cut);
            }
            self.slot.progress(BODY_TIME);
        }
    }

    /// Sends the alerts that are held for a site, a page buffer full at a time: there may be more
    /// than fit one.
    pub async fn list(&mut self, terms: AnswerTerms, site: SiteId, groups: bool) -> io::Result<()> {
        self.slot.doing(Doing::Answer, ANSWER_TIME);
        let web = self.web;
        let epoch = web.tally.epoch.get();
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
            make_room(web, true).await;
            // What stands in the place of this site now may be another one's, which this token may
            // not read.
            if web.tally.epoch.get() != epoch {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let query = self.buffers.query.as_str();
            let piece = web.port.enter(|core| {
                web.pages.scratch(false, |out| {
                    next = list_into(core, out, (site, groups), query, from);
                    true
                })
            });
            let Some(piece) = piece else {
                return Err(io::ErrorKind::OutOfMemory.into());
            };
            self.slot.reads(Some(piece.place));
            self.slot.turn(self.stream).await?;
            if chunked {
                let line = chunk_line(u32::try_from(piece.bytes.len()).unwrap_or(0));
                self.send(line.as_bytes(), &piece.bytes).await?;
                self.send(b"\r\n", if next.is_none() { LAST_CHUNK } else { b"" }).await?;
            } else {
                self.send(&piece.bytes, b"").await?;
            }
        }
        self.slot.reads(None);
        Ok(())
    }
}

/// Writes the alerts of a site from place `from` on, as an array or a part of one, or as the one
/// group in an array. Returns where to go on if they did not fit. Between two parts the store may
/// change: an alert may then be missed or come twice.
fn list_into(
    core: &Core<'_>,
    out: &mut PageBuf,
    (site, groups): (SiteId, bool),
    query: &str,
    from: usize,
) -> Option<usize> {
    let filter = Filter::parse(query).ok()?;
    let [before, after] = if groups { alertmanager::GROUP } else { [""; 2] };
    if from == 0 {
        _ = out.push(b"[") && out.push(before.as_bytes());
    }
    let mut at = from;
    let mut is_first = from == 0;
    while let Some(held) = core.engine.alerts().get(at) {
        let here = core.config.sources.get(held.source().index()).is_some_and(|source| source.site == site);
        if let Some(listed) = held.listed(core.now).filter(|listed| here && filter.wants(listed)) {
            let length = out.len();
            if !alertmanager::alert(out, is_first, &listed) || out.room() <= after.len() {
                // The closing brackets have to fit, too.
                out.truncate(length);
                return Some(at);
            }
            is_first = false;
        }
        at += 1;
    }
    if is_first {
        // No group is without an alert.
        out.truncate(0);
        _ = out.push(b"[");
    } else {
        _ = out.push(after.as_bytes());
    }
    _ = out.push(b"]");
    None
}
