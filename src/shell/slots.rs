//! A fixed number of connection slots, who holds them, and who gives way when they are all taken.
//!
//! Each slot has one task, made at the start. Visitors and strangers may hold all but
//! [`CONNECTIONS_INGEST`] of them; who has shown a token may hold any. A stranger who finds none
//! free waits in the porch until it says something. Then somebody gives way: who is owed nothing
//! any more, who is idle, of each source whoever is more than a few, who has been answered before
//! or does not take an answer, then the stranger that has made no progress for the longest. Of each
//! source a few connections stay longer than strangers. So a thousand sockets that send a byte
//! a minute cost a newcomer nothing, and a stolen token takes no place of a visitor.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aiglon::limits::{
    CONNECTIONS, CONNECTIONS_INGEST, CONSOLE_ASK_TIME, CONSOLES, HEAD_TIME, SENDER_EACH, UNREAD_TIME,
};
use aiglon::model::SourceId;
use aiglon::time::{Millis, Mono};
use smol::Timer;

use super::clock;
use super::pages::BufferIndex;
use super::stream::{Accepted, Stream, Ticket};

/// What a connection is doing; each has its own time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doing {
    /// Discarding a body, or waiting until a client has heard our last words: the first to give
    /// way.
    Drain,
    /// Waiting for a next request: the next to give way.
    Idle,
    /// Waiting for the rest of a request head.
    Head,
    /// Sending an answer.
    Answer,
    /// Taking in a body of somebody who has shown a token.
    Body,
}

/// Who holds a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Nobody,
    /// Anybody who has not shown a token.
    Visitor,
    /// Somebody who has, and of which source it was. A source that a reload has given another
    /// number is taken for the one that has its old one.
    Sender(SourceId),
}

/// In which order they give way; within it, whose last progress was longest ago.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    /// Owed nothing any more.
    Drain,
    /// A visitor between two requests.
    Idle,
    /// A sender that sends no body, of a source that has more such than are its own.
    SenderBeyond,
    /// The same while it takes an answer.
    SenderAnswered,
    /// A visitor who has been answered before, or does not take their answer.
    Served,
    /// A visitor who is being served.
    Visitor,
    /// A sender between two requests, of those that are its source's own.
    SenderWithin,
    /// The same with a request that has begun, or with an answer that it does not take.
    SenderHead,
}

/// One slot.
pub struct Slot {
    holder: Cell<Holder>,
    /// By which listener its connection came.
    listener: Cell<Ticket>,
    doing: Cell<Doing>,
    progress_at: Cell<Mono>,
    /// How many had come before it: a crowd comes within one millisecond.
    came: Cell<u64>,
    deadline: Cell<Mono>,
    ended: Cell<bool>,
    /// It has had an answer.
    served: Cell<bool>,
    /// Which rendered answer it is being sent.
    reads: Cell<Option<BufferIndex>>,
    incoming: RefCell<Option<Accepted>>,
    waker: RefCell<Option<Waker>>,
}

