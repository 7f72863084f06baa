//! 反馈表: what an institution's programmer has to know after the province approved (section 1.4.2), as a signed file.
//!
//! One edition is one [`Feedback`] with a number of its own. It is signed by the center ([`crate::Signed`]) under the
//! distinguishing identifier `yanmi-feedback`, and an edition that takes the place of another names it. The account's key
//! is not on it, only the key-check value. Times are 13 digits, as on the wire; regions are the codes of the wire.
//!
//! What is read or signed keeps these rules, beside the bounds that stand at the members:
//!
//! * number, application, issuer and `reqtType` are of one region;
//! * no address, interface, institution or key of receipts is there twice;
//! * an address that begins with `https` has a root it can be checked with;
//! * a form ends after it was issued, a root and a key of receipts after they began;
//! * no form for real settlements names a trial account, whose code begins with `t-`.

mod address;
mod check;
mod config;
mod read;

pub use address::{AddressError, CenterUrl};
pub use config::{KEY_FILE, ROOTS_FILE};

use ipnet::IpNet;
use serde::Serialize;
use yanmi_protocol::message::MAX_ORG_NAME;
use yanmi_protocol::{AccountId, KeyCheckValue, OrgCode, Region, UnixMillis};

use crate::number::{ApplicationNo, FeedbackNo};
use crate::public_key::PublicKey;
use crate::word::{Conclusion, Handover, Interface, KeyForm, Stage};
use crate::written::{self, Written};

/// Characters of a title.
pub const MAX_TITLE: usize = 100;
/// Characters of the name of an authority, a vendor, a product, a person or a system.
pub const MAX_NAME: usize = 100;
/// Characters of a version, a telephone number, the address of a portal or of a clock.
pub const MAX_SHORT: usize = 60;
/// Addresses of the center; a client's configuration takes as many.
pub const MAX_URLS: usize = 16;
/// Roots of the center's certificates: the one in use, the next, and those of several authorities.
pub const MAX_ROOTS: usize = 8;
/// Networks an account may call from.
pub const MAX_NETWORKS: usize = 64;
/// Institutions one account calls for: a vendor's with every pharmacy of a province.
pub const MAX_INSTITUTIONS: usize = 10_000;
/// Keys of receipts: two at a time, and some that have ended.
pub const MAX_RECEIPT_KEYS: usize = 8;
/// Calls in a second an account may be given.
pub const MAX_RATE: u32 = 1_000_000;
/// The longest limit of time, in seconds: a week.
pub const MAX_SECONDS: u32 = 7 * 24 * 60 * 60;

/// A feedback form. Sign it with [`crate::Signed::new`], which refuses what breaks a rule of this module.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Feedback {
    /// 反馈表编号 of this edition.
    #[serde(serialize_with = "written::text")]
    pub number: FeedbackNo,
    /// What it is for.
    #[serde(serialize_with = "written::text")]
    pub stage: Stage,
    /// When it was issued.
    #[serde(serialize_with = "written::time")]
    pub issued_at: UnixMillis,
    /// The moment it ends, unless it holds until further notice.
    #[serde(serialize_with = "written::optional_time")]
    pub valid_until: Option<UnixMillis>,
    /// The edition whose place it takes.
    #[serde(serialize_with = "written::optional_text")]
    pub supersedes: Option<FeedbackNo>,
    /// What is printed above it; at most [`MAX_TITLE`] characters.
    pub title: String,
    /// Who approved.
    pub issuer: Issuer,
    /// Whose account it is.
    pub system: System,
    /// What every envelope carries as `reqtType`.
    #[serde(serialize_with = "written::text")]
    pub reqt_type: ReqtType,
    /// How the center is reached.
    pub center: CenterAccess,
    /// What the account may call; at least one.
    #[serde(serialize_with = "written::texts")]
    pub interfaces: Vec<Interface>,
    /// Calls a second, 1 to [`MAX_RATE`].
    pub rate: u32,
    /// Calls that may come at once, 1 to [`MAX_RATE`].
    pub burst: u32,
    /// Where envelopes may come from; empty where it does not matter.
    #[serde(serialize_with = "written::texts")]
    pub source_networks: Vec<IpNet>,
    /// The institutions it calls for; 1 to [`MAX_INSTITUTIONS`].
    pub institutions: Vec<ListedInstitution>,
    /// Which key seals the envelopes.
    pub key: KeyFacts,
    /// What the center waits for, and how long.
    pub limits: Limits,
    /// The keys that receipts of verifications are checked with; empty where there are none.
    pub receipts: Vec<ReceiptKey>,
    /// What was accepted; a form for joint debugging comes before that.
    pub acceptance: Option<Acceptance>,
    /// Who is asked.
    pub contacts: Contacts,
}

/// Who approved, and what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Issuer {
    /// 省级医保区划代码.
    #[serde(serialize_with = "written::text")]
    pub region: Region,
    /// The authority.
    pub name: String,
    /// The person who approved.
    pub approved_by: String,
    /// When.
    #[serde(serialize_with = "written::time")]
    pub approved_at: UnixMillis,
    /// 申请编号.
    #[serde(serialize_with = "written::text")]
    pub application: ApplicationNo,
}

