//! Pages as visitors get them: golden files, hostile names and texts, sizes, contrast.
//!
//! `UPDATE_GOLDEN=1 cargo test --test pages` rewrites `tests/golden`; look at what changed before
//! you commit.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod scenes;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::{env, fs};

use aiglon::config::{Component, Config, Times};
use aiglon::limits::{COMPONENTS, PAGE_BYTES, SERVICES, TEXT_SHOWN_BYTES, TEXTS_SHOWN};
use aiglon::model::{
    BannerView, ComponentId, ComponentSet, ComponentView, Day, Finding, Forced, IncidentView, Lang,
    MaintenanceView, PageKind, Phase, ServiceId, SiteId, State, Step, StepView, Words,
};
use aiglon::render::{CSP, CSP_MISSING, PageFull, has_incident, missing, overruled, page, worst_case};
use aiglon::shown::Visible;
use aiglon::text::buffer::Bytes;
use aiglon::time::Wall;
use proptest::prelude::*;
use scenes::{Fake, association, empty, hostile};

const SITE: SiteId = SiteId(0);

fn rendered(config: &Config, lang: Lang, view: &Fake) -> String {
    rendered_as(config, lang, view, PageKind::Now)
}

fn rendered_as(config: &Config, lang: Lang, view: &Fake, which: PageKind) -> String {
    let mut buf = Box::new(Bytes::<PAGE_BYTES>::new());
    page(&mut *buf, config, SITE, lang, view, which).unwrap();
    String::from_utf8(buf.as_slice().to_vec()).unwrap()
}

/// What stands at an address that leads to no page, `up` directories below the root.
fn lost(config: &Config, lang: Lang, up: usize) -> Result<String, PageFull> {
    let mut buf = Bytes::<1024>::new();
    missing(&mut buf, config, SITE, lang, up)?;
    Ok(String::from_utf8(buf.as_slice().to_vec()).unwrap())
}

/// Compares with `tests/golden/NAME`, or rewrites it when asked to. A page leads to itself in each
/// language that is built in: the files are those of the small build.
fn golden(name: &str, page: &str) {
    if Lang::ALL[..] != [Lang::En, Lang::Ar, Lang::Fr, Lang::Nl] {
        return;
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "{name} differs from what is rendered; UPDATE_GOLDEN=1 rewrites it");
}

/// Golden pages are in a language that is written from the left, and in one from the right. What is
/// true in every language is a property.
const GOLDEN: [Lang; 2] = [Lang::En, Lang::Ar];

#[test]
fn pages_are_as_the_golden_files_have_them() {
    let association = association();
    // Between them, these have every fragment of a page.
    let kept = ["well", "incidents", "maintenance", "forced", "start"];
    for (scene, view) in scenes::all().into_iter().filter(|(scene, _)| kept.contains(scene)) {
        for lang in GOLDEN {
            let page = rendered(&association, lang, &view);
            golden(&format!("{scene}.{}.html", lang.tag()), &page);
        }
    }
    for lang in GOLDEN {
        let (incidents, tag) = (scenes::incidents(), lang.tag());
        golden(
            &format!("history.{tag}.html"),
            &rendered_as(&association, lang, &incidents, PageKind::History),
        );
        golden(
            &format!("incident.{tag}.html"),
            &rendered_as(&association, lang, &incidents, PageKind::Incident(7)),
        );
    }
    for lang in GOLDEN {
        let page = rendered(&scenes::many(), lang, &scenes::many_down());
        golden(&format!("many.{}.html", lang.tag()), &page);
        golden(&format!("missing.{}.html", lang.tag()), &lost(&association, lang, 1).unwrap());
    }
    for lang in [Lang::En, Lang::Fr, Lang::Ar, Lang::Nl] {
        let page = rendered(&scenes::with_contact(), lang, &scenes::well());
        golden(&format!("contact.{}.html", lang.tag()), &page);
    }
    golden("empty.en.html", &rendered(&empty(), Lang::En, &Fake::default()));
    golden("hostile.ar.html", &rendered(&hostile(HOSTILE), Lang::Ar, &scenes::trouble().saying(HOSTILE)));
}

/// Writes the pages that tests/drawings and tests/chromium/shots show into the directory
/// `PAGES_DIR`; into one of cargo's own if nobody names one.
#[test]
fn pages_are_there_to_be_drawn() {
    let dir = env::var_os("PAGES_DIR").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    let dir = PathBuf::from(dir);
    let (association, many) = (association(), scenes::many());
    let outage = scenes::incidents();
    for lang in [Lang::En, Lang::Fr, Lang::Ar] {
        for (name, page) in [
            ("well", rendered(&association, lang, &scenes::well())),
            ("incidents", rendered(&association, lang, &outage)),
            ("maintenance", rendered(&association, lang, &scenes::maintenance())),
            ("forced", rendered(&association, lang, &scenes::forced())),
            ("no-data", rendered(&association, lang, &scenes::silent(0..16, Finding::Silent))),
            ("many", rendered(&many, lang, &scenes::many_down())),
            ("history", rendered_as(&association, lang, &outage, PageKind::History)),
            ("incident", rendered_as(&association, lang, &outage, PageKind::Incident(7))),
        ] {
            fs::write(dir.join(format!("{name}.{}.html", lang.tag())), page).unwrap();
        }
    }
}

/// Every page of every scene.
fn each_page(lang: Lang) -> Vec<(String, String)> {
    let config = association();
    let mut pages = vec![("nowhere".to_owned(), lost(&config, lang, 0).unwrap())];
    pages.push(("contact".to_owned(), rendered(&scenes::with_contact(), lang, &scenes::trouble())));
    for (scene, view) in scenes::all() {
        pages.push((scene.to_owned(), rendered(&config, lang, &view)));
        pages.push((format!("history of {scene}"), rendered_as(&config, lang, &view, PageKind::History)));
        for (incident, _) in &view.incidents {
            let number = incident.number;
            let page = rendered_as(&config, lang, &view, PageKind::Incident(number));
            pages.push((format!("incident {number} of {scene}"), page));
        }
    }
    pages
}

/// The tags of a page in their order, without the language of texts.
fn skeleton(page: &str) -> Vec<String> {
    let tags = page.split('<').skip(1).map(|piece| piece.split('>').next().unwrap());
    // A link that leads to this page in another language, or to another one in this.
    let tags = tags.map(|tag| match tag.split_once("?lang=") {
        Some((before, rest)) => format!("{before}{}", if before.ends_with('"') { "" } else { &rest[2..] }),
        None => tag.to_owned(),
    });
    tags.map(|tag| match tag.split_once(" lang=\"") {
        Some((before, rest)) => {
            format!("{before}{}", rest.split_once("\" dir=\"").unwrap().1[3..].trim_start_matches('"'))
        }
        None => tag.clone(),
    })
    .collect()
}

#[test]
fn a_page_has_the_same_markup_in_every_language() {
    let english = each_page(Lang::En);
    assert!(english.len() >= 24, "{}", english.len());
    for lang in Lang::ALL {
        for ((name, page), (_, other)) in english.iter().zip(each_page(lang)) {
            assert!(other.contains(&format!("<html lang=\"{}\" dir=\"", lang.tag())), "{name}: {other}");
            assert_eq!(skeleton(page), skeleton(&other), "{name} in {}", lang.tag());
        }
    }
}

/// But for items of lists, whose end may be left out.
#[test]
fn what_is_opened_is_closed_and_what_is_linked_to_is_there() {
    for (name, page) in Lang::ALL.into_iter().flat_map(each_page) {
        let mut open = Vec::new();
        let mut ids = Vec::new();
        for tag in skeleton(&page) {
            let word = tag.split(' ').next().unwrap();
            match word.strip_prefix('/') {
                Some("li") => {}
                Some(closed) => assert_eq!(open.pop().as_deref(), Some(closed), "{name}: {page}"),
                None if ["!doctype", "meta", "br", "li"].contains(&word) || tag.ends_with('/') => {}
                None => open.push(word.to_owned()),
            }
            let id = tag.split_once(" id=").map(|(_, id)| id.trim_start_matches('"'));
            ids.extend(id.map(|id| id.split(['"', ' ']).next().unwrap().to_owned()));
        }
        assert_eq!(open, [""; 0], "{name}: {page}");
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}: an id stands twice: {page}");
        for mark in ["href=\"#", "aria-labelledby="] {
            for (at, _) in page.match_indices(mark) {
                let to = page[at + mark.len()..].split(['"', ' ', '>']).next().unwrap();
                assert!(ids.iter().any(|id| id == to), "{name}: nothing has the id {to}: {page}");
            }
        }
    }
}

/// The catalogue of a language, by key.
fn catalogue(lang: Lang) -> BTreeMap<String, String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("www/lang/{}.txt", lang.tag()));
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(" = ")).map(|(key, text)| (key.into(), text.into())).collect()
}

