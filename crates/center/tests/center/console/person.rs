//! Somebody at a console: a browser that keeps its cookie, and a phone that knows the code.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::site::{Hands, Site};
use crate::wire::{Answer, Wire};

/// Somebody, at an address of his own.
pub(crate) struct Person {
    pub(crate) face: SocketAddr,
    /// What the addresses of that face begin with: `/o/` or `/a/`.
    root: &'static str,
    source: IpAddr,
    hands: Hands,
    pub(crate) cookie: Option<String>,
    pub(crate) invitation: String,
    login: String,
    pub(crate) password: String,
    phone: Vec<u8>,
    pub(crate) last_code: String,
}

impl Person {
    pub(crate) fn new(site: &Site, last: u8) -> Self {
        Self::at(site, (site.operator_addr(), "/o/"), last)
    }

    /// Somebody of an applicant, at the applicants' pages.
    pub(crate) fn of_applicant(site: &Site, last: u8) -> Self {
        Self::at(site, (site.applicant_addr(), "/a/"), last)
    }

    fn at(site: &Site, (face, root): (SocketAddr, &'static str), last: u8) -> Self {
        Self {
            face,
            root,
            source: IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)),
            hands: site.hands.clone(),
            cookie: None,
            invitation: String::new(),
            login: String::new(),
            password: format!("correct horse {last} battery"),
            phone: Vec::new(),
            last_code: String::new(),
        }
    }

    /// Comes from another address: one has few logins a minute, whatever a test's clock says.
    pub(crate) fn move_to(&mut self, last: u8) {
        self.source = IpAddr::V4(Ipv4Addr::new(127, 0, 1, last));
    }

    /// What the page of an invitation shows to be typed into the phone.
    pub(crate) fn learn(&mut self, key: &str) {
        self.phone = base32(key);
    }

    /// Takes an invitation up, as the page says.
    pub(crate) async fn enrol(&mut self, secret: &str) {
        secret.clone_into(&mut self.invitation);
        let path = format!("{}invite/{secret}", self.root);
        let page = self.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let between = |before: &str, after: &str| {
            let rest = page.body.split(before).nth(1).expect("it is there");
            rest.split(after).next().expect("it ends").to_owned()
        };
        self.learn(&between("<p class=\"key\">", "</p>"));
        self.login = between("<strong>", "</strong>");
        let (password, code) = (self.password.clone(), self.next_code());
        let other = [("password", password.as_str()), ("again", "another password"), ("code", &code)];
        assert_eq!(self.post(&path, &other, &[]).await.status, 422);
        let weak = [("password", "123456789012"), ("again", "123456789012"), ("code", &code)];
        assert_eq!(self.post(&path, &weak, &[]).await.status, 422);
        let fields = [("password", password.as_str()), ("again", &password), ("code", &code)];
        assert_eq!(self.post(&path, &fields, &[]).await.status, 303);
    }

    /// Logs in with the next code; the status.
    pub(crate) async fn log_in(&mut self) -> u16 {
        let (login, password, code) = (self.login.clone(), self.password.clone(), self.next_code());
        let answer = self.try_to_log_in(&login, &password, &code).await;
        if let Some(cookie) = answer.header("set-cookie") {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        answer.status
    }

    pub(crate) async fn try_to_log_in(&mut self, login: &str, password: &str, code: &str) -> Answer {
        let fields = [("login", login), ("password", password), ("code", code), ("next", self.root)];
        self.post(&format!("{}login", self.root), &fields, &[]).await
    }

    /// A code that was not used: time goes on until there is one.
    pub(crate) fn next_code(&mut self) -> String {
        loop {
            let step = self.hands.now().get() / 30_000;
            let code = code(&self.phone, u64::try_from(step).expect("after 1970"));
            if code != self.last_code {
                self.last_code.clone_from(&code);
                return code;
            }
            self.hands.forward(Duration::from_secs(30));
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "", &[]).await
    }

    /// The token of the forms of a page.
    pub(crate) async fn token(&mut self, path: &str) -> String {
        // The first on a page is of the form that leaves.
        let from = if path.ends_with("/logout") { self.root } else { path };
        let page = self.get(from).await.body;
        let mark = format!("method=\"post\" action=\"{path}\"");
        let form = page.split(&mark).nth(1).unwrap_or_default();
        let value = form.split("name=\"t\" value=\"").nth(1).unwrap_or_default();
        value.split('"').next().unwrap_or_default().to_owned()
    }

    /// Sends a form of a page as the browser would, with the code where it is asked for.
    pub(crate) async fn act(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let (token, code) = self.proofs(path).await;
        let more = [("t", token.as_str()), ("code", code.as_str())];
        self.post(path, &[fields, &more].concat(), &[]).await
    }

    /// The same where a file is what comes back.
    pub(crate) async fn act_for_file(&mut self, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
        let (token, code) = self.proofs(path).await;
        let more = [("t", token.as_str()), ("code", code.as_str())];
        let form = written(&[fields, &more].concat());
        let mut wire = self.send("POST", path, form.as_bytes(), &[]).await;
        wire.answer_bytes().await.expect("an answer").1
    }

    /// The token of a page's forms, and the code where one is asked for.
    async fn proofs(&mut self, path: &str) -> (String, String) {
        let token = self.token(path).await;
        let asks = self.get(path).await.body.contains("name=\"code\"");
        (token, if asks { self.next_code() } else { String::new() })
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)], headers: &[&str]) -> Answer {
        self.ask("POST", path, written(fields), headers).await
    }

    /// Brings a file as the form of a page does.
    pub(crate) async fn upload(&mut self, path: &str, name: &str, file: &[u8]) -> Answer {
        let (token, code) = self.proofs(path).await;
        self.post_file(path, [("t", &token), ("code", &code)], (name, file)).await
    }

    /// The same with these fields.
    pub(crate) async fn post_file(
        &mut self,
        path: &str,
        fields: [(&str, &str); 2],
        (name, file): (&str, &[u8]),
    ) -> Answer {
        const BOUNDARY: &str = "----yanmi0123456789";
        let mut body = Vec::new();
        for (field, value) in fields {
            let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n");
            body.extend_from_slice(format!("{head}{value}\r\n").as_bytes());
        }
        let head =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n");
        body.extend_from_slice(format!("{head}Content-Type: application/octet-stream\r\n\r\n").as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("content-type: multipart/form-data; boundary={BOUNDARY}");
        self.ask("POST", path, &body, &[&kind]).await
    }

    /// A file that a page leads to.
    pub(crate) async fn download(&mut self, path: &str) -> Vec<u8> {
        self.download_with_head(path).await.1
    }

    /// The same behind the head of the answer.
    pub(crate) async fn download_with_head(&mut self, path: &str) -> (String, Vec<u8>) {
        let mut wire = self.send("GET", path, b"", &[]).await;
        wire.answer_bytes().await.expect("an answer")
    }

    async fn ask(&mut self, method: &str, path: &str, body: impl AsRef<[u8]>, headers: &[&str]) -> Answer {
        self.send(method, path, body.as_ref(), headers).await.answer().await.expect("an answer")
    }

    async fn send(&mut self, method: &str, path: &str, body: &[u8], headers: &[&str]) -> Wire {
        let mut wire = Wire::between(self.source, self.face).await;
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.face);
        for line in headers {
            head.push_str(line);
            head.push_str("\r\n");
        }
        if let Some(cookie) = &self.cookie {
            head.push_str("cookie: ");
            head.push_str(cookie);
            head.push_str("\r\n");
        }
        let head = format!("{head}content-length: {}\r\n\r\n", body.len());
        wire.send(&[head.as_bytes(), body].concat()).await;
        wire
    }
}

/// As a browser sends a form.
fn written(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

fn encoded(text: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    text.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// RFC 4648, blanks left out.
fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut count, mut out) = (0_u32, 0, Vec::new());
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).expect("a digit");
        bits = bits << 5 | u32::try_from(value).expect("small");
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xFF).expect("a byte"));
        }
    }
    out
}

/// RFC 6238.
fn code(secret: &[u8], step: u64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("a key");
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] & 0xF);
    let word = u32::from_be_bytes([hash[at] & 0x7F, hash[at + 1], hash[at + 2], hash[at + 3]]);
    format!("{:06}", word % 1_000_000)
}
