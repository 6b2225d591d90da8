//! The server's thread: one executor of its own, which listens, lets in, and sees to it that nobody
//! stays for too long.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use aiglon::limits::{
    ACCEPT_RETRY, SSH_ATTEMPTS, SSH_END_TIME, SSH_IDLE_TIME, SSH_LOGIN_TIME, SSH_REJECT_TIME,
    SSH_STACK_BYTES, SSH_TURNED_AWAY, SSH_TURNED_AWAY_TIME, SSH_WINDOW_BYTES,
};
use russh::keys::{Algorithm, EcdsaCurve, PrivateKey};
use russh::server::{Config, run_stream};
use russh::{MethodKind, MethodSet, Preferred, SshId, cipher, compression, kex, mac};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::backoff::ClientPrefix;
use super::hostkey;
use super::seats::{NotAdmitted, Seat, Shared};
use super::session::SshSession;

/// How much the thread gives way to the other: a flood of handshakes must not cost the page its
/// time.
const NICENESS: i32 = 10;

/// Key exchange: a hybrid with ML-KEM, and X25519; strict, for who can (CVE-2023-48795).
const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
];
/// Keys of people; of the host there is an Ed25519 one.
const KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::SkEd25519,
    Algorithm::SkEcdsaSha2NistP256,
];
const CIPHERS: &[cipher::Name] = &[cipher::CHACHA20_POLY1305, cipher::AES_256_GCM, cipher::AES_128_GCM];
/// The ciphers have their own; clients want to see some all the same.
const MACS: &[mac::Name] = &[mac::HMAC_SHA256_ETM, mac::HMAC_SHA512_ETM];

/// Starts the thread.
pub fn start(shared: Arc<Shared>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let thread = std::thread::Builder::new().name("ssh".to_owned()).stack_size(SSH_STACK_BYTES);
    thread.spawn(move || {
        // On Linux, that is this thread's alone.
        _ = rustix::process::nice(NICENESS);
        runtime.block_on(serve(shared));
    })?;
    Ok(())
}

async fn serve(shared: Arc<Shared>) {
    let mut listeners: Vec<(SocketAddr, TcpListener)> = Vec::new();
    let mut config = None;
    let places = Arc::new(Semaphore::new(SSH_TURNED_AWAY));
    loop {
        tokio::select! {
            () = shared.changed.notified() => {
                renew(&shared, &mut listeners, &mut config);
                shared.show_out();
            }
            accepted = accept(&listeners) => match (accepted, &config) {
                (Ok((stream, peer)), Some(config)) => let_in(&shared, config, &places, stream, peer),
                (Ok(_), None) => {}
                // Out of file descriptors, say: somebody gives one back.
                (Err(_), _) => sleep(ACCEPT_RETRY.duration()).await,
            },
        }
    }
}

/// Opens what is wanted and closes what is not.
fn renew(shared: &Shared, listeners: &mut Vec<(SocketAddr, TcpListener)>, config: &mut Option<Arc<Config>>) {
    let wanted = shared.wanted();
    listeners.retain(|(address, _)| wanted.listeners.iter().any(|(known, _)| known == address));
    if wanted.listeners.is_empty() {
        return;
    }
    if config.is_none() {
        match hostkey::load(&wanted.state_dir) {
            Ok((key, fingerprint)) => {
                *config = Some(Arc::new(configuration(key)));
                _ = shared.fingerprint.set(fingerprint);
            }
            Err(why) => log::error!("nobody can log in by SSH: {why}"),
        }
    }
    for (address, socket) in wanted.listeners {
        let Some(socket) = socket else { continue };
        let bound = socket.local_addr().unwrap_or(address);
        match TcpListener::from_std(socket) {
            Ok(listener) => {
                if let Some(fingerprint) = shared.fingerprint.get() {
                    log::info!("listening on ssh://{bound} (host key {fingerprint})");
                }
                listeners.push((address, listener));
            }
            Err(error) => log::error!("cannot listen on ssh://{address}: {error}"),
        }
    }
}

