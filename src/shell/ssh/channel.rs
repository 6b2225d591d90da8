//! One channel: what a client has sent and was not read yet, and the task that carries a
//! [`Dialogue`] on with it.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiglon::limits::{ANSWER_TIME, CONSOLE_PATIENCE, CONSOLE_RETRY, SSH_INPUT_BYTES, SSH_WAIT_TOLD};
use russh::ChannelId;
use russh::server::Handle;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, SemaphorePermit};
use tokio::time::{sleep, timeout};

use super::super::console::wire::{self, Code, FrameKind};
use super::dialogue::{Dialogue, DialogueNext, To};
use super::seats::{AuthorizedKey, Seat, Shared};

/// Standard error (RFC 4254, 5.2).
const STDERR: u32 = 1;

/// What a client has sent on one channel.
#[derive(Debug, Default)]
pub struct Channel {
    inner: Mutex<Inner>,
    come: Notify,
    room: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    bytes: Vec<u8>,
    rest: Rest,
    /// It has a terminal with so many columns.
    terminal: Option<usize>,
    resized: bool,
    begun: bool,
}

/// What is to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rest {
    #[default]
    More,
    Nothing,
    /// Nobody reads any more, or nobody is there.
    Gone,
}

/// A channel has begun.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// With a terminal of so many columns.
    pub terminal: Option<usize>,
}

/// What a client has done.
enum ClientEvent {
    Bytes(Vec<u8>),
    Resized(usize),
    End,
    Gone,
}

impl Channel {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is a terminal. False if it is too late for one.
    pub fn set_terminal(&self, columns: usize) -> bool {
        let mut inner = self.lock();
        if !inner.begun {
            inner.terminal = Some(columns);
        }
        !inner.begun
    }

    /// It has another size.
    pub fn resize(&self, columns: usize) {
        let mut inner = self.lock();
        if inner.terminal.is_some() {
            inner.terminal = Some(columns);
            inner.resized = inner.begun;
            self.come.notify_one();
        }
    }

    /// Begins, once.
    pub fn begin(&self) -> Option<Begun> {
        let mut inner = self.lock();
        if std::mem::replace(&mut inner.begun, true) {
            None
        } else {
            Some(Begun { terminal: inner.terminal })
        }
    }

    /// Nothing more will come.
    pub fn end(&self) {
        let mut inner = self.lock();
        if inner.rest == Rest::More {
            inner.rest = Rest::Nothing;
        }
        self.come.notify_one();
    }

    /// Nobody is there any more, on one side or the other.
    pub fn leave(&self) {
        let mut inner = self.lock();
        inner.rest = Rest::Gone;
        inner.bytes = Vec::new();
        self.come.notify_one();
        self.room.notify_one();
    }

    /// Keeps what has come; waits while there is too much. What nobody reads any more is dropped.
    pub async fn put(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = {
                let mut inner = self.lock();
                if inner.rest == Rest::Gone {
                    return;
                }
                let taken = bytes.len().min(SSH_INPUT_BYTES - inner.bytes.len());
                inner.bytes.extend_from_slice(&bytes[..taken]);
                taken
            };
            bytes = &bytes[taken..];
            if taken == 0 {
                self.room.notified().await;
            } else {
                self.come.notify_one();
            }
        }
    }

    fn is_unread(&self) -> bool {
        !self.lock().bytes.is_empty()
    }

    async fn next(&self) -> ClientEvent {
        loop {
            {
                let mut inner = self.lock();
                if inner.rest == Rest::Gone {
                    return ClientEvent::Gone;
                }
                if std::mem::take(&mut inner.resized) {
                    return ClientEvent::Resized(inner.terminal.unwrap_or(0));
                }
                if !inner.bytes.is_empty() {
                    self.room.notify_one();
                    return ClientEvent::Bytes(std::mem::take(&mut inner.bytes));
                }
                if inner.rest == Rest::Nothing {
                    return ClientEvent::End;
                }
            }
            self.come.notified().await;
        }
    }
}

/// What is to be shown, until it is sent.
#[derive(Default)]
struct Shown(Vec<(To, Vec<u8>)>);

impl Shown {
    fn push(&mut self, to: To, bytes: &[u8]) {
        match self.0.last_mut() {
            Some((last, shown)) if *last == to => shown.extend_from_slice(bytes),
            _ => self.0.push((to, bytes.to_vec())),
        }
    }
}

/// Nobody takes what we write.
struct Gone;

/// The client's end.
struct Client<'a> {
    seat: &'a Arc<Seat>,
    handle: &'a Handle,
    id: ChannelId,
    shown: Shown,
}

impl Client<'_> {
    /// Sends what is to be shown. A client that takes nothing for too long is cut off.
    async fn flush(&mut self) -> Result<(), Gone> {
        for (to, bytes) in std::mem::take(&mut self.shown.0) {
            let sent = async {
                match to {
                    To::Out => self.handle.data(self.id, bytes).await.is_ok(),
                    To::Err => self.handle.extended_data(self.id, STDERR, bytes).await.is_ok(),
                }
            };
            self.within(sent).await?;
            self.seat.touch();
        }
        Ok(())
    }

    async fn within(&self, sent: impl Future<Output = bool>) -> Result<(), Gone> {
        if timeout(ANSWER_TIME.duration(), sent).await == Ok(true) {
            return Ok(());
        }
        self.seat.cut();
        Err(Gone)
    }

    async fn close(&self, status: u8) -> Result<(), Gone> {
        self.within(async {
            self.handle.exit_status_request(self.id, status.into()).await.is_ok()
                && self.handle.eof(self.id).await.is_ok()
                && self.handle.close(self.id).await.is_ok()
        })
        .await
    }
}

