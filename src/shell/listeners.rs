//! Listening sockets: opened at the start and on a reload, accepted from by one task each.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::task::{Poll, Waker};
use std::time::Duration;

use aiglon::config::{Address, Config};
use aiglon::limits::{BACKLOG, CROWD_WAIT, LISTENERS};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use smol::{Async, Timer};

use super::clock;
use super::log::Warnings;
use super::slots::Slots;
use super::stream::{Accepted, Peer, Stream, Ticket};

/// Connections accepted from one listener before those who were let in have their turn.
const ACCEPTS_A_TURN: u32 = 16;

/// Longer paths do not fit a `sockaddr_un`.
type SocketPath = heapless::String<108>;

/// Where a listener is, as the configuration says it: by this a reload knows it again.
#[derive(Clone, PartialEq, Eq)]
enum Place {
    Tcp(SocketAddr),
    Unix(SocketPath),
}

/// A socket that listens.
pub enum Socket {
    Tcp(Async<TcpListener>),
    Unix(Async<UnixListener>),
}

/// What the task of a listener is told.
pub enum Order {
    Open(Socket),
    Close,
}

/// One listener.
pub struct Listener {
    place: RefCell<Option<Place>>,
    /// Which `config listen` it is.
    section: Cell<Option<usize>>,
    /// How often it was closed, so that who came before does not count as having come by what
    /// stands here now.
    closed: Cell<usize>,
    order: RefCell<Option<Order>>,
    waker: RefCell<Option<Waker>>,
}

/// All listeners.
pub struct Listeners([Listener; LISTENERS]);

/// Sockets that are bound and not open yet, by `config listen`; `None` for those that are open
/// already.
pub struct Bound(Vec<(usize, Place, Option<Socket>)>);

impl Listeners {
    pub const fn new() -> Self {
        Self([const { Listener::new() }; LISTENERS])
    }

    /// Which `config listen` somebody came by; `None` once a reload has closed it.
    pub fn listener(&self, ticket: Ticket) -> Option<usize> {
        let listener = self.0.get(ticket.listener)?;
        listener.section.get().filter(|_| listener.closed.get() == ticket.closed)
    }

    /// For who comes by a listener from now on, as long as it stays open.
    fn ticket(&self, listener: usize) -> Ticket {
        Ticket { listener, closed: self.0.get(listener).map_or(0, |listener| listener.closed.get()) }
    }

    /// Binds what a configuration wants and is not open yet. All or nothing: nothing is changed
    /// here.
    pub fn bind(&self, config: &Config) -> Result<Bound, String> {
        let mut bound = Vec::new();
        for (index, listener) in config.listeners.iter().enumerate() {
            let place = match listener.address {
                Address::Tcp(address) => Place::Tcp(address),
                Address::Unix(span) => Place::Unix(
                    SocketPath::try_from(config.str(span))
                        .map_err(|_| format!("the path of unix socket {} is too long", config.str(span)))?,
                ),
            };
            let is_open = self.0.iter().any(|listener| listener.place.borrow().as_ref() == Some(&place));
            let socket = if is_open { None } else { Some(open(&place)?) };
            bound.push((index, place, socket));
        }
        Ok(Bound(bound))
    }

    /// Opens what was bound, keeps what is wanted still, closes the rest. Returns the addresses in
    /// force.
    pub fn apply(&self, bound: Bound) -> Vec<(usize, String)> {
        for listener in &self.0 {
            let wanted = bound.0.iter().find(|(_, place, _)| listener.place.borrow().as_ref() == Some(place));
            listener.section.set(wanted.map(|&(index, ..)| index));
            if wanted.is_none()
                && let Some(place) = listener.place.borrow_mut().take()
            {
                forget(&place);
                listener.closed.set(listener.closed.get().wrapping_add(1));
                listener.tell(Order::Close);
            }
        }
        let mut addresses = Vec::new();
        for (index, place, socket) in bound.0 {
            let Some(socket) = socket else { continue };
            addresses.push((index, describe(&socket, &place)));
            let Some(listener) = self.0.iter().find(|listener| listener.place.borrow().is_none()) else {
                continue;
            };
            *listener.place.borrow_mut() = Some(place);
            listener.section.set(Some(index));
            listener.tell(Order::Open(socket));
        }
        addresses
    }

    /// Closes all.
    pub fn close(&self) {
        for listener in &self.0 {
            listener.section.set(None);
            if let Some(place) = listener.place.borrow_mut().take() {
                forget(&place);
                listener.tell(Order::Close);
            }
        }
    }
}

impl Listener {
    pub const fn new() -> Self {
        Self {
            place: RefCell::new(None),
            section: Cell::new(None),
            closed: Cell::new(0),
            order: RefCell::new(None),
            waker: RefCell::new(None),
        }
    }

    /// Tells its task what to do.
    pub fn tell(&self, order: Order) {
        *self.order.borrow_mut() = Some(order);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }
}

fn open(place: &Place) -> Result<Socket, String> {
    let opened = match place {
        Place::Tcp(address) => TcpListener::bind(address)
            .and_then(|listener| widen(&listener).map(|()| listener))
            .and_then(Async::new)
            .map(Socket::Tcp),
        Place::Unix(path) => open_unix(Path::new(path.as_str())),
    };
    opened.map_err(|error| match place {
        Place::Tcp(address) => format!("cannot listen on {address}: {error}"),
        Place::Unix(path) => format!("cannot listen on unix:{path}: {error}"),
    })
}

