//! Pages as visitors get them: golden files, hostile names and texts, sizes, contrast.
//!
//! `UPDATE_GOLDEN=1 cargo test --test pages` rewrites `tests/golden`; look at what changed before you commit.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod scenes;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

use aiglon::config::Config;
use aiglon::limits::{PAGE_BYTES, TEXT_SHOWN_BYTES, TEXTS_SHOWN};
use aiglon::model::{ComponentView, Lang, Monitoring, Reason, SiteId, State};
use aiglon::render::{CSP, Full, page, worst_case};
use aiglon::text::buffer::Bytes;
use aiglon::time::Wall;
use proptest::prelude::*;
use scenes::{Fake, association, empty, hostile, minutes_ago};

const SITE: SiteId = SiteId(0);

fn rendered(config: &Config, lang: Lang, view: &Fake) -> String {
    let mut buf = Box::new(Bytes::<PAGE_BYTES>::new());
    page(&mut *buf, config, SITE, lang, view).unwrap();
    String::from_utf8(buf.as_slice().to_vec()).unwrap()
}

/// Compares with `tests/golden/NAME`, or rewrites it when asked to.
fn golden(name: &str, page: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "{name} differs from what is rendered; UPDATE_GOLDEN=1 rewrites it");
}

#[test]
fn pages_are_as_the_golden_files_have_them() {
    let association = association();
    for (scene, view) in scenes::all() {
        for lang in Lang::ALL {
            let page = rendered(&association, lang, &view);
            golden(&format!("{scene}.{}.html", lang.tag()), &page);
        }
    }
    golden("empty.en.html", &rendered(&empty(), Lang::En, &Fake::default()));
    golden("hostile.ar.html", &rendered(&hostile(HOSTILE), Lang::Ar, &scenes::trouble().saying(HOSTILE)));
}

/// What a connection's first flight holds (RFC 6928: ten segments of 1,460 bytes), of which the head of an answer takes less
/// than 600.
const FIRST_FLIGHT: usize = 14_600 - 600;

#[test]
fn a_page_with_a_past_fits_the_first_flight() {
    let config = association();
    for (scene, view) in scenes::all() {
        for lang in Lang::ALL {
            let bytes = rendered(&config, lang, &view).len();
            println!("{scene}.{}: {bytes} bytes", lang.tag());
        }
    }
    // Four services, sixteen components with at least ten bad days each, two incidents, one with three updates.
    let mut view = scenes::incidents();
    view.incidents.retain(|(incident, _)| incident.open);
    assert_eq!(view.incidents.len(), 2);
    for lang in Lang::ALL {
        let bytes = rendered(&config, lang, &view).len();
        println!("two incidents.{}: {bytes} bytes", lang.tag());
        // A letter of Arabic takes two bytes: it is one segment more.
        let room = if lang == Lang::Ar { FIRST_FLIGHT + 1460 } else { FIRST_FLIGHT };
        assert!(bytes < room, "{}: {bytes}", lang.tag());
    }
    for part in 0..16 {
        let bad =
            (0..90).filter(|&ago| view.past.get(&(part, ago)).is_some_and(|day| day.down + day.degraded > 0));
        assert!(bad.count() >= 10, "{part}");
    }
    assert_eq!(rendered(&config, Lang::En, &view).matches("<svg").count(), 16);
}

/// Tries to leave text, an attribute and a URL, to turn the direction, and to talk to a terminal.
const HOSTILE: &str = "\"'><script src=//evil.example>alert(1)</script><!-- & &lt; \
    \u{1b}[31m\0\u{7f}\u{9b}\u{202e}\u{2066}\u{200f}\u{2028}\u{feff}\u{ffff}";

/// How often each tag is in a page; and nothing invisible is.
fn tags(page: &str) -> BTreeMap<String, usize> {
    assert!(!page.chars().any(|c| c.is_control() || aiglon::text::clean::steers(c)), "{page}");
    let mut found = BTreeMap::new();
    for piece in page.split('<').skip(1) {
        let name = piece.split([' ', '>']).next().unwrap();
        *found.entry(name.to_owned()).or_default() += 1;
    }
    found
}

