//! Telegraf's outputs, as its sources say (1.40, `plugins/outputs/http`, `influxdb` and
//! `influxdb_v2`): the heads that Go's `net/http` writes for the requests made there, bodies
//! compressed by `gzip` and sent in chunks since their length is not known, and one connection that
//! is kept. It is not in Debian, so nothing else of it is here; the whole requests in `fixtures`
//! are of a Go program that makes the same calls (`fixtures/telegraf.go`).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use common::{AIGLON, Answer, Client, Daemon, config, overall, run};

/// What `inputs.ping`, `inputs.wireless` and `inputs.system` gather, as `serializers/influx` writes
/// it.
static LINES: LazyLock<String> = LazyLock::new(|| THEN.replace("1795262400", &now()));
/// The same, some days ago.
const THEN: &str = "\
ping,host=heron,url=192.0.2.1 packets_transmitted=5i,packets_received=5i,percent_packet_loss=0,ttl=64i,average_response_ms=1.208,result_code=0i 1795262400000000000
wireless,host=heron,interface=wlan0,station=02:00:00:aa:bb:01 status=0i,link=58i,level=-52i,noise=-256i,nwid=0i 1795262400000000000
system,host=heron load1=0.08,load5=0.03,load15=0.01,n_cpus=1i,n_users=0i,n_unique_users=0i 1795262400000000000
system,host=heron uptime=86412i 1795262400000000000
system,host=heron uptime_format=\"1 day,  0:00\" 1795262400000000000
";

/// The time, in seconds since 1970.
fn now() -> String {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs().to_string()
}

fn daemon() -> Daemon {
    Daemon::start(&(config_of_loss() + CLIENTS))
}

/// It counts people, so `/metrics` does not say how many lines have come.
const CLIENTS: &str = "
config rule 'clients'
	option source 'prometheus'
	option measurement 'wireless'
	option aggregate 'count-distinct'
	option of 'station'
	option above '2'
";

fn config_of_loss() -> String {
    let config = config();
    let (head, _) = config.split_once("config component 'heron'").unwrap();
    format!(
        "{head}config component 'heron'
	option service 'wifi'
config rule 'loss'
	option source 'prometheus'
	option component 'heron'
	option measurement 'ping'
	option field 'percent_packet_loss'
	option match 'host=heron'
	option above '50%'
	option text 'Packets are lost.'
"
    )
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut child =
        Command::new("gzip").arg("-cn").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let body = body.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&body).unwrap());
    let out = child.wait_with_output().unwrap();
    writer.join().unwrap();
    out.stdout
}

/// The same in JSON, with this loss of packets.
fn json(loss: &str) -> String {
    let now = now();
    format!(
        "{{\"metrics\":[{{\"fields\":{{\"packets_received\":5,\"percent_packet_loss\":{loss}}},\"name\":\"ping\",\
         \"tags\":{{\"host\":\"heron\",\"url\":\"192.0.2.1\"}},\"timestamp\":{now}}},{{\"fields\":{{\"load1\":0.08}},\
         \"name\":\"system\",\"tags\":{{\"host\":\"heron\"}},\"timestamp\":{now}}}]}}\n"
    )
}

