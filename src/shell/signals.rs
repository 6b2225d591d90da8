//! Signals, as bytes that arrive on a socket: SIGHUP reloads, SIGUSR1 says that the clock is right
//! (from OpenWrt's `/etc/hotplug.d/ntp`), SIGTERM and SIGINT end.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::low_level::pipe;
use smol::Async;

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Reload,
    ClockIsRight,
    End,
}

/// A signal that is listened for.
pub struct SignalListener {
    signal: Signal,
    stream: Async<UnixStream>,
}

/// Listens for each.
pub fn register() -> io::Result<[SignalListener; 3]> {
    Ok([
        waiting(Signal::Reload, &[SIGHUP])?,
        waiting(Signal::ClockIsRight, &[SIGUSR1])?,
        waiting(Signal::End, &[SIGTERM, SIGINT])?,
    ])
}

fn waiting(signal: Signal, numbers: &[i32]) -> io::Result<SignalListener> {
    let (read, write) = UnixStream::pair()?;
    for &number in numbers {
        pipe::register(number, write.try_clone()?)?;
    }
    Ok(SignalListener { signal, stream: Async::new(read)? })
}

impl SignalListener {
    /// Waits for it; several that came together count as one.
    pub async fn next(&self) -> Signal {
        let mut bytes = [0; 64];
        // The other end is ours and stays open.
        _ = self.stream.read_with(|mut stream| stream.read(&mut bytes)).await;
        self.signal
    }
}