#[test]
fn hostile_names_and_texts_stay_text() {
    for lang in Lang::ALL {
        let page = rendered(&hostile(HOSTILE), lang, &scenes::trouble().saying(HOSTILE));
        assert!(page.contains("&lt;script src=//evil.example&gt;"));
        assert!(page.contains("href=\"https://example.org/%22&#39;%3E%3Cscript"));
        let plain = rendered(&hostile("plain"), lang, &scenes::trouble().saying("plain"));
        assert_eq!(tags(&page), tags(&plain));
        // Nor does a quote open an attribute: both pages have as many.
        let quotes = |page: &str| {
            page.split('<').filter_map(|tag| tag.split('>').next()).collect::<String>().matches('"').count()
        };
        assert_eq!(quotes(&page), quotes(&plain));
    }
}

#[test]
fn a_url_that_is_not_of_the_web_is_left_out() {
    for url in ["javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://example.org/"] {
        let mut config = association();
        let span = config.intern(url).unwrap();
        config.services.iter_mut().for_each(|service| service.url = span);
        let page = rendered(&config, Lang::En, &scenes::well());
        assert!(!page.contains(url) && !page.contains("More about"));
    }
}

#[test]
fn a_time_that_is_not_known_is_not_shown() {
    let config = association();
    for (scene, view) in scenes::all() {
        let page = rendered(&config, Lang::En, &Fake { wall: None, ..view });
        assert!(!page.contains("<time") && !page.contains("since <") && !page.contains("UTC"), "{scene}");
        assert!(page.contains("not known") || page.contains("has not reported yet"), "{scene}");
    }
}

/// A page that was kept must not look fresh: the first time on it has a date, even today.
#[test]
fn as_of_always_has_a_date() {
    let page = rendered(&association(), Lang::En, &scenes::well());
    let first = page.split_once("<time ").unwrap().1;
    assert!(first.starts_with("datetime=\"2026-11-21T09:05Z\">21 November, 09:05</time>"), "{first}");
}

#[test]
fn only_a_public_site_may_be_indexed() {
    use aiglon::config::Visibility::{Local, Public, Unlisted};
    for (visibility, noindex) in [(Local, true), (Unlisted, true), (Public, false)] {
        let mut config = association();
        config.sites[0].visibility = visibility;
        let page = rendered(&config, Lang::En, &scenes::well());
        assert_eq!(page.contains("<meta name=robots content=noindex>"), noindex);
    }
}

/// Each state and each way not to know has words of its own, with the colours and shapes taken away.
#[test]
fn states_are_told_in_words() {
    let config = association();
    let all = |state, reason, monitoring| {
        let every = Some(ComponentView { state, reason, ..ComponentView::default() });
        let page = rendered(&config, Lang::En, &Fake { monitoring, every, ..Fake::default() });
        let body = page.split_once("<header>").unwrap().1.split_once("<footer>").unwrap().0;
        body.split('<').filter_map(|tag| Some(tag.split_once('>')?.1)).collect::<String>()
    };
    let mut seen = vec![
        all(State::Operational, Reason::Reported, Monitoring::Up),
        all(State::Degraded, Reason::Reported, Monitoring::Up),
        all(State::Outage, Reason::Reported, Monitoring::Up),
        all(State::NoData, Reason::NeverHeard, Monitoring::Up),
        all(State::NoData, Reason::Silent, Monitoring::Up),
        all(State::NoData, Reason::Resync, Monitoring::Up),
        all(State::NoData, Reason::Expired, Monitoring::Up),
        all(State::NoData, Reason::Silent, Monitoring::Partly(None)),
        all(State::NoData, Reason::Silent, Monitoring::Down(None)),
    ];
    assert!(seen[0].contains("Everything works") && !seen[0].contains("affected"));
    assert!(seen[8].contains("The monitoring is down"));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 9);
}

