//! Standard input, output and error, without the standard library's buffers and locks, which one
//! thread has no use for.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;

use heapless::Vec;
pub use rustix::stdio::{stderr, stdin, stdout};

/// Standard input, to read from. What is read ahead and not used is lost.
pub fn input() -> io::Result<File> {
    Ok(stdin().try_clone_to_owned()?.into())
}

/// Writes all of it.
pub fn write(to: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::retry_on_intr(|| rustix::io::write(to, bytes))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => bytes = bytes.get(written..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// Writes words; if nobody takes them, there is nobody to tell. They go out in one piece if they
/// are not longer than a line is. Allocates nothing.
pub fn tell(to: BorrowedFd<'_>, words: fmt::Arguments<'_>) {
    let mut line = Line { to, held: Vec::new() };
    _ = line.write_fmt(words);
    _ = write(to, &line.held);
}

/// What of a line is not written yet.
struct Line<'a> {
    to: BorrowedFd<'a>,
    held: Vec<u8, 512>,
}

impl fmt::Write for Line<'_> {
    fn write_str(&mut self, words: &str) -> fmt::Result {
        if self.held.extend_from_slice(words.as_bytes()).is_err() {
            _ = write(self.to, &self.held);
            self.held.clear();
            // What is longer than a line waits for nothing.
            if self.held.extend_from_slice(words.as_bytes()).is_err() {
                _ = write(self.to, words.as_bytes());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn words_arrive_whole_however_long_they_are() {
        let long = "x".repeat(1300);
        for words in
            [vec!["aiglon: ", "done"], vec![""], vec!["a", &long, "b"], vec![&long[..500], &long[..20]]]
        {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            let joined = words.concat();
            let mut line = Line { to: ours.as_fd(), held: Vec::new() };
            for word in words {
                line.write_str(word).unwrap();
            }
            write(line.to, &line.held).unwrap();
            tell(ours.as_fd(), format_args!("{joined}\n"));
            drop(ours);
            let mut read = String::new();
            theirs.read_to_string(&mut read).unwrap();
            assert_eq!(read, format!("{joined}{joined}\n"));
        }
    }

    #[test]
    fn nobody_there_is_an_error_and_no_end() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        assert_eq!(write(ours.as_fd(), b"words").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        tell(ours.as_fd(), format_args!("words"));
    }
}