#[test]
fn a_page_is_in_its_language_and_in_no_other() {
    let english = catalogue(Lang::En);
    let mut seen = 0;
    for lang in Lang::ALL.into_iter().filter(|&lang| lang != Lang::En) {
        let own = catalogue(lang);
        let foreign: Vec<_> = english
            .iter()
            .filter(|(key, text)| own[*key] != **text && text.len() > 3 && !key.starts_with("lang."))
            .collect();
        assert!(foreign.len() > 100, "{}", foreign.len());
        for (name, page) in each_page(lang) {
            let body = page.split_once("<body>").unwrap().1;
            // A date that stands within a sentence, too.
            let month = &english["month.11"];
            assert!(own["month.11"] == *month || !body.contains(month), "{name} in {}", lang.tag());
            for text in body.split(['<', '>', '·', '–', ':']).map(str::trim) {
                let found = foreign.iter().find(|(_, word)| *word == text);
                assert_eq!(found, None, "{name} in {}", lang.tag());
                seen += usize::from(own.values().any(|word| word == text));
            }
        }
    }
    assert!(seen > 500, "{seen}");
}

/// How all of it is, as the title has it.
fn title(page: &str) -> &str {
    page.split_once("<title>").unwrap().1.split_once(" – ").unwrap().0
}

/// The first line, which says how much.
fn first_line(page: &str) -> String {
    let line = page.split_once("<strong>").unwrap().1.split_once("</strong>").unwrap().0;
    line.replace("<bdi>", "").replace("</bdi>", "")
}

/// Twelve services: down (d), partly down (p), bad (b), unknown (u), partly so (v), worked on (w),
/// partly so (x), or well.
fn each_is(how: &str) -> Fake {
    let mut view = scenes::many_well();
    for (service, how) in how.chars().enumerate() {
        let parts = if "pvx".contains(how) { 1 } else { 5 };
        for part in (service * 5..).take(parts) {
            match how {
                'd' | 'p' => view.set(part, Finding::Outage, 10),
                'b' => view.set(part, Finding::Degraded, 10),
                'u' | 'v' => view.set(part, Finding::LeftOut, 10),
                'w' | 'x' => view.components.get_mut(&part).unwrap().maintenance = true,
                _ => {}
            }
        }
    }
    view
}

/// Of twelve services, the first line says how many, and names up to two.
#[test]
fn the_first_line_says_how_much() {
    let many = scenes::many();
    let line = |view: &Fake, lang: Lang| first_line(&rendered(&many, lang, view));
    for (how, lang, expected) in [
        ("", Lang::En, "Everything works"),
        (".....d", Lang::En, "1 of 12 services is down: Telephone"),
        (".....dd", Lang::En, "2 of 12 services are down: Telephone\u{a0}· VPN"),
        (".d.d.d", Lang::En, "3 of 12 services are down"),
        (".....p", Lang::En, "1 of 12 services is partly down: Telephone"),
        (".....pd", Lang::En, "2 of 12 services are down or partly down: Telephone\u{a0}· VPN"),
        ("bubpwp", Lang::En, "2 of 12 services are partly down: Mail\u{a0}· Telephone"),
        ("...b", Lang::En, "1 of 12 services works badly: Mail"),
        ("...bwwu", Lang::En, "1 of 12 services works badly: Mail"),
        ("...v", Lang::En, "We do not know everything about 1 of 12 services: Mail"),
        ("wwwu", Lang::En, "We do not know everything about 1 of 12 services: Mail"),
        ("uuuuuuuuuuuu", Lang::En, "We do not know"),
        ("uuuuuuuuuuuv", Lang::En, "We do not know everything about 12 of 12 services"),
        ("...x", Lang::En, "Planned work on Mail; everything else works"),
        ("...xx", Lang::En, "Planned work on Mail\u{a0}· Files; everything else works"),
        ("...xwx", Lang::En, "Planned work on 3 of 12 services; everything else works"),
        ("wwwwwwwwwwww", Lang::En, "Planned work"),
        ("dddddddddddd", Lang::En, "12 of 12 services are down"),
        // Arabic has forms for one, two, three to ten, and more.
        (".....d", Lang::Fr, "1 service sur 12 est en panne\u{a0}: Téléphone"),
        (".....bb", Lang::Fr, "2 services sur 12 marchent mal\u{a0}: Téléphone\u{a0}· VPN"),
        ("...x", Lang::Fr, "Travaux prévus sur Courriel\u{a0}; tout le reste fonctionne"),
        (".....d", Lang::Ar, "خدمة واحدة من أصل 12 معطلة: الهاتف"),
        ("...b.b", Lang::Ar, "خدمتان من أصل 12 لا تعملان جيدًا: البريد\u{a0}· الهاتف"),
        ("ddd", Lang::Ar, "3 خدمات من أصل 12 معطلة"),
        ("ddddddddddd", Lang::Ar, "11 خدمة من أصل 12 معطلة"),
    ] {
        assert_eq!(line(&each_is(how), lang), expected, "{how}");
    }
    // What people say counts as what is known, and so does the card of an incident.
    let mut view = each_is("");
    view.said.insert(5, (State::Outage, true));
    assert_eq!(line(&view, Lang::En), "1 of 12 services is down: Telephone");
    let mut view = each_is("");
    let card = scenes::incident(1, 15, State::Outage, 9);
    view.incidents = vec![(IncidentView { service: ServiceId(3), ..card }, Vec::new())];
    assert_eq!(line(&view, Lang::En), "1 of 12 services is partly down: Mail");
    // What people say of the whole site is not counted.
    view.banner = Some(BannerView { state: Some(Forced::Outage), words: Words::None, at: None, who: 0 });
    view.incidents.clear();
    assert_eq!(line(&view, Lang::En), "Something is down");
}

/// French has a space before ":", ";", "!", "?" and "%", and inside "« »": one at which no line
/// breaks.
#[test]
fn no_line_begins_with_a_sign_of_punctuation() {
    let mut spaces = 0;
    for lang in Lang::ALL {
        for (key, text) in catalogue(lang) {
            for (before, after) in text.chars().zip(text.chars().skip(1)) {
                let breaks = before == ' ' && ":;!?»%؛؟،,.)".contains(after) || before == '«' && after == ' ';
                assert!(!breaks, "{key} in {}: {text}", lang.tag());
                if lang == Lang::Fr && (":;!?»%".contains(after) || before == '«') {
                    let space = if before == '«' { after } else { before };
                    assert!(space == '\u{a0}', "{key} in {}: {text}", lang.tag());
                    spaces += 1;
                }
            }
        }
    }
    assert!(spaces > 15, "{spaces}");
}

#[test]
fn languages_count_as_they_do() {
    for (lang, n, form) in [
        (Lang::En, 0, 1),
        (Lang::En, 1, 0),
        (Lang::En, 2, 1),
        (Lang::Fr, 0, 0),
        (Lang::Fr, 1, 0),
        (Lang::Fr, 2, 1),
        (Lang::Ar, 1, 0),
        (Lang::Ar, 2, 1),
        (Lang::Ar, 3, 2),
        (Lang::Ar, 10, 2),
        (Lang::Ar, 11, 3),
        (Lang::Ar, 99, 3),
        (Lang::Nl, 0, 1),
        (Lang::Nl, 1, 0),
        (Lang::Nl, 2, 1),
    ] {
        assert_eq!(lang.form(n), form, "{n} in {}", lang.tag());
    }
    // Of languages that are not in every build: which form nothing, one thing and two things take.
    for (tag, forms) in
        [("es", [1, 0, 1]), ("pt", [0, 0, 1]), ("de", [1, 0, 1]), ("tr", [1, 0, 1]), ("fa", [0, 0, 1])]
    {
        if let Some(lang) = Lang::from_tag(tag) {
            assert_eq!([0, 1, 2].map(|n| lang.form(n)), forms, "{tag}");
        }
    }
}

/// Where a language has digits of its own, no number on a page has others: but for the zone, whose
/// name is in no language.
#[test]
fn numbers_are_in_the_digits_of_their_language() {
    let mut seen = 0;
    for lang in Lang::ALL.into_iter().filter(|lang| lang.zero() != '0') {
        let nines: String = (0..10).filter_map(|n| char::from_u32(u32::from(lang.zero()) + n)).collect();
        let line = first_line(&rendered(&scenes::many(), lang, &each_is("ddd")));
        assert_eq!(line.chars().filter(|c| nines.contains(*c)).count(), 3, "{line}");
        for page in [
            rendered(&association(), lang, &scenes::incidents()),
            rendered_as(&association(), lang, &scenes::incidents(), PageKind::History),
        ] {
            let text = words(&page).replace(" UTC", "");
            let own = text.chars().filter(|c| nines.contains(*c)).count();
            assert!(own > 20 && !text.contains(|c: char| c.is_ascii_digit()), "{own} in {text}");
            assert!(page.contains("datetime=\"2026-"), "{page}");
            seen += 1;
        }
    }
    assert_eq!(seen > 0, Lang::from_tag("fa").is_some());
}

