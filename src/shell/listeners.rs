//! Listening sockets: opened at the start and on a reload, accepted from by one task each.

use std::cell::{Cell, RefCell};
use std::fmt::{self, Display, Write};
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::task::{Poll, Waker};

use aiglon::config::{self, Address, Config, ListenerRoles};
use aiglon::limits::{ACCEPT_RETRY, ACCEPTS_TURN, ACCEPTS_TURN_CROWD, BACKLOG, CONFIG_NAME_BYTES, LISTENERS};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, sockopt};
use smol::{Async, Timer};

use super::files;
use super::files::FileId;
use super::log::Warnings;
use super::porch::Porch;
use super::slots::Slots;
use super::state::{ledger, storage};
use super::stream::{self, Peer, PendingConnection, Ticket};

/// Longer paths do not fit a `sockaddr_un`.
type SocketPath = heapless::String<108>;

/// Where a listener is, as the configuration says it: by this a reload knows it again.
#[derive(Clone, PartialEq, Eq)]
enum ListenAddress {
    Tcp(SocketAddr),
    Unix(SocketPath),
}

/// A socket that listens.
pub enum ListenSocket {
    Tcp(Async<TcpListener>),
    Unix(Async<UnixListener>),
}

/// What the task of a listener is told.
pub enum ListenerOrder {
    Open(ListenSocket),
    Close,
}

/// One listener.
pub struct BoundListener {
    place: RefCell<Option<ListenAddress>>,
    /// The file of a unix socket. As long as that is open, no other file has this, removed or not.
    file: Cell<Option<FileId>>,
    /// Which `config listen` it is, or which one it stands in for.
    section: Cell<Option<usize>>,
    /// Whether the configuration wants it where it is.
    is_wanted: Cell<bool>,
    /// What it was when it was in the configuration last: its name, and what it serves at most.
    name: RefCell<Name>,
    serves: Cell<ListenerRoles>,
    plaintext: Cell<bool>,
    /// How often it was closed, so that who came before does not count as having come by what
    /// stands here now.
    closed: Cell<usize>,
    order: RefCell<Option<ListenerOrder>>,
    waker: RefCell<Option<Waker>>,
}

type Name = heapless::String<CONFIG_NAME_BYTES>;

/// A listener that is not there.
struct Missing {
    section: usize,
    /// Its address, and why.
    words: Lack,
}

/// An address that cannot be listened on, and why: as many characters as there is room for.
pub type Lack = heapless::String<192>;

/// All listeners.
pub struct Listeners {
    rows: [BoundListener; LISTENERS],
    missing: RefCell<heapless::Vec<Missing, LISTENERS>>,
}

impl Listeners {
    pub const fn new() -> Self {
        Self {
            rows: [const { BoundListener::new() }; LISTENERS],
            missing: RefCell::new(heapless::Vec::new()),
        }
    }

    /// The `config listen` that somebody came by; `None` once a reload has closed it. What stands
    /// in for another one serves no more than it did before, and takes no tokens that it refused.
    pub fn listener(&self, ticket: Ticket, config: &Config) -> Option<config::Listener> {
        let row = self.rows.get(ticket.listener).filter(|_| self.is_open(ticket))?;
        let mut listener = *config.listeners.get(row.section.get()?)?;
        let most = row.serves.get();
        listener.serve.page &= most.page;
        listener.serve.ingest &= most.ingest;
        listener.serve.metrics &= most.metrics;
        listener.plaintext &= row.plaintext.get();
        Some(listener)
    }

    /// Whether a listener is open by which somebody came.
    pub fn is_open(&self, ticket: Ticket) -> bool {
        self.rows.get(ticket.listener).is_some_and(|row| row.closed.get() == ticket.closed)
    }

    /// For who comes by a listener from now on, as long as it stays open.
    fn ticket(&self, listener: usize) -> Ticket {
        Ticket { listener, closed: self.rows.get(listener).map_or(0, |listener| listener.closed.get()) }
    }

