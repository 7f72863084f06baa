//! A browser that does what a test says, over the `WebDriver` protocol of `chromedriver` (Debian's package `chromium-driver`).
//! `test` installs it. Each test has a browser of its own, with an empty profile that goes away with it.
//!
//! Whatever goes wrong ends the test that asked for it: every function panics with the driver's words. Only tests and
//! chores of the repository use it.

#![expect(
    clippy::missing_panics_doc,
    reason = "every function panics when the browser does not do it: it is for tests"
)]

mod axe;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// What takes longer does not come any more.
const PATIENCE: Duration = Duration::from_secs(20);
/// Drivers that are started until one has its port.
const DRIVERS: usize = 20;
/// Between two looks at a page that is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How often it is looked at least, before something is said not to come.
const FEWEST_LOOKS: u32 = 100;

/// A running browser with one window.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// Starts a browser whose window is this large; its profile is in `folder`. Motion is reduced, so that nothing
    /// is slower than it has to be.
    pub fn start(folder: &Path, width: u32, height: u32) -> Self {
        Self::start_with(folder, width, height, true)
    }

    /// The same with JavaScript switched off for pages; what a test asks for is still evaluated.
    pub fn start_without_script(folder: &Path, width: u32, height: u32) -> Self {
        Self::start_with(folder, width, height, false)
    }

    fn start_with(folder: &Path, width: u32, height: u32, script: bool) -> Self {
        let (driver, port) = (0..DRIVERS).find_map(|_| driver()).expect("a driver with a port");
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
            "goog:chromeOptions": {"args": flags, "prefs": {
                // 1 allows, 2 blocks.
                "profile.managed_default_content_settings.javascript": if script { 1 } else { 2 },
            }}, "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": PATIENCE.as_secs() * 2_000},
        }}});
        let mut browser = Self { driver, port, session: String::new() };
        let made = browser.ask("POST", "", &wanted);
        made["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        browser.resize(width, height);
        browser
    }

    /// Makes the page this large, whatever the window has around it.
    pub fn resize(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        let command = json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": size});
        self.ask("POST", "/goog/cdp/execute", &command);
    }

    /// Has the person prefer a dark page, or a light one.
    pub fn prefer_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        let command = json!({"cmd": "Emulation.setEmulatedMedia", "params": features});
        self.ask("POST", "/goog/cdp/execute", &command);
    }

    /// Takes the network away from the browser, or gives it back.
    pub fn take_offline(&self, offline: bool) {
        let conditions =
            json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        for (cmd, params) in [("Network.enable", json!({})), ("Network.emulateNetworkConditions", conditions)]
        {
            self.ask("POST", "/goog/cdp/execute", &json!({ "cmd": cmd, "params": params }));
        }
    }

    /// Goes to an address.
    pub fn open(&self, url: &str) {
        self.ask("POST", "/url", &json!({ "url": url }));
    }

    /// Goes back, as by the back button.
    pub fn back(&self) {
        self.ask("POST", "/back", &json!({}));
    }

    /// Reloads the page. One that leaves by itself at the same moment, to come anew, is as good.
    pub fn reload(&self) {
        let value = self.told("POST", "/refresh", &json!({}));
        let message = value["message"].as_str().unwrap_or_default();
        assert!(
            value.get("error").is_none() || message.contains("aborted by navigation"),
            "reload: {message}"
        );
    }

    /// The value of a JavaScript expression.
    pub fn value(&self, expression: &str) -> Value {
        self.ask("POST", "/execute/sync", &json!({"script": format!("return {expression}"), "args": []}))
    }

    /// Waits until an expression is true, on whatever page the browser is by then.
    pub fn until(&self, expression: &str) {
        let script = format!("try {{ return Boolean({expression}) }} catch {{ return false }}");
        let question = json!({"script": script, "args": []});
        let (begun, mut looks) = (Instant::now(), 0);
        // Asked from here and not awaited in the page, which may be left meanwhile: then there is no answer.
        while self.told("POST", "/execute/sync", &question) != json!(true) {
            let text = || self.value("document.body.innerText");
            // A machine that stood still for a while has not looked often.
            assert!(looks < FEWEST_LOOKS || begun.elapsed() < PATIENCE, "{expression}: {}", text());
            looks += 1;
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    fn element(&self, selector: &str) -> String {
        let found = self.ask("POST", "/element", &json!({"using": "css selector", "value": selector}));
        let id = found.as_object().and_then(|ids| ids.values().next()).and_then(Value::as_str);
        id.unwrap_or_else(|| panic!("no element {selector}")).to_owned()
    }

    /// Clicks as a person does: scrolls there, and hits what is on top.
    pub fn click(&self, selector: &str) {
        let id = self.element(selector);
        self.ask("POST", &format!("/element/{id}/click"), &json!({}));
    }

    /// Types text into an element.
    pub fn fill(&self, selector: &str, text: &str) {
        let id = self.element(selector);
        self.ask("POST", &format!("/element/{id}/value"), &json!({ "text": text }));
    }

    /// The whole page as PNG, as wide as the window.
    pub fn picture(&self) -> Vec<u8> {
        let command = json!({"cmd": "Page.captureScreenshot", "params": {"captureBeyondViewport": true}});
        let taken = self.ask("POST", "/goog/cdp/execute", &command);
        let data = taken["data"].as_str().expect("a picture");
        BASE64_STANDARD.decode(data).expect("a picture in base64")
    }

    /// Runs a script that defines things for later questions, whatever the page allows.
    pub fn run(&self, script: &str) {
        self.ask("POST", "/execute/sync", &json!({ "script": script, "args": [] }));
    }

    /// What a promise comes to.
    pub fn awaited(&self, expression: &str) -> Value {
        let script =
            format!("const done = arguments[0]; ({expression}).then(done, error => done(String(error)));");
        self.ask("POST", "/execute/async", &json!({ "script": script, "args": [] }))
    }

    /// What axe-core finds wrong for people who see, hear or move otherwise: the rules of WCAG 2.2 A and AA, and its own
    /// good practice. Empty when nothing is.
    pub fn violations(&self) -> Vec<String> {
        const ASK: &str = "axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', \
            'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(found => found.violations.map(v => \
            v.id + ': ' + v.nodes.map(n => n.html + ' ' + n.failureSummary).join(' | ')))";
        self.run(&axe::source());
        let found = self.awaited(ASK);
        let found = found.as_array().unwrap_or_else(|| panic!("axe-core: {found}"));
        found.iter().map(|violation| violation.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Presses a key wherever the focus is.
    pub fn press(&self, key: &str) {
        let actions = json!({"actions":[{"type":"key","id":"keys","actions":[
            {"type":"keyDown","value":key},{"type":"keyUp","value":key}]}]});
        self.ask("POST", "/actions", &actions);
    }

    /// Types a text wherever the focus is, key by key.
    pub fn type_text(&self, text: &str) {
        let keys: Vec<Value> = text
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()})))
            .collect();
        self.ask("POST", "/actions", &json!({"actions":[{"type":"key","id":"keys","actions":keys}]}));
    }

    /// Keeps a picture of the page, as `name.png` in the folder `YANMI_SHOTS` (`cargo xtask shots`); when that is not
    /// set, none.
    pub fn keep_picture(&self, name: &str) {
        if let Some(folder) = std::env::var_os("YANMI_SHOTS") {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(Path::new(&folder).join(format!("{name}.png")), self.picture()).expect("written");
        }
    }

    /// Puts this text in place of the page, under the address and the policy of the page that is open: for pages that
    /// a server sends to others than browsers of this machine.
    pub fn show(&self, html: &str) {
        let ask = |cmd: &str, params: Value| {
            self.ask("POST", "/goog/cdp/execute", &json!({ "cmd": cmd, "params": params }))
        };
        let tree = ask("Page.getFrameTree", json!({}));
        ask("Page.setDocumentContent", json!({ "frameId": tree["frameTree"]["frame"]["id"], "html": html }));
    }

    /// What the page complained about on its console since the last time.
    pub fn complaints(&self) -> Vec<Value> {
        self.ask("POST", "/se/log", &json!({"type": "browser"})).as_array().cloned().unwrap_or_default()
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let value = self.told(method, path, body);
        assert!(value.get("error").is_none(), "{path} {body}: {}", value["message"]);
        value
    }

    /// The driver's word, whether it is an answer or an error.
    fn told(&self, method: &str, path: &str, body: &Value) -> Value {
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

/// A driver on a port of its own; nothing when somebody took the port it chose before it could listen there.
fn driver() -> Option<(Child, u16)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver starts: apt-get install chromium-driver");
    let mut lines = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
    let port = lines.find_map(|line| {
        let line = line.expect("a line");
        line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
    });
    let Some(port) = port else {
        driver.wait().expect("it ended");
        return None;
    };
    // Whatever it says later goes nowhere, but somebody has to read it.
    std::thread::spawn(move || lines.for_each(drop));
    Some((driver, port))
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
