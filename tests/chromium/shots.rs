//! Pictures of pages, for people to look at: `tests/chromium/shots`.

use std::fs;
use std::path::PathBuf;

use base64ct::{Base64, Encoding as _};

use crate::common::{STATES, in_state};
use crate::driver::{Browser, Look};

/// Down to the end of the first service that is down, in pixels.
const README_HEIGHT: u32 = 1340;

fn save(name: &str, picture: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/shots");
    fs::create_dir_all(&dir).unwrap();
    let path = dir.join(name);
    let mut bytes = vec![0; picture.len()];
    fs::write(&path, Base64::decode(picture, &mut bytes).unwrap()).unwrap();
    path
}

/// Every state at two widths, by day and by night, in every language.
#[test]
#[ignore = "makes pictures and proves nothing; tests/chromium/shots runs it"]
fn pictures() {
    let browser = Browser::new();
    for state in STATES {
        let daemon = in_state(state);
        for lang in ["en", "fr", "ar"] {
            for (width, dark) in [(360, false), (360, true), (1280, false), (1280, true)] {
                browser.look(Look { width, dark, lang });
                browser.open(daemon.address);
                let night = if dark { "dark" } else { "light" };
                save(&format!("{state}.{lang}.{width}.{night}.png"), &browser.picture(None, 1));
            }
        }
    }
}

/// The one in README: the top of a red page on a phone.
#[test]
#[ignore = "makes a picture and proves nothing; tests/chromium/shots runs it"]
fn picture_of_readme() {
    let (browser, daemon) = (Browser::new(), in_state("trouble"));
    browser.look(Look { width: 360, dark: false, lang: "en" });
    browser.open(daemon.address);
    save("readme.png", &browser.picture(Some(README_HEIGHT), 2));
}