/// All slots.
pub struct Slots {
    all: [Slot; CONNECTIONS],
    /// Those of the console: nobody who comes by HTTP can take one.
    consoles: [Slot; CONSOLES],
    /// Woken when a slot becomes free: the porch waits here.
    vacancy: RefCell<Option<Waker>>,
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
            vacancy: RefCell::new(None),
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
    /// The last one is for the daemon's owner, whom nobody else may keep from taking their rights
    /// away.
    pub fn take_console(&self, accepted: Accepted, is_owner: bool) -> Option<Accepted> {
        let mut free = self.consoles.iter().filter(|slot| slot.holder.get() == Holder::Nobody);
        let (Some(slot), true) = (free.next(), is_owner || free.next().is_some()) else {
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
        let visitors = self.all.iter().filter(|slot| slot.holder.get() == Holder::Visitor).count();
        let free = self.all.iter().filter(|slot| slot.holder.get() == Holder::Nobody).count();
        (visitors, CONNECTIONS - visitors - free)
    }

    /// Waits until there is room for a stranger, asking somebody to give way if there is none.
    pub async fn room(&self) {
        while !self.has_room() {
            self.make_way();
            // If all are being answered just now, somebody may be ready to go a moment later.
            let mut later = Timer::after(Duration::from_millis(UNREAD_TIME.0.into()));
            poll_fn(|cx| {
                *self.vacancy.borrow_mut() = Some(cx.waker().clone());
                if self.has_room() { Poll::Ready(()) } else { Pin::new(&mut later).poll(cx).map(|_| ()) }
            })
            .await;
        }
    }

    /// Hands an accepted connection to a free slot; drops it if there is none after all.
    pub fn take(&self, accepted: Accepted) {
        self.accepted.set(self.accepted.get() + 1);
        let Some(slot) = self.free() else { return };
        slot.came.set(self.accepted.get());
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
        if let Some(slot) = self.next_to_go() {
            self.gave_way.set(self.gave_way.get() + 1);
            slot.end();
        }
    }

    /// So many gave way who had no slot yet.
    pub fn count_gave_way(&self, count: usize) {
        self.gave_way.set(self.gave_way.get() + count as u64);
    }

    /// Who gives way next.
    fn next_to_go(&self) -> Option<&Slot> {
        // Else visitors hold all that they may, and one of them has to go.
        let full = self.all.iter().all(|slot| slot.holder.get() != Holder::Nobody);
        let now = clock::mono();
        let unread = |slot: &Slot| {
            let since = now.since(slot.progress_at.get());
            slot.doing.get() == Doing::Answer && since >= i64::from(UNREAD_TIME.0)
        };
        // Of bodies, no source has many at a time. Of all else, anybody with a token has as much as
        // they like: who begins a next request has shown no token for that one, and whoever asks
        // again and again is always being answered.
        let sends = |slot: &Slot| slot.doing.get() == Doing::Body;
        let others_of =
            |holder| self.all.iter().filter(|slot| slot.holder.get() == holder && !sends(slot)).count();
        let order = |slot: &Slot| {
            Some(match (slot.holder.get(), slot.doing.get()) {
                (Holder::Sender(_), _) if !full => return None,
                (Holder::Nobody, _) | (Holder::Sender(_), Doing::Body) => return None,
                (_, Doing::Drain) => Order::Drain,
                (Holder::Visitor, Doing::Idle) => Order::Idle,
                (Holder::Visitor, _) if slot.served.get() || unread(slot) => Order::Served,
                (Holder::Visitor, _) => Order::Visitor,
                (holder, doing) => match (others_of(holder) > SENDER_EACH, doing) {
                    (true, Doing::Answer) if !unread(slot) => Order::SenderAnswered,
                    (true, _) => Order::SenderBeyond,
                    (false, Doing::Answer) if !unread(slot) => return None,
                    (false, Doing::Idle) => Order::SenderWithin,
                    (false, _) => Order::SenderHead,
                },
            })
        };
        let all = self.all.iter().filter_map(|slot| Some((order(slot)?, slot)));
        let first = all.min_by_key(|(order, slot)| (*order, slot.progress_at.get(), slot.came.get()));
        first.map(|(_, slot)| slot)
    }

    /// Ends every connection that is still being sent what is in this place.
    pub fn end_readers(&self, place: BufferIndex) {
        for slot in self.everyone().filter(|slot| slot.reads.get() == Some(place) && !slot.ended.get()) {
            self.gave_way.set(self.gave_way.get() + 1);
            slot.end();
        }
    }

    /// Ends every connection whose time is up, and those that wait for a request by a listener that
    /// is gone. True while any slot is held.
    pub fn sweep(&self, now: Mono, is_open: &dyn Fn(Ticket) -> bool) -> bool {
        let waits = |slot: &&Slot| {
            slot.holder.get() != Holder::Nobody && matches!(slot.doing.get(), Doing::Idle | Doing::Head)
        };
        for slot in self.all.iter().filter(waits).filter(|slot| !is_open(slot.listener.get())) {
            slot.end();
        }
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
            slot.holder.get() != Holder::Nobody
                && matches!(slot.doing.get(), Doing::Answer | Doing::Body | Doing::Drain)
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
        if let Some(waker) = self.vacancy.borrow_mut().take() {
            waker.wake();
        }
    }
}

impl Slot {
    const fn new() -> Self {
        Self {
            holder: Cell::new(Holder::Nobody),
            listener: Cell::new(Ticket { listener: 0, closed: 0 }),
            doing: Cell::new(Doing::Idle),
            progress_at: Cell::new(Mono(0)),
            came: Cell::new(0),
            deadline: Cell::new(Mono(0)),
            ended: Cell::new(false),
            served: Cell::new(false),
            reads: Cell::new(None),
            incoming: RefCell::new(None),
            waker: RefCell::new(None),
        }
    }

