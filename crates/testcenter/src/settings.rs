//! What a test center is told: one TOML file, read strictly, and everything that is wrong with it said at once.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Uri;
use ipnet::IpNet;
use serde_json::Value;
use yanmi_client::config::{ConfigError, Document, Number, Problem, Table, read_table};
use yanmi_http::{ClientAddress, ListenSettings, Proxies, TlsFiles};

/// A configuration to begin with; every line that may be left out is one with its default.
pub const EXAMPLE: &str = include_str!("../../../docs/reference/testcenter.example.toml");

/// Characters of the test center's name.
const MAX_NAME: usize = 40;
/// Characters of a path or an address.
const MAX_TEXT: usize = 400;
/// Networks of channel apps, and of proxies.
const MAX_NETWORKS: usize = 64;

/// Everything a test center needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its name, on every page and report.
    pub name: String,
    /// Where vendors reach it: one listener for everybody.
    pub listen: ListenSettings,
    /// The address vendors use, without a slash at the end: `https://host` or `http://host:port`.
    pub public_url: String,
    /// The folder of all spaces; made when it is not there.
    pub data: PathBuf,
    /// Whether anybody may make a space without a code.
    pub open: bool,
    /// Networks in which channel apps of vendors may be.
    pub channel_networks: Vec<IpNet>,
    /// A file of key-check values, one a line, of keys that must never be used here.
    pub refused_keys: Option<PathBuf>,
    /// Where the operator's page is.
    pub operator: ListenSettings,
    /// The file with what the operator logs in with; made when it is not there.
    pub operator_key: PathBuf,
    /// What anybody may hold.
    pub limits: Limits,
}

/// Bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Spaces there may be.
    pub spaces: usize,
    /// Spaces that run at the same time; the one idle longest makes room.
    pub running: usize,
    /// How long a space runs without a request.
    pub idle: Duration,
    /// How long after its last request a space may be stopped to make room for another.
    pub yields_after: Duration,
    /// How long a space lives, unless the operator prolongs it.
    pub life: Duration,
    /// Requests a second to one space.
    pub requests_per_second: u32,
    /// Spaces an hour that one source address may make.
    pub spaces_per_source_hour: u32,
}

impl Settings {
    /// Reads a file: JSON when its name ends in `.json`, TOML otherwise.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::of(Document::load(path)?)
    }

    /// Reads TOML. `folder` is what relative paths are relative to.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong.
    pub fn from_toml(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        Self::of(Document::of_toml(text, folder)?)
    }

    fn of(mut document: Document) -> Result<Self, ConfigError> {
        let folder = document.folder().to_owned();
        let mut take = |name| document.take(name).unwrap_or(Value::Null);
        let own = read_table("testcenter", take("testcenter"), |table| Some(Own::read(table)));
        let operator = read_table("operator", take("operator"), |table| Some(Operator::read(table)));
        let limits = read_table("limits", take("limits"), |table| Some(limits(table)));
        let rest = document.finish(&["testcenter", "operator", "limits"]);
        match (own, operator, limits, rest) {
            (Ok(own), Ok(operator), Ok(limits), Ok(())) => Ok(own.settings(operator, limits, &folder)),
            (own, operator, limits, rest) => {
                let all = [own.err(), operator.err(), limits.err(), rest.err()];
                let problems: Vec<Problem> =
                    all.into_iter().flatten().flat_map(|error| error.problems).collect();
                Err(ConfigError { problems })
            }
        }
    }
}

/// `[testcenter]`.
struct Own {
    name: String,
    listen: SocketAddr,
    tls: Option<(String, String)>,
    plain_http: bool,
    proxies: Proxies,
    public_url: String,
    data: String,
    open: bool,
    channel_networks: Vec<IpNet>,
    refused_keys: String,
}

impl Own {
    fn read(table: &Table<'_>) -> Self {
        let listen = address(table, "listen", SocketAddr::from(([127, 0, 0, 1], 8380)));
        Self {
            name: table.text("name", "联调中心", MAX_NAME),
            listen,
            tls: tls(table),
            plain_http: table.flag("plain_http", false),
            proxies: Proxies { networks: networks(table, "proxies"), client: client_address(table) },
            public_url: public_url(table, listen),
            data: table.text("data", "testcenter", MAX_TEXT),
            open: table.flag("open", false),
            channel_networks: networks(table, "channel_networks"),
            refused_keys: table.text("refused_keys", "", MAX_TEXT),
        }
    }

