//! Who is connected, who may log in, and what the configuration wants: what the server's thread and
//! the daemon's share.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use aiglon::limits::{
    SSH_CALLS, SSH_FAREWELL_TIME, SSH_IDLE_TIME, SSH_LOGIN_TIME, SSH_LOGINS, SSH_SESSIONS, SSH_SESSIONS_EACH,
};
use aiglon::time::Mono;
use russh::Disconnect;
use russh::keys::ssh_key::public::KeyData;
use russh::server::Handle;
use tokio::sync::{Notify, Semaphore};

use super::super::clock;
use super::backoff::{Backoff, ClientPrefix};

/// A key of the configuration, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizedKey {
    pub user: String,
    pub key: KeyData,
}

/// What the configuration wants.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Where to listen; a socket once, where the thread has none yet.
    pub listeners: Vec<(SocketAddr, Option<TcpListener>)>,
    /// Where the host key is.
    pub state_dir: PathBuf,
}

/// What was counted since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct SshCounters {
    /// Logins.
    pub logins: u64,
    /// Connections that ended without one.
    pub failed: u64,
    /// Connections, and logins, that found no room.
    pub turned_away: u64,
    /// Connections from where too many had failed.
    pub held_off: u64,
}

#[derive(Debug, Default)]
struct Roster {
    wanted: Wanted,
    keys: Vec<Arc<AuthorizedKey>>,
    seats: Vec<Arc<Seat>>,
    backoff: Backoff,
    counters: SshCounters,
}

#[derive(Debug)]
pub struct Shared {
    /// What is wanted has changed.
    pub changed: Notify,
    /// Ends of sockets at which the daemon is asked something.
    pub calls: smol::channel::Sender<UnixStream>,
    /// Who may ask now.
    pub permits: Semaphore,
    /// Of the host key, once there is one.
    pub fingerprint: OnceLock<String>,
    state: Mutex<Roster>,
}

/// Why a connection is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdmitted {
    /// Too many from there have failed.
    HeldOff,
    /// There is no room.
    Full,
}

/// One connection.
#[derive(Debug)]
pub struct Seat {
    from: ClientPrefix,
    since: Mono,
    /// A second descriptor of it: shutting that down ends it, whatever its task waits for.
    socket: TcpStream,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    who: Option<Arc<AuthorizedKey>>,
    /// Its key exchange is over.
    exchanged: bool,
    /// It gave way.
    evicted: bool,
    handle: Option<Handle>,
    touched: Mono,
    ending: bool,
}