/// The information system whose account it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct System {
    /// 业务系统编码, `orgId` of the envelopes.
    #[serde(serialize_with = "written::text")]
    pub org_id: AccountId,
    /// Its name.
    pub name: String,
    /// Who made it.
    pub vendor: String,
    /// The product it is.
    pub product: String,
    /// Its version; at most [`MAX_SHORT`] characters.
    pub version: String,
}

/// `reqtType` of the envelopes (section 1.3.2.1), as in `sys&350000`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReqtType {
    /// What stands before the `&`.
    pub prefix: String,
    /// 省级医保区划代码.
    pub region: Region,
}

/// How the center is reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CenterAccess {
    /// `localUrl`; 1 to [`MAX_URLS`].
    #[serde(serialize_with = "written::texts")]
    pub urls: Vec<CenterUrl>,
    /// The roots its certificates are checked with.
    pub tls_roots: Vec<TlsRoot>,
    /// The clock that machines are set by (a name or an address of NTP), at most [`MAX_SHORT`] characters.
    pub time_source: Option<String>,
}

/// A root certificate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TlsRoot {
    /// SHA-256 of the certificate in DER, as browsers and OpenSSL show it.
    #[serde(serialize_with = "written::text")]
    pub sha256: [u8; 32],
    /// When it ends.
    #[serde(serialize_with = "written::time")]
    pub not_after: UnixMillis,
}

/// An institution the account calls for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedInstitution {
    /// 定点医药机构代码.
    #[serde(serialize_with = "written::text")]
    pub org_code: OrgCode,
    /// 定点医药机构名称, as it is registered; at most 40 characters.
    pub name: String,
    /// Where it is.
    #[serde(serialize_with = "written::text")]
    pub region: Region,
}

/// Which key seals the envelopes; not the key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyFacts {
    /// How it is written.
    #[serde(serialize_with = "written::text")]
    pub form: KeyForm,
    /// 校验值.
    #[serde(serialize_with = "written::text")]
    pub kcv: KeyCheckValue,
    /// Which key of the account it is, counted from 1.
    pub generation: u32,
    /// When it was made.
    #[serde(serialize_with = "written::time")]
    pub made_at: UnixMillis,
    /// When it has to be another, where that is set.
    #[serde(serialize_with = "written::optional_time")]
    pub rotate_by: Option<UnixMillis>,
    /// How it came to the institution.
    #[serde(serialize_with = "written::text")]
    pub handed_over: Handover,
}

/// Limits of the center; seconds are 0 to [`MAX_SECONDS`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// How far the time of an envelope may be from the center's clock.
    pub timestamp_window_seconds: u32,
    /// How long a person has to answer a notice.
    pub notice_seconds: u32,
    /// How long a confirmation counts.
    pub confirmation_seconds: u32,
    /// How long a token is known.
    pub token_seconds: u32,
    /// The least time between two notices of one verification (500084).
    pub notice_interval_seconds: u32,
    /// Notices one verification may have; 1 to 1,000.
    pub notices_per_verification: u32,
}

/// A key that receipts are checked with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptKey {
    /// How receipts name it: 1 to 16 letters, digits, `-` or `_`.
    pub kid: String,
    /// The key, as `04‖x‖y`.
    #[serde(serialize_with = "written::text")]
    pub sm2_public: PublicKey,
    /// From when on it signs.
    #[serde(serialize_with = "written::time")]
    pub from: UnixMillis,
    /// Until when, where that is set.
    #[serde(serialize_with = "written::optional_time")]
    pub until: Option<UnixMillis>,
}

/// What was accepted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Acceptance {
    /// SM3 of the report.
    #[serde(serialize_with = "written::text")]
    pub report_sm3: [u8; 32],
    /// What it came to.
    #[serde(serialize_with = "written::text")]
    pub conclusion: Conclusion,
    /// When.
    #[serde(serialize_with = "written::time")]
    pub at: UnixMillis,
    /// Of which product.
    pub product: String,
    /// In which version.
    pub version: String,
}

/// Who is asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contacts {
    /// While systems are connected.
    pub debugging_phone: String,
    /// When something fails.
    pub duty_phone: String,
    /// The applicant's pages, where there are any.
    pub portal: Option<String>,
}

impl Written for ReqtType {
    fn text(&self) -> String {
        format!("{}&{}", self.prefix, self.region.as_str())
    }
}

impl Feedback {
    /// The institution of this code, where the form names it.
    pub fn institution(&self, org_code: &OrgCode) -> Option<&ListedInstitution> {
        self.institutions.iter().find(|listed| listed.org_code == *org_code)
    }

    /// Whether it counts at `now`: it was issued, and has not ended.
    pub fn is_valid_at(&self, now: UnixMillis) -> bool {
        self.issued_at <= now && self.valid_until.is_none_or(|until| now < until)
    }
}

// The name of an institution is of the length the wire has for it.
const _: () = assert!(MAX_ORG_NAME <= MAX_NAME);