    /// Opens what a configuration wants, keeps what is open, closes the rest. Whatever cannot be
    /// opened is missing, and its predecessor stays.
    pub fn apply(&self, config: &Config) {
        for row in &self.rows {
            let is_it = |(_, listener): &(usize, &config::Listener)| {
                row.place.borrow().as_ref() == Some(&ListenAddress::of(config, listener))
            };
            match config.listeners.iter().enumerate().find(is_it) {
                Some((index, listener)) => row.renew(config, index, listener),
                None => row.is_wanted.set(false),
            }
        }
        self.open(config);
    }

    /// Tries to open what is missing.
    pub fn open(&self, config: &Config) {
        let before = self.missing.take();
        let mut missing = heapless::Vec::new();
        for (section, listener) in config.listeners.iter().enumerate() {
            if let Some(port) = listener.unplaced() {
                let mut words = Lack::new();
                _ = write!(words, "{}:{port}: {NO_ADDRESS}", config.str(listener.network));
                if before.iter().all(|known: &Missing| known.words != words) {
                    log::warn!("{words}");
                }
                // There are as many places.
                _ = missing.push(Missing { section, words });
            }
            if self.rows.iter().any(|row| row.is_of(section) && row.is_there()) {
                continue;
            }
            let place = ListenAddress::of(config, listener);
            match open(&place) {
                Ok(socket) => self.begin(config, section, place, socket),
                Err(error) => {
                    let mut words = Lack::new();
                    _ = write!(words, "{place}: {}", words_of(&error));
                    if before.iter().all(|known: &Missing| known.words != words) {
                        log::error!("cannot listen on {place}: {error}; trying again");
                    }
                    // There are as many places. An unplaced one has its row already.
                    _ = missing.push(Missing { section, words });
                }
            }
        }
        self.missing.replace(missing);
        self.settle(config);
    }

    /// Hands a socket to a task.
    fn begin(&self, config: &Config, section: usize, place: ListenAddress, socket: ListenSocket) {
        let bound = match &socket {
            ListenSocket::Tcp(socket) => socket.get_ref().local_addr().ok().map(ListenAddress::Tcp),
            ListenSocket::Unix(_) => None,
        };
        let roles = files::describe_roles(config, section);
        log::info!("listening on {} ({roles})", bound.as_ref().unwrap_or(&place));
        let free = |row: &&BoundListener| row.place.borrow().is_none();
        // As many may be wanted as there are places. Then what is wanted no more gives way.
        let old = |row: &&BoundListener| !row.is_wanted.get();
        // Who came by a socket whose file is gone stays.
        let lost = self.rows.iter().find(|row| row.is_of(section));
        let other = || self.rows.iter().find(free).or_else(|| self.rows.iter().find(old));
        let Some(row) = lost.or_else(other) else { return };
        if lost.is_none() {
            row.end();
        }
        row.file.set(place.file());
        *row.place.borrow_mut() = Some(place);
        if let Some(listener) = config.listeners.get(section) {
            row.renew(config, section, listener);
        }
        row.tell(ListenerOrder::Open(socket));
    }

    /// Closes what is wanted no more, unless it stands in for what is missing: for its successor,
    /// by its name, or for what nobody else serves.
    fn settle(&self, config: &Config) {
        let missing = self.missing.borrow();
        let wanted = self.rows.iter().filter(|row| row.is_wanted.get() && row.is_there());
        let served = wanted.fold(0, |served, row| served | bits(row.serves.get()));
        for row in self.rows.iter().filter(|row| !row.is_wanted.get()) {
            let stands_in = |lack: &&Missing| {
                let Some(wanted) = config.listeners.get(lack.section) else { return false };
                let is_heir = !wanted.name.is_empty() && config.is(wanted.name, &row.name.borrow());
                let shared = bits(wanted.serve) & bits(row.serves.get());
                let is_needed = if is_heir { shared } else { shared & !served } != 0;
                is_needed && !row.is_in_the_way_of(wanted)
            };
            match missing.iter().find(stands_in) {
                Some(lack) if row.place.borrow().is_some() => row.section.set(Some(lack.section)),
                _ => row.end(),
            }
        }
    }

    /// Calls `each` with every listener that is not there, and why.
    pub fn missing(&self, each: &mut dyn FnMut(&str)) {
        let missing = self.missing.borrow();
        missing.iter().for_each(|lack| each(&lack.words));
        // Somebody has cleaned up behind us, and nothing was read again since.
        for row in self.rows.iter().filter(|row| row.is_wanted.get() && !row.is_there()) {
            if missing.iter().all(|lack| !row.is_of(lack.section)) {
                let mut words = Lack::new();
                if let Some(place) = row.place.borrow().as_ref() {
                    _ = write!(words, "{place}: {GONE}");
                }
                each(&words);
            }
        }
    }