/// Carries on what is said on a channel, to its end.
#[expect(clippy::too_many_arguments, reason = "a task's, which is spawned once")]
pub async fn converse(
    shared: &Shared,
    seat: &Arc<Seat>,
    who: &AuthorizedKey,
    channel: &Channel,
    handle: &Handle,
    id: ChannelId,
    terminal: Option<usize>,
    command: Option<Vec<u8>>,
) {
    let mut client = Client { seat, handle, id, shown: Shown::default() };
    // An error means that nobody is there.
    _ = carry_on(shared, who, channel, &mut client, terminal, command).await;
}

async fn carry_on(
    shared: &Shared,
    who: &AuthorizedKey,
    channel: &Channel,
    client: &mut Client<'_>,
    terminal: Option<usize>,
    command: Option<Vec<u8>>,
) -> Result<(), Gone> {
    let mut dialogue =
        Dialogue::new(&who.user, terminal, command.as_deref(), &mut |to, bytes| client.shown.push(to, bytes));
    loop {
        let next = dialogue.next(&mut |to, bytes| client.shown.push(to, bytes));
        client.flush().await?;
        match next {
            DialogueNext::Input => match wait(channel, &dialogue, client).await? {
                ClientEvent::Bytes(bytes) => dialogue.input(&bytes),
                ClientEvent::Resized(columns) => {
                    dialogue.resize(columns, &mut |to, bytes| client.shown.push(to, bytes));
                }
                ClientEvent::End => dialogue.end(),
                ClientEvent::Gone => return Err(Gone),
            },
            DialogueNext::Wait => sleep(CONSOLE_RETRY.duration()).await,
            DialogueNext::Done(status) => return client.close(status).await,
            DialogueNext::Ask(request, archive) => {
                // From the moment of a reload on.
                if !shared.is_known(who) {
                    client.seat.end("your key is no longer in the configuration");
                    return Err(Gone);
                }
                let mut call = Call::open(shared, request, archive).await.ok();
                let code = loop {
                    let Some(call) = &mut call else { break None };
                    match call.frame().await {
                        Ok(Some((FrameKind::End, bytes))) => {
                            break bytes.first().and_then(|&byte| Code::from_byte(byte));
                        }
                        Ok(Some((kind, bytes))) => {
                            dialogue.frame(kind, &bytes, &mut |to, bytes| client.shown.push(to, bytes));
                            client.flush().await?;
                        }
                        Ok(None) | Err(_) => break None,
                    }
                };
                if channel.is_unread() {
                    dialogue.unread();
                }
                dialogue.answered(code, &mut |to, bytes| client.shown.push(to, bytes));
            }
        }
    }
}

/// What the client does next. Somebody may sit there without a terminal, and is told what they are
/// waited for.
async fn wait(channel: &Channel, dialogue: &Dialogue, client: &mut Client<'_>) -> Result<ClientEvent, Gone> {
    if dialogue.may_puzzle() {
        match timeout(SSH_WAIT_TOLD.duration(), channel.next()).await {
            Ok(came) => return Ok(came),
            Err(_) => dialogue.tell(&mut |to, bytes| client.shown.push(to, bytes)),
        }
        client.flush().await?;
    }
    Ok(channel.next().await)
}

/// A request at the daemon, as one of `aiglon console` is.
struct Call<'a> {
    stream: tokio::net::UnixStream,
    /// For as long as it takes.
    _permit: SemaphorePermit<'a>,
}

impl<'a> Call<'a> {
    async fn open(shared: &'a Shared, request: &[u8], archive: &[u8]) -> io::Result<Self> {
        let permit = shared.permits.acquire().await.map_err(io::Error::other)?;
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        let stuck = |_| io::Error::from(io::ErrorKind::TimedOut);
        timeout(CONSOLE_PATIENCE.duration(), shared.calls.send(theirs))
            .await
            .map_err(stuck)?
            .map_err(io::Error::other)?;
        let mut stream = tokio::net::UnixStream::from_std(ours)?;
        let write = async {
            stream.write_all(request).await?;
            stream.write_all(archive).await
        };
        // Who is turned away is told so, though nobody takes what they say.
        _ = timeout(CONSOLE_PATIENCE.duration(), write).await;
        let mut hello = [0; wire::HELLO.len()];
        timeout(CONSOLE_PATIENCE.duration(), stream.read_exact(&mut hello)).await.map_err(stuck)??;
        Ok(Self { stream, _permit: permit })
    }

    async fn frame(&mut self) -> io::Result<Option<(FrameKind, Vec<u8>)>> {
        let read = async {
            let mut head = [0; wire::FRAME_HEAD];
            self.stream.read_exact(&mut head).await?;
            let [kind, high, low] = head;
            let mut bytes = vec![0; usize::from(u16::from_be_bytes([high, low]))];
            self.stream.read_exact(&mut bytes).await?;
            Ok(FrameKind::from_byte(kind).map(|kind| (kind, bytes)))
        };
        timeout(CONSOLE_PATIENCE.duration(), read)
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}