    /// Somebody has come; they have so long to say what they want.
    fn begin(&self, accepted: Accepted, within: Millis) {
        self.holder.set(Holder::Visitor);
        self.listener.set(accepted.listener);
        self.ended.set(false);
        self.served.set(false);
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
    pub fn reads(&self, place: Option<BufferIndex>) {
        self.reads.set(place);
    }

    /// It has had an answer, and may ask for another one.
    pub fn is_served(&self) {
        self.served.set(true);
    }

    /// It has shown a token of this source.
    pub fn is_sender(&self, source: SourceId) {
        self.holder.set(Holder::Sender(source));
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

    /// Waits so long. Who is told to end waits no longer.
    pub async fn pause(&self, time: Duration) -> io::Result<()> {
        let mut timer = Timer::after(time);
        poll_fn(|cx| {
            self.check(cx)?;
            Pin::new(&mut timer).poll(cx).map(|_| Ok(()))
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
        assert!(slots.sweep(clock::mono(), &|_| true));
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
            slot.is_sender(SourceId(0));
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
            slot.is_sender(SourceId(0));
            slot.doing(Doing::Body, HEAD_TIME);
        }
        let idle = slots.all.get(9).unwrap();
        idle.doing(Doing::Idle, HEAD_TIME);
        slots.make_way();
        assert!(idle.ended.get());
    }

    /// One source holds all but a few connections, and a visitor is being served.
    fn held_by_one() -> Slots {
        let slots = Slots::new();
        for (slot, n) in slots.all.iter().zip(0..) {
            slot.begin(accepted(), HEAD_TIME);
            match n {
                0 => slot.doing(Doing::Answer, HEAD_TIME),
                1..=4 => slot.is_sender(SourceId(1)),
                _ => slot.is_sender(SourceId(0)),
            }
            if n > 0 {
                slot.doing(Doing::Idle, HEAD_TIME);
            }
            // The visitor made no progress for longest.
            slot.progress_at.set(Mono(n));
        }
        slots
    }

    fn ended(slots: &Slots) -> Vec<usize> {
        slots.all.iter().zip(0..).filter(|(slot, _)| slot.ended.get()).map(|(_, n)| n).collect()
    }

    #[test]
    fn idle_senders_beyond_what_is_theirs_go_before_a_visitor_who_is_being_served() {
        let slots = held_by_one();
        for n in 5..CONNECTIONS - SENDER_EACH {
            slots.make_way();
            assert_eq!(ended(&slots), [n], "the idlest of the source that has too many");
            let slot = slots.all.get(n).unwrap();
            slots.release(slot);
            // A newcomer of the same source, who shows its token for a body.
            slot.begin(accepted(), HEAD_TIME);
            slot.is_sender(SourceId(0));
            slot.doing(Doing::Body, HEAD_TIME);
        }
        // Each source has as many as are its own: now it is the visitor's turn.
        slots.make_way();
        assert_eq!(ended(&slots), [0]);
    }

    /// With any token one can ask again and again, and never read: on all connections.
    #[test]
    fn who_takes_no_answer_gives_way() {
        let slots = Slots::new();
        let long_ago = Mono(clock::mono().0 - 10 * i64::from(UNREAD_TIME.0));
        for slot in &slots.all {
            slot.begin(accepted(), HEAD_TIME);
            slot.is_sender(SourceId(0));
            slot.doing(Doing::Answer, HEAD_TIME);
        }
        // First one that takes nothing, and then whoever asks again and again.
        slots.all.get(9).unwrap().progress_at.set(long_ago);
        slots.make_way();
        assert_eq!(ended(&slots), [9]);
        slots.release(slots.all.get(9).unwrap());
        slots.take(accepted());
        slots.all.get(7).unwrap().progress_at.set(Mono(clock::mono().0 - i64::from(UNREAD_TIME.0) / 2));
        slots.make_way();
        assert_eq!(ended(&slots), [7]);
        // A visitor who takes nothing goes before one who was there before and is slow to ask.
        let slots = Slots::new();
        while slots.free().is_some() {
            slots.take(accepted());
        }
        let (slow, unread) = (slots.all.first().unwrap(), slots.all.get(5).unwrap());
        slow.progress_at.set(Mono(long_ago.0 - 1));
        unread.doing(Doing::Answer, HEAD_TIME);
        unread.progress_at.set(long_ago);
        slots.make_way();
        assert_eq!(ended(&slots), [5]);
        // So does one who has been answered before, and asks again and again.
        unread.ended.set(false);
        unread.doing(Doing::Head, HEAD_TIME);
        let again = slots.all.get(6).unwrap();
        again.is_served();
        again.doing(Doing::Answer, HEAD_TIME);
        slots.make_way();
        assert_eq!(ended(&slots), [6]);
    }

    #[test]
    fn the_last_place_at_the_console_is_its_owners() {
        let slots = Slots::new();
        for _ in 1..CONSOLES {
            assert!(slots.take_console(accepted(), false).is_none());
        }
        assert!(slots.take_console(accepted(), false).is_some());
        assert!(slots.take_console(accepted(), true).is_none());
        assert!(slots.take_console(accepted(), true).is_some());
        assert_eq!(slots.at_console(), CONSOLES);
    }

    #[test]
    fn what_is_drained_goes_first() {
        let slots = held_by_one();
        let slot = slots.all.last().unwrap();
        slot.doing(Doing::Drain, HEAD_TIME);
        slots.make_way();
        assert_eq!(ended(&slots), [CONNECTIONS - 1]);
        // A sender's makes no room where visitors hold all that they may.
        let slots = Slots::new();
        while slots.free().is_some() {
            slots.take(accepted());
        }
        let sender = slots.all.last().unwrap();
        sender.begin(accepted(), HEAD_TIME);
        sender.is_sender(SourceId(0));
        sender.doing(Doing::Drain, HEAD_TIME);
        let drained = slots.all.get(7).unwrap();
        drained.doing(Doing::Drain, HEAD_TIME);
        slots.make_way();
        assert_eq!(ended(&slots), [7]);
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

    #[test]
    fn a_pause_ends_when_its_connection_has_to_give_way() {
        let slots = Slots::new();
        let slot = slots.get(0).unwrap();
        slot.begin(accepted(), HEAD_TIME);
        let mut pause = Box::pin(slot.pause(Duration::from_hours(1)));
        assert!(poll(|cx| pause.as_mut().poll(cx)).is_pending());
        slot.end();
        let Poll::Ready(Err(error)) = poll(|cx| pause.as_mut().poll(cx)) else { panic!("it goes on") };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(slot.waker.borrow().is_none(), "it was woken");
    }
}
