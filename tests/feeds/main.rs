//! What programs read: golden files, bounds, that it says nothing that a page does not say, and
//! what the daemon answers with. With the feature `feeds`, programs of others read it unchanged.
//!
//! `UPDATE_GOLDEN=1 cargo test --test feeds` rewrites `tests/golden`; look at what changed before
//! you commit.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, missing_docs)]

#[cfg(feature = "feeds")]
mod clients;
#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "feeds")]
#[path = "../chromium/driver.rs"]
#[allow(dead_code)]
mod driver;
#[path = "../scenes/mod.rs"]
#[allow(dead_code)]
mod scenes;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{env, fs};

use aiglon::config::Config;
use aiglon::limits::{PAGE_BYTES, SHORT_BYTES};
use aiglon::model::{Feed, Finding, Forced, Lang, PageKind, SiteId};
use aiglon::render::{feed, page};
use aiglon::text::buffer::Bytes;
use common::{Daemon, config, firing, with};
use scenes::{Fake, association};
use serde_json::{Value, json};

const SITE: SiteId = SiteId(0);

/// An association that is published at an address; its sections have names.
fn published() -> Box<Config> {
    let mut config = association();
    config.sites[0].name = config.intern("solidarity").unwrap();
    config.sites[0].url = config.intern("https://status.example.org/antennas").unwrap();
    for service in 0..config.services.len() {
        config.services[service].name = config.intern(&format!("service{service}")).unwrap();
    }
    for part in 0..config.components.len() {
        config.components[part].name = config.intern(&format!("part{part}")).unwrap();
    }
    config
}

/// What is told, and how much of it was left out.
fn told_of(config: &Config, lang: Lang, view: &Fake, which: Feed) -> (String, usize) {
    let mut whole = Box::new(Bytes::<PAGE_BYTES>::new());
    let mut short = Bytes::<SHORT_BYTES>::new();
    let (left_out, bytes) = if which.is_short() {
        (feed(&mut short, config, SITE, lang, view, which), short.as_slice())
    } else {
        (feed(&mut *whole, config, SITE, lang, view, which), whole.as_slice())
    };
    (String::from_utf8(bytes.to_vec()).unwrap(), left_out.unwrap())
}

fn told(lang: Lang, view: &Fake, which: Feed) -> String {
    let (told, left_out) = told_of(&published(), lang, view, which);
    assert_eq!(left_out, 0, "{told}");
    told
}

fn json_of(lang: Lang, view: &Fake, which: Feed) -> Value {
    serde_json::from_str(&told(lang, view, which)).unwrap()
}

/// Compares with `tests/golden/NAME`, or rewrites it when asked to.
fn golden(name: &str, told: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, told).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == told, "{name} differs from what is told; UPDATE_GOLDEN=1 rewrites it");
}

#[test]
fn status_txt_is_as_the_golden_file_has_it() {
    for lang in [Lang::En, Lang::Ar] {
        let scenes = scenes::all().into_iter().map(|(scene, view)| {
            let told = told(lang, &view, Feed::Text);
            format!("==== {scene}\n{told}\n")
        });
        golden(&format!("status.{}.txt", lang.tag()), &scenes.collect::<String>());
    }
}

#[test]
fn status_json_is_as_the_golden_file_has_it() {
    let scenes = scenes::all().into_iter().map(|(scene, view)| {
        let told = json_of(Lang::En, &view, Feed::Status);
        format!("==== {scene}\n{}\n", serde_json::to_string_pretty(&told).unwrap())
    });
    golden("status.json.txt", &scenes.collect::<String>());
}

/// How bad all of it is, in Statuspage's words and in ours.
#[test]
fn no_data_is_never_well() {
    let mut partly = scenes::well();
    partly.set(3, Finding::Silent, 20);
    let mut whole = scenes::well();
    (0..16).for_each(|part| whole.set(part, Finding::Outage, 3));
    let mut worked_on = scenes::well();
    worked_on.components.get_mut(&3).unwrap().maintenance = true;
    for (view, indicator, state) in [
        (scenes::well(), "none", "operational"),
        (partly, "minor", "no_data"),
        (Fake::default(), "minor", "no_data"),
        (scenes::trouble(), "major", "outage"),
        (whole, "critical", "outage"),
        (worked_on, "maintenance", "maintenance"),
        (scenes::forced(), "major", "outage"),
    ] {
        let status = &json_of(Lang::En, &view, Feed::Status)["status"];
        assert_eq!(
            (status["indicator"].as_str(), status["aiglon_state"].as_str()),
            (Some(indicator), Some(state))
        );
    }
}

