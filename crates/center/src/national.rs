//! The national center (国家电子凭证), asked four questions.
//!
//! The center knows neither credentials nor passwords of its own. It asks: whose is this token, whose is this
//! QR code, is this password right, is this face authorization valid ([`yanmi_protocol::message::national`]).
//! The questions change nothing there, so one may be asked again when a connection broke before an answer; a
//! question is asked at most twice, within the time it has.
//!
//! What comes back is judged before it is believed: it must open with the key, a credential must be the one
//! that was asked for, and of the codes the national center refuses with only those are passed on that say
//! something about the person ([`PASSED_ON`]). Any other code says that something is out of order between the
//! two centers, which is nothing an institution should be told as if it were its own mistake.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use yanmi_protocol::dictionary::BusinessType;
use yanmi_protocol::envelope::Sender;
use yanmi_protocol::message::national::{
    self as message, Credential, FACE_PATH, PASSWORD_PATH, PasswordQuestion, QR_CODE_PATH, TOKEN_PATH,
};
use yanmi_protocol::{
    AccountId, AuthNo, Code, EcIndexNo, EcToken, MemberError, Members, OrgCode, QrCode, Region, Sm4Key,
};
use zeroize::Zeroizing;

use crate::outbound::{self, CallError, Outbound, Proof, Reply, Unusable};
use crate::ports::Clock;
use crate::share::{Places, Share};

/// The codes that are passed on when the national center refuses with them.
pub const PASSED_ON: [Code; 10] = [
    Code::CredentialNotFound,
    Code::CredentialInactive,
    Code::NotAuthorizedForChannel,
    Code::BadAuthNo,
    Code::PasswordNotSet,
    Code::IdentityEmpty,
    Code::InsuredPlaceEmpty,
    Code::IdentityMismatch,
    Code::PersonDataWrong,
    Code::TooFrequent,
];

/// How often a question is asked when connections break.
const ATTEMPTS: u32 = 2;

/// Where the national center is and how it is spoken to.
#[derive(Clone, Debug)]
pub struct NationalSettings {
    /// The URL the paths of the questions are appended to; its own path is kept, a query is not.
    pub url: http::Uri,
    /// The account the national center issued.
    pub org_id: AccountId,
    /// Its key.
    pub key: Sm4Key,
    /// What stands before the `&` of `reqtType`.
    pub prefix: String,
    /// Whether questions carry a mac, and answers have to.
    pub mac: MacUse,
    /// How long one question may take, both attempts together.
    pub timeout: Duration,
    /// Questions that may be under way at a time.
    pub in_flight: usize,
}

/// Whether envelopes to the national center carry a mac (E13).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MacUse {
    /// They do, and so has every answer to.
    Always,
    /// They do, and every answer has to once one did.
    Auto,
    /// They do not.
    Never,
}

impl MacUse {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Always, Self::Never];

    /// The word in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Auto => "auto",
            Self::Never => "never",
        }
    }
}

/// Why a question was not answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NationalError {
    /// The national center refused with one of the codes [`PASSED_ON`].
    Refused(Code),
    /// It did not answer in time (-3).
    TimedOut,
    /// As many questions as are allowed are under way, in all or of this caller.
    Busy,
    /// Anything else (500033); the cause, in Chinese, for the log.
    Failed(String),
}

impl fmt::Display for NationalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(code) => write!(f, "国家电子凭证拒绝：{code} {}", code.message()),
            Self::TimedOut => f.write_str("国家电子凭证超时未应答"),
            Self::Busy => f.write_str("向国家电子凭证的在途请求过多"),
            Self::Failed(cause) => write!(f, "请求国家电子凭证出错：{cause}"),
        }
    }
}

impl std::error::Error for NationalError {}

/// The way to the national center.
pub struct NationalCenter {
    outbound: Outbound,
    clock: Clock,
    region: Region,
    settings: NationalSettings,
    urls: Urls,
    places: Arc<Places>,
    /// Whether an answer carried a mac.
    proven: AtomicBool,
}

struct Urls {
    token: http::Uri,
    qr_code: http::Uri,
    password: http::Uri,
    face: http::Uri,
}

impl NationalCenter {
    /// The national center at the address of the settings.
    ///
    /// # Errors
    /// [`CallError::BadUrl`] or [`CallError::AddressRefused`] when that address may not be called.
    pub fn new(
        outbound: Outbound,
        clock: Clock,
        region: Region,
        settings: NationalSettings,
    ) -> Result<Self, CallError> {
        outbound.check_url(&settings.url)?;
        let urls = Urls {
            token: joined(&settings.url, TOKEN_PATH)?,
            qr_code: joined(&settings.url, QR_CODE_PATH)?,
            password: joined(&settings.url, PASSWORD_PATH)?,
            face: joined(&settings.url, FACE_PATH)?,
        };
        let places = Places::new(settings.in_flight.max(1));
        Ok(Self { outbound, clock, region, settings, urls, places, proven: AtomicBool::new(false) })
    }

