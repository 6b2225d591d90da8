//! What is public, and what never is: secrets are fed into every field of every endpoint, and every
//! answer and the log are searched for them. Who may see which site. And no visitor in the log,
//! whatever they do.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs::File;
use std::process::{Command, Stdio};

use common::{Daemon, PUSH, READ, config, firing, hash_of, overall, run, with};

/// Words, addresses and numbers that are nobody's business, each another one.
#[derive(Default)]
struct Secrets(Vec<String>);

impl Secrets {
    fn number(&self) -> usize {
        self.0.len() % 200 + 10
    }

    /// A word.
    fn word(&mut self) -> String {
        self.keep(format!("zqx{:04}qz", self.0.len()))
    }

    fn ip(&mut self) -> String {
        self.keep(format!("10.77.{}.{}", self.number(), self.0.len() / 200 + 1))
    }

    fn ipv6(&mut self) -> String {
        self.keep(format!("2001:db8:77::{:x}", self.number()))
    }

    /// A MAC address, in a notation that somebody uses.
    fn mac(&mut self, notation: usize) -> String {
        let pair = format!("{:02x}", self.number());
        let mac = match notation {
            0 => format!("02:00:5e:77:00:{pair}"),
            1 => format!("02-00-5E-77-01-{}", pair.to_uppercase()),
            2 => format!("0200.5e77.02{pair}"),
            3 => format!("02005e7703{pair}"),
            _ => format!("02 00 5e 77 04 {pair}"),
        };
        self.keep(mac)
    }

    fn keep(&mut self, secret: String) -> String {
        self.0.push(secret.clone());
        secret
    }

    /// A text with something of each.
    fn text(&mut self) -> String {
        let macs: Vec<_> = (0..5).map(|notation| self.mac(notation)).collect();
        format!("{} {} {} at {}", self.word(), self.ip(), self.ipv6(), macs.join(", "))
    }

    /// Nothing of it is in there, however it is written.
    fn are_not_in(&self, what: &str, text: &str) {
        let text = text.to_lowercase();
        let found: Vec<_> = self.0.iter().filter(|secret| text.contains(&secret.to_lowercase())).collect();
        assert!(found.is_empty(), "{what} tells {found:?}:\n{text}");
    }
}

/// One site. Alerts find `heron` by name, which publishes the summary, and `egret` by a label and
/// an annotation that are therefore kept.
fn one_site() -> String {
    let config = with(&config(), "egret", &["list match 'alertname~* instance~* note~*egret*'"]);
    let config = with(&config, "home", &["option url 'https://status.example.org'"]);
    let outputs = ["text", "json", "badge", "atom", "ical"].map(|word| format!("list publish_as '{word}'"));
    let built = if cfg!(feature = "feeds") { 5 } else { 2 };
    with(&config, "home", &outputs.iter().take(built).map(String::as_str).collect::<Vec<_>>())
}

/// Labels and annotations as JSON, a secret in each of them. `summary` is the one text that may be
/// public.
fn alert(secrets: &mut Secrets, component: &str, summary: &str) -> String {
    // What is kept is short, so that it leaves room for the summary.
    let short = format!("\"alertname\":{:?},\"instance\":{:?}", secrets.word(), secrets.ip());
    let mut pair = |name: &str| format!("{name:?}:{:?}", secrets.text());
    let labels = ["job", "ssid", "client", "address"].map(&mut pair).join(",");
    let annotations = ["description", "runbook_url", "dashboard"].map(&mut pair).join(",");
    let [extra, url, name, value] = [(); 4].map(|()| secrets.word());
    format!(
        "{{\"labels\":{{{short},{labels},\"service\":\"wifi\",\"component\":\"{component}\",\"severity\":\"critical\",\
         \"{name}\":\"{value}\"}},\"annotations\":{{{annotations},\"note\":\"an {component}\",\
         \"summary\":\"{summary}\"}},\"generatorURL\":\"http://{url}.example/graph\",\
         \"{extra}\":{{\"deep\":[\"{}\",{{\"{}\":1}}]}}}}",
        secrets.word(),
        secrets.word()
    )
}

/// A webhook around alerts, a secret in every field of Alertmanager's and Grafana's.
fn webhook(secrets: &mut Secrets, alerts: &str) -> String {
    let fields = [
        "receiver",
        "externalURL",
        "groupKey",
        "title",
        "state",
        "message",
        "dashboardURL",
        "panelURL",
        "silenceURL",
        "valueString",
        "imageURL",
        "whatever",
    ];
    let fields: Vec<_> = fields.iter().map(|field| format!("\"{field}\":{:?}", secrets.text())).collect();
    let groups = ["groupLabels", "commonLabels", "commonAnnotations"]
        .map(|group| format!("\"{group}\":{{\"{}\":\"{}\"}}", secrets.word(), secrets.text()));
    format!(
        "{{{},{},\"version\":\"{}\",\"status\":\"firing\",\"alerts\":[{alerts}],\"truncatedAlerts\":0}}",
        fields.join(","),
        groups.join(","),
        secrets.word()
    )
}

/// Header lines that visitors and senders bring along, a secret in each.
fn headers(secrets: &mut Secrets) -> String {
    let mut lines = String::new();
    for name in ["User-Agent", "Cookie", "Referer", "Origin", "From", "X-Device", "If-None-Match", "Accept"] {
        lines.extend([name, ": ", &secrets.text(), "\r\n"]);
    }
    lines
}

