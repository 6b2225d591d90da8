//! What the page does not tell of a source is told to people: alerts that lead nowhere, and
//! severities that nobody knows.
use std::vec;

use super::*;
use crate::engine::Oddity;
use crate::limits::ODD_NAMES;

impl Sim {
    /// Sends one alert. Returns what is odd with it, if people have not been told that.
    fn told(&mut self, source: SourceId, alert: String) -> Option<usize> {
        self.prometheus(source, &[alert]);
        self.odd
    }

    fn unmapped(&self, source: SourceId) -> (u32, Vec<&str>) {
        let sources = self.engine.sources();
        (sources.odd(source, Oddity::Unmapped), sources.odd_names(source, Oddity::Unmapped).collect())
    }
}

/// An alert that leads to no component.
fn lost(name: &str) -> String {
    alert(name, "unknown", 9, 14)
}

#[test]
fn an_alert_that_leads_nowhere_is_told_by_its_name_alone() {
    let mut sim = Sim::well(&two());
    assert_eq!(sim.told(A, lost("DiskFull")), Some(0));
    assert_eq!(sim.engine.sources().odd_name(0), Some((A, Oddity::Unmapped, "DiskFull")));
    assert_eq!((sim.unmapped(A), sim.unmapped(B)), ((1, vec!["DiskFull"]), (0, vec![])));
    assert_eq!(sim.told(A, lost("DiskFull")), None);
    assert_eq!(sim.told(A, lost("Down de:ad:be:ef:00:01")), Some(1));
    assert!(!sim.unmapped(A).1[1].contains("ad:be"), "{:?}", sim.unmapped(A));
    // A long name is cut where a character ends.
    sim.told(A, lost(&"é".repeat(50)));
    assert_eq!(sim.unmapped(A).1[2], "é".repeat(24));
    assert_eq!(sim.unmapped(A).0, 4);
    // It leads somewhere.
    assert_eq!(sim.told(A, alert("AntennaDown", "heron", 9, 14)), None);
}

#[test]
fn each_source_has_its_share_of_the_names_that_are_told() {
    let mut sim = Sim::well(&two());
    let share = ODD_NAMES / 2;
    for n in 0..share {
        assert_eq!(sim.told(A, lost(&format!("Down{n}"))), Some(n));
    }
    // That there is no room is told once.
    assert_eq!(sim.told(A, lost("More")), Some(ODD_NAMES));
    assert_eq!(sim.engine.sources().odd_name(ODD_NAMES), None);
    assert_eq!(sim.told(A, lost("More")), None);
    assert_eq!(sim.told(B, lost("Down0")), Some(share));
    assert_eq!(sim.engine.sources().odd_name(share), Some((B, Oddity::Unmapped, "Down0")));
    assert_eq!(sim.engine.sources().odd_names_used(), (share + 1, 2));
    // After a reload it is told what still leads nowhere.
    reload(&mut sim, &two());
    assert_eq!(sim.told(A, lost("Down7")), Some(0));
    assert_eq!(sim.unmapped(A), (u32::try_from(share).unwrap() + 3, vec!["Down7"]));
    assert_eq!(sim.engine.sources().odd_names_used(), (1, 2));
}

#[test]
fn a_severity_that_nobody_knows_is_told_where_it_counts() {
    let mut sim = Sim::well(&two());
    let of = |component: &str, severity: &str| alert("Slow", component, 9, 14).replace("critical", severity);
    assert_eq!(sim.told(A, of("heron", "urgent")), Some(0));
    assert_eq!(sim.engine.sources().odd_name(0), Some((A, Oddity::Severity, "Slow")));
    assert_eq!(sim.state(HERON), State::Degraded);
    // Where it leads nowhere, its severity does not matter.
    assert_eq!(sim.told(A, of("unknown", "urgent")), Some(1));
    assert_eq!(sim.engine.sources().odd_name(1), Some((A, Oddity::Unmapped, "Slow")));
    for known in ["warning", "CRITICAL", "Okay", ""] {
        assert_eq!(sim.told(B, of("heron", known)), None, "{known}");
    }
    let odd = |source| sim.engine.sources().odd(source, Oddity::Severity);
    assert_eq!((odd(A), odd(B)), (1, 0));
}
