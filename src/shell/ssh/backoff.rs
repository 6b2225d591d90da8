//! Who may try to log in now: addresses whose connections ended without a login have to wait, a
//! little longer each time. It is in memory only, and said nowhere.

use std::net::IpAddr;

use aiglon::limits::{
    SSH_ADDRESSES_KNOWN, SSH_BACKOFF_LEAST, SSH_BACKOFF_MOST, SSH_FORGET_TIME, SSH_FREE_FAILURES,
};
use aiglon::time::{Millis, Mono};

/// Where somebody comes from: an IPv4 address, or the /64 of an IPv6 one, which is what one
/// subscriber has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientPrefix([u8; 8]);

impl ClientPrefix {
    pub fn of(address: IpAddr) -> Self {
        let mut bytes = [0; 8];
        match address.to_canonical() {
            // In a block that nobody has (RFC 6666).
            IpAddr::V4(v4) => {
                bytes[0] = 1;
                bytes[4..].copy_from_slice(&v4.octets());
            }
            IpAddr::V6(v6) => bytes.copy_from_slice(&v6.octets()[..8]),
        }
        Self(bytes)
    }
}

#[derive(Clone, Copy, Debug)]
struct Known {
    from: ClientPrefix,
    failures: u8,
    last: Mono,
}

impl Known {
    /// How long the next one waits after the last.
    fn wait(&self) -> Millis {
        let beyond = self.failures.saturating_sub(SSH_FREE_FAILURES);
        if beyond == 0 {
            return Millis(0);
        }
        let doubled = SSH_BACKOFF_LEAST.0.saturating_mul(1 << (beyond - 1).min(16));
        Millis(doubled.min(SSH_BACKOFF_MOST.0))
    }
}

#[derive(Debug, Default)]
pub struct Backoff(Vec<Known>);

impl Backoff {
    /// Whether a connection from there is let in now.
    pub fn may_try(&mut self, from: ClientPrefix, now: Mono) -> bool {
        self.0.retain(|known| known.last.plus(SSH_FORGET_TIME) > now);
        self.0
            .iter()
            .find(|known| known.from == from)
            .is_none_or(|known| known.last.plus(known.wait()) <= now)
    }

    /// One from there has gone without a login.
    pub fn failed(&mut self, from: ClientPrefix, now: Mono) {
        if let Some(known) = self.0.iter_mut().find(|known| known.from == from) {
            known.failures = known.failures.saturating_add(1);
            known.last = now;
            return;
        }
        if self.0.len() >= SSH_ADDRESSES_KNOWN
            && let Some(oldest) = (0..self.0.len()).min_by_key(|&at| self.0[at].last)
        {
            self.0.swap_remove(oldest);
        }
        self.0.push(Known { from, failures: 1, last: now });
    }

    /// One from there has logged in.
    pub fn welcome(&mut self, from: ClientPrefix) {
        self.0.retain(|known| known.from != from);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn from(text: &str) -> ClientPrefix {
        ClientPrefix::of(text.parse().unwrap())
    }

    #[test]
    fn where_somebody_comes_from() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("2001:db8::1", "2001:db8::ffff:1", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
            ("::1", "127.0.0.1", false),
        ] {
            assert_eq!(from(one) == from(other), same, "{one} {other}");
        }
    }

    #[test]
    fn who_fails_waits_longer_each_time() {
        let (mut backoff, here, there) = (Backoff::default(), from("192.0.2.1"), from("192.0.2.2"));
        let mut now = Mono(1000);
        for _ in 0..SSH_FREE_FAILURES {
            assert!(backoff.may_try(here, now));
            backoff.failed(here, now);
        }
        assert!(backoff.may_try(here, now));
        for expected in [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000] {
            backoff.failed(here, now);
            assert!(!backoff.may_try(here, now.plus(Millis(expected - 1))), "{expected}");
            assert!(backoff.may_try(there, now));
            now = now.plus(Millis(expected));
            assert!(backoff.may_try(here, now), "{expected}");
        }
        backoff.failed(here, now);
        backoff.welcome(here);
        assert!(backoff.may_try(here, now));
    }

    #[test]
    fn forgotten_in_time_and_bounded() {
        let mut backoff = Backoff::default();
        let here = from("192.0.2.1");
        for _ in 0..255 {
            backoff.failed(here, Mono(0));
        }
        backoff.failed(here, Mono(0));
        assert!(!backoff.may_try(here, Mono(0)));
        assert!(backoff.may_try(here, Mono(0).plus(SSH_FORGET_TIME)) && backoff.0.is_empty());
        for n in 0..1000u32 {
            backoff.failed(ClientPrefix::of(IpAddr::V4(n.into())), Mono(i64::from(n)));
        }
        assert_eq!(backoff.0.len(), SSH_ADDRESSES_KNOWN);
        // The latest are known.
        assert!(
            backoff
                .0
                .iter()
                .all(|known| known.last >= Mono(1000 - i64::try_from(SSH_ADDRESSES_KNOWN).unwrap()))
        );
    }
}
