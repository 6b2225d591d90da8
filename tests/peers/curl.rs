//! curl, as people and cron jobs use it.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::common::{Daemon, Dir, PUSH, config, firing, overall, resolved, with};

/// A daemon, and files for curl to send and to write.
struct Curl {
    daemon: Daemon,
    dir: Dir,
}

/// What curl wrote on stdout and, with `-v`, on stderr.
struct Said {
    out: String,
    err: String,
}

impl Curl {
    fn new(config: &str) -> Self {
        Self { daemon: Daemon::start(config), dir: Dir::new() }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.daemon.address)
    }

    /// Runs it in a directory of its own. `stdin` names a file there.
    fn run(&self, stdin: Option<&str>, words: &[&str]) -> Said {
        let stdin =
            stdin.map_or_else(Stdio::null, |name| File::open(self.dir.path().join(name)).unwrap().into());
        let mut command = Command::new("curl");
        // No settings of whoever runs the tests, and no proxy of theirs.
        command.args(["-q", "-sS", "--max-time", "20", "--noproxy", "*"]).args(words);
        let output = command
            .current_dir(self.dir.path())
            .stdin(stdin)
            .output()
            .unwrap_or_else(|error| panic!("cannot start curl: {error}; see tests/packages.txt"));
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success(), "{words:?}: {err}");
        Said { out, err }
    }
}

/// Prints what is asked for, one a line, after the transfer.
const FIGURES: [&str; 2] = ["-w", "%{http_code} connects=%{num_connects} uploaded=%{size_upload}\\n"];
const PUSH_HEADER: &str = "Authorization: Bearer push-token";

