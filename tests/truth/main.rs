//! A simulator that judges by what was true and what was sent, and not by the program's rules once
//! more.
//!
//! From a seed, things break and are mended. Senders tell of them, each with its own quirks
//! ([`senders`]). Our machine hears what arrives: its clock may be wrong, it restarts, its
//! configuration is read again, and people end what nobody else ends ([`world`]). After every step,
//! these must hold ([`judge`], [`machine`]):
//!
//! 1. Nothing is green while the last word about it says that it fires, or nobody vouches for it.
//!    What a webhook says stays red for as long as it promised.
//! 2. Nothing is red for longer than what was promised, and a second.
//! 3. "Since" is the beginning, or what could be known of it, and never moves forward.
//! 4. A restart changes nothing of that for what is durable.
//! 5. The order within a body does not matter: a twin that hears it shuffled tells the same.
//! 6. The headline is never better than the worst below it.
//! 7. Every claim of trouble has a deadline, and a person can end it.
//!
//! `SIM_SEEDS`, `SIM_STEPS`, `SIM_SEED` and `SIM_TRACE` are as in `tests/sim`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod found;
mod judge;
#[path = "../kit/mod.rs"]
#[allow(dead_code, reason = "the other simulator has its storage fail, too")]
mod kit;
mod locals;
mod machine;
mod scene;
mod senders;
mod world;

use kit::dice::Dice;
use world::World;

/// Whether restarts are among what happens.
const RESTARTS: bool = true;

fn run(seed: u64, steps: u64) {
    let mut world = World::new(seed);
    for step in 0..steps {
        world.step = step;
        world.turn();
    }
    world.come_to_rest();
}

#[test]
fn what_is_told_is_what_was_sent() {
    kit::each_seed(8, 200, run);
}
