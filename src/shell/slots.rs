//! A fixed number of connection slots, who holds them, and who gives way when they are all taken.
//!
//! Each slot has one task, made at the start. Visitors and strangers may hold all but
//! [`CONNECTIONS_INGEST`] of them; who has shown a token may hold any. When a stranger finds none
//! free, another stranger gives way: first one that is idle between requests, then the one that has
//! made no progress for the longest. So a thousand sockets that send a byte a minute cost a
//! newcomer nothing.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, Waker};

use aiglon::limits::{CONNECTIONS, CONNECTIONS_INGEST, CONSOLE_ASK_TIME, CONSOLES, HEAD_TIME};
use aiglon::time::{Millis, Mono};

use super::clock;
use super::pages::Place;
use super::stream::{Accepted, Stream};

/// What a connection is doing; each has its own time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doing {
    /// Waiting for a next request: the first to give way.
    Idle,
    /// Waiting for the rest of a request head.
    Head,
    /// Sending an answer.
    Answer,
    /// Taking in a body of somebody who has shown a token, or discarding one.
    Body,
}

/// Who holds a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Nobody,
    /// Anybody who has not shown a token.
    Visitor,
    /// Somebody who has.
    Sender,
}

/// One slot.
pub struct Slot {
    holder: Cell<Holder>,
    doing: Cell<Doing>,
    progress_at: Cell<Mono>,
    deadline: Cell<Mono>,
    ended: Cell<bool>,
    /// Which rendered answer it is being sent.
    reads: Cell<Option<Place>>,
    incoming: RefCell<Option<Accepted>>,
    waker: RefCell<Option<Waker>>,
}

/// All slots.
pub struct Slots {
    all: [Slot; CONNECTIONS],
    /// Those of the console: nobody who comes by HTTP can take one.
    consoles: [Slot; CONSOLES],
    /// Woken when a slot becomes free: the accept loops wait here.
    vacancy: RefCell<[Option<Waker>; aiglon::limits::LISTENERS]>,
    /// Woken when a slot is taken: the ticker sleeps while all are free.
    ticker: RefCell<Option<Waker>>,
    /// Whether that has happened since it last fell asleep. A connection may come and go before the
    /// ticker has its turn, and what it pushed may be due before what the ticker sleeps for.
    stirred: Cell<bool>,
    pub gave_way: Cell<u64>,
    pub late: Cell<u64>,
    pub accepted: Cell<u64>,
}

impl Slots {
    pub const fn new() -> Self {
        Self {
            all: [const { Slot::new() }; CONNECTIONS],
            consoles: [const { Slot::new() }; CONSOLES],
            vacancy: RefCell::new([const { None }; aiglon::limits::LISTENERS]),
            ticker: RefCell::new(None),
            stirred: Cell::new(false),
            gave_way: Cell::new(0),
            late: Cell::new(0),
            accepted: Cell::new(0),
        }
    }

    pub fn get(&self, index: usize) -> Option<&Slot> {
        self.all.get(index)
    }

    pub fn console(&self, index: usize) -> Option<&Slot> {
        self.consoles.get(index)
    }

    /// How many people are at the console.
    pub fn at_console(&self) -> usize {
        self.consoles.iter().filter(|slot| slot.holder.get() != Holder::Nobody).count()
    }

    /// Hands whoever came to the console to a free slot there; gives them back if there is none.
    pub fn take_console(&self, accepted: Accepted) -> Option<Accepted> {
        let Some(slot) = self.consoles.iter().find(|slot| slot.holder.get() == Holder::Nobody) else {
            return Some(accepted);
        };
        slot.begin(accepted, CONSOLE_ASK_TIME);
        self.stir();
        None
    }

    fn everyone(&self) -> impl Iterator<Item = &Slot> {
        self.all.iter().chain(&self.consoles)
    }

    /// How many are held by visitors and by senders.
    pub fn held(&self) -> (usize, usize) {
        let count = |holder| self.all.iter().filter(|slot| slot.holder.get() == holder).count();
        (count(Holder::Visitor), count(Holder::Sender))
    }

    /// Waits until there is room for a stranger, asking somebody to give way if there is none.
    pub async fn room(&self, listener: usize) {
        poll_fn(|cx| {
            if self.free().is_some() {
                return Poll::Ready(());
            }
            if let Some(waker) = self.vacancy.borrow_mut().get_mut(listener) {
                *waker = Some(cx.waker().clone());
            }
            self.make_way();
            Poll::Pending
        })
        .await;
    }

    /// Hands an accepted connection to a free slot; drops it if there is none after all.
    pub fn take(&self, accepted: Accepted) {
        self.accepted.set(self.accepted.get() + 1);
        let Some(slot) = self.free() else { return };
        slot.begin(accepted, HEAD_TIME);
        self.stir();
    }

    /// Wakes the ticker: there is a connection, or the engine may want to be woken at another time.
    pub fn stir(&self) {
        self.stirred.set(true);
        if let Some(ticker) = self.ticker.borrow_mut().take() {
            ticker.wake();
        }
    }

