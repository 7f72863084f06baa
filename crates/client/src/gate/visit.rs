//! What is recorded about one visit (一次就诊或购药): the medium that was read, the way that was chosen, what came back.
//!
//! A record changes only by the steps below, in the order they happen: nothing in it is derived afterwards. Each step
//! that makes earlier answers void (another way, another notice, another token) raises the epoch, and an answer counts
//! only for the epoch it was asked in; so of two workstations that work on one visit none can decide by the other's
//! question.

use std::fmt;

use serde::{Deserialize, Serialize};
use yanmi_protocol::{Amount, EcToken, SerialNo, UnixMillis, mask};

use super::record::{
    Confirmation, Medium, Notice, NoticeOutcome, OfflineOutcome, OfflineRecord, Source, StatusOutcome,
    StatusRecord, Way,
};
use super::verdict::Decision;
use super::wire;
use crate::answer::{NoticeAnswer, StatusAnswer, StatusExtension};
use crate::failure::Failure;

/// The number of a visit: 32 lower-case hexadecimal digits, from chance.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct VisitId([u8; 16]);

impl VisitId {
    /// The visit of these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// Reads 32 hexadecimal digits in lower case; nothing for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() != 32 || !text.bytes().all(lower) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for VisitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for VisitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<VisitId> for String {
    fn from(id: VisitId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for VisitId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("no number of a visit")
    }
}

/// One visit. Public to read; it changes by its steps only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    pub(crate) id: VisitId,
    pub(crate) reference: Option<String>,
    pub(crate) medium: Medium,
    #[serde(with = "wire::token")]
    pub(crate) token: Option<EcToken>,
    /// The number the terminal gave the face that was the medium.
    #[serde(default)]
    pub(crate) evidence: Option<String>,
    pub(crate) cross_province: bool,
    #[serde(with = "wire::number")]
    pub(crate) begun_at: UnixMillis,
    pub(crate) epoch: u32,
    pub(crate) way: Option<Way>,
    pub(crate) notices: u32,
    pub(crate) notice: Option<Notice>,
    pub(crate) status: Option<StatusRecord>,
    pub(crate) offline: Option<OfflineRecord>,
    pub(crate) decision: Option<Decision>,
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit")
            .field("id", &self.id)
            .field("medium", &self.medium)
            .field("token", &self.token.map(|token| mask::token(token.as_str())))
            .field("way", &self.way)
            .field("notice", &self.notice)
            .field("status", &self.status)
            .field("offline", &self.offline)
            .field("decision", &self.decision)
            .finish_non_exhaustive()
    }
}

/// A step that cannot be taken. `Display` is Chinese.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StepError {
    /// A QR code was read, and there is no token.
    NoToken,
    /// Only a QR code can be verified online (1.4.4(1)).
    NotOnline,
    /// It is not an offline way.
    NotOffline,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoToken => "介质为医保电子凭证二维码时，必须给出解码得到的令牌",
            Self::NotOnline => "只有医保电子凭证二维码可采用线上密码核验认证，其他介质请采用线下方式",
            Self::NotOffline => "线上方式的结果由中心答复，不能登记为线下结果",
        })
    }
}

impl std::error::Error for StepError {}

/// The steps.
impl Visit {
    /// A person has come and a medium was read.
    ///
    /// # Errors
    /// [`StepError::NoToken`].
    pub fn begin(
        id: VisitId,
        medium: Medium,
        token: Option<EcToken>,
        now: UnixMillis,
    ) -> Result<Self, StepError> {
        if medium == Medium::QrCode && token.is_none() {
            return Err(StepError::NoToken);
        }
        Ok(Self {
            id,
            reference: None,
            medium,
            token,
            evidence: None,
            cross_province: false,
            begun_at: now,
            epoch: 0,
            way: None,
            notices: 0,
            notice: None,
            status: None,
            offline: None,
            decision: None,
        })
    }

    /// A way was chosen (1.6.2(4)). What another way had yielded no longer counts.
    ///
    /// # Errors
    /// [`StepError::NotOnline`].
    pub fn choose(&mut self, way: Way) -> Result<(), StepError> {
        if way == Way::Online && self.medium != Medium::QrCode {
            return Err(StepError::NotOnline);
        }
        if self.way != Some(way) {
            self.way = Some(way);
            self.offline = None;
            self.void();
        }
        Ok(())
    }