/// Who is behind a proxy.
fn forwarding(secrets: &mut Secrets) -> String {
    format!(
        "X-Forwarded-For: {}, {}\r\nForwarded: for={}\r\nX-Real-IP: {}\r\nVia: 1.1 {}\r\n",
        secrets.ip(),
        secrets.ipv6(),
        secrets.ip(),
        secrets.ip(),
        secrets.word()
    )
}

/// Says exactly this, and returns everything that comes back.
fn ask(daemon: &Daemon, request: &str) -> String {
    let mut client = daemon.connect();
    client.send(request.as_bytes());
    let answer = client.try_answer(request.starts_with("HEAD"));
    answer.map_or_else(String::new, |answer| answer.head + "\r\n" + &answer.body)
}

/// Every path that answers strangers, with secrets in the query and the headers, in every language;
/// and every way to ask wrongly.
fn ask_everything(daemon: &Daemon, secrets: &mut Secrets) -> Vec<(String, String)> {
    let mut requests = Vec::new();
    for path in [
        "/",
        "/-/healthy",
        "/-/ready",
        "/metrics",
        "/api/v2/status",
        "/api/v2/receivers",
        "/api/v2/alerts",
        "/api/v1/alerts",
        "/api/v1/webhook",
        "/history",
        "/status.txt",
        "/api/v2/status.json",
        "/api/v2/summary.json",
        "/api/v2/incidents.json",
        "/badge/wifi.svg",
        "/badge/wifi.json",
        "/feed.atom",
        "/maintenance.ics",
        "/favicon.ico",
        "/robots.txt",
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE", "BREW"] {
            let lines = headers(secrets);
            let query = secrets.word();
            requests.push(format!("{method} {path}?{query} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n"));
        }
    }
    for lang in ["fr", "en", "ar", "nl"] {
        let lines = headers(secrets);
        requests.push(format!("GET / HTTP/1.1\r\nHost: localhost\r\nAccept-Language: {lang}\r\n{lines}\r\n"));
    }
    let [path, deep, host, user, token, basic] = [(); 6].map(|()| secrets.word());
    let token_line = format!("Authorization: Bearer {token}\r\n");
    let through = forwarding(secrets);
    requests.extend([
        format!("GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        format!("GET /{path}/ HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        format!("GET /{path}/{deep} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        format!("GET http://{host}/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {host}.example\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {host} {host}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\n{through}\r\n"),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\n{through}{through}\r\n"),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\n {path}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-{path} : y\r\n\r\n"),
        format!("GET / HTTP/9.9\r\nHost: {path}\r\n\r\n"),
        format!("GET /{path} {path}\r\n\r\n"),
        format!("{path}\r\n\r\n"),
        format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", path.repeat(400)),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", path.repeat(1000)),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(100)),
        format!("POST /{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{path}"),
        format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {path}\r\n\r\n"),
        format!("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: {path}\r\n\r\n"),
        format!("POST / HTTP/1.1\r\nHost: localhost\r\nExpect: {path}\r\n\r\n"),
        format!("GET /api/v2/alerts HTTP/1.1\r\nHost: localhost\r\n{token_line}\r\n"),
        format!("GET /api/v2/alerts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {basic}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\n{token_line}\r\n"),
        format!("POST /api/v2/alerts HTTP/1.1\r\nHost: localhost\r\n{token_line}Content-Length: 0\r\n\r\n"),
        format!("GET http://{user}:{token}@localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n"),
    ]);
    requests.into_iter().map(|request| (ask(daemon, &request), request)).map(|(a, r)| (r, a)).collect()
}

/// What senders are told, and what the log says, when what they send is wrong; a secret at every
/// place.
fn send_nonsense(daemon: &Daemon, secrets: &mut Secrets) -> Vec<(String, String)> {
    let word = secrets.word();
    let name = secrets.word();
    let bodies = [
        word.clone(),
        format!("\"{word}\""),
        format!("{{\"{word}\":{{\"{name}\":[1]}}}}"),
        format!("[{{\"labels\":{{\"alertname\":\"{word}\""),
        format!("[{{\"labels\":{{\"alertname\":\"{word}\"}},\"startsAt\":\"{name}\"}}]"),
        format!("[{{\"labels\":{{\"alertname\":\"{word}\"}},\"endsAt\":\"{name}\"}}]"),
        format!("[{{\"labels\":\"{word}\"}}]"),
        format!("[{{\"labels\":{{}},\"annotations\":{{\"{name}\":\"{word}\"}}}}]"),
        format!("[{{\"labels\":{{\"{name}\":[\"{word}\"]}}}}]"),
        format!("[{{\"labels\":{{\"{name}\":{}}}}}]", "[".repeat(50)),
        format!("[{{\"labels\":{{\"alertname\":\"x\"}},\"annotations\":{{{}}}}}]", {
            let pairs: Vec<_> = (0..100).map(|n| format!("\"{name}{n}\":\"{word}\"")).collect();
            pairs.join(",")
        }),
        format!("[\"{word}\",{{\"{name}\":\"{word}\"}}]"),
    ];
    let mut said = Vec::new();
    for path in ["/api/v2/alerts", "/api/v1/alerts", "/api/v1/webhook"] {
        for body in &bodies {
            let answer = daemon.post(path, body);
            said.push((body.clone(), answer.head + &answer.body));
        }
        let encoded = format!("Authorization: Bearer {PUSH}\r\nContent-Encoding: {word}\r\n");
        let answer = daemon.connect().post(path, &encoded, "[]");
        said.push((encoded, answer.head + &answer.body));
        let wrong = format!("Authorization: Bearer {READ}\r\n{}", headers(secrets));
        let answer = daemon.connect().post(path, &wrong, &format!("[\"{word}\"]"));
        said.push((wrong, answer.head + &answer.body));
    }
    said
}

