//! Configuration files: the one that people write, and the last good one, which takes over at boot when
//! theirs is broken. A typo and a power cut must not take the page away.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aiglon::config::{Address, Config, Problems};
use aiglon::limits::CONFIG_BYTES;

use super::log::Safe;

/// Where the last good configuration is kept, in `state_dir`.
const LAST_GOOD: &str = "config.last-good";

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The file.
    pub file: PathBuf,
    /// `--listen`: instead of the file's listeners.
    pub listen: Vec<String>,
    /// `--state-dir`: instead of the file's.
    pub state_dir: Option<PathBuf>,
}

/// Why a file is not a configuration, in lines for people.
pub type Mistakes = Vec<String>;

/// Reads a file into `config`. `warn` gets what is odd but works; `problems` is where both are collected (21 KiB,
/// which on the stack would be resident ever after). On an error `config` is empty.
pub fn load(
    path: &Path,
    options: &Options,
    config: &mut Config,
    problems: &mut Problems,
    warn: &mut dyn FnMut(&str),
) -> Result<Vec<u8>, Mistakes> {
    let name = path.display();
    let text = read(path).map_err(|error| vec![format!("{name}: {error}")])?;
    problems.clear();
    let loaded = config.load(&text, problems);
    let mut mistakes = Mistakes::new();
    for problem in problems.iter() {
        let mut words: heapless::String<1024> = heapless::String::new();
        // What finds no room is cut.
        _ = problem.describe(&mut words);
        let kind = if problem.is_warning() { "warning: " } else { "" };
        let line = format!("{name}:{}: {kind}{words}", problem.line);
        if problem.is_warning() { warn(&line) } else { mistakes.push(line) }
    }
    if problems.more() > 0 {
        mistakes.push(format!("{name}: and {} more", problems.more()));
    }
    if loaded.is_err() {
        return Err(mistakes);
    }
    override_with(options, config).map_err(|mistake| vec![mistake])?;
    for (site, id) in config.sites.iter().zip(0u8..) {
        let size = aiglon::render::worst_case(config, aiglon::model::SiteId(id));
        if size > aiglon::limits::PAGE_BYTES {
            return Err(vec![format!(
                "{name}: site '{}': its page could grow to {size} bytes, and the limit is {}: shorter texts, or \
                 fewer components on one site",
                Safe(config.str(site.name)),
                aiglon::limits::PAGE_BYTES
            )]);
        }
    }
    Ok(text)
}

/// The flags of the command line win over the file.
fn override_with(options: &Options, config: &mut Config) -> Result<(), String> {
    if options.listen.is_empty() {
        return Ok(());
    }
    config.listeners.clear();
    for address in &options.listen {
        if config.listen_on(address).is_err() {
            return Err(format!(
                "--listen {address}: must be IP:PORT, [IP]:PORT or unix:/PATH, at most {} of them",
                aiglon::limits::LISTENERS
            ));
        }
    }
    Ok(())
}

/// What is right, and may still not be what was meant, in lines for people.
pub fn notes(options: &Options, config: &Config) -> Vec<String> {
    let mut notes = Vec::new();
    for listener in config.listeners.iter().filter(|row| row.serve.ingest && !row.plaintext) {
        if let Address::Tcp(address) = listener.address
            && !address.ip().is_loopback()
        {
            notes.push(format!(
                "{address} refuses senders from beyond this machine, since their tokens would come in plain HTTP: put a proxy \
                 with TLS here; or let them come by WireGuard, and say option plaintext '1'"
            ));
        }
    }
    let dir = state_dir(options, config);
    if let Some(parent) = dir.parent().filter(|parent| !dir.exists() && !parent.exists()) {
        notes.push(format!(
            "state_dir {} cannot be made, since there is no directory {}: nothing would survive a restart",
            Safe(&dir.display().to_string()),
            Safe(&parent.display().to_string())
        ));
    }
    notes
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    // One more than may be, so that too much is seen as such and not cut.
    File::open(path)?.take(CONFIG_BYTES as u64 + 1).read_to_end(&mut text)?;
    if text.len() > CONFIG_BYTES {
        return Err(io::Error::other(format!("larger than {CONFIG_BYTES} bytes")));
    }
    Ok(text)
}

/// The directory for state: as the command line says, else as the configuration does.
pub fn state_dir(options: &Options, config: &Config) -> PathBuf {
    options.state_dir.clone().unwrap_or_else(|| PathBuf::from(config.str(config.main.state_dir)))
}

/// Remembers a configuration that works. Written only when it differs from what is there: flash wears.
pub fn remember(dir: &Path, text: &[u8]) -> io::Result<()> {
    let path = dir.join(LAST_GOOD);
    if fs::read(&path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    // Written beside, and put in place by one rename: at every instant there is a whole one.
    let new = dir.join("config.last-good.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&new, &path)?;
    File::open(dir)?.sync_all()
}

/// Where the last good configuration may be when the present one cannot be read: in the directory that the
/// command line or the broken file still name, else in the default one.
pub fn last_good(options: &Options) -> PathBuf {
    let named = || {
        let text = read(&options.file).ok()?;
        let mut buffer = [0; 256];
        aiglon::config::state_dir_of(&text, &mut buffer).map(PathBuf::from)
    };
    let dir = options.state_dir.clone().or_else(named).unwrap_or_else(|| PathBuf::from("/etc/aiglon"));
    dir.join(LAST_GOOD)
}

/// The addresses and roles, for people.
pub fn describe_roles(config: &Config, index: usize) -> String {
    let Some(listener) = config.listeners.get(index) else { return String::new() };
    let roles = [
        (listener.serve.page, "page"),
        (listener.serve.ingest, "ingest"),
        (listener.serve.metrics, "metrics"),
    ];
    let names: Vec<_> = roles.into_iter().filter_map(|(serves, name)| serves.then_some(name)).collect();
    let unix = matches!(listener.address, Address::Unix(_));
    format!("{}{}", names.join(", "), if listener.plaintext && !unix { "; tokens in plain HTTP" } else { "" })
}