/// The words of a text: letters and digits in a row, or a time.
fn words(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_alphanumeric() || ":’'".contains(c);
    text.split(|c: char| !is_part(c)).map(|word| word.trim_matches([':', '\'']).to_owned()).collect()
}

/// The text of every page of a site, without the markup.
fn pages(config: &Config, lang: Lang, view: &Fake) -> String {
    let mut kinds = vec![PageKind::Now, PageKind::History];
    kinds.extend(view.incidents.iter().map(|(incident, _)| PageKind::Incident(incident.number)));
    let mut all = String::new();
    for kind in kinds {
        let mut buf = Box::new(Bytes::<PAGE_BYTES>::new());
        page(&mut *buf, config, SITE, lang, view, kind).unwrap();
        let html = String::from_utf8(buf.as_slice().to_vec()).unwrap();
        let body = html.split_once("<body>").unwrap().1;
        for piece in body.split('<') {
            let (tag, text) = piece.split_once('>').unwrap_or(("", piece));
            // Times of <time>, and where links lead.
            all += &[tag, " ", text, " "].concat();
        }
    }
    all.replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[test]
fn status_txt_says_only_what_a_page_says() {
    let config = published();
    for lang in Lang::ALL {
        for (scene, view) in scenes::all() {
            let said = words(&pages(&config, lang, &view));
            let told = told(lang, &view, Feed::Text);
            let address = words("https://status.example.org/antennas/");
            let more: Vec<_> = words(&told)
                .into_iter()
                .filter(|word| !said.contains(word) && !address.contains(word))
                .collect();
            assert_eq!(more, [""; 0], "{scene} in {}: {told}", lang.tag());
        }
    }
}

/// Whatever names there are and whatever happens: lines are left out whole, and said to be.
#[test]
fn a_short_answer_fits_where_it_is_made() {
    let long = "ﷺ".repeat(600);
    let mut view = scenes::incidents();
    view.maintenance = scenes::maintenance().maintenance;
    view.banner = scenes::forced().banner;
    for lang in Lang::ALL {
        let (text, left_out) = told_of(&scenes::hostile(&long), lang, &view, Feed::Text);
        assert!(left_out > 3 && text.len() <= SHORT_BYTES, "{left_out}");
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].ends_with('…') && lines[0].len() < 210, "{}", lines[0]);
        assert!(text.ends_with('\n'));
        let (status, _) = told_of(&scenes::hostile(&long), lang, &view, Feed::Status);
        let status: Value = serde_json::from_str(&status).unwrap();
        assert!(status["status"]["description"].as_str().unwrap().len() < 601);
    }
    let (text, _) = told_of(&scenes::hostile(&long), Lang::En, &view, Feed::Text);
    assert!(text.contains("\nThere are more messages than fit here.\n"), "{text}");
    // The most usual names fit whole, all at once.
    let mut down = scenes::many_well();
    (0..60).for_each(|part| down.set(part, Finding::Outage, 42));
    let (text, left_out) = told_of(&scenes::many(), Lang::En, &down, Feed::Text);
    assert_eq!((left_out, text.matches(": Down\n").count()), (0, 12), "{text}");
}

#[test]
fn a_hostile_text_stays_in_its_string() {
    let hostile = "\"},{\\\u{202e}</script>\n\r\t\u{1b}[2J";
    let view = scenes::incidents().saying(hostile);
    let (status, _) = told_of(&scenes::hostile(hostile), Lang::En, &view, Feed::Status);
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["page"]["name"], json!("\"},{\\</script>   \u{fffd}[2J"));
    let (text, _) = told_of(&scenes::hostile(hostile), Lang::En, &view, Feed::Text);
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\t', '\r']), "{text}");
    assert_eq!(text.lines().next(), Some("\"},{\\</script>   \u{fffd}[2J"));
}

/// A banner that says better than what is known does not change what programs hear.
#[test]
fn a_claim_is_told_as_one() {
    let mut view = scenes::trouble();
    view.banner = scenes::forced()
        .banner
        .map(|banner| aiglon::model::BannerView { state: Some(Forced::Operational), ..banner });
    let text = told(Lang::En, &view, Feed::Text);
    assert!(text.contains("The team says: Everything works") && text.contains("says otherwise"), "{text}");
    assert_eq!(json_of(Lang::En, &view, Feed::Status)["status"]["indicator"], json!("major"));
}