/// A request as Go writes it when it does not know how long the body will be.
fn go(client: &mut Client, path: &str, headers: &str, body: &[u8], chunk: usize) -> Answer {
    let mut bytes = format!(
        "POST {path} HTTP/1.1\r\nHost: 192.168.1.1:8080\r\nUser-Agent: Telegraf/1.40.0 Go/1.26.0\r\n\
         Transfer-Encoding: chunked\r\n{headers}Content-Type: text/plain; charset=utf-8\r\nAccept-Encoding: gzip\r\n\r\n"
    )
    .into_bytes();
    for piece in body.chunks(chunk) {
        bytes.extend(format!("{:x}\r\n", piece.len()).bytes());
        bytes.extend(piece);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    // Its buffer has 4 KiB.
    for piece in bytes.chunks(4096) {
        client.send(piece);
    }
    client.answer()
}

/// `telegraf:push-token`, and the same for the second version.
const V1: &str = "Authorization: Basic dGVsZWdyYWY6cHVzaC10b2tlbg==\r\nContent-Encoding: gzip\r\n";
const V2: &str = "Authorization: Token push-token\r\nContent-Encoding: gzip\r\n";
const WRITE: &str = "/write?db=telegraf";
const WRITE_V2: &str = "/api/v2/write?bucket=telegraf&org=antennas";

/// Whether a rule fires, as the console has it: where a rule counts people, no metric does.
fn phase(daemon: &Daemon, rule: &str) -> Option<f64> {
    let rules = console(daemon, "rules");
    let line = rules.lines().find(|line| line.split_whitespace().any(|word| word == rule))?;
    let is = |word: &str| line.split_whitespace().any(|known| known == word);
    if is("firing") { Some(1.0) } else { is("well").then_some(0.0) }
}

fn console(daemon: &Daemon, command: &str) -> String {
    let socket = daemon.dir.path().join("console.sock");
    let (status, out, err) =
        run(Command::new(AIGLON).arg("console").arg("--socket").arg(socket).arg(command));
    assert_eq!(status, Some(0), "{err}");
    out
}

#[test]
fn both_outputs_with_their_defaults_drive_a_component() {
    let daemon = daemon();
    assert_eq!(overall(&daemon.page()), "We do not know");
    let mut client = daemon.connect();
    // What the first version asks before it writes.
    let query = "q=CREATE+DATABASE+%22telegraf%22";
    client.send(
        format!(
            "POST /query HTTP/1.1\r\nHost: 192.168.1.1:8080\r\nUser-Agent: Telegraf/1.40.0 Go/1.26.0\r\nContent-Length: {}\r\n\
             Authorization: Basic dGVsZWdyYWY6cHVzaC10b2tlbg==\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Accept-Encoding: gzip\r\n\r\n{query}",
            query.len()
        )
        .as_bytes(),
    );
    let answer = client.answer();
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"results\":[{\"statement_id\":0}]}"));

    let bad = LINES.replace("percent_packet_loss=0", "percent_packet_loss=100");
    for (path, headers) in [(WRITE, V1), (WRITE_V2, V2)] {
        for (body, expected) in
            [(&*LINES, "Everything works"), (&bad, "Something is down"), (&*LINES, "Everything works")]
        {
            for chunk in [32_768, 100, 1] {
                let answer = go(&mut client, path, headers, &gzip(body.as_bytes()), chunk);
                assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{path}");
            }
            let page = daemon.page();
            assert_eq!(overall(&page), expected);
            assert_eq!(page.contains("Packets are lost."), *body == bad);
        }
    }
    assert_eq!(phase(&daemon, "loss"), Some(0.0));
    assert_eq!(daemon.metric("aiglon_lines_received_total"), None, "some tell of people");
    assert_eq!(daemon.metric("aiglon_lines_bad_total"), Some(0.0));
    let rules = console(&daemon, "rules");
    assert!(rules.contains("loss") && rules.contains("well"), "{rules}");
}

#[test]
fn a_line_that_is_wrong_costs_that_line_and_never_the_queue() {
    let daemon = daemon();
    let mut client = daemon.connect();
    let body = format!("{}ping,host= x=1\nping x=\n{}", &*LINES, LINES.replace("loss=0", "loss=90"));
    let answer = go(&mut client, WRITE, V1, &gzip(body.as_bytes()), 32_768);
    assert_eq!(answer.status, 400, "both outputs drop it, and go on");
    let words =
        "partial write: unable to parse line 6: missing tag value; line 7: missing field value dropped=2";
    assert_eq!(
        answer.body,
        format!("{{\"error\":\"{words}\",\"code\":\"invalid\",\"message\":\"{words}\"}}")
    );
    assert_eq!(overall(&daemon.page()), "Something is down", "what was right counts");
    // On the same connection.
    assert_eq!(go(&mut client, WRITE, V1, &gzip(LINES.as_bytes()), 32_768).status, 204);
    assert_eq!(daemon.metric("aiglon_lines_bad_total"), Some(2.0));

    for (path, headers, status) in [
        (WRITE, "", 401),
        (WRITE, "Authorization: Token guess\r\n", 401),
        ("/write?db=x&precision=d", V1, 400),
        (WRITE, "Authorization: Token push-token\r\nContent-Encoding: br\r\n", 415),
        (WRITE, "Authorization: Token read-token\r\n", 403),
    ] {
        assert_eq!(go(&mut daemon.connect(), path, headers, b"x", 9).status, status, "{path} {headers}");
    }
    for damaged in [&b"no gzip"[..], &gzip(LINES.as_bytes())[..40]] {
        let answer = go(&mut daemon.connect(), WRITE, V1, damaged, 9);
        assert!(answer.status == 400 && answer.body.contains("gzip"), "{}", answer.body);
    }
    assert_eq!(go(&mut daemon.connect(), WRITE_V2, V2, &gzip(LINES.as_bytes()), 9).status, 204);
}