    /// The person switched to another channel app and another code was decoded (1.4.4(5)E): nothing that belongs to
    /// the old token counts any more.
    ///
    /// # Errors
    /// [`StepError::NotOnline`] when no QR code was read.
    pub fn switch_token(&mut self, token: EcToken) -> Result<(), StepError> {
        if self.medium != Medium::QrCode {
            return Err(StepError::NotOnline);
        }
        if self.token != Some(token) {
            self.token = Some(token);
            self.notice = None;
            self.notices = 0;
            self.offline = None;
            self.void();
        }
        Ok(())
    }

    /// A notice is about to be sent; recorded before, so that a program that ends meanwhile knows that it may have
    /// been. Answers the epoch, which [`Visit::end_notice`] wants back.
    ///
    /// # Errors
    /// [`StepError::NotOnline`].
    pub fn begin_notice(&mut self, amount: Option<Amount>, now: UnixMillis) -> Result<u32, StepError> {
        self.choose(Way::Online)?;
        self.void();
        let before = self.notice.take();
        let covers = before.as_ref().map_or(amount, |before| lower(before.covers, amount));
        let asked_from = before.as_ref().map(|before| before.asked_from.unwrap_or(UnixMillis::new(0)));
        let (serial, serial_at) = before.map_or((None, now), |before| (before.serial, before.serial_at));
        self.notice = Some(Notice {
            outcome: NoticeOutcome::Pending,
            at: now,
            ended_at: None,
            serial,
            serial_at,
            asked_from,
            covers,
            amount,
            check_number: None,
        });
        self.notices = self.notices.saturating_add(1);
        Ok(self.epoch)
    }

    /// What came of the notice sent in this epoch. An answer that comes after another step is not recorded.
    pub fn end_notice(&mut self, epoch: u32, answer: Result<&NoticeAnswer, &Failure>, now: UnixMillis) {
        let Some(notice) = self.notice.as_mut().filter(|_| epoch == self.epoch) else { return };
        notice.ended_at = Some(now);
        let mut answered = |serial: Option<&String>| {
            notice.covers = notice.amount;
            notice.serial = serial.cloned();
            notice.serial_at = notice.at;
        };
        notice.outcome = match answer {
            Ok(NoticeAnswer::Notified { serial, check_number, asked_earlier }) => {
                answered(Some(serial));
                notice.check_number.clone_from(check_number);
                notice.asked_from =
                    notice.asked_from.or_else(|| Some(SerialNo::made_at(serial)?.minus(*asked_earlier)));
                NoticeOutcome::Notified
            }
            Ok(NoticeAnswer::PasswordFree) => {
                answered(None);
                NoticeOutcome::PasswordFree
            }
            Ok(NoticeAnswer::NotNotified { .. }) => NoticeOutcome::NotNotified,
            Err(Failure::Refused { code, message }) => {
                NoticeOutcome::Refused { code: *code, message: message.clone() }
            }
            Err(Failure::Foreign(why)) => NoticeOutcome::Foreign { message: (*why).to_owned() },
            Err(failure) => {
                NoticeOutcome::NoAnswer { timed_out: failure.is_timeout(), message: failure.brief() }
            }
        };
    }

