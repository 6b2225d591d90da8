//! One request at the console's socket, answered.

use std::cell::Cell;
use std::io;

use aiglon::console::{self, Ask, Caller, CommandStatus, Host};
use aiglon::engine::Input;
use aiglon::journal::Fault;
use aiglon::limits::{ANSWER_TIME, CONNECTIONS, CONSOLE_ASK_TIME, CONSOLE_OUT_BYTES, CONSOLES};
use aiglon::model::{SiteId, SourceId};
use aiglon::persist::{Driver, Imported};
use aiglon::render::PageBuf;
use aiglon::text::buffer::{Bytes, BytesView};
use aiglon::text::fill;
use aiglon::text::json::{Json, JsonWriter};
use ufmt::uwrite;

use super::super::fair_share::FairShare;
use super::super::listeners::Listeners;
use super::super::pages::Pages;
use super::super::port::{Core, Port};
use super::super::program::Program;
use super::super::slots::{Doing, Slot, Slots};
#[cfg(feature = "ssh")]
use super::super::ssh::Ssh;
use super::super::state::ledger::{self, Ledger};
use super::super::stream::{Accepted, Stream};
use super::super::tally::add;
use super::ConsoleServer;
use super::wire::{self, Code, ConsoleOp, ConsoleRequest, FrameKind, WireError};
use super::{archive, peer};

/// What a place at the console reads into and answers from.
pub struct ConsoleBuffers {
    request: [u8; wire::REQUEST_BYTES],
    out: Bytes<CONSOLE_OUT_BYTES>,
}

impl ConsoleBuffers {
    pub const fn new() -> Self {
        Self { request: [0; wire::REQUEST_BYTES], out: Bytes::new() }
    }
}

/// Carries out what only the daemon's owner may order. Says how it went, and in words.
pub type Orders<'a> = &'a dyn Fn(ConsoleOp, &str, &mut String) -> Code;

/// What the places at the console share.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    pub orders: Orders<'a>,
    pub listeners: &'a Listeners,
    pub port: &'a Port,
    pub slots: &'a Slots,
    pub pages: &'a Pages,
    pub console: &'a ConsoleServer,
    /// Whose turn it is, by name.
    pub turns: &'a [(&'static str, &'a FairShare)],
    #[cfg(feature = "ssh")]
    pub ssh: &'a Ssh,
    /// Whether the last good configuration is in force, because the file could not be used.
    pub fallback: &'a Cell<bool>,
    pub program: &'a Program,
}

/// The task of one place: one caller after another, for ever.
pub async fn run(desk: &Desk<'_>, slot: &Slot, buffers: &mut ConsoleBuffers) {
    loop {
        let Accepted { stream, .. } = slot.next().await;
        // Whatever it ends of, the caller knows it: what ends without its last frame was cut off.
        _ = Session { desk, slot, stream: &stream }.serve(buffers).await;
        drop(stream);
        desk.slots.release(slot);
    }
}

#[derive(Clone, Copy)]
struct Session<'a> {
    desk: &'a Desk<'a>,
    slot: &'a Slot,
    stream: &'a Stream,
}

