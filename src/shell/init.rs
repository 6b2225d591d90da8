//! `aiglon init`: a whole small configuration for one sender, with a fresh token, and what goes
//! into the configuration of that sender.
//!
//! The configuration goes to standard output, and everything else to standard error: so
//! `aiglon init >FILE` asks at the terminal, and the token is in no file.

use std::io::{BufRead, Write};
use std::net::IpAddr;

use super::token;

/// What may be given instead of an answer, in the order of the questions.
pub const OPTIONS: [&str; 4] = ["sender", "address", "title", "service"];

/// The port of pages, and that of what senders push: everywhere in the papers and packages.
const PORTS: [u16; 2] = [8080, 8081];

/// The questions, each with its answer to an empty line.
const QUESTIONS: [(&str, &str); 4] = [
    ("What reports to aiglon: prometheus, telegraf, collectd or cron?", "prometheus"),
    ("At which address of this machine do senders and visitors reach it?", "127.0.0.1"),
    ("What stands at the head of the page?", "What works"),
    ("By what name do visitors know the first service?", "Wi-Fi"),
];

/// A sender: its word, what the configuration says of it, and what goes elsewhere.
struct Sender {
    word: &'static str,
    config: &'static str,
    stanza: &'static str,
}

const SENDERS: [Sender; 4] = [
    Sender {
        word: "prometheus",
        config: include_str!("init/prometheus.config"),
        stanza: include_str!("init/prometheus.txt"),
    },
    Sender {
        word: "telegraf",
        config: include_str!("init/telegraf.config"),
        stanza: include_str!("init/telegraf.txt"),
    },
    Sender {
        word: "collectd",
        config: include_str!("init/collectd.config"),
        stanza: include_str!("init/collectd.txt"),
    },
    Sender { word: "cron", config: include_str!("init/cron.config"), stanza: include_str!("init/cron.txt") },
];

const BEGINNING: &str = include_str!("init/beginning.config");
const PLAINTEXT: &str = "\toption plaintext '1'                    # tokens cross this wire in the clear: a \
                         cable of yours, or WireGuard\n";

/// Asks what was not given. Returns the configuration, and what to do with it.
///
/// # Errors
/// What is wrong with an answer.
pub fn make(given: &[Option<String>; 4]) -> Result<(String, String), String> {
    let mut answers = QUESTIONS.map(|(_, usual)| usual.to_owned());
    for (((question, usual), given), answer) in QUESTIONS.iter().zip(given).zip(&mut answers) {
        if let Some(said) = given.clone().or_else(|| ask(question, usual)).filter(|said| !said.is_empty()) {
            *answer = said;
        }
    }
    let [sender, address, title, service] = answers;
    let words = SENDERS.map(|sender| sender.word).join(", ");
    let row = SENDERS.iter().find(|row| row.word == sender);
    let row = row.ok_or_else(|| format!("init knows the senders {words}"))?;
    let ip: IpAddr =
        address.parse().map_err(|_| "the address is an IP address, without a port".to_owned())?;
    // What is printed must work: an address of all is none to send to.
    let reached = if ip.is_unspecified() { "ADDRESS".to_owned() } else { host(ip) };
    let (secret, hash) = token::make().map_err(|error| format!("no randomness from the system: {error}"))?;
    let [pages, senders] = PORTS.map(|port| format!("{}:{port}", host(ip)));
    let fill = |text: &str| {
        [
            ("{PAGES}", pages.as_str()),
            ("{SENDERS}", &senders),
            ("{PLAINTEXT}\n", if ip.is_loopback() { "" } else { PLAINTEXT }),
            ("{HASH}", &hash),
            ("{TOKEN}", &secret),
            ("{URL}", &format!("{reached}:{}", PORTS[1])),
            // What somebody said comes last, so that no place in it is filled.
            ("{TITLE}", &quoted(&title)),
            ("{SERVICE}", &quoted(&service)),
        ]
        .iter()
        .fold(text.to_owned(), |text, (place, value)| text.replace(place, value))
    };
    let config = fill(BEGINNING) + &fill(row.config);
    Ok((config, fill("The token, shown this once: {TOKEN}\n\n") + &fill(row.stanza)))
}

/// Asks at the terminal, or wherever answers come from; `None` at their end.
fn ask(question: &str, usual: &str) -> Option<String> {
    let mut stderr = std::io::stderr();
    _ = write!(stderr, "{question} [{usual}] ").and_then(|()| stderr.flush());
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if !matches!(read, Ok(1..)) {
        _ = writeln!(stderr);
        return None;
    }
    Some(line.trim().to_owned())
}

/// An address, as it stands before a port.
fn host(ip: IpAddr) -> String {
    if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }
}

/// A value of UCI. Apostrophes are common in titles, so it is in double quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out + "\""
}
