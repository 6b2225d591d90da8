//! The byte order mark that editors on Windows and PowerShell write before a text in UTF-8.

/// The bytes of the mark. A reader of JSON may ignore it (RFC 8259, section 8.1), and no name of
/// anybody's begins with it.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Takes the mark off the front of one body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    /// So many of its bytes have come; more than it has when it has not.
    seen: u8,
}

impl Mark {
    /// What to read of the next piece of a body: first what came earlier and was no mark after all,
    /// then the rest.
    pub fn skip<'b>(&mut self, piece: &'b [u8]) -> (&'static [u8], &'b [u8]) {
        let mut rest = piece;
        while let Some(wanted) = BOM.get(usize::from(self.seen)) {
            match rest.split_first() {
                Some((byte, after)) if byte == wanted => rest = after,
                Some(_) => {
                    let held = BOM.get(..usize::from(self.seen)).unwrap_or_default();
                    self.seen = u8::MAX;
                    return (held, rest);
                }
                None => break,
            }
            self.seen = self.seen.saturating_add(1);
        }
        (b"", rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_mark_goes_and_all_else_stays() {
        for (body, expected) in [
            (&b"\xef\xbb\xbfm f=1"[..], &b"m f=1"[..]),
            (b"\xef\xbb\xbf\xef\xbb\xbf[]", b"\xef\xbb\xbf[]"),
            (b"\xef\xbb\x80m", b"\xef\xbb\x80m"), // a letter in Arabic
            (b"\xef\xef\xbb\xbfm", b"\xef\xef\xbb\xbfm"),
            (b"m\xef\xbb\xbf", b"m\xef\xbb\xbf"),
            (b"\xef\xbb\xbf", b""),
            (b"", b""),
        ] {
            for size in 1..6 {
                let (mut mark, mut read) = (Mark::default(), Vec::new());
                for piece in body.chunks(size) {
                    let (held, rest) = mark.skip(piece);
                    read.extend_from_slice(held);
                    read.extend_from_slice(rest);
                }
                assert_eq!(read, expected, "{body:?} by {size}");
            }
        }
    }
}
