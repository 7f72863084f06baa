//! The types a setting can have: how each is read from the file and written back.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Uri;
use ipnet::IpNet;
use yanmi_protocol::{AccountId, Region, Sm4Key};
use yanmi_verification::ConfirmedAmount;

use super::password_file::PasswordFile;
use super::path_prefix::PathPrefix;
use super::postgres::PostgresSettings;
use super::setting::{Form, Given, Raw, Unit, grouped, quoted};
use super::values::{Database, LogLevel, RequestPrefix};
use crate::national::MacUse;
use yanmi_http::ClientAddress;

/// A type a setting can have. Errors are in the operator's words and do not name the key.
pub(super) trait Field: Sized {
    fn read(given: &Given<'_>) -> Result<Self, String>;
    fn show(&self, form: &Form) -> String;
}

/// What an optional setting shows when it is not set.
pub(super) const UNSET: &str = "（未设置）";

/// The most networks a list may hold: each address is compared with every one of them.
const MAX_NETWORKS: usize = 1_024;

pub(super) fn wrong(given: &Given<'_>) -> String {
    format!("应为{}，实际为{}", expected(given.form), given.raw.kind())
}

/// What is taken, with its bounds.
fn expected(form: &Form) -> String {
    match form {
        Form::Whole { unit, min, max, .. } => {
            let (min, max) = (grouped((*min).into()), grouped((*max).into()));
            format!("整数 {min} 至 {max}（{}）", unit.name())
        }
        form => form.kind(),
    }
}

fn whole(given: &Given<'_>) -> Result<u64, String> {
    let (Raw::Whole(number), Form::Whole { min, max, .. }) = (&given.raw, given.form) else {
        return Err(wrong(given));
    };
    let fits = u64::try_from(*number).ok().filter(|number| (min..=max).contains(&number));
    fits.ok_or_else(|| format!("{} 超出范围：应为{}", grouped(*number), expected(given.form)))
}

pub(super) fn text<'a>(given: &'a Given<'_>) -> Result<&'a str, String> {
    match &given.raw {
        Raw::Text("") => Err("不能为空".to_owned()),
        Raw::Text(text) => Ok(text),
        _ => Err(wrong(given)),
    }
}

impl Field for u32 {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        whole(given)?.try_into().map_err(|_| wrong(given))
    }

    fn show(&self, _: &Form) -> String {
        grouped((*self).into())
    }
}

impl Field for usize {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        whole(given)?.try_into().map_err(|_| wrong(given))
    }

    fn show(&self, _: &Form) -> String {
        // On no machine is a size wider than this.
        grouped(i128::try_from(*self).unwrap_or(i128::MAX))
    }
}

impl Field for Duration {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        let number = whole(given)?;
        match given.form {
            Form::Whole { unit: Unit::Seconds, .. } => Ok(Self::from_secs(number)),
            Form::Whole { unit: Unit::Milliseconds, .. } => Ok(Self::from_millis(number)),
            _ => Err(wrong(given)),
        }
    }

    fn show(&self, form: &Form) -> String {
        // Code may have set a time finer than the file's unit: then it is shown as a fraction.
        match form {
            Form::Whole { unit: Unit::Seconds, .. } if self.subsec_nanos() == 0 => {
                grouped(self.as_secs().into())
            }
            Form::Whole { unit: Unit::Seconds, .. } => self.as_secs_f64().to_string(),
            _ => grouped(i128::try_from(self.as_millis()).unwrap_or(i128::MAX)),
        }
    }
}

impl Field for bool {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        if let Raw::Switch(on) = given.raw { Ok(on) } else { Err(wrong(given)) }
    }

    fn show(&self, _: &Form) -> String {
        self.to_string()
    }
}

impl<T: Field> Field for Option<T> {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        T::read(given).map(Some)
    }

    fn show(&self, form: &Form) -> String {
        self.as_ref().map_or_else(|| UNSET.to_owned(), |value| value.show(form))
    }
}

impl Field for PathBuf {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        Ok(given.folder.join(text(given)?))
    }

    fn show(&self, _: &Form) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Field for SocketAddr {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        let text = text(given)?;
        text.parse().map_err(|_| {
            format!(
                "{} 不是监听地址：应为 IP 地址加端口，如 \"127.0.0.1:8350\" 或 \"[::]:8350\"",
                quoted(text)
            )
        })
    }

    fn show(&self, _: &Form) -> String {
        quoted(&self.to_string())
    }
}

impl Field for Region {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        Self::new(text(given)?).map_err(|error| error.to_string())
    }

    fn show(&self, _: &Form) -> String {
        quoted(self.as_str())
    }
}

impl Field for AccountId {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        Self::new(text(given)?).map_err(|error| error.to_string())
    }

    fn show(&self, _: &Form) -> String {
        quoted(self.as_str())
    }
}

impl Field for RequestPrefix {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        Self::new(text(given)?).ok_or_else(|| wrong_form(given))
    }

    fn show(&self, _: &Form) -> String {
        quoted(self.as_str())
    }
}

pub(super) fn wrong_form(given: &Given<'_>) -> String {
    format!("{} 不符合要求：应为{}", given.raw.literal(), expected(given.form))
}

impl Field for PathPrefix {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        let Raw::Text(text) = given.raw else { return Err(wrong_form(given)) };
        Self::new(text).ok_or_else(|| wrong_form(given))
    }

    fn show(&self, _: &Form) -> String {
        quoted(self.as_str())
    }
}

