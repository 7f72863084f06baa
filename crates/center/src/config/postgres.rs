//! A PostgreSQL database as it is written in the configuration: `postgres://user:password@host1:5432,host2/name?…`.
//!
//! The driver's own address knows one host only; a cluster has several, of which one is writable at a time.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::percent::encoded;

/// Where servers listen unless told otherwise.
const PORT: u16 = 5_432;
/// Servers one address may name.
const MAX_HOSTS: usize = 9;

/// How a connection is protected; the names are PostgreSQL's.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum PostgresTls {
    /// Never.
    Disable,
    /// If the server can; its certificate is not checked.
    #[default]
    Prefer,
    /// Always; the certificate is not checked.
    Require,
    /// Always, and the certificate comes from a trusted root.
    VerifyCa,
    /// Always, and the certificate is that of the host.
    VerifyFull,
}

impl PostgresTls {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Disable, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull];

    /// The value of `sslmode`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// A PostgreSQL database: its servers, of which the writable one is used, and who logs in. `Display` and `Debug` show
/// no password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresSettings {
    /// Names or addresses with their ports; a name that begins with `/` is the folder of a socket.
    pub hosts: Vec<(String, u16)>,
    /// Who logs in.
    pub user: String,
    /// With which password; none where the server asks for none.
    pub password: Option<Zeroizing<String>>,
    /// The database.
    pub name: String,
    /// How connections are protected.
    pub tls: PostgresTls,
    /// PEM file of the roots the server's certificate comes from; without it those of the system.
    pub roots: Option<PathBuf>,
}

impl fmt::Display for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres://{}@", encoded(&self.user))?;
        for (at, (host, port)) in self.hosts.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let host = if host.contains(':') { format!("[{host}]") } else { encoded(host) };
            write!(f, "{comma}{host}:{port}")?;
        }
        write!(f, "/{}?sslmode={}", encoded(&self.name), self.tls.name())?;
        if let Some(roots) = &self.roots {
            // A path stays readable: only what would end it or begin a written byte is encoded.
            let path = roots.to_string_lossy().replace('%', "%25").replace('&', "%26");
            write!(f, "&sslrootcert={path}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresSettings({self})")
    }
}

impl PostgresSettings {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, in the operator's words and without repeating it: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest = text
            .strip_prefix("postgres://")
            .or_else(|| text.strip_prefix("postgresql://"))
            .ok_or("应以 postgres:// 开头")?;
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, name) = place.split_once('/').ok_or("缺少数据库名：应写作 …@主机:端口/数据库名")?;
        let (login, hosts) =
            authority.rsplit_once('@').ok_or("缺少用户名：应写作 postgres://用户@主机/数据库名")?;
        // A password that was not encoded goes on here, and the name of a database is shown.
        if name.contains(['/', '@']) {
            return Err("口令或数据库名中的 / 应写作 %2F，@ 应写作 %40".to_owned());
        }
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(Zeroizing::new(decoded(password)?))),
            None => (login, None),
        };
        let mut settings = Self {
            hosts: hosts.split(',').map(host).collect::<Result<_, _>>()?,
            user: decoded(user)?,
            password: password.filter(|password| !password.is_empty()),
            name: decoded(name)?,
            tls: PostgresTls::default(),
            roots: None,
        };
        if settings.user.is_empty() {
            return Err("缺少用户名：应写作 postgres://用户@主机/数据库名".to_owned());
        }
        if settings.name.is_empty() {
            return Err("缺少数据库名：应写作 …@主机:端口/数据库名".to_owned());
        }
        if settings.hosts.len() > MAX_HOSTS {
            return Err(format!("至多 {MAX_HOSTS} 个主机"));
        }
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            settings.parameter(parameter)?;
        }
        Ok(settings)
    }

    fn parameter(&mut self, parameter: &str) -> Result<(), String> {
        let (name, value) = parameter.split_once('=').ok_or("? 之后的参数应写作 名称=值，以 & 分隔")?;
        match name {
            "sslmode" => {
                let names = PostgresTls::ALL.map(PostgresTls::name);
                let found = PostgresTls::ALL.into_iter().find(|tls| tls.name() == value);
                self.tls = found.ok_or_else(|| format!("sslmode 应为 {} 之一", names.join("、")))?;
                Ok(())
            }
            "sslrootcert" => {
                self.roots = Some(PathBuf::from(decoded(value)?));
                Ok(())
            }
            // What this program does anyway.
            "target_session_attrs" if matches!(value, "read-write" | "primary") => Ok(()),
            "target_session_attrs" => Err("target_session_attrs 只能是 read-write".to_owned()),
            _ => Err("? 之后只能有 sslmode、sslrootcert 与 target_session_attrs".to_owned()),
        }
    }
}

