//! aiglon's core: what it knows and how it thinks, without IO, clock, async or heap.
//!
//! Everything here takes `now` and bytes, and returns what it found. The crate is `no_std` and does
//! not link `alloc`, so the compiler refuses a socket, a file, a clock or a `Vec` in it. The shell
//! that owns those is the program, `src/main.rs` and `src/shell`.
//!
//! The layers, from the bottom: [`limits`], [`text`] and [`time`]; [`journal`] and [`model`];
//! [`config`]; [`shown`]; [`command`], [`http`], [`incidents`], [`ingest`] and [`render`];
//! [`engine`]; [`console`] and [`persist`]. A module names only modules below it
//! (`tests/layers.rs`).
#![no_std]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

#[cfg(test)]
extern crate std;

pub mod command;
pub mod config;
pub mod console;
pub mod engine;
pub mod http;
pub mod incidents;
pub mod ingest;
pub mod journal;
pub mod limits;
pub mod model;
pub mod persist;
pub mod render;
pub mod shown;
pub mod text;
pub mod time;
