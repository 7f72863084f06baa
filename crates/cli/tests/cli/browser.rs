//! A browser that does what a test says, over the `WebDriver` protocol of `chromedriver` (Debian's package `chromium-driver`).
//! `test` installs it. Each test has a browser of its own, with an empty profile that goes away with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// Bigger ones of these are waits, not answers, in milliseconds.
const PATIENCE_MILLIS: u32 = 20_000;

/// A running browser with one window.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// Starts a browser whose window is this large; its profile is in `folder`. Motion is reduced, so that nothing
    /// is slower than it has to be.
    pub(crate) fn start(folder: &Path, width: u32, height: u32) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts: apt-get install chromium-driver");
        let mut lines = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
        let port = lines
            .find_map(|line| {
                let line = line.expect("a line");
                line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
            })
            .expect("a port");
        // Whatever it says later goes nowhere, but somebody has to read it.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = folder.join("browser");
        let flags = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--force-prefers-reduced-motion".to_owned(),
            format!("--user-data-dir={}", profile.display()),
            format!("--window-size={width},{height}"),
        ];
        let wanted = json!({"capabilities":{"alwaysMatch":{
            "goog:chromeOptions": {"args": flags}, "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": PATIENCE_MILLIS * 2},
        }}});
        let mut browser = Self { driver, port, session: String::new() };
        let made = browser.ask("POST", "", &wanted);
        made["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        browser.resize(width, height);
        browser
    }

    /// Makes the page this large, whatever the window has around it.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        let command = json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": size});
        self.ask("POST", "/goog/cdp/execute", &command);
    }

    pub(crate) fn open(&self, url: &str) {
        self.ask("POST", "/url", &json!({ "url": url }));
    }

    pub(crate) fn reload(&self) {
        self.ask("POST", "/refresh", &json!({}));
    }

    /// The value of a JavaScript expression.
    pub(crate) fn value(&self, expression: &str) -> Value {
        self.ask("POST", "/execute/sync", &json!({"script": format!("return {expression}"), "args": []}))
    }

    /// Waits until an expression is true.
    pub(crate) fn until(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0], begun = performance.now();
             (function look() {{
               let met = false;
               try {{ met = Boolean({expression}); }} catch {{ met = false; }}
               if (met || performance.now() - begun > {PATIENCE_MILLIS}) done(met);
               else setTimeout(look, 20);
             }})();"
        );
        let met = self.ask("POST", "/execute/async", &json!({"script": script, "args": []}));
        assert_eq!(met, json!(true), "{expression}: {}", self.value("document.body.innerText"));
    }

    /// Clicks as a person does: scrolls there, and hits what is on top.
    pub(crate) fn click(&self, selector: &str) {
        let found = self.ask("POST", "/element", &json!({"using": "css selector", "value": selector}));
        let id = found
            .as_object()
            .and_then(|ids| ids.values().next())
            .and_then(Value::as_str)
            .expect("an element");
        self.ask("POST", &format!("/element/{id}/click"), &json!({}));
    }

    /// Presses a key wherever the focus is.
    pub(crate) fn press(&self, key: &str) {
        let actions = json!({"actions":[{"type":"key","id":"keys","actions":[
            {"type":"keyDown","value":key},{"type":"keyUp","value":key}]}]});
        self.ask("POST", "/actions", &actions);
    }

    /// What the page complained about on its console since the last time.
    pub(crate) fn complaints(&self) -> Vec<Value> {
        self.ask("POST", "/se/log", &json!({"type": "browser"})).as_array().cloned().unwrap_or_default()
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = if self.session.is_empty() {
            "/session".to_owned()
        } else {
            format!("/session/{}{path}", self.session)
        };
        let value = request(self.port, method, &path, body).expect("chromedriver answers");
        assert!(value.get("error").is_none(), "{path} {body}: {}", value["message"]);
        value
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends with its session, and before its profile is removed; the driver may be gone already.
        let _ = request(self.port, "DELETE", &format!("/session/{}", self.session), &json!({}));
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn request(port: u16, method: &str, path: &str, body: &Value) -> Option<Value> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    // The driver does not always close the connection, so the length counts.
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice::<Value>(&body).ok()?.get("value").cloned()
}
