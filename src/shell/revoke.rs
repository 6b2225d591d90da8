//! `aiglon revoke`: takes the tokens of sources and the rights of users away, in every file that a
//! daemon could serve and in the daemon. What cannot be made sure of is a failure.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aiglon::config::Config;
use aiglon::config::revoke::{Hash, Right, hash_of, revoke, rights};
use aiglon::limits::REVOKE_HASHES;
use aiglon::model::SourceId;

use super::console::client::{self, Reply};
use super::console::wire::{Code, ConsoleOp};
use super::files::{self, ConfigOptions};
use super::state::storage;
use super::stdio;
use super::token;

/// Whose rights go, the token that a source gets, and hashes that nobody may have any more.
pub struct RevokeOrder {
    pub name: String,
    pub fresh: Hash,
    pub gone: Vec<Hash>,
}

impl RevokeOrder {
    /// From the line of a request.
    pub fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (name, fresh) = (words.next()?.to_owned(), hash_of(words.next()?)?);
        Some(Self { name, fresh, gone: words.map(hash_of).collect::<Option<_>>()? })
    }

    /// The line of a request for some of the hashes.
    fn line(&self, gone: &[Hash]) -> String {
        let mut line = self.name.clone();
        for hash in [&self.fresh].into_iter().chain(gone) {
            line.push_str(" sha256:");
            line.push_str(&token::hex(hash));
        }
        line
    }

    /// Looks at what a file grants to the name, and returns whether it names it at all. Its hashes
    /// are gone from now on.
    fn look(&mut self, text: &[u8]) -> bool {
        let mut found = false;
        rights(&readable(text), &self.name, None, &[], &mut |right, _| {
            found = true;
            if let Right::Token(Some(hash)) = right
                && !self.gone.contains(&hash)
            {
                self.gone.push(hash);
            }
        });
        found
    }

    /// Takes it out of the configuration that is in force. Returns whether it was there, and the
    /// source that has lost its tokens.
    pub fn apply(&self, config: &mut Config) -> (bool, Option<SourceId>) {
        revoke(config, &self.name, self.fresh, &self.gone)
    }

    /// The text of a file without what is revoked; `None` if it grants nothing of that.
    pub fn strip(&self, text: &[u8]) -> Option<Vec<u8>> {
        let (mut new, mut from, mut cut) = (Vec::with_capacity(text.len()), 0, false);
        let hash = token::hex(&self.fresh);
        let mut put = text.windows(hash.len()).all(|part| part != hash.as_bytes());
        rights(&readable(text), &self.name, Some(self.fresh), &self.gone, &mut |right, range| {
            // They come in the order of the file, and two lines may be one behind a comment.
            new.extend_from_slice(text.get(from..range.start).unwrap_or_default());
            from = range.end.max(from);
            match right {
                Right::Source if put => {
                    put = false;
                    if !new.ends_with(b"\n") {
                        new.push(b'\n');
                    }
                    for part in ["\tlist token 'sha256:", &hash, "'\n"] {
                        new.extend_from_slice(part.as_bytes());
                    }
                }
                Right::Source => {}
                Right::User | Right::Token(_) => cut = true,
            }
        });
        new.extend_from_slice(text.get(from..).unwrap_or_default());
        cut.then_some(new)
    }
}

/// The text as one that can be read, of the same length: what is no text spoils its own word only.
fn readable(text: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        clean.extend(chunk.valid().bytes().map(|byte| if byte == 0 { b'?' } else { byte }));
        clean.resize(clean.len() + chunk.invalid().len(), b'?');
    }
    if clean.starts_with("\u{feff}".as_bytes()) {
        clean[..3].fill(b' ');
    }
    clean
}

/// Takes what is revoked out of the last good configurations. `then` hears of each that could not
/// be had or written.
pub fn strip_last_good(options: &ConfigOptions, order: &RevokeOrder, then: &mut dyn FnMut(&Path, io::Error)) {
    for good in files::last_good(options) {
        let (text, about) = match files::read_plain(&good) {
            Ok(read) => read,
            Err(error) => {
                if error.kind() != ErrorKind::NotFound {
                    then(&good, error);
                }
                continue;
            }
        };
        let Some(new) = order.strip(&text) else { continue };
        if let Err(error) = files::put(&good, &new, Some(&about)) {
            // It must not take over with what was revoked.
            if files::spoil(&good).is_err() {
                then(&good, error);
            }
        }
    }
}

/// What the daemon says.
#[derive(PartialEq, Eq)]
enum Daemon {
    /// Nobody answers.
    Silent,
    /// It holds none of that, and whether it did.
    Holds {
        before: bool,
    },
    Failed,
}

