//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use aiglon::config::{Config, Problems};
use aiglon::limits::CONFIG_NAME_BYTES;
use static_cell::ConstStaticCell;

use super::console::client::{self, Reply};
use super::console::complain;
use super::console::wire::{Code, ConsoleOp};
use super::files::{self, ConfigOptions, FILE};
use super::log::{LogForm, Safe};
#[cfg(feature = "rules")]
use super::rules;
#[cfg(feature = "sheet")]
use super::sheet;
#[cfg(feature = "setup")]
use super::{init, init::OPTIONS as INIT_OPTIONS, route, summary};
use super::{revoke, serve, stdio, token};

const HELP: &str = "\
aiglon: a public status page that fits on a router

Usage:
  aiglon serve [FILE] [--listen ADDR]... [--state-dir DIR] [--fallback GOOD] [--log FORM] [--machine FACTS]
  aiglon check [FILE] [--fallback GOOD] [--rules RULES]... [--source NAME]
  aiglon init [--sender WORD] [--address IP] [--title TEXT] [--service TEXT]
  aiglon console [--user USER] [--config FILE | --socket PATH] [--json] [--yes] [COMMAND...]
  aiglon beat [--config FILE] NAME [--state ok|fail]
  aiglon reload [FILE]
  aiglon ready [FILE]
  aiglon revoke [--config FILE] [--state-dir DIR] [--fallback GOOD] NAME...
  aiglon route [--config FILE] [--source NAME] LABEL=VALUE...
  aiglon sheet [--config FILE] [--url URL] [--lang TAG]... [--local] [SITE]
  aiglon token
  aiglon --version | --help

Commands:
  serve   Take alerts and serve the pages that FILE describes, until SIGTERM.
          SIGHUP reads FILE again; a broken one is refused and the old one kept.
  check   Read FILE and say everything that is wrong with it. Exit status 2 if anything is.
          With RULES also say where the alerts of these rules would lead, and exit with 1 if some lead nowhere. RULES
          is what GET /api/v1/rules of Prometheus or vmalert answers (- is standard input), or a file of rules.
          Only the full build has --rules.
  init    Print a whole small configuration for one sender (prometheus, telegraf, collectd or cron) on standard
          output, and on standard error a fresh token and what goes into the configuration of that sender.
          Asks for what no option says.
  console Talk to the daemon: incidents, updates, maintenance. 'aiglon console help' lists the commands.
          Without COMMAND: at a terminal a prompt, else one command a line from standard input until one
          fails. As a forced command of SSH it takes what was asked for (SSH_ORIGINAL_COMMAND); docs/ssh.md says how.
  beat    Tell the daemon of this machine that the heartbeat NAME has come, or with --state fail that
          something is wrong. It needs no token: root may send it, and a user of its site.
          Exit status: 0 it was taken, 1 FILE has no such heartbeat, 4 no daemon answered.
  reload  Have the daemon read FILE again. Exit status: 0 FILE is in force, 1 it is not,
          3 it is and listeners are missing, 4 no daemon answered.
  ready   The same, of what is in force already.
  revoke  Take the tokens of the source NAME away, or the user NAME: in FILE, in the last good one
          and in the daemon. Exit status: 0 all of that is done, 5 it is and what the source said is still
          on the flash, 1 it is not. DIR and GOOD are those of serve.
  route   Say where an alert with these labels leads, for each source or for the source NAME. Exit status:
          0 to a component, 1 to none, 2 the question or FILE is wrong. The small build has no init and no route.
  sheet   Print a page in HTML that hangs on a wall: where the page of SITE is, in words and as a code for phones,
          in each language or in those of --lang. URL wins over the site's 'option url'. With --local it also
          says that the page opens in your own network without the Internet. Only the full build has it.
  token   Make a token for a sender: the token itself, for the sender, on the first line,
          and on the second what to write into its 'config source'.

