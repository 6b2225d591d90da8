//! The language of an answer of the running daemon: what the address asks for, else what the
//! browser prefers, else the site's.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, missing_docs)]

mod common;

use aiglon::limits::PAGES;
use aiglon::model::Lang;
use common::{Answer, Daemon, config, with};

const SECRET: &str = "wuzmOZc8Ft1Wpqcq3BQQdA";
const PERSON: &str = "Accept: text/html\r\n";

/// A public site, and one under a secret path; both behind a proxy that publishes them below a
/// prefix.
fn sites() -> String {
    let public = with(&config(), "home", &["option visibility 'public'", "list host 'localhost'"]);
    with(&public, "lan", &["option path_prefix '/status'"])
        + &format!(
            "config site 'hidden'\n\tlist host 'hidden.example'\n\toption visibility 'unlisted'\n\
             \toption secret_path '{SECRET}'\n\toption title 'Hidden'\n\toption lang 'en'\n"
        )
}

fn ask(daemon: &Daemon, host: &str, path: &str, accept: &str) -> Answer {
    let mut client = daemon.connect();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Language: {accept}\r\n{PERSON}\r\n");
    client.send(head.as_bytes());
    client.answer()
}

/// In which language an answer is.
fn language(answer: &Answer) -> String {
    let (_, rest) = answer.body.split_once("<html lang=\"").expect(&answer.body);
    rest.split_once('"').unwrap().0.to_owned()
}

#[test]
fn an_address_that_asks_for_a_language_gets_the_page_that_others_get_in_it() {
    let daemon = Daemon::start(&sites());
    for lang in Lang::ALL.map(Lang::tag) {
        let preferred = ask(&daemon, "localhost", "/", lang);
        for query in [format!("lang={lang}"), format!("x=1&lang={lang}&y"), format!("&lang={lang}")] {
            let asked = ask(&daemon, "localhost", &format!("/?{query}"), "en;q=0.5,fr");
            assert_eq!((language(&asked), asked.header("ETag")), (lang.to_owned(), preferred.header("ETag")));
            assert!(asked.body == preferred.body, "{query}");
        }
    }
    // So there is one page a language, whatever an address says, and no more is rendered.
    for query in (0..300)
        .map(|n| format!("lang=x{n}&lang{n}=fr&n={n}"))
        .chain(Lang::ALL.map(|lang| format!("lang={}", lang.tag())))
    {
        assert_eq!(ask(&daemon, "localhost", &format!("/?{query}"), "fr").status, 200);
    }
    let rendered = daemon.metric("aiglon_pages_rendered_total").unwrap();
    // Each is asked for in two rounds. Where there are more of them than are held, one gives way.
    let rounds = if Lang::COUNT > PAGES { 2 } else { 1 };
    assert!(rendered <= (rounds * Lang::COUNT) as f64, "{rendered}");
}

#[test]
fn a_language_that_nobody_speaks_here_is_the_visitors() {
    let daemon = Daemon::start(&sites());
    for query in
        ["lang=xx", "lang=", "lang", "lang=FR", "lang=fr-BE", "lang=fr&lang=ar", "LANG=fr", "lang=%66r"]
    {
        for (path, status) in [("/", 200), ("/history", 200), ("/nothing", 404), ("/incidents/9", 404)] {
            let answer = ask(&daemon, "localhost", &format!("{path}?{query}"), "ar");
            assert_eq!((answer.status, &*language(&answer)), (status, "ar"), "{path}?{query}");
        }
    }
}

/// A link of a page leads to another page in that language: below a prefix, below a secret path,
/// and from a page that is missing.
#[test]
fn links_keep_the_language() {
    let daemon = Daemon::start(&sites());
    for (host, root) in [("localhost", "/status"), ("hidden.example", &*format!("/status/{SECRET}"))] {
        // Without a slash at its end it is redirected, with its query.
        let bare = ask(&daemon, host, &format!("{root}?lang=ar"), "en");
        let segment = root.rsplit('/').next().unwrap();
        let location = format!("./{segment}/?lang=ar");
        assert_eq!((bare.status, bare.header("Location")), (301, Some(&*location)), "{root}");
        for (path, status, link) in [
            ("/", 200, "<a href=\"history?lang=ar\">"),
            ("/history", 200, "<a href=\"./?lang=ar\">"),
            ("/nothing", 404, "<a href=\"./?lang=ar\">"),
            ("/a/b", 404, "<a href=\"../?lang=ar\">"),
        ] {
            let answer = ask(&daemon, host, &format!("{root}{path}?lang=ar"), "en");
            assert_eq!((answer.status, &*language(&answer)), (status, "ar"), "{root}{path}");
            assert!(answer.body.contains(link), "{root}{path}: {}", answer.body);
            assert!(!answer.body.contains(SECRET), "{}", answer.body);
            // Each page leads to itself in another language; one that is missing leads back only.
            let switch = "<a href=\"?lang=fr\" lang=\"fr\">Français</a>";
            assert_eq!(answer.body.contains(switch), status == 200, "{root}{path}: {}", answer.body);
        }
    }
}
