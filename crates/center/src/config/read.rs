//! From a file to a configuration: parse, match with the table, read each value, check them together.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use yanmi_protocol::{AccountId, Region, Sm4Key};
use yanmi_verification::Policy;
use zeroize::Zeroizing;

use super::error::{ConfigError, Problem};
use super::face::Faces;
use super::limits::Limits;
use super::oidc::Oidc;
use super::onboarding::Onboarding;
use super::retention::Retention;
use super::setting::{Form, Given, Raw, Setting};
use super::table::settings;
use super::values::{
    Config, Database, Delivery, Effective, Essentials, Insured, Log, National, Origin, OutboundRules,
    RequestPrefix,
};
use super::{consistent, nearest, secret};
use crate::national::MacUse;

/// The environment variable of the database's password.
const DATABASE_PASSWORD: &str = "YANMI_DATABASE_PASSWORD";

/// The largest configuration file, in bytes. The sample with all its comments is a fiftieth of it.
pub const MAX_FILE: u64 = 1024 * 1024;

type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The defaults around what has none.
pub(super) fn defaults(essentials: Essentials, folder: &Path) -> Config {
    let mut config = empty(essentials);
    for setting in settings() {
        let origin = match setting.form.default() {
            // A default outside its own bounds is caught by a test of the table.
            Some(raw) => {
                let read = (setting.put)(&mut config, &Given { raw, form: &setting.form, folder });
                debug_assert_eq!(read, Ok(()), "{}", setting.key);
                Origin::Default
            }
            None if setting.form.is_required() || matches!(setting.form, Form::Secret { .. }) => Origin::Code,
            None => Origin::Default,
        };
        config.origins.push(Effective { value: (setting.show)(&config, &setting.form), origin });
    }
    config
}

/// A configuration whose every field with a row is about to be set.
fn empty(essentials: Essentials) -> Config {
    let Essentials { region, encryption_key, national_url, national_org_id, national_key } = essentials;
    Config {
        region,
        database: Database::Sqlite(PathBuf::new()),
        console_database: None,
        database_password_file: None,
        encryption_key,
        listen: Faces::default(),
        oidc: Box::<Oidc>::default(),
        limits: Limits::default(),
        policy: Policy::default(),
        timestamp_window: std::time::Duration::ZERO,
        show_registered_name: false,
        retention: Retention::default(),
        delivery: Delivery::default(),
        outbound: OutboundRules::default(),
        national: National {
            url: national_url,
            org_id: national_org_id,
            key: national_key,
            prefix: RequestPrefix(String::new()),
            mac: MacUse::Auto,
            timeout: std::time::Duration::ZERO,
            in_flight: 0,
            unknown: std::time::Duration::ZERO,
        },
        insured: Insured::default(),
        onboarding: Onboarding::default(),
        alarm_target: None,
        decode_enabled: false,
        business_types: Vec::new(),
        certificate_types: Vec::new(),
        metrics_from: Vec::new(),
        log: Log::default(),
        scratch: false,
        origins: Vec::new(),
    }
}

pub(super) fn load(path: &Path, env: Environment<'_>) -> Result<Config, ConfigError> {
    match read_file(path) {
        Ok(text) => parse(&text, path, env),
        Err(message) => Err(failed(path, vec![Problem { line: None, message }])),
    }
}

/// The text, in which the database's password may stand.
fn read_file(path: &Path) -> Result<Zeroizing<String>, String> {
    let unreadable = |error: std::io::Error| format!("无法读取：{}", yanmi_protocol::system::words(&error));
    let too_long = || format!("超过 {MAX_FILE} 字节");
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.len() > MAX_FILE {
        return Err(too_long());
    }
    let text = secret::read(file, MAX_FILE).map_err(|error| match error.kind() {
        ErrorKind::InvalidData => "不是 UTF-8 编码的文本：请另存为 UTF-8".to_owned(),
        _ => unreadable(error),
    })?;
    // A pipe does not say beforehand how much comes out of it.
    if text.len() as u64 > MAX_FILE {
        return Err(too_long());
    }
    Ok(text)
}

fn failed(file: &Path, mut problems: Vec<Problem>) -> ConfigError {
    // What concerns no line (something missing) comes last.
    problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
    ConfigError { file: file.to_path_buf(), problems }
}