#[test]
fn no_answer_and_no_log_line_tells_what_was_not_published() {
    let mut secrets = Secrets::default();
    let mut daemon = Daemon::start(&one_site());
    let publishable =
        "The roof at 02:00:5e:10:00:ff, 02-00-5E-10-00-FF, 0200.5e10.00ff, 10.1.2.3 and 2001:db8:5::9";
    let lines =
        format!("Authorization: Bearer {PUSH}\r\n{}{}", headers(&mut secrets), forwarding(&mut secrets));

    for (path, wrapped) in [("/api/v2/alerts", false), ("/api/v1/alerts", false), ("/api/v1/webhook", true)] {
        let alerts = ["heron", "egret", "nowhere"].map(|component| {
            // A summary of a component that publishes none is as secret as the rest.
            let summary = if component == "heron" { publishable.to_owned() } else { secrets.text() };
            alert(&mut secrets, component, &summary)
        });
        let alerts = alerts.join(",");
        let body = if wrapped { webhook(&mut secrets, &alerts) } else { format!("[{alerts}]") };
        let answer = daemon.connect().post(path, &lines, &body);
        assert_eq!(answer.status, 200, "{path}: {} {body}", answer.body);
        secrets.are_not_in(path, &(answer.head + &answer.body));
    }
    assert_eq!(daemon.metric("aiglon_alerts_received_total{verdict=\"firing\"}"), Some(6.0));

    let page = daemon.english();
    assert_eq!(overall(&page), "Something is down");
    let masked =
        "The roof at xx:xx:xx:xx:xx:xx, xx-xx-xx-xx-xx-xx, xxxx.xxxx.xxxx, xx.x.x.x and xxxx:xxx:x::x";
    assert!(page.contains(masked), "{page}");
    for raw in ["5e:10", "5E-10", "5e10", "10.1.2.3", "2001:db8"] {
        assert!(!page.contains(raw), "{raw}: {page}");
    }

    let (asked, told) = (ask_everything(&daemon, &mut secrets), send_nonsense(&daemon, &mut secrets));
    assert!(asked.iter().any(|(_, answer)| answer.contains("HTTP/1.1 200") && answer.contains(masked)));
    for status in ["200", "400", "401", "403", "404", "405", "414", "415", "417", "431", "501", "505"] {
        let line = format!("HTTP/1.1 {status}");
        assert!(
            asked.iter().chain(&told).any(|(_, answer)| answer.starts_with(&line)),
            "nothing was answered {status}"
        );
    }
    for (request, answer) in asked.iter().chain(&told) {
        assert!(!answer.is_empty(), "no answer: {request}");
        secrets.are_not_in(request.split("\r\n").next().unwrap(), answer);
        for header in ["Server:", "X-Powered-By", "Set-Cookie", "Via:"] {
            assert!(!answer.contains(header), "{answer}");
        }
    }
    let log = daemon.process.log();
    assert!(log.lines().count() > 1, "{log}");
    // How an alert is called that leads nowhere is logged, and nothing else of it.
    let nameless = |line: &str| match line.split_once("': alert '") {
        Some((before, after)) => before.to_owned() + after.split_once('\'').unwrap().1,
        None => line.to_owned(),
    };
    let rest: Vec<_> = log.lines().map(nameless).collect();
    assert!(rest.iter().filter(|line| line.contains(" leads to no component")).count() >= 3, "{log}");
    secrets.are_not_in("the log", &rest.join("\n"));
    for token in [PUSH, READ, &hash_of(PUSH)[7..], &hash_of(READ)[7..]] {
        assert!(!log.contains(token), "{log}");
    }

    // Nor does the flash, on which a webhook's alerts are written so that a restart forgets none:
    // whoever takes the antenna away reads it. One without a MAC address, since those are not
    // written at all.
    let mut unwritten = Secrets::default();
    let (instance, job) = (unwritten.ip(), unwritten.word());
    let note = format!("an egret at {}", unwritten.word());
    let quiet = format!(
        "{{\"alerts\":[{{\"status\":\"firing\",\"labels\":{{\"alertname\":\"EgretDown\",\"instance\":\"{instance}\",\
         \"job\":\"{job}\"}},\"annotations\":{{\"note\":\"{note}\",\"summary\":\"{note}\"}}}}]}}"
    );
    assert_eq!(daemon.post("/api/v1/webhook", &quiet).status, 200);
    let written = std::fs::read_dir(daemon.dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let written: Vec<_> = written.filter(|path| path.is_file() && !path.ends_with("config")).collect();
    assert!(written.iter().any(|path| path.ends_with("journal")), "{written:?}");
    for path in written {
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!path.ends_with("journal") || text.contains("EgretDown"), "{text}");
        secrets.are_not_in(path.to_str().unwrap(), &text);
        unwritten.are_not_in(path.to_str().unwrap(), &text);
    }

    // What is not kept cannot be told later: whoever reads alerts sees names, and what a matcher
    // names.
    let list = daemon.connect().get("/api/v2/alerts", &format!("Authorization: Bearer {READ}\r\n")).body;
    let alerts: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    assert_eq!(alerts.len(), 7);
    for alert in &alerts {
        let mut names: Vec<_> = ["labels", "annotations"]
            .iter()
            .flat_map(|kind| alert[kind].as_object().unwrap().keys().map(String::as_str))
            .collect();
        names.sort_unstable();
        let known = ["alertname", "component", "instance", "note", "service", "summary"];
        assert!(names.iter().all(|name| known.contains(name)), "{alert}");
        assert_eq!(alert["generatorURL"], serde_json::Value::Null);
    }
    for mac in secrets.0.iter().filter(|secret| secret.starts_with("02")) {
        assert!(!list.contains(mac), "{mac} is kept: {list}");
    }
}

