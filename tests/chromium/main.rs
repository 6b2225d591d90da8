//! Pages of the running daemon in a real browser.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../common/mod.rs"]
mod common;

mod checks;
mod driver;
mod shots;