#[test]
fn the_time_of_the_last_change_moves_with_a_change_only() {
    let at = |view: &Fake| json_of(Lang::En, view, Feed::Status)["page"]["updated_at"].clone();
    // A part was last seen to change 200 minutes before 09:06:06.
    assert_eq!(at(&scenes::well()), json!("2026-11-21T05:46:00Z"));
    let mut later = scenes::well();
    later.as_of = Some(scenes::minutes_ago(0));
    assert_eq!(at(&later), json!("2026-11-21T05:46:00Z"));
    assert_eq!(at(&scenes::incidents()), json!("2026-11-21T09:01:00Z"));
    assert_eq!(at(&scenes::maintenance()), json!("2026-11-21T08:46:00Z"));
    // Without a clock nobody knows.
    assert_eq!(at(&Fake { wall: None, ..scenes::incidents() }), Value::Null);
}

#[cfg(feature = "feeds")]
mod all {
    use std::cell::Cell;

    use aiglon::model::{ServiceId, Step};

    use super::*;

    const JSON: [(&str, Feed); 7] = [
        ("summary", Feed::Summary),
        ("components", Feed::Components),
        ("incidents", Feed::Incidents),
        ("incidents-unresolved", Feed::Unresolved),
        ("scheduled-maintenances", Feed::Maintenances),
        ("scheduled-maintenances-upcoming", Feed::Upcoming),
        ("scheduled-maintenances-active", Feed::Active),
    ];

    /// All that there is, where everything happens.
    fn busy() -> Fake {
        let mut view = scenes::incidents();
        view.maintenance = scenes::maintenance().maintenance;
        view.past_maintenance = vec![scenes::window(2, None, -600, 60)];
        view
    }

    #[test]
    fn statuspage_json_is_as_the_golden_file_has_it() {
        for (name, which) in JSON {
            let told = json_of(Lang::En, &busy(), which);
            golden(&format!("{name}.json"), &(serde_json::to_string_pretty(&told).unwrap() + "\n"));
        }
    }

    #[test]
    fn feeds_badges_and_calendars_are_as_the_golden_files_have_them() {
        for lang in [Lang::En, Lang::Ar] {
            golden(&format!("feed.{}.atom", lang.tag()), &told(lang, &busy(), Feed::Atom));
            golden(&format!("maintenance.{}.ics", lang.tag()), &told(lang, &busy(), Feed::Calendar));
            let images = (0..4).map(|service| told(lang, &busy(), Feed::BadgeImage(ServiceId(service))));
            golden(&format!("badge.{}.svg.txt", lang.tag()), &images.collect::<String>());
        }
        golden("feed-service.atom", &told(Lang::En, &busy(), Feed::AtomOf(ServiceId(2))));
        let badges = (0..4).map(|service| told(Lang::En, &busy(), Feed::Badge(ServiceId(service))) + "\n");
        golden("badge.json.txt", &badges.collect::<String>());
    }

    /// A page whose link has a preview, and the sign in the tab of its browser. tests/html looks at
    /// it, too.
    #[test]
    fn a_page_with_a_preview_is_as_the_golden_file_has_it() {
        let mut config = Box::new(Config::new());
        assert!(config.load(public().as_bytes(), &mut Box::default()).is_ok());
        let mut buf = Box::new(Bytes::<PAGE_BYTES>::new());
        page(&mut *buf, &config, SITE, Lang::En, &scenes::well(), PageKind::Now).unwrap();
        // A page leads to each language of its build. The file is of a build of all.
        if cfg!(feature = "languages") {
            golden("preview.en.html", std::str::from_utf8(buf.as_slice()).unwrap());
        }
        assert!(buf.len() <= aiglon::render::worst_case(&config, SITE));
        let icons = scenes::all().into_iter().map(|(_, view)| told(Lang::En, &view, Feed::Icon));
        golden("icon.svg.txt", &icons.collect::<String>());
    }

    #[test]
    fn a_promise_of_news_is_told_with_its_incident_and_with_its_last_update_alone() {
        let promises = |view: &Fake| {
            let told = json_of(Lang::En, view, Feed::Incidents);
            let all = told["incidents"].as_array().unwrap();
            assert!(all.iter().all(|one| one.as_object().unwrap().contains_key("next_update_at")));
            all.iter().map(|one| one["next_update_at"].clone()).filter(|at| !at.is_null()).collect::<Vec<_>>()
        };
        let sentence = |view: &Fake, text: &str| {
            let atom = told(Lang::En, view, Feed::Atom);
            let entries: Vec<_> = atom.split("<entry>").filter(|entry| entry.contains(text)).collect();
            assert!(entries.len() < 2, "{entries:?}");
            entries
                .first()
                .map(|entry| entry.split_once("/id>").unwrap().0.rsplit('/').nth(1).unwrap().to_owned())
        };
        let mut view = scenes::incidents();
        let at = view.incidents.iter().position(|(incident, _)| incident.next.is_some()).unwrap();
        let last = view.incidents[at].1.iter().rfind(|step| matches!(step.step, Step::Update(_))).unwrap();
        let last = Some(format!("{}", last.number));
        assert_eq!(promises(&view), ["2026-11-21T09:41:00Z"]);
        // Who reads the entry on another day must know on which one it was promised.
        assert_eq!(sentence(&view, "Next news: 21 November, 09:41</content>"), last);
        view.incidents[at].0.next = Some(scenes::wall_ago(5));
        assert_eq!(promises(&view), ["2026-11-21T09:01:00Z"]);
        assert_eq!(sentence(&view, "News was promised for 21 November, 09:01"), last);
        // What is said anew takes it back, and without a clock nobody is told.
        let unset = Fake { wall: None, ..view.clone() };
        view.incidents[at].0.next = None;
        for view in [view, unset] {
            assert!(promises(&view).is_empty());
            assert_eq!(sentence(&view, "ews was promised"), None);
        }
    }