/// Mistakes are told with their line, and never with what stands there where it may be a secret.
#[test]
fn a_mistake_in_the_configuration_tells_no_secret() {
    let dir = common::Dir::new();
    let text = with(&config(), "home", &["option secret_path 'zqx-short!'"]);
    let text = with(&text, "prometheus", &["list token 'zqx-push-token-as-it-is'"]);
    let text = with(&text, "amtool", &["list token 'sha256:ZQX0123456789'"]);
    let text = text + "config user 'tern'\n\tlist site 'home'\n\tlist key 'ssh-ed25519 AAAAzqx tern@zqx'\n";
    let file = dir.write("config", &text);
    let (status, stdout, stderr) = run(Command::new(common::AIGLON).arg("check").arg(file));
    let said = stdout + &stderr;
    assert_eq!(status, Some(2));
    assert!(said.lines().count() >= 4, "{said}");
    assert!(!said.to_lowercase().contains("zqx"), "{said}");
}

// ---- who may see what ---------------------------------------------------------------------------

const SECRET: &str = "Yk3mP0qLw8ZtR5vN";

/// A local, an unlisted and a public site, each with its own host, so that any other host is
/// unknown.
fn three_sites() -> String {
    let config = with(&config(), "home", &["list host 'home.example'"]);
    format!(
        "{config}config site 'hidden'\n\toption visibility 'unlisted'\n\toption secret_path '{SECRET}'\n\
         \tlist host 'hidden.example'\n\toption title 'Hidden birds'\n\toption lang 'en'\n\
         config site 'open'\n\toption visibility 'public'\n\tlist host 'open.example'\n\
         \toption title 'Open birds'\n\toption lang 'en'\n"
    )
}

/// An answer without its date, which alone may differ.
fn dateless(daemon: &Daemon, method: &str, host: &str, path: &str, headers: &str) -> String {
    let answer = ask(daemon, &format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n"));
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    answer.split_inclusive("\r\n").filter(|line| !line.starts_with("Date: ")).collect()
}

#[test]
fn a_local_site_is_not_there_for_who_comes_through_a_proxy() {
    let daemon = Daemon::start(&three_sites());
    let page = dateless(&daemon, "GET", "home.example", "/", "");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("Antennas"), "{page}");
    assert!(page.contains("X-Robots-Tag: noindex\r\n") && page.contains("content=noindex"), "{page}");
    assert!(page.contains("Cache-Control: private"), "{page}");
    let etag = page.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap();
    let knows = format!("If-None-Match: {etag}\r\n");
    assert!(dateless(&daemon, "GET", "home.example", "/", &knows).starts_with("HTTP/1.1 304"));

    for method in ["GET", "HEAD"] {
        let unknown = dateless(&daemon, method, "nobody.example", "/", "");
        assert!(unknown.starts_with("HTTP/1.1 404"), "{unknown}");
        for header in [
            "X-Forwarded-For: 192.168.1.7\r\n",
            "x-forwarded-for: 127.0.0.1\r\n",
            "X-Forwarded-Host: home.example\r\n",
            "X-Forwarded-Proto: https\r\n",
            "Forwarded: for=127.0.0.1\r\n",
            "Via: 1.1 proxy\r\n",
            "X-Real-IP: 127.0.0.1\r\n",
            "X-Forwarded-For: \r\n",
        ] {
            for more in ["", &knows, "If-None-Match: *\r\n", "Accept-Language: ar\r\n"] {
                let answer = dateless(&daemon, method, "home.example", "/", &format!("{header}{more}"));
                assert_eq!(answer, unknown, "{header}{more}");
            }
        }
    }
}

