//! The only place that reads the clocks.

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use aiglon::config::Clock;
use aiglon::time::{Mono, Now, Wall};

/// systemd-timesyncd's word that the clock is right. On OpenWrt, `/etc/hotplug.d/ntp` sends SIGUSR1.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

static START: OnceLock<Instant> = OnceLock::new();

/// The monotonic clock, in milliseconds since the first call.
pub fn mono() -> Mono {
    let elapsed = START.get_or_init(Instant::now).elapsed().as_millis();
    Mono(i64::try_from(elapsed).unwrap_or(i64::MAX))
}

/// Whether somebody has said that the system's clock is synchronised.
pub fn synchronised() -> bool {
    Path::new(SYNCHRONISED).exists()
}

/// Both clocks. `synchronised`: whether the system says that its clock is right.
pub fn now(clock: Clock, synchronised: bool) -> Now {
    let wall = match clock {
        Clock::Ntp if !synchronised => None,
        Clock::Ntp | Clock::Trust => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| i64::try_from(since.as_millis()).ok())
            .map(Wall)
            // A clock before our own release has not been set.
            .filter(|wall| wall.secs() >= aiglon::time::BUILD_FLOOR),
    };
    Now { mono: mono(), wall }
}