/// A page leads to itself in each other language, and keeps its own on the way to others. There is
/// one page a language, however it was asked for.
#[test]
fn every_page_leads_to_itself_in_each_other_language() {
    for lang in Lang::ALL {
        for kind in [PageKind::Now, PageKind::History, PageKind::Incident(7)] {
            let page = rendered_as(&association(), lang, &scenes::incidents(), kind);
            let header = page.split_once("<header>").unwrap().1;
            let (links, rest) = header.split_once("<p class=langs>").unwrap().1.split_once("</p>").unwrap();
            for other in Lang::ALL {
                let link = format!("<a href=\"?lang={0}\" lang=\"{0}\">{1}</a>", other.tag(), other.name());
                assert_eq!(links.contains(&link), other != lang, "{links}");
            }
            let kept = format!("?lang={}", lang.tag());
            for (at, _) in rest.match_indices("href=") {
                let link = rest[at + 5..].trim_start_matches('"').split(['"', ' ', '>']).next().unwrap();
                let leads_away = link.is_empty() || link.starts_with('#') || link.starts_with("https:");
                assert!(leads_away || link.ends_with(&kept), "{link}");
            }
            assert!(rest.matches(&kept).count() > 0, "{rest}");
        }
    }
}

/// Work on one service is told in the first line, and the box is not that of planned work.
#[test]
fn work_on_a_part_is_not_how_all_of_the_site_is() {
    let page = |how| rendered(&scenes::many(), Lang::En, &each_is(how));
    assert!(page("...x").contains("<div class=\"now some work\">"));
    assert!(page("wwwwwwwwwwww").contains("<div class=\"now work\">"));
}

#[test]
fn each_scene_has_its_headline_in_every_language() {
    let config = association();
    let scenes: BTreeMap<_, _> = scenes::all().into_iter().collect();
    let told = [
        ("well", "overall.operational", "as_of.heard"),
        ("trouble", "overall.outage", "reason.lapsed"),
        ("down", "overall.no_data", "monitoring.down_since"),
        ("partly", "overall.partly_no_data", "monitoring.partly_since"),
        ("resync", "overall.no_data", "reason.settling"),
        ("incidents", "overall.outage", "phase.identified"),
        ("maintenance", "overall.maintenance", "maintenance.weekly"),
        ("forced", "overall.outage", "claim"),
        ("start", "overall.no_data", "as_of.never"),
    ];
    assert_eq!(told.len(), scenes.len());
    for lang in Lang::ALL {
        let words = catalogue(lang);
        for (scene, overall, besides) in told {
            let page = rendered(&config, lang, &scenes[scene]);
            assert_eq!(title(&page), words[overall], "{scene} in {}", lang.tag());
            // Up to its first place.
            let text = words[besides].split('{').next().unwrap();
            assert!(text.len() > 3 && page.contains(text), "{scene} in {}: {text}", lang.tag());
        }
    }
}

/// What a connection's first flight holds (RFC 6928: ten segments of 1,460 bytes), of which the
/// head of an answer takes less than 600.
const FIRST_FLIGHT: usize = 14_600 - 600;

#[test]
fn a_page_with_a_past_is_little_more_than_the_first_flight() {
    let config = association();
    for (scene, view) in scenes::all() {
        for lang in Lang::ALL {
            let bytes = rendered(&config, lang, &view).len();
            println!("{scene}.{}: {bytes} bytes", lang.tag());
        }
    }
    // Four services, sixteen components with at least ten bad days each, two incidents, one with
    // three updates.
    let mut view = scenes::incidents();
    view.incidents.retain(|(incident, _)| incident.open);
    assert_eq!(view.incidents.len(), 2);
    for lang in Lang::ALL {
        let bytes = rendered(&config, lang, &view).len();
        println!("two incidents.{}: {bytes} bytes", lang.tag());
        // Signs in the markup, and a plain colour before each property, are one segment more: an
        // old phone shows them. A letter of Arabic takes two bytes: that is one more.
        let room = FIRST_FLIGHT + if lang.dir() == "rtl" { 2 * 1460 } else { 1460 };
        // A build of more languages leads to each of them.
        let room = room + 64 * (Lang::COUNT - 4);
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
        // When work begins and ends, a person has said.
        let planned = 2 * view.maintenance.iter().filter(|window| !window.active).count();
        let begun = view.maintenance.len() - planned / 2;
        let page = rendered(&config, Lang::En, &Fake { wall: None, ..view });
        assert_eq!(page.matches("<time").count(), planned + begun, "{scene}");
        assert!(!page.contains("since <") && !page.contains("UTC"), "{scene}");
        assert!(page.contains("not known") || page.contains("has not reported since"), "{scene}");
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

/// Each state and each way not to know has words of its own, with the colours and shapes taken
/// away.
#[test]
fn states_are_told_in_words() {
    let config = association();
    let all = |view: Fake| {
        let page = rendered(&config, Lang::En, &view);
        let body = page.split_once("<header>").unwrap().1.split_once("<footer>").unwrap().0;
        body.split('<').filter_map(|tag| Some(tag.split_once('>')?.1)).collect::<String>()
    };
    let every = |finding| Some(ComponentView { finding, ..ComponentView::default() });
    let mut seen: Vec<_> =
        Finding::ALL.map(|finding| all(Fake { every: every(finding), ..Fake::default() })).to_vec();
    assert!(seen[0].contains("Everything works") && !seen[0].contains("affected"));
    let down = seen.last_mut().unwrap();
    assert!(down.contains("4 of 4 services are down"));
    let silent = all(Fake { every: every(Finding::Silent), ..Fake::default() });
    assert!(silent.contains("We hear nothing from the monitoring"));
    let missed = all(Fake { every: every(Finding::NeverHeard), missed: true, ..Fake::default() });
    assert!(missed.contains("We hear nothing from the monitoring"));
    let length = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), length);
}

#[test]
fn a_reason_that_all_parts_of_a_service_share_is_said_once() {
    let config = association();
    let why = "has not reported everything yet";
    let mut view = scenes::all().into_iter().find(|(scene, _)| *scene == "resync").unwrap().1;
    assert_eq!(rendered(&config, Lang::En, &view).matches(why).count(), 4);
    // Another reason in the last service, and its two parts speak for themselves.
    view.set(15, Finding::Silent, 43);
    assert_eq!(rendered(&config, Lang::En, &view).matches(why).count(), 4);
    assert_eq!(rendered(&config, Lang::En, &view).matches("has stopped reporting").count(), 1);
    // The first service has eight parts; one that is down keeps the others' reason with them.
    view.set(0, Finding::Outage, 43);
    assert_eq!(rendered(&config, Lang::En, &view).matches(why).count(), 3 + 7);
}

#[test]
fn the_headline_is_never_greener_than_what_stands_below_it() {
    let config = association();
    let headline = |view: &Fake| title(&rendered(&config, Lang::En, view)).to_owned();
    let well = scenes::well();
    assert_eq!(headline(&well), "Everything works");
    let mut silent = well.clone();
    silent.set(3, Finding::Silent, 43);
    assert_eq!(headline(&silent), "We do not know everything");
    assert_eq!(headline(&scenes::trouble()), "Something is down");
    // An incident's card, too: its component was announced to be down, and nothing is known of it
    // now.
    let mut carded = silent.clone();
    carded.incidents = vec![(scenes::incident(1, 0, State::Outage, 50), Vec::new())];
    assert_eq!(headline(&carded), "Something is down");
    // What people say counts, though every component works, and though work is being done.
    let mut said = well.clone();
    said.said.insert(1, (State::Outage, true));
    assert_eq!(headline(&said), "Something is down");
    let page = rendered(&config, Lang::En, &said);
    assert_eq!(page.matches("<b>Down</b></h2>").count(), 1, "{page}");
    assert!(!page.contains("it is probably your device"), "{page}");
    said.components.get_mut(&15).unwrap().maintenance = true;
    assert_eq!(headline(&said), "Something is down");
}

/// Who has twelve services looks for one of them.
#[test]
fn what_works_is_folded_and_nothing_else_is() {
    let folds = |view: &Fake| {
        let page = rendered(&scenes::many(), Lang::En, view);
        let open = page.matches("<details id=s").count() - page.matches(" open=\"\">").count();
        assert_eq!(page.matches("<summary><h2 class=").count(), 12);
        // All of it is there, for browsers that cannot fold.
        assert_eq!(page.matches(" id=c").count(), 60);
        open
    };
    assert_eq!(folds(&scenes::many_well()), 12);
    assert_eq!(folds(&scenes::many_down()), 10);
    let silent = ComponentView { finding: Finding::Silent, ..ComponentView::default() };
    assert_eq!(folds(&Fake { every: Some(silent), ..Fake::default() }), 0);
    let mut said = scenes::many_well();
    said.said.insert(4, (State::Degraded, false));
    assert_eq!(folds(&said), 11);
}

#[test]
fn a_service_is_down_or_partly_down() {
    let config = association();
    let mut view = scenes::well();
    view.set(0, Finding::Outage, 10);
    let page = rendered(&config, Lang::En, &view);
    assert!(page.contains("Partly down") && page.contains("<a class=down href=\"#c1\">"));
    for part in 1..8 {
        view.set(part, Finding::Outage, 10);
    }
    let page = rendered(&config, Lang::En, &view);
    assert!(
        !page.contains("Partly down")
            && page.contains("<a class=down href=\"#s1\">")
            && !page.contains("<a class=down href=\"#c1\">")
    );
}