#[test]
fn an_unlisted_site_answers_under_its_secret_alone() {
    let mut daemon = Daemon::start(&three_sites());
    let secret = format!("/{SECRET}/");
    let page = dateless(&daemon, "GET", "hidden.example", &secret, "");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("Hidden birds"), "{page}");
    assert!(page.contains("X-Robots-Tag: noindex\r\n") && page.contains("content=noindex"), "{page}");
    assert!(
        page.contains("Cache-Control: private") && page.contains("Referrer-Policy: no-referrer"),
        "{page}"
    );
    assert!(!page.contains(SECRET), "the page tells its own secret: {page}");
    // It is for whoever knows the path, wherever they come from.
    let through = dateless(&daemon, "GET", "hidden.example", &secret, "X-Forwarded-For: 192.0.2.1\r\n");
    assert!(through.starts_with("HTTP/1.1 200"), "{through}");
    let bare = dateless(&daemon, "GET", "hidden.example", &format!("/{SECRET}"), "");
    assert!(
        bare.starts_with("HTTP/1.1 301") && bare.contains(&format!("Location: ./{SECRET}/\r\n")),
        "{bare}"
    );
    // Nobody keeps it, and no search engine.
    assert!(
        bare.contains("Cache-Control: no-store\r\n") && bare.contains("X-Robots-Tag: noindex\r\n"),
        "{bare}"
    );

    let unknown = dateless(&daemon, "GET", "nobody.example", "/", "");
    let wrong = format!("/{}x/", &SECRET[..SECRET.len() - 1]);
    for (host, path) in [
        ("hidden.example", "/"),
        ("hidden.example", wrong.as_str()),
        ("hidden.example", &wrong[..wrong.len() - 1]),
        ("hidden.example", "//"),
        ("hidden.example", &format!("/{}/", SECRET.to_lowercase())),
        ("hidden.example", &format!("/{SECRET}//")),
        ("hidden.example", &format!("/{SECRET}/index.html")),
        ("home.example", &secret),
        ("open.example", &secret),
        ("nobody.example", &secret),
        ("nobody.example", &format!("/{SECRET}")),
    ] {
        assert_eq!(dateless(&daemon, "GET", host, path, ""), unknown, "{host}{path}");
    }
    assert!(!daemon.process.log().contains(SECRET));
}

/// The name of a site that is not for a visitor leads where every other name leads.
#[test]
fn the_name_of_a_hidden_site_is_like_any_other_where_a_site_answers_to_all() {
    let daemon = Daemon::start(&three_sites().replace("\tlist host 'open.example'\n", ""));
    for forwarded in ["", "X-Forwarded-For: 192.0.2.1\r\n"] {
        for method in ["GET", "HEAD"] {
            for path in ["/", "/history", "/incidents/1", "/x"] {
                let other = dateless(&daemon, method, "nobody.example", path, forwarded);
                assert_eq!(other.starts_with("HTTP/1.1 200"), path.len() < 9 && path != "/x", "{path}");
                let mut hidden = vec!["hidden.example"];
                if !forwarded.is_empty() {
                    hidden.push("home.example");
                }
                for host in hidden {
                    assert_eq!(dateless(&daemon, method, host, path, forwarded), other, "{host}{path}");
                }
            }
        }
    }
    let home = dateless(&daemon, "GET", "home.example", "/", "");
    assert!(home.contains("Antennas"), "{home}");
    let secret = dateless(&daemon, "GET", "hidden.example", &format!("/{SECRET}/"), "");
    assert!(secret.contains("Hidden birds"), "{secret}");
}

/// What a browser says when a person follows a link.
const PERSON: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nAccept-Language: ar\r\n";

