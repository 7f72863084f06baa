//! The client's configuration: from TOML or JSON, every problem told at once, in Chinese, by the member's name.
//!
//! Keys may stand in the text, in a file of their own, or in the environment; two places for one key are refused,
//! because then nobody knows which counts. A file that a key stands in, whichever, is its owner's alone. Relative paths are relative to the configuration's folder.

mod document;
mod read;
mod table;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use yanmi_protocol::{AccountId, OrgCode, Region, Sm4Key};

use crate::gate::Rules;

pub use document::{Document, read_table};
pub use read::{Number, Table};

/// Environment variable of the account's key, used when the configuration names none.
pub const KEY_VARIABLE: &str = "YANMI_CLIENT_KEY";
/// Environment variable of the key visits are sealed under, used when the configuration names none.
pub const VISITS_KEY_VARIABLE: &str = "YANMI_VISITS_KEY";
/// Largest configuration, in bytes.
pub const MAX_CONFIG_BYTES: u64 = 64 * 1024;
/// Center addresses one configuration may list.
pub const MAX_ADDRESSES: usize = 16;

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

/// What the `resBizNo` of a status query must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StatusSerial {
    /// That of the verification's latest notice, as yanmi answers: an answer played back from another visit is
    /// found out.
    OfNotice,
    /// Anything: for centers that give every answer a number of its own. Such an answer played back is not found out.
    Any,
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

/// One thing that is wrong with a configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The member, with its table: `center.urls`; empty when it is the whole text.
    pub member: String,
    /// What is wrong, in Chinese. It never repeats a key.
    pub message: String,
}

/// Why a configuration cannot be used: everything that is wrong with it. `Display` is Chinese, a line for each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError {
    /// The problems, in the order of the text's members.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let (end, colon) =
                (if at > 0 { "\n" } else { "" }, if problem.member.is_empty() { "" } else { "：" });
            write!(f, "{end}{}{colon}{}", problem.member, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    fn whole(message: impl Into<String>) -> Self {
        Self { problems: vec![Problem { member: String::new(), message: message.into() }] }
    }
}

/// Looks up an environment variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's environment, for [`ClientConfig::load`] and its siblings.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl ClientConfig {
    /// Reads a file: JSON when its name ends in `.json`, TOML otherwise.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn load(path: &Path, env: Environment<'_>) -> Result<Self, ConfigError> {
        Document::load(path)?.read(env)
    }

    /// Reads TOML. `folder` is what relative paths are relative to.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn from_toml(text: &str, folder: &Path, env: Environment<'_>) -> Result<Self, ConfigError> {
        Document::of_toml(text, folder)?.read(env)
    }

    /// Reads JSON, with the members of the TOML form.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn from_json(text: &str, folder: &Path, env: Environment<'_>) -> Result<Self, ConfigError> {
        Document::of_json(text, folder)?.read(env)
    }
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

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests;
