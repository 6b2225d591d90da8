//! The SSH server (feature `ssh`): a door to the console for people who have no shell on the board.
//!
//! It has a thread of its own ([`server`]), with the runtime that its library wants, and gives way
//! to the daemon's. Nothing of the engine is there: a line that somebody says is carried out by the
//! daemon's thread, which is handed one end of a socket for each ([`Ssh::admit`]), through a
//! channel that holds a few, and takes it for a caller at the console (`console::session`): framed,
//! bounded, and done when it says so. Who they are, the server knows by their key ([`seats`]), and
//! what they may do is looked up by the daemon, for each line.
//!
//! [`backoff`] knows who has to wait, [`session`] what may be asked for, [`channel`] what a client
//! has sent, [`dialogue`] what it means.

mod backoff;
mod channel;
mod dialogue;
mod hostkey;
mod seats;
mod server;
mod session;

use std::cell::Cell;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use aiglon::config::Config;
use aiglon::limits::{SSH_CALLS, SSH_LOGINS, SSH_SESSIONS};
use russh::keys::PublicKey;
use smol::Async;

use super::console::Console;
use super::slots::Slots;
use super::stream::{Accepted, Peer, Stream, Ticket};
use super::tally::add;
use seats::{Shared, UserKey, Wanted};

pub use seats::Counters;

/// Addresses to listen on, with the sockets that are new.
pub type Bound = Vec<(SocketAddr, Option<TcpListener>)>;

/// The daemon's side of it.
pub struct Ssh {
    shared: Arc<Shared>,
    calls: smol::channel::Receiver<UnixStream>,
    runs: Cell<bool>,
}

impl Ssh {
    pub fn new() -> Self {
        let (send, calls) = smol::channel::bounded(SSH_CALLS);
        Self { shared: Arc::new(Shared::new(send)), calls, runs: Cell::new(false) }
    }

    /// Binds where the configuration says, and nothing listens there yet.
    ///
    /// # Errors
    /// What cannot be had, in words, beside the rest.
    pub fn bind(&self, config: &Config) -> (Bound, Vec<String>) {
        let (mut listeners, mut errors) = (Vec::new(), Vec::new());
        for &address in &config.ssh {
            if self.shared.listens(address) {
                listeners.push((address, None));
                continue;
            }
            let bound = TcpListener::bind(address).and_then(|socket| {
                socket.set_nonblocking(true)?;
                Ok(socket)
            });
            match bound {
                Ok(socket) => listeners.push((address, Some(socket))),
                Err(error) => errors.push(format!("cannot listen on ssh://{address}: {error}")),
            }
        }
        (listeners, errors)
    }

    /// Listens there, and lets in whom the configuration names, from this moment on.
    pub fn apply(&self, config: &Config, state_dir: &Path, listeners: Bound) {
        if listeners.is_empty() && !self.runs.get() {
            return;
        }
        let keys = keys(config);
        if keys.is_empty() && !listeners.is_empty() {
            log::warn!("nobody can log in by SSH: no 'config user' has a 'list key'");
        }
        self.shared.want(Wanted { listeners, state_dir: state_dir.to_owned() }, keys);
        if !self.runs.get() {
            match server::start(self.shared.clone()) {
                Ok(()) => self.runs.set(true),
                Err(error) => log::error!("no SSH: {error}"),
            }
        }
    }

    /// Lets in whom the configuration names, from this moment on, and shows the others out.
    pub fn renew_keys(&self, config: &Config) {
        self.shared.renew_keys(keys(config));
    }

    /// Nobody comes in any more, and all go.
    pub fn close(&self) {
        self.shared.want(Wanted::default(), Vec::new());
    }

    /// The fingerprint of the host key, once there is one.
    pub fn host_key(&self) -> Option<&str> {
        self.shared.fingerprint.get().map(String::as_str)
    }

    /// How many there are of what is limited: its name, how many are in use, how many there may be,
    /// and how often one was refused.
    pub fn limits(&self, each: &mut dyn FnMut(&str, u64, u64, u64)) {
        let (inside, waiting, counters) = self.shared.figures();
        each("ssh_sessions", inside as u64, SSH_SESSIONS as u64, counters.turned_away);
        each("ssh_logins", waiting as u64, SSH_LOGINS as u64, counters.held_off);
    }

    /// What was counted since the start.
    pub fn counters(&self) -> Counters {
        self.shared.figures().2
    }
}

/// The keys of a configuration.
fn keys(config: &Config) -> Vec<UserKey> {
    let mut keys = Vec::new();
    for row in &config.user_keys {
        let Some(user) = config.users.get(row.user.index()) else { continue };
        let user = config.str(user.name);
        match PublicKey::from_openssh(config.str(row.key)) {
            Ok(key) => keys.push(UserKey { user: user.to_owned(), key: key.key_data().clone() }),
            Err(error) => log::error!("a key of the user '{user}' cannot be used: {error}"),
        }
    }
    keys
}

/// The task that hands callers of the server to places at the console.
pub async fn admit(ssh: &Ssh, console: &Console, slots: &Slots) {
    while let Ok(stream) = ssh.calls.recv().await {
        let Ok(stream) = Async::new(stream) else { continue };
        let accepted =
            Accepted { stream: Stream::Unix(stream), peer: Peer::Loopback, listener: Ticket::default() };
        if let Some(Accepted { stream, .. }) = slots.take_console(accepted) {
            add(&console.busy);
            super::console::turn_away(&stream);
        }
    }
}