    /// What the center answered to the status query asked in this epoch.
    pub fn record_status(&mut self, epoch: u32, answer: Result<&StatusAnswer, &Failure>, now: UnixMillis) {
        let outcome = match answer {
            Ok(StatusAnswer::PasswordFree) => StatusOutcome::PasswordFree,
            Ok(StatusAnswer::Checked {
                confirmed: true,
                told: Some(StatusExtension { at: Some(at), .. }),
                proven,
                ..
            }) if !*proven
                && self.notice.as_ref().and_then(|n| n.asked_from).is_some_and(|from| *at < from) =>
            {
                StatusOutcome::Foreign { message: BEFORE_IT_WAS_ASKED.to_owned() }
            }
            Ok(StatusAnswer::Checked { confirmed: true, serial, told, .. }) => StatusOutcome::Confirmed {
                serial: serial.clone(),
                told: told.as_ref().map(|told| confirmation(told, now)),
            },
            Ok(StatusAnswer::Checked { told, .. }) => StatusOutcome::Unconfirmed {
                told: told.as_ref().map(|told| (told.description.clone(), told.next_step.clone())),
                stage: told.as_ref().map(|told| told.stage.clone()),
                until: told.as_ref().and_then(|told| told.valid_until),
            },
            Err(Failure::Refused { code, message }) => {
                StatusOutcome::Refused { code: *code, message: message.clone() }
            }
            Err(Failure::Foreign(why)) => StatusOutcome::Foreign { message: (*why).to_owned() },
            Err(failure) => {
                StatusOutcome::NoAnswer { timed_out: failure.is_timeout(), message: failure.brief() }
            }
        };
        self.status = Some(StatusRecord { outcome, at: now, epoch });
        if let (Ok(StatusAnswer::Checked { told: Some(told), .. }), Some(notice)) = (answer, &mut self.notice)
            && epoch == self.epoch
            && told.check_number.is_some()
        {
            notice.check_number.clone_from(&told.check_number);
        }
    }

    /// What came of an offline check and who says so, which also chooses its way. A serial of blanks is none.
    ///
    /// # Errors
    /// [`StepError::NotOffline`].
    pub fn record_offline(
        &mut self,
        way: Way,
        mut outcome: OfflineOutcome,
        source: Source,
        now: UnixMillis,
    ) -> Result<(), StepError> {
        if let OfflineOutcome::Passed { serial, .. } = &mut outcome {
            *serial = serial.take().filter(|serial| !serial.trim().is_empty());
        }
        if way == Way::Online {
            return Err(StepError::NotOffline);
        }
        self.choose(way)?;
        self.offline = Some(OfflineRecord { way, outcome, source, at: now });
        Ok(())
    }

    fn void(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        self.status = None;
    }
}

/// A confirmation that was recorded earlier and is played back, or pasted.
const BEFORE_IT_WAS_ASKED: &str = "核验通过的时间早于本次通知，不是对本次通知的确认（旧应答？）";

/// The lower of two amounts; nothing stands for any amount.
fn lower(one: Option<Amount>, other: Option<Amount>) -> Option<Amount> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn confirmation(told: &StatusExtension, now: UnixMillis) -> Confirmation {
    Confirmation { way: told.way.clone(), at: told.at.unwrap_or(now), amount: told.amount }
}

/// What is recorded.
impl Visit {
    /// The number of the visit.
    pub const fn id(&self) -> VisitId {
        self.id
    }

    /// The institution's own number for it, when it gave one.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The medium that was read.
    pub const fn medium(&self) -> Medium {
        self.medium
    }

    /// The token decoding yielded; that of the latest code.
    pub const fn token(&self) -> Option<EcToken> {
        self.token
    }

    /// Whether the patient is of another province.
    pub const fn is_cross_province(&self) -> bool {
        self.cross_province
    }

    /// When the medium was read.
    pub const fn begun_at(&self) -> UnixMillis {
        self.begun_at
    }

    /// How often what was asked became void; an answer belongs to the epoch it was asked in.
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The way that was chosen last.
    pub const fn way(&self) -> Option<Way> {
        self.way
    }

    /// Notices sent for the present token.
    pub const fn notices(&self) -> u32 {
        self.notices
    }

    /// The latest notice.
    pub const fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// `checkNo` of the latest notice, where the center tells it: what the person is asked to compare.
    pub fn check_number(&self) -> Option<&str> {
        self.notice.as_ref().and_then(|notice| notice.check_number.as_deref())
    }

    /// The latest status answer.
    pub const fn status(&self) -> Option<&StatusRecord> {
        self.status.as_ref()
    }

    /// The latest offline check of the way chosen.
    pub const fn offline(&self) -> Option<&OfflineRecord> {
        self.offline.as_ref()
    }

    /// The latest decision of the gate.
    pub const fn decision(&self) -> Option<&Decision> {
        self.decision.as_ref()
    }
}