/// A panic ends the process; there is no other way for a lock to be poisoned.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub fn new(calls: smol::channel::Sender<UnixStream>) -> Self {
        Self {
            changed: Notify::new(),
            calls,
            permits: Semaphore::new(SSH_CALLS),
            fingerprint: OnceLock::new(),
            state: Mutex::new(Roster::default()),
        }
    }

    /// From now on, these are the keys, and that is wanted. Who has lost theirs is let do nothing
    /// more, from this moment.
    pub fn want(&self, wanted: Wanted, keys: Vec<AuthorizedKey>) {
        let mut state = lock(&self.state);
        let mut wanted = wanted;
        // A socket that the thread has not fetched yet.
        for (address, socket) in &mut wanted.listeners {
            if socket.is_none()
                && let Some((_, unfetched)) =
                    state.wanted.listeners.iter_mut().find(|(before, _)| before == address)
            {
                *socket = unfetched.take();
            }
        }
        state.wanted = wanted;
        drop(state);
        self.renew_keys(keys);
    }

    /// From now on, these are the keys.
    pub fn renew_keys(&self, keys: Vec<AuthorizedKey>) {
        lock(&self.state).keys = keys.into_iter().map(Arc::new).collect();
        self.changed.notify_one();
    }

    /// Whether there is a socket, or the thread has one, for this address.
    pub fn listens(&self, address: SocketAddr) -> bool {
        lock(&self.state).wanted.listeners.iter().any(|(known, _)| *known == address)
    }

    /// The addresses for which that is so.
    pub fn listeners(&self) -> Vec<SocketAddr> {
        lock(&self.state).wanted.listeners.iter().map(|(known, _)| *known).collect()
    }

    /// What is wanted; its new sockets are the caller's.
    pub fn wanted(&self) -> Wanted {
        let mut state = lock(&self.state);
        let Wanted { listeners, state_dir } = &mut state.wanted;
        Wanted {
            listeners: listeners.iter_mut().map(|(address, socket)| (*address, socket.take())).collect(),
            state_dir: state_dir.clone(),
        }
    }

    /// Ends the sessions of those who may no longer have one.
    pub fn show_out(&self) {
        let state = lock(&self.state);
        let off = state.wanted.listeners.is_empty();
        for seat in &state.seats {
            let gone = seat.who().is_some_and(|who| !state.keys.contains(&who));
            if off || gone {
                seat.end(if off { "the server ends" } else { "your key is no longer in the configuration" });
            }
        }
    }

    // ---- connections ----------------------------------------------------------------------------

    /// Takes a connection in. When there is no room, one of the address that has most gives way,
    /// but for one of the same. Else the oldest gives way that has not finished its key exchange,
    /// of those from where no fewer come: half-open connections of many addresses cost nobody the
    /// way in.
    pub fn admit(&self, from: ClientPrefix, socket: TcpStream) -> Result<Arc<Seat>, NotAdmitted> {
        let now = clock::mono();
        let mut state = lock(&self.state);
        if !state.backoff.may_try(from, now) {
            state.counters.held_off += 1;
            return Err(NotAdmitted::HeldOff);
        }
        // Those that have just been told to go are still there, for a moment.
        if state.seats.len() >= SSH_SESSIONS + 2 * SSH_LOGINS {
            state.counters.turned_away += 1;
            return Err(NotAdmitted::Full);
        }
        let waiting: Vec<_> = state.seats.iter().filter(|seat| seat.is_waiting()).cloned().collect();
        if waiting.len() >= SSH_LOGINS {
            state.counters.turned_away += 1;
            let of = |from| waiting.iter().filter(|seat| seat.from == from).count();
            let most = waiting.iter().map(|seat| of(seat.from)).max().unwrap_or(0);
            // Seats are in the order in which they came.
            let of_most = waiting.iter().find(|seat| of(seat.from) == most && most > of(from) + 1);
            let half_open = || waiting.iter().find(|seat| !seat.has_exchanged() && of(seat.from) >= of(from));
            match of_most.or_else(half_open) {
                Some(oldest) => oldest.evict(),
                None => return Err(NotAdmitted::Full),
            }
        }
        let inner = Mutex::new(Inner { touched: now, ..Inner::default() });
        let seat = Arc::new(Seat { from, since: now, socket, inner });
        state.seats.push(seat.clone());
        Ok(seat)
    }

    /// It has gone.
    pub fn leave(&self, seat: &Arc<Seat>) {
        let mut state = lock(&self.state);
        state.seats.retain(|other| !Arc::ptr_eq(other, seat));
        if seat.who().is_none() {
            state.counters.failed += 1;
            // Who gave way must not be held off for it.
            if !lock(&seat.inner).evicted {
                state.backoff.failed(seat.from, clock::mono());
            }
        }
    }

    /// The key of the configuration that this is, if it is one of this user.
    pub fn key(&self, user: &str, key: &KeyData) -> Option<Arc<AuthorizedKey>> {
        lock(&self.state).keys.iter().find(|known| known.user == user && known.key == *key).cloned()
    }

    /// Whether it still is one.
    pub fn is_known(&self, key: &AuthorizedKey) -> bool {
        lock(&self.state).keys.iter().any(|known| **known == *key)
    }

    /// Who has shown that they have a key logs in, if there is room.
    pub fn log_in(&self, seat: &Seat, key: Arc<AuthorizedKey>) -> Result<(), NotAdmitted> {
        let mut state = lock(&self.state);
        state.backoff.welcome(seat.from);
        let users = state.seats.iter().filter_map(|seat| seat.who());
        let (all, own) =
            users.fold((0, 0), |(all, own), who| (all + 1, own + usize::from(who.user == key.user)));
        let full = all >= SSH_SESSIONS || own >= SSH_SESSIONS_EACH;
        if full {
            state.counters.turned_away += 1;
        } else {
            state.counters.logins += 1;
        }
        // Who found no room has not failed.
        let mut inner = lock(&seat.inner);
        inner.who = Some(key);
        inner.touched = clock::mono();
        if full { Err(NotAdmitted::Full) } else { Ok(()) }
    }

    /// How many have logged in, and how many have not yet; and what was counted.
    pub fn figures(&self) -> (usize, usize, SshCounters) {
        let state = lock(&self.state);
        let waiting = state.seats.iter().filter(|seat| seat.is_waiting()).count();
        let inside = state.seats.iter().filter(|seat| seat.who().is_some()).count();
        (inside, waiting, state.counters)
    }
}

impl Seat {
    /// Who has logged in.
    pub fn who(&self) -> Option<Arc<AuthorizedKey>> {
        lock(&self.inner).who.clone()
    }

    fn is_waiting(&self) -> bool {
        let inner = lock(&self.inner);
        inner.who.is_none() && !inner.ending
    }

    fn evict(&self) {
        let mut inner = lock(&self.inner);
        (inner.ending, inner.evicted) = (true, true);
        drop(inner);
        self.cut();
    }