/// A visitor at an address without a page reads so in their language, and finds back. What they are
/// told is what the page itself would tell them: nothing, where no page is for them.
#[test]
fn who_is_lost_finds_back_and_learns_of_no_other_site() {
    let daemon = Daemon::start(&three_sites());
    let page = dateless(&daemon, "GET", "open.example", "/x", PERSON);
    let (head, body) = page.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        head,
        format!(
            "HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\nConnection: keep-alive\r\n\
             Content-Type: text/html; charset=utf-8\r\nContent-Language: ar\r\nCache-Control: no-store\r\n\
             Vary: Accept, Accept-Language\r\n\
             Content-Security-Policy: {}\r\n\
             Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY",
            body.len(),
            aiglon::render::CSP_MISSING
        )
    );
    assert!(body.contains("<html lang=\"ar\" dir=\"rtl\">"), "{body}");
    assert!(body.contains("لا توجد صفحة في هذا العنوان") && body.len() < 800, "{body}");
    assert_eq!(dateless(&daemon, "HEAD", "open.example", "/x", PERSON).trim_end(), head);

    // Of whom, and where back leads.
    for (host, path, title, back) in [
        ("open.example", "/favicon.ico", "Open birds", "./"),
        ("open.example", "/incidents/", "Open birds", "../"),
        ("open.example", "/incidents/9", "Open birds", "../"),
        ("open.example", "/history/", "Open birds", "../"),
        ("open.example", "/a/b/c?d=/e/f", "Open birds", "../../"),
        ("open.example", "//x", "Open birds", "../"),
        ("open.example", "/a/b/c/d/e/f/g/h/i", "Open birds", "../../../../../../../../"),
        ("open.example", &format!("/{SECRET}"), "Open birds", "./"),
        ("open.example", &format!("/{SECRET}/"), "Open birds", "../"),
        ("open.example", &format!("/{SECRET}/incidents/1"), "Open birds", "../../"),
        ("home.example", "/x", "Antennas", "./"),
        ("hidden.example", &format!("/{SECRET}/x"), "Hidden birds", "./"),
        ("hidden.example", &format!("/{SECRET}//"), "Hidden birds", "../"),
        ("hidden.example", &format!("/{SECRET}/incidents/9"), "Hidden birds", "../"),
    ] {
        let answer = dateless(&daemon, "GET", host, path, PERSON);
        assert!(answer.starts_with("HTTP/1.1 404 "), "{host}{path}: {answer}");
        assert!(answer.contains(&format!("<h1><bdi>{title}</bdi></h1>")), "{host}{path}: {answer}");
        assert_eq!(answer.matches("href=").count(), 1, "{answer}");
        assert!(answer.contains(&format!("<a href=\"{back}?lang=ar\">")), "{host}{path}: {answer}");
        assert!(!answer.contains(SECRET), "{answer}");
        assert_eq!(answer.contains("X-Robots-Tag: noindex"), title != "Open birds", "{answer}");
        assert_eq!(answer.matches("birds").count(), if title == "Antennas" { 0 } else { 2 }, "{answer}");
    }
    // Nothing was rendered for any of that.
    assert_eq!(daemon.metric("aiglon_pages_rendered_total"), Some(0.0));

    // To all others it is what an unknown name is.
    let unknown = dateless(&daemon, "GET", "nobody.example", "/x", PERSON);
    assert!(unknown.ends_with("\r\n\r\n404 Not Found\n"), "{unknown}");
    let proxy = format!("{PERSON}X-Forwarded-For: 192.168.1.7\r\n");
    let token = format!("{PERSON}Authorization: Bearer x\r\n");
    let wrong = format!("/{}x/", &SECRET[..SECRET.len() - 1]);
    for (host, path, headers) in [
        ("nobody.example", "/", PERSON),
        ("nobody.example", &format!("/{SECRET}/x"), PERSON),
        ("home.example", "/x", &*proxy),
        ("home.example", "/incidents/9", &*proxy),
        ("hidden.example", "/", PERSON),
        ("hidden.example", "/x", PERSON),
        ("hidden.example", &wrong, PERSON),
        ("hidden.example", &format!("{wrong}incidents/1"), PERSON),
        // Programs, and a way back that is too long.
        ("open.example", "/x", &*token),
        ("open.example", "/x", "Accept: */*\r\n"),
        ("open.example", "/x", "Accept: image/avif,*/*;q=0.8\r\n"),
        ("open.example", "/api/v2/silence/1", PERSON),
        ("open.example", "/a/b/c/d/e/f/g/h/i/j", PERSON),
    ] {
        assert_eq!(dateless(&daemon, "GET", host, path, headers), unknown, "{host}{path}");
    }

    // Where a site answers to all names, it does so here.
    let daemon = Daemon::start(&three_sites().replace("\tlist host 'open.example'\n", ""));
    let other = dateless(&daemon, "GET", "nobody.example", "/x", &proxy);
    assert!(other.contains("<h1><bdi>Open birds</bdi></h1>"), "{other}");
    for host in ["hidden.example", "home.example"] {
        assert_eq!(dateless(&daemon, "GET", host, "/x", &proxy), other, "{host}");
    }
    // A title that has no room there leaves the words.
    let long = three_sites().replace("Open birds", &"Bird ".repeat(300));
    let daemon = Daemon::start(&long);
    assert_eq!(dateless(&daemon, "GET", "open.example", "/x", PERSON), unknown);
    let page = dateless(&daemon, "GET", "open.example", "/", PERSON);
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("Bird Bird"), "{page}");
}

/// So the length of a compressed page tells nothing of it.
#[test]
fn no_page_has_the_secret_that_leads_to_it() {
    let daemon = Daemon::start(&three_sites());
    for path in ["", "history"] {
        let page = dateless(&daemon, "GET", "hidden.example", &format!("/{SECRET}/{path}"), "");
        assert!(page.contains("Hidden birds") && !page.contains(SECRET), "{page}");
    }
}

/// Where a rule counts people, no metric does.
#[test]
fn metrics_count_no_visitors() {
    let daemon = Daemon::start(&three_sites());
    let page = |host: &str, path: &str, more: &str| dateless(&daemon, "GET", host, path, more);
    let visits = || {
        let first = page("open.example", "/", "");
        let etag = first.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap().to_owned();
        page("open.example", "/", &format!("If-None-Match: {etag}\r\n"));
        for path in ["/history", "/favicon.ico", "/robots.txt", "/status.txt", "/nothing"] {
            page("open.example", path, "");
        }
        page("nobody.example", "/", "");
    };
    visits();
    let metrics = || {
        let text = daemon.get("/metrics").body;
        let is_clock = |line: &&str| line.contains("_seconds");
        text.lines().filter(|line| !is_clock(line)).map(str::to_owned).collect::<Vec<_>>()
    };
    let before = metrics();
    (0..5).for_each(|_| visits());
    assert_eq!(metrics(), before);
    // What went wrong is counted.
    dateless(&daemon, "PUT", "open.example", "/", "");
    assert_ne!(metrics(), before);
}