pub(super) fn parse(text: &str, file: &Path, env: Environment<'_>) -> Result<Config, ConfigError> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What the parser recovered from a broken document would be judged by guessing.
        let problem = |error: &toml::de::Error| Problem {
            // The parser does not say where a name has too many points.
            line: error
                .span()
                .map(|span| line_of(text, &span))
                .or_else(|| (error.message() == "recursion limit").then(|| dotted_line(text))),
            message: syntax(error.message()),
        };
        let mut problems: Vec<_> = errors.iter().map(problem).collect();
        // The parser often says the same slip twice, in two ways.
        problems.dedup_by_key(|problem| problem.line);
        return Err(failed(file, problems));
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut reading =
        Reading { text, folder, env, found: BTreeMap::new(), unread: BTreeSet::new(), problems: Vec::new() };
    reading.walk(document.get_ref(), "");
    reading.configure().map_err(|problems| failed(file, problems))
}

/// The parser's words, with the commonest slip in the operator's.
fn syntax(message: &str) -> String {
    if message.contains("duplicate key") {
        return "同一设置或表出现了两次".to_owned();
    }
    if message == "recursion limit" {
        return "设置的名称有太多个点".to_owned();
    }
    format!("TOML 语法错误：{message}")
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    1 + text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count()
}

/// The line with the most points: where a name has too many of them, the parser does not say where.
fn dotted_line(text: &str) -> usize {
    let points = |line: &str| line.bytes().filter(|byte| *byte == b'.').count();
    let most = text.split('\n').map(points).enumerate().max_by_key(|(at, points)| (*points, Reverse(*at)));
    1 + most.map_or(0, |(at, _)| at)
}

