//! Compresses a page (DEFLATE, RFC 1951) in fixed memory and bounded time.
//!
//! Repetitions are found by the last [`PACK_WAYS`] places of each group of beginnings. Chains as
//! zlib has them would take 64 KiB for the distances alone.
//!
//! A block has codes of its own, by how often each symbol occurs in it. The golden pages are within
//! 3% of `gzip -9` with them. The alternative was one code that the build trains on our pages. It
//! would save a kilobyte of program. Measured on the golden pages, it made them 1.7% larger,
//! because languages and pages differ. Its description is no shorter, because every byte must have
//! a code.

use super::huffman::{SYMBOLS, Tree, codes};
use crate::limits::{PACK_BUCKETS, PACK_GOOD, PACK_LOOKS, PACK_WAYS, PACK_WORDS};

/// Distances of RFC 1951, 3.2.5.
const DISTANCES: usize = 30;
/// The symbol that ends a block.
const END: usize = 256;
/// A shortest and a longest repetition.
const SHORTEST: usize = 3;
const LONGEST: usize = 258;
/// How far back a repetition may begin.
const FAR: usize = 32_768;
/// A repetition of three bytes that is further away takes more bits than the bytes.
const FAR_FOR_SHORTEST: usize = 4096;
/// The order in which the lengths of the code of lengths are sent (RFC 1951, 3.2.7).
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The memory of the compressor. All-zero when new, and any content will do.
pub struct Work {
    /// Of each group of beginnings the last places, in 16 bits, the newest first.
    recent: [[u16; PACK_WAYS]; PACK_BUCKETS],
    /// Bytes and repetitions of the present block. A byte is itself. A repetition is two: 256 and
    /// its length without [`SHORTEST`], then its distance without 1.
    words: [u16; PACK_WORDS],
    filled: usize,
    tree: Tree,
    /// Of both codes, that of bytes and lengths and that of distances, behind one another: how
    /// often each symbol occurs, how many bits it has, and which.
    counts: [u16; SYMBOLS + DISTANCES],
    lengths: [u8; SYMBOLS + DISTANCES],
    codes: [u16; SYMBOLS + DISTANCES],
}

impl Work {
    /// Of any content.
    pub const fn new() -> Self {
        Self {
            recent: [[0; PACK_WAYS]; PACK_BUCKETS],
            words: [0; PACK_WORDS],
            filled: 0,
            tree: Tree::new(),
            counts: [0; SYMBOLS + DISTANCES],
            lengths: [0; SYMBOLS + DISTANCES],
            codes: [0; SYMBOLS + DISTANCES],
        }
    }
}

impl Default for Work {
    fn default() -> Self {
        Self::new()
    }
}

/// Bits that are written, the lowest first (RFC 1951, 3.1.1).
pub struct Bits<'a> {
    out: &'a mut [u8],
    at: usize,
    /// Bits that make no whole byte yet, and how many.
    rest: u32,
    count: u32,
    fits: bool,
}

impl<'a> Bits<'a> {
    /// Writes into `out` from its beginning.
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { out, at: 0, rest: 0, count: 0, fits: true }
    }

    /// The lowest `count` bits of `value`, 16 at most; the others must be zero.
    fn put(&mut self, value: u32, count: u32) {
        self.rest |= value.wrapping_shl(self.count);
        self.count = self.count.wrapping_add(count);
        while self.count >= 8 {
            self.byte();
        }
    }

    fn byte(&mut self) {
        match self.out.get_mut(self.at) {
            Some(place) => *place = self.rest.to_le_bytes()[0],
            None => self.fits = false,
        }
        self.at = self.at.wrapping_add(1);
        self.rest = self.rest.wrapping_shr(8);
        self.count = self.count.saturating_sub(8);
    }

    /// Bytes, which begin with the next whole one.
    pub fn bytes(&mut self, bytes: &[u8]) {
        if self.count > 0 {
            self.byte();
        }
        for &byte in bytes {
            self.put(byte.into(), 8);
        }
    }

    /// How many bytes were written, if all had room.
    pub fn length(&self) -> Option<usize> {
        Some(self.at).filter(|_| self.fits)
    }
}

