//! Sample institutions: one that does right, and several that each make one mistake seen in the field.
//!
//! They try the suite. Each walks through the situations as a clerk would: scan, notice, settle, send again where the
//! step says so; and tells the sink what it decided. What a mistake changes is one decision of the correct one.

mod post;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use yanmi_protocol::envelope;
use yanmi_protocol::message::{notify, status};
use yanmi_protocol::{Amount, Code, Members, Region, Sm4Key, UnixMillis};

use crate::ambient::Clock;
use crate::brief::{Brief, Scene};
use crate::event::Outcome;

use post::Client;

/// One honest mistake.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mistake {
    /// Settles on code 0 of the notice: looks neither at `notcFlag` nor for the state.
    TrustsCodeZero,
    /// Settles whatever amount once anything was confirmed.
    IgnoresAmount,
    /// Lets through whatever failed: "the system is down, the patient is waiting".
    FailsOpen,
    /// Turns to the offline way whatever the refusal is.
    OfflineAlways,
    /// Derives the medium from the settlement: who settles with an identity card is not asked.
    MediumFromSettlement,
    /// Takes any "1" for its own, and keeps the first token of a visit.
    BelievesAnything,
    /// Keeps the result of an earlier query.
    KeepsStatus,
    /// Asks for a password in spite of 500320.
    IgnoresExempt,
    /// Writes `encData` in lower case.
    LowerCase,
    /// Stamps every request with the time the program was started.
    OldTimestamp,
    /// Pads with zeros.
    ZeroPadding,
    /// Leaves `totalAmount` out.
    NoAmount,
    /// Shows the clerk nothing.
    Silent,
    /// Sends again at once when told to wait.
    Hasty,
}

impl Mistake {
    /// Every mistake.
    pub const ALL: [Self; 14] = [
        Self::TrustsCodeZero,
        Self::IgnoresAmount,
        Self::FailsOpen,
        Self::OfflineAlways,
        Self::MediumFromSettlement,
        Self::BelievesAnything,
        Self::KeepsStatus,
        Self::IgnoresExempt,
        Self::LowerCase,
        Self::OldTimestamp,
        Self::ZeroPadding,
        Self::NoAmount,
        Self::Silent,
        Self::Hasty,
    ];
}

/// How a sample lets time go by.
pub type Pause = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A sample institution.
pub struct Sample {
    client: Client,
    brief: Brief,
    key: Sm4Key,
    region: Region,
    mistake: Option<Mistake>,
    clock: Clock,
    started: UnixMillis,
    pause: Pause,
    patience: Duration,
}

impl std::fmt::Debug for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sample").field("mistake", &self.mistake).finish_non_exhaustive()
    }
}

/// What a call came to.
enum Told {
    /// Code 0: the flag, and the serial.
    Answered(String, String),
    /// Another code, and the message.
    Refused(i64, String),
    /// No answer, or none that can be believed.
    Nothing(String),
}

/// A visit in progress.
struct Visit<'a> {
    scene: &'a Scene,
    token: &'a str,
    /// The amount to be settled now.
    amount: Amount,
    /// The latest notice that was answered: its amount and serial; no serial for 500320.
    noticed: Option<(Amount, Option<String>)>,
    /// The latest notice that failed, and why.
    failed: Option<Told>,
    /// The result of a query made before settling.
    known: bool,
    /// What the center's clock is ahead, in milliseconds.
    drift: i64,
}

impl Sample {
    /// An institution for the run this brief is of; it waits `patience` for an answer.
    ///
    /// # Errors
    /// When the brief is none that a suite writes.
    pub fn new(
        brief: Brief,
        mistake: Option<Mistake>,
        clock: Clock,
        pause: Pause,
        patience: Duration,
    ) -> Result<Self, String> {
        let key = Sm4Key::from_hex(&brief.key).map_err(|error| error.to_string())?;
        let region = Region::new(&brief.region).map_err(|error| error.to_string())?;
        let started = clock();
        Ok(Self { client: Client::new(), brief, key, region, mistake, clock, started, pause, patience })
    }