    /// Whether anybody can come in.
    pub fn any(&self) -> bool {
        self.rows.iter().any(|row| row.place.borrow().is_some())
    }

    /// Closes all.
    pub fn close(&self) {
        self.rows.iter().for_each(BoundListener::end);
    }
}

/// What is served, a bit for each role.
fn bits(roles: ListenerRoles) -> u8 {
    u8::from(roles.page) | u8::from(roles.ingest) << 1 | u8::from(roles.metrics) << 2
}

impl ListenAddress {
    fn of(config: &Config, listener: &config::Listener) -> Self {
        match listener.address {
            Address::Tcp(address) => Self::Tcp(address),
            // The configuration has none that is longer.
            Address::Unix(span) => Self::Unix(SocketPath::try_from(config.str(span)).unwrap_or_default()),
        }
    }

    /// The file that is there now.
    fn file(&self) -> Option<FileId> {
        match self {
            Self::Tcp(_) => None,
            Self::Unix(path) => file_at(Path::new(path.as_str())),
        }
    }
}

impl Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http://{address}/"),
            Self::Unix(path) => write!(f, "unix:{path}"),
        }
    }
}

impl BoundListener {
    pub const fn new() -> Self {
        Self {
            place: RefCell::new(None),
            file: Cell::new(None),
            section: Cell::new(None),
            is_wanted: Cell::new(false),
            name: RefCell::new(Name::new()),
            serves: Cell::new(ListenerRoles { page: false, ingest: false, metrics: false }),
            plaintext: Cell::new(false),
            closed: Cell::new(0),
            order: RefCell::new(None),
            waker: RefCell::new(None),
        }
    }

    /// It is this `config listen`.
    fn renew(&self, config: &Config, section: usize, listener: &config::Listener) {
        self.section.set(Some(section));
        self.is_wanted.set(true);
        self.serves.set(listener.serve);
        self.plaintext.set(listener.plaintext);
        *self.name.borrow_mut() = Name::try_from(config.str(listener.name)).unwrap_or_default();
    }

    /// Whether it is the listener of this `config listen`.
    fn is_of(&self, section: usize) -> bool {
        self.is_wanted.get() && self.section.get() == Some(section)
    }

    /// Whether its path still leads to it, if it has one.
    fn is_there(&self) -> bool {
        self.place.borrow().as_ref().and_then(ListenAddress::file) == self.file.get()
    }

    /// Whether another one cannot listen because of it: on that port of all addresses, say.
    fn is_in_the_way_of(&self, other: &config::Listener) -> bool {
        match (self.place.borrow().as_ref(), other.address) {
            (Some(ListenAddress::Tcp(ours)), Address::Tcp(other)) => are_in_the_way(ours, &other),
            _ => false,
        }
    }

    /// Closes it, if it is open.
    fn end(&self) {
        self.section.set(None);
        self.is_wanted.set(false);
        if let Some(place) = self.place.borrow_mut().take() {
            if let ListenAddress::Unix(path) = place {
                forget(Path::new(path.as_str()), self.file.take());
            }
            self.closed.set(self.closed.get().wrapping_add(1));
            self.tell(ListenerOrder::Close);
        }
    }

    /// Tells its task what to do.
    pub fn tell(&self, order: ListenerOrder) {
        *self.order.borrow_mut() = Some(order);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }
}

fn open(place: &ListenAddress) -> io::Result<ListenSocket> {
    match place {
        ListenAddress::Tcp(address) => open_tcp(address).and_then(Async::new).map(ListenSocket::Tcp),
        ListenAddress::Unix(path) => open_unix(Path::new(path.as_str())),
    }
}

/// Listens on an address, though no interface has it yet: that of a tunnel which is down.
pub fn open_tcp(address: &SocketAddr) -> io::Result<TcpListener> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    match rustix::net::bind(&socket, address) {
        Err(Errno::ADDRNOTAVAIL) => {
            if address.is_ipv4() {
                sockopt::set_ip_freebind(&socket, true)?;
            } else {
                sockopt::set_ipv6_freebind(&socket, true)?;
            }
            rustix::net::bind(&socket, address)?;
            log::info!("no interface has the address {} yet", address.ip());
        }
        bound => bound?,
    }
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(TcpListener::from(socket))
}

