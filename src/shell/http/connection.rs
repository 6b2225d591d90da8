//! One connection: request after request, until it closes, is told to, or runs out of time.

use std::io;
use std::time::Duration;

use aiglon::http::Status;
use aiglon::http::body::BodyDecoder;
use aiglon::http::head::{Framing, HeadScanner, Method, Progress, Request, Version};
use aiglon::http::response::{self, Content, Response, ResponseHead};
use aiglon::limits::{
    ANSWER_TIME, BODY_BYTES, CONNECTIONS, DRAIN_BYTES, DRAIN_TIME, HEAD_BYTES, HEAD_TIME, IDLE_TIME,
    QUERY_BYTES, RENDER_WAIT, RENDERS_SECOND, RESPONSE_HEAD_BYTES, SENDER_IDLE_TIME, SHORT_BYTES,
};
use aiglon::model::{Output, PageKind, SourceId};
use aiglon::render;
use aiglon::text::Span;
use aiglon::text::buffer::{Bytes, BytesView};
use aiglon::text::json::{Json, JsonWriter};
use ufmt::uwrite;

use super::super::clock;
use super::super::slots::{Doing, Slot};
use super::super::stream::{Accepted, Peer, Stream, Ticket};
use super::super::tally::add;
use super::answer::{MissingPage, NOT_FOUND_WORDS, PUSH_PATHS, Plan, Seen};
use super::batch::{BodyFormat, Complaint};
use super::web::Web;

/// From one look whether a page may be rendered to the next.
const RENDER_AGAIN: Duration = Duration::from_millis(1000 / RENDERS_SECOND as u64);

/// The version of InfluxDB whose API we speak: the first that has `/write` and `/api/v2/write`.
const INFLUXDB: &str = "1.8.0";

/// What a connection reads into and answers from. It is in `.bss`, and so resident only once it is
/// used; the task of a connection is made at the start, and all that is in it is resident from then
/// on.
pub struct ConnectionBuffers {
    /// What has been read; a request head must fit it.
    read: [u8; HEAD_BYTES],
    /// The head of the answer.
    head: ResponseHead,
    /// A short answer: JSON, lines, or a page that says that there is none.
    json: Bytes<SHORT_BYTES>,
    /// What was wrong with a batch, in words for its sender.
    pub complaint: Complaint,
    /// The query of a request that lists alerts, or is redirected.
    pub query: heapless::String<QUERY_BYTES>,
}

impl ConnectionBuffers {
    pub const fn new() -> Self {
        Self {
            read: [0; HEAD_BYTES],
            head: ResponseHead::new(),
            json: Bytes::new(),
            complaint: Complaint::new(),
            query: heapless::String::new(),
        }
    }
}

/// What a connection is made of.
pub struct Connection<'a> {
    pub web: &'a Web<'a>,
    pub slot: &'a Slot,
    pub stream: &'a Stream,
    pub buffers: &'a mut ConnectionBuffers,
    /// Bytes at the front of the read buffer that have been read and not yet been dealt with.
    pub filled: usize,
    peer: Peer,
    listener: Ticket,
    is_sender: bool,
}

/// What of a request is needed once its head has been answered.
#[derive(Clone, Copy)]
pub struct AnswerTerms {
    pub is_head: bool,
    pub version: Version,
    pub keep_alive: bool,
    pub expect_continue: bool,
    pub framing: Framing,
}

impl AnswerTerms {
    /// Whether the body can be thrown away, so that the next request can be found behind it.
    fn can_skip_body(&self) -> bool {
        match self.framing {
            Framing::None => true,
            Framing::Length(length) => length <= DRAIN_BYTES && !self.expect_continue,
            Framing::Chunked => !self.expect_continue,
        }
    }
}

/// Whether another request may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Request,
    Close,
}

/// The task of one slot: one connection after another, for ever.
pub async fn run(web: &Web<'_>, slot: &Slot, buffers: &mut ConnectionBuffers) {
    loop {
        let Accepted { stream, peer, listener } = slot.next().await;
        let mut connection =
            Connection { web, slot, stream: &stream, buffers, filled: 0, peer, listener, is_sender: false };
        // How a connection ended is nobody's business but its client's.
        _ = connection.serve().await;
        drop(stream);
        web.slots.release(slot);
    }
}

