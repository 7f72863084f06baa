//! `yanmi account`: 业务系统编码.

use std::num::NonZeroU32;
use std::path::PathBuf;

use yanmi_center::registry::{Act, Administration, Interfaces, NewAccount};
use yanmi_protocol::AccountId;

use crate::command::registry::{self, Chosen, Entry, Listing, Why, check_values, check_values_text, yes};
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
    },
    /// 更改报文 mac 的要求
    Edit {
        #[command(flatten)]
        one: AccountName,
        /// 报文的 mac：optional 有则核对，required 没有则拒绝
        #[arg(long, value_name = "要求")]
        mac: String,
    },
    /// 列出账号
    List(Listing),
    /// 停用
    Disable(AccountName),
    /// 启用
    Enable(AccountName),
    /// 换密钥：新旧密钥同时有效，直到 retire-key
    RotateKey {
        #[command(flatten)]
        one: AccountName,
        /// 新密钥文件；不给则生成一个并打印一次
        #[arg(long, value_name = "文件")]
        key_file: Option<PathBuf>,
    },
    /// 结束换密钥：旧密钥失效
    RetireKey(AccountName),
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
            Self::Add { org_id, name, key_file, interfaces, rate, mac } => {
                let chosen = Chosen::from(key_file)?;
                let interfaces = Interfaces::parse(&interfaces)
                    .ok_or_else(|| Failure::new("--interfaces 只能是 notify、status、password、decode"))?;
                let (id, key, mac) = (id(&org_id)?, chosen.key.clone(), registry::mac_rule(&mac)?);
                let new = NewAccount { id, name, key, interfaces, rate, mac };
                let stored = administration.add_account(&new, act).await;
                chosen.show_if(&stored);
                stored
            }
            Self::Edit { one, mac } => {
                administration.demand_account_mac(one.id()?, registry::mac_rule(&mac)?, act).await
            }
            Self::List(listing) => return list(administration, &listing).await,
            Self::Disable(one) => administration.enable_account(one.id()?, false, act).await,
            Self::Enable(one) => administration.enable_account(one.id()?, true, act).await,
            Self::RotateKey { one, key_file } => {
                let chosen = Chosen::from(key_file)?;
                let stored = administration.rotate_account_key(one.id()?, &chosen.key, act).await;
                chosen.show_if(&stored);
                stored
            }
            Self::RetireKey(one) => administration.retire_account_key(one.id()?, act).await,
        };
        registry::told(changed)
    }
}

async fn list(administration: &mut Administration, listing: &Listing) -> Result<(), Failure> {
    let rows = administration.accounts().await.map_err(registry::unread)?;
    let entries = rows.into_iter().map(|row| {
        let (id, interfaces) = (row.id.as_str().to_owned(), row.interfaces.to_string());
        let keys = check_values(&row.newest, row.older.as_ref());
        Entry {
            program: serde_json::json!({
                "orgId": id, "name": row.name, "enabled": row.enabled,
                "interfaces": interfaces.split(',').collect::<Vec<_>>(),
                "rate": row.rate.map(NonZeroU32::get), "mac": row.mac.word(), "kcv": keys, "changedAt": row.changed_at.get(),
            }),
            enabled: row.enabled,
            names: vec![id.clone(), row.name.clone()],
            person: [
                id,
                row.name,
                yes(row.enabled),
                interfaces,
                row.rate.map_or_else(|| "默认".to_owned(), |rate| rate.to_string()),
                registry::mac_words(row.mac).to_owned(),
                check_values_text(&keys),
            ],
        }
    });
    let heading = ["业务系统编码", "名称", "启用", "接口", "每秒上限", "mac", "密钥校验值"];
    listing.print(heading, entries.collect());
    Ok(())
}
