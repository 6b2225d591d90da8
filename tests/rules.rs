//! `aiglon check --rules`: where the alerts of a Prometheus would lead, by what it has loaded and
//! by its files.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::process::Command;

use common::{AIGLON, Dir, PUSH, READ, feed, hash_of, run};

/// Rules, as people write them; one file has them in a custom resource of Kubernetes.
const FILE: &str = r#"
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
spec:
  groups:
    - name: own
      rules:
        - alert: Alive
          expr: vector(1)
          labels: {heartbeat: prometheus}
        - record: job:up:sum
          expr: sum by (job) (up)
          labels: {service: wifi}
        - alert: InstanceDown
          expr: up == 0
          annotations:
            summary: "{{ $labels.instance }} is down"
          labels: &labels
            severity: critical
        - alert: DiskFull
          expr: "vector(1)"
          labels:
            severity: urgent
            instance: mail.example
        - alert: ByName
          labels: {service: wifi, component: north}
        - alert: Filled
          labels: {service: wifi, component: '{{ $labels.site }}'}
        - alert: Half
          labels: {service: wifi, job: node}
        - alert: Wrong
          labels: {service: wifi, component: south, job: node}
        - alert: Noise
        - alert: Aliased
          labels: *labels
"#;

/// What Prometheus 2.42 answers at `/api/v1/rules`, shortened.
const ANSWER: &str = r#"{"status":"success","data":{"groups":[{"name":"own","file":"rules.yml","rules":[
    {"state":"firing","name":"DiskFull","query":"vector(1)","duration":0,"keepFiringFor":0,
     "labels":{"instance":"web1","severity":"urgent"},"annotations":{},
     "alerts":[{"labels":{"alertname":"Other","instance":"mail.example"},"annotations":{},"state":"firing",
     "activeAt":"2026-11-30T20:57:32.914296187Z","value":"1e+00"}],"health":"ok","type":"alerting"},
    {"name":"job:up:sum","query":"sum by (job) (up)","labels":{"service":"wifi"},"health":"ok","type":"recording"},
    {"state":"inactive","name":"InstanceDown","query":"up == 0","duration":60,"labels":{"severity":"critical"},
     "annotations":{"summary":"x"},"alerts":[],"health":"ok","evaluationTime":0.0002,"type":"alerting"}],
    "interval":1,"limit":0,"lastEvaluation":"2026-11-30T20:57:36.917976982Z"}]}}"#;

fn config() -> String {
    let [push, read] = [PUSH, READ].map(hash_of);
    format!(
        "config listen 'all'
	option address '127.0.0.1:8080'
	list serve 'ingest'
config site 'home'
config source 'prometheus'
	option site 'home'
	list token '{push}'
	list ignore 'alertname=Noise'
config source 'cron'
	option site 'home'
	list token '{read}'
config service 'wifi'
	option site 'home'
config component 'north'
	option service 'wifi'
	list source 'prometheus'
	list match 'alertname=InstanceDown instance~10.0.0.1:*'
config component 'whole'
	option service 'wifi'
	list source 'prometheus'
	list match 'alertname~*Down severity=critical summary!=x'
config service 'mail'
	option site 'home'
config component 'mailbox'
	option service 'mail'
	list source 'prometheus'
	list source 'cron'
	list match 'alertname=DiskFull instance~mail.*'
"
    )
}

/// Asks of a file with this text.
fn asked(rules: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let dir = Dir::new();
    let (file, rules) = (dir.write("aiglon", &config()), dir.write("rules.yml", rules));
    run(Command::new(AIGLON).arg("check").arg(file).arg("--rules").arg(rules).args(more))
}

#[test]
fn each_alert_of_a_file_is_told_where_it_would_lead() {
    let (status, told, stderr) = asked(FILE, &[]);
    assert_eq!((status, stderr.as_str()), (Some(1), ""));
    assert_eq!(
        told,
        "Alive:
  a sign of life; it leads to no component
InstanceDown:
  may lead to wifi/north, if instance~10.0.0.1:* holds
  may lead to wifi/whole, if summary!=x holds
DiskFull:
  leads to mail/mailbox, by list match 'alertname=DiskFull instance~mail.*'
  note: the severity 'urgent' is not known, and counts as warning
ByName:
  leads to wifi/north, by its labels service and component
Filled:
  leads where its labels service and component say, which are not known here
Half:
  leads to no component, unless its series have the labels service and component
Wrong:
  leads to no component, unless its series have the labels service and component
Noise:
  ignored, by list ignore of source prometheus
Aliased:
  leads where its labels service and component say, which are not known here
2 of 9 alerts lead to no component
"
    );
}

#[test]
fn what_prometheus_has_loaded_comes_by_a_pipe() {
    let dir = Dir::new();
    let file = dir.write("aiglon", &config());
    let ask = |source: &str, input: &str| {
        let words = ["--rules", "-", "--source", source];
        feed(Command::new(AIGLON).arg("check").arg(&file).args(words), input)
    };
    let (status, told, stderr) = ask("prometheus", ANSWER);
    assert_eq!((status, stderr.as_str()), (Some(1), ""));
    assert_eq!(
        told,
        "DiskFull:
  leads to no component, unless its series have the labels service and component
InstanceDown:
  may lead to wifi/north, if instance~10.0.0.1:* holds
1 of 2 alerts lead to no component
"
    );
    // Another source feeds other components.
    let (status, told, _) = ask("cron", &ANSWER.replace("web1", "mail.1"));
    assert!(status == Some(1) && told.contains("leads to mail/mailbox"), "{told}");
    assert!(!told.contains("wifi/"), "{told}");
    let (status, told, _) = ask("prometheus", &ANSWER.replace("web1", "mail.1"));
    assert!(status == Some(0) && told.ends_with("0 of 2 alerts lead to no component\n"), "{told}");
}

#[test]
fn what_cannot_be_read_is_told() {
    for (rules, part) in [
        ("groups: []\n", "no rule there raises an alert"),
        ("groups:\n- name: a\n  rules:\n  - record: x\n    expr: y\n", "no rule there raises an alert"),
        ("groups: [\n", "rules.yml: "),
        ("{\"groups\": [}", "rules.yml: not JSON"),
        ("{\"groups\": [", "rules.yml: JSON ends in the middle"),
        ("", "no rule there raises an alert"),
        ("a: &a [*a]\nb: *b\n", "rules.yml: "),
        ("\u{0}", "no rule there raises an alert"),
    ] {
        let (status, stdout, stderr) = asked(rules, &[]);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{rules}");
        assert!(stderr.contains(part), "{rules}: {stderr}");
    }
    let (status, _, stderr) = asked(FILE, &["--rules", "/nowhere/rules.yml"]);
    assert!(status == Some(2) && stderr.contains("/nowhere/rules.yml: "), "{stderr}");
    let (status, _, stderr) = asked(FILE, &["--source", "nobody"]);
    assert!(status == Some(2) && stderr.contains("no such source"), "{stderr}");
    // Nothing reaches a terminal as it is.
    let (_, told, _) = asked("groups: [{rules: [{alert: \"\\e[31m\", expr: x}]}]\n", &[]);
    assert!(told.contains("\\u{1b}[31m") && !told.contains('\u{1b}'), "{told}");
}