#[test]
fn what_alerts_say_is_cut_and_counted_and_never_hides_a_state() {
    let config = association();
    let long = "é".repeat(TEXT_SHOWN_BYTES);
    let page = rendered(&config, Lang::En, &scenes::trouble().saying(&long));
    assert!(page.contains(&format!(">{}…</bdi>", "é".repeat(TEXT_SHOWN_BYTES / 2))) && !page.contains(&long));
    assert!(!page.contains("more messages"));

    let down = ComponentView { finding: Finding::Outage, ..ComponentView::default() };
    let much = vec!["&".repeat(TEXT_SHOWN_BYTES); TEXTS_SHOWN + 2];
    let texts = (0..16).map(|part| (part, much.clone())).collect();
    let page = rendered(&config, Lang::En, &Fake { every: Some(down), texts, ..Fake::default() });
    println!("bound: {} bytes", worst_case(&config, SITE));
    assert!(page.contains("There are more messages than fit here."));
    assert_eq!(page.matches("<li class=down id=c").count(), 16);
    assert!(page.len() <= worst_case(&config, SITE));
}

/// The texts of a page, without tags and signs.
fn words(page: &str) -> String {
    let body = page.split_once("<body>").unwrap().1;
    let texts = body.split('<').filter(|piece| !piece.starts_with("i aria-hidden"));
    let text: String = texts.filter_map(|tag| Some(tag.split_once('>')?.1)).collect();
    text.replace("  ", " ")
}

#[test]
fn a_title_says_of_which_service_each_component_is() {
    let config = association();
    let (wifi, mail) = (ServiceId(0), ServiceId(1));
    let all = |service: ServiceId| config.components_of(service).map(|(id, _)| id).collect::<Vec<_>>();
    let first = |service: ServiceId| vec![all(service)[0]];
    let told = |service: ServiceId, parts: &[&[ComponentId]]| {
        let mut view = scenes::incidents();
        let incident = &mut view.incidents[1].0;
        (incident.service, incident.components) = (service, ComponentSet::EMPTY);
        parts.concat().into_iter().for_each(|id| incident.components.insert(id));
        let kind = PageKind::Incident(incident.number);
        words(&rendered_as(&config, Lang::En, &view, kind))
    };
    let files = config.text(&config.components[all(mail)[0].index()].title, Lang::En);
    for (service, parts, title) in [
        (wifi, [first(wifi), vec![]], "Wi-Fi · Heron, north side"),
        (mail, [all(mail), vec![]], "Mail and files"),
        // After a merge, or because one depends on the other.
        (mail, [all(mail), first(wifi)], "Mail and files + Wi-Fi · Heron, north side"),
        (wifi, [all(mail), first(wifi)], "Wi-Fi · Heron, north side + Mail and files"),
        (wifi, [all(mail), all(wifi)], "Wi-Fi + Mail and files"),
        (wifi, [first(mail), first(wifi)], &format!("Wi-Fi · Heron, north side + Mail and files · {files}")),
    ] {
        let page = told(service, &[&parts[0], &parts[1]]);
        let (before, _) = page.split_once(" Down · ").unwrap_or_else(|| panic!("{page}"));
        assert!(before.ends_with(title), "{title}: {before}");
        assert!(!page.contains('…'), "{page}");
    }
    // It is short, and the page of the incident tells what it leaves out.
    let most = &all(wifi)[1..];
    let page = told(mail, &[&all(mail), most]);
    assert!(page.contains("Mail and files + Wi-Fi · Heron, south side · Stork · Swift · … Down"), "{page}");
    assert!(most.iter().all(|id| page.contains(config.text(&config.components[id.index()].title, Lang::En))));
    let page = told(wifi, &[&all(wifi)[..3], &all(mail)]);
    assert!(page.contains("Wi-Fi · Heron, north side · Heron, south side · Stork + … Down"), "{page}");
}

#[test]
fn current_incidents_are_told_the_worst_and_the_newest_first() {
    let config = association();
    let page = words(&rendered(&config, Lang::En, &scenes::incidents()));
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text} in {page}"));
    for pair in [
        "2 of 4 services are partly down: Wi-Fi\u{a0}· Telephone",
        "Wi-Fi · Heron, south side · Stork + Telephone · Outgoing calls",
        "Down · trouble since 08:24",
        "We know the cause · 09:01L’électricien passe avant midi. En attendant, prenez le réseau Cigogne.",
        "We know the cause · 08:45There is no electricity there.",
        "This too · Stork – Down · 08:36",
        "We are looking for the cause · 08:31Somebody is going there.",
        "Read all of it",
        "Slow evenings",
        "Works badly · trouble since 08:54",
        "It began · Tit – Works badly · 08:54",
        "What we do not know about",
        "What happened before20 November Wi-Fi · Swift – Down · 13:06 – 14:41",
        "17 November VPN · Amsterdam – Works badly · ",
        "09:06 – 18 November, 11:06",
    ]
    .windows(2)
    {
        assert!(at(pair[0]) < at(pair[1]), "{pair:?}");
    }
    // Its page has every step, and none that is of the console.
    let whole = words(&rendered_as(&config, Lang::En, &scenes::incidents(), PageKind::Incident(7)));
    assert!(whole.contains("It began · Heron, south side – Works badly · 08:24"));
    assert!(whole.contains("It got worse · Heron, south side – Down · 08:26"));
    assert!(whole.contains("How things are now") && !whole.contains("Read all of it"));
    assert_eq!(whole.matches(" · 0").count(), 6, "{whole}");
    let over = words(&rendered_as(&config, Lang::En, &scenes::incidents(), PageKind::Incident(6)));
    assert!(over.contains("Over · 20 November, 13:06 – 14:41"), "{over}");
    assert!(over.contains("All is well again · 20 November, 14:41"), "{over}");
}

