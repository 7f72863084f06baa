//! What a run is to be, and the codes that are scanned in it.

use std::time::Duration;

use yanmi_protocol::{AccountId, EcToken, OrgCode, Region, Sm4Key};

use crate::base_url::BaseUrl;
use crate::situation::Situation;

/// 业务系统编码 of a run that was given no account.
pub(crate) const ORG_ID: &str = "acceptance";
/// How long ago what is played back was recorded.
pub(crate) const DAY: Duration = Duration::from_hours(24);
/// How late the answers of `slow` are: within the five seconds a center has for a notice.
pub const LATE: Duration = Duration::from_secs(4);
/// How long a call without answer is held before the connection ends: longer than institutions wait.
pub const HANG: Duration = Duration::from_mins(3);
/// How long a run may take.
pub const RUN_TIME: Duration = Duration::from_hours(2);

/// Whose envelopes a run takes.
#[derive(Clone, Debug)]
pub struct Account {
    /// 业务系统编码.
    pub org_id: AccountId,
    /// Its key. It stands on the page and in the brief, so it has to be one for tests.
    pub key: Sm4Key,
}

/// What a run is to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// 省级医保区划代码.
    pub region: Region,
    /// 定点医药机构代码 the institution calls with.
    pub org_code: OrgCode,
    /// Who is tried, for the report; may be empty.
    pub vendor: String,
    /// What is tried, with its version; may be empty.
    pub product: String,
    /// The situations, by their positions in the table.
    pub situations: Vec<usize>,
    /// How late the answers of `slow` are.
    pub late: Duration,
    /// How long a call without answer is held.
    pub hang: Duration,
    /// How long the run may take; [`crate::Suite::finished`] returns then.
    pub run_time: Duration,
    /// Who calls; without one an account with a key of its own is made for the run.
    pub account: Option<Account>,
    /// Where the vendor sees the suite, when it stands behind a front that takes away what stands before its paths;
    /// without one, where it listens.
    pub public_url: Option<BaseUrl>,
    /// An address where nobody answers, as the vendor sees it; without one, a port beside the suite's that is kept free.
    pub dead_url: Option<BaseUrl>,
}

impl Settings {
    /// Every situation.
    pub fn new(region: Region, org_code: OrgCode) -> Self {
        Self {
            region,
            org_code,
            vendor: String::new(),
            product: String::new(),
            situations: (0..Situation::all().count()).collect(),
            late: LATE,
            hang: HANG,
            run_time: RUN_TIME,
            account: None,
            public_url: None,
            dead_url: None,
        }
    }
}

/// A token that names its situation: the shape of the field's tokens, with `accept`, the number and a letter.
pub(crate) fn token(region: Region, at: usize, role: char, draw: &dyn Fn(&mut [u8])) -> Option<EcToken> {
    let mut chance = [0; 8];
    draw(&mut chance);
    let chance = u64::from_le_bytes(chance);
    let (middle, tail) = (chance >> 32, chance & 0xFFFF_FFFF);
    let text = format!("{}accept{:02}{role}{middle:011x}0000{tail:08x}", region.as_str(), at + 1);
    EcToken::new(&text).ok()
}
