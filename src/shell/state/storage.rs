//! Where the journal lies: two files in `state_dir`.
//!
//! `journal` is the journal, and `journal.new` the one that is to take its place. The directory
//! itself is locked by the daemon that writes them (`flock`, so it ends with the process however
//! that ends). Both are the daemon's alone (0600): the journal holds what people wrote before it is
//! published.
//!
//! Nothing here allocates once the files are open: paths are made at the start, and errors are
//! numbers.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aiglon::journal::{Fault, Store};
use rustix::fs::{Mode, OFlags};

use super::super::token;

/// The files of one `state_dir`.
#[derive(Debug)]
pub struct Files {
    pub(super) dir: PathBuf,
    path: PathBuf,
    new_path: PathBuf,
    /// The directory, held and locked while this lives.
    lock: Option<File>,
    journal: Option<File>,
    new: Option<File>,
}

/// Another daemon uses this directory.
#[derive(Debug)]
pub struct InUse(PathBuf);

impl std::fmt::Display for InUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: another aiglon holds this directory and writes the journal in it; stop that one, or give this one a \
             state_dir of its own",
            self.0.display()
        )
    }
}

impl Files {
    /// Takes the directory, making it if its parent is there. Where that cannot be, for a read-only
    /// file system say, the calls on it give the fault, and each new journal tries again.
    ///
    /// # Errors
    /// Another process has taken it.
    pub fn open(dir: &Path) -> Result<Self, InUse> {
        let mut files = Self {
            dir: dir.to_path_buf(),
            path: dir.join("journal"),
            new_path: dir.join("journal.new"),
            lock: None,
            journal: None,
            new: None,
        };
        match files.take() {
            Err(Fault::Busy) => Err(InUse(files.dir)),
            _ => Ok(files),
        }
    }

    /// Whether they are in this directory, by whichever name.
    pub(super) fn are_in(&self, dir: &Path) -> bool {
        self.dir.as_os_str() == dir.as_os_str() || is_one(self.lock.as_ref(), fs::metadata(dir)) == Some(true)
    }

    /// Makes the directory and locks it, unless that is done. Another directory that has come in
    /// its place is left to whoever uses that.
    fn take(&mut self) -> Result<(), Fault> {
        if self.lock.is_some() {
            match is_one(self.lock.as_ref(), fs::metadata(&self.dir)) {
                Some(true) => return Ok(()),
                Some(false) => return Err(Fault::Moved),
                None => {}
            }
        }
        self.lock = None;
        match DirBuilder::new().mode(0o700).create(&self.dir) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists && !self.dir.is_dir() => {
                // Who mistyped the path, or has yet to make it, looks for it in vain; not at its
                // mode.
                let refused = fault(&error) == Fault::ReadOnly && !self.dir.exists();
                return Err(if refused { Fault::Missing } else { fault(&error) });
            }
            _ => {}
        }
        // No file, which might be a link, or open to others.
        let file = File::open(&self.dir).map_err(|error| fault(&error))?;
        match file.try_lock() {
            // What knows no locks (some network file systems) must do without.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(fault(&error)),
            Err(TryLockError::WouldBlock) => return Err(Fault::Busy),
            Ok(()) => {}
        }
        self.lock = Some(file);
        // That of an earlier release.
        _ = fs::remove_file(self.dir.join("lock"));
        Ok(())
    }

    /// Opens what stands in the journal's place, unless it is a link: that leads to another's file.
    fn open_journal(&self, how: &mut OpenOptions) -> io::Result<File> {
        how.custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(&self.path)
    }

    /// The journal, open for appending. One that was deleted or replaced under our hands is
    /// missing.
    fn journal(&self) -> Result<&File, Fault> {
        let file = self.journal.as_ref().ok_or(Fault::Missing)?;
        // What goes into a file without a name would be acknowledged and gone.
        if file.metadata().map_err(|error| fault(&error))?.nlink() == 0 {
            return Err(Fault::Missing);
        }
        Ok(file)
    }
}

