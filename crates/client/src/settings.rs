//! What a configuration comes to: the settings a desk is opened with. How they are read is in [`crate::config`].

use std::path::PathBuf;
use std::time::Duration;

use yanmi_protocol::{AccountId, OrgCode, Region, Sm4Key};

use crate::gate::{Rules, StatusSerial};

/// Everything a [`crate::Desk`] needs to know.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Who calls.
    pub account: Account,
    /// For which institution.
    pub institution: Institution,
    /// Which center, and how patiently.
    pub center: CenterSettings,
    /// What the gate asks for (table `gate`).
    pub gate: Rules,
    /// Where visits are kept; without it a desk keeps none and cannot gate.
    pub visits: Option<VisitsSettings>,
}

/// The account at the center (section 1.3.2.1).
#[derive(Clone, Debug)]
pub struct Account {
    /// 业务系统编码, `orgId`.
    pub org_id: AccountId,
    /// Its key; `Debug` shows the key-check value only.
    pub key: Sm4Key,
    /// 省级医保区划代码, the six digits of `reqtType`.
    pub region: Region,
    /// What stands before the `&` in `reqtType`.
    pub prefix: String,
}

/// The institution (sections 1.7.1, 1.7.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Institution {
    /// 定点医药机构代码.
    pub org_code: OrgCode,
    /// 定点医药机构名称, shown to the insured person.
    pub org_name: String,
}

/// In which order a call tries the addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// As listed: the first is the main one.
    Listed,
    /// Each call begins with the next.
    Rotate,
}

/// Whether requests carry a mac, and answers have to (E13).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MacUse {
    /// They do, and once an answer of the center carried one, neither a success nor 500320 is taken without.
    Auto,
    /// They do, and neither is taken without from the beginning.
    Always,
    /// They do not.
    Never,
}

/// How the center is called.
#[derive(Clone, Debug)]
pub struct CenterSettings {
    /// `{localUrl}` (section 1.2), one or several, without a slash at the end.
    pub urls: Vec<String>,
    /// In which order they are tried.
    pub order: Order,
    /// PEM file of the only roots that count; required for `https`.
    pub roots: Option<PathBuf>,
    /// Whether `http` is allowed beyond loopback (E14).
    pub plain_http: bool,
    /// Whether requests carry a mac, and answers have to.
    pub mac: MacUse,
    /// Whether to ask for what the specification does not have (`"ext":"1"`): stage, next step, confirmed amount.
    pub extended: bool,
    /// What the serial of a status answer must be.
    pub status_serial: StatusSerial,
    /// Whether timestamps are corrected by the drift learned from a refusal.
    pub compensate_clock: bool,
    /// For one connection.
    pub connect_timeout: Duration,
    /// For one attempt.
    pub attempt_timeout: Duration,
    /// For a whole call with its retries; a held status query adds what it asks to be held.
    pub call_timeout: Duration,
    /// Attempts one call may make.
    pub attempts: u32,
    /// How long an address that failed is left alone.
    pub skip: Duration,
    /// The least time between two notices for one visit, because centers refuse hastier ones (500084).
    pub notice_pause: Duration,
}

/// Where visits are kept.
#[derive(Clone, Debug)]
pub struct VisitsSettings {
    /// The database file; it is made when it is not there, its folder is not.
    pub file: PathBuf,
    /// The key what is in it is sealed under.
    pub key: Sm4Key,
    /// How long after its last change a visit is deleted.
    pub retain: Duration,
}

impl CenterSettings {
    /// What has to be said at every start, in Chinese: that anybody on the line can read and change what is said.
    pub fn warning(&self) -> Option<String> {
        let plain: Vec<&str> =
            self.urls.iter().map(String::as_str).filter(|url| plain_beyond_this_machine(url)).collect();
        (!plain.is_empty()).then(|| {
            format!(
                "center.plain_http = true：以明文 HTTP 访问 {}，线路上的人可以看到、改动和重放报文；请改用 https",
                plain.join("、")
            )
        })
    }
}

/// Whether an address is `http` and leads to another machine.
pub fn plain_beyond_this_machine(url: &str) -> bool {
    let Ok(uri) = url.parse::<ureq::http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let local = host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    uri.scheme_str() == Some("http") && !local
}
