//! What the command line changes about a configuration, and what it can still learn from a broken
//! one.

use super::uci::{Keyword, Statements};
use super::{Address, Config, Listener, ListenerRoles, units};
use crate::limits::UNIX_PATH_BYTES;
use crate::text::Span;

/// An address is malformed, or there is no room for one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadListen;

impl Config {
    /// Adds a listener for pages and senders: `IP:PORT`, `[IP]:PORT` or `unix:/PATH`.
    pub fn listen_on(&mut self, address: &str) -> Result<(), BadListen> {
        let address = match address.strip_prefix("unix:") {
            Some(path) if units::absolute(path) && path.len() <= UNIX_PATH_BYTES => {
                Address::Unix(self.intern(path).ok_or(BadListen)?)
            }
            Some(_) => return Err(BadListen),
            None => Address::Tcp(units::socket(address).map_err(|_| BadListen)?),
        };
        let serve = ListenerRoles { page: true, ingest: true, metrics: false };
        let listener = Listener { address, serve, ..Listener::declared(Span::EMPTY) };
        self.listeners.push(listener).map_err(|_| BadListen)
    }
}

/// The `state_dir` that a file names, be the rest of it as broken as it may.
pub fn state_dir_of<'b>(file: &[u8], buffer: &'b mut [u8]) -> Option<&'b str> {
    option_of(file, "state_dir", buffer).filter(|dir| units::absolute(dir))
}

/// The last value that a file gives an option of this name, in whatever section. If the file is no
/// text, each line counts up to its first byte that is none.
pub fn option_of<'b>(file: &[u8], name: &str, buffer: &'b mut [u8]) -> Option<&'b str> {
    let mut found = None;
    let mut look = |text| {
        let statements = Statements::new(text).ok()?;
        for statement in statements.flatten() {
            if statement.keyword == Keyword::Option && statement.name.is(name) {
                found = Some(statement.value);
            }
        }
        Some(())
    };
    if look(file).is_none() {
        for line in file.split(|&byte| byte == b'\n') {
            let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
            _ = look(line.utf8_chunks().next().map_or(b"", |chunk| chunk.valid().as_bytes()));
        }
    }
    found?.read(buffer)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use std::boxed::Box;

    #[test]
    fn addresses() {
        for (address, taken) in [
            ("127.0.0.1:8080", true),
            ("[::]:8080", true),
            ("unix:/run/aiglon/http.sock", true),
            ("unix:relative", false),
            ("localhost:8080", false),
            ("127.0.0.1", false),
            ("", false),
        ] {
            let mut config = Box::new(Config::new());
            assert_eq!(config.listen_on(address).is_ok(), taken, "{address}");
            assert_eq!(config.listeners.len(), usize::from(taken));
        }
    }

    #[test]
    fn a_broken_file_still_names_its_directory() {
        let file = b"config aiglon main\n\toption state_dir '/mnt/state'\nconfig site\n\toptoin x y\nconfig 'unterminated";
        assert_eq!(state_dir_of(file, &mut [0; 64]), Some("/mnt/state"));
        assert_eq!(state_dir_of(b"option state_dir relative", &mut [0; 64]), None);
        assert_eq!(state_dir_of(file, &mut [0; 4]), None);
        assert_eq!(option_of(file, "console", &mut [0; 64]), None);
        // Bytes that are no text may stand anywhere, but in the value itself.
        for broken in [
            &b"\xef\xbb\xbf# first\n\toption state_dir '/mnt/state'\n"[..],
            b"# caf\xe9\nconfig aiglon main\n\toption state_dir '/mnt/state'\n",
            b"config aiglon main\n\toption state_dir '/mnt/state' # \xe9tat\n\toption x '\0'\n",
            b"\toption state_dir '/mnt/state'\0\n",
        ] {
            assert_eq!(state_dir_of(broken, &mut [0; 64]), Some("/mnt/state"), "{}", broken.escape_ascii());
        }
        assert_eq!(state_dir_of(b"option state_dir '/mnt/\xe9tat'", &mut [0; 64]), None);
        assert_eq!(
            option_of(b"option console off\noption console /run/c", "console", &mut [0; 64]),
            Some("/run/c")
        );
    }
}
