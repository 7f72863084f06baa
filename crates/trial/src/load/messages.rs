//! What the load generator says, request by request.

use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use yanmi_protocol::message::{notify, status};
use yanmi_protocol::{AccountId, EcToken, OrgCode, Region, Sm4Key, UnixMillis, envelope};
use yanmi_simulator::Clock;

/// The size of every request's body, in bytes, unless its message needs more. A sealed message comes in steps
/// of 32 digits; the free part of `reqtType` makes up the difference as far as its limit allows, and spaces after
/// the envelope the rest.
pub const BODY_BYTES: usize = 328;
/// The shortest free part of `reqtType`.
const PREFIX: &str = "load";

/// Whose verification the n-th status query asks for.
pub type Targets = Arc<dyn Fn(u64) -> (EcToken, OrgCode) + Send + Sync>;
/// The token of the n-th notice.
pub type Tokens = Arc<dyn Fn(u64) -> EcToken + Send + Sync>;

/// The n-th request as it goes over the wire, head and body.
pub type Requests = Arc<dyn Fn(u64) -> String + Send + Sync>;

/// Whose envelopes.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The account.
    pub org_id: AccountId,
    /// Its key.
    pub key: Sm4Key,
    /// The center's region.
    pub region: Region,
    /// Whether they carry a mac (E13).
    pub mac: bool,
}

/// What is asked.
#[derive(Clone)]
pub enum What {
    /// The same bytes back, unsealed: the baseline.
    Echo,
    /// 1.7.2, of known verifications.
    Status {
        /// Whose envelopes.
        sender: Sender,
        /// Request number → what it asks for. Numbers count from 0, the warm-up's included.
        targets: Targets,
    },
    /// 1.7.1, a fresh token each.
    Notify {
        /// Whose envelopes.
        sender: Sender,
        /// Request number → its token.
        tokens: Tokens,
        /// For which institution.
        org_code: OrgCode,
        /// Its name.
        org_name: String,
        /// `totalAmount`.
        amount: Option<String>,
    },
    /// Something else than a center: the gate of an agent.
    Gate(Requests),
}

impl What {
    /// `echo`, `status`, `notify` or `gate`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Status { .. } => "status",
            Self::Notify { .. } => "notify",
            Self::Gate(_) => "gate",
        }
    }

    const fn path(&self) -> &'static str {
        match self {
            Self::Echo | Self::Gate(_) => "/echo",
            Self::Status { .. } => status::PATH,
            Self::Notify { .. } => notify::PATH,
        }
    }
}

impl fmt::Debug for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Writes requests into one buffer, again and again.
pub(super) struct Writer {
    what: What,
    clock: Clock,
    /// Everything before the value of `content-length`.
    head: Vec<u8>,
    buffer: Vec<u8>,
    body_bytes: usize,
    prefix: String,
}

impl Writer {
    pub(super) fn new(addr: SocketAddr, what: &What, clock: Clock) -> Self {
        let path = what.path();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {addr}\r\ncontent-type: application/json\r\ncontent-length: "
        );
        let prefix = fitting_prefix(what, clock());
        let buffer = Vec::with_capacity(1_024);
        Self { what: what.clone(), clock, head: head.into_bytes(), buffer, body_bytes: 0, prefix }
    }

    /// The bytes of the request with this number, head and body.
    pub(super) fn write(&mut self, ticket: u64) -> &[u8] {
        if let What::Gate(requests) = &self.what {
            self.buffer.clear();
            self.buffer.extend_from_slice(requests(ticket).as_bytes());
            return &self.buffer;
        }
        let body = body(&self.what, ticket, &self.prefix, (self.clock)());
        self.body_bytes = body.len().max(BODY_BYTES);
        self.buffer.clear();
        self.buffer.extend_from_slice(&self.head);
        // Writing into memory cannot fail.
        let _ = write!(self.buffer, "{}\r\n\r\n", self.body_bytes);
        self.buffer.extend_from_slice(body.as_bytes());
        let spaces = self.body_bytes - body.len();
        self.buffer.resize(self.buffer.len() + spaces, b' ');
        &self.buffer
    }

    /// The size of the last request's body.
    pub(super) const fn body_bytes(&self) -> usize {
        self.body_bytes
    }
}

