//! The only place that reads the clocks.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use aiglon::config::Clock;
use aiglon::incidents::Boot;
use aiglon::text::number::integer;
use aiglon::time::{Mono, Now, Wall, times};
use rustix::time::{ClockId, DynamicClockId, Timespec, clock_gettime_dynamic};

/// The word that the clock is right, of systemd-timesyncd and of OpenWrt's `/etc/hotplug.d/ntp`
/// (openwrt/aiglon), which also sends SIGUSR1: the file is for who starts later.
const SYNCHRONISED: [&str; 2] = ["/run/systemd/timesync/synchronized", "/var/run/aiglon-config/synchronised"];

// rustix 1.1 reads the C library's times of 8 bytes as 16 there: every wait would be too short, or
// none.
#[cfg(all(any(target_arch = "mips", target_arch = "mips32r6"), target_env = "musl", not(fix_y2038)))]
compile_error!(
    "on MIPS with musl, build with RUSTFLAGS=--cfg=fix_y2038, as .cargo/config.toml and cross/build.sh do"
);

static START: OnceLock<Instant> = OnceLock::new();

/// The monotonic clock, in milliseconds since the first call.
pub fn mono() -> Mono {
    let elapsed = START.get_or_init(Instant::now).elapsed().as_millis();
    Mono(i64::try_from(elapsed).unwrap_or(i64::MAX))
}

/// By which start of the machine the monotonic clock runs. A restart of the daemon does not change
/// it.
pub fn boot() -> Boot {
    let uptime = read("/proc/uptime");
    let seconds = uptime.split('.').next().and_then(|seconds| integer(seconds.as_bytes()));
    // Without /proc, every start of the daemon is one of the machine: then this process is as good
    // as a boot.
    let id = match read("/proc/sys/kernel/random/boot_id") {
        known if !known.is_empty() && seconds.is_some() => known,
        _ => format!("{} {:?}", std::process::id(), real()),
    };
    // FNV-1a, never 0.
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let id = id.bytes().fold(0xcbf2_9ce4_8422_2325, fold).max(1);
    Boot { id, base: times(seconds.unwrap_or(0), 1000).saturating_sub(mono().0) }
}

/// Whether somebody has said that the system's clock is synchronised.
pub fn synchronised() -> bool {
    SYNCHRONISED.iter().any(|path| Path::new(path).exists())
}

/// Both clocks. `synchronised`: whether the system says that its clock is right.
pub fn now(clock: Clock, synchronised: bool) -> Now {
    let wall = match clock {
        Clock::Ntp if !synchronised => None,
        // A clock before our own release has not been set.
        Clock::Ntp | Clock::Trust => real().filter(|wall| wall.secs() >= aiglon::time::BUILD_FLOOR),
    };
    Now { mono: mono(), wall, synchronised: synchronised && wall.is_some() }
}

/// What the system calls the time. Not by `SystemTime`, which panics on 32-bit musl from 2038 on:
/// there it counts seconds in 32 bits. So does rustix where it goes by the C library (MIPS), but it
/// says so; then the kernel's files have the second.
#[allow(clippy::useless_conversion)] // nanoseconds are 32 bits wide on 32-bit machines
fn real() -> Option<Wall> {
    let clock = clock_gettime_dynamic(DynamicClockId::Known(ClockId::Realtime));
    Some(Wall(if let Ok(Timespec { tv_sec, tv_nsec }) = clock {
        times(tv_sec, 1000).saturating_add(i64::from(tv_nsec / 1_000_000))
    } else {
        times(since_boot(&read("/proc/stat"), &read("/proc/uptime"))?, 1000)
    }))
}

/// What a file of the kernel says; nothing if it cannot be read. As the configuration is read,
/// which has the code for it in the program once.
fn read(path: &str) -> String {
    let mut text = Vec::new();
    // What could not be read whole is not what it says.
    let whole = File::open(path).and_then(|file| file.take(1 << 20).read_to_end(&mut text));
    whole.ok().and_then(|_| String::from_utf8(text).ok()).unwrap_or_default()
}

/// When it is, in seconds, by when the machine started and how long it has been up: proc(5),
/// `btime` and `uptime`.
fn since_boot(stat: &str, uptime: &str) -> Option<i64> {
    let boot = integer(stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().as_bytes())?;
    let up = integer(uptime.split('.').next()?.as_bytes())?;
    boot.checked_add(up)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn after_2038_the_kernels_files_tell_the_time() {
        let stat = "cpu  1 2 3\nctxt 5\nbtime 2219738400\nprocesses 9\n";
        assert_eq!(since_boot(stat, "3600.25 7000.11\n"), Some(2_219_742_000));
        assert_eq!(since_boot("ctxt 5\n", "3600.25 1.0\n"), None);
        assert_eq!(since_boot(stat, ""), None);
        // On this machine both ways agree, to the second that each cuts off.
        let told = since_boot(&read("/proc/stat"), &read("/proc/uptime")).unwrap();
        assert!((real().unwrap().secs() - told).abs() <= 2, "{told}");
    }
}