    /// Every field that clients of Statuspage read is there, and every array.
    #[test]
    fn no_field_and_no_array_is_left_out() {
        let component = "id name status created_at updated_at position description showcase start_date group_id \
                         page_id group only_show_if_degraded aiglon_state";
        let incident = "id name status created_at updated_at monitoring_at resolved_at impact shortlink started_at \
                        page_id incident_updates components";
        let update = "id status body incident_id created_at updated_at display_at affected_components";
        let has = |value: &Value, keys: &str| {
            for key in keys.split_whitespace() {
                assert!(value.get(key).is_some(), "no {key}: {value}");
            }
        };
        for (scene, view) in scenes::all().into_iter().chain([("busy", busy()), ("nothing", Fake::default())])
        {
            let summary = json_of(Lang::Fr, &view, Feed::Summary);
            has(&summary, "page status components incidents scheduled_maintenances");
            has(&summary["page"], "id name url time_zone updated_at");
            let components = summary["components"].as_array().unwrap();
            assert_eq!(components.len(), 20, "{scene}");
            for one in components {
                has(one, component);
                let words = "operational degraded_performance partial_outage major_outage under_maintenance";
                assert!(words.split(' ').any(|word| one["status"] == json!(word)), "{one}");
                if one["aiglon_state"] != json!("operational") {
                    assert_ne!(one["status"], json!("operational"), "{scene}");
                }
                let of_group = components.iter().find(|other| other["id"] == one["group_id"]);
                assert_eq!(of_group.is_some(), one["group"] == json!(false));
            }
            let ids: BTreeSet<_> = components.iter().map(|one| one["id"].as_str().unwrap()).collect();
            assert_eq!(ids.len(), 20);
            for (which, key) in [(Feed::Incidents, "incidents"), (Feed::Unresolved, "incidents")] {
                for one in json_of(Lang::Fr, &view, which)[key].as_array().unwrap() {
                    has(one, incident);
                    one["incident_updates"].as_array().unwrap().iter().for_each(|one| has(one, update));
                    one["components"].as_array().unwrap().iter().for_each(|one| has(one, component));
                }
            }
            for which in [Feed::Maintenances, Feed::Upcoming, Feed::Active] {
                let told = json_of(Lang::Fr, &view, which);
                for one in told["scheduled_maintenances"].as_array().unwrap() {
                    has(one, incident);
                    has(one, "scheduled_for scheduled_until");
                }
            }
        }
    }

    /// Each answer, in each scene, has no word that no page of the site has, but for the words that
    /// their forms ask for.
    #[test]
    fn nothing_says_more_than_a_page_says() {
        const OURS: &str = "operational degraded_performance partial_outage major_outage under_maintenance no_data \
            degraded outage maintenance none minor major critical investigating identified monitoring resolved \
            scheduled in_progress completed Etc UTC https status example org antennas incidents feed atom service2 \
            brightgreen blueviolet lightgrey orange red";
        let (config, ours) = (published(), words(&OURS.replace('_', " ")));
        let checked = Cell::new(0_usize);
        for lang in Lang::ALL {
            for (scene, view) in scenes::all().into_iter().chain([("busy", busy())]) {
                let said = words(&pages(&config, lang, &view));
                let check = |what: &str, text: &str| {
                    let more: Vec<_> = words(text)
                        .into_iter()
                        .filter(|word| !said.contains(word) && !ours.contains(word))
                        .filter(|word| word.parse::<u64>().is_err() && !is_time(word) && !is_id(word))
                        .collect();
                    assert_eq!(more, [""; 0], "{what} in {scene} in {}", lang.tag());
                    checked.set(checked.get() + 1);
                };
                for (name, which) in JSON {
                    each_text(&json_of(lang, &view, which), &mut |text| check(name, text));
                }
                each_text(&json_of(lang, &view, Feed::Badge(ServiceId(1))), &mut |text| check("badge", text));
                for which in [
                    Feed::Atom,
                    Feed::AtomOf(ServiceId(2)),
                    Feed::AtomOfPart(aiglon::model::ComponentId(1)),
                    Feed::BadgeImage(ServiceId(0)),
                ] {
                    let xml = told(lang, &view, which);
                    for piece in xml.split('<') {
                        let (tag, text) = piece.split_once('>').unwrap_or(("", piece));
                        if !["generator", "id", "?"].iter().any(|other| tag.starts_with(other)) {
                            check(
                                "XML",
                                &text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"),
                            );
                        }
                    }
                }
                let calendar = told(lang, &view, Feed::Calendar).replace("\r\n ", "");
                for line in calendar.lines() {
                    let (name, value) = line.split_once(':').unwrap();
                    if ["SUMMARY", "DESCRIPTION", "X-WR-CALNAME", "LOCATION"].contains(&name) {
                        check("calendar", &value.replace("\\n", "\n").replace('\\', ""));
                    }
                }
            }
        }
        assert!(checked.get() > 5000, "{}", checked.get());
    }

