//! Who is on the other end of the socket: the kernel says (`SO_PEERCRED`), as which user they
//! connected. Nothing that they say themselves is believed, but from root and from the daemon's own
//! user, who could read and write all of our files anyway.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::path::Path;

use aiglon::config::Config;
use aiglon::console::Caller;
use aiglon::limits::CONFIG_NAME_BYTES;
use aiglon::model::UserId;
use aiglon::text::number::natural;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

/// Where the system's users are.
const PASSWD: &str = "/etc/passwd";
/// Where its groups are.
const GROUP: &str = "/etc/group";

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// There is no user of the name that was given.
    NoSuchUser,
    /// They gave a name that is not theirs.
    NotYou,
    /// Their user of the system is no user of the configuration.
    Stranger,
}

impl Denied {
    /// In words for them.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoSuchUser => "the configuration has no such 'config user'\n",
            Self::NotYou => "only root and the daemon's own user may speak for somebody else (--user)\n",
            Self::Stranger => "your login name is not that of a 'config user' in the configuration\n",
        }
    }
}

/// As which user of the system they connected.
pub fn uid(socket: &impl AsFd) -> nix::Result<u32> {
    // Not rustix's, for which a process number is never 0: whoever comes from outside of our jail
    // has that one.
    Ok(getsockopt(socket, PeerCredentials)?.uid())
}

/// Whether they may speak for anybody.
pub fn is_owner(uid: u32, own: u32) -> bool {
    uid == 0 || uid == own
}

/// Who they are, by the user id that the kernel gives (`uid`), that of the daemon (`own`) and the
/// name that they gave.
pub fn caller(config: &Config, uid: u32, own: u32, claimed: &str) -> Result<Caller, Denied> {
    if is_owner(uid, own) {
        return match claimed {
            "" => Ok(Caller::Owner),
            name => user(config, name).map(Caller::User).ok_or(Denied::NoSuchUser),
        };
    }
    let mut login = heapless::String::<CONFIG_NAME_BYTES>::new();
    // A name that is longer than any of ours is nobody's.
    find(Path::new(PASSWD), 2, uid, &mut |name| login = heapless::String::try_from(name).unwrap_or_default());
    if login.is_empty() {
        return Err(Denied::Stranger);
    }
    if !claimed.is_empty() && claimed != login {
        return Err(Denied::NotYou);
    }
    user(config, &login).map(Caller::User).ok_or(Denied::Stranger)
}

fn user(config: &Config, name: &str) -> Option<UserId> {
    let at = config.users.iter().position(|user| config.str(user.name) == name)?;
    u8::try_from(at).ok().map(UserId)
}

/// The number of a group of the system.
pub fn group(name: &str) -> Option<u32> {
    let mut found = None;
    each_line(Path::new(GROUP), &mut |line| {
        let mut fields = line.split(':');
        if found.is_none() && fields.next() == Some(name) {
            found = fields.nth(1).and_then(natural);
        }
    });
    found
}

/// Calls `then` with the name of the first line whose field of this index is this number.
fn find(path: &Path, field: usize, number: u32, then: &mut dyn FnMut(&str)) {
    let mut found = false;
    each_line(path, &mut |line| {
        if !found && line.split(':').nth(field).and_then(natural) == Some(number) {
            found = true;
            then(line.split(':').next().unwrap_or_default());
        }
    });
}

/// Calls `each` with every line of a file that is not longer than a line of these files is, and is
/// text. Nothing is allocated.
fn each_line(path: &Path, each: &mut dyn FnMut(&str)) {
    let Ok(mut file) = File::open(path) else { return };
    let (mut buffer, mut filled, mut skip) = ([0; 1024], 0, false);
    loop {
        let read = match file.read(&mut buffer[filled..]) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        filled += read;
        let mut done = 0;
        while let Some(length) = buffer[done..filled].iter().position(|&byte| byte == b'\n') {
            if !std::mem::take(&mut skip) {
                text(&buffer[done..][..length], each);
            }
            done += length + 1;
        }
        if read == 0 {
            if !skip {
                text(&buffer[done..filled], each);
            }
            return;
        }
        buffer.copy_within(done..filled, 0);
        filled -= done;
        if filled == buffer.len() {
            (filled, skip) = (0, true);
        }
    }
}

fn text(line: &[u8], each: &mut dyn FnMut(&str)) {
    if let Ok(line) = std::str::from_utf8(line) {
        each(line);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use aiglon::config::Problems;

    fn config() -> Box<Config> {
        let text = b"config listen\n\toption address '127.0.0.1:0'\n\tlist serve 'page'\nconfig site 'home'\n\toption title 'Home'\nconfig user 'heron1'\n\tlist site 'home'\n\
            config user 'daemon'\n\tlist site 'home'\n";
        let (mut config, mut problems) = (Box::new(Config::new()), Box::new(Problems::new()));
        assert!(config.load(text, &mut problems).is_ok(), "{:?}", problems.iter().collect::<Vec<_>>());
        config
    }

    #[test]
    fn who_may_be_whom() {
        let config = config();
        let (heron1, daemon) = (Caller::User(UserId(0)), Caller::User(UserId(1)));
        // Every Debian has root as 0, daemon as 1 and bin as 2.
        for (uid, own, claimed, expected) in [
            (0, 500, "", Ok(Caller::Owner)),
            (500, 500, "", Ok(Caller::Owner)),
            (0, 500, "heron1", Ok(heron1)),
            (500, 500, "heron1", Ok(heron1)),
            (0, 500, "heron2", Err(Denied::NoSuchUser)),
            (0, 500, "HERON1", Err(Denied::NoSuchUser)),
            (1, 500, "", Ok(daemon)),
            (1, 500, "daemon", Ok(daemon)),
            (1, 500, "heron1", Err(Denied::NotYou)),
            (1, 500, "nobody", Err(Denied::NotYou)),
            (2, 500, "", Err(Denied::Stranger)),
            (2, 500, "heron1", Err(Denied::NotYou)),
            (4_000_000_000, 500, "", Err(Denied::Stranger)),
            (4_000_000_000, 500, "heron1", Err(Denied::Stranger)),
        ] {
            assert_eq!(caller(&config, uid, own, claimed), expected, "{uid} {claimed}");
        }
    }

    #[test]
    fn groups_of_the_system() {
        assert_eq!(group("root"), Some(0));
        assert_eq!(group("no such group"), None);
        assert_eq!(group(""), None);
    }

    #[test]
    fn lines_of_any_length() {
        let path = std::env::temp_dir().join(format!("aiglon-lines-{}", std::process::id()));
        let long = "x".repeat(5000);
        std::fs::write(
            &path,
            [b"a:x:1\n", long.as_bytes(), b":x:7\n\xff:x:7\n\nb:x:7\nc:x:7\nlast:x:9"].concat(),
        )
        .unwrap();
        let name = |number| {
            let mut found = String::new();
            find(&path, 2, number, &mut |name| found.push_str(name));
            found
        };
        assert_eq!([name(1), name(7), name(9), name(8)], ["a", "b", "last", ""]);
        std::fs::remove_file(&path).unwrap();
    }
}
