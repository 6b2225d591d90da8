//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use aiglon::config::{Config, Problems};
use aiglon::limits::CONFIG_NAME_BYTES;
use static_cell::ConstStaticCell;

use super::console::client::{self, Reply};
use super::console::complain;
use super::console::wire::{Code, Op};
use super::files::{self, FILE, Options};
use super::{revoke, serve, token};

const HELP: &str = "\
aiglon: a public status page that fits on a router

Usage:
  aiglon serve [FILE] [--listen ADDR]... [--state-dir DIR] [--fallback GOOD]
  aiglon check [FILE] [--fallback GOOD]
  aiglon console [--user USER] [--config FILE | --socket PATH] [--json] [--yes] [COMMAND...]
  aiglon reload [FILE]
  aiglon ready [FILE]
  aiglon revoke [--config FILE] [--fallback GOOD] NAME...
  aiglon token
  aiglon --version | --help

Commands:
  serve   Take alerts and serve the pages that FILE describes, until SIGTERM.
          SIGHUP reads FILE again; a broken one is refused and the old one kept.
  check   Read FILE and say everything that is wrong with it. Exit status 2 if anything is.
  console Talk to the daemon: incidents, updates, maintenance. 'aiglon console help' lists the commands.
          Without COMMAND: at a terminal a prompt, else one command a line from standard input until one
          fails. As a forced command of SSH it takes what was asked for (SSH_ORIGINAL_COMMAND); docs/ssh.md says how.
  reload  Have the daemon read FILE again. Exit status: 0 FILE is in force, 1 it is not,
          3 it is and listeners are missing, 4 no daemon answered.
  ready   The same, of what is in force already.
  revoke  Take the tokens of the source NAME away, or the user NAME: in FILE, in the last good one
          and in the daemon. Exit status 0 when all of that is done.
  token   Make a token for a sender: the token itself, for the sender, on the first line,
          and on the second what to write into its 'config source'.

Options of console, before COMMAND:
  --user USER       Speak as this 'config user'. Root and the daemon's user may; others are who they logged in as.
  --config FILE     Take the socket's place from here.
  --socket PATH     It is here.
  --json            Answer in JSON.
  --yes             Say yes to whatever is asked.
Its exit status: 0 done, 1 refused, 2 not understood, 3 a yes is needed and nobody can be asked, 4 no daemon answered.

FILE is a UCI file; /etc/config/aiglon if not given.

Options of serve, which win over FILE:
  --listen ADDR     Serve pages and take alerts here, instead of on FILE's listeners:
                    127.0.0.1:8080, [::]:8080 or unix:/run/aiglon/http.sock. May be repeated.
  --state-dir DIR   Keep state here.
  --fallback GOOD   Keep the last good configuration here; it is served when FILE is broken at a start.
";

/// What is to be done.
enum Command {
    Serve(Options),
    Check(Options),
    Console(client::Options),
    Order(Op, Options, Option<PathBuf>),
    Revoke(Options, Option<PathBuf>, Vec<String>),
    Token,
    Version,
    Help,
}

/// Does what the arguments say. Nothing that it calls is inlined: the daemon stands on this
/// function's stack for ever.
pub fn run() -> ExitCode {
    match parse() {
        Ok(Command::Serve(options)) => serve::serve(&options),
        Ok(Command::Check(options)) => check(&options),
        Ok(Command::Console(options)) => client::run(options),
        Ok(Command::Order(op, options, socket)) => order(op, &options, socket.as_ref()),
        Ok(Command::Revoke(options, socket, names)) => revoke::run(&options, socket.as_ref(), &names),
        Ok(Command::Token) => token(),
        Ok(Command::Version) => say(concat!("aiglon ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Command::Help) => say(HELP),
        Err(words) => {
            complain(format_args!("aiglon: {words}\nTry 'aiglon --help'.\n"));
            ExitCode::from(2)
        }
    }
}

/// The value of an option.
#[inline(never)]
fn value(parser: &mut lexopt::Parser) -> Result<OsString, String> {
    parser.value().map_err(|error| error.to_string())
}

#[inline(never)]
fn text(value: OsString) -> Result<String, String> {
    value.into_string().map_err(|value| format!("'{}' is not UTF-8", value.display()))
}

#[inline(never)]
fn parse() -> Result<Command, String> {
    use lexopt::prelude::{Long, Short, Value};
    let mut parser = lexopt::Parser::from_env();
    let mut words: Vec<OsString> = Vec::new();
    let mut options = Options::default();
    let (mut only_serve, mut only_order, mut socket) = (None, None, None);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Long("help") | Short('h') => return Ok(Command::Help),
            Long("version") | Short('V') => return Ok(Command::Version),
            Long("listen") => {
                only_serve = Some("--listen");
                options.listen.push(text(value(&mut parser)?)?);
            }
            Long("state-dir") => {
                only_serve = Some("--state-dir");
                options.state_dir = Some(PathBuf::from(value(&mut parser)?));
            }
            Long("config") => {
                only_order = Some("--config");
                options.file = PathBuf::from(value(&mut parser)?);
            }
            Long("socket") => {
                only_order = Some("--socket");
                socket = Some(PathBuf::from(value(&mut parser)?));
            }
            Long("fallback") => {
                options.fallback = Some(PathBuf::from(value(&mut parser)?));
            }
            Value(word) if words.is_empty() && word == "console" => return console(&mut parser, &options),
            Value(word) => words.push(word),
            other => return Err(other.unexpected().to_string()),
        }
    }
    let mut words = words.into_iter();
    let op = match words.as_slice().first().and_then(|word| word.to_str()) {
        Some("revoke") => Some(Op::Revoke),
        Some("reload") => Some(Op::Reload),
        Some("ready") => Some(Op::Ready),
        _ => None,
    };
    if options.file.as_os_str().is_empty() {
        options.file = PathBuf::from(FILE);
    }
    if op == Some(Op::Revoke) {
        return names(words.skip(1)).map(|names| Command::Revoke(options, socket, names));
    }
    let command = words.next().ok_or("a command is missing: serve, check, console or token")?;
    let file = words.next();
    if let Some(extra) = words.next() {
        return Err(format!("unexpected argument '{}'", extra.to_string_lossy()));
    }
    let has_file = file.is_some();
    if let Some(file) = file {
        options.file = PathBuf::from(file);
    }
    if let Some(op) = op {
        return Ok(Command::Order(op, options, socket));
    }
    if let Some(option) = only_order {
        return Err(format!("{option} goes with console, reload, ready and revoke"));
    }
    let command = match command.to_str() {
        Some("serve") => return Ok(Command::Serve(options)),
        Some("check") => Command::Check(options),
        Some("token") if options.fallback.is_some() => {
            return Err("--fallback goes with serve and check".to_owned());
        }
        Some("token") if has_file => return Err("token takes no argument".to_owned()),
        Some("token") => Command::Token,
        _ => return Err(format!("unknown command '{}'", command.to_string_lossy())),
    };
    match only_serve {
        Some(option) => Err(format!("{option} goes with serve")),
        None => Ok(command),
    }
}

