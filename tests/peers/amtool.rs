//! Debian's amtool, straight at aiglon: whatever it asks is answered in Alertmanager's words.

use std::process::Command;

use crate::common::{Daemon, Dir, PUSH, READ, config, overall, run, with};

struct Amtool {
    dir: Dir,
    daemon: Daemon,
}

impl Amtool {
    fn new() -> Self {
        let dir = Dir::new();
        for (name, token) in [("push.yml", PUSH), ("read.yml", READ)] {
            dir.write(name, &format!("authorization:\n  credentials: {token}\n"));
        }
        // A matcher by which the label `instance` is kept.
        let config = with(&config(), "egret", &["list match 'alertname=EgretDown instance~10.*'"]);
        Self { dir, daemon: Daemon::start(&config) }
    }

    /// Runs it with the credentials in a file. Returns what it prints if it succeeds, else what it
    /// complains of.
    fn say(&self, credentials: &str, words: &[&str]) -> Result<String, String> {
        let url = format!("--alertmanager.url=http://{}", self.daemon.address);
        let file = format!("--http.config.file={}", self.dir.path().join(credentials).display());
        Self::outcome(Command::new("amtool").args([url, file]).args(words))
    }

    fn outcome(command: &mut Command) -> Result<String, String> {
        match run(command) {
            (Some(0), stdout, _) => Ok(stdout),
            (_, _, stderr) => Err(stderr),
        }
    }

    /// The alertnames of what it finds.
    fn query(&self, words: &[&str]) -> Vec<String> {
        let words = [&["-o", "json", "alert", "query"], words].concat();
        let json = self.say("read.yml", &words).unwrap();
        let alerts: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        let mut names: Vec<_> =
            alerts.iter().map(|alert| alert["labels"]["alertname"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }
}

#[test]
fn alerts_are_added_queried_and_resolved() {
    let amtool = Amtool::new();
    let heron = ["alert", "add", "AntennaDown", "service=wifi", "component=heron", "severity=critical"];
    let note = "--annotation=summary=Antenne à terre, « nord »";
    amtool.say("push.yml", &[&heron[..], &[note]].concat()).unwrap();
    let egret = ["alert", "add", "EgretDown", "instance=10.0.0.7 + 8", "severity=warning"];
    amtool
        .say("push.yml", &[&egret[..], &["--generator-url=http://prometheus.example/graph"]].concat())
        .unwrap();
    let page = amtool.daemon.page();
    assert_eq!(overall(&page), "Something is down");
    assert!(page.contains("Antenne à terre, « nord »"), "{page}");

    assert_eq!(amtool.query(&[]), ["AntennaDown", "EgretDown"]);
    assert_eq!(amtool.query(&["AntennaDown"]), ["AntennaDown"]);
    assert_eq!(amtool.query(&["alertname=EgretDown"]), ["EgretDown"]);
    assert_eq!(amtool.query(&["alertname!=EgretDown"]), ["AntennaDown"]);
    assert_eq!(amtool.query(&["instance=10.0.0.7 + 8"]), ["EgretDown"]);
    assert_eq!(amtool.query(&["instance=10.0.0.7   8"]), Vec::<String>::new());
    assert_eq!(amtool.query(&["AntennaDown", "instance=10.0.0.7 + 8"]), Vec::<String>::new());
    assert_eq!(amtool.query(&["service=wifi", "component=heron"]), ["AntennaDown"]);
    assert_eq!(amtool.query(&["component!=heron"]), ["EgretDown"]);
    assert_eq!(amtool.query(&["--active", "--receiver=aiglon"]), ["AntennaDown", "EgretDown"]);
    let table = amtool.say("read.yml", &["-o", "extended", "alert", "query", "AntennaDown"]).unwrap();
    assert!(table.contains("summary=\"Antenne à terre, « nord »\"") && table.contains("active"), "{table}");
    assert!(!table.contains("prometheus.example"), "{table}");

    let end = "--end=2026-01-01T00:00:00Z";
    amtool.say("push.yml", &[&heron[..], &[end]].concat()).unwrap();
    assert_eq!(amtool.query(&[]), ["EgretDown"]);
    assert_eq!(overall(&amtool.daemon.page()), "Something works badly");
    amtool.say("push.yml", &[&egret[..], &["--start=2026-01-01T00:00:00Z", end]].concat()).unwrap();
    assert_eq!(amtool.query(&[]), Vec::<String>::new());
    assert_eq!(overall(&amtool.daemon.page()), "Everything works");
}

#[test]
fn what_it_may_not_or_cannot_have_is_refused_in_words() {
    let amtool = Amtool::new();
    amtool.say("push.yml", &["alert", "add", "EgretDown", "instance=10.0.0.7"]).unwrap();
    for (credentials, words, said) in [
        // A filter that is taken and not applied would show too much or too little.
        ("read.yml", &["alert", "query", "alertname=~Egret.*"][..], "regular expressions are not taken"),
        ("read.yml", &["alert", "query", "alertname!~Egret.*"], "regular expressions are not taken"),
        ("read.yml", &["alert", "query", "rack=7"], "is not kept"),
        ("read.yml", &["alert", "query", "rack!=7"], "is not kept"),
        ("push.yml", &["alert", "query"], "403"),
        ("read.yml", &["alert", "add", "X", "service=wifi", "component=heron"], "403"),
        ("push.yml", &["silence", "query"], "403"),
        ("read.yml", &["silence", "add", "--comment=x", "alertname=X"], "405"),
    ] {
        let complaint = amtool.say(credentials, words).unwrap_err();
        assert!(complaint.contains(said), "{words:?}: {complaint}");
    }
    // There are none, and nobody can add one.
    assert!(!amtool.say("read.yml", &["silence", "query"]).unwrap().contains("EgretDown"));
    let url = |user: &str| format!("--alertmanager.url=http://{user}{}", amtool.daemon.address);
    let query = |user: &str| {
        Amtool::outcome(Command::new("amtool").args([&url(user), "-o", "json", "alert", "query"]))
    };
    assert!(query("").unwrap_err().contains("401"));
    assert!(query("anybody:nonsense@").unwrap_err().contains("401"));
    // The token as the password of anybody, in the URL.
    assert!(query(&format!("anybody:{READ}@")).unwrap().contains("EgretDown"));
}

#[test]
fn it_asks_who_we_are() {
    let amtool = Amtool::new();
    assert!(amtool.say("read.yml", &["cluster", "show"]).unwrap().contains("disabled"));
    amtool.say("read.yml", &["config", "show"]).unwrap();
    // It compares versions, says that ours is another one, and goes on.
    let url = format!("--alertmanager.url=http://{}", amtool.daemon.address);
    let (status, _, stderr) = run(Command::new("amtool").args([&url, "--version-check", "cluster", "show"]));
    assert_eq!(status, Some(0));
    assert!(stderr.contains(concat!("aiglon ", env!("CARGO_PKG_VERSION"))), "{stderr}");
}
