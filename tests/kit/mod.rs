//! What the simulators share: chance from a seed, a disk that fails, a body for the engine, and the
//! run of many seeds. Other tests take single files of it.

pub mod dice;
pub mod disk;
pub mod feed;

use std::sync::Mutex;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// Calls `run` with a seed and a number of steps: for `SIM_SEEDS` (`seeds`) seeds from `SIM_SEED`
/// on, of `SIM_STEPS` (`steps`) steps each. With `SIM_SEED` alone it is a replay of that seed. One
/// thread per core.
///
/// # Panics
/// If a seed failed; the message names all that did.
pub fn each_seed(seeds: u64, steps: u64, run: fn(u64, u64)) {
    let steps = number("SIM_STEPS").unwrap_or(steps);
    let first = number("SIM_SEED");
    let count = number("SIM_SEEDS").unwrap_or(if first.is_some() { 1 } else { seeds });
    let first = first.unwrap_or(1);
    let last = first.saturating_add(count).saturating_sub(1);
    // No atomic: MIPS has none of 64 bits.
    let next = Mutex::new(first..=last);
    let failed = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some(seed) = next.lock().unwrap().next() else { break };
                    if std::panic::catch_unwind(|| run(seed, steps)).is_err() {
                        eprintln!("seed {seed} failed");
                        failed.lock().unwrap().push(seed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "these failed: {failed:?}; replay one with SIM_SEED=… SIM_STEPS={steps}");
}
