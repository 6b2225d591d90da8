//! `aiglon init`: a whole small configuration for one sender, with a fresh token, and what goes
//! into the configuration of that sender.
//!
//! The configuration goes to standard output, and everything else to standard error: so
//! `aiglon init >FILE` asks at the terminal, and the token is in no file.

use std::io::{BufRead, Write};
use std::net::IpAddr;

use aiglon::time::tz::Tz;

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

/// Of a title, what becomes the name of a section.
const SECTION_CHARS: usize = 24;

const BEGINNING: &str = include_str!("init/beginning.config");
const PLAINTEXT: &str = "\toption plaintext '1'                    # tokens cross this wire in the clear: a \
                         cable of yours, or WireGuard\n";

/// Asks what was not given. Returns the configuration, and what to do with it.
///
/// # Errors
/// What is wrong with an answer.
pub fn make(given: &[Option<String>; 4]) -> Result<(String, String), String> {
    // Whoever gives a wrong answer learns that before the next question.
    let mut questions = QUESTIONS.iter().zip(given);
    let mut answer = || {
        let ((question, usual), given) = questions.next()?;
        let said = given.clone().or_else(|| ask(question, usual)).filter(|said| !said.is_empty());
        Some(said.unwrap_or_else(|| (*usual).to_owned()))
    };
    let sender = answer().unwrap_or_default();
    let words = SENDERS.map(|sender| sender.word).join(", ");
    let row = SENDERS.iter().find(|row| row.word == sender);
    let row = row.ok_or_else(|| format!("init knows the senders {words}"))?;
    let address = answer().unwrap_or_default();
    let ip: IpAddr =
        address.parse().map_err(|_| "the address is an IP address, without a port".to_owned())?;
    let (title, service) = (answer().unwrap_or_default(), answer().unwrap_or_default());
    // What is printed must work: an address of all is none to send to.
    let reached = if ip.is_unspecified() { "ADDRESS".to_owned() } else { host(ip) };
    let (secret, hash) = token::make().map_err(|error| format!("no randomness from the system: {error}"))?;
    let [pages, senders] = PORTS.map(|port| format!("{}:{port}", host(ip)));
    let fill = |text: &str| {
        [
            ("{PAGES}", pages.as_str()),
            ("{SENDERS}", &senders),
            ("{PLAINTEXT}\n", if ip.is_loopback() { "" } else { PLAINTEXT }),
            ("{ZONE}\n", &zone(&std::fs::read("/etc/localtime").unwrap_or_default())),
            ("{ID}", &section(&service)),
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

/// The name of a section after a title: what visitors read tells the sender's rules apart, too.
fn section(title: &str) -> String {
    let mut name = String::new();
    for c in title.chars().take(SECTION_CHARS) {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if c != '-' && !name.ends_with('_') && !name.is_empty() {
            name.push('_');
        }
    }
    let name = name.trim_end_matches('_');
    // A title in Arabic has no letter that a section may have.
    if name.is_empty() { "first".to_owned() } else { name.to_owned() }
}

/// The option of a site that has this machine's time zone; nothing if that is UTC, or not known. A
/// compiled zone ends with its rule in the form of POSIX (RFC 9636, 3.3).
fn zone(compiled: &[u8]) -> String {
    let rule = compiled.strip_suffix(b"\n").and_then(|rest| rest.rsplit(|&byte| byte == b'\n').next());
    let rule = rule.and_then(|rule| core::str::from_utf8(rule).ok()).unwrap_or_default();
    let is_told = compiled.starts_with(b"TZif") && rule != "UTC0" && Tz::parse(rule).is_ok();
    if is_told { format!("\toption timezone '{rule}'\n") } else { String::new() }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_has_the_letters_of_its_title() {
        for (title, name) in [
            ("Wi-Fi", "wifi"),
            ("L'eau {TOKEN}", "l_eau_token"),
            ("Café – été", "caf_t"),
            ("الإنترنت", "first"),
            ("", "first"),
            ("A title of more than twenty-four letters", "a_title_of_more_than_twe"),
        ] {
            assert_eq!(section(title), name);
        }
    }

    #[test]
    fn the_zone_of_the_machine_is_the_last_line_of_its_file() {
        let line = |rule: &str| format!("\toption timezone '{rule}'\n");
        for (file, told) in [
            (&b"TZif2\0\n\0\nCET-1CEST,M3.5.0,M10.5.0/3\n"[..], line("CET-1CEST,M3.5.0,M10.5.0/3")),
            (b"TZif2\0\n<+0330>-3:30\n", line("<+0330>-3:30")),
            (b"TZif2\0\nUTC0\n", String::new()),
            (b"TZif2\0\n\n", String::new()),
            (b"TZif2\0\nit's\n", String::new()),
            (b"CET-1CEST\n", String::new()),
            (b"", String::new()),
        ] {
            assert_eq!(zone(file), told, "{file:?}");
        }
    }
}