struct Reading<'a> {
    text: &'a str,
    folder: &'a Path,
    env: Environment<'a>,
    /// What the file says, by key, with its line.
    found: BTreeMap<&'static str, (Raw<'a>, usize)>,
    /// The keys whose values were refused.
    unread: BTreeSet<&'static str>,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    /// Matches a table of the file with the table of settings.
    fn walk(&mut self, table: &'a DeTable<'_>, prefix: &str) {
        for (name, value) in table {
            let line = line_of(self.text, &name.span());
            let key = if prefix.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{prefix}.{}", name.get_ref())
            };
            if let Some(setting) = settings().find(|setting| setting.key == key) {
                self.found.insert(setting.key, (raw(value), line));
            } else if !nearest::is_table(&key) {
                self.problem(Some(line), nearest::unknown(&key, value.get_ref().is_table()));
            } else if let Some(inner) = value.get_ref().as_table() {
                self.walk(inner, &key);
            } else {
                self.problem(Some(line), format!("{key}：这是一组设置，应写作 [{key}]"));
            }
        }
    }

    fn problem(&mut self, line: Option<usize>, message: String) {
        self.problems.push(Problem { line, message });
    }

    /// Reads every value of the table of settings, from the file, the environment or the row's default.
    fn configure(mut self) -> Result<Config, Vec<Problem>> {
        let Some(mut config) = placeholders() else {
            return Err(vec![Problem {
                line: None, message: "程序内部错误：占位值不合法".to_owned()
            }]);
        };
        for setting in settings() {
            let origin = self.read(&mut config, setting);
            config.origins.push(Effective { value: (setting.show)(&config, &setting.form), origin });
        }
        self.database_password(&mut config);
        self.check_together(&config);
        if self.problems.is_empty() { Ok(config) } else { Err(self.problems) }
    }

    /// Reads one value. Where it came from does not matter when there was a problem.
    fn read(&mut self, config: &mut Config, setting: &'static Setting) -> Origin {
        let found = self.found.get(setting.key).cloned();
        let line = found.as_ref().map(|(_, line)| *line);
        let given = match (found, setting.form) {
            (found, Form::Secret { variable, ascii, .. }) => self.key(setting.key, variable, ascii, found),
            (Some((raw, line)), _) => Ok(Some((raw, Origin::File(line)))),
            (None, form) if form.is_required() => {
                Err(format!("缺少必须填写的设置 {}：{}", setting.key, form.kind()))
            }
            (None, form) => Ok(form.default().map(|raw| (raw, Origin::Default))),
        };
        let read = given.and_then(|given| {
            let Some((raw, origin)) = given else { return Ok(Origin::Default) };
            let given = Given { raw, form: &setting.form, folder: self.folder };
            (setting.put)(config, &given)
                .map(|()| origin)
                .map_err(|message| format!("{}：{message}", setting.key))
        });
        read.unwrap_or_else(|message| {
            self.problem(line, message);
            self.unread.insert(setting.key);
            Origin::Default
        })
    }

    /// A key from exactly one of its two places.
    fn key(
        &self,
        key: &'static str,
        variable: &'static str,
        ascii: bool,
        found: Option<(Raw<'a>, usize)>,
    ) -> Result<Option<(Raw<'a>, Origin)>, String> {
        let text = (self.env)(variable).map(Zeroizing::new).filter(|text| !text.trim().is_empty());
        let (read, origin) = match (found, text) {
            (Some(_), Some(_)) => {
                return Err(format!(
                    "{key} 与环境变量 {variable} 只能设置其中一个，否则无法确定用的是哪个密钥"
                ));
            }
            (None, None) => {
                return Err(format!("缺少密钥：请设置 {key} 或环境变量 {variable}，没有它进程不启动"));
            }
            (None, Some(text)) => (
                secret::from_text(&text, ascii).map_err(|error| format!("环境变量 {variable}：{error}"))?,
                Origin::Environment(variable),
            ),
            (Some((Raw::Text(name), line)), None) => {
                let path = self.folder.join(name);
                let read = secret::from_file(&path, ascii).map_err(|error| format!("{key}：{error}"))?;
                (read, Origin::KeyFile(line, path))
            }
            (Some((raw, _)), None) => {
                return Err(format!("{key}：应为密钥文件路径（字符串），实际为{}", raw.kind()));
            }
        };
        Ok(Some((Raw::Key(Box::new(read)), origin)))
    }

    /// The database's password comes from at most one of three places: the address, a file, the environment.
    fn database_password(&mut self, config: &mut Config) {
        const KEY: &str = "database_password_file";
        let file = config.database_password_file.as_ref().map(|file| file.password.clone());
        let line = self.found.get(KEY).map(|(_, line)| *line);
        let variable = (self.env)(DATABASE_PASSWORD).map(Zeroizing::new).filter(|text| !text.is_empty());
        let Database::Postgres(settings) = &mut config.database else {
            if file.is_some() && !self.unread.contains("database") {
                self.problem(line, format!("{KEY}：只用于 PostgreSQL 数据库（设置 database）"));
            }
            return;
        };
        let inside = settings.password.is_some();
        if [inside, file.is_some(), variable.is_some()].into_iter().filter(|given| *given).count() > 1 {
            let why = "数据库口令只能写在一处";
            self.problem(line, format!("database、{KEY} 与环境变量 {DATABASE_PASSWORD}：{why}"));
        } else if !inside {
            settings.password = file.or(variable);
        }
        // What follows a database lets in who is let in there.
        if let Some(replica) = config.console_database.as_mut().filter(|replica| replica.password.is_none()) {
            replica.password.clone_from(&settings.password);
        }
    }

    /// What is wrong only in combination. A value that was refused stands at a placeholder here, so nothing is
    /// concluded from it.
    fn check_together(&mut self, config: &Config) {
        let mut conflicts = consistent::problems(config);
        conflicts.extend(consistent::unusable_files(config));
        for conflict in conflicts {
            if conflict.keys.iter().any(|key| self.unread.contains(key)) {
                continue;
            }
            let lines = conflict.keys.iter().filter_map(|key| self.found.get(key)).map(|(_, line)| *line);
            let line = lines.max();
            self.problem(line, conflict.message);
        }
    }
}

/// Something of each type without a default, to be overwritten: a row without a default that is not given is a
/// problem, so these never leave this module.
fn placeholders() -> Option<Config> {
    Some(empty(Essentials {
        region: Region::new("000000").ok()?,
        encryption_key: Sm4Key::from_bytes(&[0; 16]),
        national_url: http::Uri::default(),
        national_org_id: AccountId::new("-").ok()?,
        national_key: Sm4Key::from_bytes(&[0; 16]),
    }))
}

fn raw<'a>(value: &'a Spanned<DeValue<'_>>) -> Raw<'a> {
    match value.get_ref() {
        DeValue::Integer(number) => Raw::Whole(
            // A number of more than 38 digits is beyond every bound.
            i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(i128::MAX),
        ),
        DeValue::Boolean(on) => Raw::Switch(*on),
        DeValue::String(text) => Raw::Text(text),
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str())
            .collect::<Option<Vec<_>>>()
            .map_or(Raw::Other("含有非字符串的列表"), Raw::List),
        DeValue::Float(_) => Raw::Other("小数"),
        DeValue::Datetime(_) => Raw::Other("日期"),
        DeValue::Table(_) => Raw::Other("表"),
    }
}
