//! The app's words: what it makes of what the center posts, and what it tells the center.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use yanmi_protocol::envelope::{self, RequestEnvelope, Sender};
use yanmi_protocol::message::auth_result::{self, Draft};
use yanmi_protocol::message::channel_notice::{self, Notice};
use yanmi_protocol::message::{password_free, pending};
use yanmi_protocol::{ChannelId, Code, EcIndexNo, Region, Sm4Key, UnixMillis};

use crate::answer::{CenterAnswer, ReadError, Transport};

/// What time it is.
pub type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// How long a channel waits for the center, unless it says otherwise.
pub const CENTER_DEADLINE: Duration = Duration::from_secs(15);
/// What stands before the `&` in the `reqtType` of a channel.
const PREFIX: &str = "chnl";

/// A channel app at one center. What is only opened, sealed and read needs no transport: an `App<()>` does.
#[derive(Clone)]
pub struct App<T> {
    /// The channel; also the `orgId` of the envelopes of both directions.
    pub id: ChannelId,
    /// The key of the envelopes of both directions.
    pub key: Sm4Key,
    /// Whether the envelopes and answers of both directions carry a mac (E13). That of the center is wanted then;
    /// otherwise it is checked where there is one.
    pub mac: bool,
    /// The center's region.
    pub region: Region,
    /// The center's channel face, without a slash at the end.
    pub center_url: String,
    /// The way to the center.
    pub transport: T,
    /// What stamps the envelopes.
    pub clock: Clock,
    /// How long an answer of the center may take.
    pub deadline: Duration,
}

/// Nothing but who it is: addresses may hold what is not for everybody.
impl<T> fmt::Debug for App<T> {
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
    body: String,
}

impl Refused {
    /// The body of the answer. A refusal is not sealed; it has a mac when what it refuses had the right one.
    pub fn body(&self) -> &str {
        &self.body
    }

    fn unproven(code: Code, reason: String) -> Self {
        let body = envelope::refusal(code, &reason);
        Self { code, reason, body }
    }
}

/// What the center posted, opened.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The notice or withdrawal.
    pub notice: Notice,
    mac: Option<String>,
}

/// A question to the center, ready to be posted.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The body.
    pub body: String,
    mac: Option<String>,
}

impl<T> App<T> {
    /// Opens what the center posted to the notice address: a notice or a withdrawal. `path` is that address's path, as
    /// it is registered at the center.
    ///
    /// # Errors
    /// [`Refused`], whose [`Refused::body`] is the answer. Whatever keeps an envelope from opening, a wrong or missing
    /// mac too, is answered with the same words, so that nobody learns from them.
    pub fn open(&self, path: &str, body: &[u8]) -> Result<Posted, Refused> {
        let denied = || Refused::unproven(Code::Denied, Code::Denied.message().to_owned());
        let request = RequestEnvelope::parse(body, self.region)
            .map_err(|error| Refused::unproven(Code::BadParameter, error.to_string()))?;
        if request.org_id != self.id.as_str() {
            return Err(denied());
        }
        let opened = request.sealed.open(&self.key).map_err(|_| denied())?;
        let proven = request.is_proven(path, &self.key);
        if !proven && (self.mac || request.mac.is_some()) {
            return Err(denied());
        }
        let mac = request.mac.map(std::borrow::Cow::into_owned);
        let wrong = |reason: String| self.refuse(mac.as_deref(), Code::BadParameter, reason);
        let members = opened.members().map_err(|_| denied())?;
        let notice = Notice::read(&members).map_err(|e| wrong(e.to_string()))?;
        if notice.channel != self.id {
            return Err(wrong("chnlId 与报文的 orgId 不符".to_owned()));
        }
        Ok(Posted { notice, mac })
    }

    /// The body that tells the center that the notice was taken. Send it once the notice is stored: the center
    /// does not push it again after that.
    pub fn received(&self, posted: &Posted) -> String {
        self.answer(posted, channel_notice::received_json())
    }

    /// Refuses what was posted, for a reason of the channel's own.
    pub fn refused(&self, posted: &Posted, code: Code, reason: String) -> Refused {
        self.refuse(posted.mac.as_deref(), code, reason)
    }

