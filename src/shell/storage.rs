//! Where the journal lies: two files in `state_dir`, and a third that says whose they are.
//!
//! `journal` is the journal, `journal.new` the one that is to take its place, `lock` the lock of the daemon that
//! writes them (`flock`, so it ends with the process however that ends). All are the daemon's alone (0600), for the journal
//! holds what people wrote before it is published.
//!
//! Nothing here allocates once the files are open: paths are made at the start, and errors are numbers.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aiglon::journal::{Fault, Store};

/// The files of one `state_dir`.
#[derive(Debug)]
pub struct Files {
    dir: PathBuf,
    lock_path: PathBuf,
    path: PathBuf,
    new_path: PathBuf,
    /// Held, and locked, while this lives.
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
            "{}: another aiglon holds this lock and writes the journal beside it; stop that one, or give this one a \
             state_dir of its own",
            self.0.display()
        )
    }
}

impl Files {
    /// Takes the directory, making it if its parent is there. Where that cannot be, for a read-only file system
    /// say, the calls on it give the fault, and each new journal tries again.
    ///
    /// # Errors
    /// Another process has taken it.
    pub fn open(dir: &Path) -> Result<Self, InUse> {
        let mut files = Self {
            dir: dir.to_path_buf(),
            lock_path: dir.join("lock"),
            path: dir.join("journal"),
            new_path: dir.join("journal.new"),
            lock: None,
            journal: None,
            new: None,
        };
        match files.take() {
            Err(Fault::Busy) => Err(InUse(files.lock_path)),
            _ => Ok(files),
        }
    }

    /// Makes the directory and takes the lock, unless that is done.
    fn take(&mut self) -> Result<(), Fault> {
        if self.lock.is_some() && self.lock_path.exists() {
            return Ok(());
        }
        self.lock = None;
        match DirBuilder::new().mode(0o700).create(&self.dir) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists && !self.dir.is_dir() => return Err(fault(&error)),
            _ => {}
        }
        let mut how = OpenOptions::new();
        // Read alone will do for a lock, where an earlier start left the file on what is read-only now.
        let opened = how.write(true).create(true).truncate(false).mode(0o600).open(&self.lock_path);
        let file = opened.or_else(|error| File::open(&self.lock_path).map_err(|_| fault(&error)))?;
        match file.try_lock() {
            // What knows no locks (some network file systems) must do without.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(fault(&error)),
            Err(TryLockError::WouldBlock) => return Err(Fault::Busy),
            Ok(()) => {}
        }
        self.lock = Some(file);
        Ok(())
    }

    /// The journal, open for appending. One that was deleted or replaced under our hands is missing.
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
    fn len(&mut self) -> Result<Option<u64>, Fault> {
        let mut how = OpenOptions::new();
        let opened = how.read(true).append(true).open(&self.path);
        // One that cannot be written can still be read; the first write then says so.
        let file = match opened.or_else(|_| File::open(&self.path)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| fault(&error))?,
        };
        let metadata = file.metadata().map_err(|error| fault(&error))?;
        // A device or a pipe might never end.
        if !metadata.is_file() {
            return Err(Fault::Io);
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
        match OpenOptions::new().append(true).open(&self.path) {
            Ok(_) => Ok(()),
            Err(error) => Err(fault(&error)),
        }
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.journal()?.write_all(bytes).map_err(|error| fault(&error))
    }

    fn sync(&mut self) -> Result<(), Fault> {
        // The length is synced too, since the bytes could not be found without it; the times are not.
        self.journal()?.sync_data().map_err(|error| fault(&error))
    }

    fn truncate(&mut self, length: u64) -> Result<(), Fault> {
        self.take()?;
        let file = self.journal()?;
        file.set_len(length).and_then(|()| file.sync_all()).map_err(|error| fault(&error))
    }

    fn create_new(&mut self) -> Result<(), Fault> {
        self.take()?;
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
        let mut bytes = [0; 4];
        // Without it files are told apart by counting, which serves but for the rarest of accidents.
        _ = File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes));
        u32::from_le_bytes(bytes)
    }
}

fn fault(error: &io::Error) -> Fault {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Fault::Missing,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Fault::NoSpace,
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Fault::ReadOnly,
        _ => Fault::Io,
    }
}