/// Sees to it that an answer can be rendered: if all buffers are being sent to somebody, those lose
/// theirs whose answer is the oldest. As many slow readers as there are buffers would else keep
/// everybody from the page.
pub async fn make_room(web: &Web<'_>, of_scratch: bool) {
    // They let go when they have their turn, which is before ours; but others may be waiting, too,
    // and take it.
    for _ in 0..CONNECTIONS {
        let Some(place) = web.pages.stalest_in_the_way(of_scratch) else { return };
        web.slots.end_readers(place);
        smol::future::yield_now().await;
    }
}

impl Connection<'_> {
    async fn serve(&mut self) -> io::Result<()> {
        self.slot.doing(Doing::Head, HEAD_TIME);
        let mut first = true;
        loop {
            let Some(head_len) = self.head(first).await? else { return Ok(()) };
            first = false;
            if self.request(head_len).await? == Next::Close {
                return Ok(());
            }
            if self.filled > 0 {
                // The next request is here already, and others have asked before.
                self.slot.turn(self.stream).await?;
            }
        }
    }

    /// Reads until a whole request head stands at the front of the buffer. `None`: the client is
    /// gone, or has been told what is wrong.
    async fn head(&mut self, first: bool) -> io::Result<Option<usize>> {
        let mut scanner = HeadScanner::new();
        if !first {
            self.slot.is_served();
            match (self.filled, self.is_sender) {
                (0, true) => self.slot.doing(Doing::Idle, SENDER_IDLE_TIME),
                (0, false) => self.slot.doing(Doing::Idle, IDLE_TIME),
                _ => self.slot.doing(Doing::Head, HEAD_TIME),
            }
        }
        loop {
            let (buf, filled) = (&mut self.buffers.read, self.filled);
            match scanner.scan(buf.get(..filled).unwrap_or_default()) {
                Ok(Progress::Complete(len)) => return Ok(Some(len)),
                Ok(Progress::Partial) => {}
                Err(error) => {
                    let (status, words) = error.answer();
                    self.refuse_head(status, words).await?;
                    return Ok(None);
                }
            }
            let was_idle = filled == 0 && !first;
            let room = buf.get_mut(filled..).unwrap_or_default();
            let read = self.slot.read(self.stream, room, first).await?;
            if read == 0 {
                return Ok(None);
            }
            self.filled += read;
            if was_idle {
                self.slot.doing(Doing::Head, HEAD_TIME);
            }
        }
    }

    async fn refuse_head(&mut self, status: Status, words: &'static str) -> io::Result<()> {
        let terms = AnswerTerms {
            is_head: false,
            version: Version::Http11,
            keep_alive: false,
            expect_continue: false,
            framing: Framing::None,
        };
        self.words(terms, status, words).await?;
        self.linger().await
    }

    /// Answers the request whose head is at the front of the buffer.
    async fn request(&mut self, head_len: usize) -> io::Result<Next> {
        let web = self.web;
        let (mut terms, plan) = {
            let ConnectionBuffers { read, json, query, .. } = &mut *self.buffers;
            let head = read.get(..head_len).unwrap_or_default();
            let request = match Request::parse(head) {
                Ok(request) => request,
                Err(error) => {
                    let (status, words) = error.answer();
                    self.refuse_head(status, words).await?;
                    return Ok(Next::Close);
                }
            };
            let mut terms = AnswerTerms {
                is_head: request.method == Method::Head,
                version: request.version,
                keep_alive: request.keep_alive,
                expect_continue: request.expect_continue,
                framing: request.body,
            };
            let wait_by = clock::mono().plus(RENDER_WAIT);
            let (mut made_room, mut waited, mut rendered) = (false, false, false);
            let plan = loop {
                match web.plan(&request, self.listener, self.peer, json) {
                    // Room for an answer may be there before its turn to be rendered.
                    Plan::Busy if !made_room => {
                        made_room = true;
                        make_room(web, false).await;
                    }
                    Plan::Later if clock::mono() < wait_by => {
                        if !waited {
                            waited = true;
                            add(&web.pages.waited);
                        }
                        self.slot.pause(RENDER_AGAIN).await?;
                    }
                    // It is packed in a turn of its own. If it has changed until then, it is sent
                    // as it is.
                    Plan::Page { found, .. } if found.fresh && !rendered => {
                        rendered = true;
                        drop(found);
                        self.slot.turn(self.stream).await?;
                    }
                    plan => break plan,
                }
            };
            terms.keep_alive &= !matches!(plan, Plan::Gone);
            if matches!(plan, Plan::List(..) | Plan::Redirect(_)) {
                query.clear();
                // The length of a list's has been looked at.
                _ = query.push_str(request.query);
            }
            (terms, plan)
        };
        self.consume(head_len);
        if let Plan::Ingest(batch) = plan {
            self.is_sender(batch.source);
            return self.ingest(terms, batch).await;
        }
        if let Plan::List(site, source, groups) = plan {
            self.is_sender(source);
            // In HTTP/1.0 the list ends with the connection.
            terms.keep_alive &= terms.can_skip_body() && terms.version == Version::Http11;
            self.list(terms, site, groups).await?;
            return self.after(terms).await;
        }
        if let Plan::Beaten(source)
        | Plan::NoResults(source)
        | Plan::NoSilences(source)
        | Plan::Pong(source)
        | Plan::Astray(source, ..) = plan
        {
            self.is_sender(source);
        }
        self.plain(terms, plan).await
    }

    /// It has shown a token of this source.
    fn is_sender(&mut self, source: SourceId) {
        self.is_sender = true;
        self.slot.is_sender(source);
    }

    /// Answers a request whose body, if it has one, does not matter.
    async fn plain(&mut self, mut terms: AnswerTerms, plan: Plan<'_>) -> io::Result<Next> {
        terms.keep_alive &= terms.can_skip_body();
        self.slot.doing(Doing::Answer, ANSWER_TIME);
        let body = match &plan {
            Plan::Words(status, words) => self.begin_words(terms, *status, words)?,
            Plan::Busy | Plan::Later => {
                self.begin_words(terms, Status::ServiceUnavailable, "busy, try again in a second\n")?
            }
            Plan::Json(status, words) => {
                self.json_words(terms, *status, words).await?;
                return self.after(terms).await;
            }
            Plan::Influx(status, words) => {
                self.influx_words(terms, *status, words).await?;
                return self.after(terms).await;
            }
            Plan::Astray(_, allow, path) => {
                self.astray(terms, allow, *path).await?;
                return self.after(terms).await;
            }
            Plan::Allow(allow) => {
                let mut response = Response::new(Status::MethodNotAllowed, Content::Length(0));
                let words = not_allowed(allow);
                response.content = Content::Length(words.len());
                response.content_type = "text/plain; charset=utf-8";
                response.allow = allow;
                self.begin(terms, response)?;
                words.as_bytes()
            }
            Plan::Beaten(_) => {
                self.begin(terms, Response::new(Status::NoContent, Content::Length(0)))?;
                b""
            }
            Plan::NoResults(_) | Plan::NoSilences(_) => {
                let nothing: &[u8] = match plan {
                    Plan::NoSilences(_) => b"[]",
                    // Clients look into the first result.
                    _ => b"{\"results\":[{\"statement_id\":0}]}",
                };
                let mut response = Response::new(Status::Ok, Content::Length(nothing.len()));
                response.content_type = "application/json";
                self.begin(terms, response)?;
                nothing
            }
            Plan::Pong(_) => {
                let mut response = Response::new(Status::NoContent, Content::Length(0));
                response.influxdb = INFLUXDB;
                self.begin(terms, response)?;
                b""
            }
            Plan::Redirect(path) => self.begin_redirect(terms, *path)?,
            Plan::Missing(missing) if self.begin_missing(terms, *missing)? => {
                self.finish(terms, self.buffers.json.as_slice()).await?;
                return self.after(terms).await;
            }
            // A page that is missing has a long title then, or stands deep.
            Plan::Gone | Plan::Missing(_) => self.begin_words(terms, Status::NotFound, NOT_FOUND_WORDS)?,
            Plan::Short { feed, etag, not_modified, lang, seen } => {
                let length = Content::Length(self.buffers.json.len());
                let mut response = page_head(status_of(*not_modified), length, PageKind::Feed(*feed), *seen);
                response.etag = Some(*etag);
                response.content_language = lang.tag();
                response.vary = "Accept-Language";
                self.begin(terms, response)?;
                let body = if *not_modified { b"" } else { self.buffers.json.as_slice() };
                self.finish(terms, body).await?;
                return self.after(terms).await;
            }
            Plan::Page { found, kind, seen } => {
                let status = status_of(found.not_modified);
                let mut response = page_head(status, Content::Length(found.bytes.len()), *kind, *seen);
                response.etag = Some(found.etag);
                if found.gzip && !found.not_modified {
                    response.content_encoding = "gzip";
                }
                self.slot.reads(Some(found.place));
                self.begin(terms, response)?;
                if found.not_modified { b"" } else { &*found.bytes }
            }
            Plan::Unheld { kind, seen } => {
                self.begin(terms, page_head(Status::Ok, Content::Unsaid, *kind, *seen))?;
                b""
            }
            Plan::Text { found, content_type } => {
                let mut response = Response::new(Status::Ok, Content::Length(found.bytes.len()));
                response.content_type = content_type;
                response.cache_control = "no-store";
                self.slot.reads(Some(found.place));
                self.begin(terms, response)?;
                &found.bytes
            }
            Plan::List(..) | Plan::Ingest(_) => b"",
        };
        self.finish(terms, body).await?;
        self.slot.reads(None);
        // A page is held for as long as it is being sent, and no longer.
        drop(plan);
        self.after(terms).await
    }

    /// 404 of a site. It is made where short answers are, so it takes no page's room and no page's
    /// turn. False if it does not fit there.
    fn begin_missing(&mut self, terms: AnswerTerms, missing: MissingPage) -> io::Result<bool> {
        let MissingPage { site, lang, up, public } = missing;
        let json = &mut self.buffers.json;
        if self.web.port.look(|config| render::missing(json, config, site, lang, up)).is_err() {
            return Ok(false);
        }
        let mut response = Response::new(Status::NotFound, Content::Length(self.buffers.json.len()));
        response.content_type = "text/html; charset=utf-8";
        response.content_language = lang.tag();
        response.vary = "Accept, Accept-Language";
        response.csp = render::CSP_MISSING;
        // There may be a page tomorrow: the next incident takes the next number.
        response.cache_control = "no-store";
        response.noindex = !public;
        self.begin(terms, response)?;
        Ok(true)
    }

    /// From a path to itself with a slash at its end, so that relative links lead below it. The
    /// answer names the last segment alone, which is right below whatever a proxy puts before it.
    fn begin_redirect(&mut self, terms: AnswerTerms, path: Span) -> io::Result<&'static [u8]> {
        let mut location: heapless::String<{ RESPONSE_HEAD_BYTES / 2 }> = heapless::String::new();
        let written = self.web.port.look(|config| {
            let path = config.str(path);
            let segment = path.as_bytes().iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
            uwrite!(location, "./{}/", path.get(segment..).unwrap_or(path))
        });
        let query = self.buffers.query.as_str();
        // No page asks for one, so a long one may stay behind.
        if !query.is_empty() && location.len() + 1 + query.len() <= location.capacity() {
            _ = uwrite!(location, "?{}", query);
        }
        if written.is_err() {
            // Nobody needs a path so long, and it works with the slash.
            return self.begin_words(terms, Status::NotFound, NOT_FOUND_WORDS);
        }
        let mut response = Response::new(Status::MovedPermanently, Content::Length(0));
        response.location = &location;
        // It may be a path that is secret, and may be another one tomorrow.
        (response.cache_control, response.noindex) = ("no-store", true);
        self.begin(terms, response)?;
        Ok(b"")
    }

    /// Throws the body away and says whether another request may follow.
    pub async fn after(&mut self, terms: AnswerTerms) -> io::Result<Next> {
        if terms.framing == Framing::None {
            return Ok(if terms.keep_alive { Next::Request } else { Next::Close });
        }
        if terms.keep_alive && self.drain(terms.framing).await? {
            return Ok(Next::Request);
        }
        self.linger().await?;
        Ok(Next::Close)
    }

    /// Reads a body of at most [`DRAIN_BYTES`] and forgets it. False if it was longer or wrong.
    async fn drain(&mut self, framing: Framing) -> io::Result<bool> {
        self.slot.doing(Doing::Drain, DRAIN_TIME);
        let Ok(mut body) = BodyDecoder::of(framing, DRAIN_BYTES) else { return Ok(false) };
        loop {
            let mut used = 0;
            while used < self.filled && !body.is_done() {
                let Ok(step) = body.decode(self.unread().get(used..).unwrap_or_default()) else {
                    return Ok(false);
                };
                used += step.consumed;
            }
            self.consume(used);
            if body.is_done() {
                return Ok(true);
            }
            // Not eagerly, so that others have their turn.
            if self.fill(false).await? == 0 {
                return Ok(false);
            }
        }
    }

    /// Says that we are done, and reads what the client still sends until it has heard us and
    /// closes, so that our answer is not lost to a reset (RFC 9112, section 9.6). It is the time
    /// that bounds this, and not a count of bytes: nginx makes a 502 of our 401 if we close before
    /// it has passed the whole body on.
    async fn linger(&mut self) -> io::Result<()> {
        self.stream.finish_writing();
        self.slot.doing(Doing::Drain, DRAIN_TIME);
        loop {
            self.filled = 0;
            // Not eagerly, so that others have their turn.
            if self.fill(false).await? == 0 {
                return Ok(());
            }
        }
    }

    /// Reads more behind what is in the buffer. 0: the client is gone, or the buffer is full.
    pub async fn fill(&mut self, eager: bool) -> io::Result<usize> {
        let room = self.buffers.read.get_mut(self.filled..).unwrap_or_default();
        if room.is_empty() {
            return Ok(0);
        }
        let read = self.slot.read(self.stream, room, eager).await?;
        self.filled += read;
        Ok(read)
    }

    /// What has been read, and not been dealt with.
    pub fn unread(&self) -> &[u8] {
        self.buffers.read.get(..self.filled).unwrap_or_default()
    }

    /// The same, and where to say what is wrong with it.
    pub fn unread_and_complaint(&mut self) -> (&[u8], &mut Complaint) {
        let ConnectionBuffers { read, complaint, .. } = &mut *self.buffers;
        (read.get(..self.filled).unwrap_or_default(), complaint)
    }

    /// The first `count` bytes of the buffer have been dealt with.
    pub fn consume(&mut self, count: usize) {
        if count >= self.filled {
            self.filled = 0;
        } else {
            self.buffers.read.copy_within(count..self.filled, 0);
            self.filled -= count;
        }
    }

    /// The start of a body of at most [`BODY_BYTES`].
    pub fn body(terms: AnswerTerms) -> Result<BodyDecoder, aiglon::http::body::BodyError> {
        BodyDecoder::of(terms.framing, BODY_BYTES)
    }

    async fn words(&mut self, terms: AnswerTerms, status: Status, words: &'static str) -> io::Result<()> {
        let body = self.begin_words(terms, status, words)?;
        self.finish(terms, body).await
    }

    fn begin_words<'w>(
        &mut self,
        terms: AnswerTerms,
        status: Status,
        words: &'w str,
    ) -> io::Result<&'w [u8]> {
        let mut response = Response::new(status, Content::Length(words.len()));
        response.content_type = "text/plain; charset=utf-8";
        if status == Status::ServiceUnavailable {
            response.retry_after_s = Some(1);
        }
        if status == Status::NotFound {
            // As the page that says so: there may be something tomorrow, and a browser reads HTML.
            (response.cache_control, response.vary) = ("no-store", "Accept, Accept-Language");
        }
        self.begin(terms, response)?;
        Ok(words.as_bytes())
    }

    /// A JSON string, as Alertmanager's errors are.
    pub async fn json_words(&mut self, terms: AnswerTerms, status: Status, words: &str) -> io::Result<()> {
        self.buffers.json.clear();
        let mut json = JsonWriter::new(&mut self.buffers.json);
        json.string(words);
        // What does not fit is left out, and the status says enough.
        _ = json.fits();
        self.json(terms, status, "").await
    }

    /// An object with what clients of any version of InfluxDB look for.
    async fn influx_words(&mut self, terms: AnswerTerms, status: Status, words: &str) -> io::Result<()> {
        self.buffers.json.clear();
        influx(&mut self.buffers.json, status, words);
        self.json(terms, status, "").await
    }

    /// Refuses a body in the form that its sender looks for.
    pub async fn refuse(
        &mut self,
        terms: AnswerTerms,
        status: Status,
        words: &str,
        shape: BodyFormat,
    ) -> io::Result<()> {
        if shape == BodyFormat::Lines {
            self.influx_words(terms, status, words).await
        } else {
            self.json_words(terms, status, words).await
        }
    }

    /// Tells a known source that it has taken a wrong door, and which is the right one. `allow`:
    /// the methods of the path, if there is something.
    async fn astray(
        &mut self,
        terms: AnswerTerms,
        allow: &'static str,
        path: Option<&str>,
    ) -> io::Result<()> {
        let mut words: heapless::String<256> = heapless::String::new();
        let status = if allow.is_empty() { Status::NotFound } else { Status::MethodNotAllowed };
        let (takes, before) =
            if allow.is_empty() { ("nothing is at this path", "") } else { ("this path takes ", allow) };
        _ = match allow {
            "POST" => uwrite!(words, "this path takes POST, as by curl -X POST"),
            _ => uwrite!(words, "{}{}: push to {}", takes, before, path.unwrap_or(PUSH_PATHS)),
        };
        self.buffers.json.clear();
        influx(&mut self.buffers.json, status, &words);
        self.json(terms, status, allow).await
    }

    /// A body was taken in, and nothing was wrong with it.
    pub async fn well(&mut self, terms: AnswerTerms, shape: BodyFormat) -> io::Result<()> {
        // Telegraf repeats at 200, and collectd complains of 204.
        let samples = matches!(shape, BodyFormat::Lines | BodyFormat::Telegraf);
        let (status, body): (_, &[u8]) = if samples { (Status::NoContent, b"") } else { (Status::Ok, b"{}") };
        let mut response = Response::new(status, Content::Length(body.len()));
        if !samples {
            response.content_type = "application/json";
        }
        self.begin(terms, response)?;
        self.finish(terms, body).await
    }

    /// What was wrong with a body: as clients of either version of InfluxDB look for it, or else as
    /// Alertmanager says it.
    pub async fn complain(
        &mut self,
        terms: AnswerTerms,
        status: Status,
        shape: BodyFormat,
        dropped: u32,
    ) -> io::Result<()> {
        let ConnectionBuffers { complaint, json, .. } = &mut *self.buffers;
        json.clear();
        if matches!(shape, BodyFormat::Lines | BodyFormat::Telegraf) {
            let mut words: heapless::String<480> = heapless::String::new();
            // What begins with a number is of samples that could be parsed.
            let parsed = complaint.starts_with(|first: char| first.is_ascii_digit());
            let unable = if parsed { "" } else { "unable to parse " };
            _ = if dropped > 0 {
                uwrite!(words, "partial write: {}{} dropped={}", unable, complaint.as_str(), dropped)
            } else {
                uwrite!(words, "{}", complaint.as_str())
            };
            influx(json, Status::BadRequest, &words);
        } else {
            let mut json = JsonWriter::new(json);
            json.string(complaint);
            _ = json.fits();
        }
        self.json(terms, status, "").await
    }

    /// What is in the JSON buffer.
    async fn json(&mut self, terms: AnswerTerms, status: Status, allow: &'static str) -> io::Result<()> {
        let mut response = Response::new(status, Content::Length(self.buffers.json.len()));
        (response.content_type, response.allow) = ("application/json", allow);
        if status == Status::ServiceUnavailable {
            response.retry_after_s = Some(1);
        }
        self.begin(terms, response)?;
        self.finish(terms, self.buffers.json.as_slice()).await
    }

    /// Writes the head of an answer. Apart from [`finish`](Self::finish), so that nothing of the
    /// response needs to be kept while its bytes are on their way.
    pub fn begin(&mut self, terms: AnswerTerms, response: Response<'_>) -> io::Result<()> {
        let date = self.web.port.http_date();
        // How many visitors there are is nobody's business. Whatever went wrong is.
        if self.is_sender || response.status.is_fault() {
            self.web.tally.answered(response.status);
        }
        let response = Response { date: &date, keep_alive: terms.keep_alive, ..response };
        response.write(&mut self.buffers.head).map_err(|_| io::ErrorKind::InvalidData.into())
    }

    /// Sends the head, and its body unless the request was `HEAD`.
    pub async fn finish(&self, terms: AnswerTerms, body: &[u8]) -> io::Result<()> {
        let body = if terms.is_head { b"" } else { body };
        self.send(self.buffers.head.as_slice(), body).await
    }

    /// Sends bytes after the head.
    pub async fn send(&self, bytes: &[u8], more: &[u8]) -> io::Result<()> {
        self.slot.write(self.stream, bytes, more, ANSWER_TIME).await
    }

    /// Tells a client that waits for it that its body is welcome.
    pub async fn welcome(&mut self, terms: AnswerTerms) -> io::Result<()> {
        if terms.expect_continue && self.filled == 0 {
            self.send(response::CONTINUE, b"").await?;
        }
        Ok(())
    }
}

