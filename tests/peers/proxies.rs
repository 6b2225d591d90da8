//! Behind a reverse proxy that publishes us under a path: lighttpd and nginx, each with and without
//! stripping it.

use std::path::Path;
use std::process::Command;

use crate::common::{Daemon, Dir, Process, config, eventually, firing, overall, run, with};

const SECRET: &str = "Yk3mP0qLw8ZtR5vN";

/// Both publish us under `/status/`, as it is, and under `/outer/status/`, which they take down to
/// `/`.
const LIGHTTPD: &str = r#"
server.document-root = "DIR"
server.bind = "DIR/proxy.sock"
server.modules = ("mod_proxy", "mod_deflate")
deflate.mimetypes = ("text/html")
$HTTP["url"] =~ "^/outer/status(/|$)" {
    proxy.header = ("map-urlpath" => ("/outer/status/" => "/", "/outer/status" => "/"))
    proxy.server = ("" => (("host" => "127.0.0.1", "port" => PORT)))
} else $HTTP["url"] =~ "^/status(/|$)" {
    proxy.server = ("" => (("host" => "127.0.0.1", "port" => PORT)))
}
"#;

/// With HTTP/1.0 upstream, its default, and with HTTP/1.1 and connections that it keeps. Both
/// proxies compress, too.
const NGINX: &str = r#"
daemon off;
master_process off;
pid DIR/pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path DIR/body;
    proxy_temp_path DIR/proxy;
    fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi;
    scgi_temp_path DIR/scgi;
    client_max_body_size 16m;
    gzip on;
    gzip_proxied any;
    gzip_min_length 0;
    upstream aiglon { server 127.0.0.1:PORT; keepalive 2; }
    server {
        listen unix:DIR/proxy.sock;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header Connection "";
        location /outer/status/ { proxy_pass http://127.0.0.1:PORT/; }
        location /status { proxy_pass http://aiglon; proxy_http_version 1.1; }
    }
}
"#;

struct Proxy {
    dir: Dir,
    _process: Process,
}

impl Proxy {
    fn start(program: &str, template: &str, daemon: &Daemon) -> Self {
        let dir = Dir::new();
        let text = template
            .replace("DIR", dir.path().to_str().unwrap())
            .replace("PORT", &daemon.address.port().to_string());
        let file = dir.write("proxy.conf", &text);
        let mut command = Command::new(program);
        if program.ends_with("lighttpd") {
            command.arg("-D").arg("-f").arg(&file);
        } else {
            command.arg("-e").arg("stderr").arg("-p").arg(dir.path()).arg("-c").arg(&file);
        }
        let process = Process::start(&mut command);
        let socket = dir.path().join("proxy.sock");
        eventually(&format!("{program} listens"), 10, || {
            std::os::unix::net::UnixStream::connect(&socket).is_ok()
        });
        Self { dir, _process: process }
    }

    fn curl(&self, words: &[&str]) -> String {
        let socket: &Path = &self.dir.path().join("proxy.sock");
        let (status, stdout, stderr) = run(Command::new("curl")
            .args(["-q", "-sS", "--max-time", "20", "--noproxy", "*", "--unix-socket"])
            .arg(socket)
            .args(words));
        assert_eq!(status, Some(0), "{words:?}: {stderr}");
        stdout
    }

    /// The status that a path of `host` is answered with, and the address of the page after
    /// redirects.
    fn status(&self, host: &str, path: &str) -> String {
        let url = format!("http://{host}{path}");
        self.curl(&["-o", "/dev/null", "-L", "-w", "%{http_code} %{url_effective}", &url])
    }
}

/// A public site, an unlisted one and a local one behind one prefix.
fn three_sites() -> String {
    let config = with(&config(), "lan", &["option path_prefix '/status'"]);
    let config = with(&config, "home", &["option visibility 'public'"]);
    format!(
        "{}config site 'hidden'\n\toption visibility 'unlisted'\n\toption secret_path '{SECRET}'\n\
         \tlist host 'hidden.example'\n\toption title 'Hidden'\n\
         config site 'inside'\n\tlist host 'inside.example'\n\toption title 'Inside'\n",
        with(&config, "home", &["list host 'status.example'"])
    )
}

fn a_proxy_publishes_us(program: &str, template: &str) {
    let daemon = Daemon::start(&three_sites());
    let proxy = Proxy::start(program, template, &daemon);
    let token = "Authorization: Bearer push-token";
    let heron = format!("[{}]", firing("AntennaDown", "heron"));
    let many: Vec<_> = (0..5000).map(|n| firing(&format!("A{}", n % 3), "egret")).collect();
    let batch = proxy.dir.write("batch.json", &format!("[{}]", many.join(",")));

    for outer in ["", "/outer"] {
        let base = format!("http://status.example{outer}/status");
        let page = proxy.curl(&[&format!("{base}/")]);
        assert!(page.contains("Antennas"), "{page}");
        // What we packed is not packed again.
        assert_eq!(proxy.curl(&["--compressed", &format!("{base}/")]), page);
        let packed = proxy.curl(&["-I", "-H", "Accept-Encoding: gzip", &format!("{base}/")]);
        assert_eq!(packed.matches("Content-Encoding: gzip").count(), 1, "{packed}");
        // No link in it leads to a place that only we know.
        let links: Vec<_> =
            page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(links.iter().all(|link| !link.starts_with('/') && !link.contains(':')), "{links:?}");

        let head = proxy.curl(&["-I", &format!("{base}/")]);
        let etag = head.lines().find_map(|line| line.strip_prefix("ETag: ")).expect(&head).trim();
        assert!(head.contains("Content-Security-Policy: default-src 'none'"), "{head}");
        let known = format!("If-None-Match: {etag}");
        let status = ["-o", "/dev/null", "-w", "%{http_code}"];
        assert_eq!(proxy.curl(&[&status[..], &["-H", &known, &format!("{base}/")]].concat()), "304");

        let push = format!("{base}/api/v2/alerts");
        assert_eq!(proxy.curl(&["-H", token, "-d", &heron, &push]), "{}");
        assert_eq!(overall(&proxy.curl(&[&format!("{base}/")])), "Something is down");
        let from = format!("@{}", batch.display());
        assert_eq!(proxy.curl(&["-H", token, "-H", "Transfer-Encoding: chunked", "-d", &from, &push]), "{}");
        let refused =
            proxy.curl(&[&status[..], &["-H", "Authorization: Bearer x", "-d", &from, &push]].concat());
        assert_eq!(refused, "401");
        assert_eq!(proxy.curl(&[&format!("{base}/-/healthy")]), "OK\n");

        let secret = format!("{outer}/status/{SECRET}");
        assert_eq!(
            proxy.status("hidden.example", &secret),
            format!("200 http://hidden.example{secret}/"),
            "without a slash it leads to itself with one"
        );
        assert!(proxy.status("hidden.example", &format!("{outer}/status/")).starts_with("404"));
        assert!(proxy.status("status.example", &format!("{secret}/")).starts_with("404"));
        // Visitors that come through a proxy may be anybody.
        assert!(proxy.status("inside.example", &format!("{outer}/status/")).starts_with("404"));
        assert!(proxy.status("nobody.example", &format!("{outer}/status/")).starts_with("404"));
    }
    // Without its slash the prefix leads to the page, too.
    assert_eq!(proxy.status("status.example", "/status"), "200 http://status.example/status/");
}

#[test]
fn lighttpd_publishes_us() {
    a_proxy_publishes_us("/usr/sbin/lighttpd", LIGHTTPD);
}

#[test]
fn nginx_publishes_us() {
    a_proxy_publishes_us("/usr/sbin/nginx", NGINX);
}
