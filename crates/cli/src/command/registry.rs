//! What the commands about accounts, institutions and channels share: a registry opened and closed, keys, and how a
//! change is told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use yanmi_center::config::Config;
use yanmi_center::registry::{
    Act, Actor, Administration, AdministrationError, MAX_REASON, MacRule, Retirement, SourceNetworks, Switch,
};
use yanmi_protocol::{Sm4Key, UnixMillis};

use crate::ambient;
use crate::command::check::{close, open};
use crate::command::{key, serve};
use crate::failure::Failure;
use crate::key_text;
use crate::table;

/// Opens the registry of a configuration, works on it, and closes it.
pub(super) fn administer(
    config: &Path,
    work: impl AsyncFnOnce(&mut Administration, &Config) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let config = serve::load(config)?;
    serve::runtime(1)?.block_on(async {
        let mut administration = open(&config).await?;
        let done = work(&mut administration, &config).await;
        close(administration).await?;
        done
    })
}

/// Why something is changed, which is kept with who changed it.
#[derive(Debug, clap::Args)]
pub(super) struct Why {
    /// 变更理由，与操作人一起记入操作记录（yanmi audit list）
    #[arg(long, value_name = "理由", global = true, default_value = "", hide_default_value = true)]
    reason: String,
}

impl Why {
    /// What somebody does now, for this reason.
    fn act<'a>(&'a self, actor: &'a Actor) -> Result<Act<'a>, Failure> {
        if self.reason.chars().count() > MAX_REASON {
            return Err(Failure::new(format!("--reason 不能超过 {MAX_REASON} 个字符")));
        }
        Ok(Act::new(actor, self.reason.trim(), ambient::clock().now()))
    }
}

/// The same for what changes something: by whoever is at the command line, now, and for this reason.
pub(super) fn change(
    config: &Path,
    why: &Why,
    work: impl AsyncFnOnce(&mut Administration, &Config, Act<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let actor = ambient::actor();
    let act = why.act(&actor)?;
    administer(config, async |administration, config| work(administration, config, act).await)
}

/// Tells that a change was made, or why not.
pub(super) fn told(changed: Result<(), AdministrationError>) -> Result<(), Failure> {
    changed.map_err(|error| Failure::because("未作更改", &error))?;
    println!("已更改；运行中的中心一秒内生效。");
    Ok(())
}

/// A list that could not be read.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
pub(super) fn unread(error: AdministrationError) -> Failure {
    Failure::because("登记信息未能读出", &error)
}

/// A key to be stored.
pub(super) struct Chosen {
    pub(super) key: Sm4Key,
    made: bool,
}

impl Chosen {
    /// The key of a file, or a new one.
    pub(super) fn from(file: Option<PathBuf>) -> Result<Self, Failure> {
        match file {
            Some(file) => Ok(Self { key: key_text::from_file(&file)?, made: false }),
            None => Ok(Self { key: key::random(), made: true }),
        }
    }

    /// Shows a new key, once, if it was stored: one that was not would be taken down in vain.
    pub(super) fn show_if(&self, stored: &Result<(), AdministrationError>) {
        if self.made && stored.is_ok() {
            println!("密钥    {}（只显示这一次）\n校验值  {}", *self.key.to_hex(), self.key.kcv());
        }
    }
}

/// For how long something is switched off.
#[derive(Debug, clap::Args)]
pub(super) struct Stop {
    /// 只停用这么多小时，到时自动恢复（至多 720）；不给则直到 enable
    #[arg(long, value_name = "小时", value_parser = clap::value_parser!(u64).range(1..=MAX_STOP_HOURS))]
    hours: Option<u64>,
}

/// The longest stop that ends by itself: a month.
const MAX_STOP_HOURS: u64 = 720;

impl Stop {
    pub(super) fn switch(&self, now: UnixMillis) -> Switch {
        self.hours.map_or(Switch::Off, |hours| Switch::OffUntil(now.plus(Duration::from_hours(hours))))
    }
}

/// Whether a key that is still called with may be retired.
#[derive(Debug, clap::Args)]
pub(super) struct Force {
    /// 旧密钥 24 小时内用过也停用；须用 --reason 写明理由
    #[arg(long)]
    force: bool,
}

impl Force {
    pub(super) const fn how(&self) -> Retirement {
        if self.force { Retirement::Forced } else { Retirement::WhenSilent }
    }
}

/// Whether something is served, as lists show it: 是, 否, until when it is stopped, or that it is closed.
pub(super) fn served(on: bool, stopped_until: Option<UnixMillis>, closed_at: Option<UnixMillis>) -> String {
    let now = ambient::clock().now();
    match stopped_until.filter(|until| *until > now) {
        _ if closed_at.is_some() => "已注销".to_owned(),
        Some(until) if on => format!("停用至 {}", until.shanghai_text()),
        _ => yes(on),
    }
}

/// How a list is shown, and what of it.
#[derive(Debug, clap::Args)]
pub(super) struct Listing {
    /// 以 JSON 打印，供程序读取
    #[arg(long)]
    json: bool,
    /// 只列编码或名称中含有这段文字的
    #[arg(long, value_name = "文字")]
    find: Option<String>,
    /// 只列已启用的
    #[arg(long)]
    enabled: bool,
    /// 只列已停用的
    #[arg(long, conflicts_with = "enabled")]
    disabled: bool,
}

/// One row of a list: what a program reads, and what a person does.
pub(super) struct Entry<const N: usize> {
    pub(super) program: serde_json::Value,
    pub(super) person: [String; N],
    pub(super) enabled: bool,
    /// Code and name, by which it is found.
    pub(super) names: Vec<String>,
}

impl Listing {
    /// Prints what is wanted of it.
    pub(super) fn print<const N: usize>(&self, heading: [&str; N], entries: Vec<Entry<N>>) {
        let wanted = entries.into_iter().filter(|entry| self.wants(entry.enabled, &entry.names));
        if self.json {
            let all: Vec<serde_json::Value> = wanted.map(|entry| entry.program).collect();
            println!("{}", serde_json::Value::Array(all));
        } else {
            let rows: Vec<[String; N]> = wanted.map(|entry| entry.person).collect();
            print!("{}", table::text(heading, &rows));
        }
    }

    fn wants(&self, enabled: bool, names: &[String]) -> bool {
        let state = if enabled { !self.disabled } else { !self.enabled };
        state && self.find.as_ref().is_none_or(|text| names.iter().any(|name| name.contains(text)))
    }
}

/// A row's key-check values, the newest first.
pub(super) fn check_values(newest: &impl ToString, older: Option<&impl ToString>) -> Vec<String> {
    std::iter::once(newest.to_string()).chain(older.map(ToString::to_string)).collect()
}

/// The same for a person.
pub(super) fn check_values_text(values: &[String]) -> String {
    match values {
        [newest, older] => format!("{newest}、{older}（旧）"),
        values => values.concat(),
    }
}

/// "是" or "否".
pub(super) fn yes(on: bool) -> String {
    if on { "是" } else { "否" }.to_owned()
}

/// The rule an option names.
pub(super) fn mac_rule(word: &str) -> Result<MacRule, Failure> {
    MacRule::parse(word).ok_or_else(|| Failure::new("--mac 只能是 optional、required"))
}

/// The networks an option names.
pub(super) fn networks(text: &str) -> Result<SourceNetworks, Failure> {
    SourceNetworks::parse(text).map_err(|error| Failure::because("--networks 不可用", &error))
}
