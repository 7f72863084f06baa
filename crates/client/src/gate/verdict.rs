//! What the gate answers: grounds to settle, or a reason not to and the clerk's next step.

use serde::{Deserialize, Serialize};
use yanmi_protocol::{Amount, UnixMillis};

use super::advice::Advice;
use super::record::Way;
use super::rules::{Exemption, Settlement};
use super::wire;

/// The three answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Settle.
    Settle(Grounds),
    /// Do not settle yet.
    Refuse(Advice),
    /// Do not settle; the online way is not to be had now, so take an offline one (1.4.3.2(8)A).
    FallBack(Advice),
}

impl Verdict {
    /// Whether to settle.
    pub const fn settles(&self) -> bool {
        matches!(self, Self::Settle(_))
    }
}

/// Why to settle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Grounds {
    /// The person was verified.
    Proven(Proof),
    /// Nothing had to be verified.
    NotGated(Exemption),
}

/// By which way somebody was verified.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProofWay {
    /// Online; how in the channel, the center did not say.
    Online,
    /// Online, by the credential password (01).
    OnlinePassword,
    /// Online, by face (02).
    OnlineFace,
    /// Online, by the channel's own payment password (03).
    OnlineChannel,
    /// At the terminal, by face: as the medium, or as the check.
    TerminalFace,
    /// At the terminal, by the credential password.
    TerminalPassword,
    /// Through the dynamic library, by the credential password.
    LibraryPassword,
}

impl ProofWay {
    /// The way in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Online => "线上密码核验认证",
            Self::OnlinePassword => "线上：医保电子凭证密码",
            Self::OnlineFace => "线上：人脸识别",
            Self::OnlineChannel => "线上：渠道支付密码",
            Self::TerminalFace => "医保终端刷脸",
            Self::TerminalPassword => "医保终端密码核验",
            Self::LibraryPassword => "动态库密码核验",
        }
    }

    pub(super) fn of(way: Way, told: Option<&str>) -> Self {
        match (way, told) {
            (Way::TerminalFace, _) => Self::TerminalFace,
            (Way::TerminalPassword, _) => Self::TerminalPassword,
            (Way::LibraryPassword, _) => Self::LibraryPassword,
            (Way::Online, Some("01")) => Self::OnlinePassword,
            (Way::Online, Some("02")) => Self::OnlineFace,
            (Way::Online, Some("03")) => Self::OnlineChannel,
            (Way::Online, _) => Self::Online,
        }
    }
}

/// The proof a settlement rests on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proof {
    /// By which way.
    pub way: ProofWay,
    /// When: of the confirmation where the center tells it, of the answer otherwise.
    #[serde(with = "wire::number")]
    pub at: UnixMillis,
    /// `resBizNo`, or the number of terminal or library.
    pub serial: Option<String>,
    /// Whether it is 500320: nobody entered anything.
    pub password_free: bool,
    /// Up to which amount it counts; nothing when to any.
    #[serde(with = "wire::optional_number")]
    pub covers: Option<Amount>,
    /// Whether nothing but somebody's word shows it (`gate.bare_claims`).
    #[serde(default)]
    pub claimed: bool,
}

impl Grounds {
    /// The grounds in Chinese, in a few words.
    pub fn words(&self) -> String {
        match self {
            Self::Proven(proof) if proof.password_free => "免密（500320）".to_owned(),
            Self::Proven(proof) if proof.claimed => {
                format!("{}（无流水号，仅凭登记，本机构设置采信）", proof.way.name())
            }
            Self::Proven(proof) => proof.way.name().to_owned(),
            Self::NotGated(exemption) => exemption.name().to_owned(),
        }
    }
}

/// A verdict and what it was about, as it is stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// The answer.
    pub verdict: Verdict,
    /// What was to be settled.
    pub kind: Settlement,
    /// How much.
    #[serde(with = "wire::number")]
    pub amount: Amount,
    /// When it was decided.
    #[serde(with = "wire::number")]
    pub at: UnixMillis,
}
