//! A browser, driven over the protocol `WebDriver`: HTTP and JSON to `chromedriver`, and through it
//! Chromium's own protocol.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::{Value, json};

use crate::common::{Client, Dir, Process};

/// A Chromium without a window. It ends with the value.
pub struct Browser {
    driver: SocketAddr,
    session: String,
    _process: Process,
    _profile: Dir,
}

/// How wide, how dark, and for readers of what.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub width: u32,
    pub dark: bool,
    pub lang: &'static str,
}

impl Browser {
    pub fn new() -> Self {
        // Its address is said on stdout, and what we listen to is stderr.
        // It takes a port that is free for IPv6, and ends if another program has that one for IPv4.
        let start = || Process::start(Command::new("sh").args(["-c", "exec chromedriver --port=0 >&2"]));
        let mut process = start();
        let mut tries = 1;
        let line = loop {
            match process.look_for("started successfully on port ") {
                Ok(line) => break line,
                Err(log) if tries == 9 => panic!("no driver after {tries} tries: {log}"),
                Err(_) => (process, tries) = (start(), tries + 1),
            }
        };
        let port = line.rsplit(' ').next().unwrap().trim_end_matches('.').parse().unwrap();
        let driver = SocketAddr::from(([127, 0, 0, 1], port));
        let profile = Dir::new();
        let profile_argument = format!("--user-data-dir={}", profile.path().display());
        let arguments = [
            profile_argument.as_str(),
            "--headless=new",
            // Tests may run as root, where it has no sandbox; it sees nothing but our own pages.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ];
        let wishes = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": "/usr/bin/chromium", "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}});
        let mut browser = Self { driver, session: String::new(), _process: process, _profile: profile };
        let session = browser.command("POST", "/session", &wishes)["sessionId"].as_str().unwrap().to_owned();
        browser.session = session;
        browser
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let mut client = Client::to(self.driver);
        client.send(
            format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .as_bytes(),
        );
        let answer = client.answer();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str::<Value>(&answer.body).unwrap()["value"].take()
    }

    fn in_session(&self, path: &str, body: &Value) -> Value {
        self.command("POST", &format!("/session/{}/{path}", self.session), body)
    }

    /// A command of Chromium's own protocol.
    pub fn cdp(&self, command: &str, parameters: &Value) -> Value {
        self.in_session("goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    pub fn look(&self, look: Look) {
        let scheme = if look.dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.cdp("Emulation.setEmulatedMedia", &media);
        let metrics = json!({
            "width": look.width, "height": 800, "deviceScaleFactor": 1, "mobile": look.width < 600,
        });
        self.cdp("Emulation.setDeviceMetricsOverride", &metrics);
        self.cdp("Network.enable", &json!({}));
        self.cdp("Network.setExtraHTTPHeaders", &json!({"headers": {"Accept-Language": look.lang}}));
    }

    pub fn open(&self, address: SocketAddr) {
        self.in_session("url", &json!({"url": format!("http://{address}/")}));
    }

    /// A page without anything, and without a policy.
    #[allow(dead_code)] // for tests/luci
    pub fn open_nothing(&self) {
        self.in_session("url", &json!({"url": "data:text/html,<!doctype html><title></title>"}));
    }

    /// Opens a golden file.
    pub fn open_golden(&self, name: &str) {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
        self.open_file(&format!("{path}/{name}.html"));
    }

    /// Opens a file, by its whole path.
    pub fn open_file(&self, path: &str) {
        self.in_session("url", &json!({"url": format!("file://{path}")}));
    }

    /// What a script returns. It runs beside the page, whose own policy lets none run.
    pub fn script(&self, script: &str) -> Value {
        self.in_session("execute/sync", &json!({"script": script, "args": []}))
    }

    /// The lines of a log since they were last asked for: `browser` (the console), or
    /// `performance`.
    pub fn log(&self, kind: &str) -> Vec<String> {
        let lines = self.in_session("se/log", &json!({"type": kind}));
        lines.as_array().unwrap().iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    /// The addresses that were asked for since the last call.
    pub fn requests(&self) -> Vec<String> {
        let events = self.log("performance");
        let events = events.iter().map(|event| serde_json::from_str::<Value>(event).unwrap());
        events
            .filter(|event| event["message"]["method"] == "Network.requestWillBeSent")
            .map(|event| event["message"]["params"]["request"]["url"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Presses a key.
    pub fn press(&self, key: &str, code: u32, text: &str) {
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let event =
                json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
            self.cdp("Input.dispatchKeyEvent", &event);
        }
    }

    /// The page as a PNG file, in base64: all of it, or so many pixels from its top.
    pub fn picture(&self, height: Option<u32>, scale: u32) -> String {
        let size = self.cdp("Page.getLayoutMetrics", &json!({}))["cssContentSize"].take();
        let height = height.map_or_else(|| size["height"].clone(), Value::from);
        let clip = json!({"x": 0, "y": 0, "width": size["width"], "height": height, "scale": scale});
        let wishes = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        self.cdp("Page.captureScreenshot", &wishes)["data"].as_str().unwrap().to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.command("DELETE", &format!("/session/{}", self.session), &Value::Null);
        } else if !self.session.is_empty() {
            // A second panic would hide the first.
            let line = format!("DELETE /session/{} HTTP/1.1\r\nHost: localhost\r\n\r\n", self.session);
            let mut client = Client::to(self.driver);
            client.send(line.as_bytes());
            _ = client.try_answer(false);
        }
    }
}
