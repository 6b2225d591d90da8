//! Where those of a crowd stand who have not asked for anything yet.
//!
//! When all places of visitors are taken, a newcomer who asks for nothing takes nobody's place. It
//! waits here, and only its socket is kept: nobody is woken for it, and it has no buffer. The
//! kernel is asked now and then who of all has said something, in one call. What they said is
//! looked at where it is. Only those come in whose request has come to the end of its head, or is
//! none. A crowd that says nothing, or begins requests and ends none, pushes out others like it. A
//! visitor on a slow line has a moment to ask.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::os::fd::OwnedFd;
use std::task::{Poll, Waker};
use std::time::Duration;

use aiglon::http::head::{HeadScanner, Progress};
use aiglon::limits::{HEAD_BYTES, HEAD_TIME, PORCH, PORCH_LOOK, PORCH_LOOK_LEAST};
use aiglon::time::Mono;
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::RecvFlags;
use smol::Timer;

use super::clock;
use super::log::Warnings;
use super::slots::Slots;
use super::stream::{PendingConnection, Ticket};

/// One who waits.
struct Waiting {
    caller: PendingConnection,
    since: Mono,
    heard: Heard,
    /// Whether it has said something that was not looked at.
    has_news: bool,
}

/// What one who waits has said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// Nothing, or a part of a head when it was looked at last, so many times.
    Part(u8),
    /// All that there is to wait for here.
    Asked,
}

impl Waiting {
    /// Whether to look at what it says: at once, and then each time that it has waited twice as
    /// long. Who says a byte now and then is else looked at 200 times a second.
    fn is_due(&self, now: Mono) -> bool {
        match self.heard {
            Heard::Part(0) => self.has_news,
            Heard::Part(looks) => {
                self.has_news && now.since(self.since) >= i64::from(PORCH_LOOK.0) << looks.min(16)
            }
            Heard::Asked => false,
        }
    }

    /// Looks at what it says. False if it is gone.
    fn listen(&mut self, buffer: &mut [u8; HEAD_BYTES]) -> bool {
        self.has_news = false;
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let said = match rustix::net::recv(&self.caller.socket, &mut buffer[..], flags) {
            Ok((said, _)) => said,
            Err(Errno::AGAIN | Errno::INTR) => return true,
            Err(_) => return false,
        };
        self.heard = match (HeadScanner::new().scan(buffer.get(..said).unwrap_or_default()), self.heard) {
            (Ok(Progress::Partial), Heard::Part(looks)) => Heard::Part(looks.saturating_add(1)),
            // What is malformed is refused inside.
            _ => Heard::Asked,
        };
        said > 0
    }
}

const _: () = assert!(size_of::<Option<Waiting>>() <= 48, "limits.rs says what a place costs");

/// From one look to the next, in times of how long the last one took.
const LOOKS_APART: u32 = 8;

/// Events that are taken from the kernel at once.
const EVENTS: usize = 32;

/// All who wait.
pub struct Porch {
    /// They are taken in turn, so the next one is that of who came longest ago. A place that was
    /// never taken has no memory yet.
    places: RefCell<heapless::Vec<Option<Waiting>, PORCH>>,
    next: Cell<usize>,
    /// Where the kernel notes who says something; made when somebody waits first.
    news: RefCell<Option<OwnedFd>>,
    waker: RefCell<Option<Waker>>,
    /// How long the last look took, in milliseconds.
    took: Cell<u32>,
}

impl Porch {
    pub const fn new() -> Self {
        Self {
            places: RefCell::new(heapless::Vec::new()),
            next: Cell::new(0),
            news: RefCell::new(None),
            waker: RefCell::new(None),
            took: Cell::new(0),
        }
    }