/// Does what the arguments say. A name is printed when it is done.
#[inline(never)]
pub fn run(options: &ConfigOptions, socket: Option<&PathBuf>, names: &[String]) -> ExitCode {
    let client = client::Client::of(&options.file, socket);
    let mut all = true;
    for name in names {
        let done = revoke_one(options, &client, name)
            && stdio::write(stdio::stdout(), format!("{name}: revoked\n").as_bytes()).is_ok();
        if !done {
            say(Path::new(name), &"NOT DONE");
        }
        all &= done;
    }
    ExitCode::from(u8::from(!all))
}

/// Tells whoever called.
fn say(path: &Path, words: &dyn Display) {
    stdio::tell(stdio::stderr(), format_args!("aiglon revoke: {}: {words}\n", path.display()));
}

/// Whether nobody has the rights of a name any more.
fn revoke_one(options: &ConfigOptions, client: &client::Client, name: &str) -> bool {
    let mut done = true;
    let mut fail = |path: &Path, words: &dyn Display| {
        done = false;
        say(path, words);
    };
    let Ok(fresh) = token::random() else {
        fail(Path::new("/dev/urandom"), &"no randomness");
        return false;
    };
    let mut order = RevokeOrder { name: name.to_owned(), fresh, gone: Vec::new() };
    // First whatever is known of them: another section may have one of their tokens.
    let roots = files::roots(options);
    let mut found = false;
    for path in files::last_good(options).iter().chain(&roots) {
        found |= files::read(path).is_ok_and(|text| order.look(&text));
    }
    let mut left = Vec::new();
    for path in &roots {
        match rewrite(path, &order) {
            // A service that was never started has no copy.
            Err(error) if error.kind() == ErrorKind::NotFound && *path != options.file => {}
            Err(error) => fail(path, &error),
            Ok(text) => left.push((path, text)),
        }
    }
    let mut daemon = tell(client, &order);
    // The daemon has written its own; the rest is for us.
    strip_last_good(options, &order, &mut |path, error| fail(path, &error));
    if daemon == Daemon::Silent {
        // One that has started in the meantime.
        daemon = tell(client, &order);
    }
    let mut is_told = true;
    match daemon {
        Daemon::Failed => is_told = false,
        Daemon::Holds { before } => found |= before,
        Daemon::Silent => {
            for dir in files::state_dirs(options).iter().filter(|dir| storage::is_in_use(dir)) {
                fail(
                    dir,
                    &"a daemon runs here and does not answer at its console: it has the old rights until it is restarted",
                );
            }
        }
    }
    // Whoever has read a file before and writes it now brings the old rights back. They may be in
    // the middle of it, so any change counts.
    for (path, text) in &left {
        if !files::read(path).is_ok_and(|now| now == *text) {
            fail(path, &MEANWHILE);
        }
    }
    for good in files::last_good(options) {
        if files::read(&good).is_ok_and(|text| order.strip(&text).is_some()) {
            fail(&good, &MEANWHILE);
        }
    }
    if !found {
        say(&options.file, &"no source and no user of that name");
    }
    done && is_told && found
}

const MEANWHILE: &str = "somebody writes it at the same time: see who does, and run this again";

/// Rewrites a file of root's, and looks at what is there then: returns that.
fn rewrite(path: &Path, order: &RevokeOrder) -> io::Result<Vec<u8>> {
    let target = std::fs::read_link(path).map_or_else(|_| path.to_owned(), |link| path.with_file_name(link));
    let (text, about) = files::read_plain(&target)?;
    let Some(new) = order.strip(&text) else { return Ok(text) };
    files::put(&target, &new, Some(&about))?;
    let there = files::read(path)?;
    if order.strip(&there).is_some() { Err(io::Error::other(MEANWHILE)) } else { Ok(there) }
}