#[test]
fn a_bomb_costs_its_window_and_is_refused() {
    let daemon = daemon();
    let bomb = gzip(&vec![b' '; 40 << 20]);
    assert!(bomb.len() < 100_000);
    let before = memory(&daemon);
    for _ in 0..3 {
        let answer = go(&mut daemon.connect(), WRITE_V2, V2, &bomb, 32_768);
        assert_eq!(answer.status, 413, "the second version's output splits the batch");
    }
    assert!(memory(&daemon) < before + 200, "{} KiB, and before {before}", memory(&daemon));
    assert_eq!(go(&mut daemon.connect(), WRITE_V2, V2, &gzip(LINES.as_bytes()), 9).status, 204);
}

/// Anonymous memory that is resident, in KiB.
fn memory(daemon: &Daemon) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/status", daemon.process.child.id())).unwrap();
    let line = text.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn who_uses_the_network_is_counted_and_nowhere_told() {
    let daemon = daemon();
    let mut client = daemon.connect();
    for (n, address) in ["02:00:00:aa:bb:01", "02-00-00-AA-BB-02", "0200.00aa.bb03"].into_iter().enumerate() {
        let body = format!(
            "wireless,station={address},note=at\\ {address} level=-60i,text=\"of {address}\"\nbad {address}\n"
        );
        let answer = go(&mut client, WRITE, V1, &gzip(body.as_bytes()), 99);
        assert_eq!(answer.status, 400);
        assert!(!answer.body.to_lowercase().contains("bb"), "{}", answer.body);
        let json = format!(
            "{{\"fields\":{{\"level\":-60,\"text\":\"of {address}\"}},\"name\":\"wireless\",\"tags\":{{\"station\":\"{address}\",\"{address}\":\"x\"}}}}"
        );
        assert_eq!(go(&mut client, HTTP, V1, &gzip(json.as_bytes()), 99).status, 204);
        let firing = if n < 2 { 0.0 } else { 1.0 };
        assert_eq!(phase(&daemon, "clients"), Some(firing));
    }
    let mut told = daemon.page() + &daemon.get("/metrics").body + &daemon.get("/history").body;
    for command in ["status", "rules", "alerts", "limits", "sources"] {
        told += &console(&daemon, command);
    }
    for entry in fs::read_dir(daemon.dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            told += &String::from_utf8_lossy(&fs::read(path).unwrap());
        }
    }
    let mut daemon = daemon;
    told += &daemon.process.log();
    let told = told.to_lowercase();
    for planted in ["aa:bb", "aa-bb", "00aa", "bb03"] {
        assert!(!told.contains(planted), "{planted}");
    }
    assert!(!daemon.page().contains("clients"));
}

const HTTP: &str = "/api/v1/telegraf";
const PLAIN: &str = "Authorization: Basic dGVsZWdyYWY6cHVzaC10b2tlbg==\r\n";

/// The requests that Go writes, byte for byte, one after another on a connection that is kept, in
/// any pieces.
#[test]
fn whole_requests_as_go_writes_them() {
    let daemon = Daemon::start(&config_of_loss());
    let mut client = daemon.connect();
    let mut lines = 0.0;
    // They were written some days ago, and what they measured is of no use.
    for (fixture, count, status) in [
        (&include_bytes!("fixtures/telegraf-1.40-http-json.http")[..], 4.0, 200),
        (include_bytes!("fixtures/telegraf-1.40-http-json-gzip.http"), 4.0, 200),
        (include_bytes!("fixtures/telegraf-1.40-http-json-single.http"), 1.0, 200),
        (include_bytes!("fixtures/telegraf-1.40-http-influx.http"), 4.0, 200),
        (include_bytes!("fixtures/telegraf-1.40-influxdb.http"), 4.0, 400),
        (include_bytes!("fixtures/telegraf-1.40-influxdb_v2.http"), 4.0, 400),
    ] {
        for size in [4096, 97, 1] {
            for piece in fixture.chunks(size) {
                client.send(piece);
            }
            let answer = client.answer();
            assert_eq!(
                (answer.status, answer.header("Connection")),
                (status, Some("keep-alive")),
                "{}",
                answer.body
            );
            assert!(answer.body.contains("measured too long ago"), "{}", answer.body);
            lines += count;
            assert_eq!(daemon.metric("aiglon_lines_received_total"), Some(lines));
        }
    }
    assert_eq!(daemon.metric("aiglon_lines_bad_total"), Some(0.0));
    assert_eq!(overall(&daemon.page()), "We do not know");
}