    /// It has asked for what comes behind the key exchange.
    pub fn exchange(&self) {
        lock(&self.inner).exchanged = true;
    }

    fn has_exchanged(&self) -> bool {
        lock(&self.inner).exchanged
    }

    /// The client has said something, or taken something.
    pub fn touch(&self) {
        lock(&self.inner).touched = clock::mono();
    }

    /// How long it may go on as it is.
    pub fn left(&self) -> Duration {
        let inner = lock(&self.inner);
        let until = match inner.who {
            None => self.since.plus(SSH_LOGIN_TIME),
            Some(_) => inner.touched.plus(SSH_IDLE_TIME),
        };
        Duration::from_millis(u64::try_from(until.since(clock::mono())).unwrap_or(0))
    }

    pub fn set_handle(&self, handle: Handle) {
        lock(&self.inner).handle = Some(handle);
    }

    /// Says why it ends, and ends it.
    pub fn end(self: &Arc<Self>, why: &'static str) {
        let mut inner = lock(&self.inner);
        if std::mem::replace(&mut inner.ending, true) {
            return;
        }
        let (seat, handle) = (self.clone(), inner.handle.clone());
        drop(inner);
        tokio::spawn(async move {
            if let Some(handle) = handle {
                let told = handle.disconnect(Disconnect::ByApplication, why.to_owned(), String::new());
                if tokio::time::timeout(SSH_FAREWELL_TIME.duration(), told).await.is_ok() {
                    tokio::time::sleep(SSH_FAREWELL_TIME.duration()).await;
                }
            }
            seat.cut();
        });
    }