/// What is wrong, as clients of InfluxDB look for it: those of versions 1 and 3 at `error`, those
/// of version 2 at `code` and `message`.
fn influx(json: &mut BytesView, status: Status, words: &str) {
    let code = match status {
        Status::Unauthorized => "unauthorized",
        Status::Forbidden => "forbidden",
        Status::NotFound => "not found",
        Status::MethodNotAllowed => "method not allowed",
        Status::ContentTooLarge => "request too large",
        Status::ServiceUnavailable => "unavailable",
        _ => "invalid",
    };
    let mut json = JsonWriter::new(json);
    json.begin("", "{");
    for (key, text) in [("error", words), ("code", code), ("message", words)] {
        json.text(key, text);
    }
    json.end("}");
    // What does not fit is left out, and the status says enough.
    _ = json.fits();
}

/// What the head of a page says, but for what identifies it.
fn page_head(status: Status, content: Content, kind: PageKind, seen: Seen) -> Response<'static> {
    let public = seen.public;
    let mut response = Response::new(status, content);
    response.vary = "Accept-Encoding, Accept-Language";
    if let PageKind::Feed(feed) = kind {
        response.content_type = feed.content_type();
        response.shared = public && feed.output() == Output::Json;
    } else {
        response.content_type = "text/html; charset=utf-8";
        response.csp = csp(seen);
    }
    response.noindex = !public;
    response.cache_control = if public && is_badge(kind) {
        "max-age=60, stale-if-error=300"
    } else if public {
        "public, max-age=15, stale-if-error=300"
    } else {
        "private, max-age=15, stale-if-error=300"
    };
    response
}

/// What a page may load.
fn csp(seen: Seen) -> &'static str {
    #[cfg(feature = "feeds")]
    if seen.icon {
        return render::CSP_ICON;
    }
    _ = seen.icon;
    render::CSP
}

/// Whether pages of others show it, which ask for it more often than it changes.
fn is_badge(kind: PageKind) -> bool {
    matches!(kind, PageKind::Feed(feed) if feed.output() == Output::Badge)
}

fn status_of(not_modified: bool) -> Status {
    if not_modified { Status::NotModified } else { Status::Ok }
}

/// What somebody is told who asks with a method that is not for the path.
fn not_allowed(allow: &str) -> &'static str {
    match allow {
        "POST" => "this path takes POST\n",
        "GET, HEAD" => "this path takes GET\n",
        _ => "this path takes GET and POST\n",
    }
}
