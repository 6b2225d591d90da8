//! `list ignore`: alerts that lead nowhere, whatever their labels say.
use super::*;
use crate::engine::Oddity;

/// As [`ONE`], without what Grafana says of its own queries.
fn ignoring(lines: &[&str]) -> String {
    let lines = lines.iter().fold(String::new(), |all, line| all + &format!("\tlist ignore '{line}'\n"));
    ONE.replace("config service 'wifi'\n", &format!("{lines}config service 'wifi'\n"))
}

#[test]
fn an_ignored_alert_leads_nowhere_by_whichever_way_it_would() {
    let mut sim = Sim::well(&ignoring(&["alertname~Datasource*", "team=night note~*test*"]));
    // By its labels, which lead by name, and by a matcher.
    assert_eq!(sim.webhook(A, &[hook("DatasourceNoData", "heron", 9, None)]), [Verdict::Ignored]);
    assert_eq!(sim.prometheus(A, &[alert("DatasourceError", "egret", 9, 14)]), [Verdict::Ignored]);
    let egret = |labels: &str, note: &str| {
        format!(r#"{{"labels":{{"alertname":"EgretDown",{labels}}},"annotations":{{"note":"{note}"}}}}"#)
    };
    let night = r#""service":"wifi","component":"egret","team":"night""#;
    assert_eq!(sim.prometheus(A, &[egret(night, "a test")]), [Verdict::Ignored]);
    assert_eq!((sim.state(HERON), sim.state(EGRET)), (State::Operational, State::Operational));
    assert_eq!(sim.engine.alerts().counting_all(), 0);
    assert_eq!(sim.engine.counters().of(Verdict::Ignored), 3);
    assert_eq!(sim.engine.sources().odd(A, Oddity::Unmapped), 0);
    // All terms of a line must hold.
    assert_eq!(sim.prometheus(A, &[egret(night, "")]), [Verdict::Firing]);
    assert_eq!(sim.prometheus(A, &[alert("AntennaDown", "heron", 9, 14)]), [Verdict::Firing]);
    // A sign of life stays one.
    let life = r#"{"labels":{"alertname":"DatasourceX","heartbeat":"grafana"}}"#;
    assert_eq!(sim.prometheus(A, &[life.to_string()]), [Verdict::Heartbeat]);
}

#[test]
fn what_one_source_ignores_another_does_not() {
    let text =
        two().replace("config source 'b'\n", "\tlist ignore 'alertname~Datasource*'\nconfig source 'b'\n");
    let mut sim = Sim::well(&text);
    assert_eq!(sim.prometheus(A, &[alert("DatasourceError", "heron", 9, 14)]), [Verdict::Ignored]);
    assert_eq!(sim.prometheus(B, &[alert("DatasourceError", "heron", 9, 14)]), [Verdict::Firing]);
}

#[test]
fn an_alert_of_which_something_is_missing_is_ignored_only_for_what_is_there() {
    let labels = (0..200).fold(String::new(), |all, n| all + &format!("\"z{n}\":\"x\","));
    let huge = format!(
        r#"{{"labels":{{"alertname":"DatasourceError","service":"wifi","component":"heron","severity":"critical",{labels}"team":"day"}}}}"#
    );
    let mut sim = Sim::well(&ignoring(&["team!=day"]));
    assert_eq!(sim.prometheus(A, std::slice::from_ref(&huge)), [Verdict::Refused]);
    let mut sim = Sim::well(&ignoring(&["alertname~Datasource* severity=critical"]));
    assert_eq!(sim.prometheus(A, &[huge]), [Verdict::Ignored]);
    assert_eq!(sim.state(HERON), State::Operational);
}

#[test]
fn what_is_held_and_ignored_from_now_on_does_not_stay() {
    let mut sim = Sim::well(ONE);
    sim.webhook(A, &[hook("DatasourceNoData", "heron", 9, None), hook("AntennaDown", "egret", 9, None)]);
    assert_eq!((sim.state(HERON), sim.state(EGRET)), (State::NoData, State::Outage));
    // Its name is kept, so it goes at once; the other stays.
    reload(&mut sim, &ignoring(&["alertname~Datasource*"]));
    assert_eq!((sim.state(HERON), sim.state(EGRET)), (State::Operational, State::Outage));
    assert_eq!(sim.engine.alerts().counting_all(), 1);
    // What is not kept tells its next message; also its end is still heard.
    reload(&mut sim, &ignoring(&["severity=critical"]));
    assert_eq!(sim.state(EGRET), State::Outage);
    sim.quiet_until(20);
    assert_eq!(sim.webhook(A, &[hook("AntennaDown", "egret", 9, None)]), [Verdict::Ignored]);
    assert_eq!((sim.state(EGRET), sim.engine.alerts().counting_all()), (State::Operational, 0));
}

#[test]
fn what_is_no_longer_ignored_may_be_wrong_until_it_has_been_said_again() {
    let mut sim = Sim::well(&ignoring(&["alertname~Datasource*", "team=night"]));
    // One line more takes nothing from what is known.
    reload(&mut sim, &ignoring(&["team=night", "alertname~Datasource*", "job=test"]));
    assert_eq!((sim.state(HERON), sim.state(EGRET)), (State::Operational, State::Operational));
    reload(&mut sim, &ignoring(&["team=night"]));
    assert_eq!(sim.reason(HERON), Finding::Reconfigured);
    assert_eq!(sim.state(EGRET), State::NoData);
    sim.quiet_until(15);
    assert_eq!(sim.state(HERON), State::Operational);
}

#[test]
fn what_is_ignored_since_the_last_start_is_not_taken_up_again() {
    let mut sim = Sim::well(ONE);
    sim.webhook(A, &[hook("DatasourceNoData", "heron", 9, None)]);
    let began = record(&mut sim);
    let next = restart(&mut sim, &ignoring(&["alertname~Datasource*"]), std::slice::from_ref(&began));
    assert!(next.engine.alerts().is_empty());
    assert_eq!(restart(&mut sim, &ignoring(&["alertname=Other"]), &[began]).engine.alerts().len(), 1);
}