impl Session<'_> {
    async fn serve(self, buffers: &mut ConsoleBuffers) -> io::Result<()> {
        self.slot.doing(Doing::Head, CONSOLE_ASK_TIME);
        let Stream::Unix(socket) = self.stream else { return Ok(()) };
        let uid = peer::uid(socket)?;
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
        let ConsoleBuffers { request, out } = buffers;
        let code = match read.and_then(|length| ConsoleRequest::read(&request[..length])) {
            Ok(request) => self.answer(&request, uid, out).await?,
            // They see what they speak with from our first bytes.
            Err(WireError::Garbage | WireError::Version) => return Ok(()),
            Err(WireError::TooLong) => {
                self.say(false, Code::Usage, "too long: a command line has 4096 bytes at most\n").await?
            }
            Err(WireError::NotText) => self.say(false, Code::Usage, "this is not UTF-8\n").await?,
        };
        self.frame(FrameKind::End, &[code as u8]).await
    }

    async fn frame(self, kind: FrameKind, bytes: &[u8]) -> io::Result<()> {
        let head = wire::frame_head(kind, bytes.len());
        self.slot.write(self.stream, &head, bytes, ANSWER_TIME).await
    }

    /// Says in words of ours why something was not done, in the form that is wanted.
    async fn say(self, json: bool, code: Code, words: &str) -> io::Result<Code> {
        let mut told = Bytes::<256>::new();
        // They fit.
        if json {
            let mut json = JsonWriter::new(&mut told);
            json.begin("", "{");
            json.text("error", words.trim_end());
            json.end("}");
            json.put("\n");
            _ = json.fits();
        } else {
            _ = told.push(words.as_bytes());
        }
        self.frame(FrameKind::Words, told.as_slice()).await?;
        Ok(code)
    }

    async fn answer(
        self,
        request: &ConsoleRequest<'_>,
        uid: u32,
        out: &mut Bytes<CONSOLE_OUT_BYTES>,
    ) -> io::Result<Code> {
        if request.op == ConsoleOp::Complete {
            out.clear();
            // Who may not come in completes nothing.
            _ = self.desk.complete(request, uid, out);
            self.frame(FrameKind::Out, out.as_slice()).await?;
            return Ok(Code::Done);
        }
        if matches!(request.op, ConsoleOp::Revoke | ConsoleOp::Reload | ConsoleOp::Ready | ConsoleOp::Beat) {
            out.clear();
            let code = match request.op {
                ConsoleOp::Beat => self.desk.beat(request, uid, out),
                _ => self.desk.order(request, uid, out),
            };
            // Who revokes reads what it says.
            let is_read = code == Code::Done || request.op == ConsoleOp::Revoke && code != Code::Denied;
            let kind = if is_read { FrameKind::Out } else { FrameKind::Words };
            self.frame(kind, out.as_slice()).await?;
            return Ok(code);
        }
        let json = request.wants_json();
        let mut from = 0;
        loop {
            out.clear();
            let (status, note) = match self.desk.command(request, uid, from, out) {
                Ok(done) => done,
                Err(denied) => {
                    add(&self.desk.console.denied);
                    return self.say(json, Code::Denied, denied.words()).await;
                }
            };
            let (kind, code) = match status {
                CommandStatus::More(next) => {
                    from = next;
                    self.frame(FrameKind::Out, out.as_slice()).await?;
                    self.slot.turn(self.stream).await?;
                    continue;
                }
                CommandStatus::Done => (FrameKind::Out, Code::Done),
                CommandStatus::Quit => (FrameKind::Out, Code::Quit),
                CommandStatus::Refused => (FrameKind::Words, Code::Refused),
                CommandStatus::WantsText => {
                    // A program that brings them knows what they are about.
                    if request.flags & wire::PERSON != 0 {
                        self.frame(FrameKind::Words, out.as_slice()).await?;
                    }
                    return Ok(Code::WantsText);
                }
                CommandStatus::Usage => (FrameKind::Words, Code::Usage),
                CommandStatus::Confirm => (FrameKind::Words, Code::Confirm),
                CommandStatus::Export => return self.export(json, out).await,
                CommandStatus::Import if request.op == ConsoleOp::Import => {
                    return self.import(request, uid, out).await;
                }
                CommandStatus::Import => return Ok(Code::WantsArchive),
            };
            let rest = note.filter(|kept| !json || !put_inside(*kept, out));
            self.frame(kind, out.as_slice()).await?;
            self.note(rest).await?;
            return Ok(match note {
                Some((_, Kept::Hidden | Kept::Public)) => Code::Left,
                _ => code,
            });
        }
    }
}