    /// Whether there is room for a stranger.
    pub fn has_room(&self) -> bool {
        self.free().is_some()
    }

    /// A free slot that a stranger may take.
    fn free(&self) -> Option<&Slot> {
        let (visitors, _) = self.held();
        if visitors >= CONNECTIONS - CONNECTIONS_INGEST {
            return None;
        }
        self.all.iter().find(|slot| slot.holder.get() == Holder::Nobody)
    }

    /// Asks one to give way, unless one has been asked already and is on its way out.
    pub fn make_way(&self) {
        if self.all.iter().any(|slot| slot.ended.get()) {
            return;
        }
        let held_by = |holder: Holder| self.all.iter().filter(move |slot| slot.holder.get() == holder);
        let stalest = |slots: &mut dyn Iterator<Item = &'_ Slot>| -> Option<usize> {
            slots
                .min_by_key(|slot| (slot.doing.get() != Doing::Idle, slot.progress_at.get()))
                .and_then(|found| self.all.iter().position(|slot| std::ptr::eq(slot, found)))
        };
        let victim = stalest(&mut held_by(Holder::Visitor))
            // All slots are senders': one that is idle gives way, so that a visitor gets in; else
            // one that has not shown a token for what it begins to ask for. Of bodies, no source
            // has many at a time.
            .or_else(|| stalest(&mut held_by(Holder::Sender).filter(|slot| slot.doing.get() <= Doing::Head)));
        if let Some(slot) = victim.and_then(|index| self.all.get(index)) {
            self.gave_way.set(self.gave_way.get() + 1);
            slot.end();
        }
    }

    /// Ends every connection that is still being sent what is in this place.
    pub fn end_readers(&self, place: Place) {
        for slot in self.everyone().filter(|slot| slot.reads.get() == Some(place) && !slot.ended.get()) {
            self.gave_way.set(self.gave_way.get() + 1);
            slot.end();
        }
    }

    /// Ends every connection whose time is up. True while any slot is held.
    pub fn sweep(&self, now: Mono) -> bool {
        let mut any = false;
        for slot in self.everyone().filter(|slot| slot.holder.get() != Holder::Nobody) {
            any = true;
            if slot.deadline.get() <= now && !slot.ended.get() {
                self.late.set(self.late.get() + 1);
                slot.end();
            }
        }
        any
    }

    /// Whether anybody is being answered, or sends.
    pub fn any_at_work(&self) -> bool {
        self.everyone().any(|slot| {
            slot.holder.get() != Holder::Nobody && matches!(slot.doing.get(), Doing::Answer | Doing::Body)
        })
    }

    /// Is woken when a connection comes, be it gone again by now.
    pub fn poll_busy(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.stirred.replace(false) || self.everyone().any(|slot| slot.holder.get() != Holder::Nobody) {
            return Poll::Ready(());
        }
        *self.ticker.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }

    /// A connection is over.
    pub fn release(&self, slot: &Slot) {
        slot.holder.set(Holder::Nobody);
        slot.ended.set(false);
        slot.reads.set(None);
        for waker in self.vacancy.borrow_mut().iter_mut().filter_map(Option::take) {
            waker.wake();
        }
    }
}

impl Slot {
    const fn new() -> Self {
        Self {
            holder: Cell::new(Holder::Nobody),
            doing: Cell::new(Doing::Idle),
            progress_at: Cell::new(Mono(0)),
            deadline: Cell::new(Mono(0)),
            ended: Cell::new(false),
            reads: Cell::new(None),
            incoming: RefCell::new(None),
            waker: RefCell::new(None),
        }
    }

