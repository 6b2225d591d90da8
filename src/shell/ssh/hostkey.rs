//! The host key: Ed25519, made on the first start, in `state_dir`. What is there is never written
//! over: who has seen its fingerprint once must be able to trust it for ever.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use aiglon::limits::SSH_HOST_KEY_BYTES;
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::{HashAlg, PrivateKey};

/// Its name in `state_dir`; in the format that `ssh-keygen` writes.
pub const NAME: &str = "ssh_host_ed25519_key";

/// The key, and its fingerprint as `ssh-keygen -l` says it.
///
/// # Errors
/// Why there is none, in words.
pub fn load(dir: &Path) -> Result<(PrivateKey, String), String> {
    let path = dir.join(NAME);
    let wrong = |why: &dyn std::fmt::Display| format!("the host key {}: {why}", path.display());
    let key = match read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make(dir, &path).map_err(|error| wrong(&error))?;
            read(&path)
        }
        read => read,
    }
    .map_err(|error| wrong(&error))?;
    let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
    Ok((key, fingerprint))
}

fn read(path: &Path) -> io::Result<PrivateKey> {
    // A FIFO would let us wait for ever.
    let flags = rustix::fs::OFlags::NONBLOCK.bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("is no file; remove it, and a new one is made"));
    }
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::other(
            "others may read it; see who did, and chmod 600 it, or remove it for a new one",
        ));
    }
    let mut text = Vec::new();
    file.take(SSH_HOST_KEY_BYTES).read_to_end(&mut text)?;
    PrivateKey::from_openssh(&text)
        .ok()
        .filter(|key| !key.is_encrypted() && key.algorithm().as_str() == "ssh-ed25519")
        .ok_or_else(|| io::Error::other("is no Ed25519 key; remove it, and a new one is made"))
}

/// Makes one. It has its name when it is whole, or not at all.
fn make(dir: &Path, path: &Path) -> io::Result<()> {
    let mut seed = [0; 32];
    // Not urandom: a router that has just been flashed must first gather what cannot be guessed. We
    // may wait here.
    File::open("/dev/random")?.read_exact(&mut seed)?;
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&seed));
    let text = key.to_openssh(LineEnding::LF).map_err(io::Error::other)?;
    let new = path.with_added_extension("new");
    // What a power cut left.
    _ = fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // A link does not replace what is there.
    let named = fs::hard_link(&new, path);
    _ = fs::remove_file(&new);
    named?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Dir(std::path::PathBuf);

    impl Drop for Dir {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    fn dir(name: &str) -> Dir {
        let path = std::env::temp_dir().join(format!("aiglon-hostkey-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Dir(path)
    }

    #[test]
    fn made_once() {
        let dir = dir("once");
        let (key, fingerprint) = load(&dir.0).unwrap();
        assert!(fingerprint.starts_with("SHA256:"), "{fingerprint}");
        let path = dir.0.join(NAME);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read(&path).unwrap();
        let (again, same) = load(&dir.0).unwrap();
        assert_eq!((again.public_key(), &same), (key.public_key(), &fingerprint));
        assert_eq!(fs::read(&path).unwrap(), text);
        assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 1);
        // Another board has another.
        let other = self::dir("other");
        assert_ne!(load(&other.0).unwrap().1, same);
    }

    #[test]
    fn never_written_over() {
        let dir = dir("kept");
        let path = dir.0.join(NAME);
        for (text, mode, why) in [
            ("", 0o600, "no Ed25519 key"),
            ("rubbish", 0o600, "no Ed25519 key"),
            ("x", 0o640, "others may read it"),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = load(&dir.0).unwrap_err();
            assert!(error.contains(why), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        fs::remove_file(&path).unwrap();
        fs::write(path.with_added_extension("new"), "half").unwrap();
        assert!(load(&dir.0).is_ok());
        assert!(load(&dir.0.join("nowhere")).is_err());
        fs::remove_file(&path).unwrap();
        let fifo = std::process::Command::new("mkfifo").arg("-m600").arg(&path).status().unwrap();
        assert!(fifo.success() && load(&dir.0).unwrap_err().contains("is no file"));
    }
}