impl Field for LogLevel {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        let text = text(given)?;
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or_else(|| wrong_form(given))
    }

    fn show(&self, _: &Form) -> String {
        quoted(self.name())
    }
}

impl Field for ClientAddress {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        let text = text(given)?;
        Self::ALL.into_iter().find(|way| way.word() == text).ok_or_else(|| wrong_form(given))
    }

    fn show(&self, _: &Form) -> String {
        quoted(self.word())
    }
}

impl Field for ConfirmedAmount {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        let text = text(given)?;
        [Self::Exact, Self::UpTo]
            .into_iter()
            .find(|rule| confirmed_amount_name(*rule) == text)
            .ok_or_else(|| wrong_form(given))
    }

    fn show(&self, _: &Form) -> String {
        quoted(confirmed_amount_name(*self))
    }
}

const fn confirmed_amount_name(rule: ConfirmedAmount) -> &'static str {
    match rule {
        ConfirmedAmount::Exact => "exact",
        ConfirmedAmount::UpTo => "up-to",
    }
}

impl Field for MacUse {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        let text = text(given)?;
        Self::ALL.into_iter().find(|mac| mac.name() == text).ok_or_else(|| wrong_form(given))
    }

    fn show(&self, _: &Form) -> String {
        quoted(self.name())
    }
}

impl Field for Database {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        Self::parse(text(given)?, given.folder)
    }

    fn show(&self, _: &Form) -> String {
        quoted(&self.to_string())
    }
}

impl Field for PasswordFile {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        Self::read_from(given.folder.join(text(given)?))
    }

    fn show(&self, _: &Form) -> String {
        quoted(&self.path.to_string_lossy())
    }
}

impl Field for PostgresSettings {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        let text = text(given)?;
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Self::parse(text);
        }
        // The text may hold a password: it is not repeated.
        Err("应写作 \"postgres://用户@主机:端口/数据库名\"".to_owned())
    }

    fn show(&self, _: &Form) -> String {
        quoted(&self.to_string())
    }
}

impl Database {
    /// Reads an address as it is written in the setting `database`. A path is relative to `folder`.
    ///
    /// # Errors
    /// What is wrong with it, in the operator's words; a password in it is not repeated.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let Some((scheme, path)) = text.split_once(':') else {
            return Err(format!(
                "{} 缺少数据库种类：应写作 \"sqlite:文件路径\" 或 \"postgres://…\"",
                quoted(text)
            ));
        };
        match scheme {
            "sqlite" => sqlite(path.strip_prefix("//").unwrap_or(path), folder),
            "postgres" | "postgresql" => PostgresSettings::parse(text).map(Self::Postgres),
            // The text may hold a password: it is not repeated.
            _ => Err("不认识这种数据库：应写作 \"sqlite:文件路径\" 或 \"postgres://…\"".to_owned()),
        }
    }
}

fn sqlite(path: &str, folder: &Path) -> Result<Database, String> {
    match path {
        "" => Err("缺少数据库文件路径：应写作 \"sqlite:文件路径\"".to_owned()),
        ":memory:" => Err("不能使用内存数据库：进程退出后通知与确认会全部丢失".to_owned()),
        path if path.contains('?') => Err("数据库路径后不能带参数：日志模式与同步方式由程序决定".to_owned()),
        path => Ok(Database::Sqlite(folder.join(path))),
    }
}

impl Field for Uri {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        let text = text(given)?;
        // The text may hold a password before the host: it is not repeated.
        let uri: Self = text.parse().map_err(|_| "不是合法的网址".to_owned())?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err("网址应以 http:// 或 https:// 开头".to_owned());
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') {
            return Err("网址中不能带用户名或密码".to_owned());
        }
        if uri.host().is_none_or(str::is_empty) {
            return Err("网址缺少主机名".to_owned());
        }
        if uri.query().is_some() || text.contains('#') {
            return Err("网址中不能带 ? 或 # 之后的部分".to_owned());
        }
        Ok(uri)
    }

    fn show(&self, _: &Form) -> String {
        quoted(&self.to_string())
    }
}

impl Field for Vec<IpNet> {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        let Raw::List(items) = &given.raw else { return Err(wrong(given)) };
        if items.len() > MAX_NETWORKS {
            return Err(format!("有 {} 个网段，至多 {MAX_NETWORKS} 个", items.len()));
        }
        items.iter().map(|item| network(item)).collect()
    }

    fn show(&self, _: &Form) -> String {
        let texts: Vec<String> = self.iter().map(ToString::to_string).collect();
        Raw::List(texts.iter().map(String::as_str).collect()).literal()
    }
}

/// A network, or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.into());
    }
    let network: IpNet = text
        .parse()
        .map_err(|_| format!("{} 不是网段：应写作 \"10.20.0.0/16\" 或单个 IP 地址", quoted(text)))?;
    if network != network.trunc() {
        return Err(format!("{} 的主机位不为零：若指整个网段，应写作 \"{}\"", quoted(text), network.trunc()));
    }
    Ok(network)
}

/// A key comes from a file of its own or from the environment (`secret.rs`) and is never shown.
impl Field for Sm4Key {
    fn read(given: &Given<'_>) -> Result<Self, String> {
        if let Raw::Key(key) = &given.raw { Ok((**key).clone()) } else { Err(wrong(given)) }
    }

    fn show(&self, _: &Form) -> String {
        format!("KCV {}", self.kcv())
    }
}