    /// The credential behind a token.
    ///
    /// # Errors
    /// [`NationalError`]; 500001 when there is none.
    pub(crate) async fn credential_of_token(
        &self,
        share: &Share,
        token: EcToken,
    ) -> Result<Credential, NationalError> {
        let question = Zeroizing::new(message::token_question(token));
        let credential = self.ask(share, (&self.urls.token, TOKEN_PATH), question, Credential::read).await?;
        if credential.token == token {
            Ok(credential)
        } else {
            Err(NationalError::Failed("应答的 ecToken 不是所查询的令牌".to_owned()))
        }
    }

    /// The credential behind a QR code, and its token.
    ///
    /// # Errors
    /// [`NationalError`]; 500001 when there is none.
    pub(crate) async fn credential_of_qr_code(
        &self,
        share: &Share,
        qr_code: QrCode,
        org_code: OrgCode,
        business: BusinessType,
    ) -> Result<Credential, NationalError> {
        let question = message::qr_code_question(qr_code, org_code.as_str(), business.code());
        let question = Zeroizing::new(question);
        self.ask(share, (&self.urls.qr_code, QR_CODE_PATH), question, Credential::read).await
    }

    /// Whether the credential password is right.
    ///
    /// # Errors
    /// [`NationalError`]; 500042 when none is set, 500057 or 500058 when the person is not known so.
    pub(crate) async fn password_right(
        &self,
        share: &Share,
        question: PasswordQuestion,
    ) -> Result<bool, NationalError> {
        self.ask(share, (&self.urls.password, PASSWORD_PATH), question.to_json(), message::read_check_answer)
            .await
    }

    /// Whether a face authorization is valid for the credential.
    ///
    /// # Errors
    /// [`NationalError`].
    pub(crate) async fn face_valid(
        &self,
        share: &Share,
        auth_no: AuthNo,
        index: Option<EcIndexNo>,
    ) -> Result<bool, NationalError> {
        let question = Zeroizing::new(message::face_question(auth_no, index));
        self.ask(share, (&self.urls.face, FACE_PATH), question, message::read_check_answer).await
    }

    async fn ask<T>(
        &self,
        share: &Share,
        (url, path): (&http::Uri, &'static str),
        question: Zeroizing<String>,
        read: impl FnOnce(&Members<'_>) -> Result<T, MemberError>,
    ) -> Result<T, NationalError> {
        let _place = self.places.take(&share.asking).ok_or(NationalError::Busy)?;
        let (body, mac) = self.seal(path, question.as_bytes());
        let reply = self.post(url, body).await?;
        let required = match self.settings.mac {
            MacUse::Always => true,
            MacUse::Auto => self.proven.load(Ordering::Relaxed),
            MacUse::Never => false,
        };
        let proof = mac.as_deref().map(|mac| Proof { mac, required });
        let opened = outbound::open(&reply, &self.settings.key, proof);
        let told = opened.map_err(of_unusable)?;
        if told.proven {
            self.proven.store(true, Ordering::Relaxed);
        }
        let members = told.plain.members().map_err(|why| NationalError::Failed(format!("应答明文{why}")))?;
        read(&members).map_err(|why| NationalError::Failed(format!("应答明文 {why}")))
    }

    async fn post(&self, url: &http::Uri, body: Bytes) -> Result<Reply, NationalError> {
        let begun = Instant::now();
        let mut attempt = 1;
        loop {
            let left = self.settings.timeout.saturating_sub(begun.elapsed());
            match self.outbound.post(url, body.clone(), left).await {
                Ok(reply) => return Ok(reply),
                Err(error) if error.is_retryable() && attempt < ATTEMPTS => attempt += 1,
                Err(CallError::TimedOut) => return Err(NationalError::TimedOut),
                Err(error) => return Err(NationalError::Failed(error.to_string())),
            }
        }
    }

    /// The question in its envelope, and its mac where it has one.
    fn seal(&self, path: &str, question: &[u8]) -> (Bytes, Option<String>) {
        let NationalSettings { key, org_id, prefix, mac, .. } = &self.settings;
        let (sender, now) =
            (Sender { key, org_id: org_id.as_str(), prefix, region: self.region }, self.clock.now());
        let (body, mac) = sender.request_to(path, now, question, *mac != MacUse::Never);
        (body.into(), mac)
    }
}

impl fmt::Debug for NationalCenter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NationalCenter")
            .field("host", &self.settings.url.host())
            .field("org_id", &self.settings.org_id)
            .finish_non_exhaustive()
    }
}

fn joined(base: &http::Uri, path: &str) -> Result<http::Uri, CallError> {
    let mut parts = base.clone().into_parts();
    let path = format!("{}{path}", base.path().trim_end_matches('/'));
    let bad = CallError::BadUrl("路径含有非法字符");
    parts.path_and_query = Some(path.parse().map_err(|_| bad)?);
    http::Uri::from_parts(parts).map_err(|_| bad)
}

/// The words of a refusal are dropped: they may name the person.
fn of_unusable(unusable: Unusable) -> NationalError {
    match unusable {
        Unusable::ServerError(status) => NationalError::Failed(format!("HTTP 状态 {status}")),
        Unusable::Bad(why) => NationalError::Failed(why),
        Unusable::Refused { code, .. } => match Code::from_number(code) {
            Some(known) if PASSED_ON.contains(&known) => NationalError::Refused(known),
            _ => NationalError::Failed(format!("对方以返回码 {code} 拒绝")),
        },
    }
}

#[cfg(test)]
mod tests;