fn host(text: &str) -> Result<(String, u16), String> {
    let (host, port) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':').ok_or("] 之后只能是 :端口")?)),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let host = decoded(host)?;
    if host.is_empty() {
        return Err("缺少主机名：应写作 …@主机:端口/数据库名，多个主机以逗号分隔".to_owned());
    }
    let port = port.map_or(Ok(PORT), str::parse).ok().filter(|port| *port != 0);
    Ok((host, port.ok_or("端口应为 1 至 65535")?))
}

/// Undoes percent encoding.
fn decoded(text: &str) -> Result<String, String> {
    let wrong = || "% 之后应为两位十六进制数".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16)).ok_or_else(wrong);
            let value = digit()? * 16 + digit()?;
            bytes.push(u8::try_from(value).map_err(|_| wrong())?);
        } else {
            bytes.push(byte);
        }
    }
    // A NUL cannot be said to a server.
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> PostgresSettings {
        PostgresSettings::parse(text).expect("an address")
    }

    #[test]
    fn an_address_names_several_servers_and_keeps_its_password() {
        let settings = parsed(
            "postgres://yan%40mi:p%2Fw%3A@db1,db2:5433,[::1]:5434/center?sslmode=verify-full&sslrootcert=/r.pem",
        );
        let hosts =
            [("db1", 5_432), ("db2", 5_433), ("::1", 5_434)].map(|(host, port)| (host.to_owned(), port));
        assert_eq!(settings.hosts, hosts);
        assert_eq!((settings.user.as_str(), settings.name.as_str()), ("yan@mi", "center"));
        assert_eq!(settings.password.as_ref().map(|password| password.as_str()), Some("p/w:"));
        let shown = format!("{settings} {settings:?}");
        assert!(!shown.contains("p/w") && !shown.contains("p%2F"), "{shown}");
        assert_eq!(
            settings.to_string(),
            "postgres://yan%40mi@db1:5432,db2:5433,[::1]:5434/center?sslmode=verify-full&sslrootcert=/r.pem"
        );
    }

    #[test]
    fn what_is_shown_is_the_same_address_again() {
        for text in [
            "postgresql://yanmi@%2Frun%2Fpostgresql/center?target_session_attrs=read-write",
            "postgres://u@10.0.0.1:6432/db?sslmode=disable",
            "postgres://u@h/db?sslrootcert=/100%25%26more/%2541.pem",
        ] {
            let settings = parsed(text);
            assert_eq!(parsed(&settings.to_string()), settings);
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_repeating_the_password() {
        for (text, expected) in [
            ("postgres://u:s3cret@/db", "主机名"),
            ("postgres://u:s3cret@h:0/db", "端口"),
            ("postgres://u:s3cret@h:x/db", "端口"),
            ("postgres://u:s3cret@[::1]h:1/db", "端口"),
            ("postgres://u:a@b/s3cret@h/db", "%2F"),
            ("postgres://u:s3cret@h", "数据库名"),
            ("postgres://u:s3cret@h/", "数据库名"),
            ("postgres://h/db", "用户名"),
            ("postgres://:s3cret@h/db", "用户名"),
            ("postgres://u:s3cret%zz@h/db", "十六进制"),
            ("postgres://u:s3cret@h/db?sslmode=on", "sslmode"),
            ("postgres://u:s3cret@h/db?target_session_attrs=any", "read-write"),
            ("postgres://u:s3cret@h/db?s3cret=1", "只能有"),
            ("postgres://u:s3cret@a,b,c,d,e,f,g,h,i,j/db", "至多"),
        ] {
            let error = PostgresSettings::parse(text).expect_err(text);
            assert!(error.contains(expected) && !error.contains("s3cret"), "{text}: {error}");
        }
    }
}