Options of console, before COMMAND:
  --user USER       Speak as this 'config user'. Root and the daemon's user may; others are who they logged in as.
  --config FILE     Take the socket's place from here.
  --socket PATH     It is here.
  --json            Answer in JSON.
  --yes             Say yes to whatever is asked.
Its exit status: 0 done, 1 refused, 2 not understood, 3 a yes is needed and nobody can be asked, 4 no daemon answered, 5 done, but words that were taken away are still on the flash.

FILE is a UCI file; /etc/config/aiglon if not given.

Options of serve, which win over FILE:
  --listen ADDR     Serve pages and take alerts here, instead of on FILE's listeners:
                    127.0.0.1:8080, [::]:8080 or unix:/run/aiglon/http.sock. May be repeated.
  --state-dir DIR   Keep state here.
  --fallback GOOD   Keep the last good configuration here; it is served when FILE is broken at a start.
  --machine FACTS   What the machine knows of itself, a fact a line: 'zone TZ', for sites without a zone
                    of their own, and 'address NETWORK IP', for listeners as 'lan:8080'.
  --log FORM        For whom log lines are: procd takes information from standard output, systemd a severity
                    as a prefix. plain, which is the default: all on standard error.
";

/// What `init` asks, which this build has not.
#[cfg(not(feature = "setup"))]
const INIT_OPTIONS: [&str; 0] = [];

/// What is to be done.
enum Command {
    Serve,
    Check,
    Init,
    Console,
    Order(ConsoleOp),
    Beat,
    Revoke,
    Route,
    Sheet,
    Token,
    Version,
    Help,
}

/// What else the arguments say. Whoever reads them fills it in for [`run`], so that no way out of
/// the reading has anything to free.
#[derive(Default)]
struct Given {
    options: ConfigOptions,
    socket: Option<PathBuf>,
    words: Vec<OsString>,
    /// Whom to revoke, the labels of an alert, or the line of a heartbeat.
    names: Vec<String>,
    /// Which source sends it.
    source: Option<String>,
    /// Where the rules are whose alerts are asked about.
    rules: Vec<PathBuf>,
    /// What a heartbeat says.
    state: Option<String>,
    #[cfg(feature = "sheet")]
    sheet: sheet::SheetOptions,
    /// Answers to what `init` asks.
    answers: [Option<String>; 4],
    console: client::ClientOptions,
    only_serve: Option<&'static str>,
    only_order: Option<&'static str>,
}

