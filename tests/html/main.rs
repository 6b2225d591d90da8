//! Pages of the running daemon are valid HTML, warnings included: the Nu Html Checker says so, as
//! it does of the golden files (`tests/html/validate`, which needs java and npm). axe finds nothing
//! in the golden files that would keep somebody from reading them.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../chromium/driver.rs"]
#[expect(dead_code, reason = "the other tests do more with a browser")]
mod driver;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Dir, STATES, in_state, run};
use driver::{Browser, Look};

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/html");

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
    let script = Path::new(HERE).join("validate");
    let (status, stdout, stderr) = run(Command::new(&script).args(&files));
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("18 pages are valid HTML"), "{stdout}");

    // It would have been said if one were not.
    let broken = dir.write("broken.html", "<!doctype html><html lang=en><title>x</title><p><li>x</div>");
    let (status, _, stderr) = run(Command::new(&script).arg(broken));
    assert_ne!(status, Some(0), "{stderr}");
}

/// Whoever uses a screen reader, large letters or another's eyes: all rules of axe, best practices
/// included, with every row open.
#[test]
fn axe_finds_nothing_on_any_page() {
    let (status, stdout, stderr) = run(&mut Command::new(Path::new(HERE).join("fetch")));
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    let axe = fs::read_to_string(Path::new(HERE).join("node_modules/axe-core/axe.min.js")).unwrap();
    let all = "document.querySelectorAll('details').forEach(row => row.open = true);\
        return axe.run().then(found => [found.passes.length,\
            ...found.violations.map(rule => rule.id + ': ' + rule.nodes.map(node => node.html).join(' '))])";
    let browser = Browser::new();
    let look = |page: &str| {
        let found = browser.script(&format!("{axe}\n{all}"));
        let (passed, wrong) = found.as_array().unwrap().split_first().unwrap();
        assert!(passed.as_u64().unwrap() > 10, "{page}: {passed} rules");
        wrong.to_vec()
    };
    let mut pages = 0;
    for file in fs::read_dir(Path::new(HERE).join("../golden")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let Some(name) = name.strip_suffix(".html") else { continue };
        for dark in [false, true] {
            browser.look(Look { width: 360, dark, lang: "en" });
            browser.open_golden(name);
            assert_eq!(look(name), Vec::<serde_json::Value>::new(), "{name}, dark: {dark}");
        }
        pages += 1;
    }
    assert!(pages >= 25, "{pages}");

    // It would have been said.
    browser.script("document.querySelector('h2').style.color = '#eee'; document.documentElement.lang = ''");
    let wrong = look("a page that is spoilt").iter().map(ToString::to_string).collect::<String>();
    assert!(wrong.contains("html-has-lang"), "{wrong}");
}
