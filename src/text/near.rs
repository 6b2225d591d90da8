//! The name that was perhaps meant, for words that nobody knows.

use crate::limits::CONFIG_NAME_BYTES;

/// Looks for the name that was perhaps meant: the one with the fewest letters to change, if they
/// are few.
pub struct Nearest<'w, 'k> {
    word: &'w str,
    best: &'k str,
    distance: usize,
}

impl<'w, 'k> Nearest<'w, 'k> {
    /// Nothing is near yet. A third of the letters may be wrong, and at most three of them.
    pub fn new(word: &'w str) -> Self {
        let distance = (word.len() / 3).clamp(1, 3).saturating_add(1);
        Self { word, best: "", distance }
    }
    /// A known name.
    pub fn offer(&mut self, known: &'k str) {
        let (word, name) = (self.word.as_bytes(), known.as_bytes());
        // Two neighbours in each other's place are one slip of the fingers.
        let distance = if is_swap(word, name) { 1 } else { edits(word, name) };
        if distance < self.distance {
            self.distance = distance;
            self.best = known;
        }
    }
    /// The nearest name; empty if none is near.
    pub fn best(&self) -> &'k str {
        self.best
    }
}

/// The nearest of several names; empty if none is near.
pub fn nearest<'a>(word: &str, known: &mut dyn Iterator<Item = &'a str>) -> &'a str {
    let mut nearest = Nearest::new(word);
    for name in known {
        nearest.offer(name);
    }
    nearest.best()
}

/// Whether one pair of neighbours has changed places, and nothing else.
fn is_swap(a: &[u8], b: &[u8]) -> bool {
    let Some(at) = a.iter().zip(b).position(|(x, y)| x != y) else { return false };
    match (a.get(at..), b.get(at..)) {
        (Some([a1, a2, a_rest @ ..]), Some([b1, b2, b_rest @ ..])) => {
            a1 == b2 && a2 == b1 && a_rest == b_rest
        }
        _ => false,
    }
}

/// How many bytes to change, insert or remove to come from `a` to `b` (Levenshtein); a lot if one
/// is longer than a name may be.
fn edits(a: &[u8], b: &[u8]) -> usize {
    if a.len() > CONFIG_NAME_BYTES || b.len() > CONFIG_NAME_BYTES {
        return usize::MAX;
    }
    // costs[i]: from the first i bytes of `a` to what of `b` has been seen.
    let mut costs = [0usize; CONFIG_NAME_BYTES + 1];
    for (number, cost) in costs.iter_mut().enumerate() {
        *cost = number;
    }
    for &wanted in b {
        let mut diagonal = costs.first().copied().unwrap_or(0);
        let mut left = diagonal.saturating_add(1);
        if let Some(first) = costs.first_mut() {
            *first = left;
        }
        for (&given, cost) in a.iter().zip(costs.iter_mut().skip(1)) {
            let change = diagonal.saturating_add(usize::from(given != wanted));
            diagonal = *cost;
            left = change.min(left.saturating_add(1)).min(diagonal.saturating_add(1));
            *cost = left;
        }
    }
    costs.get(a.len()).copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names() {
        let names = ["address", "serve", "plaintext", "path_prefix"];
        for (word, expected) in [
            ("adress", "address"),
            ("addresse", "address"),
            ("server", "serve"),
            ("plaintxet", "plaintext"),
            ("pathprefix", "path_prefix"),
            ("Serve", "serve"),
            ("port", ""),
            ("", ""),
            ("x", ""),
        ] {
            assert_eq!(nearest(word, &mut names.into_iter()), expected, "{word}");
        }
        assert_eq!(nearest(&"x".repeat(200), &mut names.into_iter()), "");
        assert_eq!(edits(b"kitten", b"sitting"), 3);
        assert_eq!(edits(b"", b"abc"), 3);
        assert_eq!(edits(b"abc", b""), 3);
    }
}
