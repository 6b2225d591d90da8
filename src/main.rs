//! The program: the shell around the core. See `aiglon --help`.
#![forbid(unsafe_code)]

mod shell;

use std::process::ExitCode;

fn main() -> ExitCode {
    shell::cli::run()
}
