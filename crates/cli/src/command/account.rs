//! `yanmi account`: 业务系统编码.

use std::num::NonZeroU32;
use std::path::PathBuf;

use yanmi_center::registry::{AccountEdit, Act, Administration, Interfaces, NewAccount, Object, Switch};
use yanmi_onboarding::CreditCode;
use yanmi_protocol::{AccountId, UnixMillis};

use crate::command::registry::{
    self, Chosen, Entry, Force, Listing, Stop, Why, check_values, check_values_text,
};
use crate::failure::Failure;

/// 管理业务系统编码（账号）
#[derive(Debug, clap::Args)]
pub(crate) struct Account {
    /// 配置文件
    #[arg(long, value_name = "文件", global = true, default_value = "yanmi.toml")]
    config: PathBuf,
    #[command(flatten)]
    why: Why,
    #[command(subcommand)]
    what: AccountAction,
}

#[derive(Debug, clap::Subcommand)]
enum AccountAction {
    /// 新增账号；不给密钥则生成一个并打印一次
    Add {
        /// 业务系统编码
        #[arg(long, value_name = "编码")]
        org_id: String,
        /// 名称
        #[arg(long, value_name = "名称")]
        name: String,
        /// 密钥文件
        #[arg(long, value_name = "文件")]
        key_file: Option<PathBuf>,
        /// 允许的接口：notify,status,password,decode
        #[arg(long, value_name = "接口", default_value = "notify,status")]
        interfaces: String,
        /// 每秒请求数上限；不给则用配置的值
        #[arg(long, value_name = "次")]
        rate: Option<NonZeroU32>,
        /// 报文的 mac：optional 有则核对，required 没有则拒绝
        #[arg(long, value_name = "要求", default_value = "optional")]
        mac: String,
        /// 报文只能来自这些网段，如 10.1.0.0/16,10.2.3.4；不给则不限
        #[arg(long, value_name = "网段", default_value = "", hide_default_value = true)]
        networks: String,
        /// 归哪个申请方：它的统一社会信用代码；申请方在管理台新增
        #[arg(long, value_name = "代码")]
        applicant: Option<String>,
    },
    /// 更改名称、接口、每秒上限、mac 要求、来源网段、申请方；不给的不变
    Edit(AccountChange),
    /// 列出账号
    List(Listing),
    /// 停用
    Disable {
        #[command(flatten)]
        one: AccountName,
        #[command(flatten)]
        stop: Stop,
    },
    /// 启用
    Enable(AccountName),
    /// 注销：永久停用，密钥作废，不能再启用，编码不再给别人
    Close(AccountName),
    /// 换密钥：新旧密钥同时有效，直到 retire-key
    RotateKey {
        #[command(flatten)]
        one: AccountName,
        /// 新密钥文件；不给则生成一个并打印一次
        #[arg(long, value_name = "文件")]
        key_file: Option<PathBuf>,
    },
    /// 结束换密钥：旧密钥失效
    RetireKey {
        #[command(flatten)]
        one: AccountName,
        #[command(flatten)]
        force: Force,
    },
}

#[derive(Debug, clap::Args)]
struct AccountChange {
    #[command(flatten)]
    one: AccountName,
    #[command(flatten)]
    what: AccountFields,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct AccountFields {
    /// 名称
    #[arg(long, value_name = "名称")]
    name: Option<String>,
    /// 允许的接口：notify,status,password,decode
    #[arg(long, value_name = "接口")]
    interfaces: Option<String>,
    /// 每秒请求数上限；0 为用配置的值
    #[arg(long, value_name = "次")]
    rate: Option<u32>,
    /// 报文的 mac：optional 有则核对，required 没有则拒绝
    #[arg(long, value_name = "要求")]
    mac: Option<String>,
    /// 报文只能来自这些网段，如 10.1.0.0/16,10.2.3.4；空字符串为不限
    #[arg(long, value_name = "网段")]
    networks: Option<String>,
    /// 归哪个申请方：它的统一社会信用代码；空字符串为不归谁
    #[arg(long, value_name = "代码")]
    applicant: Option<String>,
}

impl AccountFields {
    fn edit(self) -> Result<AccountEdit, Failure> {
        Ok(AccountEdit {
            name: self.name,
            interfaces: self.interfaces.as_deref().map(interfaces).transpose()?,
            rate: self.rate.map(NonZeroU32::new),
            mac: self.mac.as_deref().map(registry::mac_rule).transpose()?,
            networks: self.networks.as_deref().map(registry::networks).transpose()?,
            applicant: match self.applicant.as_deref() {
                None => None,
                Some("") => Some(None),
                Some(code) => Some(Some(credit_code(code)?)),
            },
        })
    }
}

fn credit_code(text: &str) -> Result<CreditCode, Failure> {
    CreditCode::new(text).map_err(|error| Failure::because("--applicant 不可用", &error))
}

fn interfaces(words: &str) -> Result<Interfaces, Failure> {
    Interfaces::parse(words)
        .ok_or_else(|| Failure::new("--interfaces 只能是 notify、status、password、decode"))
}

#[derive(Debug, clap::Args)]
struct AccountName {
    /// 业务系统编码
    #[arg(long, value_name = "编码")]
    org_id: String,
}

impl AccountName {
    fn id(&self) -> Result<AccountId, Failure> {
        id(&self.org_id)
    }