impl Store for Files {
    fn length(&mut self) -> Result<Option<u64>, Fault> {
        let opened = self.open_journal(OpenOptions::new().read(true).append(true));
        // One that cannot be written can still be read; the first write then says so.
        let file = match opened.or_else(|_| self.open_journal(OpenOptions::new().read(true))) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| fault(&error))?,
        };
        let metadata = file.metadata().map_err(|error| fault(&error))?;
        // A device or a pipe might never end.
        if !metadata.is_file() {
            return Err(Fault::Io);
        }
        // What has a second name may be another's. It gets its mode when it is written anew.
        if metadata.mode() & 0o077 != 0 && metadata.nlink() == 1 {
            // It may be of another user, and is read all the same.
            _ = rustix::fs::fchmod(&file, Mode::RUSR | Mode::WUSR);
        }
        self.journal = Some(file);
        Ok(Some(metadata.len()))
    }

    fn read(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
        let file = self.journal.as_ref().ok_or(Fault::Missing)?;
        loop {
            match file.read_at(buffer, at) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return read.map_err(|error| fault(&error)),
            }
        }
    }

    fn writable(&mut self) -> Result<(), Fault> {
        self.take()?;
        match self.open_journal(OpenOptions::new().append(true)) {
            Ok(_) => Ok(()),
            Err(error) => Err(fault(&error)),
        }
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.journal()?.write_all(bytes).map_err(|error| fault(&error))
    }

    fn sync(&mut self) -> Result<(), Fault> {
        // The length is synced too, since the bytes could not be found without it; the times are
        // not.
        self.journal()?.sync_data().map_err(|error| fault(&error))
    }

    fn truncate(&mut self, length: u64) -> Result<(), Fault> {
        self.take()?;
        let file = self.journal()?;
        file.set_len(length).and_then(|()| file.sync_all()).map_err(|error| fault(&error))
    }

    fn create_new(&mut self) -> Result<(), Fault> {
        self.take()?;
        // What another run left there, nobody has read.
        if is_at(self.journal.as_ref(), &self.path) == Some(false) {
            return Err(Fault::Moved);
        }
        // Never through a link, nor into a file that somebody else holds open.
        self.discard_new();
        let mut how = OpenOptions::new();
        let file = how.read(true).append(true).create_new(true).mode(0o600).open(&self.new_path);
        self.new = Some(file.map_err(|error| fault(&error))?);
        Ok(())
    }

    fn write_new(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let mut file = self.new.as_ref().ok_or(Fault::Missing)?;
        file.write_all(bytes).map_err(|error| fault(&error))
    }

    fn sync_new(&mut self) -> Result<(), Fault> {
        self.new.as_ref().ok_or(Fault::Missing)?.sync_all().map_err(|error| fault(&error))
    }

    fn commit_new(&mut self) -> Result<(), Fault> {
        let new = self.new.take().ok_or(Fault::Missing)?;
        fs::rename(&self.new_path, &self.path).map_err(|error| fault(&error))?;
        self.journal = Some(new);
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(|error| fault(&error))
    }

    fn discard_new(&mut self) {
        self.new = None;
        // There may be none.
        _ = fs::remove_file(&self.new_path);
    }

    fn salt(&mut self) -> u32 {
        // Without it files are told apart by counting, which serves but for the rarest of
        // accidents.
        u32::from_le_bytes(token::random().unwrap_or_default())
    }
}

