//! Who is on the stage: the components of one site, and who feeds them.

use std::fmt::Write;

pub const SOURCES: [&str; 6] = ["p1", "p2", "am", "graf", "coll", "cron"];
pub const P1: usize = 0;
pub const P2: usize = 1;
/// A cluster of two Alertmanagers.
pub const AM: usize = 2;
pub const GRAF: usize = 3;
pub const COLL: usize = 4;
pub const CRON: usize = 5;
/// A Prometheus that has the token of the Alertmanagers.
pub const P3: usize = 6;

pub const PARTS: [&str; 7] = ["heron", "egret", "crane", "stork", "box", "shed", "gate"];
/// Whose word counts for each component.
pub const FEEDERS: [&[usize]; PARTS.len()] = [&[P1, P2], &[AM], &[AM, P1], &[GRAF], &[COLL], &[CRON], &[P1]];

/// The configuration. `other`: with matchers that are written differently, and match the same.
pub fn config(other: bool) -> String {
    let mut text = String::from(
        "config listen
\toption address '127.0.0.1:8080'
\tlist serve 'page'
\tlist serve 'ingest'
config site 'home'
\tlist host 'home.example.org'
",
    );
    for (place, name) in SOURCES.iter().enumerate() {
        writeln!(text, "config source '{name}'\n\toption site 'home'\n\tlist token 'sha256:{place:064}'")
            .unwrap();
    }
    text += "config service 'birds'\n\toption site 'home'\nconfig service 'rest'\n\toption site 'home'\n";
    for (place, (name, feeders)) in PARTS.iter().zip(FEEDERS).enumerate() {
        let service = if place < 4 { "birds" } else { "rest" };
        writeln!(text, "config component '{name}'\n\toption service '{service}'").unwrap();
        for &feeder in feeders {
            writeln!(text, "\tlist source '{}'", SOURCES[feeder]).unwrap();
        }
        let glob = if other { format!("part~{name}*") } else { format!("part={name}") };
        writeln!(text, "\tlist match '{glob}'").unwrap();
    }
    text + LOCALS
}

/// Two components of which no alert tells: their places, and what does.
pub const BACKUP: usize = PARTS.len();
pub const LINK: usize = PARTS.len() + 1;
const LOCALS: &str = "
config component 'backup'
	option service 'rest'
config heartbeat 'job'
	option source 'cron'
	option component 'backup'
	option every '1h'
	option grace '10m'
config component 'link'
	option service 'rest'
config rule 'weak'
	option source 'cron'
	option component 'link'
	option measurement 'wireless'
	option match 'host=n'
	option field 'signal'
	option below '-80dBm'
	option clear '-70dBm'
	option absent '10m'
";
