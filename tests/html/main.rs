//! Pages of the running daemon are valid HTML, warnings included: the Nu Html Checker says so, as
//! it does of the golden files (`tests/html/validate`, which needs java and npm).
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../common/mod.rs"]
mod common;

use std::path::Path;
use std::process::Command;

use common::{Dir, STATES, in_state, run};

#[test]
fn live_pages_are_valid() {
    let dir = Dir::new();
    let mut files = Vec::new();
    for state in STATES {
        let daemon = in_state(state);
        for lang in ["en", "fr", "ar"] {
            let page = daemon.connect().get("/", &format!("Accept-Language: {lang}\r\n")).body;
            assert!(page.contains(&format!("<html lang=\"{lang}\"")), "{page}");
            files.push(dir.write(&format!("{state}.{lang}.html"), &page));
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/html/validate");
    let (status, stdout, stderr) = run(Command::new(&script).args(&files));
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("18 pages are valid HTML"), "{stdout}");

    // It would have been said if one were not.
    let broken = dir.write("broken.html", "<!doctype html><html lang=en><title>x</title><p><li>x</div>");
    let (status, _, stderr) = run(Command::new(&script).arg(broken));
    assert_ne!(status, Some(0), "{stderr}");
}