    /// Somebody waits here from now on. When so many have come after one, that one gives way.
    /// Returns how many did.
    pub fn take(&self, caller: PendingConnection) -> usize {
        let mut places = self.places.borrow_mut();
        let mut at = places.len();
        if places.push(None).is_err() {
            // Whoever has asked is let in next, and gives way last.
            let asked = |at: &usize| {
                places.get(*at).and_then(Option::as_ref).is_some_and(|one| one.heard == Heard::Asked)
            };
            let from = self.next.get();
            at = (from..PORCH).chain(0..from).find(|at| !asked(at)).unwrap_or(from);
        }
        self.next.set((at + 1) % PORCH);
        let Some(place) = places.get_mut(at) else { return 0 };
        let before = place.take();
        if self.hear(&caller, at).is_ok() {
            *place = Some(Waiting { caller, since: clock::mono(), heard: Heard::Part(0), has_news: false });
        }
        let (is_there, gave_way) = (place.is_some(), before.is_some());
        drop(places);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
        // Whom the kernel does not listen to is not kept, either.
        usize::from(gave_way) + usize::from(!is_there)
    }

    /// Has the kernel note when somebody says something: each time that there is more of it.
    fn hear(&self, caller: &PendingConnection, at: usize) -> Result<(), Errno> {
        let mut news = self.news.borrow_mut();
        let news = match &mut *news {
            Some(news) => news,
            none => none.insert(epoll::create(epoll::CreateFlags::CLOEXEC)?),
        };
        let flags = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
        epoll::add(news, &caller.socket, EventData::new_u64(at as u64), flags)
    }

    fn count(&self) -> usize {
        self.places.borrow().iter().flatten().count()
    }

    /// Sends all away, as when there are no file descriptors left. Returns how many.
    pub fn clear(&self) -> usize {
        self.places.borrow_mut().iter_mut().filter_map(Option::take).count()
    }

    /// Until the next look. All who wait for one do so at the same moments, in one turn of the
    /// reactor.
    pub fn next_look(&self) -> Timer {
        let look = u64::from(look_every(self.took.get()));
        let now = u64::try_from(clock::mono().0).unwrap_or(0);
        Timer::after(Duration::from_millis(look - now % look))
    }

