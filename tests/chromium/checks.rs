//! What a browser makes of the pages: it asks for nothing else, finds nothing to complain of,
//! nobody must scroll sideways, and who has no mouse or no style sheet reads it as well.

use std::fs;
use std::path::PathBuf;

use crate::common::{Daemon, STATES, in_state};
use crate::driver::{Browser, Look};

const PHONE: Look = Look { width: 360, dark: false, lang: "en" };

/// What the browser says that it asked for, since last time; and its icon is not among what we
/// have.
fn is_the_only_request(browser: &Browser, daemon: &Daemon) {
    let page = format!("http://{}/", daemon.address);
    let icon = format!("{page}favicon.ico");
    let asked: Vec<_> = browser.requests().into_iter().filter(|url| *url != icon).collect();
    assert_eq!(asked, [page.as_str()]);
}

fn complaints(browser: &Browser) -> Vec<String> {
    browser.log("browser").into_iter().filter(|line| !line.contains("/favicon.ico")).collect()
}

#[test]
fn a_page_stands_alone_and_fits_every_screen() {
    let browser = Browser::new();
    let daemons = STATES.map(|state| (state, in_state(state)));
    for (state, daemon) in &daemons {
        for lang in ["en", "fr", "ar"] {
            _ = (browser.requests(), complaints(&browser));
            browser.look(Look { lang, ..PHONE });
            browser.open(daemon.address);
            is_the_only_request(&browser, daemon);
            assert_eq!(complaints(&browser), Vec::<String>::new(), "{state}.{lang}");
            let packed = "const [page] = performance.getEntriesByType('navigation');\
                return page.encodedBodySize * 2 < page.decodedBodySize";
            assert_eq!(browser.script(packed), true, "{state}.{lang} comes compressed");
            assert_eq!(browser.script("return document.cookie + document.scripts.length"), "0");
            for (width, dark) in [(320, true), (360, false), (768, true), (1280, false), (2560, true)] {
                browser.look(Look { width, dark, lang });
                let wider =
                    "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
                assert_eq!(browser.script(wider), 0, "{state}.{lang} at {width} pixels");
                // WCAG 2.2, 2.5.8: links that stand alone can be hit with a thumb.
                let small = "return [...document.querySelectorAll('a, summary')].filter(a => a.checkVisibility()).map(a => a.getBoundingClientRect())\
                    .filter(box => box.height < 44 || box.width < 44).length";
                assert_eq!(browser.script(small), 0, "{state}.{lang} at {width} pixels: small links");
            }
        }
    }

    // What would have been seen: the policy lets nothing in, and says so.
    let (_, daemon) = &daemons[2];
    browser.open(daemon.address);
    _ = (browser.requests(), complaints(&browser));
    browser.script(
        "document.body.insertAdjacentHTML('beforeend', '<img src=/x.png><p style=\"color:red\" onclick=\"x()\">x</p>');\
         const script = document.createElement('script'); script.text = 'document.title = 1'; document.body.append(script);",
    );
    let complaints = complaints(&browser);
    for what in ["inline style", "inline event handler", "inline script", "Loading the image"] {
        assert!(complaints.iter().any(|line| line.contains(what)), "{what}: {complaints:#?}");
    }
    assert!(browser.requests().iter().any(|url| url.ends_with("/x.png")));
    assert_ne!(browser.script("return document.title"), "1");
}

/// Twelve services of five parts, two of them in trouble.
#[test]
fn many_services_are_a_few_screens_and_foreign_names_stand_where_others_do() {
    let browser = Browser::new();
    for lang in ["en", "ar"] {
        browser.look(Look { width: 500, lang, ..PHONE });
        browser.open_golden(&format!("many.{lang}"));
        let height = browser.script("return document.documentElement.scrollHeight").as_u64().unwrap();
        println!("many.{lang}: {height} px");
        assert!(height < 3600, "{lang}: {height} px");
        for width in [320, 500, 1280] {
            browser.look(Look { width, lang, ..PHONE });
            // From the sign to the text of the name: the same in every row.
            let gaps = "document.querySelectorAll('details').forEach(row => row.open = true);\
                return [...new Set([...document.querySelectorAll('h2 > bdi, li > bdi')].map(name => {\
                    const text = document.createRange(); text.selectNodeContents(name);\
                    const at = text.getBoundingClientRect(), sign = name.nextElementSibling.getBoundingClientRect();\
                    return Math.round(document.dir == 'rtl' ? sign.left - at.right : at.left - sign.right);\
                }))]";
            assert_eq!(browser.script(gaps), serde_json::json!([8]), "{lang} at {width}");
        }
    }
}