/// The free part of `reqtType` that brings the body as close to [`BODY_BYTES`] as its limit lets it.
fn fitting_prefix(what: &What, now: UnixMillis) -> String {
    let missing = BODY_BYTES.saturating_sub(body(what, 0, PREFIX, now).len());
    let room = envelope::MAX_REQT_TYPE - "&350000".len() - PREFIX.len();
    format!("{PREFIX}{}", "x".repeat(missing.min(room)))
}

fn body(what: &What, ticket: u64, prefix: &str, now: UnixMillis) -> String {
    let seal = |from: &Sender, path: &str, message: &str| {
        let (key, org_id, region) = (&from.key, from.org_id.as_str(), from.region);
        let sender = envelope::Sender { key, org_id, prefix, region };
        sender.request_to(path, now, message.as_bytes(), from.mac).0
    };
    match what {
        What::Echo | What::Gate(_) => "e".repeat(BODY_BYTES),
        What::Status { sender, targets } => {
            let (token, org_code) = targets(ticket);
            let (token, org_code) = (token.as_str(), org_code.as_str());
            let draft = status::Draft { token, org_code, extended: None, wait_seconds: None };
            seal(sender, status::PATH, &draft.to_json())
        }
        What::Notify { sender, tokens, org_code, org_name, amount } => {
            let token = tokens(ticket);
            let draft = notify::Draft {
                token: token.as_str(),
                org_code: org_code.as_str(),
                org_name,
                amount: amount.as_deref(),
            };
            seal(sender, notify::PATH, &draft.to_json())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yanmi_protocol::envelope::RequestEnvelope;
    use yanmi_simulator::bench::bench_token;

    fn sender() -> Sender {
        Sender {
            org_id: AccountId::new("testOrgId").expect("an account"),
            key: Sm4Key::from_bytes(&[3; 16]),
            region: Region::new("350000").expect("a region"),
            mac: false,
        }
    }

    fn org() -> OrgCode {
        OrgCode::new("H35010000001").expect("a code")
    }

    fn sent(what: &What, ticket: u64) -> String {
        let clock: Clock = Arc::new(|| UnixMillis::new(1_700_000_000_000));
        let mut writer = Writer::new(([127, 0, 0, 1], 80).into(), what, clock);
        let bytes = writer.write(ticket).to_vec();
        let text = String::from_utf8(bytes).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.ends_with(&format!("content-length: {}", body.len())));
        assert_eq!(writer.body_bytes(), body.len());
        body.to_owned()
    }

    #[test]
    fn status_queries_are_sealed_and_of_the_size() {
        let what = What::Status { sender: sender(), targets: Arc::new(|n| (bench_token(n), org())) };
        let body = sent(&what, 7);
        assert_eq!(body.len(), BODY_BYTES);
        let envelope = RequestEnvelope::parse(body.as_bytes(), sender().region).expect("an envelope");
        let plain = envelope.sealed.open(&sender().key).expect("opens");
        let request = status::Request::read(&plain.members().expect("an object")).expect("a request");
        assert_eq!(request.token, bench_token(7));
    }

    #[test]
    fn notices_are_sealed_and_of_the_size() {
        let what = What::Notify {
            sender: sender(),
            tokens: Arc::new(bench_token),
            org_code: org(),
            org_name: "医院".to_owned(),
            amount: None,
        };
        let body = sent(&what, 9);
        assert_eq!(body.len(), BODY_BYTES);
        let envelope = RequestEnvelope::parse(body.as_bytes(), sender().region).expect("an envelope");
        let plain = envelope.sealed.open(&sender().key).expect("opens");
        let request = notify::Request::read(&plain.members().expect("an object")).expect("a request");
        assert_eq!((request.token, request.org_name.as_str()), (bench_token(9), "医院"));
    }

    #[test]
    fn requests_to_others_go_out_as_they_are() {
        let clock: Clock = Arc::new(|| UnixMillis::new(1_700_000_000_000));
        let what = What::Gate(Arc::new(|n| format!("GET /{n} HTTP/1.1\r\n\r\n")));
        let mut writer = Writer::new(([127, 0, 0, 1], 80).into(), &what, clock);
        assert_eq!(writer.write(7), b"GET /7 HTTP/1.1\r\n\r\n");
        assert_eq!(writer.write(8), b"GET /8 HTTP/1.1\r\n\r\n");
    }

    #[test]
    fn the_echo_is_of_the_size() {
        assert_eq!(sent(&What::Echo, 0).len(), BODY_BYTES);
    }
}
