//! Configuration files: the one that people write, and the last good one, which takes over at boot
//! when theirs is broken. A typo and a power cut must not take the page away.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use aiglon::config::{Address, Config, Edge, Problems, Scope, machine};
use aiglon::limits::CONFIG_BYTES;
use rustix::fs::OFlags;

use super::log::{LogForm, Safe};

/// The configuration, if no other is given.
pub const FILE: &str = "/etc/config/aiglon";
/// What the last good configuration is called in a directory of state.
const LAST_GOOD: &str = "config.last-good";
/// What is appended to another file's name for its last good configuration.
const EXTENSION: &str = "last-good";
/// Where it is kept for [`FILE`]: the default, which is OpenWrt's, and that of the unit for
/// systemd.
const PLACES: [&str; 2] = ["/etc/aiglon", "/var/lib/aiglon"];

/// What every OpenWrt has, and no other system.
const ROUTER: &str = "/etc/openwrt_release";

/// The copy of [`FILE`] that OpenWrt's init script makes, and the daemon reads. Both are root's.
const COPY: &str = "/var/run/aiglon-config/config";

/// Where that script writes why a start failed.
pub const WHY: &str = "/var/run/aiglon-config/why";
/// What is appended to the path of the console's socket for the place where the daemon writes it.
pub const WHY_EXTENSION: &str = "why";

/// What the command line says about the configuration, and how the daemon speaks.
#[derive(Clone, Debug, Default)]
pub struct ConfigOptions {
    /// The file.
    pub file: PathBuf,
    /// `--listen`: instead of the file's listeners.
    pub listen: Vec<String>,
    /// `--state-dir`: instead of the file's.
    pub state_dir: Option<PathBuf>,
    /// `--fallback`: where the last good configuration is kept.
    pub fallback: Option<PathBuf>,
    /// `--machine`: what the machine knows of itself.
    pub machine: Option<PathBuf>,
    /// `--log`.
    pub log: LogForm,
}

/// Why a file is not a configuration, in lines for people.
pub type Mistakes = Vec<String>;