    async fn somebody(&self) {
        poll_fn(|cx| {
            if self.count() > 0 {
                return Poll::Ready(());
            }
            *self.waker.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Asks the kernel who has said something, and looks whether that is a request. Sends away who
    /// took too long, who is gone, and whose listener is gone. Returns how many took too long. Not
    /// inlined: its stack would stay in use while the task waits.
    #[inline(never)]
    fn look(&self, now: Mono, is_open: &dyn Fn(Ticket) -> bool) -> usize {
        let mut places = self.places.borrow_mut();
        let mut buffer = [0; HEAD_BYTES];
        self.ask(&mut places, &mut buffer);
        let mut late = 0;
        for place in places.iter_mut() {
            let Some(one) = place else { continue };
            let is_gone = one.is_due(now) && !one.listen(&mut buffer);
            let waits = one.heard != Heard::Asked;
            let is_late = waits && now.since(one.since) >= i64::from(HEAD_TIME.0);
            late += usize::from(is_late);
            if is_late || is_gone || (waits && !is_open(one.caller.listener)) {
                *place = None;
            }
        }
        late
    }

    /// Asks the kernel who has said something. Whoever says nothing more is looked at once more,
    /// and sent away if that was no request.
    fn ask(&self, places: &mut [Option<Waiting>], buffer: &mut [u8; HEAD_BYTES]) {
        let news = self.news.borrow();
        let Some(news) = &*news else { return };
        let mut events = [Event { flags: EventFlags::empty(), data: EventData::new_u64(0) }; EVENTS];
        // If the kernel cannot tell now, it can at the next look.
        while let Ok(count) = epoll::wait(news, &mut events, Some(&Timespec::default())) {
            for &Event { flags, data } in events.iter().take(count) {
                let place = usize::try_from(data.u64()).ok().and_then(|at| places.get_mut(at));
                let Some(place) = place else { continue };
                let Some(one) = place.as_mut() else { continue };
                one.has_news = true;
                let is_over = flags.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR);
                if is_over && (!one.listen(buffer) || one.heard != Heard::Asked) {
                    *place = None;
                }
            }
            if count < EVENTS {
                break;
            }
        }
    }

    /// Who has asked, and came first.
    fn first(&self) -> Option<PendingConnection> {
        let mut places = self.places.borrow_mut();
        let asked =
            |place: &&mut Option<Waiting>| place.as_ref().is_some_and(|one| one.heard == Heard::Asked);
        let first = places.iter_mut().filter(asked);
        let first = first.min_by_key(|place| place.as_ref().map(|one| one.since));
        let caller = first?.take()?.caller;
        if let Some(news) = &*self.news.borrow() {
            // It is there.
            _ = epoll::delete(news, &caller.socket);
        }
        Some(caller)
    }
}

/// From one look to the next, in milliseconds, by how long the last one took.
fn look_every(took: u32) -> u32 {
    took.saturating_mul(LOOKS_APART).clamp(PORCH_LOOK_LEAST.0, PORCH_LOOK.0)
}

/// The task that lets them in. `is_open` tells whether the listener is there by which they came.
pub async fn run(porch: &Porch, slots: &Slots, is_open: &dyn Fn(Ticket) -> bool, warnings: &Warnings) {
    loop {
        porch.somebody().await;
        let began = clock::mono();
        let late = porch.look(began, is_open);
        porch.took.set(u32::try_from(clock::mono().since(began)).unwrap_or(0));
        slots.late.set(slots.late.get() + late as u64);
        while let Some(caller) = porch.first() {
            slots.room().await;
            match caller.enter() {
                Ok(accepted) => slots.take(accepted),
                Err(error) if warnings.may() => log::warn!("cannot let a connection in: {error}"),
                Err(_) => {}
            }
        }
        porch.next_look().await;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::shell::stream::{Peer, Socket};
    use aiglon::time::Millis;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    fn come(porch: &Porch) -> (UnixStream, usize) {
        come_by(porch, Ticket::default())
    }

    fn come_by(porch: &Porch, listener: Ticket) -> (UnixStream, usize) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let socket = Socket::Unix(ours);
        let gave_way = porch.take(PendingConnection { socket, peer: Peer::Loopback, listener });
        (theirs, gave_way)
    }

    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    fn look(porch: &Porch, now: Mono) -> usize {
        porch.look(now, &|_| true)
    }

    #[test]
    fn a_fast_machine_looks_often_and_a_slow_one_seldom() {
        for (took, every) in [(0, 5), (1, 8), (2, 16), (4, 25), (u32::MAX, 25)] {
            assert_eq!(look_every(took), every);
        }
    }

    #[test]
    fn who_asks_comes_in_however_many_say_nothing() {
        let porch = Porch::new();
        let before: Vec<_> = (0..100).map(|_| come(&porch)).collect();
        let mut visitors: Vec<_> = (0..2).map(|_| come(&porch)).collect();
        let behind: Vec<_> = (0..PORCH - 2).map(|_| come(&porch)).collect();
        assert_eq!((porch.count(), behind.iter().map(|(_, gave_way)| gave_way).sum()), (PORCH, 100));
        assert_eq!(look(&porch, clock::mono()), 0);
        assert!(porch.first().is_none());
        for (visitor, _) in visitors.iter_mut().rev() {
            visitor.write_all(GET).unwrap();
        }
        assert_eq!(look(&porch, clock::mono()), 0);
        assert!(porch.first().is_some() && porch.first().is_some() && porch.first().is_none());
        // Who comes next takes their places, and then that of who came longest ago.
        let last: Vec<_> = (0..3).map(|_| come(&porch)).collect();
        assert_eq!(last.iter().map(|(_, gave_way)| *gave_way).collect::<Vec<_>>(), [0, 0, 1]);
        assert_eq!(porch.count(), PORCH);
        drop((before, behind, last));
    }

    #[test]
    fn who_has_asked_is_neither_pushed_out_nor_sent_away() {
        let porch = Porch::new();
        let (mut visitor, _) = come(&porch);
        visitor.write_all(GET).unwrap();
        assert_eq!(look(&porch, clock::mono()), 0);
        let behind: Vec<_> = (0..PORCH * 2).map(|_| come(&porch)).collect();
        look(&porch, clock::mono().plus(HEAD_TIME));
        assert!(porch.first().is_some());
        drop(behind);
    }

    #[test]
    fn who_asks_nothing_for_too_long_is_sent_away() {
        let porch = Porch::new();
        let silent = come(&porch);
        assert_eq!((look(&porch, clock::mono()), porch.count()), (0, 1));
        assert_eq!((look(&porch, clock::mono().plus(HEAD_TIME)), porch.count()), (1, 0));
        drop(silent);
    }

    #[test]
    fn who_came_by_a_listener_that_is_gone_waits_no_longer() {
        let porch = Porch::new();
        let gone = Ticket { listener: 1, closed: 2 };
        let (mut other, mut silent, mut speaks) =
            (come(&porch).0, come_by(&porch, gone).0, come_by(&porch, gone).0);
        speaks.write_all(GET).unwrap();
        look(&porch, clock::mono());
        // Nobody was late. Who has asked is told that there is nothing any more.
        assert_eq!((porch.look(clock::mono(), &|ticket| ticket != gone), porch.count()), (0, 2));
        assert_eq!(silent.read(&mut [0]).unwrap(), 0);
        assert!(porch.first().is_some() && porch.first().is_none());
        other.write_all(GET).unwrap();
        look(&porch, clock::mono());
        assert!(porch.first().is_some());
        drop(speaks);
    }

    #[test]
    fn who_begins_to_ask_waits_for_the_end_of_it() {
        let porch = Porch::new();
        let begun = clock::mono();
        let at = |ms| begun.plus(Millis(ms));
        let (mut slow, _) = come(&porch);
        slow.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
        look(&porch, at(100));
        assert!(porch.first().is_none());
        // What they say now and then is not looked at each time.
        slow.write_all(b"a\r\n\r\n").unwrap();
        look(&porch, begun);
        assert!(porch.first().is_none());
        look(&porch, at(100));
        assert!(porch.first().is_some());
        // Who says what is no request is told so.
        let mut others: Vec<_> = (0..3).map(|_| come(&porch).0).collect();
        others[0].write_all(b"\x16\x03\x01\0").unwrap();
        others[1].write_all(&[b'x'; HEAD_BYTES]).unwrap();
        others[2].write_all(b"GET /\n").unwrap();
        look(&porch, begun);
        assert_eq!(std::iter::from_fn(|| porch.first()).count(), 3);
        // Whoever begins only is sent away in time, and pushed out by those behind them.
        let mut parts: Vec<_> = (0..2).map(|_| come(&porch).0).collect();
        parts[0].write_all(b"GET ").unwrap();
        let behind: Vec<_> = (0..PORCH - 1).map(|_| come(&porch)).collect();
        assert_eq!(behind.last().map(|(_, gave_way)| *gave_way), Some(1));
        assert!(parts[0].read(&mut [0]).is_err(), "what it said was not read");
        parts[1].write_all(b"GET ").unwrap();
        look(&porch, begun);
        assert_eq!(porch.look(at(HEAD_TIME.0 + 1000), &|_| true), PORCH);
    }

    #[test]
    fn who_is_gone_has_no_place() {
        let porch = Porch::new();
        let (silent, mut part, mut whole) = (come(&porch).0, come(&porch).0, come(&porch).0);
        part.write_all(b"GET ").unwrap();
        whole.write_all(GET).unwrap();
        look(&porch, clock::mono());
        drop((silent, part));
        // This one reads on.
        whole.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!((look(&porch, clock::mono()), porch.count()), (0, 1));
        assert!(porch.first().is_some());
    }
}
