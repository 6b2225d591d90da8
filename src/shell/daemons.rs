//! Which daemons run on this machine, and whether they serve a configuration. A console or a lock
//! may be out of reach: no directory of state, the file names another one, or the daemon is in a
//! container. So `/proc` is asked.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use aiglon::limits::DAEMON_DESCRIPTORS;
use aiglon::text::number::natural;
use rustix::fs::RawDir;

use super::files::{self, ConfigOptions, FileId, id};

/// Reads the arguments of a process as ours: what its daemon serves. `None` if it is no daemon.
pub type ReadArguments<'a> = &'a dyn Fn(&[OsString]) -> Option<ConfigOptions>;

/// Calls `then` with the place and the number of each daemon that serves a file, and `true`. With
/// `false` if that cannot be told. The file is one of `ids`; so are the directories that its daemon
/// may hold. `grants` says whether a text matters that is perhaps the file's.
///
/// # Errors
/// Nobody here sees who runs.
pub fn each(
    ids: &[FileId],
    grants: &dyn Fn(&[u8]) -> bool,
    read: ReadArguments<'_>,
    then: &mut dyn FnMut(PathBuf, u32, bool),
) -> io::Result<()> {
    let all = Path::new("/proc");
    // Where it is hidden, others are.
    files::read(&all.join("1/cmdline"))?;
    let (all_open, mut buffer) = (File::open(all)?, [const { MaybeUninit::uninit() }; 1024]);
    let mut entries = RawDir::new(&all_open, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let Some((name, number)) =
            entry.file_name().to_str().ok().and_then(|name| Some((name, natural(name)?)))
        else {
            continue;
        };
        let process = all.join(name);
        // One that has ended meanwhile serves nothing; nor does one that is about to be waited for.
        let line = files::read(&process.join("cmdline")).unwrap_or_default();
        let Some(line) = line.strip_suffix(b"\0") else { continue };
        let words: Vec<_> =
            line.split(|&byte| byte == 0).map(|word| OsStr::from_bytes(word).to_owned()).collect();
        // What starts a daemon as its child, a jail for example, has that one's arguments behind
        // its own, and is none.
        let Some(options) = read(&words) else { continue };
        let program = words.first().and_then(|word| Path::new(word).file_name());
        let is_known = program.is_some_and(|name| name.as_bytes().starts_with(b"aiglon"))
            || id(&process.join("exe")) == id(&all.join("self/exe"));
        let file = options.file.as_os_str();
        match serves(&process, file, ids, grants) {
            Some(true) if is_known || words.iter().any(|word| word == file) => then(process, number, true),
            None if is_known => then(process, number, false),
            _ => {}
        }
    }
    Ok(())
}

/// Whether a process that was given this path finds one of these files there.
fn serves(process: &Path, file: &OsStr, ids: &[FileId], grants: &dyn Fn(&[u8]) -> bool) -> Option<bool> {
    let is_ours = |path: &Path| id(path).map(|id| ids.contains(&id));
    let is_absolute = file.as_bytes().starts_with(b"/");
    let mut there = process.join(if is_absolute { "root" } else { "cwd/" }).into_os_string();
    there.push(file);
    let there = Path::new(&there);
    let is_here = |what: &str| id(&process.join(what)) == id(&Path::new("/proc/self").join(what));
    let is_other = match is_ours(there) {
        // Of ours, it is another one.
        _ if file.as_bytes().starts_with(b"/dev/") => false,
        Some(true) => return Some(true),
        // In a container a file has another name, and perhaps an older one is still there.
        Some(false) => {
            is_here("root") && is_here("ns/mnt") || files::read(there).is_ok_and(|text| !grants(&text))
        }
        // It has been moved. The daemon holds what was beside it, and its state.
        None => {
            let mut keeps = false;
            for number in 0..DAEMON_DESCRIPTORS {
                let held = process.join(format!("fd/{number}"));
                if held.is_dir() {
                    keeps = true;
                    if is_ours(&held) == Some(true) {
                        return None;
                    }
                }
            }
            keeps
        }
    };
    is_other.then_some(false)
}
