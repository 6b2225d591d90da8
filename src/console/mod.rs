//! What people do: a line of the console's grammar, carried out for whoever says it. The unix socket, an SSH forced
//! command and the SSH server all end here.

use crate::config::Config;
use crate::engine::Engine;
use crate::model::UserId;
use crate::text::buffer::BytesView;
use crate::time::Now;

/// Who asks. The shell has made sure of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Root, or the daemon's own user: may do everything on every site.
    Owner,
    /// A user of the configuration.
    User(UserId),
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// By whom.
    pub caller: Caller,
    /// 0, or what [`Status::More`] said.
    pub from: u32,
    /// The command line, as typed.
    pub line: &'a str,
    /// What came on standard input, if anything did: the words of an update that has none on its line.
    pub text: Option<&'a str>,
    /// Whether JSON is wanted.
    pub json: bool,
    /// Whether a question that this command asks has been answered with yes.
    pub confirmed: bool,
}

/// How it went. `out` holds what to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done. Exit status 0.
    Done,
    /// Done so far; ask again from this place for the rest.
    More(u32),
    /// Not done, and `out` says why. Exit status 1.
    Refused,
    /// Not understood, and `out` says what would be right. Exit status 2.
    Usage,
    /// `out` holds a question; ask again, confirmed. Where nobody can be asked: exit status 3.
    Confirm,
    /// The archive of all state is wanted.
    Export,
    /// The archive that comes on standard input is to take the place of all state; confirmed.
    Import,
    /// The caller leaves.
    Quit,
}

/// What the core cannot know of the process that it runs in.
pub trait Host {
    /// Calls `each` with every limited thing of the shell: its name, how many are in use, how many there may be, and how
    /// often one was refused.
    fn limits(&self, each: &mut dyn FnMut(&str, u64, u64, u64));
    /// Why what people write is kept in memory only at present, if so.
    fn storage_fault(&self) -> Option<&'static str>;
}

/// Carries a line out. `out` is empty, and is filled. What it changed is not on flash yet when it returns: the shell sees
/// to that before it lets anybody read `out`.
pub fn run(
    engine: &mut Engine,
    config: &Config,
    now: Now,
    host: &dyn Host,
    ask: &Ask<'_>,
    out: &mut BytesView,
) -> Status {
    _ = (engine, config, now, host, ask);
    _ = out.push(b"nothing is known yet\n");
    Status::Usage
}