#[test]
fn what_contradicts_is_said() {
    let config = association();
    let page = words(&rendered(&config, Lang::En, &scenes::forced()));
    for text in [
        // Theirs is the better word: it is a claim.
        "The team says: Planned work · 07:36 · The rest of this page says otherwise.",
        "The team says that it is over, but the monitoring still reports trouble.",
        "WorksIt works again; we are still watching.",
        "Something was done, we are watching · 03:26 · correctedNeues Kabel, wir schauen zu.",
        "No more news · Great crested grebe, main hall · 02:36",
        "Affected by: Link to the Internet",
        "Partly down",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    // A worse word than what is known is the title.
    let mut view = scenes::maintenance();
    for (state, title) in [
        (Forced::Operational, "The team says: Everything works · The rest of this page says otherwise."),
        (Forced::Maintenance, " Planned work on Mail and files; everything else worksSet by the team."),
        (Forced::Degraded, "Something works badlySet by the team."),
        (Forced::Outage, "Something is downSet by the team."),
    ] {
        view.banner = Some(BannerView { state: Some(state), words: Words::None, at: None, who: 0 });
        let page = rendered(&config, Lang::En, &view);
        assert!(words(&page).contains(title), "{title}: {page}");
        let kept = overruled(&config, SiteId(0), &view);
        assert_eq!(kept, (state == Forced::Operational).then_some("Planned work"));
        // A claim stands below the box that it contradicts.
        let (inside, below) = page.split_once("</strong>").unwrap().1.split_once("</div>").unwrap();
        assert_eq!(below.contains("The team says"), kept.is_some());
        assert!(!inside.contains("The team says"));
        let green = page.contains("<div class=\"now some work\">");
        assert_eq!(green, state == Forced::Operational || state == Forced::Maintenance);
    }
    // A cause of another site is nobody's business here.
    let mut view = scenes::trouble();
    view.components.get_mut(&1).unwrap().affected_by = Some(aiglon::model::ComponentId(200));
    assert!(!rendered(&config, Lang::En, &view).contains("Affected by"));
}

#[test]
fn planned_work_is_no_trouble() {
    let config = association();
    let page = rendered(&config, Lang::En, &scenes::maintenance());
    let text = words(&page);
    for part in [
        "Planned work on Mail and files; everything else worksLast news",
        "If you use something that is being worked on",
        "Mail and files · MailNow until 09:46We are installing an update.",
        "VPNfrom 22 November, 22:06 until 22:36 · every week",
        "Wi-Fi · Heron, south sidefrom 27 November, 09:06 until 28 November, 15:06",
        "Mail Planned work",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(page.contains("<div class=\"now some work\">") && !page.contains("<nav"));
    assert!(page.contains("<ul><li>bring your router</li>"));
    // What fails beside it is trouble; and nobody watching is not well.
    let mut view = scenes::maintenance();
    view.set(3, Finding::Degraded, 5);
    assert_eq!(first_line(&rendered(&config, Lang::En, &view)), "1 of 4 services works badly: Wi-Fi");
    let mut view = scenes::maintenance();
    view.set(3, Finding::Silent, 43);
    let unknown = "We do not know everything about 1 of 4 services: Wi-Fi";
    assert_eq!(first_line(&rendered(&config, Lang::En, &view)), unknown);
    // Too far ahead nothing is announced; without a clock, nobody knows what is.
    let mut view = scenes::well();
    view.maintenance = vec![scenes::window(1, None, 15 * 24 * 60, 60)];
    assert!(!rendered(&config, Lang::En, &view).contains("Planned work</h2>"));
    view.maintenance = vec![scenes::window(1, None, 24 * 60, 60)];
    assert!(rendered(&config, Lang::En, &view).contains("Planned work</h2>"));
    assert!(rendered(&config, Lang::En, &Fake { wall: None, ..view }).contains("Planned work</h2>"));
}

/// Whoever did something, no page tells it: neither their hash nor that they saw it or gave it a
/// title.
/// A French time has a comma of its own, so its end stands behind a stronger sign.
#[test]
fn the_end_of_planned_work_is_set_apart_in_french() {
    let page = words(&rendered(&association(), Lang::Fr, &scenes::maintenance()));
    for when in
        ["Maintenant, fin prévue 09:46", "dès le 22 novembre, 22:06\u{a0}; fin prévue 22:36 · chaque semaine"]
    {
        assert!(page.contains(when), "{when}: {page}");
    }
}

#[test]
fn nobody_is_named() {
    let config = association();
    for view in [scenes::incidents(), scenes::maintenance(), scenes::forced()] {
        let kinds = view.incidents.iter().map(|(incident, _)| PageKind::Incident(incident.number));
        for which in kinds.chain([PageKind::Now, PageKind::History]) {
            for lang in Lang::ALL {
                let page = rendered_as(&config, lang, &view, which);
                for hash in [format!("{}", scenes::WHO), format!("{:x}", scenes::WHO)] {
                    assert!(!page.contains(&hash));
                }
            }
        }
    }
    // With and without them the page is the same.
    let mut view = scenes::incidents();
    let with = rendered_as(&config, Lang::En, &view, PageKind::Incident(7));
    for (_, steps) in &mut view.incidents {
        steps.retain(|step| !matches!(step.step, Step::Acknowledged | Step::Retitled));
        for step in steps.iter_mut() {
            step.who = step.who.min(1);
        }
    }
    assert_eq!(with, rendered_as(&config, Lang::En, &view, PageKind::Incident(7)));
}

#[test]
fn words_in_another_language_say_so() {
    let config = association();
    let check = |lang: &'static str, page: Lang, expected: &str| {
        let mut view = scenes::well();
        view.banner = Some(BannerView { state: None, words: scenes::own(lang, "x"), at: None, who: 0 });
        let page = rendered(&config, page, &view);
        assert!(page.contains(&format!("<div class=board>{expected}<p>x</p></div>")), "{lang}: {page}");
    };
    check("en", Lang::En, "<div class=words>");
    check("en-GB", Lang::En, "<div class=words>");
    check("fr", Lang::En, "<div class=words lang=\"fr\" dir=\"ltr\">");
    check("ar", Lang::Fr, "<div class=words lang=\"ar\" dir=\"rtl\">");
    check("ku-Arab", Lang::Ar, "<div class=words lang=\"ku-Arab\" dir=\"rtl\">");
    check("ar-Latn", Lang::Ar, "<div class=words lang=\"ar-Latn\" dir=\"ltr\">");
    check("\"><script>", Lang::En, "<div class=words lang=\"\" dir=\"auto\">");
    // Without a language of their own they have the site's, which is English here.
    check("", Lang::En, "<div class=words>");
    check("", Lang::Fr, "<div class=words lang=\"en\" dir=\"ltr\">");
}

/// What `option page '0'` hides is in no word, count, bar or link of any page.
#[test]
fn what_is_hidden_is_on_no_page() {
    let mut view = scenes::incidents();
    // One of nothing but hidden parts; one that began on a hidden service, and one on a shown one.
    let telephone =
        |number| IncidentView { service: ServiceId(3), ..scenes::incident(number, 15, State::Outage, 9) };
    let mut joined = telephone(22);
    joined.components.insert(aiglon::model::ComponentId(12));
    let steps = |part| {
        vec![
            scenes::step(1, Step::Opened, part, State::Outage, 9),
            scenes::step(2, Step::Joined, 12, State::Degraded, 8),
        ]
    };
    view.incidents.insert(0, (telephone(21), steps(15)));
    view.incidents.insert(0, (joined, steps(15)));
    view.set(12, Finding::Degraded, 8);
    view.components.get_mut(&12).unwrap().affected_by = Some(aiglon::model::ComponentId(14));
    view.maintenance = vec![
        MaintenanceView { service: ServiceId(3), ..scenes::window(1, Some(14), -10, 60) },
        MaintenanceView { service: ServiceId(3), ..scenes::window(2, None, 60, 60) },
        scenes::window(3, Some(2), 90, 60),
    ];
    view.past_maintenance = vec![scenes::window(4, Some(2), -600, 90)];
    view.said.insert(3, (State::Outage, true));
    let names = ["Telephone", "Incoming calls", "Outgoing calls", "Stork"];
    let pages = |config: &Config| {
        let view = Visible::new(config, view.clone());
        [PageKind::Now, PageKind::History, PageKind::Incident(7), PageKind::Incident(22)].map(|kind| {
            let mut buf = Box::new(Bytes::<PAGE_BYTES>::new());
            page(&mut *buf, config, SITE, Lang::En, &view, kind).unwrap();
            String::from_utf8(buf.as_slice().to_vec()).unwrap()
        })
    };
    let mut config = association();
    for name in names {
        assert!(pages(&config).iter().any(|page| page.contains(name)), "{name}");
    }
    // As the loader does: a service hides its parts.
    config.services[3].hidden = true;
    for part in [2, 14, 15] {
        config.components[part].hidden = true;
    }
    let all = pages(&config);
    for name in names {
        assert!(all.iter().all(|page| !page.contains(name)), "{name}: {all:?}");
    }
    let visible = Visible::new(&config, view.clone());
    assert!(!has_incident(&visible, SITE, 21) && has_incident(&visible, SITE, 22));
    let [now, history, seven, joined] = all.map(|page| words(&page));
    assert!(now.contains("1 of 3 services is partly down: Wi-Fi"), "{now}");
    // It is told of the part that is left, at its own state.
    assert!(joined.contains("VPN · Amsterdam Works badly") && !joined.contains("Down"), "{joined}");
    assert!(!seven.contains("This too") && seven.contains("We know the cause"), "{seven}");
    assert!(!now.contains("Planned work") && !history.contains("Planned work"), "{now}{history}");
    assert!(!now.contains("Affected by"), "{now}");
    // A site of which all is hidden is one without services.
    config.services.iter_mut().for_each(|service| service.hidden = true);
    config.components.iter_mut().for_each(|part| part.hidden = true);
    let [now, ..] = pages(&config);
    assert!(words(&now).contains("Nothing to show yet"), "{now}");
}

/// `option times` of a site holds for every time on every page, and for what a program reads there.
#[test]
fn times_are_told_as_exactly_as_the_site_says() {
    let mut config = association();
    let pages = |config: &Config| {
        let mut pages = Vec::new();
        for (_, view) in scenes::all() {
            let kinds = view.incidents.iter().map(|(incident, _)| PageKind::Incident(incident.number));
            for kind in kinds.chain([PageKind::Now, PageKind::History]) {
                pages.extend(Lang::ALL.map(|lang| rendered_as(config, lang, &view, kind)));
            }
        }
        let all = pages.concat();
        // Digits on both sides of a colon, in whichever language.
        let signs: Vec<char> = all.chars().collect();
        let clocks = signs.windows(5).filter(|at| at[2] == ':' && at[1].is_numeric() && at[3].is_numeric());
        let clocks: Vec<_> = clocks.map(|at| (at[3].to_digit(10), at[4].to_digit(10))).collect();
        (all, clocks)
    };
    let exact = pages(&config);
    assert!(exact.1.iter().filter(|minutes| **minutes != (Some(0), Some(0))).count() > 500);
    config.sites[0].times = Times::Hour;
    let (all, clocks) = pages(&config);
    assert_eq!(clocks.len(), exact.1.len());
    assert!(clocks.iter().all(|&(tens, ones)| tens.unwrap_or(0) == 0 && ones.unwrap_or(0) == 0), "{all}");
    assert!(all.contains("datetime=\"2026-11-21T09:00Z\">21 November, 09:00<"), "{all}");
    assert!(all.contains("Times are given without minutes, in <bdi>UTC</bdi>."), "{all}");
    config.sites[0].times = Times::Day;
    let (all, clocks) = pages(&config);
    assert_eq!(clocks, []);
    let text = words(&rendered_as(&config, Lang::En, &scenes::incidents(), PageKind::Now));
    for part in [
        "Last news from the monitoring: 21 November",
        "Down · trouble since today",
        "We know the cause · today",
        "trouble since 20 November",
        "trouble since 17 October 2025",
        "Swift – Down · 20 November",
        "Works badly · 17 November – 18 November",
        "Only the day is given, without the hour.",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let plan = words(&rendered(&config, Lang::En, &scenes::maintenance()));
    for part in ["Now until today", "from 22 November until 22 November · every week", "until 28 November"] {
        assert!(plan.contains(part), "{part}: {plan}");
    }
    // It is the day of the site, for programs too.
    config.sites[0].timezone = aiglon::time::tz::Tz::parse("CET-14").unwrap();
    let page = rendered(&config, Lang::En, &scenes::incidents());
    assert!(page.contains("<time datetime=\"2026-11-21\">21 November</time>"), "{page}");
    assert!(page.contains("<time datetime=\"2026-11-20\">20 November</time>"), "{page}");
    assert!(all.contains("datetime=\"2026-11-20\""));
}

/// Every address on a page is relative to the site's root, wherever that is.
#[test]
fn every_link_stays_on_the_site() {
    let config = association();
    let mut view = scenes::incidents();
    for which in [PageKind::Now, PageKind::History, PageKind::Incident(7)] {
        let page = rendered_as(&config, Lang::En, &view, which);
        for (_, link) in page.match_indices("href=").map(|(at, _)| (at, &page[at + 5..])) {
            let link = link.trim_start_matches('"').split(['"', ' ', '>']).next().unwrap();
            let link = match which {
                PageKind::Incident(_) => link.strip_prefix("../").unwrap_or(link),
                _ => link.strip_prefix("./").unwrap_or(link),
            };
            let (link, query) = link.split_once('?').unwrap_or((link, ""));
            assert!(link.starts_with("https:") || query.is_empty() || query.starts_with("lang="), "{query}");
            let number = link.strip_prefix("incidents/");
            assert!(
                link.is_empty()
                    || link == "history"
                    || link.starts_with('#')
                    || link.starts_with("https://example.org/")
                    || number.is_some_and(|number| has_incident(&view, SITE, number.parse().unwrap())),
                "{link}"
            );
        }
    }
    assert!(has_incident(&view, SITE, 5) && !has_incident(&view, SITE, 9));
    // One that goes on in another says where.
    view.incidents[3].0.merged_into = Some(7);
    let page = rendered_as(&config, Lang::En, &view, PageKind::Incident(5));
    assert!(
        page.contains("This goes on as a part of:") && page.contains("href=\"../incidents/7?lang=en\""),
        "{page}"
    );
    assert!(!rendered(&config, Lang::En, &view).contains("incidents/5"));
}

#[test]
fn bars_pretend_nothing() {
    let config = association();
    let bar = |view: &Fake| {
        let page = rendered(&config, Lang::En, view);
        let bar = page.split_once("<svg ").unwrap().1.split_once("</svg>").unwrap();
        let text = bar.1.split_once("</p>").unwrap().0.to_owned();
        (bar.0.to_owned(), text.replace("<p>", ""))
    };
    let mut view = Fake { days: 90, ..scenes::well() };
    let (marks, text) = bar(&view);
    assert_eq!(marks, "viewBox=\"0 0 90 8\" role=none>");
    assert_eq!(text, "90\u{a0}days\u{a0}ago – 100\u{a0}% – today");
    // Fewer days are kept: fewer are shown.
    view.days = 14;
    assert!(bar(&view).0.starts_with("viewBox=\"0 0 14 8\" preserveAspectRatio=none"));
    view.past.insert((0, 13), Day { down: 1, ..scenes::whole(13) });
    let (marks, text) = bar(&view);
    assert!(marks.ends_with("><path class=down d=\"M0 4h1\"/>"), "{marks}");
    assert_eq!(text, "14\u{a0}days\u{a0}ago – 99.9\u{a0}% – today");
    view.past.extend((7..14).map(|ago| ((0, ago), Day::default())));
    let (marks, text) = bar(&view);
    assert!(marks.ends_with("><path class=na d=\"M0 6h7\"/>"), "{marks}");
    assert_eq!(text, "14\u{a0}days\u{a0}ago – 100\u{a0}%\u{a0}of\u{a0}7\u{a0}days – today");
    // A new page has no empty bars, nor words about them, and its history lists no names for them.
    let known = |view: &mut Fake, days: u8| {
        for part in 0..16 {
            view.past.extend((days + 1..14).map(|ago| ((part, ago), Day::default())));
        }
    };
    known(&mut view, 3);
    assert_eq!(rendered(&config, Lang::En, &view).matches("<svg").count(), 16);
    known(&mut view, 2);
    for kind in [PageKind::Now, PageKind::History] {
        let page = rendered_as(&config, Lang::En, &view, kind);
        assert!(!page.contains("<svg") && !page.contains("Bars:") && !page.contains("percentage"), "{page}");
        assert_eq!(page.contains("Heron, north side"), kind == PageKind::Now);
    }
    view.past.insert((0, 3), scenes::whole(3));
    let page = rendered_as(&config, Lang::En, &view, PageKind::History);
    assert!(
        page.contains("Heron, north side") && page.contains("Bars:") && !page.contains("Heron, south side")
    );
    view.days = 0;
    let page = rendered(&config, Lang::En, &view);
    assert!(!page.contains("<svg") && !page.contains("Bars:"));
}

/// After a gap in the monitoring, all parts work since its end, which is no news.
#[test]
fn what_works_tells_since_when_only_after_trouble() {
    let config = association();
    let mut view = scenes::well();
    for part in 0..16 {
        view.set(part, Finding::Well, 200);
    }
    let count = |view: &Fake| words(&rendered(&config, Lang::En, view)).matches("since 05:46").count();
    assert_eq!(count(&view), 0);
    view.past.insert((3, 0), Day { down: 5, ..scenes::whole(0) });
    view.past.insert((4, 1), Day { degraded: 5, ..scenes::whole(1) });
    view.past.insert((5, 2), Day { down: 5, ..scenes::whole(2) });
    view.past.insert((6, 0), Day { maintenance: 5, known: 20, ..Day::default() });
    assert_eq!(count(&view), 2);
    view.set(3, Finding::Well, 24 * 60 + 1);
    assert_eq!(count(&view), 1);
}

/// What people say stands above what happened by itself since, however much that is.
#[test]
fn the_newest_words_come_first_on_a_card() {
    let mut view = scenes::incidents();
    let (incident, steps) = &mut view.incidents[1];
    assert_eq!(incident.number, 7);
    steps.extend((8..20).map(|at| scenes::step(at, Step::Joined, 2, State::Outage, 4)));
    let page = words(&rendered(&association(), Lang::En, &view));
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text} in {page}"));
    assert!(at("L’électricien passe") < at("This too · Stork"));
    assert_eq!(page.matches("L’électricien passe").count(), 1);
    assert_eq!(page.matches("This too · Stork").count(), 3);
    // All of it stands in its order.
    let page = words(&rendered_as(&association(), Lang::En, &view, PageKind::Incident(7)));
    assert!(page.find("This too · Stork") < page.find("L’électricien passe"));
}

#[test]
fn history_begins_with_what_happened() {
    let page = rendered_as(&association(), Lang::En, &scenes::incidents(), PageKind::History);
    assert!(page.find("incidents/6").unwrap() < page.find("<svg").unwrap());
    assert!(!page.contains("Planned work"), "{page}");
    // What was planned stands in it, too.
    let mut view = scenes::incidents();
    view.past_maintenance = vec![scenes::window(3, Some(1), -600, 90)];
    let past = words(&rendered_as(&association(), Lang::En, &view, PageKind::History));
    assert!(
        past.contains("Planned work Wi-Fi · Heron, south side20 November, 23:06 – 21 November, 00:36"),
        "{past}"
    );
    // Who sees no bar reads how many days were bad.
    assert!(page.contains("99.3\u{a0}%\u{a0}of\u{a0}89\u{a0}days · bad days: 11 –"), "{page}");
}

/// In the history, a bad day of a component leads to the incident that tells of it.
#[test]
fn a_bad_day_leads_to_its_incident() {
    let (config, view) = (association(), scenes::incidents());
    let mut view = Fake { past: BTreeMap::new(), ..view };
    let bad = Day { down: 60, ..Day::default() };
    for (part, ago) in [(3, 1), (3, 9), (4, 1), (12, 2), (12, 3), (12, 4), (12, 5), (1, 0), (2, 0)] {
        view.past.insert((part, ago), Day { known: scenes::whole(ago).known, ..bad });
    }
    let page = |view: &Fake| rendered_as(&config, Lang::En, view, PageKind::History);
    let days = |page: &str, name: &str| {
        let part = page.split_once(&format!("<li><bdi>{name}</bdi><svg")).unwrap().1;
        let part = part.split("<li>").next().unwrap();
        let links = part.split("<a href=\"./incidents/").skip(1);
        links.map(|link| link.split_once("</a>").unwrap().0.replace("?lang=en\">", " ")).collect::<Vec<_>>()
    };
    let few = page(&view);
    // Where no incident of it is on record, nothing can be read.
    assert_eq!(days(&few, "Swift"), ["6 20 November"]);
    assert_eq!(days(&few, "Great crested grebe, main hall"), [""; 0]);
    assert_eq!(days(&few, "Amsterdam"), ["5 18 November", "5 17 November"]);
    assert_eq!(days(&few, "Heron, south side"), ["7 21 November"]);
    assert_eq!(few.matches("<p class=more><a href=\"./incidents/").count(), 4);
    // The newest only; and one that went on in another leads nowhere.
    view.incidents[3].0.began = Some(scenes::wall_ago(60 * 24 * 30));
    view.past.extend((2..20).map(|ago| ((12, ago), Day { known: 1440, ..bad })));
    let all = days(&page(&view), "Amsterdam");
    assert_eq!(all, ["5 18 November", "5 17 November", "5 16 November", "5 15 November", "5 14 November"]);
    view.incidents[3].0.merged_into = Some(7);
    assert_eq!(days(&page(&view), "Amsterdam"), [""; 0]);
    // The page of the site is no longer for it. Without a clock, nobody knows which day it is.
    assert!(!rendered(&config, Lang::En, &view).contains("<p class=more><a href=\"./incidents/"));
    let undated = page(&Fake { wall: None, ..view });
    assert!(!undated.contains("<p class=more><a href=\"./incidents/"), "{undated}");
}

/// People's words use up their room, and states are still there; the page says that something is
/// missing.
#[test]
fn what_people_say_never_hides_a_state() {
    let config = association();
    let long: &'static str = "&".repeat(900).leak();
    let mut view = scenes::with_past(scenes::trouble());
    view.banner = Some(BannerView { state: None, words: scenes::own("en", long), at: None, who: 0 });
    for number in 1..=8 {
        let incident = IncidentView { title: &long[..160], ..scenes::incident(number, 1, State::Outage, 10) };
        let update = |at| scenes::update(at, Step::Update(Phase::Identified), scenes::own("en", long), 9);
        view.incidents.push((incident, (1..60).map(update).collect()));
    }
    view.maintenance = (1..9)
        .map(|n| MaintenanceView { words: scenes::own("en", long), ..scenes::window(n, None, 60, 60) })
        .collect();
    for lang in Lang::ALL {
        let page = rendered(&config, lang, &view);
        assert_eq!(page.matches(" id=c").count(), 16);
        assert_eq!(page.matches("<svg").count(), 16);
        assert!(page.len() <= worst_case(&config, SITE), "{}", page.len());
    }
    let page = rendered(&config, Lang::En, &view);
    assert!(
        page.contains("There are more messages than fit here.") && page.contains("There are more incidents")
    );
    // Alone it has more room, and the newest steps first.
    let page = rendered_as(&config, Lang::En, &view, PageKind::Incident(3));
    assert!(page.matches("We know the cause").count() >= 10 && page.contains("There are more messages"));
}

/// As many services and components as a configuration may have, named as people name them: each in
/// trouble, with three months of bad days, and with incidents at the top. `check` takes it, however
/// bad all of it becomes.
#[test]
fn a_page_of_all_services_and_components_fits_its_buffer() {
    let mut config = association();
    let (services, components) = (config.services.clone(), config.components.clone());
    config.services.clear();
    config.components.clear();
    let mut view = scenes::incidents();
    for number in 0..SERVICES {
        config.services.push(services[number % services.len()]).ok().unwrap();
    }
    for number in 0..COMPONENTS {
        let service = ServiceId((number % SERVICES).try_into().unwrap());
        let part = Component { service, ..components[number % components.len()] };
        config.components.push(part).ok().unwrap();
        view.set(number, [Finding::Outage, Finding::Degraded, Finding::Lapsed][number % 3], 42);
        for ago in 0..89_u8 {
            let day = view.past.get(&(number % 16, ago)).copied();
            view.past.extend(day.map(|day| ((number, ago), day)));
        }
    }
    assert!(worst_case(&config, SITE) <= PAGE_BYTES, "{}", worst_case(&config, SITE));
    for lang in Lang::ALL {
        let page = rendered(&config, lang, &view);
        println!("{SERVICES} services, {COMPONENTS} components in {}: {} bytes", lang.tag(), page.len());
        assert_eq!(page.matches(" id=c").count(), COMPONENTS);
        assert!(page.len() <= PAGE_BYTES && page.len() <= worst_case(&config, SITE), "{}", lang.tag());
    }
}

/// An archive that somebody forged may promise news at any time.
#[test]
fn a_promise_for_no_time_that_there_is_harms_no_page() {
    for next in [i64::MIN, -1, 0, i64::MAX] {
        let mut view = scenes::trouble();
        view.incidents = vec![(
            IncidentView { next: Some(Wall(next)), ..scenes::incident(1, 1, State::Outage, 9) },
            Vec::new(),
        )];
        for lang in Lang::ALL {
            let page = rendered(&association(), lang, &view);
            assert!(page.len() <= worst_case(&association(), SITE), "{next}");
        }
    }
}

#[test]
fn a_page_that_does_not_fit_is_an_error() {
    let config = association();
    let mut small = Bytes::<4096>::new();
    assert_eq!(page(&mut small, &config, SITE, Lang::En, &scenes::well(), PageKind::Now), Err(PageFull));
    assert!(small.is_empty());
}

#[test]
fn the_policy_allows_the_one_style_and_nothing_else() {
    the_policy_is_of(&rendered(&association(), Lang::En, &scenes::well()), CSP);
}

fn the_policy_is_of(page: &str, policy: &str) {
    use base64ct::Encoding;
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let mut hash = [0; 44];
    let hash = base64ct::Base64::encode(&hmac_sha256::Hash::hash(style.as_bytes()), &mut hash).unwrap();
    assert!(policy.contains(&format!("style-src 'sha256-{hash}';")), "{policy}");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    for foreign in ["http-equiv", "<script", "<link", "<img", "url(", "@import", "src=", " style="] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

/// The class of each state, and its sign.
const SIGNS: [(&str, &str); 5] = [("ok", "✓"), ("warn", "!"), ("down", "×"), ("work", "···"), ("na", "?")];

/// Text browsers and old phones draw no sign that a style sheet adds.
#[test]
fn every_state_has_its_sign_as_text_beside_it() {
    let mut seen = BTreeMap::new();
    for (name, page) in Lang::ALL.into_iter().flat_map(each_page) {
        let body = page.split_once("<body>").unwrap().1;
        let mut signs = 0;
        for (class, sign) in SIGNS {
            for mark in [
                format!(" class={class} "),
                format!(" class=\"now {class}\""),
                format!(" class=\"now some {class}\""),
                format!(" class={class}>"),
            ] {
                for (at, _) in body.match_indices(&mark) {
                    if body[..at].ends_with("<path") {
                        continue;
                    }
                    let after = body[at..].split_once("<i aria-hidden=true>").unwrap().1;
                    assert!(after.starts_with(&format!("{sign}</i> ")), "{name}: {class}: {after}");
                    signs += 1;
                    *seen.entry(class).or_insert(0) += 1;
                }
            }
        }
        assert_eq!(body.matches("<i ").count(), signs, "{name}: {body}");
    }
    assert_eq!(seen.len(), SIGNS.len(), "{seen:?}");
}

/// Phones of 2012 and small browsers know neither custom properties nor grid, and drop what they do
/// not know.
#[test]
fn the_style_sheet_gives_old_browsers_all_that_they_need() {
    let page = rendered(&association(), Lang::En, &scenes::well());
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let mut plain = 0;
    for rule in style.split(['{', '}']) {
        let declarations: Vec<_> = rule.split(';').filter_map(|one| one.split_once(':')).collect();
        for (place, (property, value)) in declarations.iter().enumerate() {
            if value.contains("var(") {
                // The contrast that a reader wishes for, in browsers that know of it.
                if property.starts_with("--") {
                    continue;
                }
                let (before, literal) = declarations[place.checked_sub(1).expect(rule)];
                assert!(before == *property && literal.contains('#') && !literal.contains("var("), "{rule}");
                plain += 1;
            }
        }
    }
    assert!(plain > 20, "{plain}");
    // The style sheet draws no sign.
    for (at, _) in style.match_indices("content:") {
        let before = style[..at].chars().next_back().unwrap();
        assert!("-".contains(before) || style[at..].starts_with("content:\"\""), "{}", &style[at..]);
    }
    // NetSurf drops a space behind a block in a line: the word would touch its sign.
    let newer = style.find("@supports").unwrap();
    assert!(style[..newer].contains("i,.langs a{margin-right:.25rem}"), "{style}");
    // What is newer stands on top, in a block of its own.
    for new in
        ["grid", "flex", "-inline", "-block:", "inset", "gap:", "clamp(", "min(", "max(", ":is(", ":where("]
    {
        assert!(!style[..newer].contains(new), "{new}");
    }
}

#[test]
fn every_class_has_a_rule_and_every_rule_a_class() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let files = |dir: &str, ext: &str| -> Vec<String> {
        let paths = fs::read_dir(format!("{root}{dir}")).unwrap().map(|entry| entry.unwrap().path());
        let paths = paths.filter(|path| path.extension().is_some_and(|found| found == ext));
        paths.map(|path| fs::read_to_string(path).unwrap()).collect()
    };
    let is_name = |c: char| c.is_ascii_lowercase();
    // The classes of the pages that golden files hold, and those that the renderer can give.
    let mut classes = BTreeSet::new();
    for page in files("tests/golden", "html") {
        let body = page.split_once("</style>").unwrap().1.to_owned();
        for part in body.split("class=").skip(1) {
            let value = part.strip_prefix('"').map_or_else(
                || part.split([' ', '>']).next().unwrap(),
                |quoted| quoted.split('"').next().unwrap(),
            );
            classes.extend(value.split_whitespace().map(str::to_owned));
        }
    }
    for source in files("src/render", "rs") {
        let named = source.split("class: \"").skip(1);
        classes.extend(named.map(|part| part.split('"').next().unwrap().to_owned()));
    }
    let css = fs::read_to_string(format!("{root}www/style.css")).unwrap();
    let mut ruled = BTreeSet::new();
    let uncommented = css.split("*/").map(|part| part.split("/*").next().unwrap()).collect::<String>();
    for (part, before) in uncommented.split('.').skip(1).zip(uncommented.split('.')) {
        let name: String = part.chars().take_while(|&c| is_name(c)).collect();
        // Not the fraction of a number, with its unit or without.
        if !name.is_empty() && !before.ends_with(|c: char| c.is_ascii_digit()) {
            ruled.insert(name);
        }
    }
    assert!(ruled.contains("overall") && classes.contains("overall"));
    assert_eq!(classes, ruled);
}

/// WCAG 2.2, 1.4.3: every pair of colours that text is written in has a contrast of 4.5, light and
/// dark.
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

/// Who sees trouble that the monitoring does not see is told whom to tell.
#[test]
fn who_knows_more_than_the_page_can_say_so() {
    let config = scenes::with_contact();
    let scenes: BTreeMap<_, _> = scenes::all().into_iter().collect();
    for lang in Lang::ALL {
        let own = catalogue(lang);
        let text = config.text(&config.sites[0].contact, lang);
        let link = format!("<a href=\"mailto:status@example.org\" rel=noreferrer><bdi>{text}</bdi></a>");
        let said = |key: &str| format!("<p class=more>{}</p>", own[key].replace("{name}", &link));
        for (scene, key) in [
            ("well", "contact.ask"),
            ("down", "contact.ask"),
            ("trouble", "contact.else"),
            ("maintenance", "contact.else"),
        ] {
            let page = rendered(&config, lang, &scenes[scene]);
            let hint = format!(" {}</p><p class=more>{link}</p>", own[key]);
            assert!(page.contains(&hint), "{scene} in {}: {page}", lang.tag());
            let (_, foot) = page.split_once("<footer>").unwrap();
            assert!(foot.contains(&said("contact.foot")), "{scene} in {}: {page}", lang.tag());
            assert_eq!(page.matches(&link).count(), 2, "{page}");
        }
        for kind in [PageKind::History, PageKind::Incident(7)] {
            let page = rendered_as(&config, lang, &scenes["incidents"], kind);
            assert_eq!(page.matches(&said("contact.foot")).count(), 1, "{page}");
            assert_eq!(page.matches(&link).count(), 1, "{page}");
        }
    }
    // Words alone lead nowhere, and what nobody wrote is not there.
    let mut config = config;
    config.sites[0].contact_url = aiglon::text::Span::EMPTY;
    let page = rendered(&config, Lang::En, &scenes["well"]);
    assert!(page.contains("<p class=more>Contact: <bdi>Write to the team</bdi></p>"), "{page}");
    assert!(!page.contains("mailto:"), "{page}");
    let page = rendered(&association(), Lang::En, &scenes["well"]);
    assert!(!page.contains("Contact") && !page.contains("does not work for you"), "{page}");
    // No other address leads anywhere, whatever a configuration says.
    config.sites[0].contact_url = config.intern("javascript:alert(1)").unwrap();
    let page = rendered(&config, Lang::En, &scenes["well"]);
    assert!(page.contains("<a href=\"\" rel=noreferrer>") && !page.contains("javascript"), "{page}");
}

/// The way back is relative, and what does not fit is no page.
#[test]
fn who_is_lost_finds_back() {
    let config = association();
    for lang in Lang::ALL {
        for (up, back) in [(0, "./"), (1, "../"), (8, "../../../../../../../../")] {
            let page = lost(&config, lang, up).unwrap();
            let words = catalogue(lang);
            let link = format!("<a href=\"{back}?lang={}\">{}</a>", lang.tag(), words["back"]);
            assert!(page.contains(&link), "{page}");
            assert_eq!(page.matches(&words["missing"]).count(), 2, "{page}");
            assert!(page.len() < 900, "{page}");
            the_policy_is_of(&page, CSP_MISSING);
        }
        assert_eq!(lost(&config, lang, 9), Err(PageFull));
        assert_eq!(lost(&config, lang, usize::MAX), Err(PageFull));
        let page = lost(&hostile("<script>\"&"), lang, 0).unwrap();
        assert!(page.contains("<h1><bdi>&lt;script&gt;\"&amp;") && !page.contains("<script"), "{page}");
        assert_eq!(lost(&hostile(&"<".repeat(200)), lang, 0), Err(PageFull));
    }
}

fn any_finding() -> impl Strategy<Value = Finding> {
    prop::sample::select(Finding::ALL.to_vec())
}

/// The tags of a page, with what is theirs to open or close.
const TAGS: [&str; 33] = [
    "details",
    "summary",
    "i",
    "h3",
    "svg",
    "path",
    "br",
    "em",
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
        states in prop::collection::vec((any_finding(), 0..3_000_000u32), 16),
        missed in any::<bool>(),
        wall in prop::option::of(1_700_000_000_000..1_900_000_000_000i64),
        name in "\\PC{0,40}|[<>&\"'\u{202e}\u{1b}a]{0,40}",
        text in "\\PC{0,300}|[<>&\"'\u{202e}\u{1b}a]{0,300}",
        lang in prop::sample::select(Lang::ALL.to_vec()),
        said in "(\\PC|[*_<>&\n-]|https://a.b/){0,300}",
        forced in prop::option::of(prop::sample::select(Forced::ALL.map(|(state, _)| state).to_vec())),
        story in prop::collection::vec((prop::sample::select(vec![State::Outage, State::NoData, State::Operational]),
            prop::sample::select(vec![Step::Opened, Step::Worse, Step::NoData, Step::Update(Phase::Monitoring), Step::Resolved])), 0..12),
        days in 0..=90u8,
        times in prop::sample::select(vec![Times::Exact, Times::Hour, Times::Day]),
    ) {
        let mut view = Fake { wall: wall.map(Wall), missed, days, ..Fake::default() };
        let said: &'static str = said.leak();
        let words = Words::Own { lang: "ps", text: said };
        view.banner = Some(BannerView { state: forced, words, at: wall.map(Wall), who: 7 });
        view.maintenance = (1..9).map(|n| MaintenanceView { words, ..scenes::window(n, Some(3), -10, 60) }).collect();
        for (number, &(state, step)) in (1..).zip(&story) {
            let incident = IncidentView {
                title: if number % 2 == 0 { &said[..said.floor_char_boundary(160)] } else { "" },
                open: number % 3 > 0,
                firing: number % 4 == 0,
                ..scenes::incident(number, 1, state, 10)
            };
            let one = |at| StepView { words, amended: true, ..scenes::step(at, step, 3, state, 9) };
            view.incidents.push((incident, (1..9).map(one).collect()));
        }
        view.past = (0..90).map(|ago| ((3, ago), Day { down: u16::from(ago % 3), known: 90, ..Day::default() })).collect();
        for (part, (finding, minutes)) in states.into_iter().enumerate() {
            view.set(part, finding, i64::from(minutes));
            view.texts.insert(part, vec![text.clone(); part]);
        }
        let mut config = hostile(&name);
        config.sites[0].visibility = aiglon::config::Visibility::Local;
        config.sites[0].times = times;
        let page = rendered(&config, lang, &view);
        let bound = worst_case(&config, SITE);
        prop_assert!(page.len() <= bound, "{} > {bound}", page.len());
        let others = [PageKind::History, PageKind::Incident(1)].map(|which| rendered_as(&config, lang, &view, which));
        for tag in others.iter().chain([&page]).flat_map(|page| tags(page).into_keys()) {
            prop_assert!(TAGS.contains(&tag.trim_start_matches('/')), "{tag}");
        }
    }
}

