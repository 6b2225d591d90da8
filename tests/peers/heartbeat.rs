//! Heartbeats as cron jobs send them: with curl, and with the wget of a router.

use std::process::Command;

use crate::common::{AIGLON, Daemon, PUSH, READ, config, overall, run};

fn daemon() -> Daemon {
    // Nobody else feeds the site, and only one component is there.
    let config = config();
    let (head, _) = config.split_once("config component 'heron'").unwrap();
    Daemon::start(&format!(
        "{head}config component 'heron'
	option service 'wifi'
config heartbeat 'nightly'
	option source 'prometheus'
	option component 'heron'
	option every '1s'
	option grace '2s'
config heartbeat 'quiet'
	option source 'prometheus'
	option every '1h'
"
    ))
}

fn url(daemon: &Daemon, name: &str) -> String {
    format!("http://{}/api/v1/heartbeat/{name}", daemon.address)
}

/// Runs curl as cron does. Returns its exit status, and what cron would send by mail.
fn curl(words: &[&str]) -> (Option<i32>, String) {
    let (status, out, err) =
        run(Command::new("curl").args(["-q", "-fsS", "--max-time", "20", "--noproxy", "*"]).args(words));
    (status, out + &err)
}

fn console(daemon: &Daemon) -> String {
    let socket = daemon.dir.path().join("console.sock");
    let (status, out, err) =
        run(Command::new(AIGLON).arg("console").arg("--socket").arg(socket).arg("heartbeats"));
    assert_eq!(status, Some(0), "{err}");
    out
}

fn wget(url: &str, data: &str) -> (Option<i32>, String) {
    let token = format!("Authorization: Bearer {PUSH}");
    // Not its -T: that of Debian 12 dies of it.
    let mut command = Command::new("timeout");
    command.args(["20", "busybox", "wget", "-q", "-O", "/dev/null", "--header", &token]);
    let (status, out, err) = run(command.args(["--post-data", data, url]));
    (status, out + &err)
}

#[test]
fn curl_and_wget_say_that_all_is_well_and_then_do_not() {
    let daemon = daemon();
    let url = url(&daemon, "nightly");
    let user = format!("cron:{PUSH}");
    assert_eq!(overall(&daemon.page()), "We do not know", "never heard");
    assert_eq!(daemon.metric("aiglon_heartbeat_ok{heartbeat=\"nightly\"}"), None);

    assert_eq!(curl(&["-X", "POST", "-u", &user, &url]), (Some(0), String::new()));
    assert_eq!(overall(&daemon.page()), "Everything works");
    assert_eq!(daemon.metric("aiglon_heartbeat_ok{heartbeat=\"nightly\"}"), Some(1.0));

    // A failure, with a log that nobody keeps.
    let log = "borg: 02:00:00:aa:bb:cc cannot be reached\n".repeat(300);
    let failed = format!("{url}?state=fail");
    assert_eq!(curl(&["-u", &user, "--data-binary", &log, &failed]), (Some(0), String::new()));
    assert_eq!(overall(&daemon.page()), "Something is down");

    for data in ["", "all is well"] {
        assert_eq!(wget(&url, data), (Some(0), String::new()));
        assert_eq!(overall(&daemon.page()), "Everything works");
    }
    let told = console(&daemon);
    assert!(told.contains("on time") && told.contains("not heard yet"), "{told}");

    // And then nothing more.
    std::thread::sleep(std::time::Duration::from_millis(4500));
    assert_eq!(overall(&daemon.page()), "Something is down");
    assert_eq!(daemon.metric("aiglon_heartbeat_ok{heartbeat=\"nightly\"}"), Some(0.0));
    assert_eq!(daemon.metric("aiglon_heartbeats_received_total"), Some(4.0));
    assert!(console(&daemon).contains("late"));
    assert!(!daemon.get("/metrics").body.contains("aa:bb:cc"));
}

#[test]
fn what_is_no_heartbeat_is_refused() {
    let daemon = daemon();
    let user = format!("cron:{PUSH}");
    let code = |words: &[&str]| {
        let mut all = vec!["-o", "/dev/null", "-w", "%{http_code}"];
        all.extend(words);
        curl(&all).1.chars().take(3).collect::<String>()
    };
    let nightly = url(&daemon, "nightly");
    assert_eq!(code(&["-X", "POST", &nightly]), "401");
    assert_eq!(code(&["-X", "POST", "-u", "cron:guess", &nightly]), "401");
    assert_eq!(code(&["-X", "POST", "-u", &format!("cron:{READ}"), &nightly]), "403");
    assert_eq!(code(&["-X", "POST", "-u", &user, &url(&daemon, "weekly")]), "404");
    assert_eq!(code(&["-X", "POST", "-u", &user, &format!("{nightly}?state=tired")]), "400");
    assert_eq!(code(&["-u", &user, &nightly]), "405");
    assert_eq!(daemon.metric("aiglon_heartbeats_received_total"), Some(0.0));
    // A body that is longer than anybody would throw away: taken, and the connection closes.
    let long = daemon.dir.write("long", &"x".repeat(300_000));
    assert_eq!(code(&["-u", &user, "--data-binary", &format!("@{}", long.display()), &nightly]), "204");
    assert_eq!(daemon.metric("aiglon_heartbeats_received_total"), Some(1.0));
}
