//! `aiglon revoke`: takes the tokens of sources and the rights of users away, in every file that a
//! daemon could serve and in the daemon. What cannot be made sure of is a failure.

use std::cell::Cell;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::sleep;

use aiglon::config::Config;
use aiglon::config::revoke::{Hash, Right, hash_of, held, revoke, rights, unclear};
use aiglon::limits::{CONSOLE_RETRY, CONSOLE_TRIES, REVOKE_HASHES};
use aiglon::model::SourceId;

use super::console::client::{self, Reply};
use super::console::wire::{Code, ConsoleOp};
use super::daemons::{self, ReadArguments};
use super::files::{self, ConfigOptions};
use super::state::storage;
use super::stdio;
use super::token;

/// Whose rights go, the token that a source gets, and hashes that nobody may have any more.
pub struct RevokeOrder {
    pub name: String,
    pub fresh: Hash,
    pub gone: Vec<Hash>,
    /// Whether anybody knows the name.
    found: bool,
}

impl RevokeOrder {
    /// From the line of a request.
    pub fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (name, fresh) = (words.next()?.to_owned(), hash_of(words.next()?)?);
        Some(Self { name, fresh, gone: words.map(hash_of).collect::<Option<_>>()?, found: false })
    }

    /// The line of a request for some of the hashes.
    fn line(&self, gone: &[Hash]) -> String {
        let mut line = self.name.clone();
        for hash in [&self.fresh].into_iter().chain(gone) {
            line.push(' ');
            line.push_str(&written(hash));
        }
        line
    }

    /// Adds a hash to those that are gone. Returns whether it is news.
    fn add(&mut self, hash: Hash) -> bool {
        let is_new = hash != self.fresh && !self.gone.contains(&hash);
        if is_new {
            self.gone.push(hash);
        }
        is_new
    }

    /// Adds what the name has in force. Calls `each` with all that is news.
    pub fn learn(&mut self, config: &Config, each: &mut dyn FnMut(&str)) {
        let name = self.name.clone();
        held(config, &name, &mut |hash| {
            if self.add(hash) {
                each(&written(&hash));
            }
        });
    }

    /// Looks at what a file grants to the name. Its hashes are gone from now on.
    fn look(&mut self, text: &[u8]) {
        let (mut found, mut new) = (false, Vec::new());
        rights(&readable(text), &self.name, None, &[], &mut |right, _| {
            found = true;
            if let Right::Token(Some(hash)) = right {
                new.push(hash);
            }
        });
        for hash in new {
            self.add(hash);
        }
        self.found |= found;
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

/// A hash as a file and a request have it.
fn written(hash: &Hash) -> String {
    String::from("sha256:") + &token::hex(hash)
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
    /// It holds none of that.
    Holds,
    /// The same, but its flash still has what the source said.
    Left,
    Failed,
}

/// What becomes of a name.
const DONE: u8 = 0;
const NOT_DONE: u8 = 1;
/// As the console says it.
const LEFT: u8 = 5;

/// Does what the arguments say. A name is printed when it is done.
#[inline(never)]
pub fn run(
    options: &ConfigOptions,
    socket: Option<&PathBuf>,
    names: &[String],
    read: ReadArguments<'_>,
) -> ExitCode {
    // Two at a time would see each other's files change. There is no other file that is always
    // there; it ends with the process.
    let lock = File::open("/proc/self/exe");
    again(|| lock.as_ref().is_ok_and(|file| file.try_lock().is_err()));
    let client = client::Client::of(options, socket);
    let mut worst = DONE;
    for name in names {
        let mut status = revoke_one(options, &client, name, read);
        if status != NOT_DONE
            && stdio::write(stdio::stdout(), (name.clone() + ": revoked\n").as_bytes()).is_err()
        {
            status = NOT_DONE;
        }
        if status == NOT_DONE {
            say(Path::new(name), &"NOT DONE");
        }
        worst = if worst == NOT_DONE { worst } else { status.max(worst) };
    }
    ExitCode::from(worst)
}

/// Waits for a while until something is no longer so.
fn again(mut is_so: impl FnMut() -> bool) {
    for _ in 0..CONSOLE_TRIES {
        if !is_so() {
            return;
        }
        sleep(CONSOLE_RETRY.duration());
    }
}

/// Tells whoever called.
fn say(path: &Path, words: &dyn Display) {
    stdio::tell(stdio::stderr(), format_args!("aiglon revoke: {}: {words}\n", path.display()));
}

/// Sees to it that nobody has the rights of a name any more. Returns what became of that.
fn revoke_one(options: &ConfigOptions, client: &client::Client, name: &str, read: ReadArguments<'_>) -> u8 {
    let Ok(fresh) = token::random() else {
        say(Path::new("/dev/urandom"), &"no randomness");
        return NOT_DONE;
    };
    let done = Cell::new(true);
    let fail = |path: &Path, words: &dyn Display| {
        done.set(false);
        say(path, words);
    };
    let mut order = RevokeOrder { name: name.to_owned(), fresh, gone: Vec::new(), found: false };
    // First whatever is known of them: another section may have one of their tokens.
    let roots = files::roots(options);
    for path in files::last_good(options).iter().chain(&roots) {
        if let Ok(text) = files::read(path) {
            order.look(&text);
        }
    }
    let state = files::state_dirs(options);
    let names = files::links(&options.file);
    let (mut left, mut said, mut others, mut daemon) =
        (Vec::new(), String::new(), Vec::new(), Daemon::Silent);
    for _ in 0..CONSOLE_TRIES {
        left.clear();
        for path in &roots {
            match rewrite(path, &order) {
                // A service that was never started has no copy.
                Err(error) if error.kind() == ErrorKind::NotFound && *path != options.file => {}
                Err(error) => fail(path, &error),
                Ok(text) => left.push((path, text)),
            }
        }
        let known = order.gone.len();
        daemon = tell(client, &mut order, &mut said);
        // The daemon has written its own; the rest is for us.
        strip_last_good(options, &order, &mut |path, error| fail(path, &error));
        others.clear();
        let beside = names.iter().map(|name| files::dir_of(name));
        let places = roots.iter().chain(&state).map(PathBuf::as_path).chain(beside);
        let ids: Vec<_> = places.filter_map(files::id).collect();
        let is_silent = daemon == Daemon::Silent;
        let answered = if is_silent { 0 } else { client.other() };
        // It was one of these before.
        let grants =
            |text: &[u8]| order.strip(text).is_some_and(|new| left.iter().any(|(_, text)| *text == new));
        let looked = daemons::each(&ids, &grants, read, &mut |process, number, is_sure| {
            if number != answered && (is_sure || is_silent) {
                others.push(process);
            }
        });
        if let Err(error) = looked
            && is_silent
        {
            fail(Path::new("/proc"), &error);
        }
        // What was in force may stand in a line that grants nothing until it is mended.
        let is_known = order.gone.len() == known;
        if !done.get() || is_known && (others.is_empty() || daemon == Daemon::Failed) {
            break;
        }
        // One that is being started has perhaps read the file before, and answers in a moment. One
        // that ends goes.
        sleep(CONSOLE_RETRY.duration());
    }
    if !said.is_empty() {
        say(Path::new(name), &said.trim_end());
    }
    if daemon == Daemon::Silent {
        others.extend(state.into_iter().filter(|dir| storage::is_in_use(dir)));
    }
    for place in others {
        fail(&place, &OTHER);
    }
    // Whoever has read a file before and writes it now brings the old rights back. They may be in
    // the middle of it, so any change counts.
    for (path, text) in &left {
        if !files::read(path).is_ok_and(|now| now == *text) {
            fail(path, &MEANWHILE);
        }
    }
    for path in roots.iter().chain(&files::last_good(options)) {
        let Ok(text) = files::read(path) else { continue };
        if order.strip(&text).is_some() {
            fail(path, &MEANWHILE);
        } else if let Some(line) = unclear(&readable(&text), name) {
            fail(path, &format_args!("line {line}: {UNCLEAR}"));
        } else if daemon == Daemon::Silent && done.get() {
            say(path, &"no daemon runs; this file no longer grants that");
        }
    }
    if !order.found {
        say(&options.file, &"no source and no user of that name");
    }
    match daemon {
        Daemon::Failed => NOT_DONE,
        _ if !done.get() || !order.found => NOT_DONE,
        Daemon::Left => LEFT,
        _ => DONE,
    }
}

const MEANWHILE: &str = "somebody writes it at the same time: see who does, and run this again";
const OTHER: &str = "a daemon runs here and does not answer at its console: it has the old rights until it is restarted. Or say its \
                     --config and --state-dir";
const UNCLEAR: &str = "is this a section of that name? Mend it, and run this again";

/// Rewrites a file of root's. Returns what should be there then.
fn rewrite(path: &Path, order: &RevokeOrder) -> io::Result<Vec<u8>> {
    let names = files::links(path);
    let target = names.last().map_or(path, PathBuf::as_path);
    let (text, about) = files::read_plain(target)?;
    let Some(new) = order.strip(&text) else { return Ok(text) };
    files::put(target, &new, Some(&about))?;
    Ok(new)
}

/// Has the daemon drop it. What it held is gone from now on. `said` has what it says then.
fn tell(client: &client::Client, order: &mut RevokeOrder, said: &mut String) -> Daemon {
    let (mut daemon, mut sent) = (Daemon::Holds, 0);
    said.clear();
    loop {
        let rest = order.gone.get(sent..).unwrap_or_default();
        let some = rest.get(..REVOKE_HASHES).unwrap_or(rest);
        sent += some.len();
        let (code, words) = match client.order(ConsoleOp::Revoke, &order.line(some)) {
            Reply::Nobody => return Daemon::Silent,
            Reply::Lost => return Daemon::Failed,
            Reply::Said(code, words) => (code, words),
        };
        for line in words.split(|&byte| byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok()) {
            match hash_of(line) {
                Some(hash) => _ = order.add(hash),
                None if line == REVOKED => order.found = true,
                None if line.is_empty() => {}
                None => said.extend([line, "\n"]),
            }
        }
        match code {
            Code::Done => {}
            Code::Left => daemon = Daemon::Left,
            _ => return Daemon::Failed,
        }
        if sent == order.gone.len() {
            return daemon;
        }
    }
}

/// What the daemon says if the name was one.
pub const REVOKED: &str = "revoked";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn hash(seed: u8) -> (Hash, String) {
        let hash = [seed; 32];
        (hash, format!("sha256:{}", token::hex(&hash)))
    }

    fn order(text: &[u8]) -> (bool, RevokeOrder) {
        let mut order =
            RevokeOrder { name: "heron".into(), fresh: hash(9).0, gone: Vec::new(), found: false };
        order.look(text);
        (order.found, order)
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

    /// An option of another name is perhaps misspelt, and a word of another case, too.
    #[test]
    fn what_is_gone_stands_in_no_line_that_grants_nothing_yet() {
        let (old, other) = (hash(1).1, hash(2).1);
        for line in [
            format!("\tlist tokens '{old}'"),
            format!("\toption Token '{old}'"),
            format!("\tlist tok_en 'sha256:{}'", old.trim_start_matches("sha256:").to_uppercase()),
            format!("\tlist note '{}'", old.trim_start_matches("sha256:")),
            format!("\tlist note 'SHA256 is {old}, they say'"),
        ] {
            let named = format!("config source heron\n\tlist token {old}\n");
            let fresh = format!("config source heron\n\tlist token '{}'\n", hash(9).1);
            for (before, after) in [
                (
                    format!("config source heron\n{line} # a word\n\tlist token {old}\n"),
                    format!("config source heron\n\tlist token '{}'\n\t# a word\n", hash(9).1),
                ),
                (
                    format!("{named}config source egret\n\tlist token {other}\n{line}\n# b\n"),
                    format!("{fresh}config source egret\n\tlist token {other}\n# b\n"),
                ),
                (format!("{named}confg source egret\n{line}\n"), format!("{fresh}confg source egret\n")),
            ] {
                let (found, order) = order(before.as_bytes());
                let stripped = String::from_utf8(order.strip(before.as_bytes()).unwrap()).unwrap();
                assert!(found && stripped == after, "{line}:\n{stripped}");
            }
        }
    }

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIKynHleX0nBqumByCH6NS51becrZEw6Ylh7JYkt8CM7V";

    /// Whose key it is depends on which of two sections is taken out.
    #[test]
    fn the_key_of_a_user_goes_wherever_it_stands() {
        let named = format!("config user heron\n\tlist key 'ssh-ed25519 {KEY} a laptop'\n");
        for line in [
            format!("\tlist key 'ssh-ed25519 {KEY}'"),
            format!("\toption key \"ssh-ed25519 \\\n{KEY} heron\""),
            format!("\tlist kye 'ssh-ed25519 {KEY}"),
            format!("\tlist keys {KEY}"),
        ] {
            let rest = |line: &str| {
                format!(
                    "config user tern\n\tlist site a\n{line}config user egret\n\tlist key 'ssh-ed25519 {}'\n",
                    KEY.replace('V', "W")
                )
            };
            let text = format!("{named}{}", rest(&format!("{line}\n")));
            let (found, order) = order(text.as_bytes());
            let stripped = String::from_utf8(order.strip(text.as_bytes()).unwrap()).unwrap();
            assert!(found && stripped == rest(""), "{line}:\n{stripped}");
        }
    }

    #[test]
    fn what_was_in_force_is_gone_too() {
        let text = format!(
            "config listen\n\toption address 127.0.0.1:80\n\tlist serve page\nconfig site a\n\toption title A\nconfig source heron\n\toption site a\n\tlist token {}\n\
             config source egret\n\toption site a\n\tlist token {}\nconfig user tern\n\tlist site a\n\tlist key 'ssh-ed25519 {KEY}'\n",
            hash(1).1,
            hash(2).1
        );
        let (mut config, mut problems) = (Box::new(Config::new()), Box::new(aiglon::config::Problems::new()));
        assert!(config.load(text.as_bytes(), &mut problems).is_ok(), "{:?}", problems.iter().next());
        let (_, mut order) = order(b"");
        let mut told = Vec::new();
        order.learn(&config, &mut |hash| told.push(hash.to_owned()));
        assert_eq!((told.as_slice(), order.gone.as_slice()), ([hash(1).1].as_slice(), [[1; 32]].as_slice()));
        // The file says that the key is the thief's, and what is in force says that it is not.
        order.look(format!("config user heron\n\tlist key 'ssh-ed25519 {KEY}'\n").as_bytes());
        order.apply(&mut config);
        assert!(config.user_keys.is_empty() && config.users.len() == 1);
        let left: Vec<_> = config.tokens.iter().map(|token| token.hash).collect();
        assert_eq!(left, [[2; 32], [9; 32]]);
    }

    /// Nobody knows whether it is meant. What is read, and is another name, is.
    #[test]
    fn a_section_that_is_perhaps_the_one_is_named() {
        let token = hash(5).1;
        let rest = format!("\toption site a\n\tlist token '{token}'\n");
        for (text, expected) in [
            (format!("config source heron x\n{rest}"), Some(1)),
            (format!("# a\nconfig suorce heron\n{rest}"), Some(2)),
            (format!("config 'source heron'\n{rest}"), Some(1)),
            (format!("confg source 'HERON'\n{rest}"), Some(1)),
            (format!("config source he-ron\n{rest}"), Some(1)),
            (format!("config source hreon x\n{rest}"), Some(1)),
            (format!("config source Heron\n{rest}"), Some(1)),
            ("konfig uesr heron\n\tlist site a\n".to_owned(), Some(1)),
            (format!("config usr heron\n\tlist kyes 'ssh-ed25519 {KEY}'\n"), Some(1)),
            (format!("config source heron\n{rest}config source Heron\n{rest}"), None),
            (format!("config source heron1\n{rest}"), None),
            (format!("config suorce egret\n{rest}"), None),
            (format!("config component x\n\tlsit source heron\nconfig source egret\n{rest}"), None),
            (format!("config site heron\n{rest}"), None),
            ("config suorce heron\n\toption description x\n".to_owned(), None),
        ] {
            assert_eq!(unclear(text.as_bytes(), "heron"), expected, "{text}");
        }
    }
}
