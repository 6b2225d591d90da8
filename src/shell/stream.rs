//! One accepted connection: TCP or a unix socket, behind one face; and how it came.

use std::io::{self, IoSlice, Read, Write};
use std::net::{IpAddr, Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll};

use smol::Async;

/// A connection to a client.
pub enum Stream {
    Tcp(Async<TcpStream>),
    Unix(Async<UnixStream>),
}

/// Where a client is. Its address itself is never kept: only what it means for what it may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// This machine, or a unix socket.
    Loopback,
    /// A private or link-local address (RFC 1918, RFC 3927, RFC 4193, RFC 4291).
    Private,
    /// Anywhere else.
    World,
}

/// By which listener somebody came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticket {
    /// Its place.
    pub listener: usize,
    /// How often it had been closed by then.
    pub closed: usize,
}

/// A socket of somebody who has come, whom nobody waits for yet.
pub enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Somebody who has come, and has no place yet.
pub struct PendingConnection {
    pub socket: Socket,
    pub peer: Peer,
    /// Which of the bound listeners they came by.
    pub listener: Ticket,
}

/// A connection that was accepted.
pub struct Accepted {
    pub stream: Stream,
    pub peer: Peer,
    /// Which of the bound listeners it came by.
    pub listener: Ticket,
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(socket) => socket.as_fd(),
            Self::Unix(socket) => socket.as_fd(),
        }
    }
}

impl PendingConnection {
    /// From now on the reactor knows them.
    pub fn enter(self) -> io::Result<Accepted> {
        let stream = match self.socket {
            Socket::Tcp(socket) => {
                // An answer is one write; what follows it must not wait for the client's
                // acknowledgement.
                socket.set_nodelay(true)?;
                Stream::Tcp(Async::new(socket)?)
            }
            Socket::Unix(socket) => Stream::Unix(Async::new(socket)?),
        };
        Ok(Accepted { stream, peer: self.peer, listener: self.listener })
    }
}

impl Peer {
    pub fn of(address: IpAddr) -> Self {
        let (loopback, private) = match address.to_canonical() {
            IpAddr::V4(v4) => (v4.is_loopback(), v4.is_private() || v4.is_link_local()),
            IpAddr::V6(v6) => (v6.is_loopback(), v6.is_unique_local() || v6.is_unicast_link_local()),
        };
        match (loopback, private) {
            (true, _) => Self::Loopback,
            (_, true) => Self::Private,
            _ => Self::World,
        }
    }
}

impl Stream {
    /// Reads once, without waiting.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.get_ref().read(buf),
            Self::Unix(stream) => stream.get_ref().read(buf),
        }
    }

    /// Writes once, without waiting.
    pub fn try_write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.get_ref().write_vectored(bufs),
            Self::Unix(stream) => stream.get_ref().write_vectored(bufs),
        }
    }

    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_readable(cx),
            Self::Unix(stream) => stream.poll_readable(cx),
        }
    }

    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_writable(cx),
            Self::Unix(stream) => stream.poll_writable(cx),
        }
    }

    /// Says that nothing more will be written; the client may still be sending.
    pub fn finish_writing(&self) {
        // A client that is gone already needs not be told.
        _ = match self {
            Self::Tcp(stream) => stream.get_ref().shutdown(Shutdown::Write),
            Self::Unix(stream) => stream.get_ref().shutdown(Shutdown::Write),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers() {
        for (address, peer) in [
            ("127.0.0.1", Peer::Loopback),
            ("127.9.9.9", Peer::Loopback),
            ("::1", Peer::Loopback),
            ("::ffff:127.0.0.1", Peer::Loopback),
            ("10.1.2.3", Peer::Private),
            ("172.16.0.1", Peer::Private),
            ("172.32.0.1", Peer::World),
            ("192.168.1.1", Peer::Private),
            ("::ffff:192.168.1.1", Peer::Private),
            ("169.254.3.4", Peer::Private),
            ("fe80::1", Peer::Private),
            ("fd00::1", Peer::Private),
            ("100.64.0.1", Peer::World),
            ("192.0.2.1", Peer::World),
            ("2001:db8::1", Peer::World),
            ("0.0.0.0", Peer::World),
        ] {
            assert_eq!(Peer::of(address.parse().unwrap()), peer, "{address}");
        }
    }
}
