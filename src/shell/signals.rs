//! Signals, as what arrives on a descriptor: SIGHUP reloads, SIGUSR1 says that the clock is right
//! (from OpenWrt's `/etc/hotplug.d/ntp`), SIGTERM and SIGINT end.

use std::io;

use nix::sys::signal::{self, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SigSet};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use smol::Async;

/// What the kernel says of a signal: signalfd(2), `struct signalfd_siginfo`.
pub const SIGNAL_BYTES: usize = 128;

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
    descriptor: Async<SignalFd>,
}

/// Listens for each.
pub fn register() -> io::Result<[SignalListener; 3]> {
    // All before the first `Async`, which starts the reactor's thread: a signal that a
    // thread does not block ends the process.
    let (reload, clock, end) = (listen(&[SIGHUP])?, listen(&[SIGUSR1])?, listen(&[SIGTERM, SIGINT])?);
    Ok([
        SignalListener { signal: Signal::Reload, descriptor: Async::new(reload)? },
        SignalListener { signal: Signal::ClockIsRight, descriptor: Async::new(clock)? },
        SignalListener { signal: Signal::End, descriptor: Async::new(end)? },
    ])
}

/// A descriptor that has something to read when one of these signals has come. They do nothing else
/// from here on, in this thread and in those that it starts later.
pub fn listen(signals: &[signal::Signal]) -> io::Result<SignalFd> {
    let mut mask = SigSet::empty();
    for &signal in signals {
        mask.add(signal);
    }
    mask.thread_block()?;
    Ok(SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC)?)
}

impl SignalListener {
    /// Waits for it; several that came together count as one.
    pub async fn next(&self) -> Signal {
        let mut bytes = [0; SIGNAL_BYTES];
        // The descriptor is ours and stays open.
        _ = self.descriptor.read_with(|descriptor| Ok(rustix::io::read(descriptor, &mut bytes)?)).await;
        self.signal
    }
}
