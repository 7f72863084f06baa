//! The app's words: what it makes of what the center posts, and what it tells the center.

use std::fmt;
use std::time::Duration;

use yanmi_protocol::envelope::{self, Answer, PlainText, RequestEnvelope};
use yanmi_protocol::message::auth_result::{self, Draft};
use yanmi_protocol::message::channel_notice::{self, Notice};
use yanmi_protocol::message::{password_free, pending};
use yanmi_protocol::{ChannelId, Code, EcIndexNo, Region, Sm4Key};

use crate::Clock;
use crate::outgoing::{AskError, Caller, Received};

/// How long a channel waits for the center, unless it says otherwise.
pub const CENTER_DEADLINE: Duration = Duration::from_secs(15);
/// What stands before the `&` in the `reqtType` of a channel.
const PREFIX: &str = "chnl";

/// A channel app at one center.
#[derive(Clone)]
pub struct App {
    /// The channel; also the `orgId` of the envelopes of both directions.
    pub id: ChannelId,
    /// The key of the envelopes of both directions.
    pub key: Sm4Key,
    /// The center's region.
    pub region: Region,
    /// The center's channel face, without a slash at the end.
    pub center_url: String,
    /// The way out.
    pub caller: Caller,
    /// What stamps the envelopes.
    pub clock: Clock,
    /// How long an answer of the center may take.
    pub deadline: Duration,
}

/// Nothing but who it is: addresses may hold what is not for everybody.
impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why a channel does not take what was posted to it. The center passes the reason on in 500319.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The return code of the answer.
    pub code: Code,
    /// The message beside it, in Chinese.
    pub reason: String,
}

impl Refused {
    /// The body of the answer. A refusal is not sealed.
    pub fn body(&self) -> String {
        envelope::refusal(self.code, &self.reason)
    }
}

/// What the center said.
pub struct CenterAnswer {
    /// Code and message.
    pub answer: Answer,
    /// The opened message of a success.
    pub plain: Option<PlainText>,
}

/// Nothing of the message.
impl fmt::Debug for CenterAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CenterAnswer").field("code", &self.answer.code).finish_non_exhaustive()
    }
}

impl App {
    /// Opens what the center posted to the notice address: a notice or a withdrawal.
    ///
    /// # Errors
    /// [`Refused`], whose [`Refused::body`] is the answer. Whatever keeps an envelope from opening is answered
    /// with the same words, so that nobody learns from them.
    pub fn open(&self, body: &[u8]) -> Result<Notice, Refused> {
        let denied = || Refused { code: Code::Denied, reason: Code::Denied.message().to_owned() };
        let wrong = |reason: String| Refused { code: Code::BadParameter, reason };
        let request = RequestEnvelope::parse(body, self.region).map_err(|e| wrong(e.to_string()))?;
        if request.org_id != self.id.as_str() {
            return Err(denied());
        }
        let opened = request.sealed.open(&self.key).map_err(|_| denied())?;
        let members = opened.members().map_err(|_| denied())?;
        let notice = Notice::read(&members).map_err(|e| wrong(e.to_string()))?;
        if notice.channel != self.id {
            return Err(wrong("chnlId 与报文的 orgId 不符".to_owned()));
        }
        Ok(notice)
    }

    /// The body that tells the center that the notice was taken. Send it once the notice is stored: the center
    /// does not push it again after that.
    pub fn received(&self) -> String {
        envelope::success(&self.key, channel_notice::received_json().as_bytes())
    }

    /// The body that tells the center that the person pays without a password in this app, and is not asked
    /// (1.4.3.2(4)). The center takes it only from a channel that is registered for it, within the limits registered with
    /// it; otherwise the institution is told that the notice failed.
    pub fn password_free_here(&self) -> String {
        envelope::success(&self.key, channel_notice::password_free_json().as_bytes())
    }

    /// What is pending for the person in this app, the newest first: for the message center, whenever the person
    /// opens it. Put each into the [`super::Inbox`] like a pushed one.
    ///
    /// # Errors
    /// [`AskError`]. A refusal of the center, and an answer that is none, are an empty list.
    pub async fn pending(&self, person: EcIndexNo) -> Result<Vec<Notice>, AskError> {
        let answer = self.ask(pending::PATH, &pending::Request { index: person }.to_json()).await?;
        Ok(self.read_pending(&answer))
    }

    /// The notices of an answer about pending ones, those of other channels left out.
    pub fn read_pending(&self, answer: &CenterAnswer) -> Vec<Notice> {
        let members = answer.plain.as_ref().and_then(|plain| plain.members().ok());
        let notices = members.and_then(|members| pending::read_answer(&members).ok()).unwrap_or_default();
        notices.into_iter().filter(|notice| notice.channel == self.id).collect()
    }

    /// Tells the center what the person did. It may be told again when the answer got lost; the same confirmation
    /// twice is success (V6). On 500014 the notice no longer counts: take it off the screen.
    ///
    /// # Errors
    /// [`AskError`]; a refusal is none.
    pub async fn report(&self, draft: &Draft<'_>) -> Result<CenterAnswer, AskError> {
        self.ask(auth_result::PATH, &draft.to_json()).await
    }

    /// Switches password-free settlement for the person in this app.
    ///
    /// # Errors
    /// [`AskError`]; a refusal is none.
    pub async fn password_free(&self, request: &password_free::Request) -> Result<CenterAnswer, AskError> {
        self.ask(password_free::PATH, &request.to_json()).await
    }

    /// Seals a message, posts it to a path of the center's channel face, and opens the answer.
    ///
    /// # Errors
    /// [`AskError`]; a refusal is none.
    pub async fn ask(&self, path: &str, plain: &str) -> Result<CenterAnswer, AskError> {
        let received = self.post(path, self.seal(plain)).await?;
        self.read(&received)
    }

    /// The body of a request around a message, stamped with the time it is now.
    pub fn seal(&self, plain: &str) -> String {
        let now = (self.clock)();
        envelope::request(&self.key, self.id.as_str(), PREFIX, self.region, now, plain.as_bytes())
    }

    /// Posts a sealed body.
    ///
    /// # Errors
    /// [`AskError::Call`] when nothing comes back.
    pub async fn post(&self, path: &str, body: String) -> Result<Received, AskError> {
        let url = format!("{}{path}", self.center_url);
        Ok(self.caller.post(&url, body.into(), self.deadline).await?)
    }

    /// Reads what came back.
    ///
    /// # Errors
    /// [`AskError`]; a refusal is none.
    pub fn read(&self, received: &Received) -> Result<CenterAnswer, AskError> {
        let (answer, plain) = received.open(&self.key)?;
        Ok(CenterAnswer { answer, plain })
    }
}
