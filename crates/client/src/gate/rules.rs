//! What a site gates, and what is asked of the gate.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use yanmi_protocol::{Amount, UnixMillis};

use super::record::Way;

/// A kind of settlement, by the number of the insurance call it is made with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Settlement {
    /// 2102 药店结算.
    Pharmacy,
    /// 2207 门诊结算.
    Outpatient,
    /// 2304 住院结算.
    Inpatient,
    /// 2201 门诊挂号 and the settlement of its fee.
    Registration,
    /// Another call the site has gated (`gate.more`).
    Other,
    /// 2103, 2202, 2208, 2305: refund or cancellation, which is not gated.
    Reversal,
}

impl Settlement {
    /// The kind of a call's number; nothing for a call that settles nothing or is not known. A region's letter behind
    /// the four digits (`2207A`) does not matter.
    pub fn of(number: &str) -> Option<Self> {
        let digits = number.strip_suffix(|c: char| c.is_ascii_uppercase()).unwrap_or(number);
        match digits {
            "2102" => Some(Self::Pharmacy),
            "2207" => Some(Self::Outpatient),
            "2304" => Some(Self::Inpatient),
            "2201" => Some(Self::Registration),
            "2103" | "2208" | "2305" | "2202" => Some(Self::Reversal),
            _ => None,
        }
    }

    /// The kind in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pharmacy => "药店结算（2102）",
            Self::Outpatient => "门诊结算（2207）",
            Self::Inpatient => "住院结算（2304）",
            Self::Registration => "挂号（2201）",
            Self::Other => "本机构另列的结算",
            Self::Reversal => "退费或撤销",
        }
    }
}

/// What is asked of the gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ask {
    /// What is to be made.
    pub kind: Settlement,
    /// 医疗费总额 that is to be settled.
    pub amount: Amount,
}

/// What the `resBizNo` of a status query must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StatusSerial {
    /// That of the verification's latest notice, as yanmi answers: an answer played back from another visit is
    /// found out.
    OfNotice,
    /// Anything: for centers that give every answer a number of its own. Such an answer played back is not found out.
    Any,
}

/// The site's switches (table `gate` of the configuration). `true` means gated; switched off is recorded as such.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the configuration")]
pub struct Rules {
    /// Whether pharmacy settlements are gated.
    pub pharmacy: bool,
    /// Whether outpatient settlements are.
    pub outpatient: bool,
    /// Whether inpatient settlements are.
    pub inpatient: bool,
    /// Whether registrations are.
    pub registration: bool,
    /// Further insurance calls that are gated here, by their numbers.
    pub more: [Option<CallNumber>; MAX_MORE],
    /// Whether patients of another province are.
    pub cross_province: bool,
    /// Whether cards need the credential password, as 1.5.3.2(2)B.b says.
    pub cards: bool,
    /// How old a proof may be: a notice, an offline check, a face at the terminal. The center keeps its own, shorter
    /// times; this one bounds an answer that is played back.
    pub valid: Duration,
    /// What the serial of a status answer must be.
    pub status_serial: StatusSerial,
    /// The ways the site supports, in the order it advises them.
    pub ways: Ways,
    /// Whether a face or an offline check counts as passed on nothing but the word of a program or a clerk.
    pub bare_claims: bool,
}

/// The number of an insurance call: four digits and perhaps a region's letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallNumber([u8; 4]);

impl CallNumber {
    /// Reads a number; nothing for any other text. A region's letter behind it does not matter.
    pub fn new(text: &str) -> Option<Self> {
        let digits = text.strip_suffix(|c: char| c.is_ascii_uppercase()).unwrap_or(text);
        let number: [u8; 4] = digits.as_bytes().try_into().ok()?;
        number.iter().all(u8::is_ascii_digit).then_some(Self(number))
    }
}

/// Insurance calls a site may gate beyond those of [`Settlement`].
pub const MAX_MORE: usize = 8;

/// The ways a site supports (1.6.2(3)), in the order it advises them. The keyboard's library comes last wherever it was
/// listed: the specification recommends online or terminal (1.4.3.2(8)B).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ways([Option<Way>; 4]);

impl Ways {
    /// All four.
    pub const ALL: Self = Self([
        Some(Way::Online),
        Some(Way::TerminalFace),
        Some(Way::TerminalPassword),
        Some(Way::LibraryPassword),
    ]);

    /// These, each once.
    pub fn of(ways: &[Way]) -> Self {
        let mut out = [None; 4];
        let library = ways.iter().filter(|way| **way == Way::LibraryPassword);
        let mut slots = out.iter_mut();
        let mut seen = Vec::new();
        for way in ways.iter().filter(|way| **way != Way::LibraryPassword).chain(library) {
            if !seen.contains(way)
                && let Some(slot) = slots.next()
            {
                seen.push(*way);
                *slot = Some(*way);
            }
        }
        Self(out)
    }

    /// The ways, in the order they are advised.
    pub fn iter(&self) -> impl Iterator<Item = Way> + use<> {
        self.0.into_iter().flatten()
    }
}

impl Default for Rules {
    /// Everything gated, proofs valid for an hour.
    fn default() -> Self {
        Self {
            pharmacy: true,
            outpatient: true,
            inpatient: true,
            registration: true,
            more: [None; MAX_MORE],
            cross_province: true,
            cards: true,
            valid: Duration::from_hours(1),
            status_serial: StatusSerial::Any,
            ways: Ways::ALL,
            bare_claims: false,
        }
    }
}

/// Why a settlement is not gated. Recorded with the decision.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Exemption {
    /// It is a refund or a cancellation.
    Reversal,
    /// The site has switched the gate off for this kind.
    SwitchedOff,
    /// The site exempts patients of another province, and this is one.
    CrossProvince,
    /// The site does not ask cards for the password.
    Card,
}

impl Exemption {
    /// The reason in Chinese.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reversal => "退费或撤销，无需核验",
            Self::SwitchedOff => "本机构已关闭此类结算的核验",
            Self::CrossProvince => "本机构对跨省参保人免核验",
            Self::Card => "本机构对实体卡免核验",
        }
    }
}

impl Rules {
    /// The kind of a call's number here: one of [`Settlement::of`], or one the site has added.
    pub fn kind(&self, number: &str) -> Option<Settlement> {
        let added = || {
            let asked = CallNumber::new(number)?;
            self.more.iter().flatten().any(|known| *known == asked).then_some(Settlement::Other)
        };
        Settlement::of(number).or_else(added)
    }

    /// Whether something recorded then still counts. A record from the future is one of a clock that was set back:
    /// it does not live longer for it.
    pub(super) fn is_valid(&self, at: UnixMillis, now: UnixMillis) -> bool {
        at.distance(now) <= self.valid
    }
}

/// Whether a patient is of another province than the site: the first two digits of 参保地 (`insuOrg`) and region.
pub fn is_cross_province(insured_place: &str, region: &str) -> bool {
    match (insured_place.get(..2), region.get(..2)) {
        (Some(theirs), Some(ours)) => theirs != ours,
        // Not known to be of another province, so not exempt.
        _ => false,
    }
}
