//! The SSH server (feature `ssh`): the console for people who have no shell on the board.
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

use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use aiglon::config::Config;
use aiglon::limits::{SSH_ADDRESSES, SSH_CALLS, SSH_LOGINS, SSH_SESSIONS};
use russh::keys::PublicKey;
use smol::Async;

use super::console::ConsoleServer;
use super::listeners::{Lack, are_in_the_way, open_tcp, words_of};
use super::slots::Slots;
use super::stream::{Accepted, Peer, Stream, Ticket};
use super::tally::add;
use seats::{AuthorizedKey, Shared, Wanted};

pub use seats::SshCounters;

/// The daemon's side of it.
pub struct Ssh {
    shared: Arc<Shared>,
    calls: smol::channel::Receiver<UnixStream>,
    runs: Cell<bool>,
    missing: RefCell<heapless::Vec<(SocketAddr, &'static str), SSH_ADDRESSES>>,
}

impl Ssh {
    pub fn new() -> Self {
        let (send, calls) = smol::channel::bounded(SSH_CALLS);
        Self {
            shared: Arc::new(Shared::new(send)),
            calls,
            runs: Cell::new(false),
            missing: RefCell::default(),
        }
    }

    /// Listens where the configuration says, and lets in whom it names, from this moment on.
    pub fn apply(&self, config: &Config, state_dir: &Path) {
        self.open(config, state_dir, true);
        if keys(config).is_empty() && !config.ssh.is_empty() {
            log::warn!("nobody can log in by SSH: no 'config user' has a 'list key'");
        }
    }

    /// Tries to listen where nobody does. While that cannot be, whoever came by an older address
    /// still does. `changed`: the configuration is another one.
    pub fn open(&self, config: &Config, state_dir: &Path, changed: bool) {
        let before = self.missing.take();
        let (mut listeners, mut missing, mut opened) = (Vec::new(), heapless::Vec::new(), changed);
        for &address in &config.ssh {
            if self.shared.listens(address) {
                listeners.push((address, None));
                continue;
            }
            match open_tcp(&address) {
                Ok(socket) => {
                    opened = true;
                    listeners.push((address, Some(socket)));
                }
                Err(error) => {
                    let lack = (address, words_of(&error));
                    if !before.contains(&lack) {
                        log::error!("cannot listen on ssh://{address}: {error}; trying again");
                    }
                    // There are as many places.
                    _ = missing.push(lack);
                }
            }
        }
        if !missing.is_empty() {
            let is_in_the_way =
                |old: &SocketAddr| missing.iter().any(|(wanted, _)| are_in_the_way(old, wanted));
            let old = self.shared.listeners().into_iter().filter(|old| !config.ssh.contains(old));
            listeners.extend(old.filter(|old| !is_in_the_way(old)).map(|old| (old, None)));
        }
        self.missing.replace(missing);
        if !opened || (listeners.is_empty() && !self.runs.get()) {
            return;
        }
        self.shared.want(Wanted { listeners, state_dir: state_dir.to_owned() }, keys(config));
        if !self.runs.get() {
            match server::start(self.shared.clone()) {
                Ok(()) => self.runs.set(true),
                Err(error) => log::error!("no SSH: {error}"),
            }
        }
    }

    /// Calls `each` with every address that is not listened on, and why.
    pub fn missing(&self, each: &mut dyn FnMut(&str)) {
        for (address, why) in self.missing.borrow().iter() {
            let mut words = Lack::new();
            _ = write!(words, "ssh://{address}: {why}");
            each(&words);
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
    pub fn counters(&self) -> SshCounters {
        self.shared.figures().2
    }
}

/// The keys of a configuration.
fn keys(config: &Config) -> Vec<AuthorizedKey> {
    let mut keys = Vec::new();
    for row in &config.user_keys {
        let Some(user) = config.users.get(row.user.index()) else { continue };
        let user = config.str(user.name);
        match PublicKey::from_openssh(config.str(row.key)) {
            Ok(key) => keys.push(AuthorizedKey { user: user.to_owned(), key: key.key_data().clone() }),
            Err(error) => log::error!("a key of the user '{user}' cannot be used: {error}"),
        }
    }
    keys
}

/// The task that hands callers of the server to places at the console.
pub async fn admit(ssh: &Ssh, console: &ConsoleServer, slots: &Slots) {
    while let Ok(stream) = ssh.calls.recv().await {
        let Ok(stream) = Async::new(stream) else { continue };
        let accepted =
            Accepted { stream: Stream::Unix(stream), peer: Peer::Loopback, listener: Ticket::default() };
        if let Some(Accepted { stream, .. }) = slots.take_console(accepted, false) {
            add(&console.busy);
            super::console::turn_away(&stream);
        }
    }
}