#[test]
fn the_http_output_drives_a_component_in_every_format() {
    let daemon = daemon();
    let mut client = daemon.connect();
    let single =
        |loss: &str| json(loss).split_once('[').unwrap().1.split_once("},{").unwrap().0.to_owned() + "}\n";
    let bad = LINES.replace("percent_packet_loss=0", "percent_packet_loss=100");
    // The lines come first: another test may have dated them some seconds ago.
    for (good, bad) in [(LINES.clone(), bad), (json("0"), json("100")), (single("0"), single("1e2"))] {
        for (body, expected) in
            [(&good, "Everything works"), (&bad, "Something is down"), (&good, "Everything works")]
        {
            for chunk in [32_768, 100, 1] {
                assert_eq!(go(&mut client, HTTP, PLAIN, body.as_bytes(), chunk).status, 204, "{body}");
                assert_eq!(go(&mut client, HTTP, V1, &gzip(body.as_bytes()), chunk).status, 204);
            }
            assert_eq!(overall(&daemon.page()), expected, "{body}");
        }
    }
}

/// This output sends a batch again and again until its answer is 2xx, and nothing behind it until
/// then.
#[test]
fn what_is_wrong_for_ever_does_not_come_for_ever() {
    let daemon = daemon();
    let mut client = daemon.connect();
    let lost = json("0").replacen("\"name\":\"system\"", "\"nom\":\"system\"", 1);
    for (body, status, words) in [
        (
            lost.as_str(),
            200,
            "partial write: unable to parse sample 1: name (or plugin): required, must be a string dropped=1",
        ),
        (
            "ping,host=heron percent_packet_loss=0\nping x=\n",
            200,
            "partial write: unable to parse line 2: missing field value dropped=1",
        ),
        ("", 200, "byte 0: empty body, expected JSON"),
    ] {
        let answer = go(&mut client, HTTP, PLAIN, body.as_bytes(), 99);
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.contains(&format!("\"error\":\"{words}\"")), "{}", answer.body);
    }
    assert_eq!(overall(&daemon.page()), "Everything works", "what was right counts");
    assert_eq!(daemon.metric("aiglon_lines_bad_total"), Some(2.0));
    // What cannot be read further ends the connection, and no more.
    for body in [&json("0").replace("}]", "]").into_bytes()[..], b"[[[[[[[[[[[[[[[[[[[[", &gzip(b"x=")[..9]] {
        let headers = if body[0] == 0x1f { V1 } else { PLAIN };
        let answer = go(&mut daemon.connect(), HTTP, headers, body, 99);
        assert!(
            answer.status == 200 && answer.body.contains("\"error\""),
            "{} {}",
            answer.status,
            answer.body
        );
        assert_eq!(answer.header("Connection"), Some("close"));
    }
    // What people must mend is said, and Telegraf keeps its samples until they have.
    for (path, headers, status) in [
        (HTTP, "", 401),
        (HTTP, "Authorization: Token read-token\r\n", 403),
        (HTTP, "Authorization: Token push-token\r\nContent-Encoding: br\r\n", 415),
        ("/api/v1/telegraph", PLAIN, 404),
    ] {
        assert_eq!(go(&mut daemon.connect(), path, headers, b"x", 9).status, status, "{path} {headers}");
    }
}

