//! Debian's Prometheus, with the stanzas of README.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::common::{
    AIGLON, Client, Daemon, Dir, PUSH, Process, eventually, example, overall, part, run, with,
};

const STANZA: &str = include_str!("prometheus.yml");
pub const RULES: &str = include_str!("aiglon.rules.yml");

/// An antenna that Prometheus scrapes; it can go away.
pub struct Antenna {
    pub address: SocketAddr,
    away: Arc<AtomicBool>,
}

impl Antenna {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let away = Arc::new(AtomicBool::new(false));
        let is_away = Arc::clone(&away);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                if is_away.load(Ordering::Relaxed) {
                    continue;
                }
                let head_ends = |line: &String| line == "\r\n";
                let mut line = String::new();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while reader.read_line(&mut line).is_ok_and(|read| read > 0) && !head_ends(&line) {
                    line.clear();
                }
                _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nx 1\n");
            }
        });
        Self { address, away }
    }

    pub fn goes_away(&self) {
        self.away.store(true, Ordering::Relaxed);
    }

    pub fn comes_back(&self) {
        self.away.store(false, Ordering::Relaxed);
    }
}

/// The rules, without the two minutes of patience that a real one has.
pub fn impatient_rules() -> String {
    assert!(RULES.contains("for: 2m"));
    RULES.replace("for: 2m", "for: 0s")
}

/// A Prometheus that scrapes and evaluates every second. `stanza` is what its configuration says
/// besides.
pub fn start(dir: &Dir, antenna: &Antenna, stanza: &str) -> (Process, SocketAddr) {
    let file = dir.write(
        "prometheus.yml",
        &format!(
            "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n\
             scrape_configs:\n  - job_name: antennas\n    static_configs:\n      - targets: ['{}']\n\n{stanza}",
            antenna.address
        ),
    );
    let mut process = Process::start(
        Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
            .arg("--web.listen-address=127.0.0.1:0")
            // By default it repeats every minute; tests have seconds.
            .arg("--rules.alert.resend-delay=1s"),
    );
    let line = process.wait_for("msg=\"Listening on\"");
    let address = line.split("address=").nth(1).unwrap().trim().parse().unwrap();
    process.wait_for("Server is ready");
    (process, address)
}

/// The stanza, with an address and a token of our own.
fn stanza(daemon: &Daemon) -> String {
    assert!(STANZA.contains("192.168.1.1:8081") && STANZA.contains("'TOKEN'"));
    STANZA.replace("192.168.1.1:8081", &daemon.address.to_string()).replace("'TOKEN'", &format!("'{PUSH}'"))
}

/// Whether the rule `AntennaDown` fires, as Prometheus itself says.
fn fires(prometheus: SocketAddr) -> bool {
    let answer = Client::to(prometheus).get("/api/v1/alerts", "");
    let alerts: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    alerts["data"]["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .any(|alert| alert["labels"]["alertname"] == "AntennaDown" && alert["state"] == "firing")
}

/// What `aiglon init` prints, with other ports and less patience.
#[test]
fn what_init_prints_works_as_it_is() {
    let (status, config, told) = run(Command::new(AIGLON)
        .args(["init", "--sender=prometheus", "--address=127.0.0.1"])
        .args(["--title=What l'asso does", "--service=Wi-Fi"]));
    assert_eq!(status, Some(0), "{told}");
    let (_, rest) = told.split_once("to their lists:\n\n").unwrap();
    let (stanza, rules) = rest.split_once("\nInto aiglon.rules.yml").unwrap();
    let (_, rules) = rules.split_once(":\n\n").unwrap();
    let config = config.replace("127.0.0.1:8080", "127.0.0.1:0").replace("127.0.0.1:8081", "127.0.0.2:0");
    let mut daemon = Daemon::start(&with(&config, "prometheus", &["option resync '1s'"]));
    let line = daemon.process.wait_for("(ingest)");
    let senders = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
    assert!(stanza.contains("'127.0.0.1:8081'"), "{stanza}");
    let (dir, antenna) = (Dir::new(), Antenna::new());
    dir.write("aiglon.rules.yml", &rules.replace("for: 2m", "for: 1s"));
    let (_prometheus, _) = start(&dir, &antenna, &stanza.replace("127.0.0.1:8081", senders));
    eventually("all is well", 20, || overall(&daemon.english()) == "Everything works");
    antenna.goes_away();
    eventually("the page is red", 20, || overall(&daemon.english()) == "Something is down");
    assert!(part(&daemon.english(), "Wi-Fi").contains("Down"));
}

#[test]
fn a_rule_fires_resolves_and_falls_silent() {
    let config = with(&example(), "prometheus", &["option silent_after '3s'"]);
    let config = with(&config, "prometheus", &["option resync '2s'"]);
    // So that there is one sender, whose state is that of all.
    let config = with(&config, "alertmanager", &["option scope 'read'"]);
    let config = ["vpn_gateway", "home_files", "home_mail"]
        .iter()
        .fold(config, |config, component| with(&config, component, &["list source 'prometheus'"]));
    let daemon = Daemon::start(&config);
    let (dir, antenna) = (Dir::new(), Antenna::new());
    dir.write("aiglon.rules.yml", &impatient_rules());
    assert_eq!(overall(&daemon.english()), "We do not know");

    let (mut prometheus, address) = start(&dir, &antenna, &stanza(&daemon));
    eventually("it is heard", 10, || daemon.english().contains("Last news from the monitoring"));
    // The rule groups of a real one report minutes apart.
    assert_eq!(overall(&daemon.english()), "We do not know");
    eventually("all is well", 10, || overall(&daemon.english()) == "Everything works");

    antenna.goes_away();
    eventually("the rule fires", 10, || fires(address));
    let fired = Instant::now();
    eventually("the page is red", 5, || overall(&daemon.english()) == "Something is down");
    let late = fired.elapsed();
    assert!(late < Duration::from_secs(1), "the page was red {late:?} after the rule fired");
    let page = daemon.english();
    let north = part(&page, "Heron, north side");
    assert!(north.contains("Down") && north.contains("since"), "{north}");
    assert!(north.contains("The antenna does not answer."), "the summary is published: {north}");
    assert!(part(&page, "Heron, south side").contains("Works"));
    assert!(!page.contains(&antenna.address.to_string()) && !page.contains("AntennaDown"), "{page}");

    antenna.comes_back();
    eventually("all is well again", 10, || overall(&daemon.english()) == "Everything works");
    assert!(!daemon.english().contains("The antenna does not answer."));

    prometheus.signal("KILL");
    prometheus.wait();
    eventually("the page says that nobody watches", 8, || {
        daemon.english().contains("We have heard nothing from the monitoring since")
    });
    let page = daemon.english();
    assert_eq!(overall(&page), "We do not know");
    assert!(!page.contains("<b>Works</b>"), "{page}");
    assert!(part(&page, "Heron, north side").contains("<b>Unknown</b>"));

    // It comes back while the antenna is away: that is red at once, and the rest stays unknown for
    // a while.
    antenna.goes_away();
    let (_prometheus, _) = start(&dir, &antenna, &stanza(&daemon));
    eventually("red again", 10, || overall(&daemon.english()) == "Something is down");
    assert!(!daemon.english().contains("We have heard nothing"));
    eventually("the rest is known again", 10, || {
        part(&daemon.english(), "Heron, south side").contains("<b>Works</b>")
    });
}
