//! What the machine knows of itself, and no configuration has to say: its time zone, and the
//! addresses of its networks. Whoever starts the daemon writes it down, a fact a line:
//!
//! ```text
//! zone CET-1CEST,M3.5.0,M10.5.0/3
//! address lan 192.168.1.1
//! ```

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::{Address, Config, Listener};
use crate::time::tz::Tz;

/// Where a listener of a network is while nobody knows the network's address: nobody else comes in.
const UNPLACED: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Takes `NETWORK:PORT` apart, where `NETWORK` is the name of one of the router's networks, as
/// `lan`. `None` if it is something else.
pub(super) fn network(text: &str) -> Option<(&str, SocketAddr)> {
    let (name, port) = text.split_once(':')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name != "localhost";
    let port = port.parse().ok().filter(|_| is_name && port.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some((name, SocketAddr::new(UNPLACED, port)))
}

/// Takes over the facts. A line that is none is passed over. A site without a zone of its own
/// has the machine's.
pub fn settle_in(config: &mut Config, facts: &str) {
    for line in facts.lines() {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("zone"), Some(zone), None) => {
                let Ok(zone) = Tz::parse(zone) else { continue };
                for site in config.sites.iter_mut().filter(|site| !site.has_timezone) {
                    site.timezone = zone;
                }
            }
            (Some("address"), Some(network), Some(ip)) => {
                let Ok(ip) = ip.parse() else { continue };
                for index in 0..config.listeners.len() {
                    let is_there =
                        config.listeners.get(index).is_some_and(|row| config.is(row.network, network));
                    if let Some(Listener { address: Address::Tcp(address), .. }) =
                        config.listeners.get_mut(index).filter(|_| is_there)
                    {
                        address.set_ip(ip);
                    }
                }
            }
            _ => {}
        }
    }
}

impl Listener {
    /// The port, if the listener is of a network whose address nobody knows. It is on loopback
    /// then.
    pub fn unplaced(&self) -> Option<u16> {
        match self.address {
            Address::Tcp(address) if !self.network.is_empty() && address.ip() == UNPLACED => {
                Some(address.port())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::*;
    use crate::config::testing::good;
    use crate::time::Wall;

    #[test]
    fn names_of_networks() {
        for (text, expected) in [
            ("lan:8080", Some(("lan", 8080))),
            ("guest_2:80", Some(("guest_2", 80))),
            ("router.lan:80", None),
            ("localhost:80", None),
            ("lan", None),
            ("lan:", None),
            ("lan:+80", None),
            ("lan:65536", None),
            ("2lan:80", None),
            ("::1:80", None),
            ("", None),
        ] {
            let found = network(text);
            assert_eq!(found.map(|(name, address)| (name, address.port())), expected, "{text}");
            assert!(found.is_none_or(|(_, address)| address.ip().is_loopback()));
        }
    }

    #[test]
    fn the_machine_says_what_the_file_does_not() {
        let mut config = good(
            "config listen a\n\toption address lan:80\n\tlist serve page\n\
             config listen b\n\toption address lan:81\n\tlist serve ingest\n\
             config listen c\n\toption address guest:80\n\tlist serve page\n\
             config listen d\n\toption address 127.0.0.1:80\n\tlist serve page\n\
             config site home\nconfig site away\n\tlist host x\n\toption timezone UTC0\n",
        );
        let unplaced = |config: &Config| config.listeners.iter().map(Listener::unplaced).collect::<Vec<_>>();
        assert_eq!(unplaced(&config), [Some(80), Some(81), Some(80), None]);
        settle_in(
            &mut config,
            "\nzone\nzone Moon\naddress lan\naddress lan nowhere\naddress lan 10.0.0.1 x\nfoo bar\n",
        );
        settle_in(
            &mut config,
            "zone CET-1CEST,M3.5.0,M10.5.0/3\naddress lan 192.168.1.1\naddress b 10.0.0.1\n",
        );
        assert_eq!(unplaced(&config), [None, None, Some(80), None]);
        let addresses: Vec<_> = config
            .listeners
            .iter()
            .map(|row| match row.address {
                Address::Tcp(address) => address.to_string(),
                Address::Unix(_) => String::new(),
            })
            .collect();
        assert_eq!(addresses, ["192.168.1.1:80", "192.168.1.1:81", "127.0.0.1:80", "127.0.0.1:80"]);
        let winter = Wall(1_795_251_966_000);
        let offsets: Vec<_> = config.sites.iter().map(|site| site.timezone.offset_at(winter).secs).collect();
        assert_eq!(offsets, [3600, 0]);
    }
}