/// Telegraf logs what stands at `code` and `message` (`influxdb_v2`), or at `error` (`influxdb`,
/// `influxdb_v3`); without them it logs the status alone.
#[test]
fn a_refusal_has_the_form_that_each_version_of_influxdb_has() {
    let daemon = daemon();
    for (path, headers, body, status, code, words) in [
        ("/api/v2/write", "", "m f=1", 401, "unauthorized", "send a token, as Authorization"),
        (
            "/write?db=x",
            "Authorization: Token x\r\n",
            "m f=1",
            401,
            "unauthorized",
            "not a token that is known",
        ),
        (
            "/api/v3/write_lp?db=x",
            "Authorization: Bearer read-token\r\n",
            "m f=1",
            403,
            "forbidden",
            "may read",
        ),
        ("/query?q=x", "", "", 401, "unauthorized", "send a token"),
        ("/api/v2/write?precision=d", PLAIN, "m f=1", 400, "invalid", "precision is one of"),
        (
            "/api/v3/write_lp?db=x",
            PLAIN,
            "m f=1\nm f=\n",
            400,
            "invalid",
            "line 2: missing field value dropped=1",
        ),
        ("/api/v2/writes", PLAIN, "m f=1", 404, "not found", "nothing is at this path"),
    ] {
        let answer = go(&mut daemon.connect(), path, headers, body.as_bytes(), 99);
        let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, &told["code"]), (status, &code.into()), "{path} {told}");
        assert_eq!(told["error"], told["message"], "{path}");
        assert!(told["error"].as_str().unwrap().contains(words), "{path}: {told}");
    }
}

/// `outputs.influxdb_v3` (1.38, `plugins/outputs/influxdb_v3/client.go`): a database, no precision,
/// and gzip by default.
#[test]
fn influxdb_3_is_written_to() {
    let daemon = daemon();
    let mut client = daemon.connect();
    let v3 = "/api/v3/write_lp?db=telegraf&no_sync=true";
    let auth = "Authorization: Bearer push-token\r\nContent-Type: text/plain; charset=utf-8\r\n";
    let packed = format!("{auth}Content-Encoding: gzip\r\n");
    assert_eq!(go(&mut client, v3, &packed, &gzip(LINES.as_bytes()), 999).status, 204);
    assert_eq!(overall(&daemon.page()), "Everything works");
    let lost = |time: &str| format!("ping,host=heron percent_packet_loss={time}");
    for (query, time) in [
        ("", now()),
        ("&precision=auto", now() + "000"),
        ("&precision=second", now()),
        ("&precision=millisecond&accept_partial=false", now() + "000"),
    ] {
        for (loss, expected) in [("100", "Something is down"), ("0", "Everything works")] {
            let path = format!("/api/v3/write_lp?db=x{query}");
            assert_eq!(
                go(&mut client, &path, auth, lost(&format!("{loss} {time}")).as_bytes(), 99).status,
                204
            );
            assert_eq!(overall(&daemon.page()), expected, "{query} {loss}");
        }
    }
}

/// What the clients of InfluxDB ask before they write.
#[test]
fn influxdb_answers_what_its_clients_ask() {
    let daemon = daemon();
    let auth = "Authorization: Token push-token\r\n";
    let pong = daemon.connect().get("/ping", auth);
    assert_eq!((pong.status, pong.header("X-Influxdb-Version")), (204, Some("1.8.0")));
    let found = daemon.connect().get("/query?q=SHOW+DATABASES", auth);
    assert_eq!((found.status, found.body.as_str()), (200, "{\"results\":[{\"statement_id\":0}]}"));
    assert_eq!(go(&mut daemon.connect(), "/query", auth, b"q=CREATE+DATABASE+x", 99).body, found.body);
}

/// What will be better in a second is told so: 503 with `Retry-After`.
#[test]
fn who_finds_everybody_busy_is_told_when_to_come_again() {
    let daemon = daemon();
    let open = |headers: &str, body: &[u8]| {
        let mut client = daemon.connect();
        let head = format!("POST {HTTP} HTTP/1.1\r\nHost: a\r\n{headers}Content-Length: 1000\r\n\r\n");
        client.send(&[head.as_bytes(), body].concat());
        client
    };
    let mut waiting = vec![open(V1, &gzip(LINES.as_bytes())[..50])];
    let busy = |headers: &str, body: &[u8]| {
        let mut last = None;
        common::eventually("it is busy", 10, || {
            let answer = go(&mut daemon.connect(), HTTP, headers, body, 99);
            let busy = answer.status == 503;
            last = Some(answer);
            busy
        });
        assert_eq!(last.unwrap().header("Retry-After"), Some("1"));
    };
    // Of one source, one body is unpacked at a time.
    busy(V1, &gzip(LINES.as_bytes()));
    assert_eq!(go(&mut daemon.connect(), HTTP, PLAIN, LINES.as_bytes(), 99).status, 204);
    waiting.extend((1..aiglon::limits::LINE_READERS / 2).map(|_| open(PLAIN, b"{\"metrics\":[")));
    busy(PLAIN, LINES.as_bytes());
    drop(waiting);
    common::eventually("it has room again", 10, || {
        go(&mut daemon.connect(), HTTP, V1, &gzip(json("0").as_bytes()), 99).status == 204
    });
}

