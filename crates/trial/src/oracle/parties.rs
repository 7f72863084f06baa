//! The institution and the channel app, each call of theirs a deed and its answer.

use std::fmt;
use std::time::Duration;

use yanmi_protocol::envelope::{PlainText, ProvenRequest, Sender};
use yanmi_protocol::message::auth_result::{self, Accepted};
use yanmi_protocol::message::{notify, pending, status};
use yanmi_protocol::{Code, EcToken, NoticeNo, PasswordDigest};
use yanmi_simulator::institution::Called;
use yanmi_simulator::outgoing::{AskError, CallError, Caller, ReadError};
use yanmi_simulator::world::Person;
use yanmi_simulator::{Clock, Institution, World};

use super::belief::{Deed, Said};

/// Business type of a decode: an outpatient's registration.
const BUSINESS: &str = "01101";

/// The first account's first institution, the first channel app, and the persons of a world.
#[derive(Clone)]
pub struct Parties {
    world: World,
    institution: Institution,
    caller: Caller,
    clock: Clock,
    deadline: Duration,
}

impl fmt::Debug for Parties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parties").field("institution", &self.institution).finish_non_exhaustive()
    }
}

/// An answer, with the number it carries: the serial number of an institution's call, the notice number of a
/// channel's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    /// What was answered.
    pub said: Said,
    /// The serial number.
    pub serial: Option<String>,
    /// The notice number.
    pub notice: Option<NoticeNo>,
}

/// No answer to what was asked: it may have been done all the same.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    /// The connection broke, or there was none.
    #[error("{0}")]
    Broken(AskError),
    /// Something came back that is no answer of the protocol.
    #[error("{0}")]
    NoAnswer(AskError),
    /// The center says that something is out of order.
    #[error("{deed} 得到 {code}：{message}")]
    Code {
        /// What was asked.
        deed: String,
        /// The return code.
        code: i64,
        /// Its message.
        message: String,
    },
}

impl From<AskError> for Unheard {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Call(CallError::Broken(_) | CallError::BadBody) => Self::Broken(error),
            error => Self::NoAnswer(error),
        }
    }
}

impl Unheard {
    fn code(deed: &impl fmt::Debug, code: i64, message: &str) -> Self {
        Self::Code { deed: format!("{deed:?}"), code, message: message.to_owned() }
    }

    /// In a word, for a count.
    pub fn word(&self) -> String {
        match self {
            Self::Broken(_) => "broken".to_owned(),
            Self::NoAnswer(AskError::Call(CallError::Timeout(_))) => "timeout".to_owned(),
            Self::NoAnswer(AskError::Read(ReadError::Malformed { status, .. })) => format!("http {status}"),
            Self::NoAnswer(_) => "malformed".to_owned(),
            Self::Code { code, .. } => code.to_string(),
        }
    }
}

impl Parties {
    /// Speaks to the center where the world says it is, and waits at most so long for an answer.
    ///
    /// The world has at least one account with an institution, and one channel app.
    pub fn new(world: &World, clock: Clock, deadline: Duration) -> Self {
        let account = &world.accounts[0];
        let institution = Institution::new(
            &world.institution_url,
            account.org_id.as_str(),
            account.key.clone(),
            world.region,
            clock.clone(),
        );
        let institution = institution.with_deadline(deadline);
        Self { world: world.clone(), institution, caller: Caller::new(), clock, deadline }
    }

    fn org_code(&self) -> &str {
        self.world.accounts[0].institutions[0].org_codg.as_str()
    }

    fn person(&self, number: usize) -> &Person {
        &self.world.persons[number]
    }

    /// The person of this number shows a code in the channel app, and the institution decodes it.
    ///
    /// # Errors
    /// [`Unheard`].
    pub async fn decode(&self, person: usize) -> Result<EcToken, Unheard> {
        let malformed = |what: &str| Unheard::code(&"展码", 0, what);
        let (index, channel) = (self.person(person).ec_index_no, self.world.channels[0].chnl_id);
        let body = serde_json::json!({ "ecIndexNo": index.as_str(), "chnlId": channel.as_str() });
        let url = format!("{}/qr", self.world.simulator_url);
        let shown = self.caller.post(&url, body.to_string().into(), self.deadline).await;
        let shown = shown.map_err(AskError::from)?;
        let shown: serde_json::Value =
            serde_json::from_slice(&shown.body).map_err(|_| malformed("应答不是 JSON"))?;
        let code = shown["ecQrCode"].as_str().ok_or_else(|| malformed("没有二维码"))?;
        let decoded = self.institution.decode(self.org_code(), BUSINESS, code).await?;
        if decoded.code != 0 {
            return Err(Unheard::code(&"解码", decoded.code, &decoded.message));
        }
        decoded.token.ok_or_else(|| malformed("没有令牌"))
    }

    /// Does it, for this token and notice of this person. Who answers a notice knows its number.
    ///
    /// # Errors
    /// [`Unheard`].
    pub async fn act(
        &self,
        deed: Deed,
        person: usize,
        token: EcToken,
        notice: Option<NoticeNo>,
    ) -> Result<Heard, Unheard> {
        match deed {
            Deed::Notify(amount) => self.notify(token, amount).await,
            Deed::Status => self.status(token, None).await,
            Deed::Pending => self.pending(person, token).await,
            Deed::Confirm | Deed::Mistype | Deed::Cancel => {
                let notice = notice.ok_or_else(|| Unheard::code(&deed, 0, "没有通知编号"))?;
                self.report(deed, person, notice).await
            }
        }
    }

