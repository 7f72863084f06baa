//! The institution: what a hospital's or pharmacy's system sends to the center, and what it reads from the answer.
//!
//! Every call gives back everything there is to see, from the message as it was sealed to the message as it was
//! opened, so that a test can look at the wire and a person can learn from it. [`Institution::call`] and
//! [`Institution::raw`] send what no honest institution would.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use yanmi_protocol::envelope::{self, Answer, PlainText, Sender};
use yanmi_protocol::message::{decode, notify, password, status};
use yanmi_protocol::{EcToken, Members, Region, Sm4Key, mask};

use crate::ambient::Clock;
use crate::outgoing::{AskError, CallError, Caller, Received};

/// How long an answer may take: longer than a status query may be held.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(40);
/// What stands before the `&` in the `reqtType`.
const PREFIX: &str = "sys";

/// An institution's system: one account at one center.
#[derive(Clone)]
pub struct Institution {
    caller: Caller,
    center_url: String,
    org_id: String,
    key: Sm4Key,
    region: Region,
    clock: Clock,
    deadline: Duration,
    mac: MacUse,
}

/// Whether an institution's requests carry a mac, and answers have to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MacUse {
    /// They do, and one on an answer is checked where there is one.
    Auto,
    /// They do, and answers have to.
    Always,
    /// They do not.
    Never,
}

impl fmt::Debug for Institution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Institution")
            .field("center_url", &self.center_url)
            .field("org_id", &self.org_id)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// A sealed call and its answer.
pub struct Called {
    /// The message before it was sealed.
    pub message: String,
    /// The body that was sent.
    pub sent: String,
    /// What came back, as it came.
    pub received: Received,
    /// The answer before opening: code and message.
    pub answer: Answer,
    /// The opened message of a success; nothing for a refusal.
    pub plain: Option<PlainText>,
}

/// Nothing of the messages.
impl fmt::Debug for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Called")
            .field("status", &self.received.status)
            .field("code", &self.answer.code)
            .field("message", &self.answer.message)
            .finish_non_exhaustive()
    }
}

impl Called {
    /// The return code.
    pub const fn code(&self) -> i64 {
        self.answer.code
    }

    /// The text member of the opened message; nothing when there is no such text.
    pub fn member(&self, name: &'static str) -> Option<String> {
        let members = self.plain.as_ref()?.members().ok()?;
        members.optional_text(name, envelope::MAX_PLAIN_BYTES).ok()?.map(std::borrow::Cow::into_owned)
    }

    /// The opened answer of a status query; nothing when it is none.
    pub fn status(&self) -> Option<status::Answer> {
        status::Answer::read(&self.plain.as_ref()?.members().ok()?).ok()
    }

    /// The opened answer of a notice; nothing when it is none.
    pub fn notice(&self) -> Option<notify::Answer> {
        notify::Answer::read(&self.plain.as_ref()?.members().ok()?).ok()
    }
}

/// A decode and its answer, which is not sealed.
pub struct DecodeCalled {
    /// The body that was sent.
    pub sent: String,
    /// What came back, as it came.
    pub received: Received,
    /// The return code.
    pub code: i64,
    /// The message beside it.
    pub message: String,
    /// `data.ecToken` of a success.
    pub token: Option<EcToken>,
}

impl fmt::Debug for DecodeCalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeCalled")
            .field("status", &self.received.status)
            .field("code", &self.code)
            .field("message", &self.message)
            .field("token", &self.token.map(|token| mask::token(token.as_str())))
            .finish_non_exhaustive()
    }
}

impl Institution {
    /// The system behind `org_id`, calling the center at `center_url` (`http://host:port`).
    pub fn new(center_url: &str, org_id: &str, key: Sm4Key, region: Region, clock: Clock) -> Self {
        Self {
            caller: Caller::new(),
            center_url: center_url.trim_end_matches('/').to_owned(),
            org_id: org_id.to_owned(),
            key,
            region,
            clock,
            deadline: DEFAULT_DEADLINE,
            mac: MacUse::Never,
        }
    }

    /// The same, waiting at most this long for an answer.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same with a mac on every request, wanting one on every answer (E13).
    #[must_use]
    pub fn with_mac(self) -> Self {
        self.with_macs(MacUse::Always)
    }