/// Where what people say and take away is while the flash fails.
#[derive(Clone, Copy)]
enum Kept {
    /// What was said is in memory.
    InMemory,
    /// What was said is on flash. So are words that were taken away, but no start tells them.
    Hidden,
    /// Words that were taken away are on flash, and a start tells them.
    Public,
}

impl Kept {
    /// What cannot be done, and what follows.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::InMemory => {
                ("flash cannot be written", "this is kept in memory only, and a restart forgets it")
            }
            Self::Hidden => (
                "journal cannot be written anew",
                "no restart tells what was taken away, but its words lie on the flash until then",
            ),
            Self::Public => (
                "flash cannot be written",
                "this is in memory only, and what was taken away is STILL ON IT: a restart makes it public again; it is \
                 tried until it is done",
            ),
        }
    }
}

impl Session<'_> {
    /// Sends the archive of all state, in lines.
    async fn export(self, json: bool, out: &mut Bytes<CONSOLE_OUT_BYTES>) -> io::Result<Code> {
        let Desk { port, pages, .. } = self.desk;
        let found = port.enter(|core| {
            pages.scratch(true, |page| Driver::export(core.engine, core.config, core.now, page))
        });
        let Some(found) = found else {
            return self
                .say(json, Code::Refused, "no room to write the archive in; try again in a moment\n")
                .await;
        };
        // Should pages need the room, it is taken back.
        self.slot.reads(Some(found.place));
        let mut writer = archive::ArchiveWriter::new(&found.bytes);
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
            self.frame(FrameKind::Out, out.as_slice()).await?;
        }
    }
}

impl Session<'_> {
    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "a buffer that is held is one that nobody else takes"
    )]
    /// Takes the archive in that follows the request. Until it is whole and sound, nothing has
    /// changed.
    async fn import(
        self,
        request: &ConsoleRequest<'_>,
        uid: u32,
        out: &mut Bytes<CONSOLE_OUT_BYTES>,
    ) -> io::Result<Code> {
        let json = request.wants_json();
        let Some((place, mut page)) = self.desk.pages.hold() else {
            return self
                .say(json, Code::Refused, "no room to read the archive in; try again in a moment\n")
                .await;
        };
        self.slot.reads(Some(place));
        let mut reader = archive::ArchiveReader::new();
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
                Err(bad) => return self.say(json, Code::Refused, bad.words()).await,
            }
        }
        self.slot.doing(Doing::Answer, ANSWER_TIME);
        // A reload may have come in between.
        out.clear();
        match self.desk.command(request, uid, 0, out) {
            Ok((CommandStatus::Import, _)) => {}
            _ => {
                return self
                    .say(json, Code::Refused, "the configuration has changed; nothing was done\n")
                    .await;
            }
        }
        match self.desk.import(&mut page) {
            Err(words) => self.say(json, Code::Refused, &words).await,
            Ok((Imported { count, told, named, .. }, note)) => {
                out.clear();
                let lost = told.saturating_sub(named);
                // They fit.
                if json {
                    let mut json = JsonWriter::new(out);
                    json.begin("", "{");
                    json.key("ok");
                    json.put("true");
                    json.key("records");
                    json.number(u64::from(count));
                    json.key("left_out");
                    json.number(u64::from(lost));
                    json.end("}");
                    json.put("\n");
                    _ = json.fits();
                } else {
                    _ = uwrite!(out, "imported: {} records\n", count);
                }
                if lost > 0 && !json {
                    _ = uwrite!(
                        out,
                        "left out: {} of {} about incidents, maintenance and banners; what they are of is not named here\n",
                        lost,
                        told
                    );
                }
                let rest = note.filter(|kept| !json || !put_inside(*kept, out));
                self.frame(FrameKind::Out, out.as_slice()).await?;
                self.note(rest).await?;
                Ok(Code::Done)
            }
        }
    }

    /// Says that what was done is not on flash, if so.
    async fn note(self, kept: Option<(Fault, Kept)>) -> io::Result<()> {
        let Some(kept) = kept else { return Ok(()) };
        let mut words = Bytes::<256>::new();
        put_note(kept, ["note: ", "\n"], &mut words);
        self.frame(FrameKind::Note, words.as_slice()).await
    }
}

