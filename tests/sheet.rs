//! `aiglon sheet`: a page to print, whose codes a reader of codes reads.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::process::Command;

use common::{AIGLON, Dir, run, with};

fn sheet(dir: &Dir, words: &[&str]) -> (Option<i32>, String, String) {
    let public = with(&common::config(), "home", &["option url 'https://status.example/home/'"]);
    let file = dir.write("aiglon", &public);
    run(Command::new(AIGLON).args(["sheet", "--config"]).arg(file).args(words))
}

/// What a phone reads in a code, drawn as a browser draws it.
fn read(svg: &str) -> String {
    const PIXELS: usize = 4;
    let side: usize = svg.split_once("viewBox=\"0 0 ").unwrap().1.split(' ').next().unwrap().parse().unwrap();
    let mut dark = vec![vec![false; side]; side];
    for run in svg.split_once("d=\"M").unwrap().1.split_once('"').unwrap().0.split('M') {
        let (at, run) = run.split_once('h').unwrap();
        let (x, y) = at.split_once(' ').unwrap();
        let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
        let count: usize = run.split_once('v').unwrap().0.parse().unwrap();
        dark[y][x..x + count].fill(true);
    }
    let grey = |x: usize, y: usize| if dark[y / PIXELS][x / PIXELS] { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side * PIXELS, side * PIXELS, grey);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one code");
    grids[0].decode().unwrap().1
}

fn entries(page: &str) -> Vec<&str> {
    page.split("<section ").skip(1).collect()
}

#[test]
fn each_language_has_a_code_that_leads_to_the_page_in_it() {
    let dir = Dir::new();
    let (status, page, stderr) = sheet(&dir, &["home", "--lang", "fr", "--lang", "ar"]);
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{page}");
    let all = entries(&page);
    assert_eq!(all.len(), 2);
    for (entry, tag, dir) in [(all[0], "fr", "ltr"), (all[1], "ar", "rtl")] {
        assert!(entry.starts_with(&format!("lang=\"{tag}\" dir=\"{dir}\"")), "{entry}");
        assert!(entry.contains("<bdi>https://status.example/home</bdi>"), "{entry}");
        assert_eq!(read(entry), format!("https://status.example/home/?lang={tag}"));
    }
    assert!(page.contains("Voici ce que nous savons") && !page.contains("Wi-Fi"), "{page}");
    // All languages, the site's own first; a site that is the only one needs no name.
    let (status, page, _) = sheet(&dir, &[]);
    let all = entries(&page);
    assert_eq!((status, all.len()), (Some(0), aiglon::model::Lang::ALL.len()));
    assert!(all[0].starts_with("lang=\"en\""), "{page}");
}

#[test]
fn a_place_in_the_own_network_is_told_as_such() {
    let dir = Dir::new();
    let words = ["--url", "http://status.lan:8080/", "--local", "--lang", "en"];
    let (status, page, _) = sheet(&dir, &words);
    assert_eq!(status, Some(0));
    assert!(page.contains("This page opens without the Internet too, in our Wi-Fi."), "{page}");
    assert_eq!(read(&page), "http://status.lan:8080/?lang=en");
}

#[test]
fn what_cannot_be_printed_is_told() {
    let dir = Dir::new();
    let long = format!("https://{}.example", "a".repeat(3000));
    for (words, told) in [
        (&["nowhere"][..], "no site 'nowhere'"),
        (&["--lang", "xx"], "no language 'xx'"),
        (&["--url", "status.lan"], "a URL is http:// or https://"),
        (&["--url", "https://a.example/?x=<b>"], "a URL is http:// or https://"),
        (&["--url", &long], "too long for a code"),
        (&["home", "away"], "one site"),
        (&["--fallback", "/dev/null"], "sheet takes"),
    ] {
        let (status, page, stderr) = sheet(&dir, words);
        assert!(status == Some(2) && page.is_empty() && stderr.contains(told), "{words:?}: {stderr}");
    }
    let file = dir.write("none", &common::config());
    let (status, _, stderr) = run(Command::new(AIGLON).args(["sheet", "--config"]).arg(file));
    assert!(status == Some(2) && stderr.contains("'option url' or --url"), "{stderr}");
}
