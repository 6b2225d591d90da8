//! Pages as they are compressed, beside `gzip -9`, and as zlib, gzip and curl unpack them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod common;
#[expect(dead_code, reason = "other tests have more scenes")]
mod scenes;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use aiglon::config::{Config, Texts};
use aiglon::http::deflate::Work;
use aiglon::http::gzip::pack;
use aiglon::limits::PAGE_BYTES;
use aiglon::model::{ComponentView, Finding, Lang, PageKind, ServiceId, SiteId};
use aiglon::render;
use aiglon::text::buffer::Bytes;
use aiglon::time::At;
use common::{AIGLON, Answer, Client, Daemon, config, eventually, firing, hash_of, run};
use scenes::{Fake, association, minutes_ago};

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0; bytes.len()];
    let length = pack(bytes, &mut out, &mut Box::new(Work::new())).unwrap();
    out.truncate(length);
    out
}

/// What a command makes of its standard input.
fn piped(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    let writer = thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{command:?}");
    output.stdout
}

fn golden() -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let pages = files.filter(|path| path.extension().is_some_and(|kind| kind == "html"));
    let mut pages: Vec<_> = pages
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()))
        .collect();
    pages.sort();
    assert!(pages.len() >= 16);
    pages
}

#[test]
fn every_golden_page_is_within_an_eighth_of_what_gzip_makes_of_it() {
    for (name, page) in golden() {
        let ours = packed(&page);
        let best = piped(Command::new("gzip").arg("-9n"), &page);
        println!("{name}: {} plain, {} ours, {} gzip -9", page.len(), ours.len(), best.len());
        assert!(ours.len() * 100 <= best.len() * 112, "{name}: {} and {}", ours.len(), best.len());
        assert!(piped(Command::new("gzip").arg("-dc"), &ours) == page, "{name}");
    }
}

/// The page of a site, packed. With `PACKED_DIR` it is kept there: tests/bench/slow sends it.
fn page(name: &str, config: &Config, lang: Lang, view: &Fake) -> Vec<u8> {
    let mut page = Box::new(Bytes::<PAGE_BYTES>::new());
    render::page(&mut *page, config, SiteId(0), lang, view, PageKind::Now).unwrap();
    let packed = packed(page.as_slice());
    if let Some(dir) = env::var_os("PACKED_DIR") {
        fs::write(PathBuf::from(dir).join(format!("{name}.{}.gz", lang.tag())), &packed).unwrap();
    }
    packed
}

#[test]
fn a_page_fits_a_few_segments() {
    // Four services, sixteen components with bars, two incidents, one with three updates.
    let mut view = scenes::incidents();
    view.incidents.retain(|(incident, _)| incident.open);
    assert_eq!(view.incidents.len(), 2);
    for (lang, most) in [(Lang::En, 4608), (Lang::Fr, 4608), (Lang::Ar, 5120)] {
        let bytes = page("4-services", &association(), lang, &view).len();
        println!("four services in {}: {bytes} bytes", lang.tag());
        assert!(bytes < most, "{}: {bytes}", lang.tag());
    }

    // Twelve services of five components, with names of their own, of which one is down;
    // sixteen of them with bad days in their bars.
    let mut config = association();
    let (services, parts) = (config.services.clone(), config.components.clone());
    config.services.clear();
    config.components.clear();
    for number in 0..12 {
        let mut service = services[number % services.len()];
        service.title = Texts::new(config.intern(&format!("House {number}, the street of birds")).unwrap());
        config.services.push(service).ok().unwrap();
        for part in 0..5 {
            let mut part = parts[(number * 5 + part) % parts.len()];
            part.service = ServiceId(number.try_into().unwrap());
            config.components.push(part).ok().unwrap();
        }
    }
    let well = ComponentView { since: Some(At::Mono(minutes_ago(3000))), ..ComponentView::default() };
    let mut view = Fake {
        every: Some(ComponentView { finding: Finding::Well, ..well }),
        ..scenes::with_past(scenes::trouble())
    };
    view.components.retain(|&part, _| part == 1);
    for (lang, most) in [(Lang::En, 5120), (Lang::Fr, 5120), (Lang::Ar, 5120)] {
        let bytes = page("12-services", &config, lang, &view).len();
        println!("twelve services in {}: {bytes} bytes", lang.tag());
        assert!(bytes < most, "{}: {bytes}", lang.tag());
    }
}

