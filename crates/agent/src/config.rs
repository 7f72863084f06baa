//! The agent's configuration: the client's file ([`yanmi_client::config`]) with a table `[agent]`, and the tables
//! `[terminal]` and `[library]` ([`yanmi_offline::ports`]) when a terminal or a vendor's dynamic library is plugged in.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde_json::Value;
use yanmi_client::ClientConfig;
use yanmi_client::config::{ConfigError, Document, Environment, Problem, Table, read_table};
use yanmi_client::gate::{Settlement, Way};
use yanmi_offline::LoadError;
use yanmi_offline::ports::Ports;
use yanmi_protocol::message::decode::MAX_FREE_TEXT;

/// Where it listens unless told otherwise.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8360);
/// Where the token is unless told otherwise, relative to the configuration's folder.
pub const DEFAULT_TOKEN_FILE: &str = "agent.token";
/// Names under which an agent may be reached beside its own address.
pub const MAX_HOSTS: usize = 16;

/// A configuration to begin with; every line that may be left out is one with its default.
pub const EXAMPLE: &str = include_str!("../../../docs/reference/agent.example.toml");

/// Everything an agent needs to know.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// The desk's part.
    pub client: ClientConfig,
    /// Where it listens; port 0 for any that is free.
    pub listen: SocketAddr,
    /// Whether it may listen on an address other machines reach.
    pub allow_remote: bool,
    /// Further values of `Host` it answers to, without a port.
    pub hosts: Vec<String>,
    /// The file with the token of the local caller.
    pub token_file: PathBuf,
    /// What is settled when a program or the page does not say.
    pub kind: Option<Settlement>,
    /// Who decodes, when a program does not say.
    pub clerk: Clerk,
    /// The terminal's ways whose outcome the clerk may enter on the page, copied from the terminal.
    pub page_offline: Vec<Way>,
    /// The terminal and the dynamic library that are plugged in.
    pub ports: Ports,
}

/// Who works here and where, for decoding (`operatorId` and so on).
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Clerk {
    /// 经办人编号.
    pub operator_id: String,
    /// 经办人姓名.
    pub operator_name: String,
    /// 科室编号.
    pub office_id: String,
    /// 科室名称.
    pub office_name: String,
}

/// Why a configuration cannot be used. `Display` is Chinese, a line for each problem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentConfigError(Vec<Problem>);

impl AgentConfigError {
    /// The problems.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for AgentConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&ConfigError { problems: self.0.clone() }, f)
    }
}

impl std::error::Error for AgentConfigError {}

impl From<ConfigError> for AgentConfigError {
    fn from(error: ConfigError) -> Self {
        Self(error.problems)
    }
}

impl From<LoadError> for AgentConfigError {
    fn from(error: LoadError) -> Self {
        Self(vec![Problem { member: String::new(), message: error.message }])
    }
}

impl AgentConfig {
    /// Reads a file: JSON when its name ends in `.json`, TOML otherwise.
    ///
    /// # Errors
    /// [`AgentConfigError`] with everything that is wrong.
    pub fn load(path: &Path, env: Environment<'_>) -> Result<Self, AgentConfigError> {
        Self::of(Document::load(path)?, env)
    }

    /// Reads TOML. `folder` is what relative paths are relative to.
    ///
    /// # Errors
    /// [`AgentConfigError`] with everything that is wrong.
    pub fn from_toml(text: &str, folder: &Path, env: Environment<'_>) -> Result<Self, AgentConfigError> {
        Self::of(Document::of_toml(text, folder)?, env)
    }

    fn of(mut document: Document, env: Environment<'_>) -> Result<Self, AgentConfigError> {
        let folder = document.folder().to_owned();
        // The file may be shared with programs that use the C ABI; how texts cross its border is not for here.
        let (own, _border) = (document.take("agent"), document.take("c"));
        let own = read_table("agent", own.unwrap_or(Value::Null), |table| Some(own_table(table)));
        let ports = Ports::take(&mut document).map_err(AgentConfigError::from);
        let client =
            document.read(env).map_err(AgentConfigError::from).and_then(|client| match client.visits {
                Some(_) => Ok(client),
                None => Err(problem("visits", "缺失：就诊记录保存在哪里")),
            });
        match (client, own, ports) {
            (Ok(client), Ok(own), Ok(ports)) => Ok(Self {
                client,
                token_file: folder.join(own.token_file),
                ports,
                listen: own.listen,
                allow_remote: own.allow_remote,
                hosts: own.hosts,
                kind: own.kind,
                clerk: own.clerk,
                page_offline: own.page_offline,
            }),
            (client, own, ports) => {
                let all = [client.err(), own.err().map(Into::into), ports.err()];
                Err(AgentConfigError(all.into_iter().flatten().flat_map(|error| error.0).collect()))
            }
        }
    }
}

fn problem(member: &str, message: &str) -> AgentConfigError {
    AgentConfigError(vec![Problem { member: member.to_owned(), message: message.to_owned() }])
}

struct AgentTable {
    listen: SocketAddr,
    allow_remote: bool,
    hosts: Vec<String>,
    token_file: String,
    kind: Option<Settlement>,
    clerk: Clerk,
    page_offline: Vec<Way>,
}

