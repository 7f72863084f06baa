//! What can be asked of a session, with arguments as texts: once for the typed functions and the drop-in ones.
//!
//! Arguments are read strictly. Whatever cannot be read is a fault with the argument's name, and nothing is done.

use std::time::Duration;

use yanmi_client::gate::{Ask, Medium, OfflineOutcome, Visit, VisitId, Way};
use yanmi_client::offline::CredentialPassword;
use yanmi_client::visits::NewVisit;
use yanmi_client::{DecodeRequest, Desk, DeskError, VisitsError};
use yanmi_offline::LoadError;
use yanmi_offline::ports::setting;
use yanmi_protocol::dictionary::{BusinessType, NOT_A_CREDENTIAL_CODE, is_credential_code};
use yanmi_protocol::message::decode::Decoded;
use yanmi_protocol::message::status::MAX_WAIT_SECONDS;
use yanmi_protocol::{Amount, EcToken, QrCode};
use zeroize::Zeroizing;

use crate::answer::{Answer, REFUSE, cut};
use crate::fault::{Fault, Kind};
use crate::setup::Session;

/// Characters of a number a terminal or library gives an offline check.
const MAX_SERIAL: usize = 64;

/// A scanned code and who scanned it.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a> {
    /// `ecQrCode`.
    pub qr_code: &'a str,
    /// `businessType`; 01301 (settlement) when empty.
    pub business: &'a str,
    /// `operatorId`.
    pub operator_id: &'a str,
    /// `operatorName`.
    pub operator_name: &'a str,
    /// `officeId`.
    pub office_id: &'a str,
    /// `officeName`.
    pub office_name: &'a str,
}

/// An offline check the program made itself.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    /// 0 passed, 1 not passed, 2 terminal or library unusable.
    pub outcome: i32,
    /// The number it was given; may be empty.
    pub serial: &'a str,
    /// The token it says it was about; may be empty.
    pub token: &'a str,
    /// Its words; may be empty.
    pub message: &'a str,
}