#[test]
fn visitors_get_pages() {
    let curl = Curl::new(&config());
    let url = curl.url("/");

    let page = curl.run(None, &[&url]).out;
    assert!(page.starts_with("<!doctype html>"), "{page}");
    assert_eq!(curl.run(None, &["--compressed", &url]).out, page);
    assert_eq!(curl.run(None, &["--http1.0", &url]).out, page);
    // It offers to speak HTTP/2 in the clear, and is answered in HTTP/1.1.
    assert_eq!(curl.run(None, &["--http2", &url]).out, page);

    let get = curl.run(None, &["-D", "-", "-o", "page", &url]).out;
    let head = curl.run(None, &["-I", &url]).out;
    let lines = |head: &str| {
        head.lines().filter(|line| !line.starts_with("Date:")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines(&get), lines(&head));
    assert!(
        head.starts_with("HTTP/1.1 200") && head.contains(&format!("Content-Length: {}\r\n", page.len()))
    );

    // Two requests on one connection; then a page that has not changed is not sent again.
    let figures = [&FIGURES[..], &["-o", "a", &url, "-o", "b", &url]].concat();
    let said = curl.run(None, &figures).out;
    assert_eq!(said, "200 connects=1 uploaded=0\n200 connects=0 uploaded=0\n");
    curl.run(None, &["-o", "page", "--etag-save", "etag", &url]);
    let again = [&FIGURES[..], &["-o", "empty", "--etag-compare", "etag", &url]].concat();
    assert_eq!(curl.run(None, &again).out, "304 connects=1 uploaded=0\n");
    curl.daemon.post("/api/v2/alerts", &format!("[{}]", firing("AntennaDown", "heron")));
    assert_eq!(curl.run(None, &again).out, "200 connects=1 uploaded=0\n");

    let nowhere = curl.run(None, &[&FIGURES[..], &["-o", "x", &curl.url("/nowhere")]].concat()).out;
    assert_eq!(nowhere, "404 connects=1 uploaded=0\n");
    // A path that climbs is not cleaned up by anybody.
    let climbs = curl.run(None, &[&FIGURES[..], &["-o", "x", "--path-as-is", &curl.url("/a/../")]].concat());
    assert_eq!(climbs.out, "404 connects=1 uploaded=0\n");
}

#[test]
fn cron_jobs_push() {
    let curl = Curl::new(&config());
    let url = curl.url("/api/v2/alerts");
    let resolved = format!("[{}]", resolved("AntennaDown", "heron"));
    curl.dir.write("alert.json", &format!("[{}]", firing("AntennaDown", "heron")));
    let figures = |words: &[&'static str]| {
        let mut all = vec!["-o", "answer"];
        all.extend(FIGURES);
        all.extend(words);
        all
    };

    for (what, stdin, words) in [
        ("a plain push", None, &["-H", PUSH_HEADER, "-d", "@alert.json"][..]),
        ("Basic", None, &["-u", "anybody:push-token", "-d", "@alert.json"]),
        // It asks first with an empty body, is told 401, and asks again on the same connection.
        ("Basic when asked", None, &["--anyauth", "-u", "anybody:push-token", "-d", "@alert.json"]),
        ("Token", None, &["-H", "Authorization: Token push-token", "--json", "@alert.json"]),
        (
            "chunked from a file",
            None,
            &["-H", PUSH_HEADER, "-H", "Transfer-Encoding: chunked", "-d", "@alert.json"],
        ),
        ("chunked from a pipe", Some("alert.json"), &["-H", PUSH_HEADER, "-X", "POST", "-T", "-"]),
        ("one that waits", None, &["-H", PUSH_HEADER, "-H", "Expect: 100-continue", "-d", "@alert.json"]),
        ("HTTP/1.0", None, &["--http1.0", "-H", PUSH_HEADER, "-d", "@alert.json"]),
    ] {
        let mut words = figures(words);
        words.push(&url);
        let said = curl.run(stdin, &words).out;
        assert!(said.starts_with("200 connects=1 "), "{what}: {said}");
        assert_eq!(overall(&curl.daemon.page()), "Something is down", "{what}");
        assert_eq!(curl.daemon.post("/api/v2/alerts", &resolved).status, 200);
        assert_eq!(overall(&curl.daemon.page()), "Everything works");
    }

    // A batch of 3 MB: curl waits for the word before it sends, and gets it.
    let many: Vec<_> = (0..20_000).map(|n| firing(&format!("A{}", n % 3), "heron")).collect();
    curl.dir.write("many.json", &format!("[{}]", many.join(",")));
    let mut words = figures(&["-v", "-H", PUSH_HEADER, "-d", "@many.json"]);
    words.push(&url);
    let said = curl.run(None, &words);
    assert!(said.err.contains("< HTTP/1.1 100 Continue"), "{}", said.err);
    assert!(said.out.starts_with("200 connects=1 uploaded="), "{}", said.out);

    // Without a token it is told so before it has sent anything.
    let mut words = figures(&["-v", "-H", "Authorization: Bearer nonsense", "-d", "@many.json"]);
    words.push(&url);
    let said = curl.run(None, &words);
    assert_eq!(said.out, "401 connects=1 uploaded=0\n", "{}", said.err);
    assert!(!said.err.contains("100 Continue"), "{}", said.err);
}

#[test]
fn a_unix_socket_is_a_door_like_any_other() {
    let sockets = Dir::new();
    let path = sockets.path().join("http.sock");
    let config = config() + "config listen 'socket'\n\tlist serve 'page'\n\tlist serve 'ingest'\n";
    let config = with(&config, "socket", &[&format!("option address 'unix:{}'", path.display())]);
    let mut curl = Curl::new(&config);
    curl.daemon.process.wait_for(&format!("listening on unix:{}", path.display()));
    let socket = path.to_str().unwrap();
    let local = ["--unix-socket", socket];

    curl.dir.write("alert.json", &format!("[{}]", firing("AntennaDown", "heron")));
    let push = ["-H", PUSH_HEADER, "-d", "@alert.json", "http://localhost/api/v2/alerts"];
    assert_eq!(curl.run(None, &[&local[..], &push].concat()).out, "{}");
    let page = curl.run(None, &[&local[..], &["http://localhost/"]].concat()).out;
    assert_eq!(overall(&page), "Something is down");
    // It has not the role that this needs.
    let metrics = [&local[..], &FIGURES, &["-o", "x", "http://localhost/metrics"]].concat();
    assert!(curl.run(None, &metrics).out.starts_with("404 "));

    curl.daemon.process.signal("TERM");
    assert_eq!(curl.daemon.process.wait(), Some(0));
    assert!(!path.exists(), "the socket is left behind");
    assert_eq!(PUSH_HEADER, format!("Authorization: Bearer {PUSH}"));
}
