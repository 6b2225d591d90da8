//! Pictures of pages, for people to look at: target/shots. Each is looked at here only for being
//! one; with `SHOTS=all` (`tests/chromium/shots`) they are taken of every state in every language,
//! by day and by night.

use std::fs;
use std::path::PathBuf;

use base64ct::{Base64, Encoding as _};

use crate::common::{STATES, in_state};
use crate::driver::{Browser, Look};

/// Down to the end of the first service that is down, in pixels.
const README_HEIGHT: u32 = 1250;

/// The smallest phone, a usual one, a desk; by day and by night.
const LOOKS: [(u32, bool); 6] =
    [(320, false), (320, true), (360, false), (360, true), (1280, false), (1280, true)];

/// Keeps a picture; returns its width in pixels and its bytes (PNG, 11.2.2: the header comes
/// first).
fn save(name: &str, picture: &str) -> (u32, usize) {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/shots");
    fs::create_dir_all(&dir).unwrap();
    let path = dir.join(name);
    let mut bytes = vec![0; picture.len()];
    let png = Base64::decode(picture, &mut bytes).unwrap();
    fs::write(&path, png).unwrap();
    let width = u32::from_be_bytes(png[16..20].try_into().unwrap());
    (width, png.len())
}

#[test]
fn every_state_makes_a_picture_of_the_width_of_its_screen() {
    let all = std::env::var("SHOTS").is_ok_and(|which| which == "all");
    let browser = Browser::new();
    for state in STATES {
        let daemon = in_state(state);
        for lang in ["en", "fr", "ar"] {
            for (width, dark) in LOOKS {
                // By default a phone by day in Arabic, and a desk by night in French.
                if !all && !matches!((lang, width, dark), ("ar", 360, false) | ("fr", 1280, true)) {
                    continue;
                }
                browser.look(Look { width, dark, lang });
                browser.open(daemon.address);
                let night = if dark { "dark" } else { "light" };
                let name = format!("{state}.{lang}.{width}.{night}.png");
                let (wide, bytes) = save(&name, &browser.picture(None, 1));
                assert!(wide == width && bytes > 8_000, "{name}: {wide} px, {bytes} bytes");
            }
        }
    }
}

/// What people say, what is planned, and what was: as the golden files have it.
#[test]
fn every_story_makes_a_picture_of_the_width_of_its_screen() {
    let all = std::env::var("SHOTS").is_ok_and(|which| which == "all");
    let browser = Browser::new();
    // Of all, also those that no golden file has (`tests/chromium/shots` makes them).
    let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/target/shots/pages");
    for scene in ["incidents", "maintenance", "forced", "history", "incident", "many", "well", "no-data"] {
        for lang in ["en", "fr", "ar"] {
            for (width, dark) in LOOKS {
                if !all
                    && (scene == "no-data"
                        || !matches!((lang, width, dark), ("ar", 320, false) | ("en", 1280, true)))
                {
                    continue;
                }
                browser.look(Look { width, dark, lang });
                if all {
                    browser.open_file(&format!("{pages}/{scene}.{lang}.html"));
                } else {
                    browser.open_golden(&format!("{scene}.{lang}"));
                }
                let night = if dark { "dark" } else { "light" };
                let name = format!("{scene}.{lang}.{width}.{night}.png");
                let (wide, bytes) = save(&name, &browser.picture(None, 1));
                assert!(wide == width && bytes > 8_000, "{name}: {wide} px, {bytes} bytes");
                let wider =
                    "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
                assert_eq!(browser.script(wider), 0, "{name}");
            }
        }
    }
}

/// The one in README: the top of a red page on a phone.
#[test]
fn the_top_of_a_red_page_fits_the_picture_of_readme() {
    let (browser, daemon) = (Browser::new(), in_state("trouble"));
    browser.look(Look { width: 360, dark: false, lang: "en" });
    browser.open(daemon.address);
    let (wide, bytes) = save("readme.png", &browser.picture(Some(README_HEIGHT), 2));
    assert!(wide == 720 && bytes > 20_000, "{wide} px, {bytes} bytes");
}