/// WCAG 2.2, 1.4.4: text of twice the size hides nothing, on a phone as well.
#[test]
fn large_text_fits_a_phone() {
    let browser = Browser::new();
    for page in ["incidents.en", "incidents.ar", "many.en", "many.ar", "history.ar", "maintenance.en"] {
        for width in [360, 1280] {
            browser.look(Look { width, ..PHONE });
            browser.open_golden(page);
            let wider = "document.documentElement.style.fontSize = '200%';\
                document.querySelectorAll('details').forEach(row => row.open = true);\
                return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(browser.script(wider), 0, "{page} at {width} pixels");
        }
    }
}

/// On paper, and where the reader chooses the colours, there are no backgrounds: shapes and words
/// remain, and a closed row is printed, too.
#[test]
fn paper_and_colours_of_the_readers_own_lose_nothing() {
    let browser = Browser::new();
    let media = |kind: &str, features: &[(&str, &str)]| {
        let features: Vec<_> =
            features.iter().map(|(name, value)| serde_json::json!({"name": name, "value": value})).collect();
        browser.cdp("Emulation.setEmulatedMedia", &serde_json::json!({"media": kind, "features": features}));
    };
    // Of every sign that is seen: its outline, whether it is cut to a shape, and its text.
    let signs = "[...document.querySelectorAll('i')].filter(i => i.checkVisibility({contentVisibilityAuto: true})).map(i => {\
        const look = getComputedStyle(i);\
        return [look.borderTopStyle, parseFloat(look.borderTopWidth) > 0, look.clipPath, i.textContent != ''].join()})";
    let shown = |what: &str| {
        browser.script(&format!("return [...document.querySelectorAll('{what}')].filter(at => at.getBoundingClientRect().height > 0 && at.checkVisibility()).length"))
    };
    let kinds = || browser.script(&format!("return [...new Set({signs})].sort()"));
    for page in ["incidents.en", "many.ar", "maintenance.en"] {
        browser.look(Look { width: 700, ..PHONE });
        browser.open_golden(page);
        let (rows, parts) =
            (shown("details"), browser.script("return document.querySelectorAll('li[id]').length"));
        assert_ne!(shown("li[id]"), parts, "{page}: some rows are closed on a screen");
        assert_eq!(shown(".reload"), 1, "{page}");

        media("print", &[]);
        assert_eq!(kinds(), serde_json::json!(["solid,true,none,true"]), "{page} on paper");
        assert_eq!((shown("li[id]"), shown("details")), (parts, rows), "{page}: all rows are printed");
        assert_eq!(shown(".reload"), 0, "{page}: nobody can press paper");

        media("screen", &[("forced-colors", "active")]);
        assert_eq!(
            kinds(),
            serde_json::json!(["solid,true,none,true"]),
            "{page} in the reader's own colours"
        );

        // Soft text and lines become as strong as others.
        let strengths = "return ['.intro', '.d', 'footer'].map(soft => document.querySelector(soft)).filter(soft => soft)\
            .every(soft => getComputedStyle(soft).color == getComputedStyle(document.querySelector('nav a, .words, h2 bdi, body')).color)";
        media("screen", &[("prefers-contrast", "no-preference")]);
        assert_eq!(browser.script(strengths), false, "{page}");
        media("screen", &[("prefers-contrast", "more")]);
        assert_eq!(browser.script(strengths), true, "{page} with more contrast");
    }
}