/// A stretch that was there before: its length and how far back. Of length 0 if there is none.
#[derive(Clone, Copy, Default)]
struct Repeat {
    length: usize,
    distance: usize,
}

/// Writes `input` as one or several blocks, the last of which says so. Equal input gives equal
/// output. Time is linear, and [`PACK_LOOKS`] bounds it whatever the input.
pub fn deflate(input: &[u8], out: &mut Bits<'_>, work: &mut Work) {
    work.recent.fill([0; PACK_WAYS]);
    work.filled = 0;
    // Looks that are left: at places, and at the bytes there.
    let mut left = input.len().saturating_mul(PACK_LOOKS);
    // The byte before `at`, if it is not decided yet, and the repetition that could begin with it.
    // It gives way to a longer one that begins a byte later.
    let mut before: Option<u8> = None;
    let mut held = Repeat::default();
    let mut at = 0usize;
    while let Some(&byte) = input.get(at) {
        if work.filled.saturating_add(4) > PACK_WORDS {
            work.block(out, false);
        }
        let group = group(input, at);
        let places = work.recent.get(group).map_or(&[][..], |places| places);
        let places = if left > 0 { places } else { places.get(..1).unwrap_or_default() };
        let found = if held.length < PACK_GOOD {
            longest(input, at, held.length, places, &mut left)
        } else {
            Repeat::default()
        };
        work.note(group, at);
        if held.length > 0 && found.length == 0 {
            let end = at.saturating_add(held.length).saturating_sub(1);
            work.repeat(held);
            for inside in at.saturating_add(1)..end {
                work.note(self::group(input, inside), inside);
            }
            (at, before, held) = (end, None, Repeat::default());
            continue;
        }
        if let Some(before) = before {
            work.say(before.into());
        }
        (before, held) = (Some(byte), found);
        at = at.saturating_add(1);
    }
    if let Some(before) = before {
        work.say(before.into());
    }
    work.block(out, true);
}

/// Which group the three bytes at `at` belong to.
fn group(input: &[u8], at: usize) -> usize {
    let Some(&[a, b, c]) = input.get(at..).and_then(<[u8]>::first_chunk) else { return PACK_BUCKETS };
    // By Knuth's multiplication: the highest bits of the product depend on all of the factor.
    let product = u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9e37_79b1);
    usize::try_from(product.wrapping_shr(u32::BITS.wrapping_sub(PACK_BUCKETS.ilog2()))).unwrap_or(0)
}

/// The longest of the stretches at `places` that the bytes at `at` repeat, if it is longer than
/// `least` bytes. Whatever stands in `places`, the bytes are compared.
fn longest(input: &[u8], at: usize, least: usize, places: &[u16], left: &mut usize) -> Repeat {
    let mut best = Repeat { length: least.max(SHORTEST.saturating_sub(1)), distance: 0 };
    // A longer stretch has this byte, too.
    let Some(&(mut end)) = input.get(at.wrapping_add(best.length)) else { return Repeat::default() };
    let mut looks = places.len();
    for &place in places {
        // Places are known by 16 bits, which suffice for what is near enough.
        let distance = at.wrapping_sub(place.into()) & 0xffff;
        // Before the beginning there is nothing.
        let from = at.wrapping_sub(distance);
        let Some(&ends) = input.get(from.wrapping_add(best.length)) else { continue };
        if ends != end || distance == 0 || distance > FAR {
            continue;
        }
        let length = common(input, at, from);
        looks = looks.saturating_add(length);
        let pays = length > SHORTEST || distance <= FAR_FOR_SHORTEST;
        if length > best.length && pays {
            best = Repeat { length, distance };
            match input.get(at.wrapping_add(length)) {
                Some(&next) if length < LONGEST => end = next,
                _ => break,
            }
        }
    }
    *left = left.saturating_sub(looks);
    if best.distance == 0 { Repeat::default() } else { best }
}

