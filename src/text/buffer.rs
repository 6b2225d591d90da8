//! A bounded buffer of bytes that is filled by copying stretches. `heapless::Vec` appends byte by
//! byte: that was a fifth of what a held page costs to send, half of what one costs to render, and
//! a tenth of an alert.

use core::ops::{Deref, DerefMut};

/// Bytes within bounds. All-zero when new.
#[derive(Debug)]
pub struct Buffer<B: ?Sized> {
    length: usize,
    bytes: B,
}

/// At most `N` bytes.
pub type Bytes<const N: usize> = Buffer<[u8; N]>;

/// Bytes within whatever bounds: what functions take, so that there is one copy of them.
pub type BytesView = Buffer<[u8]>;

impl<const N: usize> Bytes<N> {
    /// Empty.
    pub const fn new() -> Self {
        Self { length: 0, bytes: [0; N] }
    }
}

impl<const N: usize> Default for Bytes<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deref for Bytes<N> {
    type Target = BytesView;
    fn deref(&self) -> &BytesView {
        self
    }
}

impl<const N: usize> DerefMut for Bytes<N> {
    fn deref_mut(&mut self) -> &mut BytesView {
        self
    }
}

impl BytesView {
    /// How many bytes are in it.
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether none is.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many more fit.
    pub const fn room(&self) -> usize {
        self.bytes.len().saturating_sub(self.length)
    }

    /// What is in it.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// What is in it, to be changed.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.length).unwrap_or_default()
    }

    /// What is in it, and the room behind that.
    pub fn split(&mut self) -> (&[u8], &mut [u8]) {
        self.bytes.split_at_mut_checked(self.length).map_or((&[], &mut []), |(filled, room)| (filled, room))
    }

    /// The first `count` bytes of the room have been written, and are in it from now on.
    pub fn grow(&mut self, count: usize) {
        self.length = self.length.saturating_add(count.min(self.room()));
    }

    /// Keeps the first `length` bytes, if there are more.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Appends all of it, or nothing if it does not fit. Whether it did.
    pub fn push(&mut self, more: &[u8]) -> bool {
        let end = self.length.saturating_add(more.len());
        let Some(room) = self.bytes.get_mut(self.length..end) else { return false };
        room.copy_from_slice(more);
        self.length = end;
        true
    }
}

/// What was to be written did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl ufmt::uWrite for BytesView {
    type Error = Full;
    fn write_str(&mut self, text: &str) -> Result<(), Full> {
        if self.push(text.as_bytes()) { Ok(()) } else { Err(Full) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_nothing() {
        let mut buffer = Bytes::<4>::new();
        for (more, fits, after) in [
            (&b"ab"[..], true, &b"ab"[..]),
            (b"", true, b"ab"),
            (b"cde", false, b"ab"),
            (b"cd", true, b"abcd"),
            (b"e", false, b"abcd"),
        ] {
            assert_eq!(buffer.push(more), fits);
            assert_eq!(buffer.as_slice(), after);
            assert_eq!((buffer.len(), buffer.room()), (after.len(), 4 - after.len()));
        }
        buffer.truncate(9);
        assert_eq!(buffer.as_mut_slice(), b"abcd");
        buffer.truncate(1);
        assert_eq!(buffer.as_slice(), b"a");
        assert_eq!(ufmt::uwrite!(&mut *buffer, "{}{}", 2, 34), Ok(()));
        assert_eq!(ufmt::uwrite!(&mut *buffer, "{}", 5), Err(Full));
        assert_eq!(buffer.as_slice(), b"a234");
        let (filled, room) = buffer.split();
        assert_eq!((filled, room.len()), (&b"a234"[..], 0));
        buffer.truncate(2);
        let (filled, room) = buffer.split();
        assert_eq!((filled, room.len()), (&b"a2"[..], 2));
        room[0] = b'b';
        buffer.grow(1);
        assert_eq!(buffer.as_slice(), b"a2b");
        buffer.grow(9);
        assert_eq!(buffer.len(), 4);
        buffer.clear();
        assert!(buffer.is_empty());
    }
}