/// Does what the arguments say. Nothing that it calls is inlined: the daemon stands on this
/// function's stack for ever.
pub fn run() -> ExitCode {
    let mut given = Given::default();
    let read = read(&mut given);
    let (options, socket) = (&given.options, given.socket.as_ref());
    match read {
        Ok(Command::Serve) => serve::serve(options),
        Ok(Command::Check) => check(options, given.source.as_deref(), &given.rules),
        #[cfg(feature = "setup")]
        Ok(Command::Init) => init(&given.answers),
        Ok(Command::Console) => client::run(given.console),
        Ok(Command::Order(op)) => order(op, "", options, socket),
        Ok(Command::Beat) => order(ConsoleOp::Beat, &given.names.join(" "), options, socket),
        Ok(Command::Revoke) => revoke::run(options, socket, &given.names, &served),
        #[cfg(feature = "setup")]
        Ok(Command::Route) => route(options, given.source.as_deref(), &given.names),
        #[cfg(not(feature = "setup"))]
        Ok(Command::Init | Command::Route) => {
            complain(format_args!("aiglon: {NO_SETUP}\n"));
            ExitCode::from(2)
        }
        #[cfg(feature = "sheet")]
        Ok(Command::Sheet) => sheet(options, given.names.first().map(String::as_str), &given.sheet),
        #[cfg(not(feature = "sheet"))]
        Ok(Command::Sheet) => {
            complain(format_args!("aiglon: this build has no sheet; the full build has\n"));
            ExitCode::from(2)
        }
        Ok(Command::Token) => token(),
        Ok(Command::Version) => say(concat!("aiglon ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Command::Help) => say(HELP),
        Err(words) => {
            complain(format_args!("aiglon: {words}\nTry 'aiglon --help'.\n"));
            ExitCode::from(2)
        }
    }
}

/// The options that have a value: four of `serve`, one of whatever reads the file, two of orders,
/// two that ask where alerts lead, and one of `beat`.
const VALUED: [&str; 10] =
    ["listen", "state-dir", "log", "machine", "fallback", "config", "socket", "source", "state", "rules"];

/// Those behind `console`.
const OF_CONSOLE: [&str; 3] = ["user", "config", "socket"];

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
fn read(given: &mut Given) -> Result<Command, String> {
    of(&mut lexopt::Parser::from_env(), given)
}

fn of(parser: &mut lexopt::Parser, given: &mut Given) -> Result<Command, String> {
    match arguments(parser, given)? {
        Some(command) => Ok(command),
        None => command(given),
    }
}

/// What a process with these arguments serves.
fn served(words: &[OsString]) -> Option<ConfigOptions> {
    let mut given = Given::default();
    let command = of(&mut lexopt::Parser::from_iter(words.iter().cloned()), &mut given);
    matches!(command, Ok(Command::Serve)).then_some(given.options)
}

/// The arguments, one after another. Returns what to do if that is plain already.
fn arguments(parser: &mut lexopt::Parser, given: &mut Given) -> Result<Option<Command>, String> {
    use lexopt::prelude::{Long, Short, Value};
    let options = &mut given.options;
    while let Some(argument) = next(parser)? {
        match argument {
            Long("help") | Short('h') => return Ok(Some(Command::Help)),
            Long("version") | Short('V') => return Ok(Some(Command::Version)),
            Long(name) if let Some(option) = VALUED.iter().position(|option| *option == name) => {
                let value = value(parser)?;
                match option {
                    0 => options.listen.push(text(value)?),
                    1 => options.state_dir = Some(PathBuf::from(value)),
                    2 => options.log = form(&text(value)?)?,
                    3 => options.machine = Some(PathBuf::from(value)),
                    4 => options.fallback = Some(PathBuf::from(value)),
                    5 => options.file = PathBuf::from(value),
                    6 => given.socket = Some(PathBuf::from(value)),
                    7 => given.source = Some(text(value)?),
                    8 => given.state = Some(text(value)?),
                    _ => given.rules.push(PathBuf::from(value)),
                }
                let only = VALUED.get(option).copied();
                match option {
                    0..=3 => given.only_serve = only,
                    4 | 7..=9 => {}
                    _ => given.only_order = only,
                }
            }
            Long(name) if let Some(option) = INIT_OPTIONS.iter().position(|option| *option == name) => {
                let value = text(value(parser)?)?;
                if let Some(answer) = given.answers.get_mut(option) {
                    *answer = Some(value);
                }
            }
            #[cfg(feature = "sheet")]
            Long("local") if is_sheet(&given.words) => given.sheet.local = true,
            #[cfg(feature = "sheet")]
            Long("url") if is_sheet(&given.words) => given.sheet.url = Some(text(value(parser)?)?),
            #[cfg(feature = "sheet")]
            Long("lang") if is_sheet(&given.words) => given.sheet.langs.push(text(value(parser)?)?),
            Value(word) if given.words.is_empty() && word == "console" => {
                // What stands before it counts as if it stood behind it.
                given.console.socket = given.socket.take();
                is_for("console", given.source.is_some(), given.state.is_some(), !given.rules.is_empty())?;
                return console(parser, options, &mut given.console).map(Some);
            }
            Value(word) => given.words.push(word),
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(None)
}

#[inline(never)]
fn next(parser: &mut lexopt::Parser) -> Result<Option<lexopt::Arg<'_>>, String> {
    parser.next().map_err(|error| error.to_string())
}

/// Refuses an option of one command that stands with another one.
#[inline(never)]
fn is_for(command: &str, source: bool, state: bool, rules: bool) -> Result<(), String> {
    let asks = command == "route" || command == "check" && rules;
    let words = match (source && !asks, state && command != "beat", rules && command != "check") {
        (true, ..) => "--source goes with route, and with check --rules",
        (_, true, _) => "--state goes with beat",
        (.., true) => "--rules goes with check",
        _ => return Ok(()),
    };
    Err(words.to_owned())
}

/// Whether the command is `sheet`: its options stand behind it.
#[cfg(feature = "sheet")]
fn is_sheet(words: &[OsString]) -> bool {
    words.first().is_some_and(|word| word == "sheet")
}

/// The form of log lines.
#[inline(never)]
fn form(word: &str) -> Result<LogForm, String> {
    match word {
        "plain" => Ok(LogForm::Plain),
        "procd" => Ok(LogForm::Procd),
        "systemd" => Ok(LogForm::Systemd),
        _ => Err("--log is plain, procd or systemd".to_owned()),
    }
}

/// What the words of the arguments say is to be done.
fn command(given: &mut Given) -> Result<Command, String> {
    let Given { options, words, names, answers, .. } = given;
    let Some((command, rest)) = words.split_first() else {
        let all = "serve, check, init, console, beat, reload, ready, revoke, route, sheet or token";
        return Err(format!("a command is missing: {all}"));
    };
    if options.file.as_os_str().is_empty() {
        options.file = PathBuf::from(FILE);
    }
    let known = command.to_str().unwrap_or_default();
    is_for(known, given.source.is_some(), given.state.is_some(), !given.rules.is_empty())?;
    let asked = answers.iter().position(Option::is_some);
    if let Some(option) = asked.and_then(|at| INIT_OPTIONS.get(at)).filter(|_| known != "init") {
        return Err(format!("--{option} goes with init"));
    }
    if known == "route" {
        if options.fallback.is_some() || given.socket.is_some() || given.only_serve.is_some() {
            return Err("route takes --config and --source, and labels".to_owned());
        }
        for word in rest {
            names.push(text(word.clone())?);
        }
        return Ok(Command::Route);
    }
    if known == "sheet" {
        if options.fallback.is_some()
            || given.socket.is_some()
            || given.only_serve.is_some()
            || rest.len() > 1
        {
            return Err("sheet takes --config, --url, --lang and --local, and one site".to_owned());
        }
        if let Some(site) = rest.first() {
            names.push(text(site.clone())?);
        }
        return Ok(Command::Sheet);
    }
    if known == "beat" {
        if options.fallback.is_some() || given.only_serve.is_some() {
            return Err("beat takes --config and --state, and a name".to_owned());
        }
        names_of(rest, names)?;
        if names.len() > 1 {
            return Err("one heartbeat at a time".to_owned());
        }
        names.extend(given.state.take().filter(|state| state != "ok"));
        return match names.get(1) {
            Some(state) if state != "fail" => Err("--state is ok or fail".to_owned()),
            _ => Ok(Command::Beat),
        };
    }
    if known == "revoke" {
        if !options.listen.is_empty() {
            return Err("--listen goes with serve".to_owned());
        }
        return names_of(rest, names).map(|()| Command::Revoke);
    }
    if let Some(extra) = rest.get(1) {
        return Err(format!("unexpected argument '{}'", extra.to_string_lossy()));
    }
    if let Some(file) = rest.first() {
        options.file = PathBuf::from(file);
    }
    let order = match known {
        "reload" => Some(ConsoleOp::Reload),
        "ready" => Some(ConsoleOp::Ready),
        _ => None,
    };
    if let Some(option) = given.only_order.filter(|_| order.is_none()) {
        return Err(format!("--{option} goes with console, reload, ready, revoke, route and sheet"));
    }
    let command = match known {
        "serve" => return Ok(Command::Serve),
        "check" => Command::Check,
        "init" | "token" | "reload" | "ready" if options.fallback.is_some() => {
            return Err("--fallback goes with serve, check and revoke".to_owned());
        }
        _ if let Some(op) = order => Command::Order(op),
        "token" | "init" if !rest.is_empty() => return Err(format!("{known} takes no argument")),
        "init" => Command::Init,
        "token" => Command::Token,
        _ => return Err(format!("unknown command '{}'", command.to_string_lossy())),
    };
    match given.only_serve {
        Some(option) => Err(format!("--{option} goes with serve")),
        None => Ok(command),
    }
}

/// The names of sections.
fn names_of(words: &[OsString], names: &mut Vec<String>) -> Result<(), String> {
    for word in words {
        let name = word.to_str().unwrap_or_default();
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name || !(1..=CONFIG_NAME_BYTES).contains(&name.len()) {
            let other = if name.contains('/') { "; a file comes as --config FILE" } else { "" };
            return Err(format!("'{}' is no name of a section{other}", Safe(name)));
        }
        names.push(name.to_owned());
    }
    if names.is_empty() { Err("a name is missing".to_owned()) } else { Ok(()) }
}

/// Gives the daemon an order, and tells what came of it.
#[inline(never)]
fn order(op: ConsoleOp, line: &str, options: &ConfigOptions, socket: Option<&PathBuf>) -> ExitCode {
    let client = client::Client::of(options, socket);
    match client.order(op, line) {
        Reply::Said(Code::Done, words) => say(&String::from_utf8_lossy(&words)),
        Reply::Said(Code::Missing, _) => ExitCode::from(3),
        Reply::Said(..) => ExitCode::FAILURE,
        Reply::Nobody => {
            let file = options.file.display();
            complain(format_args!("aiglon: no daemon answers at the console of {file}\n"));
            client.tell_why_not();
            ExitCode::from(4)
        }
        Reply::Lost => ExitCode::from(4),
    }
}

/// The arguments behind `console`. What comes behind its first word is the console's, dashes and
/// all.
fn console(
    parser: &mut lexopt::Parser,
    before: &ConfigOptions,
    options: &mut client::ClientOptions,
) -> Result<Command, String> {
    use lexopt::prelude::{Long, Short, Value};
    if before.state_dir.is_some() || before.fallback.is_some() || !before.listen.is_empty() {
        let serve = "--listen and --state-dir go with serve";
        return Err(format!("{serve}, --fallback with serve, check and revoke"));
    }
    options.config =
        if before.file.as_os_str().is_empty() { PathBuf::from(FILE) } else { before.file.clone() };
    while let Some(argument) = next(parser)? {
        match argument {
            Long("help") | Short('h') => return Ok(Command::Help),
            Long(name) if let Some(option) = OF_CONSOLE.iter().position(|option| *option == name) => {
                let value = value(parser)?;
                match option {
                    // Nobody in particular is root: what was meant must not turn into that.
                    0 if value.is_empty() => return Err("--user: a name is missing".to_owned()),
                    0 => options.user = text(value)?,
                    1 => options.config = PathBuf::from(value),
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
    Ok(Command::Console)
}

/// Writes to stdout; whoever reads it may have gone (`aiglon --help | head -1`).
fn say(text: &str) -> ExitCode {
    match stdio::write(stdio::stdout(), text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// The configuration, and whether there were warnings; its mistakes are told.
#[inline(never)]
fn configuration(options: &ConfigOptions) -> Result<(&'static Config, bool), ExitCode> {
    static CONFIG: ConstStaticCell<Config> = ConstStaticCell::new(Config::new());
    static PROBLEMS: ConstStaticCell<Problems> = ConstStaticCell::new(Problems::new());
    let (Some(config), Some(problems)) = (CONFIG.try_take(), PROBLEMS.try_take()) else {
        return Err(ExitCode::FAILURE);
    };
    let mut warned = false;
    let mut warn = |line: &str| {
        warned = true;
        complain(format_args!("{line}\n"));
    };
    match files::load(&options.file, options, config, problems, &mut warn) {
        Ok(_) => Ok((config, warned)),
        Err(mistakes) => {
            for mistake in &mistakes {
                complain(format_args!("{mistake}\n"));
            }
            Err(ExitCode::from(2))
        }
    }
}

/// Where the alerts of these rules would lead. True if all of them lead somewhere.
#[cfg(feature = "rules")]
fn led(config: &Config, source: Option<&str>, files: &[PathBuf]) -> Result<(String, bool), String> {
    let mut all = Vec::new();
    for path in files {
        all.extend(rules::read(path)?);
    }
    rules::answer(config, source, &all)
}

/// What the small build says, whose flash is dear.
#[cfg(not(feature = "setup"))]
const NO_SETUP: &str = "the small build has no init and no route: use a larger one, on any machine";

#[cfg(not(feature = "rules"))]
fn led(_: &Config, _: Option<&str>, _: &[PathBuf]) -> Result<(String, bool), String> {
    Err("this build has no --rules; the full build has".to_owned())
}

/// Says what came of a question where alerts lead.
fn told_of_alerts(answer: Result<(String, bool), String>) -> ExitCode {
    match answer {
        Ok((text, true)) => say(&text),
        Ok((text, false)) => {
            say(&text);
            ExitCode::FAILURE
        }
        Err(words) => {
            complain(format_args!("aiglon: {words}\n"));
            ExitCode::from(2)
        }
    }
}

#[inline(never)]
fn check(options: &ConfigOptions, source: Option<&str>, rules: &[PathBuf]) -> ExitCode {
    match configuration(options) {
        Ok((config, _)) if !rules.is_empty() => told_of_alerts(led(config, source, rules)),
        Ok((config, warned)) => {
            let found = if warned { "no mistake, but the warnings" } else { "no mistake found" };
            let mut told = format!("{}: {found}\n", options.file.display());
            #[cfg(feature = "setup")]
            for line in summary::lines(config) {
                told.extend(["  ", &line, "\n"]);
            }
            for note in files::notes(options, config) {
                told.extend(["note: ", &note, "\n"]);
            }
            say(&told)
        }
        Err(code) => {
            if let Some(good) = files::last_good(options).iter().find(|good| good.exists()) {
                complain(format_args!(
                    "a daemon that starts now serves the last good configuration, {}\n",
                    good.display()
                ));
            }
            code
        }
    }
}

#[cfg(feature = "setup")]
#[inline(never)]
fn route(options: &ConfigOptions, source: Option<&str>, labels: &[String]) -> ExitCode {
    match configuration(options) {
        Ok((config, _)) => told_of_alerts(route::answer(config, source, labels)),
        Err(code) => code,
    }
}

#[cfg(feature = "setup")]
#[inline(never)]
fn init(answers: &[Option<String>; 4]) -> ExitCode {
    match init::make(answers) {
        Ok((config, rest)) => {
            let code = say(&config);
            complain(format_args!("\n{rest}"));
            code
        }
        Err(words) => {
            complain(format_args!("aiglon: {words}\n"));
            ExitCode::from(2)
        }
    }
}

#[cfg(feature = "sheet")]
#[inline(never)]
fn sheet(options: &ConfigOptions, site: Option<&str>, given: &sheet::SheetOptions) -> ExitCode {
    let (config, _) = match configuration(options) {
        Ok(config) => config,
        Err(code) => return code,
    };
    match sheet::make(config, site, given) {
        Ok(page) => say(&page),
        Err(words) => {
            complain(format_args!("aiglon: {words}\n"));
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