/// Why an address cannot be had.
pub fn words_of(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => IN_USE,
        io::ErrorKind::AlreadyExists => NO_SOCKET,
        io::ErrorKind::InvalidInput => "the path is too long",
        io::ErrorKind::AddrNotAvailable => "no interface has this address",
        io::ErrorKind::PermissionDenied => "it is not for the daemon's user",
        _ => ledger::words(storage::fault(error)),
    }
}

/// Whether one of two sockets cannot listen while the other does.
pub fn are_in_the_way(one: &SocketAddr, other: &SocketAddr) -> bool {
    let (first, second) = (one.ip().to_canonical(), other.ip().to_canonical());
    // All addresses of IPv6 are those of IPv4, too.
    let takes = |all: IpAddr, ip: IpAddr| all.is_unspecified() && (all.is_ipv6() || ip.is_ipv4());
    one.port() == other.port() && (takes(first, second) || takes(second, first))
}

/// Why a listener of a network is on loopback.
const NO_ADDRESS: &str = "this network has no address yet; until then only 127.0.0.1 is listened on";
/// Why an address or a path is not ours to take.
const IN_USE: &str = "somebody listens there";
const NO_SOCKET: &str = "there is something that is no socket";
/// Why a socket is reached by nobody.
pub const GONE: &str = "its file was removed or replaced";

/// Whether a socket of ours may take a path: nothing is there, or what a daemon that was killed
/// left behind.
pub fn may_take(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(meta) if !meta.file_type().is_socket() => {
            Err(io::Error::new(io::ErrorKind::AlreadyExists, NO_SOCKET))
        }
        Ok(_) if somebody_listens(path) => Err(io::Error::new(io::ErrorKind::AddrInUse, IN_USE)),
        _ => Ok(()),
    }
}

/// Whether a program listens at this path. The whole daemon would wait at a full queue there, so
/// nothing is waited for.
fn somebody_listens(path: &Path) -> bool {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let asked = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
        .and_then(|socket| rustix::net::connect(&socket, &SocketAddrUnix::new(path)?));
    matches!(asked, Ok(()) | Err(rustix::io::Errno::AGAIN))
}

/// Gives a socket that listens a longer queue: the standard library says 128.
pub fn widen(listener: &impl AsFd) -> io::Result<()> {
    Ok(rustix::net::listen(listener, BACKLOG)?)
}

fn open_unix(path: &Path) -> io::Result<ListenSocket> {
    may_take(path)?;
    std::fs::remove_file(path).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    let listener = UnixListener::bind(path)?;
    // Whoever may enter the directory may connect, as with a port on loopback; tokens guard what is
    // guarded.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
    widen(&listener)?;
    Async::new(listener).map(ListenSocket::Unix)
}

/// Which file is at a path; a link is one itself.
pub fn file_at(path: &Path) -> Option<FileId> {
    path.symlink_metadata().ok().map(|meta| (meta.dev(), meta.ino()))
}

/// Removes the file of a socket that is still open. What others have put there since stays.
pub fn forget(path: &Path, file: Option<FileId>) {
    if file.is_some() && file_at(path) == file {
        // It may be gone already.
        _ = std::fs::remove_file(path);
    }
}

/// The task of one listener: accepts, and hands on to the slots or the porch.
pub async fn run(listeners: &Listeners, slots: &Slots, porch: &Porch, warnings: &Warnings, index: usize) {
    let Some(listener) = listeners.rows.get(index) else { return };
    let mut socket: Option<ListenSocket> = None;
    let mut ticket = Ticket::default();
    loop {
        match next(listener, socket.as_ref()).await {
            Some(ListenerOrder::Open(opened)) => {
                socket = Some(opened);
                ticket = listeners.ticket(index);
                continue;
            }
            Some(ListenerOrder::Close) => {
                socket = None;
                continue;
            }
            None => {}
        }
        // Whoever has said nothing takes nobody's place.
        let waits = (!slots.has_room()).then_some(porch);
        let Some(socket) = socket.as_ref() else { continue };
        if let Err(error) = let_in(slots, waits, ticket, socket) {
            if warnings.may() {
                log::warn!("cannot accept a connection: {error}");
            }
            // Out of file descriptors, say: somebody gives one back. Trying at once would only burn
            // the processor.
            // Whoever has said nothing yet goes first.
            match porch.clear() {
                0 => slots.make_way(),
                count => slots.count_gave_way(count),
            }
            Timer::after(ACCEPT_RETRY.duration()).await;
        } else if waits.is_some() {
            // Whoever comes in the meantime waits in the kernel, and so does what they say.
            porch.next_look().await;
        }
    }
}

