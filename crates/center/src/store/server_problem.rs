//! What to tell the operator of a database server that cannot be used.

use std::fmt;
use std::io::ErrorKind;

/// Why a server cannot be used, for the operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ServerProblem {
    /// Its name is not known.
    UnknownHost,
    /// Nobody listens there.
    Refused,
    /// It did not answer in time.
    NoAnswer,
    /// TLS could not be agreed on.
    Tls,
    /// User or password are wrong, or the server does not let this user in from here.
    Credentials,
    /// There is no such database.
    NoDatabase,
    /// Too many connections.
    TooMany,
    /// It starts or stops.
    Starting,
    /// It is a standby.
    Standby,
    /// It is too old; its version.
    TooOld(u32),
    /// The disk is full.
    DiskFull,
    /// The user lacks a right.
    Denied,
    /// The embedded database is being written to by another program.
    Busy,
    /// Something else, by its `SQLSTATE`.
    Other(String),
}

impl ServerProblem {
    /// Reads it out of what the driver says.
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(error) => match error.kind() {
                ErrorKind::ConnectionRefused | ErrorKind::NotFound => Self::Refused,
                ErrorKind::TimedOut => Self::NoAnswer,
                // What the driver makes of a certificate that is not believed.
                ErrorKind::InvalidData => Self::Tls,
                kind => Self::Other(kind.to_string()),
            },
            sqlx::Error::Tls(_) => Self::Tls,
            sqlx::Error::Database(error) => match error.code().as_deref().unwrap_or_default() {
                "28P01" | "28000" => Self::Credentials,
                "3D000" => Self::NoDatabase,
                "53300" => Self::TooMany,
                "57P01" | "57P02" | "57P03" => Self::Starting,
                "25006" => Self::Standby,
                // The last two of the embedded database: full, and a write that failed.
                "53100" | "13" | "778" => Self::DiskFull,
                "42501" => Self::Denied,
                // Of the embedded database.
                "5" => Self::Busy,
                code => Self::Other(code.to_owned()),
            },
            _ => Self::Other("协议".to_owned()),
        }
    }
}

impl fmt::Display for ServerProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownHost => "找不到这个主机名（设置 database）",
            Self::Refused => "连接被拒绝，服务器没有运行或端口不对（设置 database）",
            Self::NoAnswer => "没有及时应答（设置 database）",
            Self::Tls => "TLS 连接未能建立（设置 database 的 sslmode 与 sslrootcert）",
            Self::Credentials => {
                "用户名或口令不对，或服务器不允许从本机登录\
                 （设置 database、database_password_file 或环境变量 YANMI_DATABASE_PASSWORD）"
            }
            Self::NoDatabase => "没有这个数据库，请先建立（设置 database）",
            Self::TooMany => {
                "连接数已达上限（PostgreSQL 的 max_connections，或该用户、该库的 CONNECTION LIMIT；\
                 本中心的连接数由设置 limits.ledgers 决定）"
            }
            Self::Starting => "服务器正在启动或停止",
            Self::Standby => "是只读的备库，不能写入（设置 database 须包含主库）",
            Self::TooOld(version) => {
                return write!(f, "PostgreSQL 版本是 {}，须为 13 或更高（设置 database）", version / 10_000);
            }
            Self::DiskFull => "数据库所在的磁盘已满或不能写入（设置 database）",
            Self::Denied => "数据库用户缺少权限（设置 database 中的用户须拥有该数据库）",
            Self::Busy => "数据库文件正由另一个程序写入，例如 yanmi store copy",
            Self::Other(what) => return write!(f, "数据库服务器出错（{what}）"),
        })
    }
}

/// Why no server of the list can be used: each with its problem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Servers(pub Vec<(String, ServerProblem)>);

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (server, problem)) in self.0.iter().enumerate() {
            let between = if at == 0 { "" } else { "；" };
            write!(f, "{between}{server} {problem}")?;
        }
        Ok(())
    }
}
