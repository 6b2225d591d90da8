//! What the tests of the configuration share.
#![allow(clippy::unwrap_used, missing_docs)]

use std::boxed::Box;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::problem::ProblemKind;
use super::{Config, Problem, Problems};

/// What a person reads.
pub(crate) fn describe(problem: &Problem) -> String {
    let mut text = heapless::String::<1024>::new();
    problem.describe(&mut text).unwrap();
    format!("{}: {}", problem.line, text.as_str())
}

/// Loads a file; every problem in words, but for what tests say a second time because it is shorter
/// so.
pub(crate) fn load(file: &[u8]) -> (Option<Box<Config>>, Vec<String>) {
    load_but(file, &[ProblemKind::SecondSection, ProblemKind::Again, ProblemKind::AsOption])
}

/// Loads a file; every problem and warning in words, but for those of some kinds.
pub(crate) fn load_but(file: &[u8], overlooked: &[ProblemKind]) -> (Option<Box<Config>>, Vec<String>) {
    let mut config = Box::new(Config::new());
    let mut problems = Problems::new();
    let loaded = config.load(file, &mut problems);
    assert_eq!(loaded.is_err(), problems.any_error());
    assert_eq!(problems.any_error(), problems.iter().any(|problem| !problem.is_warning()));
    let told = problems.iter().filter(|problem| !overlooked.contains(&problem.kind)).map(describe).collect();
    (loaded.is_ok().then_some(config), told)
}

/// Loads a file that has no mistakes.
pub(crate) fn good(file: &str) -> Box<Config> {
    let (config, problems) = load(file.as_bytes());
    assert_eq!(problems, [""; 0], "{file}");
    config.unwrap()
}

/// A listener, a site `s` and a source `p`, in 8 lines.
pub(crate) const BASE: &str = "config listen\n\toption address 127.0.0.1:80\n\tlist serve page\nconfig site s\n\
    config source p\n\toption site s\n\
    \tlist token sha256:0101010101010101010101010101010101010101010101010101010101010101\n\n";
