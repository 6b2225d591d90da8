//! The compiler of `www/`: what it accepts, and the Rust that it writes.
//!
//! It is strict so that the page can be trusted: a fragment that leaves a tag open, puts a value
//! where escaping cannot protect it, or names something that is not there does not build. Each
//! refusal says file, line and what is wrong. `catalogue` reads the languages, `fragment` the HTML,
//! `emit` writes Rust.

mod catalogue;
mod emit;
mod fragment;

use std::fmt;

pub(crate) use catalogue::{Catalogue, PLURALS, catalogues, choose};
#[cfg(test)]
pub(crate) use emit::minify;
pub(crate) use emit::{Sheets, emit_floor, emit_fragments, emit_lang, emit_words, floor};
pub(crate) use fragment::{Fragment, Piece, fragments};

/// Why something in `www/` does not build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The file.
    pub(crate) file: String,
    /// Its line, from 1; 0 for the whole file.
    pub(crate) line: usize,
    /// What is wrong.
    pub(crate) what: String,
}

impl Refusal {
    /// A refusal of `file`, `line`.
    pub(crate) fn new(file: &str, line: usize, what: impl fmt::Display) -> Self {
        Self { file: file.into(), line, what: what.to_string() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// Names of slots, blocks and fragments become Rust names.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