    /// `2026-11-21T09:06:00Z`, as it is taken apart.
    fn is_time(word: &str) -> bool {
        word.contains('T')
            && word.trim_end_matches('Z').split(['T', ':']).all(|part| part.parse::<u32>().is_ok())
    }

    fn is_id(word: &str) -> bool {
        let word = word.strip_prefix('m').unwrap_or(word);
        word.len() <= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    fn each_text(value: &Value, each: &mut dyn FnMut(&str)) {
        match value {
            Value::String(text) => each(text),
            Value::Array(all) => all.iter().for_each(|one| each_text(one, each)),
            Value::Object(all) => all.values().for_each(|one| each_text(one, each)),
            _ => {}
        }
    }

    /// Where a page tells the hour or the day, nothing tells more, and no event is without length.
    #[test]
    fn times_are_told_no_more_exactly_than_a_page_tells_them() {
        use aiglon::config::Times;
        let mut config = published();
        for (times, rest, stamps) in
            [(Times::Hour, ":00:00Z", "0000Z"), (Times::Day, "T00:00:00Z", "T000000Z")]
        {
            config.sites[0].times = times;
            let mut seen = 0;
            for (scene, view) in scenes::all().into_iter().chain([("busy", busy())]) {
                for (name, which) in JSON.into_iter().chain([("status", Feed::Status)]) {
                    let (told, _) = told_of(&config, Lang::En, &view, which);
                    each_text(&serde_json::from_str(&told).unwrap(), &mut |text| {
                        if text.starts_with("20") && text.len() == 20 {
                            assert!(text.ends_with(rest), "{name} in {scene}: {text}");
                            seen += 1;
                        }
                    });
                }
                let (feed, _) = told_of(&config, Lang::En, &view, Feed::Atom);
                for piece in feed
                    .split('<')
                    .filter(|piece| piece.starts_with("updated>") || piece.starts_with("published>"))
                {
                    assert!(piece.ends_with(rest), "{scene}: {piece}");
                }
                let (calendar, _) = told_of(&config, Lang::En, &view, Feed::Calendar);
                for event in calendar.split("BEGIN:VEVENT").skip(1) {
                    let at = |key: &str| event.split_once(key).unwrap().1.lines().next().unwrap();
                    let (starts, ends) = (at("DTSTART:"), at("DTEND:"));
                    assert!(starts.ends_with(stamps) && ends.ends_with(stamps) && starts < ends, "{event}");
                }
                let (text, _) = told_of(&config, Lang::En, &view, Feed::Text);
                let minutes = ["08:24", "09:05", "09:01", "08:46", "09:46"];
                assert!(minutes.iter().all(|minute| !text.contains(minute)), "{text}");
            }
            assert!(seen > 500, "{seen}");
        }
    }

    #[test]
    fn a_feed_has_an_entry_for_each_step_and_its_identifier_stays() {
        let ids = |view: &Fake| -> Vec<String> {
            let feed = told(Lang::En, view, Feed::Atom);
            feed.split("<entry>")
                .skip(1)
                .map(|entry| entry.split_once("<id>").unwrap().1.split_once("</id>").unwrap().0.to_owned())
                .collect()
        };
        let site = "tag:status.example.org,2026:32fdf5e2/incidents";
        let all = ids(&scenes::incidents());
        assert_eq!(all.len(), 9);
        assert_eq!(all[0], format!("{site}/7/7"), "{all:?}");
        // It is told of once, whatever becomes of it.
        let mut later = scenes::incidents();
        later.incidents[1].0.open = false;
        later.incidents[1].0.ended = Some(scenes::NOW);
        assert_eq!(ids(&later), all);
        // What is redacted is gone.
        later.incidents.remove(1);
        assert!(ids(&later).iter().all(|id| !id.contains("/7/")));
        // Of a component, that which is about it, and what people said; not of its neighbours.
        let view = scenes::incidents();
        let mut about = std::collections::BTreeMap::new();
        for (incident, steps) in &view.incidents {
            for part in incident.components.iter() {
                let of_it = |step: &&aiglon::model::StepView<'_>| {
                    step.step.is_public() && step.component.is_none_or(|id| id == part)
                };
                *about.entry(part).or_insert(0) += steps.iter().filter(of_it).count();
            }
        }
        assert!(about.len() > 2 && about.values().any(|&count| count < 9));
        for (part, count) in about {
            let feed = told(Lang::En, &view, Feed::AtomOfPart(part));
            assert_eq!(feed.matches("<entry>").count(), count, "{part:?}: {feed}");
            assert!(feed.contains(&format!("/feed/component/part{}.atom", part.0)), "{feed}");
        }
        // Of a service, that which is about it.
        let of_vpn = told(Lang::En, &scenes::incidents(), Feed::AtomOf(ServiceId(2)));
        assert_eq!(of_vpn.matches("<entry>").count(), 0);
        assert!(of_vpn.contains("/antennas/feed/service2.atom\""), "{of_vpn}");
    }