#[test]
fn a_reason_that_all_parts_of_a_service_share_is_said_once() {
    let config = association();
    let why = "has just come back";
    let mut view = scenes::all().into_iter().find(|(scene, _)| *scene == "resync").unwrap().1;
    assert_eq!(rendered(&config, Lang::En, &view).matches(why).count(), 4);
    // Another reason in the last service, and its two parts speak for themselves.
    view.set(15, State::NoData, Reason::Silent, 43);
    assert_eq!(rendered(&config, Lang::En, &view).matches(why).count(), 4);
    assert_eq!(rendered(&config, Lang::En, &view).matches("has stopped reporting").count(), 1);
    // The first service has eight parts; one that is down keeps the others' reason with them.
    view.set(0, State::Outage, Reason::Reported, 43);
    assert_eq!(rendered(&config, Lang::En, &view).matches(why).count(), 3 + 7);
}

#[test]
fn the_headline_is_never_greener_than_what_stands_below_it() {
    let config = association();
    let headline = |view: &Fake| {
        let page = rendered(&config, Lang::En, view);
        page.split_once("<strong>").unwrap().1.split_once("</strong>").unwrap().0.to_owned()
    };
    let well = Fake { overall: Some(State::Operational), ..scenes::well() };
    assert_eq!(headline(&well), "Everything works");
    assert_eq!(
        headline(&Fake { monitoring: Monitoring::Down(None), ..well.clone() }),
        "We do not know everything"
    );
    assert_eq!(
        headline(&Fake { overall: Some(State::Operational), ..scenes::trouble() }),
        "Something is down"
    );
    assert_eq!(headline(&Fake { overall: Some(State::Degraded), ..well }), "Something works badly");
}

#[test]
fn a_service_is_down_or_partly_down() {
    let config = association();
    let mut view = scenes::well();
    view.set(0, State::Outage, Reason::Reported, 10);
    let page = rendered(&config, Lang::En, &view);
    assert!(page.contains("Partly down") && page.contains("<a href=\"#c1\">"));
    for part in 1..8 {
        view.set(part, State::Outage, Reason::Reported, 10);
    }
    let page = rendered(&config, Lang::En, &view);
    assert!(
        !page.contains("Partly down")
            && page.contains("<a href=\"#s1\">")
            && !page.contains("<a href=\"#c1\">")
    );
}

#[test]
fn what_alerts_say_is_cut_and_counted_and_never_hides_a_state() {
    let config = association();
    let long = "é".repeat(TEXT_SHOWN_BYTES);
    let page = rendered(&config, Lang::En, &scenes::trouble().saying(&long));
    assert!(page.contains(&format!(">{}…</bdi>", "é".repeat(TEXT_SHOWN_BYTES / 2))) && !page.contains(&long));
    assert!(!page.contains("more messages"));

    let down = ComponentView { state: State::Outage, ..ComponentView::default() };
    let much = vec!["&".repeat(TEXT_SHOWN_BYTES); TEXTS_SHOWN + 2];
    let texts = (0..16).map(|part| (part, much.clone())).collect();
    let page = rendered(&config, Lang::En, &Fake { every: Some(down), texts, ..Fake::default() });
    println!("bound: {} bytes", worst_case(&config, SITE));
    assert!(page.contains("There are more messages than fit here."));
    assert_eq!(page.matches("<li class=\"down\" id=\"c").count(), 16);
    assert!(page.len() <= worst_case(&config, SITE));
}

#[test]
fn a_page_that_does_not_fit_is_an_error() {
    let config = association();
    let mut small = Bytes::<4096>::new();
    assert_eq!(page(&mut small, &config, SITE, Lang::En, &scenes::well()), Err(Full));
    assert!(small.is_empty());
}

