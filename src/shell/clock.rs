//! The only place that reads the clocks.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use aiglon::config::Clock;
use aiglon::incidents::Boot;
use aiglon::time::{Mono, Now, Wall};
use rustix::time::{ClockId, Timespec, clock_gettime};

/// systemd-timesyncd's word that the clock is right. On OpenWrt, `/etc/hotplug.d/ntp` sends SIGUSR1.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

static START: OnceLock<Instant> = OnceLock::new();

/// The monotonic clock, in milliseconds since the first call.
pub fn mono() -> Mono {
    let elapsed = START.get_or_init(Instant::now).elapsed().as_millis();
    Mono(i64::try_from(elapsed).unwrap_or(i64::MAX))
}

/// By which start of the machine the monotonic clock runs. A restart of the daemon does not change it.
pub fn boot() -> Boot {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let uptime = read("/proc/uptime");
    let seconds = uptime.split('.').next().and_then(|seconds| seconds.parse::<i64>().ok());
    // Without /proc, every start of the daemon is one of the machine: then this process is as good as a boot.
    let id = match read("/proc/sys/kernel/random/boot_id") {
        known if !known.is_empty() && seconds.is_some() => known,
        _ => {
            let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Realtime);
            format!("{} {tv_sec} {tv_nsec}", std::process::id())
        }
    };
    // FNV-1a, never 0.
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let id = id.bytes().fold(0xcbf2_9ce4_8422_2325, fold).max(1);
    Boot { id, base: seconds.unwrap_or(0).saturating_mul(1000).saturating_sub(mono().0) }
}

/// Whether somebody has said that the system's clock is synchronised.
pub fn synchronised() -> bool {
    Path::new(SYNCHRONISED).exists()
}

/// Both clocks. `synchronised`: whether the system says that its clock is right.
pub fn now(clock: Clock, synchronised: bool) -> Now {
    let wall = match clock {
        Clock::Ntp if !synchronised => None,
        // A clock before our own release has not been set.
        Clock::Ntp | Clock::Trust => Some(real()).filter(|wall| wall.secs() >= aiglon::time::BUILD_FLOOR),
    };
    Now { mono: mono(), wall }
}

/// What the system calls the time. Not by `SystemTime`, which panics on 32-bit musl from 2038 on: there it counts
/// seconds in 32 bits.
#[allow(clippy::useless_conversion)] // nanoseconds are 32 bits wide on 32-bit machines
fn real() -> Wall {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Realtime);
    Wall(tv_sec.saturating_mul(1000).saturating_add(i64::from(tv_nsec / 1_000_000)))
}