#[test]
fn zlib_unpacks_every_golden_page() {
    let script = "import sys, zlib; d = zlib.decompressobj(31); \
        sys.stdout.buffer.write(d.decompress(sys.stdin.buffer.read()) + d.flush()); sys.exit(not d.eof)";
    for (name, page) in golden() {
        assert!(piped(Command::new("python3").args(["-c", script]), &packed(&page)) == page, "{name}");
    }
}

const GZIP: &str = "Accept-Encoding: gzip\r\nAccept-Language: en\r\n";
const PLAIN: &str = "Accept-Language: en\r\n";

/// The text of a page that must have come packed.
fn text(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.header("Content-Encoding")), (200, Some("gzip")), "{}", answer.head);
    assert_eq!(answer.header("Content-Length"), Some(&*answer.packed.len().to_string()));
    String::from_utf8(piped(Command::new("gzip").arg("-dc"), &answer.packed)).unwrap()
}

#[test]
fn a_visitor_who_unpacks_gets_the_page_packed_and_others_get_it_plain() {
    let daemon = Daemon::start(&config());
    let mut client = daemon.connect();
    for path in ["/", "/history"] {
        for (accepts, is_packed) in [
            ("gzip", true),
            ("", false),
            ("gzip, deflate, br, zstd", true),
            // Several lines are one list.
            ("br\r\nAccept-Encoding: gzip", true),
            ("gzip\r\nAccept-Encoding: identity, gzip;q=0", true),
            ("gzip;q=0.5\r\nAccept-Encoding: identity", false),
            ("br", false),
            ("gzip;q=0", false),
            ("x-gzip;q=0.5, *;q=0", true),
            ("*", true),
            ("identity, gzip;q=0.5", false),
        ] {
            let accepts = format!("Accept-Encoding: {accepts}\r\n{PLAIN}");
            let answer = client.get(path, &accepts);
            let plain = client.get(path, PLAIN);
            assert_eq!(plain.header("Content-Encoding"), None);
            for answer in [&plain, &answer] {
                assert_eq!(answer.header("Vary"), Some("Accept-Encoding, Accept-Language"));
            }
            if is_packed {
                assert!(text(&answer) == plain.body, "{path} {accepts}");
                assert!(answer.packed.len() * 2 < plain.body.len());
                assert_ne!(answer.header("ETag"), plain.header("ETag"));
            } else {
                assert!(answer.packed.is_empty() && answer.body == plain.body, "{path} {accepts}");
                assert_eq!(answer.header("ETag"), plain.header("ETag"));
            }
        }
    }
    // Only pages are.
    for path in ["/metrics", "/api/v2/status", "/nothing"] {
        assert_eq!(client.get(path, GZIP).header("Content-Encoding"), None, "{path}");
    }
    let rendered = daemon.metric("aiglon_pages_rendered_total").unwrap();
    assert!((rendered - 2.0).abs() < 0.5, "one rendering is in both forms: {rendered}");
}

#[test]
fn what_a_visitor_has_in_either_form_is_not_sent_again() {
    let daemon = Daemon::start(&config());
    let mut client = daemon.connect();
    let tag = |answer: &Answer| answer.header("ETag").unwrap().to_owned();
    let (packed, plain) = (client.get("/", GZIP), client.get("/", PLAIN));
    let (packed, plain) = (tag(&packed), tag(&plain));
    for (accepts, has, status, is) in [
        (GZIP, packed.clone(), 304, &packed),
        (GZIP, format!("W/{packed}"), 304, &packed),
        (PLAIN, plain.clone(), 304, &plain),
        // Plain will do for who has that.
        (GZIP, plain.clone(), 304, &plain),
        (GZIP, format!("{plain}, {packed}"), 304, &packed),
        (GZIP, format!("\"x\"\r\nIf-None-Match: {packed}"), 304, &packed),
        (GZIP, "*".to_owned(), 304, &packed),
        (GZIP, "\"x\"".to_owned(), 200, &packed),
        // Who does not unpack cannot have it packed from us.
        (PLAIN, packed.clone(), 200, &plain),
        (PLAIN, format!("{plain}, {packed}"), 304, &plain),
    ] {
        let answer = client.get("/", &format!("{accepts}If-None-Match: {has}\r\n"));
        assert_eq!((answer.status, &tag(&answer)), (status, is), "{accepts} {has}");
        assert_eq!(answer.header("Vary"), Some("Accept-Encoding, Accept-Language"));
        assert_eq!(answer.header("Content-Encoding").is_some(), status == 200 && accepts == GZIP);
    }
    // After a change, neither is what there is.
    daemon.post("/api/v2/alerts", &format!("[{}]", firing("A", "heron")));
    for (accepts, has) in [(GZIP, &packed), (GZIP, &plain), (PLAIN, &plain)] {
        assert_eq!(client.get("/", &format!("{accepts}If-None-Match: {has}\r\n")).status, 200);
    }
    // Who has a page is told so without that it is packed again.
    let again = Daemon::start(&config());
    assert_eq!(again.connect().get("/", &format!("{GZIP}If-None-Match: {packed}\r\n")).status, 304);
}