#[test]
fn metrics_count_no_people() {
    let names = |config: &str, line: &str| {
        let daemon = Daemon::start(config);
        assert_eq!(daemon.post("/write", line).status, 204);
        daemon.get("/metrics").body
    };
    let rule = |measurement: &str, of: &str| {
        format!(
            "{}config rule 'many'\n\toption source 'prometheus'\n\toption measurement '{measurement}'\n\toption field 'n'\n\
             \toption of '{of}'\n\toption above '1'\n\tlist expect 'x'\n\toption absent '2m'\n",
            config()
        )
    };
    let told =
        ["aiglon_series ", "aiglon_lines_received_total ", "aiglon_samples_asked_total ", "rule=\"many\""];
    let harmless = names(&rule("mains", "socket"), "mains,socket=a n=1\nmains,socket=b n=1\n");
    assert!(told.iter().all(|name| harmless.contains(name)), "{harmless}");
    for (measurement, of) in [("wifi_station", "id"), ("air", "mac"), ("hostapd_x", "id"), ("vpn", "peer")] {
        let lines = format!("{measurement},{of}=a n=1\n{measurement},{of}=b n=1\n");
        let people = names(&rule(measurement, of), &lines);
        for name in told {
            assert!(!people.contains(name), "{measurement} {of}: {name}: {people}");
        }
    }
    assert!(
        !harmless.contains("visitor") && !harmless.contains("aiglon_http_connections_total"),
        "{harmless}"
    );
}

#[test]
fn a_public_site_may_be_found_and_an_unknown_host_learns_nothing() {
    let daemon = Daemon::start(&three_sites());
    let page = dateless(&daemon, "GET", "open.example", "/", "X-Forwarded-For: 192.0.2.1\r\n");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("Open birds"), "{page}");
    assert!(!page.to_lowercase().contains("noindex"), "{page}");
    assert!(page.contains("Cache-Control: public"), "{page}");
    for host in ["OPEN.example:8080", "open.example."] {
        assert_eq!(dateless(&daemon, "GET", host, "/", ""), page, "{host}");
    }

    let unknown = dateless(&daemon, "GET", "nobody.example", "/", "");
    for name in ["home", "hidden", "open", "birds", "Antennas", "aiglon", SECRET] {
        assert!(!unknown.contains(name), "{unknown}");
    }
    for (host, path) in
        [("nobody.example", "/x"), ("localhost", "/"), ("127.0.0.1", "/"), ("open.example", "/x")]
    {
        assert_eq!(dateless(&daemon, "GET", host, path, ""), unknown, "{host}{path}");
    }
}

// ---- no visitor in the log ----------------------------------------------------------------------

/// What visitors and senders may do wrong, as bytes, and a word of the warning that it is worth, if
/// any.
fn wrongs() -> Vec<(String, Option<&'static str>)> {
    let request = |line: &str, rest: &str| format!("{line} HTTP/1.1\r\nHost: home.example\r\n{rest}");
    let post = |token: &str, body: &str| {
        let length = body.len();
        request(
            "POST /api/v2/alerts",
            &format!("Authorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"),
        )
    };
    vec![
        (request("GET /", "\r\n"), None),
        (request("GET /nowhere", "\r\n"), None),
        (request("BREW /", "\r\n"), None),
        (request("GET /", "X-Forwarded-For: 127.0.0.77\r\n\r\n"), Some("through a proxy")),
        (request("GET /", " folded\r\n\r\n"), None),
        ("GET / HTTP/3.0\r\n\r\n".to_owned(), None),
        ("\u{16}\u{3}\u{1}nonsense\r\n\r\n".to_owned(), None),
        (format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(3000)), None),
        (request("GET /api/v2/alerts", "\r\n"), Some("without a token")),
        (post("nonsense", "[]"), Some("without a token")),
        (post(READ, "[]"), None),
        (post(PUSH, "[{]"), Some("source 'prometheus'")),
        (post(PUSH, "[1]"), Some("source 'prometheus'")),
        (post(PUSH, "[{\"labels\":{}}]"), Some("source 'prometheus'")),
        (
            request(
                "POST /api/v1/webhook",
                &format!("Authorization: Bearer {PUSH}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
            ),
            Some("source 'prometheus'"),
        ),
        // Cut off in the middle.
        (post(PUSH, "[]").trim_end_matches(']').to_owned(), None),
        ("GET / HT".to_owned(), None),
    ]
}

#[test]
fn no_visitor_is_ever_in_the_log() {
    // A daemon each, since one warns at most once a minute.
    std::thread::scope(|scope| {
        for (bytes, warning) in wrongs() {
            scope.spawn(move || leaves_no_trace(&bytes, warning));
        }
    });
}

fn leaves_no_trace(bytes: &str, warning: Option<&str>) {
    let mut daemon = Daemon::start(&three_sites());
    let file = daemon.dir.write("request", bytes);
    // curl can say from which address it comes, and in this way says exactly these bytes.
    let status = Command::new("curl")
        .args(["-q", "-s", "--max-time", "2", "--interface", "127.0.0.77"])
        .arg(format!("telnet://{}", daemon.address))
        .stdin(File::open(file).unwrap())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap_or_else(|error| panic!("cannot start curl: {error}; see tests/packages.txt"));
    // 28: the other side kept the connection open until curl's time was up. 7 would be: none was
    // made.
    assert!(matches!(status.code(), Some(0 | 28 | 56)), "{status}");
    if let Some(warning) = warning {
        daemon.process.wait_for(warning);
    }
    daemon.post("/api/v2/alerts", &format!("[{}]", firing("A", "heron")));
    daemon.process.signal("TERM");
    assert_eq!(daemon.process.wait(), Some(0));
    let log = daemon.process.log();
    assert!(log.contains("ended"), "{log}");
    let log = log.replace(&daemon.address.to_string(), "");
    for trace in ["127.0.0", ".77", "nowhere", "nonsense", "BREW"] {
        assert!(!log.contains(trace), "{bytes:?}: {log}");
    }
}