    fn settings(self, operator: Operator, limits: Limits, folder: &Path) -> Settings {
        let data = folder.join(&self.data);
        let files = |(certificate, key): (String, String)| TlsFiles {
            certificate: folder.join(certificate),
            key: folder.join(key),
        };
        Settings {
            name: self.name,
            listen: ListenSettings {
                name: "testcenter",
                address: self.listen,
                tls: self.tls.map(files),
                plain_http: self.plain_http,
                proxies: self.proxies,
            },
            public_url: self.public_url,
            open: self.open,
            channel_networks: self.channel_networks,
            refused_keys: (!self.refused_keys.is_empty()).then(|| folder.join(&self.refused_keys)),
            operator: ListenSettings {
                name: "operator",
                address: operator.listen,
                tls: operator.tls.map(files),
                // What one logs in with passes it.
                plain_http: false,
                proxies: Proxies::default(),
            },
            operator_key: match operator.key_file.as_str() {
                "" => data.join("operator.key"),
                file => folder.join(file),
            },
            data,
            limits,
        }
    }
}

/// `[operator]`.
struct Operator {
    listen: SocketAddr,
    tls: Option<(String, String)>,
    key_file: String,
}

impl Operator {
    fn read(table: &Table<'_>) -> Self {
        Self {
            listen: address(table, "listen", SocketAddr::from(([127, 0, 0, 1], 8381))),
            tls: tls(table),
            key_file: table.text("key_file", "", MAX_TEXT),
        }
    }
}

fn limits(table: &Table<'_>) -> Limits {
    let number = |name, default, least, most| table.number(Number { name, default, least, most });
    let count = |name, default, least, most| {
        usize::try_from(number(name, default, least, most)).unwrap_or(usize::MAX)
    };
    let rate =
        |name, default, least, most| u32::try_from(number(name, default, least, most)).unwrap_or(u32::MAX);
    Limits {
        spaces: count("spaces", 500, 1, 10_000),
        running: count("running", 250, 1, 1_000),
        idle: Duration::from_secs(60 * number("idle_minutes", 15, 1, 1_440)),
        yields_after: Duration::from_secs(number("yield_seconds", 60, 0, 86_400)),
        life: Duration::from_secs(24 * 60 * 60 * number("days", 30, 1, 366)),
        requests_per_second: rate("requests_per_second", 50, 1, 10_000),
        spaces_per_source_hour: rate("spaces_per_source_hour", 20, 1, 1_000),
    }
}

fn address(table: &Table<'_>, member: &'static str, default: SocketAddr) -> SocketAddr {
    match table.optional_text(member).map(|text| text.trim().parse()) {
        None => default,
        Some(Ok(address)) => address,
        Some(Err(_)) => {
            table.problem(member, "应为 IP 地址:端口，如 127.0.0.1:8380");
            default
        }
    }
}

fn tls(table: &Table<'_>) -> Option<(String, String)> {
    let certificate = table.text("tls_certificate", "", MAX_TEXT);
    let key = table.text("tls_key", "", MAX_TEXT);
    match (certificate.is_empty(), key.is_empty()) {
        (true, true) => None,
        (false, false) => Some((certificate, key)),
        (true, false) => {
            table.problem("tls_certificate", "与 tls_key 须同时设置");
            None
        }
        (false, true) => {
            table.problem("tls_key", "与 tls_certificate 须同时设置");
            None
        }
    }
}

fn networks(table: &Table<'_>, member: &'static str) -> Vec<IpNet> {
    let texts = table.texts(member).filter(|texts| texts.len() <= MAX_NETWORKS);
    let networks =
        texts.and_then(|texts| texts.iter().map(|text| text.trim().parse().ok()).collect::<Option<_>>());
    networks.unwrap_or_else(|| {
        table.problem(member, format!("应为至多 {MAX_NETWORKS} 个网段的列表，如 [\"10.20.0.0/16\"]"));
        Vec::new()
    })
}

fn client_address(table: &Table<'_>) -> ClientAddress {
    let words = ClientAddress::ALL.map(|way| (way.word(), way));
    table.word("client_address", &words, ClientAddress::Untold)
}

/// `https://host` or `http://host:port`: the page of a space is below it, and nothing else may be in front of that.
fn public_url(table: &Table<'_>, listen: SocketAddr) -> String {
    let text = table.text("public_url", "", MAX_TEXT);
    if text.is_empty() {
        if listen.ip().is_unspecified() || listen.port() == 0 {
            table.problem("public_url", "缺失：listen 不是一个确定的地址，须写明厂商用什么网址访问");
        }
        return format!("http://{listen}");
    }
    let uri = text.trim_end_matches('/').parse::<Uri>().ok();
    let fits = uri.as_ref().is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && matches!(uri.path(), "" | "/")
            && uri.query().is_none()
    });
    if !fits {
        table.problem("public_url", "应为 http:// 或 https:// 开头的网址，到主机名（与端口）为止");
    }
    text.trim_end_matches('/').to_owned()
}