/// Says what is not on flash, and what follows.
fn put_note((fault, kept): (Fault, Kept), [before, after]: [&str; 2], out: &mut BytesView) {
    let (what, follows) = kept.words();
    // They fit.
    fill("%0the %1 (%2): %3%4", &[before, what, ledger::words(fault), follows, after], &mut |part| {
        _ = out.push(part.as_bytes());
    });
}

/// Puts that into the object of an answer in JSON, as its last member. False if that cannot be.
fn put_inside(kept: (Fault, Kept), out: &mut BytesView) -> bool {
    let fits = out.as_slice().ends_with(b"}\n") && out.room() >= 256;
    if fits {
        out.truncate(out.len() - 2);
        put_note(kept, [",\"storage\":\"", "\"}\n"], out);
    }
    fits
}

impl Desk<'_> {
    /// Takes all that a journal holds in place of what is kept. Also returns where that is if not
    /// on flash.
    fn import(&self, journal: &mut PageBuf) -> Result<(Imported, Option<(Fault, Kept)>), String> {
        let (imported, fault) = self.port.with(|core| {
            let Core { engine, config, now, ledger } = core;
            ledger.import(engine, config, *now, journal)
        });
        let imported = imported?;
        self.pages.clear();
        self.slots.stir();
        Ok((imported, fault.map(|fault| (fault, Kept::InMemory))))
    }

    /// Takes a heartbeat from a program of this machine. It needs no token: it is taken from root,
    /// from the daemon's own user, and from users of the site that the heartbeat belongs to.
    fn beat(&self, request: &ConsoleRequest<'_>, uid: u32, out: &mut BytesView) -> Code {
        let (name, state) = request.line.split_once(' ').unwrap_or((request.line, ""));
        let own = self.console.own;
        let is_taken = self.port.enter(|core| {
            let caller = peer::caller(core.config, uid, own, request.user);
            let is_theirs = |site: SiteId| match caller {
                Ok(Caller::Owner) => true,
                Ok(Caller::User(id)) => core
                    .config
                    .users
                    .get(id.index())
                    .is_some_and(|user| user.sites & (1 << site.index()) != 0),
                Err(_) => false,
            };
            let site_of = |id: SourceId| core.config.sources.get(id.index()).map(|source| source.site);
            let named = core.config.heartbeats().find(|(_, row)| core.config.is(row.name, name));
            let Some((id, _)) = named.filter(|(_, row)| site_of(row.source).is_some_and(is_theirs)) else {
                return false;
            };
            core.step(Input::Beat { id, failed: state == "fail" });
            // On flash before its sender is told so.
            core.commit();
            true
        });
        self.slots.stir();
        if is_taken {
            return Code::Done;
        }
        _ = out.push(b"you have no 'config heartbeat' of that name\n");
        Code::Refused
    }

    /// Carries out an order of whoever owns the daemon.
    fn order(&self, request: &ConsoleRequest<'_>, uid: u32, out: &mut BytesView) -> Code {
        let caller = self.port.look(|config| peer::caller(config, uid, self.console.own, request.user));
        if caller != Ok(Caller::Owner) {
            add(&self.console.denied);
            _ = out.push(b"only root and the daemon's own user may order that\n");
            return Code::Denied;
        }
        add(&self.console.commands);
        let mut words = String::new();
        let code = (self.orders)(request.op, request.line, &mut words);
        // The first of many mistakes will do.
        _ = out.push(words.as_bytes().get(..out.room()).unwrap_or(words.as_bytes()));
        code
    }

    /// What may stand at the end of a line.
    fn complete(
        &self,
        request: &ConsoleRequest<'_>,
        uid: u32,
        out: &mut BytesView,
    ) -> Result<(), peer::Denied> {
        self.port.enter(|core| {
            let caller = peer::caller(core.config, uid, self.console.own, request.user)?;
            console::complete(core.engine, core.config, core.now, caller, request.line, out);
            Ok(())
        })
    }

    /// Carries a line out for whoever has connected as this user of the system. What it changed is
    /// on flash when this returns, or the fault says why it cannot be.
    fn command(
        &self,
        request: &ConsoleRequest<'_>,
        uid: u32,
        from: u32,
        out: &mut BytesView,
    ) -> Result<(CommandStatus, Option<(Fault, Kept)>), peer::Denied> {
        let done = self.port.enter(|core| {
            let Core { engine, config, now, ledger } = &mut *core;
            // Asked anew each time: a reload may have removed or moved them.
            let caller = peer::caller(config, uid, self.console.own, request.user)?;
            if from == 0 {
                add(&self.console.commands);
            }
            let ask = Ask {
                columns: request.columns,
                caller,
                from,
                line: request.line,
                // Who cannot bring any has none.
                text: (request.flags & (wire::TEXT | wire::CAN_TEXT) != wire::CAN_TEXT)
                    .then_some(request.text),
                json: request.wants_json(),
                confirmed: request.flags & wire::CONFIRMED != 0,
                person: request.flags & wire::PERSON != 0,
            };
            let done =
                |engine: &aiglon::engine::Engine| (engine.incidents().usage(), engine.counters().released);
            let before = done(engine);
            let status = console::run(engine, config, *now, &Told { desk: self, ledger }, &ask, out);
            let changed = before != done(engine);
            let takes_away = engine.incidents().takes_away();
            // Before anybody is told that it is done.
            let fault = core.commit();
            let kept = match (core.ledger.takes_records(), takes_away) {
                // What was taken away before is no matter of theirs.
                (true, false) => None,
                (true, true) => Some(Kept::Hidden),
                (false, true) => Some(Kept::Public),
                (false, false) => Some(Kept::InMemory),
            };
            Ok((status, fault.filter(|_| changed).zip(kept)))
        })?;
        self.slots.stir();
        Ok(done)
    }
}