impl From<DeskError> for Fault {
    fn from(error: DeskError) -> Self {
        let kind = match &error {
            DeskError::NoVisits | DeskError::Setup(_) => Kind::Config,
            DeskError::Visits(error) => return error.clone().into(),
            DeskError::Decode(_) => Kind::Center,
            DeskError::NoPort(way) => {
                return Self::new(Kind::NoPort, format!("{error}：请配置 {}", setting(*way)));
            }
            DeskError::NoToken => Kind::Step,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<VisitsError> for Fault {
    fn from(error: VisitsError) -> Self {
        let kind = match &error {
            VisitsError::NotFound(_) => Kind::NoVisit,
            VisitsError::Step(_) => Kind::Step,
            VisitsError::Reference => Kind::Argument,
            VisitsError::AnotherKey(_) => Kind::Config,
            _ => Kind::Visits,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<LoadError> for Fault {
    fn from(error: LoadError) -> Self {
        Self::new(Kind::Config, error.message)
    }
}

impl Session {
    /// A medium was read: 0 QR code, 1 identity card, 2 social security card, 3 face at the terminal, 4 other. Of a face,
    /// `evidence` is the number the terminal gave it; it may be recorded afterwards as well, as an offline check.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn begin(
        &self,
        medium: i32,
        token: &str,
        place: &str,
        reference: &str,
        evidence: &str,
    ) -> Result<Answer, Fault> {
        let medium = usize::try_from(medium).ok().and_then(|at| Medium::ALL.get(at).copied());
        let medium = medium.ok_or_else(|| Fault::argument("medium", "应为 0 至 4"))?;
        let token = optional(token, |text| self::token("ecToken", text))?;
        let new = NewVisit {
            medium,
            token,
            cross_province: yanmi_client::gate::is_cross_province(place, &self.region),
            evidence: optional(evidence, serial)?,
            reference: optional(reference, |text| Ok(text.to_owned()))?,
        };
        let visit = self.desk.begin(&new)?;
        Ok(Answer::done("已登记就诊").about(&visit))
    }

    /// A QR code was scanned: has it decoded and begins a visit.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn scan(&self, scan: &Scan<'_>, reference: &str) -> Result<Answer, Fault> {
        let reference = optional(reference, Ok)?;
        let (visit, decoded) = self.desk.scan(&request(scan)?, reference)?;
        Ok(told(Answer::done("解码成功").about(&visit), &decoded))
    }

    /// Another code was scanned in the same visit (1.4.4(5)E).
    ///
    /// # Errors
    /// [`Fault`].
    pub fn rescan(&self, visit: &str, scan: &Scan<'_>) -> Result<Answer, Fault> {
        let id = id(visit)?;
        let decoded = self.desk.client().decode(&request(scan)?).map_err(DeskError::Decode)?.answer;
        let token = token("ecToken", decoded.ec_token.as_deref().unwrap_or_default())?;
        let visit = self.desk.switch_token(id, token)?;
        Ok(told(Answer::done("已换令牌，请重新发起认证通知").about(&visit), &decoded))
    }

    /// The token of another code, decoded elsewhere (1.4.4(5)E).
    ///
    /// # Errors
    /// [`Fault`].
    pub fn switch_token(&self, visit: &str, token: &str) -> Result<Answer, Fault> {
        let visit = self.desk.switch_token(id(visit)?, self::token("ecToken", token)?)?;
        Ok(Answer::done("已换令牌，请重新发起认证通知").about(&visit))
    }

    /// 1.7.1: has the person asked.
    ///
    /// # Errors
    /// [`Fault`]; a notice that failed is an answer.
    pub fn notify(&self, visit: &str, amount: &str) -> Result<Answer, Fault> {
        let amount = optional(amount, |text| self::amount("amount", text))?;
        let noticed = self.desk.notify(id(visit)?, amount)?;
        let words = "已通知参保人，请其在渠道应用上完成认证";
        let answer = self.drift(Answer::done(words).about(&noticed.visit));
        Ok(match &noticed.advice {
            Some(verdict) => answer.deciding(verdict),
            None => answer,
        })
    }

    /// 1.7.2, for a screen: held for up to so many seconds until it changes.
    ///
    /// # Errors
    /// [`Fault`]; a query that failed is an answer.
    pub fn status(&self, visit: &str, wait_seconds: i32) -> Result<Answer, Fault> {
        let fits = (0..=MAX_WAIT_SECONDS).contains(&i64::from(wait_seconds));
        let seconds = u64::try_from(wait_seconds).ok().filter(|_| fits);
        let seconds = seconds
            .ok_or_else(|| Fault::argument("wait_seconds", &format!("应为 0 至 {MAX_WAIT_SECONDS}")))?;
        let (visit, _) = self.desk.status(id(visit)?, Some(Duration::from_secs(seconds)))?;
        Ok(self.drift(standing(&visit)))
    }

    /// May this be settled? `settlement` is the number of the insurance call.
    ///
    /// # Errors
    /// [`Fault`]: nothing was decided.
    pub fn gate(&self, visit: &str, settlement: &str, amount: &str) -> Result<Answer, Fault> {
        let why = "应为 2102、2201、2207、2304、退费撤销的 2103、2202、2208、2305，或 gate.more 所列的编号";
        let kind = self.desk.rules().kind(settlement).ok_or_else(|| Fault::argument("settlement", why))?;
        let ask = Ask { kind, amount: self::amount("amount", amount)? };
        let gated = self.desk.gate(id(visit)?, ask)?;
        Ok(self.drift(Answer::done("").about(&gated.visit)).deciding(&gated.decision.verdict))
    }

    /// Records an offline check: 1 face at the terminal, 2 password at the terminal, 3 dynamic library.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn record_offline(&self, visit: &str, way: i32, check: &Check<'_>) -> Result<Answer, Fault> {
        let message = || cut(check.message);
        let outcome = match check.outcome {
            0 => OfflineOutcome::Passed {
                serial: optional(check.serial, serial)?,
                token: optional(check.token, |text| token("ecToken", text))?,
            },
            1 => OfflineOutcome::Failed { message: message() },
            2 => OfflineOutcome::Unavailable { message: message() },
            _ => return Err(Fault::argument("outcome", "应为 0（通过）、1（未通过）或 2（不可用）")),
        };
        let visit = self.desk.record_offline(id(visit)?, self::way(way)?, outcome)?;
        Ok(checked(&visit))
    }

    /// Has the dynamic library or terminal check. The password is the insured person's own typing, or empty.
    ///
    /// # Errors
    /// [`Fault`]; a check that failed is an answer.
    pub fn verify_offline(
        &self,
        visit: &str,
        way: i32,
        password: Zeroizing<String>,
    ) -> Result<Answer, Fault> {
        let password = if password.is_empty() {
            None
        } else {
            let typed = CredentialPassword::new(password);
            Some(typed.ok_or_else(|| Fault::argument("password", "应为参保人自行输入的 6 位数字"))?)
        };
        let visit = self.desk.verify_offline(id(visit)?, self::way(way)?, password)?;
        Ok(checked(&visit))
    }

    /// A visit and its latest decision.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn visit(&self, visit: &str) -> Result<Answer, Fault> {
        let visit = self.desk.visits().get(id(visit)?)?;
        Ok(Answer::done("就诊记录").about(&visit).recalling(visit.decision()))
    }

    /// The newest visit with the institution's own number.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn find(&self, reference: &str) -> Result<Answer, Fault> {
        if reference.is_empty() {
            return Err(Fault::argument("reference", "为空"));
        }
        let visits = self.desk.visits().find(reference)?;
        let visit = visits.first().ok_or(Kind::NoVisit)?;
        Ok(Answer::done("就诊记录").about(visit).recalling(visit.decision()))
    }

    /// The key-check value of the account's key.
    pub fn key_check_value(&self) -> Answer {
        let kcv = self.desk.client().key_check_value().to_string();
        Answer::done(format!("密钥校验值 {kcv}，请与中心核对")).with("kcv", kcv)
    }

    fn drift(&self, answer: Answer) -> Answer {
        match self.desk.client().drift() {
            Some(drift) => answer.with("clock", drift.to_string()),
            None => answer,
        }
    }
}

/// Where a verification stands. Only the gate says whether to settle.
fn standing(visit: &Visit) -> Answer {
    use yanmi_client::gate::StatusOutcome as Outcome;
    let answer = Answer::done("").about(visit);
    let Some(record) = visit.status() else { return answer };
    let (code, message, next) = match &record.outcome {
        Outcome::Confirmed { .. } => (0, "参保人已完成认证".to_owned(), "请确认结算"),
        Outcome::PasswordFree => (0, "免密（500320）".to_owned(), "请确认结算"),
        Outcome::Unconfirmed { told: Some((stage, next)), .. } => (REFUSE, stage.clone(), next.as_str()),
        Outcome::Unconfirmed { told: None, .. } => (REFUSE, "参保人尚未完成认证".to_owned(), ""),
        Outcome::Refused { code, message } => (REFUSE, format!("{message}（{code}）"), ""),
        Outcome::NoAnswer { message, .. } | Outcome::Foreign { message } => (REFUSE, message.clone(), ""),
    };
    Answer { code, message: cut(&message), next: cut(next), ..answer }.with("confirmed", code == 0)
}

/// What came of an offline check. Only the gate says whether to settle.
fn checked(visit: &Visit) -> Answer {
    let answer = Answer::done("线下核验通过").about(visit);
    match visit.offline().map(|record| &record.outcome) {
        Some(OfflineOutcome::Passed { .. }) => answer,
        Some(OfflineOutcome::Failed { message }) => {
            Answer { code: REFUSE, message: format!("线下核验未通过：{}", cut(message)), ..answer }
        }
        Some(OfflineOutcome::Unavailable { message }) => {
            Answer { code: REFUSE, message: format!("线下核验不可用：{}", cut(message)), ..answer }
        }
        None => Answer { code: REFUSE, message: "没有线下核验结果".to_owned(), ..answer },
    }
}

/// What decoding told beyond the token, for the institution's own records.
fn told(mut answer: Answer, decoded: &Decoded) -> Answer {
    for (name, value) in [
        ("userName", &decoded.user_name),
        ("idNo", &decoded.id_no),
        ("idType", &decoded.id_type),
        ("insuOrg", &decoded.insu_org),
        ("ecIndexNo", &decoded.ec_index_no),
        ("gender", &decoded.gender),
        ("birthday", &decoded.birthday),
        ("chnlId", &decoded.chnl_id),
    ] {
        if let Some(value) = value {
            answer = answer.with(name, value.as_str());
        }
    }
    answer
}

fn request<'a>(scan: &Scan<'a>) -> Result<DecodeRequest<'a>, Fault> {
    let qr_code = QrCode::new(scan.qr_code).ok().filter(|code| is_credential_code(code.as_str()));
    let qr_code = qr_code.ok_or_else(|| {
        Fault::argument("qr_code", &format!("不是医保电子凭证二维码（28 位数字）：{NOT_A_CREDENTIAL_CODE}"))
    })?;
    let business = optional(scan.business, |code| {
        BusinessType::new(code).ok_or_else(|| Fault::argument("business", "不是用码业务类型"))
    })?;
    Ok(DecodeRequest {
        qr_code,
        business: business.unwrap_or(BusinessType::SETTLEMENT),
        operator_id: scan.operator_id,
        operator_name: scan.operator_name,
        office_id: scan.office_id,
        office_name: scan.office_name,
    })
}