/// Lets in whoever is at the listener while there is room. A crowd that had to wait for one turn of
/// the reactor each would fill the kernel's queue, and who finds that full tries again only after a
/// second.
fn let_in(slots: &Slots, porch: Option<&Porch>, ticket: Ticket, socket: &ListenSocket) -> io::Result<()> {
    for _ in 0..if porch.is_some() { ACCEPTS_TURN_CROWD } else { ACCEPTS_TURN } {
        let caller = match accept(socket) {
            Ok((socket, peer)) => PendingConnection { socket, peer, listener: ticket },
            // Nobody is there any more, or somebody hung up before we came.
            Err(error) if is_passing(&error) => break,
            Err(error) => return Err(error),
        };
        match porch {
            Some(porch) => slots.count_gave_way(porch.take(caller)),
            None => slots.take(caller.enter()?),
        }
        if porch.is_none() && !slots.has_room() {
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
pub async fn next(listener: &BoundListener, socket: Option<&ListenSocket>) -> Option<ListenerOrder> {
    poll_fn(|cx| {
        if let Some(order) = listener.order.borrow_mut().take() {
            return Poll::Ready(Some(order));
        }
        *listener.waker.borrow_mut() = Some(cx.waker().clone());
        let readable = match socket {
            Some(ListenSocket::Tcp(socket)) => socket.poll_readable(cx),
            Some(ListenSocket::Unix(socket)) => socket.poll_readable(cx),
            None => Poll::Pending,
        };
        readable.map(|_| None)
    })
    .await
}

fn accept(socket: &ListenSocket) -> io::Result<(stream::Socket, Peer)> {
    Ok(match socket {
        ListenSocket::Tcp(socket) => {
            let (stream, from) = socket.get_ref().accept()?;
            (stream::Socket::Tcp(stream), Peer::of(from.ip()))
        }
        ListenSocket::Unix(socket) => {
            let (stream, _) = socket.get_ref().accept()?;
            (stream::Socket::Unix(stream), Peer::of(IpAddr::V4(Ipv4Addr::LOCALHOST)))
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::net::TcpStream;
    use std::time::Duration;

    #[test]
    fn a_crowd_finds_room_in_the_kernel_before_anybody_is_accepted() {
        let ListenSocket::Tcp(socket) = open(&ListenAddress::Tcp("127.0.0.1:0".parse().unwrap())).unwrap()
        else {
            panic!("it is TCP")
        };
        let address = socket.get_ref().local_addr().unwrap();
        let crowd = (0..300).map(|_| TcpStream::connect_timeout(&address, Duration::from_millis(500)));
        assert_eq!(crowd.collect::<Vec<_>>().iter().filter(|came| came.is_ok()).count(), 300);
    }

    #[test]
    fn sockets_of_two_families_are_in_each_others_way_only_if_one_is_for_both() {
        for (one, other, expected) in [
            ("[::1]:80", "0.0.0.0:80", false),
            ("[::1]:80", "[::]:80", true),
            ("192.0.2.1:80", "0.0.0.0:80", true),
            ("192.0.2.1:80", "[::]:80", true),
            ("0.0.0.0:80", "[::]:80", true),
            ("[::ffff:192.0.2.1]:80", "0.0.0.0:80", true),
            ("192.0.2.1:80", "192.0.2.2:80", false),
            ("[::]:80", "[::]:81", false),
        ] {
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(are_in_the_way(&one, &other), expected, "{one} {other}");
            assert_eq!(are_in_the_way(&other, &one), expected, "{other} {one}");
        }
    }
}
