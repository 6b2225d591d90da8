//! What a configuration may say. Each test loads a text, and looks at what is kept or told.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::panic)]
#![allow(clippy::format_push_string, clippy::format_collect, clippy::too_many_lines)]

mod example;
mod file;
mod options;
mod sections;

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::problem::Problems;
use super::testing::{BASE, good, load, load_but};
use super::*;
use crate::limits::{CONFIG_BYTES, CONFIG_NAME_BYTES, CONFIG_VALUE_BYTES, JOURNAL_BYTES, SECTIONS_AGAIN};

const EXAMPLE: &[u8] = include_bytes!("../../config.example");

/// Loads `BASE` and what follows; the lines of the problems are those of `more`.
fn problems(more: &str) -> Vec<String> {
    let (_, problems) = load(format!("{BASE}{more}").as_bytes());
    let shift = |problem: &String| {
        let (line, text) = problem.split_once(": ").unwrap();
        let line = line.parse::<usize>().unwrap().saturating_sub(BASE.matches('\n').count());
        format!("{line}: {text}")
    };
    problems.iter().map(shift).collect()
}

fn check(more: &str, expected: &[&str]) {
    let found = problems(more);
    assert_eq!(found.len(), expected.len(), "{more}\n{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{more}\nfound:    {found}\nexpected: {expected}");
    }
}

const WIFI: &str = "config service wifi\n\toption site s\n";
