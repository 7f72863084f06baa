//! What a configuration holds, whatever it came from.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Uri;
use ipnet::IpNet;
use yanmi_protocol::dictionary::{BusinessType, IdType};
use yanmi_protocol::{AccountId, Region, Sm4Key};
use yanmi_verification::Policy;

use super::alarm_target::AlarmTarget;
use super::face::Faces;
use super::limits::Limits;
use super::oidc::Oidc;
use super::onboarding::Onboarding;
use super::password_file::PasswordFile;
use super::postgres::PostgresSettings;
use super::retention::Retention;
use crate::national::MacUse;

/// Everything a center is told before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// The region served: requests for another one are refused (reading, E3).
    pub region: Region,
    /// Where the state is kept.
    pub database: Database,
    /// The servers that follow those of the database and are read for the console's questions; without them the database is.
    pub console_database: Option<PostgresSettings>,
    /// The file the database's password was read from, if it was one.
    pub database_password_file: Option<PasswordFile>,
    /// The key the stored keys and identities are sealed under.
    pub encryption_key: Sm4Key,
    /// Where each face listens.
    pub listen: Faces,
    /// Login by an `OpenID` Provider. Boxed, for few have one and everybody carries a configuration.
    pub oidc: Box<Oidc>,
    /// What one process lets anybody hold.
    pub limits: Limits,
    /// Lives and limits of verifications (V7, V8).
    pub policy: Policy,
    /// How long what is stored is kept.
    pub retention: Retention,
    /// How far a request's timestamp may differ from the server's clock (E4).
    pub timestamp_window: Duration,
    /// Whether the insured person sees the registered name of the institution when it sent another one.
    pub show_registered_name: bool,
    /// How notices reach channel apps.
    pub delivery: Delivery,
    /// Where outgoing calls may go.
    pub outbound: OutboundRules,
    /// The national center.
    pub national: National,
    /// The page for insured persons.
    pub insured: Insured,
    /// Applications and feedback forms.
    pub onboarding: Onboarding,
    /// Whom new alarms are told outside of the console; boxed as the provider is.
    pub alarm_target: Option<Box<AlarmTarget>>,
    /// Whether this center decodes QR codes itself.
    pub decode_enabled: bool,
    /// What it decodes for (500156 for the rest).
    pub business_types: Vec<BusinessType>,
    /// Whose passwords it has checked (-2 for the rest).
    pub certificate_types: Vec<IdType>,
    /// Networks whose hosts may read `/metrics`.
    pub metrics_from: Vec<IpNet>,
    /// What is logged.
    pub log: Log,
    /// Whether this is a scratch center: one of many in a process, for people to try things at. What it has committed outlives
    /// the process, but not a loss of power; it takes little memory; it counts no statistics, looks for no alarms, keeps no
    /// refusals and does not look whether its registry was changed. No file says so, only a program.
    pub scratch: bool,
    pub(super) origins: Vec<Effective>,
}

/// Where the state is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Database {
    /// An `SQLite` file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, which several centers may share.
    Postgres(PostgresSettings),
}

impl From<&Self> for Database {
    fn from(database: &Self) -> Self {
        database.clone()
    }
}

impl From<&Path> for Database {
    fn from(path: &Path) -> Self {
        Self::Sqlite(path.to_path_buf())
    }
}

impl From<&PathBuf> for Database {
    fn from(path: &PathBuf) -> Self {
        Self::Sqlite(path.clone())
    }
}

/// `sqlite:` with the path, or the address without its password.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(settings) => write!(f, "{settings}"),
        }
    }
}

/// How notices reach channel apps (reading, section 5).
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Delivery {
    /// The institution's whole call, attempts and pauses included.
    pub call: Duration,
    /// Attempts within it.
    pub attempts: u32,
    /// Before the second attempt; it doubles before each further one.
    pub first_pause: Duration,
    /// Calls to one channel at the same time.
    pub in_flight_per_channel: usize,
    /// Failures in a row after which a channel is skipped.
    pub breaker_failures: u32,
    /// How long it is skipped.
    pub breaker_pause: Duration,
}

/// Where outgoing calls may go.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct OutboundRules {
    /// Networks that channels' notice addresses may lie in, checked again after DNS.
    pub allow: Vec<IpNet>,
    /// PEM file of further root certificates, beside the system's.
    pub roots: Option<PathBuf>,
}

/// The national center (reading, section 5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct National {
    /// The address its calls begin with.
    pub url: Uri,
    /// The account this center has there.
    pub org_id: AccountId,
    /// The account's key.
    pub key: Sm4Key,
    /// The part of `reqtType` before the `&`.
    pub prefix: RequestPrefix,
    /// Whether questions carry a mac, and answers have to.
    pub mac: MacUse,
    /// For one question.
    pub timeout: Duration,
    /// Questions at the same time.
    pub in_flight: usize,
    /// How long a token it does not know is not asked for again.
    pub unknown: Duration,
}

/// The page for insured persons (`authUrl`), on the channel face's listener.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Insured {
    /// What persons' browsers reach the listener by; without it there is no page.
    pub public_url: Option<Uri>,
}

/// The part of `reqtType` before the `&`: 1 to 57 visible ASCII characters without `&`, so that the whole
/// keeps to the 64 of E2.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestPrefix(pub(super) String);

impl RequestPrefix {
    /// The most characters a prefix has: 64 without `&` and the six digits of a region.
    pub const MAX_LENGTH: usize = 57;

    /// Reads the text; `None` when it is not of the form above.
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty()
            && text.len() <= Self::MAX_LENGTH
            && text.bytes().all(|b| b.is_ascii_graphic() && b != b'&');
        fits.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is logged.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Log {
    /// The least important that is.
    pub level: LogLevel,
    /// Whether each request has its line.
    pub requests: bool,
}

/// How important a log line is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum LogLevel {
    /// Outages and bugs.
    Error,
    /// What the operator should look at.
    Warn,
    /// What happened.
    #[default]
    Info,
    /// How it happened.
    Debug,
}

impl LogLevel {
    /// All of them, the most important first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    /// The name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// What has no default: what [`Config::new`] must be told.
#[derive(Clone, Debug)]
pub struct Essentials {
    /// See [`Config::region`].
    pub region: Region,
    /// See [`Config::encryption_key`].
    pub encryption_key: Sm4Key,
    /// See [`National::url`].
    pub national_url: Uri,
    /// See [`National::org_id`].
    pub national_org_id: AccountId,
    /// See [`National::key`].
    pub national_key: Sm4Key,
}

/// What a setting was when the configuration was made, and why. One for each row of the table.
#[derive(Clone, Debug)]
pub(super) struct Effective {
    pub(super) value: String,
    pub(super) origin: Origin,
}

/// One setting, explained.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The dotted key.
    pub key: &'static str,
    /// The value as it would be written in the file; of a secret, its key-check value.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}  # {}", self.key, self.value, self.origin)
    }
}

/// Where a value came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The configuration file, in this line.
    File(usize),
    /// The table of settings.
    Default,
    /// This environment variable.
    Environment(&'static str),
    /// A key file named in this line of the configuration file.
    KeyFile(usize, PathBuf),
    /// The program itself: a test, or the sandbox.
    Code,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(line) => write!(f, "文件第 {line} 行"),
            Self::Default => f.write_str("默认值"),
            Self::Environment(name) => write!(f, "环境变量 {name}"),
            Self::KeyFile(line, path) => write!(f, "文件第 {line} 行，密钥文件 {}", path.display()),
            Self::Code => f.write_str("程序设定"),
        }
    }
}