    /// Somebody has come; they have so long to say what they want.
    fn begin(&self, accepted: Accepted, within: Millis) {
        self.holder.set(Holder::Visitor);
        self.ended.set(false);
        // Before its task has its turn, a look at the slots must not find what the last connection
        // left here: a deadline long past, or the most idle of all.
        self.doing(Doing::Head, within);
        *self.incoming.borrow_mut() = Some(accepted);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Tells it to end.
    fn end(&self) {
        self.ended.set(true);
        self.wake();
    }

    /// Waits for the next connection.
    pub async fn next(&self) -> Accepted {
        poll_fn(|cx| {
            let incoming = self.incoming.borrow_mut().take();
            if incoming.is_none() {
                *self.waker.borrow_mut() = Some(cx.waker().clone());
            }
            incoming.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// It has begun to do something that may take so long.
    pub fn doing(&self, doing: Doing, within: Millis) {
        let now = clock::mono();
        self.doing.set(doing);
        self.progress_at.set(now);
        self.deadline.set(now.plus(within));
    }

    /// It got on with a body or an answer: it may take so long again.
    pub fn progress(&self, within: Millis) {
        let now = clock::mono();
        self.progress_at.set(now);
        self.deadline.set(now.plus(within));
    }

    /// What it is being sent, if that is a rendered answer.
    pub fn reads(&self, place: Option<Place>) {
        self.reads.set(place);
    }

    /// It has shown a token.
    pub fn is_sender(&self) {
        self.holder.set(Holder::Sender);
    }

    fn check(&self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.ended.get() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        Ok(())
    }

    /// Lets all others have their turn, and the reactor first: a task that is woken at once would
    /// have its next turn before it. Who does not take what was sent waits here.
    pub async fn turn(&self, stream: &Stream) -> io::Result<()> {
        poll_fn(|cx| {
            self.check(cx)?;
            stream.poll_writable(cx)
        })
        .await
    }

    /// Reads some bytes. `eager` tries before it waits, for when more is likely to be there
    /// already.
    pub async fn read(&self, stream: &Stream, buf: &mut [u8], eager: bool) -> io::Result<usize> {
        let mut attempt = eager;
        poll_fn(|cx| {
            self.check(cx)?;
            loop {
                // After a wake the reactor is asked first: it would take what it then knows for
                // news at the next read, which would find nothing.
                if !std::mem::take(&mut attempt) {
                    std::task::ready!(stream.poll_readable(cx))?;
                }
                match stream.try_read(buf) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => attempt = true,
                    done => return Poll::Ready(done),
                }
            }
        })
        .await
    }

    /// Writes all of `head` and then all of `body`, with as few calls as the kernel allows.
    pub async fn write(&self, stream: &Stream, head: &[u8], body: &[u8], within: Millis) -> io::Result<()> {
        let (mut head, mut body) = (head, body);
        poll_fn(|cx| {
            self.check(cx)?;
            while !(head.is_empty() && body.is_empty()) {
                match stream.try_write(&[IoSlice::new(head), IoSlice::new(body)]) {
                    Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Ok(written) => {
                        let from_head = written.min(head.len());
                        head = head.get(from_head..).unwrap_or_default();
                        body = body.get(written - from_head..).unwrap_or_default();
                        if !(head.is_empty() && body.is_empty()) {
                            self.progress(within);
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        std::task::ready!(stream.poll_writable(cx))?;
                    }
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::shell::stream::{Peer, Ticket};
    use std::os::unix::net::UnixStream;

    fn accepted() -> Accepted {
        let (ours, _) = UnixStream::pair().unwrap();
        Accepted {
            stream: Stream::Unix(smol::Async::new(ours).unwrap()),
            peer: Peer::Loopback,
            listener: Ticket::default(),
        }
    }

    fn poll<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_slot_just_taken_is_neither_late_nor_the_first_to_give_way() {
        let slots = Slots::new();
        for slot in &slots.all {
            // Its last connection was idle, and is long gone.
            slot.doing(Doing::Idle, Millis(0));
        }
        while slots.free().is_some() {
            slots.take(accepted());
        }
        assert_eq!(slots.held(), (CONNECTIONS - CONNECTIONS_INGEST, 0));
        assert!(slots.sweep(clock::mono()));
        assert_eq!(slots.late.get(), 0);
        // All but the newest have begun to be served, and one waits for a next request.
        let (idle, newest) =
            (slots.all.first().unwrap(), slots.all.get(CONNECTIONS - CONNECTIONS_INGEST - 1));
        idle.doing(Doing::Idle, HEAD_TIME);
        slots.make_way();
        assert!(idle.ended.get() && !newest.unwrap().ended.get());
    }

    /// Who has shown a token once, and begins a next request every ten seconds on all connections,
    /// has shown none for those.
    #[test]
    fn a_token_holds_no_connection_that_does_not_show_it_again() {
        let slots = Slots::new();
        for slot in &slots.all {
            slot.begin(accepted(), HEAD_TIME);
            slot.is_sender();
        }
        assert!(!slots.has_room());
        let (body, answer) = (slots.all.first().unwrap(), slots.all.get(1).unwrap());
        body.doing(Doing::Body, HEAD_TIME);
        answer.doing(Doing::Answer, HEAD_TIME);
        slots.make_way();
        let ended = slots.all.iter().filter(|slot| slot.ended.get()).count();
        assert!(ended == 1 && !body.ended.get() && !answer.ended.get());
        // First one that waits for a next request.
        let slots = Slots::new();
        for slot in &slots.all {
            slot.begin(accepted(), HEAD_TIME);
            slot.is_sender();
        }
        let idle = slots.all.get(9).unwrap();
        idle.doing(Doing::Idle, HEAD_TIME);
        slots.make_way();
        assert!(idle.ended.get());
    }

    #[test]
    fn the_ticker_hears_of_a_connection_that_came_and_went_before_its_turn() {
        let slots = Slots::new();
        assert_eq!(poll(|cx| slots.poll_busy(cx)), Poll::Pending);
        slots.take(accepted());
        slots.release(slots.get(0).unwrap());
        assert_eq!(poll(|cx| slots.poll_busy(cx)), Poll::Ready(()));
        assert_eq!(poll(|cx| slots.poll_busy(cx)), Poll::Pending);
    }
}