    #[test]
    fn lines_of_a_calendar_are_folded_and_end_as_they_must() {
        let calendar = told(Lang::Ar, &busy(), Feed::Calendar);
        assert!(
            calendar.ends_with("END:VCALENDAR\r\n") && !calendar.replace("\r\n", "").contains(['\r', '\n'])
        );
        assert!(calendar.split("\r\n").all(|line| line.len() <= 75), "{calendar}");
        assert!(calendar.contains("\r\n "), "{calendar}");
        assert_eq!(calendar.matches("BEGIN:VEVENT").count(), 3 + 7 + 1);
        let view = Fake {
            maintenance: vec![aiglon::model::MaintenanceView {
                words: scenes::own("en", "a;b,c\\d\n\n- *e*"),
                ..scenes::window(1, None, 60, 60)
            }],
            ..scenes::well()
        };
        let calendar = told(Lang::En, &view, Feed::Calendar);
        assert!(calendar.contains("\r\nDESCRIPTION:a\\;b\\,c\\\\d\\n- e\r\n"), "{calendar}");
    }

    /// As many services and parts as there can be, and all happens to them: whole values are left
    /// out, the oldest, and never a state.
    #[test]
    fn what_does_not_fit_is_left_out_whole() {
        let mut config = published();
        config.services.clear();
        config.components.clear();
        for service in 0..64u16 {
            let name = config.intern(&format!("s{service}")).unwrap();
            let title = config.intern(&format!("Wi-Fi, house of the heron {service}")).unwrap();
            let title = aiglon::config::Texts::new(title);
            let service_row = aiglon::config::Service { name, title, ..Default::default() };
            config.services.push(service_row).ok().unwrap();
            for part in 0..4u16 {
                let name = config.intern(&format!("p{service}_{part}")).unwrap();
                let title = config.intern(&format!("Antenna of the heron {part}, north")).unwrap();
                let title = aiglon::config::Texts::new(title);
                let part = aiglon::config::Component {
                    name,
                    title,
                    description: title,
                    service: ServiceId(service),
                    ..Default::default()
                };
                config.components.push(part).ok().unwrap();
            }
        }
        let mut view = busy();
        let long: &'static str = "long words, ".repeat(70).leak();
        view.incidents = (1..=40)
            .rev()
            .map(|number| {
                let steps = (1..=20).map(|step| {
                    let phase = aiglon::model::Step::Update(aiglon::model::Phase::Identified);
                    scenes::update(step, phase, scenes::own("en", long), i64::from(number))
                });
                (scenes::incident(number, 3, aiglon::model::State::Outage, 60), steps.collect())
            })
            .collect();
        let (summary, left_out) = told_of(&config, Lang::En, &view, Feed::Summary);
        let summary: Value = serde_json::from_str(&summary).unwrap();
        assert_eq!(summary["components"].as_array().unwrap().len(), 64 * 5);
        assert!(summary["incidents"].is_array() && summary["scheduled_maintenances"].is_array());
        assert!(left_out >= 14, "{left_out}");
        let (incidents, left_out) = told_of(&config, Lang::En, &view, Feed::Incidents);
        let incidents: Value = serde_json::from_str(&incidents).unwrap();
        let incidents = incidents["incidents"].as_array().unwrap();
        assert!(left_out > 0 && incidents.len() + left_out == 20, "{}", incidents.len());
        assert_eq!(incidents[0]["id"], json!("40"));
        assert!(incidents[0]["incident_updates"].as_array().unwrap().len() == 16);
        let (feed, left_out) = told_of(&config, Lang::En, &view, Feed::Atom);
        assert!(feed.ends_with("</entry>\n</feed>\n") && feed.matches("<entry>").count() + left_out == 50);
    }