/// How many bytes at two places are equal, [`LONGEST`] at most. It is called seldom, and the loop
/// above is quicker without its code.
#[inline(never)]
fn common(input: &[u8], at: usize, from: usize) -> usize {
    let (Some(here), Some(there)) = (input.get(at..), input.get(from..)) else { return 0 };
    here.iter().zip(there).take(LONGEST).take_while(|(a, b)| a == b).count()
}

impl Work {
    /// The three bytes at `at` belong to `group`.
    fn note(&mut self, group: usize, at: usize) {
        if let Some(places) = self.recent.get_mut(group) {
            let mut newer = u16::try_from(at & 0xffff).unwrap_or(0);
            for place in places {
                core::mem::swap(place, &mut newer);
            }
        }
    }

    fn say(&mut self, word: u16) {
        if let Some(place) = self.words.get_mut(self.filled) {
            *place = word;
            self.filled = self.filled.saturating_add(1);
        }
    }

    fn repeat(&mut self, Repeat { length, distance }: Repeat) {
        self.say(u16::try_from(length.saturating_add(END).saturating_sub(SHORTEST)).unwrap_or(0));
        self.say(u16::try_from(distance.saturating_sub(1)).unwrap_or(0));
    }

    /// Writes the words as a block with codes of its own (RFC 1951, 3.2.7), and forgets them.
    fn block(&mut self, out: &mut Bits<'_>, is_last: bool) {
        let words = self.words.get(..self.filled).unwrap_or_default();
        self.filled = 0;
        let (bytes, distances) = self.counts.split_at_mut(SYMBOLS);
        bytes.fill(0);
        distances.fill(0);
        let count = |counts: &mut [u16], symbol: usize| {
            if let Some(count) = counts.get_mut(symbol) {
                *count = count.saturating_add(1);
            }
        };
        each(words, &mut |part| match part {
            Part::Byte(class) => count(bytes, class.symbol),
            Part::Distance(class) => count(distances, class.symbol),
        });
        let (of_bytes, of_distances) = self.lengths.split_at_mut(SYMBOLS);
        self.tree.lengths(bytes, 15, of_bytes);
        self.tree.lengths(distances, 15, of_distances);
        out.put(u32::from(is_last) | 2 << 1, 3);
        head(of_bytes, of_distances, &mut self.tree, out);
        let (bytes, distances) = self.codes.split_at_mut(SYMBOLS);
        codes(of_bytes, bytes);
        codes(of_distances, distances);
        each(words, &mut |part| {
            let (class, lengths, codes) = match part {
                Part::Byte(class) => (class, &*of_bytes, &*bytes),
                Part::Distance(class) => (class, &*of_distances, &*distances),
            };
            code(out, class.symbol, lengths, codes);
            out.put(class.rest, class.bits);
        });
    }
}

/// A symbol of one of the two codes, and the bits that follow it (RFC 1951, 3.2.5).
#[derive(Clone, Copy)]
struct Class {
    symbol: usize,
    rest: u32,
    bits: u32,
}

impl Class {
    /// Of a number, whose highest `keep` bits are in the symbol, and its others behind that.
    fn of(number: u16, keep: u32) -> Self {
        let number = u32::from(number);
        let bits = u32::BITS.wrapping_sub(number.leading_zeros()).saturating_sub(keep);
        let row = bits.wrapping_shl(keep.wrapping_sub(1));
        let symbol = usize::try_from(row.wrapping_add(number.wrapping_shr(bits))).unwrap_or(0);
        Self { symbol, rest: number & !(u32::MAX.wrapping_shl(bits)), bits }
    }
}