    fn refuse(&self, mac: Option<&str>, code: Code, reason: String) -> Refused {
        let body = envelope::refusal_for(&self.key, mac, code, &reason);
        Refused { code, reason, body }
    }

    /// The body that tells the center that the person pays without a password in this app, and is not asked
    /// (1.4.3.2(4)). The center takes it only from a channel that is registered for it, within the limits registered with
    /// it; otherwise the institution is told that the notice failed.
    pub fn password_free_here(&self, posted: &Posted) -> String {
        self.answer(posted, channel_notice::password_free_json())
    }

    /// A sealed answer to what was posted, with a mac when that had one.
    fn answer(&self, posted: &Posted, message: &str) -> String {
        envelope::success_for(&self.key, posted.mac.as_deref(), message.as_bytes())
    }

    /// The notices of an answer about pending ones, those of other channels left out.
    pub fn read_pending(&self, answer: &CenterAnswer) -> Vec<Notice> {
        let members = answer.plain.as_ref().and_then(|plain| plain.members().ok());
        let notices = members.and_then(|members| pending::read_answer(&members).ok()).unwrap_or_default();
        notices.into_iter().filter(|notice| notice.channel == self.id).collect()
    }

    /// The body of a request around a message for a path, stamped with the time it is now.
    pub fn seal(&self, path: &str, plain: &str) -> Sealed {
        let (now, plain) = ((self.clock)(), plain.as_bytes());
        let sender = Sender { key: &self.key, org_id: self.id.as_str(), prefix: PREFIX, region: self.region };
        let (body, mac) = sender.request_to(path, now, plain, self.mac);
        Sealed { body, mac }
    }

    /// Reads what came back to a question, under this HTTP status.
    ///
    /// # Errors
    /// [`ReadError`]; a refusal is none.
    pub fn read(&self, status: u16, body: &[u8], asked: &Sealed) -> Result<CenterAnswer, ReadError> {
        CenterAnswer::read(status, body, &self.key, asked.mac.as_deref())
    }
}

impl<T: Transport> App<T> {
    /// What is pending for the person in this app, the newest first: for the message center, whenever the person
    /// opens it. Put each into the [`Inbox`](crate::Inbox) like a pushed one.
    ///
    /// # Errors
    /// What the transport has. A refusal of the center, and an answer that is none, are an empty list.
    pub async fn pending(&self, person: EcIndexNo) -> Result<Vec<Notice>, T::Error> {
        let answer = self.ask(pending::PATH, &pending::Request { index: person }.to_json()).await?;
        Ok(self.read_pending(&answer))
    }

    /// Tells the center what the person did. It may be told again when the answer got lost; the same confirmation
    /// twice is success (V6). On 500014 the notice no longer counts: take it off the screen.
    ///
    /// # Errors
    /// What the transport has when nothing comes back, or nothing that can be read; a refusal is none.
    pub async fn report(&self, draft: &Draft<'_>) -> Result<CenterAnswer, T::Error> {
        self.ask(auth_result::PATH, &draft.to_json()).await
    }

    /// Switches password-free settlement for the person in this app.
    ///
    /// # Errors
    /// What the transport has when nothing comes back, or nothing that can be read; a refusal is none.
    pub async fn password_free(&self, request: &password_free::Request) -> Result<CenterAnswer, T::Error> {
        self.ask(password_free::PATH, &request.to_json()).await
    }

    /// Seals a message, posts it to a path of the center's channel face, and opens the answer.
    ///
    /// # Errors
    /// What the transport has when nothing comes back, or nothing that can be read; a refusal is none.
    pub async fn ask(&self, path: &str, plain: &str) -> Result<CenterAnswer, T::Error> {
        let sealed = self.seal(path, plain);
        let url = format!("{}{path}", self.center_url);
        let reply = self.transport.round_trip(&url, sealed.body.clone(), self.deadline).await?;
        Ok(self.read(reply.status, &reply.body, &sealed)?)
    }
}

#[cfg(test)]
mod tests;