/// Who has no style sheet (an old phone, a text browser, a screen reader in its way) reads the
/// same, in order.
#[test]
fn it_reads_well_without_its_style_sheet() {
    let browser = Browser::new();
    for (state, expected) in [
        (
            "trouble",
            &[
                "Solidarity antennas",
                "× 1 of 4 services is partly down: Wi-Fi, antenna Heron",
                "Last news from the monitoring: ",
                "Wi-Fi, antenna Heron · Heron, north side · Heron, garden",
                "Down · trouble since ",
                "This too · Heron, garden – Works badly",
                "It began · Heron, north side – Down",
                "If you use something that is in trouble here, it is probably not your device.",
                "Internet connection",
                "✓ Works",
                "Wi-Fi, antenna Heron",
                "× Partly down",
                "Heron, north side",
                "× Down",
                "trouble since ",
                "No power on the roof; somebody is on the way.",
                "Heron, garden",
                "! Works badly",
                "trouble since ",
                "Members' VPN",
                "Past incidents",
            ][..],
        ),
        (
            "down",
            &[
                "Solidarity antennas",
                "We do not know",
                "Last news from the monitoring: ",
                "We have heard nothing from the monitoring since ",
                "We cannot say whether it is your device or our side.",
                "Internet connection",
                "Unknown",
                "Fibre",
                "? Unknown",
                "since ",
            ],
        ),
    ] {
        let daemon = in_state(state);
        browser.look(PHONE);
        browser.open(daemon.address);
        browser.script("document.querySelectorAll('style').forEach(sheet => sheet.remove())");
        assert_eq!(browser.script("return document.styleSheets.length"), 0);
        let text = browser.script("return document.body.innerText");
        let text = text.as_str().unwrap();
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/shots");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join(format!("{state}.en.txt")), text).unwrap();
        let mut rest = text;
        for line in expected {
            let at = rest
                .find(line)
                .unwrap_or_else(|| panic!("{state}: no '{line}' after what precedes it: {text}"));
            rest = &rest[at + line.len()..];
        }
        // The sign stands before the word, and is not read out besides it.
        let signs = "return [...document.querySelectorAll('i')].filter(i => i.getAttribute('aria-hidden') != 'true').length";
        assert_eq!(browser.script(signs), 0);
        // One of each landmark, headings without a gap, and every region of a page in one of them.
        let outline = "return ['header', 'main', 'footer'].map(tag => document.querySelectorAll('body > ' + tag).length) + ' ' \
            + [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(heading => heading.tagName[1]).join('')";
        let outline = browser.script(outline);
        let headings = outline.as_str().unwrap().strip_prefix("1,1,1 1").expect("landmarks and one h1");
        assert!(headings.len() >= 3 && headings.bytes().all(|level| level == b'2'), "{outline}");
    }
}

#[test]
fn it_can_be_used_with_the_keyboard_alone() {
    let browser = Browser::new();
    let daemon = in_state("trouble");
    browser.look(PHONE);
    browser.open(daemon.address);
    // Links, and the rows of services: what a closed one holds is passed by.
    let stops = "[...document.querySelectorAll('a, summary')].filter(stop => stop.checkVisibility())";
    let count = browser.script(&format!("return {stops}.length")).as_u64().unwrap();
    assert!(count >= 6, "{count}");
    let at = format!(
        "const at = document.activeElement, look = getComputedStyle(at);\
        return [{stops}.indexOf(at), look.outlineStyle, parseFloat(look.outlineWidth) >= 2]"
    );
    for stop in 0..count {
        browser.press("Tab", 9, "");
        assert_eq!(browser.script(&at), serde_json::json!([stop, "solid", true]));
    }
    // A row opens what works, too.
    let closed = "document.querySelector('details:not([open]) summary')";
    browser.script(&format!("window.row = {closed}; row.focus()"));
    browser.press("Enter", 13, "\r");
    assert_eq!(
        browser.script("return row.parentNode.open && row.nextElementSibling.checkVisibility()"),
        true
    );
    // The title of an incident leads to all about it.
    browser.script("document.querySelector('[href^=\"incidents/1?\"]').focus()");
    browser.press("Enter", 13, "\r");
    crate::common::eventually("the incident is shown", 5, || {
        browser.script("return location.pathname") == "/incidents/1"
    });
    let text = browser.script("return document.body.innerText");
    assert!(text.as_str().unwrap().contains("Heron, north side"), "{text}");

    // One asks for the page anew.
    browser.open(daemon.address);
    browser.script("document.querySelector('.reload').focus(); window.old = true");
    browser.press("Enter", 13, "\r");
    crate::common::eventually("the page is loaded anew", 5, || {
        browser.script("return window.old === undefined") == true
    });
    // Without its address it would be another page that is asked for.
    assert_eq!(browser.script("return location.pathname + location.hash"), "/");

    // Another language is a link, and the page that follows keeps it.
    for (link, path) in [("[lang=fr]", "/"), ("[href^=history]", "/history")] {
        browser.script(&format!("document.querySelector('{link}').focus()"));
        browser.press("Enter", 13, "\r");
        crate::common::eventually("the page is in French", 5, || {
            browser.script("return location.pathname + document.documentElement.lang") == format!("{path}fr")
        });
    }
}
