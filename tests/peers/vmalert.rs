//! Debian's vmalert, with the command line of README; Prometheus is what it reads from.

use std::process::Command;

use crate::common::{Daemon, Dir, PUSH, Process, eventually, example, overall, part, with};
use crate::prometheus::{self, Antenna, impatient_rules};

const COMMAND: &str = include_str!("vmalert.sh");

/// The words of the command line in `vmalert.sh`.
fn words() -> Vec<String> {
    let lines = COMMAND.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).filter(|word| *word != "\\").map(str::to_owned).collect()
}

#[test]
fn a_rule_fires_and_resolves() {
    let config = with(&example(), "prometheus", &["option resync '0s'"]);
    let config = with(&config, "heron_south", &["option name_en 'South'"]);
    let daemon = Daemon::start(&config);
    let (dir, antenna) = (Dir::new(), Antenna::new());
    let (_prometheus, datasource) = prometheus::start(&dir, &antenna, "");
    dir.write("aiglon.rules.yml", &impatient_rules());
    dir.write("aiglon.token", &format!("{PUSH}\n"));

    let words = words();
    assert_eq!(words.iter().filter(|word| word.contains("://")).count(), 2);
    let arguments = words.iter().skip(1).map(|word| {
        word.replace("127.0.0.1:8428", &datasource.to_string())
            .replace("192.168.1.1:8081", &daemon.address.to_string())
    });
    let _vmalert = Process::start(
        Command::new(&words[0])
            .args(arguments)
            .args(["-evaluationInterval=1s", "-httpListenAddr=127.0.0.1:0"])
            .current_dir(dir.path()),
    );
    eventually("it is heard, and all is well", 20, || {
        part(&daemon.english(), "Heron, north side").contains("<b>Works</b>")
    });
    antenna.goes_away();
    eventually("the page is red", 20, || overall(&daemon.english()) == "Something is down");
    let page = daemon.english();
    let north = part(&page, "Heron, north side");
    assert!(north.contains("The antenna does not answer."), "{north}");
    assert!(part(&page, "South").contains("<b>Works</b>"));
    antenna.comes_back();
    eventually("it is well again", 20, || {
        part(&daemon.english(), "Heron, north side").contains("<b>Works</b>")
    });
}