#[test]
fn the_policy_allows_the_one_style_and_nothing_else() {
    use base64ct::Encoding;
    let page = rendered(&association(), Lang::En, &scenes::well());
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let mut hash = [0; 44];
    let hash = base64ct::Base64::encode(&hmac_sha256::Hash::hash(style.as_bytes()), &mut hash).unwrap();
    assert!(CSP.contains(&format!("style-src 'sha256-{hash}';")) && CSP.starts_with("default-src 'none';"));
    for foreign in ["http-equiv", "<script", "<link", "<img", "url(", "@import", "src=", " style="] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

/// WCAG 2.2, 1.4.3: every pair of colours that text is written in has a contrast of 4.5, light and dark.
#[test]
fn colours_can_be_read() {
    let css = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/www/style.css")).unwrap();
    let (light, rest) = css.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let dark = rest.split_once("\n}\n").unwrap().0;
    let mut pairs = vec![("link", "paper"), ("link", "card")];
    let washes = [
        ("ok", "ok-wash"),
        ("warn", "warn-wash"),
        ("down", "down-wash"),
        ("na", "na-wash"),
        ("work", "work-wash"),
    ];
    for (state, wash) in washes {
        pairs.extend([(state, "card"), (state, "paper"), (state, wash), ("ink", wash)]);
    }
    for ink in ["ink", "soft"] {
        pairs.extend([(ink, "paper"), (ink, "card")]);
    }
    for (scheme, text) in [("light", light), ("dark", dark)] {
        let colours: BTreeMap<_, _> = text
            .split("--")
            .filter_map(|part| part.split_once(';')?.0.split_once(": #"))
            .map(|(name, hex)| (name, luminance(hex)))
            .collect();
        assert_eq!(colours.len(), 16, "{scheme}: {colours:?}");
        for (ink, paper) in &pairs {
            let (a, b) = (colours[ink], colours[paper]);
            let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(ratio >= 4.5, "{scheme}: --{ink} on --{paper} is {ratio:.2}");
        }
        for name in colours.keys().filter(|name| **name != "line") {
            assert!(pairs.iter().any(|(ink, paper)| ink == name || paper == name), "--{name} is in no pair");
        }
    }
}

/// The relative luminance of `rrggbb` (WCAG 2.2).
fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

fn any_state() -> impl Strategy<Value = (State, Reason)> {
    let states = vec![State::Operational, State::NoData, State::Degraded, State::Outage];
    let reasons = vec![Reason::Reported, Reason::NeverHeard, Reason::Silent, Reason::Resync, Reason::Expired];
    (prop::sample::select(states), prop::sample::select(reasons))
}

fn any_monitoring() -> impl Strategy<Value = Monitoring> {
    let since = Some(minutes_ago(7));
    prop::sample::select(vec![
        Monitoring::Up,
        Monitoring::Partly(None),
        Monitoring::Partly(since),
        Monitoring::Down(None),
        Monitoring::Down(since),
    ])
}

/// The tags of a page, with what is theirs to open or close.
const TAGS: [&str; 26] = [
    "!doctype",
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "h1",
    "h2",
    "bdi",
    "div",
    "p",
    "span",
    "strong",
    "i",
    "b",
    "main",
    "nav",
    "ul",
    "li",
    "a",
    "section",
    "time",
    "blockquote",
    "footer",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_becomes_markup_and_no_page_exceeds_its_bound(
        states in prop::collection::vec((any_state(), 0..3_000_000u32), 16),
        monitoring in any_monitoring(),
        wall in prop::option::of(1_700_000_000_000..1_900_000_000_000i64),
        name in "\\PC{0,40}|[<>&\"'\u{202e}\u{1b}a]{0,40}",
        text in "\\PC{0,300}|[<>&\"'\u{202e}\u{1b}a]{0,300}",
        lang in prop::sample::select(Lang::ALL.to_vec()),
    ) {
        let mut view = Fake { wall: wall.map(Wall), monitoring, ..Fake::default() };
        for (part, ((state, reason), minutes)) in states.into_iter().enumerate() {
            view.set(part, state, reason, i64::from(minutes));
            view.texts.insert(part, vec![text.clone(); part]);
        }
        let mut config = hostile(&name);
        config.sites[0].visibility = aiglon::config::Visibility::Local;
        let page = rendered(&config, lang, &view);
        let bound = worst_case(&config, SITE);
        prop_assert!(page.len() <= bound, "{} > {bound}", page.len());
        for tag in tags(&page).keys() {
            prop_assert!(TAGS.contains(&tag.trim_start_matches('/')), "{tag}");
        }
    }
}
