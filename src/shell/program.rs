//! Whether the program as it runs is the one on flash. An upgrade by apk puts another file in its
//! place, and stops nobody.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// The kernel's link to the program that runs, wherever its file is by now.
const RUNNING: &str = "/proc/self/exe";

/// The program that runs.
pub struct Program {
    /// Where it was when it began; `None` without `/proc`.
    path: Option<PathBuf>,
}

impl Program {
    /// As it has just begun.
    pub fn new() -> Self {
        Self { path: fs::read_link(RUNNING).ok() }
    }

    /// Whether a restart runs another one. A jail keeps showing the old file at its place; there
    /// the file has no name any more.
    pub fn is_replaced(&self) -> bool {
        let (Some(path), Ok(running)) = (&self.path, fs::metadata(RUNNING)) else { return false };
        let is_there = fs::metadata(path)
            .is_ok_and(|there| (there.dev(), there.ino()) == (running.dev(), running.ino()));
        running.nlink() == 0 || !is_there
    }
}
