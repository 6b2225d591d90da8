//! Debian's collectd, with the stanza of README; and its manners: it sends its first request
//! without credentials, body and all, and again on the same connection once it has been asked for
//! them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::common::{
    AIGLON, Client, Daemon, Dir, PUSH, Process, config, eventually, hash_of, overall, part, run, with,
};

const NOTIFICATION: &str = include_str!("../fixtures/collectd-5.12-notification.http");
const VALUES: &str = include_str!("../fixtures/collectd-5.12-values.http");
const STANZA: &str = include_str!("collectd.conf");

/// Seconds since 1970, as long as those in the captures.
fn now() -> String {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().to_string()
}

/// A capture whose values have just been measured: what is older than its rule looks back does not
/// count.
fn measured_now(asked: &str) -> String {
    let (mut parts, now) = (asked.split("\"time\":"), now());
    let mut all = parts.next().unwrap().to_owned();
    for part in parts {
        all += "\"time\":";
        all += &now;
        all += &part[now.len()..];
    }
    all
}

/// A capture without its credentials.
fn unasked(asked: &str) -> String {
    let unasked = asked.replacen("Authorization: Basic Y29sbGVjdGQ6czNjcmV0LXRva2Vu\r\n", "", 1);
    assert_ne!(unasked, asked);
    unasked
}

fn daemon() -> Daemon {
    let config = with(&config(), "prometheus", &[&format!("list token '{}'", hash_of("s3cret-token"))]);
    let config = with(&config, "egret", &["list match 'alertname=collectd_load'"]);
    Daemon::start(&format!(
        "{config}config rule 'load'
	option source 'prometheus'
	option measurement 'load'
	option field 'shortterm'
	option match 'host=antenna-north'
	option above '4'
config rule 'memory'
	option source 'prometheus'
	option measurement 'memory'
	option field 'value'
	option match 'type_instance=free'
	option unit 'B'
	option below '8MB'
"
    ))
}

#[test]
fn credentials_are_asked_for_and_come_on_the_same_connection() {
    let daemon = daemon();
    for asked in [measured_now(VALUES), NOTIFICATION.to_owned()] {
        let mut client = daemon.connect();
        client.send(unasked(&asked).as_bytes());
        let answer = client.answer();
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("WWW-Authenticate"), Some("Basic realm=\"aiglon\""));
        assert_eq!(answer.header("Connection"), Some("keep-alive"));
        client.send(asked.as_bytes());
        let answer = client.answer();
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
    }
    for rule in ["load", "memory"] {
        assert_eq!(daemon.metric(&format!("aiglon_rule_firing{{rule=\"{rule}\"}}")), Some(0.0));
    }
    assert_eq!(daemon.metric("aiglon_lines_received_total"), Some(18.0));
    assert_eq!(overall(&daemon.page()), "Something is down");
    // Neither of a service `collectd`, nor of a severity that nobody knows.
    assert!(part(&daemon.page(), "Egret").contains("Down"));

    let mut client = daemon.connect();
    client.send(NOTIFICATION.replace("\"FAILURE\"", "\"OKAY\"   ").as_bytes());
    assert_eq!(client.answer().status, 200);
    assert_eq!(overall(&daemon.page()), "Everything works");
}

/// `Format "Command"`, which is what it sends if nobody says otherwise.
#[test]
fn its_own_protocol_says_the_same() {
    let daemon = daemon();
    let mut client = daemon.connect();
    let head = "Authorization: Bearer s3cret-token\r\nContent-Type: text/plain\r\n";
    for (load, firing) in [("0.03", 0.0), ("5.00", 1.0)] {
        let now = now();
        let body = format!(
            "PUTVAL antenna-north/load/load interval=10.000 {now}.903:{load}:0.13:0.71\r\n\
             PUTVAL antenna-north/memory/memory-free interval=10.000 {now}.903:23487188992\r\n"
        );
        let answer = client.post("/api/v1/collectd", head, &body);
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
        assert_eq!(daemon.metric("aiglon_rule_firing{rule=\"load\"}"), Some(firing));
    }
    assert_eq!(daemon.metric("aiglon_rule_firing{rule=\"memory\"}"), Some(0.0));
    let answer = client.post("/api/v1/collectd", head, "PUTVAL a/b/c N:1\nPUTNOTIF x\n");
    assert_eq!((answer.status, answer.body.as_str()), (400, "\"line 2: expected PUTVAL\""));
}

/// The body of the refused request may come in any number of pieces, and the next request right
/// behind it.
#[test]
fn a_refused_body_is_read_to_its_end_however_it_comes() {
    let daemon = daemon();
    let (asked, unasked) = (NOTIFICATION, unasked(NOTIFICATION));
    let both = [unasked.as_bytes(), asked.as_bytes()].concat();
    let head = unasked.find("\r\n\r\n").unwrap() + 4;
    for cut in [head - 1, head, head + 1, unasked.len() - 1, unasked.len(), unasked.len() + 1, both.len()] {
        let mut client: Client = daemon.connect();
        client.send(&both[..cut]);
        std::thread::sleep(std::time::Duration::from_millis(30));
        client.send(&both[cut..]);
        assert_eq!(client.answer().status, 401, "cut at {cut}");
        assert_eq!(client.answer().status, 200, "cut at {cut}");
    }
}