/// `headers = {Expect = "100-continue"}`: Go sends the head alone, and the body once it is welcome.
#[test]
fn a_body_that_waits_is_welcome() {
    let daemon = daemon();
    let mut client = daemon.connect();
    for _ in 0..2 {
        let body = json("0");
        client.send(
            format!(
                "POST {HTTP} HTTP/1.1\r\nHost: a\r\nUser-Agent: Telegraf/1.40.0 Go/1.26.0\r\nContent-Length: {}\r\n{PLAIN}\
                 Content-Type: text/plain; charset=utf-8\r\nExpect: 100-continue\r\nAccept-Encoding: gzip\r\n\r\n",
                body.len()
            )
            .as_bytes(),
        );
        assert_eq!(client.answer().status, 100);
        client.send(body.as_bytes());
        assert_eq!(client.answer().status, 204);
    }
    assert_eq!(overall(&daemon.page()), "Everything works");
}

/// A rule on people fires; nothing that a visitor can ask for changes by a byte, in any language.
#[test]
fn what_counts_people_changes_nothing_public() {
    let daemon = daemon();
    let public = || {
        let mut told = Vec::new();
        for path in [
            "/",
            "/history",
            "/incidents/1",
            "/feed.atom",
            "/badge/wifi.svg",
            "/api/v2/summary.json",
            "/api/v2/status.json",
            "/api/v2/components.json",
            "/api/v2/incidents.json",
            "/-/healthy",
        ] {
            for lang in ["en", "fr", "ar"] {
                let answer = daemon.connect().get(path, &format!("Accept-Language: {lang}\r\n"));
                let head: String = answer
                    .head
                    .lines()
                    .filter(|line| !line.starts_with("Date:"))
                    .map(str::to_owned)
                    .collect();
                told.push((path, lang, answer.status, head, answer.body));
            }
        }
        told
    };
    let clients = |count: u8| {
        let line = |n| format!("wireless,host=heron,station=02:00:00:aa:bb:{n:02x} level=-60i");
        let lines = (0..count).map(line).collect::<Vec<_>>().join("\n");
        assert_eq!(go(&mut daemon.connect(), WRITE, V1, &gzip(lines.as_bytes()), 999).status, 204);
        phase(&daemon, "clients")
    };
    let minute = || std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() / 60;
    // A page says as of which minute it is.
    loop {
        assert_eq!(go(&mut daemon.connect(), WRITE, V1, &gzip(LINES.as_bytes()), 999).status, 204);
        let (begun, before) = (minute(), public());
        assert_eq!(before[0].2, 200);
        let firing = clients(40);
        let after = public();
        if begun == minute() {
            assert_eq!(firing, Some(1.0));
            assert_eq!(before, after);
            assert!(!before.iter().any(|told| told.4.contains("clients")));
            break;
        }
    }
    assert!(console(&daemon, "rules").contains("firing"), "operators see it");
}

