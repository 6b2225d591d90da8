//! One request at the console's socket, answered.

use std::io;

use aiglon::config::Config;
use aiglon::console::{self, Ask, Host, Status};
use aiglon::engine::Input;
use aiglon::journal::Fault;
use aiglon::limits::{ANSWER_TIME, CONNECTIONS, CONSOLE_ASK_TIME, CONSOLE_OUT_BYTES, CONSOLES};
use aiglon::persist::{Driver, Imported};
use aiglon::render::PageBuf;
use aiglon::text::buffer::{Bytes, BytesView};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use ufmt::uwrite;

use super::super::app::{App, State};
use super::super::ledger;
use super::super::slots::{Accepted, Doing, Slot};
use super::super::stream::Stream;
use super::super::tally::add;
use super::wire::{self, Bad, Code, Kind, Op, Request};
use super::{archive, peer};

/// What a place at the console reads into and answers from.
pub struct Buffers {
    request: [u8; wire::REQUEST_BYTES],
    out: Bytes<CONSOLE_OUT_BYTES>,
}

impl Buffers {
    pub const fn new() -> Self {
        Self { request: [0; wire::REQUEST_BYTES], out: Bytes::new() }
    }
}

/// The task of one place: one caller after another, for ever.
pub async fn run(app: &App, slot: &Slot, buffers: &mut Buffers) {
    loop {
        let Accepted { stream, .. } = slot.next().await;
        // Whatever it ends of, the caller knows it: what ends without its last frame was cut off.
        _ = Session { app, slot, stream: &stream }.serve(buffers).await;
        drop(stream);
        app.slots.release(slot);
    }
}

#[derive(Clone, Copy)]
struct Session<'a> {
    app: &'a App,
    slot: &'a Slot,
    stream: &'a Stream,
}

impl Session<'_> {
    async fn serve(self, buffers: &mut Buffers) -> io::Result<()> {
        self.slot.doing(Doing::Head, CONSOLE_ASK_TIME);
        let Stream::Unix(socket) = self.stream else { return Ok(()) };
        // Not rustix's, for which a process number is never 0: whoever comes from outside of our jail has that one.
        let uid = getsockopt(socket, PeerCredentials)?.uid();
        let mut filled = 0;
        let read = loop {
            let length = match wire::expect(&buffers.request[..filled]) {
                Ok(Some(length)) if filled >= length => break Ok(length),
                Ok(length) => length,
                Err(bad) => break Err(bad),
            };
            // Not into what may follow.
            let room = &mut buffers.request[filled..length.unwrap_or(wire::HEAD)];
            match self.slot.read(self.stream, room, true).await? {
                0 => return Ok(()),
                read => filled += read,
            }
        };
        self.slot.doing(Doing::Answer, ANSWER_TIME);
        // Who has gone by now has asked all the same.
        _ = self.slot.write(self.stream, wire::HELLO, &[], ANSWER_TIME).await;
        let Buffers { request, out } = buffers;
        let code = match read.and_then(|length| Request::read(&request[..length])) {
            Ok(request) => self.answer(&request, uid, out).await?,
            // They see what they speak with from our first bytes.
            Err(Bad::Garbage | Bad::Version) => return Ok(()),
            Err(Bad::TooLong) => {
                self.say(Code::Usage, "too long: a command line has 4096 bytes at most\n").await?
            }
            Err(Bad::NotText) => self.say(Code::Usage, "this is not UTF-8\n").await?,
        };
        self.frame(Kind::End, &[code as u8]).await
    }

    async fn frame(self, kind: Kind, bytes: &[u8]) -> io::Result<()> {
        let head = wire::frame_head(kind, bytes.len());
        self.slot.write(self.stream, &head, bytes, ANSWER_TIME).await
    }

    async fn say(self, code: Code, words: &str) -> io::Result<Code> {
        self.frame(Kind::Words, words.as_bytes()).await?;
        Ok(code)
    }

    async fn answer(
        self,
        request: &Request<'_>,
        uid: u32,
        out: &mut Bytes<CONSOLE_OUT_BYTES>,
    ) -> io::Result<Code> {
        if request.op == Op::Complete {
            out.clear();
            // Who may not come in completes nothing.
            _ = self.app.complete(request, uid, out);
            self.frame(Kind::Out, out.as_slice()).await?;
            return Ok(Code::Done);
        }
        let mut from = 0;
        loop {
            out.clear();
            let (status, note) = match self.app.command(request, uid, from, out) {
                Ok(done) => done,
                Err(denied) => {
                    add(&self.app.console.denied);
                    self.frame(Kind::Words, denied.words().as_bytes()).await?;
                    return Ok(Code::Denied);
                }
            };
            let (kind, code) = match status {
                Status::More(next) => {
                    from = next;
                    self.frame(Kind::Out, out.as_slice()).await?;
                    continue;
                }
                Status::Done => (Kind::Out, Code::Done),
                Status::Quit => (Kind::Out, Code::Quit),
                Status::Refused => (Kind::Words, Code::Refused),
                Status::WantsText => return Ok(Code::WantsText),
                Status::Usage => (Kind::Words, Code::Usage),
                Status::Confirm => (Kind::Words, Code::Confirm),
                Status::Export => return self.export(out).await,
                Status::Import if request.op == Op::Import => {
                    return self.import(request, uid, out).await;
                }
                Status::Import => return Ok(Code::WantsArchive),
            };
            self.frame(kind, out.as_slice()).await?;
            self.note(note).await?;
            return Ok(code);
        }
    }
}