    fn errs(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Plays every situation of the run.
    ///
    /// # Errors
    /// When the sink cannot be told.
    pub async fn play(&self) -> Result<(), String> {
        for scene in &self.brief.situations {
            self.play_one(scene).await?;
        }
        Ok(())
    }

    async fn play_one(&self, scene: &Scene) -> Result<(), String> {
        let [first, last] = [&scene.amount, &scene.final_amount].map(|text| text.parse::<Amount>());
        let (first, last) = first.and_then(|first| Ok((first, last?))).map_err(|error| error.to_string())?;
        let token = scene.tokens.first().map(String::as_str).unwrap_or_default();
        let mut visit =
            Visit { scene, token, amount: first, noticed: None, failed: None, known: false, drift: 0 };
        self.notify(&mut visit).await;
        if let Some(other) = scene.tokens.get(1).filter(|_| !self.errs(Mistake::BelievesAnything)) {
            // Another app, another code: nothing of the first one counts any longer.
            visit.token = other;
            visit.noticed = None;
            self.notify(&mut visit).await;
        }
        if scene.id == "runs-out" && !self.errs(Mistake::TrustsCodeZero) {
            visit.known = matches!(self.ask(&visit).await, Told::Answered(flag, _) if flag == "1");
            (self.pause)(Duration::from_secs(25)).await;
        }
        visit.amount = last;
        let (outcome, reason) = self.decide(&visit).await;
        self.tell(&visit, outcome, &reason).await?;
        if outcome == Outcome::Refused {
            // The clerk sends again, once, and clicks again.
            let wait = if self.errs(Mistake::Hasty) {
                Duration::from_millis(200)
            } else {
                Duration::from_millis(3_200)
            };
            (self.pause)(wait).await;
            self.notify(&mut visit).await;
            let (outcome, reason) = self.decide(&visit).await;
            self.tell(&visit, outcome, &reason).await?;
        }
        Ok(())
    }

    /// 1.7.1, and once more with the right time when the clock is off.
    async fn notify(&self, visit: &mut Visit<'_>) {
        let mut told = self.send_notice(visit).await;
        if let Told::Refused(-2, message) = &told
            && let Some(drift) = self.drift(message)
        {
            visit.drift = drift;
            told = self.send_notice(visit).await;
        }
        visit.failed = None;
        match told {
            Told::Answered(flag, serial) if flag == "1" || self.errs(Mistake::TrustsCodeZero) => {
                visit.noticed = Some((visit.amount, Some(serial)));
            }
            Told::Refused(code, _) if code == i64::from(Code::PasswordFree.number()) => {
                visit.noticed = Some((visit.amount, None));
            }
            failed => visit.failed = Some(failed),
        }
    }

    async fn send_notice(&self, visit: &Visit<'_>) -> Told {
        let amount = visit.amount.to_string();
        let draft = notify::Draft {
            token: visit.token,
            org_code: &self.brief.org_codg,
            org_name: "验收样例医院",
            amount: Some(amount.as_str()).filter(|_| !self.errs(Mistake::NoAmount)),
        };
        self.call(visit, notify::PATH, &draft.to_json(), "notcFlag").await
    }

    /// 1.7.2.
    async fn ask(&self, visit: &Visit<'_>) -> Told {
        let draft = status::Draft {
            token: visit.token,
            org_code: &self.brief.org_codg,
            extended: None,
            wait_seconds: None,
        };
        self.call(visit, status::PATH, &draft.to_json(), "checkStas").await
    }

    /// 1.6.2(8) and (9).
    async fn decide(&self, visit: &Visit<'_>) -> (Outcome, String) {
        if self.errs(Mistake::MediumFromSettlement) && visit.scene.mdtrt_cert_type != "01" {
            return (Outcome::Settled, String::new());
        }
        if let Some(failed) = &visit.failed {
            return self.after_failure(failed);
        }
        let Some((asked, serial)) = &visit.noticed else {
            return (Outcome::Refused, "尚未发起通知".to_owned());
        };
        let covered = visit.amount <= *asked || self.errs(Mistake::IgnoresAmount);
        if !covered {
            return (Outcome::Refused, "金额高于已确认的金额，请重新发起通知".to_owned());
        }
        let Some(serial) = serial else { return self.exempt() };
        let knows = self.errs(Mistake::TrustsCodeZero) || (self.errs(Mistake::KeepsStatus) && visit.known);
        if knows {
            return (Outcome::Settled, String::new());
        }
        match self.ask(visit).await {
            Told::Answered(flag, _) if flag != "1" => {
                (Outcome::Refused, "参保人尚未完成认证，请其打开渠道应用".to_owned())
            }
            Told::Answered(_, told) if told != *serial && !self.errs(Mistake::BelievesAnything) => {
                (Outcome::Refused, "核验状态不是对本次通知的答复".to_owned())
            }
            Told::Answered(..) => (Outcome::Settled, String::new()),
            Told::Refused(code, _) if code == i64::from(Code::PasswordFree.number()) => self.exempt(),
            failed => self.after_failure(&failed),
        }
    }

    /// 500320.
    fn exempt(&self) -> (Outcome, String) {
        if self.errs(Mistake::IgnoresExempt) {
            return (Outcome::Refused, "请参保人输入密码".to_owned());
        }
        (Outcome::Settled, String::new())
    }

    /// Nothing that failed settles; what lies with network, center or channel may go the offline way.
    fn after_failure(&self, failed: &Told) -> (Outcome, String) {
        if self.errs(Mistake::FailsOpen) {
            return (Outcome::Settled, String::new());
        }
        let (falls_back, why) = match failed {
            Told::Answered(..) => (true, "通知渠道应用失败".to_owned()),
            Told::Nothing(why) => (true, why.clone()),
            Told::Refused(code, message) => (falls_back(*code), format!("{message}（{code}）")),
        };
        let outcome =
            if falls_back || self.errs(Mistake::OfflineAlways) { Outcome::Offline } else { Outcome::Refused };
        (outcome, why)
    }

    async fn call(&self, visit: &Visit<'_>, path: &str, message: &str, flag: &'static str) -> Told {
        let body = self.seal(message, visit.drift);
        let url = format!("{}{path}", visit.scene.center_url);
        let received = self.client.post(&url, body, self.patience).await;
        let opened = received.and_then(|received| received.open(&self.key));
        let (answer, plain) = match opened {
            Ok(both) => both,
            Err(why) => return Told::Nothing(why),
        };
        let Some(plain) = plain else { return Told::Refused(answer.code, answer.message) };
        let members = plain.members().ok();
        let text = |name| {
            members.as_ref().and_then(|members: &Members<'_>| Some(members.text(name, 64).ok()?.into_owned()))
        };
        match (text(flag), text("resBizNo")) {
            (Some(flag), Some(serial)) => Told::Answered(flag, serial),
            _ => Told::Nothing("应答缺少参数".to_owned()),
        }
    }

    /// Seals a message, with the mistakes that are made in sealing.
    fn seal(&self, message: &str, drift: i64) -> String {
        let now = if self.errs(Mistake::OldTimestamp) { self.started } else { (self.clock)() };
        let now = UnixMillis::new(now.get().saturating_add(drift));
        let body =
            envelope::request(&self.key, &self.brief.org_id, "sys", self.region, now, message.as_bytes());
        let replaced = |data: String| {
            let (head, rest) = body.split_once("\"encData\":\"").unwrap_or_default();
            let tail = rest.split_once('"').unwrap_or_default().1;
            format!("{head}\"encData\":\"{data}\"{tail}")
        };
        match self.mistake {
            Some(Mistake::LowerCase) => {
                replaced(envelope::seal(&self.key, message.as_bytes()).to_lowercase())
            }
            Some(Mistake::ZeroPadding) => replaced(zero_padded(&self.key, message)),
            _ => body,
        }
    }

    /// What the center's clock is ahead, when the refusal says so.
    fn drift(&self, message: &str) -> Option<i64> {
        let told = message.split_once("服务器时间为")?.1.trim().parse::<i64>().ok()?;
        Some(told - (self.clock)().get())
    }

    async fn tell(&self, visit: &Visit<'_>, outcome: Outcome, reason: &str) -> Result<(), String> {
        let reason = if self.errs(Mistake::Silent) { "" } else { reason };
        let body = serde_json::json!({
            "token": visit.token,
            "orgCodg": self.brief.org_codg,
            "amount": visit.amount.to_string(),
            "decision": outcome.word(),
            "reason": reason,
        });
        let told = self.client.post(&self.brief.settle_url, body.to_string(), self.patience).await?;
        if told.status == 200 { Ok(()) } else { Err(format!("settlement sink: HTTP {}", told.status)) }
    }
}

/// Whether a refusal lies with the center or the channel, so that the offline way is offered (1.4.3.2(8)A, 1.9).
fn falls_back(code: i64) -> bool {
    let known =
        [Code::NoticeFailed, Code::NoSettlement, Code::Timeout, Code::Unknown, Code::NationalCenterFailed];
    Code::from_number(code).is_some_and(|code| known.contains(&code))
}

/// Ciphers whole blocks padded with zeros: sealing adds a block of padding of its own, which is cut off again.
fn zero_padded(key: &Sm4Key, message: &str) -> String {
    let mut bytes = message.as_bytes().to_vec();
    bytes.resize(bytes.len().next_multiple_of(16), 0);
    let mut digits = envelope::seal(key, &bytes);
    digits.truncate(2 * bytes.len());
    digits
}