/// A router that has just started knows what is planned, and not what time it is.
#[test]
fn planned_work_is_told_while_the_time_is_not_known() {
    let mut view = scenes::maintenance();
    view.wall = None;
    for (lang, clock, title) in [
        (Lang::En, "cannot say whether this work is being done now", "Planned work"),
        (Lang::Fr, "ne peut pas dire si ces travaux ont lieu maintenant", "Travaux prévus"),
        (Lang::Ar, "إن كانت هذه الأعمال تجري الآن", "أعمال مخطط لها"),
    ] {
        let page = words(&rendered(&association(), lang, &view));
        assert!(page.contains(clock) && page.contains(title), "{page}");
    }
    // Whoever reads it can tell by their own clock: it says the day.
    let page = words(&rendered(&association(), Lang::En, &view));
    let begun = page.split("being done now.").nth(1).unwrap();
    assert!(begun.contains(" November, ") && begun.contains("until "), "{begun}");
    assert!(begun.contains("every week"), "{begun}");
}

/// What a wrong clock dated is on record, and not for good among what was of late.
#[test]
fn what_nobody_knows_a_time_of_is_not_told_as_of_late() {
    let config = association();
    let mut view = scenes::incidents();
    let undated =
        |view: &Fake, kind| words(&rendered_as(&config, Lang::En, view, kind)).contains("Date not known");
    let mut date = |ended| {
        for (incident, _) in view.incidents.iter_mut().filter(|(incident, _)| !incident.open) {
            (incident.began, incident.ended) = (None, ended);
        }
        (undated(&view, PageKind::Now), undated(&view, PageKind::History))
    };
    assert_eq!(date(None), (false, true));
    assert_eq!(date(Some(scenes::wall_ago(60))), (true, true));
}