/// The names of sections.
fn names(words: impl Iterator<Item = OsString>) -> Result<Vec<String>, String> {
    let is_name = |name: &&str| {
        let mut bytes = name.bytes();
        let named = bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        named && (1..=CONFIG_NAME_BYTES).contains(&name.len())
    };
    let mut names = Vec::new();
    for word in words {
        let name = word.to_str().filter(is_name).ok_or("that is no name of a section")?;
        names.push(name.to_owned());
    }
    if names.is_empty() { Err("whom? Name sources and users".to_owned()) } else { Ok(names) }
}

/// Gives the daemon an order, and tells what came of it.
#[inline(never)]
fn order(op: Op, options: &Options, socket: Option<&PathBuf>) -> ExitCode {
    match client::Client::of(&options.file, socket).order(op, "") {
        Reply::Said(Code::Done, words) => say(&String::from_utf8_lossy(&words)),
        Reply::Said(Code::Missing, _) => ExitCode::from(3),
        Reply::Said(..) => ExitCode::FAILURE,
        Reply::Nobody => {
            let file = options.file.display();
            complain(format_args!("aiglon: no daemon answers at the console of {file}\n"));
            ExitCode::from(4)
        }
        Reply::Lost => ExitCode::from(4),
    }
}

/// The arguments behind `console`. What comes behind its first word is the console's, dashes and
/// all.
fn console(parser: &mut lexopt::Parser, before: &Options) -> Result<Command, String> {
    use lexopt::prelude::{Long, Short, Value};
    if before.state_dir.is_some() || before.fallback.is_some() || !before.listen.is_empty() {
        return Err("--listen, --state-dir and --fallback go with serve".to_owned());
    }
    let mut options = client::Options { config: PathBuf::from(FILE), ..client::Options::default() };
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Long("help") | Short('h') => return Ok(Command::Help),
            Long(name @ ("user" | "config" | "socket")) => {
                let name = name.to_owned();
                let value = value(parser)?;
                match name.as_str() {
                    // Nobody in particular is root: what was meant must not turn into that.
                    "user" if value.is_empty() => return Err("--user: a name is missing".to_owned()),
                    "user" => options.user = text(value)?,
                    "config" => options.config = PathBuf::from(value),
                    _ => options.socket = Some(PathBuf::from(value)),
                }
            }
            Long("json") => options.json = true,
            Long("yes") => options.yes = true,
            Value(word) => {
                options.words.push(word);
                options.words.extend(parser.raw_args().map_err(|error| error.to_string())?);
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(Command::Console(options))
}

/// Writes to stdout; whoever reads it may have gone (`aiglon --help | head -1`).
fn say(text: &str) -> ExitCode {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[inline(never)]
fn check(options: &Options) -> ExitCode {
    static CONFIG: ConstStaticCell<Config> = ConstStaticCell::new(Config::new());
    static PROBLEMS: ConstStaticCell<Problems> = ConstStaticCell::new(Problems::new());
    let (Some(config), Some(problems)) = (CONFIG.try_take(), PROBLEMS.try_take()) else {
        return ExitCode::FAILURE;
    };
    let mut warned = false;
    let mut warn = |line: &str| {
        warned = true;
        complain(format_args!("{line}\n"));
    };
    match files::load(&options.file, options, config, problems, &mut warn) {
        Ok(_) => {
            let found = if warned { "no mistake, but the warnings" } else { "no mistake found" };
            let mut told = format!("{}: {found}\n", options.file.display());
            for note in files::notes(options, config) {
                told.extend(["note: ", &note, "\n"]);
            }
            say(&told)
        }
        Err(mistakes) => {
            for mistake in &mistakes {
                complain(format_args!("{mistake}\n"));
            }
            if let Some(good) = files::last_good(options).iter().find(|good| good.exists()) {
                complain(format_args!(
                    "a daemon that starts now serves the last good configuration, {}\n",
                    good.display()
                ));
            }
            ExitCode::from(2)
        }
    }
}

#[inline(never)]
fn token() -> ExitCode {
    match token::make() {
        Ok((token, hash)) => say(&format!("{token}\nlist token 'sha256:{hash}'\n")),
        Err(error) => {
            complain(format_args!("aiglon: no randomness from the system: {error}\n"));
            ExitCode::FAILURE
        }
    }
}