/// What the console may be told of the process.
struct Told<'a> {
    desk: &'a Desk<'a>,
    ledger: &'a Ledger,
}

impl Host for Told<'_> {
    fn limits(&self, each: &mut dyn FnMut(&str, u64, u64, u64)) {
        let Desk { slots, turns, console, .. } = self.desk;
        let (visitors, senders) = slots.held();
        each("connections", (visitors + senders) as u64, CONNECTIONS as u64, slots.gave_way.get());
        for (name, turns) in *turns {
            let (taken, capacity) = turns.usage();
            each(name, taken, capacity, turns.refused.get());
        }
        each("consoles", slots.at_console() as u64, CONSOLES as u64, console.busy.get());
        #[cfg(feature = "ssh")]
        self.desk.ssh.limits(each);
        let (bytes, counters) = self.ledger.figures();
        each("journal_bytes", u64::from(bytes), u64::from(self.ledger.limit()), u64::from(counters.dropped));
    }

    fn storage_fault(&self) -> Option<&'static str> {
        self.ledger.fault().map(ledger::words)
    }

    fn console_fault(&self) -> Option<&'static str> {
        self.desk.console.fault()
    }

    fn missing(&self, each: &mut dyn FnMut(&str)) {
        self.desk.listeners.missing(each);
        #[cfg(feature = "ssh")]
        self.desk.ssh.missing(each);
    }

    fn file_fault(&self) -> bool {
        self.desk.fallback.get()
    }

    fn moves(&self) -> bool {
        self.ledger.stays_in().is_some()
    }

    fn is_replaced(&self) -> bool {
        self.desk.program.is_replaced()
    }

    #[cfg(feature = "ssh")]
    fn host_key(&self) -> Option<&str> {
        self.desk.ssh.host_key()
    }
}