/// What one symbol says.
enum Part {
    /// A byte, a length, or the end of the block.
    Byte(Class),
    Distance(Class),
}

/// Tells the symbols of a block, with the one that ends it.
fn each(words: &[u16], tell: &mut dyn FnMut(Part)) {
    let plain = |symbol: usize| Part::Byte(Class { symbol, rest: 0, bits: 0 });
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        match word.checked_sub(256) {
            None => tell(plain(word.into())),
            Some(length) => {
                // The longest has a symbol of its own.
                tell(if length == 255 {
                    plain(SYMBOLS.wrapping_sub(1))
                } else {
                    let class = Class::of(length, 3);
                    Part::Byte(Class { symbol: class.symbol.wrapping_add(END).wrapping_add(1), ..class })
                });
                tell(Part::Distance(Class::of(words.next().copied().unwrap_or(0), 2)));
            }
        }
    }
    tell(plain(END));
}

/// Writes one symbol.
fn code(out: &mut Bits<'_>, symbol: usize, lengths: &[u8], codes: &[u16]) {
    if let (Some(&length), Some(&code)) = (lengths.get(symbol), codes.get(symbol)) {
        out.put(code.into(), length.into());
    }
}

/// Writes the lengths of both codes, which are themselves written by a code.
fn head(bytes: &[u8], distances: &[u8], tree: &mut Tree, out: &mut Bits<'_>) {
    let up_to_used = |lengths: &[u8], least: usize| {
        lengths.iter().rposition(|&length| length > 0).map_or(0, |at| at.saturating_add(1)).max(least)
    };
    let (of_bytes, of_distances) = (up_to_used(bytes, 257), up_to_used(distances, 1));
    let all = || bytes.iter().take(of_bytes).chain(distances.iter().take(of_distances)).copied();
    let (mut counts, mut lengths, mut own) = ([0; 19], [0; 19], [0; 19]);
    runs(&mut all(), &mut |symbol, _, _| {
        if let Some(count) = counts.get_mut(symbol) {
            *count = u16::saturating_add(*count, 1);
        }
    });
    tree.lengths(&counts, 7, &mut lengths);
    codes(&lengths, &mut own);
    let length = |symbol: &u8| lengths.get(usize::from(*symbol)).copied().unwrap_or(0);
    let sent =
        ORDER.iter().rposition(|symbol| length(symbol) > 0).map_or(0, |at| at.saturating_add(1)).max(4);
    for (number, least, bits) in [(of_bytes, 257, 5), (of_distances, 1, 5), (sent, 4, 4)] {
        out.put(u32::try_from(number.saturating_sub(least)).unwrap_or(0), bits);
    }
    for symbol in ORDER.iter().take(sent) {
        out.put(length(symbol).into(), 3);
    }
    runs(&mut all(), &mut |symbol, rest, bits| {
        code(out, symbol, &lengths, &own);
        out.put(rest, bits);
    });
}

/// Tells lengths as symbols with bits behind them: each length itself, what repeats the last one
/// (16), and runs of zeros (17 and 18).
fn runs(lengths: &mut dyn Iterator<Item = u8>, tell: &mut dyn FnMut(usize, u32, u32)) {
    let mut next = lengths.next();
    while let Some(length) = next {
        let mut run = 1u32;
        next = lengths.next();
        while next == Some(length) {
            run = run.saturating_add(1);
            next = lengths.next();
        }
        if length > 0 {
            tell(length.into(), 0, 0);
            run = run.saturating_sub(1);
        }
        while run > 0 {
            let (symbol, least, most, bits) = match run {
                3.. if length > 0 => (16, 3, 6, 2),
                3..11 => (17, 3, 10, 3),
                11.. => (18, 11, 138, 7),
                _ => (length.into(), 1, 1, 0),
            };
            let taken = run.min(most);
            tell(symbol, taken.saturating_sub(least), bits);
            run = run.saturating_sub(taken);
        }
    }
}
