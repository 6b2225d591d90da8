//! What an SSH server must not pass on: calls to ports that are none of the client's business.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Somebody who must never be called.
pub struct Target(TcpListener);

impl Target {
    pub fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    pub fn was_never_called(&self, by: &str) {
        assert!(self.0.accept().is_err(), "{by} got through");
    }
}

/// The options of ssh by which a local port would lead to the target or to the console's socket,
/// and what to say there.
pub fn local_forwards(port: u16, target: &Target, console: &Path) -> [(String, Vec<u8>); 3] {
    let there = target.address();
    let SocketAddr::V4(v4) = there else { unreachable!() };
    // SOCKS 5 (RFC 1928): no authentication, then CONNECT.
    let mut socks = b"\x05\x01\x00\x05\x01\x00\x01".to_vec();
    socks.extend(v4.ip().octets());
    socks.extend(v4.port().to_be_bytes());
    // The daemon's own socket, where who speaks as its user, or the server's, is anybody.
    let whoami = b"aiglon\x01\x01\0\0\0\0\x06\0\0whoami".to_vec();
    [
        (format!("-L127.0.0.1:{port}:{there}"), b"hello".to_vec()),
        (format!("-L127.0.0.1:{port}:{}", console.display()), whoami),
        (format!("-D127.0.0.1:{port}"), socks),
    ]
}

/// There was a port on this side, and nothing behind it: SOCKS has its own two bytes before it
/// fails.
pub fn leads_nowhere(forward: &str, got: Option<Vec<u8>>) {
    let got = got.expect("the client forwards");
    assert!(got.len() <= 2 || got.starts_with(b"\x05\x00\x05") && got[3] != 0, "{forward}: {got:?}");
}

/// What a local port gives to whoever sends it some bytes; `None` if there is none within a while.
pub fn behind(port: u16, send: &[u8]) -> Option<Vec<u8>> {
    let until = Instant::now() + Duration::from_secs(10);
    let mut stream = loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            Ok(stream) => break stream,
            Err(_) if Instant::now() > until => return None,
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    _ = stream.write_all(send);
    let mut bytes = Vec::new();
    _ = stream.read_to_end(&mut bytes);
    Some(bytes)
}