impl Session<'_> {
    /// Sends the archive of all state, in lines.
    async fn export(self, out: &mut Bytes<CONSOLE_OUT_BYTES>) -> io::Result<Code> {
        let found = self.app.pages.scratch(|page| {
            let state = self.app.state.borrow();
            Driver::export(state.engine, state.config, self.app.now(state.config), page)
        });
        let Some(found) = found else {
            return self.say(Code::Refused, "no room to write the archive in; try again in a moment\n").await;
        };
        // Should pages need the room, it is taken back.
        self.slot.reads(Some(found.place));
        let mut writer = archive::Writer::new(found.bytes.as_slice());
        loop {
            out.clear();
            let mut buffer = [0; archive::LINE_BYTES];
            while out.room() >= buffer.len() {
                let line = writer.line(&mut buffer);
                if line.is_empty() {
                    break;
                }
                // There is room.
                _ = out.push(line);
            }
            if out.is_empty() {
                return Ok(Code::Done);
            }
            self.frame(Kind::Out, out.as_slice()).await?;
        }
    }
}

impl Session<'_> {
    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "a buffer that is held is one that nobody else takes"
    )]
    /// Takes the archive in that follows the request. Until it is whole and sound, nothing has changed.
    async fn import(
        self,
        request: &Request<'_>,
        uid: u32,
        out: &mut Bytes<CONSOLE_OUT_BYTES>,
    ) -> io::Result<Code> {
        let Some((place, mut page)) = self.app.pages.hold() else {
            return self.say(Code::Refused, "no room to read the archive in; try again in a moment\n").await;
        };
        self.slot.reads(Some(place));
        let mut reader = archive::Reader::new();
        loop {
            self.slot.doing(Doing::Body, CONSOLE_ASK_TIME);
            let mut piece = [0; 512];
            let read = self.slot.read(self.stream, &mut piece, true).await?;
            let mut take = |bytes: &[u8]| page.push(bytes);
            let taken = match read {
                0 => reader.finish(&mut take).map(|()| true),
                _ => reader.feed(&piece[..read], &mut take),
            };
            match taken {
                Ok(true) => break,
                Ok(false) => {}
                Err(bad) => return self.say(Code::Refused, bad.words()).await,
            }
        }
        self.slot.doing(Doing::Answer, ANSWER_TIME);
        // A reload may have come in between.
        out.clear();
        match self.app.command(request, uid, 0, out) {
            Ok((Status::Import, _)) => {}
            _ => return self.say(Code::Refused, "the configuration has changed; nothing was done\n").await,
        }
        match self.app.import(&mut page) {
            Err(words) => self.say(Code::Refused, &words).await,
            Ok((Imported { count, survey, .. }, note)) => {
                out.clear();
                // They fit.
                _ = uwrite!(out, "imported: {} records\n", count);
                if survey.named < survey.told {
                    let lost = survey.told.saturating_sub(survey.named);
                    _ = uwrite!(
                        out,
                        "left out: {} of {} about incidents, maintenance and banners; what they are of is not named here\n",
                        lost,
                        survey.told
                    );
                }
                self.frame(Kind::Out, out.as_slice()).await?;
                self.note(note).await?;
                Ok(Code::Done)
            }
        }
    }

    /// Says that what was done is not on flash, if so.
    async fn note(self, fault: Option<Fault>) -> io::Result<()> {
        let Some(fault) = fault else { return Ok(()) };
        let mut words = heapless::String::<160>::new();
        // They fit.
        _ = uwrite!(
            words,
            "note: the flash cannot be written ({}): this is kept in memory only, and a restart forgets it\n",
            ledger::words(fault)
        );
        self.frame(Kind::Note, words.as_bytes()).await
    }
}