/// One of three that a rule expects falls silent: operators learn which.
#[test]
fn who_is_missing_is_told_by_name() {
    let config = config();
    let (head, _) = config.split_once("config component 'heron'").unwrap();
    let daemon = Daemon::start(&format!(
        "{head}config component 'heron'
	option service 'wifi'
config rule 'silent'
	option source 'prometheus'
	option component 'heron'
	option measurement 'system'
	option of 'host'
	list expect 'heron'
	list expect 'egret'
	list expect 'tern'
	option absent '3s'
"
    ));
    let say = |hosts: &[&str]| {
        let line = |host| format!("system,host={host} load1=0.1");
        let lines = hosts.iter().map(line).collect::<Vec<_>>().join("\n");
        assert_eq!(go(&mut daemon.connect(), HTTP, PLAIN, lines.as_bytes(), 999).status, 204);
    };
    common::eventually("all of them are heard", 20, || {
        say(&["heron", "egret", "tern"]);
        overall(&daemon.page()) == "Everything works"
    });
    assert_eq!(daemon.metric("aiglon_rule_missing{rule=\"silent\"}"), Some(0.0));
    common::eventually("one is missed", 20, || {
        say(&["heron", "tern"]);
        std::thread::sleep(std::time::Duration::from_millis(200));
        overall(&daemon.page()) == "Something is down"
    });
    let rules = console(&daemon, "rules");
    assert!(rules.contains("absent") && rules.contains("egret") && !rules.contains("tern"), "{rules}");
    assert_eq!(daemon.metric("aiglon_rule_missing{rule=\"silent\"}"), Some(1.0));
    assert!(!daemon.page().contains("egret"), "and nobody else");
}

/// collectd's values, notifications and commands, all with addresses of clients in them: masked
/// wherever they are told.
#[test]
fn what_collectd_says_of_clients_is_nowhere_told() {
    let config = common::with(
        &config(),
        "egret",
        &["list match 'alertname=collectd_iwinfo station~*'", "list match 'summary~*gone*'"],
    );
    let config = common::with(&config, "egret", &["list publish 'summary'"]);
    let mut daemon = Daemon::start(&format!(
        "{config}config rule 'clients'
	option source 'prometheus'
	option measurement 'iwinfo'
	option aggregate 'count-distinct'
	option of 'type_instance'
	option above '5'
"
    ));
    let mut said = String::new();
    for (n, address) in ["02:00:00:aa:bb:01", "02-00-00-AA-BB-02", "0200.00aa.bb03"].into_iter().enumerate() {
        let values = format!(
            "[{{\"values\":[-60],\"dstypes\":[\"gauge\"],\"dsnames\":[\"value\"],\"time\":{}.903,\"interval\":2.000,\
             \"host\":\"heron\",\"plugin\":\"iwinfo\",\"plugin_instance\":\"{address}\",\"type\":\"signal\",\"type_instance\":\"{address}\",\
             \"meta\":{{\"{address}\":\"{address}\"}}}}]",
            now()
        );
        let notification = format!(
            "[{{\"labels\":{{\"alertname\":\"collectd_iwinfo\",\"station\":\"{address}\",\"severity\":\"FAILURE\"}},\
             \"annotations\":{{\"summary\":\"{address} is gone\",\"{address}\":\"x\"}},\"startsAt\":\"2026-11-21T08:45:51.903446106Z\"}}]"
        );
        let other = address.replace(['0', 'B'], "c");
        let commands =
            format!("PUTVAL heron/iwinfo-{other}/signal-{other} interval=1 N:1\nPUTVAL {address} N:1\n");
        for (body, status) in [(values, 200), (notification, 200), (commands, 400)] {
            let answer = daemon.post("/api/v1/collectd", &body);
            assert_eq!(answer.status, status, "{}", answer.body);
            said += &answer.body;
        }
        let firing = if n < 2 { 0.0 } else { 1.0 };
        assert_eq!(phase(&daemon, "clients"), Some(firing));
    }
    assert!(part_is_down(&daemon), "a notification counts");
    said += &(daemon.page() + &daemon.get("/metrics").body + &daemon.get("/history").body);
    for command in ["status", "rules", "alerts", "limits", "sources", "incidents"] {
        said += &console(&daemon, command);
    }
    daemon.process.signal("TERM");
    assert_eq!(daemon.process.wait(), Some(0));
    for entry in fs::read_dir(daemon.dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            said += &String::from_utf8_lossy(&fs::read(path).unwrap());
        }
    }
    said += &daemon.process.log();
    let said = said.to_lowercase();
    assert!(said.contains("gone") && said.contains("collectd_iwinfo"), "there is something to look at");
    for planted in ["aa:bb", "aa-bb", "00aa", "bb03", "ca:bb", "aa-cc", "ccaa"] {
        assert!(!said.contains(planted), "{planted}");
    }
}

fn part_is_down(daemon: &Daemon) -> bool {
    common::part(&daemon.page(), "Egret").contains("Down")
}
