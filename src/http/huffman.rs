//! Prefix codes (RFC 1951, 3.2.2): how many bits each symbol gets by how often it occurs, and which
//! bits.

/// Symbols of the largest code: 256 bytes, the end of a block, 29 lengths.
pub const SYMBOLS: usize = 286;
/// Bits of a longest code (RFC 1951, 3.2.7).
pub const LONGEST: usize = 15;

/// Where a tree is built. All-zero when new, and any content will do.
pub struct Tree {
    /// Of each symbol that occurs: how often, and below that the symbol. The rarest come first.
    leaves: [u32; SYMBOLS],
    /// Of each node, leaves first: how often it occurs, later its depth.
    nodes: [u32; 2 * SYMBOLS],
    /// The node above it.
    above: [u16; 2 * SYMBOLS],
}

impl Tree {
    /// Of any content.
    pub const fn new() -> Self {
        Self { leaves: [0; SYMBOLS], nodes: [0; 2 * SYMBOLS], above: [0; 2 * SYMBOLS] }
    }

    /// Sets `lengths` to the bits of each symbol's code, 0 if the symbol does not occur. No code is
    /// longer than `longest` bits, which must suffice for as many symbols (4 bits for 16). Two
    /// symbols at least get a code, because some decoders refuse a code of one.
    ///
    /// If a code is too long, the lowest bits of all counts are dropped, and the tree is built
    /// again. Only the first tree is the best.
    pub fn lengths(&mut self, counts: &[u16], longest: u32, lengths: &mut [u8]) {
        let used = self.sort(counts);
        let mut shift = 0u32;
        while self.depths(used, shift) > longest && shift < u16::BITS {
            shift = shift.wrapping_add(1);
        }
        lengths.fill(0);
        for (&leaf, &depth) in self.leaves.iter().zip(&self.nodes).take(used) {
            if let Some(length) = lengths.get_mut(symbol(leaf)) {
                *length = u8::try_from(depth).unwrap_or(0);
            }
        }
    }

    /// Puts what occurs into the order of how often; returns how many that are.
    fn sort(&mut self, counts: &[u16]) -> usize {
        let others = counts.iter().filter(|&&count| count > 0).count();
        // If fewer than two occur, the first of the others count as well.
        let mut wanting = 2usize.saturating_sub(others);
        let mut used = 0usize;
        for (&count, symbol) in counts.iter().zip(0u32..) {
            let count = match count {
                0 if wanting == 0 => continue,
                0 => {
                    wanting = wanting.wrapping_sub(1);
                    1
                }
                count => u32::from(count),
            };
            let leaf = count.wrapping_shl(16) | symbol;
            let mut at = used;
            // Each moves down to its place: there are 286 at most, and 150 as a rule.
            while let Some([before, here]) = self.leaves.get_mut(at.wrapping_sub(1)..=at) {
                if *before <= leaf {
                    break;
                }
                *here = *before;
                at = at.wrapping_sub(1);
            }
            if let Some(place) = self.leaves.get_mut(at) {
                *place = leaf;
                used = used.wrapping_add(1);
            }
        }
        used
    }