impl App {
    /// Takes all that a journal holds in place of what is kept.
    fn import(&self, journal: &mut PageBuf) -> Result<(Imported, Option<Fault>), String> {
        let mut state = self.state.borrow_mut();
        let State { engine, config, .. } = &mut *state;
        let now = self.now(config);
        let mut ledger = self.ledger.borrow_mut();
        let imported = ledger.import(engine, config, now, journal)?;
        self.pages.clear();
        self.slots.stir();
        Ok((imported, ledger.fault()))
    }

    /// What may stand at the end of a line.
    fn complete(&self, request: &Request<'_>, uid: u32, out: &mut BytesView) -> Result<(), peer::Denied> {
        let state = self.state.borrow();
        let caller = peer::caller(state.config, uid, self.console.own, request.user)?;
        console::complete(state.engine, state.config, self.now(state.config), caller, request.line, out);
        Ok(())
    }

    /// Carries a line out for whoever has connected as this user of the system. What it changed is on flash when this
    /// returns, or the fault says why it cannot be.
    fn command(
        &self,
        request: &Request<'_>,
        uid: u32,
        from: u32,
        out: &mut BytesView,
    ) -> Result<(Status, Option<Fault>), peer::Denied> {
        let mut state = self.state.borrow_mut();
        let State { engine, config, .. } = &mut *state;
        let config: &Config = config;
        // Asked anew each time: a reload may have removed or moved them.
        let caller = peer::caller(config, uid, self.console.own, request.user)?;
        let now = self.now(config);
        if engine.poll_at().is_some_and(|at| at <= now.mono) {
            engine.step(config, now, Input::Pass);
        }
        if from == 0 {
            add(&self.console.commands);
        }
        let ask = Ask {
            columns: request.columns,
            caller,
            from,
            line: request.line,
            // Who cannot bring any has none.
            text: (request.flags & (wire::TEXT | wire::CAN_TEXT) != wire::CAN_TEXT).then_some(request.text),
            json: request.flags & wire::JSON != 0,
            confirmed: request.flags & wire::CONFIRMED != 0,
        };
        let before = engine.incidents().usage();
        let status = console::run(engine, config, now, self, &ask, out);
        let changed = before != engine.incidents().usage();
        // Before anybody is told that it is done.
        let fault = self.ledger.borrow_mut().commit(engine, config, now);
        self.slots.stir();
        Ok((status, fault.filter(|_| changed)))
    }
}

impl Host for App {
    fn limits(&self, each: &mut dyn FnMut(&str, u64, u64, u64)) {
        let (visitors, senders) = self.slots.held();
        let gave_way = self.slots.gave_way.get();
        each("connections", (visitors + senders) as u64, CONNECTIONS as u64, gave_way);
        let turns = [
            ("readers", &self.turns),
            ("line_readers", &self.samples.turns),
            #[cfg(feature = "gzip")]
            ("gunzips", &self.samples.gunzip_turns),
        ];
        for (name, turns) in turns {
            let (taken, capacity) = turns.usage();
            each(name, taken, capacity, turns.refused.get());
        }
        each("consoles", self.slots.at_console() as u64, CONSOLES as u64, self.console.busy.get());
        #[cfg(feature = "ssh")]
        self.ssh.limits(each);
        let ledger = self.ledger.borrow();
        let (bytes, counters) = ledger.figures();
        each("journal_bytes", u64::from(bytes), u64::from(ledger.limit()), u64::from(counters.dropped));
    }

    fn storage_fault(&self) -> Option<&'static str> {
        self.ledger.borrow().fault().map(ledger::words)
    }

    fn file_fault(&self) -> bool {
        self.fallback.get()
    }

    #[cfg(feature = "ssh")]
    fn host_key(&self) -> Option<&str> {
        self.ssh.host_key()
    }
}
