//! The stores are zero when new, so that they are in `.bss`: they cost no flash, and memory only as they fill. One
//! byte that is not zero (the `None` of an `Option` around an enum often is one) puts a whole store into the file;
//! that happened to the engine twice, for 480 KiB each time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::fs;

/// What std, libc and the tables of our own need.
const DATA_BYTES: usize = 8192;

/// A number of an ELF file of any class and byte order.
fn number(bytes: &[u8], at: usize, size: usize, little: bool) -> u64 {
    let digits = bytes[at..at + size].iter();
    let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
    if little { digits.rev().fold(0, add) } else { digits.fold(0, add) }
}

#[test]
fn stores_are_not_in_the_file() {
    let elf = fs::read(env!("CARGO_BIN_EXE_aiglon")).unwrap();
    assert_eq!(&elf[..4], b"\x7fELF");
    let (wide, little) = (elf[4] == 2, elf[5] == 1);
    let number = |at, size| usize::try_from(number(&elf, at, size, little)).unwrap();
    // e_shoff, e_shentsize, e_shnum and e_shstrndx; sh_name, sh_offset and sh_size.
    let (start, counts, word) = if wide { (0x28, 0x3a, 8) } else { (0x20, 0x2e, 4) };
    let start = number(start, word);
    let (each, count, names) = (number(counts, 2), number(counts + 2, 2), number(counts + 4, 2));
    let place = |section: usize| {
        let header = start + section * each + if wide { 0x18 } else { 0x10 };
        (number(header, word), number(header + word, word))
    };
    let size_of = |wanted: &str| {
        let is_it = |section: &usize| {
            let name = &elf[place(names).0 + number(start + section * each, 4)..];
            name.starts_with(wanted.as_bytes()) && name[wanted.len()] == 0
        };
        (0..count).find(is_it).map(|section| place(section).1).unwrap()
    };
    assert!(size_of(".bss") > 1 << 20, "the stores are somewhere: {}", size_of(".bss"));
    assert!(size_of(".data") <= DATA_BYTES, "a store is in the file (nm --size-sort): {}", size_of(".data"));
}