/// Whether a daemon keeps its state in this directory, as far as its lock tells.
pub fn is_in_use(dir: &Path) -> bool {
    File::open(dir).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Whether it is this file that stands at a path; `None` if nothing does.
fn is_at(file: Option<&File>, path: &Path) -> Option<bool> {
    is_one(file, fs::symlink_metadata(path))
}

fn is_one(file: Option<&File>, there: io::Result<Metadata>) -> Option<bool> {
    let there = there.ok()?;
    let held = file.and_then(|file| file.metadata().ok());
    Some(held.is_some_and(|held| (held.dev(), held.ino()) == (there.dev(), there.ino())))
}

/// What an error of the system means.
pub fn fault(error: &io::Error) -> Fault {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Fault::Missing,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Fault::NoSpace,
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Fault::ReadOnly,
        _ => Fault::Io,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process;
    use std::sync::atomic::{AtomicU32, Ordering};

    use aiglon::journal::{Durability, Journal, Opened, Refused};
    use aiglon::limits::JOURNAL_BYTES;

    use super::*;

    /// A fresh directory, gone with this.
    struct TempDir(PathBuf);

    impl TempDir {
        fn new() -> Self {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let dir = std::env::temp_dir().join(format!("aiglon-storage-{}-{count}", process::id()));
            fs::create_dir(&dir).unwrap();
            Self(dir)
        }
    }

    impl Drop for TempDir {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    type Plain = (u8, Vec<u8>);

    fn open(files: &mut Files) -> (Journal, Result<Opened, Fault>, Vec<Plain>) {
        let mut journal = Journal::new();
        let mut records = Vec::new();
        let opened = journal
            .open(files, JOURNAL_BYTES, &mut |record| records.push((record.kind, record.payload.to_vec())));
        (journal, opened, records)
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn records_are_in_the_file_when_the_call_returns() {
        let place = TempDir::new();
        let dir = place.0.join("state");
        let mut files = Files::open(&dir).unwrap();
        let (mut journal, opened, _) = open(&mut files);
        assert_eq!((opened, journal.fault()), (Ok(Opened { fresh: true, records: 0, lost: 0 }), None));
        journal.append(&mut files, 1, b"one", Durability::Now).unwrap();
        journal.append(&mut files, 2, b"two", Durability::Later).unwrap();
        assert_eq!(fs::read(dir.join("journal")).unwrap().len(), 16 + 7 + 3);
        journal.compact(&mut files, &mut |new| new.put(3, b"three")).unwrap();
        journal.append(&mut files, 4, b"four", Durability::Now).unwrap();
        // Left by a crash in the middle of a compaction, and of an append.
        fs::write(dir.join("journal.new"), b"half").unwrap();
        drop(files);
        let torn = [fs::read(dir.join("journal")).unwrap(), vec![9; 5]].concat();
        fs::write(dir.join("journal"), torn).unwrap();
        // And put back from somebody's copy.
        fs::set_permissions(dir.join("journal"), fs::Permissions::from_mode(0o644)).unwrap();

        let mut files = Files::open(&dir).unwrap();
        let (mut journal, opened, records) = open(&mut files);
        assert_eq!(opened, Ok(Opened { fresh: false, records: 2, lost: 5 }));
        assert_eq!(records, [(3, b"three".to_vec()), (4, b"four".to_vec())]);
        assert_eq!(names(&dir), ["journal"]);
        journal.append(&mut files, 5, b"", Durability::Now).unwrap();
        assert_eq!(open(&mut files).2.len(), 3);
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(dir.join("journal")), mode(dir)), (0o600, 0o700));
    }

    #[test]
    fn a_second_daemon_refuses_and_says_why() {
        let place = TempDir::new();
        let first = Files::open(&place.0).unwrap();
        let second = Files::open(&place.0).unwrap_err().to_string();
        assert!(second.contains("another aiglon") && second.contains(place.0.to_str().unwrap()), "{second}");
        drop(first);
        Files::open(&place.0).unwrap();
    }

    /// An earlier release had a lock beside the journal. Who could put a link there had our user
    /// make a file wherever it led.
    #[test]
    fn no_file_is_a_lock() {
        let place = TempDir::new();
        let elsewhere = place.0.join("elsewhere");
        let dir = place.0.join("state");
        fs::create_dir(&dir).unwrap();
        symlink(&elsewhere, dir.join("lock")).unwrap();
        // A state_dir may be a link itself.
        let link = place.0.join("link");
        symlink(&dir, &link).unwrap();
        let mut files = Files::open(&link).unwrap();
        let (mut journal, _, _) = open(&mut files);
        journal.append(&mut files, 1, b"x", Durability::Now).unwrap();
        assert_eq!((names(&dir), elsewhere.exists()), (vec!["journal".to_owned()], false));
        assert!(is_in_use(&dir));
        drop(files);
        assert!(!is_in_use(&dir));
    }

    #[test]
    fn a_start_goes_on_while_somebody_looks_whether_a_daemon_is_there() {
        let place = TempDir::new();
        let look = File::open(&place.0).unwrap();
        look.try_lock_shared().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(std::time::Duration::from_millis(30));
                drop(look);
            });
            super::super::ledger::Ledger::new().take(&place.0).unwrap();
        });
    }

    #[test]
    fn a_directory_that_comes_late_is_used() {
        let place = TempDir::new();
        let parent = place.0.join("usb");
        let dir = parent.join("state");
        let mut files = Files::open(&dir).unwrap();
        let (mut journal, opened, _) = open(&mut files);
        assert_eq!((opened.unwrap().fresh, journal.fault()), (true, Some(Fault::Missing)));
        let missing = Err(Refused::Fault(Fault::Missing));
        assert_eq!(journal.append(&mut files, 1, b"x", Durability::Now), missing);
        assert_eq!(journal.compact(&mut files, &mut |_| Ok(())), missing);
        fs::create_dir(&parent).unwrap();
        journal.compact(&mut files, &mut |new| new.put(1, b"x")).unwrap();
        journal.append(&mut files, 1, b"y", Durability::Now).unwrap();
        assert_eq!(open(&mut files).2.len(), 2);

        // The stick is pulled out, and put back empty.
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(journal.append(&mut files, 1, b"z", Durability::Now), missing);
        journal.compact(&mut files, &mut |new| new.put(1, b"all")).unwrap();
        assert_eq!(journal.fault(), None);
        assert_eq!(open(&mut files).2, [(1, b"all".to_vec())]);
        Files::open(&dir).unwrap_err();
    }

    /// The directory is moved away, and another daemon begins in the one that takes its place.
    #[test]
    fn a_directory_that_is_another_ones_now_is_left_alone() {
        let place = TempDir::new();
        let dir = place.0.join("state");
        let mut ours = Files::open(&dir).unwrap();
        let (mut journal, _, _) = open(&mut ours);
        journal.append(&mut ours, 1, b"ours", Durability::Now).unwrap();
        fs::rename(&dir, place.0.join("moved")).unwrap();
        let mut theirs = Files::open(&dir).unwrap();
        let (mut other, _, _) = open(&mut theirs);
        other.append(&mut theirs, 2, b"theirs", Durability::Now).unwrap();

        let moved = Err(Refused::Fault(Fault::Moved));
        assert_eq!(journal.compact(&mut ours, &mut |new| new.put(1, b"ours")), moved);
        // Even when they have gone, nobody has read what they left.
        drop(theirs);
        assert_eq!(journal.compact(&mut ours, &mut |new| new.put(1, b"ours")), moved);
        assert_eq!(journal.compact(&mut ours, &mut |new| new.put(1, b"ours")), moved);
        assert_eq!(names(&dir), ["journal"]);
        assert_eq!(open(&mut Files::open(&dir).unwrap()).2, [(2, b"theirs".to_vec())]);
    }

    #[test]
    fn what_is_no_file_is_not_read() {
        let place = TempDir::new();
        symlink("/dev/zero", place.0.join("journal")).unwrap();
        let mut files = Files::open(&place.0).unwrap();
        assert_eq!(open(&mut files).1, Err(Fault::Io));
        fs::remove_file(place.0.join("journal")).unwrap();
        fs::create_dir(place.0.join("journal")).unwrap();
        assert_eq!(open(&mut files).1, Err(Fault::Io));
        // Nor is a file taken for a directory.
        let file = place.0.join("file");
        fs::write(&file, "").unwrap();
        let mut files = Files::open(&file).unwrap();
        let (journal, opened, _) = open(&mut files);
        assert_eq!((opened.is_ok(), journal.fault()), (true, Some(Fault::Missing)));
    }

    /// Whoever can put a link there has our user change no file elsewhere.
    #[test]
    fn a_link_in_the_journals_place_changes_nothing_elsewhere() {
        for text in ["", "letters\n"] {
            let place = TempDir::new();
            let (victim, dir) = (place.0.join("victim"), place.0.join("state"));
            let unchanged = || {
                let mode = fs::metadata(&victim).unwrap().permissions().mode() & 0o777;
                assert_eq!((mode, fs::read_to_string(&victim).unwrap()), (0o644, text.to_owned()));
            };
            fs::write(&victim, text).unwrap();
            fs::set_permissions(&victim, fs::Permissions::from_mode(0o644)).unwrap();
            fs::create_dir(&dir).unwrap();
            symlink(&victim, dir.join("journal")).unwrap();
            let mut files = Files::open(&dir).unwrap();
            assert_eq!(open(&mut files).1, Err(Fault::Io));
            unchanged();
            fs::remove_file(dir.join("journal")).unwrap();
            fs::hard_link(&victim, dir.join("journal")).unwrap();
            let (mut journal, _, _) = open(&mut files);
            unchanged();
            journal.compact(&mut files, &mut |new| new.put(1, b"x")).unwrap();
            unchanged();
            assert_eq!(fs::metadata(dir.join("journal")).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn errors_are_faults() {
        let cases = [
            (ErrorKind::PermissionDenied, Fault::ReadOnly),
            (ErrorKind::NotFound, Fault::Missing),
            (ErrorKind::ReadOnlyFilesystem, Fault::ReadOnly),
            (ErrorKind::StorageFull, Fault::NoSpace),
            (ErrorKind::QuotaExceeded, Fault::NoSpace),
            (ErrorKind::WriteZero, Fault::Io),
        ];
        for (kind, expected) in cases {
            assert_eq!(fault(&kind.into()), expected, "{kind:?}");
        }
        // EPERM, ENOENT, EIO, EACCES, ENOSPC, EROFS: the same on every Linux.
        let numbers = [
            (1, Fault::ReadOnly),
            (2, Fault::Missing),
            (5, Fault::Io),
            (13, Fault::ReadOnly),
            (28, Fault::NoSpace),
            (30, Fault::ReadOnly),
        ];
        for (number, expected) in numbers {
            assert_eq!(fault(&io::Error::from_raw_os_error(number)), expected, "errno {number}");
        }
    }
}