/// Whether a program listens at this path. The whole daemon would wait at a full queue there, so
/// nothing is waited for.
pub fn somebody_listens(path: &Path) -> bool {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let asked = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
        .and_then(|socket| rustix::net::connect(&socket, &SocketAddrUnix::new(path)?));
    matches!(asked, Ok(()) | Err(rustix::io::Errno::AGAIN))
}

/// Gives a socket that listens a longer queue: the standard library says 128.
pub fn widen(listener: &impl AsFd) -> io::Result<()> {
    Ok(rustix::net::listen(listener, BACKLOG)?)
}

fn open_unix(path: &Path) -> io::Result<Socket> {
    // What a daemon that was killed left behind: a socket that nobody listens on.
    if path.symlink_metadata().is_ok_and(|meta| meta.file_type().is_socket()) && !somebody_listens(path) {
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    // Whoever may enter the directory may connect, as with a port on loopback; tokens guard what is
    // guarded.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
    widen(&listener)?;
    Async::new(listener).map(Socket::Unix)
}

fn forget(place: &Place) {
    if let Place::Unix(path) = place {
        // It may be gone already.
        _ = std::fs::remove_file(path.as_str());
    }
}

/// The address as bound: a port 0 has become a real one.
fn describe(socket: &Socket, place: &Place) -> String {
    match (socket, place) {
        (Socket::Tcp(socket), _) => socket
            .get_ref()
            .local_addr()
            .map_or_else(|error| error.to_string(), |address| format!("http://{address}/")),
        (Socket::Unix(_), Place::Unix(path)) => format!("unix:{path}"),
        (Socket::Unix(_), Place::Tcp(_)) => String::new(),
    }
}

/// The task of one listener: accepts, and hands on to the slots.
pub async fn run(listeners: &Listeners, slots: &Slots, warnings: &Warnings, index: usize) {
    let Some(listener) = listeners.0.get(index) else { return };
    let mut socket: Option<Socket> = None;
    let mut ticket = Ticket::default();
    // Until then those of a crowd are let in who have waited.
    let mut crowd_until = clock::mono();
    loop {
        match next(listener, socket.as_ref()).await {
            Some(Order::Open(opened)) => {
                socket = Some(opened);
                ticket = listeners.ticket(index);
                continue;
            }
            Some(Order::Close) => {
                socket = None;
                continue;
            }
            None => {}
        }
        if clock::mono() >= crowd_until && slots.is_crowded() {
            // Who comes in the meantime waits in the kernel, and so does what they say.
            Timer::after(Duration::from_millis(CROWD_WAIT.0.into())).await;
            crowd_until = clock::mono().plus(CROWD_WAIT.half().half());
        }
        slots.room(index).await;
        let Some(socket) = socket.as_ref() else { continue };
        if let Err(error) = let_in(slots, ticket, socket) {
            if warnings.may() {
                log::warn!("cannot accept a connection: {error}");
            }
            // Out of file descriptors, say: somebody gives one back. Trying at once would only burn
            // the processor.
            slots.make_way();
            Timer::after(Duration::from_millis(100)).await;
        }
    }
}

/// Lets in whoever is at the listener while there is room. A crowd that had to wait for one turn of
/// the reactor each would fill the kernel's queue, and who finds that full tries again only after a
/// second.
fn let_in(slots: &Slots, ticket: Ticket, socket: &Socket) -> io::Result<()> {
    for _ in 0..ACCEPTS_A_TURN {
        match accept(socket) {
            Ok((stream, peer)) => slots.take(Accepted { stream, peer, listener: ticket }),
            // Nobody is there any more, or somebody hung up before we came.
            Err(error) if is_passing(&error) => break,
            Err(error) => return Err(error),
        }
        if !slots.has_room() {
            break;
        }
    }
    Ok(())
}

fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted
    )
}

/// An order, or `None` when somebody is at the listener.
pub async fn next(listener: &Listener, socket: Option<&Socket>) -> Option<Order> {
    poll_fn(|cx| {
        if let Some(order) = listener.order.borrow_mut().take() {
            return Poll::Ready(Some(order));
        }
        *listener.waker.borrow_mut() = Some(cx.waker().clone());
        let readable = match socket {
            Some(Socket::Tcp(socket)) => socket.poll_readable(cx),
            Some(Socket::Unix(socket)) => socket.poll_readable(cx),
            None => Poll::Pending,
        };
        readable.map(|_| None)
    })
    .await
}

fn accept(socket: &Socket) -> io::Result<(Stream, Peer)> {
    match socket {
        Socket::Tcp(socket) => {
            let (stream, from) = socket.get_ref().accept()?;
            // An answer is one write; what follows it must not wait for the client's
            // acknowledgement.
            stream.set_nodelay(true)?;
            Ok((Stream::Tcp(Async::new(stream)?), Peer::of(from.ip())))
        }
        Socket::Unix(socket) => {
            let (stream, _) = socket.get_ref().accept()?;
            Ok((Stream::Unix(Async::new(stream)?), Peer::of(IpAddr::V4(Ipv4Addr::LOCALHOST))))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn a_crowd_finds_room_in_the_kernel_before_anybody_is_accepted() {
        let Socket::Tcp(socket) = open(&Place::Tcp("127.0.0.1:0".parse().unwrap())).unwrap() else {
            panic!("it is TCP")
        };
        let address = socket.get_ref().local_addr().unwrap();
        let crowd = (0..300).map(|_| TcpStream::connect_timeout(&address, Duration::from_millis(500)));
        assert_eq!(crowd.collect::<Vec<_>>().iter().filter(|came| came.is_ok()).count(), 300);
    }
}