#[test]
fn a_head_says_what_the_page_would() {
    let daemon = Daemon::start(&config());
    let mut client = daemon.connect();
    let head = |client: &mut Client, headers: &str| {
        client.send(format!("HEAD / HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").as_bytes());
        client.try_answer(true).unwrap()
    };
    let said = |answer: &Answer| {
        ["ETag", "Content-Length", "Content-Encoding", "Content-Type", "Vary", "Cache-Control"]
            .map(|name| answer.header(name).map(str::to_owned))
    };
    // Nothing is packed for it.
    client.get("/", PLAIN);
    let unpacked = head(&mut client, GZIP);
    assert_eq!((unpacked.status, said(&unpacked)[..3].to_vec()), (200, vec![None, None, None]));
    let page = client.get("/", GZIP);
    assert_eq!(said(&head(&mut client, GZIP)), said(&page));
    let plain = client.get("/", PLAIN);
    assert_eq!(said(&head(&mut client, PLAIN)), said(&plain));
    // On one connection, all of them one after the other.
    let get = |headers: &str| format!("GET / HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    client.send(format!("{0}{1}{0}{0}{1}", get(GZIP), get(PLAIN)).as_bytes());
    for is_packed in [true, false, true, true, false] {
        let answer = client.answer();
        assert_eq!(answer.packed == page.packed, is_packed);
        assert_eq!(answer.body == plain.body, !is_packed);
    }
}

fn say(daemon: &Daemon, words: &[&str]) {
    let mut command = Command::new(AIGLON);
    command.args(["console", "--socket"]).arg(daemon.dir.path().join("console.sock"));
    let (status, out, err) = run(command.args(words).env_remove("SSH_ORIGINAL_COMMAND"));
    assert_eq!(status, Some(0), "{words:?}: {out}{err}");
}

#[test]
fn what_is_redacted_is_in_neither_form() {
    let daemon = Daemon::start(&config());
    let say = |words: &[&str]| say(&daemon, words);
    let mut client = daemon.connect();
    say(&["incident", "open", "wifi", "A house"]);
    say(&["update", "1", "identified", "lives in the red house"]);
    // Only one of the two forms is asked for before.
    for path in ["/", "/incidents/1"] {
        assert!(text(&client.get(path, GZIP)).contains("the red house"));
    }
    let had = client.get("/", GZIP).header("ETag").unwrap().to_owned();
    say(&["--yes", "redact", "1"]);
    assert_eq!(client.get("/incidents/1", GZIP).status, 404);
    for path in ["/", "/history"] {
        let packed = client.get(path, &format!("{GZIP}If-None-Match: {had}\r\n"));
        assert!(!text(&packed).contains("the red house"), "{path}");
        assert!(!client.get(path, PLAIN).body.contains("the red house"), "{path}");
    }
}

/// A visitor asks for the packed page again and again, reads nothing, and so borrows it. What they
/// read later may have the words, as far as it was sent before; nothing after that has them.
#[test]
fn what_is_redacted_goes_while_a_slow_reader_is_sent_the_page() {
    let daemon = Daemon::start(&config());
    say(&daemon, &["incident", "open", "wifi", "A house"]);
    say(&daemon, &["update", "1", "identified", "lives in the red house"]);
    let mut slow = daemon.connect();
    // More than the kernel takes on for somebody who does not read.
    let asks = 4000;
    let mut socket = slow.0.get_ref().try_clone().unwrap();
    let one = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{GZIP}\r\n");
    let writer = thread::spawn(move || socket.write_all(one.repeat(asks).as_bytes()).unwrap());
    let written = || {
        let io = fs::read_to_string(format!("/proc/{}/io", daemon.process.child.id())).unwrap();
        io.lines().find_map(|line| line.strip_prefix("wchar: ")?.parse::<u64>().ok()).unwrap()
    };
    let mut before = 0;
    eventually("it is sent nothing any more", 10, || {
        thread::sleep(Duration::from_millis(50));
        let now = written();
        let is_stuck = now > 100_000 && now == before;
        before = now;
        is_stuck
    });
    say(&daemon, &["--yes", "redact", "1"]);
    let mut visitor = daemon.connect();
    for _ in 0..2 {
        assert!(!text(&visitor.get("/", GZIP)).contains("the red house"));
        assert!(!visitor.get("/", PLAIN).body.contains("the red house"));
    }
    // All that is different of it, in order.
    let mut pages: Vec<(Vec<u8>, usize)> = Vec::new();
    for _ in 0..asks {
        let answer = slow.answer();
        assert_eq!((answer.status, answer.header("Content-Encoding")), (200, Some("gzip")));
        match pages.last_mut() {
            Some((page, count)) if *page == answer.packed => *count += 1,
            _ => pages.push((answer.packed, 1)),
        }
    }
    writer.join().unwrap();
    let has = |(page, _): &(Vec<u8>, usize)| {
        let page = piped(Command::new("gzip").arg("-dc"), page);
        String::from_utf8(page).unwrap().contains("the red house")
    };
    let with = pages.iter().take_while(|page| has(page)).count();
    assert!(with > 0 && with < pages.len() && !pages[with..].iter().any(has), "{with} of {}", pages.len());
}

/// Pages of many sites and languages are asked for at the same time, more than there are buffers,
/// and each change has all of them packed anew. Nobody gets a part of another page.
#[test]
fn pages_that_are_packed_at_the_same_time_are_each_whole_and_ones_own() {
    let site = |n| {
        format!(
            "config site 'site{n}'\n\tlist host 'site{n}.example'\n\toption title 'Birds of {n}'\n\
             config source 'source{n}'\n\toption site 'site{n}'\n\tlist token '{}'\n\
             config service 'service{n}'\n\toption site 'site{n}'\n\
             config component 'part{n}'\n\toption service 'service{n}'\n",
            hash_of(&format!("token-{n}"))
        )
    };
    let sites = 7;
    let daemon = Daemon::start(&(config() + &(0..sites).map(site).collect::<String>()));
    let keys: Vec<_> = (0..sites).flat_map(|n| ["en", "fr", "ar"].map(|lang| (n, lang))).collect();
    let mut clients: Vec<_> = keys.iter().map(|_| daemon.connect()).collect();
    let mut count = 0;
    for round in 0..6 {
        for n in 0..sites {
            say(&daemon, &["banner", "set", "--site", &format!("site{n}"), &format!("Round {round}")]);
        }
        for (client, (n, lang)) in clients.iter_mut().zip(&keys) {
            let ask = format!(
                "GET / HTTP/1.1\r\nHost: site{n}.example\r\nAccept-Encoding: gzip\r\nAccept-Language: {lang}\r\n\r\n"
            );
            client.send(ask.repeat(2).as_bytes());
        }
        for (client, (n, lang)) in clients.iter_mut().zip(&keys) {
            for _ in 0..2 {
                let answer = client.answer();
                if answer.status == 503 {
                    continue;
                }
                assert_eq!(answer.status, 200);
                let page = if answer.packed.is_empty() {
                    answer.body
                } else {
                    count += 1;
                    text(&answer)
                };
                let is_own = |page: &str| {
                    page.contains(&format!("<html lang=\"{lang}\""))
                        && page.contains(&format!("Birds of {n}"))
                };
                assert!(is_own(&page) && page.trim_end().ends_with("</html>"), "{n} {lang}: {page}");
                assert!(page.contains(&format!("Round {round}")), "{n} {lang}: {page}");
            }
        }
    }
    assert!(count > 100, "only {count} were packed");
}

#[test]
fn curl_unpacks_what_it_gets() {
    let daemon = Daemon::start(&config());
    let get = |options: &[&str]| {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-H", "Accept-Language: en"]).args(options);
        let (status, out, err) = run(curl.arg(format!("http://{}/", daemon.address)));
        assert_eq!(status, Some(0), "{err}");
        out
    };
    let page = get(&[]);
    assert!(page.ends_with("</html>") || page.contains("<footer>"));
    assert_eq!(get(&["--compressed"]), page);
    assert!(get(&["--compressed", "-I"]).contains("Content-Encoding: gzip"));
}