/// Nothing for the empty text, which is how many languages say NULL.
fn optional<'a, T>(
    text: &'a str,
    read: impl FnOnce(&'a str) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    if text.is_empty() { Ok(None) } else { read(text).map(Some) }
}

fn id(text: &str) -> Result<VisitId, Fault> {
    VisitId::parse(text).ok_or_else(|| Fault::argument("visit", "应为 32 位小写十六进制的就诊编号"))
}

fn token(name: &str, text: &str) -> Result<EcToken, Fault> {
    EcToken::new(text).map_err(|_| Fault::argument(name, "应为 1 至 40 位字母或数字的令牌"))
}

fn amount(name: &str, text: &str) -> Result<Amount, Fault> {
    text.parse().map_err(|_| Fault::argument(name, "应为金额，单位元，至多两位小数，如 128.50"))
}

fn way(number: i32) -> Result<Way, Fault> {
    let offline = number != 0;
    let way = usize::try_from(number).ok().filter(|_| offline).and_then(|at| Way::ALL.get(at).copied());
    way.ok_or_else(|| Fault::argument("way", "应为 1（终端刷脸）、2（终端密码）或 3（动态库密码）"))
}

fn serial(text: &str) -> Result<String, Fault> {
    if text.chars().count() > MAX_SERIAL {
        return Err(Fault::argument("serial", &format!("超过 {MAX_SERIAL} 个字符")));
    }
    Ok(text.to_owned())
}

/// Calls come from any thread.
const fn is_shared<T: Send + Sync>() {}
const _: () = is_shared::<Session>();
const _: () = is_shared::<Desk>();
