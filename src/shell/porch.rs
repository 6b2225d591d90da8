//! Where those of a crowd stand who have not said anything yet.
//!
//! When all places of visitors are taken, a newcomer who says nothing takes nobody's place. It
//! waits here, and only its socket is kept: nobody is woken for it, and it has no buffer. The
//! kernel is asked now and then who of all has said something, in one call. Only those come in. A
//! crowd that connects and says nothing pushes out others like it, and a visitor on a slow line has
//! a moment to ask.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::os::fd::AsFd;
use std::task::{Poll, Waker};
use std::time::Duration;

use aiglon::limits::{HEAD_TIME, PORCH, PORCH_LOOK};
use aiglon::time::Mono;
use rustix::event::{PollFd, PollFlags, Timespec};
use smol::Timer;

use super::clock;
use super::log::Warnings;
use super::slots::Slots;
use super::stream::PendingConnection;

/// One who waits.
struct Waiting {
    caller: PendingConnection,
    /// How many had come before it.
    came: u64,
    since: Mono,
    /// Whether it has said something, or is gone.
    spoke: bool,
}

/// All who wait. When there is no place left, who came longest ago gives way.
pub struct Porch {
    /// A place that was never taken has no memory yet.
    places: RefCell<heapless::Vec<Option<Waiting>, PORCH>>,
    came: Cell<u64>,
    count: Cell<usize>,
    waker: RefCell<Option<Waker>>,
}

impl Porch {
    pub const fn new() -> Self {
        Self {
            places: RefCell::new(heapless::Vec::new()),
            came: Cell::new(0),
            count: Cell::new(0),
            waker: RefCell::new(None),
        }
    }

    /// Somebody waits here from now on. Returns how many gave way.
    pub fn take(&self, caller: PendingConnection) -> usize {
        self.came.set(self.came.get() + 1);
        self.count.set(self.count.get() + 1);
        let one = Waiting { caller, came: self.came.get(), since: clock::mono(), spoke: false };
        let mut places = self.places.borrow_mut();
        let before = match places.push(Some(one)) {
            Ok(()) => None,
            // A free place is older than all who wait.
            Err(one) => {
                // Whoever has said something is let in next, and gives way last.
                let order = |place: &Option<Waiting>| place.as_ref().map(|held| (held.spoke, held.came));
                let oldest = places.iter_mut().min_by_key(|place| order(place));
                oldest.and_then(|place| std::mem::replace(place, one))
            }
        };
        drop(places);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
        self.gone(before.into_iter().count())
    }

    fn gone(&self, count: usize) -> usize {
        self.count.set(self.count.get().saturating_sub(count));
        count
    }

    /// Sends all away, as when there are no file descriptors left. Returns how many.
    pub fn clear(&self) -> usize {
        self.places.borrow_mut().iter_mut().for_each(|place| *place = None);
        self.gone(self.count.get())
    }

    async fn somebody(&self) {
        poll_fn(|cx| {
            if self.count.get() > 0 {
                return Poll::Ready(());
            }
            *self.waker.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Asks the kernel who has said something, and sends those away who took too long. Returns how
    /// many. Not inlined: its stack would stay in use while the task waits.
    #[inline(never)]
    fn look(&self, now: Mono) -> usize {
        let mut places = self.places.borrow_mut();
        let late = |one: &Waiting| !one.spoke && now.since(one.since) >= i64::from(HEAD_TIME.0);
        let mut count = 0;
        for place in places.iter_mut() {
            if place.as_ref().is_some_and(late) {
                *place = None;
                count += 1;
            }
        }
        let mut asked: heapless::Vec<PollFd<'_>, PORCH> = heapless::Vec::new();
        for one in places.iter().flatten() {
            // There are as many places.
            _ = asked.push(PollFd::from_borrowed_fd(one.caller.socket.as_fd(), PollFlags::IN));
        }
        // If it cannot tell now, it can at the next look.
        _ = rustix::event::poll(&mut asked, Some(&Timespec::default()));
        let spoke: heapless::Vec<bool, PORCH> = asked.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(asked);
        for (one, spoke) in places.iter_mut().flatten().zip(spoke) {
            one.spoke = spoke;
        }
        drop(places);
        self.gone(count)
    }

    /// Who has said something, and came first.
    fn first(&self) -> Option<PendingConnection> {
        let mut places = self.places.borrow_mut();
        let spoke = places.iter_mut().filter(|place| place.as_ref().is_some_and(|one| one.spoke));
        let first = spoke.min_by_key(|place| place.as_ref().map(|one| one.came));
        let caller = first?.take()?.caller;
        self.gone(1);
        Some(caller)
    }
}

/// The task that lets them in.
pub async fn run(porch: &Porch, slots: &Slots, warnings: &Warnings) {
    loop {
        porch.somebody().await;
        slots.late.set(slots.late.get() + porch.look(clock::mono()) as u64);
        while let Some(caller) = porch.first() {
            slots.room().await;
            match caller.enter() {
                Ok(accepted) => slots.take(accepted),
                Err(error) if warnings.may() => log::warn!("cannot let a connection in: {error}"),
                Err(_) => {}
            }
        }
        Timer::after(Duration::from_millis(PORCH_LOOK.0.into())).await;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::shell::stream::{Peer, Socket, Ticket};
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    fn come(porch: &Porch) -> (UnixStream, usize) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let socket = Socket::Unix(ours);
        let gave_way =
            porch.take(PendingConnection { socket, peer: Peer::Loopback, listener: Ticket::default() });
        (theirs, gave_way)
    }

    #[test]
    fn who_says_something_comes_in_however_many_say_nothing() {
        let porch = Porch::new();
        let before: Vec<_> = (0..100).map(|_| come(&porch)).collect();
        let mut visitors: Vec<_> = (0..2).map(|_| come(&porch)).collect();
        let behind: Vec<_> = (0..PORCH - 2).map(|_| come(&porch)).collect();
        assert_eq!((porch.count.get(), behind.iter().map(|(_, gave_way)| gave_way).sum()), (PORCH, 100));
        assert_eq!(porch.look(clock::mono()), 0);
        assert!(porch.first().is_none());
        for (visitor, _) in visitors.iter_mut().rev() {
            visitor.write_all(b"GET").unwrap();
        }
        assert_eq!(porch.look(clock::mono()), 0);
        assert!(porch.first().is_some() && porch.first().is_some() && porch.first().is_none());
        // Who comes next takes their places, and then that of who came longest ago.
        let last: Vec<_> = (0..3).map(|_| come(&porch)).collect();
        assert_eq!(last.iter().map(|(_, gave_way)| *gave_way).collect::<Vec<_>>(), [0, 0, 1]);
        assert_eq!(porch.count.get(), PORCH);
        drop((before, behind, last));
    }

    #[test]
    fn who_has_said_something_is_neither_pushed_out_nor_sent_away() {
        let porch = Porch::new();
        let (mut visitor, _) = come(&porch);
        visitor.write_all(b"GET").unwrap();
        assert_eq!(porch.look(clock::mono()), 0);
        let behind: Vec<_> = (0..PORCH * 2).map(|_| come(&porch)).collect();
        porch.look(clock::mono().plus(HEAD_TIME));
        assert!(porch.first().is_some());
        drop(behind);
    }

    #[test]
    fn who_says_nothing_for_too_long_is_sent_away() {
        let porch = Porch::new();
        let silent = come(&porch);
        assert_eq!((porch.look(clock::mono()), porch.count.get()), (0, 1));
        assert_eq!((porch.look(clock::mono().plus(HEAD_TIME)), porch.count.get()), (1, 0));
        drop(silent);
    }
}