    async fn notify(&self, token: EcToken, amount: u32) -> Result<Heard, Unheard> {
        let deed = Deed::Notify(amount);
        let amount = format!("{}.{:02}", amount / 100, amount % 100);
        let draft = notify::Draft {
            token: token.as_str(),
            org_code: self.org_code(),
            org_name: &self.world.accounts[0].institutions[0].org_name,
            amount: Some(&amount),
        };
        let called = self.institution.notify(&draft).await?;
        if called.code() == i64::from(Code::NoticeFailed.number()) {
            return Ok(Heard { said: Said::NotDelivered, serial: None, notice: None });
        }
        let answer = success(deed, &called)?.notice();
        let answer = answer.ok_or_else(|| Unheard::code(&deed, 0, "应答不完整"))?;
        if !answer.notified {
            return Err(Unheard::code(&deed, 0, "code 为 0 而通知没有发出"));
        }
        Ok(Heard { said: Said::Notified, serial: Some(answer.serial), notice: None })
    }

    /// Asks for the status; with `wait`, to be answered when it changes or after so many seconds.
    ///
    /// # Errors
    /// [`Unheard`].
    pub async fn status(&self, token: EcToken, wait: Option<u64>) -> Result<Heard, Unheard> {
        let draft = status::Draft {
            token: token.as_str(),
            org_code: self.org_code(),
            extended: wait.map(|_| "1"),
            wait_seconds: wait,
        };
        let called = self.institution.status(&draft).await?;
        let answer = success(Deed::Status, &called)?.status();
        let answer = answer.ok_or_else(|| Unheard::code(&Deed::Status, 0, "应答不完整"))?;
        Ok(Heard { said: Said::Settle(answer.confirmed), serial: Some(answer.serial), notice: None })
    }

    async fn pending(&self, person: usize, token: EcToken) -> Result<Heard, Unheard> {
        let question = pending::Request { index: self.person(person).ec_index_no };
        let plain = self.ask(Deed::Pending, pending::PATH, &question.to_json()).await?;
        let listed = plain.members().ok().and_then(|members| pending::read_answer(&members).ok());
        let listed = listed.ok_or_else(|| Unheard::code(&Deed::Pending, 0, "应答不完整"))?;
        let notice = listed.iter().find(|notice| notice.token == token).map(|notice| notice.number);
        Ok(Heard { said: Said::Listed(notice.is_some()), serial: None, notice })
    }

    async fn report(&self, deed: Deed, person: usize, notice: NoticeNo) -> Result<Heard, Unheard> {
        let password = self.person(person).password.clone().unwrap_or_default();
        let digest = match deed {
            Deed::Confirm => PasswordDigest::of(&password),
            Deed::Mistype => PasswordDigest::of("000000"),
            _ => None,
        };
        let digest = digest.map(|digest| digest.to_hex());
        let draft = auth_result::Draft {
            notc_no: &notice.to_string(),
            auth_way: digest.is_some().then_some("01"),
            auth_stas: if digest.is_some() { "1" } else { "2" },
            auth_time: (self.clock)().to_string(),
            user_pwd: digest.as_ref().map(|hex| hex.as_str()),
            auth_no: None,
            cfm_name: None,
        };
        let heard = |said| Heard { said, serial: None, notice: Some(notice) };
        let plain = match self.ask(deed, auth_result::PATH, &draft.to_json()).await {
            Err(Unheard::Code { code, .. }) if code == i64::from(Code::BadNoticeNo.number()) => {
                return Ok(heard(Said::NotLive));
            }
            answered => answered?,
        };
        match plain.members().ok().and_then(|members| Accepted::read(&members).ok()) {
            Some(Accepted::Yes) => Ok(heard(Said::Accepted)),
            Some(Accepted::WrongPassword { .. }) => Ok(heard(Said::WrongPassword)),
            None => Err(Unheard::code(&deed, 0, "应答不完整")),
        }
    }

    /// Asks the center as the channel app.
    async fn ask(&self, deed: Deed, path: &str, plain: &str) -> Result<PlainText, Unheard> {
        let channel = &self.world.channels[0];
        let (id, region, now) = (channel.chnl_id.as_str(), self.world.region, (self.clock)());
        let sender = Sender { key: &channel.key, org_id: id, prefix: "chnl", region };
        let ProvenRequest { body, mac } = sender.proven_request(path, now, plain.as_bytes());
        let url = format!("{}{path}", self.world.channel_url);
        let received = self.caller.post(&url, body.into(), self.deadline).await.map_err(AskError::from)?;
        let (answer, plain) = received.open_proven(&channel.key, &mac)?;
        plain.ok_or_else(|| Unheard::code(&deed, answer.code, &answer.message))
    }

    /// Every notice the channel app has put on the person's phone.
    ///
    /// # Errors
    /// [`Unheard`].
    pub async fn phone(&self, person: usize) -> Result<Vec<NoticeNo>, Unheard> {
        let index = self.person(person).ec_index_no;
        let url = format!("{}/phones/{}/notices", self.world.simulator_url, index.as_str());
        let shown = self.caller.get(&url, self.deadline).await.map_err(AskError::from)?;
        let shown: serde_json::Value = serde_json::from_slice(&shown.body).unwrap_or_default();
        let rows = shown["notices"].as_array().ok_or_else(|| Unheard::code(&"手机", 0, "没有通知列表"))?;
        Ok(rows.iter().filter_map(|row| NoticeNo::new(row["notcNo"].as_str()?).ok()).collect())
    }
}

fn success(deed: Deed, called: &Called) -> Result<&Called, Unheard> {
    match called.code() {
        0 => Ok(called),
        code => Err(Unheard::code(&deed, code, &called.answer.message)),
    }
}