    /// The same with macs used like this.
    #[must_use]
    pub fn with_macs(self, mac: MacUse) -> Self {
        Self { mac, ..self }
    }

    /// The same over the connections of another caller.
    #[must_use]
    pub fn with_caller(self, caller: Caller) -> Self {
        Self { caller, ..self }
    }

    /// 1.7.1: has the person asked.
    ///
    /// # Errors
    /// [`AskError`]; a refusal is none.
    pub async fn notify(&self, draft: &notify::Draft<'_>) -> Result<Called, AskError> {
        self.call(notify::PATH, draft.to_json()).await
    }

    /// 1.7.1, asking for the number to compare as well (`ext`).
    ///
    /// # Errors
    /// [`AskError`]; a refusal is none.
    pub async fn notify_extended(&self, draft: &notify::Draft<'_>) -> Result<Called, AskError> {
        self.call(notify::PATH, draft.to_extended_json()).await
    }

    /// 1.7.2: asks whether the person confirmed.
    ///
    /// # Errors
    /// [`AskError`]; a refusal is none.
    pub async fn status(&self, draft: &status::Draft<'_>) -> Result<Called, AskError> {
        self.call(status::PATH, draft.to_json()).await
    }

    /// The password check of the specification's example (1.3.1.2).
    ///
    /// # Errors
    /// [`AskError`]; a refusal is none.
    pub async fn password(&self, draft: &password::Draft<'_>) -> Result<Called, AskError> {
        // What was said is shown afterwards: passwords of simulated persons are no secret.
        self.call(password::PATH, draft.to_json().to_string()).await
    }

    /// Seals any message and posts it to any path below the center's address.
    ///
    /// # Errors
    /// [`AskError`]; a refusal is none.
    pub async fn call(&self, path: &str, message: String) -> Result<Called, AskError> {
        let sender = self.sender();
        let now = (self.clock)();
        let (sent, mac) = sender.request_to(path, now, message.as_bytes(), self.mac != MacUse::Never);
        let received = self.raw(path, sent.clone()).await?;
        let given = Answer::parse(&received.body).is_ok_and(|answer| answer.mac.is_some());
        let (answer, plain) = match mac.filter(|_| given || self.mac == MacUse::Always) {
            Some(mac) => received.open_proven(&self.key, &mac)?,
            None => received.open(&self.key)?,
        };
        Ok(Called { message, sent, received, answer, plain })
    }

    /// The body of a request around a message, stamped with the time it is now, without a mac.
    pub fn seal(&self, message: &str) -> String {
        self.sender().request((self.clock)(), message.as_bytes())
    }

    fn sender(&self) -> Sender<'_> {
        Sender { key: &self.key, org_id: &self.org_id, prefix: PREFIX, region: self.region }
    }

    /// Posts any body at all.
    ///
    /// # Errors
    /// [`CallError`] when nothing comes back.
    pub async fn raw(&self, path: &str, body: impl Into<Bytes>) -> Result<Received, CallError> {
        self.caller.post(&format!("{}{path}", self.center_url), body.into(), self.deadline).await
    }

    /// Decodes a QR code, in plain JSON as the field does it.
    ///
    /// # Errors
    /// [`AskError`]; a refusal is none.
    pub async fn decode(
        &self,
        org_code: &str,
        business: &str,
        qr_code: &str,
    ) -> Result<DecodeCalled, AskError> {
        let sent = decode::Request::write(org_code, business, qr_code);
        let received = self.raw(decode::PATH, sent.clone()).await?;
        let answer = received.parse()?;
        let token = decoded_token(&received.body);
        Ok(DecodeCalled { sent, received, code: answer.code, message: answer.message, token })
    }
}

/// `data.ecToken` of a decode's answer.
fn decoded_token(body: &[u8]) -> Option<EcToken> {
    let outer = Members::parse(std::str::from_utf8(body).ok()?).ok()?;
    let data = Members::parse(outer.raw("data").ok()??).ok()?;
    data.optional_identifier("ecToken", EcToken::MAX_LENGTH, EcToken::new).ok()?
}
