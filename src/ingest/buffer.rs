//! A bounded buffer of bytes that is filled by copying stretches: `heapless::Vec` appends byte by byte, which on the
//! way of everything that is pushed costs a tenth of the time.

/// At most `N` bytes. All-zero when new.
#[derive(Debug)]
pub(super) struct Buffer<const N: usize> {
    length: usize,
    bytes: [u8; N],
}

impl<const N: usize> Buffer<N> {
    pub(super) const fn new() -> Self {
        Self { length: 0, bytes: [0; N] }
    }

    pub(super) const fn len(&self) -> usize {
        self.length
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.length).unwrap_or_default()
    }

    /// Keeps the first `length` bytes, if there are more.
    pub(super) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Appends all of it, or nothing if it does not fit. Whether it did.
    pub(super) fn push(&mut self, more: &[u8]) -> bool {
        let end = self.length.saturating_add(more.len());
        let Some(room) = self.bytes.get_mut(self.length..end) else { return false };
        room.copy_from_slice(more);
        self.length = end;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_nothing() {
        let mut buffer = Buffer::<4>::new();
        for (more, fits, after) in [
            (&b"ab"[..], true, &b"ab"[..]),
            (b"", true, b"ab"),
            (b"cde", false, b"ab"),
            (b"cd", true, b"abcd"),
            (b"e", false, b"abcd"),
        ] {
            assert_eq!(buffer.push(more), fits);
            assert_eq!(buffer.as_slice(), after);
            assert_eq!(buffer.len(), after.len());
        }
        buffer.truncate(9);
        assert_eq!(buffer.as_mut_slice(), b"abcd");
        buffer.truncate(1);
        assert_eq!(buffer.as_slice(), b"a");
    }
}