/// Reads a file into `config`. `warn` gets what is odd but works; `problems` is where both are
/// collected (21 KiB, which on the stack would be resident ever after). On an error `config` is
/// empty.
pub fn load(
    path: &Path,
    options: &ConfigOptions,
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
    if let Some(facts) = options.machine.as_deref().and_then(|facts| read(facts).ok()) {
        machine::settle_in(config, &String::from_utf8_lossy(&facts));
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
fn override_with(options: &ConfigOptions, config: &mut Config) -> Result<(), String> {
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
pub fn notes(options: &ConfigOptions, config: &Config) -> Vec<String> {
    let mut notes = Vec::new();
    for listener in config.listeners.iter().filter(|row| row.serve.ingest && !row.plaintext) {
        if let Address::Tcp(address) = listener.address
            && (!address.ip().is_loopback() || listener.unplaced().is_some())
        {
            notes.push(format!(
                "{address} refuses senders from beyond this machine, since their tokens would come in plain HTTP: put a proxy \
                 with TLS here; or let them come by WireGuard, and say option plaintext '1'"
            ));
        }
    }
    for listener in &config.listeners {
        if let Address::Tcp(address) = listener.address
            && is_elsewhere(address.ip())
        {
            notes.push(format!(
                "this machine does not have the address {} now: until it has it, nothing comes by {address}",
                address.ip()
            ));
        }
    }
    let is_router = Path::new(ROUTER).exists();
    for listener in config.listeners.iter().filter(|row| !is_router && row.unplaced().is_some()) {
        notes.push(format!(
            "'{}' names a network of OpenWrt, and this machine is none: only 127.0.0.1 is listened on",
            config.str(listener.network)
        ));
    }
    notes.extend(note_of_edge(config, is_router));
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

/// Whether the kernel knows no such address here. A tunnel's may come later.
fn is_elsewhere(ip: IpAddr) -> bool {
    !ip.is_loopback()
        && TcpListener::bind((ip, 0)).is_err_and(|error| error.kind() == io::ErrorKind::AddrNotAvailable)
}

/// A router can be taken. Its configuration should say so, or that it is safe.
fn note_of_edge(config: &Config, is_router: bool) -> Option<String> {
    if !is_router || config.main.edge != Edge::Unsaid {
        return None;
    }
    let mut readers = config.sources.iter().filter(|source| source.scope == Scope::Read);
    Some(match readers.next() {
        Some(source) => format!(
            "whoever takes this router could read alerts, because source '{}' has scope 'read'. Put that source elsewhere, and \
             say option edge '1' in 'config aiglon'; or say option edge '0' if nobody can take it",
            Safe(config.str(source.name))
        ),
        None => "a router can be taken, and this configuration does not say so: say option edge '1' in 'config aiglon', and \
             nothing that reads is accepted here; or say option edge '0' if nobody can take it"
            .to_owned(),
    })
}

/// Reads a configuration. A pipe in its place would never answer, and a device would never end.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    // What a shell hands over (`/dev/stdin`, `/dev/fd/63`) is meant.
    let is_given = path.as_os_str().as_encoded_bytes().starts_with(b"/dev/");
    let flags = if is_given { OFlags::empty() } else { OFlags::NONBLOCK };
    read_by(path, flags, is_given).map(|(text, _)| text)
}

/// Reads a file as whoever may not write there and cannot trust who may: a link is not followed.
pub fn read_plain(path: &Path) -> io::Result<(Vec<u8>, Metadata)> {
    read_by(path, OFlags::NONBLOCK | OFlags::NOFOLLOW, false)
}

/// Holds a file or a directory, and reads nothing of it.
pub fn hold(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlags::PATH.bits().cast_signed()).open(path)
}

fn read_by(path: &Path, flags: OFlags, is_given: bool) -> io::Result<(Vec<u8>, Metadata)> {
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let about = file.metadata()?;
    let kind = about.file_type();
    if !(kind.is_file() || kind.is_dir() || is_given) {
        return Err(io::Error::other("it is not a file"));
    }
    let mut text = Vec::new();
    // One more than may be, so that too much is seen as such and not cut.
    file.take(CONFIG_BYTES as u64 + 1).read_to_end(&mut text)?;
    if text.len() > CONFIG_BYTES {
        return Err(io::Error::other(format!("larger than {CONFIG_BYTES} bytes")));
    }
    Ok((text, about))
}

/// The directory for state: as the command line says, else as the configuration does.
pub fn state_dir(options: &ConfigOptions, config: &Config) -> PathBuf {
    options.state_dir.clone().unwrap_or_else(|| PathBuf::from(config.str(config.main.state_dir)))
}

/// Why a configuration that works could not be kept.
#[derive(Default)]
pub struct NotKept {
    /// Empty if it was kept.
    pub words: String,
    /// Whether a start with a broken file serves an older one: it can be neither removed nor
    /// emptied.
    pub older_stays: bool,
}

/// Remembers a configuration that works, at the one place that no configuration names. If that
/// place cannot be had, the directory of the state has it.
///
/// An older one that stayed would bring back whatever the new one takes away: it might show to all
/// what is for few now, or hide no more. So it goes, though nothing comes in its place.
pub fn remember(options: &ConfigOptions, config: &Config, text: &[u8]) -> NotKept {
    let best = place(options);
    let second = state_dir(options, config).join(LAST_GOOD);
    let kept = keep(&best, text);
    // One file may have two names, by a link or by how its directory is written. And somebody may
    // serve the last good one.
    let is_other =
        second.as_os_str() != best.as_os_str() && !is_one(&best, &second) && !is_one(&options.file, &second);
    let Err(error) = kept else {
        if is_other {
            // An earlier release wrote it. What was taken away since must not come back.
            _ = fs::remove_file(second);
        }
        return NotKept::default();
    };
    let mut older = None;
    let mut drop_older = |path: &Path| {
        let is_older = read(path).is_ok_and(|old| !old.is_empty() && old != text);
        if is_older && !is_one(&options.file, path) && spoil(path).is_err() {
            older.get_or_insert_with(|| path.to_owned());
        }
        older.is_none()
    };
    let mut all_gone = true;
    for path in last_good(options).iter().filter(|path| !is_other || path.as_os_str() != second.as_os_str()) {
        all_gone = drop_older(path);
    }
    // That has perhaps made room.
    if keep(&best, text).is_ok() {
        drop_older(&second);
        return NotKept::default();
    }
    if all_gone && is_other && best.symlink_metadata().is_err() && keep(&second, text).is_ok() {
        log::warn!(
            "the last good configuration is in {}, and found only while the file names that directory; see --fallback",
            second.display()
        );
        return NotKept::default();
    }
    drop_older(&second);
    let older = older.unwrap_or_default();
    let older_stays = !older.as_os_str().is_empty();
    let stays = if older_stays {
        "a start with a broken file serves AN OLDER ONE, which cannot be removed: "
    } else {
        "a start with a broken file has nothing to fall back on"
    };
    let words = format!(
        "cannot keep the last good configuration at {}: {error}; {stays}{}",
        best.display(),
        older.display()
    );
    NotKept { words, older_stays }
}

/// Sees to it that nobody serves a last good configuration that cannot be written. Without one, a
/// broken file is served by nobody.
pub fn spoil(path: &Path) -> io::Result<()> {
    let how = OFlags::NOFOLLOW.bits().cast_signed();
    if fs::remove_file(path).is_ok() {
        // A power cut must not bring it back. Some file systems cannot say that.
        return File::open(dir_of(path)).and_then(|dir| dir.sync_all()).or(Ok(()));
    }
    OpenOptions::new().write(true).truncate(true).custom_flags(how).open(path)?.sync_all()
}

/// The directory of a file.
pub fn dir_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What tells a file from all others: device and inode.
pub type FileId = (u64, u64);

/// Which file a path leads to.
pub fn id(path: &Path) -> Option<FileId> {
    path.metadata().ok().map(|about| (about.dev(), about.ino()))
}

/// Whether two paths lead to one file.
fn is_one(a: &Path, b: &Path) -> bool {
    id(a).is_some_and(|a| Some(a) == id(b))
}

/// Writes it only when it differs from what is there, or when others may read that: flash wears.
fn keep(path: &Path, text: &[u8]) -> io::Result<()> {
    let is_private = path.symlink_metadata().is_ok_and(|meta| meta.mode() & 0o777 == 0o600);
    if is_private && read(path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    put(path, text, None)
}

/// Puts a file there, with the owner and the mode of another one, or for us alone.
pub fn put(path: &Path, text: &[u8], like: Option<&Metadata>) -> io::Result<()> {
    // Written beside, and put in place by one rename: at every instant there is a whole one.
    let new = path.with_added_extension("new");
    // Never through a link, nor with the mode of what is there.
    _ = fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let owned = like.map_or(Ok(()), |like| {
        fchown(&file, Some(like.uid()), Some(like.gid()))?;
        file.set_permissions(like.permissions())
    });
    let written = owned.and_then(|()| file.write_all(text)).and_then(|()| file.sync_all());
    written.and_then(|()| fs::rename(&new, path)).inspect_err(|_| _ = fs::remove_file(&new))?;
    File::open(dir_of(path))?.sync_all()
}

/// The files that root keeps: the configuration, and the copy of it that a daemon may read.
pub fn roots(options: &ConfigOptions) -> Vec<PathBuf> {
    let mut files = vec![options.file.clone()];
    if is_default(options) {
        files.push(PathBuf::from(COPY));
    }
    files
}

/// Whether it is [`FILE`], by whichever name.
fn is_default(options: &ConfigOptions) -> bool {
    let file = Path::new(FILE);
    options.file.as_os_str() == file.as_os_str() || is_one(&options.file, file)
}

/// A path, and where it leads, link by link. The last one is no link.
pub fn links(path: &Path) -> Vec<PathBuf> {
    let mut names = vec![path.to_owned()];
    // As many as the kernel follows.
    while let Some(last) = names.last().filter(|_| names.len() < 40)
        && let Ok(link) = fs::read_link(last)
    {
        names.push(last.with_file_name(link));
    }
    names
}

/// The place of the last good configuration. No file has a say in it, since that file may be
/// broken.
fn place(options: &ConfigOptions) -> PathBuf {
    match (&options.fallback, &options.state_dir) {
        (Some(file), _) => file.clone(),
        (None, Some(dir)) => dir.join(LAST_GOOD),
        (None, None) if options.file.as_os_str() == FILE => Path::new(PLACES[0]).join(LAST_GOOD),
        (None, None) => options.file.with_added_extension(EXTENSION),
    }
}

/// Where the last good configuration may be, the likeliest first: its place, and where an earlier
/// release kept it. That is the directory that the broken file still names, else the default one.
pub fn last_good(options: &ConfigOptions) -> Vec<PathBuf> {
    let mut places = vec![place(options)];
    let mut add = |path: PathBuf| {
        if places.iter().all(|known| known.as_os_str() != path.as_os_str()) {
            places.push(path);
        }
    };
    if options.fallback.is_none() && options.state_dir.is_none() {
        if is_default(options) {
            for dir in PLACES {
                add(Path::new(dir).join(LAST_GOOD));
            }
        }
        // A daemon may have been given any of its names.
        for name in links(&options.file).into_iter().skip(1) {
            add(name.with_added_extension(EXTENSION));
        }
    }
    if options.state_dir.is_none()
        && let Ok(text) = read(&options.file)
    {
        let mut buffer = [0; 256];
        let dir = aiglon::config::state_dir_of(&text, &mut buffer).unwrap_or(PLACES[0]);
        add(Path::new(dir).join(LAST_GOOD));
    }
    places
}

/// Where state may be kept: the directories that the files name which a daemon could serve.
pub fn state_dirs(options: &ConfigOptions) -> Vec<PathBuf> {
    if let Some(dir) = &options.state_dir {
        return vec![dir.clone()];
    }
    let mut files = last_good(options);
    files.push(options.file.clone());
    for place in &mut files {
        let text = read(place).unwrap_or_default();
        *place = PathBuf::from(aiglon::config::state_dir_of(&text, &mut [0; 256]).unwrap_or(PLACES[0]));
    }
    files
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