/// Passes connections on, and keeps what the one who connects says.
fn wire_tap(to: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, heard) = (listener.local_addr().unwrap(), Arc::default());
    let keep = Arc::clone(&heard);
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(to) else { return };
            let (mut back, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
            let (mut client, mut server, keep) = (client, server, Arc::<Mutex<Vec<u8>>>::clone(&keep));
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(read @ 1..) = client.read(&mut buffer) {
                    keep.lock().unwrap().extend_from_slice(&buffer[..read]);
                    if server.write_all(&buffer[..read]).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, heard)
}

/// collectd itself, told by its socket what an antenna would measure.
struct Collectd {
    dir: Dir,
    process: Process,
}

impl Collectd {
    fn start(to: SocketAddr) -> Self {
        let dir = Dir::new();
        assert!(STANZA.contains("192.168.1.1:8081") && STANZA.contains("FlushInterval 10"));
        let stanza = STANZA
            .replace("192.168.1.1:8081", &to.to_string())
            .replace("TOKEN", PUSH)
            .replace("FlushInterval 10", "FlushInterval 1");
        let path = dir.path().display();
        let file = dir.write(
            "collectd.conf",
            &format!(
                "Hostname \"heron\"\nFQDNLookup false\nInterval 1\nBaseDir \"{path}\"\nPIDFile \"{path}/pid\"\n\
                 TypesDB \"/usr/share/collectd/types.db\"\nLoadPlugin load\nLoadPlugin unixsock\n\
                 <Plugin unixsock>\n  SocketFile \"{path}/sock\"\n  SocketPerms \"0600\"\n</Plugin>\n{stanza}"
            ),
        );
        let process = Process::start(Command::new("collectd").arg("-f").arg("-C").arg(&file));
        let collectd = Self { dir, process };
        eventually("collectd has its socket", 20, || UnixStream::connect(collectd.socket()).is_ok());
        collectd
    }

    fn socket(&self) -> std::path::PathBuf {
        self.dir.path().join("sock")
    }

    fn put(&self, what: &str, value: &str) {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.write_all(format!("PUTVAL \"heron/{what}\" interval=1 N:{value}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(&stream).read_line(&mut answer).unwrap();
        assert!(answer.starts_with("0 "), "{what}: {answer}");
    }
}

#[test]
fn the_real_one_drives_components_red_and_green_and_tells_of_nobody() {
    let config = with(&config(), "egret", &["list match 'alertname=collectd_ping_droprate instance=heron'"]);
    let config = config.replace("config component 'heron'", "config component 'heron'\n\toption label 'h'");
    let daemon = Daemon::start(&format!(
        "{config}config rule 'loss'
	option source 'prometheus'
	option component 'heron'
	option measurement 'ping'
	option field 'value'
	option match 'host=heron type=ping_droprate type_instance=192.0.2.1'
	option above '50%'
	option unit '%'
config rule 'load'
	option source 'prometheus'
	option measurement 'load'
	option field 'longterm'
	option match 'host=heron'
	option above '100000'
config rule 'clients'
	option source 'prometheus'
	option measurement 'stations'
	option aggregate 'count-distinct'
	option of 'type_instance'
	option above '0'
"
    ));
    let (address, heard) = wire_tap(daemon.address);
    let mut collectd = Collectd::start(address);
    let (page, console) = (
        || daemon.page(),
        |command: &str| {
            let socket = daemon.dir.path().join("console.sock");
            run(Command::new(AIGLON).arg("console").arg("--socket").arg(socket).arg(command)).1
        },
    );
    // Its own load plugin, and the samples that an antenna would make.
    let cycle = |drops: &str, what: &str, holds: &dyn Fn(&str) -> bool| {
        eventually(what, 60, || {
            collectd.put("ping/ping_droprate-192.0.2.1", drops);
            for address in ["02:00:00:aa:bb:01", "02-00-00-AA-BB-02", "0200.00aa.bb03", "020000aabb04"] {
                collectd.put(&format!("stations/gauge-{address}"), "-61");
                collectd.put(&format!("stations-{address}/gauge"), "-61");
            }
            collectd.put("stations/gauge-count", "4");
            std::thread::sleep(std::time::Duration::from_millis(300));
            holds(&page())
        });
    };
    let state = |page: &str, name: &str, state: &str| part(page, name).contains(state);
    cycle("0", "all is well", &|page| state(page, "Heron", "Works") && state(page, "Egret", "Works"));
    assert_eq!(daemon.metric("aiglon_rule_firing{rule=\"load\"}"), Some(0.0));
    // By a value, red; and by a notification, too.
    cycle("1", "its values say so", &|page| state(page, "Egret", "Down"));
    assert!(console("alerts").contains("collectd_ping_droprate"), "{}", console("alerts"));
    cycle("0.3", "it is less bad", &|page| state(page, "Egret", "badly"));
    cycle("60", "its samples say so", &|page| state(page, "Heron", "Down"));
    cycle("0", "all is well again", &|page| state(page, "Heron", "Works") && state(page, "Egret", "Works"));

    // What is not to leave the antenna did not: only the count of clients did.
    let heard = String::from_utf8_lossy(&heard.lock().unwrap()).to_lowercase();
    assert!(heard.contains("\"plugin\":\"stations\"") && heard.contains("collectd_ping_droprate"));
    for planted in ["aa:bb", "aa-bb", "00aa", "bb03", "0000aabb"] {
        assert!(!heard.contains(planted), "{planted}");
    }
    assert!(!page().contains("clients"));
    assert!(console("rules").contains("clients"));
    _ = collectd.process.child.kill();
}