/// `option page '0'`: operators see it, and visitors learn in no way that it is there.
#[test]
fn what_no_page_shows_is_for_operators() {
    let public = with(&config(), "home", &["option visibility 'public'"]);
    let daemon = Daemon::start(&with(&public, "egret", &["option page '0'"]));
    let page = |path: &str| {
        let page =
            ask(&daemon, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: en\r\n\r\n"));
        page.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    let console = |words: &[&str]| {
        let mut command = std::process::Command::new(common::AIGLON);
        command.args(["console", "--socket"]).arg(daemon.dir.path().join("console.sock"));
        let (status, out, err) = common::run(command.args(words).env_remove("SSH_ORIGINAL_COMMAND"));
        assert_eq!(status, Some(0), "{words:?}: {out}{err}");
        out
    };
    assert_eq!(daemon.post("/api/v2/alerts", "[]").status, 200);
    let before = page("/");
    assert!(before.contains("Everything works") && before.contains("Heron"), "{before}");
    assert_eq!(daemon.post("/api/v2/alerts", &format!("[{}]", common::firing("Egret", "egret"))).status, 200);
    common::eventually("an operator is told", 5, || console(&["status"]).contains("outage"));
    common::eventually("it has an incident", 5, || console(&["incidents"]).contains("wifi"));
    console(&["update", "1", "identified", "a broken cable"]);
    console(&["maintenance", "add", "wifi/egret", "from", "+1h", "to", "+2h", "a new cable"]);
    for path in ["/", "/history"] {
        let page = page(path);
        for word in ["Egret", "cable", "incidents/", "Planned work", "Down", "1 of"] {
            assert!(!page.contains(word), "{path}: {word}: {page}");
        }
    }
    assert_eq!(daemon.get("/incidents/1").status, 404);
    assert!(page("/").contains("Everything works"));
    // Nor does a program read it, where programs read anything.
    for path in ["summary", "components", "incidents", "scheduled-maintenances"] {
        let path = format!("/api/v2/{path}.json");
        let text = page(&path) + &page("/status.txt");
        assert!(!text.contains("Egret") && !text.contains("cable"), "{path}: {text}");
        let lists_parts = path.contains("summary") || path.contains("components");
        assert_eq!(text.contains("Heron"), cfg!(feature = "feeds") && lists_parts, "{path}: {text}");
    }
    // Nor is what a person opens on it, and it joins nothing that is told.
    let alert = |text: String| assert_eq!(daemon.post("/api/v2/alerts", &format!("[{text}]")).status, 200);
    alert(common::resolved("Egret", "egret"));
    console(&["resolve", "1", "--yes"]);
    assert!(
        console(&["open", "wifi/egret", "outage", "a wet cable"]).starts_with("done; no page tells of it")
    );
    assert!(page("/").contains("Everything works") && !page("/").contains("cable"));
    console(&["resolve", "2", "--yes"]);
    console(&["open", "wifi", "outage", "a fire in the cabinet"]);
    alert(common::firing("Egret", "egret"));
    common::eventually("its own begins anew", 5, || console(&["incidents"]).matches("wifi").count() > 1);
    let (after, words) = (page("/"), "one of them is on no page");
    assert!(after.contains("a fire in the cabinet") && after.contains("Something is down"), "{after}");
    assert!(!after.contains("Egret") && !console(&["incident", "3"]).contains("egret"), "{after}");
    let mut command = std::process::Command::new(common::AIGLON);
    command.args(["console", "--socket"]).arg(daemon.dir.path().join("console.sock"));
    let (status, _, told) = common::run(command.args(["merge", "2", "into", "3", "--yes"]));
    assert!(status == Some(1) && told.contains(words), "{status:?} {told}");
    // Without the option, all of it is there.
    daemon.rewrite(&public);
    daemon.process.signal("HUP");
    common::eventually("it is shown", 10, || page("/").contains("Egret"));
    assert!(page("/incidents/1").contains("a broken cable") && page("/").contains("Planned work"));
    // Of a part that is gone, nobody knows any more that it was hidden: no page tells of it.
    let (gone, _) = public.split_once("config component 'egret'").unwrap();
    daemon.rewrite(gone);
    daemon.process.signal("HUP");
    common::eventually("it is gone", 10, || !console(&["status"]).contains("egret"));
    assert!(console(&["incidents", "--all"]).contains("wifi"));
    for number in [1, 2] {
        assert_eq!(daemon.get(&format!("/incidents/{number}")).status, 404, "incident {number}");
    }
    let told = page("/") + &page("/history");
    assert!(!told.contains("cable") && told.contains("a fire in the cabinet"), "{told}");
}