    /// Ends it.
    pub fn cut(&self) {
        // It may have ended.
        _ = self.socket.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use aiglon::limits::SSH_FREE_FAILURES;
    use russh::keys::PublicKey;

    const KEYS: [&str; 2] = [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKynHleX0nBqumByCH6NS51becrZEw6Ylh7JYkt8CM7V",
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBKvKJ7kp6aIqwanNaUpwdyC5kD/0FKJSZ9atJceUfmN8ZjOOCC/7Z1mk3iXMH+6m4Yy6Dcp0wOrpR6izvLCTkyY=",
    ];

    fn key(user: &str, line: &str) -> AuthorizedKey {
        AuthorizedKey {
            user: user.to_owned(),
            key: PublicKey::from_openssh(line).unwrap().key_data().clone(),
        }
    }

    fn shared() -> Shared {
        let shared = Shared::new(smol::channel::bounded(1).0);
        shared.want(Wanted::default(), vec![key("heron1", KEYS[0]), key("tern", KEYS[1])]);
        shared
    }

    /// Both ends of a connection.
    fn connection() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    fn from(text: &str) -> ClientPrefix {
        ClientPrefix::of(text.parse().unwrap())
    }

    #[test]
    fn a_key_is_of_its_user_only() {
        let shared = shared();
        let [heron1, tern] = [key("heron1", KEYS[0]), key("tern", KEYS[1])];
        for (user, key, known) in [
            ("heron1", &heron1.key, true),
            ("tern", &tern.key, true),
            ("heron1", &tern.key, false),
            ("tern", &heron1.key, false),
            ("", &heron1.key, false),
            ("HERON1", &heron1.key, false),
        ] {
            assert_eq!(shared.key(user, key).is_some(), known, "{user}");
        }
        // And no longer than it is wanted.
        shared.want(Wanted::default(), vec![key("heron1", KEYS[1])]);
        assert!(!shared.is_known(&heron1) && !shared.is_known(&tern));
        assert!(shared.key("heron1", &tern.key).is_some());
    }

    #[test]
    fn one_of_the_address_that_has_most_gives_way() {
        let (shared, mut ends) = (shared(), Vec::new());
        let mut come = |text: &str| {
            let (client, socket) = connection();
            ends.push(client);
            shared.admit(from(text), socket)
        };
        let first = come("192.0.2.1").unwrap();
        for _ in 1..SSH_LOGINS {
            assert!(come("192.0.2.1").is_ok());
        }
        assert!(first.is_waiting());
        assert!(come("192.0.2.2").is_ok());
        assert!(!first.is_waiting());
        assert_eq!(shared.figures().1, SSH_LOGINS);
    }

    /// An address of its own for each, as a botnet has them.
    #[test]
    fn the_oldest_that_is_half_open_gives_way_and_nobody_who_is_about_to_log_in() {
        let (shared, mut ends) = (shared(), Vec::new());
        let mut come = |n: usize| {
            let (client, socket) = connection();
            ends.push(client);
            let seat = shared.admit(from(&format!("192.0.{}.{}", n / 200, n % 200)), socket)?;
            // Its task ends.
            let gone: Vec<_> = {
                let state = lock(&shared.state);
                state.seats.iter().filter(|seat| lock(&seat.inner).evicted).cloned().collect()
            };
            for seat in &gone {
                shared.leave(seat);
            }
            Ok::<_, NotAdmitted>(seat)
        };
        let person = come(0).unwrap();
        person.exchange();
        let half = come(1).unwrap();
        for n in 2..1000 {
            assert!(come(n).is_ok(), "{n}");
        }
        assert!(person.is_waiting() && !half.is_waiting());
        assert_eq!(shared.figures().1, SSH_LOGINS);
        // Who gave way may come again at once.
        for _ in 0..=SSH_FREE_FAILURES {
            assert!(come(1).is_ok());
            for n in 1000..1000 + SSH_LOGINS {
                assert!(come(n).is_ok(), "{n}");
            }
        }
        // Of one address, its own give way, and none of an address with fewer.
        let other = come(1).unwrap();
        for _ in 0..100 {
            assert!(come(2).is_ok());
        }
        assert!(other.is_waiting());
    }

    #[test]
    fn who_has_exchanged_keys_gives_way_to_nobody_from_where_as_many_come() {
        let (shared, mut ends) = (shared(), Vec::new());
        for n in 0..=SSH_LOGINS {
            let (client, socket) = connection();
            ends.push(client);
            match shared.admit(from(&format!("192.0.3.{n}")), socket) {
                Ok(seat) => seat.exchange(),
                Err(refused) => assert_eq!((n, refused), (SSH_LOGINS, NotAdmitted::Full)),
            }
        }
        assert_eq!(shared.figures().1, SSH_LOGINS);
    }

    #[test]
    fn how_long_somebody_may_stay() {
        let shared = shared();
        let (_client, socket) = connection();
        let seat = shared.admit(from("192.0.2.1"), socket).unwrap();
        let about = |limit: aiglon::time::Millis| {
            let left = u64::try_from(seat.left().as_millis()).unwrap();
            (u64::from(limit.0) - 2000..=u64::from(limit.0)).contains(&left)
        };
        assert!(about(SSH_LOGIN_TIME));
        // Whatever is said before a login, it takes no longer.
        lock(&seat.inner).touched = clock::mono().plus(SSH_IDLE_TIME);
        assert!(about(SSH_LOGIN_TIME));
        shared.log_in(&seat, Arc::new(key("heron1", KEYS[0]))).unwrap();
        assert!(about(SSH_IDLE_TIME));
        lock(&seat.inner).touched = Mono(clock::mono().0 - i64::from(SSH_IDLE_TIME.0));
        assert!(seat.left().is_zero());
        seat.touch();
        assert!(about(SSH_IDLE_TIME));
        assert_eq!(shared.figures().0, 1);
        shared.leave(&seat);
        assert_eq!(shared.figures().0, 0);
    }

    #[test]
    fn a_user_has_half_of_the_places() {
        let shared = shared();
        let mut seats = Vec::new();
        let mut log_in = |user: &str, line: &str| {
            let (client, socket) = connection();
            let seat = shared.admit(from("192.0.2.1"), socket).unwrap();
            let done = shared.log_in(&seat, Arc::new(key(user, line)));
            if done.is_err() {
                shared.leave(&seat);
            }
            seats.push((client, seat));
            done.is_ok()
        };
        let count = |user: &str, line: &str, log_in: &mut dyn FnMut(&str, &str) -> bool| {
            (0..SSH_SESSIONS).filter(|_| log_in(user, line)).count()
        };
        assert_eq!(count("heron1", KEYS[0], &mut log_in), SSH_SESSIONS_EACH);
        assert_eq!(count("tern", KEYS[1], &mut log_in), SSH_SESSIONS - SSH_SESSIONS_EACH);
        // Who found no room has not failed.
        let (_client, socket) = connection();
        assert!(shared.admit(from("192.0.2.1"), socket).is_ok());
        assert_eq!(shared.figures().2.failed, 0);
    }

    #[test]
    fn who_goes_without_a_login_has_failed() {
        let shared = shared();
        for n in 0..=SSH_FREE_FAILURES {
            let (_client, socket) = connection();
            let seat = shared.admit(from("192.0.2.1"), socket).unwrap();
            shared.leave(&seat);
            assert_eq!(shared.figures().2.failed, u64::from(n) + 1);
        }
        let (_client, socket) = connection();
        assert_eq!(shared.admit(from("192.0.2.1"), socket).unwrap_err(), NotAdmitted::HeldOff);
        let (_client, socket) = connection();
        assert!(shared.admit(from("192.0.2.2"), socket).is_ok());
    }
}
