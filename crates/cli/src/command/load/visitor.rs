//! An operator who opens pages of the console: one request, one connection, with the cookie of the login.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use yanmi_center::registry::TotpSecret;
use yanmi_simulator::world::Operator;

use crate::ambient;
use crate::failure::Failure;

/// Longest answer that is read, in bytes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Where a form led.
    pub(super) location: Option<String>,
    cookie: Option<String>,
    pub(super) body: String,
    /// From the first byte of the request to the last of the answer.
    pub(super) took: Duration,
}

/// A browser with its session.
pub(super) struct Visitor {
    face: SocketAddr,
    cookie: String,
}

impl Visitor {
    /// Logs in with password and code.
    pub(super) fn log_in(face: SocketAddr, operator: &Operator) -> Result<Self, Failure> {
        let secret = TotpSecret::read(&operator.totp_secret)
            .map_err(|error| Failure::because("操作员的验证器不可用", &error))?;
        let code = secret.shown(ambient::clock().now());
        let mut visitor = Self { face, cookie: String::new() };
        let fields = [
            ("login", operator.login.as_str()),
            ("password", &operator.password),
            ("code", &code),
            ("next", "/o/"),
        ];
        let answer = visitor.post("/o/login", &fields)?;
        let cookie = answer.cookie.ok_or_else(|| Failure::new(format!("{} 未能登录", operator.login)))?;
        visitor.cookie = cookie;
        Ok(visitor)
    }

    /// Opens a page.
    pub(super) fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.ask("GET", path, "")
    }

    /// Sends a form of a page, with the token the page has for it.
    pub(super) fn act(&self, path: &str, fields: &[(&str, &str)]) -> Result<Answer, Failure> {
        let page = self.get(path)?.body;
        let form = page.split(&format!("action=\"{path}\"")).nth(1).unwrap_or_default();
        let token = form.split("name=\"t\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let token = token.ok_or_else(|| Failure::new(format!("{path} 上没有要找的表单")))?;
        self.post(path, &[fields, &[("t", token)]].concat())
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Answer, Failure> {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        self.ask("POST", path, &pairs.join("&"))
    }

    fn ask(&self, method: &str, path: &str, form: &str) -> Result<Answer, Failure> {
        self.exchange(method, path, form)
            .map_err(|error| Failure::because(&format!("{path} 没有应答"), &error))
    }

    fn exchange(&self, method: &str, path: &str, form: &str) -> io::Result<Answer> {
        let face = self.face;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {face}\r\norigin: http://{face}\r\ncookie: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{form}",
            self.cookie,
            form.len()
        );
        let begun = Instant::now();
        let mut stream = TcpStream::connect(face)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request.as_bytes())?;
        let mut bytes = Vec::new();
        stream.take(MOST_BYTES).read_to_end(&mut bytes)?;
        let took = begun.elapsed();
        let text = String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        let (head, body) =
            text.split_once("\r\n\r\n").ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        let status = head.get(9..12).and_then(|digits| digits.parse().ok());
        let status = status.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        let header = |wanted: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.to_owned())
        };
        let cookie = header("set-cookie").and_then(|set| set.split(';').next().map(str::to_owned));
        Ok(Answer { status, location: header("location"), cookie, body: body.to_owned(), took })
    }
}

/// A value as a form sends it.
fn escaped(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(byte));
        } else {
            // Writing to a string never fails.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}
