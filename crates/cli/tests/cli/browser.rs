//! A browser that does what a test says, over the `WebDriver` protocol of `chromedriver` (Debian's package `chromium-driver`).
//! `test` installs it. Each test has a browser of its own, with an empty profile that goes away with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

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
        // A page that goes away takes the script along, and the next one is asked again.
        let begun = Instant::now();
        let met = loop {
            let met = self.said("POST", "/execute/async", &json!({"script": script, "args": []}));
            if met.get("error").is_none() || begun.elapsed().as_millis() > u128::from(PATIENCE_MILLIS) {
                break met;
            }
        };
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

    /// Types a text wherever the focus is, key by key.
    pub(crate) fn type_text(&self, text: &str) {
        let keys: Vec<Value> = text
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()})))
            .collect();
        self.ask("POST", "/actions", &json!({"actions":[{"type":"key","id":"keys","actions":keys}]}));
    }

    /// Keeps a picture of the page, as `name.png` in the folder `YANMI_SCREENSHOTS`; when that is not set, none.
    pub(crate) fn picture(&self, name: &str) {
        let Ok(folder) = std::env::var("YANMI_SCREENSHOTS") else { return };
        let command = json!({"cmd": "Page.captureScreenshot", "params": {"format": "png"}});
        let taken = self.ask("POST", "/goog/cdp/execute", &command);
        let text = taken["data"].as_str().expect("a picture");
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), from_base64(text)).expect("written");
    }

    /// What the page complained about on its console since the last time.
    pub(crate) fn complaints(&self) -> Vec<Value> {
        self.ask("POST", "/se/log", &json!({"type": "browser"})).as_array().cloned().unwrap_or_default()
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let value = self.said(method, path, body);
        assert!(value.get("error").is_none(), "{path} {body}: {}", value["message"]);
        value
    }

    /// What the driver says, be it an error.
    fn said(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = if self.session.is_empty() {
            "/session".to_owned()
        } else {
            format!("/session/{}{path}", self.session)
        };
        request(self.port, method, &path, body).expect("chromedriver answers")
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

fn from_base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u32> = text.trim_end_matches('=').bytes().map(digit).collect();
    let bytes = digits.chunks(4).flat_map(|four| {
        let value = (0..4).fold(0, |sum, at| sum << 6 | four.get(at).copied().unwrap_or(0));
        let [_, bytes @ ..] = value.to_be_bytes();
        bytes.into_iter().take(four.len() - 1)
    });
    bytes.collect()
}
