//! A simulator: from a seed, senders, people, clock jumps, restarts, power cuts and storage faults
//! drive the real engine and the real journal. It is held against naive models:
//!
//! - after every step, the state of every component is what [`model`] says, and while a sender's
//!   last word that something fires holds, nothing that it is about is green, whatever our clock
//!   says;
//! - what people said is told as they said it, what they took back is not ([`people`]);
//! - nothing that was acknowledged as being on flash is lost by a power cut at any moment, and a
//!   restart changes nothing of what is told about incidents, maintenance and banners;
//! - what was announced is taken back: when all has long been well, nothing goes on but what people
//!   hold open;
//! - the log and the journal's files stay within their limits.
//!
//! `SIM_SEEDS` and `SIM_STEPS` say how much of it there is. `cargo test` runs a little, `tests/all`
//! 60 seeds of 10,000 steps (`SIM_SEEDS=60 SIM_STEPS=10000 cargo test --profile sim --test sim`),
//! and `tests/night` 1,000 seeds. A failure names its seed, and `SIM_SEED=7 SIM_STEPS=10000`
//! replays that one alone, step by step the same; `SIM_TRACE=1` says what happens in it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod check;
#[path = "../kit/mod.rs"]
mod kit;
mod model;
mod people;
mod scene;
mod world;

use aiglon::model::{IncidentView, SiteId, State, View};
use kit::dice::Dice;
use world::World;

/// Everything that is told is gone through once in so many steps.
const EACH: u64 = 16;
/// Minutes that are longer than what is better takes to be announced.
const SETTLE: usize = 6;

fn run(seed: u64, steps: u64) {
    let mut world = World::new(seed);
    for step in 0..steps {
        world.step = step;
        world.turn();
        world.check();
        world.check_planned();
        if step % EACH == 0 {
            world.check_told();
        }
    }
    world.come_to_rest();
    world.check();
    world.check_told();
    let over = |incident: &IncidentView<'_>| {
        assert!(!incident.firing, "{incident:?}");
        assert!(!incident.open || incident.level != State::Outage, "{incident:?}");
    };
    // What fired until a time that was years away by a clock that was behind may fire still, if its
    // end was lost. What is well is announced when it has been so for the site's settle.
    let well = [0, 1].map(|site| world.is_well(site));
    world.steady(SETTLE, scene::SOURCES.len());
    let view = world.engine.view(&world.config, world.clocks());
    for site in [0, 1].map(SiteId).into_iter().filter(|site| well[site.index()] && world.is_well(site.0)) {
        view.incidents(site, &mut |incident| over(incident));
    }
}

#[test]
fn the_page_the_journal_and_a_naive_model_agree() {
    kit::each_seed(8, 500, run);
}