fn configuration(key: PrivateKey) -> Config {
    Config {
        server_id: SshId::Standard("SSH-2.0-aiglon".into()),
        methods: MethodSet::from(&[MethodKind::PublicKey][..]),
        auth_rejection_time: SSH_REJECT_TIME.duration(),
        // That is how a client asks what there is.
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![key],
        window_size: SSH_WINDOW_BYTES,
        channel_buffer_size: 1,
        event_buffer_size: 4,
        preferred: Preferred {
            kex: KEX.into(),
            key: KEYS.into(),
            host_key_certificates: (&[]).into(),
            cipher: CIPHERS.into(),
            mac: MACS.into(),
            compression: (&[compression::NONE]).into(),
        },
        max_auth_attempts: SSH_ATTEMPTS,
        inactivity_timeout: Some(SSH_IDLE_TIME.duration()),
        ..Config::default()
    }
}

async fn accept(listeners: &[(SocketAddr, TcpListener)]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|cx| {
        let mut each = listeners.iter().map(|(_, listener)| listener.poll_accept(cx));
        each.find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

fn let_in(
    shared: &Arc<Shared>,
    config: &Arc<Config>,
    places: &Arc<Semaphore>,
    stream: TcpStream,
    peer: SocketAddr,
) {
    // A second descriptor, by which it can be ended.
    let Ok((stream, socket)) = stream.into_std().and_then(|stream| {
        stream.set_nodelay(true)?;
        let second = stream.try_clone()?;
        Ok((TcpStream::from_std(stream)?, second))
    }) else {
        return;
    };
    match shared.admit(ClientPrefix::of(peer.ip()), socket) {
        Ok(seat) => {
            tokio::spawn(attend(shared.clone(), seat, config.clone(), stream));
        }
        Err(NotAdmitted::Full) => {
            turn_away(stream, b"too many connections; try again in a moment\r\n", places);
        }
        Err(NotAdmitted::HeldOff) => {
            turn_away(stream, b"too many failed logins from there; try again in a minute\r\n", places);
        }
    }
}

/// Says why, in a line before the version, which is for people (RFC 4253, 4.2).
fn turn_away(mut stream: TcpStream, why: &'static [u8], places: &Arc<Semaphore>) {
    // Not to all of a crowd. Closed at once, with their version unread, they would hear of a reset
    // only. For some there is time to hear us.
    if let Ok(place) = places.clone().try_acquire_owned() {
        tokio::spawn(async move {
            let listen = async {
                _ = stream.write_all(why).await;
                _ = stream.shutdown().await;
                let mut unread = [0; 256];
                while stream.read(&mut unread).await.is_ok_and(|read| read > 0) {}
            };
            _ = timeout(SSH_TURNED_AWAY_TIME.duration(), listen).await;
            drop(place);
        });
    }
}

/// One connection, from its beginning to its end.
async fn attend(shared: Arc<Shared>, seat: Arc<Seat>, config: Arc<Config>, stream: TcpStream) {
    let handler = SshSession::new(shared.clone(), seat.clone());
    let channels = handler.channels();
    let login = SSH_LOGIN_TIME.duration();
    // Until the client has said which version it speaks.
    if let Ok(Ok(running)) = timeout(login, run_stream(config, stream, handler)).await {
        seat.set_handle(running.handle());
        tokio::pin!(running);
        let mut over = false;
        while !over && !seat.left().is_zero() {
            tokio::select! {
                _ = &mut running => over = true,
                () = sleep(seat.left()) => {}
            }
        }
        channels.leave();
        if !over {
            seat.end("nothing was said for too long");
            _ = timeout(SSH_END_TIME.duration(), &mut running).await;
        }
    }
    channels.leave();
    seat.cut();
    shared.leave(&seat);
}