    #[test]
    fn a_badge_fits_and_is_harmless() {
        let long = "\"</svg>&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&";
        for lang in Lang::ALL {
            let (image, _) = told_of(&scenes::hostile(long), lang, &busy(), Feed::BadgeImage(ServiceId(0)));
            assert!(image.len() <= SHORT_BYTES && image.matches('<').count() == 12, "{image}");
            assert!(image.contains("<title>&quot;&lt;/svg&gt;&amp;"), "{image}");
        }
    }
}

// ---- the daemon --------------------------------------------------------------------------------

fn public() -> String {
    with(
        &with(&config(), "home", &["option visibility 'public'"]),
        "home",
        &["option url 'https://status.example.org/'"],
    )
}

#[test]
fn a_public_site_is_read_by_programs() {
    let daemon = Daemon::start(&public());
    daemon.post("/api/v2/alerts", "[]");
    daemon.post("/api/v2/alerts", &format!("[{}]", firing("HeronDown", "heron")));
    let text = daemon.get("/status.txt");
    assert_eq!(text.status, 200, "{text:?}");
    assert_eq!(text.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(text.header("access-control-allow-origin"), None);
    assert_eq!(text.header("vary"), Some("Accept-Language"));
    assert!(text.body.contains("Wi-Fi: Partly down\n"), "{}", text.body);
    assert!(text.body.ends_with("https://status.example.org/\n"), "{}", text.body);
    let status = daemon.get("/api/v2/status.json");
    assert_eq!(status.header("access-control-allow-origin"), Some("*"));
    assert_eq!(status.header("content-type"), Some("application/json"));
    let told: Value = serde_json::from_str(&status.body).unwrap();
    assert_eq!(told["status"]["indicator"], json!("major"));
    assert_eq!(told["page"]["url"], json!("https://status.example.org/"));
    // Who has it gets nothing; a change gets another tag.
    let etag = status.header("etag").unwrap().to_owned();
    let again = daemon.connect().get("/api/v2/status.json", &format!("If-None-Match: {etag}\r\n"));
    assert_eq!((again.status, again.header("etag")), (304, Some(&*etag)));
    daemon.post("/api/v2/alerts", &format!("[{}]", common::resolved("HeronDown", "heron")));
    let changed = daemon.connect().get("/api/v2/status.json", &format!("If-None-Match: {etag}\r\n"));
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(&*etag));
    // HEAD has the same head and no body.
    let mut client = daemon.connect();
    client.send(b"HEAD /status.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let head = client.try_answer(true).unwrap();
    assert!(head.header("content-length").unwrap().parse::<usize>().unwrap() > 50);
    assert!(client.is_closed());
    let answer = daemon.post("/status.txt", "");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
}

#[test]
fn a_site_publishes_what_it_says_and_others_nothing() {
    let statuses = |config: &str| {
        let daemon = Daemon::start(config);
        ["/status.txt", "/api/v2/status.json"].map(|path| daemon.get(path).status)
    };
    let said = |line: &str| with(&public(), "home", &[line]);
    assert_eq!(statuses(&config()), [404, 404], "a local site says nothing");
    assert_eq!(statuses(&with(&config(), "home", &["list publish_as 'text'"])), [200, 404]);
    assert_eq!(statuses(&public()), [200, 200]);
    assert_eq!(statuses(&said("list publish_as 'json'")), [404, 200]);
    assert_eq!(statuses(&said("list publish_as 'none'")), [404, 404]);
    // An unlisted site's stay under its secret path, with which all links begin.
    let unlisted = with(&config(), "home", &["option visibility 'unlisted'"]);
    let unlisted = with(&unlisted, "home", &["option secret_path 'Yk3mP0qLw8ZtR5vN'"]);
    let unlisted = with(&unlisted, "home", &["option url 'https://status.example.org'"]);
    let daemon =
        Daemon::start(&with(&unlisted, "home", &["list publish_as 'json'", "list publish_as 'badge'"]));
    if cfg!(feature = "feeds") {
        let badge = daemon.get("/Yk3mP0qLw8ZtR5vN/badge/wifi.svg");
        assert_eq!(
            (badge.status, badge.header("cache-control").unwrap().starts_with("private, ")),
            (200, true)
        );
    }
    assert_eq!(daemon.get("/api/v2/status.json").status, 404);
    let answer = daemon.get("/Yk3mP0qLw8ZtR5vN/api/v2/status.json");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
    assert_eq!(answer.header("x-robots-tag"), Some("noindex"));
    let told: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(told["page"]["url"], json!("https://status.example.org/Yk3mP0qLw8ZtR5vN/"));
}

#[cfg(feature = "feeds")]
#[test]
fn every_feed_is_served() {
    let daemon = Daemon::start(&public());
    daemon.post("/api/v2/alerts", "[]");
    for (path, kind, shared) in [
        ("/api/v2/summary.json", "application/json", true),
        ("/api/v2/components.json", "application/json", true),
        ("/api/v2/incidents.json", "application/json", true),
        ("/api/v2/incidents/unresolved.json", "application/json", true),
        ("/api/v2/scheduled-maintenances.json", "application/json", true),
        ("/api/v2/scheduled-maintenances/upcoming.json", "application/json", true),
        ("/api/v2/scheduled-maintenances/active.json", "application/json", true),
        ("/badge/wifi.svg", "image/svg+xml", false),
        ("/badge/wifi.json", "application/json", false),
        ("/feed.atom", "application/atom+xml; charset=utf-8", false),
        ("/feed/wifi.atom", "application/atom+xml; charset=utf-8", false),
        ("/feed/component/heron.atom", "application/atom+xml; charset=utf-8", false),
        ("/maintenance.ics", "text/calendar; charset=utf-8", false),
    ] {
        let answer = daemon.get(path);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{path}");
        assert_eq!(answer.header("access-control-allow-origin").is_some(), shared, "{path}");
        let etag = answer.header("etag").unwrap().to_owned();
        let again = daemon.connect().get(path, &format!("If-None-Match: {etag}\r\n"));
        assert_eq!(again.status, 304, "{path}");
    }
    for path in [
        "/badge/heron.svg",
        "/badge/.svg",
        "/badge/wifi.png",
        "/feed/x.atom",
        "/feed/component/wifi.atom",
        "/feed/heron.atom",
        "/api/v2/subscribers.json",
    ] {
        assert_eq!(daemon.get(path).status, 404, "{path}");
    }
    assert_eq!(daemon.get("/badge/wifi.svg").header("cache-control"), Some("max-age=60, stale-if-error=300"));
}

/// What a preview shows, and the sign beside the title. Only what everybody may see has that.
#[cfg(feature = "feeds")]
#[test]
fn a_preview_of_a_public_site_says_how_it_is() {
    let daemon = Daemon::start(&public());
    daemon.post("/api/v2/alerts", &format!("[{}]", firing("AntennaDown", "heron")));
    common::eventually("an incident has begun", 5, || daemon.english().contains("href=\"incidents/1"));
    for (path, title, url, icon) in [
        ("/", "Antennas", "/", ""),
        ("/history", "What happened before", "/history", "./"),
        ("/incidents/1", "Wi-Fi", "/incidents/1", "../"),
    ] {
        let answer = daemon.get(path);
        for line in [
            format!("<meta property=\"og:title\" content=\"{title}\">"),
            "<meta property=\"og:description\" content=\"Something is down\">".to_owned(),
            format!("<meta property=\"og:url\" content=\"https://status.example.org{url}\">"),
            format!("href=\"{icon}icon.svg\""),
        ] {
            assert!(answer.body.contains(&line), "{line}: {}", answer.body);
        }
        assert!(answer.header("content-security-policy").unwrap().contains("img-src 'self'"));
    }
    let icon = daemon.get("/icon.svg");
    assert_eq!((icon.status, icon.header("content-type")), (200, Some("image/svg+xml")));
    assert!(icon.body.contains(">×</text>"), "{}", icon.body);
    for config in [config(), with(&public(), "home", &["list publish_as 'json'"])] {
        let daemon = Daemon::start(&config);
        let page = daemon.get("/");
        assert!(!page.body.contains("og:") && !page.body.contains("icon.svg"), "{}", page.body);
        assert!(page.header("content-security-policy").unwrap().contains("img-src 'none'"));
        assert_eq!(daemon.get("/icon.svg").status, 404);
    }
}

/// A crowd that asks for short answers leaves the page its turns.
#[test]
fn what_programs_ask_for_is_bounded() {
    let daemon = Daemon::start(&public());
    let mut client = daemon.connect();
    let answers: Vec<u16> = (0..60).map(|_| client.get("/status.txt", "").status).collect();
    assert!(answers.iter().all(|&status| status == 200 || status == 503), "{answers:?}");
    assert_eq!(daemon.get("/").status, 200);
}