const KINDS: [(&str, Option<Settlement>); 3] = [
    ("outpatient", Some(Settlement::Outpatient)),
    ("inpatient", Some(Settlement::Inpatient)),
    ("pharmacy", Some(Settlement::Pharmacy)),
];

fn own_table(table: &Table<'_>) -> AgentTable {
    let allow_remote = table.flag("allow_remote", false);
    let listen = match table.optional_text("listen").map(|text| text.trim().parse::<SocketAddr>()) {
        None => DEFAULT_ADDRESS,
        Some(Ok(address)) => address,
        Some(Err(_)) => {
            table.problem("listen", "应为 IP 地址:端口，如 127.0.0.1:8360");
            DEFAULT_ADDRESS
        }
    };
    if !listen.ip().is_loopback() && !allow_remote {
        table.problem(
            "listen",
            "不是本机地址；确需供其他机器使用时，设置 allow_remote = true，并在前面加 TLS",
        );
    }
    let token_file = text(table, "token_file", DEFAULT_TOKEN_FILE);
    if token_file.is_empty() {
        table.problem("token_file", "不能为空");
    }
    AgentTable {
        listen,
        allow_remote,
        hosts: hosts(table),
        token_file,
        kind: table.word("kind", &KINDS, None),
        clerk: Clerk {
            operator_id: text(table, "operator_id", ""),
            operator_name: text(table, "operator_name", ""),
            office_id: text(table, "office_id", ""),
            office_name: text(table, "office_name", ""),
        },
        page_offline: page_offline(table),
    }
}

fn text(table: &Table<'_>, member: &'static str, default: &str) -> String {
    table.text(member, default, MAX_FREE_TEXT)
}

fn hosts(table: &Table<'_>) -> Vec<String> {
    let hosts = table.texts("hosts").unwrap_or_else(|| vec![String::new()]);
    let fits = |host: &String| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
    };
    if hosts.len() > MAX_HOSTS || !hosts.iter().all(fits) {
        table.problem("hosts", format!("应为至多 {MAX_HOSTS} 个主机名或 IP 地址的列表，不带端口"));
    }
    hosts
}

fn page_offline(table: &Table<'_>) -> Vec<Way> {
    let ways = table.texts("page_offline").and_then(|words| {
        let way = |word: &String| match word.as_str() {
            "terminalFace" => Some(Way::TerminalFace),
            "terminalPassword" => Some(Way::TerminalPassword),
            _ => None,
        };
        words.iter().map(way).collect::<Option<Vec<_>>>()
    });
    ways.unwrap_or_else(|| {
        table.problem("page_offline", "应为 \"terminalFace\"、\"terminalPassword\" 的列表");
        Vec::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AgentConfig, AgentConfigError> {
        AgentConfig::from_toml(text, Path::new("/etc/yanmi"), &|_| None)
    }

    #[test]
    fn the_example_is_whole_and_holds_the_defaults() {
        let config = read(EXAMPLE).expect("good");
        assert_eq!((config.listen, config.allow_remote), (DEFAULT_ADDRESS, false));
        assert_eq!(config.token_file, Path::new("/etc/yanmi/agent.token"));
        let (_, own) = EXAMPLE.split_once("[agent]").expect("the table");
        let without = EXAMPLE.replace(own, "\n");
        let bare = read(&without).expect("good");
        assert_eq!(
            (bare.listen, bare.hosts, bare.page_offline),
            (config.listen, config.hosts, config.page_offline)
        );
        assert_eq!((bare.kind, config.kind), (None, Some(Settlement::Outpatient)));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once_and_no_key_is_repeated() {
        let key = "0".repeat(31);
        let text = format!(
            "org_id = \"his\"\nkey = \"{key}\"\nregion = \"350000\"\norg_code = \"H35010000001\"\norg_name = \"x\"\n\
             [center]\nurls = [\"http://127.0.0.1\"]\n\
             [agent]\nlisten = \"0.0.0.0:8360\"\nkind = \"inpatent\"\npage_offline = [\"libraryPassword\"]\nport = 1\n\
             [library]\nfile = 1\n[terminal]\nurl = \"\"\nface_operation = \"\"\n"
        );
        let error = read(&text).expect_err("unusable");
        let said = error.to_string();
        for expected in [
            "key：",
            "agent.listen：不是本机地址",
            "agent.kind：",
            "agent.page_offline：",
            "agent.port：",
            "library.file：应为字符串",
            "library.operation：缺失",
            "terminal.file：缺失",
            "terminal.face_operation：与 password_operation 不能都为空",
        ] {
            assert!(said.contains(expected), "{expected}: {said}");
        }
        assert!(!said.contains(&key), "{said}");
        assert!(error.problems().len() >= 6);
        let remote = EXAMPLE
            .replace("127.0.0.1:8360", "10.0.0.5:8360")
            .replace("allow_remote = false", "allow_remote = true");
        assert!(read(&remote).is_ok());
        let (without, _) = EXAMPLE.split_once("[visits]").expect("the table");
        assert!(read(without).expect_err("no visits").to_string().contains("visits：缺失"));
    }
}
