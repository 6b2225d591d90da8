//! The identity of an alert: Prometheus's fingerprint of its labels.
//!
//! As `LabelSet.Fingerprint` of github.com/prometheus/common has it: FNV-1a with 64 bits over each
//! label, by name: the name, a byte 0xFF, the value, a byte 0xFF (which no UTF-8 text contains).
//! Alertmanager writes the same number as `fingerprint`, in hexadecimal.

use heapless::Vec;

use crate::limits::ALERT_PAIRS;

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

/// The fingerprint of at most [`ALERT_PAIRS`] labels, in any order, each name once and no value
/// empty. An alert holds no more than that; what comes after would not count. Linear if the labels
/// come sorted, as Go's senders have them.
pub(super) fn fingerprint<'a>(labels: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>) -> u64 {
    let mut sorted: Vec<(&[u8], &[u8]), ALERT_PAIRS> = Vec::new();
    for label in labels.take(ALERT_PAIRS) {
        let after = sorted.iter().rev().take_while(|other| other.0 > label.0).count();
        let full = sorted.insert(sorted.len().saturating_sub(after), label);
        debug_assert!(full.is_ok(), "take() leaves room");
    }
    sorted.iter().fold(OFFSET, |hash, label| separated(separated(hash, label.0), label.1))
}

fn separated(hash: u64, text: &[u8]) -> u64 {
    let byte = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    byte(text.iter().fold(hash, byte), &0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(labels: &[(&'static str, &'static str)]) -> u64 {
        fingerprint(&mut labels.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
    }

    /// What prometheus/common computes; the last is the fixture of Alertmanager 0.33.
    #[test]
    fn known() {
        for (labels, expected) in [
            (&[][..], OFFSET),
            (
                &[
                    ("severity", "critical"),
                    ("adlermanager", "status.example.org"),
                    ("service", "wifi"),
                    ("alertname", "AntennaDown"),
                    ("component", "roof-north"),
                ],
                0x310f_9835_2464_972b,
            ),
        ] {
            assert_eq!(of(labels), expected, "{labels:?}");
        }
    }

    #[test]
    fn order_does_not_matter_and_bounds_do() {
        let one = of(&[("a", "b"), ("c", "d"), ("e", "f")]);
        assert_eq!(one, of(&[("e", "f"), ("c", "d"), ("a", "b")]));
        assert_eq!(one, of(&[("c", "d"), ("a", "b"), ("e", "f")]));
        assert_ne!(one, of(&[("a", "b"), ("c", "d"), ("e", "g")]));
        assert_ne!(of(&[("ab", "c")]), of(&[("a", "bc")]));
        assert_ne!(of(&[("a", "b"), ("c", "d")]), of(&[("a", "d"), ("c", "b")]));
    }

    #[test]
    fn more_than_an_alert_holds() {
        let many = std::vec![("name", "value"); ALERT_PAIRS + 10];
        assert_eq!(of(&many), of(&many[..ALERT_PAIRS]));
    }
}
