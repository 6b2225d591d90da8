//! What a client asks of its session, answered. What is not named here is refused: forwarding of
//! any kind, agents, X11, subsystems, variables, passwords.

use std::sync::{Arc, Mutex, PoisonError};

use aiglon::limits::{SSH_CHANNELS, SSH_COLUMNS_MAX, SSH_REFUSALS};
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, VerifiedPublicKey};
use russh::{Channel as Opened, ChannelId, ChannelOpenFailure, Disconnect, Error, Pty};

use super::channel::{Begun, Channel, converse};
use super::seats::{Seat, Shared};

type Open = Vec<(ChannelId, Arc<Channel>)>;

/// The channels of a session.
#[derive(Clone, Debug, Default)]
pub struct Channels(Arc<Mutex<Open>>);

impl Channels {
    fn with<R>(&self, then: impl FnOnce(&mut Open) -> R) -> R {
        then(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn get(&self, id: ChannelId) -> Option<Arc<Channel>> {
        self.with(|all| all.iter().find(|(known, _)| *known == id).map(|(_, channel)| channel.clone()))
    }

    fn remove(&self, id: ChannelId) {
        self.with(|all| {
            if let Some(at) = all.iter().position(|(known, _)| *known == id) {
                all.swap_remove(at).1.leave();
            }
        });
    }

    /// Nobody is there any more.
    pub fn leave(&self) {
        self.with(|all| all.iter().for_each(|(_, channel)| channel.leave()));
    }
}

/// What one connection may do.
#[derive(Debug)]
pub struct SshSession {
    shared: Arc<Shared>,
    seat: Arc<Seat>,
    channels: Channels,
    refusals: usize,
    /// There was no room for them.
    full: bool,
}

impl SshSession {
    pub fn new(shared: Arc<Shared>, seat: Arc<Seat>) -> Self {
        Self { shared, seat, channels: Channels::default(), refusals: 0, full: false }
    }

    pub fn channels(&self) -> Channels {
        self.channels.clone()
    }

    /// Something was refused. Who asks for ever is not listened to for ever.
    fn refuse(&mut self) -> Result<(), Error> {
        self.refusals += 1;
        if self.refusals > SSH_REFUSALS { Err(Error::Disconnect) } else { Ok(()) }
    }

    fn no(&mut self, id: ChannelId, session: &mut russh::server::Session) -> Result<(), Error> {
        session.channel_failure(id)?;
        self.refuse()
    }

    /// A command, or none: once on each channel.
    fn start(
        &mut self,
        id: ChannelId,
        command: Option<&[u8]>,
        session: &mut russh::server::Session,
    ) -> Result<(), Error> {
        let (Some(channel), Some(who)) = (self.channels.get(id), self.seat.who()) else {
            return self.no(id, session);
        };
        let Some(Begun { terminal }) = channel.begin() else { return self.no(id, session) };
        self.seat.touch();
        session.channel_success(id)?;
        // An empty command is none: RFC 4254, 6.5 has clients send `exec` whatever it is.
        let command = command.filter(|line| !line.trim_ascii().is_empty()).map(<[u8]>::to_vec);
        let (shared, seat, channels) = (self.shared.clone(), self.seat.clone(), self.channels());
        let handle = session.handle();
        tokio::spawn(async move {
            converse(&shared, &seat, &who, &channel, &handle, id, terminal, command).await;
            // Once we have closed it, we do not hear any more of it.
            channels.remove(id);
        });
        Ok(())
    }
}

impl Handler for SshSession {
    type Error = Error;

    /// How a client asks what there is.
    async fn auth_none(&mut self, _: &str) -> Result<Auth, Error> {
        self.seat.exchange();
        Ok(Auth::reject())
    }

    /// The same answer, after the same time, for a user that does not exist and a key that is not
    /// theirs.
    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Error> {
        self.seat.exchange();
        let known = self.shared.key(user, offer.public_key.key_data()).is_some();
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Error> {
        self.seat.exchange();
        // A reload may have come in between.
        let Some(key) = self.shared.key(user, key.public_key.key_data()) else { return Ok(Auth::reject()) };
        // Told in words, once they can be.
        self.full = self.shared.log_in(&self.seat, key).is_err();
        Ok(Auth::Accept)
    }

    async fn auth_succeeded(&mut self, session: &mut russh::server::Session) -> Result<(), Error> {
        if self.full {
            let words = "too many people are logged in; try again in a moment";
            session.disconnect(Disconnect::TooManyConnections, words, "")?;
        }
        Ok(())
    }

    async fn channel_open_session(
        &mut self,
        channel: Opened<Msg>,
        reply: ChannelOpenHandle,
        _: &mut russh::server::Session,
    ) -> Result<(), Error> {
        self.seat.touch();
        let room = self.channels.with(|all| {
            let room = all.len() < SSH_CHANNELS;
            if room {
                all.push((channel.id(), Arc::new(Channel::default())));
            }
            room
        });
        if room {
            reply.accept().await;
            return Ok(());
        }
        reply.reject(ChannelOpenFailure::ResourceShortage).await;
        self.refuse()
    }

    async fn channel_close(&mut self, id: ChannelId, _: &mut russh::server::Session) -> Result<(), Error> {
        self.channels.remove(id);
        Ok(())
    }

    async fn channel_eof(&mut self, id: ChannelId, _: &mut russh::server::Session) -> Result<(), Error> {
        if let Some(channel) = self.channels.get(id) {
            channel.end();
        }
        Ok(())
    }

    async fn data(
        &mut self,
        id: ChannelId,
        data: &[u8],
        _: &mut russh::server::Session,
    ) -> Result<(), Error> {
        self.seat.touch();
        if let Some(channel) = self.channels.get(id) {
            channel.put(data).await;
        }
        Ok(())
    }

    async fn pty_request(
        &mut self,
        id: ChannelId,
        _: &str,
        columns: u32,
        _: u32,
        _: u32,
        _: u32,
        _: &[(Pty, u32)],
        session: &mut russh::server::Session,
    ) -> Result<(), Error> {
        // There is no terminal of the system behind it: how many columns it has is all that counts.
        match self.channels.get(id) {
            Some(channel) if channel.set_terminal(width(columns)) => session.channel_success(id),
            _ => self.no(id, session),
        }
    }

    async fn window_change_request(
        &mut self,
        id: ChannelId,
        columns: u32,
        _: u32,
        _: u32,
        _: u32,
        _: &mut russh::server::Session,
    ) -> Result<(), Error> {
        self.seat.touch();
        if let Some(channel) = self.channels.get(id) {
            channel.resize(width(columns));
        }
        Ok(())
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        session: &mut russh::server::Session,
    ) -> Result<(), Error> {
        self.start(id, Some(command), session)
    }

    async fn shell_request(
        &mut self,
        id: ChannelId,
        session: &mut russh::server::Session,
    ) -> Result<(), Error> {
        self.start(id, None, session)
    }

    // ---- what is refused ------------------------------------------------------------------------
    // Channels of other kinds are refused when their handle is dropped, as it is by default; so is
    // what is counted here.

    async fn env_request(
        &mut self,
        id: ChannelId,
        _: &str,
        _: &str,
        session: &mut russh::server::Session,
    ) -> Result<(), Error> {
        self.no(id, session)
    }

    async fn x11_request(
        &mut self,
        id: ChannelId,
        _: bool,
        _: &str,
        _: &str,
        _: u32,
        session: &mut russh::server::Session,
    ) -> Result<(), Error> {
        self.no(id, session)
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        _: &str,
        session: &mut russh::server::Session,
    ) -> Result<(), Error> {
        self.no(id, session)
    }

    async fn agent_request(&mut self, _: ChannelId, _: &mut russh::server::Session) -> Result<bool, Error> {
        self.refuse().map(|()| false)
    }

    async fn tcpip_forward(
        &mut self,
        _: &str,
        _: &mut u32,
        _: &mut russh::server::Session,
    ) -> Result<bool, Error> {
        self.refuse().map(|()| false)
    }

    async fn streamlocal_forward(&mut self, _: &str, _: &mut russh::server::Session) -> Result<bool, Error> {
        self.refuse().map(|()| false)
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        _: Opened<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut russh::server::Session,
    ) -> Result<(), Error> {
        reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
        self.refuse()
    }

    async fn channel_open_direct_streamlocal(
        &mut self,
        _: Opened<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut russh::server::Session,
    ) -> Result<(), Error> {
        reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
        self.refuse()
    }

    async fn channel_open_x11(
        &mut self,
        _: Opened<Msg>,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut russh::server::Session,
    ) -> Result<(), Error> {
        reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
        self.refuse()
    }

    async fn channel_open_forwarded_tcpip(
        &mut self,
        _: Opened<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut russh::server::Session,
    ) -> Result<(), Error> {
        reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
        self.refuse()
    }
}

fn width(columns: u32) -> usize {
    usize::try_from(columns).unwrap_or(SSH_COLUMNS_MAX).min(SSH_COLUMNS_MAX)
}