/// Has the daemon drop it.
fn tell(client: &client::Client, order: &RevokeOrder) -> Daemon {
    let mut before = false;
    let mut rest = order.gone.as_slice();
    loop {
        let (some, more) = rest.split_at(rest.len().min(REVOKE_HASHES));
        match client.order(ConsoleOp::Revoke, &order.line(some)) {
            Reply::Nobody => return Daemon::Silent,
            Reply::Said(Code::Done, words) => before |= !words.is_empty(),
            Reply::Said(..) | Reply::Lost => return Daemon::Failed,
        }
        if more.is_empty() {
            return Daemon::Holds { before };
        }
        rest = more;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn hash(seed: u8) -> (Hash, String) {
        let hash = [seed; 32];
        (hash, format!("sha256:{}", token::hex(&hash)))
    }

    fn order(text: &[u8]) -> (bool, RevokeOrder) {
        let mut order = RevokeOrder { name: "heron".into(), fresh: hash(9).0, gone: Vec::new() };
        (order.look(text), order)
    }

    /// Every way to write a token that a configuration can be read with, and some that it cannot.
    #[test]
    fn no_way_to_write_a_token_is_overlooked() {
        let (old, new) = (hash(1).1, hash(9).1);
        let upper = old.to_uppercase().replace("SHA256", "sha256");
        for line in [
            format!("\tlist token '{old}'"),
            format!("\toption token '{old}'"),
            format!("\tl token {old}"),
            format!("o token \"{old}\""),
            format!("\tlist to\\ken '{old}'"),
            format!("\tlist tok'en' '{old}'"),
            format!("\tlist 'token' '{old}'"),
            format!("\x0blist\x0ctoken\x0b{old}"),
            format!("\tlist token \\\n'{old}'"),
            format!("\tlist token '{old}'\r"),
            format!("\tlist token {upper}"),
            // What cannot be read may be mended.
            format!("\tlist token '{old}"),
            format!("\tlist token '{old}' too much"),
            format!("\tlist tok-en '{old}'"),
            format!("\tlist token '{old}' # caf\u{e9}"),
            "\tlist token 'not a hash'".to_owned(),
        ] {
            let text = format!(
                "# first\nconfig source 'heron' # stolen\n\toption site 'a'\n{line}\n\t# kept\nconfig site 'a'\n"
            );
            let (found, order) = order(text.as_bytes());
            let stripped = String::from_utf8(order.strip(text.as_bytes()).unwrap_or_default()).unwrap();
            assert!(found, "{line}");
            assert!(!stripped.to_lowercase().contains(&old), "{line}\n{stripped}");
            let kept = if line.contains("# caf") { "\t# café\n" } else { "" };
            assert_eq!(
                stripped,
                format!(
                    "# first\nconfig source 'heron' # stolen\n\tlist token '{new}'\n\toption site 'a'\n{kept}\t# kept\nconfig site 'a'\n"
                ),
                "{line}"
            );
            assert_eq!(order.strip(stripped.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_rest_of_a_file_stays_as_it_is_however_broken() {
        let (old, other) = (hash(1).1, hash(2).1);
        let rest = format!(
            "\u{feff}# a\nconfig site 'a'\n\toption retain_days 500\n\toptoin x y\nconfig source 'egret'\n\tlist token '{other}'\n\
             config source heron2\n\tlist token '{other}' # heron\n"
        );
        for (before, after) in [
            (
                format!(
                    "config user heron\n\tlist site a\n\t# a word\n\tlist key 'x' # y\n\toption a b c\n{rest}"
                ),
                format!("\t# a word\n\t# y\n{rest}"),
            ),
            (format!("{rest}config source heron"), format!("{rest}config source heron")),
            (format!("{rest}config user heron\n# b"), format!("{rest}# b")),
            // Another section has the same token, and it is broken for that.
            (
                format!(
                    "config source heron\n\tlist token {old}\nconfig source egret\n\tlist token {old}\n{rest}"
                ),
                format!("config source heron\n\tlist token '{}'\nconfig source egret\n{rest}", hash(9).1),
            ),
        ] {
            for spoilt in [b"".as_slice(), b"\t# \xe9\n", b"# \0\n"] {
                let before = [before.as_bytes(), b"\n", spoilt].concat();
                let expected = [after.as_bytes(), b"\n", spoilt].concat();
                let (found, order) = order(&before);
                let stripped = order.strip(&before).unwrap_or(before);
                assert!(
                    found && stripped.trim_ascii_end() == expected.trim_ascii_end(),
                    "{}",
                    stripped.escape_ascii()
                );
            }
        }
    }

    /// A line of another section that cannot be read keeps no hash that goes, and no other line
    /// goes with it.
    #[test]
    fn a_line_of_another_section_that_cannot_be_read_keeps_no_hash() {
        let (old, other) = (hash(1).1, hash(2).1);
        let named = format!("config source heron\n\tlist token {old}\n");
        let fresh = format!("config source heron\n\tlist token '{}'\n", hash(9).1);
        for line in [
            format!("\tlist token '{old}"),
            format!("\tlist token '{old}' too much"),
            format!("\tlist token '{other}' '{old}'"),
            format!("\tlist tok-en '{old}'"),
            format!("\tlsit token '{old}'"),
            format!("config source '{old}"),
        ] {
            let rest = |line: &str| {
                format!(
                    "config source egret\n\tlist token '{other}' too much\n{line}config site 'a'\n\tlist token '{other}\n"
                )
            };
            let text = format!("{named}{}", rest(&format!("{line}\n")));
            let (found, order) = order(text.as_bytes());
            let stripped = String::from_utf8(order.strip(text.as_bytes()).unwrap_or_default()).unwrap();
            assert!(found, "{line}");
            assert_eq!(stripped, format!("{fresh}{}", rest("")), "{line}");
            assert_eq!(order.strip(stripped.as_bytes()), None, "{line}");
        }
    }
}