    fn object(&self) -> Result<Object, Failure> {
        self.id().map(Object::Account)
    }
}

fn id(text: &str) -> Result<AccountId, Failure> {
    AccountId::new(text).map_err(|error| Failure::new(format!("--org-id {error}")))
}

impl Account {
    pub(crate) fn run(self) -> Result<(), Failure> {
        registry::change(&self.config, &self.why, async |administration, _, act| {
            self.what.run(administration, act).await
        })
    }
}

impl AccountAction {
    async fn run(self, administration: &mut Administration, act: Act<'_>) -> Result<(), Failure> {
        let changed = match self {
            Self::Add { org_id, name, key_file, interfaces: words, rate, mac, networks, applicant } => {
                let chosen = Chosen::from(key_file)?;
                let (id, key, interfaces) = (id(&org_id)?, chosen.key.clone(), interfaces(&words)?);
                let (mac, networks) = (registry::mac_rule(&mac)?, registry::networks(&networks)?);
                let new = NewAccount { id, name, key, interfaces, rate, mac, networks };
                let stored = match applicant.as_deref().map(credit_code).transpose()? {
                    Some(applicant) => administration.add_account_of(&new, applicant, act).await,
                    None => administration.add_account(&new, act).await,
                };
                chosen.show_if(&stored);
                stored
            }
            Self::Edit(AccountChange { one, what }) => {
                administration.edit_account(one.id()?, &what.edit()?, act).await
            }
            Self::List(listing) => return list(administration, &listing).await,
            Self::Disable { one, stop } => {
                administration.switch(one.object()?, stop.switch(act.at), act).await
            }
            Self::Enable(one) => administration.switch(one.object()?, Switch::On, act).await,
            Self::Close(one) => administration.close_entry(one.object()?, act).await,
            Self::RotateKey { one, key_file } => {
                let chosen = Chosen::from(key_file)?;
                let stored = administration.rotate_account_key(one.id()?, &chosen.key, act).await;
                chosen.show_if(&stored);
                stored
            }
            Self::RetireKey { one, force } => {
                administration.retire_account_key(one.id()?, force.how(), act).await
            }
        };
        registry::told(changed)
    }
}

async fn list(administration: &mut Administration, listing: &Listing) -> Result<(), Failure> {
    let rows = administration.accounts().await.map_err(registry::unread)?;
    let entries = rows.into_iter().map(|row| {
        let (id, interfaces) = (row.id.as_str().to_owned(), row.interfaces.to_string());
        let (keys, networks) = (check_values(&row.newest, row.older.as_ref()), row.networks.to_string());
        Entry {
            program: serde_json::json!({
                "orgId": id, "name": row.name, "enabled": row.enabled,
                "interfaces": interfaces.split(',').collect::<Vec<_>>(),
                "rate": row.rate.map(NonZeroU32::get), "mac": row.mac.word(), "networks": networks, "kcv": keys,
                "stoppedUntil": row.stopped_until.map(UnixMillis::get), "closedAt": row.closed_at.map(UnixMillis::get),
                "changedAt": row.changed_at.get(),
            }),
            enabled: row.enabled,
            names: vec![id.clone(), row.name.clone()],
            person: [
                id,
                row.name,
                registry::served(row.enabled, row.stopped_until, row.closed_at),
                interfaces,
                row.rate.map_or_else(|| "默认".to_owned(), |rate| rate.to_string()),
                row.mac.name().to_owned(),
                if networks.is_empty() { "不限".to_owned() } else { networks },
                check_values_text(&keys),
            ],
        }
    });
    let heading = ["业务系统编码", "名称", "启用", "接口", "每秒上限", "mac", "来源网段", "密钥校验值"];
    listing.print(heading, entries.collect());
    Ok(())
}