    /// Huffman's tree of the first `used` leaves, each as rare as what `shift` bits less say of it.
    /// Leaves the depth of each leaf in `nodes`, and returns the greatest.
    ///
    /// Nodes are made in the order of how often they occur, so the rarest two of all are the first
    /// of the leaves or of the nodes that are not below another.
    fn depths(&mut self, used: usize, shift: u32) -> u32 {
        for (node, &leaf) in self.nodes.iter_mut().zip(&self.leaves).take(used) {
            *node = leaf.wrapping_shr(16).wrapping_shr(shift).max(1);
        }
        let root = used.wrapping_mul(2).wrapping_sub(2);
        let (mut leaf, mut inner) = (0, used);
        for new in used..=root {
            let mut sum = 0u32;
            for _ in 0..2 {
                let least = self.nodes.get(leaf).copied().filter(|_| leaf < used);
                let other = self.nodes.get(inner).copied().filter(|_| inner < new);
                let takes_leaf = least.is_some_and(|least| other.is_none_or(|other| least <= other));
                let (from, count) = if takes_leaf { (&mut leaf, least) } else { (&mut inner, other) };
                sum = sum.wrapping_add(count.unwrap_or(0));
                if let Some(above) = self.above.get_mut(*from) {
                    *above = u16::try_from(new).unwrap_or(0);
                }
                *from = from.wrapping_add(1);
            }
            if let Some(node) = self.nodes.get_mut(new) {
                *node = sum;
            }
        }
        let mut greatest = 0;
        for node in (0..=root).rev() {
            let above = self.above.get(node).copied().map_or(0, usize::from);
            let depth =
                if node == root { 0 } else { self.nodes.get(above).map_or(0, |up| up.wrapping_add(1)) };
            if let Some(place) = self.nodes.get_mut(node) {
                *place = depth;
            }
            greatest = depth.max(greatest);
        }
        greatest
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

fn symbol(leaf: u32) -> usize {
    usize::try_from(leaf & 0xffff).unwrap_or(usize::MAX)
}

/// The code of each symbol by the lengths of all, in the order in which the bits are sent: the
/// first is the lowest.
pub fn codes(lengths: &[u8], codes: &mut [u16]) {
    let mut next = 0u16;
    // Shorter codes come first, and among equals lower symbols (RFC 1951, 3.2.2).
    for length in 1..=LONGEST {
        next = next.wrapping_shl(1);
        for (_, code) in lengths.iter().zip(&mut *codes).filter(|(of, _)| usize::from(**of) == length) {
            let spare = u16::BITS.wrapping_sub(u32::try_from(length).unwrap_or(0));
            *code = next.reverse_bits().wrapping_shr(spare);
            next = next.wrapping_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn lengths(counts: &[u16], longest: u32) -> Vec<u8> {
        let mut lengths = vec![9; counts.len()];
        Tree::new().lengths(counts, longest, &mut lengths);
        lengths
    }

    /// What a decoder must find: every sequence of bits means something, and one thing only
    /// (Kraft's sum is 1).
    fn is_whole(lengths: &[u8]) -> bool {
        lengths.iter().filter(|&&length| length > 0).map(|&length| 1u32 << (15 - length)).sum::<u32>()
            == 1 << 15
    }

    #[test]
    fn codes_are_as_the_example_of_the_rfc_has_them() {
        // RFC 1951, 3.2.2: lengths 3, 3, 3, 3, 3, 2, 4, 4, with the bits in the order of sending.
        let mut got = [0; 8];
        codes(&[3, 3, 3, 3, 3, 2, 4, 4], &mut got);
        assert_eq!(got, [0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111]);
    }

    #[test]
    fn what_occurs_often_has_a_short_code() {
        assert_eq!(lengths(&[1, 0, 2, 4, 8], 15), [3, 0, 3, 2, 1]);
        assert_eq!(lengths(&[5, 5, 5, 5], 15), [2, 2, 2, 2]);
        // Two at least have one.
        assert_eq!(lengths(&[0, 0, 0, 7], 15), [1, 0, 0, 1]);
        assert_eq!(lengths(&[0, 0, 0, 0], 15), [1, 1, 0, 0]);
        // Numbers of Fibonacci have the deepest tree.
        let mut fibonacci = vec![1u16, 1];
        while fibonacci.len() < 23 {
            fibonacci.push(fibonacci[fibonacci.len() - 1] + fibonacci[fibonacci.len() - 2]);
        }
        for longest in [15, 7, 5] {
            let found = lengths(&fibonacci, longest);
            assert!(
                is_whole(&found) && found.iter().all(|&length| u32::from(length) <= longest),
                "{found:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_code_is_whole_and_within_its_bound(
            counts in prop::collection::vec(prop_oneof![Just(0u16), 0u16..9, any::<u16>()], 2..=SYMBOLS),
        ) {
            let found = lengths(&counts, 15);
            prop_assert!(is_whole(&found), "{:?}", found);
            for (&count, &length) in counts.iter().zip(&found) {
                prop_assert!(length <= 15 && (count == 0 || length > 0));
            }
            let few = lengths(&counts[..counts.len().min(19)], 7);
            prop_assert!(is_whole(&few) && few.iter().all(|&length| length <= 7), "{:?}", few);
        }

        /// As many bits as an optimal tree has, which is built here by looking for the rarest two.
        #[test]
        fn no_other_code_is_shorter(counts in prop::collection::vec(0u16..200, 2..60)) {
            let mut nodes: Vec<u32> = counts.iter().filter(|&&n| n > 0).map(|&n| n.into()).collect();
            prop_assume!(nodes.len() > 1);
            let mut least = 0;
            while nodes.len() > 1 {
                nodes.sort_unstable_by(|a, b| b.cmp(a));
                let sum = nodes.pop().unwrap() + nodes.pop().unwrap();
                nodes.push(sum);
                least += sum;
            }
            let found = lengths(&counts, 15);
            let bits: u32 = counts.iter().zip(&found).map(|(&n, &l)| u32::from(n) * u32::from(l)).sum();
            prop_assert_eq!(bits, least);
        }
    }
}
